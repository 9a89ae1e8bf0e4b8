"""The options of a task as it was asked for, in each of the three manners in which a task shows them. Pure.

Gen-3 writes `seconds`, `flip`, `keyframes` and `camera`; Gen-4 writes `width`, `height` and `init_image`; models of
other makers write `textPrompt`, `duration`, `aspectRatio` and `referenceImages` (API facts 3.3, Model facts 7). What a
service shows is not to be trusted: a value of another kind counts as not shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .references import bare_id, is_link
from .spec import GEN3_TURBO, Model
from .values.plain import can_be_sent, is_a, plain, whole

Options = Mapping[str, Any]
_REFERENCES = {"first_frame": "first", "last_frame": "last"}
"""What a reference picture is called that is a keyframe."""


def prompt_in(options: Options) -> str:
    """Return the prompt, or nothing."""
    return next((str(options[name]) for name in ("text_prompt", "textPrompt") if is_a(options.get(name), str)), "")


def seconds_in(options: Options) -> Any:
    """Return the length in seconds, or None."""
    found = options.get("seconds")
    return whole(options.get("duration") if found is None else found)


def aspect_in(options: Options, model: Model) -> str | None:
    """Return the format of a model in which a task was made; None for its default and for one that it has not."""
    if options.get("flip") is True and "portrait" in model.aspects:
        return "portrait"
    size, word = (plain(options.get("width")), plain(options.get("height"))), options.get("aspectRatio")
    of_size = next((name for name, frame in model.aspects.items() if model.has_pixels and frame == size), None)
    return word if is_a(word, str) and word in model.aspects else of_size


def explore_in(options: Options) -> bool | None:
    """Return True for a task in explore mode."""
    return plain(options.get("exploreMode")) or None


def audio_in(options: Options) -> bool | None:
    """Return whether a task has sound, or None where it does not show it."""
    found = options.get("generateAudio")
    return found if isinstance(found, bool) else None


def resolution_in(options: Options) -> str | None:
    """Return the resolution, such as 720p, or None."""
    found = options.get("resolution")
    return found if is_a(found, str) else None


def keyframe_links(options: Options) -> dict[str, str]:
    """Return the link of each keyframe by its position, those that can be read; they are no assets, and expire."""
    found = _timed(options) or _references(options) or [("first", options.get("init_image"))]
    return {
        position: link
        for position, link in found
        if position and type(link) is str and is_link(link) and can_be_sent(link)
    }


def keyframe_count(options: Options) -> int | None:
    """Return how many keyframes a task was given, or None where it shows none: it may have had some."""
    listed = options.get("keyframes") or options.get("referenceImages")
    if type(listed) is list and listed:
        return len(listed)
    # Gen-4 takes one picture at most, and shows a frame instead of keyframes
    return 1 if "width" in options and is_a(options.get("init_image"), str) else None


def keyframe_assets(options: Options) -> frozenset[str]:
    """Return the bare ids of the assets that a task was given, as far as it shows them."""
    listed = [item.get("assetId") for name in ("keyframes", "referenceImages") for item in _items(options, name)]
    return frozenset(bare_id(found) for found in (*listed, options.get("imageAssetId")) if is_a(found, str) and found)


def _timed(options: Options) -> list[tuple[str, Any]]:
    positions = {field.time: field.position for field in GEN3_TURBO.keyframes}
    return [
        (positions.get(plain(item.get("timestamp")), ""), item.get("image")) for item in _items(options, "keyframes")
    ]


def _references(options: Options) -> list[tuple[str, Any]]:
    found = _items(options, "referenceImages")
    return [(_REFERENCES.get(str(plain(item.get("type"))), ""), item.get("url")) for item in found]


def _items(options: Options, name: str) -> list[Mapping[str, Any]]:
    listed = options.get(name)
    return [item for item in listed if is_a(item, Mapping)] if type(listed) is list else []
