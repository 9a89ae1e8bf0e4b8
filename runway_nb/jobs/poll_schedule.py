"""When to poll a running task again, and when to stop: a step function of task and clock.

Nothing here reads a clock, sleeps, sends or draws a random number. The caller says what each poll showed and
asks how long to wait. Times are seconds on the caller's monotonic clock, ratios are 0 to 1.

A schedule believes in an end, give or take a spread: at first from the usual duration of such clips, then from
the progress that each poll shows. A poll costs some seconds of delay (`POLL_COST`, c), and where the end comes
with the hazard h(t), polls are spent best at the density sqrt(h / 2c) (Keller, "Optimum checking schedules",
1974). For a logistic belief the integral of sqrt(h) has a closed form, which `_next_poll` holds. The constants
of belief were fitted to the tasks that `benchmarks/following.py` simulates; the laws of those are assumed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

FIRST_POLL = 3.0
"""Seconds from the start of following to the first poll (API facts 15: 3 to 5 s)."""
SHORTEST, LONGEST = 1.0, 20.0
"""Limits of the time between two polls, in seconds; the longest is also the pace of explore mode (API facts 15)."""
DEADLINE, EXPLORE_DEADLINE = 30 * 60.0, 3 * 60 * 60.0
"""Seconds after which the caller detaches; the task itself goes on (API facts 15)."""
JITTER = 0.2
"""The part of a wait that jitter may add or take (API facts 15)."""
QUEUED = frozenset({"PENDING", "THROTTLED"})
"""Words for a task that has not begun; any other word may be a running task (API facts 4.1)."""

RUN_PER_SECOND = 8.5
"""Usual seconds of rendering for each second of a clip: 42 s for 5, 85 s for 10 (performance anchors 6)."""
QUEUE = 4.0
"""Usual seconds before a task begins (performance anchors 6)."""
POLL_COST = 0.46
"""Seconds of delay that one poll is worth; more of it means fewer polls and later discovery."""
WANTED_COST = 0.03
"""The same where another job waits for the slot: a delay is then the delay of all that follow."""
USUAL_ERROR = 0.24
"""Spread of the usual duration, as a part of it."""
READING_ERROR = 0.5
"""Seconds of spread that remain however good the progress is: ratios come in steps and rounded."""
FIRST_ERROR = 0.25
"""Spread of the first extrapolation, as a part of the time left."""
DISAGREEMENT = 0.25
"""The part of the difference between two extrapolations that is their spread; it tells even progress from bent."""
NEAR = 5.0
"""Seconds of disagreement that count even when nothing is left to do."""
LATENESS = 0.6
"""The part of the time past the believed end that widens the spread."""
STUCK = 0.1
"""The part of the time without progress that widens the spread."""
SMALLEST_RISE = 0.005
"""Smaller rises are not extrapolated from: the ratio has two decimals."""
LOGISTIC = math.sqrt(3.0) / math.pi
"""From the standard deviation to the scale of a logistic law."""


@dataclass(frozen=True)
class Poll:
    """What one GET of a task showed."""

    at: float
    """When the answer came, in seconds."""
    status: str
    """The raw word; words that are not known are followed on."""
    ratio: float | None = None
    """`progressRatio`; not a number and infinity count as None, the rest is clamped to 0 to 1."""
    starts_in: float | None = None
    """`estimatedTimeToStartSeconds` of a queued task; nonsense counts as None."""


@dataclass(frozen=True)
class Belief:
    """When the task will end, and what makes us think so."""

    end: float
    """The believed end, in seconds on the caller's clock."""
    spread: float
    """Standard deviation of it, in seconds."""
    queued: float
    """When the task was last known not to have begun."""
    began: float | None = None
    """When it began, or None while it is queued."""
    ratio: float = 0.0
    """The highest ratio seen."""
    rose: float = 0.0
    """When the ratio last rose, or when the task began."""
    extrapolated: float | None = None
    """The end by the latest rise of the ratio alone, or None before there was one."""


