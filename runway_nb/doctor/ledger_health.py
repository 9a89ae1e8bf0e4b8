"""The ledger: whether it can be read and written, and is sound."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ..errors import LedgerError
from ..ledger.health import LedgerHealth, examine
from ..ledger_address import LedgerAddress
from ..storage.home import LEDGER_NAME
from .finding import Finding, ok, unknown, wrong

CHECK_SECONDS = 5.0
"""How long looking through the ledger may take."""
_NAME = "ledger"


def look_at_ledger(
    home: Callable[[], Path],
    *,
    seconds: float = CHECK_SECONDS,
    examine: Callable[[Path, float], LedgerHealth] = examine,
    may_write: Callable[[Path], bool] = lambda path: os.access(path, os.W_OK),
) -> Iterator[Finding]:
    """Yield whether the ledger can be read and written, and is sound. Nothing in it is changed."""
    path = home() / LEDGER_NAME
    if not os.path.lexists(path):
        problem = _unreadable(path.parent)
        yield problem or ok(_NAME, "none yet: it begins with the first job")
        return
    try:
        health = examine(path, seconds)
    except LedgerError as error:
        # the message says what to do
        text, _, advice = error.message.partition(": ")
        yield wrong(_NAME, text, advice or "set RUNWAY_NB_HOME to a folder on a local disk")
        return
    if not may_write(path):
        yield wrong(_NAME, f"{path} cannot be written", "give yourself the right to (chmod u+w)")
        return
    yield _of_health(health, seconds)


def look_at_server(address: LedgerAddress) -> Iterator[Finding]:
    """Yield whether the ledger on a server can be used. Nothing in it is changed, and its password is not shown."""
    try:
        from ..ledger.postgres.health import examine as examine_server  # loads psycopg
    except ImportError as missing:
        yield wrong(_NAME, f"on a server, and psycopg is missing ({missing})", "pip install 'runway_nb[cluster]'")
        return
    try:
        health = examine_server(address)
    except LedgerError as error:
        text, _, advice = error.message.rpartition(": ")
        yield wrong(_NAME, text or advice, advice)
        return
    facts = f"PostgreSQL {health.engine}, {address}, step {health.step}, {health.jobs:,} jobs"
    if health.is_of_newer_version:
        yield wrong(_NAME, f"written by a newer runway_nb; {facts}", "pip install --upgrade runway_nb")
        return
    yield ok(_NAME, facts if health.step else f"{facts}: it begins with the first job")


def _unreadable(home: Path) -> Finding | None:
    """Return what is wrong where it cannot even be seen whether there is a ledger."""
    try:
        os.listdir(home)
    except (FileNotFoundError, NotADirectoryError):
        return None  # what is wrong with the home itself is a line of its own
    except OSError as error:
        return wrong(_NAME, f"{home} cannot be read ({error.strerror})", "give yourself the right to (chmod u+rwx)")
    return None


def _of_health(health: LedgerHealth, seconds: float) -> Finding:
    facts = (
        f"SQLite {health.engine}, journal {health.journal or 'unknown'}, step {health.step}, "
        f"{health.size / 1e6:,.1f} MB, {health.jobs:,} jobs"
    )
    if health.damage:
        return wrong(
            _NAME,
            f"damaged ({health.damage}): the next use sets it aside and begins a new one",
            "copy the file first; %runway list --account shows the tasks that were paid for",
        )
    if health.is_of_newer_version:
        return wrong(_NAME, f"written by a newer runway_nb; {facts}", "pip install --upgrade runway_nb")
    if not health.is_checked:
        return unknown(_NAME, f"{facts}; not looked through within {seconds:.0f} s")
    older = "; the next use brings it up to date" if health.is_of_older_version else ""
    return ok(_NAME, f"sound; {facts}{older}")
