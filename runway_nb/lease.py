"""Who sees a job through: a lease that its owner renews, and that anybody may take once it has run out.

One owner is one studio of one process. A process that is gone for certain frees its jobs at once; one that
cannot be asked (another machine, another user) when its lease has run out.
"""

from __future__ import annotations

import os
import secrets
import socket

LEASE_SECONDS = 20.0
"""How long a lease holds after it was last renewed."""
RENEW_SECONDS = 5.0
"""Seconds between two renewals."""


def new_owner() -> str:
    """A name for an owner: machine, process, and a random part, since process numbers come again."""
    return f"{socket.gethostname()}/{os.getpid()}/{secrets.token_hex(4)}"


def is_held(owner: str, lease: float, now: float) -> bool:
    """True while the lease of `owner` until `lease` (Unix seconds) keeps others away."""
    return lease > now and not is_gone(owner)


def is_gone(owner: str) -> bool:
    """True when the process of `owner` has ended for certain."""
    host, _, rest = owner.partition("/")
    number = rest.partition("/")[0]
    # Windows has no harmless way to ask: signal 0 would end the process there
    if host != socket.gethostname() or not number.isdigit() or os.name != "posix":
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except OSError:
        return False
    return False
