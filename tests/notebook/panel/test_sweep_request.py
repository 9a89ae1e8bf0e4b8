"""What the panel's request becomes with axes: what can be varied, the plan, the cell, and mistakes where they stand."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

import pytest

from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.panel.sweep_choice import AxisChoice, SweepChoice, axis_changed, values_hint, varied_names
from runway_nb.notebook.panel.sweep_request import SweepMistakes, SweepRequest, sweep_request
from runway_nb.request import VideoRequest
from runway_nb.spec import DEFAULT_MODEL, MODELS, Model
from runway_nb.sweeps.plan import stable_seed

REQUEST = VideoRequest("A {{style}} lamp", camera=Camera(pan=2), seconds=10)


def asked(*axes: tuple[str, str], request: VideoRequest = REQUEST, **variables: Any) -> SweepRequest:
    one, other = [*(AxisChoice(*axis) for axis in axes), AxisChoice()][:2]
    return sweep_request(
        SweepChoice((one, other)), request, variables, usual_model=DEFAULT_MODEL.name,
        pictures=MappingProxyType({"first": "lamp"} if request.keyframes.first else {}),
    )  # fmt: skip


def mistakes(*axes: tuple[str, str], request: VideoRequest = REQUEST, **variables: Any) -> dict[str, tuple[str, ...]]:
    with pytest.raises(SweepMistakes) as caught:
        asked(*axes, request=request, **variables)
    return caught.value.by_direction


def test_two_axes_make_a_grid_and_its_cell() -> None:
    made = asked(("zoom", "-5, 0, 5"), ("style", 'noir, "ink, wet"'))
    assert len(made.plan.variants) == 6
    assert made.plan.in_place[0].request == VideoRequest(
        "A noir lamp", camera=Camera(zoom=-5, pan=2), seconds=10, seed=stable_seed("A {{style}} lamp")
    )
    assert made.cell.text == (
        '%%runway --seconds 10 --pan 2 --sweep zoom=-5,0,5 --sweep style=noir,"ink, wet"\nA {{style}} lamp'
    )


def test_names_that_are_not_varied_are_these_letters() -> None:
    """As Generate sends them, and not the variable that the notebook may have."""
    made = asked(("zoom", "1, 2"), style="blue")
    assert {variant.request.prompt for variant in made.plan.variants} == {"A {{style}} lamp"}
    assert made.cell.text.endswith("\nA {{U+7B}}{style}} lamp")


def test_takes_have_seeds_of_their_own_whatever_the_field_holds() -> None:
    made = asked(("zoom", "1, 2"), ("takes", "3"), request=VideoRequest("A lamp", seed=7))
    assert [axis.title or axis.name for axis in made.plan.axes] == ["zoom", "take"]
    assert made.cell.text == "%%runway --sweep zoom=1,2 --takes 3\nA lamp"
    first = asked(("takes", "2"), ("zoom", "1, 2"), request=VideoRequest("A lamp"))
    assert [axis.title or axis.name for axis in first.plan.axes] == ["take", "zoom"]


def test_a_seed_that_is_kept_holds_for_all() -> None:
    made = asked(("zoom", "1, 2"), request=VideoRequest("A lamp", seed=7))
    assert {variant.request.seed for variant in made.plan.variants} == {7}
    assert "--seed 7" in made.cell.text


def test_pictures_stand_in_the_cell_by_the_names_of_the_panel() -> None:
    made = asked(("zoom", "1, 2"), request=VideoRequest("A lamp", Keyframes("/somewhere/lamp-1234.png")))
    assert made.cell.text.startswith("%%runway --first lamp --sweep")
    varied = asked(("first", "a.png, my b.png"), request=VideoRequest("A lamp", Keyframes("/somewhere/lamp-1234.png")))
    assert varied.cell.text.startswith('%%runway --sweep first=a.png,"my b.png"')


def test_what_a_variable_holds_stands_in_the_cell_by_its_name() -> None:
    made = asked(("style", "@styles"), styles=["", "noir"][:1])
    assert made.cell.text.startswith("%%runway --seconds 10 --pan 2 --sweep style=@styles\n")


@pytest.mark.parametrize(
    ("axes", "found"),
    [
        ([("zoom", "1, much")], {"across": ("zoom is 'much': give a number",)}),
        ([("zoom", "40")], {"across": ("zoom is 40: the range is -10 to 10",)}),
        ([("zoom", "40"), ("roll", "1, 2")], {"across": ("zoom is 40: the range is -10 to 10",)}),
        ([("zoom", "1"), ("zoom", "2")], {"down": ("zoom is two axes: choose another one",)}),
        ([("takes", "2"), ("takes", "2")], {"down": ("takes is two axes: choose another one",)}),
        ([("zoom", "1"), ("takes", "many")], {"down": ("takes is 'many': give a whole number from 1 to 1000",)}),
        (
            [("seed", "1..1000"), ("zoom", "1, 2")],
            {"": ("these are 2,000 variants: 1,000 at most; give fewer values",)},
        ),
        (
            [("style", "a"), ("gone", "b")],
            {"down": ("gone is no option, and the prompt has no {{gone}}: write it there, or leave it out",)},
        ),
    ],
)
def test_mistakes_stand_beside_the_axis_that_has_them(axes: Any, found: dict[str, tuple[str, ...]]) -> None:
    said = mistakes(*axes)
    assert [*said] == [*found]
    for way, lines in found.items():
        assert all(line in " ".join(said[way]) for line in lines)


# --- what can be varied -----------------------------------------------------------------------------


@pytest.mark.parametrize("model", MODELS.values(), ids=lambda model: str(model.name))
def test_every_hint_can_be_read(model: Model) -> None:
    """What is said as an example is one, but for models that take no such picture or need another."""
    names = varied_names(model, "A {{style}} lamp")
    assert len({*names}) == len({*names.values()})
    request = VideoRequest(
        "A {{style}} lamp", Keyframes(**dict.fromkeys(model.positions[:1], "dusk")), model=model.name
    )  # fmt: skip
    for label, name in names.items():
        if name and name != "model" and "(not with" not in label and "(in words)" not in label:
            assert asked((name, values_hint(name, model)), request=request).plan.variants


def test_only_what_decides_the_video_is_offered() -> None:
    names = varied_names(DEFAULT_MODEL, "A lamp, {{U+20}}")
    assert "nothing" in names
    assert not {"prompt", "reply_url", "reply_ref", "max_jobs", "U+20"} & {*names.values()}
    assert "zoom" in names


def test_every_entry_keeps_its_number_whatever_the_model_and_the_prompt_are() -> None:
    """A page that has not heard of a change names an entry by its number: it must not mean another one."""
    kept = [*varied_names(DEFAULT_MODEL, "").values()]
    for model in MODELS.values():
        assert [*varied_names(model, "{{style}}").values()] == [*kept, "style"]
    lacking = varied_names(MODELS["veo-3.1"], "")
    assert {"zoom (in words)", "seed (not with Veo 3.1)", "middle keyframe (not with Veo 3.1)"} <= {*lacking}


def test_a_change_forgets_the_price_and_the_question_and_no_change_forgets_nothing() -> None:
    choice = SweepChoice(is_asking=True)
    assert axis_changed(choice, 0, AxisChoice()) is choice
    changed = axis_changed(choice, 1, AxisChoice("zoom", "1"))
    assert (changed.axes[1].name, changed.is_asking) == ("zoom", False)
    assert [*changed.given] == ["down"]
