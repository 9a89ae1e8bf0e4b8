"""A sweep as a table, a sheet and a film: how heavy, and how long it takes (nine clips of 5 s, and 64 of them)."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from runway_nb.api.models import SUCCEEDED, Task
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.sweep_grid import bundle
from runway_nb.pictures.thumbnails import middle_jpeg
from runway_nb.simulator.rendering import renderer
from runway_nb.sweeps.plan import Axis, plan
from runway_nb.sweeps.sweep import Sweep

from .rendering import full_size

Row = tuple[str, float, str]
ROUNDS = 20
PROMPT = "A lighthouse at dusk, slow waves, the beam sweeps over the sea."


def measure() -> list[Row]:
    """Name, figure and goal of each measurement."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        clip = folder / "clip.mp4"
        renderer.render(full_size(folder), clip)
        nine, many = _finished(3, folder, clip), _finished(8, folder, clip)
        weight = len(bundle(nine)["text/html"])
        bundle(many)
        return [
            ("durable table of nine, kB", weight / 1e3, "<= 160"),
            ("the same for each shot, kB", weight / 9e3, "<= 30"),
            ("durable table of 64, kB", len(bundle(many)["text/html"]) / 1e3, "<= 512"),
            ("bringing a table of nine up to date, ms", _quickest(lambda: bundle(nine)) * 1e3, "<= 5"),
            ("bringing a table of 64 up to date, ms", _quickest(lambda: bundle(many)) * 1e3, "<= 30"),
            ("contact sheet of nine, s", _seconds(nine.sheet), "<= 1"),
            ("film of nine clips of 5 s, s", _seconds(nine.film), "<= 20"),
        ]


def _finished(side: int, folder: Path, clip: Path) -> Sweep:
    """Return a sweep of side x side videos, all of them the same clip."""
    axes = [Axis("zoom", tuple(range(side))), Axis("seed", tuple(range(1, side + 1)))]
    sweep = Sweep(plan(PROMPT, {}, axes, model="gen3turbo"))
    poster, now = middle_jpeg(clip), time.time()
    for number, variant in enumerate(sweep.variants):
        video = folder / f"{side}-{number}.mp4"
        video.hardlink_to(clip)
        state = State(
            Phase.DONE, task=Task("user:1-runwayml:a@b.c-task:1", SUCCEEDED), sent=now - 60, video=video, poster=poster,
            middle=poster, ended=now,
        )  # fmt: skip
        sweep.add(variant, Job(f"{number:08x}", variant.request, folder=folder, created=now - 60, state=state))
    return sweep


def _quickest(work: Callable[[], object]) -> float:
    return min(_seconds(work) for _ in range(ROUNDS))


def _seconds(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
