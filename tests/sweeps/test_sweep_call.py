"""The call that makes a sweep again: what was given, as Python reads it back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import runway_nb
from runway_nb.camera import Camera
from runway_nb.sweeps.call import sweep_call
from support.fakes import Party

PLAIN = st.one_of(st.integers(-(10**9), 10**9), st.floats(-1e6, 1e6), st.text(max_size=8), st.just(True))


def read_back(text: str) -> dict[str, Any]:
    """The arguments of a call, by running it."""
    found: dict[str, Any] = {}

    class Recorder:
        Camera = Camera

        @staticmethod
        def sweep(prompt: str, **values: Any) -> None:
            found.update(values, prompt=prompt)

    exec(text, {"runway_nb": Recorder})
    return found


@given(prompt=st.text(max_size=30), one=PLAIN, several=st.lists(PLAIN, min_size=1, max_size=5))
def test_a_call_reads_back_equal(prompt: str, one: Any, several: list[Any]) -> None:
    found = read_back(sweep_call(prompt, {"zoom": one, "seed": several, "takes": None}))
    assert found == {"prompt": prompt, "zoom": one, "seed": several}


def test_numbers_are_written_short() -> None:
    values = {"zoom": np.array([-5.0, 0.5]), "seed": range(1, 4), "pan": np.float32(2), "camera": Camera(tilt=4)}
    assert sweep_call("A lamp", {**values, "first": Path("a.png"), "zip": False}).splitlines() == [
        "runway_nb.sweep(",
        "    'A lamp',",
        "    zoom=[-5, 0.5],",
        "    seed=range(1, 4),",
        "    pan=2,",
        "    camera=runway_nb.Camera(tilt=4),",
        "    first='a.png',",
        ")",
    ]


@pytest.mark.parametrize(
    "value", [Image.new("RGB", (2, 2)), np.zeros((2, 2, 3)), [{"zoom": 1}], [1] * 1000, "x" * 1000, [object()]]
)
def test_what_has_no_short_spelling_is_three_dots(value: Any) -> None:
    line = sweep_call("A lamp", {"first": value}).splitlines()[2]
    assert line == f"    first=...,  # {type(value).__name__}"


@pytest.mark.usefixtures("small_frames")
def test_a_sweep_of_python_keeps_its_call(party: Party) -> None:
    made = runway_nb.sweep("A {{style}} lamp", studio=party.studio, style=["noir", "ink, wet"], zoom=4)
    made.wait(20)
    assert read_back(made.cell) == {"prompt": "A {{style}} lamp", "style": ["noir", "ink, wet"], "zoom": 4}
