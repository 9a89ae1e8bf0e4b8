"""What stands under one display id: live cards, and the durable results that take their place.

The ending is double (Jupyter facts, section 2): the result goes into the living widget first, so that a page
that was reloaded meanwhile sees it, and then replaces the widget in the notebook. A saved widget would reopen
as an error.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import ipywidgets
from IPython.display import display, update_display

from ...errors import RunwayError
from ...jobs.job import Job
from ...ledger.phase import Phase
from ...studio import Studio
from ..rendering.live_state import ATTACH_HINT, SEND_HINT, live_state
from ..rendering.plain_text import live_line
from ..rendering.result_html import error_bundle
from .card import Card, make_button, style_sheet
from .spoken import end_text, make_spoken
from .text_keeper import kept_text, make_keepers
from .view import UPDATE_SECONDS, View, display_metadata, new_display_id

OFFER_SECONDS = 120.0
"""How long the buttons of a job in doubt stay; what they do, the commands beside them do for ever."""
_GAPS = {"text/html": "", "text/plain": "\n\n"}


class OutputEntry:
    """One job in an output area: its card while it runs, then its durable form."""

    def __init__(self, card: Card | None, data: dict[str, str] | None = None, job: Job | None = None) -> None:
        self.card = card
        self.job = card.job if card is not None else job
        self.phase = self.job.state.phase if self.job is not None else None
        """At which the text of the card stands, or an earlier one."""
        self.data = data
        self.offer: ipywidgets.Widget | None = None
        """The buttons of a job in doubt, for a while."""
        self._shown: ipywidgets.Output | None = None

    def is_of(self, job: Job) -> bool:
        """Return True when a job of this id stands here."""
        return self.job is not None and self.job.id == job.id

    def durable_bundle(self, view: View) -> dict[str, str]:
        """Return the durable form; of a job that still runs, how to come back to it."""
        if self.data is not None:
            return self.data
        assert self.card is not None
        return view.bundle(self.card.job)

    def widget(self) -> ipywidgets.Widget:
        """Return what stands on the page now."""
        if self.data is None:
            assert self.card is not None
            return self.card.root
        if self._shown is None:
            self._shown = ipywidgets.Output()
            self._shown.outputs = ({"output_type": "display_data", "data": self.data, "metadata": {}},)
        return ipywidgets.VBox([self._shown, self.offer]) if self.offer is not None else self._shown


class OutputArea:
    """What stands under one display id: the card of a cell's job and of further takes, at the end their results.

    Args:
        studio: Runs the jobs.
        view: How results are shown.
        newest_first: Whether a further job stands above the others.
        changed: Called after every change of what stands there, on any thread.
        text_changed: Called after the text of what stands there has changed and before that is seen, on any thread.
        stands_alone: Whether it speaks to a screen reader, and keeps its text in the notebook, itself.
    """

    def __init__(
        self, studio: Studio, view: View, *, newest_first: bool = False,
        changed: Callable[[], None] = lambda: None, text_changed: Callable[[], None] = lambda: None,
        stands_alone: bool = True,
    ) -> None:  # fmt: skip
        self._studio = studio
        self._view = view
        self._newest_first = newest_first
        self._changed, self._text_changed = changed, text_changed
        self.is_durable = False
        """Whether results alone stand there, which need no kernel."""
        self.display_id = new_display_id()
        self._target = {"raw": True, "display_id": self.display_id, "metadata": display_metadata(self.display_id)}
        self._lock = threading.RLock()
        self._entries: list[OutputEntry] = []
        self._spoken = make_spoken() if stands_alone else []
        self.root = ipywidgets.VBox(_dom_classes=["rnb-root"])
        """All that stands here, as a widget."""
        self._keepers = make_keepers(self.display_id, self.root.model_id, {}) if stands_alone else []
        unseen = [ipywidgets.HTML(style_sheet()), *self._spoken, *self._keepers]
        self._sheet = ipywidgets.VBox(unseen, _dom_classes=["rnb-style"])
        self.root.children = [self._sheet]

    def show(self, job: Job, *, reused: bool = False) -> None:
        """Display the card of a job in the running cell and keep it up to date on the background loop."""
        entry = self._put_card(job, reused)
        view = {**self.root._repr_mimebundle_(), "text/plain": live_line(job, live_state(job, time.time()))}
        display(view, **self._target)
        self._begin(entry)

    def open(self) -> None:
        """Display the area as it is, again or with nothing on it; jobs are added later."""
        with self._lock:
            self.is_durable = self._is_over
            display(self.bundle(), **self._target)

    def bundle(self) -> dict[str, Any]:
        """Return what stands there now: cards as a widget, or results alone in their durable form."""
        return self.durable_bundle() if self.is_durable else self.root._repr_mimebundle_()

    def durable_bundle(self) -> dict[str, str]:
        """Return the durable form of all that stands here."""
        with self._lock:
            data = [entry.durable_bundle(self._view) for entry in self._entries]
        return {kind: gap.join(one[kind] for one in data) for kind, gap in _GAPS.items()}

    def add(self, job: Job, *, reused: bool = False) -> None:
        """Put a job into an output area that is displayed already; one whose card stands there already is left."""
        if any(entry.job is job and entry.data is None for entry in self._entries):
            return
        if job.done:
            with self._lock:
                self._insert(OutputEntry(None, self._view.bundle(job, reused=reused), job), None)
                self.arrange()
        else:
            self._begin(self._put_card(job, reused))

    def put(self, entry: OutputEntry) -> None:
        """Put an entry of its own kind among the others."""
        with self._lock:
            self._insert(entry, None)
            self.arrange()

    def holds(self, job: Job) -> bool:
        """Return True when the result of a job stands here."""
        return any(
            entry.data is not None and entry.job is not None and entry.job.id == job.id for entry in self._entries
        )

    def _put_card(self, job: Job, reused: bool = False, instead: OutputEntry | None = None) -> OutputEntry:
        """Put a card for a job: after the others, or `instead` of what stood there."""
        card = Card(job, reused=reused, new_take=lambda: self._post(self._take_again, card), say=self._say)
        entry = OutputEntry(card)
        with self._lock:
            self._insert(entry, instead)
            self.arrange()
        return entry

    def _say(self, text: str) -> None:
        """Have a screen reader say a step of a job, or its end."""
        for each in self._spoken:
            each.text = text

    def _insert(self, entry: OutputEntry, instead: OutputEntry | None) -> None:
        if instead in self._entries:
            self._entries[self._entries.index(instead)] = entry
        else:
            self._entries.insert(0 if self._newest_first else len(self._entries), entry)

    def _begin(self, entry: OutputEntry) -> None:
        assert entry.card is not None

        def note_phase(job: Job) -> None:
            phase = job.state.phase
            if phase is not entry.phase and not phase.is_final:
                entry.phase = phase
                self._keep_text()

        entry.card.job.observe(note_phase)
        note_phase(entry.card.job)  # it may have gone on while its card was put
        entry.card.job.on_end(lambda _: self._end(entry))
        self._studio.spawn(_keep_up(entry.card))

    def _end(self, entry: OutputEntry) -> None:
        """Show the ending: first in the widget, for a reloaded page, then in its place, for the saved notebook."""
        assert entry.card is not None
        job = entry.card.job
        self._say(end_text(job))
        with self._lock:
            entry.data = self._view.bundle(job, reused=entry.card.reused)
            if job.state.phase is Phase.UNKNOWN:
                entry.offer = self._offer(entry, job)
                self._studio.spawn(self._withdraw(entry))
            self.arrange()

    def arrange(self) -> None:
        """Put everything in its place; once no card and no button is left, the durable form alone stays."""
        with self._lock:
            was_durable = self.is_durable
            self.is_durable = was_durable and self._is_over
            try:
                self._keep_text()  # first: a notebook that is saved as a result is seen holds it
            finally:
                self._place(was_durable)
            if self.is_durable and not was_durable:
                self._text_changed()
            self._changed()

    def _place(self, was_durable: bool) -> None:
        self.root.children = [self._sheet, *(entry.widget() for entry in self._entries)]
        self.is_durable = self._is_over
        if self.is_durable or was_durable:
            update_display(self.bundle(), **self._target)

    def _keep_text(self) -> None:
        """Tell the page what stands here when the notebook is opened without this kernel."""
        with self._lock:  # an older text would come after a newer one
            for keeper in self._keepers:
                keeper.texts = kept_text(self.display_id, self.root.model_id, self.durable_bundle())
            self._text_changed()

    @property
    def _is_over(self) -> bool:
        """True when neither card nor button is left."""
        return all(entry.data is not None and entry.offer is None for entry in self._entries)

    # --- buttons --------------------------------------------------------------------------------

    def _offer(self, entry: OutputEntry, job: Job) -> ipywidgets.Widget:
        """Return what the user may decide about a job in doubt."""
        price = job.price_text if not job.simulated else "play money"
        return ipywidgets.HBox(
            [
                make_button("Check again", lambda: self._post(self._attach_again, entry), ATTACH_HINT),
                make_button(f"Send again ({price})", lambda: self._post(self._send_again, entry), SEND_HINT),
            ]
        ).add_class("rnb-offer")

    async def _withdraw(self, entry: OutputEntry) -> None:
        """Take the buttons away, which do not outlive the kernel: a saved widget would reopen as an error."""
        try:
            await asyncio.sleep(OFFER_SECONDS)
        finally:
            entry.offer = None
            if entry in self._entries:
                self.arrange()

    def _post(self, act: Callable[..., None], *arguments: Any) -> None:
        self._studio.spawn(asyncio.to_thread(act, *arguments))

    def _take_again(self, card: Card) -> None:
        try:
            self._replace(None, lambda: self._studio.new_take(card.job))
        finally:
            card.may_take_again()

    def _attach_again(self, entry: OutputEntry) -> None:
        assert entry.card is not None
        job = entry.card.job
        self._replace(entry, lambda: self._studio.attach(job.id))

    def _send_again(self, entry: OutputEntry) -> None:
        assert entry.card is not None
        job = entry.card.job
        self._replace(entry, lambda: self._studio.resend(job.id))

    def _replace(self, entry: OutputEntry | None, make: Callable[[], Job]) -> None:
        """Show a card for the job that `make` gives, or its error as text."""
        if entry is not None:
            entry.offer = None  # pressed once
        try:
            self._begin(self._put_card(make(), instead=entry))
        except RunwayError as error:
            with self._lock:
                self._entries.append(OutputEntry(None, error_bundle(error)))
                self.arrange()


async def _keep_up(card: Card) -> None:
    """Refresh a card when its job has moved, and while a time on it counts."""
    loop, moved = asyncio.get_running_loop(), asyncio.Event()

    def note_move(_: Job) -> None:
        with suppress(RuntimeError):  # the loop has ended, and with it the card
            loop.call_soon_threadsafe(moved.set)

    forget = card.job.observe(note_move)
    try:
        while not card.job.state.phase.is_final:
            moved.clear()
            card.refresh()
            await asyncio.sleep(UPDATE_SECONDS)
            if not card.is_counting:
                await moved.wait()
    finally:
        forget()
