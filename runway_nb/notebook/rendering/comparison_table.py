"""Compared clips as one table, in text/html and text/plain. Pure but for reading finished files.

The HTML keeps the rules of a single result (`result_html`). A clip is a column: its player, the settings in which it
differs, its prompt with the changed words marked, and its facts.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import NamedTuple

from ...comparison import Clip, Comparison
from ...errors import RunwayError
from ...jobs.job import Job, video_frames
from ...jobs.policy import day_of
from ...redaction import redact_line
from ...request import VideoRequest
from . import styles
from .differences import Setting, settings_of
from .facts import DOT, cost, made, megabytes, model_title, prompt_text
from .plain_text import ascii_text, shown_path
from .posters import blurred_poster, light_poster
from .result_html import (
    SIMULATOR_BADGE,
    beside_line,
    div,
    file_link,
    file_player,
    job_id,
    jpeg_uri,
    player_size,
    source,
)
from .tables import table_bundle
from .word_diff import Piece, change_text, compared, compared_html

DURABLE_CLASS = "runway-nb-comparison"
"""The class of the outermost element: by it the script of the live comparison finds what stands beside it."""
STARRED = "\N{BLACK STAR} starred"
_WIDEST = 880
"""Pixels of the whole table at most."""
_PAIR = 2
_GAP = 12
"""Pixels between two columns."""
_HIGHEST = 400
"""Pixels of a player at most."""
_DENSE = 1.25
"""Pixels of a picture for each pixel of its place."""
_HEAVIEST = 25_000
"""Bytes of a picture of a job."""
_POSTER = (480, 480)
"""Pixels of the poster of a file at most."""


def bundle(comparison: Comparison, embed: str = "auto", folder: Path | None = None, note: str = "") -> dict[str, str]:
    """Return a comparison as a MIME bundle; see `result_html.bundle` for the arguments.

    `note` says how the clips can be seen in step, or why they cannot.
    """
    clips = comparison.clips
    lines = differences_lines(clips)
    head = (
        (div(styles.ABOVE, SIMULATOR_BADGE) if is_simulated(clips) else "")
        + div(styles.PROMPT, escape(title_text(clips)))
        + "".join(div(styles.FACTS, escape(line)) for line in lines)
    )
    around = folder or comparison.studio.folder
    table = div(styles.SCROLLED, _table(clips, embed, around))
    notes = [redact_line(note), *dict.fromkeys(beside_line(clip.video, around, embed) for clip in clips)]
    below = "".join(div(styles.FACTS, escape(line)) for line in notes if line)
    html = f'<div class="{DURABLE_CLASS}" style="{styles.COMPARED}">{head}{table}{below}</div>'
    text = _text(clips, lines, around)
    return {"text/html": html, "text/plain": "\n".join(filter(None, [text, ascii_text(redact_line(note))]))}


def is_simulated(clips: Sequence[Clip]) -> bool:
    """Return True where play money was spent for a clip."""
    return any(clip.job is not None and clip.job.simulated for clip in clips)


def title_text(clips: Sequence[Clip]) -> str:
    """Return what is compared: `A 7f3e2c54 against B a41b09d7`."""
    return (" against " if len(clips) == _PAIR else ", ").join(clip.title for clip in clips)


# --- what differs -----------------------------------------------------------------------------------


def differences_lines(clips: Sequence[Clip]) -> list[str]:
    """Return in words what differs in the requests of the clips, and which clips are files without one."""
    jobs, files = _jobs(clips), [clip.letter for clip in clips if clip.job is None]
    unknown = [_files_text(files)] if files else []
    if len(jobs) < 2:
        return unknown
    differing = [each.text for each in _settings(jobs) if each.differs]
    if len({prompt_text(job.request) for job in jobs}) > 1:
        differing.append("other words")
    return [DOT.join(differing) or "The same request: no setting differs", *unknown]


def _files_text(letters: Sequence[str]) -> str:
    *others, last = letters
    if not others:
        return f"{last} is known as a file only: no settings"
    return f"{', '.join(others)} and {last} are known as files only: no settings"


def labels(clips: Sequence[Clip]) -> list[str]:
    """Return for each clip its name and what distinguishes it, for a label on it."""
    differing = iter(_columns([each for each in _settings(_jobs(clips)) if each.differs], len(_jobs(clips))))
    texts = [DOT.join(next(differing)) if clip.job is not None else "" for clip in clips]
    return [DOT.join(filter(None, (clip.name, text))) for clip, text in zip(clips, texts, strict=True)]


def _jobs(clips: Sequence[Clip]) -> list[Job]:
    return [clip.job for clip in clips if clip.job is not None]


def _settings(jobs: Sequence[Job]) -> list[Setting]:
    """Return the model and all settings, the seed as it was sent."""
    if not jobs:
        return []
    model = Setting("model", tuple(model_title(job) for job in jobs))
    return [model, *settings_of([_asked(job) for job in jobs])]


def _asked(job: Job) -> VideoRequest:
    return replace(job.original_request, seed=job.seed)


def _columns(settings: Sequence[Setting], count: int) -> list[list[str]]:
    """Return for each of some requests what its settings are: `zoom +5`."""
    return [[f"{each.name} {each.values[number]}" for each in settings] for number in range(count)]


# --- the table --------------------------------------------------------------------------------------


def _table(clips: Sequence[Clip], embed: str, folder: Path) -> str:
    width = _WIDEST // len(clips)
    shots = [_Shot(clip, source(clip.video, folder, embed)) for clip in clips]
    jobs = _jobs(clips)
    settings = _settings(jobs)
    titles = "".join(f'<th scope="col" style="{styles.COMPARED_TITLE}">{_title(clip)}</th>' for clip in clips)
    rows = [
        _row([_player(shot, width - _GAP) for shot in shots]),
        *(_setting_row(clips, each) for each in settings if each.differs),
        _row(_prompts(clips)),
        _row([_facts(shot) for shot in shots]),
        _same_row(settings, len(clips)) if len(jobs) == len(clips) else "",
    ]
    head = f'<thead style="{styles.TABLE_HEAD}"><tr style="{styles.NO_BACKGROUND}">{titles}</tr></thead>'
    return f'<table style="{styles.compared_table(len(clips), width)}">{head}<tbody>{"".join(rows)}</tbody></table>'


class _Shot(NamedTuple):
    clip: Clip
    src: str


def _row(cells: Sequence[str]) -> str:
    columns = "".join(f'<td style="{styles.COMPARED_CELL}">{cell}</td>' for cell in cells)
    return f'<tr style="{styles.NO_BACKGROUND}">{columns}</tr>' if any(cells) else ""


def _title(clip: Clip) -> str:
    name = job_id(clip.job) if clip.job is not None else escape(clip.name)
    return f"{clip.letter} {name}"


def _player(shot: _Shot, width: int) -> str:
    """Return the picture of a clip, and its player folded below; the player alone where there is no picture."""
    clip, look = shot.clip, _look_of(shot.clip, width)
    if not look.picture:
        return file_player(shot.src, look.words, look.size, None, muted=look.muted)
    words = escape(f"{clip.letter} {look.words}", quote=True)
    mark = "starred" if clip.job is not None and clip.job.star else ""
    picture = (
        f'<img src="{jpeg_uri(look.picture)}" alt="{words}" width="{look.size[0]}" height="{look.size[1]}" '
        f'style="{styles.compared_picture(look.size[0], mark)}">'
    )
    # nothing is loaded before it plays
    player = file_player(shot.src, look.words, look.size, look.small, muted=look.muted, preload="none")
    return (
        f'{picture}<details style="{styles.SHOT_DETAILS}"><summary style="{styles.SUMMARY}">play {clip.letter}'
        f"</summary>{player}</details>"
    )


class _Look(NamedTuple):
    words: str
    size: tuple[int, int]
    """Width and height of its place in pixels."""
    picture: bytes | None
    small: bytes | None
    """The same, very small: it stands in a player that nothing was loaded into."""
    muted: bool


def _look_of(clip: Clip, width: int) -> _Look:
    job = clip.job
    if job is None:
        size, picture = _measured(clip.video)
        return _Look(clip.name, _within(size, width), picture, None, muted=True)
    size = player_size(job.request, width, _HIGHEST)
    picture = light_poster(job, round(size[0] * _DENSE), _HEAVIEST)
    return _Look(prompt_text(job.request), size, picture, blurred_poster(job), muted=not job.request.audio)


def _within(size: tuple[int, int], width: int) -> tuple[int, int]:
    scale = min(width / size[0], _HIGHEST / size[1])
    return round(size[0] * scale), round(size[1] * scale)


def _measured(video: Path) -> tuple[tuple[int, int], bytes | None]:
    """Return the size of a file's picture, and its poster; without PyAV a usual shape and none."""
    with suppress(RunwayError):
        (picture,) = video_frames().frames(video, 1)
        size = picture.size
        picture.thumbnail(_POSTER)
        data = io.BytesIO()
        picture.save(data, "JPEG", quality=60)
        return size, data.getvalue()
    return (16, 9), None


