"""All checks that need no page, put together from what a session looks like."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from .. import __version__
from ..credentials import Secret, named_stores
from ..ledger_address import read_ledger_address
from ..setting_values import READERS, read_text
from ..settings import VARIABLES, checked_url
from ..simulator.server import NEEDS
from ..spec import BASE_URL, DEFAULT_SLOTS
from . import account, folders, ledger_health, network, packages
from .account import Api, MakeClient, make_client
from .examination import SECONDS, Examination
from .finding import Check, Finding, Once
from .masking import GetEnv, Names, masked_finding, names_of_user
from .token import NamedStore, find_token, look_at_token

_DEFAULTS: dict[str, object] = {"base_url": BASE_URL, "output": "runway_outputs", "slots": DEFAULT_SLOTS}


class Session(NamedTuple):
    """What a session looks like from inside."""

    config: Mapping[str, object]
    """What `%config RunwayMagics` holds."""
    folder: Path
    """The notebook's folder."""
    token: Secret | None = None
    """That of the studio of this process, if it has one."""
    getenv: GetEnv = os.getenv
    stores: Callable[[Callable[[], Path]], Sequence[NamedStore]] = named_stores
    """Gives the places where a token may lie, from the home."""
    make_client: MakeClient = make_client


class Doctor:
    """Looks at a session.

    Args:
        session: What is looked at.
        more: Checks of the front end; they come last.
        names: What tells who the user is, and is hidden.
        seconds: How long all of it takes at most.
    """

    def __init__(
        self, session: Session, more: Sequence[Check] = (), *, names: Names | None = None, seconds: float = SECONDS
    ) -> None:
        self._session = session
        self._names = names or names_of_user(session.getenv)
        home = Once(partial(folders.found_home, session.getenv))
        token = Once(lambda: find_token(session.stores(home), session.token, session.getenv))
        self._api = Api(
            token, lambda: checked_url(read_text("base_url", _setting(self._session, "base_url"))), session.make_client
        )
        self._examination = Examination([*self._checks(home, token), *more], seconds=seconds)

    @property
    def findings(self) -> tuple[Finding, ...]:
        """What is known by now, as it may be shown."""
        return self.shown(self._examination.findings)

    def examine(self, changed: Callable[[], None] = lambda: None) -> tuple[Finding, ...]:
        """Look at all parts and return what was found; `changed` is called whenever something new is known."""
        try:
            return self.shown(self._examination.run(changed))
        finally:
            self._api.close()

    def shown(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        """Return findings as they may be shown: without secrets, and without the name of a user in a path."""
        return tuple(masked_finding(finding, self._names) for finding in findings)

    def _checks(self, home: Callable[[], Path], token: Callable[[], Any]) -> list[Check]:
        api, getenv = self._api, self._session.getenv

        def is_simulated() -> bool:
            return token().token is None

        def slots() -> int:
            return int(READERS["slots"]("slots", _setting(self._session, "slots")))  # type: ignore[call-overload, no-any-return]

        modules = [
            Check(f"module {name}", lambda name=name: [packages.look_at_module(name, is_simulated)])  # type: ignore[misc]
            for name in NEEDS
        ]
        return [
            Check("Python", packages.look_at_python),
            Check(packages.DISTRIBUTION, lambda: packages.look_at_installation(__version__)),
            Check("packages", packages.look_at_packages),
            *modules,
            Check("token", lambda: look_at_token(token)),
            Check("API", lambda: account.look_at_api(api)),
            Check("account", lambda: account.look_at_account(api)),
            Check("credits", lambda: account.look_at_credits(api)),
            Check("slots", lambda: account.look_at_slots(api, slots)),
            Check("proxy", lambda: network.look_at_proxies(getenv)),
            Check("certificates", lambda: network.look_at_certificates(getenv)),
            Check("home", lambda: folders.look_at_home(home)),
            Check("ledger", lambda: _look_at_ledger(home, getenv(VARIABLES["ledger"]))),
            Check("output folder", lambda: folders.look_at_output(output_folder(self._session))),
        ]


def _look_at_ledger(home: Callable[[], Path], given: str | None) -> Iterator[Finding]:
    """Return what there is to say of the ledger, in its file or on a server. Raises `SettingsError`."""
    address = read_ledger_address(given)
    del given  # a traceback that shows variables would show its password
    return ledger_health.look_at_ledger(home) if address is None else ledger_health.look_at_server(address)


def output_folder(session: Session) -> Path:
    """Return the folder of videos. Raises `SettingsError`."""
    found = READERS["output"]("output", _setting(session, "output"))
    assert isinstance(found, Path)
    return session.folder / found


def _setting(session: Session, name: str) -> object:
    """Return a setting as it is given, unread: by `%config`, else by the environment, else its default."""
    given = session.config.get(name)
    if given not in (None, ""):
        return given
    return session.getenv(VARIABLES[name]) or _DEFAULTS[name]
