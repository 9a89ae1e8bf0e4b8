"""Compared clips where the cell's output stands: in a live notebook what plays in step, and behind it what stays."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from IPython.display import display, update_display

from ...comparison import Comparison
from ...errors import RunwayError
from ...pictures.clip_strips import ClipMeasures
from ...text.console import write_line
from ..rendering.comparison_table import bundle
from .view import View, current_view, display_metadata, new_display_id

AGAIN = "Run the cell again to play them in step."
ELSEWHERE = "In a live notebook they play in step, with a wipe, A/B and the picture of their difference."
NO_WIDGETS = "pip install anywidget"


def display_comparison(comparison: Comparison) -> None:
    """Show clips as the last value of a cell."""
    show_comparison(comparison, current_view(comparison.studio.folder))


def show_comparison(comparison: Comparison, view: View) -> None:
    """Show clips where the cell's output stands: the table alone where nothing can play in step, and why."""
    if view.mode == "live":
        _Durable(comparison, view).show()
        return
    data = bundle(comparison, view.embed, view.folder, ELSEWHERE)
    if view.mode == "terminal":
        write_line(data["text/plain"])
    else:
        display(data, raw=True)


class _Durable:
    """The table of a comparison under one display id, behind the widget where there can be one."""

    def __init__(self, comparison: Comparison, view: View) -> None:
        self._comparison, self._view = comparison, view
        self._display_id = new_display_id()
        self._target = {"raw": True, "display_id": self._display_id, "metadata": display_metadata(self._display_id)}

    def show(self) -> None:
        """Display both, the widget first."""
        reason = self._play()
        display(self._bundle(f"Not played in step here: {reason}" if reason else AGAIN), **self._target)

    def _play(self) -> str:
        """Display the widget; return why there is none, or nothing."""
        from .live_comparison import LiveComparison  # loads the widgets

        try:
            measures = ClipMeasures([clip.video for clip in self._comparison.clips])
        except RunwayError as error:
            return error.message
        return "" if LiveComparison(self._comparison, measures, self._refresh).open() else NO_WIDGETS

    def _refresh(self, put: Any) -> None:
        """Bring the table up to date after a star."""
        data: Mapping[str, str] = self._bundle(AGAIN)
        update_display(data, **self._target)
        put(self._display_id, data)

    def _bundle(self, note: str) -> dict[str, str]:
        return bundle(self._comparison, self._view.embed, self._view.folder, note)
