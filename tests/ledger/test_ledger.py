"""The ledger: what is on disk, how it is found again, and who may write at once."""

from __future__ import annotations

import contextlib
import gc
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
from dataclasses import fields, replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_nb.errors import JobNotFound, LeaseLost, LedgerError, OverBudget
from runway_nb.jobs.policy import Limits, decide
from runway_nb.ledger import database, migrations
from runway_nb.ledger.addresses import AccountAddresses, AddressFolder
from runway_nb.ledger.lease import LEASE_SECONDS, new_owner
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.marks import Marks
from runway_nb.ledger.phase import SETTLED, UNSENT, Phase
from runway_nb.ledger.record import Record
from runway_nb.ledger.snapshot import MODERATION_SECONDS
from support.examples import examples
from support.fakes import TOKEN, FakeTime
from support.ledgers import FILE, make_ledger, url_of
from support.records import a_record, recent_records
from support.strategies import ASSET_ID, EMAIL, TASK_ID, requests

ASIDE = re.compile(r"ledger-damaged-\d{8}-\d{6}(-\d+)?\.sqlite3")
WORKER = """
import json, sys, time
from pathlib import Path
from runway_nb.jobs.policy import Limits, decide
from runway_nb.errors import LeaseLost, OverBudget
from runway_nb.ledger.lease import new_owner
from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger.record import Record
from runway_nb.ledger_address import LedgerAddress

TASK = "user:1-runwayml:a@b.example-task:0b6f0c1e-6a55-4f0c-9a35-"

def wish(job_id, digest="v1:x"):
    return Record(job_id, "preparing", {"text_prompt": "x"}, "gen3turbo", digest, "rnb-" + job_id, 25, True,
                  backend="simulator", notebook="film.ipynb", owner=owner)

def open_at(home, url):
    global ledger, owner
    ledger = open_ledger(Path(home), LedgerAddress(url) if url else None, time.time, time.monotonic)
    owner = new_owner()
    ledger.recent(1)

def make_at(home, url, job_id):
    open_at(home, url)
    ledger.add(wish(job_id))
    ledger.close()

def add(start, rows):
    for n in range(start, start + rows):
        ledger.add(Record(f"{n:08x}", "preparing", {}, "gen3turbo", "v1:x", "rnb", 25, True, task_id=f"{TASK}{n:012x}"))

def claim(job_id, digest, limit=None, **more):
    new = wish(job_id, digest)
    try:
        return ledger.claim(new, lambda known: decide(new, known, Limits(day_credits=limit, **more))).id
    except OverBudget:
        return ""

def resend(job_id, lost):
    new = wish(job_id)
    return ledger.claim(new, lambda books: None, replaces=lost).id

def take(job_id):
    return ledger.leases.take(job_id, owner)[1]

def commit(job_id):
    try:
        ledger.update(job_id, by=owner, phase="sending")
    except LeaseLost:
        return False
    return True

def assign(job_id, task_id):
    return ledger.tasks.assign(job_id, task_id, is_certain=True)

def hammer(number, seconds):
    done, end = [], time.monotonic() + seconds
    while time.monotonic() < end:
        job_id = f"{number:02x}{len(done):06x}"
        new = wish(job_id, "v1:" + job_id)
        ledger.claim(new, lambda books: None)
        ledger.update(job_id, by=owner, phase="sending", sent=time.time())
        assert ledger.get(job_id).phase == "sending"
        if len(done) % 10 == 9:
            ledger.close()
        done.append(job_id)
    return done

print("ready", flush=True)
for line in sys.stdin:
    name, at, *values = json.loads(line)
    while time.time() < at:
        pass
    print(json.dumps(globals()[name](*values)), flush=True)
"""


_record = partial(a_record, phase="preparing", digest="v1:x")


def _bytes(home):
    return b"".join(path.read_bytes() for path in home.iterdir() if path.is_file())


@pytest.fixture
def ledger(tmp_path: Path, time: FakeTime, engine: str):
    ledger = make_ledger(tmp_path / "home", time)
    yield ledger
    ledger.close()


@pytest.fixture(scope="module")
def gone():
    """An owner whose process has ended."""
    process = subprocess.Popen([sys.executable, "-S", "-c", ""])
    process.wait()
    return f"{new_owner().split('/')[0]}/{process.pid}/0a1b2c3d"


# --- rows -------------------------------------------------------------------------------------------


def test_a_wish_is_read_as_it_was_written(ledger, time: FakeTime) -> None:
    record = _record(request={"text_prompt": "é 🌊", "zoom": 2.5}, took=1.5, cell="%%runway\nA lamp", folder="/work")
    ledger.add(record)
    found = ledger.get("7f3e2c54")
    assert (found.created, found.updated) == (time.now, time.now)
    assert {**vars(found), "created": 0.0, "updated": 0.0} == vars(record)


def test_a_change_touches_only_what_it_names(ledger, time: FakeTime) -> None:
    ledger.add(_record())
    time.now += 5
    ledger.update("7f3e2c54", phase="following", task_id=TASK_ID)
    found = ledger.get("7f3e2c54")
    assert (found.phase, found.task_id, found.reply_ref) == ("following", TASK_ID, "rnb-7f3e2c54")
    assert found.updated - found.created == 5.0


def test_an_unknown_field_is_refused(ledger) -> None:
    ledger.add(_record())
    with pytest.raises(TypeError, match="colour"):
        ledger.update("7f3e2c54", colour="red")


def test_an_id_is_taken_once(ledger) -> None:
    ledger.add(_record())
    with pytest.raises(LedgerError):
        ledger.add(_record())
    assert len(ledger.recent()) == 1


def test_the_newest_come_first_even_within_one_moment(ledger, time: FakeTime) -> None:
    for number in range(3):
        ledger.add(_record(f"0000000{number}"))
    time.now += 1
    ledger.add(_record("00000009"))
    assert [record.id for record in ledger.recent(3)] == ["00000009", "00000002", "00000001"]


def test_the_unfinished_are_those_without_an_end(ledger) -> None:
    for number, phase in enumerate(Phase):
        ledger.add(_record(f"000000{number:02x}", phase=phase.value))
    assert {record.phase for record in ledger.unfinished()} == {phase.value for phase in Phase} - {*SETTLED, *UNSENT}


def test_the_unfinished_are_those_nobody_sees_through(ledger, time: FakeTime, gone) -> None:
    owners = {"mine": new_owner(), "gone": gone, "foreign": "elsewhere/1/0a", "nobody": ""}
    for number, owner in enumerate(owners.values()):
        ledger.add(_record(f"0000000{number}", phase="following", owner=owner))
    ledger.add(_record("0000000f", phase="unknown", resent_as="00000000"))
    assert [record.owner for record in ledger.unfinished()] == [owners["nobody"], owners["gone"]]
    time.now += LEASE_SECONDS
    assert len(ledger.unfinished()) == 4


def test_of_the_unfinished_jobs_of_a_class_a_user_gets_their_own_and_those_of_nobody(ledger: Ledger) -> None:
    for number, user in enumerate(("", "ann", "bob", EMAIL), 1):
        ledger.add(a_record(f"{number:08x}", phase="following", asked_by=user, owner="", lease=0.0))
    assert [record.id for record in ledger.unfinished("ann")] == ["00000002", "00000001"]
    assert [record.id for record in ledger.unfinished(EMAIL)] == ["00000004", "00000001"]
    assert len(ledger.unfinished()) == 4


@pytest.mark.usefixtures("engine")
@settings(max_examples=examples(20))
@given(requests)
def test_every_request_comes_back_whole(tmp_path_factory: pytest.TempPathFactory, request) -> None:
    ledger = make_ledger(tmp_path_factory.getbasetemp() / "laws")
    job_id = os.urandom(8).hex()
    ledger.add(_record(job_id, request=request.to_wire()))
    assert ledger.get(job_id).request == request.to_wire()
    ledger.close()


# --- no secrets on disk -----------------------------------------------------------------------------


