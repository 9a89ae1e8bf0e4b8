"""A page of assets: tiles that survive the sanitizer, and a table."""

from __future__ import annotations

import base64
import io
import re
from html.parser import HTMLParser
from time import mktime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runway_nb.api.models import Asset
from runway_nb.notebook.rendering.asset_gallery import FRAME, PAGE, bundle
from runway_nb.pictures.asset_names import match_asset
from runway_nb.pictures.assets import AssetList
from support.examples import examples
from support.sanitizer import Tags, check_sanitized, tags
from support.strategies import EMAIL, TASK_ID

NINE = mktime((2025, 3, 4, 9, 14, 40, 0, 0, -1))


def an_asset(name="lamp.png", number=1, kind="image", **fields):
    return Asset(f"user:1-runwayml:{EMAIL}-asset:{number:08x}-2222-4333-8444-555555555555", name, kind, **fields)


def a_list(*assets, notes=()):
    return AssetList(assets, notes)


def asset_list(count, kind="image"):
    return a_list(*(an_asset(f"n{number}.png", number, kind) for number in range(count)))


def a_still(width=240, height=144):
    out = io.BytesIO()
    Image.effect_noise((width, height), 12).convert("RGB").save(out, "JPEG", quality=60)
    return out.getvalue()


class Words(HTMLParser):
    """The text as a person reads it."""

    def __init__(self):
        super().__init__()
        self.found = []

    def handle_data(self, data):
        self.found.append(data)


def lines(html):
    reader = Words()
    reader.feed(html)
    return reader.found


def html_of(*assets, **more):
    return bundle(a_list(*assets), **more)["text/html"]


# --- what is said -----------------------------------------------------------------------------------


def test_the_table() -> None:
    made = bundle(
        a_list(
            an_asset(created=NINE, size=184_223),
            an_asset("clip.mp4", 2, "video", width=1280, height=768, seconds=5.209),
            an_asset("wide.png", 3, width=1280, height=768),
            an_asset("x" * 60, 4, "audio"),
        )
    )
    assert made["text/plain"].splitlines() == [
        "2 images, 1 video, 1 audio file.",
        "id        name                                          kind   size        date",
        "00000001  lamp.png                                      image  0.2 MB      4 Mar 2025 09:14",
        "00000002  clip.mp4                                      video  5.2 s",
        "00000003  wide.png                                      image  1280 x 768",
        f"00000004  {'x' * 41}...  audio",
    ]


def test_a_tile_says_what_it_is_and_what_to_type() -> None:
    shown = lines(html_of(an_asset("two words.png", width=1280, height=768)))
    assert shown[-5:] == ["no preview", "two words.png", "image \N{MIDDLE DOT} 1280 x 768", "00000001", '"two words"']


def test_a_shared_name_is_typed_as_the_id() -> None:
    twins = [an_asset("twin.png", 1), an_asset("twin.jpg", 2)]
    shown = lines(html_of(*twins))
    assert shown.count("00000001") == shown.count("00000002") == 1
    assert "twin" not in shown


def test_a_part_of_the_assets_knows_of_the_rest() -> None:
    twins = a_list(an_asset("twin.png", 1), an_asset("twin.jpg", 2))
    part = twins.only("png")
    assert "twin" in lines(bundle(part)["text/html"])
    assert "twin" not in lines(bundle(part, among=twins, text="png")["text/html"])


def test_a_video_is_no_keyframe_and_leads_to_its_frames() -> None:
    shown = lines(html_of(an_asset("lamp.mp4", kind="video", task_id=TASK_ID, seconds=5.2)))
    assert shown[-4:] == [
        "video \N{MIDDLE DOT} 5.2 s",
        "00000001",
        "no keyframe",
        "its frames: %runway attach 9c2a1f34",
    ]
    assert lines(html_of(an_asset("lamp.mp4", kind="video")))[-1] == "no keyframe"
    assert not any("--first" in line for line in shown)


def test_notes_come_first() -> None:
    made = bundle(a_list(an_asset(), notes=("the assets of account 2 of 2 are missing: locked",)), note="just uploaded")
    for text in ("\n".join(lines(made["text/html"])), made["text/plain"]):
        first = text.splitlines()
        assert first[:3] == ["Just uploaded.", "The assets of account 2 of 2 are missing: locked.", "1 image."]


def test_no_assets_say_what_to_do() -> None:
    made = bundle(a_list())
    assert made["text/plain"] == "No assets yet: %runway upload FILE."
    assert lines(made["text/html"]) == ["No assets yet: %runway upload FILE."]
    none = bundle(a_list(), text="two words")["text/plain"]
    assert none == 'No assets with "two words" in the name: see all with %runway assets.'


# --- pages ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("page", "count", "head", "foot"),
    [
        (1, 120, "1 to 50 of 120 assets: 120 images.", "More: %runway assets --page 2, or by"),
        (3, 120, "101 to 120 of 120 assets: 120 images.", "These are the last. From the beginning: %runway assets, or"),
        (2, 1050, "51 to 100 of 1,050 assets: 1,050 images.", "More: %runway assets --page 3, or by"),
    ],
)
def test_a_long_list_has_pages(page, count, head, foot) -> None:
    made = bundle(asset_list(count), page=page)
    for text in (made["text/plain"].splitlines(), lines(made["text/html"])):
        assert text[0] == head
        assert text[-1].startswith(foot)
        assert text[-1].endswith("a part of the name: %runway assets TEXT")


def test_a_page_of_chosen_ones_leads_to_the_next_of_them() -> None:
    assert "More: %runway assets lamp --page 2," in bundle(asset_list(60), text="lamp")["text/plain"]
    assert "1 to 50 of 60 assets with lamp in the name: 60 images." in bundle(asset_list(60), text="lamp")["text/plain"]


