"""A handle to all videos of a sweep, each an ordinary job: how far they are, waiting, stopping, their pictures."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from concurrent.futures import Executor
from contextlib import suppress
from typing import TYPE_CHECKING, NamedTuple

from ..errors import Removed, RunwayError, WaitInterrupted, WaitTimeout
from ..extension_points import provided
from ..jobs.durations import Pace, durations_of
from ..jobs.job import SLICE, Job, awaited, control_of
from ..jobs.loop import check_may_wait, run_nested
from ..jobs.shared_refusals import Refusals
from ..jobs.shown_wait import Tick, shown_while
from ..jobs.state import State
from ..request import VideoRequest
from ..text.durations import left
from ..values.handle import Handle
from ..values.plain import checked_call, checked_executor, checked_timeout, unexpected
from .plan import SweepPlan, Variant
from .price import SweepPrice

if TYPE_CHECKING:
    from concurrent.futures import Executor

    from PIL.Image import Image

    from .film import Film

_LOG = logging.getLogger("runway_nb")
_NOT_YET = "it was not submitted yet when the sweep was pickled: run the sweep again"
Observer = Callable[["Sweep"], None]
HandOver = Callable[[Job, Executor], None]
"""Lets a worker of an executor see a job through (`Workers.hand_over`)."""


class SweepParts(NamedTuple):
    """What a pickled sweep is."""

    plan: SweepPlan
    price: SweepPrice | None
    pace: Pace | None
    cell: str
    jobs: Mapping[tuple[int, ...], str]
    """The ids of its jobs, by the places of their variants."""
    unsent: Mapping[tuple[int, ...], RunwayError]


class Sweep(Handle):
    """Many variants of one request, each an ordinary job.

    Running the same sweep again goes on where it stopped: every variant that was paid is there for nothing. Pickled it
    is its plan and the ids of its jobs, by which the studio of the other process finds them.
    """

    def __init__(
        self,
        plan: SweepPlan,
        price: SweepPrice | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
        hand_over: HandOver = lambda *_: None,
    ) -> None:
        self.plan = plan
        self.price = price
        """What it cost when it was submitted."""
        self.cell = ""
        """The cell, or the call of Python, that makes all of them again; nothing where that is not known."""
        self.executor: Executor | None = None
        """Whose workers see the videos through; None where this process does."""
        self._hand_over = hand_over
        self._pace = pace
        self._clock = clock
        self._jobs: dict[tuple[int, ...], Job] = {}
        self._unsent: dict[tuple[int, ...], RunwayError] = {}
        self._observers: list[Observer] = []
        self._lock = threading.Lock()
        self._submitted = threading.Event()
        self._submitted.set()
        self.is_stopped = False
        """Whether the user has stopped it: nothing more of it is sent."""
        self.refusals = Refusals()
        """Of this sweep while it is under way, and what they mean for the rest."""

    def __repr__(self) -> str:
        return f"<Sweep of {len(self.plan.variants)}: {self.progress_text}>"

    def __reduce__(self) -> tuple[Callable[[SweepParts], Sweep], tuple[SweepParts]]:
        with self._lock:
            jobs, unsent = {place: job.id for place, job in self._jobs.items()}, dict(self._unsent)
        parts = SweepParts(self.plan, self.price, self._pace, self.cell, jobs, unsent)
        return provided("sweep.unpickled"), (parts,)

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        bundle: dict[str, str] = provided("sweep.mimebundle")(self)
        return bundle

    def _display_(self) -> object:
        """Return what marimo shows, as its hook."""
        return provided("sweep.marimo")(self)

    @property
    def variants(self) -> list[Variant]:
        """All variants, in the order of the axes."""
        return self.plan.in_place

    @property
    def jobs(self) -> list[Job]:
        """The jobs of the variants that were submitted so far, in the order of the axes."""
        return [job for variant in self.variants if (job := self.job_of(variant)) is not None]

    @property
    def unsent(self) -> list[tuple[str, RunwayError]]:
        """The variants that were not sent, each with the reason."""
        return [(each.label, why) for each in self.variants if (why := self._unsent.get(each.place)) is not None]

    @property
    def done(self) -> bool:
        """True when all were submitted, and every job has ended."""
        return self._submitted.is_set() and all(job.done for job in self.jobs)

    @property
    def is_ending(self) -> bool:
        """True when nothing changes any more, also while those who wait are being told."""
        return self._submitted.is_set() and all(map(has_ended, self.jobs))

    @property
    def progress_text(self) -> str:
        """How far it is: `4 of 9 done, 2 running, 1 failed`."""
        jobs = self.jobs
        ready = sum(has_ended(job) and job.video is not None for job in jobs)
        lost = sum(has_ended(job) for job in jobs) - ready
        left = len(self._unsent)
        # what is still being submitted waits as what waits for a slot does
        pending = 0 if self._submitted.is_set() else len(self.plan.variants) - len(jobs) - left
        running = len(jobs) - ready - lost + pending
        others = [(running, f"{running} running"), (lost, f"{lost} failed"), (left, f"{left} not sent")]
        return ", ".join([f"{ready} of {len(self.plan.variants)} done", *(text for count, text in others if count)])

    @property
    def time_left(self) -> float | None:
        """Estimated seconds until all have ended; None where nothing is known, and once they have.

        By the progress of what runs, the usual duration of the rest, and the order in which it is sent.
        """
        now = self._clock()
        if self._pace is None:
            return None
        pace = self._pace._replace(
            known=(*durations_of((job.request, job.state) for job in self.jobs), *self._pace.known)
        )
        return pace.left(self._open_ones(), now)

    def _open_ones(self) -> Iterator[tuple[State | None, VideoRequest]]:
        """Yield what has not ended, in the order in which it is sent."""
        for variant in self.plan.variants:
            job = self.job_of(variant)
            if job is not None and not has_ended(job):
                yield job.state, job.request
            elif job is None and not self._submitted.is_set() and self.reason_of(variant) is None:
                yield None, variant.request

    @property
    def time_left_text(self) -> str:
        """The time that is left in words, `about 2:10 left`; nothing where nothing is known of it."""
        seconds = self.time_left
        return "" if seconds is None else left(seconds)

    def job_of(self, variant: Variant) -> Job | None:
        """Return the job of a variant; None for one that was not sent."""
        return self._jobs.get(variant.place)

    def reason_of(self, variant: Variant) -> RunwayError | None:
        """Return why a variant was not sent."""
        return self._unsent.get(variant.place)

    def add(self, variant: Variant, job: Job) -> None:
        """Take up the job of a variant."""
        with self._lock:
            self._jobs[variant.place] = job
        # what was refused before this sweep has met the policy already
        act = self._notify if job.done else lambda: self._on_end(variant, job)
        job.on_end(lambda _: act())
        job.observe(lambda _: self._notify())
        self._hold(job)

    def leave_out(self, variant: Variant, reason: RunwayError) -> None:
        """Note that a variant is not sent, and why."""
        with self._lock:
            self._unsent[variant.place] = reason
        self._notify()

    def observe(self, observer: Observer) -> Callable[[], None]:
        """Call `observer(sweep)` on the background thread after every change; return a function that ends this."""
        checked_call(observer, "observer")
        self._observers.append(observer)

        def forget() -> None:
            with suppress(ValueError):  # ended twice
                self._observers.remove(observer)

        return forget

    def stop(self) -> None:
        """Take back what is not sent yet, and stop tracking the rest: see `Job.stop`."""
        self.is_stopped = True
        for job in self.jobs:
            job.stop()

    def run(self, executor: Executor) -> Sweep:
        """Let the workers of an executor see through what is not sent yet, and return this sweep at once.

        The rules stay as they are: what may be sent was decided here, slots are shared through the ledger, and each
        video is paid once, also where a call is made twice or a worker is lost. What no worker takes, this process sees
        through. Workers need this package, the same ledger and the same token; none of these is sent to them.

        Args:
            executor: Any of `concurrent.futures`, such as `ProcessPoolExecutor()`, or Dask's `client.get_executor()`.
                Each video takes a worker while it waits for its slot, runs and comes here: give it more workers than
                the account has slots.

        Raises `InvalidRequest` for anything else.
        """
        self.executor = checked_executor(executor)
        for variant in self.plan.variants:
            job = self.job_of(variant)
            if job is not None and not has_ended(job):
                self._hand_over(job, self.executor)
        return self

    # --- its pictures -------------------------------------------------------------------------------

    def sheet(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        frames: int = 1,
        width: int | None = None,
        executor: Executor | None = None,
    ) -> Image:
        """Return a contact sheet: all videos in their places, with the labels of the axes, as an RGB picture of Pillow.

        Args:
            path: Where it is saved as well: a file that ends with `.png` or `.jpg`.
            frames: Of each video, 1 to 12: evenly over it, first and last included; one alone is from the middle.
            width: Pixels across, 240 to 16,000; by default as many as its pictures need.
            executor: Reads each video as a task of its own: any `concurrent.futures.Executor` whose workers have the
                files and PyAV, of processes better spawned than forked; by default threads of this process.

        Raises `InvalidRequest`, `RunwayError` where the file cannot be written, and `MissingExtra` for several frames
        without PyAV. What has no video says why in its place. What an executor cannot do is done here.
        """
        picture: Image = provided("sweep.sheet")(self, path, frames=frames, width=width, executor=executor)
        return picture

    def frames(self, count: int, *, executor: Executor | None = None) -> list[list[Image]]:
        """Return `count` frames evenly over each video, as `Job.frames` does, for each of `variants` in their order.

        Args:
            count: 1 to 10,000: first and last included; one alone is from the middle.
            executor: As that of `sheet`. The frames come back as they are, which takes 3 MB for 1280 x 768 pixels.

        A variant without a video has an empty list. Raises `InvalidRequest` for another count, `RunwayError` for the
        first video that cannot be read, and `MissingExtra` without PyAV.
        """
        pictures: list[list[Image]] = provided("sweep.frames")(self, count, executor=executor)
        return pictures

    def film(
        self,
        path: str | os.PathLike[str] | None = None,
        *,
        width: int | None = None,
        executor: Executor | None = None,
    ) -> Film:
        """Write all videos that are there into one MP4, side by side and in step, with the labels of the axes.

        It is as fast as the fastest of them, at most 60 frames per second, and lasts as long as the longest: a shorter
        one holds its last frame. Sound is left out. The file appears when it is complete.

        Args:
            path: A file that ends with `.mp4`; by default one beside the videos.
            width: Pixels across, 240 to 3,840; by default as many as its videos need.
            executor: As that of `sheet`; makes two seconds as a task, which are joined here. By default all of it is
                made here.

        Return the film: it plays in a notebook, is taken where a path is, and has a `path`. Raises `InvalidRequest`,
        `MissingExtra` without PyAV, and `RunwayError` without a video, or where a file cannot be read or written.
        """
        made: Film = provided("sweep.film")(self, path, width=width, executor=executor)
        return made

    # --- waiting --------------------------------------------------------------------------------

    def wait(
        self, timeout: float | None = None, *, keep_loop: bool = False, on_tick: Callable[[], None] | None = None
    ) -> Sweep:
        """Block until every job has ended, and return this sweep; a failed variant ends no other and raises nothing.

        The arguments are those of `Job.wait`. Raises `WaitTimeout` when the time is up, and `WaitInterrupted`; the
        jobs go on. Raises `InvalidCommand` in a function that is called as a job or a sweep moves.
        """
        left = _time_left(checked_timeout(timeout))
        if not self.done:
            check_may_wait("a sweep")
        try:
            with shown_while(self, on_tick) as tick:
                self._wait_for_all(left, keep_loop, tick)
        except (WaitInterrupted, KeyboardInterrupt):
            raise self.interrupted() from None
        return self

    def _wait_for_all(self, left: Callable[[], float | None], keep_loop: bool, on_tick: Tick | None) -> None:
        if keep_loop:
            run_nested(self._until_submitted(left, on_tick))
        while not self._submitted.wait(SLICE):
            self._tick(left, on_tick)
        for job in self.jobs:
            try:
                job.wait(left(), keep_loop=keep_loop, on_tick=on_tick)
            except RunwayError as error:
                if error is not job.error:  # the job's own stays with it
                    raise

    async def until_ended(self, timeout: float | None = None, on_tick: Tick | None = None) -> None:
        """Wait for the end of all without blocking the loop. Raises `WaitTimeout`."""
        left = _time_left(checked_timeout(timeout))
        await self._until_submitted(left, on_tick)
        for job in self.jobs:
            await job.until_ended(left(), on_tick)

    async def _until_submitted(self, left: Callable[[], float | None], on_tick: Tick | None) -> None:
        while not self._submitted.is_set():
            self._tick(left, on_tick)
            await asyncio.sleep(SLICE)

    def _tick(self, left: Callable[[], float | None], on_tick: Tick | None) -> None:
        if left() == 0.0:
            raise WaitTimeout(f"not finished in time ({self.progress_text}); the jobs go on: sweep.wait()")
        if on_tick is not None:
            on_tick()

    def __await__(self) -> Generator[object, None, Sweep]:
        yield from awaited(self.until_ended(), self.interrupted)
        return self

    def interrupted(self) -> WaitInterrupted:
        """Return the error for a wait that was interrupted: the jobs go on, and how to come back to them."""
        return WaitInterrupted(
            f"stopped waiting ({self.progress_text}); the jobs go on and nothing is lost: %runway wait waits again, "
            "sweep.stop() takes back what is not sent"
        )

    # --- what one job means for the others ------------------------------------------------------

    def begin_submitting(self) -> Callable[[], None]:
        """Note that variants are still being submitted; return the function that ends this."""
        self._submitted.clear()

        def end() -> None:
            self._submitted.set()
            self._notify()

        return end

    def _on_end(self, variant: Variant, job: Job) -> None:
        """Take back what would be refused for the same reason, and is not sent yet."""
        if self.refusals.note(variant.label, job.original_request, job.state.error):
            for other in self.jobs:
                self._hold(other)
        self._notify()

    def _hold(self, job: Job) -> None:
        is_open = not has_ended(job) and not job.state.phase.is_sent
        if is_open and (why := self.refusals.reason_to_hold(job.original_request)):
            control_of(job).stop(why)

    def _notify(self) -> None:
        for observer in list(self._observers):
            try:
                observer(self)
            except Exception as error:  # noqa: BLE001 - whatever a display raises, the rest is to be sent
                _LOG.warning("%s", unexpected(error, "a sweep could not be shown").message)


def sweep_of(parts: SweepParts, hand_over: HandOver, job_of: Callable[[str], Job]) -> Sweep:
    """Return the sweep of those parts, with its jobs by their ids; one that cannot be had is left out with the reason.

    `job_of` raises `RunwayError` where it cannot be had.
    """
    made = Sweep(parts.plan, parts.price, parts.pace, hand_over=hand_over)
    made.cell = parts.cell
    for variant in parts.plan.variants:
        if variant.place in parts.jobs:
            try:
                made.add(variant, job_of(parts.jobs[variant.place]))
            except RunwayError as missing:
                made.leave_out(variant, missing)
        else:
            made.leave_out(variant, parts.unsent.get(variant.place) or Removed(_NOT_YET))
    return made


def _time_left(limit: float | None) -> Callable[[], float | None]:
    """Return a function that says how much of a time is left, in seconds."""
    deadline = None if limit is None else time.monotonic() + limit
    return lambda: None if deadline is None else max(0.0, deadline - time.monotonic())


def has_ended(job: Job) -> bool:
    """Return True for a job that has ended, also while those who wait for it are being told."""
    return job.done or job.state.phase.is_final
