"""Two people have one notebook open at once: what both see of a cell, and whose the panel is."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
from lab import HERE, App, Notebook, find_chromium, jupyter_lab, played, start_chromium, tell
from playwright.sync_api import sync_playwright
from seen_panel import Seen, setting_up

from support.kernels import COLLABORATION, RESULT, left_out, shared_simulator
from support.notebooks import write_notebook

pytestmark = pytest.mark.browser

WITH_COLLABORATION = {
    "PYTHONPATH": f"{HERE}{os.pathsep}{COLLABORATION}",
    "JUPYTER_CONFIG_PATH": str(COLLABORATION / "etc" / "jupyter"),
    "JUPYTER_PATH": str(COLLABORATION / "share" / "jupyter"),
}
NAME = "together.ipynb"
SHOT = "%%runway shot --first lighthouse-dusk --seed {}\nA lighthouse at dusk"
PANEL = 3
"""The cell that ann runs; the last one is bob's."""
WHO = "() => jupyterapp.shell.currentWidget.content.model.sharedModel.awareness.getLocalState().user"
TRUST = "() => { for (const cell of jupyterapp.shell.currentWidget.content.model.cells) cell.trusted = true; }"
"""What "Trust" does. The command saves, too, and where the server has just saved, it asks what to do with the file."""
FIRST_POLL = "from runway_nb.jobs import poll_schedule; poll_schedule.FIRST_POLL = {}"
POLL = "_ = shot.refresh()"
FORCE = "button => button.click()"
"""Even where the page keeps every click of a mouse away from it."""


class People(NamedTuple):
    """Two browsers, each with a user of its own as far as the server knows."""

    ann: App
    bob: App

    @property
    def views(self) -> tuple[Notebook, Notebook]:
        return Notebook(self.ann, NAME), Notebook(self.bob, NAME)

    @property
    def panels(self) -> tuple[Seen, Seen]:
        ann, bob = self.views
        return Seen(ann, PANEL), Seen(bob, PANEL)


