"""What the API returns: tasks, artifacts, assets, accounts. Read with care, since the API is not consistent.

Flat or nested answers, numbers as text, missing fields and unknown words are all read here, once (API facts
3.3, 4, 7, 8, 10, 11). A value that cannot be read becomes None; only a task without an id is an error.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import ServerError
from ..redaction import know_address, know_id, redact_line, short_id
from ..task_options import prompt_in
from .answer_values import (
    Json,
    agreed_in,
    id_in,
    items_in,
    mapping_in,
    moment_in,
    number_in,
    shown_in,
    text_in,
    urls_in,
    whole_in,
)
from .artifact import Artifact, is_artifact_of

STATUS, KIND, NAME = 60, 40, 200
"""The most characters of a status, of a kind and of a name; nothing that is one is longer."""


_KNOWN = frozenset({"PENDING", "THROTTLED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "CANCELED"})
"""The words that the API documents or that its clients have seen."""


class Status(str):
    """The API's own word for the state of a task, in capitals. Unknown words are kept, and are no end.

    As it may be shown: on one line of at most 60 characters, without secrets and control characters.
    """

    __slots__ = ()

    def __new__(cls, word: str) -> Status:  # noqa: D102 - as the class says
        # what is known needs no mask, and is what is read a thousand times
        return super().__new__(cls, word if str(word) in _KNOWN else redact_line(word, STATUS))

    @property
    def is_final(self) -> bool:
        """True when the task will not change any more (API facts 4.1). THROTTLED is not an end."""
        return self in _FINAL

    def __repr__(self) -> str:
        return f"Status({str(self)!r})"


PENDING, THROTTLED, RUNNING = Status("PENDING"), Status("THROTTLED"), Status("RUNNING")
SUCCEEDED, FAILED = Status("SUCCEEDED"), Status("FAILED")
_CANCELLED = frozenset({"CANCELLED", "CANCELED"})
_FINAL = frozenset({SUCCEEDED, FAILED}) | _CANCELLED


def listed(body: object, key: str) -> list[Json]:
    """Return the objects of a list answer: a bare array, an array under `key`, or a single object (API facts 6)."""
    if isinstance(body, Mapping):
        return items_in(body[key]) if isinstance(body.get(key), list) else [body] if body else []
    return items_in(body)


@dataclass(frozen=True)
class TaskProblem:
    """Why a task failed (API facts 4.3)."""

    message: str = ""
    reason: str = ""
    """A code such as `SAFETY.INPUT.TEXT`."""
    category: str = ""
    """A category of moderation such as `VIOLENCE`."""

    @property
    def is_moderation(self) -> bool:
        """True when moderation refused; such a request is never sent again by itself."""
        return "SAFETY" in self.reason.upper().split(".") or bool(self.category)

    @classmethod
    def from_wire(cls, value: object) -> TaskProblem | None:
        """Read an object, a plain text or null."""
        if isinstance(value, str) and value:
            message = shown_in(value)
            return cls(message=message, reason=message if message.startswith("SAFETY.") else "")
        if not isinstance(value, Mapping) or not value:
            return None
        return cls(
            message=shown_in(value.get("errorMessage")) or shown_in(value.get("message")),
            reason=shown_in(value.get("reason"), NAME),
            category=shown_in(value.get("moderation_category"), NAME),
        )


@dataclass(frozen=True)
class Task:
    """A task as the API last showed it (API facts 4)."""

    id: str
    """The composite id; it carries the account's e-mail, so show `short_id`."""
    status: Status
    progress: float | None = None
    """0 to 1, or None while unknown."""
    starts_in: float | None = None
    """Estimated seconds until it starts."""
    problem: TaskProblem | None = None
    artifacts: tuple[Artifact, ...] = ()
    task_type: str = ""
    name: str = ""
    created_at: str = ""
    """ISO 8601, UTC."""
    seed: int | None = None
    prompt: str = ""
    options: Json = field(default_factory=dict, repr=False, compare=False)
    """Everything that the API returns about what was asked for (API facts 3.3)."""
    reply_ref: str = ""
    """Only in the answer to a create, in GET /scheduler and in call-backs."""
    credits_used: float | None = None
    credits_permitted: float | None = None

    @classmethod
    def from_wire(cls, body: object) -> Task:
        """Read an answer: flat, nested or both. Raises `ServerError` where it has no task id, or more than one."""
        outer = mapping_in(body)
        nested = mapping_in(outer.get("task"))
        inner = {**_beside(outer), **nested} if nested else outer
        identifier, reference = (agreed_in(outer, inner, name) for name in ("taskId", "replyRef"))
        identifier = id_in(identifier) or id_in(nested.get("id"))
        if not identifier:
            raise ServerError("the answer names no task", 200)
        know_id(identifier)
        options, features = mapping_in(inner.get("options")), mapping_in(outer.get("features"))
        ratio = number_in(inner.get("progressRatio"))
        return cls(
            id=identifier,
            status=Status(shown_in(inner.get("status"), STATUS).upper() or "UNKNOWN"),
            progress=None if ratio is None else min(1.0, max(0.0, ratio)),
            starts_in=number_in(inner.get("estimatedTimeToStartSeconds")),
            problem=TaskProblem.from_wire(inner.get("error")),
            artifacts=tuple(
                Artifact.from_wire(item)
                for item in listed(inner.get("artifacts"), "artifacts")
                if is_artifact_of(item, identifier)
            ),
            task_type=shown_in(inner.get("taskType"), KIND),
            name=shown_in(inner.get("name")),
            created_at=shown_in(inner.get("createdAt"), KIND),
            seed=whole_in(options.get("seed")),
            prompt=text_in(prompt_in(options)),
            options=options,
            reply_ref=reference,
            credits_used=number_in(features.get("numPlanCredits_used")),
            credits_permitted=number_in(features.get("numPlanCredits_permitted")),
        )

    @property
    def short_id(self) -> str:
        """Eight characters that are safe to show."""
        return short_id(self.id)

    @property
    def videos(self) -> tuple[Artifact, ...]:
        """The artifacts that may be the video, the most likely first."""
        return tuple(sorted((item for item in self.artifacts if item.may_be_video), key=lambda item: item.rank or 0))

    @property
    def video(self) -> Artifact | None:
        """The first of `videos`."""
        return next(iter(self.videos), None)

    @property
    def is_cancelled(self) -> bool:
        """CANCELLED, in either spelling."""
        return self.status in _CANCELLED

    def __repr__(self) -> str:
        percent = "" if self.progress is None else f" {self.progress:.0%}"
        return f"<Task {self.short_id} {self.status}{percent}>"


