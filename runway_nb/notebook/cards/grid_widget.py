"""The widget of a live grid: its script in the page, and what both of them know from the first moment."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import traitlets

from ..static import join_modules
from .script_widget import script_widget


class GridTraits(traitlets.HasTraits):
    """What the page gets with the widget; all that changes later comes in messages, each as small as it can be."""

    plan = traitlets.Dict().tag(sync=True)
    """Title, axes and places: `grid_model.grid_plan`."""
    first = traitlets.Dict().tag(sync=True)
    """How the shots stood when the grid was made: `grid_feed.message_of`."""
    opened = traitlets.Int(-1).tag(sync=True)
    """The number of the shot whose result stands below the grid; -1 for none."""
    texts = traitlets.Dict().tag(sync=True)
    """What stands at a display id when the notebook is opened without the kernel that made it: the widget there, as
    `model`, and the MIME bundle that replaces it, as `data`."""
    is_over = traitlets.Bool(False).tag(sync=True)
    """Whether the grid has been left, and only what stands beside it counts."""


@lru_cache(maxsize=1)
def grid_script() -> str:
    """Return the grid's side in the page as one module: nothing is built, and nothing asked for over the network."""
    return join_modules("sweep_widget.js")


@lru_cache(maxsize=1)
def grid_class() -> Any:
    """Return the class of the widget, or None without anywidget."""
    return script_widget(
        "SweepGrid", "Shows the shots of a sweep in the page.", __name__, grid_script(), "", GridTraits
    )


def make_grid(**traits: Any) -> Any:
    """Return the widget of a grid; None where anywidget is not installed."""
    made = grid_class()
    return None if made is None else made(**traits)
