"""Fakes to call, and one-line builders."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx

from runway_nb.api.client import RunwayClient
from runway_nb.api.media import MediaClient
from runway_nb.api.server_clock import ServerClock
from runway_nb.jobs.backend import Connection
from runway_nb.jobs.environment import Environment
from runway_nb.jobs.job import Job, control_of
from runway_nb.jobs.loop import BackgroundLoop
from runway_nb.ledger.ledger import Ledger
from runway_nb.pictures.assets import AssetCache, all_assets
from runway_nb.pictures.resolve import PictureSources
from runway_nb.pictures.uploads import Uploads
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret, Settings
from runway_nb.simulator import Simulator
from runway_nb.simulator.rendering import stub
from runway_nb.studio import Studio
from support.simulator_kit import Pictures

TOKEN = "user:4711-abcDEF123"
EMAIL = "simulator@runway-nb.invalid"
BASE = "http://127.0.0.1/v1/runwayml"


class FakeTime:
    """Time that passes only while somebody sleeps; `sleeps` remembers for how long."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        self.now = start
        self.sleeps: list[float] = []

    def __call__(self) -> float:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        self.now += seconds
        await asyncio.sleep(0)


def picture_sources(
    folder: Path, client: Any, media: MediaClient | None = None, *, ledger: Ledger | None = None, **more: Any
) -> PictureSources:
    """Return where pictures come from and go, for any client; by default with a ledger beside the pictures."""
    ledger = ledger or Ledger(folder / "home")
    cache = AssetCache(lambda: all_assets(client), lambda: 0.0)
    media = media or MediaClient(transport=httpx.MockTransport(lambda _: httpx.Response(404)))
    given: dict[str, Any] = {
        "uploads": Uploads(ledger, "api.test"),
        "asset_cache": cache,
        "frame": _no_frame,
        "fetch": _no_frame,
        **more,
    }
    return PictureSources(folder, client, media, **given)


async def _no_frame(what: object) -> bytes:
    raise AssertionError(f"nobody gives {what}")


class Drawn:
    """A draw that gives the middle of the range, or numbers set before."""

    def __init__(self, *numbers: int) -> None:
        self.numbers = list(numbers)

    def __call__(self, low: int, high: int) -> int:
        return self.numbers.pop(0) if self.numbers else (low + high) // 2


class Recorder(httpx.AsyncBaseTransport):
    """Passes requests on and keeps them."""

    def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
        self.inner = inner
        self.requests: list[httpx.Request] = []

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await self.inner.handle_async_request(request)

    def calls(self, method: str, part: str = "") -> list[httpx.Request]:
        return [r for r in self.requests if r.method == method and part in r.url.path]


class Changed(httpx.AsyncBaseTransport):
    """Passes requests on and changes what comes back."""

    def __init__(self, inner: Any, change: Callable[[httpx.Request, httpx.Response], httpx.Response]) -> None:
        self.inner, self.change = inner, change

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = await self.inner.handle_async_request(request)
        await answer.aread()
        return self.change(request, answer)


class Party:
    """A studio with a token, and the simulator as the API behind it: same code, no port, no waiting."""

    def __init__(self, folder: Path, time: FakeTime, *, multipart: bool = False, **rules: Any) -> None:
        self.time = time
        self.folder = folder
        self.simulator = Simulator(
            folder / "simulator", clock=time, renderer=stub.renderer, pictures=Pictures(), **rules
        )
        self.api = Recorder(httpx.ASGITransport(self.simulator.app))
        self.media = Recorder(httpx.ASGITransport(self.simulator.app))
        self.settings = Settings(Secret(TOKEN), BASE, folder / "home", Path("runway_outputs"), multipart=multipart)
        self.environment = Environment(time, time, time.sleep, Drawn())
        self.studio = self.make_studio()

    def make_studio(self, **changes: Any) -> Studio:
        """Return another studio on the same ledger and account, as after a restart of the kernel.

        Its loop is `loop` from now on; `changes` are those of its time or chance.
        """
        self.loop = BackgroundLoop()
        environment = self.environment._replace(**changes)
        studio = Studio(
            self.settings, connect=lambda settings: self.connect(settings), loop=self.loop, environment=environment
        )
        studio.folder = self.folder
        return studio

    def restart(self, **changes: Any) -> None:
        """Take another studio, with time or chance of its own."""
        self.studio.close()
        self.studio = self.make_studio(**changes)

    async def connect(self, settings: Settings) -> Connection:
        assert settings.token is not None
        client = RunwayClient(
            settings.token,
            base_url=settings.base_url,
            multipart=settings.multipart,
            transport=self.api,
            sleep=self.time.sleep,
            jitter=lambda: 0.5,
            clock=ServerClock(self.environment.clock, self.environment.monotonic),
        )
        return Connection(client, MediaClient(local=True, transport=self.media, sleep=self.time.sleep))

    def submit(self, prompt: str = "A lamp turns", *, fresh: bool = True, **fields: Any) -> Job:
        """Submit a new request each time; with `fresh` False as a cell that is run again."""
        return self.studio.submit(VideoRequest(prompt, **fields), fresh=fresh, force=True)

    @contextlib.contextmanager
    def held(self) -> Iterator[None]:
        """No job moves meanwhile: what is submitted here can be observed from its first step, on any machine."""
        go_on = threading.Event()
        self.loop.submit(asyncio.sleep(0)).result(10)
        self.loop.call(go_on.wait, 60)
        try:
            yield
        finally:
            go_on.set()

    def ended(self, job: Job, timeout: float = 60.0) -> Job:
        """Return the job after its end, however it ended."""
        assert control_of(job).ended.wait(timeout), f"{job!r} did not end: {job.state}"
        return job

    @property
    def started(self) -> int:
        """How many tasks were started, by the simulator's own count."""
        return self.simulator.counts()["tasks_started"]

    def __enter__(self) -> Party:
        return self

    def __exit__(self, *_: object) -> None:
        self.studio.close()
        self.simulator.stop()
