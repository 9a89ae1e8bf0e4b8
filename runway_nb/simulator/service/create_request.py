"""A create call as it was sent becomes a request, or the refusal of its first mistake."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from .contract import RefusedError, missing, wrong
from .fields import given, unsupported
from .model import MOVES, Model
from .models import VIDEOS, chosen


@dataclass(frozen=True)
class Input:
    """An asset that a request names."""

    field: str
    identifier: str
    """The composite id."""
    media: str = "image"
    """What it has to be: image, video or audio."""
    time: float | None = None
    """When the clip shows it, 0 (first) to 1 (last); None for something that the clip only refers to."""


@dataclass(frozen=True)
class CreateRequest:
    """A create call that passed the checks of its fields."""

    model: Model
    aspect: str
    seconds: int
    prompt: str = ""
    resolution: str = ""
    """Empty for a model that has none."""
    audio: bool = False
    seed: int | None = None
    explore: bool = False
    inputs: tuple[Input, ...] = ()
    """Keyframes in the order of their times, then references."""
    camera: dict[str, float | bool] = field(default_factory=dict)
    """Moves by their field names, and `static`."""
    email: str | None = None
    reply_url: str | None = None
    reply_ref: str | None = None
    max_jobs: int | None = None

    @property
    def credits(self) -> int:
        """What the clip costs outside of explore mode."""
        return self.seconds * self.model.credits[self.resolution]

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the clip, pixels."""
        return self.model.size(self.aspect, self.resolution)


def read_create_request(path: str, body: Mapping[str, Any]) -> CreateRequest:
    """Return the request in the body of a create call at a path of `models.ENDPOINTS`; raise the first refusal.

    `null` and an empty text count as left out. Where a model is strict, a parameter that no page documents for it is
    refused; elsewhere it is ignored here and reported by `unknown_fields`.
    """
    sent = given(body)
    model = chosen(path, sent)
    if path == VIDEOS:
        del sent["model"]
    if model.strict:
        _refuse_unknown(model, path, sent)
    values = {name: reads.read(name, sent[name]) for name, reads in model.fields.items() if name in sent}
    request = _request(model, values)
    _refuse_frames(request)
    _refuse_references(request)
    _refuse_missing(request)
    _refuse_in_explore_mode(request)
    return request


def unknown_fields(path: str, body: Mapping[str, Any]) -> list[str]:
    """Return fields that no page documents for the call, and documented ones that hold nothing (marked so)."""
    known = {*chosen(path, given(body)).fields, *(["model"] if path == VIDEOS else [])}
    empty = {name: "=null" if value is None else '=""' for name, value in body.items() if value in (None, "")}
    return [name for name in body if name not in known] + [name + empty[name] for name in empty if name in known]


def _request(model: Model, values: dict[str, Any]) -> CreateRequest:
    frames = [Input(name, values[name], time=time) for name, time in model.frames.items() if name in values]
    references = [Input(name, values[name], media) for name, media in model.references.items() if name in values]
    return CreateRequest(
        model,
        values.get("aspect_ratio", model.aspects[0]),
        values.get(model.length_field, model.usual_length),
        prompt=values.get("text_prompt", ""),
        resolution=values.get("resolution", model.resolutions[0]),
        audio=values.get("audio", model.audio),
        seed=values.get("seed"),
        explore=values.get("exploreMode", False),
        inputs=(*frames, *references),
        camera={name: values[name] for name in (*MOVES, "static") if name in values},
        email=values.get("email"),
        reply_url=values.get("replyUrl"),
        reply_ref=values.get("replyRef"),
        max_jobs=values.get("maxJobs"),
    )


def _refuse_unknown(model: Model, path: str, sent: Mapping[str, Any]) -> None:
    for name in sent:
        if name in model.not_simulated:
            raise RefusedError(400, f"The simulator does not have the parameter {name}")
        if name not in model.fields:
            whose = f"model {model.name}" if path == VIDEOS else path.removeprefix("/")
            raise RefusedError(400, f"Parameter {name} is not supported by {whose}")


def _refuse_frames(request: CreateRequest) -> None:
    """Raise the refusal of a camera that moves and stands, or of a last frame alone (Model facts 4)."""
    if request.camera.get("static") and len(request.camera) > 1:
        raise wrong("static")
    frames = request.model.frames
    pinned = {one.field for one in request.inputs if one.time is not None}
    first = next(iter(frames), "")
    if request.model.strict and pinned and first not in pinned:
        raise missing(first)


def _refuse_references(request: CreateRequest) -> None:
    """Raise the refusal of references beside frames, or of sound that goes with nothing (Model facts 5.2)."""
    references = [one for one in request.inputs if one.time is None]
    if references and len(references) < len(request.inputs):
        text = f"{references[0].field} cannot be used with {request.inputs[0].field}"
        raise RefusedError(400, text)
    sounds = [one.field for one in references if one.media == "audio"]
    if sounds and len(sounds) == len(references):
        raise RefusedError(400, f"{sounds[0]} requires an image or a video")


def _refuse_missing(request: CreateRequest) -> None:
    model = request.model
    pictured = bool(request.inputs)
    if model.frame_required and model.frame_required not in {one.field for one in request.inputs}:
        raise missing(model.frame_required)
    if not request.prompt and (model.prompt_required or not pictured):
        raise missing("text_prompt")
    if not pictured and model.text_aspects and request.aspect not in model.text_aspects:
        raise unsupported("aspect_ratio", model.text_aspects, " without an image")


def _refuse_in_explore_mode(request: CreateRequest) -> None:
    model = request.model
    if not request.explore:
        return
    if not model.explore:
        raise RefusedError(400, f"exploreMode is not supported by model {model.name}")
    if model.explore_resolutions and request.resolution not in model.explore_resolutions:
        raise unsupported("resolution", model.explore_resolutions, " in explore mode")
    if model.explore_longest and request.seconds > model.explore_longest:
        longest = tuple(seconds for seconds in model.lengths if seconds <= model.explore_longest)
        raise unsupported(model.length_field, longest, " in explore mode")
