"""Sweeps as jobs: the price first, each variant sent once, and what one failure means for the others."""

from __future__ import annotations

import asyncio
import copy
import json
import threading
from dataclasses import replace
from typing import Any

import pytest

import runway_nb
from runway_nb import errors
from runway_nb.jobs.durations import Duration, Kind, Pace
from runway_nb.jobs.job import Job, control_of
from runway_nb.jobs.policy import Limits
from runway_nb.jobs.shared_refusals import shared_reason
from runway_nb.jobs.state import State
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.sweep_grid import bundle
from runway_nb.request import VideoRequest
from runway_nb.sweeps import submission as sweep_submission
from runway_nb.sweeps.plan import Axis, plan
from runway_nb.sweeps.price import SweepPrice, check_sweep
from runway_nb.sweeps.submission import submit_sweep
from runway_nb.sweeps.sweep import Sweep
from support.fakes import Party
from support.simulator_kit import picture


def sweep(party: Party, prompt: str = "A lamp turns", **values: Any) -> Sweep:
    options = {"yes": True, **values}
    made: Sweep = runway_nb.sweep(prompt, studio=party.studio, **options)
    return made


def test_each_variant_is_a_job_of_its_own_and_is_there_for_nothing_when_run_again(party: Party) -> None:
    one = sweep(party, zoom=[-5, 5], seed=[1, 2]).wait(20)
    assert (len(one.jobs), party.started, one.progress_text) == (4, 4, "4 of 4 done")
    assert len({job.video for job in one.jobs}) == 4
    assert [variant.label for variant in one.variants] == [
        "zoom -5, seed 1", "zoom 5, seed 1", "zoom -5, seed 2", "zoom 5, seed 2"
    ]  # fmt: skip
    again = sweep(party, zoom=[-5, 5], seed=[1, 2])
    assert ([job.id for job in again.jobs], party.started) == ([job.id for job in one.jobs], 4)


def test_more_values_of_an_axis_send_only_what_is_new(party: Party) -> None:
    """The common seed follows from the prompt, so it stays the same when the sweep grows."""
    sweep(party, zoom=[-5, 5]).wait(20)
    grown = sweep(party, zoom=[-5, 0, 5]).wait(20)
    assert (len(grown.jobs), party.started) == (3, 3)


def test_takes_differ_by_their_seed_alone_and_stay_the_same(party: Party) -> None:
    made = sweep(party, takes=3).wait(20)
    assert len({job.seed for job in made.jobs}) == party.started == 3
    assert [variant.label for variant in made.variants] == ["take 1", "take 2", "take 3"]
    more = sweep(party, takes=4).wait(20)
    assert ([job.id for job in more.jobs[:3]], party.started) == ([job.id for job in made.jobs], 4)


def test_rows_of_a_table_are_variants(party: Party) -> None:
    rows = [{"style": "noir", "zoom": 2}, {"style": "ink, wet", "zoom": 4}]
    made = sweep(party, "A {{style}} lamp", rows=rows, seconds=10).wait(20)
    assert [(job.request.prompt, job.request.camera.zoom, job.request.length) for job in made.jobs] == [
        ("A noir lamp", 2, 10), ("A ink, wet lamp", 4, 10)
    ]  # fmt: skip


def test_variants_are_sent_in_the_order_of_the_plan_ends_first(party: Party) -> None:
    made = sweep(party, "A {{style}} lamp", style=["noir", "ink", "wet"], seed=[1, 2, 3]).wait(30)
    bodies = [json.loads(request.read()) for request in party.api.calls("POST", "/create")]
    sent = [(body["text_prompt"], body["seed"]) for body in bodies]
    assert sent == [(variant.request.prompt, variant.request.seed) for variant in made.plan.variants]


# --- the price first --------------------------------------------------------------------------------


