"""What it costs to give a sweep to workers: 40 videos on a Dask cluster of four processes, and by one process alone.

One simulator, one PostgreSQL and as many slots for all. In the last run a worker is killed while its videos run; its
calls are made again when Dask has missed it.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

if __name__ == "__main__" or "support" not in sys.modules:
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from support import dask_sweep
from support.kernels import CREDITS, SimulatorProcess
from support.machines import Machine
from support.postgres import PostgresServer

Row = tuple[str, float, str]
VIDEOS, WORKERS, SLOTS = 40, 4, 4
SPEED = 6
"""A video takes some 7 s: long beside what is measured, short beside a real one."""
RUNS = {"alone": ("0",), "workers": (str(WORKERS),), "killed": (str(WORKERS), "--kill")}


def measure() -> list[Row]:
    """Name, figure and goal of each measurement."""
    with tempfile.TemporaryDirectory() as folder:
        simulator = SimulatorProcess(
            Path(folder), "--speed", str(SPEED), "--instant", "--max-jobs", str(SLOTS), "--credits", str(CREDITS)
        )
        server = PostgresServer()
        try:
            seconds = {name: makespan(Path(folder, name), name, simulator, server) for name in RUNS}
        finally:
            server.remove()
            simulator.stop()
    return [
        (
            f"{VIDEOS} videos by {WORKERS} Dask workers / by one process",
            seconds["workers"] / seconds["alone"],
            "<= 1.1",
        ),
        ("the same, one worker killed / one process", seconds["killed"] / seconds["alone"], "<= 1.1"),
    ]


def makespan(home: Path, name: str, simulator: SimulatorProcess, server: PostgresServer) -> float:
    """Return the seconds that a sweep takes."""
    workers, *rest = RUNS[name]
    env = {"RUNWAY_NB_LEDGER": server.new_database(name), "RUNWAY_NB_SLOTS": str(SLOTS), **simulator.env}
    process = Machine(home, env).started(str(dask_sweep.__file__), workers, str(VIDEOS), *rest)
    told = json.loads(process.communicate()[0].splitlines()[-1])
    assert told["progress"] == f"{VIDEOS} of {VIDEOS} done", told
    seconds: float = told["seconds"]
    return seconds


if __name__ == "__main__":
    for label, value, goal in measure():
        print(f"{label:<72} {value:>9.2f}   {goal}")
