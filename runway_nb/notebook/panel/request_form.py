"""The form of a request: one row for each field of the table, with its problems beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from html import escape
from typing import Any

import ipywidgets

from ...spec import SEED_RANGE, Model
from .form_rows import KEEP_SEED, FormRow, form_contents, form_notes, problems_by_row, rows_of
from .state import PanelState, Summary, seed_set, value_changed
from .store import PanelStore
from .widgets import LastShown, button, line, make_widget, problem

Draw = Callable[[int, int], int]
MOST_RADIOS = 4
"""Choices that stand side by side; more are a list."""
AXES = {"_x": "across", "_y": "down"}


class RequestForm:
    """Controls of everything but model, camera and keyframes. What is chosen from follows the model.

    Args:
        store: Holds their values.
        draw: Gives a whole number between two bounds, for a new seed.
    """

    def __init__(self, store: PanelStore, draw: Draw) -> None:
        self._store, self._draw = store, draw
        self._shown = LastShown()
        self._choices = ChoiceControls(self._listened)
        self._model = model = store.state.row
        rows = rows_of(model)
        self.fields: dict[str, Any] = {}
        """The controls by the name of what they give, those that the model has; always the same mapping."""
        for row in rows:
            if not row.is_choice:
                self.fields |= zip(row.controls, controls_of(row), strict=True)
            elif row.is_taken:
                self.fields[row.name] = self._choices.of(row)
        self._keep = make_widget(
            ipywidgets.Checkbox,
            description="keep",
            indent=False,
            tooltip="Keep the seed for the next take",
            classes="rnb-lock",
        )
        self._dice = button(
            "\N{DIE FACE-5}", self.draw_seed, "rnb-dice rnb-act-dice", hint="New random seed, kept until it is changed"
        )
        self._seed = make_widget(ipywidgets.HBox, [self.fields["seed"], self._dice, self._keep], classes="rnb-seed")
        self._count = make_widget(ipywidgets.HTML, _count("", model), classes="rnb-count")
        self._notes = make_widget(ipywidgets.HTML, _notes(store.state), classes="rnb-notes")
        self._unspoken: dict[str, tuple[str, ...]] | None = None
        self._problems = {name: make_widget(ipywidgets.HTML, classes="rnb-problems") for name in problems_by_row(())}
        self._line = make_widget(ipywidgets.HBox, self._options(rows), classes="rnb-options")
        self._fold = self._folded(rows)
        self.block = self._block(rows)
        for name, control in self._controls.items():
            if control not in self._choices:
                self._listened(name, control)

    def show(self, state: PanelState, summary: Summary) -> None:
        """Bring the controls up to date; what is folded away and wrong is unfolded."""
        model = state.row
        if model != self._model:
            self._follow(model)
        self._shown.show(self._controls, form_contents(state.values, model))
        self._count.value = _count(state.values["prompt"].strip(), model)
        self._notes.value = _notes(state)
        problems = problems_by_row(summary.problems)
        self._show_problems(problems)
        if any(problems.get(row.name) for row in rows_of(model) if row.control.is_folded):
            self._fold.selected_index = 0

    def _show_problems(self, problems: Mapping[str, tuple[str, ...]]) -> None:
        """Show what is wrong; what was so when the panel opened is nothing that the user did, and is not read out."""
        unspoken = problems if self._unspoken is None else self._unspoken
        self._unspoken = {name: lines for name, lines in problems.items() if lines == unspoken.get(name)}
        for name, lines in problems.items():
            spoken = name not in self._unspoken
            self._problems[name].value = "".join(problem(text, spoken=spoken) for text in lines)

    def draw_seed(self) -> None:
        """Draw a new seed, which is kept."""
        seed = self._draw(*SEED_RANGE)
        self._store.apply(lambda state: seed_set(state, seed) if state.row.seed else state)

    @property
    def _controls(self) -> dict[str, Any]:
        return {**self.fields, KEEP_SEED: self._keep}

    def _listened(self, name: str, control: Any) -> None:
        self._store.listen(control, partial(self._changed, name))

    def _changed(self, name: str, _: object) -> None:
        control = self._controls[name]
        self._store.apply(lambda state: value_changed(state, name, self._shown.taken(name, control)))

    def _follow(self, model: Model) -> None:
        """Offer what another model has: its choices; what it does not take at all is grey, or not there."""
        self._model, rows = model, rows_of(model)
        for row in rows:
            if row.is_choice and row.is_taken:
                self.fields[row.name] = self._choices.of(row)
                self._shown.forget(row.name)
            elif row.is_choice:
                self.fields.pop(row.name, None)
            else:
                for name in row.controls:
                    self.fields[name].tooltip = f"{model.title} has {row.lack}" if row.lack else ""
                    self.fields[name].disabled = not row.is_taken
        self._dice.disabled = self._keep.disabled = not model.seed
        self._line.children = self._options(rows)

    def _options(self, rows: Sequence[FormRow]) -> list[ipywidgets.Widget]:
        """Return what stands side by side below the prompt."""
        shown = [row for row in rows[1:] if not row.control.is_folded and row.name in self.fields]
        return [self._seed if row.name == "seed" else self._control(row) for row in shown]

    def _block(self, rows: Sequence[FormRow]) -> ipywidgets.VBox:
        prompt, beside = self.fields["prompt"], self._problems
        below = [beside[row.name] for row in rows if row.name in beside and not row.control.is_folded]
        parts = [prompt, self._count, beside[""], self._line, self._notes, *below, self._fold]
        return make_widget(ipywidgets.VBox, parts, classes="rnb-form")

    def _folded(self, rows: Sequence[FormRow]) -> ipywidgets.Accordion:
        """Return what is rarely needed, with the problems of each text box below it."""
        parts = []
        for row in rows:
            if row.control.is_folded:
                parts += [self._control(row), *([self._problems[row.name]] if row.name in self._problems else [])]
        inner = make_widget(ipywidgets.VBox, parts, classes="rnb-more-rows")
        title = "More: fitting, call-back, slots"
        return make_widget(ipywidgets.Accordion, [inner], titles=(title,), selected_index=None, classes="rnb-more")

    def _control(self, row: FormRow) -> ipywidgets.Widget:
        """Return the control of a row, or its controls side by side."""
        controls = [self.fields[name] for name in row.controls]
        return controls[0] if len(controls) == 1 else make_widget(ipywidgets.HBox, controls, classes="rnb-focus")


class ChoiceControls:
    """The controls of what is chosen from: few choices stand side by side, more are a list. Each is made once.

    Args:
        listen: Called with the name of the row and its control when one is made.
    """

    def __init__(self, listen: Callable[[str, Any], None]) -> None:
        self._listen = listen
        self._made: dict[tuple[str, bool], Any] = {}

    def __contains__(self, control: object) -> bool:
        return any(made is control for made in self._made.values())

    def of(self, row: FormRow) -> Any:
        """Return the control of a row, with the choices that it has."""
        labels = [*row.labels]
        key = (row.name, len(labels) > MOST_RADIOS)
        if key not in self._made:
            (self._made[key],) = controls_of(row)
            self._listen(row.name, self._made[key])
        elif [*self._made[key].options] != labels:
            self._made[key].options = labels
        return self._made[key]


def controls_of(row: FormRow) -> list[ipywidgets.Widget]:
    """Return the controls of a row, by its kind."""
    if row.field.kind == "point":
        return [_share(f"{row.control.label} {AXES[name.removeprefix(row.name)]}") for name in row.controls]
    if row.field.kind == "switch":
        return [make_widget(ipywidgets.Checkbox, description=row.control.label, indent=False)]
    if row.is_choice:
        return [_list(row)]
    if row.name == "prompt":
        return [
            make_widget(
                ipywidgets.Textarea,
                description=row.control.label,
                placeholder=row.control.hint,
                rows=3,
                classes="rnb-sr-label rnb-text",
            )
        ]
    classes = "rnb-seed-text" if row.name == "seed" else ""
    return [make_widget(ipywidgets.Text, description=row.control.label, placeholder=row.control.hint, classes=classes)]


def _list(row: FormRow) -> ipywidgets.Widget:
    labels = [*row.labels]
    if len(labels) > MOST_RADIOS:
        return make_widget(ipywidgets.Dropdown, options=labels, value=labels[0], description=row.control.label)
    return make_widget(
        ipywidgets.RadioButtons,
        options=labels,
        value=labels[0],
        description=row.control.label,
        orientation="horizontal",
    )


def _share(label: str) -> ipywidgets.BoundedFloatText:
    return make_widget(ipywidgets.BoundedFloatText, value=0.5, min=0, max=1, step=0.05, description=label)


def _count(text: str, model: Model) -> str:
    limit = "" if model.prompt_limit is None else f" of {model.prompt_limit:,}"
    shown = f"{len(text):,}{limit} characters, {len(text.split()):,} words"
    return f'<div class="rnb-detail rnb-num">{escape(shown)}</div>'


def _notes(state: PanelState) -> str:
    return "".join(map(line, form_notes(state.values, state.row)))
