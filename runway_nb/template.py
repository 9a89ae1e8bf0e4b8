"""`{{name}}` in a cell: replaced by a plain variable, once; and characters by their number, as in {{U+7B}}."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from numbers import Real

from .values.plain import name_of

REFERENCE = re.compile(r"\{\{\s*([^\W\d]\w*|U\+(?:10|[0-9A-Fa-f])?[0-9A-Fa-f]{1,4})\s*\}\}")
"""A variable, or a character by its number, which ends at 10FFFF."""
LONGEST = 100_000
"""Characters of the longest text that is filled in; a prompt of this length is refused anywhere."""


def fill(text: str, variables: Mapping[str, object], problems: list[str]) -> str:
    """Return `text` with each {{name}} replaced by a plain variable, once; the rest is taken literally.

    {{U+7B}} is the character of that number, so {{U+7B}}{name}} is the text {{name}}: see `literal`. A line is added
    to `problems` for each variable that is missing or cannot be written as text.
    """

    def value_of(match: re.Match[str]) -> str:
        name = match[1]
        if name.startswith("U+"):
            return chr(int(name[2:], 16))
        try:
            return _text(variables, name)
        except ValueError as wrong:
            if (line := f"{{{{{name}}}}} {wrong}") not in problems:
                problems.append(line)
            return match[0]

    return REFERENCE.sub(value_of, text)


def _text(variables: Mapping[str, object], name: str) -> str:
    """Return a variable as text. Raises `ValueError` with what is wrong with it."""
    if name not in variables:
        raise ValueError(f"is no variable: define {name} first")
    value = variables[name]
    kind = type(value)
    if issubclass(kind, str):
        text = str.__str__(value)  # the text itself, whatever a class of the user makes of it
    elif issubclass(kind, (int, float, Decimal)) or _is_number(value):
        text = _digits(value)
    else:
        raise ValueError(f"is a {name_of(kind)}: only text and numbers are filled in")
    if len(text) > LONGEST:
        raise ValueError(f"has {len(text):,} characters: at most {LONGEST:,} are filled in")
    if "\0" in text or re.search("[\ud800-\udfff]", text):
        raise ValueError("holds a NUL or half a character (a lone surrogate): take it out")
    return text


def _is_number(value: object) -> bool:
    """Return True for numbers of other libraries, such as a whole number of numpy."""
    try:
        return issubclass(type(value), Real)
    except Exception:  # noqa: BLE001 - a class of the user may answer this with anything
        return False


def _digits(value: object) -> str:
    """Return a number as text. Raises `ValueError` with what is wrong with it."""
    try:
        text = str.__str__(str(value))
    except KeyboardInterrupt:
        raise
    except BaseException as error:  # noqa: BLE001 - whatever a number of the user raises, SystemExit included
        if type(error) is ValueError and issubclass(type(value), int):
            raise ValueError("is a whole number of too many digits: give one that can be written down") from None
        raise ValueError(f"cannot be written as text: it raises {name_of(type(error))}") from None
    return text


def literal(text: str) -> str:
    """Return the text that `fill` makes `text` of, whatever the variables are."""
    return REFERENCE.sub(lambda match: by_number("{") + match[0][1:], text)


def by_number(letter: str) -> str:
    """Return a character in the form that `fill` reads, {{U+7B}}: no space, no quotation mark, nothing unseen."""
    return f"{{{{U+{ord(letter):X}}}}}"
