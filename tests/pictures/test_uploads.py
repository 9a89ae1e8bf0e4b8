"""Pictures are sent once for each content and account, whatever goes wrong on the way."""

from __future__ import annotations

import asyncio
import io
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from runway_nb import errors
from runway_nb.api import client
from runway_nb.api.models import Account, Asset
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.phase import Phase
from runway_nb.pictures.uploads import UPLOADS_AT_ONCE, Content, Uploads
from runway_nb.request import VideoRequest
from runway_nb.spec import MODELS
from support.fakes import EMAIL, Changed, FakeTime, Party
from support.picture_files import SMALL_FRAME

ONE, TWO = "one@example.org", "two@example.org"
SECOND = "second@runway-nb.invalid"
FRAME = SMALL_FRAME

pytestmark = pytest.mark.usefixtures("small_frames")


def draw(folder: Path, name: str, colour: str = "navy", size: tuple[int, int] = FRAME) -> str:
    Image.new("RGB", size, colour).save(folder / name)
    return name


def uploads(party: Party) -> int:
    return len(party.api.calls("POST", "assets"))


def checks(party: Party) -> int:
    """Requests for one asset by its id."""
    return len(party.api.calls("GET", "-asset:"))


def shoot(party: Party, *names: str, **fields: Any) -> Job:
    slots = dict(zip(("first", "middle", "last"), names, strict=False))
    return party.submit(keyframes=Keyframes(**slots), **fields)


@contextmanager
def another(party: Party) -> Iterator[Party]:
    """The party after a restart of the kernel."""
    before, party.studio = party.studio, party.make_studio()
    try:
        yield party
    finally:
        party.studio.close()
        party.studio = before


Answer = Callable[[httpx.Request], "httpx.Response | Exception | None"]


class Instead(httpx.AsyncBaseTransport):
    """Gives an answer of its own, or breaks, where `answer` says so; the rest is passed on."""

    def __init__(self, inner: httpx.AsyncBaseTransport, answer: Answer) -> None:
        self.inner, self.answer = inner, answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        answer = self.answer(request)
        if isinstance(answer, Exception):
            raise answer
        return answer or await self.inner.handle_async_request(request)


def trouble(party: Party, method: str, part: str, *answers: httpx.Response | Exception | None) -> None:
    """The next calls of this kind are answered so, the others as ever."""
    left = list(answers)

    def answer(request: httpx.Request) -> httpx.Response | Exception | None:
        return left.pop(0) if left and request.method == method and part in request.url.path else None

    party.api.inner = Instead(party.api.inner, answer)


def status(number: int, **more: Any) -> httpx.Response:
    return httpx.Response(number, json={"error": "It broke.", "code": number}, **more)


# --- once -------------------------------------------------------------------------------------------


def test_a_picture_in_two_slots_is_sent_once(party: Party) -> None:
    draw(party.folder, "a.png")
    job = shoot(party, "a.png", "a.png").wait(10)
    assert job.request.keyframes.first == job.request.keyframes.middle
    assert uploads(party) == 1
    assert checks(party) <= 1


def test_an_unchanged_keyframe_of_another_request_costs_one_request_and_no_bytes(party: Party) -> None:
    draw(party.folder, "a.png")
    first = shoot(party, "a.png").wait(10)
    party.api.requests.clear()
    second = shoot(party, "a.png").wait(10)
    assert second.request.keyframes == first.request.keyframes
    create = next(n for n, request in enumerate(party.api.requests) if request.method == "POST")
    assert [request.method for request in party.api.requests[: create + 1]] == ["GET", "POST"]
    assert (uploads(party), checks(party)) == (0, 1)


def test_the_same_picture_under_another_name_is_sent_once(party: Party) -> None:
    for name in ("a.png", "b.png"):
        draw(party.folder, name)
        shoot(party, name).wait(10)
    assert uploads(party) == 1


def test_another_picture_under_the_same_name_is_sent(party: Party) -> None:
    for colour in ("navy", "olive"):
        draw(party.folder, "a.png", colour)
        shoot(party, "a.png").wait(10)
    assert uploads(party) == 2


