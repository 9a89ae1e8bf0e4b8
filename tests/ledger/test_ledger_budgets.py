"""Budgets are held where a claim is written: whoever asks, from however many kernels, spends no more."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runway_nb.budgets import Budget, read_budgets
from runway_nb.errors import OverBudget, SettingsError
from runway_nb.jobs.policy import Limits, decide
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.record import Record
from runway_nb.request import VideoRequest
from support.fakes import FakeTime
from support.ledgers import make_ledger
from support.records import a_record
from support.strategies import EMAIL

HOUR = 3600.0
LATER = {"phase": "done"}
PRICE = 25


@pytest.fixture
def ledger(tmp_path: Path, time: FakeTime, engine: str) -> Iterator[Ledger]:
    made = make_ledger(tmp_path, time)
    yield made
    made.close()


def ask(ledger: Ledger, number: int, user: str, budgets: str = "", **fields: object) -> Record:
    """Claim a shot for a user, as a kernel does."""
    new = a_record(
        f"{number:08x}", phase="preparing", asked_by=user, backend="api", owner="elsewhere/1/a", **fields
    )  # fmt: skip
    asked = VideoRequest("A lamp")
    return ledger.claim(new, lambda known: decide(new, known, Limits(), asked), budgets=read_budgets(budgets))


def test_each_user_has_a_budget_and_all_have_one_together(ledger: Ledger) -> None:
    budgets = "user=50 course=75"
    ask(ledger, 1, "ann", budgets)
    ask(ledger, 2, "ann", budgets)
    with pytest.raises(
        OverBudget, match=r"50 of the 50 credits that are your budget are spent at api; nothing was sent"
    ):
        ask(ledger, 3, "ann", budgets)
    ask(ledger, 4, "bob", budgets)
    with pytest.raises(OverBudget, match=r"75 of the 75 credits that are the budget of the whole course are spent"):
        ask(ledger, 5, "bob", budgets)


def test_what_was_not_charged_is_free_again(ledger: Ledger) -> None:
    ask(ledger, 1, "ann", "user=25")
    ledger.update("00000001", phase="refused", credits=0)
    ask(ledger, 2, "ann", "user=25")


def test_a_budget_of_the_ledger_binds_whatever_the_process_says(ledger: Ledger) -> None:
    ledger.budgets.replace("user=50/day user:ann=25/day")
    ask(ledger, 1, "ann", "user=9999/day")
    with pytest.raises(OverBudget, match="25 of the 25 credits a day"):
        ask(ledger, 2, "ann", "user=9999/day")
    ask(ledger, 3, "bob")
    with pytest.raises(OverBudget, match="25 of the 30 credits a day"):
        ask(ledger, 4, "bob", "user=30/day")


@pytest.mark.of_file
def test_a_day_begins_anew_and_the_line_says_when(ledger: Ledger, time: FakeTime) -> None:
    ask(ledger, 1, "ann", "user=25/day user=50")
    with pytest.raises(OverBudget, match=r"It begins anew on \d+ \w+ \d{4} at 00:00$"):
        ask(ledger, 2, "ann", "user=25/day user=50")
    time.now += 25 * HOUR
    ask(ledger, 3, "ann", "user=25/day user=50")
    time.now += 25 * HOUR
    with pytest.raises(OverBudget, match=r"50 of the 50 credits that are your budget.*Ask for less, or ask who set"):
        ask(ledger, 4, "ann", "user=25/day user=50")


def test_another_backend_has_its_own_sum(ledger: Ledger) -> None:
    ledger.add(a_record("00000001", asked_by="ann", backend="simulator", simulated=True, credits=100, **LATER))
    ask(ledger, 2, "ann", "user=25")


def test_a_name_that_is_an_address_is_kept_as_its_key(ledger: Ledger) -> None:
    (kept,) = ledger.budgets.replace(f"user:{EMAIL}=25")
    assert kept.name.startswith("account~")
    assert ledger.budgets.replace(str(kept)) == (kept,), "as it is shown it may be typed again"
    ask(ledger, 1, EMAIL)
    with pytest.raises(OverBudget) as wrong:
        ask(ledger, 2, EMAIL)
    assert EMAIL not in wrong.value.message
    (row,) = ledger.spending.by_user()
    assert row.user == kept.name
    assert ledger.get("00000001").asked_by == EMAIL


def test_mistakes_change_nothing(ledger: Ledger) -> None:
    before = ledger.budgets.replace("user=25")
    with pytest.raises(SettingsError, match="'users=3' is nobody's"):
        ledger.budgets.replace("course=3 users=3")
    assert ledger.budgets.all() == before
    assert ledger.budgets.replace("") == ()


def test_an_unknown_price_is_not_sent_where_a_budget_holds(ledger: Ledger) -> None:
    unknown = VideoRequest("A lamp", model="sora-2")
    new = a_record("00000001", phase="preparing", model="sora-2", backend="api", asked_by="ann")
    with pytest.raises(OverBudget, match="nobody has documented"):
        ledger.claim(new, lambda known: decide(new, known, Limits(), unknown), budgets=read_budgets("course=9999"))


def test_who_spent_what_is_told_by_user_and_model(ledger: Ledger, time: FakeTime) -> None:
    rows = [
        ("ann", "gen3turbo", "done", 25), ("ann", "gen3turbo", "failed", 25), ("ann", "gen4", "done", 60),
        ("bob", "gen3turbo", "done", 300), ("", "gen3turbo", "refused", 0), ("", "gen3turbo", "done", 5),
    ]  # fmt: skip
    for number, (user, model, phase, price) in enumerate(rows):
        ledger.add(a_record(f"{number:08x}", asked_by=user, model=model, phase=phase, credits=price, backend="api"))
    ledger.add(a_record("000000ff", asked_by="ann", phase="done", backend="simulator", simulated=True))
    found = [(row.user, row.backend, row.model, row.videos, row.credits) for row in ledger.spending.by_user()]
    assert found == [
        ("bob", "api", "gen3turbo", 1, 300), ("ann", "api", "gen3turbo", 1, 50), ("ann", "api", "gen4", 1, 60),
        ("", "api", "gen3turbo", 1, 5), ("ann", "simulator", "gen3turbo", 1, 25),
    ]  # fmt: skip
    assert all(row.last for row in ledger.spending.by_user())


@pytest.mark.of_file
def test_a_row_whose_user_or_price_cannot_be_read_counts_for_each(ledger: Ledger) -> None:
    ledger.add(a_record("00000001", asked_by="joe", backend="api", **LATER))
    with ledger.table.database.transaction() as connection:
        connection.execute("UPDATE jobs SET asked_by = x'00', credits = 'many', request = '?'")
    (state,) = ledger.budgets.of_user("api", "ann", read_budgets("user=1000"))
    assert state.spent >= PRICE
    assert "00000001 cannot be read" in state.notes[0]


# --- the law ----------------------------------------------------------------------------------------


class Step(NamedTuple):
    """What a kernel does."""

    kernel: int
    user: str
    price: int
    what: str


USERS = ("ann", "bob", "")
STEPS = st.builds(
    Step, st.integers(0, 2), st.sampled_from(USERS), st.sampled_from([0, 5, 25, 60]),
    st.sampled_from(["ask", "ask", "ask", "made", "refused", "wait"]),
)  # fmt: skip
LINES = st.sampled_from(
    ["", "user=60", "user=100/day course=120", "user:ann=25/day user=50/day", "course=90/day user=70", "user=0"]
)


def check_law(home: Path, steps: list[Step], of_ledger: str, of_process: str) -> None:
    """Let some kernels do their steps, and look after each whether all budgets were kept."""
    time = FakeTime()
    kernels = [make_ledger(home, time) for _ in range(3)]
    kernels[0].budgets.replace(of_ledger)
    asked: list[str] = []
    try:
        for number, step in enumerate(steps):
            ledger = kernels[step.kernel]
            if step.what == "ask":
                try:
                    asked.append(ask(ledger, number, step.user, of_process, credits=step.price).id)
                except OverBudget as refused:
                    assert "nothing was sent" in refused.message  # noqa: PT017 - most are not refused
            elif step.what == "wait":
                time.now += 7 * HOUR
            elif asked:
                end = {"phase": "done"} if step.what == "made" else {"phase": "refused", "credits": 0}
                ledger.update(asked.pop(0), **end)
            for user in USERS:
                for state in ledger.budgets.of_user("api", user, read_budgets(of_process)):
                    assert state.spent <= state.budget.credits, state
    finally:
        for ledger in kernels:
            ledger.close()


@pytest.mark.of_file
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=5, max_size=30), of_ledger=LINES, of_process=LINES)
def test_no_budget_is_ever_overspent(engine: str, steps: list[Step], of_ledger: str, of_process: str) -> None:
    with TemporaryDirectory() as home:
        check_law(Path(home), steps, of_ledger, of_process)


@settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=st.lists(STEPS, min_size=8, max_size=20), of_ledger=LINES, of_process=LINES)
def test_nor_is_it_on_the_other_engine(engine: str, steps: list[Step], of_ledger: str, of_process: str) -> None:
    """The same on both, with fewer examples: each takes a database of its own."""
    with TemporaryDirectory() as home:
        check_law(Path(home), steps, of_ledger, of_process)


def test_no_budget_is_overspent_by_kernels_that_ask_at_one_moment(tmp_path: Path, engine: str) -> None:
    """Three kernels of ann and two of bob, each of which asks ten times as fast as it can."""
    budgets = "user=100 course=175"
    kernels = [(make_ledger(tmp_path), user) for user in ("ann", "ann", "ann", "bob", "bob")]
    kernels[0][0].count()
    begin = threading.Barrier(len(kernels))

    def spend(place: int) -> None:
        ledger, user = kernels[place]
        begin.wait(30)
        for turn in range(10):
            try:
                ask(ledger, 1 + place * 100 + turn, user, budgets)
            except OverBudget:
                continue

    threads = [threading.Thread(target=spend, args=(place,)) for place in range(len(kernels))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    by_user = {row.user: row.credits for row in kernels[0][0].spending.by_user()}
    assert by_user.keys() <= {"ann", "bob"}
    assert max(by_user.values()) <= 100
    assert sum(by_user.values()) == 175, "and nothing that was allowed was refused"
    for ledger, _ in kernels:
        ledger.close()


def test_the_budgets_of_a_ledger_are_values(ledger: Ledger) -> None:
    assert ledger.budgets.replace("user=3") == (Budget("user", "*", 3, ""),)
