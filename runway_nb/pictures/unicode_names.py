"""Names that look the same in another Unicode form: one key for all of them.

macOS writes the letters of file names apart (NFD), others whole (NFC); its screenshots have a narrow no-break space
before AM and PM, and what is copied out of a window may carry marks that nobody sees.
"""

from __future__ import annotations

import unicodedata


def name_key(name: str) -> str:
    """Return the same text for names that look the same; capitals count."""
    if name.isascii() and name.isprintable():
        return name
    plain = unicodedata.normalize("NFKC", name)
    return "".join(" " if letter.isspace() else letter for letter in plain if unicodedata.category(letter) != "Cf")


def may_look_alike(name: str) -> bool:
    """Return False for a name that no other looks like: letters of ASCII, without a space."""
    return not name.isascii() or " " in name


def escaped_name(name: str) -> str:
    """Return the name with the numbers of all letters that are not ASCII: two that look the same then differ."""
    return ascii(name)[1:-1].replace("\\\\", "\\")
