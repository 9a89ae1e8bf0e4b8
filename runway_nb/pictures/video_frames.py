"""Pictures out of finished clips, and clips joined.

Everything here reads MP4 files and needs PyAV, which comes with the extra `simulator`. Times are in seconds
from the first frame that is shown; a frame is shown until the next one, the last until the end of the clip.
Pictures are RGB images of Pillow, as large as the video, converted by the matrix the video is tagged with.

Raises, wherever a clip is read: `MissingExtra` without PyAV, and a plain `RunwayError` that names the file
when it is missing, cut off, damaged or no MP4 with a video.
"""

from __future__ import annotations

import errno
from bisect import bisect_right
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from fractions import Fraction
from itertools import accumulate, chain, pairwise
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..api.mp4 import check_mp4
from ..errors import DownloadError, InvalidRequest, MissingExtra, RunwayError
from ..storage.atomic_file import replaced_file
from ..text.import_problems import import_problem

if TYPE_CHECKING:
    from PIL.Image import Image

HOW_TO_INSTALL = 'frames and joined clips need an extra, and {problem}: pip install "runway_nb[simulator]"'
LARGEST_FRAME = 40_000_000
"""Pixels of a frame that is decoded; the largest level of H.264 has 36 million."""
DEFAULT_DURATION = Fraction(1, 24)
"""Seconds a single frame is shown whose file does not declare it."""
SLACK = Fraction(1, 1_000_000)
"""Seconds by which a time may fall short of a frame: 1/24 as a float is not quite the time of frame 1."""
X264 = {"preset": "veryfast", "crf": "18"}
"""Settings of the encoder, where clips cannot be joined without it."""
_MATRICES = {1: "ITU709", 5: "ITU601", 6: "ITU601", 9: "BT2020"}
"""Code points of ITU-T H.273, and the names PyAV gives to their matrices."""
MATRIX_CODES = {"ITU709": 1, "ITU601": 6, "BT2020": 9}
LIMITED_RANGE, _FULL = 1, 2
"""Codes of the colour range; what is not tagged is limited."""
BROKEN = (OSError, ValueError, ArithmeticError, LookupError, MemoryError, RuntimeError)
"""What PyAV raises for broken files, besides its own errors."""


@dataclass(frozen=True)
class Index:
    """What the packets of a clip show before any is decoded. Ticks are of `unit` seconds."""

    times: tuple[int, ...]
    """The ticks at which the frames appear, ascending; at least one."""
    end: int
    """The tick at which the last frame ends."""
    unit: Fraction
    """Seconds in a tick."""
    size: tuple[int, int]
    """Width and height, pixels."""
    order: tuple[int, ...]
    """The ticks of all packets in the order of decoding, which with B-frames is another one."""
    make: tuple[object, ...] | None
    """What has to agree for packets to follow each other; None when not all are frames that are shown."""

    @property
    def ticks(self) -> int:
        """How long the clip is shown, in ticks."""
        return self.end - self.times[0]

    @property
    def seconds(self) -> Fraction:
        """How long the clip is shown."""
        return self.ticks * self.unit

    @property
    def rate(self) -> Fraction:
        """Frames per second, on average."""
        return (len(self.times) / self.seconds).limit_denominator(10_010)

    @property
    def ends(self) -> dict[int, Fraction]:
        """For the tick of each frame, the time in seconds at which the next one takes its place."""
        until = (*self.times[1:], self.end)
        return {tick: (end - self.times[0]) * self.unit for tick, end in zip(self.times, until, strict=True)}

    def at(self, seconds: Fraction) -> int:
        """Return the tick of the frame shown at a time; before the first it is the first."""
        tick = self.times[0] + (seconds + SLACK) / self.unit
        return self.times[max(bisect_right(self.times, tick) - 1, 0)]

    def spread(self, count: int) -> list[int]:
        """Return the ticks of the frames nearest to `count` (two or more) even steps from the first to the last."""
        borders = [earlier + later for earlier, later in pairwise(self.times)]
        first, last = self.times[0], self.times[-1]
        steps = (2 * (first + Fraction((last - first) * step, count - 1)) for step in range(count))
        return [self.times[bisect_right(borders, step)] for step in steps]


def last_frame(path: Path) -> Image:
    """Return the very last frame that is shown. Decodes from the last key frame on only."""
    return _picture(path, lambda index: index.times[-1])


def frame_at(path: Path, seconds: float) -> Image:
    """Return the frame shown at a time, 0 to the duration (which gives the last frame).

    Raises `InvalidRequest` outside of it.
    """

    def choose(index: Index) -> int:
        longest = float(index.seconds)
        if not 0 <= seconds <= longest:
            raise InvalidRequest([f"{path.name} has no frame at {seconds:g} s: give 0 to {longest:g} s"])
        return index.at(Fraction(seconds))

    return _picture(path, choose)


