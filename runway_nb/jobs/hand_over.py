"""A job is handed over to a worker of an executor, which sees it through elsewhere; here it is watched meanwhile.

The ledger alone says who has it: a worker takes its lease from the one who has handed it over. So it is sent once,
whatever the executor does: drops the call, makes it twice, or loses the worker. Where no worker can, it is seen through
here.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import CancelledError, Executor, Future
from contextlib import suppress
from functools import partial
from typing import Any

from ..errors import RunwayError
from ..extension_points import provided
from ..values.plain import unexpected
from .context import JobContext
from .job import Job, control_of
from .ledger_away import ask_ledger

LOOK_SECONDS, LONGEST_LOOK = 1.0, 30.0
"""Between two looks whether a worker has begun, at first and at most; a choice of ours."""
LATER = 1 / 30
"""How much longer each second of waiting makes the next look wait; a choice of ours."""
LOOKS_A_SECOND = 20
"""Of all jobs that wait for a worker together: a sweep may have a thousand. A choice of ours."""

SeeThrough = Callable[[str, str, str], Job]
"""Takes a job from the studio that hands it over (`Workers.see_through`)."""


class WorkerCall:
    """What a worker calls. Pickled it holds nothing but names: no token, no address, no prompt.

    Args:
        job_id: The job.
        giver: Who hands it over (`lease.new_owner`).
        payer: Whose account it is (`Payer.key`).
        see_through: Of the studio that hands it over, for a worker of this process.
    """

    def __init__(self, job_id: str, giver: str, payer: str, see_through: SeeThrough | None = None) -> None:
        self._names = job_id, giver, payer
        self._see_through = see_through

    def __call__(self) -> None:
        """See the job through, in this process."""
        job = (self._see_through or provided("job.see_through"))(*self._names)
        control_of(job).ended.wait()

    def __reduce__(self) -> tuple[type[WorkerCall], tuple[str, str, str]]:
        return WorkerCall, self._names


def asked(executor: Executor, call: WorkerCall) -> Future[None]:
    """Ask an executor to make a call; where it takes none, as once it is shut down, the future says why."""
    try:
        return executor.submit(call)
    except Exception as error:  # noqa: BLE001 - anybody's executor may raise anything
        refused: Future[None] = Future()
        refused.set_exception(error)
        return refused


async def until_taken(context: JobContext, worker: Future[None]) -> bool:
    """Wait until a worker has the job; False where none will, and once one of this process has begun."""
    loop = asyncio.get_running_loop()
    worker.add_done_callback(lambda _: _call_soon(loop, context.poll_now.set))
    began = context.env.monotonic()
    get = partial(context.ledger.get, context.job.id)
    while not context.control.is_begun_here:
        has_ended = worker.done()
        record = await ask_ledger(context, get, lambda text: context.control.change(detail=text))
        if record.owner != context.owner or not record.is_unsent:
            return True
        if has_ended:
            context.control.change(warning=f"{_reason(worker)}; this process sees it through")
            return False
        await context.pause(_pause(context, context.env.monotonic() - began), context.poll_now)
    return False


def _pause(context: JobContext, waited: float) -> float:
    waiting = sum(control_of(job).is_handed_over for job in context.other_jobs.values())
    return min(LONGEST_LOOK, max(LOOK_SECONDS, waiting / LOOKS_A_SECOND, waited * LATER))


def _reason(worker: Future[None]) -> str:
    """Return why no worker has taken a job. No traceback of a worker is kept: it would keep what stood there alive."""
    try:
        error = worker.exception()
    except CancelledError:
        return "no worker took the job, the call was cancelled"
    if error is None:
        return "no worker took the job"
    problem = "no worker could take the job"
    return f"{problem}: {error.message}" if isinstance(error, RunwayError) else unexpected(error, problem).message


def _call_soon(loop: asyncio.AbstractEventLoop, act: Callable[[], Any]) -> None:
    with suppress(RuntimeError):  # it is closed: nobody waits any more
        loop.call_soon_threadsafe(act)
