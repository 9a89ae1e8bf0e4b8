"""The promise for sweeps: killed at any moment and run again, each request starts once and each paid task has its file.

The schedules are those of `support.sweep_schedules`: axes of all kinds, failures, moderation, 429s, lost answers, a
budget, another day. To replay one: `run_sweep_schedule(Stage(folder), seed)`, with `say=print` to hear what the user
does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.schedules import CREATE_FAULTS, Stage, staged, without_collecting
from support.sweep_schedules import SHAPES, SweepSchedule, run_sweep_schedule
from support.worker_schedules import WorkersSchedule

SCHEDULES = 3_000
CHUNKS = 12
FIRST = 50_000
BITES = range(60_000, 60_075)
"""Further seeds, in whose schedules is counted what happens."""
WITH_WORKERS = range(70_000, 70_024)
"""And those in whose schedules workers make the videos; of the deep ones every third has workers, too."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as made:
        yield made


@pytest.mark.deep
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_variant_is_paid_once_and_every_paid_video_arrives(stage: Stage, chunk: int) -> None:
    size = SCHEDULES // CHUNKS
    seeds = range(FIRST + chunk * size, FIRST + (chunk + 1) * size)
    broken = [
        f"seed {seed}: {words}"
        for seed in without_collecting(seeds)
        for words in run_sweep_schedule(stage, seed, kind=SweepSchedule if seed % 3 else WorkersSchedule)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.slow("runs dozens of schedules")
def test_the_schedules_of_sweeps_bite(stage: Stage) -> None:
    """No law is broken, and each kind of axis, each way to lose an answer and each thing done to a sweep happens."""
    tally: Counter[str] = Counter()
    for seed in without_collecting(BITES):
        assert run_sweep_schedule(stage, seed, tally) == [], f"seed {seed}"
    deeds = [
        "grown", "sweep stopped", "another day", "restart", "taken over", "resent", "unsent: OverBudget",
        "unsent: RefusedBefore", "moderated", "failed",
    ]  # fmt: skip
    shapes = [f"sweep: {name}" for name in SHAPES]
    assert [name for name in [*shapes, *deeds, *CREATE_FAULTS] if not tally[name]] == []


@pytest.mark.slow("runs dozens of schedules")
def test_workers_that_die_and_calls_that_are_lost_or_made_twice_break_no_law(stage: Stage) -> None:
    tally: Counter[str] = Counter()
    for seed in without_collecting(WITH_WORKERS):
        assert run_sweep_schedule(stage, seed, tally, kind=WorkersSchedule) == [], f"seed {seed}"
    deeds = ["call made", "call made again", "call lost", "handed over while it ran", "restart", "taken over"]
    assert [name for name in deeds if not tally[name]] == []
