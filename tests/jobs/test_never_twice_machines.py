"""The promise of `test_never_twice` for two and four machines that share one ledger on a real PostgreSQL server.

The schedules are those of `support.server_machines` and `support.follow_schedules`: virtual time, a real server, a
connection for each machine.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import pytest

from support.follow_schedules import FollowedSchedule
from support.schedules import Stage, run_schedule, staged, without_collecting
from support.server_machines import FourMachinesSchedule, MachinesSchedule, SharedServer

SCHEDULES = 2_000
CHUNKS = 20
FIRST = 40_000
BITES = (
    40_001, 40_003, 40_005, 40_007, 40_010, 40_011, 40_012, 40_013, 40_014, 40_015, 40_016, 40_017, 40_018, 40_031,
    40_032, 40_036, 40_038, 40_041, 40_044, 40_045,
)  # fmt: skip
"""Seeds in whose schedules everything happens that is counted."""
FOLLOWED = (40_243, 50_000, 50_001, 50_011, 50_017, 50_047, 50_048, 50_051)
"""And those of schedules in which a process follows what nobody tracks."""
KINDS = (FourMachinesSchedule, MachinesSchedule)
DEEP_KINDS = (FourMachinesSchedule, MachinesSchedule, FourMachinesSchedule, FollowedSchedule)
CUTS = [f"{what} {place} {point}" for what in ("partition", "restart") for place in ("before", "behind")
        for point in ("a statement", "a commit")]  # fmt: skip


@pytest.fixture(scope="module")
def server() -> Iterator[SharedServer]:
    made = SharedServer()
    yield made
    made.close()


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with staged(tmp_path) as made:
        yield made


def laws_broken(
    stage: Stage,
    server: SharedServer,
    seeds: Iterable[int],
    tally: Counter[str],
    kinds: Sequence[type[MachinesSchedule]] = KINDS,
) -> list[str]:
    """Play schedules of some kinds in turn and return a line for each law that one has broken."""
    return [
        f"seed {seed}: {words}"
        for seed in without_collecting(seeds)
        for words in run_schedule(stage, seed, tally, kind=kinds[seed % len(kinds)].on(server))
    ]


@pytest.mark.slow("runs dozens of schedules on a PostgreSQL server")
def test_machines_that_share_a_ledger_pay_once_and_lose_nothing(stage: Stage, server: SharedServer) -> None:
    """No law is broken, and the server goes away from somebody before and behind statements and commits."""
    tally: Counter[str] = Counter()
    assert not (broken := laws_broken(stage, server, BITES, tally)), "\n".join(broken)
    meetings = ["taken over", "told: LedgerError", "told: LedgerInDoubt", "lease lost", "clock set"]
    assert [name for name in [*CUTS, *meetings] if not tally[name]] == []


@pytest.mark.slow("runs dozens of schedules on a PostgreSQL server")
def test_a_process_that_follows_sees_through_what_the_dead_leave_and_sends_nothing(
    stage: Stage, server: SharedServer
) -> None:
    """It takes over, is overtaken, loses the server, dies and is started again; no law is broken."""
    tally: Counter[str] = Counter()
    broken = laws_broken(stage, server, FOLLOWED, tally, [FollowedSchedule])
    assert not broken, "\n".join(broken)
    deeds = ("taken", "done", "left", "ledger-away", "ledger-back", "partition", "death", "stop")
    assert [deed for deed in deeds if not tally[f"service: {deed}"]] == []


@pytest.mark.deep
@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_two_thousand_such_schedules(stage: Stage, server: SharedServer, chunk: int) -> None:
    size = SCHEDULES // CHUNKS
    seeds = range(FIRST + chunk * size, FIRST + (chunk + 1) * size)
    assert not (broken := laws_broken(stage, server, seeds, Counter(), DEEP_KINDS)), "\n".join(broken)
