"""The wire contract of the simulated API: paths, fields, ranges, media types and the texts of refusals.

Read from the API's documentation (API facts, sections 2, 3, 6 and 8) and from nothing of this package, so
that a mistake of the client does not repeat itself here.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

BASE = "/v1/runwayml"
"""Path under which all calls live, but for `/v2/account` (API facts 2 and 11)."""
TASK_TYPE = "gen3a_turbo"
CREDITS_PER_SECOND = 5
MAX_SEED = 4_294_967_294
MAX_TEXT = 1024
"""Characters of `replyUrl` and of `replyRef`."""
MAX_BODY = 100 * 1024 * 1024
"""Bytes of an upload that the simulator takes; the API documents no limit."""
SIZES = {"landscape": (1280, 768), "portrait": (768, 1280)}
"""Pixels of the clip by `aspect_ratio`."""
STATUSES = ("PENDING", "RUNNING", "THROTTLED", "SUCCEEDED", "FAILED")
"""The statuses that `statuses` of GET /tasks knows (API facts 6)."""
KEYFRAMES = {"firstImage_assetId": 0.0, "middleImage_assetId": 0.5, "lastImage_assetId": 1.0}
"""Field of a keyframe to its time in the clip (API facts 3.3)."""
MOVES = {"horizontal": "x", "vertical": "y", "roll": "r", "zoom": "z", "pan": "bg_x_pan", "tilt": "bg_y_pan"}
"""Field of a camera move to its key in `options.camera` (API facts 3.3)."""

MEDIA_TYPES = {
    "image/png": "png", "image/jpeg": "jpeg", "image/gif": "gif", "image/webp": "webp", "image/mpo": "mpo",
    "video/mp4": "mp4", "video/quicktime": "mov", "video/3gpp": "3gp", "video/x-matroska": "mkv",
    "video/x-flv": "flv", "video/mpeg": "mpeg", "video/mp2t": "ts", "video/x-msvideo": "avi",
    "video/x-motion-jpeg": "mjpeg", "video/webm": "webm", "video/ogg": "ogv",
    "audio/mpeg": "mp3", "audio/wav": "wav", "audio/wave": "wav", "audio/flac": "flac",
    "audio/ogg": "ogg", "audio/webm": "webm",
}  # fmt: skip
"""`Content-Type` of an upload to the extension of its name (API facts 8.1)."""

TOKEN = re.compile(r"user:(\d+)-[A-Za-z0-9]+")
IDENTIFIER = re.compile(r"user:(\d+)-runwayml:(.+)-(task|asset):([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})")


class RefusedError(Exception):
    """A call that the API answers with an error: status and JSON body.

    The body is the usual envelope `{"error": text, "code": status}`, or `body` where another is
    documented.
    """

    def __init__(self, status: int, text: str, body: Mapping[str, Any] | None = None) -> None:
        super().__init__(text)
        self.status = status
        self.body = dict(body) if body is not None else {"error": text, "code": status}


def wrong(name: str) -> RefusedError:
    """Return the refusal of a parameter whose text is not documented (API facts 3.5)."""
    return RefusedError(400, f"Parameter {name} has incorrect format")


def missing(name: str) -> RefusedError:
    """Return the refusal of a call that leaves out a parameter (API facts 3.5)."""
    return RefusedError(400, f"Required param {name} is missing or empty")


def not_found() -> RefusedError:
    """Return the refusal of an unknown path, task or asset."""
    return RefusedError(404, "Not found.")


def composite(owner: str, email: str, kind: Literal["task", "asset"], uuid: str) -> str:
    """Return the identifier of a task or an asset, as used in paths and fields (API facts 2.1)."""
    return f"user:{owner}-runwayml:{email}-{kind}:{uuid}"


def bare(kind: Literal["task", "asset"], identifier: str) -> str | None:
    """Return the uuid in a composite identifier of `kind`; None for anything else."""
    match = IDENTIFIER.fullmatch(identifier)
    return match[4] if match and match[3] == kind else None


@dataclass(frozen=True)
class Field:
    """What a field of the create call takes."""

    kind: Literal["text", "number", "integer", "flag"]
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[Any, ...] = ()
    longest: int | None = None

    def read(self, name: str, value: Any) -> Any:
        """Return the value, or a refusal that names the field."""
        if not self._has_kind(value):
            raise wrong(name)
        if self.choices and value not in self.choices:
            raise RefusedError(400, f"Supported values for {name}: {', '.join(map(str, self.choices))}")
        if self.longest is not None and len(value) > self.longest:
            raise RefusedError(400, f"{name} is too long")
        if self.kind in ("number", "integer") and not self.low <= value <= self.high:
            raise wrong(name)
        return int(value) if self.kind == "integer" else value

    def _has_kind(self, value: Any) -> bool:
        if self.kind == "text":
            return isinstance(value, str)
        if self.kind == "flag":
            return isinstance(value, bool)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not math.isfinite(value):
            return False
        return self.kind == "number" or value == int(value)

    def from_text(self, text: str) -> Any:
        """Return the value that a form field spells; the text itself where it spells none."""
        if self.kind == "flag":
            return {"true": True, "false": False}.get(text, text)
        if self.kind == "text":
            return text
        try:
            return float(text) if "." in text else int(text)
        except ValueError:
            return text


CREATE: dict[str, Field] = {
    **dict.fromkeys(KEYFRAMES, Field("text")),
    "text_prompt": Field("text"),
    "aspect_ratio": Field("text", choices=tuple(SIZES)),
    **dict.fromkeys(MOVES, Field("number", -10, 10)),
    "static": Field("flag"),
    "seconds": Field("integer", choices=(5, 10)),
    "seed": Field("integer", 1, MAX_SEED),
    "exploreMode": Field("flag"),
    "replyUrl": Field("text", longest=MAX_TEXT),
    "replyRef": Field("text", longest=MAX_TEXT),
    "maxJobs": Field("integer", 1, 10),
}
"""Every documented field of the create call, in the order in which it is checked (API facts 3.1)."""


@dataclass(frozen=True)
class CreateRequest:
    """A create call that passed the checks of its fields."""

    prompt: str = ""
    aspect: str = "landscape"
    seconds: int = 5
    seed: int | None = None
    explore: bool = False
    keyframes: tuple[tuple[float, str], ...] = ()
    """Time (0, 0.5, 1) and composite id of the asset."""
    camera: dict[str, float | bool] = field(default_factory=dict)
    """Moves by their field names, and `static`."""
    reply_url: str | None = None
    reply_ref: str | None = None
    max_jobs: int | None = None

    @property
    def credits(self) -> int:
        """What the clip costs outside of explore mode."""
        return self.seconds * CREDITS_PER_SECOND


def read_create_request(body: Mapping[str, Any]) -> CreateRequest:
    """Return the request in the body of a create call, or raise the refusal of its first mistake.

    `null` counts as left out (undocumented, API facts 3.1). Unknown fields are ignored here and reported by
    `unknown_fields`.
    """
    given = {name: CREATE[name].read(name, body[name]) for name in CREATE if body.get(name) is not None}
    camera = {name: given[name] for name in (*MOVES, "static") if name in given}
    if camera.get("static") and len(camera) > 1:
        raise wrong("static")
    keyframes = tuple((time, given[name]) for name, time in KEYFRAMES.items() if name in given)
    if not keyframes and not given.get("text_prompt"):
        raise missing("text_prompt")
    return CreateRequest(
        prompt=given.get("text_prompt", ""),
        aspect=given.get("aspect_ratio", "landscape"),
        seconds=given.get("seconds", 5),
        seed=given.get("seed"),
        explore=given.get("exploreMode", False),
        keyframes=keyframes,
        camera=camera,
        reply_url=given.get("replyUrl") or None,
        reply_ref=given.get("replyRef"),
        max_jobs=given.get("maxJobs"),
    )


def unknown_fields(body: Mapping[str, Any]) -> list[str]:
    """Return fields of a create call that no page documents, and documented ones sent as `null` (marked so)."""
    unknown = [name for name in body if name not in CREATE]
    return unknown + [f"{name}=null" for name in CREATE if name in body and body[name] is None]


def read_number(query: Mapping[str, str], name: str, low: int, high: int, *, required: bool = True) -> int | None:
    """Return a whole number of a query, from `low` to `high`."""
    text = query.get(name, "")
    if not text:
        if required:
            raise missing(name)
        return None
    if not re.fullmatch(r"\d{1,9}", text) or not low <= int(text) <= high:
        raise wrong(name)
    return int(text)


def read_window(query: Mapping[str, str], limit: int) -> slice:
    """Return `offset` (0 to 1000) and `limit` (1 to `limit`) of a list call, both required (API facts 6 and 8.2)."""
    offset = read_number(query, "offset", 0, 1000)
    count = read_number(query, "limit", 1, limit)
    assert offset is not None
    assert count is not None
    return slice(offset, offset + count)


def read_choices(query: Mapping[str, str], name: str, allowed: tuple[str, ...]) -> tuple[str, ...]:
    """Return a comma-separated choice out of `allowed`; empty when it was left out."""
    chosen = tuple(choice.strip() for choice in query.get(name, "").split(",")) if query.get(name) else ()
    if any(choice not in allowed for choice in chosen):
        raise wrong(name)
    return chosen
