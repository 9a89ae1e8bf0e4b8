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
from concurrent.futures import CancelledError

import pytest

from runway_nb.loop import BackgroundLoop

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


def test_nothing_runs_before_the_first_work(loop):
    assert "tested" not in {thread.name for thread in threading.enumerate()}
    loop.call(pytest.fail)
    loop.stop()
    assert "tested" not in {thread.name for thread in threading.enumerate()}


def test_work_runs_on_a_daemon_thread_of_its_own(loop):
    thread = loop.submit(_thread()).result(5)
    assert (thread.name, thread.daemon) == ("tested", True)
    assert thread is not threading.current_thread()


def test_many_threads_share_one_loop(loop):
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


def test_work_does_not_see_the_context_of_the_cell(loop):
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


def test_an_error_reaches_the_one_who_asked(loop):
    async def fail():
        raise LookupError("no")

    with pytest.raises(LookupError):
        loop.submit(fail()).result(5)
    assert loop.submit(_loop()).result(5)


def test_a_call_that_fails_does_not_end_the_loop(loop):
    first = loop.submit(_loop()).result(5)
    first.set_exception_handler(lambda *_: None)
    loop.call(lambda: 1 / 0)
    assert loop.submit(_loop()).result(5) is first


def test_stop_lets_every_task_see_its_cancellation(loop):
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


def test_stop_closes_loop_and_thread_and_can_be_said_twice(loop):
    thread, inner = loop.submit(_thread()).result(5), loop.submit(_loop()).result(5)
    loop.stop()
    loop.stop()
    assert not thread.is_alive()
    assert inner.is_closed()


def test_work_after_a_stop_starts_a_new_thread(loop):
    first = loop.submit(_loop()).result(5)
    loop.stop()
    assert loop.submit(_loop()).result(5) is not first


def test_nothing_is_left_open(loop):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ResourceWarning)
        loop.submit(_loop()).result(5)
        loop.stop()
        gc.collect()


def test_a_forked_child_gets_a_loop_of_its_own():
    script = """
    import asyncio, os
    from runway_nb.loop import BackgroundLoop
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


def test_a_script_ends_while_work_goes_on():
    script = """
    import asyncio
    from runway_nb.loop import BackgroundLoop
    BackgroundLoop().submit(asyncio.sleep(60))
    print("end")
    """
    run = subprocess.run([sys.executable, "-c", textwrap.dedent(script)], capture_output=True, text=True, timeout=10)
    assert (run.stdout, run.returncode) == ("end\n", 0)
