"""The columns of `request.FIELDS`: how a field is read, checked, sent, typed and shown."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from pathlib import PurePath
from typing import Any, Literal

from .models import models_with
from .references import is_point
from .spec import Model
from .values.plain import HALF, can_be_sent, is_a, is_number, pair, plain, shown, whole

Kind = Literal["text", "whole", "number", "choice", "switch", "toggle", "point", "picture"]
"""A switch can only be typed as on; a toggle as on and as off."""
Check = Callable[[Any, Model], Iterator[str]]
"""Yields each mistake of a value, as the text that follows the field's name."""


class Section(IntEnum):
    """The parts of the first line of a cell, in their order."""

    PICTURES = 1
    FORMAT = 2
    PLANE = 3
    """Camera moves in the plane of the picture."""
    DEPTH = 4
    """Camera moves that change the perspective."""
    DELIVERY = 5


@dataclass(frozen=True)
class OptionText:
    """How a field is typed in a cell; its flag is the field's name."""

    section: Section
    """Where it stands on the line; within a section in the order of `FIELDS`."""
    metavar: str
    """What stands for its value in the help; nothing for a switch."""
    help: str


@dataclass(frozen=True)
class Control:
    """How a field is shown in the panel. Its widget follows from the field's kind."""

    label: str
    hint: str = ""
    """What an empty text box shows."""
    is_folded: bool = False
    """True for what is rarely needed."""
    unset: str = ""
    """The choice that stands for a value that is not given."""
    menu: Sequence[int] = ()
    """What there is to choose where a cell takes any number of a range."""
    place: str = ""
    """`camera` for what stands with the camera's controls; nothing for a row of the form."""


@dataclass(frozen=True)
class Field:
    """One field of a request.

    Camera moves and keyframes are fields too: a cell, a body and the ledger's record are flat.
    """

    name: str
    kind: Kind
    check: Check | None = None
    """None where the request, its camera or its keyframes check the value."""
    takes: Callable[[Model], object] = lambda _: True
    """Whether a model takes it, keyframes apart."""
    lack: str = "takes none"
    """What is said of a model that does not take it."""
    part: str = ""
    """The attribute of the request in which it lies, `keyframes` or `camera`; nothing for the request itself."""
    wire: str = ""
    """Its name in the create call, its own by default; the row of a model may have another."""
    is_sent: bool = True
    """False for what is done before anything is sent."""
    is_counted: bool = True
    """True for what decides the picture, and so the digest."""
    default: str | None = None
    """The value that counts as not given, as `VideoRequest` declares it."""
    choices: Callable[[Model], Sequence[str | int]] = lambda _: ()
    """The values among which a model lets choose; nothing where there is a range."""
    option: OptionText | None = None
    control: Control | None = None
    shown_in: str = ""
    """The field in whose sent value it is contained; it counts there."""
    sent: Callable[[Any], Any] | None = None
    """What is sent for a `VideoRequest`, where that is not the value as it was given."""
    read_task: Callable[[Mapping[str, Any], Model], Any] | None = None
    """Reads it from the options of a task that was made elsewhere (`task_options`); None where they do not name it."""

    def read(self, value: object) -> Any:
        """Return what a caller gave as a plain value, or as `Unusable`; never raises."""
        return _READERS.get(self.kind, plain)(value)

    def value_in(self, request: Any) -> Any:
        """Return its value in a `VideoRequest`."""
        return getattr(getattr(request, self.part) if self.part else request, self.name)

    def is_given(self, value: object) -> bool:
        """True for a value that is sent or kept."""
        return value is not None and not (type(value) is str and value == self.default)

    def sent_value(self, request: Any) -> Any:
        """Return what is sent of it for a `VideoRequest`; None where it stays out."""
        return self.sent(request) if self.sent is not None else self.value_in(request)

    def wire_name(self, model: Model) -> str:
        """Return its name in a body for a model; nothing where the model does not take it."""
        if self.part == "keyframes":
            return next((field.wire for field in model.keyframes if field.position == self.name), "")
        return model.wire_names.get(self.name, self.wire or self.name) if self.takes(model) else ""

    def record_name(self, model: Model) -> str:
        """Return its name in the ledger, which keeps what a model does not take, too."""
        return self.wire_name(model) or self.name

    def problems(self, value: object, model: Model) -> Iterator[str]:
        """Yield each mistake as one line; one that no model takes is reported as the mistake that it is."""
        if not self.is_given(value):
            return
        # a switch that is off is not given; silence can be asked for
        if not self.wire_name(model) and (value is not False or self.kind == "toggle"):
            yield self._lacking(model)
        elif self.check is not None:
            yield from (f"{self.name} {mistake}" for mistake in self.check(value, model))

    def _lacking(self, model: Model) -> str:
        others = models_with(lambda other: self.wire_name(other))
        lack = f"takes no {self.name} keyframe" if self.part == "keyframes" else self.lack
        other = f", or choose a model that does: {others}" if others else ""
        return f"{self.name} is given, and {model.title} {lack}: leave it out{other}"


