"""The assets of all accounts: listed, found by name, shown small, kept fresh."""

from __future__ import annotations

import asyncio
import io
import os
import pickle
import stat
from time import mktime

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runway_nb.api.media import MediaClient
from runway_nb.api.models import Account, Asset
from runway_nb.errors import NoAnswer, RunwayError, ServerTrouble, Unauthorized
from runway_nb.notebook.language.options import parse
from runway_nb.notebook.panel.keyframe_choices import asset_choices
from runway_nb.pictures import assets as module
from runway_nb.pictures.assets import (
    AssetCache,
    AssetList,
    Thumbnails,
    all_assets,
    created_words,
    match_asset,
    typed_names,
)
from runway_nb.spec import LIST_LIMIT, LIST_PAGES
from support.fakes import EMAIL as SIMULATED
from support.fakes import Party
from support.strategies import EMAIL, TASK_ID

ONE, TWO, THREE = "one@example.org", "two@example.org", "three@example.org"
REACH = LIST_PAGES * LIST_LIMIT


def an_id(number=0, email=EMAIL):
    return f"user:1-runwayml:{email}-asset:{number:08x}-2222-4333-8444-555555555555"


def an_asset(name, number=0, email=EMAIL, kind="image", **fields):
    return Asset(an_id(number, email), name, kind, **fields)


LAMP, SEA = an_asset("lamp.png", 0x11111111), an_asset("sea", 0xAAAAAAAA)
TWINS = [an_asset("twin.png", number * 0x10000000 + 0xBBBBBBB) for number in (1, 2)]


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


def many(count, email=EMAIL, **fields):
    return [an_asset(f"{email}{number}", number, email, **fields) for number in range(count)]


# --- listing ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 1100))
def test_a_listing_is_complete_in_order_and_frugal(count):
    listing = many(count)
    api = Api({EMAIL: listing})
    found = asyncio.run(all_assets(api))
    assert found.items == tuple(listing[:REACH])
    assert len(api.asked) == len(set(api.asked)) <= min(LIST_PAGES, count // LIST_LIMIT + 3)
    assert api.most <= module.LISTED_AT_ONCE
    assert bool(found.notes) == (count >= REACH)
    if count < LIST_LIMIT:
        assert api.asked == [(0, "")]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 7), st.integers(1, 5), st.integers(0, 40))
def test_any_size_and_number_of_pages_will_do(limit, pages, count):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "LIST_LIMIT", limit)
        patch.setattr(module, "LIST_PAGES", pages)
        api = Api({EMAIL: many(count)}, limit=limit)
        assert len(asyncio.run(all_assets(api))) == min(count, limit * pages)
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
def test_pages_that_overlap_bring_nothing_twice_and_come_to_an_end(kind, count, listed, requests):
    api = kind({EMAIL: many(count)})
    found = asyncio.run(all_assets(api))
    assert len(found) == len({asset.id for asset in found}) == listed
    assert len(api.asked) <= requests


def test_the_newest_come_first_whatever_account_they_are_of():
    listings = {
        ONE: [an_asset("d", 1, ONE, created=40.0), an_asset("a", 2, ONE, created=10.0)],
        TWO: [an_asset("c", 3, TWO, created=30.0), an_asset("undated", 4, TWO), an_asset("b", 5, TWO, created=20.0)],
    }
    assert names(asyncio.run(all_assets(Api(listings)))) == ["d", "c", "undated", "b", "a"]


def test_without_dates_the_order_is_that_of_the_api():
    listings = {ONE: many(3, ONE), TWO: many(2, TWO)}
    assert list(asyncio.run(all_assets(Api(listings)))) == listings[ONE] + listings[TWO]


def test_accounts_are_listed_side_by_side_but_never_more_than_three_requests_at_once():
    api = Api({email: many(160, email) for email in (ONE, TWO, THREE)})
    assert len(asyncio.run(all_assets(api))) == 480
    assert api.most == 3


def test_an_account_in_trouble_is_skipped_and_said():
    api = Api({ONE: many(2, ONE), TWO: many(3, TWO)}, troubled=[ONE])
    found = asyncio.run(all_assets(api))
    assert len(found) == 3
    assert {email for _, email in api.asked} == {TWO}
    assert found.notes == ("the assets of account 1 of 2 are missing: ***@*** is locked",)


