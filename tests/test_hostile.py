"""Broken and hostile input from outside costs neither money nor a result, and ends in one clear error."""

from __future__ import annotations

import asyncio
import io
import pickle
import random
import threading
import time as clock
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from runway_nb import errors
from runway_nb.api.client import RunwayClient
from runway_nb.api.media import MediaClient
from runway_nb.api.models import Account, Asset, Task
from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.ledger import Ledger, Record
from runway_nb.pictures.fit import fit_picture
from runway_nb.pictures.resolve import resolve_keyframes
from runway_nb.pictures.thumbnails import small_jpeg
from runway_nb.redaction import redact
from runway_nb.request import VideoRequest
from runway_nb.settings import resolve
from support.fakes import Changed, Party, picture_sources
from support.strategies import TASK_ID, UUID

pytestmark = pytest.mark.usefixtures("small_frames")


def broken_png() -> bytes:
    """A picture on which Pillow raises a SyntaxError: the first chunk of pixels says it is shorter than it is."""
    noise = random.Random(1).randbytes(1200)
    data = io.BytesIO()
    Image.frombytes("L", (40, 30), noise).save(data, "PNG")
    whole = bytearray(data.getvalue())
    whole[33:37] = (300).to_bytes(4, "big")
    return bytes(whole)


# --- a paid video is kept, whatever decorates it --------------------


def test_a_broken_still_is_left_out() -> None:
    assert small_jpeg(broken_png()) is None


def test_a_broken_preview_does_not_cost_the_video(party: Party) -> None:
    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return answer if ".mp4" in request.url.path else httpx.Response(200, content=broken_png())

    party.media.inner = Changed(party.media.inner, change)
    assert party.submit().wait(10).video is not None


@pytest.mark.parametrize("url", ["https://[x", "https://a\x00b/", "file:///etc/passwd", "ftp://a.test/x"])
def test_a_preview_that_is_no_link_does_not_cost_the_video(party: Party, url: str) -> None:
    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "/tasks/user:" not in str(request.url):
            return answer
        body = answer.json()
        for artifact in body["artifacts"]:
            artifact["previewUrls"] = [url]
        return httpx.Response(200, json=body)

    party.api.inner = Changed(party.api.inner, change)
    assert party.submit().wait(10).video is not None


def test_a_task_is_followed_when_its_account_cannot_be_written(party: Party) -> None:
    (party.folder / "home").mkdir()
    (party.folder / "home" / "accounts").write_text("a file where a folder should be")
    job = party.submit().wait(10)
    assert job.video is not None
    assert any("ledger" in warning for warning in job.warnings)


# --- links and redirects --------------------


@pytest.mark.parametrize(
    ("target", "local"),
    [("http://evil.test/x", False), ("http://127.0.0.1/x", False), ("https://evil.test/x", True)],
)
def test_a_redirect_is_checked_like_a_link(target: str, local: bool) -> None:
    start = "http://127.0.0.1/a" if local else "https://a.test/a"

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(302, headers={"location": target}) if str(request.url) == start else httpx.Response(200)

    media = MediaClient(local=local, transport=httpx.MockTransport(answer))
    with pytest.raises(errors.DownloadError, match="not one to follow"):
        asyncio.run(media.picture(start))


@pytest.mark.parametrize("url", ["https://[x", "https://"])
def test_a_base_url_that_is_none_is_a_settings_error(url: str) -> None:
    with pytest.raises(errors.SettingsError):
        resolve({"base_url": url}, environ={}, stores=())


def test_the_token_is_not_sent_over_plain_http() -> None:
    with pytest.raises(errors.SettingsError):
        RunwayClient("user:1-a", base_url="http://api.example.org/v1")


# --- answers --------------------


@pytest.mark.parametrize("text", ["[" * 100_000, '{"taskId":%s}' % ("9" * 5000)])
def test_json_without_an_end_is_server_trouble(text: str) -> None:
    transport = httpx.MockTransport(lambda _: httpx.Response(200, text=text))
    client = RunwayClient("user:1-a", base_url="https://a.test", transport=transport)
    with pytest.raises(errors.ServerError):
        asyncio.run(client.create(VideoRequest("x")))


