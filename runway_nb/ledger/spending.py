"""What was spent: the day's budget, and the table by day, notebook, backend and model.

A day is a local day. Clocks are set, so a day's spending goes by the order of the rows as well: what was written
after a row of today is of today, whatever its date says; what is dated later than today counts until that is past. And
where a date and the seconds of this run of the machine disagree about how long ago something was written, the clock was
set in between: then the seconds decide, and a day has 24 hours.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Collection
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from ..spec import MOST_CREDITS
from ..values.arguments import plain_arguments
from ..values.deprecation import warn_renamed
from .abandoned import abandoned_jobs, void_ids
from .heartbeats import Moment
from .job_table import JobTable
from .phase import IS_DONE_SQL, IS_NOT_UNSENT_SQL, Phase
from .record import Spending, UserSpending
from .rows import LAST_MOMENT, counted_credits, row_name, sound_moment

if TYPE_CHECKING:
    from .engine import Connection, Row

UNKNOWN = "unknown"
"""The day, notebook, backend or model of a job where it cannot be read."""
_PLAIN = (
    f"(typeof(created) IN ('integer', 'real') AND +created BETWEEN 0 AND {LAST_MOMENT:.0f} "
    f"AND typeof(credits) = 'integer' AND +credits BETWEEN 0 AND {MOST_CREDITS} "
    "AND typeof(notebook) = 'text' AND typeof(backend) = 'text' AND typeof(model) = 'text' "
    "AND typeof(asked_by) = 'text' "
    f"AND {IS_NOT_UNSENT_SQL})"
)
"""The rows that SQLite can sum up by itself: all is readable, and they are not void. No index is of use for that."""
_TABLE = (
    "SELECT date(created, 'unixepoch', 'localtime') AS day, notebook, backend, model, COUNT(*), SUM(credits) "  # noqa: S608
    f"FROM jobs WHERE created >= ? AND +credits > 0 AND {_PLAIN} GROUP BY day, notebook, backend, model"
)
_PARTS = "rowid, id, created, credits, notebook, backend, request, model, asked_by, phase"
_OTHERS = f"SELECT {_PARTS} FROM jobs WHERE credits IS NOT 0 AND NOT {_PLAIN}"  # noqa: S608 - our own clauses
SET_SECONDS, DAY_SECONDS = 300.0, 86_400.0
"""How far a clock and the machine's own seconds may part before the clock counts as set; and a day of such seconds."""
_SET_SINCE = (
    f"(boot = :boot AND uptime BETWEEN :uptime - {DAY_SECONDS:.0f} AND :uptime "
    f"AND ABS((:now - created) - (:uptime - uptime)) > {SET_SECONDS:.0f})"
)
"""The rows of the last 24 hours that carry the date of a clock that was set since."""
# text and blobs are more than any number, NULL is neither
_MAY_BE_OF_DAY = ("created >= :begin", "created < 0", "created IS NULL", _SET_SINCE)


def _of_day(selected: str) -> str:
    """Return the selection of the rows that were written since the first of a day, and of those that may be of it."""
    # apart, each part has an index; +rowid, since most rows that it finds there were written since the first
    earlier = (f"SELECT rowid FROM jobs WHERE +rowid < :first AND {part}" for part in _MAY_BE_OF_DAY)  # noqa: S608 - our own clauses
    return f"{selected} AND rowid >= :first UNION ALL {selected} AND rowid IN ({' UNION '.join(earlier)})"


_PRICES = (
    f"SELECT created, credits, backend, asked_by, CASE WHEN {_PLAIN} THEN credits END AS price "  # noqa: S608
    "FROM jobs WHERE TRUE"
)
_OF_USER = " AND asked_by = :user"
_PLAIN_IN_ALL = (
    f"(typeof(credits) = 'integer' AND credits BETWEEN 0 AND {MOST_CREDITS} AND typeof(backend) = 'text' "
    f"AND typeof(asked_by) = 'text' AND {IS_NOT_UNSENT_SQL})"
)
"""The same where no day is asked for: all of it stands in one index."""
_SUM_IN_ALL = f"SELECT COALESCE(SUM(credits), 0) FROM jobs WHERE backend = :backend AND {_PLAIN_IN_ALL}"  # noqa: S608 - our own clauses
_OTHERS_IN_ALL = (
    f"SELECT {_PARTS} FROM jobs WHERE rowid IN "  # noqa: S608 - our own clauses
    f"(SELECT rowid FROM jobs WHERE credits IS NOT 0 AND NOT {_PLAIN_IN_ALL})"
)
_BY_USER = (
    f"SELECT asked_by, backend, model, COUNT(CASE WHEN {IS_DONE_SQL} THEN 1 END), SUM(credits), MAX(created) FROM jobs "  # noqa: S608
    f"WHERE +credits > 0 AND {_PLAIN} GROUP BY asked_by, backend, model"
)
_OTHERS_OF_DAY = f"{_of_day(_OTHERS)} ORDER BY rowid"


