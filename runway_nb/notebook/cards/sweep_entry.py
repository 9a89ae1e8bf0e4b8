"""A sweep in an output area, among the cards of jobs: its table, brought up to date until all have ended."""

from __future__ import annotations

import asyncio
import threading
from contextlib import suppress

import ipywidgets

from ...studio import Studio
from ...sweeps.sweep import Sweep
from ..rendering.sweep_grid import bundle
from .output_area import OutputArea, OutputEntry
from .view import UPDATE_SECONDS, View


class SweepEntry(OutputEntry):
    """The table of one sweep.

    Args:
        sweep: What is shown.
        area: Where it stands.
        view: How results are shown.
    """

    def __init__(self, sweep: Sweep, area: OutputArea, view: View) -> None:
        super().__init__(None)
        self.sweep = sweep
        self._area, self._view = area, view
        self._lock = threading.Lock()
        self._data: dict[str, str] = {}
        self._output = ipywidgets.Output()
        self.refresh()

    def durable_bundle(self, view: View) -> dict[str, str]:  # noqa: ARG002 - the table has its own
        """Return the table as it was last shown."""
        return self._data

    def widget(self) -> ipywidgets.Widget:
        """Return what stands on the page."""
        return self._output

    def refresh(self) -> None:
        """Bring the table up to date; once all have ended it is durable, and stays."""
        with self._lock:
            if self.data is not None:
                return
            is_over = self.sweep.is_ending
            # a video is put into the notebook once, at the end
            new = bundle(self.sweep, self._view.embed if is_over else "never", self._view.folder)
            if new != self._data:
                self._data = new
                self._output.outputs = ({"output_type": "display_data", "data": new, "metadata": {}},)
            self.data = new if is_over else None

    async def keep_up(self) -> None:
        """Show what has changed, at most twice a second, until all have ended."""
        loop, moved = asyncio.get_running_loop(), asyncio.Event()

        def note_move(_: Sweep) -> None:
            with suppress(RuntimeError):  # the loop has ended, and with it the table
                loop.call_soon_threadsafe(moved.set)

        forget = self.sweep.observe(note_move)
        try:
            while self.data is None:
                moved.clear()
                await asyncio.to_thread(self.refresh)
                if self.data is None:
                    await asyncio.sleep(UPDATE_SECONDS)
                    await moved.wait()
        finally:
            forget()
        await asyncio.to_thread(self._area.arrange)


def add_sweep(area: OutputArea, sweep: Sweep, studio: Studio, view: View) -> None:
    """Put a sweep into an output area that is displayed already, and keep it up to date."""
    entry = SweepEntry(sweep, area, view)
    area.put(entry)
    if entry.data is None:
        studio.spawn(entry.keep_up())
