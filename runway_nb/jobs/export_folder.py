"""The folder of an export on disk: videos, posters, pictures, the manifest, the pages of the gallery.

Every file appears whole or not at all, and the manifest names only what is there: an export that was interrupted goes
on where it stopped. Its files have the modes that the user's files have, for it is made to be handed on.
"""

from __future__ import annotations

import errno
import hashlib
import os
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO

from ..errors import RunwayError
from ..storage.atomic_file import clear_parts, replaced_file
from ..storage.hashed_copy import Content, content_of, copy_whole, open_regular
from .manifest import PICTURES, POSTERS, VIDEOS, ExportedFile, ExportedJob, UnreadableLine, line_of, read_line

MANIFEST, PAGE = "manifest.jsonl", "index.html"
GENERATOR = "runway_nb export"
"""What each page of a gallery says of itself, so that no page of somebody else is written over."""
MOST_MANIFEST = 500_000_000
"""Bytes of a manifest that is read: some hundred thousand jobs."""
_HEAD = 2_000
_SAME_TIME = 2.0
"""Seconds by which the time of a copy may differ: some disks keep even seconds only."""
_UNSEEN = re.compile(r"\..*|Thumbs\.db|desktop\.ini", re.IGNORECASE)
"""What systems leave in a folder that counts as empty."""
_PAGE = re.compile(r"(?:index|page-\d+)\.html")

Pages = Callable[[Sequence[ExportedJob]], Mapping[str, str]]
"""Gives the pages of a gallery by their names, `index.html` first."""


class ExportFolder:
    """An export on disk, opened to put jobs into it.

    Args:
        path: The folder; made with the first file.
        pages: Makes the gallery.

    Raises `RunwayError` for a folder that holds anything else.
    """

    def __init__(self, path: Path, pages: Pages) -> None:
        self.path = path
        self.jobs: dict[str, ExportedJob] = {}
        """What is in it, by id."""
        self.unread: list[str] = []
        """Lines of its manifest that cannot be read here; they stay."""
        self._pages = pages
        self._read()

    def begin(self) -> None:
        """Make the folders, and tidy up after one that was killed. Raises `OSError`."""
        for name in (VIDEOS, POSTERS, PICTURES):
            (self.path / name).mkdir(parents=True, exist_ok=True)
        for name in (MANIFEST, PAGE):
            clear_parts(self.path / name)

    def put(self, source: Path, name: str, known: ExportedFile | None = None) -> tuple[ExportedFile, bool]:
        """Copy a file to a name unless it is there already; return it, and whether it was copied.

        Args:
            source: The file.
            name: Below the folder.
            known: What the manifest says of it.

        Raises `OSError`.
        """
        # a video may have been moved to another disk, with a link in its place
        source, target = source.resolve(), self.path / name
        found = self._there(source, target, known)
        if found is not None:
            return ExportedFile(name, *found), False
        clear_parts(target)
        return ExportedFile(name, *copy_whole(source, target, opened=_open_new)), True

    def put_bytes(self, data: bytes, name: str) -> ExportedFile:
        """Write a small file unless it is there already. Raises `OSError`."""
        content = Content(hashlib.sha256(data).hexdigest(), len(data))
        target = self.path / name
        with suppress(OSError):
            if target.stat().st_size == content.size and content_of(target) == content:
                return ExportedFile(name, *content)
        _write(target, data)
        return ExportedFile(name, *content)

    def add(self, job: ExportedJob) -> None:
        """Take a job whose files are there, in the place of what was known of it."""
        self.jobs[job.id] = job

    def save(self) -> None:
        """Write the manifest. Raises `OSError`."""
        jobs = sorted(self.jobs.values(), key=lambda job: (job.made, job.id))
        lines = [*map(line_of, jobs), *self.unread]
        _write(self.path / MANIFEST, "".join(f"{line}\n" for line in lines).encode())

    def save_pages(self) -> None:
        """Write the gallery, and remove pages that it does not have any more. Raises `OSError`."""
        pages = self._pages(sorted(self.jobs.values(), key=lambda job: (job.made, job.id), reverse=True))
        for name, text in pages.items():
            _write(self.path / name, text.encode())
        for path in self.path.iterdir():
            if _PAGE.fullmatch(path.name) and path.name not in pages and is_own_page(path):
                path.unlink()

    # --- inside ---------------------------------------------------------------------------------

    def _read(self) -> None:
        manifest = self.path / MANIFEST
        try:
            if not self._is_own(manifest):
                raise RunwayError(
                    f"{self.path} holds other files, and an export would mix with them: give a new or empty folder"
                )
            if not manifest.exists():
                return
            lines = manifest_lines(manifest)
        except OSError as error:
            raise RunwayError(f"{self.path} cannot be read ({error.strerror or type(error).__name__})") from None
        for line in lines:
            try:
                job = read_line(line)
                self.jobs[job.id] = job
            except UnreadableLine:
                self.unread.append(line)

    def _is_own(self, manifest: Path) -> bool:
        """Return True for an export, and for a folder in which nothing lies yet."""
        if not self.path.exists():
            return True
        names = [name for name in os.listdir(self.path) if not _UNSEEN.fullmatch(name)]
        if MANIFEST not in names:
            # one that was interrupted before its first line
            return not set(names) - {VIDEOS, POSTERS, PICTURES}
        return is_manifest(manifest) and all(is_own_page(self.path / name) for name in names if _PAGE.fullmatch(name))

    def _there(self, source: Path, target: Path, known: ExportedFile | None) -> Content | None:
        """Return what is in the copy of a file that is there and whole; None where it has to be copied."""
        with suppress(OSError):
            mine, copy = source.stat(), target.lstat()
            if mine.st_size != copy.st_size:
                return None
            is_known = known is not None and known.name == f"{target.parent.name}/{target.name}"
            if known and is_known and known.size == copy.st_size and _is_same_time(mine, copy):
                return Content(known.sha256, known.size)
            content = content_of(target)
            return content if content == content_of(source) else None
        return None


def is_manifest(path: Path) -> bool:
    """Return True for a manifest of an export, also for one without a line. Raises `OSError`."""
    with open_regular(path) as file:
        head = file.read(_HEAD).lstrip()
    return not head or head.startswith(b'{"version": ')


def manifest_lines(path: Path) -> list[str]:
    """Return the lines of a manifest, without empty ones; what is no ASCII in them is replaced. Raises `OSError`."""
    with open_regular(path) as file:
        data = file.read(MOST_MANIFEST + 1)
    if len(data) > MOST_MANIFEST:
        raise OSError(errno.EFBIG, "it is larger than any manifest")
    return [line for line in data.decode("ascii", "replace").split("\n") if line.strip()]


def is_own_page(path: Path) -> bool:
    """Return True for a page that an export wrote, or that is not there."""
    try:
        with open_regular(path) as file:
            return f'content="{GENERATOR}' in file.read(_HEAD).decode("utf-8", "replace")
    except FileNotFoundError:
        return True
    except OSError:
        return False


def _is_same_time(one: os.stat_result, other: os.stat_result) -> bool:
    return abs(one.st_mtime - other.st_mtime) <= _SAME_TIME


def _open_new(path: Path) -> IO[bytes]:
    return path.open("xb")


def _write(path: Path, data: bytes) -> None:
    with replaced_file(path) as part, _open_new(part) as file:
        file.write(data)
