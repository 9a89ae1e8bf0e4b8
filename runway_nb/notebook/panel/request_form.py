"""The form of a request: one row for each field of the table, with its problems beside it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from html import escape
from typing import Any

import ipywidgets

from ...spec import SEED_RANGE
from .form_rows import KEEP_SEED, ROWS, FormRow, problems_by_row
from .state import PanelState, Summary, seed_set, value_changed
from .store import PanelStore
from .widgets import LastShown, button, make_widget, problem

Draw = Callable[[int, int], int]
MOST_RADIOS = 4
"""Choices that stand side by side; more are a list."""
AXES = {"_x": "across", "_y": "down"}


class RequestForm:
    """Controls of everything but camera and keyframes.

    Args:
        store: Holds their values.
        draw: Gives a whole number between two bounds, for a new seed.
    """

    def __init__(self, store: PanelStore, draw: Draw) -> None:
        self._store, self._draw = store, draw
        self._shown = LastShown()
        self.fields: dict[str, Any] = {}
        """The controls by the name of what they give."""
        for row in ROWS:
            self.fields |= zip(row.controls, controls_of(row), strict=True)
        self._keep = make_widget(
            ipywidgets.Checkbox,
            description="keep",
            indent=False,
            tooltip="Keep the seed for the next take",
            classes="rnb-lock",
        )
        self._controls = {**self.fields, KEEP_SEED: self._keep}
        self._count = make_widget(ipywidgets.HTML, _count(""), classes="rnb-count")
        self._problems = {name: make_widget(ipywidgets.HTML, classes="rnb-problems") for name in problems_by_row(())}
        self._fold = self._folded()
        self.block = self._block()
        for name, control in self._controls.items():
            store.listen(control, partial(self._changed, name))

    def show(self, state: PanelState, summary: Summary) -> None:
        """Bring the controls up to date; what is folded away and wrong is unfolded."""
        self._shown.show(self._controls, state.values)
        self._count.value = _count(state.values["prompt"].strip())
        problems = problems_by_row(summary.problems)
        for name, lines in problems.items():
            self._problems[name].value = "".join(map(problem, lines))
        if any(problems.get(row.name) for row in ROWS if row.control.is_folded):
            self._fold.selected_index = 0

    def draw_seed(self) -> None:
        """Draw a new seed, which is kept."""
        seed = self._draw(*SEED_RANGE)
        self._store.apply(lambda state: seed_set(state, seed))

    def _changed(self, name: str, _: object) -> None:
        control = self._controls[name]
        self._store.apply(lambda state: value_changed(state, name, self._shown.taken(name, control)))

    def _block(self) -> ipywidgets.VBox:
        prompt, options, beside = self.fields["prompt"], [], self._problems
        for row in ROWS[1:]:
            if not row.control.is_folded:
                options.append(self._seed() if row.name == "seed" else self._control(row))
        below = [beside[row.name] for row in ROWS if row.name in beside and not row.control.is_folded]
        line = make_widget(ipywidgets.HBox, options, classes="rnb-options")
        return make_widget(
            ipywidgets.VBox, [prompt, self._count, beside[""], line, *below, self._fold], classes="rnb-form"
        )

    def _folded(self) -> ipywidgets.Accordion:
        """Return what is rarely needed, with the problems of each text box below it."""
        rows = []
        for row in ROWS:
            if row.control.is_folded:
                rows += [self._control(row), *([self._problems[row.name]] if row.name in self._problems else [])]
        inner = make_widget(ipywidgets.VBox, rows, classes="rnb-more-rows")
        title = "More: fitting, call-back, slots"
        return make_widget(ipywidgets.Accordion, [inner], titles=(title,), selected_index=None, classes="rnb-more")

    def _control(self, row: FormRow) -> ipywidgets.Widget:
        """Return the control of a row, or its controls side by side."""
        controls = [self.fields[name] for name in row.controls]
        return controls[0] if len(controls) == 1 else make_widget(ipywidgets.HBox, controls, classes="rnb-focus")

    def _seed(self) -> ipywidgets.HBox:
        dice = button(
            "\N{DIE FACE-5}", self.draw_seed, "rnb-dice rnb-act-dice", hint="New random seed, kept until it is changed"
        )
        return make_widget(ipywidgets.HBox, [self.fields["seed"], dice, self._keep], classes="rnb-seed")


def controls_of(row: FormRow) -> list[ipywidgets.Widget]:
    """Return the controls of a row, by its kind."""
    if row.field.kind == "point":
        return [_share(f"{row.control.label} {AXES[name.removeprefix(row.name)]}") for name in row.controls]
    if row.field.kind == "switch":
        return [make_widget(ipywidgets.Checkbox, description=row.control.label, indent=False)]
    if row.choices:
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


def _count(text: str) -> str:
    shown = f"{len(text):,} characters, {len(text.split()):,} words"
    return f'<div class="rnb-detail rnb-num">{escape(shown)}</div>'
