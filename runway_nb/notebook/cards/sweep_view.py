"""A sweep where the cell's output stands: the live grid, and below it the durable table that the notebook keeps.

While the grid is on the page its style hides the table there, which then is for the file alone. Where no script runs,
in a batch run and in a terminal, there is the table, brought up to date until all have ended.
"""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

from IPython.display import display, update_display

from ...studio import Studio
from ...sweeps.sweep import Sweep
from ...text.console import write_line
from ..rendering.sweep_grid import bundle, text_line
from .view import UPDATE_SECONDS, View, display_metadata, new_display_id

if TYPE_CHECKING:
    from .live_grid import LiveGrid

HIDDEN_SECONDS = 5.0
"""Between two updates of a table that nobody sees."""
_QUICK = 100_000
"""Characters of a table that is shown as often as a card; a longer one is shown more rarely."""


def show_sweep(sweep: Sweep, studio: Studio, view: View) -> None:
    """Show a sweep where the cell's output stands, and keep it up to date."""
    if view.mode == "terminal":
        write_line(bundle(sweep, view.embed, view.folder)["text/plain"] if sweep.done else text_line(sweep))
        return
    table = _Table(sweep, view)
    if view.mode == "live":
        from .live_grid import LiveGrid  # loads ipywidgets

        table.show_below(LiveGrid(sweep, studio, view, marked=table.refresh, greeted=table.put_back))
    table.open()
    if table.is_changing:
        table.follow(studio)


class _Table:
    """The durable table of a sweep under one display id."""

    def __init__(self, sweep: Sweep, view: View) -> None:
        self._sweep, self._view = sweep, view
        self._display_id = view.places[1] if view.places else new_display_id()
        self._metadata = display_metadata(self._display_id)
        self._lock = threading.Lock()
        self._shown: dict[str, str] = {}
        self._is_over = self._is_left = False
        self._grid: LiveGrid | None = None

    def show_below(self, grid: LiveGrid) -> None:
        """Display a grid above the table, if this front end may have one."""
        if grid.open():
            self._grid = grid

    def open(self) -> None:
        """Display the table in the running cell, or where there is a place for it."""
        self._shown = self._bundle()
        show = update_display if self._view.places else display
        show(self._shown, raw=True, display_id=self._display_id, metadata=self._metadata)

    @property
    def is_changing(self) -> bool:
        """Whether something may change: a job goes on, or a grid stands above, in which shots are starred."""
        return not self._sweep.done or self._grid is not None

    def follow(self, studio: Studio) -> None:
        """Bring it up to date on the background loop; where nobody watches, once all have ended."""
        self._sweep.observe(lambda _: self._end())
        self._end()  # of what has ended meanwhile nobody tells
        if self._view.mode == "live":
            studio.spawn(self._keep_up())

    def refresh(self) -> None:
        """Show it as it is now, unless nobody keeps it up to date any more."""
        with self._lock:
            if not self._is_left:
                self._update()

    def put_back(self) -> None:
        """Show it once more in a page that was loaded anew, or in a cell that was moved: either has lost its place."""
        with self._lock:
            if self._grid is not None:
                self._grid.put(self._display_id, self._shown)

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

    def _update(self) -> None:
        new = self._bundle()
        if new != self._shown:
            self._shown = new
            update_display(new, raw=True, display_id=self._display_id, metadata=self._metadata)
            if self._grid is not None:
                self._grid.put(self._display_id, new)

    @property
    def _pause(self) -> float:
        """Seconds until the next update, at least."""
        is_hidden = self._grid is not None and self._grid.is_seen
        usual = HIDDEN_SECONDS if is_hidden and not self._sweep.is_ending else UPDATE_SECONDS
        return usual * max(1.0, len(self._shown["text/html"]) / _QUICK)

    @property
    def _is_final(self) -> bool:
        return self._is_over and (self._grid is None or self._grid.is_over)

    async def _keep_up(self) -> None:
        """Show what has changed, at most twice a second; marks also after the end, as long as the grid is there."""
        loop, moved = asyncio.get_running_loop(), asyncio.Event()

        def note_move(_: Sweep) -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it the table
                loop.call_soon_threadsafe(moved.set)

        forget = self._sweep.observe(note_move)
        try:
            while not self._is_final:
                moved.clear()
                await asyncio.to_thread(self.refresh)
                await asyncio.sleep(self._pause)
                if not self._is_final:
                    await moved.wait()
        finally:
            forget()
            with self._lock:  # a refresh that is under way in its thread ends first
                self._is_left = True