@pytest.mark.of_file
def test_no_row_holds_an_email_and_ids_come_back_whole(ledger, tmp_path: Path) -> None:
    wire = {"firstImage_assetId": ASSET_ID, "text_prompt": f"{TASK_ID} and {ASSET_ID}"}
    cell = f"%%runway --first {ASSET_ID}\nA lamp"
    ledger.add(_record(request=wire, task_id=TASK_ID, cell=cell))
    ledger.update("7f3e2c54", message=f"could not read {ASSET_ID}")
    assert (tmp_path / "home" / "ledger.sqlite3-wal").exists()
    assert EMAIL.encode() not in _bytes(tmp_path / "home")
    found = make_ledger(tmp_path / "home").get("7f3e2c54")
    assert (found.request, found.task_id, found.cell) == (wire, TASK_ID, cell)
    assert found.message == f"could not read {ASSET_ID}"


@pytest.mark.of_file
def test_no_column_holds_an_email_or_a_token(ledger, tmp_path: Path) -> None:
    said = f"{TASK_ID}, {ASSET_ID} and Bearer {TOKEN}"
    words = ("id", "phase", "model", "resent_as")
    texts = {spec.name: said for spec in fields(Record) if spec.type == "str" and spec.name not in words}
    body = {
        "text_prompt": said,
        "firstImage_assetId": ASSET_ID,
        "inner": [{"replyUrl": f"https://x.example/?t={TOKEN}"}],
    }
    ledger.add(
        _record(
            "0000000a",
            phase="sending",
            **{**texts, "request": body, "original_request": body, "credits": 25, "simulated": True},
        )
    )
    ledger.add(_record("0000000b"))
    ledger.update("0000000b", **{**texts, "request": body, "original_request": body})
    for name in ("0000000a", "0000000b"):
        found = ledger.get(name)
        assert found.task_id.startswith(TASK_ID)
        assert found.request["firstImage_assetId"] == found.original_request["firstImage_assetId"] == ASSET_ID
    ledger.close()
    for secret in (EMAIL, TOKEN, TOKEN.partition("-")[2]):
        assert secret.encode() not in _bytes(tmp_path / "home")


@pytest.mark.of_file
@pytest.mark.parametrize("after", ["", " ", ".", ",", "\n", '"', "'", ")", "\\", "&", ":", "-", "_"])
def test_a_token_is_masked_whatever_comes_after_it(ledger, tmp_path: Path, after) -> None:
    ledger.add(_record(cell=f"token {TOKEN}{after}", request={"text_prompt": f"{TOKEN}{after}"}))
    ledger.close()
    assert TOKEN.encode() not in _bytes(tmp_path / "home")


@pytest.mark.of_file
def test_an_address_that_was_cut_short_is_written_again(ledger, tmp_path: Path) -> None:
    """A power cut can leave an empty file; without its address a task id finds no task."""
    ledger.add(_record("0000000a", task_id=TASK_ID))
    (address,) = (tmp_path / "home" / "accounts").iterdir()
    address.write_text("")
    ledger.add(_record("0000000b", task_id=TASK_ID))
    assert [record.task_id for record in ledger.recent()] == [TASK_ID, TASK_ID]


@pytest.mark.of_file
def test_a_closed_ledger_holds_no_email_either(ledger, tmp_path: Path) -> None:
    ledger.add(_record(task_id=TASK_ID))
    ledger.close()
    assert EMAIL.encode() not in _bytes(tmp_path / "home")


def test_no_repr_holds_an_email(ledger) -> None:
    record = ledger.add(_record(task_id=TASK_ID, cell=f"--first {ASSET_ID}"))
    assert EMAIL not in f"{record!r} {ledger!r}"


@pytest.mark.of_file
def test_everything_on_disk_is_private(ledger, tmp_path: Path) -> None:
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


@pytest.mark.parametrize(
    ("text", "hidden"),
    [
        (f"see {TASK_ID}, mail {EMAIL}", EMAIL),
        ("user:4711-runwayml:a@b.example-video:0b6f0c1e", "b.example"),
        (EMAIL.upper(), EMAIL),
        (TASK_ID.upper(), EMAIL),
        (TASK_ID.replace("@", "%40"), "studio"),
        ("studio%2540example.org studio&#64;example.org", "example.org"),
        ("stu\u200bdio\uff20example.org", "example.org"),
        (json.dumps({"text_prompt": "two lines\nj\u00fcrgen@ex\u00e4mple.org"}), "mple.org"),
        ("https://me:pass@word@hooks.example.org/r/1?x=a@b.example", "pass"),
        ("https://me:pass@word@hooks.example.org/r/1?x=a@b.example", "b.example"),
    ],
)
def test_an_address_is_masked_once_and_comes_back_as_it_was_spelt(tmp_path: Path, text, hidden) -> None:
    book = AccountAddresses(AddressFolder(tmp_path))
    masked = book.mask(text)
    assert hidden not in masked.lower()
    assert book.mask(masked) == masked
    assert book.unmask(masked) == text


def test_a_key_that_nobody_has_stays(tmp_path: Path) -> None:
    assert AccountAddresses(AddressFolder(tmp_path)).unmask("account~0123456789ab") == "account~0123456789ab"


@pytest.mark.of_file
def test_an_id_of_an_unknown_form_is_found_again_and_is_not_on_disk(ledger, tmp_path: Path) -> None:
    unknown = "user:4711-runwayml:sam@mail.example-video:0b6f0c1e"
    ledger.add(_record("0000000a", task_id=unknown, reply_ref="sam@mail.example", message="SAM%40MAIL.EXAMPLE"))
    ledger.add(_record("0000000b", task_id="sam@mail.example"))
    for name in (unknown, "sam@mail.example"):
        assert {record.id for record in ledger.named(name)} == (
            {"0000000a"} if name == unknown else {"0000000a", "0000000b"}
        )
    assert not ledger.tasks.assign("0000000b", unknown, is_certain=True), "it is the task of another job"
    assert ledger.get("0000000a").task_id == unknown
    ledger.close()
    assert b"mail.example" not in _bytes(tmp_path / "home").lower()


def test_the_budget_of_a_notebook_holds_whose_path_has_an_address(ledger) -> None:
    folder = "/home/sam@corp.example/notebooks"
    ledger.add(_record(phase="done", notebook=folder, credits=25, backend="api.test"))
    assert ledger.spending.today("api.test") == 25
    assert [row.notebook for row in ledger.spending.by_day()] == [folder]


@given(
    st.lists(
        st.sampled_from(
            [EMAIL, TASK_ID, "@", "%40", "a.b", "\n", '"', "\\", "://", "x:y@", " ", "\N{GRINNING FACE}", "ü"]
        )
    )
)
def test_all_but_tokens_comes_back_from_the_book(tmp_path_factory: pytest.TempPathFactory, parts) -> None:
    book, text = AccountAddresses(AddressFolder(tmp_path_factory.getbasetemp() / "book")), "".join(parts)
    assert book.unmask(book.mask(text)) == text
    assert EMAIL not in book.mask(text)
    assert json.loads(book.unmask(book.mask(json.dumps(text)))) == text


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
def test_a_job_is_found_by_every_name_it_has(two, text, found) -> None:
    assert two.find(text).id == found


@pytest.mark.parametrize("text", ["7f", "9c"])
def test_a_name_of_two_jobs_lists_both(two, text) -> None:
    with pytest.raises(JobNotFound) as caught:
        two.find(text)
    assert "names 2 jobs" in caught.value.message
    assert "7f3e2c54" in caught.value.message
    assert "7f99aaaa" in caught.value.message


@pytest.mark.parametrize("text", ["", "nothing", "my", "' OR 1=1 --", "user:4711", TASK_ID.replace("9c2a", "0000")])
def test_a_name_of_no_job_says_where_to_look(two, text) -> None:
    with pytest.raises(JobNotFound, match="%runway list"):
        two.find(text)


def test_an_unknown_id_says_where_to_look(ledger) -> None:
    with pytest.raises(JobNotFound, match="%runway list"):
        ledger.get("7f3e2c54")


# --- uploads ----------------------------------------------------------------------------------------

OTHER = "other@example.org"
OTHER_ASSET = ASSET_ID.replace(EMAIL, OTHER).replace("0b6f0c1e", "ffffffff")