def _beside(outer: Json) -> Json:
    """Return what an answer says of a task beside the task: not its error, which is the call's."""
    return {name: value for name, value in outer.items() if name not in ("error", "task")}


@dataclass(frozen=True)
class Asset:
    """A file of the account (API facts 8)."""

    id: str
    """The composite id; it carries the account's e-mail, so show `short_id`."""
    name: str = ""
    kind: str = ""
    """image, video or audio."""
    url: str = ""
    preview_urls: tuple[str, ...] = ()
    size: int | None = None
    """Bytes."""
    created: float | None = None
    """Unix seconds."""
    width: int | None = None
    """Pixels; uploads are listed without."""
    height: int | None = None
    """Pixels."""
    seconds: float | None = None
    """Length of a video."""
    task_id: str = field(default="", repr=False)
    """The task that made it, nothing for an upload; it carries the account's e-mail."""
    is_upload: bool | None = None
    """None where the API does not say."""

    has_own_name: bool = field(init=False, default=True, repr=False, compare=False)
    """False where the name as it may be shown is not the name that the account has."""

    def __post_init__(self) -> None:
        # before anything is cut from it: half an address would not be known for one
        name = redact_line(self.name, NAME)
        object.__setattr__(self, "has_own_name", name == self.name)
        object.__setattr__(self, "name", name)

    @classmethod
    def from_wire(cls, value: object) -> Asset:
        """Read an upload's answer or an item of the list; the two differ in names (API facts 8.1, 8.2)."""
        outer = mapping_in(value)
        item = mapping_in(outer.get("asset")) or outer
        identifier = id_in(agreed_in(outer, item, "assetId"))
        if not identifier:
            raise ServerError("the answer names no asset", 200)
        know_id(identifier)
        kind = shown_in(item.get("mediaType"), KIND) or shown_in(mapping_in(item.get("type")).get("name"), KIND)
        metadata, upload = mapping_in(item.get("metadata")), item.get("isUserUpload")
        width, height = _frame(metadata)
        return cls(
            id=identifier,
            name=text_in(item.get("name")),
            kind=kind,
            url=text_in(item.get("url")),
            preview_urls=urls_in(item.get("previewUrls")),
            size=whole_in(item.get("fileSize", item.get("size"))),
            created=_unix(text_in(item.get("createdAt"))),
            width=width,
            height=height,
            seconds=number_in(metadata.get("duration")),
            task_id=text_in(item.get("taskId")),
            is_upload=upload if isinstance(upload, bool) else None,
        )

    @property
    def short_id(self) -> str:
        """Eight characters that are safe to show."""
        return short_id(self.id)

    @property
    def thumbnail_urls(self) -> tuple[str, ...]:
        """Links to a picture of it, the smaller one first; of a video there is only the preview."""
        whole = (self.url,) if self.kind in ("", "image") else ()
        return *self.preview_urls[:1], *whole

    @property
    def stem(self) -> str:
        """The name without its ending."""
        head, _, ending = self.name.rpartition(".")
        return head if head and ending else self.name

    def __repr__(self) -> str:
        return f"<Asset {self.short_id} {self.name!r}>"


