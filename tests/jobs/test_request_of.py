"""The request behind a job, or behind a task that was made elsewhere: read, and nothing else is done."""

from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from runway_nb import errors
from runway_nb.api.models import Task
from runway_nb.camera import Camera
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.spec import SEED_RANGE
from support.examples import examples
from support.fakes import TOKEN, Party
from support.strategies import EMAIL, TASK_ID, json_values

CAMERA = Camera(horizontal=1, vertical=-2, zoom=3, pan=-4, tilt=5, roll=-6)
FULL = VideoRequest("Made elsewhere", camera=CAMERA, aspect="portrait", seconds=10, seed=77, explore=True)
LINKS = {0: "https://cdn.test/a.jpeg?_jwt=1", 0.5: "https://cdn.test/b.jpeg", 1: "http://cdn.test/c.jpeg"}
OPTIONS: dict[str, Any] = {
    "name": "Gen-3 Alpha Turbo 77, Made elsewhere",
    "seconds": 10,
    "text_prompt": "Made elsewhere",
    "seed": 77,
    "exploreMode": True,
    "flip": True,
    "keyframes": [{"image": link, "timestamp": time} for time, link in LINKS.items()],
    "camera": {"x": 1, "y": -2, "z": 3, "bg_x_pan": -4, "bg_y_pan": 5, "r": -6, "static": False},
}
"""What a task tells of `FULL`, with keyframes (API facts 3.3)."""
TOLD = replace(FULL, keyframes=Keyframes(*LINKS.values()))


def read(options, **more):
    """The request behind a task with these options."""
    task = Task.from_wire({"taskId": TASK_ID, "status": "SUCCEEDED", "options": options, **more})
    made = VideoRequest.from_options(task.prompt, task.seed, task.options)
    return replace(made, keyframes=Keyframes.from_options(task.options.get("keyframes")))


# --- the options of a task --------------------------------------------------------------------------


def test_everything_that_a_task_tells_is_read() -> None:
    assert read(OPTIONS) == TOLD
    assert TOLD.problems() == ()


def test_the_keyframes_of_a_request_that_is_not_reopened_are_left_to_the_caller() -> None:
    assert VideoRequest.from_options("x", 7, OPTIONS).keyframes == Keyframes()


@pytest.mark.parametrize("name", ["x", "y", "z", "bg_x_pan", "bg_y_pan", "r"])
def test_each_move_has_its_own_key(name) -> None:
    moves = read({"camera": {name: 2.5}}).camera.moves
    assert [*moves.values()] == [2.5]
    assert [*moves] == [[*CAMERA.moves][["x", "y", "z", "bg_x_pan", "bg_y_pan", "r"].index(name)]]


def test_moves_that_are_zero_are_none_that_was_asked_for() -> None:
    assert read({"camera": dict.fromkeys(["x", "y", "z", "r"], 0)}).camera == Camera()


def test_a_static_camera_is_read_beside_moves_of_zero() -> None:
    assert read({"camera": {"x": 0, "z": 0.0, "static": True}}).camera == Camera(static=True)


@pytest.mark.parametrize(("time", "slot"), [(0, "first"), (0.5, "middle"), (1, "last"), (1.0, "last"), (0.0, "first")])
def test_a_keyframe_is_told_by_its_time(time, slot) -> None:
    assert Keyframes.from_options([{"image": LINKS[0], "timestamp": time}]) == Keyframes(**{slot: LINKS[0]})


@pytest.mark.parametrize(
    "item",
    [
        {"image": LINKS[0], "timestamp": 0.25},
        {"image": LINKS[0]},
        {"image": None, "timestamp": 0},
        {"image": {"url": LINKS[0]}, "timestamp": 0},
        {"image": "harbour", "timestamp": 0},
        {"image": "", "timestamp": 0},
        {"image": "https://cdn.test/\ud800.jpeg", "timestamp": 0},
        {"image": None, "timestamp": 1},
        {"timestamp": 0},
        "first.jpg",
        None,
    ],
    ids=[
        "time",
        "no time",
        "nothing",
        "object",
        "name",
        "empty",
        "half a character",
        "same time",
        "no image",
        "text",
        "null",
    ],
)
def test_a_keyframe_that_cannot_be_read_stays_out_and_the_others_stay(item) -> None:
    good = {"image": LINKS[1], "timestamp": 1}
    assert Keyframes.from_options([item, good]) == Keyframes(last=LINKS[1])
    assert Keyframes.from_options([good, item]) == Keyframes(last=LINKS[1])


