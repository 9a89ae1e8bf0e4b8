"""Clips of every frame size, with and without sound, of every length that a model has."""

from __future__ import annotations

import math
from array import array
from pathlib import Path
from typing import Any

import pytest

av = pytest.importorskip("av")

from hypothesis import given  # noqa: E402
from hypothesis import strategies as st  # noqa: E402
from PIL import Image, ImageChops, ImageStat  # noqa: E402

from runway_nb.simulator.rendering import caption, tone  # noqa: E402
from runway_nb.simulator.rendering.renderer import Shot, render  # noqa: E402

SIZES = [
    (1280, 768), (1280, 720), (720, 1280), (960, 960), (1104, 832), (832, 1104), (1584, 672),
    (864, 496), (1112, 834), (834, 1112), (1470, 630), (1668, 1252), (2204, 944), (480, 720),
]  # fmt: skip
"""Model facts 3.5 and 5.3, and some that are scaled from them: even ones whose halves are odd among them."""


class Short(Shot):
    """A shot of three frames: the first, the middle and the last one."""

    frames = 3


def marked(path: Path, size: tuple[int, int], colours: tuple[str, str]) -> str:
    """Return a picture whose left half has one colour and whose right half the other."""
    picture = Image.new("RGB", size, colours[0])
    picture.paste(colours[1], (size[0] // 2, 0, *size))
    picture.save(path)
    return str(path)


def decoded(path: Path) -> tuple[list[Image.Image], list[float]]:
    """Return the pictures of a clip and the samples of its sound."""
    samples = array("f")
    with av.open(str(path)) as file:
        if file.streams.audio:
            for frame in file.decode(audio=0):
                samples.frombytes(bytes(frame.planes[0])[: 4 * frame.samples])
    with av.open(str(path)) as file:
        return [frame.to_image() for frame in file.decode(video=0)], list(samples)


def difference(first: Image.Image, second: Image.Image) -> float:
    return max(ImageStat.Stat(ImageChops.difference(first, second)).mean)


def upper(picture: Image.Image) -> Image.Image:
    return picture.crop((0, 0, picture.width, picture.height - caption.rows_of(*picture.size)))


@pytest.mark.parametrize(("size", "made_as", "count"), [(SIZES[-1], Shot, 24), *((size, Short, 3) for size in SIZES)])
def test_a_clip_has_its_frame_size_and_shows_its_frames_at_their_times(
    tmp_path: Path, size: tuple[int, int], made_as: type[Shot], count: int
) -> None:
    keyframes = (
        (0.0, marked(tmp_path / "first.png", size, ("teal", "orange"))),
        (1.0, marked(tmp_path / "last.png", size, ("white", "purple"))),
    )
    render(made_as("", 7, 1, *size, keyframes), tmp_path / "clip.mp4")
    pictures, samples = decoded(tmp_path / "clip.mp4")
    assert {picture.size for picture in pictures} == {size}
    assert (len(pictures), samples) == (count, [])
    for picture, (_, path) in ((pictures[0], keyframes[0]), (pictures[-1], keyframes[1])):
        assert difference(upper(picture), upper(Image.open(path))) < 3
    with Image.open(tmp_path / "clip.0.jpg") as small:
        assert small.width / small.height == pytest.approx(size[0] / size[1], rel=0.01)


def test_a_picture_of_another_ratio_is_cropped_to_the_frame(tmp_path: Path) -> None:
    wide = marked(tmp_path / "wide.png", (2000, 400), ("teal", "orange"))
    render(Shot("", 7, 1, 960, 960, ((0.0, wide),)), tmp_path / "clip.mp4")
    pictures, _ = decoded(tmp_path / "clip.mp4")
    marked(tmp_path / "square.png", (960, 960), ("teal", "orange"))
    assert difference(upper(pictures[0]), upper(Image.open(tmp_path / "square.png"))) < 3


@pytest.mark.parametrize("seconds", [2, 3, 7])
def test_sound_is_as_long_as_the_picture_quiet_and_soft_at_both_ends(tmp_path: Path, seconds: int) -> None:
    made = Shot("A lamp", 7, seconds, 32, 32, audio=True)
    render(made, tmp_path / "clip.mp4")
    pictures, samples = decoded(tmp_path / "clip.mp4")
    assert len(pictures) == 24 * seconds
    assert len(samples) / tone.RATE == pytest.approx(seconds, abs=0.05)
    assert loudness(samples) == pytest.approx(-31, abs=2.5)
    assert max(map(abs, samples)) < 0.1
    ends = [*samples[:480], *samples[-480:]]
    assert max(map(abs, ends)) < 0.01 * max(map(abs, samples))
    render(made, tmp_path / "again.mp4")
    assert (tmp_path / "again.mp4").read_bytes() == (tmp_path / "clip.mp4").read_bytes()


def test_a_clip_without_sound_has_no_track_for_it(tmp_path: Path) -> None:
    render(Shot("A lamp", 7, 1, 160, 96), tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as file:
        assert [stream.type for stream in file.streams] == ["video"]


@pytest.mark.slow("renders clips of 15 and 30 seconds")
@pytest.mark.parametrize("seconds", [15, 30])
def test_a_long_clip_has_all_its_frames(tmp_path: Path, seconds: int) -> None:
    render(Shot("A lamp", 7, seconds, 32, 32, audio=True), tmp_path / "clip.mp4")
    with av.open(str(tmp_path / "clip.mp4")) as file:
        lengths = {stream.type: float(stream.duration * stream.time_base) for stream in file.streams}
    assert lengths == {"video": seconds, "audio": pytest.approx(seconds, abs=0.03)}


@given(st.sampled_from(tone.ROOTS))
def test_the_chord_repeats_without_a_seam(root: int) -> None:
    block = tone.chord(root)
    steps = [abs(block[n + 1] - block[n]) for n in range(0, len(block) - 1, 7)]
    assert abs(block[0] - block[-1]) <= 1.05 * max(steps)


@given(st.floats(0, 30), st.integers(2, 30))
def test_the_ends_fade_evenly(moment: float, seconds: int) -> None:
    moment = min(moment, float(seconds))
    assert 0 <= tone.fade(moment, seconds) <= 1
    assert tone.fade(moment, seconds) == pytest.approx(tone.fade(seconds - moment, seconds), abs=1e-9)
    assert tone.fade(0, seconds) == tone.fade(seconds, seconds) == 0
    assert tone.fade(seconds / 2, seconds) == 1


def loudness(samples: list[Any]) -> float:
    """Return the root mean square in dB below full scale."""
    return 20 * math.log10(math.sqrt(math.fsum(sample**2 for sample in samples) / len(samples)))
