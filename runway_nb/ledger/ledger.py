"""What was asked, paid and received, on disk before it matters.

One SQLite file for all kernels of a user. Rows hold no e-mail address: ids are stored with a key in the
e-mail's place, and the address lies in a private file of its own beside the ledger.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from operator import attrgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..budgets import Budget, read_budgets
from ..errors import JobNotFound, LeaseLost, LedgerError
from ..storage.given_paths import read_path
from ..values.arguments import plain_arguments
from ..values.deprecation import warn_renamed
from ..values.handle import Handle
from ..values.plain import checked_kind, checked_whole, shown
from ..values.whole_text import whole_text
from .abandoned import abandoned_jobs, end_abandoned, reopen_replaced, void_ids
from .addresses import AccountAddresses, Addresses, AddressFolder
from .budgets import LedgerBudgets
from .database import LedgerFile
from .engine import Connection, Database
from .heartbeats import Heartbeats
from .history import LedgerHistory
from .job_table import JobTable, job_not_found, readable
from .lease import LEASE_SECONDS, LeaseWatch, steady, uptime
from .leases import LedgerLeases
from .marks import NO_MARKS, LedgerMarks, Marks
from .phase import IS_UNFINISHED_SQL, Phase
from .record import AnyRecord, Record, UnreadableRecord
from .rows import COLUMNS
from .slots import LedgerSlots
from .snapshot import LedgerSnapshot, refused_words, snapshot_for
from .spending import LedgerSpending, spent_on_day
from .tasks import LedgerTasks
from .uploads import LedgerUploads

_MOST_ROWS = 2**63 - 1
_FIELDS = frozenset(COLUMNS)
_RENAMED = {
    "spent_today": "spending.today",
    "upload": "uploads.find",
    "keep_upload": "uploads.keep",
    "forget_uploads": "uploads.forget",
    "take": "leases.take",
    "renew": "leases.renew",
    "is_held": "leases.is_held",
    "assign": "tasks.assign",
    "task_ids": "tasks.ids",
    "without_task": "tasks.missing",
}


class Ledger(Handle):
    """The jobs of this user. Safe to use from several threads and processes.

    Every write is on disk when the call returns (WAL, synchronous=FULL). Raises `LedgerError` when the file
    cannot be read or written. A damaged file is set aside under a new name, and the error says so. A row that
    cannot be read is one `UnreadableRecord`: it hides no other, and nothing of it is changed.

    Attributes:
        spending: What was spent, today and on each day.
        budgets: What each user and the course may spend.
        uploads: Which pictures lie on the accounts already.
        leases: Who tracks which job.
        slots: Who holds the slots of the accounts.
        tasks: Which task is whose.
        marks: Stars, rejections and notes.
        history: All jobs by what is wanted of them, page by page.
        table: The rows themselves.

    Args:
        home: The folder of the ledger; made at the first use.
        clock: Unix seconds; may be set at any time.
        monotonic: Seconds that never jump, by which leases are judged; by default those of this machine, or `clock`
            where that is not the machine's.
        boot: Which run of which machine these are of; by default this one.
        database: Where it is kept; by default `ledger.sqlite3` in `home`.
        addresses: Where e-mail addresses are kept; by default in private files in `home`.
    """

    def __init__(
        self,
        home: Path,
        clock: Callable[[], float] = time.time,
        monotonic: Callable[[], float] | None = None,
        boot: str | None = None,
        database: Database | None = None,
        addresses: Addresses | None = None,
    ) -> None:
        home = read_path(home, "home")
        steadily = monotonic or steady(clock)
        masked = AccountAddresses(addresses or AddressFolder(home / "accounts"))
        beats = Heartbeats(LeaseWatch(steadily, LEASE_SECONDS, boot), clock, uptime(steadily))
        self._clock = clock
        self._database = database or LedgerFile(home, clock)
        self.table = JobTable(self._database, masked, beats)
        self.spending = LedgerSpending(self.table)
        self.budgets = LedgerBudgets(self.table)
        self.uploads = LedgerUploads(self._database, masked, clock)
        self.leases = LedgerLeases(self.table, clock)
        self.slots = LedgerSlots(self.table)
        self.tasks = LedgerTasks(self.table)
        self.marks = LedgerMarks(self.table)
        self.history = LedgerHistory(self.table, self.marks)

    def __repr__(self) -> str:
        return f"<Ledger {Path(self.location).name}>"

    if not TYPE_CHECKING:

        def __getattr__(self, name: str) -> Any:
            """Return what an earlier name means."""
            if name not in _RENAMED:
                raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
            warn_renamed(f"ledger.{name}", f"ledger.{_RENAMED[name]}")
            return attrgetter(_RENAMED[name])(self)

    @property
    def location(self) -> str:
        """Where it is kept, as it may be shown."""
        return self._database.location

    @property
    def path(self) -> Path:
        """The file. Raises `LedgerError` where a server keeps the ledger."""
        if isinstance(self._database, LedgerFile):
            return self._database.path
        raise LedgerError(f"the ledger is kept by {self.location}: it has no file")

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        self._database.close()

    # --- writing --------------------------------------------------------------------------------

    def add(self, record: Record) -> Record:
        """Write a new job down and return it as written."""
        checked_kind(record, "record", Record, "a Record")
        with self._database.transaction() as connection:
            return self.table.insert(connection, record)

    def adopt(self, record: Record) -> Record:
        """Write down a job for a task that was made elsewhere, or return the job that has the task already."""
        checked_kind(record, "record", Record, "a Record")
        with self._database.transaction() as connection:
            known = self.table.of_task(record.task_id)
            return readable(known[0]) if known else self.table.insert(connection, record)

    def add_imported(self, record: Record, marks: Marks) -> bool:
        """Write down a job that came with an export, and its marks; return False where its id is taken."""
        checked_kind(record, "record", Record, "a Record")
        checked_kind(marks, "marks", Marks, "marks")
        with self._database.transaction() as connection:
            if self.table.found("WHERE id = ?", (record.id,)):
                return False
            self.table.insert(connection, record)
            if marks != NO_MARKS:
                self.marks.write(connection, record.id, marks)
            return True

    def claim(
        self,
        record: Record,
        decide: Callable[[LedgerSnapshot], Record | None],
        *,
        replaces: str = "",
        budgets: tuple[Budget, ...] = (),
        is_awaited: Callable[[str], bool] = lambda _: False,
    ) -> Record:
        """Write a new request, or return the one that stands for it already; nothing comes in between.

        Args:
            record: The request, with its owner.
            decide: Returns the earlier record to use instead, None to go on, or raises to refuse.
            replaces: The job in whose place this one is sent.
            budgets: What holds beside the budgets of the ledger.
            is_awaited: Whether somebody will send a job (by its id) although the process that had it is gone.
        """
        checked_kind(record, "record", Record, "a Record")
        with self._database.transaction() as connection:
            if replaces and (found := self._sent_instead(self.get(replaces))) is not None:
                return found
            self.table.beats.drop_released(connection)
            # one of this owner is merely late with renewing after its machine slept: it will be sent, and counts
            found_idle = abandoned_jobs(self.table, connection, but_of=record.owner)
            abandoned = [job for job in found_idle if not is_awaited(job.id)]
            for job in abandoned:
                end_abandoned(self.table, connection, job)
            if (found := decide(self._facts(connection, record, budgets, void_ids(abandoned)))) is not None:
                return found
            if replaces:
                doubt = {"resent_as": record.id, "phase": Phase.UNKNOWN, "owner": "", "lease": 0.0}
                self.table.change(connection, replaces, doubt)
            return self.table.insert(connection, record)

    def snapshot(self, record: Record, budgets: tuple[Budget, ...] = ()) -> LedgerSnapshot:
        """Return what bears on a new request at this moment; nothing is written. `budgets` as in `claim`."""
        checked_kind(record, "record", Record, "a Record")
        with self._database.opened() as connection:
            return self._facts(connection, record, budgets, void_ids(abandoned_jobs(self.table, connection)))

    def refused_words(self, record: Record) -> Record | None:
        """Return the last job with the prompt of a record, when moderation refused it."""
        checked_kind(record, "record", Record, "a Record")
        with self._database.opened() as connection:
            return refused_words(self.table, connection, record)

    def _facts(
        self, connection: Connection, record: Record, budgets: tuple[Budget, ...], void: Collection[str]
    ) -> LedgerSnapshot:
        states = self.budgets.states(connection, record.backend, record.asked_by, read_budgets(budgets), void)
        moment = self.table.beats.moment()
        spent = spent_on_day(connection, moment, void, backend=record.backend)
        return snapshot_for(self.table, connection, record, moment.now, spent, states)

    def _sent_instead(self, replaced: Record) -> Record | None:
        """Return what makes a second create needless: one sent already, or a task that came to light meanwhile."""
        if replaced.resent_as:
            return self.get(replaced.resent_as)
        return None if replaced.may_be_lost and not self.table.is_held(replaced) else replaced

    @plain_arguments
    def update(self, job_id: str, *, by: str = "", **changes: Any) -> None:
        """Change fields of a job; unknown names raise.

        Args:
            job_id: The job.
            by: The owner that changes it. Raises `LeaseLost` when that is another by now.
            **changes: Fields of `Record`.
        """
        unknown = changes.keys() - _FIELDS
        if unknown:
            raise TypeError(f"a record has no {', '.join(sorted(unknown))}")
        with self._database.transaction() as connection:
            if self.table.change(connection, job_id, changes, by):
                if changes.get("credits") == 0:
                    reopen_replaced(self.table, connection, job_id)
                return
            if not self.table.found("WHERE id = ?", (job_id,)):
                raise LedgerError(f"the ledger {self.location} has lost job {job_id}: was the file replaced?")
            raise LeaseLost(f"another kernel has taken job {job_id} over")

    # --- reading --------------------------------------------------------------------------------

    @plain_arguments
    def get(self, job_id: str) -> Record:
        """Return the record with exactly this id. Raises `JobNotFound`, or `LedgerError` when it cannot be read."""
        return self.table.get(job_id)

    @plain_arguments
    def find(self, text: str) -> Record:
        """Return the record that `text` names: our id or its beginning, a task id, or a replyRef.

        Raises `JobNotFound`, or `LedgerError` when it cannot be read.
        """
        found = self.named(text)
        if not found:
            raise job_not_found(text)
        if len(found) > 1:
            ids = ", ".join(record.id for record in found[:5])
            raise JobNotFound(f"{shown(text)} names {len(found)} jobs ({ids}): give more of the id")
        return readable(found[0])

    @plain_arguments
    def named(self, text: str) -> list[AnyRecord]:
        """Return the jobs that `text` names, the newest first."""
        clause = (
            "WHERE :text != '' AND (substr(CAST(id AS TEXT), 1, length(:text)) = :text OR reply_ref = :clean "
            "OR task_id = :clean OR instr(task_id, '-task:' || :text) > 0) ORDER BY rowid DESC"
        )
        text = whole_text(text)
        with self._database.opened():
            return self.table.found(clause, {"text": text, "clean": self.table.clean(text)})

    @plain_arguments
    def recent(self, limit: int = 50) -> list[AnyRecord]:
        """Return the jobs that were written last, the newest first; at most `limit`, from 0."""
        count = checked_whole(limit, "limit", 0, _MOST_ROWS)
        return self.table.found("ORDER BY rowid DESC LIMIT ?", (count,))

    def count(self) -> int:
        """Return how many jobs there are, those that cannot be read included."""
        with self._database.opened() as connection:
            return int(connection.execute("SELECT COUNT(*) FROM jobs").fetchone()[0])

    def newest(self) -> Record:
        """Return the job that was written last, of those that can be read. Raises `JobNotFound`."""
        found = self.table.newest()
        if found is None:
            raise JobNotFound("there is no job in the ledger yet")
        return found

    @plain_arguments
    def unfinished(self, user: str = "") -> list[Record]:
        """Return the jobs that may still bring a result and that nobody seems to track, the newest first.

        With a `user` those that somebody else has asked for stay out.
        """
        now, own = self._clock(), {"", user, self.table.clean(user)}
        found = self.table.records(f"WHERE {IS_UNFINISHED_SQL} ORDER BY rowid DESC")
        return [record for record in found if not record.is_held(now) and (not user or record.asked_by in own)]

    def unreadable(self) -> list[UnreadableRecord]:
        """Return the jobs that cannot be read and may still bring a result, the newest first."""
        found = self.table.found(f"WHERE {IS_UNFINISHED_SQL} ORDER BY rowid DESC")
        return [record for record in found if isinstance(record, UnreadableRecord)]
