"""Strips of clips that are compared: one rate for all, and a weight that a page can take."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av")

import av

from runway_nb.errors import RunwayError
from runway_nb.pictures.clip_strips import HEAVIEST, PIXELS, ClipMeasures
from runway_nb.simulator.rendering.renderer import Shot, render
from support.grey_clips import BLACK, WHITE, grey_clip
from support.picture_files import pixel


def test_clips_of_any_length_are_cut_at_one_rate(tmp_path: Path) -> None:
    found = ClipMeasures([grey_clip(tmp_path / "a.mp4", 2.0), grey_clip(tmp_path / "b.mp4", 5.0)])
    short, long = found.strip(0), found.strip(1)
    assert (found.rate, short.frames, long.frames) == (12.0, 25, 61)
    assert (short.seconds, long.seconds) == (2.0, 5.0)


def test_long_clips_have_fewer_frames_in_a_second(tmp_path: Path) -> None:
    found = ClipMeasures([grey_clip(tmp_path / "a.mp4", 5.0, rate=12), grey_clip(tmp_path / "b.mp4", 12.0, rate=12)])
    assert found.rate == 6.0
    assert (found.strip(0).frames, found.strip(1).frames) == (31, 73)


def test_a_strip_begins_with_the_first_frame_and_ends_with_the_last(tmp_path: Path) -> None:
    strip = ClipMeasures([grey_clip(tmp_path / "a.mp4")]).strip(0)
    sheet = Image.open(io.BytesIO(strip.jpeg))
    row, column = divmod(strip.frames - 1, strip.columns)
    last = (column * strip.width + 5, row * strip.height + 5)
    assert pixel(sheet, (5, 5))[0] == pytest.approx(BLACK, abs=3)
    assert pixel(sheet, last)[0] == pytest.approx(WHITE, abs=3)


@pytest.mark.parametrize(
    ("size", "frame"), [((1280, 768), (480, 288)), ((768, 1280), (288, 480)), ((64, 64), (64, 64))]
)
def test_every_shape_has_as_many_pixels_and_none_is_enlarged(
    tmp_path: Path, size: tuple[int, int], frame: tuple[int, int]
) -> None:
    strip = ClipMeasures([grey_clip(tmp_path / "a.mp4", 0.2, size)]).strip(0)
    assert (strip.width, strip.height) == frame
    assert strip.width * strip.height <= PIXELS * 1.01


@pytest.mark.slow("renders large pictures")
def test_a_clip_of_the_simulator_is_light(tmp_path: Path) -> None:
    render(Shot(width=1280, height=768, seconds=5, seed=7, prompt="A lighthouse at dusk"), tmp_path / "a.mp4")
    strip = ClipMeasures([tmp_path / "a.mp4"]).strip(0)
    assert (strip.frames, strip.width, strip.height) == (61, 480, 288)
    assert 100_000 < len(strip.jpeg) <= HEAVIEST


def test_a_clip_of_noise_is_made_light_by_its_quality(tmp_path: Path) -> None:
    drawn = np.random.default_rng(7)
    with av.open(str(tmp_path / "a.mp4"), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=12, options={"preset": "ultrafast"})
        stream.width, stream.height = 480, 288
        stream.pix_fmt = "yuv420p"
        for _ in range(24):
            noise = drawn.integers(0, 255, (288, 480, 3), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(noise).reformat(format="yuv420p")))
        container.mux(stream.encode())
    assert len(ClipMeasures([tmp_path / "a.mp4"]).strip(0).jpeg) <= HEAVIEST


def test_a_strip_is_cut_once_and_again_after_the_file_has_changed(tmp_path: Path) -> None:
    path = grey_clip(tmp_path / "a.mp4", 0.5)
    one = ClipMeasures([path]).strip(0)
    assert ClipMeasures([path]).strip(0) is one
    grey_clip(path, 1.0)
    assert ClipMeasures([path]).strip(0).seconds == 1.0


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    path = grey_clip(tmp_path / "a.mp4", 0.5)
    found = ClipMeasures([path])
    path.unlink()
    with pytest.raises(RunwayError, match=r"a\.mp4 cannot be read as a video: No such file"):
        found.strip(0)
    path.write_bytes(b"no video")
    with pytest.raises(RunwayError, match=r"a\.mp4 cannot be read as a video"):
        ClipMeasures([path])
