"""The panel as JupyterLab and Notebook 7 show it: what a user does with it, with the mouse and without."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from importlib.util import find_spec
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit

import pytest
from barriers import barrier_script, barriers
from lab import LOST, OWN_OF_JUPYTERLAB, OWN_OF_NOTEBOOK_7, SLEEP, WIDEN, App, held_widget, played, tell
from PIL import Image
from playwright.sync_api import FilePayload, expect
from seen_panel import Seen, open_panel, setting_up

from support.kernels import RESULT, left_out, shared_simulator
from support.notebooks import write_notebook
from support.picture_files import pixel

pytestmark = pytest.mark.browser

PROMPT = "A lighthouse at dusk, slow waves"
COPY_AS = "Copy as\N{HORIZONTAL ELLIPSIS}"
LIGHT, DARK = "JupyterLab Light", "JupyterLab Dark"


def png(colour: str, size: tuple[int, int] = (640, 640)) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, "PNG")
    return out.getvalue()


@pytest.fixture(scope="module")
def working(app: App) -> Seen:
    """The panel that most of the tests work with."""
    return open_panel(app, "panel.ipynb", SLEEP)


@pytest.fixture
def panel(working: Seen) -> Seen:
    """The same panel with everything as at the beginning."""
    working.reset()
    return working


# --- choosing -----------------------------------------------------------------------------------------


def test_a_chosen_asset_stands_at_its_position_and_in_the_preview(panel: Seen) -> None:
    names = panel.offered()
    assert names[0] == "none"
    assert {"lighthouse-dusk", "portrait-forest"} <= set(names)
    assert [panel.offered(name) for name in ("Middle", "Last")] == [names, names]
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.wait_for_pictures(1)
    assert panel.position("First").get_by_text("fits").is_visible()
    assert panel.root.get_by_text("Choose a first keyframe").count() == 0
    panel.until("p.request.keyframes == Keyframes(first='lighthouse-dusk')")


def test_only_pictures_are_offered(panel: Seen) -> None:
    names = panel.offered()
    panel.asked("globals().update(own=p, number=4, words='lamp')")
    panel.asked("p.keyframes.offer_again()")
    panel.page.wait_for_timeout(200)
    try:
        assert panel.offered() == names
    finally:
        tell(panel.notebook, "del own, number, words")


def test_the_filter_narrows_all_lists_while_it_is_typed(panel: Seen) -> None:
    panel.keyframe("Last").select_option("dunes-noon")
    panel.field("Filter assets").press_sequentially("port")
    panel.page.wait_for_function("list => list.options.length === 2", arg=panel.keyframe("First").element_handle())
    assert panel.offered("First") == ["none", "portrait-forest"]
    assert panel.offered("Last") == ["none", "dunes-noon", "portrait-forest"]
    assert panel.chosen("Last") == "dunes-noon"
    panel.field("Filter assets").fill("")
    panel.page.wait_for_function("list => list.options.length > 8", arg=panel.keyframe("First").element_handle())


def test_an_uploaded_picture_is_the_keyframe_and_is_offered_everywhere(panel: Seen) -> None:
    with panel.page.expect_file_chooser() as chooser:
        panel.button("Picture for the first keyframe").click()
    chooser.value.set_files(FilePayload(name="red.png", mimeType="image/png", buffer=png("red")))
    panel.wait_for_pictures(1)
    assert panel.chosen("First") == "red.png (file)"
    panel.position("First").get_by_text("cut 40 % of height").wait_for()
    assert "red.png (file)" in panel.offered("Last")
    shown = Image.open(io.BytesIO(panel.root.locator(".rnb-view").screenshot(scale="css"))).convert("RGB")
    red, green, _ = pixel(shown, (shown.width // 2, shown.height - 12))
    assert red > 200 > 60 > green


def test_a_file_that_is_no_picture_is_refused_in_words(panel: Seen) -> None:
    with panel.page.expect_file_chooser() as chooser:
        panel.button("Picture for the last keyframe").click()
    chooser.value.set_files(FilePayload(name="lamp.png", mimeType="image/png", buffer=b"\x89PNG not quite"))
    panel.position("Last").locator(".rnb-problem").wait_for()
    panel.field("Prompt").fill(PROMPT)
    panel.until(f"p.request.prompt == {PROMPT!r}")
    panel.wait_for_generate(enabled=False)


def test_clear_and_swap(panel: Seen) -> None:
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.keyframe("Last").select_option("dunes-noon")
    panel.wait_for_pictures(2)
    panel.button("Swap first and last").click()
    panel.until("p.request.keyframes == Keyframes(first='dunes-noon', last='lighthouse-dusk')")
    assert [panel.chosen(name) for name in ("First", "Last")] == ["dunes-noon", "lighthouse-dusk"]
    panel.position("First").get_by_role("button", name="Clear").click()
    panel.wait_for_pictures(1)
    assert [panel.chosen(name) for name in ("First", "Last")] == ["none", "lighthouse-dusk"]
    expect(panel.position("First").get_by_role("button", name="Clear")).to_be_disabled()


def test_a_preset_sets_the_sliders_and_the_picture_moves(panel: Seen) -> None:
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.wait_for_pictures(1)
    still = panel.transform()
    panel.button("Orbit left").click()
    panel.until("p.request.camera == Camera(horizontal=-5, pan=5)")
    assert panel.handle("pan").get_attribute("aria-valuetext") == "+5 right"
    assert panel.transform() != still
    panel.button("Reset camera").click()
    panel.until("p.request.camera == Camera()")


def test_what_is_wrong_is_said_and_generate_waits_until_it_is_mended(panel: Seen) -> None:
    panel.field("Prompt").fill(PROMPT)
    panel.field("Seed").fill("lamp")
    panel.root.get_by_text("Seed is 'lamp'").wait_for()
    panel.wait_for_generate(enabled=False)
    panel.field("Seed").fill("7")
    panel.root.get_by_text("Seed is 'lamp'").wait_for(state="detached")
    panel.wait_for_generate()


# --- while the kernel is busy --------------------------------------------------------------------------


def test_while_the_kernel_sleeps_everything_moves_and_what_was_set_counts_afterwards(panel: Seen) -> None:
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.wait_for_pictures(1)
    still = panel.transform()
    panel.notebook.start(2)
    panel.page.wait_for_function("() => document.querySelectorAll('.jp-InputPrompt')[2].innerText.includes('*')")
    panel.press_slider("zoom", "PageUp", "PageUp")
    panel.press_slider("pan", "ArrowLeft")
    assert panel.transform() != still
    panel.root.locator(".rnb-scrub").press("Home")
    at_the_start = panel.transform()
    panel.button("Play the preview").click()
    panel.page.wait_for_function(
        "([surface, before]) => surface.style.transform !== before",
        arg=[panel.root.locator(".rnb-surface").first.element_handle(), at_the_start],
    )
    panel.field("Prompt").fill("")
    panel.field("Prompt").press_sequentially("Waves at night")
    panel.field("Seed").fill("11")
    assert panel.notebook.is_busy(2)
    panel.notebook.wake()
    sent = "VideoRequest('Waves at night', Keyframes(first='lighthouse-dusk'), Camera(zoom=4, pan=-0.5), seed=11)"
    panel.until(f"p.request == {sent}")
    assert panel.field("Prompt").input_value() == "Waves at night"


def test_generate_pressed_while_the_kernel_sleeps_sends_what_the_page_shows(panel: Seen) -> None:
    panel.field("Prompt").fill("Before")
    panel.until("p.request.prompt == 'Before'")
    panel.notebook.start(2)
    panel.page.wait_for_function("() => document.querySelectorAll('.jp-InputPrompt')[2].innerText.includes('*')")
    panel.press_slider("zoom", "PageUp", "PageUp")
    panel.field("Prompt").fill("After")
    panel.field("Seed").fill("12")
    panel.button("Generate").click()
    panel.notebook.wake()
    panel.wait_for_videos(1)
    sent = "VideoRequest('After', camera=Camera(zoom=4), seed=12)"
    assert panel.asked(f"p.job.original_request == {sent}") == "True", panel.asked("p.job.original_request")


# --- without a mouse ----------------------------------------------------------------------------------

FOCUSED = """() => {
  const node = document.activeElement, panel = node.closest('.rnb-panel');
  if (!panel) return null;
  const ring = node.type === 'radio' ? node.closest('label') : node;
  const {outlineStyle, outlineWidth} = getComputedStyle(ring);
  const {x, y, width, height} = node.getBoundingClientRect();
  const name = node.getAttribute('aria-label') || node.labels?.[0]?.innerText || node.innerText || node.title;
  const group = node.closest('.rnb-keyframe')?.querySelector('.rnb-keyframe-name span').innerText ?? '';
  const top = panel.getBoundingClientRect().y; // the page scrolls to what has the focus
  return {name: name.trim(), group, x: x + width / 2, y: y + height / 2 - top,
          ring: outlineStyle === 'none' ? 0 : parseFloat(outlineWidth), radio: node.type === 'radio' ? node.name : ''};
}"""
REACHABLE = """panel => {
  const controls = "button, input, select, textarea, summary, [contenteditable=true], [role=slider], [role=button]";
  const shown = [...panel.querySelectorAll(controls)].filter(node => node.checkVisibility() && !node.disabled);
  return shown.filter(node => node.type !== 'radio' || node.checked).length;
}"""


def tabbed(panel: Seen) -> list[dict[str, Any]]:
    """Every stop of the Tab key in the panel."""
    panel.notebook.cell(0).locator(".jp-InputPrompt").click()
    stops: list[dict[str, Any]] = []
    for _ in range(90):
        panel.page.keyboard.press("Tab")
        found = panel.page.evaluate(FOCUSED)
        if found:
            stops.append(found)
        elif stops:
            break
    return stops


def unfold(panel: Seen, *, isopen: bool) -> None:
    last = [panel.root.get_by_label(name, exact=True) for name in ("Tasks at once", "Across")]
    heads = panel.root.locator(".rnb-more .jupyter-widget-Collapse-header").all()
    for head, control in zip(heads, last, strict=True):
        if control.is_visible() is not isopen:
            head.click()
        control.wait_for(state="visible" if isopen else "hidden")


@pytest.fixture(params=["Gen-3 Alpha Turbo (discouraged)", "Gen-4 Turbo", "Veo 3.1"])
def filled(panel: Seen, request: pytest.FixtureRequest) -> Iterator[Seen]:
    """With keyframes, a move, words, and everything unfolded; then with one of the models."""
    for name in ("First", "Middle", "Last"):
        panel.keyframe(name).select_option("lighthouse-dusk")
    panel.field("Prompt").fill(PROMPT)
    panel.button("Orbit left").click()
    panel.wait_for_pictures(3)
    panel.until("p.request.camera.pan == 5")
    unfold(panel, isopen=True)
    panel.button(COPY_AS).click()
    panel.choose(request.param)
    yield panel
    panel.notebook.app.theme(LIGHT)
    panel.button(COPY_AS).click()
    unfold(panel, isopen=False)
    panel.page.evaluate(WIDEN, 900)


def test_tab_reaches_every_control_in_reading_order_and_shows_where_it_is(app: App, filled: Seen) -> None:
    filled.page.evaluate(WIDEN, 400)
    filled.page.wait_for_timeout(300)
    stops = tabbed(filled)
    assert len(stops) == filled.root.evaluate(REACHABLE)
    assert all(stop["name"] for stop in stops), stops
    names = [(stop["group"], stop["name"]) for stop in stops]
    assert len(set(names)) == len(names)
    for before, after in itertools.pairwise(stops):
        is_beside = abs(after["y"] - before["y"]) < 12 and after["x"] > before["x"]
        assert is_beside or after["y"] > before["y"], (before, after)
    assert [stop["name"] for stop in stops if stop["ring"] <= 0] == []


def test_a_shot_is_made_with_the_keyboard_alone(panel: Seen) -> None:
    page, keyboard = panel.page, panel.page.keyboard
    before = panel.videos.count()

    def tab_to(name: str) -> None:
        for _ in range(70):
            found = page.evaluate(FOCUSED)
            if found and found["name"] == name:
                return
            keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {name}")

    panel.notebook.cell(0).locator(".jp-InputPrompt").click()
    tab_to("zoom")
    keyboard.press("PageUp")
    tab_to("First keyframe")
    keyboard.type("light")
    panel.wait_for_pictures(1)
    tab_to("Prompt")
    keyboard.type("By hand")
    tab_to("5 s")
    keyboard.press("ArrowRight")
    tab_to("Seed")
    keyboard.type("5")
    keyboard.press("Tab")
    panel.until("p.request.seed == 5")
    tab_to("Generate")
    keyboard.press("Enter")
    panel.wait_for_videos(before + 1)
    sent = "VideoRequest('By hand', Keyframes(first='lighthouse-dusk'), Camera(zoom=2), seconds=10, seed=5)"
    assert panel.asked(f"p.job.original_request == {sent}") == "True", panel.asked("p.job.original_request")


# --- for everybody ------------------------------------------------------------------------------------


def test_nothing_keeps_anybody_out(app: App, filled: Seen) -> None:
    filled.field("Reply URL").fill("lamp")
    filled.root.get_by_text("Reply URL is 'lamp'").wait_for()
    filled.page.evaluate(barrier_script())
    for theme in (LIGHT, DARK):
        app.theme(theme)
        for width in (900, 400):
            filled.page.evaluate(WIDEN, width)
            filled.page.wait_for_timeout(200)
            passes, bad = barriers(filled.root)
            assert passes >= 15
            assert bad == [], (theme, width)


def test_it_fits_into_every_width(filled: Seen) -> None:
    measure = """panel => {
      const {left, right, width} = panel.getBoundingClientRect();
      const isOut = node => { const box = node.getBoundingClientRect();
        return box.width > 1 && (box.right > right + 1 || box.left < left - 1); };
      const parts = [...panel.querySelectorAll('*')].filter(node => !node.closest('.rnb-view, .rnb-style'));
      const cut = [...panel.querySelectorAll('.widget-label, .jupyter-button, .rnb-keyframe-name span, .rnb-head span')]
        .filter(node => node.checkVisibility() && !node.closest('.rnb-sr-label, .widget-upload'))
        .filter(node => node.scrollWidth > node.clientWidth + 1 && node.clientWidth)
      return [width, panel.scrollWidth - panel.clientWidth, parts.filter(isOut).map(node => node.className),
              cut.map(node => node.innerText)];
    }"""
    for width in (360, 400, 620, 900, 1400):
        filled.page.evaluate(WIDEN, width)
        filled.page.wait_for_timeout(200)
        measured, too_wide, outside, cut = filled.root.evaluate(measure)
        assert measured == min(width, 880)
        assert too_wide == 0
        assert outside == []
        assert cut == [], width


def test_a_preset_holds_against_moves_from_before_it_that_a_busy_kernel_hears_later(app: App) -> None:
    """A control holds its next values back while an earlier one is on its way: the click overtakes them."""
    panel = open_panel(app, "late.ipynb", SLEEP)
    panel.notebook.start(2)
    panel.page.wait_for_function("() => document.querySelectorAll('.jp-InputPrompt')[2].innerText.includes('*')")
    panel.press_slider("tilt", "PageUp", "PageUp")
    panel.button("Push in").click()
    panel.press_slider("pan", "PageUp", "PageUp")
    panel.notebook.wake()
    panel.until("p.request.camera == Camera(zoom=4, pan=4)")
    panel.page.wait_for_timeout(1000)  # whatever was held back has come by then
    assert panel.asked("p.request.camera == Camera(zoom=4, pan=4)") == "True"
    assert [panel.handle(move).get_attribute("aria-valuetext") for move in ("tilt", "zoom")] == ["0", "+4 in"]
    panel.notebook.shutdown()


# --- generating ---------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def generated(app: App) -> SimpleNamespace:
    """Two videos made with a panel whose kernel then ends in order; what was seen and saved on the way."""
    panel = open_panel(app, "generate.ipynb")
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.field("Prompt").fill("The first of two")
    panel.wait_for_pictures(1)
    panel.generate()
    panel.wait_for_videos(1)
    player = played(panel.videos.first)
    panel.field("Prompt").fill("The second of two")
    panel.until("p.request.prompt == 'The second of two'")
    panel.generate()
    panel.wait_for_videos(2)
    text, cell, saved = panel.output.inner_text(), panel.asked("p.cell"), panel.notebook.save()
    panel.notebook.shutdown()
    panel.root.wait_for(state="detached")
    return SimpleNamespace(player=player, text=text, cell=cell, saved=saved, left=panel.notebook.save())


def test_generate_puts_a_playing_video_below_the_panel_and_the_newest_comes_first(generated: SimpleNamespace) -> None:
    assert generated.player["readyState"] == 4
    places = [generated.text.index(words) for words in ("Copy as cell", "The second of two", "The first of two")]
    assert places == sorted(places)


def test_results_are_saved_for_good_while_the_panel_is_still_there(generated: SimpleNamespace) -> None:
    widget, results = generated.saved.cells[1].outputs
    assert held_widget(widget)
    assert set(widget.data) == RESULT
    assert set(results.data) == RESULT
    assert results.data["text/html"].count("<video") == 2


def test_a_kernel_that_ends_in_order_leaves_the_text_of_the_cell(app: App, generated: SimpleNamespace) -> None:
    left, results = generated.left.cells[1].outputs
    assert "widget" not in json.dumps([cell.outputs for cell in generated.left.cells])
    assert set(left.data) == RESULT
    assert generated.cell in left.data["text/plain"]
    assert results.data["text/html"].count("<video") == 2
    again = app.open("generate.ipynb")
    shown = again.output(1).inner_text()
    assert LOST not in shown
    assert generated.cell in shown
    again.shutdown()


def test_the_copied_cell_makes_the_same_request_and_finds_the_shot_of_the_panel(app: App) -> None:
    panel = open_panel(app, "copy.ipynb", "", "%runway cell")
    page, notebook = panel.page, panel.notebook
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.keyframe("Last").select_option("dunes-noon")
    panel.button("Dutch roll").click()
    panel.field("Prompt").fill("A cell, copied:\n  {{lamp}} & 'quotes'")
    panel.root.get_by_text("portrait", exact=True).click()
    panel.wait_for_pictures(2)
    panel.until("p.request.aspect == 'portrait'")
    panel.generate()
    panel.wait_for_videos(1)
    before = shared_simulator("panel").counts()["creates_received"]
    panel.button("Copy as cell").click()
    panel.root.get_by_text("Cell text copied.").wait_for(state="attached")
    notebook.cell(2).locator(".cm-content").click()
    page.keyboard.press("Control+V")
    pasted = "() => jupyterapp.shell.currentWidget.content.widgets[2].model.sharedModel.getSource()"
    page.wait_for_function(f"before => ({pasted})() !== before", arg="")
    assert page.evaluate(pasted) == panel.asked("p.cell")
    notebook.run(2)
    notebook.wait_for_text(2, "0 credits; --fresh for a new take")
    page.keyboard.press("Escape")
    notebook.cell(2).locator(".cm-content").click()
    page.keyboard.press("Control+Home")
    for _ in "%%runway":
        page.keyboard.press("ArrowRight")
    page.keyboard.type(" copied")
    notebook.run(2)
    assert panel.asked("(copied.id == p.job.id, copied.original_request == p.request)") == "(True, True)"
    assert shared_simulator("panel").counts()["creates_received"] == before
    notebook.run(3)
    assert notebook.save().cells[4].source == panel.asked("p.cell")
    notebook.shutdown()


def test_a_panel_of_an_earlier_shot_has_everything_set_as_it_was(app: App) -> None:
    earlier = (
        "from runway_nb import Camera, Keyframes, VideoRequest\nfrom runway_nb.shortcuts import default_studio\n"
        "was = VideoRequest('Over the lake', Keyframes(middle='aurora-lake'), Camera(vertical=5, tilt=-3), seconds=10,"
        " seed=77)\nmade = default_studio().submit(was).id"
    )
    write_notebook(app.root / "earlier.ipynb", [setting_up(), earlier, "%runway panel {made}"])
    notebook = app.open("earlier.ipynb")
    notebook.run(0, 1, 2)
    panel = Seen(notebook, 2).opened()
    panel.wait_for_pictures(1)
    assert panel.asked("p.request == was") == "True"
    assert panel.field("Prompt").input_value() == "Over the lake"
    assert panel.field("Seed").input_value() == "77"
    assert panel.chosen("Middle") == "aurora-lake"
    assert panel.root.get_by_role("radio", name="10 s").is_checked()
    assert [panel.handle(move).get_attribute("aria-valuetext") for move in ("vertical", "tilt", "zoom")] == [
        "+5 up", "\N{MINUS SIGN}3 down", "0",
    ]  # fmt: skip
    notebook.shutdown()


# --- what stays ---------------------------------------------------------------------------------------


def test_a_page_loaded_again_finds_the_panel_and_it_works(app: App) -> None:
    panel = open_panel(app, "reload.ipynb")
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.field("Prompt").fill("Found again")
    panel.button("Push in").click()
    panel.wait_for_pictures(1)
    panel.until("(p.request.camera.zoom, p.request.prompt) == (4, 'Found again')")
    panel.notebook.save()
    app.reopen()
    again = Seen(app.open("reload.ipynb")).opened()
    again.wait_for_pictures(1)
    assert again.field("Prompt").input_value() == "Found again"
    assert again.handle("zoom").get_attribute("aria-valuetext") == "+4 in"
    moved = again.transform()
    again.press_slider("pan", "End")
    assert again.transform() != moved
    again.keyframe("Last").select_option("city-night")
    again.wait_for_pictures(2)
    again.until("(p.request.camera.pan, p.request.keyframes.last) == (10, 'city-night')")
    again.generate()
    again.videos.first.wait_for()
    again.notebook.shutdown()


# --- the other application ----------------------------------------------------------------------------


def test_it_works_in_notebook_7(app: App) -> None:
    if find_spec("notebook") is None:
        left_out("notebook is not installed")
    write_notebook(app.root / "classic.ipynb", [setting_up(), "%runway panel"])
    notebook = app.open_in_notebook_7("classic.ipynb")
    try:
        notebook.run(0, 1)
        panel = Seen(notebook).opened()
        panel.keyframe("First").select_option("lighthouse-dusk")
        panel.wait_for_pictures(1)
        still = panel.transform()
        panel.press_slider("tilt", "PageUp", "PageUp")
        assert panel.transform() != still
        panel.button("Push in").click()
        panel.until("p.request.camera == Camera(zoom=4)")
        panel.field("Prompt").fill("In the other application")
        panel.generate()
        panel.wait_for_videos(1)
        assert played(panel.videos.first)["readyState"] == 4
        assert set(notebook.save().cells[1].outputs[1].data) == RESULT
        notebook.shutdown()
    finally:
        app.reopen()


# --- over all of it -----------------------------------------------------------------------------------


def test_nothing_complained_and_nothing_was_asked_for_beyond_this_machine(app: App, working: Seen) -> None:
    hosts = {urlsplit(url).hostname for url in app.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    known = (*OWN_OF_JUPYTERLAB, *OWN_OF_NOTEBOOK_7)
    assert [words for words in app.complaints if not any(own.search(words) for own in known)] == []
