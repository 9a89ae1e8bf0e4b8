"""A large file on its way to disk: written under another name, in large steps, and renamed when it is whole.

The folder of videos may be full, read-only, or on a mount with ideas of its own: what is wrong is told in words that
name the setting.
"""

from __future__ import annotations

import errno
import re
import secrets
import shutil
import unicodedata
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO

from ..errors import SettingsError
from ..redaction import redact
from .private_files import open_private, private_folder, sync

STEP = 1_000_000
"""Bytes that are written at a time."""
RESERVE = 32_000_000
"""Bytes that stay free: a video that fills the disk would stop the ledger and the notebook."""
CHECKED = 16
"""Steps between two looks at the room that is left."""
LONGEST_SLUG = 32
"""Letters of a prompt in the name of its video, about."""
HOW_TO_CHANGE = "set another folder with %config RunwayMagics.output or RUNWAY_NB_OUTPUT"


class Draft:
    """The file before it has its name. Steps that may take long are plain functions, for a thread.

    Args:
        path: Where it is to lie.
        name: Its name until it is whole.
        free: Bytes that are free in a folder; None where that is not known.
    """

    def __init__(self, path: Path, name: str, free: Callable[[Path], int | None]) -> None:
        self.path = path.with_name(name)
        self._target = path
        self._free = free
        self._file: IO[bytes] | None = None
        self._waiting = bytearray()
        self._steps = 0
        self._is_gone = False

    def begin(self, expected: int) -> None:
        """Begin anew; `expected` bytes will come, as far as is known. Raises OSError, also for want of room."""
        private_folder(self.path.parent, tighten=False)
        self._check_room(expected)
        self._waiting = bytearray()
        self._file = open_private(self.path)
        if self._is_gone:  # given up while this waited for the disk
            self.close()
            self.discard()

    def add(self, piece: bytes) -> bool:
        """Keep a piece; True when enough is kept to be written."""
        self._waiting += piece
        return len(self._waiting) >= STEP

    def write(self) -> None:
        """Write what is kept. Raises OSError."""
        assert self._file is not None
        if self._steps % CHECKED == 0:
            self._check_room(len(self._waiting))
        self._steps += 1
        self._file.write(self._waiting)
        self._waiting = bytearray()

    def flush(self) -> None:
        """Write all, to the disk itself where that can be had. Raises OSError."""
        assert self._file is not None
        self.write()
        sync(self._file)

    def finish(self) -> Path:
        """Give it its name. Raises OSError."""
        return self.path.replace(self._target)

    def close(self) -> None:
        """No more is written."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def discard(self) -> None:
        """Take away what is left of it."""
        self._is_gone = True
        with suppress(OSError, ValueError):
            self.path.unlink()

    def _check_room(self, size: int) -> None:
        free = self._free(self.path.parent)
        if free is not None and free < size + RESERVE:
            raise OSError(errno.ENOSPC, f"{size / 1e6:,.0f} MB to come, {free / 1e6:,.0f} MB free on the disk")


def free_bytes(folder: Path) -> int | None:
    """Bytes that are free in a folder; None where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None


def unwritable(folder: Path, error: Exception) -> str:
    """What is wrong with a folder, and what to do: the words that follow "the video"."""
    reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
    return f"cannot be written to {folder} ({reason}): {HOW_TO_CHANGE}"


def folder_problem(folder: Path, job_id: str) -> SettingsError | None:
    """Why the video of a job could not be written to a folder, or None. The folder is made, and nothing else left."""
    probe = folder / draft_name(folder / file_name("w" * LONGEST_SLUG, job_id))
    try:
        private_folder(folder, tighten=False)
        try:
            with open_private(probe) as file:
                file.write(b"runway_nb")
        finally:
            with suppress(OSError, ValueError):
                probe.unlink()
    except (OSError, ValueError) as error:
        return SettingsError(f"output cannot be used, nothing was sent: a video {unwritable(folder, error)}")
    return None


def draft_name(path: Path) -> str:
    """A name beside a file, new each time; it begins with a dot and ends with .part."""
    return f".{path.stem}-{secrets.token_hex(4)}.part"


def file_name(prompt: str, job_id: str) -> str:
    """A short, stable name such as `a-lighthouse-at-dusk-7f3e2c54.mp4`: plain ASCII without secrets, for any system."""
    plain = unicodedata.normalize("NFKD", redact(prompt)).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    slug = ""
    for word in words:
        if len(slug) + len(word) > LONGEST_SLUG:
            break
        slug = f"{slug}-{word}" if slug else word
    return f"{slug or 'video'}-{job_id}.mp4"
