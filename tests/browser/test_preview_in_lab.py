"""The camera preview as JupyterLab shows it: its picture beside the simulator's, and what its hands-on parts do."""

from __future__ import annotations

import base64
import io
import itertools
import time
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from lab import SLEEP, App, Notebook
from marked_pictures import FRAMES, TIMES, centre, marked, near_spots
from PIL import Image, ImageChops, ImageStat

from runway_nb.camera import MOVES, Camera, seen_from, weights
from runway_nb.notebook.panel.script import script
from runway_nb.spec import POSITIONS

pytest.importorskip("av")
from lab import tell

from runway_nb.simulator.rendering.planes import join
from runway_nb.simulator.rendering.renderer import Shot, frame_time, prepare
from support.kernels import PATIENCE
from support.notebooks import write_notebook

pytestmark = pytest.mark.browser

PANEL = """
import threading, time
import ipywidgets as W
from runway_nb.camera import MOVES
from runway_nb.notebook.panel.preview import make_preview
from runway_nb.spec import POSITIONS
from runway_nb.notebook.static import STATIC

preview = make_preview()

pause = 0.0

def answer(_, told, __):
    if told["kind"] == "cell":
        cell = {"kind": "answer", "number": told["number"], "text": "%%runway --zoom 4\\nA lamp"}
        threading.Timer(pause, preview.send, [cell]).start()

preview.on_msg(answer)
sliders = {n: W.FloatSlider(min=-10, max=10, step=0.1, description=n, readout_format=".1f", continuous_update=False)
           for n in MOVES}
static = W.Checkbox(description="Static", indent=False).add_class("rnb-static")
preview.follow({**sliders, "static": static})
rows = [s.add_class("rnb-axis").add_class(f"rnb-axis-{n}") for n, s in sliders.items()]
tips = {n: f"Picture for the {n} keyframe" for n in POSITIONS}
uploads = {n: W.FileUpload(description="Upload", accept=".png", tooltip=tip) for n, tip in tips.items()}
keyframes = [W.Box([uploads[n]]).add_class("rnb-keyframe").add_class("rnb-keyframe-drop") for n in POSITIONS]
aspect = W.RadioButtons(options=["landscape", "portrait"], description="Aspect", orientation="horizontal")
dice = W.Button(description="x", tooltip="New random seed").add_class("rnb-dice")
copy = W.Button(description="Copy as cell").add_class("rnb-copy")
left, right = W.VBox([preview]).add_class("rnb-left"), W.VBox([*rows, static]).add_class("rnb-right")
top = W.HBox([left, right]).add_class("rnb-top")
actions = W.HBox([aspect, dice, copy]).add_class("rnb-actions")
style = "".join(f"<style>{(STATIC / name).read_text()}</style>" for name in ("card.css", "panel.css"))
more = W.Accordion([W.Text(description="Reply URL")], titles=("More",))
frame = W.VBox([top, W.Box(keyframes).add_class("rnb-keys"), more, actions]).add_class("rnb-frame")
panel = W.VBox([W.HTML(style).add_class("rnb-style"), frame]).add_class("rnb-root").add_class("rnb-panel")
panel
"""
TRANSFORM = "() => document.querySelector('.rnb-surface').style.transform"
DELAY = """() => {
  window.delays = [];
  let moved = 0;
  addEventListener('pointermove', () => { moved = performance.now(); }, true);
  addEventListener('mousemove', () => { moved = performance.now(); }, true);
  new MutationObserver(() => { if (moved) window.delays.push(performance.now() - moved); moved = 0; })
    .observe(document.querySelector('.rnb-surface'), {attributeFilter: ['style']});
}"""


class Wire:
    """What the page sends to kernels."""

    def __init__(self, app: App) -> None:
        self.sent: list[bytes] = []
        app.page.on("websocket", lambda socket: socket.on("framesent", self._note))

    def _note(self, frame: str | bytes) -> None:
        self.sent.append(frame if isinstance(frame, bytes) else frame.encode())

    def comms(self) -> list[bytes]:
        return [frame for frame in self.sent if b'"comm_msg"' in frame]


