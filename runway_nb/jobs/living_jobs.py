"""The jobs of this process by id, which several threads take in, forget and go through at the same time."""

from __future__ import annotations

import threading
from collections.abc import ItemsView, Iterator, KeysView, MutableMapping, ValuesView

from .job import Job


class LivingJobs(MutableMapping[str, Job]):
    """Jobs by id, the oldest first. Whoever goes through them meets those that were there as it began."""

    def __init__(self) -> None:
        self._jobs: dict[str, Job] = {}
        """Never changed: a change puts another in its place."""
        self._change = threading.Lock()

    def __getitem__(self, job_id: str) -> Job:
        return self._jobs[job_id]

    def __setitem__(self, job_id: str, job: Job) -> None:
        """Take a job in as the newest; one that had its id is forgotten."""
        with self._change:
            jobs = {**self._jobs}
            jobs.pop(job_id, None)
            jobs[job_id] = job
            self._jobs = jobs

    def __delitem__(self, job_id: str) -> None:
        with self._change:
            jobs = {**self._jobs}
            del jobs[job_id]
            self._jobs = jobs

    def __iter__(self) -> Iterator[str]:
        return iter(self._jobs)

    def __len__(self) -> int:
        return len(self._jobs)

    def __repr__(self) -> str:
        return repr(self._jobs)

    def keys(self) -> KeysView[str]:
        """Return the ids."""
        return self._jobs.keys()

    def values(self) -> ValuesView[Job]:
        """Return the jobs."""
        return self._jobs.values()

    def items(self) -> ItemsView[str, Job]:
        """Return ids and jobs."""
        return self._jobs.items()
