"""Finished videos: fetch, check, name; and small stills of them.

The media host never sees the token: this is a client of its own, without our headers (API facts 4.4).
"""

from __future__ import annotations

import asyncio
import os
import re
import secrets
import unicodedata
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path

import httpx

from . import __version__
from .errors import DownloadError, InvalidRequest, LinkExpired
from .redact import redact_http_logs
from .settings import is_loopback

Progress = Callable[[int, "int | None"], None]
"""Called with bytes received and bytes promised."""

PAUSES = (1.0, 3.0, 8.0)
"""Seconds between the attempts of a download."""
STILL_LIMIT = 20_000_000
"""Bytes of the largest still that is read."""
_EXPIRED = (401, 403, 404, 410)
_BROKEN = (httpx.HTTPError, httpx.InvalidURL, ValueError)
"""What httpx raises for a connection that breaks and for a link that is none."""


class MediaClient:
    """Fetches videos and stills by signed link.

    Args:
        local: The links point at this machine (the simulator); any other host is then refused.
        transport: An httpx transport, for tests.
        sleep: Waits between attempts.
    """

    def __init__(
        self,
        *,
        local: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        redact_http_logs()
        self._local = local
        self._sleep = sleep
        self._http = httpx.AsyncClient(
            headers={"User-Agent": f"runway_nb/{__version__}"},
            timeout=httpx.Timeout(60.0, connect=15.0),
            follow_redirects=True,
            max_redirects=5,
            verify=not local,
            trust_env=not local,
            transport=transport,
            event_hooks={"request": [self._check]},
        )

    async def aclose(self) -> None:
        """Close the connections."""
        await self._http.aclose()

    async def download(self, url: str, path: Path, progress: Progress) -> Path:
        """Fetch a video to `path`: to a temporary name, checked to be whole, then renamed.

        Raises `LinkExpired` for 401, 403, 404 and 410, `DownloadError` after the last attempt. Both leave
        nothing behind.
        """
        # a name of its own: a kernel that slept may still write to its draft when another has taken over
        draft = path.with_name(f".{path.stem}-{secrets.token_hex(4)}.part")
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            await self._attempts(url, draft, progress)
            return draft.replace(path)
        except OSError as error:
            raise DownloadError(f"the video cannot be written to {path.parent}: {error.strerror}") from None
        finally:
            with suppress(OSError):
                draft.unlink()

    async def still(self, url: str) -> bytes:
        """Fetch a small picture. Raises `DownloadError`."""
        data = bytearray()
        try:
            async with self._http.stream("GET", url) as answer:
                _check_status(answer)
                async for chunk in answer.aiter_bytes():
                    data += chunk
                    if len(data) > STILL_LIMIT:
                        raise DownloadError("the still is larger than 20 MB")
        except _BROKEN as error:
            raise DownloadError(f"the still could not be fetched ({type(error).__name__})") from None
        return bytes(data)

    async def _attempts(self, url: str, draft: Path, progress: Progress) -> None:
        for pause in PAUSES:
            try:
                return await self._fetch(url, draft, progress)
            except LinkExpired:
                raise
            except DownloadError:
                await self._sleep(pause)
        return await self._fetch(url, draft, progress)

    async def _fetch(self, url: str, draft: Path, progress: Progress) -> None:
        try:
            async with self._http.stream("GET", url) as answer:
                _check_status(answer)
                await _save(answer, draft, progress)
        except _BROKEN as error:
            raise DownloadError(f"the download broke off ({type(error).__name__})") from None
        check_mp4(draft)

    async def _check(self, request: httpx.Request) -> None:
        """Called for the link and for every redirect: https, or this machine when the simulator is there."""
        url = request.url
        if is_loopback(url.host) != self._local or (not self._local and url.scheme != "https"):
            raise DownloadError(f"the link to the video is not one to follow ({url.scheme}://{url.host})")


def _check_status(answer: httpx.Response) -> None:
    if answer.status_code in _EXPIRED:
        raise LinkExpired(f"the link to the video has expired (HTTP {answer.status_code})")
    if not answer.is_success:
        raise DownloadError(f"the media host answered HTTP {answer.status_code}")


async def _save(answer: httpx.Response, draft: Path, progress: Progress) -> None:
    promised = answer.headers.get("Content-Length", "")
    total = int(promised) if promised.isdigit() else None
    received = 0
    with draft.open("wb") as file:
        async for chunk in answer.aiter_bytes(64 * 1024):
            file.write(chunk)
            received += len(chunk)
            progress(received, total)
        file.flush()
        os.fsync(file.fileno())


def check_mp4(path: Path) -> None:
    """Raise `DownloadError` unless the file is a whole MP4: boxes to the last byte, with moov and mdat."""
    size, at, found = path.stat().st_size, 0, set()
    with path.open("rb") as file:
        while at < size:
            file.seek(at)
            length, kind = _box(file.read(16))
            length = length or size - at
            if length < 8 or at + length > size:
                raise DownloadError(f"the file is cut off or no MP4 (box at byte {at:,} of {size:,})")
            found.add(kind)
            at += length
    if missing := {"ftyp", "moov", "mdat"} - found:
        raise DownloadError(f"the file is no MP4: no {', '.join(sorted(missing))}")


def _box(head: bytes) -> tuple[int, str]:
    """Length and kind of a box; a length of 1 stands for a 64-bit length behind the kind."""
    if len(head) < 8:
        return 1, ""
    length = int.from_bytes(head[:4], "big")
    if length == 1 and len(head) == 16:
        length = int.from_bytes(head[8:16], "big")
    return length, head[4:8].decode("latin-1")


def file_name(prompt: str, job_id: str) -> str:
    """A short, stable name such as `a-lighthouse-at-dusk-7f3e2c54.mp4`: plain ASCII, safe on every system."""
    plain = unicodedata.normalize("NFKD", prompt).encode("ascii", "ignore").decode().lower()
    words = re.findall(r"[a-z0-9]+", plain)
    slug = ""
    for word in words:
        if len(slug) + len(word) > 32:
            break
        slug = f"{slug}-{word}" if slug else word
    return f"{slug or 'video'}-{job_id}.mp4"


def small_jpeg(data: bytes, width: int = 560, quality: int = 60) -> bytes | None:
    """The picture as a JPEG at most `width` pixels wide; None when it cannot be read.

    It takes a while: not on the loop.
    """
    from .fit import thumbnail

    with suppress(InvalidRequest):  # a still only decorates
        return thumbnail(data, (width, width * 2), quality)
    return None
