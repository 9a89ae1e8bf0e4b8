"""The preview as Python knows it: its traits, its pictures, its script, and what is left without anywidget."""

from __future__ import annotations

import io
import json
import random
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import ipywidgets
import pytest
import traitlets
from PIL import Image

from runway_nb import camera
from runway_nb.notebook.panel.preview import PlainPreview, make_preview, preview_jpeg
from runway_nb.notebook.panel.script import facts, script
from runway_nb.notebook.static import STATIC, static_text
from runway_nb.pictures.limits import LARGEST_FILE
from runway_nb.spec import CAMERA_LIMIT, POSITIONS

anywidget = pytest.importorskip("anywidget")

WITHOUT = """
import sys
sys.modules["anywidget"] = None
from runway_nb.notebook.panel.preview import make_preview
from runway_nb.notebook.static import STATIC
preview = make_preview(zoom=4.0)
preview.first = preview.preview_jpeg(open(sys.argv[1], "rb").read())
preview.middle, preview.announcement = b"", "here"
print(type(preview).__name__, preview.has_script, preview.zoom, "data:image/jpeg" in preview.value)
"""


def picture(size: tuple[int, int] = (1600, 1200), kind: str = "JPEG", mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.linear_gradient("L").resize(size).convert(mode).save(out, kind, **options)
    return out.getvalue()


def opened(data: bytes) -> Image.Image:
    return Image.open(io.BytesIO(data))


# --- pictures -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        ((1600, 1200), (960, 720)),
        ((768, 1280), (576, 960)),
        ((640, 384), (640, 384)),
        ((960, 960), (960, 960)),
        ((5000, 2), (960, 1)),
        ((1, 1), (1, 1)),
    ],
)
def test_a_still_is_a_jpeg_of_at_most_960_pixels_and_never_enlarged(size, expected) -> None:
    still = opened(preview_jpeg(picture(size)))
    assert (still.format, still.mode, still.size) == ("JPEG", "RGB", expected)


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("PNG", "RGBA"), ("PNG", "P"), ("PNG", "I;16"), ("GIF", "P"), ("WEBP", "RGB"), ("BMP", "1"), ("TIFF", "CMYK")],
)
def test_every_kind_of_picture_becomes_a_still(kind, mode) -> None:
    assert opened(preview_jpeg(picture((300, 200), kind, mode))).size == (300, 200)


def test_a_still_stands_upright() -> None:
    turned = Image.Exif()
    turned[0x0112] = 6
    assert opened(preview_jpeg(picture((1200, 800), exif=turned))).size == (640, 960)


def test_a_large_photo_makes_a_small_still() -> None:
    assert len(preview_jpeg(picture((4000, 3000), quality=95))) < 150_000


@pytest.mark.parametrize("data", [b"", b"no picture", b"\xff\xd8\xff", b"GIF89a", b"\x89PNG\r\n\x1a\n" + bytes(100),
                                  b"<svg xmlns='http://www.w3.org/2000/svg'/>", memoryview(b"BM")])  # fmt: skip
def test_what_is_no_picture_gives_nothing(data) -> None:
    assert preview_jpeg(data) == b""


def test_a_picture_too_large_to_unpack_gives_nothing() -> None:
    header = b"\0\0\xff\xff\0\0\xff\xff\x08\x02\0\0\0"
    assert preview_jpeg(b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + header + bytes(4)) == b""
    assert preview_jpeg(b"\xff\xd8\xff" + b"\xff\xda" * 200) == b""


@pytest.mark.filterwarnings("ignore::UserWarning")
def test_damaged_pictures_never_raise() -> None:
    draw = random.Random(7)
    for kind in ("JPEG", "PNG", "GIF", "WEBP", "TIFF"):
        whole = picture((64, 48), kind)
        for _ in range(40):
            damaged = bytearray(whole[: draw.randrange(1, len(whole) + 1)])
            for _ in range(draw.randrange(6)):
                damaged[draw.randrange(len(damaged))] = draw.randrange(256)
            still = preview_jpeg(bytes(damaged))
            assert still == b"" or opened(still).format == "JPEG"


# --- traits -------------------------------------------------------------------------------------------


def test_the_traits_begin_empty_and_keep_their_range() -> None:
    preview = make_preview()
    assert preview.has_script
    assert (preview.first, preview.middle, preview.last) == (b"", b"", b"")
    assert (preview.static, preview.frame, preview.seconds, preview.time) == (False, (1280, 768), 5, 0.0)
    assert preview.times == {"first": 0.0, "middle": 0.5, "last": 1.0}
    assert (preview.crop_note, preview.announcement, preview.texts) == ("", "", {})
    for move in camera.MOVES:
        setattr(preview, move, -10)
        assert getattr(preview, move) == -10
        with pytest.raises(traitlets.TraitError):
            setattr(preview, move, 10.1)
    with pytest.raises(traitlets.TraitError):
        preview.time = 1.5


