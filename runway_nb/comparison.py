"""Two to four clips that are compared: which ones, and a handle that shows them."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from .api.mp4 import check_mp4
from .errors import DownloadError, InvalidRequest, JobNotFound, RunwayError
from .extension_points import provided
from .jobs.job import Job
from .redaction import redact_line
from .shortcuts import chosen_studio
from .storage.given_paths import read_path
from .storage.paths import working_folder
from .studio import Studio
from .sweeps.sweep import Sweep
from .values.handle import Handle
from .values.plain import is_a, path_text, shown

LETTERS = "ABCD"
"""What the clips are called, and so how many there may be."""
_FEWEST = 2
_WHAT = "a job, its id, the file of a clip, or a sweep"


@dataclass(frozen=True)
class Clip:
    """One of the clips that are compared."""

    letter: str
    """What it is called, `A` for the first."""
    video: Path
    """The whole path of its file."""
    job: Job | None = None
    """None for a file of which nothing else is known."""

    @property
    def name(self) -> str:
        """The id of its job, or the name of its file."""
        return self.job.id if self.job is not None else redact_line(self.video.name)

    @property
    def title(self) -> str:
        """Letter and name."""
        return f"{self.letter} {self.name}"


class Comparison(Handle):
    """Clips beside each other; shown where it is the last value of a cell. Made by `compare`.

    In JupyterLab they play in step, with a wipe, A/B and the picture of their differences; what stays in the notebook
    is a table.
    """

    def __init__(self, clips: tuple[Clip, ...], studio: Studio) -> None:
        self.clips = clips
        self.studio = studio
        """Keeps the marks of the jobs."""

    def __repr__(self) -> str:
        return f"<Comparison of {' and '.join(clip.title for clip in self.clips)}>"

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        bundle: dict[str, str] = provided("comparison.mimebundle")(self)
        return bundle

    def _ipython_display_(self) -> None:
        provided("comparison.display")(self)


Given = Job | Sweep | str | os.PathLike[str]
"""What can be compared, for itself or in a list."""


def compare(*clips: Given | Sequence[Given], studio: Studio | None = None) -> Comparison:
    """Return two to four clips beside each other, to be shown as the last value of a cell.

    Args:
        *clips: Jobs, ids of jobs, files, or a sweep of two to four jobs.
        studio: By default the one of this process.

    Raises:
        InvalidRequest: fewer or more clips, or what is none: one line for each.
        JobNotFound: an id that the ledger does not have, or has several times.
        RunwayError: a job without a video, or a file that is no whole MP4.
    """
    made_by = chosen_studio(studio)
    given = list(_single(clips))
    if not _FEWEST <= len(given) <= len(LETTERS):
        raise InvalidRequest([f"compare has {_counted(len(given))}: give {_FEWEST} to {len(LETTERS)}, each {_WHAT}"])
    return Comparison(
        tuple(_clip(letter, value, made_by) for letter, value in zip(LETTERS, given, strict=False)), made_by
    )


def _counted(number: int) -> str:
    return f"{number} clip{'' if number == 1 else 's'}"


def _single(clips: tuple[Any, ...]) -> Iterator[Any]:
    """Yield every clip for itself: those of a sweep, and of a list, in their order."""
    for clip in clips:
        if is_a(clip, Sweep):
            yield from cast(Sweep, clip).jobs
        elif type(clip) in (list, tuple):
            yield from clip
        else:
            yield clip


def _clip(letter: str, value: Any, studio: Studio) -> Clip:
    if is_a(value, Job):
        return Clip(letter, _finished(value), value)
    text = path_text(value)
    if not is_a(text, str):
        raise InvalidRequest([f"clip {letter} is {shown(value)}: give {_WHAT}"])
    job = _named_job(cast(str, text), studio) if is_a(value, str) else None
    if job is not None:
        return Clip(letter, _finished(job), job)
    return Clip(letter, _whole_file(cast(str, text), letter))


def _named_job(text: str, studio: Studio) -> Job | None:
    """Return the job that a text names; None for what names a file. Raises `JobNotFound`."""
    if not text.strip() or os.sep in text or "/" in text or text.lower().endswith(".mp4"):
        return None
    try:
        return studio.find(text)
    except JobNotFound:
        if os.path.exists(text):
            return None
        raise


def _finished(job: Job) -> Path:
    """Return the file of a job. Raises `RunwayError`, with the job's id, where there is none."""
    try:
        return job.finished().absolute()
    except RunwayError as error:
        if job.id in error.message:
            raise
        raise RunwayError(f"job {job.id} has no video: {error.message}") from None


def _whole_file(text: str, letter: str) -> Path:
    """Return the whole path of a clip. Raises `InvalidRequest` for what names no file, `RunwayError` for no MP4."""
    path = working_folder() / read_path(text, f"clip {letter}")
    try:
        check_mp4(path)
    except DownloadError as error:
        reason = error.message
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "it is no file"
    else:
        return path
    raise RunwayError(f"{redact_line(str(path))} cannot be compared: {reason}")
