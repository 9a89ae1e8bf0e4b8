"""How far an export or an import is, for who waits for it: one line, from the moment that it takes long."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple, TextIO

from ..text.console import write

SOON, OFTEN, SELDOM = 1.0, 0.2, 10.0
"""Seconds until the first line, between two that are written over each other, and between two lines of a log."""
_WIDTH = 79


class Progress(NamedTuple):
    """A moment of an export or an import."""

    done: int
    total: int


class ProgressLine:
    """Writes how far the work is.

    Args:
        verb: What is done, as in `Exporting`.
        rewrites: Write over the line; otherwise one line after the other.
        out: Where to; by default standard output.
        clock: Seconds that only grow.
    """

    def __init__(
        self, verb: str, *, rewrites: bool, out: TextIO | None = None, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._verb, self._rewrites, self._out, self._clock = verb, rewrites, out, clock
        self._next = clock() + SOON
        self._is_shown = False

    def __call__(self, progress: Progress) -> None:
        """Write a line when it is time for one."""
        now = self._clock()
        if now < self._next or progress.done >= progress.total:
            return
        self._next = now + (OFTEN if self._rewrites else SELDOM)
        line = f"{self._verb} {progress.done + 1} of {progress.total}"
        write(f"\r{line:<{_WIDTH}}" if self._rewrites else f"{line}\n", self._out)
        self._is_shown = True

    def end(self) -> None:
        """Take the line away, so that what became of it can stand there."""
        if self._is_shown and self._rewrites:
            write(f"\r{'':<{_WIDTH}}\r", self._out)
        self._is_shown = False
