"""One daemon thread with one event loop for all work that waits.

Tasks on the kernel's own loop freeze while a cell computes; this loop does not. Work is submitted in an empty
context: a copied one would carry the cell's parent header along, and output would go to the wrong cell
(Jupyter facts, section 1). The thread is a daemon and is made again after a fork.
"""

from __future__ import annotations

import asyncio
import contextvars
import os
import selectors
import socket
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from .errors import RunwayError

T = TypeVar("T")


class BackgroundLoop:
    """Runs coroutines on a thread of its own, started at the first `submit`."""

    def __init__(self, name: str = "runway_nb") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine and return its future; callable from any thread.

        Raises `RunwayError` when this machine gives no loop or thread for it.
        """
        try:
            loop = self._running()
        except (OSError, RuntimeError) as error:
            work.close()
            problem = RunwayError(f"no work can be begun ({error}): close files or programs, then try again")
        else:
            return contextvars.Context().run(asyncio.run_coroutine_threadsafe, work, loop)
        raise problem

    def call(self, function: Callable[..., object], *args: object) -> None:
        """Call a plain function on the loop's thread, soon. Does nothing when the loop is not running."""
        loop = self._loop
        if loop is not None and self.is_running:
            contextvars.Context().run(loop.call_soon_threadsafe, function, *args)

    def stop(self, timeout: float = 5.0) -> None:
        """Cancel what runs, end the thread and close the loop."""
        with self._lock:
            loop, thread, self._loop, self._thread = self._loop, self._thread, None, None
        if loop is None or thread is None or not thread.is_alive():
            return
        loop.call_soon_threadsafe(loop.stop)
        thread.join(timeout)

    @property
    def is_running(self) -> bool:
        """True while the thread lives; false before the first `submit`, and in a forked child."""
        return self._pid == os.getpid() and self._thread is not None and self._thread.is_alive()

    def _running(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None or not self.is_running:
                loop = _new_loop()
                thread = threading.Thread(target=_serve, args=(loop,), name=self._name, daemon=True)
                try:
                    contextvars.Context().run(thread.start)
                except RuntimeError:
                    loop.close()
                    raise
                self._loop, self._thread, self._pid = loop, thread, os.getpid()
            return self._loop


def _new_loop() -> asyncio.AbstractEventLoop:
    """A loop. Raises OSError before one is half made, which would complain when it is thrown away."""
    selector = selectors.DefaultSelector()
    try:
        for end in socket.socketpair():
            end.close()
    finally:
        selector.close()
    return asyncio.new_event_loop()


def run_nested(work: Coroutine[Any, Any, None]) -> None:
    """Run a coroutine to its end on this thread's loop, even while that loop is running.

    Here and nowhere else nest_asyncio2 is applied, and only to a loop that runs: it lets the user's own tasks go
    on while a cell waits.
    """
    import nest_asyncio2

    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    nest_asyncio2.apply(loop)
    loop.run_until_complete(work)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """The thread: run until stopped, then let every task see its cancellation."""
    asyncio.set_event_loop(loop)
    loop.run_forever()
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()
