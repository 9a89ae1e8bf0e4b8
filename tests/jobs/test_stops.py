"""A stop works at once in whatever is only read, loses no answer that may be paid, and deadlines hold inside a call."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Callable
from typing import Any, cast

import httpx
import pytest

from runway_nb import errors
from runway_nb.api import client as client_module
from runway_nb.jobs import workflow as workflow_module
from runway_nb.jobs.download import FILES
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from support.fakes import Changed, Party

PROMPT = 1.5
"""Seconds within which a stop has to work."""


class Hanging(httpx.AsyncBaseTransport):
    """Passes requests on, but for those that are to hang: in the head, or after the first byte of the body."""

    def __init__(self, inner: Any, hangs: Callable[[httpx.Request], bool], *, in_body: bool = False) -> None:
        self.inner, self.hangs, self.in_body = inner, hangs, in_body
        self.hung = 0
        self.let_go = asyncio.Event()

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if not self.hangs(request):
            return await self.inner.handle_async_request(request)
        self.hung += 1
        if self.in_body:
            return httpx.Response(200, headers={"Content-Length": "999"}, content=self._drip())
        await self.let_go.wait()
        return await self.inner.handle_async_request(request)

    async def _drip(self) -> Any:
        while True:
            yield b" "
            await asyncio.sleep(0.01)


def _until(condition: Callable[[], object]) -> None:
    end = time.monotonic() + 5
    while not condition():
        assert time.monotonic() < end, "it did not come that far"
        time.sleep(0.005)


def _stopped(party: Party, job: Job, hanging: Hanging) -> Job:
    """The job after a stop while a request hung; the stop worked at once."""
    _until(lambda: hanging.hung)
    began = time.monotonic()
    job.stop()
    party.ended(job, 5)
    assert time.monotonic() - began < PROMPT
    return job


def _gets(part: str) -> Callable[[httpx.Request], bool]:
    return lambda request: request.method == "GET" and part in request.url.path


@pytest.mark.parametrize("in_body", [False, True])
def test_a_stop_ends_a_poll(party: Party, in_body: bool) -> None:
    hanging = Hanging(party.api.inner, _gets("/tasks/"), in_body=in_body)
    party.api.inner = hanging
    job = _stopped(party, party.submit(), hanging)
    assert (job.state.phase, party.started) == (Phase.STOPPED, 1)
    assert party.api.calls("DELETE", "/scheduler/"), "the slot was not freed"


@pytest.mark.parametrize("in_body", [False, True])
def test_a_stop_ends_a_download(party: Party, in_body: bool) -> None:
    hanging = Hanging(party.media.inner, lambda request: request.url.path.endswith(".mp4"), in_body=in_body)
    party.media.inner = hanging
    job = _stopped(party, party.submit(), hanging)
    assert (job.state.phase, job.video) == (Phase.STOPPED, None)
    _until(lambda: not list((party.folder / "runway_outputs").glob(".*")))
    party.media.inner = hanging.inner
    assert party.ended(party.studio.attach(job.id)).video is not None


@pytest.mark.parametrize("in_body", [False, True])
def test_a_stop_during_the_preview_costs_the_preview_and_not_the_video(party: Party, in_body: bool) -> None:
    hanging = Hanging(party.media.inner, lambda request: request.url.path.endswith(".jpg"), in_body=in_body)
    party.media.inner = hanging
    job = _stopped(party, party.submit(), hanging)
    assert (job.state.phase, job.state.poster) == (Phase.DONE, None)
    assert job.video is not None


@pytest.mark.parametrize("part", ["/assets/", "/accounts"])
def test_a_stop_ends_what_prepares_the_keyframes(party: Party, part: str) -> None:
    hanging = Hanging(party.api.inner, lambda request: part in request.url.path)
    party.api.inner = hanging
    job = _stopped(party, party.submit(keyframes=Keyframes(first="harbour")), hanging)
    assert (job.state.phase, party.started) == (Phase.REMOVED, 0)
    assert "nothing was charged" in str(job.error)


def test_a_stop_ends_an_upload(party: Party) -> None:
    from PIL import Image

    Image.new("RGB", (1280, 768), "teal").save(party.folder / "lamp.png")
    hanging = Hanging(party.api.inner, lambda request: request.method == "POST")
    party.api.inner = hanging
    job = _stopped(party, party.submit(keyframes=Keyframes(first="lamp.png")), hanging)
    assert (job.state.phase, party.started) == (Phase.REMOVED, 0)


def test_a_stop_ends_the_search_for_a_lost_task(party: Party) -> None:
    party.simulator.fault("522-before")
    listed = _gets("/scheduler/")
    hanging = Hanging(party.api.inner, lambda request: listed(request) and bool(party.api.calls("POST")))
    party.api.inner = hanging
    job = _stopped(party, party.submit(), hanging)
    assert job.state.phase is Phase.UNKNOWN
    assert "the search for its task was stopped" in str(job.error)


@pytest.mark.parametrize("fault", ["522", "429-started"])
def test_a_stop_takes_no_paid_request_of_an_earlier_session_for_one_that_was_never_sent(
    party: Party, fault: str
) -> None:
    party.simulator.fault(fault)
    inner = party.api.inner
    party.api.inner = hanging = Hanging(inner, lambda request: request.method == "GET" and bool(party.started))
    lost = party.submit(fresh=False)
    _until(lambda: hanging.hung)
    party.studio.close()
    party.studio = party.make_studio()
    party.api.inner = hanging = Hanging(inner, _gets("/scheduler/"))
    job = _stopped(party, party.studio.attach(lost.id), hanging)
    record = party.studio.ledger.get(lost.id)
    assert (job.state.phase, record.phase, record.credits) == (Phase.UNKNOWN, "unknown", 25)
    party.api.inner = inner
    again = party.ended(party.submit(fresh=False))
    assert (again.id, again.state.phase, party.started) == (lost.id, Phase.DONE, 1)


def test_a_stop_does_not_wait_long_for_its_own_courtesy(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workflow_module, "STOP_SECONDS", 0.1)
    hanging = Hanging(party.api.inner, lambda request: "/tasks/" in request.url.path or request.method == "DELETE")
    party.api.inner = hanging
    job = _stopped(party, party.submit(), hanging)
    assert (job.state.phase, party.started) == (Phase.STOPPED, 1)


def test_a_stop_while_a_create_is_on_its_way_waits_for_the_answer(party: Party) -> None:
    hanging = Hanging(party.api.inner, lambda request: request.method == "POST")
    party.api.inner = hanging
    job = party.submit()
    _until(lambda: hanging.hung)
    job.stop()
    _until(lambda: job.state.detail)
    assert "the answer to the create" in job.state.detail
    assert (job.state.phase, job.done) == (Phase.SENDING, False)
    party.loop.call(hanging.let_go.set)
    party.ended(job)
    assert (job.state.phase, party.started) == (Phase.STOPPED, 1)
    assert party.studio.ledger.get(job.id).task_id, "the paid task was lost"
    assert party.ended(party.studio.attach(job.id)).video is not None


def test_a_create_that_never_answers_is_a_doubt_in_time(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client_module, "CREATE_SECONDS", 0.2)
    hanging = Hanging(party.api.inner, lambda request: request.method == "POST", in_body=True)
    party.api.inner = hanging
    job = party.ended(party.submit())
    assert job.state.phase is Phase.UNKNOWN
    assert isinstance(job.error, errors.MaybeSent)
    assert len(party.api.calls("POST")) == 1


def test_a_stop_ends_the_question_for_the_time_of_the_server(party: Party) -> None:
    hanging = Hanging(party.api.inner, _gets("/scheduler/"))
    party.api.inner = hanging
    job = _stopped(party, party.submit(), hanging)
    assert (job.state.phase, party.started) == (Phase.REMOVED, 0)


def test_a_stop_before_the_work_begins_sends_nothing(party: Party) -> None:
    hanging = Hanging(party.api.inner, lambda _: False)
    party.api.inner = hanging
    job = party.submit()
    job.stop()
    party.ended(job)
    assert job.state.phase in (Phase.REMOVED, Phase.STOPPED)


def test_the_deadline_of_tracking_holds_inside_a_poll(party: Party) -> None:
    """The last poll hangs; a quarter of a second is left when it begins."""
    hanging = Hanging(party.api.inner, _gets("/tasks/"))
    monotonic = party.environment.monotonic

    def jumps() -> float:
        """Near the end of tracking as soon as the first poll, three seconds later, is planned."""
        is_planned = any(job.state.next_poll for job in party.studio.jobs.values())
        return monotonic() + (30 * 60 - 3.25 if is_planned else 0.0)

    party.api.inner = hanging
    party.restart(monotonic=jumps)
    started = time.monotonic()
    job = party.ended(party.submit(), 5)
    assert time.monotonic() - started < 3
    assert isinstance(job.error, errors.DeadlineReached)
    assert (job.state.phase, hanging.hung > 0) == (Phase.DETACHED, True)


# --- which artifact is the video --------------------

POSTER = {"url": "http://127.0.0.1/poster.png", "assetId": "poster"}


def _with_artifacts(party: Party, change: Callable[[list[Any]], list[Any]]) -> None:
    def changed(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "GET" or "/tasks/" not in request.url.path or answer.status_code != 200:
            return answer
        body = answer.json()
        if isinstance(body, dict) and body.get("artifacts"):
            body["artifacts"] = change(body["artifacts"])
        return httpx.Response(200, text=json.dumps(body))

    party.api.inner = Changed(party.api.inner, changed)


def _bare(url: str, **more: Any) -> dict[str, Any]:
    return {"url": url, "assetId": "other", **more}


@pytest.mark.parametrize(
    "others",
    [
        [POSTER], [{}], [{"url": ""}], [_bare("http://127.0.0.1/x", mediaType="image")],
        [_bare("http://127.0.0.1/x", type={"name": "image"})], [_bare("http://127.0.0.1/x", type="image/png")],
        [_bare("http://127.0.0.1/x", metadata={"mimeType": "image/jpeg"})],
        [_bare("http://127.0.0.1/x", mediaType="audio")], [_bare("http://127.0.0.1/x.json?a=b.mp4")],
        [_bare("http://127.0.0.1/x", filename="poster.PNG")], [_bare("http://127.0.0.1/page")],
        [_bare("javascript:alert(1)")], [_bare("http://10.0.0.7/a.mp4")], [_bare("http://169.254.169.254/a.mp4")],
        [_bare("http://127.0.0.1/page.mp4", mediaType="video")], [_bare(cast(str, 5)), "text", None],
        [POSTER, _bare("http://127.0.0.1/page"), _bare("\ud800")],
    ],
)  # fmt: skip
def test_a_later_artifact_is_the_video(party: Party, others: list[Any]) -> None:
    _with_artifacts(party, lambda artifacts: [*others, *artifacts])

    def page(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        known = request.url.path.startswith("/artifacts")
        return answer if known else httpx.Response(200, html="<html>a page</html>")

    party.media.inner = Changed(party.media.inner, page)
    job = party.submit().wait(10)
    assert job.video is not None
    assert job.video.read_bytes()[4:8] == b"ftyp"
    assert sum(party.time.sleeps) < 120, "the others were tried with patience"


@pytest.mark.parametrize(
    "change",
    [
        {"mediaType": "image"}, {"filename": "a lamp, lighthouse.jpg"}, {"filename": "poster.png", "metadata": None},
        {"mediaType": "nonsense", "type": 5, "metadata": "x"}, {"fileSize": "99999999999999"}, {"fileSize": -1},
        {"previewUrls": None}, {"previewUrls": ["javascript:1", 5]}, {"filename": None},
    ],
)  # fmt: skip
def test_what_an_artifact_says_wrongly_costs_no_video(party: Party, change: dict[str, Any]) -> None:
    _with_artifacts(party, lambda artifacts: [{**artifacts[0], **change}])
    assert party.submit().wait(10).video is not None


def test_a_dead_artifact_does_not_hide_a_good_one(party: Party) -> None:
    _with_artifacts(party, lambda artifacts: [_bare("http://127.0.0.1/artifacts/gone.mp4"), *artifacts])
    assert party.submit().wait(10).video is not None


def test_only_a_page_in_the_place_of_the_video_can_be_fetched_again(party: Party) -> None:
    inner = party.media.inner
    party.media.inner = Changed(inner, lambda _, __: httpx.Response(200, html="<html>later</html>"))
    job = party.ended(party.submit())
    assert (job.state.phase, type(job.error)) == (Phase.DETACHED, errors.NotVideo)
    party.media.inner = inner
    assert party.ended(party.studio.attach(job.id)).video is not None
    assert party.started == 1


def test_a_video_that_is_named_after_its_pictures_is_waited_for(party: Party) -> None:
    """The first looks show a file alone that turns out to be none."""
    looks: list[int] = []

    def late(artifacts: list[Any]) -> list[Any]:
        looks.append(1)
        page = _bare(f"http://127.0.0.1/page?{len(looks)}")
        return [page] if len(looks) <= 5 else [page, *artifacts]

    def page(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        known = request.url.path.startswith("/artifacts")
        return answer if known else httpx.Response(200, html="<html>a page</html>")

    _with_artifacts(party, late)
    party.media.inner = Changed(party.media.inner, page)
    assert party.submit().wait(10).video is not None
    assert sum(party.time.sleeps) < 150, "what is no video was asked for with patience"


@pytest.mark.parametrize("answer", [httpx.Response(200, html="<html>a page</html>"), httpx.Response(500)])
def test_of_a_task_that_names_hundreds_of_files_a_few_are_tried(party: Party, answer: httpx.Response) -> None:
    _with_artifacts(party, lambda _: [_bare(f"http://127.0.0.1/{n}.mp4", assetId=str(n)) for n in range(500)])
    party.media.inner = Changed(party.media.inner, lambda _, __: httpx.Response(answer.status_code, text=answer.text))
    job = party.ended(party.submit())
    assert (job.state.phase, job.task is not None) == (Phase.DETACHED, True)
    assert {request.url.path for request in party.media.requests} == {f"/{n}.mp4" for n in range(FILES)}
    assert party.started == 1


def test_a_video_among_the_files_that_are_tried_is_found(party: Party) -> None:
    pages = [_bare(f"http://127.0.0.1/{n}.mp4", assetId=str(n)) for n in range(FILES - 1)]
    _with_artifacts(party, lambda artifacts: [*pages, *artifacts])

    def page(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        known = request.url.path.startswith("/artifacts")
        return answer if known else httpx.Response(200, html="<html>a page</html>")

    party.media.inner = Changed(party.media.inner, page)
    assert party.submit().wait(10).video is not None


def test_a_file_that_stands_alone_is_read_without_its_list(party: Party) -> None:
    _with_artifacts(party, lambda artifacts: artifacts and artifacts[0])
    assert party.submit().wait(10).video is not None


@pytest.mark.parametrize("trouble", [500, 522, 429, 408, "drop", "page"])
def test_a_video_that_is_named_late_is_waited_for_through_trouble(party: Party, trouble: int | str) -> None:
    """Three looks show none, then five fail."""
    looks: list[str] = []

    def late(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        if request.method != "GET" or "/tasks/" not in request.url.path or "SUCCEEDED" not in answer.text:
            return answer
        looks.append(request.url.path)
        if len(looks) <= 3:
            return httpx.Response(200, json={**answer.json(), "artifacts": []})
        if len(looks) > 8:
            return answer
        if trouble == "drop":
            raise httpx.ReadError("gone")
        if trouble == "page":
            return httpx.Response(200, html="<html>Just a moment...</html>")
        return httpx.Response(int(trouble), json={"error": "no"}, headers={"Retry-After": "3600"})

    party.api.inner = Changed(party.api.inner, late)
    job = party.submit().wait(10)
    assert (job.video is not None, len(looks)) == (True, 9)


@pytest.mark.parametrize("artifacts", [[], [{}], [POSTER], None, "x", [{"url": None}]])
def test_a_task_that_never_names_a_video_can_be_taken_up_again(party: Party, artifacts: Any) -> None:
    inner = party.api.inner
    _with_artifacts(party, lambda _: artifacts)
    job = party.ended(party.submit())
    assert (job.state.phase, type(job.error)) == (Phase.DETACHED, errors.NoVideo)
    assert sum(party.time.sleeps) > 150, "it was not looked at again for a while"
    party.api.inner = inner
    assert party.ended(party.studio.attach(job.id)).video is not None
    assert party.started == 1


# --- where it is to lie --------------------


@pytest.mark.parametrize("output", ["file", "file/deeper", "x" * 300, "/proc/nowhere/out"])
def test_a_folder_that_cannot_be_written_is_found_before_anything_is_paid(party: Party, output: str) -> None:
    from dataclasses import replace
    from pathlib import Path

    (party.folder / "file").write_text("in the way")
    good = party.studio.settings
    party.studio.use(replace(good, output=Path(output)))
    with pytest.raises(errors.SettingsError, match=r"output.*RunwayMagics\.output = '~/videos' or RUNWAY_NB_OUTPUT"):
        party.submit(fresh=False)
    assert party.studio.ledger.recent() == []
    assert (party.started, party.api.requests) == (0, [])

    party.studio.use(good)
    done = party.submit(fresh=False).wait(10)
    party.studio.use(replace(good, output=Path(output)))
    again = party.submit(fresh=False)
    assert (again.id, again.video) == (done.id, done.video), "what is there already needs no folder"


def test_a_folder_that_breaks_while_the_job_waits_is_found_before_anything_is_paid(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        workflow_module, "folder_problem", lambda folder, name: errors.SettingsError(f"{folder}, {name}")
    )
    job = party.ended(party.submit())
    assert (job.state.phase, type(job.error)) == (Phase.REFUSED, errors.SettingsError)
    assert (party.started, party.studio.ledger.get(job.id).credits) == (0, 0)
