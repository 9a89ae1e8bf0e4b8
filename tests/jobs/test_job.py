"""The handle of a wish: waiting for it, watching it, stopping it."""

from __future__ import annotations

import asyncio
import logging
import signal
import subprocess
import sys
import textwrap
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

import pytest

import runway_nb
from runway_nb.api.models import Status, Task
from runway_nb.errors import InvalidCommand, NotEnoughCredits, TaskFailed, WaitInterrupted, WaitTimeout
from runway_nb.jobs.job import Job, control_of
from runway_nb.jobs.state import State
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import SETTLED, Phase
from runway_nb.request import VideoRequest
from support.fakes import Party
from support.strategies import ASSET_ID, EMAIL, TASK_ID

DONE = {"phase": Phase.DONE, "video": Path("a.mp4"), "progress": 1.0}


def _job(**state):
    return Job("7f3e2c54", VideoRequest("A lamp turns", seed=7), state=State(**state), folder=Path())


def _task(status="RUNNING"):
    return Task(TASK_ID, Status(status))


# --- what it is -------------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", list(Phase))
def test_a_job_is_done_exactly_in_a_final_phase(phase) -> None:
    assert _job(phase=phase).done is phase.is_final
    assert phase.is_final or phase not in SETTLED


@pytest.mark.parametrize("phase", [Phase.PREPARING, Phase.WAITING, Phase.REFUSED, Phase.REMOVED])
def test_what_was_not_sent_was_not_paid(phase) -> None:
    assert not phase.is_sent
    assert Phase.UNKNOWN.is_sent
    assert Phase.SENDING.is_sent


@pytest.mark.parametrize(
    ("state", "status"),
    [
        ({}, "PREPARING"),
        ({"phase": Phase.SENDING}, "SENDING"),
        ({"phase": Phase.FOLLOWING, "task": _task("THROTTLED")}, "THROTTLED"),
        ({"phase": Phase.DONE, "task": _task("SUCCEEDED")}, "SUCCEEDED"),
        ({"phase": Phase.STOPPED, "task": _task()}, "STOPPED"),
        ({"phase": Phase.DETACHED, "task": _task()}, "DETACHED"),
        ({"phase": Phase.REFUSED}, "REFUSED"),
    ],
)
def test_status_is_the_word_of_the_api_while_there_is_a_task(state, status) -> None:
    assert _job(**state).status == status


def test_the_simulator_costs_nothing() -> None:
    assert _job().credits == 25
    assert Job("7f3e2c54", VideoRequest("x"), simulated=True).credits == 0


def test_warnings_are_those_of_the_request_and_of_the_work() -> None:
    assert len(_job().warnings) == 1
    assert _job(warning="the ledger is full").warnings[-1] == "the ledger is full"


@pytest.mark.parametrize(
    ("state", "shown"),
    [
        ({}, "<Job 7f3e2c54 PREPARING: 'A lamp turns'>"),
        ({"phase": Phase.FOLLOWING, "task": _task(), "progress": 0.42}, "<Job 7f3e2c54 RUNNING 42 %: 'A lamp turns'>"),
        ({**DONE, "task": _task("SUCCEEDED")}, "<Job 7f3e2c54 SUCCEEDED: 'A lamp turns'>"),
    ],
)
def test_a_repr_is_one_line(state, shown) -> None:
    assert repr(_job(**state)) == shown


def test_a_long_prompt_is_cut_in_the_repr() -> None:
    shown = repr(Job("7f3e2c54", VideoRequest("word " * 50)))
    assert len(shown) < 80
    assert shown.endswith("...'>")


def test_no_repr_holds_an_email() -> None:
    job = Job(
        "7f3e2c54", VideoRequest("x", Keyframes(ASSET_ID)), state=State(Phase.FOLLOWING, task=_task(), poster=b"x")
    )
    for value in (job, job.state, job.request, job.task):
        assert EMAIL not in repr(value)


# --- waiting ----------------------------------------------------------------------------------------


