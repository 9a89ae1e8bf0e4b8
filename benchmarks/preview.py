"""The camera preview while a slider is dragged, the kernel asleep (performance goal 8); needs chromium.

The time runs from the pointer's event in the page: to the changed transform, which is in the same task, and to the
next frame that the page has drawn with it. What goes over the wire is counted on the websocket itself.
"""

from __future__ import annotations

import math
import statistics
import sys
import tempfile
from pathlib import Path
from typing import Any

Row = tuple[str, float, str]
STEPS = 60
PANEL = """
import io, time
import ipywidgets as W
from runway_nb.notebook.panel.preview import make_preview
from runway_nb.simulator.rendering import samples

picture = io.BytesIO()
samples.draw("lighthouse-dusk").save(picture, "JPEG", quality=90)
slider = W.FloatSlider(min=-10, max=10, step=0.1, continuous_update=CONTINUOUS)
preview = make_preview()
preview.first = preview.preview_jpeg(picture.getvalue())
LINK
slider.add_class("rnb-axis").add_class("rnb-axis-zoom")
W.VBox([preview, slider]).add_class("rnb-root").add_class("rnb-panel")
"""
LINKS = {
    "follow": ("preview.follow({'zoom': slider})", "False"),
    "jslink": ("W.jslink((slider, 'value'), (preview, 'zoom'))", "False"),
    "jslink, continuous_update": ("W.jslink((slider, 'value'), (preview, 'zoom'))", "True"),
}
WATCH = """() => {
  window.changed = []; window.drawn = [];
  let begun = 0;
  for (const kind of ['pointermove', 'mousemove']) addEventListener(kind, () => { begun = performance.now(); }, true);
  new MutationObserver(() => {
    if (!begun) return;
    const start = begun;
    begun = 0;
    window.changed.push(performance.now() - start);
    requestAnimationFrame(() => setTimeout(() => window.drawn.push(performance.now() - start)));
  }).observe(document.querySelector('.rnb-surface'), {attributeFilter: ['style']});
}"""


class Wire:
    """Widget messages from the page to kernels."""

    def __init__(self, page: Any) -> None:
        self.frames: list[bytes] = []
        page.on("websocket", lambda socket: socket.on("framesent", self._note))

    def _note(self, frame: str | bytes) -> None:
        data = frame if isinstance(frame, bytes) else frame.encode()
        if b'"comm_msg"' in data:
            self.frames.append(data)

    def taken(self) -> tuple[int, int]:
        """Messages and bytes since the last time."""
        count, size = len(self.frames), sum(map(len, self.frames))
        self.frames.clear()
        return count, size


def measure() -> list[Row]:
    """One notebook for each way to link slider and preview; NaN without chromium."""
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests"), str(Path(__file__).parents[1] / "tests" / "browser")]
    from lab import App, find_chromium, jupyter_lab, start_chromium
    from playwright.sync_api import sync_playwright

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, sync_playwright() as playwright:
        root = Path(place) / "notebooks"
        root.mkdir()
        (root.parent / "home").mkdir()
        program = find_chromium(playwright)
        if program is None:
            return [("ms from slider event to changed transform", math.nan, "<= 16")]
        with jupyter_lab(root) as url:
            app = App(start_chromium(playwright, program), url, root)
            wire = Wire(app.page)
            return [row for name in LINKS for row in _dragged(app, wire, name)]


def _dragged(app: Any, wire: Wire, name: str) -> list[Row]:
    from support.notebooks import write_notebook

    link, continuous = LINKS[name]
    cells = [PANEL.replace("LINK", link).replace("CONTINUOUS", continuous), "time.sleep(20)"]
    write_notebook(app.root / f"{name}.ipynb", cells)
    notebook = app.open(f"{name}.ipynb")
    notebook.run(0)
    app.page.locator(".rnb-surface").wait_for()
    notebook.start(1)
    app.page.wait_for_timeout(500)
    app.page.evaluate(WATCH)
    during, after = _drag(app.page, wire)
    changed, drawn = sorted(app.page.evaluate("() => window.changed")), app.page.evaluate("() => window.drawn")
    notebook.shutdown()
    ours = name == "follow"
    traffic: list[Row] = [
        (f"{name}: messages to the kernel while dragging", during[0], "0" if ours else ""),
        (f"{name}: bytes to the kernel while dragging", during[1], "0" if ours else ""),
        (f"{name}: messages to the kernel on release", after[0], "1" if ours else ""),
        (f"{name}: bytes to the kernel on release", after[1], ""),
    ]
    if not ours:
        return traffic
    return [
        ("ms from slider event to changed transform, median", statistics.median(changed), "<= 16"),
        ("ms from slider event to changed transform, 95th percentile", changed[int(0.95 * len(changed))], "<= 16"),
        ("ms from slider event to the next frame drawn, median", statistics.median(drawn), ""),
        *traffic,
    ]


def _drag(page: Any, wire: Wire) -> tuple[tuple[int, int], tuple[int, int]]:
    """Messages and bytes while the pointer moves, and after it lets go."""
    handle = page.locator(".noUi-handle")
    handle.scroll_into_view_if_needed()
    box = handle.bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    wire.taken()
    for step in range(1, STEPS + 1):
        page.mouse.move(x + 30 * math.sin(step / 6), y)
        page.wait_for_timeout(20)
    page.wait_for_timeout(300)
    during = wire.taken()
    page.mouse.up()
    page.wait_for_timeout(500)
    return during, wire.taken()


def main() -> None:
    for name, value, goal in measure():
        print(f"{name:<72} {value:>8.2f}   {goal}")


if __name__ == "__main__":
    main()
