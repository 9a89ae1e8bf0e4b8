"""Pictures out of clips, told by the number each frame carries, and clips joined."""

from __future__ import annotations

import functools
import re
import struct
import subprocess
import sys
import tempfile
from contextlib import suppress
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from runway_nb.errors import InvalidRequest, MissingExtra, RunwayError
from runway_nb.pictures.video_frames import (
    clip_index,
    concat,
    duration,
    frame_at,
    frames,
    last_frame,
    timed_frames,
)
from runway_nb.simulator.rendering.stub import CLIP
from support.examples import examples
from support.picture_files import pixel

SIZE = (64, 48)
BLOCK = 16
BITS = 8
TICKS = 512
"""The ticks of a frame at 24 frames/s, as the muxer writes them."""


def _numbered(number, size=SIZE):
    """A picture with a number in it: eight blocks, black or white."""
    picture = Image.new("L", size, 128)
    for bit in range(BITS):
        left, top = bit % 4 * BLOCK, bit // 4 * BLOCK
        picture.paste(255 if number >> bit & 1 else 0, (left, top, left + BLOCK, top + BLOCK))
    return picture.convert("RGB")


def _number(picture):
    grey = picture.convert("L")
    blocks = ((bit % 4 * BLOCK + BLOCK // 2, bit // 4 * BLOCK + BLOCK // 2) for bit in range(BITS))
    return sum((grey.getpixel(block) > 128) << bit for bit, block in enumerate(blocks))


def _numbers(path):
    """The numbers of all frames, by a plain pass over the clip."""
    with av.open(str(path)) as container:
        return [_number(frame.to_image()) for frame in container.decode(video=0)]


@functools.cache
def _bytes(count, fps=24, size=SIZE, first=0, times=None, codec="libx264", matrix=None, flags="", **options):
    """A clip whose frames count up; `times` in frames where the steps are uneven."""
    options = {"g": "12", "bf": "2", **options} if codec == "libx264" else options
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "made.mp4"
        with av.open(str(path), "w", format="mp4", options={"movflags": flags} if flags else {}) as container:
            stream = container.add_stream(codec, rate=fps, options=options)
            stream.width, stream.height = size
            stream.pix_fmt = "yuv420p"
            stream.codec_context.thread_count = 1
            if matrix:
                stream.codec_context.colorspace = matrix
            for number in range(count):
                frame = av.VideoFrame.from_image(_numbered(first + number, size))
                frame = frame.reformat(format="yuv420p")
                frame.pts, frame.time_base = (times[number] if times else number), 1 / Fraction(fps)
                container.mux(stream.encode(frame))
            container.mux(stream.encode())
        return path.read_bytes()


def _clip(folder, name, *args, **kwargs):
    path = folder / f"{name}.mp4"
    path.write_bytes(_bytes(*args, **kwargs))
    return path


def _trimmed(data, skip, keep, fps=24):
    """The same packets with an edit list that shows `keep` frames after the first `skip`."""
    at = data.index(b"elst")
    version, entries, _, start = struct.unpack_from(">IIII", data, at + 4)
    assert (version, entries) == (0, 1)
    changed = bytearray(data)
    struct.pack_into(">II", changed, at + 12, keep * 1000 // fps, start + skip * TICKS)
    return bytes(changed)


def _payloads(path):
    with av.open(str(path)) as container:
        return [bytes(packet) for packet in container.demux(video=0) if packet.size]


def _stamps(path):
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        return [(packet.pts * packet.time_base, packet.dts * packet.time_base) for packet in packets]


SHAPES: dict[str, dict[str, Any]] = {
    "B-frames": {"count": 30},
    "one key frame": {"count": 40, "g": "250", "bf": "3"},
    "open GOPs": {"count": 40, "x264-params": "open-gop=1:keyint=8:min-keyint=8:scenecut=0"},
    "key frames only": {"count": 9, "g": "1"},
    "25 per second": {"count": 27, "fps": 25},
    "30 per second": {"count": 31, "fps": 30},
    "29.97 per second": {"count": 31, "fps": Fraction(30000, 1001)},
    "one frame": {"count": 1},
    "two frames": {"count": 2},
    "uneven": {"count": 10, "times": (0, 1, 2, 3, 5, 9, 10, 20, 21, 40)},
    "a key frame last": {"count": 13, "x264-params": "keyint=12:scenecut=0"},
    "MPEG-4": {"count": 15, "codec": "mpeg4", "b": "2000000"},
    "fragments": {"count": 30, "flags": "frag_keyframe+empty_moov"},
}


@pytest.fixture(params=SHAPES, ids=lambda name: name.replace(" ", "-"))
def shape(request: pytest.FixtureRequest, tmp_path: Path):
    """A clip of each shape, and the times in seconds at which its frames appear."""
    made = SHAPES[request.param]
    fps = made.get("fps", 24)
    return _clip(tmp_path, "clip", **made), [Fraction(time) / fps for time in made.get("times", range(made["count"]))]


# --- pictures ---------------------------------------------------------------------------------------


def test_the_last_frame_is_the_last_that_is_shown(shape) -> None:
    path, times = shape
    picture = last_frame(path)
    assert _number(picture) == len(times) - 1
    assert (picture.mode, picture.size) == ("RGB", SIZE)


def test_each_frame_is_found_at_its_time_and_until_the_next(shape) -> None:
    path, times = shape
    for number in {0, 1, len(times) // 2, len(times) - 2, len(times) - 1} & set(range(len(times))):
        until = times[number + 1] if number + 1 < len(times) else Fraction(duration(path))
        assert _number(frame_at(path, float(times[number]))) == number
        assert _number(frame_at(path, float(times[number] * Fraction(1, 10) + until * Fraction(9, 10)))) == number
    assert _number(frame_at(path, duration(path))) == len(times) - 1


def test_the_duration_reaches_to_the_end_of_the_last_frame(shape) -> None:
    path, times = shape
    last = times[-1] - times[-2] if len(times) > 1 and times[-1] < 1.6 else Fraction(1, 24)
    assert duration(path) == pytest.approx(float(times[-1] + last), abs=0.001)


def test_all_frames_come_in_order(shape) -> None:
    path, times = shape
    even = len({later - earlier for earlier, later in pairwise(times)}) <= 1
    if even and len(times) > 1:
        assert [_number(picture) for picture in frames(path, len(times))] == list(range(len(times)))
    assert [_number(picture) for picture in frames(path, 2)] == [0, len(times) - 1]


@pytest.mark.parametrize(("count", "numbers"), [(1, [15]), (2, [0, 29]), (3, [0, 15, 29]), (4, [0, 10, 19, 29])])
def test_frames_are_spread_evenly(tmp_path: Path, count, numbers) -> None:
    assert [_number(picture) for picture in frames(_clip(tmp_path, "a", 30), count)] == numbers


def test_more_frames_than_there_are_come_several_times(tmp_path: Path) -> None:
    numbers = [_number(picture) for picture in frames(_clip(tmp_path, "a", 3), 7)]
    assert numbers == sorted(numbers)
    assert set(numbers) == {0, 1, 2}


@settings(max_examples=examples(10), deadline=None)
@given(st.lists(st.floats(0, 1), min_size=2, max_size=4), st.sampled_from(["B-frames", "one key frame", "uneven"]))
def test_a_later_time_never_shows_an_earlier_frame(tmp_path_factory: pytest.TempPathFactory, shares, name) -> None:
    path = tmp_path_factory.getbasetemp() / "monotone.mp4"
    path.write_bytes(_bytes(**SHAPES[name]))
    length = duration(path)
    numbers = [_number(frame_at(path, share * length)) for share in sorted(shares)]
    assert numbers == sorted(numbers)


@settings(max_examples=examples(10), deadline=None)
@given(st.integers(2, 60), st.integers(1, 20))
def test_any_spread_begins_with_the_first_and_ends_with_the_last(
    tmp_path_factory: pytest.TempPathFactory, count, length
) -> None:
    path = tmp_path_factory.getbasetemp() / "spread.mp4"
    path.write_bytes(_bytes(length))
    numbers = [_number(picture) for picture in frames(path, count)]
    assert (numbers[0], numbers[-1], len(numbers)) == (0, length - 1, count)
    assert numbers == sorted(numbers)
    assert max(later - earlier for earlier, later in pairwise(numbers)) <= length // (count - 1) + 1


@pytest.mark.parametrize("seconds", [-0.001, 1.26, float("nan"), float("inf"), -float("inf")])
def test_a_time_outside_of_the_clip_is_refused_with_the_range(tmp_path: Path, seconds) -> None:
    with pytest.raises(InvalidRequest, match=r"a\.mp4 has no frame at .* give 0 to 1\.25 s"):
        frame_at(_clip(tmp_path, "a", 30), seconds)


@pytest.mark.parametrize("count", [0, -1])
def test_fewer_than_one_frame_is_refused(tmp_path: Path, count) -> None:
    with pytest.raises(InvalidRequest, match="1 or more"):
        frames(_clip(tmp_path, "a", 3), count)


def test_only_what_the_edit_list_shows_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(_trimmed(_bytes(40), skip=17, keep=10))
    assert [_number(picture) for picture in (frame_at(path, 0), last_frame(path))] == [17, 26]
    assert [_number(picture) for picture in frames(path, 10)] == list(range(17, 27))
    assert duration(path) == pytest.approx(10 / 24, abs=0.001)


def test_the_last_frame_is_not_reached_through_all_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runway_nb.pictures import video_frames as module

    seen = []
    decoded = module.decoded_frames

    def counted(*args):
        for frame in decoded(*args):
            seen.append(frame.pts)
            yield frame

    monkeypatch.setattr(module, "decoded_frames", counted)
    last_frame(_clip(tmp_path, "a", 40))
    assert len(seen) <= 12


def test_without_seeking_the_whole_clip_is_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runway_nb.pictures import video_frames as module

    monkeypatch.setattr(module, "sought_frames", lambda *_: None)
    assert _number(last_frame(_clip(tmp_path, "a", 30))) == 29


def test_from_any_frame_on_the_same_frames_come_as_from_the_start(shape) -> None:
    path, times = shape
    index = clip_index(path)
    whole = [(frame.pts, frame.to_ndarray().tobytes(), end) for frame, end in timed_frames(path, index)]
    assert len(whole) == len(times)
    for number in range(len(whole)):
        later = timed_frames(path, index, first=whole[number][0])
        assert [(frame.pts, frame.to_ndarray().tobytes(), end) for frame, end in later] == whole[number:]


def test_what_lies_long_before_a_frame_is_not_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from runway_nb.pictures import video_frames as module

    path, seen = _clip(tmp_path, "a", 40), []
    decoded, index = module.decoded_frames, clip_index(path)

    def counted(*args):
        for frame in decoded(*args):
            seen.append(frame.pts)
            yield frame

    monkeypatch.setattr(module, "decoded_frames", counted)
    assert len([*timed_frames(path, index, first=index.times[26])]) == 14
    assert len(seen) <= 14 + 12


@pytest.mark.parametrize(("size", "matrix"), [((64, 48), 1), ((64, 48), 6), ((1280, 768), 1), ((1280, 768), 6)])
def test_colours_are_read_by_the_matrix_of_the_clip(tmp_path: Path, size, matrix) -> None:
    path, colour = tmp_path / "a.mp4", (200, 40, 60)
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=24, options={"preset": "ultrafast", "crf": "5"})
        stream.width, stream.height = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.colorspace, stream.codec_context.color_range = matrix, 1
        frame = av.VideoFrame.from_image(Image.new("RGB", size, colour)).reformat(
            format="yuv420p", dst_colorspace={1: "ITU709", 6: "ITU601"}[matrix], dst_color_range="MPEG"
        )
        container.mux([*stream.encode(frame), *stream.encode()])
    read = pixel(last_frame(path), (9, 9))
    assert max(abs(a - b) for a, b in zip(read, colour, strict=True)) <= 4


def test_the_clip_of_the_simulator_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a.mp4"
    path.write_bytes(CLIP)
    assert duration(path) == 5
    assert last_frame(path).size == (80, 48)
    assert len(frames(path, 5)) == 5


# --- joining ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fps", [25, Fraction(30000, 1001)])
@pytest.mark.parametrize("lengths", [(30,), (17, 30), (1, 1, 1), (13, 1, 24, 5)])
def test_clips_of_one_making_are_joined_byte_for_byte(tmp_path: Path, fps, lengths) -> None:
    starts = [sum(lengths[:number]) for number in range(len(lengths))]
    paths = [_clip(tmp_path, n, length, fps, first=n) for n, length in zip(starts, lengths, strict=True)]
    out = concat(paths, tmp_path / "out.mp4")
    assert _payloads(out) == [payload for path in paths for payload in _payloads(path)]
    assert _numbers(out) == list(range(sum(lengths)))
    assert duration(out) == pytest.approx(sum(map(duration, paths)), abs=0.001)


DIFFERENT: dict[str, dict[str, Any]] = {
    "another rate": {"fps": 30},
    "another profile": {"profile": "baseline"},
    "another codec": {"codec": "mpeg4", "b": "2000000"},
    "other references": {"refs": "1", "bf": "0"},
    "another matrix": {"matrix": 1},
}


@pytest.mark.parametrize("name", DIFFERENT)
def test_clips_of_different_making_are_encoded_anew(tmp_path: Path, name) -> None:
    paths = [_clip(tmp_path, "a", 20), _clip(tmp_path, "b", 15, first=20, **DIFFERENT[name]), tmp_path / "a.mp4"]
    out = concat(paths, tmp_path / "out.mp4")
    numbers = _numbers(out)
    dropped = 3 if name == "another rate" else 0  # 15 frames at 30 become 12 at 24
    assert len(numbers) == 55 - dropped
    assert numbers[:20] == list(range(20))
    assert numbers[-20:] == list(range(20))
    assert numbers[20:-20] == sorted(set(numbers[20:-20]))
    assert set(numbers[20:-20]) <= set(range(20, 35))
    assert duration(out) == pytest.approx(sum(map(duration, paths)), abs=1 / 24)
    with av.open(str(out)) as container:
        coder = container.streams.video[0].codec_context
        assert (coder.name, coder.pix_fmt, container.streams.video[0].average_rate) == ("h264", "yuv420p", 24)


def test_a_slower_clip_keeps_its_pace_where_it_is_encoded_anew(tmp_path: Path) -> None:
    paths = [_clip(tmp_path, "a", 12), _clip(tmp_path, "b", 6, 12, first=12), _clip(tmp_path, "c", 12, 24, first=18)]
    numbers = _numbers(concat(paths, tmp_path / "out.mp4"))
    assert numbers == [*range(12), *(n for n in range(12, 18) for _ in range(2)), *range(18, 30)]


def test_a_trimmed_clip_is_joined_as_it_is_shown(tmp_path: Path) -> None:
    trimmed = tmp_path / "b.mp4"
    trimmed.write_bytes(_trimmed(_bytes(40), skip=17, keep=10))
    out = concat([_clip(tmp_path, "a", 10), trimmed], tmp_path / "out.mp4")
    assert _numbers(out) == [*range(10), *range(17, 27)]


def test_many_short_clips_do_not_drift(tmp_path: Path) -> None:
    paths = [_clip(tmp_path, n, 3, fps) for n, fps in enumerate((24, 25, 30, 25, 30, 25, 30, 30, 25))]
    assert duration(concat(paths, tmp_path / "out.mp4")) == pytest.approx(sum(map(duration, paths)), abs=1 / 24)


@pytest.mark.parametrize("other", [{}, {"profile": "baseline"}])
def test_timestamps_of_a_joined_clip_ascend(tmp_path: Path, other) -> None:
    paths = [_clip(tmp_path, "a", 20), _clip(tmp_path, "b", 15, **other), tmp_path / "a.mp4"]
    stamps = _stamps(concat(paths, tmp_path / "out.mp4"))
    shown, decoded = [pts for pts, _ in stamps], [dts for _, dts in stamps]
    assert decoded == sorted(set(decoded))
    assert all(pts >= dts for pts, dts in stamps)
    assert sorted(shown) == [Fraction(number, 24) for number in range(55)]


@pytest.mark.parametrize("other", [{}, {"profile": "baseline"}])
def test_a_joined_clip_plays_from_the_start(tmp_path: Path, other) -> None:
    data = concat([_clip(tmp_path, "a", 5), _clip(tmp_path, "b", 5, **other)], tmp_path / "out.mp4").read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


@pytest.mark.parametrize("name", ["uneven", "fragments", "open GOPs", "one frame"])
def test_clips_of_odd_shapes_are_joined_whole(tmp_path: Path, name) -> None:
    path = _clip(tmp_path, "a", **SHAPES[name])
    out = concat([path, path], tmp_path / "out.mp4")
    assert duration(out) == pytest.approx(2 * duration(path), abs=duration(path) / SHAPES[name]["count"])
    assert [_number(picture) for picture in frames(out, 2)] == [0, SHAPES[name]["count"] - 1]


def test_clips_of_different_sizes_are_refused(tmp_path: Path) -> None:
    paths = [_clip(tmp_path, "a", 3), _clip(tmp_path, "b", 3, size=(80, 64))]
    with pytest.raises(InvalidRequest, match=r"a\.mp4 has 64x48, b\.mp4 has 80x64"):
        concat(paths, tmp_path / "out.mp4")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def test_nothing_is_not_joined(tmp_path: Path) -> None:
    with pytest.raises(InvalidRequest, match="one or more"):
        concat([], tmp_path / "out.mp4")


def test_the_joined_clip_may_take_the_place_of_one_of_them(tmp_path: Path) -> None:
    path = _clip(tmp_path, "a", 5)
    concat([path, path], path)
    assert _numbers(path) == [*range(5), *range(5)]
    assert [item.name for item in tmp_path.iterdir()] == ["a.mp4"]


@pytest.mark.parametrize("other", [{}, {"profile": "baseline"}])
def test_a_failure_leaves_nothing_and_the_older_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other) -> None:
    paths = [_clip(tmp_path, "a", 5), _clip(tmp_path, "b", 5, **other)]
    out = tmp_path / "out.mp4"
    out.write_bytes(b"older")
    monkeypatch.setattr(Path, "replace", _full_disk)
    with pytest.raises(RunwayError, match=r"out\.mp4 cannot be written: No space left"):
        concat(paths, out)
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.mp4", "b.mp4", "out.mp4"]
    assert out.read_bytes() == b"older"


def _full_disk(*_) -> None:
    raise OSError(28, "No space left on device")


def test_a_folder_that_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunwayError, match=r"out\.mp4 cannot be written: No such file"):
        concat([_clip(tmp_path, "a", 5)], tmp_path / "missing" / "out.mp4")


@pytest.mark.parametrize("other", [{}, {"profile": "baseline"}])
def test_a_clip_that_breaks_while_it_is_joined_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other) -> None:
    from runway_nb.pictures import video_frames as module

    paths = [_clip(tmp_path, "a", 5), _clip(tmp_path, "b", 15, **other)]
    join = "_encode" if other else "_remux"
    monkeypatch.setattr(module, join, _cut_before(getattr(module, join), paths[1]))
    with pytest.raises(RunwayError, match=r"b\.mp4 cannot be read as a video"):
        concat(paths, tmp_path / "out.mp4")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.mp4", "b.mp4"]


