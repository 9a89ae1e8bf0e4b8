"""Stars, rejections and notes of jobs, in the ledger."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.errors import InvalidRequest, JobNotFound
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.marks import LONGEST_NOTE, NO_MARKS, Marks
from support.fakes import TOKEN
from support.ledgers import make_ledger
from support.records import JOB, a_record
from support.strategies import EMAIL

OTHER = "00000002"
MOVES = st.sampled_from(["star", "rejected"]).flatmap(lambda name: st.tuples(st.just(name), st.booleans()))


@pytest.fixture
def ledger(tmp_path: Path, engine: str) -> Iterator[Ledger]:
    ledger = make_ledger(tmp_path)
    ledger.add(a_record())
    ledger.add(a_record(OTHER))
    yield ledger
    ledger.close()


def test_a_job_has_no_marks_until_it_gets_one(ledger: Ledger) -> None:
    assert ledger.marks.of(JOB) == NO_MARKS == Marks(star=False, rejected=False, note="")
    assert ledger.marks.set(JOB, star=True) == Marks(star=True)
    assert ledger.marks.set(JOB, note="The good one") == ledger.marks.of(JOB) == Marks(star=True, note="The good one")
    assert ledger.marks.of(OTHER) == NO_MARKS


def test_star_and_rejection_exclude_each_other(ledger: Ledger) -> None:
    ledger.marks.set(JOB, star=True)
    assert ledger.marks.set(JOB, rejected=True) == Marks(rejected=True)
    assert ledger.marks.set(JOB, star=False) == Marks(rejected=True)
    assert ledger.marks.set(JOB, star=True) == Marks(star=True)
    with pytest.raises(InvalidRequest, match="exclude each other"):
        ledger.marks.set(JOB, star=True, rejected=True)
    assert ledger.marks.of(JOB).word == "starred"


@given(st.lists(MOVES, max_size=12))
def test_what_was_set_last_holds_and_never_both(moves: list[tuple[str, bool]]) -> None:
    marks = NO_MARKS
    for name, value in moves:
        before, marks = marks, marks.changed(**{name: value})
        assert getattr(marks, name) is value
        assert not (marks.star and marks.rejected)
        if not value:
            other = "rejected" if name == "star" else "star"
            assert getattr(marks, other) is getattr(before, other)


def test_marks_of_several_jobs_come_at_once(ledger: Ledger) -> None:
    ledger.marks.set(JOB, star=True)
    ledger.marks.set(OTHER, star=True)
    ledger.marks.set(OTHER, star=False)
    assert ledger.marks.of_jobs([JOB, OTHER, "ffffffff"]) == {JOB: Marks(star=True)}


def test_a_mark_is_seen_through_another_connection_and_after_a_restart(ledger: Ledger, tmp_path: Path) -> None:
    with closing(make_ledger(tmp_path)) as other:
        assert other.marks.of(JOB) == NO_MARKS
        ledger.marks.set(JOB, star=True, note="dusk")
        assert other.marks.of(JOB) == Marks(star=True, note="dusk")
        other.marks.set(JOB, rejected=True)
    assert ledger.marks.of(JOB) == Marks(rejected=True, note="dusk")


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ({"star": "yes"}, "star is 'yes': give True or False"),
        ({"star": 1}, "star is 1: give True or False"),
        ({"rejected": []}, "rejected is []: give True or False"),
        ({"note": 7}, "note is 7: give text"),
        ({"note": "x" * 2001}, "note has 2,001 characters: give 2,000 at most"),
    ],
)
def test_an_odd_value_is_one_clear_line_and_nothing_is_written(
    ledger: Ledger, values: dict[str, Any], line: str
) -> None:
    ledger.marks.set(JOB, star=True, note="kept")
    with pytest.raises(InvalidRequest) as caught:
        ledger.marks.set(JOB, **values)
    assert caught.value.problems == (line,)
    assert ledger.marks.of(JOB) == Marks(star=True, note="kept")


def test_a_note_of_any_letters_comes_back_and_half_a_character_is_replaced(ledger: Ledger) -> None:
    assert ledger.marks.set(JOB, note="  Küste, 東京 🙂 'dusk'\n second line ").note == (
        "Küste, 東京 🙂 'dusk'\n second line"
    )
    assert ledger.marks.set(JOB, note="a\ud800b").note == "a?b"
    assert len(ledger.marks.set(JOB, note="é" * LONGEST_NOTE).note) == LONGEST_NOTE
    assert ledger.marks.set(JOB, note=" ").note == ""


@pytest.mark.of_file
def test_no_token_and_no_address_stand_in_the_file(ledger: Ledger) -> None:
    ledger.marks.set(JOB, note=f"ask {EMAIL}, {TOKEN}")
    assert TOKEN not in ledger.marks.of(JOB).note
    assert EMAIL in ledger.marks.of(JOB).note
    with closing(sqlite3.connect(ledger.path)) as connection:
        (stored,) = connection.execute("SELECT note FROM marks").fetchone()
    assert EMAIL not in stored
    assert TOKEN not in stored


def test_a_job_that_is_not_there_cannot_be_marked(ledger: Ledger) -> None:
    with pytest.raises(JobNotFound):
        ledger.marks.set("ffffffff", star=True)
    assert ledger.marks.of("ffffffff") == NO_MARKS


def test_a_mark_changes_nothing_of_the_job(ledger: Ledger) -> None:
    before = ledger.get(JOB)
    ledger.marks.set(JOB, star=True, note="dusk")
    assert ledger.get(JOB) == before


@pytest.mark.of_file
def test_what_some_accident_has_spoilt_is_no_mark(ledger: Ledger) -> None:
    ledger.marks.set(JOB, star=True)
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute("UPDATE marks SET star = 'x', rejected = 1, note = X'00'")
        connection.commit()
    assert ledger.marks.of(JOB) == Marks(rejected=True)
