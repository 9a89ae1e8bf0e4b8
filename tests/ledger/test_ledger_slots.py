"""The slots of an account in the ledger: held while a task may run and its holder lives, seen by all who share it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_nb.errors import LeaseLost
from runway_nb.ledger.lease import LEASE_SECONDS, new_owner
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.slots import OUTLIVES_SECONDS, ClosedAccount, Payer, SlotFacts
from support.fakes import FakeTime
from support.ledgers import make_ledger
from support.records import a_record
from support.strategies import EMAIL

PAYER = Payer("simulator", "0011223344556677")
OTHER_PAYER = PAYER._replace(key="8899aabbccddeeff")
ANN, BOB = "elsewhere/1/ann", "elsewhere/2/bob"
"""Owners on another machine, so that only their leases say whether they live."""
JOBS = {"00000001": ANN, "00000002": BOB, "00000003": BOB}


@pytest.fixture
def ledger(tmp_path: Path, time: FakeTime, engine: str) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path, time)
    for job_id, owner in JOBS.items():
        ledger.add(a_record(job_id, owner=owner, phase="waiting", folder="/n", notebook=f"{owner[-3:]}.ipynb"))
    yield ledger
    ledger.close()


def take(
    ledger: Ledger, job_id: str, *, may_go: bool = True, by: str = "", account: str = "",
    sent_before: float | None = None,
) -> bool:  # fmt: skip
    by = by or JOBS[job_id]
    return ledger.slots.take(
        job_id,
        PAYER,
        account,
        by=by,
        sent_before=sent_before,
        may_go=lambda _: may_go,
        changes={"sent": 1.0, "server_sent": None},
    )


def seen(ledger: Ledger, by: str = "", payer: Payer = PAYER) -> list[tuple[str, bool, bool]]:
    places = ledger.slots.facts(payer, by).places
    return [(place.job_id, place.is_holding, place.is_own) for place in places]


def test_who_takes_a_slot_is_sending_and_seen_by_all(ledger: Ledger) -> None:
    assert take(ledger, "00000001")
    assert ledger.get("00000001").phase == "sending"
    (place,) = ledger.slots.facts(PAYER, BOB).places
    assert (place.is_holding, place.is_sending, place.is_own) == (True, True, False)
    assert place.group == ("elsewhere", "/n", "ann.ipynb")
    assert seen(ledger, ANN) == [("00000001", True, True)]


def test_a_job_that_was_sent_since_takes_no_slot_and_stays_as_it_is(ledger: Ledger) -> None:
    """Two runs of one owner, each with the lease: the second would pay for the same request."""
    assert take(ledger, "00000001")
    ledger.update("00000001", by=ANN, phase="waiting")
    with pytest.raises(LeaseLost, match="was sent by another run of it"):
        take(ledger, "00000001")
    assert ledger.get("00000001").phase == "waiting"
    assert take(ledger, "00000001", sent_before=1.0)


def test_students_whose_folders_and_notebooks_have_equal_names_are_told_apart(ledger: Ledger) -> None:
    """In a class each has a container of the same image, and the same lesson."""
    ledger.add(a_record("00000004", owner="another/1/joe", phase="waiting", folder="/n", notebook="ann.ipynb"))
    for job_id in ("00000001", "00000004"):
        ledger.slots.line_up(job_id, PAYER, "")
    assert len({place.group for place in ledger.slots.facts(PAYER, ANN).places}) == 2


def test_the_task_of_a_process_that_is_gone_keeps_its_slot_for_some_seconds_and_its_place_in_line_is_free(
    ledger: Ledger, time: FakeTime
) -> None:
    """Who takes the job over has the slot, too; to send another one at once would be answered with 429."""
    gone = owner_that_is_gone()
    for job_id, phase in (("00000004", "waiting"), ("00000005", "following")):
        ledger.add(a_record(job_id, owner=gone, phase=phase))
        ledger.slots.line_up(job_id, PAYER, "")
    assert not ledger.leases.is_held(ledger.get("00000005")), "anybody may take it over"
    assert seen(ledger, ANN) == [("00000005", True, False)]
    time.now += OUTLIVES_SECONDS - 0.5
    assert seen(ledger, ANN) == [("00000005", True, False)]
    time.now += 1.0
    assert seen(ledger, ANN) == []


def owner_that_is_gone() -> str:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    return new_owner().replace(f"/{os.getpid()}/", f"/{ended.pid}/")


def test_who_may_not_go_is_lined_up_and_nothing_of_the_job_changes(ledger: Ledger) -> None:
    before = ledger.get("00000002")
    assert not take(ledger, "00000002", may_go=False)
    assert ledger.get("00000002") == before
    assert seen(ledger, BOB) == [("00000002", False, True)]


def test_places_are_in_the_order_of_coming_and_kept(ledger: Ledger) -> None:
    for job_id in ("00000003", "00000001", "00000002", "00000003"):
        ledger.slots.line_up(job_id, PAYER, "")
    assert [job_id for job_id, *_ in seen(ledger)] == ["00000003", "00000001", "00000002"]
    assert take(ledger, "00000002")
    assert [job_id for job_id, *_ in seen(ledger)] == ["00000003", "00000001", "00000002"]


@pytest.mark.parametrize("phase", ["downloading", "done", "failed", "removed", "detached"])
def test_a_slot_is_free_as_soon_as_the_job_is_past_it(ledger: Ledger, phase: str) -> None:
    take(ledger, "00000001")
    ledger.update("00000001", phase=phase)
    assert seen(ledger) == []


@pytest.mark.parametrize("phase", ["sending", "checking", "following"])
def test_a_slot_is_held_while_the_task_may_run(ledger: Ledger, phase: str) -> None:
    take(ledger, "00000001")
    ledger.update("00000001", phase=phase)
    assert seen(ledger) == [("00000001", True, False)]


def test_what_a_dead_holder_held_is_free_after_its_lease(ledger: Ledger, time: FakeTime) -> None:
    take(ledger, "00000001")
    take(ledger, "00000002")
    time.now += LEASE_SECONDS - 1.0
    ledger.leases.renew(BOB)
    assert len(seen(ledger)) == 2
    time.now += 2.0
    assert seen(ledger) == [("00000002", True, False)]


def test_a_job_of_another_owner_is_not_taken(ledger: Ledger) -> None:
    with pytest.raises(LeaseLost):
        take(ledger, "00000001", by=BOB)
    assert ledger.get("00000001").phase == "waiting"
    assert seen(ledger) == []


def test_each_payer_has_slots_of_its_own(ledger: Ledger) -> None:
    take(ledger, "00000001")
    ledger.slots.close(PAYER, ClosedAccount("", 20.0, 1, 1))
    assert ledger.slots.facts(OTHER_PAYER, BOB) == SlotFacts()
    assert ledger.slots.facts(PAYER._replace(backend="api.example.org"), BOB) == SlotFacts()


def test_the_task_says_which_account_it_runs_on(ledger: Ledger) -> None:
    take(ledger, "00000001")
    assert ledger.slots.facts(PAYER, BOB).places[0].account == ""
    ledger.update("00000001", phase="following", task_id=f"user:1-runwayml:{EMAIL}-task:{'0' * 36}")
    assert ledger.slots.facts(PAYER, BOB).places[0].account == EMAIL


@pytest.mark.of_file
def test_no_address_stands_in_the_rows(ledger: Ledger) -> None:
    take(ledger, "00000001", account=EMAIL)
    ledger.slots.close(PAYER, ClosedAccount(EMAIL, 20.0, 1, 1))
    assert ledger.slots.facts(PAYER, BOB).places[0].account == EMAIL
    assert ledger.slots.facts(PAYER, BOB).closed[0].account == EMAIL
    ledger.close()
    assert all(EMAIL.encode() not in path.read_bytes() for path in ledger.path.parent.glob("ledger*"))


def test_a_closed_account_says_for_how_long(ledger: Ledger, time: FakeTime) -> None:
    ledger.slots.close(PAYER, ClosedAccount("", 20.0, 1, 2))
    time.now += 5.0
    assert ledger.slots.facts(PAYER, BOB).closed == (ClosedAccount("", 15.0, 1, 2),)
    ledger.slots.close(PAYER, ClosedAccount("", 30.0, 0, 3))
    assert ledger.slots.facts(PAYER, BOB).closed == (ClosedAccount("", 30.0, 0, 3),)
    ledger.slots.reopen(PAYER, "")
    assert ledger.slots.facts(PAYER, BOB).closed == ()


def test_what_was_closed_before_the_machine_began_anew_says_nothing(tmp_path: Path, time: FakeTime) -> None:
    before = make_ledger(tmp_path, time, boot="before")
    before.slots.close(PAYER, ClosedAccount("", 1e6, 0, 1))
    before.close()
    after = make_ledger(tmp_path, time, boot="after")
    assert after.slots.facts(PAYER, BOB).closed == ()
    after.close()


def test_rows_of_jobs_that_are_over_do_not_stay(ledger: Ledger) -> None:
    take(ledger, "00000001")
    ledger.update("00000001", phase="done", lease=0.0)
    ledger.slots.line_up("00000002", PAYER, "")
    with ledger.table.database.opened() as connection:
        rows = connection.execute("SELECT job_id FROM slots").fetchall()
    assert [row[0] for row in rows] == ["00000002"]
