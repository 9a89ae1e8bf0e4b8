"""The workers of an executor, each in a process of its own; each call is made when a test says so."""

from __future__ import annotations

from concurrent.futures import Executor, Future
from typing import Any

from runway_nb.errors import RunwayError
from runway_nb.jobs.hand_over import WorkerCall
from runway_nb.jobs.job import Job
from runway_nb.studio import Studio


class Crew(Executor):
    """Keeps the calls that it is asked for."""

    def __init__(self) -> None:
        self.calls: list[tuple[WorkerCall, Future[None]]] = []

    def submit(self, call: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        assert not args
        assert not kwargs
        future: Future[None] = Future()
        self.calls.append((call, future))
        return future

    @property
    def ids(self) -> list[str]:
        """Of the jobs that were handed over, in this order."""
        return [self.names(number)[0] for number in range(len(self.calls))]

    def names(self, number: int) -> tuple[str, str, str]:
        """What is sent to a worker."""
        names: tuple[str, str, str] = self.calls[number][0].__reduce__()[1]
        return names

    def work(self, number: int, studio: Studio) -> Job | None:
        """Let a worker make a call; return its job, None where it can have none."""
        _, future = self.calls[number]
        try:
            job = studio.workers.see_through(*self.names(number))
        except RunwayError as error:
            self.fail(number, error)
            return None
        job.on_end(lambda _: None if future.done() else future.set_result(None))
        return job

    def fail(self, number: int, error: Exception) -> None:
        """Lose a call, as when its worker was killed too often."""
        _, future = self.calls[number]
        if not future.done():
            future.set_exception(error)
