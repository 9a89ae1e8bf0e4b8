"""Panel, card and grid for those who need larger text, colours of their own, no motion, a finger or a screen reader."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from engines import Cells, EngineLab
from lab import tell
from legible import ILLEGIBLE
from seen_panel import setting_up

from runway_nb.spec import POSITIONS

pytestmark = pytest.mark.browser

SLOW = "from runway_nb.jobs import poll_schedule as s; s.FIRST_POLL = s.LONGEST = s.SHORTEST = 600"
GRID = "%%runway grid --yes --sweep zoom=-5,0,5 --sweep seed=1..2\nA lamp turns in the fog of a harbour"
NEVER = "%%runway --pan 2\nNever seen to its end, so that its card stays: in"
HEADER = ".jupyter-widget-Collapse-header"
STYLE = """([selector, name, part]) =>
  getComputedStyle(document.querySelector(selector), part ?? null).getPropertyValue(name)"""
MOVING = """() => [...document.querySelectorAll('.rnb-root *')].filter(node => {
  const {transitionDuration, animationName} = getComputedStyle(node);
  return animationName !== 'none' || transitionDuration.split(',').some(text => parseFloat(text) > 0);
}).map(node => node.className)"""


def shown(lab: EngineLab) -> Cells:
    """Panel, finished grid and moving card, one below the other."""
    cells = lab.written("access", setting_up(), "%runway panel", GRID, f"{NEVER} {lab.engine}")
    cells.run(0, 1, 2)
    cells.box(1, ".rnb-scrub")
    cells.until(1, ".rnb-panel", "panel => /\\d+ images/.test(panel.innerText)")
    cells.until(2, ".rnb-live-grid", "grid => grid.innerText.includes('6 of 6 done')")
    tell(cells, SLOW)
    cells.start(3)
    cells.until(3, ".rnb-card", "card => card.innerText.includes('Queued at Runway')")
    return cells


# --- text of twice the size -----------------------------------------------------------------------------


@pytest.mark.firefox
def test_text_of_twice_its_size_is_neither_cut_off_nor_covered(labs: Callable[[str], EngineLab]) -> None:
    lab = labs("firefox")
    lab.tab.connection.zoom_text(2)
    cells = shown(lab)
    for header in range(2):
        cells.look(
            1, ".rnb-panel", f"panel => panel.querySelectorAll('.jupyter-widget-Collapse-header')[{header}].click()"
        )
    cells.until(1, ".rnb-panel", "panel => panel.querySelectorAll('.jupyter-widget-Collapse-open').length === 2")
    for cell, part in ((1, ".rnb-panel"), (2, ".rnb-live-grid"), (3, ".rnb-card")):
        size = cells.look(cell, part, "node => parseFloat(getComputedStyle(node).fontSize)")
        assert size == 26, "the text is larger"
        assert cells.look(cell, part, ILLEGIBLE) == [], part
    lab.tab.connection.zoom_text(1)
    cells.shutdown()


# --- colours, motion, a finger --------------------------------------------------------------------------


@pytest.fixture(scope="module")
def seen(labs: Callable[[str], EngineLab]) -> Cells:
    """All three in Chromium."""
    return shown(labs("chromium"))


@pytest.fixture
def forced(seen: Cells) -> Iterator[Callable[..., str]]:
    """The value of a style, with the colours of a user's own."""
    page: Any = seen.tab.page
    page.emulate_media(forced_colors="active")
    yield lambda selector, name, part=None: page.evaluate(STYLE, [selector, name, part])
    page.emulate_media(forced_colors="none")


def test_with_forced_colours_controls_and_their_states_are_told_apart(seen: Cells, forced: Callable[..., str]) -> None:
    option = ".rnb-panel .widget-radio-box label"
    assert forced(f"{option}:has(:checked)", "outline-style") == "solid"
    assert forced(f"{option}:not(:has(:checked))", "outline-style") == "none"
    page = forced("body", "background-color")
    assert forced(".rnb-axis-zoom .noUi-target", "background-color") != page
    assert forced(".rnb-axis-zoom .noUi-handle", "border-top-color") != page
    enabled, disabled = (forced(f".rnb-panel .jupyter-button:{which}", "color") for which in ("enabled", "disabled"))
    assert enabled != disabled
    assert forced(".rnb-card", "border-top-style") == "solid"
    assert forced(".rnb-card .rnb-bar", "border-top-style") == "solid"


def test_with_forced_colours_stars_and_rejections_are_seen(seen: Cells, forced: Callable[..., str]) -> None:
    tell(seen, "grid.jobs[0].star = True; grid.jobs[1].rejected = True")
    seen.until(2, ".rnb-live-grid", "grid => grid.querySelector('.is-starred') && grid.querySelector('.is-rejected')")
    starred = forced(".rnb-shot.is-starred .rnb-box", "border-top-color", "::after")
    assert starred != forced("body", "background-color")
    assert forced(".rnb-shot.is-rejected .rnb-box", "border-top-style") == "dashed"
    assert forced(".rnb-shot:not(.is-rejected) .rnb-box", "border-top-style") != "dashed"


