"""The studio: submit a request, come back to one, send a lost one again.

Callable from any thread; the work itself (`workflow`) runs on the background loop.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeVar

from . import errors
from .api.account_queries import account_credits, account_task, account_tasks
from .api.models import Asset, Credits, Task
from .jobs.backend import Backend, Connect, connect
from .jobs.environment import Environment
from .jobs.freeze import Asker, new_record, storable
from .jobs.job import Job, Submission
from .jobs.job_frames import frame_png
from .jobs.loop import BackgroundLoop
from .jobs.policy import Limits, checked_limits, decide
from .jobs.restore import is_over, restored_job, resumed_state
from .jobs.runner import CLOSE_SECONDS, Runner
from .jobs.state import State
from .ledger.ledger import Ledger
from .ledger.phase import Phase
from .ledger.record import Record
from .pictures.asset_names import linked_assets
from .pictures.assets import AssetList
from .redaction import redact
from .references import Picture, ShotFrame, picture_problem, read_picture_name
from .request import Keyframes, VideoRequest
from .settings import Settings, checked_settings
from .storage.draft import folder_problem
from .storage.home import result_folder, working_folder
from .values.arguments import plain_arguments
from .values.handle import Handle
from .values.plain import checked_kind, checked_text

if TYPE_CHECKING:
    from .api.client import RunwayClient

T = TypeVar("T")


class Studio(Handle):
    """Submits requests and tracks their jobs.

    Args:
        settings: All settings, decided.
        ledger: Where requests are journalled; by default the one in `settings.home`.
        connect: Makes the clients of a session on the background loop, at its first use.
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
        self.ledger = ledger or Ledger(settings.home, self._env.clock, self._env.monotonic)
        self._connect = connect
        self._loop = loop or BackgroundLoop()
        self._lock = threading.RLock()
        self._backends = [Backend(settings, self.ledger, connect, self._env.monotonic)]
        self._runner = Runner(self._loop, self.ledger, self._env)
        self._closed = False

    def __repr__(self) -> str:
        return f"<Studio {'simulator' if self.settings.simulated else redact(self.settings.base_url)}>"

    @property
    def jobs(self) -> dict[str, Job]:
        """The jobs of this process by id, oldest first."""
        return self._runner.jobs

    @property
    def backend(self) -> Backend:
        """The party to which the next request goes."""
        return self._backends[-1]

    @property
    def settings(self) -> Settings:
        """The settings for what is submitted next."""
        return self.backend.settings

    def use(self, settings: Settings) -> None:
        """Take new settings for what is submitted from now on; jobs that run keep theirs."""
        settings = checked_settings(settings)
        with self._lock:
            if self.backend.can_serve(settings):
                self.backend.settings = settings
            else:
                self._backends.append(Backend(settings, self.ledger, self._connect, self._env.monotonic))

    def submit(
        self,
        request: VideoRequest,
        *,
        cell: str = "",
        folder: Path | None = None,
        fresh: bool = False,
        force: bool = False,
        max_credits: int | None = None,
    ) -> Job:
        """Check a request and start it, or give the job that an equal one has; returns at once.

        Args:
            request: Keyframes may still be names of assets or picture files.
            cell: The cell that asked for it, kept with the result.
            folder: By default the studio's.
            fresh: Make it again although an equal request was made before.
            force: Send it although moderation has refused too much lately.
            max_credits: The most that it may cost.

        Raises:
            InvalidRequest: with all mistakes; nothing was sent.
            OverBudget, ModerationBrake: not allowed; nothing was sent.
            MaybeSent: an equal request stands in the ledger that cannot be read, so it may have been paid; nothing was
                sent, and `fresh` sends it.
            LedgerError, SettingsError: ledger or output folder cannot be written, so nothing was sent.
        """
        limits = Limits(fresh=fresh, force=force, cell_credits=max_credits)
        return self.ask(request, limits, cell=cell, folder=folder).job

    def ask(
        self, request: VideoRequest, limits: Limits, *, cell: str = "", folder: Path | None = None, replaces: str = ""
    ) -> Submission:
        """The same as `submit`, and whether it is new. `replaces` is the lost job in whose place it is sent."""
        return self._ask(self.backend, request, limits, cell, folder, replaces)

    def _ask(
        self, backend: Backend, request: VideoRequest, limits: Limits, cell: str, folder: Path | None, replaces: str
    ) -> Submission:
        """The same at a party that was chosen before: settings may change while pictures are read."""
        limits, problems = checked_limits(limits)
        request, cell, settings = self.checked(request, problems), checked_text(cell, "cell"), backend.settings
        folder = result_folder(self.folder if folder is None else folder, settings.output)
        new = self._new_record(backend, request, cell, folder)
        limits = limits.within(settings, folder_problem(Path(new.folder) / settings.output, new.id))
        with self._lock:
            self._check_open()
            record = self.ledger.claim(new, lambda books: decide(new, books, limits), replaces=replaces)
            if record.id != new.id:
                return Submission(self._wake(backend, record, to_send=True), is_new=False)
            job = restored_job(record, settings.posters, State())
            self._runner.start(job, backend, lambda workflow: workflow.make())
            return Submission(job, is_new=True)

    def checked(
        self, request: VideoRequest, problems: Sequence[str] = (), names: Mapping[str, str] = MappingProxyType({})
    ) -> VideoRequest:
        """The request in a form that can be written down: picture objects become files beside the ledger.

        Args:
            request: Keyframes may be anything that is a picture (`sources`), jobs, tasks and assets.
            problems: Mistakes that are known already.
            names: Slot to the name under which its picture object is kept.

        Raises `InvalidRequest` with all mistakes.
        """
        checked_kind(request, "request", VideoRequest, "a runway_nb.VideoRequest")
        request, unusable = storable(request, self.settings.pictures, self.attach, names)
        if found := [*problems, *unusable, *request.problems()]:
            raise errors.InvalidRequest(found)
        return request

    @plain_arguments
    def attach(self, text: str) -> Job:
        """Follow a job again, or a task of the account that was made elsewhere.

        A job that is followed here or is over is returned as it is; one that another kernel sees through is
        watched. `text` is our id or its beginning, a task id, or a replyRef.

        Raises:
            JobNotFound: neither the ledger nor the account has it, or the ledger has several.
            RunwayError: it was made by another party, or the account cannot be read.
        """
        if not text:
            raise errors.JobNotFound("attach needs the id of a job: %runway list shows them")
        living, backend = self._living(text), self.backend
        if living is not None and not living.done:
            return living
        record = self.ledger.find(text) if self.ledger.named(text) else self._adopt(backend, text)
        if not is_over(record):
            _check_party(backend, record)
        with self._lock:
            return self._wake(backend, record)

    def resume(self) -> list[Job]:
        """Follow again every job that may still bring a result and that nobody sees through, oldest first."""
        backend = self.backend
        found = [record for record in self.ledger.unfinished() if record.backend == backend.settings.party]
        with self._lock:
            return [self._wake(backend, record) for record in reversed(found)]

    @plain_arguments
    def resend(self, text: str) -> Job:
        """Send a request again whose create got no clear answer. The user decides this: it may be paid twice.

        The account is looked at once more; a task that is found is followed, and nothing is sent.

        Raises:
            InvalidCommand: the job is not in doubt.
            RunwayError: the account cannot be looked at, or the request may not be sent; nothing was sent.
        """
        record, backend = self.ledger.find(text), self.backend
        _check_party(backend, record)
        if record.resent_as:
            return self.attach(record.resent_as)
        if not record.may_be_lost or self.ledger.is_held(record):
            raise errors.InvalidCommand(
                f"job {record.id} is not in doubt ({record.phase}): %runway attach {record.id} follows it, "
                "and --fresh in its cell makes it again"
            )
        if self.run(self._look_again(backend, record), 120.0):
            return self.attach(record.id)
        request = VideoRequest.from_wire(record.original_request or record.request, record.model)
        if not record.original_request:
            # written before original requests were kept: its seed and reference may be ours, and name the first create
            request = replace(request, seed=None, reply_ref=None)
        return self._ask(backend, request, Limits(fresh=True), record.cell, Path(record.folder), record.id).job

    def new_take(self, job: Job) -> Job:
        """Another take of a job with another seed, paid like the first. Raises what `submit` raises."""
        backend = self.backend
        _check_party(backend, self.ledger.get(checked_kind(job, "job", Job, "a job").id))
        request = replace(job.original_request, seed=None, reply_ref=None)
        return self._ask(backend, request, Limits(fresh=True), job.cell, job.folder, "").job

    @plain_arguments
    def find(self, text: str = "") -> Job:
        """The living job, or the stored one, that `text` names; without text the newest there is."""
        if (living := self._living(text)) is not None:
            return living
        record = self.ledger.find(text) if text else self.ledger.newest()
        return self.jobs.get(record.id) or restored_job(record, self.settings.posters)

    @plain_arguments
    def request_of(self, text: str) -> VideoRequest:
        """What a job of the ledger asked for, or a task of the account; nothing is followed. Raises `JobNotFound`."""
        if not text:
            raise errors.JobNotFound("the id of a job or task is missing: %runway list shows them")
        is_ours = self._living(text) is not None or self.ledger.named(text)
        return self.find(text).original_request if is_ours else self._asked(self._account_task(self.backend, text))

    def spent_today(self) -> int:
        """Credits that all notebooks of this ledger have spent at the present party since midnight."""
        return self.ledger.spending.today(self.settings.party)

    def credits(self, timeout: float = 60.0) -> list[tuple[str, Credits]]:
        """The credits of each account behind the token, as (name, credits); no name is an e-mail address."""
        return self.run(_ask_account(self.backend, account_credits), timeout)

    @plain_arguments
    def assets(self, text: str = "", kind: str = "", *, timeout: float = 60.0) -> AssetList:
        """What lies on all accounts behind the token, the newest first.

        A listing that is known is given at once, and made fresh in the background when it is older than half a
        minute.

        Args:
            text: A part of the name.
            kind: `image`, `video` or `audio`; by default all.
            timeout: Seconds to wait at most.
        """
        return self.run(self.backend.asset_cache.get(), timeout).only(text, kind)

    @plain_arguments
    def upload(
        self, picture: Any, *, name: str = "picture", timeout: float = 600.0, **fitting: Any
    ) -> tuple[Asset, tuple[str, ...]]:
        """Put a picture on the account as a keyframe would be: fitted to the frame, and only if it is not there yet.

        Args:
            picture: Anything that may be a keyframe.
            name: Of a picture that is no file.
            timeout: Seconds to wait at most.
            **fitting: `fit`, `focus`, `aspect`, `upscale` of a `VideoRequest`.

        Returns the asset, and what was done to the picture. Raises what `submit` raises.
        """
        request = self.checked(VideoRequest(keyframes=Keyframes(first=picture), **fitting), names={"first": name})
        return self.run(self.backend.upload(request, self.folder, self._frame), timeout)

    def delete_asset(self, asset: Asset, timeout: float = 60.0) -> None:
        """Delete an asset from the account, for good; nobody is asked."""
        checked_kind(asset, "asset", Asset, "an asset, as studio.assets() lists them")
        self.run(self.backend.delete_asset(asset), timeout)

    def tasks(self, timeout: float = 60.0) -> list[Task]:
        """The newest tasks of all accounts behind the token, those made elsewhere included."""
        return self.run(_ask_account(self.backend, account_tasks), timeout)

    def simulator_url(self, timeout: float = 60.0) -> str:
        """The address of the embedded simulator's page, with the key that opens it; starts it when needed.

        The key is drawn anew in every process. With a token set it is the address of the API instead.
        """
        connection = self.run(self.backend.connected(), timeout)
        return connection.page or connection.client.origin

    @plain_arguments
    def misbehave(self, fault: str, timeout: float = 60.0) -> None:
        """Let the embedded simulator do one thing wrong, for lessons. Raises `InvalidCommand` for an unknown name."""
        misbehave = self.run(self.backend.connected(), timeout).misbehave
        if misbehave is None:
            raise errors.InvalidCommand("a token is set: only the embedded simulator can be told to misbehave")
        try:
            misbehave(fault)
        except ValueError as unknown:
            raise errors.InvalidCommand(str(unknown)) from None

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the background loop."""
        self._loop.submit(work)

    def run(self, work: Coroutine[Any, Any, T], timeout: float) -> T:
        """Run a coroutine on the background loop and give its result. Raises `NoAnswer` when it takes too long."""
        return self._loop.run(work, timeout)

    def close(self) -> None:
        """Stop following; what runs at Runway goes on and can be attached again."""
        self._closed = True
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
        """The job of this process that `text` names, or the newest without text."""
        living = [job for job in list(self.jobs.values()) if job.id.startswith(text)]
        return living[-1] if living and (not text or len(living) == 1) else None

    def _new_record(self, backend: Backend, request: VideoRequest, cell: str, folder: Path) -> Record:
        """A new record of this studio."""
        asker = Asker(folder, self.notebook or str(folder), cell, self._runner.owner)
        return new_record(request, asker, backend.settings, self._env.draw)

    def _wake(self, backend: Backend, record: Record, *, to_send: bool = False) -> Job:
        """The job of a record: the living one, the stored one when it is over, else one that is seen through."""
        living = self.jobs.get(record.id)
        if living is not None and not living.done:
            return living
        if is_over(record):
            return restored_job(record, backend.settings.posters)
        job = restored_job(record, backend.settings.posters, resumed_state(record))
        self._check_open()
        self._runner.start(job, backend, lambda workflow: workflow.resume(to_send=to_send))
        return job

    def _adopt(self, backend: Backend, text: str) -> Record:
        """A record for a task of the account that this ledger does not know; it was paid elsewhere."""
        from .jobs.submit import lost_job_of

        task = self._account_task(backend, text)
        lost = lost_job_of(task, self.ledger, backend.settings.party)
        if lost is not None:
            return lost
        made = self._asked(task)
        new = self._new_record(backend, made, "", self.folder)
        sent = {**made.to_wire(), **({"replyRef": task.reply_ref} if task.reply_ref else {})}
        return self.ledger.adopt(
            replace(
                new, phase=Phase.DETACHED.value, request=sent, original_request={}, digest="",
                reply_ref=task.reply_ref, credits=0, task_id=task.id, status=str(task.status), owner="",
            )
        )  # fmt: skip

    def _account_task(self, backend: Backend, text: str) -> Task:
        """The task of the account that `text` names, made anywhere."""
        return self.run(_ask_account(backend, lambda client: account_task(client, text)), 120.0)

    def _asked(self, task: Task) -> VideoRequest:
        """What a task of the account asked for; without its pictures while the account cannot be listed."""
        made = VideoRequest.from_options(redact(task.prompt), task.seed, task.options)
        links = Keyframes.from_options(task.options.get("keyframes"))
        with suppress(errors.RunwayError):
            return replace(made, keyframes=linked_assets(links, self.assets(kind="image") if links.given else ()))
        return made

    def _check_open(self) -> None:
        if self._closed:
            raise errors.RunwayError("this studio is closed: nothing was sent")
        self.spawn(asyncio.sleep(0))  # raises, before anything is written down, where no loop can be made

    async def _look_again(self, backend: Backend, record: Record) -> bool:
        """Look once for the task of a job in doubt; True when it was found and written down."""
        from .jobs.recover import look_for_task
        from .jobs.submit import search_for

        client = (await backend.connected()).client
        await client.server_time()
        found = await look_for_task(search_for(record, self.ledger, client.clock_offset), client)
        return found is not None and self.ledger.assign(record.id, found.task.id, is_certain=found.is_certain)

    async def picture_bytes(self, picture: Picture) -> bytes:
        """The picture that a keyframe means, for the background loop. Raises `RunwayError`."""
        if problem := picture_problem(picture := read_picture_name(picture)):
            raise errors.InvalidRequest([f"the picture {problem}"])
        return await self.backend.picture(picture, self.folder, self._frame)

    async def _frame(self, frame: ShotFrame) -> bytes:
        """A frame of a finished job."""
        return await asyncio.to_thread(frame_png, self.find(frame.job_id), frame)


def _check_party(backend: Backend, record: Record) -> None:
    if record.backend != backend.settings.party:
        made = "by the simulator" if record.simulated else f"at {record.backend}"
        need = "unset the token" if record.simulated else "set the token first (%runway login)"
        raise errors.RunwayError(f"job {record.id} was made {made}: {need}, then try again")


async def _ask_account(backend: Backend, question: Callable[[RunwayClient], Awaitable[T]]) -> T:
    return await question((await backend.connected()).client)
