"""A row of the ledger as a record, and of one that cannot be read what is still known.

A newer version may have written it, or some accident has spoilt it. Either is one row and one line: it hides no
other, nothing of it is changed, and it is never taken for one that was not paid.
"""

from __future__ import annotations

import json
import math
import os
import re
import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import fields
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

from ..camera import Camera
from ..errors import LedgerError
from ..keyframes import Keyframes
from ..models import dearest_second
from ..request import FIELDS, VideoRequest
from ..spec import BUILT_IN, MODELS, MOST_CREDITS
from ..values.plain import plain
from ..values.whole_text import whole_text
from .phase import PHASE_NAMES
from .record import FOREIGN_TYPE, Record, UnreadableRecord

COLUMNS = tuple(spec.name for spec in fields(Record))
JSON_COLUMNS = ("request", "original_request")
LAST_MOMENT = 253_370_764_800.0
"""Unix seconds of the year 9999: no calendar shows what is later."""
MOST_SECONDS = 1e9
"""The longest that a job can have taken."""
_LONGEST_VALUE = 40
_NAMED = 3
"""Parts that a line names."""
_ID = re.compile(r"[0-9A-Za-z_-]{1,64}")
_PATHS = ("video", "folder")
_MOMENTS = ("created", "updated", "sent", "lease", "server_sent")
_BIGGEST = 2**63
_STORED_AS_THEY_ARE = frozenset({str, bool, types.NoneType})
"""Most values of a row; the others are looked at, since no database takes each of them."""
_IN_ROW = "in row "


def read_row(row: Mapping[str, Any], problem: str = "") -> Record | UnreadableRecord:
    """Return the record in a row.

    Args:
        row: All columns of `Record` as SQLite gives them, the addresses of accounts put back, and `rowid`.
        problem: Why it cannot be read, when that is known already.
    """
    values = {name: row[name] for name in COLUMNS}
    asked, original = JSON_COLUMNS
    bodies = (asked,) if values[asked] == values[original] else JSON_COLUMNS  # most often they are one text
    values |= {name: _json_object(values[name]) for name in JSON_COLUMNS}
    problem = problem or next(_problems(values, bodies), "")
    if problem:
        return _unreadable(row, problem)
    values |= {name: bool(values[name]) for name, kind in _kinds(Record).items() if kind is bool}
    return Record(**values)


def record_problem(record: Record) -> str:
    """Return why a record could not be read again once it is written down; nothing where it could."""
    found = read_row({"rowid": 0, **stored_values(vars(record))})
    return found.problem if isinstance(found, UnreadableRecord) else ""


def stored_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """Return values of a record as SQLite takes them. Raises `LedgerError`, with the field, where it takes one not."""
    return {
        name: value if type(value) in _STORED_AS_THEY_ARE and name not in JSON_COLUMNS else _stored(name, value)
        for name, value in values.items()
    }


def _stored(name: str, value: Any) -> Any:
    if name in JSON_COLUMNS:
        with suppress(TypeError, ValueError, RecursionError):
            return json.dumps(value)
    else:
        found = plain(value)
        is_number = isinstance(found, (int, float)) and -_BIGGEST < found < _BIGGEST
        if found is None or isinstance(found, str) or is_number:
            return found
    raise LedgerError(f"the job cannot be written down: its {name} is no plain value ({type(value).__name__})")


def sound_moment(value: Any) -> float | None:
    """Return Unix seconds that a calendar can show; None for anything else."""
    return float(value) if _is_a(value, float) and 0 <= value <= LAST_MOMENT else None


def sound_credits(value: Any) -> int | None:
    """Return a price in credits; None for anything else."""
    return math.ceil(value) if _is_a(value, float) and 0 <= value <= MOST_CREDITS else None


def row_name(job_id: Any, rowid: int) -> str:
    """Return what a job is called, whatever stands for its id."""
    return job_id if isinstance(job_id, str) and _ID.fullmatch(job_id) else f"{_IN_ROW}{rowid}"


def row_number(name: str) -> int | None:
    """Return the number in the name of a row that has no id; None for any other name."""
    digits = name.removeprefix(_IN_ROW)
    return int(digits) if digits != name and digits.isdecimal() and len(digits) < len(str(_BIGGEST)) else None


def counted_credits(row: Mapping[str, Any]) -> tuple[int, bool]:
    """Return what a job counts, and False when that is a guess: never less than the shot that was asked for.

    Args:
        row: `credits`, `request` and `model` as SQLite gives them.
    """
    price = sound_credits(row["credits"])
    if price is None:
        values = {**row, "request": _json_object(row["request"])}
        if not any(_request_problems(values, "request")):
            price = VideoRequest.from_wire(values["request"], row["model"]).counted_credits
    return (dearest_shot(), False) if price is None else (price, True)


def dearest_shot() -> int:
    """Return what a job counts whose price cannot be read: no shot of a known model costs more."""
    return max(max(model.seconds) for model in MODELS.values()) * dearest_second()


def _unreadable(row: Mapping[str, Any], problem: str) -> UnreadableRecord:
    price, is_certain = counted_credits(row)
    texts = {name: row[name] if isinstance(row[name], str) else "" for name in ("task_id", "backend")}
    moment = sound_moment(row["created"])
    return UnreadableRecord(row_name(row["id"], row["rowid"]), problem, price, is_certain, moment, **texts)


