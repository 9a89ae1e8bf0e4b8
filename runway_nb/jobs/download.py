"""The finished video: its link, its download, its poster. A link that has expired is renewed (API facts 4.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from pathlib import Path

from .. import errors
from ..api.artifact import Artifact
from ..api.client import RunwayClient
from ..api.media import MediaClient
from ..api.models import Task
from ..ledger.phase import Phase
from ..ledger.thumbnails import MIDDLE, POSTER, Folders, keep_thumbnail
from ..pictures.limits import POSTER_WIDTH
from ..pictures.thumbnails import fetch_thumbnail, middle_jpeg
from ..storage.atomic_file import clear_parts
from ..storage.video_folder import file_name
from .backend import Connection
from .context import JobContext, Stopped

VIDEO_PAUSES = (2.0, 5.0, 10.0, 20.0, 25.0, 30.0, 30.0, 30.0, 30.0)
"""Seconds between the polls for a video that a finished task does not name yet: three minutes in all."""
LINK_PAUSES = (2.0, 5.0)
"""Seconds before a renewed link is tried: a media host may know a file a little later than the task names it."""
FILES = 8
"""How many files of a task are tried: it has one or a few, and hundreds would keep a job busy for hours."""
POSTERS = 2
"""How many previews are tried for the poster of a video."""
_PASSING = (errors.ServerError, errors.NoAnswer, errors.Unreachable, errors.RateLimited)


async def fetch(context: JobContext, task: Task, connection: Connection, output: Path, posters: Folders) -> None:
    """Download the video, keep a poster of it, and write the result down: the job is done.

    Args:
        context: The job and what its steps need.
        task: That has succeeded.
        connection: The clients.
        output: The folder of the video.
        posters: Folders of thumbnails, for `%runway show`.
    """
    context.move(Phase.DOWNLOADING, next_poll=None)
    path = output / file_name(context.job.request.prompt, context.job.id)
    await asyncio.to_thread(clear_parts, path)
    task, video = await _download(context, task, connection, path)
    poster, middle = await asyncio.gather(_poster(context, video, connection.media), _middle(context, path))
    for kind, picture in ((POSTER, poster), (MIDDLE, middle)):
        if picture is not None:
            await asyncio.to_thread(keep_thumbnail, posters, context.job.id, picture, kind)
    _finish(context, task, path, poster, middle)


async def _download(context: JobContext, task: Task, connection: Connection, path: Path) -> tuple[Task, Artifact]:
    """Return the task as last seen, and the first of its artifacts that brings a video. Raises the first failure."""
    failed: list[errors.RunwayError] = []
    no_videos: set[str] = set()
    for pause in (*LINK_PAUSES, None):
        try:
            task = await _with_video(context, task, connection.client, no_videos)
        except errors.NoVideo as missing:
            raise next(iter(failed), missing) from None
        for video in _open(task, no_videos)[:FILES]:
            try:
                await _try(context, video, connection.media, path, alone=len(task.videos) == 1)
            except errors.LinkExpired as error:
                failed.append(error)
                if pause is not None:
                    await context.pause(pause, context.poll_now)
                    break
            except errors.NotVideo as error:
                failed.append(error)
                no_videos.add(_name_of(video))
            except errors.DownloadError as error:
                failed.append(error)
            else:
                return task, video
        else:
            if _open(task, no_videos):
                break
            continue  # pictures alone: the video may come a little later
        task = await context.race(connection.client.task(task.id))
    raise failed[0]


async def _try(context: JobContext, video: Artifact, media: MediaClient, path: Path, *, alone: bool) -> None:
    received, waits = partial(_received, context), partial(_waits, context)
    await context.race(media.download(video.url, path, received, size=video.size, alone=alone, waits=waits))


def _open(task: Task, no_videos: Collection[str]) -> list[Artifact]:
    """Return the artifacts that may be the video, without those that turned out to be none."""
    return [video for video in task.videos if _name_of(video) not in no_videos]


def _name_of(video: Artifact) -> str:
    """Return what an artifact is known by when its link is renewed."""
    return video.asset_id or video.url.partition("?")[0]


async def _with_video(context: JobContext, task: Task, client: RunwayClient, no_videos: Collection[str]) -> Task:
    """Return the task once it names its video: the file may come a little after the word (API facts 4.4).

    `no_videos` names files that turned out to be none.
    """
    for seconds in VIDEO_PAUSES:
        if _open(task, no_videos):
            return task
        await context.pause(seconds, context.poll_now)
        with suppress(*_PASSING):  # the next poll may do better, and the video is paid for
            task = await context.race(client.task(task.id, retry=False))
    if not _open(task, no_videos):
        raise errors.NoVideo("the task succeeded and names no video yet")
    return task


def _received(context: JobContext, received: int, total: int | None) -> None:
    context.halt()
    context.control.change(received=received, total=total, offline=False, next_poll=None)


def _waits(context: JobContext, seconds: float) -> None:
    context.control.change(offline=True, next_poll=context.env.clock() + seconds)


async def _poster(context: JobContext, video: Artifact, media: MediaClient) -> bytes | None:
    """Return a small picture out of the previews, if any.

    A video without one is a video all the same, and so is that of a job that stops.
    """
    with suppress(Stopped):
        return await context.race(fetch_thumbnail(media, video.preview_urls[:POSTERS], POSTER_WIDTH))
    return None


async def _middle(context: JobContext, path: Path) -> bytes | None:
    """Return a small picture from the middle of a video that begins with a keyframe; None for any other."""
    if context.job.request.keyframes.first is None:
        return None
    return await asyncio.to_thread(middle_jpeg, path)


def _finish(context: JobContext, task: Task, path: Path, poster: bytes | None, middle: bytes | None) -> None:
    now = context.env.clock()
    # a clock that was set back meanwhile makes it end before it began
    took = max(0.0, now - (context.job.state.sent or context.job.created))
    journal = {
        "video": str(path), "took": took, "status": str(task.status), "error": "", "message": "", "lease": 0.0,
    }  # fmt: skip
    pictures = {"poster": poster, "middle": middle}
    context.move(Phase.DONE, journal=journal, task=task, video=path, progress=1.0, ended=now, **pictures)