def test_what_costs_much_asks_for_a_yes_and_nothing_is_sent(party: Party) -> None:
    with pytest.raises(errors.NeedsConfirmation, match=r"5 shots, 125 credits: more than the 100 credits .* --yes"):
        sweep(party, seed=range(1, 6), yes=False)
    assert (party.started, party.studio.ledger.recent()) == (0, [])
    sweep(party, seed=range(1, 5), yes=False).wait(20)
    assert party.started == 4


def test_what_is_there_already_is_not_paid_for_and_needs_no_yes(party: Party) -> None:
    sweep(party, seed=range(1, 5)).wait(20)
    grown = sweep(party, seed=range(1, 9), yes=False).wait(20)
    assert (len(grown.jobs), party.started) == (8, 8)


def test_equal_rows_are_one_request_with_one_price(party: Party) -> None:
    rows = [{"zoom": 2}, {"zoom": 2}, {"zoom": 4}]
    made = sweep(party, rows=rows).wait(20)
    assert made.price is not None
    assert (made.price.credits, made.price.stored, party.started) == (50, 1, 2)
    assert made.jobs[0] is made.jobs[1]


def test_an_unknown_price_asks_for_a_yes_too(party: Party) -> None:
    with pytest.raises(errors.NeedsConfirmation, match=r"2 shots, 0 credits and 2 shots of unknown price"):
        sweep(party, model="kling-3.0-pro", aspect=["16:9", "9:16"], yes=False)


@pytest.mark.parametrize(
    ("price", "text"),
    [
        (SweepPrice(9, 0, 225, 0), "9 shots, 225 credits"),
        (SweepPrice(9, 3, 150, 0), "9 shots, 150 credits; 3 of them are there already for 0"),
        (SweepPrice(1, 1, 0, 0), "1 shot, 0 credits; 1 of them is there already for 0"),
        (SweepPrice(2, 0, 25, 1), "2 shots, 25 credits and 1 shot of unknown price"),
        (SweepPrice(9, 0, 225, 0, 361.0, 2), "9 shots, 225 credits, about 6 min at 2 slots"),
        (
            SweepPrice(2, 1, 25, 0, 40.0, 1),
            "2 shots, 25 credits, about 40 s at 1 slot; 1 of them is there already for 0",
        ),
        (SweepPrice(1, 1, 0, 0, None, 2), "1 shot, 0 credits; 1 of them is there already for 0"),
    ],
)
def test_the_price_is_one_line(price: SweepPrice, text: str) -> None:
    assert price.text == text


def test_a_budget_holds_in_the_middle_and_what_it_does_not_cover_is_named(party: Party) -> None:
    party.studio.use(replace(party.settings, max_credits=50))
    made = sweep(party, seed=range(1, 5)).wait(20)
    assert (len(made.jobs), party.started) == (2, 2)
    assert [label for label, _ in made.unsent] == ["seed 2", "seed 3"], "the ends come first"
    assert all(isinstance(why, errors.OverBudget) for _, why in made.unsent)
    assert made.progress_text == "2 of 4 done, 2 not sent"


def test_a_budget_that_covers_none_is_an_error(party: Party) -> None:
    party.studio.use(replace(party.settings, max_credits=20))
    with pytest.raises(errors.OverBudget, match="this shot costs 25 credits"):
        sweep(party, seed=range(1, 5))
    assert party.started == 0


# --- how long ---------------------------------------------------------------------------------------


def checked_price(party: Party, seeds: range, **values: Any) -> SweepPrice:
    made = plan("A lamp turns", values, [Axis("seed", tuple(seeds))], model="gen3turbo")
    return check_sweep(party.studio, made, Limits()).price


