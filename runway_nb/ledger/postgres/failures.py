"""What goes wrong with a server, in one line with what to do."""

from __future__ import annotations

from typing import NoReturn

import psycopg
from psycopg import errors as pg

from ...errors import RunwayError
from ...ledger_address import LedgerAddress

FAILURES = (psycopg.Error, psycopg.Warning, OSError, ValueError, OverflowError, MemoryError)
"""All that psycopg, the network and the values between them raise."""
NOTHING_SENT = "nothing is sent while it is away, and jobs that run go on"
_LINES: tuple[tuple[tuple[type[Exception], ...], str], ...] = (
    ((pg.InvalidPassword, pg.InvalidAuthorizationSpecification),
     "the ledger {where} does not let you in ({error}): check user name and password of RUNWAY_NB_LEDGER"),
    ((pg.InvalidCatalogName,),
     "there is no database of the ledger {where} ({error}): make it, or correct RUNWAY_NB_LEDGER"),
    ((pg.InsufficientPrivilege,),
     "the ledger {where} may not be used ({error}): ask its owner for the right to (docs: A class on JupyterHub)"),
    ((pg.ReadOnlySqlTransaction,),
     "the ledger {where} cannot be written ({error}): the server is a standby; name the primary in RUNWAY_NB_LEDGER"),
    ((pg.LockNotAvailable, pg.QueryCanceled),
     "the ledger {where} is held by another process ({error}): run the cell again"),
    ((pg.DiskFull, pg.OutOfMemory, pg.TooManyConnections),
     "the server of the ledger {where} has no room left ({error}): tell who looks after it"),
    ((pg.DataError, ValueError, OverflowError), "the ledger {where} cannot hold such a value ({error})"),
    ((pg.OperationalError, psycopg.InterfaceError, OSError),
     f"the ledger {{where}} cannot be reached ({{error}}): {NOTHING_SENT}; run the cell again when it is back"),
    ((Exception,), "the ledger {where} cannot be used: {error}"),
)  # fmt: skip
_REFUSED = (  # psycopg gives a failed connection no class of its own
    ("password authentication failed", 0), ("no password supplied", 0), ("pg_hba.conf", 0),
    ("does not exist", 1), ("too many", 5), ("starting up", 7), ("read-write", 3),
)  # fmt: skip
_LONGEST = 200


def explained(error: Exception, address: LedgerAddress) -> str:
    """Return one line for a failure, without the password of the address."""
    text = " ".join(str(error).split()) or type(error).__name__
    for secret in sorted(address.secrets, key=len, reverse=True):
        text = text.replace(secret, "***")
    return _line(error, text).format(where=address, error=text[:_LONGEST].replace("{", "(").replace("}", ")"))


def raise_alone(error: RunwayError) -> NoReturn:
    """Raise an error without what led to it: the errors of psycopg hold the password of their connection."""
    try:
        raise error
    finally:
        error.__context__ = None


def _line(error: Exception, text: str) -> str:
    if type(error) is psycopg.OperationalError:
        number = next((number for part, number in _REFUSED if part in text), None)
        if number is not None:
            return _LINES[number][1]
    return next(line for kinds, line in _LINES if isinstance(error, kinds))
