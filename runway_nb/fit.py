"""The fitting of a keyframe picture to the frame before it is sent: bytes in, bytes out.

Runway crops whatever has another shape than the frame, unseen; here it is done in the open. What comes out has
exactly the size of the frame, in sRGB, eight bits, without transparency and without metadata: the place where a
photo was taken does not leave the machine. A picture that is all this already goes through byte for byte.
"""

from __future__ import annotations

import io
import math
import re
import struct
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, cast

from PIL import ExifTags, Image, ImageCms, ImageDraw
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from .errors import InvalidRequest
from .picture import is_place
from .spec import FITS

UPSCALE_WARNING = 1.5
"""From this enlargement on a note says that the picture may look soft."""
LARGEST_PIXELS = 89_000_000
"""Asked before anything is decoded. At four bytes a pixel this holds a picture within 360 MB (twice that with
transparency); it is more than a camera makes, and just under the 89.5 million at which Pillow itself complains."""
LARGEST_SCANS = 100
"""A JPEG of a few MB can hold 100 000 empty scans and keep a decoder busy for hours; an honest one has up to 20."""
LARGEST_PNG = 8_000_000
"""Bytes; a bigger one is sent as a JPEG."""
QUALITY = 95
"""Of a JPEG, with the colours at full resolution."""

Size = tuple[int, int]
Box = tuple[float, float, float, float]
WHOLE: Box = (0.0, 0.0, 1.0, 1.0)

_READERS: dict[str, tuple[re.Pattern[bytes], Any]] = {
    "JPEG": (re.compile(rb"\xff\xd8\xff"), JpegImageFile),
    "PNG": (re.compile(rb"\x89PNG\r\n\x1a\n"), PngImageFile),
    "GIF": (re.compile(rb"GIF8[79]a"), GifImageFile),
    "WebP": (re.compile(rb"RIFF.{4}WEBP", re.DOTALL), WebPImageFile),
    "TIFF": (re.compile(rb"II[*+]\0|MM\0[*+]"), TiffImageFile),
    "BMP": (re.compile(rb"BM"), BmpImageFile),
}
"""Kind: first bytes, Pillow's reader. Nothing else is opened: Pillow also knows kinds that run other programs."""
_LOSSLESS = ("PNG", "GIF", "BMP", "TIFF")
_TURNS: dict[int, tuple[Image.Transpose | None, bool, bool, bool]] = {
    1: (None, False, False, False),
    2: (Image.Transpose.FLIP_LEFT_RIGHT, False, True, False),
    3: (Image.Transpose.ROTATE_180, False, True, True),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, False, False, True),
    5: (Image.Transpose.TRANSPOSE, True, False, False),
    6: (Image.Transpose.ROTATE_270, True, False, True),
    7: (Image.Transpose.TRANSVERSE, True, True, True),
    8: (Image.Transpose.ROTATE_90, True, True, False),
}
"""EXIF orientation: how the stored picture becomes the seen one, and the way back for a place in it: are the axes
swapped, and is then the stored x, the stored y counted from the other side."""
_FAULTS = (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, Warning)
_BROKEN = (OSError, EOFError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError, *_FAULTS)
"""What Pillow raises for files that are broken. Caught around its decoding only."""
_COLOUR = re.compile(r"#[0-9a-fA-F]{6}")


@dataclass(frozen=True)
class Fit:
    """How a picture of another shape is brought to the frame."""

    mode: str = "cover"
    """`cover` crops, `contain` adds bars, `stretch` distorts."""
    focus: tuple[float, float] = (0.5, 0.5)
    """Where the crop is centred, as far as the picture reaches: (0, 0) is the top left, (1, 1) the bottom right."""
    background: str = "#000000"
    """Behind transparent parts, and the bars of `contain`."""

    def problems(self) -> Iterator[str]:
        """Each mistake as one line."""
        if self.mode not in FITS:
            yield f"fit is {self.mode!r:.60}: choose {', '.join(FITS[:-1])} or {FITS[-1]}"
        if not is_place(self.focus):
            yield f"focus is {self.focus!r:.60}: give two numbers from 0 to 1, such as (0.5, 0) for the top"
        if not (isinstance(self.background, str) and _COLOUR.fullmatch(self.background)):
            yield f"background is {self.background!r:.60}: give a colour such as #000000 or #ff8800"


