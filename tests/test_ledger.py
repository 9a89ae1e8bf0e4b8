"""The ledger: what is on disk, how it is found again, and who may write at once."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from hypothesis import given, settings

from runway_nb import migrations
from runway_nb.errors import JobNotFound, LedgerError
from runway_nb.ledger import AccountBook, Ledger, Record
from strategies import ASSET_ID, EMAIL, TASK_ID, requests

FINAL = ("done", "refused", "removed", "failed")
WORKER = """
import sys, time
from pathlib import Path
from runway_nb.ledger import Ledger, Record
home, start, rows = Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3])
print("ready", flush=True)
for go in sys.stdin:
    ledger = Ledger(home / go.strip())
    for n in range(rows):
        ledger.add(Record(f"{start + n:08x}", "preparing", {"text_prompt": "x"}, "gen3turbo", "v1:x", "rnb", 25, True,
            task_id=f"user:1-runwayml:a@b.example-task:0b6f0c1e-6a55-4f0c-9a35-{start + n:012x}"))
    ledger.close()
    print("done", flush=True)
"""


def _record(job_id="7f3e2c54", **fields):
    fields = {
        "phase": "preparing", "request": {"text_prompt": "A lamp"}, "model": "gen3turbo", "digest": "v1:x",
        "reply_ref": f"rnb-{job_id}", "credits": 25, "simulated": False, **fields,
    }  # fmt: skip
    return Record(job_id, **fields)


def _bytes(home):
    return b"".join(path.read_bytes() for path in home.iterdir() if path.is_file())


@pytest.fixture
def ledger(tmp_path, time):
    ledger = Ledger(tmp_path / "home", time)
    yield ledger
    ledger.close()


# --- rows -------------------------------------------------------------------------------------------


def test_a_wish_is_read_as_it_was_written(ledger, time):
    record = _record(request={"text_prompt": "é 🌊", "zoom": 2.5}, took=1.5, cell="%%runway\nA lamp", folder="/work")
    ledger.add(record)
    found = ledger.get("7f3e2c54")
    assert (found.created, found.updated) == (time.now, time.now)
    assert {**vars(found), "created": 0.0, "updated": 0.0} == vars(record)


def test_a_change_touches_only_what_it_names(ledger, time):
    ledger.add(_record())
    time.now += 5
    ledger.update("7f3e2c54", phase="following", task_id=TASK_ID)
    found = ledger.get("7f3e2c54")
    assert (found.phase, found.task_id, found.reply_ref) == ("following", TASK_ID, "rnb-7f3e2c54")
    assert found.updated - found.created == 5.0


def test_an_unknown_field_is_refused(ledger):
    ledger.add(_record())
    with pytest.raises(TypeError, match="colour"):
        ledger.update("7f3e2c54", colour="red")


def test_an_id_is_taken_once(ledger):
    ledger.add(_record())
    with pytest.raises(LedgerError):
        ledger.add(_record())
    assert len(ledger.recent()) == 1


def test_the_newest_come_first_even_within_one_moment(ledger, time):
    for number in range(3):
        ledger.add(_record(f"0000000{number}"))
    time.now += 1
    ledger.add(_record("00000009"))
    assert [record.id for record in ledger.recent(3)] == ["00000009", "00000002", "00000001"]


def test_the_unfinished_are_those_without_an_end(ledger):
    for number, phase in enumerate([*FINAL, "following", "unknown", "detached"]):
        ledger.add(_record(f"0000000{number}", phase=phase))
    assert {record.phase for record in ledger.unfinished(FINAL)} == {"following", "unknown", "detached"}


@settings(max_examples=20)
@given(requests)
def test_every_request_comes_back_whole(tmp_path_factory, request):
    ledger = Ledger(tmp_path_factory.getbasetemp() / "laws")
    job_id = os.urandom(8).hex()
    ledger.add(_record(job_id, request=request.to_wire()))
    assert ledger.get(job_id).request == request.to_wire()
    ledger.close()


# --- no secrets on disk -----------------------------------------------------------------------------


def test_no_row_holds_an_email_and_ids_come_back_whole(ledger, tmp_path):
    wire = {"firstImage_assetId": ASSET_ID, "text_prompt": f"{TASK_ID} and {ASSET_ID}"}
    cell = f"%%runway --first {ASSET_ID}\nA lamp"
    ledger.add(_record(request=wire, task_id=TASK_ID, cell=cell))
    ledger.update("7f3e2c54", message=f"could not read {ASSET_ID}")
    assert (tmp_path / "home" / "ledger.sqlite3-wal").exists()
    assert EMAIL.encode() not in _bytes(tmp_path / "home")
    found = Ledger(tmp_path / "home").get("7f3e2c54")
    assert (found.request, found.task_id, found.cell) == (wire, TASK_ID, cell)
    assert found.message == f"could not read {ASSET_ID}"


def test_a_closed_ledger_holds_no_email_either(ledger, tmp_path):
    ledger.add(_record(task_id=TASK_ID))
    ledger.close()
    assert EMAIL.encode() not in _bytes(tmp_path / "home")


def test_no_repr_holds_an_email(ledger):
    record = ledger.add(_record(task_id=TASK_ID, cell=f"--first {ASSET_ID}"))
    assert EMAIL not in f"{record!r} {ledger!r}"


def test_everything_on_disk_is_private(ledger, tmp_path):
    old = os.umask(0)
    try:
        ledger.recent()
        ledger.add(_record(task_id=TASK_ID))
    finally:
        os.umask(old)
    home = tmp_path / "home"
    for path in (home, home / "accounts"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o700
    files = [path for path in home.rglob("*") if path.is_file()]
    assert len(files) >= 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}


def test_masked_text_is_masked_once_and_other_text_stays(tmp_path):
    book = AccountBook(tmp_path)
    masked = book.mask(f"see {TASK_ID}, mail {EMAIL}")
    assert masked.count(EMAIL) == 1
    assert book.mask(masked) == masked
    assert book.unmask(masked) == f"see {TASK_ID}, mail {EMAIL}"
    assert book.unmask("account~0123456789ab") == "account~0123456789ab"


# --- finding ----------------------------------------------------------------------------------------


@pytest.fixture
def two(ledger):
    ledger.add(_record("7f3e2c54", task_id=TASK_ID))
    ledger.add(_record("7f99aaaa", task_id=TASK_ID.replace("9c2a1f34", "9cffffff"), reply_ref="my_ref"))
    return ledger


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("7f3e2c54", "7f3e2c54"), ("7f3", "7f3e2c54"), ("7f9", "7f99aaaa"), (TASK_ID, "7f3e2c54"),
        ("9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33", "7f3e2c54"), ("9c2a1f34", "7f3e2c54"), ("my_ref", "7f99aaaa"),
        ("rnb-7f3e2c54", "7f3e2c54"),
    ],
)  # fmt: skip
def test_a_job_is_found_by_every_name_it_has(two, text, found):
    assert two.find(text).id == found


@pytest.mark.parametrize("text", ["7f", "9c"])
def test_a_name_of_two_jobs_lists_both(two, text):
    with pytest.raises(JobNotFound) as caught:
        two.find(text)
    assert "names 2 jobs" in caught.value.message
    assert "7f3e2c54" in caught.value.message
    assert "7f99aaaa" in caught.value.message


@pytest.mark.parametrize("text", ["", "nothing", "my", "' OR 1=1 --", "user:4711", TASK_ID.replace("9c2a", "0000")])
def test_a_name_of_no_job_says_where_to_look(two, text):
    with pytest.raises(JobNotFound, match="%runway list"):
        two.find(text)


def test_an_unknown_id_says_where_to_look(ledger):
    with pytest.raises(JobNotFound, match="%runway list"):
        ledger.get("7f3e2c54")


# --- several at once --------------------------------------------------------------------------------


def _workers(home, count, rows):
    return [
        subprocess.Popen(
            [sys.executable, "-c", WORKER, str(home), str(number * 1000), str(rows)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(count)
    ]


def _go(workers, name):
    for worker in workers:
        worker.stdin.write(f"{name}\n")
        worker.stdin.flush()
    return [worker.stdout.readline() for worker in workers]


def _end(workers):
    for worker in workers:
        worker.communicate(timeout=20)


def test_four_processes_lose_no_row(tmp_path):
    workers = _workers(tmp_path, 4, 50)
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 4
    assert _go(workers, "a") == ["done\n"] * 4
    _end(workers)
    records = Ledger(tmp_path / "a").recent(1000)
    assert len({record.id for record in records}) == 200
    assert {record.task_id.partition("-task")[0] for record in records} == {"user:1-runwayml:a@b.example"}


def test_eight_processes_make_a_new_ledger_at_once(tmp_path):
    workers = _workers(tmp_path, 8, 1)
    assert [worker.stdout.readline() for worker in workers] == ["ready\n"] * 8
    for trial in ("a", "b", "c"):
        assert _go(workers, trial) == ["done\n"] * 8
        assert len(Ledger(tmp_path / trial).recent()) == 8
    _end(workers)


def test_threads_share_a_ledger(ledger):
    ledger.add(_record("ffffffff", task_id=TASK_ID))
    barrier, broken = threading.Barrier(8), []

    def work(number):
        barrier.wait()
        try:
            for row in range(5):
                ledger.add(_record(f"{number:04x}{row:04x}", task_id=TASK_ID))
        except BaseException as error:
            broken.append(error)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert broken == []
    assert len(ledger.recent(100)) == 41


def test_a_ledger_is_used_on_both_sides_of_a_fork(tmp_path):
    script = f"""
    import os
    from pathlib import Path
    from runway_nb.ledger import Ledger, Record
    def add(n):
        ledger.add(Record(n, "preparing", {{}}, "gen3turbo", "v1:x", "rnb", 25, True))
    ledger = Ledger(Path({str(tmp_path)!r}))
    add("aaaaaaaa")
    child = os.fork()
    if child == 0:
        add("bbbbbbbb")
        ledger.close()
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
    add("cccccccc")
    print(sorted(record.id[0] for record in ledger.recent()))
    """
    out = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=20)
    assert out.stdout == "['a', 'b', 'c']\n", out.stderr


def test_a_second_reader_sees_a_row_at_once(ledger, tmp_path):
    other = Ledger(tmp_path / "home")
    assert other.recent() == []
    ledger.add(_record())
    assert [record.id for record in other.recent()] == ["7f3e2c54"]
    other.close()


# --- the file ---------------------------------------------------------------------------------------


def test_each_row_is_on_disk_when_the_call_returns(ledger):
    ledger.add(_record())
    with ledger._opened() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_closed_ledger_opens_again(ledger):
    ledger.add(_record())
    ledger.close()
    ledger.close()
    assert ledger.get("7f3e2c54").id == "7f3e2c54"


def test_the_file_of_a_newer_version_is_left_alone(tmp_path):
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(migrations.STEPS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="newer runway_nb") as caught:
        Ledger(tmp_path).recent()
    assert str(path) in caught.value.message
    assert "RUNWAY_NB_HOME" in caught.value.message
    assert path.read_bytes() == before


@pytest.mark.parametrize("content", [b"this is no database, only text" * 40, b"SQLite format 3\0" + b"\xff" * 4080])
def test_a_corrupt_file_is_named_and_left_alone(tmp_path, content):
    path = tmp_path / "ledger.sqlite3"
    path.write_bytes(content)
    for act in (Ledger(tmp_path).recent, lambda: Ledger(tmp_path).add(_record())):
        with pytest.raises(LedgerError) as caught:
            act()
        assert str(path) in caught.value.message
    assert path.read_bytes() == content


def test_a_home_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerError, match=r"file/home/ledger\.sqlite3"):
        Ledger(tmp_path / "file" / "home").recent()


def test_a_file_that_cannot_be_written_is_named(tmp_path, monkeypatch):
    ledger = Ledger(tmp_path)
    ledger.add(_record("00000001"))
    with ledger._opened() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(LedgerError, match=r"ledger\.sqlite3"):
        ledger.add(_record("00000002"))
    with ledger._opened() as connection:
        connection.execute("PRAGMA query_only = OFF")
    assert len(ledger.recent()) == 1
    ledger.close()


def test_a_folder_without_a_right_to_write_is_named(tmp_path, monkeypatch):
    """Root may write everywhere, so the refusal is made here."""

    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(LedgerError, match="Permission denied"):
        Ledger(tmp_path).recent()


@pytest.mark.parametrize("rows", [0, 1])
def test_the_first_schema_is_brought_to_the_newest(tmp_path, rows):
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as connection:
        migrations.STEPS[0](connection)
        connection.execute("PRAGMA user_version = 1")
        if rows:
            connection.execute(
                "INSERT INTO jobs (id, created, updated, phase, model, request, digest, reply_ref, credits, simulated)"
                " VALUES ('aaaaaaaa', 1, 1, 'done', 'gen3turbo', '{}', 'v1:x', 'rnb', 25, 1)"
            )
    connection.close()
    ledger = Ledger(tmp_path)
    assert len(ledger.recent()) == rows
    ledger.add(_record())
    with ledger._opened() as opened:
        assert migrations.version(opened) == len(migrations.STEPS)
    ledger.close()


def test_an_empty_file_becomes_a_ledger(tmp_path):
    (tmp_path / "ledger.sqlite3").touch()
    assert Ledger(tmp_path).recent() == []


def test_a_step_that_fails_leaves_no_half_made_tables(tmp_path, monkeypatch):
    def broken(connection):
        connection.execute("CREATE TABLE half (x)")
        raise sqlite3.OperationalError("no")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, broken))
    with pytest.raises(LedgerError):
        Ledger(tmp_path).recent()
    monkeypatch.undo()
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
