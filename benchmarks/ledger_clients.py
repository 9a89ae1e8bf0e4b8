"""Many clients that claim without a pause, then update, beside as many that say the same by the driver alone.

Each client is a process. All of one run have equally many jobs, so both sides meet equally many rows; what a ledger
says of them to a place apart is noted before the run begins. The driver waits for others in its own way.
"""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import count
from pathlib import Path
from typing import NamedTuple

import psycopg

from runway_nb.errors import LedgerError
from runway_nb.ledger.database import LedgerFile
from runway_nb.ledger.lease import new_owner
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.record import Record

from . import ledger as sqlite
from . import ledger_server as server
from .ledger import Row, Said, noted

CLIENTS, JOBS, ROUNDS = (8, 32), 480, 3
ACTS = ("claim", "update")
PATIENCE = 60.0
"""Seconds for which the driver alone waits for others."""
Act = Callable[[], object]
Client = subprocess.Popen[str]


class Run(NamedTuple):
    """What some clients did at once."""

    pace: float
    """Calls per second."""
    longest: float
    """Seconds of the longest call."""
    evenness: float
    """Seconds after which the first client has ended / the last."""
    errors: int


def measure() -> list[Row]:
    """Name, figure and goal of each measurement."""
    with tempfile.TemporaryDirectory() as folder:
        rows = _beside_bare("SQLite", (str(Path(folder) / str(number)) for number in count()))
    postgres = server.started()
    try:
        return rows + _beside_bare("server", (postgres.new_database(f"clients{number}") for number in count()))
    finally:
        postgres.remove()


def _beside_bare(engine: str, places: Iterator[str]) -> list[Row]:
    """Ours and bare in turn, as ratios of medians."""
    rows: list[Row] = []
    for clients in CLIENTS:
        ours, bare = list[list[Run]](), list[list[Run]]()
        for _ in range(ROUNDS):
            ours.append(_runs(engine, "ours", clients, next(places), next(places)))
            bare.append(_runs(engine, "bare", clients, next(places), next(places)))
        for number, act in enumerate(ACTS):
            name = f"{engine}, {clients} clients: {act}"
            rows += _rows(name, *([runs[number] for runs in each] for each in (ours, bare)))
            evenness = min(runs[number].evenness for runs in ours)
            rows.append((f"{name}s, the first client to end / the last", evenness, ENGINES[engine].evenness))
    return rows


def _rows(name: str, ours: Sequence[Run], bare: Sequence[Run]) -> list[Row]:
    pace, alone = (statistics.median(run.pace for run in side) for side in (ours, bare))
    return [
        (f"{name}s per second", pace, ""),
        (f"{name}s per second by the driver alone / ours", alone / pace, "<= 1.3"),
        (f"{name}, longest wait, s", max(run.longest for run in ours), "<= 2"),
        (f"{name}, longest wait of the driver alone, s", max(run.longest for run in bare), ""),
        (f"{name}, errors of either", float(sum(run.errors for run in (*ours, *bare))), "= 0"),
    ]


def _runs(engine: str, side: str, clients: int, place: str, apart: str) -> list[Run]:
    """Let clients do each of `ACTS` for their jobs, all at once."""
    for each in (place, apart):
        ENGINES[engine].ledger(each).close()
    each_has = JOBS // clients
    started = [
        subprocess.Popen(
            [sys.executable, "-m", __name__, engine, side, place, apart, str(number), str(each_has)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(clients)
    ]  # fmt: skip
    runs = [_run(started, each_has) for _ in ACTS]
    for client in started:
        client.communicate()
    return runs


def _run(clients: Sequence[Client], each_has: int) -> Run:
    for client in clients:
        assert _line(client) == "ready\n"
    for client in clients:
        assert client.stdin is not None
        client.stdin.write("go\n")
        client.stdin.flush()
    told = [json.loads(_line(client)) for client in clients]
    began = min(begin for begin, _, _, _ in told)
    ends = [end - began for _, end, _, _ in told]
    return Run(
        each_has * len(clients) / max(ends),
        max(longest for _, _, longest, _ in told),
        min(ends) / max(ends),
        sum(len(errors) for _, _, _, errors in told),
    )


def _line(client: Client) -> str:
    assert client.stdout is not None
    return client.stdout.readline()


# --- what a client does -------------------------------------------------------------------------------


def _client(engine: str, side: str, place: str, apart: str, number: int, jobs: int) -> None:
    of, owner = ENGINES[engine], new_owner()
    records = [sqlite.new_record(f"{number:02x}{job:06x}", owner, "following") for job in range(jobs)]
    if side == "ours":
        acts = _acts(of.ledger(place), records)
    else:
        heard = _acts(of.overheard(apart, number), records)
        say = of.driver(place)
        acts = [[partial(say, one) for one in [noted(of.said, act) for act in some]] for some in heard]
    for some in acts:
        _say("ready")
        sys.stdin.readline()
        began = time.monotonic()
        waits = [_acted(act) for act in some]
        errors = [error for _, error in waits if error]
        _say(json.dumps([began, time.monotonic(), max(seconds for seconds, _ in waits), errors]))


def _acts(ledger: Ledger, records: Iterable[Record]) -> list[list[Act]]:
    """Return `ACTS` for each record."""
    return [
        [partial(ledger.claim, record, lambda _: None) for record in records],
        [partial(ledger.update, record.id, by=record.owner, phase="done", lease=0.0) for record in records],
    ]


def _acted(act: Act) -> tuple[float, str]:
    """Return how long an act took, and how it failed."""
    began, error = time.monotonic(), ""
    try:
        act()
    except (LedgerError, sqlite3.Error, psycopg.Error) as caught:
        error = repr(caught)
    return time.monotonic() - began, error


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


# --- the engines --------------------------------------------------------------------------------------


def _opened(ledger: Ledger) -> Ledger:
    ledger.recent(1)
    return ledger


class _File:
    """SQLite: a place is a folder. Who waits for the file stands in no line."""

    evenness = ""
    said = sqlite.Overheard.said

    def ledger(self, place: str) -> Ledger:
        return _opened(Ledger(Path(place)))

    def overheard(self, place: str, number: int) -> Ledger:
        home = Path(place) / str(number)  # nobody else is there: what is said again while one waits is not noted
        return _opened(Ledger(home, database=LedgerFile(home, time.time, sqlite.Overheard.open)))

    def driver(self, place: str) -> Callable[[Said], object]:
        connection = sqlite3.connect(Path(place) / "ledger.sqlite3", isolation_level=None, timeout=PATIENCE)
        connection.execute("PRAGMA synchronous = FULL")

        def say(said: Said) -> None:
            for statement, values in said:
                if not statement.startswith("PRAGMA"):  # how the ledger waits for others
                    connection.execute(statement, values).fetchall()

        return say


class _Server:
    """PostgreSQL: a place is the address of a database."""

    evenness = ">= 0.5"
    said = server.Overheard.said

    def ledger(self, place: str) -> Ledger:
        return server.opened(place, Path(tempfile.gettempdir()))

    def overheard(self, place: str, _number: int) -> Ledger:
        return _opened(server.overhearing(place, Path(tempfile.gettempdir())))

    def driver(self, place: str) -> Callable[[Said], object]:
        bare = server.Bare(place, ())
        return lambda said: bare.repeat(said, server.HEARD)


ENGINES: dict[str, _File | _Server] = {"SQLite": _File(), "server": _Server()}

if __name__ == "__main__":
    _client(*sys.argv[1:5], *map(int, sys.argv[5:]))  # type: ignore[arg-type]
