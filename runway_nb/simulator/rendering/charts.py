"""A chart as a scene: noisy measurements, the curves through them, a grid."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import TYPE_CHECKING

from .paint import Colour, Points, Sheet, mix, noise

if TYPE_CHECKING:
    from PIL.ImageDraw import ImageDraw

    from .paint import Scale

SERIES: Sequence[Colour] = ((255, 172, 84), (72, 190, 214), (236, 104, 146))
LEFT, TOP, RIGHT, BOTTOM = 0.085, 0.10, 0.95, 0.86
"""The plot on the sheet, fractions."""
COUNT = 160
"""Points of a curve."""


@dataclass(frozen=True)
class _Ink:
    ground: Colour
    grid: Colour
    text: Colour


DARK = _Ink((17, 20, 36), (42, 47, 70), (150, 156, 182))
LIGHT = _Ink((251, 250, 247), (226, 225, 222), (112, 114, 124))


def chart(page: Sheet, random: Random, dark: bool) -> None:
    """Paint three curves with their bands and measurements, on a dark or a light ground."""
    ink = DARK if dark else LIGHT
    page.wash((mix(ink.ground, SERIES[1], 0.07), ink.ground))
    _grid(page, ink)
    for index, colour in enumerate(SERIES):
        values = _curve(random, 0.74 - 0.18 * index)
        width = [0.02 + 0.035 * abs(v) for v in noise(random, COUNT, 2)]
        page.shape(_along([v + w for v, w in zip(values, width, strict=True)], values, width), colour, 0.20)
        _dots(page, random, values, colour)
        _line(page, values, colour)
        page.disc(*_point(COUNT - 1, values[-1]), 0.011, colour)
        page.disc(*_point(COUNT - 1, values[-1]), 0.005, ink.ground)


def _curve(random: Random, start: float) -> list[float]:
    """Return heights 0..1 of a curve that starts at about `start` and settles, wavering."""
    goal, pace = random.uniform(0.15, 0.92), random.uniform(1.5, 4.5)
    waver = noise(random, COUNT, 4, 3)
    levels = [goal + (start - goal) * math.exp(-pace * n / COUNT) for n in range(COUNT)]
    return [min(0.96, max(0.05, v + 0.09 * w)) for v, w in zip(levels, waver, strict=True)]


def _point(number: float, value: float) -> tuple[float, float]:
    """Return where a value (0..1) of the curve's point `number` stands on the sheet."""
    return LEFT + (RIGHT - LEFT) * number / (COUNT - 1), BOTTOM - (BOTTOM - TOP) * value


def _along(upper: Sequence[float], values: Sequence[float], width: Sequence[float]) -> Points:
    top = [_point(n, v) for n, v in enumerate(upper)]
    low = [_point(n, v - w) for n, (v, w) in enumerate(zip(values, width, strict=True))]
    return [*top, *reversed(low)]


def _line(page: Sheet, values: Sequence[float], colour: Colour) -> None:
    points = [_point(n, v) for n, v in enumerate(values)]
    thick = max(2, round(page.unit / 110))

    def stroke(pen: ImageDraw, scale: Scale) -> None:
        pen.line([scale(x, y) for x, y in points], fill=255, width=thick, joint="curve")

    page.cut((LEFT - 0.02, 0.0, RIGHT + 0.02, 1.0), stroke, colour)


def _dots(page: Sheet, random: Random, values: Sequence[float], colour: Colour) -> None:
    points = [_point(n, values[n] + random.gauss(0, 0.035)) for n in range(2, COUNT, 3)]
    radius = 0.0042 * page.unit

    def stroke(pen: ImageDraw, scale: Scale) -> None:
        for x, y in points:
            px, py = scale(x, y)
            pen.ellipse((px - 2 * radius, py - 2 * radius, px + 2 * radius, py + 2 * radius), fill=255)

    page.cut((LEFT - 0.02, 0.0, RIGHT + 0.02, 1.0), stroke, colour, 0.62)


def _grid(page: Sheet, ink: _Ink) -> None:
    from PIL import ImageDraw, ImageFont  # loads Pillow

    pen, font = ImageDraw.Draw(page.picture), ImageFont.load_default(max(9, round(page.unit / 42)))
    thin = max(1, round(page.unit / 600))
    left, right, bottom = LEFT * page.width, RIGHT * page.width, BOTTOM * page.height
    for n in range(6):
        y = _point(0, n / 5)[1] * page.height
        pen.line((left, y, right, y), fill=ink.grid if n else ink.text, width=thin)
        pen.text((left - page.unit / 60, y), f"{n / 5:.1f}", fill=ink.text, font=font, anchor="rm")
    for n in range(9):
        x = left + (right - left) * n / 8
        pen.line((x, TOP * page.height, x, bottom), fill=ink.grid, width=thin)
        pen.text((x, bottom + page.unit / 40), str(25 * n), fill=ink.text, font=font, anchor="mt")
