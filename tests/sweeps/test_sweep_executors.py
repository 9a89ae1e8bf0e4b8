"""Sweeps that the workers of an executor see through: each video is sent once, whatever the executor does."""

from __future__ import annotations

import pickle
import shutil
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from typing import Any

import pytest

import runway_nb
from runway_nb import errors
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.live_state import live_state
from runway_nb.process_studio import keep_studio
from runway_nb.sweeps.sweep import Sweep
from support.crew import Crew
from support.fakes import TOKEN, Party
from support.room import SHOT, Room
from support.simulator_kit import picture
from support.virtual import Kernel, no_threads

PATIENCE = 20


@pytest.fixture
def room(tmp_path: Path) -> Iterator[Room]:
    with no_threads():
        made = Room(tmp_path, max_jobs=2)
        yield made
        made.close()


@pytest.fixture
def crew() -> Crew:
    return Crew()


@pytest.fixture
def notebook(room: Room) -> Kernel:
    return room.kernel("notebook")


def sweep(kernel: Kernel | Party, executor: Executor | None, prompt: str = "notebook", **values: Any) -> Sweep:
    made: Sweep = runway_nb.sweep(prompt, studio=kernel.studio, yes=True, executor=executor, **values)
    return made


def phases(made: Sweep) -> list[Phase]:
    return [job.state.phase for job in made.jobs]


def test_workers_send_and_fetch_and_this_process_shows_what_they_bring(
    room: Room, notebook: Kernel, crew: Crew
) -> None:
    made = sweep(notebook, crew, zoom=[-5, 0, 5])
    assert crew.ids == [made.job_of(each).id for each in made.plan.variants if made.job_of(each)]  # type: ignore[union-attr]
    room.loop.wait(5.0)
    assert not room.sent, "nothing is sent from here"
    assert {live_state(job, 0.0).word for job in made.jobs} == {"Waiting for a worker"}
    workers = [room.kernel("worker 1"), room.kernel("worker 2")]
    theirs = [crew.work(number, workers[number % 2].studio) for number in range(3)]
    room.until(lambda: any(live_state(job, 0.0).word == "At a worker" for job in made.jobs))
    room.finish(*made.jobs)
    assert (len(room.sent), room.refused, made.progress_text) == (3, 0, "3 of 3 done")
    assert {job.id: job.video for job in made.jobs} == {job.id: job.video for job in theirs if job is not None}
    assert not any(job.state.elsewhere or job.state.at_worker for job in made.jobs)


def test_two_slots_stay_two_however_many_workers_there_are(room: Room, notebook: Kernel, crew: Crew) -> None:
    made = sweep(notebook, crew, seed=range(1, 6))
    for number in range(5):
        crew.work(number, room.kernel(f"worker {number}").studio)
    room.finish(*made.jobs)
    assert (len(room.sent), room.refused) == (5, 0)
    assert room.sent[-1][0] < 2 * (SHOT + 2.0), "and none of them stays empty"


def test_what_nobody_has_begun_is_taken_back_for_nothing(room: Room, notebook: Kernel, crew: Crew) -> None:
    made = sweep(notebook, crew, zoom=[-5, 5])
    room.loop.wait(1.0)
    made.stop()
    room.until(lambda: made.done)
    assert phases(made) == [Phase.REMOVED] * 2
    assert all(future.cancelled() for _, future in crew.calls)
    late = crew.work(0, room.kernel("worker").studio)
    assert late is not None
    room.until(lambda: late.state.phase.is_final)
    assert (late.state.phase, room.sent) == (Phase.REMOVED, [])


def test_what_waits_at_a_worker_is_taken_back_before_it_is_sent(room: Room, notebook: Kernel, crew: Crew) -> None:
    made = sweep(notebook, crew, seed=[1, 2, 3])
    worker = room.kernel("worker")
    for number in range(3):
        crew.work(number, worker.studio)
    (waits,) = [job for job in made.jobs if job.id == crew.ids[2]]
    room.until(lambda: waits.state.elsewhere and waits.state.phase is Phase.WAITING)
    waits.stop()
    room.until(lambda: made.done)
    assert waits.state.phase is Phase.REMOVED
    room.loop.wait(3 * SHOT)
    assert len(room.sent) == 2
    assert worker.studio.jobs[waits.id].state.phase is Phase.REMOVED, "the worker has learned it"


