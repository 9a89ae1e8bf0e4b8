"""Which words of prompts have changed, as pieces, as HTML that a sanitizer keeps, and as plain text. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from difflib import SequenceMatcher
from html import escape
from itertools import groupby
from typing import NamedTuple

from . import styles

_BY_SIGN = "\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff"
"""Kana and Han: their words stand without spaces, so each sign is compared for itself."""
_TOKEN = re.compile(rf"\s+|[{_BY_SIGN}]|[^\W{_BY_SIGN}]+|[^\w\s]")
_REMOVED, _ADDED = ("del", styles.REMOVED_WORDS), ("ins", styles.ADDED_WORDS)


class Piece(NamedTuple):
    """A part of a text, as long as it is changed throughout or nowhere."""

    text: str
    is_changed: bool


class Change(NamedTuple):
    """What stands in one text, and what in its place in another."""

    old: str
    new: str

    @property
    def is_same(self) -> bool:
        """True where both texts agree."""
        return self.old == self.new


def changes(old: str, new: str) -> list[Change]:
    """Return two texts in parts that agree and parts that do not; changed words beside each other are one part."""
    found: list[Change] = []
    for part in _parts(old, new):
        if len(found) > 1 and not part.is_same and found[-1].old.isspace() and not found[-2].is_same:
            space, before = found.pop(), found.pop()
            part = Change(before.old + space.old + part.old, before.new + space.new + part.new)
        found.append(part)
    return found


def _parts(old: str, new: str) -> Iterator[Change]:
    one, other = _TOKEN.findall(old), _TOKEN.findall(new)
    for _, start, end, other_start, other_end in SequenceMatcher(None, one, other, autojunk=False).get_opcodes():
        yield Change("".join(one[start:end]), "".join(other[other_start:other_end]))


def compared(texts: Sequence[str]) -> list[list[Piece]]:
    """Return each text in pieces: of the first what another lacks is changed, of the others what the first lacks."""
    first, *others = texts
    changed = bytearray(len(first))
    pieces: list[list[Piece]] = []
    for other in others:
        parts = changes(first, other)
        marks = _marks((part.old, not part.is_same) for part in parts)
        changed = bytearray(map(max, zip(changed, marks, strict=True)))
        pieces.append(_pieces(other, _marks((part.new, not part.is_same) for part in parts)))
    return [_pieces(first, changed), *pieces]


def _marks(parts: Iterable[tuple[str, bool]]) -> bytearray:
    """Return for each sign of a text 1 where it is changed, 0 elsewhere and for the spaces around what is changed."""
    found = bytearray()
    for text, is_changed in parts:
        word = text.strip()
        before = len(text) - len(text.lstrip()) if word else len(text)
        found += bytes(before) + bytes([is_changed]) * len(word) + bytes(len(text) - before - len(word))
    return found


def _pieces(text: str, marks: bytearray) -> list[Piece]:
    runs = groupby(zip(text, marks, strict=True), key=lambda pair: pair[1])
    return [Piece("".join(sign for sign, _ in run), bool(mark)) for mark, run in runs]


def compared_html(texts: Sequence[str]) -> list[str]:
    """Return each text with its changed words marked by an element, a line and a tone: struck out in the first."""
    return [
        "".join(_marked(piece, _ADDED if number else _REMOVED) for piece in pieces)
        for number, pieces in enumerate(compared(texts))
    ]


def _marked(piece: Piece, mark: tuple[str, str]) -> str:
    tag, style = mark
    text = escape(piece.text)
    return f'<{tag} style="{style}">{text}</{tag}>' if piece.is_changed else text


def change_text(old: str, new: str) -> str:
    """Return a text with its changes in plain signs: `A [-red-] {+blue+} lamp`."""
    return "".join(map(_change_text, changes(old, new)))


def _change_text(part: Change) -> str:
    if part.is_same:
        return part.new
    both = (
        f"[-{part.old.strip()}-]" if part.old.strip() else "",
        f"{{+{part.new.strip()}+}}" if part.new.strip() else "",
    )
    # spaces that only one of the texts has are left out of the marks, not of the line
    outer = part.new or part.old
    begin, end = outer[: len(outer) - len(outer.lstrip())], outer[len(outer.rstrip()) :] if outer.strip() else ""
    return begin + " ".join(filter(None, both)) + end
