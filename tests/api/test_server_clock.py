"""The server's time goes on from its answers, and is not known once this machine's own clock has jumped."""

from __future__ import annotations

import time
from email.utils import formatdate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.api.server_clock import JUMP_SECONDS, ServerClock

SERVER = 1_700_000_000.0


class Machine:
    """Two clocks of one machine, and how far its wall clock is off."""

    def __init__(self, wrong=0.0):
        self.passed, self.wrong = 100.0, wrong

    def clock(self):
        return ServerClock(lambda: SERVER + self.passed + self.wrong, lambda: self.passed)

    def date(self):
        return formatdate(SERVER + self.passed, usegmt=True)


@pytest.mark.parametrize("wrong", [0.0, 900.0, -86_400.0, 400 * 86_400.0])
def test_a_wrong_clock_does_not_matter(wrong) -> None:
    machine = Machine(wrong)
    clock = machine.clock()
    assert clock.now() is None
    clock.read(machine.date())
    machine.passed += 1000.0
    assert clock.now() == pytest.approx(SERVER + 1100.0, abs=1.0)
    assert clock.offset() == pytest.approx(-wrong, abs=1.0)


@pytest.mark.parametrize("jump", [900.0, -900.0, 400 * 86_400.0, -400 * 86_400.0, JUMP_SECONDS + 0.1])
def test_a_clock_that_jumps_ends_what_is_known_until_the_next_answer(jump) -> None:
    machine = Machine()
    clock = machine.clock()
    clock.read(machine.date())
    machine.wrong += jump
    assert clock.now() is None
    assert clock.offset() == 0.0
    clock.read(machine.date())
    assert clock.now() == pytest.approx(SERVER + machine.passed, abs=1.0)


@pytest.mark.parametrize("date", [None, "", "yesterday", "Fri, 99 Foo 2026 00:00:00 GMT", "\x00"])
def test_an_answer_without_a_time_changes_nothing(date) -> None:
    machine = Machine()
    clock = machine.clock()
    clock.read(date)
    assert (clock.now(), clock.is_silent) == (None, True)
    clock.read(machine.date())
    clock.read(date)
    assert clock.now() == pytest.approx(SERVER + machine.passed, abs=1.0)


@given(st.lists(st.floats(0.05, 3.0), min_size=2, max_size=12))
def test_several_answers_are_never_ahead_and_never_further_behind_than_one(steps) -> None:
    machine = Machine()
    clock = machine.clock()
    for seconds in steps:
        machine.passed += seconds
        clock.read(machine.date())
        now = clock.now()
        assert SERVER + machine.passed - 1.0 <= now <= SERVER + machine.passed + 1e-6


@pytest.mark.parametrize("form", ["%a %b %d %H:%M:%S %Y", "%a, %d %b %Y %H:%M:%S -0000", "%a, %d %b %Y %H:%M:%S"])
@pytest.mark.parametrize("zone", ["America/New_York", "Asia/Kolkata"])
def test_a_time_without_a_zone_is_not_that_of_this_machine(monkeypatch: pytest.MonkeyPatch, form, zone) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    machine = Machine()
    clock = machine.clock()
    clock.read(time.strftime(form, time.gmtime(SERVER + machine.passed)))
    monkeypatch.undo()
    time.tzset()
    assert clock.now() == pytest.approx(SERVER + machine.passed, abs=1.0)


@pytest.mark.parametrize(
    "date",
    [
        "Thu, 01 Jan 1970 00:00:00 GMT", "Mon, 01 Jan 0001 00:00:00 GMT", "Fri, 31 Dec 9999 23:59:59 GMT",
        "Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "Mon, 01 Jan 2024 00:00:00 +99999999999999999999",
    ],
)  # fmt: skip
def test_a_time_that_cannot_be_is_none(date) -> None:
    clock = Machine().clock()
    clock.read(date)
    assert (clock.now(), clock.is_silent) == (None, True)
