"""Which pictures lie on the accounts already, as the ledger keeps it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..values.arguments import plain_arguments
from .addresses import AccountBook
from .database import LedgerFile


class KeptUploads(LedgerFile):
    """The part of the ledger that knows uploads; ids are kept without the e-mail of their account."""

    def __init__(self, home: Path, clock: Callable[[], float], accounts: AccountBook) -> None:
        super().__init__(home, clock)
        self._accounts = accounts

    @plain_arguments
    def upload(self, content: str, backend: str, account: str = "") -> str:
        """The asset that holds a picture, on this account or on the one that got it last; nothing when none does.

        Args:
            content: SHA-256 of the bytes.
            backend: Who was sent it.
            account: The account's e-mail; by default any.
        """
        clause = "WHERE content = ? AND backend = ? AND ? IN ('', account) ORDER BY created DESC LIMIT 1"
        with self._opened() as connection:
            row = connection.execute(
                f"SELECT asset_id FROM uploaded {clause}",  # noqa: S608 - our own clause
                (content, backend, self._accounts.key(account)),
            ).fetchone()
            return self._accounts.unmask_if_known(row["asset_id"]) if row and isinstance(row["asset_id"], str) else ""

    @plain_arguments
    def keep_upload(self, content: str, backend: str, account: str, asset_id: str) -> None:
        """Write down which asset holds a picture."""
        with self._transaction() as connection:
            row = (content, backend, self._accounts.key(account), self._accounts.mask(asset_id), self._clock())
            connection.execute("INSERT OR REPLACE INTO uploaded VALUES (?, ?, ?, ?, ?)", row)

    @plain_arguments
    def forget_uploads(self, backend: str, *, asset_id: str = "", account: str = "") -> None:
        """Forget an asset that is gone, or all assets of an account that works no more."""
        with self._transaction() as connection:
            gone = (backend, self._accounts.mask(asset_id), self._accounts.key(account))
            connection.execute("DELETE FROM uploaded WHERE backend = ? AND asset_id = ? AND asset_id != ''", gone[:2])
            connection.execute("DELETE FROM uploaded WHERE backend = ? AND account = ? AND account != ''", gone[::2])
