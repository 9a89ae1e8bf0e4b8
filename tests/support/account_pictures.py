"""Pictures to upload, assets to list, and what really lies on the account of a party."""

from __future__ import annotations

import io

from PIL import Image

from runway_nb.api.models import Asset
from runway_nb.pictures.assets import AssetCache, AssetList
from support.fakes import EMAIL

UUID_TAIL = "2222-4333-8444-555555555555"


def asked(party, question):
    """Return the answer of the API to another client of the account."""

    async def ask():
        return await question((await party.studio.account.backend.connected()).client)

    return party.studio.run(ask(), 10)


def png(colour="teal", size=(1280, 768)):
    out = io.BytesIO()
    picture = Image.new("RGB", size, colour)
    picture.paste("white", (0, 0, size[0] // 2, size[1] // 2))
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()


def an_asset(number, name="", kind="image", **fields):
    asset_id = f"user:1-runwayml:{EMAIL}-asset:{number:08x}-{UUID_TAIL}"
    return Asset(asset_id, name or f"n{number}.png", kind, url=f"https://m.test/{number}", **fields)


def shelve(party, *assets):
    """Let the account hold these; the list may be changed."""
    held = list(assets)

    async def listing():
        return AssetList(tuple(held))

    party.studio.account.backend.asset_cache = AssetCache(listing, party.time)
    return held
