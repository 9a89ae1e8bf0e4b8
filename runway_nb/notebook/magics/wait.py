"""Waiting in a cell: what is printed meanwhile, and what an interrupt does."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TextIO

from ...jobs.job import Job
from ...text.console import is_terminal, write, write_line
from ..rendering.live_state import live_state
from ..rendering.plain_text import WIDTH, done_line, live_line, log_key, log_line, sent_line
from ..rendering.result_html import bundle


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


def wait(job: Job, mode: str, *, keep_loop: bool = False) -> None:
    """Block the cell until the job ends. Raises the job's error, or `WaitInterrupted`."""
    reporter = Reporter(job, mode)
    try:
        job.wait(keep_loop=keep_loop, on_tick=reporter.tick)
    finally:
        reporter.end()


async def wait_async(job: Job, mode: str) -> None:
    """Return the same as a coroutine, for a cell that awaits: buttons stay alive, the user's own tasks go on."""
    reporter = Reporter(job, mode)
    try:
        await job.until_ended(on_tick=reporter.tick)
    except (KeyboardInterrupt, asyncio.CancelledError):
        raise job.interrupted() from None
    reporter.end()
    job.result()
