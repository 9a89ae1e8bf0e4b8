"""Who may send next: one queue for all jobs of a backend, first come, first served, per account.

Runway lets about two tasks of an account run at once (API facts 13), so the queue sends the next one when one
ends. A 429 sends a job back to its old place and closes the account for a while. One create of an account is on its
way at a time: should its answer be lost, no other one is in doubt with it, and of many that wait one alone learns
that Runway takes no more. Used on the background loop only.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field

ANSWER_SECONDS = 20.0
"""How long a create keeps the next one back that is not answered; a choice of ours."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(eq=False)
class QueueEntry:
    """A job's place in the queue, and its slot once it is sent."""

    job_id: str
    account: str = field(repr=False)
    """The account's e-mail, or nothing while it is open which account will run it."""
    number: int
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when anything in the queue changes."""

    def meets(self, other: QueueEntry) -> bool:
        """Return True when both may be on the same account; one that is open may be on any."""
        return not self.account or not other.account or self.account == other.account


class SubmitQueue:
    """The jobs that wait for a slot and those that hold one.

    Args:
        slots: How many tasks of an account may run at once, asked anew each time.
        clock: Seconds that never jump.
    """

    def __init__(self, slots: Callable[[], int], clock: Callable[[], float]) -> None:
        self._slots = slots
        self._clock = clock
        self._numbers = itertools.count()
        self._waiting: list[QueueEntry] = []
        self._flying: list[QueueEntry] = []
        self._closed: list[tuple[QueueEntry, float]] = []
        self._sending: dict[QueueEntry, float] = {}
        """Those whose create is on its way, and until when it keeps others back."""

    def join(self, job_id: str, account: str) -> QueueEntry:
        """Take the last place."""
        entry = QueueEntry(job_id, account, next(self._numbers))
        self._waiting.append(entry)
        return entry

    def may_go(self, entry: QueueEntry) -> bool:
        """Return True when a slot is free, nobody is before, and neither a 429 nor another create keeps it back."""
        return self.position(entry) == 0 and len(self.holders(entry)) < self._slots() and self.reopens(entry) is None

    def go(self, entry: QueueEntry) -> None:
        """Move an entry out of the queue, into a slot; the next may follow once its create is answered."""
        self._waiting.remove(entry)
        self._flying.append(entry)
        self._sending[entry] = self._clock() + ANSWER_SECONDS
        self._notify()

    def note_answer(self, entry: QueueEntry) -> None:
        """Take note that the create of an entry was answered, or that nobody knows whether it was."""
        if self._sending.pop(entry, None) is not None:
            self._notify()

    def occupy(self, job_id: str, account: str) -> QueueEntry:
        """Take a slot without waiting, for a task that runs already."""
        entry = QueueEntry(job_id, account, next(self._numbers))
        self._flying.append(entry)
        self._notify()
        return entry

    def send_back(self, entry: QueueEntry, seconds: float) -> None:
        """Move an entry back to its old place after a 429.

        The account is closed for `seconds`, or until one of its tasks ends.
        """
        self._flying.remove(entry)
        self._sending.pop(entry, None)
        self._waiting.append(entry)
        self._waiting.sort(key=lambda other: other.number)
        self._closed.append((entry, self._clock() + seconds))
        self._notify()

    def leave(self, entry: QueueEntry) -> None:
        """Give the place or the slot back; the next may go. Harmless when it was given back before."""
        self._sending.pop(entry, None)
        if entry in self._flying:
            self._flying.remove(entry)
            self._closed = [(other, until) for other, until in self._closed if not other.meets(entry)]
        elif entry in self._waiting:
            self._waiting.remove(entry)
        self._notify()

    def locate(self, entry: QueueEntry, account: str) -> None:
        """Take note of the account that runs the task, from the answer to the create."""
        self._sending.pop(entry, None)
        entry.account = account or entry.account
        self._notify()

    @property
    def busy(self) -> int:
        """Slots that jobs of this backend hold, over all accounts."""
        return len(self._flying)

    def holders(self, entry: QueueEntry) -> list[str]:
        """Return the jobs whose tasks hold slots that `entry` could use."""
        return [other.job_id for other in self._flying if other.meets(entry)]

    def position(self, entry: QueueEntry) -> int:
        """Return how many wait before it."""
        return sum(other.meets(entry) for other in self._waiting if other.number < entry.number)

    def reopens(self, entry: QueueEntry) -> float | None:
        """Return until when a 429, or a create on its way, keeps an entry back; None when nothing does."""
        now = self._clock()
        self._closed = [(other, until) for other, until in self._closed if until > now]
        kept_back = [*self._closed, *((other, until) for other, until in self._sending.items() if until > now)]
        return max((until for other, until in kept_back if other.meets(entry)), default=None)

    def message(self, entry: QueueEntry) -> str:
        """Return why it waits: slots, position, and whose tasks hold the slots."""
        holders = self.holders(entry)
        position = self.position(entry)
        line = f"{_ORDINALS[position]} in line" if position < len(_ORDINALS) else f"number {position + 1} in line"
        busy = f"{len(holders)} of {self._slots()} slots busy"
        names = f"with job{'s' * (len(holders) > 1)} {', '.join(holders[:3])}" if holders else ""
        return " \N{MIDDLE DOT} ".join(filter(None, [busy, line, names]))

    def _notify(self) -> None:
        for entry in (*self._waiting, *self._flying):
            entry.moved.set()
