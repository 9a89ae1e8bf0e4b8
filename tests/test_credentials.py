"""Where a token may lie, and that no mood of such a place shows it or ends the work."""

from __future__ import annotations

import codecs
import importlib.machinery
import os
import stat
import sys
import types
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from runway_nb import errors, process_studio, shortcuts
from runway_nb.api.client import RunwayClient
from runway_nb.credentials import Secret, file_token, save_token, secret_of, token_stores
from runway_nb.errors import RunwayError, SettingsError
from runway_nb.notebook.magics.commands import run_line
from runway_nb.notebook.magics.front_end import FrontEnd
from runway_nb.settings import Settings, resolve
from runway_nb.spec import BASE_URL

TOKEN = "".join(["user:4711-", "keptWELL77hidden"])
"""Put together here, so that no line of a traceback holds it."""
HIDDEN = TOKEN.partition("-")[2]


class Panic(BaseException):
    """What machine code of Rust raises: no Exception."""


MOODS = (RuntimeError, KeyError, ImportError, OSError, TimeoutError, UnicodeError, NotImplementedError, Panic)


def all_of(error: BaseException | None) -> Iterator[BaseException]:
    """An error and all behind it, those that are not shown included."""
    seen: list[BaseException] = []
    waiting = [error]
    while waiting:
        one = waiting.pop()
        if one is not None and one not in seen:
            seen.append(one)
            waiting += [one.__cause__, one.__context__]
            yield one


def shown(error: BaseException) -> str:
    """What a tool that shows variables makes of an error: messages, and the variables of every frame of ours."""
    reported = []
    for one in all_of(error):
        reported.append(f"{type(one).__name__}: {one}")
        at = one.__traceback__
        while at is not None:
            if at.tb_frame.f_code.co_filename != __file__:
                names = {name: value for name, value in at.tb_frame.f_locals.items() if value is not os.environ}
                reported += [f"{at.tb_frame.f_code.co_name}.{name} = {value!r}" for name, value in names.items()]
            at = at.tb_next
    return "\n".join(reported)


TRAILING = TOKEN + "\u00e9"


@pytest.mark.parametrize(
    "make",
    [
        lambda: RunwayClient(TRAILING),
        lambda: RunwayClient(TRAILING.encode()),  # type: ignore[arg-type]
        lambda: RunwayClient([TOKEN]),  # type: ignore[arg-type]
        lambda: RunwayClient(TOKEN, base_url="http://example.org"),
        lambda: Settings(TOKEN, "http://example.org", Path(), Path()),  # type: ignore[arg-type]
        lambda: Settings(token=TRAILING, base_url=BASE_URL, home=Path(), output=Path()),  # type: ignore[arg-type]
        lambda: Settings([TOKEN], BASE_URL, Path(), Path()),  # type: ignore[arg-type]
    ],
)
def test_no_frame_keeps_a_token_that_was_given_by_hand(make) -> None:
    with pytest.raises(SettingsError) as caught:
        make()
    assert HIDDEN not in shown(caught.value)


def test_an_empty_token_is_no_way_to_the_simulator() -> None:
    with pytest.raises(SettingsError):
        Settings("", BASE_URL, Path(), Path())  # type: ignore[arg-type]


# --- a keyring of any mood --------------------------------------------------------------------------


class Keyring(types.ModuleType):
    """A keyring that raises, forgets, or answers what it likes."""

    def __init__(self, *, get: Any = None, put: Any = None, kept: Any = None) -> None:
        super().__init__("keyring")
        self.__spec__ = importlib.machinery.ModuleSpec("keyring", None)
        self.get, self.put, self.kept = get, put, kept
        self.deleted = 0

    def get_password(self, service: str, name: str) -> Any:
        if self.get is not None:
            raise self.get
        return self.kept

    def set_password(self, service: str, name: str, password: str) -> None:
        if self.put is not None:
            raise self.put
        self.kept = password

    def delete_password(self, service: str, name: str) -> None:
        self.deleted += 1
        if isinstance(self.kept, Exception):
            raise self.kept
        self.kept = None


