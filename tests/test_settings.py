"""Where settings come from, and a token that hides itself."""

from __future__ import annotations

import dataclasses
import os
import pickle
import stat
import traceback
from pathlib import Path

import pytest

from runway_nb.errors import SettingsError
from runway_nb.settings import Secret, Settings, backend_name, is_loopback, resolve, save_token
from runway_nb.spec import BASE_URL
from runway_nb.storage.home import default_home

TOKEN = "user:4711-abcDEF123"
OTHER = "user:42-other"


def _token(settings):
    return settings.token.reveal() if settings.token else None


def _resolve(given=None, config=None, stores=(), **environ):
    return resolve(given, config, environ, stores)


# --- precedence -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "variable", "value"),
    [
        ("base_url", "USEAPI_BASE_URL", "https://{}.example/v1"),
        ("home", "RUNWAY_NB_HOME", "/{}/home"),
        ("output", "RUNWAY_NB_OUTPUT", "{}_outputs"),
        ("token", "USEAPI_TOKEN", "user:1-{}"),
    ],
)
@pytest.mark.parametrize(
    ("sources", "winner"),
    [("gce", "given"), ("ce", "config"), ("e", "environ"), ("ge", "given"), ("gc", "given"), ("c", "config")],
)
def test_an_argument_goes_before_config_before_environment(name, variable, value, sources, winner) -> None:
    given = {name: value.format("given")} if "g" in sources else {name: None}
    config = {name: value.format("config")} if "c" in sources else {name: ""}
    environ = {variable: value.format("environ")} if "e" in sources else {}
    settings = resolve(given, config, environ, stores=())
    found = _token(settings) if name == "token" else str(getattr(settings, name))
    assert found == value.format(winner)


def test_without_any_source_the_defaults_hold() -> None:
    settings = _resolve()
    assert settings == Settings(None, BASE_URL, default_home({}), Path("runway_outputs"), "auto", multipart=False)
    assert settings.simulated


def test_a_no_of_the_argument_beats_a_yes_of_the_config() -> None:
    assert not _resolve({"multipart": False}, {"multipart": True}).multipart
    assert _resolve(None, {"multipart": True}).multipart


def test_stores_are_asked_in_order_and_only_for_a_missing_token() -> None:
    asked = []

    def store(name, value):
        def ask():
            asked.append(name)
            return value

        return ask

    stores = [store("first", None), store("second", OTHER), store("third", TOKEN)]
    assert _token(_resolve(stores=stores)) == OTHER
    assert asked == ["first", "second"]
    asked.clear()
    assert _token(_resolve(stores=stores, USEAPI_TOKEN=TOKEN)) == TOKEN
    assert asked == []


def test_the_usual_stores_read_the_private_file(tmp_path: Path) -> None:
    (tmp_path / "token").write_text(f"{TOKEN}\n")
    (tmp_path / "token").chmod(0o600)
    assert _token(resolve({"home": tmp_path}, environ={})) == TOKEN


# --- the form of a token, addresses, words ----------------------------------------------------------


@pytest.mark.parametrize("token", [TOKEN, f"  {TOKEN}\n", Secret(TOKEN)])
def test_a_good_token_is_taken_without_its_surroundings(token) -> None:
    assert _token(_resolve({"token": token})) == TOKEN


@pytest.mark.parametrize(
    "token",
    [
        "4711-abcDEF123",
        "user:abc-abcDEF123",
        "user:4711",
        "user:4711-",
        "Bearer " + TOKEN,
        TOKEN + "!",
        "user:1-a b",
        "x\x00",
    ],
)
def test_a_token_of_another_form_is_refused_without_being_shown(token) -> None:
    with pytest.raises(SettingsError) as caught:
        _resolve({"token": token})
    assert "abcDEF123" not in caught.value.message
    assert "USEAPI_TOKEN" in caught.value.message
    assert "%runway login" in caught.value.message


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://api.example.org/v1/", "https://api.example.org/v1"),
        ("http://127.0.0.1:8765/v1", "http://127.0.0.1:8765/v1"),
        ("http://localhost/v1/runwayml", "http://localhost/v1/runwayml"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
    ],
)
def test_https_and_http_on_this_machine_are_taken(url, kept) -> None:
    assert _resolve({"base_url": url}).base_url == kept