@dataclass(frozen=True)
class Fitted:
    """A picture that has the size of the frame, and what was done to it."""

    data: bytes = field(repr=False)
    content_type: str
    size: Size
    source_size: Size
    """As seen: after the rotation that the EXIF data ask for."""
    box: Box
    """The part of the source that is seen, from 0 to 1: left, top, right, bottom."""
    scale: float
    """Output pixels for each pixel of the source, on the axis where they are more; above 1 it is enlarged."""
    notes: tuple[str, ...]
    """What the user may want to know; the last one, when it `is_soft`, says that."""

    @property
    def is_soft(self) -> bool:
        """True when it was enlarged so much that it may look soft."""
        return self.scale > UPSCALE_WARNING


@dataclass
class _Source:
    """A picture whose header has been read."""

    kind: str
    image: Any
    stored: Size
    orientation: int
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> Size:
        """As seen."""
        return self.stored[::-1] if _TURNS[self.orientation][1] else self.stored


def measure(data: bytes) -> Size:
    """Width and height as seen. Reads the header only. Raises `InvalidRequest` with what is wrong."""
    return _open(data).size


def aspect_of(size: Size, aspects: Mapping[str, Size]) -> str:
    """The word whose shape is nearest; between two that are equally near, the wider one."""
    shape = math.log(size[0] / size[1])

    def distance(word: str) -> tuple[float, float]:
        other = math.log(aspects[word][0] / aspects[word][1])
        return round(abs(other - shape), 9), -other

    return min(aspects, key=distance)


def fit_picture(data: bytes, size: Size, fit: Fit = Fit()) -> Fitted:
    """Bring a picture to exactly this size. Raises `InvalidRequest` with what is wrong."""
    if problems := list(fit.problems()):
        raise InvalidRequest(problems)
    source = _open(data)
    source_size = source.size
    if source_size == size and _passes(source, data):
        return Fitted(data, f"image/{source.kind.lower()}", size, size, WHOLE, 1.0, ())
    box, inner, scale = _plan(source_size, size, fit)
    picture = _render(source, box, inner, fit.background)
    if inner != size:
        framed = Image.new("RGB", size, fit.background)
        framed.paste(picture, (round((size[0] - inner[0]) / 2), round((size[1] - inner[1]) / 2)))
        picture = framed
    notes = list(source.notes)
    if scale > UPSCALE_WARNING:
        notes.append(f"enlarged {scale:.1f} times: it may look soft (with upscale, Runway enlarges it)")
    return Fitted(*_encode(picture, source.kind in _LOSSLESS), size, source_size, box, scale, tuple(notes))


