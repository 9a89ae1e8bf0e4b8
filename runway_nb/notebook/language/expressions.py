"""Pictures named on a line by a Python expression: `fig`, `Out[7]`, `shots[0].last`, `shot.frame(2.5)`."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from typing import Any, NamedTuple

from ...api.models import Asset, Task
from ...errors import InvalidRequest, RunwayError
from ...jobs.job import Job
from ...pictures.objects import is_picture
from ...redaction import redact_line
from ...references import ShotFrame
from ...spec import POSITIONS
from ...text.line_words import shortened

_STEP = r"\.[^\W\d]\w*|\[[\w -]+\]"
_EXPRESSION = re.compile(rf"(?P<name>[^\W\d]\w*)(?P<steps>(?:{_STEP})*?)(?:\.frame\((?P<seconds>[\d.]+)\))?")
_KEPT = (os.PathLike, Job, Task, Asset)
_ENDINGS = (".png", ".jpg", ".jpeg", ".webp", ".gif", ".bmp", ".tif", ".tiff", ".heic", ".avif", ".svg")
_LAST = (".last", ".last_frame")


class Named(NamedTuple):
    """A picture, and what to call it on the account."""

    picture: Any
    name: str


def named_picture(word: str, variables: Mapping[str, Any]) -> Named:
    """Return the picture that a word on the line means: that of a variable, else the word itself.

    A variable that holds no picture hides neither a file nor an asset of its name.

    Raises `InvalidRequest` for an expression that begins at a job or at `Out` and leads nowhere.
    """
    spelt = "" if word[:5].lower() == "data:" else redact_line(word)
    name = re.sub(r"\W+", "-", spelt).strip("-_").lower()[:40].rstrip("-_") or "picture"
    match = _EXPRESSION.fullmatch(word)
    if match is None or match["name"] not in variables:
        return Named(word, name)
    value = _followed(match, variables)
    if issubclass(type(value), str):
        return Named(str.__str__(value), name)  # the text itself, whatever a class of the user makes of it
    return Named(value if _may_be_picture(value) else word, name)


def base_name(word: str) -> str:
    """Return the variable that a word begins with: `shot` of `shot.last`; nothing for what is no expression."""
    match = _EXPRESSION.fullmatch(word)
    return match["name"] if match else ""


def named_pictures(values: Mapping[str, Any], problems: list[str], variables: Mapping[str, Any]) -> dict[str, Named]:
    """Return the keyframes among the values of options; add a line to `problems` for each that leads nowhere."""
    found: dict[str, Named] = {}
    for position in POSITIONS:
        if (typed := values.get(position)) is None:
            continue
        try:
            found[position] = named_picture(typed, variables)
        except InvalidRequest as error:
            problems += [f"{position}: {problem}" for problem in error.problems]
            found[position] = Named(typed, "picture")
    return found


def named_value(expression: str, variables: Mapping[str, Any]) -> Any:
    """Return the value of `styles`, `table.style` or `shots[0]`. Raises `InvalidRequest` where it leads nowhere."""
    match = _EXPRESSION.fullmatch(expression)
    if match is None or match["seconds"] is not None:
        raise InvalidRequest([f"{shortened(f'@{expression}')} is no variable: give its name, such as @styles"])
    if match["name"] not in variables:
        raise InvalidRequest([f"@{expression} is no variable: define {match['name']} first"])
    if (value := _followed(match, variables)) is None:
        raise InvalidRequest([f"@{expression} leads nowhere"])
    return value


def named_job(word: str, variables: Mapping[str, Any]) -> Job | None:
    """Return the job that `shot`, `shots[0]` or `grid.jobs[-1]` is; None for whatever is none."""
    match = _EXPRESSION.fullmatch(word)
    if match is None or match["seconds"] is not None or match["name"] not in variables:
        return None
    try:
        found = _followed(match, variables)
    except InvalidRequest:
        return None
    return found if _is_job(found) else None


def _may_be_picture(value: Any) -> bool:
    """Return True for what a keyframe may be. Asked of its type: an object may answer anything, or break."""
    try:
        return issubclass(type(value), _KEPT) or is_picture(value)
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - whatever a class of the user raises, SystemExit included
        return False


def _followed(match: re.Match[str], variables: Mapping[str, Any]) -> Any:
    """Return the value of an expression; None where its path leads nowhere."""
    value, base = variables[match["name"]], match["name"]
    for step in re.findall(_STEP, match["steps"]):
        value = _of_job(value, step, base) if _is_job(value) else _next(value, step, base)
        base += step
    return value if match["seconds"] is None else _frame(value, match["seconds"], match[0])


def _is_job(value: Any) -> bool:
    return issubclass(type(value), Job)


def _of_job(job: Job, step: str, base: str) -> Any:
    """Return a picture of a job. The last frame comes as text, so it may be waited for."""
    if step in _LAST:
        return job.last
    if step == ".poster":
        try:
            return job.poster
        except RunwayError as error:
            raise InvalidRequest([f"{base}{step}: {error.message}"]) from None
    if step.lower() in _ENDINGS:
        return None  # a file that is called like the job
    raise InvalidRequest([f"{base}{step} is nothing: a job has .last, .frame(SECONDS) and .poster"])


def _next(value: Any, step: str, base: str) -> Any:
    """Return the next value of a path: an attribute, or the item with an index or a key."""
    try:
        return _attribute(value, step[1:]) if step[0] == "." else _item(value, step[1:-1])
    except KeyboardInterrupt:
        raise
    except BaseException:  # noqa: BLE001 - whatever an object of the user raises there, SystemExit included
        if base == "Out":
            raise InvalidRequest([f"Out{step} is not there: that cell has no result"]) from None
        return None


def _attribute(value: Any, name: str) -> Any:
    """Return the column of a table before an attribute: every DataFrame has a `style` of its own."""
    return value[name] if hasattr(value, "to_dict") and name in value.columns else getattr(value, name)


def _item(value: Any, key: str) -> Any:
    """Return the item with a number, or with the same digits as text."""
    if not key.lstrip("-").isdigit():
        return value[key]
    try:
        return value[int(key)]
    except KeyError:
        return value[key]


def _frame(value: Any, seconds: str, expression: str) -> str | None:
    if not _is_job(value):
        return None
    try:
        return str(ShotFrame(value.id, float(seconds)))
    except ValueError:
        raise InvalidRequest([f"{expression}: {seconds!r} is no number of seconds"]) from None
