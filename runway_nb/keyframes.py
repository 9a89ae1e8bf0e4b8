"""The pictures of a shot, by their position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import PurePath

from .redaction import redact
from .references import Picture, asset_account, is_link, picture_problem, read_picture_name
from .spec import DEFAULT_MODEL
from .values.plain import HALF, Unusable, can_be_sent, is_a, plain, shown


def _is_sound_link(link: object) -> bool:
    return type(link) is str and is_link(link) and can_be_sent(link)


def _is_name(picture: object) -> bool:
    return is_a(picture, str, PurePath, Unusable)


def _named(picture: object) -> str:
    return repr(redact(str(picture))) if is_a(picture, str, PurePath) else shown(picture)


def _position_at(time: object) -> str:
    at = plain(time)
    return next((keyframe.position for keyframe in DEFAULT_MODEL.keyframes if at == keyframe.time), "")


@dataclass(frozen=True)
class Keyframes:
    """The pictures of a shot: asset ids, names of assets, picture files, links, frames of jobs (`references.Picture`).

    `Studio.submit` and `generate` also take objects: figures, arrays, images, bytes (kept as files),
    a job (its last frame), a task, an asset.
    """

    first: Picture | None = None
    """Seen at the start of the shot."""
    middle: Picture | None = None
    """Seen at half of the shot."""
    last: Picture | None = None
    """Seen at the end of the shot."""

    def __post_init__(self) -> None:
        for position, picture in self.given.items():
            object.__setattr__(self, position, read_picture_name(picture))

    def __eq__(self, other: object) -> bool:
        """Objects such as arrays are equal to themselves only: their own comparison gives no yes or no."""
        if not isinstance(other, Keyframes):
            return NotImplemented
        pairs = ((getattr(self, spec.name), getattr(other, spec.name)) for spec in fields(self))
        return all(mine is theirs or (_is_name(mine) and _is_name(theirs) and mine == theirs) for mine, theirs in pairs)

    @classmethod
    def from_options(cls, keyframes: object) -> Keyframes:
        """Return the links in a task's `options.keyframes` by their time (API facts 3.3), those that can be read."""
        items = [item for item in keyframes if is_a(item, Mapping)] if type(keyframes) is list else []
        links = {
            _position_at(item.get("timestamp")): link for item in items if _is_sound_link(link := item.get("image"))
        }
        return cls(**{position: link for position, link in links.items() if position})

    @property
    def given(self) -> dict[str, Picture]:
        """Position to picture, only what was given, in the order of time."""
        pictures = {spec.name: getattr(self, spec.name) for spec in fields(self)}
        return {position: picture for position, picture in pictures.items() if picture is not None}

    def __repr__(self) -> str:
        return f"Keyframes({', '.join(f'{position}={_named(picture)}' for position, picture in self.given.items())})"

    def problems(self) -> Iterator[str]:
        """Yield each mistake as one line."""
        for position, picture in self.given.items():
            if problem := picture_problem(picture):
                yield f"{position} {problem}"
            elif asset_account(picture) and not can_be_sent(str(picture)):
                # the name of a file may hold one: only what is in it is sent
                yield f"{position} {HALF}"
        if len({account for picture in self.given.values() if (account := asset_account(picture))}) > 1:
            yield "the keyframes belong to two accounts: one request takes pictures of one account only"