@pytest.fixture
def keyring(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Keyring]:
    def use(**mood: Any) -> Keyring:
        made = Keyring(**mood)
        monkeypatch.setitem(sys.modules, "keyring", made)
        return made

    return use


def _found(home: Path) -> str | None:
    settings = resolve({"home": home}, environ={})
    return settings.token.reveal() if settings.token else None


@pytest.mark.parametrize("mood", MOODS)
def test_a_keyring_that_raises_has_no_token(tmp_path: Path, keyring: Callable[..., Keyring], mood) -> None:
    keyring(get=mood("locked"))
    assert _found(tmp_path) is None


@pytest.mark.parametrize("answer", [None, "", "  ", 4711, b"user:1-abc", ["user:1-abc"], object()])
def test_a_keyring_that_answers_no_text_has_no_token(tmp_path: Path, keyring: Callable[..., Keyring], answer) -> None:
    keyring(kept=answer)
    assert _found(tmp_path) is None


def test_a_keyring_without_the_calls_of_one_has_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (types.ModuleType("keyring"), None):
        monkeypatch.setitem(sys.modules, "keyring", module)
        assert _found(tmp_path) is None


def test_a_keyring_that_works_keeps_the_token(tmp_path: Path, keyring: Callable[..., Keyring]) -> None:
    keyring()
    assert save_token(TOKEN, tmp_path) == "the keyring"
    assert _found(tmp_path) == TOKEN
    assert not (tmp_path / "token").exists()


@pytest.mark.parametrize("mood", MOODS)
def test_a_keyring_that_takes_nothing_leaves_the_token_to_the_file(
    tmp_path: Path, keyring: Callable[..., Keyring], mood
) -> None:
    keyring(put=mood(f"cannot keep {TOKEN}"))
    where = save_token(Secret(TOKEN), tmp_path)
    assert str(tmp_path / "token") in where
    assert "\n" not in where
    assert _found(tmp_path) == TOKEN


def test_an_older_token_in_a_keyring_does_not_go_before_the_new_one(
    tmp_path: Path, keyring: Callable[..., Keyring]
) -> None:
    ring = keyring(put=RuntimeError("locked"), kept="user:1-older99")
    assert "the private file" in save_token(TOKEN, tmp_path)
    assert ring.deleted == 1
    assert _found(tmp_path) == TOKEN


def test_an_interrupt_in_a_keyring_goes_on_without_what_the_keyring_holds(
    tmp_path: Path, keyring: Callable[..., Keyring]
) -> None:
    keyring(put=KeyboardInterrupt())
    with pytest.raises(KeyboardInterrupt) as caught:
        save_token(Secret(TOKEN), tmp_path)
    assert HIDDEN not in shown(caught.value)


def test_an_exit_in_a_keyring_goes_on_without_the_words_of_the_keyring(
    tmp_path: Path, keyring: Callable[..., Keyring]
) -> None:
    keyring(put=SystemExit(f"no place for {TOKEN}"))
    with pytest.raises(SystemExit) as caught:
        save_token(Secret(TOKEN), tmp_path)
    assert HIDDEN not in shown(caught.value)
    assert caught.value.code == 1


# --- Colab ------------------------------------------------------------------------------------------


class SecretNotFoundError(Exception):
    pass


def _colab(monkeypatch: pytest.MonkeyPatch, get: Callable[[str], Any] | None) -> None:
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab_20261101")
    google, colab, userdata = (types.ModuleType(name) for name in ("google", "google.colab", "google.colab.userdata"))
    google.colab, colab.userdata = colab, userdata  # type: ignore[attr-defined]
    if get is not None:
        userdata.get = get  # type: ignore[attr-defined]
    for module in (google, colab, userdata):
        monkeypatch.setitem(sys.modules, module.__name__, module)


