"""Jobs of models whose price nobody has documented, and of a model that is a user's own row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import runway_nb
from runway_nb import errors
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.rendering.tables import job_costs_bundle, jobs_bundle, spending_bundle
from runway_nb.request import VideoRequest
from runway_nb.shortcuts import generate
from runway_nb.spec import MODELS
from support.fakes import FakeTime, Party
from support.simulator_kit import picture

KLING = VideoRequest("A lamp turns", model="kling-3.0-pro")
HORSE: dict[str, Any] = {
    "name": "happyhorse-1.0", "path": "/videos/create", "fixed": {"model": "happyhorse-1.0"}, "has_pixels": False,
    "aspects": {"16:9": (1280, 720), "9:16": (720, 1280)}, "seconds": range(3, 16),
    "wire_names": {"seconds": "duration"}, "keyframes": [("first", "imageAssetId1", 0.0)], "prompt_limit": 2500,
    "sends_seconds": True, "explore": True, "email": True,
}  # fmt: skip
"""As a user writes it from Model facts 5.1."""


@pytest.fixture
def party(tmp_path: Path, time: FakeTime) -> Iterator[Party]:
    before = dict(MODELS)
    with Party(tmp_path, time) as made:
        yield made
    MODELS.clear()
    MODELS.update(before)


def _allow(party: Party, **settings: Any) -> None:
    party.settings = replace(party.settings, **settings)
    party.studio.use(party.settings)


# --- a price that nobody has documented -------------------------------------------------------------


def test_without_a_limit_it_is_sent_and_counts_as_the_dearest(party: Party) -> None:
    job = party.studio.submit(KLING)
    assert job.wait(10).credits is None
    assert party.studio.account.spent_today() == 200


def test_with_a_limit_it_needs_a_yes_and_then_uses_up_the_budget(party: Party) -> None:
    _allow(party, max_credits=300)
    with pytest.raises(errors.OverBudget, match=r"nobody has documented what kling-3\.0-pro costs"):
        party.studio.submit(KLING)
    assert party.api.calls("POST") == []
    job = generate(KLING.prompt, model=KLING.model, yes_unknown_price=True, studio=party.studio)
    assert job.wait(10).video is not None
    with pytest.raises(errors.OverBudget, match="counts as 200 credits; 200 of the 300"):
        party.studio.submit(KLING, fresh=True, yes_unknown_price=True)
    with pytest.raises(errors.OverBudget, match="costs 144 credits; 200 of the 300"):
        party.studio.submit(VideoRequest("A boat", model="seedance-2", seconds=4))
    assert party.started == 1


def test_the_setting_says_yes_for_all(party: Party) -> None:
    _allow(party, max_credits=300, unknown_price=True)
    assert party.studio.submit(KLING).wait(10).video is not None


def test_what_is_sent_again_needs_no_second_yes_and_counts_all_the_same(party: Party) -> None:
    _allow(party, max_credits=400)
    party.simulator.fault("lost-before", times=1)
    lost = party.ended(party.studio.submit(KLING, yes_unknown_price=True))
    assert isinstance(lost.error, errors.MaybeSent)
    again = party.studio.resend(lost.id)
    assert (again.wait(10).id != lost.id, party.started) == (True, 1)
    assert party.studio.account.spent_today() == 400, "the lost one may have been paid"


def test_explore_mode_costs_nothing_and_needs_no_yes(party: Party) -> None:
    _allow(party, max_credits=0)
    assert party.studio.submit(replace(KLING, explore=True)).wait(10).credits == 0
    assert party.studio.account.spent_today() == 0


def test_every_list_says_that_the_price_is_unknown(party: Party) -> None:
    party.studio.submit(KLING).wait(10)
    party.studio.submit(VideoRequest("A boat", model="gen4_5")).wait(10)
    records = party.studio.ledger.recent()
    for bundle in (
        jobs_bundle(records, {}), job_costs_bundle(records), spending_bundle(party.studio.ledger.spending.by_day())
    ):  # fmt: skip
        text = bundle["text/plain"]
        assert "price unknown, counted as 200" in text
        assert "about 60" in text
        assert "kling-3.0-pro" in text


# --- a model of one's own -----------------------------------------------------------------------------


def test_a_row_of_ones_own_is_sent_paid_and_found_again_like_any_other(party: Party) -> None:
    runway_nb.add_model(HORSE)
    party.simulator.fault("scheduler-empty")
    party.simulator.fault("lost-answer", times=1)
    job = party.submit(model="happyhorse-1.0", seconds=7)
    assert job.wait(10).video is not None
    assert (party.started, job.price_text) == (1, "price unknown")


def test_a_job_of_a_model_that_is_not_known_is_kept_and_resumes_once_its_row_is_added(party: Party) -> None:
    runway_nb.add_model(HORSE)
    party.simulator.fault("throttled", forever=True)
    job = party.ended(party.submit(model="happyhorse-1.0"))
    assert isinstance(job.error, errors.DeadlineReached)
    del MODELS["happyhorse-1.0"]
    party.restart()
    (unreadable,) = party.studio.ledger.unreadable()
    assert unreadable.line == (
        f"job {job.id} cannot be read: its model 'happyhorse-1.0' is not known here: add it with runway_nb.add_model"
    )
    assert party.studio.resume() == []
    assert party.studio.account.spent_today() == 200, "it counts all the same"
    with pytest.raises(errors.LedgerError, match=r"add it with runway_nb\.add_model"):
        party.studio.attach(job.id)
    runway_nb.add_model(HORSE)
    party.simulator.clear()
    (again,) = party.studio.resume()
    assert again.id == job.id
    assert (again.request.model, party.started) == ("happyhorse-1.0", 1)


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"keyframes": [("first", "startFrameAssetId", 0.0)]}, "'imageAssetId1'"),
        ({"wire_names": {}}, "'duration'"),
        ({"seconds": [5, 10]}, "seconds '7'"),
        ({"explore": False}, "'exploreMode'"),
    ],
    ids=lambda each: str(each)[:20],
)
def test_a_job_of_another_row_of_its_model_is_kept_whole_until_that_row_is_back(
    party: Party, change: dict[str, Any], part: str
) -> None:
    """What the row does not have any more would be missing from the next take, without a word."""
    runway_nb.add_model(HORSE)
    (party.folder / "a.png").write_bytes(picture())
    party.simulator.fault("throttled", forever=True)
    job = party.ended(party.submit(model="happyhorse-1.0", keyframes=Keyframes(first="a.png"), seconds=7, explore=True))
    runway_nb.add_model({**HORSE, **change})
    party.restart()
    (unreadable,) = party.studio.ledger.unreadable()
    assert unreadable.line == (
        f"job {job.id} cannot be read: written with another row of its model ({part}): add that row with "
        "runway_nb.add_model"
    )
    runway_nb.add_model(HORSE)
    party.simulator.clear()
    (again,) = party.studio.resume()
    assert (again.id, again.original_request) == (job.id, job.original_request)
    assert party.started == 1


# --- lost answers of models without a seed --------------------------------------------------------------


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize(
    ("one", "other"),
    [
        (KLING, KLING),
        (replace(KLING, aspect="landscape"), replace(KLING, aspect="16:9")),
        (KLING, replace(KLING, audio=True)),
        (KLING, replace(KLING, seconds=5)),
        (replace(KLING, model="seedance-2"), replace(KLING, model="seedance-2", resolution="480p")),
        (KLING, replace(KLING, explore=True)),
    ],
    ids=lambda request: repr(request)[38:90],
)
def test_two_spellings_of_one_request_in_doubt_get_a_task_each(
    party: Party, one: VideoRequest, other: VideoRequest, reverse: bool
) -> None:
    """Taken for different requests, neither would ever get the task that it may have paid for."""
    party.simulator.fault("scheduler-empty")
    party.simulator.fault("late-task", seconds=600, times=2)
    jobs = [party.ended(party.studio.submit(request, fresh=True)) for request in (one, other)]
    assert [job.task for job in jobs] == [None, None]
    party.time.now += 900
    party.restart()
    found = [party.ended(party.studio.attach(job.id)) for job in (reversed(jobs) if reverse else jobs)]
    assert all(job.video is not None for job in found)
    assert len({job.task.id for job in found if job.task is not None}) == party.started == 2
    assert len(party.api.calls("POST", "/create")) == 2