def test_how_long_is_said_by_earlier_videos_and_not_without_any(party: Party) -> None:
    assert checked_price(party, range(1, 10)).text == "9 shots, 225 credits"
    made = sweep(party, seed=range(1, 4)).wait(20)
    took = sorted(record.took for job in made.jobs if (record := party.studio.ledger.get(job.id)).took)[1]
    price = checked_price(party, range(1, 10))
    assert (price.seconds, price.slots, price.stored) == (3 * took, 2, 3), "six more, two at a time"
    assert " at 2 slots; 3 of them are there already for 0" in price.text
    assert checked_price(party, range(1, 10), max_jobs=1).seconds == 6 * took
    assert " at " not in checked_price(party, range(1, 4)).text, "all are there"


def test_the_time_that_is_left_goes_by_what_runs_and_what_waits() -> None:
    kind = Duration(Kind("gen3turbo", 5), 40.0)
    four = plan("A lamp", {}, [Axis("seed", (1, 2, 3, 4))], model="gen3turbo")
    made = Sweep(four, pace=Pace(2, (kind,)), clock=lambda: 100.0)
    assert (made.time_left, made.time_left_text) == (None, ""), "there is no job"
    states = {
        1: State(Phase.FOLLOWING, sent=90.0), 2: State(Phase.WAITING), 3: State(Phase.PREPARING),
        4: State(Phase.FOLLOWING, sent=70.0, remaining=20.0, last_poll=95.0),
    }  # fmt: skip
    for variant in made.variants:
        seed = int(variant.request.seed or 0)
        made.add(variant, Job(f"0000000{seed}", variant.request, state=states[seed]))
    # 30 s and 15 s run; then 15-55 and 30-70
    assert (made.time_left, made.time_left_text) == (70.0, "about 1:10 left")
    control_of(made.jobs[0]).change(phase=Phase.DONE, ended=100.0)  # it took 10 s
    assert made.time_left == 40.0, "median of 10 and 40: 15 s run, two of 25 s begin now and at 15"


def test_no_time_is_said_where_one_of_them_is_unknown_or_all_have_ended() -> None:
    made = Sweep(plan("A lamp", {}, [Axis("seed", (1, 2))], model="gen3turbo"), pace=Pace(2))
    for variant in made.variants:
        made.add(variant, Job(f"0000000{variant.request.seed}", variant.request))
    assert made.time_left is None
    bare = Sweep(made.plan)
    bare.add(made.variants[0], made.jobs[0])
    assert bare.time_left is None


# --- mistakes ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ({"zoom": [5, 11]}, ["zoom 11: zoom is 11: the range is -10 to 10"]),
        ({"zooom": 4}, ["zooom is no option, and the prompt has no {{zooom}}: write it there, or leave it out"]),
        ({"takes": 0}, ["takes is 0: give a whole number from 1 to 1000"]),
        ({"rows": 7}, ["rows is 7: give a DataFrame or a list of mappings"]),
        ({"rows": [{"zoom": 1}, {"pan": 1}]}, ["rows have different columns: give every row the same ones"]),
        ({"rows": [{"zoom": 1}], "pan": [1, 2]}, ["rows are the variants: give one value for pan"]),
        (
            {"model": "kling-3.0-pro", "takes": 2},
            ["takes differ by their seed, and Kling 3.0 Pro takes none: sweep something else"],
        ),
        ({"seed": [1, 2], "limit": 0}, ["limit is 0: give a whole number from 1 to 1000"]),
    ],
    ids=str,
)
def test_mistakes_are_reported_before_anything_is_sent(
    party: Party, values: dict[str, Any], lines: list[str]
) -> None:  # fmt: skip
    with pytest.raises(errors.InvalidRequest) as caught:
        sweep(party, **values)
    assert len(caught.value.problems) == len(lines), caught.value.problems
    assert all(found.startswith(line) for found, line in zip(caught.value.problems, lines, strict=True))
    assert (party.started, party.studio.ledger.recent()) == (0, [])


# --- what happens to one of them --------------------------------------------------------------------


def test_a_failed_variant_ends_no_other(party: Party) -> None:
    party.simulator.fault("failed", times=1)
    made = sweep(party, seed=[1, 2, 3]).wait(20)
    assert sorted(job.error is None for job in made.jobs) == [False, True, True]
    assert (party.started, made.progress_text) == (3, "2 of 3 done, 1 failed")


