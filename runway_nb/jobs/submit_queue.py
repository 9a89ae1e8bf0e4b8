"""Who may send next: one queue for all jobs of a backend, first come, first served, per account.

Runway lets about two tasks of an account run at once (API facts 13), so the queue sends the next one when one
ends. A 429 sends a job back to its old place and closes the account for a while. Of requests that are alike one create
at a time is on its way: should its answer be lost, no other one is in doubt with it. Used on the background loop only.

Other kernels share the account: what the ledger knows of them counts as what the queue knows by itself. Among them a
free slot goes to the user who holds the fewest, then to the notebook, then to who came first.
"""

from __future__ import annotations

import asyncio
import itertools
import math
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NamedTuple

from ..ledger.slots import ClosedAccount, Place, SlotFacts

ANSWER_SECONDS = 20.0
"""How long a create that is not answered keeps those back that are like it; a choice of ours."""
PREPARING_SECONDS = 1.0
"""How long a job that still prepares keeps those behind it back; a choice of ours."""
SLOWER, SLOWEST = 2.0, 2.0
"""How much longer each refusal in a row makes the next wait, and at most; a choice of ours."""
FORGET_SECONDS = 600.0
"""After which a 429 says nothing any more of how many tasks an account takes; a choice of ours."""
IDLE_SECONDS = 2.0
"""How long a free slot is left to another kernel that is before and does not take it; a choice of ours."""
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
        return self.may_be_on(other.account)

    def may_be_on(self, account: str) -> bool:
        """Return True when it may run on this account; nothing stands for one that is open."""
        return not self.account or not account or self.account == account

    def keeps_back(self, other: QueueEntry) -> bool:
        """Return True when `other` waits until the create of this one is answered."""
        return self.kin == other.kin and self.meets(other)


