"""Sweeps from the panel, the button above a price, and the way from a result back into the panel, in JupyterLab."""

from __future__ import annotations

import json
import os
import re
import signal
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from barriers import barrier_script
from lab import LOST, OWN_OF_JUPYTERLAB, WIDEN, App, Notebook, held_widget, tell
from playwright.sync_api import Locator
from seen_panel import Seen, open_panel, setting_up

from support.kernels import RESULT, shared_simulator

pytestmark = pytest.mark.browser

LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"
VIOLATIONS = """async part => {
  const found = await axe.run(part);
  return {passes: found.passes.length, bad: found.violations.filter(v => ['serious', 'critical'].includes(v.impact))
    .map(v => [v.id, v.nodes.map(node => [node.html, node.any.concat(node.all, node.none).map(c => c.message)])])};
}"""
OUTSIDE = """part => { const {left, right} = part.getBoundingClientRect();
  return [...part.querySelectorAll('*')].filter(node => !node.closest('.rnb-style')).filter(node => {
    const box = node.getBoundingClientRect(); return box.width > 1 && (box.right > right + 1 || box.left < left - 1);
  }).map(node => node.className); }"""
TYPE_AND_PRESS = """(part, text) => {
  const field = part.querySelector('.rnb-vary-values input');
  field.value = text;
  field.dispatchEvent(new Event('input', {bubbles: true}));
  part.querySelector('.rnb-vary-send').click();
}"""
CLIPBOARD = "() => navigator.clipboard.readText()"
Open = Callable[..., Notebook]


@pytest.fixture(autouse=True)
def quiet(app: App) -> Iterator[None]:
    """The page complains of nothing that is ours."""
    yield
    complaints = [text for text in app.complaints if not any(known.search(text) for known in OWN_OF_JUPYTERLAB)]
    app.complaints.clear()
    assert complaints == []


def creates() -> int:
    return shared_simulator("panel").counts()["creates_received"]


class Sweeping(Seen):
    """A panel whose sweep is unfolded."""

    def unfold(self) -> Sweeping:
        self.root.get_by_role("button", name="Sweep: several shots at once").click()
        self.name("Across").wait_for()
        return self

    @property
    def part(self) -> Locator:
        return self.root.locator(".rnb-vary")

    def name(self, way: str) -> Locator:
        return self.root.get_by_role("combobox", name=way, exact=True)

    def vary(self, way: str, label: str, values: str) -> None:
        self.name(way).select_option(label)
        self.field(f"Values {way.lower()}").fill(values)


def open_sweep(app: App, name: str, *more: str) -> Sweeping:
    panel = open_panel(app, name, *more)
    return Sweeping(panel.notebook).unfold()


def test_a_grid_is_chosen_priced_copied_and_generated(app: App) -> None:
    panel = open_sweep(app, "grid.ipynb")
    app.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    panel.field("Prompt").fill("A {{style}} lighthouse")
    panel.vary("Across", "zoom", "-5, 5")
    panel.vary("Down", "{{style}} of the prompt", 'noir, "ink, wet"')
    panel.part.get_by_text("4 shots, 100 credits", exact=True).wait_for()
    before = creates()
    panel.button("Copy sweep as cell").click()
    panel.root.get_by_text("Cell text copied.").wait_for(state="attached")
    cell = app.page.evaluate(CLIPBOARD)
    assert cell == '%%runway --sweep zoom=-5,5 --sweep style=noir,"ink, wet"\nA {{style}} lighthouse'
    assert creates() == before
    panel.button("Generate 4 shots").click()
    panel.output.get_by_text("4 of 4 done").first.wait_for()
    assert creates() == before + 4
    assert panel.asked("(p.sweep.cell, len(p.jobs))") == str((cell, 4))
    panel.part.get_by_text("4 of them are there already for 0").wait_for()
    panel.notebook.saved_when(lambda saved: saved.cells[1].outputs[-1].data["text/html"].count("<video") == 4)
    panel.notebook.shutdown()


