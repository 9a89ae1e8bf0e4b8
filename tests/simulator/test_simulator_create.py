"""The create call: what it takes, what it refuses, what it answers."""

from __future__ import annotations

from pathlib import Path

import pytest

from support.simulator_kit import EMAIL, LONG, SECOND, TOKEN, Api

NOBODY = f"user:4711-runwayml:{EMAIL}-asset:0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11"


@pytest.mark.parametrize(
    "token", [None, "abc", "user:4711", "user:-abc", "4711-abc", "user:4711-a%62c", "user:4711-abc def"]
)
def test_a_missing_or_malformed_token_is_unauthorized_everywhere(api: Api, token) -> None:
    for method, path in [("GET", "/accounts"), ("POST", "/gen3turbo/create"), ("GET", "/scheduler/")]:
        answer = api.call(method, path, token=token)
        assert answer.status_code == 401
        assert answer.json() == {"error": "Unauthorized", "code": 401}


def test_only_the_given_token_is_good_when_one_is_given(tmp_path: Path) -> None:
    api = Api(tmp_path, token="user:1-secret")
    assert api.call("GET", "/accounts").status_code == 401
    assert api.call("GET", "/accounts", token="user:1-secret").status_code == 200


def test_the_answer_is_the_flat_task_with_features_reply_and_code(api: Api) -> None:
    body = api.create(seed=77, zoom=2.5, pan=-3, replyRef="rnb-1").json()
    uuid = body["id"]
    assert body["taskId"] == f"user:4711-runwayml:{EMAIL}-task:{uuid}"
    assert body["taskType"] == "gen3a_turbo"
    assert body["status"] == "PENDING"
    assert body["progressRatio"] is None
    assert isinstance(body["estimatedTimeToStartSeconds"], (int, float))
    assert body["artifacts"] == []
    assert body["options"]["camera"] == {
        "x": 0, "y": 0, "r": 0, "z": 2.5, "bg_x_pan": -3, "bg_y_pan": 0, "static": False,
    }  # fmt: skip
    assert body["options"]["seed"] == 77
    assert body["options"]["text_prompt"] == "A lamp turns"
    assert body["name"] == "Gen-3 Alpha Turbo 77, A lamp turns"
    assert body["features"] == {
        "storageGB": 500, "numPlanCredits_permitted": 2250, "numPlanCredits_used": 25,
    }  # fmt: skip
    assert body["replyRef"] == "rnb-1"
    assert "replyUrl" not in body
    assert body["code"] == 200


def test_times_are_iso_in_utc_with_milliseconds(api: Api) -> None:
    assert api.create().json()["createdAt"] == "2023-11-14T22:13:20.000Z"


def test_a_seed_is_drawn_when_none_is_given(api: Api) -> None:
    seeds = {api.create().json()["options"]["seed"] for _ in range(3)}
    assert len(seeds) == 3
    assert all(1 <= seed <= 4294967294 for seed in seeds)


def test_keyframes_are_listed_with_their_times(api: Api) -> None:
    first, last = (api.upload(name).json()["assetId"] for name in ("first", "last"))
    options = api.create(firstImage_assetId=first, lastImage_assetId=last).json()["options"]
    assert [keyframe["timestamp"] for keyframe in options["keyframes"]] == [0, 1]
    assert options["init_image"] == options["keyframes"][0]["image"]
    assert api.download(options["init_image"]).status_code == 200


def test_portrait_is_flipped(api: Api) -> None:
    assert api.finish(aspect_ratio="portrait")["artifacts"][0]["metadata"]["dimensions"] == [768, 1280]
    assert api.create(aspect_ratio="portrait").json()["options"]["flip"] is True


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ({"seconds": 7}, "Supported values for seconds: 5, 10"),
        ({"seconds": "5"}, "Parameter seconds has incorrect format"),
        ({"seconds": True}, "Parameter seconds has incorrect format"),
        ({"aspect_ratio": "16:9"}, "Supported values for aspect_ratio: landscape, portrait"),
        ({"zoom": 10.1}, "Parameter zoom has incorrect format"),
        ({"pan": "2"}, "Parameter pan has incorrect format"),
        ({"tilt": -11}, "Parameter tilt has incorrect format"),
        ({"seed": 0}, "Parameter seed has incorrect format"),
        ({"seed": 4294967295}, "Parameter seed has incorrect format"),
        ({"seed": 1.5}, "Parameter seed has incorrect format"),
        ({"maxJobs": 11}, "Parameter maxJobs has incorrect format"),
        ({"exploreMode": "yes"}, "Parameter exploreMode has incorrect format"),
        ({"static": True, "zoom": 1}, "Parameter static has incorrect format"),
        ({"replyUrl": "x" * 1025}, "replyUrl is too long"),
        ({"replyRef": "x" * 1025}, "replyRef is too long"),
        ({"firstImage_assetId": "nonsense"}, "Parameter firstImage_assetId has incorrect format"),
        ({"text_prompt": ""}, "Required param text_prompt is missing or empty"),
    ],
)
def test_a_wrong_field_is_refused_by_name_and_starts_nothing(api: Api, field, text) -> None:
    answer = api.create(**field)
    assert answer.status_code == 400
    assert answer.json() == {"error": text, "code": 400}
    assert api.sim.counts()["tasks_started"] == 0


