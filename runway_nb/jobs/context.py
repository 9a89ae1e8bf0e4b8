"""One run of a job on the background loop: where it stands, what it writes down, how it pauses and stops."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any, NamedTuple, TypeVar

from .. import errors
from ..ledger.ledger import Ledger
from ..ledger.phase import Phase
from ..values.plain import message_of
from .backend import Backend, Connection
from .environment import Environment
from .job import Job, control_of
from .submit_queue import SubmitQueue

T = TypeVar("T")


class Start(NamedTuple):
    """Where the work for a job begins; by default where the ledger says that it stands."""

    is_new: bool = False
    """At the beginning: the request was written down a moment ago."""
    is_to_send: bool = False
    """A request whose owner has gone before sending it is sent: a cell has asked for it."""
    giver: str = ""
    """Who hands it over to this process, with the words that are refused meanwhile (`turns.hold_back_refused`)."""


NEW, RESUME, RESUME_TO_SEND = Start(is_new=True), Start(), Start(is_to_send=True)


class Stopped(Exception):
    """The user asked to stop; raised only where the work can end safely."""


class HandedOver(Exception):
    """A worker was asked to see the job through; raised only where the work can leave it to others."""


class WrongTask(Exception):
    """The task that was tracked turns out to be another's; the message says how that is known."""


class JobContext:
    """What every step of a job's work needs.

    Args:
        job: What is worked on.
        backend: What makes it: clients, slots, what was uploaded there.
        ledger: Where every step is written.
        owner: Who holds the job's lease.
        other_jobs: All jobs of the studio by id, to name those that hold slots.
        environment: Time and randomness.
    """

    def __init__(
        self,
        job: Job,
        *,
        backend: Backend,
        ledger: Ledger,
        owner: str,
        other_jobs: Mapping[str, Job],
        environment: Environment,
    ) -> None:
        self.job = job
        self.control = control_of(job)
        """Moves the job."""
        self.backend = backend
        self.ledger = ledger
        self.owner = owner
        self.other_jobs = other_jobs
        self.env = environment
        self.stopped = asyncio.Event()
        """Set when the user asks to stop."""
        self.offered = asyncio.Event()
        """Set when a worker was asked to see the job through."""
        self.start = RESUME
        """Where the work has begun."""
        self.poll_now = asyncio.Event()
        """Set when the user asks for a poll."""
        self.busy: errors.RateLimited | None = None
        """The latest 429 to a create: it has started nothing, by the API's word, and is looked for all the same."""
        self.sent: float | None = None
        """When the last create of this job left, as this run knows it: it sends none after one of another run."""
        self._unwritten: dict[str, Any] = {}
        """What the ledger did not take, by field; the next write brings it along."""
        self._problem = ""
        """Why it did not."""

    async def connected(self) -> Connection:
        """Return the clients."""
        return await self.backend.connected()

    @property
    def queue(self) -> SubmitQueue:
        """The queue for the backend's slots."""
        return self.backend.queue

    def halt(self) -> None:
        """Raise `Stopped` when the user has asked to stop, `HandedOver` when the job is to be a worker's."""
        if self.control.stop_requested.is_set():
            raise Stopped
        if self.control.offer is not None and self._is_unsent:
            raise HandedOver

    @property
    def _is_unsent(self) -> bool:
        return self.busy is None and not self.job.state.phase.is_sent

    async def pause(self, seconds: float | None, *wakes: asyncio.Event) -> None:
        """Sleep, for ever with None; less when the user stops, or when one of `wakes` is set."""
        self.halt()
        sleep = [self.env.sleep(seconds)] if seconds is not None else []
        waits = [
            asyncio.ensure_future(work)
            for work in (*sleep, *(event.wait() for event in (self.stopped, self.offered, *wakes)))
        ]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        for wake in (self.offered, *wakes):
            wake.clear()
        self.halt()

    async def race(self, work: Awaitable[T], seconds: float | None = None) -> T:
        """Return the result of `work`, which is cancelled as soon as the user stops.

        Raises:
            Stopped: the user stops; `work` has ended by then.
            TimeoutError: it took longer than `seconds`.
        """
        from anyio import move_on_after  # loads anyio

        with move_on_after(seconds) as scope, self._on_stop(scope.cancel):
            return await work
        self.halt()
        raise TimeoutError

    async def finish(self, work: Awaitable[T], detail: str) -> T:
        """Return the result of `work`, whatever the user does; who stops meanwhile is shown why it is waited for."""
        with self._on_stop(lambda: self.control.change(detail=detail)):
            return await work

    @contextmanager
    def _on_stop(self, act: Callable[[], object]) -> Iterator[None]:
        """Call `act` once when the user stops meanwhile, or has."""

        def ended(stop: asyncio.Future[Any]) -> None:
            if not stop.cancelled():
                act()

        stop = asyncio.ensure_future(self.stopped.wait())
        stop.add_done_callback(ended)
        if self.control.stop_requested.is_set():
            self.stopped.set()
        try:
            yield
        finally:
            stop.cancel()

    def move(self, phase: Phase, *, journal: Mapping[str, Any] | None = None, **state: Any) -> None:
        """Move to the next phase: first in the ledger, then on the screen."""
        self.journal(phase=phase.value, **(journal or {}))
        self.control.change(phase=phase, **state)

    def commit(self, phase: Phase, **changes: Any) -> None:
        """Write a phase that must be on disk, and ours to write, before the work goes on.

        Raises:
            LeaseLost: another kernel has the job.
            LedgerError: it cannot be written.
        """
        self.ledger.update(self.job.id, by=self.owner, **self.with_unwritten({"phase": phase.value, **changes}))
        self.note_written()

    def journal(self, **changes: Any) -> None:
        """Write to the ledger, now or, while it is away, later. A failure is shown and costs nobody the video.

        Raises:
            LeaseLost: another kernel has the job.
        """
        try:
            self._write(changes)
        except errors.LeaseLost:
            self.note_written()
            raise
        except errors.LedgerError as error:
            self._unwritten = self.with_unwritten(changes)
            self._problem = error.message
            self.control.change(warning=error.message)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the video
            self.control.change(warning=message_of(error))

    @property
    def has_unwritten(self) -> bool:
        """Whether the ledger has yet to learn something of the job."""
        return bool(self._unwritten)

    def with_unwritten(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """Return the changes with those that the ledger did not take before: of a field the last one holds."""
        return {**self._unwritten, **changes}

    def note_written(self) -> None:
        """Take note that the ledger has got all that it did not take before."""
        self._unwritten = {}
        if self._problem and self.job.state.warning == self._problem:
            self.control.change(warning="")
        self._problem = ""

    def write_late(self) -> None:
        """Try once more to write what the ledger did not take. Never fails; a job that is another's by now is left."""
        if self._unwritten:
            with suppress(errors.LeaseLost):
                self.journal()

    def _write(self, changes: Mapping[str, Any]) -> None:
        """Write changes and all that is unwritten; where these together are refused, the new ones alone."""
        both = self.with_unwritten(changes)
        try:
            self.ledger.update(self.job.id, by=self.owner, **both)
        except errors.LedgerError:
            if not self._unwritten or not changes:
                raise
            self.ledger.update(self.job.id, by=self.owner, **changes)
            self._problem = ""  # the older ones can never be written: what is shown of that stays
        self.note_written()
