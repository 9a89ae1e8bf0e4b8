"""How a moment in the past is given."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.ledger.since import ALLOWED, since_moment, since_problem

NOW = datetime(2026, 11, 22, 15, 30).timestamp()  # noqa: DTZ001 - local time, as users give it
DAY = 86_400.0


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("7d", NOW - 7 * DAY),
        ("24h", NOW - DAY),
        ("2 weeks", NOW - 14 * DAY),
        ("90m", NOW - 5400),
        (" 3D ", NOW - 3 * DAY),
        ("today", datetime(2026, 11, 22).timestamp()),  # noqa: DTZ001 - see above
        ("yesterday", datetime(2026, 11, 21).timestamp()),  # noqa: DTZ001
        ("Yesterday", datetime(2026, 11, 21).timestamp()),  # noqa: DTZ001
        ("2026-11-01", datetime(2026, 11, 1).timestamp()),  # noqa: DTZ001
        ("2026-11-01T18:30", datetime(2026, 11, 1, 18, 30).timestamp()),  # noqa: DTZ001
        ("2026-11-01 18:30", datetime(2026, 11, 1, 18, 30).timestamp()),  # noqa: DTZ001
        ("2026-11-01T18:30:00Z", datetime(2026, 11, 1, 18, 30, tzinfo=timezone.utc).timestamp()),
        (date(2026, 11, 1), datetime(2026, 11, 1).timestamp()),  # noqa: DTZ001
        (datetime(2026, 11, 1, 18, tzinfo=timezone.utc), datetime(2026, 11, 1, 18, tzinfo=timezone.utc).timestamp()),
        ("999999w", 0.0),
        ("1960-01-01", 0.0),
    ],
)
def test_a_moment_is_read(text: Any, moment: float) -> None:
    assert since_moment(text, NOW) == moment


@pytest.mark.parametrize(
    "value", ["", "7", "d", "-7d", "7.5d", "last week", "2026-13-01", "01.11.2026", 7, None, [], b"7d"]
)
def test_what_is_no_moment_is_told_with_what_is_allowed(value: Any) -> None:
    assert since_moment(value, NOW) is None
    assert since_problem(value).endswith(f"give {ALLOWED}")


@given(st.text(max_size=12))
def test_no_text_raises(text: str) -> None:
    moment = since_moment(text, NOW)
    assert moment is None or moment >= 0


@given(st.integers(0, 5000))
def test_days_count_back_from_now(days: int) -> None:
    assert since_moment(f"{days}d", NOW) == NOW - timedelta(days=days).total_seconds()
