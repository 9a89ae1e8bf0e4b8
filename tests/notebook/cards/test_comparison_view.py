"""Compared clips in a cell: the widget and the table behind it, or the table alone and why."""

from __future__ import annotations

import asyncio
import contextlib
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import runway_nb
from runway_nb.errors import MissingExtra
from runway_nb.notebook.cards import comparison_view, comparison_widget, live_comparison
from runway_nb.notebook.cards.comparison_view import show_comparison
from runway_nb.notebook.cards.comparison_widget import ComparisonTraits, make_comparison
from runway_nb.notebook.cards.text_keeper import NOTHING
from runway_nb.notebook.cards.view import View
from runway_nb.pictures import video_frames
from runway_nb.pictures.clip_strips import ClipMeasures
from support.fakes import Party

pytestmark = pytest.mark.usefixtures("small_frames")
WIDGET = "application/vnd.jupyter.widget-view+json"


class FakeWidget(ComparisonTraits):
    """A widget without a page: what is sent to one is kept."""

    model_id = "m1"

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        self.sent: list[tuple[dict[str, Any], Any]] = []
        self.came = threading.Condition()
        self.heard: Any = None

    def on_msg(self, act: Any) -> None:
        self.heard = act

    def send(self, content: dict[str, Any], buffers: Any = None) -> None:
        with self.came:
            self.sent.append((content, buffers))
            self.came.notify_all()

    def page(self, kind: str, **content: Any) -> None:
        """A message from a page."""
        self.heard(self, {"kind": kind, **content}, [])

    def wait_for(self, holds: Any) -> None:
        with self.came:
            assert self.came.wait_for(holds, 10), self.sent

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for content, _ in self.sent if content["kind"] == kind]

    def _repr_mimebundle_(self) -> tuple[dict[str, Any], dict[str, Any]]:
        return {WIDGET: {"model_id": self.model_id}, "text/plain": "a widget"}, {}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """What is displayed, in its order, each update, and the widget."""
    seen = SimpleNamespace(first=[], updates=[], widget=None)

    def display(data: Any, *, raw: bool, display_id: str = "", metadata: Any = None) -> None:
        assert raw
        seen.first.append(SimpleNamespace(data=data, display_id=display_id))

    def update(data: Any, *, raw: bool, display_id: str, metadata: Any = None) -> None:
        seen.updates.append(SimpleNamespace(data=data, display_id=display_id))

    def make(**traits: Any) -> FakeWidget:
        seen.widget = FakeWidget(**traits)
        return seen.widget

    for module in (comparison_view, live_comparison):
        monkeypatch.setattr(module, "display", display)
        monkeypatch.setattr(module, "update_display", update)
    monkeypatch.setattr(live_comparison, "make_comparison", make)
    return seen


@pytest.fixture
def compared(party: Party) -> runway_nb.Comparison:
    jobs = [party.ended(party.submit(prompt, seed=seed)) for prompt, seed in (("A lamp turns", 1), ("A lamp burns", 2))]
    return runway_nb.compare(*jobs, studio=party.studio)


def live(party: Party) -> View:
    return View("live", "auto", party.folder)


def test_a_live_notebook_gets_the_widget_and_behind_it_the_table(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison
) -> None:
    show_comparison(compared, live(party))
    widget, table = shown.first
    assert set(widget.data) == {WIDGET, "text/plain"}
    assert widget.data["text/plain"] == ""
    assert table.data["text/html"].count("<video") == 2
    assert "Run the cell again to play them in step." in table.data["text/html"]
    assert widget.display_id != table.display_id
    one, two = compared.clips
    made = shown.widget
    assert made.title == f"Compared: A {one.name} against B {two.name}"
    assert [clip["letter"] for clip in made.clips] == ["A", "B"]
    assert [clip["canStar"] for clip in made.clips] == [True, True]
    assert made.clips[1]["label"].endswith("seed 2")
    assert made.prompts == [
        [["A lamp ", False], ["turns", True]], [["A lamp ", False], ["burns", True]],
    ]  # fmt: skip
    assert made.texts == {widget.display_id: {"model": "m1", "data": NOTHING}}


