"""The structure of an MP4 file: is it whole?"""

from __future__ import annotations

from pathlib import Path

from ..errors import DownloadError, NotVideo

MOST_BOXES = 20_000
"""Boxes on the top level of the longest video that is taken: one has a handful, in fragments two for each second."""
_FIRST = ("ftyp", "styp", "moov", "mdat", "free", "skip", "wide", "pdin", "uuid")
"""Boxes with which a file of this family begins."""


def check_mp4(path: Path) -> None:
    """Raise `DownloadError` unless the file is a whole MP4: boxes to the last byte, with moov and mdat.

    It is `NotVideo` for a file that does not even begin like one.
    """
    size, at, found = path.stat().st_size, 0, set()
    with path.open("rb") as file:
        for _ in range(MOST_BOXES):
            if at >= size:
                break
            file.seek(at)
            length, kind = _box(file.read(16))
            if at == 0 and size >= 8 and kind not in _FIRST:
                raise NotVideo("the file is no MP4")
            length = length or size - at
            if length < 8 or at + length > size:
                raise DownloadError(f"the file is cut off or no MP4 (box at byte {at:,} of {size:,})")
            found.add(kind)
            at += length
    if at < size:
        raise DownloadError(f"the file is no MP4: more than {MOST_BOXES:,} boxes")
    if missing := {"ftyp", "moov", "mdat"} - found:
        raise DownloadError(f"the file is no MP4: no {', '.join(sorted(missing))}")


def _box(head: bytes) -> tuple[int, str]:
    """Return length and kind of a box; a length of 1 stands for a 64-bit length behind the kind."""
    if len(head) < 8:
        return 1, ""
    length = int.from_bytes(head[:4], "big")
    if length == 1 and len(head) == 16:
        length = int.from_bytes(head[8:16], "big")
    return length, head[4:8].decode("latin-1")
