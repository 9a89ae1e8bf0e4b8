"""Which pictures lie on the accounts already; ids are kept without the e-mail of their account."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, NamedTuple

from ..values.arguments import plain_arguments
from .addresses import AccountAddresses
from .engine import Database

if TYPE_CHECKING:
    from .engine import Connection

_KEEP = (
    "INSERT INTO uploaded (content, backend, account, asset_id, created) VALUES (?, ?, ?, ?, ?) "
    "ON CONFLICT (content, backend, account) DO UPDATE SET asset_id = excluded.asset_id, created = excluded.created"
)


class Upload(NamedTuple):
    """A picture that lies on an account."""

    content: str
    """SHA-256 of its bytes."""
    backend: str
    account: str
    asset_id: str
    created: float
    """Unix seconds."""


class LedgerUploads:
    """The uploads that a ledger knows. Raises `LedgerError` as the ledger does."""

    def __init__(self, database: Database, addresses: AccountAddresses, clock: Callable[[], float]) -> None:
        self._database = database
        self._addresses = addresses
        self._clock = clock

    @plain_arguments
    def find(self, content: str, backend: str, account: str = "") -> str:
        """Return the asset that holds a picture, on this account or the one that got it last; "" when none does.

        Args:
            content: SHA-256 of the bytes.
            backend: Where it was sent.
            account: The account's e-mail; by default any.
        """
        clause = "WHERE content = ? AND backend = ? AND ? IN ('', account) ORDER BY created DESC LIMIT 1"
        with self._database.opened() as connection:
            row = connection.execute(
                f"SELECT asset_id FROM uploaded {clause}",  # noqa: S608 - our own clause
                (content, backend, self._addresses.key(account)),
            ).fetchone()
            return self._addresses.unmask_if_known(row["asset_id"]) if row and isinstance(row["asset_id"], str) else ""

    @plain_arguments
    def keep(self, content: str, backend: str, account: str, asset_id: str) -> None:
        """Write down which asset holds a picture."""
        with self._database.transaction() as connection:
            row = (content, backend, self._addresses.key(account), self._addresses.mask(asset_id), self._clock())
            connection.execute(_KEEP, row)

    def all(self) -> list[Upload]:
        """Return all that is known, the oldest first."""
        with self._database.opened() as connection:
            rows = connection.execute(f"SELECT {', '.join(Upload._fields)} FROM uploaded ORDER BY created").fetchall()  # noqa: S608
            return [Upload(*(map(self._shown, row))) for row in rows]

    def _shown(self, value: Any) -> Any:
        return self._addresses.unmask_if_known(value) if isinstance(value, str) else value

    def write(self, connection: Connection, upload: Upload) -> None:
        """Write an upload as it stands, inside the caller's transaction."""
        masked = self._addresses.key(upload.account), self._addresses.mask(upload.asset_id)
        connection.execute(_KEEP, (upload.content, upload.backend, *masked, upload.created))

    @plain_arguments
    def forget(self, backend: str, *, asset_id: str = "", account: str = "") -> None:
        """Forget an asset that is gone, or all assets of an account that works no more."""
        with self._database.transaction() as connection:
            gone = (backend, self._addresses.mask(asset_id), self._addresses.key(account))
            connection.execute("DELETE FROM uploaded WHERE backend = ? AND asset_id = ? AND asset_id != ''", gone[:2])
            connection.execute("DELETE FROM uploaded WHERE backend = ? AND account = ? AND account != ''", gone[::2])
