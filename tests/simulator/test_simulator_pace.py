"""How long the models take, and explore mode, in which one clip runs after the other (Model facts 6 and 7)."""

from __future__ import annotations

import random
from pathlib import Path
from statistics import mean
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from support.examples import examples
from support.simulator_kit import Api

HOUR = 3600.0
TURBO, VIDEOS = "/gen4turbo/create", "/videos/create"


@pytest.fixture
def api(tmp_path: Path):
    yield Api(tmp_path, credits=1_000_000, max_jobs=10)
    Api.stop_all()


def started(api: Api, path: str, **fields: Any) -> str:
    answer = api.call("POST", path, json={"text_prompt": "A lamp turns", **fields})
    assert answer.status_code == 200, answer.text
    return str(answer.json()["taskId"])


def seconds_of(api: Api, task_id: str, step: float = 1.0) -> float:
    """Return how long a task takes from now on, watched in steps."""
    begun = api.clock.now
    while api.task(task_id)["status"] != "SUCCEEDED":
        api.clock.pass_(step)
        assert api.clock.now < begun + HOUR
    return api.clock.now - begun


def many(api: Api, path: str, count: int, step: float, **fields: Any) -> list[float]:
    """Return how long each of several equal requests took, one after the other."""
    return [seconds_of(api, started(api, path, **fields), step) for _ in range(count)]


def test_gen4_turbo_and_veo_take_one_to_two_minutes(api: Api) -> None:
    picture = api.upload().json()["assetId"]
    for path, fields in (
        (TURBO, {"firstImage_assetId": picture}),
        (TURBO, {"firstImage_assetId": picture, "seconds": 10}),
        (VIDEOS, {"model": "veo-3.1", "duration": 8}),
        (VIDEOS, {"model": "gen4-turbo", "imageAssetId1": picture}),
    ):
        assert all(60 <= seconds <= 125 for seconds in many(api, path, 6, 5, **fields))


@pytest.mark.slow("runs thirty tasks of ten minutes each")
def test_the_others_of_videos_create_take_ten_minutes_on_average(api: Api) -> None:
    found = many(api, VIDEOS, 30, 30, model="kling-3.0-pro")
    assert mean(found) == pytest.approx(600, rel=0.1)
    assert len(set(found)) > 5


def test_the_speed_divides_it(tmp_path: Path) -> None:
    api = Api(tmp_path, speed=60)
    assert all(7 <= seconds <= 13 for seconds in many(api, VIDEOS, 5, 0.5, model="sora-2"))


# Explore mode


def explore(api: Api) -> Any:
    return api.create(exploreMode=True)


def test_one_task_runs_the_next_are_throttled_and_few_may_wait(api: Api) -> None:
    tasks = [explore(api).json()["taskId"] for _ in range(4)]
    answer = explore(api)
    assert answer.status_code == 429
    text = "You have too many tasks running or pending. Please wait for some of them to finish before starting more."
    assert answer.json() == {"error": text}
    assert api.create().status_code == 200
    api.clock.pass_(15)
    assert [api.task(task)["status"] for task in tasks] == ["RUNNING", "THROTTLED", "THROTTLED", "THROTTLED"]
    api.clock.pass_(45)
    assert api.task(tasks[0])["status"] == "SUCCEEDED"
    assert explore(api).status_code == 200


def test_a_task_in_explore_mode_is_throttled_before_it_runs_and_takes_no_longer_alone(api: Api) -> None:
    task_id, seen = explore(api).json()["taskId"], []
    for _ in range(240):
        seen.append(api.task(task_id)["status"])
        api.clock.pass_(0.25)
    assert list(dict.fromkeys(seen)) == ["PENDING", "THROTTLED", "RUNNING", "SUCCEEDED"]
    assert seen.index("SUCCEEDED") * 0.25 <= 54


def test_a_paid_task_is_in_nobodys_way(api: Api) -> None:
    paid = [api.start(), api.start()]
    task_id = explore(api).json()["taskId"]
    api.clock.pass_(15)
    assert [api.task(task)["status"] for task in (*paid, task_id)] == ["RUNNING"] * 3


def test_freeing_the_slot_does_not_shorten_the_line(api: Api) -> None:
    first, second = (explore(api).json()["taskId"] for _ in range(2))
    api.call("DELETE", f"/scheduler/{first}")
    api.call("DELETE", f"/tasks/{first}")
    api.clock.pass_(15)
    assert api.task(second)["status"] == "THROTTLED"


def test_each_account_has_a_line_of_its_own(tmp_path: Path) -> None:
    api = Api(tmp_path, accounts=2)
    pictures = [api.upload(email=email).json()["assetId"] for email in api.get("/accounts")]
    tasks = [api.create(exploreMode=True, firstImage_assetId=picture).json()["taskId"] for picture in pictures]
    api.clock.pass_(15)
    assert [api.task(task)["status"] for task in tasks] == ["RUNNING", "RUNNING"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=examples(12), deadline=None)
@given(
    pauses=st.lists(st.floats(0, 90), min_size=2, max_size=6),
    seeds=st.lists(st.integers(1, 1000), min_size=6, max_size=6),
)
def test_never_do_two_run_at_once_and_all_end(tmp_path_factory, pauses: list[float], seeds: list[int]) -> None:
    api = Api(tmp_path_factory.mktemp("explore"))
    tasks: list[str] = []
    for pause, seed in zip(pauses, seeds, strict=False):
        answer = api.create(exploreMode=True, seed=seed)
        tasks += [answer.json()["taskId"]] if answer.status_code == 200 else []
        watched(api, tasks, pause)
    watched(api, tasks, 60.0 * len(tasks))
    assert {api.task(task)["status"] for task in tasks} == {"SUCCEEDED"}
    api.sim.stop()


def watched(api: Api, tasks: list[str], seconds: float, step: float = 9.0) -> None:
    """Let time pass and look at all tasks on the way."""
    while seconds > 0:
        api.clock.pass_(min(step, seconds))
        seconds -= step
        statuses = [api.task(task)["status"] for task in tasks]
        assert statuses.count("RUNNING") <= 1


def test_the_line_outlives_a_restart(tmp_path: Path) -> None:
    api = Api(tmp_path)
    first = explore(api).json()["taskId"]
    api.sim.stop()
    again = Api(tmp_path, clock=api.clock, draw=random.Random(8))
    second = explore(again).json()["taskId"]
    again.clock.pass_(15)
    assert [again.task(task)["status"] for task in (first, second)] == ["RUNNING", "THROTTLED"]
