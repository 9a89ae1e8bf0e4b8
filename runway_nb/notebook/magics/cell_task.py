"""Which asyncio task runs a cell: there a cancellation is an interrupt by the user."""

from __future__ import annotations

import asyncio

CELL_COROUTINES = frozenset({"run_cell_async"})
"""The coroutine in which ipykernel 6.30 and 7.4 run a cell."""


def is_cell_task() -> bool:
    """Return True when the current task is the one in which a kernel runs a cell."""
    task = asyncio.current_task()
    return task is not None and getattr(task.get_coro(), "__name__", "") in CELL_COROUTINES
