"""What a task shows of its request, and the rules between parameters; each from docs/model-facts.md."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx
import pytest

from support.simulator_kit import EMAIL, SECOND, Api

VIDEOS = "/videos/create"
SIX = ["16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]


@pytest.fixture
def api(tmp_path: Path):
    yield Api(tmp_path, credits=1_000_000, max_jobs=10)
    Api.stop_all()


@pytest.fixture
def picture(api: Api) -> str:
    return str(api.upload("boat").json()["assetId"])


def refused(answer: httpx.Response, *words: str) -> None:
    assert answer.status_code == 400, answer.text
    assert answer.json()["code"] == 400
    assert all(word in answer.json()["error"] for word in words), answer.text


# What a task shows (Model facts 7)


@pytest.mark.parametrize(
    ("path", "fields", "task_type", "name"),
    [
        ("/gen4turbo/create", {"firstImage_assetId": "P"}, "gen4_turbo", "Gen-4 Turbo 7, A lamp turns, boat"),
        ("/gen4/create", {"firstImage_assetId": "P"}, "gen4", "Gen-4 7, A lamp turns, boat"),
        ("/gen4_5/create", {}, "gen4_5", "Gen-4.5 7, A lamp turns"),
        (VIDEOS, {"model": "gen4.5", "imageAssetId1": "P"}, "gen4_5", "Gen-4.5 7, A lamp turns, boat"),
        (VIDEOS, {"model": "gen4", "imageAssetId1": "P"}, "gen4", "Gen-4 7, A lamp turns, boat"),
        (VIDEOS, {"model": "gen4-turbo", "imageAssetId1": "P"}, "gen4_turbo", "Gen-4 Turbo 7, A lamp turns, boat"),
    ],
)
def test_a_gen4_task_shows_width_height_and_no_keyframes(api: Api, picture, path, fields, task_type, name) -> None:
    sent = {key: picture if value == "P" else value for key, value in fields.items()}
    body = api.call("POST", path, json={"text_prompt": "A lamp turns", "seed": 7, **sent}).json()
    options = body["options"]
    assert (body["taskType"], body["name"], options["name"]) == (task_type, name, name)
    assert (options["text_prompt"], options["seconds"], options["seed"]) == ("A lamp turns", 5, 7)
    assert (options["width"], options["height"]) == (1280, 720)
    assert not {"flip", "keyframes", "camera", "textPrompt"} & options.keys()
    pictured = "P" in fields.values()
    assert options["route"] == ("i2v" if pictured else "t2v")
    if pictured:
        assert options["imageAssetId"] == picture[-36:]
        assert api.download(options["init_image"]).status_code == 200
    else:
        assert not {"init_image", "imageAssetId"} & options.keys()


@pytest.mark.parametrize(
    ("model", "more", "task_type", "name"),
    [
        ("seedance-2", {"resolution": "480p"}, "seedance_2", "Seedance 2, A lamp turns"),
        ("seedance-2-5", {"resolution": "480p"}, "seedance_2_5", "Seedance 2.5, A lamp turns"),
        ("kling-3.0-pro", {}, "kling_3", "Kling 3.0 Pro, A lamp turns"),
        ("kling-3.0-standard", {}, "kling_3", "Kling 3.0 Standard, A lamp turns"),
    ],
)
def test_a_hosted_task_shows_words_no_seed_and_its_frames_as_references(
    api: Api, picture, model, more, task_type, name
) -> None:
    first, last = (
        ("startFrameAssetId", "endFrameAssetId") if "seedance" in model else ("imageAssetId1", "imageAssetId2")
    )
    common = {"model": model, "text_prompt": "A lamp turns", "duration": 10, "aspect_ratio": "9:16"}
    body = api.call("POST", VIDEOS, json={**common, "audio": False}).json()
    options = body["options"]
    assert (body["taskType"], body["name"]) == (task_type, name)
    assert (options["textPrompt"], options["duration"], options["aspectRatio"]) == ("A lamp turns", 10, "9:16")
    assert (options["generateAudio"], options["exploreMode"], options["referenceImages"]) == (False, False, [])
    assert {key: options[key] for key in more} == more
    assert not {"seed", "text_prompt", "seconds", "width", "keyframes"} & options.keys()
    body = api.call("POST", VIDEOS, json={**common, first: picture, last: picture}).json()
    options = body["options"]
    assert options["generateAudio"] is True
    assert [(item["assetId"], item["type"]) for item in options["referenceImages"]] == [
        (picture[-36:], "first_frame"), (picture[-36:], "last_frame"),
    ]  # fmt: skip
    assert api.download(options["referenceImages"][1]["url"]).status_code == 200


@pytest.mark.parametrize(
    ("resolution", "aspect", "size"),
    [
        ("480p", "16:9", [864, 496]), ("480p", "9:16", [496, 864]), ("720p", "16:9", [1280, 720]),
        ("720p", "1:1", [960, 960]), ("720p", "4:3", [1112, 834]), ("720p", "3:4", [834, 1112]),
        ("720p", "21:9", [1470, 630]), ("1080p", "16:9", [1920, 1080]), ("1080p", "9:16", [1080, 1920]),
    ],
)  # fmt: skip
def test_seedance_has_the_sizes_of_section_5_3(api: Api, resolution: str, aspect: str, size: list[int]) -> None:
    body = {"model": "seedance-2", "text_prompt": "x", "resolution": resolution, "aspect_ratio": aspect}
    task_id = api.call("POST", VIDEOS, json=body).json()["taskId"]
    api.clock.pass_(900)
    assert api.task(task_id)["artifacts"][0]["metadata"]["dimensions"] == size


# Rules between parameters


@pytest.mark.parametrize("aspect", SIX[1:])
@pytest.mark.parametrize(("path", "more"), [("/gen4_5/create", {}), (VIDEOS, {"model": "gen4.5"})])
def test_gen45_without_a_picture_is_16_to_9(api: Api, picture: str, path: str, more: dict, aspect: str) -> None:
    body = {"text_prompt": "x", "aspect_ratio": aspect, **more}
    refused(api.call("POST", path, json=body), "aspect_ratio", "16:9")
    first = "imageAssetId1" if more else "firstImage_assetId"
    assert api.call("POST", path, json={**body, first: picture}).status_code == 200


def seedance(api: Api, **fields: Any) -> httpx.Response:
    return api.call("POST", VIDEOS, json={"model": "seedance-2", "text_prompt": "x", **fields})


def test_seedance_takes_references_or_frames(api: Api, picture: str) -> None:
    """Model facts 5.2."""
    references = {f"imageAssetId{number}": picture for number in range(1, 12)}
    shown = seedance(api, **references).json()["options"]["referenceImages"]
    assert len(shown) == 11
    assert all(item.keys() == {"assetId", "url"} for item in shown)
    refused(seedance(api, imageAssetId1=picture, startFrameAssetId=picture), "imageAssetId1", "startFrameAssetId")
    refused(seedance(api, imageAssetId12=picture), "imageAssetId12")
    refused(seedance(api, endFrameAssetId=picture), "startFrameAssetId")


def test_a_sound_is_referred_to_only_with_a_picture_or_a_video(api: Api, picture: str) -> None:
    sound = api.upload("song", "audio/mpeg").json()["assetId"]
    assert seedance(api, audioAssetId1=sound, imageAssetId1=picture).status_code == 200
    refused(seedance(api, audioAssetId1=sound), "audioAssetId1")
    refused(seedance(api, audioAssetId1=sound, startFrameAssetId=picture), "audioAssetId1")
    refused(seedance(api, audioAssetId1=picture, imageAssetId1=picture), "audioAssetId1")


def test_videos_to_refer_to_last_15_seconds_together(api: Api) -> None:
    clips = []
    for _ in range(2):
        task_id = seedance(api, duration=8).json()["taskId"]
        api.clock.pass_(900)
        clips.append(api.task(task_id)["artifacts"][0]["assetId"])
    assert seedance(api, videoAssetId=clips[0]).json()["options"]["referenceVideos"][0]["assetId"] == clips[0][-36:]
    refused(seedance(api, videoAssetId=clips[0], videoAssetId2=clips[1]), "15")


@pytest.mark.parametrize(
    ("model", "fields", "words"),
    [
        ("veo-3.1", {}, "exploreMode"),
        ("seedance-2", {"resolution": "1080p"}, "resolution"),
        ("seedance-2-5", {"duration": 16}, "duration"),
    ],
)
def test_explore_mode_is_refused_where_the_document_says_so(api: Api, model: str, fields: dict, words: str) -> None:
    body = {"model": model, "text_prompt": "x", **fields}
    refused(api.call("POST", VIDEOS, json={**body, "exploreMode": True}), words)
    assert api.call("POST", VIDEOS, json={**body, "exploreMode": False}).status_code == 200


@pytest.mark.parametrize("model", ["", None, "kling-4", 7, "gen3turbo", "kling-o3-pro"])
def test_an_unknown_model_is_refused(api: Api, model: Any) -> None:
    refused(api.call("POST", VIDEOS, json={"model": model, "text_prompt": "x"}), "model")


def test_a_model_is_no_parameter_of_the_other_paths(api: Api, picture: str) -> None:
    body = {"text_prompt": "x", "firstImage_assetId": picture, "model": "gen4"}
    refused(api.call("POST", "/gen4/create", json=body), "model")


def test_multishot_is_documented_and_not_simulated(api: Api) -> None:
    body = {"model": "kling-3.0-pro", "text_prompt": "x", "multishot_prompt_1": "y"}
    refused(api.call("POST", VIDEOS, json=body), "simulator", "multishot_prompt_1")


def test_the_body_may_be_a_form(api: Api) -> None:
    form = {"model": "veo-3.1", "text_prompt": "A lamp", "duration": "6", "audio": "false", "aspect_ratio": ""}
    answer = api.call("POST", VIDEOS, files={name: (None, text) for name, text in form.items()})
    options = answer.json()["options"]
    assert (options["duration"], options["generateAudio"], options["aspectRatio"]) == (6, False, "16:9")


def test_an_email_chooses_the_account_and_cannot_take_the_picture_of_another(tmp_path: Path) -> None:
    """Model facts 3.4."""
    api = Api(tmp_path, accounts=2)
    body = {"text_prompt": "x", "email": SECOND}
    assert SECOND in api.call("POST", "/gen4_5/create", json=body).json()["taskId"]
    first = api.upload(email=EMAIL).json()["assetId"]
    assert api.call("POST", "/gen4_5/create", json={**body, "firstImage_assetId": first}).status_code == 404
    assert api.call("POST", "/gen4_5/create", json={**body, "email": "nobody@example.org"}).status_code == 400
