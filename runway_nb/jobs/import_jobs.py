"""Jobs out of an export into the ledger of this machine, as stored results: nothing is sent, nothing is paid.

An export is read as what a stranger may have written. Each line is taken or refused by itself, each video is checked
before it gets its name, and a row is written when all that it names is there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

from ..api.mp4 import check_mp4
from ..errors import CopyInterrupted, DownloadError, InvalidRequest, JobNotFound, RunwayError
from ..ledger.ledger import Ledger
from ..ledger.marks import NO_MARKS
from ..ledger.phase import Phase
from ..ledger.record import Record
from ..ledger.rows import record_problem
from ..ledger.thumbnails import Folders, keep_thumbnail
from ..pictures.files import keep_picture
from ..pictures.limits import LARGEST_FILE
from ..pictures.thumbnails import small_jpeg
from ..redaction import redact_line
from ..request import VideoRequest
from ..spec import MODELS
from ..storage.hashed_copy import Content, content_of, copy_whole, open_regular
from ..storage.private_files import open_private
from ..storage.video_folder import file_name, folder_problem, unwritable
from .copy_progress import Progress
from .export_folder import MANIFEST, is_manifest, manifest_lines
from .export_jobs import LASTING, Report, listed_lines
from .exported_job import imported_digest, imported_record
from .manifest import ExportedFile, ExportedJob, ExportedPicture, UnreadableLine, read_line
from .notebook_pictures import lies_beside, may_lie_beside, put_beside
from .restore import video_file

_NAMED = 5
LARGEST_POSTER = 2_000_000
"""Bytes of a poster that is taken."""


class Shelf(NamedTuple):
    """Where imported jobs are put."""

    ledger: Ledger
    videos: Path
    """The folder of videos."""
    folder: Path
    """The notebook's folder."""
    posters: Folders
    pictures: Path
    """The folder of pictures that belong to requests."""


@dataclass(frozen=True)
class Import:
    """What became of an import."""

    jobs: tuple[str, ...] = ()
    """Ids of the jobs that are new here."""
    known: tuple[str, ...] = ()
    """Ids of those that were here already."""
    without_video: int = 0
    """Jobs of the export that ended without a video: there is nothing to store."""
    problems: tuple[str, ...] = ()
    """A line for each line of the manifest that was refused."""
    backends: tuple[str, ...] = ()
    """Who made the jobs that are new here."""
    pictures: tuple[str, ...] = ()
    """Pictures of cells that were put beside the notebook."""
    other_pictures: tuple[str, ...] = ()
    """Those in whose place another file lies there: a cell with it is another request."""

    @property
    def text(self) -> str:
        """What became of it, in a few lines."""
        count = f"{len(self.jobs)} job{'s' * (len(self.jobs) != 1)}"
        lines = [f"Imported {count}; nothing was sent, and nothing is paid for an unchanged cell." if self.jobs else ""]
        if self.known:
            lines.append(f"{len(self.known)} {'was' if len(self.known) == 1 else 'were'} here already.")
        if self.without_video:
            lines.append(f"{self.without_video} ended without a video and stay{'s' * (self.without_video == 1)} out.")
        if self.pictures:
            lines.append(f"Put beside the notebook, where cells look for them: {_listed(self.pictures)}.")
        if self.other_pictures:
            lines.append(
                f"Other files have these names here, so cells with them ask anew: {_listed(self.other_pictures)}."
            )
        lines += listed_lines("Refused", self.problems)
        return "\n".join(filter(None, lines)) or "There is nothing to import."

    def __repr__(self) -> str:
        return self.text


