"""What stands under one display id: cards while jobs run, results at the end, and what of it needs no kernel."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import ipywidgets
import pytest

from runway_nb import errors
from runway_nb.api.models import SUCCEEDED, Status, Task
from runway_nb.jobs.job import Job, control_of
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.cards import output_area
from runway_nb.notebook.cards.card import Card
from runway_nb.notebook.cards.output_area import OutputArea
from runway_nb.notebook.cards.text_keeper import kept_text
from runway_nb.notebook.cards.view import View, display_metadata
from runway_nb.request import VideoRequest
from runway_nb.studio import Studio
from support.strategies import EMAIL, TASK_ID

WIDGET = "application/vnd.jupyter.widget-view+json"
DURABLE = {"text/html", "text/plain"}


class FakeStudio:
    """A studio that begins nothing by itself, and a notebook that notes what it is shown."""

    def __init__(self, folder, monkeypatch):
        self.view = View("live", "never", folder)
        self.begun: list[Any] = []
        self.shown: list[SimpleNamespace] = []
        self.updates: list[SimpleNamespace] = []
        self.changes: list[Any] = []
        self.areas: list[OutputArea] = []
        monkeypatch.setattr(output_area, "display", self._into(self.shown))
        monkeypatch.setattr(output_area, "update_display", self._into(self.updates))

    @staticmethod
    def _into(shown):
        def display(data, *, raw, display_id, metadata=None):
            assert raw
            shown.append(SimpleNamespace(display_id=display_id, data=data, metadata=metadata))

        return display

    def spawn(self, work):
        self.begun.append(work)

    def area(self, **more: Any) -> OutputArea:
        area = OutputArea(cast(Studio, self), self.view, **more)
        self.areas.append(area)
        return area

    def job(self, number=1, prompt="A lamp turns", **state):
        request = VideoRequest(prompt, seed=7)
        moment = State(state.pop("phase", Phase.FOLLOWING), **state)
        return Job(
            f"{number:08x}", request, original_request=VideoRequest(prompt), folder=self.view.folder, state=moment
        )

    def result(self, number=1, prompt="A lamp turns"):
        """A job whose video is there."""
        return self.finish(self.job(number, prompt))

    def finish(self, job):
        video = self.view.folder / f"{job.id}.mp4"
        video.write_bytes(bytes(1000))
        control_of(job).change(
            phase=Phase.DONE, task=Task(TASK_ID, SUCCEEDED), video=video, poster=b"\xff\xd8", ended=1.0
        )
        return job

    def close(self):
        for work in self.begun:
            work.close()


@pytest.fixture
def studio(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = FakeStudio(tmp_path, monkeypatch)
    yield made
    made.close()


def names(area):
    """The ids that its text tells, in their order."""
    words = area.durable_bundle()["text/plain"]
    return sorted((f"{number:08x}" for number in range(1, 5) if f"{number:08x}" in words), key=words.index)


# --- what stands there ------------------------------------------------------------------------------


def test_an_empty_area_is_opened_as_text_that_needs_no_kernel(studio) -> None:
    area = studio.area()
    area.open()
    (there,) = studio.shown
    assert there.data == area.bundle() == area.durable_bundle() == dict.fromkeys(DURABLE, "")
    assert area.is_durable
    assert not studio.updates


def test_an_area_that_is_not_shown_yet_does_not_call_itself_durable(studio) -> None:
    area = studio.area()
    assert not area.is_durable
    assert WIDGET in area.bundle()


def test_while_a_job_runs_its_card_stands_there_and_the_text_says_how_to_come_back(studio) -> None:
    area = studio.area()
    area.open()
    area.add(studio.job())
    assert not area.is_durable
    assert area.bundle()[WIDGET]["model_id"] == area.root.model_id
    assert studio.updates[-1].data == area.bundle()
    assert set(area.durable_bundle()) == DURABLE
    assert "%runway wait 00000001" in area.durable_bundle()["text/plain"]
    assert "%runway wait 00000001" in area.durable_bundle()["text/html"]


def test_at_the_end_the_result_alone_stands_there(studio) -> None:
    area, job = studio.area(), studio.job()
    area.open()
    area.add(job)
    studio.finish(job)
    assert area.is_durable
    assert area.bundle() == area.durable_bundle() == studio.updates[-1].data
    assert "<video" in area.durable_bundle()["text/html"]
    assert "goes on" not in area.durable_bundle()["text/plain"]


@pytest.mark.parametrize(
    ("phase", "error", "title"),
    [
        (Phase.FAILED, errors.TaskFailed("out of memory"), "Not generated"),
        (Phase.REFUSED, errors.NotEnoughCredits("12 are left", 412), "not enough credits"),
        (Phase.REMOVED, errors.Removed("taken back"), "Removed before sending"),
        (Phase.STOPPED, errors.TrackingStopped("stopped"), "Tracking stopped"),
        (Phase.DETACHED, errors.Detached("left alone"), "Detached"),
    ],
)
def test_an_end_without_a_video_needs_no_kernel_either(studio, phase, error, title) -> None:
    area, job = studio.area(), studio.job()
    area.open()
    area.add(job)
    control_of(job).change(phase=phase, error=error)
    assert area.is_durable
    assert title in studio.updates[-1].data["text/plain"]


@pytest.mark.parametrize(("newest_first", "order"), [(False, [1, 2, 3]), (True, [3, 2, 1])])
def test_results_and_cards_stand_together_in_their_order(studio, newest_first, order) -> None:
    area = studio.area(newest_first=newest_first)
    area.open()
    jobs = [studio.job(1), studio.result(2), studio.job(3)]
    for job in jobs:
        area.add(job)
    wanted = [f"{number:08x}" for number in order]
    assert not area.is_durable
    assert names(area) == wanted
    cards = [child for child in area.root.children[1:] if not isinstance(child, ipywidgets.Output)]
    assert len(cards) == 2
    studio.finish(jobs[2])
    assert not area.is_durable, "one still runs"
    assert WIDGET in area.bundle()
    studio.finish(jobs[0])
    assert area.is_durable
    assert names(area) == wanted
    assert area.durable_bundle()["text/html"].count("<video") == 3


def test_a_result_is_in_the_living_widget_too_for_a_page_that_was_loaded_anew(studio) -> None:
    area, one, two = studio.area(), studio.job(1), studio.job(2)
    area.open()
    area.add(one)
    area.add(two)
    studio.finish(one)
    (shown,) = (child for child in area.root.children if isinstance(child, ipywidgets.Output))
    (output,) = shown.outputs
    assert output["output_type"] == "display_data"
    assert "<video" in output["data"]["text/html"]


def test_parts_of_the_text_stand_apart_in_a_terminal(studio) -> None:
    area = studio.area()
    area.open()
    area.add(studio.result(1, "First"))
    area.add(studio.result(2, "Second"))
    first, second = area.durable_bundle()["text/plain"].split("\n\n")
    assert "First" in first
    assert "Second" in second


def test_a_result_that_was_there_already_says_that_nothing_was_sent(studio) -> None:
    area = studio.area()
    area.open()
    area.add(studio.result(), reused=True)
    assert "stored result" in area.durable_bundle()["text/plain"]
    assert "0 credits" in area.durable_bundle()["text/html"]


def test_a_job_that_runs_there_gets_no_second_card_and_an_ended_one_a_further_place(studio) -> None:
    area, job = studio.area(), studio.job()
    area.open()
    area.add(job)
    area.add(job, reused=True)
    assert len(area.root.children) == 2
    studio.finish(job)
    area.add(job, reused=True)
    assert len(area.root.children) == 3


def test_opened_again_it_is_shown_as_it_is_then(studio) -> None:
    area, job = studio.area(), studio.job()
    area.open()
    area.add(job)
    area.open()
    assert WIDGET in studio.shown[-1].data
    studio.finish(job)
    area.open()
    assert set(studio.shown[-1].data) == DURABLE
    assert len({there.display_id for there in studio.shown}) == 1


# --- a job in doubt ---------------------------------------------------------------------------------


def test_while_there_are_buttons_to_decide_it_is_not_durable_and_then_it_is(
    studio, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output_area, "OFFER_SECONDS", 0.0)
    area, job = studio.area(), studio.job(phase=Phase.SENDING)
    area.open()
    area.add(job)
    begun = len(studio.begun)
    control_of(job).change(phase=Phase.UNKNOWN, error=errors.MaybeSent("maybe sent: no answer"))
    assert not area.is_durable
    assert WIDGET in area.bundle()
    assert "%runway resend" in area.durable_bundle()["text/plain"], "the commands beside the buttons stay"
    (withdraw,) = studio.begun[begun:]
    asyncio.run(withdraw)
    assert area.is_durable
    assert studio.updates[-1].data == area.durable_bundle()


# --- changes ----------------------------------------------------------------------------------------


def test_it_tells_each_change_of_what_stands_there_and_no_progress(studio) -> None:
    seen = []
    area: OutputArea = studio.area(changed=lambda: seen.append((area.is_durable, names(area))))
    job = studio.job()
    area.open()
    assert seen == []
    area.add(job)
    assert seen == [(False, ["00000001"])]
    for percent in range(100):
        control_of(job).change(progress=percent / 100, task=Task(TASK_ID, Status("RUNNING")))
    assert len(seen) == 1
    assert len(studio.updates) == 1
    studio.finish(job)
    assert seen[1:] == [(True, ["00000001"])], "what it asks then is the new state already"
    area.add(studio.result(2))
    assert seen[2:] == [(True, ["00000001", "00000002"])]


def test_progress_changes_neither_text_nor_place(studio) -> None:
    area, job = studio.area(), studio.job(task=Task(TASK_ID, Status("RUNNING")))
    area.open()
    area.add(job)
    before = area.durable_bundle()
    control_of(job).change(progress=0.4, remaining=20.0, last_poll=5.0)
    assert area.durable_bundle() == before


@pytest.fixture
def refreshed(monkeypatch: pytest.MonkeyPatch):
    """How often each card was brought up to date, by the job's id; cards are in a hurry."""
    counts: Counter[str] = Counter()
    refresh = Card.refresh

    def counted(card):
        counts[card.job.id] += 1
        refresh(card)

    monkeypatch.setattr(Card, "refresh", counted)
    monkeypatch.setattr(output_area, "UPDATE_SECONDS", 0.001)
    return counts


