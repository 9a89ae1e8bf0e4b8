"""The table of what was seen in each environment, as it stands in a page; a row may be driven alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from support.page_tables import table

SEEN = re.compile(r"(<!-- seen, written by make environments -->\n\n).*?(<!-- end -->)", re.DOTALL)
HEAD = ("environment", "started by", "what is looked at", "seen", "versions", "on")


class Row(NamedTuple):
    """What was seen in an environment, each as it stands in the page."""

    environment: str
    started: str
    checked: str
    seen: str
    versions: str
    day: str


def rows_in(page: str) -> dict[str, Row]:
    """Return what a page says that was seen, by the names of the environments. Raises `ValueError` without a table."""
    lines = [re.split(r"(?<!\\)\|", line)[1:-1] for line in _part(page)[0].splitlines() if line.startswith("| ")]
    found = [Row(*(cell.strip().replace(r"\|", "|") for cell in cells)) for cells in lines[1:]]
    return {row.environment: row for row in found}


def with_rows(page: str, rows: Iterable[Row]) -> str:
    """Return a page with these rows as its table. Raises `ValueError` where the page has no place for it."""
    part = _part(page)
    made = table(HEAD, (tuple(" ".join(cell.split()) for cell in row) for row in rows))
    return page.replace(part[0], f"{part[1]}{made}\n\n{part[2]}")


def _part(page: str) -> re.Match[str]:
    if not (found := SEEN.search(page)):
        raise ValueError("the page has no place for what was seen")
    return found
