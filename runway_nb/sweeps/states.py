"""What became of each variant of a sweep, in a word and a few more. Pure but for looking whether a file is there."""

from __future__ import annotations

import os
from collections import Counter
from typing import NamedTuple

from ..errors import PromptRefused, TaskModerated
from ..jobs.job import Job
from ..ledger.phase import LEFT, NOT_MADE, Phase
from ..redaction import redact_line
from .plan import Variant
from .sweep import Sweep, has_ended

_WORDS = {
    Phase.DONE: "No file",
    Phase.REFUSED: "Not sent",
    Phase.REMOVED: "Removed",
    Phase.FAILED: "Failed",
    Phase.UNKNOWN: "Maybe sent",
    Phase.DETACHED: "Detached",
    Phase.STOPPED: "Stopped",
}
"""How a job without a video has ended."""


class ShotState(NamedTuple):
    """What became of one variant."""

    word: str
    """`Done`, `Running`, or why there is no video: `Refused`, `Not sent`."""
    reason: str = ""
    """More about it, on one line."""

    @property
    def is_done(self) -> bool:
        """True when there is a video to show."""
        return self.word == _DONE


_DONE, _RUNNING = "Done", "Running"


def shot_state(sweep: Sweep, variant: Variant) -> ShotState:
    """Return what became of a variant."""
    job = sweep.job_of(variant)
    if job is None:
        if (refused := sweep.reason_of(variant)) is None and not sweep.is_ending:
            return ShotState(_RUNNING, "in line")  # it is still being submitted
        return ShotState("Not sent", redact_line(str(refused or "")))
    if not has_ended(job):
        status = job.status.capitalize()
        return ShotState(_RUNNING, "" if status == _RUNNING else status.lower())
    return ShotState(_DONE) if job.video is not None and os.path.isfile(job.video) else _without_video(job)


def _without_video(job: Job) -> ShotState:
    error, phase = job.state.error, job.state.phase
    if isinstance(error, (TaskModerated, PromptRefused)):
        return ShotState("Refused", "moderation")
    if phase is Phase.DONE:
        return ShotState(_WORDS[phase], f"{job.video.name if job.video else 'it'} is not there any more")
    if phase in LEFT:
        return ShotState(_WORDS[phase], "it goes on at Runway")
    return ShotState(_WORDS[phase], redact_line(error.message) if error else "")


def status_text(sweep: Sweep) -> str:
    """Return how many there are of each kind: `8 of 9 done, 1 refused`."""
    words = [shot_state(sweep, variant).word for variant in sweep.variants]
    others = Counter(word for word in words if word != _DONE)
    listed = sorted(others.items(), key=lambda item: item[0] != _RUNNING)
    return ", ".join([f"{words.count(_DONE)} of {len(words)} done", *(f"{n} {word.lower()}" for word, n in listed)])


def new_jobs(sweep: Sweep) -> list[Job]:
    """Return the jobs that the sweep itself has begun; the others were there before and cost nothing more."""
    stored = sweep.price.stored if sweep.price else 0
    newest = sorted(sweep.jobs, key=lambda job: job.created, reverse=True)
    return newest[: max(0, len(newest) - stored)]


def credits_text(sweep: Sweep) -> str:
    """Return what was charged, or may have been: `225 credits, 3 there already`."""
    charged = [job.credits for job in new_jobs(sweep) if job.state.phase not in NOT_MADE]
    known = [price for price in charged if price is not None]
    unknown = len(charged) - len(known)
    more = [f"{unknown} of unknown price"] if unknown else []
    stored = len(sweep.jobs) - len(new_jobs(sweep))
    return ", ".join([f"{sum(known):,} credits", *more, *([f"{stored} there already for 0"] if stored else [])])


def seconds_taken(sweep: Sweep) -> float | None:
    """Return how long it took from the first request to the last end; None while it runs, or where nothing was made."""
    jobs = new_jobs(sweep)
    ends = [job.state.ended for job in jobs if job.state.ended is not None]
    if not sweep.is_ending or not ends:
        return None
    return max(0.0, max(ends) - min(job.created for job in jobs))
