"""Large files copied whole or not at all, with the hash of what was copied; an interrupt gets through at each step."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, NamedTuple

from .atomic_file import STEP, free_bytes, replaced_file
from .private_files import sync

_BINARY = getattr(os, "O_BINARY", 0)
ROOM = 4_000_000
"""Bytes that stay free beside a copy: what is written about it has to find its place, too."""


class Content(NamedTuple):
    """What is in a file, in short."""

    sha256: str
    size: int
    """Bytes."""


def open_regular(path: Path) -> IO[bytes]:
    """Open a file for reading: never what a link leads to, nor what has no end. Raises `OSError`."""
    if not hasattr(os, "O_NOFOLLOW") and path.is_symlink():
        raise OSError(errno.ELOOP, "it is a link")
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0) | _BINARY)
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, "it is no regular file")
    return open(handle, "rb")


def content_of(path: Path) -> Content:
    """Return what is in a regular file. Raises `OSError`."""
    with open_regular(path) as file:
        return _content(_pieces(file))


def copy_whole(
    source: Path,
    target: Path,
    *,
    opened: Callable[[Path], IO[bytes]],
    check: Callable[[Path, Content], None] = lambda _, __: None,
    free: Callable[[Path], int | None] = free_bytes,
) -> Content:
    """Copy a regular file in the place of what has the name of the target, with its time, and return what is in it.

    Args:
        source: The file.
        target: In a folder that is there.
        opened: Opens a new file for writing.
        check: Looks at the copy before it gets its name; what it raises ends the copy without a trace.
        free: Bytes that are free in a folder; None where that is not known.

    Raises `OSError`; then an older file stays as it was.
    """
    with open_regular(source) as old, replaced_file(target) as part:
        found = os.fstat(old.fileno())
        _check_room(found.st_size, free(target.parent))
        with opened(part) as new:
            content = _content(_written(_pieces(old), new))
            sync(new)
        check(part, content)
        os.utime(part, ns=(found.st_atime_ns, found.st_mtime_ns))
    return content


def _pieces(file: IO[bytes]) -> Iterator[bytes]:
    while piece := file.read(STEP):
        yield piece


def _written(pieces: Iterator[bytes], file: IO[bytes]) -> Iterator[bytes]:
    for piece in pieces:
        file.write(piece)
        yield piece


def _content(pieces: Iterator[bytes]) -> Content:
    size, found = 0, hashlib.sha256()
    for piece in pieces:
        size += len(piece)
        found.update(piece)
    return Content(found.hexdigest(), size)


def _check_room(size: int, free: int | None) -> None:
    if free is not None and free < size + ROOM:
        raise OSError(errno.ENOSPC, f"{size / 1e6:,.0f} MB to come, {free / 1e6:,.0f} MB free on the disk")
