"""Text that can be stored and shown."""

from __future__ import annotations


def whole_text(text: str) -> str:
    """Return the text with each half character (a lone surrogate) replaced, which nothing can store or show."""
    return text if text.isascii() else text.encode(errors="replace").decode()
