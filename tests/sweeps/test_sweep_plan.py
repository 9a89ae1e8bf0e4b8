"""Sweeps: axes, the order of their variants, labels, seeds and mistakes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.errors import InvalidRequest
from runway_nb.request import VideoRequest
from runway_nb.spec import SEED_RANGE
from runway_nb.sweeps.plan import (
    Axis,
    SweepPlan,
    axis_of,
    breadth_first,
    plan,
    stable_seed,
    sweep_values,
    takes_axis,
    value_text,
)

sizes = st.lists(st.integers(1, 9), min_size=1, max_size=4)


def planned(*axes: Axis, prompt: str = "A lamp", **options: Any) -> SweepPlan:
    values = options.pop("values", {"first": "lamp.png"})
    return plan(prompt, values, axes, **{"model": "gen3turbo", **options})


def mistakes(*axes: Axis, **options: Any) -> tuple[str, ...]:
    with pytest.raises(InvalidRequest) as caught:
        planned(*axes, **options)
    return caught.value.problems


# --- what is an axis --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "values"),
    [
        ("zoom", [-5, 0, 5], (-5, 0, 5)),
        ("zoom", (1, 2), (1, 2)),
        ("seed", range(1, 4), (1, 2, 3)),
        ("zoom", np.linspace(-4, 4, 3), (-4.0, 0.0, 4.0)),
        ("seed", np.array([7, 8]), (7, 8)),
        ("style", ["noir", "ink, wet"], ("noir", "ink, wet")),
        ("first", ["a.png", "b.png"], ("a.png", "b.png")),
        ("focus", [(0.1, 0.2), (0.5, 0.5)], ((0.1, 0.2), (0.5, 0.5))),
        ("zoom", 4, None),
        ("style", "noir", None),
        ("focus", (0.1, 0.2), None),
        ("focus", [0.1, 0.2], None),
        ("first", np.zeros(3), None),
        ("zoom", np.zeros((2, 2)), None),
        ("first", b"bytes", None),
        ("seed", None, None),
    ],
    ids=lambda each: str(each)[:20],
)
def test_several_values_are_an_axis_and_one_is_not(name: str, value: Any, values: tuple[Any, ...] | None) -> None:
    found = axis_of(name, value)
    assert (found.values if found else None) == values


def test_a_column_is_an_axis() -> None:
    pandas = pytest.importorskip("pandas", reason="pandas is an extra of nothing here; it is not installed")
    table = pandas.DataFrame({"zoom": [1, 2], "style": ["noir", "ink"]})
    assert axis_of("zoom", table["zoom"]) == Axis("zoom", (1, 2))
    assert axis_of("style", table["style"]) == Axis("style", ("noir", "ink"))


@pytest.mark.parametrize(
    "values",
    [
        pd.Series(["noir", None]), pd.Series(["noir", float("nan")], dtype=object), pd.array(["noir", pd.NA]),
        pd.Categorical(["noir", None]), ["noir", None], np.array(["noir", None], dtype=object),
    ],
    ids=lambda each: type(each).__name__,
)  # fmt: skip
def test_no_value_is_no_word_that_is_filled_in_and_paid_for(values: Any) -> None:
    """A prompt with `nan` in it costs as much as any other."""
    axes, fixed, problems = sweep_values("A {{style}} lamp", {"style": values})
    assert (fixed, problems) == ({}, [])
    assert mistakes(*axes, prompt="A {{style}} lamp") == (
        "no style: style has no value: give one, or leave the row out",
    )


@pytest.mark.parametrize(
    "values",
    [pd.array([4, pd.NA], dtype="Int64"), np.array([4.0, np.nan]), pd.Series([4, None])],
    ids=lambda each: type(each).__name__,
)
def test_an_option_without_a_value_is_not_given(values: Any) -> None:
    made = planned(*sweep_values("A lamp", {"zoom": values})[0])
    assert [(each.label, each.request.camera.zoom) for each in made.in_place] == [("zoom 4", 4), ("no zoom", None)]


def test_numbers_of_numpy_and_pandas_are_plain_numbers() -> None:
    values = {
        "zoom": np.linspace(-5, 5, 3), "seed": pd.Index([1, 2]), "pan": np.float32(2.5), "takes": None,
        "seconds": pd.Series([5, 10], dtype="Int64"),
    }  # fmt: skip
    axes, fixed, problems = sweep_values("A lamp", values)
    made = plan("A lamp", fixed, axes, model="gen3turbo")
    assert problems == []
    first = made.in_place[0]
    assert (first.label, len(made.variants)) == ("zoom -5, seed 1, seconds 5", 12)
    found = [first.request.camera.zoom, first.request.seed, first.request.camera.pan, first.request.seconds]
    assert (found, [type(each) for each in found]) == ([-5, 1, 2.5, 5], [float, int, float, int])


def test_a_value_that_comes_again_is_one_variant_and_one_price() -> None:
    column = pd.Series([2, 2.0, 4, np.int64(2)])
    made = planned(Axis("zoom", tuple(column)), Axis("seed", (1, 1, 2)))
    assert [each.label for each in made.in_place] == [
        "zoom 2, seed 1", "zoom 4, seed 1", "zoom 2, seed 2", "zoom 4, seed 2"
    ]  # fmt: skip
    together = planned(Axis("zoom", (2, 2)), Axis("seed", (1, 2)), zipped=True)
    assert len(together.variants) == 2, "the rows of a table are as many as they are"


# --- order ------------------------------------------------------------------------------------------


@given(sizes)
def test_every_place_comes_once(sides: list[int]) -> None:
    places = breadth_first(sides)
    assert len(places) == len(set(places)) == math.prod(sides)
    assert all(0 <= index < side for place in places for index, side in zip(place, sides, strict=True))


@given(sizes)
def test_the_corners_come_first(sides: list[int]) -> None:
    """A picture of the whole appears early: both ends of each axis are among the first variants."""
    corners = {tuple(ends) for ends in breadth_first([min(side, 2) for side in sides])}
    count = len(corners)
    first = breadth_first(sides)[:count]
    assert all(index in (0, side - 1) for place in first for index, side in zip(place, sides, strict=True))


def test_gaps_are_halved() -> None:
    assert breadth_first([5]) == [(0,), (4,), (2,), (1,), (3,)]
    assert breadth_first([2, 2]) == [(0, 0), (0, 1), (1, 0), (1, 1)]


@given(sizes, st.integers(1, 20))
def test_a_limit_makes_the_first_of_them(sides: list[int], limit: int) -> None:
    names = ["zoom", "pan", "tilt", "roll"]
    axes = [Axis(name, tuple(range(-4, side - 4))) for name, side in zip(names, sides, strict=False)]
    whole, part = planned(*axes, limit=1000) if math.prod(sides) <= 1000 else None, planned(*axes, limit=limit)
    assert len(part.variants) == min(limit, math.prod(sides))
    if whole is not None:
        assert part.variants == whole.variants[:limit]


# --- variants ---------------------------------------------------------------------------------------


def test_a_product_makes_each_combination_with_a_label() -> None:
    made = planned(Axis("zoom", (-5, 5)), Axis("style", ("noir", "ink, wet")), prompt="A {{style}} lamp")
    assert [variant.label for variant in made.in_place] == [
        "zoom -5, style noir", "zoom 5, style noir", "zoom -5, style ink, wet", "zoom 5, style ink, wet"
    ]  # fmt: skip
    assert {variant.request.prompt for variant in made.variants} == {"A noir lamp", "A ink, wet lamp"}
    assert {variant.request.camera.zoom for variant in made.variants} == {-5, 5}
    assert {variant.request.keyframes.first for variant in made.variants} == {"lamp.png"}


def test_values_that_go_together_make_as_many_variants() -> None:
    made = planned(Axis("zoom", (1, 2, 3)), Axis("seed", (7, 8, 9)), zipped=True)
    assert [(v.request.camera.zoom, v.request.seed) for v in made.variants] == [(1, 7), (2, 8), (3, 9)]


def test_a_model_is_an_axis() -> None:
    made = planned(Axis("model", ("gen3turbo", "gen4turbo")))
    assert [variant.request.model for variant in made.variants] == ["gen3turbo", "gen4turbo"]


def test_a_variable_of_the_notebook_is_filled_in_beside_an_axis() -> None:
    made = planned(Axis("size", (2, 3.0)), prompt="{{size}} {{what}}", variables={"what": "lamps"})
    assert [variant.request.prompt for variant in made.variants] == ["2 lamps", "3 lamps"]


@given(st.integers(1, 20), st.text(max_size=20))
def test_takes_are_seeds_that_stay_the_same(number: int, prompt: str) -> None:
    first = stable_seed(prompt)
    made = takes_axis(number, first)
    assert made.values[0] == first
    assert len(set(made.values)) == number
    assert all(SEED_RANGE[0] <= seed <= SEED_RANGE[1] for seed in made.values)
    assert made == takes_axis(number, stable_seed(prompt))


def test_takes_are_numbered() -> None:
    assert [v.label for v in planned(takes_axis(3, 7)).variants] == ["take 1", "take 3", "take 2"]


def test_equal_sweeps_are_equal_requests() -> None:
    """Run again, each variant finds its stored result."""
    axes = [Axis("zoom", (-5, np.int64(5))), Axis("seed", (1, 2))]
    one, other = planned(*axes), planned(Axis("zoom", (-5.0, 5)), Axis("seed", (1, 2)))
    assert [v.request.digest for v in one.variants] == [v.request.digest for v in other.variants]


@pytest.mark.parametrize(
    ("value", "text"), [(4.0, "4"), (2.5, "2.5"), ("a\n b", "a b"), (True, "True"), (None, "None")]
)
def test_a_value_is_one_line(value: Any, text: str) -> None:
    assert value_text(value) == text


# --- mistakes ---------------------------------------------------------------------------------------


def test_a_mistake_of_one_variant_names_it_and_one_of_all_is_reported_once() -> None:
    assert mistakes(Axis("zoom", (5, 11)), values={"first": "lamp.png", "seconds": 7}) == (
        "seconds is 7: give 5 or 10, or a model that has it: videos-gen4.5, seedance-2, seedance-2-5",
        "zoom 11: zoom is 11: the range is -10 to 10",
    )


def test_what_a_model_of_the_sweep_lacks_is_named_with_it() -> None:
    (line,) = mistakes(Axis("model", ("gen3turbo", "gen4turbo")), values={"first": "a", "middle": "b"})
    assert line.startswith("model gen4turbo: middle is given, and Gen-4 Turbo takes no middle keyframe")


def test_a_mistake_that_variants_share_is_reported_once_with_what_they_share() -> None:
    axes = Axis("seed", (1, 2, 3)), Axis("zoom", (20, 3)), Axis("style", ("a", "b"))
    assert mistakes(*axes, prompt="{{style}}") == ("zoom 20: zoom is 20: the range is -10 to 10",)
    pairs = Axis("zoom", (20, 20, 3)), Axis("pan", (1, 2, 3))
    assert mistakes(*pairs, zipped=True) == ("zoom 20: zoom is 20: the range is -10 to 10",)


def test_what_a_row_lacks_is_not_given() -> None:
    table = pd.DataFrame({"zoom": [2, np.nan], "style": ["noir", "ink"]})
    axes, _, problems = sweep_values("{{style}}", {}, rows=table)
    made = plan("{{style}}", {}, axes, model="gen3turbo", zipped=True)
    assert problems == []
    assert [(each.label, each.request.camera.zoom) for each in made.variants] == [
        ("zoom 2, style noir", 2),
        ("no zoom, style ink", None),
    ]


@pytest.mark.parametrize("nothing", [None, float("nan"), pd.NA, pd.NaT])
def test_a_word_that_a_row_lacks_is_a_mistake(nothing: object) -> None:
    axes, _, _ = sweep_values("{{style}}", {}, rows=[{"style": "noir"}, {"style": nothing}])
    assert mistakes(*axes, prompt="{{style}}", zipped=True) == (
        "no style: style has no value: give one, or leave the row out",
    )


def test_many_mistakes_are_cut_short() -> None:
    lines = mistakes(Axis("zoom", (1, *range(11, 31))))
    assert len(lines) == 9
    assert lines[-1] == "and 12 more like these"


@pytest.mark.parametrize(
    ("axes", "options", "line"),
    [
        ([Axis("style", ("a", "b"))], {}, "style is no option, and the prompt has no {{style}}: write it there"),
        ([Axis("zoom", ())], {}, "zoom has no value: give some"),
        ([Axis("zoom", (1,)), Axis("zoom", (2,))], {}, "zoom is two axes: give its values once"),
        ([Axis("zoom", (1, 2)), Axis("pan", (1,))], {"zipped": True}, "values that go together have to be as many on"),
        ([Axis(n, (1, 2)) for n in ("zoom", "pan", "tilt", "roll", "seed")], {}, "5 axes: 4 at most"),
        ([Axis("zoom", tuple(range(-9, 9))), Axis("seed", tuple(range(1, 99)))], {}, "these are 1,764 variants: 1,000"),
        ([Axis("model", ("gen5", "gen3turbo"))], {}, "model gen5: model is 'gen5': known are"),
    ],
    ids=lambda each: str(each)[:20],
)
def test_a_sweep_that_cannot_be_made_is_one_line(axes: list[Axis], options: dict[str, Any], line: str) -> None:
    assert mistakes(*axes, **options)[0].startswith(line)


def test_no_request_is_made_of_a_product_beyond_all_limits() -> None:
    many = tuple(range(1000))
    assert mistakes(*(Axis(name, many) for name in ("zoom", "pan", "tilt", "roll")), limit=5) == (
        "these are 1,000,000,000,000 variants: 1,000 at most; give fewer values",
    )


def test_one_variant_is_the_request_itself() -> None:
    (only,) = planned(Axis("zoom", (4,))).variants
    values = {"prompt": "A lamp", "first": "lamp.png", "zoom": 4, "seed": only.request.seed}
    assert only.request == VideoRequest.from_values(values)


def test_all_variants_have_one_seed_unless_it_is_an_axis_or_the_model_takes_none() -> None:
    made = planned(Axis("model", ("gen3turbo", "gen4turbo", "kling-3.0-pro")))
    seeds = [variant.request.seed for variant in made.in_place]
    assert seeds[0] == seeds[1] is not None
    assert seeds[2] is None
    assert {v.request.seed for v in planned(Axis("zoom", (1, 2)), values={"seed": 7, "first": "a"}).variants} == {7}


def test_a_range_without_end_is_too_many_variants_at_once() -> None:
    """Written out it would fill the memory before anything could be said."""
    axes, fixed, problems = sweep_values("A lamp", {"zoom": range(10**12)})
    assert (fixed, problems) == ({}, [])
    with pytest.raises(InvalidRequest, match="variants: 1,000 at most; give fewer values"):
        plan("A lamp", {}, axes, model="gen3turbo")
