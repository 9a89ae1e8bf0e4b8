"""Picture files: which one is meant, what is in it."""

from __future__ import annotations

import hashlib
import stat
from pathlib import Path

from .errors import InvalidRequest
from .home import expanded
from .picture import Picture, asset_account
from .private_files import private_folder, write_private
from .request import Keyframes

LARGEST = 50_000_000
"""Bytes; the API names no limit, its own tool stops at 50 MB (API facts 8.1)."""


def picture_file(picture: Picture, folder: Path) -> Path | None:
    """The picture file that is meant, when there is one: a name relative to the notebook's folder."""
    text = str(picture)
    if asset_account(text):
        return None
    try:
        path = folder / expanded(text)
        return path if path.is_file() else None
    except (OSError, ValueError):
        # no home of that name, or longer than a path can be: then it is no file
        return None


def file_problem(picture: Picture, folder: Path) -> str:
    """Why a name gives no picture file although something is there, or no path at all; nothing otherwise."""
    try:
        found = (folder / expanded(str(picture))).stat()
    except (FileNotFoundError, NotADirectoryError):
        return ""
    except OSError as error:
        return (error.strerror or type(error).__name__).lower()
    except ValueError as error:
        return str(error)
    if stat.S_ISREG(found.st_mode):
        return ""
    return "it is a folder" if stat.S_ISDIR(found.st_mode) else "it is no file with a picture"


def picture_prints(keyframes: Keyframes, folder: Path) -> Keyframes:
    """The keyframes with each picture file as the hash of its content: equal pictures, equal wishes."""
    return Keyframes(**{slot: _print(picture, folder) for slot, picture in keyframes.given.items()})


def _print(picture: Picture, folder: Path) -> Picture:
    path = picture_file(picture, folder)
    try:
        if path is None or path.stat().st_size > LARGEST:
            return picture
        return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return picture  # what is wrong with it is told when it is read to be sent


def keep_picture(data: bytes, folder: Path, name: str = "picture") -> Path:
    """Keep a picture that was given as an object, and give its file, named by content: a wish has to be storable.

    Raises `InvalidRequest` when it is too large or cannot be written.
    """
    _check_size(len(data))
    digest = hashlib.sha256(data).hexdigest()
    plain = "".join(letter if letter.isalnum() or letter in " ._-" else "-" for letter in name)[:40] or "picture"
    path = folder / digest[:32] / f"{plain}-{digest[:8]}"
    try:
        if not path.is_file() or path.stat().st_size != len(data):
            for place in (folder.parent, folder, path.parent):
                private_folder(place)
            write_private(path, data)
    except OSError as error:
        raise InvalidRequest([f"the picture cannot be kept in {folder}: {error.strerror}"]) from None
    return path


def read_picture(path: Path) -> bytes:
    """The bytes of a picture file. Raises `InvalidRequest` when it cannot be read or is too large."""
    try:
        _check_size(path.stat().st_size)
        return path.read_bytes()
    except OSError as error:
        raise InvalidRequest([f"it cannot be read: {error.strerror}"]) from None


def _check_size(size: int) -> None:
    if size > LARGEST:
        raise InvalidRequest([f"it has {size / 1e6:.0f} MB: the most is {LARGEST / 1e6:.0f} MB"])
