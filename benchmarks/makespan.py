"""How much longer a sweep takes than it must: its makespan over the best one, in virtual time, with the real queue.

Studio, queue and polling are those of the package; the simulator answers over a network of some tenths of a second, and
no time passes but what is waited for. The best makespan begins each task the moment a slot is free, in the same order.
A fixed limit is the account's own; a moving one changes every minute and a half between one and the slots that are set.
"""

from __future__ import annotations

import asyncio
import heapq
import json
import random
import statistics
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any, NamedTuple

if __name__ == "__main__" or "support" not in sys.modules:
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from runway_nb.jobs.durations import finish_time
from runway_nb.jobs.policy import Limits
from runway_nb.settings import Secret, Settings
from runway_nb.sweeps.plan import Axis, plan
from runway_nb.sweeps.price import check_sweep
from runway_nb.sweeps.submission import submit_sweep
from support import virtual
from support.virtual import Kernel, Network, Service, VirtualLoop, no_threads

Row = tuple[str, float, str]
SIZES, SLOTS = {10: 24, 50: 2, 200: 1}, (1, 2, 5, 10)
"""How many videos, with how many sweeps of each; and slots."""
MOVES = 90.0
"""Seconds between two changes of a moving limit."""
TRAVEL = (0.05, 0.3)
"""Seconds of one way over the network."""
BASE = "http://127.0.0.1/v1/runwayml"
USER = "1000"


class Figures(NamedTuple):
    """What one sweep came to."""

    over_best: float
    """Makespan over the best one."""
    gets: float
    """GETs of the API per task."""
    refused: float
    """Refused creates per task."""


class CalmNetwork(Network):  # type: ignore[misc]  # the tests are checked apart
    """A network without surprises, whose calls are counted."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.calls: Counter[str] = Counter()

    async def travel(self) -> None:
        await asyncio.sleep(self.draw.uniform(*TRAVEL))

    async def served(self, request: Any) -> Any:
        answer = await super().served(request)
        self.calls[request.method] += "/artifacts/" not in request.url.path and "/files/" not in request.url.path
        self.calls["refused"] += request.method == "POST" and answer.status_code == 429
        return answer


def measure() -> list[Row]:
    """Name, figure and goal of each measurement."""
    rows: list[Row] = []
    virtual.MOST_TURNS = 10**8  # hours pass here
    with tempfile.TemporaryDirectory() as folder, no_threads():
        for moving in (False, True):
            found = {(size, slots): mean(Path(folder), size, slots, moving=moving) for size in SIZES for slots in SLOTS}
            rows += [*_rows(found, moving)]
    return rows


def mean(folder: Path, size: int, slots: int, *, moving: bool) -> Figures:
    """Return the means of all sweeps of a size."""
    many = [run(folder / f"{moving}-{size}-{slots}-{n}", size, slots, n, moving=moving) for n in range(SIZES[size])]
    return Figures(*(statistics.mean(column) for column in zip(*many, strict=True)))


def _rows(found: dict[tuple[int, int], Figures], moving: bool) -> Iterable[Row]:
    kind, goal = ("moving limit", "<= 1.27") if moving else ("fixed limit", "<= 1.04")
    for (size, slots), figures in found.items():
        yield f"{kind}: {size} videos, {slots} slots: makespan / best", figures.over_best, goal
    yield f"{kind}: refused creates per task, at most", max(one.refused for one in found.values()), "<= 1"
    yield f"{kind}: GETs per task, at most", max(one.gets for one in found.values()), ""


def limits_of(slots: int, seed: int) -> Callable[[float], int]:
    """Return a limit that moves between one and `slots` as time goes on."""
    draw = random.Random(seed)
    drawn = [draw.randint(1, slots) for _ in range(4000)]
    return lambda now: drawn[int(now // MOVES)]


def run(
    folder: Path, size: int, slots: int, number: int = 0, *, moving: bool = False, is_alike: bool = False
) -> Figures:
    """Make one sweep, and return what it came to. `is_alike`: its variants differ by their camera alone."""
    loop, seed = VirtualLoop(), 100_000 * number + 100 * size + slots
    service = Service(folder / "simulator", speed=1.0, credits=10**6, max_jobs=slots)
    service.begin(seed, loop, Counter())
    network = CalmNetwork(loop, service.simulator, random.Random(seed))
    settings = Settings(Secret(f"user:{USER}-abc"), BASE, folder / "home", Path("out"), slots=slots)
    kernel = Kernel(service, network, settings, folder, Counter())
    limit = limits_of(slots, seed)
    if moving:
        loop.outside(_move(service, limit, loop))
    axes = [Axis("zoom", tuple(n / 20 for n in range(size)))] if is_alike else [Axis("seed", tuple(range(1, size + 1)))]
    many = plan("A lamp", {}, axes, model="gen3turbo")
    sweep = submit_sweep(kernel.studio, check_sweep(kernel.studio, many, Limits()), yes=True)
    while not sweep.done:
        loop.wait(60.0)
    took = max(job.state.ended or 0.0 for job in sweep.jobs) - service.epoch
    assert all(job.video for job in sweep.jobs), sweep.progress_text
    rows = service.simulator.world.store.rows("SELECT course FROM tasks WHERE owner = ? ORDER BY created", USER)
    lengths = [sum(seconds for _, seconds in json.loads(row["course"])["phases"]) for row in rows]
    kernel.studio.close()
    service.simulator.stop()
    best = best_makespan(lengths, limit) if moving else finish_time((), lengths, slots)
    return Figures(took / best, network.calls["GET"] / size, network.calls["refused"] / size)


async def _move(service: Service, limit: Callable[[float], int], loop: VirtualLoop) -> None:
    world = service.simulator.world
    while True:
        world.rules = replace(world.rules, runway_limit=limit(loop.time()))
        await asyncio.sleep(1.0)


def best_makespan(lengths: Iterable[float], limit: Callable[[float], int]) -> float:
    """Return when all have ended that begin in their order, each the moment fewer run than the limit of that moment."""
    now, running, last = 0.0, list[float](), 0.0
    for length in lengths:
        while True:
            while running and running[0] <= now:
                heapq.heappop(running)
            if len(running) < limit(now):
                break
            change = (now // MOVES + 1) * MOVES
            now = min([change, *running[:1]])
        heapq.heappush(running, now + length)
        last = max(last, now + length)
    return last


def main() -> None:
    for name, value, goal in measure():
        print(f"{name:<72} {value:>8.3f}   {goal}", flush=True)


if __name__ == "__main__":
    main()
