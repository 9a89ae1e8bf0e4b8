"""The `%%runway` cell of a sweep: its axes as they are typed; what no line can hold becomes variables. Pure."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath
from types import MappingProxyType
from typing import Any

from ...errors import InvalidRequest
from ...models import model_named
from ...request import FIELDS
from ...spec import DEFAULT_MODEL, POSITIONS
from ...sweeps.plan import Axis, SweepPlan, stable_seed, takes_axis
from ...template import REFERENCE, fill
from ...values.plain import is_a, is_number, pair, plain, whole
from .cell_source import number_text, prompt_text, quoted_value, typed_option, without_email, written_model
from .options import MODEL, OF_REQUEST, Option
from .parsing import CellOptions, parse

_OPTIONS = {option.field: option for option in OF_REQUEST}
_FEW = 4
"""Whole numbers in equal steps that are written as a range, at least."""
_PARTING = (",", "@", "=", "..")


@dataclass(frozen=True)
class SweepCell:
    """A cell that makes a sweep, and what has to be defined before it runs."""

    text: str
    variables: Mapping[str, Any]
    """Name to the value that cannot be typed and stands in the cell by that name."""
    names: tuple[str, ...] = ()
    """Names of the prompt that are no axis: variables of the notebook."""

    @property
    def note(self) -> str:
        """What has to be defined first, on one line; nothing where nothing has."""
        lists = [f"{name} ({_counted(value)})" for name, value in self.variables.items()]
        needed = [*lists, *self.names]
        return f"define {', '.join(needed)} before the cell runs" if needed else ""


def plan_cell(plan: SweepPlan, name: str = "", *, usual_model: str = DEFAULT_MODEL.name) -> SweepCell:
    """Return the cell that makes the same requests as a plan; see `sweep_cell`."""
    varied = {axis.name for axis in plan.axes}
    first = plan.variants[0].request
    values = {field.name: field.value_in(first) for field in FIELDS if field.name not in {*varied, "prompt"}}
    if "seed" not in varied:
        seeds = {each.request.seed for each in plan.variants if each.request.row.seed}
        values["seed"] = next(iter(seeds - {stable_seed(plan.prompt)}), None)
    count = len(plan.variants)
    return sweep_cell(
        plan.prompt, values, plan.axes, model=first.model, zipped=plan.is_zipped, name=name, usual_model=usual_model,
        limit=count if count < _size(plan.axes, plan.is_zipped) else None,
    )  # fmt: skip


def sweep_cell(
    prompt: str, values: Mapping[str, Any], axes: Sequence[Axis], *,
    model: str, zipped: bool = False, limit: int | None = None, name: str = "", usual_model: str = DEFAULT_MODEL.name,
    typed: Mapping[str, str] = MappingProxyType({}), pictures: Mapping[str, str] = MappingProxyType({}),
) -> SweepCell:  # fmt: skip
    """Return the cell that makes a sweep: run, it gives equal requests.

    Values that the line cannot hold, such as pictures in memory, stand there by the name of a variable. Seeds of takes
    become `--takes` where they are those that the cell would draw.

    Args:
        prompt: Holds {{name}} for each variable.
        values: What all variants have in common, by the names of `request.FIELDS`.
        axes: In which they differ.
        model: Of those that name none.
        zipped: Whether the values go together.
        limit: How many are made at most; None for all.
        name: The variable that receives the sweep.
        usual_model: The one that a cell has here by the settings; another one is written.
        typed: By the name of an axis what its user has typed, where that is known: it stands there for values that the
            line cannot hold, such as those of a variable.
        pictures: Position to the word that stands for its keyframe, where that is not the stored one.

    Raises:
        InvalidRequest: there is no axis, the name cannot be one, or the seeds of such a prompt cannot be written.
    """
    if not axes:
        raise InvalidRequest(["a sweep needs an axis: give several values of something"])
    if parse(name, {}) != CellOptions(name, {}, ()):
        raise InvalidRequest([f"{name!r} cannot be the name of a variable"])
    body = prompt_text(REFERENCE.sub(r"{{\1}}", prompt), is_template=True)
    varied = {axis.name for axis in axes}
    common = {key: value for key, value in values.items() if key not in varied}
    common |= {position: word for position, word in pictures.items() if position in common}
    common[MODEL.field] = None if MODEL.field in varied else written_model(model, usual_model)
    if body != prompt and "seed" not in varied and common.get("seed") is None:
        common["seed"] = _seed_of(prompt, axes, model)
    variables: dict[str, Any] = {}
    options = [
        *(word for option in OF_REQUEST if (word := _common(option, common.get(option.field), variables))),
        *(_typed_axis(axis, typed, variables) for axis in axes[:-1]),
        _takes(axes[-1], body) or _typed_axis(axes[-1], typed, variables),
        *(["--zip"] if zipped else []),
        *([f"--limit {limit}"] if limit is not None else []),
    ]
    line = " ".join(filter(None, ("%%runway", name, *options)))
    return SweepCell(f"{line}\n{body or chr(10)}", variables, tuple(_names(body, varied)))


def typed_values(name: str, values: Sequence[Any]) -> str:
    """Return the values of an axis as they are typed after `name=`; nothing where a line cannot hold them."""
    option = _OPTIONS.get(name)
    meant = [_meant(option, value) for value in values]
    if any(value is None for value in meant) or not meant:
        return ""
    text = _range_text(meant) or ",".join(_typed(option, value) for value in meant)
    read = parse(f"--sweep {name}={text}", {})
    found = [(axis.name, axis.values) for axis in read.values.get("sweep", ())]
    return text if not read.problems and found == [(name, tuple(_as_read(option, value) for value in meant))] else ""


def _seed_of(prompt: str, axes: Sequence[Axis], model: str) -> int | None:
    """Return the seed of all variants, which would follow from the prompt as the cell holds it otherwise."""
    models = next((axis.values for axis in axes if axis.name == MODEL.field), (model,))
    rows = [model_named(plain(each)) for each in models]
    if not any(row.seed for row in rows):
        return None
    if not all(row.seed for row in rows):
        raise InvalidRequest(["the cell would draw other seeds: give a prompt without odd signs, or one model"])
    return stable_seed(prompt)


def _common(option: Option, value: Any, variables: dict[str, Any]) -> str:
    """Return what all variants have as it is typed; nothing where it is not given."""
    if value is None:
        return ""
    if option.field in POSITIONS:
        if not is_a(value, str, PurePath):
            name = f"{option.field}_picture"
            variables[name] = value
            return f"{option.flag} {name}"
        value = without_email(str(value))
    return typed_option(option, value)


def _takes(last: Axis, body: str) -> str:
    """Return the last axis as takes, where the cell would draw its seeds; those come after all others there."""
    count = len(last.values)
    is_drawn = last.title and tuple(last.values) == takes_axis(count, stable_seed(body)).values
    return f"--takes {count}" if is_drawn else ""


def _typed_axis(axis: Axis, typed: Mapping[str, str], variables: dict[str, Any]) -> str:
    if text := typed_values(axis.name, axis.values) or typed.get(axis.name, ""):
        return f"--sweep {axis.name}={text}"
    name = f"{axis.name}_values"
    variables[name] = [*axis.values]
    return f"--sweep {axis.name}=@{name}"


def _meant(option: Option | None, value: Any) -> Any:
    """Return a value as the line gives it back; None for what it cannot hold."""
    if option is None:
        return _filled(value)
    if option.kind == "picture":
        return without_email(str(value)) if is_a(value, str, PurePath) else None
    found = pair(value) if option.kind == "point" else whole(value) if option.kind == "whole" else plain(value)
    kinds: dict[str, type] = {"whole": int, "point": tuple, "switch": bool, "toggle": bool}
    if option.kind == "number":
        return found if is_number(found) and not is_a(found, bool) else None
    return found if type(found) is kinds.get(option.kind, str) else None


def _filled(value: Any) -> str | None:
    """Return what a value puts into the prompt; None for what cannot be filled in."""
    found = plain(value)
    problems: list[str] = []
    text = fill("{{x}}", {"x": int(found) if type(found) is float and found.is_integer() else found}, problems)
    return None if problems else text


def _typed(option: Option | None, value: Any) -> str:
    kind = "text" if option is None else option.kind
    if kind in ("switch", "toggle"):
        return "on" if value else "off"
    if kind == "point":
        return ";".join(map(number_text, value))
    if kind in ("number", "whole"):
        return number_text(value)
    return quoted_value(value, must=not value or any(sign in value for sign in _PARTING))


def _as_read(option: Option | None, value: Any) -> Any:
    return tuple(map(float, value)) if option is not None and option.kind == "point" else value


def _range_text(values: Sequence[Any]) -> str:
    """Return whole numbers in equal steps as a range, where that is shorter."""
    numbers = [whole(value) for value in values]
    if len(numbers) < _FEW or any(type(number) is not int for number in numbers):
        return ""
    first, step = numbers[0], numbers[1] - numbers[0]
    if step == 0 or numbers != [first + step * index for index in range(len(numbers))]:
        return ""
    return f"{first}..{numbers[-1]}" + (f"/{abs(step)}" if abs(step) != 1 else "")


def _size(axes: Sequence[Axis], zipped: bool) -> int:
    sizes = [len(axis.values) for axis in axes]
    return min(sizes, default=1) if zipped else math.prod(sizes)


def _names(body: str, varied: set[str]) -> Iterator[str]:
    found = dict.fromkeys(match[1] for match in REFERENCE.finditer(body))
    yield from (name for name in found if not name.startswith("U+") and name not in varied)


def _counted(value: Any) -> str:
    return f"a list of {len(value)}" if isinstance(value, list) else "a picture"
