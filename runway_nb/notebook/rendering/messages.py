"""A job in words: what the card, the durable result and the plain text say. Pure functions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import NamedTuple

from ... import errors
from ...jobs.job import Job
from ...jobs.policy import day_of
from ...jobs.state import State
from ...ledger.phase import Phase
from ...redaction import redact, redact_line
from ...request import VideoRequest

DOT = " \N{MIDDLE DOT} "
MINUS = "\N{MINUS SIGN}"
STOP_HINT = "Runway goes on and the credits stay spent. Resume with %runway attach."
REMOVE_HINT = "Not sent yet: nothing is charged."
CHECKING = "no clear answer: looking for the task before anything is sent again"
CHECKING_HINT = "Nothing is sent meanwhile. Looking again later: %runway attach."
RESENT = "sent again as job "
JOINED = "same request as before; --fresh for a new take"
TAKE_HINT = "Another take of the same with another seed; it is paid like the first."
LOOK_HINT = "Looks for the task on the account; sends nothing."
SEND_HINT = "Your decision: if the first request did arrive, this is paid twice."
FINISHED_HINT = "The video is finished. %runway attach fetches it later."


class Look(NamedTuple):
    """One state of the live card."""

    word: str
    short: str
    """The word of the plain-text line, at most eleven characters."""
    detail: str
    glyph: str
    api: str = ""
    """The API's raw word, as tooltip."""
    ratio: float | None = None
    """None: an empty dotted track."""
    download: bool = False
    button: str = "Stop tracking"
    hint: str = STOP_HINT
    enabled: bool = True


@dataclass(frozen=True)
class Notice:
    """How an end without a video is told."""

    tone: str
    """bad, warn or calm."""
    mark: str
    title: str
    reason: str
    todo: str
    command: str = ""
    cost: str = ""


