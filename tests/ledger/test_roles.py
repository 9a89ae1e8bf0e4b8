"""Two roles, as `docs/hub.md` makes them: students work with the ledger, and cannot raise what they may spend."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_nb.budgets import read_budgets
from runway_nb.errors import LedgerError, OverBudget
from runway_nb.jobs.policy import Limits, decide
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger_address import LedgerAddress
from runway_nb.request import VideoRequest
from support.class_roles import PASSWORD, class_roles
from support.fakes import FakeTime
from support.records import a_record

pytestmark = pytest.mark.slow("a PostgreSQL server")


@pytest.fixture
def teacher(tmp_path: Path, time: FakeTime) -> Iterator[Ledger]:
    ledger = open_ledger(tmp_path, LedgerAddress(class_roles().teacher), time, time)
    yield ledger
    ledger.close()


@pytest.fixture
def student(tmp_path: Path, time: FakeTime) -> Iterator[Ledger]:
    ledger = open_ledger(tmp_path, LedgerAddress(class_roles().students), time, time)
    yield ledger
    ledger.close()


def ask(ledger: Ledger, job_id: str) -> None:
    new = a_record(job_id, phase="preparing", asked_by="ann", backend="api", owner="elsewhere/1/a")
    budgets = read_budgets("user=9999 course=9999")
    ledger.claim(new, lambda known: decide(new, known, Limits(), VideoRequest("A lamp")), budgets=budgets)


def test_a_student_works_within_the_teachers_budget(teacher: Ledger, student: Ledger) -> None:
    teacher.budgets.replace("user=25")
    ask(student, "00000001")
    student.leases.renew("elsewhere/1/a")
    student.marks.set("00000001", star=True, note="the first one")
    assert [entry.record.id for entry in student.history.all(student.history.wanted("first"))] == ["00000001"]
    student.update("00000001", phase="done")
    with pytest.raises(OverBudget, match="25 of the 25 credits that are your budget are spent"):
        ask(student, "00000002")
    assert [row.credits for row in teacher.spending.by_user() if row.backend == "api"] == [25]


def test_a_student_cannot_raise_a_budget(teacher: Ledger, student: Ledger) -> None:
    teacher.budgets.replace("user=25")
    for line in ("user=9999", ""):
        with pytest.raises(LedgerError) as wrong:
            student.budgets.replace(line)
        assert "may not be used (permission denied for table budgets): ask its owner" in wrong.value.message
        assert PASSWORD not in wrong.value.message
    assert list(map(str, student.budgets.all())) == ["user=25"]
