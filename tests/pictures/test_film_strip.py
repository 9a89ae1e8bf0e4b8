"""Film strips: the frames of a clip in one picture, told by what the clip shows at each time."""

from __future__ import annotations

import io
import os
import stat
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import av
import pytest
from PIL import Image

from runway_nb.errors import InvalidRequest, MissingExtra, RunwayError
from runway_nb.pictures.film_strip import FilmStrip, film_strip, kept_film_strip
from runway_nb.pictures.video_frames import duration, frame_at
from runway_nb.simulator.rendering.renderer import Shot, render
from runway_nb.simulator.rendering.stub import CLIP
from support.picture_files import pixel

LEVEL = 8
"""Grey levels by which each frame of a made clip is lighter than the one before."""


def _clip(path: Path, count: int, size: tuple[int, int] = (96, 64)) -> Path:
    """Write a clip at 24 frames/s whose frames get lighter, each grey all over."""
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=24, options={"crf": "5", "bf": "2"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        for number in range(count):
            frame = av.VideoFrame.from_image(Image.new("RGB", size, (number * LEVEL,) * 3)).reformat(format="yuv420p")
            frame.pts, frame.time_base = number, Fraction(1, 24)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return path


def _cells(strip: FilmStrip) -> list[Image.Image]:
    """Return the frames as a grid cuts them out."""
    sheet = Image.open(io.BytesIO(strip.jpeg))
    corners = [
        (number % strip.columns * strip.width, number // strip.columns * strip.height)
        for number in range(strip.frames)
    ]  # fmt: skip
    return [sheet.crop((x, y, x + strip.width, y + strip.height)) for x, y in corners]


def _levels(strip: FilmStrip) -> list[int]:
    centre = (strip.width // 2, strip.height // 2)
    return [round(pixel(cell, centre)[0] / LEVEL) for cell in _cells(strip)]


@pytest.fixture(scope="module", params=[(1280, 768), (768, 1280)], ids=["landscape", "portrait"])
def shot(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    width, height = request.param
    path = tmp_path_factory.mktemp("shots") / f"{width}.mp4"
    render(Shot(width=width, height=height, seconds=1, seed=7, prompt="A lighthouse at dusk"), path)
    return path


def test_a_rendered_clip_gives_frames_of_its_shape_in_the_box(shot: Path) -> None:
    strip = film_strip(shot)
    is_wide = shot.stem == "1280"
    assert (strip.frames, strip.columns, strip.seconds) == (24, 6, 1.0)
    assert (strip.width, strip.height) == ((240, 144) if is_wide else (86, 144))
    assert Image.open(io.BytesIO(strip.jpeg)).size == (6 * strip.width, 4 * strip.height)
    assert len(strip.jpeg) < 120_000


def test_each_frame_shows_its_time(shot: Path) -> None:
    strip = film_strip(shot, frames=5)
    for number, cell in enumerate(_cells(strip)):
        whole = frame_at(shot, number / 4 * duration(shot)).resize(cell.size)
        pairs = zip(cell.convert("L").tobytes(), whole.convert("L").tobytes(), strict=True)
        assert sum(abs(a - b) for a, b in pairs) / (cell.width * cell.height) < 6


def test_the_frames_run_from_the_first_to_the_last(tmp_path: Path) -> None:
    assert _levels(film_strip(_clip(tmp_path / "a.mp4", 24), frames=7)) == [0, 4, 8, 12, 16, 20, 23]


@pytest.mark.parametrize("count", [1, 2, 5])
def test_a_very_short_clip_has_as_many_frames_as_it_has(tmp_path: Path, count: int) -> None:
    strip = film_strip(_clip(tmp_path / "a.mp4", count))
    assert _levels(strip) == list(range(count))
    assert (strip.columns, strip.seconds) == (min(count, 6), pytest.approx(count / 24, abs=0.001))


def test_rows_fill_up_from_the_left(tmp_path: Path) -> None:
    strip = film_strip(_clip(tmp_path / "a.mp4", 7), columns=4)
    assert Image.open(io.BytesIO(strip.jpeg)).size == (4 * strip.width, 2 * strip.height)
    assert _levels(strip) == list(range(7))


def test_a_small_clip_is_not_enlarged(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(CLIP)
    strip = film_strip(tmp_path / "a.mp4")
    assert (strip.width, strip.height, strip.frames, strip.seconds) == (80, 48, 5, 5.0)


@pytest.mark.parametrize("bad", [{"frames": 0}, {"columns": 0}, {"box": (0, 10)}])
def test_no_frame_and_no_room_are_refused(tmp_path: Path, bad: dict[str, object]) -> None:
    with pytest.raises(InvalidRequest, match="1 or more"):
        film_strip(tmp_path / "a.mp4", **bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("data", [b"", b"no video", CLIP[:-40]], ids=["empty", "no video", "cut off"])
def test_a_broken_file_is_named(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "broken.mp4").write_bytes(data)
    with pytest.raises(RunwayError, match=r"broken\.mp4"):
        film_strip(tmp_path / "broken.mp4")
    with pytest.raises(RunwayError, match=r"broken\.mp4"):
        kept_film_strip(tmp_path / "kept", "j", tmp_path / "broken.mp4")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunwayError, match=r"none\.mp4"):
        kept_film_strip(tmp_path, "j", tmp_path / "none.mp4")


def test_without_pyav_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.mp4").write_bytes(CLIP)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(MissingExtra, match="simulator"):
        film_strip(tmp_path / "a.mp4")


def test_neither_pyav_nor_pillow_is_loaded_before_a_strip_is_cut() -> None:
    lines = "import runway_nb.pictures.film_strip, sys; print([n for n in ('av', 'PIL') if n in sys.modules])"
    found = subprocess.run([sys.executable, "-c", lines], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"


# --- kept -------------------------------------------------------------------------------------------


def test_a_strip_is_cut_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    video, kept = _clip(tmp_path / "a.mp4", 5), tmp_path / "kept"
    first = kept_film_strip(kept, "j", video)
    monkeypatch.setitem(sys.modules, "av", None)
    assert kept_film_strip(kept, "j", video) == first
    assert first == FilmStrip(first.jpeg, 5, 5, 96, 64, first.seconds)
    assert [path.name for path in kept.iterdir()] == ["j-strip.jpg"]
    if os.name == "posix":
        assert [stat.S_IMODE(path.stat().st_mode) for path in (kept, *kept.iterdir())] == [0o700, 0o600]


def test_a_tall_clip_is_kept_as_sharp_as_a_wide_one(tmp_path: Path) -> None:
    strip = kept_film_strip(tmp_path, "j", _clip(tmp_path / "a.mp4", 3, (288, 480)))
    assert (strip.width, strip.height) == (144, 240)


def test_a_clip_that_was_changed_is_cut_again(tmp_path: Path) -> None:
    video = _clip(tmp_path / "a.mp4", 5)
    kept_film_strip(tmp_path, "j", video)
    assert kept_film_strip(tmp_path, "j", _clip(video, 3)).frames == 3


@pytest.mark.parametrize("damage", [b"", b"\xff\xd8 nothing \xff\xd9", b"no picture"])
def test_a_damaged_strip_is_cut_again(tmp_path: Path, damage: bytes) -> None:
    video = _clip(tmp_path / "a.mp4", 2)
    whole = kept_film_strip(tmp_path, "j", video)
    (tmp_path / "j-strip.jpg").write_bytes(damage)
    assert kept_film_strip(tmp_path, "j", video) == whole
    assert (tmp_path / "j-strip.jpg").read_bytes() == whole.jpeg


def test_a_folder_that_cannot_be_written_to_costs_only_the_memory(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    assert kept_film_strip(tmp_path / "file" / "kept", "j", _clip(tmp_path / "a.mp4", 2)).frames == 2
