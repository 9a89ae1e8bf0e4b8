"""Processes that share a ledger, each perhaps on a machine of its own with a clock of its own."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from .kernels import PATIENCE, clean_env

_MACHINE = """
import json, socket, sys, time
name, ahead = {name!r}, {ahead!r}
if name:
    true_time = time.time
    socket.gethostname, time.time = lambda: name, lambda: true_time() + ahead
"""
"""Another machine: no process of it can be asked for here, and its clock may be wrong."""
_ASKS = """
import runway_nb
jobs = [runway_nb.generate(prompt) for prompt in json.loads(sys.argv[1])]
while any(job.task is None for job in jobs):
    time.sleep(0.02)
print(*(job.id for job in jobs), flush=True)
for job in jobs:
    job.wait()
print("done", flush=True)
sys.stdin.read()
"""
_FOLLOWS = """
from runway_nb.__main__ import main
code = main(["follow", "--json"])
sys.exit(9 if {"IPython", "ipywidgets", "traitlets", "anywidget"} & sys.modules.keys() else code)
"""


def until(is_so: Callable[[], bool]) -> None:
    """Wait until something is so."""
    give_up = time.monotonic() + PATIENCE
    while not is_so():
        assert time.monotonic() < give_up
        time.sleep(0.02)


class Machine:
    """Where processes run.

    Args:
        home: The folder of everything that they write.
        env: What stands in the environment beside what every process needs.
        name: Of another machine; of this one without.
        ahead: Seconds by which its clock is ahead.
    """

    def __init__(self, home: Path, env: dict[str, str], name: str = "", ahead: float = 0.0) -> None:
        self.home = home
        self.folder = home / "notebooks"
        self.folder.mkdir(parents=True, exist_ok=True)
        self._prelude = _MACHINE.format(name=name, ahead=ahead)
        self._env = clean_env(home, PYTHONUNBUFFERED="1", **env)

    def asks(self, *prompts: str) -> Asking:
        """Start what a kernel does that submits; return it once all tasks run."""
        return Asking(self.started("-c", self._prelude + _ASKS, json.dumps(prompts)))

    def follows(self) -> Following:
        """Start a process that follows; return it once it has begun."""
        follows = Following(self.started("-c", self._prelude + _FOLLOWS))
        follows.wait_for("started")
        return follows

    def started(self, *arguments: str) -> subprocess.Popen[str]:
        """Start Python."""
        # nobody writes to the pipe: it ends when this process does, whatever ends it
        return subprocess.Popen(
            [sys.executable, *arguments], cwd=self.folder, env=self._env, text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        )  # fmt: skip


class Asking:
    """A process that has submitted jobs, and tracks them."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        assert process.stdout is not None
        assert process.stderr is not None
        self.ids = process.stdout.readline().split()
        assert self.ids, process.stderr.read()

    def kill(self) -> None:
        """Let it be gone without a last word."""
        self.process.kill()
        self.process.communicate()

    def finish(self) -> None:
        """Wait until all videos are there, then end it."""
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "done\n"
        self.process.communicate(timeout=PATIENCE)


class Following:
    """`python -m runway_nb follow --json`, and what it has told."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self.process = process
        self.events: list[dict[str, Any]] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        with suppress(ValueError):  # it is closed meanwhile
            for line in self.process.stdout:
                self.events.append(json.loads(line))

    def kinds(self, job_id: str | None = None) -> list[str]:
        """Return what was told, by its words; of one job alone where one is named."""
        return [event["event"] for event in list(self.events) if job_id in (None, event.get("job"))]

    def wait_for(self, kind: str, job_id: str | None = None) -> float:
        """Wait until something was told; return the seconds that it took."""
        begun = time.monotonic()
        until(lambda: kind in self.kinds(job_id) or self.process.poll() is not None)
        assert kind in self.kinds(job_id), (self.events, self.process.stderr and self.process.stderr.read())
        return time.monotonic() - begun

    def end(self, how: signal.Signals = signal.SIGTERM) -> float:
        """End it as a service is ended, with exit code 0; return the seconds that it took."""
        begun = time.monotonic()
        self.process.send_signal(how)
        code = self.process.wait(PATIENCE)
        seconds = time.monotonic() - begun
        self._reader.join(PATIENCE)
        assert self.process.stderr is not None
        said = self.process.stderr.read()
        for pipe in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()
        assert (code, said) == (0, "")
        assert self.kinds()[-1] == "ended"
        return seconds
