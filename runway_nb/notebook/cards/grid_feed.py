"""What the pages of a live grid are sent: what changed, at most twice a second, and every film strip once."""

from __future__ import annotations

import asyncio
import io
import threading
from collections.abc import Collection, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from ...errors import LedgerError, RunwayError
from ...jobs.job import Job
from ...ledger.marks import Marks
from ...pictures.film_strip import FilmStrip, kept_film_strip
from ...studio import Studio
from ...sweeps.sweep import Sweep
from ..rendering.grid_model import READY, CellState, GridState, grid_state
from .strip_pace import KERNEL_PACE
from .view import UPDATE_SECONDS

GREETING_SECONDS = 2.0
"""How long strips wait for the first page to be there: what is sent before is lost, and comes again when it greets."""
COUNTING_SECONDS = 1.0
"""After which the time that is left is said anew."""


def message_of(state: GridState, before: GridState | None = None) -> dict[str, Any]:
    """Return what a page needs to know: everything, or what is not as it was `before`."""
    old = before.cells if before is not None else (None,) * len(state.cells)
    cells = {
        str(number): cell._asdict()
        for number, (cell, earlier) in enumerate(zip(state.cells, old, strict=True))
        if cell != earlier
    }
    head = {"status": state.status, "cost": state.cost, "isOpen": state.is_open}
    return {**head, "cells": cells}


class GridFeed:
    """What a grid has sent to its pages, and what it sends next.

    Args:
        sweep: Whose shots they are.
        studio: Keeps their marks and their film strips.
    """

    def __init__(self, sweep: Sweep, studio: Studio) -> None:
        self._sweep, self._studio = sweep, studio
        self.widget: Any = None
        self.pages = 0
        """How many pages have greeted; from the second on, one was loaded anew or is another view."""
        self._lock = threading.Lock()
        self._marks: Mapping[str, Marks] = {}
        self._base = self._now()
        self._variants = sweep.variants
        self._sent: set[int] = set()
        self._leaving: set[int] = set()
        """Strips that are being cut, and will reach every page that has greeted until then."""
        self._strips = threading.Lock()
        """For these two: not held while the ledger is asked, so that the loop may wait for it."""
        self._turns: dict[str, int] = {}
        """The last mark of each shot that was done, by the count of the page: what it shows already is later."""
        self._last = self._base
        self._loop: asyncio.AbstractEventLoop | None = None
        # of a loop only once one waits for them, in Python 3.10 and later
        self._moved, self._ended = asyncio.Event(), asyncio.Event()

    @property
    def first(self) -> dict[str, Any]:
        """All that is known when the grid is made."""
        return message_of(self._base)

    def job(self, number: int) -> Job | None:
        """Return the job of a shot by its number in the order of the axes; None where there is none."""
        return self._sweep.job_of(self._variants[number]) if 0 <= number < len(self._variants) else None

    def label(self, number: int) -> str:
        """Return what a shot is called."""
        return str(self.widget.plan["cells"][number]["label"])

    def _now(self) -> GridState:
        """Return how all stand now, with the marks of before where the ledger is away. Not on the loop: it is asked."""
        with suppress(LedgerError):
            self._marks = self._studio.ledger.marks.of_jobs([job.id for job in self._sweep.jobs])
        return grid_state(self._sweep, self._marks)

    def greet(self, held: Collection[Any]) -> None:
        """Send a page that is there now all but the strips it holds, which follow."""
        # before anything else: what leaves from now on reaches this page, and none is to come twice; another page may
        # still wait for what this one holds
        with self._strips:
            self._sent = {number for number in self._sent if number in held} | self._leaving
        with self._lock:
            self._base = self._last = self._now()
            self._update(message_of(self._base))
        self.pages += 1
        self.wake()

    def _update(self, message: Mapping[str, Any]) -> None:
        self.widget.send({"kind": "update", **message, "turns": dict(self._turns)})

    def doubt(self, number: int, turn: int) -> None:
        """Send a shot again with the next changes: a page shows a mark before it is kept, and it may not be kept."""
        with self._lock:
            self._turns[str(number)] = turn
            self._base, self._last = (_without(state, number) for state in (self._base, self._last))
        self.wake()

    def begin(self) -> None:
        """Listen to `wake` from now on; on the loop, before anything is sent from there."""
        self._loop = asyncio.get_running_loop()

    def wake(self) -> None:
        """Look at the sweep again soon. From any thread."""
        with suppress(RuntimeError):  # the loop has ended, and with it the grid
            if self._loop is not None:
                self._loop.call_soon_threadsafe(self._moved.set)

    async def send_news(self) -> None:
        """Send what has changed, and let the strips of what is finished follow."""
        await asyncio.to_thread(self._send_changes)
        self._ended.set()

    def _send_changes(self) -> None:
        """Send what has changed since the pages were told; nothing where nothing has. Not on the loop."""
        with self._lock:
            now = self._now()
            if now == self._last:
                return
            self._last = now
            self._update(message_of(now, self._base))
            if self.pages:  # until a page is there, each message holds all that is new since it was made
                self._base = now

    async def moved(self, longest: float) -> None:
        """Wait for a change, so many seconds at most; less while a time is shown that counts."""
        counts = bool(self._sweep.time_left_text)
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._moved.wait(), min(longest, COUNTING_SECONDS) if counts else longest)
        self._moved.clear()

    # --- film strips ----------------------------------------------------------------------------

    async def send_strips(self) -> None:
        """Send the strip of every finished video as it comes, without end."""
        await self._greeted()
        while True:
            self._ended.clear()
            for number in self._missing():
                await self._send_strip(number)
            await self._ended.wait()

    async def _greeted(self) -> None:
        for _ in range(round(GREETING_SECONDS / UPDATE_SECONDS)):
            if self.pages:
                return
            await asyncio.sleep(UPDATE_SECONDS)

    def _missing(self) -> list[int]:
        """Return the shots of which the pages know that they are finished, and have no strip."""
        cells = self._last.cells
        return [number for number, cell in enumerate(cells) if cell.state == READY and number not in self._sent]

    async def _send_strip(self, number: int) -> None:
        job = self.job(number)
        with self._strips:
            self._sent.add(number)
            self._leaving.add(number)
        strip = None
        if job is not None and job.video is not None:
            strip = await asyncio.to_thread(strip_of, job, self._studio.settings.strips)
        if strip is not None:
            await KERNEL_PACE.turn(len(strip.jpeg))
        with self._strips:
            self._leaving.discard(number)
            if strip is not None:
                self.widget.send({"kind": "strip", "number": number, **_measures(strip)}, [strip.jpeg])


def _without(state: GridState, number: int) -> GridState:
    """Return a state in which nothing is known of one shot but whether it is ready."""
    unknown = CellState(state.cells[number].state, "")
    return state._replace(cells=(*state.cells[:number], unknown, *state.cells[number + 1 :]))


def _measures(strip: FilmStrip) -> Mapping[str, float]:
    return {name: value for name, value in strip._asdict().items() if name != "jpeg"}


def strip_of(job: Job, folder: Path) -> FilmStrip | None:
    """Return the strip of a finished video; its poster as a strip of one frame where none can be cut.

    It takes some tenths of a second: not on the loop.
    """
    assert job.video is not None
    with suppress(RunwayError, OSError):  # also where the file has just gone
        return kept_film_strip(folder, job.id, job.video)
    poster = job.state.poster
    if not poster:
        return None
    from PIL import Image  # loads Pillow

    with suppress(OSError, ValueError):
        width, height = Image.open(io.BytesIO(poster)).size
        return FilmStrip(poster, 1, 1, width, height, float(job.request.length))
    return None