@pytest.fixture(scope="module")
def people(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    """The notebook open in both; ann has loaded the extension."""
    if not COLLABORATION.is_dir():
        left_out("no jupyter-collaboration found; make test installs it")
    root = tmp_path_factory.mktemp("together") / "notebooks"
    root.mkdir()
    (root.parent / "home").mkdir()
    write_notebook(root / NAME, [setting_up(), SHOT.format(1), SHOT.format(2), "%runway panel", "%runway panel"])
    with sync_playwright() as playwright:
        program = find_chromium(playwright)
        if program is None:
            left_out("no chromium found; make test installs one")
        with jupyter_lab(root, **WITH_COLLABORATION) as url:
            chromium = start_chromium(playwright, program)
            both = People(App(chromium, url, root), App(chromium, url, root))
            for app in both:
                app.open(NAME)
            both.views[0].run(0)
            yield both
            for app in both:
                app.close()
            chromium.close()


@pytest.fixture(scope="module")
def panels(people: People) -> tuple[Seen, Seen]:
    """The panel that ann has opened, as each of them sees it: bob, too, trusts the notebook."""
    ann, bob = people.views
    bob.page.evaluate(TRUST)
    ann.run(PANEL)
    return people.panels[0].opened(), people.panels[1].opened()


def owner_line(panel: Seen) -> str:
    return panel.root.locator(".rnb-owner").inner_text()


def generate(panel: Seen, prompt: str) -> None:
    panel.field("Prompt").fill(prompt)
    panel.until(f"p.request.prompt == {prompt!r}")
    panel.generate()


@contextlib.contextmanager
def dropped_polls() -> Iterator[None]:
    """No poll is answered meanwhile."""
    simulator = shared_simulator("panel")
    simulator.fault("get-drop", times=None)
    try:
        yield
    finally:
        simulator.clear_faults()


def kinds(notebook: Notebook) -> list[set[str]]:
    """What the panel's cell holds, in the notebook that both have open."""
    return notebook.page.evaluate(
        "cell => [...jupyterapp.shell.currentWidget.content.model.cells][cell].sharedModel.outputs"
        ".map(output => Object.keys(output.data))",
        PANEL,
    )


def test_the_other_one_sees_the_result_of_a_cell_without_trusting_the_notebook(people: People) -> None:
    ann, bob = people.views
    ann.run(1)
    for seen in (ann, bob):
        assert played(seen.video(1))["readyState"] == 4


def test_both_see_the_card_move_where_both_trust_the_notebook(people: People, panels: Any) -> None:
    ann, bob = people.views
    tell(ann, FIRST_POLL.format(600))
    ann.run(2)
    for seen in (ann, bob):
        seen.wait_for_text(2, "Queued at Runway")
    with dropped_polls():
        tell(ann, POLL)
        for seen in (ann, bob):
            seen.wait_for_text(2, "No connection")
    tell(ann, FIRST_POLL.format(0.3))  # not before: it is read once the create is answered
    tell(ann, POLL)
    for seen in (ann, bob):
        assert played(seen.video(2))["readyState"] == 4


def test_the_panel_works_for_who_opened_it_and_the_other_one_is_told(people: People, panels: tuple[Seen, Seen]) -> None:
    ann, bob = panels
    name = ann.page.evaluate(WHO)["display_name"]
    line = f"{name} has opened this panel and alone can send from it: %runway panel opens your own."
    assert owner_line(bob) == line
    assert ann.root.locator(".rnb-owner").count() == 0
    generate(ann, "A harbour in the morning")
    for panel in panels:
        panel.wait_for_videos(1)
        assert played(panel.videos.first)["readyState"] == 4


def test_nothing_is_sent_by_the_other_one(people: People, panels: tuple[Seen, Seen]) -> None:
    ann, bob = panels
    ann.field("Prompt").fill("A meadow in the rain")
    ann.until("p.request.prompt == 'A meadow in the rain'")
    bob.wait_for_generate()
    sent, made = shared_simulator("panel").counts(), ann.asked("len(p.jobs)")
    assert bob.root.locator(".rnb-frame").evaluate("frame => frame.inert")
    bob.button("Generate").evaluate(FORCE)
    # bob's connection carries one thing after the other
    assert bob.asked("len(p.jobs)") == made == "1"
    assert shared_simulator("panel").counts() == sent


def test_a_panel_is_the_same_person_s_after_the_page_was_closed(people: People, panels: tuple[Seen, Seen]) -> None:
    people.ann.reopen()
    people.ann.open(NAME)
    ann, bob = people.panels
    ann.root.locator(".rnb-frame").wait_for()
    generate(ann, "A harbour in the evening")
    for panel in (ann, bob):
        panel.wait_for_videos(2)
    assert len(kinds(ann.notebook)) == len(kinds(bob.notebook)) == 2
    assert ann.root.locator(".rnb-owner").count() == 0
    assert bob.root.locator(".rnb-owner").count() == 1


def test_who_runs_the_cell_next_has_a_panel_of_their_own(people: People, panels: tuple[Seen, Seen]) -> None:
    _, bob = people.views
    bob.run(PANEL + 1)
    ann_s, bob_s = (Seen(view, PANEL + 1) for view in people.views)
    bob_s.opened()
    name = bob.page.evaluate(WHO)["display_name"]
    assert owner_line(ann_s).startswith(f"{name} has opened this panel")
    assert bob_s.root.locator(".rnb-owner").count() == 0
    generate(bob_s, "A city at night")
    for panel in (ann_s, bob_s):
        panel.wait_for_videos(1)


def test_neither_the_file_nor_a_page_says_more_of_a_person_than_the_name(
    people: People, panels: tuple[Seen, Seen]
) -> None:
    ann, bob = people.views
    users = [view.page.evaluate(WHO) for view in (ann, bob)]
    saved = str(ann.save())
    for user in users:
        assert user["username"] not in saved
        assert user["display_name"] not in saved
        assert all(user["username"] not in view.page.content() for view in (ann, bob))


def test_one_text_stands_in_the_panel_s_place_when_the_kernel_ends(people: People, panels: tuple[Seen, Seen]) -> None:
    ann, bob = people.views
    bob.restart()
    for panel in people.panels:
        panel.root.wait_for(state="detached")
        panel.output.get_by_text("Its kernel has ended").first.wait_for()
    assert tell(ann, "print(1)") == "1"
    assert [set(one) for one in kinds(ann)] == [set(one) for one in kinds(bob)] == [RESULT, RESULT]
