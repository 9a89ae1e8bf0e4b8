"""Where settings come from, in one function, and a token that masks itself.

Order: argument, `%config RunwayMagics`, environment, then for the token alone the Colab secret, the keyring
and the private file. The token is no `%config` option, since IPython prints those on request.
"""

from __future__ import annotations

import importlib.util
import os
import re
import stat
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from .errors import NotPicklable, SettingsError
from .home import HOME_NAME, default_home, is_spare, setting_path
from .plain import plain, shown
from .private_files import private_folder, write_private
from .setting_values import MOST_CREDITS, READERS, read_number, read_switch, read_text
from .spec import BASE_URL, DEFAULT_SLOTS, MAX_JOBS_RANGE, MAX_MODERATED, TOKEN_FORM

TOKEN_NAME = "USEAPI_TOKEN"  # noqa: S105 - the name of a variable
CREDITS_NAME = "RUNWAY_NB_MAX_CREDITS"
_SERVICE = "runway_nb"


class Secret:
    """A text that shows itself as `***`; `reveal()` gives it away."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """The text itself, for the one place that sends it."""
        return self._value

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


@dataclass(frozen=True)
class Settings:
    """Settings of one session, all decided."""

    token: Secret | None
    """None means: use the embedded simulator."""
    base_url: str
    """Address of the API; https, or http on loopback."""
    home: Path
    """Folder of the ledger and the simulator's state."""
    output: Path
    """Folder of finished videos; a relative one lies beside the notebook."""
    embed: str = "auto"
    """How a result carries its video: `auto`, `always` or `never` as a data URI."""
    multipart: bool = False
    """Send the create call as multipart/form-data instead of JSON."""
    reuse: bool = True
    """Show what an unchanged request brought before instead of paying again."""
    max_credits: int | None = None
    """The most credits that all notebooks of this home may spend on a day at one backend; None: no limit."""
    max_moderated: int = MAX_MODERATED
    """Refusals by moderation within a day after which a request needs an explicit word."""
    slots: int = 2
    """How many tasks of an account run at once, 1 to 10 (API facts 13)."""

    def __post_init__(self) -> None:
        """Read every value once. Raises `SettingsError`, also where settings are made by hand."""
        values = {
            "token": _checked_token(self.token),
            "base_url": checked_url(read_text("base_url", self.base_url)),
            **{name: read(name, getattr(self, name)) for name, read in READERS.items()},
        }
        for name, value in values.items():
            object.__setattr__(self, name, value)

    @property
    def simulated(self) -> bool:
        """True when there is no token: everything runs against the embedded simulator."""
        return self.token is None

    @property
    def posters(self) -> Path:
        """Folder of small stills of finished videos."""
        return self.home / "posters"

    @property
    def pictures(self) -> Path:
        """Folder of pictures that were given as objects, such as figures; named by their content."""
        return self.home / "pictures"

    @property
    def thumbnails(self) -> Path:
        """Folder of small pictures of the account's assets."""
        return self.home / "thumbnails"

    @property
    def party(self) -> str:
        """Who makes the videos: `simulator`, or the host of the API. Results of one never stand for another's."""
        return "simulator" if self.simulated else backend_name(self.base_url)


def checked_settings(settings: object) -> Settings:
    """The settings that were given. Raises `SettingsError` for anything else."""
    if issubclass(type(settings), Settings):
        return settings  # type: ignore[return-value]
    raise SettingsError(f"settings is {shown(settings)}: give runway_nb.Settings(...)")


Store = Callable[[], "str | None"]


def resolve(
    given: Mapping[str, object] | None = None,
    config: Mapping[str, object] | None = None,
    environ: Mapping[str, str] = os.environ,
    stores: Iterable[Store] | None = None,
) -> Settings:
    """Decide every setting. Raises `SettingsError` with the value and what to do.

    Args:
        given: What the caller passed, by the names of `Settings`.
        config: The same names out of `%config RunwayMagics`.
        environ: The environment.
        stores: Where a token may lie when neither argument nor environment has one; called in order.
    """
    env = {
        "token": environ.get(TOKEN_NAME),
        "base_url": environ.get("USEAPI_BASE_URL"),
        "home": environ.get("RUNWAY_NB_HOME"),
        "output": environ.get("RUNWAY_NB_OUTPUT"),
        "reuse": environ.get("RUNWAY_NB_REUSE"),
        "max_moderated": environ.get("RUNWAY_NB_MAX_MODERATED"),
        "slots": environ.get("RUNWAY_NB_SLOTS"),
    }

    def pick(name: str, default: object = None) -> object:
        for source in (given or {}, config or {}, env):
            if _is_given(value := source.get(name)):
                return value
        return default

    given_home = pick("home")
    home = (
        default_home(environ) if given_home is None or given_home is env["home"] else setting_path(given_home, "home")
    )
    token = pick("token") or next(filter(None, map(_asked, stores or token_stores(home))), None)
    if token is not None and is_spare(home):
        raise SettingsError(f"there is no home folder for the ledger of paid videos: set {HOME_NAME} to one that stays")
    return Settings(
        token=_checked_token(token),
        base_url=pick("base_url", BASE_URL),  # type: ignore[arg-type]
        home=home,
        output=pick("output", "runway_outputs"),  # type: ignore[arg-type]
        embed=pick("embed", "auto"),  # type: ignore[arg-type]
        multipart=read_switch("multipart", pick("multipart", False)),
        reuse=read_switch("reuse", pick("reuse", True)),
        max_credits=_lowest_limit(given or {}, config or {}, environ),
        max_moderated=read_number("max_moderated", pick("max_moderated", MAX_MODERATED), 1, 1000),
        slots=read_number("slots", pick("slots", DEFAULT_SLOTS), *MAX_JOBS_RANGE),
    )


