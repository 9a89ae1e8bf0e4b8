"""What a ledger on a server costs beside the bare driver.

A server of its own on a socket, which writes to the disk at each COMMIT as a real one does.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, ClassVar

import psycopg

if __name__ == "__main__" or "support" not in sys.modules:
    sys.path[:0] = [str(Path(__file__).parents[1] / "tests")]

from runway_nb.ledger.lease import new_owner
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.opening import BOOT, open_ledger
from runway_nb.ledger.postgres.addresses import AddressTable
from runway_nb.ledger.postgres.clock import ServerClock
from runway_nb.ledger.postgres.connection import ServerConnection, connect
from runway_nb.ledger.postgres.server import LOCK, LedgerServer
from runway_nb.ledger.postgres.statements import translated
from runway_nb.ledger_address import LedgerAddress
from support.postgres import PostgresServer

from .ledger import Said, medians, new_record, noted

Row = tuple[str, float, str]
ROUNDS, BATCH = 30, 5
LOCKED = f"SELECT pg_advisory_xact_lock({LOCK})"
HEARD = "0ea4d"
"""Id of the job of which is noted what the ledger says."""


def measure() -> list[Row]:
    """Name, figure and goal of each measurement."""
    server = started()
    try:
        with tempfile.TemporaryDirectory() as folder:
            return beside_bare(server.new_database("pace"), Path(folder))
    finally:
        server.remove()


def started() -> PostgresServer:
    """Start a server that loses nothing with the machine."""
    return PostgresServer(fsync="on", full_page_writes="on")


class Overheard(ServerConnection):
    """Notes what the ledger says to the server."""

    said: ClassVar[Said] = []

    def execute(self, statement: str, values: Any = None, /) -> Any:
        self.said.append((translated(statement), values if values is not None else ()))
        return super().execute(statement, values)

    def begin(self, statements: str) -> Any:
        self.said.append((statements, None))
        return super().begin(statements)

    @classmethod
    def open(cls, address: LedgerAddress) -> ServerConnection:
        """Connect."""
        return cls(connect(address).raw)


class Bare:
    """The same rows with the driver alone, each change under the same lock or serializable."""

    def __init__(self, url: str, begin: tuple[str, ...]) -> None:
        self._begin = begin
        self._connection = psycopg.connect(url, autocommit=True)
        self._connection.execute("SET search_path TO runway_nb")
        columns = {name for (name,) in self._connection.execute(
            "SELECT column_name FROM information_schema.columns WHERE table_name = 'jobs'")}  # fmt: skip
        row: dict[str, Any] = {
            name: str(value) if isinstance(value, dict) else int(value) if isinstance(value, bool) else value
            for name, value in vars(new_record("0", "", "following")).items()
            if name in columns
        }
        self._row = row | {"created": 0.0, "updated": 0.0}
        marks = ", ".join(["%s"] * len(self._row))
        self._insert = f"INSERT INTO jobs ({', '.join(self._row)}) VALUES ({marks})"

    def insert(self, job_id: str) -> None:
        """One change."""
        row = {**self._row, "id": job_id, "digest": f"v1:{job_id}", "reply_ref": f"rnb-{job_id}"}
        self._change(self._insert, tuple(row.values()))

    def update(self, job_id: str) -> None:
        """One change."""
        self._change("UPDATE jobs SET phase = 'sending', sent = 1.0, updated = 1.0 WHERE id = %s", (job_id,))

    def repeat(self, said: Said, job_id: str) -> None:
        """Say to the server what the ledger said of the job `HEARD`, now of another, and read what it answers."""
        for statement, values in said:
            if values is None:
                self._connection.execute(statement.encode(), prepare=False).nextset()
                continue
            found = self._connection.execute(statement.encode(), of_job(values, job_id))
            if found.description:
                found.fetchall()
        self._connection.execute("COMMIT")

    def close(self) -> None:
        self._connection.close()

    def _change(self, statement: str, values: tuple[Any, ...]) -> None:
        for begin in self._begin:
            self._connection.execute(begin.encode())
        self._connection.execute(statement.encode(), values)
        self._connection.execute("COMMIT")


def of_job(values: Any, job_id: str) -> Any:
    """Return the values of a statement about `HEARD` for another job."""
    if isinstance(values, Mapping):
        return {name: _renamed(value, job_id) for name, value in values.items()}
    return tuple(_renamed(value, job_id) for value in values)


def _renamed(value: Any, job_id: str) -> Any:
    if isinstance(value, bool):
        return int(value)
    value = value.decode() if isinstance(value, bytes) else value
    return value.replace(HEARD, job_id) if isinstance(value, str) else value


def overheard(url: str, home: Path, owner: str) -> dict[str, Said]:
    """Return what the ledger says to the server in one claim, one update and one `add`, the COMMIT left out."""
    ledger = overhearing(url, home)
    ledger.claim(new_record("first", owner, "following"), lambda _: None)  # a day without a job is added up sooner
    acts: dict[str, Callable[[], object]] = {
        "claim": lambda: ledger.claim(new_record(HEARD, owner, "following"), lambda _: None),
        "update": lambda: ledger.update(HEARD, by=owner, phase="sending", sent=1.0),
        "add": lambda: ledger.add(new_record(f"a{HEARD}", owner, "following")),
    }
    found = {name: noted(Overheard.said, act) for name, act in acts.items()}
    ledger.close()
    return found


def overhearing(url: str, home: Path) -> Ledger:
    """Return a ledger that notes what it says to the server."""
    now = ServerClock(time.time, time.monotonic)
    server = LedgerServer(LedgerAddress(url), now, Overheard.open)
    return Ledger(home, now, now, BOOT, server, AddressTable(server))


def beside_bare(url: str, home: Path) -> list[Row]:
    """Ours and bare changes in turn, small batches, as ratios of medians."""
    ledger = opened(url, home)
    locked, serializable = Bare(url, ("BEGIN", LOCKED)), Bare(url, ("BEGIN ISOLATION LEVEL SERIALIZABLE",))
    owner = new_owner()
    said = overheard(url, home, owner)
    sides: dict[str, Callable[[str], object]] = {
        "bare insert": lambda name: locked.insert(f"b{name}"),
        "serializable insert": lambda name: serializable.insert(f"s{name}"),
        "add": lambda name: ledger.add(new_record(name, owner, "following")),
        "claim": lambda name: ledger.claim(new_record(f"c{name}", owner, "following"), lambda _: None),
        "bare update": lambda name: locked.update(f"b{name}"),
        "update": lambda name: ledger.update(name, by=owner, phase="sending", sent=1.0),
        "said of add": lambda name: locked.repeat(said["add"], name),
        "said of claim": lambda name: locked.repeat(said["claim"], f"q{name}"),
        "said of update": lambda name: locked.repeat(said["update"], f"q{name}"),
    }
    took = medians(sides, ROUNDS, BATCH)
    for one in (ledger, locked, serializable):
        one.close()
    return [
        ("server: bare insert under the lock, ms", 1000 * took["bare insert"], ""),
        (
            "server: the same serializable instead / under the lock",
            took["serializable insert"] / took["bare insert"],
            "",
        ),
        ("server: add / the same statements by the driver alone", took["add"] / took["said of add"], "<= 1.3"),
        ("server: update / the same", took["update"] / took["said of update"], "<= 1.3"),
        ("server: claim / the same", took["claim"] / took["said of claim"], "<= 1.3"),
        (
            "server: add, which looks for secrets and writes a heartbeat / bare insert",
            took["add"] / took["bare insert"],
            "",
        ),
        ("server: update / bare update", took["update"] / took["bare update"], ""),
        ("server: claim, which looks at the books / bare insert", took["claim"] / took["bare insert"], ""),
        ("server: claims per second, one client", 1 / took["claim"], ""),
        ("server: updates per second, one client", 1 / took["update"], ""),
    ]


def opened(url: str, home: Path) -> Ledger:
    """Return the ledger, connected."""
    ledger = open_ledger(home, LedgerAddress(url), time.time, time.monotonic)
    ledger.recent(1)
    return ledger


if __name__ == "__main__":
    for label, value, goal in measure():
        print(f"{label:<72} {value:>9.2f}   {goal}")
