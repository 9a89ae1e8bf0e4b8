"""A sweep as one film: its videos side by side on one clock, with the labels of its axes."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import InvalidRequest, RunwayError
from ..extension_points import provided
from ..jobs.job import Job
from ..pictures.contact_sheet import NARROWEST, Blank, ContactSheet, draw_slots
from ..pictures.side_by_side import LARGEST, MOST_CLIPS, Progress, clip_size, side_by_side
from ..redaction import redact_line
from ..storage.given_paths import read_path
from ..text.console import is_terminal, write, write_line
from ..values.plain import checked_executor, checked_whole, shown
from .pictures import DOT, sheet_of
from .plan import Variant
from .states import shot_state
from .sweep import Sweep

ENDING = ".mp4"
QUIET_SECONDS = 2.0
"""Between two lines of progress where none can be written over, at least; there is one for each quarter."""


@dataclass(frozen=True)
class Film:
    """A film on disk: it plays where a notebook shows it, and is taken where a path is."""

    path: Path
    title: str = ""
    """What is seen in it."""
    folder: Path | None = None
    """The notebook's folder."""

    def __fspath__(self) -> str:
        return str(self.path)

    def __str__(self) -> str:
        return str(self.path)

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        bundle: dict[str, str] = provided("film.mimebundle")(self)
        return bundle


def film(sweep: Sweep, path: Any = None, *, width: Any = None, executor: Any = None) -> Film:
    """Write all videos of a sweep that are there into one film; see `Sweep.film`."""
    width = None if width is None else checked_whole(width, "width", NARROWEST, LARGEST[0])
    target = None if path is None else _target(path)
    executor = None if executor is None else checked_executor(executor)
    videos = _videos(sweep)
    first = sweep.job_of(videos[0][0])
    assert first is not None
    target = target or videos[0][1].with_name(f"film-{first.id}{ENDING}")
    sheet = _sheet(sweep, videos)
    page, slots = draw_slots(sheet, width, LARGEST)
    # the cells of a sheet stand in the order of the axes, and so do the variants
    clips, progress = [video for _, video in videos], progress_to_console(time.monotonic)
    side_by_side(clips, page, slots, target, progress, executor)
    return Film(target, redact_line(sheet.prompt), first.folder)


def _target(path: Any) -> Path:
    target = read_path(path, "path")
    if target.suffix.lower() != ENDING:
        raise InvalidRequest([f"path is {shown(str(target))}: give a file that ends with {ENDING}"])
    return target


def _videos(sweep: Sweep) -> list[tuple[Variant, Path]]:
    """Return the variants whose videos are there, in the order of the axes. Raises `RunwayError` for none."""
    found = [
        (variant, job.video)
        for variant in sweep.variants
        if (job := sweep.job_of(variant)) is not None and job.video is not None and shot_state(sweep, variant).is_done
    ]
    if not found:
        raise RunwayError(f"no video is there yet ({sweep.progress_text}): wait for the sweep with sweep.wait()")
    if len(found) > MOST_CLIPS:
        raise InvalidRequest([f"{len(found)} videos: {MOST_CLIPS} at most can play side by side"])
    return found


def _sheet(sweep: Sweep, videos: list[tuple[Variant, Path]]) -> ContactSheet:
    """Return what stands round the videos, with a blank in the place of each."""
    blanks = {variant.place: (Blank(*clip_size(video)),) for variant, video in videos}
    sheet = sheet_of(sweep, blanks)
    jobs = [sweep.job_of(variant) for variant, _ in videos]
    return sheet._replace(facts=f"{sheet.facts}{DOT}without sound") if any(map(_has_sound, jobs)) else sheet


def _has_sound(job: Job | None) -> bool:
    return job is not None and job.request.row.audio and job.request.audio is not False


def progress_to_console(clock: Callable[[], float]) -> Progress:
    """Return what tells how far a film is: on one line of a terminal, elsewhere on a new one now and then."""
    is_rewritten = is_terminal()
    last, quarter = clock(), 0

    def tell(done: int, of: int) -> None:
        nonlocal last, quarter
        text = f"film: {done * 100 // of} %"
        if is_rewritten:
            write(f"\r{text}" + ("\n" if done == of else ""))
        elif done * 4 // of > quarter and done < of and clock() - last >= QUIET_SECONDS:
            last, quarter = clock(), done * 4 // of
            write_line(text)

    return tell
