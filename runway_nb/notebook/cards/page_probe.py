"""A widget that is not seen: its script tells what the page's browser plays, and which clips it loads."""

from __future__ import annotations

import importlib
from functools import lru_cache
from typing import Any

import traitlets

from ..static import join_modules


class ProbeTraits(traitlets.HasTraits):
    """What the script gets to know."""

    titles = traitlets.Dict().tag(sync=True)
    """The titles of the clips, by their keys."""


@lru_cache(maxsize=1)
def probe_script() -> str:
    """Return the page's side as one module; it asks for nothing over the network."""
    return join_modules("page_probe.js")


@lru_cache(maxsize=1)
def _probe_class() -> Any:
    anywidget = importlib.import_module("anywidget")
    body = {"__doc__": "Asks the page what it plays.", "__module__": __name__, "_esm": probe_script()}
    return type("PageProbe", (ProbeTraits, anywidget.AnyWidget), body)


def make_probe(titles: dict[str, str]) -> Any:
    """Return a probe for the clips of these titles. Raises `ImportError` without anywidget."""
    return _probe_class()(titles=titles)
