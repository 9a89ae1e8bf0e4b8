"""A request is checked once and frozen once, in a form that can be written down: it must outlive the kernel.

Assets, jobs and tasks become their ids; a picture object, such as a figure or an array, becomes a file beside the
ledger that is named by its content.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath
from typing import Any, NamedTuple

from ..api.models import Asset, Task
from ..errors import InvalidRequest, RunwayError
from ..keyframes import Keyframes
from ..ledger.phase import Phase
from ..ledger.record import Record, own_reference
from ..pictures.files import keep_picture, picture_prints
from ..pictures.objects import is_picture, picture_bytes
from ..request import VideoRequest
from ..settings import Settings
from ..spec import DEFAULT_MODEL, MODELS, SEED_RANGE
from ..values.plain import is_a
from .backend import Backend
from .job import Job
from .policy import Limits, prompt_hash

NOTHING = "-"
"""Stands for a picture that cannot be used, while the other mistakes are looked for."""


@dataclass(frozen=True)
class CheckedRequest:
    """A request without mistakes that outlives the kernel; handed on as it is, and checked no more.

    Made by `Studio.check`.
    """

    request: VideoRequest
    limits: Limits
    """What the user allows."""
    backend: Backend
    """To which it was asked: settings may change while pictures are read."""


class Asker(NamedTuple):
    """Who asks, and from where."""

    folder: Path
    notebook: str
    cell: str
    owner: str
    """Who runs the job (`lease.new_owner`)."""


def new_record(
    request: VideoRequest, asker: Asker, settings: Settings, draw: Callable[[int, int], int]
) -> tuple[Record, VideoRequest]:
    """Return a new record, and what will be sent: the request with a seed and a reference.

    Args:
        request: Storable, and without mistakes.
        asker: Who asks.
        settings: Who makes it.
        draw: Gives a whole number from a range, both ends included.
    """
    number = secrets.token_hex(8)
    sent = replace(
        request,
        seed=draw(*SEED_RANGE) if request.seed is None and request.row.seed else request.seed,
        reply_ref=request.reply_ref or own_reference(number),
    )
    record = Record(
        id=number[:8],
        phase=Phase.PREPARING.value,
        request=sent.to_record(),
        original_request=request.to_record(),
        model=request.model,
        digest=replace(request, keyframes=picture_prints(request.keyframes, asker.folder)).digest,
        reply_ref=sent.reply_ref or "",
        credits=request.counted_credits,
        simulated=settings.simulated,
        backend=settings.backend,
        folder=str(asker.folder),
        notebook=asker.notebook,
        cell=asker.cell,
        owner=asker.owner,
        prompt_hash=prompt_hash(request.prompt),
        asked_by=settings.user,
    )
    return record, sent


def storable(
    request: VideoRequest, folder: Path, attach: Callable[[str], Job], names: Mapping[str, str]
) -> tuple[VideoRequest, list[str]]:
    """Return the request with storable pictures, and a line for each that cannot be used.

    Args:
        request: Its keyframes may be anything.
        folder: Where pictures are kept.
        attach: Gives the job of a task.
        names: Slot to the name under which a picture object is kept.
    """
    given: dict[str, Any] = {}
    problems: list[str] = []
    frames = _frames(request)
    for position, picture in request.keyframes.given.items():
        try:
            given[position] = picture = _text(picture, attach)
            if is_picture(picture):
                given[position] = str(
                    keep_picture(picture_bytes(picture, frames), folder, names.get(position, "picture"))
                )
        except InvalidRequest as error:
            problems += [f"{position}: {problem}" for problem in error.problems]
            given[position] = NOTHING
    return replace(request, keyframes=Keyframes(**given)), problems


def _frames(request: VideoRequest) -> list[tuple[int, int]]:
    """Return the sizes that a figure may be drawn for; whether the request is right is checked elsewhere."""
    row = MODELS.get(request.model, DEFAULT_MODEL)
    word = request.aspect if isinstance(request.aspect, str) else ""
    chosen = row.aspects.get(row.aspect_words.get(word, word))
    return [chosen] if chosen else list(row.aspects.values())


def _text(picture: Any, attach: Callable[[str], Job]) -> Any:
    """Return what stands for something of the account or of the ledger; anything else as it is."""
    if is_a(picture, Job):
        return picture.last
    if is_a(picture, Task):
        try:
            return attach(picture.id).last
        except RunwayError as error:
            raise InvalidRequest([error.message]) from None
    if is_a(picture, Asset):
        return picture.id
    return str(picture) if is_a(picture, PurePath) else picture
