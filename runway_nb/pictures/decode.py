"""Picture files opened safely: their kind by their first bytes, their size by their header, and nothing run or read
besides.

Nothing is decoded before its size is known to be small enough. One picture is decoded at a time, by rules that are
the same whatever the user has set in Pillow.
"""

from __future__ import annotations

import io
import re
import struct
import threading
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

from PIL import Image, ImageFile
from PIL.BmpImagePlugin import BmpImageFile
from PIL.GifImagePlugin import GifImageFile
from PIL.JpegImagePlugin import JpegImageFile
from PIL.PngImagePlugin import PngImageFile
from PIL.TiffImagePlugin import TiffImageFile
from PIL.WebPImagePlugin import WebPImageFile

from ..errors import InvalidRequest
from .bit_depth import Declared, eight_bits, eight_bits_of_planes
from .limits import LARGEST_PIXELS, LARGEST_WEBP, check_pixels, check_weight
from .parsers import ParsedFile, bmp_is_packed, gif_size, parse_gif, parse_jpeg, parse_png, webp_orientation, webp_size
from .tiff_parser import parse_tiff
from .unsupported import RAW_LINE, is_raw, unsupported_message

Size = tuple[int, int]

TURNS: dict[int, tuple[Image.Transpose | None, bool, bool, bool]] = {
    1: (None, False, False, False),
    2: (Image.Transpose.FLIP_LEFT_RIGHT, False, True, False),
    3: (Image.Transpose.ROTATE_180, False, True, True),
    4: (Image.Transpose.FLIP_TOP_BOTTOM, False, False, True),
    5: (Image.Transpose.TRANSPOSE, True, False, False),
    6: (Image.Transpose.ROTATE_270, True, False, True),
    7: (Image.Transpose.TRANSVERSE, True, True, True),
    8: (Image.Transpose.ROTATE_90, True, True, False),
}
"""EXIF orientation: how the stored picture becomes the seen one, and the way back for a point in it: are the axes
swapped, and is then the stored x, the stored y counted from the other side."""
LARGEST_SCANS = 100
"""A JPEG of a few MB can hold 100 000 empty scans and keep a decoder busy for hours; an honest one has up to 20."""
MOST_SCANNED = 2_000_000_000
"""Pixels that all scans of a JPEG together may go over."""
LARGEST_PACKED = 4_000_000
"""Bytes of a BMP whose pixels are run-length coded."""
_FAULTS = (SyntaxError, ValueError, TypeError, LookupError, ArithmeticError, RuntimeError, AttributeError, Warning)
BROKEN = (OSError, EOFError, MemoryError, struct.error, zlib.error, Image.DecompressionBombError, *_FAULTS)
"""What Pillow raises for files that are broken. Caught around its decoding only."""
_TURN = threading.RLock()
_NEVER: Any = []
_MOST: Any = float(LARGEST_PIXELS)


@dataclass
class Source:
    """A picture whose header has been read."""

    kind: str
    image: Any
    """Pillow's, of the first picture alone."""
    stored: Size
    parsed: ParsedFile
    declared: Declared
    again: Callable[[], Any]
    """Opens it once more."""
    notes: list[str] = field(default_factory=list)

    @property
    def size(self) -> Size:
        """As seen."""
        return self.stored[::-1] if TURNS[self.parsed.orientation][1] else self.stored

    @property
    def profile(self) -> bytes | None:
        """The colour profile."""
        return self.parsed.profile or self.image.info.get("icc_profile")

    @property
    def is_sixteen(self) -> bool:
        """True for 16 bits a channel; asked before it is decoded."""
        return any(";16" in str(tile[3]) for tile in self.image.tile or ())


class _Reader(NamedTuple):
    """How a kind of file is read."""

    sign: re.Pattern[bytes]
    open: Any
    """Pillow's class for it. Nothing else is opened: Pillow also knows kinds that run other programs."""
    parse: Callable[[bytes], tuple[ParsedFile, Size | None, Declared]]
    """Takes it apart. The size is there where Pillow would need memory to read it. Raises `InvalidRequest`."""


