"""The studio: submit a wish, come back to one, and make a video in one call.

Callable from any thread; the work itself (`workflow`) runs on the background loop.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import secrets
import sys
import threading
from collections.abc import Callable, Coroutine, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

from . import errors
from .camera import Camera
from .environment import Environment
from .job import Job, Phase, State, failed_phase
from .ledger import Ledger
from .loop import BackgroundLoop
from .request import Keyframes, Picture, VideoRequest
from .session import Connect, Session, connect
from .settings import Settings, resolve
from .spec import SEED_RANGE
from .stored import stored_job, stored_task
from .task import Asset, Credits, Task

T = TypeVar("T")

CLOSE_SECONDS = 6.0
"""How long closing waits for answers under way, workflows and connections."""


class Studio:
    """Submits wishes and sees them through.

    Args:
        settings: All settings, decided.
        ledger: Where wishes are journalled; by default the one in `settings.home`.
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
        self.folder = Path.cwd()
        """Where a relative output folder and relative pictures lie: the notebook's folder."""
        self.jobs: dict[str, Job] = {}
        """The jobs of this process by id, oldest first."""
        self._env = environment or Environment()
        self.ledger = ledger or Ledger(settings.home, self._env.clock)
        self._connect = connect
        self._loop = loop or BackgroundLoop()
        self._lock = threading.RLock()
        self._sessions = [Session(settings, connect)]
        self._works: dict[asyncio.Future[None], Job] = {}
        self._closed = False

    def __repr__(self) -> str:
        return f"<Studio {'simulator' if self.settings.simulated else self.settings.base_url}>"

    @property
    def settings(self) -> Settings:
        """The settings for what is submitted next."""
        return self._sessions[-1].settings

    def use(self, settings: Settings) -> None:
        """Take new settings for what is submitted from now on; jobs that run keep theirs."""
        with self._lock:
            if self._sessions[-1].can_serve(settings):
                self._sessions[-1].settings = settings
            else:
                self._sessions.append(Session(settings, self._connect))

    def submit(self, request: VideoRequest, *, cell: str = "", folder: Path | None = None) -> Job:
        """Check a request and start it; returns at once.

        Args:
            request: Keyframes may still be names of assets or picture files.
            cell: The cell that asked for it, kept with the result.
            folder: By default the studio's.

        Raises:
            InvalidRequest: with all mistakes; nothing was sent.
        """
        request.check()
        reference = secrets.token_hex(8)
        wish = replace(
            request,
            seed=self._env.draw(*SEED_RANGE) if request.seed is None else request.seed,
            reply_ref=request.reply_ref or f"rnb-{reference}",
        )
        job = Job(
            reference[:8],
            wish,
            simulated=self.settings.simulated,
            cell=cell,
            folder=folder or self.folder,
            created=self._env.clock(),
        )
        self._start(job, digest=request.digest)
        return job

    def attach(self, text: str) -> Job:
        """Follow a stored job again; one that is followed or finished is returned as it is.

        `text` is our id or its beginning, the task id, or the replyRef.

        Raises:
            JobNotFound: the ledger has no such job, or several.
            RunwayError: the job has no task to follow, or belongs to another account.
        """
        with self._lock:
            job = self.find(text)
            if not job.done or (job.video is not None and job.video.is_file()):
                return job
            record = self.ledger.get(job.id)
            task = stored_task(record)
            if task is None:
                raise errors.RunwayError(f"job {job.id} has no task to attach to: {record.phase}, {record.message}")
            if record.simulated != self.settings.simulated:
                made = "by the simulator" if record.simulated else "at Runway"
                need = "unset the token" if record.simulated else "set the token first (%runway login)"
                raise errors.RunwayError(f"job {job.id} was made {made}: {need}, then attach again")
            state = State(Phase.FOLLOWING, task=task, sent=record.created)
            again = stored_job(record, self._posters, state)
            self._start(again, task=task)
            return again

    def find(self, text: str = "") -> Job:
        """The living job, or the stored one, that `text` names; without text the newest there is."""
        living = [job for job in list(self.jobs.values()) if job.id.startswith(text)]
        if living and (not text or len(living) == 1):
            return living[-1]
        newest = self.ledger.recent(1) if not text else []
        record = newest[0] if newest else self.ledger.find(text)
        return self.jobs.get(record.id) or stored_job(record, self._posters)

    def credits(self, timeout: float = 60.0) -> list[tuple[str, Credits]]:
        """The credits of each account behind the token, as (name, credits); no name is an e-mail address."""
        return self._result(self._credits(), timeout)

    def assets(self, timeout: float = 60.0) -> list[Asset]:
        """The pictures of all accounts behind the token."""
        return self._result(self._assets(), timeout)

    def tasks(self, timeout: float = 60.0) -> list[Task]:
        """The newest tasks of all accounts behind the token, those made elsewhere included."""
        return self._result(self._tasks(), timeout)

    def simulator_url(self, timeout: float = 60.0) -> str:
        """The address of the embedded simulator's index page; starts it when needed."""
        return self._result(self._sessions[-1].connected(), timeout).client.origin

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the background loop."""
        self._loop.submit(work)

    def close(self) -> None:
        """Stop following; what runs at Runway goes on and can be attached again."""
        self._closed = True
        if self._loop.is_running:
            with suppress(FutureTimeout, errors.RunwayError):
                for release in self._loop.submit(self._shut_down()).result(CLOSE_SECONDS):
                    # on this thread: at exit no pool of threads can be made any more
                    release()
            self._loop.stop()
        for job in self.jobs.values():
            self._end_unstarted(job)
        self.ledger.close()

    # --- inside ---------------------------------------------------------------------------------

    @property
    def _posters(self) -> Path:
        return self.settings.home / "posters"

    def _result(self, work: Coroutine[Any, Any, T], timeout: float) -> T:
        try:
            return self._loop.submit(work).result(timeout)
        except FutureTimeout:
            raise errors.NoAnswer(f"no answer within {timeout:.0f} s: try again") from None

    def _start(self, job: Job, *, digest: str = "", task: Task | None = None) -> None:
        """Take a job in, bound to the session of this moment, and start its work."""
        with self._lock:
            if self._closed:
                raise errors.RunwayError("this studio is closed: nothing was sent")
            self.jobs.pop(job.id, None)
            self.jobs[job.id] = job
            self._loop.submit(self._see_through(job, self._sessions[-1], digest, task))

    async def _see_through(self, job: Job, session: Session, digest: str, task: Task | None) -> None:
        """Run the workflow of a job: from a wish, or from a task that exists."""
        # imported here, on the background thread, so that the card need not wait for httpx
        from .workflow import Workflow

        workflow = Workflow(
            job,
            connected=session.connected,
            ledger=self.ledger,
            output=job.folder / session.settings.output,
            posters=self._posters,
            neighbours=self.jobs,
            environment=self._env,
        )
        job.steer(
            on_stop=lambda: self._loop.call(workflow.stopped.set),
            on_refresh=lambda: self._loop.call(workflow.looks.set),
        )
        work = asyncio.ensure_future(workflow.make(digest) if task is None else workflow.resume(task))
        self._works[work] = job
        work.add_done_callback(lambda work: self._works.pop(work, None))

    def _end_unstarted(self, job: Job) -> None:
        """End a job whose work was cancelled before its first step; nobody may wait for it for ever."""
        if not job.state.phase.is_final:
            phase = failed_phase(job.state.phase, errors.Detached(""))
            job.change(
                phase=phase, error=errors.Detached("the session ended before it was sent"), ended=self._env.clock()
            )

    async def _shut_down(self) -> list[Callable[[], None]]:
        """Wait for answers under way, let every workflow write where it stands, then close the connections."""
        works = list(self._works)
        for _ in range(int(CLOSE_SECONDS * 0.6 / 0.05)):
            if not any(job.state.phase is Phase.SENDING for job in self._works.values()):
                break
            await asyncio.sleep(0.05)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        return [await session.close() for session in self._sessions]

    async def _credits(self) -> list[tuple[str, Credits]]:
        client = (await self._sessions[-1].connected()).client
        emails = [account.email for account in await client.accounts()]
        names = [f"Account {n}" for n in range(1, len(emails) + 1)] if len(emails) > 1 else ["Account"]
        return [(name, await client.credits(email)) for name, email in zip(names, emails)]  # noqa: B905 - no account, no row

    async def _tasks(self) -> list[Task]:
        client = (await self._sessions[-1].connected()).client
        emails = [account.email for account in await client.accounts()]
        return [task for email in emails for task in await client.tasks(limit=20, email=email)]

    async def _assets(self) -> list[Asset]:
        from .keyframes import all_assets

        return await all_assets((await self._sessions[-1].connected()).client)


_default: tuple[Studio, object] | None = None
_default_lock = threading.RLock()


def default_studio(*, fresh: bool = False) -> Studio:
    """The studio of this process, made at first use.

    In a notebook `%config RunwayMagics` and the notebook's folder come from the loaded extension. Settings are
    decided again when that or our part of the environment has changed, or when asked to with `fresh`: asking
    the keyring takes time.
    """
    global _default
    config, folder = _notebook()
    ours = {name: value for name, value in os.environ.items() if name.startswith(("USEAPI_", "RUNWAY_NB_"))}
    with _default_lock:
        if _default is None:
            _default = Studio(resolve(config=config)), (config, ours)
            atexit.register(close_default_studio)
        elif fresh or (config, ours) != _default[1]:
            _default[0].use(resolve(config=config))
            _default = _default[0], (config, ours)
        if folder is not None:
            _default[0].folder = folder
        return _default[0]


def _notebook() -> tuple[Mapping[str, object] | None, Path | None]:
    """What the extension knows, when it is loaded; the package's front door keeps it."""
    loaded = sys.modules[__package__].__dict__.get("notebook_settings")
    return (loaded.values(), loaded.folder) if loaded is not None else (None, None)


