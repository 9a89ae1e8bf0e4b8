"""Many variants of one request: axes of values, which of them are made and in which order, and what tells them apart.

Pure. A sweep of the same values is the same requests, also tomorrow: where no seed is given, one follows from the
prompt, so that running it again, or with more values, pays nothing twice.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..camera import Camera
from ..errors import InvalidRequest
from ..keyframes import Keyframes
from ..models import model_named
from ..redaction import redact_line
from ..request import FIELDS, VideoRequest
from ..spec import SEED_RANGE
from ..template import REFERENCE, fill
from ..values.plain import column, is_a, is_missing, plain, records, shown, whole

MOST_AXES = 4
"""Axes of a product: width, height and pages of a grid; a choice of ours."""
MOST_VARIANTS = 1000
"""More of them are an accident; a choice of ours."""
MOST_PLACES = 100_000
"""Variants among which a limit chooses; a choice of ours."""
_FIELDS = {field.name: field for field in FIELDS}
_LONGEST = 60
"""Characters of a value as it is shown."""
_REPORTED = 8
"""Variants whose mistakes are reported one by one."""


class Axis(NamedTuple):
    """One thing that differs between variants."""

    name: str
    """A field of a request, `model`, or a variable of the prompt."""
    values: tuple[Any, ...]
    title: str = ""
    """What it is called where its values are numbered: a take instead of a seed."""


class Variant(NamedTuple):
    """One request of a sweep."""

    place: tuple[int, ...]
    """The number of its value on each axis."""
    label: str
    """What distinguishes it: `zoom -5, style noir`."""
    request: VideoRequest


@dataclass(frozen=True)
class SweepPlan:
    """What a sweep makes, before anything is sent."""

    axes: tuple[Axis, ...]
    variants: tuple[Variant, ...]
    """In the order in which they are sent: ends first, then what lies between, so that the whole is seen early."""
    prompt: str = ""
    """As it was given, with the names of what is filled in."""
    is_zipped: bool = False
    """Whether the values go together, so that there is one variant for each of them and no grid."""

    @property
    def in_place(self) -> list[Variant]:
        """The variants in the order of the axes, the first axis running fastest."""
        return sorted(self.variants, key=lambda variant: variant.place[::-1])


def axis_of(name: str, value: Any) -> Axis | None:
    """Return the axis that a value is: a list, a tuple, a range, an array or a column of several; None for one value.

    For a keyframe an array is a picture, and for `focus` a pair is a point: there a list or a tuple of them is an axis.
    What a table has for nothing (NaN, NA) is None: a value that is not given.
    """
    field = _FIELDS.get(name)
    if is_a(value, range):
        # one more than there may be shows that there are too many
        return Axis(name, tuple(value[: MOST_PLACES + 1]))
    if not is_a(value, list, tuple):
        found = None if field is not None and field.kind == "picture" else column(value)
        return None if found is None else Axis(name, _given(found))
    if field is not None and field.kind == "point" and len(value) == 2 and not any(is_a(v, list, tuple) for v in value):
        return None
    return Axis(name, _given(value))


def _given(values: Iterable[Any]) -> tuple[Any, ...]:
    return tuple(None if is_missing(value) else value for value in values)


def _distinct(axis: Axis) -> Axis:
    """Return an axis whose values come once, as those of a column with repetitions: they are the same requests."""
    found: dict[Any, Any] = {}
    for value in axis.values:
        as_plain = plain(value)
        is_plain = type(as_plain) in (str, int, float, bool)
        # whatever else it is, such as a picture, is told from all others
        found.setdefault((type(as_plain) is bool, as_plain) if is_plain else id(value), value)
    return axis._replace(values=tuple(found.values()))


def sweep_values(
    prompt: str, values: Mapping[str, Any], *, takes: object = None, rows: Any = None
) -> tuple[list[Axis], dict[str, Any], list[str]]:
    """Return the axes among some values, what all variants have in common, and a line for each mistake.

    Args:
        prompt: From which the seeds of takes follow.
        values: One value or several for each name.
        takes: How many seeds, 1 to 1,000; None where they are no axis.
        rows: A table of variants, or None.
    """
    problems: list[str] = []
    known = {name: value for name, value in values.items() if value is not None}
    camera = known.pop("camera", None)
    if is_a(camera, Camera):
        known |= camera.to_wire()
    elif camera is not None:
        problems.append(f"camera is {shown(camera)}: give runway_nb.Camera(zoom=4), or zoom=[2, 4]")
    axes = [axis for name, value in known.items() if (axis := axis_of(name, value)) is not None]
    fixed = {name: value for name, value in known.items() if name not in {axis.name for axis in axes}}
    problems += _unknown_names(fixed, prompt)
    if rows is not None:
        if axes:
            problems.append(f"rows are the variants: give one value for {', '.join(axis.name for axis in axes)}")
        axes = _columns_of(rows, problems)
    if takes is not None:
        number = whole(takes)
        if type(number) is not int or not 1 <= number <= MOST_VARIANTS:
            problems.append(f"takes is {shown(takes)}: give a whole number from 1 to {MOST_VARIANTS}")
        else:
            axes.append(takes_axis(number, stable_seed(prompt)))
        if fixed.pop("seed", None) is not None:
            problems.append("takes differ by their seed: leave out seed, or takes")
    return axes, fixed, problems


def _columns_of(rows: Any, problems: list[str]) -> list[Axis]:
    """Return the columns of a table as axes that go together; a missing value is None, which is: not given."""
    listed = records(rows)
    if listed is None:
        problems.append(f"rows is {shown(rows)}: give a DataFrame or a list of mappings")
        return []
    names = [*listed[0]]
    if any([*row] != names for row in listed):
        problems.append("rows have different columns: give every row the same ones")
        return []
    return [Axis(str(name), _given(row[name] for row in listed)) for name in names]


def takes_axis(number: int, seed: int) -> Axis:
    """Return the axis of so many takes: seeds that follow from the first one."""
    low, high = SEED_RANGE
    seeds = tuple(low + (seed - low + step * 0x9E3779B1) % (high - low + 1) for step in range(number))
    return Axis("seed", seeds, "take")


def stable_seed(prompt: str) -> int:
    """Return the seed of a prompt: the same tomorrow, and with more values on an axis."""
    low, high = SEED_RANGE
    digest = hashlib.sha256(prompt.encode(errors="replace")).digest()
    return low + int.from_bytes(digest[:8], "big") % (high - low + 1)


def breadth_first(sizes: Sequence[int]) -> list[tuple[int, ...]]:
    """Return every place of a grid with these sides: the corners first, then what halves the gaps between them."""
    ranks = [{index: rank for rank, index in enumerate(_halving(size))} for size in sizes]
    places = itertools.product(*map(range, sizes))

    def late(place: tuple[int, ...]) -> tuple[int, int, list[int]]:
        at = [rank[index] for rank, index in zip(ranks, place, strict=True)]
        return max(at, default=0), sum(at), at

    return sorted(places, key=late)


def _halving(size: int) -> list[int]:
    """Return 0 to size - 1: both ends, the middle, the middles of the halves, and so on."""
    found = dict.fromkeys([0, size - 1] if size else [])
    gaps = [(0, size - 1)]
    while gaps:
        halves: list[tuple[int, int]] = []
        for low, high in gaps:
            if high - low > 1:
                middle = (low + high) // 2
                found[middle] = None
                halves += [(low, middle), (middle, high)]
        gaps = halves
    return [*found]


def plan(
    prompt: str,
    values: Mapping[str, Any],
    axes: Sequence[Axis],
    *,
    model: str,
    zipped: bool = False,
    limit: int | None = None,
    variables: Mapping[str, Any] | None = None,
) -> SweepPlan:
    """Return all variants of a request, checked; those without a seed have one that follows from the prompt.

    Args:
        prompt: Holds {{name}} for each variable.
        values: What all have in common, by the names of `request.FIELDS`.
        axes: In which they differ.
        model: Of those that name none.
        zipped: Take the first value of each axis together, then the second, and so on, instead of every combination.
        limit: Make only so many of them, the first in their order.
        variables: What {{name}} stands for where it is no axis.

    Raises `InvalidRequest` with all mistakes, each with the variant that has it.
    """
    problems = [*_axis_problems(prompt, axes, zipped)]
    if problems:
        raise InvalidRequest(problems)
    axes = axes if zipped else [*map(_distinct, axes)]
    lengths = [len(axis.values) for axis in axes]
    count = min(lengths, default=1) if zipped else math.prod(lengths)
    if count > MOST_PLACES or (count if limit is None else min(count, limit)) > MOST_VARIANTS:
        raise InvalidRequest([_too_many(count)])
    places = [(index,) * len(axes) for index in range(count)] if zipped else breadth_first(lengths)
    seed = None if values.get("seed") is not None else stable_seed(prompt)
    made = [_variant(place, axes, prompt, values, model, variables or {}, seed) for place in places[:limit]]
    if problems := _variant_problems(axes, made):
        raise InvalidRequest(problems)
    return SweepPlan(tuple(axes), tuple(variant for variant, _ in made), prompt, zipped)


def _too_many(count: int) -> str:
    way = "give fewer values" if count > MOST_PLACES else "give a limit"
    return f"these are {count:,} variants: {MOST_VARIANTS:,} at most; {way}"


def _axis_problems(prompt: str, axes: Sequence[Axis], zipped: bool) -> Iterator[str]:
    if len(axes) > MOST_AXES and not zipped:
        yield f"{len(axes)} axes: {MOST_AXES} at most"
    names = [axis.name for axis in axes]
    yield from (f"{name} is two axes: give its values once" for name in dict.fromkeys(names) if names.count(name) > 1)
    yield from (f"{axis.name} has no value: give some" for axis in axes if not axis.values)
    yield from _unknown_names(names, prompt)
    if zipped and len({len(axis.values) for axis in axes}) > 1:
        found = ", ".join(f"{axis.name} {len(axis.values)}" for axis in axes)
        yield f"values that go together have to be as many on each axis: {found}"


def _unknown_names(names: Iterable[str], prompt: str) -> Iterator[str]:
    inside = {match[1] for match in REFERENCE.finditer(prompt)}
    for name in names:
        if name not in _FIELDS and name != "model" and name not in inside:
            yield f"{name} is no option, and the prompt has no {{{{{name}}}}}: write it there, or leave it out"


def _variant(
    place: tuple[int, ...], axes: Sequence[Axis], prompt: str, values: Mapping[str, Any], model: str,
    variables: Mapping[str, Any], seed: int | None,
) -> tuple[Variant, list[str]]:  # fmt: skip
    """Return a variant and the mistakes of its request; `seed` is for a model that takes one."""
    chosen = {axis.name: axis.values[index] for axis, index in zip(axes, place, strict=True)}
    label = ", ".join(axis_label(axis, index) for axis, index in zip(axes, place, strict=True))
    problems: list[str] = []
    own = {name: value for name, value in chosen.items() if name not in _FIELDS and name != "model"}
    problems += (f"{name} has no value: give one, or leave the row out" for name in own if own[name] is None)
    chosen = {name: value for name, value in chosen.items() if value is not None}
    text = plain(chosen.get("prompt", prompt))
    if is_a(text, str):
        filled = {name: "" if value is None else _as_text(value) for name, value in own.items()}
        text = fill(text, {**variables, **filled}, problems)
    try:
        row = model_named(plain(chosen.get("model", model)))
        if not row.seed and any(axis.title for axis in axes):
            del chosen["seed"]
            problems.append(
                f"takes differ by their seed, and {row.title} takes none: sweep something else, or leave out takes"
            )
        seeded = {**values, "seed": seed} if seed is not None and row.seed else values
        request = VideoRequest.from_values({**seeded, **chosen, "prompt": text}, row.name)
        problems += _with_named_pictures(request).problems()
    except InvalidRequest as wrong:
        request, problems = VideoRequest(text), [*problems, *wrong.problems]
    return Variant(place, label, request), problems


def _with_named_pictures(request: VideoRequest) -> VideoRequest:
    """Return a request with a name in the place of each picture object: those are checked when they are read."""
    given = request.keyframes.given
    return replace(request, keyframes=Keyframes(**{at: it if is_a(it, str) else "-" for at, it in given.items()}))


def _as_text(value: Any) -> Any:
    found = plain(value)
    return int(found) if type(found) is float and found.is_integer() else found


def _variant_problems(axes: Sequence[Axis], made: Sequence[tuple[Variant, list[str]]]) -> list[str]:
    """Return the mistakes of all, each once with what the variants that have it share, or without a name."""
    shared = set(made[0][1]).intersection(*(problems for _, problems in made)) if made else set()
    those_of: dict[str, list[Variant]] = {}
    for variant, problems in made:
        for line in dict.fromkeys(problems):
            if line not in shared:
                those_of.setdefault(line, []).append(variant)
    own = [f"{_common_label(axes, variants)}: {line}" for line, variants in those_of.items()]
    lines = [line for line in (made[0][1] if made else []) if line in shared] + own[:_REPORTED]
    return lines + ([f"and {len(own) - _REPORTED} more like these"] if len(own) > _REPORTED else [])


def _common_label(axes: Sequence[Axis], variants: Sequence[Variant]) -> str:
    """Return what all of some variants have in common, or the name of the first of them."""
    labels = [
        {axis_label(axis, variant.place[number]) for variant in variants} for number, axis in enumerate(axes)
    ]  # fmt: skip
    return ", ".join(label for (label, *others) in labels if not others) or variants[0].label


def axis_label(axis: Axis, index: int) -> str:
    """Return what a value of an axis is called: `zoom -5`, `take 2`."""
    if axis.title:
        return f"{axis.title} {index + 1}"
    value = axis.values[index]
    return f"no {axis.name}" if value is None else f"{axis.name} {value_text(value)}"


def value_text(value: Any) -> str:
    """Return a value of an axis as it is shown, on one line."""
    found = plain(value)
    if type(found) is float and found.is_integer():
        return str(int(found))
    text = found if is_a(found, str) else shown(found)
    return redact_line(text, _LONGEST)
