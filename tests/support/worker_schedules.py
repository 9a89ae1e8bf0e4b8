"""Sweeps that go to the workers of an executor, in the schedules of `support.sweep_schedules`.

The executor keeps no promise: it makes a call late, twice, at a worker that dies in it, or never.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor
from functools import partial
from typing import Any

from runway_nb.jobs.policy import Limits
from runway_nb.studio import Studio
from runway_nb.sweeps.price import check_sweep
from runway_nb.sweeps.submission import submit_sweep
from support.crew import Crew
from support.sweep_schedules import SweepSchedule


class WorkersSchedule(SweepSchedule):
    """One user, one sweep; each kernel is a worker as well."""

    def __init__(self, *parts: Any) -> None:
        self.crew = Crew()
        super().__init__(*parts)

    def _sweep(self, studio: Studio) -> None:
        executor = self.crew if self.draw.random() < 0.8 else None
        self.sweeps.append(submit_sweep(studio, check_sweep(studio, self.plan, Limits()), yes=True, executor=executor))

    def act(self) -> None:
        """What happens next: to the sweep, or to the calls that the executor was asked for."""
        self.draw.choice([super().act] * 4 + [self.work] * 3 + [self.lose_call, self.hand_over, self.die_at_work])()

    def work(self) -> None:
        """A worker makes a call; perhaps one that was made before."""
        if self.crew.calls:
            number = self.draw.randrange(len(self.crew.calls))
            self.tally["call made again"] += self.crew.calls[number][1].done()
            self._work(number)
            self.loop.wait(self.draw.choice([0.0, 0.02, 0.5, 5.0]))

    def _work(self, number: int) -> None:
        self.tally["call made"] += 1
        act = partial(self.crew.work, number)
        self._do(self.draw.choice(self.kernels), f"call {number} of job {self.crew.ids[number]}", act)

    def die_at_work(self) -> None:
        """A worker dies some steps after it has begun."""
        if self.crew.calls:
            kernel = self._revived(self.draw.choice(self.kernels))
            kernel.process.steps_left = self.draw.randint(1, 12)
            number = self.draw.randrange(len(self.crew.calls))
            self._do(kernel, f"call {number}, to die in it", partial(self.crew.work, number))
            self.loop.wait(self.draw.uniform(0.1, 30))

    def lose_call(self) -> None:
        """The executor gives up a call, or takes it back."""
        open_ones = [number for number, (_, future) in enumerate(self.crew.calls) if not future.done()]
        if open_ones:
            number = self.draw.choice(open_ones)
            self.say(f"call {number} is lost")
            self.tally["call lost"] += 1
            if self.draw.random() < 0.5:
                self.crew.fail(number, BrokenExecutor("a worker was killed"))
            else:
                self.crew.calls[number][1].cancel()

    def hand_over(self) -> None:
        """A sweep that runs goes over to the executor."""
        if self.sweeps:
            before = len(self.crew.calls)
            self._do(self.draw.choice(self.kernels), "run it at the executor", lambda _: self.sweeps[-1].run(self.crew))
            self.tally["handed over while it ran"] += len(self.crew.calls) - before

    def another_day(self) -> None:
        """No pool lives for so long."""
        self._end_pool()
        super().another_day()

    def before_round(self) -> None:
        """What no worker has begun is lost."""
        self._end_pool()
        super().before_round()

    def _wait_for_all(self) -> None:
        self._end_pool()
        super()._wait_for_all()

    def _end_pool(self) -> None:
        """Each call is made or given up."""
        for number, (_, future) in enumerate(self.crew.calls):
            if not future.done() and self.draw.random() < 0.5:
                self._work(number)
            self.crew.fail(number, BrokenExecutor("the pool has ended"))
