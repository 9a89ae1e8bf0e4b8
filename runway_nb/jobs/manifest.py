"""A line of an export's manifest, and the job that it speaks of. Pure functions.

A line is one JSON object in ASCII: whatever a prompt holds, no line ends within it. It holds no e-mail address, no
token, no signed link and no absolute path, and it is read as what a stranger may have written.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from ..ledger.marks import LONGEST_NOTE
from ..ledger.phase import PHASE_NAMES
from ..ledger.rows import MOST_SECONDS, sound_credits, sound_moment
from ..spec import POSITIONS
from ..values.whole_text import whole_text

VERSION = 1
"""Of the form of a line; raised with it, and with what a digest counts."""
LONGEST_LINE = 1_000_000
"""Characters of a line; a long one has some thousand."""
MOST_BYTES = 2_000_000_000
"""Bytes of the largest file that is taken."""
VIDEOS, POSTERS, PICTURES = "videos", "posters", "pictures"
"""The folders of an export."""
_ID = re.compile(r"[0-9a-f]{8}")
_DIGEST = re.compile(r"v1:[0-9a-f]{64}")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_FILE = re.compile(rf"(?:{VIDEOS}|{POSTERS}|{PICTURES})/[a-z0-9][a-z0-9_-]{{0,120}}(?:\.[a-z0-9]{{1,8}})?")
"""Names that mean one file in one of our folders, on every system."""
_LONGEST_WORD, _LONGEST_TEXT = 200, 300_000


class UnreadableLine(ValueError):
    """A line that is not taken; its text says why."""


class ExportedFile(NamedTuple):
    """A file of an export."""

    name: str
    """Below the export's folder, as in `videos/a-lamp-7f3e2c54.mp4`."""
    sha256: str
    size: int
    """Bytes."""


class ExportedPicture(NamedTuple):
    """The picture of a keyframe."""

    name: str
    """How it was named: the name of a file or an asset, a link, a frame of a job."""
    sha256: str = ""
    """Of a picture file; nothing for anything else, which counts by its name."""
    file: ExportedFile | None = None
    """The picture itself, where it came along."""


@dataclass(frozen=True)
class ExportedJob:
    """One job of an export: what makes it a stored result elsewhere."""

    id: str
    phase: str
    model: str
    backend: str
    """Who made it: `simulator`, or the host of the API."""
    simulated: bool
    digest: str
    """Of the request as the user gave it; nothing for a task that was made elsewhere."""
    original_request: Mapping[str, Any] = field(default_factory=dict)
    """The request as the user gave it, without pictures and references."""
    request: Mapping[str, Any] = field(default_factory=dict)
    """The request as it was sent, with its seed; without pictures and references."""
    keyframes: Mapping[str, ExportedPicture] = field(default_factory=dict)
    """Position to picture, as the user gave them."""
    masked: tuple[str, ...] = ()
    """What of the request is not whole here, so that its digest cannot be worked out again."""
    credits: int = 0
    """What it cost where it was made."""
    task: str = ""
    """The beginning of the task's number."""
    status: str = ""
    """The API's last word."""
    error: str = ""
    """The name of an error class."""
    message: str = ""
    created: float = 0.0
    """Unix seconds."""
    sent: float | None = None
    """Unix seconds of the create call."""
    took: float | None = None
    """Seconds from sending to the finished file."""
    star: bool = False
    rejected: bool = False
    note: str = ""
    notebook: str = ""
    """The name of the notebook that asked."""
    cell: str = ""
    """The cell as it was run, without secrets."""
    video: ExportedFile | None = None
    poster: ExportedFile | None = None

    @property
    def made(self) -> float:
        """When it ended, in Unix seconds."""
        return (self.created if self.sent is None else self.sent) + max(0.0, self.took or 0.0)


# --- written ----------------------------------------------------------------------------------------


def line_of(job: ExportedJob) -> str:
    """Return the line of a job, without its end."""
    values = {spec.name: getattr(job, spec.name) for spec in fields(ExportedJob)}
    plain = {
        "version": VERSION,
        **values,
        "keyframes": {position: _picture_value(picture) for position, picture in job.keyframes.items()},
        "video": _file_value(job.video),
        "poster": _file_value(job.poster),
    }
    return json.dumps(plain, allow_nan=False)


def _file_value(file: ExportedFile | None) -> dict[str, Any] | None:
    return None if file is None else {"file": file.name, "sha256": file.sha256, "bytes": file.size}


def _picture_value(picture: ExportedPicture) -> dict[str, Any]:
    file = _file_value(picture.file) or {}
    return {"name": picture.name, **({"sha256": picture.sha256} if picture.sha256 else {}), **file}


# --- read -------------------------------------------------------------------------------------------


def read_line(text: str) -> ExportedJob:
    """Return the job of a line. Raises `UnreadableLine` with the reason for one that is not to be taken."""
    values = _Values(_object(text))
    version = values.whole("version", 1, 2**31)
    if version != VERSION:
        raise UnreadableLine(f"it is of version {version}, written by a newer runway_nb: install that version")
    star, rejected = values.switch("star"), values.switch("rejected")
    return ExportedJob(
        id=values.matching("id", _ID, "eight hexadecimal digits"),
        phase=values.one_of("phase", PHASE_NAMES),
        model=values.text("model", _LONGEST_WORD),
        backend=values.text("backend", _LONGEST_WORD),
        simulated=values.switch("simulated"),
        digest=values.matching("digest", _DIGEST, "a digest", may_be_empty=True),
        original_request=values.request("original_request"),
        request=values.request("request"),
        keyframes=_pictures(values),
        masked=values.words("masked"),
        credits=values.credits("credits"),
        **{name: values.text(name, _LONGEST_WORD) for name in ("task", "status", "error", "notebook")},
        **{name: values.text(name, _LONGEST_TEXT) for name in ("message", "cell")},
        created=values.moment("created"),
        sent=values.moment("sent") if values.has("sent") else None,
        took=values.seconds("took") if values.has("took") else None,
        star=star,
        rejected=rejected and not star,
        note=values.text("note", LONGEST_NOTE),
        video=_file(values, "video", VIDEOS),
        poster=_file(values, "poster", POSTERS),
    )


