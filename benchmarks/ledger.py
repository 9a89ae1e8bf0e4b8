"""What the ledger costs beside a bare SQLite transaction, and how it stands eight processes (performance goal 7)."""

from __future__ import annotations

import json
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

from runway_nb.errors import RunwayError
from runway_nb.ledger.database import LedgerFile
from runway_nb.ledger.lease import new_owner
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.record import Record

Row = tuple[str, float, str]
Said = list[tuple[str, Any]]
"""Statements with their values, as the ledger gave them to its engine."""
ROUNDS, BATCH = 40, 10
JOBS = 10_000
WRITERS, SECONDS = 8, 30.0
BODY = {"text_prompt": "The lighthouse lamp starts to turn as fog rolls in", "seconds": 10, "seed": 3178220541}
CELL = "%%runway --seconds 10 --zoom 2\nThe lighthouse lamp starts to turn as fog rolls in"
TASK = "user:4711-runwayml:studio@example.org-task:9c2a1f34-58c1-4f0b-b1f4-"


def new_record(job_id: str, owner: str = "", phase: str = "preparing") -> Record:
    """Return a record as the studio makes one."""
    return Record(
        job_id, phase, BODY, "gen3turbo", f"v1:{job_id}", f"rnb-{job_id}", 50, simulated=False, original_request=BODY,
        backend="api.useapi.net", notebook="film.ipynb", folder="/home/user/films", cell=CELL, owner=owner,
        prompt_hash="0123456789abcdef01234567",
    )  # fmt: skip


def measure() -> list[Row]:
    """Name, figure and goal of each measurement."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        return [
            *_beside_bare(home / "pace"),
            *_beside_the_same(home / "same"),
            *_large(home / "large"),
            *_hammered(home / "busy"),
        ]


class Overheard(sqlite3.Connection):
    """Notes what the ledger says to the file."""

    said: ClassVar[Said] = []

    def execute(self, statement: str, values: Any = (), /) -> sqlite3.Cursor:
        self.said.append((statement, values))
        return super().execute(statement, values)

    @classmethod
    def open(cls, path: Path) -> sqlite3.Connection:
        """Connect as the ledger does."""
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, isolation_level=None, factory=cls)
        connection.row_factory = sqlite3.Row
        return connection


def noted(said: Said, act: Callable[[], object]) -> Said:
    """Return what was said in one act."""
    said.clear()
    act()
    return [*said]


class Bare:
    """The same rows in the same tables with nothing but the standard library, WAL and FULL."""

    def __init__(self, home: Path) -> None:
        ledger = Ledger(home)
        ledger.recent(1)
        ledger.close()
        self._connection = sqlite3.connect(home / "ledger.sqlite3", isolation_level=None)
        self._connection.execute("PRAGMA synchronous = FULL")
        self._row = {"created": 0.0, "updated": 0.0} | {
            name: json.dumps(value) if isinstance(value, dict) else value
            for name, value in vars(new_record("0")).items()
        }
        self._insert = _insert(self._row)

    def insert(self, job_id: str, *, and_update: str = "") -> None:
        """One transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        if and_update:
            self._connection.execute("UPDATE jobs SET resent_as = ? WHERE id = ?", (job_id, and_update))
        row = {**self._row, "id": job_id, "digest": f"v1:{job_id}", "reply_ref": f"rnb-{job_id}"}
        self._connection.execute(self._insert, tuple(row.values()))
        self._connection.execute("COMMIT")

    def update(self, job_id: str) -> None:
        """One transaction."""
        self._connection.execute("BEGIN IMMEDIATE")
        self._connection.execute(
            "UPDATE jobs SET phase = ?, sent = ?, updated = ? WHERE id = ?", ("sending", 1.0, 1.0, job_id)
        )
        self._connection.execute("COMMIT")

    def repeat(self, said: Said) -> None:
        """Say what a ledger has said, and read what is answered."""
        for statement, values in said:
            self._connection.execute(statement, values).fetchall()

    def close(self) -> None:
        self._connection.close()


