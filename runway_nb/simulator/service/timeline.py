"""What happens to a task and when: laid down at its start, read later; pure functions of course and clock."""

from __future__ import annotations

import json
import random
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

EMBEDDED_SPEED = 45 / 8
"""Speed inside a notebook's kernel: a clip of 5 s takes 6.5 to 9.5 s, about 8 s."""
QUEUE = 0.06, 0.14
"""Part of that time spent in the queue."""
STEPS = 24
"""The ratio grows in steps, as a polled service shows it."""
UNSEEN_SECONDS = 20.0
"""Seconds at speed 1 for which a late task is not shown."""
FOREVER = 1e9
"""Seconds that nobody waits for; JSON has no infinity."""
TERMINAL = frozenset({"SUCCEEDED", "FAILED", "CANCELLED", "CANCELED"})
QUEUED = frozenset({"PENDING", "THROTTLED"})


@dataclass(frozen=True)
class Course:
    """What happens to a task, as laid down at its start; times are seconds of the clock after the start."""

    phases: tuple[tuple[str, float], ...]
    """Statuses before the end, and how long each lasts."""
    end: str = "SUCCEEDED"
    """The status after the phases; RUNNING for a task that never ends."""
    error: Any = None
    reach: float = 1.0
    """The ratio that the work has reached at the end of the phases."""
    cap: float | None = 1.0
    """The ratio never shows more before the end; None: it stays null."""
    artifact_after: float | None = 0.0
    """Seconds after the end until the artifact shows; None: never."""
    shown_after: float | None = None
    """Seconds after the start until any call shows the task, whose create went unanswered; None: as usual."""

    @property
    def length(self) -> float:
        """Seconds from the start to the end."""
        return sum(seconds for _, seconds in self.phases)

    @property
    def gives_video(self) -> bool:
        """True when a file has to be there at the end."""
        return self.end == "SUCCEEDED"

    @property
    def goes_unanswered(self) -> bool:
        """True when the create that starts the task gets no answer."""
        return self.shown_after is not None

    def is_shown(self, elapsed: float) -> bool:
        """Return True when the task can be seen `elapsed` seconds after its start."""
        return self.shown_after is None or elapsed >= self.shown_after

    def failed(self, error: Any) -> Course:
        """Return the same course with a failure as its end."""
        return replace(self, end="FAILED", error=error)

    def to_json(self) -> str:
        """Return the form in which the record keeps it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Course:
        """Return the course that `to_json` wrote."""
        values = json.loads(text)
        values["phases"] = tuple((str(status), float(seconds)) for status, seconds in values["phases"])
        return cls(**values)


@dataclass(frozen=True)
class Snapshot:
    """What a task shows at one moment (API facts 4.1 to 4.3)."""

    status: str
    ratio: str | None = None
    eta: float | None = None
    """Seconds until the start; None once it runs."""
    error: Any = None
    changed: float = 0.0
    """Seconds after the start at which the shown state began."""
    artifact: bool = False
    """True when the artifact is listed."""

    @property
    def is_terminal(self) -> bool:
        """True when the task has ended."""
        return self.status in TERMINAL


def plan(
    seed: int,
    span: tuple[float, float],
    speed: float,
    shape: Mapping[str, Mapping[str, Any]],
    line: float | None = None,
) -> Course:
    """Return the course of a clip. The same seed, the same course.

    Args:
        seed: Of the course's own chance.
        span: Seconds that the clip takes at least and at most, queue included, at speed 1.
        speed: Divides all times.
        shape: The faults of the stage "timeline" with their details.
        line: Seconds until the tasks before it in explore mode have ended; None outside of explore mode.
    """
    draw = random.Random(seed)
    total = draw.uniform(*span) / speed
    queue = total * draw.uniform(*QUEUE)
    queued = [("PENDING", queue)] if line is None else [("PENDING", queue / 2), ("THROTTLED", queue / 2 + line)]
    waits = [_wait(name, shape[name], total, speed) for name in ("throttled", "unknown-status") if name in shape]
    course = Course((*queued, *waits, ("RUNNING", total - queue)))
    for name in ("stalled-progress", "no-progress"):
        if name in shape:
            course = _slowed(course, name, shape[name])
    for name, details in shape.items():
        course = _ended(course, name, details, speed)
    return course


def snapshot(course: Course, elapsed: float, ready: bool) -> Snapshot:
    """Return what the task shows `elapsed` seconds after its start.

    A task that would have succeeded runs on at 0.99 until its file is `ready`.
    """
    begun = 0.0
    for status, seconds in course.phases:
        if elapsed < begun + seconds:
            return _before_end(course, status, max(0.0, elapsed), begun, seconds)
        begun += seconds
    if course.end == "RUNNING" or (course.gives_video and not ready):
        return Snapshot("RUNNING", _ratio(0.99, course.cap), changed=begun)
    late = course.artifact_after
    shows = course.gives_video and late is not None and elapsed >= begun + late
    ratio = "1" if course.gives_video else _ratio(course.reach, course.cap)
    return Snapshot(course.end, ratio, None, course.error, begun, shows)


def _before_end(course: Course, status: str, elapsed: float, begun: float, seconds: float) -> Snapshot:
    if status == "PENDING":
        return Snapshot(status, None, round(begun + seconds - elapsed, 1))
    if status != "RUNNING":
        return Snapshot(status, None, None, changed=begun)
    step = int((elapsed - begun) / seconds * STEPS)
    done = min(0.99, step / STEPS * course.reach)
    return Snapshot(status, _ratio(done, course.cap), changed=begun + step * seconds / STEPS)


def _ratio(done: float, cap: float | None) -> str | None:
    return None if cap is None else f"{min(done, cap):.2f}".rstrip("0").rstrip(".")


def _wait(name: str, details: Mapping[str, Any], total: float, speed: float) -> tuple[str, float]:
    status = str(details.get("word", "THROTTLED" if name == "throttled" else "WAITING_FOR_GPU"))
    seconds = float(details["seconds"]) / speed if "seconds" in details else total * 0.2
    return status, FOREVER if details.get("forever") else seconds


def _slowed(course: Course, name: str, details: Mapping[str, Any]) -> Course:
    course = replace(course, cap=None if name == "no-progress" else 0.42)
    return replace(course, end="RUNNING") if details.get("forever") else course


def _ended(course: Course, name: str, details: Mapping[str, Any], speed: float) -> Course:
    if name == "moderated":
        return _cut(course, 0.06).failed(_moderation(details))
    if name == "failed":
        reason = str(details.get("reason", "INTERNAL.BAD_OUTPUT.01"))
        return _cut(course, 0.6).failed({"errorMessage": "Generation failed", "reason": reason, "message": ""})
    if name == "failed-string":
        return _cut(course, 0.6).failed("Something went wrong while generating.")
    if name == "cancelled":
        return replace(_cut(course, 0.5), end=str(details.get("word", "CANCELLED")))
    if name == "no-artifact":
        late = details.get("late")
        return replace(course, artifact_after=None if late is None else float(late) / speed)
    if name == "late-task":
        return replace(course, shown_after=float(details.get("seconds", UNSEEN_SECONDS)) / speed)
    return course


def _cut(course: Course, reach: float) -> Course:
    *before, (status, seconds) = course.phases
    return replace(course, phases=(*before, (status, seconds * reach)), reach=reach)


def _moderation(details: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "errorMessage": "Input did not pass moderation",
        "reason": str(details.get("reason", "SAFETY.INPUT.TEXT")),
        "message": "The text prompt was rejected",
        "moderation_category": str(details.get("category", "VIOLENCE")),
        "tally_asimov": True,
    }
