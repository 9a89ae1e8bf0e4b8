"""From the end of a task at the server to the first frame in JupyterLab (performance goal 6); needs chromium."""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from runway_nb.simulator import EMBEDDED_SPEED, Simulator

Row = tuple[str, float, str]
SHOTS = 3
USER, EMAIL = "4711", "simulator@runway-nb.invalid"
SEEN = "() => [...document.querySelectorAll('.jp-OutputArea video')].filter(v => v.readyState >= 2).length"


def measure() -> list[Row]:
    """One notebook with a few shots, one after the other; NaN without chromium."""
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1] / "tests" / "browser")]
    from lab import App, find_chromium, jupyter_lab, start_chromium
    from playwright.sync_api import sync_playwright

    times: list[tuple[float, float]] = []
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, sync_playwright() as playwright:
        root = Path(place) / "notebooks"
        root.mkdir()
        (root.parent / "home").mkdir()
        program = find_chromium(playwright)
        if program is not None:
            with (
                Simulator(Path(place) / "state", speed=EMBEDDED_SPEED) as simulator,
                jupyter_lab(root) as url,
            ):
                times = _shots(App(start_chromium(playwright, program), url, root), simulator)
    ends, frames = zip(*times) if times else ((math.nan,), (math.nan,))  # noqa: B905 - pairs
    return [
        ("seconds from SUCCEEDED at the server to the first frame, mean", statistics.mean(ends), "<= 2.0"),
        ("seconds from the file on disk to the first frame, mean", statistics.mean(frames), "<= 0.5"),
    ]


def _shots(app: Any, simulator: Simulator) -> list[tuple[float, float]]:
    from support.notebooks import write_notebook

    settings = {"USEAPI_TOKEN": f"user:{USER}-bench", "USEAPI_BASE_URL": simulator.base_url}
    shots = [f"%%runway --first lighthouse-dusk --zoom {n}\nShot {n}" for n in range(1, SHOTS + 1)]
    cells = [f"import os; os.environ.update({settings!r})", "%load_ext runway_nb", *shots]
    write_notebook(app.root / "bench.ipynb", cells)
    notebook = app.open("bench.ipynb")
    notebook.run(0, 1)
    return [_one(app, notebook, simulator, number) for number in range(1, SHOTS + 1)]


def _one(app: Any, notebook: Any, simulator: Simulator, number: int) -> tuple[float, float]:
    """Run a shot; seconds from the server's end, and from the file on disk, to the first frame."""
    notebook.run(number + 1)
    folder = app.root / "runway_outputs"

    def ended() -> bool:
        done = [seen for seen in simulator.world.history(USER, EMAIL) if seen.snapshot.status == "SUCCEEDED"]
        return len(done) >= number

    server = _when(ended)
    disk = _when(lambda: len(list(folder.glob("*.mp4"))) >= number)
    page = _when(lambda: app.page.evaluate(SEEN) >= number)
    return page - server, page - disk


def _when(holds: Callable[[], bool], limit: float = 60.0) -> float:
    """The time at which something was first seen to hold."""
    give_up = time.monotonic() + limit
    while not holds():
        if time.monotonic() > give_up:
            return math.nan
        time.sleep(0.01)
    return time.monotonic()
