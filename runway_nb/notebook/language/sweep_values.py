"""The values of `--sweep`: `zoom=-5,0,5`, `zoom=0..1/0.25`, `style=noir,"ink, wet"`, `style=@styles`. Pure.

A value in quotes is that value to the letter: `part_of_value` writes what would part it by its number, and `fill` reads
it back. So a value is filled after the list is parted, and a comma in a variable parts nothing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from typing import NamedTuple

from ...sweeps.plan import MOST_PLACES
from ...template import by_number, fill
from ...text.line_words import plain_signs, shortened

_NAME = re.compile(r"[^\W\d]\w*")
_PARTING = re.compile("[,.@=]")
_DECIMAL = r"[-+]?\d{1,15}(?:\.\d{1,15})?"
_RANGE = re.compile(rf"({_DECIMAL})\.\.({_DECIMAL})(?:/({_DECIMAL}))?")
_USAGE = 'give a name and values, such as zoom=-5,0,5 or style=noir,"ink, wet", in quotes no more than one value'


class TypedAxis(NamedTuple):
    """An axis as it stands on the line."""

    name: str
    values: tuple[str, ...] = ()
    """Each as it was typed, its variables not filled yet."""
    variable: str = ""
    """The expression whose value holds the values, in their place."""


def part_of_value(text: str) -> str:
    """Return what stood in quotes, with the signs by number that would have a meaning in a list of values."""
    return _PARTING.sub(lambda match: by_number(match[0]), text)


def read_axis(text: str) -> TypedAxis:
    """Return the axis that stands behind `--sweep`. Raises `ValueError` with what is wrong with it."""
    name, _, values = text.partition("=")
    name = plain_signs(name).replace("-", "_")
    if not _NAME.fullmatch(name) or not values:
        raise ValueError(f"is {shortened(fill(text, {}, []))}: {_USAGE}")
    if values.startswith("@"):
        return TypedAxis(name, variable=values[1:])
    return TypedAxis(name, tuple(value for item in values.split(",") for value in _expanded(item)))


def _expanded(item: str) -> Iterator[str]:
    """Yield the numbers of a range, from either end to the other; any other value as it is."""
    match = _RANGE.fullmatch(plain_signs(item))
    if match is None:
        yield item
        return
    first, last, step = Decimal(match[1]), Decimal(match[2]), Decimal(match[3] or 1)
    if step <= 0:
        raise ValueError(f"has the range {item}: give a step above 0")
    count = int(abs(last - first) / step) + 1
    if count > MOST_PLACES:
        raise ValueError(f"has the range {item}, which is {count:,} values: {MOST_PLACES:,} at most")
    yield from (_digits(first + index * (step if last >= first else -step)) for index in range(count))


def _digits(number: Decimal) -> str:
    return str(int(number)) if number == int(number) else f"{number.normalize():f}"
