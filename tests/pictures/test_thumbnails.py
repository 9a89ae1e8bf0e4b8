"""Small pictures of assets: fetched together, kept in a private folder."""

from __future__ import annotations

import asyncio
import io
import os
import stat
from pathlib import Path
from typing import Any

import httpx
import pytest
from PIL import Image

from runway_nb.api.media import MediaClient
from runway_nb.api.models import Asset
from runway_nb.pictures import thumbnails as thumbnails_module
from runway_nb.pictures.assets import all_assets
from runway_nb.pictures.thumbnails import Thumbnails, light_jpeg, middle_jpeg
from runway_nb.simulator.rendering.stub import CLIP
from support.assets import asset_id
from support.fakes import Party


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
        reported: dict[str, list[Any]] = {}

        async def go():
            media = MediaClient(transport=httpx.MockTransport(self))
            await thumbnails.load(
                assets, media, lambda asset, thumbnail: reported.setdefault(asset.id, []).append(thumbnail)
            )
            await media.aclose()

        asyncio.run(go())
        assert all(len(found_thumbnails) == 1 for found_thumbnails in reported.values())
        return {asset_id: found_thumbnails[0] for asset_id, found_thumbnails in reported.items()}


def shown(number=0, kind="image", previews=("https://cdn.test/preview",), url="https://cdn.test/whole"):
    return Asset(asset_id(number), "x", kind, url, previews)


@pytest.fixture
def thumbnails(tmp_path: Path):
    return Thumbnails(tmp_path / "home" / "thumbnails")


def test_pictures_are_fetched_once_made_small_and_kept(thumbnails, tmp_path: Path) -> None:
    cdn, asset = Cdn(), shown()
    assert thumbnails.cached(asset) is None
    thumbnail = cdn.load(thumbnails, asset, asset)[asset.id]
    assert Image.open(io.BytesIO(thumbnail)).size == (240, 180)
    assert cdn.asked == ["/preview"]
    again = Thumbnails(tmp_path / "home" / "thumbnails")
    assert cdn.load(again, asset) == {asset.id: thumbnail}
    assert again.cached(asset) == thumbnail
    assert cdn.asked == ["/preview"]


def test_no_file_name_holds_an_email_and_nobody_else_may_look(thumbnails, tmp_path: Path) -> None:
    Cdn().load(thumbnails, shown())
    folder = tmp_path / "home" / "thumbnails"
    (file,) = folder.iterdir()
    assert len(file.stem) == 64
    assert "studio" not in file.name
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_at_most_six_are_fetched_at_once(thumbnails) -> None:
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
def test_a_picture_that_cannot_be_had_is_left_out_and_tried_by_the_next_call(thumbnails, asset, asked, status) -> None:
    cdn = Cdn(lambda _: httpx.Response(status, content=b"no picture"))
    for times in (1, 2):
        assert cdn.load(thumbnails, asset) == {asset.id: None}
        assert cdn.asked == asked * times


@pytest.mark.parametrize("content", [b"", b"\xff\xd8 cut", b"words"])
def test_a_broken_file_is_fetched_again(thumbnails, tmp_path: Path, content) -> None:
    cdn, asset = Cdn(), shown()
    thumbnail = cdn.load(thumbnails, asset)[asset.id]
    (file,) = (tmp_path / "home" / "thumbnails").iterdir()
    file.write_bytes(content)
    assert thumbnails.cached(asset) is None
    assert cdn.load(thumbnails, asset)[asset.id] == thumbnail == file.read_bytes()


def test_a_place_that_cannot_be_written_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    thumbnails, cdn = Thumbnails(tmp_path / "file" / "thumbnails"), Cdn()
    for _ in range(2):
        assert None not in cdn.load(thumbnails, shown()).values()
    assert len(cdn.asked) == 2


def test_a_full_disk_leaves_no_draft(thumbnails, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(path):
        path.touch()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("runway_nb.storage.atomic_file.open_private", full)
    assert None not in Cdn().load(thumbnails, shown()).values()
    assert list((tmp_path / "home" / "thumbnails").iterdir()) == []


def test_the_oldest_go_when_there_are_too_many_and_only_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(thumbnails_module, "KEPT", 3)
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


def test_an_error_of_the_listener_ends_the_rest(thumbnails) -> None:
    reported = []

    async def go():
        media = MediaClient(transport=httpx.MockTransport(Cdn()))

        def listen(asset, thumbnail):
            reported.append(asset)
            raise ZeroDivisionError

        try:
            await thumbnails.load([shown(number) for number in range(40)], media, listen)
        finally:
            assert len(asyncio.all_tasks()) == 1

    with pytest.raises(ZeroDivisionError):
        asyncio.run(go())
    assert len(reported) <= 6


def test_pictures_of_the_simulator_are_shown(party: Party, thumbnails) -> None:
    reported = {}

    async def go():
        connection = await party.connect(party.settings)
        found = await all_assets(connection.client)
        await thumbnails.load(
            found, connection.media, lambda asset, thumbnail: reported.update({asset.name: thumbnail})
        )

    asyncio.run(go())
    assert sorted(reported) == ["harbour.jpeg", "meadow.jpeg"]
    assert all(thumbnail.startswith(b"\xff\xd8") for thumbnail in reported.values())


# --- light pictures ---------------------------------------------------------------------------------


def test_a_picture_is_as_good_as_so_many_bytes_allow() -> None:
    noise = Image.effect_noise((560, 336), 60).convert("RGB")
    data = io.BytesIO()
    noise.save(data, "JPEG", quality=60)
    sizes = []
    for most in (40_000, 12_000):
        light = light_jpeg(data.getvalue(), 300, most)
        assert light is not None
        assert Image.open(io.BytesIO(light)).size == (300, 180)
        assert len(light) <= most
        sizes.append(len(light))
    assert sizes[0] > sizes[1]
    assert light_jpeg(data.getvalue(), 300, 100) is None
    assert light_jpeg(b"no picture", 300, 10_000) is None


def test_the_middle_of_a_clip_is_a_small_picture(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(CLIP)
    found = middle_jpeg(tmp_path / "clip.mp4", 32)
    assert found is not None
    assert Image.open(io.BytesIO(found)).width <= 32
    (tmp_path / "cut.mp4").write_bytes(CLIP[: len(CLIP) // 2])
    assert [middle_jpeg(tmp_path / name) for name in ("cut.mp4", "gone.mp4")] == [None, None]
