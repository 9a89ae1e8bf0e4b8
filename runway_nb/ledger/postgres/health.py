"""Whether a ledger on a server can be used: looked at without changing anything."""

from __future__ import annotations

from contextlib import closing
from typing import NamedTuple

from ...errors import LedgerError
from ...ledger_address import LedgerAddress
from . import schema
from .connection import connect
from .failures import FAILURES, explained, raise_alone


class ServerHealth(NamedTuple):
    """What a ledger on a server is."""

    engine: str
    """The version of PostgreSQL."""
    step: int
    """How many steps its tables have had; 0 where there is no ledger yet."""
    jobs: int

    @property
    def is_of_newer_version(self) -> bool:
        """True when a newer version of this package has written it."""
        return self.step > len(schema.STEPS)


def examine(address: LedgerAddress) -> ServerHealth:
    """Return how a ledger on a server is. Raises `LedgerError` where it cannot be asked."""
    try:
        with closing(connect(address)) as connection:
            engine = str(connection.execute("SHOW server_version").fetchone()[0]).split()[0]
            step = schema.version(connection)
            jobs = int(connection.execute("SELECT COUNT(*) FROM jobs").fetchone()[0]) if step else 0
            return ServerHealth(engine, step, jobs)
    except FAILURES as error:
        raise_alone(LedgerError(explained(error, address)))
