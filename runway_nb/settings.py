"""Where settings come from, in one function, and a token that masks itself.

Order: argument, `%config RunwayMagics`, environment, then for the token alone the Colab secret, the keyring
and the private file. The token is no `%config` option, since IPython prints those on request.
"""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, fields
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from .budgets import Budget, applying, lowest, read_budgets
from .credentials import TOKEN_NAME as TOKEN_NAME
from .credentials import Secret as Secret
from .credentials import Store, checked_token, stored_token
from .credentials import read_secret as read_secret
from .credentials import save_token as save_token
from .credentials import secret_of as secret_of
from .credentials import token_stores as token_stores
from .errors import SettingsError
from .ledger_address import LedgerAddress, hidden_address
from .redaction import redact
from .setting_values import READERS, read_number, read_text, read_user
from .spec import BASE_URL, CONFIRM_CREDITS, DEFAULT_MODEL, DEFAULT_SLOTS, MAX_MODERATED, MOST_CREDITS
from .start_environment import AT_START, BUDGET_NAME, USER_NAME, named_user
from .storage.given_paths import setting_path
from .storage.home import HOME_NAME, LEDGER_VARIABLE, default_home, is_spare
from .values.deprecation import warn_renamed
from .values.plain import shown

CREDITS_NAME = "RUNWAY_NB_MAX_CREDITS"
MODEL_NAME = "RUNWAY_NB_MODEL"
VARIABLES = {
    "token": TOKEN_NAME,
    "base_url": "USEAPI_BASE_URL",
    "home": HOME_NAME,
    "ledger": LEDGER_VARIABLE,
    "output": "RUNWAY_NB_OUTPUT",
    "reuse": "RUNWAY_NB_REUSE",
    "max_credits": CREDITS_NAME,
    "max_moderated": "RUNWAY_NB_MAX_MODERATED",
    "slots": "RUNWAY_NB_SLOTS",
    "model": MODEL_NAME,
    "confirm_credits": "RUNWAY_NB_CONFIRM_CREDITS",
    "unknown_price": "RUNWAY_NB_UNKNOWN_PRICE",
    "user": USER_NAME,
    "budget": BUDGET_NAME,
}
"""Names of settings in the environment."""
_Source = Mapping[str, object]