def test_an_account_that_fails_alone_is_said():
    found = asyncio.run(all_assets(Api({ONE: many(2, ONE), TWO: many(3, TWO)}, failing=[TWO])))
    assert len(found) == 2
    assert found.notes == ("the assets of account 2 of 2 are missing: ***@*** does not answer",)


def test_an_account_in_trouble_is_asked_when_there_is_no_other():
    assert len(asyncio.run(all_assets(Api({ONE: many(2, ONE)}, troubled=[ONE])))) == 2


@pytest.mark.parametrize("emails", [(ONE, TWO), (ONE,)])
def test_when_no_account_answers_the_error_is_raised(emails):
    class Down(Api):
        def page(self, listing, offset):
            raise Unauthorized("Unauthorized", 401)

    with pytest.raises(Unauthorized):
        asyncio.run(all_assets(Down({email: many(1, email) for email in emails})))


def test_a_mistake_of_ours_is_no_account_in_trouble():
    class Broken(Api):
        def page(self, listing, offset):
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        asyncio.run(all_assets(Broken({ONE: many(1, ONE), TWO: many(1, TWO)})))


def test_the_simulator_lists_uploads_and_videos(party: Party):
    async def listed(kind=""):
        connection = await party._connect(party.settings)
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
    assert (video.width, video.height, video.task_id) == (1280, 768, job.task.id)
    assert found[0].is_upload
    assert video.is_upload is False
    assert SIMULATED not in repr(found) + repr(list(found))
    assert {asset.kind for asset in asyncio.run(listed("image"))} == {"image"}


# --- the list ---------------------------------------------------------------------------------------


def test_a_part_of_a_list_is_a_list():
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
def test_a_list_says_what_it_holds(kinds, words):
    found = AssetList(tuple(an_asset("x", number, kind=kind) for number, kind in enumerate(kinds)))
    assert repr(found) == f"<AssetList {words}>"


# --- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lamp.png", "lamp", "LAMP", "Lamp.PNG", "11111111"])
def test_an_asset_answers_to_name_stem_and_short_id(name):
    assert match_asset(name, [SEA, LAMP]) is LAMP


def test_an_id_in_capitals_is_the_same_id():
    shouting = Asset(SEA.id.replace("aaaaaaaa", "AAAAAAAA"), "x")
    assert match_asset("AAAAaaaa", [LAMP, shouting]) is shouting
    assert match_asset("AAAAaaaa", [LAMP, SEA]) is SEA


@pytest.mark.parametrize("name", ["1111111", "png", "harbour"])
def test_a_part_of_a_name_is_not_enough(name):
    assert "is neither a file here nor an asset; assets are lamp, sea" in match_asset(name, [LAMP, SEA])


@pytest.mark.parametrize(("name", "near"), [("lam", "lamp"), ("lamp.jpg", "lamp"), ("seas", "sea"), ("LAMPE", "lamp")])
def test_near_names_come_first(name, near):
    line = match_asset(name, [LAMP, SEA])
    assert f"nor an asset; do you mean {near}? Assets are lamp, sea" in line


def test_a_word_of_a_long_name_leads_to_it():
    assert "do you mean the lighthouse at dusk?" in match_asset("dusk", [LAMP, an_asset("the lighthouse at dusk.png")])


def test_a_name_of_two_assets_lists_their_ids_and_what_tells_them_apart():
    assert match_asset("twin", TWINS) == "'twin' names 2 assets: give one of the ids 1bbbbbbb, 2bbbbbbb"
    nine = mktime((2025, 3, 4, 9, 14, 40, 0, 0, -1))
    known = [
        an_asset("twin.png", 0x1BBBBBBB, created=nine, is_upload=True),
        an_asset("twin.jpg", 0x2BBBBBBB, is_upload=False),
    ]
    assert match_asset("twin", known).endswith("ids 1bbbbbbb (upload, 4 Mar 09:14), 2bbbbbbb (generated)")
    assert match_asset("2bbbbbbb", TWINS) is TWINS[1]
    assert created_words(known[1]) == ""


FORMS = {
    # what is typed, what the account says
    "whole and apart": ("caf\u00e9", "cafe\u0301.png"),
    "apart and whole": ("cafe\u0301.png", "caf\u00e9.png"),
    "capitals": ("CAFE\u0301", "caf\u00e9.png"),
    "a narrow no-break space": ("shot at 10.15 PM.png", "shot at 10.15\u202fPM.png"),
    "a no-break space": ("two\u00a0words", "two words.png"),
    "a ligature": ("\ufb01sh", "fish.png"),
    "full width": ("\uff11\uff12", "12.png"),
    "korean": ("\ud55c", "\u1112\u1161\u11ab.png"),
    "a mark that nobody sees": ("\u200efish", "fish.png"),
}


