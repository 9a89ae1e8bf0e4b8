"""A state folder that an earlier revision wrote (tests/data/README.md) goes on under this one."""

from __future__ import annotations

import shutil
import sqlite3
from contextlib import closing
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


def test_its_tasks_are_of_the_only_model_of_then(api) -> None:
    tasks = api.get("/tasks", params={"offset": 0, "limit": 9})
    assert [task["taskType"] for task in tasks] == ["gen3a_turbo", "gen3a_turbo"]
    (artifact,) = api.task(FINISHED)["artifacts"]
    assert artifact["metadata"]["dimensions"] == [1280, 768]
    assert api.get(f"/assets/{artifact['assetId']}")["metadata"]["hasAudio"] is False


def test_a_portrait_task_that_was_running_ends_as_a_portrait_clip(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "state")
    with closing(sqlite3.connect(tmp_path / "state" / "simulator.sqlite3")) as state:
        state.execute("UPDATE tasks SET aspect = 'portrait' WHERE settled IS NULL")
        state.commit()
    clock = Clock()
    clock.now = START + 140.0
    api = Api(tmp_path / "state", clock=clock)
    assert api.task(RUNNING)["artifacts"][0]["metadata"]["dimensions"] == [768, 1280]
    assert api.task(FINISHED)["artifacts"][0]["metadata"]["dimensions"] == [1280, 768]
    api.sim.stop()
    again = Api(tmp_path / "state", clock=clock)
    assert again.task(RUNNING)["artifacts"][0]["metadata"]["dimensions"] == [768, 1280]


def test_an_equal_request_finds_the_clip_that_was_rendered_then(tmp_path: Path) -> None:
    shutil.copytree(DATA, tmp_path / "state")
    rendered: list[Path] = []

    def renderer(shot: Path, out: Path) -> None:
        rendered.append(out)
        stub.renderer(shot, out)

    clock = Clock()
    clock.now = START + 200.0
    api = Api(tmp_path / "state", clock=clock, renderer=renderer)
    assert api.finish(seed=7, firstImage_assetId=BOAT)["status"] == "SUCCEEDED"
    assert rendered == []
    assert api.finish(seed=9, firstImage_assetId=BOAT)["status"] == "SUCCEEDED"
    assert len(rendered) == 1


def test_tasks_of_new_models_start_on_an_old_state(api) -> None:
    body = {"text_prompt": "A lamp turns", "firstImage_assetId": BOAT, "aspect_ratio": "21:9"}
    task_id = api.call("POST", "/gen4turbo/create", json=body).json()["taskId"]
    api.clock.pass_(130.0)
    assert api.task(task_id)["artifacts"][0]["metadata"]["dimensions"] == [1584, 672]
    assert api.get("/features")["used"]["numPlanCredits"] == 75


def test_a_new_task_can_start_from_an_old_asset(api) -> None:
    assert api.call("GET", "/accounts", token=TOKEN).json().keys() == {EMAIL}
    assert api.finish(firstImage_assetId=BOAT)["status"] == "SUCCEEDED"
