"""Frames evenly over clips, taken by any worker that can read the files: all that it gets and gives can be pickled."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import MissingExtra, RunwayError
from .contact_sheet import fitted_size, resized
from .video_frames import frames

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Sample:
    """Which frames are wanted of a clip."""

    path: Path
    """Absolute: a worker may run in another folder."""
    count: int
    """1 or more, evenly over the clip, the first and the last among them; one alone is from the middle."""
    room: int | None = None
    """Pixels of the place on a sheet across: larger frames are fitted to it; None for frames as they are."""


def sampled(sample: Sample) -> tuple[Image, ...]:
    """Return the frames of a sample. Raises what `video_frames` raises."""
    pictures = frames(sample.path, sample.count)
    room = sample.room
    return tuple(pictures if room is None else (_shrunk(picture, room) for picture in pictures))


def sampled_or_why(sample: Sample) -> tuple[Image, ...] | RunwayError:
    """Return the frames of a sample, or why the file cannot be read. Raises `MissingExtra` without PyAV."""
    try:
        return sampled(sample)
    except MissingExtra:
        raise
    except RunwayError as error:
        return error


def _shrunk(picture: Image, room: int) -> Image:
    size = fitted_size(picture.size, room)
    # a smaller one is enlarged where it is drawn: what is sent stays small
    return picture if size[0] > picture.width else resized(picture, size)