@pytest.mark.parametrize("name", FORMS)
def test_a_name_in_another_form_of_unicode_is_the_same_name(name):
    typed, told = FORMS[name]
    found = an_asset(told, 0x1ABBBBBB)
    assert match_asset(typed, [LAMP, found]) is found
    assert list(AssetList((LAMP, found)).only(typed)) == [found]


@pytest.mark.parametrize("name", FORMS)
def test_two_names_that_look_the_same_are_told_apart_by_their_ids_only(name):
    """Also where one of them is written exactly as it was typed: nobody sees the difference."""
    typed, told = FORMS[name]
    pair = [an_asset(typed, 0x1ABBBBBB), an_asset(told, 0x2ABBBBBB)]
    line = match_asset(typed, pair)
    assert isinstance(line, str)
    assert line.endswith("names 2 assets: give one of the ids 1abbbbbb, 2abbbbbb")
    assert list(typed_names(pair).values()) == ["1abbbbbb", "2abbbbbb"]
    labels = [choice.label for choice in asset_choices(AssetList(tuple(pair)))]
    assert ["1abbbbbb" in labels[0], "2abbbbbb" in labels[1]] == [True, True]


def test_a_name_that_looks_like_that_of_a_file_or_a_variable_carries_its_id():
    (choice,) = asset_choices(AssetList((an_asset("caf\u00e9.png", 0x1ABBBBBB),)), {"cafe\u0301"})
    assert choice.word == "1abbbbbb"


def test_other_letters_that_look_alike_are_other_letters():
    latin, cyrillic = an_asset("a.png", 1), an_asset("\u0430.png", 2)
    assert match_asset("a", [latin, cyrillic]) is latin


def test_a_name_wins_over_a_short_id():
    assert match_asset("aaaaaaaa", [SEA, named := an_asset("aaaaaaaa.png")]) is named


def test_a_long_listing_is_cut_and_an_empty_one_said():
    assert match_asset("x", []).endswith("assets are none")
    assert match_asset("x", [an_asset(f"n{number}.png") for number in range(9)]).endswith("n6, n7, ...")
    assert "studio" not in match_asset("x", [an_asset(f"of {EMAIL}.png")])
    assert "studio" not in match_asset(EMAIL, [an_asset(f"of {EMAIL}.png")])


anything = st.text(max_size=40) | st.sampled_from(["lamp", "twin", "x" * 100_000, "\ud800", "'\"", EMAIL, TASK_ID])


@settings(max_examples=80, deadline=None)
@given(anything, st.lists(anything, max_size=6))
def test_no_text_breaks_the_search(name, others):
    assets = [LAMP, *TWINS, *(an_asset(other[:200], number) for number, other in enumerate(others))]
    found = match_asset(name, assets)
    assert isinstance(found, Asset) or EMAIL not in found


asset_names = st.text(st.sampled_from("aA.'\" -{/=\n\u00e9\u00a0"), max_size=6) | st.text(max_size=12) | st.just(EMAIL)


@settings(max_examples=150, deadline=None)
@given(st.lists(asset_names, max_size=8))
def test_what_is_said_to_be_typed_names_the_asset(listing):
    """On the first line of a cell, and for `match_asset`."""
    assets = [an_asset(name, 0x77000000 + number) for number, name in enumerate(listing)]
    for asset_id, typed in typed_names(assets).items():
        options = parse(f"shot --first {typed} --seed 1", {})
        assert options.problems == ()
        found = match_asset(options.values["first"], assets)
        assert isinstance(found, Asset)
        assert found.id == asset_id
        assert EMAIL not in typed


@pytest.mark.parametrize(
    ("name", "typed"),
    [
        ("lamp.png", "lamp"), ("two words.png", '"two words"'), ("it's.png", '"it\'s"'), ('a "b".png', "'a \"b\"'"),
        ("--zoom.png", "77000000"), ("{{x}}.png", "77000000"), (f"{EMAIL}.png", "77000000"), ("a\nb", "77000000"),
    ],
)  # fmt: skip
def test_a_name_that_cannot_stand_in_a_cell_gives_way_to_the_id(name, typed):
    assert list(typed_names([an_asset(name, 0x77000000)]).values()) == [typed]


