"""From a record to a job of an export, and back to a record on another machine. Pure functions.

What an export holds is seen by others: secrets are masked, paths lose their folders. An equal request has to be found
again all the same: the digest goes along, and where nothing was masked it can be worked out from what stands there.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import PureWindowsPath
from typing import Any

from ..errors import RunwayError
from ..keyframes import Keyframes
from ..ledger.addresses import KEY
from ..ledger.marks import Marks
from ..ledger.phase import Phase
from ..ledger.record import Record
from ..models import model_named
from ..redaction import ADDRESS, TOKEN, short_id, without_secrets
from ..references import asset_account, shot_frame
from ..request import FIELDS, VideoRequest
from ..storage.file_link import is_file_link
from ..text.visible import visible
from .manifest import ExportedFile, ExportedJob, ExportedPicture, UnreadableLine

_LEFT_OUT = ("reply_url", "reply_ref")
"""Fields of a request that change no video, and may name what is nobody else's business."""
_START = r"(?:file:/*|~[\w.-]*(?=[/\\])|[A-Za-z]:(?=[/\\]))?[/\\]"
_QUOTED_PATH = re.compile(rf"([\"'])({_START}(?:(?!\1).)*)\1")
_BARE_PATH = re.compile(rf"(?<![\w:/\\.~\"'-]){_START}[^\s\"',]*")
"""Whole paths on the first line of a cell; what follows a letter, a digit or a colon is no beginning of one."""
_MAGIC = "%%runway"
"""What a cell begins with; of others nothing is taken over from another machine."""
_WHOLE_PATH = re.compile(_START)


# --- out ----------------------------------------------------------------------------------------------


def exported_job(record: Record, marks: Marks, prints: Mapping[str, str], folders: Iterable[str] = ()) -> ExportedJob:
    """Return what an export says of a job; its files are still missing.

    Args:
        record: The job's.
        marks: Its marks.
        prints: Position to the SHA-256 of the picture file that was given there (`known_prints`).
        folders: Folders of this machine whose names no text may hold.
    """
    model = model_named(record.model)
    wished = VideoRequest.from_wire(record.original_request or record.request, record.model)
    keyframes = {name: _picture(str(text), prints.get(name, "")) for name, text in wished.keyframes.given.items()}
    bodies = [_shared(body, record.model) for body in (record.original_request, record.request)]
    masked = [name for name, value in bodies[0].items() if value != _masked(value)]
    masked += [
        name for name, text in wished.keyframes.given.items()
        if not keyframes[name].sha256 and keyframes[name].name != str(text)
    ]  # fmt: skip
    if not masked and record.digest != _digest_of(bodies[0], model.name, keyframes):
        # a picture has changed since, or was given as something that is not there any more
        masked = list(keyframes) or ["request"]
    return ExportedJob(
        id=record.id, phase=record.phase, model=record.model, backend=_shown(record.backend),
        simulated=record.simulated, digest=record.digest,
        original_request=_masked(bodies[0]), request=_masked(bodies[1]), keyframes=keyframes, masked=tuple(masked),
        credits=wished.counted_credits if record.imported else record.credits,
        task=short_id(record.task_id) if record.task_id else "", status=record.status, error=record.error,
        message=without_folders(_shown(record.message), folders),
        created=record.asked, sent=record.sent, took=record.took,
        star=marks.star, rejected=marks.rejected, note=_shown(marks.note),
        notebook=_shown(last_part(record.notebook)),
        cell=without_folders(_shown(without_paths(record.cell)), folders),
    )  # fmt: skip


def _shown(text: str) -> str:
    """Return a text as others may see it: nor do they get what stands for an address that could not be had."""
    return KEY.sub(ADDRESS, without_secrets(text))


def without_paths(cell: str) -> str:
    """Return a cell with the whole paths of its first line cut to the names of their files."""
    line, end, body = cell.partition("\n")
    line = _QUOTED_PATH.sub(lambda found: f"{found[1]}{last_part(found[2])}{found[1]}", line)
    return _BARE_PATH.sub(lambda found: last_part(found[0]), line) + end + body


def without_folders(text: str, folders: Iterable[str]) -> str:
    """Return a text without the names of folders of this machine."""
    for folder in sorted(filter(lambda name: len(name) > 1, folders), key=len, reverse=True):
        text = text.replace(folder, "\N{HORIZONTAL ELLIPSIS}")
    return text


def last_part(path: str) -> str:
    """Return the last part of a path of any system; what is no path as it is."""
    return PureWindowsPath(path).name or path.strip("/\\")


def _picture(text: str, sha256: str) -> ExportedPicture:
    """Return how a picture is named to others."""
    if asset_account(text):
        return ExportedPicture(short_id(text))
    is_path = is_file_link(text) or _WHOLE_PATH.match(text) is not None
    return ExportedPicture(_shown(last_part(text) if is_path else text), sha256)


