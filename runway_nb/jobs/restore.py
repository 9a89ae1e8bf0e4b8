"""A job out of its record: what the ledger knows of a job that nobody tracks in this process."""

from __future__ import annotations

import os
import time
from pathlib import Path

from .. import errors
from ..api.models import PENDING, Status, Task
from ..ledger.marks import LedgerMarks
from ..ledger.phase import SETTLED, UNANSWERED, Phase
from ..ledger.record import Record
from ..ledger.thumbnails import COMPARISON, KEYFRAME, MIDDLE, Folders, kept_keyframes, kept_thumbnail
from ..request import VideoRequest
from .job import Job, control_of
from .state import State


def new_job(
    record: Record, request: VideoRequest, original: VideoRequest | None, state: State, advice: str = "",
    *, marks: LedgerMarks | None = None,
) -> Job:  # fmt: skip
    """Return the job of a record whose requests are at hand.

    Args:
        record: The job's.
        request: What is sent.
        original: The request as the user gave it, where that is known.
        state: Where the job stands.
        advice: See `Job.advice`.
        marks: Where its star, rejection and note are kept.
    """
    return Job(
        record.id,
        request,
        original_request=original,
        simulated=record.simulated,
        cell=record.cell,
        folder=Path(record.folder),
        created=record.asked,
        state=state,
        advice=advice,
        foreign_type=record.foreign_type,
        imported=record.imported,
        marks=marks,
    )


def restored_job(
    record: Record, posters: Folders, state: State | None = None, *, marks: LedgerMarks | None = None
) -> Job:
    """Return the job of a record, at rest; or in `state`, when it is about to be tracked again."""
    asked = record.original_request
    job = new_job(
        record,
        VideoRequest.from_wire(record.request, record.model),
        VideoRequest.from_wire(asked, record.model) if asked else None,
        state or resting_state(record, posters),
        marks=marks,
    )
    restore_pictures(job, posters)
    return job


def restore_pictures(job: Job, posters: Folders) -> None:
    """Give a job the small pictures of its keyframes that are kept."""
    if job.request.keyframes.given:
        control = control_of(job)
        control.thumbnails = kept_keyframes(posters, job.id, KEYFRAME)
        control.comparisons = kept_keyframes(posters, job.id, COMPARISON)


def task_of(record: Record) -> Task | None:
    """Return the task of a record as last seen, or None when none is known."""
    return Task(record.task_id, Status(record.status) if record.status else PENDING) if record.task_id else None


def folder_here(record: Record, other: Path) -> Path:
    """Return the folder of a job's notebook; `other` where that is on another machine, or gone."""
    return Path(record.folder) if record.folder and os.path.isdir(record.folder) else other


def is_over(record: Record) -> bool:
    """Return True when there is nothing left to fetch or to find out; a video without its file can be fetched again."""
    return record.phase in SETTLED and not (record.phase == Phase.DONE and record.task_id and not video_file(record))


def is_found_again(record: Record) -> bool:
    """Return True for a job that was given up while its file was away, as on a disk that was not there, and has it."""
    return record.phase not in SETTLED and video_file(record) is not None


def resumed_state(record: Record) -> State:
    """Return the state of a job that is about to be tracked again."""
    if record.is_unsent:
        return State()
    task = task_of(record)
    return State(Phase.FOLLOWING if task else Phase.CHECKING, task=task, sent=record.sent)


def resting_state(record: Record, posters: Folders) -> State:
    """Return the state that a record shows, at rest."""
    video = video_file(record)
    phase = _resting_phase(record, video)
    return State(
        phase,
        task=task_of(record),
        progress=1.0 if video else None,
        sent=record.sent if phase.is_sent else None,
        video=video,
        poster=kept_thumbnail(posters, record.id) if video else None,
        middle=kept_thumbnail(posters, record.id, MIDDLE) if video else None,
        error=None if video else _error(record, phase),
        # a clock that was set back meanwhile makes it end before it began
        ended=record.updated if record.took is None else (record.sent or record.created) + max(0.0, record.took),
    )


def video_file(record: Record) -> Path | None:
    """Return the finished file of a job; None when it is not there, or its folder cannot be looked into."""
    return Path(record.video) if record.video and os.path.isfile(record.video) else None


def is_missing_here(record: Record) -> bool:
    """Return True for a video that was made and whose file is not here: it lies on another machine, or is gone."""
    return record.phase == Phase.DONE and bool(record.video) and video_file(record) is None


def _resting_phase(record: Record, video: Path | None) -> Phase:
    """Return where a job stands that is not followed here: another kernel may be at it, so nothing is certain."""
    phase = Phase(record.phase)
    if video is not None:
        return Phase.DONE
    if phase in UNANSWERED or record.was_refused_for_now:
        return Phase.UNKNOWN
    return phase if phase.is_final and phase is not Phase.DONE else Phase.DETACHED


def _error(record: Record, phase: Phase) -> errors.RunwayError:
    """Return the error that a record names, as its own class where that is known."""
    if record.resent_as and phase is Phase.UNKNOWN:
        return errors.MaybeSent(f"sent again as job {record.resent_as}")
    kind = errors.error_class(record.error)
    if kind is errors.InvalidRequest:
        return errors.InvalidRequest([record.message])
    if kind is not None:
        return kind(record.message)
    if record.error and record.phase in SETTLED:
        return errors.RunwayError(record.message or f"it ended as {record.error}")
    if record.phase == Phase.DONE:
        return errors.DownloadError(f"its file {Path(record.video).name} is missing here")
    seen = time.strftime("%d %b %H:%M", time.localtime(record.updated)).lstrip("0")
    last = f"last seen {record.phase} at {seen}, another kernel may still be at it"
    return errors.MaybeSent(f"maybe sent: {last}") if phase is Phase.UNKNOWN else errors.Detached(last)
