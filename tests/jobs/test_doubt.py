"""A create whose answer is missing, refused without meaning, or about something else: one task, and it is found."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from email.utils import formatdate
from pathlib import Path
from typing import Any

import httpx
import pytest

from runway_nb import errors
from runway_nb.camera import Camera
from runway_nb.jobs import submit
from runway_nb.jobs.freeze import Asker, new_record
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.phase import Phase
from runway_nb.ledger.record import REFUSED_FOR_NOW, Record
from runway_nb.request import VideoRequest
from runway_nb.simulator.service.faults import REFUSALS
from runway_nb.spec import REFUSALS as CERTAIN
from runway_nb.studio import Studio
from support.fakes import EMAIL, Changed, FakeTime, Party
from support.records import recent_records

DAY = 86_400.0
Change = Callable[[httpx.Request, httpx.Response], httpx.Response]


@contextmanager
def changing(party: Party, change: Change) -> Iterator[None]:
    """Answers pass `change` before the client sees them."""
    inner, party.api.inner = party.api.inner, Changed(party.api.inner, change)
    yield
    party.api.inner = inner


def creates(party: Party) -> int:
    return len(party.api.calls("POST", "create"))


def lost(party: Party, request: VideoRequest, at: float, *, is_exact: bool = True, **fields: Any) -> Record:
    """A record of a kernel that was killed between its create and the answer."""
    studio = party.studio
    new, _ = new_record(request, Asker(party.folder, "", "", ""), studio.settings, party.environment.draw)
    made = replace(new, phase="sending", sent=at, **fields)
    studio.ledger.add(replace(made, server_sent=at if is_exact else None))
    return studio.ledger.get(made.id)


def started(party: Party, record: Record) -> str:
    """The task that the service made for it."""
    body = {name: value for name, value in record.request.items() if not name.startswith("reply")}
    return party.simulator.web_task("4711", email=EMAIL, **body)


# --- refusals without meaning -----------------------------------------------------------------------


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_that_nobody_documents_is_a_doubt_and_the_task_is_found(party: Party, status: int) -> None:
    assert status not in CERTAIN
    party.simulator.fault("refused", times=1, status=status)
    assert party.submit().wait(10).video is not None
    assert (party.started, creates(party)) == (1, 1)


@pytest.mark.parametrize("status", [403, 409, 425, 499])
def test_a_refusal_without_meaning_and_without_a_task_is_told_as_a_doubt(party: Party, status: int) -> None:
    def refuse(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(status, json={"error": "No"}) if request.method == "POST" else answer

    party.simulator.fault("lost-before", times=1)
    with changing(party, refuse):
        job = party.ended(party.submit())
    assert (job.state.phase, creates(party)) == (Phase.UNKNOWN, 1)
    assert isinstance(job.error, errors.MaybeSent)


# --- a 429 that started a task ----------------------------------------------------------------------


def test_a_429_that_started_a_task_is_not_sent_again(party: Party) -> None:
    party.simulator.fault("429-started", times=1)
    assert party.submit().wait(10).video is not None
    assert (party.started, creates(party)) == (1, 1)


@pytest.mark.parametrize("fault", ["scheduler-empty", "list-nameless"])
def test_wherever_the_service_shows_it(party: Party, fault: str) -> None:
    party.simulator.fault("429-started", times=1)
    party.simulator.fault(fault)
    assert party.submit().wait(10).video is not None
    assert (party.started, creates(party)) == (1, 1)


def test_a_task_is_found_soon_though_nothing_may_be_sent_for_long(party: Party, time: FakeTime) -> None:
    party.simulator.fault("429-started", times=1, retry_after=10**9)
    began = time.now
    assert party.submit().wait(10).video is not None
    assert (party.started, creates(party)) == (1, 1)
    assert time.now - began < 300


def test_nothing_is_sent_again_while_the_account_cannot_be_looked_at(party: Party, time: FakeTime) -> None:
    party.simulator.fault("429-started", times=1)
    for place in ("scheduler", "tasks"):
        party.simulator.fault("get-522", times=20, on=place)
    assert party.submit().wait(10).video is not None
    assert (party.started, creates(party)) == (1, 1)


@pytest.mark.parametrize("fault", ["429-started", "429-runway"])
def test_a_429_at_the_deadline_is_looked_at_once_more(party: Party, fault: str) -> None:
    party.simulator.fault("429-runway", retry_after=10**9)
    job = party.submit()
    while creates(party) < 1:
        pass
    party.simulator.clear("429-runway")
    party.simulator.fault(fault)
    party.ended(job)
    assert (job.video is not None) is (fault == "429-started")
    assert party.started == (fault == "429-started")


def test_a_stop_after_a_429_looks_before_it_says_that_nothing_was_charged(party: Party) -> None:
    waits = "429-started"
    party.simulator.fault(waits, times=1, retry_after=3)

    def stop(job: Job) -> None:
        if job.state.phase is Phase.WAITING and creates(party):
            job.stop()

    with party.held():
        job = party.submit()
        job.observe(stop)
    party.ended(job)
    assert (job.state.phase, party.started) == (Phase.STOPPED, 1)
    assert party.studio.ledger.get(job.id).task_id


def killed_in_line(party: Party, request: VideoRequest) -> Record:
    """A record of a kernel that was killed while it waited after a 429."""
    record = lost(party, request, party.time.now)
    party.studio.ledger.update(record.id, phase="waiting")
    return party.studio.ledger.get(record.id)


def test_a_kernel_killed_in_line_loses_no_task_that_its_429_started(party: Party) -> None:
    request = VideoRequest("A lamp turns")
    record = killed_in_line(party, request)
    task = started(party, record)
    job = party.studio.submit(request)
    assert job.wait(10).id == record.id
    assert party.studio.ledger.get(job.id).task_id == task
    assert creates(party) == 0


def test_what_was_killed_in_line_is_sent_by_its_cell_once_it_is_certain_that_nothing_was(party: Party) -> None:
    request = VideoRequest("A lamp turns")
    record = killed_in_line(party, request)
    assert party.studio.submit(request).wait(10).id == record.id
    assert (party.started, creates(party)) == (1, 1)


def test_what_was_killed_in_line_and_cannot_be_sent_now_says_why(party: Party) -> None:
    asset = party.studio.account.assets(kind="image")[0]
    request = VideoRequest("A lamp turns", Keyframes(asset.id))
    record = killed_in_line(party, request)
    party.studio.account.delete_asset(asset)
    for _ in range(2):
        job = party.ended(party.studio.submit(request))
        assert isinstance(job.error, errors.RateLimited)
        assert (job.id, job.state.phase, creates(party)) == (record.id, Phase.UNKNOWN, 0)
        assert job.error.message.startswith(f"{REFUSED_FOR_NOW}; still not sent: ")
        assert job.error.message.endswith("does not exist on the account")
        party.restart()
        stored = party.studio.find(job.id)
        assert (type(stored.error), str(stored.error)) == (errors.RateLimited, job.error.message)


def test_what_was_killed_in_line_says_that_the_account_cannot_be_looked_at(party: Party) -> None:
    request = VideoRequest("A lamp turns")
    record = killed_in_line(party, request)
    for place in ("scheduler", "tasks"):
        party.simulator.fault("get-522", on=place)
    job = party.ended(party.studio.submit(request))
    assert (job.id, job.state.phase, creates(party)) == (record.id, Phase.UNKNOWN, 0)
    assert job.error is not None
    assert job.error.message.startswith(f"{REFUSED_FOR_NOW}; still not sent: the account could not be looked at: ")
    party.simulator.clear()
    assert party.studio.submit(request).wait(10).id == record.id
    assert (party.started, creates(party)) == (1, 1)


def test_what_was_killed_in_line_is_looked_for_and_not_sent_by_resume(party: Party) -> None:
    record = killed_in_line(party, VideoRequest("A lamp turns"))
    (job,) = party.studio.resume()
    party.ended(job)
    assert (job.id, job.state.phase, creates(party)) == (record.id, Phase.UNKNOWN, 0)
    assert job.error is not None
    assert job.error.message == REFUSED_FOR_NOW
    assert party.studio.submit(VideoRequest("A lamp turns")).wait(10).id == record.id


def test_closing_in_line_after_a_429_leaves_a_job_that_its_cell_takes_up(party: Party) -> None:
    party.simulator.fault("429-started", times=1, retry_after=10**6)
    party.environment = party.environment._replace(sleep=_never)
    studio = party.make_studio()
    job = studio.submit(VideoRequest("A lamp turns"))
    while job.state.phase is not Phase.WAITING or not creates(party):
        pass
    studio.close()
    assert job.state.phase is Phase.UNKNOWN
    again = party.studio.submit(VideoRequest("A lamp turns"))
    assert again.wait(10).id == job.id
    assert (party.started, creates(party)) == (1, 1)


async def _never(seconds: float) -> None:
    await asyncio.Event().wait()


def test_a_budget_counts_what_a_429_may_have_started(party: Party) -> None:
    record = killed_in_line(party, VideoRequest("A lamp turns"))
    assert party.studio.ledger.spending.today(record.backend) == record.credits > 0


# --- answers that contradict ------------------------------------------------------------------------


@pytest.mark.parametrize("what", ["all", "reference", "seed", "prompt"])
def test_an_answer_about_another_task_is_not_believed(party: Party, what: str) -> None:
    party.simulator.fault("other-answer", times=1, what=what)
    job = party.submit().wait(10)
    assert job.video is not None
    assert (party.started, creates(party)) == (1, 1)
    assert job.task is not None
    assert job.task.seed == job.seed


def test_what_contradicts_is_told_in_words_when_nothing_is_found(party: Party) -> None:
    def other(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "POST":
            return answer
        return httpx.Response(200, json={"taskId": OTHER, "options": {"seed": 1}, "replyRef": "x", "status": "PENDING"})

    party.simulator.fault("522-before", times=1)
    with changing(party, other):
        job = party.ended(party.submit())
    assert job.state.phase is Phase.UNKNOWN
    assert job.error is not None
    assert "names another reference and another seed" in job.error.message


OTHER = "user:4711-runwayml:a@b.example-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33"


@pytest.mark.parametrize("spelt", [str, str.upper, str.title])
def test_the_task_of_another_job_in_an_answer_takes_nothing_from_it(party: Party, spelt: Callable[[str], str]) -> None:
    first = party.submit().wait(10)

    def repeat(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        assert first.task is not None
        return httpx.Response(200, json={"taskId": spelt(first.task.id)}) if request.method == "POST" else answer

    with changing(party, repeat):
        second = party.submit("Another lamp").wait(10)
    records = {record.id: record for record in recent_records(party.studio.ledger)}
    assert records[first.id].phase == records[second.id].phase == "done"
    assert records[first.id].task_id.lower() != records[second.id].task_id.lower()
    assert (party.started, creates(party)) == (2, 2)


@pytest.mark.parametrize("times", [1, 3])
def test_a_poll_that_shows_another_task_is_not_believed(party: Party, times: int) -> None:
    party.simulator.fault("get-other", times=times)
    job = party.submit().wait(10)
    assert job.task is not None
    assert party.studio.ledger.get(job.id).task_id == job.task.id
    assert job.video is not None


def test_polls_that_never_show_the_task_detach_and_lose_nothing(party: Party) -> None:
    party.simulator.fault("get-other")
    job = party.ended(party.submit())
    assert job.state.phase is Phase.DETACHED
    party.simulator.clear()
    assert party.studio.attach(job.id).wait(10).video is not None


def test_an_asset_that_is_another_is_not_sent_as_a_keyframe(party: Party) -> None:
    def other(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "GET" or "-asset:" not in str(request.url):
            return answer
        body = answer.json()
        return httpx.Response(200, json={**body, "assetId": body["assetId"][:-1] + "~"})

    asset = party.studio.account.assets("harbour")[0]
    with changing(party, other):
        job = party.ended(party.submit(keyframes=Keyframes(first=asset.id)))
    assert (job.state.phase, creates(party)) == (Phase.REFUSED, 0)


# --- clocks -----------------------------------------------------------------------------------------


def _wrong_clock(party: Party, seconds: float) -> Studio:
    """A studio on a machine whose clock is ahead."""
    party.environment = party.environment._replace(clock=lambda: party.time() + seconds)
    return party.make_studio()


WRONG = [-400 * DAY, -DAY, -900.0, 0.0, 900.0, DAY, 400 * DAY]


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("seed", [None, 7], ids=["drawn", "fixed"])
def test_a_wrong_clock_loses_no_paid_video(party: Party, wrong: float, seed: int | None) -> None:
    party.simulator.fault("lost-answer", times=1)
    party.simulator.fault("scheduler-empty")
    studio = _wrong_clock(party, wrong)
    job = studio.submit(VideoRequest("A lamp turns", seed=seed)).wait(10)
    assert job.video is not None
    assert (party.started, creates(party)) == (1, 1)
    studio.close()


@pytest.mark.parametrize("wrong", WRONG)
@pytest.mark.parametrize("now", [0.0, 400 * DAY], ids=["set right since", "wrong since"])
def test_nor_does_a_clock_that_was_set_between_kill_and_restart(party: Party, wrong: float, now: float) -> None:
    request = VideoRequest("A lamp turns", seed=7)
    record = lost(party, request, party.time.now)
    party.studio.ledger.update(record.id, sent=party.time.now + wrong)
    task = started(party, record)
    party.time.now += 3600
    studio = _wrong_clock(party, now)
    assert studio.submit(request).wait(10).id == record.id
    assert studio.ledger.get(record.id).task_id == task
    assert creates(party) == 0
    studio.close()


def test_an_equal_task_of_before_is_not_taken_for_ours(party: Party) -> None:
    """By the service's own clock, with ours a day behind."""
    request = VideoRequest("A lamp turns", seed=7)
    started(party, lost(party, request, party.time.now, resent_as="elsewhere"))
    party.time.now += 3600
    party.simulator.fault("lost-before", times=1)
    studio = _wrong_clock(party, -DAY)
    job = studio.submit(request, fresh=True)
    party.ended(job)
    assert job.state.phase is Phase.UNKNOWN
    studio.close()


