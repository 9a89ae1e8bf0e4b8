"""Who may send next: one queue for all jobs of a backend, first come, first served, per account.

Runway lets about two tasks of an account run at once (API facts 13), so the queue sends the next one when one
ends. A 429 sends a job back to its old place and closes the account for a while. Of requests that are alike one create
at a time is on its way: should its answer be lost, no other one is in doubt with it. Used on the background loop only.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

ANSWER_SECONDS = 20.0
"""How long a create that is not answered keeps those back that are like it; a choice of ours."""
PREPARING_SECONDS = 1.0
"""How long a job that still prepares keeps those behind it back; a choice of ours."""
SLOWER, SLOWEST = 2.0, 2.0
"""How much longer each refusal in a row makes the next wait, and at most; a choice of ours."""
FORGET_SECONDS = 600.0
"""After which a 429 says nothing any more of how many tasks an account takes; a choice of ours."""
_ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")


@dataclass(eq=False)
class QueueEntry:
    """A job's place in the queue, and its slot once it is sent."""

    job_id: str
    account: str = field(repr=False)
    """The account's e-mail, or nothing while it is open which account will run it."""
    number: int
    kin: str = field(default="", repr=False)
    """Equal for requests whose tasks are hard to tell apart."""
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when anything in the queue changes."""

    def meets(self, other: QueueEntry) -> bool:
        """Return True when both may be on the same account; one that is open may be on any."""
        return not self.account or not other.account or self.account == other.account

    def keeps_back(self, other: QueueEntry) -> bool:
        """Return True when `other` waits until the create of this one is answered."""
        return self.kin == other.kin and self.meets(other)


class Closed(NamedTuple):
    """What a 429 has shown: with so many tasks of ours at work an account took no more."""

    entry: QueueEntry
    until: float
    """When it may be tried again."""
    level: int
    """How many of ours were at work."""
    in_row: int
    """How many refusals there were in a row."""


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
        self._closed: list[Closed] = []
        self._sending: dict[QueueEntry, float] = {}
        """Those whose create is on its way, and until when it keeps others back."""
        self._preparing: dict[QueueEntry, float] = {}
        """Those that have a place and do not wait for a slot yet, and until when it keeps others back."""

    def reserve(self, job_id: str, account: str) -> QueueEntry:
        """Take the last place for a job that has to prepare first: of jobs begun together the first one goes first."""
        entry = QueueEntry(job_id, account, next(self._numbers))
        self._preparing[entry] = self._clock() + PREPARING_SECONDS
        return entry

    def join(self, entry: QueueEntry, account: str, kin: str = "") -> None:
        """Wait for a slot from now on, in the place that was taken."""
        entry.account, entry.kin = account, kin
        self._preparing.pop(entry, None)
        self._waiting.append(entry)
        self._waiting.sort(key=lambda other: other.number)
        self._notify()

    def may_go(self, entry: QueueEntry) -> bool:
        """Return True when a slot is free, nobody is before, and nothing else keeps it back: see `reopens`."""
        return self.position(entry) == 0 and len(self.holders(entry)) < self._slots() and self.reopens(entry) is None

    def go(self, entry: QueueEntry) -> None:
        """Move an entry out of the queue, into a slot; one like it may follow once its create is answered."""
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

        The account is closed for `seconds` while as many tasks of ours are at work there as now.
        """
        in_row, now = self._in_row(entry) + 1, self._clock()
        self._flying.remove(entry)
        self._sending.pop(entry, None)
        self._waiting.append(entry)
        self._waiting.sort(key=lambda other: other.number)
        met = [closed for closed in self._closed if closed.entry.meets(entry)]
        still = [closed for closed in met if closed.until > now]
        until = max([now + seconds, *(closed.until for closed in still)])
        level = min([len(self.holders(entry)), *(closed.level for closed in still)])
        self._closed = [closed for closed in self._closed if closed not in met]
        self._closed.append(Closed(entry, until, level, in_row))
        self._notify()

    def slowdown(self, entry: QueueEntry) -> float:
        """Return how many times longer than after a first 429 it is waited after one more: 1 to `SLOWEST`."""
        return min(SLOWER ** self._in_row(entry), SLOWEST)

    def _in_row(self, entry: QueueEntry) -> int:
        recent = self._clock() - FORGET_SECONDS
        return max((c.in_row for c in self._closed if c.entry.meets(entry) and c.until > recent), default=0)

    def leave(self, entry: QueueEntry) -> None:
        """Give the place or the slot back; the next may go. Harmless when it was given back before."""
        self._sending.pop(entry, None)
        self._preparing.pop(entry, None)
        if entry in self._flying:
            self._flying.remove(entry)
        elif entry in self._waiting:
            self._waiting.remove(entry)
        self._notify()

    def locate(self, entry: QueueEntry, account: str) -> None:
        """Take note of the account that runs the task, from the answer to the create."""
        self._sending.pop(entry, None)
        entry.account = account or entry.account
        # one more than it took before
        at_work = len(self.holders(entry))
        self._closed = [closed for closed in self._closed if not closed.entry.meets(entry) or at_work <= closed.level]
        self._notify()

    def is_wanted(self, entry: QueueEntry) -> bool:
        """Return True when another job waits for the slot that an entry holds."""
        return any(other.meets(entry) for other in self._waiting)

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
        """Return until when a 429, the create of one like it, or one before it that prepares, keeps an entry back."""
        now, at_work = self._clock(), len(self.holders(entry))
        times = [closed.until for closed in self._closed if closed.entry.meets(entry) and at_work >= closed.level]
        times += [until for other, until in self._sending.items() if other.keeps_back(entry)]
        before = [other for other in self._preparing if other.number < entry.number and other.meets(entry)]
        times += [self._preparing[other] for other in before]
        return max((until for until in times if until > now), default=None)

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
