"""What the API says: tasks, artifacts, assets, accounts. Read with care, since the API is not consistent.

Flat or nested answers, numbers as text, missing fields and unknown words are all read here, once (API facts
3.3, 4, 7, 8, 10, 11). A value that cannot be read becomes None; only a task without an id is an error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timezone
from typing import Any

from .errors import ServerTrouble
from .redact import LINE, know_address, know_id, redact_line, short_id

Json = Mapping[str, Any]

STATUS, KIND, NAME = 60, 40, 200
"""The most characters of a status, of a kind and of a name; nothing that is one is longer."""


_WORDS = frozenset({"PENDING", "THROTTLED", "RUNNING", "SUCCEEDED", "FAILED", "CANCELLED", "CANCELED"})
"""The words that the API documents or that its clients have seen."""


class Status(str):
    """The API's own word for the state of a task, in capitals. Unknown words are kept, and are no end.

    As it may be shown: on one line of at most 60 characters, without secrets and control characters.
    """

    __slots__ = ()

    def __new__(cls, word: str) -> Status:  # noqa: D102 - as the class says
        # what is known needs no mask, and is what is read a thousand times
        return super().__new__(cls, word if str(word) in _WORDS else redact_line(word, STATUS))

    @property
    def is_final(self) -> bool:
        """True when the task will not change any more (API facts 4.1). THROTTLED is not an end."""
        return self in _FINAL

    @property
    def is_known(self) -> bool:
        """True for the words that the API documents or that its clients have seen."""
        return self in _WORDS

    def __repr__(self) -> str:
        return f"Status({str(self)!r})"


PENDING, THROTTLED, RUNNING = Status("PENDING"), Status("THROTTLED"), Status("RUNNING")
SUCCEEDED, FAILED = Status("SUCCEEDED"), Status("FAILED")
_CANCELLED = frozenset({"CANCELLED", "CANCELED"})
_FINAL = frozenset({SUCCEEDED, FAILED}) | _CANCELLED


def _number(value: object) -> float | None:
    """A finite number out of a number or text, else None."""
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _whole(value: object) -> int | None:
    number = _number(value)
    return None if number is None else int(number)


def _text(value: object) -> str:
    """Text that can be stored and printed: half characters are replaced."""
    return value.encode(errors="replace").decode() if type(value) is str else ""


def _shown(value: object, limit: int = LINE) -> str:
    """Text that is there to be shown and for nothing else: on one line, without secrets and control characters."""
    return redact_line(_text(value), limit)


def _mapping(value: object) -> Json:
    return value if issubclass(type(value), Mapping) else {}  # type: ignore[return-value]


def _items(value: object) -> list[Json]:
    return [item for item in value if isinstance(item, Mapping)] if isinstance(value, list) else []


def listed(body: object, key: str) -> list[Json]:
    """The objects of a list answer: a bare array, an array under `key`, or a single object (API facts 6)."""
    if isinstance(body, Mapping):
        return _items(body[key]) if isinstance(body.get(key), list) else [body] if body else []
    return _items(body)


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
        """True when moderation refused; such a wish is never sent again by itself."""
        return "SAFETY" in self.reason.upper().split(".") or bool(self.category)

    @classmethod
    def from_wire(cls, value: object) -> TaskProblem | None:
        """An object, a plain text or null."""
        if isinstance(value, str) and value:
            message = _shown(value)
            return cls(message=message, reason=message if message.startswith("SAFETY.") else "")
        if not isinstance(value, Mapping) or not value:
            return None
        return cls(
            message=_shown(value.get("errorMessage")) or _shown(value.get("message")),
            reason=_shown(value.get("reason"), NAME),
            category=_shown(value.get("moderation_category"), NAME),
        )


@dataclass(frozen=True)
class Artifact:
    """A file that a task made (API facts 4.4). `url` is signed and expires."""

    asset_id: str
    url: str
    preview_urls: tuple[str, ...] = ()
    size: int | None = None
    """Bytes."""
    file_name: str = ""
    rank: int | None = 1
    """How likely it is the video: 0 told to be one, 1 not told, 2 contradicted, 3 named like something else; None:
    told to be something else."""

    @classmethod
    def from_wire(cls, value: Json) -> Artifact:
        """One item of `artifacts`."""
        return cls(
            asset_id=_text(value.get("assetId")),
            url=_text(value.get("url")),
            preview_urls=_urls(value.get("previewUrls")),
            size=_whole(value.get("fileSize")),
            file_name=_text(value.get("filename")),
            rank=_rank(value),
        )

    @property
    def may_be_video(self) -> bool:
        """True for what has a link and is not told to be something else."""
        return bool(self.url) and self.rank is not None

    def __repr__(self) -> str:
        return f"<Artifact {short_id(self.asset_id)}>"


_ENDINGS = {
    "video": ("mp4", "m4v", "mov", "webm", "mkv"),
    "image": ("jpg", "jpeg", "jfif", "png", "apng", "webp", "gif", "avif", "heic", "bmp", "tif", "tiff", "svg"),
    "audio": ("mp3", "wav", "m4a", "aac", "ogg", "flac"),
    "text": ("txt", "json", "vtt", "srt", "html", "xml", "csv", "pdf", "zip"),
}
_BY_ENDING = {ending: kind for kind, endings in _ENDINGS.items() for ending in endings}


def _kind_of_name(name: str) -> str:
    """What an ending tells, or nothing."""
    return _BY_ENDING.get(name.rstrip().rpartition(".")[2].lower(), "")


def _rank(value: Json) -> int | None:
    """See `Artifact.rank`. A name alone proves nothing: it is the task's, and may end as the name of a keyframe."""
    link = _text(value.get("url")).partition("?")[0].partition("#")[0]
    told = {*_told_kinds(value), _kind_of_name(link)} - {""}
    if told:
        return (0 if len(told) == 1 else 2) if "video" in told else None
    return {"video": 0, "": 1}.get(_kind_of_name(_text(value.get("filename"))), 3)


