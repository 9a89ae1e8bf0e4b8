"""Requests as programs of others send them, and answers read as those programs read them (Model facts 0 and 7)."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from support.simulator_kit import EMAIL, LONG, Api

VIDEOS = "/videos/create"


@pytest.fixture
def api(tmp_path: Path):
    yield Api(tmp_path)
    Api.stop_all()


def post(api: Api, path: str, body: dict[str, Any]) -> httpx.Response:
    """Return the answer to what a JavaScript client sends: what is undefined is left out."""
    return api.call("POST", path, json=body, headers={"Accept": "application/json"})


def uploaded(api: Api, email: str = EMAIL) -> str:
    """Return the id of a picture that was uploaded with name and e-mail in the query, as the vendor's script does."""
    return str(api.upload("boat.png", email=email).json()["assetId"])


# The vendor's script for videos/create: the flat taskId, status and artifacts of GET /tasks/<raw id>


@pytest.mark.parametrize(
    ("body", "frames"),
    [
        ({"model": "gen4.5", "text_prompt": "A lamp", "aspect_ratio": "16:9", "duration": 8, "seed": 7}, []),
        ({"model": "gen4.5", "text_prompt": "A lamp", "duration": 5}, ["imageAssetId1"]),
        ({"model": "kling-3.0-pro", "text_prompt": "A lamp", "duration": 5}, ["imageAssetId1", "imageAssetId2"]),
    ],
)
def test_the_vendors_script_reads_the_flat_answer(api: Api, body: dict, frames: list[str]) -> None:
    assert not api.get("/accounts")[EMAIL].get("error")
    pictures = {name: uploaded(api) for name in frames}
    answer = post(api, VIDEOS, {**body, "email": EMAIL, "exploreMode": True, **pictures})
    assert answer.status_code == 200, answer.text
    task_id = answer.json()["taskId"]
    waiting = api.get(f"/tasks/{task_id}")
    assert waiting["status"] not in ("FAILED", "SUCCEEDED")
    api.clock.pass_(900)
    task = api.get(f"/tasks/{task_id}")
    assert (task["status"], task["error"]) == ("SUCCEEDED", None)
    assert api.download(task["artifacts"][0]["url"]).status_code == 200


def test_the_vendors_script_tells_the_errors_apart_by_their_status(tmp_path: Path) -> None:
    body = {"model": "gen4.5", "text_prompt": "A lamp", "email": EMAIL, "duration": 5}
    assert post(Api(tmp_path / "poor", credits=10), VIDEOS, body).status_code == 412
    busy = Api(tmp_path / "busy", max_jobs=1)
    assert [post(busy, VIDEOS, body).status_code for _ in range(2)] == [200, 429]
    moderated = Api(tmp_path / "moderated")
    moderated.sim.fault("422")
    assert post(moderated, VIDEOS, body).status_code == 422


@pytest.mark.parametrize("resolution", ["480p", "720p", "1080p"])
def test_the_vendors_comparison_makes_one_clip_of_each_resolution(api: Api, resolution: str) -> None:
    body = {
        "model": "seedance-2",
        "text_prompt": "A lamp",
        "resolution": resolution,
        "duration": 5,
        "aspect_ratio": "16:9",
    }
    task_id = post(api, VIDEOS, body).json()["taskId"]
    api.clock.pass_(900)
    task = api.get(f"/tasks/{task_id}")
    assert task["status"] == "SUCCEEDED"
    assert task["artifacts"][0]["url"]


# A command line program in TypeScript that reads the nested answer only


@pytest.mark.parametrize(
    ("path", "body", "picture"),
    [
        ("/gen4_5/create", {"seconds": 5, "aspect_ratio": "16:9", "seed": 7}, ""),
        ("/gen4/create", {"seconds": 10}, "firstImage_assetId"),
        ("/gen4turbo/create", {"seconds": 5}, "firstImage_assetId"),
        (
            VIDEOS,
            {"model": "seedance-2", "duration": 15, "aspect_ratio": "16:9", "resolution": "720p"},
            "startFrameAssetId",
        ),
    ],
)
def test_a_client_that_reads_the_nested_answer_only(api: Api, path: str, body: dict, picture: str) -> None:
    pictures = {picture: uploaded(api)} if picture else {}
    answer = post(api, path, {"text_prompt": "A lamp", "exploreMode": False, **body, **pictures})
    assert answer.status_code == 200, answer.text
    task_id = answer.json()["task"]["taskId"]
    assert answer.json()["code"] == 200
    api.clock.pass_(900)
    task = api.get(f"/tasks/{task_id}")
    artifact = task["artifacts"][0]
    assert (task["status"], float(task["progressRatio"])) == ("SUCCEEDED", 1.0)
    assert {"url", "previewUrls", "assetId", "fileSize"} <= artifact.keys()
    assert {"duration", "frameRate", "dimensions"} <= artifact["metadata"].keys()


