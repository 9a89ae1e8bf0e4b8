"""Compared clips where the cell's output stands: a table that stays, and in a live notebook what plays above it."""

from __future__ import annotations

from IPython.display import display

from ...comparison import Comparison
from ...text.console import write_line
from ..rendering.comparison_table import bundle
from .view import View, current_view


def display_comparison(comparison: Comparison) -> None:
    """Show clips as the last value of a cell."""
    show_comparison(comparison, current_view(comparison.studio.folder))


def show_comparison(comparison: Comparison, view: View) -> None:
    """Show clips where the cell's output stands."""
    data = bundle(comparison, view.embed, view.folder)
    if view.mode == "terminal":
        write_line(data["text/plain"])
    else:
        display(data, raw=True)