def test_what_a_worker_has_just_begun_is_taken_back_as_well(room: Room, notebook: Kernel, crew: Crew) -> None:
    others = room.ask(room.kernel("another notebook"), 2)
    room.until(lambda: len(room.sent) == 2)
    made = sweep(notebook, crew, seed=[1])
    room.until(lambda: made.jobs[0].state.at_worker)
    worker = room.kernel("worker")
    crew.work(0, worker.studio)
    room.loop.wait(0.01)
    assert notebook.ledger.get(crew.ids[0]).owner == worker.ledger.leases.owner
    assert not made.jobs[0].state.elsewhere, "it is not known here yet"
    made.stop()
    room.until(lambda: made.done)
    assert phases(made) == [Phase.REMOVED]
    room.finish(*others)
    room.loop.wait(SHOT)
    assert len(room.sent) == 2


def test_a_job_that_another_took_meanwhile_is_never_said_to_have_cost_nothing(room: Room, notebook: Kernel) -> None:
    others = room.ask(room.kernel("another notebook"), 2)
    room.until(lambda: len(room.sent) == 2)
    (job,) = room.ask(notebook, 1)
    room.until(lambda: job.state.phase is Phase.WAITING)
    record, is_taken = notebook.ledger.leases.take(
        job.id, "elsewhere/1/other", to_send=True, giver=notebook.ledger.get(job.id).owner
    )
    assert (record.is_unsent, is_taken) == (True, True)
    job.stop()
    room.until(lambda: job.done)
    assert (job.state.phase, str(job.error)) == (Phase.DETACHED, "another kernel sees it through")
    room.finish(*others)


def test_what_a_worker_has_sent_goes_on_when_it_is_no_longer_watched(room: Room, notebook: Kernel, crew: Crew) -> None:
    made = sweep(notebook, crew, seed=[1])
    theirs = crew.work(0, room.kernel("worker").studio)
    assert theirs is not None
    room.until(lambda: made.jobs[0].task is not None)
    made.stop()
    room.until(lambda: made.done)
    assert phases(made) == [Phase.DETACHED]
    assert str(made.jobs[0].error) == "a worker sees it through"
    room.finish(theirs)


def test_keyframes_are_uploaded_once_and_here_since_a_worker_need_not_have_the_files(
    room: Room, notebook: Kernel, crew: Crew, tmp_path: Path
) -> None:
    file = tmp_path / "only-here.png"
    file.write_bytes(picture())
    made = sweep(notebook, crew, first=str(file), zoom=[-5, 5])
    worker = room.kernel("worker")
    theirs = [crew.work(number, worker.studio) for number in range(2)]
    room.until(lambda: all(job.state.at_worker for job in made.jobs))
    file.unlink()
    room.finish(*made.jobs)
    assert room.service.simulator.counts()["uploads_received"] == 1
    for job, there in zip(made.jobs, theirs, strict=True):
        assert there is not None
        assert job.thumbnails.keys() == {"first"}
    assert {job.request.keyframes.first for job in made.jobs} == {theirs[0] and theirs[0].request.keyframes.first}


def test_a_video_that_another_machine_has_brought_has_a_poster_here(room: Room, notebook: Kernel, crew: Crew) -> None:
    (posters,) = notebook.studio.settings.posters
    made = sweep(notebook, crew, seed=[1])
    theirs = crew.work(0, room.kernel("worker").studio)
    assert theirs is not None
    theirs.on_end(lambda _: shutil.rmtree(posters))
    room.finish(*made.jobs)
    assert made.jobs[0].state.poster is not None
    assert [path.name for path in posters.iterdir()] == [f"{made.jobs[0].id}.jpg"]


# --- executors and workers that fail ----------------------------------------------------------------


