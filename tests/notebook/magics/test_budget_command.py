"""`%runway budget` and `%runway credits --all`: what each may spend, and who has spent what."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import runway_nb
from runway_nb.errors import InvalidCommand, OverBudget, SettingsError
from runway_nb.ledger.ledger import Ledger
from runway_nb.spending_table import COLUMNS
from support.records import a_record
from support.sessions import Session
from support.strategies import EMAIL

WHERE = "api.example.org"


def as_user(session: Session, user: str) -> None:
    """Let a user ask for what comes next."""
    backend = session.party.studio.account.backend
    backend.settings = replace(backend.settings, user=user)


def studio_knows(session: Session, job_id: str) -> str:
    """Return who asked for a job, as the ledger has it."""
    return session.party.studio.ledger.get(job_id).asked_by


def spent(ledger: Ledger) -> None:
    """Write down what three users have spent."""
    rows = [("ann", "gen3turbo", 100), ("ann", "gen4", 60), ("bob", "gen3turbo", 25), (EMAIL, "gen3turbo", 50)]
    for number, (user, model, price) in enumerate(rows):
        ledger.add(
            a_record(f"{number:08x}", asked_by=user, model=model, credits=price, phase="done", backend=WHERE)
        )  # fmt: skip
    ledger.add(a_record("000000ff", phase="done", backend="simulator", simulated=True, asked_by="bob"))


def test_budgets_are_set_shown_and_taken_away(session: Session) -> None:
    assert session.line("budget") == "Budgets in the ledger: none\n"
    as_user(session, "ann")
    said = session.line("budget user=200/day user:ann=50/day course=3000").splitlines()
    where = session.party.studio.settings.backend
    assert said == [
        "Budgets in the ledger: user=200/day user:ann=50/day course=3000",
        f"Your budget: 0 of 50 credits a day spent at {where}",
        f"The course's budget: 0 of 3,000 credits spent at {where}",
    ]
    assert session.line("budget --off") == "Budgets in the ledger: none\n"


def test_a_cell_over_its_budget_is_refused_and_nothing_is_sent(session: Session) -> None:
    as_user(session, "ann")
    session.line("budget user=30")
    session.cell("shot --wait")
    with pytest.raises(OverBudget) as refused:
        session.cell("other --fresh --wait")
    assert "25 of the 30 credits that are your budget are spent" in refused.value.message
    assert "ann" not in refused.value.message, "an output is saved with its notebook"
    assert session.creates == 1
    as_user(session, "bob")
    session.cell("other --fresh --wait")
    assert session.creates == 2


def test_mistakes_in_budgets_are_told_together(session: Session) -> None:
    with pytest.raises(SettingsError, match=r"'usr=3' is nobody's.*'user=x' has no credits"):
        session.line("budget usr=3 user=x")
    with pytest.raises(InvalidCommand, match="leave out what stands beside it"):
        session.line("budget user=3 --off")


def test_who_spent_what_is_a_table_with_sums_and_play_money_apart(session: Session) -> None:
    studio = session.party.studio
    spent(studio.ledger)
    studio.ledger.budgets.replace("user=200 course=3000")
    said = session.line("credits --all")
    rows = [" ".join(line.split()[:5]) for line in said.splitlines()]
    assert f"ann {WHERE} all 2 160" in rows
    assert f"all {WHERE} all 4 235" in rows
    assert f"bob {WHERE} gen3turbo 1 25" in rows
    assert "bob simulator (play money) gen3turbo" in rows
    assert "all simulator (play money) all" in rows
    assert "Budgets in the ledger: user=200 course=3000" in said
    assert EMAIL not in said
    assert "account~" in said


def test_where_all_is_of_one_backend_a_line_says_so_and_the_table_is_narrower(session: Session) -> None:
    session.cell("shot --wait")
    said = session.line("credits --all")
    assert said.splitlines()[0].split() == ["user", "model", "videos", "credits", "last"]
    assert said.count("127.0.0.1") == said.count("Spent at: 127.0.0.1") == 1


def test_who_spent_what_is_a_table_for_python(session: Session) -> None:
    studio = session.party.studio
    spent(studio.ledger)
    table = runway_nb.spending(studio=studio)
    assert tuple(table.columns) == COLUMNS
    of_ann = table[(table.user == "ann") & ~table.simulated]
    assert (int(of_ann.credits.sum()), int(of_ann.videos.sum())) == (160, 2)
    assert EMAIL not in table.to_string()


def test_without_pandas_it_is_a_list_of_rows(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    spent(session.party.studio.ledger)
    monkeypatch.setitem(__import__("sys").modules, "pandas", None)
    rows = runway_nb.spending(studio=session.party.studio)
    assert [row["user"] for row in rows if not row["simulated"]][:2] == ["ann", "ann"]


def test_no_name_of_a_user_is_in_a_result_a_table_of_jobs_or_an_export(session: Session, tmp_path: Path) -> None:
    as_user(session, "zebedee-the-student")
    session.cell("shot --wait")
    job = session.shell.user_ns["shot"]
    session.line("budget user=1000/day")
    outputs = [str(job._repr_mimebundle_()), repr(job), repr(session.party.studio.settings), session.line("budget")]
    outputs += [session.line(line) for line in ("list", "history", "credits", "ledger", f"show {job.id}")]
    session.line(f"export {tmp_path / 'handed-on'}")
    exported = [path for path in (tmp_path / "handed-on").rglob("*") if path.is_file()]
    assert len(exported) > 2
    outputs += [path.read_bytes().decode(errors="replace") for path in exported]
    assert [text for text in outputs if "zebedee" in text] == []
    assert studio_knows(session, job.id) == "zebedee-the-student"