def test_an_upload_is_known_by_content_party_and_account(ledger) -> None:
    assert ledger.uploads.find("a", "api.test") == ""
    ledger.uploads.keep("a", "api.test", EMAIL, ASSET_ID)
    assert ledger.uploads.find("a", "api.test") == ledger.uploads.find("a", "api.test", EMAIL) == ASSET_ID
    assert [
        ledger.uploads.find(*other) for other in (("b", "api.test"), ("a", "simulator"), ("a", "api.test", OTHER))
    ] == [""] * 3


def test_without_an_account_the_newest_upload_answers(ledger, time: FakeTime) -> None:
    for email, asset_id in ((EMAIL, ASSET_ID), (OTHER, OTHER_ASSET)):
        time.now += 1
        ledger.uploads.keep("a", "api.test", email, asset_id)
        assert ledger.uploads.find("a", "api.test") == asset_id
    assert ledger.uploads.find("a", "api.test", EMAIL) == ASSET_ID
    time.now += 1
    ledger.uploads.keep("a", "api.test", EMAIL, ASSET_ID)
    assert ledger.uploads.find("a", "api.test") == ASSET_ID


def test_a_second_upload_takes_the_place_of_the_first(ledger) -> None:
    newer = ASSET_ID.replace("0b6f0c1e", "eeeeeeee")
    for asset_id in (ASSET_ID, newer):
        ledger.uploads.keep("a", "api.test", EMAIL, asset_id)
    assert ledger.uploads.find("a", "api.test", EMAIL) == newer


def test_an_asset_that_is_gone_is_forgotten_and_no_other(ledger) -> None:
    ledger.uploads.keep("a", "api.test", EMAIL, ASSET_ID)
    ledger.uploads.keep("b", "api.test", OTHER, OTHER_ASSET)
    ledger.uploads.keep("a", "simulator", EMAIL, ASSET_ID)
    ledger.uploads.forget("api.test", asset_id=ASSET_ID)
    assert ledger.uploads.find("a", "api.test") == ""
    assert ledger.uploads.find("b", "api.test") == OTHER_ASSET
    assert ledger.uploads.find("a", "simulator") == ASSET_ID


def test_what_lies_on_an_account_is_forgotten_and_no_other(ledger) -> None:
    for content in ("a", "b"):
        ledger.uploads.keep(content, "api.test", EMAIL, ASSET_ID)
        ledger.uploads.keep(content, "api.test", OTHER, OTHER_ASSET)
    ledger.uploads.keep("a", "simulator", EMAIL, ASSET_ID)
    ledger.uploads.forget("api.test", account=EMAIL)
    for content in ("a", "b"):
        assert ledger.uploads.find(content, "api.test", EMAIL) == ""
        assert ledger.uploads.find(content, "api.test") == OTHER_ASSET
    assert ledger.uploads.find("a", "simulator", EMAIL) == ASSET_ID


def test_forgetting_nothing_forgets_nothing(ledger) -> None:
    ledger.uploads.keep("a", "api.test", EMAIL, ASSET_ID)
    ledger.uploads.keep("b", "api.test", "", ASSET_ID)
    ledger.uploads.forget("api.test")
    assert ledger.uploads.find("a", "api.test") == ledger.uploads.find("b", "api.test") == ASSET_ID


@pytest.mark.of_file
def test_uploads_outlive_a_close_and_hold_no_email(ledger, tmp_path: Path) -> None:
    ledger.uploads.keep("a", "api.test", EMAIL, ASSET_ID)
    assert (tmp_path / "home" / "ledger.sqlite3-wal").exists()
    assert EMAIL.encode() not in _bytes(tmp_path / "home")
    ledger.close()
    assert EMAIL.encode() not in _bytes(tmp_path / "home")
    assert make_ledger(tmp_path / "home").uploads.find("a", "api.test", EMAIL) == ASSET_ID


# --- claims -----------------------------------------------------------------------------------------


def _wish(job_id="0000ffff", **fields):
    fields = {"owner": new_owner(), "backend": "simulator", "notebook": "film.ipynb", **fields}
    return _record(job_id, **fields)


def _claim(ledger, wish, **limits):
    return ledger.claim(wish, lambda books: decide(wish, books, Limits(**limits)))


def _books(ledger, wish):
    """What a new wish would be judged by."""
    seen = []

    def look(books):
        seen.append(books)
        raise LookupError

    with pytest.raises(LookupError):
        ledger.claim(wish, look)
    return seen[0]


def test_a_new_wish_is_written_with_its_lease(ledger, time: FakeTime) -> None:
    wish = _wish()
    assert _claim(ledger, wish).id == wish.id
    assert ledger.get(wish.id).lease == time.now + LEASE_SECONDS


def test_an_equal_wish_gives_the_earlier_one(ledger) -> None:
    first = _claim(ledger, _wish("0000000a"))
    assert _claim(ledger, _wish("0000000b")) == first
    assert [record.id for record in ledger.recent()] == ["0000000a"]


@pytest.mark.parametrize("other", [{"digest": "v1:y"}, {"backend": "api.useapi.net"}], ids=str)
def test_another_wish_or_another_party_gives_none(ledger, other) -> None:
    _claim(ledger, _wish("0000000a"))
    assert _claim(ledger, _wish("0000000b", **other)).id == "0000000b"


def test_what_is_refused_leaves_no_trace(ledger) -> None:
    ledger.add(_wish("0000000a", phase="unknown", owner=""))
    before = ledger.recent()
    with pytest.raises(OverBudget):
        ledger.claim(
            wish := _wish(), lambda books: decide(wish, books, Limits(fresh=True, cell_credits=1)), replaces="0000000a"
        )
    assert ledger.recent() == before


def test_a_lost_wish_that_is_being_looked_for_is_not_sent_again(ledger) -> None:
    ledger.add(_wish("0000000a", phase="checking"))
    assert ledger.claim(_wish("0000000b"), lambda _: None, replaces="0000000a").id == "0000000a"


def test_the_own_wishes_of_a_kernel_that_slept_wait_on(ledger, time: FakeTime) -> None:
    mine = _wish("0000000a", phase="waiting")
    ledger.add(mine)
    time.now += 3600
    ledger.claim(_wish("0000000b", digest="v1:y", owner=mine.owner), lambda _: None)
    assert ledger.get("0000000a").phase == "waiting"
    ledger.claim(_wish("0000000c", digest="v1:z"), lambda _: None)
    assert ledger.get("0000000a").phase == "removed"


def test_a_kernel_that_slept_counts_its_own_unsent_jobs(ledger, time: FakeTime) -> None:
    """They will be sent: what else it asks for must leave room for them."""
    mine = _claim(ledger, _wish("0000000a", digest="v1:a"), day_credits=25)
    time.now += LEASE_SECONDS + 1
    with pytest.raises(OverBudget):
        _claim(ledger, _wish("0000000b", digest="v1:b", owner=mine.owner), day_credits=25)
    ledger.update("0000000a", by=mine.owner, phase="sending")


@pytest.mark.of_file
def test_an_interrupt_at_a_bad_moment_leaves_no_lock(ledger) -> None:
    """As if it came between the lock and what follows."""
    with ledger.table.database.opened() as connection:
        connection.execute("BEGIN IMMEDIATE")
    ledger.add(_wish("0000000a"))
    make_ledger(ledger.path.parent).update("0000000a", phase="waiting")
    assert ledger.get("0000000a").phase == "waiting"


def test_a_task_is_adopted_once(ledger) -> None:
    first = ledger.adopt(_record("0000000a", task_id=TASK_ID))
    assert ledger.adopt(_record("0000000b", task_id=TASK_ID)) == first
    assert ledger.adopt(_record("0000000c", task_id=TASK_ID.upper())) == first


def test_an_imported_job_is_written_once_with_its_marks(ledger) -> None:
    record = _record("0000000a", phase="done", credits=0, imported=True)
    assert ledger.add_imported(record, Marks(star=True, note="the best")) is True
    assert ledger.add_imported(replace(record, digest="v1:other"), Marks(rejected=True)) is False
    assert ledger.get("0000000a").imported
    assert ledger.get("0000000a").digest == record.digest
    assert ledger.marks.of("0000000a") == Marks(star=True, note="the best")


