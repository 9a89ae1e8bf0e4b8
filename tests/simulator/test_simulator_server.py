"""The simulator on a real port and in a process of its own."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import httpx
import pytest

from runway_nb.simulator import Simulator
from runway_nb.simulator.rendering import stub
from runway_nb.simulator.rendering.render_queue import child_process
from support.simulator_kit import TOKEN, Pictures

LOGIN = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def sim(tmp_path: Path):
    with Simulator(tmp_path, speed=100, renderer=stub.renderer, pictures=Pictures()) as sim:
        yield sim


@pytest.fixture
def client(sim):
    with httpx.Client(base_url=sim.base_url, headers=LOGIN, timeout=10, trust_env=False) as client:
        yield client


def finish(client, seconds=10.0, **fields):
    task_id = client.post("/gen3turbo/create", json={"text_prompt": "A lamp turns", **fields}).json()["taskId"]
    return wait_for_end(client, task_id, seconds)


def wait_for_end(client, task_id, seconds=10.0):
    give_up = time.monotonic() + seconds
    while time.monotonic() < give_up:
        task = client.get(f"/tasks/{task_id}").json()
        if task["status"] == "SUCCEEDED":
            return task
        time.sleep(0.02)
    raise AssertionError(f"still {task['status']} {task['progressRatio']}")


def test_a_task_from_create_to_download(sim, client) -> None:
    url = finish(client)["artifacts"][0]["url"]
    assert url.startswith(sim.address + "/artifacts/")
    assert httpx.get(url).content == stub.CLIP
    part = httpx.get(url, headers={"Range": "bytes=-5"})
    assert (part.status_code, part.content) == (206, stub.CLIP[-5:])


def test_a_lost_answer_is_a_dropped_connection(sim, client, capfd: pytest.CaptureFixture[str]) -> None:
    sim.fault("lost-answer", times=1)
    with pytest.raises(httpx.RemoteProtocolError):
        client.post("/gen3turbo/create", json={"text_prompt": "x"})
    assert sim.counts()["tasks_started"] == 1
    assert len(client.get("/scheduler/").json()) == 1
    sim.fault("lost-before", times=1)
    with pytest.raises(httpx.TransportError):
        client.post("/gen3turbo/create", json={"text_prompt": "x"})
    assert sim.counts()["tasks_started"] == 1
    assert capfd.readouterr() == ("", "")


def test_a_cut_download_is_noticed_by_its_length(sim, client, capfd: pytest.CaptureFixture[str]) -> None:
    url = finish(client)["artifacts"][0]["url"]
    sim.fault("cut-download", times=1)
    with pytest.raises(httpx.RemoteProtocolError, match=r"incomplete|without sending complete"):
        httpx.get(url)
    assert httpx.get(url).content == stub.CLIP
    assert capfd.readouterr() == ("", "")


def test_odd_status_codes_pass_the_server(sim, client) -> None:
    for name, status in [("596", 596), ("522", 522)]:
        sim.fault(name, times=1)
        assert client.post("/gen3turbo/create", json={"text_prompt": "x"}).status_code == status


def test_it_listens_on_loopback_and_answers_to_this_machines_names_only(sim, client) -> None:
    assert sim.base_url.startswith("http://127.0.0.1:")
    assert client.get("/accounts", headers={"Host": "evil.example.org"}).status_code == 403
    assert client.get("/accounts", headers={"Host": f"localhost:{sim.port}"}).status_code == 200


def test_it_starts_and_stops_quickly_even_with_an_answer_outstanding(tmp_path: Path) -> None:
    begun = time.monotonic()
    sim = Simulator(tmp_path, renderer=stub.renderer, pictures=Pictures()).start()
    assert time.monotonic() - begun < 1
    sim.fault("slow-answer")
    outcomes: list[int | str] = []

    def ask():
        url = sim.base_url + "/gen3turbo/create"
        try:
            outcomes.append(httpx.post(url, json={"text_prompt": "x"}, headers=LOGIN, timeout=20).status_code)
        except httpx.TransportError:
            outcomes.append("dropped")

    asking = threading.Thread(target=ask)
    asking.start()
    while not sim.counts()["tasks_started"]:
        time.sleep(0.01)
    begun = time.monotonic()
    sim.stop()
    assert time.monotonic() - begun < 1
    asking.join(5)
    assert outcomes[0] in (500, "dropped")
    with pytest.raises(RuntimeError, match="make another one"):
        sim.start()


def test_a_taken_port_is_said_at_once(sim, tmp_path: Path) -> None:
    with pytest.raises(OSError, match="in use"):
        Simulator(tmp_path / "other", port=sim.port, renderer=stub.renderer).start()


def test_what_keeps_it_from_starting_is_told_by_who_starts_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    async def refused(*_, **__):
        raise OSError(24, "Too many open files")

    monkeypatch.setattr("uvicorn.Server.serve", refused)
    with pytest.raises(RuntimeError, match=r"did not start .*Too many open files"):
        Simulator(tmp_path, renderer=stub.renderer).start()
    assert capfd.readouterr().err == ""


def test_callbacks_arrive_by_themselves(sim, client) -> None:
    posts = []

    class Hook(BaseHTTPRequestHandler):
        def do_POST(self):
            posts.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(200)
            self.end_headers()

        def log_message(self, *arguments):
            pass

    hook = HTTPServer(("127.0.0.1", 0), Hook)
    threading.Thread(target=hook.serve_forever, daemon=True).start()
    finish(client, replyUrl=f"http://127.0.0.1:{hook.server_port}/")
    give_up = time.monotonic() + 5
    while not (posts and posts[-1]["status"] == "SUCCEEDED") and time.monotonic() < give_up:
        time.sleep(0.02)
    hook.shutdown()
    hook.server_close()
    assert posts[-1]["status"] == "SUCCEEDED"
    assert httpx.get(posts[-1]["artifacts"][0]["url"]).status_code == 200


def test_two_simulators_may_share_a_state(sim, client, tmp_path: Path) -> None:
    with Simulator(tmp_path, speed=100, renderer=stub.renderer, pictures=Pictures()) as other:
        task = finish(client)
        seen = httpx.get(f"{other.base_url}/tasks/{task['taskId']}", headers=LOGIN).json()
        assert seen["artifacts"][0]["id"] == task["artifacts"][0]["id"]


# A process of its own


class Process:
    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "runway_nb.simulator", "--port", "0", "--with-parent", "--instant", *arguments]
        pipe = subprocess.PIPE
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe, text=True)
        assert self.process.stdout
        line = self.process.stdout.readline()
        assert line.startswith("simulator at "), line + self.end(signal.SIGTERM)
        self.line, words = line, line.split()
        self.client = httpx.Client(base_url=words[2].rstrip(","), headers=LOGIN, timeout=10, trust_env=False)
        self.page = words[4].rstrip(",")
        self.address, _, self.key = self.page.partition("?key=")

    def end(self, number: int) -> str:
        if hasattr(self, "client"):
            self.client.close()
        self.process.send_signal(number)
        return self.process.communicate(timeout=10)[1]


@pytest.fixture
def start():
    """Starts simulators; none outlives the test, however that ends."""
    made: list[Process] = []

    def begin(*arguments: str) -> Process:
        made.append(Process(*arguments))
        return made[-1]

    yield begin
    for each in made:
        if each.process.poll() is None:
            each.end(signal.SIGTERM)


@pytest.mark.slow("starts a process")
def test_a_task_goes_on_after_kill_9_and_a_restart(start, tmp_path: Path) -> None:
    state = ("--state", str(tmp_path), "--speed", "40")
    first = start(*state)
    task_id = first.client.post("/gen3turbo/create", json={"text_prompt": "A lamp", "seed": 3}).json()["taskId"]
    assert first.client.get(f"/tasks/{task_id}").json()["status"] in ("PENDING", "RUNNING")
    first.end(signal.SIGKILL)
    second = start(*state, "--fault", "429-runway")
    task = wait_for_end(second.client, task_id)
    assert task["options"]["seed"] == 3
    assert httpx.get(task["artifacts"][0]["url"]).content == stub.CLIP
    assert second.client.post("/gen3turbo/create", json={"text_prompt": "x"}).status_code == 429
    assert second.end(signal.SIGTERM) == ""
    assert second.process.returncode == 0


@pytest.mark.slow("starts a process")
def test_the_page_and_the_control_path_ask_for_the_key_that_is_printed_at_the_start(start) -> None:
    process = start()
    faults = process.address + "simulator/faults"
    for url in (process.address, faults, faults + "?key=wrong", process.address + "simulator/nothing"):
        for method in ("GET", "POST", "DELETE"):
            assert httpx.request(method, url, headers=LOGIN).status_code == 403
    assert httpx.get(process.page).status_code == 200
    assert httpx.get(faults, params={"key": process.key}).status_code == 200
    assert httpx.get(faults, headers={"X-Simulator-Key": process.key}).status_code == 200
    assert httpx.get(faults, headers={"Authorization": f"Bearer {process.key}"}).status_code == 200
    origin = {"X-Simulator-Key": process.key, "Origin": "https://evil.example.org"}
    assert httpx.delete(faults, headers=origin).status_code == 403
    assert process.end(signal.SIGTERM) == "", "nothing is logged"


@pytest.mark.slow("starts a process")
def test_each_start_draws_another_key_and_a_key_can_be_given(start) -> None:
    one, other, given = start(), start(), start("--key", "of-my-own-1")
    assert one.key != other.key
    assert len(one.key) >= 32
    assert given.page.endswith("/?key=of-my-own-1")
    assert httpx.get(given.page).status_code == 200
    assert httpx.get(f"{given.address}?key={one.key}").status_code == 403


@pytest.mark.slow("starts a process")
def test_an_open_one_asks_for_no_key(start) -> None:
    process = start("--open")
    assert process.key == ""
    assert httpx.get(process.page).status_code == 200
    assert httpx.get(process.address + "simulator/counts").status_code == 200


@pytest.mark.slow("starts a process")
def test_it_ends_with_the_program_that_holds_its_input(start) -> None:
    process = start()
    process.client.close()
    process.process.stdin.close()
    assert process.process.wait(10) == 0


def test_a_taken_port_is_one_line(sim, capsys: pytest.CaptureFixture[str]) -> None:
    from runway_nb.simulator.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(["--port", str(sim.port), "--instant"])
    assert ended.value.code == 2
    assert re.search(
        r"error: port \d+ cannot be used \(.*in use\): give another one, or --port 0 for a free one",
        capsys.readouterr().err,
    )


def test_a_state_that_cannot_be_used_is_one_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    from runway_nb.simulator.__main__ import main

    (tmp_path / "simulator.sqlite3").write_bytes(b"no database" * 100)
    (tmp_path / "file").touch()
    for state in (tmp_path, tmp_path / "file"):
        with pytest.raises(SystemExit) as ended:
            main(["--port", "0", "--instant", "--state", str(state)])
        assert ended.value.code == 2
        assert f"error: the state in {state} cannot be used" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["--key", "short"], "the key has 5 characters: give 8 or more"),
        (["--key", "of my own key"], "letters, digits and . _ ~ - only"),
        (["--key", "of-my-own-1", "--open"], "not allowed with argument"),
        (["--host", "0.0.0.0"], "127.0.0.1 only"),
        (["--fault", "nonsense"], "invalid choice"),
        (["--accounts", "3"], "accounts is 3"),
        (["--speed", "0"], "speed is 0"),
    ],
)
def test_a_wrong_command_line_is_refused_in_words(arguments, text, capsys: pytest.CaptureFixture[str]) -> None:
    from runway_nb.simulator.__main__ import main

    with pytest.raises(SystemExit) as ended:
        main(["--port", "0", "--instant", *arguments])
    assert ended.value.code == 2
    assert text in capsys.readouterr().err


def test_a_renderer_runs_in_a_process_of_lower_priority(tmp_path: Path) -> None:
    child = child_process(tmp_path / "missing.json", tmp_path / "out.mp4")
    if hasattr(os, "getpriority"):
        assert os.getpriority(os.PRIO_PROCESS, child.pid) > os.getpriority(os.PRIO_PROCESS, 0)
    assert child.wait(20) > 0
    assert child.poll() == child.returncode
    assert child.stdin is not None
    assert child.stdin.closed


def test_a_renderer_that_is_told_to_end_leaves_nothing_open(tmp_path: Path) -> None:
    child = child_process(tmp_path / "missing.json", tmp_path / "out.mp4")
    child.terminate()
    assert child.returncode is not None, "no process is left behind that nobody asks for its end"
    assert child.stdin is not None
    assert child.stdin.closed


# What an import costs


def python(code: str) -> str:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout


@pytest.mark.slow("starts a process")
def test_importing_the_package_loads_no_server() -> None:
    loaded = python("import sys, runway_nb.simulator; print(*sys.modules)").split()
    assert not {"starlette", "uvicorn", "av", "PIL", "httpx", "sqlite3"} & set(loaded)


HIDDEN = """
import sys
from importlib.abc import MetaPathFinder
class Missing(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in {hidden}:
            raise {error}
sys.meta_path.insert(0, Missing())
import runway_nb.simulator
try:
    runway_nb.simulator.Simulator({folder!r}).start()
except ImportError as error:
    print(error, error.name)
"""


@pytest.mark.parametrize(
    ("hidden", "error", "problem", "name"),
    [
        (["starlette", "uvicorn"], "ModuleNotFoundError(name=name)", "starlette is not installed", "starlette"),
        (["av"], "ModuleNotFoundError(name=name)", "av is not installed", "av"),
        (["h11", "click"], "ModuleNotFoundError(name=name)", "uvicorn cannot be imported, since click is", "uvicorn"),
        (["uvicorn"], "OSError('disk error')", "uvicorn cannot be imported (OSError: disk error)", "uvicorn"),
    ],
)
def test_without_the_extra_it_says_what_failed_and_what_to_install(
    tmp_path: Path, hidden: list[str], error: str, problem: str, name: str
) -> None:
    said = python(HIDDEN.format(hidden=hidden, error=error, folder=str(tmp_path))).strip()
    assert said.startswith(f"the simulator needs its extra, and {problem}")
    assert said.endswith(f': pip install "runway_nb[simulator]" {name}')


def test_an_unknown_name_of_the_package_is_an_attribute_error() -> None:
    import runway_nb.simulator

    with pytest.raises(AttributeError, match="nonsense"):
        _ = runway_nb.simulator.nonsense
