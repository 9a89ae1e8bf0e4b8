"""The part of the panel that makes several shots: what is varied, its values, the price, and the buttons."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from html import escape
from typing import Any

import ipywidgets

from ..rendering.facts import DOT, sentence
from .state import PanelState, Summary
from .store import PanelStore
from .sweep_choice import DIRECTIONS, AxisChoice, Found, SweepChoice, axis_changed, values_hint, varied_names
from .widgets import LastShown, button, line, make_widget, problem

TITLE = "Sweep: several shots at once"
INTRODUCTION = "Choose what to vary and type its values; the price is shown before anything is sent."
LOADING = "Working out the price\N{HORIZONTAL ELLIPSIS}"
SEND_HINT = "Send what is new of this sweep, once"


class SweepForm:
    """Controls of the axes, and what they come to.

    Args:
        store: Holds what is chosen.
        acts: What `sweep` (send it), `agree` (send it for its price) and `copy` do.
    """

    def __init__(self, store: PanelStore, acts: Mapping[str, Callable[[], None]]) -> None:
        self._store = store
        self._shown = LastShown()
        self._options: dict[str, dict[str, str]] = {}
        self.fields: dict[str, Any] = {}
        """The controls by name."""
        self._problems = {way: make_widget(ipywidgets.HTML, classes="rnb-problems") for way in (*DIRECTIONS, "")}
        rows = [self._row(number, way) for number, way in enumerate(DIRECTIONS)]
        self._price = make_widget(ipywidgets.HTML, line(INTRODUCTION), classes="rnb-vary-price")
        self._copy = button(
            "Copy sweep as cell", acts["copy"], "rnb-vary-copy", hint="Copy the %%runway cell that makes all shots",
            disabled=True,
        )  # fmt: skip
        # its script does it, and shows it where it can
        hint = "Put the %%runway cell that makes all shots below this one"
        self._insert = button("Insert sweep below", lambda: None, "rnb-vary-insert", hint=hint, disabled=True)
        self._send = button(
            send_text(None), store.guarded(acts["sweep"]), "rnb-vary-send", hint=SEND_HINT, disabled=True
        )
        actions = make_widget(
            ipywidgets.HBox, [self._price, self._copy, self._insert, self._send], classes="rnb-actions"
        )
        self._why = make_widget(ipywidgets.HTML, classes="rnb-vary-why")
        self._agree = button("Send", store.guarded(acts["agree"]), "rnb-vary-agree", hint=SEND_HINT)
        decline = button("Not now", self._decline, "rnb-plain", hint="Send nothing")
        self._asking = make_widget(ipywidgets.HBox, [self._why, decline, self._agree], classes="rnb-actions")
        self._note = make_widget(ipywidgets.HTML, classes="rnb-notes")
        self._cell = make_widget(
            ipywidgets.Textarea, description="Sweep cell", disabled=True, rows=4, classes="rnb-sr-label rnb-text"
        )  # fmt: skip
        self._parts = [*(part for row in rows for part in row), self._problems[""], self._note, actions]
        self._inner = make_widget(ipywidgets.VBox, self._parts, classes="rnb-more-rows rnb-vary")
        self.block = make_widget(
            ipywidgets.Accordion, [self._inner], titles=(TITLE,), selected_index=None, classes="rnb-more"
        )  # fmt: skip
        self._shows_cell = False

    def show(self, state: PanelState, _: Summary) -> None:
        """Bring the controls up to date."""
        choice, found = state.sweep, state.sweep.found
        for number, way in enumerate(DIRECTIONS):
            self._show_axis(state, choice.axes[number], way)
        problems = found.problems if found is not None else {}
        for way, control in self._problems.items():
            control.value = "".join(map(problem, problems.get(way, ())))
        self._price.value = price_html(choice, state)
        self._note.value = line(sentence(found.note) if found is not None and found.note else "")
        self._copy.disabled = self._insert.disabled = found is None or not found.cell
        self._send.disabled, self._send.description = bool(sweep_refusal(state)), send_text(found)
        self._show_question(choice)

    def show_cell(self) -> None:
        """Show the text of the cell, where no script can reach the clipboard."""
        self._shows_cell = True
        self._store.apply(lambda state: replace(state, sweep=replace(state.sweep)))

    def _row(self, number: int, way: str) -> list[ipywidgets.Widget]:
        """Return the controls of an axis, and its mistakes below them."""
        names = make_widget(
            ipywidgets.Dropdown, options=["nothing"], description=way.capitalize(), classes="rnb-vary-name"
        )  # fmt: skip
        values = make_widget(ipywidgets.Text, description=f"Values {way}", classes="rnb-vary-values")
        self.fields |= {f"sweep_{way}": names, f"sweep_{way}_values": values}
        self._options[way] = {"nothing": ""}
        self._store.listen(names, partial(self._changed, number, way))
        self._store.listen(values, partial(self._changed, number, way))
        return [make_widget(ipywidgets.HBox, [names, values], classes="rnb-vary-axis"), self._problems[way]]

    def _changed(self, number: int, way: str, _: object) -> None:
        label = self._shown.taken(f"sweep_{way}", self.fields[f"sweep_{way}"])
        text = self._shown.taken(f"sweep_{way}_values", self.fields[f"sweep_{way}_values"])
        axis = AxisChoice(self._options[way].get(label, ""), text)
        self._store.apply(lambda state: replace(state, sweep=axis_changed(state.sweep, number, axis)))

    def _show_axis(self, state: PanelState, axis: AxisChoice, way: str) -> None:
        names, values = self.fields[f"sweep_{way}"], self.fields[f"sweep_{way}_values"]
        options = varied_names(state.row, state.values["prompt"])
        if axis.name not in options.values():
            options[axis.name] = axis.name  # the model, or the prompt, has it no more; that is said below
        if options != self._options[way]:
            self._options[way] = options
            names.options = [*options]
            self._shown.forget(f"sweep_{way}")
        label = next(label for label, name in options.items() if name == axis.name)
        shown = {f"sweep_{way}": label, f"sweep_{way}_values": axis.text}
        self._shown.show({name: self.fields[name] for name in shown}, shown)
        values.placeholder = values_hint(axis.name, state.row)

    def _show_question(self, choice: SweepChoice) -> None:
        """Ask about a price that is not paid without a word; and show the cell, once that was asked for."""
        found = choice.found
        parts = self._parts
        if choice.is_asking and found is not None and found.price is not None:
            count, cost = found.price.new_text.split(", ", 1)
            self._agree.description = f"Send {count} ({cost})"
            self._why.value = line(sentence(found.why))
            parts = [*parts, self._asking]
        if self._shows_cell and found is not None:
            self._cell.value = found.cell
            parts = [*parts, self._cell]
        if [*self._inner.children] != parts:
            self._inner.children = parts

    def _decline(self) -> None:
        self._store.apply(lambda state: replace(state, sweep=replace(state.sweep, is_asking=False)))


def sweep_refusal(state: PanelState) -> str:
    """Return why the sweep cannot be sent; nothing where it can."""
    choice, found = state.sweep, state.sweep.found
    if found is None or found.price is None:
        return INTRODUCTION
    if choice.is_sending:
        return "It is being sent."
    left = state.account.left
    if left is not None and left < found.price.credits and not state.account.simulated:
        return f"only {left:,.0f} left"
    return ""


def send_text(found: Found | None) -> str:
    """Return what the button says: how many shots, and whether any of them is new."""
    price = found.price if found is not None else None
    if price is None:
        return "Generate sweep"
    act = "Generate" if price.variants > price.stored else "Show"
    return f"{act} {price.variants} shot{'' if price.variants == 1 else 's'}"


def price_html(choice: SweepChoice, state: PanelState) -> str:
    """Return the line beside the buttons."""
    found = choice.found
    if found is None:
        return line(LOADING if choice.given else INTRODUCTION)
    if found.price is None:
        return line("There is something to fix above.")
    head, _, rest = found.price.text.partition(" credits")
    left = state.account.left
    short = f"only {left:,.0f} left" if left is not None and left < found.price.credits else ""
    play = "play money" if state.account.simulated else ""
    detail = DOT.join(filter(None, (rest.lstrip(",; "), short, play)))
    return (
        f'<div class="rnb-row rnb-cost"><b>{escape(head)} credits</b>'
        f'<span class="rnb-grow rnb-detail rnb-num">{escape(detail)}</span></div>'
    )
