"""The live cards of a cell and their durable ending.

The ending is double (Jupyter facts, section 2): the result goes into the living widget first, so that a page
that was reloaded meanwhile sees it, and then replaces the widget in the notebook. A saved widget would reopen
as an error.
"""

from __future__ import annotations

import asyncio
import secrets
import threading
import time
from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import Any

import ipywidgets
from IPython.display import display, update_display

from ...errors import RunwayError
from ...jobs.job import Job
from ...ledger.phase import Phase
from ...spec import POSITIONS
from ...studio import Studio
from ...text.console import write_line
from ..rendering.messages import (
    DOT,
    JOINED,
    LOOK_HINT,
    SEND_HINT,
    TAKE_HINT,
    Look,
    camera_words,
    cost,
    look,
    prompt_words,
    shows_id,
)
from ..rendering.plain_text import live_line
from ..rendering.result_html import jpeg_uri, placeholder, said
from ..static import static_text
from .view import View

TICK = 0.5
"""Seconds between two looks of the card at its job; at most one message each."""
OFFER_SECONDS = 120.0
"""How long the buttons of a job in doubt stay; what they do, the commands beside them do for ever."""
_GAPS = {"text/html": "", "text/plain": "\n\n"}

_GLYPHS = {
    "wait": '<circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M6 3v3l2 1.4" fill="none" stroke="currentColor" stroke-width="1.4"/>',
    "hold": '<path d="M2.6 1.5h2.4v9H2.6zM7 1.5h2.4v9H7z" fill="var(--rnb-warn)"/>',
    "run": '<path d="M2.5 1v10l8.5-5z" fill="var(--rnb-brand)"/>',
    "down": '<path d="M6 1v6.2M3 4.8l3 3 3-3M1.5 10.8h9" fill="none" stroke="var(--rnb-good)" stroke-width="1.8"/>',
}


def show(job: Job, studio: Studio, view: View, *, reused: bool = False) -> None:
    """Show a job where the cell's output stands, and keep it up to date until it ends."""
    if view.mode == "terminal":
        write_line(
            view.bundle(job, reused=reused)["text/plain"] if job.done else live_line(job, look(job, time.time()))
        )
    elif job.done:
        display(view.bundle(job, reused=reused), raw=True)
    elif view.mode == "batch":
        _show_placeholder(job, view, reused)
    else:
        Stage(studio, view).show(job, reused=reused)


def _show_placeholder(job: Job, view: View, reused: bool) -> None:
    """Nobody watches: no widget, only the ending."""
    display_id = new_place()
    display(placeholder(job), raw=True, display_id=display_id)
    job.on_end(lambda job: update_display(view.bundle(job, reused=reused), raw=True, display_id=display_id))


def new_place() -> str:
    """A display id."""
    return f"runway-{secrets.token_hex(8)}"


def marked(place: str) -> dict[str, Any]:
    """Metadata that name the place of an output: a page that is loaded anew has lost the display id."""
    return {"runway_nb": {"place": place}}


@lru_cache(maxsize=4)
def style_sheet(*names: str) -> str:
    """The style sheets of live widgets; they travel with them, so nothing is built or requested."""
    texts = [static_text(name) for name in names or ("card.css",)]
    return f"<style>{''.join(texts)}</style>"


class Card:
    """Thumbnails, four lines of fixed height, and the buttons of one job.

    A button's callback may come on any thread, and in the middle of a cell: it sets a flag or posts to the loop.
    """

    def __init__(self, job: Job, *, reused: bool = False, new_take: Callable[[], None] = lambda: None) -> None:
        self.job = job
        self.reused = reused
        self._film = ipywidgets.HTML(film_html(job)).add_class("rnb-film")
        self._body = ipywidgets.HTML().add_class("rnb-body")
        self._stop = _button("", lambda: job.stop())
        self._new_take = new_take
        self._is_taking = False
        self._take = _button("New take", self._take_once, TAKE_HINT)
        buttons = ipywidgets.VBox([self._stop, self._take]).add_class("rnb-buttons")
        self.root = ipywidgets.HBox([self._film, self._body, buttons]).add_class("rnb-card")
        self.refresh()

    def _take_once(self) -> None:
        """One click, one take; the button waits until its card stands."""
        if not self._is_taking:
            self._is_taking = self._take.disabled = True
            self._new_take()

    def may_take_again(self) -> None:
        """The take that was asked for stands, or was refused."""
        self._is_taking = False

    def refresh(self) -> None:
        """Bring the widgets up to date; a trait that does not change sends nothing."""
        seen = look(self.job, time.time())
        self._body.value = body_html(self.job, seen, self.reused)
        self._stop.description, self._stop.tooltip = seen.button, seen.hint
        self._stop.disabled = not seen.enabled
        self._take.disabled = self.job.task is None or self._is_taking
        self._film.value = film_html(self.job)


