"""Looks for jobs that nobody tracks, takes them over as a kernel does that resumes them, and tells how they end.

All of it is called on one thread; the jobs run on the studio's background loop.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from ..errors import LedgerError, RunwayError
from ..jobs.job import Job
from ..ledger.ownerless import OwnerlessJob
from ..ledger.phase import SETTLED, Phase
from ..studio import Studio
from .events import Event, Tell, reason_of, video_pattern

LOOK_SECONDS = 2.0
"""Between two looks; a choice of ours: with a lease of 20 s it is the tenth part of how long a job may lie there."""
LONGEST_LOOK = 30.0
"""Seconds between two looks at a ledger that is away, which come less and less often."""
MOST_JOBS = 64
"""Jobs at once; an account runs 10 tasks at most (API facts 13), and each job asks every few seconds."""
FIRST_REST, LONGEST_REST = 600.0, 24 * 3600.0
"""Seconds until a job is tried again that came to no end here: twice as long each time."""
OLDEST = 7 * 24 * 3600.0
"""Seconds since a job was asked for until which it is taken up when its kernel has given it back."""


class Rest(NamedTuple):
    """A job that came to no end here."""

    until: float
    seconds: float


class Follower:
    """Sees through what nobody tracks.

    Args:
        studio: Of the account whose jobs these are.
        tell: Is told each event.
        clock: Unix seconds.
        monotonic: Seconds that never jump.
    """

    def __init__(
        self, studio: Studio, tell: Tell, *, clock: Callable[[], float], monotonic: Callable[[], float]
    ) -> None:
        self._studio = studio
        self._tell = tell
        self._clock = clock
        self._monotonic = monotonic
        self._jobs: dict[str, Job] = {}
        self._lost: set[str] = set()
        """Those that another has taken over while this process slept."""
        self._rests: dict[str, Rest] = {}
        self._strangers = 0
        self._pause = LOOK_SECONDS
        self._is_away = False

    def begin(self) -> None:
        """Look for the first time. Raises `LedgerError` where the ledger cannot be opened."""
        unfinished = self._ownerless()
        settings = self._studio.settings
        self._tell(Event("started", f"follows jobs at {settings.backend} in {self._studio.ledger.location}"))
        self._take_over(unfinished)

    def look(self) -> float:
        """Take over what nobody tracks, and tell what has ended; return seconds until the next look."""
        self._tell_progress()
        try:
            self._take_over(self._ownerless())
        except LedgerError as away:
            if not self._is_away:
                self._tell(Event("ledger-away", f"ledger away: {away.message}", reason=type(away).__name__))
            self._is_away = True
            self._pause = min(2 * self._pause, LONGEST_LOOK)
            return self._pause
        if self._is_away:
            self._tell(Event("ledger-back", "ledger back"))
        self._is_away, self._pause = False, LOOK_SECONDS
        return self._pause

    def end(self) -> None:
        """Give back the leases, so that others take over at once, and tell of each."""
        left = dict(self._jobs)
        self._studio.close()
        self._tell_progress(is_end=True)
        for job_id, job in left.items():
            if job.state.phase not in SETTLED and job_id not in self._lost:
                text = "left: the ledger is away, and its lease ends by itself" if self._is_away else "released"
                self._tell(Event("released", text, job_id))
        self._tell(Event("ended", "ended"))

    # --- taking over ----------------------------------------------------------------------------

    def _ownerless(self) -> list[OwnerlessJob]:
        """Return the jobs that nobody tracks, without those that rest."""
        now = self._monotonic()
        resting = {job_id for job_id, rest in self._rests.items() if now < rest.until}
        backend, since = self._studio.settings.backend, self._clock() - OLDEST
        return self._studio.ledger.leases.ownerless(backend, since, {*self._jobs, *resting})

    def _take_over(self, found: list[OwnerlessJob]) -> None:
        ours = [job for job in found if self._is_ours(job)]
        if len(found) - len(ours) != self._strangers:
            self._strangers = len(found) - len(ours)
            if self._strangers:
                jobs = "1 job is" if self._strangers == 1 else f"{self._strangers} jobs are"
                text = f"{jobs} left alone that nobody tracks: of another token, or it is not known of which"
                self._tell(Event("not-ours", text))
        for job in ours[: MOST_JOBS - len(self._jobs)]:
            self._take(job)

    def _is_ours(self, job: OwnerlessJob) -> bool:
        """Return True where this token pays: the ledger says so, or its user stands in the id of the task."""
        settings = self._studio.settings
        if job.payer:
            return job.payer == settings.payer
        return settings.token is not None and settings.token.names(job.record.task_id)

    def _take(self, found: OwnerlessJob) -> None:
        record = found.record
        try:
            jobs = self._studio.resume(record.id)
        except LedgerError:
            raise
        except RunwayError as error:
            self._leave(record.id, error)
            return
        for job in jobs:
            self._jobs[record.id] = job
            self._tell(Event("taken", f"taken over ({record.phase})", record.id))

    # --- what becomes of them -------------------------------------------------------------------

    def _tell_progress(self, *, is_end: bool = False) -> None:
        for job_id, job in list(self._jobs.items()):
            if job.done and not (is_end and job.state.phase not in SETTLED):
                self._tell_end(job_id, job)
            elif job.state.elsewhere and job_id not in self._lost:
                self._lost.add(job_id)
                self._tell(Event("lost", "another process has taken it over", job_id))
            elif job_id in self._lost and not job.state.elsewhere:
                self._lost.discard(job_id)
                self._tell(Event("taken", "taken over again", job_id))

    def _tell_end(self, job_id: str, job: Job) -> None:
        del self._jobs[job_id]
        self._studio.jobs.pop(job_id, None)  # a process that runs for months keeps none
        if job_id in self._lost:
            self._lost.discard(job_id)  # who has it tells it
            return
        phase, error = job.state.phase, job.error
        if phase is Phase.DONE:
            self._rests.pop(job_id, None)
            file = video_pattern(job.video, job_id)
            self._tell(Event(phase.value, f"{phase}: {file}", job_id, file))
        elif phase in SETTLED:
            self._rests.pop(job_id, None)
            name, meaning = reason_of(error)
            self._tell(Event(Phase.FAILED.value, f"{Phase.FAILED}: {name}, {meaning}", job_id, reason=name))
        else:
            self._leave(job_id, error)

    def _leave(self, job_id: str, error: RunwayError | None) -> None:
        """Let a job rest that came to no end here."""
        name, meaning = reason_of(error)
        if isinstance(error, LedgerError):
            # it is no fault of the job: taken up again as soon as the ledger is back
            self._tell(Event("left", f"left until the ledger is back: {name}, {meaning}", job_id, reason=name))
            return
        before = self._rests.get(job_id)
        seconds = FIRST_REST if before is None else min(2 * before.seconds, LONGEST_REST)
        self._rests[job_id] = Rest(self._monotonic() + seconds, seconds)
        text = f"left for {seconds / 60:.0f} min: {name}, {meaning}"
        self._tell(Event("left", text, job_id, reason=name))
