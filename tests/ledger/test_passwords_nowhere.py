"""The password of a ledger's address appears nowhere, however it is given and whatever goes wrong."""

from __future__ import annotations

import logging
import time
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from runway_nb import __main__ as command_line
from runway_nb.doctor.ledger_health import look_at_server
from runway_nb.doctor.report import as_json, as_text
from runway_nb.errors import RunwayError, SettingsError
from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger_address import LedgerAddress
from runway_nb.request import VideoRequest
from runway_nb.settings import Settings, resolve
from support.exports import exported
from support.fakes import Party
from support.postgres import PostgresServer
from support.records import a_record

SECRET, WRONG = "ve/ry-s3cret@%7f", "al/so-s3cret@%8e"
ENCODED = quote(SECRET, safe="")
FORMS = ("before the host", "as a parameter", "in the environment")
TROUBLES = ("none", "wrong password", "away")

pytestmark = pytest.mark.slow("a PostgreSQL server that asks for a password")


class Locked:
    """A server that asks for a password, and one of whose addresses leads nowhere."""

    def __init__(self) -> None:
        self.server = PostgresServer()
        with psycopg.connect(self.server.url, autocommit=True) as connection:
            connection.execute(f"CREATE USER bob SUPERUSER PASSWORD '{SECRET}'".encode())
            rules = self.server.folder / "data" / "pg_hba.conf"
            rules.write_text(f"local all bob scram-sha-256\n{rules.read_text()}")
            connection.execute("SELECT pg_reload_conf()")

    def url(self, form: str, trouble: str) -> str:
        """Return the address in a form; the environment holds the password where that is the form."""
        password = quote(WRONG if trouble == "wrong password" else SECRET, safe="")
        folder = self.server.folder / "nowhere" if trouble == "away" else self.server.folder
        before = f"bob:{password}@" if form == "before the host" else "bob@"
        after = f"&password={password}" if form == "as a parameter" else ""
        return f"postgresql://{before}/postgres?host={folder}{after}"


@pytest.fixture(scope="module")
def locked() -> Iterator[Locked]:
    made = Locked()
    yield made
    made.server.remove()


@pytest.fixture
def given(locked: Locked, form: str, trouble: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Settings:
    """The settings of a user who has given the address so."""
    if form == "in the environment":
        monkeypatch.setenv("PGPASSWORD", WRONG if trouble == "wrong password" else SECRET)
    monkeypatch.setenv("RUNWAY_NB_LEDGER", locked.url(form, trouble))
    monkeypatch.setenv("RUNWAY_NB_HOME", str(tmp_path / "home"))
    monkeypatch.chdir(tmp_path)
    return resolve({"token": "", "home": tmp_path / "home", "ledger": locked.url(form, trouble)})


def assert_clean(*texts: object) -> None:
    """Assert that no text has a password in it, in any spelling."""
    whole = "\n".join(map(str, texts))
    for secret in (SECRET, WRONG):
        for spelling in (secret, quote(secret, safe=""), quote(secret), repr(secret)[1:-1], secret[:9], secret[3:]):
            assert spelling not in whole


def all_of(error: BaseException | None) -> Iterator[str]:
    """Yield what an error says, and those that led to it."""
    if error is not None:
        yield from (str(error), repr(error), repr(error.args), repr(vars(error)))
        yield "".join(traceback.format_exception(error))
        yield from all_of(error.__cause__)
        yield from all_of(error.__context__)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_ledger_settings_errors_and_logs(
    given: Settings, form: str, trouble: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("psycopg", "psycopg.pool", "runway_nb"):
        caplog.set_level(logging.DEBUG, name)
    assert given.ledger is not None
    ledger = open_ledger(tmp_path, given.ledger, lambda: 1_700_000_000.0, lambda: 1.0)
    said: list[str] = []
    try:
        ledger.add(a_record(f"0000000{FORMS.index(form)}", message=f"told {given.ledger}"))
    except RunwayError as error:
        said += all_of(error)
    finally:
        ledger.close()
    expected = {"none": "", "away": "cannot be reached", "wrong password": "does not let you in"}[trouble]
    assert expected in "".join(said[:1])
    assert bool(said) == bool(expected)
    assert_clean(repr(given), str(given), vars(given), repr(ledger), ledger.location, *said, caplog.text)
    findings = list(look_at_server(given.ledger))
    assert [finding.state for finding in findings] == ["ok" if trouble == "none" else "wrong"]
    assert_clean(as_text(findings), as_json(findings))


@pytest.mark.parametrize("form", ["before the host"])
@pytest.mark.parametrize("trouble", TROUBLES[1:])
@pytest.mark.parametrize("how", [[], ["--json"]], ids=["text", "json"])
def test_the_doctor_of_the_command_line(given: Settings, how: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert given.ledger is not None
    assert command_line.main(["doctor", *how]) == 1
    told = capsys.readouterr()
    assert str(given.ledger) in told.out
    assert_clean(told.out, told.err)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("trouble", TROUBLES)
def test_commands_exports_and_what_lies_on_disk(given: Settings, party: Party, tmp_path: Path) -> None:
    studio = party.studio
    party.ended(studio.submit(VideoRequest("A lamp turns")))
    backend = studio.account.backend
    backend.settings = replace(backend.settings, ledger=given.ledger)
    exported(party, tmp_path / "shots")
    assert_clean(repr(studio), repr(backend), repr(backend.settings), repr(studio.settings))
    for path in tmp_path.rglob("*"):
        if path.is_file():
            assert_clean(path.name, path.read_bytes())


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://bob:{SECRET}@host/ledger", "postgresql://bob:ve/ry-s3cret@host/ledger",
        "postgresql://bob:ve@ry-s3cret@host/ledger", "postgresql://bob:ve#ry-s3cret@host/ledger",
        "postgresql://bob:ve?ry-s3cret@host/ledger", "postgresql://bob:5432/ry-s3cret?x@host/ledger",
        "postgresql://bob:ve/ry-s3cret@host/ledger?user=ann@school", "postgresql://bob:ve[ry-s3cret@host/ledger",
        "postgresql://bob:ve%ry-s3cret@host/ledger", "postgresql://bob:ve ry-s3cret@host/ledger",
    ],
)  # fmt: skip
def test_an_address_whose_password_is_not_encoded_is_refused_without_showing_any_of_it(
    url: str, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError) as refused:
        resolve({"ledger": url, "home": tmp_path, "token": ""})
    for shown in (*all_of(refused.value), repr(LedgerAddress(url)), str(LedgerAddress(url))):
        assert "s3cret" not in shown
        assert "bob" not in shown


@pytest.mark.parametrize("password", ["per%zzcent-s3cret", "spa ced-s3cret", "co:lon-s3cret"])
def test_a_password_that_libpq_may_not_read_is_not_shown(password: str, tmp_path: Path) -> None:
    ledger = open_ledger(
        tmp_path, LedgerAddress(f"postgresql://bob:{password}@127.0.0.1:1/ledger"), time.time, time.time
    )
    with pytest.raises(RunwayError) as caught:
        ledger.recent(1)
    for shown in all_of(caught.value):
        assert "s3cret" not in shown
