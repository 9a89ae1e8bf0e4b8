"""From what the user calls a picture to an asset."""

from __future__ import annotations

import asyncio
import io

import httpx
import pytest
from PIL import Image

from fakes import Party
from runway_nb.errors import InvalidRequest, RunwayError, ServerTrouble
from runway_nb.keyframes import all_assets, keyframe_stills, match_asset, resolve_keyframes
from runway_nb.media import MediaClient
from runway_nb.request import Keyframes, VideoRequest
from runway_nb.task import Account, Asset
from strategies import ASSET_ID, EMAIL


def _picture(kind="PNG"):
    out = io.BytesIO()
    Image.new("RGB", (8, 6)).save(out, kind)
    return out.getvalue()


def _asset(name, uuid="11111111-2222-4333-8444-555555555555", email=EMAIL):
    return Asset(f"user:1-runwayml:{email}-asset:{uuid}", name, "image")


LAMP = _asset("lamp.png")
SEA = _asset("sea", "aaaaaaaa-2222-4333-8444-555555555555")
TWINS = [_asset("twin.png", f"{n}bbbbbbb-2222-4333-8444-555555555555") for n in (1, 2)]


class Shelf:
    """An API with some accounts and assets."""

    def __init__(self, *assets, emails=(EMAIL,), troubled=()):
        self.shelf = assets
        self.emails, self.troubled = emails, troubled
        self.uploads = []
        self.listed = []

    async def accounts(self):
        return tuple(Account(email, 2, "locked" if email in self.troubled else "") for email in self.emails)

    async def assets(self, *, offset=0, limit=50, kind="", email=""):
        self.listed.append((offset, email))
        mine = [asset for asset in self.shelf if not email or f":{email}-" in asset.id]
        return mine[offset : offset + 50]

    async def asset(self, asset_id):
        from runway_nb.errors import NotFound

        for asset in self.shelf:
            if asset.id == asset_id:
                return asset
        raise NotFound("Not found.", 404)

    async def upload(self, data, *, name, content_type, email=""):
        self.uploads.append((name, content_type, email))
        return Asset(ASSET_ID.replace("0b6f0c1e", f"{len(self.uploads):08}"), f"{name}.png")

    def resolve(self, folder, **keyframes):
        return asyncio.run(resolve_keyframes(VideoRequest("A lamp", Keyframes(**keyframes)), folder, self))

    def problems(self, folder, **keyframes):
        with pytest.raises(InvalidRequest) as caught:
            self.resolve(folder, **keyframes)
        assert self.uploads == []
        return caught.value.problems


# --- names ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lamp.png", "lamp", "LAMP", "Lamp.PNG", "11111111"])
def test_an_asset_answers_to_name_stem_and_short_id(name):
    assert match_asset(name, [SEA, LAMP]) is LAMP


def test_a_name_without_an_ending_is_a_name():
    assert match_asset("sea", [SEA, LAMP]) is SEA


@pytest.mark.parametrize("name", ["lam", "1111111", "png", "lamp.jpg"])
def test_a_part_of_a_name_is_not_enough(name):
    assert "is neither a file here nor an asset; assets are lamp, sea" in match_asset(name, [LAMP, SEA])


def test_a_name_of_two_assets_lists_their_ids():
    assert match_asset("twin", TWINS) == "'twin' names 2 assets: give one of the ids 1bbbbbbb, 2bbbbbbb"
    assert match_asset("2bbbbbbb", TWINS) is TWINS[1]


def test_a_name_wins_over_a_short_id():
    assert match_asset("aaaaaaaa", [SEA, named := _asset("aaaaaaaa.png")]) is named


def test_a_long_shelf_is_cut_and_an_empty_one_said():
    assert match_asset("x", []).endswith("assets are none")
    many = [_asset(f"n{number}.png") for number in range(9)]
    assert match_asset("x", many).endswith("n6, n7, ...")
    assert "studio" not in match_asset("x", [_asset(f"of {EMAIL}.png")])


def test_names_are_turned_into_ids(tmp_path):
    shelf = Shelf(LAMP, SEA)
    (request, found, *_) = shelf.resolve(tmp_path, first="lamp", last="aaaaaaaa")
    keyframes = request.keyframes
    assert keyframes == Keyframes(LAMP.id, None, SEA.id)
    assert found == {"first": LAMP, "last": SEA}


def test_all_wrong_names_are_reported_together(tmp_path):
    problems = Shelf(LAMP).problems(tmp_path, first="nope", middle="lamp", last=ASSET_ID)
    assert [problem.partition(":")[0] for problem in problems] == ["first", "last"]
    assert problems[1] == "last: asset 0b6f0c1e does not exist on the account"


def test_an_id_is_checked_without_listing_assets(tmp_path):
    shelf = Shelf(LAMP)
    shelf.resolve(tmp_path, first=LAMP.id)
    assert shelf.listed == []


