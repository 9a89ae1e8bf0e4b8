"""The queue of a session: how many fly, who goes next, and what a 429 does."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.jobs.submit_queue import ANSWER_SECONDS, FORGET_SECONDS, IDLE_SECONDS, PREPARING_SECONDS, SubmitQueue
from runway_nb.ledger.slots import ClosedAccount, Place, SlotFacts
from support.fakes import FakeTime

A, B, OPEN = "a@example.org", "b@example.org", ""
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("join"), st.sampled_from([A, B, OPEN])),
        st.tuples(st.sampled_from(["occupy", "reserve"]), st.sampled_from([A, B, OPEN])),
        st.tuples(st.sampled_from(["go", "back", "leave", "ready", "give_up"]), st.integers(0, 9)),
        st.tuples(st.just("locate"), st.tuples(st.integers(0, 9), st.sampled_from([A, B, OPEN]))),
        st.tuples(st.just("pass"), st.floats(0.0, 40.0)),
    ),
    max_size=40,
)


class Model:
    """Plays steps on a queue and keeps its own count of who waits and who flies."""

    def __init__(self, time, slots):
        self.time, self.slots = time, slots
        self.queue = SubmitQueue(lambda: slots, time)
        self.waiting, self.flying, self.preparing = [], [], []

    def play(self, step, value):
        getattr(self, f"do_{step}")(value)
        for account in (A, B):
            on_it = [ticket for ticket in self.flying if ticket.account in (account, OPEN)]
            assert len(on_it) <= self.slots

    def do_join(self, account):
        self.waiting.append(_joined(self.queue, f"{len(self.waiting):08x}", account))

    def do_reserve(self, account):
        self.preparing.append(self.queue.reserve("0000eeee", account))

    def do_ready(self, index):
        if index < len(self.preparing):
            ticket = self.preparing.pop(index)
            self.queue.join(ticket, ticket.account)
            self.waiting = sorted([*self.waiting, ticket], key=lambda other: other.number)

    def do_give_up(self, index):
        if index < len(self.preparing):
            self.queue.leave(self.preparing.pop(index))

    def do_occupy(self, account):
        """Only where a slot is free, so that the count of slots stays a law."""
        if all(len([t for t in self.flying if t.account in (name, OPEN)]) < self.slots for name in (A, B)):
            self.flying.append(self.queue.occupy("0000ffff", account))

    def do_go(self, index):
        """Whoever may go goes; nobody whom an earlier one of the same account stands before."""
        for ticket in self.waiting[index:]:
            if self.queue.may_go(ticket):
                ahead = self.waiting[: self.waiting.index(ticket)]
                assert not [other for other in ahead if {other.account, ticket.account} != {A, B}]
                self.queue.go(ticket)
                self.waiting.remove(ticket)
                self.flying.append(ticket)
                return

    def do_back(self, index):
        if index < len(self.flying):
            ticket = self.flying.pop(index)
            self.queue.send_back(ticket, 20.0)
            self.waiting = sorted([*self.waiting, ticket], key=lambda other: other.number)
            assert not self.queue.may_go(ticket)

    def do_leave(self, index):
        everyone = [*self.waiting, *self.flying]
        if index < len(everyone):
            ticket = everyone[index]
            for _ in range(2):
                self.queue.leave(ticket)
            self.waiting = [other for other in self.waiting if other is not ticket]
            self.flying = [other for other in self.flying if other is not ticket]

    def do_locate(self, value):
        """The answer to a create names an account; a ticket with one stays there."""
        index, account = value
        if index < len(self.flying) and not self.flying[index].account:
            self.queue.locate(self.flying[index], account)

    def do_pass(self, seconds):
        self.time.now += seconds


@pytest.fixture
def queue(time: FakeTime):
    return SubmitQueue(lambda: 2, time)


def _flying(queue, *accounts):
    return [queue.occupy(f"f{number}", account) for number, account in enumerate(accounts)]


def _waiting(queue, *accounts):
    return [_joined(queue, f"w{number}", account) for number, account in enumerate(accounts)]


def _joined(queue, job_id, account, kin=""):
    entry = queue.reserve(job_id, account)
    queue.join(entry, account, kin)
    return entry


# --- laws -------------------------------------------------------------------------------------------


@given(steps=STEPS, slots=st.integers(1, 4))
def test_no_account_ever_has_more_tasks_than_slots_and_all_get_their_turn(steps, slots) -> None:
    model = Model(FakeTime(), slots)
    for step in steps:
        model.play(*step)
    # once everything that flies has ended, everyone who waits goes, in the order of coming
    model.do_pass(100.0)
    while model.flying:
        model.do_leave(len(model.waiting))
    order = []
    while model.waiting:
        first = model.waiting[0]
        model.do_go(0)
        assert first in model.flying, "the first in line may go when nothing flies"
        order.append(first.number)
        model.do_leave(len(model.waiting))
    assert order == sorted(order)


@given(steps=STEPS)
def test_who_left_is_counted_nowhere(steps) -> None:
    model = Model(FakeTime(), 2)
    for step in steps:
        model.play(*step)
    probe = _joined(model.queue, "probe", OPEN)
    assert model.queue.position(probe) == len(model.waiting)
    assert sorted(model.queue.holders(probe)) == sorted(ticket.job_id for ticket in model.flying)


# --- turns ------------------------------------------------------------------------------------------


def test_first_come_first_served(queue) -> None:
    _flying(queue, A)
    first, second = _waiting(queue, A, A)
    assert queue.may_go(first)
    assert not queue.may_go(second)
    queue.go(first)
    assert not queue.may_go(second)
    queue.leave(first)
    assert queue.may_go(second)


@pytest.mark.parametrize(
    "end",
    [
        lambda queue, entry: queue.note_answer(entry),
        lambda queue, entry: queue.locate(entry, A),
        lambda queue, entry: queue.leave(entry),
    ],
    ids=["answered", "task found", "left"],
)
def test_of_requests_that_are_alike_one_create_is_on_its_way_at_a_time(queue, end) -> None:
    """Should its answer be lost, no other one is in doubt with it."""
    first, second, elsewhere = _waiting(queue, A, A, B)
    queue.go(first)
    assert not queue.may_go(second), "a slot is free, and the answer has not come"
    assert queue.may_go(elsewhere)
    assert not queue.holders(elsewhere)
    second.moved.clear()
    end(queue, first)
    assert queue.may_go(second)
    assert second.moved.is_set()


def test_requests_that_differ_are_sent_beside_each_other(queue) -> None:
    first, second = _joined(queue, "0000000a", A, "7 A lamp"), _joined(queue, "0000000b", A, "8 A lamp")
    queue.go(first)
    assert queue.may_go(second)


def test_a_create_that_gets_no_answer_keeps_the_next_one_back_for_a_while_only(queue, time: FakeTime) -> None:
    first, second = _waiting(queue, A, A)
    queue.go(first)
    assert queue.reopens(second) == time.now + ANSWER_SECONDS
    time.now += ANSWER_SECONDS
    assert queue.may_go(second)


def test_of_jobs_begun_together_the_first_goes_first_however_long_it_prepares(queue) -> None:
    first, second, third = (queue.reserve(f"0000000{n}", A) for n in range(3))
    for entry in (third, second):
        queue.join(entry, A)
    assert not queue.may_go(second), "the first one may still come"
    third.moved.clear()
    queue.join(first, A)
    assert third.moved.is_set()
    assert queue.may_go(first)
    queue.go(first)
    assert not queue.may_go(third)
    queue.note_answer(first)
    assert queue.may_go(second)


def test_a_job_that_prepares_keeps_others_back_for_a_moment_and_stays_before_them(queue, time: FakeTime) -> None:
    slow, next_one = queue.reserve("0000000a", A), _joined(queue, "0000000b", A)
    elsewhere = _joined(queue, "0000000c", B)
    assert queue.may_go(elsewhere)
    assert queue.reopens(next_one) == time.now + PREPARING_SECONDS
    time.now += PREPARING_SECONDS
    assert queue.may_go(next_one)
    queue.join(slow, A)
    assert not queue.may_go(next_one)
    assert queue.may_go(slow)


def test_a_job_that_ends_while_it_prepares_keeps_nobody_back(queue) -> None:
    gone, next_one = queue.reserve("0000000a", A), _joined(queue, "0000000b", A)
    queue.leave(gone)
    assert queue.may_go(next_one)


def test_accounts_do_not_wait_for_one_another(queue) -> None:
    _flying(queue, A, A)
    first, second = _waiting(queue, A, B)
    assert not queue.may_go(first)
    assert queue.may_go(second)


def test_one_that_may_land_anywhere_counts_everywhere(queue) -> None:
    _flying(queue, A, B)
    (anywhere,) = _waiting(queue, OPEN)
    assert not queue.may_go(anywhere)
    assert sorted(queue.holders(anywhere)) == ["f0", "f1"]
    (after,) = _waiting(queue, A)
    assert queue.position(after) == 1
    assert not queue.may_go(after)


def test_an_account_that_becomes_known_frees_the_others(queue) -> None:
    somewhere, _ = _flying(queue, OPEN, B)
    (waits,) = _waiting(queue, B)
    assert not queue.may_go(waits)
    queue.locate(somewhere, A)
    assert queue.may_go(waits)


def test_an_answer_that_names_no_account_changes_none(queue) -> None:
    (ticket,) = _flying(queue, A)
    queue.locate(ticket, "")
    assert ticket.account == A


def test_the_number_of_slots_is_asked_anew(time: FakeTime) -> None:
    slots = [1]
    queue = SubmitQueue(lambda: slots[0], time)
    _flying(queue, A)
    (waits,) = _waiting(queue, A)
    assert not queue.may_go(waits)
    slots[0] = 2
    assert queue.may_go(waits)


def test_leaving_twice_frees_one_slot(queue) -> None:
    first, _, _ = _flying(queue, A, A, A)
    (waits,) = _waiting(queue, A)
    queue.leave(first)
    queue.leave(first)
    assert not queue.may_go(waits)


def test_leaving_out_of_the_middle_closes_the_gap(queue) -> None:
    first, second, third = _waiting(queue, A, A, A)
    queue.leave(second)
    assert [queue.position(ticket) for ticket in (first, third)] == [0, 1]


def test_everyone_who_waits_is_told_of_a_change(queue) -> None:
    flies, *_ = _flying(queue, A, A)
    tickets = _waiting(queue, A, B)
    for ticket in tickets:
        ticket.moved.clear()
    queue.leave(flies)
    assert all(ticket.moved.is_set() for ticket in tickets)


# --- 429 --------------------------------------------------------------------------------------------


def _sent_back(queue, seconds=20.0):
    """The first of two got a 429."""
    first, second = _waiting(queue, A, A)
    queue.go(first)
    queue.send_back(first, seconds)
    return first, second


def test_a_429_keeps_the_place(queue) -> None:
    first, second = _sent_back(queue)
    assert [queue.position(ticket) for ticket in (first, second)] == [0, 1]


def test_a_429_closes_the_account_until_its_time(queue, time: FakeTime) -> None:
    first, second = _sent_back(queue)
    assert queue.reopens(second) == time.now + 20.0
    time.now += 19.9
    assert not queue.may_go(first)
    time.now += 0.1
    assert queue.reopens(first) is None
    assert queue.may_go(first)
    assert not queue.may_go(second)


def test_a_429_of_one_account_does_not_close_another(queue) -> None:
    _sent_back(queue)
    other, anywhere = (_joined(queue, name, account) for name, account in (("other", B), ("anywhere", OPEN)))
    assert queue.may_go(other)
    assert not queue.may_go(anywhere)


def test_the_end_of_a_task_opens_its_account(queue) -> None:
    runs, elsewhere = _flying(queue, A, B)
    first, second = _sent_back(queue)
    queue.leave(elsewhere)
    assert not queue.may_go(first)
    queue.leave(runs)
    assert queue.may_go(first)
    assert not queue.may_go(second)


def test_a_job_that_is_taken_back_does_not_open_the_account(queue, time: FakeTime) -> None:
    """Nothing has ended at Runway, so the time that it named still holds for those behind."""
    first, second = _sent_back(queue)
    queue.leave(first)
    assert not queue.may_go(second)
    time.now += 20.0
    assert queue.may_go(second)


def test_the_longest_of_several_times_counts(queue, time: FakeTime) -> None:
    first, second = _waiting(queue, A, A)
    for ticket in (first, second):
        queue.go(ticket)
    queue.send_back(first, 30.0)
    queue.send_back(second, 10.0)
    assert queue.reopens(first) == queue.reopens(second) == time.now + 30.0
    time.now += 11.0
    assert not queue.may_go(first)
    time.now += 20.0
    assert queue.may_go(first)


def test_a_429_says_how_many_an_account_takes_until_it_takes_one_more(queue, time: FakeTime) -> None:
    """The next one goes when a task ends; the one behind it waits the time out, and is not refused for nothing."""
    (works,) = _flying(queue, A)
    first, second = _waiting(queue, A, A)
    queue.go(first)
    queue.send_back(first, 20.0)
    queue.leave(works)
    assert queue.may_go(first)
    queue.go(first)
    queue.note_answer(first)
    queue.locate(first, A)
    assert not queue.may_go(second), "with one of ours at work it took no more"
    time.now += 20.0
    queue.go(second)
    queue.locate(second, A)
    assert queue.reopens(second) is None, "it takes two again"


def test_each_refusal_in_a_row_makes_the_next_wait_longer(queue, time: FakeTime) -> None:
    (first,) = _waiting(queue, A)
    found = []
    for _ in range(4):
        found.append(queue.slowdown(first))
        queue.go(first)
        queue.send_back(first, 20.0)
        time.now += 20.0
    assert found == [1.0, 2.0, 2.0, 2.0]
    queue.go(first)
    queue.locate(first, A)
    assert queue.slowdown(first) == 1.0, "it takes one more than it did"
    queue.send_back(first, 20.0)
    time.now += FORGET_SECONDS + 20.0
    assert queue.slowdown(first) == 1.0, "that was long ago"


def test_a_slot_is_wanted_while_another_one_waits_for_it(queue) -> None:
    (works,) = _flying(queue, A)
    assert not queue.is_wanted(works)
    _waiting(queue, B)
    assert not queue.is_wanted(works)
    _waiting(queue, A)
    assert queue.is_wanted(works)


# --- other kernels ----------------------------------------------------------------------------------

HERE, THERE = ("/n", "here.ipynb"), ("/n", "there.ipynb")


def _elsewhere(job_id, number=1, *, account=A, group=THERE, holds=False, sends=False):
    return Place(job_id, account, number, group, is_own=False, is_holding=holds or sends, is_sending=sends)


def _own(entry, number, *, holds=False, group=HERE):
    return Place(entry.job_id, entry.account, number, group, is_own=True, is_holding=holds, is_sending=False)


def _told(queue, entry, *places, closed=()):
    queue.note_facts(entry, SlotFacts(places, tuple(closed)))
    return queue


def test_slots_that_others_hold_are_not_free(queue) -> None:
    (first,) = _waiting(queue, A)
    _told(queue, first, _elsewhere("e0", holds=True))
    assert queue.may_go(first)
    _told(queue, first, _elsewhere("e0", holds=True), _elsewhere("e1", holds=True))
    assert not queue.may_go(first)
    assert queue.message(first) == "2 of 2 slots busy · first in line · with jobs e0, e1"
    _told(queue, first, _elsewhere("e0", account=B, holds=True), _elsewhere("e1", holds=True))
    assert queue.may_go(first), "another account's slots are others"


def test_jobs_of_this_kernel_are_counted_once(queue) -> None:
    (flies,) = _flying(queue, A)
    (waits,) = _waiting(queue, A)
    _told(queue, waits, _own(flies, 1, holds=True), _own(waits, 2))
    assert queue.may_go(waits)
    assert queue.holders(waits) == ["f0"]


def test_a_free_slot_goes_to_the_notebook_that_holds_the_fewest_then_to_who_came_first(queue) -> None:
    (flies,) = _flying(queue, A)
    (waits,) = _waiting(queue, A)
    ours = _own(flies, 1, holds=True), _own(waits, 2)
    _told(queue, waits, *ours, _elsewhere("e0", 3))
    assert not queue.may_go(waits), "there nothing runs"
    assert queue.message(waits).startswith("1 of 2 slots busy · second in line")
    both_hold = _elsewhere("e1", 0, account=B, holds=True), _elsewhere("e0", 3)
    _told(queue, waits, *ours, *both_hold)
    assert queue.may_go(waits), "both hold one, and this one came first"


def test_one_of_this_kernel_that_is_not_lined_up_comes_after_all_who_are(queue) -> None:
    (waits,) = _waiting(queue, A)
    _told(queue, waits, _elsewhere("e0"), _elsewhere("e1", 2))
    assert not queue.may_go(waits)
    _told(queue, waits, _elsewhere("e0"))
    assert queue.may_go(waits), "two slots are free, and one is before"


def test_who_is_before_and_does_not_go_is_passed_over(queue, time: FakeTime) -> None:
    (waits,) = _waiting(queue, A)
    facts = _own(waits, 9), _elsewhere("e0", 1), _elsewhere("e1", 2)
    _told(queue, waits, *facts)
    time.now += IDLE_SECONDS - 0.1
    _told(queue, waits, *facts)
    assert not queue.may_go(waits)
    time.now += 0.2
    _told(queue, waits, *facts)
    assert queue.may_go(waits)


def test_only_the_time_in_which_a_slot_was_free_counts_for_that(queue, time: FakeTime) -> None:
    (waits,) = _waiting(queue, A)
    line = _own(waits, 9), _elsewhere("e0", 1)
    full = [_elsewhere(name, group=("/n", "full.ipynb"), holds=True) for name in ("h0", "h1")]
    _told(queue, waits, *line, *full)
    time.now += 60.0
    _told(queue, waits, *line, full[0])
    assert not queue.may_go(waits)


def test_an_account_that_others_found_closed_is_closed_here(queue, time: FakeTime) -> None:
    (waits,) = _waiting(queue, A)
    closed = ClosedAccount(A, 20.0, 0, 1)
    _told(queue, waits, closed=[closed])
    assert queue.reopens(waits) == time.now + 20.0
    time.now += 21.0
    past = closed._replace(seconds=-1.0)
    _told(queue, waits, _elsewhere("e0", sends=True), closed=[past])
    assert not queue.may_go(waits), "another one tries"
    _told(queue, waits, _elsewhere("e0", holds=True))
    assert queue.may_go(waits), "it was taken"


def test_whoever_lost_the_slot_to_another_kernel_keeps_the_place(queue) -> None:
    first, second = _waiting(queue, A, A)
    queue.go(first)
    queue.step_back(first)
    assert [queue.position(entry) for entry in (first, second)] == [0, 1]
    assert queue.reopens(first) is None
    assert queue.may_go(first)


def test_a_free_slot_goes_to_the_user_who_holds_the_fewest(queue) -> None:
    """Ten notebooks of one user do not get ten shares of a class."""
    (entry,) = _waiting(queue, A)
    ours = _own(entry, 3)._replace(user="ann")
    busy = _elsewhere("aaaaaaaa", 1, group=("/n", "other.ipynb"), holds=True)
    other = _elsewhere("bbbbbbbb", 4)._replace(user="bob")
    _told(queue, entry, busy._replace(user="ann"), ours, other)
    assert not queue.may_go(entry), "another notebook of ann holds one, and bob holds none"
    _told(queue, entry, busy._replace(user="bob"), ours, other)
    assert queue.may_go(entry)


@given(
    places=st.lists(
        st.tuples(st.sampled_from([A, B, OPEN]), st.sampled_from([HERE, THERE]), st.booleans()), max_size=8
    ),
    slots=st.integers(1, 4),
)
def test_of_all_who_wait_at_least_one_and_never_more_than_fit_may_go(places, slots) -> None:
    """Each kernel has one next job, and all know the same: so together they fill the slots and no more."""
    time, known = FakeTime(), []
    for number, (account, group, holds) in enumerate(places):
        known.append(Place(f"{number:08x}", account, number, (group[0], f"{number}-{group[1]}"), False, holds, False))
    held = sum(place.is_holding for place in known)
    may_go = []
    for place in [place for place in known if not place.is_holding]:
        queue = SubmitQueue(lambda: slots, time)
        entry = _joined(queue, place.job_id, place.account)
        seen = [other._replace(is_own=other.job_id == place.job_id) for other in known]
        _told(queue, entry, *seen)
        may_go += [place] if queue.may_go(entry) else []
    for account in (A, B):
        on_it = [place for place in may_go if place.account in (account, OPEN)]
        holding = [place for place in known if place.is_holding and place.account in (account, OPEN)]
        assert len(on_it) + len(holding) <= max(slots, len(holding))
    waits = any(not place.is_holding for place in known)
    assert may_go or not waits or held >= slots


# --- words ------------------------------------------------------------------------------------------


def test_words_say_slots_place_and_whose_tasks(queue) -> None:
    _flying(queue, A, A)
    first, second = _waiting(queue, A, A)
    assert queue.message(first) == "2 of 2 slots busy · first in line · with jobs f0, f1"
    assert queue.message(second) == "2 of 2 slots busy · second in line · with jobs f0, f1"


def test_words_for_one_holder_and_for_none(queue) -> None:
    (only,) = _waiting(queue, A)
    assert queue.message(only) == "0 of 2 slots busy · first in line"
    _flying(queue, A)
    assert queue.message(only) == "1 of 2 slots busy · first in line · with job f0"


def test_a_long_line_is_counted_in_figures(queue) -> None:
    *_, tenth, eleventh = _waiting(queue, *[A] * 11)
    assert "tenth in line" in queue.message(tenth)
    assert "number 11 in line" in queue.message(eleventh)
