"""The background thread: one loop for all threads, empty contexts, stop and fork."""

from __future__ import annotations

import asyncio
import contextvars
import gc
import subprocess
import sys
import textwrap
import threading
import warnings
import weakref
from concurrent.futures import CancelledError
from pathlib import Path

import pytest

from runway_nb.errors import InvalidCommand, RunwayError
from runway_nb.jobs.loop import BackgroundLoop, run_nested
from support.fakes import Party
from support.foreign_loop import ForeignLoop

ROOT = Path(__file__).parents[2]
MARK: contextvars.ContextVar[str] = contextvars.ContextVar("MARK", default="empty")


async def _thread():
    return threading.current_thread()


async def _loop():
    return asyncio.get_running_loop()


@pytest.fixture
def loop():
    loop = BackgroundLoop("tested")
    yield loop
    loop.stop()


def test_it_knows_its_own_thread(loop) -> None:
    async def here() -> bool:
        return loop.is_here

    assert not loop.is_here
    assert loop.run(here(), 10)
    assert not loop.is_here


def test_nothing_runs_before_the_first_work(loop) -> None:
    assert "tested" not in {thread.name for thread in threading.enumerate()}
    loop.call(pytest.fail)
    loop.stop()
    assert "tested" not in {thread.name for thread in threading.enumerate()}


