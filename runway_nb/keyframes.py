"""The pictures of a shot, by their position."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import PurePath
from typing import Any

from .redaction import redact
from .references import Picture, asset_account, picture_problem, read_picture_name
from .task_options import keyframe_links
from .values.plain import HALF, Unusable, can_be_sent, is_a, shown


def _is_name(picture: object) -> bool:
    return is_a(picture, str, PurePath, Unusable)


def _named(picture: object) -> str:
    return repr(redact(str(picture))) if is_a(picture, str, PurePath) else shown(picture)


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
        """Compare objects such as arrays by identity: their own comparison gives no yes or no."""
        if not isinstance(other, Keyframes):
            return NotImplemented
        pairs = ((getattr(self, spec.name), getattr(other, spec.name)) for spec in fields(self))
        return all(mine is theirs or (_is_name(mine) and _is_name(theirs) and mine == theirs) for mine, theirs in pairs)

    @classmethod
    def from_options(cls, options: object) -> Keyframes:
        """Return the links of a task's keyframes, those that can be read (`task_options.keyframe_links`).

        Args:
            options: What a task was asked for, or its `keyframes` alone.
        """
        read: Any = options if is_a(options, Mapping) else {"keyframes": options}
        return cls(**keyframe_links(read))

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
