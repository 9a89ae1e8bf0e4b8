"""The live grid of a sweep as a page of JupyterLab shows it, and what stays of it in the notebook."""

from __future__ import annotations

import json
import os
import re
import signal
import time
from collections.abc import Callable
from importlib.util import find_spec
from urllib.parse import urlsplit

import nbformat
import pytest
from barriers import barrier_script
from lab import (
    LOAD,
    LOST,
    OWN_OF_JUPYTERLAB,
    OWN_OF_NOTEBOOK_7,
    WIDEN,
    App,
    Notebook,
    held_widget,
    kill,
    played,
    tell,
)
from playwright.sync_api import Locator, expect

from support.kernels import PATIENCE, RESULT, left_out, shared_simulator
from support.notebooks import write_notebook

pytestmark = pytest.mark.browser

DISMISS = "() => document.querySelectorAll('.jp-Dialog .jp-mod-accept').forEach(button => button.click())"
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
NINE = "%%runway s --sweep zoom=-5,0,5 --sweep seed=1..3\nA lamp turns"
MINUS = "\N{MINUS SIGN}"


def setting_up(polls: float = 0.3, account: str = "sweeps", confirm: int = 100_000) -> str:
    """A first cell that takes the quick simulator for the API; `polls` is seconds between two questions to it."""
    env = shared_simulator(account).env | {"RUNWAY_NB_CONFIRM_CREDITS": str(confirm), "RUNWAY_NB_SLOTS": "10"}
    pace = f"p.FIRST_POLL = p.LONGEST = {polls}; p.SHORTEST = min(p.SHORTEST, {polls})"
    hurry = f"from runway_nb.jobs import poll_schedule as p\n{pace}\ndel p"
    return f"import os\nos.environ.update({env!r})\n{hurry}\n{LOAD}"


