"""Film the clips of the documentation from the real thing.

    python tests/browser/clips.py FOLDER [NAME ...]

Writes `first-video`, `panel` and `grid`, or those that are named: an MP4, and a JPEG that is shown until it plays.
"""

from __future__ import annotations

import io
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

import av
from lab import LOAD, App, Notebook, find_chromium, jupyter_lab, start_chromium
from PIL import Image
from playwright.sync_api import FloatRect, Locator, sync_playwright

from support.kernels import PATIENCE
from support.notebooks import write_notebook

RATE = 12
"""Frames per second."""
QUALITY = {"crf": "26", "preset": "slow"}
LARGEST = 1_000_000
"""Bytes of a clip."""
WIDTH, HEIGHT = 960, 640
SHOT = (
    "%%runway shot --first lighthouse-dusk --zoom 4 --pan -2 --seed 1842\n"
    "A lighthouse at dusk, slow waves, the beam sweeps over the sea."
)
PANEL = (
    "from runway_nb import Keyframes, Panel, VideoRequest\n"
    'Panel(VideoRequest("The lights of the city come on.", Keyframes(first="city-night")))'
)
GRID = (
    "%%runway grid --sweep light=dusk,fog,night --sweep place=harbour,lighthouse --zoom 3 --yes\n"
    "A quiet {{place}} in the {{light}}, long exposure."
)
MOVES = {"zoom": "ArrowRight", "pan": "ArrowLeft", "roll": "ArrowRight"}
"""Sliders of the panel that are moved, and by which key."""
HURRY, LONGEST = 4, 0.12
"""How much faster than it is the waiting is shown, and for how many seconds one of its frames at most."""


SEEK = """async (video, seconds) => {
  video.preload = "auto";
  while (!video.readyState) await new Promise(done => setTimeout(done, 50));
  video.currentTime = seconds;
  await new Promise(done => video.addEventListener('seeked', done, {once: true}));
}"""


class Film:
    """What a part of a page shows, in time."""

    def __init__(self, app: App, clip: FloatRect | None = None) -> None:
        self.page, self.clip = app.page, clip
        self.frames: list[tuple[float, bytes]] = []
        self._now, self._looked = 0.0, time.monotonic()

    def take(self, seconds: float = 1 / RATE) -> None:
        """Take a frame, so many seconds after the last one, however long it took."""
        self._now, self._looked = self._now + seconds, time.monotonic()
        self.frames.append((self._now, self.page.screenshot(clip=self.clip, type="jpeg", quality=92)))

    def hold(self, seconds: float) -> None:
        """Show the last frame for longer."""
        self._now += seconds

    def until(self, holds: Callable[[], object]) -> None:
        """Film until something holds, in a hurry."""
        give_up = time.monotonic() + 4 * PATIENCE
        while not holds():
            assert time.monotonic() < give_up, "what was waited for did not come"
            self.take(min((time.monotonic() - self._looked) / HURRY, LONGEST))

    def write(self, target: Path, poster: float = 1) -> None:
        """Write the film, and beside it a picture: the frame at a part of its frames."""
        began, ended = self.frames[0][0], self.frames[-1][0]
        chosen = self.frames[round(poster * (len(self.frames) - 1))][1]
        picture(chosen).save(target.with_suffix(".jpg"), quality=75, optimize=True)
        with av.open(str(target), "w", options={"movflags": "+faststart"}) as container:
            stream = container.add_stream("libx264", rate=RATE, options=QUALITY)
            stream.width, stream.height, stream.pix_fmt = *picture(self.frames[0][1]).size, "yuv420p"
            left = list(self.frames)
            for number in range(int((ended - began) * RATE) + 1):
                while len(left) > 1 and left[1][0] - began <= number / RATE:
                    left.pop(0)
                frame = av.VideoFrame.from_image(picture(left[0][1]))
                frame.pts = number
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        assert target.stat().st_size <= LARGEST, f"{target.name} has {target.stat().st_size} bytes"


