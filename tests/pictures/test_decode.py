"""Picture files opened safely: what is no finished picture, what is a bomb, and numbers of more than eight bits."""

from __future__ import annotations

import io
import random
import struct
import subprocess
import sys
import time
import warnings
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import GifImagePlugin, Image, ImageFile, PngImagePlugin

from runway_nb.errors import InvalidRequest
from runway_nb.notebook.panel.preview import preview_jpeg
from runway_nb.pictures import decode, limits
from runway_nb.pictures.fit import Fit, comparison, fit_picture, measure, thumbnail
from runway_nb.pictures.objects import picture_bytes
from runway_nb.pictures.thumbnails import small_jpeg
from support.examples import examples
from support.picture_files import encoded, is_fitted_or_refused, png_chunk

SIZE = (48, 32)
FORMS = {1: "B", 2: "s", 3: "H", 4: "I", 11: "f", 12: "d"}


def _slope(top=1.0, low=0.0, size=SIZE):
    """Numbers that rise from left to right."""
    return np.tile(np.linspace(low, top, size[0]), (size[1], 1))


def _png(array, *, colour, depth=16, between=b"", size=None):
    """By hand: Pillow writes no colours of 16 bits."""
    kind = ">u2" if depth == 16 else "u1"
    rows = b"".join(b"\0" + row.astype(kind).tobytes() for row in array)
    width, height = size or array.shape[1::-1]
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    parts = png_chunk(b"IHDR", head) + between + png_chunk(b"IDAT", zlib.compress(rows)) + png_chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + parts


def _tiff(array, *extra, order="<", packed=False, form=1, photometric=None, next_at=0, bits=None):
    """By hand, with whatever tags: (tag, type, values)."""
    count = array.shape[2] if array.ndim == 3 else 1
    pixels = array.astype(array.dtype.newbyteorder(order)).tobytes()
    pixels = zlib.compress(pixels) if packed else pixels
    kind = photometric if photometric is not None else 2 if count > 2 else 1
    tags = [
        (256, 4, [array.shape[1]]), (257, 4, [array.shape[0]]), (258, 3, [bits or array.itemsize * 8] * count),
        (259, 3, [8 if packed else 1]), (262, 3, [kind]), (273, 4, [0]), (277, 3, [count]), (278, 4, [array.shape[0]]),
        (279, 4, [len(pixels)]), (339, 3, [form] * count), *([(338, 3, [2])] if count in (2, 4) else []),
    ]  # fmt: skip
    tags = sorted({tag: (tag, kind, values) for tag, kind, values in [*tags, *extra]}.values())
    start = 8 + 2 + 12 * len(tags) + 4
    bodies = [v if isinstance(v, bytes) else struct.pack(f"{order}{len(v)}{FORMS[k]}", *v) for _, k, v in tags]
    end = start + sum(len(body) for body in bodies if len(body) > 4)
    heap, table = b"", b""
    for (tag, kind, values), body in zip(tags, bodies, strict=True):
        body = struct.pack(f"{order}I", end) if tag == 273 and len(values) == 1 else body
        here = struct.pack(f"{order}I", start + len(heap)) if len(body) > 4 else body.ljust(4, b"\0")
        heap += body if len(body) > 4 else b""
        table += struct.pack(f"{order}HHI", tag, kind, len(values)) + here
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(f"{order}IH", 8, len(tags))
    return head + table + struct.pack(f"{order}I", next_at) + heap + pixels


def _seen(fitted):
    return np.asarray(Image.open(io.BytesIO(fitted.data)).convert("RGB")).astype(int)


def _line(data):
    with pytest.raises(InvalidRequest) as refused:
        fit_picture(data, SIZE)
    (line,) = refused.value.problems
    assert "\n" not in line
    assert len(line) < 200
    return line


# --- more than eight bits -----------------------------------------------------------------------------

COLOURS = {"grey": (1, 0), "grey and alpha": (2, 4), "colours": (3, 2), "colours and alpha": (4, 6)}


def _deep(array, channels, alpha):
    """The same numbers in each channel."""
    deep = np.repeat(np.round(array)[:, :, None], channels, 2).astype(np.uint16)
    if channels in (2, 4):
        deep[..., -1] = alpha
    return deep


