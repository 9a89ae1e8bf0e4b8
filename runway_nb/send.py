"""The create call: sent once, in turn; waited out after a 429; looked for after a doubtful answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

from . import errors
from .client import RunwayClient
from .follow import DEADLINE, EXPLORE_DEADLINE
from .job import Job
from .keyframes import keyframe_stills, resolve_keyframes
from .ledger import Ledger
from .picture import task_account
from .reconcile import LostWish, find_task, own_task
from .record import Record
from .redact import short_id
from .run import Run, Stopped
from .shots import frame_picture
from .slots import Ticket
from .spec import RETRY_SECONDS
from .state import Phase
from .stills import COMPARISON, KEYFRAME, keep_slots
from .stored import stored_job
from .task import Task

OWN_REFERENCE = "rnb-{id}"
"""How a replyRef begins that we drew for a job; it names one wish and no other."""

WAITS_FOR_ANSWER = "stopping as soon as the answer to the create has come: it may be paid"


async def prepare(run: Run) -> None:
    """Turn keyframes into assets. Nothing here is paid."""
    job, connection = run.job, await run.race(run.connected())
    if job.request.keyframes.given:
        job.change(detail="looking up the keyframes")
        places = await run.session.places(job.folder, partial(frame_picture, run))
        found = await run.race(resolve_keyframes(job.request, places, lambda words: job.change(detail=words)))
        job.request = found.request
        job.notes, job.comparisons = found.notes, found.comparisons
        posters = run.session.settings.posters
        await asyncio.to_thread(keep_slots, posters, job.id, COMPARISON, found.comparisons)
        job.request.check()
        run.commit(Phase.PREPARING, request=job.request.to_wish())
        job.stills = await run.race(keyframe_stills(found.assets, connection.media))
        await asyncio.to_thread(keep_slots, posters, job.id, KEYFRAME, job.stills)
    run.halt()


async def send(run: Run, ticket: Ticket) -> Task:
    """The task of the wish, once a slot was free and the create was answered.

    Raises:
        ApiError, Unreachable: refused for certain; nothing was charged.
        MaybeSent: no clear answer, and no task was found.
        LeaseLost, LedgerError: nothing was sent.
    """
    client = (await run.connected()).client
    deadline: float | None = None
    while True:
        await _wait_for_turn(run, ticket)
        try:
            task = await _post(run, client)
            break
        except errors.RateLimited as busy:
            if task_or_none := own_task(busy.running, lost_wish(run.job, run.ledger)):
                task = task_or_none
                break
            now = run.env.monotonic()
            deadline = now + _patience(run) if deadline is None else deadline
            if now >= deadline:
                raise
            seconds = min(_retry_seconds(run, busy), deadline - now)
            run.queue.send_back(ticket, seconds)
            _tell_holders(run, busy, seconds)
    _accept(run, task)
    run.queue.locate(ticket, task_account(task.id))
    return task


async def check(run: Run, doubt: str) -> Task:
    """Look for the task of a create that got no clear answer; nothing is sent meanwhile.

    Raises:
        MaybeSent: it was not found, or the account could not be looked at.
    """
    run.move(Phase.CHECKING, next_look=None, detail="")
    client, began = (await run.connected()).client, run.env.monotonic()
    try:
        task = await run.race(_find(run, client))
    except Stopped:
        raise errors.MaybeSent(f"{doubt}; the search for its task was stopped") from None
    except errors.RunwayError as error:
        raise errors.MaybeSent(f"{doubt}; the account could not be looked at: {error.message}") from None
    if task is None:
        seconds = run.env.monotonic() - began
        raise errors.MaybeSent(f"{doubt}; no task with its seed was found in {seconds:.0f} s")
    return task


async def _find(run: Run, client: RunwayClient) -> Task | None:
    """The task, once it is written down as this job's and no other's."""
    while True:
        now = run.env.clock()
        task = await find_task(
            lambda: lost_wish(run.job, run.ledger), client, now=now, pause=lambda seconds: run.pause(seconds, run.looks)
        )
        if task is None or run.ledger.assign(run.job.id, task.id):
            return task


def _accept(run: Run, task: Task) -> None:
    """Write the task's id down, first and alone: nothing else may cost it, not even the loss of the lease."""
    try:
        run.ledger.accept(run.job.id, task.id)
    except errors.LedgerError as error:
        run.job.change(warning=error.message)