def test_in_a_browser_it_says_in_one_line_that_nothing_can_be_sent(loop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(RunwayError, match=r"JupyterLite has neither threads nor sockets.*with a kernel on a server"):
        loop.submit(_thread())


def test_work_runs_on_a_daemon_thread_of_its_own(loop) -> None:
    thread = loop.submit(_thread()).result(5)
    assert (thread.name, thread.daemon) == ("tested", True)
    assert thread is not threading.current_thread()


@pytest.mark.slow("starts a process")
def test_it_ends_quietly_where_the_policy_of_loops_was_changed_meanwhile() -> None:
    code = """
        import asyncio, pathlib, tempfile
        from runway_nb.jobs.loop import BackgroundLoop
        from runway_nb.simulator import Simulator
        from runway_nb.simulator.rendering import stub

        def none():
            raise RuntimeError("there is no current event loop")

        loop = BackgroundLoop()
        ended = loop.submit(asyncio.sleep(60))
        loop.submit(asyncio.sleep(0)).result(5)
        with tempfile.TemporaryDirectory() as folder:
            with Simulator(pathlib.Path(folder), renderer=stub.renderer):
                # as uvloop and nest_asyncio2 do together
                asyncio.events._get_event_loop = asyncio.events.get_event_loop = none
            loop.stop()
        print(ended.cancelled())
    """
    command = [sys.executable, "-c", textwrap.dedent(code)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, cwd=ROOT, check=False)
    assert (done.stdout, done.stderr) == ("True\n", "")


def test_many_threads_share_one_loop(loop) -> None:
    barrier, loops = threading.Barrier(16), []

    def use():
        barrier.wait()
        loops.append(loop.submit(_loop()).result(5))

    threads = [threading.Thread(target=use) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(5)
    assert len(loops) == 16
    assert len(set(loops)) == 1


def test_work_does_not_see_the_context_of_the_cell(loop) -> None:
    async def see():
        return MARK.get(), await asyncio.create_task(see_in_task())

    async def see_in_task():
        return MARK.get()

    token = MARK.set("cell")
    try:
        called = []
        assert loop.submit(see()).result(5) == ("empty", "empty")
        loop.call(lambda: called.append(MARK.get()))
        loop.submit(_loop()).result(5)
    finally:
        MARK.reset(token)
    assert called == ["empty"]


def test_work_that_only_waits_is_not_collected_as_garbage(loop) -> None:
    ended: list[int] = []

    async def wait_for_ever(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.append(number)

    for number in range(50):
        loop.submit(wait_for_ever(number))
    loop.submit(_thread()).result(10)  # all of them wait
    gc.collect()
    loop.submit(_thread()).result(10)
    assert ended == []
    loop.stop()
    assert sorted(ended) == [*range(50)]


def test_what_has_ended_is_let_go(loop) -> None:
    class Held:
        pass

    async def use(_: Held) -> None:
        pass

    held = Held()
    seen = weakref.ref(held)
    loop.submit(use(held)).result(10)
    del held
    loop.submit(_thread()).result(10)
    gc.collect()
    assert seen() is None


def test_an_error_reaches_the_one_who_asked(loop) -> None:
    async def fail():
        raise LookupError("no")

    with pytest.raises(LookupError):
        loop.submit(fail()).result(5)
    assert loop.submit(_loop()).result(5)


def test_a_call_that_fails_does_not_end_the_loop(loop) -> None:
    first = loop.submit(_loop()).result(5)
    first.set_exception_handler(lambda *_: None)
    loop.call(lambda: 1 / 0)
    assert loop.submit(_loop()).result(5) is first


def test_stop_lets_every_task_see_its_cancellation(loop) -> None:
    started, seen = threading.Event(), []

    async def work():
        started.set()
        try:
            await asyncio.sleep(60)
        finally:
            await asyncio.sleep(0)
            seen.append("cleaned up")

    future = loop.submit(work())
    assert started.wait(5)
    loop.stop()
    assert seen == ["cleaned up"]
    with pytest.raises(CancelledError):
        future.result(1)


def test_stop_closes_loop_and_thread_and_can_be_said_twice(loop) -> None:
    thread, inner = loop.submit(_thread()).result(5), loop.submit(_loop()).result(5)
    loop.stop()
    loop.stop()
    assert not thread.is_alive()
    assert inner.is_closed()


def test_work_after_a_stop_starts_a_new_thread(loop) -> None:
    first = loop.submit(_loop()).result(5)
    loop.stop()
    assert loop.submit(_loop()).result(5) is not first


def test_nothing_is_left_open(loop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop that is not closed says so as it is collected, where no `raise` is heard."""
    left_open = []
    monkeypatch.setattr(sys, "unraisablehook", lambda unraisable: left_open.append(str(unraisable.exc_value)))
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        loop.submit(_loop()).result(5)
        loop.stop()
        gc.collect()
    assert left_open == []


@pytest.mark.slow("starts a process")
def test_a_forked_child_gets_a_loop_of_its_own() -> None:
    script = """
    import asyncio, os
    from runway_nb.jobs.loop import BackgroundLoop
    async def where():
        return os.getpid()
    loop = BackgroundLoop()
    assert loop.submit(where()).result(5) == os.getpid()
    child = os.fork()
    if child == 0:
        loop.call(print, "never")
        good = loop.submit(where()).result(5) == os.getpid()
        loop.stop()
        os._exit(0 if good else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert loop.submit(where()).result(5) == os.getpid()
    loop.stop()
    print("fine")
    """
    run = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=20
    )
    assert run.stdout == "fine\n", run.stderr


@pytest.mark.slow("starts a process")
def test_a_child_that_is_forked_on_the_background_thread_may_wait() -> None:
    """As a pool of processes does that is used in a function given to `on_end`."""
    script = """
    import asyncio, os
    from runway_nb.jobs.loop import BackgroundLoop
    async def where():
        return os.getpid()
    async def fork():
        child = os.fork()
        if child == 0:
            os._exit(0 if BackgroundLoop().run(where(), 5) == os.getpid() else 1)
        return os.waitpid(child, 0)[1]
    loop = BackgroundLoop()
    print(loop.run(fork(), 10))
    loop.stop()
    """
    command = [sys.executable, "-W", "ignore", "-c", textwrap.dedent(script)]
    run = subprocess.run(command, capture_output=True, text=True, timeout=20)
    assert run.stdout == "0\n", run.stderr


@pytest.mark.slow("starts a process")
def test_a_script_ends_while_work_goes_on() -> None:
    script = """
    import asyncio
    from runway_nb.jobs.loop import BackgroundLoop
    BackgroundLoop().submit(asyncio.sleep(60))
    print("end")
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=10)
    assert (run.stdout, run.returncode) == ("end\n", 0)


# --- on a loop that runs already ------------------------------------------------------------------------


@pytest.mark.slow("starts a process")
def test_a_loop_that_cannot_be_entered_again_is_one_line_and_asyncio_stays_as_it_is() -> None:
    script = """
    import asyncio, sys, warnings
    warnings.simplefilter("error")  # a coroutine that nobody awaits
    sys.path.insert(0, "tests")
    from support.foreign_loop import ForeignLoop
    from runway_nb.errors import InvalidCommand, RunwayError
    from runway_nb.jobs.loop import run_nested
    foreign, before = ForeignLoop(), (asyncio.run, asyncio.Task)
    async def work():
        raise AssertionError("it ran")
    try:
        foreign.run(lambda: run_nested(work()))
    except InvalidCommand as refused:
        assert refused.__suppress_context__ or refused.__context__ is None
        print(refused.message)
    assert (asyncio.run, asyncio.Task) == before and "nest_asyncio2" not in sys.modules
    foreign.inner.close()
    """
    run = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=20, cwd=ROOT
    )
    assert "(support.foreign_loop.ForeignLoop) cannot keep running while a call waits" in run.stdout, run.stderr
    assert "The job goes on; wait for it with `await job`, or with job.wait() or --wait" in run.stdout
    assert run.stdout.count("\n") == 1


@pytest.mark.parametrize(
    "error", [ValueError("Can't patch loop of type Loop"), RuntimeError("patched"), AttributeError()]
)
def test_whatever_nest_asyncio2_raises_is_one_line(monkeypatch: pytest.MonkeyPatch, error) -> None:
    import nest_asyncio2

    def refuses(loop):
        raise error

    async def cell():
        run_nested(asyncio.sleep(0))

    monkeypatch.setattr(nest_asyncio2, "apply", refuses)
    with pytest.raises(InvalidCommand, match=f"nest_asyncio2 says {type(error).__name__}") as caught:
        asyncio.run(cell())
    assert caught.value.__cause__ is None
    assert caught.value.__suppress_context__


def test_a_wait_that_cannot_keep_the_loop_leaves_its_job(party: Party) -> None:
    job = party.submit()
    foreign = ForeignLoop()  # type: ignore[abstract]
    try:
        with pytest.raises(InvalidCommand, match="The job goes on"):
            foreign.run(lambda: job.wait(keep_loop=True))
    finally:
        foreign.inner.close()
    assert party.ended(job).video is not None


async def _exit() -> None:
    raise SystemExit(1)


def test_a_task_that_wants_to_exit_ends_alone() -> None:
    loop = BackgroundLoop("tested")
    ended = loop.submit(_exit())
    with pytest.raises(SystemExit):
        ended.result(5)
    assert loop.submit(asyncio.sleep(0, "goes on")).result(5) == "goes on"
    loop.stop()