@pytest.mark.parametrize("top", [1023, 4095, 16383])
@pytest.mark.parametrize("name", COLOURS)
def test_few_bits_in_sixteen_are_spread_and_that_is_told(name, top) -> None:
    channels, colour = COLOURS[name]
    fitted = fit_picture(_png(_deep(_slope(top), channels, top), colour=colour), SIZE)
    assert np.abs(_seen(fitted)[..., 0] - _slope(255)).max() <= 1
    assert fitted.notes == (f"scaled from 0 … {top} to 0 … 255",)


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_the_same_in_tiffs_of_every_order_of_bytes(channels, order, packed) -> None:
    array = _deep(_slope(3000, 200), channels, 4095)
    data = _tiff(array[..., 0] if channels == 1 else array, order=order, packed=packed)
    fitted = fit_picture(data, SIZE)
    assert np.abs(_seen(fitted)[..., -1] - _slope(255)).max() <= 1
    assert fitted.notes == ("scaled from 200 … 3000 to 0 … 255",)


@pytest.mark.parametrize("step", [257, 256])
@pytest.mark.parametrize("top", [255, 40])
@pytest.mark.parametrize("name", COLOURS)
def test_eight_bits_written_in_sixteen_are_the_same_picture_however_dark(name, top, step) -> None:
    channels, colour = COLOURS[name]
    eight = np.round(_slope(top))
    fitted = fit_picture(_png(_deep(eight * step, channels, 65535), colour=colour), SIZE)
    assert np.abs(_seen(fitted)[..., 0] - eight).max() <= (0 if step == 257 or channels > 1 else 1)
    assert fitted.notes == ("16 bit per channel reduced to 8",)


@pytest.mark.parametrize("name", COLOURS)
def test_a_photo_that_uses_its_sixteen_bits_keeps_its_look(name) -> None:
    channels, colour = COLOURS[name]
    fitted = fit_picture(_png(_deep(_slope(40000, 1000), channels, 65535), colour=colour), SIZE)
    assert np.abs(_seen(fitted)[..., 0] - _slope(40000, 1000) / 257).max() <= 1
    assert fitted.notes == ("16 bit per channel reduced to 8",)


def test_what_a_file_says_of_its_numbers_counts() -> None:
    twelve = _slope(3500).astype(np.uint16)
    for data in (
        _tiff(twelve, (341, 3, [4095])),
        _tiff(twelve, (281, 3, [4095])),
        _png(twelve, colour=0, between=png_chunk(b"sBIT", b"\x0c")),
    ):
        fitted = fit_picture(data, SIZE)
        assert np.abs(_seen(fitted)[..., 0] - _slope(3500 * 255 / 4095)).max() <= 1
        assert fitted.notes == ("scaled from 0 … 4095 to 0 … 255, as its file says",)
    # what it says cannot be: then its numbers count
    assert fit_picture(_tiff(twelve, (341, 3, [1000])), SIZE).notes == ("scaled from 0 … 3500 to 0 … 255",)
    assert fit_picture(_tiff(twelve, (341, 3, [65535])), SIZE).notes == ("scaled from 0 … 3500 to 0 … 255",)


def test_a_tiff_in_which_nought_is_white_is_seen_so() -> None:
    fitted = fit_picture(_tiff(_slope(65535).astype(np.uint16), photometric=0), SIZE)
    assert np.abs(_seen(fitted)[..., 0] - _slope(0, 255)).max() <= 1


@pytest.mark.parametrize(("kind", "form"), [(np.int16, 2), (np.int32, 2), (np.uint32, 1), (np.float32, 3)])
def test_heights_of_any_numbers_are_spread(kind, form) -> None:
    fitted = fit_picture(_tiff(_slope(2871, 12).astype(kind), form=form), SIZE)
    assert np.abs(_seen(fitted)[..., 0] - _slope(255)).max() <= 1
    assert "scaled from 12 … 2871 to 0 … 255" in fitted.notes


HOLES = [
    (-9999.0, "2 of 1536 pixels have no value (-9999)"),
    (-3.4028234663852886e38, "2 of 1536 pixels have no value (-3.40282e+38)"),
    (float("nan"), "2 of 1536 pixels have no value (NaN or infinite)"),
    (float("-inf"), "2 of 1536 pixels have no value (NaN or infinite)"),
]