def _listed(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return redact_line(", ".join(names[:_NAMED])) + more


def import_jobs(folder: Path, shelf: Shelf, report: Report = lambda _: None) -> Import:
    """Put the finished jobs of an export into the ledger of this machine.

    One that is here already is not imported again: its marks come along where there are none yet, and its video where
    an earlier import of it has lost its own.

    Args:
        folder: The export.
        shelf: Where they are put.
        report: Called before each line, and at the end.

    Raises:
        RunwayError: it is no export or cannot be read, or nothing can be written here; what was imported by then stays.
        CopyInterrupted: by the user; the same goes on where it stopped.
    """
    lines = _lines_of(folder)
    if problem := folder_problem(shelf.videos, "import"):
        raise problem
    work = _Work(folder, shelf)
    try:
        for number, line in enumerate(lines):
            report(Progress(number, len(lines)))
            work.add(number + 1, line)
        report(Progress(len(lines), len(lines)))
    except KeyboardInterrupt:
        raise CopyInterrupted(
            f"the import was interrupted: {len(work.new)} jobs are imported; the same command goes on from there"
        ) from None
    except OSError as error:
        raise RunwayError(f"the import came to a stop: the video {unwritable(shelf.videos, error)}") from None
    return work.result()


def _lines_of(folder: Path) -> list[str]:
    try:
        if is_manifest(folder / MANIFEST):
            return manifest_lines(folder / MANIFEST)
    except FileNotFoundError:
        pass
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise RunwayError(f"the manifest in {folder} cannot be read ({reason})") from None
    raise RunwayError(f"{folder} is no export: there is no {MANIFEST} of %runway export in it")


class _Work:
    """One run of an import."""

    def __init__(self, folder: Path, shelf: Shelf) -> None:
        self.new: list[str] = []
        self.known: list[str] = []
        self.without_video = 0
        self.problems: list[str] = []
        self.backends: set[str] = set()
        self.placed: dict[str, str] = {}
        """Pictures that were put beside the notebook: name to hash."""
        self.other: set[str] = set()
        self._folder, self._shelf = folder, shelf
        self._seen: dict[str, int] = {}
        self._ids: dict[str, str] = {}
        """Ids that are taken here by other jobs, and those that stand for them."""

    def result(self) -> Import:
        """Return what became of it."""
        return Import(
            jobs=tuple(self.new), known=tuple(self.known), without_video=self.without_video,
            problems=tuple(self.problems), backends=tuple(sorted(self.backends)),
            pictures=tuple(self.placed), other_pictures=tuple(sorted(self.other)),
        )  # fmt: skip

    def add(self, number: int, line: str) -> None:
        """Import the job of a line, or note why not. Raises `OSError` where nothing can be written any more."""
        try:
            job = read_line(line)
            self._see(job.id, number)
            self._add(job)
        except UnreadableLine as wrong:
            self.problems.append(f"line {number}: {redact_line(str(wrong))}")
        except OSError as error:
            if error.errno in LASTING:
                raise
            self.problems.append(
                f"line {number}: its files cannot be copied ({error.strerror or type(error).__name__})"
            )

    def _see(self, job_id: str, number: int) -> None:
        if job_id in self._seen:
            raise UnreadableLine(f"job {job_id} stands in line {self._seen[job_id]} already")
        self._seen[job_id] = number

    def _add(self, job: ExportedJob) -> None:
        _check_maker(job)
        if job.phase != Phase.DONE:
            self.without_video += 1
            return
        if job.video is None:
            raise UnreadableLine(f"job {job.id} is done and names no video")
        digest = imported_digest(job, self._ids)
        job_id, known = self._place_of(job, digest)
        if job_id != job.id:
            self._ids[job.id] = job_id
        if known is None:
            self._write(job, job.video, job_id, digest)
            self.new.append(job_id)
            self.backends.add(job.backend)
        else:
            self._complete(job, job.video, known)
            self.known.append(job_id)
        for picture in job.keyframes.values():
            self._place(picture)

    def _place_of(self, job: ExportedJob, digest: str) -> tuple[str, Record | None]:
        """Return the id of a job here, and its record where it is here already."""
        for job_id in (job.id, _second_id(job)):
            try:
                record = self._shelf.ledger.get(job_id)
            except JobNotFound:
                return job_id, None
            except RunwayError as error:
                raise UnreadableLine(f"job {job.id} is here, and {error.message}") from None
            if (record.digest, record.model, record.backend) == (digest, job.model, job.backend):
                return job_id, record
        raise UnreadableLine(f"job {job.id}: other jobs have its ids here")

    def _write(self, job: ExportedJob, video: ExportedFile, job_id: str, digest: str) -> None:
        record = self._record(job, job_id, digest)
        if problem := record_problem(record):
            raise UnreadableLine(f"job {job.id}: {problem}")
        pictures = self._pictures(job)
        path = self._video(job, video, record)
        self._poster(job, job_id)
        record = replace(self._record(job, job_id, digest, pictures), video=str(path))
        marks = NO_MARKS.changed(star=job.star, rejected=job.rejected, note=job.note)
        self._shelf.ledger.add_imported(record, marks)

    def _record(
        self, job: ExportedJob, job_id: str, digest: str, pictures: Mapping[str, str] = MappingProxyType({})
    ) -> Record:
        return imported_record(job, job_id, digest, pictures=pictures, ids=self._ids, folder=str(self._shelf.folder))

    def _complete(self, job: ExportedJob, video: ExportedFile, record: Record) -> None:
        """Give a job that is here what it lacks: a star, a note, the video that was lost."""
        marks = self._shelf.ledger.marks
        mine = marks.of(record.id)
        if job.note and not mine.note:
            marks.set(record.id, note=job.note)
        if (job.star or job.rejected) and not (mine.star or mine.rejected):
            marks.set(record.id, star=job.star, rejected=job.rejected)
        if record.imported and video_file(record) is None:
            self._shelf.ledger.update(record.id, video=str(self._video(job, video, record)))

    # --- files ----------------------------------------------------------------------------------

    def _video(self, job: ExportedJob, video: ExportedFile, record: Record) -> Path:
        """Return the checked copy of a video. Raises `UnreadableLine`, or `OSError` when nothing can be written."""
        wanted = Content(video.sha256, video.size)
        source = self._source(video)
        prompt = VideoRequest.from_wire(record.request, record.model).prompt
        path = _free_name(self._shelf.videos / file_name(prompt, record.id), wanted)
        if path.exists():
            return path
        try:
            copy_whole(source, path, opened=open_private, check=lambda part, found: _check_video(part, found, wanted))
        except DownloadError as wrong:
            raise UnreadableLine(f"the video of job {job.id} is not taken: {wrong.message}") from None
        return path

    def _source(self, file: ExportedFile) -> Path:
        """Return a file of the export. Raises `UnreadableLine` where it is none, or lies elsewhere."""
        path = self._folder / file.name
        try:
            if path.parent.is_symlink():
                raise UnreadableLine(f"{path.parent.name} is a link that leads elsewhere")
            with open_regular(path) as opened:
                size = opened.seek(0, 2)
        except OSError as error:
            reason = error.strerror or type(error).__name__
            raise UnreadableLine(f"its file {file.name} cannot be read ({reason})") from None
        if size != file.size:
            raise UnreadableLine(f"its file {file.name} has {size:,} bytes, and {file.size:,} stand in the manifest")
        return path

    def _poster(self, job: ExportedJob, job_id: str) -> None:
        """Keep the poster, made anew from what is in the file; without a good one the result has none."""
        if job.poster is None or job.poster.size > LARGEST_POSTER:
            return
        with suppress(UnreadableLine, OSError):
            with open_regular(self._source(job.poster)) as file:
                data = file.read(LARGEST_POSTER)
            if (small := small_jpeg(data)) is not None:
                keep_thumbnail(self._shelf.posters, job_id, small)

    def _pictures(self, job: ExportedJob) -> dict[str, str]:
        """Keep the pictures of the keyframes that came along, named by their content; return their files."""
        found = {}
        for position, picture in job.keyframes.items():
            if picture.file is not None:
                try:
                    name = Path(picture.name).stem or "picture"
                    found[position] = str(keep_picture(self._picture(picture.file), self._shelf.pictures, name))
                except InvalidRequest as error:
                    raise RunwayError(error.message) from None
        return found

    def _picture(self, file: ExportedFile) -> bytes:
        """Return the bytes of a picture. Raises `UnreadableLine`."""
        if file.size > LARGEST_FILE:
            raise UnreadableLine(f"its picture {file.name} is larger than any keyframe")
        with open_regular(self._source(file)) as opened:
            data = opened.read(LARGEST_FILE + 1)
        if hashlib.sha256(data).hexdigest() != file.sha256:
            raise UnreadableLine(f"the picture {file.name} is damaged: its hash is another")
        return data

    def _place(self, picture: ExportedPicture) -> None:
        """Put a picture where a cell looks for it, unless anything lies there."""
        name, folder = picture.name, self._shelf.folder
        if picture.file is None or not may_lie_beside(name) or self.placed.get(name) == picture.sha256:
            return
        if lies_beside(name, folder):
            with suppress(OSError):
                if content_of(folder / name).sha256 == picture.sha256:
                    return
            self.other.add(name)
            return
        try:
            if put_beside(self._picture(picture.file), name, folder):
                self.placed[name] = picture.sha256
        except OSError as error:
            reason = error.strerror or type(error).__name__
            self.problems.append(f"the picture {redact_line(name)} cannot be put beside the notebook ({reason})")


def _check_maker(job: ExportedJob) -> None:
    """Raise `UnreadableLine` where nobody here knows the model, or a line contradicts itself about who made it."""
    if job.model not in MODELS:
        name = redact_line(job.model, 40)
        raise UnreadableLine(f"the model {name} of job {job.id} is not known here: add it with runway_nb.add_model")
    if job.simulated != (job.backend == "simulator") or not job.backend.strip():
        raise UnreadableLine(f"job {job.id} does not say whether the simulator made it or an account")


def _check_video(part: Path, found: Content, wanted: Content) -> None:
    if found != wanted:
        raise DownloadError("its hash is not the one in the manifest, so it is damaged or was changed")
    check_mp4(part)


def _free_name(path: Path, wanted: Content) -> Path:
    """Return a name for a file: one that is not taken, or under which just this file lies."""
    number, free = 1, path
    while free.exists() or free.is_symlink():
        with suppress(OSError):
            if free.stat().st_size == wanted.size and content_of(free) == wanted:
                return free
        number += 1
        free = path.with_stem(f"{path.stem}-{number}")
    return free


def _second_id(job: ExportedJob) -> str:
    """Return the id of a job whose own is taken here by another: the same each time."""
    video = job.video.sha256 if job.video else ""
    return hashlib.sha256(f"{job.id}/{job.digest}/{video}".encode()).hexdigest()[:8]
