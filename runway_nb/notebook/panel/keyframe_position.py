"""One position of a keyframe: thumbnail, list, upload, and what the frame makes of the picture."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import Any, NamedTuple

import ipywidgets

from ...spec import Model
from ..rendering.result_html import jpeg_uri
from .keyframe_choices import NONE, Choice, distinct
from .keyframe_loader import Fitting, Loaded
from .state import Keyframe, PanelState, Summary, fit_of
from .store import PanelStore
from .widgets import button, line, make_widget, problem

NO_PICTURE = '<div class="rnb-none"></div>'
ACCEPTED = ".png,.jpg,.jpeg,.webp,.gif,.bmp,.tif,.tiff"


class PositionView(NamedTuple):
    """What a position shows, as HTML."""

    head: str
    thumbnail: str
    foot: str
    can_clear: bool


class PositionControls:
    """The controls of one position.

    Args:
        name: first, middle or last.
        store: Holds what is chosen.
        pick: Called with the choice of the user.
        take: Called with the file name and the bytes of an upload.
    """

    def __init__(
        self, name: str, store: PanelStore, pick: Callable[[str, Choice], None], take: Callable[[str, str, bytes], None]
    ) -> None:
        self.name = name
        self._store, self._pick, self._take = store, pick, take
        self._entries: tuple[Choice, ...] = ()
        self._index: int | None = None
        view = position_view(name, Keyframe(), None, store.summary.sized.length, store.state.row)
        self._head = make_widget(ipywidgets.HTML, view.head, classes="rnb-keyframe-name")
        self._thumbnail = make_widget(ipywidgets.HTML, view.thumbnail, classes="rnb-thumb")
        self.list = make_widget(
            ipywidgets.Dropdown,
            options=[NONE.label],
            description=f"{name.capitalize()} keyframe",
            classes="rnb-sr-label",
        )
        self._upload = make_widget(
            ipywidgets.FileUpload,
            accept=ACCEPTED,
            multiple=False,
            description="Upload",
            icon="",
            tooltip=f"Picture for the {name} keyframe",
        )
        self._clear = button(
            "Clear", self.clear, f"rnb-plain rnb-act-clear-{name}", hint=f"Clear the {name} keyframe", disabled=True
        )
        self._foot = make_widget(ipywidgets.HTML, view.foot, classes="rnb-keyframe-note")
        store.listen(self.list, self._choose, "index")
        store.listen(self._upload, self._receive)
        rows = [self._head, self._thumbnail, self.list, self._upload, self._clear, self._foot]
        self.box = make_widget(ipywidgets.Box, rows, classes=f"rnb-keyframe rnb-keyframe-drop rnb-keyframe-{name}")

    def show(self, state: PanelState, summary: Summary) -> None:
        """Bring the controls up to date."""
        keyframe = state.keyframes[self.name]
        self._show_list(state.lists[self.name], keyframe.choice)
        fit, length = fit_of(state, keyframe, summary.sized), summary.sized.length
        view = position_view(self.name, keyframe, fit, length, state.row)
        self._head.value, self._thumbnail.value, self._foot.value = view.head, view.thumbnail, view.foot
        self._clear.disabled = not view.can_clear
        self.list.tooltip = lack = keyframe_lack(state.row, self.name)
        self.list.disabled = self._upload.disabled = bool(lack)

    def clear(self) -> None:
        """Take the picture out."""
        self._pick(self.name, NONE)

    def _show_list(self, entries: tuple[Choice, ...], choice: Choice) -> None:
        """Bring the list up to date; what the user is choosing meanwhile stays, unless it cannot be had."""
        index = entries.index(choice) if choice in entries else 0
        labels = distinct(entry.label for entry in entries) if self._entries != entries else None
        self._entries = entries
        with self.list.hold_sync():
            if labels is not None and [*self.list.options] != labels:
                self.list.options = labels
                self._index = None
            if index != self._index:
                self.list.index = self._index = index

    def _choose(self, index: int | None) -> None:
        if index is not None:
            self._index = index
            self._pick(self.name, self._entries[index])

    def _receive(self, files: Any) -> None:
        try:
            for file in files:
                self._take(self.name, str(file["name"]), bytes(file["content"]))
        finally:
            if files:
                self._upload.value = ()  # the bytes are kept elsewhere, and the same file may come again


def keyframe_lack(model: Model, name: str) -> str:
    """Return why a position is not there with a model; nothing where it is."""
    if name in model.positions:
        return ""
    if not model.positions:
        return f"{model.title} takes no keyframes"
    return f"{model.title} takes a {' and a '.join(model.positions)} keyframe only"


def position_view(name: str, keyframe: Keyframe, fit: Fitting | None, seconds: int, model: Model) -> PositionView:
    """Return what a position shows: thumbnail, time, and what the frame will do to the picture.

    Where the model has no such position, that is said, and a picture there is kept.
    """
    title, choice, loaded = name.capitalize(), keyframe.choice, keyframe.loaded
    lack = keyframe_lack(model, name)
    times = [f"at {time * seconds:g} s" for position, _, time in model.keyframes if position == name]
    wrong = (loaded.problem if loaded else "") or (fit.problem if fit else "")
    return PositionView(
        head=_head(title, " ".join(times), _fate(keyframe, fit, model, is_taken=not lack)),
        thumbnail=_thumbnail(loaded, f"{title} keyframe: {choice.label}"),
        foot=line(f"{lack}.") if lack else problem(wrong) or _comparison(name, fit),
        can_clear=choice.is_given or keyframe.is_refused,
    )


def _fate(keyframe: Keyframe, fit: Fitting | None, model: Model, *, is_taken: bool) -> str:
    """Return what becomes of a picture, or whether there has to be one."""
    if not is_taken:
        return "kept, not sent" if keyframe.choice.is_given else ""
    if not keyframe.choice.is_given:
        return "needed" if model.needs_picture else "optional"
    return "loading" if keyframe.loaded is None else fit.text if fit else ""


def _head(title: str, time: str, fate: str) -> str:
    return (
        f'<div class="rnb-row"><span>{title}</span><span class="rnb-grow rnb-crop">{escape(time)}</span>'
        f'<span class="rnb-crop">{escape(fate)}</span></div>'
    )


def _thumbnail(loaded: Loaded | None, alt: str) -> str:
    if loaded is None or not loaded.thumbnail:
        return NO_PICTURE
    return f'<img src="{jpeg_uri(loaded.thumbnail)}" alt="{escape(alt, quote=True)}">'


def _comparison(name: str, fit: Fitting | None) -> str:
    """Return before and after, when they differ."""
    if fit is None or not fit.sheet:
        return ""
    return (
        f"{line('the picture, and what is sent')}"
        f'<img class="rnb-sheet" src="{jpeg_uri(fit.sheet)}" alt="{name} keyframe before and after fitting">'
    )