def close_default_studio() -> None:
    """Stop following and forget the studio of this process."""
    global _default
    with _default_lock:
        made, _default = _default, None
    atexit.unregister(close_default_studio)
    if made is not None:
        made[0].close()


def _forget_default_studio() -> None:
    """In a forked child: loop, connections and locks belong to the parent, and so do its jobs."""
    global _default, _default_lock
    _default, _default_lock = None, threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_default_studio)


def generate(
    prompt: str = "",
    *,
    first: Picture | None = None,
    middle: Picture | None = None,
    last: Picture | None = None,
    camera: Camera | None = None,
    aspect: str | None = None,
    seconds: int | None = None,
    seed: int | None = None,
    explore: bool | None = None,
    reply_url: str | None = None,
    reply_ref: str | None = None,
    max_jobs: int | None = None,
    studio: Studio | None = None,
) -> Job:
    """Submit a video and return its job at once; `job.wait()` or `await job` gives the file.

    Args:
        prompt: What should happen.
        first: Keyframe at the start: an asset id, an asset's name or a picture file.
        middle: Keyframe at half of the shot.
        last: Keyframe at the end.
        camera: Six moves from -10 to 10, or static.
        aspect: `landscape` (default) or `portrait`.
        seconds: 5 (default) or 10.
        seed: 1 to 4294967294; drawn when not given, see `job.seed`.
        explore: Explore mode, for Unlimited plans.
        reply_url: Where the API posts progress, at most 1,024 characters.
        reply_ref: Your own reference, at most 1,024 characters; ours when not given.
        max_jobs: How many tasks the account may run at once, 1 to 10.
        studio: By default the one of this process.

    Raises:
        InvalidRequest: with all mistakes; nothing was sent.
    """
    request = VideoRequest(
        prompt=prompt,
        keyframes=Keyframes(first, middle, last),
        camera=camera or Camera(),
        aspect=aspect,
        seconds=seconds,
        seed=seed,
        explore=explore,
        reply_url=reply_url,
        reply_ref=reply_ref,
        max_jobs=max_jobs,
    )
    return (studio or default_studio()).submit(request)
