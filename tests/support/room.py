"""Several notebooks on one account, each with a kernel of its own, in virtual time."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from runway_nb.jobs.job import Job
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret, Settings
from support.schedules import BASE
from support.virtual import Kernel, Network, Service, VirtualLoop

AnyKernel = TypeVar("AnyKernel", bound=Kernel)
USER = "user:1000-abc"
SHOT = 42.0 / 4.0
"""Seconds that a task runs at this speed."""


class Room:
    """Some notebooks in one room, with one account; time is virtual."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        self.folder = folder
        self.loop = VirtualLoop()
        self.service = Service(folder / "simulator", speed=4.0, credits=100_000, **rules)
        self.tally: Counter[str] = Counter()
        self.service.begin(1, self.loop, self.tally)
        self.network = Network(self.loop, self.service.simulator, self.service.draw)
        self.network.travel = self._travel  # type: ignore[method-assign]
        self.sent: list[tuple[float, str]] = []
        self.network.on_create = lambda _, body: self.sent.append((self.loop.time(), body["text_prompt"]))
        self.kernels: list[Kernel] = []

    async def _travel(self) -> None:
        """Every way takes as long, so that it can be counted how long a slot stays free."""
        await asyncio.sleep(0.01)

    def kernel(self, name: str, *, token: str = USER, slots: int = 2) -> Kernel:
        return self.add(Kernel(*self.parts(name, token=token, slots=slots)), name)

    def parts(self, name: str, *, token: str = USER, slots: int = 2) -> tuple[Any, ...]:
        """Return what a kernel is made of."""
        settings = Settings(Secret(token), BASE, self.folder / "home", Path("out"), slots=slots)
        return self.service, self.network, settings, self.folder / name, self.tally

    def add(self, kernel: AnyKernel, name: str) -> AnyKernel:
        """Let a kernel in."""
        kernel.studio.notebook = name
        self.kernels.append(kernel)
        return kernel

    def ask(self, kernel: Kernel, count: int, name: str = "") -> list[Job]:
        name = name or kernel.studio.folder.name
        return [kernel.studio.submit(VideoRequest(f"{name} {number}")) for number in range(count)]

    def until(self, is_so: Callable[[], bool], seconds: float = 2000.0) -> None:
        end = self.loop.time() + seconds
        while not is_so():
            assert self.loop.time() < end, self.order
            self.loop.wait(0.05)

    def finish(self, *jobs: Job) -> None:
        self.until(lambda: all(job.state.phase.is_final for job in jobs))
        assert {job.state.phase.value for job in jobs} == {"done"}

    @property
    def order(self) -> list[str]:
        return [prompt.partition(" ")[0] for _, prompt in self.sent]

    @property
    def refused(self) -> int:
        """How many creates were answered with 429."""
        counts = self.service.simulator.counts()
        return counts["creates_received"] - counts["tasks_started"]

    def close(self) -> None:
        for kernel in self.kernels:
            if kernel.alive:
                kernel.studio.close()
        self.service.simulator.stop()
        self.loop.close()
