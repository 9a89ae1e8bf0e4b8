"""The rows of jobs in the ledger's file: found, written and changed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from ..api.answer_values import is_same_id
from ..errors import JobNotFound, LedgerError
from ..redaction import mask_tokens, may_hold_secrets
from ..values.plain import shown
from ..values.whole_text import whole_text
from .addresses import AccountAddresses
from .engine import Database
from .heartbeats import Heartbeats
from .lease import LEASE_SECONDS
from .record import AnyRecord, Record, UnreadableRecord
from .rows import COLUMNS, read_row, stored_values

if TYPE_CHECKING:
    from .engine import Connection, Row

UUID_LENGTH = 36
"""Characters of the number in a task id."""
JOB_COLUMNS = ", ".join(f"jobs.{name}" for name in ("rowid", *COLUMNS))
"""What a job is read from."""
_APART = "\n\n"
"""Stands between texts that are looked through together: no form of a secret reaches across an empty line."""


class JobTable:
    """The rows of jobs. What is secret is taken out of them; ids and addresses come back as they were.

    Args:
        database: Where they are.
        addresses: E-mail addresses, which no row holds.
        beats: When the leases were renewed.
    """

    def __init__(self, database: Database, addresses: AccountAddresses, beats: Heartbeats) -> None:
        self.database = database
        self.addresses = addresses
        self.beats = beats

    # --- reading --------------------------------------------------------------------------------

    def found(self, clause: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[AnyRecord]:
        """Return the jobs that a clause finds, with those that cannot be read."""
        with self.database.opened() as connection:
            return self.found_in(connection, clause, values)

    def found_in(
        self, connection: Connection, clause: str, values: Sequence[Any] | Mapping[str, Any] = ()
    ) -> list[AnyRecord]:
        """Return the same, inside the caller's transaction."""
        return [self.read(row) for row in connection.execute(_selection(clause), values)]

    def records(self, clause: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Record]:
        """Return the jobs that a clause finds, without those that cannot be read."""
        return sound_ones(self.found(clause, values))

    def get(self, job_id: str) -> Record:
        """Return the record with exactly this id. Raises `JobNotFound`, or `LedgerError` when it cannot be read."""
        found = self.found("WHERE id = ?", (whole_text(job_id),))
        if not found:
            raise job_not_found(job_id)
        return readable(found[0])

    def newest(self) -> Record | None:
        """Return the job that was written last, of those that can be read; None when there is none."""
        with self.database.opened() as connection:
            rows = connection.execute(_selection("ORDER BY rowid DESC"))
            return next((found for row in rows if isinstance(found := self.read(row), Record)), None)

    def of_task(self, task_id: str) -> list[AnyRecord]:
        """Return the jobs that have a task, however its id is spelt there."""
        # the address in it is stored by its own spelling, so the number behind it finds more than the whole
        clause = "WHERE task_id = :whole OR (:number != '' AND instr(lower(task_id), :number) > 0) ORDER BY rowid"
        number = task_id.lower().rpartition("-task:")[2]
        found = self.found(clause, {"whole": self.addresses.mask(task_id),
                                    "number": number if len(number) == UUID_LENGTH else ""})  # fmt: skip
        return [job for job in found if isinstance(job, UnreadableRecord) or is_same_id(job.task_id, task_id)]

    def is_held(self, record: Record) -> bool:
        """Return True while the owner of a job keeps others away."""
        with self.database.opened() as connection:
            return self.beats.is_held(connection, record.id, record.owner, record.lease)

    def read(self, row: Row) -> AnyRecord:
        """Return what stands in a row that has `JOB_COLUMNS`."""
        values: dict[str, Any] = dict(row)
        masked = {name: v for name, v in values.items() if isinstance(v, str) and "account~" in v}
        try:
            values |= {name: self.addresses.unmask(v) for name, v in masked.items()}
        except (OSError, ValueError) as error:
            return read_row(values, f"the address of its account cannot be had ({type(error).__name__})")
        return read_row(values)

    # --- writing, inside a transaction of the caller ---------------------------------------------

    def insert(self, connection: Connection, record: Record) -> Record:
        """Write a new job; one that has an owner is leased to it."""
        moment = self.beats.moment()
        begun = record.begun(moment.now, moment.now + LEASE_SECONDS if record.owner else 0.0)
        self._insert(connection, self._row_of(vars(begun)) | {"boot": moment.boot, "uptime": moment.uptime})
        self.beats.write(connection, "id = ?", record.id)
        return begun

    def write(self, connection: Connection, record: Record) -> None:
        """Write a job as it stands, with the moments of its own; it is at rest."""
        self._insert(connection, self._row_of(vars(record)))

    def _insert(self, connection: Connection, row: dict[str, Any]) -> None:
        connection.execute(_insertion(tuple(row)), tuple(row.values()))

    def change(self, connection: Connection, job_id: str, changes: dict[str, Any], by: str = "") -> bool:
        """Change fields of a job; False when it is not there, or `by` is given and does not own it."""
        row = self._row_of({**changes, "updated": self.beats.moment().now, "by": by})
        owner = row.pop("by")
        return connection.execute(_changing(tuple(row)), (*row.values(), job_id, owner)).rowcount == 1

    def clean(self, text: str) -> str:
        """Return text as it may be stored: no address, no password of a link, no token. All but tokens come back."""
        return self.addresses.mask(mask_tokens(whole_text(text))) if text else ""

    def cleaned(self, *texts: str) -> list[str]:
        """Return several texts as they may be stored. Most hold nothing to take out, and one look at all tells."""
        # how a letter that is not plain looks in small letters may hang on those of other texts
        plain = [text for text in texts if text.isascii()]
        if may_hold_secrets(_APART.join(plain)):
            return [self.clean(text) for text in texts]
        return plain if len(plain) == len(texts) else [text if text.isascii() else self.clean(text) for text in texts]

    def _row_of(self, values: dict[str, Any]) -> dict[str, Any]:
        row = stored_values(values)
        texts = {name: value for name, value in row.items() if value and isinstance(value, str)}
        row.update(zip(texts, self.cleaned(*texts.values()), strict=True))
        return row


# kept as they are: the driver finds a statement that it has compiled by its text, which is long
@lru_cache(maxsize=64)
def _selection(clause: str) -> str:
    return f"SELECT {JOB_COLUMNS} FROM jobs {clause}"  # noqa: S608 - our own column names


@lru_cache(maxsize=8)
def _insertion(names: tuple[str, ...]) -> str:
    return f"INSERT INTO jobs ({', '.join(names)}) VALUES ({', '.join('?' * len(names))})"  # noqa: S608 - our own column names


@lru_cache(maxsize=64)
def _changing(names: tuple[str, ...]) -> str:
    new = ", ".join(f"{name} = ?" for name in names)
    return f"UPDATE jobs SET {new} WHERE id = ? AND ? IN ('', owner)"  # noqa: S608 - our own column names


def sound_ones(found: Iterable[AnyRecord]) -> list[Record]:
    """Return those that can be read."""
    return [record for record in found if isinstance(record, Record)]


def readable(found: AnyRecord) -> Record:
    """Return the record. Raises `LedgerError` for one that cannot be read."""
    if isinstance(found, UnreadableRecord):
        raise LedgerError(f"{found.line}; nothing of it was changed, and %runway list shows the others")
    return found


def job_not_found(name: object) -> JobNotFound:
    """Return the error for a name that no job answers to."""
    return JobNotFound(f"no job {shown(name)} in the ledger: %runway list shows what is there")
