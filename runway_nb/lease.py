"""Who sees a job through: a lease that its owner renews, and that anybody may take once it has run out.

One owner is one studio of one process. A process that is gone for certain frees its jobs at once; one that
cannot be asked (another machine, another user) when its lease has run out.
"""

from __future__ import annotations

import os
import secrets
import socket
from contextlib import suppress
from functools import lru_cache

LEASE_SECONDS = 20.0
"""How long a lease holds after it was last renewed."""
RENEW_SECONDS = 5.0
"""Seconds between two renewals."""


def new_owner() -> str:
    """A name for an owner: machine, process, and a random part, since process numbers come again."""
    return f"{_place()}/{os.getpid()}/{secrets.token_hex(4)}"


def is_held(owner: str, lease: float, now: float) -> bool:
    """True while the lease of `owner` until `lease` (Unix seconds) keeps others away.

    One that ends later than any renewal could make it comes from a clock that was set back since.
    """
    return now < lease <= now + 2 * LEASE_SECONDS and not is_gone(owner)


def is_gone(owner: str) -> bool:
    """True when the process of `owner` has ended for certain."""
    place, _, rest = owner.partition("/")
    number = rest.partition("/")[0]
    # Windows has no harmless way to ask: signal 0 would end the process there
    if place != _place() or not number.isdigit() or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False


@lru_cache(maxsize=1)
def _place() -> str:
    """Where process numbers mean the same: a machine, and on Linux a namespace of it (a container's, say)."""
    with suppress(OSError):
        return f"{socket.gethostname()} {os.readlink('/proc/self/ns/pid')}"
    return socket.gethostname()
