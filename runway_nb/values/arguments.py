"""The arguments of public methods, read by their annotations before the method sees them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from .plain import checked_number, checked_switch, checked_text, checked_whole

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
    """Make a method read texts, numbers and switches: `np.int64(5)` is 5, and what is none is refused.

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
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        bound = signature.bind(*args, **kwargs)
        for name, read in readers.items():
            if name in bound.arguments:
                bound.arguments[name] = read(bound.arguments[name], name)
        return method(*bound.args, **bound.kwargs)

    return called