def lost_job_of(task: Task, ledger: Ledger, party: str, now: float, posters: Path) -> Record | None:
    """The job in doubt that this task is the missing one of, once that is written down."""
    for record in ledger.unfinished():
        if record.party != party or not record.is_in_doubt(now):
            continue
        if lost_wish(stored_job(record, posters), ledger).fits(task) and ledger.assign(record.id, task.id):
            return ledger.get(record.id)
    return None


def lost_wish(job: Job, ledger: Ledger) -> LostWish:
    """What a search for the job's task has to go by."""
    ours = (job.request.reply_ref or "").startswith(OWN_REFERENCE.format(id=job.id))
    return LostWish(
        job.request,
        sent=job.state.sent or job.created,
        reference=job.request.reply_ref or "" if ours else "",
        others=ledger.task_ids(except_job=job.id),
        has_rival=ledger.has_rival(job.id),
    )


async def _post(run: Run, client: RunwayClient) -> Task:
    """One create call. Its phase is on disk, and the lease is ours, before it leaves."""
    run.halt()
    # whole and encoded before the phase says that it is being sent: what fails here is no doubt
    prepared = client.prepare(run.job.request)
    sent = run.env.clock()
    run.commit(Phase.SENDING, sent=sent)
    run.job.change(phase=Phase.SENDING, sent=sent, next_look=None, detail="")
    try:
        return await run.see_out(client.send(prepared), WAITS_FOR_ANSWER)
    except errors.NotEnoughCredits as error:
        raise await _with_balance(run, error, client) from None
    except errors.AccountBroken:
        with suppress(errors.LedgerError):
            run.session.uploads.forget_account(run.job.request.account)
        raise
    except (errors.NoAnswer, errors.ServerTrouble) as error:
        return await check(run, error.message)


async def _with_balance(run: Run, error: errors.NotEnoughCredits, client: RunwayClient) -> errors.NotEnoughCredits:
    """The same error with the figures, when they can be had."""
    with suppress(errors.RunwayError):
        balance = await run.race(client.credits(run.job.request.account))
        if balance.left is not None and balance.permitted is not None:
            needed, left, all_ = run.job.request.credits, balance.left, balance.permitted
            return errors.NotEnoughCredits(
                f"this shot needs {needed} credits, {left:,.0f} of {all_:,.0f} are left (HTTP 412)", 412
            )
    return error


async def _wait_for_turn(run: Run, ticket: Ticket) -> None:
    """Until a slot is free and nobody is before; the screen says which place it is."""
    queue = run.queue
    while not queue.may_go(ticket):
        reopens = queue.reopens(ticket)
        if reopens is None or run.job.state.next_look is None:
            _wait(run, queue.words(ticket))
        await run.pause(None if reopens is None else max(0.0, reopens - run.env.monotonic()), ticket.moved)
    queue.go(ticket)


def _wait(run: Run, detail: str, next_try: float | None = None) -> None:
    """Tell why it waits; the ledger learns it once."""
    state: dict[str, Any] = {"sent": None, "detail": detail, "next_look": next_try}
    if run.job.state.phase is Phase.WAITING:
        run.job.change(**state)
    else:
        run.move(Phase.WAITING, **state)


def _retry_seconds(run: Run, busy: errors.RateLimited) -> float:
    """The time that the API names, else 10 to 30 s (API facts 3.4)."""
    low, high = (int(seconds * 1000) for seconds in RETRY_SECONDS)
    return max(busy.retry_after or 0.0, run.env.draw(low, high) / 1000)


def _tell_holders(run: Run, busy: errors.RateLimited, seconds: float) -> None:
    """Whose tasks hold the slots, in words, and when it is tried again."""
    detail = "Runway takes no more tasks now"
    if busy.running:
        ours = {job.task.id: f"job {job.id}" for job in list(run.neighbours.values()) if job.task is not None}
        names = [ours.get(task_id, f"task {short_id(task_id)}") for task_id, _ in busy.running]
        detail = f"{len(names)} slot{'s' * (len(names) > 1)} busy with {', '.join(names[:3])}"
    _wait(run, detail, run.env.clock() + seconds)


def _patience(run: Run) -> float:
    """How long 429s are waited out: as long as a task would be followed."""
    return EXPLORE_DEADLINE if run.job.request.explore else DEADLINE
