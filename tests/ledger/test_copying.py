"""One ledger into another: whole, repeatable, and undone where anything does not stand there as it does here."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runway_nb.errors import LedgerError
from runway_nb.ledger.copying import copy_ledger
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.marks import Marks
from support.ledgers import make_ledger
from support.records import a_record
from support.strategies import EMAIL

TASK = f"user:1-runwayml:{EMAIL}-task:{'0' * 36}"


@pytest.fixture(params=["into the other", "out of the other"])
def both(request: pytest.FixtureRequest, tmp_path: Path, engine: str) -> Iterator[tuple[Ledger, Ledger]]:
    """A file, and a ledger of the engine under test, as source and target of a copy."""
    pair = (Ledger(tmp_path / "file"), make_ledger(tmp_path / "other"))
    yield pair if request.param == "into the other" else pair[::-1]
    for ledger in pair:
        ledger.close()


def filled(ledger: Ledger) -> None:
    ledger.add(a_record("00000001", phase="done", task_id=TASK, video="/n/a.mp4", took=12.25, cell="%%runway\nOne"))
    ledger.add(a_record("00000002", phase="unknown", credits=25, request={"text_prompt": "Zwei \N{SNOWMAN}"}))
    ledger.add(a_record("00000003", phase="refused", refusal="no", credits=0))
    ledger.marks.set("00000001", star=True, note=f"for {EMAIL}")
    ledger.budgets.replace(f"user:{EMAIL}=50/day course=3000")
    ledger.uploads.keep("a" * 64, "simulator", EMAIL, f"user:1-runwayml:{EMAIL}-asset:{'1' * 36}")


def everything(ledger: Ledger) -> tuple[object, ...]:
    jobs = ledger.table.found("ORDER BY rowid")
    return jobs, ledger.marks.of_jobs([job.id for job in jobs]), ledger.uploads.all()


def test_all_that_one_knows_the_other_knows_then(both: tuple[Ledger, Ledger]) -> None:
    source, target = both
    filled(source)
    copied = copy_ledger(source, target)
    assert copied == (3, 0, 1, 1, 2)
    assert everything(target) == everything(source)
    assert target.marks.of("00000001") == Marks(star=True, note=f"for {EMAIL}")
    (of_course, of_user) = sorted(state.budget[::2] for state in target.budgets.of_user("simulator", EMAIL))
    assert (of_course, of_user) == (("course", 3000), ("user", 50))


def test_budgets_that_hold_there_already_stay(both: tuple[Ledger, Ledger]) -> None:
    source, target = both
    filled(source)
    there = target.budgets.replace("course=100")
    copied = copy_ledger(source, target)
    assert (copied.budgets, target.budgets.all()) == (0, there)
    assert "budget" not in str(copied)


def test_repeated_it_brings_what_has_come_since(both: tuple[Ledger, Ledger]) -> None:
    source, target = both
    filled(source)
    copy_ledger(source, target)
    source.add(a_record("00000004", phase="done"))
    assert copy_ledger(source, target)[:2] == (1, 3)
    assert everything(target) == everything(source)
    assert str(copy_ledger(source, target)).startswith("0 jobs (4 more were there), 0 of them with marks")


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (lambda source, target: target.add(a_record("00000002", phase="done")), "job 00000002 stands otherwise"),
        (lambda source, target: source.add(a_record("00000009", owner="elsewhere/1/x")), "job 00000009 is at work"),
    ],
    ids=["another job of the name", "a job at work"],
)
def test_nothing_is_copied_where_not_all_can_be(
    both: tuple[Ledger, Ledger], spoil: Callable[[Ledger, Ledger], object], words: str
) -> None:
    source, target = both
    filled(source)
    spoil(source, target)
    before = everything(target)
    with pytest.raises(LedgerError, match=f"nothing was copied: {words}"):
        copy_ledger(source, target)
    assert everything(target) == before


def test_a_job_that_cannot_be_read_is_named_and_stays(tmp_path: Path, engine: str) -> None:
    source, target = Ledger(tmp_path / "file"), make_ledger(tmp_path / "other")
    filled(source)
    with source.table.database.transaction() as connection:
        connection.execute("UPDATE jobs SET request = 'rubbish' WHERE id = '00000002'")
    with pytest.raises(LedgerError, match="nothing was copied: job 00000002 cannot be read"):
        copy_ledger(source, target)
    assert target.count() == 0
    source.close()


@pytest.mark.of_file
@given(texts=st.lists(st.text(max_size=40), min_size=1, max_size=6))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=20)
def test_words_of_any_kind_arrive_as_they_are(tmp_path_factory: pytest.TempPathFactory, texts: list[str]) -> None:
    place = tmp_path_factory.mktemp("ledgers")
    source, target = Ledger(place / "one"), Ledger(place / "two")
    for number, text in enumerate(texts):
        source.add(replace(a_record(f"{number:08x}", phase="done"), cell=text, message=text, notebook=text))
    copy_ledger(source, target)
    assert everything(target) == everything(source)
    source.close()
    target.close()
