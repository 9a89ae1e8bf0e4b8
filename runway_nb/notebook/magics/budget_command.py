"""`%runway budget`: what each user and a course may spend, kept in the ledger for all who share it."""

from __future__ import annotations

from ...errors import InvalidCommand
from ...text.console import write_line
from .account_commands import budget_lines
from .command_line import Arguments
from .front_end import FrontEnd


def show_budgets(front_end: FrontEnd, arguments: Arguments) -> None:
    """Write the budgets and what of them is spent, or let those that are given be the budgets of the ledger."""
    is_off = bool(arguments.values.get("off"))
    if is_off and arguments.words:
        raise InvalidCommand("--off takes all budgets away: leave out what stands beside it")
    studio = front_end.studio
    if is_off or arguments.words:
        studio.ledger.budgets.replace(" ".join(arguments.words))
    for line in budget_lines(studio):
        write_line(line)
