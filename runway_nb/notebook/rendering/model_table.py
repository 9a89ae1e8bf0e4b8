"""The models: as a table in a notebook, a terminal and the documents, and one with all that is known of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape
from itertools import groupby
from textwrap import wrap

from ...request_fields import listed_choices
from ...spec import Model
from . import styles
from .tables import table_bundle

HEAD = ("model", "title", "credits per second", "formats", "seconds", "keyframes", "camera", "sound", "state")
_WHOLE = ("model", "title", "seconds", "keyframes", "camera", "sound")
_WIDTH = 100
"""Columns of a terminal at most."""
_INDENT = 16
UNKNOWN = "unknown"


def models_bundle(models: Sequence[Model], usual_model: str) -> dict[str, str]:
    """Return the table of models, and which one a request has that names none."""
    notes = [
        f"A request that names no model uses {usual_model} (RUNWAY_NB_MODEL, %config RunwayMagics.model).",
        "landscape is 16:9, portrait 9:16 and square 1:1 where a model has these; on Gen-3 5:3 and 3:5.",
    ]
    html = table_bundle(HEAD, [model_row(model) for model in models], "", _WHOLE)["text/html"]
    html += "".join(f'<div style="{styles.FACTS}">{escape(note)}</div>' for note in notes)
    text = "\n".join([*(line for model in models for line in _lines(model)), *notes])
    return {"text/html": html, "text/plain": text}


def model_bundle(model: Model) -> dict[str, str]:
    """Return all that is known of a model."""
    return table_bundle((model.name, model.title), [*_facts(model)], "")


def model_row(model: Model) -> tuple[str, ...]:
    """Return what stands in the table of a model, as `HEAD` names it."""
    return (
        model.name, model.title, per_second_text(model), _formats(model), listed_choices(model.seconds),
        _keyframes(model), _camera(model), "yes" if model.audio else "no", _state(model),
    )  # fmt: skip


def _lines(model: Model) -> Iterator[str]:
    """Yield the paragraph of a model, for a terminal."""
    price, state = per_second_text(model), "" if model.state == "current" else f"; {_state(model)}"
    price = "price unknown" if price == UNKNOWN else f"{price} credits per second"
    yield f"{model.name:<{_INDENT}}{model.title}: {listed_choices(model.seconds)} s, {price}{state}"
    sound = "" if model.audio else "no "
    text = f"{_formats(model)}; keyframes: {_keyframes(model)}; camera {_camera(model)}; {sound}sound"
    yield from wrap(text, _WIDTH, initial_indent=" " * _INDENT, subsequent_indent=" " * _INDENT)


def per_second_text(model: Model) -> str:
    """Return the price of a second in credits: `5`, `about 12`, `36 (480p, 720p), 40 (1080p)`, or `unknown`."""
    about = "" if model.is_price_certain else "about "
    prices = model.prices
    groups = [(price, [*same]) for price, same in groupby(prices, lambda name: prices[name])]
    texts = [UNKNOWN if price is None else f"{about}{price}" for price, _ in groups]
    if len(groups) == 1:
        return texts[0]
    return ", ".join(f"{text} ({', '.join(names)})" for text, (_, names) in zip(texts, groups, strict=True))


def _formats(model: Model) -> str:
    """Return the formats, those that are no ratio with the one that they are: `landscape (5:3)`, `16:9`."""
    return ", ".join(aspect if ":" in aspect else _with_words(model, aspect) for aspect in model.aspects)


def _with_words(model: Model, aspect: str) -> str:
    """Return a format with its other words: `landscape (5:3)`, `16:9 (landscape)`."""
    others = [word for word, meant in model.aspect_words.items() if meant == aspect]
    return f"{aspect} ({', '.join(others)})" if others else aspect


def _keyframes(model: Model) -> str:
    needed = " (needed)" if model.needs_picture else ""
    return ", ".join(f"{name}{needed if name == 'first' else ''}" for name in model.positions) or "none"


def _camera(model: Model) -> str:
    return "in numbers" if model.camera else "in words"


def _state(model: Model) -> str:
    after = f", successor {model.successor}" if model.successor else ""
    return model.state if model.state == "current" else f"{model.state}{after}"


def _facts(model: Model) -> Iterator[tuple[str, str]]:
    """Yield everything that is known, name and text."""
    yield "call", " ".join([f"POST {model.path}", *(f"{name}={value}" for name, value in model.fixed.items())])
    yield "state", f"{_state(model)}{f': {model.state_reason}' if model.state_reason else ''}"
    yield "credits per second", per_second_text(model)
    if not model.is_price_certain:
        yield "", "no document of this API names the price"
    for aspect, (width, height) in model.aspects.items():
        yield "format", f"{_with_words(model, aspect)}{f', {width} x {height} pixels' if model.has_pixels else ''}"
    if not model.has_pixels:
        yield "", "the size of the frame is not documented"
    if model.text_aspects is not None and not model.needs_picture:
        yield "", f"without a picture: {', '.join(model.text_aspects)} only"
    yield "seconds", f"{listed_choices(model.seconds)}; {model.usual_seconds} when not given"
    if model.resolutions:
        names = [*model.resolutions]
        yield "resolution", f"{listed_choices(names)}; {names[0]} when not given"
    yield "keyframes", _keyframes(model)
    if model.last_needs_first:
        yield "", "last goes with first only"
    yield "prompt", "no limit is documented" if model.prompt_limit is None else f"{model.prompt_limit:,} characters"
    yield "camera", f"{_camera(model)}{'' if model.camera else ' (--camera-words)'}"
    yield "sound", "on when not given (--audio, --no-audio)" if model.audio else "none"
    yield "seed", "yes" if model.seed else "none: a take cannot be repeated"
    yield "explore mode", _explore(model)
    yield "cell", f"%%runway --model {model.name}{' --first X' if model.needs_picture else ''}"


def _explore(model: Model) -> str:
    if not model.explore:
        return "none"
    lacks = [f"not in {name}" for name in model.paid_resolutions]
    longest = [] if model.explore_seconds is None else [f"{model.explore_seconds} s at most"]
    return ", ".join(["on old Unlimited plans", *lacks, *longest])
