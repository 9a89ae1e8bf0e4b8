"""Jobs that nobody tracks: which there are, and whose account they are, on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runway_nb.ledger.lease import LEASE_SECONDS
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.slots import Payer
from support.fakes import FakeTime
from support.ledgers import make_ledger
from support.records import JOB, a_record

PAYER = Payer("api.example.org", "0011223344556677")
GONE = "elsewhere/1/gone"
"""An owner on another machine: only the lease says whether it lives."""


@pytest.fixture
def ledger(tmp_path: Path, time: FakeTime, engine: str) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path, time)
    yield ledger
    ledger.close()


def found(ledger: Ledger, since: float = 0.0) -> dict[str, str]:
    return {job.record.id: job.payer for job in ledger.leases.ownerless(PAYER.backend, since)}


def test_a_job_is_ownerless_once_its_lease_has_run_out(ledger: Ledger) -> None:
    ledger.add(a_record(backend=PAYER.backend, owner=GONE))
    assert found(ledger) == {}
    ledger.update(JOB, owner="", lease=0.0)
    assert found(ledger) == {JOB: ""}
    assert ledger.leases.ownerless("elsewhere.example.org", 0.0) == []
    assert ledger.leases.ownerless(PAYER.backend, 0.0, [JOB]) == []


def test_one_that_was_given_back_long_ago_stays_out(ledger: Ledger) -> None:
    record = ledger.add(a_record(backend=PAYER.backend))
    assert found(ledger, record.created - 1.0) == {JOB: ""}
    assert found(ledger, record.created + LEASE_SECONDS) == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"phase": "done"}, {"phase": "failed"}, {"phase": "removed"}, {"phase": "stopped"}, {"phase": "waiting"},
        {"imported": True}, {"phase": "unknown", "resent_as": "0000000b"},
    ],
)  # fmt: skip
def test_what_is_over_was_never_sent_or_rests_by_the_users_will_is_none(ledger: Ledger, fields: dict[str, Any]) -> None:
    ledger.add(a_record(**{"backend": PAYER.backend, **fields}))
    assert found(ledger) == {}


def test_of_a_job_in_doubt_the_ledger_keeps_whose_account_it_is(ledger: Ledger) -> None:
    for job_id in ("00000001", "00000002"):
        ledger.add(a_record(job_id, backend=PAYER.backend, owner=GONE, phase="waiting"))
        ledger.slots.line_up(job_id, PAYER, "")
    ledger.update("00000001", phase="unknown", sent=1.0, lease=0.0)
    ledger.update("00000002", phase="detached", sent=1.0, task_id="a task", lease=0.0)
    ledger.add(a_record("00000003", owner=GONE, phase="waiting"))
    ledger.slots.line_up("00000003", PAYER, "")
    assert found(ledger) == {"00000001": PAYER.key, "00000002": ""}, "of the other its task tells"
