"""One line of the report, and what looks for it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from typing import Generic, Literal, NamedTuple, TypeVar

T = TypeVar("T")

State = Literal["ok", "wrong", "unknown"]
"""unknown: it could not be looked at, or took too long."""


class Finding(NamedTuple):
    """What was found of one part."""

    name: str
    state: State
    text: str
    advice: str = ""
    """What to do, where something is wrong."""


class Check(NamedTuple):
    """A look at one part."""

    name: str
    """Of its finding, where it gives none in time."""
    look: Callable[[], Iterable[Finding]]
    """May take long, and may raise anything; runs on a thread of its own."""


def ok(name: str, text: str) -> Finding:
    """Return a finding with which all is well."""
    return Finding(name, "ok", text)


def wrong(name: str, text: str, advice: str) -> Finding:
    """Return a finding with which something is wrong, and what to do."""
    return Finding(name, "wrong", text, advice)


def unknown(name: str, text: str, advice: str = "") -> Finding:
    """Return a finding that could not be made."""
    return Finding(name, "unknown", text, advice)


class Once(Generic[T]):
    """Something that several checks need and that is found once; the others wait for it meanwhile."""

    def __init__(self, find: Callable[[], T]) -> None:
        self._find = find
        self._lock = threading.Lock()
        self._found: list[T] = []
        self._failure: Exception | None = None

    def __call__(self) -> T:
        """Return it, or raise what finding it raised: a question that failed is not asked again."""
        with self._lock:
            if self._failure is not None:
                raise self._failure.with_traceback(None)
            if not self._found:
                try:
                    self._found.append(self._find())
                except Exception as error:
                    self._failure = error
                    raise
            return self._found[0]
