"""The ledger goes away and comes back, as one on a server does: nothing is sent meanwhile, and nothing is lost."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_nb.errors import LedgerError
from runway_nb.jobs.job import Job
from runway_nb.jobs.ledger_away import AWAY_SECONDS
from runway_nb.ledger.lease import RENEW_SECONDS
from runway_nb.ledger.record import Record
from runway_nb.request import VideoRequest
from support.room import SHOT, Room
from support.virtual import Kernel, no_threads

CHANGES = range(1, 10)
"""At which change of the ledger it goes: a usual job has fewer."""


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with no_threads():
        room = Room(tmp_path, max_jobs=2)
        yield room
        room.close()


def go_away_at(kernel: Kernel, number: int, seconds: float) -> list[int]:
    """Let the ledger go at a change, counted from now; return the count so far, which grows."""
    seen = [0]

    def count() -> None:
        seen[0] += 1
        if seen[0] == number:
            kernel.ledger.file.away_until = kernel.process.loop.time() + seconds

    kernel.ledger.file.on_change = count
    return seen


def record_of(kernel: Kernel, job_id: str) -> Record:
    return kernel.ledger.get(job_id)


@pytest.mark.parametrize("number", CHANGES)
@pytest.mark.parametrize("seconds", [3.0, 200.0], ids=["for a moment", "past the end of the task"])
def test_whenever_the_ledger_goes_the_job_is_paid_once_and_written_down_whole(
    room: Room, number: int, seconds: float
) -> None:
    kernel = room.kernel("ann")
    go_away_at(kernel, number + 1, seconds)  # the claim itself is of the next test
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.state.phase.is_final)
    room.loop.wait(seconds + 2 * RENEW_SECONDS)
    record = record_of(kernel, job.id)
    assert record.phase == job.state.phase.value
    assert record.lease == 0.0
    if job.video is None:
        assert room.sent == [], "nothing was sent"
        assert record.credits == 0
        (job,) = room.ask(kernel, 1)
        room.finish(job)
        record = record_of(kernel, job.id)
    assert (record.phase, record.video, record.task_id != "") == ("done", str(job.video), True)
    assert len(room.sent) == 1
    assert job.state.warning == ""


def test_while_the_ledger_is_away_a_request_is_refused_with_one_line_and_nothing_is_sent(room: Room) -> None:
    kernel = room.kernel("ann")
    kernel.ledger.file.away_until = 1e9
    with pytest.raises(LedgerError, match="the ledger is away"):
        kernel.studio.submit(VideoRequest("ann 0"))
    kernel.ledger.file.away_until = 0.0
    room.loop.wait(60.0)
    assert room.sent == []
    room.finish(*room.ask(kernel, 1))
    assert len(room.sent) == 1


def test_jobs_in_line_wait_for_the_ledger_and_go_when_it_is_back(room: Room) -> None:
    kernel = room.kernel("ann")
    jobs = room.ask(kernel, 4)
    room.until(lambda: len(room.sent) == 2)
    kernel.ledger.file.away_until = room.loop.time() + 3 * SHOT
    room.loop.wait(2 * SHOT)
    assert len(room.sent) == 2
    waiting = [job for job in jobs if not job.state.phase.is_final]
    assert any("the ledger is away" in job.state.detail for job in waiting)
    room.finish(*jobs)
    assert len(room.sent) == 4


def test_a_ledger_that_stays_away_ends_a_job_in_line_for_nothing(room: Room) -> None:
    kernel = room.kernel("ann")
    jobs = room.ask(kernel, 3)
    room.until(lambda: len(room.sent) == 2)
    kernel.ledger.file.away_until = 1e9
    room.until(lambda: all(job.state.phase.is_final for job in jobs), AWAY_SECONDS + 10 * SHOT)
    assert sorted(job.state.phase.value for job in jobs) == ["done", "done", "refused"]
    assert len(room.sent) == 2
    kernel.ledger.file.away_until = 0.0
    room.loop.wait(2 * RENEW_SECONDS)
    assert sorted(record_of(kernel, job.id).phase for job in jobs) == ["done", "done", "refused"]


def test_what_was_not_written_does_not_come_over_a_job_that_another_kernel_has_taken(room: Room) -> None:
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.task is not None)
    kernel.ledger.file.away_until = room.loop.time() + 200.0
    room.until(lambda: job.state.phase.is_final)
    other = room.kernel("ann")
    room.loop.wait(30.0)
    (taken,) = other.studio.resume()
    room.finish(taken)
    room.loop.wait(250.0)
    record = record_of(other, job.id)
    assert (record.phase, record.video) == ("done", str(taken.video))
    assert len(room.sent) == 1


def end_unheard(room: Room, kernel: Kernel) -> tuple[list[Job], Job]:
    """Return two jobs that are sent, and one that ended in line while the ledger was away; it is back now."""
    *sent, ended = room.ask(kernel, 3)
    room.until(lambda: len(room.sent) == 2)
    kernel.ledger.file.away_until = 1e9
    room.until(lambda: ended.state.phase.is_final, AWAY_SECONDS + 10 * SHOT)
    kernel.ledger.file.away_until = 0.0
    assert record_of(kernel, ended.id).phase == "waiting", "nobody has written yet how it ended"
    return sent, ended


def test_a_request_is_made_again_at_once_although_its_end_was_not_written_yet(room: Room) -> None:
    kernel = room.kernel("ann")
    sent, ended = end_unheard(room, kernel)
    again = kernel.studio.submit(VideoRequest("ann 2"))
    room.finish(*sent, again)
    room.loop.wait(2 * RENEW_SECONDS)
    assert len(room.sent) == 3
    assert [record_of(kernel, job.id).credits for job in (ended, again)] == [0, 25]


def test_what_asks_on_the_background_loop_does_not_wait_for_it(room: Room) -> None:
    """As the function that a user gives to `on_end` may."""
    kernel = room.kernel("ann")
    sent, ended = end_unheard(room, kernel)
    again: list[Job] = []
    room.loop.call_soon(lambda: again.append(kernel.studio.submit(VideoRequest("ann 2"))))
    began = room.loop.time()
    room.loop.wait(0.1)
    assert room.loop.time() - began < 1.0
    assert record_of(kernel, ended.id).phase == ended.state.phase.value
    room.finish(*sent, *again)
    assert len(room.sent) == 3


def test_a_job_that_is_taken_up_again_keeps_its_price_although_its_end_was_not_written_yet(room: Room) -> None:
    """Written after the new run has paid, "nothing was charged" would take the price off the books."""
    kernel = room.kernel("ann")
    sent, ended = end_unheard(room, kernel)
    again = kernel.studio.attach(ended.id)
    room.until(lambda: all(job.state.phase.is_final for job in (*sent, again)))
    room.loop.wait(2 * RENEW_SECONDS)
    assert record_of(kernel, ended.id).credits == 25 * (len(room.sent) - 2)
