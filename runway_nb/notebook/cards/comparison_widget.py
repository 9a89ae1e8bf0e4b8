"""The widget of a live comparison: its script in the page, and what both of them know from the first moment."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import traitlets

from ..static import join_modules, static_text
from .script_widget import script_widget


class ComparisonTraits(traitlets.HasTraits):
    """What the page gets with the widget; the clips come in messages, one at a time."""

    title = traitlets.Unicode("").tag(sync=True)
    difference = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """What differs in the requests, in words, line by line."""
    prompts = traitlets.List().tag(sync=True)
    """The prompt of each clip in pieces, a text and whether it is changed; nothing where all are equal."""
    badge = traitlets.Unicode("").tag(sync=True)
    clips = traitlets.List(traitlets.Dict()).tag(sync=True)
    """`letter`, `name`, `label` and `canStar` of each."""
    stars = traitlets.List(traitlets.Bool()).tag(sync=True)
    """Which of them are starred."""
    texts = traitlets.Dict().tag(sync=True)
    """What stands at a display id when the notebook is opened without the kernel that made it: the widget there, as
    `model`, and the MIME bundle that replaces it, as `data`."""


@lru_cache(maxsize=1)
def comparison_script() -> str:
    """Return the page's side as one module: nothing is built, and nothing asked for over the network."""
    return join_modules("comparison_widget.js")


@lru_cache(maxsize=1)
def _comparison_class() -> Any:
    """Return the class of the widget, or None without anywidget."""
    css = static_text("card.css") + static_text("comparison.css")
    doc = "Plays compared clips in step, in the page."
    return script_widget("ComparisonWidget", doc, __name__, comparison_script(), css, ComparisonTraits)


def make_comparison(**traits: Any) -> Any:
    """Return the widget of a comparison; None where anywidget is not installed."""
    made = _comparison_class()
    return None if made is None else made(**traits)