class Spent(NamedTuple):
    """What was spent in a time."""

    credits: int
    notes: tuple[str, ...] = ()
    """What of it is not plain."""


class LedgerSpending:
    """What the jobs of a ledger cost. Raises `LedgerError` as the ledger does."""

    def __init__(self, table: JobTable) -> None:
        self._table = table

    @plain_arguments
    def today(self, backend: str) -> int:
        """Return the credits spent at a backend since local midnight, by all notebooks; see `spent_on_day`."""
        with self._table.database.opened() as connection:
            void = void_ids(abandoned_jobs(self._table, connection))
            return spent_on_day(connection, self._table.beats.moment(), void, backend=backend).credits

    @plain_arguments
    def by_day(self, since: float = 0.0) -> list[Spending]:
        """Return what each notebook spent on each day with each model, the newest day first; what is free stays out.

        `since` is in Unix seconds.
        """
        with self._table.database.opened() as connection:
            rows = spending_table(connection, since, void_ids(abandoned_jobs(self._table, connection)))
            unmask = self._table.addresses.unmask_if_known
            return [row._replace(notebook=unmask(row.notebook)) for row in rows]

    def by_user(self) -> list[UserSpending]:
        """Return what each user spent with each model, the user who spent most first; what is free stays out."""
        with self._table.database.opened() as connection:
            return spending_by_user(connection, void_ids(abandoned_jobs(self._table, connection)))

    def __call__(self, since: float = 0.0) -> list[Spending]:
        """Return the same, by an earlier name."""
        warn_renamed("ledger.spending()", "ledger.spending.by_day()")
        return self.by_day(since)


def spent_on_day(
    connection: Connection, moment: Moment, void: Collection[str], *, backend: str, user: str | None = None
) -> Spent:
    """Return the credits spent at a backend on the local day of `moment`, by all notebooks: their names change.

    Counted is what is dated on that day or later, and what was written after the first row of that day. A row whose
    date cannot be read counts unless one that was written later is of an earlier day.

    Args:
        connection: The ledger.
        moment: The present one.
        void: Ids of jobs that nobody will send.
        backend: Where it was spent; a row in which that cannot be read counts for all.
        user: By whom, as the ledger spells the name; by default by all.
    """
    begin, end = local_day(moment.now)
    values = {"begin": begin, "end": end, "backend": backend, "user": user, **moment._asdict()}
    values["first"] = first_row_between(connection, begin, end)
    spent, ahead, others = connection.execute(_sum_of_day(_only(user)), values).fetchone()
    notes = []
    for row in _counted(_others_of_day(connection, values) if others else [], void, backend, user):
        price, is_certain = counted_credits(dict(row))
        spent += price
        ahead += price if (sound_moment(row["created"]) or 0.0) >= end else 0
        if not is_certain:
            notes.append(_unreadable_note(row, price))
    if ahead:
        notes.insert(0, f"{ahead} of them are dated after today, by a clock that was ahead")
    return Spent(spent, tuple(notes))


def spent_in_all(connection: Connection, void: Collection[str], *, backend: str, user: str | None = None) -> Spent:
    """Return the credits that were ever spent at a backend; the rest as of `spent_on_day`."""
    values = {"backend": backend, "user": user}
    spent = int(connection.execute(_SUM_IN_ALL + _only(user), values).fetchone()[0])
    notes = []
    for row in _counted(connection.execute(_OTHERS_IN_ALL).fetchall(), void, backend, user):
        price, is_certain = counted_credits(dict(row))
        spent += price
        if not is_certain:
            notes.append(_unreadable_note(row, price))
    return Spent(spent, tuple(notes))


@cache
def _sum_of_day(of_user: str) -> str:
    """Return the statement for the credits of a day, for those of them dated after it, and for how many rows SQL
    cannot count: so each row, which is long, is read once where there are none.
    """
    price = f"CASE WHEN backend = :backend{of_user} THEN price END"
    return (
        f"SELECT COALESCE(SUM({price}), 0), COALESCE(SUM(CASE WHEN created >= :end THEN {price} END), 0), "  # noqa: S608
        "COUNT(CASE WHEN price IS NULL AND credits IS NOT 0 THEN 1 END) "
        f"FROM ({_of_day(_PRICES)}) AS priced"
    )


def _only(user: str | None) -> str:
    return "" if user is None else _OF_USER


def _counted(rows: list[Row], void: Collection[str], backend: str, user: str | None) -> list[Row]:
    """Return the rows that count for a backend and a user: what cannot be read of either counts for all."""
    return [
        row
        for row in rows
        if row["id"] not in void and _is_of(row["backend"], backend) and (user is None or _is_of(row["asked_by"], user))
    ]