def _object(text: str) -> dict[str, Any]:
    """Return the JSON object of a line. Numbers that are none, and names that stand twice, are refused."""
    if len(text) > LONGEST_LINE:
        raise UnreadableLine(f"it has {len(text):,} characters, more than any line of an export")
    try:
        found = json.loads(text, parse_constant=_no_number, object_pairs_hook=_named_once)
    except UnreadableLine:
        raise
    except (ValueError, RecursionError):
        raise UnreadableLine("it is no whole JSON object") from None
    if not isinstance(found, dict):
        raise UnreadableLine("it is no JSON object")
    return found


def _no_number(word: str) -> None:
    raise UnreadableLine(f"{word} is no number")


def _named_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise UnreadableLine("a name stands in it twice")
    return found


def _pictures(values: _Values) -> dict[str, ExportedPicture]:
    given = values.object("keyframes")
    if unknown := set(given) - set(POSITIONS):
        raise UnreadableLine(f"its keyframes have no position {_shown(min(unknown))}")
    return {position: _picture(_Values(values.part(given[position], "keyframes"))) for position in given}


def _picture(values: _Values) -> ExportedPicture:
    if not values.has("sha256"):
        return ExportedPicture(values.text("name", _LONGEST_TEXT))
    file = _file_of(values, PICTURES) if values.has("file") else None
    return ExportedPicture(
        values.text("name", _LONGEST_TEXT), values.matching("sha256", _SHA256, "the hash of a file"), file
    )


def _file(values: _Values, name: str, folder: str) -> ExportedFile | None:
    return _file_of(_Values(values.object(name)), folder) if values.has(name) else None


def _file_of(values: _Values, folder: str) -> ExportedFile:
    name = values.text("file", _LONGEST_TEXT)
    if not _FILE.fullmatch(name) or not name.startswith(f"{folder}/"):
        raise UnreadableLine(f"it names {_shown(name)}, which is no file of an export: they lie in {folder}/")
    return ExportedFile(
        name, values.matching("sha256", _SHA256, "the hash of a file"), values.whole("bytes", 0, MOST_BYTES)
    )


class _Values:
    """The fields of a JSON object, each checked for what it has to be. Raises `UnreadableLine`."""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self._values = values

    def has(self, name: str) -> bool:
        return self._values.get(name) is not None

    def text(self, name: str, longest: int) -> str:
        value = self._values.get(name, "")
        if not isinstance(value, str) or len(value) > longest:
            raise self._wrong(name, f"text of at most {longest:,} characters")
        return whole_text(value)

    def matching(self, name: str, form: re.Pattern[str], what: str, *, may_be_empty: bool = False) -> str:
        text = self.text(name, _LONGEST_TEXT)
        if not form.fullmatch(text) and not (may_be_empty and not text):
            raise self._wrong(name, what)
        return text

    def one_of(self, name: str, choices: frozenset[str]) -> str:
        text = self.text(name, _LONGEST_WORD)
        if text not in choices:
            raise self._wrong(name, f"one of {', '.join(sorted(choices))}")
        return text

    def switch(self, name: str) -> bool:
        value = self._values.get(name, False)
        if not isinstance(value, bool):
            raise self._wrong(name, "true or false")
        return value

    def whole(self, name: str, low: int, high: int) -> int:
        value = self._values.get(name)
        if type(value) is not int or not low <= value <= high:
            raise self._wrong(name, f"a whole number from {low:,} to {high:,}")
        return value

    def credits(self, name: str) -> int:
        found = sound_credits(self._values.get(name))
        if found is None:
            raise self._wrong(name, "a price in credits")
        return found

    def moment(self, name: str) -> float:
        found = sound_moment(self._values.get(name))
        if found is None:
            raise self._wrong(name, "a time in Unix seconds")
        return found

    def seconds(self, name: str) -> float:
        value = self._values.get(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) <= MOST_SECONDS:
            raise self._wrong(name, "a number of seconds")
        return float(value)

    def words(self, name: str) -> tuple[str, ...]:
        value = self._values.get(name, [])
        if not isinstance(value, list) or not all(isinstance(word, str) and word for word in value):
            raise self._wrong(name, "a list of names")
        return tuple(whole_text(word) for word in value)

    def object(self, name: str) -> dict[str, Any]:
        return self.part(self._values.get(name, {}), name)

    def part(self, value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise self._wrong(name, "a JSON object")
        return value

    def request(self, name: str) -> dict[str, Any]:
        """Return a request as the ledger holds it: its values are texts, finite numbers, switches, lists of numbers."""
        return {whole_text(key): self._plain(value, name) for key, value in self.object(name).items()}

    def _plain(self, value: Any, name: str) -> Any:
        if isinstance(value, list) and all(type(part) in (int, float) for part in value):
            return [self._plain(part, name) for part in value]
        if isinstance(value, str):
            return whole_text(value)
        if isinstance(value, bool) or (isinstance(value, (int, float)) and abs(value) < 2**63 and math.isfinite(value)):
            return value
        raise self._wrong(name, "made of texts, numbers and switches")

    def _wrong(self, name: str, what: str) -> UnreadableLine:
        return UnreadableLine(f"its field {_shown(name)} is wrong: it has to be {what}")


def _shown(text: str) -> str:
    return ascii(text if len(text) <= 40 else f"{text[:40]}...")