@settings(max_examples=examples(30), deadline=None)
@given(st.integers(0, 160), st.integers(-3, 9))
def test_every_asset_is_on_one_page_and_no_page_is_too_long(count, page) -> None:
    assets = asset_list(count)
    pages = max(1, -(-count // PAGE))
    made = [bundle(assets, page=number)["text/plain"] for number in range(1, pages + 1)]
    found = [name for text in made for name in re.findall(r"  (n\d+\.png)", text)]
    assert found == [asset.name for asset in assets]
    assert bundle(assets, page=page)["text/plain"] == made[min(max(page, 1), pages) - 1]


# --- pictures ---------------------------------------------------------------------------------------


def images(html):
    return [attributes for tag, attributes in tags(html) if tag == "img"]


@pytest.mark.parametrize(("size", "shown"), [((240, 144), (136, 82)), ((240, 400), (49, 82)), ((100, 60), (100, 60))])
def test_a_picture_is_made_to_fit_its_tile(size, shown) -> None:
    asset = an_asset()
    (image,) = images(html_of(asset, thumbnails={asset.id: a_still(*size)}))
    data = base64.b64decode(image["src"].removeprefix("data:image/jpeg;base64,"))
    assert Image.open(io.BytesIO(data)).size == shown == (int(image["width"]), int(image["height"]))
    assert shown[0] <= FRAME[0]
    assert image["alt"] == "image lamp.png"


def test_a_picture_that_is_not_there_has_words_in_its_place() -> None:
    one, two, three = (an_asset(f"{number}.png", number) for number in range(3))
    stills = {one.id: None, two.id: b"broken"}
    assert [word for word in lines(html_of(one, two, three, thumbnails=stills)) if word == "no preview"] == [
        "no preview"
    ] * 3
    shown = lines(html_of(one, two, three, thumbnails=stills, loading=True))
    assert [word for word in shown if word in ("no preview", "loading")] == ["no preview", "no preview", "loading"]


def test_ten_tiles_are_small_enough_to_keep() -> None:
    assets = asset_list(10)
    html = bundle(assets, {asset.id: a_still() for asset in assets})["text/html"]
    assert len(images(html)) == 10
    assert len(html) < 35_000


# --- the sanitizer ----------------------------------------------------------------------------------

_LENGTH = r"(0|\d+px)"
_NUMBER = r"(1|0(\.\d+)?)"
_FONTS = r"[-a-zA-Z]+( [a-zA-Z]+)*"
ALLOWED = {
    "background": rf"rgba\(\d+,\d+,\d+,{_NUMBER}\)", "border-radius": _LENGTH, "display": "block|inline-block",
    "font-family": rf"{_FONTS}(, {_FONTS})*", "font-size": _LENGTH, "font-weight": "600", "height": _LENGTH,
    "line-height": _LENGTH, "margin": rf"(({_LENGTH}|auto) ?){{1,4}}", "opacity": _NUMBER, "overflow": "hidden",
    "text-align": "center", "text-overflow": "ellipsis", "vertical-align": "top", "white-space": "nowrap|pre-wrap",
    "width": _LENGTH, "word-wrap": "break-word",
}  # fmt: skip
"""The styles that are used, and such of their values as the strictest of JupyterLab's sanitizers keeps."""


def check_kept(html) -> None:
    """The sanitizer would leave all of it."""
    check_sanitized(html)
    for tag, attributes in tags(html):
        assert tag in ("div", "span", "img")
        assert set(attributes) <= {"style", "title", "src", "alt", "width", "height"}
        for style in (attributes.get("style") or "").split(";"):
            name, _, value = style.partition(":")
            assert re.fullmatch(ALLOWED[name], value), style


def test_a_page_survives_an_untrusted_notebook() -> None:
    assets = [an_asset("a b.png", 1), an_asset("c.mp4", 2, "video", task_id=TASK_ID), an_asset("d.mp3", 3, "audio")]
    check_kept(html_of(*assets, thumbnails={assets[0].id: a_still()}, note="a note"))
    check_kept(bundle(asset_list(60))["text/html"])
    check_kept(bundle(a_list())["text/html"])


hostile = st.text(max_size=30) | st.sampled_from(
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'\"&<>", "</div></div>", f"of {EMAIL}.png",
     TASK_ID, EMAIL, "user:4711-abcDEF123", "\ud800", "a\nb", "</td>"]
)  # fmt: skip


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(st.tuples(hostile, hostile), max_size=5), hostile, hostile)
def test_no_name_gets_out_of_its_place_or_shows_a_secret(given, note, text) -> None:
    assets = a_list(*(an_asset(name, number, kind) for number, (name, kind) in enumerate(given)), notes=(note,))
    stills = {asset.id: a_small_still for asset in assets}
    made = bundle(assets, stills, note=note, text=text)
    check_kept(made["text/html"])
    assert len(images(made["text/html"])) == len(given)
    reader = Tags()
    reader.feed(made["text/html"])
    for shown in (made["text/html"], made["text/plain"], repr(assets)):
        assert EMAIL not in shown
        assert "abcDEF123" not in shown
        shown.encode()


a_small_still = a_still(20, 12)


def test_the_last_line_of_a_tile_can_be_typed() -> None:
    assets = a_list(
        *(an_asset(name, number) for number, name in enumerate(["a b", "a b.png", "it's.png", EMAIL, "x.y.z"]))
    )
    for asset in assets:
        typed = lines(bundle(a_list(asset), among=assets)["text/html"])[-1]
        assert match_asset(typed.strip('"'), assets) is asset


def test_a_list_shows_itself() -> None:
    made = a_list(an_asset())._repr_mimebundle_(None, None)
    assert made == bundle(a_list(an_asset()))
