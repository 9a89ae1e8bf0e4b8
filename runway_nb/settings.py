"""Where settings come from, in one function, and a token that masks itself.

Order: argument, `%config RunwayMagics`, environment, then for the token alone the Colab secret, the keyring
and the private file. The token is no `%config` option, since IPython prints those on request.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from urllib.parse import urlsplit

from .credentials import TOKEN_NAME as TOKEN_NAME
from .credentials import Secret as Secret
from .credentials import Store, checked_token, secret_of, stored_token
from .credentials import save_token as save_token
from .credentials import token_stores as token_stores
from .errors import SettingsError
from .home import default_home
from .redact import redact
from .spec import BASE_URL, DEFAULT_SLOTS, EMBED, MAX_JOBS_RANGE, MAX_MODERATED

CREDITS_NAME = "RUNWAY_NB_MAX_CREDITS"
_VARIABLES = {
    "token": TOKEN_NAME,
    "base_url": "USEAPI_BASE_URL",
    "home": "RUNWAY_NB_HOME",
    "output": "RUNWAY_NB_OUTPUT",
    "reuse": "RUNWAY_NB_REUSE",
    "max_credits": CREDITS_NAME,
    "max_moderated": "RUNWAY_NB_MAX_MODERATED",
    "slots": "RUNWAY_NB_SLOTS",
}
"""Names of settings in the environment."""
_Source = Mapping[str, object]


@dataclass(frozen=True, repr=False)
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
    """The most that a notebook may spend on a day; None: no limit."""
    max_moderated: int = MAX_MODERATED
    """Refusals by moderation within a day after which a request needs an explicit word."""
    slots: int = 2
    """How many tasks of an account run at once, 1 to 10 (API facts 13)."""

    def __repr__(self) -> str:
        # an address that was never checked may hold a password
        return redact(f"Settings({', '.join(f'{spec.name}={getattr(self, spec.name)!r}' for spec in fields(self))})")

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
        return "simulator" if self.simulated else urlsplit(self.base_url).netloc


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
    """The same settings with a token that hides itself. Never fails, since its frame holds the token."""
    return {name: secret_of(value) if name == "token" else value for name, value in source.items()}


def _from_environment(environ: Mapping[str, str]) -> _Source:
    return _hidden({name: environ.get(variable) for name, variable in _VARIABLES.items()})


def _decided(sources: tuple[_Source, ...], stores: tuple[Store, ...] | None) -> Settings:
    def pick(name: str, default: object = None) -> object:
        found = (source.get(name) for source in sources)
        return next((value for value in found if value is not None and value != ""), default)

    home = _folder("home", pick("home", ""), lambda: default_home(_home_alone(sources)))
    token = secret_of(pick("token"))
    if token is None:
        # an empty choice of stores has always meant the usual ones
        token = stored_token(stores or token_stores(home))
    return Settings(
        token=checked_token(token),
        base_url=checked_url(str(pick("base_url", BASE_URL))),
        home=home,
        output=_folder("output", pick("output", "runway_outputs")),
        embed=_checked_embed(str(pick("embed", "auto"))),
        multipart=bool(pick("multipart", False)),
        reuse=_checked_switch("reuse", pick("reuse", True)),
        max_credits=_lowest_limit(sources),
        max_moderated=_checked_number("max_moderated", pick("max_moderated", MAX_MODERATED), 1, 1000),
        slots=_checked_number("slots", pick("slots", DEFAULT_SLOTS), *MAX_JOBS_RANGE),
    )


def _home_alone(sources: tuple[_Source, ...]) -> dict[str, str]:
    """What of the environment decides the home."""
    home = sources[-1].get("home")
    return {"RUNWAY_NB_HOME": str(home)} if home else {}


def _folder(name: str, value: object, default: Callable[[], Path] | None = None) -> Path:
    """A folder as it was named, with the user's home in place of ~. Raises `SettingsError`."""
    problem = ""
    try:
        path = default() if default is not None and value == "" else Path(str(value)).expanduser()
        return path.absolute() if name == "home" else path
    except (OSError, RuntimeError, ValueError, KeyError) as error:
        problem = getattr(error, "strerror", None) or str(error) or type(error).__name__
    raise SettingsError(f"{name} is {str(value)!r}, which leads to no folder ({problem}): give a whole path")


def checked_url(url: str) -> str:
    """The address of an API without a slash at its end: https, or http on this machine. Raises `SettingsError`."""
    if not (problem := _url_problem(url)):
        return url.rstrip("/")
    # a traceback that shows variables would show its password
    del url
    raise SettingsError(problem)


def _url_problem(url: str) -> str:
    """What is wrong with the address of an API, or nothing; without a user name or a password in it."""
    try:
        parts = urlsplit(url)
        host = parts.hostname
    except ValueError:
        parts, host = urlsplit(""), None
    if not host or not (parts.scheme == "https" or (parts.scheme == "http" and is_loopback(host))):
        return redact(f"base_url is {url!r}: give an https:// address (http:// only on this machine)")
    if parts.username is not None or parts.password is not None:
        return "base_url holds a user name or a password: leave them out, the token opens the API"
    return ""


def _lowest_limit(sources: Iterable[_Source]) -> int | None:
    """The lowest limit of credits there is: what a teacher sets may be lowered in a notebook, never raised."""
    found = [source.get("max_credits") for source in sources]
    limits = [_checked_number("max_credits", value, 0, 10**9) for value in found if value not in (None, "")]
    return min(limits, default=None)


def _checked_number(name: str, value: object, low: int, high: int) -> int:
    text = str(value).strip()
    if re.fullmatch(r"\d{1,10}", text) and low <= int(text) <= high:
        return int(text)
    raise SettingsError(f"{name} is {value!r}: give a whole number from {low} to {high}")


def _checked_switch(name: str, value: object) -> bool:
    words = {"1": True, "true": True, "yes": True, "on": True, "0": False, "false": False, "no": False, "off": False}
    if (found := words.get(str(value).strip().lower())) is None:
        raise SettingsError(f"{name} is {value!r}: give 1 or 0")
    return found


def _checked_embed(word: str) -> str:
    if word not in EMBED:
        raise SettingsError(f"embed is {word!r}: give {', '.join(EMBED)}")
    return word


def is_loopback(host: str | None) -> bool:
    """True for this machine's own addresses."""
    return host in ("localhost", "127.0.0.1", "::1")
