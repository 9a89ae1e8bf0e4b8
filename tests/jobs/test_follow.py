"""When to look again, and when to stop: plain numbers in, plain numbers out."""

from __future__ import annotations

import math
import sys
from dataclasses import FrozenInstanceError, replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runway_nb.jobs.poll_schedule import Poll, PollSchedule
from support.examples import examples

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks import following

ANYTHING = st.one_of(st.none(), st.floats())
WORDS = st.one_of(st.sampled_from(["PENDING", "THROTTLED", "RUNNING", "WARMING_UP", ""]), st.text(max_size=5))
PAUSES = st.floats(0.0, 600.0)
EVENTS = st.lists(
    st.tuples(st.booleans(), PAUSES, WORDS, st.one_of(ANYTHING, st.floats(0.0, 1.0)), ANYTHING), max_size=25
)


def watched(*polls: tuple[float, str, float | None], explore: bool = False, seconds: int = 5) -> PollSchedule:
    """A follower from 0 s that saw these looks: time, word, ratio."""
    schedule = PollSchedule(0.0, explore=explore, seconds=seconds)
    for at, status, ratio in polls:
        schedule = schedule.seen(Poll(at, status, ratio))
    return schedule


def replayed(events: list[tuple[bool, float, str, float | None, float | None]], explore: bool) -> list[PollSchedule]:
    """Every follower on the way through good and failed looks."""
    way = [PollSchedule(100.0, explore=explore)]
    now = 100.0
    for good, pause, status, ratio, starts_in in events:
        now += pause
        way.append(way[-1].seen(Poll(now, status, ratio, starts_in)) if good else way[-1].missed(now))
    return way


# --- the pace ---------------------------------------------------------------------------------------


def test_the_first_look_comes_after_three_seconds() -> None:
    assert PollSchedule(50.0).first_wait() == pytest.approx(3.0)
    assert PollSchedule(50.0).wait(50.0) == pytest.approx(3.0)
    assert PollSchedule(50.0).wait(52.0) == pytest.approx(1.0)


def test_a_queued_task_is_left_alone_for_twenty_seconds() -> None:
    assert watched((3.0, "PENDING", None)).wait(3.0) == 20.0


@pytest.mark.parametrize("ratio", [None, 0.5, 0.99])
def test_a_throttled_task_is_looked_at_every_twenty_seconds(ratio) -> None:
    assert watched((3.0, "RUNNING", 0.1), (20.0, "THROTTLED", ratio)).wait(20.0) == 20.0


@pytest.mark.parametrize("status", ["PENDING", "RUNNING", "SOMETHING"])
def test_explore_mode_is_followed_at_a_calm_pace(status) -> None:
    assert watched((3.0, status, 0.9), explore=True).wait(3.0) == 20.0


def test_the_pace_quickens_toward_the_end() -> None:
    waits = [
        watched((3.0, "PENDING", None), (23.0, "RUNNING", 0.2), (43.0, "RUNNING", ratio), seconds=10).wait(43.0)
        for ratio in (0.4, 0.7, 0.9, 0.97)
    ]
    assert waits == sorted(waits, reverse=True)
    assert waits[0] == 20.0
    assert waits[-1] < 4.0


def test_even_progress_is_met_close_to_its_end() -> None:
    # 2 % a second from 3 s on: the end is at 53 s
    schedule = watched((3.0, "PENDING", None), (23.0, "RUNNING", 0.4), (43.0, "RUNNING", 0.8))
    assert 43.0 + schedule.wait(43.0) == pytest.approx(53.0, abs=3.0)


def test_a_fast_simulator_is_followed_at_its_own_speed() -> None:
    # at 3 s two fifths are done: the end is near 7.5 s, far before that of a real task
    assert 2.0 < watched((3.0, "RUNNING", 0.4)).wait(3.0) < 8.0


def test_a_longer_clip_is_awaited_later() -> None:
    short, long = (
        watched((3.0, "RUNNING", None), (23.0, "RUNNING", None), seconds=seconds).wait(23.0) for seconds in (5, 10)
    )
    assert short < long


def test_a_word_nobody_knows_is_followed_like_a_running_task() -> None:
    unknown, running = (watched((3.0, word, 0.1), (23.0, word, 0.5)) for word in ("WARMING_UP", "RUNNING"))
    assert unknown.wait(23.0) == running.wait(23.0)


