"""Tasks in lists, the scheduler, assets and the links to them."""

from __future__ import annotations

import base64
import json
import struct
import zlib
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import ImageFile

from runway_nb.simulator.rendering import samples, stub
from runway_nb.simulator.rendering.planes import load
from support.simulator_kit import EMAIL, LONG, SECOND, START, TOKEN, Api, picture


def claims(url):
    parts = parse_qs(urlsplit(url).query)["_jwt"][0].split(".")
    assert len(parts) == 3
    return json.loads(base64.urlsafe_b64decode(parts[1] + "=="))


# Paths and ids


@pytest.mark.parametrize("path", ["/scheduler", "/accounts", "/tasks", "/assets"])
def test_a_last_slash_makes_no_difference_and_nothing_redirects(api: Api, path) -> None:
    query = "?offset=0&limit=2" if path in ("/tasks", "/assets") else ""
    assert api.call("GET", path + query).status_code == 200
    assert api.call("GET", path + "/" + query).status_code == 200
    assert api.call("POST", "/gen3turbo/create/", json={"text_prompt": "x"}).status_code == 200


def test_ids_are_compared_letter_by_letter(api: Api) -> None:
    task_id = api.start()
    encoded = task_id.replace(":", "%3A")
    for name in (encoded, task_id[-36:], task_id.replace("-task:", "-asset:"), task_id.replace(EMAIL, SECOND)):
        answer = api.call("GET", f"/tasks/{name}")
        assert answer.status_code == 404
        assert answer.json() == {"error": "Not found.", "code": 404}
    api.sim.fault("decoded-ids")
    assert api.call("GET", f"/tasks/{encoded}").status_code == 200


def test_a_stranger_sees_nothing_of_mine(api: Api) -> None:
    task_id = api.start()
    assert api.call("GET", f"/tasks/{task_id}", token="user:9-x").status_code == 403
    assert api.get("/tasks?offset=0&limit=5", token="user:9-x") == []
    assert api.get("/scheduler", token="user:9-x") == []


def test_an_id_of_another_user_is_forbidden_whether_there_is_such_a_thing_or_not(api: Api) -> None:
    task_id, asset_id = api.start(), api.upload().json()["assetId"]
    for name, path in ((task_id, "tasks"), (asset_id, "assets")):
        other = name.replace("user:4711-", "user:4712-")
        for method in ("GET", "DELETE"):
            answer = api.call(method, f"/{path}/{other}")
            assert (answer.status_code, answer.json()["code"]) == (403, 403)
    assert api.call("DELETE", f"/scheduler/{task_id.replace('user:4711-', 'user:4712-')}").status_code == 403
    assert api.create(firstImage_assetId=asset_id.replace("user:4711-", "user:4712-")).status_code == 403
    assert api.sim.counts()["tasks_started"] == 1


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/nothing", 404), ("POST", "/gen5/create", 404), ("PUT", "/tasks", 405)]
)
def test_an_unknown_endpoint_says_so_and_names_those_there_are(api: Api, method: str, path: str, status: int) -> None:
    answer = api.call(method, path)
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, status)
    assert body["error"] == f"{method} /v1/runwayml{path} is no endpoint of the simulator"
    assert {"POST /v1/runwayml/gen4turbo/create", "GET /v1/runwayml/tasks/{id}"} <= set(body["endpoints"])


def test_a_token_in_the_address_of_an_unknown_endpoint_is_not_repeated(api: Api) -> None:
    assert TOKEN not in api.call("GET", f"/nothing/{TOKEN}").text


# GET /tasks


def test_the_history_is_newest_first_and_windowed(api: Api) -> None:
    names = []
    for seed in range(1, 5):
        names.append(api.start(seed=seed))
        api.clock.pass_(1)
    listed = [task["taskId"] for task in api.get("/tasks/?offset=0&limit=10")]
    assert listed == names[::-1]
    assert [task["taskId"] for task in api.get("/tasks/?offset=1&limit=2")] == names[::-1][1:3]


def test_the_history_can_be_filtered_and_holds_tasks_of_the_web_app(api: Api) -> None:
    done = api.finish()["taskId"]
    web = api.sim.web_task("4711", text_prompt="by hand", seed=5)
    running = {task["taskId"] for task in api.get("/tasks/?offset=0&limit=9&statuses=PENDING,RUNNING,THROTTLED")}
    assert running == {web}
    assert [task["taskId"] for task in api.get("/tasks/?offset=0&limit=9&statuses=SUCCEEDED")] == [done]
    assert api.get("/scheduler/") == []
    assert api.task(web)["options"]["seed"] == 5


