"""The jobs at work: their workflows run on the background loop, their leases are renewed, and they end in order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable
from concurrent.futures import CancelledError
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from typing import Any

from .. import errors
from ..ledger.lease import RENEW_SECONDS, new_owner
from ..ledger.ledger import Ledger
from ..ledger.phase import Phase
from ..values.plain import unexpected
from .backend import Backend
from .context import JobContext, Start
from .environment import Environment
from .job import Job, control_of
from .living_jobs import LivingJobs
from .loop import BackgroundLoop
from .state import failed_phase

SETTLE_SECONDS = 5.0
"""How long a request waits for what is written before it."""
CLOSE_SECONDS = 6.0
"""How long closing waits for answers under way, workflows and connections."""


class Runner:
    """Sees jobs through on the background loop.

    Args:
        loop: The background loop.
        ledger: Where every step is written.
        environment: Time and randomness.
    """

    def __init__(self, loop: BackgroundLoop, ledger: Ledger, environment: Environment) -> None:
        self.jobs = LivingJobs()
        """The jobs of this process by id, oldest first."""
        self.owner = new_owner()
        """Who holds the leases of these jobs."""
        self._loop = loop
        self._ledger = ledger
        self._env = environment
        self._works: dict[asyncio.Future[None], Job] = {}
        self._owing: set[JobContext] = set()
        """Those at work, and those over of which the ledger has yet to learn something."""
        self._heart: asyncio.Future[None] | None = None
        self._is_over = False

    def start(self, job: Job, backend: Backend, start: Start) -> None:
        """Take a job in, bound to the backend, and start its work. Callable from any thread."""
        try:
            self._loop.submit(self._track(job, backend, start))
        except errors.RunwayError as error:
            self.jobs[job.id] = job
            self._end(job, error)
            raise
        # last: one that an interrupt keeps from being submitted is in the ledger alone, and the next call starts it
        self.jobs[job.id] = job
        if self._is_over:  # closed since: whoever ended the others did not see this one
            self.end_unstarted()

    def settle(self) -> None:
        """Write what the ledger did not take of jobs of before: what is asked next is decided by what it knows.

        Callable from any thread.
        """
        if self._loop.is_here:
            self._write_late()
        elif self._loop.is_running and any(context.has_unwritten for context in list(self._owing)):
            # whoever asks the ledger next hears why; the background thread of another studio may wait for this one
            with suppress(errors.RunwayError, FutureTimeout, CancelledError):
                self._loop.submit(self._settled()).result(SETTLE_SECONDS)

    async def shut_down(self, backends: Iterable[Backend]) -> list[Callable[[], None]]:
        """Wait for answers under way, let every workflow write where it stands, then close the connections.

        Gives what is left to free, which may block.
        """
        works = dict(self._works)
        for work, job in works.items():
            # what waits must not begin to send now
            if job.state.phase is not Phase.SENDING:
                work.cancel()
        for _ in range(int(CLOSE_SECONDS * 0.6 / 0.05)):
            if not any(job.state.phase is Phase.SENDING for job in self._works.values()):
                break
            await asyncio.sleep(0.05)
        # the heart, too, is waited for: a beat after the end would open the ledger again
        ending = [*works, *([] if self._heart is None or self._heart.done() else [self._heart])]
        for work in ending:
            work.cancel()
        await asyncio.gather(*ending, return_exceptions=True)
        self._write_late()
        return [await backend.close() for backend in backends]

    def end_unstarted(self) -> None:
        """End the jobs whose work was cancelled before its first step; nobody may wait for them for ever.

        One that is started after this ends at once.
        """
        self._is_over = True
        for job in self.jobs.values():
            if not job.state.phase.is_final:
                self._end(job, errors.Detached("the session ended before it was sent"))

    def _end(self, job: Job, error: errors.RunwayError) -> None:
        """End a job whose work never began; a later call takes it up again."""
        phase = failed_phase(job.state.phase, errors.Detached(""))
        control_of(job).change(phase=phase, error=error, ended=self._env.clock())

    async def _track(self, job: Job, backend: Backend, start: Start) -> None:
        """Run the workflow of a job, which ends also where that cannot even be made."""
        self.jobs[job.id] = job
        try:
            self._begin(job, backend, start)
        except Exception as error:  # noqa: BLE001 - such as too few file handles for an import; nobody reads a result here
            problem = unexpected(error, "the work cannot begin")
            phase = failed_phase(job.state.phase, errors.Detached(""))
            changes: dict[str, Any] = {} if phase.is_sent else {"credits": 0}
            changes |= {"error": "RunwayError", "message": problem.message, "lease": 0.0}
            with suppress(errors.LedgerError, errors.LeaseLost):
                self._ledger.update(job.id, by=self.owner, phase=phase.value, **changes)
            self._end(job, problem)

    def _begin(self, job: Job, backend: Backend, start: Start) -> None:
        from .workflow import Workflow  # loads httpx, on the background thread: the card need not wait for it

        # what an earlier run of the job has yet to say would undo what this one does, its price with it
        self._write_late()
        context = JobContext(
            job,
            backend=backend,
            ledger=self._ledger,
            owner=self.owner,
            other_jobs=self.jobs,
            environment=self._env,
        )
        context.control.connect(
            on_stop=lambda: self._loop.call(context.stopped.set),
            on_refresh=lambda: self._loop.call(context.poll_now.set),
            on_offer=lambda: self._loop.call(context.offered.set),
        )
        settings = backend.settings
        workflow = Workflow(context, output=job.folder / settings.output, posters=settings.posters)
        work = asyncio.ensure_future(workflow.run(start))
        self._works[work] = job
        self._owing.add(context)
        work.add_done_callback(lambda work: self._ended(work, context))
        if self._heart is None or self._heart.done():
            self._heart = asyncio.ensure_future(self._beat())

    def _ended(self, work: asyncio.Future[None], context: JobContext) -> None:
        self._works.pop(work, None)
        if not context.has_unwritten:
            self._owing.discard(context)

    async def _beat(self) -> None:
        """Renew the leases of all jobs while there are any, and write what the ledger did not take."""
        while self._works or self._owing:
            await asyncio.sleep(RENEW_SECONDS)
            with suppress(errors.LedgerError):  # the next beat may do better; until the lease ends nothing is lost
                self._ledger.leases.renew(self.owner)
            self._write_late()

    async def _settled(self) -> None:
        self._write_late()

    def _write_late(self) -> None:
        """Write what the ledger did not take; a job that is over and written is looked at no more."""
        for context in list(self._owing):
            context.write_late()
            if not context.has_unwritten and context.job.state.phase.is_final:
                self._owing.discard(context)
