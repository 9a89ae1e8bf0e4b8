"""Waiting in a cell: what is printed meanwhile, and what an interrupt does."""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Callable
from typing import TextIO

from ..errors import WaitInterrupted
from ..job import SLICE, Job
from .display import bundle
from .text import live_line, log_key, log_line
from .words import look

WIDTH = 79


class Reporter:
    """Prints a job's progress from the waiting cell: a line rewritten in a terminal, lines of a log elsewhere."""

    def __init__(self, job: Job, mode: str, out: TextIO | None = None, clock: Callable[[], float] = time.time) -> None:
        self._job, self._mode, self._clock = job, mode, clock
        self._out = out or sys.stdout
        self._shown: object = None

    def tick(self) -> None:
        """Print what is new; with a live card there is nothing to print."""
        if self._mode == "live" or self._job.done:
            return
        seen = look(self._job, self._clock())
        rewrite = self._mode == "terminal" and self._out.isatty()
        key: object = live_line(self._job, seen) if rewrite else log_key(seen)
        if key != self._shown:
            self._shown = key
            line = f"\r{live_line(self._job, seen):<{WIDTH}}" if rewrite else f"{log_line(self._job, seen)}\n"
            self._out.write(line)
            self._out.flush()

    def end(self) -> None:
        """In a terminal the result itself; elsewhere it stands in the output already."""
        if self._mode == "terminal":
            gap = "\n" if self._out.isatty() and self._shown else ""
            self._out.write(f"{gap}{bundle(self._job)['text/plain']}\n")


def wait(job: Job, mode: str, *, keep_loop: bool = False) -> None:
    """Block the cell until the job ends. Raises the job's error, or `WaitInterrupted`."""
    reporter = Reporter(job, mode)
    if keep_loop:
        _settle(job, lambda: job.wait(keep_loop=True))
    try:
        while not job.done:
            reporter.tick()
            time.sleep(SLICE)
    except KeyboardInterrupt:
        raise _interrupted(job) from None
    reporter.end()
    job.result()


def _settle(job: Job, wait: Callable[[], Job]) -> None:
    """Wait, and leave the job's own error to the caller."""
    try:
        wait()
    except WaitInterrupted:
        raise
    except type(job.error or KeyError()):
        return


async def wait_async(job: Job, mode: str) -> None:
    """The same as a coroutine, for a cell that awaits: buttons stay alive, the user's own tasks go on."""
    reporter = Reporter(job, mode)
    try:
        while not job.done:
            reporter.tick()
            await asyncio.sleep(SLICE)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise _interrupted(job) from None
    reporter.end()
    job.result()


def _interrupted(job: Job) -> WaitInterrupted:
    return WaitInterrupted(
        f"stopped waiting; job {job.id} goes on and nothing is lost: %runway wait {job.id} waits again, "
        f"%runway stop {job.id} stops tracking"
    )
