"""The live card of a job and its durable ending.

The ending is double (Jupyter facts, section 2): the result goes into the living widget first, so that a page
that was reloaded meanwhile sees it, and then replaces the widget in the notebook. A saved widget would reopen
as an error.
"""

from __future__ import annotations

import asyncio
import secrets
import time
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import NamedTuple

import ipywidgets
from IPython.display import display, update_display

from ..job import Job
from ..studio import Studio
from .display import bundle, jpeg_uri, placeholder
from .text import live_line
from .words import DOT, Look, camera_words, look, prompt_words, shows_id

TICK = 0.5
"""Seconds between two looks of the card at its job; at most one message each."""

_GLYPHS = {
    "wait": '<circle cx="6" cy="6" r="5" fill="none" stroke="currentColor" stroke-width="1.6"/>'
    '<path d="M6 3v3l2 1.4" fill="none" stroke="currentColor" stroke-width="1.4"/>',
    "hold": '<path d="M2.6 1.5h2.4v9H2.6zM7 1.5h2.4v9H7z" fill="var(--rnb-warn)"/>',
    "run": '<path d="M2.5 1v10l8.5-5z" fill="var(--rnb-brand)"/>',
    "down": '<path d="M6 1v6.2M3 4.8l3 3 3-3M1.5 10.8h9" fill="none" stroke="var(--rnb-good)" stroke-width="1.8"/>',
}


class View(NamedTuple):
    """How results are shown in this session."""

    mode: str
    """live: a widget; batch: nobody watches; terminal: text only."""
    embed: str
    folder: Path
    """The notebook's folder."""


def show(job: Job, studio: Studio, view: View) -> None:
    """Show a job where the cell's output stands, and keep it up to date until it ends."""
    if view.mode == "terminal":
        print(live_line(job, look(job, time.time())) if not job.done else bundle(job)["text/plain"])
    elif job.done:
        display(bundle(job, view.embed, view.folder), raw=True)
    elif view.mode == "batch":
        _show_placeholder(job, view)
    else:
        Card(job, view).show(studio)


def _show_placeholder(job: Job, view: View) -> None:
    """Nobody watches: no widget, only the ending."""
    display_id = _new_id()
    display(placeholder(job), raw=True, display_id=display_id)
    job.on_end(lambda job: update_display(bundle(job, view.embed, view.folder), raw=True, display_id=display_id))


def _new_id() -> str:
    return f"runway-{secrets.token_hex(8)}"


@lru_cache(maxsize=1)
def style_sheet() -> str:
    """The style sheet of all live widgets; it travels with them, so nothing is built or requested."""
    return f"<style>{(Path(__file__).parent / 'static' / 'card.css').read_text()}</style>"


class Card:
    """Thumbnails, four lines of fixed height and one button; replaced by the durable result at the end."""

    def __init__(self, job: Job, view: View) -> None:
        self._job = job
        self._view = view
        self._display_id = _new_id()
        self._film = ipywidgets.HTML(film_html(job)).add_class("rnb-film")
        self._body = ipywidgets.HTML().add_class("rnb-body")
        self._button = ipywidgets.Button()
        # a callback may come on any thread, and in the middle of a cell: it only sets a flag
        self._button.on_click(lambda _: job.stop())
        self._ending = ipywidgets.Output()
        sheet = ipywidgets.HTML(style_sheet()).add_class("rnb-style")
        card = ipywidgets.HBox([self._film, self._body, self._button]).add_class("rnb-card")
        self._root = ipywidgets.VBox([sheet, card]).add_class("rnb-root")
        self.refresh()

    def show(self, studio: Studio) -> None:
        """Display the card in the running cell and keep it up to date on the background loop."""
        view = {**self._root._repr_mimebundle_(), "text/plain": live_line(self._job, self._look())}
        display(view, raw=True, display_id=self._display_id)
        self._job.on_end(self._finish)
        studio.spawn(self._keep_up())

    def refresh(self) -> None:
        """Bring the widgets up to date; a trait that does not change sends nothing."""
        seen = self._look()
        self._body.value = body_html(self._job, seen)
        self._button.description, self._button.tooltip = seen.button, seen.hint
        self._button.disabled = not seen.enabled
        self._film.value = film_html(self._job)

    def _look(self) -> Look:
        return look(self._job, time.time())

    async def _keep_up(self) -> None:
        while not self._job.done:
            self.refresh()
            await asyncio.sleep(TICK)

    def _finish(self, job: Job) -> None:
        """First into the widget, for a page that was reloaded; then in its place, for the saved notebook."""
        data = bundle(job, self._view.embed, self._view.folder)
        self._ending.outputs = ({"output_type": "display_data", "data": data, "metadata": {}},)
        self._root.children = [self._ending]
        update_display(data, raw=True, display_id=self._display_id)


def film_html(job: Job) -> str:
    """The first keyframe given, the others as insets."""
    stills = [(slot, job.stills[slot]) for slot in ("first", "middle", "last") if slot in job.stills]
    images = [f'<img src="{jpeg_uri(still)}" alt="{slot} keyframe">' for slot, still in stills]
    insets = f"<div>{''.join(images[1:])}</div>" if images[1:] else ""
    tall = " is-portrait" if job.request.format == "portrait" else ""
    return f'<div class="rnb-frames{tall}">{"".join(images[:1])}{insets}</div>'


def body_html(job: Job, seen: Look) -> str:
    """Prompt and badge; word, detail and percent; bar; facts, price and id."""
    prompt = escape(prompt_words(job.request), quote=True)
    badge = '<span class="rnb-badge">Simulator</span>' if job.simulated else ""
    percent = "" if seen.ratio is None else f"{seen.ratio * 100:.0f} %"
    return (
        f'<div class="rnb-row"><span class="rnb-grow" title="{prompt}">{prompt}</span>{badge}</div>'
        f'<div class="rnb-row" title="{escape(seen.api, quote=True)}"><span class="rnb-word">'
        f'<svg viewBox="0 0 12 12" aria-hidden="true">{_GLYPHS[seen.glyph]}</svg>{escape(seen.word)}</span>'
        f'<span class="rnb-grow rnb-detail rnb-num">{escape(seen.detail)}</span>'
        f'<span class="rnb-num">{percent}</span></div>{bar_html(seen)}{_facts_html(job)}'
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


def _facts_html(job: Job) -> str:
    request = job.request
    more = (f"{request.length} s {request.format}", f"seed {request.seed}")
    optional = "".join(f'<span class="rnb-opt">{DOT}{words}</span>' for words in more)
    name = job.id if shows_id(job) else "not sent"
    return (
        f'<div class="rnb-row rnb-meta"><span class="rnb-grow">{camera_words(request)}{optional}</span>'
        f'<span class="rnb-num">{job.credits} credits</span><span class="rnb-id">{name}</span></div>'
    )
