"""What loading costs in a live kernel, relative to `import ipywidgets` there (performance goal 1)."""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from pathlib import Path
from typing import Any

from jupyter_client.manager import start_new_kernel

Row = tuple[str, float, str]
ROUNDS = 5
CPU = "import time as _t; _0 = _t.process_time()\n{work}\nprint(_t.process_time() - _0)"
WALL = "import time as _t; _0 = _t.perf_counter()\n{work}\nprint(_t.perf_counter() - _0)"
CELL = "get_ipython().run_cell_magic('runway', 'job', '{prompt}')"
SENT = "import time\nwhile not job.task: time.sleep(0.02)\nprint(job.state.sent - job.created)"
LOAD = "get_ipython().run_line_magic('load_ext', 'runway_nb')"


def measure() -> list[Row]:
    """CPU and wall times of fresh kernels, the two sides alternated, as ratios of medians."""
    widgets, loads, widgets_wall, cards, seconds = [], [], [], [], []
    with tempfile.TemporaryDirectory() as home:
        for number in range(ROUNDS):
            widgets.append(_fresh(home, [CPU.format(work="import ipywidgets")])[-1])
            loads.append(_fresh(home, [CPU.format(work=LOAD)])[-1])
            widgets_wall.append(_fresh(home, [WALL.format(work="import ipywidgets")])[-1])
            card, second = _first_cells(home, number)
            cards.append(card)
            seconds.append(second)
    median = statistics.median
    return [
        ("CPU of %load_ext / import ipywidgets", median(loads) / median(widgets), "<= 0.20"),
        ("first cell to its card / import ipywidgets (wall)", median(cards) / median(widgets_wall), "<= 3.0"),
        ("second cell, from request to the create call, ms", median(seconds) * 1000, "<= 15"),
    ]


class _Kernel:
    def __init__(self, home: str) -> None:
        env = {**os.environ, "RUNWAY_NB_HOME": str(Path(home) / "home")}
        env.pop("USEAPI_TOKEN", None)
        self.manager, self.client = start_new_kernel(env=env, cwd=home)

    def run(self, code: str, until: str = "idle") -> tuple[float, str]:
        """Seconds until a display or the end of the cell, and what was printed."""
        started, printed, seen = time.perf_counter(), [], None

        def hook(message: dict[str, Any]) -> None:
            nonlocal seen
            if message["msg_type"] == "stream":
                printed.append(message["content"]["text"])
            if message["msg_type"] == until and seen is None:
                seen = time.perf_counter() - started

        self.client.execute_interactive(code, output_hook=hook, timeout=60)
        return seen or time.perf_counter() - started, "".join(printed)

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def _fresh(home: str, cells: list[str]) -> list[float]:
    """The numbers that cells print in a kernel of their own."""
    kernel = _Kernel(home)
    try:
        return [float(kernel.run(cell)[1].splitlines()[-1]) for cell in cells]
    finally:
        kernel.close()


def _first_cells(home: str, number: int) -> tuple[float, float]:
    """Seconds from the first cell to its card, and from the second request to its create call; none comes twice."""
    kernel = _Kernel(home)
    try:
        kernel.run(LOAD)
        card, _ = kernel.run(CELL.format(prompt=f"Lamp {number} turns"), until="display_data")
        kernel.run("job.wait()")
        kernel.run(CELL.format(prompt=f"Lamp {number} turns back"))
        _, printed = kernel.run(SENT)
        return card, float(printed)
    finally:
        kernel.close()
