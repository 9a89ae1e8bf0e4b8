"""Picture files: which one is meant, what is in it."""

from __future__ import annotations

import hashlib
import os
import stat
import unicodedata
from itertools import islice
from pathlib import Path

from ..errors import InvalidRequest
from ..keyframes import Keyframes
from ..redaction import ADDRESS, TOKEN, redact_line
from ..references import Picture, asset_account
from ..storage.atomic_file import write_private
from ..storage.file_link import is_file_link, path_of_link
from ..storage.paths import expanded
from ..storage.private_files import private_folder
from .limits import LARGEST_FILE
from .unicode_names import may_look_alike, name_key

MOST_ALIKE = 20
"""Files that look the same that are named one by one."""
MOST_LISTED = 100_000
"""Names of a folder that are compared."""


def picture_file(picture: Picture, folder: Path) -> Path | None:
    """Return the picture file that is meant, when there is one: a name relative to the notebook's folder."""
    found = picture_files(picture, folder)
    return found[0] if len(found) == 1 else None


def picture_files(picture: Picture, folder: Path) -> list[Path]:
    """Return the files that may be meant: the one of exactly that name, else all whose names look the same."""
    text = str(picture)
    if asset_account(text):
        return []
    if is_file_link(text):
        text = path_of_link(text)
    try:
        path = folder / expanded(text)
        if not text or path.is_file():
            return [path] if text else []
        return [found for found in _look_alikes(path) if found.is_file()]
    except (OSError, ValueError):
        # no home of that name, or longer than a path can be: then it is no file
        return []


def _look_alikes(path: Path) -> list[Path]:
    """Return the paths on disk that look like this one, each part of them."""
    found = [Path(path.anchor)]
    for part in path.parts[1 if path.anchor else 0 :]:
        found = [child for parent in found for child in _children(parent, part)]
        if not found or len(found) > MOST_ALIKE:
            break
    return found


def _children(folder: Path, name: str) -> list[Path]:
    """Return what a folder holds under this name, else under names that look the same."""
    if os.path.lexists(folder / name) or not folder.is_dir():
        return [folder / name]
    if not may_look_alike(name):
        return []
    wanted = name_key(name)
    with os.scandir(folder) as entries:
        return [folder / entry.name for entry in islice(entries, MOST_LISTED) if name_key(entry.name) == wanted]


def file_problem(picture: Picture, folder: Path) -> str:
    """Return why a name gives no picture file although something is there, or no path at all; nothing otherwise."""
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
    """Return the keyframes with each picture file as the hash of its content: equal pictures, equal requests."""
    return Keyframes(**{position: _print(picture, folder) for position, picture in keyframes.given.items()})


def _print(picture: Picture, folder: Path) -> Picture:
    path = picture_file(picture, folder)
    try:
        if path is None or path.stat().st_size > LARGEST_FILE:
            # a name in another form is the same name
            return unicodedata.normalize("NFC", picture) if isinstance(picture, str) else picture
        return "sha256:" + hashlib.sha256(read_picture(path)).hexdigest()
    except (InvalidRequest, OSError):
        return picture  # what is wrong with it is reported when it is read to be sent


def keep_picture(data: bytes, folder: Path, name: str = "picture") -> Path:
    """Keep a picture that was given as an object, and return its file, named by content: a request has to be storable.

    Raises `InvalidRequest` when it is too large or cannot be written.
    """
    _check_size(len(data))
    digest = hashlib.sha256(data).hexdigest()
    seen = redact_line(name, 40).replace(ADDRESS, "").replace(TOKEN, "")
    plain = "".join(letter if letter.isalnum() or letter in " ._-" else "-" for letter in seen).strip("-") or "picture"
    path = folder / digest[:32] / f"{plain}-{digest[:8]}"
    try:
        if not path.is_file() or path.stat().st_size != len(data):
            for parent in (folder.parent, folder, path.parent):
                private_folder(parent)
            write_private(path, data)
    except OSError as error:
        raise InvalidRequest([f"the picture cannot be kept in {folder}: {error.strerror}"]) from None
    return path


def read_picture(path: Path) -> bytes:
    """Return the bytes of a picture file. Raises `InvalidRequest` when it cannot be read or is too large."""
    try:
        _check_size(path.stat().st_size)
        with path.open("rb") as file:
            data = file.read(LARGEST_FILE + 1)  # some files have more in them than they say
    except OSError as error:
        raise InvalidRequest([f"it cannot be read: {error.strerror}"]) from None
    _check_size(len(data))
    return data


def _check_size(size: int) -> None:
    if size > LARGEST_FILE:
        raise InvalidRequest([f"it has {size / 1e6:.0f} MB: the most is {LARGEST_FILE / 1e6:.0f} MB"])
