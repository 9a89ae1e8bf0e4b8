"""Loading says which jobs wait also where a server keeps the ledger, and never waits for that server for long."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger_address import LedgerAddress
from runway_nb.notebook.extension import ANSWER_SECONDS, report_unfinished
from support.postgres import shared_server
from support.records import a_record
from support.strategies import EMAIL

ONE = "runway_nb: 1 unfinished job; %runway resume picks it up, %runway list shows it.\n"


@pytest.fixture
def notebook(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    for name in ("RUNWAY_NB_USER", "JUPYTERHUB_USER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path


@pytest.fixture
def ledger(notebook: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Ledger]:
    url = shared_server().new_database(f"loaded_{time.monotonic_ns()}")
    monkeypatch.setenv("RUNWAY_NB_LEDGER", url)
    ledger = open_ledger(notebook, LedgerAddress(url), time.time, time.monotonic)
    yield ledger
    ledger.close()


def said(capsys: pytest.CaptureFixture[str], expected: str) -> str:
    """What loading says; again where a machine that others use as well did not answer in time."""
    for _ in range(20):
        report_unfinished()
        if (text := capsys.readouterr().out) == expected:
            return text
    return text


@pytest.mark.slow("a PostgreSQL server")
def test_the_jobs_of_this_folder_are_said_and_those_of_others_are_not(
    ledger: Ledger, notebook: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    ledger.add(a_record("00000001", folder="/srv/of/another"))
    assert said(capsys, "") == ""
    ledger.add(a_record("00000002", folder=str(notebook)))
    ledger.add(a_record("00000003", folder=str(notebook), phase="done"))
    ledger.add(a_record("00000004", folder=str(notebook), owner="another-machine/1/ann"))  # its lease is alive
    assert said(capsys, ONE) == ONE


@pytest.mark.slow("a PostgreSQL server")
@pytest.mark.parametrize("name", ["ann", EMAIL], ids=["name", "address"])
def test_who_has_a_name_is_told_of_the_own_jobs_wherever_they_were_asked_for(
    ledger: Ledger, notebook: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv("JUPYTERHUB_USER", name)
    ledger.add(a_record("00000001", folder=str(notebook), asked_by="bob"))
    ledger.add(a_record("00000002", folder="/home/jovyan/other", asked_by=name))
    assert said(capsys, ONE) == ONE


def test_a_server_that_says_nothing_is_not_waited_for(
    notebook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        monkeypatch.setenv("RUNWAY_NB_LEDGER", f"postgresql://ann:never-shown@127.0.0.1:{port}/x?connect_timeout=2")
        begun = time.monotonic()
        report_unfinished()
        assert time.monotonic() - begun < ANSWER_SECONDS + 2.0
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("address", ["mysql://ann:never-shown@host/x", "postgresql://ann:never-shown@/x?host=/nowhere"])
def test_an_address_that_leads_nowhere_keeps_nobody_from_loading(
    address: str, notebook: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNWAY_NB_LEDGER", address)
    report_unfinished()
    assert capsys.readouterr() == ("", "")
