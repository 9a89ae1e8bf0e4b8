"""E-mail addresses of accounts in a table of the server: each machine that shares a ledger needs them."""

from __future__ import annotations

from .server import LedgerServer


class AddressTable:
    """Addresses by key, apart from the rows of jobs. Raises `LedgerError` as the ledger does."""

    def __init__(self, server: LedgerServer) -> None:
        self._server = server
        self._known: dict[str, str] = {}
        self._undone = 0

    def read(self, key: str) -> str | None:
        """Return the address; None where there is none."""
        if self._undone != self._server.undone:
            # what was written in a change that was undone is not there
            self._undone = self._server.undone
            self._known.clear()
        if key not in self._known:
            with self._server.opened() as connection:
                row = connection.execute("SELECT address FROM addresses WHERE key = ?", (key,)).fetchone()
            if row is None:
                return None
            self._known[key] = row[0]
        return self._known[key]

    def write(self, key: str, address: str) -> None:
        """Keep an address; inside of a change it is kept with that."""
        with self._server.opened() as connection:
            connection.execute(
                "INSERT INTO addresses (key, address) VALUES (?, ?) "
                "ON CONFLICT (key) DO UPDATE SET address = excluded.address",
                (key, address),
            )
        self._known[key] = address