@dataclass(frozen=True)
class PollSchedule:
    """How one task is followed: immutable, each poll gives the next schedule.

    Example:
        schedule = PollSchedule(started=clock())
        seconds = schedule.first_wait()
        while not schedule.is_over(clock()):
            sleep(seconds)
            task = get()
            schedule = schedule.seen(Poll(clock(), task.status, task.progress))
            seconds = schedule.wait(clock())
    """

    started: float
    """When following began, in seconds on the caller's monotonic clock."""
    explore: bool = False
    """Explore mode: a calm pace of 20 s and a deadline of three hours."""
    seconds: int = 5
    """Length of the clip, which gives the usual duration."""
    status: str = ""
    """The raw word of the latest good poll."""
    progress: float | None = None
    """The highest ratio seen, 0 to 1, never backwards; None until the task shows one."""
    last_poll: float | None = None
    """When the latest poll came back, good or not."""
    failures: int = 0
    """Polls that failed since the last good one."""
    belief: Belief | None = None
    """When the end is expected; None before the first good poll."""

    def first_wait(self) -> float:
        """Return the seconds from the start to the first poll."""
        return FIRST_POLL

    def seen(self, poll: Poll) -> PollSchedule:
        """Return the schedule after a good poll."""
        ratio = _clean_ratio(poll.ratio)
        known = [value for value in (self.progress, ratio) if value is not None]
        return replace(
            self,
            status=poll.status,
            progress=max(known, default=None),
            last_poll=self._after(poll.at),
            failures=0,
            belief=self._believe(poll, ratio or 0.0),
        )

    def missed(self, at: float) -> PollSchedule:
        """Return the schedule after a poll that failed: the next ones come after 1, 2, 4 ... 20 s."""
        return replace(self, last_poll=self._after(at), failures=self.failures + 1)

    def wait(self, now: float, jitter: float = 0.0, cost: float = POLL_COST) -> float:
        """Return the seconds until the next poll.

        Args:
            now: the caller's clock.
            jitter: -1 to 1, a number of the caller's own; shortens or lengthens the time between two polls by up
                to 20 % inside its limits, 1 to 20 s.
            cost: seconds of delay that one poll is worth.

        Returns:
            0 when the poll is due, and never more than what is left until the deadline.
        """
        latest = self._after(self.started)
        gap = self._gap(cost) * (1.0 + JITTER * _clamp(jitter, -1.0, 1.0))
        due = min(latest + _clamp(gap, SHORTEST, LONGEST), self.deadline())
        return max(0.0, due - max(now, latest))

    def deadline(self) -> float:
        """Return when the caller detaches, on the caller's clock."""
        return self.started + (EXPLORE_DEADLINE if self.explore else DEADLINE)

    def is_over(self, now: float) -> bool:
        """Return True when the deadline has come; the task goes on and can be followed again."""
        return now >= self.deadline()

    def remaining(self, now: float) -> float | None:
        """Return the seconds left, for the screen; None without progress to judge by, and once the guess is overdue."""
        belief = self.belief
        if belief is None or belief.extrapolated is None or now >= belief.end:
            return None
        return belief.end - now

    def _after(self, at: float) -> float:
        """Return a time that is not before the latest poll, for a clock that was read twice."""
        return at if self.last_poll is None else max(self.last_poll, at)

    def _gap(self, cost: float) -> float:
        """Return the seconds between the latest poll and the next one, before limits and jitter."""
        if self.failures:
            return 2.0 ** min(self.failures - 1, 10)
        if self.belief is None or self.last_poll is None:
            return FIRST_POLL
        if self.explore or self.status.upper() == "THROTTLED":
            return LONGEST
        return _next_poll(self.belief, self.last_poll, cost) - self.last_poll

    def _usual(self) -> float:
        """Return the usual seconds of rendering for a clip of this length."""
        return RUN_PER_SECOND * max(1, self.seconds)

    def _believe(self, poll: Poll, ratio: float) -> Belief:
        at, belief = self._after(poll.at), self.belief
        if belief is None and ratio > 0.0 and at - self.started < FIRST_POLL / 2:
            return self._joined(at, ratio)
        if poll.status.upper() in QUEUED and ratio == 0.0:
            return self._queued(at, poll.starts_in)
        if belief is None or belief.began is None:
            belief = self._begun(at, self.started if belief is None else belief.queued)
        # two polls in one second, as after a press of a button, say nothing about the pace
        tells = ratio - belief.ratio >= SMALLEST_RISE and at - belief.rose >= SHORTEST
        return _risen(belief, at, ratio) if tells else belief

    def _queued(self, at: float, starts_in: float | None) -> Belief:
        usual, queue = self._usual(), _clean_delay(starts_in)
        return Belief(at + queue + usual, USUAL_ERROR * usual, queued=at)

    def _begun(self, at: float, queued: float) -> Belief:
        """Return the estimate for a task that began after `queued` and before `at`, where it was first seen at work."""
        began, usual = min(queued + QUEUE, (queued + at) / 2), self._usual()
        return Belief(began + usual, USUAL_ERROR * usual, queued, began, rose=began)

    def _joined(self, at: float, ratio: float) -> Belief:
        """Return the estimate for a task of unknown age, found under way: what is left is a usual rest."""
        rest = (1.0 - ratio) * self._usual()
        return Belief(at + rest, USUAL_ERROR * rest + READING_ERROR, at, at, ratio, rose=at)


def _risen(belief: Belief, at: float, ratio: float) -> Belief:
    """Return the belief after the ratio rose: what was believed and what the rise says, each by its precision."""
    left = (1.0 - ratio) * (at - belief.rose) / (ratio - belief.ratio)
    end, spread = at + left, FIRST_ERROR * left + READING_ERROR
    if belief.extrapolated is not None:
        # a ratio near 1 is believed however it came there: its end is near, or it is stuck
        spread = DISAGREEMENT * min(abs(end - belief.extrapolated), 2.0 * left + NEAR) + READING_ERROR
    trust = belief.spread**2 / (belief.spread**2 + spread**2)
    return replace(
        belief,
        end=belief.end + trust * (end - belief.end),
        spread=spread * math.sqrt(trust),
        ratio=ratio,
        rose=at,
        extrapolated=end,
    )


def _next_poll(belief: Belief, at: float, cost: float) -> float:
    """Return when to poll again after a poll at `at` that showed no end; always later than `at`.

    The hazard of a logistic law of scale s round the end is 1 / s(1 + exp(-x)), x = (t - end) / s, and the
    integral of its square root is 2 sqrt(s) asinh(exp(x / 2)). The next poll is where it has grown by sqrt(2c).
    """
    scale = LOGISTIC * belief.spread + LATENESS * max(0.0, at - belief.end)
    if belief.ratio > 0.0:
        scale += STUCK * (at - belief.rose)
    spent = math.asinh(math.exp((at - belief.end) / (2.0 * scale)))
    return belief.end + 2.0 * scale * math.log(math.sinh(spent + math.sqrt(cost / (2.0 * scale))))


def _clean_ratio(ratio: float | None) -> float | None:
    if ratio is None or not math.isfinite(ratio):
        return None
    return _clamp(ratio, 0.0, 1.0)


def _clean_delay(starts_in: float | None) -> float:
    """Return the seconds until a queued task begins: what the task says, else the usual."""
    if starts_in is None or not 0.0 <= starts_in <= EXPLORE_DEADLINE:
        return QUEUE
    return starts_in


def _clamp(value: float, low: float, high: float) -> float:
    return max(low, min(high, value))
