"""How a moment in the past is given: 7d, 24h, 2026-11-01, yesterday."""

from __future__ import annotations

import re
from contextlib import suppress
from datetime import date, datetime, time, timedelta, timezone
from typing import cast

from ..values.plain import is_a, plain, shown

ALLOWED = "7d, 24h, 2w, 90m, today, yesterday, 2026-11-01 or 2026-11-01T18:30"
_AGO = re.compile(r"(\d{1,6})\s*([mhdw])[a-z]*")
_MINUTES = {"m": 1, "h": 60, "d": 24 * 60, "w": 7 * 24 * 60}
_DAYS = {"today": 0, "yesterday": 1}


def since_moment(value: object, now: float) -> float | None:
    """Return the Unix seconds of a moment; None for what is none (`since_problem`).

    Args:
        value: A text such as `ALLOWED` names, or a date or datetime of Python. Without a time zone it is local time; a
            day begins at midnight.
        now: Unix seconds of the present.
    """
    with suppress(ValueError, OverflowError, OSError):
        if is_a(value, datetime):
            return _seconds(cast(datetime, value))
        if is_a(value, date):
            return _midnight(cast(date, value))
        text = plain(value)
        return _of_text(text.strip().lower(), now) if isinstance(text, str) else None
    return None


def since_problem(value: object) -> str:
    """Return the line about a value that is no moment."""
    return f"since is {shown(value)}: give {ALLOWED}"


def _of_text(text: str, now: float) -> float:
    """Return the moment that a text names. Raises `ValueError`."""
    if found := _AGO.fullmatch(text):
        return max(0.0, now - 60.0 * _MINUTES[found[2]] * int(found[1]))
    if text in _DAYS:
        return _midnight(datetime.fromtimestamp(now, timezone.utc).astimezone() - timedelta(days=_DAYS[text]))
    # Python 3.10 reads no Z for UTC, and no small t
    return _seconds(datetime.fromisoformat(re.sub(r"z$", "+00:00", text).upper()))


def _midnight(day: date) -> float:
    return _seconds(datetime.combine(day, time()))


def _seconds(moment: datetime) -> float:
    return max(0.0, moment.timestamp())