_READERS: dict[Kind, Callable[[object], Any]] = {"whole": whole, "point": pair}


def wire_value(value: object) -> Any:
    """Return a value as JSON holds it; 4.0 and 4, or -0.0 and 0, are the same request and get the same digest."""
    if is_a(value, PurePath):
        return str(value)
    if type(value) is tuple:
        return [wire_value(item) for item in value]
    return int(value) if type(value) is float and value.is_integer() else value


# --- checks -----------------------------------------------------------------------------------------


def _no_words(_: Model) -> Mapping[str, str]:
    return {}


def text_of(low: int, high: int) -> Check:
    """Return the check of a text's length, both ends included."""

    def check(value: Any, _: Model) -> Iterator[str]:
        if not isinstance(value, str) or not low <= len(value) <= high:
            found = f"{len(value):,} characters long" if isinstance(value, str) else shown(value)
            yield f"is {found}: give text of {low:,} to {high:,} characters"
        elif not can_be_sent(value):
            yield HALF

    return check


def address_of(low: int, high: int) -> Check:
    """Return the check of an http address and of its length."""

    def check(value: Any, model: Model) -> Iterator[str]:
        yield from text_of(low, high)(value, model)
        if isinstance(value, str) and not re.match(r"https?://[^\s/]+", value):
            yield f"is {shown(value)}: give an address that starts with https://"

    return check


def whole_of(low: int, high: int) -> Check:
    """Return the check of a whole number's range, both ends included."""

    def check(value: Any, _: Model) -> Iterator[str]:
        if type(value) is not int or not low <= value <= high:
            yield f"is {shown(value)}: give a whole number from {low} to {high}"

    return check


def one_of(
    choices: Callable[[Model], Sequence[str | int]], words: Callable[[Model], Mapping[str, str]] = _no_words
) -> Check:
    """Return the check of a choice. A mistake names the models that have what was asked for.

    Args:
        choices: What a model lets choose.
        words: Other words for its choices.
    """

    def check(value: Any, model: Model) -> Iterator[str]:
        if not _is_among(value, choices(model), words(model)):
            others = models_with(lambda other: _is_among(value, choices(other), words(other)))
            there = f", or a model that has it: {others}" if others else ""
            yield f"is {shown(value)}: give {listed_choices(choices(model))}{there}"

    return check


def _is_among(value: Any, choices: Sequence[str | int], words: Mapping[str, str]) -> bool:
    return (is_number(value) or isinstance(value, str)) and (value in choices or value in words)


def own_word(value: Any, words: Mapping[str, str]) -> Any:
    """Return what a model calls a choice for which it has other words; anything else as it is."""
    return words.get(value, value) if isinstance(value, str) else value


def listed_choices(choices: Sequence[str | int]) -> str:
    """Return choices as a text: `5 or 10`, `4, 6, 8`, `4 to 15`."""
    if isinstance(choices, range):
        return f"{choices[0]} to {choices[-1]}"
    return (" or " if len(choices) <= _FEW else ", ").join(map(str, choices))


_FEW = 2


def switch(value: Any, _: Model) -> Iterator[str]:
    """Check a yes or no."""
    if not isinstance(value, bool):
        yield f"is {shown(value)}: give True or False"


def point(value: Any, _: Model) -> Iterator[str]:
    """Check a point of a picture."""
    if not is_point(value):
        yield f"is {shown(value)}: give two numbers from 0 to 1, such as 0.5,0.2"
