"""The state of a simulator on disk: one SQLite file that several processes may share."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from runway_nb.storage.private_files import close_to_others, private_file, private_folder

from .timeline import Course

ADDED = {
    "tasks": {
        "task_type": "TEXT NOT NULL DEFAULT 'gen3a_turbo'",
        "width": "INTEGER NOT NULL DEFAULT 1280",
        "height": "INTEGER NOT NULL DEFAULT 768",
        "explore": "INTEGER NOT NULL DEFAULT 0",
        "audio": "INTEGER NOT NULL DEFAULT 0",
    },
    "assets": {"audio": "INTEGER NOT NULL DEFAULT 0"},
}
"""Columns that came when there were more models, with what all tasks before them were: landscape clips of Gen-3."""


def _added(table: str) -> str:
    return ", ".join(f"{column} {kind}" for column, kind in ADDED[table].items())


SCHEMA = f"""
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS counts (name TEXT PRIMARY KEY, number INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS users (owner TEXT PRIMARY KEY, name TEXT, reply_url TEXT);
CREATE TABLE IF NOT EXISTS accounts (
    owner TEXT NOT NULL, email TEXT NOT NULL, max_jobs INTEGER NOT NULL, gone INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (owner, email));
CREATE TABLE IF NOT EXISTS tasks (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, email TEXT NOT NULL, created REAL NOT NULL,
    name TEXT NOT NULL, options TEXT NOT NULL, seconds INTEGER NOT NULL, aspect TEXT NOT NULL,
    cost INTEGER NOT NULL, course TEXT NOT NULL, digest TEXT NOT NULL, asset TEXT NOT NULL,
    folder TEXT NOT NULL, reply_url TEXT, reply_ref TEXT, tracked INTEGER NOT NULL,
    deleted INTEGER NOT NULL DEFAULT 0, settled REAL, posted TEXT NOT NULL DEFAULT '',
    {_added("tasks")});
CREATE INDEX IF NOT EXISTS tasks_open ON tasks (settled) WHERE settled IS NULL;
CREATE INDEX IF NOT EXISTS tasks_by_account ON tasks (owner, email, created);
CREATE TABLE IF NOT EXISTS assets (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    uuid TEXT NOT NULL UNIQUE, owner TEXT NOT NULL, email TEXT NOT NULL, created REAL NOT NULL,
    name TEXT NOT NULL, mime TEXT NOT NULL, path TEXT NOT NULL, size INTEGER NOT NULL,
    task TEXT, seconds INTEGER, width INTEGER, height INTEGER, deleted INTEGER NOT NULL DEFAULT 0,
    {_added("assets")});
CREATE INDEX IF NOT EXISTS assets_by_account ON assets (owner, email, created);
"""
TURNED = "UPDATE tasks SET width = height, height = width WHERE aspect = 'portrait'"
"""Makes those that were portrait so."""
BUSY_SECONDS = 10.0
"""How long a write waits for another process."""
StoreError = sqlite3.Error


@dataclass(frozen=True)
class TaskRecord:
    """A task as it was laid down; what it shows is computed from this and the clock."""

    uuid: str
    owner: str
    email: str
    created: float
    """Unix seconds."""
    name: str
    options: str
    """JSON: what the task shows as `options`, with `{asset:uuid}` where links are signed."""
    seconds: int
    aspect: str
    task_type: str
    width: int
    """Pixels."""
    height: int
    explore: bool
    """True in explore mode, whose tasks run one after the other."""
    audio: bool
    """True for a clip with sound."""
    cost: int
    """Credits."""
    course: Course
    digest: str
    """Names the clip."""
    asset: str
    """The uuid that the artifact will have."""
    folder: str
    reply_url: str | None
    reply_ref: str | None
    tracked: bool
    """True until it is taken out of the scheduler; False from the start for tasks of the web app."""
    deleted: bool = False
    settled: float | None = None
    """Unix seconds at which the end was noted."""
    posted: str = ""
    """The state that was posted to `reply_url` last."""


@dataclass(frozen=True)
class AssetRecord:
    """An uploaded, bundled or generated file."""

    uuid: str
    owner: str
    email: str
    created: float
    name: str
    mime: str
    path: str
    """Relative to the state folder."""
    size: int
    """Bytes."""
    task: str | None = None
    """The uuid of the task that made it."""
    seconds: int | None = None
    width: int | None = None
    height: int | None = None
    audio: bool = False
    """True for a generated clip with sound."""
    deleted: bool = False

    @property
    def media(self) -> str:
        """`image`, `video` or `audio`."""
        return self.mime.partition("/")[0]

    @property
    def file_key(self) -> str:
        """The last part of the link to its bytes."""
        return self.uuid + Path(self.path).suffix


class Store:
    """Tables in, records out. Writes happen inside `write()`; safe to use from any thread.

    Raises `OSError` for a file that cannot be used.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        try:
            private_folder(path.parent)
            private_file(path)
            for side in ("-wal", "-shm"):  # new ones get the mode of the file
                close_to_others(Path(f"{path}{side}"))
            self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=BUSY_SECONDS)
            with self._closed_on_failure():
                self._prepare()
        except (OSError, sqlite3.Error) as error:
            advice = "give it another folder, or move this one away"
            raise OSError(f"the state in {path.parent} cannot be used ({error}): {advice}") from None

    def _prepare(self) -> None:
        self._db.row_factory = sqlite3.Row
        # a killed process loses nothing; only a power cut could, and what is simulated is worth no wait
        self._db.execute("PRAGMA synchronous = OFF")
        with self.write():
            for statement in SCHEMA.split(";"):
                self._db.execute(statement)
            self._add_columns()
        # only now: two processes that start together would meet in the switch to WAL otherwise
        self._db.execute("PRAGMA journal_mode = WAL")

    def _add_columns(self) -> None:
        """Bring the tables of an earlier revision up to this one."""
        for table, columns in ADDED.items():
            there = {row["name"] for row in self._db.execute(f"PRAGMA table_info({table})")}
            for column, kind in columns.items():
                if column not in there:
                    self._db.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
            if table == "tasks" and "width" not in there:
                self._db.execute(TURNED)

    @contextmanager
    def _closed_on_failure(self) -> Iterator[None]:
        try:
            yield
        except BaseException:
            self._db.close()
            raise

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._db.close()

    @contextmanager
    def write(self) -> Iterator[None]:
        """Hold one write transaction, taken at once so that what is read inside stays true; may be nested."""
        with self._lock:
            if self._db.in_transaction:
                yield
                return
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self._db.execute("ROLLBACK")
                raise
            self._db.execute("COMMIT")

    def rows(self, sql: str, *values: Any) -> list[sqlite3.Row]:
        """Return the rows of a query."""
        with self._lock:
            return self._db.execute(sql, values).fetchall()

    def change(self, sql: str, *values: Any) -> int:
        """Run one changing statement; return the number of rows it changed."""
        with self.write():
            return self._db.execute(sql, values).rowcount

    def count(self, name: str) -> None:
        """Add one to a count that outlives the process."""
        sql = "INSERT INTO counts VALUES (?, 1) ON CONFLICT (name) DO UPDATE SET number = number + 1"
        self.change(sql, name)

    def counts(self) -> dict[str, int]:
        """Return all counts by name."""
        return {row["name"]: row["number"] for row in self.rows("SELECT name, number FROM counts")}

    def setting(self, name: str, default: bytes) -> bytes:
        """Return a value that is written once, by whoever comes first, and stays."""
        with self.write():
            self._db.execute("INSERT OR IGNORE INTO settings VALUES (?, ?)", (name, default))
            return bytes(self.rows("SELECT value FROM settings WHERE name = ?", name)[0]["value"])

    def tasks(self, where: str, *values: Any) -> list[TaskRecord]:
        """Return the tasks that a condition selects, newest first."""
        sql = f"SELECT * FROM tasks WHERE {where} ORDER BY created DESC, number DESC"  # noqa: S608
        return [_task(row) for row in self.rows(sql, *values)]

    def assets(self, where: str, *values: Any) -> list[AssetRecord]:
        """Return the assets that a condition selects, newest first."""
        sql = f"SELECT * FROM assets WHERE {where} ORDER BY created DESC, number DESC"  # noqa: S608
        return [_record(AssetRecord, row) for row in self.rows(sql, *values)]

    def add_task(self, task: TaskRecord) -> None:
        """Write a new task."""
        self._insert("tasks", {**_columns(task), "course": task.course.to_json()})

    def add_asset(self, asset: AssetRecord) -> None:
        """Write a new asset; one that is there already stays as it is."""
        self._insert("assets", _columns(asset))

    def _insert(self, table: str, values: dict[str, Any]) -> None:
        marks = ", ".join("?" * len(values))
        sql = f"INSERT OR IGNORE INTO {table} ({', '.join(values)}) VALUES ({marks})"  # noqa: S608
        self.change(sql, *values.values())


def _columns(record: TaskRecord | AssetRecord) -> dict[str, Any]:
    return {column.name: getattr(record, column.name) for column in fields(record)}


def _record(kind: Any, row: sqlite3.Row, **changed: Any) -> Any:
    """Return the record in a row; SQLite has no truth values of its own."""
    values = {column.name: row[column.name] for column in fields(kind)}
    flags = {column.name: bool(row[column.name]) for column in fields(kind) if column.type == "bool"}
    return kind(**{**values, **flags, **changed})


def _task(row: sqlite3.Row) -> TaskRecord:
    task: TaskRecord = _record(TaskRecord, row, course=Course.from_json(row["course"]))
    return task