class Part:
    """One job on a stage: its card while it runs, then its durable form."""

    def __init__(self, card: Card | None, data: dict[str, str] | None = None, job: Job | None = None) -> None:
        self.card = card
        self.job = card.job if card is not None else job
        self.data = data
        self.offer: ipywidgets.Widget | None = None
        """The buttons of a job in doubt, for a while."""
        self._shown: ipywidgets.Output | None = None

    def text(self, view: View) -> dict[str, str]:
        """The durable form; of a job that still runs, how to come back to it."""
        if self.data is not None:
            return self.data
        assert self.card is not None
        return view.bundle(self.card.job)

    def widget(self) -> ipywidgets.Widget:
        """What stands on the page now."""
        if self.data is None:
            assert self.card is not None
            return self.card.root
        if self._shown is None:
            self._shown = ipywidgets.Output()
            self._shown.outputs = ({"output_type": "display_data", "data": self.data, "metadata": {}},)
        return ipywidgets.VBox([self._shown, self.offer]) if self.offer is not None else self._shown


class Stage:
    """What stands under one display id: the card of a cell's job and of further takes, at the end their results.

    Args:
        studio: Sees the jobs through.
        view: How results are shown.
        newest_first: Whether a further job stands above the others.
        changed: Called after every change of what stands there, on any thread.
    """

    def __init__(
        self, studio: Studio, view: View, *, newest_first: bool = False, changed: Callable[[], None] = lambda: None
    ) -> None:
        self._studio = studio
        self._view = view
        self._newest_first = newest_first
        self._changed = changed
        self.is_durable = False
        """Whether results alone stand there, which need no kernel."""
        self.place = new_place()
        """Its display id."""
        self._lock = threading.RLock()
        self._parts: list[Part] = []
        self._sheet = ipywidgets.HTML(style_sheet(), _dom_classes=["rnb-style"])
        self.root = ipywidgets.VBox([self._sheet], _dom_classes=["rnb-root"])
        """All that stands here, as a widget."""

    def show(self, job: Job, *, reused: bool = False) -> None:
        """Display the card of a job in the running cell and keep it up to date on the background loop."""
        part = self._place(job, reused)
        view = {**self.root._repr_mimebundle_(), "text/plain": live_line(job, look(job, time.time()))}
        display(view, raw=True, display_id=self.place, metadata=marked(self.place))
        self._begin(part)

    def open(self) -> None:
        """Display the stage as it is, again or with nothing on it; jobs are added later."""
        with self._lock:
            self.is_durable = self._is_over
            display(self.shown(), raw=True, display_id=self.place, metadata=marked(self.place))

    def shown(self) -> dict[str, Any]:
        """What stands there now: cards as a widget, or results alone in their durable form."""
        return self.text() if self.is_durable else self.root._repr_mimebundle_()

    def text(self) -> dict[str, str]:
        """The durable form of all that stands here."""
        with self._lock:
            data = [part.text(self._view) for part in self._parts]
        return {kind: gap.join(one[kind] for one in data) for kind, gap in _GAPS.items()}

    def add(self, job: Job, *, reused: bool = False) -> None:
        """Put a job on a stage that is displayed already; one whose card stands there has its place."""
        if any(part.card is not None and part.card.job is job and part.data is None for part in self._parts):
            return
        if job.done:
            with self._lock:
                self._insert(Part(None, self._view.bundle(job, reused=reused), job), None)
                self._arrange()
        else:
            self._begin(self._place(job, reused))

    def holds(self, job: Job) -> bool:
        """True when the result of a job stands here."""
        return any(part.data is not None and part.job is not None and part.job.id == job.id for part in self._parts)

    def _place(self, job: Job, reused: bool = False, instead: Part | None = None) -> Part:
        """A card for a job: in a place of its own, or `instead` of what stood there."""
        card = Card(job, reused=reused, new_take=lambda: self._post(self._another, card))
        part = Part(card)
        with self._lock:
            self._insert(part, instead)
            self._arrange()
        return part

    def _insert(self, part: Part, instead: Part | None) -> None:
        if instead in self._parts:
            self._parts[self._parts.index(instead)] = part
        else:
            self._parts.insert(0 if self._newest_first else len(self._parts), part)

    def _begin(self, part: Part) -> None:
        assert part.card is not None
        part.card.job.on_end(lambda _: self._end(part))
        self._studio.spawn(_keep_up(part.card))

    def _end(self, part: Part) -> None:
        """First into the widget, for a page that was reloaded; then in its place, for the saved notebook."""
        assert part.card is not None
        job = part.card.job
        with self._lock:
            part.data = self._view.bundle(job, reused=part.card.reused)
            if job.state.phase is Phase.UNKNOWN:
                part.offer = self._offer(part, job)
                self._studio.spawn(self._withdraw(part))
            self._arrange()

    def _arrange(self) -> None:
        """Put everything in its place; once no card and no button is left, the durable form alone stays."""
        with self._lock:
            self.root.children = [self._sheet, *(part.widget() for part in self._parts)]
            was_durable, self.is_durable = self.is_durable, self._is_over
            if self.is_durable or was_durable:
                update_display(self.shown(), raw=True, display_id=self.place, metadata=marked(self.place))
            self._changed()

    @property
    def _is_over(self) -> bool:
        """True when neither card nor button is left."""
        return all(part.data is not None and part.offer is None for part in self._parts)

    # --- buttons --------------------------------------------------------------------------------

    def _offer(self, part: Part, job: Job) -> ipywidgets.Widget:
        """What the user may decide about a job in doubt."""
        price = f"{job.request.credits} credits" if not job.simulated else "play money"
        return ipywidgets.HBox(
            [
                _button("Look again", lambda: self._post(self._look_again, part), LOOK_HINT),
                _button(f"Send again ({price})", lambda: self._post(self._send_again, part), SEND_HINT),
            ]
        ).add_class("rnb-offer")

    async def _withdraw(self, part: Part) -> None:
        """Buttons do not stay, nor outlive the kernel: a saved widget would reopen as an error."""
        try:
            await asyncio.sleep(OFFER_SECONDS)
        finally:
            part.offer = None
            if part in self._parts:
                self._arrange()

    def _post(self, act: Callable[..., None], *arguments: Any) -> None:
        self._studio.spawn(asyncio.to_thread(act, *arguments))

    def _another(self, card: Card) -> None:
        try:
            self._replace(None, lambda: self._studio.new_take(card.job))
        finally:
            card.may_take_again()

    def _look_again(self, part: Part) -> None:
        assert part.card is not None
        job = part.card.job
        self._replace(part, lambda: self._studio.attach(job.id))

    def _send_again(self, part: Part) -> None:
        assert part.card is not None
        job = part.card.job
        self._replace(part, lambda: self._studio.resend(job.id))

    def _replace(self, part: Part | None, make: Callable[[], Job]) -> None:
        """A card for the job that `make` gives, or its error in words."""
        if part is not None:
            part.offer = None  # pressed once
        try:
            self._begin(self._place(make(), instead=part))
        except RunwayError as error:
            with self._lock:
                self._parts.append(Part(None, said(error)))
                self._arrange()


