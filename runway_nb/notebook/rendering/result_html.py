"""The durable result: a job as text/html and text/plain. Pure but for reading the finished file.

The HTML is complete without kernel, theme, script or trust: inline styles that JupyterLab's sanitizer keeps,
`src` on the video itself, a poster as a data URI, text in the inherited colour (Jupyter facts, sections 3 and 8).
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Collection, Sequence
from contextlib import suppress
from html import escape, unescape
from pathlib import Path
from urllib.parse import quote

from ...errors import RunwayError
from ...jobs.job import Job
from ...redaction import redact_cell, redact_line, short_id
from ...references import Picture, asset_account, shot_frame
from ...request import VideoRequest
from . import styles
from .facts import (
    DOT,
    camera_text,
    camera_words_text,
    cost,
    facts,
    is_tall,
    made,
    megabytes,
    model_title,
    prompt_text,
    sentence,
    shows_id,
    take_facts,
)
from .notices import Notice, in_python, notice, with_note
from .plain_text import ascii_text, notice_text, result_text, shown_path

EMBED_CAP = 8_000_000
"""Bytes of the largest video that is put into the notebook itself."""
TAKE_ALONG = "%runway export --notebook FILE.ipynb OUT takes it along."
"""What helps where a video does not travel with its notebook."""
_TOO_LARGE = "is too large to be in the notebook. It lies at"
_BESIDE = re.compile(
    rf"<div [^<>]*>(?P<name>[^<>]{{1,500}}) \([^()<>]*\) {_TOO_LARGE} [^<>]{{1,500}}"
    rf"{re.escape(TAKE_ALONG)}</div>"
)
_WIDEST, _HIGHEST = 560, 400
"""Pixels of a player at most."""
JOB_TITLE = "runway_nb job "
"""What the title of a job's id begins with: by it the panel's script finds results."""

SIMULATOR_BADGE = f'<span style="{styles.BADGE}">Simulator: no credits spent</span>'


def bundle(
    job: Job, embed: str = "auto", folder: Path | None = None, note: str = "", *, has_magics: bool = True
) -> dict[str, str]:  # fmt: skip
    """Return a job as a MIME bundle: the player once the file is there, else a notice that says where it stands.

    Args:
        job: The job.
        embed: `auto`, `always` or `never` carry the video inside the notebook; `capped` does up to 8 MB.
        folder: The notebook's folder, against which a relative path is resolved; by default the job's own.
        note: Why it is shown although nothing was sent, or nothing.
        has_magics: Whether the next step can be named by a magic; else by a call.
    """
    if job.video is None or not os.path.isfile(job.video):
        found = with_note(notice(job) if has_magics else in_python(notice(job)), note)
        return {"text/html": notice_html(job, found, has_magics=has_magics), "text/plain": notice_text(job, found)}
    folder = folder or job.folder
    beside = beside_line(job.video, folder, embed)
    return {
        "text/html": result_html(job, source(job.video, folder, embed), note, beside, has_magics=has_magics),
        "text/plain": result_text(job, shown_path(job.video, folder), " ".join(filter(None, (note, beside)))),
    }


def error_bundle(error: RunwayError) -> dict[str, str]:
    """Return what a button could not do, in one line."""
    line = f"Not sent: {error.message}"
    return {"text/html": div(styles.TEXT, escape(line)), "text/plain": line}


def source(video: Path, folder: Path, embed: str) -> str:
    """Return the `src` of a player: a path relative to the notebook, or the file as a data URI.

    `auto` embeds up to 8 MB what lies outside the notebook's folder, where no relative path reaches.
    """
    # a disk that fails, or a file that only its owner may read, leaves the way to it
    with suppress(OSError):
        if embed == "always" or (_travels(video, folder, embed) and video.stat().st_size <= EMBED_CAP):
            return "data:video/mp4;base64," + base64.b64encode(video.read_bytes()).decode()
    try:
        return quote(Path(os.path.relpath(video, folder)).as_posix())
    except (ValueError, OSError):  # another drive of Windows, or no working directory: no way leads there
        return quote(video.name)


def beside_line(video: Path, folder: Path, embed: str) -> str:
    """Return where a video lies that is too large to be carried, and what takes it along; nothing for any other.

    Its player shows the poster, and plays only where the way to the file is as it is here.
    """
    with suppress(OSError):
        if _travels(video, folder, embed) and video.stat().st_size > EMBED_CAP:
            size, where = megabytes(video.stat().st_size), shown_path(video, folder)
            return redact_line(f"{video.name} ({size}) {_TOO_LARGE} {where}. {TAKE_ALONG}")
    return ""


def without_beside_lines(html: str, names: Collection[str]) -> str:
    """Return HTML without the lines of `beside_line` about the videos of these names: they were taken along."""
    return _BESIDE.sub(lambda line: "" if unescape(line["name"]) in names else line[0], html)


def _travels(video: Path, folder: Path, embed: str) -> bool:
    """Return True for a video to which no path may lead from where its notebook is shown."""
    return embed == "capped" or (embed == "auto" and not video.is_relative_to(folder))


def result_html(job: Job, src: str, note: str = "", beside: str = "", *, has_magics: bool = True) -> str:
    """Return the player, its facts, and the cell that made it; `beside` as `beside_line` gives it."""
    portrait = is_tall(job.request)
    width, height = player_size(job.request)
    column = styles.video_column(width, portrait=portrait)
    caption = _caption(job, src, [sentence(note) if note else "", beside])
    details = _details(job, has_magics=has_magics)
    beside, below = (caption + details, "") if portrait else (caption, div(styles.BELOW_VIDEO, details))
    return div(styles.RESULT, div(column, player(job, src, width, height)) + div(styles.BESIDE_VIDEO, beside) + below)


def player_size(request: VideoRequest, widest: int = _WIDEST, highest: int = _HIGHEST) -> tuple[int, int]:
    """Return width and height of the player in pixels: the frame within the widest and highest there is room for."""
    width, height = request.row.aspects[request.format]
    scale = min(widest / width, highest / height)
    return round(width * scale), round(height * scale)


def div(style: str, inner: str) -> str:
    """Return a block of a style around some HTML."""
    return f'<div style="{style}">{inner}</div>'


def player(job: Job, src: str, width: int, height: int, preload: str = "metadata") -> str:
    """Return the player of a finished video."""
    # who asked for sound hears it; it never begins by itself
    muted = not job.request.audio
    return file_player(src, prompt_text(job.request), (width, height), job.state.poster, muted=muted, preload=preload)


def file_player(
    src: str, title: str, size: tuple[int, int], poster: bytes | None, *, muted: bool = True, preload: str = "metadata"
) -> str:
    """Return a player.

    Args:
        src: See `source`.
        title: What the video shows.
        size: Width and height in pixels; it shrinks where there is less room.
        poster: A JPEG that stands there until it plays.
        muted: Whether it begins without sound.
        preload: As HTML has it.
    """
    width, height = size
    shown = f' poster="{jpeg_uri(poster)}"' if poster else ""
    return (
        f'<video src="{escape(src, quote=True)}" controls loop{" muted" if muted else ""} preload="{preload}"{shown} '
        f'title="Video: {escape(title, quote=True)}" width="{width}" height="{height}" style="{styles.player(width)}">'
        f"{_link(src, 'Open the video')}</video>"
    )


def _caption(job: Job, src: str, notes: Sequence[str]) -> str:
    assert job.video is not None
    lines = [*filter(None, notes), *(f"Note: {warning}" for warning in job.warnings)]
    size = megabytes(job.video.stat().st_size)
    return "".join([
        div("margin-bottom:6px", SIMULATOR_BADGE) if job.simulated else "",
        div(styles.PROMPT, escape(prompt_text(job.request))),
        div(styles.FACTS, camera_words) if (camera_words := camera_words_text(job.request)) else "",
        div(styles.FACTS, escape(DOT.join(facts(job)))),
        div(f"{styles.FACTS};margin-top:2px", f"{job_id(job)}{DOT}{made(job)}"),
        div(styles.FILE_LINK, f'{file_link(src, job.video)} <span style="{styles.QUIET}">({size})</span>'),
        *(div(f"{styles.FACTS};margin-top:6px", escape(redact_line(line))) for line in lines),
    ])  # fmt: skip


def job_id(job: Job) -> str:
    """Return the id of a job; see `id_mark`."""
    return id_mark(job.id)


def id_mark(name: str) -> str:
    """Return the id of a job. By its title a panel on the same page finds it, and offers to open its settings."""
    return f'<span style="{styles.CODE}" title="{JOB_TITLE}{name}">{name}</span>'


def file_link(src: str, video: Path) -> str:
    """Return what leads to the file; its name instead of a data URI, which browsers refuse to follow."""
    return escape(redact_line(video.name)) if src.startswith("data:") else _link(src, "Open file")


def _link(src: str, text: str) -> str:
    return f'<a href="{escape(src, quote=True)}">{text}</a>' if not src.startswith("data:") else ""


def jpeg_uri(data: bytes) -> str:
    """Return a JPEG as a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def _details(job: Job, *, has_magics: bool) -> str:
    """Return settings and cell, folded."""
    request = job.request
    given = job.original_request.keyframes.given
    pictures = [
        f"{position}: {_picture_name(given.get(position, sent), sent)}"
        for position, sent in request.keyframes.given.items()
    ]
    rows = {
        "camera": ", in words: ".join(filter(None, [camera_text(request), request.camera_sentence])),
        "keyframes": ", ".join(pictures) or "none",
        "format": ", ".join([request.format, *take_facts(request)]),
        "seed": "none" if request.seed is None else str(request.seed),
        "model": model_title(job),
        **({"again": f"%runway panel {job.id} opens these settings"} if has_magics else {}),
    }
    cells = "".join(
        f'<tr style="{styles.NO_BACKGROUND}"><th scope="row" style="{styles.SETTING_NAME}">{name}</th>'
        f'<td style="{styles.SETTING}">{escape(redact_line(value))}</td></tr>'
        for name, value in rows.items()
    )
    summary = "Settings and cell" if job.cell else "Settings"
    return (
        f'<details style="{styles.DETAILS}"><summary style="{styles.SUMMARY}">{summary}</summary>'
        f'<table style="{styles.SETTINGS}">{cells}</table>'
        f"{_comparisons(job)}{_cell(job.cell) if job.cell else ''}</details>"
    )


