"""What a user has marked a job with: a star, a rejection, a note.

Rows of their own: a mark changes nothing of a job, and kernels of an earlier version know nothing of it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

from ..errors import InvalidRequest
from ..values.arguments import plain_arguments
from ..values.plain import checked_switch, checked_text, checked_texts
from ..values.whole_text import whole_text
from .job_table import JobTable, job_not_found

if TYPE_CHECKING:
    from .engine import Connection, Row

LONGEST_NOTE = 2_000
"""Characters of a note."""
_WRITE = (
    "INSERT INTO marks (job_id, star, rejected, note, change) "
    "VALUES (?, ?, ?, ?, (SELECT COALESCE(MAX(change), 0) + 1 FROM marks)) ON CONFLICT (job_id) DO UPDATE "
    "SET star = excluded.star, rejected = excluded.rejected, note = excluded.note, change = excluded.change"
)
_SELECT = "SELECT job_id, star, rejected, note FROM marks"


class Marks(NamedTuple):
    """What one job is marked with. Star and rejection exclude each other."""

    star: bool = False
    rejected: bool = False
    note: str = ""

    @property
    def word(self) -> str:
        """What is said of it: `starred`, `rejected` or nothing."""
        return "starred" if self.star else "rejected" if self.rejected else ""

    def changed(self, *, star: object = None, rejected: object = None, note: object = None) -> Marks:
        """Return the same with what is given in place of its own; a star clears a rejection and the other way round.

        Raises `InvalidRequest` with what is wrong: a star and a rejection are True or False, a note is text of at most
        `LONGEST_NOTE` characters.
        """
        is_starred = self.star if star is None else checked_switch(star, "star")
        is_rejected = self.rejected if rejected is None else checked_switch(rejected, "rejected")
        if is_starred and is_rejected:
            if star and rejected:
                raise InvalidRequest(["star and rejected exclude each other: give one of them"])
            is_starred, is_rejected = bool(star), bool(rejected)
        return Marks(is_starred, is_rejected, self.note if note is None else _checked_note(note))


NO_MARKS = Marks()


def _checked_note(note: object) -> str:
    text = whole_text(checked_text(note, "note")).strip()
    if len(text) > LONGEST_NOTE:
        raise InvalidRequest([f"note has {len(text):,} characters: give {LONGEST_NOTE:,} at most"])
    return text


class LedgerMarks:
    """The marks of the jobs in a ledger. Raises `LedgerError` as the ledger does."""

    def __init__(self, table: JobTable) -> None:
        self._table = table

    @plain_arguments
    def of(self, job_id: str) -> Marks:
        """Return the marks of one job as they are at this moment, whoever made them; of an unknown job there are none.

        What is shown of a note is redacted where it is shown.
        """
        with self._table.database.opened() as connection:
            return self._of(connection, whole_text(job_id))

    def of_jobs(self, job_ids: Sequence[str]) -> dict[str, Marks]:
        """Return the marks of several jobs by id; those without a mark are left out."""
        ids = [whole_text(job_id) for job_id in checked_texts(job_ids, "job_ids")]
        with self._table.database.opened() as connection:
            found = ((job_id, self._of(connection, job_id)) for job_id in ids)
            return {job_id: marks for job_id, marks in found if marks != NO_MARKS}

    @plain_arguments
    def set(self, job_id: str, *, star: object = None, rejected: object = None, note: object = None) -> Marks:
        """Write what is given of a job's marks, and return all of them.

        Args:
            job_id: The job's whole id.
            star: True or False; True takes a rejection back.
            rejected: True or False; True takes a star back.
            note: At most `LONGEST_NOTE` characters; an empty one takes the note back.

        Raises `InvalidRequest` for another value, `JobNotFound`.
        """
        NO_MARKS.changed(star=star, rejected=rejected, note=note)
        job_id = whole_text(job_id)
        with self._table.database.transaction() as connection:
            if connection.execute("SELECT 1 FROM jobs WHERE id = ?", (job_id,)).fetchone() is None:
                raise job_not_found(job_id)
            marks = self._of(connection, job_id).changed(star=star, rejected=rejected, note=note)
            self.write(connection, job_id, marks)
            return marks

    def _of(self, connection: Connection, job_id: str) -> Marks:
        row = connection.execute(f"{_SELECT} WHERE job_id = ?", (job_id,)).fetchone()
        return NO_MARKS if row is None else self.read(row)

    def write(self, connection: Connection, job_id: str, marks: Marks) -> None:
        """Write the marks, inside the caller's transaction.

        They get the next number of a change, from which the search learns what is new.
        """
        connection.execute(_WRITE, (job_id, int(marks.star), int(marks.rejected), self._table.clean(marks.note)))

    def read(self, row: Row) -> Marks:
        """Return the marks in a row that has `star`, `rejected` and `note`; what some accident has spoilt is none."""
        note = row["note"]
        text = self._table.addresses.unmask_if_known(note) if isinstance(note, str) else ""
        return Marks(row["star"] == 1, row["rejected"] == 1 and row["star"] != 1, text)
