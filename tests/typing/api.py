"""A user's program as a type checker reads it; never run."""

from __future__ import annotations

from pathlib import Path

from runway_nb import (
    Camera,
    Job,
    Keyframes,
    Ledger,
    RunwayClient,
    RunwayError,
    Settings,
    Status,
    Studio,
    Task,
    VideoRequest,
    errors,
    generate,
)


def in_a_script(studio: Studio) -> Path | None:
    camera = Camera(zoom=4, pan=-2.5)
    job: Job = generate("A lamp turns", first=Path("lamp.png"), last="harbour", camera=camera, seconds=5, studio=studio)
    try:
        job.wait(timeout=60).refresh()
    except errors.WaitTimeout as late:
        message: str = late.message
        raise RunwayError(message) from late
    number: int | None = job.seed
    share: float | None = job.progress
    assert number is not None or share is not None
    return job.video


async def in_a_cell(token: str) -> Status:
    request = VideoRequest("A lamp turns", Keyframes(first="lamp"), aspect="portrait", explore=False)
    async with RunwayClient(token) as client:
        task: Task = await client.create(request)
        tasks: list[Task] = await client.tasks(statuses=["RUNNING"])
        assert task in tasks
    job: Job = await generate(request.prompt)
    assert job.task is None or job.task.video is None or job.task.video.url
    return task.status


def on_disk(settings: Settings) -> str:
    ledger = Ledger(settings.home)
    return ledger.find("7f3e2c54").task_id