@pytest.mark.parametrize(("hole", "line"), HOLES, ids=[str(hole) for hole, _ in HOLES])
def test_pixels_without_a_value_are_counted_whatever_the_picture_is(hole, line) -> None:
    heights = _slope(871, 12).astype(np.float32)
    heights[0, :2] = hole
    image = Image.fromarray(heights)
    line = line.replace("1536", "1,536")
    for data in (_tiff(heights, form=3), encoded(image, "TIFF"), picture_bytes(image, [SIZE])):
        assert _line(data).startswith(line)
    with pytest.raises(InvalidRequest, match="2 of 1,536 pixels"):
        picture_bytes(heights, [SIZE])


def _with_holes(array, *holes):
    """Some of each number that stands for none, in a row of its own."""
    array = array.copy()
    for row, hole in enumerate(holes):
        array[row, :2] = hole
    return array


SEVERAL = [
    (_slope(871, 12).astype(np.int16), (-9999, -32768), "-32768"),
    (np.float32(_slope(871, 12)), (-9999, 32767), "-9999"),
    (np.float32(_slope(871, 12)), (-9999.9,), "-9999.9"),
    (np.float32(_slope(30, -5)), (-999,), "-999"),
    (_slope(871, 12).astype(np.uint16), (65535,), "65535"),
    (_slope(4095).astype(np.uint16), (65535,), "65535"),
]


@pytest.mark.parametrize(("heights", "holes", "told"), SEVERAL, ids=[f"{a.dtype} {told}" for a, _, told in SEVERAL])
def test_several_numbers_may_stand_for_none_and_the_most_of_a_type_may(heights, holes, told) -> None:
    array = _with_holes(heights, *holes)
    line = f"2 of 1,536 pixels have no value ({told})"
    assert _line(_tiff(array, form={"i": 2, "u": 1, "f": 3}[array.dtype.kind])).startswith(line)
    with pytest.raises(InvalidRequest) as refused:
        picture_bytes(array, [SIZE])
    assert refused.value.problems[0].startswith(line)


def test_a_picture_that_uses_all_of_its_type_has_no_holes() -> None:
    whole = np.linspace(-32768, 32767, SIZE[0] * SIZE[1]).astype(np.int16).reshape(SIZE[::-1])
    bright = _with_holes(_slope(60000).astype(np.uint16), 65535)
    logo = np.resize([0, 0, 257, 65535], SIZE[::-1]).astype(np.uint16)
    for array in (whole, bright, logo, _slope(1e30, 1e20), _slope(1e300, -1e300)):
        assert picture_bytes(array, [SIZE])
    assert fit_picture(_tiff(bright), SIZE)
    assert fit_picture(_tiff(logo), SIZE)
    assert fit_picture(_tiff(whole, form=2), SIZE)


def test_numbers_too_near_to_each_other_to_be_told_apart_are_one_colour() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data = picture_bytes(_slope(1e-310), [SIZE])
    assert "one colour throughout" in fit_picture(data, SIZE).notes[-1]


@pytest.mark.parametrize("level", [0.01, 0.001])
def test_a_dark_picture_with_a_few_bright_points_is_told_to_be_dark(level) -> None:
    points = _slope(level)
    points[5:7, 5:8] = 1
    files = [
        picture_bytes(np.round(255 * points).astype(np.uint8), [SIZE]),
        _png(_deep(points * 65535, 3, 0), colour=2),
        encoded(Image.fromarray(np.float32(points)), "TIFF"),
    ]
    for data in files:
        assert fit_picture(data, SIZE).notes[-1].startswith("nearly all of the picture is black (99 % of it")
    assert fit_picture(picture_bytes(_slope(), [SIZE]), SIZE).notes == ()


def _in_planes(array):
    """A TIFF with its colours one after the other, which Pillow writes not."""
    planes = np.ascontiguousarray(np.moveaxis(array, -1, 0))
    heads = (284, 3, [2]), (273, 4, [0] * 3), (279, 4, [planes[0].nbytes] * 3)
    body = bytearray(_tiff(array, *heads)[: -array.nbytes])
    entry = next(at for at in range(10, len(body), 12) if struct.unpack_from("<H", body, at) == (273,))
    table = struct.unpack_from("<I", body, entry + 8)[0]
    struct.pack_into("<3I", body, table, *(len(body) + planes[0].nbytes * band for band in range(3)))
    return bytes(body) + planes.tobytes()


