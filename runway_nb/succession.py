"""The model to go on with when one is gone, and what of a request goes with it. Pure."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from .camera import Camera
from .keyframes import Keyframes
from .models import successor_of
from .request import FIELDS, VideoRequest
from .spec import POSITIONS, Model


class SuccessorRequest(NamedTuple):
    """A request for the model to go on with."""

    request: VideoRequest
    """Without what that model does not take; it may still lack what that needs."""
    changes: tuple[str, ...]
    """What is different, each as a clause; nothing where the cell can simply name the other model."""


def for_successor(request: VideoRequest) -> SuccessorRequest | None:
    """Return the request for the model that follows its own; None where no row does."""
    model = successor_of(request.row)
    if model is None:
        return None
    in_words = request.camera != Camera() and not model.camera
    wanted = replace(
        request,
        model=model.name,
        # in the model's own word, which others may have for theirs
        aspect=None if request.aspect is None else request.format,
        camera_words=True if in_words else request.camera_words,
    )
    lost = _lost(wanted, model)
    keyframes = Keyframes(**{place: name for place, name in request.keyframes.given.items() if place not in lost})
    left_out: dict[str, Any] = {name: None for name in lost if name not in POSITIONS}
    found = replace(wanted, keyframes=keyframes, **left_out)
    changes = [
        f"without {' and '.join(lost)}" if lost else "",
        "the camera in words (--camera-words)" if in_words and found.camera_sentence else "",
        _new_shape(request, found),
        "it needs a picture (--first)" if model.needs_picture and "first" not in keyframes.given else "",
    ]
    return SuccessorRequest(found, tuple(filter(None, changes)))


def go_on_with(request: VideoRequest) -> str:
    """Return how to go on after the model of a request is gone, as a clause; nothing where no row follows it."""
    if (following := for_successor(request)) is None:
        return ""
    found = following.request
    price = "at the same price" if _is_same_price(request, found) else _for(found)
    return f"go on with {'; '.join([f'--model {found.model} ({found.row.title}), {price}', *following.changes])}"


def _is_same_price(request: VideoRequest, found: VideoRequest) -> bool:
    return request.credits is not None and request.price_text == found.price_text


def _for(found: VideoRequest) -> str:
    return "price unknown" if found.credits is None else f"for {found.price_text}"


def _lost(request: VideoRequest, model: Model) -> list[str]:
    """Return the fields of a request that a model does not take as they are, but for a camera that words can say."""
    given = [field for field in FIELDS if field.part != "camera" and field.is_given(field.value_in(request))]
    return [field.name for field in given if any(field.problems(field.value_in(request), model))]


def _new_shape(request: VideoRequest, found: VideoRequest) -> str:
    """Return the format where the same word, or none, means another frame."""
    before, after = request.row.aspects[request.format], found.row.aspects[found.format]
    is_same = before[0] * after[1] == before[1] * after[0]
    return "" if is_same else f"in {found.format}, {after[0]} x {after[1]}"
