"""A sweep as jobs: its price before anything is sent, every variant sent as an ordinary job, and a handle to all."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

from .errors import InvalidRequest, RunwayError, WaitInterrupted, WaitTimeout
from .extension_points import provided
from .jobs.durations import Duration, Pace, durations_of, kind_of
from .jobs.freeze import Asker, CheckedRequest, new_record
from .jobs.job import SLICE, Job, awaited, control_of
from .jobs.loop import run_nested
from .jobs.policy import Limits, answering
from .jobs.shared_refusals import Refusals
from .jobs.shown_wait import Tick, shown_while
from .jobs.state import State
from .ledger.durations import finished_of
from .ledger.record import Record
from .ledger.snapshot import equal_jobs, moderated_within_a_day
from .request import VideoRequest
from .studio import Studio
from .sweep_plan import SweepPlan, Variant
from .text.durations import about, left
from .values.plain import checked_call, checked_timeout

if TYPE_CHECKING:
    from PIL.Image import Image

    from .sweep_film import Film

_REPORTED = 8
"""Mistakes of single variants that are reported."""
_EARLIER = 60
"""Earlier videos of a model from which the time is estimated."""

Observer = Callable[["Sweep"], None]


class SweepPrice(NamedTuple):
    """What a sweep costs, before anything is sent."""

    variants: int
    stored: int
    """Those that are there already, or run, and cost nothing more."""
    credits: int
    """What the others cost, as far as it is known."""
    unknown: int
    """How many of the others have a price that nobody has documented."""
    seconds: float | None = None
    """How long the others take, as an estimate; None where nothing is known of such videos."""
    slots: int = 0
    """How many of them run at once."""

    @property
    def text(self) -> str:
        """The price on one line: `9 shots, 225 credits, about 6 min at 2 slots; 3 of them are there already for 0`."""
        new = self.variants - self.stored
        unknown = f" and {_counted(self.unknown)} of unknown price" if self.unknown else ""
        stored = (
            f"; {self.stored} of them {'is' if self.stored == 1 else 'are'} there already for 0" if self.stored else ""
        )
        return f"{_counted(self.variants)}, {self.credits if new else 0} credits{unknown}{self._time_text}{stored}"

    @property
    def new_text(self) -> str:
        """What is sent, and what that costs: `6 shots, 150 credits`."""
        unknown = f" and {_counted(self.unknown)} of unknown price" if self.unknown else ""
        return f"{_counted(self.variants - self.stored)}, {self.credits} credits{unknown}"

    @property
    def _time_text(self) -> str:
        if self.seconds is None or self.variants == self.stored:
            return ""
        return f", {about(self.seconds)} at {self.slots} slot{'' if self.slots == 1 else 's'}"


def _counted(number: int) -> str:
    return f"{number} shot{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class CheckedSweep:
    """A sweep without mistakes, and what it costs."""

    plan: SweepPlan
    requests: tuple[CheckedRequest, ...]
    """Of the variants, in their order."""
    price: SweepPrice
    pace: Pace
    """How long earlier videos took, and how many run at once."""
    refusals_left: int | None = None
    """How many more moderation may refuse before the rest is not sent; None where that does not matter."""


def check_sweep(
    studio: Studio, plan: SweepPlan, limits: Limits, names: Mapping[str, str] = MappingProxyType({})
) -> CheckedSweep:
    """Return a sweep checked and frozen, with its price; nothing is sent.

    `names` is what its pictures are called, as in `Studio.check`.

    Raises `InvalidRequest` with the mistakes of all variants, each with the variant that has it.
    """
    requests: list[CheckedRequest] = []
    problems: list[str] = []
    for variant in plan.variants:
        try:
            requests.append(studio.check(variant.request, limits, names=names))
        except InvalidRequest as wrong:
            problems += [f"{variant.label}: {problem}" for problem in wrong.problems]
    if problems:
        more = [f"and {len(problems) - _REPORTED} more like these"] if len(problems) > _REPORTED else []
        raise InvalidRequest([*problems[:_REPORTED], *more])
    digests: set[str] = set()
    new = [each.request for each in requests if not _is_stored(studio, each, digests)]
    known = [each.credits for each in new if each.credits is not None]
    pace = _pace(studio, [each.request for each in requests])
    price = SweepPrice(
        len(requests), len(requests) - len(new), sum(known), len(new) - len(known), pace.total(new), pace.slots
    )
    settings = studio.settings
    left_over = settings.max_moderated - moderated_within_a_day(settings.backend, studio.ledger.table)
    return CheckedSweep(plan, tuple(requests), price, pace, None if limits.force else max(1, left_over))


def _pace(studio: Studio, requests: Sequence[VideoRequest]) -> Pace:
    """Return what is known of the account that makes some requests: its slots, and how long such videos took."""
    settings = studio.settings
    limits = [int(request.max_jobs) for request in requests if request.max_jobs is not None]
    models = dict.fromkeys(request.model for request in requests)
    found = [
        record for model in models for record in finished_of(studio.ledger.table, settings.backend, model, _EARLIER)
    ]
    known = [
        Duration(kind_of(VideoRequest.from_wire(record.request, record.model)), record.took)
        for record in found
        if record.took
    ]
    return Pace(min([settings.slots, *limits]), tuple(known))


def _is_stored(studio: Studio, checked: CheckedRequest, digests: set[str]) -> bool:
    """Return True where an equal request has a result, runs, or is among `digests`, so that it costs nothing more."""
    settings = checked.backend.settings
    if checked.limits.fresh or not settings.reuse:
        return False
    new, _ = new_record(checked.request, Asker(studio.folder, "", "", ""), settings, lambda low, _: low)
    if new.digest in digests:
        return True
    digests.add(new.digest)
    equal = equal_jobs(new, studio.ledger.table)
    return answering(record for record in equal if isinstance(record, Record)) is not None


def reason_to_confirm(studio: Studio, price: SweepPrice) -> str:
    """Return why a sweep of this price is not sent without a yes; nothing where it is."""
    limit = studio.settings.confirm_credits
    if studio.settings.simulated or (price.credits <= limit and not price.unknown):
        return ""
    much = f"more than the {limit} credits that are spent without a word (confirm_credits)"
    return much if price.credits > limit else "what nobody has documented is not spent without a word"


class Sweep:
    """Many variants of one request, each an ordinary job.

    Running the same sweep again goes on where it stopped: every variant that was paid is there for nothing.
    """

    def __init__(
        self,
        plan: SweepPlan,
        price: SweepPrice | None = None,
        pace: Pace | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self.plan = plan
        self.price = price
        """What it cost when it was submitted."""
        self.cell = ""
        """The cell, or the call of Python, that makes all of them again; nothing where that is not known."""
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

    def _repr_mimebundle_(self, **_: object) -> dict[str, str]:
        bundle: dict[str, str] = provided("sweep.mimebundle")(self)
        return bundle

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

    # --- its pictures -------------------------------------------------------------------------------

    def sheet(self, path: str | os.PathLike[str] | None = None, *, frames: int = 1, width: int | None = None) -> Image:
        """Return a contact sheet: all videos in their places, with the labels of the axes, as an RGB picture of Pillow.

        Args:
            path: Where it is saved as well: a file that ends with `.png` or `.jpg`.
            frames: Of each video, 1 to 12: evenly over it, first and last included; one alone is from the middle.
            width: Pixels across, 240 to 16,000; by default as many as its pictures need.

        Raises `InvalidRequest`, `RunwayError` where the file cannot be written, and `MissingExtra` for several frames
        without PyAV. What has no video says why in its place.
        """
        picture: Image = provided("sweep.sheet")(self, path, frames=frames, width=width)
        return picture

    def film(self, path: str | os.PathLike[str] | None = None, *, width: int | None = None) -> Film:
        """Write all videos that are there into one MP4, side by side and in step, with the labels of the axes.

        It is as fast as the fastest of them, at most 60 frames per second, and lasts as long as the longest: a shorter
        one holds its last frame. Sound is left out. The file appears when it is complete.

        Args:
            path: A file that ends with `.mp4`; by default one beside the videos.
            width: Pixels across, 240 to 3,840; by default as many as its videos need.

        Return the film: it plays in a notebook, is taken where a path is, and has a `path`. Raises `InvalidRequest`,
        `MissingExtra` without PyAV, and `RunwayError` without a video, or where a file cannot be read or written.
        """
        made: Film = provided("sweep.film")(self, path, width=width)
        return made

    # --- waiting --------------------------------------------------------------------------------

    def wait(
        self, timeout: float | None = None, *, keep_loop: bool = False, on_tick: Callable[[], None] | None = None
    ) -> Sweep:
        """Block until every job has ended, and return this sweep; a failed variant ends no other and raises nothing.

        The arguments are those of `Job.wait`. Raises `WaitTimeout` when the time is up, and `WaitInterrupted`; the
        jobs go on.
        """
        left = _time_left(checked_timeout(timeout))
        with shown_while(self, on_tick) as tick:
            try:
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
            observer(self)


def _time_left(limit: float | None) -> Callable[[], float | None]:
    """Return a function that says how much of a time is left, in seconds."""
    deadline = None if limit is None else time.monotonic() + limit
    return lambda: None if deadline is None else max(0.0, deadline - time.monotonic())


def has_ended(job: Job) -> bool:
    """Return True for a job that has ended, also while those who wait for it are being told."""
    return job.done or job.state.phase.is_final
