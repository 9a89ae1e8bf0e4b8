"""Finished videos: fetched whole or not at all, and named safely."""

from __future__ import annotations

import asyncio
import errno
import gzip
import io
import os
import re
import socket
import struct
import time
import tracemalloc
from pathlib import Path

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runway_nb.api import media as media_module
from runway_nb.api.media import LEAST, NO_VIDEO, PAUSES, PICTURE_LIMIT, MediaClient
from runway_nb.api.mp4 import check_mp4
from runway_nb.errors import DownloadError, LinkExpired, NotVideo
from runway_nb.pictures.thumbnails import small_jpeg
from runway_nb.settings import is_loopback
from runway_nb.simulator.rendering.stub import CLIP
from runway_nb.storage.atomic_file import RESERVE, free_bytes
from runway_nb.storage.video_folder import file_name, folder_problem
from support.examples import examples
from support.fakes import FakeTime
from support.ports import Port, bomb, endless_gzip, head, says

URL = "https://cdn.test/a.mp4?_jwt=aaa.bbb.ccc"


def _box(kind, content=b""):
    return struct.pack(">I4s", 8 + len(content), kind) + content


def _wide_box(kind, content=b""):
    return struct.pack(">I4sQ", 1, kind, 16 + len(content)) + content


HEAD = _box(b"ftyp", b"isom") + _box(b"moov", b"m" * 20)


class Cdn:
    """A media host that gives its answers in turn, the last one for ever."""

    def __init__(self, *answers, **options):
        self.answers = list(answers)
        self.requests = []
        self.sleeps = []
        self.seen = []
        self.media = MediaClient(transport=httpx.MockTransport(self._answer), sleep=self._sleep, **options)

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

    def picture(self, url=URL):
        return asyncio.run(self.media.picture(url))


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
def test_a_whole_mp4_is_taken(tmp_path: Path, content) -> None:
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
def test_anything_else_is_refused(tmp_path: Path, content) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(DownloadError):
        check_mp4(path)


@settings(max_examples=examples(50))
@given(st.integers(0, len(CLIP) - 1))
def test_no_cut_of_a_video_passes(tmp_path_factory: pytest.TempPathFactory, length) -> None:
    path = tmp_path_factory.getbasetemp() / "cut.mp4"
    path.write_bytes(CLIP[:length])
    with pytest.raises(DownloadError):
        check_mp4(path)


@settings(max_examples=examples(50))
@given(st.binary(max_size=100))
def test_no_bytes_break_the_check(tmp_path_factory: pytest.TempPathFactory, content) -> None:
    path = tmp_path_factory.getbasetemp() / "any.mp4"
    path.write_bytes(content)
    with pytest.raises(DownloadError):
        check_mp4(path)


# --- downloads --------------------------------------------------------------------------------------


def test_a_video_comes_under_a_temporary_name_and_is_renamed(tmp_path: Path) -> None:
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
    """Looks into a folder when reported of progress."""

    def __init__(self, folder):
        super().__init__()
        self.folder = folder
        self.names = []

    def append(self, numbers):
        super().append(numbers)
        self.names = [item.name for item in self.folder.iterdir()]


def test_progress_is_told_with_what_was_promised(tmp_path: Path) -> None:
    big = HEAD + _box(b"mdat", b"x" * 200_000)
    cdn = Cdn(lambda _: httpx.Response(200, content=big))
    cdn.download(tmp_path / "a.mp4")
    assert len(cdn.seen) > 2
    assert cdn.seen[-1] == (len(big), len(big))
    assert [received for received, _ in cdn.seen] == sorted(received for received, _ in cdn.seen)


