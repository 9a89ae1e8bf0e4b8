"""The test run itself: it fails when something that it has started is still running at its end."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from support.leftovers import MARK, is_running

TESTS = Path(__file__).parent / "support"
SLEEP = "import time; print('sleeps', flush=True); time.sleep(60)"
CHILD = f"subprocess.Popen([sys.executable, '-c', {SLEEP!r}], stdout=open('said', 'w'), start_new_session=True)"
ORPHAN = f"subprocess.run([sys.executable, '-c', {f'import subprocess, sys; {CHILD}'!r}], check=True)"
"""Its parent is gone when the test ends."""
ENDED = f"child = {CHILD}; child.kill(); child.wait()"
POOLED = """with ProcessPoolExecutor(1, mp_context=get_context('spawn')) as pool:
        pool.submit(abs, 1).result()"""
"""What looks after the processes of a pool ends with the run."""
TEST = """
import subprocess, sys, time
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

def test_it():
    {code}
    while {waits} and not Path('said').read_text():
        time.sleep(0.01)
"""

pytestmark = pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="processes are looked up in /proc")


def run(folder: Path, code: str, *options: str) -> subprocess.CompletedProcess[str]:
    """A test run of one test in a process of its own."""
    (folder / "test_it.py").write_text(TEST.format(code=code, waits=code in (CHILD, ORPHAN)))
    (folder / "quick.py").write_text("import leftovers; leftovers.PATIENCE = 0.3")
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    env |= {"PYTHONPATH": os.pathsep.join((str(TESTS), str(folder)))}
    plugins = ("-p", "leftovers", "-p", "quick", "-p", "no:cacheprovider")
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", *plugins, *options, "--rootdir", str(folder), "test_it.py"],
        cwd=folder, env=env, capture_output=True, text=True, timeout=60,
    )  # fmt: skip


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("options", [(), ("-n", "1")], ids=["alone", "with a worker"])
@pytest.mark.parametrize("code", [CHILD, ORPHAN], ids=["a child", "an orphan"])
def test_a_run_that_leaves_a_process_fails_names_it_and_ends_it(tmp_path: Path, code, options) -> None:
    ended = run(tmp_path, code, *options)
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "1 passed" in ended.stdout
    (line,) = [line for line in ended.stdout.splitlines() if line.startswith("process ")]
    assert SLEEP in line
    assert not is_running(int(line.split()[1].rstrip(":")))


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("code", [ENDED, POOLED], ids=["a child", "a pool"])
def test_a_run_that_leaves_nothing_passes(tmp_path: Path, code: str) -> None:
    ended = run(tmp_path, code)
    assert (ended.returncode, "left running" in ended.stdout) == (0, False), ended.stdout + ended.stderr


def test_what_tests_start_carries_the_mark_of_their_run(tmp_path: Path) -> None:
    from support.kernels import clean_env

    assert clean_env(tmp_path)[MARK] == os.environ[MARK]
