"""The camera's controls: six sliders, static, presets, and the move in words."""

from __future__ import annotations

from collections.abc import Callable

import ipywidgets

from ...camera import MOVES, Camera
from ...spec import CAMERA_LIMIT
from ..rendering.camera_sentence import PRESETS, camera_sentence
from .preview import PreviewTraits
from .widgets import Mute, caption, lean, line

GROUPS = {"Move": ("horizontal", "vertical", "zoom"), "Turn": ("pan", "tilt", "roll")}
ENDS = {
    "horizontal": ("left", "right"), "vertical": ("down", "up"), "zoom": ("out", "in"),
    "pan": ("left", "right"), "tilt": ("down", "up"), "roll": ("counter-clockwise", "clockwise"),
}  # fmt: skip
"""What the two ends of each slider mean."""
RESET = "Reset camera"
"""The last of the presets."""


class CameraControls:
    """Sliders and presets of a panel.

    Args:
        preview: Moves with the sliders, in the browser.
        changed: Called after a change by the user.
    """

    def __init__(self, preview: PreviewTraits, changed: Callable[[], None]) -> None:
        self.sliders = {name: _slider(name) for name in MOVES}
        self.static = lean(
            ipywidgets.Checkbox, description="Static: keep the camera still", indent=False, classes="rnb-static"
        )
        self._words = lean(ipywidgets.HTML, _sentence(Camera()), classes="rnb-sentence")
        self._changed = changed
        self._mute = Mute()
        for slider in self.sliders.values():
            slider.observe(self._tell, "value")
        self.static.observe(self._tell, "value")
        self.fields = {**self.sliders, "static": self.static}
        """The controls by name."""
        preview.follow(self.fields)
        self.column = self._column()
        self.presets = self._presets()
        self._show()

    def read(self) -> Camera:
        """The camera that is set; a slider at 0 gives no move."""
        if self.static.value:
            return Camera(static=True)
        # a slider hands out 0.5999999999
        moves = {name: round(slider.value, 6) for name, slider in self.sliders.items()}
        return Camera(**{name: value for name, value in moves.items() if value})

    def write(self, camera: Camera) -> None:
        """Set every control, and call nobody."""
        with self._mute:
            for name, slider in self.sliders.items():
                slider.value = float(getattr(camera, name) or 0.0)
            self.static.value = bool(camera.static)
        self._show()

    def _column(self) -> ipywidgets.VBox:
        rows: list[ipywidgets.Widget] = []
        for title, names in GROUPS.items():
            rows += [caption(title), *(self.sliders[name] for name in names)]
        return lean(ipywidgets.VBox, [*rows, self.static, self._words], classes="rnb-right")

    def _presets(self) -> ipywidgets.ToggleButtons:
        """One widget: as many buttons would take longer to show than all the rest of the camera."""
        moves = {name: Camera(**values) for name, values in PRESETS.items()} | {RESET: Camera()}
        hints = [*map(camera_sentence, moves.values())]
        made = lean(
            ipywidgets.ToggleButtons,
            options=[*moves],
            value=None,
            tooltips=hints,
            classes="rnb-presets rnb-act-preset",
        )
        made.observe(lambda change: self.apply(change["new"] or ""), "value")
        return made

    def apply(self, preset: str) -> None:
        """Set the sliders, and let the button go: it may be pressed again."""
        self.presets.value = None
        moves = {**PRESETS, RESET: {}}
        if preset in moves:
            self.write(Camera(**moves[preset]))
            self._changed()

    def _tell(self, _: object) -> None:
        if not self._mute:
            self._show()
            self._changed()

    def _lock(self) -> None:
        """A static camera has no moves; the script in the page does the same at once."""
        for slider in self.sliders.values():
            slider.disabled = self.static.value

    def _show(self) -> None:
        self._lock()
        self._words.value = _sentence(self.read())


def _sentence(camera: Camera) -> str:
    return line(camera_sentence(camera))


def _slider(name: str) -> ipywidgets.FloatSlider:
    low, high = ENDS[name]
    return lean(
        ipywidgets.FloatSlider,
        min=-CAMERA_LIMIT,
        max=CAMERA_LIMIT,
        step=0.1,
        description=name,
        readout_format=".1f",
        continuous_update=False,
        tooltip=f"{name}: {low} \N{MINUS SIGN}, {high} +",
        classes=f"rnb-axis rnb-axis-{name}",
    )
