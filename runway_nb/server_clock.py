"""The server's clock, as its answers tell it: this machine's own may be wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from email.utils import parsedate_to_datetime

JUMP_SECONDS = 2.0
"""How far the two clocks of this machine may part before one of them must have jumped, or the machine slept."""


class ServerClock:
    """Goes on from the `Date` of the latest answer for as long as this machine's two clocks agree.

    Args:
        wall: Unix seconds, which may be set at any time.
        monotonic: Seconds that never jump.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._read: tuple[float, float, float] | None = None
        self.is_silent = False
        """True when the latest answer told no time."""

    def read(self, date: str | None) -> None:
        """Take the `Date` header of an answer; what cannot be read changes nothing."""
        try:
            told = parsedate_to_datetime(date or "").timestamp()
        except (TypeError, ValueError, OverflowError):
            self.is_silent = True
            return
        self.is_silent = False
        self._read = told, self._wall(), self._monotonic()

    def now(self) -> float | None:
        """Unix seconds at the server; None where it is not known (any more)."""
        if self._read is None:
            return None
        told, wall, monotonic = self._read
        passed = self._monotonic() - monotonic
        return told + passed if abs(self._wall() - wall - passed) <= JUMP_SECONDS else None

    def offset(self) -> float:
        """How many seconds the server's clock is before this machine's; 0 where it is not known."""
        now = self.now()
        return 0.0 if now is None else now - self._wall()
