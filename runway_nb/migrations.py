"""The ledger's tables, as numbered steps. Steps are only ever appended."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable

Step = Callable[[sqlite3.Connection], None]


def _m001_jobs(connection: sqlite3.Connection) -> None:
    connection.execute(
        """CREATE TABLE jobs (
            id TEXT PRIMARY KEY,
            created REAL NOT NULL,
            updated REAL NOT NULL,
            phase TEXT NOT NULL,
            model TEXT NOT NULL,
            request TEXT NOT NULL,
            digest TEXT NOT NULL,
            reply_ref TEXT NOT NULL,
            credits INTEGER NOT NULL,
            simulated INTEGER NOT NULL,
            task_id TEXT NOT NULL DEFAULT '',
            status TEXT NOT NULL DEFAULT '',
            error TEXT NOT NULL DEFAULT '',
            message TEXT NOT NULL DEFAULT '',
            video TEXT NOT NULL DEFAULT '',
            took REAL,
            folder TEXT NOT NULL DEFAULT '',
            cell TEXT NOT NULL DEFAULT ''
        )"""
    )
    connection.execute("CREATE INDEX jobs_created ON jobs (created)")
    connection.execute("CREATE INDEX jobs_digest ON jobs (digest)")
    connection.execute("CREATE INDEX jobs_reply_ref ON jobs (reply_ref)")


STEPS: tuple[Step, ...] = (_m001_jobs,)


def migrate(connection: sqlite3.Connection) -> None:
    """Bring an open ledger to the newest step, inside the caller's transaction."""
    for number, step in enumerate(STEPS[version(connection) :], start=version(connection) + 1):
        step(connection)
        connection.execute(f"PRAGMA user_version = {number}")


def version(connection: sqlite3.Connection) -> int:
    """How many steps have been applied."""
    return int(connection.execute("PRAGMA user_version").fetchone()[0])