def test_an_imported_job_is_nobodys_work_and_no_spending(ledger) -> None:
    record = _record("0000000a", phase="done", credits=0, imported=True, task_id="")
    ledger.add_imported(record, Marks())
    assert (ledger.unfinished(), ledger.spending.today(record.backend), ledger.spending.by_day()) == ([], 0, [])
    assert ledger.tasks.ids() == (frozenset(), frozenset())
    assert ledger.tasks.missing(record.backend) == []


def test_a_lost_wish_is_sent_again_once_and_stands_no_more(ledger) -> None:
    ledger.add(_wish("0000000a", phase="unknown", owner=""))
    first, second = (
        ledger.claim(_wish(name), lambda _: None, replaces="0000000a") for name in ("0000000b", "0000000c")
    )
    assert (first.id, second.id) == ("0000000b", "0000000b")
    assert ledger.get("0000000a").resent_as == "0000000b"
    assert "0000000a" not in {record.id for record in ledger.unfinished()}
    assert _claim(ledger, _wish("0000000d")).id == "0000000b"


@pytest.mark.parametrize("phase", ["preparing", "waiting"])
def test_a_wish_that_was_never_sent_is_void_once_its_owner_is_gone(ledger, gone, phase) -> None:
    ledger.add(_wish("0000000a", phase=phase, owner=gone))
    assert _claim(ledger, _wish("0000000b")).id == "0000000b"
    void = ledger.get("0000000a")
    assert (void.phase, void.credits, void.owner, void.lease) == ("removed", 0, "", 0.0)
    assert "nothing was charged" in void.message


@pytest.mark.parametrize("phase", ["sending", "checking", "following", "downloading", "unknown", "detached"])
def test_a_wish_that_may_be_paid_stands_although_its_owner_is_gone(ledger, gone, phase) -> None:
    ledger.add(_wish("0000000a", phase=phase, owner=gone))
    assert _claim(ledger, _wish("0000000b")).id == "0000000a"
    assert ledger.get("0000000a").phase == phase


def test_what_was_void_cannot_be_sent_by_the_owner_that_wakes(ledger, time: FakeTime) -> None:
    sleeper = _claim(ledger, _wish("0000000a"))
    time.now += LEASE_SECONDS
    _claim(ledger, _wish("0000000b"))
    with pytest.raises(LeaseLost):
        ledger.update(sleeper.id, by=sleeper.owner, phase="sending")
    assert ledger.get("0000000a").phase == "removed"


def test_a_budget_holds_although_an_owner_slept_past_its_lease(ledger, time: FakeTime) -> None:
    """Either the sleeper counts, or it cannot send any more."""
    wishes = [_wish("0000000a", digest="v1:a"), _wish("0000000b", digest="v1:b")]
    _claim(ledger, wishes[0], day_credits=25)
    time.now += LEASE_SECONDS + 1
    sent = 0
    try:
        _claim(ledger, wishes[1], day_credits=25)
    except OverBudget:
        wishes.pop()
    for wish in wishes:
        try:
            ledger.update(wish.id, by=wish.owner, phase="sending")
        except LeaseLost:
            continue
        sent += wish.credits
    assert sent <= 25


def test_a_wish_is_judged_by_its_own_words_party_and_day(ledger, time: FakeTime) -> None:
    said = {"prompt_hash": "abc", "refusal": "VIOLENCE", "phase": "failed"}
    ledger.add(_wish("0000000a", digest="v1:a", **said))
    ledger.add(_wish("0000000b", digest="v1:b", backend="api.useapi.net", **said))
    ledger.add(_wish("0000000c", digest="v1:c", prompt_hash="", refusal="VIOLENCE", phase="refused"))
    books = _books(ledger, _wish(prompt_hash="abc"))
    assert (books.refused.id, books.moderated, books.earlier) == ("0000000a", 2, ())
    assert _books(ledger, _wish(prompt_hash="")).refused is None
    assert _books(ledger, _wish(prompt_hash="other")).refused is None
    time.now += MODERATION_SECONDS
    late = _books(ledger, _wish(prompt_hash="abc"))
    assert (late.refused.id, late.moderated) == ("0000000a", 0)


def test_every_earlier_wish_is_known_newest_first(ledger, time: FakeTime) -> None:
    for number in range(3):
        ledger.add(_wish(f"0000000{number}", phase="done", owner=""))
    assert [record.id for record in _books(ledger, _wish()).earlier] == ["00000002", "00000001", "00000000"]


# --- owners -----------------------------------------------------------------------------------------


@pytest.fixture
def two_owners():
    return new_owner(), new_owner()


def test_a_job_is_taken_by_one_of_two(ledger, two_owners) -> None:
    ledger.add(_record(phase="following"))
    one, other = two_owners
    assert ledger.leases.take("7f3e2c54", one)[1]
    record, ours = ledger.leases.take("7f3e2c54", other)
    assert (record.owner, ours) == (one, False)
    assert ledger.leases.take("7f3e2c54", one)[1]


def test_a_lease_ends_with_the_clock_unless_it_is_renewed(ledger, time: FakeTime, two_owners) -> None:
    one, other = two_owners
    ledger.add(_record(phase="following", owner=one))
    for _ in range(5):
        time.now += LEASE_SECONDS - 1
        ledger.leases.renew(one)
        assert not ledger.leases.take("7f3e2c54", other)[1]
    time.now += LEASE_SECONDS
    assert ledger.leases.take("7f3e2c54", other)[1]


def test_a_lease_that_was_lost_is_not_renewed(ledger, time: FakeTime, two_owners) -> None:
    one, other = two_owners
    ledger.add(_record(phase="following", owner=one))
    time.now += LEASE_SECONDS
    assert ledger.leases.take("7f3e2c54", other)[1]
    until = ledger.get("7f3e2c54").lease
    time.now += 1
    ledger.leases.renew(one)
    assert ledger.get("7f3e2c54").lease == until


def test_a_job_at_rest_stays_at_rest(ledger, two_owners) -> None:
    ledger.add(_record(phase="detached", owner=two_owners[0]))
    ledger.update("7f3e2c54", lease=0.0)
    ledger.leases.renew(two_owners[0])
    assert ledger.leases.take("7f3e2c54", two_owners[1])[1]


def test_a_dead_process_frees_its_jobs_at_once_another_machine_does_not(ledger, gone) -> None:
    ledger.add(_record("0000000a", phase="following", owner=gone))
    ledger.add(_record("0000000b", phase="following", owner=f"not-{gone}"))
    assert ledger.leases.take("0000000a", new_owner())[1]
    assert not ledger.leases.take("0000000b", new_owner())[1]


def test_an_unsent_job_of_a_dead_process_is_void_when_it_is_taken(ledger, gone) -> None:
    ledger.add(_record(phase="waiting", owner=gone))
    record, ours = ledger.leases.take("7f3e2c54", new_owner())
    assert (record.phase, record.credits, ours) == ("removed", 0, True)


def test_only_its_owner_changes_a_job_that_has_one(ledger, two_owners) -> None:
    one, other = two_owners
    ledger.add(_record(phase="following", owner=one))
    ledger.update("7f3e2c54", by=one, status="RUNNING")
    with pytest.raises(LeaseLost, match="another kernel"):
        ledger.update("7f3e2c54", by=other, status="FAILED")
    ledger.update("7f3e2c54", task_id=TASK_ID)
    found = ledger.get("7f3e2c54")
    assert (found.status, found.task_id) == ("RUNNING", TASK_ID)


def test_a_job_that_is_not_there_cannot_be_changed(ledger) -> None:
    with pytest.raises(LedgerError, match="has lost job 7f3e2c54"):
        ledger.update("7f3e2c54", by=new_owner(), phase="sending")


