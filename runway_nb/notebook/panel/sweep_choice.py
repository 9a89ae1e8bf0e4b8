"""What is chosen for a sweep in the panel: one or two controls, their values as typed, and what was found. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from ...camera import MOVES
from ...spec import DEFAULT_MODEL, MODELS, POSITIONS, Model
from ...sweeps.price import SweepPrice
from ...template import REFERENCE
from .form_rows import FormRow, rows_of

DIRECTIONS = ("across", "down")
"""Where the values of each axis run in the table of a sweep."""
TAKES = "takes"
MODEL = "model"
NOTHING = ("nothing", "")
SEEDS = {"seed": "seed", "takes (another seed each)": TAKES}


@dataclass(frozen=True)
class AxisChoice:
    """One axis, as it is chosen and typed."""

    name: str = ""
    """A field of a request, `model`, `takes`, or a name of the prompt; nothing for no axis."""
    text: str = ""

    @property
    def is_given(self) -> bool:
        """True once there is something to vary and a value for it."""
        return bool(self.name and self.text.strip())


@dataclass(frozen=True)
class Found:
    """What a sweep comes to: its price, or its mistakes."""

    price: SweepPrice | None = None
    problems: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Mistakes by the direction of the axis that has them; the others by ""."""
    cell: str = ""
    """The cell that makes it, or as a comment why there is none."""
    note: str = ""
    """What has to be defined before that cell runs."""
    why: str = ""
    """Why it is asked about before it is sent; nothing where it is not."""


@dataclass(frozen=True)
class SweepChoice:
    """Everything that the panel knows of a sweep."""

    axes: tuple[AxisChoice, AxisChoice] = (AxisChoice(), AxisChoice())
    found: Found | None = None
    """None while it is being computed, and where nothing is chosen."""
    is_asking: bool = False
    """Whether the user is asked about the price."""
    is_sending: bool = False

    @property
    def given(self) -> dict[str, AxisChoice]:
        """The axes that are given, by direction."""
        return {way: axis for way, axis in zip(DIRECTIONS, self.axes, strict=True) if axis.is_given}

    @property
    def varies_camera(self) -> bool:
        """Whether a camera move is among the axes."""
        return any(axis.name in MOVES for axis in self.given.values())


def axis_changed(choice: SweepChoice, number: int, axis: AxisChoice) -> SweepChoice:
    """Return the choice with another axis; what was found for the former is not of this one."""
    if choice.axes[number] == axis:
        return choice
    axes = (axis, choice.axes[1]) if number == 0 else (choice.axes[0], axis)
    return replace(choice, axes=axes, found=None, is_asking=False)


def varied_names(model: Model, prompt: str) -> dict[str, str]:
    """Return what can be varied, by the label under which it is chosen.

    What the model does not have stands in its place and says so: a page that has not heard of a change of the model
    names an entry by its number.
    """
    lack = f" (not with {model.title})"
    found = {NOTHING[0]: NOTHING[1]}
    found |= {f"{move}{'' if model.camera else ' (in words)'}": move for move in MOVES}
    found |= {f"{label}{'' if model.seed else lack}": name for label, name in SEEDS.items()}
    found[MODEL] = MODEL
    found |= {f"{name} keyframe{'' if name in model.positions else lack}": name for name in POSITIONS}
    found |= {f"{_title(row)}{'' if row.is_taken else lack}": row.name for row in _varied_rows(model)}
    names = dict.fromkeys(match[1] for match in REFERENCE.finditer(prompt) if not match[1].startswith("U+"))
    return found | {f"{{{{{name}}}}} of the prompt": name for name in names}


def _title(row: FormRow) -> str:
    return row.control.label.partition(" (")[0]


def _varied_rows(model: Model) -> list[FormRow]:
    """Return the rows of the form that decide the video, but for prompt and seed."""
    rows = [row for row in rows_of(model) if row.field.is_counted]
    return [row for row in rows if row.name not in ("prompt", "seed")]


def values_hint(name: str, model: Model) -> str:
    """Return values as they may be typed for what is varied."""
    if name in MOVES:
        return "-5, 0, 5"
    if name in POSITIONS:
        return "dusk, noon, or files"
    if name == MODEL:
        return ", ".join([model.name, *_other_models(model)][:2])
    known = {"seed": "1..3", TAKES: "4", "": ""}
    return known.get(name) if name in known else _row_hint(name, model)  # type: ignore[return-value]


def _row_hint(name: str, model: Model) -> str:
    row = next((row for row in _varied_rows(model) if row.name == name), None)
    if row is None:
        return 'noir, "ink, wet"'
    if row.field.kind in ("switch", "toggle"):
        return "on, off"
    if row.field.kind == "point":
        return "0.5;0.2, 0.5;0.8"
    choices = row.choices or row.field.choices(DEFAULT_MODEL)
    return ", ".join(map(str, choices[:2]))


def _other_models(model: Model) -> list[str]:
    """Return models that are like this one in what they take, the others after them."""
    others = [other for other in MODELS.values() if other.state != "retired" and other.name != model.name]
    return [other.name for other in sorted(others, key=lambda other: other.positions != model.positions)]