def test_a_number_beyond_measure_is_unknown_progress() -> None:
    assert Task.from_wire({"taskId": TASK_ID, "progressRatio": 10**400}).progress is None


def test_an_item_without_an_id_does_not_hide_the_others() -> None:
    body = [{"name": "no id"}, {"taskId": TASK_ID}, "text", None]
    transport = httpx.MockTransport(lambda _: httpx.Response(200, json=body))
    client = RunwayClient("user:1-a", base_url="https://a.test", transport=transport)
    assert [task.id for task in asyncio.run(client.tasks())] == [TASK_ID]


def test_redacting_a_long_text_takes_no_time() -> None:
    start = clock.process_time()
    redact("a" * 200_000)
    assert clock.process_time() - start < 1.0


@pytest.mark.parametrize("text", [repr("\nuser:4711-abcDEF"), "?t=user%3A4711-abcDEF", "o'brien@example.org"])
def test_secrets_are_masked_in_odd_surroundings(text: str) -> None:
    assert not [word for word in ("abcDEF", "brien", "example") if word in redact(text)]


# --- wishes --------------------


@pytest.mark.parametrize(
    ("one", "two"),
    [
        ({"camera": Camera(zoom=4)}, {"camera": Camera(zoom=4.0)}),
        ({"seconds": 5}, {"seconds": 5.0}),
        ({"camera": Camera(pan=0.0)}, {"camera": Camera(pan=-0.0)}),
    ],
)
def test_equal_wishes_have_equal_digests(one: dict[str, Any], two: dict[str, Any]) -> None:
    first, second = VideoRequest("x", **one), VideoRequest("x", **two)
    assert first == second
    assert first.digest == second.digest
    assert str(first.to_wire()) == str(second.to_wire())


@pytest.mark.parametrize("wish", [VideoRequest("x", aspect=["landscape"]), VideoRequest("\ud800")])  # type: ignore[arg-type]
def test_a_value_of_the_wrong_kind_is_a_problem(wish: VideoRequest) -> None:
    assert len(wish.problems()) == 1


def test_bytes_as_a_picture_give_a_short_line() -> None:
    assert all(len(line) < 200 for line in Keyframes(b"\x89PNG" * 5000).problems())  # type: ignore[arg-type]


def test_mistakes_survive_pickling() -> None:
    error = errors.InvalidRequest(["ab", "cd"])
    assert pickle.loads(pickle.dumps(error)).problems == ("ab", "cd")


# --- pictures --------------------


class TwoMailboxes:
    """An account of two mailboxes; only the second has an asset."""

    def __init__(self) -> None:
        self.uploads: list[str] = []

    async def accounts(self) -> tuple[Account, ...]:
        return (Account("a@x.org"), Account("b@x.org"))

    async def assets(self, *, email: str, **_: Any) -> list[Asset]:
        return [Asset(f"user:1-runwayml:b@x.org-asset:{UUID}", "lamp.png", "image")] if email == "b@x.org" else []

    async def upload(self, _: bytes, *, email: str, **__: Any) -> Asset:
        self.uploads.append(email)
        return Asset(f"user:1-runwayml:{email}-asset:{UUID}")


def resolved(keyframes: Keyframes, folder: Path, account: TwoMailboxes, **more: Any) -> Any:
    return asyncio.run(resolve_keyframes(VideoRequest("A lamp", keyframes), picture_sources(folder, account, **more)))


def test_a_file_goes_to_the_account_of_the_other_keyframes(tmp_path: Path) -> None:
    Image.new("RGB", (8, 6)).save(tmp_path / "p.png")
    account = TwoMailboxes()
    resolved(Keyframes("p.png", None, "lamp"), tmp_path, account)
    assert account.uploads == ["b@x.org"]


def test_all_wrong_pictures_are_reported_together_and_nothing_is_uploaded(tmp_path: Path) -> None:
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_text("no picture")
    account = TwoMailboxes()
    with pytest.raises(errors.InvalidRequest) as caught:
        resolved(Keyframes("a.png", "nope", "b.png"), tmp_path, account)
    assert len(caught.value.problems) == 3
    assert not account.uploads


