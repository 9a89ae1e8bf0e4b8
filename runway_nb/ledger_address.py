"""The address of a ledger on a server: checked before anything is asked of it, its password never shown."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, quote, unquote, urlsplit

from .errors import NotPicklable, SettingsError
from .redaction import know_token

EXAMPLE = "postgresql://HOST/DATABASE"
SCHEMES = ("postgresql", "postgres")
_UNREADABLE = re.compile(r"[#\s]|%(?![0-9A-Fa-f]{2})")
"""What libpq does not read in an address, and repeats where it says so."""
SHORTEST_SECRET = 6
"""Characters of a password that is masked wherever text is shown; a shorter one would mask half of all words."""


class LedgerAddress:
    """Where a server keeps the ledger.

    Its text is what may be shown: scheme, hosts and database, without user name, password and parameters.
    """

    __slots__ = ("_url",)

    def __init__(self, url: str) -> None:
        self._url = url.strip()
        for secret in self.secrets:
            if len(secret) >= SHORTEST_SECRET:
                know_token(secret)

    def reveal(self) -> str:
        """Return the address itself, as libpq takes it, for the one place that connects.

        https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-CONNSTRING
        """
        return self._url

    @property
    def password(self) -> str:
        """The password in it, as it is written there; nothing where there is none."""
        _, before, _, parameters = self._parts()
        return before.partition(":")[2] or parameters.get("password", "")

    @property
    def secrets(self) -> frozenset[str]:
        """Its passwords, as they are written there, as they are meant, and as others would write them."""
        given = {self.password, self._parts()[3].get("sslpassword", "")}
        meant = given | {unquote(text) for text in given}
        return frozenset(meant | {quote(text, safe="") for text in meant}) - {""}

    @property
    def problem(self) -> str:
        """What is wrong with it, without any of it; nothing where it can be tried."""
        scheme = self._url.partition("://")[0].lower()
        if scheme not in SCHEMES or "://" not in self._url:
            return f"ledger is no address of a PostgreSQL server: give {EXAMPLE}, or nothing for a file of your own"
        if self._is_unclear():
            return (
                "ledger is an address with a sign in its user name or password that stands for something else there: "
                "write / as %2F, @ as %40, # as %23, ? as %3F, % as %25"
            )
        _, _, path, parameters = self._parts()
        if "\0" in self._url or not (path.strip("/") or parameters.get("dbname")):
            return f"ledger is an address without a database: give {EXAMPLE}"
        return ""

    def _is_unclear(self) -> bool:
        """Return True where a password may be taken for a host, a database or a parameter."""
        signs, host_part = self._url.count("@"), self._url.partition("://")[2].replace("?", "/").partition("/")[0]
        is_elsewhere = signs > 1 or (signs == 1 and "@" not in host_part)
        return is_elsewhere or _UNREADABLE.search(self._url) is not None

    def _parts(self) -> tuple[str, str, str, dict[str, str]]:
        """Return hosts, what stands before them, path, and parameters; nothing of what cannot be read."""
        try:
            parts = urlsplit(self._url)
            before, _, hosts = parts.netloc.rpartition("@")
            parameters = dict(parse_qsl(parts.query))
        except ValueError:
            return "", "", "", {}
        return hosts or parameters.get("host", ""), before, parts.path, parameters

    def __str__(self) -> str:
        hosts, _, path, _ = ("", "", "", {}) if self.problem else self._parts()
        return f"postgresql://{hosts}{path}"

    def __repr__(self) -> str:
        return f"<LedgerAddress {self}>"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, LedgerAddress) and other._url == self._url

    def __hash__(self) -> int:
        return hash(self._url)

    def __reduce__(self) -> str:
        raise NotPicklable("the address of a ledger stays in its process: set RUNWAY_NB_LEDGER where it is needed")


def hidden_address(value: object) -> object:
    """Return a text as an address, which hides itself; anything else as it is. Never fails."""
    return LedgerAddress(value) if type(value) is str and value else value


def read_ledger_address(value: object) -> LedgerAddress | None:
    """Return the address; None for none. Raises `SettingsError`, in which no part of the value stands."""
    address = hidden_address(value)
    del value
    # the value may be anything, and anything may be asked of its type alone
    if address is None or type(address) is str:
        return None
    problem = address.problem if type(address) is LedgerAddress else f"ledger is no text: give {EXAMPLE}"
    if problem:
        raise SettingsError(problem)
    return address  # type: ignore[return-value]
