"""The panel as text, for a notebook whose kernel is gone, for batch runs and terminals. Pure functions."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from html import escape
from pathlib import Path

from ...jobs.job import Job
from ...redaction import redact_cell
from ..rendering import styles
from ..rendering.notices import notice
from ..rendering.plain_text import ascii_text, shown_path

TITLE = "Runway panel"
HINT = (
    "Its kernel has ended. %runway panel opens a new one, with the id of a job its settings; %runway show ID its video."
)
LIVE_HINT = (
    "This page does not trust the notebook (File, Trust Notebook), or its kernel has ended. %runway panel opens a new "
    "one, with the id of a job its settings; %runway show ID its video."
)
"""Beside the controls, for a page that does not show them: which of the two it is, nothing that is saved can tell."""
_SIGNED = re.compile(r"""(https?://[^\s?"']+)\?[^\s"']+""")
"""A link with what may be its key."""


def panel_text(cell: str, jobs: Iterable[Job], folder: Path, hint: str = HINT) -> dict[str, str]:
    """Return the request as its cell, and a line for each job that was made, as text/html and text/plain.

    Args:
        cell: The cell that makes the request; what is secret in it is masked.
        jobs: In the order in which they are listed.
        folder: The notebook's folder; files are named as seen from there.
        hint: Why it is text, and what to do.
    """
    cell = _SIGNED.sub(r"\1?***", redact_cell(cell))
    lines = [job_line(job, folder) for job in jobs]
    items = "".join(f"<div>{escape(line)}</div>" for line in lines)
    html = (
        f'<div style="{styles.TITLE}">{TITLE}</div><div style="{styles.QUIET}">{escape(hint)}</div>'
        f'<pre style="{styles.PANEL_CELL}">{escape(cell)}</pre>{items}'
    )
    return {"text/html": html, "text/plain": "\n".join([TITLE, cell, *map(ascii_text, lines), hint])}


def job_line(job: Job, folder: Path) -> str:
    """Return what became of a job, on one line: its file, or where it stands."""
    if job.video is not None and os.path.isfile(job.video):
        return f"{job.id}: {shown_path(job.video, folder)}"
    found = notice(job)
    return f"{job.id}: {found.title if job.state.phase.is_final else found.reason}"
