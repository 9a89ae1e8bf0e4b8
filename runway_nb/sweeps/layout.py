"""Where each variant of a sweep stands: tables with the first axis across and the second down. Pure.

Each value of a further axis has a table of its own. Where there is no grid, the variants stand in rows of four.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from ..camera import MOVES, signed
from ..values.plain import is_number, plain
from .plan import Axis, SweepPlan, Variant, axis_label, value_text

ACROSS = 4
"""Variants beside each other where there is no grid."""


class LayoutRow(NamedTuple):
    """One row of a table."""

    label: str
    """Nothing where the rows differ in nothing that has a name."""
    cells: tuple[Variant | None, ...]
    """None where a limit leaves a gap."""


class LayoutTable(NamedTuple):
    """Variants that stand together."""

    title: str
    """The values of the third axis and of the fourth, or nothing."""
    columns: tuple[str, ...]
    """What the columns are called; empty where each variant has a label of its own."""
    rows: tuple[LayoutRow, ...]

    @property
    def across(self) -> int:
        """How many variants stand beside each other at most."""
        return max(len(row.cells) for row in self.rows)


def layout(plan: SweepPlan) -> list[LayoutTable]:
    """Return all variants of a sweep, each in its place."""
    if plan.is_zipped or not plan.axes:
        return [_rows_of_four(plan.in_place)]
    if len(plan.axes) == 1:
        return [_one_axis(plan)]
    groups = itertools.groupby(plan.in_place, key=lambda variant: variant.place[2:])
    return [_grid(plan.axes, further, [*variants]) for further, variants in groups]


def shown_label(axis: Axis, index: int) -> str:
    """Return what a value of an axis is called, as `axis_label` does; a camera move with its sign: `zoom +5`."""
    return f"{axis.name} {shown_value(axis, index)}" if _is_move(axis, index) else axis_label(axis, index)


def shown_value(axis: Axis, index: int) -> str:
    """Return a value of an axis as it is shown: `+5` of a camera move, the seed of a take."""
    value = axis.values[index]
    return signed(plain(value)) if _is_move(axis, index) else value_text(value)


def _is_move(axis: Axis, index: int) -> bool:
    return axis.name in MOVES and is_number(plain(axis.values[index]))


def variant_label(plan: SweepPlan, variant: Variant) -> str:
    """Return what distinguishes a variant: `zoom +5, style noir`; nothing where there is no axis."""
    return ", ".join(_labels(plan.axes, variant.place))


def _labels(axes: Sequence[Axis], place: Sequence[int]) -> Iterator[str]:
    return (shown_label(axis, index) for axis, index in zip(axes, place, strict=True))


def _grid(axes: Sequence[Axis], further: Sequence[int], variants: Sequence[Variant]) -> LayoutTable:
    across, down = axes[:2]
    at: Mapping[tuple[int, ...], Variant] = {variant.place[:2]: variant for variant in variants}
    columns = sorted({column for column, _ in at})
    rows = tuple(
        LayoutRow(shown_label(down, row), tuple(at.get((column, row)) for column in columns))
        for row in sorted({row for _, row in at})
    )
    title = ", ".join(_labels(axes[2:], further))
    return LayoutTable(title, tuple(shown_label(across, column) for column in columns), rows)


def _one_axis(plan: SweepPlan) -> LayoutTable:
    """Return a single row under its labels, where it is no longer than a row may be."""
    variants = plan.in_place
    if len(variants) > ACROSS:
        return _rows_of_four(variants)
    columns = tuple(variant_label(plan, variant) for variant in variants)
    return LayoutTable("", columns, (LayoutRow("", tuple(variants)),))


def _rows_of_four(variants: Sequence[Variant]) -> LayoutTable:
    starts = range(0, len(variants), ACROSS)
    return LayoutTable("", (), tuple(LayoutRow("", tuple(variants[start : start + ACROSS])) for start in starts))
