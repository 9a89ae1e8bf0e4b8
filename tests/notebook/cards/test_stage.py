"""What stands under one display id: cards while jobs run, results at the end, and what of it needs no kernel."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import ipywidgets
import pytest

from runway_nb import errors
from runway_nb.api.models import SUCCEEDED, Status, Task
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.cards import card
from runway_nb.notebook.cards.card import Stage, marked
from runway_nb.notebook.cards.view import View
from runway_nb.request import VideoRequest
from support.strategies import EMAIL, TASK_ID

WIDGET = "application/vnd.jupyter.widget-view+json"
DURABLE = {"text/html", "text/plain"}


class Desk:
    """A studio that begins nothing by itself, and a notebook that notes what it is shown."""

    def __init__(self, folder, monkeypatch):
        self.view = View("live", "never", folder)
        self.begun, self.shown, self.updates, self.changes = [], [], [], []
        self.stages = []
        monkeypatch.setattr(card, "display", self._into(self.shown))
        monkeypatch.setattr(card, "update_display", self._into(self.updates))

    @staticmethod
    def _into(places):
        def display(data, *, raw, display_id, metadata=None):
            assert raw
            places.append(SimpleNamespace(place=display_id, data=data, metadata=metadata))

        return display

    def spawn(self, work):
        self.begun.append(work)

    def stage(self, **more):
        stage = Stage(self, self.view, **more)
        self.stages.append(stage)
        return stage

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
        job.change(phase=Phase.DONE, task=Task(TASK_ID, SUCCEEDED), video=video, poster=b"\xff\xd8", ended=1.0)
        return job

    def close(self):
        for work in self.begun:
            work.close()


@pytest.fixture
def desk(tmp_path, monkeypatch):
    made = Desk(tmp_path, monkeypatch)
    yield made
    made.close()


def names(stage):
    """The ids that its text tells, in their order."""
    words = stage.text()["text/plain"]
    return sorted((f"{number:08x}" for number in range(1, 5) if f"{number:08x}" in words), key=words.index)


# --- what stands there ------------------------------------------------------------------------------


def test_an_empty_stage_is_opened_as_text_that_needs_no_kernel(desk):
    stage = desk.stage()
    stage.open()
    (there,) = desk.shown
    assert there.data == stage.shown() == stage.text() == dict.fromkeys(DURABLE, "")
    assert stage.is_durable
    assert not desk.updates


def test_a_stage_that_is_not_shown_yet_does_not_call_itself_durable(desk):
    stage = desk.stage()
    assert not stage.is_durable
    assert WIDGET in stage.shown()


def test_while_a_job_runs_its_card_stands_there_and_the_text_says_how_to_come_back(desk):
    stage = desk.stage()
    stage.open()
    stage.add(desk.job())
    assert not stage.is_durable
    assert stage.shown()[WIDGET]["model_id"] == stage.root.model_id
    assert desk.updates[-1].data == stage.shown()
    assert set(stage.text()) == DURABLE
    assert "%runway wait 00000001" in stage.text()["text/plain"]
    assert "%runway wait 00000001" in stage.text()["text/html"]


def test_at_the_end_the_result_alone_stands_there(desk):
    stage, job = desk.stage(), desk.job()
    stage.open()
    stage.add(job)
    desk.finish(job)
    assert stage.is_durable
    assert stage.shown() == stage.text() == desk.updates[-1].data
    assert "<video" in stage.text()["text/html"]
    assert "goes on" not in stage.text()["text/plain"]


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
def test_an_end_without_a_video_needs_no_kernel_either(desk, phase, error, title):
    stage, job = desk.stage(), desk.job()
    stage.open()
    stage.add(job)
    job.change(phase=phase, error=error)
    assert stage.is_durable
    assert title in desk.updates[-1].data["text/plain"]


@pytest.mark.parametrize(("newest_first", "order"), [(False, [1, 2, 3]), (True, [3, 2, 1])])
def test_results_and_cards_stand_together_in_their_order(desk, newest_first, order):
    stage = desk.stage(newest_first=newest_first)
    stage.open()
    jobs = [desk.job(1), desk.result(2), desk.job(3)]
    for job in jobs:
        stage.add(job)
    wanted = [f"{number:08x}" for number in order]
    assert not stage.is_durable
    assert names(stage) == wanted
    cards = [child for child in stage.root.children[1:] if not isinstance(child, ipywidgets.Output)]
    assert len(cards) == 2
    desk.finish(jobs[2])
    assert not stage.is_durable, "one still runs"
    assert WIDGET in stage.shown()
    desk.finish(jobs[0])
    assert stage.is_durable
    assert names(stage) == wanted
    assert stage.text()["text/html"].count("<video") == 3


def test_a_result_is_in_the_living_widget_too_for_a_page_that_was_loaded_anew(desk):
    stage, one, two = desk.stage(), desk.job(1), desk.job(2)
    stage.open()
    stage.add(one)
    stage.add(two)
    desk.finish(one)
    (shown,) = (child for child in stage.root.children if isinstance(child, ipywidgets.Output))
    (output,) = shown.outputs
    assert output["output_type"] == "display_data"
    assert "<video" in output["data"]["text/html"]


def test_parts_of_the_text_stand_apart_in_a_terminal(desk):
    stage = desk.stage()
    stage.open()
    stage.add(desk.result(1, "First"))
    stage.add(desk.result(2, "Second"))
    first, second = stage.text()["text/plain"].split("\n\n")
    assert "First" in first
    assert "Second" in second


def test_a_result_that_was_there_already_says_that_nothing_was_sent(desk):
    stage = desk.stage()
    stage.open()
    stage.add(desk.result(), reused=True)
    assert "stored result" in stage.text()["text/plain"]
    assert "0 credits" in stage.text()["text/html"]


def test_a_job_that_runs_there_gets_no_second_card_and_an_ended_one_a_further_place(desk):
    stage, job = desk.stage(), desk.job()
    stage.open()
    stage.add(job)
    stage.add(job, reused=True)
    assert len(stage.root.children) == 2
    desk.finish(job)
    stage.add(job, reused=True)
    assert len(stage.root.children) == 3


def test_opened_again_it_is_shown_as_it_is_then(desk):
    stage, job = desk.stage(), desk.job()
    stage.open()
    stage.add(job)
    stage.open()
    assert WIDGET in desk.shown[-1].data
    desk.finish(job)
    stage.open()
    assert set(desk.shown[-1].data) == DURABLE
    assert len({there.place for there in desk.shown}) == 1


# --- a job in doubt ---------------------------------------------------------------------------------


def test_while_there_are_buttons_to_decide_it_is_not_durable_and_then_it_is(desk, monkeypatch):
    monkeypatch.setattr(card, "OFFER_SECONDS", 0.0)
    stage, job = desk.stage(), desk.job(phase=Phase.SENDING)
    stage.open()
    stage.add(job)
    begun = len(desk.begun)
    job.change(phase=Phase.UNKNOWN, error=errors.MaybeSent("maybe sent: no answer"))
    assert not stage.is_durable
    assert WIDGET in stage.shown()
    assert "%runway resend" in stage.text()["text/plain"], "the commands beside the buttons stay"
    (withdraw,) = desk.begun[begun:]
    asyncio.run(withdraw)
    assert stage.is_durable
    assert desk.updates[-1].data == stage.text()


# --- changes ----------------------------------------------------------------------------------------


def test_it_tells_each_change_of_what_stands_there_and_no_progress(desk):
    seen = []
    stage = desk.stage(changed=lambda: seen.append((stage.is_durable, names(stage))))
    job = desk.job()
    stage.open()
    assert seen == []
    stage.add(job)
    assert seen == [(False, ["00000001"])]
    for percent in range(100):
        job.change(progress=percent / 100, task=Task(TASK_ID, Status("RUNNING")))
    assert len(seen) == 1
    assert len(desk.updates) == 1
    desk.finish(job)
    assert seen[1:] == [(True, ["00000001"])], "what it asks then is the new state already"
    stage.add(desk.result(2))
    assert seen[2:] == [(True, ["00000001", "00000002"])]


def test_progress_changes_neither_text_nor_place(desk):
    stage, job = desk.stage(), desk.job(task=Task(TASK_ID, Status("RUNNING")))
    stage.open()
    stage.add(job)
    before = stage.text()
    job.change(progress=0.4, remaining=20.0, last_poll=5.0)
    assert stage.text() == before


# --- places -----------------------------------------------------------------------------------------


def test_a_mark_names_its_place_and_nothing_else():
    assert marked("runway-12") == {"runway_nb": {"place": "runway-12"}}


def test_whatever_is_displayed_carries_the_mark_of_its_place(desk):
    panel, cell = desk.stage(), desk.stage()
    assert panel.place != cell.place
    panel.open()
    job, other = desk.job(1), desk.job(2)
    panel.add(job)
    cell.show(other)
    desk.finish(job)
    desk.finish(other)
    told = [*desk.shown, *desk.updates]
    assert {there.place for there in told} == {panel.place, cell.place}
    assert [there.metadata for there in told] == [marked(there.place) for there in told]
    assert len([there for there in desk.updates if there.place == cell.place]) == 1


def test_no_address_is_in_what_stands_there(desk):
    stage = desk.stage()
    stage.open()
    running = Task(TASK_ID, Status("RUNNING"))
    stage.add(desk.job(1, task=running))
    stage.add(desk.job(2, phase=Phase.FAILED, task=running, error=errors.TaskFailed(f"{TASK_ID} of {EMAIL} failed")))
    stage.add(desk.result(3))
    told = [repr(stage.shown()), repr(stage.text()), *(repr(there) for there in (*desk.shown, *desk.updates))]
    assert names(stage) == ["00000001", "00000002", "00000003"]
    assert not [text for text in told if "@" in text.replace("***@***", "")]
