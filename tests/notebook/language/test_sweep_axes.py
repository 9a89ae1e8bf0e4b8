"""The values of an axis in a field of its own: spaces part nothing there."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.notebook.language.parsing import parse
from runway_nb.notebook.language.sweep_axes import field_axis
from runway_nb.text.line_words import NO_WIDTH

PICTURE = np.zeros((4, 4, 3), np.uint8)


@pytest.mark.parametrize(
    ("name", "text", "values"),
    [
        ("zoom", " -5, 0 ,5 ", [-5, 0, 5]),
        ("zoom", "0..1/0.5", [0, 0.5, 1]),
        ("seed", "1..3", [1, 2, 3]),
        ("style", 'noir, "ink, wet", ink wash', ["noir", "ink, wet", "ink wash"]),
        ("style", "\u201cink,  wet\u201d,'a @ b'", ["ink,  wet", "a @ b"]),
        ("style", "{{ mood }}, x", ["calm, slow", "x"]),
        ("style", "@styles", ["a", "b"]),
        ("focus", "0.5;0.2, 0;1", [(0.5, 0.2), (0, 1)]),
        ("audio", "on, off", [True, False]),
        ("first", "lamp.png, my harbour", ["lamp.png", "my harbour"]),
    ],
)
def test_values_are_read_as_behind_the_option(name: str, text: str, values: list[Any]) -> None:
    variables = {"mood": "calm, slow", "styles": ["a", "b"]}
    written, found, problems = field_axis(name, text, variables)
    assert (found, problems) == (values, [])
    (axis,) = parse(f"--sweep {name}={written}", variables).values["sweep"]
    assert [*axis.values] == (values if not axis.variable else [])


def test_pictures_are_named_by_variables() -> None:
    written, (found, other), problems = field_axis("first", "dark, sea.png", {"dark": PICTURE})
    assert found is PICTURE
    assert (written, other, problems) == ("dark,sea.png", "sea.png", [])


@pytest.mark.parametrize(
    ("name", "text", "problem"),
    [
        ("zoom", "much, 2", "zoom is 'much': give a number"),
        ("zoom", "1 2", "zoom is '1 2': give a number"),
        ("style", '"ink, wet', "a quotation mark is left open on the style line: close it"),
        ("style", "@nothing", "style: @nothing is no variable: define nothing first"),
        ("style", "@few", "style: @few is 3: give a list, a range, an array or a column"),
        ("style", "@none", "style: @none has no value: give some"),
        ("zoom", "1..5/0", "zoom has the range 1..5/0: give a step above 0"),
        ("style", "{{gone}}", "{{gone}} is no variable: define gone first"),
    ],
)
def test_what_cannot_be_read_is_one_line(name: str, text: str, problem: str) -> None:
    _, _, problems = field_axis(name, text, {"few": 3, "none": []})
    assert problems == [problem]


ODD = set(",.@=\"'{}\\") | set(NO_WIDTH)
WORDS = st.text(st.characters(exclude_categories=["Cs", "C", "Z", "P", "S"]), min_size=1, max_size=6)


@given(st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=4))
def test_words_with_spaces_are_values(values: list[str]) -> None:
    values = ["".join(sign for sign in value if sign not in ODD) for value in values]
    _, found, problems = field_axis("style", " , ".join(values), {})
    assert (found, problems) == (values, [])