def test_a_task_belongs_to_one_job(ledger) -> None:
    for name in ("0000000a", "0000000b"):
        ledger.add(_record(name, phase="checking"))
    assert ledger.tasks.assign("0000000a", TASK_ID, is_certain=True)
    assert ledger.tasks.assign("0000000a", TASK_ID, is_certain=True)
    assert not ledger.tasks.assign("0000000b", TASK_ID, is_certain=True)
    assert not ledger.tasks.assign("0000000b", TASK_ID, is_certain=False)
    assert not ledger.tasks.assign("0000000b", TASK_ID.upper(), is_certain=True)
    assert ledger.get("0000000b").task_id == ""
    assert ledger.tasks.ids() == ({TASK_ID}, frozenset())
    assert ledger.tasks.ids(except_job="0000000a") == (frozenset(), frozenset())


@pytest.mark.usefixtures("engine")
@settings(max_examples=examples(40), deadline=None)
@given(
    st.lists(
        st.one_of(
            st.tuples(st.sampled_from(["take", "renew", "commit"]), st.integers(0, 2)),
            st.tuples(st.just("pass"), st.sampled_from([1.0, 10.0, 19.9, 20.0])),
        ),
        max_size=25,
    )
)
def test_two_owners_never_both_hold_a_job(tmp_path_factory: pytest.TempPathFactory, steps) -> None:
    now = [1_700_000_000.0]
    ledger = make_ledger(tmp_path_factory.getbasetemp() / "owners", lambda: now[0])
    owners, job_id = [new_owner() for _ in range(3)], os.urandom(6).hex()
    ledger.add(_record(job_id, phase="following"))
    holder, until = None, 0.0
    for step, value in steps:
        if step == "pass":
            now[0] += value
            continue
        owner = owners[value]
        if step == "take":
            ours = ledger.leases.take(job_id, owner)[1]
            assert ours is (owner == holder or now[0] >= until)
            holder, until = (owner, now[0] + LEASE_SECONDS) if ours else (holder, until)
        elif step == "renew":
            ledger.leases.renew(owner)
            until = now[0] + LEASE_SECONDS if owner == holder else until
        elif owner == holder:
            ledger.update(job_id, by=owner, status="RUNNING")
        else:
            with pytest.raises(LeaseLost):
                ledger.update(job_id, by=owner, status="RUNNING")
    assert ledger.get(job_id).owner == (holder or "")
    ledger.close()


# --- money ------------------------------------------------------------------------------------------


def test_spending_is_told_by_day_notebook_backend_and_model(ledger, time: FakeTime) -> None:
    made = [("a", "simulator"), ("a", "simulator"), ("b", "simulator"), ("a", "api.useapi.net"), ("b", "simulator")]
    for number, (notebook, party) in enumerate(made):
        model = "kling-3.0-pro" if number == 4 else "gen3turbo"
        record = _record(f"0000000{number}", phase="done", notebook=notebook, backend=party, credits=25 + number)
        ledger.add(replace(record, model=model))
    first = clock.strftime("%Y-%m-%d", clock.localtime(time.now))
    time.now += 24 * 3600
    ledger.add(_record("0000000f", phase="following", notebook="a", backend="simulator", credits=50))
    second = clock.strftime("%Y-%m-%d", clock.localtime(time.now))
    assert [tuple(row) for row in ledger.spending.by_day()] == [
        (second, "a", "simulator", 1, 50, "gen3turbo"),
        (first, "a", "api.useapi.net", 1, 28, "gen3turbo"),
        (first, "a", "simulator", 2, 51, "gen3turbo"),
        (first, "b", "simulator", 1, 27, "gen3turbo"),
        (first, "b", "simulator", 1, 29, "kling-3.0-pro"),
    ]
    assert [row.day for row in ledger.spending.by_day(since=time.now)] == [second]


def test_what_may_be_paid_counts_and_what_is_not_paid_does_not(ledger, gone) -> None:
    """Credits as the workflow leaves them: 0 where it is certain that nothing was charged."""
    owner = new_owner()
    for number, phase in enumerate(Phase):
        price = 0 if phase in (Phase.REFUSED, Phase.REMOVED) else 2**number
        ledger.add(_record(f"{number:08x}", phase=phase.value, owner=owner, credits=price))
    (row,) = ledger.spending.by_day()
    free = {Phase.REFUSED, Phase.REMOVED}
    assert row.credits == sum(2**number for number, phase in enumerate(Phase) if phase not in free)
    assert row.jobs == len(Phase) - 2


@pytest.mark.parametrize("phase", ["preparing", "waiting"])
def test_a_wish_that_nobody_will_send_does_not_count(ledger, time: FakeTime, gone, phase) -> None:
    ledger.add(_record("0000000a", phase=phase, owner="elsewhere/1/0a"))
    assert len(ledger.spending.by_day()) == 1
    time.now += LEASE_SECONDS + 1
    assert ledger.spending.by_day() == []
    ledger.add(_record("0000000b", phase=phase, owner=gone))
    assert ledger.spending.by_day() == []


def test_the_purse_is_of_a_backend_and_of_today_whatever_the_notebook_is_called(ledger, time: FakeTime) -> None:
    time.now = clock.mktime((2026, 11, 22, 23, 59, 59, 0, 0, -1))
    ledger.add(_wish("0000000a", phase="done", digest="v1:a"))
    ledger.add(_wish("0000000b", phase="done", digest="v1:b", notebook="other.ipynb"))
    ledger.add(_wish("0000000c", phase="done", digest="v1:c", backend="api.useapi.net"))
    assert _books(ledger, _wish()).spent == _books(ledger, _wish(notebook="renamed.ipynb")).spent == 50
    time.now += 1
    assert _books(ledger, _wish()).spent == 0
    ledger.add(_wish("0000000d", phase="done", digest="v1:d"))
    assert _books(ledger, _wish()).spent == 25


# --- several at once --------------------------------------------------------------------------------


