"""The life of a paid request, against the simulator: each fault by name, and how many tasks were started."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from runway_nb import errors
from runway_nb.api import media
from runway_nb.camera import Camera
from runway_nb.jobs.backend import Connection
from runway_nb.jobs.download import LINK_PAUSES
from runway_nb.jobs.job import Job, control_of
from runway_nb.jobs.state import failed_phase
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret, Settings
from runway_nb.studio import Studio
from support.fakes import EMAIL, TOKEN, Changed, Drawn, FakeTime, Party

# --- the good way --------------------


def test_a_wish_becomes_a_file(party: Party) -> None:
    job = party.submit().wait(10)
    assert job.video is not None
    assert job.video.parent == party.folder / "runway_outputs"
    assert job.video.read_bytes()[4:8] == b"ftyp"
    assert (job.status, job.progress, party.started) == ("SUCCEEDED", 1.0, 1)
    assert not list(job.video.parent.glob(".*")), "a temporary file was left"


def test_the_wish_is_in_the_ledger_with_its_end(party: Party) -> None:
    job = party.submit().wait(10)
    record = party.studio.ledger.get(job.id)
    assert (record.phase, record.status, record.credits) == ("done", "SUCCEEDED", 25)
    assert record.reply_ref == job.request.reply_ref
    assert record.request["seed"] == job.seed


def test_the_wish_is_on_disk_before_the_create_leaves(party: Party) -> None:
    seen = []

    class Spy:
        async def handle_async_request(self, request: Any) -> Any:
            if request.method == "POST":
                with sqlite3.connect(party.studio.ledger.path) as file:
                    seen.append(file.execute("SELECT phase, reply_ref, request FROM jobs").fetchone())
            return await inner(request)

    inner = party.api.inner.handle_async_request
    party.api.inner.handle_async_request = Spy().handle_async_request  # type: ignore[method-assign]
    job = party.submit(seed=7).wait(10)
    assert seen[0][:2] == ("sending", job.request.reply_ref)
    assert '"seed": 7' in seen[0][2]


def test_a_seed_and_a_reference_are_always_sent(party: Party) -> None:
    job = party.submit().wait(10)
    body = party.api.calls("POST", "create")[0].read().decode()
    assert f'"seed":{job.seed}' in body
    assert f'"replyRef":"rnb-{job.id}' in body


def test_every_field_reaches_the_task(party: Party) -> None:
    job = party.submit(
        keyframes=Keyframes("harbour", "meadow", "harbour.jpeg"), camera=Camera(zoom=4, pan=-2.5), aspect="portrait",
        seconds=10, seed=7, max_jobs=3, reply_ref="mine",
    ).wait(10)  # fmt: skip
    wire = party.simulator.log()
    assert not [entry for entry in wire if entry.get("unknown_fields") or entry.get("unknown")]
    assert job.task is not None
    assert (job.task.seed, job.task.task_type) == (7, "gen3a_turbo")
    assert sorted(job.thumbnails) == ["first", "last", "middle"]


def test_a_static_camera_and_multipart_work_too(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time, multipart=True) as party:
        party.submit(camera=Camera(static=True), explore=True).wait(10)
        sent = party.api.calls("POST", "create")[0]
        assert sent.headers["content-type"].startswith("multipart/form-data")
        assert party.started == 1


def test_a_picture_file_beside_the_notebook_is_uploaded(party: Party) -> None:
    from PIL import Image

    Image.new("RGB", (64, 40), "navy").save(party.folder / "night.png")
    party.submit(keyframes=Keyframes("night.png")).wait(10)
    upload = party.api.calls("POST", "assets")[0]
    assert upload.headers["content-type"] == "image/png"


def test_a_picture_that_is_neither_file_nor_asset_stops_before_anything_is_paid(party: Party) -> None:
    job = party.ended(party.submit(keyframes=Keyframes("nowhere.png", None, "nothing")))
    assert isinstance(job.error, errors.InvalidRequest)
    assert len(job.error.problems) == 2
    assert "harbour" in job.error.message
    assert (job.state.phase, party.started) == (Phase.REFUSED, 0)


# --- faults: each by name, with the number of tasks that were started -----------------------------------

FAULTS: dict[str, tuple[type[errors.RunwayError] | None, Phase, int]] = {
    "401": (errors.Unauthorized, Phase.REFUSED, 0),
    "402": (errors.NoSubscription, Phase.REFUSED, 0),
    "404-asset": (errors.NotFound, Phase.REFUSED, 0),
    "412": (errors.NotEnoughCredits, Phase.REFUSED, 0),
    "422": (errors.PromptRefused, Phase.REFUSED, 0),
    "596": (errors.AccountBroken, Phase.REFUSED, 0),
    "lost-before": (errors.MaybeSent, Phase.UNKNOWN, 0),
    "522-before": (errors.MaybeSent, Phase.UNKNOWN, 0),
    "lost-answer": (None, Phase.DONE, 1),
    "522": (None, Phase.DONE, 1),
    "not-json": (None, Phase.DONE, 1),
    "no-task-id": (None, Phase.DONE, 1),
    "late-task": (None, Phase.DONE, 1),
    "nested": (None, Phase.DONE, 1),
    "both": (None, Phase.DONE, 1),
    "moderated": (errors.TaskModerated, Phase.FAILED, 1),
    "failed": (errors.TaskFailed, Phase.FAILED, 1),
    "failed-string": (errors.TaskFailed, Phase.FAILED, 1),
    "cancelled": (errors.TaskCancelled, Phase.FAILED, 1),
    "no-artifact": (errors.NoVideo, Phase.DETACHED, 1),
    "throttled": (None, Phase.DONE, 1),
    "unknown-status": (None, Phase.DONE, 1),
    "stalled-progress": (None, Phase.DONE, 1),
    "no-progress": (None, Phase.DONE, 1),
    "cut-download": (errors.DownloadError, Phase.DETACHED, 1),
    "artifact-500": (errors.DownloadError, Phase.DETACHED, 1),
    "expired-link": (errors.LinkExpired, Phase.DETACHED, 1),
}
"""Fault to error, final phase and started tasks, when the fault never goes away."""


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_that_stays(party: Party, name: str) -> None:
    kind, phase, started = FAULTS[name]
    party.simulator.fault(name)
    job = party.ended(party.submit())
    assert type(job.error) is (kind or type(None)), job.error
    assert job.state.phase is phase
    assert party.started == started
    assert len(party.api.calls("POST", "create")) == 1, "the create was sent more than once"
    assert party.studio.ledger.get(job.id).phase == phase.value


def test_a_list_under_a_key_is_read_like_a_bare_one(party: Party) -> None:
    task = party.submit().wait(10).task
    party.simulator.fault("list-object")
    assert [found.id for found in party.studio.account.tasks()] == [task.id]  # type: ignore[union-attr]
    assert party.started == 1


@pytest.mark.parametrize("name", ["old-metadata", "decoded-ids"])
def test_an_older_form_of_assets_and_decoded_paths_change_nothing(party: Party, name: str) -> None:
    party.simulator.fault(name)
    asset = party.studio.account.assets()[0]
    for picture in ("harbour", asset.id):
        assert party.submit(keyframes=Keyframes(picture)).wait(10).video is not None
    assert party.started == 2


def test_explore_mode_that_is_refused_starts_nothing(party: Party) -> None:
    party.simulator.fault("explore-refused")
    job = party.ended(party.submit(explore=True))
    assert (job.state.phase, type(job.error), party.started) == (Phase.REFUSED, errors.NotEnoughCredits, 0)


@pytest.mark.parametrize(("name", "used"), [(None, 0), ("explore-costs", 25)])
def test_explore_mode_is_booked_as_the_account_books_it(party: Party, name: str | None, used: int) -> None:
    if name:
        party.simulator.fault(name)
    party.submit(explore=True).wait(10)
    ((_, balance),) = party.studio.account.credits()
    assert (balance.used, party.started) == (used, 1)


@pytest.mark.parametrize("name", ["callback-twice", "callback-disorder"])
def test_callbacks_in_any_number_and_order_change_nothing(party: Party, name: str) -> None:
    received: list[httpx.Request] = []

    def hook(request: httpx.Request) -> httpx.Response:
        received.append(request)
        return httpx.Response(200)

    party.simulator.fault(name)
    job = party.submit(reply_url="http://127.0.0.1:9/hook").wait(10)
    asyncio.run(party.simulator.post_callbacks(httpx.MockTransport(hook)))
    assert len(received) == 2, "the fault did not fire"
    assert (job.status, job.video is not None, party.started) == ("SUCCEEDED", True, 1)


@pytest.mark.parametrize("name", ["get-522", "get-500", "get-429", "get-html", "get-drop"])
def test_trouble_while_looking_never_ends_a_job(party: Party, name: str) -> None:
    party.simulator.fault(name, times=4)
    seen: list[bool] = []
    with party.held():
        job = party.submit()
        job.observe(lambda job: seen.append(job.state.offline))
    job.wait(10)
    assert True in seen, "the trouble was not shown"
    assert party.started == 1


@pytest.mark.parametrize(("name", "times"), [("cut-download", 2), ("artifact-500", 2), ("expired-link", 2)])
def test_a_download_that_fails_at_first_is_repeated(party: Party, name: str, times: int) -> None:
    party.simulator.fault(name, times=times)
    job = party.submit().wait(10)
    assert job.video is not None
    assert job.video.stat().st_size > 0
    assert party.started == 1


@pytest.mark.parametrize("late", [1.0, 6.0])
def test_a_file_that_the_media_host_knows_late_is_waited_for(party: Party, late: float) -> None:
    asked: list[float] = []

    def unknown_at_first(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        asked.append(party.time.now)
        is_known = party.time.now >= asked[0] + late
        return httpx.Response(200, content=answer.content) if is_known else httpx.Response(404)

    party.media.inner = Changed(party.media.inner, unknown_at_first)
    assert party.submit().wait(10).video is not None
    assert party.started == 1


@pytest.mark.parametrize("seconds", [15.0, 200.0])
def test_a_media_host_that_is_away_for_minutes_is_waited_for(party: Party, seconds: float) -> None:
    class Away(httpx.AsyncBaseTransport):
        until: float | None = None

        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            self.until = self.until or party.time.now + seconds
            if party.time.now < self.until:
                raise httpx.ConnectError("no route")
            return await inner.handle_async_request(request)

    inner, party.media.inner = party.media.inner, Away()
    waits: list[float] = []

    def note(job: Job) -> None:
        if job.state.offline and job.state.next_poll is not None:
            waits.append(job.state.next_poll - party.time.now)

    with party.held():
        job = party.submit()
        job.observe(note)
    assert job.wait(10).video is not None
    assert party.started == 1
    assert waits == [pytest.approx(pause) for pause in media.PAUSES[: len(waits)]]
    assert len(waits) > 3
    assert not job.state.offline


def test_a_stop_is_heard_while_a_media_host_is_waited_for(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    sleep = party.time.sleep

    async def for_ever(seconds: float) -> None:
        if seconds == max(media.PAUSES):
            party.studio.find().stop()
            await asyncio.Event().wait()
        await sleep(seconds)

    monkeypatch.setattr(party.time, "sleep", for_ever)
    party.simulator.fault("artifact-500")
    job = party.ended(party.submit(), 10)
    assert job.state.phase is Phase.STOPPED
    assert not list((party.folder / "runway_outputs").glob(".*")), "a temporary file was left"


def test_a_stop_is_heard_while_a_renewed_link_is_waited_for(party: Party) -> None:
    async def for_ever(seconds: float) -> None:
        if party.media.requests:
            assert seconds == LINK_PAUSES[0]
            party.studio.find().stop()
            await asyncio.Event().wait()
        await party.time.sleep(seconds)

    party.simulator.fault("expired-link")
    party.restart(sleep=for_ever)
    job = party.ended(party.submit(), 10)
    assert job.state.phase is Phase.STOPPED
    assert len(party.media.requests) == 1


def test_a_late_answer_is_waited_for(party: Party) -> None:
    party.simulator.fault("slow-answer", seconds=0.3)
    party.submit().wait(10)
    assert party.started == 1


@pytest.mark.parametrize("name", ["429-account", "429-runway"])
def test_a_429_is_waited_out_and_nothing_is_paid_twice(party: Party, name: str) -> None:
    party.simulator.fault(name, times=3)
    said: list[str] = []
    with party.held():
        job = party.submit()
        job.observe(lambda job: said.append(job.state.detail) if job.state.phase is Phase.WAITING else None)
    job.wait(10)
    assert party.started == 1
    assert len(party.api.calls("POST", "create")) == 4
    longer = zip((1.0, 2.0, 2.0), party.time.sleeps[:3], strict=True)
    assert all(10 * times <= pause <= 30 * times for times, pause in longer), "each wait in a row is longer"
    assert ("slot busy with task" in said[0]) if name == "429-account" else ("Runway takes no more" in said[0])
    assert "@" not in "".join(said)


def test_retry_after_is_honoured(party: Party) -> None:
    party.simulator.fault("429-runway", times=1, retry_after=47)
    party.submit().wait(10)
    assert party.time.sleeps[0] == 47


def test_waiting_for_a_slot_ends_at_the_deadline(party: Party) -> None:
    party.simulator.fault("429-runway")
    job = party.ended(party.submit())
    assert (job.state.phase, party.started) == (Phase.REFUSED, 0)
    assert isinstance(job.error, errors.RateLimited)


def test_our_own_reference_among_the_running_tasks_is_taken_for_the_answer(party: Party) -> None:
    """A create that started its task and then answered 429, with the task among those that hold the slots."""

    def busy(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "POST":
            return answer
        task = answer.json()
        holder = {"taskId": task["taskId"], "replyRef": task["replyRef"]}
        return httpx.Response(429, json={"error": "busy", "runningTasks": {EMAIL: [holder]}, "code": 429})

    party.api.inner = Changed(party.api.inner, busy)
    job = party.submit().wait(10)
    assert job.video is not None
    assert party.started == 1
    assert len(party.api.calls("POST", "create")) == 1


def test_a_reference_of_the_user_names_no_single_wish(tmp_path: Path, time: FakeTime) -> None:
    """Two wishes under one reference and one slot: each gets its own video."""
    with Party(tmp_path, time, max_jobs=1) as party:
        jobs = [party.submit(f"Shot {n}", reply_ref="class-7", seed=n) for n in (1, 2)]
        assert len({job.wait(10).task.id for job in jobs}) == 2  # type: ignore[union-attr]
        assert party.started == 2


def test_a_freed_slot_is_taken_at_once(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time, max_jobs=1) as party:
        party.restart(sleep=_slowly(time))
        first, second = party.submit("One"), party.submit("Two")
        party.ended(first)
        party.ended(second)
        assert party.started == 2


def test_a_look_that_is_asked_for_sends_nothing_while_all_slots_are_taken(party: Party) -> None:
    party.simulator.fault("429-runway", retry_after=25)
    party.restart(sleep=_never)
    job = party.submit()
    while job.state.phase is not Phase.WAITING:
        control_of(job).ended.wait(0.01)
    for _ in range(5):
        job.refresh()
    control_of(job).ended.wait(0.1)
    assert len(party.api.calls("POST", "create")) == 1
    job.stop()
    assert party.ended(job).state.phase is Phase.REMOVED


def test_a_retry_after_beyond_measure_ends_at_the_deadline(party: Party) -> None:
    party.simulator.fault("429-runway", retry_after=10**9)
    start = party.time.now
    assert isinstance(party.ended(party.submit()).error, errors.RateLimited)
    assert party.time.now - start <= 31 * 60


def test_a_video_that_is_named_late_is_waited_for(party: Party) -> None:
    party.simulator.fault("no-artifact", late=20)
    assert party.submit().wait(10).video is not None


def test_half_a_character_from_the_server_costs_nothing(party: Party) -> None:
    def odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if "json" not in answer.headers.get("content-type", ""):
            return answer
        text = answer.text.replace('"status":"PENDING"', '"status":"PEND\\ud83d"')
        return httpx.Response(answer.status_code, text=text, headers={"content-type": "application/json"})

    party.api.inner = Changed(party.api.inner, odd)
    job = party.submit().wait(10)
    assert job.video is not None
    assert party.studio.ledger.get(job.id).task_id == job.task.id  # type: ignore[union-attr]


@pytest.mark.parametrize("status", [400, 422, 500])
def test_half_a_character_in_a_refusal_ends_the_job(party: Party, status: int) -> None:
    def odd(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(status, text='{"error": "no \\ud83d"}') if request.method == "POST" else answer

    party.api.inner = Changed(party.api.inner, odd)
    job = party.ended(party.submit())
    # the task did start: a refusal that is certain is believed, a doubtful answer is looked into
    assert job.state.phase is (Phase.DONE if status == 500 else Phase.REFUSED)


def test_moderation_is_told_with_reason_and_category(party: Party) -> None:
    party.simulator.fault("moderated")
    job = party.ended(party.submit())
    assert job.error is not None
    assert "SAFETY.INPUT.TEXT" in job.error.message


def test_too_few_credits_are_told_with_the_figures(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time, credits=12) as party:
        job = party.ended(party.submit())
        assert job.error is not None
        assert job.error.message == "this shot needs 25 credits, 12 of 12 are left (HTTP 412)"
        assert party.started == 0


def test_a_token_that_is_refused_half_way_detaches_and_loses_nothing(party: Party) -> None:
    with party.held():
        job = party.submit()
        job.observe(lambda job: party.simulator.fault("401") if job.task and not job.done else None)
    party.ended(job)
    assert (job.state.phase, type(job.error)) == (Phase.DETACHED, errors.Unauthorized)
    party.simulator.clear()
    assert party.studio.attach(job.id).wait(10).video is not None
    assert party.started == 1


# --- deadlines, stops, coming back --------------------


@pytest.mark.parametrize(("explore", "minutes"), [(None, 30), (True, 180)])
def test_the_deadline_detaches_and_does_not_fail(party: Party, explore: bool | None, minutes: int) -> None:
    party.simulator.fault("throttled", forever=True)
    start = party.time.now
    job = party.ended(party.submit(explore=explore))
    assert (job.state.phase, type(job.error)) == (Phase.DETACHED, errors.DeadlineReached)
    assert minutes * 60 <= party.time.now - start <= minutes * 60 + 30


def test_held_back_tasks_are_looked_at_every_20_seconds(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    party.ended(party.submit())
    assert party.time.sleeps[-2] == pytest.approx(20, abs=0.5)


def test_a_detached_job_is_attached_and_finished(party: Party) -> None:
    party.simulator.fault("cut-download")
    job = party.ended(party.submit())
    party.simulator.clear()
    again = party.studio.attach(job.id).wait(10)
    assert again.video is not None
    assert (again.id, party.started) == (job.id, 1)


def test_another_studio_attaches_what_the_first_one_left(party: Party) -> None:
    """As after a restart of the kernel: only ledger and account are left."""
    party.simulator.fault("artifact-500")
    job = party.ended(party.submit(seed=5))
    party.studio.close()
    party.simulator.clear()
    party.studio = party.make_studio()
    for name in (job.id, job.id[:4], job.task.id, job.request.reply_ref):  # type: ignore[union-attr]
        again = party.studio.attach(name).wait(10)  # type: ignore[arg-type]
        assert (again.video is not None, again.seed) == (True, 5)
    assert party.started == 1


def test_a_file_that_was_deleted_meanwhile_is_told_and_fetched_again(party: Party) -> None:
    job = party.submit().wait(10)
    assert job.video is not None
    job.video.unlink()
    assert "not there any more" in job._repr_mimebundle_()["text/plain"]
    assert party.studio.attach(job.id).wait(10).video.is_file()  # type: ignore[union-attr]
    assert party.started == 1


def test_a_finished_job_is_found_again_without_a_request(party: Party) -> None:
    job = party.submit().wait(10)
    party.studio.close()
    party.studio = party.make_studio()
    before = len(party.api.requests)
    found = party.studio.attach(job.id)
    assert (found.done, found.video, found.state.poster is not None) == (True, job.video, True)
    assert len(party.api.requests) == before


def test_a_file_that_was_moved_away_is_fetched_again(party: Party) -> None:
    job = party.submit().wait(10)
    assert job.video is not None
    party.studio.close()
    job.video.unlink()
    party.studio = party.make_studio()
    assert party.studio.find(job.id).state.phase is Phase.DETACHED
    assert party.studio.attach(job.id).wait(10).video == job.video
    assert party.started == 1


def test_a_stop_frees_the_slot_and_says_that_the_task_goes_on(party: Party) -> None:
    with party.held():
        job = party.submit()
        job.observe(lambda job: job.stop() if job.progress else None)
    party.ended(job)
    assert (job.state.phase, type(job.error)) == (Phase.STOPPED, errors.TrackingStopped)
    assert len(party.api.calls("DELETE", "scheduler")) == 1
    assert party.studio.attach(job.id).wait(10).video is not None


def test_a_stop_before_sending_takes_the_wish_back(party: Party) -> None:
    party.simulator.fault("429-runway")
    with party.held():
        job = party.submit()
        job.observe(lambda job: job.stop() if job.state.phase is Phase.WAITING else None)
    party.ended(job)
    assert (job.state.phase, party.started) == (Phase.REMOVED, 0)


def test_attaching_a_job_that_was_refused_tells_how_it_ended(party: Party) -> None:
    party.simulator.fault("422")
    job = party.ended(party.submit())
    again = party.studio.attach(job.id)
    assert (again.state.phase, type(again.error), party.started) == (Phase.REFUSED, errors.PromptRefused, 0)


def test_a_token_that_is_set_later_moves_no_job_that_runs(party: Party) -> None:
    job = party.submit()
    party.studio.use(replace(party.settings, token=Secret("user:4712-other")))
    job.wait(10)
    (sent,) = party.api.calls("POST", "create")
    assert sent.headers["authorization"] == f"Bearer {TOKEN}"
    assert job.task is not None
    assert job.task.id.startswith("user:4711-")


def test_a_paid_job_is_not_looked_up_in_the_simulator(party: Party) -> None:
    party.simulator.fault("artifact-500")
    job = party.ended(party.submit())
    party.studio.use(replace(party.settings, token=None))
    with pytest.raises(errors.RunwayError, match=r"was made at 127\.0\.0\.1: set the token first"):
        party.studio.attach(job.id)


def test_a_task_that_is_not_found_stays_attachable(party: Party) -> None:
    with party.held():
        job = party.submit()
        job.observe(lambda job: party.simulator.fault("404-asset", on="task") if job.task else None)
    party.ended(job)
    assert (job.state.phase, type(job.error)) == (Phase.DETACHED, errors.NotFound)


def test_closing_at_once_ends_every_job(party: Party) -> None:
    for _ in range(10):
        studio = party.make_studio()
        job = studio.submit(VideoRequest("A lamp"))
        studio.close()
        assert job.done
        assert job.error is not None
        with pytest.raises(errors.RunwayError, match="closed"):
            studio.submit(VideoRequest("A lamp"))


def test_closing_waits_for_the_answer_to_a_create(party: Party) -> None:
    party.simulator.fault("slow-answer", seconds=0.5)
    job = party.submit()
    while job.state.phase is not Phase.SENDING:
        control_of(job).ended.wait(0.01)
    party.studio.close()
    record = party.studio.ledger.get(job.id)
    assert record.task_id, "the id of a paid task was lost"
    party.studio = party.make_studio()
    party.simulator.clear()
    assert party.studio.attach(job.id).wait(10).video is not None
    assert party.started == 1


def test_a_connection_that_failed_is_tried_again(party: Party) -> None:
    calls = []

    async def connect(settings: Settings) -> Connection:
        calls.append(settings)
        if len(calls) == 1:
            raise OSError("no port")
        return await party.connect(settings)

    studio = Studio(party.settings, connect=connect, environment=party.environment)
    studio.folder = party.folder
    assert party.ended(studio.submit(VideoRequest("A lamp"))).state.phase is Phase.REFUSED
    assert studio.submit(VideoRequest("A lamp")).wait(10).video is not None
    studio.close()


def test_closing_the_studio_detaches_what_runs(party: Party) -> None:
    party.simulator.fault("throttled", forever=True)
    studio = party.make_studio(sleep=_never)
    job = studio.submit(VideoRequest("A lamp"))
    while job.task is None:
        control_of(job).ended.wait(0.01)
    studio.close()
    assert party.ended(job).state.phase is Phase.DETACHED
    assert studio.ledger.get(job.id).task_id == job.task.id


async def _never(_: float) -> None:
    await asyncio.Event().wait()


def _slowly(time: FakeTime) -> Callable[[float], Awaitable[None]]:
    async def sleep(seconds: float) -> None:
        await asyncio.sleep(0.005)
        await time.sleep(seconds)

    return sleep


# --- the ledger as a condition --------------------


def test_without_a_ledger_nothing_is_sent(party: Party) -> None:
    party.studio.ledger.path.parent.mkdir(parents=True, exist_ok=True)
    party.studio.ledger.path.write_bytes(b"not a database, not at all" * 100)
    with pytest.raises(errors.LedgerError, match=r"set aside as ledger-damaged-.*nothing was sent"):
        party.submit()
    assert party.started == 0


def test_a_ledger_that_fails_after_sending_does_not_cost_the_video(party: Party) -> None:
    broken = errors.LedgerError("the disk is full")

    def fail(*_: Any, **__: Any) -> None:
        raise broken

    with party.held():
        job = party.submit()
        job.observe(lambda job: setattr(party.studio.ledger, "update", fail) if job.task else None)
    party.ended(job)
    assert job.video is not None
    assert "the disk is full" in job.warnings[-1]


def test_a_mistake_of_ours_after_sending_leaves_the_job_attachable(party: Party) -> None:
    def slip(job: Job) -> None:
        if job.task is not None:
            control_of(job).request = None  # type: ignore[assignment]

    with party.held():
        job = party.submit()
        job.observe(slip)
    party.ended(job)
    assert job.state.phase is Phase.DETACHED
    assert "unexpected" in str(job.error)


@pytest.mark.parametrize(
    ("phase", "error", "expected"),
    [
        (Phase.PREPARING, errors.NoAnswer("x"), Phase.REFUSED),
        (Phase.SENDING, errors.Unreachable("x"), Phase.REFUSED),
        (Phase.SENDING, errors.BadRequest("x", 400), Phase.REFUSED),
        (Phase.SENDING, errors.ServerError("x", 500), Phase.UNKNOWN),
        (Phase.SENDING, errors.NoAnswer("x"), Phase.UNKNOWN),
        (Phase.SENDING, errors.RunwayError("unexpected"), Phase.UNKNOWN),
        (Phase.FOLLOWING, errors.TaskFailed("x"), Phase.FAILED),
        (Phase.FOLLOWING, errors.Unauthorized("x", 401), Phase.DETACHED),
        (Phase.DOWNLOADING, errors.DownloadError("x"), Phase.DETACHED),
        (Phase.DOWNLOADING, errors.NoVideo("x"), Phase.DETACHED),
    ],
)
def test_the_phase_after_a_failure(phase: Phase, error: errors.RunwayError, expected: Phase) -> None:
    assert failed_phase(phase, error) is expected


# --- secrets at the media host --------------------


def test_the_token_never_reaches_the_media_host(party: Party) -> None:
    party.submit(keyframes=Keyframes("harbour")).wait(10)
    assert party.media.requests
    assert not [r for r in party.media.requests if "authorization" in r.headers]
    assert party.simulator.counts().get("leaks", 0) == 0


def test_several_jobs_at_once_each_get_their_own_file(party: Party) -> None:
    jobs = [party.submit(f"Shot {n}", seed=n + 1) for n in range(4)]
    files = {job.wait(10).video for job in jobs}
    assert len(files) == 4
    assert party.started == 4


def test_two_accounts_are_searched_for_a_name_and_the_upload_goes_to_one(tmp_path: Path, time: FakeTime) -> None:
    with Party(tmp_path, time, accounts=2) as party:
        job = party.ended(party.submit(keyframes=Keyframes("harbour")))
        assert isinstance(job.error, errors.InvalidRequest)
        assert "2 assets" in job.error.message
        assert party.started == 0


def test_a_seed_that_is_not_given_is_drawn(party: Party) -> None:
    party.restart(draw=Drawn(4294967294))
    assert party.submit().seed == 4294967294