@pytest.mark.parametrize(
    "fields",
    [
        {"zoom": 10, "pan": -10, "tilt": 0, "roll": 0.5},
        {"static": True},
        {"static": False, "zoom": 1},
        {"seconds": 10},
        {"seed": 4294967294, "maxJobs": 10},
        {"replyRef": "x" * 1024},
        {"middleImage_assetId": None},
    ],
)
def test_every_documented_value_is_taken(api: Api, fields) -> None:
    assert api.create(**fields).status_code == 200


def test_the_body_may_be_a_form(api: Api) -> None:
    form = {"text_prompt": "A lamp", "seconds": "10", "zoom": "-2.5", "seed": "9", "exploreMode": "false"}
    parts = {name: (None, text) for name, text in form.items()}
    options = api.call("POST", "/gen3turbo/create", files=parts).json()["options"]
    assert (options["seconds"], options["camera"]["z"], options["seed"]) == (10, -2.5, 9)
    wrong = api.call("POST", "/gen3turbo/create", files={**parts, "seconds": (None, "five")})
    assert wrong.json()["error"] == "Parameter seconds has incorrect format"


@pytest.mark.parametrize(
    ("kind", "content"),
    [("text/plain", b"{}"), ("application/json", b"{"), ("application/json", b"[1]"), ("application/json", b"\xff")],
)
def test_another_body_is_refused(api: Api, kind, content) -> None:
    answer = api.call("POST", "/gen3turbo/create", content=content, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.json()["code"] == 400


def test_an_unknown_keyframe_is_named_by_its_bare_uuid(api: Api) -> None:
    answer = api.create(firstImage_assetId=NOBODY)
    assert answer.status_code == 404
    text = "Unable to retrieve assetId 0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11 (Not found.)"
    assert answer.json() == {"error": text, "code": 404}


def test_the_asset_of_another_user_is_forbidden(api: Api) -> None:
    mine = api.upload().json()["assetId"]
    answer = api.call(
        "POST", "/gen3turbo/create", token="user:5-other", json={"firstImage_assetId": mine}
    )  # fmt: skip
    assert answer.status_code == 403


def test_a_sample_works_as_a_keyframe_before_any_list_was_asked_for(api: Api, tmp_path: Path) -> None:
    sample = api.get("/assets/?offset=0&limit=1")[0]["assetId"]
    fresh = Api(tmp_path / "fresh")
    assert fresh.create(firstImage_assetId=sample).status_code == 200


def test_a_clip_is_no_keyframe(api: Api) -> None:
    video = api.finish()["artifacts"][0]["assetId"]
    assert api.create(firstImage_assetId=video).status_code == 400


def test_unknown_fields_are_taken_and_noted(api: Api) -> None:
    api.create(email=EMAIL, sedd=1, zoom=None)
    assert api.sim.log()[-1]["unknown"] == ["email", "sedd", "zoom=null"]
    api.get("/tasks/?offset=0&limit=1&order=1")
    assert api.sim.log()[-1]["unknown"] == ["order"]


def test_an_empty_text_counts_as_left_out_and_is_noted(api: Api) -> None:
    empty = {"aspect_ratio": "", "seconds": "", "seed": "", "zoom": "", "firstImage_assetId": "", "replyUrl": ""}
    options = api.create(**empty).json()["options"]
    assert (options["seconds"], options["flip"], options["keyframes"], options["camera"]["z"]) == (5, False, [], 0)
    assert api.sim.log()[-1]["unknown"] == [f'{name}=""' for name in empty]


def test_the_log_never_holds_the_token(api: Api) -> None:
    api.create()
    api.call("GET", f"/tasks/{TOKEN}?token={TOKEN}")
    assert TOKEN not in str(api.sim.log())
    assert api.sim.log()[-1]["leaks"] == ["address"]


# Credits


def test_credits_are_counted_by_the_second_until_they_run_out(tmp_path: Path) -> None:
    api = Api(tmp_path, credits=80)
    api.start(seconds=10)
    assert api.get("/features/") == {
        "permitted": {"storageGB": 500, "numPlanCredits": 80}, "used": {"numPlanCredits": 50},
    }  # fmt: skip
    api.start(seconds=5)
    answer = api.create()
    assert answer.status_code == 412
    assert answer.json() == {"error": "You do not have enough credits to run this task."}
    assert api.sim.counts()["tasks_started"] == 2


def test_explore_mode_is_free_unless_switched(tmp_path: Path) -> None:
    api = Api(tmp_path, credits=25)
    api.start(exploreMode=True)
    api.start(exploreMode=True)
    assert api.get("/features/")["used"]["numPlanCredits"] == 0
    api.sim.fault("explore-costs")
    api.start(exploreMode=True)
    assert api.create(exploreMode=True).status_code == 412
    api.sim.fault("explore-refused")
    assert api.create(exploreMode=True).status_code == 412


# Slots


def test_a_full_account_refuses_and_tells_what_runs(tmp_path: Path) -> None:
    api = Api(tmp_path, max_jobs=2)
    running = [api.start(replyRef="a"), api.start(replyUrl="http://127.0.0.1:1/x")]
    answer = api.create()
    assert answer.status_code == 429
    items = [{"email": EMAIL, "taskId": name, "id": name[-36:]} for name in running]
    items[0]["replyRef"] = "a"
    items[1]["replyUrl"] = "http://127.0.0.1:1/x"
    body = answer.json()
    assert body["error"] == f"Account {EMAIL} is busy executing 2 tasks"
    assert sorted(body["runningTasks"][EMAIL], key=str) == sorted(items, key=str)
    assert body["code"] == 429
    api.clock.pass_(LONG)
    assert api.create().status_code == 200


def test_max_jobs_of_the_request_overrules_the_account(api: Api) -> None:
    api.start()
    assert api.create(maxJobs=1).status_code == 429
    assert api.create(maxJobs=2).status_code == 200


def test_runways_own_limit_counts_tasks_of_the_web_app(tmp_path: Path) -> None:
    api = Api(tmp_path, runway_limit=2)
    api.sim.web_task("4711", text_prompt="by hand")
    api.start()
    answer = api.create()
    assert answer.status_code == 429
    text = "You have too many tasks running or pending. Please wait for some of them to finish before starting more."
    assert answer.json() == {"error": text}


# Accounts


def test_without_an_account_nothing_can_be_made(tmp_path: Path) -> None:
    api = Api(tmp_path, accounts=0)
    assert api.call("GET", "/accounts").status_code == 404
    answer = api.create()
    assert answer.json() == {"error": "Please configure at least one account", "code": 400}
    assert answer.status_code == 400


def test_with_two_accounts_the_lists_need_an_email(tmp_path: Path) -> None:
    api = Api(tmp_path, accounts=2)
    assert list(api.get("/accounts")) == [EMAIL, SECOND]
    for path in ["/tasks?offset=0&limit=1", "/assets?offset=0&limit=1", "/features/?x=1"]:
        answer = api.call("GET", path)
        assert answer.status_code == 400
        assert answer.json()["error"] == "Required param email is missing or empty"
        assert api.call("GET", f"{path}&email={SECOND}").status_code == 200
        assert api.call("GET", f"{path}&email=stranger@example.org").status_code == 400
    assert api.upload().status_code == 400


def test_the_asset_decides_which_account_runs(tmp_path: Path) -> None:
    api = Api(tmp_path, accounts=2)
    one, two = (api.upload(email=email).json()["assetId"] for email in (EMAIL, SECOND))
    assert SECOND in api.start(firstImage_assetId=two)
    assert api.create(firstImage_assetId=one, lastImage_assetId=two).status_code == 404
    assert api.get(f"/features/?email={SECOND}")["used"]["numPlanCredits"] == 25
    assert api.get(f"/features/?email={EMAIL}")["used"]["numPlanCredits"] == 0


def test_without_an_asset_an_account_with_a_free_slot_runs(tmp_path: Path) -> None:
    api = Api(tmp_path, accounts=2, max_jobs=1)
    assert {api.start().split("runwayml:")[1].split("-task")[0] for _ in range(2)} == {EMAIL, SECOND}
    assert api.create().status_code == 429


def test_passwords_and_sessions_are_masked_from_the_start(api: Api, tmp_path: Path) -> None:
    body = {"email": "me@example.org", "password": "hunter2-very-secret", "maxJobs": 3}
    answer = api.call("POST", "/accounts/me@example.org", json=body)
    assert answer.json()["maxJobs"] == 3
    assert api.get("/accounts/me@example.org")["password"] == "…"
    assert api.get("/accounts")["me@example.org"]["jwt"]["token"] == "…"
    api.sim.stop()
    assert not any(b"hunter2" in path.read_bytes() for path in tmp_path.rglob("*") if path.is_file())


def add(api: Api, email: str, jobs: int = 3) -> None:
    body = {"email": email, "password": "x", "maxJobs": jobs}
    assert api.call("POST", f"/accounts/{email}", json=body).status_code == 200


def test_the_first_account_that_is_added_takes_the_place_of_the_built_in_one(api: Api, tmp_path: Path) -> None:
    before = api.start()
    add(api, "me@example.org")
    assert list(api.get("/accounts")) == ["me@example.org"]
    assert "me@example.org" in api.start()
    assert api.get("/features")["used"]["numPlanCredits"] == 25
    assert api.get("/assets?offset=0&limit=9")
    assert api.task(before)["taskId"] == before
    add(api, "you@example.org")
    assert list(api.get("/accounts")) == ["me@example.org", "you@example.org"]
    for email in ("me@example.org", "you@example.org"):
        assert api.call("DELETE", f"/accounts/{email}").status_code == 200
    assert api.call("GET", "/accounts").status_code == 404
    assert list(api.get("/accounts", token="user:9-x")) == [EMAIL]


def test_a_built_in_account_that_is_posted_again_stays(tmp_path: Path) -> None:
    api = Api(tmp_path, accounts=2)
    add(api, EMAIL, jobs=1)
    assert list(api.get("/accounts")) == [EMAIL, SECOND]
    assert api.get(f"/accounts/{EMAIL}")["maxJobs"] == 1


@pytest.mark.parametrize("change", [{"maxJobs": 0}, {"maxJobs": 11}, {"email": "you@example.org"}, {"password": ""}])
def test_a_wrong_account_is_refused(api: Api, change) -> None:
    body = {"email": "me@example.org", "password": "x", "maxJobs": 3, **change}
    assert api.call("POST", "/accounts/me@example.org", json=body).status_code == 400


def test_an_account_can_be_removed(api: Api) -> None:
    assert api.call("DELETE", f"/accounts/{EMAIL}").status_code == 200
    assert api.call("GET", f"/accounts/{EMAIL}").status_code == 404
    assert api.create().status_code == 400


def test_the_email_in_a_path_is_not_decoded(api: Api) -> None:
    assert api.call("GET", "/accounts/simulator%40runway-nb.invalid").status_code == 404


def test_the_account_of_the_service_has_a_default_reply_address(api: Api) -> None:
    url = "http://sim.test/v2/account"
    assert "replyUrl" not in api.get(url)
    api.call("POST", url, json={"name": "Sam", "replyUrl": "http://127.0.0.1:9/hook"})
    assert api.get(url)["replyUrl"] == "http://127.0.0.1:9/hook"
    assert api.create().json()["replyUrl"] == "http://127.0.0.1:9/hook"
    assert api.create(replyUrl="http://127.0.0.1:9/own").json()["replyUrl"] == "http://127.0.0.1:9/own"
    answer = api.call("POST", url, json={"replyUrl": "x" * 1025})
    assert answer.json() == {"error": "replyUrl is too long", "code": 400}
    assert api.call("GET", url, token=None).status_code == 401


def test_a_body_that_is_nested_without_end_is_no_fault_of_the_simulator(api: Api) -> None:
    answer = api.call("POST", "/gen3turbo/create", content=b"[" * 100_000, headers={"Content-Type": "application/json"})
    assert answer.status_code == 400
    answer = api.call("POST", "http://sim.test/simulator/faults", content=b"[" * 100_000)
    assert answer.status_code == 400
