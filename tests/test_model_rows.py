"""Rows of models: lookups, a user's own row, and what a row says about a request as a whole."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from runway_nb.camera import Camera
from runway_nb.errors import InvalidRequest
from runway_nb.keyframes import Keyframes
from runway_nb.models import dearest_second, is_other_kind, model_named, model_of_task, models_with, sum_text
from runway_nb.own_models import add_model, add_models
from runway_nb.request import FIELDS, VideoRequest
from runway_nb.spec import MODELS, POSITIONS, STATES, Model

ROWS = [*MODELS.values()]
SEEDED = "gen3turbo, gen4turbo, gen4, gen4_5, videos-gen4.5"
WITHOUT_PICTURE = "gen3turbo, gen4_5, videos-gen4.5, kling-3.0-pro, veo-3.1, seedance-2, seedance-2-5, sora-2"
WAN: dict[str, Any] = {
    "name": "wan-2.6-flash",
    "path": "/videos/create",
    "fixed": {"model": "wan-2.6-flash"},
    "aspects": {"16:9": [1280, 720]},
    "seconds": [5, 10, 15],
    "wire_names": {"seconds": "duration"},
    "keyframes": [("first", "imageAssetId1", 0.0)],
    "needs_picture": True,
    "needs_prompt": True,
}


@pytest.fixture(autouse=True)
def _own_table() -> Iterator[None]:
    """The rows of one test are gone after it."""
    before = dict(MODELS)
    yield
    MODELS.clear()
    MODELS.update(before)


# --- the table as it is -----------------------------------------------------------------------------


def test_each_row_stands_under_its_own_name_with_a_title_of_its_own() -> None:
    assert [row.name for row in ROWS] == [*MODELS]
    assert len({row.title for row in ROWS}) == len(ROWS)
    assert len({(row.path, str(row.fixed)) for row in ROWS}) == len(ROWS), "two rows would make one call"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_a_row_contradicts_itself_nowhere(row: Model) -> None:
    assert row.state in STATES
    assert (row.state == "current") == (not row.state_reason)
    assert not row.successor or row.successor in MODELS
    assert row.usual_seconds in row.seconds
    assert set(row.aspect_words.values()) <= set(row.aspects)
    assert not set(row.aspect_words) & set(row.aspects)
    assert set(row.text_aspects or ()) <= set(row.aspects)
    assert not (row.needs_picture and row.text_aspects)
    assert [*row.positions] == [name for name in POSITIONS if name in row.positions], "in the order of time"
    assert set(row.paid_resolutions) <= set(row.resolutions)
    assert row.last_needs_first <= {"first", "last"}.issubset(row.positions)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_no_two_fields_share_a_name_in_a_body(row: Model) -> None:
    names = [name for field in FIELDS if field.is_sent and (name := field.wire_name(row))]
    assert len(set(names) | set(row.fixed)) == len(names) + len(row.fixed)
    kept = [field.record_name(row) for field in FIELDS]
    assert len(set(kept)) == len(kept), "and none in a record"


# --- lookups ----------------------------------------------------------------------------------------


def test_a_model_that_is_not_known_is_named_with_those_that_are() -> None:
    with pytest.raises(InvalidRequest, match=r"model is 'gen5': known are gen3turbo, gen4turbo, .*sora-2"):
        model_named("gen5")


def test_models_with_something_leave_out_what_is_retired() -> None:
    assert models_with(lambda model: "middle" in model.positions) == "gen3turbo"
    MODELS["gen3turbo"] = MODELS["gen3turbo"]._replace(state="retired", state_reason="gone")
    assert models_with(lambda model: "middle" in model.positions) == ""


@pytest.mark.parametrize(
    ("task_type", "options", "name"),
    [
        ("gen3a_turbo", {}, "gen3turbo"),
        ("gen4_turbo", {"seconds": 5}, "gen4turbo"),
        ("gen4", {}, "gen4"),
        ("gen4_5", {"seconds": 5, "width": 1280}, "gen4_5"),
        ("gen4.5", {}, "gen4_5"),
        ("gen4_5", {"duration": 5, "generateAudio": True}, "videos-gen4.5"),
        ("seedance_2", {"duration": 5}, "seedance-2"),
        ("kling_3", {}, "kling-3.0-pro"),
        ("act_two", {}, None),
        ("", {}, None),
    ],
)
def test_a_task_names_its_model_by_its_type(task_type: str, options: dict[str, Any], name: str | None) -> None:
    found = model_of_task(task_type, options)
    assert (found.name if found else None) == name


@pytest.mark.parametrize(
    ("task_type", "name", "is_other"),
    [
        ("gen3a_turbo", "gen3turbo", False),
        ("", "gen3turbo", False),
        ("gen4_turbo", "gen3turbo", True),
        ("text_to_image", "gen3turbo", True),
        ("gen4_turbo", "gen4", True),
        ("gen4_turbo_v2", "gen4turbo", False),
        ("gen4_5", "gen4_5", False),
        ("veo3", "veo-3.1", False),
        ("gen3a_turbo", "veo-3.1", True),
    ],
)
def test_a_type_rules_out_a_model_only_where_it_is_known(task_type: str, name: str, is_other: bool) -> None:
    """A wrong guess of ours at a type must not hide a task that was paid."""
    assert is_other_kind(task_type, MODELS[name]) is is_other


def test_an_unknown_price_counts_as_the_dearest_that_is_known() -> None:
    """Model facts 6: 40 credits a second, seedance-2 at 1080p."""
    assert dearest_second() == 40
    request = VideoRequest("a", model="kling-3.0-pro", seconds=10)
    assert (request.credits, request.counted_credits, request.price_text) == (None, 400, "price unknown")
    free = replace(request, explore=True)
    assert (free.credits, free.counted_credits, free.price_text) == (0, 0, "0 credits (explore mode)")


@pytest.mark.parametrize(
    ("options", "price"),
    [
        ({"model": "gen3turbo"}, "25 credits"),
        ({"model": "gen4turbo", "seconds": 10}, "50 credits"),
        ({"model": "gen4"}, "60 credits"),
        ({"model": "gen4_5", "seconds": 8}, "about 96 credits"),
        ({"model": "videos-gen4.5", "seconds": 2}, "about 24 credits"),
        ({"model": "seedance-2"}, "180 credits"),
        ({"model": "seedance-2", "resolution": "1080p", "seconds": 4}, "160 credits"),
        ({"model": "seedance-2-5"}, "100 credits"),
        ({"model": "seedance-2-5", "resolution": "720p"}, "150 credits"),
        ({"model": "veo-3.1"}, "price unknown"),
        ({"model": "sora-2"}, "price unknown"),
    ],
    ids=str,
)
def test_prices_are_those_of_the_documents(options: dict[str, Any], price: str) -> None:
    """Model facts 6."""
    assert VideoRequest("a", **options).price_text == price


# --- a row of one's own -----------------------------------------------------------------------------


def test_a_row_of_ones_own_makes_a_request_that_is_checked_and_sent_like_any_other() -> None:
    add_model(WAN)
    request = VideoRequest("A kite", Keyframes(first="kite.png"), model="wan-2.6-flash", seconds=15, seed=7)
    assert request.problems() == (
        f"seed is given, and wan-2.6-flash takes none: leave it out, or choose a model that does: {SEEDED}",
    )
    sound = replace(request, seed=None)
    assert (sound.problems(), sound.price_text) == ((), "price unknown")
    assert sound.to_wire() == {
        "model": "wan-2.6-flash", "imageAssetId1": "kite.png", "text_prompt": "A kite", "duration": 15
    }  # fmt: skip
    assert VideoRequest("", model="wan-2.6-flash").problems() == (
        "there is nothing to generate from: write a prompt, or give a keyframe",
        f"wan-2.6-flash needs a picture: give first, or choose a model that takes a prompt alone: {WITHOUT_PICTURE}",
        "wan-2.6-flash needs a prompt: write what should happen",
    )


def test_a_row_replaces_one_of_the_same_name() -> None:
    add_model(MODELS["kling-3.0-pro"]._replace(credits_per_second=9))
    assert VideoRequest("a", model="kling-3.0-pro").price_text == "45 credits"


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"colour": 1}, "a model has no colour: its columns are name, path, aspects, seconds, title"),
        ({"path": ""}, "a model needs path"),
        ({"path": "videos/create"}, "path of the model is 'videos/create': give a path that starts with /"),
        ({"name": "two words"}, "name of the model is 'two words': give a word"),
        ({"aspects": {"16:9": (0, 1)}}, "aspects of the model is {'16:9': (0, 1)}: give a mapping such as"),
        ({"seconds": [0]}, "seconds of the model is [0]: give whole numbers from 1 to 60"),
        ({"credits_per_second": -1}, "credits_per_second of the model is -1: give a whole number from 1 to 10,000"),
        (
            {"credits_per_second": 0},
            "credits_per_second of the model is 0: give a whole number from 1 to 10,000, or None",
        ),
        ({"resolutions": {"720p": -5}}, "resolutions of the model is {'720p': -5}: give credits per second or None"),
        ({"path": "//evil.example/x"}, "path of the model is '//evil.example/x': give a path that starts with /"),
        ({"path": "/x/../y"}, "path of the model is '/x/../y': give a path"),
        ({"path": "/x?a=b"}, "path of the model is '/x?a=b': give a path"),
        ({"path": '/x"$(id)'}, "path of the model is '/x\"$(id)': give a path"),
        ({"title": "A\nrm -rf ~"}, "title of the model is 'A\\nrm -rf ~': give one line of text"),
        ({"name": "--fresh"}, "name of the model is '--fresh': give a word"),
        ({"aspects": {"a": 5}}, "aspects of the model is {'a': 5}: give a mapping such as"),
        ({"fixed": {"replyRef": "mine"}}, "replyRef stands for two things in a request"),
        ({"fixed": {"text_prompt": "x"}}, "text_prompt stands for two things in a request"),
        (
            {"fixed": {"refs": ["a@b.example"]}},
            "fixed of the model is {'refs': [***@***']}",
        ),
        (
            {"wire_names": {"reply_ref": "other"}},
            "wire_names of the model is {'reply_ref': 'other'}: give names such as",
        ),
        ({"wire_names": {"max_jobs": "replyRef"}}, "replyRef stands for two things in a request"),
        ({"wire_names": 7}, "wire_names of the model is 7: give names such as"),
        ({"keyframes": [("first", "a", 0.0), ("first", "b", 1.0)]}, "keyframes of the model is [('first'"),
        ({"keyframes": [("first", "a", 0.0), ("last", "a", 1.0)]}, "a stands for two things in a request"),
        ({"text_aspects": ["1:1"]}, "text_aspects of the model is ['1:1']: give some of its aspects"),
        ({"needs_picture": "no"}, "needs_picture of the model is 'no': give True or False"),
        ({"task_types": "abc"}, "task_types of the model is 'abc': give a list"),
        ({"prompt_limit": "x"}, "prompt_limit of the model is 'x': give a number of characters"),
        ({"state": "old"}, "state of the model is 'old': give current, discouraged, retired"),
        ({"keyframes": [("start", "x", 0)]}, "keyframes of the model is [('start', 'x', 0)]: give such as"),
    ],
    ids=lambda each: str(each)[:20],
)
def test_a_row_that_cannot_be_used_is_one_line_and_changes_nothing(change: dict[str, Any], line: str) -> None:
    before = dict(MODELS)
    with pytest.raises(InvalidRequest) as caught:
        add_model({**WAN, **change})
    assert caught.value.problems[0].startswith(line)
    assert before == MODELS


def test_a_resolution_of_unknown_price_has_none_whatever_others_cost() -> None:
    """The price of another resolution would let it through a budget."""
    row = add_model({**WAN, "credits_per_second": 3, "resolutions": {"720p": 8, "1080p": None}})
    texts = [VideoRequest("a", model=row.name, resolution=name).price_text for name in (None, "720p", "1080p")]
    assert texts == ["40 credits", "40 credits", "price unknown"]
    assert sum_text(row.name, 400) == "price unknown, counted as 400"


def test_several_rows_are_added_under_their_own_names_or_none_is() -> None:
    before = dict(MODELS)
    with pytest.raises(InvalidRequest, match="seconds of the model"):
        add_models({"wan-2.6-flash": WAN, "other": {**WAN, "seconds": [0]}})
    assert before == MODELS
    add_models({"wan-3": {**WAN, "name": "gen3turbo"}})
    assert {**before, "wan-3": MODELS["wan-3"]} == MODELS


def test_the_keyframes_of_a_row_stand_in_the_order_of_time() -> None:
    row = add_model({**WAN, "keyframes": [("last", "b", 1), ("first", "a", 0)]})
    assert row.positions == ("first", "last")


def test_a_row_shares_nothing_with_what_was_given() -> None:
    given = {**WAN, "fixed": {"model": "wan-2.6-flash"}}
    row = add_model(given)
    given["fixed"]["model"] = "sora-2"
    assert row.fixed == {"model": "wan-2.6-flash"}


def test_each_row_of_the_table_may_be_added_as_ones_own() -> None:
    for row in ROWS:
        assert add_model(row) == row


def test_what_is_no_row_at_all_is_one_line() -> None:
    with pytest.raises(InvalidRequest, match=r"model is 7: give runway_nb.spec.Model"):
        add_model(7)  # type: ignore[arg-type]


# --- what a row says about a whole request ----------------------------------------------------------


def lines(prompt: str = "a", **options: Any) -> tuple[str, ...]:
    return VideoRequest(prompt, **options).problems()


def test_an_end_needs_a_start_where_the_model_says_so() -> None:
    last = Keyframes(last="end.png")
    assert lines(model="seedance-2", keyframes=last) == (
        "last is given without first, and Seedance 2 takes an end with a start only: give first, too",
    )
    assert lines(model="gen3turbo", keyframes=last) == ()


def test_the_words_of_the_camera_count_towards_the_limit_of_a_prompt() -> None:
    picture = Keyframes(first="a.png")
    long = "x" * 980
    assert lines(long, keyframes=picture, model="gen4turbo") == ()
    assert lines(long, keyframes=picture, model="gen4turbo", camera=Camera(zoom=5), camera_words=True) == (
        "prompt is 1,003 characters long, 23 of them for the camera: Gen-4 Turbo takes 1,000",
    )
    assert VideoRequest("x" * 513, picture, model="gen4turbo").warnings() == (
        "the prompt has more than 512 characters: Gen-4 Turbo may refuse it",
    )


def test_words_alone_may_have_fewer_formats() -> None:
    assert lines(model="gen4_5", aspect="9:16") == (
        "aspect is 9:16: without a picture Gen-4.5 makes 16:9 only; give first, or leave it out",
    )
    assert lines(model="gen4_5", aspect="landscape") == ()
    assert lines(model="gen4_5", aspect="9:16", keyframes=Keyframes(first="a.png")) == ()


def test_explore_mode_has_not_every_resolution() -> None:
    assert lines(model="seedance-2", resolution="1080p", explore=True) == (
        "resolution is 1080p, which explore mode does not have: choose a lower one, or pay for it",
    )
    assert lines(model="seedance-2-5", seconds=16, explore=True) == (
        "seconds is 16, and explore mode makes 15 at most: make it shorter, or pay for it",
    )
    assert lines(model="seedance-2-5", seconds=15, explore=True) == ()
    assert lines(model="veo-3.1", explore=True) == (
        "explore is given, and Veo 3.1 has no explore mode: leave it out, or choose a model that does: "
        + models_with(lambda model: model.explore),
    )


def test_a_word_for_a_format_is_sent_as_the_models_own() -> None:
    """Landscape is 5:3 on Gen-3 and 16:9 on Gen-4: no word means two things for one model."""
    picture = Keyframes(first="a.png")
    square, word = (VideoRequest("a", picture, model="gen4", aspect=aspect) for aspect in ("1:1", "square"))
    assert (word.problems(), word.to_wire()["aspect_ratio"], word.format) == ((), "1:1", "1:1")
    assert word.digest == square.digest
    assert VideoRequest("a", aspect="5:3").to_wire()["aspect_ratio"] == "landscape"
    assert lines(aspect="16:9")[0].startswith("aspect is '16:9': give landscape or portrait, or a model that has it: ")


def test_a_length_without_a_documented_default_is_always_sent() -> None:
    left_out, given = (VideoRequest("a", model="kling-3.0-pro", seconds=seconds) for seconds in (None, 5))
    assert left_out.to_wire() == given.to_wire() == {"model": "kling-3.0-pro", "text_prompt": "a", "duration": 5}
    assert left_out.digest == given.digest
    assert "seconds" not in VideoRequest("a", Keyframes(first="b"), model="gen4turbo").to_wire()


# --- the camera in words ----------------------------------------------------------------------------


def test_a_move_is_said_at_the_end_of_the_prompt_where_a_model_takes_no_numbers() -> None:
    picture = Keyframes(first="a.png")
    request = VideoRequest(
        "A lamp", picture, Camera(zoom=2, pan=-2), model="gen4turbo", camera_words=True, seconds=5
    )  # fmt: skip
    assert request.problems() == ()
    assert request.to_wire() == {
        "firstImage_assetId": "a.png", "seconds": 5,
        "text_prompt": "A lamp. The camera pushes in slowly, turning slightly left.",
    }  # fmt: skip
    kept = request.to_record()
    assert (kept["text_prompt"], kept["zoom"], kept["camera_words"]) == ("A lamp", 2, True)
    assert VideoRequest.from_wire(kept, "gen4turbo") == request
    assert request.digest != replace(request, camera=Camera(zoom=9)).digest
    spoken = VideoRequest(request.sent_prompt, picture, model="gen4turbo", seconds=5)
    assert request.digest == spoken.digest, "the same body is the same request"


def test_the_switch_changes_nothing_where_the_model_takes_numbers() -> None:
    request = VideoRequest("A lamp", camera=Camera(zoom=2))
    spoken = replace(request, camera_words=True)
    assert (spoken.to_wire(), spoken.digest, spoken.problems()) == (request.to_wire(), request.digest, ())


@pytest.mark.parametrize(
    ("prompt", "sent"),
    [
        ("A lamp turns.", "A lamp turns. The camera holds still."),
        ("A lamp turns", "A lamp turns. The camera holds still."),
        ("Who is it?\n", "Who is it? The camera holds still."),
        ("", "The camera holds still."),
    ],
)
def test_the_sentence_stands_by_itself(prompt: str, sent: str) -> None:
    request = VideoRequest(
        prompt, Keyframes(first="a"), Camera(static=True), model="gen4turbo", camera_words=True
    )  # fmt: skip
    assert (request.sent_prompt, request.problems()) == (sent, ())


def test_a_move_beyond_the_range_is_a_mistake_in_words_too() -> None:
    asked: dict[str, Any] = {"model": "gen4_5", "camera_words": True}
    assert lines(camera=Camera(zoom=11), **asked) == ("zoom is 11: the range is -10 to 10",)
    assert lines(camera=Camera(zoom=1, static=True), **asked) == (
        "static goes without a move: leave out static, or zoom",
    )
