"""The models there are: the rows of `spec.MODELS` and those that a user adds."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .errors import InvalidRequest
from .spec import MODELS, Model
from .values.plain import shown


def model_named(name: object) -> Model:
    """Return the row of a model. Raises `InvalidRequest` for one that is not known."""
    if isinstance(name, str) and name in MODELS:
        return MODELS[name]
    raise InvalidRequest([f"model is {shown(name)}: known are {', '.join(MODELS)}"])


def models_with(takes: Callable[[Model], object]) -> str:
    """Return the names of the models of which something holds, as a list for the end of a sentence."""
    return ", ".join(model.name for model in MODELS.values() if model.state != "retired" and takes(model))


def successor_of(model: Model) -> Model | None:
    """Return the nearest model that follows one and is not gone itself; None where no row does."""
    passed = {model.name}
    following = MODELS.get(model.successor)
    while following is not None and following.state == "retired" and following.name not in passed:
        passed.add(following.name)
        following = MODELS.get(following.successor)
    return None if following is None or following.name in passed else following


def model_of_task(task_type: str, options: Mapping[str, Any]) -> Model | None:
    """Return the model that a task's type names; None where no row has that type (Model facts 7).

    Two paths lead to one model of Runway. The one whose tasks have a sound is told by the options.
    """
    found = [model for model in MODELS.values() if task_type in model.task_types]
    hosted = "duration" in options or "generateAudio" in options
    return next((model for model in found if ("seconds" in model.wire_names) is hosted), next(iter(found), None))


def formats_like(word: str) -> tuple[str, ...]:
    """Return a word for a format, and the words of other models that mean the same: 9:16 and portrait.

    A portrait is 3:5 with Gen-3 and 9:16 with the others (Model facts 3.5).
    """
    pairs = [pair for model in MODELS.values() for pair in model.aspect_words.items()]
    meant = [name for other, name in pairs if other == word]
    return tuple(dict.fromkeys([word, *meant, *(other for other, name in pairs if name == word)]))


def dearest_second() -> int:
    """Return the highest price per second of all models, in credits: what an unknown price counts."""
    prices = (price for model in MODELS.values() for price in model.prices.values())
    return max(filter(None, prices))


def sum_text(name: str, credits_: int) -> str:
    """Return what jobs of a model count together: `1,200`, `about 60`, or `price unknown, counted as 200`."""
    model = MODELS.get(name)
    text = f"{credits_:,}"
    if model is None:
        return text
    if None in model.prices.values():
        return f"price unknown, counted as {text}"
    return text if model.is_price_certain else f"about {text}"


def is_other_kind(task_type: str, model: Model) -> bool:
    """Return True for a task that another model made.

    A type that no row knows rules out only the models whose own type is documented.
    """
    if not task_type or task_type in model.task_types:
        return False
    return model.has_certain_type or any(task_type in other.task_types for other in MODELS.values())