def open_picture(data: bytes) -> Source:
    """Read the header, and refuse by it what must not be decoded. Raises `InvalidRequest` with what is wrong."""
    kind = next((kind for kind, reader in READERS.items() if reader.sign.match(data)), None)
    if kind is None:
        raise InvalidRequest([unsupported_message(data)])
    parsed, size, declared = READERS[kind].parse(data)
    size = size if size and all(size) else None  # what has no size is refused by its reader
    if size is not None:
        _check(kind, size, len(data))

    def read() -> Any:
        return READERS[kind].open(io.BytesIO(parsed.bare))

    with decoding():
        image = read()
        frames = parsed.frames if kind != "WebP" else getattr(image, "n_frames", 1)
    _check(kind, size or image.size, len(data))
    if kind == "JPEG":
        _check_scans(data, image.size)
    return Source(kind, image, size or image.size, replace(parsed, frames=frames), declared, read)


def _check(kind: str, size: Size, weight: int) -> None:
    check_pixels("the picture", *size, LARGEST_WEBP if kind == "WebP" else None)
    check_weight(*size, weight)


def load(source: Source, needed: Size | None = None) -> tuple[Image.Image, Size]:
    """Return the first picture in at most eight bits a channel, and its size in pixels of what was decoded.

    `needed` is how large it has to be at least: a JPEG is then decoded at a half, a quarter or an eighth. Adds to
    the notes what was done. Raises `InvalidRequest`.
    """
    image, sixteen = source.image, source.is_sixteen
    with decoding():
        extent = image.size
        if needed and (draft := image.draft(None, needed)):
            extent = draft[1][2:]
        image.load()
        if source.kind == "TIFF":
            extent = image.size  # Pillow turns it upright by itself
        shallow, note = _shallow(source, sixteen)
    if note or shallow is not image or sixteen:
        usual = "16 bit per channel reduced to 8" if sixteen else "more than 8 bit per channel reduced to 8"
        source.notes.append(note or usual)
    return shallow, extent


def _shallow(source: Source, sixteen: bool) -> tuple[Image.Image, str]:
    image = source.image
    if image.mode[0] in "IF":
        return eight_bits(image, source.declared)
    if not sixteen or image.mode not in ("RGB", "RGBA"):
        return image, ""
    made, note = eight_bits_of_planes(image, lambda: _lower(source), source.declared)
    if made is not image:
        made.info = {key: value for key, value in image.info.items() if key != "transparency"}
    return made, note


def _lower(source: Source) -> Image.Image:
    """Return the lower bytes of 16 bit colours: by Pillow's own decoder, with the bytes the other way round."""
    image = source.again()
    way = image.tile[0][3]
    raw = way if isinstance(way, str) else way[0]
    if raw == "LA;16B":
        image.tile = [_reordered(tile, "RGBA") for tile in image.tile]
        image.load()
        _, lower, _, alpha = image.split()
        return Image.merge("RGBA", (lower, lower, lower, alpha))
    native = ";16L" if struct.pack("=H", 1)[0] else ";16B"
    other = {";16B": ";16L", ";16L": ";16B", ";16N": {";16L": ";16B", ";16B": ";16L"}[native]}
    if raw[-4:] not in other or "a;" in raw:
        raise ValueError("16 bits of an unknown kind")
    image.tile = [_reordered(tile, raw[:-4] + other[raw[-4:]]) for tile in image.tile]
    image.load()
    return image  # type: ignore[no-any-return]


def _reordered(tile: Any, raw: str) -> Any:
    """Return a tile with another way to read its bytes."""
    way = raw if isinstance(tile[3], str) else (raw, *tile[3][1:])
    parsed = (*tile[:3], way)
    return type(tile)(*parsed) if hasattr(tile, "_fields") else parsed  # a plain tuple in older versions of Pillow


@contextmanager
def decoding() -> Iterator[None]:
    """Stand around Pillow's work on bytes from outside; what it cannot do becomes one clear line."""
    try:
        with working():
            yield
    except InvalidRequest:
        raise
    except BROKEN as error:
        raise InvalidRequest([_broken_line(error)]) from None


