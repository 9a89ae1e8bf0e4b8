"""What the ledger holds, as frozen values."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..request import VideoRequest
from .lease import is_held
from .phase import IN_DOUBT, UNSENT, Phase

REFUSED_FOR_NOW = "refused for now (HTTP 429), and its session ended before it was sent again"
"""What is written on a job whose waiting ended with its session."""
FOREIGN_TYPE = "taskType"
"""Where the type of such a task stands in its request: no create call has that name."""


def own_reference(number: str) -> str:
    """Return the replyRef that we draw for a job. `number` is hexadecimal, and begins with the id of the job."""
    return f"rnb-{number}"


def is_own_reference(reference: str, job_id: str) -> bool:
    """Return True for a replyRef that we drew for this job: it names one request and no other."""
    return reference.startswith(own_reference(job_id))


@dataclass(frozen=True)
class Record:
    """One request and what became of it."""

    id: str
    """Eight hexadecimal digits, ours; safe to show."""
    phase: str
    """A value of `Phase`."""
    request: dict[str, Any]
    """The body of the create call, with seed and replyRef, and how pictures are fitted."""
    model: str
    digest: str
    """Of the request as the user gave it, before a seed was drawn; pictures by their content."""
    reply_ref: str
    credits: int
    """What counts as spent; 0 once it is certain that nothing was charged. See `price_text`."""
    simulated: bool
    task_id: str = ""
    """The composite id, once it is known."""
    status: str = ""
    """The API's last status."""
    error: str = ""
    """The name of an error class."""
    message: str = ""
    video: str = ""
    """Absolute path of the finished file."""
    took: float | None = None
    """Seconds from sending to the finished file."""
    folder: str = ""
    """The notebook's folder."""
    cell: str = field(default="", repr=False)
    """The cell as it was run."""
    created: float = 0.0
    """Unix seconds."""
    updated: float = 0.0
    original_request: dict[str, Any] = field(default_factory=dict)
    """The request as the user gave it: names of pictures, no drawn seed."""
    backend: str = ""
    """Where it is made: `simulator`, or the host of the API."""
    notebook: str = ""
    """A label for the table of spending: the notebook that asked, or its folder where the notebook has no name."""
    sent: float | None = None
    """Unix seconds of the create call."""
    owner: str = ""
    """Who tracks it (`lease.new_owner`)."""
    lease: float = 0.0
    """Unix seconds until which nobody else may; 0 at rest."""
    prompt_hash: str = ""
    """Hash of the prompt, whatever its case and spacing."""
    refusal: str = ""
    """The reason of moderation, when it refused."""
    resent_as: str = ""
    """The job that was sent in its place, by the user's own decision."""
    server_sent: float | None = None
    """Unix seconds of the create call by the server's own clock; None where that was not known."""
    guessed: bool = False
    """The task was given to this job because it fits; whatever names it for another job is believed over that."""
    imported: bool = False
    """It came with an export of another machine: nothing was sent or spent here, and there is no task to ask for."""
    asked_by: str = field(default="", repr=False)
    """The user whose budget it is (`Settings.user`); in no output, and in no export."""

    def __repr__(self) -> str:
        return f"<Record {self.id} {self.phase}>"

    def begun(self, now: float, lease: float) -> Record:
        """Return it as it is first written down, at a moment and with a lease, both in Unix seconds."""
        # made field by field, as a frozen one is, it takes as long as writing its row
        found = object.__new__(Record)
        vars(found).update(vars(self), created=now, updated=now, lease=lease)
        return found

    @property
    def asked(self) -> float:
        """When it was asked for, in Unix seconds; of an imported job, on the machine from which it came."""
        return self.sent if self.imported and self.sent is not None else self.created

    @property
    def is_price_known(self) -> bool:
        """False where nobody has documented what it costs; `credits` is then what the dearest model would."""
        return not self.credits or self._sent_request.credits is not None

    @property
    def foreign_type(self) -> str:
        """The type of a task that was made elsewhere with a model that no row knows; nothing for all others."""
        return str(self.request.get(FOREIGN_TYPE, ""))

    @property
    def price_text(self) -> str:
        """What it costs, in credits: `25`, `about 60`, or `price unknown, counted as 200`."""
        if not self.is_price_known:
            return f"price unknown, counted as {self.credits}"
        is_certain = not self.credits or self._sent_request.row.is_price_certain
        return f"{'' if is_certain else 'about '}{self.credits}"

    @property
    def _sent_request(self) -> VideoRequest:
        return VideoRequest.from_wire(self.request, self.model)

    @property
    def may_be_lost(self) -> bool:
        """True when a create may have been paid whose task is not known."""
        return not self.task_id and (self.phase in IN_DOUBT or self.was_refused_for_now)

    @property
    def is_unsent(self) -> bool:
        """True when no create has left."""
        return self.phase in UNSENT and self.sent is None

    @property
    def was_refused_for_now(self) -> bool:
        """True when the last create was answered with 429: nothing was started, as the API says."""
        waits = self.phase in UNSENT and self.sent is not None
        return not self.task_id and (waits or (self.phase == Phase.UNKNOWN and self.error == "RateLimited"))

    def is_held(self, now: float) -> bool:
        """Return True while somebody seems to track it, by the clock; `Ledger.is_held` says whether it may be taken."""
        return is_held(self.owner, self.lease, now)


@dataclass(frozen=True)
class UnreadableRecord:
    """What is still known of a row that cannot be read; nothing of it is ever changed."""

    id: str
    """Of the job, or the number of its row."""
    problem: str
    """Why it cannot be read."""
    credits: int
    """What it counts: what it cost, or where that cannot be read the most that a shot costs."""
    is_price_known: bool
    created: float | None
    """Unix seconds, or None."""
    task_id: str = field(default="", repr=False)
    backend: str = ""

    @property
    def asked(self) -> float | None:
        """When it was asked for, in Unix seconds, or None."""
        return self.created

    @property
    def price_text(self) -> str:
        """What it costs, in credits: `25`, or `unknown, counted as 200`."""
        return str(self.credits) if self.is_price_known else f"unknown, counted as {self.credits}"

    @property
    def line(self) -> str:
        """One line that reports it."""
        return f"job {self.id} cannot be read: {self.problem}"


AnyRecord = Record | UnreadableRecord
"""What a row of the ledger is read as."""


class TaskIds(NamedTuple):
    """Tasks that belong to jobs."""

    certain: frozenset[str]
    guessed: frozenset[str]
    """Given to a job because they fit it."""


class UserSpending(NamedTuple):
    """What one user spent at one backend with one model."""

    user: str
    """The name; of one that is an e-mail address the key that stands for it in the ledger."""
    backend: str
    model: str
    videos: int
    """How many were made."""
    credits: int
    """What counts as spent."""
    last: float | None
    """When the last one was asked for, in Unix seconds."""


class Spending(NamedTuple):
    """What one notebook spent on one day at one backend with one model."""

    day: str
    """As in 2026-11-22, local time."""
    notebook: str
    backend: str
    jobs: int
    credits: int
    """What counts as spent."""
    model: str = ""