def test_its_eight_seconds_of_gen4_and_its_resolution_are_refused(api: Api) -> None:
    body = {"text_prompt": "A lamp", "exploreMode": False, "firstImage_assetId": uploaded(api)}
    answer = post(api, "/gen4/create", {**body, "seconds": 8})
    assert (answer.status_code, answer.json()["error"]) == (400, "Supported values for seconds: 5, 10")
    answer = post(api, "/gen4_5/create", {**body, "resolution": "720p"})
    assert (answer.status_code, answer.json()["error"]) == (
        400,
        "Parameter resolution is not supported by gen4_5/create",
    )


def test_it_registers_an_account_and_works_with_it(api: Api) -> None:
    body = {"email": "me@example.org", "password": "secret", "maxJobs": 2}
    answer = api.call("POST", "/accounts/me@example.org", json=body)
    assert {"token", "id", "exp", "iat"} <= answer.json()["jwt"].keys()
    task_id = post(api, "/gen4_5/create", {"text_prompt": "A lamp", "exploreMode": False}).json()["task"]["taskId"]
    assert "me@example.org" in task_id


# Nodes of a workflow program


def test_a_node_that_offers_a_last_picture_for_gen4_is_told_the_parameter(api: Api) -> None:
    body = {"firstImage_assetId": uploaded(api), "lastImage_assetId": uploaded(api), "seconds": 5}
    for path in ("/gen4/create", "/gen4turbo/create", "/gen4_5/create"):
        answer = post(api, path, body)
        assert answer.status_code == 400
        assert "lastImage_assetId" in answer.json()["error"]
    assert api.sim.counts()["tasks_started"] == 0


def test_a_node_that_leaves_its_fields_empty_is_served(api: Api) -> None:
    body = {"firstImage_assetId": uploaded(api), "text_prompt": "", "lastImage_assetId": "", "seconds": 5, "email": ""}
    assert post(api, "/gen4/create", body).status_code == 200
    assert post(api, "/gen3turbo/create", {**body, "middleImage_assetId": "", "seed": ""}).status_code == 200


# Providers and clients in Python


def test_a_provider_that_registers_uploads_and_makes_gen4(api: Api) -> None:
    account = {"email": "me@example.org", "password": "secret", "maxJobs": 2}
    assert api.call("POST", "/accounts/me@example.org", json=account).status_code == 200
    picture = uploaded(api, "me@example.org")
    body = {"firstImage_assetId": picture, "text_prompt": "A lamp", "aspect_ratio": "16:9", "seconds": 5, "maxJobs": 2}
    answer = post(api, "/gen4/create", body).json()
    assert answer["taskId"] == answer["task"]["taskId"]
    api.clock.pass_(900)
    assert api.get(f"/tasks/{quote(answer['taskId'], safe=':@-._~+')}")["artifacts"][0]["url"]


def test_a_client_that_sends_a_start_frame_and_sound_to_gen4_is_told_so(api: Api) -> None:
    """Model facts 4: contradicts the collection."""
    body = {"model": "gen4", "text_prompt": "A lamp", "duration": 5, "startFrameAssetId": uploaded(api), "audio": True}
    answer = post(api, VIDEOS, body)
    assert answer.status_code == 400
    assert "startFrameAssetId" in answer.json()["error"]


def test_explore_mode_as_a_client_meets_it(api: Api) -> None:
    """429 on submit and THROTTLED are normal there (Model facts 7)."""
    body = {"text_prompt": "A lamp", "seconds": 5, "exploreMode": True}
    answers = [post(api, "/gen4_5/create", body) for _ in range(5)]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 200, 429]
    api.clock.pass_(LONG)
    assert api.get(f"/tasks/{answers[1].json()['taskId']}")["status"] == "THROTTLED"


def test_a_web_server_that_encodes_the_whole_id_finds_nothing(api: Api) -> None:
    """It sends a reference picture and sound to seedance; ids in paths are not decoded (API facts 2)."""
    body = {
        "model": "seedance-2", "text_prompt": "A lamp", "duration": 15, "aspect_ratio": "16:9", "resolution": "720p",
        "audio": True, "imageAssetId1": uploaded(api), "exploreMode": True, "email": EMAIL,
    }  # fmt: skip
    task_id = post(api, VIDEOS, body).json()["taskId"]
    encoded = quote(task_id, safe="")
    assert api.call("GET", f"/tasks/{encoded}?email={quote(EMAIL)}").status_code == 404
    assert api.get(f"/tasks/?taskId={encoded}")["taskId"] == task_id
