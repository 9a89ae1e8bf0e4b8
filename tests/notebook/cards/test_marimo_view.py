"""What marimo shows of a job or a sweep: it moves by itself, and in the end it is the durable result."""

from __future__ import annotations

import sys
import threading
import types
from typing import Any

import pytest

import runway_nb
from runway_nb.jobs.job import Job
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.cards.marimo_view import card_html, keep_up, line_html, live_html_class
from support.fakes import Party
from support.shown_jobs import a_job

pytestmark = pytest.mark.usefixtures("small_frames")


class Thread(threading.Thread):
    """As `mo.Thread`: it is asked to leave when its cell runs again."""

    should_exit = False


class Html:
    """As `mo.Html`."""

    def __init__(self, text: str) -> None:
        self.text = text


def with_marimo(monkeypatch: pytest.MonkeyPatch, *, request: object = object()) -> None:
    """As if marimo ran this notebook; without a request no page has asked for it."""
    marimo: Any = types.ModuleType("marimo")
    marimo.running_in_notebook = lambda: True
    marimo.app_meta = lambda: types.SimpleNamespace(request=request)
    marimo.Html, marimo.Thread, marimo.current_thread = Html, Thread, threading.current_thread
    monkeypatch.setitem(sys.modules, "marimo", marimo)


def display(shown: Any) -> Any:
    """What marimo's own hook gives."""
    return shown._display_()


def until_html(widget: Any, part: str, timeout: float = 20.0) -> str:
    """The HTML of a widget once something stands in it."""
    seen = threading.Event()
    widget.observe(lambda change: seen.set() if part in change["new"] else None, "html")
    assert part in widget.html or seen.wait(timeout), widget.html
    return str(widget.html)


def test_a_job_moves_and_ends_as_its_result(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    with_marimo(monkeypatch)
    job = party.submit("A lamp <turns>")
    widget = display(job)
    assert "rnb-card" in widget.html
    assert "A lamp &lt;turns&gt;" in widget.html
    ended = until_html(widget, "<video")
    assert 'src="data:video/mp4' in ended
    assert "rnb-card" not in ended


def test_a_sweep_moves_and_ends_as_its_table(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    with_marimo(monkeypatch)
    sweep = runway_nb.sweep("A lamp turns", studio=party.studio, yes=True, seed=[1, 2])
    widget = display(sweep)
    assert until_html(widget, "<video").count("<video") == 2


def test_what_has_ended_is_a_document(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    with_marimo(monkeypatch)
    shown = display(party.ended(party.submit()))
    assert isinstance(shown, Html)
    assert "<video" in shown.text


def test_where_no_page_has_asked_the_job_says_what_waits_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with_marimo(monkeypatch, request=None)
    shown = display(a_job(Phase.FOLLOWING))
    assert isinstance(shown, Html)
    assert ".wait()" in shown.text


def test_without_anywidget_too(monkeypatch: pytest.MonkeyPatch) -> None:
    with_marimo(monkeypatch)
    monkeypatch.setitem(sys.modules, "anywidget", None)
    live_html_class.cache_clear()
    try:
        assert isinstance(display(a_job(Phase.FOLLOWING)), Html)
    finally:
        live_html_class.cache_clear()


def test_a_cell_that_is_run_again_leaves_the_old_card_alone() -> None:
    shown = types.SimpleNamespace(html="")
    pauses: list[float] = []
    left = iter([False, False, True])
    keep_up(shown, a_job(), card_html, lambda _: "ended", lambda: next(left), pauses.append)
    assert len(pauses) == 2
    assert "rnb-card" in shown.html


def test_the_end_is_shown_at_once() -> None:
    shown, job = types.SimpleNamespace(html=""), a_job(Phase.FAILED, status="FAILED")
    keep_up(shown, job, card_html, lambda job: f"ended {job.id}", lambda: False, lambda _: pytest.fail("it has paused"))
    assert shown.html == "ended 7f3e2c54"


def test_nothing_in_a_line_is_taken_for_a_tag(party: Party) -> None:
    sweep = runway_nb.sweep("A lamp turns", studio=party.studio, yes=True, seed=[1, 2])
    assert "sweep  [" in line_html(sweep)
    html = card_html(Job("7f3e2c54", runway_nb.VideoRequest("<img src=x onerror=alert(1)>")))
    assert "<img src=x" not in html
