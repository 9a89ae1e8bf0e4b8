"""Finished videos: fetched whole or not at all, and named safely."""

from __future__ import annotations

import asyncio
import io
import re
import struct

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runway_nb.errors import DownloadError, LinkExpired
from runway_nb.media import PAUSES, STILL_LIMIT, MediaClient, check_mp4, file_name, small_jpeg
from runway_nb.simulator.instant import CLIP

URL = "https://cdn.test/a.mp4?_jwt=aaa.bbb.ccc"


def _box(kind, content=b""):
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _wide_box(kind, content=b""):
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


HEAD = _box(b"ftyp", b"isom") + _box(b"moov", b"m" * 20)


class Cdn:
    """A media host that gives its answers in turn, the last one for ever."""

    def __init__(self, *answers, local=False):
        self.answers = list(answers)
        self.requests = []
        self.sleeps = []
        self.seen = []
        self.media = MediaClient(local=local, transport=httpx.MockTransport(self._answer), sleep=self._sleep)

    async def _sleep(self, seconds):
        self.sleeps.append(seconds)

    def _answer(self, request):
        self.requests.append(request)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, type):
            raise answer("broken", request=request)
        return answer(request) if callable(answer) else answer

    def download(self, path, url=URL):
        return asyncio.run(self.media.download(url, path, lambda *numbers: self.seen.append(numbers)))

    def still(self, url=URL):
        return asyncio.run(self.media.still(url))


def _clip(_=None):
    return httpx.Response(200, content=CLIP)


def _status(code, **headers):
    return lambda _: httpx.Response(code, headers=headers)


