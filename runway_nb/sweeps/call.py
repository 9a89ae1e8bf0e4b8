"""The call of Python that makes a sweep again, from what was given to it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from ..camera import Camera
from ..redaction import redact_line
from ..values.plain import column, is_a, kind_of, plain

_MOST = 200
"""Values of an axis that are written out."""
_DEEPEST = 2
"""Lists within lists: the values of an axis may be pairs."""
_LONGEST = 500
"""Characters of one value."""


def sweep_call(prompt: str, arguments: Mapping[str, Any]) -> str:
    """Return `runway_nb.sweep(…)` with a line for each argument that was given.

    What has no short spelling, such as a picture or a table, is written as three dots, with its kind behind it.
    """
    given = {name: value for name, value in arguments.items() if value is not None and value is not False}
    lines = [f"    {prompt!r},", *(_line(name, value) for name, value in given.items())]
    return "\n".join(["runway_nb.sweep(", *lines, ")"])


def _line(name: str, value: Any) -> str:
    written = _written(value)
    if written is None or len(written) > _LONGEST:
        return f"    {name}=...,  # {redact_line(kind_of(value))}"
    return f"    {name}={written},"


def _written(value: Any, depth: int = 0) -> str | None:
    """Return a value as Python reads it back; None for one that has no short spelling, as a list in itself."""
    if is_a(value, Camera):
        moves = {**value.moves, **({"static": True} if value.static else {})}
        return f"runway_nb.Camera({', '.join(f'{name}={_number(move)}' for name, move in moves.items())})"
    if is_a(value, range):
        return repr(value)
    items = value if is_a(value, list, tuple) else column(value)
    if items is not None:
        return _list(items, depth + 1) if len(items) <= _MOST and depth < _DEEPEST else None
    if is_a(value, PurePath):
        return repr(str(value))
    found = plain(value)
    return _number(found) if is_a(found, str, int, float, bool) else None


def _list(items: Sequence[Any], depth: int) -> str | None:
    written = [text for item in items if (text := _written(item, depth)) is not None]
    return f"[{', '.join(written)}]" if len(written) == len(items) else None


def _number(value: Any) -> str:
    return repr(int(value) if is_a(value, float) and value.is_integer() else value)
