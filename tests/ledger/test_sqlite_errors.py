"""What goes wrong with the ledger's file: each kind in one line with what to do, and never as another kind."""

from __future__ import annotations

import errno
import os
import sqlite3
import subprocess
import sys
import textwrap
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import NoReturn

import pytest

from runway_nb.errors import LedgerError, OverBudget, RunwayError
from runway_nb.ledger import database as ledger_file
from runway_nb.ledger import sqlite_lock
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.sqlite_errors import explained, is_damage
from support.ledger_calls import CALLS
from support.records import a_record

PATH = Path("/home/ada/.runway_nb/ledger.sqlite3")
ROOM, LOCAL, RIGHT = "make room on the disk", "RUNWAY_NB_HOME to a folder on a local disk", "give yourself the right"
FAILURES = {
    "database or disk is full": (13, ROOM),
    "disk I/O error": (10, LOCAL),
    "disk I/O error, as SQLite has it in full": (10 | 17 << 8, LOCAL),
    "attempt to write a readonly database": (8, RIGHT),
    "access permission denied": (3, RIGHT),
    "authorization denied": (23, RIGHT),
    "unable to open database file": (14, "what stands in its place"),
    "database is locked": (5, "held by another process"),
    "database table is locked": (6, "held by another process"),
    "locking protocol": (15, LOCAL),
    "large file support is disabled": (22, LOCAL),
    "string or blob too big": (18, "no text this long"),
    "interrupted": (9, "run the cell again"),
    "out of memory": (7, "too little memory"),
    "database disk image is malformed": (11, "run the cell again"),
    "file is not a database": (26, "run the cell again"),
    "no such column: colour": (1, "cannot be used: no such column: colour"),
}
NUMBERS = {
    errno.ENOSPC: ROOM, errno.EDQUOT: ROOM, errno.EFBIG: ROOM, errno.EIO: LOCAL, errno.ESTALE: LOCAL,
    errno.EACCES: RIGHT, errno.EPERM: RIGHT, errno.EROFS: RIGHT, errno.EMFILE: "too many files open",
    errno.ENFILE: "too many files open", errno.ENOLCK: LOCAL, errno.ENOTDIR: "what stands in its place",
    errno.ENAMETOOLONG: "RUNWAY_NB_HOME", errno.ELOOP: "RUNWAY_NB_HOME",
}  # fmt: skip
OTHERS = [
    OverflowError("Python int too large to convert to SQLite INTEGER"), MemoryError(), sqlite3.Warning("two at once"),
    sqlite3.InterfaceError("Error binding parameter 0 - probably unsupported type."), ValueError("embedded null byte"),
    sqlite3.ProgrammingError("Error binding parameter 1: type 'dict' is not supported"),
]  # fmt: skip


def _error(text, code=None):
    error = sqlite3.DatabaseError(text) if code in (11, 26) else sqlite3.OperationalError(text)
    if code is not None:
        vars(error)["sqlite_errorcode"] = code  # an attribute that only newer Pythons declare
    return error


@contextmanager
def _failing(ledger, error):
    """The ledger, whose every statement fails so."""

    class Broken:
        in_transaction = False

        def execute(self, *_):
            raise error

        def close(self):
            raise error

        rollback = commit = close

    ledger.recent(1)
    file = ledger.table.database
    file.close()
    sound, file.connect = file.connect, lambda _: Broken()
    yield
    file.connect = sound
    with suppress(Exception):
        file.close()


# --- each kind --------------------------------------------------------------------------------------


@pytest.mark.parametrize("with_code", [True, False])
@pytest.mark.parametrize("text", FAILURES)
def test_each_failure_of_sqlite_says_what_to_do(text, with_code) -> None:
    """By its code where there is one; Python 3.10 has the text alone."""
    code, advice = FAILURES[text]
    line = explained(_error(text, code if with_code else None), PATH)
    assert advice in line
    assert str(PATH) in line
    assert "\n" not in line
    assert (ROOM in line) == (code == 13)


