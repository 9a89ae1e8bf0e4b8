"""How long videos take: hand-computed cases of one, of many in turn, and of one that runs."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.jobs.durations import Duration, Kind, Pace, finish_time, kind_of, left_of, usual_duration
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.request import VideoRequest

FIVE, TEN = Kind("gen3turbo", 5), Kind("gen3turbo", 10)
SECONDS = st.floats(0, 1e4)


@pytest.mark.parametrize(
    ("running", "waiting", "slots", "expected"),
    [
        ([], [], 2, 0.0),
        ([], [40, 40, 40], 1, 120.0),
        ([], [40, 40, 40], 2, 80.0),
        ([], [40, 40, 40], 10, 40.0),
        ([10], [40, 40, 40], 2, 80.0),  # 10-50, 0-40, 40-80
        ([10, 30], [40, 40, 40], 2, 90.0),  # 10-50, 30-70, 50-90
        ([10, 30, 50], [40], 1, 90.0),  # it begins when the last of the three has ended
        ([10, 30, 50], [40], 2, 70.0),  # at 30 two of the three have ended
        ([100], [10], 2, 100.0),
    ],
)
def test_the_next_begins_when_a_slot_is_free(
    running: list[float], waiting: list[float], slots: int, expected: float
) -> None:  # fmt: skip
    assert finish_time(running, waiting, slots) == expected


@given(st.lists(SECONDS, max_size=8), st.lists(SECONDS, max_size=20), st.integers(1, 10))
def test_no_order_is_faster_than_all_slots_at_work_or_slower_than_one_after_the_other(
    running: list[float], waiting: list[float], slots: int
) -> None:
    found, whole = finish_time(running, waiting, slots), sum(running) + sum(waiting)
    assert found <= whole + 1e-6
    assert found >= max([0.0, *running, *waiting]) - 1e-6
    assert len(running) > slots or found >= whole / slots - 1e-6


def test_a_duration_is_the_median_of_its_kind_and_the_latest_count() -> None:
    known = [Duration(FIVE, 40), Duration(FIVE, 50), Duration(FIVE, 600), Duration(TEN, 90)]
    assert usual_duration(FIVE, known) == 50
    assert usual_duration(TEN, known) == 90
    assert usual_duration(FIVE, [Duration(FIVE, 40)] * 20 + [Duration(FIVE, 99)] * 50) == 40


def test_a_length_that_was_never_made_goes_by_the_clips_seconds_and_another_model_by_nothing() -> None:
    known = [Duration(FIVE, 40), Duration(FIVE, 50)]
    assert usual_duration(TEN, known) == 90  # 8 and 10 for each second of a clip
    assert usual_duration(Kind("gen4turbo", 5), known) is None
    assert usual_duration(Kind("gen3turbo", 5, explore=True), known) is None
    assert usual_duration(FIVE, []) is None


@pytest.mark.parametrize(
    ("state", "usual", "expected"),
    [
        (State(Phase.FOLLOWING, sent=100.0), 40.0, 30.0),
        (State(Phase.FOLLOWING, sent=100.0), None, None),
        (State(Phase.FOLLOWING, sent=20.0), 40.0, 0.0),
        (State(Phase.FOLLOWING, sent=None), 40.0, 40.0),
        (State(Phase.FOLLOWING, sent=100.0, remaining=25.0, last_poll=105.0), 40.0, 20.0),
        (State(Phase.FOLLOWING, sent=100.0, remaining=3.0, last_poll=105.0), None, 0.0),
        (State(Phase.DOWNLOADING, sent=100.0), None, 0.0),
    ],
)
def test_what_is_left_goes_by_the_progress_else_by_the_usual(
    state: State, usual: float | None, expected: float | None
) -> None:
    assert left_of(state, usual, now=110.0) == expected


def test_nothing_is_said_of_many_where_nothing_is_known_of_one() -> None:
    pace = Pace(2, (Duration(FIVE, 40),))
    turbo, other = VideoRequest("A lamp"), VideoRequest("A lamp", model="gen4_5")
    assert kind_of(turbo) == FIVE
    assert pace.total([turbo] * 3) == 80
    assert pace.total([turbo, other]) is None
    assert pace.total([]) is None