def comparison(data: bytes, fitted: Fitted, width: int = 240) -> bytes:
    """A small JPEG, `width` across: the source with the seen part outlined, and beside it the fitted picture."""
    gap = max(2, width // 30)
    pane = max(1, (width - gap) // 2)
    source = _open(data)
    before = _render(source, WHOLE, _inside(source.size, (pane, pane)), "#000000")
    left, top, right, bottom = (part * side for part, side in zip(fitted.box, before.size * 2, strict=True))
    corners = (int(left), int(top), max(int(left), math.ceil(right) - 1), max(int(top), math.ceil(bottom) - 1))
    if fitted.box != WHOLE:
        seen = Image.new("L", before.size, 0)
        ImageDraw.Draw(seen).rectangle(corners, fill=255)
        before = Image.composite(before, before.point(lambda value: value * 0.35), seen)
    ImageDraw.Draw(before).rectangle(corners, outline="#ffffff")
    sent = _open(fitted.data)
    after = _render(sent, WHOLE, _inside(sent.size, (pane, pane)), "#000000")
    height = max(before.height, after.height)
    sheet = Image.new("RGB", (max(width, 2 * pane + gap), height), "#808080")
    for picture, start in ((before, 0), (after, sheet.width - pane)):
        sheet.paste(picture, (start + (pane - picture.width) // 2, (height - picture.height) // 2))
    return _saved(sheet, "JPEG", quality=85, subsampling=0)


@contextmanager
def _decoding() -> Iterator[None]:
    """Stands around Pillow's work on bytes from outside; what it cannot do becomes one clear line."""
    try:
        yield
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InvalidRequest(["the picture unpacks to more than there is room for: make it smaller"]) from None
    except _BROKEN as error:
        reason = " ".join(str(error).split())[:80] if re.search("[a-z]", str(error)) else type(error).__name__
        if re.search("truncat|end of|incomplete", reason, re.IGNORECASE):
            raise InvalidRequest([f"the picture is cut off ({reason}): copy or download the file again"]) from None
        reason = reason.replace("not identified by this driver", "no pixels, or of an unknown kind")
        line = f"the picture is broken ({reason}): open it in an editor and save it as PNG or JPEG"
        raise InvalidRequest([line]) from None


def _open(data: bytes) -> _Source:
    """Read the header, and refuse by it what must not be decoded."""
    kind = next((kind for kind, (sign, _) in _READERS.items() if sign.match(data)), None)
    if kind is None:
        raise InvalidRequest([_stranger(data)])
    if kind == "JPEG" and (scans := data.count(b"\xff\xda")) > LARGEST_SCANS:
        raise InvalidRequest([f"the picture has {scans} scans, no JPEG needs so many: save it again with an editor"])
    with _decoding():
        image = _READERS[kind][1](io.BytesIO(data))
        stored = image.size
        if isinstance(image, TiffImageFile):
            # Pillow turns a TIFF upright by itself while it decodes, and some versions already say so in the size
            stored = (int(image.tag_v2[256]), int(image.tag_v2[257]))
    if stored[0] * stored[1] > LARGEST_PIXELS:
        found, most = stored[0] * stored[1] / 1e6, LARGEST_PIXELS / 1e6
        line = f"the picture has {stored[0]} × {stored[1]} = {found:.0f} million pixels: the most is {most:.0f} million"
        raise InvalidRequest([line])
    return _Source(kind, image, stored, _orientation(image, data))


def _stranger(data: bytes) -> str:
    """One line for what is no picture that can be read."""
    head = data[:4096].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if not data:
        return "the picture is empty (0 bytes): give a picture file"
    if head.startswith((b"<!doctype html", b"<html")):
        return "this is a web page, no picture: save the picture itself, as PNG or JPEG"
    if b"<svg" in head:
        return "an SVG is no pixel picture: export it as PNG"
    if data[4:8] == b"ftyp" and data[8:12] in (b"heic", b"heix", b"mif1", b"msf1", b"hevc", b"avif", b"avis"):
        return "a HEIC or AVIF picture cannot be read: export it as JPEG or PNG"
    return "this is no picture that can be read: give a PNG, JPEG, WebP, GIF, BMP or TIFF file"


def _orientation(image: Any, data: bytes) -> int:
    """The EXIF orientation, 1 to 8. EXIF data that cannot be read turn nothing: then the picture is as it lies."""
    if isinstance(image, PngImageFile) and "exif" not in image.info:
        # it may also come after the pixels, and the PNG reader's own getexif would decode them to get there
        image.info.update(("exif", body) for kind, body in _chunks(data) if kind == b"eXIf")
    try:
        found = Image.Image.getexif(image).get(ExifTags.Base.Orientation, 1)
    except _BROKEN:
        return 1
    return found if isinstance(found, int) and found in _TURNS else 1


def _chunks(data: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The chunks of a PNG, as far as they are whole; what follows the last one comes without a kind."""
    at = 8
    while at + 12 <= len(data):
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if at + 12 + length > len(data):
            break
        yield kind, data[at + 8 : at + 8 + length] if kind == b"eXIf" else b""
        at += 12 + length
        if kind == b"IEND":
            break
    if at != len(data):
        yield b"", data[at : at + 1]


def _passes(source: _Source, data: bytes) -> bool:
    """True for a plain picture with nothing in the file besides; it is decoded once to see that it is whole."""
    bare = {"PNG": _bare_png, "JPEG": _bare_jpeg}.get(source.kind)
    if bare is None or source.orientation != 1 or source.image.mode != "RGB" or not bare(data):
        return False
    with _decoding():
        source.image.load()
    return True


def _bare_png(data: bytes) -> bool:
    """Eight bits, RGB, and no chunk but those of the pixels."""
    known = {b"IHDR", b"IDAT", b"IEND", b"pHYs", b"sRGB"}
    return data[24:26] == b"\x08\x02" and {kind for kind, _ in _chunks(data)} <= known


def _bare_jpeg(data: bytes) -> bool:
    """Baseline, and no segment but those of the pixels (and the JFIF and Adobe marks); nothing after the end."""
    at = 2
    while (mark := data[at : at + 2]) in (b"\xff\xc0", b"\xff\xc4", b"\xff\xdb", b"\xff\xdd", b"\xff\xe0", b"\xff\xee"):
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if mark > b"\xff\xdd" and length > 16:
            return False  # a mark that carries more than itself
        at += 2 + length
    return data[at : at + 2] == b"\xff\xda" and data.find(b"\xff\xd9", at) == len(data) - 2


def _plan(source: Size, size: Size, fit: Fit) -> tuple[Box, Size, float]:
    """The part of the source that is seen, the size it gets, and how much it is enlarged."""
    across, down = size[0] / source[0], size[1] / source[1]
    if fit.mode == "stretch":
        return WHOLE, size, max(across, down)
    if fit.mode == "contain":
        return WHOLE, _inside(source, size), min(across, down)
    scale = max(across, down)
    left, right = _span(across / scale, fit.focus[0])
    top, bottom = _span(down / scale, fit.focus[1])
    return (left, top, right, bottom), size, scale


def _span(length: float, centre: float) -> tuple[float, float]:
    """A span within 0 and 1 of this length, its middle as near to the centre as it can be."""
    start = min(max(centre - length / 2, 0.0), 1.0 - length)
    return start, min(start + length, 1.0)


def _inside(source: Size, size: Size) -> Size:
    """The greatest size of the source's shape within another size."""
    scale = min(size[0] / source[0], size[1] / source[1])
    width, height = (min(most, max(1, round(side * scale))) for side, most in zip(source, size, strict=True))
    return width, height


def _render(source: _Source, box: Box, size: Size, background: str) -> Image.Image:
    """A part of the source at this size, upright, opaque, in sRGB. Adds to the source's notes what was done."""
    image = source.image
    turn, swapped, _, _ = _TURNS[source.orientation]
    part = _stored(box, source.orientation)
    wanted = size[::-1] if swapped else size
    source.notes.extend(_losses(source))
    with _decoding():
        extent: tuple[float, float] = image.size
        needed = [math.ceil(side / (part[i + 2] - part[i])) for i, side in enumerate(wanted)]
        image.seek(0)  # counting the frames may have stopped at a broken one
        if draft := image.draft(None, (needed[0], needed[1])):
            extent = draft[1][2:]
        image.load()
        if source.kind == "TIFF":
            turn, part, wanted, extent = None, box, size, image.size
        flat = _flat(image)
    if flat is None:
        raise InvalidRequest([f"the picture's pixels are of the kind {image.mode}: save it as an RGB PNG or JPEG"])
    area = tuple(fraction * side for fraction, side in zip(part, (*extent, *extent), strict=True))
    small = flat.resize(wanted, Image.Resampling.LANCZOS, box=cast(Box, area), reducing_gap=3.0)
    if turn is not None:
        small = small.transpose(turn)
    return _opaque(small, image.info.get("icc_profile"), background, source.notes)


def _stored(box: Box, orientation: int) -> Box:
    """Where a part of the seen picture lies in the stored one."""
    _, swapped, from_right, from_bottom = _TURNS[orientation]
    left, top, right, bottom = box
    if swapped:
        left, top, right, bottom = top, left, bottom, right
    if from_right:
        left, right = 1 - right, 1 - left
    if from_bottom:
        top, bottom = 1 - bottom, 1 - top
    return left, top, right, bottom


def _losses(source: _Source) -> Iterator[str]:
    """Says what of the file is left behind; asked before it is decoded."""
    image, frames = source.image, 1
    with suppress(*_BROKEN):  # a later one may be broken: the first is all that is asked for
        frames = getattr(image, "n_frames", 1)
    if frames > 1:
        one, which = ("page", "a") if source.kind == "TIFF" else ("frame", "an animated")
        yield f"first {one} of {frames} of {which} {source.kind}"
    if any(";16" in str(tile[3]) for tile in image.tile):
        yield "16 bit per channel reduced to 8"
    elif image.mode[0] in "IF":
        yield "more than 8 bit per channel reduced to 8"
    if image.mode == "CMYK":
        yield "CMYK turned to RGB"


def _flat(image: Image.Image) -> Image.Image | None:
    """The same picture in a mode that can be resized: L, RGB, CMYK, or with alpha multiplied in, La or RGBa."""
    if image.mode[0] in "IF":
        return _eight_bits(image)
    if image.mode == "LA":
        return image.convert("La")
    if image.mode not in ("La", "RGBa") and image.has_transparency_data:
        # dark or coloured fringes come from pixels that nobody sees: multiplied in, they count for nothing
        return (image if image.mode == "RGBA" else image.convert("RGBA")).convert("RGBa")
    if image.mode in ("1", "P", "YCbCr", "RGBX"):
        return image.convert("L" if image.mode == "1" else "RGB")
    return image if image.mode in ("L", "RGB", "CMYK", "La", "RGBa") else None


def _eight_bits(image: Any) -> Image.Image:
    """Whole numbers up to 65535 or broken ones up to 1 on a scale to 255; anything else from its least to its most."""
    if image.mode.startswith("I;"):
        image = image.convert("I")
    low, high = image.getextrema()
    usual = 65535.0 if image.mode == "I" else 1.0 if high <= 1 else 255.0
    if low >= 0 and high <= usual:
        low, high = 0.0, usual
    factor = 255 / (high - low) if math.isfinite(high - low) and high > low else 0.0
    shift = 0.5 - low * factor if factor else 0.5
    return cast(Image.Image, image.point(lambda value: value * factor + shift).convert("L"))


def _opaque(picture: Image.Image, profile: bytes | None, background: str, notes: list[str]) -> Image.Image:
    """The colours in sRGB, on the background where they are transparent, and nothing else kept of the file."""
    alpha: Any = None
    if picture.mode in ("La", "RGBa"):
        picture = picture.convert(picture.mode.upper())
        alpha = picture.getchannel("A")
        picture = picture.convert(picture.mode[:-1])
    picture = _srgb(picture, profile, notes)
    if alpha is not None and alpha.getextrema() != (255, 255):
        notes.append(f"transparent parts stand on {background}")
        picture = Image.composite(picture, Image.new("RGB", picture.size, background), alpha)
    picture.info = {}
    return picture


def _srgb(picture: Image.Image, profile: bytes | None, notes: list[str]) -> Image.Image:
    """Through the colour profile when it can be used, else as if there were none."""
    if not profile:
        return picture.convert("RGB")
    try:
        found: Any = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        name = " ".join((found.profile.profile_description or "").split())[:40]
        if found.profile.xcolor_space == "RGB ":
            picture = picture.convert("RGB")
        turned = ImageCms.profileToProfile(picture, found, ImageCms.createProfile("sRGB"), outputMode="RGB")
    except (ImageCms.PyCMSError, ImportError, *_BROKEN):
        notes.append("its colour profile cannot be used and is left out")
        return picture.convert("RGB")
    if "srgb" not in name.lower():
        notes.append(f"colours turned from {name or 'its own profile'} to sRGB")
    return cast(Image.Image, turned)


def _encode(picture: Image.Image, lossless: bool) -> tuple[bytes, str]:
    if lossless and len(data := _saved(picture, "PNG")) < LARGEST_PNG:
        return data, "image/png"
    return _saved(picture, "JPEG", quality=QUALITY, subsampling=0), "image/jpeg"


def _saved(picture: Any, kind: str, **options: int) -> bytes:
    out = io.BytesIO()
    picture.save(out, kind, **options)
    return out.getvalue()
