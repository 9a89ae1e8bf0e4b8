"""The picture of a finished video as it stands in a table of many: light, and made once for each job.

Of videos that begin with the same keyframe the first frames are all alike, so theirs are from the middle.
"""

from __future__ import annotations

from weakref import WeakKeyDictionary

from ...jobs.job import Job
from ...pictures.thumbnails import light_jpeg

HEAVIEST = 11_000
"""Bytes of one: nine of them, as text, and the table around them stay below 160 kB."""
BLURRED, LIGHTEST = 64, 1_500
"""Pixels and bytes of the picture in a player that nothing was loaded into: the sharp one stands above it."""

_MADE: WeakKeyDictionary[Job, dict[int, tuple[bytes, bytes]]] = WeakKeyDictionary()
"""For each width the picture and what was made of it: a table is made anew at every change of one of its jobs."""


def light_poster(job: Job, width: int, heaviest: int = HEAVIEST) -> bytes:
    """Return the picture as a JPEG at most `width` pixels wide; nothing where there is none that can be read."""
    state = job.state
    picture = state.middle or state.poster
    if not picture:
        return b""
    made = _MADE.setdefault(job, {})
    if width not in made or made[width][0] != picture:
        made[width] = picture, light_jpeg(picture, width, heaviest) or b""
    return made[width][1]


def blurred_poster(job: Job) -> bytes:
    """Return the picture so small that it only shows what is where."""
    return light_poster(job, BLURRED, LIGHTEST)