def _frame(metadata: Json) -> tuple[int | None, int | None]:
    """Return width and height: own fields, or before August 2025 in `dimensions` and `size` (API facts 8.2)."""
    sides = metadata.get("dimensions")
    pair = sides if isinstance(sides, list) and len(sides) == 2 else (None, None)
    nested = mapping_in(metadata.get("size"))
    width, height = (
        next(filter(None, (whole_in(metadata.get(name)), whole_in(nested.get(name)), whole_in(side))), None)
        for name, side in zip(("width", "height"), pair, strict=True)
    )
    return (width, height) if (width or 0) > 0 and (height or 0) > 0 else (None, None)


def _unix(iso: str) -> float | None:
    """Return Unix seconds of an ISO time; None for what is none, and for years that not every clock can show."""
    moment = moment_in(iso)
    return moment.timestamp() if moment is not None and 1970 < moment.year < 3000 else None


@dataclass(frozen=True)
class RunningTask:
    """A task that useapi.net tracks now (API facts 7.2), or that holds a slot (API facts 3.4)."""

    id: str
    reply_ref: str = ""

    def __repr__(self) -> str:
        return f"<RunningTask {short_id(self.id)}>"


def running_tasks(values: Iterable[object]) -> tuple[RunningTask, ...]:
    """Return the readable items of a list of tracked tasks."""
    items = (mapping_in(value) for value in values)
    found = tuple(
        RunningTask(identifier, text_in(item.get("replyRef")))
        for item in items
        if (identifier := id_in(item.get("taskId")))
    )
    for task in found:
        know_id(task.id)
    return found


@dataclass(frozen=True)
class Account:
    """A Runway account behind the token. Passwords and sessions are never read (API facts 10)."""

    email: str
    max_jobs: int | None = None
    error: str = ""

    def __repr__(self) -> str:
        return f"<Account {redact_line(self.email)} max_jobs={self.max_jobs}>"


def accounts(body: object) -> tuple[Account, ...]:
    """Read the accounts of GET /accounts, an object keyed by e-mail."""
    found = [(email, mapping_in(value)) for email, value in mapping_in(body).items() if "@" in email]
    # all of them first: the error of one may name another
    for email, _ in found:
        know_address(email)
    return tuple(
        Account(email, whole_in(value.get("maxJobs")), redact_line(str(value.get("error") or "")))
        for email, value in found
    )


def working_accounts(accounts: Sequence[Account]) -> list[Account]:
    """Return the accounts without an error, or all where each has one."""
    return [account for account in accounts if not account.error] or list(accounts)


@dataclass(frozen=True)
class Credits:
    """The credits of an account's plan (API facts 11)."""

    used: float | None = None
    permitted: float | None = None

    @property
    def left(self) -> float | None:
        """Permitted minus used, or None when either is unknown."""
        return None if self.used is None or self.permitted is None else self.permitted - self.used

    @classmethod
    def from_wire(cls, body: object) -> Credits:
        """Read the answer of GET /features."""
        outer = mapping_in(body)
        used, permitted = mapping_in(outer.get("used")), mapping_in(outer.get("permitted"))
        return cls(number_in(used.get("numPlanCredits")), number_in(permitted.get("numPlanCredits")))