@pytest.fixture(scope="module")
def wire(app: App) -> Wire:
    return Wire(app)


@pytest.fixture(scope="module")
def shown(app: App, wire: Wire) -> Notebook:
    """The small panel, with a picture."""
    write_notebook(app.root / "preview.ipynb", [PANEL, SLEEP])
    notebook = app.open("preview.ipynb")
    notebook.run(0)
    notebook.output(0).get_by_text("Choose a first keyframe").wait_for()
    return notebook


@pytest.fixture
def panel(shown: Notebook) -> Notebook:
    """The panel as it begins: one picture, nothing moves."""
    tell(
        shown, f"preview.first = {marked('first')!r}; preview.middle = preview.last = b''; preview.frame = (1280, 768)"
    )
    tell(shown, "static.value = False; preview.time = 0\nfor s in sliders.values(): s.value = 0")
    shown.page.wait_for_function("() => document.querySelectorAll('.rnb-surface').length === 1")
    return shown


def handle(notebook: Notebook, move: str):
    return notebook.output(0).locator(f".rnb-axis-{move} .noUi-handle")


def slider_value(notebook: Notebook, move: str, expected: float | None = None) -> float:
    """What the kernel knows; a question may overtake the value on its way, so an expected one is waited for."""
    give_up = time.monotonic() + PATIENCE
    while True:
        value = float(tell(notebook, f"print(sliders['{move}'].value)"))
        if expected is None or value == pytest.approx(expected) or time.monotonic() > give_up:
            return value
        time.sleep(0.1)


# --- the picture --------------------------------------------------------------------------------------

RENDERED = {False: (640, 384), True: (384, 640)}
CORNER = (10, -10, 10, -10, 10, -10)
POSES = [
    ((0, 0, 0, 0, 0, 0), 23, "first"),
    ((0, 0, 10, 0, 0, 0), 23, "first"),
    ((0, 0, -10, 0, 0, 0), 23, "first"),
    ((8, -6, 0, 0, 0, 0), 18, "first"),
    ((0, 0, 0, 10, -10, 10), 23, "first"),
    ((4, -3, 5, -6, 4, 7), 12, "first"),
    (CORNER, 23, "first"),
    (tuple(-value for value in CORNER), 23, "first"),
    ((10, 10, 10, 10, 10, 10), 0, "last"),
    (CORNER, 6, "middle"),
    ((3, 2, 4, -2, 1, 5), 16, "first middle last"),
    ((-5, 2, -4, 6, 3, -5), 5, "first middle last"),
    ((6, 4, -3, -6, 2, 8), 19, "first last"),
]


def photographed(notebook: Notebook) -> Image.Image:
    view = notebook.output(0).locator(".rnb-view").first
    return Image.open(io.BytesIO(view.screenshot(scale="css"))).convert("RGB")