def test_without_a_promise_the_total_is_unknown(tmp_path: Path) -> None:
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
def test_trouble_that_passes_is_waited_out(tmp_path: Path, trouble) -> None:
    cdn = Cdn(trouble, trouble, _clip)
    cdn.download(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CLIP
    assert cdn.sleeps == list(PAUSES[:2])


@pytest.mark.parametrize("trouble", [_status(500), httpx.ReadTimeout, lambda _: httpx.Response(200, content=CLIP[:-1])])
def test_trouble_that_stays_leaves_nothing_behind(tmp_path: Path, trouble) -> None:
    cdn = Cdn(trouble)
    with pytest.raises(DownloadError):
        cdn.download(tmp_path / "a.mp4")
    assert len(cdn.requests) == len(PAUSES) + 1
    assert list(tmp_path.iterdir()) == []


def test_a_failed_download_leaves_the_older_file_alone(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"older")
    with pytest.raises(DownloadError):
        Cdn(_status(500)).download(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == b"older"


@pytest.mark.parametrize("status", [401, 403, 404, 410])
def test_an_expired_link_is_told_at_once(tmp_path: Path, status) -> None:
    cdn = Cdn(_status(status))
    with pytest.raises(LinkExpired, match=str(status)):
        cdn.download(tmp_path / "a.mp4")
    assert len(cdn.requests) == 1
    assert list(tmp_path.iterdir()) == []


def test_the_media_host_never_gets_a_login(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USEAPI_TOKEN", "user:4711-abcDEF123")
    cdn = Cdn(_status(302, Location="https://other.test/b.mp4"), _clip)
    cdn.download(tmp_path / "a.mp4")
    assert [request.url.host for request in cdn.requests] == ["cdn.test", "other.test"]
    for request in cdn.requests:
        assert "authorization" not in request.headers
        assert "abcDEF123" not in str(request.headers)


def test_redirects_in_a_circle_are_an_error(tmp_path: Path) -> None:
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
def test_a_link_to_the_wrong_place_is_not_followed(tmp_path: Path, url, local) -> None:
    cdn = Cdn(_clip, local=local)
    for act in (lambda: cdn.download(tmp_path / "a.mp4", url), lambda: cdn.picture(url)):
        with pytest.raises(DownloadError, match="not one to follow"):
            act()
    assert cdn.requests == []


def test_the_simulator_on_this_machine_may_use_http(tmp_path: Path) -> None:
    Cdn(_clip, local=True).download(tmp_path / "a.mp4", "http://127.0.0.1:8765/a.mp4")
    assert (tmp_path / "a.mp4").exists()


def test_a_disk_that_refuses_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.mkdir()
    with pytest.raises((DownloadError, OSError)) as caught:
        Cdn(_clip).download(path)
    assert str(tmp_path) in str(caught.value)


def test_a_full_disk_is_named_and_not_tried_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runway_nb.storage.atomic_file.PartialFile.write", full)
    cdn = Cdn(_clip)
    with pytest.raises(DownloadError, match="No space left on device"):
        cdn.download(tmp_path / "a.mp4")
    assert (len(cdn.requests), cdn.sleeps) == (1, [])


def test_a_stop_during_the_download_leaves_nothing_behind(tmp_path: Path) -> None:
    def stop(*_):
        raise LookupError("stopped")

    with pytest.raises(LookupError):
        asyncio.run(Cdn(_clip).media.download(URL, tmp_path / "a.mp4", stop))
    assert list(tmp_path.iterdir()) == []


# --- no longer, no larger, no heavier than it may be --------------------------------------------------


class Real:
    """A media host on a port of this machine, for a client that takes it for the simulator."""

    def __init__(self, serve, **options):
        self.port, self.options, self.seen = Port(serve), options, []

    async def _pass(self, _):
        pass

    def _act(self, act):
        async def run(port):
            media = MediaClient(origin=f"{port.address}/v1", sleep=self._pass, **self.options)
            try:
                return await act(media, f"{port.address}/a.mp4")
            finally:
                await media.aclose()

        return self.port.during(run)

    def download(self, path, **more):
        return self._act(lambda media, url: media.download(url, path, lambda *sizes: self.seen.append(sizes), **more))

    def picture(self):
        return self._act(lambda media, url: media.picture(url))


def test_a_video_comes_over_a_real_connection(tmp_path: Path) -> None:
    real = Real(says(head(f"Content-Length: {len(CLIP)}"), CLIP))
    assert real.download(tmp_path / "a.mp4").read_bytes() == CLIP
    assert real.seen[-1] == (len(CLIP), len(CLIP))
    assert "accept-encoding: identity\r\n" in real.port.heads[0].lower()


def test_a_video_that_comes_packed_is_unpacked(tmp_path: Path) -> None:
    packed = gzip.compress(CLIP)
    real = Real(says(head("Content-Encoding: gzip", f"Content-Length: {len(packed)}"), packed))
    assert real.download(tmp_path / "a.mp4").read_bytes() == CLIP
    assert real.seen[-1] == (len(CLIP), None)


@pytest.mark.parametrize(
    "serve",
    [
        says(b"HTTP/1.1 200 OK\r\n", pause=0.02, forever=b"x"),
        says(head("Connection: close"), pause=0.02, forever=b"x"),
        says(head("Transfer-Encoding: chunked") + b"1;", pause=0.02, forever=b"x"),
        says(head("Content-Length: 999999") + CLIP, pause=9.0, forever=b""),
        says(head("Location: /b", "Connection: close", status="302 there"), pause=9.0, forever=b"x"),
    ],
    ids=["a head", "a body", "a chunk that never begins", "a halt", "a circle"],
)  # fmt: skip
def test_a_drip_is_not_waited_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, serve) -> None:
    for name in ("OPEN_SECONDS", "WINDOW", "PICTURE_SECONDS"):
        monkeypatch.setattr(media_module, name, 0.1)
    began = time.perf_counter()
    real = Real(serve)
    with pytest.raises(DownloadError):
        real.download(tmp_path / "a.mp4")
    with pytest.raises(DownloadError):
        real.picture()
    assert time.perf_counter() - began < 3
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("seconds", "comes_on"), [(20.0, True), (61.0, False)])
def test_a_slow_line_is_waited_for_and_a_drip_is_not(tmp_path: Path, seconds, comes_on) -> None:
    """A piece of 64 KB at a time."""
    time, path, big = FakeTime(), tmp_path / "a.mp4", HEAD + _box(b"mdat", bytes(10 * LEAST))

    def slowly(*_):
        time.now += seconds

    cdn = Cdn(lambda _: httpx.Response(200, content=big), clock=time)
    if comes_on:
        asyncio.run(cdn.media.download(URL, path, slowly))
        assert path.read_bytes() == big
    else:
        with pytest.raises(DownloadError, match="came to a stop"):
            asyncio.run(cdn.media.download(URL, path, slowly))
        assert list(tmp_path.iterdir()) == []


def test_a_video_that_comes_on_may_pause_at_any_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each pause is shorter than a window, and goes over the end of one."""
    monkeypatch.setattr(media_module, "WINDOW", 0.5)
    big = HEAD + _box(b"mdat", bytes(6 * LEAST))

    async def serve(_):
        yield head(f"Content-Length: {len(big)}")
        for start in range(0, len(big), 2 * LEAST):
            await asyncio.sleep(0.35)
            yield big[start : start + 2 * LEAST]

    real = Real(serve)
    assert real.download(tmp_path / "a.mp4").read_bytes() == big
    assert len(real.port.heads) == 1


@pytest.mark.parametrize("packed", [False, True])
def test_a_video_without_an_end_is_given_up_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, packed) -> None:
    monkeypatch.setattr(media_module, "VIDEO_LIMIT", 3_000_000)
    serve = endless_gzip(HEAD) if packed else says(head("Connection: close"), HEAD, forever=bytes(100_000))
    real = Real(serve)
    with pytest.raises(DownloadError, match="more than 3 MB"):
        real.download(tmp_path / "a.mp4")
    assert len(real.port.heads) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_length_beyond_the_limit_is_believed(tmp_path: Path) -> None:
    real = Real(says(head("Content-Length: 99999999999"), HEAD, pause=9.0, forever=b"x"))
    with pytest.raises(DownloadError, match="more than 2 GB"):
        real.download(tmp_path / "a.mp4")


def test_a_video_far_larger_than_its_task_says_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(media_module, "SPARE", 1_000_000)
    real = Real(says(head("Connection: close"), HEAD, forever=bytes(100_000)))
    with pytest.raises(DownloadError, match="more than"):
        real.download(tmp_path / "a.mp4", size=500_000)
    assert real.port.sent < 30_000_000


@pytest.mark.parametrize("size", [None, 0, -5, 10**15, 1, len(CLIP)])
def test_what_the_task_says_of_the_size_costs_no_video(tmp_path: Path, size) -> None:
    cdn = Cdn(_clip, free=lambda _: 100_000_000)
    asyncio.run(cdn.media.download(URL, tmp_path / "a.mp4", lambda *_: None, size=size))
    assert (tmp_path / "a.mp4").read_bytes() == CLIP


def test_a_bomb_of_a_still_is_not_unpacked() -> None:
    real = Real(says(head("Content-Encoding: gzip", "Connection: close") + bomb(100)))
    tracemalloc.start()
    try:
        with pytest.raises(DownloadError, match="more than 20 MB"):
            real.picture()
        assert tracemalloc.get_traced_memory()[1] < 3 * PICTURE_LIMIT
    finally:
        tracemalloc.stop()


def test_the_body_of_a_redirect_is_not_read(tmp_path: Path) -> None:
    async def endless():
        raise AssertionError("it was read")
        yield b""

    away = httpx.Response(302, headers={"Location": "https://other.test/b.mp4"}, content=endless())
    Cdn(lambda _: away, _clip).download(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CLIP


@pytest.mark.parametrize("start", [b"", HEAD])
def test_a_file_of_countless_boxes_is_refused_soon(tmp_path: Path, start) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(start + _box(b"free") * 2_000_000)
    began = time.process_time()
    with pytest.raises(DownloadError, match="boxes"):
        check_mp4(path)
    assert time.process_time() - began < 1


def test_a_fragmented_video_of_an_hour_is_taken(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(HEAD + (_box(b"moof", b"x") + _box(b"mdat", b"x")) * 3_600)
    check_mp4(path)


@pytest.mark.parametrize(
    "content", [b"<html>no</html>" * 30, b"\xff\xd8\xff\xe0\0\x10JFIF" * 9, b"\x89PNG\r\n\x1a\n" * 9, b"{}" * 9]
)
def test_what_does_not_even_begin_like_a_video_is_told_apart(tmp_path: Path, content) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(content)
    with pytest.raises(NotVideo):
        check_mp4(path)
    cdn = Cdn(lambda _: httpx.Response(200, content=content))
    with pytest.raises(NotVideo):
        asyncio.run(cdn.media.download(URL, tmp_path / "b.mp4", lambda *_: None, alone=False))
    assert cdn.sleeps == []
    with pytest.raises(NotVideo):
        cdn.download(tmp_path / "b.mp4")
    assert cdn.sleeps == list(PAUSES[:NO_VIDEO])


@pytest.mark.parametrize(
    "error",
    [httpx.DecodingError, httpx.StreamClosed, RuntimeError, ValueError, KeyError, OSError, AssertionError, MemoryError],
)
def test_whatever_breaks_below_is_a_download_error(tmp_path: Path, error) -> None:
    def broken(_):
        raise error() if error is httpx.StreamClosed else error("x")

    cdn = Cdn(broken)
    for act in (lambda: cdn.download(tmp_path / "a.mp4"), cdn.picture):
        with pytest.raises(DownloadError) as caught:
            act()
        assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    "url", ["\ud800", "https://\ud800.test/", "https://[::1", "https://a.test:x/", "x" * 99_999, "\0"]
)
def test_a_link_that_is_none_is_a_download_error(tmp_path: Path, url) -> None:
    cdn = Cdn(_clip)
    for act in (lambda: cdn.download(tmp_path / "a.mp4", url), lambda: cdn.picture(url)):
        with pytest.raises(DownloadError):
            act()
    assert cdn.requests == []
    assert cdn.sleeps == []


# --- the disk ---------------------------------------------------------------------------------------


def test_there_is_room_for_the_video_or_it_is_not_begun(tmp_path: Path) -> None:
    cdn = Cdn(_clip, free=lambda _: RESERVE + len(CLIP) - 1)
    with pytest.raises(DownloadError, match=r"free on the disk.*RUNWAY_NB_OUTPUT"):
        cdn.download(tmp_path / "a.mp4")
    assert (cdn.sleeps, list(tmp_path.iterdir())) == ([], [])
    Cdn(_clip, free=lambda _: RESERVE + len(CLIP)).download(tmp_path / "b.mp4")


def test_a_video_of_unknown_length_leaves_room_on_the_disk(tmp_path: Path) -> None:
    room = iter([10**9, 10**9, 10**9, RESERVE])
    real = Real(says(head("Connection: close"), HEAD, forever=bytes(1_000_000)), free=lambda _: next(room))
    with pytest.raises(DownloadError, match="free on the disk"):
        real.download(tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_does_not_say_what_is_free_is_used(tmp_path: Path) -> None:
    Cdn(_clip, free=lambda _: None).download(tmp_path / "a.mp4")
    assert free_bytes(tmp_path / "nowhere") is None


@pytest.mark.parametrize("refusal", [errno.EINVAL, errno.ENOTSUP, errno.ENOSYS, errno.EPERM, errno.EBADF, errno.EROFS])
def test_a_mount_that_knows_no_fsync_keeps_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal) -> None:
    def refused(_):
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(os, "fsync", refused)
    Cdn(_clip).download(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CLIP


@pytest.mark.parametrize("loss", [errno.EIO, errno.ENOSPC, errno.EDQUOT])
def test_data_that_is_lost_on_its_way_to_the_disk_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loss
) -> None:
    def lost(_):
        raise OSError(loss, os.strerror(loss))

    monkeypatch.setattr(os, "fsync", lost)
    with pytest.raises(DownloadError, match=re.escape(os.strerror(loss))):
        Cdn(_clip).download(tmp_path / "a.mp4")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("refusal", [errno.EXDEV, errno.EACCES, errno.EBUSY, errno.EISDIR])
def test_a_name_that_cannot_be_given_is_told_with_the_setting(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refusal
) -> None:
    def refused(*_):
        raise OSError(refusal, os.strerror(refusal))

    monkeypatch.setattr(Path, "replace", refused)
    with pytest.raises(DownloadError, match=r"RunwayMagics\.output = '~/videos' or RUNWAY_NB_OUTPUT"):
        Cdn(_clip).download(tmp_path / "a.mp4")
    monkeypatch.undo()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["file/deeper", "file", "x" * 300, "a\0b", "\ud800" * 90], ids=ascii)
def test_a_folder_that_cannot_be_written_is_found_by_trying(tmp_path: Path, folder) -> None:
    (tmp_path / "file").write_text("in the way")
    problem = folder_problem(tmp_path / folder, "7f3e2c54")
    assert problem is not None
    assert "RunwayMagics.output = '~/videos' or RUNWAY_NB_OUTPUT" in problem.message
    assert [item.name for item in tmp_path.iterdir()] == ["file"]
    with pytest.raises(DownloadError, match="RUNWAY_NB_OUTPUT"):
        Cdn(_clip).download(tmp_path / folder / "a.mp4")


@pytest.mark.parametrize(
    "refused", ["runway_nb.storage.video_folder.private_folder", "runway_nb.storage.video_folder.open_private"]
)
def test_a_folder_that_may_not_be_written_is_found_by_trying(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, refused
) -> None:
    def no(*_, **__):
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(refused, no)
    assert "Permission denied" in str(folder_problem(tmp_path / "out", "7f3e2c54"))


def test_a_folder_that_can_be_written_is_made_and_left_empty(tmp_path: Path) -> None:
    assert folder_problem(tmp_path / "new" / "out", "7f3e2c54") is None
    assert list((tmp_path / "new" / "out").iterdir()) == []


# --- where a link may lead --------------------------------------------------------------------------

PRIVATE = [
    "127.0.0.1", "127.8.9.1", "127.0.0.1.", "localhost", "LOCALHOST", "localhost.", "a.localhost", "0.0.0.0", "0",
    "10.0.0.7", "172.16.0.1", "192.168.1.7", "169.254.169.254", "100.64.0.1", "224.0.0.1", "255.255.255.255",
    "192.0.0.8", "192.88.99.1", "198.18.0.1", "2130706433", "0x7f.1", "0x7f000001", "0X7F.0.0.1", "127.1",
    "017700000001", "0251.0376.0251.0376", "[::1]", "[::]", "[::ffff:127.0.0.1]", "[::ffff:10.0.0.1]", "[::127.0.0.1]",
    "[64:ff9b::7f00:1]", "[64:ff9b::10.0.0.7]", "[64:ff9b:1::1]", "[2002:7f00:1::1]", "[2002:c0a8:107::]",
    "[2001:0:4136:e378::1]", "[fe80::1]", "[fe80::1%25eth0]", "[fd00::1]", "[fec0::1]", "[ff02::1]", "[2001:db8::1]",
    "[3fff::1]", "127\u30020\u30020\u30021", "127.0.0.1%00.cdn.test", "%6cocalhost", "lan.test", "half.test",
    "user:pw@cdn.test", "user@cdn.test",
]  # fmt: skip
LOOKUPS = {"cdn.test": ["93.184.216.34"], "lan.test": ["192.168.1.7"], "half.test": ["93.184.216.34", "10.0.0.7"]}


async def _resolve(host):
    if host not in LOOKUPS:
        raise OSError("unknown")
    return LOOKUPS[host]


@pytest.mark.parametrize("host", PRIVATE)
def test_no_link_of_the_real_api_leads_to_a_private_place(tmp_path: Path, host) -> None:
    for start in ([], [_status(302, Location=f"https://{host}/x".encode())]):
        cdn = Cdn(*start, _clip, resolve=_resolve)
        url = URL if start else f"https://{host}/x"
        for act in (lambda: cdn.download(tmp_path / "a.mp4", url), lambda: cdn.picture(url)):  # noqa: B023
            with pytest.raises(DownloadError, match="not one to follow"):
                act()
            assert len(cdn.requests) == len(start)
            cdn.answers, cdn.requests = [*start, _clip], []
        assert cdn.sleeps == []


@pytest.mark.parametrize(
    "trouble",
    [
        socket.gaierror(socket.EAI_AGAIN, "Temporary failure in name resolution"),
        socket.gaierror(socket.EAI_NONAME, "Name or service not known"),
        None,
    ],
)
@pytest.mark.parametrize("start", [[], [_status(302, Location="https://cdn2.test/x")]])
def test_a_host_that_is_not_found_at_first_is_looked_for_again(tmp_path: Path, trouble, start) -> None:
    found = iter([["93.184.216.34"]] * len(start) + [trouble] + [["93.184.216.34"]] * 9)

    async def resolve(_):
        addresses = next(found)
        if isinstance(addresses, OSError):
            raise addresses
        return addresses or []

    cdn = Cdn(*start, _clip, resolve=resolve)
    cdn.download(tmp_path / "a.mp4")
    assert (tmp_path / "a.mp4").read_bytes() == CLIP
    assert cdn.sleeps == list(PAUSES[:1])


def test_a_host_that_is_never_found_is_named_and_the_link_is_not_blamed(tmp_path: Path) -> None:
    cdn, url = Cdn(_clip, resolve=_resolve), "https://none.test/a.mp4"
    for act in (lambda: cdn.download(tmp_path / "a.mp4", url), lambda: cdn.picture(url)):
        with pytest.raises(DownloadError, match=r"none\.test cannot be found") as caught:
            act()
        assert "link" not in str(caught.value)
    assert (cdn.requests, cdn.sleeps) == ([], list(PAUSES))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("host", ["cdn.test", "CDN.test.", "93.184.216.34", "[2606:2800:220:1::1]", "cdn.test:8443"])
def test_a_link_to_a_public_place_is_followed(tmp_path: Path, host) -> None:
    cdn = Cdn(_clip, resolve=_resolve)
    cdn.download(tmp_path / "a.mp4", f"https://{host}/x")
    assert len(cdn.requests) == 1


@pytest.mark.parametrize(
    ("origin", "url", "followed"),
    [
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:8000/a", True),
        ("http://127.0.0.1:8000/v1", "http://localhost:8000/a", True),
        ("http://localhost:8000", "http://[::1]:8000/a", True), ("https://[::1]:8000", "https://[::1]:8000/a", True),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1:22/a", False),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.1/a", False), ("http://127.0.0.1/v1", "http://127.0.0.1/a", True),
        ("http://127.0.0.1:8000/v1", "https://127.0.0.1:8000/a", False),
        ("http://127.0.0.1:8000/v1", "http://[::1]:8000/a", False),
        ("http://127.0.0.1:8000/v1", "http://127.0.0.2:8000/a", False),
        ("http://127.0.0.1:8000/v1", "http://2130706433:8000/a", False),
        ("http://127.0.0.1:8000/v1", "http://10.0.0.7:8000/a", False),
        ("http://127.0.0.1:8000/v1", "http://169.254.169.254/a", False),
        ("http://127.0.0.1:8000/v1", "http://u@127.0.0.1:8000/a", False),
        ("http://127.0.0.1:8000/v1", "https://cdn.test/a", False),
        ("https://api.test/v1", "https://cdn.test/a", True), ("https://api.test/v1", "https://127.0.0.1/a", False),
        ("https://api.test/v1", "http://cdn.test/a", False), ("https://127.0.0.1.test/v1", "https://127.0.0.1/", False),
    ],
)  # fmt: skip
def test_with_an_api_on_this_machine_links_lead_to_it_and_nowhere_else(tmp_path: Path, origin, url, followed) -> None:
    for start in ([], [_status(302, Location=url)]):
        cdn = Cdn(*start, _clip, origin=origin, resolve=_resolve)
        first = url
        if start:
            first = f"{origin}/a" if is_loopback(httpx.URL(origin).host) else URL
        if followed:
            cdn.download(tmp_path / "a.mp4", first)
        else:
            with pytest.raises(DownloadError, match="not one to follow"):
                cdn.download(tmp_path / "a.mp4", first)
            assert len(cdn.requests) == len(start)


def test_a_name_that_resolves_anew_to_this_machine_gets_no_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first look finds a public address, the connection goes to a private one."""
    real = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda _, *args, **more: real("127.0.0.1", *args, **more))
    greetings = []

    async def serve(port):
        greetings.append(port)
        yield b""

    async def act(port):
        media = MediaClient(resolve=_resolve)
        with pytest.raises(DownloadError, match=r"cdn\.test.*a private address"):
            await media.picture(f"https://cdn.test:{port.number}/secret")
        with pytest.raises(DownloadError, match=r"cdn\.test.*a private address"):
            await media.download(f"https://cdn.test:{port.number}/secret", tmp_path / "a.mp4", lambda *_: None)
        await media.aclose()

    port = Port(serve)
    port.during(act)
    assert port.heads == []


