"""What a job on its way shows: text, bar and button, a pure function of the job and the time."""

from __future__ import annotations

from typing import Any

import pytest

from runway_nb.api.models import Status, Task
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.live_state import ATTACH_HINT, live_state
from support.shown_jobs import NOW, TASK_ID, a_job

STATES: dict[str, tuple[dict[str, Any], tuple[str, str, str, str]]] = {
    "waiting": (
        {"phase": Phase.WAITING, "detail": "2 slots busy with job a, job b", "next_poll": NOW + 14},
        ("Waiting for a free slot", "next try in 0:14 · 2 slots busy with job a, job b", "not sent yet", "Remove"),
    ),
    "sending": (
        {"phase": Phase.SENDING},
        ("Sending", "one request, never repeated by itself", "POST", "Stop tracking"),
    ),
    "pending": (
        {"task": Task(TASK_ID, Status("PENDING"), starts_in=25.0)},
        ("Queued at Runway", "starts in about 0:25", "PENDING", "Stop tracking"),
    ),
    "pending without an estimate": (
        {"task": Task(TASK_ID, Status("PENDING"))},
        ("Queued at Runway", "starts soon", "PENDING", "Stop tracking"),
    ),
    "throttled": (
        {"status": "THROTTLED", "next_poll": NOW + 20},
        ("Held back by Runway", "too many tasks on the account · next look in 0:20", "THROTTLED", "Stop tracking"),
    ),
    "running": (
        {"progress": 0.42, "remaining": 52.4},
        ("Generating", "0:38 elapsed · about 0:52 left", "RUNNING", "Stop tracking"),
    ),
    "running without an estimate": ({"progress": 0.42}, ("Generating", "0:38 elapsed", "RUNNING", "Stop tracking")),
    "offline": (
        {"offline": True, "progress": 0.42, "next_poll": NOW + 10},
        ("No connection", "trying again in 0:10 · the task is safe", "network error", "Stop tracking"),
    ),
    "downloading": (
        {"phase": Phase.DOWNLOADING, "received": 1_200_000, "total": 2_800_000},
        ("Downloading", "1.2 of 2.8 MB", "SUCCEEDED", "Stop tracking"),
    ),
    "a download that is tried again": (
        {"phase": Phase.DOWNLOADING, "received": 1_200_000, "offline": True, "next_poll": NOW + 30},
        ("No connection", "trying again in 0:30 · the task is safe", "network error", "Stop tracking"),
    ),
    "an unknown word": ({"status": "DREAMING"}, ("“DREAMING”", "tracking goes on", "DREAMING", "Stop tracking")),
}


@pytest.mark.parametrize("name", STATES)
def test_the_card_says(name: str) -> None:
    state, expected = STATES[name]
    seen = live_state(a_job(**state), NOW)
    assert (seen.word, seen.detail, seen.api, seen.button) == expected


def test_the_bar_keeps_its_value_while_offline_and_is_empty_before_it_is_known() -> None:
    assert live_state(a_job(offline=True, progress=0.42), NOW).ratio == 0.42
    assert live_state(a_job(), NOW).ratio is None


def test_the_hints_of_the_buttons_are_sentences_about_money_and_what_goes_on() -> None:
    assert live_state(a_job(), NOW).hint == "Runway goes on and the credits stay spent. Resume with %runway attach."
    assert live_state(a_job(Phase.WAITING), NOW).hint == "Not sent yet: nothing is charged."
    hint = "Nothing is sent meanwhile. To check again later: %runway attach."
    assert live_state(a_job(Phase.CHECKING), NOW).hint == hint
    assert live_state(a_job(elsewhere=True), NOW).detail == "running · another kernel is tracking this job"
    assert ATTACH_HINT == "Looks for the task on the account; sends nothing."


def test_a_job_at_a_worker_says_whether_it_can_still_be_removed() -> None:
    waits = live_state(a_job(phase=Phase.WAITING, task=None, at_worker=True), NOW)
    assert (waits.word, waits.button, waits.api) == ("Waiting for a worker", "Remove", "not sent yet")
    begun = live_state(a_job(phase=Phase.WAITING, task=None, at_worker=True, elsewhere=True), NOW)
    assert (begun.word, begun.button, begun.detail) == ("At a worker", "Remove", "not sent yet")
    runs = live_state(a_job(at_worker=True, elsewhere=True), NOW)
    assert (runs.word, runs.button) == ("At a worker", "Stop watching")
    assert runs.detail == "running · a worker of the pool sees it through"


def test_the_button_rests_while_the_request_is_on_its_way() -> None:
    assert not live_state(a_job(Phase.SENDING), NOW).enabled
