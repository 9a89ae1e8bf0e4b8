"""How long videos take, by how long earlier ones took: one alone, and many in turn. Pure."""

from __future__ import annotations

import heapq
import statistics
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import NamedTuple

from ..ledger.phase import Phase
from ..request import VideoRequest
from .state import State

RECENT = 20
"""Earlier videos of a kind that are judged by."""


class Kind(NamedTuple):
    """What the duration of a request depends on, as far as is known."""

    model: str
    length: int
    """Of the clip, in seconds."""
    explore: bool = False


class Duration(NamedTuple):
    """How long one video took."""

    kind: Kind
    seconds: float
    """From the create call to the finished file."""


def kind_of(request: VideoRequest) -> Kind:
    """Return the kind of a request."""
    return Kind(request.model, request.length, bool(request.explore))


def usual_duration(kind: Kind, known: Iterable[Duration]) -> float | None:
    """Return the median of the latest `RECENT` videos of a kind; None where nothing is known of it.

    Of a length that was never made, the seconds for each second of a clip of its model say it.

    Args:
        kind: Of the request.
        known: Earlier videos, the latest first.
    """
    alike = [each for each in known if (each.kind.model, each.kind.explore) == (kind.model, kind.explore)]
    equal = [each.seconds for each in islice((it for it in alike if it.kind.length == kind.length), RECENT)]
    if equal:
        return statistics.median(equal)
    rates = [each.seconds / each.kind.length for each in alike[:RECENT]]
    return statistics.median(rates) * kind.length if rates else None


def finish_time(running: Sequence[float], waiting: Iterable[float], slots: int) -> float:
    """Return the seconds until all have ended: the first that waits begins as soon as a slot is free.

    Args:
        running: The seconds that are left of each that holds a slot; there may be more than slots.
        waiting: The seconds of each that waits, in their order.
        slots: How many run at once, 1 or more.
    """
    # with more at work than there are slots, nothing begins until so many have ended
    free = sorted(running)[max(0, len(running) - slots) :]
    free += [0.0] * (slots - len(free))
    heapq.heapify(free)
    last = max(running, default=0.0)
    for seconds in waiting:
        end = heapq.heappop(free) + seconds
        heapq.heappush(free, end)
        last = max(last, end)
    return last


def left_of(state: State, usual: float | None, now: float) -> float | None:
    """Return the seconds until a job that was sent frees its slot; None where nothing is known of it.

    Args:
        state: Where it stands.
        usual: The seconds that such a video takes, or None.
        now: Unix seconds.
    """
    if state.phase is Phase.DOWNLOADING:
        return 0.0
    if state.remaining is not None and state.last_poll is not None:
        return max(0.0, state.remaining - (now - state.last_poll))
    if usual is None:
        return None
    return usual if state.sent is None else max(0.0, usual - (now - state.sent))


def durations_of(jobs: Iterable[tuple[VideoRequest, State]]) -> list[Duration]:
    """Return how long the videos took that are there already, the latest first."""
    ended = [
        (state.ended, Duration(kind_of(request), state.ended - state.sent))
        for request, state in jobs
        if state.phase is Phase.DONE and state.sent is not None and state.ended is not None
    ]
    return [duration for _, duration in sorted(ended, reverse=True) if duration.seconds > 0]


class Pace(NamedTuple):
    """What is known of an account before many requests are sent to it."""

    slots: int
    """How many run at once."""
    known: tuple[Duration, ...] = ()
    """Earlier videos, the latest first."""

    def usual(self, request: VideoRequest) -> float | None:
        """Return the usual seconds of a request; None where nothing is known of its kind."""
        return usual_duration(kind_of(request), self.known)

    def total(self, requests: Iterable[VideoRequest]) -> float | None:
        """Return the seconds that requests take in their order; None where nothing is known of one of them."""
        each = [self.usual(request) for request in requests]
        known = [seconds for seconds in each if seconds is not None]
        return finish_time((), known, self.slots) if known and len(known) == len(each) else None

    def left(self, jobs: Iterable[tuple[State | None, VideoRequest]], now: float) -> float | None:
        """Return the seconds until all have ended; None where nothing is known of one of them, or there are none.

        Args:
            jobs: Those that have not ended, in their order, each where it stands and what it asks for; one that is
                still to be submitted stands nowhere.
            now: Unix seconds.
        """
        running: list[float | None] = []
        waiting: list[float | None] = []
        for state, request in jobs:
            usual = self.usual(request)
            if state is not None and state.phase.is_sent:
                running.append(left_of(state, usual, now))
            else:
                waiting.append(usual)
        known = [[seconds for seconds in part if seconds is not None] for part in (running, waiting)]
        count = len(running) + len(waiting)
        return finish_time(known[0], known[1], self.slots) if count and sum(map(len, known)) == count else None
