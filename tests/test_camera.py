"""The camera's mathematics: laws, signs and reference values."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_nb.camera import MOVES, Camera, apply, ease, homography, inverse, seen_from, weights
from support.examples import examples
from support.strategies import cameras, moving_cameras

WIDE, TALL = (1280, 768), (768, 1280)
IDENTITY = (1.0, 0.0, 0.0, 0.0, 1.0, 0.0, 0.0, 0.0, 1.0)
times = st.floats(0.0, 1.0)
frames = st.sampled_from([WIDE, TALL])


def _corners(width, height):
    return [(0.0, 0.0), (width, 0.0), (0.0, height), (width, height), (width / 2, height / 2)]


# --- laws -------------------------------------------------------------------------------------------


@given(cameras, frames)
def test_a_shot_begins_with_the_still_picture(camera, frame) -> None:
    assert homography(camera, 0.0, *frame) == pytest.approx(IDENTITY, abs=1e-9)


@settings(max_examples=examples(40))
@given(cameras, times, frames)
def test_a_keyframe_is_seen_as_it_is_at_its_own_time(camera, t_key, frame) -> None:
    assert seen_from(camera, t_key, t_key, *frame) == pytest.approx(IDENTITY, abs=1e-6)


@settings(max_examples=examples(40))
@given(moving_cameras, times, frames)
def test_the_inverse_leads_back(camera, t, frame) -> None:
    matrix = homography(camera, t, *frame)
    for x, y in _corners(*frame):
        assert apply(inverse(matrix), *apply(matrix, x, y)) == pytest.approx((x, y), abs=1e-6)


@given(st.floats(-1.0, 2.0), st.lists(times, min_size=1, max_size=4, unique=True).map(sorted))
def test_weights_are_shares_that_add_up_to_one(t, keys) -> None:
    shares = weights(t, keys)
    assert len(shares) == len(keys)
    assert sum(shares) == pytest.approx(1.0)
    assert all(0.0 <= share <= 1.0 for share in shares)
    assert sum(share > 0.0 for share in shares) <= 2


@given(st.lists(times, min_size=1, max_size=4, unique=True).map(sorted))
def test_each_keyframe_stands_alone_at_its_own_time(keys) -> None:
    for place, key in enumerate(keys):
        assert weights(key, keys)[place] == pytest.approx(1.0)


@given(times, times)
def test_the_glide_never_turns_back_and_stays_within_the_shot(a, b) -> None:
    low, high = sorted((a, b))
    assert 0.0 <= ease(low) <= ease(high) <= 1.0


@pytest.mark.parametrize(("t", "expected"), [(-1.0, 0.0), (0.0, 0.0), (0.5, 0.5), (1.0, 1.0), (2.0, 1.0)])
def test_the_glide_rests_outside_of_the_shot(t, expected) -> None:
    assert ease(t) == expected


@given(times, frames)
def test_a_static_camera_never_moves(t, frame) -> None:
    assert homography(Camera(static=True), t, *frame) == pytest.approx(IDENTITY, abs=1e-12)


@pytest.mark.parametrize("move", MOVES)
@pytest.mark.parametrize("frame", [WIDE, TALL])
def test_the_edge_of_the_picture_stays_within_the_mirrored_surface(move, frame) -> None:
    """Two mirrored copies on each side are painted, so no pose may look further."""
    width, height = frame
    for value in (-10, 10):
        moves: dict[str, Any] = {move: value}
        back = inverse(homography(Camera(**moves), 1.0, width, height))
        for x, y in _corners(width, height):
            left, top = apply(back, x, y)
            assert -2 * width < left < 3 * width
            assert -2 * height < top < 3 * height


# --- signs ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("frame", [WIDE, TALL])
@pytest.mark.parametrize(
    ("move", "axis", "sign"),
    [
        ("horizontal", 0, -1),  # the camera goes right, the picture left
        ("pan", 0, -1),
        ("vertical", 1, +1),  # the camera goes up, the picture down
        ("tilt", 1, +1),
    ],
)
@pytest.mark.parametrize("value", [-10, -3, 3, 10])
def test_a_move_shifts_the_centre_the_other_way(frame, move, axis, sign, value) -> None:
    width, height = frame
    centre = (width / 2, height / 2)
    seen = apply(homography(Camera(**{move: value}), 1.0, width, height), *centre)
    assert (seen[axis] - centre[axis]) * sign * value > 0
    assert seen[1 - axis] == pytest.approx(centre[1 - axis], abs=1e-6)


@pytest.mark.parametrize(("zoom", "scale"), [(10, 2.0), (-10, 1 / 1.5)])
def test_zoom_in_enlarges_and_zoom_out_shrinks_about_the_centre(zoom, scale) -> None:
    matrix = homography(Camera(zoom=zoom), 1.0, *WIDE)
    assert apply(matrix, 640, 384) == pytest.approx((640, 384))
    assert apply(matrix, 740, 384)[0] - 640 == pytest.approx(100 * scale)


def test_roll_turns_the_picture_against_the_clock() -> None:
    x, y = apply(homography(Camera(roll=10), 1.0, *WIDE), 1280, 384)
    assert y < 384
    assert x < 1280


# --- reference values (the numpy model of the design) ----------------------------------------------

REFERENCE = json.loads((Path(__file__).parent / "support" / "camera_reference.json").read_text())
"""The script in the page is held to the same values, in js/camera.test.js."""


@pytest.mark.parametrize("row", REFERENCE["paths"], ids=lambda row: str(row["moves"]))
def test_the_path_is_that_of_the_reference_model(row) -> None:
    found = homography(Camera(**row["moves"]), row["t"], *row["frame"])
    assert found == pytest.approx(row["matrix"], rel=1e-7, abs=2e-9)


def test_a_pinned_keyframe_is_that_of_the_reference_model() -> None:
    row = REFERENCE["pinned"]
    found = seen_from(Camera(**row["moves"]), row["t"], row["pinned"], *row["frame"])
    assert found == pytest.approx(row["matrix"], rel=1e-7, abs=2e-9)


# --- the value itself -------------------------------------------------------------------------------


def test_what_was_not_given_is_not_sent_and_zero_is() -> None:
    assert Camera().to_wire() == {}
    assert Camera(zoom=0, pan=2.5).to_wire() == {"zoom": 0, "pan": 2.5}
    assert Camera(static=False).to_wire() == {"static": False}


def test_a_camera_moves_when_a_move_is_not_zero() -> None:
    assert Camera(tilt=-1).is_moving
    assert not Camera(tilt=0).is_moving
    assert not Camera(static=True).is_moving


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("value", [-10, -10.0, -0.001, 0, 9.999, 10])
def test_a_move_within_the_range_is_fine(name, value) -> None:
    assert list(Camera(**{name: value}).problems()) == []


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize(("value", "shown"), [(-10.01, "-10.01"), (11, "11"), (1e300, "1e+300")])
def test_a_move_out_of_range_names_value_and_range(name, value, shown) -> None:
    assert list(Camera(**{name: value}).problems()) == [f"{name} is {shown}: the range is -10 to 10"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "4", True, [4]])
def test_a_move_that_is_no_number_says_so(value) -> None:
    assert list(Camera(zoom=value).problems()) == [f"zoom is {value!r}: give a number from -10 to 10"]


def test_static_goes_with_no_move_not_even_zero() -> None:
    assert list(Camera(static=True, zoom=0, pan=1).problems()) == [
        "static goes without a move: leave out static, or zoom, pan"
    ]
    assert list(Camera(static=False, zoom=1).problems()) == []