def test_colours_in_planes_of_more_than_eight_bits_are_refused_and_not_read_wrong() -> None:
    colours = np.stack([_slope(), _slope(0, 1), _slope(0.5, 0.2)], -1)
    eight = _in_planes(np.round(255 * colours).astype(np.uint8))
    assert np.abs(_seen(fit_picture(eight, SIZE)) - 255 * colours).max() <= 1
    sixteen = _in_planes(np.round(65535 * colours).astype(np.uint16))
    assert _line(sixteen).startswith("a TIFF whose colours lie in planes of 16 bits cannot be read")
    image = Image.open(io.BytesIO(sixteen))
    for _ in range(2):
        with pytest.raises(InvalidRequest, match="planes of 16 bits"):
            picture_bytes(image, [SIZE])
        image.load()


def test_the_number_that_a_file_names_for_none_is_none() -> None:
    heights = _slope(871, 12).astype(np.int16)
    heights[0, :3] = 555
    gdal = (42113, 2, b"555\0")
    assert _line(_tiff(heights, gdal, form=2)).startswith("3 of 1,536 pixels have no value (555, as the file says)")
    assert fit_picture(_tiff(_slope(871, 12).astype(np.int16), (42113, 2, b"-1\0"), form=2), SIZE)


def test_a_mask_of_two_numbers_is_no_picture_with_holes() -> None:
    for low in (-9999, 0):
        array = np.where(_slope() > 0.5, 1, low).astype(np.int32)
        assert np.unique(_seen(fit_picture(_tiff(array, form=2), SIZE))).tolist() == [0, 255]


def test_an_image_of_sixteen_bits_in_colour_is_taken_as_its_file_is() -> None:
    data = _png(_deep(_slope(4095), 3, 0), colour=2)
    image = Image.open(io.BytesIO(data))
    assert fit_picture(picture_bytes(image, [SIZE]), SIZE) == fit_picture(data, SIZE)
    image.load()
    assert fit_picture(picture_bytes(image, [SIZE]), SIZE).notes == (
        "the picture is nearly black throughout (no level is above 15 of 255)",
    )


@pytest.mark.parametrize("colour", ["#000000", "#ffffff", "#307050"])
@pytest.mark.parametrize("size", [SIZE, (9, 9)], ids=str)
def test_a_picture_of_one_colour_is_told(colour, size) -> None:
    line = "the picture is one colour throughout: see that it is the one you mean"
    assert line in fit_picture(encoded(Image.new("RGB", size, colour), "PNG"), SIZE).notes
    assert line in fit_picture(encoded(Image.new("RGBA", size, (9, 9, 9, 0)), "PNG"), SIZE).notes


# --- what is no finished picture ----------------------------------------------------------------------

PIXELS = np.random.default_rng(7).integers(0, 256, (32, 48, 3), dtype=np.uint8)


def _with_second_page(first, second):
    """A TIFF whose first directory points to the one of another."""
    moved = bytearray(second[8:])
    count = struct.unpack_from("<H", moved)[0]
    for at in range(2, 2 + 12 * count, 12):
        tag, kind, number, value = struct.unpack_from("<HHII", moved, at)
        if tag == 273 or number * {2: 1, 3: 2, 4: 4}.get(kind, 1) > 4:
            struct.pack_into("<I", moved, at + 8, value + len(first) - 8)
    link = 8 + 2 + 12 * struct.unpack_from("<H", first, 8)[0]
    return first[:link] + struct.pack("<I", len(first)) + first[link + 4 :] + bytes(moved)


def _sensor():
    return _tiff(np.zeros((64, 96), np.uint16), photometric=32803)


