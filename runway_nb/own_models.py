"""Models that are no rows of `spec.MODELS` yet, as a user writes them down: each column checked, then a row.

A row decides what is sent, where to and what it counts as. So nothing in it may take the place of a field of the
request, of our own reference above all (API facts 14), lead to another address, or make a price less than it is.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .errors import InvalidRequest
from .request import FIELDS
from .spec import MODELS, POSITIONS, STATES, KeyframeField, Model
from .values.plain import can_be_sent, is_a, is_number, shown

_NEEDED = ("name", "path", "aspects", "seconds")
_WORD = re.compile(r"\w[\w.:-]{0,59}")
"""What can be typed in a cell and stand in any text."""
_WIRE = re.compile(r"[A-Za-z_]\w{0,59}", re.ASCII)
_PATH = re.compile(r"(?:/\w[\w.-]*)+", re.ASCII)
"""No address, no way up, no query: the token goes with the call."""
_LONGEST_LINE = 200
_LONGEST_SIDE = 8192
"""Pixels of a picture that is brought to a frame."""
_DEAREST = 10_000
_RENAMED = {field.name for field in FIELDS if field.is_sent and not field.part and field.name != "reply_ref"}
"""What may have another name; by our own reference a lost task is found."""


def add_model(model: Model | Mapping[str, Any]) -> Model:
    """Add a model that is no row of the table yet, or replace one, for this process; return its row.

    Args:
        model: `spec.Model(...)`, or a mapping with its columns. A model of `POST /videos/create` needs its name there
            in `fixed` and its keyframes; what is not given counts as not offered, and its price as not known::

                runway_nb.add_model({
                    "name": "wan-2.6-flash", "path": "/videos/create", "fixed": {"model": "wan-2.6-flash"},
                    "aspects": {"16:9": (1280, 720)}, "has_pixels": False, "seconds": [5, 10, 15],
                    "wire_names": {"seconds": "duration"}, "keyframes": [("first", "imageAssetId1", 0.0)],
                    "needs_picture": True, "needs_prompt": True, "audio": True, "explore": True,
                })

    `%config RunwayMagics.models = {"wan-2.6-flash": {...}}` does the same, in IPython's configuration file as well. A
    job whose model is not known in a kernel is kept, and readable again once its row is added.

    Raises `InvalidRequest` with everything that cannot be used.
    """
    row = _checked(model)
    MODELS[row.name] = row
    return row


def _checked(model: object) -> Model:
    columns = model._asdict() if is_a(model, Model) else model  # type: ignore[attr-defined]
    if not is_a(columns, Mapping):
        raise InvalidRequest([f"model is {shown(model)}: give runway_nb.spec.Model(...), or a mapping of its columns"])
    given: dict[Any, Any] = dict(columns)  # type: ignore[arg-type]
    if problems := [*_column_problems(given)]:
        raise InvalidRequest(problems)
    row = _row_of(given)
    if problems := [*_name_problems(row)]:
        raise InvalidRequest(problems)
    return row


def add_models(models: object, *, missing_only: bool = False) -> None:
    """Add the rows of `%config RunwayMagics.models`: name to columns. Raises what `add_model` raises.

    With `missing_only` a row that there is stays, whoever added it. All are added, or none.
    """
    if not is_a(models, Mapping):
        raise InvalidRequest([f"models is {shown(models)}: give a mapping of names to columns"])
    rows: list[Model] = []
    for name, columns in models.items():  # type: ignore[attr-defined]
        if missing_only and name in MODELS:
            continue
        if not is_a(columns, Mapping):
            raise InvalidRequest([f"the model {shown(name)} is {shown(columns)}: give a mapping of its columns"])
        rows.append(_checked({**columns, "name": name}))
    MODELS.update({row.name: row for row in rows})


# --- columns ----------------------------------------------------------------------------------------


def _column_problems(given: dict[Any, Any]) -> Iterator[str]:
    unknown = [name for name in given if name not in Model._fields]
    if unknown:
        yield f"a model has no {', '.join(map(_shown_name, unknown))}: its columns are {', '.join(Model._fields)}"
    missing = [name for name in _NEEDED if not _is_there(given.get(name))]
    if missing:
        yield f"a model needs {', '.join(missing)}"
        return
    wrong = {name: hint for name, (holds, hint) in _COLUMNS.items() if name in given and not holds(given[name])}
    yield from (f"{name} of the model is {shown(given[name])}: give {hint}" for name, hint in wrong.items())
    yield from (
        f"{name} of the model is {shown(given[name])}: give some of its {whole}"
        for name, whole in _PARTS.items()
        if given.get(name) and not {name, whole} & wrong.keys() and not _chosen(given[name]) <= {*given[whole]}
    )


def _shown_name(name: Any) -> str:
    """Return the name of a column as a message shows it."""
    return name if is_a(name, str) and _WORD.fullmatch(name) else shown(name)


def _is_there(value: object) -> bool:
    return not (value is None or (is_a(value, str, list, tuple, range, dict) and not value))


def _chosen(value: Any) -> set[str]:
    return {*(value.values() if is_a(value, Mapping) else value)}


def _is_word(value: Any) -> bool:
    return is_a(value, str) and _WORD.fullmatch(value) is not None


def _is_line(value: Any) -> bool:
    return is_a(value, str) and len(value) <= _LONGEST_LINE and value.isprintable()


def _is_path(value: Any) -> bool:
    return is_a(value, str) and _PATH.fullmatch(value) is not None


def _is_wire(value: Any) -> bool:
    return is_a(value, str) and _WIRE.fullmatch(value) is not None


def _is_switch(value: object) -> bool:
    return type(value) is bool


def _whole(low: int, high: int) -> Callable[[object], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _or_none(check: Callable[[object], bool]) -> Callable[[object], bool]:
    return lambda value: value is None or check(value)


def _list_of(check: Callable[[object], bool]) -> Callable[[Any], bool]:
    return lambda value: is_a(value, list, tuple) and all(map(check, value))


def _mapping_of(keys: Callable[[object], bool], values: Callable[[object], bool]) -> Callable[[Any], bool]:
    return lambda value: is_a(value, Mapping) and all(keys(key) and values(item) for key, item in value.items())


def _is_size(value: Any) -> bool:
    return is_a(value, list, tuple) and len(value) == 2 and all(map(_whole(1, _LONGEST_SIDE), value))


def _are_lengths(value: Any) -> bool:
    return is_a(value, list, tuple, range) and all(map(_whole(1, 60), value))


def _is_constant(value: Any) -> bool:
    """Return True for what a body may hold: plain, so that code which sends it can hide an address in it."""
    if is_a(value, str):
        return can_be_sent(value)
    return type(value) is bool or is_number(value)


def _is_keyframe(frame: Any) -> bool:
    return (
        is_a(frame, list, tuple)
        and len(frame) == 3
        and is_a(frame[0], str)
        and frame[0] in POSITIONS
        and _is_wire(frame[1])
        and type(frame[2]) in (int, float)
        and 0 <= frame[2] <= 1
    )


def _are_keyframes(frames: Any) -> bool:
    return _list_of(_is_keyframe)(frames) and len({frame[0] for frame in frames}) == len(frames)


_PRICE = _or_none(_whole(1, _DEAREST))
_COLUMNS: dict[str, tuple[Callable[[Any], bool], str]] = {
    "name": (_is_word, "a word"),
    "title": (_is_line, "one line of text"),
    "path": (_is_path, "a path that starts with /, such as /videos/create"),
    "aspects": (_mapping_of(_is_word, _is_size), 'a mapping such as {"16:9": (1280, 720)}'),
    "seconds": (_are_lengths, "whole numbers from 1 to 60"),
    "fixed": (_mapping_of(_is_wire, _is_constant), 'names and plain values, such as {"model": "wan-2.6-flash"}'),
    "task_types": (_list_of(_is_word), 'a list such as ["seedance_2"]'),
    "keyframes": (_are_keyframes, 'such as [("first", "imageAssetId1", 0.0)], each position once'),
    "wire_names": (
        _mapping_of(lambda name: is_a(name, str) and name in _RENAMED, _is_wire),
        f'names such as {{"seconds": "duration"}} for some of {", ".join(sorted(_RENAMED))}',
    ),
    "aspect_words": (_mapping_of(_is_word, _is_word), "words for its aspects"),
    "text_aspects": (_or_none(_list_of(_is_word)), "a list of its aspects, or None for all"),
    "prompt_limit": (_or_none(_whole(1, 10**6)), "a number of characters, or None where it is not known"),
    "prompt_doubt": (_or_none(_whole(1, 10**6)), "a number of characters, or None"),
    "resolutions": (
        _mapping_of(_is_word, _PRICE), 'credits per second or None for each, such as {"720p": 36, "1080p": None}'
    ),
    "paid_resolutions": (_list_of(_is_word), "a list of its resolutions"),
    "explore_seconds": (_or_none(_whole(1, 60)), "a number of seconds, or None"),
    "credits_per_second": (_PRICE, f"a whole number from 1 to {_DEAREST:,}, or None where it is not known"),
    "state": (lambda value: is_a(value, str) and value in STATES, ", ".join(STATES)),
    "state_reason": (_is_line, "one line of text"),
    "successor": (lambda value: value == "" or _is_word(value), "the name of a model"),
    **{name: (_is_switch, "True or False") for name, value in Model._field_defaults.items() if is_a(value, bool)},
}  # fmt: skip
"""Column to its check and to what is to be given instead."""
_PARTS = {"aspect_words": "aspects", "text_aspects": "aspects", "paid_resolutions": "resolutions"}
"""Column to the one whose names it holds."""


def _row_of(given: Mapping[str, Any]) -> Model:
    """Return the row, which shares nothing with what was given."""
    columns = {name: _kept(value) for name, value in given.items()}
    aspects = {word: (size[0], size[1]) for word, size in given["aspects"].items()}
    frames = tuple(sorted((KeyframeField(*frame) for frame in given.get("keyframes", ())), key=lambda one: one.time))
    return Model(**{**columns, "aspects": aspects, "keyframes": frames, "title": given.get("title") or given["name"]})


def _kept(value: Any) -> Any:
    if is_a(value, Mapping):
        return dict(value)
    return tuple(value) if is_a(value, list) else value


def _name_problems(row: Model) -> Iterator[str]:
    """Yield each name that would stand for two things in a body or in the ledger."""
    counts = Counter([*(field.record_name(row) for field in FIELDS), *row.fixed])
    if twice := [name for name, count in counts.items() if count > 1]:
        yield f"{', '.join(twice)} stands for two things in a request: see fixed, wire_names and keyframes of the model"
