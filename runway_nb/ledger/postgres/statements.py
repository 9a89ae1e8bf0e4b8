"""The ledger's statements in PostgreSQL's words: placeholders, and comparisons that know NULL."""

from __future__ import annotations

import re
from functools import lru_cache

_PARTS = re.compile(r"""'(?:[^']|'')*'|\bIS\s+NOT\s+(?=[?:\d])|\bIS\s+(?=[?:\d])|\?|(?<!:):[a-z_]+|%""")
"""What is another word there. Texts in quotes come first: in them nothing but a percent sign changes."""


@lru_cache(maxsize=512)
def translated(statement: str) -> str:
    """Return a statement as psycopg takes it, with `%s` and `%(name)s`."""
    return _PARTS.sub(_part, statement)


def _part(match: re.Match[str]) -> str:
    part = match[0]
    if part.startswith("'") or part == "%":
        return part.replace("%", "%%")
    if part == "?":
        return "%s"
    if part.startswith(":"):
        return f"%({part[1:]})s"
    return "IS DISTINCT FROM " if "NOT" in part else "IS NOT DISTINCT FROM "
