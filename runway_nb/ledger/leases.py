"""Who tracks which job: leases are taken and renewed in the ledger's file."""

from __future__ import annotations

from collections.abc import Callable, Collection

from ..values.arguments import plain_arguments
from ..values.plain import checked_kind
from .abandoned import void
from .job_table import JobTable
from .lease import LEASE_SECONDS
from .ownerless import OwnerlessJob, ownerless_jobs
from .record import Record


class LedgerLeases:
    """The leases of a ledger. Raises `LedgerError` as the ledger does."""

    def __init__(self, table: JobTable, clock: Callable[[], float]) -> None:
        self._table = table
        self._clock = clock

    @plain_arguments
    def take(self, job_id: str, owner: str, *, to_send: bool = False, giver: str = "") -> tuple[Record, bool]:
        """Return the record, and True when `owner` holds its lease now.

        An unsent job whose owner is gone is void, unless it is taken `to_send` it. One that `giver` holds is taken from
        it before it is sent.
        """
        with self._table.database.transaction() as connection:
            record = self._table.get(job_id)
            is_given = bool(giver) and record.owner == giver and record.is_unsent
            if record.owner != owner and not is_given and self._table.is_held(record):
                return record, False
            if record.owner != owner and record.is_unsent and not to_send:
                void(self._table, connection, job_id)
                return self._table.get(job_id), True
            lease = self._clock() + LEASE_SECONDS
            self._table.change(connection, job_id, {"owner": owner, "lease": lease})
            self._table.beats.write(connection, "id = ?", job_id)
            return self._table.get(job_id), True

    @plain_arguments
    def renew(self, owner: str) -> None:
        """Renew all leases that `owner` holds."""
        with self._table.database.transaction() as connection:
            until = self._clock() + LEASE_SECONDS
            owner = self._table.clean(owner)
            connection.execute("UPDATE jobs SET lease = ? WHERE owner = ? AND lease > 0", (until, owner))
            self._table.beats.write(connection, "owner = ?", owner)

    @plain_arguments
    def ownerless(self, backend: str, since: float, but: Collection[str] = ()) -> list[OwnerlessJob]:
        """Return the jobs of a backend that may bring a result and that nobody tracks, the oldest first.

        A job that was never sent, or that the user has stopped, is none of them.

        Args:
            backend: Where they are made: `simulator`, or the host of the API.
            since: Unix seconds; of those that were given back the older ones stay out.
            but: Ids that stay out.
        """
        return ownerless_jobs(self._table, backend, since, but)

    def is_held(self, record: Record) -> bool:
        """Return True while somebody tracks the job and may not be disturbed, whatever the clocks say.

        Where that cannot be known at once (another machine, a process that lives and does nothing), for as long as a
        lease lasts after it was first asked.
        """
        return self._table.is_held(checked_kind(record, "record", Record, "a Record"))
