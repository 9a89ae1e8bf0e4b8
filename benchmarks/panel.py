"""From running a cell to a panel that can be used, in JupyterLab (performance goal 8); needs chromium.

Beside it stands what as many plain widgets take in the same page: a busy machine slows both.
"""

from __future__ import annotations

import io
import math
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from runway_nb.notebook.panel.keyframe_choices import LONGEST_LIST
from runway_nb.simulator import Simulator

Row = tuple[str, float, str]
SIZES = {0: "<= 400", 50: "<= 400", 1000: "<= 600"}
"""Assets beside the simulator's own samples: the goal in milliseconds."""
SAMPLES = 8
OPENINGS = 3
USER, EMAIL = "4711", "simulator@runway-nb.invalid"
USABLE = """([index, entries]) => {
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  const list = cell && cell.querySelector('select');
  const go = cell && cell.querySelector('.rnb-primary');
  return Boolean(list && go && list.options.length >= entries && cell.querySelector('.rnb-axis .noUi-handle'));
}"""
PLAIN = "import ipywidgets as w; w.VBox([w.Button(description=str(n)) for n in range(30)])"
"""A button is three widgets, so these are about as many as a panel has."""
PLAIN_SHOWN = """([index]) => {
  const cell = document.querySelectorAll('.jp-Notebook .jp-Cell')[index];
  return Boolean(cell && cell.querySelectorAll('.jupyter-button').length === 30);
}"""
RUN = """async ([index, entries, usable]) => {
  const panel = jupyterapp.shell.currentWidget, ready = eval(usable), start = performance.now();
  panel.content.activeCellIndex = index; panel.content.deselectAll();
  jupyterapp.commands.execute('notebook:run-cell');
  while (!ready([index, entries])) {
    if (performance.now() - start > 20000) return NaN;
    await new Promise(requestAnimationFrame);
  }
  return performance.now() - start;
}"""


def measure() -> list[Row]:
    """The median of a few openings for each number of assets; NaN without chromium."""
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1] / "tests" / "browser")]
    from lab import App, find_chromium, jupyter_lab, start_chromium
    from playwright.sync_api import sync_playwright

    taken, plain = dict.fromkeys(SIZES, math.nan), math.nan
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, sync_playwright() as playwright:
        root = Path(place) / "notebooks"
        root.mkdir()
        (root.parent / "home").mkdir()
        program = find_chromium(playwright)
        if program is not None:
            with jupyter_lab(root) as url:
                app = App(start_chromium(playwright, program), url, root)
                for size in SIZES:
                    with Simulator(Path(place) / f"state{size}") as simulator:
                        taken[size], plain = _opening(app, simulator, size)
    label = "ms from the cell to a panel with {:,} more assets in its list, median"
    return [
        *[(label.format(size), taken[size], goal) for size, goal in SIZES.items()],
        ("ms from a cell to thirty plain buttons, median", plain, ""),
        ("panel with 1,000 more assets / thirty plain buttons", taken[1000] / plain, ""),
    ]


def _opening(app: Any, simulator: Simulator, size: int) -> tuple[float, float]:
    """Milliseconds to the panel, and to plain widgets beside it."""
    from support.notebooks import write_notebook

    _stock(simulator, size)
    settings = {"USEAPI_TOKEN": f"user:{USER}-bench", "USEAPI_BASE_URL": simulator.base_url}
    cells = [f"import os; os.environ.update({settings!r})", "%load_ext runway_nb", "%runway assets --type image"]
    write_notebook(app.root / f"bench{size}.ipynb", [*cells, *["%runway panel", PLAIN] * (OPENINGS + 1)])
    notebook = app.open(f"bench{size}.ipynb")
    notebook.run(0, 1, 2)
    app.page.wait_for_timeout(4000)  # until its thumbnails are loaded
    # the first one loads modules and script; a list shows as many entries as it can
    entries = 1 + min(SAMPLES + size, LONGEST_LIST)
    numbers = range(3, 3 + 2 * (OPENINGS + 1), 2)
    pairs = [
        (app.page.evaluate(RUN, [n, entries, USABLE]), app.page.evaluate(RUN, [n + 1, 0, PLAIN_SHOWN])) for n in numbers
    ]
    times, plain = [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    print(f"{size} assets: {', '.join(f'{time:.0f}' for time in times)} ms, the first one cold", file=sys.stderr)
    notebook.shutdown()
    return float(statistics.median(times[1:])), float(statistics.median(plain[1:]))


def _stock(simulator: Simulator, size: int) -> None:
    """Small pictures on the account, straight onto the simulator's asset list."""
    out = io.BytesIO()
    Image.new("RGB", (64, 38), "#446688").save(out, "PNG")
    for number in range(size):
        simulator.world.assets.add(USER, EMAIL, f"picture-{number:04}", "image/png", out.getvalue())
