"""The rows of the form, from the table of request fields, and what their controls hold. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...request import FIELDS, VideoRequest
from ...request_fields import Control, Field
from ...spec import DEFAULT_MODEL

Values = Mapping[str, Any]
"""What controls hold, by their names."""
MIDDLE = (0.5, 0.5)
"""The point that stands for none."""
KEEP_SEED = "keep_seed"
"""The box beside the seed; it is no field of a request."""
_UNITS = {"seconds": "s"}


@dataclass(frozen=True)
class FormRow:
    """One field of a request in the form."""

    field: Field
    control: Control

    @property
    def name(self) -> str:
        """Return the name of the field."""
        return self.field.name

    @property
    def choices(self) -> Sequence[str | int]:
        """Return the values among which to choose; nothing where something is typed."""
        return self.field.choices(DEFAULT_MODEL) or self.control.menu

    @property
    def is_typed(self) -> bool:
        """True for a text box."""
        return self.field.kind in ("text", "whole", "number") and not self.choices

    @property
    def labels(self) -> dict[str, str | int | None]:
        """Return what there is to choose, by its label."""
        unit = f" {_UNITS[self.name]}" if self.name in _UNITS else ""
        unset: dict[str, str | int | None] = {self.control.unset: None} if self.control.unset else {}
        return unset | {f"{choice}{unit}": choice for choice in self.choices}

    @property
    def controls(self) -> tuple[str, ...]:
        """Return the names of its controls."""
        return (f"{self.name}_x", f"{self.name}_y") if self.field.kind == "point" else (self.name,)

    def show(self, value: Any) -> tuple[Any, ...]:
        """Return what its controls hold for the value of a request."""
        if self.field.kind == "point":
            return tuple(value or MIDDLE)
        if self.field.kind == "switch":
            return (bool(value),)
        if self.choices:
            labels = self.labels
            return (next((label for label, choice in labels.items() if choice == value), next(iter(labels))),)
        return ("" if value is None else str(value),)

    def read(self, held: tuple[Any, ...]) -> Any:
        """Return the value that its controls stand for; None for what is not given."""
        if self.field.kind == "point":
            return None if held == MIDDLE else held
        (value,) = held
        if self.field.kind == "switch":
            return True if value else None
        if self.choices:
            return self.labels.get(value)
        text = value.strip()
        return text or None if self.field.kind == "text" else _number(text, self.field.kind)


ROWS = tuple(
    sorted(
        (FormRow(row, row.control) for row in FIELDS if row.control is not None and not row.part),
        # what is done before sending stands first among what is folded away
        key=lambda row: (row.control.is_folded, row.control.is_folded and row.field.is_sent),
    )
)
"""The fields that have a control, in the order of the form."""


def form_values(request: VideoRequest) -> dict[str, Any]:
    """Return what the controls of the form hold for a request."""
    held = {KEEP_SEED: request.seed is not None}
    for row in ROWS:
        held |= zip(row.controls, row.show(getattr(request, row.name)), strict=True)
    return held


def request_values(values: Values, *, names_length: bool) -> dict[str, Any]:
    """Return the fields of a request that the form stands for; None for what is not given.

    Args:
        values: What its controls hold.
        names_length: Whether the request that was opened named the usual length: then it is the same request still.
    """
    found = {row.name: row.read(tuple(values[name] for name in row.controls)) for row in ROWS}
    for row in ROWS:
        # the first choice is the usual one where none stands for a value that is not given
        is_usual = bool(row.choices) and not row.control.unset and found[row.name] == row.choices[0]
        if is_usual and not (row.name == "seconds" and names_length):
            found[row.name] = None
    return found | {"prompt": found["prompt"] or ""}


def problems_by_row(problems: Iterable[str]) -> dict[str, tuple[str, ...]]:
    """Return mistakes by the row beside which they stand, with the names that rows have there; the others by ""."""
    labels = {row.name: row.control.label for row in ROWS if row.is_typed and row.name != "prompt"}
    found: dict[str, list[str]] = {name: [] for name in ("", *labels)}
    for line in problems:
        name = line.split(" ", 1)[0]
        found[name if name in labels else ""].append(line.replace(name, labels.get(name, name), 1))
    return {name: tuple(lines) for name, lines in found.items()}


def _number(text: str, kind: str) -> float | str | None:
    """Return a number; other text as it is, so that the request can say what is wrong with it."""
    text = text.replace(",", "")
    try:
        return (int if kind == "whole" else float)(text) if text else None
    except ValueError:
        return text