def moderated_once_all_wait(party: Party) -> None:
    """Refuse each task; the first is answered so late that all others of the sweep wait by then."""
    party.simulator.fault("moderated")
    party.simulator.fault("slow-answer", times=1, seconds=2)


def test_moderation_takes_back_the_variants_with_the_same_words_and_says_which(party: Party) -> None:
    """Accounts are suspended over it: what shares the refused words and is not sent yet stays here."""
    party.studio.use(replace(party.settings, slots=1))
    moderated_once_all_wait(party)
    made = sweep(party, "A {{what}} turns", what=["lamp"], seed=[1, 2, 3, 4]).wait(20)
    assert party.started == 1
    ends = [*(job.error for job in made.jobs), *(why for _, why in made.unsent)]
    held = [why for why in ends if isinstance(why, errors.Removed)]
    words = "not sent: moderation refused the same words (what lamp, seed 1); nothing was charged"
    assert [str(error) for error in held] == [words] * 3
    text = bundle(made)["text/plain"]
    assert text.count("moderation refused the same words (what lamp, seed 1)") == 3
    again = sweep(party, "A {{what}} turns", what=["lamp"], seed=[1, 2, 3, 4]).wait(20)
    assert (len(again.jobs), [type(why) for _, why in again.unsent]) == (1, [errors.RefusedBefore] * 3)
    assert party.started == 1


def test_words_that_were_refused_first_hold_no_others_back(party: Party) -> None:
    party.simulator.fault("moderated", times=1)
    sweep(party, "A {{what}} turns", what=["lamp"]).wait(20)
    made = sweep(party, "A {{what}} turns", what=["lamp", "wheel"], seed=[5]).wait(20)
    assert [label for label, _ in made.unsent] == ["what lamp, seed 5"]
    assert [job.video is not None for job in made.jobs] == [True]


