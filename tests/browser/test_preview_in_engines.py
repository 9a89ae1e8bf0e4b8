"""The camera preview in Firefox and WebKit beside the one in Chromium: where the dots of its pictures are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from engines import Cells, EngineLab
from lab import tell
from marked_pictures import centre, marked, near_spots
from PIL import Image, ImageChops, ImageStat

from runway_nb.camera import MOVES, Camera
from runway_nb.spec import POSITIONS

pytestmark = pytest.mark.browser

POSES = [
    ((0, 0, 0, 0, 0, 0), 0.0, "first"),
    ((0, 0, 0, 4, 0, 0), 0.5, "first"),
    ((0, 0, 0, 10, -10, 10), 1.0, "first"),
    ((4, -3, 5, -6, 4, 7), 0.5, "first"),
    ((-10, 10, -10, 10, -10, 10), 1.0, "first"),
    ((10, 10, 10, 10, 10, 10), 0.0, "last"),
    ((3, 2, 4, -2, 1, 5), 0.7, "first middle last"),
]
"""The six moves, the time in the shot, the keyframes. From the last keyframe back, its far mirror images are seen."""
PREVIEW = f"""
import ipywidgets
from runway_nb.notebook.panel.preview import make_preview
from runway_nb.notebook.static import STATIC

preview = make_preview()
style = "".join(f"<style>{{(STATIC / name).read_text()}}</style>" for name in ("card.css", "panel.css"))
style += "<style>.rnb-chip, .rnb-overlay {{ display: none !important }} .rnb-panel {{ width: 500px }}</style>"
panel = ipywidgets.VBox([ipywidgets.HTML(style).add_class("rnb-style"), preview])
panel.add_class("rnb-root").add_class("rnb-panel")
pictures = { ({name: marked(name) for name in POSITIONS})!r}
panel
"""
SHOWN = """([count, time]) => document.querySelectorAll('.rnb-layer').length === count
  && Number(document.querySelector('.rnb-scrub').value) === time"""


def seen(cells: Cells, values: tuple[float, ...], time: float, names: str) -> Image.Image:
    """The preview after a move, as the screen shows it."""
    tell(
        cells,
        f"for n in {POSITIONS}: setattr(preview, n, pictures[n] if n in {names.split()} else b'')\n"
        f"for n, v in zip({MOVES}, {values}): setattr(preview, n, v)\n"
        f"preview.time = 0.99; preview.time = {time}",
    )
    cells.tab.wait_for_function(SHOWN, [len(names.split()), round(100 * time)])
    return cells.picture(0, ".rnb-view")


@pytest.fixture(scope="module")
def pictures(labs: Callable[[str], EngineLab]) -> Callable[[str], list[Image.Image]]:
    """What each pose looks like in an engine; looked at once."""
    known: dict[str, list[Image.Image]] = {}

    def of(engine: str) -> list[Image.Image]:
        if engine not in known:
            cells = labs(engine).written("preview", PREVIEW)
            cells.run(0)
            known[engine] = [seen(cells, *pose) for pose in POSES]
            cells.shutdown()
        return known[engine]

    return of


@pytest.mark.parametrize(
    "engine", [pytest.param("firefox", marks=pytest.mark.firefox), pytest.param("webkit", marks=pytest.mark.webkit)]
)
def test_the_preview_is_the_same_as_in_chromium(pictures: Callable[[str], list[Image.Image]], engine: str) -> None:
    compared, worst, likeness = 0, 0.0, 0.0
    for (values, time, names), here, there in zip(POSES, pictures(engine), pictures("chromium"), strict=True):
        assert here.size == there.size
        likeness = max(likeness, ImageStat.Stat(ImageChops.difference(here, there).convert("L")).mean[0])
        moves: dict[str, Any] = dict(zip(MOVES, values, strict=True))
        camera = Camera(**moves)
        for channel, x, y in near_spots(camera, time, names.split(), here.size):
            ours, theirs = (centre(picture, channel, (x, y), 9) for picture in (here, there))
            assert (ours is None) == (theirs is None), (engine, values, (x, y))
            if ours and theirs:
                compared += 1
                worst = max(worst, abs(complex(*ours) - complex(*theirs)))
    print(f"{engine}: {compared} dots, at most {worst:.2f} px apart; at most {likeness:.1f} of 255 in the mean")
    assert compared >= 20
    assert worst <= 2.0
    assert likeness <= 4.0
