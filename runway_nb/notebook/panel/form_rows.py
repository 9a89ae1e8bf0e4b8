"""The rows of the form, from the table of request fields, and what their controls hold. Pure functions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ...models import formats_like
from ...request import FIELDS, VideoRequest
from ...request_fields import Control, Field
from ...spec import DEFAULT_MODEL, Model

Values = Mapping[str, Any]
"""What a panel holds, by the names of controls. A choice is held as it was made, whether or not a model has it."""
MIDDLE = (0.5, 0.5)
"""The point that stands for none."""
KEEP_SEED = "keep_seed"
"""The box beside the seed; it is no field of a request."""
_UNITS = {"seconds": " s"}
_SWITCHED = {True: "on", False: "off"}


@dataclass(frozen=True)
class FormRow:
    """One field of a request in the form, as a model has it."""

    field: Field
    control: Control
    model: Model = DEFAULT_MODEL

    @property
    def name(self) -> str:
        """Return the name of the field."""
        return self.field.name

    @property
    def label(self) -> str:
        """Return its label without what is said in brackets, as it stands within a sentence."""
        return self.control.label.partition(" (")[0].lower()

    @property
    def is_taken(self) -> bool:
        """True when the model takes the field."""
        return bool(self.field.takes(self.model))

    @property
    def lack(self) -> str:
        """Return what the model does not have, as in "no sound"; nothing where it has it."""
        if self.is_taken:
            return ""
        return f"one {self.label} only" if self.field.kind == "choice" else f"no {self.label}"

    @property
    def choices(self) -> Sequence[str | int]:
        """Return the values among which to choose; nothing where something is typed."""
        return self.field.choices(self.model) or self.control.menu

    @property
    def is_choice(self) -> bool:
        """True where one of several is chosen, whatever the model: then the value is held, and not its label."""
        return self.field.kind in ("choice", "toggle") or bool(self.choices or self.field.choices(DEFAULT_MODEL))

    @property
    def is_typed(self) -> bool:
        """True for a text box."""
        return self.field.kind in ("text", "whole", "number") and not self.is_choice

    @property
    def labels(self) -> dict[str, Any]:
        """Return what there is to choose, by its label."""
        unset = {self.control.unset: None} if self.control.unset else {}
        if self.field.kind == "toggle":
            return unset | {self._labelled(False): False}
        return unset | {self._labelled(choice): choice for choice in self.choices}

    @property
    def usual(self) -> str | int | None:
        """Return the choice that is meant where none is made; None where a label stands for that."""
        if self.control.unset or not self.choices:
            return None
        return self.model.usual_seconds if self.name == "seconds" else self.choices[0]

    @property
    def controls(self) -> tuple[str, ...]:
        """Return the names of its controls."""
        return (f"{self.name}_x", f"{self.name}_y") if self.field.kind == "point" else (self.name,)

    # --- a value of a request, and the contents of controls --------------------------------------

    def show(self, value: Any) -> tuple[Any, ...]:
        """Return what its controls contain for the value of a request."""
        if self.field.kind == "point":
            return tuple(value or MIDDLE)
        if self.is_choice:
            return (self._label_of(value),)
        if self.field.kind == "switch":
            return (bool(value),)
        return ("" if value is None else str(value),)

    def read(self, contents: tuple[Any, ...]) -> Any:
        """Return the value that the contents of its controls stand for; None for what is not given."""
        if self.field.kind == "point":
            return None if contents == MIDDLE else contents
        (value,) = contents
        if self.is_choice:
            return self.labels.get(value)
        if self.field.kind == "switch":
            return True if value else None
        text = value.strip()
        return text or None if self.field.kind == "text" else _number(text, self.field.kind)

    # --- what is held, whatever the model takes --------------------------------------------------

    def hold(self, value: Any) -> tuple[Any, ...]:
        """Return what is held for the value of a request."""
        return (value,) if self.is_choice else self.show(value)

    def contents(self, held: tuple[Any, ...]) -> tuple[Any, ...]:
        """Return what its controls contain for what is held."""
        return self.show(held[0]) if self.is_choice else held

    def given(self, held: tuple[Any, ...]) -> Any:
        """Return what is held as the model takes it; None for what is not given, or not taken."""
        if not self.is_taken:
            return None
        return self._had(held[0]) if self.is_choice else self.read(held)

    def kept(self, held: tuple[Any, ...]) -> str:
        """Return in words what is held and not given, since the model does not take it; or nothing."""
        if self.given(held) is not None or (self.is_taken and not self.is_choice):
            return ""
        value = held[0]
        if self.field.kind == "switch":
            return self.label if value else ""
        return "" if value is None or not str(value).strip() else f"{self.label} {self._labelled(value)}"

    def renamed(self, held: tuple[Any, ...]) -> str:
        """Return how the model calls a format that was chosen by another's word; nothing where it is the same."""
        value = self.given(held) if self.name == "aspect" else None
        word = self.model.aspect_words.get(value, value) if value is not None else None
        return "" if word == held[0] or word is None else f"{held[0]} is {word} here"

    def _had(self, value: Any) -> Any:
        """Return a choice as the model has it; None where it has no such."""
        if self.field.kind == "toggle":
            return value
        words = formats_like(value) if self.name == "aspect" and value is not None else (value,)
        known = {*self.choices, *(self.model.aspect_words if self.name == "aspect" else ())}
        return next((word for word in words if word in known), None)

    def _label_of(self, value: Any) -> str | None:
        value = self._had(value)
        if self.name == "aspect" and value is not None:
            value = self.model.aspect_words.get(value, value)
        labels = self.labels
        usual = self._labelled(self.usual) if self.usual is not None else next(iter(labels), None)
        return next((label for label, choice in labels.items() if choice == value), usual)

    def _labelled(self, value: Any) -> str:
        text = _SWITCHED[value] if self.field.kind == "toggle" else str(value)
        return f"{text}{_UNITS.get(self.name, '')}"