def test_one_that_can_be_sent_is_looked_for_beyond_the_first(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    party.simulator.fault("moderated", times=1)
    sweep(party, "A {{what}} turns", what=["lamp"]).wait(20)
    monkeypatch.setattr(sweep_submission, "AT_ONCE", 1)
    made = sweep(party, "A {{what}} turns", what=["lamp", "wheel", "door"], seed=[5]).wait(20)
    assert ([label for label, _ in made.unsent], len(made.jobs)) == (["what lamp, seed 5"], 2)


def test_too_much_moderation_ends_a_sweep_of_different_words(party: Party) -> None:
    party.studio.use(replace(party.settings, slots=1, max_moderated=2))
    moderated_once_all_wait(party)
    made = sweep(party, "A {{what}} turns", what=["lamp", "wheel", "door", "clock"]).wait(20)
    assert party.started == 2
    ends = [*(job.error for job in made.jobs), *(why for _, why in made.unsent)]
    held = [str(why) for why in ends if isinstance(why, errors.Removed)]
    assert held == ["not sent: moderation has refused too much (max_moderated); nothing was charged"] * 2


def test_a_refused_picture_holds_back_those_that_show_it(party: Party) -> None:
    for name in ("boat.png", "lake.png"):
        (party.folder / name).write_bytes(picture())
    error = errors.TaskModerated("refused by moderation: INPUT.IMAGE")
    boat, lake = (VideoRequest(prompt, keyframes=Keyframes(f)) for f, prompt in (("boat.png", "A"), ("lake.png", "A")))
    assert shared_reason(error, boat, replace(boat, prompt="B")) == "moderation refused the same picture"
    assert shared_reason(error, boat, lake) == ""


@pytest.mark.parametrize(
    ("error", "other", "reason"),
    [
        (errors.NotEnoughCredits("no"), {"seed": 2}, "the account has too few credits"),
        (errors.NotEnoughCredits("no"), {"explore": True}, ""),
        (errors.Unauthorized("no"), {"seed": 2}, "the account is refused"),
        (errors.ModelRetired("gone"), {"seed": 2}, "Gen-3 Alpha Turbo is gone"),
        (errors.ModelRetired("gone"), {"model": "gen4_5"}, ""),
        (errors.TaskFailed("bad luck"), {"seed": 2}, ""),
        (errors.BadRequest("bad"), {"seed": 2}, ""),
        (None, {"seed": 2}, ""),
    ],
    ids=str,
)
def test_what_an_account_refuses_is_not_tried_again_and_again(
    error: errors.RunwayError | None, other: dict[str, Any], reason: str
) -> None:
    request = VideoRequest("A lamp", seed=1)
    assert shared_reason(error, request, replace(request, **other)) == reason


def test_an_empty_account_is_asked_once(party: Party) -> None:
    party.studio.use(replace(party.settings, slots=1))
    party.simulator.fault("412")
    made = sweep(party, seed=range(1, 7)).wait(20)
    assert len(party.api.calls("POST", "create")) <= 2, "the next one may be on its way"
    ends = [*(job.error for job in made.jobs), *(why for _, why in made.unsent)]
    assert [type(why) for why in ends].count(errors.Removed) >= 4


def test_other_words_go_on_after_moderation(party: Party) -> None:
    party.studio.use(replace(party.settings, slots=1))
    party.simulator.fault("moderated", times=1)
    made = sweep(party, "A {{what}} turns", what=["lamp", "wheel"], seed=[1, 2]).wait(20)
    (refused,) = [job for job in made.jobs if isinstance(job.error, errors.TaskModerated)]
    assert all(job.video is not None for job in made.jobs if job.request.prompt != refused.request.prompt)
    assert party.started == 3


def test_a_sweep_can_be_stopped_awaited_and_watched(party: Party) -> None:
    checked = check_sweep(
        party.studio, plan("A lamp", {}, [Axis("seed", (1, 2))], model="gen3turbo"), Limits()
    )  # fmt: skip
    made = submit_sweep(party.studio, checked)
    seen: list[str] = []
    made.observe(lambda one: seen.append(one.progress_text))

    async def awaited() -> Sweep:
        return await made

    assert asyncio.run(awaited()) is made
    assert made.done
    assert repr(made) == "<Sweep of 2: 2 of 2 done>"
    assert seen[-1] == "2 of 2 done"
    made.stop()
    assert made.done


# --- in the background ------------------------------------------------------------------------------


def test_the_first_variants_are_submitted_at_once_and_the_rest_soon(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweep_submission, "AT_ONCE", 2)
    made = sweep(party, seed=range(1, 9))
    assert made.wait(20).done
    assert (len(made.jobs), party.started, made.progress_text) == (8, 8, "8 of 8 done")


def test_a_sweep_that_is_stopped_sends_nothing_of_the_rest(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_submission, "AT_ONCE", 1)
    begun, asked = threading.Event(), threading.Event()
    many = plan("A lamp turns", {}, [Axis("seed", (1, 2, 3, 4))], model="gen3turbo")
    checked = check_sweep(party.studio, many, Limits())
    submit, calls = party.studio.submit_checked, []

    def slow(*given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            begun.set()
            asked.wait(10)
        return submit(*given, **named)

    monkeypatch.setattr(party.studio, "submit_checked", slow)
    made = submit_sweep(party.studio, checked, yes=True)
    assert (made.done, made.is_ending) == (False, False), "the rest is still being submitted"
    assert "3 running" in made.progress_text or "4 running" in made.progress_text
    assert begun.wait(10)
    made.stop()
    asked.set()
    made.wait(20)
    assert len(calls) == 2
    assert [type(why) for _, why in made.unsent] == [errors.Removed] * 2
    assert len(made.jobs) + len(made.unsent) == 4


def test_what_a_session_that_ends_has_not_submitted_is_named(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweep_submission, "AT_ONCE", 1)
    held, submit = threading.Event(), party.studio.submit_checked

    def slow(*given: Any, **named: Any) -> Any:
        if party.studio.jobs:
            held.wait(0.2)
        return submit(*given, **named)

    monkeypatch.setattr(party.studio, "submit_checked", slow)
    made = sweep(party, seed=range(1, 6))
    party.studio.close()
    made.wait(20)
    assert len(made.jobs) + len(made.unsent) == 5
    assert party.started <= len(made.jobs)


def test_a_wait_can_end_while_the_rest_is_submitted() -> None:
    made = Sweep(plan("A lamp", {}, [Axis("seed", (1, 2))], model="gen3turbo"))
    end = made.begin_submitting()
    for waiting in (made.wait, lambda timeout: asyncio.run(made.until_ended(timeout))):
        with pytest.raises(errors.WaitTimeout):
            waiting(0.0)
    assert not made.done
    end()
    assert made.done


def test_a_wait_that_ends_first_leaves_the_jobs_alone() -> None:
    made = Sweep(plan("A lamp", {}, [Axis("seed", (1, 2))], model="gen3turbo"))
    for variant in made.variants:
        made.add(variant, Job(f"0000000{variant.request.seed}", variant.request))
    for waiting in (made.wait, lambda timeout: asyncio.run(made.until_ended(timeout))):
        with pytest.raises(errors.WaitTimeout):
            waiting(0.0)
    assert not made.done


def test_an_interrupt_ends_the_wait_and_no_job(party: Party) -> None:
    made = sweep(party, seed=[1, 2])

    def interrupt() -> None:
        raise KeyboardInterrupt

    held = Sweep(made.plan)
    held.add(made.variants[0], Job("0000000a", made.variants[0].request))
    with pytest.raises(errors.WaitInterrupted, match=r"stopped waiting \(0 of 2 done, 1 running\); the jobs go on"):
        held.wait(on_tick=interrupt)
    assert not held.done
    assert made.wait(20).progress_text == "2 of 2 done"


def test_after_a_restart_and_on_another_day_it_goes_on_and_pays_nothing_twice(party: Party) -> None:
    party.studio.use(replace(party.settings, max_credits=50))
    first = sweep(party, seed=range(1, 5)).wait(20)
    assert (party.started, len(first.unsent)) == (2, 2)
    party.time.now += 86_400
    party.restart()
    party.studio.use(replace(party.settings, max_credits=50))
    again = sweep(party, seed=range(1, 5)).wait(20)
    assert (party.started, again.unsent, again.progress_text) == (4, [], "4 of 4 done")
    before = {job.seed: job.id for job in first.jobs}
    assert {job.seed: job.id for job in again.jobs if job.seed in before} == before


def test_who_watches_and_fails_keeps_nothing_from_being_sent(
    party: Party, caplog: pytest.LogCaptureFixture
) -> None:  # fmt: skip
    def fail(_: Sweep) -> None:
        raise ValueError("a mistake in a display")

    made = sweep(party, "A lamp {{n}}", n=list(range(24)))
    made.observe(fail)
    made.refusals.left = 0  # as after too many refusals: the rest is left out, with the reason
    made.wait(20)
    assert len(made.jobs) + len(made.unsent) == 24
    assert "a sweep could not be shown (ValueError: a mistake in a display)" in caplog.text


def test_a_copy_of_a_sweep_is_the_sweep(party: Party) -> None:
    made = sweep(party, seed=[1, 2])
    assert copy.copy(made) is copy.deepcopy(made) is made


def test_who_watches_no_more_is_told_no_more(party: Party) -> None:
    made = sweep(party, seed=[1, 2]).wait(20)
    seen: list[Sweep] = []
    forget = made.observe(seen.append)
    forget()
    forget()
    made.leave_out(made.variants[0], errors.OverBudget("no"))
    assert seen == []
