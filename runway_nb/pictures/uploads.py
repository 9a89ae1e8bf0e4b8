"""Pictures on the account, sent once: by the hash of what is sent, for each backend and account."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakValueDictionary

from ..api.models import Asset, working_accounts
from ..errors import AccountBroken, InvalidRequest, NotFound, RunwayError, ServerError
from ..ledger.ledger import Ledger
from ..references import asset_account

if TYPE_CHECKING:
    from ..api.client import RunwayClient, Sent
    from .fit import Fitted

UPLOADS_AT_ONCE = 3


class Content(NamedTuple):
    """A picture that is to lie on an account."""

    key: str
    """What it is known by: equal keys, equal pictures."""
    name: str
    """For the account, without an ending."""
    make: Callable[[str], Awaitable[tuple[bytes, str]]]
    """Gives bytes and content type, for the e-mail of the account."""


class Uploads:
    """What lies on the accounts of one backend. Used on the background loop.

    Args:
        ledger: Keeps what was uploaded.
        backend: Who it was sent to.
        added: Called when something new lies there.
    """

    def __init__(self, ledger: Ledger, backend: str, added: Callable[[], None] = lambda: None) -> None:
        self._ledger = ledger
        self._backend = backend
        self._added = added
        self._loop: asyncio.AbstractEventLoop | None = None

    async def account_for(self, contents: list[Content], client: RunwayClient) -> str:
        """Return the account that is to get these: one that has one of them already, else one that works.

        None has to be named while there is one only. Raises `RunwayError` when there is none.
        """
        for content in contents:
            if email := asset_account(self._ledger.uploads.find(content.key, self._backend)):
                return email
        accounts = await client.accounts()
        if not accounts:
            raise RunwayError("no Runway account is set up at useapi.net: add one there first")
        return working_accounts(accounts)[0].email if len(accounts) > 1 else ""

    async def asset(self, content: Content, email: str, client: RunwayClient, sent: Sent | None = None) -> Asset:
        """Return the asset that holds a picture on an account; it is uploaded when there is none (any more).

        `sent` is called with bytes sent and bytes in all. Raises `RunwayError`; nothing is paid by then.
        """
        # two jobs that need the same picture at once send it once
        self._bind()
        lock = self._locks.setdefault(content.key, asyncio.Lock())
        async with lock:
            try:
                known, email = await self._known(content.key, email, client)
                if known is not None:
                    return known
                data, content_type = await content.make(email)
                async with self._turns:
                    asset = await client.upload(
                        data, name=content.name, content_type=content_type, email=email, progress=sent
                    )
            except AccountBroken:
                if email:
                    self.forget_account(email)
                raise
            owner = asset_account(asset.id) or email
            if email and owner.casefold() != email.casefold():
                raise ServerError("the upload was answered with an asset of another account: try again", 200)
            self._added()
            self._ledger.uploads.keep(content.key, self._backend, owner, asset.id)
            return asset

    def forget_account(self, email: str) -> None:
        """Forget what lies on an account that is broken: it must not draw the next request there."""
        self._ledger.uploads.forget(self._backend, account=email)

    def forget_asset(self, asset_id: str) -> None:
        """Forget an asset that is gone."""
        self._ledger.uploads.forget(self._backend, asset_id=asset_id)

    def _bind(self) -> None:
        """Make new locks on a new loop: those of another, as before a fork, are dead."""
        if (loop := asyncio.get_running_loop()) is not self._loop:
            self._loop = loop
            self._turns = asyncio.Semaphore(UPLOADS_AT_ONCE)
            self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def _known(self, key: str, email: str, client: RunwayClient) -> tuple[Asset | None, str]:
        """Return the asset, if it was uploaded before and exists still; and the account for it otherwise."""
        asset_id = self._ledger.uploads.find(key, self._backend, email)
        if not asset_id:
            return None, email
        try:
            return await client.asset(asset_id), email
        except NotFound:
            self.forget_asset(asset_id)
        accounts = await client.accounts()
        if email in [account.email for account in accounts]:
            return None, email
        return None, next((account.email for account in accounts if not account.error), email)


def plain(picture: Fitted, name: str) -> Content:
    """Return a fitted picture as it is."""

    async def make(email: str) -> tuple[bytes, str]:  # noqa: ARG001 - the same for every account
        return picture.data, picture.content_type

    return Content(hashlib.sha256(picture.data).hexdigest(), name, make)


def enlarged(small: Fitted, size: tuple[int, int], name: str, uploads: Uploads, client: RunwayClient) -> Content:
    """Return a picture that Runway's own upscaler brings to `size`: it is uploaded small first (API facts 9)."""
    source = plain(small, f"{name}-small")

    async def make(email: str) -> tuple[bytes, str]:
        from .fit import fit_picture  # loads Pillow

        asset = await uploads.asset(source, email, client)
        data = await client.upscaled(asset.url, size, email)
        try:
            large = await asyncio.to_thread(fit_picture, data, size)
        except InvalidRequest:
            line = "Runway's upscaler gave no picture: try again later, or leave upscale out"
            raise RunwayError(line) from None
        return large.data, large.content_type

    return Content(f"{source.key} at {size[0]}x{size[1]}", name, make)