RAW = {
    "dng": _tiff(PIXELS, (50706, 1, [1, 4, 0, 0]), (254, 4, [1])),
    "dng, full size first": _tiff(PIXELS, (50706, 1, [1, 4, 0, 0])),
    "linear dng": _tiff(PIXELS, photometric=34892),
    "nef or arw": _tiff(PIXELS, (254, 4, [1]), (271, 2, b"NIKON CORPORATION\0"), (330, 4, [8, 8])),
    "a sensor in the next directory": _with_second_page(_tiff(PIXELS), _sensor()),
    "pef": _tiff(np.zeros((64, 96), np.uint16), (271, 2, b"PENTAX\0"), photometric=32803),
    "nikon's compression": _tiff(PIXELS, (259, 3, [34713])),
    "big endian": _tiff(PIXELS, (50706, 1, [1, 4, 0, 0]), order=">"),
    "cr2": b"II*\0\x10\0\0\0CR\x02\0" + bytes(400),
    "crw": b"II\x1a\0\0\0HEAPCCDR" + bytes(400),
    "cr3": b"\0\0\0\x18ftypcrx \0\0\0\1crx isom",
    "raf": b"FUJIFILMCCD-RAW 0201FF129502" + bytes(400),
    "orf": b"IIRO\x08\0\0\0" + bytes(400),
    "older orf": b"IIRS\x08\0\0\0" + bytes(400),
    "rw2": b"IIU\0\x18\0\0\0" + bytes(400),
    "x3f": b"FOVb\0\0\2\0" + bytes(400),
    "mrw": b"\0MRM\0\0\0\0" + bytes(400),
}


@pytest.mark.parametrize("name", RAW)
def test_the_raw_file_of_a_camera_is_refused_and_its_preview_is_not_taken(name) -> None:
    assert _line(RAW[name]) == (
        "a camera's raw file holds no finished picture, only a small preview: develop it and export it as PNG or JPEG"
    )
    assert small_jpeg(RAW[name]) is None
    assert preview_jpeg(RAW[name]) == b""


def test_a_raw_file_is_no_picture_when_pillow_has_opened_it_either() -> None:
    for name in ("dng", "nef or arw", "a sensor in the next directory"):
        image = Image.open(io.BytesIO(RAW[name]))
        with pytest.raises(InvalidRequest, match="a camera's raw file"):
            picture_bytes(image, [SIZE])


def test_a_tiff_that_merely_names_a_camera_or_has_pages_is_a_picture() -> None:
    assert fit_picture(_tiff(PIXELS, (271, 2, b"NIKON CORPORATION\0")), SIZE).notes == ()
    two = _with_second_page(_tiff(PIXELS), _tiff(PIXELS, (254, 4, [1])))
    assert fit_picture(two, SIZE).notes == (), "a preview is no page"
    two = _with_second_page(_tiff(PIXELS), _tiff(PIXELS))
    assert fit_picture(two, SIZE).notes == ("first page of 2 of a TIFF",)


STRANGERS = {
    "psd": (b"8BPS\0\1" + bytes(30), "a Photoshop file"),
    "eps": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "PostScript"),
    "eps with a preview": (b"\xc5\xd0\xd3\xc6" + bytes(40), "PostScript"),
    "pdf": (b"%PDF-1.7\n", "a PDF"),
    "heic": (b"\0\0\0\x18ftypheic\0\0\0\0", "HEIC or AVIF"),
    "avif": (b"\0\0\0\x1cftypavif\0\0\0\0", "HEIC or AVIF"),
    "jxl": (b"\xff\x0a\0\0\0", "a JPEG XL picture"),
    "jpeg 2000": (b"\0\0\0\x0cjP  \r\n\x87\n", "a JPEG 2000 picture"),
    "svg": (b"<?xml version='1.0'?><svg width='9'/>", "an SVG"),
    "mp4": (b"\0\0\0\x20ftypisom\0\0\2\0", "a video"),
    "mov": (b"\0\0\0\x14ftypqt  \0\0\0\0", "a video"),
    "webm": (b"\x1a\x45\xdf\xa3\1\0\0\0", "a video"),
    "avi": (b"RIFF\0\0\0\0AVI LIST", "a video"),
    "zip": (b"PK\3\4\x14\0", "packed"),
    "ico": (b"\0\0\1\0\1\0\x10\x10", "an icon"),
    "icns": (b"icns\0\0\1\0", "an icon"),
    "dds": (b"DDS |\0\0\0", "of a kind that is not taken"),
    "ppm": (b"P6\n60000 60000\n255\n", "of a kind that is not taken"),
    "sgi": (b"\x01\xda\1\1\0\3\xff\xff\xff\xff\0\3", "of a kind that is not taken"),
    "fli": (b"\x80\0\0\0\x11\xaf\1\0\xff\xff\xff\xff", "of a kind that is not taken"),
    "wmf": (b"\xd7\xcd\xc6\x9a\0\0", "a drawing of Windows"),
    "exr": (b"\x76\x2f\x31\x01\2\0\0\0", "an HDR picture"),
    "hdf5": (b"\x89HDF\r\n\x1a\n", "a file of numbers"),
    "npy": (b"\x93NUMPY\1\0", "a file of numbers"),
    "lfs": (b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a", "a pointer of Git LFS"),
}


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("name", STRANGERS)
def test_another_kind_of_file_is_named_and_nothing_is_run_for_it(name, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("a program was run"))
    data, word = STRANGERS[name]
    assert word in _line(data)
    assert small_jpeg(data) is None


