"""Polling a task until it ends, the deadline passes or the user stops."""

from __future__ import annotations

from collections.abc import Callable

from .. import errors
from ..api.client import RunwayClient
from ..api.models import Task
from .context import JobContext, WrongTask
from .poll_schedule import POLL_COST, WANTED_COST, Poll, PollSchedule
from .submit import mismatch

FRESH_SECONDS = 60.0
"""A 404 for a task younger than this is taken for a delay, not for an answer (API facts 5)."""
_NOT_OURS = (400, 403, 404, 410)
"""What may be said of an id that is none, or a stranger's."""


async def track(
    context: JobContext,
    task: Task,
    client: RunwayClient,
    first_wait: float | None,
    is_wanted: Callable[[], bool] = lambda: False,
) -> Task:
    """Return the task at its end.

    Args:
        context: The job and what its steps need.
        task: As last seen.
        client: Reads it.
        first_wait: Seconds to the first poll; None for the usual time.
        is_wanted: Says whether another job waits for the slot: then the end is looked for more closely.

    Raises:
        DeadlineReached: no end in time; the task goes on.
        NotFound: the API does not know it any more.
        WrongTask: it is not the job's.
    """
    request = context.job.request
    schedule = PollSchedule(context.env.monotonic(), explore=bool(request.explore), seconds=request.length)
    seconds = schedule.first_wait() if first_wait is None else first_wait
    while not (task.status.is_final and context.job.state.last_poll):
        if schedule.is_over(context.env.monotonic()):
            minutes = (schedule.deadline() - schedule.started) / 60
            raise errors.DeadlineReached(f"no end after {minutes:.0f} minutes of tracking")
        due = context.env.monotonic() + seconds
        context.control.change(next_poll=context.env.clock() + seconds)
        await context.pause(seconds, context.poll_now)
        seen = await _poll(context, task, client, schedule)
        if seen is not None and not context.job.state.last_poll and (wrong := mismatch(context, seen)):
            raise WrongTask(wrong)
        now = context.env.monotonic()
        schedule = schedule.missed(now) if seen is None else schedule.seen(_poll_of(seen, now))
        task = seen or task
        _report(context, seen, schedule, now)
        # a poll that the user asked for comes on top: the one that was due stays due
        seconds = schedule.wait(now, cost=WANTED_COST if is_wanted() else POLL_COST)
        seconds = min(seconds, due - now) if now < due else seconds
    return task


async def _poll(context: JobContext, task: Task, client: RunwayClient, schedule: PollSchedule) -> Task | None:
    """Make one GET; return None when the network or the server failed and the next poll may do better."""
    try:
        left = schedule.deadline() - context.env.monotonic()
        return await context.race(client.task(task.id, retry=False), max(0.0, left))
    except (TimeoutError, errors.ServerError, errors.NoAnswer, errors.Unreachable, errors.RateLimited):
        return None
    except errors.ApiError as error:
        is_missing = isinstance(error, errors.NotFound)
        if is_missing and context.env.monotonic() - schedule.started < FRESH_SECONDS:
            return None
        if error.status in _NOT_OURS and not context.job.state.last_poll and (wrong := mismatch(context, None)):
            raise WrongTask(wrong) from None
        if not is_missing:
            raise
        raise errors.NotFound(
            "Runway does not find the task (HTTP 404): it was deleted, or the token is of another user", 404
        ) from None


def _report(context: JobContext, seen: Task | None, schedule: PollSchedule, now: float) -> None:
    """Report to the screen what a poll showed, and the ledger when the status changed."""
    if seen is None:
        context.control.change(offline=True)
        return
    before = context.job.task
    context.control.change(
        task=seen,
        progress=schedule.progress,
        offline=False,
        last_poll=context.env.clock(),
        remaining=schedule.remaining(now),
    )
    if before is None or before.status != seen.status:
        context.journal(status=str(seen.status))


def _poll_of(task: Task, now: float) -> Poll:
    return Poll(now, str(task.status), task.progress, task.starts_in)
