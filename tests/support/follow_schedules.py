"""A process that follows what nobody tracks, among the machines of `support.server_machines`.

It looks every two seconds of virtual time, whatever the others do meanwhile. It loses the server, dies at any of its
steps and is started again, as a service is.
"""

from __future__ import annotations

from contextlib import suppress
from typing import Any

from runway_nb.errors import LedgerError
from runway_nb.follow.events import Event
from runway_nb.follow.follower import LOOK_SECONDS, Follower
from runway_nb.jobs.recover import LATE_SECONDS
from support.schedules import SETTLING_ROUNDS
from support.server_machines import Machine, MachinesSchedule
from support.virtual import Died, Process


class FollowedSchedule(MachinesSchedule):
    """Two machines on which people work, and one that follows."""

    def __init__(self, *parts: Any) -> None:
        super().__init__(*parts)
        self.service_machine: Machine | None = None
        self.follower: Follower | None = None
        self._is_looking = False
        self._rounds = 0
        self._wait = self.loop.wait
        self.loop.wait = self._wait_and_follow  # type: ignore[method-assign]

    def act(self) -> None:
        """What happens next, to the service perhaps."""
        self.draw.choice([super().act] * 5 + [self.trouble_of_service])()

    def trouble_of_service(self) -> None:
        """It loses the server for a while, dies at one of its next steps, or is stopped and started again."""
        machine = self._serving()
        if machine is None:
            return
        what = self.draw.choice(["partition", "death", "stop"])
        self.tally[f"service: {what}"] += 1
        self.say(f"{self.loop.time():.2f} service: {what}")
        if what == "partition":
            machine.link.down_until = self.server.clock() + self.draw.choice([0.3, 4.0, 40.0])
        elif what == "death":
            machine.process.steps_left = self.draw.choice([1, 2, 3, 5, 8, 13, 21])
        elif self.follower is not None:
            with suppress(Died):
                self.follower.end()
            machine.process.alive = False

    def before_round(self) -> None:
        """What comes before each Run All at the end."""
        super().before_round()
        if self.service_machine is not None:
            self.service_machine.link.mend()
        self._rounds += 1
        if self._rounds > SETTLING_ROUNDS / 2:
            # a task that it looks for may be late, and nobody takes the job from it meanwhile
            self.loop.wait(LATE_SECONDS / 3)

    def _check_create(self, process: Process, body: dict[str, Any]) -> None:
        if self.service_machine is not None and process is self.service_machine.process:
            self.wrong.append(f"the service has sent a create: {body}")
            return
        super()._check_create(process, body)

    def _check_machinery(self) -> None:
        if self.follower is not None and self._serving() is not None:
            self.follower.end()
        super()._check_machinery()

    def end(self) -> None:
        """All is over."""
        self._retire()
        super().end()

    # --- the service ------------------------------------------------------------------------------

    def _wait_and_follow(self, seconds: float) -> None:
        """The user waits; the service looks meanwhile."""
        left = seconds
        while left > LOOK_SECONDS and not self._is_looking:
            self._wait(LOOK_SECONDS)
            left -= LOOK_SECONDS
            self._look()
        self._wait(max(0.0, left))

    def _look(self) -> None:
        self._is_looking = True
        try:
            if self._serving() is None:
                self._start()
            elif self.follower is not None:
                self.follower.look()
        except (Died, LedgerError) as error:
            self.tally[f"service: {type(error).__name__}"] += 1
        finally:
            self._is_looking = False

    def _serving(self) -> Machine | None:
        machine = self.service_machine
        return machine if machine is not None and machine.alive else None

    def _start(self) -> None:
        self._retire()
        self.service_machine = self._kernel()
        studio, clock = self.service_machine.studio, self.service.clock
        self.follower = Follower(studio, self._told, clock=clock, monotonic=self.loop.time)
        try:
            self.follower.begin()
        except LedgerError:
            self.service_machine.process.alive = False  # it ends with one line
            raise

    def _retire(self) -> None:
        if self.service_machine is not None:
            self.gone.append(self.service_machine)
            self.service_machine = self.follower = None

    def _told(self, event: Event) -> None:
        self.tally[f"service: {event.kind}"] += 1
        self.say(f"{self.loop.time():.2f} service: {event.job} {event.text}")
