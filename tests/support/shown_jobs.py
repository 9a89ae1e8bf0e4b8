"""Jobs in any state, and results with a file, as the renderings get them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from runway_nb.api.models import Status, Task
from runway_nb.camera import Camera
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.request import VideoRequest

PROMPT = "A lighthouse at dusk, slow waves, the beam sweeps over the sea."
NOW = 1_795_000_000.0
REQUEST = VideoRequest(PROMPT, Keyframes("lighthouse"), Camera(zoom=4, pan=-2), seed=1842)
TASK_ID = "user:4711-runwayml:studio@example.org-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33"

UNREACHABLE = "x" * 300
"""A folder at which a system fails when it is asked, whoever asks: the name is too long."""


def a_job(
    phase: Phase = Phase.FOLLOWING, *, status: str = "RUNNING", simulated: bool = False, cell: str = "",
    request: VideoRequest = REQUEST, **state: Any,
) -> Job:  # fmt: skip
    task = None if phase in (Phase.PREPARING, Phase.WAITING, Phase.SENDING) else Task(TASK_ID, Status(status))
    moment = State(phase, task=state.pop("task", task), sent=NOW - 38, last_poll=NOW, **state)
    return Job(
        "7f3e2c54", request, simulated=simulated, cell=cell, folder=Path("/notebooks"), created=NOW - 38, state=moment
    )


def a_result(folder: Path, size: int = 2_800_000, **job: Any) -> Job:
    video = folder / "runway_outputs" / "lighthouse-7f3e2c54.mp4"
    video.parent.mkdir(exist_ok=True)
    video.write_bytes(b"\0" * size)
    made = a_job(Phase.DONE, status="SUCCEEDED", video=video, poster=b"\xff\xd8jpeg", ended=NOW + 56, **job)
    made.folder = folder
    return made
