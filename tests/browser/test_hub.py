"""The first lesson and the panel on a JupyterHub, below its prefix: what a student of a class sees."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from hub import PREFIX, Hub, jupyter_hub
from lab import LOAD, OWN_OF_JUPYTERLAB, App, Notebook, played
from PIL import Image
from playwright.sync_api import FilePayload
from seen_panel import Seen

from runway_nb.notebook.panel.script import PIECE
from support.kernels import shared_simulator
from support.notebooks import write_notebook
from support.picture_files import encoded

pytestmark = pytest.mark.browser

PROMPT = "A lighthouse at dusk, slow waves"
USER = f"{PREFIX}user/ann/"
LESSON = "a class/first lesson.ipynb"
SHOT = f"%%runway shot --first lighthouse-dusk --zoom 4 --pan -2 --seed 1842\n{PROMPT}"


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub whose servers know the simulator from their environment."""
    with jupyter_hub(tmp_path_factory.mktemp("hub"), {"ann": shared_simulator("panel").env}) as started:
        yield started


@pytest.fixture(scope="module")
def app(hub: Hub, chromium: Any) -> Iterator[App]:
    """JupyterLab of a student who has logged in."""
    opened = hub.log_in(chromium, "ann")
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def lesson(app: App) -> Notebook:
    """The first lesson after its cells have run, and a panel below it."""
    (app.root / "a class").mkdir()
    write_notebook(app.root / LESSON, [LOAD, SHOT, "await shot\nprint(shot.video.name)", "%runway panel"])
    notebook = app.open(LESSON)
    notebook.run(0, 1, 2, 3)
    return notebook


@pytest.fixture(scope="module")
def panel(lesson: Notebook) -> Seen:
    return Seen(lesson, 3).opened()


def test_a_cell_shows_a_video_that_plays_below_the_prefix(lesson: Notebook) -> None:
    seen = played(lesson.video(1))
    assert seen["readyState"] == 4
    assert urlsplit(seen["currentSrc"]).path.startswith(f"{USER}files/a%20class/runway_outputs/")
    lesson.wait_for_text(2, "-lighthouse-")


def test_the_picture_follows_a_slider(panel: Seen) -> None:
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.wait_for_pictures(1)
    before = panel.transform()
    panel.press_slider("zoom", "End")
    panel.page.wait_for_function(
        "([panel, before]) => panel.querySelector('.rnb-surface').style.transform !== before",
        arg=[panel.root.element_handle(), before],
    )
    panel.until("p.request.camera == Camera(zoom=10)")


def test_a_picture_is_uploaded_in_pieces_and_generate_makes_a_video_of_it(panel: Seen) -> None:
    with panel.page.expect_file_chooser() as chooser:
        panel.button("Picture for the first keyframe").click()
    noise = Image.frombytes("RGB", (1400, 1400), random.Random(7).randbytes(3 * 1400 * 1400))
    data = encoded(noise, "PNG")
    assert len(data) > PIECE, "more than goes in one message"
    chooser.value.set_files(FilePayload(name="noise.png", mimeType="image/png", buffer=data))
    panel.page.wait_for_function(
        "list => list.selectedOptions[0].label.includes('noise')", arg=panel.keyframe("First").element_handle()
    )
    panel.wait_for_pictures(1)
    panel.field("Prompt").fill(PROMPT)
    panel.until(f"p.request.prompt == {PROMPT!r}")
    panel.generate()
    panel.wait_for_videos(1)
    seen = played(panel.videos.first)
    assert urlsplit(seen["currentSrc"]).path.startswith(USER)
    assert panel.asked("len(p.jobs)") == "1"


def test_the_lesson_plays_when_it_is_opened_again(app: App, lesson: Notebook, panel: Seen) -> None:
    saved = lesson.save()
    assert "widget" not in str([output.data for output in saved.cells[1].outputs])
    app.reopen()
    again = app.open(LESSON)
    assert played(again.video(1))["readyState"] == 4
    again.shutdown()


def test_the_page_asks_for_nothing_beside_its_prefix(app: App, lesson: Notebook) -> None:
    beside = [url for url in app.requests if url.startswith("http") and not url.startswith(f"{app.url}/")]
    assert beside == []


def test_the_page_does_not_complain(app: App, lesson: Notebook) -> None:
    assert [text for text in app.complaints if not any(own.search(text) for own in OWN_OF_JUPYTERLAB)] == []
