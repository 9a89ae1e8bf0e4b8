"""Jobs of the ledger into the folder of an export, one after another; it can be interrupted and run again."""

from __future__ import annotations

import errno
import re
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from ..errors import CopyInterrupted, RunwayError
from ..ledger.marks import Marks
from ..ledger.phase import WITHOUT_VIDEO, Phase
from ..ledger.record import AnyRecord, Record, UnreadableRecord
from ..ledger.thumbnails import MIDDLE, Folders, kept_thumbnail
from ..pictures.files import picture_file, picture_prints
from ..pictures.limits import POSTER_WIDTH
from ..redaction import redact_line
from ..request import VideoRequest
from ..storage.paths import home_folder
from ..storage.video_folder import file_name
from .copy_progress import Progress
from .export_folder import PAGE, ExportFolder, Pages
from .exported_job import exported_job, known_prints, with_files
from .job import video_frames
from .manifest import PICTURES, POSTERS, VIDEOS, ExportedFile, ExportedJob
from .restore import video_file

SAVE_SECONDS = 5.0
"""Between two times that the manifest is written while jobs are copied."""
MOST_LISTED = 20
"""Problems that are shown one by one."""
LASTING = (errno.ENOSPC, errno.EROFS, getattr(errno, "EDQUOT", errno.ENOSPC))
"""What no other file would be spared."""
_KINDS = {b"\x89PNG": "png", b"\xff\xd8\xff": "jpg", b"GIF8": "gif", b"RIFF": "webp", b"II*\0": "tif", b"MM\0*": "tif"}
"""The beginnings of picture files, and their names' ends."""
_SUFFIX = re.compile(r"\.([a-z0-9]{1,8})")


Report = Callable[[Progress], None]


@dataclass(frozen=True)
class Export:
    """What became of an export."""

    folder: Path
    jobs: tuple[str, ...] = ()
    """Ids of the jobs that are in it by now, of those that were asked for."""
    copied: int = 0
    """Videos that were copied this time."""
    without_video: int = 0
    """Jobs that have no video: they failed, or go on."""
    problems: tuple[str, ...] = ()
    """A line for each job that was left out."""

    @property
    def page(self) -> Path:
        """The gallery, to be opened in a browser."""
        return self.folder / PAGE

    @property
    def text(self) -> str:
        """What became of it, in a few lines."""
        count = f"{len(self.jobs)} job{'s' * (len(self.jobs) != 1)}"
        known = f", {self.copied} copied now" if self.copied != len(self.jobs) else ""
        lines = [f"Exported {count} to {redact_line(str(self.folder))}{known}. Open {PAGE} there in a browser."]
        if self.without_video:
            lines.append(
                f"{self.without_video} of those asked for have no video and stay out; --failed takes failures."
            )
        lines[:1] = lines[:1] if self.jobs else ["Nothing was exported."]
        return "\n".join([*lines, *listed_lines("Left out", self.problems)])

    def __repr__(self) -> str:
        return self.text


def listed_lines(word: str, problems: Sequence[str]) -> list[str]:
    """Return problems as they are shown, and how many more there are."""
    more = [f"{word}: {len(problems) - MOST_LISTED:,} more."] if len(problems) > MOST_LISTED else []
    return [*(f"{word}: {line}" for line in problems[:MOST_LISTED]), *more]


def export_jobs(
    entries: Iterable[tuple[AnyRecord, Marks]], posters: Folders, folder: Path, pages: Pages, *,
    failed: bool = False, report: Report = lambda _: None, clock: Callable[[], float] = time.monotonic,
) -> Export:  # fmt: skip
    """Put jobs into the folder of an export: videos, posters, pictures, manifest and gallery.

    What is there already is not copied again. A video that is not on disk is left out, and named.

    Args:
        entries: The jobs and their marks.
        posters: Folders of small pictures.
        folder: A new or empty one, or an export.
        pages: Makes the gallery.
        failed: Put those in that ended without a video, too.
        report: Called before each job, and at the end.
        clock: Seconds that only grow.

    Raises:
        RunwayError: the folder holds anything else, or cannot be written; what is in it by then is whole.
        CopyInterrupted: by the user; the same goes on where it stopped.
    """
    jobs = list(entries)
    work = _Work(ExportFolder(folder, pages), posters, clock, failed=failed)
    try:
        work.target.begin()
        try:
            for number, (record, marks) in enumerate(jobs):
                report(Progress(number, len(jobs)))
                work.add(record, marks)
        finally:
            work.target.save()
            work.target.save_pages()
        report(Progress(len(jobs), len(jobs)))
    except KeyboardInterrupt:
        raise CopyInterrupted(
            f"the export was interrupted: {len(work.done)} of {len(jobs)} jobs are in {folder}; "
            "the same command goes on from there"
        ) from None
    except OSError as error:
        raise RunwayError(
            f"the export cannot be written to {folder} ({error.strerror or type(error).__name__}): "
            f"{len(work.done)} of {len(jobs)} jobs are in it; make room or give another folder, and run it again"
        ) from None
    return Export(folder, tuple(work.done), work.copied, work.without_video, tuple(work.problems))