def test_the_time_to_the_start_moves_the_expected_end() -> None:
    waits = [
        PollSchedule(0.0).seen(Poll(30.0, "PENDING", None, starts_in)).belief.end  # type: ignore[union-attr]
        for starts_in in (0.0, 60.0)
    ]
    assert waits[1] - waits[0] == pytest.approx(60.0)


def test_a_stalled_ratio_is_asked_ever_more_calmly() -> None:
    schedule = watched((3.0, "RUNNING", 0.1), (23.0, "RUNNING", 0.95))
    now, waits = 23.0, []
    for _ in range(40):
        waits.append(schedule.wait(now))
        now += waits[-1]
        schedule = schedule.seen(Poll(now, "RUNNING", 0.95))
    assert waits[3:] == sorted(waits[3:])
    assert waits[-1] > 3 * waits[3]


def test_a_task_that_was_under_way_is_not_taken_for_a_fast_one() -> None:
    # seen for the first time at once with half of it done, its pace is unknown
    assert watched((0.2, "RUNNING", 0.5)).wait(0.2) > 5.0


def test_two_looks_in_one_second_do_not_change_what_is_expected() -> None:
    calm = watched((3.0, "PENDING", None), (23.0, "RUNNING", 0.3))
    assert calm.seen(Poll(23.4, "RUNNING", 0.34)).belief == calm.belief


# --- failures ---------------------------------------------------------------------------------------


def test_failed_looks_back_off_up_to_twenty_seconds() -> None:
    schedule, waits = watched((3.0, "RUNNING", 0.5)), []
    for number in range(7):
        schedule = schedule.missed(10.0 + number)
        waits.append(schedule.wait(10.0 + number))
    assert waits == [1.0, 2.0, 4.0, 8.0, 16.0, 20.0, 20.0]


def test_a_good_look_ends_the_back_off() -> None:
    poll = Poll(23.0, "RUNNING", 0.5)
    steady = watched((3.0, "PENDING", None))
    assert steady.missed(20.0).missed(21.0).seen(poll).wait(23.0) == steady.seen(poll).wait(23.0)


def test_failed_looks_leave_progress_and_status_alone() -> None:
    schedule = watched((3.0, "RUNNING", 0.5)).missed(5.0)
    assert (schedule.progress, schedule.status) == (0.5, "RUNNING")


# --- the end ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("explore", "minutes"), [(False, 30), (True, 180)])
def test_following_ends_at_the_deadline(explore, minutes) -> None:
    schedule = PollSchedule(10.0, explore=explore)
    assert schedule.deadline() == 10.0 + 60 * minutes
    assert not schedule.is_over(9.9 + 60 * minutes)
    assert schedule.is_over(10.0 + 60 * minutes)


def test_the_last_wait_ends_at_the_deadline() -> None:
    assert watched((1795.0, "PENDING", None)).wait(1795.0) == pytest.approx(5.0)


def test_a_clock_that_jumped_makes_the_look_due() -> None:
    assert watched((3.0, "PENDING", None)).wait(500.0) == 0.0
    assert watched((3.0, "PENDING", None)).wait(5000.0) == 0.0


# --- what the screen shows --------------------------------------------------------------------------


def test_progress_is_the_highest_ratio_seen() -> None:
    assert PollSchedule(0.0).progress is None
    assert watched((3.0, "PENDING", None)).progress is None
    assert watched((3.0, "RUNNING", 0.0)).progress == 0.0
    assert watched((3.0, "RUNNING", 0.6), (5.0, "RUNNING", 0.4), (7.0, "PENDING", None)).progress == 0.6


@pytest.mark.parametrize(
    ("ratio", "shown"), [(math.nan, None), (math.inf, None), (-math.inf, None), (-3.0, 0.0), (50.0, 1.0)]
)
def test_odd_ratios_are_clamped_or_ignored(ratio, shown) -> None:
    assert watched((3.0, "RUNNING", ratio)).progress == shown


def test_the_time_left_comes_from_progress() -> None:
    schedule = watched((3.0, "PENDING", None), (23.0, "RUNNING", 0.4), (43.0, "RUNNING", 0.8))
    assert schedule.remaining(43.0) == pytest.approx(10.0, abs=2.0)
    assert schedule.remaining(47.0) == pytest.approx(6.0, abs=2.0)


