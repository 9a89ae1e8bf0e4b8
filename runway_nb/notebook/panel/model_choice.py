"""The choice of the model, and what is to be known of it before it is used."""

from __future__ import annotations

import ipywidgets

from ...models import model_named
from ...spec import MODELS, Model
from .keyframe_choices import distinct
from .state import PanelState, Summary, model_chosen
from .store import PanelStore
from .widgets import LastShown, line, make_widget

MODEL = "model"
"""The name of the control."""


class ModelChoice:
    """The list of models, by their titles.

    Args:
        store: Holds which one is chosen.
    """

    def __init__(self, store: PanelStore) -> None:
        self._store = store
        self._shown = LastShown()
        self._offered = model_options(store.state.model)
        self.list = make_widget(
            ipywidgets.Dropdown, options=self._offered, value=store.state.model, description="Model",
            classes="rnb-model",
        )  # fmt: skip
        self._note = make_widget(ipywidgets.HTML, line(model_note(store.state.row)), classes="rnb-model-note")
        self.line = make_widget(ipywidgets.HBox, [self.list, self._note], classes="rnb-model-line")
        store.listen(self.list, self._chosen)

    @property
    def fields(self) -> dict[str, ipywidgets.Widget]:
        """The control by its name."""
        return {MODEL: self.list}

    def show(self, state: PanelState, _: Summary) -> None:
        """Bring the list and the note up to date; models may have been added meanwhile."""
        if (offered := model_options(state.model)) != self._offered:
            self._offered = self.list.options = offered
            self._shown.forget(MODEL)
        self._shown.show(self.fields, {MODEL: state.model})
        self._note.value = line(model_note(state.row))

    def _chosen(self, _: object) -> None:
        self._store.apply(lambda state: model_chosen(state, self._shown.taken(MODEL, self.list)))


def model_options(chosen: str) -> tuple[tuple[str, str], ...]:
    """Return what stands in the list for each model, and its name. A retired one is offered only while it is chosen."""
    models = [model for model in MODELS.values() if model.state != "retired" or model.name == chosen]
    return tuple(zip(distinct(map(_label, models)), (model.name for model in models), strict=True))


def model_note(model: Model) -> str:
    """Return why a model should not be used any more, and with which one to go on; nothing for a current one."""
    if model.state == "current":
        return ""
    reason = f": {model.state_reason}" if model.state_reason else ""
    follows = f". Its successor is {model_named(model.successor).title}" if model.successor else ""
    return f"{model.title} is {model.state}{reason}{follows}."


def _label(model: Model) -> str:
    return model.title if model.state == "current" else f"{model.title} ({model.state})"
