"""Rows of the ledger that cannot be read: one row is one line, hides no other, and is never taken for unpaid."""

from __future__ import annotations

import json
import shutil
import sqlite3
import time as clock
from collections.abc import Iterator
from contextlib import closing
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runway_nb.errors import InvalidRequest, JobNotFound, LedgerError, MaybeSent, OverBudget, RunwayError
from runway_nb.jobs.policy import Limits, decide
from runway_nb.jobs.restore import is_over, restored_job, resumed_state
from runway_nb.ledger.lease import new_owner
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.phase import PHASE_NAMES, Phase
from runway_nb.ledger.record import Record, UnreadableRecord
from runway_nb.ledger.rows import COLUMNS, dearest_shot
from runway_nb.ledger.unfinished import count_unfinished
from runway_nb.notebook.panel.keyframe_choices import stored_frame_choices
from runway_nb.notebook.panel.open_field import entries
from runway_nb.notebook.rendering.tables import job_costs_bundle, jobs_bundle, spending_bundle, unreadable_text
from runway_nb.own_models import add_model
from runway_nb.spec import MODELS
from support.examples import examples
from support.fakes import Party
from support.ledgers import loosen
from support.records import a_record
from support.strategies import TASK_ID

SPOILT_ID = "7f3e2c54"
SECOND_ROW = "SELECT * FROM jobs ORDER BY rowid LIMIT 1 OFFSET 1"
"""The spoilt one, by its place alone."""
WISH = {"text_prompt": "A lamp", "seconds": 10}
REQUEST = {**WISH, "seed": 7, "replyRef": "rnb-7f3e2c54", "firstImage_assetId": "lamp", "focus": [0.5, 0.5]}
DEEP = "[" * 100_000
ANYTHING = {
    "nothing": None,
    "bytes": b"\x00\xff\xfe",
    "prompt_hash": "soon",
    "an empty text": "",
    "infinity": float("inf"),
    "minus infinity": float("-inf"),
    "a huge number": 2**63 - 1,
    "a negative number": -5,
    "a fraction": 0.5,
    "a NUL": "a\0b",
    "a list": "[1, 2]",
    "an address upwards": "../../x",
}
"""Values that SQLite takes for any column; some of them are right for some columns."""
SURELY = {
    "phase": "archived",
    "model": "gen5",
    "created": 1e300,
    "updated": -1.0,
    "sent": "yesterday",
    "lease": "until tomorrow",
    "took": "long",
    "credits": "dear",
    "simulated": "maybe",
    "folder": "/films\0/x",
    "video": "/films\0/x.mp4",
    "owner": b"nobody",
    "task_id": b"task",
    "reply_ref": b"ref",
    "resent_as": "../x",
}
"""For each of these columns what it can never hold."""
REQUESTS = {
    "cut": '{"text_prompt": "A la',
    "a list": "[1, 2]",
    "a number": "7",
    "a bare word": "NaN",
    "null": "null",
    "too deep": DEEP,
    "keyframes that are numbers": json.dumps({**REQUEST, "firstImage_assetId": 7}),
    "keyframes that are lists": json.dumps({**REQUEST, "lastImage_assetId": ["lamp"]}),
    "a prompt that is a number": json.dumps({**REQUEST, "text_prompt": 7}),
    "a prompt that is a list": json.dumps({**REQUEST, "text_prompt": ["A lamp"]}),
    "a focus that is a number": json.dumps({**REQUEST, "focus": 7}),
    "a focus of words": json.dumps({**REQUEST, "focus": ["left", "top"]}),
    "a length that is a word": json.dumps({**REQUEST, "seconds": "five"}),
    "an endless length": '{"text_prompt": "A lamp", "seconds": 1e999}',
    "a seed that is a word": json.dumps({**REQUEST, "seed": "seven"}),
    "a seed beyond numbers": '{"text_prompt": "A lamp", "seed": 1' + "0" * 5000 + "}",
    "a seed of 400 digits": '{"text_prompt": "A lamp", "seed": 1' + "0" * 400 + "}",
    "a move that is a word": json.dumps({**REQUEST, "zoom": "in"}),
    "a move that is not a number": '{"text_prompt": "A lamp", "zoom": NaN}',
    "another frame": json.dumps({**REQUEST, "aspect_ratio": "square"}),
    "a frame that is a list": json.dumps({**REQUEST, "aspect_ratio": ["landscape"]}),
    "explore as a word": json.dumps({**REQUEST, "exploreMode": "yes"}),
}