def test_a_web_task_can_be_made_over_the_control_path(api: Api) -> None:
    body = {"user": "4711", "text_prompt": "by hand", "seconds": 10}
    made = api.call("POST", "http://sim.test/simulator/tasks", token=None, json=body).json()["taskId"]
    assert api.task(made)["options"]["seconds"] == 10


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("/tasks", "Required param offset is missing or empty"),
        ("/tasks?offset=0", "Required param limit is missing or empty"),
        ("/tasks?offset=1001&limit=1", "Parameter offset has incorrect format"),
        ("/tasks?offset=0&limit=1001", "Parameter limit has incorrect format"),
        ("/tasks?offset=0&limit=0", "Parameter limit has incorrect format"),
        ("/tasks?offset=-1&limit=1", "Parameter offset has incorrect format"),
        ("/tasks?offset=0&limit=1&statuses=DONE", "Parameter statuses has incorrect format"),
        ("/assets?offset=0&limit=51", "Parameter limit has incorrect format"),
        ("/assets?offset=0&limit=5&mediaType=text", "Parameter mediaType has incorrect format"),
    ],
)
def test_a_query_out_of_range_is_refused(api: Api, path, text) -> None:
    answer = api.call("GET", path)
    assert answer.status_code == 400
    assert answer.json() == {"error": text, "code": 400}


def test_a_list_may_come_under_a_key(api: Api) -> None:
    api.start()
    api.sim.fault("list-object", times=1)
    assert len(api.get("/tasks?offset=0&limit=5")["tasks"]) == 1
    assert len(api.get("/tasks?offset=0&limit=5")) == 1


# Deleting and the scheduler


def test_a_deleted_task_is_gone_and_stays_paid(api: Api) -> None:
    task_id = api.start()
    assert api.call("DELETE", f"/tasks/{task_id}").json() == {"success": True}
    assert api.call("GET", f"/tasks/{task_id}").status_code == 404
    assert api.call("DELETE", f"/tasks/{task_id}").status_code == 404
    assert api.get("/features/")["used"]["numPlanCredits"] == 25


def test_the_scheduler_lists_what_is_tracked_and_unfinished(api: Api) -> None:
    task_id = api.start(replyRef="rnb-1", replyUrl="https://hooks.example.org/1")
    other = api.start()
    assert api.get("/scheduler/") == [
        {"taskId": task_id, "replyUrl": "https://hooks.example.org/1", "replyRef": "rnb-1"},
        {"taskId": other},
    ]
    api.clock.pass_(LONG)
    assert api.get("/scheduler/") == []


def test_leaving_the_scheduler_frees_the_slot_and_the_task_runs_on(tmp_path: Path) -> None:
    api = Api(tmp_path, max_jobs=1)
    task_id = api.start()
    assert api.create().status_code == 429
    assert api.call("DELETE", f"/scheduler/{task_id}").status_code == 200
    again = api.call("DELETE", f"/scheduler/{task_id}")
    assert (again.status_code, again.json()["error"]) == (404, f"Unable to locate running {task_id}")
    assert api.create().status_code == 200
    api.clock.pass_(LONG)
    assert api.task(task_id)["status"] == "SUCCEEDED"


# Assets


def test_an_upload_is_the_raw_file_and_answers_with_its_own_shape(api: Api) -> None:
    answer = api.upload("lighthouse", "image/jpeg", duration="3", width="8", height="6").json()
    assert answer["assetId"] == f"user:4711-runwayml:{EMAIL}-asset:{answer['id']}"
    assert answer["name"] == "lighthouse.jpeg"
    assert answer["size"] == len(picture())
    assert answer["type"] == {"name": "image", "type": "image", "isDirectory": False}
    assert answer["isUserUpload"] is True
    assert "fileSize" not in answer
    assert "mediaType" not in answer
    assert api.download(answer["url"]).content == picture()


@pytest.mark.parametrize(("name", "stored"), [("a.PNG", "a.PNG"), ("a.b", "a.b.png"), ("a", "a.png")])
def test_the_extension_comes_from_the_type(api: Api, name, stored) -> None:
    assert api.upload(name).json()["name"] == stored


