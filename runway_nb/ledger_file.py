"""The file of the ledger: opened, brought up to date, locked for a change, and set aside when it is damaged."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from . import migrations
from .errors import LedgerError

BUSY_SECONDS = 30.0
"""How long a change waits for those of other processes."""
_DAMAGED = ("malformed", "not a database")
_FULL = ("disk is full", "disk I/O error", "No space left")


def open_file(path: Path) -> sqlite3.Connection:
    """Open or make the ledger. The tables come before WAL, which ignores the busy time-out."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    try:
        _bring_up_to_date(connection, path)
    except BaseException:
        connection.close()
        raise
    return connection


def _bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    found = migrations.version(connection)
    if found > len(migrations.STEPS):
        raise LedgerError(
            f"{path} was written by a newer runway_nb (step {found}, known are {len(migrations.STEPS)}): "
            "install that version, or set RUNWAY_NB_HOME to another folder"
        )
    if found < len(migrations.STEPS):
        with immediate(connection):
            migrations.migrate(connection)
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that takes the write lock first: a later upgrade of a read would fail at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.commit()
    except BaseException:
        # a full disk may have rolled it back already
        with suppress(sqlite3.Error):
            connection.rollback()
        raise


def _use_wal(connection: sqlite3.Connection, attempts: int = 100, pause: float = 0.05) -> None:
    for _ in range(attempts):
        with suppress(sqlite3.OperationalError):
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
        time.sleep(pause)
    raise sqlite3.OperationalError("write-ahead logging could not be switched on")


def is_damage(error: Exception) -> bool:
    """True when SQLite says that the file is no sound database."""
    return isinstance(error, sqlite3.DatabaseError) and any(words in str(error) for words in _DAMAGED)


def told(error: Exception, path: Path) -> str:
    """One line for a failure of the file, with what to do."""
    if any(words in str(error) for words in _FULL):
        return f"the ledger {path} cannot be written ({error}): make room on the disk, then run the cell again"
    return f"the ledger {path} cannot be used: {error}"


def set_aside(path: Path, clock: Callable[[], float]) -> Path | None:
    """Move a damaged ledger and its side files out of the way; None when another process has done so already.

    Nothing is deleted or written over: the new name carries the time, and a number where that is taken.
    """
    if not _is_damaged(path):
        return None
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(clock()))
    aside = next(
        new
        for n in range(1000)
        if not (new := path.with_name(f"ledger-damaged-{stamp}{f'-{n}' * (n > 0)}.sqlite3")).exists()
    )
    with suppress(FileNotFoundError):
        path.rename(aside)
        for side in ("-wal", "-shm"):
            with suppress(FileNotFoundError):
                path.with_name(path.name + side).rename(aside.with_name(aside.name + side))
        return aside
    return None


def _is_damaged(path: Path) -> bool:
    """Look at the file with fresh eyes: the damage may be in one that is not there any more."""
    try:
        connection = sqlite3.connect(path, timeout=BUSY_SECONDS)
        try:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
        finally:
            connection.close()
    except sqlite3.DatabaseError as error:
        return is_damage(error)
