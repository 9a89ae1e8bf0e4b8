"""What happens to a task: in time, over restarts, with every kind of ending."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.simulator import EMBEDDED_SPEED
from runway_nb.simulator.rendering import stub
from runway_nb.simulator.service.models import GEN3_TURBO
from runway_nb.simulator.service.timeline import Course, plan, snapshot
from support.simulator_kit import EMAIL, LONG, Api


def watch(api, task_id, step=0.5):
    """Every distinct state of a task until its end, and the end."""
    seen = [api.task(task_id)]
    while seen[-1]["status"] not in ("SUCCEEDED", "FAILED", "CANCELLED") and len(seen) < 1000:
        api.clock.pass_(step)
        seen.append(api.task(task_id))
    return seen


def words(seen):
    return list(dict.fromkeys(task["status"] for task in seen))


# The plan, without a server

seeds = st.integers(1, 4294967294)
FIVE, TEN = GEN3_TURBO.span(5), GEN3_TURBO.span(10)


@given(seeds)
def test_a_clip_takes_30_to_60_seconds_and_twice_as_long_for_twice_the_length(seed) -> None:
    assert 30 <= plan(seed, FIVE, 1.0, {}).length <= 60
    assert plan(seed, TEN, 1.0, {}).length == pytest.approx(2 * plan(seed, FIVE, 1.0, {}).length)
    assert plan(seed, FIVE, 20.0, {}).length == pytest.approx(plan(seed, FIVE, 1.0, {}).length / 20)


@given(seeds)
def test_inside_a_kernel_it_takes_about_eight_seconds(seed) -> None:
    assert 6.5 <= plan(seed, FIVE, EMBEDDED_SPEED, {}).length <= 9.5


@given(seeds, st.lists(st.floats(-5, 120), min_size=2))
def test_progress_never_runs_backwards_and_ends_at_one(seed, times) -> None:
    course = plan(seed, FIVE, 1.0, {})
    ratios = [float(snapshot(course, time, True).ratio or 0) for time in sorted(times)]
    assert ratios == sorted(ratios)
    end = snapshot(course, course.length, True)
    assert (end.status, end.ratio, end.artifact) == ("SUCCEEDED", "1", True)


@given(seeds, st.sampled_from(["moderated", "failed", "cancelled", "throttled", "no-artifact", "no-progress"]))
def test_a_course_survives_storage(seed, name) -> None:
    course = plan(seed, TEN, 3.0, {name: {}})
    assert Course.from_json(course.to_json()) == course


# Over the wire


def test_pending_then_running_then_succeeded(api: Api) -> None:
    seen = watch(api, api.start(seed=3))
    assert words(seen) == ["PENDING", "RUNNING", "SUCCEEDED"]
    pending = [task for task in seen if task["status"] == "PENDING"]
    assert all(task["progressRatio"] is None for task in pending)
    waits = [task["estimatedTimeToStartSeconds"] for task in pending]
    assert waits == sorted(waits, reverse=True)
    running = [task for task in seen if task["status"] == "RUNNING"]
    assert all(isinstance(task["progressRatio"], str) for task in running)
    assert all(task["estimatedTimeToStartSeconds"] is None for task in running)
    ratios = [float(task["progressRatio"]) for task in running]
    assert ratios == sorted(ratios)
    assert len(set(ratios)) > 10
    assert seen[-1]["progressRatio"] == "1"
    assert [task["updatedAt"] for task in seen] == sorted(task["updatedAt"] for task in seen)


def test_the_artifact_has_the_documented_fields(api: Api) -> None:
    task = api.finish(seed=3)
    (artifact,) = task["artifacts"]
    assert artifact["assetId"] == f"user:4711-runwayml:{EMAIL}-asset:{artifact['id']}"
    assert artifact["taskId"] == task["taskId"]
    assert artifact["filename"].endswith(".mp4")
    assert artifact["fileSize"] == str(len(stub.CLIP))
    assert len(artifact["previewUrls"]) == 3
    assert artifact["metadata"]["size"] == {"width": 1280, "height": 768}
    assert artifact["metadata"]["frameRate"] == 24
    assert "type" not in artifact


def test_a_task_goes_on_in_another_process_of_the_same_state(tmp_path: Path) -> None:
    first = Api(tmp_path)
    task_id = first.start(seed=3)
    first.clock.pass_(20)
    before = first.task(task_id)
    second = Api(tmp_path, clock=first.clock)
    after = second.task(task_id)
    assert after.pop("options") == before.pop("options")
    assert after == before
    first.clock.pass_(LONG)
    assert first.task(task_id)["artifacts"][0]["id"] == second.task(task_id)["artifacts"][0]["id"]
    assert len(second.get("/assets/?offset=0&limit=50&mediaType=video")) == 1


def test_a_speed_given_at_a_restart_does_not_move_running_tasks(tmp_path: Path) -> None:
    first = Api(tmp_path)
    task_id = first.start(seed=3)
    first.clock.pass_(10)
    assert Api(tmp_path, clock=first.clock, speed=100.0).task(task_id)["status"] == "RUNNING"


@pytest.mark.parametrize("name", ["failed", "moderated"])
def test_a_failure_carries_an_error_object(api: Api, name) -> None:
    api.sim.fault(name, times=1)
    task = api.finish()
    reason = {"failed": "INTERNAL.BAD_OUTPUT.01", "moderated": "SAFETY.INPUT.TEXT"}[name]
    assert task["status"] == "FAILED"
    assert task["error"]["reason"] == reason
    assert task["artifacts"] == []
    assert 0 < float(task["progressRatio"]) < 1
    assert api.finish()["status"] == "SUCCEEDED"


def test_a_moderated_prompt_is_taken_first(api: Api) -> None:
    api.sim.fault("moderated", reason="SAFETY.INPUT.IMAGE")
    answer = api.create()
    assert (answer.status_code, answer.json()["error"]) == (200, None)
    api.clock.pass_(LONG)
    assert api.task(answer.json()["taskId"])["error"]["reason"] == "SAFETY.INPUT.IMAGE"


def test_the_error_may_be_a_plain_string(api: Api) -> None:
    api.sim.fault("failed-string")
    assert isinstance(api.finish()["error"], str)


def test_cancelled_is_an_end_with_either_spelling(api: Api) -> None:
    api.sim.fault("cancelled", times=1)
    assert api.finish()["status"] == "CANCELLED"
    api.sim.fault("cancelled", word="CANCELED")
    assert api.finish()["status"] == "CANCELED"
    assert api.get("/scheduler/") == []


def test_throttled_is_no_end(api: Api) -> None:
    api.sim.fault("throttled", seconds=100)
    task_id = api.start(seed=3)
    seen = watch(api, task_id, 1)
    assert words(seen) == ["PENDING", "THROTTLED", "RUNNING", "SUCCEEDED"]
    assert len([task for task in seen if task["status"] == "THROTTLED"]) in (99, 100, 101)


def test_throttled_may_last(api: Api) -> None:
    api.sim.fault("throttled", forever=True)
    task_id = api.start()
    api.clock.pass_(1e6)
    assert api.task(task_id)["status"] == "THROTTLED"


def test_a_word_nobody_knows_is_no_end(api: Api) -> None:
    api.sim.fault("unknown-status", word="MOONSTRUCK")
    assert words(watch(api, api.start())) == ["PENDING", "MOONSTRUCK", "RUNNING", "SUCCEEDED"]


def test_success_without_an_artifact_which_may_come_late(api: Api) -> None:
    api.sim.fault("no-artifact", times=1)
    assert (task := api.finish())["status"] == "SUCCEEDED"
    assert task["artifacts"] == []
    api.sim.fault("no-artifact", late=60)
    task = api.finish()
    assert task["artifacts"] == []
    api.clock.pass_(60)
    assert len(api.task(task["taskId"])["artifacts"]) == 1


@pytest.mark.parametrize(("name", "ratio"), [("stalled-progress", "0.42"), ("no-progress", None)])
def test_progress_may_stall_or_stay_away(api: Api, name, ratio) -> None:
    api.sim.fault(name, times=1)
    seen = watch(api, api.start())
    assert seen[-2]["progressRatio"] == ratio
    assert seen[-1]["progressRatio"] in ("1", None)
    api.sim.fault(name, forever=True)
    task_id = api.start()
    api.clock.pass_(1e6)
    task = api.task(task_id)
    assert (task["status"], task["progressRatio"]) == ("RUNNING", ratio)


def test_the_fault_stays_with_the_task_over_a_restart(tmp_path: Path) -> None:
    first = Api(tmp_path)
    first.sim.fault("failed")
    task_id = first.start()
    second = Api(tmp_path, clock=first.clock)
    second.clock.pass_(LONG)
    assert second.task(task_id)["status"] == "FAILED"


def test_a_refused_create_uses_up_no_fault(api: Api) -> None:
    api.sim.fault("failed", times=1)
    api.sim.fault("lost-answer", times=1)
    api.create(seconds=7)
    assert len(api.get("http://sim.test/simulator/faults")["faults"]) == 2


# Rendering


class Slow:
    """A renderer whose processes end when the test says so."""

    def __init__(self):
        self.started = []
        self.terminated = 0

    def __call__(self, shot_file, out):
        child = Child(self, shot_file, out)
        self.started.append(child)
        return child


class Child:
    def __init__(self, parent, shot_file, out):
        self.parent, self.shot_file, self.out, self.code = parent, shot_file, out, None

    def poll(self):
        return self.code

    def terminate(self):
        self.parent.terminated += 1

    def end(self, code=0):
        if code == 0:
            stub.renderer(self.shot_file, self.out)
        self.code = code


def test_a_task_waits_at_99_percent_for_its_file(tmp_path: Path) -> None:
    slow = Slow()
    api = Api(tmp_path, renderer=slow)
    task_id = api.start()
    api.clock.pass_(LONG)
    task = api.task(task_id)
    assert (task["status"], task["progressRatio"]) == ("RUNNING", "0.99")
    slow.started[0].end()
    assert api.task(task_id)["status"] == "SUCCEEDED"


def test_two_clips_are_rendered_at_a_time_and_equal_ones_once(tmp_path: Path) -> None:
    slow = Slow()
    api = Api(tmp_path, renderer=slow)
    for seed in (1, 1, 2, 3, 3):
        api.start(seed=seed)
    assert len(slow.started) == 2
    slow.started[0].end()
    api.get("/scheduler/")
    assert len(slow.started) == 3


def test_a_render_that_was_lost_with_its_process_is_started_again_at_a_look(tmp_path: Path) -> None:
    first = Api(tmp_path, renderer=Slow())
    task_id = first.start()
    second = Api(tmp_path, renderer=stub.renderer, clock=first.clock)
    second.clock.pass_(LONG)
    second.task(task_id)
    assert second.task(task_id)["status"] == "SUCCEEDED"


def test_a_renderer_that_cannot_fails_the_task(tmp_path: Path) -> None:
    slow = Slow()
    api = Api(tmp_path, renderer=slow)
    task_id = api.start()
    slow.started[0].end(code=1)
    api.clock.pass_(LONG)
    task = api.task(task_id)
    assert (task["status"], task["error"]["reason"]) == ("FAILED", "INTERNAL.BAD_OUTPUT.00")
    assert Api(tmp_path, clock=api.clock).task(task_id)["status"] == "FAILED"


def test_a_renderer_that_was_killed_is_started_again_a_few_times(tmp_path: Path) -> None:
    slow = Slow()
    api = Api(tmp_path, renderer=slow)
    task_id = api.start()
    api.clock.pass_(LONG)
    for number in range(3):
        slow.started[number].end(code=-9)
        api.task(task_id)
    assert len(slow.started) == 3
    assert api.task(task_id)["status"] == "FAILED"


def test_stopping_ends_the_renderers(tmp_path: Path) -> None:
    slow = Slow()
    api = Api(tmp_path, renderer=slow)
    api.start()
    api.sim.stop()
    assert slow.terminated == 1


def test_the_shot_is_what_was_asked_for(tmp_path: Path) -> None:
    from runway_nb.simulator.rendering.renderer import Shot

    slow = Slow()
    api = Api(tmp_path, renderer=slow)
    first, last = (api.upload(name).json()["assetId"] for name in ("first", "last"))
    api.create(
        seed=9, aspect_ratio="portrait", firstImage_assetId=first, lastImage_assetId=last, roll=-2, horizontal=1.5
    )
    api.create(seed=9, static=True)
    shot, still = (Shot.from_json(child.shot_file.read_text()) for child in slow.started)
    assert (shot.prompt, shot.seed, shot.seconds, shot.width, shot.height) == ("A lamp turns", 9, 5, 768, 1280)
    assert [time for time, _ in shot.keyframes] == [0.0, 1.0]
    assert all(tmp_path in __import__("pathlib").Path(path).parents for _, path in shot.keyframes)
    assert shot.camera == {"roll": -2, "horizontal": 1.5}
    assert still.camera == {"static": True}


def test_a_create_is_answered_with_the_task_as_it_begins_however_long_it_takes(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = api.sim.world.store.count

    def slow(name: str) -> None:
        count(name)
        api.clock.pass_(LONG * 0.5)

    monkeypatch.setattr(api.sim.world.store, "count", slow)
    begun = api.create().json()
    assert (begun["status"], begun["progressRatio"]) == ("PENDING", None)
    monkeypatch.undo()
    assert api.task(begun["taskId"])["status"] == "RUNNING"


def test_an_end_that_comes_between_two_looks_has_its_file(api: Api) -> None:
    """The clock moves on while the service works: the end must not be told before its artifact is there."""
    task_id = api.start()
    api.clock.pass_(LONG * 0.1)
    task = api.sim.world.get("4711", task_id).task
    api.clock.pass_(LONG)
    seen = api.sim.world.view(task)
    assert seen.snapshot.status == "SUCCEEDED"
    assert seen.artifact is not None
