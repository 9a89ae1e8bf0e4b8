"""What becomes of a call over HTTP that fails: one exception of ours for all of httpx, of what lies beneath it, and of
the system. It keeps no foreign error: those hold requests, and the token is in their headers.
"""

from __future__ import annotations

import errno
import socket
import ssl
from collections.abc import Iterator

import httpx

NO_HANDLES = (errno.EMFILE, errno.ENFILE)
"""The system has no handle left for another file or connection."""
HANDLES, NAME, TLS, CONNECTION, PROXY, REST = "handles", "name", "tls", "connection", "proxy", ""
"""Kinds of failures, by what can be done about them."""
_WORDS = {
    HANDLES: "too many files are open: close some, or raise the limit with ulimit -n",
    NAME: "the host, or its proxy, cannot be found",
    TLS: "no trusted TLS connection: see SSL_CERT_FILE and SSL_CERT_DIR",
    PROXY: "see HTTPS_PROXY, ALL_PROXY and NO_PROXY",
}


class TransportFailure(Exception):
    """A call that broke: what happened, as a text for a bracket."""

    def __init__(self, error: BaseException, *, may_have_left: bool) -> None:
        self.kind = kind_of(error)
        super().__init__(": ".join(filter(None, (type(error).__name__, _WORDS.get(self.kind)))))
        self.may_have_left = may_have_left
        """A byte of the request may have left this machine."""


class BodyProblem(Exception):
    """A body that is not to be read. The text goes on after "the answer is" or "the answer has"."""


def kind_of(error: BaseException) -> str:
    """Return what a failure is about."""
    behind = tuple(causes(error))
    if any(isinstance(cause, OSError) and cause.errno in NO_HANDLES for cause in behind):
        return HANDLES
    if any(isinstance(cause, (socket.gaierror, UnicodeError)) for cause in behind):
        return NAME
    if any(isinstance(cause, ssl.SSLError) for cause in behind):
        return TLS
    if isinstance(error, (httpx.ConnectError, OSError)):
        return CONNECTION
    # our addresses have been read before: what cannot be read now is that of a proxy
    if isinstance(error, (httpx.ProxyError, httpx.InvalidURL, ValueError, ImportError)):
        return PROXY
    return REST


def causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that lies behind it."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        found = left.pop()
        if found is not None and id(found) not in seen:
            seen.add(id(found))
            yield found
            left += [found.__cause__, found.__context__, *getattr(found, "exceptions", ())]
