"""Clips that play side by side in one: all in step on one clock, each in its place on a sheet.

Needs PyAV, and raises what `video_frames` raises. Sound is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from fractions import Fraction
from io import BytesIO
from math import ceil
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from ..api.mp4 import check_mp4
from ..errors import InvalidRequest
from ..storage.atomic_file import replaced_file
from .contact_sheet import Slot
from .mapping import mapped
from .video_frames import (
    LIMITED_RANGE,
    MATRIX_CODES,
    X264,
    clip_index,
    concat,
    named_problem,
    new_mp4,
    pyav,
    rgb_picture,
    timed_frames,
)

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_CLIPS = 64
"""Clips beside each other: each is open, with some frames of it in memory. A choice of ours."""
LARGEST = 3840, 2160
"""Pixels of a film across and down: players of many machines have no more."""
FASTEST = 60
"""Frames per second at most."""
SEGMENT_SECONDS = 2
"""Of a film that each worker makes at a time: shorter ones decode more twice, where a clip has one key frame only."""
_MATRIX = "ITU709"

Progress = Callable[[int, int], None]
"""Called with the number of frames that are written, and of all."""


@dataclass(frozen=True)
class FilmSegment:
    """What a worker needs to know of a film to make some of its frames; it can be pickled."""

    clips: tuple[Path, ...]
    """Absolute: a worker may run in another folder."""
    slots: tuple[Slot, ...]
    page: bytes
    """The sheet below the clips, as a PNG."""
    rate: Fraction
    """Frames per second."""
    first: int
    """Of its frames, counted from the start of the film."""
    count: int


def clip_size(path: Path) -> tuple[int, int]:
    """Return width and height of a clip, in pixels."""
    return clip_index(path).size


def side_by_side(
    clips: Sequence[Path],
    page: Image,
    slots: Sequence[Slot],
    out: Path,
    progress: Progress = lambda _, __: None,
    executor: Executor | None = None,
) -> Path:
    """Write clips into one MP4 in which they play at the same time, H.264 in yuv420p, and return its path.

    It has the rate of the fastest clip, at most 60 frames per second, and lasts as long as the longest; a shorter one
    holds its last frame. `out` appears when it is complete; a failure leaves nothing behind.

    Args:
        clips: One or more, at most 64.
        page: An RGB picture with an even number of pixels on either side, on which they stand.
        slots: The place of each clip; it is fitted to it.
        out: An MP4.
        progress: Told after each frame, or after each two seconds that an executor has made.
        executor: Makes two seconds at a time, which are joined here; by default all is made here.

    Raises `InvalidRequest` for no clips and for too many, `RunwayError` where one cannot be read or `out` not written.
    """
    if not 1 <= len(clips) <= MOST_CLIPS:
        raise InvalidRequest([f"{len(clips)} clips: from 1 to {MOST_CLIPS} can play side by side"])
    film = _film(clips, page, slots)
    with named_problem(f"{out} cannot be written", "PyAV does not say why"):
        if executor is None:
            with replaced_file(out) as part:
                _write(film, part, progress)
                check_mp4(part)
        else:
            _join(executor, film, out, progress)
    return out


def _film(clips: Sequence[Path], page: Image, slots: Sequence[Slot]) -> FilmSegment:
    """Return all of a film."""
    pyav()
    indices = [clip_index(clip) for clip in clips]
    rate = min(Fraction(FASTEST), max(index.rate for index in indices))
    count = max(1, ceil(max(index.seconds for index in indices) * rate - Fraction(1, 2)))
    data = BytesIO()
    # it is soon read again: speed counts
    page.save(data, "PNG", compress_level=1)
    return FilmSegment(tuple(clip.absolute() for clip in clips), tuple(slots), data.getvalue(), rate, 0, count)


def _join(executor: Executor, film: FilmSegment, out: Path, progress: Progress) -> None:
    """Have a film made in segments, and join them without encoding anything again."""
    segments = _segments(film)
    with (
        # beside the film: where that cannot be written, nothing is begun
        TemporaryDirectory(".part", f".{out.stem}-", out.parent, ignore_cleanup_errors=True) as folder,
        closing(mapped(executor, encoded, segments)) as pieces,
    ):
        paths = [Path(folder, f"{number}.mp4") for number in range(len(segments))]
        for path, segment, piece in zip(paths, segments, pieces, strict=True):
            path.write_bytes(piece)
            progress(segment.first + segment.count, film.count)
        concat(paths, out)


def _segments(film: FilmSegment) -> list[FilmSegment]:
    """Return a film in parts of an equal number of frames; the last may be shorter."""
    most = ceil(film.rate * SEGMENT_SECONDS)
    starts = range(film.first, film.count, most)
    return [replace(film, first=start, count=min(most, film.count - start)) for start in starts]


def encoded(segment: FilmSegment) -> bytes:
    """Return a segment as an MP4 of its own. Raises `RunwayError` where a clip cannot be read."""
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        path = Path(folder, "segment.mp4")
        _write(segment, path, lambda _, __: None)
        return path.read_bytes()


def _pages(film: FilmSegment, page: Image) -> Generator[Image, None, None]:
    """Yield the page at each step of the clock; the same object, changed in place."""
    # each clip is decoded by one thread: more would hold frames that nobody waits for
    steps = [_steps(clip, slot, film) for clip, slot in zip(film.clips, film.slots, strict=True)]
    try:
        with ThreadPoolExecutor(min(len(steps), os.cpu_count() or 1)) as pool:
            for _ in range(film.count):
                for slot, picture in zip(film.slots, pool.map(_next, steps), strict=True):
                    if picture is not None:
                        page.paste(picture, (slot.left, slot.top))
                yield page
    finally:
        for each in steps:
            each.close()


def _next(steps: Iterator[Image | None]) -> Image | None:
    return next(steps, None)


def _steps(clip: Path, slot: Slot, film: FilmSegment) -> Generator[Image | None, None, None]:
    """Yield what is new at each step of the clock, taken at the middle of it: a picture of the slot's size, or None."""
    index = clip_index(clip)
    untils = {tick: ceil(end * film.rate - Fraction(1, 2)) for tick, end in index.ends.items()}
    # one that is over holds its last frame
    step = min(film.first, max(untils.values()) - 1)
    first = next(tick for tick, until in untils.items() if until > step)
    with closing(timed_frames(clip, index, threads=1, first=first)) as frames:
        for frame, _ in frames:
            until = untils[frame.pts]
            if until > step:
                yield rgb_picture(frame, (slot.width, slot.height))
                yield from (None for _ in range(step + 1, until))
                step = until


def _write(film: FilmSegment, path: Path, progress: Progress) -> None:
    """Encode the frames of a segment."""
    from PIL import Image  # loads Pillow

    av = pyav()
    page = Image.open(BytesIO(film.page)).convert("RGB")
    with closing(_pages(film, page)) as pages, new_mp4(path) as container:
        stream = container.add_stream("libx264", rate=film.rate, options=dict(X264))
        stream.width, stream.height, stream.pix_fmt = *page.size, "yuv420p"
        coder = stream.codec_context
        coder.colorspace = coder.color_primaries = coder.color_trc = MATRIX_CODES[_MATRIX]
        coder.color_range = LIMITED_RANGE
        for number, shown in enumerate(pages):
            picture = av.VideoFrame.from_image(shown).reformat(
                format="yuv420p", dst_colorspace=_MATRIX, src_color_range="JPEG", dst_color_range="MPEG"
            )
            picture.pts, picture.time_base, picture.pict_type = number, 1 / film.rate, 0
            container.mux(stream.encode(picture))
            progress(number + 1, film.count)
        container.mux(stream.encode())
