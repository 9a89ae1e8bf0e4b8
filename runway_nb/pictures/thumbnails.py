"""Small pictures of larger ones, for the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from ..errors import DownloadError, InvalidRequest

if TYPE_CHECKING:
    from ..api.media import MediaClient

THUMBNAIL_WIDTH, POSTER_WIDTH = 240, 560
"""Pixels of a small picture, shown 120 wide, and of the still of a video; on dense screens twice as many."""


def small_jpeg(data: bytes, width: int = POSTER_WIDTH, quality: int = 60) -> bytes | None:
    """Return the picture as a JPEG at most `width` pixels wide; None when it cannot be read.

    It takes a while: not on the loop.
    """
    from .fit import thumbnail  # loads Pillow

    with suppress(InvalidRequest):  # a thumbnail only decorates
        return thumbnail(data, (width, width * 2), quality)
    return None


async def fetch_thumbnail(media: MediaClient, urls: Iterable[str], width: int) -> bytes | None:
    """Return the first of some pictures that can be had, as a JPEG at most `width` pixels wide.

    None when there is none: a thumbnail only decorates.
    """
    for url in filter(None, urls):
        with suppress(DownloadError):
            if small := await asyncio.to_thread(small_jpeg, await media.still(url), width):
                return small
    return None
