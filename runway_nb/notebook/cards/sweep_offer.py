"""A sweep that costs much waits in a live notebook: its price, a button that sends it, and one that does not.

Two outputs stand in the cell. The upper one is text that stays true without a kernel; the lower one holds the buttons,
which are withdrawn after a while. A press is checked as if the cell ran again, and the sweep is shown in their place.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import ipywidgets
from IPython.display import display, update_display

from ...errors import RunwayError
from ...studio import Studio
from ...sweeps.price import CheckedSweep, check_sweep, reason_to_confirm
from ...sweeps.submission import submit_sweep
from ...sweeps.sweep import Sweep
from ...values.plain import unexpected
from ..rendering.offer_text import AGAIN, offer_bundle, waiting_lines, withdrawn_lines
from .card import make_button, style_sheet
from .output_area import OFFER_SECONDS
from .sweep_view import show_sweep
from .text_keeper import NOTHING, kept_text, make_keepers, put
from .view import View, display_metadata, new_display_id

SETTINGS_CHANGED = "token or address have changed since: nothing was sent"
SEND_HINT = "Send what is new of this sweep, once"
DECLINE_HINT = "Send nothing"


@dataclass(frozen=True)
class SweepAsked:
    """What a cell asks for."""

    checked: CheckedSweep
    name: str
    """The variable that receives the sweep, or nothing."""
    cell: str
    """The whole cell, as it was typed."""

    @property
    def frozen(self) -> CheckedSweep:
        """The same with the pictures as they were when it was asked: what a variable holds may change."""
        pairs = zip(self.checked.plan.variants, self.checked.requests, strict=True)
        variants = tuple(variant._replace(request=each.request) for variant, each in pairs)
        return replace(self.checked, plan=replace(self.checked.plan, variants=variants))


class SweepOffer:
    """The text and the buttons of one cell.

    Args:
        asked: What is sent when it is agreed to.
        view: How results are shown.
        studio: Gives the studio with the settings of the moment.
        bind: Called with the sweep, on the thread that has sent it.
    """

    def __init__(
        self, asked: SweepAsked, view: View, studio: Callable[[], Studio], bind: Callable[[Sweep], None]
    ) -> None:
        self._asked = replace(asked, checked=asked.frozen)
        self._view, self._studio, self._bind = view, studio, bind
        self._began_with = studio()
        self._backend = asked.checked.requests[0].backend
        self._text_id, self._buttons_id = new_display_id(), new_display_id()
        self._lock = threading.Lock()
        self._is_open = True
        self._turn = 0
        """Counts the prices that were asked about: the time of each is its own."""
        self._why = reason_to_confirm(self._began_with, asked.checked.price)
        self._sheet = ipywidgets.HTML(style_sheet(), _dom_classes=["rnb-style"])
        self.root = ipywidgets.VBox(_dom_classes=["rnb-root"])
        """The buttons, and at the end what became of it."""
        self._keepers = make_keepers(self._buttons_id, self.root.model_id, NOTHING)
        self._put(self._buttons())

    def open(self) -> None:
        """Display text and buttons in the running cell."""
        self._show(display, self._text_id, self._waiting())
        self._show(display, self._buttons_id, {**self.root._repr_mimebundle_(), "text/plain": ""})
        self._began_with.spawn(self._withdraw(self._turn))

    @property
    def _title(self) -> str:
        return f"Not sent yet: {self._asked.checked.price.text}"

    def _waiting(self) -> dict[str, str]:
        return offer_bundle(self._title, waiting_lines(self._why, self._asked.name))

    def _put(self, *shown: ipywidgets.Widget) -> None:
        self.root.children = [self._sheet, *self._keepers, *shown]

    def _buttons(self) -> ipywidgets.Widget:
        price = self._asked.checked.price
        count, cost = price.new_text.split(", ", 1)
        send = make_button(f"Send {count} ({cost})", self._send, SEND_HINT).add_class("rnb-primary")
        decline = make_button("Not now", self._decline, DECLINE_HINT)
        return ipywidgets.HBox([send, decline]).add_class("rnb-offer")

    # --- decided --------------------------------------------------------------------------------

    def _taken(self) -> bool:
        """Return True for the first press, or the end of the time, and for nothing after it."""
        with self._lock:
            was_open, self._is_open = self._is_open, False
            return was_open

    def _send(self) -> None:
        if self._taken():
            self._put()
            self._began_with.spawn(asyncio.to_thread(self._submit))

    def _decline(self) -> None:
        if self._taken():
            self._put()
            self._began_with.spawn(asyncio.to_thread(self._close))

    async def _withdraw(self, turn: int) -> None:
        """Take the buttons away after a while, and when the kernel ends: a saved widget would reopen as an error."""
        try:
            await asyncio.sleep(OFFER_SECONDS)
        finally:
            if turn == self._turn and self._taken():
                self._close()

    def _close(self, *reasons: str, tone: str = "calm") -> None:
        """Let the text alone stand, which says that nothing was sent, or why."""
        lines = [*reasons, AGAIN] if reasons else withdrawn_lines(self._why, self._asked.name)
        self._end(offer_bundle(self._title.replace("Not sent yet", "Not sent"), lines, tone))

    def _end(self, data: Mapping[str, Any]) -> None:
        """Show an end: first in the widget, for a page that was loaded anew, then in the place of both.

        Where no page can do the latter, the notebook keeps it in the place of the buttons.
        """
        for keeper in self._keepers:
            keeper.texts = kept_text(self._buttons_id, self.root.model_id, data)
        said = ipywidgets.Output()
        said.outputs = ({"output_type": "display_data", "data": dict(data), "metadata": {}},)
        self._put(said)
        self._update(self._text_id, data)
        self._update(self._buttons_id, NOTHING)

    def _update(self, display_id: str, data: Mapping[str, Any]) -> None:
        put(self._keepers, display_id, data)
        self._show(update_display, display_id, data)

    # --- sent -----------------------------------------------------------------------------------

    def _submit(self) -> None:
        """Check everything again with the settings of this moment, send, and show the sweep in this place."""
        try:
            studio = self._studio()
            sweep = self._sent(studio)
        except RunwayError as error:
            self._close(error.message, tone="bad")
        except Exception as error:  # noqa: BLE001 - nobody else would ever report it, and some of it may be sent
            title = f"Stopped: {self._asked.checked.price.text}"
            self._end(offer_bundle(title, [unexpected(error).message, "%runway list shows what was sent"], "bad"))
        else:
            if sweep is not None:
                self._show_sent(studio, sweep)

    def _sent(self, studio: Studio) -> Sweep | None:
        """Return what was sent; None where it is asked again, or must not be sent any more. Raises `RunwayError`."""
        if studio.account.backend is not self._backend:
            self._close(SETTINGS_CHANGED, tone="warn")
            return None
        before = self._asked.checked
        now = check_sweep(studio, before.plan, before.requests[0].limits)
        if now.price.credits > before.price.credits or now.price.unknown > before.price.unknown:
            self._ask_again(now)
            return None
        sweep = submit_sweep(studio, now, yes=True, folder=self._view.folder, cell=self._asked.cell)
        self._bind(sweep)
        return sweep

    def _show_sent(self, studio: Studio, sweep: Sweep) -> None:
        sent = "" if sweep.price is None else f": {sweep.price.new_text}"
        named = f"%runway show {self._asked.name} shows it" if self._asked.name else "%runway list shows its jobs"
        self._end(offer_bundle(f"Sent{sent}", [named], "calm"))
        show_sweep(sweep, studio, self._view._replace(places=(self._text_id, self._buttons_id)))

    def _ask_again(self, now: CheckedSweep) -> None:
        """Ask about a higher price: what was there already is gone, or a price has changed."""
        self._asked = replace(self._asked, checked=now)
        self._turn += 1
        self._put(self._buttons())
        self._update(self._text_id, self._waiting())
        with self._lock:
            self._is_open = True
        self._began_with.spawn(self._withdraw(self._turn))

    @staticmethod
    def _show(how: Callable[..., object], display_id: str, data: Mapping[str, Any]) -> None:
        how(dict(data), raw=True, display_id=display_id, metadata=display_metadata(display_id))
