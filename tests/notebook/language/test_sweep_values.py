"""The values of `--sweep`: lists, quoted commas, ranges, variables."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.notebook.language.cell_source import request_of_cell
from runway_nb.notebook.language.parsing import parse
from runway_nb.notebook.language.sweep_values import TypedAxis
from runway_nb.template import by_number, literal
from runway_nb.text.line_words import NO_WIDTH


def axes(line: str, **variables: object) -> list[TypedAxis]:
    read = parse(line, variables)
    assert not read.problems
    found: list[TypedAxis] = read.values["sweep"]
    return found


@pytest.mark.parametrize(
    ("typed", "values"),
    [
        ("zoom=-5,0,5", (-5, 0, 5)),
        ("zoom=0..1/0.25", (0, 0.25, 0.5, 0.75, 1)),
        ("zoom=2..-2/2", (2, 0, -2)),
        ("zoom=\u22122..2/2,5", (-2, 0, 2, 5)),
        ("zoom=0..1/0.3", (0, 0.3, 0.6, 0.9)),
        ("seed=1..3", (1, 2, 3)),
        ("seed=3..3", (3,)),
        ("focus=0.5;0.2,0;1", ((0.5, 0.2), (0, 1))),
        ("audio=on,off", (True, False)),
        ("camera-words=Yes,no", (True, False)),
        ("model=gen4,gen4_5", ("gen4", "gen4_5")),
        ('style=noir,"ink, wet",anime', ("noir", "ink, wet", "anime")),
        ("style=noir,\u201cink, wet\u201d", ("noir", "ink, wet")),
        ("style='1..3',1..3", ("1..3", "1", "2", "3")),
        ("style='@styles',a..b,", ("@styles", "a..b", "")),
        ("style={{mood}},{{U+2C}}", ("calm, slow", ",")),
        ("first=a.png,'my, own.png'", ("a.png", "my, own.png")),
    ],
)
def test_values_are_read_in_the_type_of_their_option(typed: str, values: tuple[object, ...]) -> None:
    (axis,) = axes(f"--sweep {typed}", mood="calm, slow")
    assert (axis.name, axis.values) == (typed.partition("=")[0].replace("-", "_"), values)


def test_a_variable_is_named_and_followed_later() -> None:
    assert axes("--sweep style=@table.style") == [TypedAxis("style", (), "table.style")]
    assert axes('--sweep style=@table["style"]') == [TypedAxis("style", (), "table[style]")]


def test_the_option_may_be_given_several_times_and_with_an_equals_sign() -> None:
    assert [axis.name for axis in axes("grid --sweep zoom=1,2 --sweep=pan=3,4 --sweep seed=1")] == [
        "zoom", "pan", "seed"
    ]  # fmt: skip


TEXTS = st.lists(st.text(st.characters(exclude_categories=["Cs"]), min_size=0, max_size=12), min_size=1, max_size=5)
TEXTS = TEXTS.filter(lambda values: values != [""])
"""Several texts; one alone is not empty."""


@given(TEXTS, st.sampled_from("'\""))
def test_a_written_axis_reads_back(values: list[str], mark: str) -> None:
    """Each value in quotes is that value to the letter, whatever it is."""
    written = [f"{mark}{literal(value).replace(mark, by_number(mark))}{mark}" for value in values]
    (axis,) = axes(f"--sweep style={','.join(written)}")
    assert axis.values == tuple(values)


@given(TEXTS)
def test_values_without_quotes_part_at_commas_alone(values: list[str]) -> None:
    odd = set(",.@=\"'{}") | set(NO_WIDTH)
    words = ["".join(c for c in value if c.isalnum() and c not in odd) or "x" for value in values]
    (axis,) = axes(f"--sweep style={','.join(words)}")
    assert axis.values == tuple(words)


@given(st.integers(-50, 50), st.integers(-50, 50), st.integers(1, 9))
def test_a_range_runs_from_one_end_to_the_other(first: int, last: int, step: int) -> None:
    (axis,) = axes(f"--sweep zoom={first}..{last}/{step}")
    sign = 1 if last >= first else -1
    assert axis.values == tuple(range(first, last + sign, sign * step))


def test_a_cell_that_makes_several_videos_is_no_single_request() -> None:
    assert request_of_cell("%%runway grid --takes 2 --zoom 3\nA lamp") is None
    assert request_of_cell("%%runway grid --zoom 3\nA lamp") is not None
