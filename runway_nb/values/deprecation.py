"""Old names that work for one more version."""

from __future__ import annotations

import warnings


def warn_renamed(old: str, new: str) -> None:
    """Warn the caller of a property or function that its name has changed."""
    warnings.warn(f"{old} is {new} now; the old name goes with the next version", DeprecationWarning, stacklevel=3)
