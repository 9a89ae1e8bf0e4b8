"""Which numbers of a picture become black and white: one rule for files, arrays and images.

Numbers that use their usual scale keep it: floats 0 to 1, whole numbers 0 to 255, or to 65535 in 16 bits. What uses
so little of it that the picture would be nearly black, or goes beyond it as heights and temperatures do, is spread
from its least to its most, and that is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

LITTLE = 1 / 4
"""A scale is taken for that of a picture when the numbers span at least this part of it."""
LITTLE_OF_USUAL = 1 / 8
"""The same for floats from 0 to 1, and whole numbers from 0 to 255 in a type that holds more."""
SLACK = 0.5 / 255
"""Floats may lie this part of their scale outside, as they do after a resize: they still round to a level."""
DARK = 16
"""A picture without a level above this is nearly black."""
FLAT = 4
"""A picture whose levels differ by no more is nearly one colour."""
_SENTINELS = (9999, 32767, 32768, 99999, 999999, 2147483647, 2147483648)
"""Numbers far from all others that stand for none, with either sign."""
_HUGE = 1e19


class Numbers(NamedTuple):
    """The numbers of a picture, transparency aside."""

    low: float
    high: float
    bits: int
    """16 for whole numbers of 16 bits without a sign, 0 for floats, 32 for all other whole numbers."""
    declared: tuple[float, float] | None = None
    """The least and the most that they may be, where the file says so."""
    is_copied: bool = False
    """True for 8 bits written twice, or shifted up, into 16: the picture is what it was in 8."""


class Scale(NamedTuple):
    """The numbers that become black and white."""

    black: float
    white: float
    note: str = ""
    """What was done, when it is not what everybody expects."""

    @property
    def factor(self) -> float:
        """Levels for each step of the numbers."""
        half = self.white / 2 - self.black / 2  # the whole span may be more than a float holds
        return 127.5 / half if half > 0 else 0.0

    @property
    def shift(self) -> float:
        """The level of a nought."""
        return -self.black * self.factor


def scale_of(numbers: Numbers) -> Scale:
    """The scale of a picture's numbers, all of which are finite."""
    low, high, bits, declared, _ = numbers
    span = high - low
    if declared and declared[0] <= low and high <= declared[1] and span >= LITTLE * (declared[1] - declared[0]):
        return Scale(*declared, f"{_spread(*declared)}, as its file says")
    if low >= -SLACK and (top := _top(numbers)):
        is_expected = top == {0: 1, 16: 65535, 32: 255}[bits]
        return Scale(0.0, top, "" if is_expected else f"its numbers, {low:g} … {high:g}, are taken as 0 … {top:g}")
    if not span:
        return Scale(low, low)
    return Scale(low, high, _spread(low, high))


def _top(numbers: Numbers) -> float:
    """The most of the scale that the numbers use; 0 when they use none."""
    low, high, bits, _, is_copied = numbers
    usual = 1.0 if not bits else 65535.0 if bits == 16 else 255.0
    if high <= usual * (1 + SLACK if not bits else 1):
        least = LITTLE if bits == 16 else LITTLE_OF_USUAL
        if is_copied or high == low or high - low >= least * usual:
            return usual
    for top in (255.0, 65535.0) if bits else (255.0,):
        if high <= top != usual and (high == low or high - low >= LITTLE * top):
            return top
    return 0.0


def _spread(low: float, high: float) -> str:
    return f"scaled from {low:.6g} … {high:.6g} to 0 … 255"


def no_value_problem(count: int, pixels: int, what: str = "NaN or infinite") -> str:
    """The line for a picture whose pixels have not all a value."""
    cure = "put numbers in their place (of an array: np.nan_to_num) and give it again"
    return f"{count:,} of {pixels:,} pixels have no value ({what}): {cure}"


def is_sentinel(number: float, nearest: float, other: float) -> bool:
    """True for an extreme number that stands for none: a usual one for that, far from all others.

    Args:
        number: The least or the most.
        nearest: The number next to it.
        other: The number at the other end.
    """
    usual = abs(number) >= _HUGE or abs(number) in _SENTINELS
    return usual and nearest != other and abs(number - nearest) > 4 * abs(nearest - other)


def flatness(extremes: Sequence[tuple[int, int]]) -> str:
    """What is to be told of a picture by the least and the most level of each channel; or nothing."""
    span, most = max(high - low for low, high in extremes), max(high for _, high in extremes)
    if not span:
        return "the picture is one colour throughout: see that it is the one you mean"
    if most <= DARK:
        return f"the picture is nearly black throughout (no level is above {most} of 255)"
    return "the picture is nearly one colour throughout" if span <= FLAT else ""
