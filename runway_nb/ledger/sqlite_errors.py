"""What goes wrong with the ledger's file, by kind, and in one line with what to do."""

from __future__ import annotations

import errno
import os
import shutil
import sqlite3
from pathlib import Path

FULL, IO, READONLY, CANNOT_OPEN, HANDLES, BUSY, NO_LOCKS = (
    "full", "io", "read-only", "cannot open", "handles", "busy", "no locks",
)  # fmt: skip
DAMAGED, TOO_BIG, INTERRUPTED, MEMORY, VALUE, OTHER = "damaged", "too big", "interrupted", "memory", "value", "other"

_CODES = {
    3: READONLY, 5: BUSY, 6: BUSY, 7: MEMORY, 8: READONLY, 9: INTERRUPTED, 10: IO, 11: DAMAGED, 13: FULL,
    14: CANNOT_OPEN, 15: NO_LOCKS, 18: TOO_BIG, 20: VALUE, 22: NO_LOCKS, 23: READONLY, 26: DAMAGED,
}  # fmt: skip
"""SQLite's primary result codes, https://sqlite.org/rescode.html."""
_TEXTS = {
    "disk is full": FULL, "No space left": FULL, "disk I/O error": IO, "readonly database": READONLY,
    "permission denied": READONLY, "authorization denied": READONLY, "unable to open database": CANNOT_OPEN,
    "is locked": BUSY, "locking protocol": NO_LOCKS, "large file support": NO_LOCKS,
    "disk image is malformed": DAMAGED, "malformed database schema": DAMAGED, "not a database": DAMAGED,
    "string or blob too big": TOO_BIG, "string longer than": TOO_BIG, "interrupted": INTERRUPTED,
    "out of memory": MEMORY, "rror binding parameter": VALUE, "is not supported": VALUE, "too large to convert": VALUE,
}  # fmt: skip
"""The same by their texts, which are all that Python before 3.11 gives."""
_NUMBERS = {
    errno.ENOSPC: FULL, getattr(errno, "EDQUOT", -1): FULL, errno.EIO: IO, getattr(errno, "ESTALE", -1): IO,
    getattr(errno, "EREMOTEIO", -1): IO, errno.EACCES: READONLY, errno.EPERM: READONLY, errno.EROFS: READONLY,
    errno.EMFILE: HANDLES, errno.ENFILE: HANDLES, errno.ENOLCK: NO_LOCKS, errno.ENOMEM: MEMORY,
    errno.ENOTDIR: CANNOT_OPEN, errno.EEXIST: CANNOT_OPEN, errno.ENOENT: CANNOT_OPEN, errno.EISDIR: CANNOT_OPEN,
    errno.ENAMETOOLONG: CANNOT_OPEN, errno.ELOOP: CANNOT_OPEN, errno.EFBIG: FULL,
}  # fmt: skip
_ELSEWHERE = "set RUNWAY_NB_HOME to a folder on a local disk"
_LINES = {
    FULL: "the ledger {path} cannot be written ({error}): make room on the disk, then run the cell again",
    IO: "the disk or network folder of the ledger {path} gave an error ({error}): see whether it is still there and "
        f"sound, or {_ELSEWHERE}",
    READONLY: "the ledger {path} or its folder may not be written ({error}): give yourself the right to, or set "
              "RUNWAY_NB_HOME to a folder of your own",
    CANNOT_OPEN: "the ledger {path} cannot be opened ({error}): see what stands in its place and whether its folder "
                 "can be made, or set RUNWAY_NB_HOME to another folder",
    HANDLES: "the ledger {path} cannot be opened: this process has too many files open ({error}). Close some, restart "
             "the kernel, or allow more (ulimit -n)",
    BUSY: "the ledger {path} is held by another process ({error}): let that end, then run the cell again",
    NO_LOCKS: f"the ledger {{path}} cannot be locked there ({{error}}), as in some network folders: {_ELSEWHERE}",
    DAMAGED: "the ledger {path} could not be read ({error}): run the cell again",
    TOO_BIG: "the ledger {path} takes no text this long ({error})",
    INTERRUPTED: "the ledger {path} was interrupted ({error}): run the cell again",
    MEMORY: "there is too little memory for the ledger {path}: free some, then run the cell again",
    VALUE: "the ledger {path} cannot hold such a value ({error})",
    OTHER: "the ledger {path} cannot be used: {error}",
}  # fmt: skip

ROOM = 64 * 1024
"""Bytes; the index beside a ledger grows by half of that at a time."""
FAILURES = (sqlite3.Error, sqlite3.Warning, OSError, ValueError, OverflowError, MemoryError)
"""All that SQLite, the file system and the values between them raise."""


def kind_of(error: Exception) -> str:
    """Return the kind of a failure."""
    if isinstance(error, OSError):
        return _NUMBERS.get(error.errno or 0, OTHER)
    if isinstance(error, MemoryError):
        return MEMORY
    code = getattr(error, "sqlite_errorcode", None)
    kind = _CODES.get(code & 0xFF) if isinstance(code, int) else None
    text = str(error)
    kind = kind or next((kind for part, kind in _TEXTS.items() if part in text), OTHER)
    return HANDLES if kind == CANNOT_OPEN and _has_no_handle() else kind


def is_damage(error: BaseException) -> bool:
    """Return True when SQLite says that the file is no sound database."""
    return isinstance(error, sqlite3.DatabaseError) and kind_of(error) == DAMAGED


def is_busy(error: Exception) -> bool:
    """Return True when another connection holds the file for now."""
    return kind_of(error) == BUSY


def explained(error: Exception, path: Path) -> str:
    """Return one line for a failure of the file, with what to do."""
    kind = kind_of(error)
    if kind == IO and _is_full(path):
        kind = FULL
    if kind in (CANNOT_OPEN, OTHER) and _is_folder(path):
        return f"the ledger {path} is a folder: move it away, or set RUNWAY_NB_HOME to another folder"
    return _LINES[kind].format(path=path, error=" ".join(str(error).split()) or type(error).__name__)


def _is_full(path: Path) -> bool:
    """Return True when the disk has no room for what SQLite writes beside the file; it calls that an I/O error, too."""
    try:
        return shutil.disk_usage(path.parent).free < ROOM
    except OSError:
        return False


def _has_no_handle() -> bool:
    """Return True when this process can open no more files; SQLite does not say so."""
    try:
        os.close(os.open(os.devnull, os.O_RDONLY))
    except OSError as error:
        return error.errno in (errno.EMFILE, errno.ENFILE)
    return False


def _is_folder(path: Path) -> bool:
    try:
        return path.is_dir()
    except (OSError, ValueError):
        return False