def test_assets_of_all_accounts_are_listed_page_by_page():
    mine = [_asset(f"a{number}", email="one@example.org") for number in range(120)]
    shelf = Shelf(*mine, _asset("b", email="two@example.org"), emails=("one@example.org", "two@example.org"))
    assert len(asyncio.run(all_assets(shelf))) == 121
    assert shelf.listed == [
        (0, "one@example.org"),
        (50, "one@example.org"),
        (100, "one@example.org"),
        (0, "two@example.org"),
    ]


def test_one_account_is_listed_without_its_name():
    shelf = Shelf(LAMP)
    asyncio.run(all_assets(shelf))
    assert shelf.listed == [(0, "")]


# --- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sent"),
    [("PNG", "png"), ("JPEG", "jpeg"), ("GIF", "png"), ("WEBP", "jpeg"), ("BMP", "png"), ("TIFF", "png")],
)
def test_a_file_is_uploaded_by_its_bytes(tmp_path, kind, sent):
    (tmp_path / "photo.txt").write_bytes(_picture(kind))
    shelf = Shelf()
    keyframes = shelf.resolve(tmp_path, middle="photo.txt").request.keyframes
    assert shelf.uploads == [("photo", f"image/{sent}", "")]
    assert keyframes.middle == ASSET_ID.replace("0b6f0c1e", "00000001")


def test_a_file_goes_before_an_asset_of_the_same_name(tmp_path):
    (tmp_path / "lamp.png").write_bytes(_picture())
    shelf = Shelf(LAMP)
    keyframes = shelf.resolve(tmp_path, first="lamp.png", last=tmp_path / "lamp.png").request.keyframes
    assert LAMP.id not in (keyframes.first, keyframes.last)
    assert len(shelf.uploads) >= 1


@pytest.mark.parametrize(
    ("fields", "corner"), [({}, "olive"), ({"focus": (0, 0)}, "navy"), ({"fit": "contain"}, "black")], ids=str
)
def test_a_file_is_fitted_to_the_frame_as_asked(party: Party, fields, corner):
    """A picture twice as high as wide, navy above and olive in the middle: what stands in the corner was chosen."""
    picture = Image.new("RGB", (1280, 2560), "olive")
    picture.paste("navy", (0, 0, 1280, 768))
    picture.save(party.folder / "tall.png")
    job = party.submit(keyframes=Keyframes("tall.png"), aspect="landscape", **fields).wait(10)
    sent = Image.open(io.BytesIO(party.api.calls("POST", "assets")[0].read())).convert("RGB")
    assert sent.size == (1280, 768)
    assert sent.getpixel((2, 2)) == Image.new("RGB", (1, 1), corner).getpixel((0, 0))
    assert Image.open(io.BytesIO(job.comparisons["first"])).width == 240


def test_the_fit_belongs_to_the_wish(party: Party):
    Image.new("RGB", (64, 64), "navy").save(party.folder / "small.png")
    wishes = [VideoRequest("x", Keyframes("small.png"), fit=fit) for fit in (None, "contain", "contain")]
    jobs = [party.studio.submit(wish).wait(10) for wish in wishes]
    assert jobs[0].id != jobs[1].id == jobs[2].id
    assert party.studio.new_take(jobs[1]).wish.fit == "contain"
    assert "enlarged" in jobs[0].warnings[0], "what was done is told"


def test_the_format_is_that_of_the_first_picture_when_none_is_given(tmp_path):
    Image.new("RGB", (60, 90)).save(tmp_path / "tall.png")
    Image.new("RGB", (90, 60)).save(tmp_path / "wide.png")
    assert Shelf().resolve(tmp_path, first="tall.png").request.aspect == "portrait"
    assert Shelf().resolve(tmp_path, middle="wide.png").request.aspect == "landscape"
    assert Shelf(LAMP).resolve(tmp_path, first="lamp", last="tall.png").request.aspect is None
    (problem,) = Shelf().problems(tmp_path, first="tall.png", last="wide.png")
    assert problem.startswith("the keyframes have two formats (first is portrait, last is landscape)")
    request = VideoRequest("x", Keyframes("tall.png", None, "wide.png"), aspect="landscape")
    assert asyncio.run(resolve_keyframes(request, tmp_path, Shelf())).request.aspect == "landscape"


def test_a_portrait_request_gets_a_portrait_picture(tmp_path):
    data = []

    class Keeping(Shelf):
        async def upload(self, sent, **named):
            data.append(sent)
            return await super().upload(sent, **named)

    (tmp_path / "photo.png").write_bytes(_picture())
    request = VideoRequest("x", Keyframes("photo.png"), aspect="portrait")
    asyncio.run(resolve_keyframes(request, tmp_path, Keeping()))
    assert Image.open(io.BytesIO(data[0])).size == (768, 1280)


