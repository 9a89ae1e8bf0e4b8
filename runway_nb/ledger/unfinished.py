"""Which jobs may still bring a result; light, since it is asked whenever the extension is loaded."""

from __future__ import annotations

import math
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from .lease import is_held
from .phase import FORGOTTEN, IS_UNFINISHED_SQL, PHASE_NAMES

COUNTED = "phase, error, updated, owner, lease"
"""By which columns it is decided whether a job counts."""


def count_unfinished(path: Path, now: float, doubtful: float) -> int:
    """Return how many jobs in the ledger at `path` wait to be picked up: nobody tracks them.

    One whose task was not found, or that the user stopped, counts for `doubtful` seconds. A ledger, or a job of it,
    that cannot be read counts nothing here; the first use of it reports the problem.
    """
    try:
        if not path.is_file():
            return 0
        with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            connection.text_factory = lambda data: data.decode(errors="replace")
            rows = connection.execute(f"SELECT {COUNTED} FROM jobs WHERE {IS_UNFINISHED_SQL}")  # noqa: S608 - our own clause
            return sum(waits(row, now, doubtful) for row in rows)
    except (sqlite3.Error, OSError, ValueError, MemoryError):
        return 0


def waits(row: Sequence[Any], now: float, doubtful: float) -> bool:
    """Return True for a job that waits to be picked up, and not for one that cannot be read.

    Args:
        row: `COUNTED`.
        now: Unix seconds.
        doubtful: Seconds for which one counts whose task was not found, or that the user stopped.
    """
    phase, error, updated, owner, lease = tuple(row)
    if phase not in PHASE_NAMES or not isinstance(owner, str) or not _is_number(updated) or not _is_number(lease):
        return False
    # a clock that was set back since makes the change seem to come later than now
    forgotten = (phase in FORGOTTEN or error == "NotFound") and abs(now - updated) > doubtful
    return not forgotten and not is_held(owner, lease, now)


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and math.isfinite(value)
