"""The live grid: what its pages are sent and may ask for, and how it stands and leaves in the notebook."""

from __future__ import annotations

import functools
import sys
import threading
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import runway_nb
from runway_nb.errors import LedgerError
from runway_nb.jobs.job import Job
from runway_nb.ledger.marks import LedgerMarks
from runway_nb.notebook.cards import grid_feed, grid_widget, live_grid, sweep_view
from runway_nb.notebook.cards.strip_pace import StripPace
from runway_nb.notebook.cards.sweep_view import show_sweep
from runway_nb.notebook.cards.view import View
from runway_nb.notebook.panel import opening
from runway_nb.notebook.panel.panel import Panel
from runway_nb.request import VideoRequest
from runway_nb.sweeps.plan import Axis
from runway_nb.sweeps.sweep import Sweep
from support.fakes import Party
from support.panels import WIDGET, wait_until
from support.shown_jobs import a_job
from support.shown_sweeps import a_sweep, done_job

pytestmark = pytest.mark.usefixtures("small_frames")
NOTHING = {"text/plain": ""}
until = functools.partial(wait_until, seconds=60)


class Page:
    """A page that shows grids: what it was sent, and what was displayed beside."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sent: list[tuple[dict[str, Any], Any]] = []
        self.displayed: list[SimpleNamespace] = []
        self.updates: list[SimpleNamespace] = []
        self.widget: Any = None
        make = grid_widget.make_grid

        def made(**traits: Any) -> Any:
            self.widget = make(**traits)
            monkeypatch.setattr(self.widget, "send", lambda content, buffers=None: self.sent.append((content, buffers)))
            return self.widget

        monkeypatch.setattr(live_grid, "make_grid", made)
        for module in (live_grid, sweep_view):
            monkeypatch.setattr(module, "display", self._into(self.displayed))
            monkeypatch.setattr(module, "update_display", self._into(self.updates))
            monkeypatch.setattr(module, "UPDATE_SECONDS", 0.005)
        monkeypatch.setattr(grid_feed, "UPDATE_SECONDS", 0.005)
        monkeypatch.setattr(grid_feed, "GREETING_SECONDS", 0.05)
        monkeypatch.setattr(grid_feed, "KERNEL_PACE", StripPace(1e9))

    def _into(self, listed: list[SimpleNamespace]) -> Any:
        def note(data: dict[str, Any], *, raw: bool, display_id: str, metadata: dict[str, Any]) -> None:
            assert raw
            assert metadata == {"runway_nb": {"place": display_id}}
            listed.append(SimpleNamespace(data=data, display_id=display_id))

        return note

    def says(self, kind: str, **content: Any) -> None:
        data = {"method": "custom", "content": {"kind": kind, **content}}
        self.widget.comm.handle_msg({"content": {"data": data}, "buffers": []})

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [content for content, _ in list(self.sent) if content["kind"] == kind]

    @property
    def ids(self) -> tuple[str, str]:
        """The display ids of the grid and of the table."""
        grid, table = self.displayed[-2:]
        return grid.display_id, table.display_id

    def at(self, display_id: str) -> list[dict[str, Any]]:
        return [update.data for update in list(self.updates) if update.display_id == display_id]


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(monkeypatch)


def swept(party: Party, **values: Any) -> Sweep:
    made: Sweep = runway_nb.sweep("A lamp turns", studio=party.studio, yes=True, **values)
    return made


def show(party: Party, sweep: Sweep, mode: str = "live") -> None:
    show_sweep(sweep, party.studio, View(mode, "auto", party.folder))


@pytest.fixture
def done(party: Party, page: Page) -> Sweep:
    """A finished sweep of three whose grid a page shows, with its strips."""
    sweep = swept(party, seed=[1, 2, 3]).wait(20)
    show(party, sweep)
    page.says("hello", held=[])
    until(lambda: len(page.of("strip")) == 3)
    return sweep


# --- what pages are sent ------------------------------------------------------------------------------


def test_the_grid_comes_first_and_the_table_below_it(page: Page, done: Sweep) -> None:
    grid, table = page.displayed
    assert set(grid.data) == {WIDGET, "text/plain"}
    assert grid.data["text/plain"] == "", "a page without widgets has the table alone"
    assert set(table.data) == {"text/html", "text/plain"}
    assert "runway-nb-sweep" in table.data["text/html"], "by it the grid's style finds what it hides"


def test_a_page_gets_the_whole_at_first_and_then_only_what_has_changed(party: Party, page: Page) -> None:
    sweep = swept(party, seed=[1, 2, 3])
    show(party, sweep)
    assert [len(page.widget.plan["cells"]), len(page.widget.first["cells"])] == [3, 3]
    page.says("hello", held=[])
    sweep.wait(20)
    until(lambda: page.of("update")[-1]["status"].startswith("3 of 3 done"))
    assert {"0", "1", "2"} in [set(message["cells"]) for message in page.of("update")], "the answer to its greeting"
    states: dict[str, Any] = {**page.widget.first["cells"]}
    for message in page.of("update"):
        states |= message["cells"]
    assert {cell["state"] for cell in states.values()} == {"ready"}


def test_a_change_before_the_first_page_is_there_is_not_lost(party: Party, page: Page) -> None:
    sweep = swept(party, seed=[1, 2])
    show(party, sweep)
    sweep.wait(20)
    until(lambda: page.of("update")[-1:] and page.of("update")[-1]["status"].startswith("2 of 2"))
    page.sent.clear()
    page.says("hello", held=[])
    assert {cell["state"] for cell in page.of("update")[0]["cells"].values()} == {"ready"}


def test_each_strip_is_sent_once_and_to_a_new_page_what_it_lacks(page: Page, done: Sweep) -> None:
    strips = {content["number"]: buffers for content, buffers in page.sent if content["kind"] == "strip"}
    assert sorted(strips) == [0, 1, 2]
    assert all(buffers[0].startswith(b"\xff\xd8") for buffers in strips.values())
    measures = page.of("strip")[0]
    assert (measures["frames"], measures["columns"], measures["seconds"]) == (5, 5, 5.0)
    page.says("hello", held=[0, 2])
    until(lambda: len(page.of("strip")) == 4)
    assert page.of("strip")[-1]["number"] == 1


def test_a_page_gets_the_strips_that_another_holds_already(
    party: Party, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    go_on, cut = threading.Event(), grid_feed.strip_of

    def held_up(job: Job, folder: Path) -> Any:
        assert go_on.wait(60)
        return cut(job, folder)

    show(party, swept(party, seed=[1, 2, 3]).wait(20))
    page.says("hello", held=[])
    until(lambda: len(page.of("strip")) == 3)
    monkeypatch.setattr(grid_feed, "strip_of", held_up)
    page.sent.clear()
    page.says("hello", held=[])  # another page
    page.says("hello", held=[0, 1, 2])  # one more view of the first
    go_on.set()
    until(lambda: {strip["number"] for strip in page.of("strip")} == {0, 1, 2})


def test_without_pyav_the_poster_stands_for_the_strip(
    party: Party, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    sweep = swept(party, seed=[1]).wait(20)
    monkeypatch.setitem(sys.modules, "av", None)
    show(party, sweep)
    until(lambda: page.of("strip"))
    ((content, buffers),) = [one for one in page.sent if one[0]["kind"] == "strip"]
    assert (content["frames"], content["columns"]) == (1, 1)
    assert bytes(buffers[0]) == sweep.jobs[0].state.poster


# --- what pages may ask -------------------------------------------------------------------------------


def test_a_star_is_kept_shown_and_written_into_the_table(page: Page, done: Sweep) -> None:
    page.says("mark", shot=1, name="star", value=True, turn=7)
    until(lambda: done.jobs[1].star)
    # a change that is seen as it happens may go out before the answer, by which the page knows that it has been heard
    until(lambda: page.of("update")[-1]["turns"] == {"1": 7})
    assert page.of("update")[-1]["cells"]["1"]["star"]
    page.says("mark", shot=1, name="rejected", value=True)
    until(lambda: done.jobs[1].rejected and not done.jobs[1].star)


def test_a_star_that_is_taken_back_at_once_does_not_stay_on_the_page(page: Page, done: Sweep) -> None:
    """The page shows it before the kernel knows of it."""
    before = len(page.of("update"))
    page.says("mark", shot=1, name="star", value=True)
    page.says("mark", shot=1, name="star", value=False)
    page.says("cells", numbers=[1], number="after")
    until(lambda: page.of("answer"))
    assert not done.jobs[1].star, "in the order in which it was asked"
    until(lambda: [m["cells"]["1"]["star"] for m in page.of("update")[before:] if "1" in m["cells"]][-1:] == [False])


def test_a_mark_that_cannot_be_kept_is_taken_back_with_the_reason(
    page: Page, done: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    def refuse(*_: object) -> None:
        raise LedgerError("the disk is full")

    monkeypatch.setattr(Job, "star", property(lambda _: False, refuse))
    before = len(page.of("update"))
    page.says("mark", shot=1, name="star", value=True)
    until(lambda: any("1" in message["cells"] for message in page.of("update")[before:]))
    assert page.of("update")[-1]["cells"]["1"]["star"] is False
    until(lambda: page.of("say"))  # by another thread than the cells
    assert [say["text"] for say in page.of("say")] == ["the disk is full"]


def test_a_star_that_is_set_elsewhere_is_shown(page: Page, done: Sweep) -> None:
    done.jobs[2].star = True
    until(lambda: page.of("update")[-1]["cells"].get("2", {}).get("star"))


def test_a_shot_is_opened_below_the_grid_and_closed(page: Page, done: Sweep) -> None:
    page.says("open", shot=1)
    until(lambda: page.widget.opened == 1)
    page.says("open", shot=-1)
    until(lambda: page.widget.opened == -1)


def test_copied_cells_make_the_shots_again(party: Party, page: Page, done: Sweep) -> None:
    page.says("cells", numbers=[0, 2, 99, "x"], number="view.1")
    until(lambda: page.of("answer"))
    (answer,) = page.of("answer")
    assert answer["number"] == "view.1"
    assert answer["text"] == "%%runway --seed 1\nA lamp turns\n\n%%runway --seed 3\nA lamp turns\n"


def test_stop_sending_takes_back_what_is_not_sent(party: Party, page: Page) -> None:
    sweep = swept(party, seed=[*range(1, 7)])
    show(party, sweep)
    page.says("stop")
    sweep.wait(20)
    assert any("taken back" in say["text"] or "sent already" in say["text"] for say in page.of("say"))


@pytest.mark.parametrize("kind", ["panel", "continue"])
def test_a_shot_opens_in_the_panel(
    party: Party, page: Page, done: Sweep, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    from runway_nb.notebook.cards import grid_acts

    opened: list[Any] = []
    monkeypatch.setattr(grid_acts, "provided", lambda point: lambda *given: opened.append((point, *given)))
    page.says(kind, shot=0)
    until(lambda: opened)
    point, source, _, put, _ = opened[0]
    assert point == "panel.open"
    assert source is done.jobs[0] if kind == "panel" else source.keyframes.first == done.jobs[0].last
    panel = Panel(studio=party.studio)
    panel.embed()
    put(panel)
    ((_, kept),) = page.widget.texts.items()
    assert kept["data"] == panel.durable_bundle(), "what stands there when the kernel is killed"


@pytest.fixture
def panel(party: Party, page: Page, done: Sweep, monkeypatch: pytest.MonkeyPatch) -> Panel:
    """One that was opened below the grid, ready to be sent."""
    opened: list[Panel] = []
    put_panel = live_grid.LiveGrid.put_panel

    def put(grid: live_grid.LiveGrid, panel: Panel) -> None:
        put_panel(grid, panel)
        opened.append(panel)

    monkeypatch.setattr(live_grid.LiveGrid, "put_panel", put)
    monkeypatch.setattr(opening, "REVEAL_SECONDS", 0.05)
    page.says("panel", shot=0)
    until(lambda: opened)
    opened[0].fill(VideoRequest("A harbour at night", seed=5))
    return opened[0]


def test_what_is_made_in_a_panel_below_the_grid_is_kept_with_it(page: Page, panel: Panel) -> None:
    panel.sender.press()
    until(lambda: panel.jobs and panel.jobs[0].done)
    until(lambda: "<video" in panel.durable_bundle()["text/html"])
    until(lambda: page.widget.texts[page.ids[0]]["data"] == panel.durable_bundle())


def test_a_grid_is_in_use_while_a_job_of_the_panel_below_it_runs(
    page: Page, done: Sweep, panel: Panel, monkeypatch: pytest.MonkeyPatch
) -> None:
    panel.jobs = (a_job(),)
    monkeypatch.setattr(live_grid, "IDLE_SECONDS", 0.0)
    for is_starred in (True, False, True):  # between two of these it would leave
        done.jobs[0].star = is_starred
        until(lambda wanted=is_starred: page.of("update")[-1]["cells"].get("0", {}).get("star") is wanted)
    assert not page.at(page.ids[0])
    panel.jobs = ()
    done.jobs[0].star = False
    until(lambda: page.at(page.ids[0]))


def test_what_ends_in_the_panel_after_the_grid_has_left_is_shown_in_its_place(page: Page, panel: Panel) -> None:
    grid = page.ids[0]
    page.says("leave")
    until(lambda: page.at(grid))
    panel.sender.press()
    until(lambda: "<video" in page.at(grid)[-1]["text/html"])


@pytest.mark.parametrize(
    "rubbish", [None, "hello", {}, {"kind": "mark"}, {"kind": "mark", "shot": "1", "name": "id", "value": 1},
                {"kind": "open", "shot": 99}, {"kind": "cells", "numbers": "all"}, {"kind": "hello", "held": "x"}],
)  # fmt: skip
def test_rubbish_is_no_message(page: Page, done: Sweep, rubbish: object) -> None:
    data = {"method": "custom", "content": rubbish}
    page.widget.comm.handle_msg({"content": {"data": data}, "buffers": []})
    page.says("mark", shot=0, name="star", value=True)
    until(lambda: done.jobs[0].star)


# --- how it stands in the notebook --------------------------------------------------------------------


def test_done_leaves_the_table_alone(page: Page, done: Sweep) -> None:
    grid, table = page.ids
    page.says("leave")
    until(lambda: page.at(grid))
    assert page.at(grid) == [NOTHING]
    assert page.widget.is_over
    page.sent.clear()
    page.says("mark", shot=0, name="star", value=True)
    assert page.sent == [], "nothing is done for a grid that has left"
    assert table != grid
    page.says("hello", held=[])
    until(lambda: len(page.of("put")) == 2)
    assert [put["display_id"] for put in page.of("put")] == [grid, table], "to a page that is opened now: what stays"
    assert page.of("put")[0]["data"] == NOTHING
    assert page.of("put")[1]["data"]["text/html"].count("<video") == 3


def test_a_grid_that_nobody_uses_leaves_by_itself(
    party: Party, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(live_grid, "IDLE_SECONDS", 0.05)
    show(party, swept(party, seed=[1]).wait(20))
    until(lambda: page.at(page.ids[0]))
    assert page.at(page.ids[0]) == [NOTHING]


def test_a_kernel_that_ends_in_order_leaves_the_table_alone(party: Party, page: Page, done: Sweep) -> None:
    party.studio.close()
    assert page.at(page.ids[0]) == [NOTHING]


def test_the_page_knows_what_stays_when_the_kernel_is_killed(page: Page, done: Sweep) -> None:
    ((display_id, kept),) = page.widget.texts.items()
    shown = page.displayed[0]
    assert (display_id, kept["data"]) == (shown.display_id, NOTHING)
    assert kept["model"] == shown.data[WIDGET]["model_id"]


def test_a_strip_that_is_being_cut_when_a_page_greets_is_sent_once(
    party: Party, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(grid_feed, "GREETING_SECONDS", 600)
    begun, go_on, cut = threading.Event(), threading.Event(), grid_feed.strip_of

    def held_up(job: Job, folder: Path) -> Any:
        begun.set()
        assert go_on.wait(60)
        return cut(job, folder)

    monkeypatch.setattr(grid_feed, "strip_of", held_up)
    show(party, swept(party, seed=[1, 2]).wait(20))
    page.says("hello", held=[1])
    assert begun.wait(60)
    page.says("hello", held=[])
    go_on.set()
    until(lambda: any(strip["number"] == 1 for strip in page.of("strip")))
    assert [strip["number"] for strip in page.of("strip")] == [0, 1]


def test_a_page_that_was_loaded_anew_is_sent_the_table_as_it_is_now(party: Party, page: Page) -> None:
    """Its output has been out of reach since, and the notebook is to keep every result."""
    sweep = swept(party, seed=[1, 2])
    show(party, sweep)
    page.says("hello", held=[])
    grid, table = page.ids
    assert page.displayed[1].data["text/html"].count("<video") == 0
    sweep.wait(20)
    until(lambda: page.at(table)[-1]["text/html"].count("<video") == 2)
    assert not page.of("put"), "the first page hears of it by its display id"
    page.says("hello", held=[])
    until(lambda: page.of("put"))
    assert [(put["display_id"], put["data"]) for put in page.of("put")] == [(table, page.at(table)[-1])]
    page.says("leave")
    until(lambda: len(page.of("put")) == 2)
    assert page.of("put")[-1]["display_id"] == grid


def test_marks_that_cannot_be_read_for_a_moment_are_shown_as_they_were(
    page: Page, done: Sweep, monkeypatch: pytest.MonkeyPatch
) -> None:
    done.jobs[1].star = True
    until(lambda: page.of("update")[-1]["cells"].get("1", {}).get("star"))

    def fail(*_: object) -> None:
        raise LedgerError("the server is away")

    with monkeypatch.context() as away:
        away.setattr(LedgerMarks, "of_jobs", fail)
        page.sent.clear()
        page.says("hello", held=[])
        assert page.of("update")[-1]["cells"]["1"]["star"]
    done.jobs[2].star = True
    until(lambda: page.of("update")[-1]["cells"].get("2", {}).get("star"))
    assert not page.widget.is_over


def test_shown_again_it_is_a_new_grid(party: Party, page: Page, done: Sweep) -> None:
    old = page.ids
    page.says("leave")
    until(lambda: page.at(old[0]))
    show(party, done)
    assert set(page.ids).isdisjoint(old)
    page.says("hello", held=[])
    until(lambda: len(page.of("strip")) == 6)


def test_both_stand_in_places_that_are_there_already(party: Party, page: Page) -> None:
    view = View("live", "auto", party.folder, places=("upper", "lower"))
    show_sweep(swept(party, seed=[1]).wait(20), party.studio, view)
    assert page.displayed == []
    assert WIDGET in page.at("upper")[0]
    assert "text/html" in page.at("lower")[0]


@pytest.mark.parametrize("mode", ["batch", "live"])
def test_without_a_script_there_is_the_table_alone(
    party: Party, page: Page, monkeypatch: pytest.MonkeyPatch, mode: str
) -> None:  # fmt: skip
    if mode == "live":
        monkeypatch.setattr(live_grid, "make_grid", lambda **_: None)
    show(party, swept(party, seed=[1]).wait(20), mode)
    (table,) = page.displayed
    assert set(table.data) == {"text/html", "text/plain"}


def test_without_anywidget_there_is_no_widget(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "anywidget", None)
    grid_widget.grid_class.cache_clear()
    try:
        assert grid_widget.make_grid(plan={}) is None
    finally:
        grid_widget.grid_class.cache_clear()


def test_a_video_that_has_just_gone_gives_its_poster(tmp_path: Path) -> None:
    job = done_job(a_sweep([Axis("seed", (1,))]).variants[0], tmp_path)
    assert job.video is not None
    job.video.unlink()
    strip = grid_feed.strip_of(job, tmp_path / "strips")
    assert strip is not None
    assert (strip.frames, strip.jpeg) == (1, job.state.poster)