@pytest.mark.parametrize("content", [b"", b"words"])
def test_a_wrong_file_is_reported_before_anything_is_uploaded(tmp_path, content):
    (tmp_path / "good.png").write_bytes(_picture())
    (tmp_path / "bad.png").write_bytes(content)
    (problem,) = Shelf().problems(tmp_path, first="good.png", last="bad.png")
    assert problem.startswith("last: bad.png: ")


def test_a_wrong_name_is_reported_before_a_file_is_uploaded(tmp_path):
    (tmp_path / "good.png").write_bytes(_picture())
    Shelf(LAMP).problems(tmp_path, first="good.png", last="nope")


@pytest.mark.parametrize("name", ["folder", "missing.png", "x\0y"])
def test_a_folder_or_a_missing_file_is_taken_for_a_name(tmp_path, name):
    (tmp_path / "folder").mkdir()
    (problem,) = Shelf(LAMP).problems(tmp_path, first=name)
    assert "is neither a file here nor an asset; assets are lamp" in problem


def test_a_file_too_large_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("runway_nb.images.LARGEST", 10)
    (tmp_path / "big.png").write_bytes(_picture())
    assert "the most is" in Shelf().problems(tmp_path, first="big.png")[0]


def test_with_two_accounts_an_upload_names_a_working_one(tmp_path):
    (tmp_path / "a.png").write_bytes(_picture())
    shelf = Shelf(emails=("one@example.org", "two@example.org"), troubled=("one@example.org",))
    shelf.resolve(tmp_path, first="a.png")
    assert shelf.uploads == [("a", "image/png", "two@example.org")]


def test_without_an_account_an_upload_says_what_to_do(tmp_path):
    (tmp_path / "a.png").write_bytes(_picture())
    with pytest.raises(RunwayError, match="add one there"):
        Shelf(emails=()).resolve(tmp_path, first="a.png")


def test_trouble_of_the_api_is_not_a_wrong_name(tmp_path):
    class Troubled(Shelf):
        async def asset(self, asset_id):
            raise ServerTrouble("522", 522)

    with pytest.raises(ServerTrouble):
        Troubled().resolve(tmp_path, first=ASSET_ID)


def test_nothing_given_is_nothing_done(tmp_path):
    shelf = Shelf()
    assert shelf.resolve(tmp_path) == (VideoRequest("A lamp"), {}, (), {})


# --- stills -----------------------------------------------------------------------------------------


def _stills(answer, *assets):
    media = MediaClient(transport=httpx.MockTransport(answer))
    return asyncio.run(keyframe_stills(dict(zip(("first", "last"), assets, strict=False)), media))


def test_the_preview_goes_before_the_whole_picture():
    asked = []

    def answer(request):
        asked.append(request.url.path)
        return httpx.Response(200, content=_picture())

    both = Asset("a", url="https://cdn.test/whole", preview_urls=("https://cdn.test/preview", "https://cdn.test/2"))
    stills = _stills(answer, both, Asset("b", url="https://cdn.test/whole"))
    assert asked == ["/preview", "/whole"]
    assert all(still.startswith(b"\xff\xd8") for still in stills.values())


@pytest.mark.parametrize(
    "answer",
    [lambda _: httpx.Response(404), lambda _: httpx.Response(500), lambda _: httpx.Response(200, content=b"x")],
)
def test_a_still_that_cannot_be_had_is_left_out(answer):
    assert _stills(answer, Asset("a", url="https://cdn.test/a"), Asset("b")) == {}


# --- against the simulator --------------------------------------------------------------------------


def test_a_job_finds_uploads_and_shows_its_keyframes(party: Party):
    (party.folder / "photo.png").write_bytes(_picture())
    job = party.ended(party.submit(keyframes=Keyframes(first="photo.png", last="harbour")))
    assert job.error is None
    given = job.request.keyframes.given
    assert all(str(picture).startswith("user:4711-runwayml:") for picture in given.values())
    assert set(job.stills) == {"first", "last"}


def test_a_job_with_a_wrong_name_is_refused_unsent(party: Party):
    job = party.ended(party.submit(keyframes=Keyframes(first="lighthouse")))
    assert job.status == "REFUSED"
    assert "assets are harbour, meadow" in str(job.error)
    assert party.started == 0


def test_pictures_of_two_accounts_are_refused_unsent(tmp_path, time):
    with Party(tmp_path, time, accounts=2) as party:
        job = party.ended(party.submit(keyframes=Keyframes(first="harbour")))
        assert "names 2 assets" in str(job.error)
        assets = party.studio.assets()
        accounts = {asset.id.partition("-asset:")[0]: asset for asset in assets}
        first, second = accounts.values()
        job = party.ended(party.submit(keyframes=Keyframes(first.id[-36:-28], None, second.id[-36:-28])))
        assert isinstance(job.error, RunwayError)
        assert party.started == 0
