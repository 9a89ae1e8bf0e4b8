"""The panel's side in the browser: one module of text, and the facts that it shares with Python."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any

from ... import camera
from ...pictures.limits import LARGEST_FILE
from ...request_code import LANGUAGES
from ...spec import CAMERA_LIMIT, POSITIONS
from ..rendering.result_html import JOB_TITLE
from ..static import join_modules

ENDS = {
    "horizontal": ("left", "right"), "vertical": ("down", "up"), "zoom": ("out", "in"),
    "pan": ("left", "right"), "tilt": ("down", "up"), "roll": ("counter-clockwise", "clockwise"),
}  # fmt: skip
"""What the two ends of each slider mean."""
LANGUAGE_TITLES = {"python": "Python", "javascript": "JavaScript"}
DECIMALS = 1
"""Digits after the point of a slider's value."""
PIECE = 4_000_000
"""Bytes of a file in one message: a server takes no message of more than 10 MB."""


def facts() -> dict[str, Any]:
    """Return what the script needs to know; `Facts` in facts.js says what each entry means."""
    return {
        "camera": {
            "moves": camera.MOVES,
            "limit": CAMERA_LIMIT,
            "decimals": DECIMALS,
            "directions": ENDS,
            "truck": camera.TRUCK,
            "pedestal": camera.PEDESTAL,
            "dollyIn": camera.DOLLY_IN,
            "dollyOut": camera.DOLLY_OUT,
            "yaw": camera.YAW,
            "pitch": camera.PITCH,
            "roll": camera.ROLL,
        },
        "positions": POSITIONS,
        "languages": [(name, LANGUAGE_TITLES.get(name, name)) for name in LANGUAGES],
        "upload": {"piece": PIECE, "largest": LARGEST_FILE},
        "jobTitle": JOB_TITLE,
    }


@lru_cache(maxsize=1)
def script() -> str:
    """Return the browser's side as one module: nothing is built, and nothing is asked for over the network."""
    return f"const RUNWAY_FACTS = {json.dumps(facts())};\n{join_modules('widget.js')}"
