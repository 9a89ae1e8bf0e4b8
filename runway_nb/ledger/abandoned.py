"""Jobs that wait to be sent and whose owners are gone: nobody will send them."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from .job_table import JobTable, sound_ones
from .lease import is_gone
from .phase import IS_UNSENT_SQL, Phase
from .record import REFUSED_FOR_NOW, Record

if TYPE_CHECKING:
    from .engine import Connection

_AT_REST = {"owner": "", "lease": 0.0}
_WAITING = (
    f"SELECT id, owner, lease FROM jobs WHERE {IS_UNSENT_SQL} "  # noqa: S608 - our own clause
    "AND (:owner = '' OR COALESCE(owner, '') != :owner)"
)


def abandoned_jobs(table: JobTable, connection: Connection, *, but_of: str = "") -> list[Record]:
    """Return the jobs that wait, never sent or answered with 429, and that nobody holds.

    What cannot be read is nobody's to end. Those of the owner `but_of` are left out: it will send them.
    """
    rows = connection.execute(_WAITING, {"owner": but_of}).fetchall()
    if not rows:
        return []
    sound = [row for row in rows if isinstance(row["owner"], str) and isinstance(row["lease"], (int, float))]
    gone = cache(is_gone)  # hundreds of jobs have one owner
    idle = {
        row["id"] for row in sound if not table.beats.is_held(connection, row["id"], row["owner"], row["lease"], gone)
    }
    if not idle:
        return []  # whole rows are read only where there is one: most often all that wait are held
    return [job for job in sound_ones(table.found_in(connection, f"WHERE {IS_UNSENT_SQL}")) if job.id in idle]


def void_ids(jobs: list[Record]) -> frozenset[str]:
    """Return the ids of those that were never sent: they cost nothing."""
    return frozenset(job.id for job in jobs if job.is_unsent)


def end_abandoned(table: JobTable, connection: Connection, job: Record) -> None:
    """End the waiting of a job: one that was sent is in doubt, and looked for before it is sent again."""
    if job.is_unsent:
        void(table, connection, job.id)
        return
    doubt = {"phase": Phase.UNKNOWN, "error": "RateLimited", "message": REFUSED_FOR_NOW}
    table.change(connection, job.id, {**doubt, **_AT_REST})


def void(table: JobTable, connection: Connection, job_id: str) -> None:
    """End a job that nobody will send; should its owner resume, it cannot send."""
    message = "its session ended before it was sent: nothing was charged"
    gone: dict[str, Any] = {"phase": Phase.REMOVED, "credits": 0, "error": "Removed", "message": message}
    table.change(connection, job_id, {**gone, **_AT_REST})
    reopen_replaced(table, connection, job_id)


def reopen_replaced(table: JobTable, connection: Connection, job_id: str) -> None:
    """Open the job again in whose place this one was to be sent."""
    for record in sound_ones(table.found_in(connection, "WHERE resent_as = ?", (job_id,))):
        connection.execute("UPDATE jobs SET resent_as = '' WHERE id = ?", (record.id,))
