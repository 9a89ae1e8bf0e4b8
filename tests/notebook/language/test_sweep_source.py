"""The cell of a sweep: run, it makes the requests of the plan again, whatever its values are."""

from __future__ import annotations

import ast
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from runway_nb.errors import InvalidRequest
from runway_nb.notebook.language.options import OF_REQUEST
from runway_nb.notebook.language.parsing import parse
from runway_nb.notebook.language.stray_options import stray_problem
from runway_nb.notebook.language.sweep_source import SweepCell, plan_cell, sweep_cell, typed_values
from runway_nb.spec import DEFAULT_MODEL
from runway_nb.sweeps.plan import Axis, SweepPlan, plan, stable_seed, sweep_values, takes_axis
from support.cells import IPYTHON
from support.strategies import ASSET_ID, EMAIL, UUID


def plan_of(cell: str, variables: Mapping[str, Any]) -> SweepPlan:
    """Return the plan of a cell, as the magic makes it; the cell goes through IPython before."""
    (call,) = ast.parse(IPYTHON.transform_cell(re.sub("\r\n?", "\n", cell))).body
    assert isinstance(call, ast.Expr)
    assert isinstance(call.value, ast.Call)
    _, line, body = map(ast.literal_eval, call.value.args)
    assert body, "IPython refuses a cell without a body"
    assert not stray_problem(line, body)
    read = parse(line, variables)
    assert not read.problems
    values = {name: value for name, value in read.values.items() if name in {option.field for option in OF_REQUEST}}
    values = {name: variables[value] if name == "first" and value in variables else value
              for name, value in values.items()}  # fmt: skip
    for axis in read.values.get("sweep", []):
        values[axis.name] = variables[axis.variable] if axis.variable else [*axis.values]
    prompt = body.strip()
    axes, common, problems = sweep_values(prompt, values, takes=read.values.get("takes"))
    assert not problems
    return plan(
        prompt, common, axes, model=common.pop("model", DEFAULT_MODEL.name), zipped=bool(read.values.get("zip")),
        limit=read.values.get("limit"), variables=variables,
    )  # fmt: skip


def requests_of(made: SweepPlan) -> list[Any]:
    return [variant.request for variant in made.variants]


def line_of(cell: SweepCell) -> str:
    return cell.text.partition("\n")[0]


def of(*axes: Axis, prompt: str = "A {{style}} lamp", model: str = "gen3turbo", **values: Any) -> SweepPlan:
    return plan(prompt, values, axes, model=model)


# --- what it looks like -----------------------------------------------------------------------------


def test_axes_stand_behind_the_options_in_their_order() -> None:
    many = of(Axis("zoom", (-5, 0, 5)), Axis("style", ("noir", "ink, wet")), seconds=10, pan=2)
    assert plan_cell(many, "grid") == SweepCell(
        '%%runway grid --seconds 10 --pan 2 --sweep zoom=-5,0,5 --sweep style=noir,"ink, wet"\nA {{style}} lamp', {}
    )


@pytest.mark.parametrize(
    ("name", "values", "typed"),
    [
        ("seed", (1, 2, 3), "1,2,3"),
        ("seed", (1, 2, 3, 4), "1..4"),
        ("zoom", (-10, -5, 0, 5, 10), "-10..10/5"),
        ("zoom", (2, 1, 0, -1), "2..-1"),
        ("zoom", (0, 0.5, 1e-07), "0,0.5,1e-07"),
        ("zoom", np.array([1.5, 2.0]).tolist(), "1.5,2"),
        ("focus", ((0.5, 0.2), (0, 1)), "0.5;0.2,0;1"),
        ("audio", (True, False), "on,off"),
        ("model", ("gen4", "gen4_5"), "gen4,gen4_5"),
        ("style", ("1..3", "@home", "a=b", "a.b", ""), '"1..3","@home","a=b",a.b,""'),
        ("style", ("it's", 'a "b"', """'"'"""), """"it's",'a "b"',"'{{U+22}}'\""""),
        ("style", ("{{zoom}}", "two\nlines"), "{{U+7B}}{zoom}},two{{U+A}}lines"),
        ("count", (1, 2.0, 0.5), "1,2,0.5"),
        ("first", (Path("a.png"), "my, own.png", ASSET_ID), f'a.png,"my, own.png",asset:{UUID[:8]}'),
    ],
)
def test_values_as_they_are_typed(name: str, values: Any, typed: str) -> None:
    found = typed_values(name, values)
    assert found.replace(UUID, UUID[:8]) if name != "first" else found.startswith('a.png,"my, own.png",')
    assert name == "first" or found == typed
    assert EMAIL not in found


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("first", (np.zeros((4, 4, 3), np.uint8),)),
        ("style", ("",)),
        ("style", (None, "noir")),
        ("zoom", ("much",)),
        ("zoom", (float("nan"),)),
        ("zoom", (True,)),
        ("seed", (1.5,)),
        ("audio", ("on",)),
        ("focus", (0.5,)),
        ("style", ()),
    ],
)
def test_what_a_line_cannot_hold_is_typed_as_nothing(name: str, values: Any) -> None:
    assert typed_values(name, values) == ""


def test_what_cannot_be_typed_becomes_a_variable_and_is_named() -> None:
    picture = np.zeros((80, 140, 3), np.uint8)
    axes = (Axis("style", ("",)), Axis("first", (picture, "a.png")))
    cell = sweep_cell("A {{style}} lamp, {{mood}}", {"last": picture}, axes, model="gen3turbo")
    assert line_of(cell) == "%%runway --last last_picture --sweep style=@style_values --sweep first=@first_values"
    assert cell.note == (
        "define last_picture (a picture), style_values (a list of 1), first_values (a list of 2), mood before the "
        "cell runs"
    )
    assert cell.variables["first_values"] == [picture, "a.png"]
    assert plan_cell(of(Axis("zoom", (1, 2)), prompt="A lamp")).note == ""


