"""The way of a user through JupyterLab, in each engine: a cell, its card and video, the panel, and what reopens."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from engines import Cells, EngineLab
from lab import LOAD, LOST, OWN_OF_JUPYTERLAB, PLAY
from seen_panel import setting_up

from support.kernels import CREDITS, RESULT

pytestmark = pytest.mark.browser

PROMPT = "A lighthouse at dusk, seen by"


@pytest.fixture(scope="module")
def film(lab: EngineLab) -> SimpleNamespace:
    """A video of the embedded simulator, and what its card said on the way."""
    cells = lab.written("film", LOAD, f"%%runway shot --zoom 4 --pan -2 --seed 1842\n{PROMPT} {lab.engine}")
    cells.run(0)
    cells.sample(1, [])
    cells.run(1)
    cells.until(1, "video", "video => video.readyState >= 1")
    said = [words for words, _ in cells.samples() if words]
    player = cells.look(1, "video", PLAY)
    return SimpleNamespace(cells=cells, said=said, player=player, saved=cells.save())


def test_the_card_moves_and_the_video_plays(film: SimpleNamespace) -> None:
    assert len(set(film.said)) >= 3, film.said
    assert film.player["readyState"] == 4
    assert film.player["currentTime"] >= 0.2
    assert film.player["videoWidth"] == 1280
    assert film.player["duration"] == pytest.approx(5, abs=0.1)


def test_the_saved_result_plays_after_the_page_was_loaded_again(lab: EngineLab, film: SimpleNamespace) -> None:
    (output,) = film.saved.cells[1].outputs
    assert set(output.data) == RESULT
    film.cells.shutdown()
    lab.load()
    again = lab.opened("film")
    again.until(1, "video", "video => video.readyState >= 1")
    assert again.look(1, "video", PLAY)["currentTime"] >= 0.2
    assert LOST not in again.text(1)
    again.shutdown()


TRANSFORM = "surface => surface.style.transform"


@pytest.fixture(scope="module")
def panel(lab: EngineLab) -> Cells:
    """The panel, with the account and the assets there."""
    own = f"import os\nos.environ['RUNWAY_NB_HOME'] = {str(lab.root.parent / lab.engine)!r}\n"
    cells = lab.written("panel", own + setting_up(), "%runway panel")
    cells.run(0, 1)
    cells.until(1, ".rnb-panel", f"panel => panel.innerText.includes('of {CREDITS:,} used')")
    cells.box(1, ".rnb-scrub")
    return cells


def test_the_panel_takes_what_is_chosen_dragged_and_typed_and_makes_a_video(panel: Cells) -> None:
    chosen = (1, ".rnb-keyframe-first select", "list => list.selectedOptions[0].label === 'lighthouse-dusk'")
    panel.look(1, ".rnb-keyframe-first select", "list => list.focus()")
    panel.tab.type(*"lighthouse", "Tab")
    panel.until(1, ".rnb-layer .rnb-surface", "surface => surface.isConnected")
    assert panel.look(*chosen)
    still = panel.look(1, ".rnb-surface", TRANSFORM)
    panel.drag(1, ".rnb-axis-zoom .noUi-handle", 60)
    panel.until(1, ".rnb-axis-zoom .noUi-handle", "handle => parseFloat(handle.ariaValueText) > 1")
    assert panel.look(1, ".rnb-surface", TRANSFORM) != still
    panel.click(1, ".rnb-play")
    panel.until(1, ".rnb-clock", "clock => parseFloat(clock.innerText) >= 0.4")
    panel.click(1, ".rnb-play")
    panel.click(1, ".rnb-text textarea")
    panel.tab.type(*"Seen")
    panel.until(1, ".rnb-actions .rnb-primary", "button => !button.disabled")
    panel.click(1, ".rnb-actions .rnb-primary")
    panel.until(1, "video", "video => video.readyState >= 1")
    assert panel.look(1, "video", PLAY)["readyState"] == 4


def test_nothing_complained(lab: EngineLab, film: SimpleNamespace, panel: Cells) -> None:
    assert [words for words in lab.complaints() if not any(own.search(words) for own in OWN_OF_JUPYTERLAB)] == []
