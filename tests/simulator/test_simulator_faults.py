"""Faults by name, the control path, callbacks."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path

import httpx
import pytest

from runway_nb.simulator.http.callbacks import is_loopback
from runway_nb.simulator.rendering import stub
from runway_nb.simulator.service.faults import KINDS
from support.simulator_kit import EMAIL, LONG, Api

CONTROL = "http://sim.test/simulator"


def started(api):
    return api.sim.counts()["tasks_started"]


# Lost answers


def test_a_lost_answer_leaves_a_started_task(api: Api) -> None:
    api.sim.fault("lost-answer", times=1)
    with pytest.raises(httpx.TransportError):
        api.create(replyRef="rnb-1")
    assert started(api) == 1
    assert api.sim.counts()["creates_received"] == 1
    assert api.sim.log()[-1]["status"] == "dropped"
    assert api.get("/scheduler/")[0]["replyRef"] == "rnb-1"


def test_a_create_lost_before_starts_nothing(api: Api) -> None:
    api.sim.fault("lost-before", times=1)
    with pytest.raises(httpx.TransportError):
        api.create()
    assert (started(api), api.sim.counts()["creates_received"]) == (0, 1)
    assert api.create().status_code == 200


@pytest.mark.parametrize(("name", "status", "tasks"), [("522", 522, 1), ("522-before", 522, 0), ("not-json", 200, 1)])
def test_a_proxy_answers_in_html(api: Api, name, status, tasks) -> None:
    api.sim.fault(name)
    answer = api.create()
    assert (answer.status_code, started(api)) == (status, tasks)
    assert answer.headers["content-type"].startswith("text/html")
    with pytest.raises(json.JSONDecodeError):
        answer.json()


@pytest.mark.parametrize("status", [408, 500, 502, 503, 504, 520, 521, 522, 523, 524])
@pytest.mark.parametrize(("name", "tasks"), [("522", 1), ("522-before", 0)])
def test_an_outage_has_the_status_that_is_asked_for(api: Api, name, tasks, status) -> None:
    api.sim.fault(name, times=1, status=status)
    answer = api.create()
    assert (answer.status_code, started(api)) == (status, tasks)
    if status in (408, 500):
        assert (set(answer.json()), answer.json()["code"]) == ({"error", "code"}, status)
    else:
        assert answer.headers["content-type"].startswith("text/html")
        assert f"<h1>{status}: " in answer.text
    assert api.create().status_code == 200


def test_an_outage_may_meet_a_poll(api: Api) -> None:
    task_id = api.start()
    api.sim.fault("get-522", times=1, status=504)
    assert api.call("GET", f"/tasks/{task_id}").status_code == 504
    assert api.task(task_id)["status"] == "PENDING"


def test_an_answer_without_task_id(api: Api) -> None:
    api.sim.fault("no-task-id")
    body = api.create().json()
    assert "taskId" not in body
    assert "id" not in body
    assert body["code"] == 200
    assert started(api) == 1


def test_a_slow_answer_comes_after_the_task_has_started(api: Api) -> None:
    api.sim.fault("slow-answer", times=1, seconds=0.05)
    assert api.create().status_code == 200


def test_nested_and_both_shapes(api: Api) -> None:
    api.sim.fault("nested", times=1)
    body = api.create().json()
    assert set(body) == {"task", "code"}
    assert body["task"]["taskId"]
    api.sim.fault("both", times=1)
    body = api.create().json()
    assert body["taskId"] == body["task"]["taskId"]
    api.sim.fault("nested", times=1, on="task")
    task_id = api.start()
    assert api.task(task_id)["task"]["taskId"] == task_id


# Tasks that are hard to find again


def lose(api, **details):
    """Starts a late task; gives its id, which nobody was told."""
    known = {task.uuid for task in api.sim.world.store.tasks("1")}
    api.sim.fault("late-task", times=1, **details)
    with pytest.raises(httpx.TransportError):
        api.create(replyRef="rnb-late", seed=77)
    (task,) = [task for task in api.sim.world.store.tasks("1") if task.uuid not in known]
    return f"user:4711-runwayml:{EMAIL}-task:{task.uuid}"


def places(api, task_id):
    """Where a task can be seen."""
    api.sim.fault("429-account", times=1)
    lists = {
        "scheduler": api.get("/scheduler/"),
        "tasks": api.get("/tasks/?offset=0&limit=50"),
        "429": api.create().json()["runningTasks"][EMAIL],
    }
    seen = {name for name, items in lists.items() if task_id in [item["taskId"] for item in items]}
    return seen | ({"task"} if api.call("GET", f"/tasks/{task_id}").status_code == 200 else set())


EVERYWHERE = {"scheduler", "tasks", "task", "429"}


@pytest.mark.parametrize(("details", "seconds"), [({}, 20), ({"seconds": 3}, 3), ({"seconds": 0}, 0)])
def test_a_late_task_is_started_and_shown_later(api: Api, details, seconds) -> None:
    task_id = lose(api, **details)
    assert started(api) == 1
    assert api.sim.log()[-1]["status"] == "dropped"
    assert api.sim.world.credits_used("4711", EMAIL) == 25
    if seconds:
        api.clock.pass_(seconds - 1)
        assert places(api, task_id) == set()
        api.clock.pass_(1)
    assert places(api, task_id) == EVERYWHERE
    assert started(api) == 1


def test_a_late_task_is_unknown_until_it_is_shown(api: Api) -> None:
    task_id = lose(api)
    for method, path in (("GET", "tasks"), ("DELETE", "tasks"), ("DELETE", "scheduler")):
        assert api.call(method, f"/{path}/{task_id}").status_code == 404
    assert api.call("GET", f"/tasks/{task_id}").json() == {"error": "Not found.", "code": 404}
    api.clock.pass_(20)
    (item,) = api.get("/scheduler/")
    assert item == {"taskId": task_id, "replyRef": "rnb-late"}
    assert api.task(task_id)["options"]["seed"] == 77
    api.clock.pass_(LONG)
    assert api.task(task_id)["status"] == "SUCCEEDED"


def test_only_the_late_task_is_hidden(api: Api) -> None:
    before = api.start()
    late = lose(api)
    after = api.start()
    assert [item["taskId"] for item in api.get("/scheduler/")] == [before, after]
    api.clock.pass_(20)
    assert [item["taskId"] for item in api.get("/scheduler/")] == [before, late, after]
    assert [item["taskId"] for item in api.get("/tasks/?offset=0&limit=50")] == [after, late, before]


def test_a_late_task_follows_the_speed_and_outlives_a_restart(tmp_path: Path) -> None:
    first = Api(tmp_path, speed=4.0)
    task_id = lose(first)
    second = Api(tmp_path, speed=4.0, clock=first.clock)
    second.clock.pass_(4)
    assert places(second, task_id) == set()
    second.clock.pass_(1)
    assert places(second, task_id) == EVERYWHERE


def running(api):
    """The tasks that a refusal for want of a free slot names."""
    answer = api.create()
    assert answer.status_code == 429
    return {item["taskId"] for item in answer.json()["runningTasks"][EMAIL]}


def test_a_late_task_takes_its_slot_when_the_scheduler_shows_it(tmp_path: Path) -> None:
    api = Api(tmp_path, max_jobs=2)
    task_id = lose(api)
    others = {api.start(), api.start()}
    assert running(api) == others
    api.clock.pass_(20)
    assert running(api) == {*others, task_id}
    assert started(api) == 3


def test_a_late_task_counts_for_runways_own_limit_at_once(tmp_path: Path) -> None:
    api = Api(tmp_path, runway_limit=1)
    lose(api)
    answer = api.create()
    assert (answer.status_code, set(answer.json()), started(api)) == (429, {"error"}, 1)


@pytest.mark.parametrize("name", ["nested", "both", "no-task-id", "not-json", "522"])
def test_no_other_fault_brings_back_the_answer_of_a_late_task(api: Api, name) -> None:
    api.sim.fault(name)
    lose(api)


@pytest.mark.parametrize("name", ["list-bare", "list-nameless"])
@pytest.mark.parametrize("wrapped", [False, True])
def test_the_list_may_leave_out_the_options(api: Api, name, wrapped) -> None:
    task_id = api.start(seed=77)
    (full,) = api.get("/tasks/?offset=0&limit=50")
    if wrapped:
        api.sim.fault("list-object", times=1)
    api.sim.fault(name, times=1)
    body = api.get("/tasks/?offset=0&limit=50")
    (item,) = body["tasks"] if wrapped else body
    assert set(full) - set(item) == {"options"}
    assert "77" in full["name"]
    assert item["name"] == (full["name"] if name == "list-bare" else "")
    assert (item["taskId"], item["createdAt"]) == (task_id, full["createdAt"])
    assert api.task(task_id)["options"]["seed"] == 77
    assert api.get("/tasks/?offset=0&limit=50") == [full]


def test_the_scheduler_may_have_dropped_its_tasks(api: Api) -> None:
    task_id = api.start()
    api.sim.fault("scheduler-empty", times=2)
    assert [api.get("/scheduler/") for _ in range(2)] == [[], []]
    assert [item["taskId"] for item in api.get("/scheduler/")] == [task_id]
    api.sim.fault("scheduler-empty")
    assert [item["taskId"] for item in api.get("/tasks/?offset=0&limit=50")] == [task_id]
    assert api.task(task_id)["status"] == "PENDING"


def test_the_category_of_moderation_can_be_chosen(api: Api) -> None:
    api.sim.fault("moderated", times=1)
    assert api.finish()["error"]["moderation_category"] == "VIOLENCE"
    api.sim.fault("moderated", times=1, category="CHILDREN")
    error = api.finish()["error"]
    assert (error["moderation_category"], error["reason"]) == ("CHILDREN", "SAFETY.INPUT.TEXT")


# Refusals


@pytest.mark.parametrize(
    ("name", "status", "body"),
    [
        ("401", 401, {"error": "Unauthorized", "code": 401}),
        ("402", 402, {"error": "Account has no subscription or subscription expired", "code": 402}),
        ("412", 412, {"error": "You do not have enough credits to run this task."}),
        ("422", 422, {"error": "The prompt was rejected by moderation", "code": 422}),
    ],
)
def test_a_refusal_by_name_starts_nothing(api: Api, name, status, body) -> None:
    api.sim.fault(name, times=1)
    answer = api.create()
    assert (answer.status_code, answer.json(), started(api)) == (status, body, 0)
    assert api.create().status_code == 200


def test_a_status_that_no_register_knows(api: Api) -> None:
    api.sim.fault("596")
    assert (api.create().status_code, api.create().json()["code"]) == (596, 596)


def test_an_asset_that_is_not_found_although_it_is_there(api: Api) -> None:
    api.sim.fault("404-asset")
    answer = api.create()
    assert answer.status_code == 404
    assert answer.json()["error"].startswith("Unable to retrieve assetId ")


def test_both_kinds_of_429(api: Api) -> None:
    task_id = api.start(replyRef="mine")
    api.sim.fault("429-account", times=1)
    body = api.create().json()
    assert body["runningTasks"][EMAIL][0]["taskId"] == task_id
    assert body["runningTasks"][EMAIL][0]["replyRef"] == "mine"
    assert body["code"] == 429
    api.sim.fault("429-runway", times=1, retry_after=17)
    answer = api.create()
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "17")
    assert set(answer.json()) == {"error"}
    api.sim.fault("429-runway")
    assert "Retry-After" not in api.create().headers


def test_an_idle_account_may_claim_to_be_busy(api: Api) -> None:
    api.sim.fault("429-account")
    assert len(api.create().json()["runningTasks"][EMAIL]) == 1


# Trouble while polling and while downloading


@pytest.mark.parametrize(("name", "status"), [("get-522", 522), ("get-500", 500), ("get-429", 429), ("get-html", 200)])
def test_polling_meets_trouble_and_goes_on(api: Api, name, status) -> None:
    task_id = api.start()
    api.sim.fault(name, times=2)
    assert [api.call("GET", f"/tasks/{task_id}").status_code for _ in range(2)] == [status, status]
    assert api.task(task_id)["status"] == "PENDING"


def test_polling_may_be_cut_off(api: Api) -> None:
    task_id = api.start()
    api.sim.fault("get-drop", times=1)
    with pytest.raises(httpx.TransportError):
        api.task(task_id)
    assert api.task(task_id)["taskId"] == task_id


def test_trouble_can_be_moved_to_another_call(api: Api) -> None:
    api.sim.fault("get-500", times=1, on="upload")
    assert api.upload().status_code == 500
    assert api.upload().status_code == 200


def test_a_download_may_end_early(api: Api) -> None:
    url = api.finish()["artifacts"][0]["url"]
    api.sim.fault("cut-download", times=1)
    answer = api.download(url)
    assert answer.headers["content-length"] == str(len(stub.CLIP))
    assert len(answer.content) == len(stub.CLIP) // 2
    assert api.download(url).content == stub.CLIP


def test_a_download_may_be_slow_and_is_whole(api: Api) -> None:
    url = api.finish()["artifacts"][0]["url"]
    api.sim.fault("slow-download", times=1, seconds=0.2)
    began = time.monotonic()
    answer = api.download(url)
    assert time.monotonic() - began > 0.15
    assert answer.headers["content-length"] == str(len(stub.CLIP))
    assert answer.headers["content-type"] == "video/mp4"
    assert answer.content == stub.CLIP


def test_a_download_may_fail(api: Api) -> None:
    task = api.finish()["artifacts"][0]
    api.sim.fault("artifact-500", times=1)
    assert api.download(task["previewUrls"][0]).status_code == 200
    assert api.download(task["url"]).status_code == 500
    assert api.download(task["url"]).status_code == 200


def test_a_link_may_have_expired_when_it_comes(api: Api) -> None:
    api.sim.fault("expired-link", times=1)
    task = api.finish()
    assert api.download(task["artifacts"][0]["url"]).status_code == 403
    assert api.download(api.task(task["taskId"])["artifacts"][0]["url"]).status_code == 200


# The control path


def test_faults_are_set_listed_and_cleared_over_the_control_path(api: Api) -> None:
    set_ = api.call("POST", f"{CONTROL}/faults", token=None, json={"name": "422", "times": 3})
    assert set_.json()["faults"] == [{"name": "422", "times": 3, "on": "create"}]
    api.create()
    api.call("POST", f"{CONTROL}/faults", json={"name": "throttled", "seconds": 5})
    listed = api.get(f"{CONTROL}/faults", token=None)
    assert listed["faults"][0]["times"] == 2
    assert set(listed["known"]) == set(KINDS)
    assert [f["name"] for f in api.call("DELETE", f"{CONTROL}/faults/422").json()["faults"]] == ["throttled"]
    assert api.call("DELETE", f"{CONTROL}/faults").json()["faults"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"name": "nonsense"},
        {"name": "422", "times": 0},
        {"name": "422", "times": "x"},
        {"name": "522", "status": 404},
        [1],
    ],
)
def test_a_wrong_fault_is_refused(api: Api, body) -> None:
    assert api.call("POST", f"{CONTROL}/faults", json=body).status_code == 400
    assert api.sim.counts()["creates_received"] == 0


def test_a_page_of_another_site_cannot_set_faults(api: Api) -> None:
    body = {"name": "422"}
    away = api.call("POST", f"{CONTROL}/faults", json=body, headers={"Origin": "https://example.org"})
    assert away.status_code == 403
    assert api.call("POST", f"{CONTROL}/faults", json=body, headers={"Origin": "http://sim.test"}).status_code == 200


def test_a_wrong_name_is_refused_in_python_with_the_known_ones(api: Api) -> None:
    with pytest.raises(ValueError, match="lost-answer"):
        api.sim.fault("lost-anser")


def test_the_log_and_the_counts_are_readable_over_the_control_path(api: Api) -> None:
    api.create(sedd=1)
    log = api.get(f"{CONTROL}/log", token=None)
    assert log == [{"method": "POST", "path": "/v1/runwayml/gen3turbo/create", "status": 200, "unknown": ["sedd"]}]
    assert api.get(f"{CONTROL}/counts", token=None)["tasks_started"] == 1


def test_counts_outlive_the_process(api: Api, tmp_path: Path) -> None:
    api.start()
    assert Api(tmp_path, clock=api.clock).sim.counts()["creates_received"] == 1


# Callbacks


class Receiver:
    def __init__(self):
        self.posts = []

    def __call__(self, request):
        self.posts.append((str(request.url), json.loads(request.content)))
        return httpx.Response(200)

    def collect(self, api, seconds=LONG, step=1.0):
        for _ in range(int(seconds / step)):
            asyncio.run(api.sim.post_callbacks(httpx.MockTransport(self)))
            api.clock.pass_(step)
        return [body["status"] for _, body in self.posts]


HOOK = "http://127.0.0.1:9/hook"


def test_several_posts_per_task_the_last_one_terminal(api: Api) -> None:
    receiver = Receiver()
    task_id = api.start(replyUrl=HOOK, replyRef="rnb-1")
    words = receiver.collect(api)
    assert words[0] == "PENDING"
    assert words[-1] == "SUCCEEDED"
    assert words.count("SUCCEEDED") == 1
    assert words.count("RUNNING") >= 3
    url, body = receiver.posts[-1]
    assert url == HOOK
    assert (body["taskId"], body["replyRef"], body["replyUrl"], body["code"]) == (task_id, "rnb-1", HOOK, 200)
    assert body["artifacts"][0]["url"]


def test_nothing_is_posted_again_after_a_restart(api: Api, tmp_path: Path) -> None:
    api.start(replyUrl=HOOK)
    Receiver().collect(api)
    assert Receiver().collect(Api(tmp_path, clock=api.clock), seconds=3) == []


def test_callbacks_may_come_twice_and_out_of_order(api: Api) -> None:
    api.sim.fault("callback-twice")
    api.sim.fault("callback-disorder")
    api.start(replyUrl=HOOK)
    words = Receiver().collect(api)
    assert words[:2] == ["PENDING", "PENDING"]
    assert words[-3:] == ["SUCCEEDED", "SUCCEEDED", "RUNNING"]


def test_leaving_the_scheduler_stops_the_callbacks(api: Api) -> None:
    receiver = Receiver()
    task_id = api.start(replyUrl=HOOK)
    receiver.collect(api, seconds=1)
    api.call("DELETE", f"/scheduler/{task_id}")
    assert receiver.collect(api) == ["PENDING"]


def test_only_this_machine_is_ever_posted_to(api: Api) -> None:
    receiver = Receiver()
    api.start(replyUrl="https://hooks.example.org/r/1")
    assert receiver.collect(api) == []
    noted = [entry for entry in api.sim.log() if "callback" in entry]
    assert noted
    assert not any(entry["sent"] for entry in noted)
    assert api.sim.counts()["callbacks_sent"] == 0


@pytest.mark.parametrize(
    ("url", "good"),
    [
        ("http://127.0.0.1:80/x", True),
        ("http://localhost/x", True),
        ("http://[::1]:9/", True),
        ("http://127.0.0.1.example.org/", False),
        ("http://127.0.0.1@example.org/", False),
        ("http://localhost.example.org/", False),
        ("https://127.0.0.1/", False),
        ("file:///etc/passwd", False),
        ("http://0.0.0.0/", False),
        ("http://[", False),
        ("nonsense", False),
    ],
)
def test_what_counts_as_this_machine(url, good) -> None:
    assert is_loopback(url) is good