def _problems(values: Mapping[str, Any], bodies: Sequence[str]) -> Iterator[str]:
    """Return why a row cannot be read, the clearest reason first; `bodies` are the columns of JSON that are read."""
    phase, model = values["phase"], values["model"]
    if isinstance(phase, str) and phase not in PHASE_NAMES:
        yield _newer("phase", phase)
    if isinstance(model, str) and model not in MODELS:
        yield f"its model {_shown(model)} is not known here: add it with runway_nb.add_model"
    kinds = _kinds(Record)
    spoilt = [name for name in COLUMNS if name not in JSON_COLUMNS and not _fits(name, values[name], kinds[name])]
    yield from (_spoilt(name) for name in spoilt)
    for name in bodies:
        yield from _request_problems(values, name)


def _fits(name: str, value: Any, kind: Any) -> bool:
    """Return True for a value that a column may hold."""
    if name in _MOMENTS:
        return sound_moment(value) is not None or (value is None and name in ("sent", "server_sent"))
    if name == "credits":
        return isinstance(value, int) and sound_credits(value) is not None
    if kind is bool:
        return value in (0, 1)
    if name in ("id", "resent_as"):
        return isinstance(value, str) and bool(_ID.fullmatch(value) or (not value and name != "id"))
    if name == "took" and value is not None:
        return _is_a(value, float) and abs(value) <= MOST_SECONDS
    return _is_a(value, kind) and not (name in _PATHS and "\0" in value)


def _request_problems(values: Mapping[str, Any], name: str) -> Iterator[str]:
    """Return why what was asked for cannot be read."""
    body, model = values[name], values["model"]
    if body is None or not isinstance(model, str) or model not in MODELS:
        yield _spoilt(name)
        return
    try:
        request = VideoRequest.from_wire(body, model)
    except (TypeError, ValueError, LookupError, AttributeError):
        yield _spoilt(name)
        return
    if not _is_a(request, VideoRequest):
        yield _spoilt(name)
    elif request.aspect not in (None, *request.row.aspects, *request.row.aspect_words):
        yield _newer("aspect", str(request.aspect))
    elif foreign := _foreign_parts(body, request):
        yield f"written with another row of its model ({foreign}): add that row with runway_nb.add_model"


def _foreign_parts(body: Mapping[str, Any], request: VideoRequest) -> str:
    """Return what a row of one's own does not have: it was another one when the job was written down.

    Left out in silence, it would be missing from the next take, and from what tells a lost task.
    """
    row = request.row
    if BUILT_IN.get(row.name) == row:
        return ""
    known = {*(field.record_name(row) for field in FIELDS), *row.fixed, FOREIGN_TYPE}
    foreign = [_shown(name) for name in body if name not in known]
    wrong = {"seconds": (request.seconds, row.seconds), "resolution": (request.resolution, row.resolutions)}
    foreign += [f"{name} {_shown(str(value))}" for name, (value, all_) in wrong.items() if value not in (None, *all_)]
    return " and ".join(foreign[:_NAMED])


def _newer(name: str, value: str) -> str:
    return f"written by a newer runway_nb ({name} {_shown(value)})"


def _shown(value: str) -> str:
    return ascii(value if len(value) <= _LONGEST_VALUE else f"{value[:_LONGEST_VALUE]}...")


def _spoilt(name: str) -> str:
    return f"its field {name!r} is spoilt"


def _json_object(text: Any) -> dict[str, Any] | None:
    """Return the JSON object in a column, empty where nothing was written; None when some accident has spoilt it."""
    if text == "":
        return {}
    if not isinstance(text, str):
        return None
    with suppress(ValueError, RecursionError):
        found = json.loads(text)
        if isinstance(found, dict):
            sound = {name: value for name, value in found.items() if value is not None}
            return {name: whole_text(value) if isinstance(value, str) else value for name, value in sound.items()}
    return None


def _is_a(value: Any, kind: Any) -> bool:
    """Return True when a value is what a field declares; the numbers finite, and no larger than SQLite can hold."""
    return _check_of(kind)(value)


@cache
def _kinds(kind: Any) -> dict[str, Any]:
    """Return the fields of a class, as it declares them."""
    return get_type_hints(kind)


@cache
def _check_of(kind: Any) -> Callable[[Any], bool]:
    """Return the check whether a value is of a kind."""
    if get_origin(kind) in (Union, types.UnionType):
        plain = frozenset(part for part in get_args(kind) if part in (str, bool, types.NoneType))
        others = [_check_of(part) for part in get_args(kind) if part not in plain]
        return lambda value: type(value) in plain or any(check(value) for check in others)
    parts = [_check_of(part) for part in get_args(kind)]
    if get_origin(kind) is tuple:
        return lambda value: (
            isinstance(value, tuple)
            and len(value) == len(parts)
            and all(check(part) for check, part in zip(parts, value, strict=True))
        )
    if get_origin(kind) is os.PathLike:
        return lambda value: isinstance(value, os.PathLike)
    if kind in (int, float):
        numbers = (int,) if kind is int else (int, float)
        return lambda value: type(value) in numbers and -_BIGGEST < value < _BIGGEST
    if kind in (VideoRequest, Keyframes, Camera):
        within = [(name, _check_of(part)) for name, part in _kinds(kind).items()]
        return lambda value: all(check(getattr(value, name)) for name, check in within)
    return lambda value: isinstance(value, kind)
