"""What was asked, paid and received, on disk before it matters.

One SQLite file for all kernels of a user. Rows hold no e-mail address: ids are stored with a key in the
e-mail's place, and the address lies in a private file of its own beside the ledger.
"""

from __future__ import annotations

import json
import os
import sqlite3
import threading
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

from .account_book import AccountBook
from .arguments import plain_arguments, plain_columns
from .errors import JobNotFound, LeaseLost, LedgerError, RunwayError
from .handle import Handle
from .home import read_path
from .lease import LEASE_SECONDS, is_gone, is_held
from .ledger_file import identity, immediate, is_damage, open_file, set_aside, told
from .plain import checked_kind, shown
from .record import REFUSED_FOR_NOW, Books, Record, Spending
from .redact import mask_tokens
from .unfinished import CLAUSE, WITHOUT_TASK

MODERATION_SECONDS = 24 * 60 * 60.0
"""How far back refusals by moderation are counted."""


_COLUMNS = tuple(spec.name for spec in fields(Record))
_JSON = ("request", "wish")
_NO_TASK = {"task_id": "", "guessed": False, "owner": "", "lease": 0.0}
_SPENDING = (
    "SELECT date(created, 'unixepoch', 'localtime') AS day, notebook, party, COUNT(*), SUM(credits) FROM jobs "
    "WHERE created >= ? AND credits > 0 AND id NOT IN ({void}) "
    "GROUP BY day, notebook, party ORDER BY day DESC, notebook, party"
)


