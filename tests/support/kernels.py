"""A real kernel, a simulator in a process of its own, and the environment of both."""

from __future__ import annotations

import json
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import pytest
from jupyter_client.manager import KernelManager

from runway_nb.simulator.rendering import samples
from support.leftovers import at_end

TOKEN = "user:4711-abcDEF123"
ROOT = Path(__file__).parents[2]
QUICK = {"PYTHONPATH": str(ROOT / "tests" / "support" / "quick")}
"""For a process that reads notebooks: it starts in half the time."""
OLD_KERNEL = ROOT / "build" / "ipykernel-6.30"
COLLABORATION = ROOT / "build" / "collaboration"
"""Apart from all others: beside JupyterLab it changes how every notebook is saved."""
MARIMO = ROOT / "build" / "marimo"
"""Apart from all others: it wants newer versions than the lowest that are allowed here."""
WATCH_WAITS = """
import functools, pathlib, runway_nb
def _watched(method):
    @functools.wraps(method)
    def watched(*args, **more):
        with open({path!r}, "a") as waits:
            waits.write("w")
        return method(*args, **more)
    return watched
runway_nb.Job._ticking = _watched(runway_nb.Job._ticking)
"""
"""Notes each wait for a job in a file, since a wait publishes nothing; where an interrupt is already the wait's."""
PATIENCE = 120.0
"""Seconds after which something that should have happened counts as missing."""
RESULT = {"text/html", "text/plain"}
"""All that a durable result may consist of."""
SPEED = 200
"""Of the simulator: a task is over before the first look, so a job lasts until somebody looks."""
CREDITS = 100_000
"""Of its account: all the tests of a process are paid by it, in whatever order they come."""

Message = dict[str, Any]


def clean_env(home: Path, **more: str) -> dict[str, str]:
    """Return the environment of a child process: no setting of the machine in it, every file under `home`."""
    ours = ("USEAPI_", "RUNWAY_NB_", "JUPYTER", "IPYTHON", "PYTHON", "PYTEST_")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    return kept | {
        "HOME": str(home),
        "IPYTHONDIR": str(home / "ipython"),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "PYTHON_KEYRING_BACKEND": "keyring.backends.null.Keyring",
        "RUNWAY_NB_HOME": str(home / "runway"),
        **more,
    }


@lru_cache
def drawn_samples() -> Path:
    """Return the pictures that come with a simulator. Each takes a second or two to draw, so they are drawn once."""
    folder = tempfile.TemporaryDirectory(prefix="runway-nb-samples-", ignore_cleanup_errors=True)
    at_end(folder.cleanup)
    samples.write(Path(folder.name))
    return Path(folder.name)


def lay_samples(home: Path) -> Path:
    """As if a simulator had been used in this home before; gives the folder of its state."""
    state = home / "runway" / "simulator"
    shutil.copytree(drawn_samples(), state / "samples")
    return state


