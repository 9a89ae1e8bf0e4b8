"""What was asked, paid and received, on disk before it matters.

One SQLite file for all kernels of a user. Rows hold no e-mail address: ids are stored with a key in the
e-mail's place, and the address lies in a private file of its own beside the ledger.
"""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from ..api.answer_values import is_same_id
from ..errors import JobNotFound, LeaseLost, LedgerError
from ..redaction import mask_tokens
from ..storage.home import read_path
from ..values.arguments import plain_arguments, plain_columns
from ..values.plain import checked_kind, checked_whole, shown
from .addresses import AccountBook
from .lease import LEASE_SECONDS, Beat, LeaseWatch, steady, uptime
from .phase import IS_DONE_SQL, IS_UNFINISHED_SQL, IS_UNPAID_SQL, IS_UNSENT_SQL, IS_WITHOUT_TASK_SQL, Phase
from .record import REFUSED_FOR_NOW, Books, Found, Record, Spending, UnreadableRecord
from .rows import COLUMNS, JSON_COLUMNS, read_row, stored_value
from .spending import Moment, Spent, first_row_between, spending_table, spent_on_day
from .uploads import KeptUploads

MODERATION_SECONDS = 24 * 60 * 60.0
"""How far back refusals by moderation are counted."""
UUID_LENGTH = 36
"""Signs of the number in a task id."""
_NO_TASK = {"task_id": "", "guessed": False, "owner": "", "lease": 0.0}
_MOST_ROWS = 2**63 - 1
_SELECT = f"SELECT rowid, {', '.join(COLUMNS)} FROM jobs"  # noqa: S608 - our own column names


