"""The doctor's report in JupyterLab: its page answers, the clip loads both ways, and a document is left."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from lab import LOAD, LOST, App, Notebook, played

from support.kernels import RESULT

pytestmark = pytest.mark.browser

Open = Callable[..., Notebook]
PENDING = "waiting for the page"


def line(notebook: Notebook, name: str, index: int = 1) -> list[str]:
    """The words of a line of the report: its state, and what was found."""
    row = notebook.output(index).locator("tr", has=notebook.page.get_by_role("cell", name=name, exact=True))
    return [cell.strip() for cell in row.locator("td").all_inner_texts()]


def examined(notebook: Notebook, index: int = 1) -> Notebook:
    """Run the doctor and wait for the page's part."""
    notebook.run(0, index)
    notebook.output(index).get_by_text("has answered").wait_for()
    notebook.output(index).locator(".jp-OutputArea-output video, .widget-output").first.wait_for(state="detached")
    return notebook


def test_the_page_answers_and_the_clip_loads_both_ways(app: App, notebook: Open) -> None:
    complaints = len(app.complaints)
    opened = examined(notebook(LOAD, "%runway doctor"))
    assert line(opened, "page script") == ["\u2713ok", "page script", "has answered"]
    assert line(opened, "video by its path")[::2] == ["\u2713ok", "loads"]
    assert line(opened, "video embedded")[::2] == ["\u2713ok", "loads"]
    assert "H.264 in MP4: probably, with AAC sound: probably (Mozilla" in line(opened, "browser")[2]
    assert "JupyterLab or Notebook, live" in line(opened, "front end")[2]
    assert opened.output(1).get_by_text(PENDING).count() == 0
    assert opened.output(1).locator("video").count() == 0
    assert list(app.root.rglob("runway_nb-doctor*")) == []
    assert app.complaints[complaints:] == []


def test_what_is_saved_is_a_document_without_a_widget(app: App, notebook: Open) -> None:
    opened = examined(notebook(LOAD, "%runway doctor"))
    (output,) = opened.save().cells[1].outputs
    assert set(output.data) == RESULT
    assert "has answered" in output.data["text/plain"]
    name = opened.name
    opened.shutdown()
    app.reopen()
    again = app.open(name)
    again.output(1).get_by_text("has answered").wait_for()
    assert again.output(1).get_by_text(LOST).count() == 0


def test_a_folder_that_the_server_keeps_to_itself_is_told(app: App, notebook: Open) -> None:
    """A server gives out no file in a folder whose name begins with a dot."""
    opened = examined(notebook(LOAD, "%config RunwayMagics.output = '.videos'\n%runway doctor"))
    state, _, found = line(opened, "video by its path")
    assert state == "!wrong"
    assert "does not load, and results are shown that way here" in found
    assert "RunwayMagics.embed = 'always'" in found
    assert line(opened, "video embedded")[2] == "loads"


def test_nothing_of_the_report_is_pushed_off_the_page(app: App, notebook: Open) -> None:
    opened = examined(notebook(LOAD, "%runway doctor"))
    size = app.page.viewport_size
    assert size is not None
    for width in (900, 560):
        app.page.set_viewport_size({"width": width + 160, "height": size["height"]})
        table, room = (opened.output(1).locator(part).bounding_box() for part in ("table", "xpath=."))
        assert table is not None
        assert room is not None
        assert table["x"] >= room["x"]
        assert table["x"] + table["width"] <= room["x"] + room["width"] + 1
    app.page.set_viewport_size(size)


def test_the_page_is_not_asked_without_anywidget_and_its_user_sees_both_clips(notebook: Open) -> None:
    opened = notebook(LOAD, "import sys\nsys.modules['anywidget'] = None\n%runway doctor")
    opened.run(0, 1)
    opened.output(1).get_by_text("Which of these plays?").wait_for()
    state, _, found = line(opened, "page script")
    assert state == "!wrong"
    assert "anywidget is not installed" in found
    videos = opened.output(1).locator("video")
    assert [played(videos.nth(number))["videoWidth"] for number in range(2)] == [160, 160]
