"""Compared clips in JupyterLab: in step, with a divider, in turns, as their difference, and what stays of them."""

from __future__ import annotations

import json
import shutil

import nbformat
import pytest
from barriers import barrier_script, barriers
from lab import LOAD, LOST, OWN_OF_JUPYTERLAB, WIDEN, App, held_widget, tell

pytest.importorskip("av")

from playwright.sync_api import expect
from seen_comparison import SeenComparison

from support.grey_clips import BLACK, WHITE, grey_clip
from support.notebooks import write_notebook

pytestmark = pytest.mark.browser

STEP = 0.05
"""Seconds by which clips that play in step may be apart."""
SHOT = "%%runway shot --first lighthouse-dusk --zoom 4 --seed 1 --wait\nA lighthouse at dusk"
CELLS = [LOAD, "%runway compare grey.mp4 same.mp4 short.mp4", SHOT, "%runway compare shot tall.mp4"]
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


@pytest.fixture(scope="module")
def shown(app: App) -> SeenComparison:
    """Three clips of a known grey: two are equal, one is half as long."""
    grey_clip(app.root / "grey.mp4", 5.0)
    shutil.copy(app.root / "grey.mp4", app.root / "same.mp4")
    grey_clip(app.root / "short.mp4", 2.5)
    grey_clip(app.root / "tall.mp4", 1.0, (96, 160))
    write_notebook(app.root / "compared.ipynb", CELLS)
    notebook = app.open("compared.ipynb")
    notebook.run(0, 1)
    return SeenComparison(notebook, 1).ready()


@pytest.fixture
def grey(shown: SeenComparison) -> SeenComparison:
    """The three clips as they begin."""
    shown.stage.press("2")
    shown.choose("Left", "A")
    shown.choose("Right", "B")
    shown.stage.press("1")
    shown.seek(0)
    return shown


# --- time ---------------------------------------------------------------------------------------------


def test_nothing_plays_by_itself(shown: SeenComparison) -> None:
    expect(shown.button("Play")).to_be_visible()
    assert shown.root.locator(".rnb-cmp-clock").inner_text() == "2.5 s", "where they differ already"
    assert shown.root.locator("video, audio").count() == 0


def test_clips_play_in_step_and_a_shorter_one_holds_its_last_frame(grey: SeenComparison) -> None:
    seen = grey.played(3.2)
    assert len(seen) > 8
    assert max(one[0][0] for one in seen) > 2.6, "it has come further than the short clip goes"
    for (a, grey_a), (b, grey_b), (c, grey_c) in seen:
        assert abs(a - b) < STEP
        assert abs(min(a, 2.5) - c) < STEP
        assert grey_a == grey_b
        for time, level, length in ((a, grey_a, 5.0), (c, grey_c, 2.5)):
            assert level == pytest.approx(BLACK + (WHITE - BLACK) * time / length, abs=9)
    grey.seek(3)
    short = grey.root.locator(".rnb-cmp-clip").nth(2)
    expect(short).to_contain_text("ended at 2.5 s, holds its last frame")
    expect(grey.button("Play")).to_be_visible()


def test_one_frame_at_a_time_by_button_and_key(grey: SeenComparison) -> None:
    first = grey.root.locator(".rnb-cmp-clip canvas").first
    grey.button("One frame forward").click()
    assert first.get_attribute("data-seconds") == "0.083"
    grey.stage.press("ArrowRight")
    grey.stage.press(".")
    assert first.get_attribute("data-seconds") == "0.250"
    grey.stage.press("End")
    assert first.get_attribute("data-seconds") == "5.000"
    grey.stage.press(",")
    assert first.get_attribute("data-seconds") == "4.917"


def test_the_speed_is_kept(grey: SeenComparison) -> None:
    grey.root.get_by_label("Speed").select_option("0.25")
    slow = grey.played(1.0)[-1][0][0]
    grey.root.get_by_label("Speed").select_option("1")
    assert slow == pytest.approx(0.25, abs=0.15)


# --- ways to look -------------------------------------------------------------------------------------


def test_the_divider_is_moved_by_mouse_and_by_keys(grey: SeenComparison) -> None:
    grey.view("Wipe")
    grey.choose("Right", "C")
    grey.seek(2.5)
    box = grey.over.bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    grey.page.mouse.move(box["x"] + box["width"] / 2, middle)
    grey.page.mouse.down()
    grey.page.mouse.move(box["x"] + box["width"] * 0.25, middle, steps=4)
    grey.page.mouse.up()
    divider = grey.slider("Divider")
    assert divider.input_value() == "25"
    half = BLACK + (WHITE - BLACK) / 2
    assert grey.pixel(0.2)[0] == pytest.approx(half, abs=9)
    assert grey.pixel(0.3)[0] == pytest.approx(WHITE, abs=9)
    divider.press("ArrowRight")
    assert divider.get_attribute("aria-valuetext") == "A 26 %, C 74 %"
    grey.stage.press("ArrowLeft")
    assert divider.input_value() == "24"
    divider.press("End")
    assert grey.pixel(0.9)[0] == pytest.approx(half, abs=9)


