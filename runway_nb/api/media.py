"""Finished videos: fetched and checked; and small pictures.

The media host never sees the token: this is a client of its own, without our headers (API facts 4.4). Where a link
leads is decided by a server, so it is guarded (`link_guard`).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import httpx
from anyio import fail_after

from ..errors import DownloadError, LinkExpired, NotVideo
from ..settings import is_loopback
from ..storage.atomic_file import PartialFile, free_bytes
from ..storage.video_folder import unwritable
from .http_body import body, pieces, promised_bytes
from .http_client import REDIRECTS, RequestTrace, close, make_http, opened
from .link_guard import (
    HostNotFound,
    LinkProblem,
    PeerGuard,
    Resolve,
    check_public,
    has_proxy,
    is_host,
    is_same_origin,
    shown_host,
    system_addresses,
)
from .mp4 import check_mp4
from .transport_errors import BodyProblem, TransportFailure

Progress = Callable[[int, "int | None"], None]
"""Called with bytes received and bytes promised."""

PAUSES = (1.0, 3.0, 8.0, 15.0, 30.0, 60.0, 60.0, 60.0)
"""Seconds between the attempts of a download: four minutes in all, for a router or a media host that starts anew."""
NO_VIDEO = 3
"""How often what came and is no video is asked for again: the task may name another file by then."""
PICTURE_LIMIT = 20_000_000
"""Bytes of the largest picture that is read."""
PICTURE_SECONDS = 30.0
"""Seconds that a picture may take in all, redirects included."""
VIDEO_LIMIT = 2_000_000_000
"""Bytes of the largest video that is read; those of Runway have some millions."""
OPEN_SECONDS = 60.0
"""Seconds until the body of a video begins, redirects included."""
WINDOW, LEAST = 60.0, 120_000
"""In each window of so many seconds a video has to come on by so many bytes: 2 KB a second."""
SPARE = 20_000_000
"""Bytes by which a video may be larger than four times what its task reports."""
_EXPIRED = (401, 403, 404, 410)


class MediaClient:
    """Fetches videos and pictures by signed link.

    Args:
        local: The links point at this machine (the simulator); any other host is then refused.
        origin: Address of the API when that is on this machine: the links lead there and nowhere else.
        transport: An httpx transport, for tests.
        sleep: Waits between attempts.
        clock: Seconds that only grow.
        resolve: Finds the addresses of a host; by default the system, and nobody with a transport.
        free: Bytes that are free in a folder; None where that is not known.

    Raises `SettingsError` for a proxy or certificates that cannot be used.
    """

    def __init__(
        self,
        *,
        local: bool = False,
        origin: str = "",
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        resolve: Resolve | None = None,
        free: Callable[[Path], int | None] = free_bytes,
    ) -> None:
        self._origin = httpx.URL(origin) if origin and is_loopback(httpx.URL(origin).host) else None
        self._local = local or self._origin is not None
        self._sleep, self._clock, self._free = sleep, clock, free
        self._has_system = transport is None
        self._resolve = resolve or (system_addresses if self._has_system else None)
        self._http = make_http(
            local=self._local,
            transport=transport,
            headers={"Accept-Encoding": "identity"},
            timeout=httpx.Timeout(WINDOW, connect=15.0),
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await close(self._http)

    async def download(
        self, url: str, path: Path, progress: Progress, *, size: int | None = None, alone: bool = True,
        waits: Callable[[float], object] = lambda _: None,
    ) -> Path:  # fmt: skip
        """Fetch a video to `path`: to a temporary name, checked to be whole, then renamed.

        Args:
            url: The signed link.
            path: Where the file is to lie.
            progress: Called with bytes received and bytes promised.
            size: Bytes that the task reports of it, or None.
            alone: There is no other link to try: what is no video is asked for again.
            waits: Called with the seconds until it is tried again.

        Raises `LinkExpired` for 401, 403, 404 and 410, `DownloadError` after the last attempt. Both leave nothing
        behind.
        """
        if size is not None and not 0 < size <= VIDEO_LIMIT:
            size = None  # nonsense, which must not cost a video that has been paid for
        # a name of its own: a kernel that slept may still write to its draft when another has taken over
        draft = PartialFile(path, self._free)
        try:
            await self._attempts(lambda: self._fetch(url, draft, progress, size), alone, waits)
            return await asyncio.to_thread(draft.finish)
        except (OSError, ValueError) as error:
            problem = f"the video {unwritable(path.parent, error)}"
        except (LinkProblem, BodyProblem) as lasting:
            problem = f"the video cannot be fetched: {lasting}"
        finally:
            draft.discard()
        raise DownloadError(problem)

    async def picture(self, url: str) -> bytes:
        """Fetch a small picture, on one clock. Raises `DownloadError`."""
        try:
            with fail_after(PICTURE_SECONDS):
                return await self._picture(url)
        except TimeoutError:
            raise DownloadError(f"the picture did not come within {PICTURE_SECONDS:.0f} s") from None

    async def _picture(self, url: str) -> bytes:
        try:
            async with self._answer(url) as answer:
                return await body(answer, PICTURE_LIMIT)
        except (TransportFailure, LinkProblem, BodyProblem) as error:
            problem = f"the picture could not be fetched: {error}"
        raise DownloadError(problem)

    async def _attempts(
        self, fetch: Callable[[], Awaitable[None]], alone: bool, waits: Callable[[float], object]
    ) -> None:
        for number, pause in enumerate(PAUSES):
            try:
                return await fetch()
            except LinkExpired:
                raise
            except DownloadError as error:
                if isinstance(error, NotVideo) and (number >= NO_VIDEO or not alone):
                    raise
                waits(pause)
                await self._sleep(pause)
        return await fetch()

    async def _fetch(self, url: str, draft: PartialFile, progress: Progress, size: int | None) -> None:
        try:
            async with self._answer(url, OPEN_SECONDS) as answer:
                await self._save(answer, draft, progress, size)
        except (TransportFailure, HostNotFound) as broken:
            problem = f"the download broke off ({broken})"
        else:
            return await asyncio.to_thread(check_mp4, draft.path)
        raise DownloadError(problem)

    async def _save(self, answer: httpx.Response, draft: PartialFile, progress: Progress, size: int | None) -> None:
        is_packed = answer.headers.get("Content-Encoding", "").strip().lower() not in ("", "identity")
        total = None if is_packed else promised_bytes(answer)
        limit = VIDEO_LIMIT if size is None else min(VIDEO_LIMIT, 4 * size + SPARE)
        received = 0
        await asyncio.to_thread(draft.begin, min(total or size or 0, limit))
        try:
            async with aclosing(pieces(answer, limit)) as coming, aclosing(self._paced(coming)) as paced:
                async for piece in paced:
                    if draft.add(piece):
                        await asyncio.to_thread(draft.write)
                    received += len(piece)
                    progress(received, total)
            await asyncio.to_thread(draft.flush)
        finally:
            draft.close()

    async def _paced(self, coming: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
        """Yield the same pieces. Raises `DownloadError` when they come so slowly that there will be no end."""
        ends, came = self._clock() + WINDOW, 0
        while True:
            try:
                with fail_after(WINDOW):
                    piece = await coming.__anext__()
            except StopAsyncIteration:
                return
            except TimeoutError:
                raise DownloadError(f"the download came to a stop: nothing for {WINDOW:.0f} s") from None
            came += len(piece)
            if self._clock() >= ends:
                if came < LEAST:
                    raise DownloadError(f"the download came to a stop: {came:,} bytes in {WINDOW:.0f} s")
                ends, came = self._clock() + WINDOW, 0
            yield piece

    # --- links ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _answer(self, url: str, seconds: float | None = None) -> AsyncIterator[httpx.Response]:
        """Yield a good answer at the end of the redirects, its body unread, within `seconds`.

        Raises `LinkProblem`, `TransportFailure` and `DownloadError`.
        """
        try:
            with fail_after(seconds):
                answer = await self._followed(url)
        except TimeoutError:
            raise DownloadError(f"the media host did not answer within {seconds:.0f} s") from None
        try:
            _check_status(answer)
            yield answer
        finally:
            await close(answer)

    async def _followed(self, url: str) -> httpx.Response:
        link = _read(url)
        for _ in range(REDIRECTS + 1):
            answer = await self._visited(link)
            if "location" not in answer.extensions:
                return answer
            await close(answer)
            link = _read(str(answer.extensions["location"]), link)
        raise LinkProblem(f"the link to it leads on more than {REDIRECTS} times (TooManyRedirects)")

    async def _visited(self, link: httpx.URL) -> httpx.Response:
        try:
            guard = await self._guarded(link)
            trace = RequestTrace(reports_steps=self._has_system, then=guard)
            return await opened(self._http, self._http.build_request("GET", link), trace)
        except HostNotFound:
            raise HostNotFound(f"{shown_host(link)} cannot be found") from None
        except LinkProblem as problem:
            origin = f"{link.scheme}://{shown_host(link)}" if is_host(link) else link.scheme or "no address"
            raise LinkProblem(f"the link to it is not one to follow ({origin}): it {problem}") from None

    async def _guarded(self, link: httpx.URL) -> PeerGuard | None:
        """Return the guard of a link or a redirect; it has to be https, or this machine where the simulator is there.

        Raises `LinkProblem`.
        """
        if not is_host(link) or link.userinfo:
            raise LinkProblem("names no host")
        if self._local:
            here = is_same_origin(link, self._origin) if self._origin else is_loopback(link.host)
            if link.scheme not in ("http", "https") or not here:
                raise LinkProblem("leads away from the API")
            return None
        if link.scheme != "https":
            raise LinkProblem("is no https")
        await check_public(link, self._resolve, proxied=self._has_system and has_proxy(link.scheme))
        return PeerGuard(link)


def _read(url: str, base: httpx.URL | None = None) -> httpx.URL:
    """Return a link, or where one leads on to. Raises `LinkProblem`."""
    try:
        return base.join(url) if base is not None else httpx.URL(url)
    except (httpx.InvalidURL, ValueError, TypeError):
        raise LinkProblem("the link to it is not one to follow: it cannot be read") from None


def _check_status(answer: httpx.Response) -> None:
    if answer.status_code in _EXPIRED:
        raise LinkExpired(f"the link to the video has expired (HTTP {answer.status_code})")
    if not answer.is_success:
        raise DownloadError(f"the media host answered HTTP {answer.status_code}")
