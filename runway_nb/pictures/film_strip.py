"""A clip as one JPEG of small frames: a grid of many clips is scrubbed in step without one decoder.

Needs PyAV, as `video_frames` does, and raises what that raises. It takes some tenths of a second for a clip: not on a
loop.
"""

from __future__ import annotations

import io
import os
from contextlib import suppress
from fractions import Fraction
from pathlib import Path
from typing import NamedTuple

from ..errors import InvalidRequest
from ..storage.atomic_file import write_private
from ..storage.private_files import private_folder, read_private
from .video_frames import Index, clip_index, pictures_at

FRAMES, COLUMNS = 24, 6
BOX = (240, 144)
"""Width and height in pixels that a frame fits into."""
QUALITY = 60
LARGEST = 5_000_000
"""Bytes of a strip; one has some sixty thousand."""
KEPT = 2_000
"""Strips that stay on disk: the newest. A choice of ours."""
_ENDING = "-strip.jpg"


class FilmStrip(NamedTuple):
    """The frames of a clip in one picture, row by row."""

    jpeg: bytes
    frames: int
    """At least 1. Frame i shows the time i / (frames - 1) * seconds, the last of them the last frame of the clip."""
    columns: int
    """Frame i stands at column i % columns and row i // columns."""
    width: int
    """Of one frame, in pixels."""
    height: int
    seconds: float
    """How long the clip is shown."""


def film_strip(
    video: Path, *, frames: int = FRAMES, columns: int = COLUMNS, box: tuple[int, int] = BOX, quality: int = QUALITY
) -> FilmStrip:
    """Return the strip of a clip.

    Args:
        video: An MP4.
        frames: At most so many, 1 or more; a shorter clip has as many as it has.
        columns: Beside each other, at most.
        box: Width and height in pixels that a frame fits into, in the clip's own shape; none is enlarged.
        quality: Of the JPEG, 1 to 95.

    Raises `MissingExtra` without PyAV, `InvalidRequest` for a number below 1, and a `RunwayError` that names the file
    when it cannot be read.
    """
    if min(frames, columns, *box) < 1:
        raise InvalidRequest([f"a film strip of {frames} frames in {columns} columns, each in {box}: give 1 or more"])
    index = clip_index(video)
    count = min(frames, len(index.times))
    size = _fitted(index.size, box)
    ticks = [index.at(time) for time in _times(index, count)]
    from PIL import Image  # loads Pillow

    across = min(columns, count)
    sheet = Image.new("RGB", (size[0] * across, size[1] * -(-count // across)))
    for number, picture in enumerate(pictures_at(video, ticks, size)):
        sheet.paste(picture, (number % across * size[0], number // across * size[1]))
    data = io.BytesIO()
    strip = FilmStrip(b"", count, across, *size, float(index.seconds))
    sheet.save(data, "JPEG", quality=quality, optimize=True, comment=_comment(strip, _stamp(video)))
    return strip._replace(jpeg=data.getvalue())


def kept_film_strip(folder: Path, name: str, video: Path) -> FilmStrip:
    """Return the strip of a clip out of a private folder, cut and kept there where it is not yet.

    Args:
        folder: One that cannot be written to costs only the memory of it.
        name: Under which it is kept, such as a job's id; a clip that was changed since is cut again.
        video: An MP4. Of a tall one the frames fit into the box turned upright.

    Raises what `film_strip` raises.
    """
    path = folder / f"{name}{_ENDING}"
    with suppress(OSError, ValueError):
        if found := _read(path, _stamp(video)):
            return found
    width, height = clip_index(video).size
    strip = film_strip(video, box=BOX if width >= height else (BOX[1], BOX[0]))
    with suppress(OSError):
        write_private(private_folder(folder) / path.name, strip.jpeg)
        _prune(folder)
    return strip


def _fitted(size: tuple[int, int], box: tuple[int, int]) -> tuple[int, int]:
    scale = min(Fraction(1), *(Fraction(most, side) for side, most in zip(size, box, strict=True)))
    width, height = (max(1, round(side * scale)) for side in size)
    return width, height


def _times(index: Index, count: int) -> list[Fraction]:
    return [index.seconds * step / max(count - 1, 1) for step in range(count)]


# --- on disk ----------------------------------------------------------------------------------------


def _stamp(video: Path) -> str:
    """Return what changes with a file."""
    found = video.stat()
    return f"{found.st_size} {found.st_mtime_ns}"


def _comment(strip: FilmStrip, stamp: str) -> str:
    """Return what the file says about itself: a strip is of no use without its measures."""
    return f"{strip.frames} {strip.columns} {strip.width} {strip.height} {strip.seconds} {stamp}"


def _read(path: Path, stamp: str) -> FilmStrip | None:
    """Return the strip that is kept; None where it is damaged, or of another clip. Raises `OSError`."""
    data = read_private(path, LARGEST)
    if not (data.startswith(b"\xff\xd8") and data.endswith(b"\xff\xd9")):
        return None
    from PIL import Image  # loads Pillow

    with Image.open(io.BytesIO(data)) as picture:
        words = bytes(picture.info.get("comment", b"")).decode(errors="replace").split()
    if len(words) < 5 or " ".join(words[5:]) != stamp:
        return None
    frames, columns, width, height = map(int, words[:4])
    return FilmStrip(data, frames, columns, width, height, float(words[4]))


def _prune(folder: Path) -> None:
    """Remove the oldest strips beyond what is kept."""
    with os.scandir(folder) as entries:
        files = [(entry.stat().st_mtime, entry.path) for entry in entries if entry.name.endswith(_ENDING)]
    for _, path in sorted(files, reverse=True)[KEPT:]:
        with suppress(OSError):
            os.unlink(path)
