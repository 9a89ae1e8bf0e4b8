"""Which of a model's formats a picture belongs to, and what to say when keyframes belong to two."""

from __future__ import annotations

import math
from collections.abc import Mapping

Size = tuple[int, int]


def aspect_of(size: Size, aspects: Mapping[str, Size]) -> str:
    """Return the name of the format whose shape is nearest; between two that are equally near, the wider one."""
    shape = math.log(size[0] / size[1])

    def distance(name: str) -> tuple[float, float]:
        other = math.log(aspects[name][0] / aspects[name][1])
        return round(abs(other - shape), 9), -other

    return min(aspects, key=distance)


def mixed_aspects_problem(aspects: Mapping[str, str]) -> str:
    """Return one line when keyframes (by position) have different formats, else an empty text."""
    if len(set(aspects.values())) < 2:
        return ""
    found = ", ".join(f"{position} is {aspect}" for position, aspect in aspects.items())
    return f"the keyframes have two formats ({found}): choose one with aspect, or give pictures of one"
