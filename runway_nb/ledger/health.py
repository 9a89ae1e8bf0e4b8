"""Whether a ledger is sound: looked at without changing it, in a time that is given."""

from __future__ import annotations

import errno
import os
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing, suppress
from pathlib import Path
from typing import NamedTuple

from ..errors import LedgerError
from . import migrations
from .database import SIDES
from .sqlite_errors import FAILURES, INTERRUPTED, explained, is_damage, kind_of

_STEPS = 1000
"""Instructions of SQLite between two looks at the clock."""


class LedgerHealth(NamedTuple):
    """What a ledger is, and whether it is sound."""

    engine: str
    """The version of SQLite."""
    journal: str
    """How it keeps changes safe: `wal`."""
    step: int
    """How many migrations it has had."""
    jobs: int
    size: int
    """Bytes, of all its files."""
    is_checked: bool
    """Whether all of it was looked through in the time that was given."""
    damage: str = ""
    """What is broken, in SQLite's words; nothing where it is sound."""

    @property
    def is_of_newer_version(self) -> bool:
        """True when a newer version of this package has written it."""
        return self.step > len(migrations.STEPS)

    @property
    def is_of_older_version(self) -> bool:
        """True when the next use brings it up to date."""
        return self.step < len(migrations.STEPS)


def examine(path: Path, seconds: float, clock: Callable[[], float] = time.monotonic) -> LedgerHealth:
    """Return how a ledger is; `seconds` is the most that looking through it may take.

    The file is opened by SQLite alone: to open and close it beside SQLite would let go of the locks of this process
    (https://sqlite.org/howtocorrupt.html, on POSIX advisory locks). Raises `LedgerError` for one that cannot be read.
    """
    if path.is_dir():
        raise LedgerError(explained(IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR)), path))
    try:
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=seconds)) as connection:
            connection.text_factory = lambda data: data.decode(errors="replace")
            journal = str(connection.execute("PRAGMA journal_mode").fetchone()[0])
            step = migrations.version(connection)
            jobs = int(connection.execute("SELECT count(*) FROM jobs").fetchone()[0]) if step else 0
            is_checked, damage = _looked_through(connection, clock() + seconds, clock)
            return LedgerHealth(sqlite3.sqlite_version, journal, step, jobs, _size(path), is_checked, damage)
    except FAILURES as error:
        if is_damage(error):
            return LedgerHealth(sqlite3.sqlite_version, "", 0, 0, _size(path), True, " ".join(str(error).split()))
        raise LedgerError(explained(error, path)) from None


def _looked_through(connection: sqlite3.Connection, give_up: float, clock: Callable[[], float]) -> tuple[bool, str]:
    """Return whether all of it was looked through, and what is broken."""
    connection.set_progress_handler(lambda: int(clock() > give_up), _STEPS)
    try:
        found = str(connection.execute("PRAGMA integrity_check(1)").fetchone()[0])
    except sqlite3.Error as error:
        if kind_of(error) != INTERRUPTED:
            raise
        return False, ""
    finally:
        connection.set_progress_handler(None, 0)
    return True, "" if found == "ok" else " ".join(found.split())


def _size(path: Path) -> int:
    size = 0
    for side in SIDES:
        with suppress(OSError):
            size += Path(f"{path}{side}").stat().st_size
    return size
