"""The camera in plain English, and the presets."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given

from runway_nb.camera import MOVES, Camera, homography
from runway_nb.camera_words import ORBIT_RATIO, PRESETS, camera_prompt, camera_sentence
from support.strategies import cameras, moving_cameras

WORDS = {
    "horizontal": ("right", "left"),
    "vertical": ("up", "down"),
    "zoom": ("in", "out"),
    "pan": ("right", "left"),
    "tilt": ("up", "down"),
    "roll": ("clockwise", "counter-clockwise"),
}
MIRROR = {
    "right": "left", "up": "down", "in": "out", "clockwise": "counter-clockwise",
    "pushes": "pulls", "pushing": "pulling",
}  # fmt: skip
MIRROR |= {there: here for here, there in MIRROR.items()}


def said(**moves: Any) -> str:
    return camera_sentence(Camera(**moves))


def tokens(sentence: str) -> list[str]:
    return sentence.replace(",", " ,").split()


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        ({}, "no camera move given"),
        ({"zoom": 0, "pan": -0.0}, "no camera move given"),
        ({"static": True}, "holds still"),
        ({"static": False}, "no camera move given"),
        ({"static": False, "zoom": 4}, "pushes in"),
        ({"pan": -4}, "turns left"),
        ({"tilt": 10}, "tilts strongly up"),
        ({"roll": -1}, "rolls slightly counter-clockwise"),
        ({"zoom": 4, "pan": -2}, "pushes in, turning slightly left"),
        ({"horizontal": 5, "vertical": 5, "roll": 4}, "travels right and up, rolling clockwise"),
        ({"horizontal": 1, "vertical": -8}, "travels slightly right and strongly down"),
        ({"pan": 5, "tilt": 5, "roll": 5}, "turns right, tilting up and rolling clockwise"),
        ({"vertical": 5, "zoom": -5, "tilt": -3}, "travels up, pulling out and tilting down"),
        ({"horizontal": 2, "pan": -2, "zoom": 4}, "orbits slightly to the right, pushing in"),
        ({"horizontal": -8, "vertical": 4, "pan": 6}, "orbits strongly to the left, travelling up"),
        ({"horizontal": 5, "pan": 5}, "travels right, turning right"),
        ({"horizontal": 9, "pan": -4}, "travels strongly right, turning left"),
        (
            dict.fromkeys(MOVES, 9),
            "travels right and up, pushing in, turning right, tilting up and rolling clockwise",
        ),
    ],
)
def test_a_camera_in_words(moves: dict[str, float], sentence: str) -> None:
    assert said(**moves) == sentence


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        (2.9, "pushes slightly in"), (3, "pushes in"), (7, "pushes in"), (7.1, "pushes strongly in"),
        (-2.9, "pulls slightly out"), (-3, "pulls out"), (-7, "pulls out"), (-7.1, "pulls strongly out"),
    ],
)  # fmt: skip
def test_strength_is_slight_below_three_and_strong_above_seven(value: float, sentence: str) -> None:
    assert said(zoom=value) == sentence


@pytest.mark.parametrize("values", [(9, 1, -9, 5), (1, 1, 1, 1, 1), (8, -8, 8, 8, 1, -1)])
def test_more_than_four_moves_are_told_without_their_strength(values: tuple[float, ...]) -> None:
    sentence = said(**dict(zip(MOVES, values, strict=False)))
    assert ("slightly" in sentence or "strongly" in sentence) == (len(values) <= 4)


@pytest.mark.parametrize(("horizontal", "pan"), [(5, -5), (5, -2.5), (5, -10), (-10, 5), (-1, 2), (10, -10)])
def test_an_orbit_keeps_the_subject_in_view(horizontal: float, pan: float) -> None:
    assert "orbits" in said(horizontal=horizontal, pan=pan)
    # the middle of the picture leaves the middle of the frame less than it would by the travel alone
    assert abs(shift(horizontal=horizontal, pan=pan)) < abs(shift(horizontal=horizontal))
    assert abs(pan / horizontal) <= ORBIT_RATIO


@pytest.mark.parametrize(("horizontal", "pan"), [(5, 5), (-5, -5), (10, -4.9), (2, -4.1), (5, 0), (0, -5)])
def test_what_is_no_orbit_is_not_called_one(horizontal: float, pan: float) -> None:
    assert "orbit" not in said(horizontal=horizontal, pan=pan)


def shift(**moves: Any) -> float:
    """How far to the right the picture's middle is at the end, in pixels."""
    m = homography(Camera(**moves), 1.0, 1280, 768)
    x, y = 640, 384
    return (m[0] * x + m[1] * y + m[2]) / (m[6] * x + m[7] * y + m[8]) - 640


