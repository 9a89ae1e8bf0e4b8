"""Compared clips that play in step in the page: their frames, sent as bytes when a page asks, and their stars.

A saved widget reopens as an error, so it leaves nothing behind: what stays is the durable table beside it.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

from IPython.display import display, update_display

from ...comparison import Clip, Comparison
from ...errors import RunwayError
from ...jobs.job import Job
from ...pictures.clip_strips import ClipMeasures
from ..rendering.comparison_table import differences_lines, is_simulated, labels, prompt_pieces, title_text
from ..rendering.facts import WITH_SOUND, sound_text
from .comparison_widget import make_comparison
from .strip_pace import KERNEL_PACE
from .text_keeper import NOTHING, kept_text
from .view import display_metadata, new_display_id

GREETING_SECONDS = 2.0
"""How long the frames wait for the page to ask: a busy kernel does not hear it, and they are sent anyway."""
BADGE = "Simulator: no credits spent"
SILENT = "Silent here; the players under Details have the sound"
Put = Callable[[str, Mapping[str, Any]], None]


def _has_sound(clip: Clip) -> bool:
    return clip.job is not None and sound_text(clip.job.request) == WITH_SOUND


class LiveComparison:
    """The widget of compared clips, for as long as the kernel lives.

    Args:
        comparison: What is shown.
        measures: How its clips are cut.
        starred: Called after a clip was starred or not any more, on any thread; it gets what shows data at a display
            id also in a page that was loaded anew.
    """

    def __init__(self, comparison: Comparison, measures: ClipMeasures, starred: Callable[[Put], None]) -> None:
        self._comparison, self._measures, self._starred = comparison, measures, starred
        self._studio = comparison.studio
        self._display_id = new_display_id()
        self._widget: Any = None
        self._pages = 0
        self._turn = threading.Lock()
        """One star at a time is shown: a click and the job that it changes both tell of it."""
        self._missing: set[int] = set()
        """Clips that a page has asked for; known to the loop alone."""
        self._asked = asyncio.Event()  # of a loop only once one waits for it, in Python 3.10 and later

    def open(self) -> bool:
        """Display it in the running cell; return False without anywidget."""
        clips = self._comparison.clips
        self._widget = widget = make_comparison(
            title=f"Compared: {title_text(clips)}",
            difference=[*differences_lines(clips), *([SILENT] if any(map(_has_sound, clips)) else [])],
            prompts=[[list(piece) for piece in pieces] for pieces in prompt_pieces(clips)],
            badge=BADGE if is_simulated(clips) else "",
            clips=[
                {"letter": clip.letter, "name": clip.name, "label": label, "canStar": clip.job is not None}
                for clip, label in zip(clips, labels(clips), strict=True)
            ],
            stars=self._stars(),
        )
        if widget is None:
            return False
        widget.texts = kept_text(self._display_id, widget.model_id, NOTHING)
        widget.on_msg(lambda _, content, __: self._hear(content))
        view = widget._repr_mimebundle_()
        # of anywidget it is a pair with metadata
        data = {**(view[0] if isinstance(view, tuple) else view), **NOTHING}
        display(data, raw=True, display_id=self._display_id, metadata=display_metadata(self._display_id))
        self._studio.spawn(self._live())
        return True

    # --- messages -------------------------------------------------------------------------------

    def _hear(self, message: object) -> None:
        """Do what a page asks; rubbish is no message. May come on any thread."""
        kind = message.get("kind") if isinstance(message, Mapping) else None
        if kind == "greet":
            self._pages += 1
            held = message["held"] if isinstance(message, Mapping) and isinstance(message.get("held"), list) else []
            self._studio.spawn(self._ask(held))
        elif kind == "star":
            assert isinstance(message, Mapping)
            self._studio.spawn(asyncio.to_thread(self._star, message.get("clip"), bool(message.get("on"))))

    def _put(self, display_id: str, data: Mapping[str, Any]) -> None:
        if self._pages > 1:
            self._widget.send({"kind": "put", "display_id": display_id, "data": dict(data)})

    # --- stars ----------------------------------------------------------------------------------

    def _star(self, number: object, on: bool) -> None:
        clips = self._comparison.clips
        job = clips[number].job if isinstance(number, int) and 0 <= number < len(clips) else None
        if job is None:
            return
        try:
            job.star = on
        except RunwayError as error:
            self._widget.send({"kind": "problem", "text": error.message})
        self._show_stars()

    def _follow(self, _: Job) -> None:
        with suppress(RunwayError):  # no thread is left
            self._studio.spawn(asyncio.to_thread(self._show_stars))

    def _show_stars(self) -> None:
        with self._turn:
            if (stars := self._stars()) != self._widget.stars:
                self._widget.stars = stars
                self._starred(self._put)

    def _stars(self) -> list[bool]:
        return [clip.job is not None and clip.job.star for clip in self._comparison.clips]

    # --- frames ---------------------------------------------------------------------------------

    async def _live(self) -> None:
        """Send the frames, and take the widget away when the kernel ends in order."""
        forget = [clip.job.observe(self._follow) for clip in self._comparison.clips if clip.job is not None]
        try:
            await self._send_strips()
        finally:
            for end in forget:
                end()
            update_display(NOTHING, raw=True, display_id=self._display_id, metadata=display_metadata(self._display_id))

    async def _ask(self, held: Collection[Any]) -> None:
        """Note which clips a page does not have: one that is on its way to another page reaches this one too."""
        self._missing.update(number for number in range(len(self._comparison.clips)) if number not in held)
        self._asked.set()

    async def _send_strips(self) -> None:
        """Send the frames that pages ask for, one clip after the other, without end."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._asked.wait(), GREETING_SECONDS)
        if not self._pages:
            await self._ask([])
        while True:
            await self._asked.wait()
            self._asked.clear()
            try:
                while self._missing:
                    await self._send_strip(min(self._missing))
            except RunwayError as error:
                self._missing.clear()
                self._widget.send({"kind": "no_strips", "text": error.message})

    async def _send_strip(self, number: int) -> None:
        strip = await asyncio.to_thread(self._measures.strip, number)
        await KERNEL_PACE.turn(len(strip.jpeg))
        measures = {name: value for name, value in strip._asdict().items() if name != "jpeg"}
        self._missing.discard(number)
        self._widget.send({"kind": "strip", "number": number, **measures}, [strip.jpeg])
