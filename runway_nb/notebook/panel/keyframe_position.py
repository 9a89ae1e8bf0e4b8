"""The three keyframes: thumbnail, list, upload, and what the frame makes of each picture."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import Any

import ipywidgets

from ..rendering.result_html import jpeg_uri
from .keyframe_choices import NONE, Choice, distinct, narrowed
from .keyframe_loader import Fitting, Loaded
from .widgets import Mute, button, lean, line, problem

NAMES = ("first", "middle", "last")
NO_PICTURE = '<div class="rnb-none"></div>'
ACCEPTED = ".png,.jpg,.jpeg,.webp,.gif,.bmp,.tif,.tiff"


class Slot:
    """One keyframe.

    Args:
        name: first, middle or last.
        when: Where in the shot it is seen, in words.
        picked: Called when the user has chosen another picture.
        uploaded: Called with the file name and the bytes of an upload.
    """

    def __init__(
        self,
        name: str,
        when: str,
        picked: Callable[[Slot], None],
        uploaded: Callable[[Slot, str, bytes], None],
    ) -> None:
        self.name = name
        self.choice = NONE
        self.loaded: Loaded | None = None
        """What is known of the picture; None while it is loading."""
        self._entries: list[Choice] = [NONE]
        self._picked, self._uploaded = picked, uploaded
        self._mute = Mute()
        title = name.capitalize()
        self._head = lean(ipywidgets.HTML, _head(title, when, "optional"), classes="rnb-slot-name")
        self._thumb = lean(ipywidgets.HTML, NO_PICTURE, classes="rnb-thumb")
        self.list = lean(
            ipywidgets.Dropdown, options=[NONE.label], description=f"{title} keyframe", classes="rnb-sr-label"
        )
        self.list.observe(self._choose, "index")
        self._upload = lean(
            ipywidgets.FileUpload,
            accept=ACCEPTED,
            multiple=False,
            description="Upload",
            icon="",
            tooltip=f"Picture for the {name} keyframe",
        )
        self._upload.observe(self._take, "value")
        self._clear = button(
            "Clear", self.clear, f"rnb-plain rnb-act-clear-{name}", hint=f"No {name} keyframe", disabled=True
        )
        self._foot = lean(ipywidgets.HTML, classes="rnb-slot-note")
        parts = [self._head, self._thumb, self.list, self._upload, self._clear, self._foot]
        self.box = lean(ipywidgets.Box, parts, classes=f"rnb-slot rnb-slot-drop rnb-slot-{name}")

    def offer(self, choices: Sequence[Choice], text: str, typed: Choice | None = None) -> None:
        """New entries of the list, narrowed by the words of the filter; the choice stays."""
        self._entries = narrowed(choices, text, self.choice, typed)
        labels = distinct(entry.label for entry in self._entries)
        index = self._entries.index(self.choice) if self.choice in self._entries else 0
        with self._mute, self.list.hold_sync():
            if [*self.list.options] != labels:
                self.list.options = labels
            self.list.index = index

    def put(self, choice: Choice) -> None:
        """Choose without telling anybody."""
        self.choice = choice
        self.loaded = None

    def clear(self) -> None:
        """No picture."""
        self.pick(NONE)

    def take(self, name: str, data: bytes) -> None:
        """A file of the user's."""
        self._uploaded(self, name, data)

    def pick(self, choice: Choice) -> None:
        """Choose as the user does."""
        if choice != self.choice or self._is_refused:
            self.put(choice)
            self._picked(self)

    @property
    def _is_refused(self) -> bool:
        """True when something was given that cannot be used: then the same choice is a new one."""
        return self.loaded is not None and self.loaded.is_fatal

    def show(self, when: str, fit: Fitting | None) -> None:
        """Thumbnail, time, and what the frame will do to the picture."""
        title = self.name.capitalize()
        told = (
            "optional" if not self.choice.is_given else "loading" if self.loaded is None else fit.words if fit else ""
        )
        self._head.value = _head(title, when, told)
        self._thumb.value = _thumbnail(self.loaded, f"{title} keyframe: {self.choice.label}")
        self._clear.disabled = not (self.choice.is_given or self._is_refused)
        trouble = (self.loaded.trouble if self.loaded else "") or (fit.trouble if fit else "")
        self._foot.value = problem(trouble) or _sheet(self.name, fit)

    def _choose(self, change: Any) -> None:
        if change["new"] is not None and not self._mute:
            self.pick(self._entries[change["new"]])

    def _take(self, change: Any) -> None:
        if self._mute:
            return
        for file in change["new"]:
            self.take(str(file["name"]), bytes(file["content"]))
        with self._mute:
            self._upload.value = ()


def _head(title: str, when: str, told: str) -> str:
    return (
        f'<div class="rnb-row"><span>{title}</span><span class="rnb-grow rnb-crop">at {escape(when)}</span>'
        f'<span class="rnb-crop">{escape(told)}</span></div>'
    )


def _thumbnail(loaded: Loaded | None, alt: str) -> str:
    if loaded is None or not loaded.thumbnail:
        return NO_PICTURE
    return f'<img src="{jpeg_uri(loaded.thumbnail)}" alt="{escape(alt, quote=True)}">'


def _sheet(name: str, fit: Fitting | None) -> str:
    """Before and after, when they differ."""
    if fit is None or not fit.sheet:
        return ""
    return (
        f"{line('the picture, and what is sent')}"
        f'<img class="rnb-sheet" src="{jpeg_uri(fit.sheet)}" alt="{name} keyframe before and after fitting">'
    )
