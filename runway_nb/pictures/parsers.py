"""Picture files taken apart by hand: the first picture alone, and what else stands in the file.

A decoder gets the bare copy, with nothing in it but the pixels of the first picture: whatever a file may pack into
texts, notes of cameras and later frames is neither unpacked nor walked through. No step here takes longer, or makes
more, than the file is large.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field

from ..errors import InvalidRequest
from .tiff_parser import orientation_of, pictures_of_mpo

NOTE_KEY = "runway_nb"
"""The keyword of the text of a PNG in which `objects` notes what it did to the numbers of an array."""
MOST_COUNTED = 1_000
"""Frames that are counted."""
_MOST_PARTS = 200_000
_MOST_BLOCKS = 2_000_000
"""Of a GIF; a block has up to 255 bytes."""
_UNPACKED = 2_000_000
"""Bytes that a colour profile, or a text, may unpack to."""
_LONGEST_NOTE = 300
_PNG_PIXELS = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}
_TEXTS = {b"iCCP", b"zTXt", b"iTXt"}
_FACTS = {b"eXIf", b"sBIT"}
_XMP = b"http://ns.adobe.com/xap/1.0/\0"
_ORIENTATION = re.compile(rb"tiff:Orientation(?:=[\"']|>)([1-8])")
_MARK = re.compile(rb"\xff([^\xff])", re.DOTALL)
_ALONE = {0x00, 0x01, 0xC8, *range(0xD0, 0xDA), *range(0xF0, 0xFE)}
"""Marks of a JPEG that no length follows."""
_GIF_BLOCK = re.compile(rb"[\x21\x2c\x3b]")
_JPEG_PIXELS = {*range(0xC0, 0xD0), 0xDB, 0xDC, 0xDD} - _ALONE


@dataclass(frozen=True)
class ParsedFile:
    """What a file holds."""

    bare: bytes
    """The first picture alone."""
    orientation: int = 1
    """As in EXIF data, 1 to 8."""
    frames: int = 1
    """Pictures in the file; `MOST_COUNTED` stands for that many or more."""
    profile: bytes | None = None
    """The colour profile, where the decoder does not give it."""
    note: str = ""
    """What was done to it before it became a file."""
    significant_bits: int = 0
    """How many bits of each channel the file declares to be used; 0 when it declares nothing."""


def _orientation(exif: bytes, xmp: bytes) -> int:
    """Return that of the EXIF data; what a text of Adobe declares counts where they declare nothing."""
    found = orientation_of(exif.removeprefix(b"Exif\0\0"))
    if found is None and (declared := _ORIENTATION.search(xmp)):
        return int(declared[1])
    return found or 1


def _broken(reason: str) -> InvalidRequest:
    return InvalidRequest([f"the picture is broken ({reason}): open it in an editor and save it as PNG or JPEG"])


# --- PNG ----------------------------------------------------------------------------------------------


def png_chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Yield the kind and all bytes of each chunk of a PNG, as far as they are whole; the rest comes without a kind."""
    at = 8
    view = memoryview(data)
    for _ in range(_MOST_PARTS):
        length = int.from_bytes(data[at : at + 4], "big")
        kind = data[at + 4 : at + 8]
        if at + 12 + length > len(data):
            break
        yield kind, view[at : at + 12 + length]
        at += 12 + length
        if kind == b"IEND":
            break
    else:
        raise _broken("more parts than a picture needs")
    if at != len(data):
        yield b"", view[at:]


@dataclass
class _Png:
    """A PNG, chunk by chunk."""

    bare: list[bytes]
    facts: dict[bytes, bytes] = field(default_factory=dict)
    texts: dict[bytes, bytes] = field(default_factory=dict)
    frames: int = 0
    has_pixels: bool = False
    is_first_frame: bool = False
    """False for a picture that comes before the first frame: it stands outside of the animation."""

    def take(self, kind: bytes, chunk: memoryview) -> None:
        """Take the next chunk."""
        body = chunk[8:-4]
        if kind in _PNG_PIXELS:
            self.bare.append(bytes(chunk))  # with its own checksum: the decoder reports where it is damaged
            self.has_pixels = self.has_pixels or kind == b"IDAT"
        elif kind in _TEXTS:
            keyword, text = _text(kind, bytes(body))
            self.texts.setdefault(kind if kind == b"iCCP" else keyword, text)
        elif kind in _FACTS:
            self.facts.setdefault(kind, bytes(body))
        elif not kind and self.bare[-1][4:8] != b"IEND":
            self.bare.append(bytes(chunk))  # cut off: the decoder reports where
        elif not self.has_pixels:
            self.is_first_frame = self.is_first_frame or kind == b"fcTL"
            self.frames = int.from_bytes(body[:4], "big") if kind == b"acTL" else self.frames


