"""Where the token comes from: each place by name, and the token nowhere."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from runway_nb.credentials import Secret, named_stores
from runway_nb.doctor.finding import Finding, Once
from runway_nb.doctor.token import NamedStore, find_token, look_at_token
from runway_nb.errors import SettingsError
from support.fakes import TOKEN

OTHER = "user:4712-zzzYYY999xxx"


def look(
    stores: Sequence[NamedStore] = (), in_use: Secret | None = None, environ: dict[str, str] | None = None
) -> Finding:
    token = Once(lambda: find_token(stores, in_use, (environ or {}).get))
    (finding,) = look_at_token(token)
    assert TOKEN not in repr(finding)
    assert TOKEN.partition("-")[2] not in repr(finding)
    return finding


def test_without_a_token_videos_come_from_the_simulator(tmp_path: Path) -> None:
    finding = look(named_stores(lambda: tmp_path))
    assert finding.state == "ok"
    assert "simulator" in finding.text


def test_the_environment_comes_first() -> None:
    stores = [("the keyring", lambda: OTHER)]
    assert look(stores, environ={"USEAPI_TOKEN": TOKEN}).text == "from the variable USEAPI_TOKEN"


@pytest.mark.parametrize("place", ["Colab's secrets", "the keyring", "the private file"])
def test_each_place_has_a_name(place: str, tmp_path: Path) -> None:
    names = [name for name, _ in named_stores(lambda: tmp_path)]
    stores: list[NamedStore] = [(name, (lambda: TOKEN) if name == place else (lambda: None)) for name in names]
    assert look(stores) == Finding("token", "ok", f"from {place}")


def test_the_private_file_is_found(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o600)
    assert look(named_stores(lambda: tmp_path)).text == "from the private file"


def test_a_token_that_only_the_studio_has_was_given_as_an_argument() -> None:
    assert look(in_use=Secret(TOKEN)).text == "from an argument"
    assert look([("the keyring", lambda: TOKEN)], Secret(TOKEN)).text == "from the keyring"


@pytest.mark.parametrize("text", ["user:47", "4711-abcdefgh", "user:4711-abc def", "\u00e9" * 40])
def test_a_token_of_another_form_is_wrong_and_not_shown(text: str) -> None:
    finding = look(environ={"USEAPI_TOKEN": text})
    assert finding.state == "wrong"
    assert "from the variable USEAPI_TOKEN, and cannot be used" in finding.text
    assert text not in finding.text
    assert "%runway login" in finding.advice


@pytest.mark.parametrize("data", [b"\xff\xfe\xff\x00\xd8", b"x" * 5000, TOKEN[:7].encode()])
def test_a_damaged_token_file_is_wrong(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "token").write_bytes(data)
    (tmp_path / "token").chmod(0o600)
    finding = look(named_stores(lambda: tmp_path))
    assert finding.state == "wrong"
    assert "from the private file, and cannot be used" in finding.text


def test_a_token_file_that_others_can_read_is_wrong(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(0o644)
    assert "run chmod 600" in look(named_stores(lambda: tmp_path)).advice


def test_without_a_home_the_other_places_are_asked_all_the_same() -> None:
    def no_home() -> Any:
        raise SettingsError("there is no home folder")

    assert look(named_stores(no_home)).state == "wrong"
    colab, _, file = named_stores(no_home)
    assert look([colab, ("the keyring", lambda: TOKEN), file]).text == "from the keyring"
