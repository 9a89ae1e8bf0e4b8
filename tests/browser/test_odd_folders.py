"""Notebooks in folders with odd names, behind a link, and where nothing can be written: every result plays there."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from lab import App, Notebook, played
from PIL import Image
from playwright.sync_api import FilePayload
from seen_panel import Seen, setting_up

from support.kernels import shared_simulator
from support.notebooks import write_notebook
from support.picture_files import encoded

pytestmark = pytest.mark.browser

SHOT = "%%runway shot --first lighthouse-dusk --seed {}\nWaves"
BUNDLE = """
import runway_nb
for out in ("out #1", "page #1.html"):
    done = runway_nb.bundle({name!r}, out)
    print(done.videos + done.carried, "in", out)
"""
PLACES = {
    "signs": 'Söhne & Töchter/100%25 #1?/[it\'s "final"] (2)/50% #2? <b>.ipynb',
    "long": f"{'n' * 200}/{'m' * 200}.ipynb",
    "linked": "a link/linked.ipynb",
}
"""By what is odd about them."""


@pytest.fixture(scope="module")
def places(app: App) -> dict[str, str]:
    """Lay the notebooks down; the link leads out of what the server gives out."""
    away = app.root.parent / "elsewhere"
    away.mkdir()
    (app.root / "a link").symlink_to(away)
    for seed, name in enumerate(PLACES.values(), 100):
        path = app.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_notebook(path, [setting_up(), SHOT.format(seed), "%runway panel", BUNDLE.format(name=path.name)])
    return PLACES


def generate(panel: Seen, prompt: str) -> None:
    panel.field("Prompt").fill(prompt)
    panel.until(f"p.request.prompt == {prompt!r}")
    panel.generate()


@pytest.mark.parametrize("place", PLACES)
def test_a_cell_a_panel_and_a_bundle_work_in_an_odd_folder(app: App, places: dict[str, str], place: str) -> None:
    notebook = app.open(places[place])
    notebook.run(0, 1, 2)
    assert played(notebook.video(1))["readyState"] == 4
    panel = Seen(notebook, 2).opened()
    assert any("lighthouse-dusk" in label for label in panel.offered())
    with panel.page.expect_file_chooser() as chooser:
        panel.button("Picture for the first keyframe").click()
    picture = encoded(Image.new("RGB", (300, 200), (len(place), 9, 9)), "PNG")
    chooser.value.set_files(FilePayload(name="my pic's #1 & 100%25.png", mimeType="image/png", buffer=picture))
    panel.wait_for_pictures(1)
    generate(panel, f"Of {place}")
    panel.wait_for_videos(1)
    assert played(panel.videos.first)["readyState"] == 4
    notebook.save()
    notebook.run(3)
    notebook.wait_for_text(3, "2 in out #1")
    notebook.wait_for_text(3, "2 in page #1.html")
    folder = (app.root / places[place]).parent
    assert (folder / "page #1.html").read_text().count("data:video/mp4") == 2
    notebook.shutdown()


def test_its_results_play_when_it_is_opened_again(app: App, places: dict[str, str]) -> None:
    app.reopen()
    for name in places.values():
        again = app.open(name)
        for index in (1, 2):
            assert played(again.video(index))["readyState"] == 4, name
        again.shutdown()


# --- where nothing can be written ---------------------------------------------------------------------

ELSEWHERE = "%config RunwayMagics.output = '~/videos'"
PROBLEM = "output cannot be used, nothing was sent"
HOW = "set another folder with %config RunwayMagics.output = '~/videos'"
LOOKED_THROUGH = {
    "%runway list": "done",
    "%runway history": "A lake",
    "%runway export ~/shots": "Exported",
    "%runway export --notebook lesson.ipynb ~/lesson.html": "Bundled",
}


class Lesson(NamedTuple):
    """A notebook of a folder that is read-only."""

    notebook: Notebook
    panel: Seen
    home: Path


@pytest.fixture(scope="module")
def lesson(app: App) -> Iterator[Lesson]:
    folder = app.root / "read only"
    folder.mkdir()
    cells = [setting_up(), SHOT.format(1), "%runway panel", "%runway doctor", ELSEWHERE, SHOT.format(1)]
    write_notebook(folder / "lesson.ipynb", [*cells, *LOOKED_THROUGH])
    folder.chmod(0o555)
    try:
        notebook = app.open("read only/lesson.ipynb")
        notebook.run(0, 1, 2)
        yield Lesson(notebook, Seen(notebook, 2).opened(), app.root.parent / "home")
        notebook.shutdown()
    finally:
        folder.chmod(0o755)


def test_nothing_is_sent_from_a_read_only_folder_and_one_line_says_what_to_do(lesson: Lesson) -> None:
    before = shared_simulator("panel").counts()
    for place in (1, 2):
        if place == 2:
            generate(lesson.panel, "A lake")
        lesson.notebook.wait_for_text(place, PROBLEM)
        lesson.notebook.wait_for_text(place, HOW)
    assert shared_simulator("panel").counts() == before
    assert lesson.panel.asked("len(p.jobs)") == "0"


def test_the_doctor_says_so(lesson: Lesson) -> None:
    lesson.notebook.run(3)
    lesson.notebook.wait_for_text(3, "cannot be made in")


def test_with_another_folder_everything_plays_and_can_be_looked_through(lesson: Lesson) -> None:
    notebook, panel, home = lesson
    notebook.run(4, 5)
    assert played(notebook.video(5))["readyState"] == 4
    panel.generate()
    panel.wait_for_videos(1)
    assert played(panel.videos.first)["readyState"] == 4
    for index, words in enumerate(LOOKED_THROUGH.values(), 6):
        notebook.run(index)
        notebook.wait_for_text(index, words)
    assert len(list((home / "videos").glob("*.mp4"))) == 2
    assert len(list((home / "shots" / "videos").glob("*.mp4"))) >= 2
    assert [path.name for path in notebook.path.parent.iterdir()] == ["lesson.ipynb"]
