"""Whose a task is, that no answer named: by reference, by a seed of our own, and among equal requests by time."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.api.models import PENDING, RunningTask, Task
from runway_nb.camera import Camera
from runway_nb.jobs.matching import LATEST_SECONDS, SKEW_SECONDS, LostRequest, Search, contradiction, lost_request
from runway_nb.jobs.recover import named_task
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.record import Record
from runway_nb.request import VideoRequest

SENT = 1_700_000_000.0
SEED = 3178220541
REQUEST = VideoRequest("The lamp turns", seed=SEED, reply_ref="rnb-7f3e2c54b0d14c0f")
DRAWN = LostRequest(REQUEST, SENT, SENT, REQUEST.reply_ref or "", has_own_seed=True, job_id="7f3e2c54")
FIXED = replace(DRAWN, has_own_seed=False)
TASK = Task(
    "user:4711-runwayml:a@b.example-task:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33", PENDING, task_type="gen3a_turbo",
    name=f"Gen-3 Alpha Turbo {SEED}, The lamp turns", created_at="2023-11-14T22:13:21.120Z", seed=SEED,
    prompt="The lamp turns",
)  # fmt: skip


def _iso(seconds):
    return datetime.fromtimestamp(seconds, timezone.utc).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _task(uuid, made=None, **changes):
    created = {} if made is None else {"created_at": _iso(SENT + made)}
    return replace(TASK, id=f"user:4711-runwayml:a@b.example-task:{uuid}", **created, **changes)


def _lost(job_id, sent, **request):
    asked = replace(REQUEST, reply_ref=f"rnb-{job_id}", **request)
    return LostRequest(asked, SENT + sent, SENT + sent, f"rnb-{job_id}", job_id=job_id)


def _assigned(lost, tasks):
    """Job to task, each by a search of its own that knows of all others."""
    searches = [Search(one, tuple(other for other in lost if other is not one)) for one in lost]
    return {search.lost.job_id: found.id[-1] for search in searches if (found := search.choose(tasks)) is not None}


# --- what a task tells ------------------------------------------------------------------------------


@pytest.mark.parametrize("lost", [DRAWN, FIXED], ids=["drawn", "fixed"])
def test_our_own_task_fits(lost) -> None:
    assert lost.fits(TASK)


@pytest.mark.parametrize("lost", [DRAWN, FIXED], ids=["drawn", "fixed"])
@pytest.mark.parametrize(
    "change",
    [{"seed": SEED + 1}, {"prompt": "Another lamp"}, {"task_type": "gen4"}, {"reply_ref": "rnb-another"}],
    ids=lambda change: next(iter(change)),
)
def test_a_task_that_differs_is_not_ours(lost, change) -> None:
    assert not lost.may_fit(replace(TASK, **change))


@pytest.mark.parametrize("told", ["The lamp  turns\n", "  The lamp turns"])
def test_a_prompt_may_be_spaced_anew(told) -> None:
    assert FIXED.fits(replace(TASK, prompt=told))


@pytest.mark.parametrize(
    "told",
    [{"camera": {"z": 4}}, {"camera": {}}, {"seconds": 10}, {"keyframes": [{"timestamp": 0}, {"timestamp": 1}]}],
    ids=str,
)
def test_a_task_with_other_options_is_of_another_request(told) -> None:
    lost = replace(DRAWN, request=replace(REQUEST, camera=Camera(zoom=-6), seconds=5))
    assert lost.fits(replace(TASK, options={"camera": {"z": -6, "x": 0}, "seconds": 5}))
    assert lost.fits(replace(TASK, options={}))
    assert not lost.fits(replace(TASK, options={"camera": {"z": -6}, "seconds": 5} | told))


@pytest.mark.parametrize(
    "name",
    [
        "", f"Gen-3 Alpha Turbo {SEED}0", f"Gen-3 Alpha Turbo 1{SEED}", "Gen-3 Alpha Turbo 12345678, The lamp",
        "lamp.mp4",
    ],
)  # fmt: skip
def test_a_name_without_our_seed_leaves_it_open(name) -> None:
    told = replace(TASK, seed=None, name=name)
    assert DRAWN.may_fit(told)
    assert not DRAWN.fits(told)


@pytest.mark.parametrize("seed", [3, 5, 10, 1080, 99999])
def test_a_short_seed_in_a_name_may_be_any_number(seed) -> None:
    lost = replace(FIXED, request=replace(REQUEST, seed=seed))
    told = replace(TASK, seed=None, name=f"Gen-3 Alpha Turbo {seed}, take 5, 10 s, 1080")
    assert not lost.fits(told)
    assert lost.fits(replace(told, seed=seed))


# --- a seed of our own ------------------------------------------------------------------------------


@given(st.floats(-1e9, 1e9), st.one_of(st.none(), st.floats(-1e9, 1e9)))
def test_no_clock_decides_where_we_drew_the_seed(made, sent) -> None:
    lost = replace(DRAWN, sent=None if sent is None else SENT + sent, about=SENT + (sent or 0.0))
    assert lost.fits(replace(TASK, created_at=_iso(SENT + made)))


@pytest.mark.parametrize("missing", [{"prompt": ""}, {"task_type": ""}, {"name": ""}, {"created_at": "yesterday"}])
def test_what_is_not_told_does_not_count_against_a_seed_of_our_own(missing) -> None:
    assert DRAWN.fits(replace(TASK, **missing))


def test_a_long_seed_of_our_own_in_the_name_is_enough() -> None:
    assert DRAWN.fits(replace(TASK, seed=None, prompt=""))


# --- a seed that the user fixed ---------------------------------------------------------------------


@pytest.mark.parametrize("made", [-SKEW_SECONDS - 1, LATEST_SECONDS + 1])
def test_a_task_of_another_time_is_of_another_create(made) -> None:
    assert not FIXED.may_fit(_task("a", made))
    assert replace(FIXED, sent=None).may_fit(_task("a", made)), "only the server's own clock says so"


@pytest.mark.parametrize("created_at", [_iso(SENT - SKEW_SECONDS + 1), _iso(SENT + 3000), "", "yesterday"])
def test_the_clocks_of_servers_may_differ_and_a_time_may_be_missing(created_at) -> None:
    assert FIXED.fits(replace(TASK, created_at=created_at))


@pytest.mark.parametrize(
    "created_at", ["2023-11-14T22:08:21+00:00", "2023-11-14T22:08:21", "2023-11-15T00:08:21+02:00"]
)
def test_a_time_is_read_in_every_form(created_at) -> None:
    # 299 s before the create, and two more seconds
    assert not FIXED.is_before(replace(TASK, created_at=created_at))
    assert replace(FIXED, sent=SENT + 2).is_before(replace(TASK, created_at=created_at))


def test_words_that_are_not_told_do_not_fit_a_fixed_seed() -> None:
    told = replace(TASK, prompt="")
    assert FIXED.may_fit(told), "the whole task may tell more"
    assert not FIXED.fits(told)


def test_without_words_the_options_have_to_be_told() -> None:
    lost = replace(FIXED, request=replace(REQUEST, prompt="", keyframes=Keyframes(first="a")))
    assert not lost.fits(replace(TASK, prompt=""))
    assert lost.fits(replace(TASK, prompt="", options={"keyframes": [{"timestamp": 0}]}))


def test_one_of_two_requests_with_one_seed_never_takes_the_others_video() -> None:
    lost = [_lost("a", 0), _lost("b", 5, prompt="Another lamp")]
    bare = [_task("1", 1, prompt="", name=f"Turbo {SEED}"), _task("2", 6, prompt="", name=f"Turbo {SEED}")]
    assert _assigned(lost, bare) == {}
    told = [replace(bare[0], prompt="The lamp turns"), replace(bare[1], prompt="Another lamp")]
    assert _assigned(lost, told) == {"a": "1", "b": "2"}


def test_moves_of_one_size_are_told_apart_by_their_sign_and_then_by_their_name() -> None:
    """Variants of a sweep share words and seed: with two of them in doubt each paid task has to find its own."""
    lost = [
        _lost("a", 0, camera=Camera(zoom=-5)),
        _lost("b", 0, camera=Camera(zoom=5)),
        _lost("c", 0, camera=Camera(pan=5)),
    ]
    told = {"1": {"z": 5}, "2": {"z": -5, "x": 0}, "3": {"bg_x_pan": 5}}
    tasks = [_task(uuid, 1, options={"camera": camera}) for uuid, camera in told.items()]
    assert _assigned(lost, tasks) == {"a": "2", "b": "1", "c": "3"}
    assert _assigned(lost, [_task("1", 1)]) == {}, "a task that shows no camera may be any of them"


def test_pictures_are_told_apart_by_the_ids_of_their_assets() -> None:
    numbers = {at: f"0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a1{at}" for at in "ab"}
    given = {at: f"user:4711-runwayml:a@b.example-asset:{number}" for at, number in numbers.items()}
    lost = [_lost(at, 0, keyframes=Keyframes(picture)) for at, picture in given.items()]
    shown = [_task("1", 1, options={"imageAssetId": numbers["b"].upper()})]
    shown += [_task("2", 1, options={"referenceImages": [{"assetId": numbers["a"]}]})]
    assert _assigned(lost, shown) == {"a": "2", "b": "1"}
    links = {"keyframes": [{"image": "https://cdn.example.net/first.jpg", "timestamp": 0}]}
    assert _assigned(lost, [_task("3", 1, options=links)]) == {}, "a link tells nothing of an asset"


def test_requests_that_differ_in_what_the_task_does_not_tell_leave_it_open() -> None:
    lost = [_lost("a", 0), _lost("b", 5, camera=Camera(zoom=3))]
    assert _assigned(lost, [_task("1", 1)]) == {}
    assert _assigned(lost, [_task("1", 1, options={"camera": {"z": 3}})]) == {"b": "1"}


@pytest.mark.parametrize("gap", [20.0, 600.0, 7200.0, 80_000.0])
def test_each_of_two_equal_requests_gets_its_own_task(gap) -> None:
    lost = [_lost("a", 0), _lost("b", gap)]
    first, second = _task("1", 2), _task("2", gap + 2)
    assert _assigned(lost, [second, first]) == {"a": "1", "b": "2"}
    assert _assigned(lost, [second]) == {"b": "2"}
    assert _assigned(lost, [first]) == {"a": "1"}


@given(
    st.lists(st.floats(0, 80_000), min_size=1, max_size=4, unique=True),
    st.lists(st.floats(-200, 80_000), max_size=5),
    st.lists(st.booleans(), min_size=9, max_size=9),
)
def test_no_task_goes_to_two_requests_and_none_is_left_over(sent, made, is_timed) -> None:
    lost = [_lost(f"job{number}", seconds) for number, seconds in enumerate(sent)]
    tasks = [
        _task(str(number), seconds) if is_timed[number] else _task(str(number), created_at="")
        for number, seconds in enumerate(made)
    ]
    found = _assigned(lost, tasks)
    assert len(set(found.values())) == len(found)
    for request in lost:
        if request.job_id not in found:
            assert all(task.id[-1] in found.values() for task in tasks if request.fits(task))


def test_a_task_that_has_no_time_goes_last() -> None:
    lost = [_lost("a", 0), _lost("b", 100)]
    assert _assigned(lost, [_task("1", created_at=""), _task("2", 1)]) == {"a": "2", "b": "1"}


# --- models that take no seed -----------------------------------------------------------------------

KLING = VideoRequest("The lamp turns", model="kling-3.0-pro", reply_ref="rnb-7f3e2c54b0d14c0f")
SEEDLESS = LostRequest(KLING, SENT, SENT, KLING.reply_ref or "", job_id="7f3e2c54")
HOSTED = replace(
    TASK, task_type="kling_3", name="Kling 3.0 Pro, The lamp turns", seed=None,
    options={"textPrompt": "The lamp turns", "duration": 5, "aspectRatio": "16:9", "generateAudio": True},
)  # fmt: skip


def _seedless(job_id, sent, **request):
    asked = replace(KLING, reply_ref=f"rnb-{job_id}", **request)
    return LostRequest(asked, SENT + sent, SENT + sent, f"rnb-{job_id}", job_id=job_id)


def _hosted(uuid, made, **options):
    options = {**HOSTED.options, **options}
    identifier = f"user:4711-runwayml:a@b.example-task:{uuid}"
    return replace(HOSTED, id=identifier, created_at=_iso(SENT + made), options=options)


def test_without_a_seed_the_request_is_told_by_all_that_a_task_shows() -> None:
    assert SEEDLESS.fits(HOSTED)
    assert not SEEDLESS.is_proven(HOSTED)
    assert SEEDLESS.is_proven(replace(HOSTED, reply_ref=KLING.reply_ref or ""))


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "Another lamp"},
        {"task_type": "seedance_2"},
        {"reply_ref": "rnb-another"},
        {"created_at": _iso(SENT - SKEW_SECONDS - 1)},
        {"created_at": _iso(SENT + LATEST_SECONDS + 1)},
        {"options": {**HOSTED.options, "duration": 10}},
        {"options": {**HOSTED.options, "aspectRatio": "9:16"}},
        {"options": {**HOSTED.options, "generateAudio": False}},
        {"options": {**HOSTED.options, "referenceImages": [{"type": "first_frame"}]}},
    ],
    ids=str,
)
def test_without_a_seed_a_task_that_differs_is_not_ours(change) -> None:
    assert not SEEDLESS.may_fit(replace(HOSTED, **change))


@pytest.mark.parametrize(
    "missing", [{"prompt": ""}, {"task_type": ""}, {"created_at": ""}, {"options": {"textPrompt": "The lamp turns"}}]
)
def test_without_a_seed_what_is_not_told_is_no_sign(missing) -> None:
    told = replace(HOSTED, **missing)
    assert SEEDLESS.may_fit(told), "the whole task may tell more"
    assert SEEDLESS.tells_all(HOSTED)
    assert not SEEDLESS.tells_all(told)
    assert not SEEDLESS.fits(told)


def test_a_seed_that_runway_drew_says_nothing_of_a_model_that_takes_none() -> None:
    told = replace(HOSTED, seed=12345678)
    assert SEEDLESS.fits(told)
    assert not SEEDLESS.is_proven(told)
    assert contradiction(told, Search(SEEDLESS)) == ""


def test_a_type_that_nobody_knows_may_be_ours() -> None:
    veo = replace(SEEDLESS, request=replace(KLING, model="veo-3.1", seconds=4))
    told = replace(HOSTED, task_type="veo3.1_fast", options={**HOSTED.options, "duration": 4, "resolution": "720p"})
    assert veo.fits(told)
    assert not veo.may_fit(replace(told, task_type="kling_3")), "it is another row's"
    assert not veo.may_fit(replace(told, options={**told.options, "resolution": "1080p"}))


def test_each_of_two_equal_requests_without_a_seed_gets_its_own_task() -> None:
    lost = [_seedless("a", 0), _seedless("b", 600)]
    first, second = _hosted("1", 2), _hosted("2", 602)
    assert _assigned(lost, [second, first]) == {"a": "1", "b": "2"}
    assert _assigned(lost, [second]) == {"b": "2"}


def test_a_task_that_may_be_that_of_another_model_in_doubt_is_left_open() -> None:
    lost = [_seedless("a", 0, seconds=4, model="veo-3.1"), _seedless("b", 5, seconds=4, model="sora-2")]
    told = replace(_hosted("1", 2, duration=4), task_type="nobody_knows")
    assert _assigned(lost, [told]) == {}
    assert _assigned(lost[:1], [told]) == {"a": "1"}


def test_the_camera_in_words_is_part_of_the_prompt_that_is_looked_for() -> None:
    said = replace(SEEDLESS, request=replace(KLING, camera=Camera(zoom=5), camera_words=True))
    assert not said.may_fit(HOSTED)
    assert said.fits(replace(HOSTED, prompt="The lamp turns. The camera pushes in."))


def test_the_ledger_knows_no_seed_of_ours_for_a_model_that_takes_none() -> None:
    record = replace(_record(), model="kling-3.0-pro", request=KLING.to_record())
    assert not lost_request(record).has_own_seed
    assert lost_request(record).request == KLING


GEN4_OPTIONS = {
    "text_prompt": "The lamp turns",
    "seconds": 5,
    "width": 720,
    "height": 1280,
    "init_image": "https://x.y/z",
}


def test_a_frame_tells_the_format_and_the_picture_where_a_seed_is_fixed() -> None:
    request = replace(
        REQUEST, model="gen4turbo", seconds=5, aspect="9:16", keyframes=Keyframes(first="user:1-runwayml:a@b.c-asset:x")
    )
    lost = replace(FIXED, request=request)
    told = replace(TASK, task_type="gen4_turbo", options=GEN4_OPTIONS)
    assert lost.fits(told)
    assert not lost.may_fit(replace(told, options={**GEN4_OPTIONS, "width": 1280, "height": 720}))
    assert not replace(lost, request=replace(request, keyframes=Keyframes())).may_fit(told)
    drawn = replace(lost, has_own_seed=True)
    assert drawn.may_fit(replace(told, options={**GEN4_OPTIONS, "width": 1280, "height": 720})), "our reading only"


# --- tasks of other jobs ----------------------------------------------------------------------------


def test_a_task_of_another_job_is_not_ours() -> None:
    for search in (Search(DRAWN, taken=frozenset({TASK.id})), Search(DRAWN, guessed=frozenset({TASK.id}))):
        assert search.choose([TASK]) is None


@pytest.mark.parametrize(
    ("running", "search", "is_found"),
    [
        ([("other", "rnb-other"), (TASK.id, DRAWN.reference)], Search(DRAWN), True),
        ([(TASK.id, DRAWN.reference)], Search(DRAWN, guessed=frozenset({TASK.id})), True),
        ([(TASK.id, DRAWN.reference)], Search(DRAWN, taken=frozenset({TASK.id})), False),
        ([(TASK.id, DRAWN.reference)], Search(replace(DRAWN, reference="")), False),
        ([(TASK.id, "")], Search(replace(DRAWN, reference="")), False),
        ([(TASK.id, "rnb-other"), ("other", "")], Search(DRAWN), False),
        ([], Search(DRAWN), False),
    ],
)
def test_our_own_reference_names_our_task(running, search, is_found) -> None:
    found = named_task([RunningTask(*pair) for pair in running], search)
    assert (found is not None and found.id == TASK.id) is is_found


# --- answers that contradict ------------------------------------------------------------------------

MINE = "user:4711-runwayml:a@b.example-asset:0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11"


@pytest.mark.parametrize(
    ("task", "words"),
    [
        (replace(TASK, reply_ref="rnb-other"), "another reference"),
        (replace(TASK, seed=7), "another seed"),
        (replace(TASK, prompt="Another lamp"), "another prompt"),
        (replace(TASK, seed=7, prompt="x"), "another seed and another prompt"),
        (_task("1").__class__("user:4711-runwayml:c@d.example-task:" + TASK.id[-36:], PENDING), "another account"),
    ],
)
def test_an_answer_that_contradicts_is_told_in_words(task, words) -> None:
    lost = replace(DRAWN, request=replace(REQUEST, keyframes=Keyframes(first=MINE)))
    assert words in contradiction(task, Search(lost))


def test_an_answer_with_a_task_of_another_job_contradicts() -> None:
    assert "belongs to another job" in contradiction(TASK, Search(DRAWN, taken=frozenset({TASK.id})))


@pytest.mark.parametrize(
    "task",
    [
        TASK,
        Task(TASK.id, PENDING),
        replace(TASK, reply_ref=REQUEST.reply_ref or ""),
        replace(TASK, prompt=" The lamp\nturns "),
        replace(TASK, task_type="gen3a_turbo_2", name="Anything"),
    ],
)
def test_an_answer_that_agrees_or_tells_nothing_is_believed(task) -> None:
    assert contradiction(task, Search(DRAWN)) == ""


# --- out of the ledger ------------------------------------------------------------------------------


def _record(**fields):
    wish = {"text_prompt": "The lamp turns"}
    sent = REQUEST.to_wire()
    return Record(
        "7f3e2c54", "checking", sent, "gen3turbo", "v1:x", REQUEST.reply_ref or "", 25, False,
        **{"original_request": wish, "sent": SENT + 900, **fields},
    )  # fmt: skip


def test_a_record_tells_reference_seed_and_both_times() -> None:
    lost = lost_request(_record(), offset=-900.0)
    assert (lost.reference, lost.has_own_seed, lost.sent, lost.about) == (REQUEST.reply_ref, True, None, SENT)
    lost = lost_request(_record(server_sent=SENT + 1), offset=5.0)
    assert (lost.sent, lost.about) == (SENT + 1, SENT + 1)


def test_a_seed_in_what_was_asked_is_the_users() -> None:
    asked = {"text_prompt": "The lamp turns", "seed": SEED}
    assert not lost_request(_record(original_request=asked)).has_own_seed
    assert not lost_request(_record(original_request={})).has_own_seed, "of before that was written down"


def test_a_reference_of_the_users_is_no_proof() -> None:
    body = {**REQUEST.to_wire(), "replyRef": "my-film"}
    lost = lost_request(replace(_record(), request=body, reply_ref="my-film"))
    assert lost.reference == ""


@pytest.mark.parametrize("wrong", [0.0, 3600.0, 400 * 86_400.0])
def test_a_history_is_not_left_early_for_a_date_that_is_ahead(wrong) -> None:
    lost = LostRequest(REQUEST, SENT + wrong, SENT + wrong, sent_here=SENT, job_id="0000000a")
    search = Search(lost)
    assert not search.is_past([replace(TASK, created_at=_iso(SENT + seconds)) for seconds in (900, 10)])
    assert search.is_past([replace(TASK, created_at=_iso(SENT + seconds)) for seconds in (10, -900)])