def _setting_row(clips: Sequence[Clip], setting: Setting) -> str:
    values = iter(setting.values)
    name = f'<span style="{styles.QUIET}">{escape(setting.name)}</span>'
    cells = [
        f'{name} <strong style="{styles.TITLE}">{escape(next(values))}</strong>' if clip.job is not None else ""
        for clip in clips
    ]
    return _row(cells)


def _prompts(clips: Sequence[Clip]) -> list[str]:
    """Return the prompt of each clip, with the words marked that have changed."""
    jobs = _jobs(clips)
    marked = iter(compared_html([prompt_text(job.request) for job in jobs]) if jobs else ())
    return [next(marked) if clip.job is not None else "" for clip in clips]


def prompt_pieces(clips: Sequence[Clip]) -> list[list[Piece]]:
    """Return the prompt of each clip in pieces, as `word_diff.compared` has them; nothing where all are equal."""
    texts = [prompt_text(job.request) for job in _jobs(clips)]
    if len(set(texts)) < 2:
        return []
    pieces = iter(compared(texts))
    return [next(pieces) if clip.job is not None else [] for clip in clips]


def _facts(shot: _Shot) -> str:
    clip = shot.clip
    link = f'{file_link(shot.src, clip.video)} <span style="{styles.QUIET}">({_size(clip)})</span>'
    known = escape(DOT.join(_known(clip)))
    star = div("", STARRED) if clip.job is not None and clip.job.star else ""
    return star + div(styles.FACTS, known) + div("", link)