class Grid:
    """A live grid as the page shows it."""

    def __init__(self, notebook: Notebook, index: int = 1) -> None:
        self.notebook, self.index, self.page = notebook, index, notebook.page
        self.output = notebook.output(index)
        self.root = self.output.locator(".rnb-live-grid")
        self.table = self.output.locator(".runway-nb-sweep")

    def opened(self, strips: int = 0) -> Grid:
        """After it stands there with so many film strips."""
        self.root.wait_for()
        self.root.scroll_into_view_if_needed()  # what is out of sight is not drawn
        self.page.wait_for_function(
            "([index, count]) => document.querySelectorAll('.jp-Notebook .jp-Cell')[index]"
            ".querySelectorAll('.rnb-strip[data-frame]').length >= count",
            arg=[self.index, strips],
        )
        return self

    def shot(self, label: str) -> Locator:
        """The cell whose label begins so."""
        return self.root.get_by_role("gridcell", name=re.compile(f"^{re.escape(label)}:"))

    @property
    def labels(self) -> list[str]:
        """What is said of every shot, in the order in which they are shown."""
        return self.root.locator(".rnb-shot").evaluate_all(
            "cells => cells.map(cell => cell.getAttribute('aria-label'))"
        )

    def until(self, holds: Callable[[list[str]], bool]) -> None:
        """After `labels` are so."""
        give_up = time.monotonic() + PATIENCE
        while not holds(self.labels):
            assert time.monotonic() < give_up, self.labels
            self.page.wait_for_timeout(50)

    def button(self, name: str) -> Locator:
        return self.root.get_by_role("button", name=name, exact=True)

    def focused(self) -> str:
        return str(self.page.evaluate("() => document.activeElement.getAttribute('aria-label')"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def said(self, text: str) -> None:
        expect(self.root.get_by_role("status")).to_contain_text(text)


def open_grid(app: App, name: str, *cells: str, strips: int = 9, account: str = "sweeps") -> Grid:
    write_notebook(app.root / name, [setting_up(account=account), *(cells or [NINE])])
    notebook = app.open(name)
    notebook.run(0, 1)
    return Grid(notebook).opened(strips)


def unmarked(grid: Grid) -> Grid:
    """The grid without a star or a rejection: other notebooks show the same jobs."""
    tell(grid.notebook, "for job in s.jobs: job.star = False; job.rejected = False")
    expect(grid.root.locator(".rnb-shot:is(.is-starred, .is-rejected)")).to_have_count(0)
    return grid


@pytest.fixture(scope="module")
def working(app: App) -> Grid:
    """Nine finished shots that many tests look at."""
    found = open_grid(app, "nine.ipynb", NINE, "s")
    found.notebook.save()  # so that it is there when it is opened again
    return found


@pytest.fixture
def grid(app: App, working: Grid) -> Grid:
    """The same, open in the tab, with nothing starred, sorted, hidden or opened."""
    if not app.page.evaluate("name => jupyterapp.shell.currentWidget?.context?.path === name", working.notebook.name):
        working.notebook = app.open(working.notebook.name)
    return unmarked(Grid(working.notebook).opened(9))


# --- states -------------------------------------------------------------------------------------------


def test_each_shot_has_its_own_state_and_a_strip_as_soon_as_it_is_there(app: App) -> None:
    style = "%%runway s --sweep style=plain,dim,warm,cold\nA lamp, {{style}}"
    write_notebook(app.root / "states.ipynb", [setting_up(600), "%config RunwayMagics.slots = 2", style])
    notebook = app.open("states.ipynb")
    notebook.run(0, 1, 2)
    grid = Grid(notebook, 2).opened()
    expect(grid.root).to_contain_text("Sweep style")
    expect(grid.root.locator(".rnb-status")).to_have_text("0 of 4 done")
    expect(grid.root.locator(".rnb-cost")).to_have_text("50 of 100 credits")
    expect(grid.root.get_by_text("Queued")).to_have_count(2)
    expect(grid.root.get_by_text("first in line")).to_have_count(1)
    shared_simulator("sweeps").fault("moderated")  # the next that is sent
    tell(notebook, "next(job for job in s.jobs if job.state.phase.is_sent).refresh()")
    grid.opened(1)
    expect(grid.root.locator("[data-state=ready]")).to_have_count(1)
    assert grid.root.locator("video").count() == 0, "no decoder runs for a strip"
    expect(grid.root.get_by_text("Waiting", exact=True)).to_have_count(1)
    tell(notebook, "import time\nwhile not s.done:\n    [job.refresh() for job in s.jobs]; time.sleep(0.1)")
    grid.opened(3)
    grid.root.get_by_text("Refused", exact=True).wait_for()
    grid.until(lambda labels: any(label.endswith(": refused moderation") for label in labels))
    expect(grid.root.locator(".rnb-status")).to_have_text(re.compile("3 of 4 done . 1 refused"))
    expect(grid.root.get_by_role("status")).to_contain_text(re.compile(": done|refused moderation|have ended"))
    notebook.shutdown()


def test_stop_sending_takes_back_what_waits(app: App) -> None:
    many = "%%runway s --sweep seed=11..14\nA lamp stops"
    write_notebook(app.root / "stopped.ipynb", [setting_up(600), "%config RunwayMagics.slots = 2", many])
    notebook = app.open("stopped.ipynb")
    notebook.run(0, 1, 2)
    grid = Grid(notebook, 2).opened()
    grid.root.get_by_text("Queued").nth(1).wait_for()
    grid.button("Stop sending").click()
    expect(grid.root.get_by_text("Removed", exact=True)).to_have_count(2)
    expect(grid.root.get_by_text("Queued", exact=True)).to_have_count(2)
    expect(grid.button("Stop sending")).to_be_disabled()
    notebook.shutdown()


def test_rows_and_columns_have_their_labels(grid: Grid) -> None:
    assert grid.root.get_by_role("columnheader").all_inner_texts() == [f"zoom {MINUS}5", "zoom 0", "zoom +5"]
    assert grid.root.get_by_role("rowheader").all_inner_texts() == ["seed 1", "seed 2", "seed 3"]
    box = grid.shot("zoom +5, seed 2").bounding_box()
    column = grid.root.get_by_role("columnheader", name="zoom +5").bounding_box()
    row = grid.root.get_by_role("rowheader", name="seed 2").bounding_box()
    assert box
    assert column
    assert row
    assert abs(box["x"] + box["width"] / 2 - column["x"] - column["width"] / 2) < 2
    assert box["y"] < row["y"] < box["y"] + box["height"]


def test_the_table_is_there_and_hidden(grid: Grid) -> None:
    assert grid.table.count() == 1
    expect(grid.table).to_be_hidden()


# --- time ---------------------------------------------------------------------------------------------

IN_STEP = """async root => {
  const strips = [...root.querySelectorAll('.rnb-strip')];
  const scrub = root.querySelector('.rnb-scrub');
  const seen = [];
  for (const end = performance.now() + 2500; performance.now() < end; ) {
    const before = performance.now();
    await new Promise(requestAnimationFrame);
    await new Promise(done => setTimeout(done));
    seen.push([scrub.value / 1000, before, ...strips.map(strip => Number(strip.dataset.frame))]);
  }
  return seen;
}"""


def test_all_play_in_step_and_stop_at_the_end(grid: Grid) -> None:
    assert grid.root.locator(".rnb-play").get_attribute("aria-label") == "Play all", "nothing plays by itself"
    scrub = grid.root.get_by_role("slider", name="Time in all shots")
    assert scrub.get_attribute("aria-valuetext") == "4.0 of 5.0 seconds"
    scrub.fill("300")
    grid.button("Play all").click()
    seen = grid.root.evaluate(IN_STEP)
    shares = [share for share, *_ in seen]
    assert shares == sorted(shares)
    assert shares[-1] - shares[0] > 0.3
    for share, _, *frames in seen:
        # of five frames in five seconds; a strip is never further from the clock than it is coarse
        assert len(set(frames)) == 1
        assert abs(frames[0] / 4 - share) <= 0.125 + 0.05 / 5
    real = (seen[-1][1] - seen[0][1]) / 1000
    assert (shares[-1] - shares[0]) * 5 == pytest.approx(real, abs=0.1)
    scrub.fill("600")  # two seconds before the end: a busy machine sees it play, too
    grid.button("Play all").click()
    grid.button("Pause all").wait_for()
    grid.button("Play all").wait_for()
    assert scrub.input_value() == "1000"
    scrub.fill("800")


def test_play_is_an_act_of_the_user_with_reduced_motion_too(grid: Grid) -> None:
    grid.page.emulate_media(reduced_motion="reduce")
    try:
        assert grid.page.evaluate("() => document.getAnimations().length") == 0
        grid.button("Play all").click()
        grid.button("Pause all").click()
    finally:
        grid.page.emulate_media(reduced_motion="no-preference")


# --- keyboard -----------------------------------------------------------------------------------------


def test_keys_move_star_reject_open_and_play_and_leave_the_notebook_alone(grid: Grid) -> None:
    cells = grid.page.locator(".jp-Notebook .jp-Cell").count()
    grid.shot(f"zoom {MINUS}5, seed 1").focus()
    for key, label in (
        ("ArrowRight", "zoom 0, seed 1"), ("ArrowDown", "zoom 0, seed 2"), ("End", "zoom +5, seed 2"),
        ("ArrowRight", "zoom +5, seed 2"), ("Control+End", "zoom +5, seed 3"), ("Home", f"zoom {MINUS}5, seed 3"),
        ("ArrowUp", f"zoom {MINUS}5, seed 2"),
    ):  # fmt: skip
        grid.press(key)
        assert grid.focused().startswith(f"{label}: "), key
    assert grid.root.locator(".rnb-shot[tabindex='0']").count() == 1
    grid.press("s")
    grid.said("starred")
    grid.press("x")
    grid.said("rejected")
    assert grid.focused().endswith(": done, rejected")
    grid.press("x", "Space")
    grid.button("Pause all").wait_for()
    grid.press("Space", "a", "b", "d", "d")
    grid.press("Enter")
    grid.output.locator(".rnb-opened video").wait_for()
    assert grid.focused().startswith(f"zoom {MINUS}5, seed 2: "), "the focus stays"
    grid.press("Escape")
    grid.output.locator(".rnb-opened video").wait_for(state="detached")
    assert grid.page.locator(".jp-Notebook .jp-Cell").count() == cells


def test_tab_goes_through_the_controls_in_reading_order(grid: Grid) -> None:
    grid.root.locator(".rnb-play").focus()
    seen = []
    for _ in range(6):
        grid.press("Tab")
        seen.append(grid.page.evaluate("() => document.activeElement.className || document.activeElement.type"))
    assert seen[:2] == ["rnb-scrub", "select-one"]
    assert seen[2:4] == ["rnb-filter", "checkbox"]
    assert seen[4].startswith("rnb-shot")
    assert "jupyter-button" in seen[5]


# --- marks, order, filter -----------------------------------------------------------------------------


def test_a_star_is_kept_for_good_and_copied_as_cells(app: App, grid: Grid) -> None:
    grid.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    expect(grid.button("Copy starred as cells")).to_be_disabled()
    grid.root.get_by_role("button", name="Star zoom +5, seed 1").click()
    assert grid.focused().startswith("zoom +5, seed 1: done, starred")
    grid.shot("zoom 0, seed 3").focus()
    grid.press("S")
    expect(grid.root.locator(".is-starred")).to_have_count(2)
    deadline = time.monotonic() + PATIENCE
    while tell(grid.notebook, "print([job.star for job in s.jobs].count(True))") != "2":
        assert time.monotonic() < deadline
    grid.button("Copy starred as cells").click()
    grid.said("copied")
    copied = grid.page.evaluate("() => navigator.clipboard.readText()")
    assert copied.split("\n\n") == [
        "%%runway --seed 1 --zoom 5\nA lamp turns",
        "%%runway --seed 3 --zoom 0\nA lamp turns\n",
    ]
    grid.notebook.saved_when(lambda saved: saved.cells[1].outputs[1].data["text/html"].count("starred") >= 2)


def test_shots_are_sorted_filtered_and_hidden(grid: Grid) -> None:
    grid.shot("zoom 0, seed 2").focus()
    grid.press("s", "ArrowRight", "x")
    sort = grid.root.get_by_role("combobox", name="Sort")
    sort.select_option("Starred first")
    ends = ["zoom 0, seed 2: done, starred", "zoom +5, seed 2: done, rejected"]
    grid.until(lambda labels: [labels[0], labels[-1]] == ends)
    grid.root.get_by_role("checkbox", name="Hide rejected").check()
    grid.until(lambda labels: len(labels) == 8)
    sort.select_option("As a grid")
    assert grid.root.get_by_role("columnheader").count() == 3
    search = grid.root.get_by_role("searchbox")
    search.fill("zoom -5")
    grid.until(lambda labels: len(labels) == 3)
    grid.said("3 shots shown")
    search.fill("elephant")
    expect(grid.root).to_contain_text("No shot is like that.")
    search.fill("")
    grid.root.get_by_role("checkbox", name="Hide rejected").uncheck()
    grid.until(lambda labels: len(labels) == 9)


# --- the opened shot ----------------------------------------------------------------------------------


def test_a_shot_is_enlarged_to_its_full_result_below_the_grid(grid: Grid) -> None:
    grid.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    grid.shot("zoom +5, seed 2").dblclick()
    video = grid.output.locator(".rnb-opened video")
    assert played(video)["readyState"] == 4
    head = grid.root.get_by_role("group", name="Opened: zoom +5, seed 2")
    head.get_by_role("button", name="Copy as cell").click()
    grid.said("Cell copied")
    assert grid.page.evaluate("() => navigator.clipboard.readText()").startswith("%%runway --seed 2 --zoom 5\n")
    head.get_by_role("button", name="Close").click()
    video.wait_for(state="detached")
    assert grid.focused().startswith("zoom +5, seed 2: ")


def test_a_shot_opens_in_the_panel_and_goes_on_from_its_last_frame(app: App) -> None:
    grid = open_grid(app, "onward.ipynb", "%%runway s --takes 2\nA lamp goes on", strips=2)
    grid.shot("take 1").focus()
    grid.press("Enter")
    grid.button("Continue with the last frame").click()
    panel = grid.output.locator(".rnb-panel")
    panel.wait_for()
    expect(panel.get_by_role("textbox", name="Prompt")).to_have_value("A lamp goes on")
    expect(panel.get_by_role("combobox", name="First keyframe", exact=True)).to_have_value(re.compile("last frame"))
    grid.button("Done").click()
    grid.root.wait_for(state="detached")
    text, table = grid.notebook.save().cells[1].outputs
    assert "A lamp goes on" in text.data["text/plain"]
    assert set(table.data) == RESULT
    grid.notebook.shutdown()


# --- for everybody ------------------------------------------------------------------------------------

VIOLATIONS = """async root => {
  const found = await axe.run(root);
  return {passes: found.passes.length, bad: found.violations
    .map(v => [v.id, v.nodes.map(node => [node.html, node.any.concat(node.all, node.none).map(c => c.message)])])};
}"""
OUTSIDE = """root => {
  const {left, right, width} = root.getBoundingClientRect();
  const parts = [...root.querySelectorAll('*')].filter(node => !node.closest('.rnb-sr') && !node.closest('.rnb-grid'));
  const isOut = node => { const box = node.getBoundingClientRect();
    return box.width > 1 && (box.right > right + 1 || box.left < left - 1); };
  const grid = root.querySelector('.rnb-grid');
  return [width, parts.filter(isOut).map(node => node.className), grid.scrollWidth - grid.clientWidth];
}"""


def test_nothing_keeps_anybody_out(app: App, grid: Grid) -> None:
    grid.shot("zoom 0, seed 1").focus()
    grid.press("s", "ArrowRight", "x", "Enter")
    grid.output.locator(".rnb-opened video").wait_for()
    grid.page.evaluate(barrier_script())
    for theme in (LIGHT, DARK):
        app.theme(theme)
        for width in (900, 360):
            grid.page.evaluate(WIDEN, width)
            grid.page.wait_for_timeout(200)
            seen = grid.root.evaluate(VIOLATIONS)
            assert seen["passes"] >= 15
            assert seen["bad"] == [], (theme, width)
    app.theme(LIGHT)
    grid.shot("zoom +5, seed 1").focus()
    grid.press("Escape")


def test_it_fits_into_a_narrow_page(grid: Grid) -> None:
    for width in (360, 620, 900, 1400):
        grid.page.evaluate(WIDEN, width)
        grid.page.wait_for_timeout(100)
        wide, outside, scrolled = grid.root.evaluate(OUTSIDE)
        assert (round(wide), outside, scrolled) == (min(width, 880), [], 0)
    grid.page.evaluate(WIDEN, 900)


FRAMES = """async root => {
  root.querySelector('.rnb-play').click();
  const times = [];
  let before = performance.now();
  for (let turn = 0; turn < 60; turn++) {
    await new Promise(requestAnimationFrame);
    times.push(performance.now() - before);
    before = performance.now();
  }
  root.querySelector('.rnb-play').click();
  return times.sort((a, b) => a - b)[30];
}"""


def test_sixty_four_shots_play_and_are_reached(app: App) -> None:
    cell = "%%runway s --sweep zoom=-7..8/2 --sweep pan=-7..8/2\nA lamp among many"
    grid = open_grid(app, "many.ipynb", cell, strips=24, account="many")
    expect(grid.root.locator(".rnb-status")).to_contain_text("64 of 64 done", timeout=120_000)
    grid.page.wait_for_function("() => document.querySelectorAll('.rnb-shot.has-strip').length === 64")
    assert grid.root.evaluate(FRAMES) < 50
    grid.shot(f"zoom {MINUS}7, pan {MINUS}7").focus()
    grid.press("Control+End")
    assert grid.focused().startswith("zoom +7, pan +7: ")
    grid.page.evaluate(WIDEN, 360)
    grid.page.wait_for_timeout(200)
    _, outside, scrolled = grid.root.evaluate(OUTSIDE)
    assert outside == [], "a grid of many columns scrolls in itself"
    assert scrolled > 0
    grid.notebook.shutdown()


def test_a_third_axis_is_chosen_from_a_list(app: App) -> None:
    cell = "%%runway s --sweep zoom=0,5 --sweep pan=0,5 --sweep seed=21,22,23\nA lamp in depth"
    grid = open_grid(app, "pages.ipynb", cell, strips=4, account="pages")
    pages = grid.root.get_by_role("combobox", name="seed")
    first = [f"zoom {z}, pan {p}, seed 21: done" for p in ("0", "+5") for z in ("0", "+5")]
    grid.until(lambda labels: labels == first)
    pages.select_option("seed 23")
    grid.until(lambda labels: {label.rpartition(", ")[2] for label in labels} == {"seed 23: done"})
    grid.notebook.shutdown()


# --- what stays ---------------------------------------------------------------------------------------


def test_after_a_reload_the_grid_is_there_with_strips_and_stars(app: App) -> None:
    grid = unmarked(open_grid(app, "again.ipynb"))
    expect(grid.table).not_to_contain_text("\u2605")
    grid.shot("zoom 0, seed 1").focus()
    grid.press("s")
    expect(grid.table).to_contain_text("\u2605")
    grid.notebook.save()
    app.reopen()
    again = Grid(app.open("again.ipynb")).opened(9)
    expect(again.root.locator(".is-starred")).to_have_count(1)
    expect(again.table).to_be_hidden()
    again.root.get_by_role("button", name="Star zoom +5, seed 1").click()
    # the page has lost the display ids: its script puts the table into the notebook
    again.page.wait_for_function(
        "() => document.querySelector('.runway-nb-sweep').textContent.match(/\u2605/g)?.length === 2"
    )
    again.button("Done").click()
    again.root.wait_for(state="detached")
    expect(again.table).to_be_visible()
    left, table = again.notebook.save().cells[1].outputs
    assert left.data == {"text/plain": ""}
    assert set(table.data) == RESULT
    again.notebook.shutdown()


HURRIED_LATER = """
import threading, time
def hurry():
    time.sleep(5)
    while not s.done:
        [job.refresh() for job in s.jobs]
        time.sleep(0.2)
threading.Thread(target=hurry, daemon=True).start()
"""


def test_what_ends_while_nobody_looks_is_in_the_notebook_that_is_opened_later(app: App) -> None:
    """The page has lost the display ids by then, and the grid hides the table: nobody would see that it is old."""
    cell = "%%runway s --sweep seed=21,22\nA lamp is left alone"
    write_notebook(app.root / "left.ipynb", [setting_up(600), cell])
    notebook = app.open("left.ipynb")
    notebook.run(0, 1)
    grid = Grid(notebook).opened()
    expect(grid.root.get_by_text("Queued")).to_have_count(2)
    tell(notebook, HURRIED_LATER)
    (_, before) = notebook.save().cells[1].outputs
    assert "<video" not in before.data["text/html"]
    app.page.evaluate("() => jupyterapp.shell.currentWidget.dispose()")
    end = time.monotonic() + PATIENCE
    while len([*app.root.glob("runway_outputs/a-lamp-is-left-alone*.mp4")]) < 2:
        assert time.monotonic() < end
        time.sleep(0.1)
    again = Grid(app.open("left.ipynb")).opened(2)
    again.page.wait_for_function("() => document.querySelectorAll('.runway-nb-sweep video').length === 2")
    expect(again.table).to_be_hidden()
    assert again.notebook.save().cells[1].outputs[1].data["text/html"].count("<video") == 2
    again.notebook.shutdown()


def test_a_sweep_that_is_sent_by_its_button_after_a_reload_is_said_to_be_sent(app: App) -> None:
    write_notebook(app.root / "offered.ipynb", [setting_up(confirm=100), "%%runway s --takes 5\nA lamp turns"])
    notebook = app.open("offered.ipynb")
    notebook.run(0, 1)
    notebook.output(1).get_by_role("button", name="Send 5 shots").wait_for()
    notebook.save()
    app.reopen()
    again = app.open("offered.ipynb")
    again.output(1).get_by_role("button", name="Send 5 shots").click()
    again.output(1).get_by_text("Sent: 5 shots, 125 credits").first.wait_for()
    # what became of it is said in the widget first
    saved = again.saved_when(lambda saved: saved.cells[1].outputs[1].data == {"text/plain": ""})
    assert saved.cells[1].outputs[0].data["text/plain"] == "Sent: 5 shots, 125 credits\n%runway show s shows it."
    assert again.output(1).get_by_role("button", name="Send 5 shots").count() == 0
    again.shutdown()


def test_done_leaves_the_table_and_showing_the_sweep_brings_the_grid_back(app: App) -> None:
    grid = open_grid(app, "done.ipynb", NINE, "s")
    before = grid.output.bounding_box()
    grid.button("Done").click()
    grid.root.wait_for(state="detached")
    expect(grid.table).to_be_visible()
    left, table = grid.notebook.save().cells[1].outputs
    assert (left.data, set(table.data)) == ({"text/plain": ""}, RESULT)
    assert before
    top = grid.output.bounding_box()
    shown = grid.table.bounding_box()
    assert top
    assert shown
    assert shown["y"] - top["y"] < 24, "no gap is left"
    grid.notebook.run(2)
    back = Grid(grid.notebook, 2).opened(9)
    expect(back.table).to_be_hidden()
    grid.notebook.shutdown()
    back.root.wait_for(state="detached")
    expect(back.table).to_be_visible()
    left, table = grid.notebook.save().cells[2].outputs
    assert (left.data, set(table.data)) == ({"text/plain": ""}, RESULT)


def test_a_killed_kernel_leaves_the_table(app: App) -> None:
    grid = open_grid(app, "killed.ipynb")
    kill(grid.notebook)
    grid.root.wait_for(state="detached")
    app.page.locator(".jp-Dialog").wait_for()
    app.page.evaluate(DISMISS)
    expect(grid.table).to_be_visible()
    saved = grid.notebook.save()
    left, table = saved.cells[1].outputs
    assert (left.data, set(table.data)) == ({"text/plain": ""}, RESULT)
    assert table.data["text/html"].count("<video") == 9
    assert "widgets" not in saved.metadata
    grid.notebook.wait_for_kernel()
    grid.notebook.shutdown()


def test_a_notebook_saved_while_the_grid_lived_opens_with_the_table_alone(app: App) -> None:
    grid = open_grid(app, "alive.ipynb")
    saved = grid.notebook.save()
    assert held_widget(saved.cells[1].outputs[0]), "it was saved alive"
    pid = int(tell(grid.notebook, "import os; print(os.getpid())"))
    app.page.evaluate("() => jupyterapp.shell.currentWidget.dispose()")
    os.kill(pid, signal.SIGKILL)
    again = Grid(app.open("alive.ipynb"))
    expect(again.table).to_be_visible()
    assert LOST not in again.output.inner_text()
    again.table.locator("summary").first.click()
    assert played(again.table.locator("video").first)["readyState"] == 4
    again.notebook.shutdown()
    changed = json.loads(json.dumps(saved).replace("A lamp turns", "A lamp returns"))
    nbformat.write(nbformat.from_dict(changed), app.root / "foreign.ipynb")
    foreign = Grid(app.open("foreign.ipynb"))
    assert not foreign.notebook.is_trusted()
    expect(foreign.table).to_be_visible()
    assert "A lamp returns" in foreign.output.inner_text()
    assert LOST not in foreign.output.inner_text()
    foreign.table.locator("summary").first.click()
    assert played(foreign.table.locator("video").first)["readyState"] == 4
    foreign.notebook.shutdown()


def test_it_works_in_notebook_7(app: App) -> None:
    if find_spec("notebook") is None:
        left_out("notebook is not installed")
    write_notebook(app.root / "classic.ipynb", [setting_up(), NINE])
    notebook = app.open_in_notebook_7("classic.ipynb")
    try:
        notebook.run(0, 1)
        grid = Grid(notebook).opened(9)
        expect(grid.table).to_be_hidden()
        grid.shot("zoom 0, seed 1").focus()
        grid.press("ArrowRight", "s")
        expect(grid.root.locator(".is-starred")).to_have_count(1)
        grid.button("Done").click()
        expect(grid.table).to_be_visible()
        notebook.shutdown()
    finally:
        app.reopen()


# --- over all of it -----------------------------------------------------------------------------------


def test_nothing_complained_and_nothing_was_asked_for_beyond_this_machine(app: App, working: Grid) -> None:
    hosts = {urlsplit(url).hostname for url in app.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    own = (*OWN_OF_JUPYTERLAB, *OWN_OF_NOTEBOOK_7)
    assert [words for words in app.complaints if not any(each.search(words) for each in own)] == []
