"""Budgets in the ledger, where who keeps it sets them for all; and what of each is spent."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, NamedTuple

from ..budgets import DAY, USER, Budget, applying, lowest, read_budgets
from .abandoned import abandoned_jobs, void_ids
from .job_table import JobTable
from .spending import local_day, spent_in_all, spent_on_day

if TYPE_CHECKING:
    from .engine import Connection


class BudgetState(NamedTuple):
    """A budget, and what of it is spent at a backend."""

    budget: Budget
    spent: int
    free_again: float | None
    """Unix seconds from which it begins anew; None for one that does not."""
    notes: tuple[str, ...] = ()
    """What of the credits is not plain."""


class LedgerBudgets:
    """The budgets that the ledger holds. Raises `LedgerError` as the ledger does.

    In a database a role may read them and not write them: then those who spend cannot raise what they may spend.
    """

    def __init__(self, table: JobTable) -> None:
        self._table = table

    def all(self) -> tuple[Budget, ...]:
        """Return all; an e-mail address in a name is a key."""
        with self._table.database.opened() as connection:
            return _stored(connection)

    def replace(self, budgets: object) -> tuple[Budget, ...]:
        """Let these be the budgets of the ledger, and no others; return them as they are kept.

        `budgets` is text, as in the setting, or what `all` returns. Raises `SettingsError` with every mistake.
        """
        kept = read_budgets(budgets)
        with self._table.database.transaction() as connection:
            connection.execute("DELETE FROM budgets")
            self.write(connection, kept)
            return _stored(connection)

    def write(self, connection: Connection, budgets: Iterable[Budget]) -> None:
        """Write further budgets, in the caller's transaction."""
        for each in budgets:
            values = each.scope, self._table.clean(each.name), each.credits, each.period
            connection.execute("INSERT INTO budgets (scope, name, credits, period) VALUES (?, ?, ?, ?)", values)

    def with_addresses(self) -> list[Budget]:
        """Return all, with the addresses themselves: for another ledger, which has keys of its own."""
        unmask = self._table.addresses.unmask_if_known
        return [each._replace(name=unmask(each.name)) for each in self.all()]

    def of_user(self, backend: str, user: str, given: Iterable[Budget] = ()) -> tuple[BudgetState, ...]:
        """Return what a user's requests have to keep at this moment, as `states` does."""
        with self._table.database.opened() as connection:
            void = void_ids(abandoned_jobs(self._table, connection))
            return self.states(connection, backend, user, given, void)

    def states(
        self, connection: Connection, backend: str, user: str, given: Iterable[Budget], void: Collection[str]
    ) -> tuple[BudgetState, ...]:
        """Return the budgets that a user's requests have to keep at a backend, with what of each is spent.

        Args:
            connection: The ledger.
            backend: Where it is spent.
            user: Who asks; those without a name count as one.
            given: Budgets that hold beside those of the ledger.
            void: Ids of jobs that nobody will send.
        """
        clean = self._table.clean
        name = clean(user)
        own = [each._replace(name=clean(each.name)) for each in given]
        found = lowest([*applying(own, name), *applying(_stored(connection), name)])
        return tuple(self._state(connection, each, backend, name, void) for each in found)

    def _state(
        self, connection: Connection, budget: Budget, backend: str, name: str, void: Collection[str]
    ) -> BudgetState:
        moment = self._table.beats.moment()
        of_user = name if budget.scope == USER else None
        if budget.period == DAY:
            spent = spent_on_day(connection, moment, void, backend=backend, user=of_user)
            return BudgetState(budget, spent.credits, local_day(moment.now)[1], spent.notes)
        spent = spent_in_all(connection, void, backend=backend, user=of_user)
        return BudgetState(budget, spent.credits, None, spent.notes)


def _stored(connection: Connection) -> tuple[Budget, ...]:
    rows = connection.execute("SELECT scope, name, credits, period FROM budgets ORDER BY scope DESC, name, period")
    return tuple(Budget(*row) for row in rows)
