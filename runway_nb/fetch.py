"""The finished video: its link, its download, its still. A link that has expired is renewed (API facts 4.4)."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path

from . import errors
from .client import RunwayClient
from .media import MediaClient, file_name, small_jpeg
from .run import Run
from .session import Connection
from .state import Phase
from .stills import keep_still
from .task import Task

VIDEO_PAUSES = (2.0, 5.0, 10.0, 20.0, 25.0)
"""Seconds between the looks for a video that a finished task does not name yet."""
LINK_ATTEMPTS = 3
"""How many links are tried before a download is given up."""


async def fetch(run: Run, task: Task, connection: Connection, output: Path, posters: Path) -> None:
    """Download the video, keep a still of it, and write the result down: the job is done.

    Args:
        run: The run.
        task: That has succeeded.
        connection: The clients.
        output: The folder of the video.
        posters: The folder of small stills, for `%runway show`.
    """
    run.move(Phase.DOWNLOADING, next_look=None)
    path = output / file_name(run.job.request.prompt, run.job.id)
    _clear_drafts(path)
    for attempt in range(1, LINK_ATTEMPTS + 1):
        task = await _with_video(run, task, connection.client)
        assert task.video is not None
        try:
            await connection.media.download(task.video.url, path, lambda *sizes: _received(run, *sizes))
            break
        except errors.LinkExpired:
            if attempt == LINK_ATTEMPTS:
                raise
            task = await connection.client.task(task.id)
    _finish(run, task, path, await _poster(task, connection.media), posters)


def _clear_drafts(path: Path) -> None:
    """Take away what a kernel left that was killed while it downloaded this video."""
    for draft in path.parent.glob(f".{path.stem}-*.part"):
        with suppress(OSError):
            draft.unlink()


async def _with_video(run: Run, task: Task, client: RunwayClient) -> Task:
    """The task once it names its video: the file may come a little after the word (API facts 4.4)."""
    for seconds in VIDEO_PAUSES:
        if task.video is not None:
            return task
        await run.pause(seconds, run.looks)
        task = await client.task(task.id)
    if task.video is None:
        raise errors.NoVideo("the task succeeded and names no video yet")
    return task


def _received(run: Run, received: int, total: int | None) -> None:
    run.halt()
    run.job.change(received=received, total=total)


async def _poster(task: Task, media: MediaClient) -> bytes | None:
    """A small still out of the task's previews; a video without one is still a video."""
    for url in task.video.preview_urls[:1] if task.video else ():
        with suppress(errors.DownloadError):
            return await asyncio.to_thread(small_jpeg, await media.still(url))
    return None


def _finish(run: Run, task: Task, path: Path, poster: bytes | None, posters: Path) -> None:
    now = run.env.clock()
    if poster is not None:
        keep_still(posters, run.job.id, poster)
    took = now - (run.job.state.sent or run.job.created)
    journal = {
        "video": str(path), "took": took, "status": str(task.status), "error": "", "message": "", "lease": 0.0,
    }  # fmt: skip
    run.move(Phase.DONE, journal=journal, task=task, video=path, poster=poster, progress=1.0, ended=now)
