"""The star, the rejection and the note of a job."""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest

from runway_nb.errors import InvalidRequest, LedgerError
from runway_nb.jobs.job import Job
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.marks import NO_MARKS, Marks
from runway_nb.request import VideoRequest
from support.fakes import Party
from support.odd_values import ODD


@pytest.fixture
def job(party: Party) -> Job:
    return party.ended(party.submit(seed=1))


def test_marks_are_set_and_read(job: Job) -> None:
    assert (job.star, job.rejected, job.note) == (False, False, "")
    job.star = True
    job.note = "The good one"
    assert (job.star, job.rejected, job.note) == (True, False, "The good one")
    job.rejected = True
    assert job.marks == Marks(rejected=True, note="The good one")
    job.rejected = False
    assert job.marks == Marks(note="The good one")


def test_a_mark_is_seen_by_every_handle_of_the_job_and_by_another_kernel(party: Party, job: Job) -> None:
    job.star = True
    with closing(Ledger(party.settings.home)) as other:
        assert other.marks.of(job.id).star
        other.marks.set(job.id, rejected=True)
    assert job.marks == Marks(rejected=True)
    party.restart()
    again = party.studio.find(job.id)
    assert again is not job
    assert again.rejected
    assert party.studio.attach(job.id).rejected


def test_observers_learn_of_a_mark(job: Job) -> None:
    seen: list[Any] = []
    job.observe(lambda job: seen.append((job.star, job.note)))
    job.star = True
    job.note = "dusk"
    assert seen == [(True, ""), (True, "dusk")]


def test_a_mark_does_not_end_a_job_that_runs(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    running, ends = party.submit(seed=2), list[Any]()
    running.on_end(ends.append)
    running.star = True
    assert not running.done
    assert ends == []
    running.stop()
    party.ended(running)
    assert ends == [running]
    assert running.star


@pytest.mark.parametrize("name", ["star", "rejected", "note"])
def test_an_odd_value_is_refused_and_notifies_nobody(job: Job, name: str) -> None:
    seen: list[Any] = []
    job.observe(seen.append)
    for make in ODD.values():
        seen.clear()
        with suppress(InvalidRequest):
            setattr(job, name, make())
            seen.clear()
            job.star = job.rejected = False
            job.note = ""
            continue
        assert (job.marks, seen) == (NO_MARKS, [])


def test_a_ledger_that_cannot_be_read_leaves_what_was_last_seen(
    party: Party, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    job.star = True
    assert job.star

    def gone(*_: object) -> None:
        raise LedgerError("the disk is gone")

    monkeypatch.setattr(party.studio.ledger.marks, "of", gone)
    assert job.star


def test_a_job_of_no_ledger_keeps_its_marks_itself() -> None:
    job, seen = Job("7f3e2c54", VideoRequest("x"), folder=Path()), list[Any]()
    job.observe(seen.append)
    assert job.marks == NO_MARKS
    job.star = True
    job.rejected = True
    assert (job.marks, seen) == (Marks(rejected=True), [job, job])


def test_marks_may_be_set_from_many_threads(party: Party, job: Job) -> None:
    threads = [threading.Thread(target=setattr, args=(job, name, True)) for name in ["star", "rejected"] * 8]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert job.star is not job.rejected
    assert party.studio.ledger.marks.of(job.id) == job.marks
