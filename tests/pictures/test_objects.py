"""What a notebook calls a picture, as the bytes of a picture file."""

from __future__ import annotations

import base64
import io
import pathlib
import subprocess
import sys
import tracemalloc
from contextlib import suppress
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock, Mock
from urllib.parse import quote_from_bytes

import matplotlib as mpl
import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from IPython import display as shown
from matplotlib.figure import Figure, SubFigure
from PIL import Image, ImageCms, ImageDraw, ImageOps

from runway_nb.errors import InvalidRequest
from runway_nb.pictures import objects as sources
from runway_nb.pictures.fit import FITS, Fit, fit_picture, measure
from runway_nb.pictures.objects import is_picture, picture_bytes
from runway_nb.spec import MODELS
from support.examples import examples
from support.picture_files import decibels, encoded

FRAMES = [(160, 96), (96, 160)]
"""The shapes of the frames, small enough for a quick test."""
WIDE, HIGH = MODELS["gen3turbo"].aspects.values()
BEHIND = "#204060"
ORIENTATION = 0x0112
EXTRA = (Image.Resampling.LANCZOS,)


def _photo(size=(300, 220)):
    """A slope of light over four quadrants in colours of their own: no turn and no mirror leaves it the same."""
    picture = Image.new("RGB", size, "#c02020")
    middle = (size[0] // 2, size[1] // 2)
    draw = ImageDraw.Draw(picture)
    draw.rectangle((middle[0], 0, *size), fill="#20b040")
    draw.rectangle((0, middle[1], *size), fill="#2030d0")
    draw.rectangle((*middle, *size), fill="#e0d020")
    slope = Image.linear_gradient("L").resize(size, Image.Resampling.BICUBIC)
    return Image.blend(picture, slope.convert("RGB"), 0.4)


PHOTO = _photo()
GREY = PHOTO.convert("L")
PIXELS = np.asarray(PHOTO)
LIGHT = np.asarray(GREY)
CLEAR = Image.merge("RGBA", (*PHOTO.split(), Image.linear_gradient("L").rotate(90).resize(PHOTO.size)))
FEW = PHOTO.quantize(64, Image.Quantize.FASTOCTREE)
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def _lazy(data):
    return Image.open(io.BytesIO(data))


def _opened(picture, kind, **options):
    return _lazy(encoded(picture, kind, **options))


def _turned(orientation):
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    return exif


def _over(picture):
    """As it is seen where it is transparent."""
    return Image.alpha_composite(Image.new("RGBA", picture.size, BEHIND), picture.convert("RGBA")).convert("RGB")


def _seen(data):
    picture = _lazy(data)
    picture.load()
    return picture


def _reference(picture, size, mode):
    """The same by Pillow alone."""
    if mode == "stretch":
        return picture.resize(size, *EXTRA)
    return ImageOps.fit(picture, size, *EXTRA) if mode == "cover" else ImageOps.pad(picture, size, *EXTRA, color=BEHIND)


def _mode(mode):
    """The photo in a mode, opaque."""
    step = {"La": "LA", "RGBa": "RGBA", "PA": "P"}.get(mode)
    return (PHOTO.convert(step) if step else PHOTO).convert(mode)


def _deep(mode):
    """The grey photo in 16 bits."""
    kind = ">u2" if mode.endswith("B") else "<u2"
    return Image.frombytes(mode, GREY.size, (LIGHT.astype(kind) * 257).astype(kind).tobytes())


def _still(position, kind="GIF"):
    """An animation that stands on one of its three frames: black, the photo, white."""
    blank = [Image.new("RGB", PHOTO.size, colour) for colour in ("black", "white")]
    options = {"lossless": True} if kind == "WEBP" else {}
    image = _opened(blank[0], kind, save_all=True, append_images=[PHOTO, blank[1]], **options)
    image.seek(position)
    return image


class Shows:
    """An object of a user that shows itself as PNG."""

    def __init__(self, found):
        self.found = found

    def _repr_png_(self):
        return self.found


class ShowsLater(Shows):
    """That has no PNG, and a JPEG instead."""

    def _repr_png_(self):
        return None

    def _repr_jpeg_(self):
        return self.found


class ShowsBundle(Shows):
    """That has a bundle of kinds."""

    _repr_png_: Any = None

    def _repr_mimebundle_(self, include=None, exclude=None):
        return self.found


class ShowsOnRequest(Shows):
    """That shows itself as a drawing, unless something else is asked for."""

    _repr_png_: Any = None

    def _repr_mimebundle_(self, include=None, exclude=None, **_):
        return {"image/svg+xml": "<svg/>"} if include is None or "image/png" not in include else {"image/png": PNG}


class ShowsVector(Shows):
    """As graphviz does."""

    _repr_png_: Any = None

    def _repr_svg_(self):
        return "<svg/>"


class Tensor:
    """Follows the array protocol, and shows itself as something else besides."""

    def __init__(self, array):
        self.array = array

    def __array__(self, dtype=None, copy=None):
        return self.array

    def _repr_png_(self):
        return encoded(Image.new("RGB", (9, 9)), "PNG")


def _figure(size=(3.0, 2.2), **options):
    """The photo from edge to edge."""
    figure = Figure(figsize=size, dpi=100, **options)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(PIXELS, aspect="auto", interpolation="bilinear")
    axes.set_axis_off()
    return figure


def _part():
    figure = Figure(figsize=(3.0, 2.2), dpi=100)
    part = cast(SubFigure, figure.subfigures(1, 1))
    cast(SubFigure, part.subfigures(1, 1)).add_axes((0, 0, 1, 1)).imshow(
        PIXELS, aspect="auto", interpolation="bilinear"
    )
    return part


class Grid:
    """As a grid of seaborn: no artist, with a figure of its own."""

    def __init__(self, figure, name="figure"):
        setattr(self, name, figure)

    def savefig(self, *args, **options):
        raise AssertionError("it would cut the borders off")


def _plotly(error=None, **layout):
    """A real figure whose drawing needs no browser."""
    objects = pytest.importorskip("plotly.graph_objects")

    class Drawn(objects.Figure):  # type: ignore[name-defined]
        def to_image(self, *, width, height, scale, **options):
            if error:
                raise error
            return encoded(PHOTO.resize((int(width * scale), int(height * scale)), *EXTRA), "PNG")

    return Drawn(layout=layout)


def _altair(**properties):
    alt = pytest.importorskip("altair")
    pytest.importorskip("vl_convert")
    data = alt.Data(values=[{"picture": _uri(encoded(PHOTO, "PNG"))}])
    marks = alt.Chart(data, padding=0, width=300, height=220).mark_image(width=300, height=220, aspect=False)
    return marks.encode(url="picture:N", x=alt.value(150), y=alt.value(110)).properties(**properties)


def _uri(data, kind="image/png;base64"):
    return f"data:{kind}," + base64.b64encode(data).decode()


def _base64(data):
    return base64.b64encode(data).decode()


def _masked():
    hidden = np.zeros(PIXELS.shape, bool)
    hidden[:60, :80] = True
    wild = np.where(hidden, np.nan, PIXELS / 255)
    return np.ma.masked_array(wild, hidden)


def _behind_mask():
    picture = PHOTO.copy()
    picture.paste("black", (0, 0, 80, 60))
    return picture


PNG, JPEG, GIF = encoded(PHOTO, "PNG"), encoded(PHOTO, "JPEG", quality=95), encoded(FEW, "GIF")
WRAPPED = base64.encodebytes(PNG).decode()
ONE_CLEAR = encoded(FEW, "PNG", transparency=5)
CLEAR_BLACK = encoded(_behind_mask(), "PNG", transparency=(0, 0, 0))
ON_ITS_SIDE = encoded(PHOTO, "JPEG", quality=95, exif=_turned(6))
TURNED = PHOTO.transpose(Image.Transpose.ROTATE_270)
TWICE = PHOTO.resize((600, 440), Image.Resampling.NEAREST)
KINDS = {
    # name: how it is made, what is seen of it
    "bytes": (lambda: PNG, PHOTO),
    "bytes of a jpeg": (lambda: JPEG, PHOTO),
    "bytearray": (lambda: bytearray(PNG), PHOTO),
    "memoryview": (lambda: memoryview(PNG), PHOTO),
    "data text": (lambda: _uri(PNG), PHOTO),
    "data text with parameters": (lambda: _uri(JPEG, "image/jpeg;name=a.jpg;charset=utf-8;base64"), PHOTO),
    "data text in capitals": (lambda: _uri(PNG, "IMAGE/PNG;BASE64").replace("data:", "DATA:"), PHOTO),
    "data text, percent-encoded": (lambda: "data:image/png," + quote_from_bytes(PNG), PHOTO),
    "data text, both": (lambda: _uri(PNG).replace("+", "%2B").replace("=", "%3D"), PHOTO),
    "data text, wrapped, no padding": (lambda: "data:image/png;base64,\n" + WRAPPED.rstrip("=\n"), PHOTO),
    "pil 1": (lambda: _mode("1"), _mode("1").convert("RGB")),
    "pil L": (lambda: _mode("L"), GREY),
    "pil LA": (lambda: CLEAR.convert("LA"), _over(CLEAR.convert("LA"))),
    "pil La": (lambda: CLEAR.convert("LA").convert("La"), _over(CLEAR.convert("LA"))),
    "pil P": (lambda: FEW.copy(), FEW.convert("RGB")),
    "pil P with one clear colour": (lambda: _lazy(ONE_CLEAR), _over(_lazy(ONE_CLEAR))),
    "pil P with alpha": (lambda: CLEAR.quantize(64), _over(CLEAR.quantize(64))),
    "pil PA": (lambda: _mode("PA"), _mode("P").convert("RGB")),
    "pil RGB": (lambda: PHOTO.copy(), PHOTO),
    "pil RGB with one clear colour": (lambda: _lazy(CLEAR_BLACK), _over(_lazy(CLEAR_BLACK))),
    "pil RGBA": (lambda: CLEAR.copy(), _over(CLEAR)),
    "pil RGBa": (lambda: CLEAR.convert("RGBa"), _over(CLEAR)),
    "pil RGBX": (lambda: _mode("RGBX"), PHOTO),
    "pil CMYK": (lambda: _mode("CMYK"), PHOTO),
    "pil YCbCr": (lambda: _mode("YCbCr"), PHOTO),
    "pil LAB": (lambda: _mode("LAB"), PHOTO),
    "pil HSV": (lambda: _mode("HSV"), PHOTO),
    "pil I": (lambda: Image.fromarray(LIGHT.astype(np.int32) * 257), GREY),
    "pil I;16": (lambda: _deep("I;16"), GREY),
    "pil I;16B": (lambda: _deep("I;16B"), GREY),
    "pil F to 1": (lambda: Image.fromarray(np.float32(LIGHT) / 255), GREY),
    "pil F to 255": (lambda: Image.fromarray(np.float32(LIGHT)), GREY),
    "pil with a profile": (lambda: _opened(PHOTO, "PNG", icc_profile=SRGB), PHOTO),
    "opened png": (lambda: _opened(PHOTO, "PNG"), PHOTO),
    "opened jpeg": (lambda: _opened(PHOTO, "JPEG", quality=95), PHOTO),
    "opened cmyk jpeg": (lambda: _opened(_mode("CMYK"), "JPEG", quality=95), PHOTO),
    "opened webp": (lambda: _opened(PHOTO, "WEBP", lossless=True), PHOTO),
    "opened tiff": (lambda: _opened(PHOTO, "TIFF", compression="tiff_lzw"), PHOTO),
    "opened turned jpeg": (lambda: _lazy(ON_ITS_SIDE), TURNED),
    "opened turned png": (lambda: _opened(PHOTO, "PNG", exif=_turned(6)), TURNED),
    "opened turned tiff": (lambda: _opened(PHOTO, "TIFF", exif=_turned(6)), TURNED),
    "copy of a turned jpeg": (lambda: _lazy(ON_ITS_SIDE).copy(), PHOTO),
    "turned jpeg, resized": (lambda: _opened(TWICE, "JPEG", quality=95, exif=_turned(6)).resize((300, 220)), PHOTO),
    "turned jpeg, turned by hand": (lambda: ImageOps.exif_transpose(_lazy(ON_ITS_SIDE)), TURNED),
    "opened gif": (lambda: _opened(FEW, "GIF"), FEW.convert("RGB")),
    "second frame of a gif": (lambda: _still(1), PHOTO.quantize(256).convert("RGB")),
    "second frame of a webp": (lambda: _still(1, "WEBP"), PHOTO),
    "array of uint8": (lambda: PIXELS, PHOTO),
    "grey array": (lambda: LIGHT, GREY),
    "grey array in three dimensions": (lambda: LIGHT[:, :, None], GREY),
    "array with alpha": (lambda: np.asarray(CLEAR), _over(CLEAR)),
    "array of bool": (lambda: LIGHT > 127, Image.fromarray(np.uint8(LIGHT > 127) * 255)),
    "array of float16": (lambda: np.float16(PIXELS / 255), PHOTO),
    "array of float32": (lambda: np.float32(PIXELS / 255), PHOTO),
    "array of float64": (lambda: PIXELS / 255, PHOTO),
    "grey array of floats": (lambda: LIGHT / 255, GREY),
    "array of floats with alpha": (lambda: np.asarray(CLEAR) / 255, _over(CLEAR)),
    "array of uint16": (lambda: PIXELS.astype(np.uint16) * 257, PHOTO),
    "array of int64": (lambda: PIXELS.astype(np.int64), PHOTO),
    "array of int8": (lambda: (LIGHT // 2).astype(np.int8), GREY.point(lambda value: value // 2)),
    "big endian array": (lambda: (PIXELS / 255).astype(">f4"), PHOTO),
    "big endian uint16": (lambda: (PIXELS.astype(np.uint16) * 257).astype(">u2"), PHOTO),
    "every second pixel": (lambda: np.asarray(TWICE)[::2, ::2], PHOTO),
    "mirrored array": (lambda: np.asarray(ImageOps.mirror(PHOTO))[:, ::-1], PHOTO),
    "bgr array": (lambda: np.ascontiguousarray(PIXELS[:, :, ::-1])[..., ::-1], PHOTO),
    "fortran array": (lambda: np.asfortranarray(PIXELS), PHOTO),
    "channels moved": (lambda: np.moveaxis(np.ascontiguousarray(np.moveaxis(PIXELS, -1, 0)), 0, -1), PHOTO),
    "masked array": (_masked, _behind_mask()),
    "object of the array protocol": (lambda: Tensor(PIXELS / 255), PHOTO),
    "matplotlib figure": (_figure, PHOTO),
    "matplotlib figure, clear": (lambda: _figure(facecolor="none"), PHOTO),
    "matplotlib subfigure": (_part, PHOTO),
    "matplotlib axes": (lambda: _figure().axes[0], PHOTO),
    "matplotlib image": (lambda: _figure().axes[0].images[0], PHOTO),
    "grid of seaborn": (lambda: Grid(_figure()), PHOTO),
    "old grid of seaborn": (lambda: Grid(_figure(), "fig"), PHOTO),
    "plotly figure": (lambda: _plotly(width=300, height=220), PHOTO),
    "altair chart": (_altair, PHOTO),
    "shows bytes": (lambda: Shows(PNG), PHOTO),
    "shows bytes and metadata": (lambda: Shows((PNG, {"width": 30})), PHOTO),
    "shows base64": (lambda: Shows(WRAPPED), PHOTO),
    "shows a jpeg": (lambda: ShowsLater(JPEG), PHOTO),
    "shows a bundle": (lambda: ShowsBundle({"text/plain": "photo", "image/png": PNG}), PHOTO),
    "shows a bundle and metadata": (lambda: ShowsBundle(({"image/jpeg": _base64(JPEG)}, {})), PHOTO),
    "shows what is asked for": (lambda: ShowsOnRequest(None), PHOTO),
    "ipython png": (lambda: shown.Image(PNG), PHOTO),
    "ipython jpeg": (lambda: shown.Image(JPEG, width=30), PHOTO),
    "ipython gif": (lambda: shown.Image(GIF, format="gif"), FEW.convert("RGB")),
    "ipython data text": (lambda: shown.Image(url=_uri(PNG)), PHOTO),
}  # fmt: skip


FITTED = [(size, mode) for mode in FITS for size in FRAMES]


@pytest.mark.parametrize(
    "fits",
    [pytest.param([FITTED[0], FITTED[-1]], id="two fits"), pytest.param(FITTED, marks=pytest.mark.deep, id="all fits")],
)
@pytest.mark.parametrize("name", KINDS)
def test_it_looks_as_it_does_in_the_notebook(name, fits) -> None:
    make, wanted = KINDS[name]
    value = make()
    assert is_picture(value)
    data = picture_bytes(value, FRAMES)
    assert type(data) is bytes
    for size, mode in fits:
        fitted = fit_picture(data, size, Fit(mode, background=BEHIND))
        assert _seen(fitted.data).size == fitted.size == size
        assert decibels(_seen(fitted.data), _reference(wanted.convert("RGB"), size, mode)) >= 30, (size, mode)


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "TIFF", "WEBP"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_an_opened_image_is_turned_as_its_file_is(orientation, kind) -> None:
    data = encoded(_photo((60, 44)), kind, exif=_turned(orientation))
    frame = measure(data)
    before, after = fit_picture(data, frame), fit_picture(picture_bytes(_lazy(data), FRAMES), frame)
    assert after.source_size == frame
    assert decibels(_seen(before.data), _seen(after.data)) >= (50 if kind in ("PNG", "TIFF") else 40)


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_exif_data_that_cannot_be_read_turn_nothing() -> None:
    image = _opened(PHOTO, "PNG", exif=b"Exif\0\0MM\0*\xff\xff\xff\xff")
    assert _seen(picture_bytes(image, FRAMES)).tobytes() == PHOTO.tobytes()


def test_a_colour_profile_is_kept_where_it_still_holds() -> None:
    for mode in ("RGB", "L", "P", "CMYK", "YCbCr"):
        image = _mode(mode)
        image.info["icc_profile"] = SRGB
        assert _seen(picture_bytes(image, FRAMES)).info["icc_profile"] == SRGB
    image = _mode("LAB")
    image.info["icc_profile"] = SRGB
    assert "icc_profile" not in _seen(picture_bytes(image, FRAMES)).info


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "CMYK", "I", "F"])
def test_a_mode_that_a_file_keeps_is_kept_to_the_bit(mode) -> None:
    image = {"I;16": lambda: _deep("I;16"), "P": FEW.copy}.get(mode, lambda: _mode(mode))()
    found = _seen(picture_bytes(image, FRAMES))
    assert (found.mode, found.tobytes()) == (mode, image.tobytes())


# --- laws ---------------------------------------------------------------------------------------------

SHAPES = st.tuples(st.integers(1, 9), st.integers(1, 9), st.sampled_from([(), (1,), (3,), (4,)])).map(
    lambda parts: (*parts[:2], *parts[2])
)
LAYOUTS = st.sampled_from(
    [
        np.ascontiguousarray,
        np.asfortranarray,
        lambda a: a[::-1],
        lambda a: a[:, ::-1],
        lambda a: np.repeat(np.repeat(a, 2, 0), 3, 1)[::2, ::3],
        lambda a: a.astype(a.dtype.newbyteorder()),
    ]
)


def _read_only(array):
    array.flags.writeable = False
    return array


def _values(value, shape):
    return np.asarray(_seen(picture_bytes(value, FRAMES))).reshape(shape)


@settings(deadline=None, max_examples=examples(50))
@given(arrays.arrays(np.uint8, SHAPES), LAYOUTS)
def test_bytes_of_an_array_come_back_as_they_are(array, layout) -> None:
    array = _read_only(layout(array))
    assert (_values(array, array.shape) == array).all()


def _span(array):
    colours = array[..., :3] if array.ndim == 3 else array
    return float(colours.max()) - float(colours.min())


@settings(deadline=None, max_examples=examples(50))
@given(st.data(), st.sampled_from([np.float16, np.float32, np.float64]), LAYOUTS)
def test_floats_that_use_their_scale_are_rounded_to_the_nearest_level(data, kind, layout) -> None:
    width = np.dtype(kind).itemsize * 8
    array = data.draw(arrays.arrays(kind, SHAPES, elements=st.floats(0, 1, width=width)))
    assume(not 0 < _span(array) < 1 / 8)
    array = _read_only(layout(array))
    assert (_values(array, array.shape) == np.round(255 * array.astype(np.float64))).all()


@settings(deadline=None, max_examples=examples(50))
@given(arrays.arrays(np.uint16, SHAPES), LAYOUTS)
def test_sixteen_bits_that_use_their_scale_are_rounded_to_the_nearest_level(array, layout) -> None:
    assume(not 0 < _span(array) < 65535 / 4)
    assume(array.shape[2:] != (4,) or array[..., 3].max() >= 16384)
    assume(not np.isin(array, [999, 9999, 32767, 32768, 65535]).any())  # they may stand for none
    array = _read_only(layout(array))
    assert (_values(array, array.shape) == np.round(array / 257)).all()


@settings(deadline=None, max_examples=examples(50))
@given(arrays.arrays(np.uint8, SHAPES.filter(lambda shape: shape[2:] != (4,))), LAYOUTS, st.sampled_from([257, 256]))
def test_eight_bits_written_in_sixteen_are_the_same_picture(array, layout, step) -> None:
    deep = _read_only(layout(array.astype(np.uint16) * step))
    assert abs(_values(deep, array.shape) - layout(array).astype(int)).max() <= (0 if step == 257 else 1)


@settings(deadline=None, max_examples=examples(50))
@given(st.data(), st.sampled_from([np.int8, np.int16, np.int32, np.int64, np.uint32, np.uint64]))
def test_other_whole_numbers_that_use_their_scale_are_levels(data, kind) -> None:
    most = min(255, np.iinfo(kind).max)
    array = _read_only(data.draw(arrays.arrays(kind, SHAPES, elements=st.integers(0, most))))
    assume(not 0 < _span(array) < 255 / 8)
    assert (_values(array, array.shape) == array).all()


KINDS_OF_NUMBERS = [np.uint16, np.int16, np.int32, np.int64, np.uint32, np.float16, np.float32, np.float64]


@settings(deadline=None, max_examples=examples(80))
@given(st.data(), st.sampled_from(KINDS_OF_NUMBERS), LAYOUTS)
def test_any_numbers_keep_their_order_and_are_seen_or_refused(data, kind, layout) -> None:
    """The least is darkest, the most is brightest, and what was more is never less."""
    array = data.draw(arrays.arrays(kind, st.tuples(st.integers(1, 9), st.integers(1, 9))))
    levels = None
    with suppress(InvalidRequest):
        levels = _values(_read_only(layout(array)), array.shape).astype(int)
    if levels is None:
        assert not np.isfinite(array).all() or np.abs(array).max() >= 999
        return
    numbers = layout(array).astype(np.float64).ravel()
    order = np.argsort(numbers, kind="stable")
    assert (np.diff(levels.ravel()[order]) >= 0).all()
    if numbers.max() > numbers.min():
        assert levels.max() - levels.min() >= 255 // 8


SCALED = [
    # numbers, what is said of them, their levels
    (np.array([[12.25, 871.0]]), "scaled from 12.25 … 871 to 0 … 255", [0, 255]),
    (np.array([[-1.0, 0.0, 1.0]]), "scaled from -1 … 1 to 0 … 255", [0, 128, 255]),
    (np.array([[0, 254.7]]), "its numbers, 0 … 254.7, are taken as 0 … 255", [0, 255]),
    (np.array([[0, 1.01]]), "scaled from 0 … 1.01 to 0 … 255", [0, 255]),
    (np.array([[0, 1e300]]), "scaled from 0 … 1e+300 to 0 … 255", [0, 255]),
    (np.array([[0, 0.06]]), "scaled from 0 … 0.06 to 0 … 255", [0, 255]),
    (np.linspace(-3, 900, 3).astype(int).reshape(1, 3), "scaled from -3 … 900 to 0 … 255", [0, 127, 255]),
    (np.array([[0, 1, 5]]), "scaled from 0 … 5 to 0 … 255", [0, 51, 255]),
    (np.array([[0, 2048, 4095]], np.uint16), "scaled from 0 … 4095 to 0 … 255", [0, 128, 255]),
    (np.array([[0, 511, 1023]], np.uint16), "scaled from 0 … 1023 to 0 … 255", [0, 127, 255]),
    (np.array([[0, 8191, 16383]], np.uint16), "scaled from 0 … 16383 to 0 … 255", [0, 127, 255]),
    (np.array([[29000, 29250, 29500]], np.uint16), "scaled from 29000 … 29500 to 0 … 255", [0, 128, 255]),
    (np.array([[0, 100, 255]], np.uint16), "its numbers, 0 … 255, are taken as 0 … 255", [0, 100, 255]),
    (np.array([[0, 32896, 65535]], np.int32), "its numbers, 0 … 65535, are taken as 0 … 65535", [0, 128, 255]),
    (np.array([[0, 2**40]], np.int64), "scaled from 0 … 1.09951e+12 to 0 … 255", [0, 255]),
]


def _said(value, size=None):
    data = picture_bytes(value, FRAMES)
    return fit_picture(data, size or measure(data)).notes


@pytest.mark.parametrize(("array", "note", "levels"), SCALED, ids=[note for _, note, _ in SCALED])
def test_numbers_beyond_their_scale_or_in_a_corner_of_it_are_spread_and_that_is_told(array, note, levels) -> None:
    assert np.abs(_values(array, (len(levels),)).astype(int) - levels).max() <= 1
    assert _said(array) == (note,)
    colours = np.repeat(array[:, :, None], 3, 2)
    assert _said(colours) == (note,)


def test_numbers_that_use_their_scale_need_no_words() -> None:
    for value in (LIGHT / 255, LIGHT, LIGHT.astype(int), LIGHT.astype(np.uint16) * 257, LIGHT > 90, PIXELS / 255):
        assert _said(value) == ()


def test_opaque_stays_opaque_whatever_the_colours_are_scaled_by() -> None:
    clear = np.concatenate([PIXELS.astype(float) * 40 - 3000, np.ones((*LIGHT.shape, 1))], axis=2)
    assert _said(clear)[0].startswith("scaled from -")
    assert _values(clear, clear.shape)[..., 3].min() == 255
    deep = np.concatenate([PIXELS.astype(np.uint16) * 16, np.full((*LIGHT.shape, 1), 4095, np.uint16)], axis=2)
    assert _values(deep, deep.shape)[..., 3].min() == 255


def test_masked_pixels_become_black_and_are_counted() -> None:
    assert _said(_masked())[0] == "4,800 of 66,000 pixels are masked and become black"
    heights = np.ma.masked_array([[-9999.0, 12.25], [40.0, 871.0]], [[True, False], [False, False]])
    assert _said(heights)[0] == "scaled from 12.25 … 871 to 0 … 255; 1 of 4 pixels are masked and become black"
    assert _values(heights, (2, 2))[0, 0] == 0


@pytest.mark.parametrize(
    "value", [np.zeros((4, 4)), np.full((4, 4, 3), 900), np.full((2, 2), -7.5), np.ones((3, 3), bool)]
)
def test_a_picture_of_one_colour_is_said_to_be(value) -> None:
    assert _said(value)[-1] == "the picture is one colour throughout: see that it is the one you mean"


def test_a_nearly_black_picture_is_said_to_be() -> None:
    assert _said(LIGHT // 20)[-1] == "the picture is nearly black throughout (no level is above 10 of 255)"


@settings(deadline=None, max_examples=examples(50))
@given(arrays.arrays(bool, SHAPES))
def test_bool_is_black_and_white(array) -> None:
    assert (_values(_read_only(array), array.shape) == np.where(array, 255, 0)).all()


@given(st.binary(min_size=1, max_size=200))
def test_a_data_text_holds_any_bytes(data) -> None:
    assert picture_bytes(_uri(data), FRAMES) == picture_bytes(_uri(data, "image/webp;a=b;base64"), FRAMES) == data
    assert picture_bytes("data:image/png," + quote_from_bytes(data), FRAMES) == data


@given(st.text(max_size=80))
def test_no_data_text_ends_in_more_than_a_short_line(text) -> None:
    try:
        assert picture_bytes("data:" + text, FRAMES)
    except InvalidRequest as refused:
        (line,) = refused.problems
        assert len(line) < 140


def test_floats_may_lie_outside_by_less_than_a_level_is_wide() -> None:
    assert _values(np.array([[-0.001, 1.001]]), (2,)).tolist() == [0, 255]


# --- figures ------------------------------------------------------------------------------------------

FIGURES = {(6.4, 4.8): WIDE, (4.0, 9.0): HIGH, (1.0, 1.5): HIGH, (16.0, 9.0): WIDE, (7.3, 4.4): WIDE}


@pytest.mark.parametrize("size", FIGURES, ids=str)
def test_a_figure_fills_the_frame_whose_shape_is_nearest_and_is_sharp(size) -> None:
    frame = FIGURES[size]
    data = picture_bytes(_figure(size), [WIDE, HIGH])
    found = measure(data)
    assert found[0] >= frame[0]
    assert found[1] >= frame[1]
    assert min(found[0] - frame[0], found[1] - frame[1]) <= 1 or min(size) * 100 >= min(frame)
    assert not [note for note in fit_picture(data, frame).notes if "enlarged" in note]


def test_a_line_of_a_figure_is_drawn_and_not_enlarged() -> None:
    figure = Figure(figsize=(1.28, 0.768), dpi=100)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.axvline(0.5, color="black", linewidth=0.72)
    axes.set_axis_off()
    seen = _seen(picture_bytes(figure, [WIDE])).convert("L")
    row = np.asarray(seen)[seen.height // 3]
    assert 5 <= (row < 128).sum() <= 15  # a hundredth of an inch, in a thousand dots an inch
    assert ((row > 40) & (row < 215)).sum() <= 2


@pytest.mark.slow("draws the largest figures")
@pytest.mark.parametrize("size", [(100, 100), (0.01, 10)], ids=str)
def test_a_huge_or_thin_figure_stays_bounded(size) -> None:
    width, height = measure(picture_bytes(Figure(figsize=size), [WIDE, HIGH]))
    assert width * height <= sources.LARGEST_FIGURE


def test_a_figure_is_never_drawn_below_its_own_resolution() -> None:
    assert measure(picture_bytes(Figure(figsize=(4, 3), dpi=700), [WIDE, HIGH])) == (2800, 2100)


def test_a_figure_keeps_its_own_colour_and_size_whatever_the_settings_for_saving() -> None:
    wishes: Any = {"savefig.bbox": "tight", "savefig.facecolor": "red", "savefig.transparent": True, "savefig.dpi": 10}
    with mpl.rc_context(wishes):
        data = picture_bytes(Figure(figsize=(6.4, 3.84), facecolor="#123456"), [WIDE])
        assert {key: mpl.rcParams[key] for key in wishes} == wishes
    assert measure(data) == WIDE
    assert _seen(data).getpixel((3, 3)) == (0x12, 0x34, 0x56, 255)


def test_a_plotly_figure_is_scaled_from_its_own_size_or_the_usual_one() -> None:
    assert measure(picture_bytes(_plotly(width=640, height=384), [WIDE, HIGH])) == (1280, 768)
    assert measure(picture_bytes(_plotly(width=303, height=303), [WIDE])) == (1280, 1280)  # not 1279
    assert measure(picture_bytes(_plotly(width=2000, height=1500), [WIDE, HIGH])) == (2000, 1500)
    assert measure(picture_bytes(_plotly(template={"layout": {"width": 300}}, height=600), [HIGH]))[1] >= 1280 * 1.2
    width, height = measure(picture_bytes(_plotly(), [WIDE, HIGH]))
    assert width == 1280
    assert height >= 768


def test_an_altair_chart_fills_the_frame() -> None:
    width, height = measure(picture_bytes(_altair(), [WIDE, HIGH]))
    assert width in (1280, 1281)
    assert height >= 768


# --- what is refused ----------------------------------------------------------------------------------


def _line(value):
    assert is_picture(value)
    with pytest.raises(InvalidRequest) as refused:
        picture_bytes(value, FRAMES)
    (line,) = refused.value.problems
    assert "\n" not in line
    return line


class Raises:
    """An object that cannot show itself."""

    def _repr_png_(self):
        raise KeyError("no\nsuch " + 300 * "x")


class Panic(BaseException):
    """As the machine code of a plotting library raises it, here without words that could be had."""

    def __str__(self):
        raise ValueError("no words")


class Panics:
    def _repr_png_(self):
        raise Panic


def test_a_panic_of_a_plotting_library_is_one_line() -> None:
    assert "Panic" in _line(Panics())


class Remote:
    """As a tensor that is not on the CPU."""

    def __array__(self, dtype=None, copy=None):
        raise TypeError("can't convert cuda:0, use Tensor.cpu() first")


def _closed():
    image = _opened(PHOTO, "PNG")
    image.close()
    return image


def _released():
    view = memoryview(PNG)
    view.release()
    return view


GIVE = f"give {sources.ALLOWED}"
KALEIDO = "a plotly figure needs the package kaleido to become a picture: pip install kaleido"
FILL = "put numbers in their place (of an array: np.nan_to_num) and give it again"
KINDS_OF_ARRAY = "give (height, width), or (height, width, channels) with 1, 3 or 4 channels"
WRONG = [
    ("the picture is empty (0 bytes of bytes)", lambda: b"", GIVE),
    ("the picture is empty (0 bytes of memoryview)", lambda: memoryview(b""), GIVE),
    ("the picture is empty (0 bytes of Shows)", lambda: Shows(b""), GIVE),
    (
        "the memoryview cannot be read (ValueError: operation forbidden on released memoryview object)",
        _released,
        "give the bytes of a picture file",
    ),
    ("the data: text of image/png is empty", lambda: "data:image/png;base64,", "copy it again, whole"),
    ("the data: text of image/png is broken base64", lambda: "data:image/png;base64,§§secret", "copy it again, whole"),
    ("the data: text of image/jpeg is broken base64", lambda: "data:image/jpeg;base64,AAAAA", "copy it again, whole"),
    ("the data: text has no comma, its content is missing", lambda: "data:image/png;base64", "copy it again, whole"),
    ("the data: text is of the kind text/html, no picture", lambda: "data:text/html;base64,AAAA", "give image/png"),
    ("the data: text is of the kind text/plain, no picture", lambda: "data:,secret", "give image/png"),
    (f"the data: text is of the kind {40 * 'x'}, no picture", lambda: f"data:{99 * 'x'},secret", "give image/png"),
    ("an SVG is no pixel picture", lambda: "data:image/svg+xml,<svg/>", "give a data: text of a PNG"),
    ("the PIL image has 0 × 5 pixels", lambda: Image.new("RGB", (0, 5)), "give one with something to see"),
    (
        "the PIL image cannot be read (ValueError: Operation on closed image)",
        _closed,
        "open it again, its file is cut off, broken or closed",
    ),
    ("the array has the shape ()", lambda: np.array(3.0), KINDS_OF_ARRAY),
    ("the array has the shape (5,)", lambda: np.zeros(5), KINDS_OF_ARRAY),
    ("the array has the shape (5, 5, 2)", lambda: np.zeros((5, 5, 2)), KINDS_OF_ARRAY),
    (
        "the array has the shape (1, 5, 5, 3)",
        lambda: np.zeros((1, 5, 5, 3)),
        KINDS_OF_ARRAY + ", one picture at a time",
    ),
    (
        "the array has the shape (3, 5, 6), its channels come first",
        lambda: np.zeros((3, 5, 6)),
        "give np.moveaxis(a, 0, -1), of a tensor a.permute(1, 2, 0)",
    ),
    (
        "the array has the shape (1, 5, 6), its channels come first",
        lambda: np.zeros((1, 5, 6)),
        "give np.moveaxis(a, 0, -1), of a tensor a.permute(1, 2, 0)",
    ),
    ("the array has 0 × 5 pixels", lambda: np.zeros((5, 0, 3)), "give one with something to see"),
    (
        "the array has 100000 × 100000 = 10000 million pixels",
        lambda: np.broadcast_to(np.uint8(0), (100_000, 100_000)),
        "the most is 89 million",
    ),
    (
        "the 1x2 float64 array holds NaN or inf in 1 of 2 pixels",
        lambda: np.array([[0, np.nan]]),
        "np.nan_to_num(a) puts numbers in their place",
    ),
    (
        "the 2x2x3 float16 array holds NaN or inf in 3 of 4 pixels",
        lambda: np.array([[[0, -np.inf, 0], [0, 1, 0]], [[np.nan] * 3, [np.inf, 0, 0]]], np.float16),
        "np.nan_to_num(a) puts numbers in their place",
    ),
    (
        "3 of 12 pixels have no value (-9999)",
        lambda: np.array([[-9999, 12, 13.5, 871], [40, -9999, 41, 42], [50, 51, -9999, 53]]),
        FILL,
    ),
    (
        "1 of 4 pixels have no value (3.40282e+38)",
        lambda: np.array([[3.4028235e38, 12], [13.5, 871]], np.float32),
        FILL,
    ),
    ("1 of 4 pixels have no value (-32768)", lambda: np.array([[-32768, 12], [13, 871]], np.int16), FILL),
    ("4 of 4 pixels have no value (masked)", lambda: np.ma.masked_all((2, 2)), FILL),
    (
        "an array of complex128 is no picture",
        lambda: np.zeros((5, 5), complex),
        "give whole numbers 0 to 255, or floats 0 to 1",
    ),
    (
        "an array of object is no picture",
        lambda: np.full((2, 2), None),
        "give whole numbers 0 to 255, or floats 0 to 1",
    ),
    (
        "an array of datetime64[D] is no picture",
        lambda: np.full((2, 2), np.datetime64("2026-11-28")),
        "give whole numbers 0 to 255, or floats 0 to 1",
    ),
    (
        "an array of void24 is no picture",
        lambda: np.zeros((2, 2), [("r", "u1"), ("g", "u1"), ("b", "u1")]),
        "give whole numbers 0 to 255, or floats 0 to 1",
    ),
    (
        "an array of str96 is no picture",
        lambda: np.full((2, 2), "red"),
        "give whole numbers 0 to 255, or floats 0 to 1",
    ),
    (
        "the Remote cannot become an array (TypeError: can't convert cuda:0, use Tensor.cpu() first)",
        Remote,
        "give a numpy array",
    ),
    ("the Line2D stands in no figure", lambda: mpl.lines.Line2D([0], [0]), "give the figure itself"),
    (
        "the Figure has a side of 0 inches",
        lambda: Figure(figsize=(0, 5)),
        "give one with something to see",
    ),
    (
        f"{KALEIDO} (RuntimeError: no Kaleido here)",
        lambda: _plotly(RuntimeError("\nno Kaleido\n here")),
        "see that figure.to_image() works",
    ),
    (
        f"the Raises cannot show itself as png (KeyError: 'no\\nsuch {110 * 'x'})",
        Raises,
        "see that it shows in the notebook",
    ),
    ("what the Shows shows is broken base64", lambda: Shows("secret!"), "copy it again, whole"),
    ("the Shows shows itself as int, no bytes of a picture", lambda: Shows(3), GIVE),
    ("the Shows shows itself neither as PNG nor as JPEG", lambda: Shows(None), GIVE),
    ("the ShowsBundle shows itself neither as PNG nor as JPEG", lambda: ShowsBundle({"text/html": "<b>"}), GIVE),
    ("an SVG is no pixel picture", lambda: ShowsVector(None), "export the ShowsVector as PNG"),
    ("an SVG is no pixel picture", lambda: shown.SVG("<svg></svg>"), "export the SVG as PNG"),
    (
        "the IPython Image holds no picture, only a url",
        lambda: shown.Image(url="https://example.org/a.png"),
        "give its url as text",
    ),
    (
        "the IPython Image holds no picture, only a filename",
        lambda: shown.Image(filename="a.png", embed=False),
        "give its filename as text",
    ),
]


@pytest.mark.parametrize(("what", "make", "cure"), WRONG, ids=[what for what, *_ in WRONG])
def test_what_is_refused_is_told_in_one_line(what, make, cure) -> None:
    assert _line(make()) == f"{what}: {cure}"


def test_a_library_that_raises_what_is_no_exception_is_told_and_an_interrupt_goes_on() -> None:
    class Panics:
        def __array__(self, *_, **__):
            raise error

    error = type("PanicException", (BaseException,), {})("index out of bounds")
    line = "the Panics cannot become an array (PanicException: index out of bounds): give a numpy array"
    assert _line(Panics()) == line
    error = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        picture_bytes(Panics(), [(48, 32)])


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF"])
def test_an_image_whose_file_is_cut_off_is_told(kind) -> None:
    data = encoded(PHOTO, kind)
    line = _line(Image.open(io.BytesIO(data[: len(data) * 2 // 3] if kind != "TIFF" else data[:-9000])))
    assert line.startswith("the PIL image cannot be read (")
    assert line.endswith("): open it again, its file is cut off, broken or closed")


def test_an_image_that_was_left_before_it_was_loaded_is_told(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(PNG)
    with Image.open(tmp_path / "photo.png") as image:
        pass
    assert _line(image).startswith("the PIL image cannot be read (")


def test_an_image_with_too_many_pixels_is_refused_before_it_is_loaded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runway_nb.pictures.limits.LARGEST_PIXELS", 50_000)
    broken = _lazy(PNG[:200])
    assert _line(broken) == "the PIL image has 300 × 220 = 0 million pixels: the most is 0 million"
    assert _line(LIGHT) == "the array has 300 × 220 = 0 million pixels: the most is 0 million"


def test_a_chart_without_the_package_that_draws_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    chart = _altair()
    monkeypatch.setitem(sys.modules, "vl_convert", None)
    line = _line(chart)
    assert line.startswith("the altair Chart cannot be drawn (")
    assert "pip install vl-convert-python" in line


def test_plotly_itself_says_what_it_lacks() -> None:
    objects = pytest.importorskip("plotly.graph_objects")
    try:
        data = picture_bytes(objects.Figure(), FRAMES)
    except InvalidRequest as refused:
        (line,) = refused.problems
        assert line.startswith(f"{KALEIDO} (")
    else:
        assert measure(data) >= (160, 96)


class AnswersAll:
    """An object that has whatever it is asked for."""

    def __getattr__(self, name):
        return lambda *args, **options: PNG


def _nothing():
    pandas = pytest.importorskip("pandas")
    return [pandas.DataFrame({"a": [0.5]}), pandas.Series([0.5]), pandas.Index([1])]


NO_PICTURES = [
    None, True, 3, 0.5, 1j, "", "photo.png", "https://example.org/a.png", pathlib.Path("photo.png"), {}, [], (), set(),
    [PIXELS], {"image/png": PNG}, np, Image, Image.Image, Figure, Shows, Mock(), MagicMock(), Mock(spec=Image.Image),
    Mock(spec=np.ndarray), AnswersAll(), np.float64(0.5), np.uint8(3), np.dtype("u1"), len, _photo, PHOTO.save,
    lambda: PNG, object(), ImageDraw.Draw(PHOTO.copy()), shown.HTML("<img>"), range(3), io.BytesIO(PNG),
]  # fmt: skip


@pytest.mark.parametrize("value", NO_PICTURES, ids=lambda value: type(value).__name__)
def test_anything_else_is_no_picture(value) -> None:
    assert not is_picture(value)
    with pytest.raises(InvalidRequest, match="is no picture: give the bytes of a picture file"):
        picture_bytes(value, FRAMES)


def test_a_table_is_no_picture_though_it_follows_the_array_protocol() -> None:
    assert not any(is_picture(value) for value in _nothing())


def test_what_is_no_picture_is_named() -> None:
    for value, name in [(3, "int"), (None, "NoneType"), (Image.Image, "the class Image"), (np, "module")]:
        with pytest.raises(InvalidRequest) as refused:
            picture_bytes(value, FRAMES)
        assert refused.value.problems == (f"{name} is no picture: {GIVE}",)


# --- nothing is changed, nothing is loaded ------------------------------------------------------------


def test_to_ask_whether_it_is_a_picture_draws_nothing() -> None:
    for value in (Raises(), Remote(), _plotly(AssertionError()), _closed(), Grid(None)):
        assert is_picture(value)


def test_a_figure_is_left_as_it_is() -> None:
    figure = _figure()
    figure.axes[0].set_axis_on()
    state = [figure.dpi, tuple(figure.get_size_inches()), figure.get_facecolor(), figure.canvas, figure.axes]
    for value in (figure, figure.axes[0]):
        picture_bytes(value, [WIDE, HIGH])
    assert [figure.dpi, tuple(figure.get_size_inches()), figure.get_facecolor(), figure.canvas, figure.axes] == state


@pytest.mark.parametrize(
    "array", [PIXELS / 255, PIXELS.astype(">u2"), LIGHT > 9, PIXELS[::-2]], ids=lambda a: a.dtype.str
)
def test_an_array_is_left_as_it_is(array) -> None:
    before = array.copy()
    picture_bytes(array, FRAMES)
    assert (array == before).all()


@pytest.mark.parametrize("mode", ["1", "LA", "La", "P", "RGB", "CMYK", "LAB"])
def test_an_image_is_left_as_it_is(mode) -> None:
    image = CLEAR.convert("LA").convert("La") if mode == "La" else _mode(mode)
    image.info.update(icc_profile=SRGB, comment="mine", dpi=(72, 72))
    before, state = image.copy(), dict(vars(image), info=dict(image.info))
    picture_bytes(image, FRAMES)
    assert image == before
    assert {key: value for key, value in vars(image).items() if key in state} == state


def test_an_opened_image_keeps_its_frame_and_its_exif_data() -> None:
    image = _still(2)
    picture_bytes(image, FRAMES)
    assert image.tell() == 2
    image = _opened(PHOTO, "JPEG", exif=_turned(6))
    picture_bytes(image, FRAMES)
    assert image.size == PHOTO.size
    assert image.getexif()[ORIENTATION] == 6


def test_no_notes_of_an_image_leave_with_it() -> None:
    image = _opened(PHOTO, "JPEG", exif=_turned(1), comment=b"Secret Street 12")
    for value in (image, image.copy(), image.convert("CMYK")):
        value.info["comment"] = "Secret Street 12"
        assert b"Secret" not in picture_bytes(value, FRAMES)


def test_floats_are_counted_over_in_small_pieces() -> None:
    array = np.full((2000, 2000, 3), 0.5, np.float32)
    tracemalloc.start()
    try:
        picture_bytes(array, FRAMES)
        assert tracemalloc.get_traced_memory()[1] < 3 * array.size
    finally:
        tracemalloc.stop()


@pytest.mark.slow("starts a process")
def test_it_loads_no_library() -> None:
    heavy = "{'numpy', 'PIL', 'matplotlib', 'plotly', 'altair', 'IPython', 'pandas'}"
    code = f"""
import sys
from runway_nb.pictures.objects import is_picture, picture_bytes
values = [b"x", "data:image/png,x", "photo.png", 3, None, object()]
assert [is_picture(value) for value in values] == [True, True, False, False, False, False]
assert picture_bytes(values[1], [(5, 3)]) == b"x"
print({heavy} & set(sys.modules))
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout == "set()\n"