def test_a_proxy_fetches_what_only_it_can_find(monkeypatch: pytest.MonkeyPatch) -> None:
    port = Port(says(head(status="403 no")))

    async def act(port):
        monkeypatch.setenv("HTTPS_PROXY", port.address)
        media = MediaClient(resolve=_resolve)
        with pytest.raises(DownloadError, match="ProxyError"):
            await media.picture("https://only-the-proxy-knows.test/a.jpg")
        with pytest.raises(DownloadError, match="not one to follow"):
            await media.picture("https://lan.test/a.jpg")
        await media.aclose()

    port.during(act)
    assert [line.partition("\r\n")[0] for line in port.heads] == ["CONNECT only-the-proxy-knows.test:443 HTTP/1.1"]


# --- stills -----------------------------------------------------------------------------------------


def test_a_still_is_its_bytes() -> None:
    assert Cdn(lambda _: httpx.Response(200, content=b"jpeg")).picture() == b"jpeg"


@pytest.mark.parametrize("trouble", [_status(500), _status(404), httpx.ReadTimeout, httpx.ConnectError])
def test_a_still_that_fails_is_a_download_error(trouble) -> None:
    with pytest.raises(DownloadError):
        Cdn(trouble).picture()


def test_a_still_has_a_largest_size() -> None:
    async def endless():
        while True:
            yield bytes(PICTURE_LIMIT // 4)

    with pytest.raises(DownloadError, match="20 MB"):
        Cdn(lambda _: httpx.Response(200, content=endless())).picture()


def _picture(mode="RGB", size=(1280, 768), kind="PNG", **options):
    out = io.BytesIO()
    Image.new(mode, size).save(out, kind, **options)
    return out.getvalue()


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "L", "LA", "P", "1", "I;16"])
def test_a_still_of_any_mode_becomes_a_small_jpeg(mode) -> None:
    data = small_jpeg(_picture(mode))
    assert data is not None
    with Image.open(io.BytesIO(data)) as picture:
        assert (picture.format, picture.mode, picture.size) == ("JPEG", "RGB", (560, 336))


