"""What the API says, read with care."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_nb.api.models import (
    Account,
    Asset,
    Credits,
    RunningTask,
    Status,
    Task,
    TaskProblem,
    accounts,
    listed,
    running_tasks,
)
from runway_nb.errors import ServerError
from support.examples import examples
from support.strategies import ASSET_ID, EMAIL, TASK_ID, json_values

WIRE = Path(__file__).parents[1] / "wire"


def _wire(name):
    return json.loads((WIRE / f"{name}.json").read_text())


def _task(**fields):
    return Task.from_wire({"taskId": TASK_ID, **fields})


# --- the documented examples ------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["create_answer", "create_answer_nested"])
def test_the_answer_of_a_create_is_read_flat_and_nested(name) -> None:
    task = Task.from_wire(_wire(name))
    assert task.id == TASK_ID
    assert task.status == "PENDING"
    assert task.progress is None
    assert task.starts_in == 0.0
    assert task.seed == 3178220541
    assert task.prompt == "The lighthouse lamp starts to turn as fog rolls in"
    assert task.reply_ref == "rnb-7f3e2c54b0d14c0f"
    assert task.task_type == "gen3a_turbo"
    assert (task.credits_used, task.credits_permitted) == (340.0, 2250.0)
    assert task.video is None


def test_a_finished_task_names_its_video() -> None:
    task = Task.from_wire(_wire("task_succeeded"))
    assert task.status.is_final
    assert task.progress == 1.0
    assert task.problem is None
    assert task.video is not None
    assert task.video.url == "https://cdn.example.net/c1f0a2be.mp4?_jwt=aaa.bbb.ccc"
    assert task.video.size == 2841733
    assert len(task.video.preview_urls) == 1


def test_a_moderated_task_says_why() -> None:
    problem = Task.from_wire(_wire("task_failed")).problem
    assert problem == TaskProblem("Input did not pass moderation", "SAFETY.INPUT.TEXT", "VIOLENCE")
    assert problem.is_moderation


def test_an_error_may_be_plain_text_or_nothing() -> None:
    problem = Task.from_wire(_wire("task_failed_text")).problem
    assert problem is not None
    assert problem.is_moderation
    assert Task.from_wire(_wire("task_failed_null")).problem is None


@pytest.mark.parametrize("name", ["tasks", "tasks_keyed"])
def test_a_list_is_bare_or_under_its_key(name) -> None:
    (item,) = listed(_wire(name), "tasks")
    assert Task.from_wire(item).progress == 0.42


def test_a_single_object_is_a_list_of_one() -> None:
    assert listed(_wire("task_succeeded"), "tasks") == [_wire("task_succeeded")]
    assert listed({}, "tasks") == listed(None, "tasks") == listed("x", "tasks") == []


def test_a_callback_is_a_task() -> None:
    assert Task.from_wire(_wire("callback")).reply_ref == "rnb-7f3e2c54b0d14c0f"


def test_the_scheduler_names_task_and_reference() -> None:
    assert running_tasks(listed(_wire("scheduler"), "scheduler")) == (RunningTask(TASK_ID, "rnb-7f3e2c54b0d14c0f"),)


@pytest.mark.parametrize(
    ("body", "name", "kind", "size"),
    [
        (_wire("upload_answer"), "lighthouse.jpeg", "image", 184223),
        (_wire("asset"), "lighthouse.jpeg", "image", 184223),
        (_wire("assets")[0], "Gen-3 Alpha Turbo 3178220541, The lighthouse lamp.mp4", "video", 2841733),
        (_wire("assets_old")[0], "Gen-3 Alpha Turbo 3178220541, The lighthouse lamp.mp4", "video", 2841733),
        ({"asset": _wire("upload_answer")}, "lighthouse.jpeg", "image", 184223),
    ],
)
def test_an_asset_is_read_in_both_of_its_forms(body, name, kind, size) -> None:
    asset = Asset.from_wire(body)
    assert (asset.name, asset.kind, asset.size) == (name, kind, size)
    assert len(asset.preview_urls) == 1


LISTED = {"created": 1741079741.502, "width": 1280, "height": 768, "seconds": 5.209, "task_id": TASK_ID}


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("upload_answer", {"created": 1741079680.0, "is_upload": True}),
        ("asset", {"is_upload": True}),
        ("assets", {**LISTED, "is_upload": False}),
        ("assets_old", {**LISTED, "is_upload": False}),
    ],
)
def test_what_is_known_of_an_asset_is_read_in_all_forms(name, known) -> None:
    body = _wire(name)
    asset = Asset.from_wire(body[0] if isinstance(body, list) else body)
    unknown = {"created": None, "width": None, "height": None, "seconds": None, "task_id": "", "is_upload": None}
    assert {field: getattr(asset, field) for field in unknown} == {**unknown, **known}
    assert asset.short_id == asset.id[-36:-28]


@pytest.mark.parametrize(
    ("metadata", "size"),
    [
        ({"width": 8, "height": "6"}, (8, 6)), ({"dimensions": [8, 6]}, (8, 6)),
        ({"size": {"width": 8, "height": 6}}, (8, 6)), ({"width": 8}, (None, None)),
        ({"width": 8, "height": 0}, (None, None)), ({"width": -8, "height": 6}, (None, None)),
        ({"dimensions": [8]}, (None, None)), ({"dimensions": "8x"}, (None, None)), (None, (None, None)),
        ({"width": True, "height": float("inf")}, (None, None)), ([8, 6], (None, None)),
    ],
)  # fmt: skip
def test_the_size_of_a_picture_is_read_or_left_open(metadata, size) -> None:
    asset = Asset.from_wire({"assetId": ASSET_ID, "metadata": metadata})
    assert (asset.width, asset.height) == size


@pytest.mark.parametrize(
    ("text", "created"),
    [
        ("2025-03-04T09:14:40.000Z", 1741079680.0), ("2025-03-04T10:14:40+01:00", 1741079680.0),
        ("2025-03-04T09:14:40", 1741079680.0), ("yesterday", None), ("", None), (5, None), (None, None),
        ("0001-01-01T00:00:00+14:00", None), ("9999-12-31T23:59:59-14:00", None),
    ],
)  # fmt: skip
def test_the_date_of_an_asset_is_read_or_left_open(text, created) -> None:
    assert Asset.from_wire({"assetId": ASSET_ID, "createdAt": text}).created == created


@pytest.mark.parametrize(
    ("name", "stem"),
    [
        ("lamp.png", "lamp"), ("lamp", "lamp"), ("a.b.png", "a.b"), (".png", ".png"), ("a.", "a."), ("", ""),
        ("day 10/12.png", "day 10/12"), (".", "."),
    ],
)  # fmt: skip
def test_a_stem_is_the_name_without_its_ending(name, stem) -> None:
    assert Asset(ASSET_ID, name).stem == stem


@settings(max_examples=examples(60))
@given(
    st.dictionaries(
        st.sampled_from(["metadata", "createdAt", "isUserUpload", "taskId", "name", "fileSize", "mediaType", "type"]),
        json_values,
    ),
    st.dictionaries(st.sampled_from(["dimensions", "size", "width", "height", "duration"]), json_values),
)
def test_no_field_of_an_asset_breaks_the_reader(fields, metadata) -> None:
    asset = Asset.from_wire({"metadata": metadata, **fields, "assetId": ASSET_ID})
    assert asset.is_upload in (None, True, False)
    assert (asset.width is None) == (asset.height is None)
    assert EMAIL not in repr(asset)


def test_secrets_of_an_account_are_never_read() -> None:
    found = accounts(_wire("accounts"))
    assert found == (Account(EMAIL, 2),)
    assert "not-read" not in str(vars(found[0]))


def test_an_account_in_trouble_says_so() -> None:
    (account,) = accounts({EMAIL: {"email": EMAIL, "error": f"{EMAIL} is locked"}})
    assert account.error == "***@*** is locked"


def test_credits_left_are_permitted_minus_used() -> None:
    assert Credits.from_wire(_wire("features")).left == 1885.0
    assert Credits.from_wire({"permitted": {}}).left is None


# --- inconsistent values ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ratio", "progress"),
    [
        ("0", 0.0), ("0.5", 0.5), ("1", 1.0), (0.25, 0.25), (1, 1.0), (None, None), ("", None), ("half", None),
        ("1.7", 1.0), (-3, 0.0), ("NaN", None), ("Infinity", None), (float("nan"), None), (True, None), ([], None),
    ],
)  # fmt: skip
def test_progress_is_read_from_text_number_and_nothing(ratio, progress) -> None:
    assert _task(progressRatio=ratio).progress == progress


@pytest.mark.parametrize(
    ("word", "final"),
    [
        ("PENDING", False), ("THROTTLED", False), ("RUNNING", False), ("SUCCEEDED", True),
        ("FAILED", True), ("CANCELLED", True), ("CANCELED", True), ("WARMING_UP", False),
    ],
)  # fmt: skip
def test_every_status_is_kept_and_only_ends_are_ends(word, final) -> None:
    status = _task(status=word).status
    assert (status, status.is_final) == (word, final)
    assert _task(status=word.lower()).status == word


@pytest.mark.parametrize("status", [None, 5, "", {}])
def test_a_status_that_is_no_word_is_unknown_and_no_end(status) -> None:
    found = _task(status=status).status
    assert found == "UNKNOWN"
    assert not found.is_final


@pytest.mark.parametrize("word", ["CANCELLED", "CANCELED"])
def test_cancelled_has_two_spellings(word) -> None:
    assert _task(status=word).is_cancelled


@pytest.mark.parametrize(
    ("reason", "moderated"),
    [
        ("SAFETY.INPUT.IMAGE", True), ("SAFETY.OUTPUT.VIDEO", True), ("INPUT_PREPROCESSING.SAFETY.TEXT", True),
        ("INTERNAL.BAD_OUTPUT.01", False), ("ASSET.INVALID", False), ("", False), ("UNSAFETY", False),
    ],
)  # fmt: skip
def test_moderation_is_told_by_its_reason(reason, moderated) -> None:
    problem = _task(error={"reason": reason, "errorMessage": "x"}).problem
    assert problem is not None
    assert problem.is_moderation is moderated


def test_a_category_alone_is_moderation_too() -> None:
    assert TaskProblem(category="CHILDREN").is_moderation


def test_the_video_is_the_first_file_that_is_no_picture() -> None:
    artifacts = [{"url": "https://c/a.JPG?_jwt=x"}, {"assetId": "no link"}, {"url": "https://c/b?x=.png"}, "junk"]
    task = _task(artifacts=artifacts)
    assert task.video is not None
    assert task.video.url == "https://c/b?x=.png"
    assert _task(artifacts=[]).video is None


# --- anything ---------------------------------------------------------------------------------------


@settings(max_examples=examples(60))
@given(json_values)
def test_no_answer_breaks_the_reader_of_tasks(body) -> None:
    try:
        task = Task.from_wire(body)
    except ServerError:
        return
    assert task.id
    assert task.progress is None or 0.0 <= task.progress <= 1.0
    assert EMAIL not in repr(task)
    assert isinstance(task.status, Status)
    assert repr(task.video)


@settings(max_examples=examples(60))
@given(st.dictionaries(st.sampled_from(list(_wire("create_answer"))), json_values, max_size=8))
def test_no_field_of_a_task_breaks_the_reader(fields) -> None:
    fields.pop("taskId", None)
    assert _task(**fields).id == TASK_ID


@settings(max_examples=examples(60))
@given(json_values)
def test_no_answer_breaks_the_other_readers(body) -> None:
    Credits.from_wire(body)
    accounts(body)
    for item in listed(body, "tasks"):
        running_tasks([item])
        try:
            Asset.from_wire(item)
        except ServerError:
            continue


@pytest.mark.parametrize("body", [None, [], {}, "x", {"task": {}}, {"id": "9c2a1f34"}, {"taskId": 5}])
def test_an_answer_without_a_task_id_is_trouble(body) -> None:
    with pytest.raises(ServerError, match="names no task"):
        Task.from_wire(body)


def test_an_answer_without_an_asset_id_is_trouble() -> None:
    with pytest.raises(ServerError, match="names no asset"):
        Asset.from_wire({"id": "0b6f0c1e"})


@pytest.mark.parametrize(
    "value",
    [
        Task.from_wire(_wire("task_succeeded")),
        Task.from_wire(_wire("task_succeeded")).video,
        Asset(ASSET_ID, f"photo of {EMAIL}.png", task_id=TASK_ID),
        RunningTask(TASK_ID),
        Account(EMAIL, 2),
    ],
    ids=lambda value: type(value).__name__,
)
def test_no_repr_holds_an_email(value) -> None:
    assert EMAIL not in repr(value)
    assert EMAIL not in str(value)


def test_a_repr_says_how_far_a_task_is() -> None:
    assert repr(_task(status="RUNNING", progressRatio="0.42")) == "<Task 9c2a1f34 RUNNING 42%>"
    assert repr(Status("RUNNING")) == "Status('RUNNING')"


@pytest.mark.parametrize(
    "odd", [12345, ["a"], {"id": TASK_ID}, TASK_ID + "\r\nX: y", "a" * 1001, "", None, TASK_ID + "\u202e"]
)
def test_an_id_that_cannot_be_asked_for_is_none(odd) -> None:
    assert running_tasks([{"taskId": odd, "replyRef": "rnb-x"}]) == ()
    with pytest.raises(ServerError, match="names no task"):
        Task.from_wire({"taskId": odd})


@pytest.mark.parametrize("name", ["taskId", "replyRef"])
def test_an_answer_with_two_words_about_one_thing_is_not_believed(name) -> None:
    body = {"taskId": TASK_ID, "replyRef": "rnb-x"}
    assert Task.from_wire({**body, "task": {**body, "taskId": TASK_ID.upper()}}).reply_ref == "rnb-x"
    with pytest.raises(ServerError, match=f"two values of {name}"):
        Task.from_wire({**body, "task": {**body, name: "another"}})


def test_the_file_of_another_task_is_none_of_this_one() -> None:
    files = [
        {"url": f"https://a.test/{n}.mp4", "taskId": told} for n, told in enumerate([OTHER, TASK_ID.upper(), None])
    ]
    task = Task.from_wire({"taskId": TASK_ID, "artifacts": files})
    assert [file.url[-5] for file in task.videos] == ["1", "2"]


OTHER = TASK_ID[:-1] + "0"
