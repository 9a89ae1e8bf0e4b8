"""Picture files as the API takes them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from .errors import InvalidRequest
from .request import Keyframes, Picture, asset_account

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


def picture_file(picture: Picture, folder: Path) -> Path | None:
    """The picture file that is meant, when there is one: a name relative to the notebook's folder."""
    text = str(picture)
    if asset_account(text):
        return None
    try:
        path = folder / Path(text).expanduser()
        return path if path.is_file() else None
    except (OSError, RuntimeError, ValueError):
        # no home of that name, or longer than a path can be: then it is no file
        return None


def picture_prints(keyframes: Keyframes, folder: Path) -> Keyframes:
    """The keyframes with each picture file as the hash of its content: equal pictures, equal wishes."""
    return Keyframes(**{slot: _print(picture, folder) for slot, picture in keyframes.given.items()})


def _print(picture: Picture, folder: Path) -> Picture:
    path = picture_file(picture, folder)
    if path is None or path.stat().st_size > LARGEST:
        return picture
    try:
        return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return picture  # what is wrong with it is told when it is read to be sent


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