def test_postscript_that_pillow_has_opened_is_not_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "check_call", lambda *_, **__: pytest.fail("a program was run"))
    image = Image.open(io.BytesIO(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 90 90\n%%EndComments\nshowpage\n"))
    with pytest.raises(InvalidRequest, match="was opened from EPS: export it as PNG or JPEG"):
        picture_bytes(image, [SIZE])


# --- further pictures in a file -----------------------------------------------------------------------


def _photo(turn=0):
    return Image.fromarray(PIXELS).rotate(turn)


def test_the_first_picture_of_an_mpo_is_taken_and_said() -> None:
    data = encoded(_photo(), "MPO", save_all=True, append_images=[_photo(90)])
    assert fit_picture(data, SIZE).notes == ("first picture of 2 in a JPEG (MPO)",)


def test_a_photo_with_the_brightness_of_its_screen_is_one_picture() -> None:
    data = encoded(_photo(), "MPO", save_all=True, append_images=[_photo(90)])
    xmp = b"http://ns.adobe.com/xap/1.0/\0<x hdrgm:Version='1.0'/>"
    data = data[:2] + b"\xff\xe1" + struct.pack(">H", len(xmp) + 2) + xmp + data[2:]
    assert fit_picture(data, SIZE).notes == ()


def test_a_picture_before_an_animation_is_the_first_of_its_file() -> None:
    frames = [_photo(turn) for turn in (0, 90, 180)]
    data = encoded(frames[0], "PNG", save_all=True, append_images=frames[1:], default_image=True)
    assert fit_picture(data, SIZE).notes == ("first frame of 3 of an animated PNG",)


def test_so_many_frames_are_not_counted() -> None:
    data = encoded(Image.fromarray(PIXELS).quantize(16), "GIF")
    frame = b"\x2c" + struct.pack("<4HB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\0"
    began = time.process_time()
    assert fit_picture(data[:-1] + frame * 300_000 + b";", SIZE).notes == (
        "first frame of more than 999 of an animated GIF",
    )
    assert time.process_time() - began < 5


# --- bombs --------------------------------------------------------------------------------------------


def _tag_bomb():
    """A directory of five thousand tags that point to the same two megabytes."""
    plain = [(256, 4, 1, 30), (257, 4, 1, 20), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 0), (279, 4, 1, 600)]
    end = 10 + 12 * (len(plain) + 5000) + 4
    entries = [entry if entry[0] != 273 else (273, 4, 1, end) for entry in plain]
    entries += [(40_000 + number, 1, 2_000_000, end) for number in range(5000)]
    table = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    return b"II*\0" + struct.pack("<IH", 8, len(entries)) + table + bytes(4) + bytes(range(200)) * 3 + bytes(2_000_000)


def _exif_bomb(tags=4800, size=60_000):
    entries = b"".join(struct.pack("<HHII", 10_000 + number, 1, size, 0) for number in range(tags))
    return (b"II*\0" + struct.pack("<IH", 8, tags) + entries).ljust(size + 100, b"\0")


def _jpeg_with(exif):
    data = encoded(_photo(), "JPEG")
    body = b"Exif\0\0" + exif
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[20:]  # no JFIF: EXIF tells the dpi


def _webp_head(width, height):
    bits = 0x2F | (width - 1) << 8 | (height - 1) << 22
    body = struct.pack("<Q", bits)[:5] + bytes(20)
    return b"RIFF" + struct.pack("<I", 12 + len(body)) + b"WEBPVP8L" + struct.pack("<I", len(body)) + body


def _gif_comments():
    data = encoded(Image.fromarray(PIXELS).quantize(16), "GIF")
    head = 13 + (3 << (data[10] & 7) + 1)
    return data[:head] + b"\x21\xfe" + b"\x01a" * 400_000 + b"\0" + data[head:]


ONE_BIT = np.zeros((1, 1), np.uint8)
BOMBS = {
    # name: a file, and whether there is a picture in it
    "84 bytes of PNG, one bit": (_png(ONE_BIT, colour=0, depth=1, size=(13_000, 13_000))[:84], False),
    "84 bytes of PNG, within the limit": (_png(ONE_BIT, colour=6, depth=8, size=(9_400, 9_400))[:84], False),
    "84 bytes of GIF": ((b"GIF89a" + struct.pack("<HH", 9_400, 9_400) + b"\0\0\0,").ljust(84, b"\0"), False),
    "a GIF whose frame is larger than its screen": (
        b"GIF89a\x09\0\x09\0\0\0\0," + struct.pack("<4HB", 0, 0, 65_535, 65_535, 0) + b"\x02\x02\x44\x01\0;",
        False,
    ),
    "84 bytes of WebP": (_webp_head(9_400, 9_400).ljust(84, b"\0"), False),
    "a WebP at its limit": (_webp_head(16_383, 16_383), False),
    "84 bytes of TIFF": (_tiff(ONE_BIT, (256, 4, [9_400]), (257, 4, [9_400])), False),
    "a TIFF with a gigantic tile": (
        _tiff(PIXELS, (322, 4, [30_000]), (323, 4, [30_000]), (324, 4, [8]), (325, 4, [99]), packed=True),
        False,
    ),
    "a BMP": (b"BM" + struct.pack("<IHHIIiiHHIIiiII", 84, 0, 0, 54, 40, 9_400, 9_400, 1, 1, *([0] * 6)), False),
    "tags of gigabytes": (_tag_bomb(), True),
    "EXIF of gigabytes in a JPEG": (_jpeg_with(_exif_bomb()), True),
    "EXIF of gigabytes in a PNG": (
        _png(PIXELS, colour=2, depth=8, between=png_chunk(b"eXIf", _exif_bomb(50_000, 700_000))),
        True,
    ),
    "a text of gigabytes": (
        _png(PIXELS, colour=2, depth=8, between=png_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(50_000_000), 9))),
        False,
    ),
    "comments without an end": (_gif_comments(), True),
}  # fmt: skip
MEMORY = """
import io, resource, sys, warnings
warnings.simplefilter("ignore")
from PIL import Image
Image.MAX_IMAGE_PIXELS = None  # as many a notebook of a scientist says
from runway_nb.errors import InvalidRequest
from runway_nb.pictures.fit import fit_picture, measure
from runway_nb.pictures.thumbnails import small_jpeg
from runway_nb.notebook.panel.preview import preview_jpeg
from runway_nb.pictures.objects import picture_bytes
def tried(work):
    try:
        return bool(work())
    except (InvalidRequest, OSError, SyntaxError):
        return False
out = io.BytesIO()
Image.new("RGB", (900, 600)).save(out, "PNG")
tried(lambda: (fit_picture(out.getvalue(), (1280, 768)), small_jpeg(out.getvalue())))
for name, data in eval(sys.stdin.read()).items():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ways = (measure, small_jpeg, preview_jpeg, lambda data: fit_picture(data, (1280, 768)))
    found = [tried(lambda: work(data)) for work in ways]
    print(found[1], found[3], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024, name, sep="|")
"""