@pytest.mark.parametrize("fields", [{"aspect": "portrait"}, {"fit": "contain"}, {"focus": (0, 0)}], ids=str)
def test_another_fit_is_another_picture(party: Party, fields: dict[str, Any]) -> None:
    picture = Image.new("RGB", (120, 120), "navy")
    picture.paste("olive", (0, 0, 40, 40))
    picture.save(party.folder / "a.png")
    shoot(party, "a.png", aspect="landscape").wait(10)
    shoot(party, "a.png", **{"aspect": "landscape", **fields}).wait(10)
    assert uploads(party) == 2


def test_two_jobs_at_once_send_a_picture_once(party: Party) -> None:
    draw(party.folder, "a.png")
    for job in [shoot(party, "a.png", prompt=f"Shot {number}") for number in range(4)]:
        job.wait(10)
    assert uploads(party) == 1
    assert checks(party) <= 3


def test_after_a_restart_a_picture_is_not_sent_again(party: Party) -> None:
    draw(party.folder, "a.png")
    shoot(party, "a.png").wait(10)
    with another(party):
        party.api.requests.clear()
        shoot(party, "a.png").wait(10)
    assert (uploads(party), checks(party)) == (0, 1)


def test_another_party_is_sent_it_too(party: Party) -> None:
    draw(party.folder, "a.png")
    shoot(party, "a.png").wait(10)
    party.studio.use(replace(party.settings, base_url="http://127.0.0.1:81/v1/runwayml"))
    shoot(party, "a.png").wait(10)
    shoot(party, "a.png").wait(10)
    assert uploads(party) == 2


def test_the_account_of_another_keyframe_is_sent_it_too(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time, accounts=2) as party:
        draw(party.folder, "a.png")
        shoot(party, "a.png").wait(10)
        listing = party.studio.account.assets()
        samples = {
            asset.id.rpartition("-asset:")[0].rpartition(":")[2]: asset.id
            for asset in listing
            if asset.name.startswith("harbour")
        }
        assert set(samples) == {EMAIL, SECOND}
        for email in (SECOND, EMAIL, SECOND):
            job = shoot(party, "a.png", samples[email]).wait(10)
            assert job.request.account == email
        emails = [request.url.params["email"] for request in party.api.calls("POST", "assets")]
        assert emails == [EMAIL, SECOND]


def test_what_the_studio_uploads_is_a_keyframe_later_for_nothing(party: Party) -> None:
    draw(party.folder, "a.png")
    asset, notes = party.studio.account.upload("a.png")
    assert notes == ("the picture is one colour throughout: see that it is the one you mean",)
    job = shoot(party, "a.png").wait(10)
    assert (job.request.keyframes.first, uploads(party)) == (asset.id, 1)
    party.studio.account.delete_asset(asset)
    assert shoot(party, "a.png").wait(10).request.keyframes.first != asset.id
    assert uploads(party) == 2


# --- gone and broken --------------------------------------------------------------------------------


def test_an_asset_that_was_deleted_is_sent_again_once(party: Party) -> None:
    draw(party.folder, "a.png")
    first = shoot(party, "a.png").wait(10)
    with another(party):
        party.studio.account.delete_asset(Asset(str(first.request.keyframes.first)))
    for _ in range(2):
        job = shoot(party, "a.png").wait(10)
        assert job.request.keyframes.first != first.request.keyframes.first
    assert uploads(party) == 2


@pytest.mark.parametrize(
    "answer", [status(500), httpx.Response(522, html="<h1>522</h1>"), httpx.ReadTimeout("no"), status(429)], ids=str
)
def test_trouble_with_the_check_passes_and_nothing_is_sent_again(party: Party, answer: Any) -> None:
    draw(party.folder, "a.png")
    shoot(party, "a.png").wait(10)
    trouble(party, "GET", "-asset:", answer)
    assert shoot(party, "a.png").wait(10).video is not None
    assert uploads(party) == 1


