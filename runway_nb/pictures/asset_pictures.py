"""The picture behind an asset. Its link is signed and expires; reading the asset again gives a fresh one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..api.models import Asset
from ..errors import LinkExpired

if TYPE_CHECKING:
    from ..api.client import RunwayClient
    from ..api.media import MediaClient


async def asset_picture(asset: Asset, client: RunwayClient, media: MediaClient) -> bytes:
    """Return the bytes of an asset's picture, by a fresh link where the one in a listing has expired.

    Raises `DownloadError`, and `RunwayError` where the asset cannot be read again.
    """
    try:
        return await media.picture(asset.url)
    except LinkExpired:
        fresh = await client.asset(asset.id)
    return await media.picture(fresh.url)
