"""A process that lasts no longer than the one that started it: a pipe ends when its writer is gone, however it went."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from contextlib import suppress

WITH_PARENT = "--with-parent"
"""The option of a command line that asks for it."""


def call_when_input_ends(end: Callable[[], None]) -> None:
    """Call `end`, on a thread of its own, when standard input has ended."""
    threading.Thread(target=_read_to_the_end, args=(end,), daemon=True).start()


def _read_to_the_end(end: Callable[[], None]) -> None:
    # not sys.stdin, whose lock this thread would still hold when the interpreter ends
    with suppress(OSError):
        while os.read(0, 4096):
            pass
    end()
