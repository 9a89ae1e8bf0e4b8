"""The panel goes from one model to another and back in JupyterLab: what it offers and says, and what it keeps."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from lab import LOST, OWN_OF_JUPYTERLAB, SLEEP, App
from playwright.sync_api import expect
from seen_panel import Seen, open_panel, setting_up

from support.notebooks import write_notebook

pytestmark = pytest.mark.browser

PROMPT = "A lighthouse at dusk, slow waves"
GEN3, GEN4, VEO = "Gen-3 Alpha Turbo (discouraged)", "Gen-4 Turbo", "Veo 3.1"
LACK = "Gen-4 Turbo takes no camera numbers: the move is added to the prompt:"
ONLY_FIRST = "Gen-4 Turbo takes a first keyframe only."
COPY_AS = "Copy as\N{HORIZONTAL ELLIPSIS}"


@pytest.fixture(scope="module")
def panel(app: App) -> Seen:
    """A panel of Gen-3 in which everything is set."""
    panel = open_panel(app, "models.ipynb", SLEEP)
    for name, asset in {"First": "lighthouse-dusk", "Middle": "portrait-forest", "Last": "dunes-noon"}.items():
        panel.keyframe(name).select_option(asset)
    panel.wait_for_pictures(3)
    panel.root.get_by_text("portrait", exact=True).click()
    panel.root.get_by_text("10 s", exact=True).click()
    panel.field("Prompt").fill(PROMPT)
    panel.field("Seed").fill("1842")
    panel.press_slider("zoom", "PageUp", "PageUp")
    panel.until("p.request.camera == Camera(zoom=4) and p.request.seed == 1842 and p.request.seconds == 10")
    return panel


def formats(panel: Seen) -> list[str]:
    """What the page offers as a format."""
    labels = panel.root.locator(".rnb-options > *").first.locator("option, label:has(input)").all_inner_texts()
    return [label.replace("\xa0", " ") for label in labels]


def test_to_gen_4_and_back_nothing_typed_is_lost(panel: Seen) -> None:
    before, look = panel.asked("p.request"), [panel.chosen(name) for name in ("First", "Middle", "Last")]
    assert formats(panel) == ["as first", "landscape", "portrait"]
    assert panel.root.get_by_text("Camera in words").count() == 0
    panel.choose(GEN4)
    panel.root.get_by_text(f"{LACK} 'The camera pushes in.'").wait_for()
    expect(panel.root.get_by_label("Camera in words")).to_be_checked()
    assert formats(panel) == ["as first", "16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]
    panel.root.get_by_text("Portrait is 9:16 here.").wait_for()
    for name in ("Middle", "Last"):
        expect(panel.keyframe(name)).to_be_disabled()
        panel.position(name).get_by_text(ONLY_FIRST).wait_for()
        panel.position(name).get_by_text("kept, not sent").wait_for()
        assert panel.chosen(name) != "none"
    expect(panel.keyframe("First")).to_be_enabled()
    panel.page.wait_for_function(
        "panel => panel.querySelectorAll('.rnb-view:first-child .rnb-layer').length === 1",
        arg=panel.root.element_handle(),
    )
    size = panel.root.locator(".rnb-view").first.bounding_box()
    assert size is not None
    assert abs(size["width"] / size["height"] - 720 / 1280) < 0.01
    assert panel.asked("p.request.problems()") == "()"
    panel.root.get_by_text("50 credits").wait_for()
    panel.choose(GEN3)
    panel.wait_for_pictures(3)
    assert panel.asked("p.request") == before
    assert [panel.chosen(name) for name in ("First", "Middle", "Last")] == look
    assert formats(panel) == ["as first", "landscape", "portrait"]
    assert panel.root.get_by_role("radio", name="portrait").is_checked()
    assert panel.root.get_by_role("radio", name="10 s").is_checked()


def test_the_words_follow_the_slider_and_are_left_out_when_they_are_switched_off(panel: Seen) -> None:
    panel.choose(GEN4)
    panel.handle("zoom").press("End")
    panel.root.get_by_text("'The camera pushes in quickly.'").wait_for()
    panel.root.get_by_label("Camera in words").uncheck()
    panel.root.get_by_text("Gen-4 Turbo takes no camera numbers: the move is not sent.").wait_for()
    assert panel.asked("p.request.sent_prompt") == PROMPT
    panel.root.get_by_label("Camera in words").check()
    panel.until("p.request.sent_prompt.endswith('The camera pushes in quickly.')")
    panel.handle("zoom").press("Delete")
    panel.press_slider("zoom", "PageUp", "PageUp")
    panel.choose(GEN3)
    panel.until("p.request.camera == Camera(zoom=4)")


def test_a_model_without_a_seed_greys_it_with_the_reason_and_offers_sound(panel: Seen) -> None:
    panel.choose(VEO)
    expect(panel.field("Seed")).to_be_disabled()
    expect(panel.root.get_by_label("Explore mode (0 credits, slow)")).to_be_disabled()
    panel.root.get_by_text("Veo 3.1 has no seed and no explore mode.").wait_for()
    panel.root.get_by_text("Kept and not sent: length 10 s, seed 1842.").wait_for()
    panel.root.get_by_text("price unknown").wait_for()
    sound = panel.root.get_by_role("radiogroup", name="Sound")
    sound.get_by_role("radio", name="off").check()
    panel.until("p.request.audio is False")
    panel.choose(GEN3)
    assert sound.count() == 0
    panel.root.get_by_text("Kept and not sent: sound off.").wait_for()
    panel.choose(VEO)
    panel.root.get_by_text("price unknown").wait_for()
    expect(sound.get_by_role("radio", name="off")).to_be_checked()
    sound.get_by_role("radio", name="on", exact=True).check()
    panel.choose(GEN3)


def test_a_model_chosen_while_the_kernel_sleeps_counts_with_what_the_page_shows(panel: Seen) -> None:
    panel.notebook.start(2)
    panel.page.wait_for_function("() => document.querySelectorAll('.jp-InputPrompt')[2].innerText.includes('*')")
    panel.model.select_option(GEN4)
    panel.field("Prompt").fill("Typed while it slept")
    panel.notebook.wake()
    panel.until("(p.request.model, p.request.prompt, p.request.aspect) == ('gen4turbo', 'Typed while it slept', '9:16')"
                " or p.request.row.aspect_words.get(p.request.aspect) == '9:16'")  # fmt: skip
    panel.field("Prompt").fill(PROMPT)
    panel.until(f"p.request.prompt == {PROMPT!r}")
    panel.choose(GEN3)


def test_the_request_is_copied_as_code_with_the_keyboard(app: App, panel: Seen) -> None:
    panel.page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    panel.choose(GEN4)
    opener = panel.button(COPY_AS)
    assert opener.get_attribute("aria-expanded") == "false"
    opener.press("Enter")
    assert opener.get_attribute("aria-expanded") == "true"
    for title, sign in {"curl": "curl ", "Python": "import ", "JavaScript": "await "}.items():
        panel.root.get_by_role("group", name="Copy as code").get_by_role("button", name=title).press("Enter")
        panel.root.get_by_text(f"{title} code copied.").wait_for(state="attached")
        text = panel.page.evaluate("() => navigator.clipboard.readText()")
        assert sign in text
        assert "/gen4turbo/create" in text
        assert "The camera pushes in." in text
        assert "USEAPI_TOKEN" in text
    opener.press("Enter")
    panel.choose(GEN3)


def test_the_arrow_keys_choose_a_model(panel: Seen) -> None:
    panel.model.press("ArrowDown")
    panel.until("p.request.model == 'gen4turbo'")
    panel.model.press("ArrowUp")
    panel.until("p.request.model == 'gen3turbo'")


def test_a_file_dropped_where_the_model_has_no_keyframe_is_refused_in_words(panel: Seen) -> None:
    panel.choose(GEN4)
    panel.position("Last").evaluate(
        """slot => {
          const files = new DataTransfer();
          files.items.add(new File(['x'], 'lamp.png', {type: 'image/png'}));
          for (const kind of ['dragover', 'drop'])
            slot.dispatchEvent(new DragEvent(kind, {dataTransfer: files, bubbles: true, cancelable: true}));
        }"""
    )
    panel.root.get_by_text("lamp.png is not taken: the model has no such keyframe.").wait_for(state="attached")
    panel.choose(GEN3)
    assert panel.chosen("Last") == "dunes-noon"


def test_saved_and_reopened_it_has_its_model_still(app: App) -> None:
    write_notebook(app.root / "reopened.ipynb", [setting_up(), "%runway panel", "", "%runway panel {job}"])
    notebook = app.open("reopened.ipynb")
    notebook.run(0, 1)
    panel = Seen(notebook).opened()
    panel.keyframe("First").select_option("lighthouse-dusk")
    panel.choose(GEN4)
    panel.root.locator(".rnb-options select").select_option("1:1")
    panel.press_slider("pan", "PageDown")
    panel.field("Prompt").fill(PROMPT)
    panel.until(f"p.request.prompt == {PROMPT!r} and p.request.aspect == '1:1' and p.request.camera == Camera(pan=-2)")
    panel.generate()
    panel.wait_for_videos(1)
    request, cell, job = panel.asked("p.job.original_request"), panel.asked("p.cell"), panel.asked("p.job.id")
    assert "--model gen4turbo" in cell
    assert "--camera-words" in cell
    notebook.save()
    notebook.shutdown()
    notebook = app.open("reopened.ipynb")
    notebook.wait_for_text(1, cell.splitlines()[0])
    assert LOST not in notebook.output(1).inner_text()
    notebook.run(0)
    notebook.page.evaluate(
        "job => jupyterapp.shell.currentWidget.content.widgets[3].model.sharedModel.setSource(`%runway panel ${job}`)",
        job,
    )
    notebook.run(3)
    again = Seen(notebook, 3)
    again.root.locator(".rnb-scrub").wait_for()
    assert again.asked("p.request") == request
    assert again.model.evaluate("list => list.selectedOptions[0].label").split() == GEN4.split()
    notebook.shutdown()


def test_nothing_complained_and_nothing_was_asked_for_beyond_this_machine(app: App) -> None:
    assert not [line for line in app.complaints if not any(known.search(line) for known in OWN_OF_JUPYTERLAB)]
    assert {urlsplit(url).hostname for url in app.requests} <= {"127.0.0.1", None, ""}
