"""Functions that a lower package calls and a higher one provides, so that imports point down.

The package itself says where each is (`runway_nb/__init__`); it is imported when it is first called.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

_PROVIDED: dict[str, str] = {}


def provide(point: str, function: str) -> None:
    """Say where the function of a point is, as `module:name`."""
    _PROVIDED[point] = function


def provided(point: str) -> Callable[..., Any]:
    """Return the function of a point. Raise `RunwayError` where its module cannot be read, as with too few handles."""
    from .values.plain import unexpected  # first use

    module, _, name = _PROVIDED[point].partition(":")
    try:
        function: Callable[..., Any] = getattr(import_module(module), name)
    except OSError as error:
        raise unexpected(error, "a part of the package cannot be loaded") from None
    return function