_record = partial(
    a_record, request=REQUEST, original_request=WISH, backend="api.useapi.net", notebook="film.ipynb", folder="/work"
)


def _spoil(path: Path, column: str, value: object, job_id: str = SPOILT_ID) -> None:
    """Write a value into a row whatever the table says about it."""
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f"UPDATE jobs SET {column} = ? WHERE id = ?", (value, job_id))


def _row(path: Path) -> tuple[object, ...]:
    """The spoilt row as it stands on disk; it is the second one."""
    with closing(sqlite3.connect(path)) as connection:
        return tuple(connection.execute(SECOND_ROW).fetchone())


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A ledger of three jobs whose second one is to be spoilt, with columns that hold anything."""
    home = tmp_path_factory.mktemp("made")
    ledger = Ledger(home)
    for job_id in ("0000000a", SPOILT_ID, "0000000b"):
        ledger.add(_record(job_id, task_id=TASK_ID.replace("9c2a1f34", job_id)))
    ledger.close()
    loosen(ledger.path)
    return home


@pytest.fixture
def ledger(made: Path, tmp_path: Path) -> Iterator[Ledger]:
    home = tmp_path / "home"
    shutil.copytree(made, home)
    ledger = Ledger(home)
    yield ledger
    ledger.close()


def _is_told(ledger: Ledger) -> UnreadableRecord:
    """The one row that cannot be read, between two that can."""
    newest, spoilt, oldest = ledger.recent()
    assert isinstance(newest, Record)
    assert isinstance(oldest, Record)
    assert (newest.id, oldest.id) == ("0000000b", "0000000a")
    assert isinstance(spoilt, UnreadableRecord)
    assert "\n" not in spoilt.line
    assert len(spoilt.line) < 200
    return spoilt


def _drive(ledger: Ledger) -> None:
    """Everything that reads rows, for the others."""
    found = ledger.recent()
    for bundle in (jobs_bundle(found, {}), job_costs_bundle(found), spending_bundle(ledger.spending.by_day())):
        assert bundle["text/plain"].encode()
    head, *lines = jobs_bundle(found, {})["text/plain"].splitlines()
    assert head.startswith("id ")
    assert len([line for line in lines if not line.startswith("Missing here: ")]) == len(found)
    assert {"0000000a", "0000000b"} <= {record.id for record in ledger.unfinished()}
    assert ledger.newest().id == "0000000b"
    assert ledger.spending.today("api.useapi.net") >= 50
    assert count_unfinished(ledger.path, clock.time(), 60.0) in (2, 3)
    assert {"0000000a", "0000000b"} <= set(entries(found, []).values())
    assert stored_frame_choices(found, ()) == []
    assert ledger.find("0000000a").id == "0000000a"
    for record in found:
        if isinstance(record, Record):
            assert restored_job(record, (ledger.path.parent,)).id == record.id
            assert resumed_state(record)
            assert is_over(record) in (True, False)
    owner = new_owner()
    new = _record("0000000c", digest="v1:new", phase="preparing", owner=owner)
    assert ledger.claim(new, lambda books: decide(new, books, Limits())).id == "0000000c"
    assert ledger.leases.take("0000000a", owner)[1]
    ledger.leases.renew(owner)
    ledger.update("0000000c", by=owner, phase="removed", credits=0)


# --- every column, everything ---------------------------------------------------------------------


@pytest.mark.parametrize("column", COLUMNS)
def test_whatever_stands_in_a_column_stops_nothing(ledger: Ledger, column) -> None:
    with closing(sqlite3.connect(ledger.path, isolation_level=None)) as other:
        for value in ANYTHING.values():
            other.execute(f"UPDATE jobs SET {column} = ? WHERE digest = ?", (value, f"v1:{SPOILT_ID}"))
            before = other.execute(SECOND_ROW).fetchone()
            _drive(ledger)
            assert other.execute(SECOND_ROW).fetchone() == before
            other.execute("DELETE FROM jobs WHERE id = '0000000c'")
            other.execute("UPDATE jobs SET owner = '', lease = 0 WHERE id = '0000000a'")
            if column == "digest":
                other.execute("UPDATE jobs SET digest = ? WHERE id = ?", (f"v1:{SPOILT_ID}", SPOILT_ID))


@pytest.mark.parametrize("column", SURELY)
def test_what_no_column_may_hold_is_told_in_one_line(ledger: Ledger, column) -> None:
    _spoil(ledger.path, column, SURELY[column])
    line = _is_told(ledger).line
    assert line.startswith(f"job {SPOILT_ID} cannot be read: ")
    _drive(ledger)
    for ask in (ledger.get, ledger.find):
        with pytest.raises(LedgerError) as caught:
            ask(SPOILT_ID)
        assert line in caught.value.message


@pytest.mark.parametrize("kind", REQUESTS)
@pytest.mark.parametrize("column", ["request", "original_request"])
def test_a_request_that_cannot_be_read_is_told_in_one_line(ledger: Ledger, column, kind) -> None:
    _spoil(ledger.path, column, REQUESTS[kind])
    assert _is_told(ledger).id == SPOILT_ID
    before = _row(ledger.path)
    _drive(ledger)
    assert _row(ledger.path) == before


@pytest.mark.parametrize(
    ("column", "word", "line"),
    [
        ("phase", "archived", "written by a newer runway_nb (phase 'archived')"),
        ("phase", "DONE", "written by a newer runway_nb (phase 'DONE')"),
        ("model", "gen5", "its model 'gen5' is not known here: add it with runway_nb.add_model"),
    ],
)
def test_a_row_with_a_word_that_is_not_known_says_which(ledger: Ledger, column, word, line) -> None:
    _spoil(ledger.path, column, word)
    told = _is_told(ledger)
    assert told.line == f"job {SPOILT_ID} cannot be read: {line}"
    table = jobs_bundle(ledger.recent(), {})["text/plain"]
    assert table.count(line) == 1
    assert unreadable_text(ledger.unreadable()).startswith(told.line)


def test_a_row_of_a_model_that_is_added_is_read_again(ledger: Ledger) -> None:
    _spoil(ledger.path, "model", "gen5")
    price = _is_told(ledger).credits
    try:
        add_model({
            **MODELS["gen3turbo"]._asdict(), "name": "gen5", "path": "/gen5/create", "credits_per_second": None
        })  # fmt: skip
        found = ledger.get(SPOILT_ID)
        assert (found.model, found.credits) == ("gen5", price)
        assert restored_job(found, (ledger.path.parent,)).request.row.path == "/gen5/create"
        assert SPOILT_ID in [record.id for record in ledger.unfinished()]
    finally:
        MODELS.pop("gen5", None)
    assert _is_told(ledger).problem.startswith("its model 'gen5'")


def test_a_word_of_any_length_and_kind_is_shown_short_and_plain(ledger: Ledger) -> None:
    _spoil(ledger.path, "phase", "\x1b[2J\u202e" * 10_000)
    line = _is_told(ledger).line
    assert line.isascii()
    assert line.isprintable()


def test_columns_and_fields_of_a_newer_version_hide_nothing(ledger: Ledger) -> None:
    with closing(sqlite3.connect(ledger.path)) as connection, connection:
        connection.execute("ALTER TABLE jobs ADD COLUMN colour TEXT NOT NULL DEFAULT 'red'")
    _spoil(ledger.path, "request", json.dumps({**REQUEST, "colour": {"of": ["the", "sky"]}}))
    _spoil(ledger.path, "error", "ColourMissing")
    assert ledger.get(SPOILT_ID).request["text_prompt"] == "A lamp"
    _drive(ledger)


@pytest.mark.parametrize(
    "name", ["ColourMissing", "annotations", "redact", "Iterable", "InvalidRequest", "RateLimited"]
)
@pytest.mark.parametrize("phase", sorted(PHASE_NAMES))
def test_an_error_of_any_name_is_one_of_ours(ledger: Ledger, name, phase) -> None:
    _spoil(ledger.path, "error", name)
    _spoil(ledger.path, "message", "it rained")
    _spoil(ledger.path, "phase", phase)
    error = restored_job(ledger.get(SPOILT_ID), (ledger.path.parent,)).error
    assert isinstance(error, RunwayError)
    if phase == "failed":
        assert "it rained" in error.message


def test_half_a_character_in_a_prompt_hides_nothing(ledger: Ledger) -> None:
    _spoil(ledger.path, "request", '{"text_prompt": "A \\ud83c lamp \\ud83c\\udf0a"}')
    assert ledger.get(SPOILT_ID).request == {"text_prompt": "A ? lamp \U0001f30a"}
    _drive(ledger)


def test_bytes_that_are_no_text_hide_nothing(ledger: Ledger) -> None:
    with closing(sqlite3.connect(ledger.path)) as connection, connection:
        for column in ("cell", "folder", "video", "message", "phase"):
            connection.execute(f"UPDATE jobs SET {column} = CAST(x'2fff6d' AS TEXT) WHERE id = ?", (SPOILT_ID,))
    assert "phase" in _is_told(ledger).problem
    _drive(ledger)


@pytest.mark.parametrize(
    "video", ["/" + "x" * 5000, "/dev/null/x.mp4", "/proc/self/mem/x", "\N{REPLACEMENT CHARACTER}"]
)
def test_a_path_that_cannot_be_looked_at_is_a_file_that_is_not_there(ledger: Ledger, video) -> None:
    _spoil(ledger.path, "video", video)
    _spoil(ledger.path, "phase", "done")
    job = restored_job(ledger.get(SPOILT_ID), (ledger.path.parent,))
    assert job.video is None
    assert job.error is not None
    assert "is missing here" in job.error.message
    _drive(ledger)


def test_a_folder_that_cannot_be_looked_into_is_a_file_that_is_not_there(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(self):
        raise PermissionError(13, "Permission denied", str(self))

    _spoil(ledger.path, "video", "/films/x.mp4")
    monkeypatch.setattr(Path, "is_file", refuse)
    assert restored_job(ledger.get(SPOILT_ID), (ledger.path.parent,)).video is None
    assert stored_frame_choices(ledger.recent(), ()) == []
    assert count_unfinished(ledger.path, clock.time(), 60.0) == 0


def test_an_account_whose_address_cannot_be_read_hides_no_other_account(ledger: Ledger) -> None:
    book = ledger.path.parent / "accounts"
    (key,) = book.iterdir()
    _spoil(ledger.path, "task_id", "user:1-runwayml:account~0123456789ab-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33")
    (book / "account~0123456789ab").mkdir()
    assert "address" in _is_told(ledger).problem
    _drive(ledger)
    assert key.read_text()


def test_a_row_without_a_name_is_called_by_its_number(ledger: Ledger) -> None:
    _spoil(ledger.path, "id", "\x1b[2J")
    assert _is_told(ledger).line.startswith("job in row 2 cannot be read")


def test_a_job_that_ended_before_it_began_took_no_time(ledger: Ledger) -> None:
    _spoil(ledger.path, "took", -400 * 86_400.0)
    _spoil(ledger.path, "phase", "failed")
    record = ledger.get(SPOILT_ID)
    assert restored_job(record, (ledger.path.parent,)).state.ended == record.created


@settings(max_examples=examples(60), deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.dictionaries(
        st.sampled_from(COLUMNS),
        st.one_of(
            st.none(), st.binary(max_size=8), st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False),
            st.text(st.characters(codec="utf-8"), max_size=12), st.sampled_from([*REQUESTS.values()]),
        ),
        max_size=4,
    )
)  # fmt: skip
def test_any_row_is_read_or_told(made: Path, tmp_path_factory: pytest.TempPathFactory, values) -> None:
    home = tmp_path_factory.getbasetemp() / "any"
    shutil.rmtree(home, ignore_errors=True)
    shutil.copytree(made, home)
    ledger = Ledger(home)
    for column, value in sorted(values.items(), reverse=True):
        _spoil(ledger.path, column, value)
        if column == "id":
            break
    before = _row(ledger.path)
    _drive(ledger)
    assert _row(ledger.path) == before
    ledger.close()


def test_the_phases_that_are_known_are_all_there_are() -> None:
    assert {phase.value for phase in Phase} == PHASE_NAMES


# --- money ------------------------------------------------------------------------------------------


def _ask(ledger: Ledger, job_id: str = "0000000d", **limits: object) -> Record:
    wish = _record(job_id, digest=f"v1:{SPOILT_ID}", phase="preparing", owner=new_owner())
    return ledger.claim(wish, lambda books: decide(wish, books, Limits(**limits)))  # type: ignore[arg-type]


@pytest.mark.parametrize("reuse", [True, False])
@pytest.mark.parametrize("column", [*SURELY, "request", "original_request"])
def test_an_equal_request_is_not_paid_again_in_silence(ledger: Ledger, column, reuse) -> None:
    _spoil(ledger.path, column, SURELY.get(column, "[]"))
    before = _row(ledger.path)
    with pytest.raises(MaybeSent, match="--fresh") as caught:
        _ask(ledger, reuse=reuse)
    assert f"job {SPOILT_ID} cannot be read" in caught.value.message
    assert len(ledger.recent()) == 3
    assert _ask(ledger, fresh=True).id == "0000000d"
    assert _row(ledger.path) == before


def test_neither_a_spoilt_party_nor_bytes_for_a_digest_let_it_be_paid_again(ledger: Ledger) -> None:
    _spoil(ledger.path, "backend", b"api")
    with pytest.raises(MaybeSent):
        _ask(ledger)
    _spoil(ledger.path, "backend", "api.useapi.net")
    _spoil(ledger.path, "digest", f"v1:{SPOILT_ID}".encode())
    with pytest.raises(MaybeSent):
        _ask(ledger)


def test_what_can_be_read_answers_before_what_cannot(ledger: Ledger) -> None:
    _spoil(ledger.path, "phase", "archived")
    ledger.add(_record("0000000e", digest=f"v1:{SPOILT_ID}", phase="done"))
    assert _ask(ledger).id == "0000000e"


def test_fifty_requests_that_were_taken_back_do_not_hide_the_one_that_was_paid(ledger: Ledger) -> None:
    for number in range(60):
        ledger.add(_record(f"{number:08x}", digest=f"v1:{SPOILT_ID}", phase="removed", credits=0))
    assert _ask(ledger).id == SPOILT_ID


@pytest.mark.parametrize(
    ("column", "value", "counted"),
    [
        ("phase", "archived", 25), ("created", "soon", 25), ("created", 1e300, 25), ("created", None, 25),
        ("notebook", b"film", 25), ("backend", None, 25), ("credits", 12.5, 13), ("credits", "dear", 50),
        ("credits", -25, 50), ("credits", 2**62, 50), ("credits", float("inf"), 50), ("credits", None, 50),
    ],
)  # fmt: skip
def test_what_it_cost_counts_in_the_budget(ledger: Ledger, column, value, counted) -> None:
    """Its length of ten seconds is still known where its price is not."""
    _spoil(ledger.path, column, value)
    assert ledger.spending.today("api.useapi.net") == 50 + counted
    assert sum(row.credits for row in ledger.spending.by_day()) == 50 + counted


def test_a_price_that_nothing_tells_counts_as_the_dearest_and_the_error_says_so(ledger: Ledger) -> None:
    _spoil(ledger.path, "credits", b"")
    _spoil(ledger.path, "request", "[]")
    assert ledger.spending.today("api.useapi.net") == 50 + dearest_shot()
    with pytest.raises(OverBudget, match=f"job {SPOILT_ID} cannot be read and counts as {dearest_shot()}"):
        _ask(ledger, fresh=True, day_credits=50 + dearest_shot())
    assert "unknown, counted as" in job_costs_bundle(ledger.recent())["text/plain"]
    assert _ask(ledger, fresh=True, day_credits=50 + dearest_shot() + 25).id == "0000000d"


def test_a_row_that_cannot_be_read_is_never_void(ledger: Ledger) -> None:
    """Nobody will send it, but what it says cannot be trusted."""
    for column, value in (("phase", "waiting"), ("owner", ""), ("request", "[]")):
        _spoil(ledger.path, column, value)
    before = _row(ledger.path)
    _ask(ledger, fresh=True)
    assert _row(ledger.path) == before


def test_its_lease_is_not_taken_and_its_task_not_adopted_again(ledger: Ledger) -> None:
    _spoil(ledger.path, "phase", "archived")
    before = _row(ledger.path)
    spoilt = _is_told(ledger)
    for act in (
        lambda: ledger.leases.take(SPOILT_ID, new_owner()),
        lambda: ledger.adopt(_record("0000000f", task_id=spoilt.task_id)),
        lambda: ledger.claim(_record("0000000f"), lambda _: None, replaces=SPOILT_ID),
    ):
        with pytest.raises(LedgerError, match="cannot be read"):
            act()
    assert _row(ledger.path) == before
    assert len(ledger.recent()) == 3


# --- the whole way ----------------------------------------------------------------------------------


def test_the_studio_goes_on_with_all_others(party: Party) -> None:
    """Jobs that were left are followed again although one between them cannot be read."""
    jobs = [party.ended(party.submit(f"A lamp {number}")) for number in range(3)]
    path = party.studio.ledger.path
    party.studio.close()
    for job in jobs:
        _spoil(path, "phase", "detached", job.id)
        _spoil(path, "video", "", job.id)
    _spoil(path, "phase", "archived", jobs[1].id)
    studio = party.make_studio()
    try:
        woken = studio.resume()
        assert [job.id for job in woken] == [jobs[0].id, jobs[2].id]
        assert all(party.ended(job).video for job in woken)
        assert studio.find().id == jobs[2].id
        for ask in (studio.find, studio.attach, studio.request_of, studio.resend):
            with pytest.raises(RunwayError, match="cannot be read"):
                ask(jobs[1].id)
        assert studio.account.spent_today() == 75
        with pytest.raises(MaybeSent, match="--fresh"):
            studio.submit(jobs[1].original_request)
        assert party.started == 3
        assert party.ended(studio.submit(jobs[1].original_request, fresh=True)).video
        assert party.started == 4
    finally:
        studio.close()


# --- what is asked with odd words -------------------------------------------------------------------


class Odd:
    """Raises whatever is done with it."""

    def __repr__(self) -> str:
        raise RuntimeError("no")

    __str__ = __repr__


@pytest.mark.parametrize("name", ["\ud800", "a\0b", "%", "_", "*", "x" * 100_000, ""], ids=lambda name: ascii(name)[:8])
def test_a_name_that_is_none_is_not_found(ledger: Ledger, name) -> None:
    for ask in (ledger.get, ledger.find):
        with pytest.raises(JobNotFound) as caught:
            ask(name)
        assert len(caught.value.message) < 200
        assert caught.value.message.isprintable()
    assert ledger.named(name) == []


@pytest.mark.parametrize("name", [None, 7, 10**5000, 1.5, b"7f3e2c54", [], Odd()], ids=lambda name: type(name).__name__)
def test_what_is_no_text_names_no_job(ledger: Ledger, name) -> None:
    for ask in (ledger.get, ledger.find, ledger.named):
        with pytest.raises(InvalidRequest) as caught:
            ask(name)
        assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    "limit", [None, "3", -1, 2.5, float("inf"), b"3", [], Odd()], ids=lambda name: type(name).__name__
)
def test_a_number_of_jobs_that_is_none_is_refused(ledger: Ledger, limit) -> None:
    with pytest.raises(InvalidRequest, match="whole number"):
        ledger.recent(limit)


@pytest.mark.parametrize(("limit", "length"), [(0, 0), (2, 2), (2**62, 3)])
def test_any_whole_number_of_jobs_is_given(ledger: Ledger, limit, length) -> None:
    assert len(ledger.recent(limit)) == length


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("credits", 2**64), ("credits", float("nan")), ("credits", 10**5000), ("took", float("inf")),
        ("message", ["x"]), ("message", Odd()), ("request", {"x": Odd()}), ("original_request", {"x": {1, 2}}),
    ],
    ids=lambda value: str(type(value).__name__),
)  # fmt: skip
def test_a_value_that_no_ledger_can_hold_is_named(ledger: Ledger, name, value) -> None:
    before = ledger.recent()
    for write in (
        lambda: ledger.update(SPOILT_ID, **{name: value}),
        lambda: ledger.add(_record("0000000c", **{name: value})),
    ):
        with pytest.raises(LedgerError, match=rf"\b{name} is "):
            write()
    assert ledger.recent() == before
