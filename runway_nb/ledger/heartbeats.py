"""When each lease was last renewed, as the ledger's file has it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from .lease import Beat, Clock, LeaseWatch

if TYPE_CHECKING:
    from .engine import Connection


class Moment(NamedTuple):
    """A moment as this machine has it."""

    now: float
    """Unix seconds, by a clock that may be wrong."""
    boot: str
    """Which run of which machine this is."""
    uptime: float
    """Seconds of that run."""


class Heartbeats:
    """Writes heartbeats, and knows from them which leases keep others away.

    Args:
        watch: Judges leases, whatever the clocks say.
        clock: Unix seconds; may be set at any time.
        uptime: Seconds of this run of the machine.
    """

    def __init__(self, watch: LeaseWatch, clock: Clock, uptime: Clock) -> None:
        self._watch = watch
        self._clock = clock
        self._uptime = uptime

    def moment(self) -> Moment:
        """Return the present moment."""
        return Moment(self._clock(), self._watch.boot, self._uptime())

    def write(self, connection: Connection, clause: str, value: str) -> None:
        """Write that the leases of the rows in `clause` were renewed now."""
        statement = (
            f"INSERT INTO beats (job_id, boot, seconds) SELECT id, ?, ? FROM jobs WHERE {clause} AND lease > 0 "  # noqa: S608 - our own clauses
            "ON CONFLICT (job_id) DO UPDATE SET boot = excluded.boot, seconds = excluded.seconds"
        )
        connection.execute(statement, (*self._watch.beat(), value))

    def drop_released(self, connection: Connection) -> None:
        """Delete the heartbeats of leases that are at rest."""
        connection.execute("DELETE FROM beats WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = job_id AND lease > 0)")

    def is_held(
        self,
        connection: Connection,
        job_id: str,
        owner: str,
        lease: float,
        gone: Callable[[str], bool] | None = None,
    ) -> bool:
        """Return True while the owner of a job's lease keeps others away; `gone` says whether an owner has ended."""
        return self._watch.is_held(job_id, owner, lease, _last_beat(connection, job_id), gone)

    def is_younger(self, connection: Connection, job_id: str, seconds: float) -> bool:
        """Return True when a job's lease was renewed within `seconds`, whoever held it; False where nobody knows."""
        last, now = _last_beat(connection, job_id), self._watch.beat()
        return last is not None and last.boot == now.boot and 0 <= now.seconds - last.seconds < seconds


def _last_beat(connection: Connection, job_id: str) -> Beat | None:
    row = connection.execute("SELECT boot, seconds FROM beats WHERE job_id = ?", (job_id,)).fetchone()
    is_known = row is not None and isinstance(row["seconds"], float)
    return Beat(row["boot"], row["seconds"]) if is_known else None