def _shared(body: Mapping[str, Any], model: str) -> dict[str, Any]:
    """Return a request without its pictures and what is left out."""
    row = model_named(model)
    private = {field.record_name(row) for field in FIELDS if field.part == "keyframes" or field.name in _LEFT_OUT}
    return {name: value for name, value in body.items() if name not in private}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _masked(part) for name, part in value.items()}
    return _shown(value) if isinstance(value, str) else value


# --- the digest -----------------------------------------------------------------------------------------


def counted_keyframes(keyframes: Mapping[str, ExportedPicture]) -> Keyframes:
    """Return the keyframes as the digest counts them: a picture file by its content, anything else by its name."""
    texts = {
        # a name in another form is the same name
        name: f"sha256:{picture.sha256}" if picture.sha256 else unicodedata.normalize("NFC", picture.name)
        for name, picture in keyframes.items()
    }
    return Keyframes(**texts)


def _digest_of(body: Mapping[str, Any], model: str, keyframes: Mapping[str, ExportedPicture]) -> str:
    """Return the digest of a request as the user gave it; nothing where it has none."""
    if not body and not keyframes:
        return ""
    return replace(VideoRequest.from_wire(body, model), keyframes=counted_keyframes(keyframes)).digest


# --- in -------------------------------------------------------------------------------------------------


def imported_digest(job: ExportedJob, ids: Mapping[str, str]) -> str:
    """Return the digest under which an equal request finds a job here.

    Args:
        job: A job of an export.
        ids: Ids of jobs of the export that have another one here: frames of them count by that.

    Raises `UnreadableLine` where what was asked for does not have the digest that stands beside it.
    """
    if job.masked or not job.digest:
        return job.digest
    try:
        if _digest_of(job.original_request, job.model, job.keyframes) == job.digest:
            return _digest_of(job.original_request, job.model, _renamed(job.keyframes, ids))
    except RunwayError as error:
        raise UnreadableLine(f"what it asks for cannot be read: {error.message}") from None
    raise UnreadableLine("its digest is not that of what it asks for: the line was changed, or is damaged")


def _renamed(keyframes: Mapping[str, ExportedPicture], ids: Mapping[str, str]) -> dict[str, ExportedPicture]:
    return {name: picture._replace(name=_renamed_frame(picture.name, ids)) for name, picture in keyframes.items()}


def _renamed_frame(name: str, ids: Mapping[str, str]) -> str:
    frame = shot_frame(name)
    return name if frame is None or frame.job_id not in ids else str(frame._replace(job_id=ids[frame.job_id]))


def imported_record(
    job: ExportedJob, job_id: str, digest: str, *, pictures: Mapping[str, str], ids: Mapping[str, str], folder: str
) -> Record:  # fmt: skip
    """Return the record of a finished job that was made elsewhere, without its video: nothing was sent or spent here.

    It has no task, so that nobody asks the account for it, and no hash of its prompt: what another account took says
    nothing about moderation here.

    Args:
        job: A job of an export.
        job_id: Its id here.
        digest: As `imported_digest` gives it.
        pictures: Position to the file of a picture that came along.
        ids: Ids of jobs of the export that have another one here.
        folder: The notebook's folder.
    """
    row = model_named(job.model)
    names = {name: pictures.get(name) or _renamed_frame(picture.name, ids) for name, picture in job.keyframes.items()}
    keyframes = {field.record_name(row): names[field.name] for field in FIELDS if names.get(field.name)}
    return Record(
        id=job_id, phase=Phase.DONE.value, request={**job.request, **keyframes}, model=job.model, digest=digest,
        reply_ref="", credits=0, simulated=job.simulated, status=job.status, took=job.took, folder=folder,
        cell=_sound_cell(job.cell),
        original_request={**job.original_request, **keyframes} if job.original_request else {},
        backend=job.backend, notebook=job.notebook, sent=job.created if job.sent is None else job.sent, imported=True,
    )  # fmt: skip


def _sound_cell(cell: str) -> str:
    """Return a cell that asks for what it shows; nothing for any other: one is then written from the request."""
    is_whole = TOKEN not in cell and visible(cell) == cell
    return cell if cell.startswith(_MAGIC) and is_whole else ""


def known_prints(record: Record, prints: Mapping[str, str]) -> dict[str, str]:
    """Return which of the pictures that lie there now are those that were given: their digest says it of all at once.

    Args:
        record: The job's.
        prints: Position to what the digest counts of a picture, as its file is now (`pictures.files.picture_prints`).
    """
    request = VideoRequest.from_wire(record.original_request or record.request, record.model)
    found = {name: text.removeprefix("sha256:") for name, text in prints.items() if text.startswith("sha256:")}
    return found if found and replace(request, keyframes=Keyframes(**prints)).digest == record.digest else {}


def with_files(
    job: ExportedJob, video: ExportedFile | None, poster: ExportedFile | None, pictures: Mapping[str, ExportedFile]
) -> ExportedJob:
    """Return a job of an export with its files; `pictures` by position."""
    keyframes = {
        name: picture._replace(file=pictures.get(name)) if picture.sha256 else picture
        for name, picture in job.keyframes.items()
    }
    return replace(job, video=video, poster=poster, keyframes=keyframes)
