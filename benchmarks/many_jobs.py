"""What a sweep costs the kernel that runs it: the time to its first display, and cells beside 200 open jobs.

The service is a simulator in a process of its own, so slow that nothing ends meanwhile.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from IPython.core.interactiveshell import InteractiveShell

from runway_nb.jobs.policy import Limits
from runway_nb.notebook.rendering.sweep_grid import bundle
from runway_nb.settings import Secret, Settings
from runway_nb.studio import Studio
from runway_nb.sweeps.plan import Axis, plan
from runway_nb.sweeps.price import check_sweep
from runway_nb.sweeps.submission import submit_sweep
from runway_nb.sweeps.sweep import Sweep

Row = tuple[str, float, str]
SIZES = (9, 64, 200, 1000)
OPEN = 200
CELLS, ROUNDS, SECONDS = 500, 7, 10.0
SPEED = "0.001"


def measure() -> list[Row]:
    """Name, figure and goal of each measurement."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, _service(Path(folder)) as address:
        for size in SIZES:
            studio = _studio(Path(folder) / str(size), address)
            began = time.perf_counter()
            bundle(_submitted(studio, size))
            rows.append(
                (
                    f"{size} variants: from run to first display, s",
                    time.perf_counter() - began,
                    "<= 1" if size <= OPEN else "",
                )
            )
            studio.close()
        rows += _beside_open_jobs(Path(folder) / "open", address)
    return rows


def _beside_open_jobs(home: Path, address: str) -> Iterator[Row]:
    shell, studio = InteractiveShell(), _studio(home, address)
    idle = _cells(shell)
    sweep = _submitted(studio, OPEN)
    while len(sweep.jobs) < OPEN:
        time.sleep(0.1)
    time.sleep(5.0)
    busy = _cells(shell)
    cpu, began = time.process_time(), time.monotonic()
    time.sleep(SECONDS)
    share = (time.process_time() - cpu) / (time.monotonic() - began)
    studio.close()
    idle = (idle + _cells(shell)) / 2  # a machine has moods
    yield "p99 of a trivial cell when idle, ms", idle, ""
    yield f"p99 of a trivial cell beside {OPEN} open jobs, ms", busy, ""
    yield f"p99 beside {OPEN} open jobs / idle", busy / idle, "<= 2"
    yield f"CPU of the kernel with {OPEN} open jobs, % of a core", 100 * share, "<= 5"


def _cells(shell: InteractiveShell) -> float:
    """Return the 99th percentile of the milliseconds of a trivial cell, the median of some rounds."""
    return statistics.median(_round_of_cells(shell) for _ in range(ROUNDS))


def _round_of_cells(shell: InteractiveShell) -> float:
    times = []
    for _ in range(CELLS):
        began = time.perf_counter()
        shell.run_cell("x = 1", store_history=False)
        times.append((time.perf_counter() - began) * 1000)
        time.sleep(0.003)
    return statistics.quantiles(times, n=100)[-1]


def _submitted(studio: Studio, size: int) -> Sweep:
    many = plan("A lamp turns", {}, [Axis("seed", tuple(range(1, size + 1)))], model="gen3turbo")
    return submit_sweep(studio, check_sweep(studio, many, Limits()), yes=True)


def _studio(home: Path, address: str) -> Studio:
    studio = Studio(Settings(Secret(f"user:{abs(hash(home)) % 10**6}-bench"), address, home, Path("out"), slots=10))
    studio.folder = home
    return studio


@contextmanager
def _service(folder: Path) -> Iterator[str]:
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]
    from support.kernels import SimulatorProcess

    home = folder / "service"
    home.mkdir()
    service = SimulatorProcess(home, "--speed", SPEED, "--max-jobs", "10", "--credits", "1000000")
    try:
        yield service.base_url
    finally:
        service.stop()