def _asked(store: Store) -> str | None:
    """The token of a store. One that cannot be asked may have it: the simulator would be a surprise."""
    try:
        return store()
    except OSError as error:
        raise SettingsError(f"the token cannot be looked for ({error.strerror}): set {TOKEN_NAME}") from None


def _is_given(value: object) -> bool:
    return value is not None and not (type(value) is str and not value)


def read_secret(token: object) -> Secret:
    """A token of any form as a secret. Raises `SettingsError` for what is no text."""
    if issubclass(type(token), Secret):
        return token  # type: ignore[return-value]
    if type(text := plain(token)) is not str or not text.isascii() or not text.isprintable():
        raise SettingsError("the token is no plain text: copy it whole from useapi.net, with user: in front")
    return Secret(text)


def _checked_token(token: object) -> Secret | None:
    if token is None or issubclass(type(token), Secret):
        return token  # type: ignore[return-value]
    if type(text := plain(token)) is not str:
        raise SettingsError("the token is no text: copy it whole from useapi.net, with user: in front")
    text = text.strip()
    if not re.fullmatch(TOKEN_FORM, text):
        found = f"{len(text)} characters" if text.isprintable() else "characters that cannot be printed"
        raise SettingsError(
            f"the token has {found} and not the form user:<digits>-<letters and digits>: "
            f"copy it whole from useapi.net, with user: in front, into {TOKEN_NAME} or %runway login"
        )
    return Secret(text)


def checked_url(url: str) -> str:
    """The address of an API without a slash at its end: https, or http on this machine. Raises `SettingsError`."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if host and (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        if parts.username is not None or parts.password is not None:
            raise SettingsError("base_url holds a user name or a password: leave them out, the token opens the API")
        return url.rstrip("/")
    raise SettingsError(f"base_url is {shown(url)}: give an https:// address (http:// only on this machine)")


def backend_name(url: str) -> str:
    """The host of an API in one spelling, with a port that is not the usual one.

    Capitals, a dot at the end and the usual port written out make no other backend, and so change neither what was
    paid there nor what may be paid.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if ":" in host else host.encode("idna").decode()
    except ValueError:
        return urlsplit(url).netloc
    host = f"[{host}]" if ":" in host else host
    return host if port in (None, {"https": 443, "http": 80}.get(parts.scheme)) else f"{host}:{port}"


def _lowest_limit(*sources: Mapping[str, object]) -> int | None:
    """The lowest limit of credits there is: what a teacher sets may be lowered in a notebook, never raised."""
    *named, environ = sources
    found = [*(source.get("max_credits") for source in named), environ.get(CREDITS_NAME)]
    limits = [read_number("max_credits", value, 0, MOST_CREDITS) for value in found if _is_given(value)]
    return min(limits, default=None)


def is_loopback(host: str | None) -> bool:
    """True for this machine's own addresses."""
    return host in ("localhost", "127.0.0.1", "::1")


def token_stores(home: Path) -> tuple[Store, ...]:
    """The places where a token may lie besides the environment, in order."""
    return (_colab_token, _keyring_token, lambda: _file_token(home / "token"))


def _colab_token() -> str | None:
    if "COLAB_RELEASE_TAG" not in os.environ:
        return None
    from google.colab import userdata

    try:
        return str(userdata.get(TOKEN_NAME))
    except (userdata.SecretNotFoundError, userdata.NotebookAccessError):
        return None


def _keyring_token() -> str | None:
    if importlib.util.find_spec("keyring") is None:
        return None
    import keyring
    from keyring.errors import KeyringError

    try:
        found = keyring.get_password(_SERVICE, TOKEN_NAME)
    except KeyringError:
        return None
    return found or None


def _file_token(path: Path) -> str | None:
    if path.is_symlink():
        raise SettingsError(f"{path} is a link: put the token itself into that file, or use %runway login")
    if not path.is_file():
        return None
    if os.name == "posix" and stat.S_IMODE(path.stat().st_mode) & 0o077:
        raise SettingsError(f"{path} can be read by others: run chmod 600 on it, then try again")
    return path.read_text().strip() or None


def save_token(token: str, home: Path) -> str:
    """Keep a token in the keyring if one works, else in the private file; returns where, in words."""
    secret = _checked_token(token)
    assert secret is not None
    if importlib.util.find_spec("keyring") is not None:
        import keyring
        from keyring.errors import KeyringError

        with suppress(KeyringError):
            keyring.set_password(_SERVICE, TOKEN_NAME, secret.reveal())
            # a keyring that keeps nothing raises nothing
            if keyring.get_password(_SERVICE, TOKEN_NAME) == secret.reveal():
                return "the keyring"
    path = private_folder(home) / "token"
    write_private(path, secret.reveal().encode())
    return f"the private file {path}"
