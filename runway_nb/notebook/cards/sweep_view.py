"""A sweep where the cell's output stands: one table under one display id, brought up to date until all have ended."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

from IPython.display import display, update_display

from ...studio import Studio
from ...sweep_jobs import Sweep
from ...text.console import write_line
from ..rendering.sweep_grid import bundle, text_line
from .view import UPDATE_SECONDS, View, new_display_id

_QUICK = 100_000
"""Characters of a table that is shown as often as a card; a longer one is shown more rarely."""


def show_sweep(sweep: Sweep, studio: Studio, view: View) -> None:
    """Show a sweep where the cell's output stands, and keep it up to date until all its jobs have ended."""
    if view.mode == "terminal":
        write_line(bundle(sweep, view.embed, view.folder)["text/plain"] if sweep.done else text_line(sweep))
        return
    table = _Table(sweep, view)
    table.open()
    if not sweep.done:
        table.follow(studio)


class _Table:
    """The table of a sweep under one display id."""

    def __init__(self, sweep: Sweep, view: View) -> None:
        self._sweep, self._view = sweep, view
        self._display_id = view.places[1] if view.places else new_display_id()
        self._lock = threading.Lock()
        self._shown: dict[str, str] = {}
        self._is_over = False

    def open(self) -> None:
        """Display the table in the running cell, or where there is a place for it."""
        self._shown = self._bundle()
        show = update_display if self._view.places else display
        show(self._shown, raw=True, display_id=self._display_id)

    def follow(self, studio: Studio) -> None:
        """Bring it up to date on the background loop; where nobody watches, once all have ended."""
        self._sweep.observe(lambda _: self._end())
        self._end()  # of what has ended meanwhile nobody tells
        if self._view.mode == "live":
            studio.spawn(self._keep_up())

    def _bundle(self) -> dict[str, str]:
        # a video is put into the notebook once, at the end
        embed = self._view.embed if self._sweep.is_ending else "never"
        return bundle(self._sweep, embed, self._view.folder)

    def _end(self) -> None:
        """Show the durable form once all have ended, before those who wait are told: then a batch run is over."""
        with self._lock:
            if not self._is_over and self._sweep.is_ending:
                self._is_over = True
                self._update()

    def _refresh(self) -> None:
        with self._lock:
            if not self._is_over:
                self._update()

    def _update(self) -> None:
        new = self._bundle()
        if new != self._shown:
            self._shown = new
            update_display(new, raw=True, display_id=self._display_id)

    async def _keep_up(self) -> None:
        """Show what has changed, at most twice a second."""
        loop, moved = asyncio.get_running_loop(), asyncio.Event()

        def note_move(_: Sweep) -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it the table
                loop.call_soon_threadsafe(moved.set)

        forget = self._sweep.observe(note_move)
        try:
            while not self._is_over:
                moved.clear()
                self._refresh()
                await asyncio.sleep(UPDATE_SECONDS * max(1.0, len(self._shown["text/html"]) / _QUICK))
                if not self._is_over:
                    await moved.wait()
        finally:
            forget()
