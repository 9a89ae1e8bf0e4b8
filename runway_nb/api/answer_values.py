"""Single values out of an answer of the API: what cannot be read becomes None or nothing, never an error.

Numbers come as text, texts as numbers, objects are missing; an answer may have two layers that ought to agree.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ..errors import ServerError
from ..redaction import LINE, redact_line
from ..values.whole_text import whole_text

Json = Mapping[str, Any]

LONGEST_ID = 1000
"""The most characters of an id."""


def number_in(value: object) -> float | None:
    """Return a finite number out of a number or text, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def whole_in(value: object) -> int | None:
    """Return a whole number out of a number or text, cut at the point, else None."""
    number = number_in(value)
    return None if number is None else int(number)


def text_in(value: object) -> str:
    """Return text that can be stored and printed: half characters are replaced."""
    return whole_text(value) if type(value) is str else ""


def id_in(value: object) -> str:
    """Return an id that can be asked for, as it stands, or nothing."""
    text = text_in(value)
    return text if len(text) <= LONGEST_ID and text.isprintable() else ""


def is_same_id(one: str, other: str) -> bool:
    """Return True for two spellings of one id."""
    return one.casefold() == other.casefold()


def shown_in(value: object, limit: int = LINE) -> str:
    """Return text to be shown and for nothing else: on one line, without secrets and control characters."""
    return redact_line(text_in(value), limit)


def moment_in(text: str) -> datetime | None:
    """Return the moment of an ISO time, or None; one without a zone is UTC."""
    try:
        moment = datetime.fromisoformat(text.replace("Z", "+00:00"))
    except (ValueError, OverflowError):
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)


def mapping_in(value: object) -> Json:
    """Return an object, empty where there is none."""
    return value if issubclass(type(value), Mapping) else {}  # type: ignore[return-value]


def items_in(value: object) -> list[Json]:
    """Return the objects of an array."""
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def urls_in(value: object) -> tuple[str, ...]:
    """Return the texts of an array of links."""
    return tuple(url for url in value if isinstance(url, str)) if isinstance(value, list) else ()


def agreed_in(outer: Json, inner: Json, name: str) -> str:
    """Return a text that may stand in both layers of an answer. Raises `ServerError` when they differ."""
    one, other = text_in(inner.get(name)), text_in(outer.get(name))
    if one and other and not is_same_id(one, other):
        raise ServerError(f"the answer contradicts itself: two values of {name}", 200)
    return one or other
