"""A ledger that an earlier revision wrote, read by this one, while that revision may still be at work on it."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runway_nb.errors import LedgerError
from runway_nb.jobs.restore import is_over, restored_job
from runway_nb.ledger import migrations
from runway_nb.ledger.history import HistoryFilter
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.phase import Phase
from runway_nb.ledger.record import Record, UnreadableRecord
from runway_nb.ledger.unfinished import count_unfinished
from runway_nb.request import VideoRequest
from support import new_ledgers
from support.records import a_record

DATA = Path(__file__).parents[1] / "data" / "ledger_before_request"
EMAIL = "someone@example.com"
NOW = 1_763_801_240.0
"""Some seconds after its last row was written."""
TASKS = f"user:4711-runwayml:{EMAIL}-task:0b6f0c1e-6a55-4f0c-9a35-"
ASSETS = f"user:4711-runwayml:{EMAIL}-asset:1c6f0c1e-6a55-4f0c-9a35-"
PHASES = {
    1: "done", 2: "done", 3: "failed", 4: "failed", 5: "refused", 6: "refused", 7: "removed", 8: "unknown",
    9: "detached", 10: "stopped", 11: "following", 12: "downloading", 13: "sending", 14: "checking", 15: "unknown",
    16: "following", 17: "detached", 20: "waiting", 21: "preparing",
}  # fmt: skip
"""By the number of the row; 18 and 19 cannot be read."""
EARLIER_COLUMNS = (
    "id, phase, request, model, digest, reply_ref, credits, simulated, task_id, status, error, message, video, took, "
    "folder, cell, created, updated, wish, party, notebook, sent, owner, lease, words, refusal, resent_as, "
    "server_sent, guessed"
)
"""What the revision that wrote the file asks for, and writes, by name."""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    shutil.copytree(DATA, tmp_path / "home")
    return tmp_path / "home"


@pytest.fixture
def ledger(home: Path) -> Iterator[Ledger]:
    ledger = Ledger(home, lambda: NOW, boot="boot-1")
    yield ledger
    ledger.close()


@pytest.fixture
def earlier(home: Path) -> Iterator[sqlite3.Connection]:
    """The open connection of a kernel that runs the revision that wrote the file."""
    connection = sqlite3.connect(home / "ledger.sqlite3", isolation_level=None)
    connection.row_factory = sqlite3.Row
    assert connection.execute("PRAGMA journal_mode = WAL").fetchone()[0] == "wal"
    assert migrations.version(connection) == 6
    yield connection
    connection.close()


def _of(ledger: Ledger, number: int) -> Record:
    return ledger.get(f"{number:08x}")


# --- what stood in it ---------------------------------------------------------------------------------


def test_rows_of_every_phase_are_read(ledger: Ledger) -> None:
    assert {int(record.id, 16): record.phase for record in ledger.recent() if isinstance(record, Record)} == PHASES
    assert {Phase(phase) for phase in PHASES.values()} == set(Phase)


def test_a_row_is_whole_under_the_new_names(ledger: Ledger) -> None:
    record = _of(ledger, 1)
    request = VideoRequest.from_wire(record.original_request)
    assert (request.keyframes.first, request.keyframes.last) == (f"{ASSETS}{1:012x}", "boat.png")
    assert (request.camera.zoom, request.seconds, request.seed) == (2.5, 10, 7)
    assert (record.backend, record.prompt_hash, record.credits) == ("api.useapi.net", "f6d154eef188ed9a308d58cf", 50)
    assert (record.task_id, record.took) == (f"{TASKS}{1:012x}", 41.5)
    assert _of(ledger, 2).backend == "simulator"


def test_rows_that_cannot_be_read_still_hide_nothing(ledger: Ledger) -> None:
    found = {record.id: record for record in ledger.recent() if isinstance(record, UnreadableRecord)}
    assert found["00000012"].problem == "its field 'request' is spoilt"
    assert found["00000013"].problem == "written by a newer runway_nb (phase 'dreaming')"
    assert {record.backend for record in found.values()} == {"api.useapi.net"}


def test_what_was_spent_is_the_same_sum(ledger: Ledger) -> None:
    assert ledger.spending.today("api.useapi.net") == 50 + 25 * 15
    assert ledger.spending.today("simulator") == 25
    assert sum(row.credits for row in ledger.spending.by_day()) == ledger.spending.today("api.useapi.net") + 25


def test_a_new_ledger_of_the_tests_has_what_the_steps_make_of_an_empty_file() -> None:
    made = []
    for migrate in (new_ledgers.migrate, new_ledgers.step_by_step):
        with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
            migrate(connection)
            tables = connection.execute("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY name").fetchall()
            made.append((tables, migrations.version(connection)))
    assert made[0] == made[1]


def test_uploads_are_found(ledger: Ledger) -> None:
    assert ledger.uploads.find("ab" * 32, "api.useapi.net", EMAIL) == f"{ASSETS}{1:012x}"
    assert ledger.uploads.find("cd" * 32, "api.useapi.net") == f"{ASSETS}{2:012x}"
    assert ledger.uploads.find("ef" * 32, "simulator").endswith("9")
    assert ledger.uploads.find("ef" * 32, "api.useapi.net") == ""


def test_an_equal_request_and_refused_words_are_found(ledger: Ledger) -> None:
    done, refused = _of(ledger, 1), _of(ledger, 6)
    seen = []
    for record in (done, refused):
        new = a_record("0000000ff", phase="preparing", digest=record.digest, backend=record.backend,
                       prompt_hash=record.prompt_hash)  # fmt: skip
        ledger.claim(new, lambda books: seen.append(books) or done)  # type: ignore[func-returns-value]
    assert [record.id for record in seen[0].earlier] == ["00000001"]
    assert seen[1].refused is not None
    assert (seen[1].refused.id, seen[1].moderated) == ("00000006", 2)


def test_a_task_that_was_given_by_its_looks_is_still_a_guess(ledger: Ledger) -> None:
    assert ledger.tasks.ids().guessed == {f"{TASKS}{16:012x}"}
    assert _of(ledger, 8).resent_as == "00000011"


def test_jobs_that_were_under_way_are_held_by_their_owner(ledger: Ledger) -> None:
    assert ledger.leases.is_held(_of(ledger, 21))
    assert not ledger.leases.is_held(_of(ledger, 9))


def test_what_was_asked_tells_the_jobs_that_wait_before_the_file_is_changed(home: Path) -> None:
    before = (home / "ledger.sqlite3").read_bytes()
    assert count_unfinished(home / "ledger.sqlite3", NOW, 3600.0) == 10
    assert (home / "ledger.sqlite3").read_bytes() == before


def test_every_job_is_shown_and_the_unsettled_can_be_taken_up(ledger: Ledger, home: Path) -> None:
    for number in PHASES:
        record = _of(ledger, number)
        job = restored_job(record, (home,))
        assert job.done
        assert (job.error is None) is (job.video is not None)
        assert is_over(record) is (record.phase in ("failed", "refused", "removed"))


def test_a_file_that_may_not_be_written_says_so_and_stays_as_it_is(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = (home / "ledger.sqlite3").read_bytes()

    def denied(connection: sqlite3.Connection) -> None:
        connection.execute("PRAGMA query_only = 1")
        connection.execute("CREATE TABLE half (x)")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS[:6], denied))
    with pytest.raises(LedgerError, match="may not be written"):
        Ledger(home).recent()
    assert (home / "ledger.sqlite3").read_bytes() == before
    assert count_unfinished(home / "ledger.sqlite3", NOW, 3600.0) == 10


# --- a kernel of that revision that has the file open ----------------------------------------------------


def test_an_earlier_kernel_goes_on_with_the_jobs_that_it_tracks(ledger: Ledger, earlier: sqlite3.Connection) -> None:
    assert _of(ledger, 14).phase == "checking"  # opened, and brought up to date
    row = earlier.execute(f"SELECT {EARLIER_COLUMNS} FROM jobs WHERE id = ?", ("0000000e",)).fetchone()
    assert (row["party"], row["wish"]) == ("api.useapi.net", '{"text_prompt": "Looked for when the kernel died"}')
    changed = earlier.execute(
        "UPDATE jobs SET task_id = ?, phase = ?, updated = ? WHERE id = ? AND ? IN ('', owner)",
        ("user:4711-runwayml:account~72497f475e4f-task:0b6f0c1e-6a55-4f0c-9a35-00000000000e", "following", NOW,
         "0000000e", ""),
    )  # fmt: skip
    assert changed.rowcount == 1
    assert (_of(ledger, 14).phase, _of(ledger, 14).task_id) == ("following", f"{TASKS}{14:012x}")


def test_what_an_earlier_kernel_writes_is_read_under_the_new_names(ledger: Ledger, earlier: sqlite3.Connection) -> None:
    spent = ledger.spending.today("api.useapi.net")
    earlier.execute(
        f"INSERT INTO jobs ({EARLIER_COLUMNS}) SELECT '000000ff', 'done', request, model, 'v1:new', 'rnb-new', 25, "
        f"simulated, '', '', '', '', '', NULL, '', '', {NOW}, {NOW}, '{{\"text_prompt\": \"x\"}}', 'api.useapi.net', "
        "'a.ipynb', NULL, '', 0, 'abc', '', '', NULL, 0 FROM jobs WHERE id = '00000001'"
    )
    record = ledger.get("000000ff")
    assert (record.original_request, record.backend, record.prompt_hash) == (
        {"text_prompt": "x"}, "api.useapi.net", "abc",
    )  # fmt: skip
    assert ledger.spending.today("api.useapi.net") == spent + 25


def test_an_earlier_kernel_sees_what_this_one_has_sent_and_spent(ledger: Ledger, earlier: sqlite3.Connection) -> None:
    ledger.add(a_record("000000ff", phase="done", digest="v1:new", backend="api.test", prompt_hash="abc", credits=25,
                        original_request={"text_prompt": "x"}))  # fmt: skip
    clause = "digest = 'v1:new' AND words = 'abc' AND party = 'api.test'"
    row = earlier.execute(f"SELECT {EARLIER_COLUMNS} FROM jobs WHERE {clause}").fetchone()
    assert (row["id"], row["credits"]) == ("000000ff", 25)


def test_an_earlier_kernel_keeps_its_uploads(ledger: Ledger, earlier: sqlite3.Connection) -> None:
    assert ledger.recent(1)
    found = earlier.execute(
        "SELECT asset_id FROM uploads WHERE content = ? AND party = ?", ("ab" * 32, "api.useapi.net")
    )
    assert found.fetchone() is not None
    earlier.execute(
        "INSERT OR REPLACE INTO uploads VALUES (?, ?, ?, ?, ?)", ("99" * 32, "api.useapi.net", "", "x", NOW)
    )


def test_a_job_of_an_earlier_kernel_can_be_marked_and_goes_on(ledger: Ledger, earlier: sqlite3.Connection) -> None:
    assert ledger.marks.set("0000000e", star=True, note="dusk").star
    earlier.execute("UPDATE jobs SET phase = 'done' WHERE id = '0000000e'")
    assert (_of(ledger, 14).phase, ledger.marks.of("0000000e").note) == ("done", "dusk")


def test_its_history_is_shown_and_searched_with_what_an_earlier_kernel_writes(
    ledger: Ledger, earlier: sqlite3.Connection
) -> None:
    wanted = HistoryFilter(words="looked for")
    assert ledger.history.page().total == len(PHASES) + 2
    assert [entry.record.id for entry in ledger.history.page(wanted).entries] == ["0000000e"]
    earlier.execute(
        f"INSERT INTO jobs ({EARLIER_COLUMNS}) SELECT '000000ff', phase, request, model, 'v1:new', 'rnb-new', credits, "
        f"{EARLIER_COLUMNS.partition('credits, ')[2]} FROM jobs WHERE id = '0000000e'"
    )
    assert [entry.record.id for entry in ledger.history.page(wanted).entries] == ["000000ff", "0000000e"]


def test_the_file_is_sound_afterwards(ledger: Ledger) -> None:
    assert ledger.recent(1)
    ledger.close()
    with closing(sqlite3.connect(ledger.path)) as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        assert migrations.version(connection) == len(migrations.STEPS)