class Closed(NamedTuple):
    """What a 429 has shown: with so many tasks of ours at work an account took no more."""

    account: str
    until: float
    """When it may be tried again."""
    level: int
    """How many were at work."""
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
        self._places: tuple[Place, ...] = ()
        """Who holds or wants a slot, as the ledger last said; ours among them."""
        self._idle: dict[str, float] = {}
        """Those of other kernels for whom a slot was free, and since when."""
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

    def note_facts(self, entry: QueueEntry, facts: SlotFacts) -> None:
        """Take note of what the ledger knows of all kernels, for an entry that is the next of this one."""
        now = self._clock()
        self._places = facts.places
        self._closed = [Closed(c.account, now + c.seconds, c.level, c.in_row) for c in facts.closed]
        is_free = len(self.holders(entry)) < self._slots()
        before = self._before(entry) if is_free else []
        self._idle = {place.job_id: self._idle.get(place.job_id, now) for place in before}

    def is_next(self, entry: QueueEntry) -> bool:
        """Return True when it would go now if this kernel were alone."""
        own = [other for other in self._flying if other.meets(entry)]
        return self.position(entry) == 0 and len(own) < self._slots() and not self._kept_until(entry)

    def may_go(self, entry: QueueEntry) -> bool:
        """Return True when a slot is free, nobody is before, and nothing else keeps it back: see `reopens`."""
        return self.position(entry) == 0 and not self._first_elsewhere(entry) and self.has_room(entry)

    def has_room(self, entry: QueueEntry) -> bool:
        """Return True when a slot is free, or it has one, and nothing but its place in line keeps it back."""
        is_free = len(self.holders(entry)) < self._slots()
        return is_free and self.reopens(entry) is None and not self._is_probed(entry)

    def is_shared(self, entry: QueueEntry) -> bool:
        """Return True while other kernels hold or want slots that `entry` could use."""
        return any(entry.may_be_on(place.account) for place in self._elsewhere)

    def go(self, entry: QueueEntry) -> None:
        """Move an entry out of the queue, into a slot; one like it may follow once its create is answered."""
        self._waiting.remove(entry)
        self._flying.append(entry)
        self._sending[entry] = self._clock() + ANSWER_SECONDS
        self._notify()

    def look_again(self) -> None:
        """Let those who wait see how many slots there are now."""
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

    def step_back(self, entry: QueueEntry) -> None:
        """Move an entry back to its old place: its slot was taken by another kernel."""
        self._flying.remove(entry)
        self._sending.pop(entry, None)
        self._waiting.append(entry)
        self._waiting.sort(key=lambda other: other.number)
        self._notify()

    def send_back(self, entry: QueueEntry, seconds: float) -> ClosedAccount:
        """Move an entry back to its old place after a 429, and return what that shows of the account.

        The account is closed for `seconds` while as many tasks are at work there as now.
        """
        in_row, now = self._in_row(entry) + 1, self._clock()
        met = [closed for closed in self._closed if entry.may_be_on(closed.account)]
        still = [closed for closed in met if closed.until > now]
        until = max([now + seconds, *(closed.until for closed in still)])
        level = min([len(self.holders(entry)), *(closed.level for closed in still)])
        self._closed = [closed for closed in self._closed if closed not in met]
        self._closed.append(Closed(entry.account, until, level, in_row))
        self.step_back(entry)
        return ClosedAccount(entry.account, until - now, level, in_row)

    def slowdown(self, entry: QueueEntry) -> float:
        """Return how many times longer than after a first 429 it is waited after one more: 1 to `SLOWEST`."""
        return min(SLOWER ** self._in_row(entry), SLOWEST)

    def _in_row(self, entry: QueueEntry) -> int:
        recent = self._clock() - FORGET_SECONDS
        met = [closed for closed in self._closed if entry.may_be_on(closed.account)]
        return max((closed.in_row for closed in met if closed.until > recent), default=0)

    def leave(self, entry: QueueEntry) -> None:
        """Give the place or the slot back; the next may go. Harmless when it was given back before."""
        self._sending.pop(entry, None)
        self._preparing.pop(entry, None)
        if entry in self._flying:
            self._flying.remove(entry)
        elif entry in self._waiting:
            self._waiting.remove(entry)
        self._notify()

    def locate(self, entry: QueueEntry, account: str) -> list[str]:
        """Take note of the account that runs the task, from the answer to the create; return what is open again."""
        self._sending.pop(entry, None)
        entry.account = account or entry.account
        # one more than it took before
        at_work = 1 + len(self.holders(entry))
        opened = [c for c in self._closed if entry.may_be_on(c.account) and at_work > c.level]
        self._closed = [closed for closed in self._closed if closed not in opened]
        self._notify()
        return [closed.account for closed in opened]

    def is_wanted(self, entry: QueueEntry) -> bool:
        """Return True when another job waits for the slot that an entry holds."""
        return any(other.meets(entry) for other in self._waiting)

    @property
    def busy(self) -> int:
        """Slots that jobs of this backend hold, over all accounts."""
        return len(self._flying)

    def holders(self, entry: QueueEntry) -> list[str]:
        """Return the other jobs, here and elsewhere, whose tasks hold slots that `entry` could use."""
        own = [other.job_id for other in self._flying if other.meets(entry) and other is not entry]
        holding = (place for place in self._elsewhere if place.is_holding and entry.may_be_on(place.account))
        return own + [place.job_id for place in holding]

    def position(self, entry: QueueEntry) -> int:
        """Return how many of this kernel wait before it."""
        return sum(other.meets(entry) for other in self._waiting if other.number < entry.number)

    def reopens(self, entry: QueueEntry) -> float | None:
        """Return until when a 429, the create of one like it, or one before it that prepares, keeps an entry back."""
        now, at_work = self._clock(), len(self.holders(entry))
        met = [closed for closed in self._closed if entry.may_be_on(closed.account)]
        times = [closed.until for closed in met if at_work >= closed.level and closed.until > now]
        return max([*times, *self._kept_until(entry)], default=None)

    def _kept_until(self, entry: QueueEntry) -> list[float]:
        """Return until when others of this kernel keep an entry back: the create of one like it, one that prepares."""
        alike = [until for other, until in self._sending.items() if other.keeps_back(entry) and other is not entry]
        before = [other for other in self._preparing if other.number < entry.number and other.meets(entry)]
        times = [*alike, *(self._preparing[other] for other in before)]
        return [until for until in times if until > self._clock()]

    @property
    def _elsewhere(self) -> list[Place]:
        return [place for place in self._places if not place.is_own]

    def _before(self, entry: QueueEntry) -> list[Place]:
        """Return those of other kernels to whom a free slot goes first."""
        holding = [place for place in self._places if place.is_holding]
        by_user, held = Counter(place.user for place in holding), Counter(place.group for place in holding)
        mine = next((place for place in self._places if place.job_id == entry.job_id), None)
        waiting = [p for p in self._elsewhere if not p.is_holding and entry.may_be_on(p.account)]
        if mine is None:
            return waiting

        def rank(place: Place) -> tuple[int, int, int]:
            return by_user[place.user], held[place.group], place.number

        return [place for place in waiting if rank(place) < rank(mine)]

    def _first_elsewhere(self, entry: QueueEntry) -> bool:
        """Return True while those of other kernels who are before, and take what is free, leave no slot."""
        long_ago = self._clock() - IDLE_SECONDS
        before = [place for place in self._before(entry) if self._idle.get(place.job_id, math.inf) > long_ago]
        return len(before) + len(self.holders(entry)) >= self._slots()

    def _is_probed(self, entry: QueueEntry) -> bool:
        """Return True while a create of another kernel tries whether a closed account takes tasks again."""
        return bool(self._in_row(entry)) and any(
            place.is_sending and entry.may_be_on(place.account) for place in self._elsewhere
        )

    def message(self, entry: QueueEntry) -> str:
        """Return why it waits: slots, position, and whose tasks hold the slots."""
        holders = self.holders(entry)
        position = self.position(entry) + len(self._before(entry))
        line = f"{_ORDINALS[position]} in line" if position < len(_ORDINALS) else f"number {position + 1} in line"
        busy = f"{len(holders)} of {self._slots()} slots busy"
        names = f"with job{'s' * (len(holders) > 1)} {', '.join(holders[:3])}" if holders else ""
        return " \N{MIDDLE DOT} ".join(filter(None, [busy, line, names]))

    def _notify(self) -> None:
        for entry in (*self._waiting, *self._flying):
            entry.moved.set()
