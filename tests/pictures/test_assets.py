"""The assets of all accounts: listed, and kept fresh in a cache."""

from __future__ import annotations

import asyncio
import pickle
from typing import cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_nb.api.client import RunwayClient
from runway_nb.api.models import Account
from runway_nb.errors import NoAnswer, RunwayError, ServerError, Unauthorized
from runway_nb.pictures import assets as module
from runway_nb.pictures.assets import AssetCache, AssetList, all_assets
from runway_nb.spec import LIST_LIMIT, LIST_PAGES
from support.assets import LAMP, SEA, an_asset
from support.examples import examples
from support.fakes import EMAIL as SIMULATED
from support.fakes import Party
from support.strategies import EMAIL

ONE, TWO, THREE = "one@example.org", "two@example.org", "three@example.org"
REACH = LIST_PAGES * LIST_LIMIT


class Api:
    """Accounts and their assets; pages as the API gives them, and as it might."""

    def __init__(self, listings, troubled=(), failing=(), limit=LIST_LIMIT):
        self.listings, self.troubled, self.failing, self.limit = listings, troubled, failing, limit
        self.asked = []
        self.running = self.most = 0

    async def accounts(self):
        return tuple(
            Account(email, 2, f"{email} is locked" if email in self.troubled else "") for email in self.listings
        )

    async def assets(self, *, offset=0, limit=LIST_LIMIT, kind="", email=""):
        self.asked.append((offset, email))
        self.running += 1
        self.most = max(self.most, self.running)
        await asyncio.sleep(0)
        self.running -= 1
        if email in self.failing:
            raise NoAnswer(f"{email} does not answer")
        assert email or len(self.listings) == 1
        return self.page(self.listings.get(email) or next(iter(self.listings.values())), offset)

    def page(self, listing, offset):
        return listing[offset : offset + self.limit]


def names(assets):
    return [asset.name for asset in assets]


async def all_of(api: Api) -> AssetList:
    return await all_assets(cast(RunwayClient, api))


def many(count, email=EMAIL, **fields):
    return [an_asset(f"{email}{number}", number, email, **fields) for number in range(count)]


# --- listing ----------------------------------------------------------------------------------------