def test_colab_gives_its_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _colab(monkeypatch, lambda name: TOKEN)
    assert _found(tmp_path) == TOKEN


def test_colabs_variable_outside_of_colab_is_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLAB_RELEASE_TAG", "release-colab_20261101")
    monkeypatch.setitem(sys.modules, "google.colab", None)
    assert _found(tmp_path) is None


@pytest.mark.parametrize("mood", [*MOODS, SecretNotFoundError])
def test_colab_that_raises_has_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mood) -> None:
    def get(name: str) -> Any:
        raise mood(name)

    _colab(monkeypatch, get)
    assert _found(tmp_path) is None


@pytest.mark.parametrize("answer", [None, "", 5, b"x"])
def test_colab_that_answers_no_text_has_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer) -> None:
    _colab(monkeypatch, lambda name: answer)
    assert _found(tmp_path) is None


def test_colab_without_the_call_has_no_token(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    _colab(monkeypatch, None)
    assert _found(tmp_path) is None


# --- the private file -------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "token"
    path.touch(mode=0o600)
    return path


@pytest.mark.parametrize(
    "data",
    [
        TOKEN.encode(),
        f"  {TOKEN}\r\n".encode(),
        f"{TOKEN}\n\n\t".encode(),
        codecs.BOM_UTF8 + f"{TOKEN}\r\n".encode(),
        codecs.BOM_UTF16_LE + f"{TOKEN}\r\n".encode("utf-16-le"),
        codecs.BOM_UTF16_BE + f"{TOKEN}\n".encode("utf-16-be"),
        codecs.BOM_UTF32_LE + TOKEN.encode("utf-32-le"),
    ],
)
def test_a_token_file_of_any_editor_is_read(file: Path, data) -> None:
    file.write_bytes(data)
    assert _found(file.parent) == TOKEN


@pytest.mark.parametrize("data", [b"", b"\r\n", codecs.BOM_UTF8, codecs.BOM_UTF16_LE + b"\r\0\n\0"])
def test_an_empty_token_file_has_no_token(file: Path, data) -> None:
    file.write_bytes(data)
    assert _found(file.parent) is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x80\x81\xff" + TOKEN.encode(),
        codecs.BOM_UTF16_LE + TOKEN.encode("utf-16-le") + b"x",
        TOKEN.encode("utf-16-le"),
        TOKEN.encode() * 1000,
        f"{TOKEN} {TOKEN}".encode(),
        f"USEAPI_TOKEN={TOKEN}".encode(),
    ],
)
def test_a_token_file_of_something_else_is_one_line_without_the_token(file: Path, data) -> None:
    file.write_bytes(data)
    with pytest.raises(SettingsError) as caught:
        _found(file.parent)
    assert len(caught.value._render_traceback_()) == 1
    assert HIDDEN not in shown(caught.value)
    assert HIDDEN.encode("utf-16-le").decode("latin-1") not in shown(caught.value)


def test_a_folder_a_link_and_a_pipe_are_no_token_file(tmp_path: Path) -> None:
    kinds: dict[str, Callable[[Path], object]] = {
        "folder": lambda path: path.mkdir(),
        "link": lambda path: path.symlink_to(tmp_path / "other"),
        "dangling": lambda path: path.symlink_to(tmp_path / "nowhere"),
        "pipe": lambda path: os.mkfifo(path, 0o600),
    }
    (tmp_path / "other").write_text(TOKEN)
    (tmp_path / "other").chmod(0o600)
    for name, make in kinds.items():
        home = tmp_path / name
        home.mkdir()
        make(home / "token")
        for act in (lambda: file_token(home / "token"), lambda: save_token(TOKEN, home)):  # noqa: B023 - called at once
            with pytest.raises(SettingsError, match=str(home / "token")) as caught:
                act()
            assert HIDDEN not in shown(caught.value), name
    assert (tmp_path / "other").read_text() == TOKEN