PRESET_SENTENCES = {
    "Push in": "pushes in",
    "Pull out": "pulls out",
    "Orbit left": "orbits to the left",
    "Orbit right": "orbits to the right",
    "Truck left": "travels left",
    "Truck right": "travels right",
    "Crane up": "travels up, tilting down",
    "Crane down": "travels down, tilting up",
    "Dutch roll": "pushes slightly in, rolling clockwise",
    "Hand-held": "travels slightly right and slightly down, rolling slightly clockwise",
    "Hold still": "holds still",
}


def test_each_preset_does_what_its_name_says() -> None:
    assert {name: said(**moves) for name, moves in PRESETS.items()} == PRESET_SENTENCES


@pytest.mark.parametrize("name", PRESET_SENTENCES)
def test_a_preset_only_sets_sliders_and_is_frozen(name: str) -> None:
    moves = PRESETS[name]
    assert list(Camera(**moves).problems()) == []
    assert set(moves) <= set(MOVES) or moves == {"static": True}
    with pytest.raises(TypeError):
        moves["zoom"] = 1  # type: ignore[index]
    with pytest.raises(TypeError):
        PRESETS[name] = {}  # type: ignore[index]


# --- laws -------------------------------------------------------------------------------------------


@given(cameras)
def test_any_camera_has_one_short_clean_line(camera: Camera) -> None:
    sentence = camera_sentence(camera)
    assert sentence == " ".join(sentence.split())
    assert sentence[:1].islower()
    assert sentence[-1].isalpha()
    assert len(sentence) <= 110
    assert ",," not in sentence
    assert " ," not in sentence


@given(moving_cameras)
def test_each_move_that_is_not_zero_is_told_and_no_other(camera: Camera) -> None:
    directions = [*itertools.chain(*WORDS.values())]
    told = [word for word in tokens(camera_sentence(camera)) if word in directions]
    moves = {name: WORDS[name][value < 0] for name, value in camera.moves.items() if value}
    if "orbit" in camera_sentence(camera):
        del moves["pan"]
    assert told == list(moves.values())


@given(moving_cameras)
def test_the_mirrored_camera_has_the_mirrored_words(camera: Camera) -> None:
    moves: dict[str, Any] = {name: -value for name, value in camera.moves.items()}
    mirrored = Camera(**moves)
    assert tokens(camera_sentence(mirrored)) == [MIRROR.get(word, word) for word in tokens(camera_sentence(camera))]


@given(moving_cameras)
def test_a_camera_in_a_looking_glass_swaps_left_and_right_only(camera: Camera) -> None:
    swapped: dict[str, Any] = {
        name: -value if name in ("horizontal", "pan", "roll") else value for name, value in camera.moves.items()
    }
    sides = {word: MIRROR[word] for word in ("left", "right", "clockwise", "counter-clockwise")}
    words = [sides.get(word, word) for word in tokens(camera_sentence(camera))]
    assert tokens(camera_sentence(Camera(**swapped))) == words


def test_no_corner_of_the_sliders_makes_a_line_too_long() -> None:
    lines = (said(**dict(zip(MOVES, values, strict=True))) for values in itertools.product((-8, 0, 1, 5, 8), repeat=6))
    assert max(map(len, lines)) <= 110


# --- the sentence for a prompt ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("moves", "sentence"),
    [
        ({"zoom": 2, "pan": -2}, "The camera pushes in slowly, turning slightly left."),
        ({"zoom": 5}, "The camera pushes in."),
        ({"zoom": -9}, "The camera pulls out quickly."),
        ({"horizontal": 5, "vertical": -1}, "The camera travels right and down slowly."),
        ({"roll": 9}, "The camera rolls sharply clockwise."),
        ({"horizontal": -2, "pan": 2}, "The camera orbits to the left slowly."),
        ({"static": True}, "The camera holds still."),
        ({"pan": 0}, ""),
        ({}, ""),
    ],
    ids=str,
)
def test_a_move_as_a_prompt_says_it(moves, sentence) -> None:
    assert camera_prompt(Camera(**moves)) == sentence


@given(cameras)
def test_a_prompt_names_the_same_moves_as_the_panel(camera) -> None:
    """A model gets no other move than the one that was shown, and one strength for each."""
    paces = {"slowly", "quickly", "slightly", "sharply", "strongly"}
    spoken = camera_prompt(camera)
    if not spoken:
        assert camera_sentence(camera) == "no camera move given"
        return
    assert spoken.startswith("The camera ")
    assert spoken.endswith(".")
    bare = tokens(spoken.removeprefix("The camera ").removesuffix("."))
    assert [word for word in bare if word not in paces] == [
        word for word in tokens(camera_sentence(camera)) if word not in paces
    ]