@dataclass(frozen=True, repr=False)
class Settings:
    """Settings of one session, all decided."""

    token: Secret | None
    """The useapi.net token, else looked for as Colab secret, in the keyring and in a private file; without one all runs
    against the embedded simulator. Never a `%config` option: it would stand in the notebook."""
    base_url: str
    """Address of the API; https, or http on loopback."""
    home: Path
    """Folder of ledger, pictures and simulator state."""
    output: Path
    """Folder of finished videos; a relative one lies beside the notebook."""
    embed: str = "auto"
    """Whether the video is put into the notebook file: `auto`, `always` or `never`. `auto` does it where no relative
    path works (batch runs, whose notebooks move; VS Code; Colab), up to 8 MB."""
    multipart: bool = False
    """Send the create call as multipart/form-data instead of JSON."""
    reuse: bool = True
    """Show what an unchanged request brought before instead of paying again; one in doubt is never just sent again."""
    max_credits: int | None = None
    """The most credits that may be spent on a day, by all notebooks together; of several limits the lowest holds."""
    max_moderated: int = MAX_MODERATED
    """Refusals by moderation within a day after which a request needs an explicit yes."""
    slots: int = DEFAULT_SLOTS
    """How many tasks of an account run at once, 1 to 10 (API facts 13); all kernels that share the ledger count."""
    model: str = DEFAULT_MODEL.name
    """The model of a request that names none."""
    confirm_credits: int = CONFIRM_CREDITS
    """Credits of a sweep above which it asks for an explicit yes; the simulator's do not count."""
    unknown_price: bool = False
    """Send what nobody knows the price of, although there is a limit of credits."""
    ledger: LedgerAddress | None = field(default=None, kw_only=True)
    """The address of a PostgreSQL database that keeps the ledger, for several machines; None: a file in `home`. Never a
    `%config` option: its password would stand in the notebook."""

    user: str = field(default="", kw_only=True, repr=False)
    """Who asks, for budgets and the table of who spent what: by default the hub's name of the user (`JUPYTERHUB_USER`).
    As the environment has it when the process begins; never a `%config` option."""
    budget: tuple[Budget, ...] = field(default=(), kw_only=True)
    """What each user and a course may spend, a day or in all, as in `user=200/day course=3000`. What the environment
    says when the process begins can be lowered and never raised; of all that apply, those in the ledger too, the lowest
    holds."""

    def __post_init__(self) -> None:
        """Read every value once. Raises `SettingsError`, also where settings are made by hand."""
        object.__setattr__(self, "token", None if self.token is None else read_secret(self.token))
        object.__setattr__(self, "base_url", checked_url(read_text("base_url", self.base_url)))
        for name, read in READERS.items():
            object.__setattr__(self, name, read(name, getattr(self, name)))
        user = read_user("user", AT_START.user) or self.user
        at_start = applying(read_budgets(AT_START.budget), user)
        object.__setattr__(self, "user", user)
        object.__setattr__(self, "budget", lowest([*at_start, *applying(self.budget, user)]))

    def __repr__(self) -> str:
        shown_fields = [spec.name for spec in fields(self) if spec.repr]
        # an address that was never checked may hold a password
        return redact(f"Settings({', '.join(f'{name}={getattr(self, name)!r}' for name in shown_fields)})")

    @property
    def simulated(self) -> bool:
        """True when there is no token: everything runs against the embedded simulator."""
        return self.token is None

    @property
    def posters(self) -> tuple[Path, ...]:
        """Folders of the posters of finished videos, the first that can be written takes a new one.

        Where a server keeps the ledger and all machines have the folder of the videos (`output` is an absolute path),
        that is one beside them, of each user of the machines.
        """
        own = self.home / "posters"
        if self.ledger is None or not self.output.is_absolute():
            return (own,)
        user = str(os.getuid()) if hasattr(os, "getuid") else "own"
        return self.output / f".posters-{user}", own

    @property
    def strips(self) -> Path:
        """Folder of film strips of finished videos; one that is missing is cut again."""
        return self.home / "strips"

    @property
    def pictures(self) -> Path:
        """Folder of pictures that were given as objects, such as figures; named by their content."""
        return self.home / "pictures"

    @property
    def thumbnails(self) -> Path:
        """Folder of small pictures of the account's assets."""
        return self.home / "thumbnails"

    @property
    def backend(self) -> str:
        """Who makes the videos: `simulator`, or the host of the API. Results of one never stand for another's."""
        return "simulator" if self.simulated else backend_name(self.base_url)

    @property
    def payer(self) -> str:
        """Whose account it is: equal for equal tokens, and no secret; of the simulator, its machine and folder."""
        return f"{platform.node()} {self.home}" if self.token is None else self.token.fingerprint

    @property
    def party(self) -> str:
        """The name of `backend` in earlier versions."""
        warn_renamed("Settings.party", "Settings.backend")
        return self.backend


_generated_init = Settings.__init__


@wraps(_generated_init)
def _init(self: Settings, *given: Any, **named: Any) -> None:
    """Hide the token before anything can fail: the frame of a generated method keeps what it was given."""
    given = (*map(_hidden_token, given[:1]), *given[1:])
    hide = {"token": _hidden_token, "ledger": hidden_address}
    named = {name: hide[name](value) if name in hide else value for name, value in named.items()}
    _generated_init(self, *given, **named)


def _hidden_token(value: object) -> Secret | None:
    """Return what was given as a token; an empty text stays one, since None means the simulator."""
    return None if value is None else secret_of(value) or Secret("")


Settings.__init__ = _init  # type: ignore[method-assign]


def checked_settings(settings: object) -> Settings:
    """Return the settings that were given. Raises `SettingsError` for anything else."""
    if issubclass(type(settings), Settings):
        return settings  # type: ignore[return-value]
    raise SettingsError(f"settings is {shown(settings)}: give runway_nb.Settings(...)")


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
    sources = (_hidden(given or {}), _hidden(config or {}), _from_environment(environ))
    # in a traceback that shows variables they would show the token
    del given, config, environ
    return _decided(sources, None if stores is None else tuple(stores))


def _hidden(source: _Source) -> _Source:
    """Return the same settings with a token and a ledger that hide themselves. Never fails: its frame holds both."""
    hide = {"token": secret_of, "ledger": hidden_address}
    return {name: hide[name](value) if name in hide else value for name, value in source.items()}


