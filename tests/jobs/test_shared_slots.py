"""Kernels that share an account share its slots: none runs into a 429 of another, and each notebook gets its turn."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runway_nb.jobs.submit_queue import IDLE_SECONDS
from runway_nb.ledger.lease import LEASE_SECONDS
from runway_nb.ledger.phase import HOLDS_SLOT
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret
from support.room import SHOT, Room
from support.virtual import no_threads


@pytest.fixture
def make_room(tmp_path: Path) -> Iterator[Callable[..., Room]]:
    rooms: list[Room] = []

    def make(**rules: Any) -> Room:
        rooms.append(Room(tmp_path / str(len(rooms)), **rules))
        return rooms[-1]

    with no_threads():
        yield make
        for room in rooms:
            room.close()


@pytest.fixture
def room(make_room: Callable[..., Room]) -> Room:
    return make_room(max_jobs=2)


def test_kernels_that_share_an_account_run_into_no_429(room: Room) -> None:
    jobs = [job for name in ("ann", "bob", "eve") for job in room.ask(room.kernel(name), 4)]
    room.finish(*jobs)
    assert room.refused == 0
    assert len(room.sent) == len(jobs)


def test_no_slot_stays_empty_while_somebody_waits(room: Room) -> None:
    jobs = [job for name in ("ann", "bob") for job in room.ask(room.kernel(name), 5)]
    room.finish(*jobs)
    ends = sorted(job.state.ended or 0.0 for job in jobs)
    starts = sorted(when for when, _ in room.sent)
    began = ends[0] - room.service.epoch
    assert starts[-1] < began + 4 * 2 * SHOT, "ten shots on two slots"


def test_a_notebook_that_asks_late_and_little_is_not_last(room: Room) -> None:
    jobs = room.ask(room.kernel("many"), 10)
    room.loop.wait(1.0)
    late = room.ask(room.kernel("few"), 2)
    room.finish(*jobs, *late)
    assert room.order.index("few") == 2, "the first slot that becomes free is its"
    assert room.order.count("few") == 2
    assert room.order[3:6].count("few") == 1, "then they take turns"


def test_a_kernel_that_died_holds_no_slot_longer_than_its_lease(room: Room) -> None:
    dying = room.kernel("dying")
    room.ask(dying, 2)
    room.until(lambda: len(room.sent) == 2)
    living = room.ask(room.kernel("living"), 1)
    room.loop.wait(0.5)
    dying.die()
    gone = room.loop.time()
    room.until(lambda: len(room.sent) == 3)
    assert room.sent[2][0] < gone + LEASE_SECONDS + 1.0
    room.finish(*living)


def test_one_that_is_first_and_does_nothing_keeps_nobody_back_for_long(room: Room) -> None:
    holder, sleeper, other = (room.kernel(name) for name in ("holder", "sleeper", "other"))
    holding = room.ask(holder, 2)
    room.until(lambda: len(room.sent) == 2)
    room.ask(sleeper, 1)
    room.loop.wait(0.3)
    waits = room.ask(other, 1)
    room.loop.wait(0.3)
    sleeper.process.frozen_until = room.loop.time() + 15.0
    room.until(lambda: len(room.sent) == 3)
    assert room.order[2] == "other"
    ended = min(job.state.ended or 0.0 for job in holding if job.state.ended) - room.service.epoch
    assert room.sent[2][0] < ended + IDLE_SECONDS + 2.0
    room.finish(*holding, *waits)


def test_the_end_is_looked_for_more_closely_while_another_kernel_waits_for_the_slot(
    make_room: Callable[..., Room],
) -> None:
    def polls(*, is_wanted: bool) -> int:
        room = make_room(max_jobs=1)
        (job,) = room.ask(room.kernel("ann", slots=1), 1)
        room.until(lambda: job.task is not None)
        if is_wanted:
            room.ask(room.kernel("bob", slots=1), 1)
        room.finish(job)
        task = job.task and job.task.id
        return sum(str(task) in call["path"] for call in room.service.simulator.log())

    assert polls(is_wanted=True) > polls(is_wanted=False)


def test_a_429_by_somebody_outside_is_waited_out_by_all_and_tried_by_one(make_room: Callable[..., Room]) -> None:
    room = make_room(max_jobs=10)
    simulator = room.service.simulator
    simulator.fault("429-account", retry_after=20)
    first = room.ask(room.kernel("ann"), 1)
    room.until(lambda: room.refused == 1)
    others = [job for name in ("bob", "eve", "joe") for job in room.ask(room.kernel(name), 1)]
    room.loop.wait(19.0)
    assert room.refused == 1, "nobody asks while the account is closed"
    room.loop.wait(19.0)
    assert room.refused == 2, "one alone tries whether it is open again"
    simulator.clear("429-account")
    opened = room.loop.time()
    room.finish(*first, *others)
    assert room.refused == 2
    assert max(when for when, _ in room.sent) < opened + 45.0 + SHOT


def test_accounts_of_other_tokens_are_not_shared(room: Room) -> None:
    first = room.ask(room.kernel("ann"), 2)
    room.until(lambda: len(room.sent) == 2)
    other = room.ask(room.kernel("bob", token="user:1001-abc"), 2)
    room.loop.wait(1.0)
    assert len(room.sent) == 4
    room.finish(*first, *other)


def test_a_token_that_is_changed_and_changed_back_keeps_its_slots(make_room: Callable[..., Room]) -> None:
    room = make_room(max_jobs=10)
    kernel = room.kernel("ann", slots=2)
    jobs = room.ask(kernel, 2, "first")
    room.until(lambda: len(room.sent) == 2)
    mine = kernel.studio.settings
    kernel.studio.use(replace(mine, token=Secret("user:2000-xyz")))
    kernel.studio.use(mine)
    jobs += room.ask(kernel, 4, "second")
    most = 0

    def have_ended() -> bool:
        nonlocal most
        most = max(most, sum(job.state.phase in HOLDS_SLOT for job in jobs))
        return all(job.state.phase.is_final for job in jobs)

    room.until(have_ended)
    assert most == 2
    assert len(room.sent) == len(jobs)


def test_a_backend_that_is_meant_again_takes_the_new_settings(room: Room) -> None:
    kernel = room.kernel("ann", slots=2)
    mine = kernel.studio.settings
    kernel.studio.use(replace(mine, token=Secret("user:2000-xyz")))
    kernel.studio.use(replace(mine, slots=1))
    assert kernel.studio.settings == replace(mine, slots=1)
    room.finish(*room.ask(kernel, 2))
    assert room.refused == 0


def test_the_line_says_whose_jobs_hold_the_slots(room: Room) -> None:
    holding = room.ask(room.kernel("ann"), 2)
    room.until(lambda: len(room.sent) == 2)
    (waits,) = room.ask(room.kernel("bob"), 1)
    room.until(lambda: "first in line" in waits.state.detail)
    names = ", ".join(job.id for job in holding)
    assert waits.state.detail == f"2 of 2 slots busy \N{MIDDLE DOT} first in line \N{MIDDLE DOT} with jobs {names}"
    room.finish(*holding, waits)


def test_a_job_that_is_taken_back_in_line_keeps_nobody_back(room: Room) -> None:
    holding = room.ask(room.kernel("ann"), 2)
    room.until(lambda: len(room.sent) == 2)
    (gone,) = room.ask(room.kernel("bob"), 1)
    room.loop.wait(0.5)
    (waits,) = room.ask(room.kernel("eve"), 1)
    room.loop.wait(0.5)
    gone.stop()
    room.finish(*holding, waits)
    assert "bob" not in room.order
    free = min(job.state.ended or 0.0 for job in holding) - room.service.epoch
    assert room.sent[2][0] < free + 1.0


def test_a_task_that_is_taken_up_again_holds_its_slot(room: Room) -> None:
    room.service.simulator.fault("throttled", seconds=240, times=1)  # a minute at this speed
    dying = room.kernel("dying")
    (lost,) = room.ask(dying, 1)
    room.until(lambda: len(room.sent) == 1)
    dying.die()
    room.loop.wait(LEASE_SECONDS + 1.0)
    (found,) = room.kernel("dying").studio.resume()
    assert found.id == lost.id
    room.loop.wait(1.0)
    waits = room.ask(room.kernel("ann"), 2)
    room.loop.wait(5.0)
    assert len(room.sent) == 2, "one slot is that of the task that was taken up"
    room.finish(found, *waits)
    assert room.refused == 0


def test_a_job_that_a_cell_watches_in_another_kernel_outlives_that_kernel_also_where_the_next_cell_runs_at_once(
    room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request ends what waits and nobody will send, so that it costs nothing; this one its cell will send."""
    others = room.ask(room.kernel("others"), 2)
    room.until(lambda: len(room.sent) == 2)
    dying, kernel = room.kernel("dying"), room.kernel("ann")
    (waiting,) = room.ask(dying, 1, "same")
    room.until(lambda: waiting.state.phase.value == "waiting")
    (watched,) = room.ask(kernel, 1, "same")
    room.until(lambda: watched.state.elsewhere)
    dead = kernel.ledger.get(watched.id).owner
    dying.die()
    monkeypatch.setattr("runway_nb.ledger.abandoned.is_gone", lambda owner: owner == dead)
    (following,) = room.ask(kernel, 1)
    assert kernel.ledger.get(watched.id).is_unsent
    room.finish(*others, watched, following)
    assert watched.id == waiting.id
    assert len(room.sent) == 4


def test_a_job_that_its_studio_was_made_to_forget_is_sent_once(room: Room) -> None:
    kernel = room.kernel("ann")
    jobs = room.ask(kernel, 3)
    room.until(lambda: len(room.sent) == 2)
    kernel.studio.jobs.clear()
    again = kernel.studio.submit(VideoRequest("ann 2"))
    assert again.id == jobs[2].id
    room.finish(*jobs, again)
    assert len(room.sent) == 3


def test_more_slots_are_used_at_once(room: Room) -> None:
    kernel = room.kernel("ann", slots=1)
    jobs = room.ask(kernel, 2)
    room.until(lambda: len(room.sent) == 1)
    kernel.studio.use(replace(kernel.studio.settings, slots=2))
    room.until(lambda: len(room.sent) == 2, 1.0)
    room.finish(*jobs)
