"""Ledgers on the engine under test: equal homes are one ledger, in a file or on a server."""

from __future__ import annotations

import sqlite3
import time
import weakref
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.rows import COLUMNS
from runway_nb.ledger_address import LedgerAddress

from .postgres import shared_server

Clock = Callable[[], float]
FILE, SERVER = "file", "server"
_chosen = FILE
_databases: dict[Path, str] = {}
_made: weakref.WeakSet[Ledger] = weakref.WeakSet()


@contextmanager
def engine_chosen(engine: str) -> Iterator[None]:
    """Make ledgers of this engine meanwhile."""
    global _chosen
    before, _chosen = _chosen, engine
    try:
        yield
    finally:
        _chosen = before


def close_all() -> None:
    """Close the ledgers on servers that are still open."""
    for ledger in list(_made):
        ledger.close()


def loosen(path: Path) -> None:
    """Let every column hold anything, as in a file that another program has made."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute("CREATE TABLE loose AS SELECT * FROM jobs")
        connection.execute("DROP TABLE jobs")
        columns = ", ".join((*COLUMNS, "boot", "uptime"))
        connection.execute(f"CREATE TABLE jobs ({columns})")
        connection.execute(f"INSERT INTO jobs ({columns}) SELECT {columns} FROM loose")
        connection.execute("DROP TABLE loose")


def url_of(home: Path) -> str:
    """Return the address of the database that stands for a home, made at the first call; nothing for a file."""
    if _chosen == FILE:
        return ""
    if home not in _databases:
        _databases[home] = shared_server().new_database(f"home{len(_databases)}")
    return _databases[home]


def make_ledger(
    home: Path, clock: Clock = time.time, monotonic: Clock | None = None, boot: str | None = None
) -> Ledger:
    """Return the ledger of a home, as `Ledger(home, ...)` does."""
    if _chosen == FILE:
        return Ledger(home, clock, monotonic, boot)
    from runway_nb.ledger.postgres.addresses import AddressTable  # loads psycopg
    from runway_nb.ledger.postgres.clock import ServerClock
    from runway_nb.ledger.postgres.server import LedgerServer

    database = LedgerServer(LedgerAddress(url_of(home)), ServerClock())
    ledger = Ledger(home, clock, monotonic, boot, database, AddressTable(database))
    _made.add(ledger)
    return ledger
