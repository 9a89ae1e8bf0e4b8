"""A backend: settings, and the clients that go with them.

A job keeps the backend it was submitted to. A token that is set later makes a new backend and never moves a
job that runs, neither from the simulator to the real account nor the other way.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from .. import errors
from ..api.models import Asset
from ..ledger.ledger import Ledger
from ..ledger.record import Record
from ..ledger.slots import Payer
from ..pictures.assets import AssetCache, AssetList, all_assets
from ..pictures.uploads import Uploads
from ..references import Picture, ShotFrame
from ..request import VideoRequest
from ..settings import Settings
from ..values.plain import unexpected
from .submit_queue import SubmitQueue

if TYPE_CHECKING:
    from ..api.client import RunwayClient
    from ..api.media import MediaClient
    from ..pictures.resolve import PictureSources


@dataclass(frozen=True)
class Connection:
    """The clients of a backend, bound to the background loop."""

    client: RunwayClient
    media: MediaClient
    release: Callable[[], None] = lambda: None
    """Frees what stands behind the clients."""
    inject_fault: Callable[[str], None] | None = None
    """Lets the next call to the embedded simulator go wrong, by the name of a fault."""
    page: str = ""
    """Address of the embedded simulator's page, with the key that opens it."""


Connect = Callable[[Settings], Awaitable[Connection]]
Clock = Callable[[], float]
Frame = Callable[[ShotFrame], Awaitable[bytes]]
"""Gives a frame of a job as the bytes of a picture."""


async def connect(settings: Settings) -> Connection:
    """Return clients for the real API with a token; without one, the embedded simulator and clients for it."""
    # imported at the first use, on the background thread: the first card need not wait for httpx
    from ..api.client import RunwayClient
    from ..api.media import MediaClient  # loads httpx

    if settings.token is not None:
        client = RunwayClient(settings.token, base_url=settings.base_url, multipart=settings.multipart)
        return Connection(client, MediaClient(origin=settings.base_url))
    from ..simulator import EMBEDDED_SPEED, Simulator  # first use

    try:
        simulator = Simulator(settings.home / "simulator", speed=EMBEDDED_SPEED, embedded=True)
        await asyncio.to_thread(simulator.start)
    except ImportError as missing:
        raise errors.MissingExtra(f"{missing}; or set a token: %runway login") from None
    except Exception as error:  # noqa: BLE001 - a full disk, too few file handles, a port that is forbidden
        raise unexpected(error, "the embedded simulator cannot be started") from None
    assert simulator.token is not None
    client = RunwayClient(simulator.token, base_url=simulator.base_url, multipart=settings.multipart)
    media, inject_fault = MediaClient(origin=simulator.base_url), partial(simulator.fault, times=1)
    return Connection(client, media, simulator.stop, inject_fault, simulator.page)


class Backend:
    """Settings and the connection made from them, at the first use and on the background loop."""

    def __init__(
        self, settings: Settings, ledger: Ledger, connect: Connect = connect, clock: Clock = time.monotonic
    ) -> None:
        self.settings = settings
        self.uploads = Uploads(ledger, settings.backend, lambda: self.asset_cache.forget())
        """Which pictures lie on the account already."""
        self.asset_cache = AssetCache(self._all_assets, clock)
        """All that lies there."""
        self.queue = SubmitQueue(lambda: self.settings.slots, clock)
        """Who may send next."""
        self.payer = Payer(settings.backend, settings.payer)
        """Whose slots they are."""
        self._connect = connect
        self._made: tuple[object, asyncio.Future[Connection]] | None = None

    async def connected(self) -> Connection:
        """Return the connection. One that failed is tried again; one of another loop, as before a fork, is dead."""
        loop, made = asyncio.get_running_loop(), self._made
        if made is None or made[0] is not loop or _has_failed(made[1]):
            made = self._made = (loop, asyncio.ensure_future(self._connect(self.settings)))
        return await asyncio.shield(made[1])

    async def _all_assets(self) -> AssetList:
        return await all_assets((await self.connected()).client)

    async def upload(self, request: VideoRequest, folder: Path, frame: Frame) -> tuple[Asset, tuple[str, ...]]:
        """Return the first keyframe of a request as an asset, and what was done to it; see `keyframes`."""
        from ..pictures.resolve import resolve_keyframes  # loads httpx

        found = await resolve_keyframes(request, await self.picture_sources(folder, frame))
        return found.assets["first"], tuple(note.removeprefix("first keyframe: ") for note in found.notes)

    async def picture(self, picture: Picture, folder: Path, frame: Frame) -> bytes:
        """Return the bytes of the picture that a keyframe means; see `keyframes`."""
        from ..pictures.resolve import read_keyframe  # loads httpx

        return await read_keyframe(picture, await self.picture_sources(folder, frame))

    async def delete_asset(self, asset: Asset) -> None:
        """Delete an asset for good."""
        try:
            await (await self.connected()).client.delete_asset(asset.id)
        finally:
            self.asset_cache.forget()
        self.uploads.forget_asset(asset.id)

    async def picture_sources(self, folder: Path, frame: Frame) -> PictureSources:
        """Return where pictures are found and sent: beside a notebook, on the account, in jobs."""
        from ..pictures.resolve import PictureSources  # loads httpx

        connection = await self.connected()
        return PictureSources(folder, connection.client, connection.media, self.uploads, self.asset_cache, frame)

    def can_serve(self, settings: Settings) -> bool:
        """Return True when the same backend is meant, so that the connection can be kept."""
        mine = self.settings
        return (mine.token, mine.base_url, mine.multipart, mine.home) == (
            settings.token,
            settings.base_url,
            settings.multipart,
            settings.home,
        )

    async def close(self) -> Callable[[], None]:
        """Close the clients; gives what is left to free, which may block."""
        if self._made is None or self._made[0] is not asyncio.get_running_loop():
            return lambda: None
        try:
            connection = await self._made[1]
        except Exception:  # noqa: BLE001 - what could not be opened has failed its own job
            return lambda: None
        await connection.client.aclose()
        await connection.media.aclose()
        return connection.release


class Backends:
    """All backends that a studio has talked to; the newest gets what is submitted next.

    Args:
        settings: Of the first one.
        make: Makes a backend; it connects at its first use.
    """

    def __init__(self, settings: Settings, make: Callable[[Settings], Backend]) -> None:
        self._make = make
        self._all = [make(settings)]

    def __iter__(self) -> Iterator[Backend]:
        return iter(self._all)

    @property
    def current(self) -> Backend:
        """The backend to which the next request goes."""
        return self._all[-1]

    def use(self, settings: Settings) -> None:
        """Take new settings for what is submitted from now on; jobs that run keep theirs.

        A backend of before that is meant again is taken again: its queue knows which slots its jobs hold.
        """
        known = next((backend for backend in self._all if backend.can_serve(settings)), None)
        if known is None:
            known = self._make(settings)
        else:
            known.settings = settings
        # one step: the background loop reads the list, too
        self._all = [*(backend for backend in self._all if backend is not known), known]


def _has_failed(made: asyncio.Future[Connection]) -> bool:
    return made.done() and (made.cancelled() or made.exception() is not None)


def check_backend(backend: Backend, record: Record) -> None:
    """Raise `RunwayError` for a job that another backend has made."""
    if record.backend != backend.settings.backend:
        made = "by the simulator" if record.simulated else f"at {record.backend}"
        need = "unset the token" if record.simulated else "set the token first (%runway login)"
        raise errors.RunwayError(f"job {record.id} was made {made}: {need}, then try again")
