"""What the page may ask of a live grid, by the kind of its message."""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ...errors import RunwayError
from ...extension_points import provided
from ...jobs.continuation import continuing_request
from ...jobs.job import Job
from ...request import VideoRequest
from ...studio import Studio
from ...sweeps.sweep import has_ended
from ..language.cell_source import job_cells, joined_cells

if TYPE_CHECKING:
    from .live_grid import LiveGrid

Act = Callable[[Mapping[str, Any]], None]


class GridActs:
    """Acts on a grid as its page asks. What may take a while goes to a thread, in the order in which it was asked.

    Args:
        grid: Whose page it is.
        studio: Runs the jobs.
        marked: Called after a shot was starred or rejected.
    """

    def __init__(self, grid: LiveGrid, studio: Studio, marked: Callable[[], None]) -> None:
        self._grid, self._studio, self._marked = grid, studio, marked
        self._waiting: deque[Callable[[], None]] = deque()
        self._turn = threading.Lock()
        self._by_kind: dict[str, Act] = {
            "hello": lambda message: grid.greet(_listed(message.get("held"))),
            "act": lambda _: None,
            "leave": lambda _: grid.leave(),
            "open": lambda message: self._later(grid.open_shot, _number(message)),
            "mark": lambda message: self._later(self._mark, message),
            "stop": lambda _: self._stop_sending(),
            "cells": lambda message: self._later(self._give_cells, message),
            "panel": lambda message: self._open_panel(grid.feed.job(_number(message))),
            "continue": lambda message: self._later(self._go_on, message),
        }

    def do(self, message: Mapping[str, Any]) -> None:
        """Do what a message says; one of another kind is left."""
        self._by_kind.get(str(message.get("kind")), lambda _: None)(message)

    def _later(self, act: Callable[..., None], *arguments: Any) -> None:
        self._waiting.append(lambda: act(*arguments))
        self._studio.spawn(asyncio.to_thread(self._do_next))

    def _do_next(self) -> None:
        """Do what was asked for first; an error of ours is said in the page."""
        with self._turn:
            try:
                self._waiting.popleft()()
            except RunwayError as error:
                self._grid.say(error.message)

    def _mark(self, message: Mapping[str, Any]) -> None:
        """Star a shot, reject it, or take either back."""
        number, name, value = _number(message), message.get("name"), bool(message.get("value"))
        job = self._grid.feed.job(number)
        if job is None or name not in ("star", "rejected"):
            return
        try:
            if name == "star":
                job.star = value
            else:
                job.rejected = value
        finally:
            turn = message.get("turn")
            self._grid.feed.doubt(number, turn if isinstance(turn, int) else 0)
        self._marked()

    def _stop_sending(self) -> None:
        """Take back what is not sent yet; what Runway works on goes on."""
        waiting = [job for job in self._grid.sweep.jobs if not has_ended(job) and not job.state.phase.is_sent]
        for job in waiting:
            job.stop()
        self._grid.say(f"{_shots(len(waiting))} taken back." if waiting else "Everything was sent already.")

    def _give_cells(self, message: Mapping[str, Any]) -> None:
        """Answer with the cells of some shots."""
        feed = self._grid.feed
        jobs = [job for number in _listed(message.get("numbers")) if (job := feed.job(_whole(number))) is not None]
        text = joined_cells(job_cells(jobs, self._studio.settings.model)) if jobs else ""
        feed.widget.send({"kind": "answer", "number": message.get("number"), "text": text})

    def _go_on(self, message: Mapping[str, Any]) -> None:
        """Open the request that begins with the last frame of a shot."""
        job = self._grid.feed.job(_number(message))
        if job is not None:
            self._open_panel(continuing_request(job))

    def _open_panel(self, source: VideoRequest | Job | None) -> None:
        if source is not None:
            provided("panel.open")(source, self._studio, self._grid.put_panel, self._grid.say)


def _shots(count: int) -> str:
    return f"{count} shot{'' if count == 1 else 's'}"


def _listed(value: object) -> list[Any]:
    return [*value] if isinstance(value, (list, tuple)) else []


def _whole(value: object) -> int:
    return value if isinstance(value, int) else -1


def _number(message: Mapping[str, Any]) -> int:
    """Return the number of the shot that a message is about; -1 for none."""
    return _whole(message.get("shot"))
