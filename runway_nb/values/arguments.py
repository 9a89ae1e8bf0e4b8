"""The arguments of public methods, read by their annotations before the method sees them."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection
from functools import wraps
from typing import Any, ParamSpec, TypeVar

from ..errors import LedgerError
from .plain import Unusable, checked_number, checked_switch, checked_text, checked_whole, plain, shown

P = ParamSpec("P")
R = TypeVar("R")

LARGEST = 2**63 - 1
"""The largest whole number that a database takes."""

_READERS: dict[str, Callable[[object, str], object]] = {
    "str": checked_text,
    "bool": checked_switch,
    "int": lambda value, name: checked_whole(value, name, -LARGEST, LARGEST),
    "float": lambda value, name: checked_number(value, name, "a number"),
}


def plain_arguments(method: Callable[P, R]) -> Callable[P, R]:
    """Read texts, numbers and switches: `np.int64(5)` is 5, and what is none is refused.

    A `timeout` is left to who waits. The method then raises `InvalidRequest` as its first act. Not for secrets:
    these should stand in as few places as can be.
    """
    signature = inspect.signature(method)
    readers = {
        name: read
        for name, parameter in signature.parameters.items()
        if name != "timeout" and (read := _READERS.get(parameter.annotation)) is not None
    }

    @wraps(method)
    def called(*given: P.args, **named: P.kwargs) -> R:
        bound = signature.bind(*given, **named)
        for name, read in readers.items():
            if name in bound.arguments:
                bound.arguments[name] = read(bound.arguments[name], name)
        return method(*bound.args, **bound.kwargs)

    return called


def plain_columns(changes: dict[str, Any], besides: Collection[str]) -> dict[str, Any]:
    """What is written into a database, as values that it takes; `besides` are columns of other kinds.

    Raises `LedgerError`.
    """
    row = {name: value if name in besides else plain(value) for name, value in changes.items()}
    for name, value in row.items():
        if isinstance(value, Unusable) or (type(value) is int and abs(value) > LARGEST):
            raise LedgerError(f"{name} is {shown(value)}: a job holds texts and numbers")
    return row