@pytest.mark.slow("measures the memory of a process")
def test_no_bomb_takes_much_memory_and_a_picture_beside_one_is_seen() -> None:
    files = repr({name: data for name, (data, _) in BOMBS.items()})
    done = subprocess.run([sys.executable, "-c", MEMORY], input=files, capture_output=True, text=True, check=True)
    found = {name: (small, whole, int(grown)) for small, whole, grown, name in map(_row, done.stdout.splitlines())}
    assert {name: row[0] == row[1] == "True" for name, row in found.items()} == {
        n: good for n, (_, good) in BOMBS.items()
    }
    scale = 1024 if sys.platform == "darwin" else 1
    assert {name: grown for name, (*_, grown) in found.items() if grown > 60 * scale} == {}


def _row(line):
    return line.split("|")


def test_a_limit_holds_for_every_way_to_a_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    data = encoded(_photo(), "PNG")
    monkeypatch.setattr(limits, "LARGEST_PIXELS", 1000)
    for work in (measure, lambda data: thumbnail(data, (9, 9)), lambda data: fit_picture(data, SIZE)):
        with pytest.raises(InvalidRequest, match="48 × 32 = 0 million pixels: the most is 0 million"):
            work(data)
    assert small_jpeg(data) is None
    assert preview_jpeg(data) == b""


