"""Who holds the slots of an account, and who waits for one: what all kernels that share the ledger know of it.

A slot is held by a job whose phase says that its task may run and whose lease is alive. So it is free in the moment in
which the phase moves on, and some seconds after its holder has died: its task still runs at Runway, and whoever takes
the job over in that time has the slot, too. Who waits in line is gone with the process. Seconds of a closed account are
those of the run of the machine, as of heartbeats: clocks are set.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import LeaseLost
from ..references import task_account
from ..values.arguments import plain_arguments
from .job_table import JobTable
from .lease import RENEW_SECONDS, is_gone, machine_of
from .phase import HOLDS_SLOT, IS_IN_DOUBT_SQL, UNSENT, Phase

if TYPE_CHECKING:
    from .engine import Connection, Row

_PLACES = (
    "SELECT slots.job_id, slots.account, slots.number, jobs.phase, jobs.owner, jobs.lease, jobs.task_id, jobs.folder, "
    "jobs.notebook, jobs.asked_by FROM slots JOIN jobs ON jobs.id = slots.job_id "
    "WHERE slots.backend = ? AND slots.payer = ? AND jobs.lease > 0 ORDER BY slots.number"
)
_KEPT = f"(lease > 0 OR ({IS_IN_DOUBT_SQL} AND resent_as = ''))"
_ENDED = f"DELETE FROM slots WHERE NOT EXISTS (SELECT 1 FROM jobs WHERE id = job_id AND {_KEPT})"  # noqa: S608 - our own clause
"""Of a job in doubt nothing else says whose account it is (`ownerless`)."""
_SENT_SINCE = "SELECT 1 FROM jobs WHERE id = ? AND sent IS NOT ?"
_LAST = "SELECT COALESCE(MAX(number), 0) FROM slots"
OUTLIVES_SECONDS = RENEW_SECONDS + 5.0
"""How long after its last heartbeat the task of a process that is gone holds its slot; a choice of ours."""


class Payer(NamedTuple):
    """Whose account it is."""

    backend: str
    """Where: `simulator`, or the host of the API."""
    key: str
    """Equal for equal tokens, and no secret (`Settings.payer`)."""


class Place(NamedTuple):
    """A job that holds a slot, or waits for one."""

    job_id: str
    account: str
    """The account's e-mail, or nothing while it is open which one will run it."""
    number: int
    """In the order of coming."""
    group: tuple[str, ...]
    """Machine, folder and notebook that asked: slots are shared fairly among these. In a class, names may be equal."""
    is_own: bool
    """Of the owner who asks."""
    is_holding: bool
    is_sending: bool
    """Its create is on its way."""
    user: str = ""
    """Who asked (`Record.asked_by`, as it is stored): slots are shared fairly among users first."""


class ClosedAccount(NamedTuple):
    """What a 429 has shown: with so many tasks at work an account took no more."""

    account: str
    seconds: float
    """From now until it may be tried again; less than 0 once that is past."""
    level: int
    """How many tasks of those who share the ledger were at work."""
    in_row: int
    """How many refusals there were in a row."""


class SlotFacts(NamedTuple):
    """What all kernels know of one payer's slots."""

    places: tuple[Place, ...] = ()
    closed: tuple[ClosedAccount, ...] = ()


