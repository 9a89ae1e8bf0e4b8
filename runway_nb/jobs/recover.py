"""Finding a task again whose create got no clear answer (API facts 14).

The scheduler's list is the only place that tells a `replyRef`; the history tells seed, prompt, type and time. Whose
a task is, `matching` decides. Nothing is ever sent from here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

from ..api.client import RunwayClient
from ..api.models import PENDING, RunningTask, Task
from ..errors import AccountBroken, MaybeSent, NotFound, RunwayError
from ..spec import LIST_LIMIT, LIST_PAGES
from .matching import Search

ROUND_PAUSES = (2.0, 3.0, 5.0, 8.0, 12.0, 15.0, 15.0)
"""Seconds between the rounds of a search: about a minute, since the task may still be on its way."""
LATE_PAUSES = (3.0,)
"""The same when the create is long past."""
LATE_SECONDS = 300.0
"""A create older than this is long past: its own time-out is 120 s."""
DETAILS = 20
"""Tasks that are read one by one when the list does not tell enough of them."""


class FoundTask(NamedTuple):
    """A task that was looked for."""

    task: Task
    is_certain: bool
    """A reference or a seed of our own names it; otherwise it fits, and the next evidence may know better."""


async def find_task(
    search: Callable[[], Search], client: RunwayClient, *, is_late: bool, pause: Callable[[float], Awaitable[None]]
) -> FoundTask | None:
    """Look for the task for about a minute; None when it is not there.

    Args:
        search: What is known, asked anew in each round: other jobs learn of their tasks meanwhile.
        client: Reads the account.
        is_late: The create is long past, so that its task cannot be on its way.
        pause: Waits between the rounds.

    Raises:
        RunwayError: the account could not be looked at in the last round, so nothing is certain.
    """
    for seconds in LATE_PAUSES if is_late else ROUND_PAUSES:
        with suppress(RunwayError):  # the next round may do better
            if (found := await search_for_task(search(), client)) is not None:
                return found
        await pause(seconds)
    return await search_for_task(search(), client)


async def search_for_task(search: Search, client: RunwayClient, *, is_to_send: bool = False) -> FoundTask | None:
    """Look once: in what is tracked now, then in the history of each account that can have it.

    Every place is looked at. Raises the first error when the task was nowhere and some place could not be read.

    Args:
        search: What is known.
        client: Reads the account.
        is_to_send: The request is sent again where nothing is found. Raises `MaybeSent` then for a task that may be its
            own or that of another request in doubt: nothing proves that none was started.
    """
    failed: list[RunwayError] = []
    fitting: list[Task] = []
    try:
        running = await client.running()
        if (named := named_task(running, search)) is not None:
            return FoundTask(named, is_certain=True)
        fitting += await _tracked(running, search, client)
    except RunwayError as error:
        failed.append(error)
    accounts = await _accounts(search, client)
    for email in accounts:
        try:
            fitting += await _in_history(search, client, email)
        except RunwayError as error:
            # among several, one with a broken session cannot have run it; the only one may have, before it broke
            if len(accounts) == 1 or not isinstance(error, AccountBroken):
                failed.append(error)
    if (task := search.choose(fitting)) is not None:
        return FoundTask(task, is_certain=search.lost.has_own_seed)
    if failed:
        raise failed[0]
    if is_to_send and any(map(search.is_contested, fitting)):
        raise MaybeSent("a task like it is there, and it may be that of another request in doubt")
    return None


def named_task(running: Iterable[RunningTask], search: Search) -> Task | None:
    """Return the task with our own reference among those that are tracked, or that a 429 names."""
    named = (item for item in running if search.is_named(item.id, item.reply_ref))
    return next((Task(item.id, PENDING, reply_ref=item.reply_ref) for item in named), None)


async def _tracked(running: Iterable[RunningTask], search: Search, client: RunwayClient) -> list[Task]:
    """Return tasks with the user's own reference, which may name several; the whole task tells more."""
    reference = search.lost.request.reply_ref
    found = [await _detail(item.id, client) for item in running if reference and item.reply_ref == reference]
    return [task for task in found if task is not None and _may_be(search, task)]


async def _accounts(search: Search, client: RunwayClient) -> list[str]:
    """Return the account of the keyframes; all of them when the request named none (API facts 14.5)."""
    accounts = await client.accounts()
    if len(accounts) < 2:
        return [""]
    account = search.lost.request.account
    return [account] if account else [account.email for account in accounts]


async def _in_history(search: Search, client: RunwayClient, email: str) -> list[Task]:
    """Return the tasks of an account that fit or may fit; a seed of our own is on one only."""
    details, fitting = DETAILS, list[Task]()
    for page in range(LIST_PAGES):
        tasks = await client.tasks(offset=page * LIST_LIMIT, limit=LIST_LIMIT, email=email)
        for task in filter(search.may_fit, tasks):
            whole: Task | None = task
            if details and not search.lost.tells_all(task):
                details -= 1
                whole = await _detail(task.id, client)
            if whole is not None and _may_be(search, whole):
                fitting.append(whole)
                if search.lost.has_own_seed:
                    return fitting
        # a page with an item that cannot be read is shorter than it was
        if not tasks or search.is_past(tasks):
            break
    return fitting


def _may_be(search: Search, task: Task) -> bool:
    """Return True for a task that fits, and for one that others in doubt lay claim to (`Search.choose` leaves it)."""
    return search.fits(task) or search.is_contested(task)


async def _detail(task_id: str, client: RunwayClient) -> Task | None:
    try:
        return await client.task(task_id)
    except NotFound:
        return None
