"""Rows of the history as a table, where no pandas shows them. Pure functions."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Any

from . import styles
from .tables import table_bundle

ROWS = 20
"""Rows that are shown."""
_SHOWN = ("id", "made", "prompt", "model", "status", "credits", "seed", "star", "rejected", "note", "file")
_LONGEST = 40
"""Characters of a text."""


def bundle(rows: Sequence[dict[str, Any]]) -> dict[str, str]:
    """Return the newest rows as a MIME bundle, in the columns that matter most and are not empty."""
    texts = [{name: _text(row.get(name)) for name in _SHOWN} for row in rows[:ROWS]]
    head = [name for name in _SHOWN if any(row[name] for row in texts)]
    made = table_bundle(head, [[row[name] for name in head] for row in texts], "No jobs.")
    more = f"{len(rows) - ROWS:,} more rows" if len(rows) > ROWS else ""
    if not more:
        return made
    return {
        "text/html": f'{made["text/html"]}<div style="{styles.QUIET}">{escape(more)}</div>',
        "text/plain": f"{made['text/plain']}\n{more}",
    }


def _text(value: Any) -> str:
    """Return a value as it stands in a table; nothing for what is not so."""
    if value is None or value is False:
        return ""
    if value is True:
        return "yes"
    text = f"{value:%Y-%m-%d %H:%M}" if hasattr(value, "strftime") else " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 3] + "..."
