"""What stands for a widget in a notebook whose kernel is gone, kept by a script in the page."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import traitlets

from ..static import join_modules


@lru_cache(maxsize=1)
def keeper_class() -> Any:
    """Return the class with the script, or None without anywidget."""
    try:
        anywidget = importlib.import_module("anywidget")
    except ImportError:
        return None
    body = {
        "__doc__": "Shows nothing, and keeps the texts of widgets in the notebook.",
        "__module__": __name__,
        "texts": traitlets.Dict().tag(sync=True),
        "_esm": join_modules("text_keeper.js"),
    }
    return type("TextKeeper", (anywidget.AnyWidget,), body)


def make_keepers(display_id: str, model_id: str, data: dict[str, str]) -> list[Any]:
    """Return a widget, to be put beside the one that it is for; nothing without anywidget.

    Args:
        display_id: Under which the widget was displayed.
        model_id: The id of the widget.
        data: What stands in its place once the kernel is gone.
    """
    keeper = keeper_class()
    return [] if keeper is None else [keeper(texts={display_id: {"model": model_id, "data": data}})]
