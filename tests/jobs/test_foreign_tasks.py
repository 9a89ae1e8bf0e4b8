"""Tasks of other models, as the API shows them (Model facts 7): read back, attached, found again, their price known."""

from __future__ import annotations

from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import httpx
import pytest

from runway_nb import errors
from runway_nb.api.models import Task
from runway_nb.errors import InvalidCommand
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.facts import cost, facts
from runway_nb.request import VideoRequest
from support.fakes import Changed, FakeTime, Party
from support.strategies import TASK_ID

KLING: dict[str, Any] = {
    "name": "Kling 3.0 Pro, A lamp turns", "textPrompt": "A lamp turns", "duration": 10, "aspectRatio": "9:16",
    "generateAudio": False, "referenceImages": [], "exploreMode": False, "recordingEnabled": True,
}  # fmt: skip
GEN4_5: dict[str, Any] = {
    "route": "t2v", "name": "Gen-4.5 77, A lamp turns", "text_prompt": "A lamp turns", "seconds": 8, "width": 1280,
    "height": 720, "seed": 77, "exploreMode": False, "watermark": False, "creationSource": "tool-mode",
    "assetGroupId": None,
}  # fmt: skip
GEN3: dict[str, Any] = {
    "name": "Gen-3 Alpha Turbo 77, A lamp turns", "seconds": 10, "text_prompt": "A lamp turns", "seed": 77,
    "exploreMode": False, "flip": True, "keyframes": [], "camera": {"x": 0, "z": 0, "static": False},
}  # fmt: skip
READ_BACK = [
    ("gen3a_turbo", GEN3, VideoRequest("A lamp turns", aspect="portrait", seconds=10, seed=77), "50 credits"),
    ("gen4_5", GEN4_5, VideoRequest("A lamp turns", model="gen4_5", aspect="16:9", seconds=8, seed=77),
     "about 96 credits"),
    ("gen4.5", GEN4_5, VideoRequest("A lamp turns", model="gen4_5", aspect="16:9", seconds=8, seed=77),
     "about 96 credits"),
    ("kling_3", KLING, VideoRequest("A lamp turns", model="kling-3.0-pro", aspect="9:16", seconds=10, audio=False),
     "price unknown"),
]  # fmt: skip


@pytest.fixture
def party(tmp_path: Path, time: FakeTime) -> Iterator[Party]:
    with Party(tmp_path, time) as made:
        yield made


