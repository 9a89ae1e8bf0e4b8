"""Budgets for many: the credits that each user, one user or a whole course may spend, a day or in all. Pure.

`user=200/day user:ann=50/day course=3000`: words with spaces or commas between them. Of one line, a budget of a name
stands in place of that of each user; of several lines that apply, the lowest holds.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from .errors import SettingsError
from .spec import MOST_CREDITS
from .values.plain import plain, shown

USER, COURSE = "user", "course"
EACH = "*"
"""The name of a budget that is each user's own; a course has no other."""
DAY, EVER = "day", ""
"""In which time it may be spent: a local day, or in all."""
EXAMPLE = "user=200/day user:ann=50/day course=3000"
_NAMED = 5
_FORM = re.compile(r"(?P<scope>[^:=]*)(?P<named>:(?P<name>[^=]*))?=(?P<credits>[^/]*)(?P<timed>/(?P<period>.*))?")


class Budget(NamedTuple):
    """So many credits for somebody."""

    scope: str
    """`USER` or `COURSE`."""
    name: str
    """Whose it is: a user's name, or `EACH`."""
    credits: int
    period: str
    """`DAY` or `EVER`."""

    def __str__(self) -> str:
        """The word that means it."""
        name = "" if self.name == EACH else f":{self.name}"
        return f"{self.scope}{name}={self.credits}{'/' if self.period else ''}{self.period}"


def read_budgets(value: object) -> tuple[Budget, ...]:
    """Return the budgets that a text names, or that were read before. Raises `SettingsError` with every mistake."""
    if value is None:
        return ()
    if type(value) is tuple and all(type(each) is Budget for each in value):
        return value
    if type(text := plain(value)) is not str:
        raise SettingsError(f"budget is {shown(value)}: give text, as {EXAMPLE}")
    found: list[Budget] = []
    problems: list[str] = []
    for word in filter(None, re.split(r"[\s,]+", text)):
        read = _read(word)
        if isinstance(read, str):
            problems.append(f"{shown(word)} {read}")
        elif any(_key(read) == _key(other) for other in found):
            problems.append(f"{shown(word)} says again what {shown(str(read).partition('=')[0])} may spend")
        else:
            found.append(read)
    if problems:
        more = f"; and {len(problems) - _NAMED} more" if len(problems) > _NAMED else ""
        raise SettingsError(f"budget: {'; '.join(problems[:_NAMED])}{more}; give budgets as in {EXAMPLE}")
    return tuple(found)


def _read(word: str) -> Budget | str:
    """Return the budget that a word means, or what is wrong with it."""
    match = _FORM.fullmatch(word)
    if match is None:
        return "has no = with credits behind it"
    return next(_problems(match), None) or Budget(
        match["scope"], match["name"] or EACH, int(match["credits"]), match["period"] or EVER
    )


def _problems(match: re.Match[str]) -> Iterator[str]:
    if match["scope"] not in (USER, COURSE):
        yield f"is nobody's: it begins with {USER} or {COURSE}"
    if match["named"] and (match["scope"] == COURSE or not match["name"]):
        yield "has a name that is none: only a user has one"
    if not re.fullmatch(r"[0-9]{1,10}", match["credits"]) or int(match["credits"]) > MOST_CREDITS:
        yield f"has no credits: a whole number from 0 to {MOST_CREDITS}"
    if match["timed"] and match["period"] != DAY:
        yield f"has a time that nobody knows: /{DAY}, or nothing for all time"


def applying(budgets: Iterable[Budget], user: str) -> tuple[Budget, ...]:
    """Return those that a user's requests have to keep; one of the user's name stands in place of each user's own."""
    kept: dict[tuple[str, str], Budget] = {}
    for budget in sorted(budgets, key=lambda each: each.name != EACH):
        if budget.name in (EACH, user):
            kept[budget.scope, budget.period] = budget
    return tuple(kept.values())


def lowest(budgets: Iterable[Budget]) -> tuple[Budget, ...]:
    """Return of some that apply to one user those that bind: for a scope and a time the lowest."""
    kept: dict[tuple[str, str], Budget] = {}
    for budget in budgets:
        known = kept.setdefault((budget.scope, budget.period), budget)
        if budget.credits < known.credits:
            kept[budget.scope, budget.period] = budget
    return tuple(kept.values())


def _key(budget: Budget) -> tuple[str, str, str]:
    return budget.scope, budget.name, budget.period
