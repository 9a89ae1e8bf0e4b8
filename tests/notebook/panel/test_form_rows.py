"""The form follows the table of request fields: a row is shown and read by its kind."""

from __future__ import annotations

from dataclasses import replace

import ipywidgets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.notebook.panel.form_rows import KEEP_SEED, ROWS, FormRow, form_values, problems_by_row, request_values
from runway_nb.notebook.panel.request_form import controls_of
from runway_nb.request import OWN_FIELDS, VideoRequest
from runway_nb.request_fields import Control, Field
from runway_nb.spec import FITS
from support.strategies import requests

NEW = {
    "text": (Field("style", "text", control=Control("Style", "noir, watercolour")), [ipywidgets.Text], "noir"),
    "whole": (Field("steps", "whole", control=Control("Steps")), [ipywidgets.Text], 1200),
    "number": (Field("weight", "number", control=Control("Weight")), [ipywidgets.Text], 0.5),
    "few": (
        Field("mood", "choice", choices=lambda _: ("calm", "wild"), control=Control("Mood", unset="any")),
        [ipywidgets.RadioButtons],
        "wild",
    ),
    "many": (Field("level", "whole", control=Control("Level", menu=range(9))), [ipywidgets.Dropdown], 7),
    "switch": (Field("loop", "switch", control=Control("Loop")), [ipywidgets.Checkbox], True),
    "point": (Field("sun", "point", control=Control("Sun")), [ipywidgets.BoundedFloatText] * 2, (0.25, 0.75)),
}
"""Fields that there are not: what stands for each in a form, and a value."""


def row_of(field):
    assert field.control is not None
    return FormRow(field, field.control)


@pytest.mark.parametrize("kind", NEW)
def test_a_new_field_has_the_controls_of_its_kind_and_its_value_comes_back(kind) -> None:
    field, kinds, value = NEW[kind]
    row = row_of(field)
    controls = controls_of(row)
    assert field.control is not None
    assert [type(control) for control in controls] == kinds
    assert all(control.description.startswith(field.control.label) for control in controls)
    for control, held in zip(controls, row.show(value), strict=True):
        control.value = held
    assert row.read(tuple(control.value for control in controls)) == value


@pytest.mark.parametrize("kind", ["text", "whole", "number", "few", "switch", "point"])
def test_what_is_not_given_comes_back_as_nothing(kind) -> None:
    row = row_of(NEW[kind][0])
    assert row.read(tuple(control.value for control in controls_of(row))) is None
    assert row.read(row.show(None)) is None


@pytest.mark.parametrize(("text", "value"), [(" 1,200 ", 1200), ("many", "many"), ("1.5", "1.5"), ("", None)])
def test_a_number_that_is_none_stays_as_it_was_typed(text, value) -> None:
    assert row_of(NEW["whole"][0]).read((text,)) == value


def test_every_field_of_a_request_has_a_row_and_each_control_a_name_of_its_own() -> None:
    beside_camera = [field.name for field in OWN_FIELDS if field.control and field.control.place == "camera"]
    assert beside_camera == ["camera_words"]
    assert sorted([*beside_camera, *(row.name for row in ROWS)]) == sorted(field.name for field in OWN_FIELDS)
    names = [name for row in ROWS for name in row.controls]
    assert len({*names, KEEP_SEED}) == len(names) + 1


def test_what_is_rarely_needed_comes_last_and_what_is_done_before_sending_first_of_it() -> None:
    names = [row.name for row in ROWS]
    assert names[:7] == ["prompt", "aspect", "seconds", "resolution", "audio", "seed", "explore"]
    assert names[7:] == ["fit", "focus", "upscale", "reply_url", "reply_ref", "max_jobs"]


@given(requests, st.sampled_from([None, *FITS]))
def test_any_request_comes_back_from_the_form(request, fit) -> None:
    request = replace(request, fit=fit)
    if request.problems():
        return
    found = VideoRequest(**request_values(form_values(request), request.row))
    assert (found.seconds, found.length, found.seed, found.aspect) == (
        request.seconds, request.length, request.seed, request.aspect,
    )  # fmt: skip
    assert (found.prompt, found.fit) == (request.prompt.strip(), request.fit)
    assert (found.reply_ref or "") == (request.reply_ref or "").strip()


def test_a_mistake_stands_beside_its_text_box_under_its_label_and_others_above_the_form() -> None:
    found = problems_by_row(["seed is 'many': give a whole number", "reply_url is 5", "zoom is 40", "fit is odd"])
    assert found["seed"] == ("Seed is 'many': give a whole number",)
    assert found["reply_url"] == ("Reply URL is 5",)
    assert found[""] == ("zoom is 40", "fit is odd")
