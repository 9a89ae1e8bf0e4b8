"""Scripts and style sheets, as text: they are read the same way from a folder and from a zip file."""

from __future__ import annotations

from importlib.resources import files

STATIC = files(__package__)
"""Their folder."""


def static_text(name: str) -> str:
    """The content of one of these files."""
    return (STATIC / name).read_text("utf-8")
