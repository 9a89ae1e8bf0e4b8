"""The panel's lines about the account: which one, slots, price and balance, and what is wrong. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass
from html import escape

from ...api.models import Account, Credits
from ...request import VideoRequest
from ..rendering.facts import DOT

LOADING = "asking for the account"


@dataclass(frozen=True)
class AccountState:
    """What is known of the accounts behind the token; None while it is not."""

    simulated: bool
    accounts: tuple[Account, ...] | None = None
    credits: tuple[Credits, ...] = ()
    """In the order of the accounts."""
    busy: int = 0
    """Slots that jobs of this notebook hold."""
    slots: int = 2
    problem: str = ""
    """Why nothing could be learned, and what to do."""

    @property
    def left(self) -> float | None:
        """Credits that are left where there is one account only; None where that is not known or not decided."""
        return self.credits[0].left if len(self.credits) == 1 else None


def head_text(state: AccountState) -> str:
    """Return account and slots on one line."""
    slots = f"{state.busy} of {state.slots} slots busy"
    return DOT.join(filter(None, (_account_text(state), slots)))


def _account_text(state: AccountState) -> str:
    if state.simulated:
        return ""  # the badge says it
    if state.accounts is None:
        return "" if state.problem else LOADING
    if len(state.accounts) == 1:
        # an address is nobody's business but its owner's; its first letter tells accounts apart
        return f"account {_initial(state.accounts[0])}"
    return f"{len(state.accounts)} accounts"


def account_problems(state: AccountState) -> list[str]:
    """Return what is wrong with the accounts, one line each, with what to do."""
    found = [state.problem] if state.problem else []
    if state.accounts is not None and not state.accounts:
        return [*found, "No Runway account is set up at useapi.net: add one there, then press Refresh."]
    broken = [account for account in state.accounts or () if account.error]
    return found + [
        f"Account {_initial(account)} is broken ({account.error}): add it again at useapi.net." for account in broken
    ]


def _initial(account: Account) -> str:
    letter = account.email[:1]
    return f"{letter if letter.isalnum() else ''}\N{HORIZONTAL ELLIPSIS}"


def price_text(request: VideoRequest, state: AccountState) -> tuple[str, str]:
    """Return the price, and what stands beside it: the balance, or what explore mode means."""
    price = request.price_text
    if request.explore:
        return price, "explore mode: needs an Unlimited plan, may wait for hours"
    if request.credits and state.left is not None and state.left < request.credits:
        return price, f"only {state.left:,.0f} left"
    play = "play money" if state.simulated else ""
    return price, DOT.join(filter(None, (_balance_text(state), play)))


def _balance_text(state: AccountState) -> str:
    if not state.credits:
        return "" if state.problem or state.accounts == () else "asking for the balance"
    known = [balance for balance in state.credits if balance.left is not None]
    if len(known) == 1 == len(state.credits):
        balance = known[0]
        return f"{balance.used:,.0f} of {balance.permitted:,.0f} used, {balance.left:,.0f} left"
    left = ", ".join(f"{balance.left:,.0f}" for balance in known)
    return f"{left} left on {len(state.credits)} accounts" if known else ""


def refusal(request: VideoRequest, state: AccountState, problems: list[str]) -> str:
    """Return why a request cannot be sent, or nothing."""
    if problems:
        return "There is something to fix above." if len(problems) > 1 else problems[0]
    if state.accounts is not None and not state.accounts and not state.simulated:
        return "There is no Runway account to send it to."
    if request.credits and state.left is not None and state.left < request.credits:
        return f"This shot needs {request.credits} credits, {state.left:,.0f} are left."
    return ""


def price_html(price: str, detail: str) -> str:
    """Return the line beside Generate."""
    return (
        f'<div class="rnb-row rnb-cost"><b>{escape(price)}</b>'
        f'<span class="rnb-grow rnb-detail rnb-num">{escape(detail)}</span></div>'
    )
