"""Waiting in a cell: what is printed meanwhile, and what an interrupt does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TextIO

from ...jobs.job import Job
from ...sweeps.sweep import Sweep
from ...text.console import is_terminal, write, write_line
from ..rendering.live_state import live_state
from ..rendering.plain_text import WIDTH, done_line, ended_line, live_line, log_key, log_line, sent_line
from ..rendering.result_html import bundle
from ..rendering.sweep_grid import bundle as sweep_bundle


class Reporter:
    """Prints a job's progress from the waiting cell: a line rewritten in a terminal, lines of a log elsewhere."""

    def __init__(self, job: Job, mode: str, out: TextIO | None = None, clock: Callable[[], float] = time.time) -> None:
        self._job, self._mode, self._clock = job, mode, clock
        self._out = out
        self._shown: object = None
        self._sent = job.task is not None
        self._was_done = job.done

    def tick(self) -> None:
        """Print what is new; with a live card there is nothing to print."""
        if self._mode == "live" or self._job.state.phase.is_final:
            return
        self._report_sent()
        seen = live_state(self._job, self._clock())
        rewrite = self._rewrites
        key: object = live_line(self._job, seen) if rewrite else log_key(seen)
        if key != self._shown:
            self._shown = key
            write(
                f"\r{live_line(self._job, seen):<{WIDTH}}" if rewrite else f"{log_line(self._job, seen)}\n", self._out
            )

    def _report_sent(self) -> None:
        """Write to a log, once, the price, and what the account has left by the answer to the create."""
        if self._mode == "batch" and not self._sent and self._job.task is not None:
            self._sent = True
            write_line(sent_line(self._job), self._out)

    def end(self) -> None:
        """Show in a terminal the result itself, in a log one line; with a live card it stands in the output already."""
        if not self._job.done or self._was_done:
            return  # an end that stood there before has been shown
        if self._mode == "batch" and self._job.video is not None:
            write_line(done_line(self._job), self._out)
        if self._mode == "terminal":
            gap = "\n" if self._rewrites and self._shown else ""
            write_line(f"{gap}{bundle(self._job)['text/plain']}", self._out)

    @property
    def _rewrites(self) -> bool:
        """True where a line can be written over."""
        return self._mode == "terminal" and is_terminal(self._out)


class SweepReporter:
    """Prints a line for each video of a sweep that has ended; with a live table there is nothing to print."""

    def __init__(self, sweep: Sweep, mode: str, out: TextIO | None = None) -> None:
        self._sweep, self._mode, self._out = sweep, mode, out
        self._was_done = sweep.done
        self._told = {job.id for job in sweep.jobs if job.done}

    def tick(self) -> None:
        """Print what has ended since the last time."""
        if self._mode == "live":
            return
        for variant in self._sweep.variants:
            job = self._sweep.job_of(variant)
            if job is not None and job.done and job.id not in self._told:
                self._told.add(job.id)
                write_line(f"{variant.label}: {ended_line(job)} ({self._sweep.progress_text})", self._out)

    def end(self) -> None:
        """Print the last lines, and in a terminal the table."""
        self.tick()
        if self._sweep.done and not self._was_done and self._mode == "terminal":
            write_line(sweep_bundle(self._sweep)["text/plain"], self._out)


def reporter_of(shown: Job | Sweep, mode: str) -> Reporter | SweepReporter:
    """Return what prints the progress of a job or a sweep."""
    return SweepReporter(shown, mode) if isinstance(shown, Sweep) else Reporter(shown, mode)


def _raise_failure(shown: Job | Sweep) -> None:
    """Raise the job's error, or the first one of a sweep: a run that nobody watches must not pass for a success."""
    if isinstance(shown, Sweep):
        for job in shown.jobs:
            job.result()
        for _, reason in shown.unsent:
            raise reason
    else:
        shown.result()


def wait(shown: Job | Sweep, mode: str, *, keep_loop: bool = False) -> None:
    """Block the cell until the end of a job, or of all jobs of a sweep. Raises their error, or `WaitInterrupted`."""
    reporter = reporter_of(shown, mode)
    try:
        shown.wait(keep_loop=keep_loop, on_tick=reporter.tick)
    finally:
        reporter.end()
    _raise_failure(shown)


async def wait_async(shown: Job | Sweep, mode: str) -> None:
    """Return the same as a coroutine, for a cell that awaits: buttons stay alive, the user's own tasks go on."""
    reporter = reporter_of(shown, mode)
    try:
        await shown.until_ended(on_tick=reporter.tick)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise shown.interrupted() from None
    reporter.end()
    _raise_failure(shown)
