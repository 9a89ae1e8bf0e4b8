"""One function over many items, by an executor: in the threads of this process, or wherever another one runs it."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from typing import TypeVar

from ..errors import MissingExtra, RunwayError

Item = TypeVar("Item")
Result = TypeVar("Result")

_THREADS = 4
"""Items at once in this process: each holds a clip that is being decoded."""


def mapped(
    executor: Executor | None, function: Callable[[Item], Result], items: Sequence[Item]
) -> Generator[Result, None, None]:
    """Yield what a function makes of each item, in their order.

    What an executor cannot do is done here: a worker has died or lacks an extra, or it takes nothing any more.

    Args:
        executor: None for threads of this process. To others function and items are pickled.
        function: One of a module; whatever goes wrong in it is a `RunwayError`.
        items: Each is given to one call.

    Raises the first `RunwayError` of the function; what has not begun by then is taken back.
    """
    with ThreadPoolExecutor(min(_THREADS, os.cpu_count() or 1)) as threads:
        futures = [_submitted(threads if executor is None else executor, function, item) for item in items]
        try:
            for future, item in zip(futures, items, strict=True):
                yield _result(future, function, item)
        finally:
            for future in futures:
                if future is not None:
                    future.cancel()


def _submitted(executor: Executor, function: Callable[[Item], Result], item: Item) -> Future[Result] | None:
    """Return what will hold the result; None where nothing is taken any more."""
    try:
        return executor.submit(function, item)
    except Exception:  # noqa: BLE001 - broken, shut down, or whatever a foreign class raises
        return None


def _result(future: Future[Result] | None, function: Callable[[Item], Result], item: Item) -> Result:
    if future is None:
        return function(item)
    try:
        return future.result()
    except MissingExtra:
        return function(item)
    except RunwayError:
        raise
    except Exception:  # noqa: BLE001 - the executor's, for the function raises no other: its worker died, say
        return function(item)
