"""The ledger on a server: connected at the first use and again when it was away, locked for a change."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import psycopg

from ...errors import LedgerError, LedgerInDoubt, RunwayError
from ...ledger_address import LedgerAddress
from ..engine import Database
from ..search_text import Phrase
from . import schema, search
from .clock import ServerClock
from .connection import ServerConnection, connect
from .failures import FAILURES, explained, raise_alone

LOCK = 0x72756E776179
"""Number of the advisory lock under which one process at a time changes the ledger: `runway` in letters."""
AWAY_SECONDS = 1.0
"""How long a server that cannot be reached is not asked again: the background loop waits for each answer."""
DOUBT_SECONDS = 5.0
"""How long it is asked whether it has kept a change in whose moment it went away."""
_PAUSE = 0.1
_NOW = "SELECT extract(epoch FROM clock_timestamp())"
_BEGIN = (
    f"BEGIN; WITH held AS MATERIALIZED (SELECT pg_advisory_xact_lock({LOCK})) "  # noqa: S608 - our own number
    "SELECT txid_current(), extract(epoch FROM clock_timestamp()) FROM held"
)
"""Begins a change in one way there and back; the time is read once it is alone."""
_STATE = "SELECT txid_status(?)"
_END = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE CAST(backend_xid AS text) = ? AND state LIKE 'idle in transaction%'"
)
"""Ends the one connection in which a change is open, unless the server is just keeping it."""
Connect = Callable[[LedgerAddress], ServerConnection]


class LedgerServer(Database):
    """A PostgreSQL database that keeps the ledger.

    Safe to use from several threads; no connection crosses a fork. Every failure is one `LedgerError`.

    Args:
        address: Of the database.
        clock: Is set to the server's time with every change.
        connect: Opens a connection.
        steady: Seconds that never jump.
        sleep: Waits.
    """

    def __init__(
        self,
        address: LedgerAddress,
        clock: ServerClock,
        connect: Connect = connect,
        steady: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], object] = time.sleep,
    ) -> None:
        self.address = address
        self._clock = clock
        self._connect = connect
        self._steady = steady
        self._sleep = sleep
        self._connection: ServerConnection | None = None
        self._changing = False
        self._away: tuple[float, str] | None = None
        """Until when it is not asked again, and why."""
        self.undone = 0
        """How many changes were undone, or may have been: what was read inside of them need not be there."""
        super().__init__()  # last: from now on a fork on another thread closes it

    @property
    def location(self) -> str:
        """Where it is, as it may be shown."""
        return str(self.address)

    def close(self) -> None:
        """Close the connection; the next call opens it again."""
        with self._lock:
            connection, self._connection = self._connection, None
            if connection is not None:
                with suppress(psycopg.Error):
                    connection.close()

    @contextmanager
    def opened(self) -> Iterator[ServerConnection]:
        """Open the connection, for this thread alone."""
        with self._lock:
            try:
                connection = self._opened()
                if connection.in_transaction and not self._changing:
                    connection.raw.rollback()  # an interrupt came at a bad moment
                yield connection
            except RunwayError:
                raise
            except FAILURES as error:
                raise_alone(self._problem(error))

    @contextmanager
    def transaction(self) -> Iterator[ServerConnection]:
        """Open a change that nothing comes in between of; it is kept at the end, or undone by an error.

        Raises `LedgerInDoubt` where the server goes away in that moment and does not come back to say what it kept.
        """
        with self.opened():
            connection, number = self._begun()
            self._changing = True
            try:
                yield connection
                self._keep(connection, number)
            except BaseException:
                self.undone += 1
                with suppress(psycopg.Error):
                    connection.raw.rollback()
                raise
            finally:
                self._changing = False

    def matching(self, connection: ServerConnection, wanted: Sequence[Phrase]) -> tuple[str, list[Any]]:
        """Return the SQL condition of the jobs in which all phrases stand, and its values."""
        return search.matching(self, connection, wanted)

    def _opened(self) -> ServerConnection:
        if self._changing and self._connection is not None:
            return self._connection
        if self._connection is not None and self._connection.is_broken:
            self.close()
        if self._connection is None:
            if self._away is not None and self._steady() < self._away[0]:
                raise LedgerError(self._away[1])
            self._connection = self._connected()
            self._away = None
        return self._connection

    def _connected(self) -> ServerConnection:
        connection = self._connect(self.address)
        try:
            found = schema.version(connection)
            if found < len(schema.STEPS):
                self._bring_up_to_date(connection)
            self._check_step(found)
            self._clock.set(float(connection.execute(_NOW).fetchone()[0]))
        except BaseException:
            connection.close()
            raise
        return connection

    def _check_step(self, found: int) -> None:
        if found > len(schema.STEPS):
            raise LedgerError(
                f"the ledger {self.location} was written by a newer runway_nb (step {found}, known are "
                f"{len(schema.STEPS)}): install that version"
            )

    def _bring_up_to_date(self, connection: ServerConnection) -> None:
        with connection.raw.transaction():
            connection.execute("SELECT pg_advisory_xact_lock(?)", (LOCK,))
            schema.migrate(connection)

    def _begun(self) -> tuple[ServerConnection, int]:
        """Begin a change once no other is open, take the server's time, and return the number of the change.

        A connection that turns out to be lost is opened again: nothing was written yet.
        """
        connection = self._opened()
        try:
            return connection, self._begin(connection)
        except psycopg.OperationalError:
            if not connection.raw.closed:
                raise
            self.close()
            connection = self._opened()
            return connection, self._begin(connection)

    def _begin(self, connection: ServerConnection) -> int:
        number, seconds = connection.begin(_BEGIN)
        self._clock.set(float(seconds))
        return int(number)

    def _keep(self, connection: ServerConnection, number: int) -> None:
        problem = self._lost_in_commit(connection)
        if problem and not self._was_kept(number):
            raise LedgerError(f"{problem} (the last change was not kept)")

    def _lost_in_commit(self, connection: ServerConnection) -> str:
        try:
            connection.raw.commit()
        except psycopg.OperationalError as error:
            return explained(error, self.address)
        return ""

    def _was_kept(self, number: int) -> bool:
        """Return whether a change was kept in whose moment the connection was lost. Raises `LedgerInDoubt`."""
        self.close()
        give_up = self._steady() + DOUBT_SECONDS
        while self._steady() < give_up:
            with suppress(psycopg.Error, LedgerError):
                if self._connection is None or self._connection.is_broken:
                    self.close()
                    self._connection = self._connected()
                state = self._connection.execute(_STATE, (number,)).fetchone()[0]
                if state != "in progress":
                    return bool(state == "committed")
                # the server still waits for the connection that is lost, and keeps everybody waiting with it
                self._connection.execute(_END, (str(number % 2**32),))
            self._sleep(_PAUSE)
        raise LedgerInDoubt(f"the ledger {self.location} went away and has not said whether it kept the last change")

    def _problem(self, error: Exception) -> LedgerError:
        problem = explained(error, self.address)
        if self._connection is None and isinstance(error, psycopg.OperationalError):
            self._away = self._steady() + AWAY_SECONDS, problem
        elif self._connection is not None and self._connection.is_broken:
            self.close()  # the next call opens another, and finds out whether the server is away
        return LedgerError(problem)
