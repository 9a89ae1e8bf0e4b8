"""The studio: submit a request, come back to one, send a lost one again.

Callable from any thread; the work itself (`jobs.workflow`) runs on the background loop.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Coroutine, Mapping, MutableMapping, Sequence
from concurrent.futures import Executor
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from . import errors
from .account import Account, PictureAccess
from .embedded_simulator import EmbeddedSimulator
from .jobs.backend import Backend, Backends, Connect, check_backend, connect
from .jobs.context import NEW, RESUME, RESUME_TO_SEND, Start
from .jobs.environment import Environment
from .jobs.freeze import Asker, CheckedRequest, new_record, storable
from .jobs.job import Job, Submission, repeatable_request
from .jobs.job_frames import frame_png
from .jobs.loop import BackgroundLoop, check_may_wait
from .jobs.policy import DEFAULT_LIMITS, Limits, decide, read_limits
from .jobs.restore import folder_here, is_over, new_job, restored_job, resumed_state
from .jobs.runner import CLOSE_SECONDS, Runner
from .jobs.state import State
from .jobs.workers import Workers
from .ledger.ledger import Ledger
from .ledger.opening import open_ledger
from .ledger.phase import SETTLED, Phase
from .ledger.record import FOREIGN_TYPE, Record
from .model_checks import state_warning
from .models import model_of_task
from .process_studio import forget_studio
from .redaction import redact
from .references import ShotFrame
from .request import VideoRequest
from .settings import Settings, checked_settings
from .spec import Model
from .storage.given_paths import result_folder
from .storage.paths import working_folder
from .storage.video_folder import folder_problem
from .values.arguments import plain_arguments
from .values.deprecation import warn_renamed
from .values.handle import Handle
from .values.plain import checked_kind, checked_text

T = TypeVar("T")

_MOVED = {
    **{name: f"account.{name}" for name in ("assets", "credits", "delete_asset", "picture_bytes", "spent_today")},
    **{name: f"account.{name}" for name in ("tasks", "upload")},
    "misbehave": "simulator.inject_fault",
    "simulator_url": "simulator.url",
}
"""Old names of what moved out of the studio, for this version."""


class Studio(Handle):
    """Submits requests and tracks their jobs, in the process that made it: not in a forked child of that.

    Args:
        settings: All settings, decided.
        ledger: Where requests are journalled; by default the one in `settings.home`.
        connect: Makes the clients of a backend on the background loop, at its first use.
        loop: The background loop.
        environment: Time and randomness.
    """

    def __init__(
        self,
        settings: Settings,
        *,
        ledger: Ledger | None = None,
        connect: Connect = connect,
        loop: BackgroundLoop | None = None,
        environment: Environment | None = None,
    ) -> None:
        settings = checked_settings(settings)
        self.folder = working_folder()
        """Where a relative output folder and relative pictures lie: the notebook's folder."""
        self.notebook = ""
        """The notebook's name, for the table of spending; its folder stands for it where it has none."""
        self._env = environment or Environment()
        self.ledger = ledger or open_ledger(settings.home, settings.ledger, self._env.clock, self._env.monotonic)
        self._loop = loop or BackgroundLoop()
        self._lock = threading.RLock()
        self._backends = Backends(settings, lambda chosen: Backend(chosen, self.ledger, connect, self._env.monotonic))
        self._runner = Runner(self._loop, self.ledger, self._env)
        self.workers = Workers(self._runner, self._backends, self.ledger, self._lock, self._resumed)
        """Workers of executors: jobs change hands between them and this studio."""
        self._closed = False
        self._pid = os.getpid()
        self._advised: set[str] = set()
        """Models of which it was said already whether they should be used."""
        pictures = PictureAccess(self._frozen_picture, lambda: self.folder, self._frame)
        self.account = Account(self._backends, self.ledger, self._loop, pictures)
        """Credits, tasks and assets of the account that pays for the next request."""
        self.simulator = EmbeddedSimulator(self._backends, self._loop)
        """The simulator that answers while no token is set."""

    def __repr__(self) -> str:
        return f"<Studio {'simulator' if self.settings.simulated else redact(self.settings.base_url)}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            if name not in _MOVED:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            warn_renamed(f"studio.{name}", f"studio.{_MOVED[name]}")
            part, _, moved = _MOVED[name].partition(".")
            return getattr(getattr(self, part), moved)

    @property
    def jobs(self) -> MutableMapping[str, Job]:
        """The jobs of this process by id, oldest first; may be gone through while others come and go."""
        return self._runner.jobs

    @property
    def settings(self) -> Settings:
        """The settings for what is submitted next."""
        return self._backends.current.settings

    def use(self, settings: Settings) -> None:
        """Take new settings for what is submitted from now on; jobs that run keep theirs."""
        settings = checked_settings(settings)
        with self._lock:
            self._backends.use(settings)
        self._loop.call(self._backends.current.queue.look_again)  # there may be more slots

    # --- submitting -----------------------------------------------------------------------------

    def submit(
        self,
        request: VideoRequest,
        *,
        cell: str = "",
        folder: Path | None = None,
        fresh: bool = False,
        force: bool = False,
        max_credits: int | None = None,
        yes_unknown_price: bool = False,
    ) -> Job:
        """Check a request and start it, or return the job that an equal one has; returns at once.

        Args:
            request: Keyframes may still be names of assets or picture files.
            cell: The cell that asked for it, kept with the result.
            folder: By default the studio's.
            fresh: Make it again although an equal request was made before.
            force: Send it although moderation has refused too much lately.
            max_credits: The most that it may cost.
            yes_unknown_price: Send it although nobody knows what it costs and there is a limit of credits.

        Raises:
            InvalidRequest: with all mistakes; nothing was sent.
            OverBudget, ModerationBrake: not allowed; nothing was sent.
            MaybeSent: an equal request stands in the ledger that cannot be read, so it may have been paid; nothing was
                sent, and `fresh` sends it.
            LedgerError, SettingsError: ledger or output folder cannot be written, so nothing was sent.
        """
        limits, problems = read_limits(fresh, force, max_credits, yes_unknown_price)
        return self.submit_checked(self.check(request, limits, problems), cell=cell, folder=folder).job

    def check(
        self,
        request: VideoRequest,
        limits: Limits = DEFAULT_LIMITS,
        problems: Sequence[str] = (),
        names: Mapping[str, str] = MappingProxyType({}),
        backend: Backend | None = None,
    ) -> CheckedRequest:
        """Return the request checked and frozen: picture objects become files beside the ledger.

        Args:
            request: Keyframes may be anything that is a picture (`pictures.objects`), jobs, tasks and assets.
            limits: What the user allows, as `policy.read_limits` gives it.
            problems: Mistakes that are known already.
            names: Keyframe position to the name under which its picture object is kept.
            backend: To which it goes; by default the one of this moment.

        Raises `InvalidRequest` with all mistakes.
        """
        backend = backend or self._backends.current
        checked_kind(request, "request", VideoRequest, "a runway_nb.VideoRequest")
        request, unusable = storable(request, backend.settings.pictures, self.attach, names)
        if found := [*problems, *unusable, *request.problems()]:
            raise errors.InvalidRequest(found)
        return CheckedRequest(request, limits, backend)

    def submit_checked(
        self,
        checked: CheckedRequest,
        *,
        cell: str = "",
        folder: Path | None = None,
        replaces: str = "",
        executor: Executor | None = None,
    ) -> Submission:
        """Start a checked request as `submit` does; return its job, and whether that is new.

        `replaces` is the lost job in whose place it is sent; a worker of `executor` sees a new one through.
        """
        cell, backend = checked_text(cell, "cell"), checked.backend
        settings = backend.settings
        folder = result_folder(self.folder if folder is None else folder, settings.output)
        new, sent = self._new_record(backend, checked.request, cell, folder)
        limits = checked.limits.within(settings, folder_problem(Path(new.folder) / settings.output, new.id))
        self._runner.settle()
        with self._lock:
            self._check_open()
            record = self.ledger.claim(
                new, lambda known: decide(new, known, limits, sent),
                replaces=replaces, budgets=settings.budget, is_awaited=self.workers.is_awaited,
            )  # fmt: skip
            if record.id != new.id:
                return Submission(self._resumed(backend, record, RESUME_TO_SEND), is_new=False)
            job = new_job(record, sent, checked.request, State(), self._advice(checked.request.row, settings),
                          marks=self.ledger.marks)  # fmt: skip
            try:
                if executor is not None:
                    self.workers.ask(job, backend, executor)
            finally:  # also where the user interrupts
                self._runner.start(job, backend, NEW)
            return Submission(job, is_new=True)

    def new_take(self, job: Job) -> Job:
        """Return another take of a job with another seed, paid like the first. Raises what `submit` raises."""
        backend = self._backends.current
        check_backend(backend, self.ledger.get(checked_kind(job, "job", Job, "a job").id))
        request = replace(repeatable_request(job), seed=None, reply_ref=None)
        again = self.check(request, Limits(fresh=True), backend=backend)
        return self.submit_checked(again, cell=job.cell, folder=job.folder).job

    @plain_arguments
    def resend(self, text: str) -> Job:
        """Send a request again whose create got no clear answer. The user decides this: it may be paid twice.

        The account is looked at once more; a task that is found is tracked, and nothing is sent.

        Raises:
            InvalidCommand: the job is not in doubt.
            RunwayError: the account cannot be looked at, or the request may not be sent; nothing was sent.
        """
        record, backend = self.ledger.find(text), self._backends.current
        check_backend(backend, record)
        if record.resent_as:
            return self.attach(record.resent_as)
        if not record.may_be_lost or self.ledger.leases.is_held(record):
            raise errors.InvalidCommand(
                f"job {record.id} is not in doubt ({record.phase}): %runway attach {record.id} follows it, "
                "and --fresh in its cell makes it again"
            )
        from .jobs.submit import search_once  # loads httpx

        if self.run(search_once(backend, record, self.ledger), 120.0):
            return self.attach(record.id)
        request = VideoRequest.from_wire(record.original_request or record.request, record.model)
        if not record.original_request:
            # written before original requests were kept: its seed and reference may be ours, and name the first create
            request = replace(request, seed=None, reply_ref=None)
        # the price is shown where this is asked for; an unknown one was agreed to when it was first sent
        again = self.check(request, Limits(fresh=True, unknown_price=True), backend=backend)
        return self.submit_checked(again, cell=record.cell, folder=Path(record.folder), replaces=record.id).job

    # --- coming back ----------------------------------------------------------------------------

    @plain_arguments
    def attach(self, text: str) -> Job:
        """Track a job again, or a task of the account that was made elsewhere, and return it.

        A job that is tracked here or is over is returned as it is; one that another kernel tracks is
        watched. `text` is our id or its beginning, a task id, or a replyRef.

        Raises:
            JobNotFound: neither the ledger nor the account has it, or the ledger has several.
            RunwayError: it was made by another backend, or the account cannot be read.
        """
        if not text:
            raise errors.JobNotFound("attach needs the id of a job: %runway list shows them")
        living, backend = self._living(text), self._backends.current
        if living is not None and not living.done:
            return living
        record = self.ledger.find(text) if self.ledger.named(text) else self._adopt(backend, text)
        if not is_over(record):
            check_backend(backend, record)
        with self._lock:
            return self._resumed(backend, record)

    @plain_arguments
    def resume(self, only: str = "") -> list[Job]:
        """Track every job again that may still bring a result and that nobody tracks; return them, oldest first.

        Where the user has a name (`Settings.user`), those of others stay out. With the id of one job it is that one
        alone, if nobody else tracks it in this moment.
        """
        if only:
            return list(filter(None, [self._taken_over(only)]))
        backend = self._backends.current
        left = self.ledger.unfinished(backend.settings.user)
        found = [record for record in left if record.backend == backend.settings.backend]
        with self._lock:
            return [self._resumed(backend, record) for record in reversed(found)]

    @plain_arguments
    def find(self, text: str = "") -> Job:
        """Return the living job, or the stored one, that `text` names; without text the newest there is."""
        if (living := self._living(text)) is not None:
            return living
        record = self.ledger.find(text) if text else self.ledger.newest()
        return self.jobs.get(record.id) or restored_job(record, self.settings.posters, marks=self.ledger.marks)

    @plain_arguments
    def request_of(self, text: str) -> VideoRequest:
        """Return what a job of the ledger asked for, or a task of the account; nothing is tracked.

        Raises `JobNotFound`.
        """
        if not text:
            raise errors.JobNotFound("the id of a job or task is missing: %runway list shows them")
        is_ours = self._living(text) is not None or self.ledger.named(text)
        return self.find(text).original_request if is_ours else self.account.request_of(self.account.task(text))

    # --- the background loop --------------------------------------------------------------------

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the background loop."""
        self._loop.submit(work)

    def run(self, work: Coroutine[Any, Any, T], timeout: float) -> T:
        """Run a coroutine on the background loop and return its result. Raises `NoAnswer` when it takes too long."""
        return self._loop.run(work, timeout)

    def close(self) -> None:
        """Stop tracking; what runs at Runway goes on and can be attached again.

        Raises `InvalidCommand` in a function that is called as a job moves; nothing is closed.
        """
        check_may_wait("the end of all work")
        self._closed = True
        forget_studio(self)
        if self._loop.is_running:
            with suppress(FutureTimeout, errors.RunwayError):
                for release in self._loop.submit(self._runner.shut_down(self._backends)).result(CLOSE_SECONDS):
                    # on this thread: at exit no pool of threads can be made any more
                    release()
            self._loop.stop()
        self._runner.end_unstarted()
        self.ledger.close()

    # --- inside ---------------------------------------------------------------------------------

    def _living(self, text: str) -> Job | None:
        """Return the job of this process that `text` names, or the newest without text."""
        living = [job for job in self.jobs.values() if job.id.startswith(text)]
        return living[-1] if living and (not text or len(living) == 1) else None

    def _new_record(
        self, backend: Backend, request: VideoRequest, cell: str, folder: Path
    ) -> tuple[Record, VideoRequest]:
        """Return a new record of this studio, and what will be sent."""
        asker = Asker(folder, self.notebook or str(folder), cell, self._runner.owner)
        return new_record(request, asker, backend.settings, self._env.draw)

    def _resumed(self, backend: Backend, record: Record, start: Start = RESUME) -> Job:
        """Return a record's job: the living one, a stored one that is over, or one that is tracked from now on."""
        living = self.jobs.get(record.id)
        if living is not None and not living.done:
            return living
        if is_over(record):
            return restored_job(record, backend.settings.posters, marks=self.ledger.marks)
        job = restored_job(record, backend.settings.posters, resumed_state(record), marks=self.ledger.marks)
        job.folder = folder_here(record, self.folder)
        self._check_open()
        self._runner.start(job, backend, start)
        return job

    def _taken_over(self, job_id: str) -> Job | None:
        """Return a job that nobody tracked, tracked from now on; None where another was quicker, or nothing is left."""
        backend, owner = self._backends.current, self._runner.owner
        check_backend(backend, self.ledger.get(job_id))
        self._check_open()  # before the lease is taken
        record, is_ours = self.ledger.leases.take(job_id, owner)
        if not is_ours:
            return None
        if record.phase in (*SETTLED, Phase.STOPPED) or record.is_unsent:
            if record.owner == owner:
                self.ledger.update(job_id, by=owner, lease=0.0)
            return None
        with self._lock:
            return self._resumed(backend, record)

    def _adopt(self, backend: Backend, text: str) -> Record:
        """Return a record for a task of the account that this ledger does not know; it was paid elsewhere."""
        from .jobs.submit import lost_job_of  # loads httpx

        task = self.account.task(text, backend)
        lost = lost_job_of(task, self.ledger, backend.settings.backend)
        if lost is not None:
            return lost
        made = self.account.request_of(task)
        new, _ = self._new_record(backend, made, "", self.folder)
        sent = {**made.to_record(), **({"replyRef": task.reply_ref} if task.reply_ref else {})}
        if model_of_task(task.task_type, task.options) is None:
            sent[FOREIGN_TYPE] = task.task_type or "a task of no type"
        return self.ledger.adopt(
            replace(
                new, phase=Phase.DETACHED.value, request=sent, original_request={}, digest="",
                reply_ref=task.reply_ref, credits=0, task_id=task.id, status=str(task.status), owner="",
            )
        )  # fmt: skip

    def _advice(self, model: Model, settings: Settings) -> str:
        """Return why a model should not be used any more, once in a session; the simulator's stay as they are."""
        if settings.simulated or model.name in self._advised:
            return ""
        self._advised.add(model.name)
        return state_warning(model)

    def _check_open(self) -> None:
        if self._closed:
            raise errors.RunwayError("this studio is closed: nothing was sent")
        if self._pid != os.getpid():  # its jobs, slots and leases are those of the process that made it
            raise errors.RunwayError(
                "this studio was made before its process was forked: nothing was sent; make another one here, or leave "
                "studio= out"
            )
        self.spawn(asyncio.sleep(0))  # raises, before anything is written down, where no loop can be made

    def _frozen_picture(self, request: VideoRequest, name: str) -> VideoRequest:
        return self.check(request, names={"first": name}).request

    async def _frame(self, frame: ShotFrame) -> bytes:
        """Return a frame of a finished job."""
        return await asyncio.to_thread(frame_png, self.find(frame.job_id), frame)