def test_a_card_is_brought_up_to_date_when_its_job_has_moved_and_else_left_alone(studio, refreshed) -> None:
    area, job = studio.area(), studio.job(phase=Phase.PREPARING)
    area.open()
    area.add(job)

    async def live():
        keeping = asyncio.ensure_future(studio.begun.pop())
        await asyncio.sleep(0.05)
        assert refreshed[job.id] == 2, "made, and begun"
        control_of(job).change(detail="uploading a picture")
        await asyncio.sleep(0.05)
        assert refreshed[job.id] == 3
        studio.finish(job)
        await asyncio.wait_for(keeping, 5)

    asyncio.run(live())


def test_a_card_whose_time_counts_goes_on_counting(studio, refreshed) -> None:
    area, job = studio.area(), studio.job(task=Task(TASK_ID, Status("RUNNING")), sent=time.time())
    area.open()
    area.add(job)

    async def live():
        keeping = asyncio.ensure_future(studio.begun.pop())
        for _ in range(500):
            await asyncio.sleep(0.01 if refreshed[job.id] <= 4 else 0)
        assert refreshed[job.id] > 4
        studio.finish(job)
        await asyncio.wait_for(keeping, 5)

    asyncio.run(live())


# --- places -----------------------------------------------------------------------------------------


def test_a_mark_names_its_place_and_nothing_else() -> None:
    assert display_metadata("runway-12") == {"runway_nb": {"place": "runway-12"}}