def _unreadable_note(row: Row, price: int) -> str:
    return f"job {row_name(row['id'], row['rowid'])} cannot be read and counts as {price}"


def _others_of_day(connection: Connection, values: dict[str, Any]) -> list[Row]:
    """Return the rows of a day that SQLite cannot sum up by itself."""
    first = values["first"]
    rows = connection.execute(_OTHERS_OF_DAY, values).fetchall()
    undated = {row["rowid"] for row in rows if row["rowid"] < first and sound_moment(row["created"]) is None}
    passed = _last_row_before(connection, values["begin"]) if undated else 0
    return [row for row in rows if row["rowid"] not in undated or row["rowid"] > passed]


def spending_table(connection: Connection, since: float, void: Collection[str]) -> list[Spending]:
    """Return what each notebook spent on each day, the newest day first; jobs that cost nothing do not count."""
    jobs: Counter[tuple[str, str, str, str]] = Counter()
    prices: Counter[tuple[str, str, str, str]] = Counter()
    for day, notebook, backend, model, number, price in connection.execute(_TABLE, (since,)):
        jobs[day, notebook, backend, model] += number
        prices[day, notebook, backend, model] += price
    for row in connection.execute(_OTHERS):
        moment, (price, _) = sound_moment(row["created"]), counted_credits(dict(row))
        if row["id"] not in void and price and (moment is None or moment >= since):
            key = _date(moment), _text(row["notebook"]), _text(row["backend"]), _text(row["model"])
            jobs[key] += 1
            prices[key] += price
    rows = [
        Spending(
            day, notebook, backend, jobs[day, notebook, backend, model], prices[day, notebook, backend, model], model
        )
        for day, notebook, backend, model in sorted(jobs, key=lambda key: key[1:])
    ]
    return sorted(rows, key=lambda row: row.day, reverse=True)


def spending_by_user(connection: Connection, void: Collection[str]) -> list[UserSpending]:
    """Return what each user spent at each backend with each model; who spent most comes first."""
    found: dict[tuple[str, str, str], UserSpending] = {}

    def add(row: UserSpending) -> None:
        known = found.get(row[:3])
        if known is not None:
            last = max((each for each in (known.last, row.last) if each is not None), default=None)
            row = row._replace(videos=known.videos + row.videos, credits=known.credits + row.credits, last=last)
        found[row[:3]] = row

    for row in connection.execute(_BY_USER):
        add(UserSpending(*row))
    for row in connection.execute(_OTHERS):
        price, _ = counted_credits(dict(row))
        if row["id"] not in void and price:
            user, backend, model = (_text(row[name]) for name in ("asked_by", "backend", "model"))
            made = int(row["phase"] == Phase.DONE)
            add(UserSpending(user, backend, model, made, price, sound_moment(row["created"])))
    spent: Counter[tuple[str, str]] = Counter()
    for each in found.values():
        spent[each.backend, each.user] += each.credits
    return sorted(found.values(), key=lambda row: (row.backend, -spent[row.backend, row.user], *row[:3]))


def local_day(now: float) -> tuple[float, float]:
    """Return the beginning of the local day and of the next, in Unix seconds; 23 to 25 hours where clocks change."""
    return _midnights(int(now // 60), time.tzname)


# for each midnight the system looks at its file of time zones, which may change under a traveller
@lru_cache(maxsize=8)
def _midnights(minute: int, zone: tuple[str, str]) -> tuple[float, float]:  # noqa: ARG001 - of another zone it is another day
    """Return the same of a minute: midnight is at a whole one."""
    today = time.localtime(minute * 60)
    begin, end = (
        time.mktime((today.tm_year, today.tm_mon, today.tm_mday + days, 0, 0, 0, 0, 0, -1)) for days in (0, 1)
    )
    return begin, end


def first_row_between(connection: Connection, begin: float, end: float) -> int:
    """Return the number of the first row that was written in a time; more than any where there is none."""
    clause = "SELECT MIN(rowid) FROM jobs WHERE created >= ? AND created < ?"
    found = connection.execute(clause, (begin, end)).fetchone()[0]
    return 2**63 - 1 if found is None else int(found)


def _last_row_before(connection: Connection, begin: float) -> int:
    clause = "SELECT MAX(rowid) FROM jobs WHERE created >= 0 AND created < ?"
    return int(connection.execute(clause, (begin,)).fetchone()[0] or 0)


def _is_of(value: Any, wanted: str) -> bool:
    return value == wanted or not isinstance(value, str)


def _date(moment: float | None) -> str:
    return UNKNOWN if moment is None else time.strftime("%Y-%m-%d", time.localtime(moment))


def _text(value: Any) -> str:
    return value if isinstance(value, str) else UNKNOWN
