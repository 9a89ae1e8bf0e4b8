"""What the tests of the simulator share: a clock to turn, pictures that cost nothing, and calls without a port."""

from __future__ import annotations

import asyncio
import random
from contextlib import closing
from io import BytesIO
from pathlib import Path
from typing import Any, ClassVar

import httpx
from PIL import Image

from runway_nb.simulator import Simulator
from runway_nb.simulator.rendering import stub

TOKEN = "user:4711-abcDEF123"
EMAIL = "simulator@runway-nb.invalid"
SECOND = "second@runway-nb.invalid"
START = 1_700_000_000.0
LONG = 60.0
"""Seconds after which a clip of 5 s is done at speed 1."""


def picture(colour: str = "teal", kind: str = "PNG") -> bytes:
    data = BytesIO()
    Image.new("RGB", (8, 6), colour).save(data, kind)
    return data.getvalue()


class Pictures:
    """Stands in for the drawn samples."""

    NAMES: tuple[str, ...] = ("harbour", "meadow")

    def write(self, folder: Path) -> list[tuple[str, Path]]:
        paths = [(name, folder / f"{name}.jpg") for name in self.NAMES]
        for _, path in paths:
            path.write_bytes(picture(kind="JPEG"))
        return paths

    def thumbnail(self, path: Path, out: Path, width: int = 320) -> None:
        with Image.open(path) as image:
            image.convert("RGB").resize((4, 3)).save(out, "JPEG")

    def upscale(self, data: bytes, width: int, height: int) -> bytes:
        out = BytesIO()
        Image.open(BytesIO(data)).convert("RGB").resize((width, height)).save(out, "JPEG")
        return out.getvalue()


class Clock:
    """Time that moves only when told to."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


class Api:
    """A simulator without a port, and a caller with a good token."""

    made: ClassVar[list[Simulator]] = []
    requests: ClassVar[httpx.AsyncClient] = httpx.AsyncClient(
        transport=httpx.MockTransport(lambda _: httpx.Response(500))
    )
    """Builds requests, and sends none."""
    loop: ClassVar[asyncio.AbstractEventLoop | None] = None
    """Runs the calls of one test; a loop for each would take longer than most answers."""

    def __init__(self, state: Path, **settings: Any) -> None:
        self.clock = settings.pop("clock", None) or Clock()
        settings = {"renderer": stub.renderer, "pictures": Pictures(), "draw": random.Random(7), **settings}
        self.sim = Simulator(state, clock=self.clock, **settings)
        self.made.append(self.sim)

    @classmethod
    def stop_all(cls) -> None:
        """Stop what a test has made."""
        while cls.made:
            cls.made.pop().stop()
        if cls.loop:
            with closing(cls.loop) as loop:
                loop.run_until_complete(loop.shutdown_default_executor())
            cls.loop = None

    def call(self, method: str, path: str, *, token: str | None = TOKEN, **arguments: Any) -> httpx.Response:
        """Make one call; `path` is that of the API, or any other when it is a whole address."""
        login = {"Authorization": f"Bearer {token}"} if token else {}
        if path.startswith("http://sim.test/simulator") or path.rstrip("/") == "http://sim.test":
            login["X-Simulator-Key"] = self.sim.key or ""
        headers = {**login, **arguments.pop("headers", {})}
        url = path if path.startswith("http") else f"http://sim.test/v1/runwayml{path}"

        request = self.requests.build_request(method, url, headers=headers, **arguments)
        if Api.loop is None:
            Api.loop = asyncio.new_event_loop()
        return Api.loop.run_until_complete(self._answer(request))

    async def _answer(self, request: httpx.Request) -> httpx.Response:
        """Return what the application answers; a client for each call would take longer than most answers."""
        answer = await httpx.ASGITransport(self.sim.app).handle_async_request(request)
        answer.request = request
        await answer.aread()
        return answer

    def get(self, path: str, **arguments: Any) -> Any:
        return self.call("GET", path, **arguments).json()

    def create(self, **fields: Any) -> httpx.Response:
        return self.call("POST", "/gen3turbo/create", json={"text_prompt": "A lamp turns", **fields})

    def start(self, **fields: Any) -> str:
        answer = self.create(**fields)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["taskId"])

    def task(self, task_id: str) -> Any:
        return self.get(f"/tasks/{task_id}")

    def finish(self, **fields: Any) -> Any:
        """Return a new task, read after its end."""
        task_id = self.start(**fields)
        self.clock.pass_(LONG * (2 if fields.get("seconds") == 10 else 1))
        return self.task(task_id)

    def upload(self, name: str = "photo", kind: str = "image/png", **query: Any) -> httpx.Response:
        query = {"name": name, **query}
        return self.call("POST", "/assets/", params=query, content=picture(), headers={"Content-Type": kind})

    def download(self, url: str, **headers: str) -> httpx.Response:
        return self.call("GET", url, token=None, headers=headers)


def test_the_kit_speaks_to_a_simulator(tmp_path: Path) -> None:
    api = Api(tmp_path)
    assert list(api.get("/accounts")) == [EMAIL]
    Api.stop_all()
