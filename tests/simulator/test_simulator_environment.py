"""The simulator on machines that lack something: it starts, answers and renders all the same."""

from __future__ import annotations

import errno
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import pytest

from runway_nb.simulator.rendering import renderer as render
from runway_nb.simulator.rendering import stub
from runway_nb.simulator.rendering.render_queue import MAX_STARTS, RenderQueue, RenderRequest, child_process
from support.leftovers import is_running
from support.simulator_kit import LONG, Api

PACKAGE = Path(__file__).parents[2] / "runway_nb"
ODD = """
import json, os, resource, sys
from pathlib import Path
root = Path(sys.argv[1])
# a package in a zip that only this process knows of, and no other one of that name
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.path[:] = [str(root / "package.zip"), *(place for place in sys.path if not Path(place, "runway_nb").is_dir())]
resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))
(root / "gone").mkdir()
os.chdir(root / "gone")
os.rmdir(root / "gone")
import httpx
import runway_nb
from runway_nb.simulator import Simulator
from runway_nb.simulator.rendering.render_queue import child_process
from runway_nb.simulator.rendering.renderer import Shot

with Simulator(root / "state", embedded=True) as simulator:
    login = {"Authorization": f"Bearer {simulator.token}"}
    client = httpx.Client(base_url=simulator.base_url, headers=login, trust_env=False, timeout=60)
    print(runway_nb.__file__)
    print(client.get("/assets", params={"offset": 0, "limit": 9}).status_code)
    print(client.post("/gen3turbo/create", json={"text_prompt": "A lamp"}).status_code)
    shot, out = root / "state" / "small.json", root / "state" / "small.mp4"
    shot.write_text(Shot("A lamp", 1, 1, 64, 48).to_json())
    print(child_process(shot, out).wait(60), out.is_file())
"""
BROKEN = {
    "HTTP_PROXY": "http://[::1", "https_proxy": "nonsense://:x", "ALL_PROXY": "socks9://", "NO_PROXY": "[",
    "SSL_CERT_FILE": "/dev/null/nonexistent", "SSL_CERT_DIR": "/dev/null/nonexistent",
}  # fmt: skip


@pytest.mark.slow("starts a process")
@pytest.mark.skipif(sys.platform == "win32", reason="a directory in use cannot be deleted there")
def test_it_runs_without_home_or_working_directory_from_a_zip_with_few_handles_and_broken_proxies(
    tmp_path: Path,
) -> None:
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as package:
        for path in PACKAGE.rglob("*"):
            if path.is_file() and "__pycache__" not in path.parts:
                package.write(path, path.relative_to(PACKAGE.parent))
    env = {name: value for name, value in os.environ.items() if name not in ("HOME", "PYTHONPATH")}
    words = [sys.executable, "-c", ODD, str(tmp_path)]
    done = subprocess.run(words, env=env | BROKEN, capture_output=True, text=True, timeout=120)
    found = str(tmp_path / "package.zip" / "runway_nb" / "__init__.py")
    assert done.stdout.splitlines() == [found, "200", "200", "0 True"], done.stdout + done.stderr


SHOW = "import sys, pathlib; pathlib.Path(sys.argv[1]).write_text(repr(sys.path))"


def test_a_renderer_finds_what_its_process_finds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(render, "command", lambda _, out: [sys.executable, "-c", SHOW, str(out)])
    monkeypatch.setattr(sys, "path", ["", "relative", str(tmp_path / "by-hand.zip"), *sys.path])
    monkeypatch.chdir(tmp_path)
    assert child_process(tmp_path / "shot.json", tmp_path / "out").wait(20) == 0
    found = (tmp_path / "out").read_text()
    assert repr(str(tmp_path / "by-hand.zip")) in found
    assert repr(str(tmp_path / "relative")) in found
    assert repr(str(PACKAGE.parent)) in found


NOTED = "\nif len(sys.argv) > 2: Path(sys.argv[2]).with_suffix('.place').write_text(__file__)\n"
HERE = """
import sys
from pathlib import Path
# a package beside the notebook that is found by '' only, as IPython has it, and no other one of that name
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in repr(finder).lower()]
sys.path[:] = ["", *(place for place in sys.path if not Path(place, "runway_nb").is_dir())]
from runway_nb.simulator.rendering.render_queue import child_process
print(child_process(Path(sys.argv[1]), Path(sys.argv[2])).wait(60))
"""


