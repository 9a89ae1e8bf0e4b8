"""A ledger that is away for a while: jobs that need its answer wait for it, and nothing is sent meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..errors import LedgerError
from .context import JobContext

T = TypeVar("T")
AWAY_SECONDS, AGAIN_SECONDS = 120.0, 1.0
"""How long a job waits for a ledger that cannot be read, and how often it asks; a choice of ours."""


async def ask_ledger(context: JobContext, ask: Callable[[], T], say: Callable[[str], None]) -> T:
    """Return what the ledger answers. Raises `LedgerError` once it has been away for `AWAY_SECONDS`.

    Args:
        context: Of the job that waits.
        ask: Asks the ledger.
        say: Is told why it waits, each time.
    """
    give_up = context.env.monotonic() + AWAY_SECONDS
    while True:
        try:
            return ask()
        except LedgerError as away:
            if context.env.monotonic() >= give_up:
                raise
            say(away.message)
        await context.pause(AGAIN_SECONDS)