def _cut_before(join, path):
    def cut(*args):
        path.write_bytes(path.read_bytes()[:-50])
        join(*args)

    return cut


# --- what is no clip --------------------------------------------------------------------------------

READERS = [duration, last_frame, lambda path: frame_at(path, 0), lambda path: frames(path, 3)]


def _webm():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.webm"
        with av.open(str(path), "w", format="webm") as container:
            stream = container.add_stream("libvpx-vp9", rate=24)
            stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
            container.mux([*stream.encode(av.VideoFrame(*SIZE, "yuv420p")), *stream.encode()])
        return path.read_bytes()


def _sound_only():
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.mp4"
        with av.open(str(path), "w", format="mp4") as container:
            stream = container.add_stream("aac", rate=44100, layout="mono")
            frame = av.AudioFrame("fltp", "mono", 1024)
            frame.sample_rate = 44100
            for plane in frame.planes:
                plane.update(bytes(plane.buffer_size))
            container.mux([*stream.encode(frame), *stream.encode()])
        return path.read_bytes()


def _emptied():
    """Every box in place, and noughts for pictures."""
    data = _bytes(30)
    start = data.index(b"mdat") + 4
    end = start - 8 + int.from_bytes(data[start - 8 : start - 4], "big")
    return data[:start] + bytes(end - start) + data[end:]


