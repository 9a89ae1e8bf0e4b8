"""How fast pictures leave a kernel."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runway_nb.notebook.cards.strip_pace import StripPace

SENT = st.lists(st.tuples(st.floats(0, 5), st.integers(1, 1_000_000)), min_size=1, max_size=30)
"""Seconds that pass before each picture, and its bytes."""


@given(SENT)
def test_over_any_time_no_more_leaves_than_the_rate_and_one_picture(sent: list[tuple[float, int]]) -> None:
    now, rate = [100.0], 800_000
    pace = StripPace(rate, clock=lambda: now[0])
    left: list[tuple[float, int]] = []
    for seconds, size in sent:
        now[0] += seconds
        left.append((now[0] + pace.reserve(size), size))
    assert [at for at, _ in left] == sorted(at for at, _ in left)
    for first, (begin, _) in enumerate(left):
        for last in range(first, len(left)):
            before = sum(size for _, size in left[first:last])
            assert before <= (left[last][0] - begin) * rate * (1 + 1e-9) + 1e-3


def test_what_comes_after_a_pause_leaves_at_once() -> None:
    now = [0.0]
    pace = StripPace(1000, clock=lambda: now[0])
    assert pace.reserve(500) == 0.0
    assert pace.reserve(500) == 0.5
    now[0] = 1.0
    assert pace.reserve(1) == 0.0
