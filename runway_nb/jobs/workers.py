"""Jobs change hands: a studio leaves one to a worker of an executor, and the studio of that worker takes it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Executor

from ..errors import RunwayError
from ..ledger.ledger import Ledger
from ..ledger.record import Record
from .backend import Backend, Backends, check_backend
from .context import Start
from .hand_over import WorkerCall, asked
from .job import Job, control_of
from .runner import Runner


class Workers:
    """Both sides of a job that changes hands.

    Args:
        runner: Of the studio.
        backends: Of the studio.
        ledger: Which both sides share.
        lock: Held while a job is taken in.
        resume: Tracks the job of a record from now on.
    """

    def __init__(
        self,
        runner: Runner,
        backends: Backends,
        ledger: Ledger,
        lock: threading.RLock,
        resume: Callable[[Backend, Record, Start], Job],
    ) -> None:
        self._runner = runner
        self._backends = backends
        self._ledger = ledger
        self._lock = lock
        self._resume = resume

    def hand_over(self, job: Job, executor: Executor) -> None:
        """Let a worker of an executor see a job of this studio through that is not sent yet; any other goes on here.

        Its process needs the same ledger and token. Where no worker can, this process sees it through.
        """
        if not job.state.phase.is_sent and self._runner.jobs.get(job.id) is job:
            self.ask(job, self._backends.current, executor)

    def ask(self, job: Job, backend: Backend, executor: Executor) -> None:
        """Ask an executor for a worker, for a job of a backend that may be about to be taken in."""
        call = WorkerCall(job.id, self._runner.owner, backend.payer.key, self.see_through)
        control_of(job).hand_over(asked(executor, call))

    def is_awaited(self, job_id: str) -> bool:
        """Return True for a job that this process watches at a worker or in another kernel.

        Should that die, it is sent all the same, or is ended by who watches it.
        """
        job = self._runner.jobs.get(job_id)
        return job is not None and (job.state.at_worker or job.state.elsewhere) and not job.done

    def see_through(self, job_id: str, giver: str, payer: str) -> Job:
        """Take a job that another studio has handed over, once it is prepared there, and track it.

        Where another was quicker it is watched.

        Args:
            job_id: The job's.
            giver: Who has handed it over.
            payer: Whose account it is (`Payer.key`).

        Raises `JobNotFound` where the ledger does not have it, `RunwayError` with another token; nothing was sent.
        """
        if giver == self._runner.owner:
            return self._begun_here(job_id)
        backend, record = self._backends.current, self._ledger.get(job_id)
        check_backend(backend, record)
        if backend.payer.key != payer:
            raise RunwayError(f"job {job_id} belongs to another account: give the worker the same token")
        with self._lock:
            return self._resume(backend, record, Start(is_to_send=True, giver=giver))

    def _begun_here(self, job_id: str) -> Job:
        with self._lock:  # it may be about to be taken in
            job = self._runner.jobs[job_id]
        control_of(job).begin_here()
        return job
