"""An end without a video: what happened, why, and what to do next. Pure functions."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

from ... import errors
from ...extension_points import provided
from ...jobs.job import Job
from ...ledger.phase import Phase
from ...redaction import redact
from ...succession import for_successor
from .facts import cost, sentence

RESENT = "sent again as job "
_NOT_SENT = "not sent: "


@dataclass(frozen=True)
class Notice:
    """How an end without a video is reported."""

    tone: str
    """bad, warn or calm."""
    mark: str
    title: str
    reason: str
    todo: str
    command: str = ""
    cost: str = ""


_MAGIC = re.compile(r"%runway (wait|show|attach|resend|import) (\w+)")
_CALLS = {
    "wait": 'default_studio().attach("{}").wait()',
    "show": 'default_studio().find("{}")',
    "attach": 'default_studio().attach("{}")',
    "resend": 'default_studio().resend("{}")',
    "import": 'import_results("{}")',
}
"""The same in Python, by the name of the command."""
_GOES_ON = {
    Phase.PREPARING: "Its pictures are being prepared.",
    Phase.WAITING: "It is waiting for a free slot.",
    Phase.SENDING: "It is being sent.",
    Phase.CHECKING: "Its task is being looked for.",
    Phase.FOLLOWING: "Runway is working on it.",
    Phase.DOWNLOADING: "Its video is being fetched.",
}


def notice(job: Job) -> Notice:
    """Title, reason and what to do next, for any end without a video, and for a job that still goes on."""
    found = _notice(job)
    return replace(found, reason=redact(found.reason), todo=redact(found.todo))


def _notice(job: Job) -> Notice:
    state = job.state
    if not state.phase.is_final:
        return Notice(
            "calm", "\N{HORIZONTAL ELLIPSIS}", f"Job {job.id} goes on", _GOES_ON[state.phase],
            "Wait for it:", f"%runway wait {job.id}",
        )  # fmt: skip
    if job.imported:
        return _lost(job)
    if state.phase is Phase.DONE:
        return _gone(job)
    make = next((make for kind, make in _NOTICES if isinstance(state.error, kind)), _by_phase)
    return make(job)


def with_note(found: Notice, note: str) -> Notice:
    """Return a notice with the reason why nothing was sent this time."""
    return replace(found, todo=sentence(note)) if note and not found.command else found


def in_python(found: Notice) -> Notice:
    """Return a notice with calls in place of magics."""
    command = _MAGIC.sub(lambda magic: f"runway_nb.{_CALLS[magic[1]].format(magic[2])}", found.command)
    return replace(found, command=command, todo=found.todo.replace("--fresh to the cell", "fresh=True to the call"))


def _message(job: Job) -> str:
    return job.error.message if job.error else "no reason is known"


def _reason(job: Job) -> str:
    return sentence(_message(job))


def _moderated(job: Job) -> Notice:
    reason = _message(job).removeprefix("refused by moderation: ").removeprefix("reason ")
    return Notice(
        "bad", "\N{MULTIPLICATION X}", "Not generated: refused by moderation",
        f"Reason from Runway: {reason}.",
        "Change the words or the picture, then run the cell again. It is not sent again by itself: "
        "many refusals can suspend the account.",
        cost="" if job.simulated else f"{cost(job)}, may be charged",
    )  # fmt: skip


def _refused_prompt(job: Job) -> Notice:
    if job.state.phase is not Phase.REFUSED:
        return _by_phase(job)
    return Notice(
        "bad", "\N{MULTIPLICATION X}", "Not sent: refused by moderation", _reason(job),
        "Change the words or the picture, then run the cell again. Nothing was charged.",
        cost=_needed(job),
    )  # fmt: skip


def _poor(job: Job) -> Notice:
    if job.state.phase is not Phase.REFUSED:
        return _by_phase(job)
    return Notice(
        "warn", "!", "Not sent: not enough credits", _reason(job),
        "Add credits at Runway, or use explore mode with an Unlimited plan. Nothing was charged.",
        cost=_needed(job),
    )  # fmt: skip


def _retired(job: Job) -> Notice:
    if job.state.phase is not Phase.REFUSED:
        return _by_phase(job)
    cell = _cell_for_successor(job)
    return Notice(
        "warn", "!", f"Not sent: {job.request.row.title} is gone", _reason(job),
        f"Nothing was charged.{' Run this cell instead:' if cell else ''}", cell,
    )  # fmt: skip


def _cell_for_successor(job: Job) -> str:
    """Return the cell that goes on with the next model, or its beginning where that needs more than there is."""
    if (following := for_successor(job.original_request)) is None:
        return ""
    words = job.cell.partition("\n")[0].split()
    name = words[1] if len(words) > 1 and words[1].isidentifier() else ""
    try:
        cell: str = provided("request.cell")(following.request, name)
    except errors.InvalidRequest:
        return " ".join(filter(None, ["%%runway", name, f"--model {following.request.model} ..."]))
    return redact(cell)


def _maybe(job: Job) -> Notice:
    reason = _message(job).removeprefix("maybe sent, no clear answer: ").removeprefix("maybe sent: ")
    if reason.startswith(RESENT):
        return Notice(
            "calm", "\N{BLACK SQUARE}", "Sent again, as you decided", _reason(job),
            "See what became of it:", f"%runway show {reason.removeprefix(RESENT)}",
        )  # fmt: skip
    return Notice(
        "warn", "!", "Maybe sent: no clear answer", f"The request left once; {reason}.",
        "Running the cell again checks again and sends nothing. Sending it again is your decision: "
        "if the request did arrive, you pay twice.",
        f"%runway attach {job.id}  # check again\n%runway resend {job.id}  # send again, {job.request.price_text}",
        "" if job.simulated else f"{cost(job)}, maybe charged",
    )  # fmt: skip


def _refused_for_now(job: Job) -> Notice:
    if job.state.phase is not Phase.UNKNOWN:
        return _by_phase(job)
    return Notice(
        "calm", "\N{HORIZONTAL ELLIPSIS}", "Not sent yet: all slots were taken", _reason(job),
        "Run the cell again: the account is checked, and the request is sent if nothing was started.",
        f"%runway attach {job.id}  # checks, sends nothing",
        _needed(job),
    )  # fmt: skip


def _deadline(job: Job) -> Notice:
    return Notice(
        "calm", "\N{HORIZONTAL ELLIPSIS}", "Detached: still running at Runway",
        f"{_reason(job)} The task goes on and nothing is lost.",
        "Pick it up again, also after a kernel restart:", f"%runway attach {job.id}",
    )  # fmt: skip


def _gone(job: Job) -> Notice:
    name = job.state.video.name if job.state.video else "the file"
    return Notice(
        "warn", "!", "The video file is not there any more", f"It was {name}.",
        "Fetch it again; nothing more is charged:", f"%runway attach {job.id}",
    )  # fmt: skip


def _lost(job: Job) -> Notice:
    return Notice(
        "warn", "!", "The imported video is not there any more", _reason(job),
        "Import it again; nothing is sent or paid:", "%runway import DIR",
    )  # fmt: skip


def _nameless(job: Job) -> Notice:
    return Notice(
        "warn", "!", "Finished at Runway, but no video yet", _reason(job),
        "Fetch it before you run the cell again; nothing more is charged:",
        f"%runway attach {job.id}",
    )  # fmt: skip


def _stopped(job: Job) -> Notice:
    if job.task is not None and job.task.status == "SUCCEEDED":
        return _undownloaded(job)
    at = f" at {job.progress:.0%}".replace("%", " %") if job.progress else ""
    spent = "" if job.simulated else f"; its {'credits' if job.credits is None else cost(job)} stay spent"
    return Notice(
        "calm", "\N{BLACK SQUARE}", "Tracking stopped",
        f"You stopped it{at}. Runway finishes the video{spent}.",
        "Fetch it later:", f"%runway attach {job.id}",
    )  # fmt: skip


def _removed(job: Job) -> Notice:
    if (reason := _message(job)).startswith(_NOT_SENT):
        reason = reason.removeprefix(_NOT_SENT).removesuffix("; nothing was charged")
        return Notice("warn", "!", "Not sent", sentence(reason), "Nothing was charged.", cost=_needed(job))
    return Notice("calm", "\N{BLACK SQUARE}", "Removed before sending", "", "Nothing was charged.", cost=_needed(job))


def _undownloaded(job: Job) -> Notice:
    return Notice(
        "warn", "!", "Not downloaded: the video is finished at Runway", _reason(job),
        "Fetch it again; nothing more is charged:", f"%runway attach {job.id}",
    )  # fmt: skip


def _by_phase(job: Job) -> Notice:
    if job.state.phase is Phase.REFUSED:
        return Notice("warn", "!", "Not sent", _reason(job), "Nothing was charged.", cost=_needed(job))
    if job.state.phase is Phase.FAILED:
        return Notice(
            "bad", "\N{MULTIPLICATION X}", "Not generated: Runway reported an error", _reason(job),
            "Add --fresh to the cell to send it again: that is a new request at full price.",
        )  # fmt: skip
    return Notice(
        "calm", "\N{HORIZONTAL ELLIPSIS}", "Detached: not tracked here", _reason(job),
        "Pick it up again:", f"%runway attach {job.id}",
    )  # fmt: skip


def _needed(job: Job) -> str:
    return "" if job.simulated else f"{cost(job)} needed"


_NOTICES = (
    (errors.TaskModerated, _moderated),
    (errors.PromptRefused, _refused_prompt),
    (errors.NotEnoughCredits, _poor),
    (errors.ModelRetired, _retired),
    (errors.MaybeSent, _maybe),
    (errors.RateLimited, _refused_for_now),
    (errors.DeadlineReached, _deadline),
    (errors.TrackingStopped, _stopped),
    (errors.Removed, _removed),
    (errors.DownloadError, _undownloaded),
    (errors.NoVideo, _nameless),
)