def _body(task_type: str, options: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {
        "taskId": TASK_ID, "id": TASK_ID[-36:], "name": options.get("name", ""), "taskType": task_type,
        "options": options, "status": "FAILED", "error": None, "artifacts": [], "createdAt": "2026-11-28T09:15:02.120Z",
        **more,
    }  # fmt: skip


def _showing(party: Party, body: dict[str, Any]) -> None:
    """Let the API show this task, and no other."""

    def show(request: httpx.Request, answer: httpx.Response) -> httpx.Response:
        is_task = request.method == "GET" and "/tasks/" in request.url.path and TASK_ID[-36:] in str(request.url)
        return httpx.Response(200, json=body) if is_task else answer

    party.api.inner = Changed(party.api.inner, show)


@pytest.mark.parametrize(("task_type", "options", "request_", "price"), READ_BACK)
def test_a_task_of_any_model_is_attached_with_its_request_and_price(
    party: Party, task_type: str, options: dict[str, Any], request_: VideoRequest, price: str
) -> None:
    _showing(party, _body(task_type, options))
    assert party.studio.request_of(TASK_ID) == request_
    job = party.ended(party.studio.attach(TASK_ID))
    assert (job.request, job.price_text, job.foreign_type) == (request_, price, "")
    assert party.studio.ledger.get(job.id).credits == 0, "it was paid elsewhere"


@pytest.mark.parametrize("task_type", ["act_two", "veo3.1", ""])
def test_a_task_of_a_type_that_nobody_knows_has_no_price(party: Party, task_type: str) -> None:
    _showing(party, _body(task_type, {**KLING, "duration": 5}))
    job = party.ended(party.studio.attach(TASK_ID))
    assert (job.credits, job.price_text, cost(job)) == (None, "price unknown", "price unknown")
    assert task_type in " ".join(facts(job))
    party.restart()
    again = party.studio.find(job.id)
    assert (again.price_text, again.foreign_type) == (job.price_text, job.foreign_type)
    assert again.request.prompt == "A lamp turns"


def test_a_task_of_a_type_that_nobody_knows_is_not_made_again_with_another_model(party: Party) -> None:
    _showing(party, _body("act_two", {**KLING, "duration": 5}))
    job = party.ended(party.studio.attach(TASK_ID))
    with pytest.raises(InvalidCommand, match="was made by act_two, which is no model here"):
        party.studio.new_take(job)
    assert not party.api.calls("POST", "/create")


# --- answers --------------------------------------------------------------------------------------------

OTHER_ID = TASK_ID[:-12] + "000000000000"


@pytest.mark.parametrize("task_type", ["kling_3", "gen4_5"])
def test_an_answer_is_read_flat_nested_and_both_at_once(task_type: str) -> None:
    flat = _body(task_type, KLING, replyRef="rnb-1", features={"numPlanCredits_used": 25})
    nested = {
        "task": _body(task_type, KLING),
        "replyRef": "rnb-1",
        "features": {"numPlanCredits_used": 25},
        "code": 200,
    }
    read = [Task.from_wire(body) for body in (flat, nested, {**flat, **nested})]
    assert read[0] == read[1] == read[2]
    assert (read[0].id, read[0].task_type, read[0].prompt, read[0].seed) == (TASK_ID, task_type, "A lamp turns", None)
    assert (read[0].reply_ref, read[0].credits_used) == ("rnb-1", 25)


@pytest.mark.parametrize(
    "body",
    [
        {**_body("kling_3", KLING), "task": _body("kling_3", KLING, taskId=OTHER_ID)},
        {**_body("kling_3", KLING, replyRef="rnb-1"), "task": _body("kling_3", KLING, replyRef="rnb-2")},
        {"task": {"status": "PENDING"}, "code": 200},
    ],
    ids=["two ids", "two references", "no id"],
)
def test_an_answer_that_contradicts_itself_is_no_answer(body: dict[str, Any]) -> None:
    with pytest.raises(errors.ServerError):
        Task.from_wire(body)


def test_a_bare_id_is_the_last_resort() -> None:
    body = _body("gen4", GEN4_5)
    del body["taskId"]
    assert Task.from_wire({"task": {**body, "id": TASK_ID}}).id == TASK_ID
    assert Task.from_wire({"taskId": TASK_ID, "task": {"status": "RUNNING"}}).status == "RUNNING"


# --- the whole way --------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", ["gen4_5", "videos-gen4.5", "kling-3.0-pro", "veo-3.1", "seedance-2", "sora-2"])
@pytest.mark.parametrize("fault", ["lost-answer", "no-task-id", "other-answer"])
def test_a_lost_answer_is_found_again_for_every_model(party: Party, model: str, fault: str) -> None:
    party.simulator.fault(fault, times=1)
    job = party.submit(model=model)
    assert job.wait(10).video is not None
    assert (party.started, len(party.api.calls("POST", "/create"))) == (1, 1)


@pytest.mark.parametrize("model", ["kling-3.0-pro", "veo-3.1", "sora-2"])
def test_without_the_scheduler_it_is_found_by_what_it_shows_and_counts_as_guessed(party: Party, model: str) -> None:
    party.simulator.fault("scheduler-empty")
    party.simulator.fault("lost-answer", times=1)
    job = party.submit(model=model)
    assert job.wait(10).video is not None
    assert (party.started, party.studio.ledger.get(job.id).guessed) == (1, True)


def test_two_models_with_one_prompt_never_exchange_their_videos(party: Party) -> None:
    party.simulator.fault("scheduler-empty")
    party.simulator.fault("lost-answer", times=2)
    jobs = [party.submit(model=model, seconds=4) for model in ("veo-3.1", "sora-2")]
    for job, task_type in zip(jobs, ("veo_3_1", "sora_2"), strict=True):
        assert party.ended(job).state.phase in (Phase.DONE, Phase.UNKNOWN)
        assert job.task is None or job.task.task_type == task_type
    assert party.started == 2


def test_a_picture_is_brought_to_the_frame_by_any_word_for_it(party: Party, tmp_path: Path) -> None:
    from PIL import Image

    Image.new("RGB", (900, 900), "teal").save(tmp_path / "boat.png")
    for word, size in (("portrait", (720, 1280)), ("landscape", (1280, 720)), ("21:9", (1584, 672))):
        job = party.submit(model="gen4turbo", keyframes=Keyframes(first=str(tmp_path / "boat.png")), aspect=word)
        assert job.wait(10).video is not None
        assert job.request.row.aspects[job.request.format] == size
        assert job.request.keyframes.first is not None
        sent = party.studio.run(party.studio.account.picture_bytes(job.request.keyframes.first), 10)
        assert Image.open(BytesIO(sent)).size == size
