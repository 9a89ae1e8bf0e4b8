"""The index over prompts and notes on a server: what `search_index` is for a file, by the same tokens."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .. import searched_text
from ..search_text import Phrase, tokens

if TYPE_CHECKING:
    from .connection import ServerConnection
    from .server import LedgerServer

_LAST_POSITION = 16_000
"""The server counts positions of words in a text up to 16,383."""


def matching(server: LedgerServer, connection: ServerConnection, wanted: Sequence[Phrase]) -> tuple[str, list[Any]]:
    """Return the SQL condition of the jobs in which all phrases stand, and its values."""
    while _is_behind(connection):
        if connection.in_transaction:
            _go_on(connection)
        else:
            with server.transaction() as change:
                _go_on(change)
    condition = "jobs.rowid IN (SELECT row_number FROM search WHERE words @@ CAST(? AS tsquery))"
    return condition, [" & ".join(map(_query, wanted))]


def _query(phrase: Phrase) -> str:
    *before, last = map(_quoted, phrase)
    return f"({' <-> '.join([*before, f'{last}:*'])})"


def _quoted(token: str) -> str:
    escaped = token.replace("\\", "\\\\").replace("'", "''")
    return f"'{escaped}'"


def _vector(words: Iterable[str]) -> str:
    return " ".join(f"{_quoted(word)}:{min(place, _LAST_POSITION)}" for place, word in enumerate(words, start=1))


def _is_behind(connection: ServerConnection) -> bool:
    return _seen(connection) != _newest(connection)


def _seen(connection: ServerConnection) -> tuple[int, int] | None:
    row = connection.execute(
        "SELECT last_row, last_change FROM searchable WHERE form = ?", (searched_text.FORM,)
    ).fetchone()
    return None if row is None else (row[0], row[1])


def _newest(connection: ServerConnection) -> tuple[int, int]:
    row = connection.execute("SELECT (SELECT MAX(rowid) FROM jobs), (SELECT MAX(change) FROM marks)").fetchone()
    return row[0] or 0, row[1] or 0


def _go_on(connection: ServerConnection) -> None:
    """Put the next jobs in, and those that were marked since. Inside a change."""
    seen = _seen(connection)
    if seen is None:
        connection.execute("DELETE FROM search")
        connection.execute("DELETE FROM searchable")
        seen = 0, _newest(connection)[1]
        connection.execute("INSERT INTO searchable VALUES (?, ?, ?)", (searched_text.FORM, *seen))
    marked = connection.execute(searched_text.MARKED, (seen[1],)).fetchall()
    new = connection.execute(searched_text.NEW, (seen[0], searched_text.BATCH)).fetchall()
    for row in (*marked, *new):
        connection.execute(
            "INSERT INTO search (row_number, words) VALUES (?, CAST(? AS tsvector)) "
            "ON CONFLICT (row_number) DO UPDATE SET words = excluded.words",
            (row["rowid"], _vector(tokens(searched_text.searched_text(*tuple(row)[1:])))),
        )
    last_row, change = new[-1]["rowid"] if new else _newest(connection)[0], _newest(connection)[1]
    connection.execute("UPDATE searchable SET last_row = ?, last_change = ?", (last_row, change))
