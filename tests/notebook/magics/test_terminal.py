"""Places without a page: IPython in a terminal, a script of IPython, and plain Python."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cached_property
from pathlib import Path

import pytest

from support.kernels import PATIENCE, clean_env, shared_simulator
from support.leftovers import ended_with_parent

pytestmark = pytest.mark.kernel

SCRIPT = """
import runway_nb
job = runway_nb.generate("A <lamp> turns", seed=9)
print(job)
print(job.wait() is job, job.video.is_file())
print(job)
"""
CELLS = """%load_ext runway_nb
get_ipython().run_cell_magic("runway", "shot --first dunes-noon --seed 7 --wait", "A lamp turns")
get_ipython().run_line_magic("runway", f"show {shot.id}")
get_ipython().run_line_magic("runway", "list")
get_ipython().run_cell_magic("runway", "--zom 4", "A lamp turns")
"""


PLAIN = {"TERM": "xterm", "NO_COLOR": "1"}


class Script:
    """A process, and what it printed until it ended."""

    def __init__(self, folder: Path, *arguments: str) -> None:
        (folder / "home").mkdir()
        self.process = subprocess.Popen(
            [sys.executable, *arguments], cwd=folder, env=clean_env(folder / "home", **shared_simulator().env, **PLAIN),
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, preexec_fn=ended_with_parent,
        )  # fmt: skip

    @cached_property
    def said(self) -> tuple[str, str]:
        try:
            return self.process.communicate(timeout=PATIENCE)
        finally:
            self.process.kill()


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Script:
    return Script(tmp_path_factory.mktemp("plain"), "-c", SCRIPT)


@pytest.fixture(scope="module")
def cells(tmp_path_factory: pytest.TempPathFactory) -> Script:
    folder = tmp_path_factory.mktemp("cells")
    (folder / "cells.ipy").write_text(CELLS)
    return Script(folder, "-m", "IPython", "--simple-prompt", "--no-banner", "--colors=NoColor", "cells.ipy")


@pytest.fixture(scope="module", autouse=True)
def scripts(plain: Script, cells: Script) -> Iterator[tuple[Script, Script]]:
    """Both wait for their videos at once."""
    yield plain, cells
    plain.process.kill()
    cells.process.kill()


def test_a_plain_script_waits_and_prints_its_job(plain: Script) -> None:
    out, err = plain.said
    assert plain.process.returncode == 0, err
    assert err == ""
    before, waited, after = out.splitlines()
    assert re.fullmatch(r"<Job [0-9a-f]{8} [A-Z]+: 'A <lamp> turns'>", before)
    assert waited == "True True"
    assert re.fullmatch(r"<Job [0-9a-f]{8} SUCCEEDED: 'A <lamp> turns'>", after)


def test_a_script_of_ipython_prints_text_alone(cells: Script) -> None:
    out, err = cells.said
    assert "<div" not in out
    assert "<video" not in out
    assert "\r" not in out
    lines = out.splitlines()
    assert lines[0].startswith("runway --------  ")
    videos = [line for line in lines if line.startswith("Video   runway_outputs/")]
    assert len(videos) == 2
    assert lines[lines.index(videos[0]) + 1 : lines.index(videos[0]) + 2] == ["Prompt  A lamp turns"]
    assert [line for line in lines if line.startswith("id ")]
    assert "--zom is no option: do you mean --zoom? (nothing was sent)" in out + err
    assert "Traceback" not in out + err


@pytest.mark.skipif(sys.platform == "win32", reason="a pseudo terminal is a thing of Unix")
def test_a_terminal_rewrites_one_line_and_then_prints_the_result(tmp_path: Path, plain: Script, cells: Script) -> None:
    import pexpect

    assert plain.said
    assert cells.said  # the faults are not for them
    # each state stays long enough to be seen: the answer comes late, and the first look fails
    shared_simulator().fault("slow-answer", seconds=1.0)
    shared_simulator().fault("get-522")
    (tmp_path / "home").mkdir()
    env = clean_env(tmp_path / "home", **shared_simulator().env, **PLAIN)
    shell = pexpect.spawn(
        sys.executable, ["-m", "IPython", "--simple-prompt", "--no-banner", "--no-confirm-exit", "--colors=NoColor"],
        cwd=str(tmp_path), env=env, encoding="utf-8", timeout=PATIENCE, dimensions=(40, 120),
    )  # fmt: skip
    try:
        shell.expect(r"In \[1\]: ")
        shell.sendline("%load_ext runway_nb")
        shell.expect(r"In \[2\]: ")
        shell.sendline("get_ipython().run_cell_magic('runway', 'shot --wait', 'A lamp turns')")
        shell.expect(r"In \[3\]: ")
        text = shell.before
        shell.sendline("exit")
        shell.expect(pexpect.EOF)
    finally:
        shell.close(force=True)
    rewritten = re.findall(r"\r(runway [0-9a-f-]{8}  [^\r\n]*)", text)
    assert len(set(rewritten)) >= 3, rewritten
    assert [
        word for word in ("sending", "queued", "no answer") if not any(f"  {word} " in line for line in rewritten)
    ] == []
    assert all(len(line) <= 79 for line in rewritten)
    result = text.replace("\r\n", "\n").split("\r")[-1].splitlines()
    assert result[1].startswith("Video   runway_outputs/a-lamp-turns-")
    assert result[2] == "Prompt  A lamp turns"
    assert "Traceback" not in text
