"""The ledger: what is on disk, how it is found again, and who may write at once."""

from __future__ import annotations

import json
import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
import textwrap
import threading
import time as clock
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings

from fakes import TOKEN
from runway_nb import migrations
from runway_nb.admission import Limits, admit
from runway_nb.errors import JobNotFound, LeaseLost, LedgerError, OverBudget
from runway_nb.job import Phase
from runway_nb.lease import LEASE_SECONDS, new_owner
from runway_nb.ledger import MODERATION_SECONDS, SETTLED, AccountBook, Ledger, Record
from strategies import ASSET_ID, EMAIL, TASK_ID, requests
HOST = os.uname().nodename
ASIDE = re.compile(r"ledger-damaged-\d{8}-\d{6}(-\d+)?\.sqlite3")
WORKER = """
import json, sys, time
from pathlib import Path
from runway_nb.admission import Limits, admit
from runway_nb.errors import LeaseLost, OverBudget
from runway_nb.lease import new_owner
from runway_nb.ledger import Ledger, Record

TASK = "user:1-runwayml:a@b.example-task:0b6f0c1e-6a55-4f0c-9a35-"

def wish(job_id, digest="v1:x"):
    return Record(job_id, "preparing", {"text_prompt": "x"}, "gen3turbo", digest, "rnb-" + job_id, 25, True,
                  party="simulator", notebook="film.ipynb", owner=owner)

def open_at(home):
    global ledger, owner
    ledger, owner = Ledger(Path(home)), new_owner()
    ledger.recent(1)

def make_at(home, job_id):
    open_at(home)
    ledger.add(wish(job_id))
    ledger.close()

def add(start, rows):
    for n in range(start, start + rows):
        ledger.add(Record(f"{n:08x}", "preparing", {}, "gen3turbo", "v1:x", "rnb", 25, True, task_id=f"{TASK}{n:012x}"))

def claim(job_id, digest, limit=None, **more):
    new = wish(job_id, digest)
    try:
        return ledger.claim(new, lambda books: admit(new, books, Limits(day_credits=limit, **more))).id
    except OverBudget:
        return ""

def resend(job_id, lost):
    new = wish(job_id)
    return ledger.claim(new, lambda books: None, replaces=lost).id

def take(job_id):
    return ledger.take(job_id, owner)[1]

def commit(job_id):
    try:
        ledger.update(job_id, by=owner, phase="sending")
    except LeaseLost:
        return False
    return True

def assign(job_id, task_id):
    return ledger.assign(job_id, task_id)

def hammer(number, seconds):
    done, slowest, end = [], 0.0, time.monotonic() + seconds
    while (began := time.monotonic()) < end:
        job_id = f"{number:02x}{len(done):06x}"
        new = wish(job_id, "v1:" + job_id)
        ledger.claim(new, lambda books: None)
        ledger.update(job_id, by=owner, phase="sending", sent=time.time())
        assert ledger.get(job_id).phase == "sending"
        if len(done) % 10 == 9:
            ledger.close()
        done.append(job_id)
        slowest = max(slowest, time.monotonic() - began)
    return [done, slowest]

print("ready", flush=True)
for line in sys.stdin:
    name, at, *values = json.loads(line)
    while time.time() < at:
        pass
    print(json.dumps(globals()[name](*values)), flush=True)
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


@pytest.fixture(scope="module")
def gone():
    """An owner whose process has ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return f"{HOST}/{process.pid}/0a1b2c3d"


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
    for number, phase in enumerate(Phase):
        ledger.add(_record(f"000000{number:02x}", phase=phase.value))
    assert {record.phase for record in ledger.unfinished()} == {phase.value for phase in Phase} - set(SETTLED)


def test_the_unfinished_are_those_nobody_sees_through(ledger, time, gone):
    owners = {"mine": new_owner(), "gone": gone, "foreign": "elsewhere/1/0a", "nobody": ""}
    for number, owner in enumerate(owners.values()):
        ledger.add(_record(f"0000000{number}", phase="following", owner=owner))
    ledger.add(_record("0000000f", phase="unknown", resent_as="00000000"))
    assert [record.owner for record in ledger.unfinished()] == [owners["nobody"], owners["gone"]]
    time.now += LEASE_SECONDS
    assert len(ledger.unfinished()) == 4


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


class Workers:
    """Eight processes that do the same at the same moment."""

    COUNT = 8

    def __init__(self):
        start = [sys.executable, "-c", WORKER]
        self.processes = [
            subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(self.COUNT)
        ]
        assert [process.stdout.readline() for process in self.processes] == ["ready\n"] * self.COUNT

    def all(self, name, *values, first=COUNT):
        """What each gives; a list among `values` holds one value for each."""
        at = clock.time() + 0.004
        for number, process in enumerate(self.processes[:first]):
            mine = [value[number] if isinstance(value, list) else value for value in values]
            process.stdin.write(json.dumps([name, at, *mine]) + "\n")
            process.stdin.flush()
        return [json.loads(process.stdout.readline()) for process in self.processes[:first]]

    def end(self):
        for process in self.processes:
            process.communicate(timeout=20)


