"""E-mail addresses of accounts, kept out of the ledger's rows."""

from __future__ import annotations

import hashlib
import re
from contextlib import suppress
from pathlib import Path

from .private_files import private_folder, write_private

_ID = re.compile(r"runwayml:(?P<email>[^\s\"]+?)-(?:task|asset):")
_KEY = re.compile(r"account~[0-9a-f]{12}")


class AccountBook:
    """Addresses, each in a private file named by a key (its hash); ids are stored with the key in its place."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def mask(self, text: str) -> str:
        """`text` with the e-mail of every id replaced by its key."""
        return _ID.sub(lambda match: match[0].replace(match["email"], self.key(match["email"]), 1), text)

    def unmask(self, text: str) -> str:
        """The text that was masked."""
        return _KEY.sub(lambda match: self._address(match[0]), text)

    def key(self, address: str) -> str:
        """What stands in the ledger for an address; nothing for none."""
        address = address.encode(errors="replace").decode()
        if not address or _KEY.fullmatch(address):
            return address
        key = "account~" + hashlib.sha256(address.encode()).hexdigest()[:12]
        if self._address(key) != address:
            self._write(self._folder / key, address)
        return key

    def _write(self, path: Path, address: str) -> None:
        private_folder(self._folder)
        # the rows that need it are on disk when they are written, so it has to be there before
        write_private(path, address.encode(), durable=True)

    def _address(self, key: str) -> str:
        with suppress(FileNotFoundError):
            return (self._folder / key).read_text()
        return key