class LedgerSlots:
    """The slots of all accounts. Raises `LedgerError` as the ledger does."""

    def __init__(self, table: JobTable) -> None:
        self._table = table

    def facts(self, payer: Payer, by: str) -> SlotFacts:
        """Return who holds and who waits, in the order of coming, of owners that are alive, and what is closed."""
        with self._table.database.opened() as connection:
            return self._facts(connection, payer, by)

    def line_up(self, job_id: str, payer: Payer, account: str) -> None:
        """Take the last place for a job that waits; one that has a place keeps it."""
        with self._table.database.transaction() as connection:
            self._enter(connection, job_id, payer, account)

    @plain_arguments
    def give_up(self, job_id: str) -> None:
        """Leave the line, where a job stands in it."""
        with self._table.database.transaction() as connection:
            connection.execute("DELETE FROM slots WHERE job_id = ?", (job_id,))

    def take(
        self,
        job_id: str,
        payer: Payer,
        account: str,
        *,
        by: str,
        sent_before: float | None,
        may_go: Callable[[SlotFacts], bool],
        changes: dict[str, Any],
    ) -> bool:
        """Move a job to `SENDING` if it may go; nothing comes in between. Where it may not, it is lined up.

        Args:
            job_id: The job.
            payer: Whose slot it takes.
            account: On which account, where that is known.
            by: Its owner.
            sent_before: When its last create left, as its owner knows it: two runs of one owner would pay twice.
            may_go: Decides by what is known at this moment.
            changes: Fields of `Record` that are written with it.

        Raises:
            LeaseLost: another kernel has the job, or has sent it since.
        """
        with self._table.database.transaction() as connection:
            is_free = may_go(self._facts(connection, payer, by))
            self._enter(connection, job_id, payer, account)
            if is_free and connection.execute(_SENT_SINCE, (job_id, sent_before)).fetchone() is not None:
                raise LeaseLost(f"job {job_id} was sent by another run of it")
            if is_free and not self._table.change(connection, job_id, {**changes, "phase": Phase.SENDING}, by):
                raise LeaseLost(f"another kernel has taken job {job_id} over")
            return is_free

    def close(self, payer: Payer, closed: ClosedAccount) -> None:
        """Write down that an account takes no more tasks for a while."""
        moment = self._table.beats.moment()
        values = (moment.boot, moment.uptime + closed.seconds, closed.level, closed.in_row)
        with self._table.database.transaction() as connection:
            connection.execute(
                "INSERT INTO closed_accounts (backend, payer, account, boot, until, level, in_row) "
                "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (backend, payer, account) DO UPDATE SET "
                "boot = excluded.boot, until = excluded.until, level = excluded.level, in_row = excluded.in_row",
                (*payer, self._table.clean(closed.account), *values),
            )

    @plain_arguments
    def reopen(self, payer: Payer, account: str) -> None:
        """Write down that an account takes tasks again."""
        with self._table.database.transaction() as connection:
            connection.execute(
                "DELETE FROM closed_accounts WHERE backend = ? AND payer = ? AND account = ?",
                (*payer, self._table.clean(account)),
            )

    def _enter(self, connection: Connection, job_id: str, payer: Payer, account: str) -> None:
        connection.execute(_ENDED)
        number = connection.execute(_LAST).fetchone()[0] + 1
        connection.execute(
            "INSERT INTO slots (job_id, backend, payer, account, number) VALUES (?, ?, ?, ?, ?) "
            "ON CONFLICT (job_id) DO UPDATE SET account = excluded.account",
            (job_id, *payer, self._table.clean(account), number),
        )

    def _facts(self, connection: Connection, payer: Payer, by: str) -> SlotFacts:
        rows = connection.execute(_PLACES, payer).fetchall()
        gone = cache(is_gone)  # a kernel has many jobs
        beats = self._table.beats
        owner = self._table.clean(by)

        def is_there(row: Row) -> bool:
            if row["owner"] == owner or beats.is_held(connection, row["job_id"], row["owner"], row["lease"], gone):
                return True
            return row["phase"] in HOLDS_SLOT and beats.is_younger(connection, row["job_id"], OUTLIVES_SECONDS)

        places = [self._place(row, owner) for row in rows if row["phase"] in HOLDS_SLOT + UNSENT and is_there(row)]
        return SlotFacts(tuple(places), self._closed(connection, payer))

    def _place(self, row: Row, owner: str) -> Place:
        unmask = self._table.addresses.unmask_if_known
        return Place(
            row["job_id"],
            task_account(unmask(row["task_id"])) or unmask(row["account"]),
            row["number"],
            (machine_of(row["owner"]), row["folder"], row["notebook"]),
            row["owner"] == owner,
            row["phase"] in HOLDS_SLOT,
            row["phase"] == Phase.SENDING,
            row["asked_by"],
        )

    def _closed(self, connection: Connection, payer: Payer) -> tuple[ClosedAccount, ...]:
        moment, unmask = self._table.beats.moment(), self._table.addresses.unmask_if_known
        rows = connection.execute(
            "SELECT account, until, level, in_row FROM closed_accounts WHERE backend = ? AND payer = ? AND boot = ?",
            (*payer, moment.boot),
        )
        return tuple(
            ClosedAccount(unmask(row["account"]), row["until"] - moment.uptime, row["level"], row["in_row"])
            for row in rows
        )
