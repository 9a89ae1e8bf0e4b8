"""From the end of a task to the finished result: looks, delay, weight (performance goals 3 and 6)."""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

import httpx

from runway_nb.api.client import RunwayClient
from runway_nb.api.media import MediaClient
from runway_nb.camera import Camera
from runway_nb.jobs.backend import Connection
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.rendering.result_html import bundle
from runway_nb.request import VideoRequest
from runway_nb.settings import Settings
from runway_nb.simulator import EMBEDDED_SPEED, Simulator
from runway_nb.studio import Studio

Row = tuple[str, float, str]
JOBS = 4


class Counted(httpx.AsyncHTTPTransport):
    """Counts the GETs of tasks that pass."""

    looks = 0

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Pass a request on."""
        self.looks += request.method == "GET" and "/tasks/" in request.url.path
        return await super().handle_async_request(request)


def measure() -> list[Row]:
    """Jobs one after the other against the embedded simulator over real HTTP."""
    looks, delays, weights = [], [], []
    with (
        tempfile.TemporaryDirectory() as folder,
        Simulator(Path(folder) / "state", speed=EMBEDDED_SPEED, embedded=True) as simulator,
    ):
        home, transport = Path(folder), Counted()

        async def connect(_: Settings) -> Connection:
            client = RunwayClient(simulator.token or "", base_url=simulator.base_url, transport=transport)
            return Connection(client, MediaClient(local=True))

        studio = Studio(Settings(None, simulator.base_url, home, home / "videos"), connect=connect)
        studio.folder = home
        for seed in range(1, JOBS + 1):
            before = transport.looks
            job = studio.submit(VideoRequest("A lamp", Keyframes("lighthouse-dusk"), Camera(zoom=4.0), seed=seed))
            ended = _end_at_server(job, simulator)
            job.wait()
            looks.append(transport.looks - before)
            delays.append(max(0.0, (job.state.ended or 0.0) - ended))
            weights.append(len(bundle(job)["text/html"]) / 1000)
        studio.close()
    return [
        ("looks at a task that takes 8 s", statistics.mean(looks), "<= 6.5"),
        ("seconds from SUCCEEDED at the server to the file on disk, mean", statistics.mean(delays), "<= 1.5"),
        ("weight of a result in the notebook, kB", max(weights), "<= 30"),
    ]


def _end_at_server(job: Job, simulator: Simulator) -> float:
    """When the task has ended by the simulator's own record; asked without a request."""
    while job.task is None or simulator.world.get("1", job.task.id).snapshot.status != "SUCCEEDED":
        time.sleep(0.02)
    return time.time()
