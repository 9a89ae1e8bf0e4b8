"""How many examples a test draws: all of them in `make test`, a twelfth in `make quick`."""

from __future__ import annotations

from hypothesis import settings

USUAL = 100
"""Examples of a test that names no number, in the profile of `make test`."""


def examples(number: int) -> int:
    """Return `number`, in proportion to what the profile in use draws."""
    assert settings.default is not None
    return max(5, number * settings.default.max_examples // USUAL)
