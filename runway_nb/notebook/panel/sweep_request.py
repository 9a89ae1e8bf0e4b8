"""The sweep that the panel stands for: its plan, and the cell that makes it. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from ...errors import InvalidRequest
from ...request import FIELDS, VideoRequest
from ...sweeps.plan import Axis, SweepPlan, plan, sweep_values
from ...template import REFERENCE, by_number
from ..language.sweep_axes import field_axis
from ..language.sweep_source import SweepCell, sweep_cell
from .sweep_choice import TAKES, SweepChoice


class SweepMistakes(InvalidRequest):
    """What keeps a sweep from being made, by the direction of the axis that is wrong; the others by ""."""

    def __init__(self, by_direction: Mapping[str, Sequence[str]]) -> None:
        self.by_direction = {way: tuple(lines) for way, lines in by_direction.items() if lines}
        super().__init__([line for lines in self.by_direction.values() for line in lines])


class SweepRequest(NamedTuple):
    """A sweep without mistakes, as far as can be told without the account."""

    plan: SweepPlan
    cell: SweepCell


def sweep_request(
    choice: SweepChoice, request: VideoRequest, variables: Mapping[str, Any], *,
    usual_model: str, pictures: Mapping[str, str],
) -> SweepRequest:  # fmt: skip
    """Return what the panel's request becomes with the axes that are chosen.

    Args:
        choice: At least one of its axes is given.
        request: What Generate would send; what an axis varies is taken from the axis.
        variables: Of the notebook.
        usual_model: The model of a cell that names none.
        pictures: What stands for each keyframe in a cell.

    Raises `SweepMistakes`.
    """
    values, typed, takes, mistakes = _read(choice, variables)
    if mistakes:
        raise SweepMistakes(mistakes)
    varied = {*values, *(["seed"] if takes is not None else [])}
    prompt = _template(request.prompt, varied)
    common = {field.name: field.value_in(request) for field in FIELDS if field.name not in {*varied, "prompt"}}
    axes, _, problems = sweep_values(prompt, values, takes=takes)
    if problems:
        raise SweepMistakes(_by_direction(problems, choice))
    axes = _in_order(axes, choice)
    try:
        many = plan(prompt, common, axes, model=request.model, variables={})
    except InvalidRequest as wrong:
        raise SweepMistakes(_by_direction(wrong.problems, choice)) from None
    cell = sweep_cell(
        prompt, common, axes, model=request.model, usual_model=usual_model, typed=typed, pictures=pictures
    )  # fmt: skip
    return SweepRequest(many, cell)


def _read(
    choice: SweepChoice, variables: Mapping[str, Any]
) -> tuple[dict[str, list[Any]], dict[str, str], Any, dict[str, list[str]]]:
    """Return the values of each axis, how they are typed on a line, the number of takes, and the mistakes."""
    values: dict[str, list[Any]] = {}
    typed: dict[str, str] = {}
    mistakes: dict[str, list[str]] = {}
    takes = None
    for way, axis in choice.given.items():
        if axis.name in values or (axis.name == TAKES and takes is not None):
            mistakes[way] = [f"{axis.name} is two axes: choose another one"]
        elif axis.name == TAKES:
            takes = int(axis.text) if axis.text.strip().isdecimal() else axis.text.strip()
        else:
            typed[axis.name], values[axis.name], mistakes[way] = field_axis(axis.name, axis.text, variables)
    return values, typed, takes, {way: lines for way, lines in mistakes.items() if lines}


def _by_direction(problems: Sequence[str], choice: SweepChoice) -> dict[str, list[str]]:
    """Return mistakes by the axis whose value is named in them; where there is one axis, all are its."""
    given = choice.given
    found: dict[str, list[str]] = {}
    # there is no field for a limit
    for line in [line.replace("give a limit", "give fewer values") for line in problems]:
        ways = [way for way, axis in given.items() if f"{axis.name} is " in line or len(given) == 1]
        found.setdefault(next(iter(ways), ""), []).append(line)
    return found


def _template(prompt: str, varied: set[str]) -> str:
    """Return the prompt with the names that are varied to be filled in; any other text is taken literally."""
    return REFERENCE.sub(
        lambda match: f"{{{{{match[1]}}}}}" if match[1] in varied else by_number("{") + match[0][1:], prompt
    )


def _in_order(axes: list[Axis], choice: SweepChoice) -> list[Axis]:
    """Return the axes in the order in which they were chosen, takes among them."""
    names = ["seed" if axis.name == TAKES else axis.name for axis in choice.given.values()]
    return sorted(axes, key=lambda axis: names.index(axis.name))
