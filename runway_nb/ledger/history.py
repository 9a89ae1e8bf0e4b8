"""The history: jobs that a filter lets through, the newest first, page by page."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, NamedTuple

from ..errors import InvalidRequest
from ..models import model_named
from ..values.arguments import plain_arguments
from ..values.plain import checked_kind, checked_switch, checked_text, checked_whole, plain
from ..values.whole_text import whole_text
from .job_table import JOB_COLUMNS, JobTable, job_not_found
from .marks import LedgerMarks, Marks
from .phase import IS_WITHOUT_VIDEO_SQL
from .record import AnyRecord
from .rows import row_number
from .search_text import phrases
from .since import since_moment, since_problem

if TYPE_CHECKING:
    from .engine import Connection, Row

_IS_NOTEBOOK = r"notebook = ? OR substr(notebook, length(notebook) - length(?)) IN ('/' || ?, '\' || ?)"
"""The path that was given, or one that ends with its names."""
ALL = 2**63 - 1
"""More jobs than any ledger has."""
AT_ONCE = 500
"""Jobs that are read at once where all are wanted."""
_FROM = "FROM jobs LEFT JOIN marks ON marks.job_id = jobs.id"
_ASKED = (
    "CASE WHEN jobs.rowid IN (SELECT rowid FROM jobs WHERE imported = 1) AND typeof(sent) IN ('integer', 'real') "
    "THEN sent WHEN typeof(created) IN ('integer', 'real') THEN created ELSE 0 END"
)
"""`Record.asked`: what was made elsewhere was written down here later. Before all others where it is spoilt.

