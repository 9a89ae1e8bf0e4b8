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
import sys
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, Future
from concurrent.futures import TimeoutError as FutureTimeout
from typing import Any, TypeVar

from ..errors import InvalidCommand, NoAnswer, RunwayError
from ..values.handle import Handle
from ..values.plain import checked_timeout, unexpected

T = TypeVar("T")

_thread = threading.local()
"""Of a background thread: its loop."""
IN_BROWSER = (
    "JupyterLite has neither threads nor sockets, so nothing can be sent from it: open the notebook with a kernel on a "
    "server"
)
"""What is said where Python runs in the browser."""


class BackgroundLoop(Handle):
    """Runs coroutines on a thread of its own, started at the first `submit`."""

    def __init__(self, name: str = "runway_nb") -> None:
        self._name = name
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._thread: threading.Thread | None = None
        self._pid = 0
        self._under_way: set[Future[Any]] = set()
        """A loop itself holds no task that waits: what nobody else holds would be collected as garbage."""

    def submit(self, work: Coroutine[Any, Any, T]) -> Future[T]:
        """Start a coroutine and return its future; callable from any thread.

        Raises `RunwayError` when the machine has no thread or no file handles left for it, or cannot have any.
        """
        if sys.platform == "emscripten":
            work.close()
            raise RunwayError(IN_BROWSER)
        try:
            future = contextvars.Context().run(asyncio.run_coroutine_threadsafe, work, self._running())
        except (OSError, RuntimeError, MemoryError) as error:
            work.close()
            raise unexpected(error, "the background thread cannot be started") from None
        self._under_way.add(future)
        future.add_done_callback(self._under_way.discard)
        return future

    def run(self, work: Coroutine[Any, Any, T], timeout: object) -> T:
        """Return the result of a coroutine, within `timeout` seconds; None for as long as it takes.

        Raises `NoAnswer` when it takes too long, and nothing but errors of ours.
        """
        try:
            seconds = checked_timeout(timeout)
            check_may_wait("this")
        except RunwayError:
            work.close()
            raise
        future = self.submit(work)
        try:
            return future.result(seconds)
        except RunwayError:
            raise
        except CancelledError:
            raise RunwayError("the background thread was stopped before the answer came") from None
        except Exception as error:  # noqa: BLE001 - the door to the user: whatever it is becomes one line
            if isinstance(error, FutureTimeout) and not future.done():
                raise NoAnswer(f"no answer within {seconds:.0f} s: try again") from None
            raise unexpected(error) from None

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

    @property
    def is_here(self) -> bool:
        """True on the loop's own thread, which cannot wait for itself."""
        return self._loop is not None and getattr(_thread, "loop", None) is self._loop

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
                self._under_way.clear()
            return self._loop


def _new_loop() -> asyncio.AbstractEventLoop:
    """Make a loop. Raises OSError before one is half made, which would complain when it is thrown away."""
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

    Raises `InvalidCommand` for a loop that cannot be entered again, such as uvloop's; then nothing was run.
    """
    try:
        loop = asyncio.get_running_loop()
    except RuntimeError:
        asyncio.run(work)
        return
    try:
        _let_enter_again(loop)
    except BaseException:
        work.close()
        raise
    loop.run_until_complete(work)


def _let_enter_again(loop: asyncio.AbstractEventLoop) -> None:
    """Apply nest_asyncio2 to a loop. Raises `InvalidCommand` where that cannot be done."""
    if not isinstance(loop, asyncio.BaseEventLoop):
        raise _no_entry(loop, "keep_loop is for asyncio's own")  # before asyncio itself is changed for nothing
    try:
        import nest_asyncio2  # changes asyncio for good

        nest_asyncio2.apply(loop)
    except Exception as error:  # noqa: BLE001 - it changes asyncio itself, and each version of that may refuse
        raise _no_entry(loop, f"nest_asyncio2 says {type(error).__name__}: {error}") from None


def _no_entry(loop: asyncio.AbstractEventLoop, why: str) -> InvalidCommand:
    kind = type(loop)
    return InvalidCommand(
        f"this thread's event loop ({kind.__module__}.{kind.__qualname__}) cannot keep running while a call waits "
        f"({why}). The job goes on; wait for it with `await job`, or with job.wait() or --wait, without keep_loop"
    )


def check_may_wait(what: str) -> None:
    """Raise `InvalidCommand` on a background thread, where nothing would go on while it waits for `what`."""
    if is_background_thread():
        raise InvalidCommand(
            f"{what} cannot be waited for in a function that is called as a job moves (observe, on_end): all would "
            "stand still; do it on a thread of your own"
        )


def is_background_thread() -> bool:
    """Return True on the thread of a background loop."""
    return getattr(_thread, "loop", None) is not None


def _be_another_thread() -> None:
    """A process that is forked on a background thread goes on with it as its main thread."""
    _thread.loop = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_be_another_thread)


def _serve(loop: asyncio.AbstractEventLoop) -> None:
    """Run the loop until stopped, then let every task see its cancellation."""
    _thread.loop = loop
    asyncio.set_event_loop(loop)
    _run_until_stopped(loop)
    left = asyncio.all_tasks(loop)
    for task in left:
        task.cancel()
    # asyncio.wait, and not gather, which asks for a current loop: a new policy has none here
    if left:
        loop.run_until_complete(asyncio.wait(left))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


def _run_until_stopped(loop: asyncio.AbstractEventLoop) -> None:
    """Run whatever is raised: a task that wants to exit the process has ended, and others see paid work through."""
    while True:
        try:
            return loop.run_forever()
        except (SystemExit, KeyboardInterrupt):
            continue