def clock(seconds: float) -> str:
    """0:25 for 25 seconds."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def megabytes(size: int | None) -> str:
    """2.8 MB, or 50 kB below a tenth of that."""
    if size is None:
        return "unknown size"
    return f"{size / 1e6:.1f} MB" if size >= 100_000 else f"{size / 1e3:.0f} kB"


def axis(value: float) -> str:
    """+4 or, with a true minus sign, -4."""
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return f"{sign}{abs(value):g}"


def camera_words(request: VideoRequest) -> str:
    """The moves, as in "zoom +4, pan -2"; or static; or no camera move."""
    if request.camera.static:
        return "static"
    moves = [f"{name} {axis(value)}" for name, value in request.camera.moves.items() if value]
    return DOT.join(moves) or "no camera move"


def prompt_words(request: VideoRequest) -> str:
    """The prompt on one line, as it may be shown."""
    return " ".join(redact(request.prompt).split()) or "(no words)"


def cost(job: Job) -> str:
    """The price, as in "25 credits"; 0 with the simulator and in explore mode."""
    return f"{job.credits} credits" + (" (explore mode)" if job.request.explore and not job.simulated else "")


def facts(job: Job, price: str = "") -> list[str]:
    """Camera, length, seed, price."""
    request = job.request
    return [camera_words(request), f"{request.length} s", f"seed {request.seed}", price or cost(job)]


def made(job: Job) -> str:
    """Made in 1:34, 22 Nov 2026."""
    state = job.state
    ended = state.ended or job.created
    return f"made in {clock(ended - (state.sent or job.created))}, {day_of(ended)}"


def shows_id(job: Job) -> bool:
    """True when there may be a task behind the job, so that its id is worth showing."""
    return job.state.phase.is_sent and job.state.phase is not Phase.SENDING


def reuse_words(job: Job) -> str:
    """Why nothing was sent for an unchanged cell, and how to make another."""
    state = job.state
    day = day_of(state.ended or job.created)
    if not state.phase.is_final:
        return f"{JOINED}, 0 credits more"
    if job.video is not None:
        return f"stored result of {day}, 0 credits; --fresh for a new take"
    again = f"--fresh sends it again for {job.request.credits} credits"
    return f"this is how it ended on {day}; nothing was sent now, {again}"


# --- live -----------------------------------------------------------------------------------------


def look(job: Job, now: float) -> Look:
    """What the card says at the time `now` (Unix seconds)."""
    seen = _look(job, now)
    return seen._replace(detail=redact_line(seen.detail))


def _look(job: Job, now: float) -> Look:
    state = job.state
    if state.phase.is_final:
        return Look(job.status.capitalize(), job.status.lower()[:11], "", "wait", job.status, state.progress)
    if state.elsewhere:
        return _elsewhere(state)
    if state.phase is Phase.FOLLOWING:
        return _offline(state, now) if state.offline else _following(state, now)
    if state.phase is Phase.DOWNLOADING:
        return _downloading(state)
    if state.phase is Phase.WAITING:
        detail = f"next try in {_until(state, now)}{DOT}{state.detail}" if state.next_poll else state.detail
        return Look("Waiting for a free slot", "waiting", detail, "wait", "not sent yet", None, False,
                    "Remove", REMOVE_HINT)  # fmt: skip
    if state.phase is Phase.PREPARING:
        return Look("Preparing", "preparing", state.detail or "checking", "wait", "not sent yet", None, False,
                    "Remove", REMOVE_HINT)  # fmt: skip
    if state.phase is Phase.CHECKING:
        return Look("Checking", "checking", CHECKING, "hold", "no clear answer", None, hint=CHECKING_HINT)
    detail = state.detail or "one request, never repeated by itself"
    return Look("Sending", "sending", detail, "wait", "POST", enabled=False)


def _elsewhere(state: State) -> Look:
    status = str(state.task.status).lower() if state.task else "no task yet"
    return Look("In another kernel", "elsewhere", f"{status}{DOT}it is seen through there", "wait", status,
                button="Stop watching", hint="The other kernel goes on.")  # fmt: skip


def _until(state: State, now: float) -> str:
    return clock((state.next_poll or now) - now + 0.5)


def _offline(state: State, now: float) -> Look:
    detail = f"trying again in {_until(state, now)}{DOT}the task is safe"
    return Look("No connection", "no answer", detail, "hold", "network error", state.progress)


def _following(state: State, now: float) -> Look:
    status = str(state.task.status) if state.task else "PENDING"
    if status == "SUCCEEDED":
        return _downloading(state)
    if status == "RUNNING":
        elapsed = f"{clock(now - (state.sent or now))} elapsed"
        left = _left(state, now)
        detail = f"{elapsed}{DOT}about {clock(left)} left" if left is not None else elapsed
        return Look("Generating", "generating", detail, "run", status, state.progress)
    if status == "THROTTLED":
        detail = f"too many tasks on the account{DOT}next look in {_until(state, now)}"
        return Look("Held back by Runway", "held back", detail, "hold", status)
    if status == "PENDING":
        starts = state.task.starts_in if state.task else None
        soon = starts - (now - (state.last_poll or now)) if starts is not None else None
        detail = f"starts in about {clock(soon)}" if soon is not None and soon >= 1 else "starts soon"
        return Look("Queued at Runway", "queued", detail, "wait", status)
    return Look(f"\N{LEFT DOUBLE QUOTATION MARK}{status}\N{RIGHT DOUBLE QUOTATION MARK}", status.lower()[:11],
                "tracking goes on", "wait", status)  # fmt: skip


def _left(state: State, now: float) -> float | None:
    """Seconds left, counted down from the last look; no estimate, no words."""
    if state.remaining is None or state.last_poll is None:
        return None
    left = state.remaining - (now - state.last_poll)
    return left if left >= 1 else None


def _downloading(state: State) -> Look:
    ratio = state.received / state.total if state.total else None
    whole = megabytes(state.total).partition(" ")
    detail = megabytes(state.received)
    if state.total:
        unit = 1e6 if whole[2] == "MB" else 1e3
        detail = f"{state.received / unit:.{1 if unit == 1e6 else 0}f} of {megabytes(state.total)}"
    return Look("Downloading", "downloading", detail, "down", "SUCCEEDED", ratio, True, hint=FINISHED_HINT)


# --- ends without a video -------------------------------------------------------------------------


_GOES_ON = {
    Phase.PREPARING: "Its pictures are being prepared.",
    Phase.WAITING: "It waits for a free slot.",
    Phase.SENDING: "It is being sent.",
    Phase.CHECKING: "Its task is being looked for.",
    Phase.FOLLOWING: "Runway works on it.",
    Phase.DOWNLOADING: "Its video is being fetched.",
}


def notice(job: Job) -> Notice:
    """Title, reason and what to do next, for any end without a video, and for a job that still goes on."""
    told = _notice(job)
    return replace(told, reason=redact(told.reason), todo=redact(told.todo))


def _notice(job: Job) -> Notice:
    state = job.state
    if not state.phase.is_final:
        return Notice(
            "calm", "\N{HORIZONTAL ELLIPSIS}", f"Job {job.id} goes on", _GOES_ON[state.phase],
            "See it to the end:", f"%runway wait {job.id}",
        )  # fmt: skip
    if state.phase is Phase.DONE:
        return _gone(job)
    make = next((make for kind, make in _NOTICES if isinstance(state.error, kind)), _by_phase)
    return make(job)


def noted(told: Notice, note: str) -> Notice:
    """A notice with the reason why nothing was sent this time."""
    return replace(told, todo=sentence(note)) if note and not told.command else told


def sentence(text: str) -> str:
    """A line with a capital at its beginning and one full stop at its end."""
    text = text.strip()
    return (text[:1].upper() + text[1:]).rstrip(".") + "." if text else ""


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
        cost="" if job.simulated else f"{job.credits} credits, may be charged",
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


def _maybe(job: Job) -> Notice:
    reason = _message(job).removeprefix("maybe sent, no clear answer: ").removeprefix("maybe sent: ")
    if reason.startswith(RESENT):
        return Notice(
            "calm", "\N{BLACK SQUARE}", "Sent again, as you decided", _reason(job),
            "See what became of it:", f"%runway show {reason.removeprefix(RESENT)}",
        )  # fmt: skip
    return Notice(
        "warn", "!", "Maybe sent: no clear answer", f"The request left once; {reason}.",
        "Running the cell again looks again and sends nothing. Sending it again is your decision: "
        "if the request did arrive, it is paid twice.",
        f"%runway attach {job.id}  # look again\n%runway resend {job.id}  # send again, {job.request.credits} credits",
        "" if job.simulated else f"{job.credits} credits, maybe charged",
    )  # fmt: skip


def _refused_for_now(job: Job) -> Notice:
    if job.state.phase is not Phase.UNKNOWN:
        return _by_phase(job)
    return Notice(
        "calm", "\N{HORIZONTAL ELLIPSIS}", "Not sent yet: all slots were taken", _reason(job),
        "Run the cell again: the account is looked at, and the request is sent if nothing was started.",
        f"%runway attach {job.id}  # looks, and sends nothing",
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


def _nameless(job: Job) -> Notice:
    return Notice(
        "warn", "!", "Finished at Runway, but no video yet", _reason(job),
        "Do not run the cell again before you have looked for it; nothing more is charged:",
        f"%runway attach {job.id}",
    )  # fmt: skip


def _stopped(job: Job) -> Notice:
    if job.task is not None and job.task.status == "SUCCEEDED":
        return _undownloaded(job)
    at = f" at {job.progress:.0%}".replace("%", " %") if job.progress else ""
    spent = "" if job.simulated else f"; its {job.credits} credits stay spent"
    return Notice(
        "calm", "\N{BLACK SQUARE}", "Tracking stopped",
        f"You stopped it{at}. Runway finishes the video{spent}.",
        "Fetch it later:", f"%runway attach {job.id}",
    )  # fmt: skip


def _removed(job: Job) -> Notice:
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
            "Add --fresh to the cell to ask again: that is a new request at its full price.",
        )  # fmt: skip
    return Notice(
        "calm", "\N{HORIZONTAL ELLIPSIS}", "Detached: not tracked here", _reason(job),
        "Pick it up again:", f"%runway attach {job.id}",
    )  # fmt: skip


def _needed(job: Job) -> str:
    return "" if job.simulated else f"{job.credits} credits needed"


_NOTICES = (
    (errors.TaskModerated, _moderated),
    (errors.PromptRefused, _refused_prompt),
    (errors.NotEnoughCredits, _poor),
    (errors.MaybeSent, _maybe),
    (errors.RateLimited, _refused_for_now),
    (errors.DeadlineReached, _deadline),
    (errors.TrackingStopped, _stopped),
    (errors.Removed, _removed),
    (errors.DownloadError, _undownloaded),
    (errors.NoVideo, _nameless),
)