class Workers:
    """Eight processes that do the same at the same moment."""

    COUNT = 8

    def __init__(self):
        start = [sys.executable, "-c", WORKER]
        self.processes = [
            subprocess.Popen(start, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(self.COUNT)
        ]
        assert [self._read(process) for process in self.processes] == ["ready\n"] * self.COUNT

    @staticmethod
    def _read(process: subprocess.Popen[str]) -> str:
        assert process.stdout is not None
        return process.stdout.readline()

    def all(self, name, *values, first=COUNT):
        """What each gives; a list among `values` holds one value for each."""
        at = clock.time() + 0.004
        for number, process in enumerate(self.processes[:first]):
            mine = [value[number] if isinstance(value, list) else value for value in values]
            assert process.stdin is not None
            process.stdin.write(json.dumps([name, at, *mine]) + "\n")
            process.stdin.flush()
        return [json.loads(self._read(process)) for process in self.processes[:first]]

    def end(self):
        for process in self.processes:
            process.communicate(timeout=20)


@pytest.fixture(scope="module")
def workers():
    workers = Workers()
    yield workers
    workers.end()


@pytest.fixture
def busy(workers, tmp_path: Path, engine: str):
    """The eight, each with a new owner, on one ledger; and a look at it."""
    workers.all("open_at", str(tmp_path / "busy"), url_of(tmp_path / "busy"))
    ledger = make_ledger(tmp_path / "busy")
    yield workers, ledger
    ledger.close()


def _ids(kind, count=Workers.COUNT):
    return [f"{kind:04x}{number:04x}" for number in range(count)]


@pytest.mark.slow("eight processes write at once")
def test_eight_processes_lose_no_row(busy) -> None:
    workers, ledger = busy
    workers.all("add", [number * 1000 for number in range(8)], 10)
    records = ledger.recent(1000)
    assert len({record.id for record in records}) == 80
    assert {record.task_id.partition("-task")[0] for record in records} == {"user:1-runwayml:a@b.example"}


@pytest.mark.slow("eight processes write at once")
def test_eight_processes_make_a_new_ledger_at_once(workers, tmp_path: Path, engine: str) -> None:
    for trial in range(5):
        home = tmp_path / str(trial)
        workers.all("make_at", str(home), url_of(home), _ids(trial))
        assert len(make_ledger(home).recent()) == 8


@pytest.mark.slow("eight processes write at once")
def test_an_equal_wish_of_eight_processes_is_written_once(busy) -> None:
    workers, ledger = busy
    for trial in range(30):
        found = workers.all("claim", _ids(trial), f"v1:{trial}")
        assert len(set(found)) == 1
        assert found[0] in _ids(trial)
    assert len(ledger.recent(1000)) == 30


@pytest.mark.slow("eight processes write at once")
def test_a_budget_holds_against_eight_processes(busy) -> None:
    workers, ledger = busy
    limit = 0
    for trial in range(8):
        limit += 60
        digests = [f"v1:{name}" for name in _ids(trial)]
        workers.all("claim", _ids(trial), digests, limit)
        (spending,) = ledger.spending.by_day()
        assert limit - 25 < spending.credits <= limit


@pytest.mark.slow("eight processes write at once")
def test_one_of_eight_processes_gets_a_lease(busy) -> None:
    workers, ledger = busy
    for name in _ids(0, 12):
        ledger.add(_record(name, phase="following"))
        assert sum(workers.all("take", name)) == 1
        assert sum(workers.all("commit", name)) == 1


@pytest.mark.slow("eight processes write at once")
def test_a_lost_wish_is_sent_again_once(busy) -> None:
    workers, ledger = busy
    for trial, name in enumerate(_ids(0xFF, 12)):
        ledger.add(_record(name, phase="unknown"))
        (again,) = set(workers.all("resend", _ids(trial), name))
        assert ledger.get(name).resent_as == again
    assert len(ledger.recent(1000)) == 24


@pytest.mark.slow("eight processes write at once")
def test_a_task_belongs_to_one_of_eight_jobs(busy) -> None:
    workers, ledger = busy
    for trial in range(8):
        for name in _ids(trial):
            ledger.add(_record(name, phase="checking"))
        task = f"user:1-runwayml:a@b.example-task:0b6f0c1e-6a55-4f0c-9a35-{trial:012x}"
        assert sum(workers.all("assign", _ids(trial), task)) == 1
        assert sum(ledger.get(name).task_id == task for name in _ids(trial)) == 1


@pytest.mark.slow("eight processes write at once")
def test_eight_busy_processes_lose_nothing(busy, engine: str) -> None:
    workers, ledger = busy
    found = workers.all("hammer", list(range(8)), 1.5)
    written = {job_id for done in found for job_id in done}
    assert {record.id for record in ledger.recent(100_000)} == written
    assert {record.phase for record in ledger.recent(100_000)} == {"sending"}
    if engine == FILE:
        connection = sqlite3.connect(ledger.path)
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
        connection.close()


KILLED = """
import os, random, select, signal, sys, time
from pathlib import Path
from runway_nb.ledger.ledger import Ledger, Record

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


@pytest.mark.slow("kills processes")
def test_what_was_told_is_there_after_every_kill(tmp_path: Path) -> None:
    out = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], capture_output=True, text=True, timeout=60)
    assert out.stderr == ""
    told = dict(line.split() for line in out.stdout.splitlines())
    assert len(told) > 20
    ledger = make_ledger(tmp_path)
    found = {record.id: record.phase for record in recent_records(ledger, 100_000)}
    assert [job_id for job_id in told if job_id not in found] == []
    assert [job_id for job_id, phase in told.items() if phase == "following" != found[job_id]] == []
    assert len(found) <= len(told) + 20, "one row at most for each kill that nobody was told of"
    with ledger.table.database.opened() as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    ledger.close()


def test_threads_share_a_ledger(ledger) -> None:
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


@pytest.mark.slow("forks")
def test_a_ledger_is_used_on_both_sides_of_a_fork(tmp_path: Path) -> None:
    script = f"""
    import os
    from pathlib import Path
    from runway_nb.ledger.ledger import Ledger, Record
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


FORKED = """
import os, subprocess, sys
from pathlib import Path
from runway_nb.ledger.ledger import Ledger, Record

def add(job_id):
    ledger.add(Record(job_id, "preparing", {}, "gen3turbo", "v1:x", "rnb", 25, True))

ledger, job_id, code = Ledger(Path(sys.argv[1])), *sys.argv[2:]
add(job_id)
if code:
    (ready, tell_ready), (go, tell_go) = os.pipe(), os.pipe()
    child = os.fork()
    if child == 0:
        add("bbbbbbbb")
        os.write(tell_ready, b".")
        os.read(go, 1)
        add("dddddddd")
        ledger.close()
        os._exit(0)
    os.read(ready, 1)
ledger.close()
if code:
    subprocess.run([sys.executable, "-c", code, sys.argv[1], "cccccccc", ""], check=True)
    os.write(tell_go, b".")
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.slow("forks")
def test_a_forked_process_writes_on_after_its_parent_has_closed(tmp_path: Path) -> None:
    """What it inherits must not hide from a third process that it has the file open."""
    start = [sys.executable, "-c", FORKED, str(tmp_path), "aaaaaaaa", FORKED]
    out = subprocess.run(start, capture_output=True, text=True, timeout=20)
    assert out.stderr == ""
    ledger = make_ledger(tmp_path)
    assert sorted(record.id[0] for record in ledger.recent()) == ["a", "b", "c", "d"]
    ledger.close()


CROWDED = """
import os, sys, threading
from pathlib import Path
from runway_nb.ledger.ledger import Ledger, Record

home, over = Path(sys.argv[1]), threading.Event()

def make():
    while not over.is_set():
        [Ledger(home) for _ in range(50)]

sys.setswitchinterval(1e-5)
makers = [threading.Thread(target=make) for _ in range(4)]
for maker in makers:
    maker.start()
ledger = Ledger(home)
for number in range(40):
    ledger.recent(1)
    child = os.fork()
    if child == 0:
        over.set()
        Ledger(home).add(Record(f"{number:08x}", "done", {}, "gen3turbo", "v1:x", "rnb", 25, True))
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
over.set()
for maker in makers:
    maker.join()
print(ledger.count())
"""


@pytest.mark.slow("forks")
def test_a_process_forks_while_other_threads_make_ledgers_and_drop_them(tmp_path: Path) -> None:
    start = [sys.executable, "-W", "ignore:This process:DeprecationWarning", "-c", CROWDED, str(tmp_path)]
    out = subprocess.run(start, capture_output=True, text=True, timeout=60)
    assert (out.stdout, out.stderr) == ("40\n", "")


def test_a_second_reader_sees_a_row_at_once(ledger, tmp_path: Path) -> None:
    other = make_ledger(tmp_path / "home")
    assert other.recent() == []
    ledger.add(_record())
    assert [record.id for record in other.recent()] == ["7f3e2c54"]
    other.close()


# --- the file ---------------------------------------------------------------------------------------


@pytest.mark.of_file
def test_each_row_is_on_disk_when_the_call_returns(ledger) -> None:
    ledger.add(_record())
    with ledger.table.database.opened() as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2


def test_a_ledger_that_nobody_closes_leaves_no_file_open(tmp_path: Path, time: FakeTime) -> None:
    """Such as that of a studio out of use, or one that a late call has opened again; Python 3.13 complains of it."""
    opened: list[sqlite3.Connection] = []

    def connect(path: Path) -> sqlite3.Connection:
        opened.append(database.open_file(path))
        return opened[-1]

    ledger = Ledger(tmp_path, time, database=database.LedgerFile(tmp_path, time, connect))
    assert ledger.recent() == []
    ledger.close()
    assert ledger.recent() == []
    del ledger
    gc.collect()
    assert len(opened) == 2
    for connection in opened:
        with pytest.raises(sqlite3.ProgrammingError, match="closed"):
            connection.execute("SELECT 1")


def test_a_closed_ledger_opens_again(ledger) -> None:
    ledger.add(_record())
    ledger.close()
    ledger.close()
    assert ledger.get("7f3e2c54").id == "7f3e2c54"


def test_the_file_of_a_newer_version_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {len(migrations.STEPS) + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(LedgerError, match="newer runway_nb") as caught:
        make_ledger(tmp_path).recent()
    assert str(path) in caught.value.message
    assert "RUNWAY_NB_HOME" in caught.value.message
    assert path.read_bytes() == before


DAMAGE = {
    "text": lambda content: b"this is no database, only text" * 400,
    "header": lambda content: b"SQLite format 3\0" + b"\xff" * 4080,
    "cut": lambda content: content[: len(content) // 2 + 100],
    "stub": lambda content: content[:50],
    "middle": lambda content: content[:8192] + b"\xa5" * 12288 + content[20480:],
}


def _damaged(folder, kind, *, open_files=False, rows=60):
    """A folder with a ledger that something has overwritten; what its files hold."""
    made = make_ledger(folder.with_name("made"))
    for number in range(rows):
        made.add(_record(f"{number:08x}", cell="x" * 600))
    made.close()
    if open_files:
        made.update("00000007", phase="following", task_id=TASK_ID)
    folder.mkdir(exist_ok=True)
    for path in folder.with_name("made").glob("ledger*"):
        shutil.copy(path, folder / path.name)
    made.close()
    path = folder / "ledger.sqlite3"
    path.write_bytes(DAMAGE[kind](path.read_bytes()))
    return {path.name.removeprefix("ledger.sqlite3"): path.read_bytes() for path in folder.glob("ledger*")}


def _read_all(ledger) -> None:
    """Rows by their order, and by an index."""
    ledger.recent(10_000)
    ledger.spending.today("simulator")


def _set_aside(ledger):
    """Where the error says that the damaged file is."""
    with pytest.raises(LedgerError, match="damaged") as caught:
        _read_all(ledger)
    assert str(ledger.path) in caught.value.message
    assert "\n" not in caught.value.message
    name = ASIDE.search(caught.value.message)
    assert name
    return ledger.path.with_name(name[0])


@pytest.mark.parametrize("kind", DAMAGE)
def test_a_damaged_file_is_set_aside_as_it_was(tmp_path: Path, kind) -> None:
    before = _damaged(tmp_path / "home", kind)
    ledger = make_ledger(tmp_path / "home")
    assert _set_aside(ledger).read_bytes() == before[""]
    assert ledger.add(_record()).id == "7f3e2c54"
    assert [record.id for record in ledger.recent()] == ["7f3e2c54"]
    ledger.close()


@pytest.mark.parametrize("kind", ["text", "header", "cut", "middle"])
def test_what_was_written_beside_a_damaged_file_goes_with_it(tmp_path: Path, kind) -> None:
    """The write-ahead log may hold all that was paid since the last checkpoint."""
    before = _damaged(tmp_path / "home", kind, open_files=True)
    assert before["-wal"]
    aside = _set_aside(make_ledger(tmp_path / "home"))
    assert aside.read_bytes() == before[""]
    assert aside.with_name(aside.name + "-wal").read_bytes() == before["-wal"]


def test_damage_under_an_open_ledger_is_set_aside_too(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    for number in range(60):
        ledger.add(_record(f"{number:08x}", cell="x" * 600))
    ledger.close()
    ledger.recent(1)
    content = ledger.path.read_bytes()
    content = content[:12288] + b"\xa5" * (len(content) - 12288)
    ledger.path.write_bytes(content)
    assert _set_aside(ledger).read_bytes() == content
    assert ledger.recent() == []
    ledger.close()


def test_two_set_aside_in_one_second_keep_their_own(tmp_path: Path, time: FakeTime) -> None:
    ledger, asides = make_ledger(tmp_path, time), {}
    for number in range(3):
        ledger.close()
        for path in tmp_path.glob("ledger.sqlite3*"):
            path.unlink()
        ledger.path.write_bytes(bytes([number + 65]) * 9000)
        asides[_set_aside(ledger)] = bytes([number + 65]) * 9000
    assert len(asides) == 3
    assert {path: path.read_bytes() for path in asides} == asides


def test_a_name_that_is_taken_is_not_written_over(tmp_path: Path, time: FakeTime) -> None:
    first = tmp_path / clock.strftime("ledger-damaged-%Y%m%d-%H%M%S.sqlite3", clock.localtime(time.now))
    first.write_bytes(b"mine")
    (tmp_path / "ledger.sqlite3").write_bytes(b"x" * 9000)
    assert _set_aside(make_ledger(tmp_path, time)) != first
    assert first.read_bytes() == b"mine"


def test_a_second_ledger_does_not_go_on_with_a_file_set_aside(tmp_path: Path) -> None:
    """One has set the file aside and written a wish; another, open all the while, must not pay it again."""
    writer, other, finder = make_ledger(tmp_path), Ledger(tmp_path), Ledger(tmp_path)
    writer.add(_wish("00000001", digest="v1:old"))
    other.recent()
    writer.path.write_bytes(b"x" * 8192)
    _set_aside(finder)
    assert _claim(finder, _wish("0000000a")).id == "0000000a"
    with contextlib.suppress(LedgerError):
        _claim(other, _wish("0000000b"))
    assert _claim(other, _wish("0000000c")).id == "0000000a"
    assert [record.id for record in other.recent()] == ["0000000a"]


def test_both_of_two_that_met_the_damage_go_on_with_the_new_file(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").write_bytes(b"x" * 9000)
    one, other = make_ledger(tmp_path), Ledger(tmp_path)
    _set_aside(one)
    one.add(_record())
    assert [record.id for record in other.recent()] == ["7f3e2c54"]
    assert len(list(tmp_path.glob("ledger-damaged*"))) == 1


def test_a_good_file_that_another_has_begun_meanwhile_stays(tmp_path: Path) -> None:
    """The moment between the look at the damage and the move: another process is faster."""
    (tmp_path / "ledger.sqlite3").write_bytes(b"x" * 9000)
    faster = make_ledger(tmp_path)
    once: list[Any] = []

    def late():
        if not once:
            once.append(_set_aside(faster))
            faster.add(_record())
        return 1_700_000_000.0

    slow = make_ledger(tmp_path, late)
    with pytest.raises(LedgerError):
        slow.recent()
    assert once, "the other one was not faster: this test shows nothing"
    assert [record.id for record in slow.recent()] == ["7f3e2c54"]


def test_a_ledger_whose_file_was_deleted_begins_a_new_one(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    ledger.add(_record("0000000a"))
    for path in tmp_path.glob("ledger*"):
        path.unlink()
    with contextlib.suppress(LedgerError):
        ledger.add(_record("0000000b"))
        assert ledger.path.exists()
        assert [record.id for record in make_ledger(tmp_path).recent()] == ["0000000b"]


def test_one_row_that_cannot_be_read_hides_no_other(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    for number in range(3):
        ledger.add(_record(f"0000000{number}", phase="following", request={"text_prompt": f"lamp {number}"}))
    ledger.close()
    content = ledger.path.read_bytes()
    assert content.count(b"lamp 1") == 1
    ledger.path.write_bytes(content.replace(b"lamp 1", b"\xff" * 6))
    assert [record.id for record in ledger.recent()] == ["00000002", "00000001", "00000000"]
    assert [record.request.get("text_prompt") for record in recent_records(ledger)][::2] == ["lamp 2", "lamp 0"]
    assert len(ledger.unfinished()) == 3
    ledger.close()


# --- a full disk ------------------------------------------------------------------------------------


@pytest.fixture
def full(ledger):
    """A ledger with three jobs whose disk is full."""
    ledger.add(_wish("0000000a", phase="unknown", owner=""))
    ledger.add(_wish("0000000b", phase="waiting", owner=""))
    ledger.add(_wish("0000000c", phase="following", owner="", digest="v1:y"))
    with ledger.table.database.opened() as connection:
        pages = connection.execute("PRAGMA page_count").fetchone()[0]
        connection.execute(f"PRAGMA max_page_count = {pages}")
    return ledger


LONG = "x" * 200_000
WRITES = {
    "claim": lambda ledger: ledger.claim(_wish(cell=LONG), lambda _: None, replaces="0000000a"),
    "add": lambda ledger: ledger.add(_wish(cell=LONG)),
    "update": lambda ledger: ledger.update("0000000c", phase="done", cell=LONG),
    "take": lambda ledger: ledger.leases.take("0000000c", f"elsewhere/1/{LONG}"),
}


@pytest.mark.of_file
@pytest.mark.parametrize("write", WRITES)
def test_a_full_disk_is_told_and_leaves_nothing_half_written(full, write, tmp_path: Path) -> None:
    before = full.recent()
    with pytest.raises(LedgerError, match="make room on the disk") as caught:
        WRITES[write](full)
    assert "\n" not in caught.value.message
    assert full.recent() == before
    other = make_ledger(tmp_path / "home")
    assert other.recent() == before
    other.update("0000000c", status="RUNNING")
    other.close()
    with full.table.database.opened() as connection:
        connection.execute("PRAGMA max_page_count = 100000")
    WRITES[write](full)
    assert full.recent() != before


def test_a_home_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(LedgerError, match=r"file/home/ledger\.sqlite3"):
        make_ledger(tmp_path / "file" / "home").recent()


def test_a_file_that_cannot_be_written_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = make_ledger(tmp_path)
    ledger.add(_record("00000001"))
    with ledger.table.database.opened() as connection:
        connection.execute("PRAGMA query_only = ON")
    with pytest.raises(LedgerError, match=r"ledger\.sqlite3"):
        ledger.add(_record("00000002"))
    with ledger.table.database.opened() as connection:
        connection.execute("PRAGMA query_only = OFF")
    assert len(ledger.recent()) == 1
    ledger.close()


def test_a_folder_without_a_right_to_write_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Root may write everywhere, so the refusal is made here."""

    def refuse(self, *_, **__):
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "touch", refuse)
    with pytest.raises(LedgerError, match="Permission denied"):
        make_ledger(tmp_path).recent()


