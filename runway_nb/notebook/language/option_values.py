"""The values of options in their types: a range is checked with the request, a wrong kind of value here."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ...template import REFERENCE, fill
from ...text.line_words import plain_number, plain_signs, shortened
from .options import OF_REQUEST, Option
from .sweep_values import TypedAxis, read_axis

_FIELDS = {option.field: option for option in OF_REQUEST}
_SWITCHED = {**dict.fromkeys(("on", "true", "yes"), True), **dict.fromkeys(("off", "false", "no"), False)}
_WORDS = {
    "number": "a number", "whole": "a whole number", "point": "two numbers, such as 0.5,0.2", "switch": "on or off",
}  # fmt: skip


def converted(option: Option, text: str, problems: list[str]) -> Any:
    """Return the value of an option in its type; None, and a line for `problems`, where it has another."""
    if option.kind == "axis":
        return _axis(option, text, problems)
    kind = _KINDS.get(option.kind)
    if kind is None:
        return text
    try:
        return kind(text)
    except (ValueError, KeyError):
        if any(problem.startswith(f"{match[0]} ") for match in REFERENCE.finditer(text) for problem in problems):
            return None  # what is wrong with the variable is among the problems already
        problems.append(f"{option.flag} is {shortened(text)}: give {_WORDS[option.kind]}")
        return None


def axis_values(axis: TypedAxis, variables: Mapping[str, object], problems: list[str]) -> tuple[Any, ...]:
    """Return the values of an axis, each filled and in the type of its field; what cannot be read is left out."""
    option = _FIELDS.get(axis.name)
    texts = [fill(value, variables, problems) for value in axis.values]
    if option is None:
        return tuple(texts)  # a variable of the prompt, which is text
    kind = "switch" if option.kind == "toggle" else option.kind
    typed = option._replace(flag=f"--sweep {axis.name}", kind=kind)
    return tuple(value for text in texts if (value := converted(typed, text, problems)) is not None)


def _axis(option: Option, text: str, problems: list[str]) -> TypedAxis | None:
    try:
        return read_axis(text)
    except ValueError as wrong:
        problems.append(f"{option.flag} {wrong}")
        return None


def _number(text: str) -> float:
    return float(plain_number(text))


def _whole(text: str) -> int:
    return int(plain_signs(text))


def _point(text: str) -> tuple[float, ...]:
    """Return two numbers; where their points are commas, a semicolon stands between them."""
    x, y = text.split(";") if ";" in text else plain_signs(text).split(",")
    return _number(x), _number(y)


def _switched(text: str) -> bool:
    return _SWITCHED[text.strip().casefold()]


_KINDS: dict[str, Callable[[str], Any]] = {
    "number": _number, "whole": _whole, "point": _point, "switch": _switched,
}  # fmt: skip
