"""The live card of one job: thumbnails, four lines of fixed height, and its buttons."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import lru_cache
from html import escape

import ipywidgets

from ...jobs.job import Job
from ...spec import POSITIONS
from ..rendering.facts import (
    DOT,
    JOINED,
    camera_text,
    camera_words_text,
    cost,
    is_tall,
    model_title,
    prompt_text,
    resolution_text,
    shows_id,
    sound_text,
)
from ..rendering.live_state import TAKE_HINT, LiveState, live_state
from ..rendering.result_html import jpeg_uri
from ..static import static_text
from .spoken import step_text

_GLYPHS = {
    "wait": '<circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M6 3v3l2 1.4" fill="none" stroke="currentColor" stroke-width="1.4"/>',
    "hold": '<path d="M2.6 1.5h2.4v9H2.6zM7 1.5h2.4v9H7z" fill="var(--rnb-warn)"/>',
    "run": '<path d="M2.5 1v10l8.5-5z" fill="var(--rnb-brand)"/>',
    "down": '<path d="M6 1v6.2M3 4.8l3 3 3-3M1.5 10.8h9" fill="none" stroke="var(--rnb-good)" stroke-width="1.8"/>',
}


@lru_cache(maxsize=4)
def style_sheet(*names: str) -> str:
    """Return the style sheets of live widgets; they travel with them, so nothing is built or requested."""
    texts = [static_text(name) for name in names or ("card.css",)]
    return f"<style>{''.join(texts)}</style>"


class Card:
    """Thumbnails, four lines of fixed height, and the buttons of one job.

    A button's callback may come on any thread, and in the middle of a cell: it sets a flag or posts to the loop.
    """

    def __init__(
        self, job: Job, *, reused: bool = False, new_take: Callable[[], None] = lambda: None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:  # fmt: skip
        self.job = job
        self._say, self._word = say, ""
        self.reused = reused
        self._film = ipywidgets.HTML(film_html(job)).add_class("rnb-film")
        self._body = ipywidgets.HTML().add_class("rnb-body")
        self._stop = make_button("", lambda: job.stop())
        self._new_take = new_take
        self._is_taking = False
        self._take = make_button("New take", self._take_once, TAKE_HINT)
        buttons = ipywidgets.VBox([self._stop, self._take]).add_class("rnb-buttons")
        self.root = ipywidgets.HBox([self._film, self._body, buttons]).add_class("rnb-card")
        self.refresh()

    @property
    def is_counting(self) -> bool:
        """True while a time on the card counts on, so that it is out of date in a second."""
        now = time.time()
        return live_state(self.job, now) != live_state(self.job, now + 1.0)

    def _take_once(self) -> None:
        """Ask for one take with one click; the button waits until its card stands."""
        if not self._is_taking:
            self._is_taking = self._take.disabled = True
            self._new_take()

    def may_take_again(self) -> None:
        """Allow another take: the one that was asked for stands, or was refused."""
        self._is_taking = False
        self._take.disabled = self.job.task is None

    def refresh(self) -> None:
        """Bring the widgets up to date; a trait that does not change sends nothing."""
        seen = live_state(self.job, time.time())
        self._body.value = body_html(self.job, seen, self.reused)
        self._stop.description, self._stop.tooltip = seen.button, seen.hint
        self._stop.disabled = not seen.enabled
        self._take.disabled = self.job.task is None or self._is_taking
        self._film.value = film_html(self.job)
        self._tell(seen.word)

    def _tell(self, word: str) -> None:
        """Have a step said once; the first one is read with the card."""
        told, self._word = self._word, word
        if told not in ("", word) and not self.job.done:
            self._say(step_text(self.job, word))


def make_button(text: str, act: Callable[[], None], hint: str = "") -> ipywidgets.Button:
    """Return a button that does `act` when it is pressed."""
    button = ipywidgets.Button(description=text, tooltip=hint)
    button.on_click(lambda _: act())
    return button


def film_html(job: Job) -> str:
    """Return the first keyframe given, the others as insets."""
    thumbnails = [(position, job.thumbnails[position]) for position in POSITIONS if position in job.thumbnails]
    images = [f'<img src="{jpeg_uri(data)}" alt="{position} keyframe">' for position, data in thumbnails]
    insets = f"<div>{''.join(images[1:])}</div>" if images[1:] else ""
    tall = " is-portrait" if is_tall(job.request) else ""
    return f'<div class="rnb-frames{tall}">{"".join(images[:1])}{insets}</div>'


def body_html(job: Job, seen: LiveState, reused: bool = False) -> str:
    """Return the card's HTML: prompt and badge; word, detail and percent; bar; facts, price and id."""
    prompt = escape(prompt_text(job.request), quote=True)
    badge = '<span class="rnb-badge">Simulator</span>' if job.simulated else ""
    percent = "" if seen.ratio is None else f"{seen.ratio * 100:.0f} %"
    return (
        f'<div class="rnb-row"><span class="rnb-grow" title="{prompt}">{prompt}</span>{badge}</div>'
        f'<div class="rnb-row" title="{escape(f"{seen.api}: {seen.detail}", quote=True)}"><span class="rnb-word">'
        f'<svg viewBox="0 0 12 12" aria-hidden="true">{_GLYPHS[seen.glyph]}</svg>{escape(seen.word)}</span>'
        f'<span class="rnb-grow rnb-detail rnb-num">{escape(seen.detail)}</span>'
        f'<span class="rnb-num">{percent}</span></div>{bar_html(seen)}{_facts_html(job, reused)}'
    )


def bar_html(seen: LiveState) -> str:
    """Return a track of dots while nothing is known, else a progress bar."""
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
    seed = [] if request.seed is None else [f"seed {request.seed}"]
    format_, sound = f"{request.length} s {request.format}", sound_text(request)
    more = [escape(text) for text in (model_title(job), format_, resolution_text(request), sound, *seed) if text]
    if words := escape(camera_words_text(request), quote=True):
        # a sentence is as long as it likes, so it comes last
        camera = "".join(f'<span class="rnb-opt">{text}{DOT}</span>' for text in more) + words
    else:
        camera = camera_text(request) + "".join(f'<span class="rnb-opt">{DOT}{text}</span>' for text in more)
    name = job.id if shows_id(job) else "not sent"
    left, price = (JOINED, "0 credits more") if reused else (camera, cost(job))
    hint = f' title="{words}"' if words else ""
    return (
        f'<div class="rnb-row rnb-meta"><span class="rnb-grow"{hint}>{left}</span>'
        f'<span class="rnb-num">{price}</span><span class="rnb-id">{name}</span></div>'
    )