def test_a_check_that_fails_for_good_ends_the_job_unpaid_and_nothing_is_sent_again(party: Party) -> None:
    draw(party.folder, "a.png")
    shoot(party, "a.png").wait(10)
    party.simulator.fault("get-500", on="asset")
    job = party.ended(shoot(party, "a.png"))
    assert (job.state.phase, type(job.error)) == (Phase.REFUSED, errors.ServerError)
    assert (uploads(party), party.started) == (1, 1)
    party.simulator.clear()
    assert shoot(party, "a.png").wait(10).video is not None
    assert uploads(party) == 1


def test_a_stop_during_an_upload_takes_the_wish_back(party: Party) -> None:
    draw(party.folder, "a.png")
    with party.held():
        job = shoot(party, "a.png")
        job.observe(lambda job: job.stop() if job.state.detail.startswith("looking for the first") else None)
    party.ended(job)
    assert job.state.phase is Phase.REMOVED
    assert (party.started, party.studio.ledger.get(job.id).credits) == (0, 0)


@pytest.mark.parametrize(
    "answer",
    [status(500), httpx.Response(524, html="x"), httpx.ReadError("no"), httpx.ConnectError("no"), status(429)],
    ids=str,
)
def test_trouble_with_the_upload_passes(party: Party, answer: Any) -> None:
    draw(party.folder, "a.png")
    trouble(party, "POST", "assets", answer, answer)
    job = shoot(party, "a.png").wait(10)
    assert job.video is not None
    assert (uploads(party), party.started) == (3, 1)


def test_the_answer_to_an_upload_that_is_lost_costs_a_second_asset_and_no_more(party: Party) -> None:
    party.simulator.fault("lost-answer", on="upload", times=1)
    draw(party.folder, "a.png")
    for _ in range(2):
        shoot(party, "a.png").wait(10)
    assert uploads(party) == 2
    assert party.simulator.counts()["uploads_received"] == 2


@pytest.mark.parametrize(
    ("answers", "kind", "sent"),
    [
        ([status(400)], errors.BadRequest, 1), ([status(401)], errors.Unauthorized, 1),
        ([status(500)] * 3, errors.ServerError, 3), ([httpx.ReadTimeout("no")] * 3, errors.NoAnswer, 3),
        ([status(429, headers={"Retry-After": "3600"})], errors.RateLimited, 1),
    ],
)  # fmt: skip
def test_an_upload_that_fails_for_good_ends_the_job_unpaid(
    party: Party, answers: list[Any], kind: type[Exception], sent: int
) -> None:
    draw(party.folder, "a.png")
    trouble(party, "POST", "assets", *answers)
    job = party.ended(shoot(party, "a.png"))
    assert (job.state.phase, type(job.error)) == (Phase.REFUSED, kind)
    assert (uploads(party), party.started, len(party.api.calls("POST", "create"))) == (sent, 0, 0)
    assert party.studio.ledger.get(job.id).credits == 0
    assert shoot(party, "a.png").wait(10).video is not None


def test_the_uploads_under_way_are_waited_for_when_one_fails(party: Party) -> None:
    ended: list[str] = []

    class Slow(httpx.AsyncBaseTransport):
        def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
            self.inner = inner

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "POST" and request.url.params.get("name") == "bad":
                return status(400)
            if request.method == "POST":
                await asyncio.sleep(0.05)
                ended.append(request.url.params["name"])
            return await self.inner.handle_async_request(request)

    for name, colour in (("bad.png", "navy"), ("a.png", "olive"), ("b.png", "teal")):
        draw(party.folder, name, colour)
    party.api.inner = Slow(party.api.inner)
    job = party.ended(shoot(party, "bad.png", "a.png", "b.png"))
    assert isinstance(job.error, errors.BadRequest)
    assert sorted(ended) == ["a", "b"]
    party.api.inner = party.api.inner.inner
    party.api.requests.clear()
    shoot(party, "a.png", "b.png").wait(10)
    assert uploads(party) == 0, "what has arrived is known"


