"""Folders and files that only their owner can read, whatever the umask of the process is.

What is kept holds prompts, pictures, links and addresses, and a machine may have other users. The umask itself is
never changed: it belongs to the whole process, and other threads make files of their own meanwhile. On Windows
files follow their folder, and these functions change nothing there.
"""

from __future__ import annotations

import errno
import os
import shutil
import stat
from contextlib import suppress
from pathlib import Path
from typing import IO

FOLDER, FILE = 0o700, 0o600
_OTHERS = 0o077
_LOST = (errno.EIO, errno.ENOSPC, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What fsync says when data is lost. All else means that a mount knows no fsync: what was written is there all the
same, and mounts of hubs and clouds have many errors for it."""


def private_folder(path: Path, *, tighten: bool = True) -> Path:
    """Make a folder for its owner alone, with what is missing above it, and return it.

    Args:
        path: One that is there already is closed to others, too, unless it is somebody else's or, like `/tmp`, made
            for many (sticky).
        tighten: False leaves a folder that is there as the user made it.

    Raises `OSError` when it cannot be made.
    """
    if not path.is_dir():
        _make(path)
    elif tighten:
        close_to_others(path)
    return path


def private_file(path: Path) -> Path:
    """Make an empty file for its owner alone, or close the one that is there to others. Raises `OSError`."""
    path.touch(FILE)
    close_to_others(path)
    return path


def close_to_others(path: Path) -> None:
    """Take away what others may do with a file or folder of our own; one that is not there is left so."""
    if os.name != "posix":
        return
    with suppress(OSError):
        found = path.stat()
        if found.st_mode & _OTHERS and found.st_uid == os.geteuid() and not found.st_mode & stat.S_ISVTX:
            path.chmod(stat.S_IMODE(found.st_mode) & ~_OTHERS)


def open_private(path: Path) -> IO[bytes]:
    """Open a new or emptied file for writing bytes, its owner's alone from the first moment. Raises `OSError`."""
    return open(path, "wb", opener=_open)


def read_private(path: Path, limit: int) -> bytes:
    """Return the bytes of a small file of ours: never those of what a link leads to, nor of what has no end.

    Raises `OSError`, also for more than `limit` bytes.
    """
    handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
    with open(handle, "rb") as file:
        found = os.fstat(handle)
        if not stat.S_ISREG(found.st_mode) or found.st_size > limit:
            raise OSError(errno.EINVAL, "it is no file of this package")
        return file.read(limit)


def copy_private(source: Path, target: Path) -> None:
    """Copy a file, with its times, to one for its owner alone, whatever the mode of the source. Raises `OSError`."""
    with source.open("rb") as old, open_private(target) as new:
        shutil.copyfileobj(old, new)
        found = os.fstat(old.fileno())
    os.utime(target, ns=(found.st_atime_ns, found.st_mtime_ns))


def sync(file: IO[bytes]) -> None:
    """Wait until a file that is being written is on the disk, where the mount knows how. Raises `OSError`."""
    file.flush()
    try:
        os.fsync(file.fileno())
    except OSError as error:
        if error.errno in _LOST:
            raise


def _make(path: Path) -> None:
    if path.parent != path and not path.parent.exists():
        _make(path.parent)
    try:
        path.mkdir(FOLDER)
    except FileExistsError:
        if not path.is_dir():
            raise
        return  # another process was faster, and made it as this one would
    if os.name == "posix":
        with suppress(OSError):
            path.chmod(FOLDER)  # a umask can take away even the owner's part


def _open(path: str, flags: int) -> int:
    # a link that somebody laid in a shared folder leads nowhere
    handle = os.open(path, flags | getattr(os, "O_NOFOLLOW", 0), FILE)
    if hasattr(os, "fchmod"):
        with suppress(OSError):  # a file system without modes
            os.fchmod(handle, FILE)
    return handle
