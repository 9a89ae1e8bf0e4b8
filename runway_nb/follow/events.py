"""What the process tells: one line for each event. Many read a log: no prompt, no address and no secret is in one."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path
from typing import NamedTuple

from ..errors import RunwayError
from ..redaction import redact_line
from ..text.console import write_line

FOLDER_LENGTH = 500
"""Characters of a folder's path that are shown."""


class Event(NamedTuple):
    """Something that happened."""

    kind: str
    """A word for programs."""
    text: str
    """What happened, for people."""
    job: str = ""
    """The id of the job."""
    file: str = ""
    """The video, without the words of its prompt (`video_pattern`)."""
    reason: str = ""
    """The name of an error."""


Tell = Callable[[Event], None]


def as_text(event: Event, now: float) -> str:
    """Return the line for people. `now` is Unix seconds."""
    return f"{_moment(now)} {f'job {event.job} ' if event.job else ''}{redact_line(event.text, FOLDER_LENGTH)}"


def as_json(event: Event, now: float) -> str:
    """Return the line for programs: an object with `time` and `event`, and what else there is."""
    told = {
        "job": event.job, "file": redact_line(event.file, FOLDER_LENGTH), "reason": event.reason,
        "text": redact_line(event.text, FOLDER_LENGTH),
    }  # fmt: skip
    return json.dumps({"time": _moment(now), "event": event.kind, **{name: v for name, v in told.items() if v}})


def teller(clock: Callable[[], float], *, as_data: bool) -> Tell:
    """Return what writes events to standard output, each at once.

    Args:
        clock: Unix seconds.
        as_data: As JSON.
    """
    line = as_json if as_data else as_text
    return lambda event: write_line(line(event, clock()))


def video_pattern(video: Path | None, job_id: str) -> str:
    """Return what finds a video: its name begins with words of the prompt, which stand in no log."""
    return "" if video is None else str(video.parent / f"*-{job_id}{video.suffix}")


def reason_of(error: RunwayError | None) -> tuple[str, str]:
    """Return the name of an error and what it means; its message may quote a prompt or a link, and stays out."""
    if error is None:
        return "", "no reason is known"
    meaning = next(iter((type(error).__doc__ or "").strip().splitlines()), "").rstrip(".")
    return type(error).__name__, meaning


def _moment(now: float) -> str:
    return datetime.fromtimestamp(now, timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
