"""The durable result: a job as text/html and text/plain. Pure but for reading the finished file.

The HTML is complete without kernel, theme, script or trust: inline styles that JupyterLab's sanitizer keeps,
`src` on the video itself, a poster as a data URI, text in the inherited colour (Jupyter facts, sections 3 and 8).
"""

from __future__ import annotations

import base64
import os
from contextlib import suppress
from html import escape
from pathlib import Path
from urllib.parse import quote

from ...errors import RunwayError
from ...jobs.job import Job
from ...redaction import redact_cell, redact_line, short_id
from ...references import Picture, asset_account, shot_frame
from .messages import (
    DOT,
    Notice,
    camera_words,
    cost,
    facts,
    made,
    megabytes,
    noted,
    notice,
    prompt_words,
    sentence,
    shows_id,
)
from .plain_text import ascii_words, notice_text, result_text, shown_path

EMBED_CAP = 8_000_000
"""Bytes of the largest video that is put into the notebook itself."""
JOB_TITLE = "runway_nb job "
"""What the title of a job's id begins with: by it the panel's script finds results."""

_LINE = "1px solid rgba(128,128,128,.35)"
_QUIET = "opacity:.74;font-size:12px;line-height:18px"
_MONO = "font-family:ui-monospace, Menlo, Consolas, monospace;font-size:12px"
_SANS = "font-family:system-ui, -apple-system, Segoe UI, sans-serif"
_TONES = {"bad": "#d9483b", "warn": "#e08a1e", "calm": "#6b8fb5"}
_PLAIN = "background:none"


def bundle(job: Job, embed: str = "auto", folder: Path | None = None, note: str = "") -> dict[str, str]:
    """A job as a MIME bundle: the player once the file is there, else a notice that says where it stands.

    Args:
        job: The job.
        embed: `auto`, `always` or `never` carry the video inside the notebook; `capped` does up to 8 MB.
        folder: The notebook's folder, against which a relative path is resolved; by default the job's own.
        note: Why it is shown although nothing was sent, or nothing.
    """
    if job.video is None or not job.video.is_file():
        told = noted(notice(job), note)
        return {"text/html": notice_html(job, told), "text/plain": notice_text(job, told)}
    folder = folder or job.folder
    return {
        "text/html": result_html(job, source(job.video, folder, embed), note),
        "text/plain": result_text(job, shown_path(job.video, folder), note),
    }


def said(error: RunwayError) -> dict[str, str]:
    """What a button could not do, in one line."""
    line = f"Not sent: {error.message}"
    return {
        "text/html": f'<div style="font-size:13px;line-height:20px;{_SANS}">{escape(line)}</div>', "text/plain": line,
    }  # fmt: skip


def source(video: Path, folder: Path, embed: str) -> str:
    """The `src` of a player: a path relative to the notebook, or the file as a data URI.

    `auto` embeds up to 8 MB what lies outside the notebook's folder, where no relative path reaches.
    """
    inside = video.is_relative_to(folder)
    wanted = embed == "capped" or (embed == "auto" and not inside)
    # a disk that fails, or a file that only its owner may read, leaves the way to it
    with suppress(OSError):
        if embed == "always" or (wanted and video.stat().st_size <= EMBED_CAP):
            return "data:video/mp4;base64," + base64.b64encode(video.read_bytes()).decode()
    try:
        return quote(Path(os.path.relpath(video, folder)).as_posix())
    except (ValueError, OSError):  # another drive of Windows, or no working directory: no way leads there
        return quote(video.name)


def result_html(job: Job, src: str, note: str = "") -> str:
    """The player, its facts, and the cell that made it."""
    portrait = job.request.format == "portrait"
    width, height = (240, 400) if portrait else (560, 336)
    basis = "0 1 240px" if portrait else "1 1 400px"
    inner = _details(job)
    below = f"{inner}</div>" if portrait else f'</div><div style="flex:1 1 100%;min-width:0">{inner}</div>'
    return (
        f'<div style="display:flex;flex-wrap:wrap;gap:8px 16px;align-items:flex-start;max-width:880px;'
        f'margin:4px 0 12px 0;line-height:20px;font-size:13px;{_SANS}">'
        f'<div style="flex:{basis};max-width:{width}px;min-width:0">{_player(job, src, width, height)}</div>'
        f'<div style="flex:1 1 240px;min-width:0">{_caption(job, src, note)}{below}</div>'
    )


def _player(job: Job, src: str, width: int, height: int) -> str:
    title = escape(f"Video: {prompt_words(job.request)}", quote=True)
    poster = f' poster="{jpeg_uri(job.state.poster)}"' if job.state.poster else ""
    return (
        f'<video src="{escape(src, quote=True)}" controls loop muted preload="metadata"{poster} title="{title}" '
        f'width="{width}" height="{height}" style="display:block;width:100%;height:auto;max-width:{width}px;'
        f'border-radius:4px;background:#000">{_link(src, "Open the video")}</video>'
    )


def _caption(job: Job, src: str, note: str) -> str:
    badge = f'<div style="margin-bottom:6px">{_pill("Simulator: no credits spent")}</div>'
    assert job.video is not None
    lines = [*([sentence(note)] if note else []), *(f"Note: {warning}" for warning in job.warnings)]
    notes = "".join(f'<div style="{_QUIET};margin-top:6px">{escape(redact_line(line))}</div>' for line in lines)
    size = megabytes(job.video.stat().st_size)
    return (
        f"{badge if job.simulated else ''}"
        f'<div style="font-size:14px;line-height:20px;margin:0 0 6px 0">{escape(prompt_words(job.request))}</div>'
        f'<div style="{_QUIET}">{DOT.join(facts(job))}</div>'
        f'<div style="{_QUIET};margin-top:2px">{_job_id(job)}{DOT}{made(job)}</div>'
        f'<div style="margin-top:6px;font-size:12px;line-height:18px">{_file_link(src, job.video)} '
        f'<span style="opacity:.74">({size})</span></div>{notes}'
    )


