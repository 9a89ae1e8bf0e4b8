"""Which numbers of a picture become black and white: one rule for files, arrays and images.

Numbers that use their usual scale keep it: floats 0 to 1, whole numbers 0 to 255, or to 65535 in 16 bits. What uses
so little of it that the picture would be nearly black, or goes beyond it as heights and temperatures do, is spread
from its least to its most, and a note reports it.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
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
FEW = 100
"""One pixel in so many may be brighter in a picture that is nearly black all the same: broken points of a sensor."""
_SENTINELS = (999, 9999, 9999.9, 32767, 32768, 99999, 100000, 999999, 2147483647, 2147483648)
"""Numbers far from all others that stand for none, with either sign."""
_TOPS = (65535, 4294967295)
"""The same in types without a sign, where they also stand for what is too bright to be measured."""
_FAR, _FARTHER = 4, 255 / DARK - 1
"""So many times what all others span is far; the second leaves them hardly a level."""
_HUGE = 1e19
MOST_SENTINELS = 2
"""Numbers at each end that may stand for none."""


class Numbers(NamedTuple):
    """The numbers of a picture, transparency aside."""

    low: float
    high: float
    bits: int
    """16 for whole numbers of 16 bits without a sign, 0 for floats, 32 for all other whole numbers."""
    declared: tuple[float, float] | None = None
    """The least and the most that they may be, where the file declares it."""
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
        return 127.5 / half if half >= sys.float_info.min else 0.0

    @property
    def shift(self) -> float:
        """The level of a nought."""
        return -self.black * self.factor


def scale_of(numbers: Numbers) -> Scale:
    """Return the scale of a picture's numbers, all of which are finite."""
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
    """Return the most of the scale that the numbers use; 0 when they use none."""
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
    """Return the line for a picture whose pixels have not all a value."""
    cure = "put numbers in their place (of an array: np.nan_to_num) and give it again"
    return f"{count:,} of {pixels:,} pixels have no value ({what}): {cure}"


def sentinels(low: float, high: float, extremes: Callable[[Sequence[float]], tuple[float, ...]]) -> list[float]:
    """Return the numbers that stand for none: usual ones for that, at the ends, and far from all others.

    Args:
        low: The least of all numbers.
        high: The most.
        extremes: Gives the least and the most of the numbers that are not among those it gets, or nothing.
    """
    left: list[float] = []
    rest: tuple[float, ...] = (low, high)
    # a file may use one number for what was not measured and others for what lies outside
    for _ in range(MOST_SENTINELS):
        usual = [number for number in dict.fromkeys(rest) if _distance(number)]
        left += usual
        rest = extremes(left) if usual else rest
    return [number for number in left if rest and _is_far(number, *rest)]


def _distance(number: float) -> float:
    """Return how many times what all others span a number must be away to stand for none; 0 for one that never does."""
    size = round(abs(number), 1)
    return _FAR if size >= _HUGE or size in _SENTINELS else _FARTHER if size in _TOPS else 0


def _is_far(number: float, low: float, high: float) -> bool:
    gap = low - number if number < low else number - high
    return low != high and gap > _distance(number) * (high - low)


def flatness(bands: Sequence[Sequence[int]]) -> str:
    """Return what is worth a note about a picture by how many pixels have each level, by channel; or nothing."""
    extremes = [_ends(counts) for counts in bands]
    span, most = max(high - low for low, high in extremes), max(high for _, high in extremes)
    if not span:
        return "the picture is one colour throughout: see that it is the one you mean"
    if most <= DARK:
        return f"the picture is nearly black throughout (no level is above {most} of 255)"
    if span <= FLAT:
        return "the picture is nearly one colour throughout"
    most = max(_ends(counts, sum(counts) // FEW)[1] for counts in bands)
    return f"nearly all of the picture is black (99 % of it has no level above {most} of 255)" if most <= DARK else ""


def _ends(counts: Sequence[int], few: int = 0) -> tuple[int, int]:
    """Return the least and the most level, without the `few` brightest pixels."""
    seen = [level for level, count in enumerate(counts) if count]
    for index in range(len(seen) - 1, -1, -1):
        few -= counts[seen[index]]
        if few < 0:
            return seen[0], seen[index]
    return 0, 0