def test_whatever_is_displayed_carries_the_mark_of_its_place(studio) -> None:
    panel, cell = studio.area(), studio.area()
    assert panel.display_id != cell.display_id
    panel.open()
    job, other = studio.job(1), studio.job(2)
    panel.add(job)
    cell.show(other)
    studio.finish(job)
    studio.finish(other)
    told = [*studio.shown, *studio.updates]
    assert {there.display_id for there in told} == {panel.display_id, cell.display_id}
    assert [there.metadata for there in told] == [display_metadata(there.display_id) for there in told]
    assert len([there for there in studio.updates if there.display_id == cell.display_id]) == 1


def test_no_address_is_in_what_stands_there(studio) -> None:
    area = studio.area()
    area.open()
    running = Task(TASK_ID, Status("RUNNING"))
    area.add(studio.job(1, task=running))
    area.add(studio.job(2, phase=Phase.FAILED, task=running, error=errors.TaskFailed(f"{TASK_ID} of {EMAIL} failed")))
    area.add(studio.result(3))
    told = [
        repr(area.bundle()),
        repr(area.durable_bundle()),
        *(repr(there) for there in (*studio.shown, *studio.updates)),
    ]
    assert names(area) == ["00000001", "00000002", "00000003"]
    assert not [text for text in told if "@" in text.replace("***@***", "")]


# --- what a screen reader is told -----------------------------------------------------------------------


def told(area) -> list[str]:
    """What is said of the jobs, from now on."""
    said: list[str] = []
    _, spoken, _ = area.root.children[0].children
    spoken.observe(lambda change: said.append(change.new), "text")
    return said


def test_a_screen_reader_is_told_each_step_once_and_no_percent(studio) -> None:
    area, job = studio.area(), studio.job(task=Task(TASK_ID, Status("THROTTLED")))
    said = told(area)
    said_of_card: list[str] = []
    card = Card(job, say=said_of_card.append)
    for percent in (0.1, 0.2, 0.9):
        control_of(job).change(progress=percent, task=Task(TASK_ID, Status("RUNNING")))
        card.refresh()
    control_of(job).change(phase=Phase.DOWNLOADING, received=1_000, total=10_000)
    card.refresh()
    assert said_of_card == ["Job 00000001: Generating.", "Job 00000001: Downloading."]
    area.add(job)
    studio.finish(job)
    assert said == ["Job 00000001: the video is there."]