@pytest.mark.parametrize(("audio", "is_said"), [(True, True), (None, True), (False, False)])
def test_that_clips_with_sound_are_silent_is_said(
    party: Party, shown: SimpleNamespace, audio: bool | None, is_said: bool
) -> None:
    job = party.ended(party.submit(model="veo-3.1", audio=audio))
    show_comparison(runway_nb.compare(job, job, studio=party.studio), live(party))
    assert (live_comparison.SILENT in shown.widget.difference) == is_said


def test_a_page_that_asks_gets_the_strips_that_it_does_not_have(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison
) -> None:
    show_comparison(compared, live(party))
    widget = shown.widget
    widget.page("greet", held=[])
    widget.wait_for(lambda: len(widget.of("strip")) == 2)
    assert [strip["number"] for strip in widget.of("strip")] == [0, 1]
    assert {strip["frames"] for strip in widget.of("strip")} == {5}, "the stub has no more"
    assert all(buffers[0].startswith(b"\xff\xd8") for _, buffers in widget.sent)
    assert "jpeg" not in widget.of("strip")[0]
    widget.page("greet", held=[0])
    widget.wait_for(lambda: len(widget.of("strip")) == 3)
    assert widget.of("strip")[2]["number"] == 1


def test_strips_are_sent_to_a_page_whose_question_a_busy_kernel_does_not_hear(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_comparison, "GREETING_SECONDS", 0.01)
    show_comparison(compared, live(party))
    shown.widget.wait_for(lambda: len(shown.widget.of("strip")) == 2)


