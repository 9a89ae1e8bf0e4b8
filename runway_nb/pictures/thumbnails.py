"""Small pictures of larger ones, for the screen."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from ..api.models import Asset
from ..errors import DownloadError, InvalidRequest, RunwayError
from ..ledger.thumbnails import LARGEST
from ..storage.atomic_file import write_private
from ..storage.private_files import private_folder, read_private
from .concurrency import gather_or_cancel
from .limits import POSTER_WIDTH, THUMBNAIL_WIDTH
from .video_frames import BROKEN, frames

if TYPE_CHECKING:
    from ..api.media import MediaClient

FETCHED_AT_ONCE = 6
"""Pictures that are fetched together."""
_QUALITIES = (70, 60, 50, 40, 30, 20)
"""Of a JPEG that may have only so many bytes: 20 is still a picture."""
KEPT = 2_000
"""Pictures that stay on disk: the newest."""


def small_jpeg(data: bytes, width: int = POSTER_WIDTH, quality: int = 60) -> bytes | None:
    """Return the picture as a JPEG at most `width` pixels wide; None when it cannot be read.

    It takes a while: not on the loop.
    """
    from .fit import thumbnail  # loads Pillow

    with suppress(InvalidRequest):  # a thumbnail only decorates
        return thumbnail(data, (width, width * 2), quality)
    return None


def light_jpeg(data: bytes, width: int, most: int) -> bytes | None:
    """Return the picture as a JPEG at most `width` pixels wide, as good as `most` bytes allow; None where that is none.

    Some milliseconds: not for each of many pictures at every update.
    """
    made = (small_jpeg(data, width, quality) for quality in _QUALITIES)
    return next((small for small in made if small is None or len(small) <= most), None)


def middle_jpeg(video: Path, width: int = POSTER_WIDTH, quality: int = 60) -> bytes | None:
    """Return the frame from the middle of a clip as a JPEG at most `width` pixels wide.

    None where PyAV is missing, or the clip cannot be read. Some tenths of a second: not on the loop.
    """
    with suppress(RunwayError, *BROKEN):  # it decorates a video that is paid for
        (picture,) = frames(video, 1)
        picture.thumbnail((width, width * 2))
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=quality, optimize=True)
        return data.getvalue()
    return None


async def fetch_thumbnail(media: MediaClient, urls: Iterable[str], width: int) -> bytes | None:
    """Return the first of some pictures that can be had, as a JPEG at most `width` pixels wide.

    None when there is none: a thumbnail only decorates.
    """
    for url in filter(None, urls):
        with suppress(DownloadError):
            if small := await asyncio.to_thread(small_jpeg, await media.picture(url), width):
                return small
    return None


class Thumbnails:
    """Small JPEGs of assets in a private folder. A folder that cannot be written to costs only the memory of them."""

    _pruned: ClassVar[set[Path]] = set()

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def cached(self, asset: Asset) -> bytes | None:
        """Return the picture on disk, when it is there and whole."""
        with suppress(OSError):
            data = read_private(self._path(asset), LARGEST)
            return data if data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9") else None
        return None

    async def load(
        self, assets: Iterable[Asset], media: MediaClient, report: Callable[[Asset, bytes | None], None]
    ) -> None:
        """Call `report` with each asset and its picture, in the order in which they come; None when it cannot be had.

        Six are fetched at once, and none twice within a call.
        """
        waiting = iter({asset.id: asset for asset in assets}.values())

        async def work() -> None:
            for asset in waiting:
                report(asset, await self._picture(asset, media))

        await gather_or_cancel(work() for _ in range(FETCHED_AT_ONCE))

    async def _picture(self, asset: Asset, media: MediaClient) -> bytes | None:
        if thumbnail := await asyncio.to_thread(self.cached, asset):
            return thumbnail
        if thumbnail := await fetch_thumbnail(media, asset.thumbnail_urls, THUMBNAIL_WIDTH):
            await asyncio.to_thread(self._keep, self._path(asset), thumbnail)
        return thumbnail

    def _keep(self, path: Path, thumbnail: bytes) -> None:
        with suppress(OSError):
            private_folder(self._folder)
            self._prune()
            write_private(path, thumbnail)

    def _prune(self) -> None:
        """Remove the oldest pictures beyond what is kept, once per process."""
        if self._folder in self._pruned:
            return
        self._pruned.add(self._folder)
        with os.scandir(self._folder) as entries:
            files = [entry for entry in entries if entry.name.endswith((".jpg", ".part"))]
        files.sort(key=_written, reverse=True)
        for entry in files[KEPT:]:
            with suppress(OSError):
                os.unlink(entry)

    def _path(self, asset: Asset) -> Path:
        # the id holds an e-mail, and letters that a file name must not have
        return self._folder / f"{hashlib.sha256(asset.id.encode(errors='replace')).hexdigest()}.jpg"


def _written(entry: os.DirEntry[str]) -> float:
    """Return when a file was written; 0 when another kernel has removed it."""
    with suppress(OSError):
        return entry.stat().st_mtime
    return 0.0