def test_a_wrong_upload_is_refused(api: Api) -> None:
    for kind in ("image/jpg", "application/json", "multipart/form-data; boundary=x", "image/svg+xml"):
        assert api.upload(kind=kind).status_code == 400
    assert api.upload(name="").json()["error"] == "Required param name is missing or empty"
    assert api.upload(width="wide").json()["error"] == "Parameter width has incorrect format"
    empty = api.call("POST", "/assets/?name=x", content=b"", headers={"Content-Type": "image/png"})
    assert empty.status_code == 400


def test_the_list_is_a_bare_array_of_another_shape(api: Api) -> None:
    mine = api.upload("mine").json()["assetId"]
    api.clock.pass_(1)
    video = api.finish()["artifacts"][0]["assetId"]
    listed = api.get("/assets/?offset=0&limit=50")
    assert [item["assetId"] for item in listed[:2]] == [video, mine]
    assert [item["name"] for item in listed[2:]] == ["harbour.jpeg", "meadow.jpeg"]
    clip, photo = listed[:2]
    assert (photo["mediaType"], photo["fileSize"], photo["metadata"]) == ("image", len(picture()), None)
    assert photo["isUserUpload"] is True
    assert "taskId" not in photo
    assert (clip["mediaType"], clip["isUserUpload"]) == ("video", False)
    assert clip["metadata"] == {
        "frameRate": 24, "duration": 5.0, "width": 1280, "height": 768, "hasAlphaChannel": False, "hasAudio": False,
    }  # fmt: skip
    assert clip["taskId"] == api.get("/tasks?offset=0&limit=1")[0]["taskId"]
    assert [item["assetId"] for item in api.get("/assets/?offset=0&limit=9&mediaType=video")] == [video]
    assert api.get(f"/assets/{mine}") == {**photo, "url": api.get(f"/assets/{mine}")["url"]}


def test_metadata_may_have_the_old_form(api: Api) -> None:
    api.finish()
    api.sim.fault("old-metadata")
    clip = api.get("/assets/?offset=0&limit=1&mediaType=video")[0]
    assert clip["metadata"]["dimensions"] == [1280, 768]


def test_samples_have_the_same_ids_in_every_state_and_stay_deleted(api: Api, tmp_path: Path) -> None:
    first, second = (item["assetId"] for item in api.get("/assets?offset=0&limit=2"))
    fresh = Api(tmp_path / "fresh")
    assert [item["assetId"] for item in fresh.get("/assets?offset=0&limit=2")] == [first, second]
    assert api.call("DELETE", f"/assets/{first}").json() == {"success": True}
    again = Api(tmp_path, clock=api.clock)
    assert [item["assetId"] for item in again.get("/assets?offset=0&limit=2")] == [second]
    assert again.call("DELETE", f"/assets/{first}").status_code == 404
    assert again.create(firstImage_assetId=first).status_code == 404


def test_previews_are_small_pictures(api: Api) -> None:
    for item in api.get("/assets?offset=0&limit=1"):
        preview = api.download(item["previewUrls"][0])
        assert (preview.status_code, preview.headers["content-type"]) == (200, "image/jpeg")
    clip = api.finish()["artifacts"][0]
    assert all(api.download(url).content[:2] == b"\xff\xd8" for url in clip["previewUrls"])


def test_a_broken_picture_has_no_preview_and_no_other_size(api: Api) -> None:
    headers = {"Content-Type": "image/png"}
    asset = api.call("POST", "/assets/?name=x", content=b"no picture", headers=headers).json()
    assert api.download(asset["previewUrls"][0]).status_code == 404
    query = {"image_url": asset["url"], "width": 64, "height": 48}
    assert api.call("GET", "/image_upscaler/", params=query).status_code == 400


def test_the_upscaler_answers_with_bytes(api: Api) -> None:
    from io import BytesIO

    from PIL import Image

    url = api.upload().json()["url"]
    query = {"image_url": url, "width": 64, "height": 48}
    answer = api.call("GET", "/image_upscaler/", params=query)
    assert answer.headers["content-type"] == "image/jpeg"
    assert Image.open(BytesIO(answer.content)).size == (64, 48)
    assert api.call("GET", "/image_upscaler/", params={**query, "width": 0}).status_code == 400
    assert api.call("GET", "/image_upscaler/", params={**query, "width": ""}).status_code == 400
    assert (
        api.call("GET", "/image_upscaler/", params={**query, "image_url": "http://example.org/a.jpg"}).status_code
        == 400
    )


# Links


