"""The fitting of a keyframe picture before it is sent."""

from __future__ import annotations

import io
import math
import struct
import subprocess
import sys
import warnings
import zlib
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageCms, ImageOps

from runway_nb.errors import InvalidRequest
from runway_nb.pictures import decode
from runway_nb.pictures import fit as fitting
from runway_nb.pictures.aspects import aspect_of
from runway_nb.pictures.fit import (
    FITS,
    UPSCALE_WARNING,
    WHOLE,
    Fit,
    Fitted,
    comparison,
    fit_picture,
    measure,
    plan_fit,
    stored_box,
)
from runway_nb.pictures.parsers import is_bare_jpeg, is_bare_png
from runway_nb.spec import MODELS
from support.examples import examples
from support.picture_files import decibels, encoded, is_fitted_or_refused, png_chunk

ASPECTS = MODELS["gen3turbo"].aspects
FRAME = (160, 96)
"""The shape of the landscape frame, small enough for a quick test."""
UPRIGHT = (96, 160)
PLACE = "Secret Street 12"
ORIENTATION, GPS, MAKER = 0x0112, 0x8825, 0x010F


def _photo(size=(300, 220), mode="RGB"):
    """Smooth shapes in every colour, as a photo has them."""
    light = Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC)
    slope = Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC)
    across = Image.linear_gradient("L").rotate(90).resize(size, Image.Resampling.BICUBIC)
    return Image.merge("RGB", (light, slope, across)).convert(mode)


def _seen(fitted):
    picture = Image.open(io.BytesIO(fitted.data if isinstance(fitted, Fitted) else fitted))
    picture.load()
    return picture


def _near(pixel, wanted, within=6):
    return all(abs(part - goal) <= within for part, goal in zip(pixel, wanted, strict=True))


