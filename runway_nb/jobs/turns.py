"""A job's turn: it waits for a slot of the account, which other kernels want too, and takes it as it is sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any

from .. import errors
from ..ledger.phase import Phase
from ..ledger.slots import SlotFacts
from ..references import task_account
from .context import JobContext
from .ledger_away import ask_ledger
from .submit_queue import QueueEntry

LOOK_SECONDS, LATER_LOOK_SECONDS = 0.05, 0.25
"""How often it is looked whether another kernel has given a slot free, at first and later; a choice of ours."""
LATER_SECONDS = 120.0
"""Seconds in line after which it is looked less often: longer than most tasks run."""


class SlotTaken(Exception):
    """Another kernel was quicker: nothing was sent."""


async def wait_for_turn(context: JobContext, entry: QueueEntry) -> None:
    """Wait until a slot is free and nobody is before; the screen shows the position."""
    queue = context.queue
    lined_up: float | None = None
    while not await _may_go(context, entry):
        reopens = queue.reopens(entry)
        if reopens is None or context.job.state.next_poll is None:
            show_waiting(context, queue.message(entry))
        is_shared = queue.is_next(entry) and queue.is_shared(entry)
        now = context.env.monotonic()
        if is_shared and lined_up is None:
            place = (context.job.id, context.backend.payer, entry.account)
            await ask_ledger(context, partial(context.ledger.slots.line_up, *place), partial(show_waiting, context))
            lined_up = now
            continue
        pauses = [max(0.0, reopens - now)] if reopens is not None else []
        if lined_up is not None and is_shared:
            pauses.append(LOOK_SECONDS if now < lined_up + LATER_SECONDS else LATER_LOOK_SECONDS)
        await context.pause(min(pauses, default=None), entry.moved)
    queue.go(entry)


async def _may_go(context: JobContext, entry: QueueEntry) -> bool:
    if context.queue.is_next(entry):
        facts = partial(context.ledger.slots.facts, context.backend.payer, context.owner)
        context.queue.note_facts(entry, await ask_ledger(context, facts, partial(show_waiting, context)))
    return context.queue.may_go(entry)


def hold_back_refused(context: JobContext) -> None:
    """Raise `Stopped` for a job that was handed over, where moderation has refused its words since it was asked for.

    The slot of the refused one was given free with the word of that, so the next one that takes it knows.
    """
    if not context.start.giver:
        return
    record = context.ledger.get(context.job.id)
    refused = context.ledger.refused_words(record)
    if refused is not None and refused.updated > record.created:
        context.control.stop("moderation refused the same words")
        context.halt()


def take_slot(context: JobContext, entry: QueueEntry, *, sent: float, server_sent: float | None) -> None:
    """Write down that the create is being sent, if the slot is still free in that moment.

    Raises:
        SlotTaken: it is not, and the job is back in line.
        LeaseLost: another kernel has the job, or it was sent by another run.
        LedgerError: it cannot be written.
    """
    queue, payer = context.queue, context.backend.payer

    def may_go(facts: SlotFacts) -> bool:
        queue.note_facts(entry, facts)
        return queue.has_room(entry)

    slots, told = context.ledger.slots, context.with_unwritten({"sent": sent, "server_sent": server_sent})
    place = (context.job.id, payer, entry.account)
    if not slots.take(*place, by=context.owner, sent_before=context.sent, may_go=may_go, changes=told):
        queue.step_back(entry)
        raise SlotTaken
    context.sent = sent
    context.note_written()


def occupy_slot(context: JobContext, task_id: str) -> QueueEntry:
    """Take a slot for a task that runs already."""
    account = task_account(task_id)
    _tell(context, lambda: context.ledger.slots.line_up(context.job.id, context.backend.payer, account))
    return context.queue.occupy(context.job.id, account)


def give_up_place(context: JobContext) -> None:
    """Leave the line: somebody else will stand in it for this job."""
    if context.job.state.phase is Phase.WAITING:
        _tell(context, lambda: context.ledger.slots.give_up(context.job.id))


def close_account(context: JobContext, entry: QueueEntry, seconds: float) -> None:
    """Give the slot back after a 429: no kernel tries for so long, and then one of them alone."""
    closed = context.queue.send_back(entry, seconds)
    _tell(context, lambda: context.ledger.slots.close(context.backend.payer, closed))


def is_wanted(context: JobContext, entry: QueueEntry) -> bool:
    """Return True when another job waits for the slot that an entry holds, in this process or in another."""
    if context.queue.is_wanted(entry):
        return True
    with suppress(errors.LedgerError):  # nobody is kept waiting longer than usual
        places = context.ledger.slots.facts(context.backend.payer, context.owner).places
        return any(not (place.is_own or place.is_holding) and entry.may_be_on(place.account) for place in places)
    return False


def note_started(context: JobContext, entry: QueueEntry, task_id: str) -> None:
    """Take note of a task that has begun: an account that took it is open."""
    for account in context.queue.locate(entry, task_account(task_id)):
        _tell(context, partial(context.ledger.slots.reopen, context.backend.payer, account))


def show_waiting(context: JobContext, detail: str, next_try: float | None = None) -> None:
    """Tell why it waits; the ledger learns it once."""
    state: dict[str, Any] = {"sent": None, "detail": detail, "next_poll": next_try}
    if context.job.state.phase is Phase.WAITING:
        context.control.change(**state)
    else:
        context.move(Phase.WAITING, **state)


def _tell(context: JobContext, write: Callable[[], None]) -> None:
    """Tell the other kernels; a failure is shown, and costs nobody the video."""
    try:
        write()
    except errors.LedgerError as error:
        context.control.change(warning=error.message)
