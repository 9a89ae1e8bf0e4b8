"""Where each variant of a sweep stands: tables with the first axis across and the second down. Pure.

Each value of a further axis has a table of its own. Where there is no grid, the variants stand in rows of four.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import NamedTuple

from .sweep_plan import Axis, SweepPlan, Variant, axis_label

ACROSS = 4
"""Variants beside each other where there is no grid."""

Label = Callable[[Axis, int], str]
"""What a value of an axis is called."""


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


def layout(plan: SweepPlan, label: Label = axis_label) -> list[LayoutTable]:
    """Return all variants of a sweep, each in its place."""
    if plan.is_zipped or not plan.axes:
        return [_rows_of_four(plan.in_place)]
    if len(plan.axes) == 1:
        return [_one_axis(plan, label)]
    groups = itertools.groupby(plan.in_place, key=lambda variant: variant.place[2:])
    return [_grid(plan.axes, further, [*variants], label) for further, variants in groups]


def variant_label(plan: SweepPlan, variant: Variant, label: Label = axis_label) -> str:
    """Return what distinguishes a variant: `zoom -5, style noir`; nothing where there is no axis."""
    return ", ".join(_labels(plan.axes, variant.place, label))


def _labels(axes: Sequence[Axis], place: Sequence[int], label: Label) -> Iterator[str]:
    return (label(axis, index) for axis, index in zip(axes, place, strict=True))


def _grid(axes: Sequence[Axis], further: Sequence[int], variants: Sequence[Variant], label: Label) -> LayoutTable:
    across, down = axes[:2]
    at: Mapping[tuple[int, ...], Variant] = {variant.place[:2]: variant for variant in variants}
    columns = sorted({column for column, _ in at})
    rows = tuple(
        LayoutRow(label(down, row), tuple(at.get((column, row)) for column in columns))
        for row in sorted({row for _, row in at})
    )
    title = ", ".join(_labels(axes[2:], further, label))
    return LayoutTable(title, tuple(label(across, column) for column in columns), rows)


def _one_axis(plan: SweepPlan, label: Label) -> LayoutTable:
    """Return a single row under its labels, where it is no longer than a row may be."""
    variants = plan.in_place
    if len(variants) > ACROSS:
        return _rows_of_four(variants)
    columns = tuple(variant_label(plan, variant, label) for variant in variants)
    return LayoutTable("", columns, (LayoutRow("", tuple(variants)),))


def _rows_of_four(variants: Sequence[Variant]) -> LayoutTable:
    starts = range(0, len(variants), ACROSS)
    return LayoutTable("", (), tuple(LayoutRow("", tuple(variants[start : start + ACROSS])) for start in starts))