def _deep(size=(90, 60)):
    """A grey ramp of 16 bits from left to right."""
    row = struct.pack(f"<{size[0]}H", *(65535 * x // (size[0] - 1) for x in range(size[0])))
    return Image.frombytes("I;16", size, row * size[1])


def _png(size, *, depth=8, colour=2, rows=None, between=b""):
    """A PNG by hand, for headers that Pillow does not write."""
    pixels = zlib.compress(rows if rows is not None else b"\0")
    head = png_chunk(b"IHDR", struct.pack(">IIBBBBB", *size, depth, colour, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + between + png_chunk(b"IDAT", pixels) + png_chunk(b"IEND", b"")


def _deep_rgb():
    row = b"\0" + struct.pack(">3H", 65535, 32896, 0) * 40
    return _png((40, 30), depth=16, rows=row * 30)


def _exif(orientation=1, place=True):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    exif[MAKER] = PLACE
    if place:
        exif[GPS] = {1: "N", 2: (52.0, 31.0, 12.0), 3: "E", 4: (13.0, 24.0, 18.0)}
    return exif


ONE_COLOUR = "the picture is one colour throughout: see that it is the one you mean"
FEW = _photo().quantize(64, Image.Quantize.FASTOCTREE)
"""In few colours."""
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
SOURCES = {
    "jpeg": encoded(_photo(), "JPEG", quality=95),
    "progressive": encoded(_photo(), "JPEG", progressive=True),
    "grey jpeg": encoded(_photo(mode="L"), "JPEG"),
    "cmyk jpeg": encoded(_photo(mode="CMYK"), "JPEG"),
    "mpo": encoded(_photo(), "MPO", save_all=True, append_images=[_photo()]),
    "png": encoded(_photo(), "PNG"),
    "portrait png": encoded(_photo((150, 400)), "PNG"),
    "rgba": encoded(_photo(mode="RGBA"), "PNG"),
    "grey alpha": encoded(_photo(mode="LA"), "PNG"),
    "one bit": encoded(_photo(mode="1"), "PNG"),
    "palette": encoded(FEW, "PNG"),
    "clear palette": encoded(FEW, "PNG", transparency=3),
    "16 bit": encoded(_deep(), "PNG"),
    "16 bit rgb": _deep_rgb(),
    "gif": encoded(FEW, "GIF"),
    "webp": encoded(_photo(), "WEBP"),
    "clear webp": encoded(_photo(mode="RGBA"), "WEBP", lossless=True),
    "bmp": encoded(_photo(), "BMP"),
    "tiff": encoded(_photo(), "TIFF"),
    "lzw tiff": encoded(_photo(), "TIFF", compression="tiff_lzw"),
    "float tiff": encoded(_photo(mode="F"), "TIFF"),
    "cmyk tiff": encoded(_photo(mode="CMYK"), "TIFF"),
    "one pixel": encoded(Image.new("RGB", (1, 1), "#40c080"), "PNG"),
    "thread": encoded(Image.new("RGB", (1, 3000), "#40c080"), "PNG"),
    "beam": encoded(Image.new("RGB", (3000, 1), "#40c080"), "JPEG"),
}


@pytest.mark.parametrize("mode", FITS)
@pytest.mark.parametrize("size", [FRAME, UPRIGHT, (40, 30)], ids=str)
@pytest.mark.parametrize("name", SOURCES)
def test_every_source_comes_out_with_exactly_the_size_plain_and_stays_so(name, size, mode) -> None:
    fitted = fit_picture(SOURCES[name], size, Fit(mode))
    picture = _seen(fitted)
    assert (picture.size, picture.mode, fitted.size) == (size, "RGB", size)
    assert fitted.content_type == f"image/{picture.format.lower()}"
    assert fitted.source_size == measure(SOURCES[name])
    again = fit_picture(fitted.data, size, Fit(mode))
    assert again.data is fitted.data
    assert (again.box, again.scale) == (WHOLE, 1.0)
    bars = [note for note in again.notes if note.startswith("nearly all of the picture is black")]
    assert {*again.notes} - {*bars} <= {ONE_COLOUR}


@pytest.mark.parametrize("size", ASPECTS.values(), ids=ASPECTS)
@pytest.mark.parametrize("mode", FITS)
def test_the_frames_of_the_model_are_met(mode, size) -> None:
    assert _seen(fit_picture(SOURCES["jpeg"], size, Fit(mode))).size == size


@pytest.mark.parametrize("name", SOURCES)
def test_lossless_sources_become_png_and_photos_jpeg(name) -> None:
    fitted = fit_picture(SOURCES[name], FRAME)
    photo = SOURCES[name].startswith((b"\xff\xd8", b"RIFF"))
    assert fitted.content_type == ("image/jpeg" if photo else "image/png")


def test_a_png_that_is_too_big_becomes_a_jpeg(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "LARGEST_PNG", 1000)
    fitted = fit_picture(SOURCES["png"], FRAME)
    assert fitted.content_type == "image/jpeg"
    picture = _seen(fitted)
    assert [layer[1:3] for layer in picture.layer] == [(1, 1)] * 3  # 4:4:4


# --- against Pillow's own -----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("shape", [(300, 220), (220, 300), (900, 660), (100, 61), (161, 95)], ids=str)
@pytest.mark.parametrize("size", [FRAME, UPRIGHT], ids=str)
def test_it_looks_as_pillows_own_fit_pad_and_resize(kind, shape, size) -> None:
    data = encoded(_photo(shape), kind, **({"quality": 95} if kind == "JPEG" else {}))
    whole = _seen(data)
    assert decibels(_seen(fit_picture(data, size)), ImageOps.fit(whole, size, Image.Resampling.LANCZOS)) >= 35
    padded = ImageOps.pad(whole, size, Image.Resampling.LANCZOS, color="#204060")
    assert decibels(_seen(fit_picture(data, size, Fit("contain", background="#204060"))), padded) >= 35
    stretched = whole.resize(size, Image.Resampling.LANCZOS)
    assert decibels(_seen(fit_picture(data, size, Fit("stretch"))), stretched) >= 35


@pytest.mark.parametrize("focus", [(0, 0), (0.3, 0.7), (1, 0.5)], ids=str)
@pytest.mark.parametrize("orientation", range(1, 9))
def test_every_orientation_is_turned_upright_and_the_crop_is_exact(orientation, focus) -> None:
    data = encoded(_photo((230, 170)), "PNG", exif=_exif(orientation))
    upright = ImageOps.exif_transpose(_seen(data))
    fitted = fit_picture(data, FRAME, Fit(focus=focus))
    assert fitted.source_size == measure(data) == upright.size
    left, top, right, bottom = (fraction * side for fraction, side in zip(fitted.box, upright.size * 2, strict=True))
    part = (left, top, right, bottom)
    assert decibels(_seen(fitted), upright.resize(FRAME, Image.Resampling.LANCZOS, box=part)) >= 50


@pytest.mark.parametrize("kind", ["JPEG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_read_in_every_kind_of_file(orientation, kind) -> None:
    stored = Image.new("RGB", (40, 24), "#000000")
    stored.paste("#ff0000", (0, 0, 20, 12))
    stored.paste("#00ff00", (20, 0, 40, 12))
    stored.paste("#0000ff", (0, 12, 20, 24))
    options = {"lossless": True} if kind == "WEBP" else {"quality": 98} if kind == "JPEG" else {}
    data = encoded(stored, kind, exif=_exif(orientation, place=False), **options)
    turn = decode.TURNS[orientation][0]
    upright = stored if turn is None else stored.transpose(turn)
    fitted = fit_picture(data, upright.size)
    assert fitted.source_size == measure(data) == upright.size
    for spot in [(4, 4), (upright.width - 5, 4), (4, upright.height - 5), (upright.width - 5, upright.height - 5)]:
        assert _near(_seen(fitted).getpixel(spot), upright.getpixel(spot), 20)


def test_the_orientation_of_a_png_may_stand_behind_its_pixels() -> None:
    data = SOURCES["png"][:-12] + png_chunk(b"eXIf", _exif(6).tobytes()[6:]) + SOURCES["png"][-12:]
    assert measure(data) == (220, 300)
    assert fit_picture(data, (220, 300)).source_size == (220, 300)


@pytest.mark.parametrize("exif", [b"Exif\0\0", b"Exif\0\0MM\0*\xff\xff\xff\xff", b"Exif\0\0rubbish"])
def test_exif_data_that_cannot_be_read_turn_nothing(exif) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert measure(encoded(_photo(), "JPEG", exif=exif)) == (300, 220)


# --- the crop -----------------------------------------------------------------------------------------


CORNERS = {(0.0, 0.0): "#ff0000", (1.0, 0.0): "#00ff00", (0.0, 1.0): "#0000ff", (1.0, 1.0): "#ffff00"}


@pytest.mark.parametrize("shape", [(800, 90), (90, 800)], ids=str)
@pytest.mark.parametrize("focus", CORNERS, ids=str)
def test_the_chosen_corner_is_really_there(focus, shape) -> None:
    picture = Image.new("RGB", shape, "#808080")
    width, height = shape
    for (x, y), colour in CORNERS.items():
        left, top = int(x * (width - 30)), int(y * (height - 30))
        picture.paste(colour, (left, top, left + 30, top + 30))
    seen = _seen(fit_picture(encoded(picture, "PNG"), FRAME, Fit(focus=focus)))
    spot = (int(focus[0] * (FRAME[0] - 1)), int(focus[1] * (FRAME[1] - 1)))
    assert "#{:02x}{:02x}{:02x}".format(*seen.getpixel(spot)) == CORNERS[focus]


def test_the_crop_is_centred_on_the_focus_where_it_fits_in() -> None:
    fitted = fit_picture(encoded(_photo((800, 96)), "PNG"), FRAME, Fit(focus=(0.4, 0.5)))
    assert fitted.box == pytest.approx((0.3, 0.0, 0.5, 1.0))
    assert fitted.scale == 1.0


sides = st.integers(1, 10_000)
sizes = st.tuples(sides, sides)
fractions = st.floats(0, 1)


@given(sizes, sizes, fractions, fractions)
def test_the_box_of_cover_has_the_shape_of_the_frame_and_lies_within_the_picture(source, size, x, y) -> None:
    (left, top, right, bottom), inner, scale = plan_fit(source, size, Fit(focus=(x, y)))
    assert 0 <= left < right <= 1
    assert 0 <= top < bottom <= 1
    shape = (right - left) * source[0] / ((bottom - top) * source[1])
    assert shape == pytest.approx(size[0] / size[1], rel=1e-6)
    assert (right - left) * source[0] * scale == pytest.approx(size[0], rel=1e-6)
    assert inner == size
    assert max(right - left, bottom - top) == pytest.approx(1)  # as much of the picture as can be


@given(sizes, sizes, fractions, fractions)
def test_contain_and_stretch_show_the_whole_picture(source, size, x, y) -> None:
    box, inner, _ = plan_fit(source, size, Fit("contain", (x, y)))
    assert box == WHOLE
    assert inner[0] == size[0] or inner[1] == size[1]
    assert 1 <= inner[0] <= size[0]
    assert 1 <= inner[1] <= size[1]
    assert plan_fit(source, size, Fit("stretch", (x, y)))[:2] == (WHOLE, size)


@given(st.tuples(fractions, fractions, fractions, fractions), st.integers(1, 8))
def test_a_part_of_the_stored_picture_has_the_same_extent(part, orientation) -> None:
    left, right = sorted(part[:2])
    top, bottom = sorted(part[2:])
    stored = stored_box((left, top, right, bottom), orientation)
    assert stored[0] <= stored[2]
    assert stored[1] <= stored[3]
    extents = sorted([right - left, bottom - top])
    assert sorted([stored[2] - stored[0], stored[3] - stored[1]]) == pytest.approx(extents)


@settings(max_examples=examples(40), deadline=None)
@given(
    st.tuples(st.integers(1, 60), st.integers(1, 60)), st.sampled_from(FITS), fractions, fractions, st.integers(1, 8)
)
def test_any_shape_any_fit_any_orientation(shape, mode, x, y, orientation) -> None:
    data = encoded(Image.new("RGB", shape, "#336699"), "PNG", exif=_exif(orientation))
    seen = _seen(fit_picture(data, (25, 15), Fit(mode, (x, y), "#336699")))
    assert seen.getcolors() == [(25 * 15, (0x33, 0x66, 0x99))]


# --- what goes through --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", FITS)
@pytest.mark.parametrize("options", [{"format": "JPEG"}, {"format": "PNG"}, {"format": "JPEG", "quality": 30}], ids=str)
def test_a_plain_picture_of_the_right_size_goes_through_byte_for_byte(options, mode) -> None:
    kind = options["format"]
    rest = {name: value for name, value in options.items() if name != "format"}
    data = encoded(_photo(FRAME), kind, **rest)
    fitted = fit_picture(data, FRAME, Fit(mode, (0.1, 0.9)))
    assert fitted.data is data
    assert fitted == Fitted(data, f"image/{kind.lower()}", FRAME, FRAME, WHOLE, 1.0, ())


OTHERWISE = {
    "progressive": encoded(_photo(FRAME), "JPEG", progressive=True),
    "grey": encoded(_photo(FRAME, "L"), "JPEG"),
    "cmyk": encoded(_photo(FRAME, "CMYK"), "JPEG"),
    "rotated": encoded(_photo(UPRIGHT), "JPEG", exif=_exif(6)),
    "exif jpeg": encoded(_photo(FRAME), "JPEG", exif=_exif()),
    "comment": encoded(_photo(FRAME), "JPEG", comment=PLACE.encode()),
    "profile jpeg": encoded(_photo(FRAME), "JPEG", icc_profile=SRGB),
    "trailer jpeg": encoded(_photo(FRAME), "JPEG") + PLACE.encode(),
    "second picture": encoded(_photo(FRAME), "MPO", save_all=True, append_images=[_photo(FRAME)]),
    "stuffed mark": b"\xff\xd8\xff\xe0\0\x42JFIF\0" + PLACE.encode().ljust(59) + encoded(_photo(FRAME), "JPEG")[2:],
    "exif png": encoded(_photo(FRAME), "PNG", exif=_exif()),
    "profile png": encoded(_photo(FRAME), "PNG", icc_profile=SRGB),
    "trailer png": encoded(_photo(FRAME), "PNG") + PLACE.encode(),
    "alpha": encoded(_photo(FRAME, "RGBA"), "PNG"),
    "clear colour": encoded(_photo(FRAME), "PNG", transparency=(1, 2, 3)),
    "text": SOURCES["png"][:33] + png_chunk(b"tEXt", b"Place\0" + PLACE.encode()) + SOURCES["png"][33:],
    "late text": SOURCES["png"][:-12] + png_chunk(b"tEXt", b"Place\0" + PLACE.encode()) + SOURCES["png"][-12:],
    "animation": encoded(_photo(FRAME), "PNG", save_all=True, append_images=[_photo(FRAME).rotate(9)]),
    "16 bit": _deep_rgb(),
    "webp": encoded(_photo(FRAME), "WEBP"),
    "xmp webp": encoded(_photo(FRAME), "WEBP", exif=_exif(), xmp=PLACE.encode()),
    "gif comment": encoded(_photo(FRAME).quantize(), "GIF", comment=PLACE.encode()),
    "tiff text": encoded(_photo(FRAME), "TIFF", exif=_exif(place=False), description=PLACE),
}


@pytest.mark.parametrize("size", [None, (70, 42)], ids=["same size", "resized"])
@pytest.mark.parametrize("name", OTHERWISE)
def test_everything_else_is_made_new_and_carries_no_metadata(name, size) -> None:
    data = OTHERWISE[name]
    fitted = fit_picture(data, size or measure(data))
    assert fitted.data != data
    assert PLACE.encode() not in fitted.data
    seen = _seen(fitted)
    assert dict(seen.getexif()) == {}
    assert not set(seen.info) & {"exif", "icc_profile", "comment", "xmp", "transparency", "Place", "XML:com.adobe.xmp"}
    assert is_bare_png(fitted.data) or is_bare_jpeg(fitted.data)


def test_the_place_of_a_photo_is_in_the_source_of_these_tests() -> None:
    told = ["exif jpeg", "comment", "trailer jpeg", "stuffed mark", "exif png", "trailer png", "text", "late text"]
    told += ["xmp webp", "gif comment", "tiff text"]
    assert [name for name in told if PLACE.encode() not in OTHERWISE[name]] == []
    assert _seen(OTHERWISE["exif jpeg"]).getexif().get_ifd(GPS)[2] == (52.0, 31.0, 12.0)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_of_the_right_size_that_is_cut_off_does_not_go_through(kind) -> None:
    data = encoded(_photo(FRAME), kind)
    end = data[-12:] if kind == "PNG" else b""
    with pytest.raises(InvalidRequest, match="the picture is"):
        fit_picture(data[: len(data) // 2] + end, FRAME)


# --- colours ------------------------------------------------------------------------------------------


def test_transparent_parts_stand_on_the_background_and_leave_no_fringe() -> None:
    """White on nothing, and the nothing is black inside of the file: a plain resize would draw a dark line."""
    picture = Image.new("RGBA", (400, 240), (0, 0, 0, 0))
    picture.paste((255, 255, 255, 255), (0, 0, 201, 240))
    fitted = fit_picture(encoded(picture, "PNG"), FRAME, Fit(background="#ffffff"))
    assert min(low for low, _ in _seen(fitted).getextrema()) >= 254
    assert fitted.notes == ("transparent parts stand on #ffffff", ONE_COLOUR)


def test_half_transparent_colours_are_mixed_with_the_background() -> None:
    fitted = fit_picture(
        encoded(Image.new("RGBA", (40, 40), (255, 0, 0, 128)), "PNG"), FRAME, Fit(background="#0000ff")
    )
    assert _near(_seen(fitted).getpixel((80, 48)), (128, 0, 127), 2)


@pytest.mark.parametrize("name", ["rgba", "grey alpha", "clear webp"])
def test_alpha_that_hides_nothing_is_not_worth_a_note(name) -> None:
    assert fit_picture(SOURCES[name], FRAME).notes == ()


@pytest.mark.parametrize("mode", ["P", "L", "RGB"])
def test_a_colour_that_means_transparent_is_seen_as_such(mode) -> None:
    picture = Image.new(mode, (40, 24), 0 if mode != "RGB" else (0, 0, 0))
    picture.paste(5 if mode != "RGB" else (5, 5, 5), (20, 0, 40, 24))
    if mode == "P":
        picture.putpalette([0, 0, 0] * 5 + [5, 5, 5])
    data = encoded(picture, "PNG", transparency=0 if mode != "RGB" else (0, 0, 0))
    fitted = fit_picture(data, (40, 24), Fit(background="#ff8800"))
    seen = _seen(fitted)
    assert seen.getpixel((3, 3)) == (255, 136, 0)
    assert seen.getpixel((36, 20)) == (5, 5, 5)
    assert fitted.notes == ("transparent parts stand on #ff8800",)


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_16_bit_grey_keeps_its_brightness(kind) -> None:
    fitted = fit_picture(encoded(_deep(), kind), (90, 60))
    row = [_seen(fitted).getpixel((x, 30))[0] for x in (0, 45, 89)]
    assert row == [0, 129, 255]
    assert fitted.notes == ("16 bit per channel reduced to 8",)


def test_16_bit_colours_keep_theirs() -> None:
    fitted = fit_picture(_deep_rgb(), (40, 30))
    assert _near(_seen(fitted).getpixel((20, 15)), (255, 128, 0), 1)
    assert fitted.notes == ("16 bit per channel reduced to 8", ONE_COLOUR)


def test_a_16_bit_colour_that_means_transparent_does_no_harm() -> None:
    row = b"\0" + struct.pack(">3H", 65535, 32896, 0) * 40
    clear = png_chunk(b"tRNS", struct.pack(">3H", 65535, 32896, 0))
    assert _seen(fit_picture(_png((40, 30), depth=16, rows=row * 30, between=clear), FRAME)).size == FRAME
    grey = b"\0" + struct.pack(">H", 40000) * 40
    clear = png_chunk(b"tRNS", struct.pack(">H", 40000))
    data = _png((40, 30), depth=16, colour=0, rows=grey * 30, between=clear)
    assert _seen(fit_picture(data, FRAME)).size == FRAME


@pytest.mark.parametrize(
    ("values", "wanted", "note"),
    [
        ((0.0, 1.0), (0, 255), "more than 8 bit per channel reduced to 8"),
        ((0.0, 0.5), (0, 128), "more than 8 bit per channel reduced to 8"),
        ((0.0, 0.0625), (0, 255), "scaled from 0 … 0.0625 to 0 … 255"),
        ((0.0, 255.0), (0, 255), "its numbers, 0 … 255, are taken as 0 … 255"),
        ((-2.0, 6.0), (0, 255), "scaled from -2 … 6 to 0 … 255"),
        ((12.25, 871.0), (0, 255), "scaled from 12.25 … 871 to 0 … 255"),
        ((7.0, 7.0), (7, 7), "its numbers, 7 … 7, are taken as 0 … 255"),
    ],
    ids=str,
)
def test_broken_numbers_are_brought_to_eight_bits(values, wanted, note) -> None:
    picture = Image.new("F", (40, 24), values[0])
    picture.paste(values[1], (20, 0, 40, 24))
    fitted = fit_picture(encoded(picture, "TIFF"), (40, 24))
    assert (_seen(fitted).getpixel((2, 2))[0], _seen(fitted).getpixel((38, 20))[0]) == wanted
    assert fitted.notes[0] == note
    assert fitted.notes[1:] == ((ONE_COLOUR,) if values[0] == values[1] else ())


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("spots", [1, 37, 40 * 24])
def test_a_picture_with_numbers_that_are_none_is_refused_and_they_are_counted(value, spots) -> None:
    picture = Image.new("F", (40, 24), 0.5)
    for spot in range(spots):
        picture.putpixel((spot % 40, spot // 40), value)
    with pytest.raises(InvalidRequest, match=rf"^{spots} of 960 pixels have no value \(NaN or infinite\): put numbers"):
        fit_picture(encoded(picture, "TIFF"), FRAME)


@pytest.mark.parametrize("kind", ["JPEG", "TIFF"])
def test_cmyk_is_turned_to_rgb(kind) -> None:
    picture = Image.merge("CMYK", [Image.new("L", (40, 24), ink) for ink in (0, 255, 255, 0)])
    fitted = fit_picture(encoded(picture, kind), FRAME)
    assert _near(_seen(fitted).getpixel((80, 48)), (255, 0, 0), 4)
    assert fitted.notes[0] == "CMYK turned to RGB"


def test_a_colour_profile_is_turned_to_srgb() -> None:
    """The profile says that the first channel is blue and the third is red: then red comes out as blue."""
    assert SRGB.count(b"rXYZ") == SRGB.count(b"bXYZ") == 1
    swapped = SRGB.replace(b"rXYZ", b"tmp.", 1).replace(b"bXYZ", b"rXYZ", 1).replace(b"tmp.", b"bXYZ", 1)
    data = encoded(Image.new("RGB", (40, 24), "#ff0000"), "PNG", icc_profile=swapped)
    assert _near(_seen(fit_picture(data, FRAME)).getpixel((80, 48)), (0, 0, 255), 8)
    data = encoded(Image.new("RGB", (40, 24), "#ff4020"), "PNG", icc_profile=SRGB)
    assert _near(_seen(fit_picture(data, FRAME)).getpixel((80, 48)), (255, 64, 32), 1)


@pytest.mark.parametrize("mode", ["RGB", "L", "LA", "RGBA", "CMYK"])
def test_a_profile_that_cannot_be_used_is_left_out(mode) -> None:
    options: dict[str, Any] = {"format": "TIFF" if mode == "CMYK" else "PNG", "icc_profile": b"no profile at all"}
    out = io.BytesIO()
    Image.new(mode, (40, 24)).save(out, **options)
    assert "its colour profile cannot be used and is left out" in fit_picture(out.getvalue(), (40, 24)).notes


def test_a_grey_picture_may_have_a_profile_of_colours() -> None:
    fitted = fit_picture(encoded(Image.new("L", (40, 24), 90), "PNG", icc_profile=SRGB), FRAME)
    assert _near(_seen(fitted).getpixel((80, 48)), (90, 90, 90), 1)
    assert "profile" not in " ".join(fitted.notes)


# --- notes --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["GIF", "PNG", "WEBP"])
def test_the_first_frame_of_an_animation_is_taken_and_said(kind) -> None:
    first, second = _photo(FRAME), Image.new("RGB", FRAME, "#0000ff")
    data = encoded(first, kind, save_all=True, append_images=[second, first], duration=100)
    fitted = fit_picture(data, FRAME)
    assert decibels(_seen(fitted), first) > 20
    assert fitted.notes == (f"first frame of 3 of an animated {'WebP' if kind == 'WEBP' else kind}",)


def test_an_animation_whose_later_frames_are_broken_still_has_its_first() -> None:
    frames = [_photo(FRAME).rotate(turn).quantize(64) for turn in (0, 40, 80)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    alone = fit_picture(encoded(frames[0], "GIF"), FRAME)
    for cut in (0.5, 0.7, 0.9):
        assert decibels(_seen(fit_picture(data[: int(len(data) * cut)], FRAME)), _seen(alone)) > 35


def test_the_first_page_of_a_tiff_is_taken_and_said() -> None:
    data = encoded(_photo(), "TIFF", save_all=True, append_images=[_photo()])
    assert fit_picture(data, FRAME).notes == ("first page of 2 of a TIFF",)


@pytest.mark.parametrize(
    ("mode", "scale"), [("cover", 160 / 50), ("contain", 96 / 50), ("stretch", 160 / 50)], ids=FITS
)
def test_an_enlargement_is_said(mode, scale) -> None:
    fitted = fit_picture(encoded(_photo((50, 50)), "PNG"), FRAME, Fit(mode))
    assert fitted.scale == pytest.approx(scale)
    assert fitted.notes == (f"enlarged {scale:.1f} times: it may look soft (with upscale, Runway enlarges it)",)
    assert fitted.is_soft


def test_a_small_enlargement_is_not_worth_a_note() -> None:
    side = math.ceil(FRAME[0] / UPSCALE_WARNING)
    assert fit_picture(encoded(_photo((side, side)), "PNG"), FRAME).notes == ()


# --- sizes and words ----------------------------------------------------------------------------------


@pytest.mark.parametrize("size", [(1280, 768), (500, 500), (501, 500), (9000, 1), (1, 1)], ids=str)
def test_the_nearest_aspect_of_a_wide_or_square_picture(size) -> None:
    assert aspect_of(size, ASPECTS) == aspect_of(size, dict(reversed(ASPECTS.items()))) == "landscape"


@pytest.mark.parametrize("size", [(768, 1280), (500, 501), (1, 9000)], ids=str)
def test_the_nearest_aspect_of_a_high_picture(size) -> None:
    assert aspect_of(size, ASPECTS) == aspect_of(size, dict(reversed(ASPECTS.items()))) == "portrait"


def test_the_nearest_of_many_aspects() -> None:
    aspects = {"wide": (1584, 672), "landscape": (1280, 720), "square": (960, 960), "portrait": (720, 1280)}
    assert [aspect_of(size, aspects) for size in [(21, 9), (4, 3), (100, 99), (2, 3)]] == [
        "wide",
        "landscape",
        "square",
        "portrait",
    ]


def test_measuring_does_not_decode(monkeypatch: pytest.MonkeyPatch) -> None:
    head = {name: data for name, data in SOURCES.items() if name not in ("webp", "clear webp")}
    for reader in decode.READERS.values():
        monkeypatch.setattr(reader.open, "load", lambda *_: pytest.fail("it was decoded"))
    assert measure(head.pop("thread")) == (1, 3000)
    assert measure(head.pop("beam")) == (3000, 1)
    assert {measure(data) for data in head.values()} == {(300, 220), (150, 400), (90, 60), (40, 30), (1, 1)}


@pytest.mark.parametrize(
    ("fit", "line"),
    [
        (Fit("fill"), "fit is 'fill': choose cover, contain or stretch"),
        (Fit(None), "fit is None: choose"),  # type: ignore[arg-type]
        (Fit(focus=(0.5, 1.5)), r"focus is \(0.5, 1.5\): give two numbers from 0 to 1"),
        (Fit(focus=(0.5, -0.1)), "focus is"),
        (Fit(focus=(0.5,)), "focus is"),  # type: ignore[arg-type]
        (Fit(focus=(0.5, math.nan)), "focus is"),
        (Fit(focus="top"), "focus is 'top'"),  # type: ignore[arg-type]
        (Fit(focus=(True, 0)), "focus is"),
        (Fit(background="red"), "background is 'red': give a colour such as #000000"),
        (Fit(background="#fff"), "background is '#fff'"),
        (Fit(background=None), "background is None"),  # type: ignore[arg-type]
    ],
    ids=str,
)
def test_a_mistake_in_the_fit_is_one_line(fit, line) -> None:
    (problem,) = fit.problems()
    with pytest.raises(InvalidRequest, match=line) as refused:
        fit_picture(SOURCES["png"], FRAME, fit)
    assert refused.value.problems == (problem,)


def test_all_mistakes_in_the_fit_are_told_at_once() -> None:
    assert len(list(Fit("fill", (2, 2), "red").problems())) == 3
    assert list(Fit().problems()) == list(Fit("contain", (0, 1), "#Ff8800").problems()) == []


# --- hostile files ------------------------------------------------------------------------------------


def _bombs():
    text = zlib.compress(bytes(3_000_000))
    head = struct.pack("<IiiHHIIiiII", 40, 90_000, 90_000, 1, 24, 0, 0, 0, 0, 0, 0)
    jpeg = SOURCES["jpeg"]
    start = jpeg.index(b"\xff\xc0") + 5
    scan = SOURCES["progressive"][SOURCES["progressive"].rindex(b"\xff\xda") : -2]
    return {
        "gigantic png": (_png((90_000, 90_000)), "90000 × 90000 = 8100 million pixels: the most is 89 million"),
        "big png": (_png((10_000, 10_000)), "10000 × 10000 = 100 million pixels"),
        "long png": (_png((2_000_000_000, 1)), "million pixels"),
        "gigantic jpeg": (jpeg[:start] + b"\xff\xdc\xff\xdc" + jpeg[start + 4 :], "65500 × 65500"),
        "gigantic gif": (b"GIF89a\xff\xff\xff\xff\0\0\0" + SOURCES["gif"][13:], "65535 × 65535"),
        "gigantic bmp": (b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + head, "90000 × 90000"),
        "many scans": (SOURCES["progressive"][:-2] + scan * 200 + b"\xff\xd9", "scans, no JPEG needs so many"),
        "text bomb": (_png((8, 8), between=png_chunk(b"zTXt", b"a\0\0" + text)), "the picture is broken"),
        "profile bomb": (_png((8, 8), between=png_chunk(b"iCCP", b"a\0\0" + text)), "the picture is broken"),
    }


HOSTILE = {
    **_bombs(),
    "empty": (b"", "the picture is empty"),
    "words": (b"just some words", "no picture that can be read: give a PNG, JPEG, WebP, GIF, BMP or TIFF file"),
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"/>', "an SVG is no pixel picture: export it as PNG"),
    "svg with head": (b'\xef\xbb\xbf<?xml version="1.0"?>\n<!-- a --><svg/>', "an SVG is no pixel picture"),
    "web page": (b"<!DOCTYPE html><html><svg></svg></html>", "a web page, no picture"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "export it as JPEG or PNG"),
    "video": (b"\0\0\0\x18ftypisom\0\0\0\0", "no picture that can be read"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "no picture that can be read"),
    "sound": (b"RIFF\x24\0\0\0WAVEfmt ", "no picture that can be read"),
    "no width": (_png((0, 9)), "no pixels"),
    "no height": (_png((9, 0)), "no pixels"),
    "garbage png": (SOURCES["png"][:60] + b"\x5a" * 3000, "the picture is"),
    "garbage webp": (SOURCES["webp"][:30] + b"\x5a" * 3000, "the picture is"),
    "garbage tiff": (SOURCES["tiff"][:8] + b"\x5a" * 3000, "the picture is"),
    "garbage jpeg": (SOURCES["jpeg"][:20] + b"\x5a" * 3000, "the picture is"),
    "only a sign": (b"\x89PNG\r\n\x1a\n", "the picture is"),
    "only the start": (b"\xff\xd8\xff", "the picture is"),
    "no pixels in it": (b"GIF89a\x10\0\x10\0\0\0\0;", "the picture is"),
    "few rows": (_png((9, 9), rows=b"\0" * 40), "the picture is cut off"),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF")
@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_is_refused_in_one_clear_line(name) -> None:
    data, line = HOSTILE[name]
    with pytest.raises(InvalidRequest, match=line) as refused:
        fit_picture(data, FRAME)
    assert len(refused.value.problems) == 1
    assert "\n" not in refused.value.message
    assert len(refused.value.message) < 220


def test_a_gigantic_header_is_refused_without_a_warning_and_without_decoding(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decode.PngImageFile, "load", lambda *_: pytest.fail("it was decoded"))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for name in ("gigantic png", "big png", "long png", "gigantic jpeg"):
            with pytest.raises(InvalidRequest, match="million pixels"):
                measure(HOSTILE[name][0])


@pytest.mark.parametrize("name", [name for name in SOURCES if name not in ("one pixel", "beam")])
def test_a_file_that_is_cut_off_anywhere_is_refused_or_fitted(name) -> None:
    """Never another error; a TIFF or GIF may still have all its pixels."""
    data = SOURCES[name]
    assert all(is_fitted_or_refused(data[: len(data) * part // 12]) for part in range(1, 12))


def test_a_jpeg_that_is_cut_off_is_said_to_be() -> None:
    with pytest.raises(InvalidRequest, match=r"cut off .*: copy or download the file again"):
        fit_picture(SOURCES["jpeg"][:-300], FRAME)


@settings(max_examples=examples(150), deadline=None)
@given(st.sampled_from(sorted(SOURCES)), st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=6))
def test_bytes_changed_at_random_never_raise_anything_else(name, changes) -> None:
    data = bytearray(SOURCES[name])
    for place, byte in changes:
        data[place % len(data)] = byte
    assert is_fitted_or_refused(bytes(data))


def test_a_mistake_of_ours_is_not_hidden() -> None:
    with pytest.raises(TypeError):
        fit_picture(SOURCES["png"], None)  # type: ignore[arg-type]
    with pytest.raises(ZeroDivisionError):
        fit_picture(SOURCES["png"], (0, 0), Fit("contain"))


def test_a_thread_of_ten_thousand_pixels_is_fitted() -> None:
    for shape in [(1, 10_000), (10_000, 1)]:
        for mode in FITS:
            fitted = fit_picture(encoded(Image.new("RGB", shape, "#40c080"), "PNG"), FRAME, Fit(mode))
            assert _seen(fitted).size == FRAME


@pytest.mark.slow("measures the memory of a process")
def test_a_photo_of_twelve_megapixels_takes_little_memory() -> None:
    """Decoded whole it would take 48 MB more: a JPEG is decoded at half its size."""
    code = (
        "import io, resource; from PIL import Image; out = io.BytesIO()\n"
        "from runway_nb.pictures.fit import fit_picture\n"
        "Image.new('RGB', (1280, 960), '#336699').save(out, 'JPEG'); fit_picture(out.getvalue(), (160, 96))\n"
        "small = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss\n"
        "import sys; fit_picture(sys.stdin.buffer.read(), (1280, 768))\n"
        "sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - small))\n"
    )
    data = encoded(Image.new("RGB", (4000, 3000), "#336699"), "JPEG")
    done = subprocess.run([sys.executable, "-c", code], input=data, capture_output=True, check=True)
    assert int(done.stdout) < 40_000 * (1024 if sys.platform == "darwin" else 1)


# --- beside each other --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["jpeg", "portrait png", "clear palette", "one pixel", "thread", "beam"])
@pytest.mark.parametrize("mode", FITS)
def test_the_comparison_is_a_small_jpeg_of_the_width(name, mode) -> None:
    fitted = fit_picture(SOURCES[name], FRAME, Fit(mode))
    sheet = _seen(comparison(SOURCES[name], fitted))
    assert (sheet.format, sheet.width) == ("JPEG", 240)
    assert sheet.height <= 120
    assert len(comparison(SOURCES[name], fitted)) < 20_000


def test_the_comparison_outlines_the_seen_part_and_shows_what_is_sent() -> None:
    data = encoded(Image.new("RGB", (400, 100), "#c02020"), "PNG")
    fitted = fit_picture(data, (96, 96), Fit(focus=(0.0, 0.5)))
    sheet = _seen(comparison(data, fitted, 480))
    middle = sheet.height // 2
    assert _near(sheet.getpixel((30, middle)), (192, 32, 32), 12)  # seen
    assert _near(sheet.getpixel((150, middle)), (67, 11, 11), 12)  # not seen, darker
    assert _near(sheet.getpixel((360, middle)), (192, 32, 32), 12)  # sent
    line = [sheet.getpixel((x, middle)) for x in range(50, 64)]
    assert max(min(pixel) for pixel in line) > 200  # the outline


def test_the_comparison_shows_a_rotated_source_upright() -> None:
    data = encoded(_photo((300, 100)), "JPEG", exif=_exif(6))
    sheet = _seen(comparison(data, fit_picture(data, UPRIGHT), 200))
    assert _near(sheet.getpixel((3, 50)), (128, 128, 128), 4)  # beside the narrow source


@pytest.mark.parametrize("width", [1, 2, 17, 1000])
def test_the_comparison_takes_any_width(width) -> None:
    fitted = fit_picture(SOURCES["jpeg"], FRAME)
    assert _seen(comparison(SOURCES["jpeg"], fitted, width)).width == max(width, 4)
