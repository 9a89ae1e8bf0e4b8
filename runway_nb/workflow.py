"""The life of one paid request: journal the wish, POST once, follow, download, verify, journal the result.

Runs on the background loop. Whatever happens, a job ends in a phase that tells the truth about the money and
the file.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from . import errors
from .client import RunwayClient
from .environment import Environment
from .follow import Follower, Look
from .job import Job, Phase, failed_phase
from .keyframes import keyframe_stills, resolve_keyframes
from .ledger import Ledger, Record
from .media import MediaClient, file_name, small_jpeg
from .redact import redact, short_id
from .request import asset_account
from .session import Connection
from .spec import RETRY_SECONDS
from .task import PENDING, SUCCEEDED, Task

FRESH_SECONDS = 60.0
"""A 404 for a task younger than this is taken for a delay, not for an answer (API facts 5)."""
VIDEO_PAUSES = (2.0, 5.0, 10.0, 20.0, 25.0)
"""Seconds between the looks for a video that a finished task does not name yet."""
LINK_ATTEMPTS = 3
"""How many links are tried before a download is given up."""


class _Stopped(Exception):
    """The user asked to stop; raised only where the work can end safely."""


class Workflow:
    """Sees one job through.

    Args:
        job: What to see through.
        connected: Gives the clients.
        ledger: Where every step is written.
        output: The folder of the finished file.
        posters: The folder of small stills, for `%runway show`.
        neighbours: All jobs of the session by id, to name those that hold the slots.
        environment: Time and randomness.
    """

    def __init__(
        self,
        job: Job,
        *,
        connected: Callable[[], Awaitable[Connection]],
        ledger: Ledger,
        output: Path,
        posters: Path,
        neighbours: Mapping[str, Job],
        environment: Environment,
    ) -> None:
        self.job = job
        self.stopped = asyncio.Event()
        """Set when the user asks to stop."""
        self.looks = asyncio.Event()
        """Set when the user asks for a look."""
        self._connected = connected
        self._ledger = ledger
        self._output = output
        self._posters = posters
        self._neighbours = neighbours
        self._env = environment
        self._recorded = False

    async def make(self, digest: str) -> None:
        """From a checked wish to a file on disk."""
        await self._see_through(self._make(digest))

    async def resume(self, task: Task) -> None:
        """From a task to a file on disk."""
        self._recorded = True
        await self._see_through(self._follow_and_download(task, first_wait=0.0))

    # --- the steps ------------------------------------------------------------------------------

    async def _make(self, digest: str) -> None:
        await self._prepare()
        self._ledger.add(self._record(digest))
        self._recorded = True
        await self._follow_and_download(await self._send())

    async def _prepare(self) -> None:
        """Turn keyframes into assets. Nothing here is paid."""
        job, connection = self.job, await self._connected()
        if job.request.keyframes.given:
            job.change(detail="looking up the keyframes")
            keyframes, assets = await resolve_keyframes(job.request.keyframes, job.folder, connection.client)
            job.request = replace(job.request, keyframes=keyframes)
            job.request.check()
            job.stills = await keyframe_stills(assets, connection.media)
        self._halt()

    async def _send(self) -> Task:
        """The create call, sent once; only a 429, which starts nothing, is waited out (API facts 3.4)."""
        client = (await self._connected()).client
        deadline = self._follower().deadline()
        while True:
            self._halt()
            self._ledger.update(self.job.id, phase=Phase.SENDING.value)
            self.job.change(phase=Phase.SENDING, sent=self._env.clock(), next_look=None, detail="")
            try:
                task = await client.create(self.job.request)
                break
            except errors.NotEnoughCredits as error:
                raise await self._with_balance(error, client) from None
            except errors.RateLimited as busy:
                if own := self._own_task(busy):
                    task = own
                    break
                if self._env.monotonic() >= deadline:
                    raise
                await self._wait_for_slot(busy, deadline)
        # the id first and alone: nothing else in the answer may cost it
        self._journal(task_id=task.id)
        self._move(Phase.FOLLOWING, task=task, journal={"status": str(task.status)})
        return task

    async def _with_balance(self, error: errors.NotEnoughCredits, client: RunwayClient) -> errors.NotEnoughCredits:
        """The same error with the figures, when they can be had."""
        with suppress(errors.RunwayError):
            email = next(map(asset_account, self.job.request.keyframes.given.values()), None)
            balance = await client.credits(email or "")
            if balance.left is not None and balance.permitted is not None:
                needed, left, all_ = self.job.request.credits, balance.left, balance.permitted
                return errors.NotEnoughCredits(
                    f"this shot needs {needed} credits, {left:,.0f} of {all_:,.0f} are left (HTTP 412)", 412
                )
        return error

    def _own_task(self, busy: errors.RateLimited) -> Task | None:
        """Our own task among those that hold the slots: an earlier attempt of this wish did start.

        Only a reference that we drew names one wish; the user may give the same one to several.
        """
        reference = f"rnb-{self.job.id}"
        return next((Task(task, PENDING) for task, ref in busy.running if ref.startswith(reference)), None)

    async def _wait_for_slot(self, busy: errors.RateLimited, deadline: float) -> None:
        """Until the time that the API names, 10 to 30 s otherwise, or a job of ours ends and frees its slot."""
        low, high = (int(seconds * 1000) for seconds in RETRY_SECONDS)
        seconds = max(busy.retry_after or 0.0, self._env.draw(low, high) / 1000)
        seconds = min(seconds, max(0.0, deadline - self._env.monotonic()))
        until = self._env.clock() + seconds
        self._move(Phase.WAITING, sent=None, detail=self._holders(busy), next_look=until)
        freed = asyncio.Event()
        for neighbour in self._running_neighbours():
            neighbour.on_end(lambda _: freed.set())
        await self._pause(seconds, freed)

    def _running_neighbours(self) -> list[Job]:
        others = list(self._neighbours.values())
        return [job for job in others if job is not self.job and job.task is not None and not job.done]

    def _holders(self, busy: errors.RateLimited) -> str:
        """Whose tasks hold the slots, in words."""
        if not busy.running:
            return "Runway takes no more tasks now"
        ours = {job.task.id: f"job {job.id}" for job in list(self._neighbours.values()) if job.task is not None}
        names = [ours.get(task_id, f"task {short_id(task_id)}") for task_id, _ in busy.running]
        count = len(names)
        return f"{count} slot{'s' if count > 1 else ''} busy with {', '.join(names[:3])}"

    async def _follow_and_download(self, task: Task, first_wait: float | None = None) -> None:
        connection = await self._connected()
        task = await self._follow(task, connection.client, first_wait)
        if task.status != SUCCEEDED:
            raise task_error(task)
        await self._download(task, connection)

    async def _follow(self, task: Task, client: RunwayClient, first_wait: float | None) -> Task:
        """Look at the task until it ends, the deadline passes or the user stops."""
        follower = self._follower()
        seconds = follower.first_wait() if first_wait is None else first_wait
        while not (task.status.is_final and self.job.state.looked):
            if follower.is_over(self._env.monotonic()):
                minutes = (follower.deadline() - follower.started) / 60
                raise errors.DeadlineReached(f"no end after {minutes:.0f} minutes of tracking")
            due = self._env.monotonic() + seconds
            self.job.change(next_look=self._env.clock() + seconds)
            await self._pause(seconds, self.looks)
            seen = await self._look(task, client, follower)
            now = self._env.monotonic()
            follower = follower.missed(now) if seen is None else follower.seen(_look_at(seen, now))
            task = seen or task
            self._show(seen, follower, now)
            # a look that the user asked for comes on top: the one that was due stays due
            seconds = min(follower.wait(now), due - now) if now < due else follower.wait(now)
        return task

    async def _look(self, task: Task, client: RunwayClient, follower: Follower) -> Task | None:
        """One GET; None when the network or the server failed and the next look may do better."""
        try:
            return await client.task(task.id, retry=False)
        except (errors.ServerTrouble, errors.NoAnswer, errors.Unreachable, errors.RateLimited):
            return None
        except errors.NotFound:
            if self._env.monotonic() - follower.started < FRESH_SECONDS:
                return None
            raise errors.NotFound(
                "Runway does not find the task (HTTP 404): it was deleted, or the token is of another user", 404
            ) from None

    def _show(self, seen: Task | None, follower: Follower, now: float) -> None:
        """Tell the screen what a look showed, and the ledger when the status changed."""
        if seen is None:
            return self.job.change(offline=True)
        before = self.job.task
        self.job.change(
            task=seen,
            progress=follower.progress,
            offline=False,
            looked=self._env.clock(),
            remaining=follower.remaining(now),
        )
        if before is None or before.status != seen.status:
            self._journal(status=str(seen.status))
        return None

    async def _download(self, task: Task, connection: Connection) -> None:
        """Fetch the file; a link that has expired is renewed by reading the task again (API facts 4.4)."""
        self._move(Phase.DOWNLOADING, next_look=None)
        path = self._output / file_name(self.job.request.prompt, self.job.id)
        for attempt in range(1, LINK_ATTEMPTS + 1):
            task = await self._with_video(task, connection.client)
            assert task.video is not None
            try:
                await connection.media.download(task.video.url, path, self._received)
                break
            except errors.LinkExpired:
                if attempt == LINK_ATTEMPTS:
                    raise
                task = await connection.client.task(task.id)
        poster = await self._poster(task, connection.media)
        self._finish(task, path, poster)

    async def _with_video(self, task: Task, client: RunwayClient) -> Task:
        """The task once it names its video: the file may come a little after the word (API facts 4.4)."""
        for seconds in VIDEO_PAUSES:
            if task.video is not None:
                return task
            await self._pause(seconds, self.looks)
            task = await client.task(task.id)
        if task.video is None:
            raise errors.NoVideo("the task succeeded and names no video yet")
        return task

    def _received(self, received: int, total: int | None) -> None:
        self._halt()
        self.job.change(received=received, total=total)

    async def _poster(self, task: Task, media: MediaClient) -> bytes | None:
        """A small still out of the task's previews; a video without one is still a video."""
        for url in task.video.preview_urls[:1] if task.video else ():
            with suppress(errors.DownloadError):
                return small_jpeg(await media.still(url))
        return None

    def _finish(self, task: Task, path: Path, poster: bytes | None) -> None:
        now = self._env.clock()
        if poster is not None:
            self._keep_poster(poster)
        took = now - (self.job.state.sent or self.job.created)
        journal = {"video": str(path), "took": took, "status": str(task.status), "error": "", "message": ""}
        self._move(Phase.DONE, journal=journal, task=task, video=path, poster=poster, progress=1.0, ended=now)

    # --- ends -----------------------------------------------------------------------------------

    async def _see_through(self, work: Awaitable[None]) -> None:
        try:
            await work
        except _Stopped:
            await self._stop()
        except errors.RunwayError as error:
            self._fail(error)
        except asyncio.CancelledError:
            self._fail(errors.Detached("tracking ended with the session"))
            raise
        except Exception as error:  # noqa: BLE001 - a paid wish must not vanish through a mistake of ours
            self._fail(errors.RunwayError(f"unexpected {type(error).__name__}: {error}"))
        finally:
            if not self.job.state.phase.is_final:
                self._fail(errors.Detached("tracking ended with the session"))

    async def _stop(self) -> None:
        """Before sending the wish is taken back; after it the slot is freed (API facts 7.3)."""
        task = self.job.task
        if task is None:
            return self._end(Phase.REMOVED, errors.Removed("removed before sending: nothing was charged"))
        try:
            with suppress(errors.RunwayError):
                # a courtesy to the account's other tasks; a task that is tracked no more answers 404
                await (await self._connected()).client.stop_tracking(task.id)
        finally:
            self._end(Phase.STOPPED, errors.TrackingStopped("tracking was stopped"))
        return None

    def _fail(self, error: errors.RunwayError) -> None:
        phase = failed_phase(self.job.state.phase, error)
        if phase is Phase.UNKNOWN:
            error = errors.MaybeSent(f"maybe sent, no clear answer: {error.message}")
        self._end(phase, error)

    def _end(self, phase: Phase, error: errors.RunwayError) -> None:
        journal = {"error": type(error).__name__, "message": error.message}
        self._move(phase, journal=journal, error=error, ended=self._env.clock(), next_look=None)

    # --- small steps ----------------------------------------------------------------------------

    def _follower(self) -> Follower:
        request = self.job.request
        return Follower(self._env.monotonic(), explore=bool(request.explore), seconds=request.length)

    def _halt(self) -> None:
        if self.job.stop_asked.is_set():
            raise _Stopped

    async def _pause(self, seconds: float, wake: asyncio.Event) -> None:
        """Sleep; less when the user stops, or when `wake` is set."""
        waits = [asyncio.ensure_future(work) for work in (self._env.sleep(seconds), self.stopped.wait(), wake.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
        wake.clear()
        self._halt()

    def _move(self, phase: Phase, *, journal: Mapping[str, Any] | None = None, **state: Any) -> None:
        """The next phase: first into the ledger, then onto the screen."""
        self._journal(phase=phase.value, **(journal or {}))
        self.job.change(phase=phase, **state)

    def _journal(self, **changes: Any) -> None:
        """Write to the ledger; once a wish is sent a failure is told, and the result comes first."""
        if not self._recorded:
            return
        try:
            self._ledger.update(self.job.id, **changes)
        except Exception as error:  # noqa: BLE001 - whatever it is, it must not cost the video
            self.job.change(warning=redact(str(error)))

    def _record(self, digest: str) -> Record:
        job = self.job
        return Record(
            id=job.id,
            phase=Phase.PREPARING.value,
            request=job.request.to_wire(),
            model=job.request.model,
            digest=digest,
            reply_ref=job.request.reply_ref or "",
            credits=job.request.credits,
            simulated=job.simulated,
            folder=str(job.folder),
            cell=job.cell,
        )

    def _keep_poster(self, poster: bytes) -> None:
        """Posters lie beside the ledger, for `%runway show`; without one the player starts black."""
        with suppress(OSError):
            self._posters.mkdir(parents=True, exist_ok=True)
            (self._posters / f"{self.job.id}.jpg").write_bytes(poster)


def _look_at(task: Task, now: float) -> Look:
    return Look(now, str(task.status), task.progress, task.starts_in)


def task_error(task: Task) -> errors.TaskError:
    """The error that the end of a task without a video means (API facts 4.1, 4.3)."""
    if task.is_cancelled:
        return errors.TaskCancelled("the task was cancelled at Runway")
    problem = task.problem
    if problem is None:
        return errors.TaskFailed("Runway gave no reason")
    words = [problem.message, problem.reason and f"reason {problem.reason}"]
    if problem.is_moderation:
        words = [problem.reason or problem.message, problem.category and f"category {problem.category}"]
        return errors.TaskModerated(f"refused by moderation: {', '.join(filter(None, words))}")
    return errors.TaskFailed(", ".join(filter(None, words)) or "Runway gave no reason")
