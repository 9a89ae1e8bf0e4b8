"""The picture behind an asset is fetched by a link that works."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import cast

import httpx
import pytest

from runway_nb.api.client import RunwayClient
from runway_nb.api.media import MediaClient
from runway_nb.errors import DownloadError, LinkExpired
from runway_nb.pictures.asset_pictures import asset_picture
from support.assets import LAMP

LISTED = replace(LAMP, url="https://cdn.test/old")


class Account:
    """Gives the asset with a fresh link."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    async def asset(self, asset_id: str):
        self.asked.append(asset_id)
        return replace(LISTED, url="https://cdn.test/new")


def fetched(account: Account, **statuses: int) -> bytes:
    async def go():
        answers = {f"/{name}": httpx.Response(status, content=name.encode()) for name, status in statuses.items()}
        media = MediaClient(transport=httpx.MockTransport(lambda request: answers[request.url.path]))
        try:
            return await asset_picture(LISTED, cast(RunwayClient, account), media)
        finally:
            await media.aclose()

    return asyncio.run(go())


def test_a_link_that_works_is_used_as_it_was_listed() -> None:
    account = Account()
    assert fetched(account, old=200) == b"old"
    assert account.asked == []


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_a_link_that_has_expired_is_renewed_once(status) -> None:
    account = Account()
    assert fetched(account, old=status, new=200) == b"new"
    assert account.asked == [LISTED.id]


def test_a_fresh_link_that_has_expired_as_well_is_no_reason_to_ask_on() -> None:
    account = Account()
    with pytest.raises(LinkExpired):
        fetched(account, old=403, new=403)
    assert account.asked == [LISTED.id]


def test_a_host_that_fails_is_not_asked_by_another_link() -> None:
    account = Account()
    with pytest.raises(DownloadError):
        fetched(account, old=500)
    assert account.asked == []