def test_keys_show_one_clip_and_the_other_for_as_long_as_space_is_held(grey: SeenComparison) -> None:
    cells = grey.page.locator(".jp-Notebook .jp-Cell").count()
    grey.stage.press("2")
    grey.choose("Right", "C")
    grey.seek(2.5)
    grey.stage.press("a")
    chip = grey.root.locator(".rnb-cmp-chip").first
    expect(chip).to_have_text("Showing A grey.mp4")
    half = grey.pixel()[0]
    grey.page.keyboard.down(" ")
    expect(chip).to_have_text("Showing C short.mp4")
    assert grey.pixel()[0] > half + 80
    assert grey.said() == "Showing C short.mp4"
    grey.page.keyboard.up(" ")
    expect(chip).to_have_text("Showing A grey.mp4")
    grey.stage.press("b")
    expect(chip).to_have_text("Showing B same.mp4")
    assert grey.root.get_by_role("radio", name="B", exact=True).is_checked()
    assert grey.pixel()[0] == half
    assert grey.page.locator(".jp-Notebook .jp-Cell").count() == cells, "no key has come to the notebook"


def test_the_difference_is_black_for_equal_clips_and_bright_for_others(grey: SeenComparison) -> None:
    grey.view("Difference")
    grey.seek(2.5)
    assert grey.brightest() == 0
    expect(grey.root).to_contain_text("At 2.5 s they differ by 0.0 % on average.")
    grey.choose("Right", "C")
    assert min(grey.pixel()) > 230
    expect(grey.root).to_contain_text(
        "Black: A and C are equal there. The brighter, the more they differ, amplified 4 times."
    )
    grey.root.get_by_label("Amplified").select_option("0")
    assert grey.pixel()[0] == pytest.approx((WHITE - BLACK) / 2, abs=9)
    grey.root.get_by_label("Amplified").select_option("2")


# --- jobs ---------------------------------------------------------------------------------------------


def test_a_clip_is_starred_and_unequal_shapes_are_said(shown: SeenComparison) -> None:
    shown.notebook.run(2, 3)
    found = SeenComparison(shown.notebook, 3).ready()
    star = found.root.locator(".rnb-cmp-star").first
    assert star.get_attribute("aria-pressed") == "false"
    star.click()
    assert star.get_attribute("aria-pressed") == "true"
    expect(found.durable).to_contain_text("starred")
    assert tell(shown.notebook, "print(shot.star)") == "True"
    assert found.root.locator(".rnb-cmp-star").last.is_hidden(), "a file has no star"
    tell(shown.notebook, "shot.star = False")
    expect(star).to_have_attribute("aria-pressed", "false")
    found.stage.press("2")
    expect(found.root).to_contain_text("The clips differ in shape")


def test_the_table_is_hidden_until_its_details_are_asked_for(shown: SeenComparison) -> None:
    expect(shown.durable).to_be_hidden()
    shown.button("Details").click()
    expect(shown.durable).to_be_visible()
    shown.button("Details").click()
    expect(shown.durable).to_be_hidden()


# --- for everybody, and what stays --------------------------------------------------------------------


def test_nobody_is_kept_out_and_nothing_is_cut_off(app: App, grey: SeenComparison) -> None:
    grey.page.evaluate(barrier_script())
    for theme in (LIGHT, DARK):
        app.theme(theme)
        for width in (900, 300):
            grey.page.evaluate(WIDEN, width)
            for view in "1234":
                grey.stage.press(view)
                grey.page.wait_for_timeout(100)
                passes, bad = barriers(grey.root)
                assert passes >= 12
                assert bad == [], (theme, width, view)
                assert grey.root.evaluate("root => root.scrollWidth <= root.clientWidth + 1"), (width, view)
    app.theme(LIGHT)


def test_a_page_that_is_loaded_anew_plays_them_again_and_calmly_where_that_is_asked_for(
    app: App, grey: SeenComparison
) -> None:
    saved = grey.notebook.save()
    live, table = saved.cells[1].outputs
    assert (live.data, set(table.data)) == ({"text/plain": ""}, {"text/html", "text/plain"})
    assert held_widget(live)
    app.reopen()
    app.page.emulate_media(reduced_motion="reduce")
    notebook = app.open(grey.notebook.name)
    again = SeenComparison(notebook, 1).ready()
    expect(again.durable).to_be_hidden()
    assert not again.root.get_by_label("Loop").is_checked()
    assert len(again.played(0.5)) > 1, "it plays"


def test_the_table_is_there_when_the_kernel_has_gone_and_in_the_file_without_kernel_and_trust(app: App) -> None:
    notebook = app.open("compared.ipynb")
    live = SeenComparison(notebook, 1).ready()
    saved = notebook.save()
    notebook.restart()
    expect(live.durable).to_be_visible()
    expect(live.root).to_be_hidden()
    notebook.shutdown()
    nbformat.write(
        nbformat.from_dict(json.loads(json.dumps(saved).replace("grey.mp4", "dark.mp4"))), app.root / "b.ipynb"
    )
    shutil.copy(app.root / "grey.mp4", app.root / "dark.mp4")
    for name, is_trusted in (("compared.ipynb", True), ("b.ipynb", False)):
        opened = app.open(name)
        assert opened.is_trusted() == is_trusted
        found = SeenComparison(opened, 1)
        expect(found.durable).to_be_visible()
        assert found.durable.locator("video").count() == 3
        assert LOST not in opened.output(1).inner_text()
        opened.shutdown()
    assert [one for one in app.complaints if not any(own.search(one) for own in OWN_OF_JUPYTERLAB)] == []
