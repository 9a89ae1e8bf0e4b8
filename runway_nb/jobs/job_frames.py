"""A frame of another job as a keyframe: waited for while that job still runs."""

from __future__ import annotations

import asyncio
import io

from .. import errors
from ..ledger.phase import RESUMABLE
from ..references import ShotFrame
from .context import JobContext
from .job import Job
from .restore import is_over, restored_job

POLL_SECONDS = 1.0
"""Between two polls of a job that is waited for."""


async def frame_picture(context: JobContext, frame: ShotFrame) -> bytes:
    """Return the frame as a PNG, once its job has ended; the screen says what is waited for.

    Raises `InvalidRequest` when there will be none. Nothing was sent by then.
    """
    while (job := _at_its_end(context, frame.job_id)) is None:
        context.control.change(detail=f"waiting for {frame.description}, which still runs")
        await context.pause(POLL_SECONDS)
    try:
        return await asyncio.to_thread(frame_png, job, frame)
    except errors.InvalidRequest:
        raise
    except errors.RunwayError as error:
        raise errors.InvalidRequest([_reason(job, error)]) from None


def _at_its_end(context: JobContext, job_id: str) -> Job | None:
    """Return the job as this process or the ledger knows it; None while somebody tracks it."""
    living = context.other_jobs.get(job_id)
    if living is not None and (living.video is not None or not living.done):
        return living if living.done else None
    try:
        record = context.ledger.get(job_id)
    except errors.JobNotFound as error:
        raise errors.InvalidRequest([error.message]) from None
    held = context.ledger.leases.is_held(record) and not is_over(record)
    return None if held else restored_job(record, context.backend.settings.posters, marks=context.ledger.marks)


def _reason(job: Job, error: errors.RunwayError) -> str:
    """Return why there is no picture, and what to do."""
    if job.error is None:
        return error.message
    come_back = job.state.phase in RESUMABLE and not job.imported
    advice = f": %runway attach {job.id} picks it up" if come_back else ""
    return f"job {job.id} ended without a video ({job.status}, {job.error.message}){advice}"


def frame_png(job: Job, frame: ShotFrame) -> bytes:
    """Return the frame of a finished job as a PNG. Raises what `Job.frames` raises."""
    picture = job.last_frame if frame.seconds is None else job.frame(frame.seconds)
    out = io.BytesIO()
    # soon decoded again and never kept: speed counts
    picture.save(out, "PNG", compress_level=1)
    return out.getvalue()
