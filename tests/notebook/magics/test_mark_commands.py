"""`%runway star`, `reject` and `note`."""

from __future__ import annotations

import pytest

from runway_nb.errors import InvalidCommand, JobNotFound
from runway_nb.jobs.job import Job
from runway_nb.notebook.magics.commands import completions
from support.fakes import TOKEN
from support.sessions import Session

pytestmark = pytest.mark.usefixtures("small_frames")


@pytest.fixture
def shot(session: Session) -> Job:
    session.cell("shot --seed 7")
    return session.job()


def test_jobs_are_starred_and_rejected_by_id_or_variable(session: Session, shot: Job) -> None:
    session.cell("other --seed 8")
    other = session.job("other")
    assert session.line(f"star {shot.id[:6]} other").splitlines() == [
        f"Job {shot.id} is starred.", f"Job {other.id} is starred.",
    ]  # fmt: skip
    assert session.line("reject other") == f"Job {other.id} is rejected.\n"
    assert (shot.star, other.star, other.rejected) == (True, False, True)
    assert session.line("star shot --off") == f"Job {shot.id} is not starred any more.\n"
    assert session.line("reject --off other") == f"Job {other.id} is not rejected any more.\n"
    assert (shot.star, other.rejected) == (False, False)


def test_one_unknown_job_leaves_all_as_they_are(session: Session, shot: Job) -> None:
    with pytest.raises(JobNotFound):
        session.line("star shot ffffffff")
    assert not shot.star


def test_a_note_is_text_as_people_write_it(session: Session, shot: Job) -> None:
    assert session.line("note shot") == f"Nothing is noted on job {shot.id}.\n"
    words = "it's the \"best\" shot so far -- zoom -5, don't move 東京"
    assert session.line(f"note shot {words}") == f"Note on job {shot.id}: {words}\n"
    assert shot.note == words
    assert session.line(f"note {shot.id}") == f"Note on job {shot.id}: {words}\n"
    assert session.line("note shot --off") == f"Nothing is noted on job {shot.id}.\n"
    assert shot.note == ""


def test_a_note_is_shown_without_secrets(session: Session, shot: Job) -> None:
    shown = session.line(f"note shot {TOKEN} of sam@example.org")
    assert TOKEN not in shown
    assert "sam@example.org" not in shown


@pytest.mark.parametrize("command", ["star", "reject", "note", "star --off"])
def test_a_mark_needs_a_job(session: Session, command: str) -> None:
    with pytest.raises(InvalidCommand, match="needs the id of a job"):
        session.line(command)


def test_the_commands_complete() -> None:
    assert completions("%runway star 7f --", "--") == ["--off"]
    assert completions("%runway rej", "rej") == ["reject"]
    assert completions("%runway note ", "") == ["--off"]
