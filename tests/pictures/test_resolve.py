"""From what the user calls a picture to an asset."""

from __future__ import annotations

import asyncio
import base64
import http.server
import io
import tempfile
import threading
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runway_nb.api.media import MediaClient
from runway_nb.api.models import Account, Asset
from runway_nb.camera import Camera
from runway_nb.errors import BadRequest, InvalidRequest, NotFound, RunwayError, ServerError
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.ledger import Ledger
from runway_nb.pictures import video_frames
from runway_nb.pictures.decode import open_picture
from runway_nb.pictures.fit import fit_picture
from runway_nb.pictures.resolve import keyframe_thumbnails, resolve_keyframes
from runway_nb.request import VideoRequest
from runway_nb.simulator.rendering import stub
from runway_nb.simulator.rendering.renderer import Shot, render
from runway_nb.spec import MODELS
from support.examples import examples
from support.fakes import TOKEN, FakeTime, Party, picture_sources
from support.picture_files import decibels
from support.strategies import ASSET_ID, EMAIL

ONE, TWO = "one@example.org", "two@example.org"
POSITIONS = ("first", "middle", "last")


def _picture(kind="PNG", size=(8, 6), colour="black"):
    out = io.BytesIO()
    Image.new("RGB", size, colour).save(out, kind)
    return out.getvalue()