class _Work:
    """One run of an export."""

    def __init__(self, target: ExportFolder, posters: Folders, clock: Callable[[], float], *, failed: bool) -> None:
        self.target = target
        self.done: list[str] = []
        self.copied = 0
        self.problems: list[str] = []
        self.without_video = 0
        self._posters, self._clock, self._failed = posters, clock, failed
        self._saved = clock()

    def add(self, record: AnyRecord, marks: Marks) -> None:
        """Put a job into the export, or note why not. Raises `OSError` where nothing can be written any more."""
        try:
            problem = record.line if isinstance(record, UnreadableRecord) else self._add(record, marks)
        except OSError as error:
            if error.errno in LASTING:
                raise
            problem = f"job {record.id}: its file cannot be copied ({error.strerror or type(error).__name__})"
        if problem is None:
            self.without_video += 1
        elif problem:
            self.problems.append(problem)
        else:
            self.done.append(record.id)
        if self._clock() - self._saved > SAVE_SECONDS:
            self.target.save()
            self._saved = self._clock()

    def _add(self, record: Record, marks: Marks) -> str | None:
        """Put a job into the export; return why not, nothing where it is in, None where it has no video."""
        if record.phase != Phase.DONE and not (self._failed and record.phase in WITHOUT_VIDEO):
            return None
        wished = VideoRequest.from_wire(record.original_request or record.request, record.model)
        prints = picture_prints(wished.keyframes, Path(record.folder)).given
        job = exported_job(
            record, marks, known_prints(record, {name: str(text) for name, text in prints.items()}), _folders(record)
        )
        known = self.target.jobs.get(record.id)
        if known is not None and (known.digest, known.model, known.backend) != (job.digest, job.model, job.backend):
            return f"job {record.id}: another job of that id is in this export; give another folder"
        if record.phase != Phase.DONE:
            self.target.add(job)
            return ""
        video = video_file(record)
        if video is None:
            return f"job {record.id}: its video {Path(record.video).name or 'file'} is not on disk"
        self.target.add(self._with_files(job, record, wished, video, known))
        return ""

    def _with_files(
        self, job: ExportedJob, record: Record, wished: VideoRequest, video: Path, known: ExportedJob | None
    ) -> ExportedJob:
        name = file_name(wished.prompt, record.id)
        copy, is_new = self.target.put(video, f"{VIDEOS}/{name}", known.video if known else None)
        self.copied += is_new
        poster = _kept_poster(self._posters, record.id) or _made_poster(video)
        picture = self.target.put_bytes(poster, f"{POSTERS}/{Path(name).with_suffix('.jpg')}") if poster else None
        return with_files(job, copy, picture, self._pictures(job, record, wished))

    def _pictures(self, job: ExportedJob, record: Record, wished: VideoRequest) -> dict[str, ExportedFile]:
        """Copy the picture files of the keyframes; one that changes meanwhile stays out."""
        found: dict[str, ExportedFile] = {}
        for position, picture in job.keyframes.items():
            path = picture_file(wished.keyframes.given[position], Path(record.folder)) if picture.sha256 else None
            if path is not None:
                file, _ = self.target.put(path, _picture_name(picture.name, picture.sha256, path))
                if file.sha256 == picture.sha256:
                    found[position] = file
        return found


def _kept_poster(posters: Folders, job_id: str) -> bytes | None:
    """Return the picture of a video; where it begins with a keyframe, as others do, that of its middle."""
    return kept_thumbnail(posters, job_id, MIDDLE) or kept_thumbnail(posters, job_id)


def _made_poster(video: Path) -> bytes | None:
    """Return a small picture out of a clip; None where it cannot be read, or nothing here can read it."""
    out = BytesIO()
    with suppress(RunwayError):
        picture = video_frames().frames(video, 1)[0]
        picture.thumbnail((POSTER_WIDTH, 2 * POSTER_WIDTH))
        picture.save(out, "JPEG", quality=75)
    return out.getvalue() or None


def _picture_name(name: str, sha256: str, path: Path) -> str:
    """Return the name of a picture in an export: readable, one for each content."""
    with path.open("rb") as file:
        head = file.read(4)
    ending = _SUFFIX.fullmatch(Path(name).suffix.lower())
    kind = _KINDS.get(head) or next((end for start, end in _KINDS.items() if head.startswith(start)), "")
    suffix = kind or (ending[1] if ending else "img")
    return f"{PICTURES}/{Path(file_name(Path(name).stem, sha256[:8])).with_suffix('')}.{suffix}"


def _folders(record: Record) -> list[str]:
    """Return the folders of this machine that a text of the job may name."""
    folders = [record.folder, str(Path(record.video).parent) if record.video else "", str(home_folder() or "")]
    return [folder for folder in folders if len(folder) > 1]
