"""Clips that play side by side in one: all in step on one clock, each in its place on a sheet.

Needs PyAV, and raises what `video_frames` raises. Sound is left out.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from fractions import Fraction
from math import ceil
from pathlib import Path
from typing import TYPE_CHECKING

from ..api.mp4 import check_mp4
from ..errors import InvalidRequest
from ..storage.atomic_file import replaced_file
from .contact_sheet import Slot
from .video_frames import (
    LIMITED_RANGE,
    MATRIX_CODES,
    X264,
    Index,
    clip_index,
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
_MATRIX = "ITU709"

Progress = Callable[[int, int], None]
"""Called with the number of frames that are written, and of all."""


def clip_size(path: Path) -> tuple[int, int]:
    """Return width and height of a clip, in pixels."""
    return clip_index(path).size


def side_by_side(
    clips: Sequence[Path], page: Image, slots: Sequence[Slot], out: Path, progress: Progress = lambda _, __: None
) -> Path:
    """Write clips into one MP4 in which they play at the same time, H.264 in yuv420p, and return its path.

    It has the rate of the fastest clip, at most 60 frames per second, and lasts as long as the longest; a shorter one
    holds its last frame. `out` appears when it is complete; a failure leaves nothing behind.

    Args:
        clips: One or more, at most 64.
        page: An RGB picture with an even number of pixels on either side, on which they stand.
        slots: The place of each clip; it is fitted to it.
        out: An MP4.
        progress: Told after each frame.

    Raises `InvalidRequest` for no clips and for too many, `RunwayError` where one cannot be read or `out` not written.
    """
    if not 1 <= len(clips) <= MOST_CLIPS:
        raise InvalidRequest([f"{len(clips)} clips: from 1 to {MOST_CLIPS} can play side by side"])
    pyav()
    indices = [clip_index(clip) for clip in clips]
    rate = min(Fraction(FASTEST), max(index.rate for index in indices))
    count = max(1, ceil(max(index.seconds for index in indices) * rate - Fraction(1, 2)))
    with named_problem(f"{out} cannot be written", "PyAV does not say why"), replaced_file(out) as part:
        with closing(_pages(clips, indices, page, slots, rate, count)) as pages:
            _write(pages, page.size, rate, count, part, progress)
        check_mp4(part)
    return out


def _pages(
    clips: Sequence[Path], indices: Sequence[Index], page: Image, slots: Sequence[Slot], rate: Fraction, count: int
) -> Generator[Image, None, None]:
    """Yield the page of each step of the clock; the same object, changed in place."""
    page = page.copy()
    # each clip is decoded by one thread: more would hold frames that nobody waits for
    steps = [_steps(clip, index, slot, rate) for clip, index, slot in zip(clips, indices, slots, strict=True)]
    try:
        with ThreadPoolExecutor(min(len(clips), os.cpu_count() or 1)) as pool:
            for _ in range(count):
                for slot, picture in zip(slots, pool.map(_next, steps), strict=True):
                    if picture is not None:
                        page.paste(picture, (slot.left, slot.top))
                yield page
    finally:
        for each in steps:
            each.close()


def _next(steps: Iterator[Image | None]) -> Image | None:
    return next(steps, None)


def _steps(clip: Path, index: Index, slot: Slot, rate: Fraction) -> Generator[Image | None, None, None]:
    """Yield what is new at each step of the clock, taken at the middle of it: a picture of the slot's size, or None."""
    step = 0
    with closing(timed_frames(clip, index, threads=1)) as frames:
        for frame, end in frames:
            until = ceil(end * rate - Fraction(1, 2))
            if until > step:
                yield rgb_picture(frame, (slot.width, slot.height))
                yield from (None for _ in range(step + 1, until))
                step = until


def _write(
    pages: Iterator[Image], size: tuple[int, int], rate: Fraction, count: int, part: Path, progress: Progress
) -> None:
    av = pyav()
    with new_mp4(part) as container:
        stream = container.add_stream("libx264", rate=rate, options=dict(X264))
        stream.width, stream.height, stream.pix_fmt = *size, "yuv420p"
        coder = stream.codec_context
        coder.colorspace = coder.color_primaries = coder.color_trc = MATRIX_CODES[_MATRIX]
        coder.color_range = LIMITED_RANGE
        for number, page in enumerate(pages):
            picture = av.VideoFrame.from_image(page).reformat(
                format="yuv420p", dst_colorspace=_MATRIX, src_color_range="JPEG", dst_color_range="MPEG"
            )
            picture.pts, picture.time_base, picture.pict_type = number, 1 / rate, 0
            container.mux(stream.encode(picture))
            progress(number + 1, count)
        container.mux(stream.encode())
