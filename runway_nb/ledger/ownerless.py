"""Jobs that may still bring a result and that nobody tracks: their owners are gone, or have left them."""

from __future__ import annotations

from collections.abc import Collection
from functools import cache
from typing import NamedTuple

from .job_table import JobTable
from .lease import is_gone
from .phase import IS_LEFT_SQL
from .record import Record

_LIGHT = (
    "SELECT id, owner, lease, (SELECT payer FROM slots WHERE job_id = jobs.id) AS payer FROM jobs "  # noqa: S608 - our own clause
    f"WHERE {IS_LEFT_SQL} AND imported = 0 AND backend = ? AND (lease > 0 OR created > ?)"
)


class OwnerlessJob(NamedTuple):
    """A job that nobody tracks."""

    record: Record
    payer: str
    """Whose account it is (`slots.Payer.key`); nothing where that is not known any more."""


def ownerless_jobs(table: JobTable, backend: str, since: float, but: Collection[str]) -> list[OwnerlessJob]:
    """Return the jobs of a backend that were sent and that nobody tracks, the oldest first.

    Those that the user has stopped rest, and stay out. It is asked every few seconds: whole rows are read only where
    there is one.

    Args:
        table: The rows.
        backend: Where they are made.
        since: Unix seconds; of those that were given back the older ones stay out.
        but: Ids that stay out.
    """
    with table.database.opened() as connection:
        gone = cache(is_gone)  # a kernel has many jobs
        rows = [row for row in connection.execute(_LIGHT, (backend, since)).fetchall() if row["id"] not in but]
        sound = [row for row in rows if isinstance(row["owner"], str) and isinstance(row["lease"], (int, float))]
        payers = {
            row["id"]: row["payer"] or ""
            for row in sound
            if not (row["lease"] > 0 and table.beats.is_held(connection, row["id"], row["owner"], row["lease"], gone))
        }
        found = table.records(f"WHERE {IS_LEFT_SQL} ORDER BY rowid") if payers else []
    return [OwnerlessJob(record, payers[record.id]) for record in found if record.id in payers]
