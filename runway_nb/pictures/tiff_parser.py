"""The directories of TIFF files and of EXIF data, walked by hand.

Only as many entries are read as a picture needs. A decoder would load whatever an entry points to, and thousands of
entries may point to the same megabytes.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from ..errors import InvalidRequest

MOST_PAGES = 1_000
"""Pages that are counted."""
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4, 16: 8, 17: 8, 18: 8}
"""Bytes of one value of each type."""
_FORMS = {1: "B", 3: "H", 4: "I", 6: "b", 8: "h", 9: "i", 11: "f", 12: "d", 13: "I", 16: "Q", 17: "q", 18: "Q"}
_PIXELS = {
    254, 256, 257, 258, 259, 262, 266, 273, 274, 277, 278, 279, 284, 292, 293, 317, 320, 322, 323, 324, 325, 332, 338,
    339, 347, 512, 513, 514, 515, 519, 520, 521, 529, 530, 531, 532, 34675,
}  # fmt: skip
"""Tags that decide how the pixels are read and look."""
_MOST_VALUES = 1_000_000
_PROFILE, _LARGEST_PROFILE = 34675, 20_000_000
_SUBFILE, _PHOTOMETRIC, _COMPRESSION, _SUBDIRECTORIES = 254, 262, 259, 330
_DNG = {50706, 50707, 50708}
_SENSOR = {32803, 34892}
"""Photometric interpretations of what a sensor saw: a colour filter array, and linear raw."""
_OF_CAMERAS = {32767, 32769, 32770, 34713, 34892, 65000, 65535}
"""Compressions that only cameras write: Sony, Samsung, Nikon, lossy DNG, Kodak, Pentax."""
_LOOKED_AT = 24
"""Directories that are looked at for what a sensor saw."""


class Entry(NamedTuple):
    """One entry of a directory."""

    at: int
    """Where it stands in the file."""
    type: int
    number: int
    start: int
    """Where its values stand."""

    @property
    def size(self) -> int:
        """Bytes of its values."""
        return _SIZES.get(self.type, 0) * self.number


@dataclass(frozen=True)
class Directory:
    """A directory of a TIFF."""

    entries: dict[int, Entry]
    """By tag; of several with one tag the last."""
    following: int
    """Where the next directory stands; 0 after the last."""
    link: int
    """Where that is written."""


@dataclass(frozen=True)
class Tiff:
    """A TIFF, or EXIF data."""

    data: bytes = field(repr=False)

    @property
    def order(self) -> str:
        """The order of bytes, for `struct`; nothing for what is no TIFF."""
        signs = {b"II*\0": "<", b"MM\0*": ">", b"II+\0": "<", b"MM\0+": ">"}
        return signs.get(self.data[:4], "")

    @property
    def is_big(self) -> bool:
        """True for offsets of 64 bits."""
        return self.data[2:4] in (b"+\0", b"\0+")

    @property
    def first(self) -> int:
        """Where the first directory stands."""
        return self._number("Q" if self.is_big else "I", 8 if self.is_big else 4)

    def directory(self, at: int) -> Directory:
        """Return the directory that stands there, as far as it is whole."""
        head, step, offset, inside = ("Q", 20, "Q", 8) if self.is_big else ("H", 12, "I", 4)
        begin = at + struct.calcsize(f"={head}")
        count = min(self._number(head, at), 65_535, max(0, len(self.data) - begin) // step)
        found: dict[int, Entry] = {}
        for position in range(begin, begin + count * step, step):
            tag, kind = struct.unpack_from(f"{self.order}HH", self.data, position)
            values = self._number(offset, position + 4)
            start = position + step - inside
            long = _SIZES.get(kind, 0) * values > inside
            found[tag] = Entry(position, kind, values, self._number(offset, start) if long else start)
        link = begin + count * step
        return Directory(found, self._number(offset, link), link)

    def values(self, entry: Entry | None, most: int = 64) -> tuple[float, ...]:
        """Return the numbers of an entry, at most that many; none without such an entry, or of another type."""
        if entry is None or entry.type not in _FORMS:
            return ()
        count = min(entry.number, most, max(0, len(self.data) - entry.start) // _SIZES[entry.type])
        return struct.unpack_from(f"{self.order}{count}{_FORMS[entry.type]}", self.data, entry.start) if count else ()

    def text(self, entry: Entry | None) -> str:
        """Return the letters of an entry, a hundred at most."""
        if entry is None or entry.type != 2:
            return ""
        return self.data[entry.start : entry.start + min(entry.number, 100)].partition(b"\0")[0].decode("latin-1")

    def _number(self, form: str, at: int) -> int:
        size = struct.calcsize(f"={form}")
        part = self.data[at : at + size]
        return int.from_bytes(part, "little" if self.order == "<" else "big") if len(part) == size else 0


@dataclass(frozen=True)
class ParsedTiff:
    """What the first page of a TIFF declares."""

    bare: bytes = field(repr=False)
    """The file with nothing in its first directory but what the pixels need, and no other directory."""
    size: tuple[int, int]
    pages: int
    tile: tuple[int, int]
    orientation: int
    declared: tuple[float, float] | None
    """The least and the most that its numbers may be, where it is declared."""
    missing: float | None
    """The number that stands for none, where it is declared."""
    inverted: bool
    """True where a nought is white."""
    is_unsigned: bool


def orientation_of(data: bytes) -> int | None:
    """Return the orientation in EXIF data, 1 to 8; None when it is not there, or is nonsense."""
    tiff = Tiff(data)
    if not tiff.order:
        return None
    found = tiff.values(tiff.directory(tiff.first).entries.get(274), 1)
    return int(found[0]) if found and found[0] in range(1, 9) else None


def pictures_of_mpo(index: bytes) -> int:
    """Return how many pictures the index of an MPO lists, thumbnails not counted; at least 1."""
    tiff = Tiff(index)
    entry = tiff.directory(tiff.first).entries.get(0xB002) if tiff.order else None
    if entry is None:
        return 1
    whole = min(entry.number, 16 * MOST_PAGES, max(0, len(index) - entry.start)) // 16
    flags = struct.unpack_from(f"{tiff.order}{'I12x' * whole}", index, entry.start) if whole else ()
    return max(1, len([flag for flag in flags if flag >> 16 & 0xFF != 1]))


def parse_tiff(data: bytes) -> ParsedTiff:
    """Return what a TIFF declares. Raises `InvalidRequest` for one whose directory holds more than a picture needs."""
    tiff = Tiff(data)
    page = tiff.directory(tiff.first)
    entries = page.entries
    for tag in entries.keys() & _PIXELS:
        if tag == _PROFILE and entries[tag].size <= _LARGEST_PROFILE:
            continue
        if entries[tag].number > _MOST_VALUES:
            raise InvalidRequest(["the picture is broken (a directory too large): save it as PNG or JPEG"])
    one = {tag: _whole(tiff, entries.get(tag)) for tag in (256, 257, 322, 323, 258, 259, 284, 339)}
    if not one[256] or not one[257]:
        raise InvalidRequest(["the picture is broken (no width or height): save it as PNG or JPEG"])
    check_planes(one[284], one[258], one[259])
    return ParsedTiff(
        _bare(tiff, page),
        (one[256], one[257]),
        _pages(tiff, page),
        (one[322], one[323]),
        orientation_of(data) or 1,
        _declared(tiff, entries, one[258]),
        _missing(tiff, entries),
        tiff.values(entries.get(_PHOTOMETRIC), 1) == (0,),
        one[339] in (0, 1),
    )


def check_planes(arrangement: int, bits: int, compression: int) -> None:
    """Raise `InvalidRequest` for colours of more than eight bits in planes of their own, not packed: Pillow takes each
    byte of them for a pixel, where what is packed is read by libtiff.
    """
    if arrangement == 2 and bits > 8 and compression in (0, 1):
        found = f"a TIFF whose colours lie in planes of {bits} bits cannot be read"
        raise InvalidRequest([f"{found}: save it with the colours of each pixel together, or as PNG"])


def _whole(tiff: Tiff, entry: Entry | None) -> int:
    """Return the first whole number of an entry; 0 when there is none. Raises `InvalidRequest` for any other number."""
    found = (tiff.values(entry, 1) or (0,))[0]
    if not isinstance(found, int) or found < 0:
        raise InvalidRequest(["the picture is broken (a size that is no whole number): save it as PNG or JPEG"])
    return found


def _bare(tiff: Tiff, page: Directory) -> bytes:
    """Return a copy whose other entries are of no type that there is, so that nobody reads what they point to."""
    copy = bytearray(tiff.data)
    begin, step = (8, 20) if tiff.is_big else (2, 12)
    for position in range(tiff.first + begin, page.link, step):
        tag = struct.unpack_from(f"{tiff.order}H", copy, position)[0]
        if tag not in _PIXELS or page.entries[tag].at != position:
            copy[position + 2 : position + 4] = b"\xff\xff"
    width = 8 if tiff.is_big else 4
    copy[page.link : page.link + width] = bytes(len(copy[page.link : page.link + width]))
    return bytes(copy)


def _pages(tiff: Tiff, page: Directory) -> int:
    """Return how many pages there are, previews not counted."""
    found, seen, following = 1, {tiff.first}, page.following
    while following and following not in seen and len(seen) < MOST_PAGES:
        seen.add(following)
        page = tiff.directory(following)
        if not page.entries:
            break
        found += not _is_reduced(tiff, page)
        following = page.following
    return found


def _is_reduced(tiff: Tiff, page: Directory) -> bool:
    kind = tiff.values(page.entries.get(_SUBFILE), 1)
    return bool(kind) and int(kind[0]) & 1 == 1


def _declared(tiff: Tiff, entries: dict[int, Entry], bits: int) -> tuple[float, float] | None:
    """Return the range by the tags for the least and the most of a sample, or by an odd number of bits."""
    for low, high in ((340, 341), (280, 281)):
        tops = tiff.values(entries.get(high))
        if tops and max(tops) > 0:
            return float(min(tiff.values(entries.get(low)), default=0)), float(max(tops))
    return (0.0, float(2**bits - 1)) if 8 < bits < 16 else None


def _missing(tiff: Tiff, entries: dict[int, Entry]) -> float | None:
    """Return the number that stands for none, as GDAL writes it."""
    try:
        return float(tiff.text(entries.get(42113)))
    except ValueError:
        return None


# --- the raw files of cameras -------------------------------------------------------------------------


def is_camera_raw(data: bytes) -> bool:
    """Return True for a TIFF that holds what a sensor saw, or that begins with a preview of something else."""
    tiff = Tiff(data)
    if not tiff.order:
        return False
    first = tiff.directory(tiff.first)
    if first.entries.keys() & _DNG:
        return True
    if _is_reduced(tiff, first) and (_SUBDIRECTORIES in first.entries or first.following):
        return True
    return any(_is_of_sensor(tiff, page) for page in _directories(tiff, first))


def _is_of_sensor(tiff: Tiff, page: Directory) -> bool:
    ways = tiff.values(page.entries.get(_PHOTOMETRIC), 1), tiff.values(page.entries.get(_COMPRESSION), 1)
    return bool(_SENSOR & set(ways[0]) or _OF_CAMERAS & set(ways[1]))


def _directories(tiff: Tiff, first: Directory) -> Iterator[Directory]:
    """Yield the first directories, and those that they point to."""
    waiting, seen = [first], set[int]()
    while waiting and len(seen) < _LOOKED_AT:
        page = waiting.pop(0)
        yield page
        offsets = [page.following, *map(int, tiff.values(page.entries.get(_SUBDIRECTORIES), 8))]
        for offset in offsets:
            if offset and offset not in seen and offset < len(tiff.data):
                seen.add(offset)
                waiting.append(tiff.directory(offset))
