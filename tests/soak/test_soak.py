"""The storm of real processes, one schedule of each kind: `make soak` runs hundreds."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from support.kernels import ROOT, clean_env


@pytest.mark.slow("starts a simulator and kills processes")
@pytest.mark.parametrize(("seed", "kind"), [(990_001, "wishes"), (990_002, "variants of a sweep")])
def test_a_schedule_of_the_storm_runs_and_breaks_nothing(tmp_path: Path, seed: int, kind: str) -> None:
    command = [sys.executable, "tests/soak/soak.py", "--schedules", "1", "--first", str(seed)]
    done = subprocess.run(
        command, cwd=ROOT, env=clean_env(tmp_path), capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert f" {kind}, " in done.stdout
    assert "0 schedules violated" in done.stdout.splitlines()[-1]
