"""Which jobs may still bring a result; light, since it is asked whenever the extension is loaded."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

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
_REFUSED_FOR_NOW = f"(phase IN ({', '.join(map(repr, UNSENT))}) AND sent IS NOT NULL)"
WITHOUT_TASK = f"(phase IN ({', '.join(map(repr, IN_DOUBT))}) OR {_REFUSED_FOR_NOW}) AND task_id = ''"
"""The rows that were sent and whose tasks are not known."""
CLAUSE = (
    f"(phase NOT IN ({', '.join(map(repr, SETTLED + UNSENT))}) OR {_REFUSED_FOR_NOW}) "
    "AND (resent_as = '' OR task_id != '')"
)
"""The rows of the ledger that may bring a result; one in doubt that was sent again as another job does not."""


def count_unfinished(path: Path, now: float, doubtful: float) -> int:
    """How many jobs in the ledger at `path` wait to be picked up: nobody sees them through.

    One whose task was not found, or that the user stopped, counts for `doubtful` seconds. A ledger that
    cannot be read counts nothing here; the first use of it says what is wrong.
    """
    if not path.is_file():
        return 0
    try:
        with closing(sqlite3.connect(f"{path.as_uri()}?mode=ro", uri=True)) as connection:
            rows = connection.execute(f"SELECT phase, error, updated, owner, lease FROM jobs WHERE {CLAUSE}")  # noqa: S608 - our own clause
            return sum(
                not is_held(owner, lease, now)
                and ((phase not in FORGOTTEN and error != "NotFound") or now - updated <= doubtful)
                for phase, error, updated, owner, lease in rows
            )
    except (sqlite3.Error, OSError, ValueError):
        return 0
