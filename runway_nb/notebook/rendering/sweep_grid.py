"""The videos of a sweep as one table, in text/html and text/plain. Pure but for reading finished files.

The HTML keeps the rules of a single result (`result_html`). The first axis runs across, the second down, each value of
a further one has a table of its own; where there is no grid, the videos stand in rows of four.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path

from ...jobs.job import Job
from ...redaction import redact, redact_line
from ...sweep_jobs import Sweep, has_ended
from ...sweep_plan import Variant, axis_label
from . import styles
from .facts import DOT
from .live_state import live_state
from .notices import notice
from .plain_text import ascii_text, shown_path
from .result_html import SIMULATOR_BADGE, div, job_id, player, player_size, source
from .tables import table_bundle

ACROSS = 4
"""Videos beside each other where there is no grid."""
SHOT = 208
"""Pixels of a video at most, either way: four of them fit a notebook."""
DURABLE_CLASS = "runway-nb-sweep"
"""The class of the outermost element: by it the script of a live grid finds what stands beside it, and hides it. The
sanitizer of an untrusted notebook leaves it, and it has no style of its own."""
AGAIN = "After a restart run the cell again: it goes on, and what is there or runs costs nothing more."


class _Look:
    """How the videos are shown: whether they are put into the notebook itself, and where that lies."""

    def __init__(self, embed: str, folder: Path | None) -> None:
        self.embed, self.folder = embed, folder

    def source(self, job: Job) -> str:
        assert job.video is not None
        return source(job.video, self.folder or job.folder, self.embed)


def bundle(sweep: Sweep, embed: str = "auto", folder: Path | None = None) -> dict[str, str]:
    """Return a sweep as a MIME bundle, as it stands at this moment; see `result_html.bundle` for the arguments."""
    look = _Look(embed, folder)
    pages = "".join(_page(sweep, title, variants, look) for title, variants in _pages(sweep))
    again = "" if sweep.is_ending else div(styles.FACTS, AGAIN)
    html = f'<div class="{DURABLE_CLASS}" style="{styles.SWEEP}">{_head(sweep)}{pages}{again}</div>'
    return {"text/html": html, "text/plain": _text(sweep, folder)}


def head_line(sweep: Sweep) -> str:
    """Return price, progress and the time that is left on one line."""
    return DOT.join(filter(None, [sweep.price.text if sweep.price else "", sweep.progress_text, sweep.time_left_text]))


def text_line(sweep: Sweep) -> str:
    """Return the same for places without the badge of the simulator, in plain signs."""
    kind = " (simulator: no credits spent)" if _is_simulated(sweep) else ""
    return ascii_text(f"{head_line(sweep)}{kind}")


def _is_simulated(sweep: Sweep) -> bool:
    return any(job.simulated for job in sweep.jobs)


def _prompt(sweep: Sweep) -> str:
    return " ".join(redact(sweep.plan.prompt).split()) or "(no prompt)"


def _head(sweep: Sweep) -> str:
    return "".join([
        div(styles.ABOVE, SIMULATOR_BADGE) if _is_simulated(sweep) else "",
        div(styles.PROMPT, escape(_prompt(sweep))),
        div(styles.FACTS, escape(head_line(sweep))),
    ])  # fmt: skip


# --- places -----------------------------------------------------------------------------------------


def _pages(sweep: Sweep) -> list[tuple[str, list[Variant]]]:
    """Return the variants of each table with its heading: the values of the third axis and of the fourth."""
    axes = sweep.plan.axes
    if not _is_grid(sweep):
        return [("", sweep.variants)]
    groups = itertools.groupby(sweep.variants, key=lambda variant: variant.place[2:])
    return [
        (", ".join(axis_label(axis, index) for axis, index in zip(axes[2:], further, strict=True)), [*variants])
        for further, variants in groups
    ]


def _is_grid(sweep: Sweep) -> bool:
    return len(sweep.plan.axes) > 1 and not sweep.plan.is_zipped


def _page(sweep: Sweep, title: str, variants: Sequence[Variant], look: _Look) -> str:
    heading = div(styles.PAGE_TITLE, escape(title)) if title else ""
    table = _grid(sweep, variants, look) if _is_grid(sweep) else _rows_of_four(sweep, variants, look)
    return heading + div(styles.SCROLLED, f'<table style="{styles.TABLE}">{table}</table>')


def _grid(sweep: Sweep, variants: Sequence[Variant], look: _Look) -> str:
    """Return the rows of a table with the first axis across and the second down; a limit leaves gaps."""
    across, down = sweep.plan.axes[:2]
    at: Mapping[tuple[int, ...], Variant] = {variant.place[:2]: variant for variant in variants}
    columns = sorted({column for column, _ in at})
    titles = "".join(_title("col", axis_label(across, column)) for column in columns)
    corner = f'<td style="{styles.TABLE_CELL}"></td>'
    rows = [
        _title("row", axis_label(down, row))
        + "".join(_cell(sweep, at.get((column, row)), look, is_labelled=False) for column in columns)
        for row in sorted({row for _, row in at})
    ]
    head = f'<thead style="{styles.TABLE_HEAD}">{_row(corner + titles)}</thead>'
    return f"{head}<tbody>{''.join(map(_row, rows))}</tbody>"


def _rows_of_four(sweep: Sweep, variants: Sequence[Variant], look: _Look) -> str:
    cells = [_cell(sweep, variant, look, is_labelled=bool(sweep.plan.axes)) for variant in variants]
    rows = ["".join(cells[start : start + ACROSS]) for start in range(0, len(cells), ACROSS)]
    return f"<tbody>{''.join(map(_row, rows))}</tbody>"


def _row(inner: str) -> str:
    return f'<tr style="{styles.NO_BACKGROUND}">{inner}</tr>'


def _title(scope: str, text: str) -> str:
    return f'<th scope="{scope}" style="{styles.AXIS_LABEL}">{escape(text)}</th>'


# --- one video --------------------------------------------------------------------------------------


def _cell(sweep: Sweep, variant: Variant | None, look: _Look, *, is_labelled: bool) -> str:
    if variant is None:
        return f'<td style="{styles.SHOT_CELL}"></td>'
    label = div(styles.SHOT_LABEL, escape(variant.label)) if is_labelled else ""
    return f'<td style="{styles.SHOT_CELL}">{div(styles.shot(SHOT), label + _shot(sweep, variant, look))}</td>'


def _shot(sweep: Sweep, variant: Variant, look: _Look) -> str:
    """Return the player, how far it is, or why there is no video."""
    job = sweep.job_of(variant)
    if job is None:
        refused = sweep.reason_of(variant)
        return _mark("warn", "!", "Not sent") + div(styles.FACTS, escape(redact_line(str(refused or ""))))
    if not has_ended(job):
        return div(styles.STATE, escape(_state_words(job)))
    if job.video is None or not job.video.is_file():
        found = notice(job)
        reason = div(styles.FACTS, escape(redact_line(found.reason)))
        return _mark(found.tone, found.mark, found.title) + reason + _facts(job)
    width, height = player_size(job.request, SHOT, SHOT)
    return player(job, look.source(job), width, height, preload="none") + _facts(job)


def _mark(tone: str, mark: str, title: str) -> str:
    strong = f'<strong style="{styles.TITLE}">{escape(title)}</strong>'
    return f'<div><span style="{styles.mark(tone)}">{mark}</span>{strong}</div>'


def _facts(job: Job) -> str:
    seed = "" if job.seed is None else f"{DOT}seed {job.seed}"
    return div(styles.FACTS, job_id(job) + seed)


def _state_words(job: Job) -> str:
    """Return the state in words, without a time that counts on."""
    seen = live_state(job, job.created)
    return seen.word if seen.ratio is None else f"{seen.word} {seen.ratio * 100:.0f} %"


# --- text -------------------------------------------------------------------------------------------


def _text(sweep: Sweep, folder: Path | None) -> str:
    rows = [(variant.label or "-", *_text_of(sweep, variant, folder)) for variant in sweep.variants]
    table = table_bundle(("shot", "state", "file"), rows, "")["text/plain"]
    return ascii_text("\n".join([_prompt(sweep), text_line(sweep), table]))


def _text_of(sweep: Sweep, variant: Variant, folder: Path | None) -> tuple[str, str]:
    """Return state and file of a variant; why there is none in the place of the file."""
    job = sweep.job_of(variant)
    if job is None:
        return "not sent", str(sweep.reason_of(variant) or "")
    if not has_ended(job):
        return _state_words(job), job.id
    if job.video is None or not job.video.is_file():
        found = notice(job)
        return found.title, found.reason
    return job.state.phase.value, shown_path(job.video, folder or job.folder)
