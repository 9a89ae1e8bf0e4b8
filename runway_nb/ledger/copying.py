"""One ledger into another: a file into a server, or back. All of it or nothing, and compared row by row."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import NamedTuple

from ..errors import LedgerError
from .ledger import Ledger
from .marks import NO_MARKS, Marks
from .record import AnyRecord, Record

_NAMED = 5


class Copied(NamedTuple):
    """What a copy has brought."""

    jobs: int
    known: int
    """Jobs that were there already, just as they are."""
    marks: int
    uploads: int
    budgets: int

    def __str__(self) -> str:
        """What is told of it."""
        known = f" ({self.known:,} more {'was' if self.known == 1 else 'were'} there)" if self.known else ""
        budgets = f", {_counted(self.budgets, 'budget')}" if self.budgets else ""
        return (
            f"{_counted(self.jobs, 'job')}{known}, {self.marks:,} of them with marks{budgets}, and "
            f"{_counted(self.uploads, 'upload')} were copied and compared row by row"
        )


def _counted(count: int, word: str) -> str:
    return f"{count:,} {word}{'s' * (count != 1)}"


def copy_ledger(source: Ledger, target: Ledger) -> Copied:
    """Write all that one ledger knows into another one, and return how much that was.

    Videos and posters stay where they are. Repeating it brings what has come since. Budgets that hold there already
    stay as they are.

    Raises:
        LedgerError: a job there is at work, or cannot be read; the other ledger has another job of its name; a row was
            not written as it stands. Nothing is changed then.
    """
    jobs = [replace(job, owner="", lease=0.0) for job in _resting(source, source.table.found("ORDER BY rowid"))]
    marks = source.marks.of_jobs([job.id for job in jobs])
    uploads = source.uploads.all()
    budgets = [] if target.budgets.all() else source.budgets.with_addresses()
    table = target.table
    with table.database.transaction() as connection:
        missing = [job for job in jobs if not table.found("WHERE id = ?", (job.id,))]
        for job in missing:
            table.write(connection, job)
            if (own := marks.get(job.id, NO_MARKS)) != NO_MARKS:
                target.marks.write(connection, job.id, own)
        for upload in uploads:
            target.uploads.write(connection, upload)
        target.budgets.write(connection, budgets)
        _compare(jobs, marks, target)
    marked = sum(job.id in marks for job in missing)
    return Copied(len(missing), len(jobs) - len(missing), marked, len(uploads), len(budgets))


def _resting(source: Ledger, found: Iterable[AnyRecord]) -> list[Record]:
    jobs, problems = [], []
    for record in found:
        if not isinstance(record, Record):
            problems.append(record.line)
        elif source.leases.is_held(record):
            problems.append(f"job {record.id} is at work")
        else:
            jobs.append(record)
    if problems:
        more = f", and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        raise LedgerError(f"nothing was copied: {'; '.join(problems[:_NAMED])}{more}")
    return jobs


def _compare(jobs: Iterable[Record], marks: Mapping[str, Marks], target: Ledger) -> None:
    """Raise `LedgerError` where a job does not stand in the other ledger as it does here."""
    for job in jobs:
        (there,) = target.table.found("WHERE id = ?", (job.id,))
        is_same = isinstance(there, Record) and replace(there, owner="", lease=0.0) == job
        if not is_same or target.marks.of(job.id) != marks.get(job.id, NO_MARKS):
            raise LedgerError(
                f"nothing was copied: job {job.id} stands otherwise in {target.location}, or was changed there since"
            )
