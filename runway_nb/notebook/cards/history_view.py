"""The history in a live notebook: a page that stays, and two buttons below it that turn it.

Two outputs stand in the cell. The upper one is the page, which needs no kernel; the lower one holds the buttons, which
are withdrawn after a while without a press, and when the kernel ends: a saved widget would reopen as an error. A
notebook that is saved before holds nothing in their place.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from html import escape
from typing import Any

import ipywidgets
from IPython.display import display, update_display

from ...errors import RunwayError
from ...ledger.history import HistoryPage
from ...studio import Studio
from ..rendering import styles
from ..rendering.result_html import div
from .card import make_button, style_sheet
from .output_area import OFFER_SECONDS
from .text_keeper import NOTHING, make_keepers
from .view import display_metadata, new_display_id

Load = Callable[[str], tuple[HistoryPage, dict[str, str]]]
"""Gives the page before a job, the newest without one, and how it is shown."""


class HistoryView:
    """The page of one cell.

    Args:
        studio: On whose background loop pages are turned.
        load: Reads a page.
        before: The job before which the first page begins, or nothing.
    """

    def __init__(self, studio: Studio, load: Load, before: str = "") -> None:
        self._studio = studio
        self._load = load
        self._begins = [before]
        """Before which job each page begins, up to the one that is shown."""
        self._following = ""
        """Before which job the next one begins."""
        self._page_id, self._buttons_id = new_display_id(), new_display_id()
        self._lock = threading.Lock()
        self._turn = 0
        """Counts the pages that were shown: the time of each is its own."""
        self._is_open = False
        """Whether a press counts: not while a page is read, nor once the buttons are withdrawn."""
        self.previous = make_button("Previous", lambda: self._press(-1), "Newer jobs")
        self.next = make_button("Next", lambda: self._press(1), "Older jobs")
        row = ipywidgets.HBox([self.previous, self.next]).add_class("rnb-offer")
        self.root = ipywidgets.VBox(_dom_classes=["rnb-root"])
        """The buttons."""
        sheet = ipywidgets.HTML(style_sheet(), _dom_classes=["rnb-style"])
        self._hidden = [sheet, *make_keepers(self._buttons_id, self.root.model_id, NOTHING)]
        self.root.children = [*self._hidden, row]

    @property
    def is_waiting(self) -> bool:
        """True while a press counts."""
        return self._is_open

    def open(self) -> None:
        """Display the page in the running cell, with the buttons where there are others. Raises `RunwayError`."""
        page, data = self._load(self._begins[-1])
        self._show(display, self._page_id, data)
        if page.next:
            self._enable(page)
            self._show(display, self._buttons_id, {**self.root._repr_mimebundle_(), "text/plain": ""})
            self._wait_for_a_press()

    def _press(self, step: int) -> None:
        with self._lock:
            was_open, self._is_open = self._is_open, False
        if was_open:
            self._studio.spawn(asyncio.to_thread(self._turn_page, step))

    def _turn_page(self, step: int) -> None:
        begins = [*self._begins, self._following] if step > 0 else self._begins[:-1]
        try:
            page, data = self._load(begins[-1])
        except RunwayError as error:
            line = f"The page cannot be turned: {error.message}"
            self._show(update_display, self._page_id, {"text/html": div(styles.TEXT, escape(line)), "text/plain": line})
        else:
            self._begins = begins
            self._enable(page)
            self._show(update_display, self._page_id, data)
        self._wait_for_a_press()

    def _enable(self, page: HistoryPage) -> None:
        self._following = page.next
        self.previous.disabled = len(self._begins) == 1
        self.next.disabled = not page.next

    def _wait_for_a_press(self) -> None:
        with self._lock:
            self._turn += 1
            self._is_open = True
        self._studio.spawn(self._withdraw(self._turn))

    async def _withdraw(self, turn: int) -> None:
        try:
            await asyncio.sleep(OFFER_SECONDS)
        finally:
            with self._lock:
                is_over = turn == self._turn and self._is_open
                self._is_open = self._is_open and not is_over
            if is_over:
                # first in the widget, for a page that was loaded anew
                self.root.children = self._hidden
                self._show(update_display, self._buttons_id, NOTHING)

    @staticmethod
    def _show(how: Callable[..., object], display_id: str, data: Mapping[str, Any]) -> None:
        how(dict(data), raw=True, display_id=display_id, metadata=display_metadata(display_id))
