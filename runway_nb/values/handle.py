"""What stands for something at work in this process: a copy of it is the thing itself, and no file can hold it."""

from __future__ import annotations

from typing import Any, TypeVar

from ..errors import NotPicklable

H = TypeVar("H", bound="Handle")


class Handle:
    """The base of such things: two of them for one connection, or one job, would do everything twice."""

    def __copy__(self: H) -> H:
        return self

    def __deepcopy__(self: H, _: object) -> H:
        return self

    def __reduce__(self) -> Any:
        raise NotPicklable(f"a {type(self).__name__} stays in its process: make another one where it is needed")
