"""The request that goes on where the video of a job ends."""

from __future__ import annotations

from dataclasses import replace

from ..errors import InvalidRequest
from ..keyframes import Keyframes
from ..request import VideoRequest
from .job import Job, repeatable_request


def continuing_request(job: Job) -> VideoRequest:
    """Return the request of a job that begins with its last frame, for a shot that goes on from there.

    Prompt, model, camera and format stay. Its pictures, what was asked for them, its seed and its reference were those
    of the shot before. A job that still runs is waited for when the request is sent.

    Raises `InvalidRequest` for a job that has ended without a video, and for a model that takes no first keyframe;
    `InvalidCommand` as `repeatable_request`.
    """
    request = repeatable_request(job)
    if job.done and job.video is None:
        raise InvalidRequest([f"job {job.id} has no video, and so no last frame: continue another one"])
    if "first" not in request.row.positions:
        raise InvalidRequest([f"{request.row.title} takes no first keyframe: choose a model that does"])
    return replace(
        request, keyframes=Keyframes(first=job.last), seed=None, focus=None, upscale=None, reply_ref=None
    )  # fmt: skip
