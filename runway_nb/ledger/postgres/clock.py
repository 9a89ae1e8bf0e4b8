"""The server's clock, as this process knows it: by it leases are judged, so that machines need not agree."""

from __future__ import annotations

import time

from ..lease import Clock


class ServerClock:
    """Unix seconds of the server, as of its last answer, and since then by the seconds of this machine.

    Before the first answer it is the machine's own clock: nothing is judged by it then.

    Args:
        wall: Unix seconds of this machine.
        steady: Seconds of this machine that never jump, and that go on while it sleeps.
    """

    def __init__(self, wall: Clock = time.time, steady: Clock = time.monotonic) -> None:
        self._wall = wall
        self._steady = steady
        self._ahead: float | None = None

    def __call__(self) -> float:
        """Return the present moment."""
        return self._wall() if self._ahead is None else self._steady() + self._ahead

    def set(self, seconds: float) -> None:
        """Take what the server has just said. Its answer was on the way for a moment, so this is never ahead."""
        self._ahead = seconds - self._steady()
