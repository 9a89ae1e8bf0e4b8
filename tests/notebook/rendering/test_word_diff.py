"""Which words of prompts have changed."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.notebook.rendering.word_diff import Piece, change_text, changes, compared, compared_html
from support.sanitizer import check_sanitized, tags

TEXTS = st.text(st.sampled_from("ab ,.\N{CJK UNIFIED IDEOGRAPH-6708}<"), max_size=30)


@pytest.mark.parametrize(
    ("old", "new", "text"),
    [
        ("A red lamp turns", "A blue lamp turns", "A [-red-] {+blue+} lamp turns"),
        ("A lamp at dusk, calm", "A lamp at dawn, calm", "A lamp at [-dusk-] {+dawn+}, calm"),
        ("A lamp turns", "A lamp turns slowly", "A lamp turns {+slowly+}"),
        ("A lamp turns slowly", "A lamp turns", "A lamp turns [-slowly-]"),
        ("a red sky burns", "a blue sea burns", "a [-red sky-] {+blue sea+} burns"),
        ("same", "same", "same"),
        ("", "new", "{+new+}"),
        ("old", "", "[-old-]"),
        ("", "", ""),
        (
            "\u6708\u304c\u6d77\u306e\u4e0a",
            "\u6708\u304c\u5c71\u306e\u4e0a",
            "\u6708\u304c[-\u6d77-] {+\u5c71+}\u306e\u4e0a",
        ),
    ],
)
def test_changed_words_are_marked_in_plain_signs(old: str, new: str, text: str) -> None:
    assert change_text(old, new) == text


def test_of_several_texts_the_first_shows_what_any_other_lacks() -> None:
    first, second, third = compared(["a red lamp turns", "a blue lamp turns", "a red lamp stands"])
    assert [piece.text for piece in first if piece.is_changed] == ["red", "turns"]
    assert second == [Piece("a ", False), Piece("blue", True), Piece(" lamp turns", False)]
    assert [piece.text for piece in third if piece.is_changed] == ["stands"]


def test_spaces_around_changed_words_are_not_marked() -> None:
    old, new = compared(["the beam sweeps over it", "the red beam sweeps"])
    assert new == [Piece("the ", False), Piece("red", True), Piece(" beam sweeps", False)]
    assert old == [Piece("the beam sweeps ", False), Piece("over it", True)]


def test_one_text_has_no_changes() -> None:
    assert compared(["a lamp"]) == [[Piece("a lamp", False)]]
    assert compared([""]) == [[]]


@given(TEXTS, TEXTS, TEXTS)
def test_no_sign_is_lost(one: str, two: str, three: str) -> None:
    assert ["".join(piece.text for piece in pieces) for pieces in compared([one, two, three])] == [one, two, three]
    assert ["".join(part) for part in zip(*changes(one, two), strict=True)] == ([one, two] if one or two else [])


def test_marks_are_elements_and_lines_that_a_sanitizer_keeps() -> None:
    old, new = compared_html(["a <b>red</b> lamp", "a <i>blue</i> lamp & more"])
    for html in (old, new):
        check_sanitized(html)
    assert {tag for tag, _ in tags(old)} == {"del"}
    assert {tag for tag, _ in tags(new)} == {"ins"}
    assert "line-through" in old
    assert "underline" in new
    assert "&lt;" in old
    assert "&amp;" in new
