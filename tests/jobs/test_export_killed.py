"""An export in a process of its own that is killed or interrupted at any moment, and run again."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_nb.jobs.export_folder import MANIFEST
from runway_nb.jobs.manifest import read_line
from runway_nb.ledger.ledger import Ledger
from runway_nb.simulator.rendering.stub import CLIP
from support.exports import imported
from support.fakes import FakeTime, Party
from support.records import a_record

JOBS = 30
CHILD = """
import signal
import sys
from pathlib import Path
from runway_nb import errors
from runway_nb.jobs.copy_progress import Progress
from runway_nb.jobs.export_jobs import export_jobs
from runway_nb.ledger.ledger import Ledger
from runway_nb.notebook.rendering.gallery_page import gallery_pages

# a shell that runs the tests in the background has them ignore it
signal.signal(signal.SIGINT, signal.default_int_handler)
home, folder = map(Path, sys.argv[1:])
ledger = Ledger(home)

def report(progress):
    print(progress.done, flush=True)

try:
    export_jobs(ledger.history.all(), (home / "posters",), folder, gallery_pages, report=report)
except errors.CopyInterrupted as stopped:
    print(stopped.message, flush=True)
    sys.exit(3)
"""


def a_clip(number: int) -> bytes:
    """A real MP4 of some size, another one for each number."""
    padding = bytes([number]) * 2_000_000
    return CLIP + (8 + len(padding)).to_bytes(4, "big") + b"free" + padding


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A ledger with finished jobs."""
    ledger = Ledger(tmp_path / "home")
    (tmp_path / "videos").mkdir()
    for number in range(JOBS):
        video = tmp_path / "videos" / f"{number:08x}.mp4"
        video.write_bytes(a_clip(number))
        request = {"text_prompt": f"Shot {number}"}
        ledger.add(
            a_record(
                f"{number:08x}", phase="done", request=request, original_request=request, video=str(video), digest="",
                backend="api.useapi.net",
            )
        )  # fmt: skip
    ledger.close()
    return tmp_path / "home"


@pytest.fixture
def there(tmp_path: Path) -> Iterator[Party]:
    with Party(tmp_path / "there", FakeTime()) as made:
        yield made


def started(home: Path, folder: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", CHILD, str(home), str(folder)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True)


def reached(child: subprocess.Popen[str], number: int) -> bool:
    """Wait until a child has come so far; False when it ended before."""
    assert child.stdout is not None
    return any(line.strip() == str(number) for line in child.stdout)


@pytest.mark.slow("starts processes")
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_an_export_that_is_killed_again_and_again_is_whole_in_the_end(home: Path, there: Party, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    for number in (3, 11, 12, 24):
        child = started(home, folder)
        assert reached(child, number)
        child.kill()
        assert child.wait(30) == -signal.SIGKILL
    child = started(home, folder)
    assert reached(child, JOBS)
    assert child.wait(30) == 0
    jobs = [read_line(line) for line in (folder / MANIFEST).read_text().splitlines()]
    assert sorted(job.id for job in jobs) == [f"{number:08x}" for number in range(JOBS)]
    for job in jobs:
        assert job.video is not None
        data = (folder / job.video.name).read_bytes()
        assert data == a_clip(int(job.id, 16))
        assert hashlib.sha256(data).hexdigest() == job.video.sha256
    assert [path.name for path in folder.rglob("*.part")] == []
    assert len(imported(there, folder).jobs) == JOBS


@pytest.mark.slow("starts processes")
@pytest.mark.skipif(sys.platform == "win32", reason="no such signals there")
def test_an_interrupt_ends_an_export_with_one_line(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "export"
    child = started(home, folder)
    assert reached(child, 5)
    os.kill(child.pid, signal.SIGINT)
    assert child.wait(30) == 3
    assert child.stdout is not None
    last = child.stdout.read().splitlines()[-1]
    assert f"of {JOBS} jobs are in {folder}; the same command goes on from there" in last
    number = int(last.split("interrupted: ")[1].split()[0])
    assert len((folder / MANIFEST).read_text().splitlines()) == number
    assert [path.name for path in folder.rglob("*.part")] == []
