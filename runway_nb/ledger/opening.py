"""The ledger of a session: a file in its home, or a database on a server that several machines share."""

from __future__ import annotations

from pathlib import Path

from ..errors import MissingExtra
from ..ledger_address import LedgerAddress
from .lease import Clock, uptime
from .ledger import Ledger

BOOT = "postgresql"
"""What stands for the machine where leases are judged by the server's clock: all machines see the same seconds."""


def open_ledger(home: Path, address: LedgerAddress | None, clock: Clock, monotonic: Clock) -> Ledger:
    """Return the ledger, which is opened at its first use.

    Args:
        home: The folder of the ledger's file.
        address: Of a PostgreSQL database that keeps it instead; None for the file.
        clock: Unix seconds of this machine.
        monotonic: Seconds that never jump.

    Raises `MissingExtra` where there is an address and no psycopg.
    """
    return _on_server(home, address, clock, monotonic) if address is not None else Ledger(home, clock, monotonic)


def _on_server(home: Path, address: LedgerAddress, clock: Clock, monotonic: Clock) -> Ledger:
    try:
        from .postgres.addresses import AddressTable  # loads psycopg
        from .postgres.clock import ServerClock  # loads psycopg
        from .postgres.server import LedgerServer  # loads psycopg
    except ImportError as missing:
        raise MissingExtra(
            f"a ledger on a server needs psycopg ({missing}): pip install 'runway_nb[cluster]'"
        ) from None
    now = ServerClock(clock, uptime(monotonic))
    database = LedgerServer(address, now)
    return Ledger(home, now, now, BOOT, database, AddressTable(database))