By the index of imported jobs: what stands at the end of a long row takes its time.
"""
_PLACE = f"({_ASKED}, jobs.rowid)"
_NEWEST_FIRST = f"ORDER BY {_ASKED} DESC, jobs.rowid DESC"
_LATEST = (math.inf, 2**63 - 1)
"""A place behind that of every job."""


@dataclass(frozen=True)
class HistoryFilter:
    """Which jobs of the ledger are wanted; all that is given has to hold."""

    words: str = ""
    """Each stands in the prompt, the note or the id, at least as the beginning of a word; case and accents do not
    count. No word has a meaning of its own."""
    model: str = ""
    """The name of a model."""
    since: float | None = None
    """Unix seconds; made then or later."""
    stars: bool = False
    """Starred."""
    notebook: str = ""
    """The path of a notebook, or its end: `film.ipynb`, or `film` without its suffix."""
    failed: bool = False
    """Ended without a video: refused, or failed."""


EVERYTHING = HistoryFilter()


def read_filter(
    now: float,
    words: object = "",
    model: object = None,
    since: object = None,
    stars: object = False,
    notebook: object = None,
    failed: object = False,
) -> HistoryFilter:
    """Return the filter that a user asks for. Raises `InvalidRequest` with all mistakes.

    Args:
        now: Unix seconds, from which 7d counts back.
        words: As in `HistoryFilter`.
        model: A name of `%runway models`, or None.
        since: What `since_moment` reads, or None.
        stars: True or False.
        notebook: As in `HistoryFilter`, or None.
        failed: True or False.
    """
    readers: tuple[Callable[[object, str], Any], ...] = (
        checked_text, _read_model, lambda value, _: _read_since(value, now),
        checked_switch, checked_text, checked_switch,
    )  # fmt: skip
    values, problems = dict[str, Any](), list[str]()
    given = (words, model, since, stars, notebook, failed)
    for field, value, read in zip(fields(HistoryFilter), given, readers, strict=True):
        try:
            values |= {} if value is None else {field.name: read(value, field.name)}
        except InvalidRequest as error:
            problems.extend(error.problems)
    if problems:
        raise InvalidRequest(problems)
    return HistoryFilter(**values)


def _read_model(value: object, _: str) -> str:
    return model_named(plain(value)).name


def _read_since(value: object, now: float) -> float:
    if (moment := since_moment(value, now)) is None:
        raise InvalidRequest([since_problem(value)])
    return moment


class HistoryEntry(NamedTuple):
    """One job of the history."""

    record: AnyRecord
    marks: Marks


class HistoryPage(NamedTuple):
    """Some jobs of the history."""

    entries: tuple[HistoryEntry, ...]
    """The newest first."""
    first: int
    """The number of the first of them among all that the filter lets through, from 1."""
    total: int
    """How many it lets through in all."""

    @property
    def last(self) -> int:
        """The number of the last of them; one less than `first` where there are none."""
        return self.first + len(self.entries) - 1

    @property
    def next(self) -> str:
        """The id before which the next page begins; nothing on the last page."""
        return self.entries[-1].record.id if self.entries and self.last < self.total else ""


class LedgerHistory:
    """The jobs of a ledger by what is wanted of them. Raises `LedgerError` as the ledger does."""

    def __init__(self, table: JobTable, marks: LedgerMarks) -> None:
        self._table = table
        self._marks = marks

    def wanted(self, words: object = "", **options: object) -> HistoryFilter:
        """Return the filter that a user asks for, with the options of `read_filter`. Raises `InvalidRequest`."""
        return read_filter(self._table.beats.moment().now, words, **options)

    @plain_arguments
    def page(self, wanted: HistoryFilter = EVERYTHING, *, limit: int = 20, before: str = "") -> HistoryPage:
        """Return the newest jobs that a filter lets through; `before` the job of that id, which begins a next page.

        Page after page each job comes once, also when others are written meanwhile. At most `limit` jobs, from 1.

        Raises `JobNotFound` where `before` is the id of no job.
        """
        checked_kind(wanted, "wanted", HistoryFilter, "a HistoryFilter")
        limit = max(1, limit)
        with self._table.database.opened() as connection:
            clause, values = self._condition(connection, wanted)
            start = self._place_of(connection, before)
            count = f"SELECT COUNT(*), COUNT(CASE WHEN {_PLACE} >= (?, ?) THEN 1 END) {_FROM} WHERE {clause}"
            total, passed = connection.execute(count, (*start, *values)).fetchone()
            # the numbers first: a whole row is long
            chosen = f"SELECT jobs.rowid {_FROM} WHERE {clause} AND {_PLACE} < (?, ?) {_NEWEST_FIRST} LIMIT ?"
            page = f"SELECT {JOB_COLUMNS}, star, rejected, note {_FROM} WHERE jobs.rowid IN ({chosen}) {_NEWEST_FIRST}"
            rows = connection.execute(page, (*values, *start, limit)).fetchall()
            return HistoryPage(tuple(map(self._entry, rows)), passed + 1, total)

    def all(self, wanted: HistoryFilter = EVERYTHING, *, limit: int = ALL) -> Iterator[HistoryEntry]:
        """Yield the jobs that a filter lets through, the newest first, at most `limit`; 500 are read at once."""
        before, left = "", checked_whole(limit, "limit", 0, ALL)
        while left > 0:
            page = self.page(wanted, limit=min(AT_ONCE, left), before=before)
            yield from page.entries
            left -= len(page.entries)
            if not (before := page.next):
                return

    def _entry(self, row: Row) -> HistoryEntry:
        return HistoryEntry(self._table.read(row), self._marks.read(row))

    def _place_of(self, connection: Connection, job_id: str) -> tuple[float, int]:
        """Return where a job stands in the order; behind all where none is named."""
        if not job_id:
            return _LATEST
        clause, value = ("id", whole_text(job_id)) if (number := row_number(job_id)) is None else ("rowid", number)
        found = f"SELECT {_ASKED}, rowid FROM jobs WHERE {clause} = ?"  # noqa: S608 - our own clauses
        row = connection.execute(found, (value,)).fetchone()
        if row is None:
            raise job_not_found(job_id)
        return row[0], row[1]

    def _condition(self, connection: Connection, wanted: HistoryFilter) -> tuple[str, list[Any]]:
        """Return the SQL condition of a filter, and its values."""
        clauses, values = ["TRUE"], list[Any]()
        if searched := phrases(self._table.clean(whole_text(wanted.words))):
            clause, values = self._table.database.matching(connection, searched)
            clauses.append(clause)
        if wanted.model:
            clauses.append("model = ?")
            values.append(whole_text(wanted.model))
        if wanted.since is not None:
            clauses.append(f"{_ASKED} >= ?")
            values.append(wanted.since)
        if wanted.notebook:
            names = [whole_text(wanted.notebook), f"{whole_text(wanted.notebook)}.ipynb"]
            clauses.append(f"({' OR '.join([_IS_NOTEBOOK] * len(names))})")
            values += [name for name in map(self._table.clean, names) for _ in range(4)]
        clauses += ["star = 1"] * wanted.stars + [IS_WITHOUT_VIDEO_SQL] * wanted.failed
        return " AND ".join(clauses), values