def test_a_strip_that_is_being_cut_when_another_page_asks_is_sent_once(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, go_on, cut = threading.Event(), threading.Event(), ClipMeasures.strip

    def held_up(measures: ClipMeasures, number: int) -> Any:
        begun.set()
        assert go_on.wait(60)
        return cut(measures, number)

    monkeypatch.setattr(ClipMeasures, "strip", held_up)
    show_comparison(compared, live(party))
    widget = shown.widget
    widget.page("greet", held=[])
    assert begun.wait(60)
    widget.page("greet", held=[])
    party.studio.run(_nothing(), 10)  # it was heard
    go_on.set()
    widget.wait_for(lambda: len(widget.of("strip")) == 2)
    party.studio.run(asyncio.sleep(0.2), 10)
    assert [strip["number"] for strip in widget.of("strip")] == [0, 1]


def test_a_clip_that_is_gone_meanwhile_is_said(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison
) -> None:
    show_comparison(compared, live(party))
    compared.clips[0].video.unlink()
    shown.widget.page("greet", held=[])
    shown.widget.wait_for(lambda: shown.widget.of("no_strips"))
    assert "cannot be read as a video" in shown.widget.of("no_strips")[0]["text"]


def test_a_star_goes_to_the_job_and_to_the_table(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison
) -> None:
    show_comparison(compared, live(party))
    widget, job = shown.widget, compared.clips[1].job
    assert job is not None
    came = threading.Event()
    widget.observe(lambda _: came.set(), "stars")
    widget.page("star", clip=1, on=True)
    assert came.wait(10)
    assert (job.star, widget.stars) == (True, [False, True])
    came.clear()
    job.star = False  # by %runway star, or in another view
    assert came.wait(10)
    assert widget.stars == [False, False]


def test_the_table_is_put_into_a_page_that_was_loaded_anew(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison
) -> None:
    show_comparison(compared, live(party))
    widget = shown.widget
    for _ in range(2):
        widget.page("greet", held=[0, 1])
    widget.page("star", clip=0, on=True)
    widget.wait_for(lambda: widget.of("put"))
    (put,) = widget.of("put")
    assert put["display_id"] == shown.first[1].display_id
    assert "starred" in put["data"]["text/html"]
    assert [update.display_id for update in shown.updates] == [put["display_id"]]


def test_a_star_changes_the_table_once_though_the_click_and_the_job_tell_of_it_together(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, read = threading.Barrier(2), FakeWidget.__getattribute__

    def together(widget: FakeWidget, name: str) -> Any:
        """Neither goes on with the stars it has read before the other one has read them, too."""
        value = read(widget, name)
        if name == "stars":
            with contextlib.suppress(threading.BrokenBarrierError):  # the other one waits for its turn
                both.wait(0.3)
        return value

    show_comparison(compared, live(party))
    widget = shown.widget
    monkeypatch.setattr(FakeWidget, "__getattribute__", together)
    begun = threading.Event()
    widget.observe(lambda _: begun.set(), "stars")
    widget.page("star", clip=0, on=True)
    assert begun.wait(10)
    party.studio.run(asyncio.sleep(0.5), 10)
    assert len(shown.updates) == 1


@pytest.mark.parametrize("message", [None, [], {}, {"kind": []}, {"kind": "star"}, {"kind": "star", "clip": 7},
                                     {"kind": "star", "clip": "x"}, {"kind": "greet", "held": 7}])  # fmt: skip
def test_rubbish_from_a_page_does_nothing(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison, message: object
) -> None:
    show_comparison(compared, live(party))
    shown.widget.heard(shown.widget, message, [])
    shown.widget.page("greet", held=[0])
    shown.widget.wait_for(lambda: shown.widget.of("strip"))
    assert shown.widget.stars == [False, False]


def test_when_the_kernel_ends_in_order_nothing_stands_in_the_place_of_the_widget(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison
) -> None:
    show_comparison(compared, live(party))
    party.studio.run(_nothing(), 10)  # what was started is under way
    party.studio.close()
    (update,) = shown.updates
    assert (update.display_id, update.data) == (shown.first[0].display_id, NOTHING)


async def _nothing() -> None:
    pass


# --- the table alone --------------------------------------------------------------------------------


@pytest.mark.parametrize("mode", ["batch", "terminal"])
def test_where_nobody_can_play_them_the_table_says_where(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison, mode: str, capsys: pytest.CaptureFixture[str]
) -> None:
    show_comparison(compared, View(mode, "capped", party.folder))
    text = capsys.readouterr().out if mode == "terminal" else shown.first[0].data["text/plain"]
    assert text.splitlines()[-1].startswith("In a live notebook they play in step")
    assert [set(one.data) for one in shown.first] == ([] if mode == "terminal" else [{"text/html", "text/plain"}])
    assert shown.widget is None


def test_without_pyav_the_table_says_what_is_missing(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: Path) -> None:
        raise MissingExtra(video_frames.HOW_TO_INSTALL)

    monkeypatch.setattr("runway_nb.pictures.clip_strips.clip_index", missing)
    show_comparison(compared, live(party))
    (table,) = shown.first
    assert "Not played in step here: frames and joined clips need an extra" in table.data["text/plain"]
    assert "pip install" in table.data["text/html"]


def test_without_anywidget_the_table_says_what_is_missing(
    party: Party, shown: SimpleNamespace, compared: runway_nb.Comparison, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live_comparison, "make_comparison", lambda **_: None)
    show_comparison(compared, live(party))
    (table,) = shown.first
    assert table.data["text/plain"].splitlines()[-1] == "Not played in step here: pip install anywidget"


def test_the_real_widget_has_its_script_and_its_style_with_it() -> None:
    widget = make_comparison(title="Compared", clips=[], stars=[])
    assert "export default" in widget._esm
    assert ".rnb-cmp" in widget._css
    assert "http://" not in widget._esm.replace("http://www.w3.org/2000/svg", "")
    assert comparison_widget.comparison_script() == widget._esm
