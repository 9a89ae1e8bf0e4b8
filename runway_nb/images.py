"""Picture files as the API takes them."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .errors import InvalidRequest

LARGEST = 50_000_000
"""Bytes; the API names no limit, its own tool stops at 50 MB (API facts 8.1)."""
_SIGNS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
}


@dataclass(frozen=True)
class PictureFile:
    """The bytes of a picture, ready to upload."""

    name: str
    content_type: str
    data: bytes = field(repr=False)


def content_type(data: bytes) -> str | None:
    """The type told by the first bytes, never by the name; None for what the API does not take."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((kind for sign, kind in _SIGNS.items() if data.startswith(sign)), None)


def read_picture(path: Path) -> PictureFile:
    """Read a PNG, JPEG, GIF or WebP file. Raises `InvalidRequest` with what is wrong."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if path.is_file() and size <= LARGEST else b""
    except OSError as error:
        raise InvalidRequest([f"{path} cannot be read: {error.strerror}"]) from None
    if size > LARGEST:
        raise InvalidRequest([f"{path} has {size / 1e6:.0f} MB: the most is {LARGEST / 1e6:.0f} MB"])
    kind = content_type(data)
    if kind is None:
        raise InvalidRequest([f"{path} is no picture that can be sent: give a PNG, JPEG, GIF or WebP file"])
    return PictureFile(path.stem, kind, data)