@pytest.mark.parametrize(
    "selector",
    [".rnb-panel .rnb-copy", ".rnb-panel .rnb-text textarea", ".rnb-axis-zoom .noUi-handle",
     ".rnb-panel .rnb-check input", ".rnb-live-grid .rnb-shot", ".rnb-card .jupyter-button"],
)  # fmt: skip
def test_with_forced_colours_the_focus_is_seen(seen: Cells, forced: Callable[..., str], selector: str) -> None:
    seen.tab.page.keyboard.press("Tab")  # whoever uses the keyboard is shown the focus
    seen.tab.evaluate("selector => document.querySelector(selector).focus()", selector)
    assert forced(selector, "outline-style") != "none"
    assert float(forced(selector, "outline-width").removesuffix("px")) >= 2
    seen.tab.evaluate("() => document.activeElement.blur()")


def test_with_reduced_motion_nothing_moves_by_itself(seen: Cells) -> None:
    page: Any = seen.tab.page
    page.emulate_media(reduced_motion="reduce")
    assert page.evaluate(MOVING) == []
    page.emulate_media(reduced_motion="no-preference")


def test_a_finger_stars_a_shot_of_the_grid_and_moves_its_time(seen: Cells) -> None:
    session = seen.tab.page.context.new_cdp_session(seen.tab.page)

    def touch(kind: str, *places: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in places]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    box = seen.box(2, ".rnb-shot:not(.is-starred, .is-rejected) .rnb-star")
    touch("touchStart", (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2))
    touch("touchEnd")
    seen.until(2, ".rnb-live-grid", "grid => grid.querySelectorAll('.is-starred').length >= 1")
    box = seen.box(2, ".rnb-scrub")
    before = seen.look(2, ".rnb-scrub", "scrub => Number(scrub.value)")
    y = box["y"] + box["height"] / 2
    touch("touchStart", (box["x"] + box["width"] * 0.9, y))
    for share in (0.7, 0.5, 0.3):
        touch("touchMove", (box["x"] + box["width"] * share, y))
    touch("touchEnd")
    assert seen.look(2, ".rnb-scrub", "scrub => Number(scrub.value)") != before


# --- a screen reader ------------------------------------------------------------------------------------

NAMED = (
    'combobox "Model"', 'group "Camera preview"', 'slider "pan"', 'textbox "pan, typed value',
    'combobox "First keyframe"', 'button "Picture for the last keyframe"', 'textbox "Prompt"', 'radiogroup "Aspect"',
    'radio "as first" [checked]', 'textbox "Seed"', 'button "Generate" [disabled]',
)  # fmt: skip


def test_each_control_of_the_panel_has_a_role_and_a_name_of_its_own(seen: Cells) -> None:
    tree = seen.tab.page.locator(".rnb-panel").aria_snapshot()
    assert [name for name in NAMED if name not in tree] == []
    controls = re.findall(r"- '?(button|combobox|slider|textbox|checkbox)( \"[^\"]+\")?", tree)
    assert len(controls) > 40
    assert [role for role, name in controls if not name] == []
    assert [name for (_, name), count in Counter(controls).items() if count > 1] == []
    assert [name for name in POSITIONS if f'button "Clear the {name} keyframe"' not in tree] == []


def test_what_is_wrong_when_the_panel_opens_is_not_read_out_before_the_user_does_it(seen: Cells) -> None:
    prompt = seen.tab.page.locator(".rnb-panel .rnb-text textarea")
    problem = seen.tab.page.locator(".rnb-panel .rnb-problem")
    assert "nothing to generate from" in problem.inner_text()
    assert problem.get_attribute("role") is None
    prompt.fill("A lamp")
    problem.wait_for(state="detached")
    prompt.fill("")
    seen.tab.page.get_by_role("alert").filter(has_text="nothing to generate from").wait_for()


def test_a_screen_reader_is_told_how_a_job_of_a_cell_ends(labs: Callable[[str], EngineLab]) -> None:
    lab = labs("chromium")
    cells = lab.written("told", setting_up(), "%%runway --pan 3\nTold to its end")
    cells.run(0, 1)
    lab.tab.wait_for_function(
        "() => document.querySelector('body > [role=log]')?.textContent.includes('video is there')"
    )
    said = lab.tab.evaluate(
        "() => [...document.querySelectorAll('body > [role=log] > *')].map(line => line.textContent)"
    )
    assert len(said) == len(set(said)) <= 4, "each step is said once"
    assert all(re.fullmatch(r"Job [0-9a-f]{8}: [^%]{5,30}\.", line) for line in said), said
    cells.shutdown()
