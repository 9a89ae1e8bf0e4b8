"""How many jobs on a server wait to be picked up; asked whenever the extension is loaded, so that it never fails."""

from __future__ import annotations

from contextlib import closing

from ...ledger_address import LedgerAddress
from ..addresses import AccountAddresses, NoAddresses
from ..phase import IS_UNFINISHED_SQL
from ..unfinished import COUNTED, waits
from . import schema
from .connection import connect
from .failures import FAILURES


def count_on_server(address: LedgerAddress, user: str, folder: str, doubtful: float) -> int:
    """Return how many jobs wait that are this user's; without a name those of this folder. 0 where it cannot be asked.

    Others share the server, and their jobs are their own.

    Args:
        address: Of the server.
        user: Who asks (`Record.asked_by`); nothing where nobody is named.
        folder: The notebook's.
        doubtful: See `unfinished.waits`.
    """
    column, value = ("asked_by" if user else "folder"), AccountAddresses(NoAddresses()).mask(user or folder)
    clause = f"SELECT {COUNTED} FROM jobs WHERE {IS_UNFINISHED_SQL} AND {column} = ?"  # noqa: S608 - our own clauses
    try:
        with closing(connect(address)) as connection:
            if schema.version(connection) != len(schema.STEPS):
                return 0  # there is none yet, or it is not known how to read it: the first use of it says what is wrong
            now = float(connection.execute("SELECT extract(epoch FROM clock_timestamp())").fetchone()[0])
            rows = connection.execute(clause, (value,)).fetchall()
            return sum(waits(row, now, doubtful) for row in rows)
    except FAILURES:
        return 0