def _job_id(job: Job) -> str:
    """The id. By its title a panel on the same page finds it, and offers to open the settings of the job."""
    return f'<span style="{_MONO}" title="{JOB_TITLE}{job.id}">{job.id}</span>'


def _file_link(src: str, video: Path) -> str:
    """A data URI is no link to follow: browsers refuse it, so the name of the file stands there instead."""
    return escape(redact_line(video.name)) if src.startswith("data:") else _link(src, "Open file")


def _link(src: str, words: str) -> str:
    return f'<a href="{escape(src, quote=True)}">{words}</a>' if not src.startswith("data:") else ""


def _pill(words: str) -> str:
    return (
        f'<span style="display:inline-block;border:1px dashed rgba(128,128,128,.9);border-radius:9px;'
        f'padding:0 8px;font-size:11px;line-height:16px;white-space:nowrap">{words}</span>'
    )


def jpeg_uri(data: bytes) -> str:
    """A JPEG as a data URI."""
    return "data:image/jpeg;base64," + base64.b64encode(data).decode()


def _details(job: Job) -> str:
    """Settings and cell, folded."""
    request = job.request
    asked = job.original_request.keyframes.given
    pictures = [f"{slot}: {_picture_name(asked.get(slot, p), p)}" for slot, p in request.keyframes.given.items()]
    rows = {
        "camera": camera_words(request),
        "keyframes": ", ".join(pictures) or "none",
        "format": f"{request.format}, {request.length} s",
        "seed": str(request.seed),
        "model": request.row.title,
        "again": f"%runway panel {job.id} opens these settings",
    }
    quiet = "text-align:left;font-weight:400;opacity:.74;padding:1px 12px 1px 0;vertical-align:top;" + _PLAIN
    cells = "".join(
        f'<tr style="{_PLAIN}"><th scope="row" style="{quiet}">{name}</th>'
        f'<td style="text-align:left;padding:1px 0;{_PLAIN}">{escape(redact_line(value))}</td></tr>'
        for name, value in rows.items()
    )
    summary = "Settings and cell" if job.cell else "Settings"
    return (
        f'<details style="margin-top:8px;font-size:12px;line-height:18px"><summary style="cursor:pointer">'
        f'{summary}</summary><table style="border-collapse:collapse;margin:6px 0;font-size:12px;border:none">'
        f"{cells}</table>{_comparisons(job)}{_cell(job.cell) if job.cell else ''}</details>"
    )


def _comparisons(job: Job) -> str:
    """What was cut away from pictures."""
    return "".join(
        f'<div style="margin:0 0 6px 0"><div style="opacity:.74">{slot} keyframe: the picture, and what was sent</div>'
        f'<img src="{jpeg_uri(sheet)}" alt="{slot} keyframe before and after fitting" style="display:block"></div>'
        for slot, sheet in job.comparisons.items()
    )


def _picture_name(asked: Picture, sent: Picture) -> str:
    """How a picture was named, and the asset that was sent for it."""
    frame = shot_frame(asked)
    name = frame.description if frame else "" if asset_account(asked) else Path(redact_line(Path(asked).name, 100)).stem
    asset = f"asset {short_id(str(sent))}" if asset_account(sent) else ""
    return ", ".join(filter(None, (name, asset)))


def _cell(cell: str) -> str:
    return (
        f'<pre style="{_MONO};line-height:17px;margin:0;padding:8px 10px;border:{_LINE};border-radius:4px;'
        f'white-space:pre-wrap;word-break:normal;background:rgba(128,128,128,.08)">{escape(redact_cell(cell))}</pre>'
    )


def notice_html(job: Job, told: Notice) -> str:
    """An end without a video: what happened, why, and what to do next."""
    tone = _TONES[told.tone]
    prices = facts(job, told.cost or cost(job))
    name = _job_id(job) if shows_id(job) else "not sent"
    badge = f" {_pill('Simulator: no credits spent')}" if job.simulated else ""
    return (
        f'<div style="max-width:880px;margin:4px 0;padding:8px 12px;border:{_LINE};border-left:3px solid {tone};'
        f'border-radius:4px;font-size:13px;line-height:20px;{_SANS};box-sizing:border-box">'
        f'<div><span style="display:inline-block;width:18px;color:{tone};font-weight:700">{told.mark}</span>'
        f'<strong style="font-weight:600">{told.title}</strong>{badge}</div>'
        f"{_lines(told)}"
        f'<div style="{_QUIET};margin-top:6px;overflow:hidden;text-overflow:ellipsis;white-space:nowrap">'
        f"{escape(prompt_words(job.request))}</div>"
        f'<div style="{_QUIET}">{DOT.join([*prices, name])}</div>{_details(job)}</div>'
    )


def _lines(told: Notice) -> str:
    lines = "".join(f"<div>{escape(line)}</div>" for line in (told.reason, told.todo) if line)
    if not told.command:
        return lines
    return (
        f'{lines}<pre style="{_MONO};line-height:17px;margin:6px 0 0 0;padding:4px 8px;border-radius:4px;'
        f'background:rgba(128,128,128,.12);display:inline-block">{escape(told.command)}</pre>'
    )


def placeholder(job: Job) -> dict[str, str]:
    """What stands in the output of a batch run until the end."""
    words = f"Job {job.id}: {prompt_words(job.request)}"
    return {"text/html": f"<div>{escape(words)}</div>", "text/plain": ascii_words(words)}
