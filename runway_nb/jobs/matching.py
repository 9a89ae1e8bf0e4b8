"""Which task of an account belongs to a create that got no clear answer. Pure decisions (API facts 14).

Our own reference and a seed that we drew each name one request, whatever any clock says. A seed that the user fixed
may stand on many tasks, and most models take none: there a task has to show all in which requests differ, one from
before the create is another's by the server's clock, and among equal requests each task goes to the nearest in time.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from ..api.answer_values import moment_in
from ..api.models import Task
from ..camera import Camera
from ..ledger.record import Record, is_own_reference
from ..models import is_other_kind
from ..references import bare_id, task_account
from ..request import FIELDS, UNCOUNTED, VideoRequest
from ..task_options import aspect_in, audio_in, keyframe_assets, keyframe_count, resolution_in, seconds_in

SKEW_SECONDS = 300.0
"""How far a task may seem older than its create: two servers write the two times."""
SAME_SECONDS = 60.0
"""How near a task is to its create where two clocks agree."""
LATEST_SECONDS = 24 * 60 * 60.0
"""How much later than its create a task may have been made; a service may queue what it was sent."""
_UNSEEN = (*UNCOUNTED, *(field.name for field in FIELDS if not field.is_sent))
"""What no task shows."""
LONG_SEED = 6
"""Digits from which a number in a task's name can only be a seed."""


@dataclass(frozen=True)
class LostRequest:
    """What is known of a create whose answer is missing."""

    request: VideoRequest
    sent: float | None
    """Unix seconds of the create by the server's own clock, or None where it is not known."""
    about: float = 0.0
    """The same as well as it is known; good for an order, not for a verdict."""
    reference: str = ""
    """Our own replyRef, or nothing when the user gave one: that may name several tasks."""
    has_own_seed: bool = False
    """We drew the seed, and the model takes one; one that the user fixed may name several tasks."""
    job_id: str = ""
    sent_here: float | None = None
    """Unix seconds of the create by this machine's clock: not to be trusted, to be heard where two servers differ."""

    def may_fit(self, task: Task) -> bool:
        """Return True unless what the task shows rules it out; an item of a list may show little."""
        request = self.request
        return (
            not is_other_kind(task.task_type, request.row)
            and (not task.prompt or is_same_text(task.prompt, request.sent_prompt))
            and not (self.reference and task.reply_ref and task.reply_ref != self.reference)
            and self._has_our_seed(task) is not False
            and self._has_same_options(task)
            and (self.has_own_seed or not (self._has_other_form(task) or self.is_before(task) or self._is_after(task)))
        )

    def fits(self, task: Task) -> bool:
        """Return True when the task can be the one and shows enough to rule out every other request."""
        if not self.may_fit(task):
            return False
        if self.request.seed is None:
            return self.tells_prompt(task) and self._tells_form(task)
        return self._has_our_seed(task) is True and (self.has_own_seed or self.tells_prompt(task))

    def is_proven(self, task: Task) -> bool:
        """Return True when the task shows the reference that was sent, or the seed that we drew."""
        is_named = bool(task.reply_ref) and task.reply_ref == self.request.reply_ref
        return is_named or (self.has_own_seed and task.seed == self.request.seed)

    def tells_prompt(self, task: Task) -> bool:
        """Return True when the task shows its prompt: what it does not show proves nothing for a fixed seed."""
        return bool(task.prompt if self.request.sent_prompt else task.options)

    def tells_all(self, task: Task) -> bool:
        """Return False for an item of a list of which the whole task may tell more."""
        return (
            bool(task.options) and self.tells_prompt(task) and (self.request.seed is not None or self._tells_form(task))
        )

    def _tells_form(self, task: Task) -> bool:
        """Return True when the task shows its model, its length and when it was made: no seed tells it from others.

        The type is enough for a model, also where nobody knows the model's own (`is_other_kind`).
        """
        return bool(task.task_type) and seconds_in(task.options) is not None and _created(task) is not None

    def is_before(self, task: Task) -> bool:
        """Return True when the task was made before the create left, by the clocks of the servers."""
        made = _created(task)
        if made is None or self.sent is None or self._agrees_with_here(made):
            return False
        return made < self.sent - SKEW_SECONDS

    def is_long_before(self, task: Task) -> bool:
        """Return the same by this machine's clock, too: a history is not left early for one clock that is wrong."""
        made = _created(task)
        if made is None or self.sent is None:
            return False
        return made < min(self.sent, self.sent if self.sent_here is None else self.sent_here) - SKEW_SECONDS

    def _is_after(self, task: Task) -> bool:
        made = _created(task)
        if made is None or self.sent is None or self._agrees_with_here(made):
            return False
        return made > self.sent + LATEST_SECONDS

    def _agrees_with_here(self, made: float) -> bool:
        """Return True where this machine's clock and that of the task agree, whatever the head of an answer said.

        The server that writes it may be another one, with a clock of its own that is off.
        """
        return self.sent_here is not None and abs(made - self.sent_here) <= SAME_SECONDS

    def _has_same_options(self, task: Task) -> bool:
        """Return True unless length, camera or number of keyframes differ, as far as the task shows them.

        The moves are compared by size alone: their names and signs there are our reading.
        """
        options, request = task.options, self.request
        return (
            seconds_in(options) in (None, request.length)
            and (
                not isinstance(options.get("camera"), Mapping)
                or _sizes(options["camera"]) == _sizes(request.camera.moves)
            )
            and keyframe_count(options) in (None, len(request.keyframes.given))
        )

    def _has_other_form(self, task: Task) -> bool:
        """Return True when format, resolution, sound or explore mode differ, as far as the task shows them.

        Our reading of what models show (Model facts 7), so it is not held against a seed of our own.
        """
        options, request = task.options, self.request
        row = request.row
        return (
            aspect_in(options, row) not in (None, request.format)
            or (bool(row.resolutions) and resolution_in(options) not in (None, _resolution(request)))
            or (row.audio and audio_in(options) not in (None, request.audio is not False))
            or options.get("exploreMode") is (not request.explore)
        )

    def likeness(self, task: Task) -> tuple[bool, bool, bool]:
        """Return how much of the request a task shows by our reading of it, the surest first.

        The pictures by their ids, the moves with their signs, and by their names. Nothing of it rules a task out: it
        tells two requests in doubt from each other that differ in nothing else.
        """
        request, told = self.request, task.options.get("camera")
        given = {bare_id(str(picture)) for picture in request.keyframes.given.values()}
        moves = {name: value for name, value in request.camera.moves.items() if value}
        shown = {name: value for name, value in Camera.from_options(told).moves.items() if value}
        tells_moves = isinstance(told, Mapping)
        return (
            bool(given) and keyframe_assets(task.options) == given,
            tells_moves and sorted(shown.values()) == sorted(moves.values()),
            tells_moves and shown == moves,
        )

    def _has_our_seed(self, task: Task) -> bool | None:
        """Return whether the seed is ours, by the options or a number in the name (API facts 14.4); None: not shown.

        A short number in a name may be any: a model, a length, a word of the prompt. Of a model that takes no seed,
        one that a task shows says nothing: Runway may have drawn it.
        """
        if self.request.seed is None:
            return None
        if task.seed is not None:
            return task.seed == self.request.seed
        seed = str(self.request.seed)
        return True if len(seed) >= LONG_SEED and seed in re.findall(r"\d+", task.name) else None