@pytest.mark.slow("starts a process")
def test_a_renderer_is_the_one_beside_the_notebook_that_its_process_found_there(tmp_path: Path) -> None:
    shutil.copytree(PACKAGE, tmp_path / "here" / "runway_nb", ignore=shutil.ignore_patterns("__pycache__"))
    renderer = tmp_path / "here" / "runway_nb" / "simulator" / "rendering" / "renderer.py"
    renderer.write_text(renderer.read_text("utf-8") + NOTED, "utf-8")
    shot, out = tmp_path / "shot.json", tmp_path / "videos" / "out.mp4"
    out.parent.mkdir()
    shot.write_text(render.Shot("A lamp", 1, 1, 64, 48).to_json())
    env = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    words = [sys.executable, "-c", HERE, str(shot), str(out)]
    done = subprocess.run(words, cwd=tmp_path / "here", env=env, capture_output=True, text=True, timeout=120)
    assert (done.stdout, out.is_file()) == ("0\n", True), done.stdout + done.stderr
    assert out.with_suffix(".place").read_text() == str(renderer)


def test_a_renderer_is_the_one_of_a_folder_that_was_put_on_the_path_by_hand(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "by hand" / "runway_nb" / "simulator" / "rendering"
    package.mkdir(parents=True)
    for folder in (package, package.parent, package.parents[1]):
        (folder / "__init__.py").touch()
    (package / "renderer.py").write_text("import sys; open(sys.argv[2], 'w').write(__file__)")
    monkeypatch.syspath_prepend(tmp_path / "by hand")
    assert child_process(tmp_path / "shot.json", tmp_path / "out").wait(20) == 0
    assert (tmp_path / "out").read_text() == str(package / "renderer.py")


@pytest.mark.slow("starts a process")
def test_a_renderer_takes_no_module_out_of_the_folder_of_a_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A notebook may lie beside a `random.py` of its user."""
    place = tmp_path / "notebooks"
    place.mkdir()
    for name in ("random", "json", "fractions", "PIL"):
        (place / f"{name}.py").write_text("raise SystemExit('not this one')")
    (tmp_path / "shot.json").write_text(render.Shot("x", 1, 1, 64, 48).to_json())
    monkeypatch.chdir(place)
    assert child_process(tmp_path / "shot.json", tmp_path / "out.mp4").wait(60) == 0


class Full:
    """A machine that refuses a process for so many times."""

    def __init__(self, times: int) -> None:
        self.left = times

    def __call__(self, shot_file: Path, out: Path) -> None:
        if self.left:
            self.left -= 1
            raise OSError(errno.EMFILE, "Too many open files")
        stub.renderer(shot_file, out)


def test_a_machine_without_room_for_a_renderer_is_asked_again(tmp_path: Path) -> None:
    api = Api(tmp_path, renderer=Full(3))
    assert api.finish()["status"] != "SUCCEEDED"
    task = api.get("/tasks?offset=0&limit=1")[0]
    assert task["status"] == "SUCCEEDED"
    assert api.download(task["artifacts"][0]["url"]).content == stub.CLIP


def test_a_machine_that_never_has_room_ends_the_task_in_words(tmp_path: Path) -> None:
    api = Api(tmp_path, renderer=Full(10**9))
    task_id = api.start()
    api.clock.pass_(LONG)
    for _ in range(MAX_STARTS):
        task = api.task(task_id)
    assert task["status"] == "FAILED"
    (mark,) = (tmp_path / "videos").glob("*.failed")
    assert "Too many open files" in mark.read_text()


def test_what_waits_behind_one_that_cannot_start_is_not_forgotten(tmp_path: Path) -> None:
    full = Full(2)
    renders = RenderQueue(tmp_path, full)
    digests = [renders.want(RenderRequest(prompt, 1, 5, 64, 48)) for prompt in ("one", "two", "three")]
    renders.pump()
    assert [renders.state(digest) for digest in digests] == ["ready"] * 3


KILLED = """
import sys, time
from pathlib import Path
from runway_nb.simulator.rendering.render_queue import child_process
child = child_process(Path(sys.argv[1]), Path(sys.argv[2]))
print(child.pid, flush=True)
time.sleep(60)
"""


@pytest.mark.slow("starts a process")
@pytest.mark.skipif(not Path("/proc/self").exists(), reason="processes are looked up in /proc")
def test_a_renderer_ends_with_a_kernel_that_is_killed(tmp_path: Path) -> None:
    shot = {"prompt": "x", "seed": 1, "seconds": 10, "width": 1280, "height": 768, "keyframes": [], "camera": {}}
    (tmp_path / "shot.json").write_text(json.dumps(shot))
    words = [sys.executable, "-c", KILLED, str(tmp_path / "shot.json"), str(tmp_path / "out.mp4")]
    kernel = subprocess.Popen(words, stdout=subprocess.PIPE, text=True)
    assert kernel.stdout is not None
    renderer = int(kernel.stdout.readline())
    assert is_running(renderer)
    kernel.send_signal(signal.SIGKILL)
    kernel.communicate()
    give_up = time.monotonic() + 20
    while is_running(renderer) and time.monotonic() < give_up:
        time.sleep(0.02)
    assert not is_running(renderer)
    assert not (tmp_path / "out.mp4").exists(), "it did not just come to its end"