def _told_kinds(value: Json) -> Iterator[str]:
    """What the fields say that the API has for it here or elsewhere, and what the metadata show."""
    metadata = _mapping(value.get("metadata"))
    for place in (value, metadata):
        for name in ("mediaType", "type", "mimeType", "contentType"):
            said = place.get(name)
            word = (_text(said) or _text(_mapping(said).get("name"))).strip().lower().partition("/")[0]
            yield word if word in _ENDINGS else ""
    yield "video" if any(_number(metadata.get(name)) for name in ("duration", "frameRate")) else ""


def _urls(value: object) -> tuple[str, ...]:
    return tuple(url for url in value if isinstance(url, str)) if isinstance(value, list) else ()


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
    """Everything that the API says about what was asked for (API facts 3.3)."""
    reply_ref: str = ""
    """Only in the answer to a create, in GET /scheduler and in call-backs."""
    credits_used: float | None = None
    credits_permitted: float | None = None

    @classmethod
    def from_wire(cls, body: object) -> Task:
        """Read a flat or nested answer. Raises `ServerTrouble` when there is no task id in it."""
        outer = _mapping(body)
        inner = _mapping(outer.get("task")) or outer
        identifier = _text(inner.get("taskId")) or _text(outer.get("taskId"))
        if not identifier:
            raise ServerTrouble("the answer names no task", 200)
        know_id(identifier)
        options, features = _mapping(inner.get("options")), _mapping(outer.get("features"))
        ratio = _number(inner.get("progressRatio"))
        return cls(
            id=identifier,
            status=Status(_shown(inner.get("status"), STATUS).upper() or "UNKNOWN"),
            progress=None if ratio is None else min(1.0, max(0.0, ratio)),
            starts_in=_number(inner.get("estimatedTimeToStartSeconds")),
            problem=TaskProblem.from_wire(inner.get("error")),
            artifacts=tuple(Artifact.from_wire(item) for item in _items(inner.get("artifacts"))),
            task_type=_shown(inner.get("taskType"), KIND),
            name=_shown(inner.get("name")),
            created_at=_shown(inner.get("createdAt"), KIND),
            seed=_whole(options.get("seed")),
            prompt=_text(options.get("text_prompt")),
            options=options,
            reply_ref=_text(outer.get("replyRef")) or _text(inner.get("replyRef")),
            credits_used=_number(features.get("numPlanCredits_used")),
            credits_permitted=_number(features.get("numPlanCredits_permitted")),
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
        """An upload's answer or an item of the list; the two differ in names (API facts 8.1, 8.2)."""
        outer = _mapping(value)
        item = _mapping(outer.get("asset")) or outer
        identifier = _text(item.get("assetId")) or _text(outer.get("assetId"))
        if not identifier:
            raise ServerTrouble("the answer names no asset", 200)
        know_id(identifier)
        kind = _shown(item.get("mediaType"), KIND) or _shown(_mapping(item.get("type")).get("name"), KIND)
        metadata, upload = _mapping(item.get("metadata")), item.get("isUserUpload")
        width, height = _frame(metadata)
        return cls(
            id=identifier,
            name=_text(item.get("name")),
            kind=kind,
            url=_text(item.get("url")),
            preview_urls=_urls(item.get("previewUrls")),
            size=_whole(item.get("fileSize", item.get("size"))),
            created=_unix(_text(item.get("createdAt"))),
            width=width,
            height=height,
            seconds=_number(metadata.get("duration")),
            task_id=_text(item.get("taskId")),
            is_upload=upload if isinstance(upload, bool) else None,
        )

    @property
    def short_id(self) -> str:
        """Eight characters that are safe to show."""
        return short_id(self.id)

    @property
    def stem(self) -> str:
        """The name without its ending."""
        head, _, ending = self.name.rpartition(".")
        return head if head and ending else self.name

    def __repr__(self) -> str:
        return f"<Asset {self.short_id} {self.name!r}>"


def _frame(metadata: Json) -> tuple[int | None, int | None]:
    """Width and height: fields of their own, or before August 2025 in `dimensions` and `size` (API facts 8.2)."""
    sides = metadata.get("dimensions")
    pair = sides if isinstance(sides, list) and len(sides) == 2 else (None, None)
    nested = _mapping(metadata.get("size"))
    width, height = (
        next(filter(None, (_whole(metadata.get(name)), _whole(nested.get(name)), _whole(side))), None)
        for name, side in zip(("width", "height"), pair, strict=True)
    )
    return (width, height) if (width or 0) > 0 and (height or 0) > 0 else (None, None)


def _unix(iso: str) -> float | None:
    """Unix seconds of an ISO time; None for what is none, and for years that not every clock can show."""
    with suppress(ValueError, OverflowError):
        moment = datetime.fromisoformat(iso.replace("Z", "+00:00"))
        moment = moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
        return moment.timestamp() if 1970 < moment.year < 3000 else None
    return None


@dataclass(frozen=True)
class RunningTask:
    """A task that useapi.net tracks now (API facts 7.2), or that holds a slot (API facts 3.4)."""

    id: str
    reply_ref: str = ""

    def __repr__(self) -> str:
        return f"<RunningTask {short_id(self.id)}>"


def running_tasks(values: Iterable[object]) -> tuple[RunningTask, ...]:
    """The readable items of a list of tracked tasks."""
    items = (_mapping(value) for value in values)
    found = tuple(
        RunningTask(_text(item["taskId"]), _text(item.get("replyRef"))) for item in items if item.get("taskId")
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
    """The accounts of GET /accounts, an object keyed by e-mail."""
    found = [(email, _mapping(value)) for email, value in _mapping(body).items() if "@" in email]
    # all of them first: the error of one may name another
    for email, _ in found:
        know_address(email)
    return tuple(
        Account(email, _whole(value.get("maxJobs")), redact_line(str(value.get("error") or "")))
        for email, value in found
    )


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
        """The answer of GET /features."""
        outer = _mapping(body)
        used, permitted = _mapping(outer.get("used")), _mapping(outer.get("permitted"))
        return cls(_number(used.get("numPlanCredits")), _number(permitted.get("numPlanCredits")))
