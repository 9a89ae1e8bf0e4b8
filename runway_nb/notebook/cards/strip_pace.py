"""How fast pictures leave a kernel: all widgets share one pace, since the server counts what the kernel sends."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable

BYTES_PER_SECOND = 800_000
"""A server drops what comes faster than a million for three seconds (Jupyter facts, section 3)."""


class StripPace:
    """Says when the next picture may leave.

    Args:
        rate: Bytes per second.
        clock: Seconds that never go back.
    """

    def __init__(self, rate: float = BYTES_PER_SECOND, clock: Callable[[], float] = time.monotonic) -> None:
        self._rate, self._clock = rate, clock
        self._free_at = 0.0
        self._lock = threading.Lock()

    def reserve(self, size: int) -> float:
        """Take a place for so many bytes; return the seconds until they may leave. From any thread."""
        with self._lock:
            now = self._clock()
            begin = max(now, self._free_at)
            self._free_at = begin + size / self._rate
        return begin - now

    async def turn(self, size: int) -> None:
        """Wait until so many bytes may leave."""
        await asyncio.sleep(self.reserve(size))


KERNEL_PACE = StripPace()
"""The pace of this kernel."""
