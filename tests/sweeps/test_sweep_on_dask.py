"""A sweep of 40 on a Dask cluster of four worker processes, one PostgreSQL and one simulator; one worker is killed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runway_nb.api.media import check_mp4
from support.kernels import CREDITS, PATIENCE, SimulatorProcess
from support.machines import Machine
from support.postgres import PostgresServer

pytestmark = pytest.mark.slow("starts a cluster, whose workers are killed")

SCRIPT = str(Path(__file__).parents[1] / "support" / "dask_sweep.py")
VIDEOS = 40


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    rules = "--speed", "40", "--instant", "--max-jobs", "8", "--credits", str(CREDITS)
    made = SimulatorProcess(tmp_path_factory.mktemp("simulator"), *rules)
    yield made
    made.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    made = PostgresServer()
    yield made
    made.remove()


@pytest.mark.parametrize("end", ["", "--kill"], ids=["all live", "one is killed"])
def test_forty_videos_are_started_once_by_the_workers(
    simulator: SimulatorProcess, server: PostgresServer, tmp_path: Path, end: str
) -> None:
    before = simulator.counts()
    shared = {"RUNWAY_NB_LEDGER": server.new_database(f"dask{len(end)}"), "RUNWAY_NB_SLOTS": "8", **simulator.env}
    process = Machine(tmp_path, shared).started(SCRIPT, "4", str(VIDEOS), *filter(None, [end]))
    output, _ = process.communicate(timeout=4 * PATIENCE)
    assert process.returncode == 0
    told: dict[str, Any] = json.loads(output.splitlines()[-1])
    assert told["without_video"] == []
    assert told["in_doubt"] <= (2 if end else 0), "of the two threads of the one that is killed"
    assert told["progress"].startswith(f"{VIDEOS - told['in_doubt']} of {VIDEOS} done")
    counts = simulator.counts()
    assert counts["tasks_started"] - before["tasks_started"] == VIDEOS
    assert len({*told["videos"]}) == VIDEOS
    for video in told["videos"]:
        check_mp4(Path(video))
    assert counts["creates_received"] - before["creates_received"] == VIDEOS, "none ran into a 429"
    if not end:
        assert (sum(told["by_worker"]), len(told["by_worker"])) == (VIDEOS, 4)
        assert min(told["by_worker"]) > 0
        assert told["warnings"] == []
