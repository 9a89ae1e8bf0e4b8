"""The process: settings, signals, exit code."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable
from queue import Empty, SimpleQueue

from ..errors import LedgerError, RunwayError, SettingsError
from ..settings import Settings, resolve
from ..studio import Studio
from ..text.console import write_line
from .events import teller
from .follower import Follower

WRONG_SETTINGS, NO_LEDGER = 2, 1
"""Exit codes."""
END_SECONDS = 10.0
"""After a signal the process is gone by then, whatever hangs; a lease that was not given back ends by itself."""


def follow(
    *, as_data: bool, clock: Callable[[], float] = time.time, monotonic: Callable[[], float] = time.monotonic
) -> int:
    """Follow until SIGTERM or SIGINT, and return the exit code.

    Args:
        as_data: Write events as JSON.
        clock: Unix seconds.
        monotonic: Seconds that never jump.
    """
    ended: SimpleQueue[None] = SimpleQueue()  # safe in a handler of signals, as an event is not
    for name in ("SIGINT", "SIGTERM"):
        signal.signal(getattr(signal, name), lambda *_: ended.put(None))
    try:
        studio = Studio(_with_token(resolve()))
    except RunwayError as error:
        return _refused(error, WRONG_SETTINGS)
    follower = Follower(studio, teller(clock, as_data=as_data), clock=clock, monotonic=monotonic)
    try:
        follower.begin()
    except LedgerError as error:
        studio.close()
        return _refused(error, NO_LEDGER)
    _look_until(ended, follower.look)
    _end_in_time()
    follower.end()
    return 0


def _with_token(settings: Settings) -> Settings:
    if settings.simulated:
        raise SettingsError("no token, so there is no account whose jobs can be followed: set USEAPI_TOKEN")
    return settings


def _look_until(ended: SimpleQueue[None], look: Callable[[], float]) -> None:
    while True:
        try:
            return ended.get(timeout=look())
        except Empty:
            continue


def _end_in_time() -> None:
    watchdog = threading.Timer(END_SECONDS, os._exit, [0])
    watchdog.daemon = True
    watchdog.start()


def _refused(error: RunwayError, code: int) -> int:
    write_line(f"runway_nb follow: {error.message}", sys.stderr)
    return code