def test_a_screen_reader_is_told_why_a_job_failed(studio) -> None:
    area, job = studio.area(), studio.job(task=Task(TASK_ID, Status("RUNNING")))
    said = told(area)
    area.add(job)
    control_of(job).change(phase=Phase.FAILED, error=errors.TaskFailed(f"refused for {EMAIL}"), ended=1.0)
    (words,) = said
    assert words.startswith("Job 00000001: refused for ")
    assert EMAIL not in words


def test_an_area_whose_panel_speaks_and_keeps_its_text_does_neither(studio) -> None:
    assert len(studio.area(stands_alone=False).root.children[0].children) == 1


def test_the_page_knows_at_each_step_what_stands_there_without_the_kernel(studio) -> None:
    steps: list[str] = []
    area: OutputArea = studio.area(text_changed=lambda: steps.append(area.durable_bundle()["text/plain"]))
    keeper = area.root.children[0].children[-1]
    job = studio.job(phase=Phase.PREPARING)
    area.show(job)
    assert "pictures are being prepared" in keeper.texts[area.display_id]["data"]["text/plain"]
    control_of(job).change(phase=Phase.FOLLOWING)
    assert "Runway is working on it" in steps[-1], "a panel that holds the area keeps its text, too"
    kept = keeper.texts[area.display_id]
    assert kept["model"] == area.root.model_id
    assert f"%runway wait {job.id}" in kept["data"]["text/plain"]
    studio.finish(job)
    assert keeper.texts[area.display_id]["data"] == area.durable_bundle()
    assert "<video" in keeper.texts[area.display_id]["data"]["text/html"]


def test_what_is_seen_is_in_a_notebook_that_is_saved_at_that_moment(studio) -> None:
    panel_texts: list[str] = []
    area: OutputArea = studio.area(text_changed=lambda: panel_texts.append(area.durable_bundle()["text/html"]))
    keeper = area.root.children[0].children[-1]
    seen: list[tuple[str, str, str]] = []

    def note(_: object) -> None:
        now = area.durable_bundle()["text/html"]
        seen.append((keeper.texts[area.display_id]["data"]["text/html"], panel_texts[-1], now))

    jobs = [studio.job(number) for number in (1, 2)]
    area.root.observe(note, "children")
    for job in jobs:
        area.add(job)
    for job in jobs:
        studio.finish(job)
    assert [now.count("<video") for _, _, now in seen] == [0, 0, 1, 2]
    assert all(kept == told == now for kept, told, now in seen)


def test_a_text_that_is_older_does_not_come_over_a_newer_one(studio, monkeypatch: pytest.MonkeyPatch) -> None:
    area = studio.area()
    keeper = area.root.children[0].children[-1]
    first, second = studio.job(1), studio.job(2, phase=Phase.PREPARING)
    area.add(first)
    area.add(second)
    is_computed, may_go_on = threading.Event(), threading.Event()

    def keep_late(*values: Any) -> dict[str, Any]:
        if threading.current_thread() is late:
            is_computed.set()
            may_go_on.wait(10)
        return kept_text(*values)

    monkeypatch.setattr(output_area, "kept_text", keep_late)
    late = threading.Thread(target=lambda: control_of(second).change(phase=Phase.FOLLOWING))
    late.start()
    assert is_computed.wait(10)
    ending = threading.Thread(target=studio.finish, args=(first,))
    ending.start()
    ending.join(0.3)  # it may have to wait for the other
    may_go_on.set()
    for thread in (late, ending):
        thread.join(10)
    assert keeper.texts[area.display_id]["data"] == area.durable_bundle()
    assert "<video" in area.durable_bundle()["text/html"]


def test_a_result_is_shown_also_where_its_text_cannot_be_kept(studio) -> None:
    def fail() -> None:
        if any(job.done for job in jobs):
            raise errors.LedgerError("the disk is full")

    jobs: list[Job] = []
    area = studio.area(text_changed=fail)
    jobs.append(studio.job())
    area.add(jobs[0])
    studio.finish(jobs[0])
    assert area.is_durable
    assert "<video" in area.bundle()["text/html"]
    assert isinstance(area.root.children[-1], ipywidgets.Output)


def test_a_job_that_goes_on_while_its_card_is_put_is_kept_at_its_step(studio) -> None:
    job = studio.job(phase=Phase.PREPARING)
    area: OutputArea = studio.area(changed=lambda: control_of(job).change(phase=Phase.FOLLOWING))
    keeper = area.root.children[0].children[-1]
    area.add(job)
    assert "Runway is working on it" in keeper.texts[area.display_id]["data"]["text/plain"]
