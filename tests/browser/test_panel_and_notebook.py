"""What the panel and its notebook have to do with each other: what stays there, and the ways from one to the other."""

from __future__ import annotations

import io
import os
import signal
from typing import Any
from urllib.parse import urlsplit

import pytest
from lab import LOST, OWN_OF_JUPYTERLAB, App, Notebook, held_widget, kill, played, tell
from PIL import Image
from playwright.sync_api import FilePayload, Locator
from seen_panel import Seen, open_panel, setting_up

from support.kernels import RESULT, shared_simulator
from support.notebooks import write_notebook

pytestmark = pytest.mark.browser

DISMISS = "() => document.querySelectorAll('.jp-Dialog .jp-mod-accept').forEach(button => button.click())"


def shoot(panel: Seen, prompt: str) -> None:
    """Press Generate once the kernel knows the prompt."""
    panel.field("Prompt").fill(prompt)
    panel.until(f"p.request.prompt == {prompt!r}")
    panel.generate()


def outputs(notebook: Notebook, index: int = 1) -> list[Any]:
    """What the saved cell shows."""
    return notebook.save().cells[index].outputs


def sources(notebook: Notebook) -> list[str]:
    return notebook.page.evaluate(
        "() => [...jupyterapp.shell.currentWidget.content.model.cells].map(cell => cell.sharedModel.getSource())"
    )


def opener(place: Locator) -> Locator:
    return place.get_by_role("button", name="Open in panel")


# --- what stays ---------------------------------------------------------------------------------------


def test_a_killed_kernel_leaves_the_panel_as_text_and_a_running_job_with_its_way_back(app: App) -> None:
    panel = open_panel(app, "killed.ipynb")
    tell(
        panel.notebook,
        "from runway_nb.jobs import poll_schedule as s; s.FIRST_POLL = s.LONGEST = 600",
    )
    panel.keyframe("First").select_option("lighthouse-dusk")
    shoot(panel, "Never seen to its end")
    panel.until("p.job is not None and p.job.task is not None")
    job, cell = panel.asked("p.job.id"), panel.asked("p.cell")
    kill(panel.notebook)
    panel.root.wait_for(state="detached")
    app.page.locator(".jp-Dialog").wait_for()
    app.page.evaluate(DISMISS)
    text, results = outputs(panel.notebook)
    assert set(text.data) == set(results.data) == RESULT
    assert cell in text.data["text/plain"]
    assert f"{job}: Runway is working on it." in text.data["text/plain"]
    assert f"%runway wait {job}" in results.data["text/plain"]
    assert "widgets" not in panel.notebook.save().metadata
    panel.notebook.wait_for_kernel()
    panel.notebook.shutdown()


def test_a_notebook_saved_while_its_panel_lived_opens_without_the_kernel(app: App) -> None:
    panel = open_panel(app, "saved.ipynb")
    shoot(panel, "Seen to its end")
    panel.wait_for_videos(1)
    shoot(panel, "Saved on its way")
    panel.wait_for_videos(2)
    panel.field("Prompt").fill("Not sent yet")
    panel.until("p.request.prompt == 'Not sent yet'")
    cell = panel.asked("p.cell")
    saved = panel.notebook.save()
    assert held_widget(saved.cells[1].outputs[0]), "it was saved alive"
    assert cell in saved.cells[1].outputs[0].data["text/plain"]
    assert "widgets" not in saved.metadata
    pid = int(tell(panel.notebook, "import os; print(os.getpid())"))
    app.page.evaluate("() => jupyterapp.shell.currentWidget.dispose()")
    os.kill(pid, signal.SIGKILL)
    again = app.open("saved.ipynb")
    again.output(1).get_by_text("Its kernel has ended.").wait_for()
    shown = again.output(1).inner_text()
    assert LOST not in shown
    assert cell in shown
    assert played(again.output(1).locator("video").first)["readyState"] == 4
    again.shutdown()


