"""The models there are: the rows of `spec.MODELS` and those that a user adds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .errors import InvalidRequest
from .spec import MODELS, POSITIONS, STATES, KeyframeField, Model
from .values.plain import is_a, plain, shown


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
    prices = (price for model in MODELS.values() for price in (model.credits_per_second, *model.resolutions.values()))
    return max(filter(None, prices))


def sum_text(name: str, credits_: int) -> str:
    """Return what jobs of a model count together: `1,200`, `about 60`, or `price unknown, counted as 200`."""
    model = MODELS.get(name)
    text = f"{credits_:,}"
    if model is None:
        return text
    if model.credits_per_second is None and not all(model.resolutions.values() or [None]):
        return f"price unknown, counted as {text}"
    return text if model.is_price_certain else f"about {text}"


def is_other_kind(task_type: str, model: Model) -> bool:
    """Return True for a task that another model made.

    A type that no row knows rules out only the models whose own type is documented.
    """
    if not task_type or task_type in model.task_types:
        return False
    return model.has_certain_type or any(task_type in other.task_types for other in MODELS.values())


def add_model(model: Model | Mapping[str, Any]) -> Model:
    """Add a model that is no row of the table yet, or replace one, for this process; return its row.

    Args:
        model: `spec.Model(...)`, or a mapping with its columns. A model of `POST /videos/create` needs its name there
            in `fixed` and its keyframes; what is not given counts as not offered, and its price as not known::

                runway_nb.add_model({
                    "name": "wan-2.6-flash", "path": "/videos/create", "fixed": {"model": "wan-2.6-flash"},
                    "aspects": {"16:9": (1280, 720)}, "has_pixels": False, "seconds": [5, 10, 15],
                    "wire_names": {"seconds": "duration"}, "keyframes": [("first", "imageAssetId1", 0.0)],
                    "needs_picture": True, "needs_prompt": True, "audio": True, "explore": True,
                })

    `%config RunwayMagics.models = {"wan-2.6-flash": {...}}` does the same, in IPython's configuration file as well. A
    job whose model is not known in a kernel is kept, and readable again once its row is added.

    Raises `InvalidRequest` with everything that cannot be used.
    """
    columns = model._asdict() if is_a(model, Model) else model  # type: ignore[union-attr]
    if not is_a(columns, Mapping):
        raise InvalidRequest([f"model is {shown(model)}: give runway_nb.spec.Model(...), or a mapping of its columns"])
    given: dict[Any, Any] = dict(columns)  # type: ignore[arg-type]
    problems = [*_column_problems(given)]
    if problems:
        raise InvalidRequest(problems)
    row = _row_of(given)
    MODELS[row.name] = row
    return row


def add_models(models: object, *, missing_only: bool = False) -> None:
    """Add the rows of `%config RunwayMagics.models`: name to columns. Raises what `add_model` raises.

    With `missing_only` a row that there is stays, whoever added it.
    """
    if not is_a(models, Mapping):
        raise InvalidRequest([f"models is {shown(models)}: give a mapping of names to columns"])
    for name, columns in models.items():  # type: ignore[attr-defined]
        if missing_only and name in MODELS:
            continue
        if not is_a(columns, Mapping):
            raise InvalidRequest([f"the model {shown(name)} is {shown(columns)}: give a mapping of its columns"])
        add_model({"name": name, **columns})


_NEEDED = ("name", "path", "aspects", "seconds")


def _column_problems(given: dict[Any, Any]) -> Iterator[str]:
    unknown = [name for name in given if name not in Model._fields]
    if unknown:
        yield f"a model has no {', '.join(map(str, unknown))}: its columns are {', '.join(Model._fields)}"
    missing = [name for name in _NEEDED if not given.get(name)]
    if missing:
        yield f"a model needs {', '.join(missing)}"
        return
    yield from (f"{name} of the model {wrong}" for name, wrong in _value_problems(given) if wrong)


def _value_problems(given: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the column and what is wrong with it, for each that decides what is sent or paid."""
    name, path = given["name"], given["path"]
    yield "name", _unless(is_a(name, str) and name.isprintable() and " " not in name, name, "a word")
    yield "path", _unless(is_a(path, str) and path.startswith("/"), path, "a path that starts with /")
    yield "aspects", _unless(_are_sizes(given["aspects"]), given["aspects"], 'a mapping such as {"16:9": (1280, 720)}')
    yield "seconds", _unless(_are_lengths(given["seconds"]), given["seconds"], "whole numbers from 1 to 60")
    price = plain(given.get("credits_per_second"))
    known = price is None or (type(price) is int and price >= 0)
    yield "credits_per_second", _unless(known, price, "a whole number, or None where it is not known")
    state = given.get("state", STATES[0])
    yield "state", _unless(state in STATES, state, ", ".join(STATES))
    words = {**given.get("aspect_words", {})}
    yield "aspect_words", _unless(set(words.values()) <= set(given["aspects"]), words, "words for its aspects")
    frames = given.get("keyframes", ())
    yield "keyframes", _unless(_are_keyframes(frames), frames, 'such as [("first", "imageAssetId1", 0.0)]')


def _unless(holds: object, value: object, hint: str) -> str:
    return "" if holds else f"is {shown(value)}: give {hint}"


def _are_sizes(aspects: object) -> bool:
    return is_a(aspects, Mapping) and all(
        is_a(word, str) and len(size) == 2 and all(type(side) is int and side > 0 for side in size)
        for word, size in aspects.items()  # type: ignore[attr-defined]
    )


def _are_lengths(seconds: Any) -> bool:
    return is_a(seconds, list, tuple, range) and all(type(one) is int and 0 < one <= 60 for one in seconds)


def _are_keyframes(frames: Any) -> bool:
    return is_a(frames, list, tuple) and all(
        is_a(frame, list, tuple) and len(frame) == 3 and frame[0] in POSITIONS and is_a(frame[1], str)
        for frame in frames
    )


def _row_of(given: Mapping[str, Any]) -> Model:
    tuples = ("task_types", "text_aspects", "paid_resolutions")
    columns = {name: tuple(value) if name in tuples and value is not None else value for name, value in given.items()}
    aspects = {word: (size[0], size[1]) for word, size in given["aspects"].items()}
    frames = tuple(KeyframeField(*frame) for frame in given.get("keyframes", ()))
    return Model(**{**columns, "aspects": aspects, "keyframes": frames, "title": given.get("title") or given["name"]})
