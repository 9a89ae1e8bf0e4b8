"""Pictures of an export beside the notebook, where its cells look for them.

A name comes from whoever wrote the export: it stays within the folder, is that of a picture, and takes nobody's place.
"""

from __future__ import annotations

import os
import re
from pathlib import Path

from ..pictures.files import picture_files
from ..pictures.thumbnails import small_jpeg
from ..storage.atomic_file import write_private
from ..storage.private_files import private_folder

MOST_PARTS = 4
"""Folders and name of a picture at most."""
_PART = re.compile(r"\w(?:[\w .()+-]{0,98}[\w)+-])?")
"""A name that every system takes, and that no system hides."""
_KINDS = frozenset((".png", ".jpg", ".jpeg", ".webp", ".gif", ".tif", ".tiff", ".bmp"))


def may_lie_beside(name: str) -> bool:
    """Return True for the relative name of a picture file below the notebook's folder."""
    parts = name.split("/")
    is_sound = len(parts) <= MOST_PARTS and all(map(_PART.fullmatch, parts))
    return is_sound and Path(name).suffix.lower() in _KINDS


def lies_beside(name: str, folder: Path) -> bool:
    """Return True where anything has that name, or one that looks the same, in the notebook's folder."""
    return bool(picture_files(name, folder)) or os.path.lexists(folder / name)


def put_beside(data: bytes, name: str, folder: Path) -> bool:
    """Write a picture under a name that is free in the notebook's folder; return False where that may not be.

    Raises `OSError` when it cannot be written.
    """
    if not may_lie_beside(name) or lies_beside(name, folder) or small_jpeg(data) is None:
        return False
    target = folder / name
    if not all(_is_own_folder(parent) for parent in target.parents if parent.is_relative_to(folder)):
        return False
    private_folder(target.parent, tighten=False)
    write_private(target, data)
    return True


def _is_own_folder(path: Path) -> bool:
    """Return True for a folder that leads nowhere else, and for one that is still to be made."""
    return not os.path.lexists(path) or (path.is_dir() and not path.is_symlink())
