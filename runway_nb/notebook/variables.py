"""Pictures named on a line by a Python expression: `fig`, `Out[7]`, `shots[0].last`, `shot.frame(2.5)`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ..errors import InvalidRequest
from ..job import Job
from ..picture import ShotFrame
from ..sources import is_picture
from ..task import Asset, Task

_STEP = r"\.[^\W\d]\w*|\[[\w -]+\]"
_EXPRESSION = re.compile(rf"(?P<name>[^\W\d]\w*)(?P<steps>(?:{_STEP})*?)(?:\.frame\((?P<seconds>[\d.]+)\))?")
_KEPT = (str, os.PathLike, Job, Task, Asset)
_LAST = (".last", ".last_frame")


class Named(NamedTuple):
    """A picture, and what to call it on the account."""

    picture: Any
    name: str


def named_picture(word: str, variables: Mapping[str, Any]) -> Named:
    """The picture that a word on the line means: that of a variable, else the word itself stands for it.

    A variable that holds no picture hides neither a file nor an asset of its name.

    Raises `InvalidRequest` for an expression that begins at a job or at `Out` and leads nowhere.
    """
    name = re.sub(r"\W+", "-", word).strip("-_").lower()[:40] or "picture"
    match = _EXPRESSION.fullmatch(word)
    if match is None or match["name"] not in variables:
        return Named(word, name)
    value = _followed(match, variables)
    return Named(value if isinstance(value, _KEPT) or is_picture(value) else word, name)


def _followed(match: re.Match[str], variables: Mapping[str, Any]) -> Any:
    """The value of an expression; None where its path leads nowhere."""
    steps = re.findall(_STEP, match["steps"])
    value, base = variables[match["name"]], match["name"]
    for step in steps:
        # the text of a frame, not the picture: so it may be waited for
        value = value.last if isinstance(value, Job) and step in _LAST else _next(value, step, base)
        base += step
    if match["seconds"] is None:
        return value
    return _frame(value, match["seconds"], match[0])


def _next(value: Any, step: str, base: str) -> Any:
    """One step of a path: an attribute, or the item with an index or a key."""
    key = step[1:-1]
    try:
        return getattr(value, step[1:]) if step[0] == "." else value[int(key) if key.lstrip("-").isdigit() else key]
    except Exception:  # noqa: BLE001 - whatever an object of the user raises there
        if isinstance(value, Job):
            raise InvalidRequest([f"{base}{step} is nothing: a job has .last, .frame(SECONDS) and .poster"]) from None
        if base == "Out":
            raise InvalidRequest([f"Out{step} is not there: that cell has no result"]) from None
        return None


def _frame(value: Any, seconds: str, expression: str) -> str | None:
    if not isinstance(value, Job):
        return None
    try:
        return str(ShotFrame(value.id, float(seconds)))
    except ValueError:
        raise InvalidRequest([f"{expression}: {seconds!r} is no number of seconds"]) from None