def test_a_call_that_is_made_twice_sends_once(room: Room, notebook: Kernel, crew: Crew) -> None:
    made = sweep(notebook, crew, zoom=[-5, 5])
    for number in (0, 1, 1, 0):
        crew.work(number, room.kernel("worker").studio)
    room.finish(*made.jobs)
    room.loop.wait(SHOT)
    assert len(room.sent) == 2


@pytest.mark.parametrize("moment", ["before it sends", "while the task runs"])
def test_a_worker_that_dies_costs_nothing(room: Room, notebook: Kernel, crew: Crew, moment: str) -> None:
    others = room.ask(room.kernel("another notebook"), 2 if moment == "before it sends" else 0)
    room.until(lambda: len(room.sent) == len(others))
    made = sweep(notebook, crew, seed=[1])
    dying, other = room.kernel("dying"), room.kernel("other")
    crew.work(0, dying.studio)
    room.until(lambda: made.jobs[0].state.elsewhere)
    if moment == "while the task runs":
        room.until(lambda: len(room.sent) == 1)
    dying.die()
    crew.work(0, other.studio)
    room.finish(*made.jobs)
    assert len(room.sent) == len(others) + 1


def test_what_waits_at_a_worker_that_dies_is_no_abandoned_job_to_the_next_request(
    room: Room, notebook: Kernel, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A request ends what waits and nobody will send, so that it costs nothing; this one its notebook will send."""
    others = room.ask(room.kernel("another notebook"), 2)
    room.until(lambda: len(room.sent) == 2)
    made = sweep(notebook, crew, seed=[1])
    dying = room.kernel("dying")
    crew.work(0, dying.studio)
    room.until(lambda: made.jobs[0].state.elsewhere)
    dead = notebook.ledger.get(made.jobs[0].id).owner
    dying.die()
    monkeypatch.setattr("runway_nb.ledger.abandoned.is_gone", lambda owner: owner == dead)
    (another,) = room.ask(notebook, 1)
    assert notebook.ledger.get(made.jobs[0].id).is_unsent
    room.finish(*made.jobs, *others, another)
    assert len(room.sent) == 4


@pytest.mark.parametrize("error", [BrokenProcessPool("a child was killed"), errors.JobNotFound("no such job")])
def test_what_no_worker_takes_is_seen_through_here(room: Room, notebook: Kernel, crew: Crew, error: Exception) -> None:
    made = sweep(notebook, crew, seed=[1, 2])
    crew.fail(0, error)
    crew.calls[1][1].cancel()
    room.finish(*made.jobs)
    assert len(room.sent) == 2
    lost, cancelled = (made.job_of(variant) for variant in made.plan.variants)
    assert lost is not None
    assert cancelled is not None
    assert lost.state.warning.startswith("no worker could take the job")
    assert str(error) in lost.state.warning
    assert lost.state.warning.endswith("; this process sees it through")
    assert cancelled.state.warning.startswith("no worker took the job, the call was cancelled; ")
    assert crew.work(0, room.kernel("late").studio) is not None
    room.loop.wait(SHOT)
    assert len(room.sent) == 2, "also where a lost call is made in the end"


def test_a_pool_that_is_shut_down_is_no_reason_to_fail(party: Party) -> None:
    pool = ThreadPoolExecutor(1)
    pool.shutdown()
    made = sweep(party, pool, "A lamp turns", seed=[1, 2]).wait(PATIENCE)
    assert made.progress_text == "2 of 2 done"
    assert "cannot schedule new futures after shutdown" in made.jobs[0].state.warning


def test_a_worker_with_another_token_sends_nothing(room: Room, notebook: Kernel, crew: Crew) -> None:
    made = sweep(notebook, crew, seed=[1])
    crew.work(0, room.kernel("stranger", token="user:2000-abc").studio)
    room.finish(*made.jobs)
    assert "belongs to another account: give the worker the same token" in made.jobs[0].state.warning
    assert len(room.sent) == 1


def test_the_end_of_the_kernel_takes_back_what_no_worker_has(room: Room, notebook: Kernel, crew: Crew) -> None:
    made = sweep(notebook, crew, seed=[1, 2])
    theirs = crew.work(0, room.kernel("worker").studio)
    assert theirs is not None
    room.until(lambda: made.jobs[0].state.elsewhere)
    notebook.studio.close()
    assert [job.state.phase for job in map(made.job_of, made.plan.variants) if job] == [Phase.DETACHED, Phase.REFUSED]
    room.finish(theirs)
    late = crew.work(1, room.kernel("late").studio)
    assert late is not None
    room.loop.wait(SHOT)
    assert len(room.sent) == 1


# --- the rules stay as they are ---------------------------------------------------------------------


def test_what_moderation_refuses_at_a_worker_holds_back_what_is_alike(room: Room, notebook: Kernel, crew: Crew) -> None:
    room.service.simulator.fault("moderated")
    made = sweep(notebook, crew, seed=range(1, 5))
    worker = room.kernel("worker", slots=1)
    for number in range(3):
        crew.work(number, worker.studio)
    room.until(lambda: made.done)
    assert sorted(phases(made)) == [Phase.FAILED, *[Phase.REMOVED] * 3]
    assert len(room.sent) == 1


def test_running_goes_over_to_workers_while_it_is_under_way(room: Room, notebook: Kernel, crew: Crew) -> None:
    made = sweep(notebook, None, seed=range(1, 6))
    room.until(lambda: len(room.sent) == 2)
    assert made.run(crew) is made
    assert len(crew.calls) == 3, "what is sent stays where it is"
    worker = room.kernel("worker")
    for number in range(3):
        crew.work(number, worker.studio)
    room.finish(*made.jobs)
    assert (len(room.sent), room.refused) == (5, 0)
    assert {*worker.studio.jobs} == {*crew.ids}
    assert all(job.state.phase is Phase.DONE for job in worker.studio.jobs.values())


def test_workers_of_this_process_take_one_each(party: Party) -> None:
    with ThreadPoolExecutor(2) as pool:
        made = sweep(party, pool, "A lamp turns", seed=range(1, 6))
    assert made.progress_text == "5 of 5 done", "a pool waits for its calls as it ends"
    assert party.started == 5
    assert not any(job.state.warning for job in made.jobs)


@pytest.mark.parametrize("wrong", [4, "pool", ThreadPoolExecutor], ids=str)
def test_what_is_no_executor_is_refused_before_anything_is_sent(party: Party, wrong: Any) -> None:
    with pytest.raises(errors.InvalidRequest, match=r"executor is .*: give one of concurrent\.futures, such as"):
        sweep(party, wrong, "A lamp turns", seed=[1])
    assert party.started == 0
    made = sweep(party, None, "A lamp turns", seed=[1]).wait(PATIENCE)
    with pytest.raises(errors.InvalidRequest, match=r"Dask's is client\.get_executor"):
        made.run(wrong)


# --- pickled ----------------------------------------------------------------------------------------


def test_a_sweep_comes_back_from_its_ids(party: Party) -> None:
    made = sweep(party, None, "A lamp {{style}}", style=["noir", "clay"], seed=[1]).wait(PATIENCE)
    data = pickle.dumps(made)
    assert TOKEN.encode() not in data
    keep_studio(party.studio, None)
    again: Sweep = pickle.loads(data)
    assert ([job.id for job in again.jobs], again.progress_text) == ([job.id for job in made.jobs], "2 of 2 done")
    assert [variant.label for variant in again.variants] == [variant.label for variant in made.variants]
    assert again.sheet().size == made.sheet().size
    assert (again.cell, again.price) == (made.cell, made.price)


def test_what_a_call_carries_is_names_alone(room: Room, notebook: Kernel, crew: Crew) -> None:
    sweep(notebook, crew, "notebook of me@example.org", seed=[1])
    data = pickle.dumps(crew.calls[0][0])
    assert b"1000-abc" not in data
    assert b"example" not in data
    assert b"notebook" not in data
    assert len(data) < 400
