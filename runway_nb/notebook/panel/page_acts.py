"""What the script in the page may ask of a panel, by the kind of its message."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from ...camera import MOVES
from ...redaction import short_id
from .bridge import Act
from .open_field import not_opened
from .widgets import reports_errors

if TYPE_CHECKING:
    from ...studio import Studio
    from .panel import Panel


MODEL_CHANGED = "The model was changed while the kernel was busy: look at the price, then press again."


class PageActs:
    """Acts on a panel as its page asks."""

    def __init__(self, panel: Panel, studio: Studio) -> None:
        self._panel, self._studio = panel, studio
        self.by_kind: dict[str, Act] = {
            "shown": lambda _: self._greet(),
            "press": self._press,
            "sweep": self._press_sweep,
            "cell": self._give_cell,
            "sweep-cell": self._give_sweep_cell,
            "code": self._give_code,
            "open": self._open,
            "act": self._act,
            "piece": self._take_piece,
        }

    def _greet(self) -> None:
        """Bring a page that shows the panel from now on up to date."""
        self._panel.output.keep_results()
        self._panel.catch_up()

    def reset(self) -> None:
        """Set everything back to the defaults."""
        self._panel.fill(None)

    def _open(self, message: Mapping[str, Any]) -> None:
        """Open what a page names; it is answered once the controls are set, or nothing could be opened."""
        answer = partial(self._panel.bridge.answer, message, "")
        self.open_job(str(message.get("name", "")), answer)

    def open_job(self, name: str, done: Callable[[Collection[str]], None] = lambda _: None) -> None:
        """Fill the panel in the background with the settings of a job or task; `done` gets the controls it has set."""
        self._studio.spawn(asyncio.to_thread(self._fill, name, done))

    def _fill(self, name: str, done: Callable[[Collection[str]], None]) -> None:
        panel, decided = self._panel, list[str]()
        panel.store.apply(lambda state: replace(state, open_error=""))
        try:
            with reports_errors(lambda text: panel.store.apply(lambda state: not_opened(state, name, text))):
                panel.fill(name)
                decided += panel.request_fields
                panel.bridge.announce(f"Settings of {short_id(name)}.")
        finally:
            done(decided)

    def _act(self, message: Mapping[str, Any]) -> None:
        """Press a button that changes controls; the page waits for the answer before it reads them."""
        panel, decided = self._panel, list[str]()
        frames = panel.keyframes
        acts: dict[str, tuple[Callable[[], None], Collection[str]]] = {
            "preset": (lambda: panel.camera.apply(str(message.get("value"))), (*MOVES, "static")),
            "swap": (frames.swap, frames.fields),
            "dice": (panel.form.draw_seed, ("seed",)),
            "reset": (self.reset, panel.request_fields),
            **{f"clear-{name}": (position.clear, (name,)) for name, position in frames.positions.items()},
        }
        act, fields = acts.get(str(message.get("name")), (lambda: None, ()))
        with reports_errors(panel.store.report):
            act()
            decided += fields
        panel.bridge.answer(message, decided=decided)

    def _press(self, message: Mapping[str, Any]) -> None:
        """Press Generate, unless the page had not seen the price of the model that is chosen: models differ tenfold."""
        panel, seen = self._panel, message.get("model")
        if seen and seen != panel.store.state.model:
            panel.store.report(MODEL_CHANGED)
        else:
            panel.store.guarded(panel.sender.press)()

    def _give_cell(self, message: Mapping[str, Any]) -> None:
        """Answer with the cell, or with nothing, and the reason in the panel."""
        text = ""
        with reports_errors(self._panel.store.report):
            text = self._panel.cell
        self._panel.bridge.answer(message, text)

    def _press_sweep(self, message: Mapping[str, Any]) -> None:
        """Send the sweep at the price that the page has seen."""
        panel, seen, is_agreed = self._panel, str(message.get("seen", "")), bool(message.get("agreed"))
        panel.store.guarded(lambda: panel.sweep_sender.press(seen, is_agreed=is_agreed))()

    def _give_sweep_cell(self, message: Mapping[str, Any]) -> None:
        """Answer with the cell of the sweep, or with nothing, and the reason in the panel."""
        text = ""
        with reports_errors(self._panel.store.report):
            text = self._panel.sweep_sender.cell
        self._panel.bridge.answer(message, text)

    def _give_code(self, message: Mapping[str, Any]) -> None:
        """Answer with the request as code, or with nothing, and the reason in the panel."""
        text = ""
        with reports_errors(self._panel.store.report):
            text = self._panel.code(str(message.get("language")))
        self._panel.bridge.answer(message, text)

    def _take_piece(self, message: Mapping[str, Any]) -> None:
        """Take a part of a file that is too large for one message."""
        keyframes = self._panel.keyframes
        with reports_errors(self._panel.store.report):
            position, data = str(message.get("position")), self._panel.bridge.whole_file(message)
            if position in keyframes.positions and data is not None:
                keyframes.take(position, str(message.get("name")), data)
