"""The camera: six moves and `static`, and the path they make over a shot.

The path is a sketch on a flat picture (no depth, so no parallax). Runway documents names, range and
wire keys only; sign and strength are our assumption and stand here once, as constants
(camera model, "From slider to wire").

Coordinates are pixels: origin at the top-left corner of the frame, x right, y down, pixel centres at .5,
the convention of CSS and of Pillow's `PERSPECTIVE`. Matrices are 3x3, row-major tuples of nine numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from .spec import CAMERA_LIMIT
from .values.plain import is_a, is_number, plain, shown

Matrix = tuple[float, float, float, float, float, float, float, float, float]

TRUCK = PEDESTAL = 0.30
"""Travel at +-10, as a part of the frame's width (truck) or height (pedestal)."""
DOLLY_IN, DOLLY_OUT = math.log(2.0), math.log(1.5)
"""Zoom +10 halves the distance to the picture, -10 makes it 1.5 times as long."""
YAW, PITCH, ROLL = math.radians(14.0), math.radians(10.0), math.radians(20.0)
"""Turn at +-10: pan, tilt, roll."""

_TASK_NAMES = {"horizontal": "x", "vertical": "y", "zoom": "z", "pan": "bg_x_pan", "tilt": "bg_y_pan", "roll": "r"}
"""What Runway calls the moves in a task; which of the six is which is our reading of the names."""
MOVES = tuple(_TASK_NAMES)
"""The six moves, in the order in which they are shown."""


def signed(value: float) -> str:
    """Return a move as it is shown, +4 or, with a true minus sign, -4."""
    sign = "+" if value > 0 else "\N{MINUS SIGN}" if value < 0 else ""
    return f"{sign}{abs(value):g}"


