"""What was asked, paid and received, on disk before it matters.

One SQLite file for all kernels of a user. Rows hold no e-mail address: ids are stored with a key in the
e-mail's place, and the address lies in a private file of its own beside the ledger.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import sqlite3
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

from . import migrations
from .errors import JobNotFound, LedgerError
from .redact import mask_tokens

BUSY_SECONDS = 30.0
_ID = re.compile(r"runwayml:(?P<email>[^\s\"]+?)-(?:task|asset):")
_KEY = re.compile(r"account~[0-9a-f]{12}")


@dataclass(frozen=True)
class Record:
    """One wish and what became of it."""

    id: str
    """Eight hexadecimal digits, ours; safe to show."""
    phase: str
    """A value of `job.Phase`."""
    request: dict[str, Any]
    """The body of the create call, with seed and replyRef."""
    model: str
    digest: str
    """Of the wish as the user gave it, before a seed was drawn."""
    reply_ref: str
    credits: int
    simulated: bool
    task_id: str = ""
    """The composite id, once it is known."""
    status: str = ""
    """The API's last word."""
    error: str = ""
    """The name of an error class."""
    message: str = ""
    video: str = ""
    """Absolute path of the finished file."""
    took: float | None = None
    """Seconds from sending to the finished file."""
    folder: str = ""
    """The notebook's folder."""
    cell: str = field(default="", repr=False)
    """The cell as it was run."""
    created: float = 0.0
    """Unix seconds."""
    updated: float = 0.0

    def __repr__(self) -> str:
        return f"<Record {self.id} {self.phase}>"


_COLUMNS = tuple(spec.name for spec in fields(Record))


