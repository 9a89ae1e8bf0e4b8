"""A sweep as one picture: its videos in their places, with the labels of its axes."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import Executor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidRequest, MissingExtra, RunwayError
from ..jobs.job import MOST_FRAMES as MOST_IN_A_LIST
from ..jobs.job import Job
from ..pictures.contact_sheet import (
    NARROWEST,
    WIDEST,
    Blank,
    ContactSheet,
    SheetCell,
    SheetRow,
    SheetTable,
    draw_sheet,
    picture_width,
)
from ..pictures.limits import POSTER_WIDTH
from ..pictures.mapping import mapped
from ..pictures.sampled_frames import Sample, sampled, sampled_or_why
from ..redaction import redact
from ..storage.atomic_file import replaced_file
from ..storage.given_paths import read_path
from ..values.plain import checked_executor, checked_whole, shown
from .layout import LayoutTable, layout, variant_label
from .plan import Variant
from .states import credits_text, shot_state, status_text
from .sweep import Sweep

if TYPE_CHECKING:
    from PIL.Image import Image

MOST_FRAMES = 12
"""Frames of each video on a sheet; a choice of ours."""
KINDS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG"}
"""Ending of a file to how a sheet is saved in it."""
QUALITY = 90
"""Of a JPEG."""
DOT = " \N{MIDDLE DOT} "

Place = tuple[int, ...]
Found = Mapping[Place, "tuple[Image | Blank, ...] | RunwayError"]
"""The pictures of each video, or why they cannot be had."""


def contact_sheet(sweep: Sweep, path: Any = None, *, frames: Any = 1, width: Any = None, executor: Any = None) -> Image:
    """Return all videos of a sweep on one sheet; see `Sweep.sheet`."""
    frames = checked_whole(frames, "frames", 1, MOST_FRAMES)
    width = None if width is None else checked_whole(width, "width", NARROWEST, WIDEST)
    target = None if path is None else _target(path)
    executor = None if executor is None else checked_executor(executor)
    room = picture_width(sheet_of(sweep, {}, frames), width)
    sheet = draw_sheet(sheet_of(sweep, _read(sweep, frames, room, executor), frames), width)
    if target is not None:
        _save(sheet, target)
    return sheet


def _target(path: Any) -> Path:
    target = read_path(path, "path")
    if target.suffix.lower() not in KINDS:
        raise InvalidRequest([f"path is {shown(str(target))}: give a file that ends with {', '.join(KINDS)}"])
    return target


def _save(sheet: Image, target: Path) -> None:
    """Write a sheet whole or not at all. Raises `RunwayError`."""
    try:
        with replaced_file(target) as part:
            sheet.save(part, KINDS[target.suffix.lower()], quality=QUALITY)
    except OSError as error:
        raise RunwayError(f"{target} cannot be written: {error.strerror or error}") from None


# --- what stands on it ------------------------------------------------------------------------------


def sheet_facts(sweep: Sweep) -> str:
    """Return on one line what all have in common, how far it is and what it cost."""
    requests = [variant.request for variant in sweep.variants]
    common = (
        {request.row.title for request in requests},
        {f"{request.length} s" for request in requests},
        {request.format for request in requests},
    )
    known = [next(iter(texts)) for texts in common if len(texts) == 1]
    is_simulated = any(job.simulated for job in sweep.jobs)
    price = "simulator, no credits spent" if is_simulated else credits_text(sweep)
    return DOT.join([*known, *status_text(sweep).split(", "), price])


def sheet_prompt(sweep: Sweep) -> str:
    """Return the prompt on one line, with the names of what is filled in."""
    return " ".join(redact(sweep.plan.prompt).split()) or "(no prompt)"


def sheet_of(sweep: Sweep, found: Found, frames: int = 1) -> ContactSheet:
    """Return what stands on a sheet of so many frames of each video."""
    tables = tuple(_table(sweep, table, found) for table in layout(sweep.plan))
    return ContactSheet(sheet_prompt(sweep), sheet_facts(sweep), tables, frames)


def _table(sweep: Sweep, table: LayoutTable, found: Found) -> SheetTable:
    rows = tuple(
        SheetRow(
            row.label,
            tuple(each and _cell(sweep, each, found, is_labelled=not table.columns) for each in row.cells),
        )
        for row in table.rows
    )
    return SheetTable(table.title, table.columns, rows)


def _cell(sweep: Sweep, variant: Variant, found: Found, *, is_labelled: bool) -> SheetCell:
    label = variant_label(sweep.plan, variant) if is_labelled else ""
    job, state = sweep.job_of(variant), shot_state(sweep, variant)
    pictures = found.get(variant.place, ())
    if isinstance(pictures, RunwayError):
        return SheetCell(label=label, words=("No picture", pictures.message))
    mark = job.marks.word if job is not None else ""
    words = ("No picture", "") if state.is_done else (state.word, state.reason)
    return SheetCell(pictures, label, ("", "") if pictures else words, mark)


# --- pictures ---------------------------------------------------------------------------------------


def sweep_frames(sweep: Sweep, count: Any, *, executor: Any = None) -> list[list[Image]]:
    """Return frames evenly over each video of a sweep; see `Sweep.frames`."""
    count = checked_whole(count, "count", 1, MOST_IN_A_LIST)
    executor = None if executor is None else checked_executor(executor)
    videos = {place: video for place, (_, video) in _done(sweep).items()}
    samples = [Sample(video.absolute(), count) for video in videos.values()]
    found = dict(zip(videos, [*mapped(executor, sampled, samples)], strict=True))
    return [[*found.get(variant.place, ())] for variant in sweep.variants]


def _done(sweep: Sweep) -> dict[Place, tuple[Job, Path]]:
    """Return the jobs whose videos are there, with these, in the order of the axes."""
    return {
        variant.place: (job, job.video)
        for variant in sweep.variants
        if (job := sweep.job_of(variant)) is not None and job.video is not None and shot_state(sweep, variant).is_done
    }


def _read(sweep: Sweep, frames: int, room: int, executor: Executor | None) -> Found:
    """Return the pictures of all videos that are there. Raises `MissingExtra` for several frames without PyAV."""
    done = _done(sweep)
    found: dict[Place, tuple[Image | Blank, ...] | RunwayError] = {}
    if frames == 1 and room <= POSTER_WIDTH:
        found = {place: _opened(job.state.middle) for place, (job, _) in done.items() if job.state.middle}
    samples = {
        place: Sample(video.absolute(), frames, room) for place, (_, video) in done.items() if place not in found
    }
    return found | dict(zip(samples, _sampled(executor, samples, done), strict=True))


def _sampled(
    executor: Executor | None, samples: Mapping[Place, Sample], done: Mapping[Place, tuple[Job, Path]]
) -> list[tuple[Image, ...] | RunwayError]:
    """Return what was read of each video; without PyAV the small picture that is kept, if one alone is wanted."""
    try:
        return [*mapped(executor, sampled_or_why, [*samples.values()])]
    except MissingExtra:
        if any(sample.count > 1 for sample in samples.values()):
            raise
    kept = [done[place][0].state for place in samples]
    return [_opened(state.middle or state.poster or b"") for state in kept]


def _opened(data: bytes) -> tuple[Image, ...]:
    from PIL import Image  # loads Pillow

    try:
        return (Image.open(BytesIO(data)).convert("RGB"),)
    except OSError:
        return ()
