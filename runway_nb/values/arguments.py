"""The arguments of public methods, read by their annotations before the method sees them."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec, TypeVar, cast

from .plain import checked_number, checked_switch, checked_text, checked_whole

P = ParamSpec("P")
R = TypeVar("R")

LARGEST = 2**63 - 1
"""The largest whole number that a database takes."""
_NOWHERE = 2**31
"""The place of an argument that is given by name alone."""

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
    readers = [
        (place if parameter.kind is not inspect.Parameter.KEYWORD_ONLY else _NOWHERE, parameter.name, read)
        for place, parameter in enumerate(inspect.signature(method).parameters.values())
        if parameter.name != "timeout" and (read := _READERS.get(parameter.annotation)) is not None
    ]

    @wraps(method)
    def called(*args: P.args, **kwargs: P.kwargs) -> R:
        given: list[Any] = list(args)
        for place, name, read in readers:
            if name in kwargs:
                kwargs[name] = read(kwargs[name], name)
            elif place < len(given):
                given[place] = read(given[place], name)
        return cast("Callable[..., R]", method)(*given, **kwargs)

    return called