@pytest.mark.parametrize("name", ["~nobody-here/x.png", "x" * 300, "data:image/png;base64," + "A" * 5000, "a\x00b"])
def test_an_odd_name_is_a_short_mistake(tmp_path: Path, name: str) -> None:
    with pytest.raises(errors.InvalidRequest) as caught:
        resolved(Keyframes(name), tmp_path, TwoMailboxes())
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    "name", ["x\udcff.png", "ä b & c?.png", "a%2Fb.png", ".png", "studio@example.org.png", "\n.png"]
)
def test_a_file_of_any_name_is_uploaded(party: Party, name: str) -> None:
    Image.new("RGB", (8, 6)).save(party.folder / "p.png")
    (party.folder / "p.png").rename(party.folder / name)
    job = party.submit(keyframes=Keyframes(name)).wait(10)
    assert job.video is not None
    assert len(party.api.calls("POST", "assets")) == 1


@pytest.mark.parametrize(
    "data", [b"<html>", broken_png(), b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff"], ids=lambda d: str(d[:6])
)
@pytest.mark.parametrize("picture", ["job:7f3e2c54", "https://pictures.test/a.png"])
def test_bytes_that_are_no_picture_end_in_a_line_wherever_they_come_from(
    tmp_path: Path, picture: str, data: bytes
) -> None:
    async def give(_: object) -> bytes:
        return data

    account = TwoMailboxes()
    with pytest.raises(errors.InvalidRequest) as caught:
        resolved(Keyframes(picture), tmp_path, account, frame=give, fetch=give)
    (line,) = caught.value.problems
    assert line.startswith("first: ")
    assert account.uploads == []


# --- the ledger --------------------


def a_record(name: str) -> Record:
    return Record(
        id=name, phase="following", request={}, model="gen3turbo", digest="d", reply_ref=f"r{name}", credits=25,
        simulated=True, task_id=TASK_ID,
    )  # fmt: skip


def test_threads_that_meet_a_new_account_together_lose_nothing(tmp_path: Path) -> None:
    ledger, start, broken = Ledger(tmp_path / "home"), threading.Barrier(8), []

    def add(number: int) -> None:
        start.wait()
        try:
            ledger.add(a_record(f"{number:08x}"))
        except errors.RunwayError as error:
            broken.append(error)

    threads = [threading.Thread(target=add, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not broken
    assert len(ledger.recent()) == 8
    (book,) = (tmp_path / "home" / "accounts").iterdir()
    assert book.stat().st_mode & 0o077 == 0
    assert (tmp_path / "home").stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("text", ["%", "_______", "a%", "aaaaaaaaZZZ", "\ud800", "'"])
def test_names_are_taken_literally(tmp_path: Path, text: str) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(a_record("aaaaaaaa"))
    with pytest.raises(errors.JobNotFound):
        ledger.find(text)


@pytest.mark.parametrize(("mode", "part"), [("RGB", b"IHDR"), ("P", b"PLTE")])
def test_a_png_whose_checksums_tell_of_damage_is_refused(mode: str, part: bytes) -> None:
    out = io.BytesIO()
    Image.new("RGB", (1280, 768), "teal").convert(mode).save(out, "PNG")
    data = bytearray(out.getvalue())
    begin = data.index(part)
    end = begin + 4 + int.from_bytes(data[begin - 4 : begin], "big")
    data[end] ^= 0xFF
    with pytest.raises(errors.InvalidRequest, match="the picture is"):
        fit_picture(bytes(data), (1280, 768))


@pytest.mark.parametrize("link", ["https://[::1/x.png", "https://[x]/a.png", "https://a\uff0fb/x.png"])
@pytest.mark.parametrize("slot", ["first", "middle", "last"])
def test_a_link_that_cannot_be_read_is_a_mistake_of_the_request(link: str, slot: str) -> None:
    (problem,) = VideoRequest("A lamp", Keyframes(**{slot: link})).problems()
    assert problem.startswith(f"{slot} is a link that cannot be read: give it as https://host/picture.png")