def test_the_inserted_cell_shows_what_the_panel_made_for_nothing(app: App) -> None:
    panel = open_sweep(app, "inserted.ipynb")
    panel.field("Prompt").fill("A lamp that is inserted")
    panel.root.get_by_text("10 s", exact=True).click()
    panel.vary("Across", "zoom", "1..2")
    panel.button("Generate 2 shots").click()
    panel.output.get_by_text("2 of 2 done").first.wait_for()
    before = creates()
    panel.button("Insert sweep below").click()
    panel.root.get_by_text("Cell inserted below.").wait_for(state="attached")
    panel.notebook.run(2)
    panel.notebook.wait_for_text(2, "2 of 2 done")
    assert creates() == before
    panel.notebook.shutdown()


def test_above_the_limit_a_second_button_says_the_price(app: App) -> None:
    panel = open_sweep(app, "limit.ipynb")
    panel.field("Prompt").fill("A dear lamp")
    panel.vary("Across", "zoom", "1..5")
    before = creates()
    panel.button("Generate 5 shots").dblclick()
    panel.button("Send 5 shots (125 credits)").wait_for()
    assert creates() == before, "a double click is no yes"
    panel.button("Not now").click()
    panel.button("Send 5 shots (125 credits)").wait_for(state="detached")
    panel.button("Generate 5 shots").click()
    panel.button("Send 5 shots (125 credits)").click()
    panel.output.get_by_text("5 of 5 done").first.wait_for()
    assert creates() == before + 5
    panel.notebook.shutdown()


def test_a_press_that_overtakes_what_is_typed_sends_nothing_at_a_price_that_was_not_shown(app: App) -> None:
    panel = open_sweep(app, "overtaken.ipynb")
    panel.field("Prompt").fill("A lamp overtaken")
    panel.vary("Across", "zoom", "1, 2")
    panel.part.get_by_text("2 shots, 50 credits", exact=True).wait_for()
    panel.button("Generate 2 shots").wait_for()
    before = creates()
    panel.part.evaluate(TYPE_AND_PRESS, "1, 2, 3")
    panel.root.get_by_text("The price of the sweep has changed").wait_for()
    assert creates() == before
    panel.button("Generate 3 shots").click()
    panel.output.get_by_text("3 of 3 done").first.wait_for()
    panel.notebook.shutdown()


def test_it_is_done_with_the_keyboard_alone(app: App) -> None:
    panel = open_panel(app, "keys.ipynb")
    sweeping = Sweeping(panel.notebook)
    panel.field("Prompt").fill("By hand, several")
    keyboard = panel.page.keyboard
    head = panel.root.get_by_role("button", name="Sweep: several shots at once")
    head.focus()
    keyboard.press("Enter")
    sweeping.name("Across").wait_for()
    assert head.get_attribute("aria-expanded") == "true"
    keyboard.press("Tab")
    keyboard.type("roll")
    keyboard.press("Tab")
    panel.until("p.store.state.sweep.axes[0].name == 'roll'")
    keyboard.type("0, 1")
    panel.button("Generate 2 shots").wait_for()
    for _ in range(8):
        keyboard.press("Tab")
        if "Generate 2 shots" in panel.page.evaluate("() => document.activeElement.innerText"):
            break
    keyboard.press("Enter")
    panel.output.get_by_text("2 of 2 done").first.wait_for()
    assert len(panel.notebook.save().cells) == 2
    panel.notebook.shutdown()


def test_nothing_keeps_anybody_out_and_it_fits(app: App) -> None:
    panel = open_sweep(app, "axe.ipynb")
    panel.field("Prompt").fill("A {{style}} lamp")
    panel.vary("Across", "zoom", "1..5")
    panel.button("Generate 5 shots").click()
    panel.button("Send 5 shots (125 credits)").wait_for()
    panel.vary("Down", "{{style}} of the prompt", '"open')
    panel.root.get_by_text("a quotation mark is left open").wait_for()
    panel.page.evaluate(barrier_script())
    for theme in (LIGHT, DARK):
        app.theme(theme)
        for width in (900, 560, 360):
            panel.page.evaluate(WIDEN, width)
            panel.page.wait_for_timeout(200)
            seen = panel.part.evaluate(VIOLATIONS)
            assert seen["passes"] >= 5
            assert seen["bad"] == [], (theme, width)
            assert panel.root.evaluate(OUTSIDE) == [], width
    panel.notebook.shutdown()


# --- the button in a cell -----------------------------------------------------------------------------


