"""The token: a text that hides itself, and the places where it may lie: Colab, a keyring, a private file.

No function here keeps the token as plain text in a variable while something may fail: a traceback that shows
variables would show it. What others raise ends here, and so do their frames, which hold what they were given.
"""

from __future__ import annotations

import codecs
import hashlib
import importlib.util
import os
import re
import stat
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from .errors import NotPicklable, SettingsError
from .redaction import know_token
from .spec import TOKEN_FORM
from .storage.atomic_file import write_private
from .storage.private_files import private_folder
from .values.plain import is_a

TOKEN_NAME = "USEAPI_TOKEN"  # noqa: S105 - the name of a variable
LONGEST_FILE = 4096
"""Bytes; a file that holds a token and nothing else is shorter."""
_SERVICE = "runway_nb"
_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""What editors and shells of Windows write at the beginning; the longer before those that they begin with."""


class Secret:
    """A text that shows itself as `***`; `reveal()` gives it away. From now on it is masked wherever text is shown."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value
        know_token(value)

    def reveal(self) -> str:
        """Return the text itself, for the one place that sends it."""
        return self._value

    @property
    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that equal texts share; the text cannot be had from them."""
        return hashlib.sha256(f"runway_nb {self._value}".encode()).hexdigest()[:16]

    def names(self, task_id: str) -> bool:
        """Return True for the id of a task of the user whose token it is (API facts 2.1)."""
        user, dash, _ = self._value.partition("-")
        return bool(dash) and task_id.startswith(f"{user}-")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and other._value == self._value

    def __hash__(self) -> int:
        return hash(self._value)

    def __repr__(self) -> str:
        return "Secret('***')"

    __str__ = __repr__

    def __reduce__(self) -> str:
        raise NotPicklable("a secret is not written to a file: set the token again where it is needed")

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, _: object) -> Secret:
        return self


Store = Callable[[], "Secret | str | None"]


def secret_of(value: object) -> Secret | None:
    """Return what was given as a token, hidden; None for nothing. Never fails, since its frame holds the text."""
    if is_a(value, Secret):
        return Secret(value.reveal().strip()) if value.reveal() != value.reveal().strip() else value  # type: ignore[attr-defined, return-value]
    if _is_secret_of_before(value):
        return secret_of(value.reveal())  # type: ignore[attr-defined]
    # the text itself, whatever a subclass makes of it; what is none has no form of a token, and is not looked at
    text = str.__str__(value).strip() if is_a(value, str) else ""
    return None if value is None or (is_a(value, str) and not text) else Secret(text)


def _is_secret_of_before(value: object) -> bool:
    """Return True for a secret of this module as it was before somebody reloaded it."""
    kind = type(value)
    return kind.__name__ == Secret.__name__ and kind.__module__ == __name__


def read_secret(value: object) -> Secret:
    """Return a token of any form, hidden. Raises `SettingsError`, without a character of it, for any other."""
    token = secret_of(value)
    del value
    # it has to fit into a header: printable ASCII, and no blank
    if token is not None and re.fullmatch(r"[\x21-\x7e]+", token.reveal()):
        return token
    raise SettingsError("the token is no plain text: copy it whole from useapi.net, with user: in front")


def checked_token(token: Secret | None) -> Secret | None:
    """Return the token, when it has the form of one. Raises `SettingsError` without a character of it."""
    if token is None or re.fullmatch(TOKEN_FORM, token.reveal()):
        return token
    length, is_plain = len(token.reveal()), token.reveal().isprintable()
    found = f"{length} characters" if is_plain else "characters that cannot be printed"
    raise SettingsError(
        f"the token has {found} and not the form user:<digits>-<letters and digits>: "
        f"copy it whole from useapi.net, with user: in front, into {TOKEN_NAME} or %runway login"
    )


# --- where it may lie -------------------------------------------------------------------------------


def token_stores(home: Path) -> tuple[Store, ...]:
    """Return the places where a token may lie besides the environment, in order."""
    return tuple(store for _, store in named_stores(lambda: home))


def named_stores(home: Callable[[], Path]) -> tuple[tuple[str, Store], ...]:
    """Return the same with what each is called; the home is asked for by the last one only."""
    return (
        ("Colab's secrets", _colab_token),
        ("the keyring", _keyring_token),
        ("the private file", lambda: file_token(home() / "token")),
    )


def stored_token(stores: tuple[Store, ...]) -> Secret | None:
    """Return the first token that a store has. Raises `SettingsError` for a token file that cannot be used."""
    return next(filter(None, (secret_of(store()) for store in stores)), None)


def _quietly(ask: Callable[[], object]) -> object:
    """Return what somebody else's store answers; None for whatever it raises, panics of its machine code included.

    An interrupt goes on as a new one, without the frames in which the store holds what it was given.
    """
    try:
        return ask()
    except KeyboardInterrupt:
        interrupt: BaseException = KeyboardInterrupt()
    except SystemExit as stop:
        # the message of a store, which is printed at the end, may hold what it was given
        interrupt = SystemExit(stop.code if type(stop.code) in (int, type(None)) else 1)
    except BaseException:  # noqa: BLE001 - a keyring raises anything, also what is no Exception
        return None
    raise interrupt


def _text(answer: object) -> Secret | None:
    """Return the token in a store's answer; a store that answers something else has none."""
    return secret_of(answer) if isinstance(answer, str) else None


