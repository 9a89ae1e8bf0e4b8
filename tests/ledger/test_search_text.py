"""What is searched for and in what: tokens of a text."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.ledger.search_text import matches, phrases, query, tokens

ANYTHING = st.text(max_size=40)


def is_found(words: str, text: str) -> bool:
    return matches(phrases(words), tokens(text))


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("lamp", "A Lamp turns"),
        ("LAM tur", "A lamp turns"),
        ("kuste", "Die Küste"),
        ("KÜSTE", "die ku\u0308ste"),
        ("strasse", "Straße"),
        ("Öl", "Ölgemälde"),
        ("東京", "夜の東京駅"),
        ("京駅", "夜の東京駅"),
        ("ビデオ", "ﾋﾞﾃﾞｵ"),
        ("한국", "대한국인"),
        ("แมว", "รูปแมวดำ"),
        ("🙂", "smile🙂 please"),
        ("well-lit", "a well lit room"),
        ("lit room", "a well-lit room"),
        ("don't", "they don't move"),
        ("dont", "DONT"),
        ("file", "ﬁle"),
        ('"lamp', "a lamp"),
        ("(lamp", "a lamp"),
        ("-5", "zoom -5"),
        ("NEAR", "near the sea"),
        ("AND", "salt and sand"),
        ("*", "anything at all"),
        ("lamp*", "a lamp"),
        ("prompt:lamp", "prompt lamp"),
        ("", "anything"),
    ],
)
def test_words_are_found(words: str, text: str) -> None:
    assert is_found(words, text)


@pytest.mark.parametrize(
    ("words", "text"),
    [
        ("amp", "a lamp"),
        ("lamp sea", "a lamp"),
        ("lamp OR sea", "a lamp"),
        ("lamp NOT lamp", "a lamp"),
        ("京東", "東京"),
        ("lit-well", "a well-lit room"),
        ("か", "が"),
        ("😀", "🙂"),
    ],
)
def test_other_words_are_not_found(words: str, text: str) -> None:
    assert not is_found(words, text)


@given(st.lists(ANYTHING, max_size=6))
def test_every_word_of_a_text_finds_it_and_so_do_several(words: list[str]) -> None:
    text = " ".join(words)
    assert is_found(text, text)
    for word in text.split():
        assert is_found(word, text)


@given(ANYTHING, ANYTHING)
def test_more_words_never_find_more(words: str, text: str) -> None:
    if is_found(f"{words} lamp", text):
        assert is_found(words, text)
        assert is_found("lamp", text)


@given(ANYTHING)
def test_capitals_do_not_count(text: str) -> None:
    assert tokens(text.casefold()) == tokens(text)


@given(ANYTHING)
def test_a_question_for_the_index_has_no_syntax_of_a_user(words: str) -> None:
    for phrase in phrases(words):
        assert all(token and not set(token) & set(' "*()^:-+') for token in phrase)
    assert query(phrases(words)).count('"') == 2 * len(phrases(words))
