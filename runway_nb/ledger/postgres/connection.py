"""One connection to the server, with the values that SQLite gives: rows by number and name, whole numbers, switches."""

from __future__ import annotations

import select
import time
from collections.abc import Callable, Generator, Iterable
from functools import lru_cache
from typing import Any

import psycopg
from psycopg import sql
from psycopg.adapt import Buffer, Dumper, Loader
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.pq import TransactionStatus
from psycopg.types.string import StrDumperUnknown

from ...ledger_address import LedgerAddress
from .schema import SCHEMA
from .statements import translated

BUSY_SECONDS = 30
"""How long a change waits for those of other processes."""
SILENT_SECONDS = 10
"""After how long a change is undone whose process says nothing more: one that is cut off keeps nobody waiting."""
DUMB_SECONDS = 70.0
"""After how long a server is given up that takes what it is told and never answers, as one whose disk hangs: longer
than it may work on a statement. The background loop waits for each answer, and paid jobs with it. A choice of ours."""
_DEFAULTS = {
    "connect_timeout": "5", "keepalives_idle": "5", "keepalives_interval": "2", "keepalives_count": "3",
    "tcp_user_timeout": "10000", "target_session_attrs": "read-write", "application_name": "runway_nb",
}  # fmt: skip
"""Parameters of a connection that the address leaves open: a server that has gone is noticed within seconds."""
_DURABLE = (
    "SELECT set_config('synchronous_commit', 'on', false) "
    "WHERE current_setting('synchronous_commit') NOT IN ('on', 'remote_apply')"
)
_SESSION = (
    f"SET search_path TO {SCHEMA}",
    f"SET lock_timeout TO '{BUSY_SECONDS}s'",
    f"SET statement_timeout TO '{2 * BUSY_SECONDS}s'",
    f"SET idle_in_transaction_session_timeout TO '{SILENT_SECONDS}s'",
    "SET client_min_messages TO warning",
    # what is written is on disk when the call returns; a stricter setting of the server stays
    _DURABLE,
)


class _Impatient(psycopg.Connection[Any]):
    """Gives up a server that does not answer; it is lost then like any other that goes away."""

    dumb_seconds = DUMB_SECONDS

    def wait(self, gen: Any, *args: Any, **more: Any) -> Any:
        try:
            return super().wait(_within(self.dumb_seconds, gen), *args, **more)
        except TimeoutError:
            self.pgconn.finish()
            raise psycopg.OperationalError(f"no answer for {self.dumb_seconds:g} s") from None


def _within(
    seconds: float, exchange: Generator[Any, Any, Any], steady: Callable[[], float] = time.monotonic
) -> Generator[Any, Any, Any]:
    """Go through an exchange with the server; raise `TimeoutError` where it does not end in time.

    psycopg wakes it several times a second, also when nothing comes.
    """
    give_up = steady() + seconds
    wanted = next(exchange)
    while True:
        ready = yield wanted
        if not ready and steady() >= give_up:
            raise TimeoutError
        try:
            wanted = exchange.send(ready)
        except StopIteration as end:
            return end.value


class ServerRow(tuple[Any, ...]):
    """A row: by number, by name, and as a dict."""

    names: dict[str, int]

    def __getitem__(self, key: Any) -> Any:
        return super().__getitem__(self.names[key] if isinstance(key, str) else key)

    def keys(self) -> Iterable[str]:
        """Return the names of the columns."""
        return self.names.keys()


def _rows(cursor: psycopg.Cursor[Any]) -> Any:
    result = cursor.pgresult
    return _row_of(tuple(map(result.fname, range(result.nfields))) if result else ())


@lru_cache(maxsize=256)
def _row_of(names: tuple[bytes, ...]) -> type[ServerRow]:
    """Return the kind of the rows that have these columns: made once, since each statement of a change asks for it."""
    return type("ServerRow", (ServerRow,), {"names": {name.decode(): at for at, name in enumerate(names)}})


class _Text(StrDumperUnknown):
    """Text as the server takes it: it has no letter zero."""

    def dump(self, obj: str) -> Buffer | None:
        return super().dump(str(obj).replace("\0", "\ufffd"))


class _Bytes(StrDumperUnknown):
    """Bytes stand for a text that some accident has spoilt in a file; here is none."""

    def dump(self, obj: Any) -> Buffer | None:
        return super().dump(bytes(obj).decode(errors="replace").replace("\0", "\ufffd"))


class _Switch(Dumper):
    """True and False as the numbers that the columns hold."""

    oid = psycopg.adapters.types["int4"].oid

    def dump(self, obj: bool) -> Buffer | None:
        return b"1" if obj else b"0"


class _Number(Loader):
    """A sum of whole numbers is a whole number."""

    def load(self, data: Buffer) -> int | float:
        text = bytes(data).decode()
        return int(text) if text.lstrip("-").isdigit() else float(text)


class ServerConnection:
    """An open connection, as the ledger uses one."""

    def __init__(self, raw: psycopg.Connection[Any]) -> None:
        self.raw = raw

    def execute(self, statement: str, values: Any = None, /) -> Any:
        """Run one statement in the words of the ledger."""
        return self.raw.execute(translated(statement).encode(), values if values is not None else ())

    def begin(self, statements: str) -> Any:
        """Run two statements in one way there and back, and return the first row of the second."""
        cursor = self.raw.execute(statements.encode(), prepare=False)
        cursor.nextset()
        return cursor.fetchone()

    @property
    def in_transaction(self) -> bool:
        """True inside of a change, also of one that has failed."""
        return self.raw.info.transaction_status != TransactionStatus.IDLE

    @property
    def is_broken(self) -> bool:
        """True when the server has closed it, as far as is known without asking: it says nothing unasked."""
        if self.raw.closed or self.raw.broken:
            return True
        readable, _, _ = select.select([self.raw.fileno()], [], [], 0)
        return bool(readable)

    def close(self) -> None:
        """Close it."""
        self.raw.close()


def connect(address: LedgerAddress, zone: str = "", dumb_seconds: float = DUMB_SECONDS) -> ServerConnection:
    """Open a connection. Raises what psycopg raises.

    Args:
        address: Of the server.
        zone: Name of the time zone in which days are counted; by default that of the server.
        dumb_seconds: After how long it is given up where it does not answer.
    """
    raw = _Impatient.connect(_parameters(address), autocommit=True, row_factory=_rows)
    raw.dumb_seconds = dumb_seconds
    try:
        for kind, dumper in ((str, _Text), (bytes, _Bytes), (bool, _Switch)):
            raw.adapters.register_dumper(kind, dumper)
        raw.adapters.register_loader("numeric", _Number)
        # in one way there and back
        raw.execute(sql.SQL("; ").join([*map(sql.SQL, _SESSION), *([_zone_statement(zone)] if zone else [])]))
    except BaseException:
        raw.close()
        raise
    return ServerConnection(raw)


def _zone_statement(zone: str) -> sql.Composed:
    return sql.SQL("SET TIME ZONE {}").format(sql.Literal(zone))


def _parameters(address: LedgerAddress) -> str:
    try:
        given = conninfo_to_dict(address.reveal())
    except psycopg.ProgrammingError:
        given = None  # its text repeats what it could not read, a password perhaps
    if given is None:
        raise psycopg.ProgrammingError("its address cannot be read: check RUNWAY_NB_LEDGER")
    return make_conninfo("", **{**_DEFAULTS, **given})
