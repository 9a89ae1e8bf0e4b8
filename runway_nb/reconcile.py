"""Finding a task again whose create got no clear answer (API facts 14).

The scheduler's list is the only place that tells a `replyRef`; the history tells seed, prompt, type and time.
Nothing is ever sent from here.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone

from .client import RunwayClient
from .errors import AccountBroken, NotFound, RunwayError
from .request import VideoRequest
from .spec import LIST_LIMIT, LIST_PAGES
from .task import PENDING, RunningTask, Task

ROUND_PAUSES = (2.0, 3.0, 5.0, 8.0, 12.0, 15.0, 15.0)
"""Seconds between the rounds of a search: about a minute, since the task may still be on its way."""
LATE_PAUSES = (3.0,)
"""The same when the create is long past."""
LATE_SECONDS = 300.0
"""A create older than this is long past: its own time-out is 120 s."""
SKEW_SECONDS = 600.0
"""How far a task may seem older than its create: the clocks of two machines differ."""
LATEST_SECONDS = 24 * 60 * 60.0
"""How much later than its create a task may have been made; a computer may sleep between the two."""
LONG_SEED = 6
"""Digits from which a number in a task's name can only be a seed."""
DETAILS = 20
"""Tasks that are read one by one when the list does not tell their seed."""


@dataclass(frozen=True)
class LostWish:
    """What is known of a create whose answer is missing."""

    request: VideoRequest
    sent: float
    """Unix seconds of the create."""
    reference: str
    """Our own replyRef, or nothing when the user gave one: that may name several tasks."""
    others: frozenset[str] = field(default=frozenset(), repr=False)
    """Tasks that belong to other jobs."""
    has_rival: bool = False
    """The create of an equal wish is on its way, so that only a reference tells whose a new task is."""

    def fits(self, task: Task) -> bool:
        """True when the task can be the one: not another job's, and everything that it tells agrees."""
        return self.may_fit(task) and self._tells_seed(task) is True

    def may_fit(self, task: Task) -> bool:
        """True unless what the task tells says no; an item of a list may tell little."""
        request = self.request
        return (
            task.id not in self.others
            and task.task_type in ("", request.row.task_type)
            and (not task.prompt or task.prompt == request.prompt)
            and self._tells_seed(task) is not False
            and self._has_same_options(task)
            and not self.is_before(task)
            and not self._is_after(task)
        )

    def _has_same_options(self, task: Task) -> bool:
        """Length, camera and number of keyframes, as far as they are told.

        The moves are compared by size alone: their names and signs there are our reading.
        """
        told, request = task.options, self.request
        pictures = told.get("keyframes")
        return (
            told.get("seconds") in (None, request.length)
            and (not isinstance(told.get("camera"), Mapping) or _sizes(told["camera"]) == _sizes(request.camera.moves))
            and (not isinstance(pictures, list) or not pictures or len(pictures) == len(request.keyframes.given))
        )

    def _tells_seed(self, task: Task) -> bool | None:
        """Whether the seed is ours, told by the options or by a number in the name (API facts 14.4); None: not told.

        A short number in a name may be any: a model, a length, a word of the prompt.
        """
        if task.seed is not None:
            return task.seed == self.request.seed
        seed = str(self.request.seed)
        return True if len(seed) >= LONG_SEED and seed in re.findall(r"\d+", task.name) else None

    def is_before(self, task: Task) -> bool:
        """True when the task was made before the create left, whatever the clocks say."""
        made = _unix(task.created_at)
        return made is not None and made < self.sent - SKEW_SECONDS

    def _is_after(self, task: Task) -> bool:
        """True when the task was made so much later that another create must have made it."""
        made = _unix(task.created_at)
        return made is not None and made > self.sent + LATEST_SECONDS