def _beside_bare(home: Path) -> list[Row]:
    """Ours and bare transactions in turn, small batches, as ratios of medians."""
    ledger, bare = Ledger(home / "ours"), Bare(home / "bare")
    owner = new_owner()
    sides: dict[str, Callable[[str], object]] = {
        "bare insert": bare.insert,
        # sent, so that a claim does not meet hundreds of requests that wait
        "add": lambda name: ledger.add(new_record(name, owner, "following")),
        "bare update": bare.update,
        # at rest and in doubt, so that the claim may send it again
        "update": lambda name: ledger.update(name, by=owner, phase="unknown", sent=1.0, owner="", lease=0.0),
        "bare both": lambda name: bare.insert(f"b{name}", and_update=name),
        "claim": lambda name: ledger.claim(new_record(f"b{name}", owner, "following"), lambda _: None, replaces=name),
    }
    took = medians(sides, ROUNDS, BATCH)
    ledger.close()
    bare.close()
    written = (took["add"] + took["update"]) / (took["bare insert"] + took["bare update"])
    return [
        ("bare transaction that inserts and updates, ms", took["bare both"] * 1000, ""),
        ("claim that inserts and updates / bare", took["claim"] / took["bare both"], "<= 1.2"),
        ("claim that inserts and updates, ms", took["claim"] * 1000, ""),
        ("add and update, two transactions / bare", written, "<= 1.2"),
        ("add / bare insert", took["add"] / took["bare insert"], ""),
        ("update / bare update", took["update"] / took["bare update"], ""),
    ]


def _beside_the_same(home: Path) -> list[Row]:
    """Ours and the same statements by the driver alone in turn; each job ends, so that few are ever under way.

    What a second ledger says of the same jobs is noted, and said to a third file: so each has the same rows.
    """
    heard = Ledger(home / "heard", database=LedgerFile(home / "heard", time.time, Overheard.open))
    ledger, bare, owner = Ledger(home / "ours"), Bare(home / "bare"), new_owner()
    heard.recent(1)
    records: dict[str, Record] = {}
    said: dict[str, Said] = {}

    def claim(of: Ledger, name: str) -> None:
        of.claim(records[name], lambda _: None)

    def update(of: Ledger, name: str) -> None:
        of.update(name, by=owner, phase="done", lease=0.0)

    def note(act: Callable[[Ledger, str], None], name: str) -> None:
        said[name] = noted(Overheard.said, lambda: act(heard, name))

    sides: dict[str, Callable[[str], object]] = {
        "asked for": lambda name: records.setdefault(name, new_record(name, owner, "following")),
        "claim": lambda name: claim(ledger, name),
        "heard of claim": lambda name: note(claim, name),
        "said of claim": lambda name: bare.repeat(said[name]),
        "update": lambda name: update(ledger, name),
        "heard of update": lambda name: note(update, name),
        "said of update": lambda name: bare.repeat(said[name]),
    }
    took = medians(sides, ROUNDS, BATCH)
    for each in (heard, ledger, bare):
        each.close()
    return [
        ("claim / the same statements by the driver alone", took["claim"] / took["said of claim"], "<= 1.3"),
        ("update / the same", took["update"] / took["said of update"], "<= 1.3"),
        ("claims per second", 1 / took["claim"], ""),
        ("updates per second", 1 / took["update"], ""),
    ]


def medians(sides: Mapping[str, Callable[[str], object]], rounds: int, batch: int) -> dict[str, float]:
    """Return the median seconds of each side; they take turns in small batches, each call with an id of its own."""
    times: dict[str, list[float]] = {side: [] for side in sides}
    for number in range(rounds):
        for side, act in sides.items():
            for each in range(batch):
                began = time.perf_counter()
                act(f"{number:03x}{each:04x}")
                times[side].append(time.perf_counter() - began)
    return {side: statistics.median(seconds) for side, seconds in times.items()}


def _large(home: Path) -> list[Row]:
    """Ten thousand jobs of a few months."""
    Ledger(home).recent(1)
    with closing(sqlite3.connect(home / "ledger.sqlite3", isolation_level=None)) as connection:
        fill(connection, [json.dumps(BODY)] * JOBS)
    opening, listing, claiming = [], [], []
    for number in range(15):
        ledger = Ledger(home)
        opening.append(took(lambda ledger=ledger: ledger.get("00000000")))  # type: ignore[misc]
        listing.append(took(lambda ledger=ledger: ledger.recent(50)))  # type: ignore[misc]
        new = new_record(f"ffff{number:04x}", new_owner())
        claiming.append(took(lambda ledger=ledger, new=new: ledger.claim(new, lambda _: None)))  # type: ignore[misc]
        ledger.close()
    return [
        (f"{JOBS:,} jobs: opening and reading one, ms", statistics.median(opening), "<= 20"),
        (f"{JOBS:,} jobs: listing 50, ms", statistics.median(listing), "<= 5"),
        (f"{JOBS:,} jobs: claiming a request, ms", statistics.median(claiming), ""),
    ]


