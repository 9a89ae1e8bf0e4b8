"""The videos of a sweep as one table, in text/html and text/plain. Pure but for reading finished files.

The HTML keeps the rules of a single result (`result_html`). Each video is a picture that leads to the file, with the
player folded below it: the picture stands also where no player may, and native controls would darken all of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import suppress
from html import escape
from pathlib import Path
from typing import NamedTuple

from ...jobs.job import Job
from ...redaction import redact
from ...sweeps.layout import LayoutRow, LayoutTable, layout
from ...sweeps.plan import Variant
from ...sweeps.states import ShotState, credits_text, seconds_taken, status_text
from ...sweeps.sweep import Sweep, has_ended
from . import styles
from .facts import DOT, clock
from .live_state import live_state
from .plain_text import ascii_text, first_line, shown_path
from .posters import blurred_poster, light_poster
from .result_html import EMBED_CAP, SIMULATOR_BADGE, div, file_player, jpeg_uri, player_size, source
from .sweep_details import Shot, details_html, settings_of_sweep, shots_of
from .tables import table_bundle

DURABLE_CLASS = "runway-nb-sweep"
"""The class of the outermost element: by it the script of a live grid finds what stands beside it, and hides it. The
sanitizer of an untrusted notebook leaves it, and it has no style of its own."""
WIDEST = 880
"""Pixels of a table at most, as of a single result."""
COLUMN, NARROWEST = 270, 72
"""Pixels of a column at most, and at least: a table with more columns than fit is scrolled."""
PLAYABLE = 150
"""Pixels of a player at least, in which its controls have room; in a narrower column it stands out to the right."""
LABELS = 54, 96
"""Pixels of the column of labels, for short ones and for long ones."""
DENSE = 1.5
"""Pixels of a picture for each one that it is shown with."""
CARRIED = 3 * EMBED_CAP
"""Bytes of all videos that a table puts into the notebook, where not all are asked for: a notebook is saved often."""
AGAIN = "After a restart run the cell again: it goes on, and what is there or runs costs nothing more."
_MARKS = {
    "Refused": ("bad", "\N{MULTIPLICATION X}"),
    "Failed": ("bad", "\N{MULTIPLICATION X}"),
    "Not sent": ("warn", "!"),
    "Maybe sent": ("warn", "!"),
    "No file": ("warn", "!"),
    "Removed": ("calm", "\N{BLACK SQUARE}"),
    "Stopped": ("calm", "\N{BLACK SQUARE}"),
}
"""Tone and mark of a state; of all others the mark of what goes on."""
_GOES_ON = ("calm", "\N{HORIZONTAL ELLIPSIS}")
_STARS = {"starred": "\N{BLACK STAR} starred", "rejected": "\N{MULTIPLICATION X} rejected"}
_SHORT = 90
"""Characters of a reason in the table; all of it stands with the settings."""


class _Moment(NamedTuple):
    """What is shown of a sweep at one moment."""

    sweep: Sweep
    shots: Mapping[tuple[int, ...], Shot]
    settings: Mapping[str, str]
    embed: str
    folder: Path | None
    left_out: frozenset[tuple[int, ...]]
    """Those whose videos would make the notebook too large."""

    def source(self, shot: Shot, job: Job) -> str:
        assert job.video is not None
        embed = "never" if shot.variant.place in self.left_out else self.embed
        return source(job.video, self.folder or job.folder, embed)


def bundle(sweep: Sweep, embed: str = "auto", folder: Path | None = None) -> dict[str, str]:
    """Return a sweep as a MIME bundle, as it stands at this moment; see `result_html.bundle` for the arguments."""
    shots = shots_of(sweep)
    left_out = _left_out(shots.values()) if embed == "capped" else frozenset()
    now = _Moment(sweep, shots, settings_of_sweep(sweep), embed, folder, left_out)
    html = "".join([
        f'<div class="{DURABLE_CLASS}" style="{styles.SWEEP}">',
        div(styles.ABOVE, SIMULATOR_BADGE) if _is_simulated(sweep) else "",
        div(styles.PROMPT, escape(_prompt(sweep))),
        *(_table(now, table) for table in layout(sweep.plan)),
        div(styles.STATUS, escape(_status(sweep))),
        div(styles.STATUS, _linked(len(left_out))) if left_out else "",
        "" if sweep.is_ending else div(styles.STATUS, AGAIN),
        details_html(sweep, now.shots.values(), now.settings),
        "</div>",
    ])  # fmt: skip
    return {"text/html": html, "text/plain": _text(now)}


def _left_out(shots: Iterable[Shot]) -> frozenset[tuple[int, ...]]:
    """Return the places of the videos beyond the first so many bytes, and of those that are too large by themselves."""
    found, left = set(), CARRIED
    for shot in shots:
        if shot.job is not None and shot.job.video is not None and shot.state.is_done:
            with suppress(OSError):  # gone since
                size = shot.job.video.stat().st_size
                if size > EMBED_CAP:
                    found.add(shot.variant.place)
                    continue
                left -= size
            if left < 0:
                found.add(shot.variant.place)
    return frozenset(found)


def _linked(count: int) -> str:
    are, them = ("1 video lies", "it") if count == 1 else (f"{count} videos lie", "them")
    return (
        f"{are} beside the notebook and not in it: --embed always puts all of them there, and "
        f"%runway export --notebook FILE.ipynb OUT takes {them} along."
    )


def head_line(sweep: Sweep) -> str:
    """Return price and progress on one line."""
    return DOT.join(filter(None, [sweep.price.text if sweep.price else "", sweep.progress_text]))


def text_line(sweep: Sweep) -> str:
    """Return the same for places without the badge of the simulator, in plain signs."""
    kind = " (simulator: no credits spent)" if _is_simulated(sweep) else ""
    return ascii_text(f"{head_line(sweep)}{kind}")


def _status(sweep: Sweep) -> str:
    """Return how far it is, what it cost, and how long it took once all have ended."""
    took = seconds_taken(sweep)
    parts = [*status_text(sweep).split(", "), *credits_text(sweep).split(", ")]
    return DOT.join([*parts, *([] if took is None else [f"in {clock(took)}"])])


def _is_simulated(sweep: Sweep) -> bool:
    return any(job.simulated for job in sweep.jobs)


def _prompt(sweep: Sweep) -> str:
    return " ".join(redact(sweep.plan.prompt).split()) or "(no prompt)"


# --- the table --------------------------------------------------------------------------------------


def _table(now: _Moment, table: LayoutTable) -> str:
    longest = max((len(row.label) for row in table.rows), default=0)
    labels = min(max(LABELS[0], longest * 7), LABELS[1]) if longest else 0
    column = max(NARROWEST, min(COLUMN, (WIDEST - labels) // table.across))
    caption = f'<caption style="{styles.PAGE_TITLE}">{escape(table.title)}</caption>' if table.title else ""
    head = _head(table, labels) if table.columns else ""
    rows = "".join(_row(now, table, row, column) for row in table.rows)
    style = styles.sweep_table(labels + table.across * NARROWEST, labels + table.across * column)
    return div(styles.SCROLLED, f'<table style="{style}">{caption}{head}<tbody>{rows}</tbody></table>')


def _head(table: LayoutTable, labels: int) -> str:
    corner = f'<td style="{styles.label_column(labels)}"></td>' if labels else ""
    titles = "".join(f'<th scope="col" style="{styles.COLUMN_LABEL}">{escape(text)}</th>' for text in table.columns)
    return f'<thead style="{styles.TABLE_HEAD}"><tr style="{styles.NO_BACKGROUND}">{corner}{titles}</tr></thead>'


def _row(now: _Moment, table: LayoutTable, row: LayoutRow, column: int) -> str:
    label = f'<th scope="row" style="{styles.ROW_LABEL}">{escape(row.label)}</th>' if row.label else ""
    cells = [_cell(now, variant, column, is_labelled=not table.columns) for variant in row.cells]
    gap = f'<td style="{styles.SHOT_CELL}"></td>' * (table.across - len(row.cells))
    return f'<tr style="{styles.NO_BACKGROUND}">{label}{"".join(cells)}{gap}</tr>'


def _cell(now: _Moment, variant: Variant | None, column: int, *, is_labelled: bool) -> str:
    if variant is None:
        return f'<td style="{styles.SHOT_CELL}"></td>'
    shot = now.shots[variant.place]
    label = div(styles.SHOT_LABEL, escape(shot.name)) if is_labelled and shot.name else ""
    if shot.job is not None and shot.state.is_done:
        return f'<td style="{styles.SHOT_CELL}">{label}{_video(now, shot, shot.job, column)}</td>'
    return f'<td style="{styles.STATE_CELL}">{label}{_state(shot.job, shot.state)}</td>'


# --- one video --------------------------------------------------------------------------------------


def _video(now: _Moment, shot: Shot, job: Job, column: int) -> str:
    """Return the picture of a video, and its player folded below."""
    mark = shot.marks.word
    words = ", ".join(filter(None, [shot.name or "Video", mark]))
    width, height = player_size(job.request, column - 4, column - 4)
    src, picture = now.source(shot, job), _picture(job, words, (width, height), mark)
    # a data URI leads nowhere: browsers refuse to open it
    link = "" if src.startswith("data:") else f'<a href="{escape(src, quote=True)}" title="{escape(words)}">'
    shown = f"{link}{picture}{'</a>' if link else ''}"
    star = f"{_STARS[mark]}{DOT}" if mark else ""
    # nothing is loaded before it plays: a page opens no more than some dozens of players
    room = max(column - 4, PLAYABLE)
    size, poster = player_size(job.request, room, room), blurred_poster(job)
    player = file_player(src, words, size, poster, muted=not job.request.audio, preload="none")
    held = div(styles.shot_player(min(size[0], PLAYABLE), size[0]), player)
    return (
        f'{shown}<details style="{styles.SHOT_DETAILS}"><summary style="{styles.SUMMARY}">{star}play</summary>'
        f"{held}</details>"
    )


def _picture(job: Job, words: str, size: tuple[int, int], mark: str) -> str:
    picture = light_poster(job, round(size[0] * DENSE))
    if not picture:
        return div(styles.NO_PREVIEW, "No preview")
    return (
        f'<img src="{jpeg_uri(picture)}" alt="{escape(words, quote=True)}" width="{size[0]}" height="{size[1]}" '
        f'style="{styles.shot_picture(size[0], mark)}">'
    )


def _state(job: Job | None, state: ShotState) -> str:
    """Return in words how far it is, or why there is no video."""
    word, reason = state
    if job is not None and not has_ended(job):
        word, reason = _state_words(job), ""
    tone, mark = _MARKS.get(state.word, _GOES_ON)
    more = div(styles.QUIET, escape(_shortened(reason))) if reason else ""
    return (
        f'<strong style="{styles.TITLE}"><span style="{styles.shot_mark(tone)}">{mark}</span> {escape(word)}</strong>'
        f"{more}"
    )


def _shortened(reason: str) -> str:
    return reason if len(reason) <= _SHORT else f"{reason[: _SHORT - 1].rstrip()}\N{HORIZONTAL ELLIPSIS}"


def _state_words(job: Job) -> str:
    """Return the state in words, without a time that counts on."""
    seen = live_state(job, job.created)
    return seen.word if seen.ratio is None else f"{seen.word} {seen.ratio * 100:.0f} %"


# --- text -------------------------------------------------------------------------------------------


def _text(now: _Moment) -> str:
    sweep = now.sweep
    rows = [(shot.variant.label or "-", *_text_of(shot, now.folder)) for shot in now.shots.values()]
    table = table_bundle(("shot", "state", "id", "file"), rows, "")["text/plain"]
    settings = "; ".join(f"{name} {text}" for name, text in now.settings.items())
    lines = [_prompt(sweep), text_line(sweep), table, f"Settings  {settings}"]
    return ascii_text("\n".join([*lines, *([f"Cell      {first_line(sweep.cell)}"] if sweep.cell else [])]))


def _text_of(shot: Shot, folder: Path | None) -> tuple[str, str, str]:
    """Return state, id and file of a variant; why there is none in the place of the file."""
    job, state = shot.job, shot.state
    if job is None:
        return state.word.lower(), "", state.reason
    if not has_ended(job):
        return _state_words(job), job.id, ""
    word = ", ".join(filter(None, [state.word.lower(), shot.marks.word]))
    if job.video is None or not state.is_done:
        return word, job.id, state.reason
    return word, job.id, shown_path(job.video, folder or job.folder)
