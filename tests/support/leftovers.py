"""Processes that a test run leaves behind: found by a mark in their environment or by descent, named, and ended.

The mark is inherited, so one is found, too, whose parent has gone. Nothing is found where there is no /proc. The
hooks of pytest here are those of the whole run (`conftest`).
"""

from __future__ import annotations

import atexit
import ctypes
import os
import secrets
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

import pytest

MARK = "SUITE_OF_RUNWAY_NB"
"""A variable of the environment. Its name begins with nothing that a test takes out of an environment."""
PATIENCE = 10.0
"""Seconds in which what was told to end has to end."""
ENDED = "ZX"
"""States of a process that has ended."""
LEFT: list[str] = []
"""What was still running at the end of the test run or of one of its workers, in words."""
TRACKER = "multiprocessing.resource_tracker"
"""In the command of what looks after a process that starts others by `multiprocessing`: it ends with that one."""
_PR_SET_PDEATHSIG = 1
_closers: list[tuple[int, Callable[[], object]]] = []


class Process(NamedTuple):
    """A process that runs."""

    pid: int
    parent: int
    marked: bool

    def __str__(self) -> str:
        return f"process {self.pid}: {_command(self.pid)}"


def _laid_mark() -> str:
    """Return a mark of this process for all that it starts, behind that of the test run which it belongs to itself."""
    inherited = os.environ.get(MARK)
    mark = secrets.token_hex(8)
    os.environ[MARK] = f"{inherited}.{mark}" if inherited else mark
    return os.environ[MARK]


RUN = _laid_mark()


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """End what is still running, and fail for it. The workers of a run come here first, then the run itself."""
    close_all()
    LEFT.extend(left_behind(RUN))
    output = getattr(session.config, "workeroutput", None)
    if output is not None:
        output["left_behind"] = LEFT
    elif LEFT and session.exitstatus == pytest.ExitCode.OK:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take over what a worker found."""
    LEFT.extend(getattr(node, "workeroutput", {}).get("left_behind", []))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Name what was left."""
    if LEFT:
        terminalreporter.section("left running by the tests, and ended now", red=True)
        terminalreporter.write_line("\n".join(LEFT))


def at_end(close: Callable[[], object]) -> None:
    """Have something closed when the test run ends, before what is left is looked for; the last one first."""
    _closers.append((os.getpid(), close))


@atexit.register  # for programs that are no test run
def close_all() -> None:
    """Close everything; a process that was forked off has nothing of its own here."""
    while _closers:
        pid, close = _closers.pop()
        if pid == os.getpid():
            close()


def ended_with_parent() -> None:
    """For `preexec_fn`: let the kernel end the process when the one that starts it is gone. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


def left_behind(mark: str) -> list[str]:
    """Return as text what this run has started and still runs after a while; it is ended here."""
    give_up = time.monotonic() + PATIENCE
    while (found := _ours(mark)) and time.monotonic() < give_up:
        time.sleep(0.05)
    words = [str(process) for process in found]
    for number in (signal.SIGTERM, signal.SIGKILL):
        for process in found:
            with suppress(ProcessLookupError):
                os.kill(process.pid, number)
        give_up = time.monotonic() + 3
        while (found := _ours(mark)) and time.monotonic() < give_up:
            time.sleep(0.05)
    return words


def _ours(mark: str) -> list[Process]:
    running = {process.pid: process for process in _running(mark)}
    return [process for process in running.values() if _is_ours(process, running)]


def _is_ours(process: Process, running: dict[int, Process]) -> bool:
    if process.pid in _line(os.getpid(), running):
        return False
    if process.parent == os.getpid() and TRACKER in _command(process.pid):
        return False
    return process.marked or os.getpid() in _line(process.pid, running)


def _line(pid: int, running: dict[int, Process]) -> list[int]:
    """Return a process and all above it."""
    line = [pid]
    while line[-1] in running and running[line[-1]].parent not in line:
        line.append(running[line[-1]].parent)
    return line


def _running(mark: str) -> list[Process]:
    found = []
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it has just ended, or belongs to somebody else
            state, parent = _state(place)
            if state not in ENDED:
                found.append(Process(int(place.name), int(parent), _is_marked(place / "environ", mark)))
    return found


def is_running(pid: int) -> bool:
    """False, too, for a process that has ended and that its parent has not asked for."""
    with suppress(OSError):
        return _state(Path("/proc", str(pid)))[0] not in ENDED
    return False


def _state(place: Path) -> tuple[str, str]:
    """Return the letter of a process's state, and its parent; the name before them may hold anything."""
    state, parent = (place / "stat").read_text(errors="replace").rpartition(")")[2].split()[:2]
    return state, parent


def _is_marked(environ: Path, mark: str) -> bool:
    wanted = f"{MARK}={mark}".encode()
    with suppress(OSError):
        return any(line == wanted or line.startswith(wanted + b".") for line in environ.read_bytes().split(b"\0"))
    return False


def _command(pid: int) -> str:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
    return "has ended"