@dataclass(frozen=True)
class Search:
    """A create whose task is looked for, and everything else that may lay claim to a task."""

    lost: LostRequest
    others: tuple[LostRequest, ...] = ()
    """All other creates of this backend whose tasks are not known."""
    taken: frozenset[str] = frozenset()
    """Tasks that belong to other jobs for certain."""
    guessed: frozenset[str] = frozenset()
    """Tasks that were given to other jobs because they fit."""

    def __post_init__(self) -> None:
        for name in ("taken", "guessed"):
            object.__setattr__(self, name, frozenset(map(str.casefold, getattr(self, name))))

    def is_taken(self, task_id: str) -> bool:
        """Return True for the task of another job, however its id is spelt."""
        return task_id.casefold() in self.taken

    def is_named(self, task_id: str, reference: str) -> bool:
        """Return True when our own reference stands on a task: then it is ours, whoever was thought to have it."""
        return bool(reference) and reference == self.lost.reference and not self.is_taken(task_id)

    def may_fit(self, task: Task) -> bool:
        """Return True unless something says no; only the whole task can tell more."""
        is_open = not self.is_taken(task.id) and task.id.casefold() not in self.guessed
        return is_open and any(one.may_fit(task) for one in self._equals)

    def fits(self, task: Task) -> bool:
        """Return True when the task can be ours or an equal request's, and not that of a different one in doubt."""
        return self._could_be_ours(task) and not self._could_be_of_another(task)

    def is_contested(self, task: Task) -> bool:
        """Return True when the task can be ours, and that of a different request in doubt as well."""
        return self._could_be_ours(task) and self._could_be_of_another(task)

    def _could_be_ours(self, task: Task) -> bool:
        return self.may_fit(task) and any(one.fits(task) for one in self._equals)

    def _could_be_of_another(self, task: Task) -> bool:
        """Return True when a different request in doubt may have the task, which shows no less of that than of ours."""
        if self.lost.has_own_seed:
            return False
        ours = self.lost.likeness(task)
        return any(other.may_fit(task) and other.likeness(task) >= ours for other in self._different)

    def choose(self, tasks: Iterable[Task]) -> Task | None:
        """Return ours among tasks that fit: a task goes to the nearest in time of all equal requests in doubt."""
        found = list({task.id: task for task in tasks if self.fits(task)}.values())
        return _nearest(self._equals, found).get(self.lost.job_id)

    def is_past(self, tasks: Sequence[Task]) -> bool:
        """Return True when the rest of a history that runs from new to old can only be older than the create."""
        newest_first = (_created(tasks[0]) or 0.0) >= (_created(tasks[-1]) or 0.0)
        return newest_first and all(one.is_long_before(tasks[-1]) for one in self._equals)

    @cached_property
    def _equals(self) -> list[LostRequest]:
        """Ours and all that a task cannot tell from it; a seed that we drew stands in one request only."""
        if self.lost.has_own_seed:
            return [self.lost]
        return [self.lost, *(other for other in self.others if _is_equal(other, self.lost))]

    @cached_property
    def _different(self) -> list[LostRequest]:
        return [other for other in self.others if not _is_equal(other, self.lost)]


