"""`%runway history`: what is shown of past jobs, and how one turns the page."""

from __future__ import annotations

import re

import pytest

from runway_nb.errors import InvalidRequest, JobNotFound
from runway_nb.jobs.job import Job
from runway_nb.notebook.cards import history_view
from runway_nb.notebook.hosts import HOSTS
from runway_nb.notebook.magics.commands import completions
from runway_nb.notebook.magics.front_end import FrontEnd
from support.sessions import Session

pytestmark = pytest.mark.usefixtures("small_frames")


def made(session: Session, line: str, body: str = "A lamp turns") -> Job:
    session.cell(f"shot {line}", body)
    return session.job()


def shown(text: str, *jobs: Job) -> list[bool]:
    return [job.id in text for job in jobs]


def test_past_jobs_are_listed_with_what_tells_them_apart(session: Session) -> None:
    lamp, boat = made(session, "--seed 7 --zoom 3"), made(session, "--seed 8", "A boat at the Küste")
    lamp.star = True
    lamp.note = "the good one"
    text = session.line("history")
    head, titles, newest, oldest, how = text.splitlines()
    assert head == "2 jobs."
    assert titles.split() == ["id", "when", "state", "credits", "settings", "prompt", "mark", "note"]
    assert newest.startswith(boat.id)
    assert newest.endswith("A boat at the Küste")
    assert oldest.startswith(lamp.id)
    for part in ("done", "zoom 3, seed 7", "starred", "the good one", "A lamp turns"):
        assert part in oldest
    assert how.startswith("%runway show ID")


def test_it_is_empty_at_first_and_says_what_to_do_where_nothing_fits(session: Session) -> None:
    assert session.line("history") == "No jobs yet.\n"
    assert session.line('history "red lamp" --stars') == (
        'No jobs with "red lamp", with a star: %runway history shows all.\n'
    )


def test_words_and_options_choose(session: Session) -> None:
    lamp, boat = made(session, "--seed 7"), made(session, "--seed 8", "A boat at the Küste")
    lamp.star = True
    assert shown(session.line("history kuste"), lamp, boat) == [False, True]
    assert shown(session.line("history a --stars"), lamp, boat) == [True, False]
    assert shown(session.line("history --since 7d --model gen3turbo"), lamp, boat) == [True, True]
    assert shown(session.line("history --failed"), lamp, boat) == [False, False]
    assert shown(session.line("history --since 2100-01-01"), lamp, boat) == [False, False]


@pytest.mark.parametrize("words", ["don't", '"lamp', "(lamp AND", "lamp*", "NEAR -5", "a = b"])
def test_any_words_may_be_looked_for(session: Session, words: str) -> None:
    job = made(session, "--seed 7", "The lamp don't move, near -5, and a = b")
    assert job.id in session.line(f"history {words}")


def test_the_name_of_a_variable_is_a_word_here(session: Session) -> None:
    job = made(session, "--seed 7", "A long shot")
    assert job.id in session.line("history shot")


def test_each_page_says_the_command_of_the_next(session: Session) -> None:
    jobs = [made(session, f"--seed {seed}") for seed in range(1, 6)]
    seen, line = list[str](), "history lamp --limit 2"
    for first in ("1 to 2 of 5 jobs", "3 to 4 of 5 jobs", "5 of 5 jobs"):
        text = session.line(line)
        assert text.startswith(f'{first} with "lamp", the newest first.\n')
        seen += re.findall(r"^([0-9a-f]{8}) ", text, re.MULTILINE)
        line = next((found[1] for found in [re.search(r"More: %runway (.*)", text)] if found), "")
        jobs.append(made(session, f"--seed {len(jobs) + 1}")) if not line else None
    assert seen == [job.id for job in jobs[4::-1]]
    assert text.splitlines()[-2] == "These are the last. From the beginning: %runway history lamp --limit 2"


def test_the_next_page_keeps_every_option_with_its_quotes(session: Session) -> None:
    for seed in (1, 2):
        made(session, f"--seed {seed}").star = True
    line = 'history "lamp turns" --model gen3turbo --since 7d --stars --limit 1'
    (more,) = [line for line in session.line(line).splitlines() if line.startswith("More: ")]
    assert more.startswith(f"More: %runway {line} --before ")
    assert "These are the last" in session.line(more.removeprefix("More: %runway "))


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("--since soon", "since is 'soon': give 7d, 24h"),
        ("--model gen9", "model is 'gen9': known are gen3turbo"),
        ("--limit 0", "limit is 0: give a whole number from 1 to 100"),
        ("--star", "--stars"),
        ("--failed --since soon --model gen9", "since is 'soon'"),
    ],
)
def test_a_mistake_is_told_with_what_is_allowed(session: Session, line: str, problem: str) -> None:
    with pytest.raises(InvalidRequest) as caught:
        session.line(f"history {line}")
    assert problem in caught.value.message


def test_a_page_before_an_unknown_job_is_refused(session: Session) -> None:
    made(session, "--seed 1")
    with pytest.raises(JobNotFound):
        session.line("history --before ffffffff")


def test_a_live_notebook_turns_its_pages_by_buttons(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = [made(session, f"--seed {seed}") for seed in (1, 2, 3)]
    monkeypatch.setattr(FrontEnd, "host", HOSTS[-1])
    outputs: dict[str, dict[str, str]] = {}

    def show(data: dict[str, str], *, display_id: str, **_: object) -> None:
        outputs[display_id] = data

    monkeypatch.setattr(history_view, "display", show)
    monkeypatch.setattr(history_view, "update_display", show)
    session.line("history lamp --limit 2")
    page, buttons = outputs.values()
    assert shown(page["text/html"], *jobs) == [False, True, True]
    assert f"More: %runway history lamp --limit 2 --before {jobs[1].id}" in page["text/html"]
    assert buttons["text/plain"] == ""


def test_the_options_complete() -> None:
    flags = ["--model", "--since", "--stars", "--notebook", "--failed", "--before", "--limit"]
    assert completions("%runway history --", "--") == flags
    assert completions("%runway history lamp --model gen3", "gen3") == ["gen3turbo"]
