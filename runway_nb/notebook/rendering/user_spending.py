"""Who spent what, as a table, and budgets in words. Pure functions."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Sequence
from html import escape

from ...budgets import USER, Budget
from ...ledger.budgets import BudgetState
from ...ledger.record import UserSpending
from ...models import sum_text
from ...redaction import redact_line
from . import styles
from .tables import table_bundle

NOBODY = "(no name)"
"""Stands for those who asked without a name."""
_HEAD: tuple[str, ...] = ("user", "where", "model", "videos", "credits", "last")


def users_bundle(rows: Sequence[UserSpending], lines: Iterable[str]) -> dict[str, str]:
    """Return what each user spent, the sum of each user and of each backend, and lines below, as a MIME bundle.

    Of one backend a line tells, and the table has no column of it: it is to fit into a narrow page.
    """
    backends = list(dict.fromkeys(row.backend for row in rows))
    texts = [text for where in backends for text in _of_backend(rows, where)]
    head, below = _HEAD, list(lines)
    if len(backends) == 1:
        column = head.index("where")
        head, texts = _without(head, column), [_without(text, column) for text in texts]
        below.insert(0, f"Spent at: {_place(backends[0])}")
    made = table_bundle(head, texts, "Nothing was spent yet.", whole=("videos", "credits", "last"))
    below = [redact_line(line) for line in below]
    html = "".join(f'<div style="{styles.QUIET}">{escape(line)}</div>' for line in below)
    return {"text/html": made["text/html"] + html, "text/plain": "\n".join([made["text/plain"], *below])}


def _without(words: tuple[str, ...], column: int) -> tuple[str, ...]:
    return (*words[:column], *words[column + 1 :])


def _of_backend(rows: Sequence[UserSpending], where: str) -> list[tuple[str, ...]]:
    found = [row for row in rows if row.backend == where]
    models = Counter(row.user for row in found)
    texts: list[tuple[str, ...]] = []
    for user in dict.fromkeys(row.user for row in found):
        own = [row for row in found if row.user == user]
        texts += [_line(user or NOBODY, where, [row]) for row in own]
        if models[user] > 1:
            texts.append(_line(user or NOBODY, where, own))
    return [*texts, _line("all", where, found)]


def _line(user: str, where: str, rows: Sequence[UserSpending]) -> tuple[str, ...]:
    model = rows[0].model if len(rows) == 1 and user != "all" else "all"
    total = sum(row.credits for row in rows)
    last = max((row.last for row in rows if row.last is not None), default=None)
    return user, _place(where), model, str(sum(row.videos for row in rows)), sum_text(model, total), _when(last)


def _place(backend: str) -> str:
    return "simulator (play money)" if backend == "simulator" else backend


def _when(seconds: float | None) -> str:
    return "unknown" if seconds is None else time.strftime("%d %b %H:%M", time.localtime(seconds)).lstrip("0")


def stored_line(budgets: Sequence[Budget]) -> str:
    """Return which budgets the ledger holds, as they are typed."""
    return f"Budgets in the ledger: {' '.join(map(str, budgets)) or 'none'}"


def state_line(state: BudgetState, where: str) -> str:
    """Return what of a budget is spent; no name of a user stands in it."""
    budget = state.budget
    whose = "Your budget" if budget.scope == USER else "The course's budget"
    period = f" a {budget.period}" if budget.period else ""
    return f"{whose}: {state.spent:,} of {budget.credits:,} credits{period} spent at {where}"
