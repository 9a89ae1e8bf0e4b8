"""Assets of an account, as the API lists them."""

from __future__ import annotations

from typing import Any

from runway_nb.api.models import Asset

from .strategies import EMAIL


def asset_id(number: int = 0, email: str = EMAIL) -> str:
    """Return a composite id."""
    return f"user:1-runwayml:{email}-asset:{number:08x}-2222-4333-8444-555555555555"


def an_asset(name: str, number: int = 0, email: str = EMAIL, kind: str = "image", **fields: Any) -> Asset:
    """Return an asset of an account."""
    return Asset(asset_id(number, email), name, kind, **fields)


LAMP, SEA = an_asset("lamp.png", 0x11111111), an_asset("sea", 0xAAAAAAAA)
"""Two pictures."""
