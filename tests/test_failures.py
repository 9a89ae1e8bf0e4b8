"""The test run itself: what fails is told at once, and what hangs fails."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

SUPPORT = Path(__file__).parent / "support"
TESTS = """
import threading

def test_wrong():
    assert "a lamp" == "a meadow"

def test_hanging():
    threading.Event().wait()

def test_right():
    pass
"""


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("workers", ["0", "1"], ids=["alone", "with a worker"])
def test_what_fails_is_told_at_once_and_what_hangs_fails(tmp_path: Path, workers: str) -> None:
    (tmp_path / "test_it.py").write_text(TESTS)
    env = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
    options = ["-q", "-n", workers, "-p", "failures", "-p", "no:cacheprovider", "--timeout", "1"]
    ended = subprocess.run(
        [sys.executable, "-m", "pytest", *options, "--rootdir", str(tmp_path), "test_it.py"],
        cwd=tmp_path, env=env | {"PYTHONPATH": str(SUPPORT)}, capture_output=True, text=True, timeout=60,
    )  # fmt: skip
    assert "2 failed, 1 passed" in ended.stdout, ended.stdout + ended.stderr
    during, _, _ = ended.stdout.partition("= FAILURES =")
    assert "test_it.py::test_wrong failed in its call" in during
    assert "'a lamp' == 'a meadow'" in during
    assert "Timeout" in during
    assert "threading.Event().wait()" in during, "where it stood"


def test_no_test_of_this_suite_may_hang(request: pytest.FixtureRequest) -> None:
    assert 0 < float(request.config.getini("timeout")) <= 600
