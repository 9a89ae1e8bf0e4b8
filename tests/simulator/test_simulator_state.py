"""A state folder that an earlier revision wrote (tests/data/README.md) goes on under this one."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from runway_nb.simulator.rendering import stub
from support.simulator_kit import EMAIL, START, TOKEN, Api, Clock

DATA = Path(__file__).parents[1] / "data" / "simulator_state"
FINISHED = f"user:4711-runwayml:{EMAIL}-task:d23f0824-128b-4f33-8c5c-7fd0a6a3a450"
RUNNING = f"user:4711-runwayml:{EMAIL}-task:11e20b8f-6b0d-449b-af03-675a1600a35a"
BOAT = f"user:4711-runwayml:{EMAIL}-asset:6513270e-269e-4d37-b2a7-4de452e6b438"


@pytest.fixture
def api(tmp_path: Path):
    """This revision on a copy of that folder, at the moment at which it was left."""
    shutil.copytree(DATA, tmp_path / "state")
    clock = Clock()
    clock.now = START + 80.0
    yield Api(tmp_path / "state", clock=clock)
    Api.stop_all()


def test_a_finished_task_shows_its_video(api) -> None:
    task = api.task(FINISHED)
    assert (task["status"], task["options"]["seed"]) == ("SUCCEEDED", 7)
    (artifact,) = task["artifacts"]
    assert api.download(artifact["url"]).content == stub.CLIP
    assert {api.download(url).headers["content-type"] for url in artifact["previewUrls"]} == {"image/jpeg"}


def test_its_keyframe_is_the_picture_that_was_uploaded(api) -> None:
    (keyframe,) = api.task(FINISHED)["options"]["keyframes"]
    asset = api.get(f"/assets/{BOAT}")
    assert asset["name"] == "boat.png"
    assert api.download(keyframe["image"]).content == api.download(asset["url"]).content


def test_a_running_task_goes_on_and_ends(api) -> None:
    assert api.task(RUNNING)["status"] == "RUNNING"
    assert [task["taskId"] for task in api.get("/scheduler")] == [RUNNING]
    api.clock.pass_(60.0)
    task = api.task(RUNNING)
    assert task["status"] == "SUCCEEDED"
    assert api.download(task["artifacts"][0]["url"]).content == stub.CLIP
    assert api.get("/scheduler") == []


def test_credits_assets_and_samples_are_as_they_were(api) -> None:
    assert api.get("/features")["used"]["numPlanCredits"] == 50
    names = [asset["name"] for asset in api.get("/assets", params={"offset": 0, "limit": 50})]
    assert names == ["Gen-3 Alpha Turbo 7, A lamp turns, boat.mp4", "boat.png", "harbour.jpeg", "meadow.jpeg"]
    assert api.sim.counts()["tasks_started"] == 2


def test_a_new_task_can_start_from_an_old_asset(api) -> None:
    assert api.call("GET", "/accounts", token=TOKEN).json().keys() == {EMAIL}
    assert api.finish(firstImage_assetId=BOAT)["status"] == "SUCCEEDED"
