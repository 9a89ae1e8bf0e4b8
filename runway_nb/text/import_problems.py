"""Why a module cannot be imported, in words; for client and simulator alike, so that both name it the same way."""

from __future__ import annotations

_LONGEST = 200
"""Characters of a foreign message that are shown."""


def import_problem(module: str, error: BaseException) -> str:
    """Return which module failed and why: that it is not installed, what it misses, or what its import raised."""
    missing = getattr(error, "name", None) or module
    if isinstance(error, ModuleNotFoundError):
        if missing == module:
            return f"{module} is not installed"
        return f"{module} cannot be imported, since {missing} is not installed"
    text = " ".join(str(error).split())[:_LONGEST]
    return f"{module} cannot be imported ({': '.join(filter(None, (type(error).__name__, text)))})"