def test_after_a_reload_results_still_come_to_their_place_below_the_panel(app: App) -> None:
    panel = open_panel(app, "again.ipynb")
    panel.notebook.save()
    app.reopen()
    again = Seen(app.open("again.ipynb")).opened()
    shoot(again, "Made after a reload")
    again.wait_for_videos(1)
    assert played(again.videos.first)["readyState"] == 4
    assert again.root.locator("video").count() == 0, "below, not within"
    shoot(again, "Made after that")
    again.wait_for_videos(2)
    # the video stands in the living card first
    again.output.locator(".rnb-root:not(.rnb-panel)").wait_for(state="detached")
    widget, results = outputs(again.notebook)
    assert held_widget(widget)
    assert set(results.data) == RESULT
    assert results.data["text/html"].count("<video") == 2
    again.notebook.shutdown()
    again.root.wait_for(state="detached")
    text, results = outputs(again.notebook)
    assert set(text.data) == set(results.data) == RESULT


def test_a_file_that_is_read_again_shows_the_living_panel(app: App) -> None:
    panel = open_panel(app, "reread.ipynb")
    panel.field("Prompt").fill("Read again")
    panel.until("p.request.prompt == 'Read again'")
    panel.notebook.save()
    app.page.evaluate("() => jupyterapp.shell.currentWidget.context.revert()")
    again = Seen(panel.notebook).opened()
    assert again.field("Prompt").input_value() == "Read again"
    assert "Its kernel has ended." not in again.output.inner_text()
    assert app.page.evaluate("() => jupyterapp.shell.currentWidget.context.model.dirty") is False
    panel.notebook.shutdown()


def test_nothing_of_a_panel_that_was_cleared_stays_in_the_notebook(app: App) -> None:
    panel = open_panel(app, "cleared.ipynb")
    panel.field("Prompt").fill("Cleared")
    panel.until("p.request.prompt == 'Cleared'")
    kept = "jupyterapp.shell.currentWidget.context.model.getMetadata('widgets')"
    assert "Cleared" in str(panel.notebook.save().cells[1].outputs)
    assert "Cleared" in app.page.evaluate(f"() => JSON.stringify({kept})")
    app.page.evaluate("() => jupyterapp.commands.execute('notebook:clear-all-cell-outputs')")
    app.page.wait_for_function(f"() => {kept} === undefined")
    assert "widgets" not in panel.notebook.save().metadata
    panel.notebook.shutdown()


def test_a_panel_that_was_deleted_and_is_there_again_keeps_its_text(app: App) -> None:
    panel = open_panel(app, "undone.ipynb")
    panel.field("Prompt").fill("There again")
    panel.until("p.request.prompt == 'There again'")
    app.page.evaluate(
        "() => { const panel = jupyterapp.shell.currentWidget; panel.content.activeCellIndex = 1;"
        " panel.content.deselectAll(); jupyterapp.commands.execute('notebook:delete-cell'); }"
    )
    panel.root.wait_for(state="detached")
    panel.until("p.bridge.has_left")
    app.page.evaluate("() => jupyterapp.commands.execute('notebook:undo-cell-action')")
    Seen(panel.notebook).opened()
    panel.until("not p.bridge.has_left")
    assert "There again" in str(panel.notebook.save().cells[1].outputs)
    panel.notebook.shutdown()


def test_a_panel_whose_cell_is_run_again_has_left(app: App) -> None:
    panel = open_panel(app, "twice.ipynb")
    tell(panel.notebook, "from runway_nb.notebook.panel.panel import newest_panel; old = newest_panel()")
    panel.notebook.run(1)
    panel.until("p is not old and old.bridge.has_left and not p.bridge.has_left")
    panel.notebook.shutdown()


