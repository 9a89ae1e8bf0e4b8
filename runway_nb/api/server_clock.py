"""The server's clock, as its answers show it: this machine's own may be wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime, timezone
from email.utils import parsedate_to_datetime

JUMP_SECONDS = 2.0
"""How far the two clocks of this machine may part before one of them must have jumped, or the machine slept."""
YEARS = (2020, 3000)
"""Years that a server may send: outside of them its clock shows no time."""


class ServerClock:
    """Goes on from the `Date` of answers for as long as this machine's two clocks agree.

    Args:
        wall: Unix seconds, which may be set at any time.
        monotonic: Seconds that never jump.
    """

    def __init__(self, wall: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._ahead: tuple[float, float] | None = None
        """How far the server is before the monotonic clock, and how far the wall clock was then."""
        self.is_silent = False
        """True when the latest answer showed no time."""

    def read(self, date: str | None) -> None:
        """Take the `Date` header of an answer; what cannot be read changes nothing."""
        moment = date_of(date or "")
        if moment is None or not YEARS[0] <= moment.year < YEARS[1]:
            self.is_silent = True
            return
        sent = moment.timestamp()
        known, monotonic = self.now(), self._monotonic()
        self.is_silent = False
        # it is at least as late there as the answer says, in whole seconds: the latest of several is nearest
        if known is None or not sent <= known <= sent + JUMP_SECONDS:
            self._ahead = sent - monotonic, self._wall() - monotonic

    def now(self) -> float | None:
        """Return Unix seconds at the server; None where it is not known (any more)."""
        if self._ahead is None:
            return None
        (ahead, wall), monotonic = self._ahead, self._monotonic()
        return monotonic + ahead if abs(self._wall() - monotonic - wall) <= JUMP_SECONDS else None

    def offset(self) -> float:
        """Return how many seconds the server's clock is before this machine's; 0 where it is not known."""
        now = self.now()
        return 0.0 if now is None else now - self._wall()


def date_of(text: str) -> datetime | None:
    """Return the moment of an HTTP date in any of its forms, or None; one without a zone is UTC (RFC 9110, 5.6.7)."""
    try:
        moment = parsedate_to_datetime(text)
    except (TypeError, ValueError, OverflowError, LookupError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
