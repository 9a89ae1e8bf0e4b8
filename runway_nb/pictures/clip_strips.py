"""Film strips of clips that are compared: of one rate, so that equal times are equal frames, and not too heavy."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

from ..errors import RunwayError
from .film_strip import FilmStrip, film_strip
from .video_frames import clip_index

RATE = 12.0
"""Frames in a second, where the clips are short enough."""
MOST_FRAMES = 73
"""Of the longest clip: six seconds at that rate."""
PIXELS = 480 * 288
"""Of one frame, in whatever shape."""
HEAVIEST = 1_000_000
"""Bytes of a strip."""
_COLUMNS = 8
_QUALITIES = (60, 45, 30, 15)
"""Of the JPEG, tried in this order until it is light enough."""
_KEPT = 8
"""Strips that are kept in memory: of two comparisons of four."""


class ClipMeasures:
    """What decides how clips are cut; read from their packets, which takes some milliseconds for each.

    Raises `MissingExtra` without PyAV, and a `RunwayError` that names the file when one cannot be read.
    """

    def __init__(self, videos: Sequence[Path]) -> None:
        self._videos = videos
        indices = [clip_index(video) for video in videos]
        self._seconds = [float(index.seconds) for index in indices]
        self._boxes = [_box(*index.size) for index in indices]

    @property
    def rate(self) -> float:
        """Frames in a second, the same for all."""
        return min(RATE, (MOST_FRAMES - 1) / max(*self._seconds, 0.1))

    def strip(self, number: int) -> FilmStrip:
        """Return the strip of one clip. It takes a second: not on a loop. Raises what `film_strip` raises."""
        video, frames = self._videos[number], round(self._seconds[number] * self.rate) + 1
        try:
            written = video.stat().st_mtime_ns
        except OSError as error:
            raise RunwayError(f"{video} cannot be read as a video: {error.strerror}") from None
        return _strip(video, written, frames, self._boxes[number])


def _box(width: int, height: int) -> tuple[int, int]:
    """Return the size of a frame, in its own shape."""
    scale = min(1.0, math.sqrt(PIXELS / (width * height)))
    return max(1, round(width * scale)), max(1, round(height * scale))


@lru_cache(maxsize=_KEPT)
def _strip(video: Path, _written: int, frames: int, box: tuple[int, int]) -> FilmStrip:
    """Return a strip of at most the heaviest weight; if nothing helps, the lightest there is."""
    for quality in _QUALITIES:
        strip = film_strip(video, frames=frames, columns=_COLUMNS, box=box, quality=quality)
        if len(strip.jpeg) <= HEAVIEST:
            break
    return strip
