"""A connection to the ledger that is lost exactly in COMMIT, and a server that restarts in the middle of a step.

Kernels live in virtual time; the server and what is between it and them are real.
"""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from runway_nb.errors import LedgerError, LedgerInDoubt
from runway_nb.jobs.job import Job
from runway_nb.ledger.lease import LEASE_SECONDS, RENEW_SECONDS
from runway_nb.ledger_address import LedgerAddress
from support.relay import Relay
from support.room import SHOT, Room
from support.server_machines import Machine, SharedServer
from support.virtual import no_threads

COMMITS = range(1, 7)
"""At which COMMIT the connection is lost: the claim is the first, the slot is taken and the task id written soon."""
ALL = 10**6

pytestmark = pytest.mark.slow("a PostgreSQL server")


class ServerRoom(Room):
    """Machines in a room, whose ledger is on a server, each behind a relay of its own."""

    def __init__(self, folder: Path, server: SharedServer) -> None:
        super().__init__(folder, max_jobs=2)
        self.server = server
        server.begin(self.service.clock, self.loop.hold)
        self._relays: list[Relay] = []

    def machine(self, name: str) -> tuple[Machine, Relay]:
        relay = Relay(self.server.process.folder)
        self._relays.append(relay)
        address = LedgerAddress(relay.address_of(self.server.address.reveal()))
        machine = self.add(Machine(self.server.behind(address), *self.parts(name)), name)
        return machine, relay

    def rows(self) -> list[tuple[Any, ...]]:
        return self.server.ask("SELECT id, phase, task_id != '', lease FROM jobs ORDER BY rowid")

    def close(self) -> None:
        super().close()
        for relay in self._relays:
            relay.close()


@pytest.fixture(scope="module")
def server() -> Iterator[SharedServer]:
    made = SharedServer()
    yield made
    made.close()


@pytest.fixture
def room(tmp_path: Path, server: SharedServer) -> Iterator[ServerRoom]:
    with no_threads():
        made = ServerRoom(tmp_path, server)
        yield made
        made.close()


def asked(room: ServerRoom, machine: Machine, relay: Relay) -> Job:
    """Ask for a video as a user does: again, when a line says that the ledger was away."""
    told: list[str] = []
    while True:
        try:
            (job,) = room.ask(machine, 1)
        except LedgerError as error:
            told.append(error.message)
            relay.mend()
            room.loop.wait(LEASE_SECONDS)
        else:
            room.loop.wait(0.0)
            break
        assert len(told) < 3, told
    assert all("\n" not in line and len(line) < 400 for line in told)
    return job


@pytest.mark.parametrize("number", COMMITS)
@pytest.mark.parametrize("behind", [False, True], ids=["before", "behind"])
@pytest.mark.parametrize("refusing", [0, 2, ALL], ids=["a moment", "a while", "in doubt"])
def test_a_connection_lost_in_commit_makes_nobody_pay_twice_or_lose(
    room: ServerRoom, number: int, behind: bool, refusing: int
) -> None:
    machine, relay = room.machine("ann")
    machine.ledger.recent(1)
    relay.cut_at_commit(number, behind=behind, refusing=refusing)
    for _ in range(3):
        job = asked(room, machine, relay)
        room.until(lambda job=job: job.state.phase.is_final)  # type: ignore[misc]
        relay.mend()
        room.loop.wait(4 * RENEW_SECONDS)
        if job.video is not None:
            break
        assert job.state.phase.value == "refused"
        assert room.sent == [], "nothing was sent"
    assert relay.cuts == 1
    assert len(room.sent) == 1
    assert job.video is not None
    assert job.video.is_file()
    assert [row for row in room.rows() if row[1] == "done"] == [(job.id, "done", True, 0.0)]
    assert {row[1] for row in room.rows()} <= {"done", "refused", "removed"}


