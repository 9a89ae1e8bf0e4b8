"""The promise: Run All, lose the network, kill the kernel, and pay once for each wish and get every paid video.

The schedules are those of `support.schedules`, which also says how to replay one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from support.schedules import (
    CREATE_FAULTS,
    FAULTS,
    MODEL_NAMES,
    BudgetSchedule,
    LedgerAwaySchedule,
    Stage,
    run_schedule,
    staged,
    without_collecting,
)  # fmt: skip
from support.virtual import PLACES

SCHEDULES = 10_000
CHUNKS = 40
MODEL_SCHEDULES = 2_000
"""Schedules over all models; their seeds follow those of the others."""
MODEL_CHUNKS = 8
AWAY_SCHEDULES = 2_000
"""Schedules in which the ledger goes away, as one on a server does."""
AWAY_CHUNKS = 8
AWAY_BITES = range(30_000, 30_060)
BUDGET_BITES = range(40_000, 40_060)
BITES = range(2835, 2960)
"""Further seeds, in whose schedules is counted what happens; chosen so that everything does."""
MODEL_BITES = range(20_140, 20_200)
"""The same of all models."""


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as made:
        yield made


def laws_broken(stage: Stage, seeds: range, **how: Any) -> list[str]:
    """Play schedules and return a line for each law that one has broken."""
    return [f"seed {seed}: {words}" for seed in without_collecting(seeds) for words in run_schedule(stage, seed, **how)]


@pytest.mark.deep
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_every_wish_is_paid_once_and_every_paid_video_arrives(stage: Stage, chunk: int) -> None:
    size = SCHEDULES // CHUNKS
    seeds = range(chunk * size, (chunk + 1) * size)
    assert not (broken := laws_broken(stage, seeds)), "\n".join(broken)


@pytest.mark.deep
@pytest.mark.parametrize("chunk", range(MODEL_CHUNKS))
def test_models_with_and_without_a_seed_are_paid_once(stage: Stage, chunk: int) -> None:
    size = MODEL_SCHEDULES // MODEL_CHUNKS
    seeds = range(SCHEDULES + chunk * size, SCHEDULES + (chunk + 1) * size)
    assert not (broken := laws_broken(stage, seeds, models=MODEL_NAMES)), "\n".join(broken)


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


@pytest.mark.deep
@pytest.mark.parametrize("chunk", range(AWAY_CHUNKS))
def test_a_ledger_that_goes_away_makes_nobody_pay_twice(stage: Stage, chunk: int) -> None:
    size = AWAY_SCHEDULES // AWAY_CHUNKS
    seeds = range(AWAY_BITES.start + chunk * size, AWAY_BITES.start + (chunk + 1) * size)
    assert not (broken := laws_broken(stage, seeds, kind=LedgerAwaySchedule)), "\n".join(broken)


@pytest.mark.slow("runs dozens of schedules")
def test_the_schedules_of_a_ledger_that_goes_away_bite(stage: Stage) -> None:
    """No law is broken, and the ledger is away in the middle of requests."""
    tally: Counter[str] = Counter()
    for seed in without_collecting(AWAY_BITES):
        assert run_schedule(stage, seed, tally, kind=LedgerAwaySchedule) == [], f"seed {seed}"
    assert tally["ledger away"] >= len(AWAY_BITES)
    assert tally["told: LedgerError"]


@pytest.mark.slow("runs dozens of schedules")
def test_a_budget_is_never_overspent_whatever_goes_wrong(stage: Stage) -> None:
    """No law is broken, and what the service has started never costs more than the budget."""
    tally: Counter[str] = Counter()
    for seed in without_collecting(BUDGET_BITES):
        assert run_schedule(stage, seed, tally, kind=BudgetSchedule) == [], f"seed {seed}"
    assert tally["at the limit"] > len(BUDGET_BITES) // 2
    assert tally["told: OverBudget"]