OLD = ("done", "removed", "refused", "failed", "unknown", "detached", "stopped", "following", "sending", "preparing")


@pytest.fixture
def old(tmp_path: Path):
    """A ledger as step 1 left it, with a row of each phase."""
    book = AccountAddresses(AddressFolder(tmp_path / "accounts"))
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as connection:
        migrations.STEPS[0](connection)
        connection.execute("PRAGMA user_version = 1")
        for number, phase in enumerate(OLD):
            connection.execute(
                "INSERT INTO jobs (id, created, updated, phase, model, request, digest, reply_ref, credits, simulated,"
                " task_id, error, message, folder, cell)"
                " VALUES (?, ?, 2e9, ?, 'gen3turbo', ?, ?, ?, 25, ?, ?, ?, ?, '/work', 'A lamp')",
                (
                    f"{number:08x}", 1.7e9 + number, phase, json.dumps({"text_prompt": "A lamp", "seed": number + 1}),
                    f"v1:{number}", f"rnb-{number:08x}", number % 2,
                    book.mask(TASK_ID) if phase == "done" else "", "PromptRefused" if phase == "refused" else "",
                    "refused by moderation: VIOLENCE" if phase == "refused" else "",
                ),
            )  # fmt: skip
    connection.close()
    ledger = make_ledger(tmp_path)
    yield ledger
    ledger.close()


