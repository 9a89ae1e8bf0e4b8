"""The studio: submit a wish, come back to one, and make a video in one call.

Callable from any thread; the work itself (`workflow`) runs on the background loop.
"""

from __future__ import annotations

import asyncio
import atexit
import os
import secrets
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import errors
from .camera import Camera
from .environment import Environment
from .job import Job, Phase, State
from .ledger import Ledger, Record
from .loop import BackgroundLoop
from .request import Keyframes, Picture, VideoRequest
from .settings import Settings, resolve
from .spec import SEED_RANGE
from .task import PENDING, Asset, Credits, Status, Task

if TYPE_CHECKING:
    from .workflow import Connection

EMBEDDED_TOKEN = "user:1-simulator"  # noqa: S105 - opens the simulator on this machine, nothing else

CLOSE_SECONDS = 5.0
"""How long closing waits for workflows and connections."""

Connect = Callable[[Settings], "Awaitable[Connection]"]


async def connect(settings: Settings) -> Connection:
    """Clients for the real API with a token; without one, the embedded simulator and clients for it."""
    from .client import RunwayClient
    from .media import MediaClient
    from .workflow import Connection

    if settings.token is not None:
        client = RunwayClient(settings.token, base_url=settings.base_url, multipart=settings.multipart)
        return Connection(client, MediaClient(local=settings.base_url.startswith("http:")))
    from .simulator import EMBEDDED_SPEED, Simulator

    try:
        simulator = Simulator(settings.home / "simulator", speed=EMBEDDED_SPEED)
    except ImportError as missing:
        raise errors.MissingExtra(f"{missing}; or set a token: %runway login") from None
    await asyncio.to_thread(simulator.start)
    client = RunwayClient(EMBEDDED_TOKEN, base_url=simulator.base_url, multipart=settings.multipart)
    return Connection(client, MediaClient(local=True), simulator.stop)


class Studio:
    """Submits wishes and sees them through.

    Args:
        settings: All settings, decided.
        ledger: Where wishes are journalled; by default the one in `settings.home`.
        connect: Makes the clients on the background loop, at the first use.
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
        self.settings = settings
        self.folder = Path.cwd()
        """Where a relative output folder and relative pictures lie: the notebook's folder."""
        self.jobs: dict[str, Job] = {}
        """The jobs of this process by id, oldest first."""
        self._env = environment or Environment()
        self.ledger = ledger or Ledger(settings.home, self._env.clock)
        self._connect = connect
        self._loop = loop or BackgroundLoop()
        self._works: set[asyncio.Future[None]] = set()
        self._connecting: tuple[object, asyncio.Future[Connection]] | None = None

    def __repr__(self) -> str:
        return f"<Studio {'simulator' if self.settings.simulated else self.settings.base_url}>"

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
        self._adopt(job)
        self._loop.submit(self._see_through(job, digest=request.digest))
        return job

    def attach(self, text: str) -> Job:
        """Follow a stored job again; one that is followed or finished is returned as it is.

        `text` is our id or its beginning, the task id, or the replyRef.

        Raises:
            JobNotFound: the ledger has no such job, or several.
            RunwayError: the job has no task to follow.
        """
        job = self.find(text)
        if not job.done or job.video is not None:
            return job
        record = self.ledger.get(job.id)
        if not record.task_id:
            raise errors.RunwayError(f"job {job.id} has no task to attach to: {record.phase}, {record.message}")
        task = Task(record.task_id, Status(record.status) if record.status else PENDING)
        again = self._stored(record, State(Phase.FOLLOWING, task=task, sent=record.created))
        self._adopt(again)
        self._loop.submit(self._see_through(again, task=task))
        return again

    def find(self, text: str = "") -> Job:
        """The living job, or the stored one, that `text` names; without text the newest there is."""
        living = [job for job in self.jobs.values() if job.id.startswith(text)]
        if living and (not text or len(living) == 1):
            return living[-1]
        newest = self.ledger.recent(1) if not text else []
        record = newest[0] if newest else self.ledger.find(text)
        return self.jobs.get(record.id) or self._stored(record, self._stored_state(record))

    def credits(self, timeout: float = 60.0) -> list[tuple[str, Credits]]:
        """The credits of each account behind the token, as (name, credits); no name is an e-mail address."""
        return self._loop.submit(self._credits()).result(timeout)

    def assets(self, timeout: float = 60.0) -> list[Asset]:
        """The pictures of all accounts behind the token."""
        return self._loop.submit(self._assets()).result(timeout)

    def tasks(self, timeout: float = 60.0) -> list[Task]:
        """The newest tasks of all accounts behind the token, those made elsewhere included."""
        return self._loop.submit(self._tasks()).result(timeout)

    def spawn(self, work: Coroutine[Any, Any, None]) -> None:
        """Run a coroutine on the background loop."""
        self._loop.submit(work)

    def use(self, settings: Settings) -> None:
        """Take new settings for what is submitted from now on."""
        if (settings.token, settings.base_url, settings.multipart) != (
            self.settings.token,
            self.settings.base_url,
            self.settings.multipart,
        ):
            self._connecting = None
        self.settings = settings

    def simulator_url(self, timeout: float = 60.0) -> str:
        """The address of the embedded simulator's index page; starts it when needed."""
        connection = self._loop.submit(self._connected()).result(timeout)
        return connection.client.origin

    def close(self) -> None:
        """Stop following; what runs at Runway goes on and can be attached again."""
        if self._loop.is_running:
            with suppress(FutureTimeout, errors.RunwayError):
                # on this thread: at exit no pool of threads can be made any more
                self._loop.submit(self._shut_down()).result(CLOSE_SECONDS)()
            self._loop.stop()
        self.ledger.close()

    # --- inside ---------------------------------------------------------------------------------

    def _adopt(self, job: Job) -> None:
        self.jobs.pop(job.id, None)
        self.jobs[job.id] = job

    async def _see_through(self, job: Job, *, digest: str = "", task: Task | None = None) -> None:
        """Run the workflow of a job: from a wish, or from a task that exists."""
        # imported here, on the background thread, so that the card need not wait for httpx
        from .workflow import Workflow

        workflow = Workflow(
            job,
            connected=self._connected,
            ledger=self.ledger,
            output=job.folder / self.settings.output,
            posters=self.settings.home / "posters",
            neighbours=self.jobs,
            environment=self._env,
        )

        def wake() -> None:
            self._loop.call(workflow.wake.set)

        job.steer(on_stop=wake, on_refresh=wake)
        work = asyncio.ensure_future(workflow.make(digest) if task is None else workflow.resume(task))
        self._works.add(work)
        work.add_done_callback(self._works.discard)

    def _stored(self, record: Record, state: State) -> Job:
        return Job(
            record.id,
            VideoRequest.from_wire(record.request, record.model),
            simulated=record.simulated,
            cell=record.cell,
            folder=Path(record.folder),
            created=record.created,
            state=state,
        )

    def _stored_state(self, record: Record) -> State:
        """What a record says of a job that no workflow of this process looks after."""
        video = Path(record.video) if record.video and Path(record.video).is_file() else None
        poster = self.settings.home / "posters" / f"{record.id}.jpg"
        phase = _resting_phase(Phase(record.phase), video)
        return State(
            phase,
            task=Task(record.task_id, Status(record.status or PENDING)) if record.task_id else None,
            progress=1.0 if video else None,
            sent=record.created if phase.is_sent else None,
            video=video,
            poster=poster.read_bytes() if video and poster.is_file() else None,
            error=None if video else _stored_error(record, phase),
            ended=record.created + record.took if record.took is not None else record.updated,
        )

    async def _connected(self) -> Connection:
        """The connection of this loop, made once; after a fork the old one is dead and a new one is made."""
        loop = asyncio.get_running_loop()
        if self._connecting is None or self._connecting[0] is not loop:
            self._connecting = (loop, asyncio.ensure_future(self._connect(self.settings)))
        made = self._connecting[1]
        try:
            return await asyncio.shield(made)
        except errors.RunwayError:
            self._connecting = None
            raise

    async def _shut_down(self) -> Callable[[], None]:
        """First every workflow writes where it stands, then the connections close; gives what is left to free."""
        works = list(self._works)
        for work in works:
            work.cancel()
        await asyncio.gather(*works, return_exceptions=True)
        made = self._connecting[1] if self._connecting is not None else None
        if made is None or not made.done() or made.cancelled() or made.exception() is not None:
            return lambda: None
        await made.result().client.aclose()
        await made.result().media.aclose()
        return made.result().release

    async def _credits(self) -> list[tuple[str, Credits]]:
        client = (await self._connected()).client
        emails = [account.email for account in await client.accounts()]
        names = [f"Account {n}" for n in range(1, len(emails) + 1)] if len(emails) > 1 else ["Account"]
        return [(name, await client.credits(email)) for name, email in zip(names, emails)]  # noqa: B905 - no account, no row

    async def _tasks(self) -> list[Task]:
        client = (await self._connected()).client
        emails = [account.email for account in await client.accounts()]
        return [task for email in emails for task in await client.tasks(limit=20, email=email)]

    async def _assets(self) -> list[Asset]:
        from .keyframes import all_assets

        return await all_assets((await self._connected()).client)


