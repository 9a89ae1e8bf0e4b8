"""IPython shells for one test each, without a kernel and without a history."""

from __future__ import annotations

import atexit
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from IPython.core.interactiveshell import InteractiveShell
from traitlets.config import Config


def _without_history() -> Config:
    """Each history has a thread, which would outlive its test."""
    return Config({"HistoryManager": {"enabled": False}})


@contextmanager
def own_shell() -> Iterator[Any]:
    """The shell that `get_ipython` gives meanwhile."""
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(user_ns={}, config=_without_history())
    yield shell
    InteractiveShell.clear_instance()
    forget(shell)


def another_shell() -> Any:
    """A shell that is not the running one; to be forgotten after use."""
    return InteractiveShell(user_ns={}, config=_without_history())


def forget(shell: Any) -> None:
    """Let go of a shell now: at the end of the run IPython would tidy up each, with a garbage collection."""
    atexit.unregister(shell.atexit_operations)
