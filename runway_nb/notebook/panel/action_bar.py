"""The last line of the panel: price, reset, the cell, and Generate; and what there is to report below it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import ipywidgets

from ...errors import InvalidRequest
from ...spec import DEFAULT_MODEL
from ..language.cell_source import cell_text
from .state import PanelState, Summary, cell_names
from .store import PanelStore
from .widgets import button, line, make_widget, problem

if TYPE_CHECKING:
    from ...jobs.backend import Backend

READY = "Send this shot"


class ActionBar:
    """The buttons that concern the request as a whole.

    Args:
        store: Holds whether it can be sent.
        price: Stands before the buttons.
        acts: What `reset`, `copy` and `generate` do.
    """

    def __init__(self, store: PanelStore, price: ipywidgets.Widget, acts: Mapping[str, Callable[[], None]]) -> None:
        hint = "Everything back to the defaults"
        reset = button("Reset", store.guarded(acts["reset"]), "rnb-plain rnb-act-reset", hint=hint)
        copy = button("Copy as cell", acts["copy"], "rnb-copy", hint="Copy the equal %%runway cell")
        # its script does it, and shows it where it can
        insert = button("Insert below", lambda: None, "rnb-insert", hint="Put the equal %%runway cell below this one")
        self._generate = button("Generate", store.guarded(acts["generate"]), "rnb-primary", disabled=True)
        self.line = make_widget(ipywidgets.HBox, [price, reset, copy, insert, self._generate], classes="rnb-actions")
        self.message = make_widget(ipywidgets.HTML, classes="rnb-message")
        self.cell: Any = None
        """The text of the cell where no script can reach the clipboard; None until it is asked for."""

    def show(self, state: PanelState, summary: Summary) -> None:
        """Bring the buttons, the report and the cell up to date."""
        self._generate.disabled, self._generate.tooltip = bool(summary.refusal), summary.refusal or READY
        html = problem if state.message.is_problem else line
        self.message.value = html(state.message.text)
        if state.shows_cell:
            self._show_cell(cell_or_reason(state, summary))

    def _show_cell(self, text: str) -> None:
        if self.cell is None:
            classes = "rnb-sr-label rnb-text"
            self.cell = make_widget(
                ipywidgets.Textarea, value=text, description="Cell", disabled=True, rows=6, classes=classes
            )
        self.cell.value = text


def cell_shown(state: PanelState) -> PanelState:
    """Return the state with the text of the cell below the panel."""
    return state if state.shows_cell else replace(state, shows_cell=True)


def cell_of(state: PanelState, summary: Summary) -> str:
    """Return the cell that makes the same request. Raises `InvalidRequest` where none can."""
    return cell_text(summary.request, pictures=cell_names(state), usual_model=_usual_model(state))


def _usual_model(state: PanelState) -> str:
    """Return the model of a cell that names none, by the settings of this moment."""
    backend = cast("Backend | None", state.backend)
    return DEFAULT_MODEL.name if backend is None else backend.settings.model


def cell_or_reason(state: PanelState, summary: Summary) -> str:
    """Return the cell, or as a comment why there is none."""
    try:
        return cell_of(state, summary)
    except InvalidRequest as error:
        return f"# {'; '.join(error.problems)}"