def _colab_token() -> Secret | None:
    if "COLAB_RELEASE_TAG" not in os.environ:
        return None
    return _text(_quietly(_ask_colab))


def _ask_colab() -> object:
    from google.colab import userdata  # exists there only

    return userdata.get(TOKEN_NAME)


def _keyring_token() -> Secret | None:
    return _text(_quietly(_ask_keyring))


def _ask_keyring() -> object:
    if importlib.util.find_spec("keyring") is None:
        return None
    import keyring  # loads keyring

    return keyring.get_password(_SERVICE, TOKEN_NAME)


def file_token(path: Path) -> Secret | None:
    """Return the token in the private file; None when there is no file, or nothing in it.

    UTF-8, or what begins with the mark of UTF-16, as editors and shells of Windows write it. Raises `SettingsError`
    for a link, a folder, a file that others can read or that cannot be read, and for what is no text.
    """
    problem, token = _read(path)
    if problem:
        raise SettingsError(f"the token file {path} {problem}")
    return token


def _read(path: Path) -> tuple[str, Secret | None]:
    """Return what is wrong with the token file, or nothing; and the token."""
    try:
        if problem := _unfit(os.lstat(path)):
            return problem, None
        # never a link that was put there meanwhile, nor something that has no end
        handle = os.open(path, os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_NONBLOCK", 0))
        with open(handle, "rb") as file:
            return _unfit(os.fstat(handle)), _decoded(file.read(LONGEST_FILE + 1))
    except (FileNotFoundError, NotADirectoryError):
        return "", None
    except UnicodeError:
        return "is no text in UTF-8: write it again with %runway login", None
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or type(error).__name__
        return f"cannot be read ({why}): make it readable for you alone, or remove it", None


def _unfit(found: os.stat_result) -> str:
    """Return why a file is not taken for a private one, or nothing."""
    if stat.S_ISLNK(found.st_mode):
        return "is a link: put the file itself there, or run %runway login after removing it"
    if not stat.S_ISREG(found.st_mode):
        return "is no file: remove it, then run %runway login"
    if found.st_size > LONGEST_FILE:
        return f"has {found.st_size:,} bytes and holds no token: write it again with %runway login"
    if os.name == "posix" and stat.S_IMODE(found.st_mode) & 0o077:
        return "can be read by others: run chmod 600 on it, then try again"
    return ""


def _decoded(data: bytes) -> Secret | None:
    """Return the text of a file, hidden. Raises `UnicodeError` without the text."""
    code = next((code for mark, code in _BOMS if data.startswith(mark)), "utf-8")
    with suppress(UnicodeError):
        return secret_of(data.decode(code).strip("\ufeff\0 \t\r\n"))
    del data
    raise UnicodeError("no text")


# --- keeping it -------------------------------------------------------------------------------------


def save_token(token: Secret | str, home: Path) -> str:
    """Keep a token in the keyring if one works, else in the private file; return where, for people.

    Raises `SettingsError` for what is no token, and when the file cannot be written.
    """
    hidden = secret_of(token)
    del token
    secret = checked_token(hidden)
    if secret is None:
        raise SettingsError("no token was given: copy it whole from useapi.net, with user: in front")
    if _quietly(lambda: _keep_in_keyring(secret)):
        return "the keyring"
    _write(home, secret)
    location = f"the private file {home / 'token'}"
    if importlib.util.find_spec("keyring") is None:
        return location
    # one that still gives an older token would go before the file
    _quietly(_clear_keyring)
    other = _keyring_token()
    is_stale = other is not None and other != secret
    return f"{location} (the keyring did not take it" + (
        ", and still gives another, which goes first)" if is_stale else ")"
    )


def _keep_in_keyring(secret: Secret) -> bool:
    if importlib.util.find_spec("keyring") is None:
        return False
    import keyring  # loads keyring

    keyring.set_password(_SERVICE, TOKEN_NAME, secret.reveal())
    # a keyring that keeps nothing raises nothing
    return bool(keyring.get_password(_SERVICE, TOKEN_NAME) == secret.reveal())


def _clear_keyring() -> None:
    import keyring  # loads keyring

    keyring.delete_password(_SERVICE, TOKEN_NAME)


def _write(home: Path, secret: Secret) -> None:
    """Write the private file: under another name, readable for its owner alone from the first byte, then renamed."""
    path = home / "token"
    if problem := _unwritten(path, secret):
        raise SettingsError(f"the token cannot be kept in {path}: {problem}")


def _unwritten(path: Path, secret: Secret) -> str:
    """Return why the file could not be written, or nothing."""
    try:
        private_folder(path.parent)
        if path.is_symlink() or (path.exists() and not path.is_file()):
            return "that is a link or a folder; remove it, then try again"
        write_private(path, secret.reveal().encode(), durable=True)
    except (OSError, ValueError) as error:
        return getattr(error, "strerror", None) or type(error).__name__
    return ""