def test_a_name_that_two_share_gives_way_to_the_ids():
    listing = [*TWINS, an_asset("TWIN.jpg", 3), LAMP]
    assert list(typed_names(listing).values()) == ["1bbbbbbb", "2bbbbbbb", "00000003", "lamp"]


# --- pictures ---------------------------------------------------------------------------------------


def a_picture(kind="PNG", size=(8, 6)):
    out = io.BytesIO()
    Image.new("RGB", size).save(out, kind)
    return out.getvalue()


class Cdn:
    """Answers for pictures, once `wanted` of them are under way."""

    def __init__(self, answer=None):
        self.answer = answer or (lambda request: httpx.Response(200, content=a_picture(size=(480, 360))))
        self.asked = []
        self.running = self.most = 0
        self.wanted = 1
        self.enough = asyncio.Event()

    async def __call__(self, request):
        self.asked.append(request.url.path)
        self.running += 1
        self.most = max(self.most, self.running)
        if self.most >= self.wanted:
            self.enough.set()
        await self.enough.wait()
        await asyncio.sleep(0)
        self.running -= 1
        return self.answer(request)

    def load(self, thumbnails, *assets):
        told = {}

        async def go():
            media = MediaClient(transport=httpx.MockTransport(self))
            await thumbnails.load(assets, media, lambda asset, still: told.setdefault(asset.id, []).append(still))
            await media.aclose()

        asyncio.run(go())
        assert all(len(stills) == 1 for stills in told.values())
        return {asset_id: stills[0] for asset_id, stills in told.items()}


def shown(number=0, kind="image", previews=("https://cdn.test/preview",), url="https://cdn.test/whole"):
    return Asset(an_id(number), "x", kind, url, previews)


@pytest.fixture
def thumbnails(tmp_path):
    return Thumbnails(tmp_path / "home" / "thumbnails")


def test_pictures_are_fetched_once_made_small_and_kept(thumbnails, tmp_path):
    cdn, asset = Cdn(), shown()
    assert thumbnails.cached(asset) is None
    still = cdn.load(thumbnails, asset, asset)[asset.id]
    assert Image.open(io.BytesIO(still)).size == (240, 180)
    assert cdn.asked == ["/preview"]
    again = Thumbnails(tmp_path / "home" / "thumbnails")
    assert cdn.load(again, asset) == {asset.id: still}
    assert again.cached(asset) == still
    assert cdn.asked == ["/preview"]


def test_no_file_name_holds_an_email_and_nobody_else_may_look(thumbnails, tmp_path):
    Cdn().load(thumbnails, shown())
    folder = tmp_path / "home" / "thumbnails"
    (file,) = folder.iterdir()
    assert len(file.stem) == 64
    assert "studio" not in file.name
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_at_most_six_are_fetched_at_once(thumbnails):
    cdn = Cdn()
    cdn.wanted = 6
    assert len(cdn.load(thumbnails, *(shown(number) for number in range(30)))) == 30
    assert cdn.most == 6


@pytest.mark.parametrize(
    ("asset", "asked"),
    [
        (shown(), ["/preview", "/whole"]), (shown(previews=()), ["/whole"]), (shown(kind="video"), ["/preview"]),
        (shown(kind="video", previews=()), []), (shown(previews=("",), url=""), []),
    ],
)  # fmt: skip
@pytest.mark.parametrize("status", [404, 500, 200])
def test_a_picture_that_cannot_be_had_is_left_out_and_tried_by_the_next_call(thumbnails, asset, asked, status):
    cdn = Cdn(lambda _: httpx.Response(status, content=b"no picture"))
    for times in (1, 2):
        assert cdn.load(thumbnails, asset) == {asset.id: None}
        assert cdn.asked == asked * times


@pytest.mark.parametrize("content", [b"", b"\xff\xd8 cut", b"words"])
def test_a_broken_file_is_fetched_again(thumbnails, tmp_path, content):
    cdn, asset = Cdn(), shown()
    still = cdn.load(thumbnails, asset)[asset.id]
    (file,) = (tmp_path / "home" / "thumbnails").iterdir()
    file.write_bytes(content)
    assert thumbnails.cached(asset) is None
    assert cdn.load(thumbnails, asset)[asset.id] == still == file.read_bytes()


def test_a_place_that_cannot_be_written_costs_only_the_memory(tmp_path):
    (tmp_path / "file").touch()
    thumbnails, cdn = Thumbnails(tmp_path / "file" / "thumbnails"), Cdn()
    for _ in range(2):
        assert None not in cdn.load(thumbnails, shown()).values()
    assert len(cdn.asked) == 2