async def find_task(
    wish: Callable[[], LostWish], client: RunwayClient, *, now: float, pause: Callable[[float], Awaitable[None]]
) -> Task | None:
    """Look for the task for about a minute; None when it is not there.

    Args:
        wish: What is known, asked anew in each round: other jobs learn of their tasks meanwhile.
        client: Reads the account.
        now: Unix seconds.
        pause: Waits between the rounds.

    Raises:
        RunwayError: the account could not be looked at in the last round, so nothing is certain.
    """
    for seconds in LATE_PAUSES if now - wish().sent > LATE_SECONDS else ROUND_PAUSES:
        with suppress(RunwayError):  # the next round may do better
            if (task := await look_for_task(wish(), client)) is not None:
                return task
        await pause(seconds)
    return await look_for_task(wish(), client)


async def look_for_task(wish: LostWish, client: RunwayClient) -> Task | None:
    """Look once: in what is tracked now, then in the history of each account that can have it.

    Every place is looked at. Raises the first error when the task was nowhere and some place could not be read.
    """
    failed: list[RunwayError] = []
    try:
        for running in await client.running():
            if (task := await _tracked(running, wish, client)) is not None:
                return task
    except RunwayError as error:
        failed.append(error)
    accounts = await _accounts(wish, client) if not wish.has_rival else []
    for email in accounts:
        try:
            if (task := await _in_history(wish, client, email)) is not None:
                return task
        except RunwayError as error:
            # among several, one with a broken session cannot have run it; the only one may have, before it broke
            if len(accounts) == 1 or not isinstance(error, AccountBroken):
                failed.append(error)
    if failed:
        raise failed[0]
    return None


def own_task(running: tuple[tuple[str, str], ...], wish: LostWish) -> Task | None:
    """Ours among the tasks that a 429 names: an earlier create of this wish did start something."""
    ours = (task_id for task_id, reference in running if reference and reference == wish.reference)
    return next((Task(task_id, PENDING) for task_id in ours if task_id not in wish.others), None)


async def _tracked(running: RunningTask, wish: LostWish, client: RunwayClient) -> Task | None:
    if running.reply_ref != wish.request.reply_ref or running.id in wish.others:
        return None
    if wish.reference:
        return Task(running.id, PENDING, reply_ref=running.reply_ref)
    task = await _detail(running.id, client)
    return task if task is not None and wish.fits(task) else None


async def _accounts(wish: LostWish, client: RunwayClient) -> list[str]:
    """The account of the keyframes; all of them when the request named none (API facts 14.5)."""
    accounts = await client.accounts()
    if len(accounts) < 2:
        return [""]
    return [wish.request.account] if wish.request.account else [account.email for account in accounts]


async def _in_history(wish: LostWish, client: RunwayClient, email: str) -> Task | None:
    details = DETAILS
    for page in range(LIST_PAGES):
        tasks = await client.tasks(offset=page * LIST_LIMIT, limit=LIST_LIMIT, email=email)
        for task in filter(wish.may_fit, tasks):
            whole: Task | None = task
            if not task.options and details:
                details -= 1
                whole = await _detail(task.id, client)
            if whole is not None and wish.fits(whole):
                return whole
        # a page with an item that cannot be read is shorter than it was
        if not tasks or _is_past(wish, tasks):
            return None
    return None


def _is_past(wish: LostWish, tasks: list[Task]) -> bool:
    """True when the rest of a history that runs from new to old can only be older than the wish."""
    newest_first = (_unix(tasks[0].created_at) or 0.0) >= (_unix(tasks[-1].created_at) or 0.0)
    return newest_first and wish.is_before(tasks[-1])


async def _detail(task_id: str, client: RunwayClient) -> Task | None:
    try:
        return await client.task(task_id)
    except NotFound:
        return None


def _sizes(moves: Mapping[str, object]) -> list[float]:
    """The sizes of all moves that are not zero."""
    return sorted(
        round(abs(value), 3)
        for value in moves.values()
        if isinstance(value, (int, float)) and value is not True and value
    )


def _unix(iso: str) -> float | None:
    """Unix seconds of an ISO time, or None."""
    try:
        moment = datetime.fromisoformat(iso.replace("Z", "+00:00"))
    except ValueError:
        return None
    return (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)).timestamp()
