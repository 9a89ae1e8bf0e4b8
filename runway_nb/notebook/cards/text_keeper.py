"""What stands for a widget in a notebook whose kernel is gone, kept by a script in the page."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import traitlets

from ..static import join_modules
from .script_widget import script_widget

NOTHING = {"text/plain": ""}
"""What stands in the place of a widget of which nothing stays; some front ends complain of an output without data."""
LONGEST_KEPT = 2_000_000
"""Characters of a form that the page keeps beside the widget: a video that is embedded in it is not sent twice."""


@lru_cache(maxsize=1)
def keeper_class() -> Any:
    """Return the class with the script, or None without anywidget."""
    return script_widget(
        "TextKeeper", "Shows nothing, and keeps the texts of widgets in the notebook.", __name__,
        join_modules("text_keeper.js"), texts=traitlets.Dict().tag(sync=True),
    )  # fmt: skip


def make_keepers(display_id: str, model_id: str, data: dict[str, str]) -> list[Any]:
    """Return a widget, to be put beside the one that it is for; nothing without anywidget.

    Args:
        display_id: Under which the widget was displayed.
        model_id: The id of the widget.
        data: What stands in its place once the kernel is gone.
    """
    keeper = keeper_class()
    return [] if keeper is None else [keeper(texts=kept_text(display_id, model_id, data))]


def put(keepers: Iterable[Any], display_id: str, data: Mapping[str, Any]) -> None:
    """Show data at a display id also on a page that was loaded anew, which has lost it.

    Follow it with `update_display`, for pages that no keeper stands in or that it leaves alone.
    """
    for keeper in keepers:
        keeper.send({"kind": "put", "display_id": display_id, "data": dict(data)})


def kept_text(display_id: str, model_id: str, data: Mapping[str, str]) -> dict[str, Any]:
    """Return what the page is told: which widget stands at a display id, and what does without its kernel."""
    kept = {kind: text for kind, text in data.items() if len(text) <= LONGEST_KEPT}
    return {display_id: {"model": model_id, "data": kept}}