def _known(clip: Clip) -> list[str]:
    """Return price, time to make and date; of a file the day on which it was written."""
    if clip.job is not None:
        return [cost(clip.job), made(clip.job)]
    with suppress(OSError):
        return [f"written {day_of(clip.video.stat().st_mtime)}"]
    return []


def _size(clip: Clip) -> str:
    with suppress(OSError):
        return megabytes(clip.video.stat().st_size)
    return megabytes(None)


def _same_row(settings: Sequence[Setting], columns: int) -> str:
    same = escape(DOT.join(each.text for each in settings if not each.differs))
    if not same:
        return ""
    text = f'<span style="{styles.QUIET}">The same in all: {same}</span>'
    return f'<tr style="{styles.NO_BACKGROUND}"><td colspan="{columns}" style="{styles.COMPARED_SAME}">{text}</td></tr>'


# --- text -------------------------------------------------------------------------------------------


def _text(clips: Sequence[Clip], lines: Sequence[str], folder: Path) -> str:
    """Return the twin for terminals: what differs, one line of facts for each clip, and the changes of the prompt."""
    rows = [
        (clip.letter, clip.name, ", ".join([*_known(clip), _size(clip)]), shown_path(clip.video, folder))
        for clip in clips
    ]
    table = table_bundle(("", "clip", "facts", "file"), rows, "", whole=("file",))["text/plain"]
    return ascii_text("\n".join([f"Compared: {title_text(clips)}", *lines, table, *_prompt_lines(clips)]))


def _prompt_lines(clips: Sequence[Clip]) -> list[str]:
    told = [(clip.letter, prompt_text(clip.job.request)) for clip in clips if clip.job is not None]
    if not told:
        return []
    (letter, first), *others = told
    changed = [f"Prompt {letter} to {other}: {change_text(first, text)}" for other, text in others if text != first]
    return changed or [f"Prompt: {first}"]
