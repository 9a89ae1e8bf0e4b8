"""The wire contract of the simulated API: paths, identifiers, media types, queries and the texts of refusals.

Read from the API's documentation (API facts, sections 2, 3, 6 and 8) and from nothing of this package, so
that a mistake of the client does not repeat itself here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Literal

BASE = "/v1/runwayml"
"""Path under which all calls live, but for `/v2/account` (API facts 2 and 11)."""
MAX_SEED = 4_294_967_294
MAX_TEXT = 1024
"""Characters of `replyUrl` and of `replyRef`."""
MAX_BODY = 100 * 1024 * 1024
"""Bytes of an upload that the simulator takes; the API documents no limit."""
STATUSES = ("PENDING", "RUNNING", "THROTTLED", "SUCCEEDED", "FAILED")
"""The statuses that `statuses` of GET /tasks knows (API facts 6)."""

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
OWNED = re.compile(r"user:(\d+)-")
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


def refuse_strangers(owner: str, identifier: str) -> None:
    """Raise the refusal of an identifier that names another user, whether there is such a thing or not."""
    match = OWNED.match(identifier)
    if match and match[1] != owner:
        raise RefusedError(403, "Forbidden: the id belongs to another user")


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
