"""What the ledger asks of a database, whichever engine it is; and no connection crosses a fork.

The statements of the ledger speak the words that SQLite and PostgreSQL share: placeholders `?` and `:name`,
`ON CONFLICT`, switches as the numbers 0 and 1. What one of them lacks it is given where it is opened.
"""

from __future__ import annotations

import os
import threading
import weakref
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

from ..values.handle import Handle
from .search_text import Phrase


class Row(Protocol):
    """A row of an answer: by number, by name, and as a dict."""

    def __getitem__(self, key: Any, /) -> Any:
        """Return one value."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the values in order."""

    def keys(self) -> Iterable[str]:
        """Return the names of the columns."""


class Cursor(Protocol):
    """The answer to a statement."""

    @property
    def rowcount(self) -> int:
        """How many rows were changed."""

    def fetchone(self) -> Any:
        """Return the next row, or None."""

    def fetchall(self) -> list[Any]:
        """Return the rows that are left."""

    def __iter__(self) -> Iterator[Any]:
        """Yield the rows that are left."""


class Connection(Protocol):
    """An open database."""

    def execute(self, statement: str, values: Any = ..., /) -> Cursor:
        """Run one statement; `values` is a sequence for `?`, a mapping for `:name`."""


class Database(Handle, ABC):
    """One connection, opened at the first use, for one thread at a time.

    Every failure is one `LedgerError`.
    """

    def __init__(self) -> None:
        self._lock = threading.RLock()
        _MADE.add(weakref.ref(self, _MADE.discard))

    @property
    @abstractmethod
    def location(self) -> str:
        """Where it is, as it may be shown."""

    @abstractmethod
    def close(self) -> None:
        """Close the connection; the next call opens it again."""

    @abstractmethod
    def opened(self) -> AbstractContextManager[Connection]:
        """Open the connection, for this thread alone."""

    @abstractmethod
    def transaction(self) -> AbstractContextManager[Connection]:
        """Open a change that nothing comes in between of; it is kept at the end, or undone by an error."""

    @abstractmethod
    def matching(self, connection: Any, wanted: Sequence[Phrase]) -> tuple[str, list[Any]]:
        """Return the SQL condition of the jobs in which all phrases stand, and its values."""


_MADE: set[weakref.ref[Database]] = set()
"""All there are. No WeakSet: that one cannot be gone through while another thread makes one, or drops one. A copy asks
for its memory, by which some may be dropped, before it begins; a tuple of them does so on the way."""
_FORK = threading.Lock()
_HELD: list[Database] = []
"""Those that are kept closed during a fork."""


def _close_before_fork() -> None:
    """Close what is open: a forked child would damage a file by SQLite's locks, and talk into a server's answers."""
    _FORK.acquire()
    for database in filter(None, [made() for made in _MADE.copy()]):
        database._lock.acquire()
        _HELD.append(database)
        database.close()


def _go_on_after_fork() -> None:
    for database in _HELD:
        database._lock.release()
    _HELD.clear()
    _FORK.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_close_before_fork, after_in_parent=_go_on_after_fork, after_in_child=_go_on_after_fork)