@pytest.mark.parametrize("number", NUMBERS, ids=errno.errorcode.get)
def test_each_failure_of_the_file_system_says_what_to_do(number) -> None:
    line = explained(OSError(number, os.strerror(number), str(PATH)), PATH)
    assert NUMBERS[number] in line
    assert os.strerror(number) in line


@pytest.mark.parametrize("error", OTHERS, ids=lambda error: type(error).__name__)
def test_what_lies_between_them_is_told_in_one_line(error) -> None:
    line = explained(error, PATH)
    assert str(PATH) in line
    assert "\n" not in line
    assert not line.rstrip(" :").endswith("used")


@pytest.mark.parametrize("text", FAILURES)
def test_only_a_damaged_file_is_called_so(text) -> None:
    code = FAILURES[text][0]
    assert is_damage(_error(text, code)) == is_damage(_error(text)) == (code in (11, 26))


@pytest.mark.parametrize("text", ["malformed JSON", "malformed MATCH expression: [x]"])
def test_a_value_that_is_malformed_is_no_damage(text) -> None:
    assert not is_damage(_error(text, 1))
    assert not is_damage(_error(text))


# --- nothing raw, and nothing set aside -------------------------------------------------------------


@pytest.mark.parametrize("use", CALLS)
def test_no_failure_leaves_the_ledger_raw_or_sets_a_sound_file_aside(tmp_path: Path, use) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(a_record())
    errors = [_error(text, code) for text, (code, _) in FAILURES.items()]
    errors += [OSError(number, os.strerror(number)) for number in NUMBERS]
    for error in [*errors, *OTHERS]:
        with _failing(ledger, error), pytest.raises(LedgerError) as caught:
            CALLS[use](ledger)
        assert str(ledger.path) in caught.value.message
        assert caught.value.__suppress_context__
        assert [path.name for path in tmp_path.glob("ledger-*")] == []
        assert ledger.get("7f3e2c54").phase == "following"
    ledger.close()


@pytest.mark.parametrize("use", CALLS)
def test_a_home_that_cannot_be_used_is_told_by_every_call(tmp_path: Path, use) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerError, match="RUNWAY_NB_HOME"):
        CALLS[use](Ledger(tmp_path / "file" / "home"))


@pytest.mark.parametrize("error", [_error("disk I/O error", 10), _error("unable to close due to statements")])
def test_a_connection_that_cannot_be_closed_is_let_go(tmp_path: Path, error) -> None:
    ledger = Ledger(tmp_path)
    with _failing(ledger, error):
        ledger.close()
    assert ledger.recent() == []


def test_what_a_decision_raises_stays_what_it_is(tmp_path: Path) -> None:
    from runway_nb.errors import InvalidRequest

    def refuse(error: Exception, _: object) -> NoReturn:
        raise error

    for error in (InvalidRequest(["no"]), OverBudget("no")):
        with pytest.raises(type(error), match=r"^no$"):
            Ledger(tmp_path).claim(a_record(), partial(refuse, error))


# --- as they really come ----------------------------------------------------------------------------


def test_a_folder_in_its_place_is_named(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").mkdir()
    with pytest.raises(LedgerError, match=r"ledger\.sqlite3 is a folder"):
        Ledger(tmp_path).recent()


def test_an_io_error_on_a_full_disk_asks_for_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    error = sqlite3.OperationalError("disk I/O error")
    assert ROOM not in explained(error, tmp_path / "ledger.sqlite3")
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=8192))
    assert ROOM in explained(error, tmp_path / "ledger.sqlite3")


