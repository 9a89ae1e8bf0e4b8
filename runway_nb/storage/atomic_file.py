"""Files that appear whole or not at all: written under another name beside their own, and renamed at the end."""

from __future__ import annotations

import errno
import secrets
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from glob import escape
from pathlib import Path
from typing import IO

from .private_files import open_private, private_folder, sync

STEP = 1_000_000
"""Bytes that are written at a time."""
RESERVE = 32_000_000
"""Bytes that stay free: a video that fills the disk would stop the ledger and the notebook."""
CHECKED = 16
"""Steps between two checks of the room that is left."""


def part_path(path: Path) -> Path:
    """Return a name beside a file, new each time; it begins with a dot and ends with .part."""
    return path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part")


def clear_parts(path: Path) -> None:
    """Remove what writers of a file left beside it that were killed."""
    with suppress(OSError, ValueError):
        for part in path.parent.glob(f".{escape(path.stem)}-*.part"):
            with suppress(OSError):
                part.unlink()


@contextmanager
def replaced_file(path: Path) -> Iterator[Path]:
    """Give a name to write to; what was written takes the place of `path`, or of a link of that name, at the end.

    An error leaves nothing behind, and an older file as it was. Raises `OSError` when it cannot be renamed.
    """
    part = part_path(path)
    try:
        yield part
        part.replace(path)
    finally:
        with suppress(OSError):
            part.unlink()


def write_private(path: Path, data: bytes, *, durable: bool = False) -> None:
    """Write a file for its owner alone, whole, in the place of an older one.

    Args:
        path: In a folder that is there.
        data: All of it.
        durable: Wait until it is on the disk.

    Raises `OSError`; then nothing is left behind, and an older file stays as it was.
    """
    with replaced_file(path) as part, open_private(part) as file:
        file.write(data)
        if durable:
            sync(file)


class PartialFile:
    """A large file on its way to disk, in large steps. What may take long are plain functions, for a thread.

    Args:
        path: Where it is to lie; `PartialFile.path` is where it is until it is whole.
        free: Bytes that are free in a folder; None where that is not known.
    """

    def __init__(self, path: Path, free: Callable[[Path], int | None]) -> None:
        self.path = part_path(path)
        self._target = path
        self._free = free
        self._file: IO[bytes] | None = None
        self._waiting = bytearray()
        self._steps = 0
        self._is_gone = False

    def begin(self, expected: int) -> None:
        """Begin anew; `expected` bytes will come, as far as is known. Raises `OSError`, also for want of room."""
        private_folder(self.path.parent, tighten=False)
        self._check_room(expected)
        self._waiting = bytearray()
        self._file = open_private(self.path)
        if self._is_gone:  # given up while this waited for the disk
            self.close()
            self.discard()

    def add(self, piece: bytes) -> bool:
        """Keep a piece; return True when enough is kept to be written."""
        self._waiting += piece
        return len(self._waiting) >= STEP

    def write(self) -> None:
        """Write what is kept. Raises `OSError`."""
        assert self._file is not None
        if self._steps % CHECKED == 0:
            self._check_room(len(self._waiting))
        self._steps += 1
        self._file.write(self._waiting)
        self._waiting = bytearray()

    def flush(self) -> None:
        """Write all, to the disk itself where that can be had. Raises `OSError`."""
        assert self._file is not None
        self.write()
        sync(self._file)

    def finish(self) -> Path:
        """Give the file its name, and return it. Raises `OSError`."""
        return self.path.replace(self._target)

    def close(self) -> None:
        """Close the file: no more is written."""
        if self._file is not None:
            with suppress(OSError):
                self._file.close()

    def discard(self) -> None:
        """Remove what is left of it."""
        self._is_gone = True
        with suppress(OSError, ValueError):
            self.path.unlink()

    def _check_room(self, size: int) -> None:
        free = self._free(self.path.parent)
        if free is not None and free < size + RESERVE:
            raise OSError(errno.ENOSPC, f"{size / 1e6:,.0f} MB to come, {free / 1e6:,.0f} MB free on the disk")


def free_bytes(folder: Path) -> int | None:
    """Return the bytes that are free in a folder; None where the system does not say."""
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return None