class AccountBook:
    """E-mail addresses of accounts, each in a private file named by a key (its hash)."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mask(self, text: str) -> str:
        """`text` with the e-mail of every id replaced by its key."""
        return _ID.sub(lambda match: match[0].replace(match["email"], self._key(match["email"]), 1), text)

    def unmask(self, text: str) -> str:
        """The text that was masked."""
        return _KEY.sub(lambda match: self._address(match[0]), text)

    def _key(self, address: str) -> str:
        if _KEY.fullmatch(address):
            return address
        key = "account~" + hashlib.sha256(address.encode()).hexdigest()[:12]
        if not (self._folder / key).exists():
            self._write(self._folder / key, address)
        return key

    def _write(self, path: Path, address: str) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        handle, draft = tempfile.mkstemp(dir=self._folder, prefix=".")
        with open(handle, "w") as file:
            file.write(address)
        os.replace(draft, path)

    def _address(self, key: str) -> str:
        with suppress(FileNotFoundError):
            return (self._folder / key).read_text()
        return key


class Ledger:
    """The jobs of this user. Safe to use from several threads and processes.

    Every write is on disk when the call returns (WAL, synchronous=FULL). Raises `LedgerError` when the file
    cannot be read or written.
    """

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        self.path = home / "ledger.sqlite3"
        self._accounts = AccountBook(home / "accounts")
        self._clock = clock
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._pid = 0

    def __repr__(self) -> str:
        return f"<Ledger {self.path.name}>"

    def add(self, record: Record) -> Record:
        """Write a new wish."""
        now = self._clock()
        with self._transaction() as connection:
            row = self._row_of({**asdict(record), "created": now, "updated": now})
            names, marks = ", ".join(row), ", ".join("?" * len(row))
            connection.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - our own column names
        return self.get(record.id)

    def update(self, job_id: str, **changes: Any) -> None:
        """Change fields of a wish; unknown names raise."""
        unknown = set(changes) - set(_COLUMNS)
        if unknown:
            raise TypeError(f"a record has no {', '.join(sorted(unknown))}")
        with self._transaction() as connection:
            row = self._row_of({**changes, "updated": self._clock()})
            names = ", ".join(f"{name} = ?" for name in row)
            changed = connection.execute(f"UPDATE jobs SET {names} WHERE id = ?", (*row.values(), job_id))  # noqa: S608 - our own column names
            if changed.rowcount != 1:
                raise LedgerError(f"the ledger {self.path} has lost job {job_id}: was the file replaced?")

    def get(self, job_id: str) -> Record:
        """The record with exactly this id. Raises `JobNotFound`."""
        found = self._select("WHERE id = ?", (job_id,))
        if not found:
            raise JobNotFound(f"no job {job_id!r} in the ledger: %runway list shows what is there")
        return found[0]

    def find(self, text: str) -> Record:
        """The record that `text` names: our id or its beginning, a task id, or a replyRef."""
        text = text.encode(errors="replace").decode()
        masked = self._accounts.mask(text)
        found = self._select(
            "WHERE substr(id, 1, length(?1)) = ?1 OR reply_ref = ?1 OR task_id = ?2 "
            "OR instr(task_id, '-task:' || ?1) > 0 ORDER BY created DESC",
            (text, masked),
        )
        if not text or not found:
            raise JobNotFound(f"no job {text!r} in the ledger: %runway list shows what is there")
        if len(found) > 1:
            ids = ", ".join(record.id for record in found[:5])
            raise JobNotFound(f"{text!r} names {len(found)} jobs ({ids}): give more of the id")
        return found[0]

    def recent(self, limit: int = 50) -> list[Record]:
        """The newest records first."""
        return self._select("ORDER BY created DESC, rowid DESC LIMIT ?", (limit,))

    def unfinished(self, final: Sequence[str]) -> list[Record]:
        """The records whose phase is none of `final`, newest first."""
        marks = ", ".join("?" * len(final))
        return self._select(f"WHERE phase NOT IN ({marks}) ORDER BY created DESC", tuple(final))

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None and self._pid == os.getpid():
                self._connection.close()
            self._connection = None

    # --- rows -----------------------------------------------------------------------------------

    def _row_of(self, values: dict[str, Any]) -> dict[str, Any]:
        row = {name: json.dumps(value) if name == "request" else value for name, value in values.items()}
        return {name: self._clean(value) if isinstance(value, str) else value for name, value in row.items()}

    def _clean(self, text: str) -> str:
        """Text as it may be stored: no e-mail of an account, no token, no half characters."""
        return self._accounts.mask(mask_tokens(text.encode(errors="replace").decode()))

    def _record(self, row: sqlite3.Row) -> Record:
        values: dict[str, Any] = dict(row)
        values |= {name: self._accounts.unmask(v) for name, v in values.items() if isinstance(v, str)}
        values |= {"request": json.loads(values["request"]), "simulated": bool(values["simulated"])}
        return Record(**values)

    def _select(self, clause: str, values: tuple[Any, ...]) -> list[Record]:
        with self._opened() as connection:
            rows = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs {clause}", values)  # noqa: S608 - our own clauses
            return [self._record(row) for row in rows]

    # --- the file -------------------------------------------------------------------------------

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The connection, alone; a connection never crosses a fork."""
        with self._lock:
            try:
                if self._connection is None or self._pid != os.getpid():
                    self._connection, self._pid = _open(self.path), os.getpid()
                yield self._connection
            except (sqlite3.Error, OSError, ValueError) as error:
                raise LedgerError(f"the ledger {self.path} cannot be used: {error}") from None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._opened() as connection, _immediate(connection):
            yield connection


@contextmanager
def _immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """A transaction that takes the write lock first: a later upgrade of a read would fail at once."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.rollback()
        raise
    connection.commit()


def _open(path: Path) -> sqlite3.Connection:
    """Open or make the ledger. The tables come before WAL, which ignores the busy time-out."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    path.touch(mode=0o600)
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False)
    connection.row_factory = sqlite3.Row
    found = migrations.version(connection)
    if found > len(migrations.STEPS):
        connection.close()
        raise LedgerError(
            f"{path} was written by a newer runway_nb (step {found}, known are {len(migrations.STEPS)}): "
            "install that version, or set RUNWAY_NB_HOME to another folder"
        )
    if found < len(migrations.STEPS):
        with _immediate(connection):
            migrations.migrate(connection)
    _use_wal(connection)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def _use_wal(connection: sqlite3.Connection, attempts: int = 100, pause: float = 0.05) -> None:
    for _ in range(attempts):
        with suppress(sqlite3.OperationalError):
            if connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal":
                return
        time.sleep(pause)
    raise sqlite3.OperationalError("write-ahead logging could not be switched on")
