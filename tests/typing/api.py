"""A user's program as a type checker reads it; never run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from runway_nb import (
    Camera,
    Comparison,
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
    compare,
    concat,
    default_studio,
    errors,
    generate,
)
from runway_nb.api.models import Asset
from runway_nb.pictures.assets import AssetList


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
    code: str = request.as_code("curl", base_url="http://127.0.0.1:8765/v1/runwayml")
    assert code
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


def with_any_picture(studio: Studio, shot: Job, task: Task, asset: Asset, figure: object) -> list[Job]:
    last: str = shot.last
    frame: Image.Image = shot.frame(2.5)
    pixels = np.zeros((96, 160, 3), dtype=np.uint8)
    jobs = [
        generate(first="lamp.png", studio=studio),
        generate(first=Path("lamp.png"), middle="https://example.org/lamp.png"),
        generate(first=b"the bytes of a file", last=frame),
        generate(first=pixels, fit="contain", focus=(0.5, 0.2), upscale=True),
        generate(first=figure, last=last),
        generate(first=shot, last=shot.last_frame, max_credits=25),
        generate(first=task, last=asset),
        studio.submit(VideoRequest("A lamp turns", Keyframes(first=asset.id), focus=(0.5, 0.5)), max_credits=25),
    ]
    film: Path = concat([shot, "a.mp4", Path("b.mp4")], "film.mp4")
    assert film.name
    pair: Comparison = compare(shot, "7f3e2c54", Path("b.mp4"), studio=studio)
    assert compare([shot, "a.mp4"]).clips != pair.clips
    return jobs


def on_the_account(figure: object) -> tuple[str, ...]:
    studio: Studio = default_studio()
    listing: AssetList = studio.account.assets("lamp", kind="image", timeout=10)
    newest: Asset = listing[0]
    page: AssetList = listing[:50]
    names: list[str] = [asset.name for asset in page]
    asset: Asset
    notes: tuple[str, ...]
    asset, notes = studio.account.upload(figure, name="waves", fit="cover", aspect="portrait")
    studio.account.delete_asset(newest)
    return (asset.short_id, *notes, *names)