@pytest.mark.parametrize("kind", ["JPEG", "GIF", "WEBP"])
def test_a_small_picture_is_not_enlarged(kind) -> None:
    data = small_jpeg(_picture(size=(80, 48), kind=kind), 240)
    assert data is not None
    assert Image.open(io.BytesIO(data)).size == (80, 48)


def test_a_portrait_keeps_its_form() -> None:
    data = small_jpeg(_picture(size=(768, 1280)), 240)
    assert data is not None
    assert Image.open(io.BytesIO(data)).size == (240, 400)


def test_a_palette_with_transparency_is_taken() -> None:
    assert small_jpeg(_picture("P", transparency=0))


@pytest.mark.parametrize(
    "data", [b"", b"x", b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", _picture()[:60], _picture(kind="GIF")[:8]]
)
def test_garbage_is_no_picture(data) -> None:
    assert small_jpeg(data) is None


def test_a_bomb_is_no_picture_and_what_the_user_told_pillow_does_not_matter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 100)
    assert small_jpeg(_picture(size=(100, 100)))
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", None)
    monkeypatch.setattr("runway_nb.pictures.limits.LARGEST_PIXELS", 9_999)
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
def test_a_name_tells_of_prompt_and_job(prompt, name) -> None:
    assert file_name(prompt, "7f3e2c54") == name


@given(st.text(max_size=200))
def test_a_name_is_safe_on_every_system(prompt) -> None:
    name = file_name(prompt, "7f3e2c54")
    assert SAFE.fullmatch(name)
    assert len(name) <= 50
    assert file_name(prompt, "7f3e2c54") == name
    assert name.partition(".")[0] not in {"con", "nul", "aux", "prn", "com1", "lpt1"}


@given(st.text(max_size=40), st.text(max_size=40))
def test_two_jobs_never_share_a_name(one, two) -> None:
    assert file_name(one, "7f3e2c54") != file_name(two, "7f3e2c55")