def frames(path: Path, count: int) -> list[Image]:
    """Return `count` frames evenly over the clip, the first and the last among them; for 1 the one in the middle.

    The clip is decoded once, and only the pictures asked for are kept. Where more are asked for than there
    are, some come several times, as the same object. Raises `InvalidRequest` for a count below 1.
    """
    if count < 1:
        raise InvalidRequest([f"{count} frames cannot be taken: ask for 1 or more"])
    if count == 1:
        return [_picture(path, lambda index: index.at(index.seconds / 2))]
    return pictures_at(path, clip_index(path).spread(count))


def pictures_at(path: Path, ticks: Sequence[int], size: tuple[int, int] | None = None) -> list[Image]:
    """Return the frames at some ticks of a clip's index, in that order; `size` is in pixels where it is another.

    The clip is decoded once, and each picture scaled as soon as it is. The same tick gives the same object.
    """
    wanted = set(ticks)
    with _opened(path) as (container, stream):
        found = {
            frame.pts: rgb_picture(frame, size) for frame in decoded_frames(container, stream) if frame.pts in wanted
        }
        if len(found) < len(wanted):
            raise ValueError("damaged")
    return [found[tick] for tick in ticks]


def duration(path: Path) -> float:
    """Return how long the clip is shown, in seconds."""
    return float(clip_index(path).seconds)


def concat(paths: Sequence[Path], out: Path) -> Path:
    """Join one or more clips of equal size, in order, into the MP4 `out`, which is returned.

    Clips of the same making (codec and its parameters, pixel format, colours, time base) keep their packets
    byte for byte; others are encoded anew: H.264, yuv420p, at the rate and with the colours of the first.
    Sound is dropped. `out`, which may be one of the clips, appears when it is complete; a failure leaves
    nothing behind and an older `out` as it was.

    Raises `InvalidRequest` for no clips and for clips of different sizes, `RunwayError` when `out` cannot
    be written.
    """
    if not paths:
        raise InvalidRequest(["there are no clips to join: give one or more"])
    indices = [clip_index(path) for path in paths]
    if len({index.size for index in indices}) > 1:
        sizes = ", ".join(f"{p.name} has {i.size[0]}x{i.size[1]}" for p, i in zip(paths, indices, strict=True))
        raise InvalidRequest([f"clips of different sizes cannot be joined: {sizes}"])
    with named_problem(f"{out} cannot be written", "PyAV does not say why"), replaced_file(out) as part:
        join = _remux if _alike(indices) else _encode
        join(paths, indices, part)
        check_mp4(part)
    return out


# --- reading ----------------------------------------------------------------------------------------


def pyav() -> Any:
    """Return PyAV, loaded at its first use. Raises `MissingExtra`."""
    try:
        import av  # loads PyAV
    except Exception as error:  # noqa: BLE001 - PyAV and its libraries may raise anything while they are loaded
        problem = import_problem("av", error)
    else:
        return av
    raise MissingExtra(HOW_TO_INSTALL.format(problem=problem))


@contextmanager
def named_problem(problem: str, reason: str) -> Iterator[None]:
    """Turn whatever goes wrong into one line: the problem, and the reason where the error has none."""
    av = pyav()
    try:
        yield
    except DownloadError as error:  # of check_mp4, which does not know the name
        raise RunwayError(f"{problem}: {error.message}") from None
    except RunwayError:
        raise
    except (av.FFmpegError, *BROKEN) as error:
        raise RunwayError(f"{problem}: {getattr(error, 'strerror', None) or reason}") from None


@contextmanager
def _opened(path: Path) -> Iterator[tuple[Any, Any]]:
    """Yield a whole MP4, open, and its first video stream."""
    av = pyav()
    with named_problem(f"{path} cannot be read as a video", "it is damaged"):
        if path.exists() and not path.is_file():
            raise OSError(errno.EINVAL, "it is no file")
        check_mp4(path)
        # an absolute path is never taken for a protocol, and the format keeps playlists out
        with av.open(str(path.absolute()), format="mp4") as container:
            stream = next(iter(container.streams.video), None)
            # without a codec, or of noughts, it has no pixel format
            if stream is None or stream.codec_context is None or stream.codec_context.format is None:
                raise RunwayError(f"{path} holds no video that can be decoded")
            _check_size(path, stream.codec_context)
            stream.thread_type = "AUTO"
            yield container, stream