def test_a_claim_that_is_in_doubt_and_was_kept_is_said_in_one_line_and_sent_once_when_it_is_asked_for_again(
    room: ServerRoom,
) -> None:
    machine, relay = room.machine("ann")
    machine.ledger.recent(1)
    relay.cut_at_commit(1, behind=True, refusing=ALL)
    with pytest.raises(LedgerInDoubt, match="has not said whether it kept the last change") as caught:
        room.ask(machine, 1)
    assert "\n" not in caught.value.message
    assert room.sent == []
    relay.mend()
    (job,) = room.ask(machine, 1)
    room.finish(job)
    assert len(room.sent) == 1
    room.loop.wait(2 * LEASE_SECONDS)
    other, _ = room.machine("ben")
    other.studio.resume()
    room.loop.wait(2 * LEASE_SECONDS)
    assert len(room.sent) == 1
    assert [row[1] for row in room.rows() if row[1] != "removed"] == ["done"]


def test_a_change_that_the_server_still_holds_for_a_lost_connection_is_ended_and_keeps_nobody_waiting(
    room: ServerRoom,
) -> None:
    machine, relay = room.machine("ann")
    machine.ledger.recent(1)
    relay.cut_at_commit(1, behind=False, half=True)
    with pytest.raises(LedgerError, match="the last change was not kept"):
        room.ask(machine, 1)
    assert relay.cuts == 1
    assert room.rows() == []
    other, _ = room.machine("ben")
    room.finish(*room.ask(other, 1))
    room.finish(*room.ask(machine, 1))
    assert len(room.sent) == 2


def test_a_machine_cut_off_from_the_server_sends_nothing_and_what_runs_is_written_down_when_it_is_back(
    room: ServerRoom,
) -> None:
    machine, relay = room.machine("ann")
    other, _ = room.machine("ben")
    (job,) = room.ask(machine, 1)
    room.until(lambda: job.task is not None)
    relay.cut(ALL)
    for name in ("ann again", "ann once more"):
        with pytest.raises(LedgerError, match="nothing is sent while it is away, and jobs that run go on") as caught:
            room.ask(machine, 1, name)
        assert "\n" not in caught.value.message
        room.loop.wait(2.0)
    assert len(room.sent) == 1
    room.finish(*room.ask(other, 1))
    room.until(lambda: job.state.phase.is_final)
    assert job.video is not None
    assert job.video.is_file()
    relay.mend()
    room.loop.wait(2 * RENEW_SECONDS)
    assert [row[1:] for row in room.rows()] == [("done", True, 0.0)] * 2
    assert len(room.sent) == 2


def test_the_job_of_a_machine_cut_off_for_long_is_another_ones_and_its_video_is_fetched_without_paying_again(
    room: ServerRoom,
) -> None:
    machine, relay = room.machine("ann")
    (job,) = room.ask(machine, 1)
    room.until(lambda: job.task is not None)
    relay.cut(ALL)
    machine.die()
    other, _ = room.machine("ben")
    other.ledger.recent(1)
    room.loop.wait(LEASE_SECONDS + RENEW_SECONDS)
    (taken,) = other.studio.resume()
    room.finish(taken)
    assert len(room.sent) == 1
    assert [row[1:] for row in room.rows()] == [("done", True, 0.0)]


@pytest.mark.parametrize("statement", [1, 6, 12, 18, 24])
@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGQUIT], ids=["stopped", "crashed"])
def test_a_server_that_restarts_in_the_middle_of_a_step_makes_nobody_pay_twice_or_lose(
    room: ServerRoom, statement: int, how: signal.Signals
) -> None:
    machine, relay = room.machine("ann")
    machine.ledger.recent(1)
    restarts: list[int] = []

    def restart() -> None:
        restarts.append(statement)
        room.server.restart_really(how)

    machine.link.left, machine.link.happens = statement, restart
    job = asked(room, machine, relay)
    room.until(lambda: job.state.phase.is_final)
    if job.video is None:
        assert room.sent == []
        job = asked(room, machine, relay)
        room.finish(job)
    room.loop.wait(2 * SHOT)
    assert restarts
    assert len(room.sent) == 1
    assert [row[0] for row in room.rows() if row[1] == "done"] == [job.id]
