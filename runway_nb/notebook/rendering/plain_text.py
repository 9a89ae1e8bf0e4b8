"""The plain-text twins: terminal IPython, logs of batch runs, screen readers, `nbconvert --to markdown`."""

from __future__ import annotations

import os
import re
from pathlib import Path

from ...jobs.job import Job
from ...redaction import redact, redact_cell, redact_line
from ...storage.paths import home_folder
from ...sweeps.sweep import Sweep, has_ended
from .facts import DOT, MINUS, clock, cost, facts, frame_text, made, megabytes, prompt_text, shows_id, take_facts
from .live_state import LiveState, live_state
from .notices import Notice

WIDTH = 79
BAR = 14
_LOG_WORDS = {"queued": "queued at Runway", "held back": "held back by Runway"}


def ascii_text(text: str) -> str:
    """Return a text with plain signs in place of ours, for logs of unknown encoding; other letters stay as they are."""
    signs = {MINUS: "-", "\N{MIDDLE DOT}": ",", "\N{HORIZONTAL ELLIPSIS}": "..."}
    for sign, plain in signs.items():
        text = text.replace(f" {sign} ", f"{plain} ") if plain == "," else text.replace(sign, plain)
    return text


def bar(ratio: float | None) -> str:
    """Return [######--------], or dots while nothing is known."""
    if ratio is None:
        return "[" + "." * BAR + "]"
    full = int(ratio * BAR + 0.5)
    return "[" + "#" * full + "-" * (BAR - full) + "]"


def name_of(job: Job) -> str:
    """Return the job's id, or dashes while nothing has been sent."""
    return job.id if shows_id(job) else "--------"


def live_line(job: Job, state: LiveState) -> str:
    """Return one line, to be rewritten in place."""
    percent = "" if state.ratio is None else f"{state.ratio * 100:2.0f} %  "
    line = f"runway {name_of(job)}  {state.short:<11} {bar(state.ratio)} {percent}{ascii_text(state.detail)}"
    return line[:WIDTH]


def wait_text(shown: Job | Sweep, now: float) -> str:
    """Return the line of a wait at a time in Unix seconds: a bar, and how it has ended once it has."""
    if isinstance(shown, Sweep):
        return sweep_line(shown)
    return done_line(shown) if shown.done else live_line(shown, live_state(shown, now))


def sweep_line(sweep: Sweep) -> str:
    """Return one line for a sweep, to be rewritten in place."""
    jobs = [sweep.job_of(variant) for variant in sweep.variants]
    parts = [0.0 if job is None else 1.0 if has_ended(job) else job.progress or 0.0 for job in jobs]
    ratio = sum(parts) / max(1, len(parts))
    left = "" if sweep.done else sweep.time_left_text
    return ascii_text(DOT.join(filter(None, [f"sweep  {bar(ratio)} {sweep.progress_text}", left])))


def log_line(job: Job, state: LiveState) -> str:
    """Return one line of a log, written at a change of state and at each quarter."""
    detail = ascii_text(state.detail)
    if state.ratio is not None:
        rest = f"after {detail.partition(' ')[0]}" if state.glyph == "run" else detail
        detail = f"{state.ratio * 100:.0f} % {rest}"
    return f"runway {name_of(job)}  {_LOG_WORDS.get(state.short, state.short)}: {detail}"


def sent_line(job: Job) -> str:
    """Return the line of a log that reports the price, and the account's credits where the API does."""
    task = job.task
    spent = "simulator, no credits spent" if job.simulated else cost(job)
    if task is not None and task.credits_used is not None and task.credits_permitted is not None and not job.simulated:
        spent += f", {task.credits_used:,.0f} of {task.credits_permitted:,.0f} used"
    return f"runway {name_of(job)}  sent: {spent}"


def done_line(job: Job) -> str:
    """Return the last line of a log."""
    return f"runway {name_of(job)}  {ended_line(job)}"


def ended_line(job: Job) -> str:
    """Return how a job has ended: how long it took and its file, or why there is none."""
    if job.video is None:
        return f"no video: {redact_line(job.error.message) if job.error else job.status.lower()}"
    took = clock((job.state.ended or job.created) - (job.state.sent or job.created))
    return f"done in {took}: {shown_path(job.video, job.folder)}"


def log_key(state: LiveState) -> tuple[str, int]:
    """Return what changes when a new log line is due: the state, and the quarter of progress within it."""
    return state.short, -1 if state.ratio is None or state.download else int(state.ratio * 4)


def result_text(job: Job, shown_path: str, note: str = "") -> str:
    """Return the finished video in four lines, and another where the camera is said in words."""
    request, video = job.request, job.video
    assert video is not None
    frame = [] if job.foreign_type else [frame_text(request)]
    size = ", ".join([*frame, *take_facts(request), megabytes(video.stat().st_size)])
    shot = ", ".join(ascii_text(fact) for fact in facts(job))
    kind = " (simulator: no credits spent)" if job.simulated else ""
    lines = [
        f"Video   {shown_path}  ({size})",
        f"Prompt  {prompt_text(request)}",
        *([f"Camera  in words: {request.camera_sentence}"] if request.camera_sentence else []),
        f"Shot    {shot}, {made(job)}, id {job.id}{kind}",
    ]
    if job.cell:
        lines.append(f"Cell    {first_line(job.cell)}")
    lines += [f"Note    {redact_line(line)}" for line in (*filter(None, [note]), *job.warnings)]
    return "\n".join(lines)


def notice_text(job: Job, notice: Notice) -> str:
    """Return an end without a video, in three or four lines."""
    name = f" ({job.id})" if shows_id(job) else ""
    lines = [f"{notice.title}{name}", *(f"  {line}" for line in (notice.reason, notice.todo) if line)]
    lines += [f"      {command}" for command in notice.command.splitlines()]
    if job.simulated:
        lines.append("  Simulator: no credits spent.")
    return ascii_text("\n".join(lines))


def shown_path(path: Path, folder: Path) -> str:
    """Return the path as the notebook would write it: relative inside its folder, with ~ for the home."""
    try:
        return redact(path.relative_to(folder).as_posix())
    except ValueError:
        home = home_folder()
        return redact(f"~{os.sep}{path.relative_to(home)}" if home and path.is_relative_to(home) else str(path))


def first_line(cell: str) -> str:
    """Return the first line of a cell as it may be shown."""
    return _without_data(redact_cell(cell).partition("\n")[0])


def _without_data(line: str) -> str:
    """Return the line with a picture that stands in it as text cut short."""
    return re.sub(r"(data:[^\s,]{0,80},\S{8})\S+", "\\1\N{HORIZONTAL ELLIPSIS}", line)
