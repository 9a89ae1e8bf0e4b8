"""The marks of a job in this process: read from the ledger each time, since another kernel may set them."""

from __future__ import annotations

from collections.abc import Callable

from ..errors import LedgerError
from ..ledger.marks import NO_MARKS, LedgerMarks, Marks


class JobMarks:
    """Reads and sets the marks of one job.

    Args:
        job_id: The job's.
        ledger: Where they are kept; None for a job that stands in no ledger, which keeps them itself.
        notify: Called after they were set.
    """

    def __init__(self, job_id: str, ledger: LedgerMarks | None, notify: Callable[[], None]) -> None:
        self._job_id = job_id
        self._ledger = ledger
        self._notify = notify
        self._last = NO_MARKS

    def read(self) -> Marks:
        """Return the marks of this moment; as they were last seen where the ledger cannot be read."""
        if self._ledger is not None:
            try:
                self._last = self._ledger.of(self._job_id)
            except LedgerError:
                return self._last  # they decorate: a screen goes on without them
        return self._last

    def set(self, *, star: object = None, rejected: object = None, note: object = None) -> None:
        """Set what is given, in the ledger first. Raises `InvalidRequest`, `LedgerError`, `JobNotFound`."""
        if self._ledger is None:
            self._last = self._last.changed(star=star, rejected=rejected, note=note)
        else:
            self._last = self._ledger.set(self._job_id, star=star, rejected=rejected, note=note)
        self._notify()
