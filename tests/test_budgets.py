"""Budgets for many: how they are written, which of them bind a user, and that a notebook cannot raise them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.budgets import COURSE, DAY, EACH, EVER, USER, Budget, applying, lowest, read_budgets
from runway_nb.errors import SettingsError
from runway_nb.settings import Settings, resolve
from runway_nb.spec import MOST_CREDITS
from support.kernels import clean_env

EACH_A_DAY = Budget(USER, EACH, 200, DAY)
BUDGETS = st.builds(
    lambda scope, name, *rest: Budget(scope, EACH if scope == COURSE else name, *rest),
    st.sampled_from([USER, COURSE]),
    st.sampled_from([EACH, "ann", "bob@example.org", "CLASS\\joe"]),
    st.integers(0, MOST_CREDITS),
    st.sampled_from([DAY, EVER]),
)


def test_a_line_names_budgets_with_spaces_or_commas_between_them() -> None:
    assert read_budgets(" user=200/day,user:ann=50/day\n course=3000 ") == (
        EACH_A_DAY,
        Budget(USER, "ann", 50, DAY),
        Budget(COURSE, EACH, 3000, EVER),
    )
    assert read_budgets("") == read_budgets(None) == ()


@given(st.lists(BUDGETS, unique_by=lambda each: (each.scope, each.name, each.period)).map(tuple))
def test_what_is_written_is_read_again(budgets: tuple[Budget, ...]) -> None:
    assert read_budgets(" ".join(map(str, budgets))) == budgets


@pytest.mark.parametrize(
    ("word", "problem"),
    [
        ("200", "'200' has no = with credits behind it"),
        ("usr=3", "'usr=3' is nobody's: it begins with user or course"),
        ("=3", "'=3' is nobody's"),
        ("user=", f"'user=' has no credits: a whole number from 0 to {MOST_CREDITS}"),
        ("user=-1", "has no credits"),
        ("user=1.5", "has no credits"),
        ("user=99999999999", "has no credits"),
        ("user=1/week", "has a time that nobody knows: /day, or nothing for all time"),
        ("user=1/", "has a time that nobody knows"),
        ("course:art=3", "has a name that is none: only a user has one"),
        ("user:=3", "has a name that is none"),
        ("user=1 user=2", "'user=2' says again what 'user' may spend"),
        ("user:*=1 user=2", "says again"),
    ],
)
def test_a_mistake_is_one_clear_line(word: str, problem: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        read_budgets(word)
    assert problem in wrong.value.message
    assert wrong.value.message.endswith("give budgets as in user=200/day user:ann=50/day course=3000")


def test_all_mistakes_are_told_at_once() -> None:
    with pytest.raises(SettingsError) as wrong:
        read_budgets("usr=3 user=x/day user=5 course=1/week")
    assert [word in wrong.value.message for word in ("usr=3", "user=x/day", "course=1/week")] == [True] * 3
    assert "user=5" not in wrong.value.message


def test_a_budget_of_a_name_stands_in_place_of_each_users_own() -> None:
    budgets = read_budgets("user:ann=500/day user=200/day user=900 course=3000")
    assert set(map(str, applying(budgets, "ann"))) == {"user:ann=500/day", "user=900", "course=3000"}
    assert set(map(str, applying(budgets, "bob"))) == {"user=200/day", "user=900", "course=3000"}
    assert applying(budgets, "") == applying(budgets, "bob"), "who has no name has a budget, too"


def test_of_several_that_apply_the_lowest_holds() -> None:
    budgets = [*read_budgets("user=200/day course=50"), *read_budgets("user:ann=100/day user=10 course=60")]
    assert set(map(str, lowest(budgets))) == {"user:ann=100/day", "user=10", "course=50"}


# --- settings ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("environ", "user"),
    [
        ({"RUNWAY_NB_USER": "ann", "JUPYTERHUB_USER": "hub-ann"}, "ann"),
        ({"JUPYTERHUB_USER": "hub-ann"}, "hub-ann"),
        ({}, ""),
    ],
)
def test_the_user_is_whom_the_environment_names(environ: dict[str, str], user: str, tmp_path: Path) -> None:
    found = resolve(environ={"RUNWAY_NB_HOME": str(tmp_path), **environ}, stores=[lambda: None])
    assert found.user == user
    assert "ann" not in repr(found)


def test_an_argument_lowers_a_budget_and_raises_none(tmp_path: Path) -> None:
    environ = {"RUNWAY_NB_HOME": str(tmp_path), "RUNWAY_NB_BUDGET": "user=200/day course=3000"}
    for given_, left in (("user=50/day", {"user=50/day", "course=3000"}), ("user=900", {"user=200/day", "user=900"})):
        found = resolve({"budget": given_}, environ=environ, stores=[lambda: None])
        assert left <= set(map(str, found.budget))
    high = resolve({"budget": "user=900/day course=9000"}, environ=environ, stores=[lambda: None])
    assert set(map(str, high.budget)) == {"user=200/day", "course=3000"}


@pytest.mark.parametrize("name", ["a\nb", "x" * 300, "\x1b[31m"])
def test_what_is_no_name_is_refused_and_not_repeated(name: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"^user is no name: give one line of at most 254 characters$"):
        Settings(None, "https://example.org", tmp_path, tmp_path, user=name)


LATER = """
import os, runway_nb
os.environ.update(RUNWAY_NB_BUDGET="user=9999/day course=9999", RUNWAY_NB_USER="bob")
from runway_nb.settings import Settings, resolve
by_hand = Settings(None, "https://example.org", ".", ".", budget="user=500/day", user="joe")
for found in (resolve(), by_hand, resolve({"budget": "user=9999/day", "user": "joe"})):
    print(found.user, *sorted(map(str, found.budget)))
"""


def test_what_the_process_began_with_is_not_raised_by_its_own_environment(tmp_path: Path) -> None:
    env = clean_env(tmp_path, RUNWAY_NB_USER="ann", RUNWAY_NB_BUDGET="user=200/day user:ann=40/day course=300")
    run = subprocess.run([sys.executable, "-c", LATER], env=env, capture_output=True, text=True, check=True)
    assert run.stdout.splitlines() == [
        "ann course=300 user:ann=40/day",
        "ann course=300 user:ann=40/day",
        "ann course=300 user:ann=40/day",
    ]
