"""Seconds in words."""

from __future__ import annotations

import pytest

from runway_nb.text.durations import about, left


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "about 5 s"), (42, "about 40 s"), (89, "about 90 s"), (90, "about 2 min"), (361, "about 6 min"),
        (5399, "about 90 min"), (5400, "about 1 h 30 min"), (7200, "about 2 h"), (7790, "about 2 h 10 min"),
    ],
)  # fmt: skip
def test_an_estimate_is_no_finer_than_it_is_known(seconds: float, words: str) -> None:
    assert about(seconds) == words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0, "about 0:01 left"), (9.6, "about 0:10 left"), (130, "about 2:10 left"), (3661, "about 61:01 left"),
        (7200, "about 2 h left"),
    ],
)  # fmt: skip
def test_what_is_left_counts_down(seconds: float, words: str) -> None:
    assert left(seconds) == words