async def _keep_up(card: Card) -> None:
    while not card.job.done:
        card.refresh()
        await asyncio.sleep(TICK)


def _button(words: str, act: Callable[[], None], hint: str = "") -> ipywidgets.Button:
    button = ipywidgets.Button(description=words, tooltip=hint)
    button.on_click(lambda _: act())
    return button


def film_html(job: Job) -> str:
    """The first keyframe given, the others as insets."""
    stills = [(slot, job.stills[slot]) for slot in POSITIONS if slot in job.stills]
    images = [f'<img src="{jpeg_uri(still)}" alt="{slot} keyframe">' for slot, still in stills]
    insets = f"<div>{''.join(images[1:])}</div>" if images[1:] else ""
    tall = " is-portrait" if job.request.format == "portrait" else ""
    return f'<div class="rnb-frames{tall}">{"".join(images[:1])}{insets}</div>'


def body_html(job: Job, seen: Look, reused: bool = False) -> str:
    """Prompt and badge; word, detail and percent; bar; facts, price and id."""
    prompt = escape(prompt_words(job.request), quote=True)
    badge = '<span class="rnb-badge">Simulator</span>' if job.simulated else ""
    percent = "" if seen.ratio is None else f"{seen.ratio * 100:.0f} %"
    return (
        f'<div class="rnb-row"><span class="rnb-grow" title="{prompt}">{prompt}</span>{badge}</div>'
        f'<div class="rnb-row" title="{escape(f"{seen.api}: {seen.detail}", quote=True)}"><span class="rnb-word">'
        f'<svg viewBox="0 0 12 12" aria-hidden="true">{_GLYPHS[seen.glyph]}</svg>{escape(seen.word)}</span>'
        f'<span class="rnb-grow rnb-detail rnb-num">{escape(seen.detail)}</span>'
        f'<span class="rnb-num">{percent}</span></div>{bar_html(seen)}{_facts_html(job, reused)}'
    )


def bar_html(seen: Look) -> str:
    """A track of dots while nothing is known, else a progress bar."""
    if seen.ratio is None:
        return '<div class="rnb-bar is-waiting" aria-hidden="true"></div>'
    percent = round(seen.ratio * 100)
    kind = " is-download" if seen.download else ""
    return (
        f'<div class="rnb-bar{kind}" role="progressbar" aria-label="{escape(seen.word, quote=True)}" '
        f'aria-valuemin="0" aria-valuemax="100" aria-valuenow="{percent}"><i style="width:{percent}%"></i></div>'
    )


def _facts_html(job: Job, reused: bool) -> str:
    request = job.request
    more = (f"{request.length} s {request.format}", f"seed {request.seed}")
    optional = "".join(f'<span class="rnb-opt">{DOT}{words}</span>' for words in more)
    name = job.id if shows_id(job) else "not sent"
    left, price = (JOINED, "0 credits more") if reused else (f"{camera_words(request)}{optional}", cost(job))
    return (
        f'<div class="rnb-row rnb-meta"><span class="rnb-grow">{left}</span>'
        f'<span class="rnb-num">{price}</span><span class="rnb-id">{name}</span></div>'
    )
