"""Which file on this machine a link of a saved notebook means, and whether it may go along.

A notebook may come from the net and name any path: a file goes along only where it lies below the notebook's folder or
the folder of videos once all links are followed, or is the video of a job in the ledger; and it is an MP4 by structure.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple
from urllib.parse import unquote_to_bytes, urlsplit

from ...api.mp4 import check_mp4
from ...errors import DownloadError, RunwayError
from ...jobs.restore import video_file
from ...ledger.ledger import Ledger
from ...ledger.record import Record
from ...redaction import redact_line

_JOB = re.compile(r"-([0-9a-f]{8})\.mp4\Z")


class Found(NamedTuple):
    """What a link means here."""

    path: Path | None
    """The file, all links followed; None where none goes along."""
    problem: str = ""
    """Why none does, in a line."""


class LocalVideos:
    """The videos that may go along with a notebook.

    Args:
        folder: The notebook's folder.
        output: The folder of videos.
        ledger: Knows the jobs.
    """

    def __init__(self, folder: Path, output: Path, ledger: Ledger) -> None:
        self._folder = folder
        self._ground = [path for path in (_real(folder), _real(output)) if path is not None]
        self._ledger = ledger
        self._found: dict[str, Found] = {}

    def find(self, url: str) -> Found:
        """Return what a link means here."""
        if url not in self._found:
            self._found[url] = self._find(url)
        return self._found[url]

    def _find(self, url: str) -> Found:
        text = os.fsdecode(unquote_to_bytes(urlsplit(url).path))
        name = redact_line(text)
        if os.path.isabs(text) or text.startswith(("/", "\\")):
            return Found(None, f"{name}: a path that is not relative to the notebook")
        record = self._record(text)
        path = _real(self._folder / text) or self._moved(record, text)
        if path is None:
            return Found(None, f"{name} is not there: {_way_back(record)}")
        if not any(path.is_relative_to(ground) for ground in self._ground) and not _is_of(record, path):
            return Found(None, f"{name} lies outside of the notebook's folder, and is no video of the ledger")
        return _checked(path, name)

    def _record(self, text: str) -> Record | None:
        """Return the job whose id stands in the name of a file."""
        match = _JOB.search(text)
        if match is None:
            return None
        with suppress(RunwayError):  # a ledger that cannot be read knows no job
            return self._ledger.get(match[1])
        return None

    def _moved(self, record: Record | None, text: str) -> Path | None:
        """Return the video of a job where the notebook was moved away from it."""
        video = video_file(record) if record is not None else None
        return _real(video) if video is not None and video.name == text.rpartition("/")[2] else None


def _real(path: Path) -> Path | None:
    """Return a path with all links followed; None where nothing is there."""
    try:
        return path.resolve(strict=True)
    except (OSError, ValueError, RuntimeError):
        return None


def _is_of(record: Record | None, path: Path) -> bool:
    video = video_file(record) if record is not None else None
    return video is not None and _real(video) == path


def _checked(path: Path, name: str) -> Found:
    try:
        if not path.is_file():
            return Found(None, f"{name} is no file")
        check_mp4(path)
    except DownloadError:
        return Found(None, f"{name} is no whole MP4")
    except OSError as error:
        return Found(None, f"{name} cannot be read ({error.strerror or type(error).__name__})")
    return Found(path)


def _way_back(record: Record | None) -> str:
    if record is None:
        return "%runway import DIR takes it out of an export of the machine that made it"
    if record.imported or not record.task_id:
        return "%runway import DIR takes it out of an export"
    return f"%runway attach {record.id} downloads it again"