def _comparisons(job: Job) -> str:
    """Return what was cut away from pictures."""
    return "".join(
        div(
            styles.COMPARISON,
            div(styles.QUIET, f"{position} keyframe: the picture, and what was sent")
            + f'<img src="{jpeg_uri(sheet)}" alt="{position} keyframe before and after fitting" '
            f'style="{styles.BLOCK}">',
        )
        for position, sheet in job.comparisons.items()
    )


def _picture_name(asked: Picture, sent: Picture) -> str:
    """Return how a picture was named, and the asset that was sent for it."""
    frame = shot_frame(asked)
    name = frame.description if frame else "" if asset_account(asked) else Path(redact_line(Path(asked).name, 100)).stem
    asset = f"asset {short_id(str(sent))}" if asset_account(sent) else ""
    return ", ".join(filter(None, (name, asset)))


def _cell(cell: str) -> str:
    return f'<pre style="{styles.CELL}">{escape(redact_cell(cell))}</pre>'


def notice_html(job: Job, notice: Notice, *, has_magics: bool = True) -> str:
    """Return an end without a video: what happened, why, and what to do next."""
    prices = facts(job, notice.cost or cost(job))
    name = job_id(job) if shows_id(job) else "not sent"
    badge = f" {SIMULATOR_BADGE}" if job.simulated else ""
    return div(styles.notice(notice.tone), "".join([
        f'<div><span style="{styles.mark(notice.tone)}">{notice.mark}</span>',
        f'<strong style="{styles.TITLE}">{notice.title}</strong>{badge}</div>',
        _lines(notice),
        div(f"{styles.FACTS};margin-top:6px;{styles.CUT}", escape(prompt_text(job.request))),
        div(styles.FACTS, camera_words) if (camera_words := camera_words_text(job.request)) else "",
        div(styles.FACTS, DOT.join([*map(escape, prices), name])),
        _details(job, has_magics=has_magics),
    ]))  # fmt: skip


def _lines(notice: Notice) -> str:
    lines = "".join(f"<div>{escape(line)}</div>" for line in (notice.reason, notice.todo) if line)
    return lines + (f'<pre style="{styles.COMMAND}">{escape(notice.command)}</pre>' if notice.command else "")


def placeholder(job: Job) -> dict[str, str]:
    """Return what stands in the output of a batch run until the end."""
    text = f"Job {job.id}: {prompt_text(job.request)}"
    return {"text/html": f"<div>{escape(text)}</div>", "text/plain": ascii_text(text)}
