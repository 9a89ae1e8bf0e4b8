"""`%runway login`, `credits`, `simulator` and `version`: the account, and what stands in for it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from ...errors import InvalidCommand, RunwayError
from ...redaction import redact
from ...storage.home import default_home
from ...text.console import write_line
from .command_line import Arguments
from .front_end import FrontEnd

if TYPE_CHECKING:
    from ...settings import Secret
    from ...studio import Studio


def login(front_end: FrontEnd, _: Arguments) -> None:
    """Ask for a token, keep it outside the notebook, and use it from now on."""
    from ...settings import TOKEN_NAME, save_token  # loads the settings
    from ...shortcuts import default_studio  # loads the studio

    if front_end.mode == "batch":
        raise InvalidCommand("nobody is there to ask for a token: set USEAPI_TOKEN instead")
    where = save_token(_typed_token(), default_home())
    default_studio(fresh=True)
    first = f", after {TOKEN_NAME}, which is set and comes first" if os.environ.get(TOKEN_NAME) else ""
    write_line(redact(f"Kept in {where}; it is used from now on{first}."))


def _typed_token() -> Secret:
    """Return what the user types, hidden at once. Raise `InvalidCommand` where nothing can be typed."""
    from getpass import getpass  # loads termios

    from ...settings import Secret  # loads the settings

    try:
        return Secret(getpass("Token of useapi.net (user:...): "))
    except Exception as error:  # noqa: BLE001 - each front end has its own
        problem = type(error).__name__
    raise InvalidCommand(f"no token could be typed here ({problem}): set USEAPI_TOKEN instead")


def show_credits(front_end: FrontEnd, arguments: Arguments) -> None:
    """Show the credits of the account, and what each notebook, day and job has cost; or what each user has spent."""
    if arguments.values.get("all"):
        from ..rendering.user_spending import users_bundle  # loads the rendering

        ledger = front_end.studio.ledger
        front_end.show_bundle(users_bundle(ledger.spending.by_user(), budget_lines(front_end.studio)))
        return
    from ..rendering.tables import budget_text, credits_text, job_costs_bundle, spending_bundle  # loads the rendering

    studio = front_end.studio
    try:
        write_line(credits_text(studio.account.credits(), studio.settings.simulated))
    except RunwayError as error:
        # what was spent is known without the API
        write_line(f"The account's own figures are not available: {error.message}")
    write_line(budget_text(studio.settings.max_credits, studio.account.spent_today()))
    front_end.show_bundle(spending_bundle(studio.ledger.spending.by_day()))
    front_end.show_bundle(job_costs_bundle(studio.ledger.recent(20)))


def budget_lines(studio: Studio) -> list[str]:
    """Return a line for the budgets of the ledger, and one for those of this user and the course."""
    from ..rendering.user_spending import state_line, stored_line  # loads the rendering

    ledger, settings = studio.ledger, studio.settings
    states = ledger.budgets.of_user(settings.backend, settings.user, settings.budget)
    return [stored_line(ledger.budgets.all()), *(state_line(state, settings.backend) for state in states)]


def use_simulator(front_end: FrontEnd, arguments: Arguments) -> None:
    """Write the address of the embedded simulator, or let it do one thing wrong."""
    if arguments.name:
        front_end.studio.simulator.inject_fault(arguments.name)
        write_line(f"The simulator will do one thing wrong: {arguments.name}.")
        return
    if not front_end.studio.settings.simulated:
        write_line("A token is set, so the simulator is not used.")
        return
    address = front_end.studio.simulator.url()
    write_line(f"The embedded simulator answers at {address} (this machine only, with this key).")


def show_versions(_: FrontEnd, __: Arguments) -> None:
    """Write the versions that matter in a bug report."""
    from ..rendering.tables import versions  # loads the rendering

    write_line(versions())