def _cut(size=(80, 60)):
    """A picture whose header is whole and whose pixels end half-way."""
    data = _picture("BMP", size, "teal")
    return data[: len(data) // 2]


def _asset(name, uuid="11111111-2222-4333-8444-555555555555", email=EMAIL, **fields):
    return Asset(f"user:1-runwayml:{email}-asset:{uuid}", name, **{"kind": "image", **fields})


LAMP = _asset("lamp.png")
SEA = _asset("sea", "aaaaaaaa-2222-4333-8444-555555555555")
FILM = _asset("film.mp4", "cccccccc-2222-4333-8444-555555555555", kind="video")


class Api:
    """An API with some accounts and assets."""

    def __init__(self, *assets, emails=(EMAIL,), troubled=()):
        self.kept = list(assets)
        self.emails, self.troubled = emails, troubled
        self.uploads = []
        self.sent = []
        self.listed = []
        self.checked = []

    async def accounts(self):
        return tuple(Account(email, 2, "locked" if email in self.troubled else "") for email in self.emails)

    async def assets(self, *, offset=0, limit=50, kind="", email=""):
        self.listed.append((offset, email))
        mine = [asset for asset in self.kept if not email or f":{email}-" in asset.id]
        return mine[offset : offset + 50]

    async def asset(self, asset_id):
        self.checked.append(asset_id)
        for asset in self.kept:
            if asset.id == asset_id:
                return asset
        raise NotFound("Not found.", 404)

    async def upload(self, data, *, name, content_type, email="", progress=None):
        self.uploads.append((name, content_type, email))
        self.sent.append(data)
        uuid = f"{len(self.uploads):08}-6a55-4f0c-9a35-3f1f6e0d2a11"
        self.kept.append(_asset(f"{name}.png", uuid, email or self.emails[0]))
        return self.kept[-1]

    def resolve(self, folder, request=None, *, media=None, report=None, more=None, **keyframes):
        request = request or VideoRequest("A lamp", Keyframes(**keyframes))
        ledger = Ledger(folder / "home")
        there = picture_sources(folder, self, media, ledger=ledger, **(more or {}))
        try:
            return asyncio.run(resolve_keyframes(request, there, *([report] if report else [])))
        finally:
            ledger.close()

    def problems(self, folder, request=None, **keyframes):
        with pytest.raises(InvalidRequest) as caught:
            self.resolve(folder, request, **keyframes)
        assert self.uploads == []
        return caught.value.problems


# --- names ------------------------------------------------------------------------------------------


def test_names_are_turned_into_ids(tmp_path: Path) -> None:
    (request, found, *_) = Api(LAMP, SEA).resolve(tmp_path, first="lamp", last="aaaaaaaa")
    assert request.keyframes == Keyframes(LAMP.id, None, SEA.id)
    assert found == {"first": LAMP, "last": SEA}


def test_all_wrong_names_are_reported_together(tmp_path: Path) -> None:
    problems = Api(LAMP).problems(tmp_path, first="nope", middle="lamp", last=ASSET_ID)
    assert [problem.partition(":")[0] for problem in problems] == ["first", "last"]
    assert problems[1] == "last: asset 0b6f0c1e does not exist on the account"


def test_an_id_is_checked_without_listing_assets(tmp_path: Path) -> None:
    api = Api(LAMP)
    api.resolve(tmp_path, first=LAMP.id)
    assert (api.listed, api.checked) == ([], [LAMP.id])


def test_a_name_that_came_meanwhile_is_found_in_a_new_listing(tmp_path: Path) -> None:
    api = Api(LAMP)
    there = picture_sources(tmp_path, api)

    async def act():
        await there.asset_cache.get()
        api.kept.append(SEA)
        return await resolve_keyframes(VideoRequest("x", Keyframes("sea")), there)

    assert asyncio.run(act()).assets == {"first": SEA}


@pytest.mark.parametrize("name", [FILM.id, "film", "film.mp4", "cccccccc"])
def test_a_video_is_no_keyframe(tmp_path: Path, name) -> None:
    (problem,) = Api(LAMP, FILM).problems(tmp_path, first=name)
    assert problem.startswith("first: ")
    if name == FILM.id:
        assert problem == "first: asset cccccccc is of the kind video: a keyframe is a picture"


def test_a_keyframe_of_an_unknown_kind_is_taken_by_its_id(tmp_path: Path) -> None:
    odd = replace(LAMP, kind="")
    assert Api(odd).resolve(tmp_path, first=odd.id).assets == {"first": odd}


def test_pictures_of_two_accounts_by_name_are_refused_before_anything_is_uploaded(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(_picture())
    mine = _asset("mine", email=ONE)
    theirs = _asset("theirs", "22222222-2222-4333-8444-555555555555", email=TWO)
    api = Api(mine, theirs, emails=(ONE, TWO))
    problems = api.problems(tmp_path, first="mine", middle="good.png", last="theirs")
    assert problems == ("the keyframes belong to two accounts: one request takes pictures of one account only",)


# --- files ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "sent"),
    [("PNG", "png"), ("JPEG", "jpeg"), ("GIF", "png"), ("WEBP", "jpeg"), ("BMP", "png"), ("TIFF", "png")],
)
def test_a_file_is_uploaded_by_its_bytes(tmp_path: Path, kind, sent) -> None:
    (tmp_path / "photo.txt").write_bytes(_picture(kind))
    api = Api()
    keyframes = api.resolve(tmp_path, middle="photo.txt").request.keyframes
    assert api.uploads == [("photo", f"image/{sent}", "")]
    assert keyframes == Keyframes(None, api.kept[0].id)


def test_a_file_goes_before_an_asset_of_the_same_name(tmp_path: Path) -> None:
    (tmp_path / "lamp.png").write_bytes(_picture())
    api = Api(LAMP)
    keyframes = api.resolve(tmp_path, first="lamp.png", last=tmp_path / "lamp.png").request.keyframes
    assert LAMP.id not in (keyframes.first, keyframes.last)
    assert len(api.uploads) == 1, "the same picture"


@pytest.mark.parametrize(
    ("fields", "corner"), [({}, "olive"), ({"focus": (0, 0)}, "navy"), ({"fit": "contain"}, "black")], ids=str
)
def test_a_file_is_fitted_to_the_frame_as_asked(party: Party, fields, corner) -> None:
    """A picture twice as high as wide, navy above and olive in the middle: what stands in the corner was chosen."""
    picture = Image.new("RGB", (1280, 2560), "olive")
    picture.paste("navy", (0, 0, 1280, 768))
    picture.save(party.folder / "tall.png")
    job = party.submit(keyframes=Keyframes("tall.png"), aspect="landscape", **fields).wait(10)
    (path,) = (party.folder / "simulator" / "assets").iterdir()
    sent = Image.open(path).convert("RGB")
    assert sent.size == (1280, 768)
    assert sent.getpixel((2, 2)) == Image.new("RGB", (1, 1), corner).getpixel((0, 0))
    assert Image.open(io.BytesIO(job.comparisons["first"])).width == 240


def test_the_fit_belongs_to_the_wish(party: Party) -> None:
    Image.new("RGB", (64, 64), "navy").save(party.folder / "small.png")
    wishes = [VideoRequest("x", Keyframes("small.png"), fit=fit) for fit in (None, "contain", "contain")]
    jobs = [party.studio.submit(wish).wait(10) for wish in wishes]
    assert jobs[0].id != jobs[1].id == jobs[2].id
    assert party.studio.new_take(jobs[1]).original_request.fit == "contain"
    assert "enlarged" in " ".join(jobs[0].notes), "what was done is reported"
    assert "cut away" in " ".join(jobs[0].notes)
    assert "cut away" not in " ".join(jobs[1].notes)


def test_a_portrait_request_gets_a_portrait_picture(tmp_path: Path) -> None:
    (tmp_path / "photo.png").write_bytes(_picture())
    api = Api()
    api.resolve(tmp_path, VideoRequest("x", Keyframes("photo.png"), aspect="portrait"))
    assert Image.open(io.BytesIO(api.sent[0])).size == (768, 1280)


@pytest.mark.parametrize("content", [b"", b"words", _cut()], ids=["empty", "words", "cut"])
def test_a_wrong_file_is_reported_before_anything_is_uploaded(tmp_path: Path, content) -> None:
    (tmp_path / "good.png").write_bytes(_picture())
    (tmp_path / "bad.png").write_bytes(content)
    (problem,) = Api().problems(tmp_path, first="good.png", last="bad.png")
    assert problem.startswith("last: bad.png: ")


@pytest.mark.parametrize("content", [b"", b"words", _cut()], ids=["empty", "words", "cut"])
def test_a_wrong_file_and_a_wrong_name_are_reported_together(tmp_path: Path, content) -> None:
    (tmp_path / "bad.png").write_bytes(content)
    problems = Api(LAMP).problems(tmp_path, first="bad.png", last="nope")
    assert [problem.partition(":")[0] for problem in problems] == ["first", "last"]


def test_a_wrong_name_is_reported_before_a_file_is_uploaded(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(_picture())
    (problem,) = Api(LAMP).problems(tmp_path, first="good.png", last="nope")
    assert problem.startswith("last: 'nope' is neither")


@pytest.mark.parametrize("name", ["folder", "missing.png", "x\0y"])
def test_a_folder_or_a_missing_file_is_taken_for_a_name(tmp_path: Path, name) -> None:
    (tmp_path / "folder").mkdir()
    (problem,) = Api(LAMP).problems(tmp_path, first=name)
    assert "is neither a file here nor an asset; assets are lamp" in problem


def test_a_link_to_a_file_and_one_in_the_text_itself_are_pictures(party: Party) -> None:
    path = party.folder / "a lamp.png"
    path.write_bytes(_picture(size=(1280, 768)))
    text = "data:image/png;base64," + base64.b64encode(path.read_bytes()).decode()
    wishes = [VideoRequest("x", Keyframes(first)) for first in (path.as_uri(), "a lamp.png", text)]
    jobs = [party.studio.submit(wish).wait(10) for wish in wishes]
    assert jobs[0].id == jobs[1].id, "the same picture, the same request"
    assert len({job.request.keyframes.first for job in jobs}) == 1, "sent once"


def test_a_link_to_no_file_is_said_to_be_one(tmp_path: Path) -> None:
    (problem,) = Api(LAMP).problems(tmp_path, first="file:///nowhere/lamp.png")
    assert problem == "first: file:///nowhere/lamp.png: there is no such file: check the path"


def test_between_files_whose_names_look_the_same_the_user_chooses(tmp_path: Path) -> None:
    for name in ("caf\u00e9\u00a0a.png", "cafe\u0301\u2009a.png"):
        (tmp_path / name).write_bytes(_picture())
    (problem,) = Api(LAMP).problems(tmp_path, first="caf\u00e9 a.png")
    assert problem.endswith(
        r": the names of 2 files look like that (caf\xe9\xa0a.png, cafe\u0301\u2009a.png): rename the one you mean"
    )


def test_what_was_done_to_the_numbers_of_an_array_or_a_file_is_told(party: Party) -> None:
    numpy = pytest.importorskip("numpy")
    heights = numpy.tile(numpy.linspace(12.25, 871, 1280), (768, 1))
    Image.fromarray(heights.astype("float32")).save(party.folder / "heights.tif")
    twelve = (heights * 4).astype("uint16")
    for first, said in [
        (heights, "scaled from 12.25 … 871 to 0 … 255"),
        (Image.fromarray(heights.astype("float32")), "scaled from 12.25 … 871 to 0 … 255"),
        ("heights.tif", "scaled from 12.25 … 871 to 0 … 255"),
        (twelve, "scaled from 49 … 3484 to 0 … 255"),
        (Image.new("RGB", (1280, 768)), "the picture is one colour throughout"),
    ]:
        job = party.submit(keyframes=Keyframes(first)).wait(10)
        assert f"first keyframe: {said}" in " ".join(job.notes)
        assert said in job._repr_mimebundle_()["text/plain"]


def test_pictures_are_read_and_decoded_beside_the_loop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def opened(data):
        seen.append(threading.current_thread())
        return open_picture(data)

    monkeypatch.setattr("runway_nb.pictures.fit.open_picture", opened)
    (tmp_path / "small.png").write_bytes(_picture(size=(90, 60)))
    Api().resolve(tmp_path, VideoRequest("x", Keyframes("small.png"), upscale=None))
    assert seen
    assert threading.main_thread() not in seen


def test_a_file_too_large_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("runway_nb.pictures.files.LARGEST_FILE", 10)
    (tmp_path / "big.png").write_bytes(_picture())
    assert "the most is" in Api().problems(tmp_path, first="big.png")[0]


def test_with_two_accounts_an_upload_names_a_working_one(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_picture())
    api = Api(emails=(ONE, TWO), troubled=(ONE,))
    api.resolve(tmp_path, first="a.png")
    assert api.uploads == [("a", "image/png", TWO)]


def test_a_file_goes_to_the_account_of_a_named_keyframe(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_picture())
    api = Api(_asset("lamp", email=TWO), emails=(ONE, TWO))
    resolved = api.resolve(tmp_path, first="a.png", last="lamp")
    assert api.uploads == [("a", "image/png", TWO)]
    assert set(resolved.assets) == {"first", "last"}
    assert resolved.request.account == TWO


def test_without_an_account_an_upload_says_what_to_do(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_picture())
    with pytest.raises(RunwayError, match="add one there"):
        Api(emails=()).resolve(tmp_path, first="a.png")


def test_trouble_of_the_api_is_not_a_wrong_name(tmp_path: Path) -> None:
    class Troubled(Api):
        async def asset(self, asset_id):
            raise ServerError("522", 522)

    with pytest.raises(ServerError):
        Troubled().resolve(tmp_path, first=ASSET_ID)


def test_nothing_given_is_nothing_done(tmp_path: Path) -> None:
    api = Api()
    assert api.resolve(tmp_path) == (VideoRequest("A lamp"), {}, (), {})
    assert (api.listed, api.checked, api.uploads) == ([], [], [])


def test_what_is_done_is_told_in_words(tmp_path: Path) -> None:
    (tmp_path / "a.png").write_bytes(_picture())
    reported: list[str] = []
    Api().resolve(tmp_path, first="a.png", report=reported.append)
    assert reported[:2] == ["reading a.png", "looking for the first keyframe on the account"]


# --- format -----------------------------------------------------------------------------------------


def test_the_format_is_that_of_the_first_picture_when_none_is_given(tmp_path: Path) -> None:
    Image.new("RGB", (60, 90)).save(tmp_path / "tall.png")
    Image.new("RGB", (90, 60)).save(tmp_path / "wide.png")
    assert Api().resolve(tmp_path, first="tall.png").request.aspect == "portrait"
    assert Api().resolve(tmp_path, middle="wide.png").request.aspect == "landscape"
    (problem,) = Api().problems(tmp_path, first="tall.png", last="wide.png")
    assert problem.startswith("the keyframes have two formats (first is portrait, last is landscape)")
    request = VideoRequest("x", Keyframes("tall.png", None, "wide.png"), aspect="landscape")
    assert Api().resolve(tmp_path, request).request.aspect == "landscape"


def _served(pictures):
    asked = []

    def answer(request):
        asked.append(request.url.path)
        data = pictures.get(request.url.path)
        return httpx.Response(200, content=data) if data is not None else httpx.Response(404)

    return MediaClient(transport=httpx.MockTransport(answer)), asked


TALL = _picture(size=(60, 90))


def test_the_format_of_an_asset_is_measured_when_the_api_tells_no_size(tmp_path: Path) -> None:
    media, asked = _served({"/tall": TALL})
    lamp = replace(LAMP, url="https://cdn.test/tall")
    assert Api(lamp).resolve(tmp_path, first="lamp", media=media).request.aspect == "portrait"
    assert asked == ["/tall"]


def test_the_format_of_an_asset_is_what_the_api_tells(tmp_path: Path) -> None:
    media, asked = _served({"/tall": TALL})
    lamp = replace(LAMP, url="https://cdn.test/tall", width=1280, height=768)
    assert Api(lamp).resolve(tmp_path, first=lamp.id, media=media).request.aspect == "landscape"
    assert asked == []


def test_nothing_is_measured_when_a_format_is_given(tmp_path: Path) -> None:
    media, asked = _served({"/tall": TALL})
    lamp = replace(LAMP, url="https://cdn.test/tall")
    request = VideoRequest("x", Keyframes("lamp"), aspect="landscape")
    assert Api(lamp).resolve(tmp_path, request, media=media).request.aspect == "landscape"
    assert asked == []


@pytest.mark.parametrize("url", ["", "https://cdn.test/gone", "https://cdn.test/words"])
def test_an_asset_that_cannot_be_measured_decides_nothing(tmp_path: Path, url) -> None:
    media, _ = _served({"/words": b"no picture"})
    lamp = replace(LAMP, url=url)
    assert Api(lamp).resolve(tmp_path, first="lamp", media=media).request.aspect is None
    Image.new("RGB", (60, 90)).save(tmp_path / "tall.png")
    found = Api(lamp).resolve(tmp_path, first="lamp", last="tall.png", media=media)
    assert found.request.aspect == "portrait", "that of the first keyframe that can be measured"


def test_an_asset_and_a_file_of_two_formats_are_refused(tmp_path: Path) -> None:
    media, _ = _served({"/tall": TALL})
    lamp = replace(LAMP, url="https://cdn.test/tall")
    Image.new("RGB", (90, 60)).save(tmp_path / "wide.png")
    (problem,) = Api(lamp).problems(tmp_path, first="lamp", last="wide.png", media=media)
    assert problem.startswith("the keyframes have two formats (first is portrait, last is landscape)")


# --- order ------------------------------------------------------------------------------------------

SHOT = "job:7f3e2c54"


class Frames:
    """Jobs whose frames come when they come; remembers who asked."""

    def __init__(self, data=b""):
        self.data = data or _picture()
        self.asked = []

    async def __call__(self, frame):
        self.asked.append(str(frame))
        return self.data


@pytest.mark.parametrize(
    "last", ["nope", "empty.png", "cut.png", "https://pictures.test/page", ASSET_ID, FILM.id], ids=str
)
def test_no_job_is_waited_for_while_anything_else_is_wrong(tmp_path: Path, last) -> None:
    (tmp_path / "empty.png").write_bytes(b"")
    (tmp_path / "cut.png").write_bytes(_cut())
    (tmp_path / "good.png").write_bytes(_picture())
    waiting = Frames()

    async def fetch(_):
        raise InvalidRequest(["the link to pictures.test answers with a web page, no picture"])

    more = {"frame": waiting, "fetch": fetch}
    (problem,) = Api(LAMP, FILM).problems(tmp_path, first=SHOT, middle="good.png", last=last, more=more)
    assert problem.startswith("last: ")
    assert waiting.asked == []


def test_no_job_is_waited_for_while_the_files_have_two_formats(tmp_path: Path) -> None:
    (tmp_path / "tall.png").write_bytes(TALL)
    (tmp_path / "wide.png").write_bytes(_picture(size=(90, 60)))
    waiting = Frames()
    keyframes = {"first": "tall.png", "middle": SHOT, "last": "wide.png"}
    (problem,) = Api().problems(tmp_path, **keyframes, more={"frame": waiting})
    assert "two formats" in problem
    assert waiting.asked == []


def test_mistakes_of_files_links_and_names_come_together(tmp_path: Path) -> None:
    (tmp_path / "bad.png").write_bytes(b"words")
    waiting = Frames()

    async def fetch(_):
        raise InvalidRequest(["the link to pictures.test answers with HTTP 500"])

    keyframes = {"first": "bad.png", "middle": "https://pictures.test/a.png", "last": "nope"}
    problems = Api(LAMP).problems(tmp_path, **keyframes, more={"frame": waiting, "fetch": fetch})
    assert [problem.partition(":")[0] for problem in problems] == ["first", "middle", "last"]


def test_a_frame_that_cannot_be_had_refuses_the_request(tmp_path: Path) -> None:
    (tmp_path / "good.png").write_bytes(_picture())

    async def refuse(frame):
        raise InvalidRequest([f"job {frame.job_id} ended without a video"])

    (problem,) = Api().problems(tmp_path, first=SHOT, last="good.png", more={"frame": refuse})
    assert problem == "first: the last frame of job 7f3e2c54: job 7f3e2c54 ended without a video"


def test_a_frame_is_fitted_and_uploaded_like_a_file(tmp_path: Path) -> None:
    api, waiting = Api(), Frames(TALL)
    request = api.resolve(tmp_path, first=SHOT, last=f"{SHOT}@2.5", more={"frame": waiting}).request
    assert sorted(waiting.asked) == [SHOT, f"{SHOT}@2.5"]
    assert (request.aspect, list(request.keyframes.given)) == ("portrait", ["first", "last"])
    ((name, *_),) = api.uploads  # the same picture is sent once
    assert name.startswith("job-7f3e2c54")


# --- the same for any request -----------------------------------------------------------------------

KINDS = {
    "none": (None, ""),
    "good file": ("good.png", ""),
    "other file": ("other.png", ""),
    "bad file": ("bad.png", "bad.png"),
    "cut file": ("cut.png", "cut.png"),
    "name": ("lamp", ""),
    "unknown name": ("nowhere", "nowhere"),
    "id": (SEA.id, ""),
    "unknown id": (ASSET_ID, "0b6f0c1e"),
}


@pytest.fixture(scope="module")
def pictures(tmp_path_factory: pytest.TempPathFactory):
    folder = tmp_path_factory.mktemp("pictures")
    content = {"good": _picture(), "other": _picture(colour="red"), "bad": b"words", "cut": _cut()}
    for name, data in content.items():
        (folder / f"{name}.png").write_bytes(data)
    return folder


@settings(max_examples=examples(50), deadline=None)
@given(st.tuples(*[st.sampled_from(list(KINDS))] * 3), st.sampled_from([(ONE, EMAIL), (EMAIL,)]))
def test_a_request_is_resolved_whole_on_one_account_or_every_mistake_is_named_once(pictures, kinds, emails) -> None:
    given_ = {position: KINDS[kind][0] for position, kind in zip(POSITIONS, kinds, strict=True)}
    wrong = {position: KINDS[kind][1] for position, kind in zip(POSITIONS, kinds, strict=True) if KINDS[kind][1]}
    api = Api(LAMP, SEA, emails=emails)
    request = VideoRequest("A lamp", Keyframes(**given_))
    resolved = None
    problems: tuple[str, ...] = ()
    with tempfile.TemporaryDirectory() as home:
        ledger = Ledger(Path(home, "home"))
        there = picture_sources(pictures, api, ledger=ledger)
        try:
            resolved = asyncio.run(resolve_keyframes(request, there))
        except InvalidRequest as error:
            problems = error.problems
        ledger.close()
    assert Counter(problem.partition(":")[0] for problem in problems) == dict.fromkeys(wrong, 1)
    assert all(any(what in problem for problem in problems) for what in wrong.values())
    if resolved is None:
        assert api.uploads == []
        return
    keyframes = resolved.request.keyframes.given
    assert list(keyframes) == [position for position in POSITIONS if given_[position] is not None]
    known = {asset.id for asset in api.kept}
    assert set(keyframes.values()) <= known
    assert {asset.id for asset in resolved.assets.values()} == set(keyframes.values())
    assert len({asset.id.partition("-asset:")[0] for asset in resolved.assets.values()}) <= 1
    assert len(api.uploads) == len({name for name in given_.values() if name in ("good.png", "other.png")})


# --- links ------------------------------------------------------------------------------------------


@pytest.fixture
def web():
    """A server on this machine: path to body, and the requests that came."""
    bodies: dict[str, Any] = {}
    asked: list[Any] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append((self.path, dict(self.headers)))
            body = bodies.get(self.path.partition("?")[0])
            self.send_response(404 if body is None else 200)
            self.send_header("Content-Length", str(len(body or b"")))
            self.end_headers()
            self.wfile.write(body or b"")

        def log_message(self, *_):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    yield bodies, asked, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_a_link_becomes_an_asset_and_the_token_is_not_sent_there(party: Party, web) -> None:
    bodies, asked, address = web
    bodies["/pictures/pier.png"] = _picture(size=(90, 60), colour="navy")
    link = f"{address}/pictures/pier.png?sig=s3cr3t"
    job = party.submit(keyframes=Keyframes(link)).wait(10)
    assert job.video is not None
    (upload,) = party.api.calls("POST", "assets")
    assert dict(upload.url.params)["name"] == "pier"
    (path,) = (party.folder / "simulator" / "assets").iterdir()
    assert Image.open(path).size == (1280, 768)
    ((_, headers),) = asked
    assert "Authorization" not in headers
    assert not [text for text in headers.values() if TOKEN.partition("-")[2] in text]
    assert job.original_request.keyframes.first == link
    assert str(job.request.keyframes.first).startswith("user:")


def test_a_link_to_a_page_refuses_the_request_and_nothing_is_uploaded(party: Party, web) -> None:
    bodies, _, address = web
    bodies["/page"] = b"<!DOCTYPE html><html>sign in</html>"
    Image.new("RGB", (8, 6)).save(party.folder / "good.png")
    keyframes = Keyframes("good.png", None, f"{address}/page?sig=s3cr3t")
    job = party.ended(party.submit(keyframes=keyframes))
    assert job.status == "REFUSED"
    assert job.error is not None
    assert "last: the picture at 127.0.0.1: " in job.error.message
    assert "web page" in job.error.message
    assert "s3cr3t" not in job.error.message
    assert (party.started, party.api.calls("POST")) == (0, [])


def test_a_link_that_changed_nothing_is_fetched_and_not_uploaded_again(party: Party, web) -> None:
    bodies, asked, address = web
    bodies["/a.png"] = _picture()
    for _ in range(2):
        party.submit(keyframes=Keyframes(f"{address}/a.png")).wait(10)
    assert len(asked) == 2
    assert len(party.api.calls("POST", "assets")) == 1


# --- stills -----------------------------------------------------------------------------------------


def _stills(answer, *assets):
    media = MediaClient(transport=httpx.MockTransport(answer))
    return asyncio.run(keyframe_thumbnails(dict(zip(("first", "last"), assets, strict=False)), media))


def test_the_preview_goes_before_the_whole_picture() -> None:
    asked = []

    def answer(request):
        asked.append(request.url.path)
        return httpx.Response(200, content=_picture())

    both = Asset("a", url="https://cdn.test/whole", preview_urls=("https://cdn.test/preview", "https://cdn.test/2"))
    stills = _stills(answer, both, Asset("b", url="https://cdn.test/whole"))
    assert asked == ["/preview", "/whole"]
    assert all(still.startswith(b"\xff\xd8") for still in stills.values())


def test_the_whole_picture_stands_in_for_a_preview_that_is_gone() -> None:
    def answer(request):
        return httpx.Response(404) if request.url.path == "/preview" else httpx.Response(200, content=_picture())

    stills = _stills(answer, Asset("a", url="https://cdn.test/whole", preview_urls=("https://cdn.test/preview",)))
    assert stills["first"].startswith(b"\xff\xd8")


@pytest.mark.parametrize(
    "answer",
    [lambda _: httpx.Response(404), lambda _: httpx.Response(500), lambda _: httpx.Response(200, content=b"x")],
)
def test_a_still_that_cannot_be_had_is_left_out(answer) -> None:
    assert _stills(answer, Asset("a", url="https://cdn.test/a"), Asset("b")) == {}


# --- against the simulator --------------------------------------------------------------------------


def test_a_job_finds_uploads_and_shows_its_keyframes(party: Party) -> None:
    (party.folder / "photo.png").write_bytes(_picture())
    job = party.ended(party.submit(keyframes=Keyframes(first="photo.png", last="harbour")))
    assert job.error is None
    given_ = job.request.keyframes.given
    assert all(str(picture).startswith("user:4711-runwayml:") for picture in given_.values())
    assert set(job.thumbnails) == {"first", "last"}


def test_a_job_with_a_wrong_name_is_refused_unsent(party: Party) -> None:
    job = party.ended(party.submit(keyframes=Keyframes(first="lighthouse")))
    assert job.status == "REFUSED"
    assert "assets are harbour, meadow" in str(job.error)
    assert party.started == 0


def test_a_video_of_the_account_is_refused_as_a_keyframe(party: Party) -> None:
    party.submit().wait(10)
    (video,) = party.studio.account.assets(kind="video")
    job = party.ended(party.submit(keyframes=Keyframes(first=video.id)))
    assert job.status == "REFUSED"
    assert job.error is not None
    assert "is of the kind video: a keyframe is a picture" in job.error.message
    assert party.started == 1


def test_pictures_of_two_accounts_are_refused_unsent(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time, accounts=2) as party:
        job = party.ended(party.submit(keyframes=Keyframes(first="harbour")))
        assert "names 2 assets" in str(job.error)
        assets = party.studio.account.assets()
        accounts = {asset.id.partition("-asset:")[0]: asset for asset in assets}
        first, second = accounts.values()
        Image.new("RGB", (8, 6)).save(party.folder / "good.png")
        keyframes = Keyframes(first.id[-36:-28], "good.png", second.id[-36:-28])
        job = party.ended(party.submit(keyframes=keyframes))
        assert isinstance(job.error, InvalidRequest)
        assert (party.started, party.api.calls("POST")) == (0, [])


def test_an_upload_that_the_api_refuses_ends_the_job_unsent(tmp_path: Path) -> None:
    class Full(Api):
        async def upload(self, data, **_):
            raise BadRequest("full", 400)

    (tmp_path / "a.png").write_bytes(_picture())
    with pytest.raises(BadRequest):
        Full().resolve(tmp_path, first="a.png")


# --- round trip -------------------------------------------------------------------------------------


def _smooth(size, colour):
    """Broad shapes and soft slopes, which a video keeps."""
    across = Image.linear_gradient("L").rotate(90).resize(size, Image.Resampling.BICUBIC)
    light = Image.radial_gradient("L").resize(size, Image.Resampling.BICUBIC)
    slope = Image.merge("RGB", (across, light, across))
    return Image.blend(Image.new("RGB", size, colour), slope, 0.5)


def _render(shot_file, out) -> None:
    """One second of it: the keyframes stand at its parts, however long it is."""
    render(replace(Shot.from_json(shot_file.read_text("utf-8")), seconds=1), out)


@pytest.mark.slow("renders a clip")
@pytest.mark.parametrize("aspect", ["landscape", "portrait"])
def test_the_video_shows_each_keyframe_as_it_was_fitted(
    tmp_path: Path, time: FakeTime, monkeypatch: pytest.MonkeyPatch, aspect
) -> None:
    monkeypatch.setattr(stub, "renderer", _render)
    size = MODELS["gen3turbo"].aspects[aspect]
    names = dict(zip(POSITIONS, ("navy", "olive", "maroon"), strict=True))
    with Party(tmp_path, time) as party:
        for number, colour in enumerate(names.values()):
            _smooth((900 + 300 * number, 800), colour).save(party.folder / f"{colour}.png")
        keyframes = Keyframes(**{position: f"{colour}.png" for position, colour in names.items()})
        job = party.submit(keyframes=keyframes, camera=Camera(static=True), aspect=aspect).wait(30)
        assert job.video is not None
        length = video_frames.duration(job.video)
        seen = dict(zip(POSITIONS, (job.frame(0), job.frame(length / 2), job.last_frame), strict=True))
        for position, colour in names.items():
            fitted = fit_picture((party.folder / f"{colour}.png").read_bytes(), size)
            expected = Image.open(io.BytesIO(fitted.data))
            assert decibels(seen[position], expected) >= 30, position
