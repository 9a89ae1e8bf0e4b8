"""A shot that goes on where another one ends."""

from __future__ import annotations

import pytest

from runway_nb import errors
from runway_nb.camera import Camera
from runway_nb.jobs.continuation import continuing_request
from runway_nb.jobs.job import Job, control_of
from runway_nb.jobs.state import State
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.request import VideoRequest


def job_of(request: VideoRequest, **more: object) -> Job:
    return Job("7f3e2c54", request, original_request=request, state=State(), **more)  # type: ignore[arg-type]


def test_it_begins_with_the_last_frame_and_keeps_words_camera_and_format() -> None:
    request = VideoRequest(
        "A lamp turns", Keyframes("a.png", last="b.png"), camera=Camera(zoom=4), aspect="portrait", seconds=10, seed=7,
        focus=(0.2, 0.3), upscale=True, reply_ref="mine", fit="contain",
    )  # fmt: skip
    assert continuing_request(job_of(request)) == VideoRequest(
        "A lamp turns", Keyframes("job:7f3e2c54"), camera=Camera(zoom=4), aspect="portrait", seconds=10, fit="contain"
    )


def test_a_job_without_a_video_and_a_model_without_a_first_keyframe_are_refused() -> None:
    failed = job_of(VideoRequest("A lamp"))
    control_of(failed).change(phase=Phase.REMOVED, error=errors.Removed("taken back"))
    with pytest.raises(errors.InvalidRequest, match="no last frame"):
        continuing_request(failed)


def test_a_task_of_a_model_that_is_none_here_is_refused() -> None:
    with pytest.raises(errors.InvalidCommand, match="no model here"):
        continuing_request(job_of(VideoRequest("A lamp"), foreign_type="gen9_create"))


def test_the_clip_that_continues_is_made_from_the_frame(party) -> None:
    first = party.ended(party.submit(seconds=5))
    second = party.ended(party.studio.submit(continuing_request(first)))
    assert second.video is not None
    assert second.original_request.keyframes.first == first.last
