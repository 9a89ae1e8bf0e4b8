"""The promise: Run All, lose the network, kill the kernel, and pay once for each wish and get every paid video.

The schedules are those of `support.schedules`, which also says how to replay one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from support.schedules import CREATE_FAULTS, FAULTS, MODEL_NAMES, Stage, run_schedule, staged, without_collecting
from support.virtual import PLACES

SCHEDULES = 10_000
CHUNKS = 40
MODEL_SCHEDULES = 2_000
"""Schedules over all models; their seeds follow those of the others."""
MODEL_CHUNKS = 8
BITES = range(2835, 2960)
"""Further seeds, in whose schedules is counted what happens; chosen so that everything does."""
MODEL_BITES = range(20_140, 20_200)
"""The same of all models."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as made:
        yield made


@pytest.mark.deep
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_wish_is_paid_once_and_every_paid_video_arrives(stage: Stage, chunk: int) -> None:
    size = SCHEDULES // CHUNKS
    seeds = range(chunk * size, (chunk + 1) * size)
    broken = [f"seed {seed}: {words}" for seed in without_collecting(seeds) for words in run_schedule(stage, seed)]
    assert not broken, "\n".join(broken)


@pytest.mark.deep
@pytest.mark.parametrize("chunk", range(MODEL_CHUNKS))
def test_models_with_and_without_a_seed_are_paid_once(stage: Stage, chunk: int) -> None:
    size = MODEL_SCHEDULES // MODEL_CHUNKS
    seeds = range(SCHEDULES + chunk * size, SCHEDULES + (chunk + 1) * size)
    broken = [
        f"seed {seed}: {words}"
        for seed in without_collecting(seeds)
        for words in run_schedule(stage, seed, models=MODEL_NAMES)
    ]
    assert not broken, "\n".join(broken)


@pytest.mark.slow("runs dozens of schedules")
def test_the_schedules_of_all_models_bite(stage: Stage) -> None:
    """No law is broken, and each way in which an answer is lost meets a model."""
    tally: Counter[str] = Counter()
    for seed in without_collecting(MODEL_BITES):
        assert run_schedule(stage, seed, tally, models=MODEL_NAMES) == [], f"seed {seed}"
    assert [name for name in CREATE_FAULTS if not tally[name]] == []


@pytest.mark.slow("runs hundreds of schedules")
def test_the_schedules_bite(stage: Stage) -> None:
    """No law is broken, and each fault, each place to die and each meeting of two kernels happens."""
    tally: Counter[str] = Counter()
    for seed in without_collecting(BITES):
        assert run_schedule(stage, seed, tally) == [], f"seed {seed}"
    meetings = ["taken over", "lease lost", "resent", "resent twice", "frozen", "outage", "stop", "closed", "clock set"]
    assert [name for name in [*FAULTS, *(f"died: {place}" for place in PLACES), *meetings] if not tally[name]] == []
