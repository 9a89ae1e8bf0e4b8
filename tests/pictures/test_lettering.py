"""Text in pictures: wrapped, shortened, and spelled with what the font has."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.pictures.lettering import MORE, lettering

FONT = lettering(14)


@given(st.text(max_size=80), st.integers(30, 300), st.integers(1, 4))
def test_lines_fit_and_lose_nothing_but_what_is_said_to_be_left_out(text: str, width: int, most: int) -> None:
    lines = FONT.lines(text, width, most)
    assert len(lines) <= most
    assert all(FONT.length(line) <= width for line in lines)
    spelled = FONT.spelled(text).replace(" ", "")
    joined = "".join(lines).replace(" ", "")
    assert joined == spelled or (joined.endswith(MORE) and spelled.startswith(joined.removesuffix(MORE)))


@pytest.mark.parametrize(
    ("text", "spelled"),
    [
        ("zoom \N{MINUS SIGN}5 \N{MIDDLE DOT} seed 1", "zoom -5 \N{MIDDLE DOT} seed 1"),
        ("Über größere Wellen", "Uber grossere Wellen"),
        ("a \u6d77 \u5cb8 b", "a ... b"),
        ("\u6d77\u5cb8", "..."),
        ("two\nlines\tand \x00", "two lines and"),
        ("", ""),
    ],
)
def test_what_the_font_lacks_is_spelled_or_left_out(text: str, spelled: str) -> None:
    assert FONT.spelled(text) == spelled