@pytest.mark.parametrize("side", [2_000_000, 80_000_000])
def test_no_side_is_endless(side) -> None:
    assert "the most on one side is 1,000,000" in _line(_png(ONE_BIT, colour=0, depth=1, size=(side, 1)))


@pytest.fixture
def told_otherwise(monkeypatch: pytest.MonkeyPatch) -> None:
    """A user who tells Pillow to take what is broken, and nothing that is large."""
    monkeypatch.setattr(ImageFile, "LOAD_TRUNCATED_IMAGES", True)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 4)
    monkeypatch.setattr(PngImagePlugin, "MAX_TEXT_CHUNK", 4)
    monkeypatch.setattr(GifImagePlugin, "LOADING_STRATEGY", GifImagePlugin.LoadingStrategy.RGB_ALWAYS)


FILES = {
    kind: encoded(_photo() if kind != "GIF" else _photo().quantize(32), kind)
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF", "BMP")
}
FILES["MPO"] = encoded(_photo(), "MPO", save_all=True, append_images=[_photo(90)])
FILES["LZW"] = encoded(_photo(), "TIFF", compression="tiff_lzw")
FILES["APNG"] = encoded(_photo(), "PNG", save_all=True, append_images=[_photo(90)])
FILES["16 bit"] = _png(_deep(_slope(4095), 3, 0), colour=2)
FILES["float"] = _tiff(np.float32(_slope(871, 12)), form=3)


@pytest.mark.usefixtures("told_otherwise")
@pytest.mark.parametrize("name", FILES)
def test_what_the_user_told_pillow_does_not_matter_and_stays(name) -> None:
    fitted = fit_picture(FILES[name], (24, 16))
    assert fitted.size == (24, 16)
    assert comparison(FILES[name], fitted)
    if name not in ("GIF", "TIFF", "LZW", "MPO"):
        cut = FILES[name][: len(FILES[name]) * 2 // 3]
        assert "the picture is" in _line(cut)
        assert small_jpeg(cut) is None
    assert (ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS) == (True, 4)


def test_what_the_user_tells_pillow_meanwhile_stays() -> None:
    before = Image.MAX_IMAGE_PIXELS
    try:
        with decode.working():
            Image.MAX_IMAGE_PIXELS = 12345
        assert Image.MAX_IMAGE_PIXELS == 12345
    finally:
        Image.MAX_IMAGE_PIXELS = before


# --- damage -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", FILES)
def test_files_with_wrong_bytes_anywhere_are_fitted_or_refused(name) -> None:
    chance = random.Random(name)
    for _ in range(60):
        data = bytearray(FILES[name])
        for _ in range(chance.choice((1, 2, 8))):
            # most of what decides stands in the first bytes
            place = chance.randrange(chance.choice((60, 400, len(data))))
            data[place % len(data)] = chance.randrange(256)
        if chance.random() < 0.2:
            del data[chance.randrange(len(data)) :]
        assert is_fitted_or_refused(bytes(data), Fit("contain"))


@settings(max_examples=examples(150), deadline=None)
@given(st.binary(max_size=300), st.sampled_from([name[:12] for name in FILES.values()]))
def test_a_sign_and_anything_behind_it_is_refused_or_fitted(data, sign) -> None:
    assert is_fitted_or_refused(sign + data, Fit("contain"))