def rows_of(model: Model) -> tuple[FormRow, ...]:
    """Return the rows of the form for a model: what has a control, in its order."""
    rows = [FormRow(row, row.control, model) for row in FIELDS if row.control is not None and not row.control.place]
    # what is done before sending stands first among what is folded away
    return tuple(sorted(rows, key=lambda row: (row.control.is_folded, row.control.is_folded and row.field.is_sent)))


ROWS = rows_of(DEFAULT_MODEL)
"""The rows with the model of a request that names none; those of others have the same names."""


def form_values(request: VideoRequest) -> dict[str, Any]:
    """Return what is held for the form of a request."""
    held = {KEEP_SEED: request.seed is not None}
    for row in rows_of(request.row):
        held |= zip(row.controls, row.hold(getattr(request, row.name)), strict=True)
    return held


def form_contents(values: Values, model: Model) -> dict[str, Any]:
    """Return what the controls of the form contain."""
    contents = {KEEP_SEED: values[KEEP_SEED]}
    for row in rows_of(model):
        contents |= zip(row.controls, row.contents(held_of(row, values)), strict=True)
    return contents


def request_values(values: Values, model: Model) -> dict[str, Any]:
    """Return the fields of a request that the form stands for; None for what is not given, or not taken."""
    found = {row.name: row.given(held_of(row, values)) for row in rows_of(model)}
    return found | {"prompt": found["prompt"] or ""}


def held_of(row: FormRow, values: Values) -> tuple[Any, ...]:
    """Return what is held of a row."""
    return tuple(values[name] for name in row.controls)


def form_notes(values: Values, model: Model) -> list[str]:
    """Return what the model does not have, which of its words stand for others, and what is kept, as sentences."""
    rows = rows_of(model)
    lacks = [row.lack for row in rows if row.lack]
    renamed = [text for row in rows if (text := row.renamed(held_of(row, values)))]
    kept = [text for row in rows if (text := row.kept(held_of(row, values)))]
    return [
        *([f"{model.title} has {_listed(lacks)}."] if lacks else []),
        *(f"{text[:1].upper()}{text[1:]}." for text in renamed),
        *([f"Kept and not sent: {', '.join(kept)}."] if kept else []),
    ]


def _listed(words: Sequence[str]) -> str:
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last


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
