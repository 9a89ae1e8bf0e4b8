"""Which jobs may still bring a result; light, since it is asked whenever the extension is loaded."""

from __future__ import annotations

import math
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from .lease import is_held

SETTLED = ("done", "refused", "removed", "failed")
"""Phases after which there is nothing left to fetch or to find out."""
UNSENT = ("preparing", "waiting")
"""Phases in which nothing is on its way: such a job is void once its owner is gone, unless it was sent before and
answered with 429.
"""
IN_DOUBT = ("unknown", "sending", "checking")
"""Phases in which a create may have been paid whose task is not known."""
FORGOTTEN = ("unknown", "stopped")
"""Phases in which a job rests by the user's decision, or for want of one."""
UNDER_WAY = ("sending", "checking", "following", "downloading", "detached")
"""Phases in which a create has left, and its end is not known."""
PHASES = frozenset(SETTLED + UNSENT + FORGOTTEN + UNDER_WAY)
"""All of them: any other word is of a newer version."""
_REFUSED_FOR_NOW = f"(phase IN ({', '.join(map(repr, UNSENT))}) AND sent IS NOT NULL)"
WITHOUT_TASK = f"(phase IN ({', '.join(map(repr, IN_DOUBT))}) OR {_REFUSED_FOR_NOW}) AND task_id = ''"
"""The rows that were sent and whose tasks are not known."""
CLAUSE = (
    f"(COALESCE(phase, '') NOT IN ({', '.join(map(repr, SETTLED + UNSENT))}) OR {_REFUSED_FOR_NOW}) "
    "AND (COALESCE(resent_as, '') = '' OR COALESCE(task_id, '') != '')"
)
"""The rows of the ledger that may bring a result; one in doubt that was sent again as another job does not."""
UNPAID_CLAUSE = "COALESCE(phase IN ('refused', 'removed') AND refusal = '' AND credits = 0 AND task_id = '', 0)"
"""The rows whose request may simply be made again: it is certain that nothing was sent, and nobody refused it."""


def count_unfinished(path: Path, now: float, doubtful: float) -> int:
    """How many jobs in the ledger at `path` wait to be picked up: nobody sees them through.

    One whose task was not found, or that the user stopped, counts for `doubtful` seconds. A ledger, or a job of it,
    that cannot be read counts nothing here; the first use of it says what is wrong.
    """
    try:
        if not path.is_file():
            return 0
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = lambda data: data.decode(errors="replace")
            rows = connection.execute(f"SELECT phase, error, updated, owner, lease FROM jobs WHERE {CLAUSE}")  # noqa: S608 - our own clause
            return sum(_waits(row, now, doubtful) for row in rows)
    except (sqlite3.Error, OSError, ValueError, MemoryError):
        return 0


def _waits(row: tuple[Any, ...], now: float, doubtful: float) -> bool:
    """True for a job that waits to be picked up, and not for one that cannot be read."""
    phase, error, updated, owner, lease = row
    if phase not in PHASES or not isinstance(owner, str) or not _is_number(updated) or not _is_number(lease):
        return False
    # a clock that was set back since makes the change seem to come later than now
    forgotten = (phase in FORGOTTEN or error == "NotFound") and abs(now - updated) > doubtful
    return not forgotten and not is_held(owner, lease, now)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
