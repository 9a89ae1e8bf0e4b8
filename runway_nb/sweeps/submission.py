"""A sweep is submitted: the first variants at once, the rest in the background, each a job of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from pathlib import Path

from ..errors import LedgerError, NeedsConfirmation, Removed, RunwayError
from ..jobs.freeze import CheckedRequest
from ..jobs.job import Job
from ..studio import Studio
from .plan import Variant
from .price import CheckedSweep, SweepPrice, reason_to_confirm
from .sweep import Sweep

AT_ONCE = 16
"""Variants that are submitted before the cell goes on: each is a transaction on disk. A choice of ours."""
_Pairs = Sequence[tuple[Variant, CheckedRequest]]


def submit_sweep(
    studio: Studio,
    checked: CheckedSweep,
    *,
    yes: bool = False,
    folder: Path | None = None,
    cell: str = "",
    executor: Executor | None = None,
) -> Sweep:
    """Start every variant as a job of its own, in the order of the plan, and return the handle at once.

    The first are submitted when it returns, those after `AT_ONCE` in the background; `Sweep.done` waits for them. What
    a budget or moderation does not allow is not sent, and named by `Sweep.unsent`. The workers of an executor see them
    through, see `Sweep.run`.

    Raises:
        NeedsConfirmation: it costs more than may be spent without a word; nothing was sent.
        RunwayError: not one of them could be sent; it is the reason of the first.
    """
    _check_confirmed(studio, checked.price, yes)
    # of what was sent the time that is left is said, and no longer how long it would take
    sweep = Sweep(checked.plan, checked.price._replace(seconds=None), checked.pace, hand_over=studio.workers.hand_over)
    sweep.executor = executor
    sweep.cell, sweep.refusals.left = cell, checked.refusals_left
    submission = _Submission(studio, sweep, folder)
    if rest := submission.begin([*zip(checked.plan.variants, checked.requests, strict=True)]):
        studio.spawn(submission.go_on(rest, sweep.begin_submitting()))
    return sweep


def _check_confirmed(studio: Studio, price: SweepPrice, yes: bool) -> None:
    if not yes and (why := reason_to_confirm(studio, price)):
        raise NeedsConfirmation(f"{price.text}: {why}; nothing was sent. --yes, or yes=True, sends it")


class _Submission:
    """Submits the variants of a sweep one after the other."""

    def __init__(self, studio: Studio, sweep: Sweep, folder: Path | None) -> None:
        self._studio, self._sweep = studio, sweep
        # the studio's own may change while this goes on
        self._folder = studio.folder if folder is None else folder

    def begin(self, pairs: _Pairs) -> _Pairs:
        """Submit the first ones, and further until one could be; return the rest. Raises the first error of all."""
        for number, (variant, request) in enumerate(pairs):
            if number >= AT_ONCE and self._sweep.jobs:
                return pairs[number:]
            try:
                self._check_wanted(request)
                self._sweep.add(variant, self._submitted(request))
            except RunwayError as refused:
                if isinstance(refused, LedgerError) and not self._sweep.jobs:
                    raise  # the others would wait as long for it
                self._sweep.leave_out(variant, refused)
        if not self._sweep.jobs and (first := self._sweep.reason_of(pairs[0][0])) is not None:
            raise first
        return ()

    async def go_on(self, pairs: _Pairs, end: Callable[[], None]) -> None:
        """Submit the others on the background loop; whatever happens, each has a job or a reason in the end."""
        try:
            for variant, request in pairs:
                await self._submit(variant, request)
        finally:
            for variant, _ in pairs:
                if self._sweep.job_of(variant) is None and self._sweep.reason_of(variant) is None:
                    self._sweep.leave_out(variant, Removed("the session ended before it was sent: nothing was charged"))
            end()

    async def _submit(self, variant: Variant, request: CheckedRequest) -> None:
        try:
            self._check_wanted(request)
            # a transaction waits for the disk: what runs is polled meanwhile
            job = await asyncio.to_thread(self._submitted, request)
        except RunwayError as refused:
            self._sweep.leave_out(variant, refused)
        else:
            self._sweep.add(variant, job)
            if self._sweep.is_stopped:
                job.stop()

    def _submitted(self, request: CheckedRequest) -> Job:
        executor = self._sweep.executor
        made = self._studio.submit_checked(request, folder=self._folder, executor=executor)
        if executor is not None and not made.is_new:
            self._studio.workers.hand_over(made.job, executor)
        return made.job

    def _check_wanted(self, request: CheckedRequest) -> None:
        """Raise `Removed` for what the user has stopped, and for what would be refused as others were."""
        if self._sweep.is_stopped:
            raise Removed("removed before sending: nothing was charged")
        if why := self._sweep.refusals.reason_to_hold(request.request):
            raise Removed(f"not sent: {why}; nothing was charged")
