"""The credits of a day as the database adds them up, beside the same added up row by row."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from math import inf
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from runway_nb.ledger.heartbeats import Moment
from runway_nb.ledger.phase import UNSENT
from runway_nb.ledger.rows import LAST_MOMENT, counted_credits, sound_moment
from runway_nb.ledger.spending import SET_SECONDS, local_day, spent_on_day
from runway_nb.spec import MOST_CREDITS
from support.examples import examples
from support.fakes import FakeTime
from support.ledgers import loosen, make_ledger
from support.records import a_record

Row = dict[str, Any]
Values = Mapping[str, tuple[Any, ...]]
DAY = 86_400.0
BEGIN, END = local_day(FakeTime().now)
MOMENT = Moment((BEGIN + END) / 2, "this run", 3 * DAY)
NOW = MOMENT.now
AGES = (0.0, 60.0, 5 * 3600.0, 0.9 * DAY, 1.2 * DAY, 3 * DAY)
SOUND: Values = {
    "created": (*(NOW - age for age in AGES), NOW + 0.9 * DAY, NOW + 400 * DAY, -5.0, 2 * LAST_MOMENT),
    "credits": (0, 5, 25, -3, MOST_CREDITS + 1),
    "backend": ("api", "api", "simulator"),
    "asked_by": ("ann", "bob", ""),
    "phase": ("done", "done", "failed", "archived", *UNSENT),
    "boot": ("", MOMENT.boot, MOMENT.boot, "another run"),
    "uptime": (0.0, *(MOMENT.uptime - age for age in AGES)),
}
SPOILT: Values = {
    "created": ("soon", b"", None), "credits": ("dear", b"25", 2.5), "backend": (b"api", 5), "asked_by": (b"ann",),
}  # fmt: skip
"""What some accident may leave in a file; a server takes none of it."""
PLAIN: Row = {"created": NOW, "credits": 25, "backend": "api", "asked_by": "ann", "phase": "done", "boot": "",
              "uptime": 0.0}  # fmt: skip
AHEAD, BEFORE, UNDATED = (PLAIN | {"created": moment} for moment in (NOW + DAY, NOW - DAY, -5.0))
SET_SINCE = BEFORE | {"boot": MOMENT.boot, "uptime": MOMENT.uptime - 60.0}
"""Written a minute ago, by a clock that was set since."""
WAITING = {"phase": UNSENT[0]}


def rows_of(known: Values, more: Values | None = None) -> st.SearchStrategy[list[Row]]:
    columns = {name: st.sampled_from(values + (more or {}).get(name, ())) for name, values in known.items()}
    return st.lists(st.fixed_dictionaries(columns), max_size=12)


def is_number(value: object) -> bool:
    return isinstance(value, (int, float))


def added_up(rows: Sequence[Row], void: Collection[str], user: str | None) -> int:
    """Return what `spent_on_day` says that it counts."""
    dates = [row["created"] if is_number(row["created"]) else None for row in rows]
    first = next((number for number, date in enumerate(dates) if date is not None and BEGIN <= date < END), inf)
    passed = max((number for number, date in enumerate(dates) if date is not None and 0 <= date < BEGIN), default=-1)
    spent = 0
    for number, row in enumerate(rows):
        if sound_moment(row["created"]) is None:
            is_of_day = number >= first or number > passed
        else:
            is_of_day = row["created"] >= BEGIN or number >= first or was_clock_set(row)
        is_asked = may_be(row["backend"], "api") and (user is None or may_be(row["asked_by"], user))
        if is_of_day and is_asked and row["id"] not in void:
            spent += counted_credits(row)[0]
    return spent


def was_clock_set(row: Row) -> bool:
    ago = MOMENT.uptime - row["uptime"]
    return row["boot"] == MOMENT.boot and 0 <= ago <= DAY and abs((NOW - row["created"]) - ago) > SET_SECONDS


def may_be(value: object, wanted: str) -> bool:
    return value == wanted or not isinstance(value, str)


def check(rows: list[Row], *, is_loose: bool = False) -> None:
    """Write the rows to a ledger, and compare for all users, for one, and for who has no name.

    A loose one is a file whose columns hold anything.
    """
    with TemporaryDirectory() as home:
        ledger = make_ledger(Path(home), FakeTime())
        jobs = [ledger.add(a_record(f"{number:08x}", phase="done")) for number in range(len(rows))]
        if is_loose:
            ledger.count()  # without a row there may be no file yet
            loosen(ledger.path)
        with ledger.table.database.transaction() as connection:
            for job, row in zip(jobs, rows, strict=True):
                names = ", ".join(f"{name} = ?" for name in row)
                connection.execute(f"UPDATE jobs SET {names} WHERE id = ?", (*row.values(), job.id))
            written = [dict(row) for row in connection.execute("SELECT * FROM jobs ORDER BY rowid")]
            void = {row["id"] for row in written[::2] if row["phase"] in UNSENT}
            for user in (None, "ann", ""):
                found = spent_on_day(connection, MOMENT, void, backend="api", user=user)
                assert found.credits == added_up(written, void, user), user
        ledger.close()


@pytest.mark.of_file
@settings(max_examples=examples(150), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of(SOUND, SPOILT))
@example(rows=[AHEAD, PLAIN])
@example(rows=[AHEAD, BEFORE, PLAIN, BEFORE])
@example(rows=[SET_SINCE, PLAIN])
@example(rows=[BEFORE, SET_SINCE | WAITING, PLAIN])
@example(rows=[UNDATED, BEFORE, UNDATED, PLAIN, UNDATED])
@example(rows=[BEFORE, PLAIN | {"created": None}, PLAIN])
def test_a_database_counts_what_is_counted_row_by_row(engine: str, rows: list[Row]) -> None:
    check(rows, is_loose=True)


@settings(max_examples=examples(10), suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=rows_of(SOUND))
@example(rows=[AHEAD, SET_SINCE | WAITING, SET_SINCE, UNDATED, PLAIN])
def test_so_does_the_other_engine(engine: str, rows: list[Row]) -> None:
    """With fewer examples: each takes a database of its own."""
    check(rows)
