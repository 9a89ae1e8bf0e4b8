"""What marimo shows of a job or a sweep: while it goes on a widget that one of marimo's threads keeps up to date."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from functools import lru_cache
from html import escape
from typing import Any

import traitlets

from ...jobs.job import Job
from ...sweeps.sweep import Sweep
from ..mimebundles import job_bundle, sweep_bundle
from ..rendering import styles
from ..rendering.live_state import live_state
from ..rendering.plain_text import wait_text
from ..static import join_modules, static_text
from .card import body_html, film_html
from .script_widget import script_widget
from .view import UPDATE_SECONDS


def job_in_marimo(job: Job) -> object:
    """Return what marimo shows of a job."""
    return _displayed(job, card_html, lambda job: job_bundle(job)["text/html"])


def sweep_in_marimo(sweep: Sweep) -> object:
    """Return what marimo shows of a sweep."""
    return _displayed(sweep, line_html, lambda sweep: sweep_bundle(sweep)["text/html"])


def _displayed(shown: Any, live: Callable[[Any], str], durable: Callable[[Any], str]) -> object:
    """Return the durable form, or what becomes it when the job or sweep ends.

    An export and a script have no page that asks for anything.
    """
    marimo: Any = sys.modules["marimo"]
    found = None if shown.done or marimo.app_meta().request is None else live_html_class()
    if found is None:
        return marimo.Html(durable(shown))
    widget = found(html=live(shown))

    def follow() -> None:
        thread = marimo.current_thread()
        keep_up(widget, shown, live, durable, lambda: thread.should_exit)

    # of all threads only marimo's own reach the page
    marimo.Thread(target=follow, daemon=True).start()
    return widget


def keep_up(
    widget: Any,
    shown: Any,
    live: Callable[[Any], str],
    durable: Callable[[Any], str],
    is_left: Callable[[], bool],
    pause: Callable[[float], None] = time.sleep,
) -> None:
    """Bring a widget up to date until the job or sweep has ended, or the cell that shows it is run again.

    Args:
        widget: Has the trait `html`.
        shown: The job or sweep.
        live: Gives its HTML while it goes on.
        durable: Gives its HTML once it has ended.
        is_left: Tells whether nobody sees the widget any more.
        pause: Waits for so many seconds.
    """
    while not is_left():
        if shown.done:
            widget.html = durable(shown)
            return
        widget.html = live(shown)
        pause(UPDATE_SECONDS)


def card_html(job: Job) -> str:
    """Return the card of a job that goes on; it has no buttons."""
    body = body_html(job, live_state(job, time.time()))
    return _rooted(
        f'<div class="rnb-card"><div class="rnb-film">{film_html(job)}</div><div class="rnb-body">{body}</div></div>'
    )


def line_html(sweep: Sweep) -> str:
    """Return the line of a sweep that goes on."""
    return _rooted(f'<div class="rnb-row rnb-num">{escape(wait_text(sweep, time.time()))}</div>')


def _rooted(html: str) -> str:
    return f'<div class="rnb-root" style="{styles.LIVE_CARD}">{html}</div>'


@lru_cache(maxsize=1)
def live_html_class() -> Any:
    """Return the class of the widget, or None without anywidget."""
    return script_widget(
        "LiveHtml", "Shows HTML that changes.", __name__, join_modules("live_html.js"), static_text("card.css"),
        html=traitlets.Unicode().tag(sync=True),
    )  # fmt: skip
