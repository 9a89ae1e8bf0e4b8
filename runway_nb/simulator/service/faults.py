"""Faults by name: what the simulator can be made to do wrong, how often, and on which calls."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Stage = Literal["before", "model", "after", "reshape", "timeline", "link", "download", "switch"]
"""When a fault acts: instead of the call, instead of a create call for one model, on its answer, on the shape of its
answer, on the timeline of the task that the call starts, on links as they are signed, on downloads, or on rules as long
as it is set."""


@dataclass(frozen=True)
class Kind:
    """What a fault is, before it is set."""

    stage: Stage
    description: str
    on: str = "create"
    """The call it acts on, by its name in `routes.API`, or `any`; `on` of a set fault overrules it.

    At the stage "model" it is a name of a model.
    """


KINDS: dict[str, Kind] = {
    "401": Kind("before", "401 Unauthorized", "any"),
    "402": Kind("before", "402, the subscription is missing or expired", "any"),
    "404-asset": Kind("before", "404 for a keyframe that exists"),
    "412": Kind("before", "412, not enough credits; no `code` in the body"),
    "422": Kind("before", "422, moderated at submit"),
    "429-account": Kind("before", "429 of the account's own limit, with runningTasks; detail: retry_after"),
    "429-runway": Kind("before", "429 passed on from Runway; detail: retry_after (seconds, header)"),
    "522-before": Kind(
        "before", "522 with an HTML body, nothing started; detail: status (408, 500, 502 to 504, 520 to 524)"
    ),
    "596": Kind("before", "596, the stored Runway session is broken"),
    "lost-before": Kind("before", "the connection is dropped, nothing started"),
    "get-522": Kind("before", "522 with an HTML body; detail: status", "task"),
    "get-500": Kind("before", "500 with the usual envelope", "task"),
    "get-429": Kind("before", "429 while polling; detail: retry_after", "task"),
    "get-html": Kind("before", "200 with an HTML body", "task"),
    "get-drop": Kind("before", "the connection is dropped", "task"),
    "get-other": Kind("after", "the answer is about another task", "task"),
    "retired": Kind(
        "model",
        "410 for every create call of a model that is no longer supported, nothing started; details: on (its name, as "
        "gen3turbo, gen4, kling-3.0-pro, or any), status (400, 404 or 410), text",
        "gen3turbo",
    ),
    "lost-answer": Kind("after", "the task starts, then the connection is dropped"),
    "slow-answer": Kind("after", "the task starts, the answer comes late; detail: seconds (30)"),
    "522": Kind("after", "the task starts, the answer is 522 with an HTML body; detail: status (as 522-before)"),
    "refused": Kind(
        "after",
        "the task starts, the answer is a refusal that nobody documents; detail: status (409, as 403, 410, 425)",
    ),
    "429-started": Kind("after", "the task starts, the answer is 429 as from Runway; detail: retry_after"),
    "other-answer": Kind(
        "after", "the task starts, the answer is about another one; detail: what (all, reference, seed or prompt)"
    ),
    "not-json": Kind("after", "the task starts, the answer is 200 with an HTML body"),
    "no-task-id": Kind("after", "the task starts, the answer is 200 without taskId"),
    "nested": Kind("reshape", "the answer is {task: {...}, code: 200}"),
    "both": Kind("reshape", "the answer is flat and has task: {...} as well"),
    "flat": Kind("reshape", "the answer is flat only, where it has task: {...} as well"),
    "list-object": Kind("reshape", "the list answers {tasks: [...]}", "tasks"),
    "list-bare": Kind("reshape", "the items of the list have no options", "tasks"),
    "list-nameless": Kind("reshape", "the items of the list have no options and an empty name", "tasks"),
    "scheduler-empty": Kind("reshape", "the scheduler answers [], as if it had dropped its tasks", "scheduler"),
    "late-task": Kind(
        "timeline",
        "the task starts, the connection is dropped, and GET /scheduler, GET /tasks, GET /tasks/{id} and runningTasks "
        "show the task later; detail: seconds (20, at speed 1)",
    ),
    "moderated": Kind("timeline", "FAILED with SAFETY.INPUT.TEXT; details: reason, category (VIOLENCE)"),
    "failed": Kind("timeline", "FAILED with an error object, INTERNAL.BAD_OUTPUT.01; detail: reason"),
    "failed-string": Kind("timeline", "FAILED with a plain string as error"),
    "cancelled": Kind("timeline", "CANCELLED half-way; detail: word"),
    "throttled": Kind("timeline", "THROTTLED before RUNNING; details: seconds (at speed 1), forever"),
    "unknown-status": Kind("timeline", "a status word nobody knows before RUNNING; details: word, seconds, forever"),
    "no-artifact": Kind("timeline", "SUCCEEDED with no artifact; detail: late (seconds until it appears)"),
    "stalled-progress": Kind("timeline", "the ratio stops at 0.42; detail: forever"),
    "no-progress": Kind("timeline", "the ratio stays null; detail: forever"),
    "expired-link": Kind("link", "the link of the video has expired when it is handed out", "task"),
    "cut-download": Kind("download", "the body of a video ends half-way, Content-Length promises all", "artifact"),
    "slow-download": Kind("download", "the body of a video comes in pieces; detail: seconds (20)", "artifact"),
    "artifact-500": Kind("download", "500 for the link of a video", "artifact"),
    "decoded-ids": Kind("switch", "ids in paths are URL-decoded", "any"),
    "explore-costs": Kind("switch", "exploreMode costs credits", "any"),
    "explore-refused": Kind("switch", "exploreMode is refused with 412", "any"),
    "old-metadata": Kind("switch", "assets carry metadata of the form before August 2025", "any"),
    "callback-twice": Kind("switch", "every callback is posted twice", "any"),
    "callback-disorder": Kind("switch", "an old state is posted after the last callback", "any"),
}
"""Every fault by name."""

OUTAGES = {
    408: "Request Timeout",
    500: "Internal Server Error",
    502: "Bad Gateway",
    503: "Service Unavailable",
    504: "Gateway Timeout",
    520: "Web server is returning an unknown error",
    521: "Web server is down",
    522: "Connection timed out",
    523: "Origin is unreachable",
    524: "A timeout occurred",
}
"""What the detail `status` may be, and the text of such an answer (API facts 2.2 and 2.3)."""

REFUSALS = {
    403: "Forbidden",
    405: "Method Not Allowed",
    409: "Conflict",
    410: "Gone",
    413: "Content Too Large",
    418: "I'm a teapot",
    423: "Locked",
    425: "Too Early",
    451: "Unavailable For Legal Reasons",
}
"""The same of `refused`: answers of which nobody documents what they mean for a create."""

RETIRED = {400: "Bad Request", 404: "Not Found", 410: "Gone"}
"""The same of `retired`."""
STATUSES = {"refused": REFUSALS, "retired": RETIRED}
"""What `status` may be for faults that are no outages."""


@dataclass(frozen=True)
class Fault:
    """A fault that is set."""

    name: str
    times: int | None = None
    """How often it still fires; None: until it is cleared."""
    details: Mapping[str, Any] = field(default_factory=dict)

    @property
    def on(self) -> str:
        """The call that it acts on."""
        return str(self.details.get("on", KINDS[self.name].on))

    def to_json(self) -> dict[str, Any]:
        """Return the form of GET /simulator/faults."""
        return {"name": self.name, "times": self.times, "on": self.on, **self.details}


class Faults:
    """The faults of one running simulator. Safe to use from any thread; not kept over a restart.

    Args:
        fired: Called with the name of each fault as it acts, once for each time.
    """

    def __init__(self, fired: Callable[[str], None] = lambda name: None) -> None:  # noqa: ARG005
        self._fired = fired
        self._set: dict[str, Fault] = {}
        self._lock = threading.Lock()

    def set(self, name: str, times: int | None = None, **details: Any) -> None:
        """Set a fault; setting it again replaces it."""
        if name not in KINDS:
            raise ValueError(f"unknown fault {name!r}: known are {', '.join(sorted(KINDS))}")
        if times is not None and (isinstance(times, bool) or not isinstance(times, int) or times < 1):
            raise ValueError(f"times is {times!r}: give a whole number from 1, or nothing")
        known = STATUSES.get(name, OUTAGES)
        if "status" in details and details["status"] not in list(known):
            raise ValueError(f"status is {details['status']!r}: give one of {', '.join(map(str, known))}")
        with self._lock:
            self._set[name] = Fault(name, times, details)

    def clear(self, name: str | None = None) -> None:
        """Clear one fault, or all."""
        with self._lock:
            if name is None:
                self._set.clear()
            else:
                self._set.pop(name, None)

    def current(self) -> list[Fault]:
        """Return what is set, in the order of setting."""
        with self._lock:
            return list(self._set.values())

    def take(self, stage: Stage, on: str) -> Fault | None:
        """Return the first fault that acts at this stage of this call; one of its times is used up."""
        with self._lock:
            fault = next(self._acting(stage, on), None)
            if fault:
                self._use(fault)
            return fault

    def take_all(self, stage: Stage, on: str) -> dict[str, Mapping[str, Any]]:
        """Return all faults of a stage with their details; one time of each is used up."""
        with self._lock:
            acting = list(self._acting(stage, on))
            for fault in acting:
                self._use(fault)
            return {fault.name: fault.details for fault in acting}

    def active(self, name: str) -> bool:
        """Return True while a switch is on."""
        with self._lock:
            return name in self._set

    def _acting(self, stage: Stage, on: str) -> Iterator[Fault]:
        return (f for f in self._set.values() if KINDS[f.name].stage == stage and f.on in (on, "any"))

    def _use(self, fault: Fault) -> None:
        self._fired(fault.name)
        if fault.times is None:
            return
        if fault.times == 1:
            del self._set[fault.name]
        else:
            self._set[fault.name] = Fault(fault.name, fault.times - 1, fault.details)