def test_a_side_file_that_is_a_folder_is_no_damage(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(a_record())
    ledger.close()
    (tmp_path / "ledger.sqlite3-wal").mkdir()
    with pytest.raises(LedgerError):
        ledger.recent()
    (tmp_path / "ledger.sqlite3-wal").rmdir()
    assert len(ledger.recent()) == 1
    assert list(tmp_path.glob("ledger-damaged*")) == []


def test_a_ledger_that_may_only_be_read_asks_for_the_right(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    ledger.add(a_record())
    with ledger.table.database.opened() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(LedgerError, match=RIGHT):
        ledger.update("7f3e2c54", message="x")


def test_one_that_is_held_for_long_says_who_is_in_the_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger, other = Ledger(tmp_path), sqlite3.connect(tmp_path / "ledger.sqlite3", isolation_level=None)
    ledger.add(a_record())
    other.execute("BEGIN IMMEDIATE")
    monkeypatch.setattr(sqlite_lock, "BUSY_SECONDS", 0.02)
    with pytest.raises(LedgerError, match="held by another process"):
        ledger.update("7f3e2c54", message="x")
    other.close()
    ledger.update("7f3e2c54", message="x")


def test_a_file_system_without_shared_memory_asks_for_another_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As some network folders: SQLite then keeps the journal it has, and says nothing."""

    class Without(sqlite3.Connection):
        def execute(self, sql, *values):
            return super().execute("SELECT 'delete'" if "journal_mode" in sql else sql, *values)

    made = sqlite3.connect
    monkeypatch.setattr(ledger_file.sqlite3, "connect", lambda *a, **k: made(*a, **k, factory=Without))
    monkeypatch.setattr(ledger_file.time, "sleep", lambda _: None)
    with pytest.raises(LedgerError, match=LOCAL):
        Ledger(tmp_path).recent()


def test_damage_that_cannot_be_set_aside_stays_where_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"no database" * 900)

    def full(source, target):
        Path(target).write_bytes(b"half of it")
        raise OSError(errno.ENOSPC, "No space left on device", target)

    monkeypatch.setattr(ledger_file, "copy_private", full)
    ledger = Ledger(tmp_path)
    with pytest.raises(LedgerError, match="damaged and cannot be set aside") as caught:
        ledger.recent()
    assert ROOM in caught.value.message
    assert (tmp_path / "ledger.sqlite3").read_bytes() == b"no database" * 900
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.sqlite3"]


HANDLES = """
import os, resource, sys
from pathlib import Path
from runway_nb.ledger.ledger import Ledger
from runway_nb.errors import RunwayError
from runway_nb.ledger.sqlite_errors import explained
sys.path.insert(0, {tests!r})
from support.ledger_calls import CALLS
from support.records import a_record

ledger = Ledger(Path(sys.argv[1]))
ledger.add(a_record())
ledger.close()
explained(MemoryError(), ledger.path)
resource.setrlimit(resource.RLIMIT_NOFILE, (64, 64))
taken = []
try:
    while True:
        taken.append(os.open(os.devnull, os.O_RDONLY))
except OSError:
    pass
for left in range(len(taken)):
    for name, use in CALLS.items():
        if name in ("add", "adopt", "claim") and left:
            continue
        ledger.close()
        try:
            use(ledger)
        except RunwayError as error:
            if left == 0:
                assert "too many files open" in error.message, (name, error.message)
    os.close(taken.pop())
    if left > 12:
        break
ledger.close()
assert ledger.get("7f3e2c54").phase == "following"
print(sorted(path.name for path in Path(sys.argv[1]).glob("ledger-*")), left)
"""


@pytest.mark.slow("starts a process")
@pytest.mark.skipif(sys.platform == "win32", reason="no limit of open files there")
def test_few_file_handles_are_told_and_cost_nothing(tmp_path: Path) -> None:
    code = textwrap.dedent(HANDLES).format(tests=str(Path(__file__).parents[1]))
    ran = subprocess.run([sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.split()[0] == "[]"


def test_every_failure_is_one_of_ours(tmp_path: Path) -> None:
    """Whatever is in the way of the file: links in a ring, a name without end, a home that is no text."""
    ring = tmp_path / "ring"
    ring.symlink_to(ring)
    for home in (ring, tmp_path / ("x" * 4000), tmp_path / "a\0b", Path("/dev/null/home"), Path("/proc/runway")):
        for use in CALLS.values():
            with pytest.raises(RunwayError) as caught:
                use(Ledger(home))
            assert "\n" not in caught.value.message
