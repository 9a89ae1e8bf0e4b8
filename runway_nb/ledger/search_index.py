"""An index over prompts and notes, by SQLite's FTS5: made and brought up to date by who searches.

Nothing of it is written when a job is: a request is journalled at the speed of before, and by kernels of any version
and with any SQLite, those without FTS5 included. What is new since the last search has a higher row number, or a
mark with a higher number of its change.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Any

from . import searched_text
from .search_text import MOST_PHRASES, Phrase, matches, query, tokens
from .sqlite_errors import is_damage
from .sqlite_lock import immediate

_MADE = (
    "DROP TABLE IF EXISTS search",
    # columnsize: what an order by relevance would need
    "CREATE VIRTUAL TABLE search USING fts5 (words, tokenize = ascii, columnsize = 0)",
    "CREATE TABLE IF NOT EXISTS searchable (form INTEGER, last_row INTEGER, last_change INTEGER)",
    "DELETE FROM searchable",
)


def matching(connection: sqlite3.Connection, wanted: Sequence[Phrase]) -> tuple[str, list[Any]]:
    """Return the SQL condition of the jobs in which all phrases stand, and its values.

    Where there is no FTS5, or the index cannot be written, each text is looked through.
    """
    if len(wanted) <= MOST_PHRASES and has_index(connection):
        return "jobs.rowid IN (SELECT rowid FROM search WHERE search MATCH ?)", [query(wanted)]

    def stands_in(*texts: Any) -> bool:
        return matches(wanted, tokens(searched_text.searched_text(*texts)))

    connection.create_function("stands_in", 5, stands_in, deterministic=True)
    return "stands_in(id, model, request, original_request, COALESCE(note, ''))", []


def has_index(connection: sqlite3.Connection) -> bool:
    """Return True where there is an index that is up to date now; it is made at the first call."""
    if not has_fts5(connection):
        return False
    if connection.in_transaction:
        return not _is_behind(connection)  # what the caller writes is not ours to commit
    try:
        while _is_behind(connection):
            with immediate(connection):
                _go_on(connection)
    except sqlite3.Error as error:
        if is_damage(error):
            raise
        return False
    return True


def has_fts5(connection: sqlite3.Connection) -> bool:
    """Return True where this SQLite has FTS5."""
    # what it may create is asked for, not how it was compiled: FTS5 may be loaded later, or taken out
    try:
        return connection.execute("SELECT 1 FROM pragma_module_list WHERE name = 'fts5'").fetchone() is not None
    except sqlite3.OperationalError:
        return False  # so old that it does not say


def _is_behind(connection: sqlite3.Connection) -> bool:
    seen = _seen(connection)
    return seen is None or seen != _newest(connection)


def _seen(connection: sqlite3.Connection) -> tuple[int, int] | None:
    """Return the last row and the last change of a mark in the index; None where there is no index of this form."""
    tables = "SELECT COUNT(*) FROM sqlite_master WHERE name IN ('search', 'searchable')"
    if connection.execute(tables).fetchone()[0] < 2:
        return None
    row = connection.execute(
        "SELECT last_row, last_change FROM searchable WHERE form = ?",
        (searched_text.FORM,),
    ).fetchone()
    return None if row is None else (row[0], row[1])


def _newest(connection: sqlite3.Connection) -> tuple[int, int]:
    row = connection.execute("SELECT (SELECT MAX(rowid) FROM jobs), (SELECT MAX(change) FROM marks)").fetchone()
    return row[0] or 0, row[1] or 0


def _go_on(connection: sqlite3.Connection) -> None:
    """Put the next jobs in, and those that were marked since. Inside a transaction."""
    seen = _seen(connection)
    if seen is None:
        for statement in _MADE:
            connection.execute(statement)
        # all marks of before come with their jobs
        seen = 0, _newest(connection)[1]
        connection.execute("INSERT INTO searchable VALUES (?, ?, ?)", (searched_text.FORM, *seen))
    last_row, last_change = seen
    marked = connection.execute(searched_text.MARKED, (last_change,)).fetchall()
    new = connection.execute(searched_text.NEW, (last_row, searched_text.BATCH)).fetchall()
    _put(connection, [*marked, *new])
    last_row = new[-1]["rowid"] if new else _newest(connection)[0]
    connection.execute("UPDATE searchable SET last_row = ?, last_change = ?", (last_row, _newest(connection)[1]))


def _put(connection: sqlite3.Connection, rows: Iterable[sqlite3.Row]) -> None:
    texts = ((row["rowid"], " ".join(tokens(searched_text.searched_text(*tuple(row)[1:])))) for row in rows)
    connection.executemany("INSERT OR REPLACE INTO search (rowid, words) VALUES (?, ?)", texts)
