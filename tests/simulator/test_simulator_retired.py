"""A model that is gone: its create call says so in the words of the banner, costs nothing and starts nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from support.simulator_kit import TOKEN, Api

TURBO, VIDEOS = "/gen4turbo/create", "/videos/create"


def post(api: Api, path: str, **fields: Any) -> httpx.Response:
    return api.call("POST", path, json={"text_prompt": "A lamp turns", **fields})


def untouched(api: Api) -> bool:
    return api.sim.counts()["tasks_started"] == 0 and api.get("/features/")["used"]["numPlanCredits"] == 0


@pytest.mark.parametrize("status", [None, 400, 404, 410])
def test_the_first_model_names_its_successor(api: Api, status: int | None) -> None:
    api.sim.fault("retired", **({"status": status} if status else {}))
    answer = api.create()
    assert answer.status_code == (status or 410)
    text = "Gen-3 Alpha Turbo is no longer supported by Runway. Please use gen4turbo/create instead."
    assert answer.json() == {"error": text, "code": answer.status_code}
    assert untouched(api)
    picture = api.upload().json()["assetId"]
    assert post(api, TURBO, firstImage_assetId=picture).status_code == 200


def test_its_words_can_be_others(api: Api) -> None:
    api.sim.fault("retired", status=400, text="Runway website no longer supports Gen-3, use Gen-4.")
    assert api.create().json() == {"error": "Runway website no longer supports Gen-3, use Gen-4.", "code": 400}


def test_it_comes_before_any_check_of_the_parameters(api: Api) -> None:
    api.sim.fault("retired")
    assert api.create(seconds=7, firstImage_assetId="nonsense").status_code == 410


def test_a_dead_model_is_not_an_unknown_path(api: Api) -> None:
    api.sim.fault("retired", status=404)
    dead, unknown = api.create(), api.call("POST", "/gen3turbo/made", json={})
    assert (dead.status_code, unknown.status_code) == (404, 404)
    assert "no longer supported" in dead.json()["error"]
    assert "endpoints" not in dead.json()
    assert "no longer supported" not in unknown.text


def test_one_model_of_many_can_be_gone_and_come_back(api: Api) -> None:
    api.sim.fault("retired", on="kling-3.0-pro")
    answer = post(api, VIDEOS, model="kling-3.0-pro")
    assert (answer.status_code, answer.json()["error"]) == (410, "Kling 3.0 Pro is no longer supported by Runway.")
    assert post(api, VIDEOS, model="veo-3.1").status_code == 200
    assert api.create().status_code == 200
    api.sim.clear("retired")
    assert post(api, VIDEOS, model="kling-3.0-pro").status_code == 200


def test_gen4_is_gone_at_both_doors(api: Api) -> None:
    picture = api.upload().json()["assetId"]
    api.sim.fault("retired", on="gen4")
    assert post(api, "/gen4/create", firstImage_assetId=picture).status_code == 410
    assert post(api, VIDEOS, model="gen4", imageAssetId1=picture).status_code == 410
    assert post(api, VIDEOS, model="gen4-turbo", imageAssetId1=picture).status_code == 200


def test_all_can_be_gone_and_only_for_a_while(api: Api) -> None:
    api.sim.fault("retired", on="any", times=2)
    assert [api.create().status_code, post(api, "/gen4_5/create").status_code] == [410, 410]
    assert api.create().status_code == 200


def test_no_other_status_can_be_set(api: Api) -> None:
    with pytest.raises(ValueError, match="400, 404, 410"):
        api.sim.fault("retired", status=500)


def test_it_is_set_over_the_control_path(api: Api) -> None:
    body = {"name": "retired", "on": "gen4_5", "status": 404}
    api.call("POST", "http://sim.test/simulator/faults", json=body)
    assert post(api, "/gen4_5/create").status_code == 404


# The other faults at the new endpoints


@pytest.mark.parametrize("name", ["nested", "both", "flat"])
def test_the_shape_of_the_answer_can_be_chosen(api: Api, name: str) -> None:
    api.sim.fault(name)
    body = post(api, "/gen4_5/create").json()
    assert ("taskId" in body, "task" in body) == {"nested": (False, True), "both": (True, True), "flat": (True, False)}[
        name
    ]
    if "task" in body:
        assert "task" not in body["task"]
        assert "code" not in body["task"]


@pytest.mark.parametrize("shape", [None, "nested", "flat"])
def test_an_answer_about_another_task_contradicts_wherever_it_is_read(api: Api, shape: str | None) -> None:
    if shape:
        api.sim.fault(shape)
    api.sim.fault("other-answer")
    body = post(api, VIDEOS, model="veo-3.1", replyRef="rnb-mine").json()
    for task in filter(None, (body if "taskId" in body else None, body.get("task"))):
        assert task["replyRef"] == "rnb-of-another"
        assert task["options"]["textPrompt"] != "A lamp turns"
        assert task["taskId"].endswith("00000000-0000-4000-8000-000000000000")


def test_no_task_id_is_none_in_either_place(api: Api) -> None:
    api.sim.fault("no-task-id")
    assert not {"taskId", "id", "task"} & post(api, "/gen4_5/create").json().keys()


def test_what_happens_to_tasks_happens_to_those_of_every_model(api: Api) -> None:
    api.sim.fault("moderated", times=1)
    task_id = post(api, VIDEOS, model="sora-2").json()["taskId"]
    api.clock.pass_(900)
    assert api.task(task_id)["error"]["reason"] == "SAFETY.INPUT.TEXT"


# Beside the API


def test_the_page_lists_the_endpoints_and_the_models(api: Api) -> None:
    page = api.call("GET", "http://sim.test/").text
    for text in (
        "POST /v1/runwayml/gen4_5/create",
        "POST /v1/runwayml/videos/create",
        "kling-3.0-pro",
        "GET /v2/account",
    ):
        assert text in page
    assert TOKEN not in page


@pytest.mark.parametrize(
    ("model", "fields", "task_type"),
    [
        (None, {}, "gen3a_turbo"),
        ("gen4_5", {"seconds": 8}, "gen4_5"),
        ("seedance-2", {"duration": 4}, "seedance_2"),
        ("gen4turbo", {"firstImage_assetId": "P"}, "gen4_turbo"),
    ],
)
def test_a_task_of_the_web_app_may_be_of_any_model(tmp_path: Path, model, fields, task_type) -> None:
    api = Api(tmp_path)
    picture = api.upload().json()["assetId"]
    sent = {name: picture if value == "P" else value for name, value in fields.items()}
    task_id = api.sim.web_task("4711", text_prompt="by hand", **({"model": model} if model else {}), **sent)
    assert api.task(task_id)["taskType"] == task_type
    assert api.get("/scheduler") == []


def test_one_task_can_be_asked_for_by_the_query_of_the_list(api: Api) -> None:
    task_id = api.start()
    assert api.get("/tasks/", params={"taskId": task_id})["taskId"] == task_id
    assert api.call("GET", "/tasks/", params={"taskId": task_id[-36:]}).status_code == 404
    other = task_id.replace("user:4711-", "user:1-")
    assert api.call("GET", "/tasks/", params={"taskId": other}).status_code == 403
    api.sim.fault("get-522", times=1)
    assert api.call("GET", "/tasks/", params={"taskId": task_id}).status_code == 522
