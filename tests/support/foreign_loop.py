"""An event loop that is not asyncio's own, as uvloop's is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

T = TypeVar("T")


class ForeignLoop(asyncio.AbstractEventLoop):
    """Hands everything on to a loop of asyncio's."""

    def __init__(self) -> None:
        self.inner = asyncio.new_event_loop()

    def get_debug(self) -> bool:
        return False

    def run(self, act: Callable[[], T]) -> T:
        """Return what `act` gives, called while this is the loop that runs on this thread."""
        # documented for who implements an event loop, as this does
        asyncio.events._set_running_loop(self)
        try:
            return act()
        finally:
            asyncio.events._set_running_loop(None)


def _handed_on(name: str) -> Callable[..., Any]:
    return lambda self, *args, **more: getattr(self.inner, name)(*args, **more)


for _name in ("call_soon", "call_later", "call_at", "time", "create_future", "create_task", "call_exception_handler"):
    setattr(ForeignLoop, _name, _handed_on(_name))
setattr(ForeignLoop, "__abstractmethods__", frozenset())  # noqa: B010 - no type knows it
