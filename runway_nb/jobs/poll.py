"""Looking at a task until it ends, the deadline passes or the user stops."""

from __future__ import annotations

from .. import errors
from ..api.client import RunwayClient
from ..api.models import Task
from .context import Run, WrongTask
from .poll_schedule import Follower, Look
from .submit import wrong_words

FRESH_SECONDS = 60.0
"""A 404 for a task younger than this is taken for a delay, not for an answer (API facts 5)."""
_NOT_OURS = (400, 403, 404, 410)
"""What may be said of an id that is none, or a stranger's."""


async def track(run: Run, task: Task, client: RunwayClient, first_wait: float | None) -> Task:
    """The task at its end.

    Args:
        run: The run.
        task: As last seen.
        client: Reads it.
        first_wait: Seconds to the first look; None for the usual time.

    Raises:
        DeadlineReached: no end in time; the task goes on.
        NotFound: the API does not know it any more.
        WrongTask: it is not the job's.
    """
    request = run.job.request
    follower = Follower(run.env.monotonic(), explore=bool(request.explore), seconds=request.length)
    seconds = follower.first_wait() if first_wait is None else first_wait
    while not (task.status.is_final and run.job.state.looked):
        if follower.is_over(run.env.monotonic()):
            minutes = (follower.deadline() - follower.started) / 60
            raise errors.DeadlineReached(f"no end after {minutes:.0f} minutes of tracking")
        due = run.env.monotonic() + seconds
        run.job.change(next_look=run.env.clock() + seconds)
        await run.pause(seconds, run.looks)
        seen = await _look(run, task, client, follower)
        if seen is not None and not run.job.state.looked and (wrong := wrong_words(run, seen)):
            raise WrongTask(wrong)
        now = run.env.monotonic()
        follower = follower.missed(now) if seen is None else follower.seen(_look_at(seen, now))
        task = seen or task
        _show(run, seen, follower, now)
        # a look that the user asked for comes on top: the one that was due stays due
        seconds = min(follower.wait(now), due - now) if now < due else follower.wait(now)
    return task


async def _look(run: Run, task: Task, client: RunwayClient, follower: Follower) -> Task | None:
    """One GET; None when the network or the server failed and the next look may do better."""
    try:
        left = follower.deadline() - run.env.monotonic()
        return await run.race(client.task(task.id, retry=False), max(0.0, left))
    except (TimeoutError, errors.ServerTrouble, errors.NoAnswer, errors.Unreachable, errors.RateLimited):
        return None
    except errors.ApiError as error:
        is_missing = isinstance(error, errors.NotFound)
        if is_missing and run.env.monotonic() - follower.started < FRESH_SECONDS:
            return None
        if error.status in _NOT_OURS and not run.job.state.looked and (wrong := wrong_words(run, None)):
            raise WrongTask(wrong) from None
        if not is_missing:
            raise
        raise errors.NotFound(
            "Runway does not find the task (HTTP 404): it was deleted, or the token is of another user", 404
        ) from None


def _show(run: Run, seen: Task | None, follower: Follower, now: float) -> None:
    """Tell the screen what a look showed, and the ledger when the status changed."""
    if seen is None:
        run.job.change(offline=True)
        return
    before = run.job.task
    run.job.change(
        task=seen,
        progress=follower.progress,
        offline=False,
        looked=run.env.clock(),
        remaining=follower.remaining(now),
    )
    if before is None or before.status != seen.status:
        run.journal(status=str(seen.status))


def _look_at(task: Task, now: float) -> Look:
    return Look(now, str(task.status), task.progress, task.starts_in)
