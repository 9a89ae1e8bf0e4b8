"""The camera preview of the panel: keyframes that move with the sliders, in the page, without the kernel.

The moving picture needs anywidget. Without it `make_preview` gives a plain widget with the same traits and
methods, which shows the first picture and does not move.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import ipywidgets
import traitlets

from ...errors import InvalidRequest
from ...pictures.fit import thumbnail
from ...spec import CAMERA_LIMIT, DEFAULT_MODEL, POSITIONS, Model
from ..cards.script_widget import script_widget
from .script import script

PREVIEW_SIDE = 960
"""Pixels on the long side of a picture that goes to the page, at most."""
PREVIEW_QUALITY = 82


def preview_jpeg(picture: bytes) -> bytes:
    """Return the picture as a JPEG small enough for the page; nothing for what is no picture."""
    try:
        return thumbnail(bytes(picture), (PREVIEW_SIDE, PREVIEW_SIDE), PREVIEW_QUALITY)
    except InvalidRequest:
        return b""


def keyframe_times(model: Model) -> dict[str, float]:
    """Return when each keyframe of a model stands in the shot, from 0 to 1."""
    return {position: time for position, _, time in model.keyframes}


def _move() -> Any:
    return traitlets.Float(0.0, min=-CAMERA_LIMIT, max=CAMERA_LIMIT).tag(sync=True)


class PreviewTraits(traitlets.HasTraits):
    """What a preview shows, with or without a script."""

    has_script = False
    """Whether the picture moves, and the clipboard can be reached."""

    horizontal, vertical, zoom = _move(), _move(), _move()
    pan, tilt, roll = _move(), _move(), _move()
    static = traitlets.Bool(False).tag(sync=True)
    first = traitlets.Bytes(b"").tag(sync=True)
    middle = traitlets.Bytes(b"").tag(sync=True)
    last = traitlets.Bytes(b"").tag(sync=True)
    frame = traitlets.Tuple(traitlets.Int(), traitlets.Int(), default_value=DEFAULT_MODEL.aspects["landscape"]).tag(
        sync=True
    )
    """Width and height of the video in pixels."""
    times = traitlets.Dict(default_value=keyframe_times(DEFAULT_MODEL)).tag(sync=True)
    """When each keyframe stands in the shot, from 0 to 1."""
    seconds = traitlets.Int(5).tag(sync=True)
    priced_model = traitlets.Unicode("").tag(sync=True)
    """The model whose price is shown: a page may choose another while the kernel is busy."""
    priced_sweep = traitlets.Unicode("").tag(sync=True)
    """The price of the sweep that is shown, of what is new in it; nothing where none is."""
    time = traitlets.Float(0.0, min=0.0, max=1.0).tag(sync=True)
    crop_note = traitlets.Unicode("").tag(sync=True)
    announcement = traitlets.Unicode("").tag(sync=True)
    controls = traitlets.Dict().tag(sync=True, **ipywidgets.widget_serialization)
    """The widgets whose values are shown, by the name of the trait; set by `follow`."""

    texts = traitlets.Dict().tag(sync=True)
    """What stands at each display id when the notebook is opened without the kernel that made it: the
    widget there, as `model`, and the MIME bundle that replaces it, as `data`."""

    fields = traitlets.Dict().tag(sync=True, **ipywidgets.widget_serialization)
    """The controls whose shown values a press of Generate takes along, by name."""

    def follow(self, controls: Mapping[str, Any]) -> None:
        """Show the values of these widgets, by the name of a move or `static`: at once in the page, and here too.

        Give sliders `continuous_update=False`: then the picture moves while one is dragged, and the kernel hears of
        it once, at the end. With `jslink` instead it hears twice.
        """
        for name, control in controls.items():
            traitlets.link((control, "value"), (self, name))
        self.controls = dict(controls)

    @staticmethod
    def preview_jpeg(picture: bytes) -> bytes:
        """Return the picture as a JPEG for `first`, `middle` or `last`; nothing for what is no picture."""
        return preview_jpeg(picture)


class PlainPreview(PreviewTraits, ipywidgets.HTML):
    """The first picture that was chosen; it does not move."""

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.add_class("rnb-preview")
        self.observe(self._show, [*POSITIONS, "announcement"])
        self._show()

    @traitlets.default("keys")
    def _only_of_html(self) -> list[str]:
        """Drop what only a script reads: the page has no use for it."""
        return [name for name in super()._default_keys() if not PreviewTraits.class_traits().get(name)]

    def _show(self, _: object = None) -> None:
        picture = next(filter(None, (getattr(self, name) for name in POSITIONS)), b"")
        self.value = _picture_html(picture)


_HINT = (
    '<div class="rnb-detail">The picture moves, and cells can be inserted, with anywidget: pip install anywidget</div>'
)


def _picture_html(picture: bytes) -> str:
    if not picture:
        return f'<div class="rnb-empty rnb-alone">Choose a first keyframe</div>{_HINT}'
    data = base64.b64encode(picture).decode("ascii")
    alt = "First keyframe; it does not move here"
    return f'<img class="rnb-alone" src="data:image/jpeg;base64,{data}" alt="{alt}">{_HINT}'


@lru_cache(maxsize=1)
def _moving() -> Any:
    """Return the class with the script, or None without anywidget."""
    doc = "Plays the camera's move on the keyframes, in the page."
    return script_widget("Preview", doc, __name__, script(), "", PreviewTraits, has_script=True)


def make_preview(**traits: Any) -> Any:
    """Return a preview that moves, or a plain one where anywidget is not installed."""
    return (_moving() or PlainPreview)(**traits)
