"""What was typed on one line, in words: quotes of any keyboard, spaces of any width, numbers with any signs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

DASHES = "-\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63\uff0d"
"""Signs that stand for a hyphen where a keyboard, or a word processor, puts another in its place."""
_CLOSING = {
    '"': '"', "'": "'", "\uff02": "\uff02", "\uff07": "\uff07",
    "\u201c": '\u201d\u201c"', "\u201d": '\u201d"', "\u201e": '\u201c\u201d"', "\u201f": '\u201d"',
    "\u2018": "\u2019\u2018'", "\u2019": "\u2019'", "\u201a": "\u2018\u2019'", "\u201b": "\u2019'",
    "\u00ab": "\u00bb", "\u00bb": "\u00ab\u00bb", "\u2039": "\u203a", "\u203a": "\u2039\u203a",
    "\u300c": "\u300d", "\u300e": "\u300f", "\u301d": "\u301e\u301f",
}  # fmt: skip
"""The quotation marks that open, and what may close each: several languages, and editors that turn one mark only."""
QUOTES = frozenset("".join([*_CLOSING, *_CLOSING.values()]))
NO_WIDTH = "\u00ad\u061c\u200b\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2060\u2066\u2067\u2068\u2069\ufeff"
"""Marks without width that come with copied text. Joiners are not among them: names of files are spelt with these."""
JOINERS = "\u200c\u200d"
"""Marks without width that belong to words; around the name of a magic they are noise all the same."""
_SIGNS = str.maketrans({**dict.fromkeys(DASHES, "-"), "\uff0b": "+", "\uff0e": ".", "\u066b": ".", "\uff0c": ","})
_COMMA = re.compile(r"([-+]?\d*),(\d+)")


class OpenQuote(ValueError):
    """A quotation mark that nothing closes. `mark` is the mark."""

    def __init__(self, mark: str) -> None:
        super().__init__(mark)
        self.mark = mark

    def problem(self, where: str) -> str:
        """Return the mistake as a message about the line called `where`."""
        if self.mark in "'\"":
            return f"a quotation mark is left open on the {where} line: close it"
        return (
            f"the quotation mark {self.mark} ({unicodedata.name(self.mark)}) is left open on the {where} line: "
            "close it, or type straight ones"
        )


def split(line: str, quoted: Callable[[str], str] = str) -> list[str]:
    """Return the words of a line, without their quotes; backslashes stay, for paths.

    Any space parts words, and marks without width are left out; inside quotes both stay. Curly quotes count where a
    word, or a value after "=" or a comma, begins, so that an apostrophe is one. Raises `OpenQuote`.

    Args:
        line: What was typed.
        quoted: Gives what becomes of a text in quotes.
    """
    words: list[str] = []
    # a list, since a text that grows letter by letter takes seconds for a pasted megabyte
    word: list[str] | None = None
    position = 0
    while position < len(line):
        letter = line[position]
        if letter.isspace():
            words += [] if word is None else ["".join(word)]
            word = None
        elif letter in "'\"" or (letter in _CLOSING and (not word or word[-1] in "=,")):
            end = _closed(line, position)
            word = word or []
            word.extend(quoted(line[position + 1 : end]))
            position = end
        elif letter not in NO_WIDTH:
            word = word or []
            word.append(letter)
        position += 1
    return words if word is None else [*words, "".join(word)]


def _closed(line: str, start: int) -> int:
    """Return where the quotation mark at `start` is closed."""
    closing = _CLOSING[line[start]]
    end = next((at for at in range(start + 1, len(line)) if line[at] in closing), None)
    if end is None:
        raise OpenQuote(line[start])
    return end


def needs_quotes(word: str) -> bool:
    """Return True when a word would not come back from `split` as it is, or would continue the line."""
    return not word or word.endswith("\\") or any(c.isspace() or c in QUOTES or c in NO_WIDTH for c in word)


def seen(text: str) -> str:
    """Return `text` without the marks that have no width."""
    return "".join(letter for letter in text if letter not in NO_WIDTH)


def plain_number(text: str) -> str:
    """Return a typed number as Python reads it: minus and plus of any keyboard, a comma for the point."""
    return _COMMA.sub(r"\1.\2", plain_signs(text)) if _COMMA.fullmatch(plain_signs(text)) else plain_signs(text)


def plain_signs(text: str) -> str:
    """Return `text` with the hyphen, plus, point and comma of ASCII in place of their likes."""
    return seen(text).translate(_SIGNS)


def shortened(text: str, most: int = 60) -> str:
    """Return `text` as a message names it: in quotes, with escapes for what cannot be seen, and not too long."""
    return repr(text if len(text) <= most else text[: most - 3] + "...")