@pytest.mark.parametrize("seed", [None, 7])
@pytest.mark.parametrize("wrong", [3600.0, -3600.0, 2 * DAY, -2 * DAY, 400 * DAY, -400 * DAY])
def test_a_date_that_is_not_of_the_service_loses_no_paid_video(party: Party, wrong: float, seed: int | None) -> None:
    """The head of an answer comes from another server than the times of tasks, and the list of what runs is empty."""

    def dated(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        answer.headers["Date"] = formatdate(party.time.now + wrong, usegmt=True)
        return answer

    party.simulator.fault("lost-answer", times=1)
    party.simulator.fault("scheduler-empty")
    with changing(party, dated):
        assert party.submit(seed=seed).wait(10).video is not None
    assert (party.started, creates(party)) == (1, 1)


def test_a_search_tells_the_time_that_the_service_told(party: Party) -> None:
    job = _wrong_clock(party, 400 * DAY).submit(VideoRequest("A lamp turns")).wait(10)
    record = party.studio.ledger.get(job.id)
    assert record.server_sent == pytest.approx(record.created - 400 * DAY, abs=60)


# --- two equal requests in doubt --------------------------------------------------------------------


@pytest.mark.parametrize("gap", [30.0, 1200.0, 4 * 3600.0])
@pytest.mark.parametrize("order", [0, 1])
def test_two_equal_requests_that_were_both_killed_get_a_task_each(party: Party, gap: float, order: int) -> None:
    request = VideoRequest("A lamp turns", seed=7)
    records, tasks = [], []
    for _ in range(2):
        records.append(lost(party, request, party.time.now))
        tasks.append(started(party, records[-1]))
        party.time.now += gap
    names = [record.id for record in records]
    for name in names[::-1] if order else names:
        assert party.studio.attach(name).wait(10).video is not None
    assert [party.studio.ledger.get(name).task_id for name in names] == tasks
    assert creates(party) == 0


def test_the_only_task_goes_to_the_request_that_made_it(party: Party) -> None:
    request = VideoRequest("A lamp turns", seed=7)
    first = lost(party, request, party.time.now)
    party.time.now += 1200
    second = lost(party, request, party.time.now)
    task = started(party, second)
    party.ended(party.studio.attach(first.id))
    assert party.studio.ledger.get(first.id).task_id == ""
    party.ended(party.studio.attach(second.id))
    assert party.studio.ledger.get(second.id).task_id == task


def test_two_requests_with_one_seed_never_take_each_others_video(party: Party) -> None:
    """Where the account tells neither words nor options of a task."""

    def bare(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "GET" or "/tasks" not in request.url.path:
            return answer
        body = json.loads(answer.content)
        for task in body if isinstance(body, list) else [body]:
            task.pop("options", None)
            task["name"] = "Gen-3 Alpha Turbo 7654321"
        return httpx.Response(200, json=body)

    records = [lost(party, VideoRequest(words, seed=7654321), party.time.now) for words in ("One lamp", "Two lamps")]
    started(party, records[1])
    with changing(party, bare):
        for record in records:
            assert party.ended(party.studio.attach(record.id)).state.phase is Phase.UNKNOWN
    assert party.ended(party.studio.attach(records[0].id)).state.phase is Phase.UNKNOWN
    assert party.studio.attach(records[1].id).wait(10).video is not None


def test_requests_that_differ_in_the_camera_alone_are_told_apart(party: Party) -> None:
    records = [
        lost(party, VideoRequest("A lamp", seed=7, camera=Camera(zoom=zoom)), party.time.now) for zoom in (3.0, -5.0)
    ]
    tasks = [started(party, record) for record in records[::-1]][::-1]
    for record, task in zip(records, tasks, strict=True):
        assert party.studio.attach(record.id).wait(10).video is not None
        assert party.studio.ledger.get(record.id).task_id == task


def test_a_wrong_early_match_is_undone_by_what_names_the_task(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path)
    for name in ("0000000a", "0000000b"):
        ledger.add(Record(name, "unknown", {}, "gen3turbo", "v1:x", f"rnb-{name}", 25, False, backend="api.test"))
    assert ledger.tasks.assign("0000000a", OTHER, is_certain=False)
    assert not ledger.tasks.assign("0000000b", OTHER, is_certain=False)
    ledger.update("0000000a", phase="done", video="/a.mp4")
    assert ledger.tasks.assign("0000000b", OTHER, is_certain=True)
    undone = ledger.get("0000000a")
    assert (undone.phase, undone.task_id, undone.video, undone.guessed) == ("unknown", "", "", False)
    assert not ledger.tasks.assign("0000000a", OTHER, is_certain=True)
    assert [record.id for record in ledger.tasks.missing("api.test")] == ["0000000a"]


# --- a task that nothing proves to be ours ----------------------------------------------------------


def _answered(party: Party, task: dict[str, Any]) -> Change:
    """The create starts a task and answers with another."""

    def change(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        return httpx.Response(200, json=task) if request.method == "POST" else answer

    return change


@pytest.mark.parametrize("seed", [None, 700424])
@pytest.mark.parametrize(
    "identifier", [OTHER, OTHER.replace("4711", "9999"), OTHER.replace("-task:", "-asset:"), OTHER[-36:], "../accounts"]
)
def test_a_task_that_nobody_knows_is_not_waited_for(party: Party, identifier: str, seed: int | None) -> None:
    with changing(party, _answered(party, {"taskId": identifier, "status": "PENDING"})):
        job = party.submit(seed=seed).wait(10)
    assert job.video is not None
    assert (party.started, creates(party)) == (1, 1)
    assert party.studio.ledger.get(job.id).task_id != identifier


@pytest.mark.parametrize("told", [{}, {"createdAt": "2001-01-01T00:00:00Z"}, {"taskType": "gen4"}])
def test_a_strangers_task_is_known_by_its_first_look(party: Party, told: dict[str, Any]) -> None:
    other = party.submit("Something else").wait(10)
    assert other.task is not None
    with party.studio.ledger.table.database.transaction() as connection:
        connection.execute("DELETE FROM jobs")
    with changing(party, _answered(party, {"taskId": other.task.id, "status": "PENDING", **told})):
        job = party.submit().wait(10)
    assert job.task is not None
    assert job.task.seed == job.seed
    assert job.task.id != other.task.id
    assert (party.started, creates(party)) == (2, 2)


def test_a_bare_answer_is_followed_and_proven_by_its_first_look(party: Party) -> None:
    def bare(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "POST":
            return answer
        return httpx.Response(200, json={"taskId": answer.json()["taskId"]})

    with changing(party, bare):
        job = party.submit().wait(10)
    assert job.video is not None
    assert not party.studio.ledger.get(job.id).guessed


def test_a_search_has_one_clock_however_slowly_the_account_answers(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(submit, "LONGEST_SEARCH", 0.3)

    class Slow(httpx.AsyncBaseTransport):
        async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
            if request.method == "GET" and "/accounts" in request.url.path:
                await asyncio.sleep(60)
            return await inner.handle_async_request(request)

    party.simulator.fault("lost-answer", times=1)
    party.simulator.fault("scheduler-empty")
    inner, party.api.inner = party.api.inner, Slow()
    job = party.ended(party.submit())
    assert job.state.phase is Phase.UNKNOWN
    assert job.error is not None
    assert "could not be looked at within" in job.error.message
    party.api.inner = inner
    assert party.studio.attach(job.id).wait(10).video is not None
    assert (party.started, creates(party)) == (1, 1)


def test_when_the_true_task_is_not_found_either_it_is_a_doubt(party: Party) -> None:
    party.simulator.fault("522-before", times=1)
    with changing(party, _answered(party, {"taskId": OTHER})):
        job = party.ended(party.submit())
    assert job.state.phase is Phase.UNKNOWN
    assert party.studio.ledger.get(job.id).may_be_lost
    assert creates(party) == 1


@pytest.mark.parametrize("status", sorted(CERTAIN))
@pytest.mark.parametrize("shape", ["task", "running"])
def test_a_refusal_that_names_our_task_has_started_it(party: Party, status: int, shape: str) -> None:
    def refuse(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "POST":
            return answer
        body = answer.json()
        item = {"taskId": body["taskId"], "replyRef": body["replyRef"]}
        named = item if shape == "task" else {"runningTasks": {EMAIL: [item]}}
        return httpx.Response(status, json={"error": "no", **named})

    with changing(party, refuse):
        job = party.submit().wait(10)
    assert job.video is not None
    assert (party.started, creates(party)) == (1, 1)


def test_a_year_that_cannot_be_leaves_the_job_readable(party: Party) -> None:
    def far(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        answer.headers["Date"] = "Fri, 31 Dec 9999 23:59:59 GMT"
        return answer

    party.simulator.fault("lost-answer", times=1)
    with changing(party, far):
        assert party.submit(seed=7).wait(10).video is not None
