"""The create call: sent once, in turn; waited out after a 429; looked for after a doubtful answer."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from functools import partial

from .. import errors
from ..api.client import RunwayClient
from ..api.models import RunningTask, Task
from ..ledger.ledger import Ledger
from ..ledger.phase import Phase
from ..ledger.record import Record
from ..ledger.thumbnails import COMPARISON, KEYFRAME, keep_keyframes
from ..pictures.resolve import keyframe_thumbnails, resolve_keyframes
from ..redaction import short_id
from ..spec import RETRY_SECONDS
from .backend import Backend
from .context import JobContext, Stopped
from .job_frames import frame_picture
from .matching import Search, contradiction, lost_request
from .poll_schedule import DEADLINE, EXPLORE_DEADLINE
from .recover import LATE_SECONDS, FoundTask, find_task, named_task, search_for_task
from .state import is_refusal
from .submit_queue import QueueEntry
from .turns import SlotTaken, close_account, hold_back_refused, note_started, show_waiting, take_slot, wait_for_turn

LONGEST_SEARCH = 600.0
"""Seconds that a search for a task may take in all, however slowly the server answers; about a minute is usual."""
WAITS_FOR_ANSWER = "stopping as soon as the answer to the create has come: it may be paid"
SOON_SECONDS = 60.0
"""When a task is looked for that a 429 may have started, where nothing is to be sent for longer than that."""


async def prepare(context: JobContext) -> None:
    """Turn keyframes into assets. Nothing here is paid."""
    job, control, connection = context.job, context.control, await context.race(context.connected())
    if control.request.keyframes.given:
        control.change(detail="looking up the keyframes")
        sources = await context.backend.picture_sources(job.folder, partial(frame_picture, context))
        work = resolve_keyframes(control.request, sources, lambda detail: control.change(detail=detail))
        found = await context.race(work)
        control.request, control.notes, control.comparisons = found.request, found.notes, found.comparisons
        posters = context.backend.settings.posters
        await asyncio.to_thread(keep_keyframes, posters, job.id, COMPARISON, found.comparisons)
        context.commit(Phase.PREPARING, request=found.request.to_record())
        control.thumbnails = await context.race(keyframe_thumbnails(found.assets, connection.media))
        await asyncio.to_thread(keep_keyframes, posters, job.id, KEYFRAME, control.thumbnails)
    context.halt()


async def send(context: JobContext, entry: QueueEntry) -> Task:
    """Return the task of the request, once a slot was free and the create was answered.

    Raises:
        ApiError, Unreachable: refused for certain; nothing was charged.
        MaybeSent: no clear answer, and no task was found.
        LeaseLost, LedgerError: nothing was sent.
    """
    client = (await context.connected()).client
    deadline: float | None = None
    while True:
        await wait_for_turn(context, entry)
        try:
            task = await context.race(started_already(context, client)) or await _post(context, client, entry)
            break
        except SlotTaken:
            continue
        except errors.RateLimited as busy:
            context.busy = busy
            if (named := _named_by(busy, context)) is not None:
                task = named
                break
            now = context.env.monotonic()
            deadline = now + _patience(context) if deadline is None else deadline
            if now >= deadline:
                if (started := await context.race(started_already(context, client))) is None:
                    context.busy = None
                    raise
                task = started
                break
            seconds = min(_retry_seconds(context, busy, context.queue.slowdown(entry)), deadline - now)
            close_account(context, entry, seconds)
            _report_holders(context, busy, seconds)
            if seconds > SOON_SECONDS and (soon := await _looked_soon(context, client)) is not None:
                context.queue.go(entry)
                task = soon
                break
    context.busy = None
    note_started(context, entry, task.id)
    return task


async def check(context: JobContext, doubt: str, record: Record | None = None) -> Task:
    """Look for the task of a create that got no clear answer; nothing is sent meanwhile. `record`: see `search`.

    Raises:
        MaybeSent: it was not found, or the account could not be looked at.
    """
    began = context.env.monotonic()
    task = await search(context, doubt, record)
    if task is None:
        seconds = context.env.monotonic() - began
        sought = "no task like it" if context.job.request.seed is None else "no task with its seed"
        raise errors.MaybeSent(f"{doubt}; {sought} was found in {seconds:.0f} s")
    return task


async def search(context: JobContext, doubt: str, record: Record | None = None) -> Task | None:
    """Return the task that a create may have started, once it is written down as this job's; None when there is none.

    Args:
        context: The job and what its steps need.
        doubt: What is in doubt, in words.
        record: Of a create that an earlier run has sent.

    Raises:
        MaybeSent: the account could not be looked at, so nothing is certain.
    """
    context.move(Phase.CHECKING, next_poll=None, detail="")
    try:
        is_late = record is not None and await _is_long_past(context, record)
        return await context.race(_find(context, (await context.connected()).client, is_late=is_late), LONGEST_SEARCH)
    except Stopped:
        raise errors.MaybeSent(f"{doubt}; the search for its task was stopped") from None
    except TimeoutError:
        minutes = LONGEST_SEARCH / 60
        raise errors.MaybeSent(f"{doubt}; the account could not be looked at within {minutes:.0f} minutes") from None
    except errors.RunwayError as error:
        raise errors.MaybeSent(f"{doubt}; the account could not be looked at: {error.message}") from None


async def _is_long_past(context: JobContext, record: Record) -> bool:
    """Return True when a create is too old for its task to be on its way; by the server's clock where that is known."""
    client = (await context.connected()).client
    now = await context.race(client.server_time())
    if now is not None and record.server_sent is not None:
        return now - record.server_sent > LATE_SECONDS
    return abs(context.env.clock() - (record.sent or record.created)) > LATE_SECONDS