def test_a_setting_that_saves_all_widgets_does_not_bring_a_dead_panel_back(app: App) -> None:
    toggle = "() => jupyterapp.commands.execute('@jupyter-widgets/jupyterlab-manager:saveWidgetState')"
    panel = open_panel(app, "setting.ipynb", "import ipywidgets; ipywidgets.HTML('of somebody else')")
    app.page.evaluate(toggle)
    try:
        panel.notebook.run(2)
        panel.notebook.output(2).get_by_text("of somebody else").wait_for()
        panel.field("Prompt").fill("Not dead")
        panel.until("p.request.prompt == 'Not dead'")
        pid = int(tell(panel.notebook, "import os; print(os.getpid())"))
        panel.notebook.save()
        app.page.evaluate("() => jupyterapp.shell.currentWidget.dispose()")
        os.kill(pid, signal.SIGKILL)
        again = app.open("setting.ipynb")
        again.output(1).get_by_text("Its kernel has ended.").wait_for()
        assert again.output(1).locator(".rnb-panel").count() == 0
        again.output(2).get_by_text("of somebody else").wait_for()
        again.shutdown()
    finally:
        app.page.evaluate(toggle)


def test_a_change_in_the_panel_leaves_a_saved_notebook_as_it_is(app: App) -> None:
    panel = open_panel(app, "clean.ipynb")
    panel.notebook.save()
    panel.field("Prompt").fill("Typed after saving")
    panel.until("p.request.prompt == 'Typed after saving'")
    assert app.page.evaluate("() => jupyterapp.shell.currentWidget.context.model.dirty") is False
    assert "Typed after saving" in str(panel.notebook.save().cells[1].outputs)
    panel.notebook.shutdown()


# --- from the panel to a cell -------------------------------------------------------------------------


def test_insert_below_puts_the_cell_under_the_panel_and_it_makes_the_same_request(app: App) -> None:
    panel = open_panel(app, "insert.ipynb", "'the next cell'")
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.button("Dutch roll").click()
    shoot(panel, "A cell of\n  {{its}} own")
    panel.wait_for_videos(1)
    panel.button("Insert below").click()
    app.page.wait_for_function("() => jupyterapp.shell.currentWidget.content.model.cells.length === 4")
    assert sources(panel.notebook)[2:] == [panel.asked("p.cell"), "'the next cell'"]
    before = shared_simulator("panel").counts()["creates_received"]
    panel.notebook.run(2)
    panel.notebook.wait_for_text(2, "0 credits; --fresh for a new take")
    assert shared_simulator("panel").counts()["creates_received"] == before
    panel.notebook.shutdown()


def test_what_is_copied_from_a_busy_kernel_is_what_the_page_shows(app: App) -> None:
    panel = open_panel(app, "busy.ipynb", "import time; time.sleep(3)")
    app.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    panel.field("Prompt").fill("Before")
    panel.until("p.request.prompt == 'Before'")
    panel.notebook.start(2)
    app.page.wait_for_timeout(300)
    panel.field("Prompt").fill("Meanwhile")
    panel.press_slider("zoom", "PageUp")
    panel.button("Copy as cell").click()
    panel.root.get_by_text("Cell text copied.").wait_for(state="attached")
    assert app.page.evaluate("() => navigator.clipboard.readText()") == "%%runway --zoom 2\nMeanwhile"
    panel.notebook.shutdown()


def test_a_request_that_makes_no_cell_inserts_none_and_says_why(app: App) -> None:
    panel = open_panel(app, "nocell.ipynb")
    panel.field("Prompt").fill("A lamp")
    panel.field("Seed").fill("many")
    panel.button("Insert below").click()
    panel.root.locator(".rnb-message").get_by_text("seed is 'many'").wait_for()
    assert len(sources(panel.notebook)) == 2
    panel.notebook.shutdown()


def test_what_was_clicked_first_is_done_first_however_busy_the_kernel_is(app: App) -> None:
    """A preset, Swap and Reset are done by the kernel: what is pressed after them counts with them."""
    panel = open_panel(app, "order.ipynb", "import time; time.sleep(3)")
    app.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.field("Prompt").fill("In order")
    panel.wait_for_pictures(1)
    panel.until("p.request.prompt == 'In order'")
    panel.notebook.start(2)
    app.page.wait_for_timeout(300)
    panel.button("Push in").click()
    panel.button("Swap first and last").click()
    panel.button("Generate").click()
    panel.wait_for_videos(1)
    assert (
        panel.asked("(p.job.original_request.camera == Camera(zoom=4), p.job.original_request.keyframes)")
        == "(True, Keyframes(last='lighthouse-dusk'))"
    )
    panel.button("Reset").click()
    panel.button("Copy as cell").click()
    panel.root.get_by_text("Cell text copied.").wait_for(state="attached")
    assert app.page.evaluate("() => navigator.clipboard.readText()").strip() == "%%runway"
    panel.notebook.shutdown()