def test_a_finished_job_is_returned_at_once() -> None:
    job = _job(**DONE)
    assert job.wait(0) is job


@pytest.mark.parametrize("keep_loop", [False, True])
def test_a_wait_that_is_too_short_says_how_to_come_back(keep_loop) -> None:
    with pytest.raises(WaitTimeout, match="job 7f3e2c54 goes on in the background: %runway wait 7f3e2c54") as caught:
        _job().wait(0.01, keep_loop=keep_loop)
    assert isinstance(caught.value, TimeoutError)
    assert "0.01 s" in caught.value.message


def test_a_wait_raises_the_error_of_the_job_every_time() -> None:
    error = NotEnoughCredits("no credits", 412)
    job = _job(phase=Phase.REFUSED, error=error)
    for _ in range(2):
        with pytest.raises(NotEnoughCredits) as caught:
            job.wait()
        assert caught.value is job.error is error


def test_a_wait_ends_when_another_thread_ends_the_job() -> None:
    job = _job()
    thread = threading.Timer(0.02, control_of(job).change, kwargs=DONE)
    thread.start()
    assert job.wait(5).video == Path("a.mp4")
    thread.join()


def test_many_threads_can_wait_for_one_job() -> None:
    job, ended = _job(), []
    threads = [threading.Thread(target=lambda: ended.append(job.wait(5))) for _ in range(8)]
    for thread in threads:
        thread.start()
    control_of(job).change(**DONE)
    for thread in threads:
        thread.join(5)
    assert ended == [job] * 8


def test_a_job_can_be_awaited_while_the_loop_goes_on() -> None:
    async def run():
        job = _job()
        asyncio.get_running_loop().call_later(0.02, lambda: control_of(job).change(**DONE))
        return await asyncio.gather(job, job)

    first, second = asyncio.run(run())
    assert first is second
    assert first.done


def test_awaiting_a_failed_job_raises_its_error() -> None:
    async def run():
        await _job(phase=Phase.FAILED, error=TaskFailed("no"))

    with pytest.raises(TaskFailed):
        asyncio.run(run())


def test_an_await_can_be_cancelled_and_the_job_goes_on() -> None:
    async def run():
        job = _job()
        with pytest.raises(asyncio.TimeoutError):
            await asyncio.wait_for(asyncio.ensure_future(_await(job)), 0.02)
        return job

    assert not asyncio.run(run()).done


async def _await(job):
    return await job


@pytest.mark.slow("starts a process")
def test_keep_loop_lets_the_users_own_tasks_run_inside_a_running_loop() -> None:
    """In a process of its own: nest_asyncio2 changes asyncio for good."""
    script = """
    import asyncio, threading
    from pathlib import Path
    from runway_nb.jobs.job import Job, control_of
    from runway_nb.ledger.phase import SETTLED, Phase
    from runway_nb.request import VideoRequest
    async def main():
        job, ticks = Job("7f3e2c54", VideoRequest("x")), []
        async def tick():
            while True:
                ticks.append(1)
                await asyncio.sleep(0.01)
        task = asyncio.create_task(tick())
        threading.Timer(0.15, control_of(job).change, kwargs={"phase": Phase.DONE, "video": Path("a")}).start()
        job.wait(5, keep_loop=True)
        task.cancel()
        print(job.done, len(ticks) > 3)
    asyncio.run(main())
    """
    assert _run(script).stdout == "True True\n"


def _run(script):
    return subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=20)


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("keep_loop", [False, True])
def test_an_interrupt_ends_the_wait_and_keeps_the_job(keep_loop) -> None:
    script = f"""
    import os, signal, threading
    from runway_nb.errors import WaitInterrupted
    from runway_nb.jobs.job import Job, control_of
    from runway_nb.request import VideoRequest
    # a test run in the background hands on that interrupts are ignored
    signal.signal(signal.SIGINT, signal.default_int_handler)
    job = Job("7f3e2c54", VideoRequest("x"))
    threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT)).start()
    try:
        job.wait(5, keep_loop={keep_loop})
    except WaitInterrupted as error:
        print(error.message, job.done, isinstance(error, KeyboardInterrupt))
    """
    run = _run(script)
    assert "stopped waiting; job 7f3e2c54 goes on and nothing is lost" in run.stdout, run.stderr
    assert run.stdout.endswith("False True\n")


