"""Whether a request is sent: an unchanged one shows what it brought, a refused one is not sent again by itself.

Pure decisions. The ledger gathers the facts and writes the outcome in one transaction, so that two kernels
cannot both find nothing and both pay.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from ..budgets import USER, Budget
from ..errors import InvalidRequest, MaybeSent, ModerationBrake, OverBudget, RefusedBefore, RunwayError
from ..ledger.budgets import BudgetState
from ..ledger.phase import NOT_MADE, WITHOUT_VIDEO, Phase
from ..ledger.record import Record
from ..ledger.snapshot import LedgerSnapshot
from ..request import VideoRequest
from ..settings import Settings
from ..spec import MAX_MODERATED, MOST_CREDITS
from ..values.plain import checked_switch, checked_whole

_NOTES = 3
"""Remarks on a budget that an error has room for."""


class Limits(NamedTuple):
    """What the user allows."""

    reuse: bool = True
    """Show what an unchanged request brought instead of making it again; one in doubt is never simply made again."""
    force: bool = False
    """Send although moderation has refused."""
    cell_credits: int | None = None
    """The most that this request may cost."""
    day_credits: int | None = None
    """The most that may be spent on a day at this backend, by all notebooks that share the ledger."""
    moderated: int = MAX_MODERATED
    """Refusals by moderation within a day after which `force` is needed."""
    fresh: bool = False
    """Make it again, whatever it brought before."""
    problem: RunwayError | None = None
    """Why its video could not be kept; what is there already needs no room."""
    unknown_price: bool = False
    """Send what nobody knows the price of although credits are limited, and count the most that it can cost."""

    def within(self, settings: Settings, problem: RunwayError | None) -> Limits:
        """Return the same under the settings, and with what is wrong with the folder of videos."""
        return self._replace(
            reuse=settings.reuse,
            day_credits=settings.max_credits,
            moderated=settings.max_moderated,
            problem=problem,
            unknown_price=self.unknown_price or settings.unknown_price,
        )


DEFAULT_LIMITS = Limits()
"""What a user allows who says nothing."""


def read_limits(
    fresh: object, force: object, max_credits: object, unknown_price: object = False
) -> tuple[Limits, list[str]]:
    """Return the limits that a caller gives, as plain values, and a line for each that cannot be read.

    A limit that is no number would allow everything, and the text "no" would count as yes.
    """
    problems: list[str] = []
    read: dict[str, Any] = {}
    switches = {"fresh": fresh, "force": force, "unknown_price": unknown_price}
    for name, switch in switches.items():
        try:
            read[name] = checked_switch(switch, "yes_unknown_price" if name == "unknown_price" else name)
        except InvalidRequest as error:
            problems += error.problems
    try:
        if max_credits is not None:
            read["cell_credits"] = checked_whole(max_credits, "max_credits", 0, MOST_CREDITS)
    except InvalidRequest as error:
        problems += error.problems
    return Limits(**read), problems


def decide(new: Record, known: LedgerSnapshot, limits: Limits, request: VideoRequest | None = None) -> Record | None:
    """Return the earlier record that answers the new request, or None when it is to be sent.

    Args:
        new: The new request, as it would be written down.
        known: What the ledger knows of others.
        limits: What the user allows.
        request: What `new` asks for; read from it where it is not at hand.

    Raises:
        RefusedBefore: moderation has refused the same words.
        ModerationBrake: moderation has refused too much within a day.
        OverBudget: it would cost more than is allowed, or nobody knows whether it would.
        MaybeSent: an equal request stands in the ledger that cannot be read.
        RunwayError: its video could not be kept.
    """
    earlier = None if limits.fresh else answering(known.earlier)
    # one in doubt is looked for again even where nothing is reused: only the user's own word sends it again
    if earlier is not None and (limits.reuse or earlier.phase == Phase.UNKNOWN):
        return earlier
    if known.unreadable and not limits.fresh:
        raise MaybeSent(
            f"an equal request may have been paid: {known.unreadable[0].line}. Nothing was sent; --fresh sends it, "
            "and pays for it"
        )
    if not limits.force:
        _check_refused(known.refused, limits)
        _check_moderation(known.moderated, limits)
    _check_credits(new, known, limits, request or VideoRequest.from_wire(new.request, new.model))
    if limits.problem is not None:
        raise limits.problem
    return None


def answering(earlier: Iterable[Record]) -> Record | None:
    """Return the record that answers an unchanged request: the newest that was sent, a video rather than a failure.

    What was imported comes after all that was sent from here: it hides none of these that is in doubt.
    """
    sent = [record for record in earlier if _stands(record) and not record.resent_as]
    sent.sort(key=lambda record: record.imported)
    newest = next(iter(sent), None)
    if newest is not None and newest.phase in WITHOUT_VIDEO:
        return next((record for record in sent if record.phase == Phase.DONE), newest)
    return newest


def _stands(record: Record) -> bool:
    """Return False for what was taken back or refused: it may be made again, unless moderation refused it."""
    return record.phase not in NOT_MADE or bool(record.refusal)


def prompt_hash(prompt: str) -> str:
    """Return a hash of the prompt's words, whatever their case and spacing; nothing for a prompt without words.

    The user's own words: a camera that is said in words is nothing that moderation refuses, and the same words are
    refused with any move and by any model.
    """
    text = " ".join(prompt.casefold().split())
    return hashlib.sha256(text.encode(errors="replace")).hexdigest()[:24] if text else ""


def _check_refused(refused: Record | None, limits: Limits) -> None:
    if refused is not None and not limits.fresh:
        raise RefusedBefore(
            f"moderation refused these words on {day_of(refused.updated)} ({refused.refusal}); nothing was sent. "
            "Change the words, or add --fresh to send them all the same; many refusals can suspend the account"
        )


def _check_moderation(moderated: int, limits: Limits) -> None:
    if moderated >= limits.moderated:
        raise ModerationBrake(
            f"moderation refused {moderated} of your requests within a day (max_moderated is {limits.moderated}), and "
            "Runway may suspend accounts over it; nothing was sent. Wait, change what you ask for, or add --force"
        )


def _check_credits(new: Record, known: LedgerSnapshot, limits: Limits, request: VideoRequest) -> None:
    where = "the simulator" if new.simulated else new.backend
    costs = f"counts as {new.credits} credits"
    if request.credits is not None:
        costs = f"costs {'' if request.row.is_price_certain else 'about '}{new.credits} credits"
    elif not limits.unknown_price:
        _refuse_unknown_price(new, known, limits, where)
    if limits.cell_credits is not None and new.credits > limits.cell_credits:
        raise OverBudget(
            f"this shot {costs}, more than the {limits.cell_credits} that it may cost "
            "(max_credits); nothing was sent. Make it shorter, or allow more"
        )
    if limits.day_credits is not None and new.credits and known.spent + new.credits > limits.day_credits:
        raise OverBudget(
            f"this shot {costs}; {known.spent} of the {limits.day_credits} that may be spent a "
            f"day (max_credits) are spent at {where}, by all notebooks together; nothing was sent. "
            f"%runway credits shows for what{_noted(known.notes)}"
        )
    for state in known.budgets if new.credits else ():
        _check_budget(new.credits, state, costs, where)


def _check_budget(price: int, state: BudgetState, costs: str, where: str) -> None:
    """Raise `OverBudget` where a shot would cost more than what is left of a budget. No name of a user stands in it."""
    budget, spent = state.budget, state.spent
    if spent + price <= budget.credits:
        return
    whose = "your budget" if budget.scope == USER else "the budget of the whole course"
    if price > budget.credits or state.free_again is None:
        help_ = "Ask for less, or ask who set the budget"
    else:
        begins = time.strftime("%H:%M", time.localtime(state.free_again))
        help_ = f"It begins anew on {day_of(state.free_again)} at {begins}"
    raise OverBudget(
        f"this shot {costs}; {spent} of the {_budget_words(budget)} that are {whose} are spent at {where}; nothing was "
        f"sent. {help_}{_noted(state.notes)}"
    )


def _budget_words(budget: Budget) -> str:
    return f"{budget.credits} credits{f' a {budget.period}' if budget.period else ''}"


def _refuse_unknown_price(new: Record, known: LedgerSnapshot, limits: Limits, where: str) -> None:
    """Raise `OverBudget` where credits are limited: an unknown price is never taken for none."""
    allowed = {
        f"{limits.cell_credits} credits for this shot": limits.cell_credits,
        f"{limits.day_credits} credits a day at {where}": limits.day_credits,
        **{f"{_budget_words(each.budget)} at {where}": each.budget.credits for each in known.budgets},
    }
    if limit := next((words for words, credits_ in allowed.items() if credits_ is not None), ""):
        raise OverBudget(
            f"nobody has documented what {new.model} costs, and there is a limit of {limit} (max_credits); nothing was "
            f"sent. --yes-unknown-price, or the setting unknown_price, sends it and counts it as {new.credits}"
        )


def _noted(notes: Sequence[str]) -> str:
    """Return the first of some remarks, for the end of a sentence."""
    more = f" (and {len(notes) - _NOTES} more)" if len(notes) > _NOTES else ""
    return f": {'; '.join(notes[:_NOTES])}{more}" if notes else ""


def day_of(moment: float) -> str:
    """Return a day as 22 Nov 2026."""
    return time.strftime("%d %b %Y", time.localtime(moment)).lstrip("0")