def test_a_photo_larger_than_a_message_is_uploaded_in_pieces(app: App) -> None:
    panel = open_panel(app, "large.ipynb")
    noise = Image.frombytes("RGB", (2560, 1536), os.urandom(2560 * 1536 * 3))
    data = io.BytesIO()
    noise.save(data, "PNG")
    assert len(data.getvalue()) > 11e6
    for position, name in (("First", "large.png"), ("Last", "larger.png")):
        with app.page.expect_file_chooser() as chooser:
            panel.position(position).get_by_role("button", name=f"Picture for the {position.lower()} keyframe").click()
        chooser.value.set_files(FilePayload(name=name, mimeType="image/png", buffer=data.getvalue()))
    panel.wait_for_pictures(2)
    assert (panel.chosen("First"), panel.chosen("Last")) == ("large.png (file)", "larger.png (file)")
    panel.notebook.shutdown()


# --- from results, jobs and tasks to the panel ----------------------------------------------------------


def test_every_result_opens_in_the_panel_while_there_is_one(app: App) -> None:
    shot = "%%runway --first dunes-noon --pan -3 --seconds 10 --seed 11\nThe wind draws lines"
    panel = open_panel(app, "results.ipynb", shot)
    panel.notebook.run(2)
    panel.notebook.video(2)
    result = panel.notebook.output(2)
    opener(result).click()
    panel.wait_for_pictures(1)
    panel.until("p.request.prompt == 'The wind draws lines'")
    assert panel.asked("(p.request.camera, p.request.seconds, p.request.seed, p.request.keyframes.first)") == (
        "(Camera(horizontal=None, vertical=None, zoom=None, pan=-3.0, tilt=None, roll=None, static=None), 10, 11, "
        "'dunes-noon')"
    )
    assert app.page.evaluate("() => document.activeElement.closest('.rnb-text') !== null"), "ready to write on"
    assert "Open in panel" not in str(panel.notebook.save().cells[2].outputs), "it is nothing to be saved"
    app.page.evaluate(
        "() => { const panel = jupyterapp.shell.currentWidget; panel.content.activeCellIndex = 1;"
        " panel.content.deselectAll(); jupyterapp.commands.execute('notebook:clear-cell-output'); }"
    )
    opener(result).wait_for(state="detached")
    panel.notebook.shutdown()


def test_of_two_panels_the_one_used_last_opens_a_result(app: App) -> None:
    one = open_panel(app, "two.ipynb", "%runway panel", "%%runway --seed 5\nFor one of two")
    one.notebook.run(2, 3)
    two = Seen(one.notebook, 2).opened()
    one.notebook.video(3)
    one.field("Prompt").fill("mine")
    two.field("Prompt").fill("not mine")
    one.field("Prompt").focus()
    opener(one.notebook.output(3)).click()
    app.page.wait_for_function("() => document.querySelector('.rnb-text textarea').value === 'For one of two'")
    assert two.field("Prompt").input_value() == "not mine"
    assert opener(one.notebook.output(3)).count() == 1
    one.notebook.shutdown()


