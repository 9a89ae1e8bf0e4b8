"""What is searched for and in what: text cut into tokens, the same for both sides. Pure functions.

Case, accents and punctuation do not count: `kuste` finds `Küste`. A word of Latin, Cyrillic or Greek is a token. A
script that puts no blanks between its words, and Hangul, is a token per character, so that any part of such a text is
found; so is each sign that is neither letter nor punctuation, such as an emoji.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from functools import lru_cache

LONGEST = 64
"""Characters of a token; what follows in a longer word does not count."""
MOST_PHRASES = 1000
"""Words that an index is asked for at once."""
_APART = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u2e80-\u2fdf\u3005-\u3007\u3041-\u30ff\u3105-\u318f\u31a0-\u31ff"
    "\u3400-\u4dbf\u4e00-\ua4cf\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
"""Thai, Lao, Burmese, Khmer, Kana, Bopomofo, Han, Yi and Hangul."""
_TOKEN = re.compile(rf"[{_APART}]|[^\W_{_APART}]+|[^\w\s\x00-\x7f\ufffd]")
"""The replacement character is none: on a server it stands for a NUL, which no server keeps."""
_KEPT_MARKS = "\u3099\u309a"
"""The marks of Kana, which tell letters apart."""

Phrase = tuple[str, ...]
"""The tokens of one word: they stand side by side, and the last one may go on."""


def tokens(text: str) -> list[str]:
    """Return the tokens of a text, in order."""
    return [token[:LONGEST] for token in _TOKEN.findall(_folded(text)) if not _is_punctuation(token)]


def phrases(words: str) -> list[Phrase]:
    """Return what to look for, each once; nothing of a word that has punctuation only."""
    found = (tuple(tokens(word)) for word in words.split())
    return list(dict.fromkeys(phrase for phrase in found if phrase))


def matches(wanted: Sequence[Phrase], found: Sequence[str]) -> bool:
    """Return True when each phrase stands somewhere in the tokens of a text."""
    return all(_stands_in(phrase, found) for phrase in wanted)


def query(wanted: Sequence[Phrase]) -> str:
    """Return the same question for SQLite's FTS5: quoted phrases, so that no word of a user is part of its syntax."""
    return " ".join(f'"{" ".join(phrase)}" *' for phrase in wanted)


def _stands_in(phrase: Phrase, found: Sequence[str]) -> bool:
    *before, last = phrase
    size = len(phrase)
    return any(
        found[start + size - 1].startswith(last) and list(found[start : start + size - 1]) == before
        for start in range(len(found) - size + 1)
    )


def _folded(text: str) -> str:
    """Return a text without case and accents."""
    if text.isascii():
        return text.lower()
    apart = unicodedata.normalize("NFKD", unicodedata.normalize("NFKC", text).casefold())
    plain = (sign for sign in apart if not unicodedata.combining(sign) or sign in _KEPT_MARKS)
    return unicodedata.normalize("NFC", "".join(plain))


@lru_cache(maxsize=4096)
def _is_punctuation(token: str) -> bool:
    return len(token) == 1 and unicodedata.category(token)[0] in "PZC"
