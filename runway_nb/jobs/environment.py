"""Time and randomness, as parameters."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Awaitable, Callable
from typing import NamedTuple


class Environment(NamedTuple):
    """What a workflow takes from outside; tests give their own."""

    clock: Callable[[], float] = time.time
    """Unix seconds."""
    monotonic: Callable[[], float] = time.monotonic
    """Seconds that never jump."""
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep
    draw: Callable[[int, int], int] = random.SystemRandom().randint
    """A whole number from a range, both ends included."""