def fill(connection: sqlite3.Connection, bodies: Iterable[str]) -> None:
    """Write the jobs of a few months, each with one of the bodies.

    They go in through one transaction, and as far as the file has columns: what is measured is what comes after.
    """
    columns = {name for _, name, *_ in connection.execute("PRAGMA table_info(jobs)")}
    now = time.time()
    row = {
        **{name: value for name, value in vars(new_record("0")).items() if name in columns},
        "task_id": "",
        "phase": "done",
        "video": "/home/user/films/runway_outputs/lamp.mp4",
        "took": 61.0,
    }
    rows = [
        {**row, "id": f"{n:08x}", "digest": f"v1:{n}", "prompt_hash": f"{n:024x}", "reply_ref": f"rnb-{n:08x}",
         "created": now - 600.0 * (JOBS - n), "updated": now, "request": body, "original_request": body,
         "task_id": f"user:4711-runwayml:account~0123456789ab-task:9c2a1f34-58c1-4f0b-b1f4-{n:012x}"}
        for n, body in enumerate(bodies)
    ]  # fmt: skip
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(_insert(rows[0]), [tuple(row.values()) for row in rows])
    connection.execute("COMMIT")


def _insert(row: Mapping[str, object]) -> str:
    return f"INSERT INTO jobs ({', '.join(row)}) VALUES ({', '.join('?' * len(row))})"


def took(work: Callable[[], object]) -> float:
    """Milliseconds."""
    began = time.perf_counter()
    work()
    return (time.perf_counter() - began) * 1000


def _hammered(home: Path) -> list[Row]:
    """Eight processes that claim, update and read without a pause."""
    writers = [
        subprocess.Popen(
            [sys.executable, "-m", __name__, str(home), str(number)],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )
        for number in range(WRITERS)
    ]  # fmt: skip
    for writer in writers:
        assert writer.stdout is not None
        assert writer.stdout.readline() == "ready\n"
    for writer in writers:
        assert writer.stdin is not None
        writer.stdin.write("go\n")
        writer.stdin.flush()
    told = [json.loads(writer.communicate()[0]) for writer in writers]
    written = {job_id for ids, _, _ in told for job_id in ids}
    ledger = Ledger(home)
    found = {record.id: record.phase for record in ledger.recent(10**6) if isinstance(record, Record)}
    ledger.close()
    lost = sum(found.get(job_id) != "sending" for job_id in written)
    name = f"{WRITERS} processes, {SECONDS:.0f} s"
    return [
        (f"{name}: rows lost or left behind", float(lost), "= 0"),
        (f"{name}: errors", float(sum(len(errors) for _, _, errors in told)), "= 0"),
        (f"{name}: longest wait of one call, s", max(longest for _, longest, _ in told), "<= 2"),
        (f"{name}: requests written per second", len(written) / SECONDS, ""),
    ]


def _write(home: Path, number: int) -> None:
    """What one of the processes does: it says which requests it has written, its longest wait, and what went wrong."""
    ledger, owner = Ledger(home), new_owner()
    ledger.recent(1)
    print("ready", flush=True)
    sys.stdin.readline()
    written, waits, errors = list[str](), list[float](), list[str]()

    def has_done(call: Callable[[], object]) -> bool:
        began = time.monotonic()
        try:
            call()
        except RunwayError as error:
            errors.append(repr(error))
            return False
        finally:
            waits.append(time.monotonic() - began)
        return True

    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        job_id = f"{number:02x}{len(waits):06x}"
        if has_done(partial(ledger.claim, new_record(job_id, owner), lambda _: None)):
            written.append(job_id)
        has_done(partial(ledger.update, job_id, by=owner, phase="sending", sent=time.time()))
        has_done(partial(ledger.get, job_id))
    print(json.dumps([written, max(waits), errors]))


if __name__ == "__main__":
    _write(Path(sys.argv[1]), int(sys.argv[2]))