class Ledger(Handle):
    """The jobs of this user. Safe to use from several threads and processes.

    Every write is on disk when the call returns (WAL, synchronous=FULL). Raises `LedgerError` when the file
    cannot be read or written. A damaged file is set aside under a new name, and the error tells it.
    """

    def __init__(self, home: Path, clock: Callable[[], float] = time.time) -> None:
        home = read_path(home, "home")
        self.path = home / "ledger.sqlite3"
        self._accounts = AccountBook(home / "accounts")
        self._clock = clock
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._file: tuple[int, int] | None = None
        self._changing = False
        _OPEN.add(self)

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
            known = self._select("WHERE task_id = ?", (self._accounts.mask(record.task_id),))
            return known[0] if known else self._insert(connection, record)

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
            for job_id in self._abandoned(connection, but=record.owner):
                self._void(connection, job_id)
            for job_id in self._abandoned(connection, but=record.owner, was_sent=True):
                self._leave_in_doubt(connection, job_id)
            if (found := decide(self._books(record))) is not None:
                return found
            if replaces:
                doubt = {"resent_as": record.id, "phase": "unknown", "owner": "", "lease": 0.0}
                self._change(connection, replaces, doubt)
            return self._insert(connection, record)

    @plain_arguments
    def take(self, job_id: str, owner: str, *, to_send: bool = False) -> tuple[Record, bool]:
        """The record, and True when `owner` holds its lease now.

        An unsent job whose owner is gone is void, but for one that comes `to_send` it.
        """
        with self._transaction() as connection:
            record = self.get(job_id)
            if record.owner != owner and record.is_held(self._clock()):
                return record, False
            if record.owner != owner and record.is_unsent and not to_send:
                self._void(connection, job_id)
                return self.get(job_id), True
            self._change(connection, job_id, {"owner": owner, "lease": self._clock() + LEASE_SECONDS})
            return self.get(job_id), True

    @plain_arguments
    def renew(self, owner: str) -> None:
        """Renew all leases that `owner` holds."""
        with self._transaction() as connection:
            until = self._clock() + LEASE_SECONDS
            connection.execute("UPDATE jobs SET lease = ? WHERE owner = ? AND lease > 0", (until, owner))

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
            holders = self._select("WHERE task_id = ? AND id != ?", (self._accounts.mask(task_id), job_id))
            if any(not (is_certain and holder.guessed) for holder in holders):
                return False
            for holder in holders:
                self._change(connection, holder.id, {"phase": "unknown", "video": "", **_NO_TASK})
            return self._change(connection, job_id, {"task_id": task_id, "guessed": not is_certain})

    @plain_arguments
    def update(self, job_id: str, *, by: str = "", **changes: Any) -> None:
        """Change fields of a wish; unknown names raise.

        Args:
            job_id: Whose.
            by: The owner that changes it. Raises `LeaseLost` when that is another by now.
            **changes: Fields of `Record`.
        """
        unknown = set(changes) - set(_COLUMNS)
        if unknown:
            raise TypeError(f"a record has no {', '.join(sorted(unknown))}")
        changes = plain_columns(changes, besides=_JSON)
        with self._transaction() as connection:
            if self._change(connection, job_id, changes, by):
                if changes.get("credits") == 0:
                    self._restore_replaced(connection, job_id)
                return
            if not self._select("WHERE id = ?", (job_id,)):
                raise LedgerError(f"the ledger {self.path} has lost job {job_id}: was the file replaced?")
            raise LeaseLost(f"another kernel has taken job {job_id} over")

    # --- reading --------------------------------------------------------------------------------

    @plain_arguments
    def get(self, job_id: str) -> Record:
        """The record with exactly this id. Raises `JobNotFound`."""
        found = self._select("WHERE id = ?", (job_id,))
        if not found:
            raise JobNotFound(f"no job {shown(job_id)} in the ledger: %runway list shows what is there")
        return found[0]

    @plain_arguments
    def find(self, text: str) -> Record:
        """The record that `text` names: our id or its beginning, a task id, or a replyRef."""
        found = self.named(text)
        if not found:
            raise JobNotFound(f"no job {shown(text)} in the ledger: %runway list shows what is there")
        if len(found) > 1:
            ids = ", ".join(record.id for record in found[:5])
            raise JobNotFound(f"{shown(text)} names {len(found)} jobs ({ids}): give more of the id")
        return found[0]

    @plain_arguments
    def named(self, text: str) -> list[Record]:
        """The records that `text` names, newest first."""
        text = text.encode(errors="replace").decode()
        clause = (
            "WHERE ?1 != '' AND (substr(id, 1, length(?1)) = ?1 OR reply_ref = ?1 OR task_id = ?2 "
            "OR instr(task_id, '-task:' || ?1) > 0) ORDER BY created DESC"
        )
        return self._select(clause, (text, self._accounts.mask(text)))

    @plain_arguments
    def recent(self, limit: int = 50) -> list[Record]:
        """The newest records first."""
        return self._select("ORDER BY created DESC, rowid DESC LIMIT ?", (limit,))

    def unfinished(self) -> list[Record]:
        """The jobs that may still bring a result and that nobody sees through, newest first."""
        now = self._clock()
        found = self._select(f"WHERE {CLAUSE} ORDER BY created DESC", ())
        return [record for record in found if not record.is_held(now)]

    @plain_arguments
    def task_ids(self, except_job: str = "", *, guessed: bool = False) -> frozenset[str]:
        """The tasks that belong to all other jobs for certain; with `guessed` those given by their looks alone."""
        clause = "WHERE task_id != '' AND id != ? AND guessed = ?"
        with self._opened() as connection:
            rows = connection.execute(f"SELECT task_id FROM jobs {clause}", (except_job, guessed))  # noqa: S608 - our own clause
            return frozenset(self._accounts.unmask(row[0]) for row in rows)

    @plain_arguments
    def without_task(self, party: str) -> list[Record]:
        """The jobs of a backend that were sent and whose tasks are not known, those being sent now included."""
        return self._select(f"WHERE {WITHOUT_TASK} AND party = ? ORDER BY rowid", (party,))

    @plain_arguments
    def spending(self, since: float = 0.0) -> list[Spending]:
        """What each notebook spent on each day, the newest day first. Jobs that cost nothing do not count."""
        with self._opened() as connection:
            void = self._abandoned(connection)
            marks = ", ".join("?" * len(void))
            rows = connection.execute(_SPENDING.format(void=marks), (since, *void))
            return [Spending(*row) for row in rows]

    @plain_arguments
    def spent_today(self, party: str) -> int:
        """Credits at a party since local midnight, by all notebooks of this ledger."""
        return sum(row.credits for row in self.spending(_midnight(self._clock())) if row.party == party)

    # --- uploads --------------------------------------------------------------------------------

    @plain_arguments
    def upload(self, content: str, party: str, account: str = "") -> str:
        """The asset that holds a picture, on this account or on the one that got it last; nothing when none does.

        Args:
            content: SHA-256 of the bytes.
            party: Who was sent it.
            account: The account's e-mail; by default any.
        """
        clause = "WHERE content = ? AND party = ? AND ? IN ('', account) ORDER BY created DESC LIMIT 1"
        with self._opened() as connection:
            row = connection.execute(
                f"SELECT asset_id FROM uploads {clause}",  # noqa: S608 - our own clause
                (content, party, self._accounts.key(account)),
            ).fetchone()
            return self._accounts.unmask(row["asset_id"]) if row else ""

    @plain_arguments
    def keep_upload(self, content: str, party: str, account: str, asset_id: str) -> None:
        """Write down which asset holds a picture."""
        row = (content, party, self._accounts.key(account), self._accounts.mask(asset_id), self._clock())
        with self._transaction() as connection:
            connection.execute("INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?)", row)

    @plain_arguments
    def forget_uploads(self, party: str, *, asset_id: str = "", account: str = "") -> None:
        """Forget an asset that is gone, or all assets of an account that works no more."""
        gone = (party, self._accounts.mask(asset_id), self._accounts.key(account))
        with self._transaction() as connection:
            connection.execute("DELETE FROM uploads WHERE party = ? AND asset_id = ? AND asset_id != ''", gone[:2])
            connection.execute("DELETE FROM uploads WHERE party = ? AND account = ? AND account != ''", gone[::2])

    def close(self) -> None:
        """Close the file; the next call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    # --- what bears on a new wish ---------------------------------------------------------------

    def _books(self, wish: Record) -> Books:
        now = self._clock()
        told = "WHERE words = ? AND words != '' AND party = ? AND (refusal != '' OR phase = 'done')"
        # a picture that was refused says nothing about the words
        latest = f"{told} AND refusal NOT LIKE '%INPUT.IMAGE%' ORDER BY created DESC, rowid DESC LIMIT 1"
        with self._opened() as connection:
            moderated = connection.execute(
                "SELECT COUNT(*) FROM jobs WHERE refusal != '' AND party = ? AND updated > ?",
                (wish.party, now - MODERATION_SECONDS),
            ).fetchone()[0]
        again = [record for record in self._select(latest, (wish.words, wish.party)) if record.refusal]
        spent = self.spent_today(wish.party)
        return Books(tuple(self._of_digest(wish)), spent, moderated, next(iter(again), None))

    def _of_digest(self, wish: Record) -> list[Record]:
        clause = "WHERE digest = ? AND party = ? ORDER BY created DESC, rowid DESC LIMIT 50"
        return self._select(clause, (wish.digest, wish.party))

    def _instead(self, replaced: Record) -> Record | None:
        """What makes a second create needless: one that was sent already, or a task that came to light meanwhile."""
        if replaced.resent_as:
            return self.get(replaced.resent_as)
        return None if replaced.is_in_doubt(self._clock()) else replaced

    def _abandoned(self, connection: sqlite3.Connection, but: str = "", *, was_sent: bool = False) -> list[str]:
        """The jobs that wait and whose owners are gone: nobody will send them. Never sent, or answered with 429.

        Those of `but` are not: it is here, and merely late with renewing after its machine slept.
        """
        # written out, so that SQLite sees that its small index of unsent jobs will do
        rows = connection.execute(
            "SELECT id, owner, lease FROM jobs WHERE phase IN ('preparing', 'waiting') AND (sent IS NOT NULL) = ?",
            (was_sent,),
        ).fetchall()
        now, gone = self._clock(), {owner: is_gone(owner) for owner in {row["owner"] for row in rows}}
        late = [row for row in rows if gone[row["owner"]] or not is_held("", row["lease"], now)]
        return [row["id"] for row in late if not but or row["owner"] != but]

    def _leave_in_doubt(self, connection: sqlite3.Connection, job_id: str) -> None:
        """End the waiting of a job that was answered with 429: it is looked for before it is sent again."""
        doubt = {"phase": "unknown", "error": "RateLimited", "message": REFUSED_FOR_NOW, "owner": "", "lease": 0.0}
        self._change(connection, job_id, doubt)

    def _void(self, connection: sqlite3.Connection, job_id: str) -> None:
        """End a job that nobody will send; should its owner wake, it cannot send."""
        message = "its session ended before it was sent: nothing was charged"
        gone = {"phase": "removed", "owner": "", "lease": 0.0, "credits": 0, "error": "Removed", "message": message}
        self._change(connection, job_id, gone)
        self._restore_replaced(connection, job_id)

    def _restore_replaced(self, connection: sqlite3.Connection, job_id: str) -> None:
        """The job in whose place this one was to be sent is open again."""
        connection.execute("UPDATE jobs SET resent_as = '' WHERE resent_as = ?", (job_id,))

    # --- rows -----------------------------------------------------------------------------------

    def _insert(self, connection: sqlite3.Connection, record: Record) -> Record:
        now = self._clock()
        lease = now + LEASE_SECONDS if record.owner else 0.0
        written = replace(record, created=now, updated=now, lease=lease)
        row = self._row_of(vars(written))
        names, marks = ", ".join(row), ", ".join("?" * len(row))
        connection.execute(f"INSERT INTO jobs ({names}) VALUES ({marks})", tuple(row.values()))  # noqa: S608 - our own column names
        return written

    def _change(self, connection: sqlite3.Connection, job_id: str, changes: dict[str, Any], by: str = "") -> bool:
        row = self._row_of({**changes, "updated": self._clock()})
        names = ", ".join(f"{name} = ?" for name in row)
        clause = f"UPDATE jobs SET {names} WHERE id = ? AND ? IN ('', owner)"  # noqa: S608 - our own column names
        return connection.execute(clause, (*row.values(), job_id, by)).rowcount == 1

    def _row_of(self, values: dict[str, Any]) -> dict[str, Any]:
        row = {name: json.dumps(value) if name in _JSON else value for name, value in values.items()}
        return {name: self._clean(value) if isinstance(value, str) else value for name, value in row.items()}

    def _clean(self, text: str) -> str:
        """Text as it may be stored: no e-mail of an account, no token, no half characters."""
        whole = text if text.isascii() else text.encode(errors="replace").decode()
        # both begin so, and most texts hold neither
        return self._accounts.mask(mask_tokens(whole)) if "user" in whole or "runwayml:" in whole else whole

    def _record(self, row: sqlite3.Row) -> Record:
        values: dict[str, Any] = dict(row)
        masked = {name: v for name, v in values.items() if isinstance(v, str) and "account~" in v}
        values |= {name: self._accounts.unmask(v) for name, v in masked.items()}
        values |= {name: _object(values[name]) for name in _JSON}
        return Record(**{**values, "simulated": bool(values["simulated"]), "guessed": bool(values["guessed"])})

    def _select(self, clause: str, values: Sequence[Any]) -> list[Record]:
        with self._opened() as connection:
            rows = connection.execute(f"SELECT {', '.join(_COLUMNS)} FROM jobs {clause}", values)  # noqa: S608 - our own clauses
            return [self._record(row) for row in rows]

    # --- the file -------------------------------------------------------------------------------

    @contextmanager
    def _opened(self) -> Iterator[sqlite3.Connection]:
        """The connection, alone; a connection never crosses a fork."""
        with self._lock:
            try:
                if self._connection is None or not (self._connection.in_transaction or self._is_same_file()):
                    self.close()
                    self._connection = open_file(self.path)
                    self._file = identity(self.path)
                if self._connection.in_transaction and not self._changing:
                    self._connection.rollback()  # an interrupt came at a bad moment
                yield self._connection
            except RunwayError:
                raise  # who decides within a transaction has said why
            except (sqlite3.Error, OSError, ValueError) as error:
                if is_damage(error):
                    self._set_aside()
                raise LedgerError(told(error, self.path)) from None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._opened() as connection:
            self._changing = True
            try:
                with immediate(connection):
                    yield connection
            finally:
                self._changing = False

    def _is_same_file(self) -> bool:
        """False when the file was set aside or removed: what is written to it would be lost."""
        return self._file == identity(self.path)

    def _set_aside(self) -> None:
        """Put a damaged file out of the way and say so, once: the next call begins a new ledger."""
        aside = set_aside(self.path, self._clock, self.close)
        if aside is not None:
            raise LedgerError(
                f"the ledger {self.path} was damaged and is now set aside as {aside.name}, with every job in it; "
                "nothing was sent. A new one begins with the next call and does not know what was paid before: "
                "%runway list --account shows the tasks of the account"
            ) from None


_OPEN: weakref.WeakSet[Ledger] = weakref.WeakSet()


def _close_before_fork() -> None:
    """A child that inherits SQLite's idea of its locks would damage the file."""
    for ledger in list(_OPEN):
        ledger._lock.acquire()
        ledger.close()


def _go_on_after_fork() -> None:
    for ledger in list(_OPEN):
        ledger._lock.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_before_fork, after_in_parent=_go_on_after_fork, after_in_child=_go_on_after_fork)


def _object(text: str) -> dict[str, Any]:
    """The JSON object in a column; nothing when some accident has spoilt it."""
    with suppress(ValueError):
        found = json.loads(text or "{}")
        return found if isinstance(found, dict) else {}
    return {}


def _midnight(now: float) -> float:
    """The beginning of the local day."""
    today = time.localtime(now)
    return time.mktime((today.tm_year, today.tm_mon, today.tm_mday, 0, 0, 0, 0, 0, -1))
