"""The camera's controls: six sliders, static, presets, and the move in words, which some models get in the prompt."""

from __future__ import annotations

from functools import partial

import ipywidgets

from ...camera import MOVES, Camera
from ...camera_words import PRESETS, camera_prompt, camera_sentence
from ...spec import CAMERA_LIMIT
from .preview import PreviewTraits
from .script import DECIMALS, ENDS
from .state import SAYS_CAMERA, PanelState, Summary, camera_of, camera_set, value_changed
from .store import PanelStore
from .widgets import LastShown, caption, line, make_widget

GROUPS = {"Move": ("horizontal", "vertical", "zoom"), "Turn": ("pan", "tilt", "roll")}
RESET = "Reset camera"
"""The last of the presets."""


class CameraControls:
    """Sliders and presets of a panel.

    Args:
        store: Holds their values.
        preview: Moves with the sliders, in the browser.
    """

    def __init__(self, store: PanelStore, preview: PreviewTraits) -> None:
        self._store = store
        self._shown = LastShown()
        self.sliders = {name: _slider(name) for name in MOVES}
        self.static = make_widget(
            ipywidgets.Checkbox, description="Static: keep the camera still", indent=False, classes="rnb-static"
        )
        self._words = make_widget(
            ipywidgets.Checkbox, value=True, description="Camera in words", indent=False, classes="rnb-words",
            tooltip="Say the move at the end of the prompt",
        )  # fmt: skip
        self._sentence = make_widget(ipywidgets.HTML, _sentence(store.state), classes="rnb-sentence")
        moves = {**self.sliders, "static": self.static}
        self.fields = {**moves, SAYS_CAMERA: self._words}
        """The controls by name."""
        for name, control in self.fields.items():
            store.listen(control, partial(self._changed, name))
        preview.follow(moves)
        self._rows = self._sliders()
        self.column = make_widget(ipywidgets.VBox, self._parts(store.state), classes="rnb-right")
        self.presets = self._presets()

    def show(self, state: PanelState, _: Summary) -> None:
        """Bring the controls up to date; a static camera has no moves, and the script locks the sliders at once."""
        self._shown.show(self.fields, state.values)
        for slider in self.sliders.values():
            slider.disabled = state.values["static"]
        self._sentence.value = _sentence(state)
        if (self._words in self.column.children) is state.row.camera:
            self.column.children = self._parts(state)

    def apply(self, preset: str) -> None:
        """Set the sliders, and let the button go: it may be pressed again."""
        self.presets.value = None
        moves = {**PRESETS, RESET: {}}
        if preset in moves:
            self._store.apply(lambda state: camera_set(state, Camera(**moves[preset])))

    def _changed(self, name: str, _: object) -> None:
        control = self.fields[name]
        self._store.apply(lambda state: value_changed(state, name, self._shown.taken(name, control)))

    def _sliders(self) -> list[ipywidgets.Widget]:
        rows: list[ipywidgets.Widget] = []
        for title, names in GROUPS.items():
            rows += [caption(title), *(self.sliders[name] for name in names)]
        return rows

    def _parts(self, state: PanelState) -> list[ipywidgets.Widget]:
        """Return what stands in the column; the switch is there for models that take no camera in numbers."""
        return [*self._rows, self.static, *([] if state.row.camera else [self._words]), self._sentence]

    def _presets(self) -> ipywidgets.ToggleButtons:
        """Return one widget: as many buttons would take longer to show than all the rest of the camera."""
        moves = {name: Camera(**values) for name, values in PRESETS.items()} | {RESET: Camera()}
        hints = [*map(camera_sentence, moves.values())]
        made = make_widget(
            ipywidgets.ToggleButtons,
            options=[*moves],
            value=None,
            tooltips=hints,
            classes="rnb-presets rnb-act-preset",
        )
        self._store.listen(made, lambda preset: self.apply(preset or ""))
        return made


def _sentence(state: PanelState) -> str:
    return "".join(map(line, camera_lines(state)))


def camera_lines(state: PanelState) -> list[str]:
    """Return what the camera does; for a model that takes no numbers, how that reaches it."""
    camera, row = camera_of(state.values), state.row
    if row.camera:
        return [camera_sentence(camera)]
    words = camera_prompt(camera)
    lack = f"{row.title} takes no camera numbers"
    if not state.values[SAYS_CAMERA]:
        return [f"{lack}: the move is not sent." if words else f"{lack}: a move is not sent."]
    if not words:
        return [f"{lack}: a move is added to the prompt in words."]
    return [f"{lack}: the move is added to the prompt: '{words}'"]


def _slider(name: str) -> ipywidgets.FloatSlider:
    low, high = ENDS[name]
    return make_widget(
        ipywidgets.FloatSlider,
        min=-CAMERA_LIMIT,
        max=CAMERA_LIMIT,
        step=10**-DECIMALS,
        description=name,
        readout_format=f".{DECIMALS}f",
        continuous_update=False,
        tooltip=f"{name}: {low} \N{MINUS SIGN}, {high} +",
        classes=f"rnb-axis rnb-axis-{name}",
    )