def test_jobs_and_tasks_made_anywhere_are_chosen_or_typed(app: App) -> None:
    elsewhere = (
        "from runway_nb import Camera, Keyframes, RunwayClient, VideoRequest\nimport runway_nb\n"
        "studio = runway_nb.default_studio()\n"
        "async def make():\n"
        "    client = (await studio.account.backend.connected()).client\n"
        "    asset = next(a for a in (await client.assets()) if a.stem == 'city-night')\n"
        "    return (await client.create(VideoRequest('Made elsewhere', Keyframes(last=asset.id), Camera(tilt=4),"
        " 'portrait', seconds=10, seed=4242))).id\n"
        "made = studio.run(make(), 30)\n"
        "job = studio.submit(VideoRequest('A job of the ledger', camera=Camera(roll=-2), seed=31))"
    )
    write_notebook(app.root / "anywhere.ipynb", [setting_up(), elsewhere, "%runway panel"])
    notebook = app.open("anywhere.ipynb")
    notebook.run(0, 1, 2)
    panel = Seen(notebook, 2).opened()
    field = panel.root.get_by_role("combobox", name="Open a job or task", exact=True)
    offered = """() => [...document.querySelectorAll('.rnb-panel datalist option')].map(option => option.value)
      .find(words => words.includes('Made elsewhere'))"""
    task = app.page.wait_for_function(offered).json_value()
    assert task.startswith("task ")
    field.fill(task)
    field.press("Enter")
    panel.wait_for_pictures(1)
    panel.until("(p.request.prompt, p.request.aspect, p.request.length, p.request.seed, p.request.camera.tilt) =="
                " ('Made elsewhere', 'portrait', 10, 4242, 4)")  # fmt: skip
    assert panel.chosen("Last") == "city-night"
    assert field.input_value() == ""
    field.fill(tell(notebook, "print(job.id[:6])"))
    field.press("Enter")
    panel.until("(p.request.prompt, p.request.seed, p.request.camera.roll) == ('A job of the ledger', 31, -2)")
    field.fill("ffffffff")
    field.press("Enter")
    panel.root.get_by_text("has a job 'ffffffff'").wait_for()
    assert panel.field("Prompt").input_value() == "A job of the ledger"
    assert tell(notebook, "print([r.id for r in studio.ledger.recent(2000) if r.task_id == made])") == "[]"
    notebook.shutdown()


# --- with a finger, and beside cards --------------------------------------------------------------------


def test_a_finger_moves_a_slider_plays_and_scrubs(app: App) -> None:
    panel = open_panel(app, "touch.ipynb")
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.wait_for_pictures(1)
    session = app.page.context.new_cdp_session(app.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def middle(place: Locator) -> tuple[float, float]:
        place.scroll_into_view_if_needed()
        place.click(trial=True)  # once it has come to rest: a picture that loads moves what is below it
        box = place.bounding_box()
        assert box is not None
        return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2

    x, y = middle(panel.handle("zoom"))
    still = panel.transform()
    touch("touchStart", (x, y))
    for step in range(1, 6):
        touch("touchMove", (x + 6 * step, y))
    moved = panel.transform()
    touch("touchEnd")
    assert moved != still
    panel.until("p.request.camera.zoom > 0")
    touch("touchStart", middle(panel.root.locator(".rnb-play")))
    touch("touchEnd")
    panel.root.get_by_role("button", name="Pause the preview").wait_for()
    panel.root.get_by_role("button", name="Pause the preview").click()
    panel.notebook.shutdown()


def test_a_card_leaves_the_look_of_the_panel_as_it_is(app: App) -> None:
    """Each card brings its style sheet again, after that of the panel."""
    measure = """panel => [...panel.querySelectorAll('button, input, select, textarea, .widget-label, .noUi-target')]
      .map(node => { const {font, color, height, padding, margin, borderColor} = getComputedStyle(node);
                     return [node.className, font, color, height, padding, margin, borderColor].join(); })"""
    panel = open_panel(app, "beside.ipynb", "%%runway --fresh\nBeside a card", "import time; time.sleep(600)")
    app.page.evaluate("() => document.activeElement.blur()")
    app.page.mouse.move(2, 2)
    before = panel.root.evaluate(measure)
    tell(
        panel.notebook,
        "from runway_nb.jobs import poll_schedule as s; s.FIRST_POLL = s.LONGEST = 600",
    )
    panel.notebook.run(2)
    panel.notebook.output(2).locator(".rnb-card").wait_for()
    assert panel.root.evaluate(measure) == before
    panel.notebook.shutdown()


# --- over all of it -----------------------------------------------------------------------------------


def test_nothing_complained_and_nothing_was_asked_for_beyond_this_machine(app: App) -> None:
    hosts = {urlsplit(url).hostname for url in app.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    assert [words for words in app.complaints if not any(own.search(words) for own in OWN_OF_JUPYTERLAB)] == []