def test_an_interrupt_that_is_not_caught_ends_a_script() -> None:
    with pytest.raises(KeyboardInterrupt):
        raise WaitInterrupted("x")


# --- watching ---------------------------------------------------------------------------------------


def test_observers_are_told_of_every_change_until_they_forget() -> None:
    job = _job()
    seen: list[Any] = []
    forget = job.observe(lambda job: seen.append(job.state.phase))
    control_of(job).change(phase=Phase.SENDING)
    control_of(job).change(phase=Phase.FOLLOWING)
    forget()
    forget()
    control_of(job).change(**DONE)
    assert seen == [Phase.SENDING, Phase.FOLLOWING]


def test_observers_are_told_before_the_job_is_done() -> None:
    job = _job()
    seen: list[Any] = []
    job.observe(lambda job: seen.append(job.done))
    job.on_end(lambda job: seen.append(job.done))
    control_of(job).change(**DONE)
    assert seen == [False, False]
    assert job.done


def test_an_observer_that_fails_stops_neither_the_others_nor_the_work(caplog: pytest.LogCaptureFixture) -> None:
    job = _job()
    seen: list[Any] = []

    def fail(_):
        raise OSError(f"no screen for {EMAIL}")

    job.observe(fail)
    job.observe(seen.append)
    with caplog.at_level(logging.WARNING, logger="runway_nb"):
        control_of(job).change(**DONE)
    assert seen == [job]
    assert job.done
    assert caplog.messages == ["job 7f3e2c54 could not be shown (OSError: no screen for ***@***)"]


class _Wordless(Exception):
    def __str__(self) -> str:
        raise ValueError("no words")


class _Panic(BaseException):
    """As machine code raises it."""


@pytest.mark.parametrize(
    "error", [_Wordless(), _Panic(), SystemExit(1), KeyboardInterrupt(), GeneratorExit(), asyncio.CancelledError()]
)
def test_whatever_an_observer_raises_the_paid_work_goes_on(party: Party, error) -> None:
    def fail(_):
        raise error

    with party.held():
        job = party.submit()
        job.observe(fail)
        job.on_end(fail)
    assert party.ended(job).video is not None
    assert party.ended(party.submit("Another")).video is not None