@pytest.mark.parametrize(
    "url",
    [
        "http://api.useapi.net/v1",
        "http://localhost.example.org/",
        "http://127.0.0.1.evil.example/",
        "ftp://127.0.0.1/",
        "api.useapi.net/v1",
        "http://user@evil.example:80/",
        "file:///etc/passwd",
        "http://127.0.0.1@evil.example/",
    ],
)
def test_a_token_never_goes_over_plain_http_to_another_machine(url) -> None:
    with pytest.raises(SettingsError, match="https://"):
        _resolve({"base_url": url})


@pytest.mark.parametrize(
    ("host", "local"), [("localhost", True), ("127.0.0.1", True), ("::1", True), ("0.0.0.0", False), (None, False)]
)
def test_only_this_machine_is_this_machine(host, local) -> None:
    assert is_loopback(host) is local


def test_a_wrong_word_for_embed_lists_the_right_ones() -> None:
    with pytest.raises(SettingsError, match="auto, always, never"):
        _resolve({"embed": "sometimes"})


def test_a_tilde_is_the_users_home(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", "/home/sam")
    settings = _resolve({"home": "~/rnb", "output": "~/videos"})
    assert (settings.home, settings.output) == (Path("/home/sam/rnb"), Path("/home/sam/videos"))


# --- the private file -------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", [0o644, 0o640, 0o604, 0o660])
def test_a_token_file_that_others_can_read_is_refused(tmp_path: Path, mode) -> None:
    (tmp_path / "token").write_text(TOKEN)
    (tmp_path / "token").chmod(mode)
    with pytest.raises(SettingsError, match="chmod 600"):
        resolve({"home": tmp_path}, environ={})


def test_a_saved_token_is_private_and_found_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    old = os.umask(0)
    try:
        where = save_token(f" {TOKEN} ", tmp_path / "new")
    finally:
        os.umask(old)
    file = tmp_path / "new" / "token"
    assert str(file) in where
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _token(resolve({"home": tmp_path / "new"}, environ={})) == TOKEN


def test_saving_closes_a_file_that_was_open_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    (tmp_path / "token").write_text("old")
    (tmp_path / "token").chmod(0o644)
    save_token(TOKEN, tmp_path)
    assert stat.S_IMODE((tmp_path / "token").stat().st_mode) == 0o600


@pytest.mark.parametrize("token", ["", "nonsense"])
def test_a_wrong_token_is_not_saved(tmp_path: Path, token) -> None:
    with pytest.raises(SettingsError):
        save_token(token, tmp_path)
    assert list(tmp_path.iterdir()) == []


# --- the secret -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "show",
    [
        repr,
        str,
        "{}".format,
        "{!r:>20}".format,
        "%s".__mod__,
        lambda secret: f"{secret}",
        lambda secret: repr([secret]),
    ],
)
def test_a_secret_shows_stars(show) -> None:
    shown = show(Secret(TOKEN))
    assert "***" in shown
    assert "4711" not in shown


def test_settings_do_not_show_their_token() -> None:
    assert "4711" not in repr(Settings(Secret(TOKEN), BASE_URL, Path(), Path()))


def test_a_dict_of_settings_does_not_give_the_token_away() -> None:
    settings = Settings(Secret(TOKEN), BASE_URL, Path(), Path())
    try:
        shown = repr(dataclasses.asdict(settings))
    except TypeError as error:
        shown = str(error)
    assert "4711" not in shown


def test_a_secret_is_not_pickled() -> None:
    with pytest.raises(TypeError) as caught:
        pickle.dumps(Settings(Secret(TOKEN), BASE_URL, Path(), Path()))
    assert "4711" not in str(caught.value)


