"""What distinguishes requests that are listed together, in a few words each. Pure functions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

from ...redaction import redact_line, short_id
from ...references import asset_account
from ...request import FIELDS, VideoRequest
from ...request_fields import Field
from ...sweep_plan import value_text
from ...values.plain import is_a

_COMPARED = [field for field in FIELDS if field.is_counted and field.name != "prompt"]
_LONGEST = 40


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