async def _find(context: JobContext, client: RunwayClient, *, is_late: bool) -> Task | None:
    while True:
        found = await find_task(
            lambda: _search_of(context, client),
            client,
            is_late=is_late,
            pause=lambda seconds: context.pause(seconds, context.poll_now),
        )
        if found is None or context.ledger.tasks.assign(context.job.id, found.task.id, is_certain=found.is_certain):
            return found and found.task


async def started_already(context: JobContext, client: RunwayClient) -> Task | None:
    """Return the task of an earlier create that was refused and did start it; looked for before anything is sent again.

    Raises:
        RateLimited: the account could not be looked at, or nothing tells whose a task is: so it has to wait longer.
    """
    if context.busy is None:
        return None
    try:
        found = await search_for_task(_search_of(context, client), client, is_to_send=True)
    except errors.RunwayError:
        raise context.busy from None
    return found.task if found is not None and _write_down(context, found) else None


async def _looked_soon(context: JobContext, client: RunwayClient) -> Task | None:
    """Return the task that a 429 did start, looked for long before the request may be sent again, or None."""
    await context.pause(SOON_SECONDS)
    with suppress(errors.RateLimited):  # it is looked for once more before anything is sent
        return await context.race(started_already(context, client))
    return None


def _named_by(refusal: errors.RunwayError, context: JobContext) -> Task | None:
    """Return our task among those that a refusal names: a create of this request did start something."""
    named = refusal.running if isinstance(refusal, errors.ApiError) else ()
    running = [RunningTask(*pair) for pair in named if pair[1] == context.job.request.reply_ref]
    task = named_task(running, search_for(context.ledger.get(context.job.id), context.ledger)) if running else None
    return task if task is not None and _write_down(context, FoundTask(task, is_certain=True)) else None


def _write_down(context: JobContext, found: FoundTask) -> bool:
    """Write the task's id down, first and alone: nothing else may cost it, not even the loss of the lease.

    False when it belongs to another job.
    """
    try:
        return context.ledger.tasks.assign(context.job.id, found.task.id, is_certain=found.is_certain)
    except errors.LedgerError as error:
        context.control.change(warning=error.message)
        return True


def lost_job_of(task: Task, ledger: Ledger, backend: str) -> Record | None:
    """Return the job in doubt that this task is the missing one of, once that is written down."""
    for record in ledger.tasks.missing(backend):
        if ledger.leases.is_held(record):
            continue
        search = search_for(record, ledger)
        named = search.is_named(task.id, task.reply_ref)
        is_certain = named or search.lost.has_own_seed
        is_its = named or search.choose([task]) is not None
        if is_its and ledger.tasks.assign(record.id, task.id, is_certain=is_certain):
            return ledger.get(record.id)
    return None


def search_for(record: Record, ledger: Ledger, offset: float = 0.0) -> Search:
    """Return what a search for the job's task has to go by. `offset`: see `matching.lost_request`."""
    others = [other for other in ledger.tasks.missing(record.backend) if other.id != record.id]
    known = ledger.tasks.ids(except_job=record.id)
    return Search(
        lost_request(record, offset),
        tuple(lost_request(other, offset) for other in others),
        taken=known.certain,
        guessed=known.guessed,
    )


def _search_of(context: JobContext, client: RunwayClient) -> Search:
    return search_for(context.ledger.get(context.job.id), context.ledger, client.clock_offset)


async def _post(context: JobContext, client: RunwayClient, entry: QueueEntry) -> Task:
    """Send one create call. Its phase is on disk, and the lease is ours, before it leaves."""
    server_sent = await context.race(client.server_time())
    context.halt()
    # whole and encoded before the phase says that it is being sent: what fails here is no doubt
    prepared = client.prepare(context.job.request)
    hold_back_refused(context)
    sent = context.env.clock()
    take_slot(context, entry, sent=sent, server_sent=server_sent)
    context.control.change(phase=Phase.SENDING, sent=sent, next_poll=None, detail="")
    context.busy = None
    try:
        task = await context.finish(client.send(prepared), WAITS_FOR_ANSWER)
    except errors.RateLimited:
        raise  # the account is closed before another one may go
    except errors.RunwayError as error:
        context.queue.note_answer(entry)
        if not is_refusal(error):
            return await check(context, error.message)
        if (named := _named_by(error, context)) is not None:
            return named
        raise await _refusal(context, error, client) from None
    context.queue.note_answer(entry)
    return await _believed(context, task)


