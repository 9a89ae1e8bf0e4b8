"""How many looks a task takes and how late its end is seen, simulated, beside the usual ways to poll.

The laws of the tasks are those of performance anchors 6, and assumed there, not observed: queue lognormal with
median 4 s, run lognormal with median 42 s (clip of 5 s) or 85 s (10 s), sigma 0.22, half each. The anchors do not
name the queue's sigma; 0.75 makes fixed 2 s take about as many looks as they say, 36. Progress comes in bent
steps, evenly, stuck at 0.95 from 80 % of the run on, or not at all.

A delay is the time from the end of a task to the look that sees it; every look counts, the first one too.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from typing import NamedTuple

from runway_nb.jobs.poll_schedule import Poll, PollSchedule

TASKS = 4000
SEED = 20
MEDIAN = {5: 42.0, 10: 85.0}

Row = tuple[str, float, str]


class Simulated(NamedTuple):
    """One task: lengths in seconds."""

    clip: int
    queue: float
    run: float
    bend: float
    step: float = 4.0

    @property
    def end(self) -> float:
        return self.queue + self.run

    def faster(self, length: float) -> Simulated:
        """The same task in a simulator whose speed makes it `length` seconds long."""
        part = length / self.end
        return self._replace(queue=self.queue * part, run=self.run * part, step=self.step * part)


Progress = Callable[[Simulated, float], "float | None"]


def steps(task: Simulated, elapsed: float) -> float | None:
    """A new ratio every four seconds, bent, with two decimals."""
    part = elapsed // task.step * task.step / task.run
    return round(math.pow(part, task.bend), 2)


def linear(task: Simulated, elapsed: float) -> float | None:
    """Even, with two decimals."""
    return round(elapsed / task.run, 2)


def stall(task: Simulated, elapsed: float) -> float | None:
    """Even up to 80 % of the run, 0.95 from there on."""
    return 0.95 if elapsed >= 0.8 * task.run else linear(task, elapsed)


def early(task: Simulated, elapsed: float) -> float | None:
    """Another reading of the stall: too fast all the time, so that it arrives at 0.95 at 80 % of the run."""
    return round(min(0.95, elapsed / task.run * 0.95 / 0.8), 2)


def none(task: Simulated, elapsed: float) -> float | None:  # noqa: ARG001 - one of the kinds of progress
    """Never a ratio."""
    return None


KINDS: tuple[Progress, ...] = (steps, linear, stall, none)


class Cost(NamedTuple):
    """What following cost, per task."""

    polls: float
    delay: float


Policy = Callable[[Simulated, Progress], Cost]


def measure() -> list[Row]:
    """Name, figure and goal of each measurement; an empty goal is there to compare."""
    tasks = draw(TASKS)
    ours = mixture(follow, tasks)
    rows = [
        ("following: looks per task, four kinds of progress", ours.polls, "<= 6.5"),
        ("following: mean delay, four kinds of progress, s", ours.delay, "<= 1.5"),
        *_beside(ours, tasks),
    ]
    for kind in (*KINDS, early):
        name = "stall reached too fast (not in the mixture)" if kind is early else kind.__name__
        rows += _pair(f"progress {name}", mean(follow, tasks, kind))
    return rows + _misled() + _fast(tasks)


def draw(count: int, scale: float = 1.0, seed: int = SEED) -> list[Simulated]:
    """Tasks after the laws above, their runs `scale` times as long."""
    rng = random.Random(seed)
    return [_draw(rng, (5, 10)[number % 2], scale) for number in range(count)]


def _draw(rng: random.Random, clip: int, scale: float) -> Simulated:
    queue, run = rng.lognormvariate(math.log(4.0), 0.75), rng.lognormvariate(math.log(MEDIAN[clip]), 0.22)
    return Simulated(clip, queue, run * scale, rng.uniform(0.7, 1.4))


def follow(task: Simulated, progress: Progress, rng: random.Random | None = None) -> Cost:
    """Our own policy; with a generator its waits are jittered."""
    schedule = PollSchedule(0.0, seconds=task.clip)
    now, polls = schedule.first_wait(), 1
    while now < task.end and not schedule.is_over(now):
        running = now >= task.queue
        ratio = progress(task, now - task.queue) if running else None
        schedule = schedule.seen(Poll(now, "RUNNING" if running else "PENDING", ratio))
        now += schedule.wait(now, rng.uniform(-1.0, 1.0) if rng else 0.0)
        polls += 1
    return Cost(polls, now - task.end)


def jittered(task: Simulated, progress: Progress) -> Cost:
    """Our own policy with its jitter."""
    return follow(task, progress, random.Random(task.end))


def spaced(first: float, growth: float = 1.0, longest: float = math.inf) -> Policy:
    """Looks at a pace that knows nothing of the task: fixed, or growing up to a longest wait."""

    def poll(task: Simulated, progress: Progress) -> Cost:  # noqa: ARG001 - that is the point
        now, gap, polls = first, first, 1
        while now < task.end:
            gap = min(longest, gap * growth)
            now, polls = now + gap, polls + 1
        return Cost(polls, now - task.end)

    return poll


def mean(policy: Policy, tasks: list[Simulated], progress: Progress) -> Cost:
    """What a policy costs per task of one kind."""
    polls, delays = zip(*(policy(task, progress) for task in tasks), strict=True)
    return Cost(sum(polls) / len(tasks), sum(delays) / len(tasks))


def mixture(policy: Policy, tasks: list[Simulated], kinds: tuple[Progress, ...] = KINDS) -> Cost:
    """What a policy costs per task when the kinds of progress are equally frequent."""
    costs = [mean(policy, tasks, kind) for kind in kinds]
    return Cost(sum(cost.polls for cost in costs) / len(kinds), sum(cost.delay for cost in costs) / len(kinds))


def _beside(ours: Cost, tasks: list[Simulated]) -> list[Row]:
    """Ours against the usual ways, for which the kind of progress makes no difference."""
    two, ten, growing = (mean(policy, tasks, none) for policy in (spaced(2.0), spaced(10.0), spaced(2.0, 1.5, 10.0)))
    return [
        ("looks / fixed 2 s", ours.polls / two.polls, "<= 0.19"),
        ("mean delay / fixed 2 s", ours.delay / two.delay, "<= 1.5"),
        ("looks / fixed 10 s", ours.polls / ten.polls, "<= 1"),
        ("mean delay / fixed 10 s", ours.delay / ten.delay, "<= 0.33"),
        ("looks / back-off 2 s x1.5 up to 10 s", ours.polls / growing.polls, "<= 0.7"),
        ("mean delay / back-off 2 s x1.5 up to 10 s", ours.delay / growing.delay, "<= 0.33"),
    ]


def _misled() -> list[Row]:
    """When runs are shorter or longer than the usual durations say, and with jitter."""
    rows: list[Row] = []
    for scale in (0.6, 1.6):
        cost = mixture(follow, draw(TASKS // 2, scale))
        rows += _pair(f"runs {scale} times as long as usual", cost, "<= 10", "<= 3")
    return rows + _pair("with jitter", mixture(jittered, draw(TASKS // 2)))


def _fast(tasks: list[Simulated]) -> list[Row]:
    """A simulator at speed; without any ratio nothing tells such a task from a real one."""
    rows: list[Row] = []
    for length, goal in ((8.0, "<= 1.2"), (1.0, "")):
        short = [task.faster(length) for task in tasks[:1000]]
        rows += _pair(f"whole task {length:.0f} s, with progress", mixture(follow, short, KINDS[:3]), delay=goal)
        rows += _pair(f"whole task {length:.0f} s, without", mean(follow, short, none))
    return rows


def _pair(name: str, cost: Cost, polls: str = "", delay: str = "") -> list[Row]:
    return [(f"{name}: looks per task", cost.polls, polls), (f"{name}: mean delay, s", cost.delay, delay)]


def main() -> None:
    for name, value, goal in measure():
        print(f"{name:<72} {value:>8.2f}   {goal}")


if __name__ == "__main__":
    main()
