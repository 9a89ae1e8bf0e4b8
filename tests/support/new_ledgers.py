"""New ledgers with their tables made in one go: what the steps of the migrations lead to, taken down once.

Each step alters what those before it have made; hundreds of tests begin with a ledger, and few are about the steps.
"""

from __future__ import annotations

import sqlite3
from contextlib import closing
from functools import cache

from runway_nb.ledger import migrations

step_by_step, STEPS = migrations.migrate, migrations.STEPS
"""As they are when nobody stands in."""


@cache
def tables() -> tuple[str, ...]:
    """Return the statements that make what all steps together make of an empty file."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        step_by_step(connection)
        made = connection.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL ORDER BY rowid").fetchall()
    return (*(sql for (sql,) in made), f"PRAGMA user_version = {len(STEPS)}")


def migrate(connection: sqlite3.Connection) -> None:
    """Stand in for `migrations.migrate`.

    A file that is not empty, and steps that a test has changed, go step by step.
    """
    is_new = not connection.execute("SELECT 1 FROM sqlite_master LIMIT 1").fetchone()
    if is_new and migrations.version(connection) == 0 and migrations.STEPS is STEPS:
        for statement in tables():
            connection.execute(statement)
    else:
        step_by_step(connection)