@dataclass(frozen=True)
class Camera:
    """Six camera moves, each -10 to 10, or a static camera.

    `None` leaves a move out of the request; 0 is sent. Positive means right, up, in, right, up, clockwise.
    Numbers of other libraries are kept as plain ones. Values are checked by `VideoRequest`, together with everything
    else of a request.
    """

    horizontal: float | None = None
    """Truck: the camera travels sideways."""
    vertical: float | None = None
    """Pedestal: the camera travels up or down."""
    zoom: float | None = None
    """Dolly: the camera travels in or out."""
    pan: float | None = None
    """Yaw: the camera turns sideways."""
    tilt: float | None = None
    """Pitch: the camera turns up or down."""
    roll: float | None = None
    """Roll: the camera turns round its axis, the picture the other way."""
    static: bool | None = None
    """True holds the camera still; never together with a move."""

    def __post_init__(self) -> None:
        for spec in fields(self):
            object.__setattr__(self, spec.name, plain(getattr(self, spec.name)))

    @classmethod
    def from_options(cls, camera: object) -> Camera:
        """Return the camera of a task's `options.camera` (API facts 3.3); what cannot be read stays out."""
        values: Mapping[str, Any] = camera if is_a(camera, Mapping) else {}  # type: ignore[assignment]
        moves = {name: value for name, key in _TASK_NAMES.items() if (value := plain(values.get(key)))}
        found = cls(**moves, static=values.get("static") is True or None)
        return cls() if any(found.problems()) else found

    @property
    def moves(self) -> dict[str, float]:
        """The moves that were given, in the order of `MOVES`."""
        return {name: value for name in MOVES if (value := getattr(self, name)) is not None}

    @property
    def is_moving(self) -> bool:
        """True when any move is not zero."""
        return any(self.moves.values())

    def problems(self) -> Iterator[str]:
        """Yield each mistake as one line that names the value, the range and what to do."""
        for name, value in self.moves.items():
            if not is_number(value):
                yield f"{name} is {shown(value)}: give a number from -{CAMERA_LIMIT} to {CAMERA_LIMIT}"
            elif abs(value) > CAMERA_LIMIT:
                yield f"{name} is {shown(value)}: the range is -{CAMERA_LIMIT} to {CAMERA_LIMIT}"
        if self.static is not None and not isinstance(self.static, bool):
            yield f"static is {shown(self.static)}: give True or False"
        elif self.static and self.moves:
            yield f"static goes without a move: leave out static, or {', '.join(self.moves)}"

    def to_wire(self) -> dict[str, float | bool]:
        """Return the fields of the create call; what was not given stays out (API facts 3.1)."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in values.items() if value is not None}


def ease(t: float) -> float:
    """Return smoothstep over 0..1: rest, glide, rest."""
    t = min(1.0, max(0.0, t))
    return t * t * (3 - 2 * t)


def homography(camera: Camera, t: float, width: float, height: float) -> Matrix:
    """Return where the camera sees a point of the still picture at time `t` (0..1), pixels to pixels."""
    glide = 0.0 if camera.static else ease(t) / CAMERA_LIMIT
    x, y, z, pan, tilt, roll = ((getattr(camera, name) or 0.0) * glide for name in MOVES)
    focal = max(width, height)
    distance = focal * math.exp(-(DOLLY_IN if z > 0 else DOLLY_OUT) * z)
    travel = (1.0, 0.0, -TRUCK * x * width, 0.0, 1.0, PEDESTAL * y * height, 0.0, 0.0, distance)
    lens = (focal, 0.0, 0.0, 0.0, focal, 0.0, 0.0, 0.0, 1.0)
    turns = _turns(YAW * pan, PITCH * tilt, ROLL * roll)
    to_centre, back = _shift(width / 2, height / 2), _shift(-width / 2, -height / 2)
    return _scaled(_product(to_centre, lens, *turns, travel, back))


def _turns(yaw: float, pitch: float, roll: float) -> tuple[Matrix, Matrix, Matrix]:
    """Return roll, pitch and yaw in the order of the product: pan acts first and stays level."""
    sin, cos = math.sin, math.cos
    return (
        (cos(roll), sin(roll), 0.0, -sin(roll), cos(roll), 0.0, 0.0, 0.0, 1.0),
        (1.0, 0.0, 0.0, 0.0, cos(pitch), sin(pitch), 0.0, -sin(pitch), cos(pitch)),
        (cos(yaw), 0.0, -sin(yaw), 0.0, 1.0, 0.0, sin(yaw), 0.0, cos(yaw)),
    )


def seen_from(camera: Camera, t: float, t_key: float, width: float, height: float) -> Matrix:
    """Return the homography of a keyframe pinned to time `t_key`: the identity at `t == t_key`."""
    now, then = homography(camera, t, width, height), homography(camera, t_key, width, height)
    return _scaled(_product(now, inverse(then)))


def weights(t: float, times: Sequence[float]) -> list[float]:
    """Return cross-dissolve weights of keyframes pinned at increasing `times`; they add up to 1."""
    out = [0.0] * len(times)
    after = next((i for i, time in enumerate(times) if t < time), len(times))
    if after in (0, len(times)):
        out[min(after, len(times) - 1)] = 1.0
        return out
    start, end = times[after - 1], times[after]
    out[after] = ease((t - start) / (end - start))
    out[after - 1] = 1.0 - out[after]
    return out


def apply(matrix: Matrix, x: float, y: float) -> tuple[float, float]:
    """Return the point (x, y) through a homography."""
    a, b, c, d, e, f, g, h, i = matrix
    w = g * x + h * y + i
    return (a * x + b * y + c) / w, (d * x + e * y + f) / w


def inverse(matrix: Matrix) -> Matrix:
    """Return the inverse homography, last element 1 (what Pillow's `PERSPECTIVE` takes, without that element)."""
    a, b, c, d, e, f, g, h, i = matrix
    adjugate = (
        e * i - f * h, c * h - b * i, b * f - c * e,
        f * g - d * i, a * i - c * g, c * d - a * f,
        d * h - e * g, b * g - a * h, a * e - b * d,
    )  # fmt: skip
    return _scaled(adjugate)


def _shift(x: float, y: float) -> Matrix:
    return (1.0, 0.0, x, 0.0, 1.0, y, 0.0, 0.0, 1.0)


def _product(first: Matrix, *rest: Matrix) -> Matrix:
    out = first
    for m in rest:
        rows, columns = (out[0:3], out[3:6], out[6:9]), (m[0::3], m[1::3], m[2::3])
        cells = (sum(p * q for p, q in zip(r, k, strict=True)) for r in rows for k in columns)
        a, b, c, d, e, f, g, h, i = cells
        out = (a, b, c, d, e, f, g, h, i)
    return out


def _scaled(matrix: Matrix) -> Matrix:
    a, b, c, d, e, f, g, h, i = (value / matrix[8] for value in matrix)
    return (a, b, c, d, e, f, g, h, i)