@pytest.mark.parametrize("keyframes", [None, {}, "first", 3, [], {"image": LINKS[0], "timestamp": 0}])
def test_what_is_no_list_of_keyframes_is_none(keyframes) -> None:
    assert Keyframes.from_options(keyframes) == Keyframes()


# --- what cannot be read ----------------------------------------------------------------------------

FIELDS = {
    "text_prompt": "prompt", "seed": "seed", "seconds": "seconds", "exploreMode": "explore", "flip": "aspect",
    "camera": "camera", "keyframes": "keyframes",
}  # fmt: skip
"""Which field of a request comes from where."""
huge = st.sampled_from([10**400, -(10**400), 1e308, 5.0, 10.0, True, "5", "10", 0, 1, "\ud800", "https://\udfff"])
anything = st.one_of(json_values, huge)
spoilt_items = st.one_of(anything, st.fixed_dictionaries({"image": anything, "timestamp": anything}))
spoilt_camera = st.dictionaries(st.sampled_from([*OPTIONS["camera"]]), anything)
spoilt = {
    **dict.fromkeys(FIELDS, anything),
    "camera": st.one_of(anything, spoilt_camera.map(lambda found: {**OPTIONS["camera"], **found})),
    "keyframes": st.one_of(anything, st.lists(spoilt_items, max_size=4)),
}


@settings(max_examples=examples(150), deadline=None)
@example({"seed": 0})
@example({"seconds": True, "exploreMode": 1, "flip": 1, "camera": {"x": "2", "static": 1}, "keyframes": {"image": 1}})
@given(st.fixed_dictionaries({}, optional=spoilt))
def test_any_json_in_any_place_gives_a_request_that_at_most_lacks_its_words(changes) -> None:
    request = read({**OPTIONS, **changes})
    assert [line for line in request.problems() if not line.startswith("there is nothing to generate from")] == []
    json.dumps(request.to_wire())
    assert request.credits in (0, 25, 50)
    assert len(request.digest) > 60


@settings(max_examples=examples(150), deadline=None)
@example(("camera", {"z": 10**400}))
@example(("keyframes", [{"image": LINKS[0], "timestamp": [0]}, {"timestamp": {}}]))
@given(st.sampled_from([*FIELDS]).flatmap(lambda name: st.tuples(st.just(name), spoilt[name])))
def test_what_cannot_be_read_in_one_place_takes_nothing_from_the_others(change) -> None:
    place, value = change
    found = read({**OPTIONS, place: value})
    others = [field for field in FIELDS.values() if field != FIELDS[place]]
    assert [getattr(found, field) for field in others] == [getattr(TOLD, field) for field in others]


@pytest.mark.parametrize("options", [None, [], "text", 3, {}])
def test_a_task_without_options_gives_an_empty_request(options) -> None:
    assert read(options) == VideoRequest()


@pytest.mark.parametrize("seed", [0, -5, SEED_RANGE[1] + 1, "0", 1e12])
def test_a_seed_that_nobody_may_send_stays_out(seed) -> None:
    assert read({**OPTIONS, "seed": seed}) == replace(TOLD, seed=None)


@pytest.mark.parametrize("value", [10**400, -(10**400)], ids=["up", "down"])
def test_a_move_beyond_all_numbers_stays_out(value) -> None:
    assert read({**OPTIONS, "camera": {"z": value}}) == replace(TOLD, camera=Camera())


@pytest.mark.parametrize("seconds", [5.0, 10.0])
def test_a_length_with_a_point_is_the_same_length(seconds) -> None:
    """As whole seconds, or not at all: a panel names the length in whole seconds."""
    assert type(read({**OPTIONS, "seconds": seconds}).length) is int


# --- from a job -------------------------------------------------------------------------------------

WISH = VideoRequest("A lamp turns", Keyframes("harbour", last="meadow"), Camera(zoom=4), seconds=10)


@pytest.mark.parametrize("where", ["here", "another session"])
def test_a_job_gives_what_was_asked_for_and_not_what_was_sent(party: Party, where) -> None:
    job = party.ended(party.studio.submit(WISH))
    studio = party.studio if where == "here" else party.make_studio()
    asked = len(party.api.requests)
    assert job.task is not None
    assert job.request.reply_ref is not None
    for text in (job.id, job.id[:6], job.task.id, job.task.short_id, job.request.reply_ref):
        assert studio.request_of(text) == WISH, text
    assert len(party.api.requests) == asked, "the ledger knows it"
    studio.close()