# --- a whole file or none ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    "content",
    [
        CLIP, HEAD + _box(b"mdat", b"x"), HEAD + _wide_box(b"mdat", b"x" * 5), _box(b"free") + HEAD + _box(b"mdat"),
        HEAD + struct.pack(">I4s", 0, b"mdat") + b"to the end",
    ],
)  # fmt: skip
def test_a_whole_mp4_is_taken(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    check_mp4(path)


@pytest.mark.parametrize(
    "content",
    [
        b"", b"x", b"<html>no</html>" * 30, CLIP[:-1], CLIP[: len(CLIP) // 2], CLIP + b"x", b"\0" * 64, HEAD,
        _box(b"ftyp") + _box(b"mdat"), HEAD + _wide_box(b"mdat", b"x" * 50)[:-1],
        HEAD + struct.pack(">I4s", 1, b"mdat"),
        HEAD + struct.pack(">I4s", 7, b"mdat"), HEAD + struct.pack(">I4sQ", 1, b"mdat", 2**64 - 1),
    ],
)  # fmt: skip
def test_anything_else_is_refused(tmp_path, content):
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(DownloadError):
        check_mp4(path)


@settings(max_examples=50)
@given(st.integers(0, len(CLIP) - 1))
def test_no_cut_of_a_video_passes(tmp_path_factory, length):
    path = tmp_path_factory.getbasetemp() / "cut.mp4"
    path.write_bytes(CLIP[:length])
    with pytest.raises(DownloadError):
        check_mp4(path)


@settings(max_examples=50)
@given(st.binary(max_size=100))
def test_no_bytes_break_the_check(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.mp4"
    path.write_bytes(content)
    with pytest.raises(DownloadError):
        check_mp4(path)


# --- downloads --------------------------------------------------------------------------------------


def test_a_video_comes_under_a_temporary_name_and_is_renamed(tmp_path):
    path = tmp_path / "new" / "a.mp4"
    cdn = Cdn(_clip)
    cdn.seen = _Names(path.parent)
    assert cdn.download(path) == path
    assert path.read_bytes() == CLIP
    assert [item.name for item in path.parent.iterdir()] == ["a.mp4"]
    (name,) = cdn.seen.names
    assert name.startswith(".a-")
    assert name.endswith(".part")


class _Names(list):
    """Looks into a folder when told of progress."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.names = []

    def append(self, numbers):
        super().append(numbers)
        self.names = [item.name for item in self.folder.iterdir()]


def test_progress_is_told_with_what_was_promised(tmp_path):
    big = HEAD + _box(b"mdat", b"x" * 200_000)
    cdn = Cdn(lambda _: httpx.Response(200, content=big))
    cdn.download(tmp_path / "a.mp4")
    assert len(cdn.seen) > 2
    assert cdn.seen[-1] == (len(big), len(big))
    assert [received for received, _ in cdn.seen] == sorted(received for received, _ in cdn.seen)


def test_without_a_promise_the_total_is_unknown(tmp_path):
    cdn = Cdn(lambda _: _unsized())
    cdn.download(tmp_path / "a.mp4")
    assert cdn.seen[-1] == (len(CLIP), None)


def _unsized():
    async def chunks():
        yield CLIP

    return httpx.Response(200, content=chunks())


@pytest.mark.parametrize(
    "trouble",
    [
        _status(500),
        _status(503),
        _status(522),
        _status(429),
        httpx.ReadTimeout,
        httpx.ConnectError,
        httpx.RemoteProtocolError,
        lambda _: httpx.Response(200, content=CLIP[:100]),
        lambda _: httpx.Response(200, html="<html>no</html>"),
    ],
)
def test_trouble_that_passes_is_waited_out(tmp_path, trouble):
    cdn = Cdn(trouble, trouble, _clip)
    cdn.download(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CLIP
    assert cdn.sleeps == list(PAUSES[:2])


@pytest.mark.parametrize("trouble", [_status(500), httpx.ReadTimeout, lambda _: httpx.Response(200, content=CLIP[:-1])])
def test_trouble_that_stays_leaves_nothing_behind(tmp_path, trouble):
    cdn = Cdn(trouble)
    with pytest.raises(DownloadError):
        cdn.download(tmp_path / "a.mp4")
    assert len(cdn.requests) == len(PAUSES) + 1
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_leaves_the_older_file_alone(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"older")
    with pytest.raises(DownloadError):
        Cdn(_status(500)).download(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == b"older"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_link_is_told_at_once(tmp_path, status):
    cdn = Cdn(_status(status))
    with pytest.raises(LinkExpired, match=str(status)):
        cdn.download(tmp_path / "a.mp4")
    assert len(cdn.requests) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_media_host_never_gets_a_login(tmp_path, monkeypatch):
    monkeypatch.setenv("USEAPI_TOKEN", "user:4711-abcDEF123")
    cdn = Cdn(_status(302, Location="https://other.test/b.mp4"), _clip)
    cdn.download(tmp_path / "a.mp4")
    assert [request.url.host for request in cdn.requests] == ["cdn.test", "other.test"]
    for request in cdn.requests:
        assert "authorization" not in request.headers
        assert "abcDEF123" not in str(request.headers)


def test_redirects_in_a_circle_are_an_error(tmp_path):
    with pytest.raises(DownloadError, match="TooManyRedirects"):
        Cdn(_status(302, Location=URL)).download(tmp_path / "a.mp4")


@pytest.mark.parametrize(
    ("url", "local"),
    [
        ("http://cdn.test/a.mp4", False), ("ftp://cdn.test/a.mp4", False), ("file:///etc/passwd", False),
        ("a.mp4", False), ("", False), ("http://127.0.0.1/a.mp4", False), ("https://localhost/a.mp4", False),
        ("https://cdn.test/a.mp4", True), ("http://cdn.test/a.mp4", True),
    ],
)  # fmt: skip
def test_a_link_to_the_wrong_place_is_not_followed(tmp_path, url, local):
    cdn = Cdn(_clip, local=local)
    for act in (lambda: cdn.download(tmp_path / "a.mp4", url), lambda: cdn.still(url)):
        with pytest.raises(DownloadError, match="not one to follow"):
            act()
    assert cdn.requests == []


def test_the_simulator_on_this_machine_may_use_http(tmp_path):
    Cdn(_clip, local=True).download(tmp_path / "a.mp4", "http://127.0.0.1:8765/a.mp4")
    assert (tmp_path / "a.mp4").exists()


def test_a_disk_that_refuses_is_named(tmp_path):
    path = tmp_path / "a.mp4"
    path.mkdir()
    with pytest.raises((DownloadError, OSError)) as caught:
        Cdn(_clip).download(path)
    assert str(tmp_path) in str(caught.value)


def test_a_full_disk_is_named_and_not_tried_again(tmp_path, monkeypatch):
    async def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runway_nb.media._save", full)
    cdn = Cdn(_clip)
    with pytest.raises(DownloadError, match="No space left on device"):
        cdn.download(tmp_path / "a.mp4")
    assert (len(cdn.requests), cdn.sleeps) == (1, [])


def test_a_stop_during_the_download_leaves_nothing_behind(tmp_path):
    def stop(*_):
        raise LookupError("stopped")

    with pytest.raises(LookupError):
        asyncio.run(Cdn(_clip).media.download(URL, tmp_path / "a.mp4", stop))
    assert list(tmp_path.iterdir()) == []


# --- stills -----------------------------------------------------------------------------------------


def test_a_still_is_its_bytes():
    assert Cdn(lambda _: httpx.Response(200, content=b"jpeg")).still() == b"jpeg"


@pytest.mark.parametrize("trouble", [_status(500), _status(404), httpx.ReadTimeout, httpx.ConnectError])
def test_a_still_that_fails_is_a_download_error(trouble):
    with pytest.raises(DownloadError):
        Cdn(trouble).still()


def test_a_still_has_a_largest_size():
    async def endless():
        while True:
            yield bytes(STILL_LIMIT // 4)

    with pytest.raises(DownloadError, match="20 MB"):
        Cdn(lambda _: httpx.Response(200, content=endless())).still()


def _picture(mode="RGB", size=(1280, 768), kind="PNG", **options):
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_a_still_of_any_mode_becomes_a_small_jpeg(mode):
    data = small_jpeg(_picture(mode))
    assert data is not None
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (560, 336))


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP"])
def test_a_small_picture_is_not_enlarged(kind):
    data = small_jpeg(_picture(size=(80, 48), kind=kind), 240)
    assert data is not None
    assert Image.open(io.BytesIO(data)).size == (80, 48)


def test_a_portrait_keeps_its_form():
    data = small_jpeg(_picture(size=(768, 1280)), 240)
    assert data is not None
    assert Image.open(io.BytesIO(data)).size == (240, 400)


def test_a_palette_with_transparency_is_taken():
    assert small_jpeg(_picture("P", transparency=0))


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", _picture()[:60], _picture(kind="GIF")[:8]]
)
def test_garbage_is_no_picture(data):
    assert small_jpeg(data) is None


def test_a_bomb_is_no_picture_and_what_the_user_told_pillow_does_not_matter(monkeypatch):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert small_jpeg(_picture(size=(100, 100)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr("runway_nb.picture_limits.LARGEST_PIXELS", 9_999)
    assert small_jpeg(_picture(size=(100, 100))) is None


# --- names ------------------------------------------------------------------------------------------

SAFE = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\.mp4")


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("A lighthouse at dusk", "a-lighthouse-at-dusk-7f3e2c54.mp4"),
        ("Été à la plage!", "ete-a-la-plage-7f3e2c54.mp4"),
        ("../../etc/passwd", "etc-passwd-7f3e2c54.mp4"),
        ("灯台", "video-7f3e2c54.mp4"),
        ("", "video-7f3e2c54.mp4"),
        ("x" * 500, "video-7f3e2c54.mp4"),
        ("con", "con-7f3e2c54.mp4"),
        ("one two three four five six seven eight nine", "one-two-three-four-five-six-seven-7f3e2c54.mp4"),
    ],
)
def test_a_name_tells_of_prompt_and_job(prompt, name):
    assert file_name(prompt, "7f3e2c54") == name


@given(st.text(max_size=200))
def test_a_name_is_safe_on_every_system(prompt):
    name = file_name(prompt, "7f3e2c54")
    assert SAFE.fullmatch(name)
    assert len(name) <= 50
    assert file_name(prompt, "7f3e2c54") == name
    assert name.partition(".")[0] not in {"con", "nul", "aux", "prn", "com1", "lpt1"}


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_jobs_never_share_a_name(one, two):
    assert file_name(one, "7f3e2c54") != file_name(two, "7f3e2c55")