def test_three_are_sent_at_once_and_no_more(party: Party) -> None:
    running = most = 0

    class Counted(httpx.AsyncBaseTransport):
        def __init__(self, inner: httpx.AsyncBaseTransport) -> None:
            self.inner = inner

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            nonlocal running, most
            if request.method != "POST" or "assets" not in request.url.path:
                return await self.inner.handle_async_request(request)
            running += 1
            most = max(most, running)
            await asyncio.sleep(0.03)
            running -= 1
            return await self.inner.handle_async_request(request)

    party.api.inner = Counted(party.api.inner)
    for number in range(9):
        draw(party.folder, f"{number}.png", f"#{number}0{number}0ff")
    jobs = [shoot(party, *(f"{shot + slot}.png" for slot in range(3))) for shot in (0, 3, 6)]
    for job in jobs:
        job.wait(20)
    assert (uploads(party), most) == (9, UPLOADS_AT_ONCE)
    assert UPLOADS_AT_ONCE == 3


def test_progress_is_told_in_words_up_to_a_hundred_percent(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "PIECE", 4096)
    Image.effect_noise(FRAME, 90).convert("RGB").save(party.folder / "a.png")
    told: list[str] = []
    with party.held():
        job = shoot(party, "a.png")
        job.observe(lambda job: told.append(job.state.detail))
    job.wait(10)
    steps = [int(words.split(", ")[1].rstrip(" %")) for words in told if words.startswith("uploading the first key")]
    assert steps == sorted(steps)
    assert steps[-1] == 100
    assert len(set(steps)) > 5
    assert "looking for the first keyframe on the account" in told


# --- accounts ---------------------------------------------------------------------------------------