def _traceback(secret):
    try:
        raise ValueError(secret)
    except ValueError as error:
        return "".join(traceback.TracebackException.from_exception(error, capture_locals=True).format())


def test_a_traceback_with_a_secret_in_it_does_not_show_it() -> None:
    shown = _traceback(Secret(TOKEN))
    assert "secret = Secret('***')" in shown
    assert "4711" not in shown


def test_secrets_compare_by_what_they_hide() -> None:
    assert Secret("a") == Secret("a")
    assert Secret("a") != Secret("b")
    assert Secret("a") != "a"
    assert len({Secret("a"), Secret("a")}) == 1


def test_an_address_with_a_password_is_refused_without_showing_it() -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({"base_url": "https://me:secret@api.example"})
    assert "secret" not in caught.value.message


@pytest.mark.parametrize("name", ["RUNWAY_NB_HOME", "given"])
def test_a_relative_home_is_whole_from_the_start(name) -> None:
    settings = resolve({"home": "here"}) if name == "given" else resolve(environ={name: "here"})
    assert settings.home.is_absolute()


def test_the_lowest_limit_of_credits_holds() -> None:
    environ = {"RUNWAY_NB_MAX_CREDITS": "100"}
    assert resolve(config={"max_credits": 60}, environ=environ).max_credits == 60
    assert resolve(config={"max_credits": 600}, environ=environ).max_credits == 100
    assert resolve(environ={}).max_credits is None


@pytest.mark.parametrize(
    ("name", "value"), [("RUNWAY_NB_SLOTS", "0"), ("RUNWAY_NB_SLOTS", "11"), ("RUNWAY_NB_MAX_CREDITS", "many"),
                        ("RUNWAY_NB_MAX_MODERATED", "0"), ("RUNWAY_NB_REUSE", "perhaps")],
)  # fmt: skip
def test_a_limit_that_cannot_be_read_is_named(name, value) -> None:
    with pytest.raises(SettingsError, match=f"is '{value}': give"):
        resolve(environ={name: value})


@pytest.mark.parametrize("value", [0, 1001])
def test_a_limit_has_one_range_wherever_it_is_given(value) -> None:
    with pytest.raises(SettingsError, match="give a whole number from 1 to 1000"):
        resolve({"max_moderated": value}, environ={})
    with pytest.raises(SettingsError, match="give a whole number from 1 to 1000"):
        Settings(None, BASE_URL, Path(), Path(), max_moderated=value)


@pytest.mark.parametrize(
    "url",
    ["https://api.useapi.net/v1", "https://API.UseAPI.net/v1/runwayml", "https://api.useapi.net./v1",
     "https://api.useapi.net:443/v1", "https://\uff41pi.useapi.net/v1", "HTTPS://api.useapi.net"],
)  # fmt: skip
def test_a_backend_has_one_name_however_its_address_is_spelt(url) -> None:
    assert backend_name(url) == "api.useapi.net"
    assert resolve({"token": "user:4711-abcDEF123", "base_url": url}, environ={}).backend == "api.useapi.net"


def test_the_backend_answers_to_its_earlier_name_for_one_version() -> None:
    settings = resolve({"token": "user:4711-abcDEF123"}, environ={})
    with pytest.warns(DeprecationWarning, match="Settings.party is Settings.backend now"):
        assert settings.party == settings.backend == "api.useapi.net"


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "LOCALHOST", "[::1]"])
def test_this_machine_is_one_backend_by_all_its_names(host) -> None:
    assert backend_name(f"http://{host}:8765/v1") == "127.0.0.1:8765"


@pytest.mark.parametrize(
    ("url", "name"),
    [("https://api.useapi.net:8443/v1", "api.useapi.net:8443"), ("http://127.0.0.1:443/v1", "127.0.0.1:443"),
     ("https://[2001:DB8::1]/v1", "[2001:db8::1]"), ("https://a..b/v1", "a..b"), ("http://localhost:80/", "127.0.0.1")],
)  # fmt: skip
def test_another_port_or_host_is_another_backend(url, name) -> None:
    assert backend_name(url) == name
