"""The cell of a job that another kernel or notebook made: one that makes the same video where it stands now."""

from __future__ import annotations

import os
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ...jobs.job import Job, repeatable_request
from ...request import VideoRequest
from .cell_source import cell_text, job_cell, request_of_cell


def past_cell(job: Job, folder: Path, usual_model: str) -> str:
    """Return the cell as it was typed where it still asks for the same, else that of the job's request.

    A variable that stood for a picture or in the prompt is gone by now: in its place stand the file that was kept of
    the picture, and the words. A picture beside another notebook is named by its path.

    Args:
        job: One that this process did not make.
        folder: That of the notebook in which the cell will stand.
        usual_model: The model that a cell has here by the settings.

    Raises `InvalidCommand` where no cell can.
    """
    request = repeatable_request(job)
    pictures = _moved_pictures(request, job.folder, folder)
    typed = request_of_cell(job.cell) if job.cell else None
    if not pictures and typed is not None and replace(typed, model=request.model) == request:
        return job_cell(job, usual_model)
    return cell_text(request, pictures=pictures, usual_model=usual_model)


def _moved_pictures(request: VideoRequest, before: Path, now: Path) -> dict[str, str]:
    """Return by position the path of each picture that lies beside another notebook."""
    if before == now:
        return {}
    found = {position: before / str(picture) for position, picture in request.keyframes.given.items()}
    return {
        position: _path(path, now)
        for position, path in found.items()
        if os.path.isfile(path) and path.is_relative_to(before)
    }


def _path(path: Path, folder: Path) -> str:
    """Return the path from a folder where it lies in it, else the whole of it."""
    with suppress(ValueError):
        return path.relative_to(folder).as_posix()
    return os.fspath(path)