def picture(data: bytes) -> Image.Image:
    """Return a frame with even sides, as the encoder needs them."""
    frame = Image.open(io.BytesIO(data)).convert("RGB")
    return frame.crop((0, 0, frame.width // 2 * 2, frame.height // 2 * 2))


def main(folder: Path, names: Sequence[str]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as place, sync_playwright() as playwright:
        root = Path(place) / "notebooks"
        root.mkdir()
        (root.parent / "home").mkdir()
        program = find_chromium(playwright)
        if program is None:
            sys.exit("no chromium found; make screenshots installs one")
        with jupyter_lab(root) as url:
            app = App(start_chromium(playwright, program), url, root)
            for name in names or FILMS:
                FILMS[name](app, folder / f"{name}.mp4")


def opened(app: App, name: str, *cells: str) -> Notebook:
    """A notebook whose first cell has run, and which nothing points at."""
    write_notebook(app.root / f"{name}.ipynb", [LOAD, *cells])
    notebook = app.open(f"{name}.ipynb")
    notebook.run(0)
    app.page.mouse.move(2, 2)
    return notebook


def film_first_video(app: App, target: Path) -> None:
    """A cell returns at once, its card goes on, and the video plays."""
    app.page.set_viewport_size({"width": WIDTH, "height": HEIGHT})
    notebook = opened(app, "first_video", SHOT)
    film = Film(app, around(app.page.locator(".jp-NotebookPanel")))
    film.take()
    film.hold(0.5)
    notebook.start(1)
    video = notebook.output(1).locator("video")
    film.until(video.is_visible)
    for step in range(4 * RATE):
        video.evaluate(SEEK, step / RATE)
        film.take()
    film.write(target)
    notebook.shutdown()


def film_panel(app: App, target: Path) -> None:
    """Sliders of the panel are moved, and the preview moves with them; then it plays."""
    app.page.set_viewport_size({"width": WIDTH, "height": 1200})
    notebook = opened(app, "panel", PANEL)
    notebook.run(1)
    panel = notebook.output(1).locator(".rnb-panel")
    panel.locator(".rnb-surface").wait_for()
    panel.locator(".rnb-thumb img").wait_for()
    panel.get_by_text("left").last.wait_for()
    film = Film(app, around(panel, height=520))
    film.take()
    film.hold(0.5)
    for move, key in MOVES.items():
        handle = panel.locator(f".rnb-axis-{move} .noUi-handle")
        for _ in range(8):
            handle.press(key)
            film.take()
    for step in range(0, 101, 2):
        panel.locator(".rnb-scrub").fill(str(step))
        film.take()
    film.write(target, poster=0.8)
    notebook.shutdown()


def film_grid(app: App, target: Path) -> None:
    """The shots of a sweep appear one after the other, and play in step."""
    app.page.set_viewport_size({"width": WIDTH, "height": 1200})
    notebook = opened(app, "grid", GRID)
    notebook.start(1)
    grid = notebook.output(1).locator(".rnb-live-grid")
    grid.wait_for()
    app.page.evaluate("() => document.activeElement.blur()")
    film = Film(app, around(grid, margin=12))
    strips = grid.locator(".rnb-strip[data-frame]")
    film.until(lambda: strips.count() >= 6)
    slider = grid.get_by_role("slider", name="Time in all shots")
    for value in [*range(800, 0, -50), *range(0, 1000, 25)]:
        slider.fill(str(value))
        film.take()
    film.write(target)
    notebook.shutdown()


def around(part: Locator, height: float = 0, margin: float = 0) -> FloatRect:
    """Return where a part of the page is, with a margin; of a higher one its upper part alone."""
    box = part.bounding_box()
    assert box is not None
    return {
        "x": box["x"] - margin, "y": box["y"] - margin, "width": box["width"] + 2 * margin,
        "height": (height or box["height"]) + 2 * margin,
    }  # fmt: skip


FILMS = {"first-video": film_first_video, "panel": film_panel, "grid": film_grid}

if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2:])