@contextmanager
def working() -> Iterator[None]:
    """Stand around Pillow's work on pixels that are decoded: one picture at a time, by our own rules."""
    try:
        with _TURN, _own_rules():
            yield
    except (MemoryError, Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise InvalidRequest(["the picture unpacks to more than there is room for: make it smaller"]) from None


def _broken_line(error: BaseException) -> str:
    reason = " ".join(str(error).split())[:80] if re.search("[a-z]", str(error)) else type(error).__name__
    if re.search("truncat|end of|incomplete", reason, re.IGNORECASE):
        return f"the picture is cut off ({reason}): copy or download the file again"
    reason = reason.replace("not identified by this driver", "no pixels, or of an unknown kind")
    return f"the picture is broken ({reason}): open it in an editor and save it as PNG or JPEG"


@contextmanager
def _own_rules() -> Iterator[None]:
    """Have cut off files refused and our own limit hold, also where the user told Pillow otherwise for himself."""
    before = ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS
    ImageFile.LOAD_TRUNCATED_IMAGES, Image.MAX_IMAGE_PIXELS = _NEVER, _MOST
    try:
        yield
    finally:
        # what the user set meanwhile stays
        if ImageFile.LOAD_TRUNCATED_IMAGES is _NEVER:
            ImageFile.LOAD_TRUNCATED_IMAGES = before[0]
        if Image.MAX_IMAGE_PIXELS is _MOST:
            Image.MAX_IMAGE_PIXELS = before[1]


# --- the kinds ----------------------------------------------------------------------------------------


def _read_png(data: bytes) -> tuple[ParsedFile, Size | None, Declared]:
    parsed = parse_png(data)
    bits = parsed.significant_bits
    return parsed, None, Declared((0.0, float(2**bits - 1)) if 8 < bits < 16 else None, is_sixteen=True)


def _read_tiff(data: bytes) -> tuple[ParsedFile, Size | None, Declared]:
    if is_raw(data):
        raise InvalidRequest([RAW_LINE])
    found = parse_tiff(data)
    if any(found.tile):
        check_pixels("a tile of the picture", *found.tile)
    parsed = ParsedFile(found.bare, found.orientation, found.pages)
    return parsed, found.size, Declared(found.declared, found.missing, False, found.is_unsigned, found.inverted)


def _check_scans(data: bytes, size: Size) -> None:
    scans = data.count(b"\xff\xda")
    if scans > LARGEST_SCANS or (scans > 20 and scans * size[0] * size[1] > MOST_SCANNED):
        raise InvalidRequest([f"the picture has {scans} scans, no JPEG needs so many: save it again with an editor"])


def _read_bmp(data: bytes) -> tuple[ParsedFile, Size | None, Declared]:
    if bmp_is_packed(data) and len(data) > LARGEST_PACKED:
        raise InvalidRequest([f"a packed BMP of {len(data) / 1e6:.0f} MB takes too long to unpack: save it as PNG"])
    return ParsedFile(data), None, Declared()


def _read_webp(data: bytes) -> tuple[ParsedFile, Size | None, Declared]:
    return ParsedFile(data, webp_orientation(data)), webp_size(data), Declared()


READERS = {
    "JPEG": _Reader(re.compile(rb"\xff\xd8\xff"), JpegImageFile, lambda data: (parse_jpeg(data), None, Declared())),
    "PNG": _Reader(re.compile(rb"\x89PNG\r\n\x1a\n"), PngImageFile, _read_png),
    "GIF": _Reader(re.compile(rb"GIF8[79]a"), GifImageFile, lambda data: (parse_gif(data), gif_size(data), Declared())),
    "WebP": _Reader(re.compile(rb"RIFF.{4}WEBP", re.DOTALL), WebPImageFile, _read_webp),
    "TIFF": _Reader(re.compile(rb"II[*+]\0|MM\0[*+]"), TiffImageFile, _read_tiff),
    "BMP": _Reader(re.compile(rb"BM"), BmpImageFile, _read_bmp),
}
"""By kind, in the order in which their first bytes are compared."""