def offering(notebook: Open, words: str) -> Notebook:
    opened = notebook(setting_up(), f"%%runway grid --takes 5\nA lamp, {words}")
    opened.run(0, 1)
    opened.output(1).get_by_role("button", name="Send 5 shots (125 credits)").wait_for()
    return opened


def is_saved_alive(saved: Any) -> bool:
    """True when the widget of the button is in the file."""
    return held_widget(saved.cells[1].outputs[1]) != ""


def test_a_cell_asks_and_a_press_sends_and_shows_in_its_place(app: App, notebook: Open) -> None:
    before = creates()
    opened = offering(notebook, "sent")
    output = opened.output(1)
    output.get_by_text("Not sent yet: 5 shots, 125 credits").wait_for()
    assert creates() == before
    assert tell(opened, "print('grid' in globals())") == "False"
    app.page.evaluate(barrier_script())
    for theme in (LIGHT, DARK):
        app.theme(theme)
        assert output.locator(".rnb-root").evaluate(VIOLATIONS)["bad"] == [], theme
    output.get_by_role("button", name="Send 5 shots").dblclick()
    output.get_by_text(re.compile("5 of 5 done")).first.wait_for()
    assert output.get_by_role("button", name="Send 5 shots").count() == 0
    assert creates() == before + 5
    assert tell(opened, "print(len(grid.jobs))") == "5"


def test_saved_and_opened_without_a_kernel_the_text_says_what_to_do(app: App, notebook: Open) -> None:
    opened = offering(notebook, "declined")
    opened.save()
    opened.output(1).get_by_role("button", name="Not now").click()
    opened.output(1).get_by_text("Nothing was sent: run the cell again with --yes").first.wait_for()
    # the text takes the widget's place a moment after the press
    saved = opened.saved_when(lambda saved: "widget" not in json.dumps([cell.outputs for cell in saved.cells]))
    text, rest = saved.cells[1].outputs
    assert set(text.data) == RESULT
    assert "Not sent: 5 shots, 125 credits" in text.data["text/plain"]
    assert rest.data.get("text/html", "") == ""


def test_a_kernel_that_is_killed_leaves_the_text(app: App, notebook: Open) -> None:
    opened = offering(notebook, "killed")
    # the script that keeps the text may still be loading, and its widget is saved once it is there
    opened.saved_when(is_saved_alive)
    pid = int(tell(opened, "import os; print(os.getpid())"))
    app.page.evaluate("() => jupyterapp.shell.currentWidget.dispose()")
    os.kill(pid, signal.SIGKILL)
    again = app.open(opened.name)
    again.output(1).get_by_text("Nothing was sent").wait_for()
    app.page.wait_for_timeout(1000)
    shown = again.output(1).inner_text()
    assert "run the cell again with --yes" in shown
    assert LOST not in shown
    again.shutdown()


# --- back into the panel ------------------------------------------------------------------------------


def test_a_panel_is_opened_from_a_callback_and_the_next_one_opens_in_it(app: App, notebook: Open) -> None:
    """A widget that stands on the page already takes the new panel; a second job opens in the same one."""
    code = (
        "import ipywidgets\n"
        "from runway_nb import VideoRequest\n"
        "from runway_nb.notebook.panel.opening import open_in_panel\n"
        "from runway_nb.shortcuts import default_studio\n"
        "place = ipywidgets.VBox()\n"
        "def put(panel): place.children = [*place.children, panel]\n"
        "def go(words): open_in_panel(VideoRequest(words), default_studio(), put, print)\n"
        "buttons = [ipywidgets.Button(description=words) for words in ('One lamp', 'Two lamps')]\n"
        "for button in buttons: button.on_click(lambda button: go(button.description))\n"
        "ipywidgets.VBox([*buttons, place])"
    )
    opened = notebook(setting_up(), code)
    opened.run(0, 1)
    output = opened.output(1)
    for words in ("One lamp", "Two lamps", "One lamp"):
        output.get_by_role("button", name=words).click()
        opened.page.wait_for_function(
            "words => [...document.querySelectorAll('.rnb-text textarea')].some(field => field.value === words)",
            arg=words,
        )
        assert output.locator(".rnb-panel").count() == 1
    assert output.locator(".rnb-text textarea").first.evaluate("field => field === document.activeElement")
    output.get_by_role("button", name="Generate", exact=True).click()
    output.locator("video").first.wait_for()
