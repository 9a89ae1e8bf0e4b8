"""The file of the ledger: opened, brought up to date, locked for a change, and set aside when it is damaged."""

from __future__ import annotations

import os
import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

from ..errors import LedgerError, RunwayError
from ..storage.home import LEDGER_NAME
from ..storage.private_files import close_to_others, copy_private, private_file, private_folder
from . import migrations, search_index
from .engine import Database
from .search_text import Phrase
from .sqlite_errors import FAILURES, explained, is_busy, is_damage
from .sqlite_lock import BUSY_SECONDS, immediate

SIDES = ("", "-wal", "-shm")
"""The files of a ledger, by what follows its name."""


def open_file(path: Path) -> sqlite3.Connection:
    """Open or make the ledger's file, and return it."""
    private_folder(path.parent)
    private_file(path)
    for side in SIDES[1:]:  # new ones get the mode of the ledger
        close_to_others(Path(f"{path}{side}"))
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    # a text that some accident has cut must not hide the other rows
    connection.text_factory = lambda data: data.decode(errors="replace")
    return connection


def bring_up_to_date(connection: sqlite3.Connection, path: Path) -> None:
    """Make the tables that are missing. They come before WAL, which ignores the busy time-out."""
    found = migrations.version(connection)
    if found > len(migrations.STEPS):
        raise LedgerError(
            f"{path} was written by a newer runway_nb (step {found}, known are {len(migrations.STEPS)}): "
            "install that version, or set RUNWAY_NB_HOME to another folder"
        )
    if found < len(migrations.STEPS):
        with immediate(connection):
            migrations.migrate(connection)
    _use_wal(connection, path)
    connection.execute("PRAGMA synchronous = FULL")


def _use_wal(connection: sqlite3.Connection, path: Path, attempts: int = 100, pause: float = 0.05) -> None:
    for attempt in range(attempts):
        try:
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
        except sqlite3.OperationalError as error:
            # others that open the same file pass; a disk or a right that is missing does not
            if attempt >= 10 and not is_busy(error):
                raise
        time.sleep(pause)
    raise LedgerError(
        f"the ledger {path} cannot be kept safe there (write-ahead logging could not be switched on), as in some "
        "network folders: set RUNWAY_NB_HOME to a folder on a local disk"
    )


def set_aside(path: Path, clock: Callable[[], float], close: Callable[[], None]) -> Path | None:
    """Move a damaged ledger and its side files out of the way; None when another process has done so already.

    Nothing is written over: the new name carries the time, and a number where that is taken. The files are copied
    as they are before `close` ends the connection, since SQLite tidies up at that moment. Raises OSError when they
    cannot be copied; then they stay where they are.
    """
    stamp = time.strftime("%Y%m%d-%H%M%S", time.localtime(clock()))
    with _alone(path):
        if not _is_damaged(path):
            close()
            return None
        aside = _free_name(path, stamp)
        try:
            for side in SIDES:
                with suppress(FileNotFoundError):
                    copy_private(Path(f"{path}{side}"), Path(f"{aside}{side}"))
        except OSError:
            for side in SIDES:
                Path(f"{aside}{side}").unlink(missing_ok=True)
            raise
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
    """Check the file on a connection of its own, and change nothing: the damage may be in one that is gone."""
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True)) as connection:
            return bool(connection.execute("PRAGMA quick_check(1)").fetchone()[0] != "ok")
    except sqlite3.DatabaseError as error:
        return is_damage(error)


def _close(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):
        connection.close()


def identity(path: Path) -> tuple[int, int] | None:
    """Return which file a path leads to; None when there is none."""
    try:
        found = os.stat(path)
    except OSError:
        return None
    return found.st_dev, found.st_ino


class LedgerFile(Database):
    """The ledger's file, opened at the first use and again when another took its place.

    Safe to use from several threads; no connection crosses a fork. Every failure is one `LedgerError`.

    Args:
        home: Its folder.
        clock: Unix seconds, for the name of a damaged file.
        connect: Opens a file.
    """

    def __init__(
        self, home: Path, clock: Callable[[], float], connect: Callable[[Path], sqlite3.Connection] = open_file
    ) -> None:
        self.path = home / LEDGER_NAME
        self.connect = connect
        self._clock = clock
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._changing = False
        self._close_connection: Callable[[], object] = lambda: None
        super().__init__()  # last: from now on a fork on another thread closes it

    @property
    def location(self) -> str:
        """Where it is, as it may be shown."""
        return str(self.path)

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            self._connection = None
            self._close_connection()

    @contextmanager
    def opened(self) -> Iterator[sqlite3.Connection]:
        """Open the connection, for this thread alone."""
        with self._lock:
            try:
                connection = self._connection
                if connection is None or not (connection.in_transaction or self._is_same_file()):
                    self.close()
                    connection = self._open()
                if connection.in_transaction and not self._changing:
                    connection.rollback()  # an interrupt came at a bad moment
                yield connection
            except RunwayError:
                raise  # some of them are ValueErrors, too
            except FAILURES as error:
                if is_damage(error):
                    self._set_aside()
                raise LedgerError(explained(error, self.path)) from None

    def _open(self) -> sqlite3.Connection:
        connection = self._connection = self.connect(self.path)
        # ends with this object, too, where nobody closes it: a late call may open it again
        self._close_connection = finalizer = weakref.finalize(self, _close, connection)
        finalizer.atexit = False  # what runs until the end of the process may still write
        try:
            bring_up_to_date(connection, self.path)
        except BaseException as error:
            # closing would write the log into a damaged file, which is set aside as it was found
            if not is_damage(error):
                self.close()
            raise
        self._file = identity(self.path)
        return connection

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Open a change that nothing comes in between of; it is on disk at the end, or undone by an error."""
        with self.opened() as connection:
            self._changing = True
            try:
                with immediate(connection):
                    yield connection
            finally:
                self._changing = False

    def matching(self, connection: sqlite3.Connection, wanted: Sequence[Phrase]) -> tuple[str, list[Any]]:
        """Return the SQL condition of the jobs in which all phrases stand, and its values."""
        return search_index.matching(connection, wanted)

    def _is_same_file(self) -> bool:
        """Return False when the file was set aside or removed: what is written to it would be lost."""
        return self._file == identity(self.path)

    def _set_aside(self) -> None:
        """Put a damaged file out of the way and say so, once: the next call begins a new ledger."""
        try:
            aside = set_aside(self.path, self._clock, self.close)
        except OSError as error:
            self.close()
            problem = explained(error, self.path)
            raise LedgerError(f"the ledger is damaged and cannot be set aside: {problem}") from None
        if aside is not None:
            raise LedgerError(
                f"the ledger {self.path} was damaged and is now set aside as {aside.name}, with every job in it; "
                "nothing was sent. A new one begins with the next call and does not know what was paid before: "
                "%runway list --account shows the tasks of the account"
            ) from None
