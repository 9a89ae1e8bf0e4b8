"""What a wait shows meanwhile, where the code that waits shows nothing itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..extension_points import provided

Tick = Callable[[], None]
"""What each slice of a wait calls."""


@contextmanager
def shown_while(waited_for: object, on_tick: Tick | None) -> Iterator[Tick | None]:
    """Show the progress of a wait where nobody else does; gives what each slice of the wait calls."""
    progress = None if on_tick is not None else provided("wait.progress")(waited_for)
    try:
        yield on_tick if progress is None else progress.tick
    finally:
        if progress is not None:
            progress.end()