def parse_png(data: bytes) -> ParsedFile:
    """Return what a PNG holds."""
    png = _Png([data[:8]])
    for kind, chunk in png_chunks(data):
        png.take(kind, chunk)
    frames = png.frames + (not png.is_first_frame) if 0 < png.frames < 2**31 else 1
    return ParsedFile(
        b"".join(png.bare),
        _orientation(png.facts.get(b"eXIf", b""), png.texts.get(b"XML:com.adobe.xmp", b"")),
        frames,
        png.texts.get(b"iCCP") or None,
        _plain(png.texts.get(NOTE_KEY.encode(), b"")),
        max(png.facts.get(b"sBIT", b""), default=0),
    )


def is_bare_png(data: bytes) -> bool:
    """Return True for eight bits, RGB, and no chunk but those of the pixels."""
    known = {b"IHDR", b"IDAT", b"IEND", b"pHYs", b"sRGB"}
    return data[24:26] == b"\x08\x02" and {kind for kind, _ in png_chunks(data)} <= known


def _text(kind: bytes, body: bytes) -> tuple[bytes, bytes]:
    """Return keyword and text of a chunk. Raises `InvalidRequest` for one that unpacks to too much."""
    keyword, _, rest = body.partition(b"\0")
    packed = kind != b"iTXt" or rest[:1] == b"\1"
    text = rest[1:] if kind != b"iTXt" else rest[2:].partition(b"\0")[2].partition(b"\0")[2]
    if packed:
        unpacking = zlib.decompressobj()
        try:
            text = unpacking.decompress(text, _UNPACKED)
        except zlib.error:
            return keyword, b""
        if unpacking.unconsumed_tail:
            raise _broken(f"a part of it unpacks to more than {_UNPACKED / 1e6:.0f} MB")
    return keyword, text


def _plain(text: bytes) -> str:
    decoded = text[: 4 * _LONGEST_NOTE].decode("utf-8", "replace")
    return "".join(letter for letter in decoded if letter.isprintable())[:_LONGEST_NOTE]


# --- JPEG ---------------------------------------------------------------------------------------------


def jpeg_segments(data: bytes) -> Iterator[tuple[int, int, int]]:
    """Yield mark, start and end of each segment before the pixels, and that of the pixels up to the end of the file."""
    at = 2
    for _ in range(_MOST_PARTS):
        found = _MARK.search(data, at)
        if found is None:
            return
        mark, at = found[1][0], found.start()
        if mark == 0xDA:
            yield mark, at, len(data)
            return
        length = 0 if mark in _ALONE else int.from_bytes(data[at + 2 : at + 4], "big")
        if length:
            yield mark, at, at + 2 + length
        at += 2 + length
    raise _broken("more parts than a picture needs")


def parse_jpeg(data: bytes) -> ParsedFile:
    """Return what a JPEG holds; further pictures behind the first are those of an MPO."""
    bare, exif, xmp, frames = [data[:2]], b"", b"", 1
    for mark, start, end in jpeg_segments(data):
        body = data[start + 4 : min(end, start + 4 + 65_535)]
        if mark in _JPEG_PIXELS or mark == 0xDA or _is_kept(mark, body):
            bare.append(data[start:end])
        elif mark == 0xE1 and body.startswith(b"Exif\0\0"):
            exif = exif or body
        elif mark == 0xE1 and body.startswith(_XMP):
            xmp = xmp or body
        elif mark == 0xE2 and body.startswith(b"MPF\0"):
            frames = pictures_of_mpo(body[4:])
    # phones keep the brightness of their screens in a second picture, which is no other picture
    if frames > 1 and (b"hdrgm:" in data or b"HDRGainMap" in data):
        frames = 1
    return ParsedFile(b"".join(bare), _orientation(exif, xmp), frames)


def is_bare_jpeg(data: bytes) -> bool:
    """Return True for a baseline JPEG with no segment but pixels, JFIF and Adobe marks, and nothing after the end."""
    at = 2
    while (mark := data[at : at + 2]) in (b"\xff\xc0", b"\xff\xc4", b"\xff\xdb", b"\xff\xdd", b"\xff\xe0", b"\xff\xee"):
        length = int.from_bytes(data[at + 2 : at + 4], "big")
        if mark > b"\xff\xdd" and length > 16:
            return False  # a mark that carries more than itself
        at += 2 + length
    return data[at : at + 2] == b"\xff\xda" and data.find(b"\xff\xd9", at) == len(data) - 2