def _check_size(path: Path, coder: Any) -> None:
    if coder.width * coder.height > LARGEST_FRAME:
        most = f"the most is {LARGEST_FRAME / 1e6:.0f} million pixels"
        raise RunwayError(f"{path} has frames of {coder.width}x{coder.height} pixels: {most}")


def _packets(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the packets with content, in the order of decoding."""
    for packet in container.demux(stream):
        if packet.size and packet.pts is not None and packet.dts is not None:
            if packet.is_corrupt:
                raise ValueError("damaged")
            yield packet


def decoded_frames(container: Any, stream: Any) -> Iterator[Any]:
    """Yield the frames that are shown, in that order, from where the container stands to the end."""
    for frame in container.decode(stream):
        if frame.is_corrupt:
            raise ValueError("damaged")
        yield frame


def _index(container: Any, stream: Any) -> Index:
    """Read the packets to the end."""
    shown: dict[int, int] = {}
    order: list[int] = []
    free = False
    for packet in _packets(container, stream):
        free = free or (not order and packet.is_keyframe)
        order.append(packet.pts)
        if not packet.is_discard:
            shown[packet.pts] = packet.duration or 0
    if not shown:
        raise RunwayError(f"{container.name} holds a video without a frame")
    times = tuple(sorted(shown))
    coder = stream.codec_context
    # PyAV 19 has fractions of its own
    unit = Fraction(stream.time_base.numerator, stream.time_base.denominator)
    end = times[-1] + (shown[times[-1]] or times[-1] - times[-2:][0] or ceil(DEFAULT_DURATION / unit))
    make = (
        unit, coder.name, coder.profile, coder.extradata, coder.format.name, str(coder.sample_aspect_ratio),
        coder.colorspace, coder.color_range, coder.color_primaries, coder.color_trc,
    )  # fmt: skip
    whole = free and len(shown) == len(order)
    return Index(times, end, unit, (coder.width, coder.height), tuple(order), make if whole else None)


def clip_index(path: Path) -> Index:
    """Return what the packets of a clip show; nothing is decoded."""
    with _opened(path) as (container, stream):
        return _index(container, stream)


def _picture(path: Path, choose: Callable[[Index], int]) -> Image:
    """Return the frame at the tick that is chosen."""
    tick = choose(clip_index(path))
    with _frames_from(path, tick) as frames:
        for frame in frames:
            if frame.pts == tick:
                return rgb_picture(frame)
    raise RunwayError(f"{path} is damaged: a frame cannot be decoded")


@contextmanager
def _frames_from(path: Path, tick: int | None, threads: int = 0) -> Iterator[Iterator[Any]]:
    """Yield the frames from a tick on, by the key frame before it; where that does not lead there, or for None, all."""
    with _opened(path) as (container, stream):
        stream.codec_context.thread_count = threads
        frames = decoded_frames(container, stream) if tick is None else sought_frames(container, stream, tick)
        if frames is not None:
            yield frames
            return
    with _opened(path) as (container, stream):
        stream.codec_context.thread_count = threads
        yield decoded_frames(container, stream)


def sought_frames(container: Any, stream: Any, tick: int) -> Iterator[Any] | None:
    """Return the frames from a tick on, decoded from the key frame before it; None where that does not lead there."""
    with suppress(pyav().FFmpegError, *BROKEN):
        container.seek(tick, stream=stream)
        frames = decoded_frames(container, stream)
        for frame in frames:
            if frame.pts >= tick:
                return chain([frame], frames) if frame.pts == tick else None
    return None


def rgb_picture(frame: Any, size: tuple[int, int] | None = None) -> Image:
    """Return a frame as a picture of Pillow; `size` is in pixels where it is another."""
    width, height = size or (frame.width, frame.height)
    # all is explicit: by default some versions of PyAV take each matrix for BT.601
    picture: Image = frame.to_image(
        width=width,
        height=height,
        interpolation="AREA" if size else None,
        src_colorspace=matrix_of(frame),
        dst_colorspace="ITU601",
        src_color_range=_range(frame),
        dst_color_range="JPEG",
    )
    return picture


def matrix_of(frame: Any) -> str:
    """Return the matrix of a frame's colours; for one without a tag, the one that players take."""
    large = frame.width >= 1280 or frame.height > 576
    return _MATRICES.get(frame.colorspace, "ITU709" if large else "ITU601")


def _range(frame: Any) -> str:
    return "JPEG" if frame.color_range == _FULL else "MPEG"


# --- joining ----------------------------------------------------------------------------------------


def _alike(indices: Sequence[Index]) -> bool:
    """Return True when the packets of each clip can follow those of the one before."""
    makes = {index.make for index in indices}
    return len(makes) == 1 and None not in makes


@contextmanager
def new_mp4(draft: Path) -> Iterator[Any]:
    """Yield a new MP4 that can be played from the start while it loads."""
    with pyav().open(str(draft.absolute()), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        yield container


def _remux(paths: Sequence[Path], indices: Sequence[Index], draft: Path) -> None:
    """Copy the packets, each clip moved to the end of the one before."""
    with new_mp4(draft) as container:
        with _opened(paths[0]) as (_, template):
            # before PyAV 14 it was a parameter
            add = getattr(container, "add_stream_from_template", None) or (lambda t: container.add_stream(template=t))
            target = add(template)
            target.time_base = template.time_base  # PyAV 17 asks for another one, and rounds to that
        packets = chain.from_iterable(map(_clip_packets, paths))
        for packet, (tick, decoded) in zip(packets, _stamps(indices), strict=True):
            packet.pts, packet.dts, packet.stream = tick, decoded, target
            container.mux(packet)


def _stamps(indices: Sequence[Index]) -> list[tuple[int, int]]:
    """Return the ticks at which each packet is shown and decoded.

    The ticks of decoding are dealt out anew, as early as need be and always ascending: clips may hold back
    different numbers of frames.
    """
    starts = accumulate((index.ticks for index in indices[:-1]), initial=0)
    moves = [start - index.times[0] for index, start in zip(indices, starts, strict=True)]
    shown = [tick + move for index, move in zip(indices, moves, strict=True) for tick in index.order]
    ascending = sorted(shown)
    delay = max(decoded - tick for decoded, tick in zip(ascending, shown, strict=True))
    return [(tick, decoded - delay) for decoded, tick in zip(ascending, shown, strict=True)]


def _clip_packets(path: Path) -> Iterator[Any]:
    # a generator: what fails while a packet is written is not blamed on the clip it came from
    with _opened(path) as (container, stream):
        yield from _packets(container, stream)


def _encode(paths: Sequence[Path], indices: Sequence[Index], draft: Path) -> None:
    """Encode the frames anew, at the even rate of the first clip."""
    width, height = indices[0].size
    if width % 2 or height % 2:
        raise RunwayError(f"{paths[0]} has {width}x{height} pixels: clips that differ are joined in even sizes only")
    rate = indices[0].rate
    with new_mp4(draft) as container:
        with _opened(paths[0]) as (_, like):
            stream, matrix = _coder(container, like.codec_context, rate), matrix_of(like.codec_context)
        for number, frame in enumerate(_even(paths, indices, rate)):
            picture = frame.reformat(
                width, height, "yuv420p", src_colorspace=matrix_of(frame), dst_colorspace=matrix,
                src_color_range=_range(frame), dst_color_range="MPEG",
            )  # fmt: skip
            picture.pts, picture.time_base, picture.pict_type = number, 1 / rate, 0
            container.mux(stream.encode(picture))
        container.mux(stream.encode())


def _coder(container: Any, like: Any, rate: Fraction) -> Any:
    """Return a stream of the size and the colours of another's codec context."""
    stream = container.add_stream("libx264", rate=rate, options=dict(X264))
    stream.width, stream.height, stream.pix_fmt = like.width, like.height, "yuv420p"
    coder = stream.codec_context
    coder.colorspace, coder.color_range = MATRIX_CODES[matrix_of(like)], LIMITED_RANGE
    coder.color_primaries, coder.color_trc = like.color_primaries, like.color_trc
    return stream


def _even(paths: Sequence[Path], indices: Sequence[Index], rate: Fraction) -> Iterator[Any]:
    """Yield the frame for each even step of the whole, taken at the middle of the step.

    There even a time that was rounded belongs to one frame: clips at this rate give each frame once.
    """
    step, start = 0, Fraction(0)
    for path, index in zip(paths, indices, strict=True):
        for frame, end in timed_frames(path, index):
            until = ceil((start + end) * rate - Fraction(1, 2))
            yield from (frame for _ in range(step, until))
            step = max(step, until)
        start += index.seconds


def timed_frames(
    path: Path, index: Index, threads: int = 0, first: int | None = None
) -> Generator[tuple[Any, Fraction], None, None]:
    """Yield the frames of a clip, each with the time in seconds at which it ends.

    `threads` decode it, as many as PyAV likes for 0: each holds frames of its own. `first` is the tick of the frame to
    begin with, by default the very first: what lies before it is decoded from the key frame on only.
    """
    ends = {tick: end for tick, end in index.ends.items() if first is None or tick >= first}
    with _frames_from(path, None if first == index.times[0] else first, threads) as frames:
        for frame in frames:
            if (end := ends.pop(frame.pts, None)) is not None:
                yield frame, end
        if ends:
            raise ValueError("damaged")
