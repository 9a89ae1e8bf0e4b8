"""The live grid of a sweep: a widget in the page, the result that is opened below it, and its end.

A saved widget reopens as an error, and exploring begins when everything has ended: the grid stands above the durable
table of the same sweep, which its style hides while it is there. It leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any

import ipywidgets
from IPython.display import display, update_display

from ...redaction import redact_line
from ...studio import Studio
from ...sweeps.sweep import Sweep
from ..rendering.result_html import bundle
from .card import style_sheet
from .grid_acts import GridActs
from .grid_feed import GridFeed
from .grid_widget import make_grid
from .text_keeper import NOTHING, kept_text
from .view import UPDATE_SECONDS, View, display_metadata, new_display_id

IDLE_SECONDS = 30 * 60.0
"""After which a grid leaves, once all have ended and nobody has done anything in it."""
Put = Callable[[str, Mapping[str, Any]], None]


class LiveGrid:
    """A sweep as a widget that lives as long as somebody uses it.

    Args:
        sweep: What is shown.
        studio: Runs its jobs.
        view: How results are shown.
        marked: Called after a shot was starred or rejected here, on any thread but the loop's.
        greeted: Called after a view has reported that it is there, on any thread but the loop's.
    """

    def __init__(
        self, sweep: Sweep, studio: Studio, view: View, *, marked: Callable[[], None], greeted: Callable[[], None]
    ) -> None:
        self.sweep, self._studio, self._view = sweep, studio, view
        self._display_id = view.places[0] if view.places else new_display_id()
        self.feed = GridFeed(sweep, studio)
        self._acted = time.monotonic()
        self._left = threading.Event()
        self._opened = ipywidgets.Output().add_class("rnb-opened")
        self._root = ipywidgets.VBox(_dom_classes=["rnb-root"])
        self._panel: Any = None
        self.acts = GridActs(self, studio, marked)
        self._greeted = greeted

    def open(self) -> bool:
        """Display the grid in the running cell, or where there is a place for it, and keep it up to date.

        Returns False without anywidget.
        """
        from ..rendering.grid_model import grid_plan  # first use

        widget = make_grid(plan=grid_plan(self.sweep), first=self.feed.first)
        if widget is None:
            return False
        self.feed.widget = widget
        sheet = ipywidgets.HTML(style_sheet("card.css", "sweep.css"), _dom_classes=["rnb-style"])
        self._root.children = (sheet, widget, self._opened)
        self._keep_text()
        widget.on_msg(lambda _, content, __: self._hear(content))
        data = {**self._root._repr_mimebundle_(), **NOTHING}
        show = update_display if self._view.places else display
        show(data, raw=True, display_id=self._display_id, metadata=display_metadata(self._display_id))
        self._studio.spawn(self._live())
        return True

    @property
    def is_seen(self) -> bool:
        """Whether its script has reported from a page, so that what stands beside it is hidden there."""
        return self.feed.pages > 0 and not self.is_over

    @property
    def is_over(self) -> bool:
        """Whether it has left."""
        return self._left.is_set()

    def put(self, display_id: str, data: Mapping[str, Any]) -> None:
        """Show data at a display id also where that is lost: on a page that was loaded anew, and in a moved cell."""
        if self.feed.pages > 1 or self.is_over:
            self.feed.widget.send({"kind": "put", "display_id": display_id, "data": dict(data)})

    def say(self, text: str) -> None:
        """Let the page report a text."""
        self.feed.widget.send({"kind": "say", "text": redact_line(text)})

    def leave(self) -> None:
        """Let nothing stand in the place of the grid."""
        self._left.set()
        self.feed.wake()

    # --- the shot that is opened ----------------------------------------------------------------

    def open_shot(self, number: int) -> None:
        """Show the whole result of a shot below the grid; nothing for a number without a job."""
        job = self.feed.job(number)
        outputs: tuple[dict[str, Any], ...] = ()
        if job is not None:
            data = bundle(job, self._view.embed, self._view.folder)
            outputs = ({"output_type": "display_data", "data": data, "metadata": {}},)
        self._opened.outputs = outputs
        self.feed.widget.opened = number if outputs else -1

    def put_panel(self, panel: Any) -> None:
        """Show a panel below the grid, in the place of an earlier one."""
        self._panel = panel
        panel.when_text_changes(self._keep_panel)
        self._keep_text()
        self._root.children = (*self._root.children[:3], panel)

    def _keep_panel(self) -> None:
        """Keep what stands in the panel now; who works there uses the grid."""
        self._acted = time.monotonic()
        if self.is_over:
            self._show_end()
        else:
            self._keep_text()

    def _keep_text(self) -> None:
        """Tell the page what takes the grid's place when the kernel ends without a word."""
        self.feed.widget.texts = kept_text(self._display_id, self._root.model_id, self._durable())

    def _durable(self) -> dict[str, str]:
        """Return what stays in the place of the grid: nothing, or a panel that was opened there, as text."""
        return NOTHING if self._panel is None else self._panel.durable_bundle()

    def _refresh_opened(self) -> None:
        number = self.feed.widget.opened
        if number >= 0:
            self.open_shot(number)

    # --- its life -------------------------------------------------------------------------------

    def _hear(self, message: object) -> None:
        """Do what the page asks; rubbish is no message. May come on any thread."""
        if not isinstance(message, Mapping):
            return
        if not self.is_over:
            self._acted = time.monotonic()
            self.acts.do(message)
        elif message.get("kind") == "hello":  # a page that was closed as the grid left shows it again
            self._studio.spawn(asyncio.to_thread(self._show_what_is_left))

    def greet(self, held: Collection[Any]) -> None:
        """Let a view that is there now have all that it lacks; `held` are the numbers of the strips that it has."""
        self.feed.greet(held)
        self._studio.spawn(asyncio.to_thread(self._greeted))

    def _show_what_is_left(self) -> None:
        self._show_end()
        self._greeted()

    @property
    def _is_idle(self) -> bool:
        is_at_work = self._panel is not None and not all(job.done for job in self._panel.jobs)
        return self.sweep.is_ending and not is_at_work and time.monotonic() - self._acted > IDLE_SECONDS

    async def _live(self) -> None:
        """Keep it up to date until it is left, nobody uses it, or the kernel ends in order."""
        self.feed.begin()
        forget = self.sweep.observe(lambda _: self.feed.wake())
        strips = asyncio.ensure_future(self.feed.send_strips())
        try:
            await self._keep_up()
        finally:
            forget()
            strips.cancel()
            self._end()

    async def _keep_up(self) -> None:
        was_ending = self.sweep.is_ending
        while not self.is_over and not self._is_idle:
            await self.feed.send_news()
            if self.sweep.is_ending and not was_ending:
                was_ending = True
                await asyncio.to_thread(self._refresh_opened)
            await asyncio.sleep(UPDATE_SECONDS)
            await self.feed.moved(IDLE_SECONDS)

    def _end(self) -> None:
        self._left.set()
        self._show_end()
        with suppress(RuntimeError):  # the widget's own connection may have ended before
            self.feed.widget.is_over = True

    def _show_end(self) -> None:
        """Let what stays stand in the place of the grid."""
        data = self._durable()
        self.put(self._display_id, data)
        update_display(data, raw=True, display_id=self._display_id, metadata=display_metadata(self._display_id))