def test_a_link_needs_no_login_and_carries_readable_claims(tmp_path: Path) -> None:
    api = Api(tmp_path, link_seconds=600)
    url = api.finish()["artifacts"][0]["url"]
    assert set(claims(url)) == {"keyHash", "bucket", "stage", "exp"}
    assert claims(url)["exp"] == int(START + LONG + 600)
    answer = api.download(url)
    assert answer.content == stub.CLIP
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.headers["content-length"] == str(len(stub.CLIP))


def test_a_part_of_a_file_can_be_asked_for(api: Api) -> None:
    url = api.finish()["artifacts"][0]["url"]
    answer = api.download(url, Range="bytes=4-11")
    assert (answer.status_code, answer.content) == (206, stub.CLIP[4:12])
    assert answer.headers["content-range"] == f"bytes 4-11/{len(stub.CLIP)}"
    assert api.download(url, Range=f"bytes={len(stub.CLIP)}-").status_code == 416


def test_an_expired_link_is_refused_and_a_new_look_gives_a_new_one(tmp_path: Path) -> None:
    api = Api(tmp_path, link_seconds=600)
    task = api.finish()
    api.clock.pass_(601)
    assert api.download(task["artifacts"][0]["url"]).status_code == 403
    assert api.download(api.task(task["taskId"])["artifacts"][0]["url"]).status_code == 200


def test_a_changed_or_foreign_link_is_refused(api: Api) -> None:
    one, two = (api.finish(seed=seed)["artifacts"][0]["url"] for seed in (1, 2))
    path, query = one.split("?")
    assert api.download(path).status_code == 403
    assert api.download(path + "?_jwt=a.b.c").status_code == 403
    assert api.download(path + "?_jwt=é").status_code == 403
    assert api.download(path + "?" + two.split("?")[1]).status_code == 403
    assert api.download(one[:-1] + ("A" if one[-1] != "A" else "B")).status_code == 403
    assert api.download(f"{path}/../../simulator.sqlite3?{query}").status_code in (403, 404)


def test_links_stay_good_over_a_restart(api: Api, tmp_path: Path) -> None:
    url = api.finish()["artifacts"][0]["url"]
    assert Api(tmp_path, clock=api.clock).download(url).status_code == 200


def test_a_login_sent_to_a_link_is_noted_as_a_leak(api: Api) -> None:
    url = api.finish()["artifacts"][0]["url"]
    assert api.download(url).status_code == 200
    assert "leaks" not in api.sim.log()[-1]
    assert api.call("GET", url, token=TOKEN).status_code == 200
    assert api.sim.log()[-1]["leaks"] == ["authorization"]
    assert api.sim.counts()["leaks"] == 1


# The page


def test_the_page_lists_everything_escaped_and_without_scripts(api: Api) -> None:
    api.start(text_prompt='<script>alert("x")</script> & more')
    api.upload('<img src=x onerror="y">')
    answer = api.call("GET", "http://sim.test/", token=None)
    assert answer.status_code == 200
    assert "default-src 'none'" in answer.headers["content-security-policy"]
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "&lt;script&gt;" in answer.text
    assert "&lt;img src=x" in answer.text


@pytest.mark.filterwarnings("ignore:Image size")
@pytest.mark.parametrize("pixels", [(13_000, 13_000), (16_383, 16_383)], ids=str)
def test_a_picture_of_few_bytes_and_far_too_many_pixels_is_not_opened(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, pixels
) -> None:
    head = struct.pack("<Q", 0x2F | pixels[0] - 1 << 8 | pixels[1] - 1 << 22)[:5]
    (tmp_path / "bomb.webp").write_bytes(b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0" + head + bytes(9))
    head = b"IHDR" + struct.pack(">IIBBBBB", *pixels, 1, 0, 0, 0, 0)
    parts = struct.pack(">I", 13) + head + struct.pack(">I", zlib.crc32(head)) + bytes(4) + b"IDAT" + bytes(20)
    (tmp_path / "bomb.png").write_bytes(b"\x89PNG\r\n\x1a\n" + parts)
    monkeypatch.setattr(ImageFile.ImageFile, "load", lambda _: pytest.fail("it was decoded"))
    for path in (tmp_path / "bomb.webp", tmp_path / "bomb.png"):
        for work in (
            lambda p: samples.thumbnail(p, tmp_path / "out.jpg"),
            lambda p: samples.upscale(p.read_bytes(), 9, 9),
        ):
            with pytest.raises(OSError, match="pixels"):
                work(path)
        with pytest.raises(OSError, match="pixels"):
            load(path, 1280, 768)
