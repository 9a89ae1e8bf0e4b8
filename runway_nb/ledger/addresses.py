"""E-mail addresses of accounts, kept out of the ledger's rows."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path
from typing import Protocol

from ..redaction import addresses, know_address
from ..storage.atomic_file import write_private
from ..storage.private_files import private_folder, read_private
from ..values.whole_text import whole_text

_ID = re.compile(r"runwayml:(?P<email>[^\s\"]+?)-(?:task|asset):", re.IGNORECASE)
KEY = re.compile(r"account~[0-9a-f]{12}")
"""What stands in a row for an address."""
LONGEST = 64 * 1024
"""Bytes of the file of an address; a link with a password is longer than any other."""
_NESTED = 4
"""So deep keys may lie in one another: in the password of a link there may be an id."""


class Addresses(Protocol):
    """Where addresses lie, each by its key."""

    def read(self, key: str) -> str | None:
        """Return the address; None where there is none. Raises `OSError`, `ValueError` where it cannot be had."""

    def write(self, key: str, address: str) -> None:
        """Keep an address, on disk before the rows that need it."""


class AddressFolder:
    """Addresses in private files, each named by its key."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self, key: str) -> str | None:
        """Return the address; None where there is no such file. Raises `OSError`, `ValueError`."""
        try:
            return read_private(self._folder / key, LONGEST).decode()
        except (FileNotFoundError, NotADirectoryError):
            return None

    def write(self, key: str, address: str) -> None:
        """Write an address to its file, durably: the rows that need it are on disk when they are written."""
        private_folder(self._folder)
        write_private(self._folder / key, address.encode(), durable=True)


class NoAddresses:
    """Keeps none: for a look into a ledger that writes nothing."""

    def read(self, key: str) -> str | None:  # noqa: ARG002 - as of those that keep some
        """Return None."""
        return None

    def write(self, key: str, address: str) -> None:
        """Forget it."""


class AccountAddresses:
    """Addresses by key (their hash); ids are stored with the key in the address's place."""

    def __init__(self, kept: Addresses) -> None:
        self._kept = kept
        self._read: dict[str, str] = {}

    def mask(self, text: str) -> str:
        """Return `text` with every e-mail address, in any spelling, and every password of a link replaced by a key.

        Equal texts give equal ones, so that a row is found by what stands in it.
        """
        text = _ID.sub(self._keyed, text)
        for start, end in reversed(addresses(text)):
            text = f"{text[:start]}{self.key(text[start:end])}{text[end:]}"
        return text

    def _keyed(self, match: re.Match[str]) -> str:
        start, end = (position - match.start() for position in match.span("email"))
        return f"{match[0][:start]}{self.key(match['email'])}{match[0][end:]}"

    def unmask_if_known(self, text: str) -> str:
        """Return the text that was masked, or `text` itself where an address cannot be had."""
        with suppress(OSError, ValueError):
            return self.unmask(text)
        return text

    def unmask(self, text: str) -> str:
        """Return the text that was masked. Raises `OSError`, `ValueError` where an address cannot be had."""
        for _ in range(_NESTED):
            before, text = text, KEY.sub(lambda match: self._address(match[0]), text)
            if text == before:
                break
        return text

    def key(self, address: str) -> str:
        """Return what stands in the ledger for an address; nothing for none."""
        address = whole_text(address)
        if not address or KEY.fullmatch(address):
            return address
        know_address(address)
        key = "account~" + hashlib.sha256(address.encode()).hexdigest()[:12]
        if self._found(key) != address:
            self._kept.write(key, address)
        self._read[key] = address
        return key

    def _found(self, key: str) -> str | None:
        """Return the address that is kept; None where it cannot be had, and is written anew."""
        with suppress(OSError, ValueError):
            return self._kept.read(key)
        return None

    def _address(self, key: str) -> str:
        """Return the address, read once; the key itself where none is kept. Raises `OSError`, `ValueError`."""
        if key not in self._read:
            address = self._kept.read(key)
            if address is None:
                return key
            know_address(address)
            self._read[key] = address
        return self._read[key]