async def _believed(context: JobContext, task: Task) -> Task:
    """Return the task of a good answer, unless that contradicts what was sent: then it is a doubt."""
    doubt, is_certain = "", True
    try:
        known = search_for(context.ledger.get(context.job.id), context.ledger)
        doubt, is_certain = contradiction(task, known), known.lost.is_proven(task)
    except errors.LedgerError as error:
        context.control.change(warning=error.message)
    if not doubt and not _write_down(context, FoundTask(task, is_certain=is_certain)):
        doubt = "a task that belongs to another job"
    return await check(context, f"the answer to the create names {doubt}") if doubt else task


def mismatch(context: JobContext, seen: Task | None) -> str:
    """Return how a task that was given to a job without proof turns out to be another's; nothing while it may be ours.

    Args:
        context: The job and what its steps need.
        seen: As the API shows it; None where the API shows no such task.
    """
    with suppress(errors.LedgerError):
        record = context.ledger.get(context.job.id)
        if not record.guessed:
            return ""
        if seen is None:
            return "the task that it was taken for cannot be found"
        known = search_for(record, context.ledger)
        if doubt := contradiction(seen, known):
            return f"the task that it was taken for shows {doubt}"
        if known.lost.is_proven(seen):
            context.ledger.tasks.assign(record.id, seen.id, is_certain=True)
    return ""


async def search_instead(context: JobContext, doubt: str) -> Task:
    """Return the task of a create after another one was tracked for it. Raises what `check` raises."""
    context.commit(Phase.CHECKING, task_id="", guessed=False, status="")
    context.control.change(task=None, progress=None, last_poll=None, remaining=None)
    return await check(context, doubt)


async def _refusal(context: JobContext, error: errors.RunwayError, client: RunwayClient) -> errors.RunwayError:
    """Return the error that a refusal is reported as, once it is known what it means for others."""
    if isinstance(error, errors.AccountBroken):
        with suppress(errors.LedgerError):
            context.backend.uploads.forget_account(context.job.request.account)
    if isinstance(error, errors.ModelRetired) and not error.is_certain and not await _has_account(context, client):
        return errors.NotFound("nothing answers there, or no Runway account is set up at useapi.net (HTTP 404)", 404)
    return await _with_balance(context, error, client) if isinstance(error, errors.NotEnoughCredits) else error


async def _has_account(context: JobContext, client: RunwayClient) -> bool:
    """Return False where a 404 is no sign of the model: no account is set up, or the address is another's."""
    with suppress(errors.RunwayError):
        return bool(await context.race(client.accounts()))
    return True


async def _with_balance(
    context: JobContext, error: errors.NotEnoughCredits, client: RunwayClient
) -> errors.NotEnoughCredits:
    """Return the same error with the figures, when they can be had."""
    with suppress(errors.RunwayError):
        balance = await context.race(client.credits(context.job.request.account))
        if balance.left is not None and balance.permitted is not None:
            needed, left, all_ = context.job.request.price_text, balance.left, balance.permitted
            return errors.NotEnoughCredits(
                f"this shot needs {needed}, {left:,.0f} of {all_:,.0f} are left (HTTP 412)", 412
            )
    return error


def _retry_seconds(context: JobContext, busy: errors.RateLimited, slowdown: float) -> float:
    """Return the time that the API names, else 10 to 30 s (API facts 3.4), longer after each refusal in a row."""
    low, high = (int(seconds * 1000) for seconds in RETRY_SECONDS)
    return max(busy.retry_after or 0.0, slowdown * context.env.draw(low, high) / 1000)


def _report_holders(context: JobContext, busy: errors.RateLimited, seconds: float) -> None:
    """Show whose tasks hold the slots, and when it is tried again."""
    detail = "Runway takes no more tasks now"
    if busy.running:
        ours = {job.task.id: f"job {job.id}" for job in context.other_jobs.values() if job.task is not None}
        names = [ours.get(task_id, f"task {short_id(task_id)}") for task_id, _ in busy.running]
        detail = f"{len(names)} slot{'s' * (len(names) > 1)} busy with {', '.join(names[:3])}"
    show_waiting(context, detail, context.env.clock() + seconds)


def _patience(context: JobContext) -> float:
    """Return how long 429s are waited out: as long as a task would be tracked."""
    return EXPLORE_DEADLINE if context.job.request.explore else DEADLINE


async def search_once(backend: Backend, record: Record, ledger: Ledger) -> bool:
    """Look once for the task of a job in doubt; return True when it was found and written down."""
    client = (await backend.connected()).client
    await client.server_time()
    found = await search_for_task(search_for(record, ledger, client.clock_offset), client)
    return found is not None and ledger.tasks.assign(record.id, found.task.id, is_certain=found.is_certain)