def test_there_is_no_time_left_without_progress_or_past_it() -> None:
    assert PollSchedule(0.0).remaining(1.0) is None
    assert watched((3.0, "PENDING", None), (23.0, "RUNNING", None)).remaining(23.0) is None
    assert watched((3.0, "PENDING", None), (23.0, "RUNNING", 0.8)).remaining(300.0) is None


def test_a_follower_never_changes() -> None:
    schedule = watched((3.0, "RUNNING", 0.5))
    same = replace(schedule)
    schedule.seen(Poll(9.0, "RUNNING", 0.9))
    schedule.missed(9.0)
    assert schedule == same
    with pytest.raises(FrozenInstanceError):
        schedule.failures = 3  # type: ignore[misc]


# --- laws -------------------------------------------------------------------------------------------


@settings(max_examples=examples(60))
@given(EVENTS, st.booleans(), st.one_of(st.floats(-1.0, 1.0), st.floats(-1e9, 1e9)))
def test_every_wait_keeps_its_limits_and_the_deadline(events, explore, jitter) -> None:
    for schedule in replayed(events, explore):
        now = schedule.started if schedule.last_poll is None else schedule.last_poll
        wait, left = schedule.wait(now, jitter), max(0.0, schedule.deadline() - now)
        assert min(1.0, left) - 1e-9 <= wait <= min(20.0, left) + 1e-9


@settings(max_examples=examples(60))
@given(EVENTS, st.floats(-1.0, 1.0))
def test_jitter_moves_a_wait_by_a_fifth_at_most(events, jitter) -> None:
    for schedule in replayed(events, explore=False):
        now = schedule.started if schedule.last_poll is None else schedule.last_poll
        plain, moved = schedule.wait(now), schedule.wait(now, jitter)
        assert abs(moved - plain) <= 0.2 * plain + 1e-9


@settings(max_examples=examples(60))
@given(EVENTS, PAUSES)
def test_a_wait_is_counted_from_the_latest_look(events, pause) -> None:
    schedule = replayed(events, explore=False)[-1]
    now = schedule.started if schedule.last_poll is None else schedule.last_poll
    assert schedule.wait(now + pause) == pytest.approx(max(0.0, schedule.wait(now) - pause), abs=1e-6)


@settings(max_examples=examples(60))
@given(EVENTS)
def test_progress_never_runs_backwards(events) -> None:
    shown = [schedule.progress for schedule in replayed(events, explore=False)]
    told = [ratio for ratio in shown if ratio is not None]
    assert told == sorted(told)
    assert all(0.0 <= ratio <= 1.0 for ratio in told)
    assert None not in shown[len(shown) - len(told) :]


@settings(max_examples=examples(60))
@given(EVENTS, PAUSES)
def test_the_time_left_is_positive_or_untold(events, pause) -> None:
    for schedule in replayed(events, explore=False):
        left = schedule.remaining((schedule.last_poll or schedule.started) + pause)
        assert left is None or 0.0 < left < math.inf


@settings(max_examples=examples(25))
@given(st.lists(st.tuples(st.booleans(), WORDS, ANYTHING, st.floats(-1.0, 1.0)), min_size=1, max_size=8))
def test_following_always_ends(script) -> None:
    schedule, now, polls = PollSchedule(0.0), 0.0, 0
    while not schedule.is_over(now):
        good, status, ratio, jitter = script[polls % len(script)]
        now, polls = now + schedule.wait(now, jitter), polls + 1
        schedule = schedule.seen(Poll(now, status, ratio)) if good else schedule.missed(now)
        assert polls <= 30 * 60 + 5
    assert now == pytest.approx(schedule.deadline())


# --- the goal ---------------------------------------------------------------------------------------


def test_few_looks_find_the_end_soon_over_four_kinds_of_progress() -> None:
    """Performance goal 3 on a small sample, with slack: 6.5 looks and 1.5 s of delay."""
    cost = following.mixture(following.follow, following.draw(600))
    assert cost.polls <= 6.7
    assert cost.delay <= 1.65


@pytest.mark.parametrize("scale", [0.6, 1.6])
def test_tasks_of_unusual_length_are_still_found(scale) -> None:
    cost = following.mixture(following.follow, following.draw(400, scale))
    assert cost.polls <= 10.4
    assert cost.delay <= 3.2


def test_a_task_of_eight_seconds_is_found_soon() -> None:
    tasks = [task.faster(8.0) for task in following.draw(300)]
    assert following.mixture(following.follow, tasks, following.KINDS[:3]).delay <= 1.2