class Ledger(KeptUploads):
    """The jobs of this user. Safe to use from several threads and processes.

    Every write is on disk when the call returns (WAL, synchronous=FULL). Raises `LedgerError` when the file
    cannot be read or written. A damaged file is set aside under a new name, and the error tells it. A row that
    cannot be read is one `UnreadableRecord`: it hides no other, and nothing of it is changed.

    Args:
        home: The folder of the ledger; made at the first use.
        clock: Unix seconds; may be set at any time.
        monotonic: Seconds that never jump, by which leases are judged; by default those of this machine, or `clock`
            where that is not the machine's.
        boot: Which run of which machine these are of; by default this one.
    """

    def __init__(
        self,
        home: Path,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] | None = None,
        boot: str | None = None,
    ) -> None:
        home = read_path(home, "home")
        super().__init__(home, clock, AccountBook(home / "accounts"))
        self._leases = LeaseWatch(monotonic or steady(clock), LEASE_SECONDS, boot)
        self._uptime = uptime(monotonic or steady(clock))

    def __repr__(self) -> str:
        return f"<Ledger {self.path.name}>"

    # --- writing --------------------------------------------------------------------------------

    def add(self, record: Record) -> Record:
        """Write a new job down."""
        checked_kind(record, "record", Record, "a Record")
        with self._transaction() as connection:
            return self._insert(connection, record)

    def adopt(self, record: Record) -> Record:
        """Write down a job for a task that was made elsewhere, or give the job that has the task already."""
        checked_kind(record, "record", Record, "a Record")
        with self._transaction() as connection:
            known = self._of_task(record.task_id)
            return _readable(known[0]) if known else self._insert(connection, record)

    def claim(self, record: Record, decide: Callable[[Books], Record | None], *, replaces: str = "") -> Record:
        """Write a new wish, or give the one that stands for it already; nothing comes in between.

        Args:
            record: The wish, with its owner.
            decide: Gives the earlier record to use instead, None to go on, or raises to refuse.
            replaces: The job in whose place this one is sent.
        """
        checked_kind(record, "record", Record, "a Record")
        with self._transaction() as connection:
            if replaces and (found := self._instead(self.get(replaces))) is not None:
                return found
            connection.execute(
                "DELETE FROM beats WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = job_id AND lease > 0)"
            )
            for job_id in self._abandoned(connection, but=record.owner):
                self._void(connection, job_id)
            for job_id in self._abandoned(connection, but=record.owner, was_sent=True):
                self._leave_in_doubt(connection, job_id)
            if (found := decide(self._books(record))) is not None:
                return found
            if replaces:
                doubt = {"resent_as": record.id, "phase": Phase.UNKNOWN, "owner": "", "lease": 0.0}
                self._change(connection, replaces, doubt)
            return self._insert(connection, record)

    @plain_arguments
    def take(self, job_id: str, owner: str, *, to_send: bool = False) -> tuple[Record, bool]:
        """The record, and True when `owner` holds its lease now.

        An unsent job whose owner is gone is void, but for one that comes `to_send` it.
        """
        with self._transaction() as connection:
            record = self.get(job_id)
            if record.owner != owner and self.is_held(record):
                return record, False
            if record.owner != owner and record.is_unsent and not to_send:
                self._void(connection, job_id)
                return self.get(job_id), True
            lease = self._clock() + LEASE_SECONDS
            self._change(connection, job_id, {"owner": owner, "lease": lease})
            self._beat(connection, "id = ?", job_id)
            return self.get(job_id), True

    @plain_arguments
    def renew(self, owner: str) -> None:
        """Renew all leases that `owner` holds."""
        with self._transaction() as connection:
            until = self._clock() + LEASE_SECONDS
            owner = self._clean(owner)
            connection.execute("UPDATE jobs SET lease = ? WHERE owner = ? AND lease > 0", (until, owner))
            self._beat(connection, "owner = ?", owner)

    def is_held(self, record: Record) -> bool:
        """True while somebody sees the job through and may not be disturbed, whatever the clocks say.

        Where that cannot be known at once (another machine, a process that lives and does nothing), for as long as a
        lease lasts after it was first asked.
        """
        checked_kind(record, "record", Record, "a Record")
        with self._opened() as connection:
            return self._is_held(connection, record.id, record.owner, record.lease)

    @plain_arguments
    def assign(self, job_id: str, task_id: str, *, is_certain: bool) -> bool:
        """Write down the task of a job; False when it belongs to another.

        Args:
            job_id: Whose.
            task_id: The composite id.
            is_certain: The answer to the create, our reference or our own seed names it. A job that was given the
                task by its looks alone is in doubt again then.
        """
        with self._transaction() as connection:
            holders = [holder for holder in self._of_task(task_id) if holder.id != job_id]
            guesses = [holder for holder in holders if isinstance(holder, Record) and holder.guessed]
            if len(guesses) < len(holders) or (guesses and not is_certain):
                return False
            for holder in guesses:
                self._change(connection, holder.id, {"phase": Phase.UNKNOWN, "video": "", **_NO_TASK})
            return self._change(connection, job_id, {"task_id": task_id, "guessed": not is_certain})

    @plain_arguments
    def update(self, job_id: str, *, by: str = "", **changes: Any) -> None:
        """Change fields of a wish; unknown names raise.

        Args:
            job_id: Whose.
            by: The owner that changes it. Raises `LeaseLost` when that is another by now.
            **changes: Fields of `Record`.
        """
        unknown = set(changes) - set(COLUMNS)
        if unknown:
            raise TypeError(f"a record has no {', '.join(sorted(unknown))}")
        changes = plain_columns(changes, besides=JSON_COLUMNS)
        with self._transaction() as connection:
            if self._change(connection, job_id, changes, by):
                if changes.get("credits") == 0:
                    self._restore_replaced(connection, job_id)
                return
            if not self._found("WHERE id = ?", (job_id,)):
                raise LedgerError(f"the ledger {self.path} has lost job {job_id}: was the file replaced?")
            raise LeaseLost(f"another kernel has taken job {job_id} over")

    # --- reading --------------------------------------------------------------------------------

    @plain_arguments
    def get(self, job_id: str) -> Record:
        """The record with exactly this id. Raises `JobNotFound`, or `LedgerError` when it cannot be read."""
        found = self._found("WHERE id = ?", (_whole(job_id),))
        if not found:
            raise _not_found(job_id)
        return _readable(found[0])

    @plain_arguments
    def find(self, text: str) -> Record:
        """The record that `text` names: our id or its beginning, a task id, or a replyRef.

        Raises `JobNotFound`, or `LedgerError` when it cannot be read.
        """
        found = self.named(text)
        if not found:
            raise _not_found(text)
        if len(found) > 1:
            ids = ", ".join(record.id for record in found[:5])
            raise JobNotFound(f"{shown(text)} names {len(found)} jobs ({ids}): give more of the id")
        return _readable(found[0])

    @plain_arguments
    def named(self, text: str) -> list[Found]:
        """The jobs that `text` names, the newest first."""
        clause = (
            "WHERE ?1 != '' AND (substr(CAST(id AS TEXT), 1, length(?1)) = ?1 OR reply_ref = ?2 OR task_id = ?2 "
            "OR instr(task_id, '-task:' || ?1) > 0) ORDER BY rowid DESC"
        )
        text = _whole(text)
        with self._opened():
            return self._found(clause, (text, self._clean(text)))

    @plain_arguments
    def recent(self, limit: int = 50) -> list[Found]:
        """The jobs that were written last, the newest first; at most `limit`, from 0."""
        count = checked_whole(limit, "limit", 0, _MOST_ROWS)
        return self._found("ORDER BY rowid DESC LIMIT ?", (count,))

    def newest(self) -> Record:
        """The job that was written last, of those that can be read. Raises `JobNotFound`."""
        with self._opened() as connection:
            for row in connection.execute(f"{_SELECT} ORDER BY rowid DESC"):
                if isinstance(found := self._read(row), Record):
                    return found
        raise JobNotFound("there is no job in the ledger yet")

    def unfinished(self) -> list[Record]:
        """The jobs that may still bring a result and that nobody seems to see through, the newest first."""
        now = self._clock()
        found = self._select(f"WHERE {IS_UNFINISHED_SQL} ORDER BY rowid DESC", ())
        return [record for record in found if not record.is_held(now)]

    def unreadable(self) -> list[UnreadableRecord]:
        """The jobs that cannot be read and may still bring a result, the newest first."""
        found = self._found(f"WHERE {IS_UNFINISHED_SQL} ORDER BY rowid DESC", ())
        return [record for record in found if isinstance(record, UnreadableRecord)]

    @plain_arguments
    def task_ids(self, except_job: str = "", *, guessed: bool = False) -> frozenset[str]:
        """The tasks that belong to all other jobs for certain; with `guessed` those given by their looks alone."""
        clause = "WHERE typeof(task_id) = 'text' AND task_id != '' AND id != ? AND (guessed = 1) = ?"
        with self._opened() as connection:
            rows = connection.execute(f"SELECT task_id FROM jobs {clause}", (except_job, guessed))  # noqa: S608 - our own clause
            return frozenset(self._accounts.unmask_if_known(row[0]) for row in rows)

    def _of_task(self, task_id: str) -> list[Found]:
        """The jobs that have a task, however its id is spelt there."""
        # the address in it is stored by its own spelling, so the number behind it finds more than the whole
        clause = "WHERE task_id = ?1 OR (?2 != '' AND instr(lower(task_id), ?2) > 0) ORDER BY rowid"
        whole, number = self._accounts.mask(task_id), task_id.lower().rpartition("-task:")[2]
        found = self._found(clause, (whole, number if len(number) == UUID_LENGTH else ""))
        return [job for job in found if isinstance(job, UnreadableRecord) or is_same_id(job.task_id, task_id)]

    @plain_arguments
    def without_task(self, backend: str) -> list[Record]:
        """The jobs of a backend that were sent and whose tasks are not known, those being sent now included."""
        return self._select(f"WHERE {IS_WITHOUT_TASK_SQL} AND backend = ? ORDER BY rowid", (backend,))

    @plain_arguments
    def spending(self, since: float = 0.0) -> list[Spending]:
        """What each notebook spent on each day, the newest day first. Jobs that cost nothing do not count."""
        with self._opened() as connection:
            rows = spending_table(connection, since, self._abandoned(connection))
            return [row._replace(notebook=self._accounts.unmask_if_known(row.notebook)) for row in rows]

    @plain_arguments
    def spent_today(self, backend: str) -> int:
        """Credits at a backend since local midnight, by all notebooks of this ledger; see `spending.spent_on_day`."""
        return self._spent(backend).credits

    def _spent(self, backend: str) -> Spent:
        with self._opened() as connection:
            moment = Moment(self._clock(), self._leases.boot, self._uptime())
            return spent_on_day(connection, moment, self._abandoned(connection), backend=backend)

    # --- what bears on a new wish ---------------------------------------------------------------

    def _books(self, wish: Record) -> Books:
        told = f"WHERE prompt_hash = ? AND prompt_hash != '' AND backend = ? AND (refusal != '' OR {IS_DONE_SQL})"
        # a picture that was refused says nothing about the words
        latest = f"{told} AND refusal NOT LIKE '%INPUT.IMAGE%' ORDER BY rowid DESC LIMIT 1"
        again = [record for record in self._select(latest, (wish.prompt_hash, wish.backend)) if record.refusal]
        spent, equal = self._spent(wish.backend), self._of_digest(wish)
        return Books(
            earlier=tuple(record for record in equal if isinstance(record, Record)),
            spent=spent.credits,
            moderated=self._moderated(wish.backend),
            refused=next(iter(again), None),
            unreadable=tuple(record for record in equal if isinstance(record, UnreadableRecord)),
            notes=spent.notes,
        )

    def _moderated(self, backend: str) -> int:
        """Refusals by moderation at a backend within a day, by the clock or by the order of the rows."""
        now = self._clock()
        since = now - MODERATION_SECONDS
        clause = (
            "SELECT COUNT(*) FROM jobs WHERE refusal != '' AND (backend = ? OR typeof(backend) != 'text') "
            "AND (updated > ? OR rowid >= ?)"
        )
        with self._opened() as connection:
            first = first_row_between(connection, math.nextafter(since, now), math.nextafter(now, math.inf))
            return int(connection.execute(clause, (backend, since, first)).fetchone()[0])

    def _of_digest(self, wish: Record) -> list[Found]:
        """The jobs that may answer an equal wish, the newest first."""
        clause = (
            "WHERE digest IN (?1, CAST(?1 AS BLOB)) AND (backend = ?2 OR typeof(backend) != 'text') "
            f"AND NOT {IS_UNPAID_SQL} ORDER BY rowid DESC LIMIT 50"
        )
        return self._found(clause, (wish.digest, wish.backend))

    def _instead(self, replaced: Record) -> Record | None:
        """What makes a second create needless: one that was sent already, or a task that came to light meanwhile."""
        if replaced.resent_as:
            return self.get(replaced.resent_as)
        return None if replaced.may_be_lost and not self.is_held(replaced) else replaced

    def _abandoned(self, connection: sqlite3.Connection, but: str = "", *, was_sent: bool = False) -> list[str]:
        """The jobs that wait and whose owners are gone: nobody will send them. Never sent, or answered with 429.

        Those of `but` are not: it is here, and merely late with renewing after its machine slept.
        """
        rows = connection.execute(
            f"SELECT id, owner, lease FROM jobs WHERE {IS_UNSENT_SQL} AND (sent IS NOT NULL) = ?",  # noqa: S608 - our own clause
            (was_sent,),
        ).fetchall()
        sound = [row for row in rows if isinstance(row["owner"], str) and isinstance(row["lease"], (int, float))]
        late = [row["id"] for row in sound if not (but and row["owner"] == but) and not self._is_held(connection, *row)]
        # what cannot be read is nobody's to end
        return [record.id for job_id in late for record in self._select("WHERE id = ?", (job_id,))]

    def _is_held(self, connection: sqlite3.Connection, job_id: str, owner: str, lease: float) -> bool:
        row = connection.execute("SELECT boot, seconds FROM beats WHERE job_id = ?", (job_id,)).fetchone()
        is_known = row is not None and isinstance(row["seconds"], float)
        return self._leases.is_held(job_id, owner, lease, Beat(row["boot"], row["seconds"]) if is_known else None)

    def _beat(self, connection: sqlite3.Connection, whose: str, value: str) -> None:
        """Write down that leases were renewed now."""
        clause = f"INSERT OR REPLACE INTO beats SELECT id, ?, ? FROM jobs WHERE {whose} AND lease > 0"  # noqa: S608 - our own clauses
        connection.execute(clause, (*self._leases.beat(), value))

    def _leave_in_doubt(self, connection: sqlite3.Connection, job_id: str) -> None:
        """End the waiting of a job that was answered with 429: it is looked for before it is sent again."""
        doubt = {
            "phase": Phase.UNKNOWN,
            "error": "RateLimited",
            "message": REFUSED_FOR_NOW,
            "owner": "",
            "lease": 0.0,
        }
        self._change(connection, job_id, doubt)

    def _void(self, connection: sqlite3.Connection, job_id: str) -> None:
        """End a job that nobody will send; should its owner wake, it cannot send."""
        message = "its session ended before it was sent: nothing was charged"
        gone = {
            "phase": Phase.REMOVED,
            "owner": "",
            "lease": 0.0,
            "credits": 0,
            "error": "Removed",
            "message": message,
        }
        self._change(connection, job_id, gone)
        self._restore_replaced(connection, job_id)

    def _restore_replaced(self, connection: sqlite3.Connection, job_id: str) -> None:
        """The job in whose place this one was to be sent is open again."""
        for record in self._select("WHERE resent_as = ?", (job_id,)):
            connection.execute("UPDATE jobs SET resent_as = '' WHERE id = ?", (record.id,))

    # --- rows -----------------------------------------------------------------------------------

    def _insert(self, connection: sqlite3.Connection, record: Record) -> Record:
        now = self._clock()
        lease = now + LEASE_SECONDS if record.owner else 0.0
        written = replace(record, created=now, updated=now, lease=lease)
        row = self._row_of(vars(written)) | {"boot": self._leases.boot, "uptime": self._uptime()}
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - our own column names
        self._beat(connection, "id = ?", record.id)
        return written

    def _change(self, connection: sqlite3.Connection, job_id: str, changes: dict[str, Any], by: str = "") -> bool:
        row = self._row_of({**changes, "updated": self._clock()})
        names = ", ".join(f"{name} = ?" for name in row)
        clause = f"UPDATE jobs SET {names} WHERE id = ? AND ? IN ('', owner)"  # noqa: S608 - our own column names
        return connection.execute(clause, (*row.values(), job_id, self._clean(by))).rowcount == 1

    def _row_of(self, values: dict[str, Any]) -> dict[str, Any]:
        row = {name: stored_value(name, value) for name, value in values.items()}
        texts = {name: _whole(value) for name, value in row.items() if isinstance(value, str)}
        return row | {name: self._clean(text) for name, text in texts.items()}

    def _clean(self, text: str) -> str:
        """Text as it may be stored: no e-mail address, no password of a link, no token. All but tokens come back."""
        return self._accounts.mask(mask_tokens(text))

    def _read(self, row: sqlite3.Row) -> Found:
        values: dict[str, Any] = dict(row)
        masked = {name: v for name, v in values.items() if isinstance(v, str) and "account~" in v}
        try:
            values |= {name: self._accounts.unmask(v) for name, v in masked.items()}
        except (OSError, ValueError) as error:
            return read_row(values, f"the address of its account cannot be had ({type(error).__name__})")
        return read_row(values)

    def _found(self, clause: str, values: Sequence[Any]) -> list[Found]:
        """The jobs that a clause finds, with those that cannot be read."""
        with self._opened() as connection:
            return [self._read(row) for row in connection.execute(f"{_SELECT} {clause}", values)]

    def _select(self, clause: str, values: Sequence[Any]) -> list[Record]:
        """The jobs that a clause finds, without those that cannot be read."""
        return [record for record in self._found(clause, values) if isinstance(record, Record)]


def _readable(found: Found) -> Record:
    """The record. Raises `LedgerError` for one that cannot be read."""
    if isinstance(found, UnreadableRecord):
        raise LedgerError(f"{found.line}; nothing of it was changed, and %runway list shows the others")
    return found


def _not_found(name: object) -> JobNotFound:
    return JobNotFound(f"no job {shown(name)} in the ledger: %runway list shows what is there")


def _whole(text: str) -> str:
    """Text without half characters, which cannot be stored."""
    return text if text.isascii() else text.encode(errors="replace").decode()