@pytest.mark.parametrize("make", [make_preview, PlainPreview])
def test_it_follows_its_controls_and_they_follow_it(make) -> None:
    preview, slider, static = make(), ipywidgets.FloatSlider(min=-10, max=10), ipywidgets.Checkbox()
    preview.follow({"zoom": slider, "static": static})
    slider.value, static.value = 4.0, True
    assert (preview.zoom, preview.static) == (4.0, True)
    preview.zoom = -2.0
    assert slider.value == -2.0
    assert preview.get_state(["controls"])["controls"]["zoom"] == f"IPY_MODEL_{slider.model_id}"


def test_it_can_be_linked_in_the_browser() -> None:
    for preview in (make_preview(), PlainPreview()):
        ipywidgets.jslink((ipywidgets.FloatSlider(), "value"), (preview, "zoom"))


# --- without anywidget --------------------------------------------------------------------------------


@pytest.mark.slow("starts a process")
def test_without_anywidget_the_first_picture_stands_still(tmp_path: Path) -> None:
    path = tmp_path / "picture.jpg"
    path.write_bytes(picture())
    done = subprocess.run([sys.executable, "-c", WITHOUT, path], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["PlainPreview", "False", "4.0", "True"]


def test_the_plain_preview_shows_the_first_picture_there_is_and_sends_nothing_else() -> None:
    preview = PlainPreview()
    assert "Choose a first keyframe" in preview.value
    preview.last = preview_jpeg(picture())
    assert preview.value.startswith("<img")
    assert not {"first", "middle", "last", "zoom", "controls"} & set(preview.get_state())


@pytest.mark.slow("starts a process")
def test_loading_the_module_does_not_load_anywidget() -> None:
    code = "import sys, runway_nb.notebook.panel.preview; print('anywidget' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# --- script -------------------------------------------------------------------------------------------


def test_the_script_begins_with_the_facts_of_python() -> None:
    head, _ = script().split(";\n", 1)
    shared = json.loads(head.removeprefix("const RUNWAY_FACTS = "))
    assert shared == json.loads(json.dumps(facts()))
    told = shared["camera"]
    assert (told["moves"], told["limit"]) == ([*camera.MOVES], CAMERA_LIMIT)
    assert (told["truck"], told["pedestal"]) == (camera.TRUCK, camera.PEDESTAL)
    assert (told["dollyIn"], told["dollyOut"]) == (camera.DOLLY_IN, camera.DOLLY_OUT)
    assert (told["yaw"], told["pitch"], told["roll"]) == (camera.YAW, camera.PITCH, camera.ROLL)
    assert shared["positions"] == [*POSITIONS]
    assert shared["upload"]["largest"] == LARGEST_FILE


def test_the_script_reads_every_fact_and_no_other() -> None:
    """`Facts` in facts.js names what there is; the type checker holds each use against it."""
    named = set(re.findall(r"@property \{.+\} (\w+)", static_text("facts.js")))
    assert named == {*facts(), *facts()["camera"]}
    for name in named:
        assert re.search(rf"(?:FACTS\.(?:\w+\.)?|CAMERA\.|const \{{ ){name}\b", script()), name


def test_the_script_is_one_module_that_asks_nobody() -> None:
    text = script()
    assert text.count("export") == text.count("export default") == 1
    assert not re.search(r"^import\b|\bimport\(|fetch\(|XMLHttpRequest|innerHTML|eval\(", text, re.MULTILINE)
    assert set(re.findall(r"https?://\S+?(?=[\"'])", text)) == {"http://www.w3.org/2000/svg"}
    assert make_preview()._esm == text


def test_the_style_sheet_names_no_colour_of_its_own_where_the_theme_has_one() -> None:
    sheet = re.sub(r"/\*.*?\*/", "", (STATIC / "panel.css").read_text(), flags=re.DOTALL)
    assert set(re.findall(r"#[0-9a-fA-F]{3,8}\b", sheet)) == {"#fff"}
    assert "url(" not in sheet
    assert "transition" not in sheet
    assert "animation" not in sheet
    assert sheet.count("{") == sheet.count("}")


def test_the_view_never_reaches_beyond_the_patches() -> None:
    """A last keyframe seen from the start goes furthest: 6.5 frames from the centre, where patches end at 10.5."""
    furthest, corner = 0.0, [(10, 10, 10, 10, 10, 10), (-10, -10, -10, 10, -10, 10), (-10, 10, 10, -10, 10, 10)]
    for size in ((640, 384), (384, 640)):
        for values in corner:
            for pinned in (0.0, 0.5, 1.0):
                moves: dict[str, Any] = dict(zip(camera.MOVES, map(float, values), strict=True))
                seen = camera.Camera(**moves)
                back = camera.inverse(camera.seen_from(seen, 1.0 - pinned, pinned, *size))
                for x, y in ((0, 0), (size[0], 0), (0, size[1]), size):
                    u, v = camera.apply(back, x, y)
                    furthest = max(furthest, abs(u / size[0] - 0.5), abs(v / size[1] - 0.5))
    assert 6.4 < furthest < 6.6
