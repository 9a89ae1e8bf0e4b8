"""The file of the ledger: opened, brought up to date, locked for a change, and set aside when it is damaged."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path

from . import migrations
from .errors import LedgerError
from .private_files import close_to_others, copy_private, private_file, private_folder

BUSY_SECONDS = 30.0
"""How long a change waits for those of other processes."""
LOCK_PAUSES = (0.0005, 0.004)
"""Seconds between two tries to take the lock, drawn from this range."""
SIDES = ("", "-wal", "-shm")
"""The files of a ledger, by what follows its name."""
_DAMAGED = ("malformed", "not a database")
_FULL = ("disk is full", "disk I/O error", "No space left")


def open_file(path: Path) -> sqlite3.Connection:
    """Open or make the ledger. The tables come before WAL, which ignores the busy time-out."""
    private_folder(path.parent)
    private_file(path)
    for side in SIDES[1:]:  # new ones get the mode of the ledger
        close_to_others(Path(f"{path}{side}"))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    # a text that some accident has cut must not hide the other rows
    connection.text_factory = lambda data: data.decode(errors="replace")
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
    try:
        _lock(connection)
        yield
        connection.commit()
    except BaseException:
        # a full disk may have rolled it back already
        with suppress(sqlite3.Error):
            connection.rollback()
        raise


def _lock(connection: sqlite3.Connection, draw: Callable[[float, float], float] = random.uniform) -> None:
    """Take the write lock. SQLite's own waiting sleeps ever longer, so that one of many waits for many seconds."""
    waited = 0.0
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while not _has_lock(connection):
            if waited > BUSY_SECONDS:
                raise sqlite3.OperationalError(f"another process has locked it for {BUSY_SECONDS:.0f} s")
            pause = draw(*LOCK_PAUSES)
            time.sleep(pause)
            waited += pause
    finally:
        connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}")


def _has_lock(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as busy:
        if "locked" not in str(busy):
            raise
    return connection.in_transaction


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


def set_aside(path: Path, clock: Callable[[], float], close: Callable[[], None]) -> Path | None:
    """Move a damaged ledger and its side files out of the way; None when another process has done so already.

    Nothing is written over: the new name carries the time, and a number where that is taken. The files are copied
    as they are before `close` ends the connection, since SQLite tidies up at that moment.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(clock()))
    with _alone(path):
        if not _is_damaged(path):
            close()
            return None
        aside = _free_name(path, stamp)
        for side in SIDES:
            with suppress(FileNotFoundError):
                copy_private(Path(f"{path}{side}"), Path(f"{aside}{side}"))
        close()
        for side in SIDES:
            Path(f"{path}{side}").unlink(missing_ok=True)
        return aside


def _free_name(path: Path, stamp: str) -> Path:
    names = (path.with_name(f"ledger-damaged-{stamp}{f'-{number}' * (number > 0)}.sqlite3") for number in count())
    return next(name for name in names if not name.exists())


@contextmanager
def _alone(path: Path, attempts: int = 400, pause: float = 0.05) -> Iterator[None]:
    """One process at a time: another might take the new ledger of a faster one for the damaged one."""
    lock = path.with_name("ledger-set-aside.lock")
    for _ in range(attempts):
        try:
            lock.mkdir(mode=0o700)
            break
        except FileExistsError:
            time.sleep(pause)
    # after 20 s whoever made it is gone
    try:
        yield
    finally:
        with suppress(FileNotFoundError):
            lock.rmdir()


def _is_damaged(path: Path) -> bool:
    """Look at the file with fresh eyes, and change nothing: the damage may be in one that is not there any more."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.DatabaseError as error:
        return is_damage(error)


def identity(path: Path) -> tuple[int, int] | None:
    """Which file stands under a path; None when there is none."""
    with suppress(OSError):
        found = path.stat()
        return found.st_dev, found.st_ino
    return None
