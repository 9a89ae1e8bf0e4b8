"""What the row of a model says about a request as a whole: mistakes, and what is probably not meant. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from .models import models_with, successor_of
from .spec import Model

if TYPE_CHECKING:
    from .request import VideoRequest


def model_problems(request: VideoRequest, model: Model) -> Iterator[str]:
    """Yield each mistake that no single field makes, as one line (Model facts 2 to 5)."""
    given = request.keyframes.given
    if model.needs_picture and "first" not in given:
        others = models_with(lambda other: not other.needs_picture)
        yield f"{model.title} needs a picture: give first, or choose a model that takes a prompt alone: {others}"
    elif model.last_needs_first and "last" in given and "first" not in given:
        yield f"last is given without first, and {model.title} takes an end with a start only: give first, too"
    if model.needs_prompt and not str(request.prompt).strip():
        yield f"{model.title} needs a prompt: write what should happen"
    yield from _camera_problems(request, model)
    yield from _length_problems(request, model)
    yield from _text_aspect_problems(request, model)
    if request.explore:
        yield from _explore_problems(request, model)


def _camera_problems(request: VideoRequest, model: Model) -> Iterator[str]:
    given = request.camera.to_wire()
    if given and not model.camera and not request.camera_words:
        others = models_with(lambda other: other.camera)
        yield (
            f"{', '.join(given)}: {model.title} takes no camera in numbers; say the move in the prompt with "
            f"camera_words, leave it out, or choose a model that takes it: {others}"
        )


def _length_problems(request: VideoRequest, model: Model) -> Iterator[str]:
    limit = model.prompt_limit
    if limit is None or not isinstance(request.prompt, str) or len(text := request.sent_prompt) <= limit:
        return
    words = f", {len(text) - len(request.prompt):,} of them for the camera" if request.camera_sentence else ""
    yield f"prompt is {len(text):,} characters long{words}: {model.title} takes {limit:,}"


def _text_aspect_problems(request: VideoRequest, model: Model) -> Iterator[str]:
    allowed = model.text_aspects
    if allowed is None or request.aspect is None or request.keyframes.given or request.format in allowed:
        return
    yield (
        f"aspect is {request.aspect}: without a picture {model.title} makes {' or '.join(allowed)} only; give first, "
        "or leave it out"
    )


def _explore_problems(request: VideoRequest, model: Model) -> Iterator[str]:
    if request.resolution in model.paid_resolutions:
        yield f"resolution is {request.resolution}, which explore mode does not have: choose a lower one, or pay for it"
    longest = model.explore_seconds
    if longest is not None and request.length > longest:
        yield f"seconds is {request.length}, and explore mode makes {longest} at most: make it shorter, or pay for it"


def model_warnings(request: VideoRequest, model: Model) -> Iterator[str]:
    """Yield what is allowed and probably not meant."""
    if model.doubts_text and not request.keyframes.given:
        if request.camera.is_moving:
            yield "a camera move without a keyframe: Runway may ignore the move or refuse the request"
        else:
            yield "no keyframe: Runway may refuse a request of words alone"
    if model.prompt_doubt is not None and len(request.sent_prompt) > model.prompt_doubt:
        yield f"the prompt has more than {model.prompt_doubt} characters: {model.title} may refuse it"


def state_warning(model: Model) -> str:
    """Return why a model should not be used any more, and what to use; nothing for a current one (Model facts 1)."""
    if model.state == "current":
        return ""
    following = successor_of(model)
    if following is None:
        return model.state_reason
    name = following.name
    return f"{model.state_reason}: --model {name} is the nearest, and RUNWAY_NB_MODEL={name} makes it the default"