def test_an_interrupt_of_the_user_in_an_observer_is_the_users_own_and_the_job_has_ended() -> None:
    # a shell starts what it runs in the background with this signal ignored
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    job = _job()
    job.observe(lambda _: signal.raise_signal(signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        control_of(job).change(**DONE)
    signal.signal(signal.SIGINT, before)
    assert job.done


def test_the_end_is_told_once_and_only_then() -> None:
    job = _job()
    ends: list[Any] = []
    job.on_end(ends.append)
    control_of(job).change(phase=Phase.SENDING)
    assert ends == []
    control_of(job).change(**DONE)
    control_of(job).change(warning="later")
    assert ends == [job]


def test_the_end_is_told_once_also_where_one_who_hears_of_it_changes_something_at_once() -> None:
    """A mark that is set there tells all observers again: who makes a new take at the end would pay for two."""
    job = _job()
    ends: list[Any] = []
    job.on_end(lambda _: control_of(job).notify())
    job.on_end(ends.append)
    job.on_end(lambda _: control_of(job).change(warning="the note could not be kept"))
    control_of(job).change(**DONE)
    assert ends == [job]


def test_the_end_is_told_at_once_when_it_has_come() -> None:
    ends: list[Any] = []
    _job(**DONE).on_end(ends.append)
    assert len(ends) == 1


def test_who_hears_of_the_end_has_the_video_and_waits_for_nothing(party: Party) -> None:
    heard: list[Any] = []
    earlier = runway_nb.sweep("A lamp falls", seed=[1, 2], studio=party.studio, yes=True).wait(20)
    job = party.submit("A lamp turns")
    job.on_end(lambda job: heard.extend([job.finished(), job.wait(), job.result(), earlier.wait()]))
    party.ended(job)
    assert heard == [job.video, job, job, earlier]


@pytest.mark.parametrize("name", ["job", "sweep", "attach", "close"])
def test_nothing_waits_on_the_thread_on_which_all_jobs_move(party: Party, name: str) -> None:
    """Everything would stand still."""
    job, other = party.submit("A lamp turns"), party.submit("A lamp stands")
    made = runway_nb.sweep("A lamp falls", seed=[1, 2], studio=party.studio, yes=True)
    waits: dict[str, Any] = {
        "job": other.wait, "sweep": made.wait, "close": party.studio.close,
        "attach": lambda: party.studio.attach("user:1-runwayml:a@b.test-task:9c2a1f34-58c1-4f0b-b1f4-000000000001"),
    }  # fmt: skip
    raised: list[Exception] = []

    def wait(_: Job) -> None:
        try:
            waits[name]()
        except InvalidCommand as error:
            raised.append(error)

    job.observe(wait)
    for each in (job, other):
        party.ended(each)
    made.wait(20)
    assert raised
    assert "cannot be waited for in a function that is called as a job moves" in str(raised[0])


def test_the_end_is_told_once_however_the_threads_race() -> None:
    for _ in range(40):
        job, barrier = _job(), threading.Barrier(3)
        ends: list[Any] = []

        def ask(job=job, ends=ends, barrier=barrier):
            barrier.wait()
            job.on_end(ends.append)

        def end(job=job, barrier=barrier):
            barrier.wait()
            control_of(job).change(**DONE)

        threads = [threading.Thread(target=ask), threading.Thread(target=ask), threading.Thread(target=end)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(5)
        assert len(ends) == 2


def test_an_observer_may_start_and_end_observing() -> None:
    job = _job()
    seen: list[Any] = []

    def once(job):
        forget()
        job.observe(seen.append)

    forget = job.observe(once)
    control_of(job).change(phase=Phase.SENDING)
    control_of(job).change(phase=Phase.FOLLOWING)
    assert seen == [job]


# --- acting -----------------------------------------------------------------------------------------


def test_stop_and_refresh_reach_the_work() -> None:
    job, calls = _job(), []
    job.stop()
    assert job.refresh() is job
    assert control_of(job).stop_requested.is_set()
    control_of(job).connect(
        on_stop=lambda: calls.append("stop"),
        on_refresh=lambda: calls.append("refresh"),
        on_offer=lambda: calls.append("offer"),
    )
    job.stop()
    job.refresh()
    control_of(job).hand_over(Future())
    assert calls == ["stop", "refresh", "offer"]


def test_the_old_name_of_the_original_request_works_and_warns() -> None:
    job = Job("7f3e2c54", VideoRequest("A lamp", seed=7), original_request=VideoRequest("A lamp"))
    with pytest.warns(DeprecationWarning, match=r"job\.wish is job\.original_request now"):
        assert job.wish == job.original_request == VideoRequest("A lamp")


@pytest.mark.parametrize("name", ["change", "become", "connect", "steer", "stop_asked"])
def test_a_job_shows_no_way_to_move_it(name: str) -> None:
    assert not hasattr(Job("7f3e2c54", VideoRequest("A lamp")), name)


@pytest.mark.parametrize("name", ["state", "request", "thumbnails", "comparisons", "notes", "video", "error"])
def test_what_a_job_shows_cannot_be_set(name: str) -> None:
    with pytest.raises(AttributeError):
        setattr(Job("7f3e2c54", VideoRequest("A lamp")), name, None)
