"""The panel's lines about the account: who pays, what is wrong, and the price."""

from __future__ import annotations

from html import escape

import ipywidgets

from .account_text import AccountState, account_problems, head_text, price_html, price_text
from .state import PanelState, Summary
from .widgets import make_widget, problem

SIMULATED = '<span class="rnb-badge">Simulator: no credits spent</span>'


class AccountBar:
    """The lines about the account that would pay."""

    def __init__(self) -> None:
        self.head = make_widget(ipywidgets.HTML)
        self.problems = make_widget(ipywidgets.HTML, classes="rnb-problems")
        self.price = make_widget(ipywidgets.HTML)

    def show(self, state: PanelState, summary: Summary) -> None:
        """Bring the lines up to date."""
        self.head.value = head_html(state.account)
        self.problems.value = "".join(map(problem, account_problems(state.account)))
        self.price.value = price_html(*price_text(summary.sized, state.account))


def head_html(account: AccountState) -> str:
    """Return account and slots on one line."""
    text = escape(head_text(account))
    return (
        f'<div class="rnb-row"><span class="rnb-title">Runway</span>'
        f'<span class="rnb-grow rnb-detail">{text}</span>{SIMULATED if account.simulated else ""}</div>'
    )