@pytest.fixture(scope="module")
def workers():
    workers = Workers()
    yield workers
    workers.end()


@pytest.fixture
def busy(workers, tmp_path):
    """The eight, each with a new owner, on one ledger; and a look at it."""
    workers.all("open_at", str(tmp_path / "busy"))
    ledger = Ledger(tmp_path / "busy")
    yield workers, ledger
    ledger.close()


def _ids(kind, count=Workers.COUNT):
    return [f"{kind:04x}{number:04x}" for number in range(count)]


def test_eight_processes_lose_no_row(busy):
    workers, ledger = busy
    workers.all("add", [number * 1000 for number in range(8)], 25)
    records = ledger.recent(1000)
    assert len({record.id for record in records}) == 200
    assert {record.task_id.partition("-task")[0] for record in records} == {"user:1-runwayml:a@b.example"}


def test_eight_processes_make_a_new_ledger_at_once(workers, tmp_path):
    for trial in range(8):
        home = tmp_path / str(trial)
        workers.all("make_at", str(home), _ids(trial))
        assert len(Ledger(home).recent()) == 8


def test_an_equal_wish_of_eight_processes_is_written_once(busy):
    workers, ledger = busy
    for trial in range(40):
        found = workers.all("claim", _ids(trial), f"v1:{trial}")
        assert len(set(found)) == 1
        assert found[0] in _ids(trial)
    assert len(ledger.recent(1000)) == 40


def test_a_budget_holds_against_eight_processes(busy):
    workers, ledger = busy
    limit = 0
    for trial in range(15):
        limit += 60
        digests = [f"v1:{name}" for name in _ids(trial)]
        workers.all("claim", _ids(trial), digests, limit)
        (spending,) = ledger.spending()
        assert limit - 25 < spending.credits <= limit


def test_one_of_eight_processes_gets_a_lease(busy):
    workers, ledger = busy
    for name in _ids(0, 20):
        ledger.add(_record(name, phase="following"))
        assert sum(workers.all("take", name)) == 1
        assert sum(workers.all("commit", name)) == 1


def test_a_lost_wish_is_sent_again_once(busy):
    workers, ledger = busy
    for trial, name in enumerate(_ids(0xFF, 20)):
        ledger.add(_record(name, phase="unknown"))
        (again,) = set(workers.all("resend", _ids(trial), name))
        assert ledger.get(name).resent_as == again
    assert len(ledger.recent(1000)) == 40


def test_a_task_belongs_to_one_of_eight_jobs(busy):
    workers, ledger = busy
    for trial in range(20):
        for name in _ids(trial):
            ledger.add(_record(name, phase="checking"))
        task = f"user:1-runwayml:a@b.example-task:0b6f0c1e-6a55-4f0c-9a35-{trial:012x}"
        assert sum(workers.all("assign", _ids(trial), task)) == 1
        assert sum(ledger.get(name).task_id == task for name in _ids(trial)) == 1


def test_eight_busy_processes_lose_nothing_and_wait_little(busy):
    workers, ledger = busy
    found = workers.all("hammer", list(range(8)), 2.0)
    written = {job_id for done, _ in found for job_id in done}
    assert {record.id for record in ledger.recent(100_000)} == written
    assert {record.phase for record in ledger.recent(100_000)} == {"sending"}
    assert max(slowest for _, slowest in found) < 2.0
    with ledger._opened() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"


KILLED = """
import os, random, select, signal, sys, time
from pathlib import Path
from runway_nb.ledger import Ledger, Record

home, draw = Path(sys.argv[1]), random.Random(3)

def write(number, pipe):
    ledger, n = Ledger(home), 0
    while True:
        job_id = f"{number:04x}{n:04x}"
        ledger.add(Record(job_id, "preparing", {"p": "x" * draw.randrange(9000)}, "gen3turbo", "v1:x", "rnb", 25, True))
        os.write(pipe, f"{job_id} preparing\\n".encode())
        ledger.update(job_id, phase="following", cell="y" * draw.randrange(9000))
        os.write(pipe, f"{job_id} following\\n".encode())
        n += 1
        if n % 20 == 0:
            ledger.close()

for round in range(10):
    said, pipe = os.pipe()
    children = []
    for number in (2 * round, 2 * round + 1):
        child = os.fork()
        if child == 0:
            os.close(said)
            write(number, pipe)
        children.append(child)
    os.close(pipe)
    select.select([said], [], [])
    for child in children:
        time.sleep(draw.uniform(0.0, 0.06))
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    with open(said) as lines:
        sys.stdout.write(lines.read())
"""


def test_what_was_told_is_there_after_every_kill(tmp_path):
    out = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert out.stderr == ""
    told = dict(line.split() for line in out.stdout.splitlines())
    assert len(told) > 20
    ledger = Ledger(tmp_path)
    found = {record.id: record.phase for record in ledger.recent(100_000)}
    assert [job_id for job_id in told if job_id not in found] == []
    assert [job_id for job_id, phase in told.items() if phase == "following" != found[job_id]] == []
    assert len(found) <= len(told) + 20, "one row at most for each kill that nobody was told of"
    with ledger._opened() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    ledger.close()


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
