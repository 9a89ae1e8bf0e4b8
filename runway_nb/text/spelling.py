"""How a text reads once its spellings are undone: percent signs, entities, JSON escapes, wide and hidden characters.

Only for looking into it: what is found in the reading is masked where it stands in the text itself.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from html.entities import html5
from typing import NamedTuple

ROUNDS = 4
"""So many spellings may lie in one another; percent signs among themselves, and &amp;, do not count."""

_CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f"
_HIDDEN = (
    f"{_CONTROLS}\x80-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff"
)
"""Characters that nobody sees."""
_OTHER = (
    "\u00aa\u00b2\u00b3\u00b9\u00ba\u02b0-\u02b8\u2024\u2070-\u209c\u2100-\u214f\u2460-\u24ff\u3002\ufb00-\ufb06"
    "\ufe50-\ufe6b\uff01-\uff61\U0001d400-\U0001d7ff\U0001f130-\U0001f189"
)
"""Characters that look like plain ones: wide, small, raised, in circles, in the styles of mathematics."""
_STOPS = {"\u3002": ".", "\uff61": "."}
"""Full stops of Chinese and Japanese, which end a label of a domain too."""
_MARK, _ASCII_MARK = (re.compile(rf"[%&\\{hidden}](?<!%(?![0-9a-fA-Fu]))") for hidden in (_HIDDEN + _OTHER, _CONTROLS))
"""What a spelling begins with, and in ASCII, where it is found sooner; the percent signs of a magic begin none."""
_SPELLED = re.compile(
    r"%(?:25)*(?:(?P<one>[0-7][0-9a-fA-F])|u(?P<script>[0-9a-fA-F]{4}))"
    r"|(?P<many>(?:%(?:25)*[89a-fA-F][0-9a-fA-F])+)"
    r"|&(?:amp;)*\#(?:0{0,40}(?P<decimal>[0-9]{1,7})|[xX]0{0,40}(?P<hex>[0-9a-fA-F]{1,6}));?"
    r"|&(?:amp;)*(?P<name>[A-Za-z]{2,12};)"
    r"|\\{1,16}(?:u(?P<json>[0-9a-fA-F]{4})|u\{0{0,40}(?P<braces>[0-9a-fA-F]{1,6})\}|U(?P<long>[0-9a-fA-F]{8})"
    r"|x(?P<byte>[0-9a-fA-F]{2})|(?P<octal>[01][0-7]{2})|(?P<plain>[/@.:_+-]))"
    rf"|(?P<hidden>[{_HIDDEN}])|(?P<other>[{_OTHER}])"
)
_NUMBERS = {
    "one": 16, "script": 16, "decimal": 10, "hex": 16, "json": 16, "braces": 16, "long": 16, "byte": 16, "octal": 8,
}  # fmt: skip
_PERCENT = re.compile("%(?:25)*")


class Reading(NamedTuple):
    """A text as it reads."""

    text: str
    starts: list[int] | None = None
    """Where the spelling of each character begins in the source; None where the source reads as it is written."""
    ends: list[int] | None = None
    """Where it ends."""

    def source(self, start: int, end: int) -> tuple[int, int]:
        """Return the span in the source of what reads at this span; at least one character."""
        if self.starts is None or self.ends is None:
            return start, end
        return self.starts[start], self.ends[end - 1]


def readings(text: str) -> Iterator[Reading]:
    """Yield how a text reads, with the way back to what is written: first as it stands, then with its spellings undone.

    Each may show what another hides: %ab is the beginning of a word in one, and a half character in the next.
    """
    found = Reading(text)
    yield found
    for _ in range(ROUNDS):
        marks = (_ASCII_MARK if found.text.isascii() else _MARK).finditer(found.text)
        if not any(_SPELLED.match(found.text, mark.start()) for mark in marks):
            return
        again = _undone(found)
        if again.text == found.text:
            return
        found = again
        yield found


def _undone(given: Reading) -> Reading:
    letters: list[str] = []
    starts: list[int] = []
    ends: list[int] = []
    for letter, start, end in _letters(given.text):
        begin, stop = given.source(start, end)
        letters.append(letter)
        starts.append(begin)
        ends.append(stop)
    return Reading("".join(letters), starts, ends)


def _letters(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield each character that is read, and from where to where it is written."""
    at = 0
    for match in _SPELLED.finditer(text):
        for index in range(at, match.start()):
            yield text[index], index, index + 1
        at = match.end()
        for letter in _meant(match):
            yield letter, match.start(), at
    for index in range(at, len(text)):
        yield text[index], index, index + 1


def _meant(match: re.Match[str]) -> str:
    """Return the characters that a spelling stands for; none for what nobody sees."""
    kind = match.lastgroup or ""
    written = match[kind]
    if kind in _NUMBERS:
        number = int(written, _NUMBERS[kind])
        return chr(number) if number <= 0x10FFFF else ""
    if kind == "many":
        return bytes.fromhex(_PERCENT.sub("", written)).decode(errors="ignore")
    if kind == "name":
        return html5.get(written, match[0])
    if kind == "other":
        return _STOPS.get(written) or unicodedata.normalize("NFKC", written)
    return written if kind == "plain" else ""