def _resting_phase(phase: Phase, video: Path | None) -> Phase:
    """The phase of a stored job that nobody follows here."""
    if video is not None:
        return Phase.DONE
    resting = {
        Phase.PREPARING: Phase.REFUSED,
        Phase.WAITING: Phase.REFUSED,
        Phase.SENDING: Phase.UNKNOWN,
        Phase.FOLLOWING: Phase.DETACHED,
        Phase.DOWNLOADING: Phase.DETACHED,
        Phase.DONE: Phase.DETACHED,
    }
    return resting.get(phase, phase)


def _stored_error(record: Record, phase: Phase) -> errors.RunwayError:
    """The error a record tells of, as its own class where that is known."""
    kind = getattr(errors, record.error, None) if record.error else None
    if kind is errors.InvalidRequest:
        return errors.InvalidRequest([record.message])
    if isinstance(kind, type) and issubclass(kind, errors.RunwayError):
        return kind(record.message)
    return {
        Phase.UNKNOWN: errors.MaybeSent("maybe sent: the session ended before an answer came"),
        Phase.REFUSED: errors.Removed("the session ended before it was sent"),
    }.get(phase, errors.Detached("not followed here, or its file was moved"))


_default: tuple[Studio, object] | None = None


def default_studio(config: Mapping[str, object] | None = None, *, fresh: bool = False) -> Studio:
    """The studio of this process, made at first use.

    Settings are decided again when `config` (what `%config RunwayMagics` holds) or our part of the environment
    has changed, or when asked to with `fresh`: asking the keyring takes time.
    """
    global _default
    ours = {name: value for name, value in os.environ.items() if name.startswith(("USEAPI_", "RUNWAY_NB_"))}
    key = (dict(config) if config is not None else None, ours)
    if _default is None:
        _default = Studio(resolve(config=config)), key
        atexit.register(close_default_studio)
    elif fresh or (config is not None and key != _default[1]):
        _default[0].use(resolve(config=config))
        _default = _default[0], key
    return _default[0]


def close_default_studio() -> None:
    """Stop following and forget the studio of this process."""
    global _default
    made, _default = _default, None
    if made is not None:
        made[0].close()


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
