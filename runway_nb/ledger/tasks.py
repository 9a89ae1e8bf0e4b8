"""Which task is whose: a task belongs to one job at most."""

from __future__ import annotations

from ..values.arguments import plain_arguments
from .job_table import JobTable
from .phase import IS_WITHOUT_TASK_SQL, Phase
from .record import Record, TaskIds

_NO_TASK = {"task_id": "", "guessed": False, "owner": "", "lease": 0.0}


class LedgerTasks:
    """The tasks of the jobs in a ledger. Raises `LedgerError` as the ledger does."""

    def __init__(self, table: JobTable) -> None:
        self._table = table

    @plain_arguments
    def assign(self, job_id: str, task_id: str, *, is_certain: bool) -> bool:
        """Write down the task of a job; return False when it belongs to another.

        Args:
            job_id: The job.
            task_id: The composite id.
            is_certain: The answer to the create, our reference or our own seed names it. A job that was given the
                task by its looks alone is in doubt again then.
        """
        with self._table.database.transaction() as connection:
            holders = [holder for holder in self._table.of_task(task_id) if holder.id != job_id]
            guesses = [holder for holder in holders if isinstance(holder, Record) and holder.guessed]
            if len(guesses) < len(holders) or (guesses and not is_certain):
                return False
            for holder in guesses:
                self._table.change(connection, holder.id, {"phase": Phase.UNKNOWN, "video": "", **_NO_TASK})
            return self._table.change(connection, job_id, {"task_id": task_id, "guessed": not is_certain})

    @plain_arguments
    def ids(self, except_job: str = "") -> TaskIds:
        """Return the tasks of all other jobs: those that are theirs for certain, and those that were guessed."""
        clause = "SELECT task_id, guessed FROM jobs WHERE typeof(task_id) = 'text' AND task_id != '' AND id != ?"
        with self._table.database.opened() as connection:
            rows = [(row[0], row[1] == 1) for row in connection.execute(clause, (except_job,))]
            known = [(self._table.addresses.unmask_if_known(task_id), guessed) for task_id, guessed in rows]
        return TaskIds(*(frozenset(task_id for task_id, guessed in known if guessed is is_guess)
                         for is_guess in (False, True)))  # fmt: skip

    @plain_arguments
    def missing(self, backend: str) -> list[Record]:
        """Return the jobs of a backend that were sent and whose tasks are not known, those being sent now included."""
        return self._table.records(f"WHERE {IS_WITHOUT_TASK_SQL} AND backend = ? ORDER BY rowid", (backend,))
