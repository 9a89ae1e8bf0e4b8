"""Small pictures of jobs, kept beside the ledger or the videos: posters, keyframes, what was cut away from them.

They decorate: one that cannot be written or read is left out. Several folders may hold them: a new one goes into the
first that can be written, and one that is kept is looked for in all.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from ..spec import POSITIONS
from ..storage.atomic_file import write_private
from ..storage.private_files import private_folder, read_private

Folders = tuple[Path, ...]
"""Where small pictures lie."""
LARGEST = 10_000_000
"""Bytes; a small picture has some ten thousand."""
POSTER = ""
"""The kind of the thumbnail of a finished video."""
MIDDLE = "middle-frame"
"""The kind of the frame from the middle of a video."""
KEYFRAME, COMPARISON = "keyframe", "fitting"
"""Kinds of pictures that a keyframe has."""


def keep_thumbnail(folders: Folders, job_id: str, data: bytes, kind: str = POSTER) -> None:
    """Write one small JPEG of a job."""
    for folder in folders:
        with suppress(OSError):
            write_private(_path(private_folder(folder), job_id, kind), data)
            return


def keep_keyframes(folders: Folders, job_id: str, kind: str, pictures: Mapping[str, bytes]) -> None:
    """Write the pictures of a job's keyframes."""
    for position, data in pictures.items():
        keep_thumbnail(folders, job_id, data, f"{position}-{kind}")


def kept_thumbnail(folders: Folders, job_id: str, kind: str = POSTER) -> bytes | None:
    """Return one small JPEG of a job; None when it is not there."""
    for folder in folders:
        with suppress(OSError):
            if data := read_private(_path(folder, job_id, kind), LARGEST):
                return data
    return None


def kept_keyframes(folders: Folders, job_id: str, kind: str) -> dict[str, bytes]:
    """Return the pictures of a job's keyframes that are there, by position."""
    found = {position: kept_thumbnail(folders, job_id, f"{position}-{kind}") for position in POSITIONS}
    return {position: data for position, data in found.items() if data is not None}


def _path(folder: Path, job_id: str, kind: str) -> Path:
    return folder / (f"{job_id}-{kind}.jpg" if kind else f"{job_id}.jpg")
