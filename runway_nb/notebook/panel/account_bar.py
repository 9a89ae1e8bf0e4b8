"""The panel's lines about the account, kept up to date: who pays, what is left, what is wrong, and the price."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from html import escape
from typing import TYPE_CHECKING

import ipywidgets

from ...api.models import Account, Credits
from ...errors import RunwayError
from ...request import VideoRequest
from .account_text import AccountState, account_trouble, head_words, price_html, price_words, refusal
from .widgets import lean, problem, unexpected

if TYPE_CHECKING:
    from ...api.client import RunwayClient
    from ...jobs.backend import Backend
    from ...studio import Studio

SIMULATED = '<span class="rnb-badge">Simulator: no credits spent</span>'


class AccountLine:
    """What is known of the account that would pay.

    Args:
        studio: Knows the party that the next request goes to.
        changed: Called after something was learned, on any thread.
    """

    def __init__(self, studio: Studio, changed: Callable[[], None]) -> None:
        self._studio, self._changed = studio, changed
        self._backend: Backend | None = None
        self.state = AccountState(studio.settings.simulated)
        self.words = lean(ipywidgets.HTML)
        self.trouble = lean(ipywidgets.HTML, classes="rnb-problems")
        self.price = lean(ipywidgets.HTML)

    def follow_settings(self) -> bool:
        """True when another party would get the request than was told before; from now on that is told."""
        backend = self._studio.backend
        if backend is self._backend:
            return False
        was, self._backend = self._backend, backend
        self.state = AccountState(backend.settings.simulated, slots=backend.settings.slots)
        self.tell()
        return was is not None

    def follow_slots(self) -> None:
        """A job may have taken a slot, or given one back."""
        if self.state.busy != self._studio.backend.queue.busy:
            self.tell()

    def tell(self) -> None:
        """Account, slots and what is wrong, in words."""
        self.state = replace(self.state, busy=self._studio.backend.queue.busy)
        words = escape(head_words(self.state, VideoRequest().row.title))
        self.words.value = (
            f'<div class="rnb-row"><span class="rnb-title">Runway</span>'
            f'<span class="rnb-grow rnb-detail">{words}</span>{SIMULATED if self.state.simulated else ""}</div>'
        )
        self.trouble.value = "".join(map(problem, account_trouble(self.state)))

    def tell_price(self, request: VideoRequest) -> None:
        """The price of a request, and the balance."""
        self.price.value = price_html(*price_words(request, self.state))

    def refusal(self, request: VideoRequest, problems: list[str]) -> str:
        """Why a request with these problems cannot be sent, or nothing."""
        return refusal(request, self.state, problems)

    async def load(self) -> None:
        """Ask for accounts and balances; each may fail alone."""
        self.state = replace(self.state, trouble="")
        try:
            client = (await self._studio.backend.connected()).client
            accounts = await client.accounts()
            self.state = replace(self.state, accounts=accounts)
            self.state = replace(self.state, credits=tuple([await self._credits(client, one) for one in accounts]))
        except RunwayError as error:
            self.state = replace(self.state, trouble=error.message)
        except Exception as error:  # noqa: BLE001 - nobody else would ever tell it
            self.state = replace(self.state, trouble=unexpected(error))
        self.tell()
        self._changed()

    async def _credits(self, client: RunwayClient, account: Account) -> Credits:
        """The balance of an account; unknown for one that is broken, so that the others have theirs."""
        try:
            return await client.credits(account.email)
        except RunwayError as error:
            if not account.error:
                self.state = replace(self.state, trouble=error.message)
            return Credits()
