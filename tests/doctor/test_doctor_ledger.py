"""The ledger's line, and how a ledger is looked at without changing it."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import NoReturn

import pytest

from runway_nb.doctor.finding import Finding
from runway_nb.doctor.ledger_health import look_at_ledger
from runway_nb.errors import LedgerError
from runway_nb.ledger import health, migrations
from runway_nb.ledger.ledger import Ledger
from support.records import a_record


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home with a ledger of one job."""
    with closing(Ledger(tmp_path)) as ledger:
        ledger.add(a_record())
    return tmp_path


def look(home: Path, **more: object) -> Finding:
    (finding,) = look_at_ledger(lambda: home, **more)  # type: ignore[arg-type]
    return finding


def set_step(home: Path, step: int) -> None:
    with closing(sqlite3.connect(home / "ledger.sqlite3")) as connection:
        connection.execute(f"PRAGMA user_version = {step}")


def ages() -> Callable[[], float]:
    """A clock that goes on by a minute whenever it is asked."""
    now = [0.0]

    def clock() -> float:
        now[0] += 60.0
        return now[0]

    return clock


def test_a_sound_ledger_is_named_with_engine_step_size_and_count(home: Path) -> None:
    finding = look(home)
    assert finding.state == "ok"
    assert finding.text.startswith(f"sound; SQLite {sqlite3.sqlite_version}, journal wal, step {len(migrations.STEPS)}")
    assert finding.text.endswith("MB, 1 jobs")


def test_looking_changes_nothing(home: Path) -> None:
    path = home / "ledger.sqlite3"
    before = path.read_bytes()
    look(home)
    assert path.read_bytes() == before


def test_without_a_ledger_there_is_nothing_to_look_at(tmp_path: Path) -> None:
    assert look(tmp_path / "none").state == "ok"
    assert "begins with the first job" in look(tmp_path).text
    assert list(tmp_path.iterdir()) == []


def test_a_damaged_ledger_is_wrong_and_left_as_it_is(home: Path) -> None:
    path = home / "ledger.sqlite3"
    data = bytearray(path.read_bytes())
    data[4096:] = bytes(len(data) - 4096)
    path.write_bytes(data)
    finding = look(home)
    assert finding.state == "wrong"
    assert "damaged" in finding.text
    assert "copy the file" in finding.advice
    assert path.read_bytes() == data


def test_a_file_that_is_no_ledger_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database at all" * 100)
    assert look(tmp_path).state == "wrong"


def test_a_folder_in_its_place_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").mkdir()
    finding = look(tmp_path)
    assert finding.state == "wrong"
    assert finding.text.endswith("is a folder")
    assert finding.advice.startswith("move it away")


def test_a_ledger_of_a_newer_version_is_wrong(home: Path) -> None:
    set_step(home, 99)
    finding = look(home)
    assert finding.state == "wrong"
    assert "newer runway_nb" in finding.text
    assert "step 99" in finding.text


def test_a_ledger_of_an_older_version_is_brought_up_to_date_by_its_next_use(home: Path) -> None:
    set_step(home, 1)
    finding = look(home)
    assert finding.state == "ok"
    assert "the next use brings it up to date" in finding.text


def test_a_ledger_that_cannot_be_written_is_wrong(home: Path) -> None:
    finding = look(home, may_write=lambda _: False)
    assert finding.state == "wrong"
    assert finding.text.endswith("cannot be written")
    assert "chmod" in finding.advice


def test_a_home_that_cannot_be_read_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuses(path: object) -> NoReturn:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("runway_nb.doctor.ledger_health.os.listdir", refuses)
    finding = look(tmp_path)
    assert finding.state == "wrong"
    assert "Permission denied" in finding.text


def test_a_failure_of_the_disk_is_told_with_what_to_do(home: Path) -> None:
    def fails(path: Path, seconds: float) -> NoReturn:
        raise LedgerError("the disk of the ledger gave an error (EIO): see whether it is still there")

    finding = look(home, examine=fails)
    assert finding == Finding(
        "ledger", "wrong", "the disk of the ledger gave an error (EIO)", "see whether it is still there"
    )


def test_looking_through_a_large_ledger_is_given_up_in_time(home: Path) -> None:
    def examine(path: Path, seconds: float) -> health.LedgerHealth:
        return health.examine(path, seconds, ages())

    with closing(sqlite3.connect(home / "ledger.sqlite3")) as connection, connection:
        row = "SELECT hex(randomblob(40)), n, 1, 'done', '', '', '', '', 0, 0 FROM numbers"
        columns = "id, created, updated, phase, model, request, digest, reply_ref, credits, simulated"
        many = "WITH RECURSIVE numbers(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers LIMIT 500)"
        connection.execute(f"INSERT INTO jobs ({columns}) {many} {row}")
    finding = look(home, examine=examine)
    assert finding.state == "unknown"
    assert "501 jobs" in finding.text
    assert "not looked through within 5 s" in finding.text