def lost_request(record: Record, offset: float = 0.0) -> LostRequest:
    """Return what the ledger knows of a create whose task is missing.

    Args:
        record: The job.
        offset: How far the server's clock is before ours now, in seconds; for records that do not tell its time.
    """
    sent, request = record.server_sent, VideoRequest.from_wire(record.request, record.model)
    was_drawn = bool(record.original_request) and record.original_request.get("seed") is None
    return LostRequest(
        request,
        sent=sent,
        about=sent if sent is not None else (record.sent or record.created) + offset,
        sent_here=record.sent,
        reference=record.reply_ref if is_own_reference(record.reply_ref, record.id) else "",
        has_own_seed=was_drawn and request.seed is not None,
        job_id=record.id,
    )


def kin(request: VideoRequest) -> str:
    """Return what is equal for requests whose tasks are hard to tell apart: those with the same words and seed."""
    return f"{request.seed} {_plain(request.sent_prompt)}"


def contradiction(task: Task, search: Search) -> str:
    """Return how the task that an answer shows differs from what was sent, in words; nothing when it does not."""
    lost, request = search.lost, search.lost.request
    owner = task_account(task.id).casefold()
    # what these say is our reading of the API: it is not held against a task that proves to be ours
    weak = {} if lost.is_proven(task) else {
        "a task of another kind": is_other_kind(task.task_type, request.row),
        "a task of another length": seconds_in(task.options) not in (None, request.length),
        "a task from before": lost.is_before(task),
    }  # fmt: skip
    wrong = {
        "a task of another account": bool(owner and request.account) and owner != request.account.casefold(),
        "a task that belongs to another job": search.is_taken(task.id),
        "another reference": bool(task.reply_ref) and task.reply_ref != request.reply_ref,
        "another seed": None not in (task.seed, request.seed) and task.seed != request.seed,
        "another prompt": bool(task.prompt) and not is_same_text(task.prompt, request.sent_prompt),
        **weak,
    }
    found = [difference for difference, holds in wrong.items() if holds]
    return " and ".join(found)


def is_same_text(shown: str, sent: str) -> bool:
    """Return True for the same words, however a service spaces them."""
    return _plain(shown) == _plain(sent)


def _created(task: Task) -> float | None:
    """Return Unix seconds of the time that a task shows as its own, or None."""
    moment = moment_in(task.created_at)
    return None if moment is None else moment.timestamp()


def _plain(text: str) -> str:
    return " ".join(unicodedata.normalize("NFC", text).split())


def _is_equal(one: LostRequest, other: LostRequest) -> bool:
    """Return True when a task cannot tell which of the two it was made for."""
    return _as_made(one.request) == _as_made(other.request)


def _as_made(request: VideoRequest) -> VideoRequest:
    """Return a request as its task shows it: two spellings of one are equal, and what is a default counts as given."""
    row, nothing = request.row, dict[str, Any](dict.fromkeys(_UNSEEN))
    made = replace(
        request,
        **nothing,
        prompt=_plain(request.sent_prompt),
        camera=request.camera if row.camera else Camera(),
        aspect=request.format,
        seconds=request.length,
        explore=bool(request.explore),
    )
    return replace(made, resolution=_resolution(request), audio=request.audio is not False)


def _resolution(request: VideoRequest) -> str | None:
    return request.resolution or next(iter(request.row.resolutions), None)


def _nearest(lost: Sequence[LostRequest], tasks: Sequence[Task]) -> dict[str, Task]:
    """Return the task of each job: the pair that is nearest in time first, then the next of what is left."""
    pairs = sorted(
        (_distance(request, task), request.job_id, task.id) for request in lost for task in tasks if request.fits(task)
    )
    by_id, found = {task.id: task for task in tasks}, dict[str, Task]()
    for _, job_id, task_id in pairs:
        if job_id not in found and task_id in by_id:
            found[job_id] = by_id.pop(task_id)
    return found


def _distance(request: LostRequest, task: Task) -> float:
    """Return the seconds between create and task; what tells no time comes last."""
    made = _created(task)
    return abs(made - request.about) if made is not None else float("inf")


def _sizes(moves: Mapping[str, object]) -> list[float]:
    """Return the sizes of all moves that are not zero."""
    return sorted(
        round(abs(value), 3)
        for value in moves.values()
        if isinstance(value, (int, float)) and value is not True and value
    )