@pytest.mark.parametrize("portrait", [False, True], ids=["landscape", "portrait"])
def test_the_preview_shows_what_the_simulator_renders(panel: Notebook, tmp_path: Path, portrait: bool) -> None:
    pictures = {name: marked(name, portrait) for name in POSITIONS}
    for name, data in pictures.items():
        (tmp_path / f"{name}.jpg").write_bytes(data)
    panel.page.add_style_tag(content=".rnb-chip, .rnb-overlay { display: none !important }")
    tell(panel, f"pictures = {pictures!r}; preview.frame = {FRAMES[portrait]}")
    compared, worst, likeness = 0, 0.0, 0.0
    for values, number, given in POSES:
        names, t = given.split(), frame_time(number, 24)
        moves: dict[str, Any] = dict(zip(MOVES, values, strict=True))
        chosen = f"for n in POSITIONS: setattr(preview, n, pictures[n] if n in {names} else b'')"
        moved = f"for n, v in {moves}.items(): sliders[n].value = v"
        tell(panel, f"{chosen}\n{moved}\npreview.time = 0.99; preview.time = {t}")
        panel.page.wait_for_function("n => document.querySelectorAll('.rnb-layer').length === n", arg=len(names))
        panel.page.evaluate("() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        seen = photographed(panel)
        keyframes = tuple((TIMES[name], str(tmp_path / f"{name}.jpg")) for name in names)
        film = prepare(Shot("", 1, 1, *RENDERED[portrait], keyframes, moves))
        rendered = join(film.planes(number), *seen.size)
        likeness = max(likeness, ImageStat.Stat(ImageChops.difference(seen, rendered).convert("L")).mean[0])
        for channel, x, y in near_spots(Camera(**moves), t, names, seen.size):
            ours, theirs = (centre(picture, channel, (x, y), 9) for picture in (seen, rendered))
            if ours and theirs:
                compared += 1
                worst = max(worst, abs(complex(*ours) - complex(*theirs)))
    print(
        f"{compared} dots, at most {worst:.2f} px apart; pictures differ by at most {likeness:.1f} of 255 in the mean"
    )
    assert compared >= 35
    assert worst <= 2.0
    assert likeness <= 8.0


def test_script_and_python_have_one_camera(app: App, shown: Notebook) -> None:
    seen_by_script = """async ([code, poses, size]) => {
      const url = URL.createObjectURL(new Blob([code], {type: 'text/javascript'}));
      const {seenFrom, weights} = await import(url);
      return poses.map(([camera, t, pinned]) => [seenFrom(camera, t, pinned, ...size), weights(t, [0, 0.5, 1])]);
    }"""
    poses: list[tuple[dict[str, Any], float, float]] = [
        (dict(zip(MOVES, values, strict=True)), t, pinned)
        for values in itertools.islice(itertools.product((-10, 0, 3.7, 10), repeat=6), 0, None, 37)
        for t, pinned in ((0.3, 0.0), (0.5, 1.0), (0.0, 0.5), (1.0, 0.0))
    ]
    code = script() + "\nexport { seenFrom, weights };"
    for size in ((640, 384), (384, 640)):
        told = app.page.evaluate(seen_by_script, [code, poses, size])
        for (camera, t, pinned), (matrix, shares) in zip(poses, told, strict=True):
            expected = seen_from(Camera(**camera), t, pinned, *size)
            assert [value / matrix[8] for value in matrix] == pytest.approx(expected, rel=1e-9, abs=1e-9)
            assert shares == pytest.approx(weights(t, [0, 0.5, 1]), abs=1e-12)


# --- dragging -----------------------------------------------------------------------------------------


def test_a_slider_moves_the_picture_while_the_kernel_sleeps(app: App, panel: Notebook, wire: Wire) -> None:
    page = panel.page
    page.evaluate(DELAY)
    panel.start(1)
    page.wait_for_function("() => document.querySelectorAll('.jp-InputPrompt')[1].innerText.includes('*')")
    before, told = page.evaluate(TRANSFORM), len(wire.comms())
    handle(panel, "zoom").scroll_into_view_if_needed()
    box = handle(panel, "zoom").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for step in range(1, 21):
        page.mouse.move(x + 3 * step, y)
    page.wait_for_timeout(300)
    assert page.evaluate(TRANSFORM) != before
    assert len(wire.comms()) == told
    page.mouse.up()
    page.wait_for_timeout(300)
    assert panel.is_busy(1)
    assert len(wire.comms()) == told + 1
    panel.wake()
    delays = sorted(page.evaluate("() => window.delays"))
    print(f"{len(delays)} changes, {delays[len(delays) // 2]:.1f} ms in the middle, {delays[-1]:.1f} ms at most")
    # one frame may be late where others use the machine, too
    assert delays[len(delays) * 9 // 10] < 100
    words = handle(panel, "zoom").get_attribute("aria-valuetext")
    panel.page.wait_for_function("() => !document.querySelectorAll('.jp-InputPrompt')[1].innerText.includes('*')")
    value = slider_value(panel, "zoom")
    assert value > 1
    assert words == f"+{value:g} in"
    assert tell(panel, "print(preview.zoom == sliders['zoom'].value)") == "True"


def test_playing_and_scrubbing_need_no_kernel(panel: Notebook, wire: Wire) -> None:
    tell(panel, "sliders['zoom'].value = 5; preview.time = 0.9; preview.time = 0")
    page, told = panel.page, len(wire.comms())
    clock = panel.output(0).locator(".rnb-clock")
    page.wait_for_timeout(300)
    assert clock.inner_text() == "0.0 s"
    panel.output(0).get_by_role("button", name="Play the preview").click()
    page.wait_for_function("() => parseFloat(document.querySelector('.rnb-clock').innerText) >= 0.4")
    panel.output(0).get_by_role("button", name="Pause the preview").click()
    assert len(wire.comms()) == told
    panel.output(0).get_by_role("slider", name="Time in the shot").press("End")
    assert clock.inner_text() == "5.0 s"
    panel.output(0).get_by_role("slider", name="Time in the shot").press("Home")
    assert clock.inner_text() == "0.0 s"


# --- keys and names -----------------------------------------------------------------------------------

KEYS = [("ArrowRight", 0.5), ("ArrowUp", 1.0), ("PageUp", 3.0), ("ArrowDown", 2.5), ("PageDown", 0.5), ("End", 10.0),
        ("Home", -10.0), ("Delete", 0.0), ("ArrowLeft", -0.5), ("0", 0.0)]  # fmt: skip


def test_keys_turn_a_slider_and_leave_the_notebook_alone(panel: Notebook) -> None:
    cells = "() => jupyterapp.shell.currentWidget.content.widgets.length"
    before = panel.page.evaluate(cells)
    zoom = handle(panel, "tilt")
    for key, value in KEYS:
        zoom.press(key)
        assert slider_value(panel, "tilt", value) == pytest.approx(value), key
    for key in "abdd":
        zoom.press(key)
    assert panel.page.evaluate(cells) == before
    assert panel.page.evaluate("() => document.activeElement.closest('.rnb-axis-tilt') !== null")


def test_a_double_click_resets_and_a_static_camera_takes_no_keys(panel: Notebook) -> None:
    tell(panel, "sliders['roll'].value = -4")
    row = panel.output(0).locator(".rnb-axis-roll")
    panel.page.wait_for_function("() => document.querySelector('.rnb-axis-roll').dataset.word === 'counter'")
    assert handle(panel, "roll").get_attribute("aria-valuetext") == "\N{MINUS SIGN}4 counter-clockwise"
    row.locator(".widget-label").dblclick()
    assert slider_value(panel, "roll", 0) == 0
    panel.output(0).locator(".rnb-static input").check()
    handle(panel, "roll").press("End", timeout=2000, no_wait_after=True)
    assert slider_value(panel, "roll") == 0
    assert panel.output(0).locator(".rnb-chip").inner_text() == "static"


@pytest.mark.parametrize(("typed", "value"), [("\N{MINUS SIGN}3", -3.0), ("2,5", 2.5), ("-1.5", -1.5)])
def test_a_typed_value_may_have_the_signs_of_any_keyboard(panel: Notebook, typed: str, value: float) -> None:
    readout = panel.output(0).locator(".rnb-axis-pan .widget-readout")
    readout.fill(typed)
    readout.press("Enter")
    give_up = time.monotonic() + PATIENCE
    while tell(panel, "print(sliders['pan'].value)") != str(value):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def test_everything_has_a_name(panel: Notebook) -> None:
    output = panel.output(0)
    for move in MOVES:
        assert output.get_by_role("slider", name=move, exact=True).count() == 1
        assert output.get_by_role("textbox", name=f"{move}, typed value").count() == 1
    for name in POSITIONS:
        assert output.get_by_role("button", name=f"Picture for the {name} keyframe").count() == 1
    assert output.get_by_role("button", name="New random seed").count() == 1
    assert output.get_by_role("radiogroup", name="Aspect").get_by_role("radio").count() == 2
    stage = output.get_by_role("img", name="Sketch of the move, not of the content: no move")
    assert stage.count() == 1
    tell(panel, "preview.announcement = 'Three pictures.'")
    assert output.get_by_role("status").inner_text() == "Three pictures."
    bare = "() => document.querySelectorAll('.rnb-panel :is(button, input, select, textarea, [contenteditable], "
    assert panel.page.evaluate(bare + "[role=slider]):not([data-lm-suppress-shortcuts])').length") == 0


def test_an_accordion_opens_by_key_and_says_so(panel: Notebook) -> None:
    head = panel.output(0).get_by_role("button", name="More")
    for is_open in (True, False):
        head.press("Enter")
        panel.output(0).get_by_role("button", name="More", expanded=is_open).wait_for()
        assert panel.output(0).get_by_role("textbox", name="Reply URL").is_visible() == is_open


def test_less_motion_shows_start_and_end_side_by_side(panel: Notebook) -> None:
    page, output = panel.page, panel.output(0)
    tell(panel, "sliders['zoom'].value = 5")
    page.emulate_media(reduced_motion="reduce")
    try:
        output.locator(".rnb-view").nth(1).wait_for()
        assert output.locator(".rnb-when").all_inner_texts() == ["start", "end"]
        assert not output.locator(".rnb-play").is_visible()
        transforms = page.evaluate("() => [...document.querySelectorAll('.rnb-surface')].map(s => s.style.transform)")
        assert len(set(transforms)) == 2
    finally:
        page.emulate_media(reduced_motion="no-preference")
    page.wait_for_function("() => document.querySelectorAll('.rnb-view').length === 1")


@pytest.mark.parametrize("width", [320, 620, 1400])
def test_it_keeps_to_the_room_there_is(panel: Notebook, width: int) -> None:
    measure = """width => {
      const panel = document.querySelector('.rnb-panel');
      panel.style.width = panel.style.maxWidth = width + 'px';
      return new Promise(done => setTimeout(() => {
        const {left, right} = panel.getBoundingClientRect();
        const kinds = '.rnb-view, .rnb-transport > *, .rnb-axis > *, .rnb-actions > :not([hidden])';
        const parts = [...panel.querySelectorAll(kinds)];
        const isInside = box => box.left >= left && box.right <= right + 1;
        const view = panel.querySelector('.rnb-view').getBoundingClientRect();
        const inside = parts.every(part => isInside(part.getBoundingClientRect()));
        panel.style.width = panel.style.maxWidth = '';
        done([view.width, view.width / view.height, inside]);
      }, 300));
    }"""
    wide, shape, inside = panel.page.evaluate(measure, width)
    assert 250 <= wide <= 560
    assert shape == pytest.approx(1280 / 768, abs=0.02)
    assert inside


# --- clipboard and files ------------------------------------------------------------------------------


def test_the_cell_goes_to_the_clipboard(app: App, panel: Notebook) -> None:
    page, output = panel.page, panel.output(0)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    output.get_by_role("button", name="Copy as cell").click()
    page.wait_for_function(
        "() => document.querySelector('.rnb-preview [role=status]').innerText === 'Cell text copied.'"
    )
    assert page.evaluate("() => navigator.clipboard.readText()") == "%%runway --zoom 4\nA lamp"
    page.evaluate("() => { navigator.clipboard.write = async () => { throw new Error('no'); }; }")
    output.get_by_role("button", name="Copy as cell").click()
    field = output.get_by_role("textbox", name="Cell text")
    field.wait_for()
    assert page.evaluate("() => getSelection().toString()") == "%%runway --zoom 4\nA lamp"
    page.evaluate("() => { delete navigator.clipboard.write; document.querySelector('.rnb-copy-text').remove(); }")


def test_a_copy_that_has_to_wait_says_so_and_comes(app: App, panel: Notebook) -> None:
    page, output = panel.page, panel.output(0)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"], origin=app.url)
    page.evaluate("() => navigator.clipboard.writeText('nothing')")
    tell(panel, "pause = 1.5")
    page.evaluate(
        "() => { window.said = [];"
        " new MutationObserver(() => said.push(document.querySelector('.rnb-copy').dataset.note))"
        ".observe(document.body, {subtree: true, attributeFilter: ['data-note']}); }"
    )
    output.get_by_role("button", name="Copy as cell").click()
    page.wait_for_function("() => said.includes('Copied')")
    assert "Waiting" in page.evaluate("() => said.slice(0, said.indexOf('Copied'))")
    assert page.evaluate("() => navigator.clipboard.readText()") == "%%runway --zoom 4\nA lamp"
    tell(panel, "pause = 0.0")


def test_a_file_dropped_on_a_keyframe_is_uploaded(panel: Notebook) -> None:
    drop = """(keyframe, data) => {
      const files = new DataTransfer();
      const bytes = Uint8Array.from(atob(data), c => c.charCodeAt(0));
      files.items.add(new File([bytes], 'lamp.png', {type: 'image/png'}));
      const over = new DragEvent('dragover', {dataTransfer: files, bubbles: true, cancelable: true});
      keyframe.dispatchEvent(over);
      const isMarked = keyframe.classList.contains('rnb-over');
      keyframe.dispatchEvent(new DragEvent('drop', {dataTransfer: files, bubbles: true, cancelable: true}));
      return [over.defaultPrevented, isMarked, keyframe.classList.contains('rnb-over')];
    }"""
    data = b"\x89PNG not quite"
    keyframe = panel.output(0).locator(".rnb-keyframe").nth(1)
    assert keyframe.evaluate(drop, base64.b64encode(data).decode()) == [True, True, False]
    give_up = time.monotonic() + PATIENCE
    found = ""
    while not found and time.monotonic() < give_up:
        found = tell(panel, "print(*[(v['name'], bytes(v['content'])) for v in uploads['middle'].value])")
    assert found == str(("lamp.png", data))
    assert tell(panel, "print(len(uploads['first'].value))") == "0"


# --- several views, and the end -----------------------------------------------------------------------


def test_two_outputs_show_the_same_and_one_may_go(notebook) -> None:
    page = notebook(PANEL, "panel")
    page.run(0, 1)
    tell(page, f"preview.first = {marked('first')!r}; sliders['zoom'].value = 3")
    page.page.wait_for_function("() => document.querySelectorAll('.rnb-surface').length === 2")
    handle_of_second = page.output(1).locator(".rnb-axis-pan .noUi-handle")
    handle_of_second.press("End")
    transforms = "[...document.querySelectorAll('.rnb-surface')].map(surface => surface.style.transform)"
    page.page.wait_for_function(f"() => new Set({transforms}).size === 1")
    page.page.evaluate("() => jupyterapp.commands.execute('notebook:clear-cell-output')")
    page.page.wait_for_function("() => document.querySelectorAll('.rnb-surface').length === 1")
    before = page.page.evaluate(TRANSFORM)
    page.output(0).locator(".rnb-axis-pan .noUi-handle").press("Home")
    page.page.wait_for_function(f"before => ({TRANSFORM})() !== before", arg=before)


def test_a_page_loaded_again_finds_it(app: App, notebook) -> None:
    page = notebook(PANEL)
    page.run(0)
    tell(page, f"preview.first = {marked('first')!r}; sliders['zoom'].value = 3")
    page.page.wait_for_function("() => document.querySelectorAll('.rnb-surface').length === 1")
    page.save()
    app.reopen()
    again = app.open(page.name)
    again.page.wait_for_function("() => document.querySelectorAll('.rnb-surface').length === 1")
    again.page.wait_for_function("() => document.querySelector('.rnb-axis-zoom').dataset.word === 'in'")
    before = again.page.evaluate(TRANSFORM)
    handle(again, "zoom").press("End")
    again.page.wait_for_function(f"before => ({TRANSFORM})() !== before", arg=before)
    assert slider_value(again, "zoom", 10) == 10


def test_nothing_complained_and_nothing_was_asked_for_beyond_this_machine(app: App) -> None:
    hosts = {urlsplit(url).hostname for url in app.requests if not url.startswith(("data:", "blob:"))}
    assert hosts == {"127.0.0.1"}
    own = ("debugger state: Canceled", "'removeChild' on 'Node'")
    assert [words for words in app.complaints if not any(known in words for known in own)] == []
