"""A request or a job opens in the panel that a page shows, else in a new one; from any thread."""

from __future__ import annotations

import threading

import pytest

from runway_nb.jobs.continuation import continuing_request
from runway_nb.notebook.panel import opening
from runway_nb.notebook.panel.opening import open_in_panel
from runway_nb.notebook.panel.panel import Panel, newest_panel
from support.panels import OTHER, REQUEST, page_sends, position, shown_text

pytestmark = pytest.mark.usefixtures("small_frames")


@pytest.fixture(autouse=True)
def short_waits(monkeypatch):
    monkeypatch.setattr(opening, "REVEAL_SECONDS", 0.1)


def opened(bench, source, *, thread=False):
    """Return the panels that were put, and what was said of a failure."""
    put: list[Panel] = []
    failed: list[str] = []

    def act():
        open_in_panel(source, bench.studio, put.append, failed.append)

    if thread:
        other = threading.Thread(target=act)
        other.start()
        other.join()
    else:
        act()
    while bench.background:
        bench.background.pop(0).result(5)
    return put, failed


def answering(panel):
    """Let a page answer that it shows a panel."""
    sent, send = [], panel.preview.send

    def hear(content, buffers=None):
        sent.append(content)
        if content.get("kind") == "reveal":
            page_sends(panel, "revealed")
        else:
            send(content, buffers)

    panel.preview.has_script = True
    panel.preview.send = hear
    return sent


def test_what_somebody_else_opens_leaves_the_panel_of_its_owner_alone(bench, monkeypatch) -> None:
    panel = bench.panel(REQUEST)
    answering(panel)
    monkeypatch.setattr(panel.bridge, "is_for", lambda client: False)
    put, _ = opened(bench, OTHER)
    assert [one is panel for one in put] == [False]
    assert panel.request == REQUEST


def test_the_newest_panel_that_a_page_shows_is_set(bench) -> None:
    panel = bench.panel(REQUEST)
    sent = answering(panel)
    assert opened(bench, OTHER, thread=True) == ([], [])
    assert panel.request == OTHER
    assert [content for content in sent if content["kind"] == "reveal"] == [{"kind": "reveal"}]
    bench.settled(panel)
    assert bench.posts == 0


def test_without_a_script_the_panel_that_was_displayed_is_set(bench) -> None:
    panel = bench.panel(REQUEST)
    assert opened(bench, OTHER) == ([], [])
    assert panel.request == OTHER
    bench.settled(panel)


def test_a_panel_that_no_page_shows_is_left_and_a_new_one_put(bench) -> None:
    hidden = bench.panel(REQUEST, opened=False)
    gone = bench.panel(REQUEST)
    gone.preview.has_script = True  # its cell was deleted: nobody answers
    ((new,), failed) = opened(bench, OTHER)
    newest = newest_panel()
    assert newest is not None
    assert newest is new
    assert failed == []
    assert new.request == OTHER
    assert {hidden.request, gone.request} == {REQUEST}
    for panel in (hidden, gone, new):
        bench.settled(panel)


def test_a_new_panel_holds_its_results_and_its_durable_form_both(bench) -> None:
    ((panel,), _) = opened(bench, REQUEST)
    displayed = len(bench.shown)
    assert panel.output.area.root in panel.children
    bench.press(panel)
    assert len(bench.shown) == displayed  # a callback may display nothing
    (job,) = panel.jobs
    durable = panel.durable_bundle()
    assert panel.cell in durable["text/plain"]
    assert "<video" in durable["text/html"]
    assert job.id in durable["text/plain"]
    # the next one opens in it
    assert opened(bench, OTHER) == ([], [])
    assert panel.request == OTHER
    bench.settled(panel)


def test_an_unknown_id_is_one_line_and_no_panel(bench) -> None:
    put, failed = opened(bench, "00000000")
    assert put == []
    assert len(failed) == 1
    assert "00000000" in failed[0]


def test_a_shot_is_continued_with_its_last_frame_chosen(bench) -> None:
    job = bench.party.ended(bench.party.submit(seconds=5, seed=7))
    ((panel,), _) = opened(bench, continuing_request(job))
    bench.settled(panel)
    assert position(panel).list.options[position(panel).list.index].startswith(f"last frame of {job.id}")
    assert panel.request.keyframes.first == job.last
    assert panel.request.seed is None
    assert "No" not in shown_text(panel).split("Prompt")[0]