BOXES = b"".join(struct.pack(">I4s", 8, kind) for kind in (b"ftyp", b"moov", b"mdat"))
HOSTILE = {
    "empty": lambda: b"",
    "text": lambda: b"#EXTM3U\n/etc/passwd\n" * 20,
    "webm": _webm,
    "cut off": lambda: _bytes(30)[:-100],
    "cut in half": lambda: _bytes(30)[: len(_bytes(30)) // 2],
    "boxes alone": lambda: BOXES,
    "sound only": _sound_only,
    "emptied": _emptied,
    "no codec": lambda: _bytes(30).replace(b"avc1", b"xyz1"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_is_no_clip_is_one_line_with_its_name(tmp_path: Path, name) -> None:
    path = tmp_path / "bad.mp4"
    path.write_bytes(HOSTILE[name]())
    for reader in READERS:
        with pytest.raises(RunwayError, match=r"^[^\n]*bad\.mp4[^\n]*$") as caught:
            reader(path)
        assert type(caught.value) is RunwayError
        assert caught.value.__suppress_context__ or caught.value.__context__ is None


@pytest.mark.parametrize("name", HOSTILE)
def test_nothing_is_joined_to_what_is_no_clip(tmp_path: Path, name) -> None:
    bad = tmp_path / "bad.mp4"
    bad.write_bytes(HOSTILE[name]())
    with pytest.raises(RunwayError, match=r"bad\.mp4"):
        concat([_clip(tmp_path, "a", 5), bad], tmp_path / "out.mp4")
    assert sorted(item.name for item in tmp_path.iterdir()) == ["a.mp4", "bad.mp4"]


@pytest.mark.parametrize("reader", READERS)
def test_a_missing_file_and_a_folder_are_named(tmp_path: Path, reader) -> None:
    with pytest.raises(RunwayError, match=r"none\.mp4 cannot be read as a video: No such file"):
        reader(tmp_path / "none.mp4")
    with pytest.raises(RunwayError, match=re.escape(f"{tmp_path} cannot be read as a video: it is no file")):
        reader(tmp_path)


@settings(max_examples=examples(25), deadline=None)
@given(st.lists(st.tuples(st.integers(0, len(CLIP) - 1), st.integers(0, 255)), min_size=1, max_size=8))
def test_changed_bytes_never_raise_anything_else(tmp_path_factory: pytest.TempPathFactory, changes) -> None:
    data = bytearray(CLIP)
    for at, value in changes:
        data[at] = value
    path = tmp_path_factory.getbasetemp() / "changed.mp4"
    path.write_bytes(data)
    for reader in READERS:
        # a picture may survive it, and any other error fails the test
        with suppress(RunwayError):
            reader(path)


def test_a_name_is_never_taken_for_a_protocol(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("concat:a", "a%03d", "-i", "ä b"):
        _clip(tmp_path, name, 3)
        path = Path(f"{name}.mp4")
        assert _number(last_frame(path)) == 2
        assert concat([path], Path("out.mp4")).is_file()


def test_gigantic_frames_are_refused_before_they_are_decoded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = _clip(tmp_path, "a", 3)
    monkeypatch.setattr("runway_nb.pictures.video_frames.LARGEST_FRAME", 100)
    for reader in READERS:
        with pytest.raises(RunwayError, match=r"a\.mp4 has frames of \d+x\d+ pixels: the most is 0 million pixels"):
            reader(path)


# --- the extra --------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", [*READERS, lambda path: concat([path], path)])
def test_without_the_extra_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call) -> None:
    path = _clip(tmp_path, "a", 3)
    monkeypatch.setitem(sys.modules, "av", None)
    with pytest.raises(
        MissingExtra, match=r'need an extra, and av is not installed: pip install "runway_nb\[simulator'
    ):
        call(path)


def test_a_library_that_cannot_be_loaded_is_named_with_the_reason(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = tmp_path / "broken" / "av"
    broken.mkdir(parents=True)
    (broken / "__init__.py").write_text("raise ImportError('libavcodec.so.61: cannot open shared object file')")
    monkeypatch.syspath_prepend(broken.parent)
    for name in [name for name in sys.modules if name.partition(".")[0] == "av"]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(MissingExtra, match=r"av cannot be imported \(ImportError: libavcodec.so.61: cannot open"):
        concat([tmp_path / "a.mp4"], tmp_path / "b.mp4")


@pytest.mark.slow("starts a process")
def test_the_module_loads_neither_av_nor_numpy() -> None:
    code = "import sys, runway_nb.pictures.video_frames; print(sorted({'av', 'numpy', 'PIL'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
