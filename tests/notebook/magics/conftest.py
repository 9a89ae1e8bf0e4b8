"""What the tests in a real kernel share, each module with a `kernel` of its own; and a session without one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_nb import process_studio
from support.fakes import FakeTime, Party
from support.kernels import Kernel, shared_simulator
from support.sessions import Session
from support.shells import own_shell


@pytest.fixture
def endless(kernel: Kernel) -> Iterator[str]:
    """The next task does not end; the job is taken off again after the test."""
    shared_simulator().fault("throttled", forever=True)
    yield "endless"
    kernel.run("endless.stop()")


@pytest.fixture
def session(tmp_path: Path, time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    monkeypatch.chdir(tmp_path)
    with own_shell() as shell, Party(tmp_path, time) as party:
        process_studio.keep_studio(party.studio, None)
        monkeypatch.setattr(party.studio, "use", lambda settings: None)
        shell.extension_manager.load_extension("runway_nb")
        yield Session(shell, party)
        if "runway" in shell.magics_manager.magics["cell"]:
            shell.extension_manager.unload_extension("runway_nb")
