"""A number of seconds in words."""

from __future__ import annotations

_MINUTE, _HOUR = 60, 3600


def about(seconds: float) -> str:
    """Return an estimated time, no finer than it is known: `about 40 s`, `about 6 min`, `about 2 h 10 min`."""
    if seconds < 1.5 * _MINUTE:
        return f"about {max(5, round(seconds / 5) * 5)} s"
    if seconds < 1.5 * _HOUR:
        return f"about {round(seconds / _MINUTE)} min"
    tens = round(seconds / (10 * _MINUTE))
    minutes = f" {tens % 6 * 10} min" if tens % 6 else ""
    return f"about {tens // 6} h{minutes}"


def left(seconds: float) -> str:
    """Return an estimated time that counts down: `about 2:10 left`; from an hour and a half on `about 2 h left`."""
    if seconds >= 1.5 * _HOUR:
        return f"{about(seconds)} left"
    whole = max(1, round(seconds))
    return f"about {whole // _MINUTE}:{whole % _MINUTE:02d} left"