def _is_kept(mark: int, body: bytes) -> bool:
    """Return True for what decides how the pixels look: JFIF, Adobe, colour profile."""
    signs = {0xE0: b"JFIF\0", 0xEE: b"Adobe", 0xE2: b"ICC_PROFILE\0"}
    return mark in signs and body.startswith(signs[mark])


# --- GIF ----------------------------------------------------------------------------------------------


def gif_size(data: bytes) -> tuple[int, int]:
    """Return the screen, or more where the first frame reaches beyond it."""
    width, height = _short(data, 6), _short(data, 8)
    at = _gif_frame(data)[1]
    if at:
        width = max(width, _short(data, at + 1) + _short(data, at + 5))
        height = max(height, _short(data, at + 3) + _short(data, at + 7))
    return width, height


def parse_gif(data: bytes) -> ParsedFile:
    """Return what a GIF holds."""
    head = _gif_head(data)
    control, at = _gif_frame(data)
    if not at:
        return ParsedFile(data[:head] + b";")
    end = _gif_end(data, at)
    steps = data[control : control + 8] if control else b""
    return ParsedFile(b"".join((data[:head], steps, data[at:end], b";")), frames=1 + _gif_others(data, end))


def _short(data: bytes, at: int) -> int:
    return int.from_bytes(data[at : at + 2], "little")


def _palette(flags: int) -> int:
    return 3 << (flags & 7) + 1 if flags & 0x80 else 0


def _gif_head(data: bytes) -> int:
    return 13 + _palette(data[10] if len(data) > 10 else 0)


def _blocks_end(data: bytes, at: int) -> int:
    """Return the position behind the last of the blocks that begin here."""
    for _ in range(_MOST_BLOCKS):
        if at >= len(data) or not data[at]:
            return at + 1
        at += data[at] + 1
    raise _broken("more parts than a picture needs")


def _gif_end(data: bytes, at: int) -> int:
    """Return the position behind a frame whose descriptor stands here."""
    flags = data[at + 9] if at + 9 < len(data) else 0
    return min(_blocks_end(data, at + 11 + _palette(flags)), len(data))


def _gif_frame(data: bytes, at: int = 0) -> tuple[int, int]:
    """Return where the control block and the descriptor of the next frame stand; 0 for what is not there."""
    control, at = 0, at or _gif_head(data)
    for _ in range(_MOST_PARTS):
        found = _GIF_BLOCK.search(data, at)
        if found is None or found[0] == b";":
            return 0, 0
        at = found.start()
        if found[0] == b",":
            return control, at
        control = at if data[at + 1 : at + 3] == b"\xf9\x04" else control
        at = _blocks_end(data, at + 2)
    raise _broken("more parts than a picture needs")


def _gif_others(data: bytes, at: int) -> int:
    """Return how many frames follow; a broken one ends the counting."""
    for found in range(MOST_COUNTED - 1):
        _, at = _gif_frame(data, at)
        if not at:
            return found
        at = _gif_end(data, at)
    return MOST_COUNTED - 1


# --- WebP and BMP -------------------------------------------------------------------------------------


def webp_size(data: bytes) -> tuple[int, int]:
    """Return width and height by the first chunk; zeros when it is of an unknown kind."""
    kind, body = data[12:16], data[20:30]
    if kind == b"VP8X":
        return 1 + int.from_bytes(body[4:7], "little"), 1 + int.from_bytes(body[7:10], "little")
    if kind == b"VP8L":
        bits = int.from_bytes(body[1:5], "little")
        return 1 + (bits & 0x3FFF), 1 + (bits >> 14 & 0x3FFF)
    return (_short(body, 6) & 0x3FFF, _short(body, 8) & 0x3FFF) if kind == b"VP8 " else (0, 0)


def webp_orientation(data: bytes) -> int:
    """Return the orientation by its EXIF data."""
    at, found = 12, dict[bytes, bytes]()
    for _ in range(_MOST_PARTS):
        kind, length = data[at : at + 4], int.from_bytes(data[at + 4 : at + 8], "little")
        if len(kind) < 4:
            break
        if kind in (b"EXIF", b"XMP "):
            found.setdefault(kind, data[at + 8 : at + 8 + length])
        at += 8 + length + length % 2
    return _orientation(found.get(b"EXIF", b""), found.get(b"XMP ", b""))


def bmp_is_packed(data: bytes) -> bool:
    """Return True for a BMP whose pixels are run-length coded: Pillow unpacks those one by one."""
    return _short(data, 14) >= 40 and data[30:34] in (b"\1\0\0\0", b"\2\0\0\0")
