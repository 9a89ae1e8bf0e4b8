"""A page of the history: tiles as text/html, a table as text/plain. Pure but for looking whether files are there."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from html import escape
from pathlib import Path
from typing import NamedTuple

from ...jobs.job import Job
from ...jobs.restore import video_file
from ...ledger.history import HistoryEntry, HistoryFilter, HistoryPage
from ...ledger.marks import Marks
from ...ledger.phase import IN_DOUBT, LEFT, WITHOUT_VIDEO
from ...ledger.record import AnyRecord, Record
from ...pictures.asset_names import quoted
from ...redaction import redact_line
from . import styles
from .facts import DOT
from .result_html import id_mark, source
from .tables import JobLine, job_columns, job_lines, missing_text, shows_models, table_bundle
from .tiles import picture_box

USUAL = 12
"""Tiles on a page, when nothing else is asked for."""
MOST = 100
"""Tiles on a page."""
FRAME = (210, 126)
"""Pixels of the picture of a tile."""
_PROMPT, _NOTE, _REASON = 140, 200, 120
"""Characters that a tile shows."""
_GLYPHS = {"starred": "\N{BLACK STAR}", "rejected": "\N{MULTIPLICATION X}"}
_HOW = "%runway show ID plays a video, %runway cell ID gives its cell, %runway star ID and note ID mark it."

Poster = Callable[[str], bytes | None]


class Shown(NamedTuple):
    """How a page is shown."""

    living: Mapping[str, Job]
    """The jobs of this process."""
    poster: Poster
    """Gives the poster of a job, by its id; asked for those on the page only."""
    folder: Path
    """The notebook's folder, from which paths lead to the files."""
    command: str = "%runway history"
    """What asks for the first page."""


def bundle(page: HistoryPage, wanted: HistoryFilter, shown: Shown) -> dict[str, str]:
    """Return a page of the history as a MIME bundle."""
    listed = job_lines([entry.record for entry in page.entries], shown.living)
    lines = [line._replace(when=_when(entry.record.asked)) for line, entry in zip(listed, page.entries, strict=True)]
    missing = missing_text(entry.record for entry in page.entries)
    above, below = _count(page, wanted), "\n".join(filter(None, (missing, _more(page, shown.command))))
    has_models = shows_models(lines)
    tiles = [_tile(entry, line, shown, has_models) for entry, line in zip(page.entries, lines, strict=True)]
    how = _HOW if page.entries else ""
    return {
        "text/html": _html(above, tiles, below, how),
        "text/plain": "\n".join(filter(None, (above, _table(page, lines), below, how))),
    }


def _html(above: str, tiles: list[str], below: str, how: str) -> str:
    foot = "".join(f'<div style="{styles.QUIET}">{escape(line)}</div>' for line in (*below.splitlines(), how) if line)
    grid = f'<div style="{styles.TILES}">{"".join(tiles)}</div>' if tiles else ""
    return f'<div style="{styles.GALLERY}"><div style="{styles.QUIET}">{escape(above)}</div>{grid}{foot}</div>'


# --- a tile -----------------------------------------------------------------------------------------


def _tile(entry: HistoryEntry, line: JobLine, shown: Shown, has_models: bool) -> str:
    prompt = redact_line(line.prompt, _PROMPT)
    model = line.model if has_models else ""
    facts = DOT.join(filter(None, (line.state, _price(line))))
    return (
        f'<div style="{styles.tile(FRAME[0])}">{_box(entry, line, shown)}{_mark(entry.marks)}'
        f'<div style="{styles.TILE_PROMPT}" title="{escape(redact_line(line.prompt))}">{escape(prompt)}</div>'
        f"{_quiet(DOT.join(filter(None, (model, line.settings))))}{_quiet(facts)}{_quiet(_reason(entry.record))}"
        f'{_note(entry.marks)}<div style="{styles.FACTS}">{id_mark(entry.record.id)}{DOT}{line.when}</div></div>'
    )


def _when(moment: float | None) -> str:
    """Return a date with its year: a history goes back for long."""
    if moment is None:
        return "unknown"
    return time.strftime("%d %b %Y %H:%M", time.localtime(moment)).lstrip("0")


def _box(entry: HistoryEntry, line: JobLine, shown: Shown) -> str:
    record = entry.record
    video = video_file(record) if isinstance(record, Record) else None
    link = source(video, shown.folder, "never") if video is not None else ""
    absent = "no preview" if video is not None else line.state
    return picture_box(shown.poster(record.id), FRAME, f"video {redact_line(line.prompt, _PROMPT)}", absent, link)


def _mark(marks: Marks) -> str:
    text = f"{_GLYPHS[marks.word]} {marks.word}" if marks.word else ""
    return f'<div style="{styles.TILE_MARK}">{text}</div>' if text else ""


def _note(marks: Marks) -> str:
    text = redact_line(marks.note, _NOTE)
    return f'<div style="{styles.TILE_NOTE}">{escape(text)}</div>' if text else ""


def _quiet(text: str) -> str:
    return f'<div style="{styles.FACTS}">{escape(redact_line(text))}</div>' if text else ""


def _price(line: JobLine) -> str:
    is_number = line.credits.removeprefix("about ").isdecimal()
    return f"{line.credits} credits" if is_number else line.credits


def _reason(record: AnyRecord) -> str:
    """Return why a job has no video, where it has none; one that cannot be read says so in the place of its prompt."""
    has_none = isinstance(record, Record) and record.phase in (*WITHOUT_VIDEO, *IN_DOUBT, *LEFT)
    return redact_line(record.message, _REASON) if isinstance(record, Record) and has_none else ""


# --- text -------------------------------------------------------------------------------------------


def _table(page: HistoryPage, lines: list[JobLine]) -> str:
    if not lines:
        return ""
    marks = {
        "mark": [entry.marks.word for entry in page.entries],
        "note": [redact_line(entry.marks.note, _PROMPT // 3) for entry in page.entries],
    }
    return table_bundle(*job_columns(lines, marks), "")["text/plain"]


def _count(page: HistoryPage, wanted: HistoryFilter) -> str:
    """Return which are shown of how many; for none, what to do."""
    chosen = _chosen(wanted)
    if not page.entries:
        return f"No jobs{chosen}: %runway history shows all." if chosen else "No jobs yet."
    number = "1 job" if page.total == 1 else f"{page.total:,} jobs"
    if len(page.entries) == page.total:
        return f"{number}{chosen}."
    last = f" to {page.last:,}" if len(page.entries) > 1 else ""
    return f"{page.first:,}{last} of {number}{chosen}, the newest first."


def _chosen(wanted: HistoryFilter) -> str:
    """Return what of all jobs is shown, in words."""
    parts = [
        f'with "{" ".join(wanted.words.split())}"' if wanted.words.split() else "",
        f"by {wanted.model}" if wanted.model else "",
        f"since {_when(wanted.since)}" if wanted.since is not None else "",
        f"in {wanted.notebook}" if wanted.notebook else "",
        "with a star" if wanted.stars else "",
        "that ended without a video" if wanted.failed else "",
    ]
    text = redact_line(", ".join(filter(None, parts)))
    return f" {text}" if text else ""


def _more(page: HistoryPage, command: str) -> str:
    """Return how to see the others."""
    if page.next:
        return redact_line(f"More: {command} --before {quoted(page.next)}")
    return redact_line(f"These are the last. From the beginning: {command}") if page.first > 1 and page.entries else ""
