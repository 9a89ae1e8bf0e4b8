"""Jobs that belong to nobody are taken over, seen through and told of; nothing is ever sent."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from runway_nb.errors import LedgerError, TaskModerated
from runway_nb.follow.events import Event, as_json, as_text, reason_of
from runway_nb.follow.follower import FIRST_REST, LONGEST_LOOK, LOOK_SECONDS, MOST_JOBS, OLDEST, Follower
from runway_nb.jobs.job import Job
from runway_nb.jobs.ledger_away import AWAY_SECONDS
from runway_nb.ledger.lease import LEASE_SECONDS
from runway_nb.ledger.record import Record
from runway_nb.request import VideoRequest
from support.room import Room
from support.virtual import Kernel, no_threads


class Follows:
    """A follower in a process of its own, which looks as often as it says."""

    def __init__(self, room: Room, **how: Any) -> None:
        self.room = room
        self.kernel = room.kernel(how.pop("name", "follow"), **how)
        self.events: list[Event] = []
        self.follower = Follower(
            self.kernel.studio, self.events.append, clock=room.service.clock, monotonic=room.loop.time
        )
        self.next = 0.0

    def begin(self) -> None:
        self.follower.begin()
        self.next = self.room.loop.time() + LOOK_SECONDS

    def turn(self) -> None:
        if self.room.loop.time() >= self.next:
            self.next = self.room.loop.time() + self.follower.look()

    def kinds(self, job: Job | None = None) -> list[str]:
        return [event.kind for event in self.events if job is None or event.job == job.id]


class Nobody(Room):
    """A room whose followers look while time passes."""

    def __init__(self, folder: Path, **rules: Any) -> None:
        super().__init__(folder, **rules)
        self.followers: list[Follows] = []

    def follow(self, **how: Any) -> Follows:
        made = Follows(self, **how)
        self.followers.append(made)
        made.begin()
        return made

    def passes(self, seconds: float) -> None:
        end = self.loop.time() + seconds
        while self.loop.time() < end:
            self.loop.wait(0.25)
            for follows in self.followers:
                if follows.kernel.alive:
                    follows.turn()

    def wait_for(self, follows: Follows, kind: str, seconds: float = 200.0) -> float:
        """Wait for an event; return how long it took."""
        begun = self.loop.time()
        while kind not in follows.kinds():
            assert self.loop.time() < begun + seconds, follows.events
            self.passes(0.25)
        return self.loop.time() - begun

    def dead_kernel(self, count: int = 1, name: str = "ann", **how: Any) -> list[Job]:
        """Ask for so many, and lose the kernel while their tasks run."""
        kernel = self.kernel(name, **how)
        before = len(self.sent)
        jobs = self.ask(kernel, count)
        self.until(lambda: all(job.task is not None for job in jobs))
        assert len(self.sent) == before + count
        kernel.die()
        return jobs


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Nobody]:
    with no_threads():
        room = Nobody(tmp_path, max_jobs=10)
        yield room
        room.close()


def record_of(kernel: Kernel, job: Job) -> Record:
    return kernel.ledger.get(job.id)


# --- whose jobs are taken ---------------------------------------------------------------------------


def test_the_job_of_a_kernel_that_died_is_taken_within_a_lease_and_brings_its_paid_file(room: Nobody) -> None:
    (job,) = room.dead_kernel()
    follows = room.follow()
    assert room.wait_for(follows, "taken") <= LEASE_SECONDS + LOOK_SECONDS + 0.5
    room.wait_for(follows, "done")
    record = record_of(follows.kernel, job)
    assert (record.phase, record.lease, len(room.sent)) == ("done", 0.0, 1)
    assert Path(record.video).is_file()
    (done,) = [event for event in follows.events if event.kind == "done"]
    assert [str(path) for path in Path(done.file).parent.glob(Path(done.file).name)] == [record.video]
    assert follows.kernel.studio.jobs == {}, "what is over is forgotten"


def test_a_job_that_is_alive_is_left_alone(room: Nobody) -> None:
    kernel = room.kernel("ann")
    follows = room.follow()
    (job,) = room.ask(kernel, 1)
    while not job.done:
        room.passes(1.0)
    room.passes(2 * LEASE_SECONDS)
    assert job.state.phase.value == "done"
    assert follows.kinds() == ["started"]


def test_a_job_that_was_given_back_is_taken_at_once(room: Nobody) -> None:
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.task is not None)
    kernel.studio.close()
    follows = room.follow()
    assert follows.kinds() == ["started", "taken"]
    room.wait_for(follows, "done")
    assert len(room.sent) == 1


def test_what_was_never_sent_is_neither_sent_nor_ended(room: Nobody) -> None:
    kernel = room.kernel("ann", slots=1)
    first, second = room.ask(kernel, 2)
    room.until(lambda: first.task is not None)
    kernel.die()
    follows = room.follow()
    room.wait_for(follows, "done")
    room.passes(3 * LEASE_SECONDS)
    assert follows.kinds(second) == []
    assert record_of(follows.kernel, second).phase == "waiting"
    assert len(room.sent) == 1
    again = room.kernel("ann")
    (made,) = [again.studio.submit(VideoRequest("ann 1"))]
    room.finish(made)
    assert len(room.sent) == 2


def test_what_the_user_stopped_stays_stopped(room: Nobody) -> None:
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.task is not None)
    job.stop()
    room.until(lambda: job.done)
    kernel.die()
    follows = room.follow()
    room.passes(2 * LEASE_SECONDS)
    assert follows.kinds() == ["started"]


@pytest.mark.parametrize("ends", ["dies", "closes"])
def test_a_create_without_an_answer_is_looked_for_and_never_sent_again(room: Nobody, ends: str) -> None:
    room.service.simulator.fault("slow-answer", seconds=60)
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: room.service.simulator.counts()["tasks_started"] == 1)
    assert job.task is None
    kernel.die() if ends == "dies" else kernel.studio.close()
    follows = room.follow()
    room.wait_for(follows, "done", 400.0)
    assert record_of(follows.kernel, job).phase == "done"
    assert len(room.sent) == 1


def test_a_request_that_was_refused_for_now_is_not_sent_again(room: Nobody) -> None:
    room.service.simulator.fault("429-account", retry_after=40)
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: room.refused == 1)
    room.loop.wait(1.0)
    kernel.die()
    follows = room.follow()
    room.wait_for(follows, "left", 400.0)
    assert record_of(follows.kernel, job).phase == "unknown"
    room.passes(2 * LEASE_SECONDS)
    assert len(room.sent) == 1


def test_jobs_of_other_tokens_are_left_to_those_who_have_them_and_said_to_be_there(room: Nobody) -> None:
    (strange,) = room.dead_kernel(token="user:2000-xyz")
    (ours,) = room.dead_kernel(name="bob")
    follows = room.follow()
    room.wait_for(follows, "done")
    assert follows.kinds(strange) == []
    (told,) = [event for event in follows.events if event.kind == "not-ours"]
    assert told.text.startswith("1 job is left alone")
    other = room.follow(name="other", token="user:2000-xyz")
    room.wait_for(other, "done")
    assert [record_of(other.kernel, job).phase for job in (strange, ours)] == ["done", "done"]


def test_of_what_was_given_back_only_the_last_week_is_taken_up(room: Nobody) -> None:
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.task is not None)
    kernel.studio.close()
    kernel.ledger.update(job.id, created=room.service.clock() - OLDEST - 60.0)
    follows = room.follow()
    room.passes(10.0)
    assert follows.kinds() == ["started"]


def test_so_many_at_once_and_no_more(room: Nobody) -> None:
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.task is not None)
    stored = kernel.ledger.get(job.id)
    for number in range(MOST_JOBS + 5):
        kernel.ledger.adopt(
            replace(
                stored, id=f"{number:08x}", task_id=f"{stored.task_id[:-8]}{number:08x}", owner="", lease=0.0,
                phase="detached", reply_ref=f"rnb-{number:016x}", digest="",
            )
        )  # fmt: skip
    follows = room.follow()
    assert follows.kinds().count("taken") == MOST_JOBS
    assert len(follows.kernel.studio.jobs) == MOST_JOBS


# --- beside others ----------------------------------------------------------------------------------


def test_of_two_each_job_is_taken_by_one(room: Nobody) -> None:
    jobs = room.dead_kernel(6, slots=10)
    both = [room.follow(name="one"), room.follow(name="two")]
    while sum(follows.kinds().count("done") for follows in both) < 6:
        room.passes(1.0)
        assert room.loop.time() < 500
    for job in jobs:
        assert sorted(kind for follows in both for kind in follows.kinds(job)) == ["done", "taken"]
    assert len(room.sent) == 6


def test_a_kernel_that_only_slept_loses_nothing_and_pays_nothing_twice(room: Nobody) -> None:
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.task is not None)
    room.service.simulator.fault("throttled", seconds=120, times=1)
    kernel.process.frozen_until = room.loop.time() + 60.0
    follows = room.follow()
    room.wait_for(follows, "taken")
    while not job.done:
        room.passes(1.0)
    assert (job.state.phase.value, len(room.sent)) == ("done", 1)


def test_one_that_slept_itself_says_that_another_has_it(room: Nobody) -> None:
    room.service.simulator.fault("throttled", seconds=400, times=1)
    room.dead_kernel()
    first = room.follow(name="one")
    room.wait_for(first, "taken")
    first.kernel.process.frozen_until = room.loop.time() + 60.0
    first.next = first.kernel.process.frozen_until
    second = room.follow(name="two")
    room.wait_for(second, "taken")
    room.wait_for(second, "done", 400.0)
    room.passes(30.0)
    assert first.kinds() == ["started", "taken", "lost"]
    assert len(room.sent) == 1


# --- the end, and what is away ----------------------------------------------------------------------


def test_at_its_end_another_takes_over_at_once(room: Nobody) -> None:
    room.service.simulator.fault("throttled", seconds=200, times=1)
    (job,) = room.dead_kernel()
    first = room.follow(name="one")
    room.wait_for(first, "taken")
    room.passes(5.0)
    first.follower.end()
    first.kernel.process.alive = False
    assert first.kinds(job) == ["taken", "released"]
    assert first.kinds()[-1] == "ended"
    second = room.follow(name="two")
    assert second.kinds() == ["started", "taken"]
    room.wait_for(second, "done", 400.0)
    assert len(room.sent) == 1


def test_a_ledger_that_is_away_is_said_once_and_gone_on_with(room: Nobody) -> None:
    follows = room.follow()
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.task is not None)
    kernel.die()
    follows.kernel.ledger.file.away_until = room.loop.time() + 150.0
    room.passes(120.0)
    assert follows.kinds() == ["started", "ledger-away"]
    room.passes(30.0 + LONGEST_LOOK)
    room.wait_for(follows, "done")
    assert sorted(follows.kinds()) == ["done", "ledger-away", "ledger-back", "started", "taken"]
    assert len(room.sent) == 1


@pytest.mark.parametrize("seconds", [50.0, 500.0], ids=["for a moment", "for longer than a job waits"])
def test_the_ledger_goes_as_a_job_is_taken(room: Nobody, seconds: float) -> None:
    (job,) = room.dead_kernel()
    follows = room.follow()
    while "taken" not in follows.kinds():
        room.loop.wait(0.25)
        follows.turn()
    follows.kernel.ledger.file.away_until = room.loop.time() + seconds
    room.wait_for(follows, "done", seconds + 200.0)
    assert record_of(follows.kernel, job).phase == "done"
    assert follows.kinds().count("left") == (seconds > AWAY_SECONDS)
    assert len(room.sent) == 1


def test_a_ledger_that_cannot_be_opened_at_the_beginning_is_no_beginning(room: Nobody) -> None:
    follows = Follows(room)
    follows.kernel.ledger.file.away_until = 1e9
    with pytest.raises(LedgerError):
        follows.begin()
    assert follows.events == []


def test_what_comes_to_no_end_is_tried_again_later_and_less_often(room: Nobody) -> None:
    (job,) = room.dead_kernel()
    room.service.simulator.fault("artifact-500", times=None)
    follows = room.follow()
    room.wait_for(follows, "left", 400.0)
    begun = room.loop.time()
    while follows.kinds().count("left") < 2:
        room.passes(5.0)
    assert FIRST_REST <= room.loop.time() - begun < 1.5 * FIRST_REST
    assert [event.text.partition(":")[0] for event in follows.events if event.kind == "left"] == [
        "left for 10 min", "left for 20 min",
    ]  # fmt: skip
    room.service.simulator.clear("artifact-500")
    room.wait_for(follows, "done", 2000.0)
    assert record_of(follows.kernel, job).phase == "done"


def test_a_video_of_a_notebook_on_another_machine_goes_to_the_folder_of_the_process(room: Nobody) -> None:
    kernel = room.kernel("ann")
    (job,) = room.ask(kernel, 1)
    room.until(lambda: job.task is not None)
    kernel.die()
    follows = room.follow()
    elsewhere = room.folder / "not-mounted-here"
    follows.kernel.ledger.update(job.id, folder=str(elsewhere))
    room.wait_for(follows, "done")
    assert Path(record_of(follows.kernel, job).video).parent == room.folder / "follow" / "out"
    assert not elsewhere.exists()


# --- what is told -----------------------------------------------------------------------------------


def test_no_event_holds_a_prompt_an_address_or_a_secret(room: Nobody) -> None:
    room.service.simulator.fault("moderated", times=1)
    kernel = room.kernel("ann")
    jobs = [kernel.studio.submit(VideoRequest(prompt)) for prompt in ("Xylophone in my mother's house", "Zeppelin")]
    room.until(lambda: all(job.task is not None for job in jobs))
    kernel.die()
    follows = room.follow()
    while {*follows.kinds(jobs[0]), *follows.kinds(jobs[1])} & {"done", "failed"} != {"done", "failed"}:
        room.passes(1.0)
        assert room.loop.time() < 500
    lines = [line(event, 1.7e9) for event in follows.events for line in (as_text, as_json)]
    whole = "\n".join(lines).lower()
    assert not any(word in whole for word in ("xylophone", "mother", "zeppelin", "@", "user:", "?", "abc"))
    assert "failed: TaskModerated, Refused by moderation" in "\n".join(lines)


def test_events_as_lines_and_as_json() -> None:
    event = Event("done", "done: /srv/out/*-7f3e2c54.mp4", "7f3e2c54", "/srv/out/*-7f3e2c54.mp4")
    assert as_text(event, 1.7e9) == "2023-11-14T22:13:20Z job 7f3e2c54 done: /srv/out/*-7f3e2c54.mp4"
    assert json.loads(as_json(event, 1.7e9)) == {
        "time": "2023-11-14T22:13:20Z", "event": "done", "job": "7f3e2c54", "file": "/srv/out/*-7f3e2c54.mp4",
        "text": "done: /srv/out/*-7f3e2c54.mp4",
    }  # fmt: skip
    assert as_text(Event("ended", "ended"), 1.7e9) == "2023-11-14T22:13:20Z ended"
    assert reason_of(TaskModerated("a prompt stands in here"))[0] == "TaskModerated"
    assert "prompt stands" not in " ".join(reason_of(TaskModerated("a prompt stands in here")))
    assert reason_of(None) == ("", "no reason is known")
