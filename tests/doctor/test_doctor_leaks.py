"""The report may be pasted in public: no secret, no address, no name of a user, whatever is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import httpx
import pytest

from runway_nb.api.client import RunwayClient
from runway_nb.credentials import Secret, named_stores
from runway_nb.doctor.doctor import Doctor, Session
from runway_nb.doctor.finding import Check, Finding, ok
from runway_nb.doctor.masking import Names, masked, names_of_user
from runway_nb.doctor.report import as_json, as_text
from support.fakes import BASE, EMAIL, TOKEN, Party

USER, PASSWORD = "adalovelace", "hunter2"
SECRETS = (TOKEN, TOKEN.partition("-")[2], EMAIL, EMAIL.replace("@", "%40"), USER, PASSWORD)


def reports(doctor: Doctor) -> str:
    """Everything that a person can see of it, while it is made and at its end."""
    seen: list[str] = []

    def keep() -> None:
        seen.extend((as_text(doctor.findings), as_json(doctor.findings)))

    found = doctor.examine(keep)
    return "\n".join([*seen, as_text(found), as_json(found), repr(found)])


def session_of(folder: Path, environ: dict[str, str], transport: httpx.AsyncBaseTransport, **config: object) -> Session:
    environ = {"HOME": str(folder), "USER": USER, "USEAPI_BASE_URL": BASE, **environ}

    def make(token: Secret, url: str) -> RunwayClient:
        return RunwayClient(token, base_url=url, transport=transport)

    return Session(config, folder / "notebooks", None, environ.get, lambda home: named_stores(home)[2:], make)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A home folder with the name of its user in it."""
    made = tmp_path / "home" / USER
    (made / "notebooks").mkdir(parents=True)
    return made


def refused(_: httpx.Request) -> httpx.Response:
    return httpx.Response(401, json={"error": f"no account {EMAIL} for {TOKEN} in /home/{USER}/x"})


def test_nothing_leaks_where_all_is_well(folder: Path, party: Party) -> None:
    environ = {"USEAPI_TOKEN": TOKEN, "RUNWAY_NB_HOME": str(folder / ".runway")}
    text = reports(Doctor(session_of(folder, environ, party.api)))
    assert [secret for secret in SECRETS if secret in text] == []
    assert "~/.runway" in text
    assert "from the variable USEAPI_TOKEN" in text
    assert "answers and takes the token" in text
    assert {request.method for request in party.api.requests} == {"GET"}


def test_nothing_leaks_where_everything_is_wrong(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", f"ftp://{USER}:{PASSWORD}@proxy")
    home = folder / "data"
    home.mkdir()
    (home / "ledger.sqlite3").write_bytes(f"{TOKEN} {EMAIL}".encode() * 400)
    (home / "token").write_text(TOKEN)
    (home / "token").chmod(0o600)
    (folder / "taken").write_text("mine")
    environ = {"RUNWAY_NB_HOME": str(home), "HTTPS_PROXY": f"ftp://{USER}:{PASSWORD}@proxy",
               "SSL_CERT_FILE": str(folder / "none.pem")}  # fmt: skip
    session = session_of(folder, environ, httpx.MockTransport(refused), output=f"{folder}/taken/deep")
    doctor = Doctor(session)
    text = reports(doctor)
    assert [secret for secret in SECRETS if secret in text] == []
    wrong = [finding.name for finding in doctor.findings if finding.state == "wrong"]
    assert wrong == ["API", "proxy", "certificates", "ledger", "output folder"]


def test_a_damaged_token_file_does_not_leak(folder: Path) -> None:
    home = folder / "data"
    home.mkdir()
    (home / "token").write_text(f"{TOKEN} {TOKEN}")
    (home / "token").chmod(0o600)
    doctor = Doctor(session_of(folder, {"RUNWAY_NB_HOME": str(home)}, httpx.MockTransport(refused)))
    text = reports(doctor)
    assert [secret for secret in SECRETS if secret in text] == []
    found = {finding.name: finding for finding in doctor.findings}
    assert found["token"].state == "wrong"
    assert found["API"] == Finding("API", "unknown", "not asked: the token cannot be used")


def test_whatever_a_check_says_is_masked(folder: Path) -> None:
    def rude() -> Any:
        raise OSError(f"{folder}/x of {EMAIL} with {TOKEN}")

    more = [Check("odd", rude), Check("path", lambda: [ok("path", f"/tmp/pytest-of-{USER}/a and /home/{USER}")])]
    text = reports(Doctor(session_of(folder, {}, httpx.MockTransport(refused)), more))
    assert [secret for secret in SECRETS if secret in text] == []


def test_json_is_json(folder: Path) -> None:
    doctor = Doctor(session_of(folder, {}, httpx.MockTransport(refused)))
    found = json.loads(as_json(doctor.examine()))
    assert [line["name"] for line in found["findings"]][:2] == ["Python", "runway_nb"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("/home/ada/notebooks, 1 GB", "~/notebooks, 1 GB"),
        ("in /home/ada (no room)", "in ~ (no room)"),
        ("/home/adam/x", "/home/\u2026/x"),
        ("/Users/bob/x and C:\\Users\\bob\\y", "/Users/\u2026/x and C:\\Users\\\u2026\\y"),
        ("/tmp/pytest-of-ada/pytest-1", "/tmp/pytest-of-\u2026/pytest-1"),
        ("/srv/ada/x", "/srv/\u2026/x"),
        ("/srv/canada/x", "/srv/canada/x"),
        ("ada is fine, and so is pip install ada-tools", "ada is fine, and so is pip install ada-tools"),
    ],
)
def test_paths_do_not_tell_who_their_user_is(text: str, expected: str) -> None:
    assert masked(text, Names(("/home/ada",), ("ada",))) == expected


def test_a_user_without_a_name_has_none_to_hide(tmp_path: Path) -> None:
    def nobody() -> str:
        raise KeyError("uid not found")

    names = names_of_user({"HOME": str(tmp_path)}.get, nobody)
    assert names.users == ()
    assert str(tmp_path) in names.homes
