"""Where the token comes from. The token itself is shown nowhere."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..credentials import TOKEN_NAME, Secret, Store, checked_token, secret_of
from ..errors import RunwayError
from .finding import Finding, ok, wrong
from .masking import GetEnv

ARGUMENT = "an argument"
LOGIN = "%runway login keeps a new one outside of the notebook"
NamedStore = tuple[str, Store]
"""A place where a token may lie, and what asks it."""


class TokenFound(NamedTuple):
    """A token, or why there is none."""

    origin: str = ""
    """Where it lies; nothing without one."""
    token: Secret | None = None
    problem: str = ""
    """Why it cannot be used."""


def find_token(stores: Sequence[NamedStore], in_use: Secret | None = None, getenv: GetEnv = os.getenv) -> TokenFound:
    """Return the token that the next request is sent with.

    Args:
        stores: The places besides the environment, in order.
        in_use: That of the studio of this process, if it has one.
        getenv: Gives a variable of the environment.
    """
    environment: NamedStore = (f"the variable {TOKEN_NAME}", lambda: secret_of(getenv(TOKEN_NAME)))
    for origin, ask in (environment, *stores):
        try:
            token = secret_of(ask())
            if token is not None:
                return TokenFound(origin, checked_token(token))
        except RunwayError as error:
            return TokenFound(origin, None, error.message)
    return TokenFound(ARGUMENT, in_use) if in_use is not None else TokenFound()


def look_at_token(token: Callable[[], TokenFound]) -> Iterator[Finding]:
    """Yield where the token comes from."""
    found = token()
    if found.problem:
        problem, _, advice = found.problem.partition(": ")
        yield wrong("token", f"from {found.origin}, and cannot be used: {problem}", advice or LOGIN)
    elif found.token is None:
        yield ok("token", "none: videos come from the simulator on this machine (%runway login keeps a token)")
    else:
        yield ok("token", f"from {found.origin}")