def in_trouble(email: str) -> Callable[[httpx.Request, httpx.Response], httpx.Response]:
    """The list of accounts says that one does not work."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if not request.url.path.endswith("/accounts"):
            return answer
        body = json.loads(answer.content)
        body[email]["error"] = "Session expired"
        return httpx.Response(200, json=body)

    return change


def test_what_lies_on_a_broken_account_is_forgotten(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time, accounts=2) as party:
        draw(party.folder, "a.png")
        assert shoot(party, "a.png").wait(10).request.account == EMAIL
        party.simulator.fault("596", times=1)
        broken = party.ended(shoot(party, "a.png"))
        assert (broken.state.phase, type(broken.error)) == (Phase.REFUSED, errors.AccountBroken)
        party.api.inner = Changed(party.api.inner, in_trouble(EMAIL))
        for _ in range(2):
            assert shoot(party, "a.png").wait(10).request.account == SECOND
        assert uploads(party) == 2


@pytest.mark.parametrize("names", [["a.png"], ["a.png", "b.png"]], ids=len)
def test_an_account_that_breaks_before_the_create_draws_no_other_request(
    tmp_path: Path, time: FakeTime, names: list[str]
) -> None:
    def broken(request: httpx.Request) -> httpx.Response | None:
        meant = EMAIL in request.url.path or request.url.params.get("email") == EMAIL
        return status(596) if meant else None

    with Party(tmp_path, time, accounts=2) as party:
        for name, colour in (("a.png", "navy"), ("b.png", "olive")):
            draw(party.folder, name, colour)
        assert shoot(party, "a.png").wait(10).request.account == EMAIL
        party.api.inner = Instead(Changed(party.api.inner, in_trouble(EMAIL)), broken)
        job = party.ended(shoot(party, *names))
        assert (job.state.phase, type(job.error)) == (Phase.REFUSED, errors.AccountBroken)
        assert shoot(party, *names).wait(10).request.account == SECOND


class Api:
    """Accounts by hand: what is on none of them is not found, and one that is not there takes nothing."""

    def __init__(self, *emails: str) -> None:
        self.emails, self.kept, self.sent = emails, dict[str, Asset](), list[str]()
        self.gate: asyncio.Event | None = None

    async def accounts(self) -> tuple[Account, ...]:
        return tuple(map(Account, self.emails))

    async def asset(self, asset_id: str) -> Asset:
        await asyncio.sleep(0)
        if asset_id not in self.kept or not any(f":{email}-" in asset_id for email in self.emails):
            raise errors.NotFound("Not found.", 404)
        return self.kept[asset_id]

    async def upload(self, data: bytes, *, name: str, email: str = "", progress: Any = None, **_: Any) -> Asset:
        self.sent.append(name)
        if self.gate and name == "slow":
            await self.gate.wait()
        await asyncio.sleep(0)
        if email not in ("", *self.emails):
            raise errors.BadRequest("Parameter email has incorrect format", 400)
        uuid = f"{len(self.kept):08x}-2222-4333-8444-555555555555"
        asset = Asset(f"user:1-runwayml:{email or self.emails[0]}-asset:{uuid}", name, "image")
        self.kept[asset.id] = asset
        return asset


def content(name: str) -> Content:
    async def make(email: str) -> tuple[bytes, str]:
        return name.encode(), "image/png"

    return Content(f"key of {name}", name, make)


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    made = Ledger(tmp_path / "home")
    yield made
    made.close()


async def put(kept: Uploads, api: Any, *names: str) -> list[Asset]:
    """As the keyframes of one request."""
    contents = [content(name) for name in names]
    email = await kept.account_for(contents, api)
    return list(await asyncio.gather(*(kept.asset(one, email, api) for one in contents)))


def test_an_account_that_was_taken_away_gives_way_to_another(ledger: Ledger) -> None:
    kept = Uploads(ledger, "api.test")
    asyncio.run(put(kept, Api(ONE), "a"))
    (asset,) = asyncio.run(put(kept, Api(TWO), "a"))
    assert f":{TWO}-" in asset.id


def test_a_picture_goes_where_another_of_the_request_lies(ledger: Ledger) -> None:
    kept, api = Uploads(ledger, "api.test"), Api(ONE, TWO)
    asyncio.run(kept.asset(content("a"), TWO, api))  # type: ignore[arg-type]
    assets = asyncio.run(put(kept, api, "new", "a"))
    assert [f":{TWO}-" in asset.id for asset in assets] == [True, True]
    assert api.sent == ["a", "new"]


@pytest.mark.parametrize("emails", [(ONE,), (ONE, TWO)], ids=len)
def test_a_picture_on_its_way_is_not_sent_again_by_a_request_that_knows_the_account(
    ledger: Ledger, emails: tuple[str, ...]
) -> None:
    """The first request does not know yet which account it is on; the second learns it from the quick picture."""
    kept, api = Uploads(ledger, "api.test"), Api(*emails)

    async def act() -> None:
        api.gate = asyncio.Event()
        first = asyncio.ensure_future(put(kept, api, "quick", "slow"))
        for _ in range(100):
            await asyncio.sleep(0)
        assert ledger.uploads.find("key of quick", "api.test")
        second = asyncio.ensure_future(put(kept, api, "quick", "slow"))
        await asyncio.sleep(0.05)
        api.gate.set()
        one, two = await asyncio.gather(first, second)
        assert [asset.id for asset in one] == [asset.id for asset in two]

    asyncio.run(act())
    assert sorted(api.sent) == ["quick", "slow"]


def test_uploads_go_on_in_another_loop(ledger: Ledger) -> None:
    """As after a fork, where the background loop is made anew."""
    kept, api = Uploads(ledger, "api.test"), Api(ONE)
    for shot in range(2):
        names = [f"{shot}-{number}" for number in range(UPLOADS_AT_ONCE + 3)]
        assert len(asyncio.run(put(kept, api, *names))) == len(names)


def test_an_upload_that_is_cancelled_keeps_no_turn(ledger: Ledger) -> None:
    kept, api = Uploads(ledger, "api.test"), Api(ONE)

    async def act() -> None:
        api.gate = asyncio.Event()
        for _ in range(UPLOADS_AT_ONCE + 1):
            work = asyncio.ensure_future(put(kept, api, "slow"))
            await asyncio.sleep(0.01)
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)
        api.gate = None
        assert await asyncio.wait_for(put(kept, api, "slow"), 5)

    asyncio.run(act())


def test_a_picture_that_could_not_be_sent_is_sent_by_who_waits_for_it(ledger: Ledger) -> None:
    kept, api = Uploads(ledger, "api.test"), Api(ONE)

    class Once(Api):
        async def upload(self, data: bytes, **named: Any) -> Asset:
            if not self.sent:
                self.sent.append("refused")
                raise errors.BadRequest("no", 400)
            return await super().upload(data, **named)

    api = Once(ONE)

    async def act() -> list[Any]:
        works = (put(kept, api, "a") for _ in range(3))
        return list(await asyncio.gather(*works, return_exceptions=True))

    found = asyncio.run(act())
    assert [isinstance(one, Exception) for one in found].count(True) == 1
    assert api.sent == ["refused", "a"]


def test_no_email_is_in_the_bytes_of_the_ledger(party: Party) -> None:
    for name, colour in (("a.png", "navy"), ("b.png", "olive")):
        draw(party.folder, name, colour)
    shoot(party, "a.png", "b.png", upscale=True).wait(10)
    home = party.folder / "home"
    files = sorted(home.glob("ledger.sqlite3*"))
    assert {path.name for path in files} >= {"ledger.sqlite3", "ledger.sqlite3-wal"}
    data = b"".join(path.read_bytes() for path in files)
    assert b"-asset:" in data
    assert EMAIL.encode() not in data
    assert EMAIL.partition("@")[0].encode() + b"@" not in data


# --- enlarged by Runway -----------------------------------------------------------------------------


def small(folder: Path, name: str = "small.png", size: tuple[int, int] = (40, 30)) -> str:
    picture = Image.new("RGB", size, "navy")
    picture.paste("olive", (0, 0, size[0] // 2, size[1] // 2))
    picture.save(folder / name)
    return name


def stored(party: Party) -> dict[str, tuple[int, int]]:
    """Name on the account to size in pixels."""
    store = party.simulator.world.assets
    found = store.listed("4711", EMAIL, "image")
    mine = [asset for asset in found if not asset.path.startswith("samples")]
    return {asset.name: Image.open(store.file(asset)).size for asset in mine}


def test_a_small_picture_is_enlarged_by_runway(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS["gen3turbo"].aspects, "landscape", (1280, 768))
    small(party.folder, size=(320, 240))
    job = shoot(party, "small.png", upscale=True, aspect="landscape").wait(10)
    (asked,) = party.api.calls("GET", "image_upscaler")
    assert {name: asked.url.params[name] for name in ("width", "height")} == {"width": "1280", "height": "768"}
    assert asked.url.params["image_url"].startswith("http")
    assert sorted(stored(party).values()) == [(320, 192), (1280, 768)]
    assert uploads(party) == 2
    assert job.notes[-1] == "first keyframe: enlarged 4.0 times by Runway's upscaler"
    sent = party.simulator.world.assets.get("4711", str(job.request.keyframes.first))
    assert stored(party)[sent.name] == (1280, 768)


def test_a_picture_that_was_enlarged_costs_one_request_the_next_time(party: Party) -> None:
    small(party.folder)
    first = shoot(party, "small.png", upscale=True).wait(10)
    with another(party):
        party.api.requests.clear()
        second = shoot(party, "small.png", upscale=True).wait(10)
    assert second.request.keyframes == first.request.keyframes
    create = next(n for n, request in enumerate(party.api.requests) if request.method == "POST")
    assert [request.method for request in party.api.requests[: create + 1]] == ["GET", "POST"]


@pytest.mark.parametrize("size", [FRAME, (200, 112), (113, 68)], ids=str)
def test_a_picture_that_is_large_enough_is_not_enlarged(party: Party, size: tuple[int, int]) -> None:
    draw(party.folder, "large.png", size=size)
    job = shoot(party, "large.png", upscale=True).wait(10)
    assert party.api.calls("GET", "image_upscaler") == []
    assert uploads(party) == 1
    assert "upscaler" not in " ".join(job.notes)


@pytest.mark.parametrize("upscale", [None, False])
def test_nothing_is_enlarged_unasked(party: Party, upscale: bool | None) -> None:
    small(party.folder)
    shoot(party, "small.png", upscale=upscale).wait(10)
    assert party.api.calls("GET", "image_upscaler") == []


@pytest.mark.parametrize(("fit", "shrunk"), [("cover", (40, 24)), ("contain", (50, 30)), ("stretch", (40, 24))])
def test_the_part_that_is_enlarged_is_the_part_that_is_seen(party: Party, fit: str, shrunk: tuple[int, int]) -> None:
    small(party.folder)
    shoot(party, "small.png", upscale=True, fit=fit, aspect="landscape").wait(10)
    sizes = sorted(stored(party).values())
    assert sizes[1] == FRAME
    assert sizes[0] == pytest.approx(shrunk, abs=1)


def test_the_upscaler_is_asked_on_the_account_of_the_request(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time, accounts=2) as party:
        small(party.folder)
        job = shoot(party, "small.png", upscale=True).wait(10)
        (asked,) = party.api.calls("GET", "image_upscaler")
        assert asked.url.params["email"] == job.request.account == EMAIL


def test_trouble_with_the_upscaler_passes(party: Party) -> None:
    small(party.folder)
    trouble(party, "GET", "image_upscaler", status(500), httpx.ReadTimeout("no"))
    assert shoot(party, "small.png", upscale=True).wait(10).video is not None


@pytest.mark.parametrize(
    ("answers", "asked"),
    [
        ([status(400)], 1), ([status(404)], 1), ([status(503)] * 3, 3), ([httpx.ReadTimeout("no")] * 3, 3),
        ([httpx.Response(200, html="<!DOCTYPE html><html>Just a moment...</html>")] * 3, None),
        ([httpx.Response(200, content=b"")] * 3, None), ([httpx.Response(200, json={"url": "x"})] * 3, None),
    ],
)  # fmt: skip
def test_an_upscaler_that_fails_ends_with_one_line_and_nothing_paid(
    party: Party, answers: list[Any], asked: int | None
) -> None:
    small(party.folder)
    trouble(party, "GET", "image_upscaler", *answers)
    job = party.ended(shoot(party, "small.png", upscale=True))
    assert job.state.phase is Phase.REFUSED
    assert isinstance(job.error, errors.RunwayError)
    assert "unexpected" not in job.error.message
    assert "\n" not in job.error.message
    assert len(job.error.message) < 300
    if asked is None:
        assert "upscaler" in job.error.message, "it is not the user's picture that is wrong"
    else:
        assert len(party.api.calls("GET", "image_upscaler")) == asked
    assert (party.started, len(party.api.calls("POST", "create"))) == (0, 0)
    assert uploads(party) == 1, "only the small one"
    party.api.inner = party.api.inner.inner  # type: ignore[attr-defined]
    assert shoot(party, "small.png", upscale=True).wait(10).video is not None
    assert uploads(party) == 2, "the small one was there"


def test_an_enlarged_picture_of_another_size_is_brought_to_the_frame(party: Party) -> None:
    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "image_upscaler" not in request.url.path:
            return answer
        out = io.BytesIO()
        Image.new("RGB", (240, 144), "navy").save(out, "WEBP")
        return httpx.Response(200, content=out.getvalue())

    small(party.folder)
    party.api.inner = Changed(party.api.inner, change)
    shoot(party, "small.png", upscale=True).wait(10)
    assert sorted(stored(party).values())[-1] == FRAME


def test_upscale_belongs_to_the_wish(party: Party) -> None:
    small(party.folder)
    wishes = [VideoRequest("x", Keyframes("small.png"), upscale=upscale) for upscale in (None, True, True)]
    jobs = [party.studio.submit(wish).wait(10) for wish in wishes]
    assert jobs[0].id != jobs[1].id == jobs[2].id
    assert party.studio.new_take(jobs[1]).original_request.upscale is True


def test_an_upload_that_is_said_to_lie_on_another_account_is_not_used(tmp_path: Path, time: FakeTime) -> None:
    def moved(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "POST" or "assets" not in request.url.path:
            return answer
        return httpx.Response(200, text=answer.text.replace(EMAIL, "unsupported_message@example.org"))

    with Party(tmp_path, time, accounts=2) as party:
        party.api.inner = Changed(party.api.inner, moved)
        job = party.ended(shoot(party, draw(tmp_path, "a.png")))
        assert job.state.phase is Phase.REFUSED
        assert "asset of another account" in str(job.error)
        assert party.started == 0
