"""The studio of this process, where there is one; light, since the extension asks for it when it is unloaded."""

from __future__ import annotations

import atexit
import os
import threading
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .studio import Studio

# a reload of this module finds its studio again: a second one would be a second owner of the same jobs
_studio: Studio | None = globals().get("_studio")
_mark: object = globals().get("_mark")
"""What its settings were decided from."""
_lock: threading.RLock = globals().get("_lock") or threading.RLock()


def studio_lock() -> threading.RLock:
    """Return what is held while the studio of this process is made, changed or closed."""
    return _lock


def made_studio() -> tuple[Studio | None, object]:
    """Return the studio of this process, None before its first use, and the mark of its settings."""
    return _studio, _mark


def keep_studio(studio: Studio, mark: object) -> None:
    """Make a studio the one of this process, closed at its end.

    Args:
        studio: The studio.
        mark: What its settings were decided from; None to have them decided at its next use.
    """
    global _studio, _mark
    with _lock:
        if _studio is None:
            atexit.register(close_studio)
        _studio, _mark = studio, mark


def is_of_process(studio: Studio) -> bool:
    """Return True for the studio of this process."""
    return _studio is studio


def forget_studio(studio: Studio) -> None:
    """Forget a studio that is being closed, where it is the one of this process: the next use makes another."""
    global _studio
    with _lock:
        if _studio is studio:
            _studio = None
            atexit.unregister(close_studio)


def close_studio() -> None:
    """Stop following and forget the studio of this process."""
    studio, _ = made_studio()
    if studio is not None:
        studio.close()


def _forget_in_child() -> None:
    """Forget the studio in a forked child: loop, connections, locks and jobs belong to the parent."""
    global _studio, _lock
    _studio, _lock = None, threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget_in_child)
