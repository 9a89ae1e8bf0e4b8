"""A sweep as one picture: its videos in their places, with the labels of its axes."""

from __future__ import annotations

import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import InvalidRequest, MissingExtra, RunwayError
from ..jobs.job import Job, video_frames
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
from ..redaction import redact
from ..storage.atomic_file import replaced_file
from ..storage.given_paths import read_path
from ..values.plain import checked_whole, shown
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
_WORKERS = 4
"""Videos that are read at once."""

Place = tuple[int, ...]
Found = Mapping[Place, "tuple[Image | Blank, ...] | RunwayError"]
"""The pictures of each video, or why they cannot be had."""


def contact_sheet(sweep: Sweep, path: Any = None, *, frames: Any = 1, width: Any = None) -> Image:
    """Return all videos of a sweep on one sheet; see `Sweep.sheet`."""
    frames = checked_whole(frames, "frames", 1, MOST_FRAMES)
    width = None if width is None else checked_whole(width, "width", NARROWEST, WIDEST)
    target = None if path is None else _target(path)
    room = picture_width(sheet_of(sweep, {}, frames), width)
    sheet = draw_sheet(sheet_of(sweep, _read(sweep, frames, room), frames), width)
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


def _read(sweep: Sweep, frames: int, room: int) -> Found:
    """Return the pictures of all videos that are there. Raises `MissingExtra` for several frames without PyAV."""
    done = [each for each in sweep.variants if shot_state(sweep, each).is_done]
    with ThreadPoolExecutor(min(_WORKERS, os.cpu_count() or 1)) as pool:
        pictures = pool.map(lambda variant: _pictures(sweep.job_of(variant), frames, room), done)
        return dict(zip((variant.place for variant in done), pictures, strict=True))


def _pictures(job: Job | None, frames: int, room: int) -> tuple[Image, ...] | RunwayError:
    """Return frames evenly over a video, one from its middle; a small one that is kept where that is large enough."""
    assert job is not None
    assert job.video is not None
    if frames == 1 and room <= POSTER_WIDTH and job.state.middle:
        return _opened(job.state.middle)
    try:
        return tuple(video_frames().frames(job.video, frames))
    except MissingExtra:
        if frames > 1:
            raise
        kept = job.state.middle or job.state.poster
        return _opened(kept) if kept else ()
    except RunwayError as error:
        return error


def _opened(data: bytes) -> tuple[Image, ...]:
    from PIL import Image  # loads Pillow

    try:
        return (Image.open(BytesIO(data)).convert("RGB"),)
    except OSError:
        return ()
