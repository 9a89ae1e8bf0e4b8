"""The lock under which one process changes the ledger's file."""

from __future__ import annotations

import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from .sqlite_errors import is_busy

BUSY_SECONDS = 30.0
"""How long a change waits for those of other processes."""
_WAIT = f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000:.0f}"
LOCK_PAUSES = (0.0005, 0.004)
"""Seconds between two tries to take the lock, drawn from this range."""


@contextmanager
def immediate(connection: sqlite3.Connection) -> Iterator[None]:
    """Yield a transaction that takes the write lock first: a later upgrade of a read would fail at once."""
    try:
        _lock(connection)
        yield
        connection.execute("COMMIT")  # commit() has it compiled anew each time, and is silent where nothing is open
    except BaseException:
        # a full disk may have rolled it back already
        with suppress(sqlite3.Error):
            connection.rollback()
        raise


def _lock(connection: sqlite3.Connection, draw: Callable[[float, float], float] = random.uniform) -> None:
    """Take the write lock. SQLite's own waiting sleeps ever longer, so that one of many waits for many seconds."""
    waited = 0.0
    connection.execute("PRAGMA busy_timeout = 0")
    try:
        while not _has_lock(connection):
            if waited > BUSY_SECONDS:
                raise sqlite3.OperationalError(f"it is locked for {BUSY_SECONDS:.0f} s now")
            pause = draw(*LOCK_PAUSES)
            time.sleep(pause)
            waited += pause
    finally:
        connection.execute(_WAIT)


def _has_lock(connection: sqlite3.Connection) -> bool:
    try:
        connection.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as busy:
        if not is_busy(busy):
            raise
    return connection.in_transaction