def left_out(reason: str) -> None:
    """Skip, but never where nobody would notice."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"{reason}, and CI=true forbids leaving tests out")
    pytest.skip(reason)


class SimulatorProcess:
    """`python -m runway_nb.simulator`, as a class would start it."""

    def __init__(self, home: Path, *options: str) -> None:
        state = lay_samples(home)
        command = [sys.executable, "-m", "runway_nb.simulator", "--port", "0", "--with-parent", "--state", str(state)]
        env = clean_env(home, PYTHONUNBUFFERED="1")
        # nobody writes to the pipe: it ends when this process does, whatever ends it
        self.process = subprocess.Popen(
            [*command, *options], env=env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self.process.stdout is not None
        words = self.process.stdout.readline().split()
        self.base_url, self.page = words[2].rstrip(","), words[4].rstrip(",")

    @property
    def env(self) -> dict[str, str]:
        """What a kernel needs in order to take this simulator for the API."""
        return {"USEAPI_TOKEN": TOKEN, "USEAPI_BASE_URL": self.base_url}

    def fault(self, name: str, times: int | None = 1, **details: Any) -> None:
        """Let something go wrong."""
        self._call("POST", "/simulator/faults", {"name": name, "times": times, **details})

    def clear_faults(self) -> None:
        self._call("DELETE", "/simulator/faults")

    def counts(self) -> dict[str, int]:
        return self._call("GET", "/simulator/counts")

    def _call(self, method: str, path: str, body: Any = None) -> Any:
        address = self.base_url.removesuffix("/v1/runwayml") + path
        data = None if body is None else json.dumps(body).encode()
        headers = {"X-Simulator-Key": self.page.partition("?key=")[2]}
        with urllib.request.urlopen(
            urllib.request.Request(address, data, headers, method=method), timeout=30
        ) as answer:
            return json.load(answer)

    def stop(self) -> None:
        self.process.terminate()
        try:
            self.process.communicate(timeout=20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.communicate()


@lru_cache
def shared_simulator(name: str = "") -> SimulatorProcess:
    """Return one simulator for all tests without rendered pictures, or for those of a name; it ends with the run."""
    place = os.environ.get("PYTEST_DEBUG_TEMPROOT")  # where the folders of tests lie, too
    folder = tempfile.TemporaryDirectory(prefix="runway-nb-tests-", dir=place, ignore_cleanup_errors=True)
    simulator = SimulatorProcess(
        Path(folder.name), "--speed", str(SPEED), "--instant", "--max-jobs", "10", "--credits", str(CREDITS)
    )

    def end() -> None:
        simulator.stop()
        folder.cleanup()

    at_end(end)
    return simulator


class Cell:
    """One execution: what it published, and how it ended."""

    def __init__(self, kernel: Kernel, msg_id: str) -> None:
        self.kernel, self.msg_id = kernel, msg_id

    @property
    def messages(self) -> list[Message]:
        return [m for m in self.kernel.heard if m["parent_header"].get("msg_id") == self.msg_id]

    def of_type(self, kind: str) -> list[Message]:
        return [m for m in self.messages if m["msg_type"] == kind]

    @property
    def is_idle(self) -> bool:
        return any(m["content"]["execution_state"] == "idle" for m in self.of_type("status"))

    def text(self, name: str = "stdout") -> str:
        return "".join(m["content"]["text"] for m in self.of_type("stream") if m["content"]["name"] == name)

    @property
    def error(self) -> Message | None:
        """The error as the page shows it: `ename`, `evalue`, `traceback`."""
        return next((m["content"] for m in self.of_type("error")), None)

    @property
    def result(self) -> Message:
        """The value of the last expression."""
        return self.of_type("execute_result")[0]["content"]["data"]

    @property
    def display_id(self) -> str:
        """Of the first thing shown."""
        return self.of_type("display_data")[0]["content"]["transient"]["display_id"]

    @cached_property
    def reply(self) -> Message:
        return self.kernel.reply_to(self.msg_id)

    def finished(self, timeout: float = PATIENCE) -> Cell:
        self.kernel.until(lambda: self.is_idle, timeout)
        assert self.reply
        return self


def _hear(client: Any) -> None:
    """Ask until an answer comes on the channel of the outputs: what a kernel says before that is connected is lost."""
    give_up = time.monotonic() + PATIENCE
    while time.monotonic() < give_up:
        asked = client.kernel_info()
        with suppress(queue.Empty):
            while client.get_iopub_msg(timeout=0.5)["parent_header"].get("msg_id") != asked:
                pass
            return
    raise AssertionError("nothing is heard of the kernel's outputs")


class Kernel:
    """A kernel process and every message it has published."""

    def __init__(self, home: Path, folder: Path, **env: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        folder.mkdir(parents=True, exist_ok=True)
        self.home, self.folder, self.env = home, folder, clean_env(home, **env)
        self.heard: list[Message] = []
        self.replies: dict[str, Message] = {}
        self._waits = home / "waits.txt"
        # sockets with a name: a free port that is chosen now may be taken when the kernel comes to use it
        self.sockets = tempfile.TemporaryDirectory(prefix="rnb-", ignore_cleanup_errors=True)
        self.manager = KernelManager(connection_file=f"{self.sockets.name}/kernel.json", transport="ipc")
        # the kernel of this interpreter, whatever kernels are installed for the user
        assert self.manager.kernel_spec is not None
        self.manager.kernel_spec.argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
        self.manager.start_kernel(cwd=str(folder), env=self.env)
        self.client = self._connect()

    def _connect(self) -> Any:
        client = self.manager.blocking_client()
        client.start_channels()
        client.wait_for_ready(timeout=PATIENCE)
        _hear(client)
        return client

    def send(self, code: str, *, watched: bool = True) -> Cell:
        """Start a cell and return at once; `watched` is what a front end with a user says."""
        return Cell(self, self.client.execute(code, allow_stdin=watched))

    def run(self, code: str, *, watched: bool = True, timeout: float = PATIENCE) -> Cell:
        return self.send(code, watched=watched).finished(timeout)

    def value(self, expression: str) -> Any:
        """Return the value of an expression, by way of JSON."""
        cell = self.run(f"import json; print(json.dumps({expression}))")
        assert cell.error is None, cell.error
        return json.loads(cell.text())

    def until(self, condition: Callable[[], Any], timeout: float = PATIENCE) -> None:
        """Listen until the condition holds."""
        give_up = time.monotonic() + timeout
        while not condition():
            assert time.monotonic() < give_up, f"nothing after {timeout:g} s; last heard: {self.heard[-3:]}"
            try:
                self.heard.append(self.client.get_iopub_msg(timeout=0.1))
            except queue.Empty:
                continue

    def reply_to(self, msg_id: str) -> Message:
        while msg_id not in self.replies:
            message = self.client.get_shell_msg(timeout=PATIENCE)
            self.replies[message["parent_header"]["msg_id"]] = message["content"]
        return self.replies[msg_id]

    def updates(self, display_id: str) -> list[Message]:
        """Return the messages that replaced what stands under a display id."""
        kind = "update_display_data"
        return [m for m in self.heard
                if m["msg_type"] == kind and m["content"]["transient"].get("display_id") == display_id]  # fmt: skip

    def ending(self, cell: Cell, timeout: float = PATIENCE) -> Message:
        """Return the message that put the durable result in the place of a cell's card."""
        self.until(lambda: self.updates(cell.display_id), timeout)
        return self.updates(cell.display_id)[-1]

    def click(self, cell: Cell) -> None:
        """Press the button of a cell's card, as the page would."""
        opened = [m["content"] for m in cell.of_type("comm_open")]
        button = next(c for c in opened if c["data"].get("state", {}).get("_model_name") == "ButtonModel")
        data = {"method": "custom", "content": {"event": "click"}}
        message = self.client.session.msg("comm_msg", {"comm_id": button["comm_id"], "data": data})
        self.client.shell_channel.send(message)

    def interrupt(self) -> None:
        self.manager.interrupt_kernel()

    def watch_waits(self) -> None:
        """Let `interrupted` know when a cell waits for a job; once for each kernel process."""
        assert self.run(WATCH_WAITS.format(path=str(self._waits))).error is None

    def interrupted(self, code: str) -> Cell:
        """Return a cell after an interrupt that came while it waited for a job."""
        self._waits.write_text("")
        cell = self.send(code)
        self.until(self._waits.read_text)
        self.interrupt()
        return cell.finished()

    def restart(self) -> None:
        self.client.stop_channels()
        self.manager.restart_kernel(now=True, env=self.env)
        self.client = self._connect()

    def shutdown(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)
        self.sockets.cleanup()