def test_a_file_that_cannot_be_read_is_one_line(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any, **__: Any) -> int:
        raise PermissionError(13, "Permission denied")

    file.write_text(TOKEN)
    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(SettingsError, match="Permission denied"):
        file_token(file)


def test_a_home_that_is_a_file_has_no_token_and_takes_none(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    assert file_token(tmp_path / "home" / "token") is None
    with pytest.raises(SettingsError, match="cannot be kept") as caught:
        save_token(TOKEN, tmp_path / "home")
    assert HIDDEN not in shown(caught.value)


def test_a_token_is_written_for_its_owner_alone_from_the_first_byte(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    modes = []
    fsync = os.fsync

    def observed(handle: int) -> None:
        modes.append(os.fstat(handle).st_mode)
        fsync(handle)

    monkeypatch.setattr(os, "fsync", observed)
    old = os.umask(0)
    try:
        save_token(TOKEN, tmp_path)
    finally:
        os.umask(old)
    assert [stat.S_IMODE(mode) for mode in modes] == [0o600]
    assert [path.name for path in tmp_path.iterdir()] == ["token"]


def test_a_disk_that_is_full_leaves_the_old_token_and_no_draft(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(handle: int) -> None:
        raise OSError(28, "No space left on device")

    save_token("user:1-older99", tmp_path)
    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingsError, match="No space left") as caught:
        save_token(TOKEN, tmp_path)
    assert HIDDEN not in shown(caught.value)
    assert [path.read_text() for path in tmp_path.iterdir()] == ["user:1-older99"]


# --- no frame of ours shows it ----------------------------------------------------------------------

WRONG = {
    "base_url": "ftp://x",
    "max_credits": "many",
    "slots": 99,
    "embed": "sometimes",
    "reuse": "perhaps",
    "max_moderated": object(),
    "home": "~nosuchuser/x",
    "output": "~nosuchuser/x",
}


@pytest.mark.parametrize("name", WRONG)
@pytest.mark.parametrize("source", ["given", "config", "environ", "store"])
def test_a_wrong_setting_beside_a_good_token_does_not_show_the_token(tmp_path: Path, name, source) -> None:
    given: dict[str, object] = {"home": tmp_path, name: WRONG[name]}
    with pytest.raises(SettingsError) as caught:
        resolve(
            {**given, **({"token": TOKEN} if source == "given" else {})},
            {"token": TOKEN} if source == "config" else None,
            {"USEAPI_TOKEN": TOKEN, "RUNWAY_NB_HOME": "~nosuchuser"} if source == "environ" else {},
            [lambda: TOKEN if source == "store" else None],
        )
    assert HIDDEN not in shown(caught.value)


@pytest.mark.parametrize(
    "url", ["http://me:pa55word@evil.example", "https://me:pa55word@api.example", "ftp://a:pa55word@x"]
)
def test_a_password_in_an_address_is_not_shown(url) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve({"base_url": url}, environ={})
    assert "pa55word" not in str(caught.value)


@pytest.mark.parametrize(
    "token", [HIDDEN, f"Bearer {TOKEN}", f"{TOKEN}!", f"{TOKEN}\n{TOKEN}", f"'{TOKEN}'", f"{TOKEN}\x1b", TOKEN * 400]
)
def test_a_token_of_another_form_is_not_shown_in_any_frame(token) -> None:
    with pytest.raises(SettingsError) as caught:
        resolve(environ={"USEAPI_TOKEN": token})
    assert HIDDEN not in shown(caught.value)
    with pytest.raises(SettingsError) as caught:
        resolve({"token": token}, environ={})
    assert HIDDEN not in shown(caught.value)


@pytest.mark.parametrize("token", [4711, b"user:1-abc", ["user:1-abc"], object()])
def test_what_is_no_text_is_no_token(token) -> None:
    with pytest.raises(SettingsError):
        resolve({"token": token}, environ={})


@pytest.mark.parametrize("token", ["", "user:1-a b", "user:1-a\tb", "user:1-a\nb", "user:1-\u00e4", "user:1-a\x7fb"])
@pytest.mark.parametrize("make", [lambda token: Settings(token, BASE_URL, Path(), Path()), RunwayClient])
def test_what_cannot_stand_in_a_header_is_no_token_wherever_it_is_given(make, token) -> None:
    with pytest.raises(SettingsError, match="the token is no plain text") as caught:
        make(token)
    assert not token or token not in str(caught.value)


def test_the_studio_of_the_process_keeps_no_copy_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USEAPI_TOKEN", TOKEN)
    monkeypatch.setenv("RUNWAY_NB_SLOTS", "many")
    with pytest.raises(SettingsError) as caught:
        shortcuts.default_studio()
    assert HIDDEN not in shown(caught.value)
    assert HIDDEN not in repr(shortcuts.environment_mark())
    before = shortcuts.environment_mark()
    monkeypatch.setenv("RUNWAY_NB_SLOTS", "3")
    assert shortcuts.environment_mark() != before


# --- %runway login ----------------------------------------------------------------------------------


class Shell:
    """As much of a shell as `%runway login` asks for."""

    user_ns: dict[str, Any] = {}  # noqa: RUF012 - nothing is put there

    def __init__(self, *, batch: bool = False) -> None:
        self.batch = batch
        self.kernel = self

    def get_parent(self) -> dict[str, Any]:
        return {"content": {"allow_stdin": not self.batch}}


def _login(monkeypatch: pytest.MonkeyPatch, typed: Any, *, batch: bool = False) -> None:
    def getpass(_: str) -> str:
        if isinstance(typed, BaseException):
            raise typed
        return typed

    monkeypatch.setattr("getpass.getpass", getpass)
    run_line(FrontEnd(Shell(batch=batch), lambda: {"embed": "auto"}, Path()), "login")


@pytest.fixture
def _studio_of_a_test() -> Iterator[None]:
    yield
    process_studio.close_studio()


@pytest.mark.usefixtures("_studio_of_a_test")
def test_login_says_in_one_line_where_the_token_went(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], keyring: Callable[..., Keyring]
) -> None:
    keyring(put=Panic("no bus"))
    _login(monkeypatch, f" {TOKEN} ")
    reported = capsys.readouterr().out
    assert reported.count("\n") == 1
    assert "the private file" in reported
    assert shortcuts.default_studio().settings.token == Secret(TOKEN)
    assert HIDDEN not in reported


def test_login_asks_nobody_in_a_batch_run(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(errors.InvalidCommand, match="nobody is there"):
        _login(monkeypatch, AssertionError("it was asked"), batch=True)


@pytest.mark.parametrize(
    "typed", ["", "nonsense", f"{TOKEN} {TOKEN}", EOFError(), NotImplementedError(), OSError(6, "no tty")]
)
def test_login_with_nothing_to_keep_is_one_line(monkeypatch: pytest.MonkeyPatch, typed) -> None:
    with pytest.raises(RunwayError) as caught:
        _login(monkeypatch, typed)
    assert len(caught.value._render_traceback_()) == 1
    assert HIDDEN not in shown(caught.value)


def test_the_usual_places_are_asked_in_order(tmp_path: Path) -> None:
    assert [store() for store in token_stores(tmp_path)] == [None, None, None]


def test_a_token_of_before_a_reload_is_the_same_token() -> None:
    """As after `importlib.reload` of every module of a package, which makes each class anew."""
    before = type("Secret", (), {"__module__": Secret.__module__, "reveal": lambda self: TOKEN})()
    assert secret_of(before) == Secret(TOKEN)
    assert resolve({"token": before}, environ={}, stores=()).token == Secret(TOKEN)