@settings(max_examples=examples(60), deadline=None)
@given(st.integers(0, 1100))
def test_a_listing_is_complete_in_order_and_frugal(count) -> None:
    listing = many(count)
    api = Api({EMAIL: listing})
    found = asyncio.run(all_of(api))
    assert found.items == tuple(listing[:REACH])
    assert len(api.asked) == len(set(api.asked)) <= min(LIST_PAGES, count // LIST_LIMIT + 3)
    assert api.most <= module.LISTED_AT_ONCE
    assert bool(found.notes) == (count >= REACH)
    if count < LIST_LIMIT:
        assert api.asked == [(0, "")]


@settings(max_examples=examples(30), deadline=None)
@given(st.integers(1, 7), st.integers(1, 5), st.integers(0, 40))
def test_any_size_and_number_of_pages_will_do(limit, pages, count) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LIST_LIMIT", limit)
        patch.setattr(module, "LIST_PAGES", pages)
        api = Api({EMAIL: many(count)}, limit=limit)
        assert len(asyncio.run(all_of(api))) == min(count, limit * pages)
        assert len(api.asked) <= pages


class IgnoresTheLimit(Api):
    def page(self, listing, offset):
        return listing[offset:]


class IgnoresTheOffset(Api):
    def page(self, listing, offset):
        return listing[: self.limit]


class Grows(Api):
    """Somebody uploads between the pages, so that each page repeats the end of the one before."""

    def page(self, listing, offset):
        listing.insert(0, an_asset("new", 0xF0000000 + offset))
        return listing[offset : offset + self.limit]


@pytest.mark.parametrize(
    ("kind", "count", "listed", "requests"),
    [(IgnoresTheLimit, 260, 260, 4), (IgnoresTheOffset, 260, 50, 4), (Grows, 260, 261, 7)],
)
def test_pages_that_overlap_bring_nothing_twice_and_come_to_an_end(kind, count, listed, requests) -> None:
    api = kind({EMAIL: many(count)})
    found = asyncio.run(all_of(api))
    assert len(found) == len({asset.id for asset in found}) == listed
    assert len(api.asked) <= requests


def test_the_newest_come_first_whatever_account_they_are_of() -> None:
    listings = {
        ONE: [an_asset("d", 1, ONE, created=40.0), an_asset("a", 2, ONE, created=10.0)],
        TWO: [an_asset("c", 3, TWO, created=30.0), an_asset("undated", 4, TWO), an_asset("b", 5, TWO, created=20.0)],
    }
    assert names(asyncio.run(all_of(Api(listings)))) == ["d", "c", "undated", "b", "a"]


def test_without_dates_the_order_is_that_of_the_api() -> None:
    listings = {ONE: many(3, ONE), TWO: many(2, TWO)}
    assert list(asyncio.run(all_of(Api(listings)))) == listings[ONE] + listings[TWO]


def test_accounts_are_listed_side_by_side_but_never_more_than_three_requests_at_once() -> None:
    api = Api({email: many(160, email) for email in (ONE, TWO, THREE)})
    assert len(asyncio.run(all_of(api))) == 480
    assert api.most == 3


def test_an_account_in_trouble_is_skipped_and_said() -> None:
    api = Api({ONE: many(2, ONE), TWO: many(3, TWO)}, troubled=[ONE])
    found = asyncio.run(all_of(api))
    assert len(found) == 3
    assert {email for _, email in api.asked} == {TWO}
    assert found.notes == ("the assets of account 1 of 2 are missing: ***@*** is locked",)


def test_an_account_that_fails_alone_is_said() -> None:
    found = asyncio.run(all_of(Api({ONE: many(2, ONE), TWO: many(3, TWO)}, failing=[TWO])))
    assert len(found) == 2
    assert found.notes == ("the assets of account 2 of 2 are missing: ***@*** does not answer",)


def test_an_account_in_trouble_is_asked_when_there_is_no_other() -> None:
    assert len(asyncio.run(all_of(Api({ONE: many(2, ONE)}, troubled=[ONE])))) == 2


@pytest.mark.parametrize("emails", [(ONE, TWO), (ONE,)])
def test_when_no_account_answers_the_error_is_raised(emails) -> None:
    class Down(Api):
        def page(self, listing, offset):
            raise Unauthorized("Unauthorized", 401)

    with pytest.raises(Unauthorized):
        asyncio.run(all_of(Down({email: many(1, email) for email in emails})))


def test_a_mistake_of_ours_is_no_account_in_trouble() -> None:
    class TransportFailure(Api):
        def page(self, listing, offset):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(all_of(TransportFailure({ONE: many(1, ONE), TWO: many(1, TWO)})))


def test_the_simulator_lists_uploads_and_videos(party: Party) -> None:
    async def listed(kind=""):
        connection = await party.connect(party.settings)
        await connection.client.upload(b"x", name="mine", content_type="image/png")
        try:
            return await all_assets(connection.client, kind)
        finally:
            await connection.client.aclose()

    job = party.ended(party.submit("A lamp turns"))
    found = asyncio.run(listed())
    assert names(found)[0] == "mine.png"
    assert found.kinds == {"image": 3, "video": 1}
    (video,) = found.only(kind="video")
    assert job.task is not None
    assert (video.width, video.height, video.task_id) == (1280, 768, job.task.id)
    assert found[0].is_upload
    assert video.is_upload is False
    assert SIMULATED not in repr(found) + repr(list(found))
    assert {asset.kind for asset in asyncio.run(listed("image"))} == {"image"}


# --- the list ---------------------------------------------------------------------------------------


def test_a_part_of_a_list_is_a_list() -> None:
    found = AssetList((LAMP, SEA, an_asset("Clip.mp4", 3, kind="video")), ("a note",))
    assert found[:2] == AssetList((LAMP, SEA), ("a note",))
    assert found[1] is SEA
    assert names(found.only("CL")) == ["Clip.mp4"]
    assert names(found.only(kind="image")) == ["lamp.png", "sea"]
    assert names(found.only("a", "video")) == []
    assert LAMP in found
    assert pickle.loads(pickle.dumps(found)) == found


@pytest.mark.parametrize(
    ("kinds", "words"),
    [
        ([], "empty"), (["image"], "1 image"), (["image"] * 12 + ["video"] * 3, "12 images, 3 videos"),
        (["audio"] * 2, "2 audio files"), (["", EMAIL], "2 other files"), (["image"] * 1200, "1,200 images"),
    ],
)  # fmt: skip
def test_a_list_says_what_it_holds(kinds, words) -> None:
    found = AssetList(tuple(an_asset("x", number, kind=kind) for number, kind in enumerate(kinds)))
    assert repr(found) == f"<AssetList {words}>"


# --- kept fresh -------------------------------------------------------------------------------------


class Source:
    """Listings to be counted; each waits for `gate` and is one asset longer than the one before."""

    def __init__(self):
        self.now = 100.0
        self.count = 0
        self.error = None
        self.gate = None
        self.asset_cache = AssetCache(self.list, lambda: self.now)

    async def list(self):
        self.count += 1
        number = self.count
        if self.gate is not None:
            await self.gate.wait()
        if self.error:
            raise self.error
        return AssetList(tuple(many(number)))


async def settled() -> None:
    """Everything has gone as far as it can."""
    for _ in range(8):
        await asyncio.sleep(0)


def run(story) -> None:
    """Run a story of a source; nothing may be left running or be reported lost."""
    lost = []

    async def go():
        asyncio.get_running_loop().set_exception_handler(lambda _, context: lost.append(context))
        source = Source()
        await story(source, source.asset_cache)
        await settled()
        assert len(asyncio.all_tasks()) == 1

    asyncio.run(go())
    assert lost == []


def test_a_young_listing_is_kept_and_an_old_one_given_at_once_while_a_new_one_comes() -> None:
    async def story(source, cache):
        assert len(await cache.get()) == 1
        source.now += 29
        assert len(await cache.get()) == 1
        assert source.count == 1
        source.now += 1
        source.gate = asyncio.Event()
        assert [len(await cache.get()) for _ in range(3)] == [1, 1, 1]
        await asyncio.sleep(0)
        assert source.count == 2, "one refresh is enough for all"
        source.gate.set()
        assert len(await cache.refreshed()) == 2
        assert len(await cache.get()) == 2
        assert len(await cache.get(max_age=0)) == 2

    run(story)


def test_the_age_is_that_of_the_listing_that_is_kept() -> None:
    async def story(source, cache):
        assert cache.age == float("inf")
        await cache.get()
        assert cache.age == 0
        source.now += 40
        source.gate = asyncio.Event()
        await cache.get()
        await settled()
        assert cache.age == 40, "a new one is only on its way"
        source.gate.set()
        await settled()
        assert cache.age == 0

    run(story)


def test_callers_at_the_same_time_share_one_listing() -> None:
    async def story(source, cache):
        found = await asyncio.gather(cache.get(), cache.get(), cache.refreshed())
        assert [len(listing) for listing in found] == [1, 1, 1]

    run(story)


def test_after_a_change_the_next_get_waits_for_a_new_listing() -> None:
    async def story(source, cache):
        await cache.get()
        cache.forget()
        assert len(await cache.get()) == 2
        assert len(await cache.get()) == 2

    run(story)


def test_a_listing_that_began_before_a_change_is_not_enough() -> None:
    async def story(source, cache):
        source.gate = asyncio.Event()
        early = asyncio.ensure_future(cache.get())
        await settled()
        cache.forget()
        late = asyncio.ensure_future(cache.get())
        source.gate.set()
        assert len(await late) == len(await early) == 2

    run(story)


def test_an_error_in_the_background_is_kept_and_not_asked_for_again_at_once() -> None:
    async def story(source, cache):
        await cache.get()
        assert cache.error is None
        source.now, source.error = source.now + 40, ServerError("522", 522)
        assert len(await cache.get()) == 1
        await settled()
        assert cache.error is source.error
        assert len(await cache.get()) == 1
        await settled()
        assert source.count == 2
        source.now, source.error = source.now + 40, None
        await cache.get()
        await settled()
        assert cache.error is None
        assert len(await cache.get()) == 3

    run(story)


def test_an_error_is_raised_when_there_is_nothing_to_give() -> None:
    async def story(source, cache):
        source.error = ServerError("522", 522)
        for ask in (cache.get, cache.refreshed):
            with pytest.raises(ServerError):
                await ask()
        source.error = None
        assert len(await cache.get()) == 3
        cache.forget()
        source.error = RunwayError("gone")
        with pytest.raises(RunwayError, match="gone"):
            await cache.get()

    run(story)


def test_a_caller_that_is_cancelled_does_not_end_the_listing_of_others() -> None:
    async def story(source, cache):
        source.gate = asyncio.Event()
        first, second = asyncio.ensure_future(cache.get()), asyncio.ensure_future(cache.get())
        await settled()
        first.cancel()
        await asyncio.sleep(0)
        source.gate.set()
        assert len(await second) == 1
        assert first.cancelled()
        assert source.count == 1

    run(story)


def test_a_new_loop_starts_anew() -> None:
    source = Source()
    assert len(asyncio.run(source.asset_cache.get())) == 1
    assert len(asyncio.run(source.asset_cache.get())) == 2

    async def left_behind():
        source.now += 40
        source.gate = asyncio.Event()
        await source.asset_cache.get(0)

    with pytest.raises(asyncio.TimeoutError):
        asyncio.run(asyncio.wait_for(left_behind(), 0.01))
    source.gate = None
    assert len(asyncio.run(source.asset_cache.get())) == 4