def test_takes_are_written_as_takes_where_the_cell_draws_the_same_seeds() -> None:
    takes = takes_axis(3, stable_seed("A lamp"))
    assert line_of(plan_cell(of(takes, prompt="A lamp"))) == "%%runway --takes 3"
    first = of(takes, Axis("zoom", (1, 2)), prompt="A lamp")
    assert requests_of(plan_of(plan_cell(first).text, {})) == requests_of(first)
    # a space at the end is written by its number, and another prompt has other seeds
    spaced = of(takes_axis(2, stable_seed("A lamp ")), prompt="A lamp ")
    assert "--sweep seed=" in line_of(plan_cell(spaced))
    assert requests_of(plan_of(plan_cell(spaced).text, {})) == requests_of(spaced)


def test_a_seed_that_would_be_another_in_the_cell_is_written() -> None:
    spaced = of(Axis("zoom", (1, 2)), prompt=" A lamp")
    assert line_of(plan_cell(spaced)) == f"%%runway --seed {stable_seed(' A lamp')} --sweep zoom=1,2"
    assert requests_of(plan_of(plan_cell(spaced).text, {})) == requests_of(spaced)
    with pytest.raises(InvalidRequest, match="would draw other seeds"):
        sweep_cell(" A lamp", {}, [Axis("model", ("gen4", "kling-3.0-pro"))], model="gen4")
    assert "--seed" not in line_of(sweep_cell(" A lamp", {}, [Axis("zoom", (1, 2))], model="kling-3.0-pro"))


def test_models_zip_and_limit_are_written() -> None:
    axes = [Axis("zoom", (1, 2, 3, 5)), Axis("pan", (1, 2, 3, 5))]
    zipped = plan("A lamp", {"seed": 7}, axes, model="gen3turbo", zipped=True)
    assert line_of(plan_cell(zipped, usual_model="gen4turbo")) == (
        "%%runway --model gen3turbo --seed 7 --sweep zoom=1,2,3,5 --sweep pan=1,2,3,5 --zip"
    )
    limited = plan("A lamp", {}, axes, model="gen3turbo", limit=3)
    assert line_of(plan_cell(limited)) == "%%runway --sweep zoom=1,2,3,5 --sweep pan=1,2,3,5 --limit 3"
    several = of(Axis("model", ("gen4turbo", "gen3turbo")), prompt="A lamp", first="a.png")
    assert line_of(plan_cell(several)) == "%%runway --first a.png --sweep model=gen4turbo,gen3turbo"


def test_a_sweep_needs_an_axis_and_a_name_that_can_be_one() -> None:
    with pytest.raises(InvalidRequest, match="needs an axis"):
        sweep_cell("A lamp", {}, [], model="gen3turbo")
    with pytest.raises(InvalidRequest, match="cannot be the name"):
        sweep_cell("A lamp", {}, [Axis("zoom", (1,))], model="gen3turbo", name="1st")


# --- it gives the same requests ---------------------------------------------------------------------

WORDS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)
NUMBERS = st.integers(-10, 10) | st.floats(-10, 10)
AXES = st.fixed_dictionaries(
    {},
    optional={
        "zoom": st.lists(NUMBERS, min_size=1, max_size=5),
        "roll": st.lists(NUMBERS.map(np.float64), min_size=1, max_size=3),
        "seed": st.lists(st.integers(1, 4294967294), min_size=1, max_size=4),
        "seconds": st.just([5, 10]),
        "aspect": st.just(["landscape", "portrait"]),
        "explore": st.just([True, False]),
        "focus": st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=1, max_size=2),
        "style": st.lists(WORDS | st.integers() | st.floats(-9, 9) | st.booleans(), min_size=1, max_size=4),
        "größe": st.lists(WORDS, min_size=1, max_size=3),
        "first": st.lists(st.text("ab ,.'\"=@\u00e9\u201c", min_size=1, max_size=8).filter(str.strip), min_size=1,
                          max_size=3),
    },
).filter(bool)  # fmt: skip
PROMPTS = st.tuples(WORDS, WORDS).map(lambda ends: f"{ends[0]}{{{{style}}}} and {{{{ größe }}}}{ends[1]}")


@given(AXES, PROMPTS, st.booleans())
@example({"zoom": [1]}, "--zoom 4 {{style}}", False)
@example({"style": [""]}, " {{style}}\u2028%%runway x", False)
@example({"style": ["{{zoom}}, {{U+2C}}"], "zoom": [1, 2]}, "{{U+20}}{{style}}...", True)
def test_the_cell_of_a_plan_makes_equal_requests(values: dict[str, list[Any]], prompt: str, zipped: bool) -> None:
    axes = [Axis(name, tuple(found)) for name, found in [*values.items()][:4]]
    if "style" not in values:
        prompt = prompt.replace("{{style}}", "noir")
    if zipped:
        axes = [axis._replace(values=axis.values[:1]) for axis in axes]
    variables = {"größe": "tall"}
    inside = {axis.name for axis in axes}
    if "größe" in values and "größe" not in inside:
        return
    try:
        made = plan(prompt, {"pan": 2}, axes, model="gen3turbo", zipped=zipped, variables=variables)
    except InvalidRequest:
        return  # a prompt that is too long, or a reference that the words make by chance
    cell = plan_cell(made)
    again = plan_of(cell.text, {**variables, **cell.variables})
    assert requests_of(again) == requests_of(made)
    assert [axis.name for axis in again.axes] == [axis.name for axis in made.axes]
