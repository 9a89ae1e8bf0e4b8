"""What the ledger knows that bears on a new request, at the moment in which it is decided on."""

from __future__ import annotations

import math
from typing import NamedTuple

from .budgets import BudgetState
from .job_table import JobTable
from .phase import IS_DONE_SQL, IS_UNPAID_SQL
from .record import AnyRecord, Record, UnreadableRecord
from .spending import Spent, first_row_between

MODERATION_SECONDS = 24 * 60 * 60.0
"""How far back refusals by moderation are counted."""


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


def snapshot_for(new: Record, table: JobTable, spent: Spent, budgets: tuple[BudgetState, ...] = ()) -> LedgerSnapshot:
    """Return what bears on a new request, inside the caller's transaction."""
    equal = equal_jobs(new, table)
    return LedgerSnapshot(
        earlier=tuple(record for record in equal if isinstance(record, Record)),
        spent=spent.credits,
        moderated=moderated_within_a_day(new.backend, table),
        refused=refused_words(new, table),
        unreadable=tuple(record for record in equal if isinstance(record, UnreadableRecord)),
        notes=spent.notes,
        budgets=budgets,
    )


def equal_jobs(new: Record, table: JobTable) -> list[AnyRecord]:
    """Return the jobs that may answer an equal request, the newest first."""
    clause = (
        "WHERE digest IN (?, ?) AND (backend = ? OR typeof(backend) != 'text') "
        f"AND NOT {IS_UNPAID_SQL} ORDER BY rowid DESC LIMIT 50"
    )
    return table.found(clause, (new.digest, new.digest.encode(), new.backend))


def refused_words(new: Record, table: JobTable) -> Record | None:
    """Return the last job with this prompt, when moderation refused it."""
    ended = f"WHERE prompt_hash = ? AND prompt_hash != '' AND backend = ? AND (refusal != '' OR {IS_DONE_SQL})"
    # a picture that was refused says nothing about the prompt
    latest = f"SELECT rowid FROM jobs {ended} AND refusal NOT LIKE '%INPUT.IMAGE%' ORDER BY rowid DESC LIMIT 1"  # noqa: S608 - our own clauses
    # read whole only where it was refused: most takes of a prompt were not
    found = table.records(f"WHERE refusal != '' AND rowid = ({latest})", (new.prompt_hash, new.backend))
    return found[0] if found else None


def moderated_within_a_day(backend: str, table: JobTable) -> int:
    """Return how often moderation refused at a backend within a day, by the clock or by the order of the rows."""
    now = table.beats.moment().now
    since = now - MODERATION_SECONDS
    clause = (
        "SELECT COUNT(*) FROM jobs WHERE refusal != '' AND (backend = ? OR typeof(backend) != 'text') "
        "AND (updated > ? OR rowid >= ?)"
    )
    with table.database.opened() as connection:
        first = first_row_between(connection, math.nextafter(since, now), math.nextafter(now, math.inf))
        return int(connection.execute(clause, (backend, since, first)).fetchone()[0])
