"""What a wait shows that the user's own code began, as in `for job in jobs: job.wait()`.

One line for each wait: under a display id in a notebook, rewritten in a terminal, a line for each change in a log. The
thread that waits writes it, and no other; in plain Python there is none.
"""

from __future__ import annotations

import sys
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from ...jobs.job import Job
    from ...sweeps.sweep import Sweep

SECONDS = 0.5
"""Between two changes of a line at least."""


class Progress(Protocol):
    """What a wait shows."""

    def tick(self) -> None:
        """Show what is new."""

    def end(self) -> None:
        """Show the end, if there was one."""


def progress_of(shown: Job | Sweep) -> Progress | None:
    """Return what the wait for a job or a sweep shows; None outside of IPython, off the main thread, and at its end."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or shown.done or threading.current_thread() is not threading.main_thread():
        return None
    from ...text.console import is_terminal  # at the first wait
    from ..hosts import current_place  # at the first wait
    from .wait import reporter_of  # loads the rendering

    mode = current_place(shell).host.mode
    if mode == "live":
        return WaitLine(shown, _displayed())
    if mode == "terminal" and is_terminal():
        return WaitLine(shown, _rewritten)
    return reporter_of(shown, "batch")


class WaitLine:
    """One line that is brought up to date.

    Args:
        shown: What is waited for.
        show: Shows the line in the place of the one before; its second argument is True for the last one.
        clock: Unix seconds.
    """

    def __init__(
        self, shown: Job | Sweep, show: Callable[[str, bool], None], clock: Callable[[], float] = time.time
    ) -> None:
        self._waited_for, self._show, self._clock = shown, show, clock
        self._line = ""
        self._at = 0.0

    def tick(self) -> None:
        """Show the line where it has changed, at most every half second."""
        now = self._clock()
        if self._line and abs(now - self._at) < SECONDS:
            return
        if (line := self._text(now)) != self._line:
            self._line, self._at = line, now
            self._show(line, False)

    def end(self) -> None:
        """Show how it has ended, or where it stands when the wait does."""
        if self._line or self._waited_for.done:
            self._show(self._text(self._clock()), True)

    def _text(self, now: float) -> str:
        from ..rendering.plain_text import wait_text  # loads the rendering

        return wait_text(self._waited_for, now)


def _displayed() -> Callable[[str, bool], None]:
    """Return what shows a line where the cell's output stands, and then in its place."""
    from IPython.display import DisplayHandle  # in a notebook it is loaded

    handle = DisplayHandle()
    begun: list[bool] = []

    def show(line: str, is_last: bool) -> None:  # noqa: ARG001 - the last one stays as the others
        (handle.update if begun else handle.display)({"text/plain": line}, raw=True)
        begun.append(True)

    return show


def _rewritten(line: str, is_last: bool) -> None:
    from ...text.console import write  # at the first wait
    from ..rendering.plain_text import WIDTH  # loads the rendering

    write(f"\r{line[:WIDTH]:<{WIDTH}}" if not is_last else f"\r{line:<{WIDTH}}\n")
