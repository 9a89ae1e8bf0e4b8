"""Widgets of our own: a class whose other half is a script in the page."""

from __future__ import annotations

import importlib
from typing import Any


def script_widget(name: str, doc: str, module: str, script: str, css: str = "", *bases: type, **traits: Any) -> Any:
    """Return a widget class with a script, or None without anywidget.

    Args:
        name: Of the class.
        doc: What the widget does, as the docstring of the class.
        module: Where the class belongs.
        script: The page's side, one JavaScript module.
        css: Its style sheet.
        *bases: Classes that bring further traits.
        **traits: Further traits by name.
    """
    try:
        anywidget = importlib.import_module("anywidget")  # loads at the first such widget, not with the extension
    except ImportError:
        return None
    body: dict[str, Any] = {"__doc__": doc, "__module__": module, "_esm": script, **traits}
    return type(name, (*bases, anywidget.AnyWidget), body | ({"_css": css} if css else {}))
