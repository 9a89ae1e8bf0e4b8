"""Where a job stands: everything known at one moment, and the phase in which a failed one ends."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from .. import errors
from ..api.models import Task
from ..errors import NoVideo, RunwayError, TaskError
from ..ledger.phase import UNSENT, Phase
from ..redaction import redact_line
from ..spec import REFUSALS


def failed_phase(phase: Phase, error: RunwayError) -> Phase:
    """Return where a job ends that failed in `phase`: refused for certain, in doubt, failed, or still running."""
    if phase in UNSENT:
        return Phase.REFUSED
    if phase is Phase.SENDING:
        return Phase.REFUSED if is_refusal(error) else Phase.UNKNOWN
    if phase is Phase.CHECKING:
        return Phase.UNKNOWN
    failed = isinstance(error, TaskError) and not isinstance(error, NoVideo)
    return Phase.FAILED if failed else Phase.DETACHED


def is_refusal(error: RunwayError) -> bool:
    """Return True when a create that ended so has started nothing, by the API's word or ours (API facts 2.3, 14.3)."""
    if isinstance(error, errors.ModelRetired) and error.is_certain:
        return True
    if isinstance(error, errors.ApiError):
        # an answer that was not understood is none, whatever its status
        return error.status in REFUSALS and not isinstance(error, errors.ServerError)
    return isinstance(error, (errors.Unreachable, errors.LedgerError, errors.InvalidRequest))


@dataclass(frozen=True)
class State:
    """One moment of a job. Times are Unix seconds."""

    phase: Phase = Phase.PREPARING
    task: Task | None = None
    progress: float | None = None
    """0 to 1, never backwards, or None while unknown."""
    sent: float | None = None
    """When the create call left."""
    last_poll: float | None = None
    """When the task was last seen."""
    next_poll: float | None = None
    """When something happens next: a poll, or another try to send or to download."""
    remaining: float | None = None
    """Estimated seconds left at `looked`."""
    offline: bool = False
    """The last poll failed, or the last try to download."""
    elsewhere: bool = False
    """Another kernel tracks it; it is watched from here."""
    at_worker: bool = False
    """It was handed over to the workers of an executor; `elsewhere` once one of them has it."""
    detail: str = ""
    """Who holds the slots, or what is being prepared."""
    received: int = 0
    """Bytes of the video so far."""
    total: int | None = None
    """Bytes of the video."""
    video: Path | None = None
    poster: bytes | None = field(default=None, repr=False)
    """A small JPEG of the video."""
    middle: bytes | None = field(default=None, repr=False)
    """One from its middle, where its first frame is a keyframe: all videos of that keyframe begin alike."""
    warning: str = ""
    """What went wrong without harm to the video."""
    error: RunwayError | None = None
    ended: float | None = None
    """When a final phase was reached."""

    def __post_init__(self) -> None:
        # both name files, jobs of others and what others have raised
        for name in ("detail", "warning"):
            if text := getattr(self, name):
                object.__setattr__(self, name, redact_line(text))
