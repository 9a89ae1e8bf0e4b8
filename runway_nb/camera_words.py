"""The camera in plain English: for people, and for models that take no numbers. The presets of its sliders. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import groupby
from types import MappingProxyType
from typing import Any, NamedTuple

from .camera import Camera

SLIGHT, STRONG = 3, 7
"""Below the one a move is slight, above the other it is strong; from 3 to 7 nothing is said of its strength."""
WEIGHED = 4
"""So many moves are described with their strength; more of them make a line too long to read."""
ORBIT_RATIO = 2
"""Travel and turn keep the subject in view while neither is more than so many times the other."""

_PRESETS: dict[str, dict[str, Any]] = {
    "Push in": {"zoom": 4},
    "Pull out": {"zoom": -4},
    "Orbit left": {"horizontal": -5, "pan": 5},
    "Orbit right": {"horizontal": 5, "pan": -5},
    "Truck left": {"horizontal": -5},
    "Truck right": {"horizontal": 5},
    "Crane up": {"vertical": 5, "tilt": -3},
    "Crane down": {"vertical": -5, "tilt": 3},
    "Dutch roll": {"roll": 4, "zoom": 2},
    "Hand-held": {"horizontal": 0.4, "vertical": -0.3, "roll": 0.5},
    "Hold still": {"static": True},
}
PRESETS: Mapping[str, Mapping[str, Any]] = MappingProxyType(
    {name: MappingProxyType(moves) for name, moves in _PRESETS.items()}
)
"""Name to what a `Camera` is made of. A preset only sets sliders; a move that it does not name is not given."""


class _Words(NamedTuple):
    """How a move is described: it travels right, and the next one is travelling right."""

    verb: str
    participle: str
    direction: str


_MOVE_WORDS = {
    "horizontal": (_Words("travels", "travelling", "right"), _Words("travels", "travelling", "left")),
    "vertical": (_Words("travels", "travelling", "up"), _Words("travels", "travelling", "down")),
    "zoom": (_Words("pushes", "pushing", "in"), _Words("pulls", "pulling", "out")),
    "pan": (_Words("turns", "turning", "right"), _Words("turns", "turning", "left")),
    "tilt": (_Words("tilts", "tilting", "up"), _Words("tilts", "tilting", "down")),
    "roll": (_Words("rolls", "rolling", "clockwise"), _Words("rolls", "rolling", "counter-clockwise")),
}
"""Move to its words, for a value above and below 0."""
_TRAVEL = ("horizontal", "vertical", "zoom")
"""The moves that change where the camera is; the others turn it."""
_ORBIT_WORDS = (_Words("orbits", "orbiting", "to the right"), _Words("orbits", "orbiting", "to the left"))


def camera_sentence(camera: Camera) -> str:
    """Return what the camera does, on one line: "pushes in, turning slightly left".

    Travel comes first, then turns, in the order of `MOVES`; the first is the verb, the others go with it. A move
    of 0 is none. Up to four moves are described with their strength. Travel to one side with a turn to the other is an
    orbit, where one is at most twice the other; its strength is that of the travel.
    """
    weighed = sum(map(bool, camera.moves.values())) <= WEIGHED
    return _sentence(camera, _weighed if weighed else _plainly) or "no camera move given"


def camera_prompt(camera: Camera) -> str:
    """Return the move as a sentence for a prompt: "The camera pushes in slowly, turning slightly left.".

    Moves and their order are those of `camera_sentence`, each with its strength: travel is slow or quick, a turn slight
    or sharp, in three steps with the ends at 3 and 7. Nothing is returned for a camera without a move.
    """
    sentence = _sentence(camera, _paced)
    return f"The camera {sentence}." if sentence else ""


def _sentence(camera: Camera, direct: Callable[[str, float, str], str]) -> str:
    if camera.static:
        return "holds still"
    moves = {name: value for name, value in camera.moves.items() if value}
    # two kinds of travel share one verb
    groups = [(words, [*same]) for words, same in groupby(_described(moves, direct), lambda words: words[:2])]
    if not groups:
        return ""
    first, *others = [
        f"{verb if number == 0 else participle} {' and '.join(words.direction for words in same)}"
        for number, ((verb, participle), same) in enumerate(groups)
    ]
    return ", ".join([first, _listed(others)]) if others else first


def _described(moves: Mapping[str, float], direct: Callable[[str, float, str], str]) -> Iterator[_Words]:
    """Yield the words of each move, its strength with the direction."""
    orbits = _orbits(moves.get("horizontal", 0), moves.get("pan", 0))
    for name, value in moves.items():
        if orbits and name == "pan":
            continue
        above, below = _ORBIT_WORDS if orbits and name == "horizontal" else _MOVE_WORDS[name]
        words = above if value > 0 else below
        yield words._replace(direction=direct(name, value, words.direction))


def _orbits(travel: float, turn: float) -> bool:
    """Return True when the camera turns back to what it travels past."""
    return travel * turn < 0 and 1 / ORBIT_RATIO <= abs(travel / turn) <= ORBIT_RATIO


def _plainly(_: str, __: float, direction: str) -> str:
    return direction


def _weighed(_: str, value: float, direction: str) -> str:
    return " ".join(filter(None, [_graded(value, "slightly", "strongly"), direction]))


def _paced(name: str, value: float, direction: str) -> str:
    if name in _TRAVEL:
        return " ".join(filter(None, [direction, _graded(value, "slowly", "quickly")]))
    return " ".join(filter(None, [_graded(value, "slightly", "sharply"), direction]))


def _graded(value: float, slight: str, strong: str) -> str:
    if abs(value) < SLIGHT:
        return slight
    return strong if abs(value) > STRONG else ""


def _listed(words: list[str]) -> str:
    """Return "one", "one and two" or "one, two and three"."""
    *before, last = words
    return f"{', '.join(before)} and {last}" if before else last
