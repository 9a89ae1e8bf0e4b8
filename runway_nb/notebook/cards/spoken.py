"""What a screen reader is told of jobs: each step once, and how they ended."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import traitlets

from ...jobs.job import Job
from ...redaction import redact_line
from ..static import join_modules
from .script_widget import script_widget


@lru_cache(maxsize=1)
def spoken_class() -> Any:
    """Return the class with the script, or None without anywidget."""
    return script_widget(
        "Spoken", "Shows nothing, and has a screen reader say its text whenever that changes.", __name__,
        join_modules("spoken.js"), text=traitlets.Unicode("").tag(sync=True),
    )  # fmt: skip


def make_spoken() -> list[Any]:
    """Return a widget whose text is said, to be put beside what it tells of; nothing without anywidget."""
    found = spoken_class()
    return [] if found is None else [found()]


def step_text(job: Job, word: str) -> str:
    """Return what is said of a job that has come to another step, without its percent."""
    return f"Job {job.id}: {word}."


def end_text(job: Job) -> str:
    """Return what is said of a job that has ended."""
    return redact_line(f"Job {job.id}: {job.error.message if job.error else 'the video is there'}.")
