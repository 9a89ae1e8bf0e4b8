"""`%runway ledger`: where the ledger is kept, and the way from its file to a server and back."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from runway_nb.errors import InvalidCommand
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger_address import LedgerAddress
from support.postgres import shared_server
from support.records import a_record
from support.sessions import Session


def test_it_says_where_the_ledger_is_kept_and_how_much_is_in_it(session: Session) -> None:
    assert session.line("ledger") == f"The ledger is kept in a file: {session.party.studio.ledger.path}, 0 jobs.\n"
    session.cell("shot --wait")
    assert session.line("ledger").endswith(", 1 job.\n")


def test_without_a_server_there_is_nothing_to_copy(session: Session) -> None:
    with pytest.raises(InvalidCommand, match="set RUNWAY_NB_LEDGER to the server's address first"):
        session.line("ledger to-server")
    with pytest.raises(InvalidCommand, match="'upwards' is no direction: give to-server or to-file"):
        session.line("ledger upwards")


@pytest.mark.slow("a PostgreSQL server")
def test_jobs_go_to_a_server_and_back_and_no_password_is_shown(
    session: Session, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    studio = session.party.studio
    home = Ledger(studio.settings.home)
    home.add(a_record("00000001", phase="done"))
    address = LedgerAddress(shared_server().new_database("command"))
    server = open_ledger(tmp_path, address, session.party.time, session.party.time)
    monkeypatch.setattr(studio, "ledger", server)
    backend = studio.account.backend
    backend.settings = replace(backend.settings, ledger=address)
    said = session.line("ledger to-server")
    assert said.endswith("1 job, 0 of them with marks, and 0 uploads were copied and compared row by row.\n")
    assert said.startswith(f"From {home.location} to postgresql://")
    assert server.get("00000001").phase == "done"
    assert session.line("ledger").startswith("The ledger is kept in a PostgreSQL database: postgresql://")
    server.add(a_record("00000002", phase="done"))
    assert "1 job (1 more was there)" in session.line("ledger to-file")
    assert home.get("00000002").phase == "done"
    server.close()
    home.close()
