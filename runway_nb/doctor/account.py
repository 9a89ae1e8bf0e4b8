"""The API and the account behind the token: four questions, each a GET that is sent once and waits for no other."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, TypeVar

from ..errors import ApiError, RunwayError, SettingsError, Unauthorized
from ..jobs.loop import BackgroundLoop
from ..settings import Secret, backend_name
from .finding import Finding, Once, ok, unknown, wrong
from .token import LOGIN, TokenFound

if TYPE_CHECKING:
    from ..api.client import RunwayClient
    from ..api.models import Account, Credits

T = TypeVar("T")
MakeClient = Callable[[Secret, str], "RunwayClient"]
"""Makes a client from a token and the address of an API."""

ANSWER_SECONDS = 10.0
"""How long an answer is waited for."""
_OFFLINE = "see whether this machine is online, and the lines on proxy and certificates"
_ADD = "add the Runway account (again) at useapi.net"


def make_client(token: Secret, base_url: str) -> RunwayClient:
    """Return a client for the API."""
    from ..api.client import RunwayClient  # loads httpx

    return RunwayClient(token, base_url=base_url)


class NotAsked(Exception):
    """There is nothing to ask with; the text says why."""


class Api:
    """Asks the API, on a background loop of its own.

    Args:
        token: Finds the token.
        base_url: Gives the address of the API; raises `SettingsError` for one that cannot be used.
        make_client: Makes a client.
        seconds: How long an answer is waited for.
    """

    def __init__(
        self,
        token: Callable[[], TokenFound],
        base_url: Callable[[], str],
        make_client: MakeClient = make_client,
        seconds: float = ANSWER_SECONDS,
    ) -> None:
        self._token, self._base_url = token, base_url
        self._make_client = make_client
        self._seconds = seconds
        self._loop = BackgroundLoop("runway_nb doctor: API")
        self.accounts = Once(lambda: self.ask(lambda client: client.accounts(retry=False)))
        """The accounts behind the token."""

    @property
    def host(self) -> str:
        """Where the API is."""
        return backend_name(self._base_url())

    def ask(self, question: Callable[[RunwayClient], Awaitable[T]]) -> T:
        """Return the answer to a question. Raises `RunwayError`, and `NotAsked` without a token."""
        found = self._token()
        if found.token is None:
            raise NotAsked("the token cannot be used" if found.problem else "without a token nothing is sent")
        return self._loop.run(self._answer(found.token, question), self._seconds)

    async def _answer(self, token: Secret, question: Callable[[RunwayClient], Awaitable[T]]) -> T:
        async with self._make_client(token, self._base_url()) as client:
            return await question(client)

    def close(self) -> None:
        """Let go of what still waits for an answer."""
        self._loop.stop(timeout=0.5)


# --- findings -------------------------------------------------------------------------------------


def look_at_api(api: Api) -> Iterator[Finding]:
    """Yield whether the API can be reached and takes the token."""
    try:
        api.accounts()
    except NotAsked as reason:
        yield _not_asked("API", reason)
    except Unauthorized as error:
        yield wrong("API", f"{api.host} answers, and does not take the token ({_split(error)[0]})", LOGIN)
    except ApiError as error:
        text, advice = _split(error)
        yield wrong("API", f"{api.host} answers with an error ({text})", advice or "try again later")
    except SettingsError as error:
        text, _, advice = error.message.rpartition(": ")
        yield wrong("API", text, advice)
    except RunwayError as error:
        yield wrong("API", error.message, _OFFLINE)
    else:
        yield ok("API", f"{api.host} answers and takes the token")


def look_at_account(api: Api) -> Iterator[Finding]:
    """Yield whether a Runway account is set up and works."""
    try:
        found = api.accounts()
    except (NotAsked, RunwayError) as reason:
        yield _without_accounts("account", reason)
        return
    broken = [f"{name} has an error ({account.error})" for name, account in _named(found) if account.error]
    if not found:
        yield wrong("account", "no Runway account is set up at useapi.net", _ADD)
    elif broken:
        yield wrong("account", "; ".join(broken), _ADD)
    else:
        yield ok("account", "1 account" if len(found) == 1 else f"{len(found)} accounts")


def look_at_credits(api: Api) -> Iterator[Finding]:
    """Yield how many credits each account has left."""

    async def all_credits(client: RunwayClient) -> list[Credits]:
        return await asyncio.gather(*(client.credits(account.email, retry=False) for account in found))

    try:
        found = api.accounts()
    except (NotAsked, RunwayError) as reason:
        yield _without_accounts("credits", reason)
        return
    try:
        balances = api.ask(all_credits)
    except (NotAsked, RunwayError) as reason:
        yield _not_known("credits", reason)
        return
    names = [name for name, _ in _named(found)]
    text = "; ".join(f"{name}: {_balance(each)}" for name, each in zip(names, balances, strict=True))
    if any(each.left is not None and each.left <= 0 for each in balances):
        yield wrong("credits", text, "add credits at Runway, or use explore mode with an Unlimited plan")
    else:
        yield ok("credits", text or "no account")


def look_at_slots(api: Api, slots: Callable[[], int]) -> Iterator[Finding]:
    """Yield how many tasks run, and how many may; `slots` gives the setting."""
    try:
        busy = len(api.ask(lambda client: client.running(retry=False)))
    except (NotAsked, RunwayError) as reason:
        yield _not_known("slots", reason)
        return
    limits: list[int] = []
    with suppress(RunwayError):  # it has a line of its own
        limits = [account.max_jobs for account in api.accounts() if account.max_jobs is not None]
    wanted, most = slots(), sum(limits) if limits else None
    text = f"{busy} in use; the setting slots is {wanted}" + ("" if most is None else f", the account has {most}")
    if most is not None and wanted > most:
        yield wrong("slots", text, f"%config RunwayMagics.slots = {most}, or raise maxJobs at useapi.net")
    else:
        yield ok("slots", text)


def _named(accounts: Sequence[Account]) -> list[tuple[str, Account]]:
    """Return accounts by names that are no e-mail addresses."""
    if len(accounts) == 1:
        return [("the account", accounts[0])]
    return [(f"account {number}", account) for number, account in enumerate(accounts, start=1)]


def _balance(credits: Credits) -> str:  # noqa: A002 - the word of the API
    if credits.left is None:
        return "the API does not say"
    return f"{credits.left:,.0f} of {credits.permitted:,.0f} left"


def _split(error: RunwayError) -> tuple[str, str]:
    """Return what happened, and what to do, out of the message of an error."""
    text, _, advice = error.message.partition("): ")
    return (f"{text})", advice) if advice else (error.message, "")


def _not_asked(name: str, reason: NotAsked) -> Finding:
    is_simulator = "without" in str(reason)
    return ok(name, f"not asked: {reason}") if is_simulator else unknown(name, f"not asked: {reason}")


def _not_known(name: str, reason: Exception) -> Finding:
    return _not_asked(name, reason) if isinstance(reason, NotAsked) else unknown(name, f"not known: {reason}")


def _without_accounts(name: str, reason: Exception) -> Finding:
    """Return a finding that needs the accounts, where they are not known: why is said in the line of the API."""
    return _not_asked(name, reason) if isinstance(reason, NotAsked) else unknown(name, "not known: see the line API")
