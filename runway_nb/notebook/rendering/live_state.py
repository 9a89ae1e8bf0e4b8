"""A job that goes on: what its live card and its line in a terminal show. Pure functions of a job and the time."""

from __future__ import annotations

from typing import NamedTuple

from ...jobs.job import Job
from ...jobs.state import State
from ...ledger.phase import Phase
from ...redaction import redact_line
from .facts import DOT, clock, megabytes

STOP_HINT = "Runway goes on and the credits stay spent. Resume with %runway attach."
REMOVE_HINT = "Not sent yet: nothing is charged."
CHECKING = "no clear answer: looking for the task before anything is sent again"
CHECKING_HINT = "Nothing is sent meanwhile. To check again later: %runway attach."
TAKE_HINT = "The same shot with another seed; it costs as much as the first."
ATTACH_HINT = "Looks for the task on the account; sends nothing."
SEND_HINT = "Your decision: if the first request did arrive, you pay twice."
FINISHED_HINT = "The video is finished. %runway attach fetches it later."


class LiveState(NamedTuple):
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


def live_state(job: Job, now: float) -> LiveState:
    """Return what the card says at the time `now` (Unix seconds)."""
    state = _live_state(job, now)
    return state._replace(detail=redact_line(state.detail))


def _live_state(job: Job, now: float) -> LiveState:
    state = job.state
    if state.phase.is_final:
        return LiveState(job.status.capitalize(), job.status.lower()[:11], "", "wait", job.status, state.progress)
    if state.at_worker:
        return _at_worker(state)
    if state.elsewhere:
        return _elsewhere(state)
    if state.offline and state.phase in (Phase.FOLLOWING, Phase.DOWNLOADING):
        return _offline(state, now)
    if state.phase is Phase.FOLLOWING:
        return _following(state, now)
    if state.phase is Phase.DOWNLOADING:
        return _downloading(state)
    if state.phase is Phase.WAITING:
        detail = f"next try in {_until(state, now)}{DOT}{state.detail}" if state.next_poll else state.detail
        return LiveState("Waiting for a free slot", "waiting", detail, "wait", "not sent yet", None, False,
                    "Remove", REMOVE_HINT)  # fmt: skip
    if state.phase is Phase.PREPARING:
        return LiveState("Preparing", "preparing", state.detail or "checking", "wait", "not sent yet", None, False,
                    "Remove", REMOVE_HINT)  # fmt: skip
    if state.phase is Phase.CHECKING:
        return LiveState("Checking", "checking", CHECKING, "hold", "no clear answer", None, hint=CHECKING_HINT)
    detail = state.detail or "one request, never repeated by itself"
    return LiveState("Sending", "sending", detail, "wait", "POST", enabled=False)


def _elsewhere(state: State) -> LiveState:
    status = str(state.task.status).lower() if state.task else "no task yet"
    detail = f"{status}{DOT}another kernel is tracking this job"
    return LiveState("In another kernel", "elsewhere", detail, "wait", status,
                button="Stop watching", hint="The other kernel keeps tracking it.")  # fmt: skip


def _at_worker(state: State) -> LiveState:
    if not state.elsewhere:
        return LiveState("Waiting for a worker", "waiting", state.detail, "wait", "not sent yet", None, False,
                    "Remove", REMOVE_HINT)  # fmt: skip
    if not state.phase.is_sent:
        return LiveState("At a worker", "at a worker", "not sent yet", "wait", "not sent yet", None, False,
                    "Remove", REMOVE_HINT)  # fmt: skip
    status = str(state.task.status).lower() if state.task else "no task yet"
    return LiveState("At a worker", "at a worker", f"{status}{DOT}a worker of the pool sees it through", "wait", status,
                button="Stop watching", hint="The worker sees it through all the same.")  # fmt: skip


def _until(state: State, now: float) -> str:
    return clock((state.next_poll or now) - now + 0.5)


def _offline(state: State, now: float) -> LiveState:
    detail = f"trying again in {_until(state, now)}{DOT}the task is safe"
    return LiveState("No connection", "no answer", detail, "hold", "network error", state.progress)


def _following(state: State, now: float) -> LiveState:
    status = str(state.task.status) if state.task else "PENDING"
    if status == "SUCCEEDED":
        return _downloading(state)
    if status == "RUNNING":
        elapsed = f"{clock(now - (state.sent or now))} elapsed"
        left = _left(state, now)
        detail = f"{elapsed}{DOT}about {clock(left)} left" if left is not None else elapsed
        return LiveState("Generating", "generating", detail, "run", status, state.progress)
    if status == "THROTTLED":
        detail = f"too many tasks on the account{DOT}next look in {_until(state, now)}"
        return LiveState("Held back by Runway", "held back", detail, "hold", status)
    if status == "PENDING":
        starts = state.task.starts_in if state.task else None
        soon = starts - (now - (state.last_poll or now)) if starts is not None else None
        detail = f"starts in about {clock(soon)}" if soon is not None and soon >= 1 else "starts soon"
        return LiveState("Queued at Runway", "queued", detail, "wait", status)
    return LiveState(f"\N{LEFT DOUBLE QUOTATION MARK}{status}\N{RIGHT DOUBLE QUOTATION MARK}", status.lower()[:11],
                "tracking goes on", "wait", status)  # fmt: skip


def _left(state: State, now: float) -> float | None:
    """Return seconds left, counted down from the last look; no estimate, no words."""
    if state.remaining is None or state.last_poll is None:
        return None
    left = state.remaining - (now - state.last_poll)
    return left if left >= 1 else None


def _downloading(state: State) -> LiveState:
    ratio = state.received / state.total if state.total else None
    whole = megabytes(state.total).partition(" ")
    detail = megabytes(state.received)
    if state.total:
        unit = 1e6 if whole[2] == "MB" else 1e3
        detail = f"{state.received / unit:.{1 if unit == 1e6 else 0}f} of {megabytes(state.total)}"
    return LiveState("Downloading", "downloading", detail, "down", "SUCCEEDED", ratio, True, hint=FINISHED_HINT)