def test_a_job_that_failed_or_was_left_gives_its_request_and_is_left_alone(party: Party) -> None:
    party.simulator.fault("failed")
    failed = party.ended(party.studio.submit(WISH))
    party.simulator.fault("throttled", seconds=1e9)
    left = party.studio.submit(replace(WISH, prompt="Another"))
    left.stop()
    party.ended(left)
    studio = party.make_studio()
    before = studio.ledger.recent()
    for job, prompt in ((failed, "A lamp turns"), (left, "Another")):
        assert studio.request_of(job.id) == replace(WISH, prompt=prompt)
    assert studio.jobs == {}
    assert studio.ledger.recent() == before
    studio.close()


def test_two_jobs_of_one_name_are_told_apart_and_nobody_else_is_asked(party: Party) -> None:
    """As `attach` does it: the ledger has them, so the account need not be looked at."""
    ids = [party.ended(party.submit(f"Lamp {n}", reply_ref="series-1")).id for n in range(2)]
    studio = party.make_studio()
    asked = len(party.api.requests)
    with pytest.raises(errors.JobNotFound) as told:
        studio.request_of("series-1")
    studio.close()
    assert all(job_id in told.value.message for job_id in ids)
    assert len(party.api.requests) == asked


def test_no_name_names_nothing(party: Party) -> None:
    party.ended(party.submit())
    with pytest.raises(errors.JobNotFound):
        party.studio.request_of("")


# --- from a task of the account ---------------------------------------------------------------------


PICTURES = Keyframes("harbour", "meadow", "harbour")


@pytest.mark.parametrize(
    "request_",
    [
        replace(FULL, keyframes=PICTURES),
        replace(FULL, keyframes=Keyframes(last="meadow"), camera=Camera(static=True), aspect=None, explore=None),
        VideoRequest("Nothing but words", seed=5, seconds=5),
    ],
    ids=["everything", "one keyframe", "words"],
)
@pytest.mark.parametrize("name", ["task", "uuid"])
def test_a_task_that_was_made_elsewhere_gives_its_request_again(
    party: Party, elsewhere: Callable[[VideoRequest], Job], request_, name
) -> None:
    job = party.ended(elsewhere(request_))
    assert job.task is not None
    found = party.studio.request_of(job.task.id if name == "task" else job.task.short_id)
    assert replace(found, keyframes=Keyframes()) == replace(request_, keyframes=Keyframes())
    assert found.keyframes == request_.keyframes, "links expire: the assets behind them are meant, by their names"
    assert found.problems() == ()


def test_a_task_is_found_by_its_reference_while_it_runs(party: Party, elsewhere: Callable[[VideoRequest], Job]) -> None:
    party.simulator.fault("throttled", seconds=1e9)
    job = elsewhere(replace(FULL, reply_ref="theirs-1"))
    while job.task is None:
        with suppress(errors.WaitTimeout):
            job.wait(0.01)
    assert party.studio.request_of("theirs-1") == FULL
    job.stop()


def test_looking_at_a_task_adopts_nothing_follows_nothing_and_sends_nothing(
    party: Party, elsewhere: Callable[[VideoRequest], Job]
) -> None:
    job = party.ended(elsewhere(replace(FULL, keyframes=PICTURES)))
    before, started = len(party.api.requests), party.started
    assert job.task is not None
    party.studio.request_of(job.task.id)
    assert {request.method for request in party.api.requests[before:]} == {"GET"}
    assert party.started == started
    assert party.studio.jobs == {}
    assert party.studio.ledger.recent() == []
    assert party.studio.ledger.tasks.ids() == (frozenset(), frozenset())


def test_a_task_that_was_attached_gives_the_same_request_as_before(
    party: Party, elsewhere: Callable[[VideoRequest], Job]
) -> None:
    job = party.ended(elsewhere(replace(FULL, keyframes=PICTURES)))
    assert job.task is not None
    before = party.studio.request_of(job.task.id)
    adopted = party.ended(party.studio.attach(job.task.id))
    after = party.studio.request_of(adopted.id)
    assert replace(after, keyframes=Keyframes()) == replace(before, keyframes=Keyframes())
    assert [*after.keyframes.given] == [*before.keyframes.given], "a video of other pictures is another video"


@pytest.mark.parametrize("text", [TASK_ID, "ffffffff", "nobody", "a", "%", "job", EMAIL, TOKEN])
def test_what_nobody_has_is_an_error_without_an_address(party: Party, text) -> None:
    with pytest.raises(errors.JobNotFound) as told:
        party.studio.request_of(text)
    assert "@" not in told.value.message.replace("***@***", "")
    assert TOKEN not in told.value.message
    assert party.studio.ledger.recent() == []
