"""Text in pictures, in the one font that comes with Pillow: spelled with its characters, wrapped and shortened."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from PIL import ImageFont
    from PIL.ImageDraw import ImageDraw

MORE = "..."
"""Stands for what was left out."""
_SPELLED = str.maketrans(
    {
        "\u2010": "-", "\u2011": "-", "\u2013": "-", "\u2014": "-", "\u2212": "-", "\u2018": "'", "\u2019": "'",
        "\u2192": "->", "\u00d7": "x", "\u00df": "ss", "\u00f8": "o", "\u00d8": "O", "\u00e6": "ae", "\u00c6": "AE",
        "\u0142": "l", "\u0141": "L", "\u20ac": "EUR",
    }
)  # fmt: skip
"""Common characters that the font lacks, in others that it has."""


class Lettering:
    """The font at one size.

    Args:
        size: Height of its letters, in pixels.
    """

    def __init__(self, size: int) -> None:
        from PIL import ImageFont  # loads Pillow

        self.size = size
        self._font: ImageFont.FreeTypeFont | ImageFont.ImageFont = ImageFont.load_default(size)
        self._missing = bytes(self._font.getmask("\uffff"))
        self._is_known: dict[str, bool] = {}

    @property
    def line_height(self) -> int:
        """Pixels from one line to the next."""
        return round(self.size * 1.4)

    def length(self, text: str) -> float:
        """Return how wide a line is, in pixels."""
        return self._font.getlength(text)

    def lines(self, text: str, width: float, most: int) -> list[str]:
        """Return a text in at most so many lines that are no wider than `width` pixels; what does not fit is left out.

        Words that are too long for a line are broken.
        """
        found: list[str] = []
        line = ""
        for word in self._words(self.spelled(text), width):
            longer = f"{line} {word}" if line else word
            if self.length(longer) <= width:
                line = longer
            elif len(found) == most - 1:
                return [*found, self._cut(longer, width)]
            else:
                found, line = [*found, line], word
        return [*found, line] if line else found

    def spelled(self, text: str) -> str:
        """Return a text on one line in characters that the font has; three dots stand for others."""
        line = " ".join("".join(sign if sign.isprintable() else " " for sign in text.translate(_SPELLED)).split())
        plain = "".join(sign if self._has(sign) else unicodedata.normalize("NFKD", sign) for sign in line)
        signs = ("\0" if not self._has(sign) else sign for sign in plain if not unicodedata.combining(sign))
        words = ("".join(signs)).split("\0")
        return MORE.join(word for number, word in enumerate(words) if word.strip() or number in (0, len(words) - 1))

    def write(self, pen: ImageDraw, at: tuple[float, float], text: str, colour: str, anchor: str = "la") -> None:
        """Draw one line; `at` is where its anchor lies, by Pillow's names."""
        pen.text(at, text, fill=colour, font=self._font, anchor=anchor)

    def _has(self, sign: str) -> bool:
        if sign not in self._is_known:
            self._is_known[sign] = sign.isascii() or bytes(self._font.getmask(sign)) != self._missing
        return self._is_known[sign]

    def _words(self, text: str, width: float) -> Iterator[str]:
        """Yield the words; one that is too long in pieces."""
        for word in text.split(" "):
            rest = word
            while rest and self.length(rest) > width:
                count = self._fitting(rest, width)
                yield rest[:count]
                rest = rest[count:]
            if rest:
                yield rest

    def _fitting(self, text: str, width: float) -> int:
        """Return how many characters fit, at least one."""
        low, high = 1, len(text)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if self.length(text[:middle]) <= width else (low, middle - 1)
        return low

    def _cut(self, line: str, width: float) -> str:
        room = width - self.length(MORE)
        return line[: self._fitting(line, room)].rstrip() + MORE


@cache
def lettering(size: int) -> Lettering:
    """Return the font at a size in pixels; made once."""
    return Lettering(size)
