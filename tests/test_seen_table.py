"""The table of what was seen in each environment: read back as it was written, true of the script that writes it."""

from __future__ import annotations

import pytest

from environments.drive import ENVIRONMENTS, PAGE
from environments.seen_table import Row, rows_in, with_rows

EMPTY = "# A page\n\n<!-- seen, written by make environments -->\n\n<!-- end -->\n\nMore.\n"
FILM = Row("a pipe", "`a | b`", "the video", "it\nplays", "voila 0.5", "2026-11-29")
PLAIN = Row("plain", "`c`", "the text", "is there", "", "2026-11-28")


def test_rows_are_read_as_they_were_written() -> None:
    page = with_rows(EMPTY, [FILM, PLAIN])
    assert rows_in(page) == {"a pipe": FILM._replace(seen="it plays"), "plain": PLAIN}
    assert with_rows(page, rows_in(page).values()) == page
    assert page.endswith("\n\n<!-- end -->\n\nMore.\n")
    assert rows_in(EMPTY) == {}


def test_a_page_without_a_place_is_refused() -> None:
    with pytest.raises(ValueError, match="no place"):
        with_rows("# A page\n", [PLAIN])


def test_the_page_tells_of_each_environment_what_the_script_does() -> None:
    told = [(row.environment, row.started, row.checked) for row in rows_in(PAGE.read_text("utf-8")).values()]
    assert told == [tuple(each[:3]) for each in ENVIRONMENTS]
    assert all(row.seen and row.day for row in rows_in(PAGE.read_text("utf-8")).values())
