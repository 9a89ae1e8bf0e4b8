"""Holds the state of a panel, changes it by events from any thread, and lets it be shown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from .state import PanelState, Summary, reported, summary_of
from .widgets import SuppressEvents, reports_errors

Event = Callable[[PanelState], PanelState]
Show = Callable[[PanelState, Summary], None]


class PanelStore:
    """The one home of what a panel knows.

    A callback may come on the main thread, inside an `await`, or on another thread in parallel with a cell: events
    happen one after the other, and each is shown before the next. What follows from the state elsewhere (`followed_by`)
    is done without the lock, since observers of the user may wait for a job there.
    """

    def __init__(self, state: PanelState) -> None:
        self._lock = threading.RLock()
        self.now = (state, summary_of(state))
        """The state, and what follows from it."""
        self._shows: list[Show] = []
        self._after: list[Callable[[], object]] = []
        self._is_showing = SuppressEvents()

    @property
    def state(self) -> PanelState:
        """What the panel knows."""
        return self.now[0]

    @property
    def summary(self) -> Summary:
        """What follows from it."""
        return self.now[1]

    def shown_by(self, *shows: Show) -> None:
        """Show the state by these functions after each event, from now on; what they change is no event."""
        self._shows += shows

    def followed_by(self, *acts: Callable[[], object]) -> None:
        """Call these after each event, once it is shown; they read the newest state."""
        self._after += acts

    def apply(self, event: Event) -> None:
        """Change the state, and show it; nothing happens when it is the same."""
        with self._lock:
            state = event(self.state)
            if state is self.state:
                return
            self._show_state(state)
        for act in self._after:
            act()

    def _show_state(self, state: PanelState) -> None:
        """Show a state. Where it cannot be read, the reason, and nothing may be sent."""

        def fail(text: str) -> None:
            self._show(reported(replace(state, error=text), text), replace(self.summary, refusal=text))

        with reports_errors(fail):
            summary = summary_of(state)
            self._show(reported(replace(state, error=""), "") if state.error else state, summary)

    def _show(self, state: PanelState, summary: Summary) -> None:
        self.now = (state, summary)
        with self._is_showing:
            for show in self._shows:
                show(state, summary)

    def report(self, text: str) -> None:
        """Show a problem that belongs to no control; nothing for no text."""
        self.apply(lambda state: reported(state, text))

    def guarded(self, act: Callable[..., None]) -> Callable[..., None]:
        """Return the same callback, with its errors shown in the panel: nobody else would ever see them."""

        def run(*arguments: Any) -> None:
            with reports_errors(self.report):
                act(*arguments)

        return run

    def listen(self, control: Any, act: Callable[[Any], None], trait: str = "value") -> None:
        """Call `act` with the new value of a control when the user has changed it."""

        def changed(change: Any) -> None:
            if not self._is_showing:
                self.guarded(act)(change["new"])

        control.observe(changed, trait)
