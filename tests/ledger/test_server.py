"""A ledger on a server: what only a server can do, such as go away."""

from __future__ import annotations

import os
import re
import signal
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from runway_nb.doctor.ledger_health import look_at_server
from runway_nb.errors import JobNotFound, LedgerError, NotPicklable, SettingsError
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger.postgres.addresses import AddressTable
from runway_nb.ledger.postgres.clock import ServerClock
from runway_nb.ledger.postgres.connection import ServerConnection, connect
from runway_nb.ledger.postgres.server import LedgerServer
from runway_nb.ledger.spending import spent_on_day
from runway_nb.ledger_address import LedgerAddress
from runway_nb.settings import resolve
from support.postgres import PostgresServer
from support.records import JOB, a_record

PASSWORD = "never-shown-7f3"

pytestmark = pytest.mark.slow("a PostgreSQL server that is stopped and killed")


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    made = PostgresServer()
    yield made
    made.remove()


@pytest.fixture
def ledger(server: PostgresServer, tmp_path: Path) -> Iterator[Ledger]:
    url = server.new_database(f"of_{time.monotonic_ns()}")
    ledger = open_ledger(tmp_path, LedgerAddress(url), time.time, time.monotonic)
    yield ledger
    ledger.close()


def test_the_doctor_names_engine_and_health_and_what_to_do(server: PostgresServer, ledger: Ledger) -> None:
    (found,) = look_at_server(LedgerAddress(server.url))
    assert (found.state, "it begins with the first job" in found.text) == ("ok", True)
    ledger.add(a_record())
    (found,) = look_at_server(
        LedgerAddress(server.url.replace("/postgres?", f"/{ledger.location.rpartition('/')[2]}?"))
    )
    assert found.state == "ok"
    assert re.match(r"PostgreSQL \d+\.\d+, postgresql://.*, step \d+, 1 jobs", found.text)
    (found,) = look_at_server(LedgerAddress(server.url.replace("/postgres?", "/missing?")))
    assert found.state == "wrong"
    assert PASSWORD not in f"{found}"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT])
def test_what_was_written_is_there_after_a_restart_and_the_next_call_connects_again(
    server: PostgresServer, ledger: Ledger, how: signal.Signals
) -> None:
    ledger.add(a_record())
    server.restart(how)
    ledger.update(JOB, status="RUNNING")
    assert ledger.get(JOB).status == "RUNNING"


def test_a_claim_while_the_server_is_away_is_refused_in_one_line_and_holds_once_it_is_back(
    server: PostgresServer, ledger: Ledger
) -> None:
    ledger.add(a_record())
    server.stop()
    begun = time.monotonic()
    for _ in range(20):
        with pytest.raises(LedgerError, match=r"cannot be reached .*nothing is sent while it is away") as caught:
            ledger.claim(a_record("0000000b"), lambda _: None)
        assert "\n" not in caught.value.message
    assert time.monotonic() - begun < 10, "each call waited for the server"
    server.start()
    give_up = time.monotonic() + 20
    while time.monotonic() < give_up:
        try:
            ledger.claim(a_record("0000000c"), lambda _: None)
            break
        except LedgerError:
            continue
    assert ledger.get("0000000c").id == "0000000c"
    with pytest.raises(JobNotFound):
        ledger.get("0000000b")


def test_what_a_day_has_cost_is_told_without_the_rows_of_the_days_before(ledger: Ledger) -> None:
    with ledger.table.database.transaction() as connection:
        old = a_record(phase="done", created=1.7e9, updated=1.7e9)
        for number in range(2000):
            ledger.table.write(connection, replace(old, id=f"{number:08x}", reply_ref=f"old-{number}"))
    ledger.add(a_record(JOB, phase="done"))
    with ledger.table.database.transaction() as connection:
        connection.execute("ANALYZE jobs")
    with ledger.table.database.transaction() as connection:
        moment = ledger.table.beats.moment()
        assert spent_on_day(connection, moment, (), backend=a_record().backend).credits == 25
        read = "SELECT seq_tup_read FROM pg_stat_xact_user_tables WHERE relname = 'jobs'"
        assert connection.execute(read).fetchone()[0] == 0


def test_a_change_in_whose_middle_the_server_goes_is_undone_and_said_to_be(
    server: PostgresServer, ledger: Ledger
) -> None:
    ledger.add(a_record())

    def die(_: object) -> None:
        server.restart(signal.SIGQUIT)

    with pytest.raises(LedgerError):
        ledger.claim(a_record("0000000b"), die)
    assert [record.id for record in ledger.recent()] == [JOB]


@pytest.mark.parametrize(
    ("name", "act"),
    [
        ("dumb_before", lambda ledger, fall_silent: (fall_silent(None), ledger.get(JOB))),
        ("dumb_in_a_change", lambda ledger, fall_silent: ledger.claim(a_record("0000000b"), fall_silent)),
    ],
)
def test_a_server_that_takes_words_and_never_answers_is_given_up(
    server: PostgresServer, tmp_path: Path, name: str, act: Callable[[Ledger, Callable[[object], None]], object]
) -> None:
    address = LedgerAddress(server.new_database(name))
    clock = ServerClock(time.time, time.monotonic)
    pids: list[int] = []

    def connecting(address: LedgerAddress) -> ServerConnection:
        made = connect(address, dumb_seconds=1.0)
        pids.append(made.raw.info.backend_pid)
        return made

    def fall_silent(_: object) -> None:
        os.kill(pids[-1], signal.SIGSTOP)

    database = LedgerServer(address, clock, connecting)
    ledger = Ledger(tmp_path, clock, clock, "boot", database, AddressTable(database))
    ledger.add(a_record())
    try:
        with pytest.raises(LedgerError, match=r"cannot be reached \(no answer for 1 s\): nothing is sent while it is"):
            act(ledger, fall_silent)
    finally:
        os.kill(pids[0], signal.SIGCONT)
    assert [record.id for record in ledger.recent()] == [JOB]
    assert len(pids) == 2
    ledger.close()


def test_the_password_of_the_address_appears_nowhere(server: PostgresServer, ledger: Ledger, tmp_path: Path) -> None:
    url = server.url.replace("/postgres?", "/missing?")
    settings = resolve({"ledger": url, "home": tmp_path, "token": ""})
    away = open_ledger(tmp_path, settings.ledger, time.time, time.monotonic)
    with pytest.raises(LedgerError) as caught:
        away.recent()
    whole = "".join(traceback.format_exception(caught.value))
    for shown in (whole, caught.value.message, repr(settings), repr(away), away.location, repr(settings.ledger)):
        assert PASSWORD not in shown
    with pytest.raises(NotPicklable):
        settings.ledger.__reduce__()
    for bad in (f"mysql://ann:{PASSWORD}@host/x", f"postgresql://ann:{PASSWORD}@host"):
        with pytest.raises(SettingsError) as refused:
            resolve({"ledger": bad, "home": tmp_path})
        shown_frames = traceback.StackSummary.extract(traceback.walk_tb(refused.tb), capture_locals=True)
        ours = [frame for frame in shown_frames if "runway_nb" in frame.filename and "tests" not in frame.filename]
        assert ours
        assert PASSWORD not in repr([frame.locals for frame in ours])