def test_a_full_disk_leaves_no_draft(thumbnails, tmp_path, monkeypatch):
    def full(path, data):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.write_bytes", full)
    assert None not in Cdn().load(thumbnails, shown()).values()
    assert list((tmp_path / "home" / "thumbnails").iterdir()) == []


def test_the_oldest_go_when_there_are_too_many_and_only_once(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "KEPT", 3)
    for age in range(6):
        path = tmp_path / f"{age}.jpg"
        path.touch()
        os.utime(path, (1e9 - age, 1e9 - age))
    (tmp_path / "mine.txt").touch()
    Cdn().load(Thumbnails(tmp_path), shown(1))
    left = sorted(path.name for path in tmp_path.iterdir() if len(path.stem) < 64)
    assert left == ["0.jpg", "1.jpg", "2.jpg", "mine.txt"]
    Cdn().load(Thumbnails(tmp_path), shown(2))
    assert len(list(tmp_path.iterdir())) == 6


def test_an_error_of_the_listener_ends_the_rest(thumbnails):
    told = []

    async def go():
        media = MediaClient(transport=httpx.MockTransport(Cdn()))

        def listen(asset, still):
            told.append(asset)
            raise ZeroDivisionError

        try:
            await thumbnails.load([shown(number) for number in range(40)], media, listen)
        finally:
            assert len(asyncio.all_tasks()) == 1

    with pytest.raises(ZeroDivisionError):
        asyncio.run(go())
    assert len(told) <= 6


def test_pictures_of_the_simulator_are_shown(party: Party, thumbnails):
    told = {}

    async def go():
        connection = await party._connect(party.settings)
        found = await all_assets(connection.client)
        await thumbnails.load(found, connection.media, lambda asset, still: told.update({asset.name: still}))

    asyncio.run(go())
    assert sorted(told) == ["harbour.jpeg", "meadow.jpeg"]
    assert all(still.startswith(b"\xff\xd8") for still in told.values())


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


async def settled():
    """Everything has gone as far as it can."""
    for _ in range(8):
        await asyncio.sleep(0)


def run(story):
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


def test_a_young_listing_is_kept_and_an_old_one_given_at_once_while_a_new_one_comes():
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


def test_the_age_is_that_of_the_listing_that_is_kept():
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


def test_callers_at_the_same_time_share_one_listing():
    async def story(source, cache):
        found = await asyncio.gather(cache.get(), cache.get(), cache.refreshed())
        assert [len(listing) for listing in found] == [1, 1, 1]

    run(story)


def test_after_a_change_the_next_get_waits_for_a_new_listing():
    async def story(source, cache):
        await cache.get()
        cache.forget()
        assert len(await cache.get()) == 2
        assert len(await cache.get()) == 2

    run(story)


def test_a_listing_that_began_before_a_change_is_not_enough():
    async def story(source, cache):
        source.gate = asyncio.Event()
        early = asyncio.ensure_future(cache.get())
        await settled()
        cache.forget()
        late = asyncio.ensure_future(cache.get())
        source.gate.set()
        assert len(await late) == len(await early) == 2

    run(story)


def test_an_error_in_the_background_is_kept_and_not_asked_for_again_at_once():
    async def story(source, cache):
        await cache.get()
        assert cache.trouble is None
        source.now, source.error = source.now + 40, ServerTrouble("522", 522)
        assert len(await cache.get()) == 1
        await settled()
        assert cache.trouble is source.error
        assert len(await cache.get()) == 1
        await settled()
        assert source.count == 2
        source.now, source.error = source.now + 40, None
        await cache.get()
        await settled()
        assert cache.trouble is None
        assert len(await cache.get()) == 3

    run(story)


def test_an_error_is_raised_when_there_is_nothing_to_give():
    async def story(source, cache):
        source.error = ServerTrouble("522", 522)
        for ask in (cache.get, cache.refreshed):
            with pytest.raises(ServerTrouble):
                await ask()
        source.error = None
        assert len(await cache.get()) == 3
        cache.forget()
        source.error = RunwayError("gone")
        with pytest.raises(RunwayError, match="gone"):
            await cache.get()

    run(story)


def test_a_caller_that_is_cancelled_does_not_end_the_listing_of_others():
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


def test_a_new_loop_starts_anew():
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