def _from_environment(environ: Mapping[str, str]) -> _Source:
    values = {name: environ.get(variable) for name, variable in VARIABLES.items()}
    return _hidden({**values, "user": named_user(environ)})


def _decided(sources: tuple[_Source, ...], stores: tuple[Store, ...] | None) -> Settings:
    def pick(name: str, default: object = None) -> object:
        return next(filter(_is_given, (source.get(name) for source in sources)), default)

    home = _home(sources)
    token = secret_of(pick("token"))
    if token is None:
        # an empty choice of stores has always meant the usual ones
        token = stored_token(stores or token_stores(home))
    if token is not None and is_spare(home):
        raise SettingsError(f"there is no home folder for the ledger of paid videos: set {HOME_NAME} to one that stays")
    return Settings(
        token=checked_token(token),
        base_url=pick("base_url", BASE_URL),  # type: ignore[arg-type]
        home=home,
        output=pick("output", "runway_outputs"),  # type: ignore[arg-type]
        ledger=pick("ledger"),  # type: ignore[arg-type]
        embed=pick("embed", "auto"),  # type: ignore[arg-type]
        multipart=pick("multipart", False),  # type: ignore[arg-type]
        reuse=pick("reuse", True),  # type: ignore[arg-type]
        max_credits=_lowest_limit(sources),
        user=(user := read_user("user", pick("user"))),
        budget=lowest(each for source in sources for each in applying(read_budgets(source.get("budget")), user)),
        max_moderated=pick("max_moderated", MAX_MODERATED),  # type: ignore[arg-type]
        slots=pick("slots", DEFAULT_SLOTS),  # type: ignore[arg-type]
        model=pick("model", DEFAULT_MODEL.name),  # type: ignore[arg-type]
        confirm_credits=pick("confirm_credits", CONFIRM_CREDITS),  # type: ignore[arg-type]
        unknown_price=pick("unknown_price", False),  # type: ignore[arg-type]
    )


def _home(sources: tuple[_Source, ...]) -> Path:
    """Return the home that an argument or `%config` names, else that of the environment."""
    *named, environment = sources
    given = next(filter(_is_given, (source.get("home") for source in named)), None)
    if given is not None:
        return setting_path(given, "home")
    of_environment = environment.get("home")
    return default_home({HOME_NAME: str(of_environment)} if _is_given(of_environment) else {})


def _is_given(value: object) -> bool:
    return value is not None and not (type(value) is str and not value)


def checked_url(url: str) -> str:
    """Return the address of an API without a slash at its end: https, or http on loopback. Raises `SettingsError`."""
    if not (problem := _url_problem(url)):
        return url.rstrip("/")
    # a traceback that shows variables would show its password
    del url
    raise SettingsError(problem)


def _url_problem(url: str) -> str:
    """Return what is wrong with the address of an API, or nothing; without a user name or a password in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        return redact(f"base_url is {shown(url)}: give an https:// address (http:// only on this machine)")
    if parts.username is not None or parts.password is not None:
        return "base_url holds a user name or a password: leave them out, the token opens the API"
    return ""


def _lowest_limit(sources: Iterable[_Source]) -> int | None:
    """Return the lowest limit of credits there is: what a teacher sets may be lowered in a notebook, never raised."""
    found = [source.get("max_credits") for source in sources]
    limits = [read_number("max_credits", value, 0, MOST_CREDITS) for value in found if _is_given(value)]
    return min(limits, default=None)


def backend_name(url: str) -> str:
    """Return the host of an API in one spelling, with a port that is not the usual one.

    Capitals, a dot at the end, the usual port written out and the other names of this machine make no other backend,
    and so change neither what was paid there nor what may be paid.
    """
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = "127.0.0.1" if is_loopback(host) else host
        host = host if ":" in host else host.encode("idna").decode()
    except ValueError:
        return urlsplit(url).netloc
    host = f"[{host}]" if ":" in host else host
    return host if port in (None, {"https": 443, "http": 80}.get(parts.scheme)) else f"{host}:{port}"


def is_loopback(host: str | None) -> bool:
    """Return True for this machine's own addresses."""
    return host in ("localhost", "127.0.0.1", "::1")
