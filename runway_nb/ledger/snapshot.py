"""What the ledger knows that bears on a new request, at the moment in which it is decided on."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .budgets import BudgetState
from .job_table import JobTable, sound_ones
from .phase import IS_DONE_SQL, IS_UNPAID_SQL
from .record import AnyRecord, Record, UnreadableRecord
from .spending import Spent

if TYPE_CHECKING:
    from .engine import Connection

MODERATION_SECONDS = 24 * 60 * 60.0
"""How far back refusals by moderation are counted."""

_EQUAL = (
    "WHERE digest IN (?, ?) AND (backend = ? OR typeof(backend) != 'text') "
    f"AND NOT {IS_UNPAID_SQL} ORDER BY rowid DESC LIMIT 50"
)
_ENDED = f"prompt_hash = ? AND prompt_hash != '' AND backend = ? AND (refusal != '' OR {IS_DONE_SQL})"
# read whole only where it was refused: most takes of a prompt were not; of a picture it says nothing about the prompt
_REFUSED = (
    f"WHERE refusal != '' AND rowid = (SELECT rowid FROM jobs WHERE {_ENDED} "  # noqa: S608 - our own clauses
    "AND refusal NOT LIKE '%INPUT.IMAGE%' ORDER BY rowid DESC LIMIT 1)"
)
_MODERATED = (
    "SELECT COUNT(*) FROM jobs WHERE refusal != '' AND (backend = :backend OR typeof(backend) != 'text') "
    "AND (updated > :since OR rowid >= (SELECT MIN(rowid) FROM jobs WHERE created > :since AND created <= :now))"
)


class LedgerSnapshot(NamedTuple):
    """The facts for a decision."""

    earlier: tuple[Record, ...]
    """Of the same digest and backend, newest first."""
    spent: int
    """Credits at this backend since midnight, of all notebooks: a name changes too easily to be a budget's owner."""
    moderated: int
    """Refusals by moderation at this backend within a day."""
    refused: Record | None
    """The newest request with the same prompt that moderation refused."""
    unreadable: tuple[UnreadableRecord, ...] = ()
    """Of the same digest and backend, newest first: any of them may have been paid."""
    notes: tuple[str, ...] = ()
    """What of the credits is not plain: prices that cannot be read, days to come."""
    budgets: tuple[BudgetState, ...] = ()
    """Those of the user and the course, with what of each is spent."""


def snapshot_for(
    table: JobTable, connection: Connection, new: Record, now: float, spent: Spent, budgets: tuple[BudgetState, ...]
) -> LedgerSnapshot:
    """Return what bears on a new request, inside the caller's transaction."""
    equal = equal_jobs(table, connection, new)
    return LedgerSnapshot(
        earlier=tuple(record for record in equal if isinstance(record, Record)),
        spent=spent.credits,
        moderated=moderated_within_a_day(connection, now, new.backend),
        refused=refused_words(table, connection, new),
        unreadable=tuple(record for record in equal if isinstance(record, UnreadableRecord)),
        notes=spent.notes,
        budgets=budgets,
    )


def equal_jobs(table: JobTable, connection: Connection, new: Record) -> list[AnyRecord]:
    """Return the jobs that may answer an equal request, the newest first."""
    return table.found_in(connection, _EQUAL, (new.digest, new.digest.encode(), new.backend))


def refused_words(table: JobTable, connection: Connection, new: Record) -> Record | None:
    """Return the last job with this prompt, when moderation refused it."""
    found = sound_ones(table.found_in(connection, _REFUSED, (new.prompt_hash, new.backend)))
    return found[0] if found else None


def moderated_within_a_day(connection: Connection, now: float, backend: str) -> int:
    """Return how often moderation refused at a backend within a day, by the clock or by the order of the rows."""
    values = {"backend": backend, "since": now - MODERATION_SECONDS, "now": now}
    return int(connection.execute(_MODERATED, values).fetchone()[0])
