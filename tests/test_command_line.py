"""`python -m runway_nb`: the doctor without a notebook, whatever is broken."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from runway_nb import __main__ as command_line
from runway_nb import __version__
from support.kernels import TOKEN, clean_env

BROKEN = "raise ImportError('libfoo.so.1: cannot open shared object file')"


class Run(NamedTuple):
    """What a run came to."""

    code: int
    said: str

    @property
    def found(self) -> dict[str, dict[str, Any]]:
        return {line["name"]: line for line in json.loads(self.said)["findings"]}


def run(folder: Path, *arguments: str, **env: str) -> Run:
    home = folder / "home"
    home.mkdir(exist_ok=True)
    done = subprocess.run(
        [sys.executable, "-m", "runway_nb", *arguments], cwd=folder, env=clean_env(home, **env),
        capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert "Traceback" not in done.stderr
    return Run(done.returncode, done.stdout)


def states(found: dict[str, dict[str, Any]], *names: str) -> list[str]:
    return [found[name]["state"] for name in names]


def test_a_sound_installation_ends_with_0(tmp_path: Path) -> None:
    done = run(tmp_path, "doctor")
    assert done.code == 0, done.said
    assert done.said.endswith("Nothing is wrong.\n")
    assert "no page here" in done.said
    assert "plain Python, terminal" in done.said
    assert str(tmp_path / "home") not in done.said
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home"], "nothing is left behind"


def test_everything_may_be_broken_at_once(tmp_path: Path) -> None:
    libraries = tmp_path / "libraries"
    (libraries / "uvicorn").mkdir(parents=True)
    (libraries / "uvicorn" / "__init__.py").write_text(BROKEN)
    data = tmp_path / "home" / "data"
    data.mkdir(parents=True)
    (data / "ledger.sqlite3").write_bytes(b"no ledger" * 1000)
    (data / "token").write_bytes(b"\xff\xfe\xff")
    (data / "token").chmod(0o600)
    done = run(
        tmp_path, "doctor", "--json", PYTHONPATH=str(libraries), RUNWAY_NB_HOME=str(data),
        RUNWAY_NB_OUTPUT=str(data / "token" / "deep"), HTTPS_PROXY="ftp://me:hunter2@host", SSL_CERT_FILE=__file__,
    )  # fmt: skip
    assert done.code == 1
    wrong = ("module uvicorn", "token", "proxy", "certificates", "ledger", "output folder")
    assert states(done.found, *wrong) == ["wrong"] * 6
    assert states(done.found, "Python", "packages", "module starlette", "home") == ["ok"] * 4
    assert all(done.found[name]["advice"] for name in wrong)
    assert "uvicorn cannot be imported (ImportError: libfoo.so.1" in done.found["module uvicorn"]["text"]
    assert "hunter2" not in done.said


def test_offline_the_other_lines_stand(tmp_path: Path) -> None:
    with socket.socket() as taken:  # nobody listens there, and nobody else can
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        done = run(tmp_path, "doctor", "--json", USEAPI_TOKEN=TOKEN, USEAPI_BASE_URL=address)
    assert done.code == 1
    assert states(done.found, "token", "API", "account", "credits", "slots") == ["ok", "wrong", *["unknown"] * 3]
    assert TOKEN.partition("-")[2] not in done.said


def test_a_home_that_cannot_be_had_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    done = run(tmp_path, "doctor", "--json", RUNWAY_NB_HOME=str(tmp_path / "taken" / "home"))
    assert done.code == 1
    assert states(done.found, "home", "ledger", "token") == ["wrong", "ok", "ok"]


def test_help_and_version(tmp_path: Path) -> None:
    said = run(tmp_path, "--help").said
    for command in ("doctor", "follow"):
        assert command in said
        assert "--json" in run(tmp_path, command, "--help").said
    assert run(tmp_path, "--version").said.strip() == __version__
    assert run(tmp_path).code == 2


@pytest.mark.slow("waits for as long as all checks may take")
def test_what_hangs_is_one_line_and_does_not_keep_the_process(tmp_path: Path) -> None:
    (tmp_path / "libraries" / "av").mkdir(parents=True)
    (tmp_path / "libraries" / "av" / "__init__.py").write_text("import threading\nthreading.Event().wait()")
    began = time.monotonic()
    done = run(tmp_path, "doctor", "--json", PYTHONPATH=str(tmp_path / "libraries"))
    assert time.monotonic() - began < 25.0
    assert done.code == 0
    assert done.found["module av"] == {
        "name": "module av", "state": "unknown", "text": "no answer within 14 s", "advice": ""
    }  # fmt: skip
    assert states(done.found, "Python", "packages", "ledger", "output folder") == ["ok"] * 4


def test_the_exit_code_is_that_of_the_report(capsys: pytest.CaptureFixture[str]) -> None:
    assert command_line.main(["doctor"]) == 0
    assert "Nothing is wrong." in capsys.readouterr().out
