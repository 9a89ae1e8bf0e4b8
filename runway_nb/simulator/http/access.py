"""Who is answered. A loopback port is open to every user of the machine, so nothing private goes by the port alone.

Calls of the API bring a token, links to files a signature (`links`), and the page and the control path, which show
and change what all users have, a key. A simulator that stands alone takes every token of the documented form; an
embedded one serves its own process and takes one token, drawn when it is made.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from urllib.parse import parse_qs

from starlette.types import Scope

from ..service.contract import TOKEN, RefusedError
from ..service.signed_links import ARTIFACTS

EMBEDDED_USER = "1"
"""Whose tasks those of an embedded simulator are: the same in every process, so that they are found again."""
KEY_FORM = re.compile(r"[A-Za-z0-9._~-]{8,}")
KEY_HEADER, KEY_FIELD = b"x-simulator-key", "key"
CONTROL = "/simulator"
_NO_KEY = (
    "The key is missing or wrong. Open the address that %runway simulator shows, or that was printed at the start: "
    "it ends in ?key=... The header X-Simulator-Key does as well."
)


@dataclass(frozen=True)
class Access:
    """What opens a simulator."""

    token: str | None = field(default=None, repr=False)
    """The only token that is good; None: any of the right form."""
    key: str | None = field(default=None, repr=False)
    """Opens the page and the control path; None: they are open to everybody on this machine."""
    embedded: bool = False
    """The token opens page and control path, too, and without it no other path is answered at all."""

    def owner(self, authorization: str | None) -> str:
        """Return the user number of a good `Authorization` header (API facts 2)."""
        scheme, _, given = (authorization or "").partition(" ")
        match = TOKEN.fullmatch(given)
        if scheme.lower() != "bearer" or match is None or (self.token is not None and not _equal(given, self.token)):
            raise RefusedError(401, "Unauthorized")
        return match[1]

    def check(self, path: str, scope: Scope) -> None:
        """Raise `RefusedError` for a call that may not come as far as the handlers."""
        headers = dict(scope["headers"])
        if path == "/" or path == CONTROL or path.startswith(CONTROL + "/"):
            if not self._opens(_shown_keys(headers, scope["query_string"])):
                raise RefusedError(403, _NO_KEY)
        elif self.embedded and not (path.startswith(ARTIFACTS) and scope["method"] in ("GET", "HEAD")):
            self.owner(headers.get(b"authorization", b"").decode("latin-1"))

    def masked(self, text: str) -> str:
        """Return a text for the log."""
        for secret in filter(None, (self.token, self.key)):
            text = text.replace(secret, "…")
        return text

    def _opens(self, shown: Iterable[str]) -> bool:
        good = [self.key, self.token if self.embedded else None]
        return self.key is None or any(_equal(one, other) for one in shown for other in good if other)


def embedded_access() -> Access:
    """Return fresh secrets for the simulator of one process."""
    return Access(f"user:{EMBEDDED_USER}-{secrets.token_hex(20)}", new_key(), embedded=True)


def new_key() -> str:
    """Return a key that nobody can guess."""
    return secrets.token_hex(20)


def checked_key(key: str) -> str:
    """Return a key of the user's own. Raises `ValueError`."""
    if not KEY_FORM.fullmatch(key):
        raise ValueError(f"the key has {len(key)} characters: give 8 or more, letters, digits and . _ ~ - only")
    return key


def _shown_keys(headers: dict[bytes, bytes], query: bytes) -> list[str]:
    login = headers.get(b"authorization", b"").decode("latin-1").partition(" ")
    bearer = login[2] if login[0].lower() == "bearer" else ""
    given = parse_qs(query.decode("latin-1"), errors="replace").get(KEY_FIELD, [])
    return [headers.get(KEY_HEADER, b"").decode("latin-1"), bearer, *given[:1]]


def _equal(one: str, other: str) -> bool:
    """Return True for equal texts, in a time that reveals nothing."""
    return hmac.compare_digest(one.encode("utf-8", "replace"), other.encode("utf-8", "replace"))