def test_rows_of_the_first_schema_are_read_whole(old) -> None:
    records = old.recent()
    assert [record.phase for record in records] == list(reversed(OLD))
    for record in records:
        number = int(record.id, 16)
        assert record.request == {"text_prompt": "A lamp", "seed": number + 1}
        assert record.backend == ("simulator" if number % 2 else "api.useapi.net")
        assert (record.notebook, record.cell, record.original_request, record.owner) == ("/work", "A lamp", {}, "")
        assert record.credits == (0 if record.phase in ("refused", "removed") else 25)
        assert record.created == 1.7e9 + number
        assert old.find(f"rnb-{record.id}").id == record.id
    assert old.find(TASK_ID).phase == "done"


def test_rows_of_the_first_schema_are_taken_up_like_any_other(old) -> None:
    assert {record.phase for record in old.unfinished()} == set(OLD) - {*SETTLED, *UNSENT}
    for record in old.unfinished():
        taken, ours = old.leases.take(record.id, new_owner())
        assert ours
        assert taken.phase == ("removed" if record.phase == "preparing" else record.phase)
    old.add(_record())
    with old.table.database.opened() as opened:
        assert migrations.version(opened) == len(migrations.STEPS)


def test_uploads_are_kept_in_a_ledger_of_the_first_schema(old) -> None:
    assert old.uploads.find("content", "api.useapi.net") == ""
    old.uploads.keep("content", "api.useapi.net", EMAIL, ASSET_ID)
    assert old.uploads.find("content", "api.useapi.net") == ASSET_ID
    assert len(old.recent()) == len(OLD)


def test_a_ledger_of_the_second_schema_gets_its_uploads_and_keeps_its_rows(tmp_path: Path) -> None:
    path = tmp_path / "ledger.sqlite3"
    with sqlite3.connect(path) as connection:
        for step in migrations.STEPS[:2]:
            step(connection)
        connection.execute("PRAGMA user_version = 2")
    connection.close()
    ledger = make_ledger(tmp_path)
    ledger.uploads.keep("content", "api.test", EMAIL, ASSET_ID)
    ledger.add(_record())
    ledger.close()
    with sqlite3.connect(path) as connection:
        assert migrations.version(connection) == len(migrations.STEPS) >= 3
        columns = [row[1] for row in connection.execute("PRAGMA table_info(uploaded)")]
    connection.close()
    assert columns == ["content", "backend", "account", "asset_id", "created"]
    assert make_ledger(tmp_path).uploads.find("content", "api.test") == ASSET_ID


def test_rows_of_one_backend_come_together_however_its_address_was_spelt(tmp_path: Path) -> None:
    spellings = ["api.useapi.net", "API.useapi.net", "api.useapi.net.", "api.useapi.net:443", "[bad", "simulator", ""]
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as connection:
        for step in migrations.STEPS[:4]:
            step(connection)
        connection.execute("PRAGMA user_version = 4")
        for number, spelling in enumerate(spellings):
            connection.execute(
                "INSERT INTO jobs (id, created, updated, phase, model, request, digest, reply_ref, credits, simulated,"
                " party) VALUES (?, ?, 0, 'done', 'gen3turbo', '{}', '', '', 25, 0, ?)",
                (f"0000000{number}", clock.time(), spelling),
            )
            connection.execute("INSERT INTO uploads VALUES ('content', ?, '', ?, 0)", (spelling, ASSET_ID))
    connection.close()
    ledger = make_ledger(tmp_path)
    assert ledger.spending.today("api.useapi.net") == 4 * 25
    assert {record.backend for record in ledger.recent()} == {"api.useapi.net", "[bad", "simulator", ""}
    assert ledger.uploads.find("content", "api.useapi.net") == ASSET_ID
    ledger.close()


def test_rows_of_the_first_schema_stand_for_an_equal_wish(old) -> None:
    assert _claim(old, _wish(digest="v1:0", backend="api.useapi.net")).id == "00000000"
    assert sum(row.credits for row in old.spending.by_day()) == 25 * (len(OLD) - 3)


def test_what_moderation_refused_before_the_second_schema_is_not_sent_by_itself(old) -> None:
    refused = next(record for record in old.recent() if record.phase == "refused")
    wish = _wish(digest=refused.digest, backend=refused.backend)
    assert _claim(old, wish).id == refused.id


def test_a_new_ledger_needs_no_migration(tmp_path: Path) -> None:
    ledger = make_ledger(tmp_path)
    with ledger.table.database.opened() as opened:
        assert migrations.version(opened) == len(migrations.STEPS)
        names = [row["name"] for row in opened.execute("PRAGMA table_info(jobs)")]
    earlier = ("wish", "party", "words")
    assert sorted(names) == sorted([*(spec.name for spec in fields(Record)), "boot", "uptime", *earlier])
    ledger.close()


def test_an_empty_file_becomes_a_ledger(tmp_path: Path) -> None:
    (tmp_path / "ledger.sqlite3").touch()
    assert make_ledger(tmp_path).recent() == []


def test_a_step_that_fails_leaves_no_half_made_tables(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(connection):
        connection.execute("CREATE TABLE half (x)")
        raise sqlite3.OperationalError("no")

    monkeypatch.setattr(migrations, "STEPS", (*migrations.STEPS, broken))
    with pytest.raises(LedgerError):
        make_ledger(tmp_path).recent()
    monkeypatch.undo()
    with sqlite3.connect(tmp_path / "ledger.sqlite3") as connection:
        assert connection.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    connection.close()
