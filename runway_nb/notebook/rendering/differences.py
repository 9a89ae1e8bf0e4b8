"""What distinguishes requests that are listed together, in a few words each. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import PurePath
from typing import Any, NamedTuple

from ...redaction import redact_line, short_id
from ...references import asset_account
from ...request import FIELDS, VideoRequest
from ...request_fields import Field
from ...sweeps.plan import value_text
from ...values.plain import is_a, is_number
from .facts import axis, resolution_text

_COMPARED = [field for field in FIELDS if field.is_counted and field.name != "prompt"]
_LONGEST = 40
_PAIR = 2


class Setting(NamedTuple):
    """A setting of requests that are compared, with what it is in each."""

    name: str
    values: tuple[str, ...]
    """As they are shown; `none` for one that is not given."""

    @property
    def differs(self) -> bool:
        """True where it is not the same in all."""
        return len(set(self.values)) > 1

    @property
    def text(self) -> str:
        """The setting on one line: `zoom -5 against +5`, `seed 1, 2, 3`, or `zoom +5` where it is the same in all."""
        between = " against " if len(self.values) == _PAIR else ", "
        return f"{self.name} {between.join(self.values) if self.differs else self.values[0]}"


def settings_of(requests: Sequence[VideoRequest]) -> list[Setting]:
    """Return every setting that is given in one of some requests, but for prompt and model, in the order of `FIELDS`.

    What a model takes for one that is not given is shown in its place, such as its usual length.
    """
    found = [Setting(field.name, tuple(_compared_text(field, request) for request in requests)) for field in _COMPARED]
    return [each for each in found if not {*each.values} <= _UNSET]


_NONE = "none"
_UNSET = {_NONE, axis(0)}
_USUAL: Mapping[str, Callable[[VideoRequest], str]] = {
    "seconds": lambda request: str(request.length),
    "aspect": lambda request: request.format,
    "resolution": resolution_text,
}
"""Settings for which every model has a usual value."""


def _compared_text(field: Field, request: VideoRequest) -> str:
    value = field.value_in(request)
    if field.part == "camera" and is_number(value):
        return axis(value)
    if field.name in _USUAL:
        return _USUAL[field.name](request) or _NONE
    if not field.is_given(value):
        return _NONE
    if is_a(value, bool):
        return ("on" if value else "off") if value or field.kind == "toggle" else _NONE
    return _picture(value) if field.kind == "picture" else value_text(value)


def distinguishing(requests: Sequence[VideoRequest]) -> list[str]:
    """Return for each request the settings whose values are not the same in all: `zoom 4, seed 7`.

    The prompt and the model are none of them, nor what does not change the video.
    """
    values = [(field, [field.value_in(request) for request in requests]) for field in _COMPARED]
    differing = [(field, found) for field, found in values if len({_text(field, value) for value in found}) > 1]
    return [
        ", ".join(filter(None, (_text(field, found[row]) for field, found in differing)))
        for row in range(len(requests))
    ]


def settings_texts(asked: Sequence[VideoRequest], seeds: Sequence[int | None]) -> list[str]:
    """Return the same for what was asked for, with the seed that was drawn where nothing else tells two apart."""
    texts = distinguishing(asked)
    keys = [(request.prompt, request.model, text) for request, text in zip(asked, texts, strict=True)]
    alike = {key for key, count in Counter(keys).items() if count > 1}
    drawn = [None if request.seed is not None else seed for request, seed in zip(asked, seeds, strict=True)]
    more = ["" if seed is None or key not in alike else f"seed {seed}" for seed, key in zip(drawn, keys, strict=True)]
    return [", ".join(filter(None, pair)) for pair in zip(texts, more, strict=True)]


def _text(field: Field, value: Any) -> str:
    """Return a value as it is listed; nothing for one that is not given."""
    if not field.is_given(value):
        return ""
    if is_a(value, bool):
        return field.name if value else f"no {field.name}"
    return f"{field.name} {_picture(value) if field.kind == 'picture' else value_text(value)}"


def _picture(value: Any) -> str:
    text = str(value)
    return redact_line(short_id(text) if asset_account(text) else PurePath(text).name, _LONGEST)
