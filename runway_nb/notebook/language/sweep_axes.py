"""The values behind a typed axis: of a list, of a variable, or pictures by their names."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ...errors import InvalidRequest
from ...spec import POSITIONS
from ...sweeps.plan import axis_of
from ...template import REFERENCE, by_number
from ...text.line_words import OpenQuote, split
from ...values.plain import shown
from .expressions import named_picture, named_value
from .option_values import axis_values
from .sweep_values import TypedAxis, part_of_value, read_axis

_SPACE = re.compile(r"\s")


def listed_values(axis: TypedAxis, variables: Mapping[str, Any], problems: list[str]) -> list[Any]:
    """Return the values of an axis; nothing, and a line for `problems`, where they cannot be used."""
    try:
        if axis.variable:
            return _of_variable(axis, variables)
        if axis.name in POSITIONS:
            return [named_picture(value, variables).picture for value in axis.values]
    except InvalidRequest as wrong:
        problems += [f"--sweep {axis.name}: {problem}" for problem in wrong.problems]
        return []
    return [*axis.values]


def field_axis(name: str, text: str, variables: Mapping[str, Any]) -> tuple[str, list[Any], list[str]]:
    """Return what was typed into a field of its own, as it stands on a line behind `name=`; its values; its mistakes.

    Spaces around a comma part nothing there, and spaces within a value belong to it: `noir, ink wash, "ink, wet"`.
    """
    problems: list[str] = []
    typed = TypedAxis(name)
    written = ""
    try:
        written = _on_a_line(text)
        typed = read_axis(f"{name}={written}")
    except OpenQuote as wrong:
        problems.append(wrong.problem(name))
    except ValueError as wrong:
        problems.append(f"{name} {wrong}")
    if problems:
        return written, [], problems
    values = listed_values(typed._replace(values=axis_values(typed, variables, problems)), variables, problems)
    return written, values, [problem.replace(f"--sweep {name}", name, 1) for problem in problems]


def _on_a_line(text: str) -> str:
    """Return the values without spaces that would part the words of a line. Raises `OpenQuote`."""
    words = split(REFERENCE.sub(r"{{\1}}", text), lambda quoted: _kept(part_of_value(quoted)))
    return _kept(re.sub(r"\s*,\s*", ",", " ".join(words)))


def _kept(text: str) -> str:
    return _SPACE.sub(lambda match: by_number(match[0]), text)


def _of_variable(axis: TypedAxis, variables: Mapping[str, Any]) -> list[Any]:
    value = named_value(axis.variable, variables)
    found = axis_of(axis.name, value)
    if found is None:
        raise InvalidRequest([f"@{axis.variable} is {shown(value)}: give a list, a range, an array or a column"])
    if not found.values:
        raise InvalidRequest([f"@{axis.variable} has no value: give some"])
    return [*found.values]
