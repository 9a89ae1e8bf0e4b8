"""The panel as text: the request as its cell, and a line for each job that was made."""

from __future__ import annotations

from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb import errors
from runway_nb.api.models import SUCCEEDED, Task
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.panel.snapshot import HINT, TITLE, job_line, panel_text
from runway_nb.request import VideoRequest
from runway_nb.text.visible import visible
from support.shown_jobs import UNREACHABLE
from support.strategies import ASSET_ID, EMAIL, TASK_ID

TOKEN = "user:4711-abcDEF123"
CELL = "%%runway --zoom 4\nA lamp turns"
HOSTILE = "<script>alert(1)</script>&\"'"

LINES: dict[Phase, tuple[errors.RunwayError | None, str]] = {
    Phase.PREPARING: (None, "Its pictures are being prepared."),
    Phase.WAITING: (None, "It is waiting for a free slot."),
    Phase.SENDING: (None, "It is being sent."),
    Phase.CHECKING: (None, "Its task is being looked for."),
    Phase.FOLLOWING: (None, "Runway is working on it."),
    Phase.DOWNLOADING: (None, "Its video is being fetched."),
    Phase.DONE: (None, "The video file is not there any more"),
    Phase.REFUSED: (errors.NotEnoughCredits("12 are left", 412), "Not sent: not enough credits"),
    Phase.REMOVED: (errors.Removed("taken back"), "Removed before sending"),
    Phase.FAILED: (errors.TaskModerated("refused by moderation: SAFETY"), "Not generated: refused by moderation"),
    Phase.UNKNOWN: (errors.MaybeSent("maybe sent: no answer"), "Maybe sent: no clear answer"),
    Phase.DETACHED: (errors.Detached("left alone"), "Detached: not tracked here"),
    Phase.STOPPED: (errors.TrackingStopped("stopped"), "Tracking stopped"),
}
"""What is told of a job whose video is not on disk."""


def a_job(phase=Phase.FOLLOWING, *, number=1, prompt="A lamp turns", folder=Path(), **state):
    return Job(f"{number:08x}", VideoRequest(prompt, seed=7), folder=folder, state=State(phase, **state))


def a_result(path, **more):
    path.parent.mkdir(exist_ok=True, parents=True)
    path.write_bytes(b"0")
    return a_job(Phase.DONE, video=path, task=Task(TASK_ID, SUCCEEDED), **more)


class Reader(HTMLParser):
    """The words of a page, and the tags and attributes that it is made of."""

    def __init__(self, html):
        super().__init__()
        self.tags, self.attributes, self.words = set(), set(), []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}

    def handle_data(self, data):
        self.words.append(data)


# --- the line of a job ------------------------------------------------------------------------------


@pytest.mark.parametrize("phase", Phase)
def test_each_phase_is_one_line_that_says_where_the_job_stands(phase, tmp_path: Path) -> None:
    error, words = LINES[phase]
    video = tmp_path / "gone.mp4" if phase is Phase.DONE else None
    assert job_line(a_job(phase, error=error, video=video), tmp_path) == f"00000001: {words}"


def test_a_finished_job_is_named_by_its_file_as_the_notebook_would_write_it(tmp_path) -> None:
    job = a_result(tmp_path / "runway_outputs" / "lamp.mp4")
    assert job_line(job, tmp_path) == "00000001: runway_outputs/lamp.mp4"


def test_a_file_that_is_gone_meanwhile_is_not_named_as_if_it_were_there(tmp_path: Path) -> None:
    job = a_result(tmp_path / "runway_outputs" / "lamp.mp4")
    job.video.unlink()
    assert "lamp.mp4" not in job_line(job, tmp_path)
    job.video.mkdir()
    assert "lamp.mp4" not in job_line(job, tmp_path), "a folder is no video"


def test_a_file_whose_folder_cannot_be_looked_into_is_as_one_that_is_gone(tmp_path: Path) -> None:
    job = a_job(Phase.DONE, video=tmp_path / UNREACHABLE / "lamp.mp4")
    assert job_line(job, tmp_path) == f"00000001: {LINES[Phase.DONE][1]}"


def test_a_file_elsewhere_is_named_from_the_home_of_the_user(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    job = a_result(tmp_path / "films" / "lamp.mp4")
    assert job_line(job, tmp_path / "notebooks") == "00000001: ~/films/lamp.mp4"


def test_the_reason_of_an_end_is_not_in_the_line(tmp_path: Path) -> None:
    """It may hold anything that a server says; the result below tells it."""
    job = a_job(Phase.FAILED, error=errors.TaskFailed(f"{HOSTILE} {EMAIL}\nsecond line"))
    assert job_line(job, tmp_path) == "00000001: Not generated: Runway reported an error"


# --- the whole text ---------------------------------------------------------------------------------


def test_title_cell_jobs_in_their_order_and_what_to_do_stand_in_both_forms(tmp_path: Path) -> None:
    jobs = [a_job(number=2), a_result(tmp_path / "lamp.mp4")]
    told = panel_text(CELL, jobs, tmp_path)
    assert set(told) == {"text/html", "text/plain"}
    lines = ["00000002: Runway is working on it.", "00000001: lamp.mp4"]
    assert told["text/plain"].splitlines() == [TITLE, *CELL.splitlines(), *lines, HINT]
    words = Reader(told["text/html"]).words
    assert sorted(words) == sorted([TITLE, HINT, CELL, *lines])
    assert [line for line in words if line in lines] == lines


def test_without_jobs_it_is_the_cell_alone(tmp_path: Path) -> None:
    assert panel_text(CELL, [], tmp_path)["text/plain"].splitlines() == [TITLE, *CELL.splitlines(), HINT]
    assert panel_text(CELL, iter([]), tmp_path) == panel_text(CELL, (), tmp_path)


def test_where_its_controls_cannot_live_it_says_that_instead(tmp_path: Path) -> None:
    told = panel_text(CELL, [], tmp_path, "No controls < here.")
    assert told["text/plain"].splitlines() == [TITLE, *CELL.splitlines(), "No controls < here."]
    assert "No controls < here." in Reader(told["text/html"]).words
    assert HINT not in Reader(told["text/html"]).words


def test_what_a_user_or_a_server_wrote_is_text_and_no_html(tmp_path: Path) -> None:
    job = a_result(tmp_path / "<b>&lt;img src=x onerror=alert(1)>.mp4")
    told = panel_text(f"%%runway\n{HOSTILE}</pre><img src=x>", [job], tmp_path)
    page = Reader(told["text/html"])
    assert page.tags == {"div", "pre"}
    assert page.attributes == {"style"}, "what a front end that cleans HTML lets through"
    assert f"%%runway\n{HOSTILE}</pre><img src=x>" in page.words
    assert "00000001: <b>&lt;img src=x onerror=alert(1)>.mp4" in page.words
    assert HOSTILE in told["text/plain"]


@given(st.text(st.characters(codec="utf-8", exclude_characters="\r\0@%:_"), max_size=40))
def test_any_words_come_back_from_the_html_and_make_no_tag(words) -> None:
    html = panel_text(words, [], Path())["text/html"]
    assert Reader(html).tags == {"div", "pre"}
    inside = html.partition("<pre")[2].partition(">")[2].partition("</pre>")[0]
    assert unescape(inside) == visible(words)


def test_a_log_of_unknown_encoding_gets_plain_signs(tmp_path: Path) -> None:
    job = a_result(tmp_path / "pan \N{MINUS SIGN}2.mp4")
    assert "00000001: pan -2.mp4" in panel_text(CELL, [job], tmp_path)["text/plain"]


SECRETS = {
    "an id": (f"--first {ASSET_ID}", EMAIL),
    "a token": (f"a lamp {TOKEN}", "abcDEF123"),
    "the signature of a link": ("--first https://cdn.test/a.jpg?_jwt=eyJhbGciOi.c2lnbmVk", "eyJhbGciOi"),
}


@pytest.mark.parametrize("name", SECRETS)
def test_no_secret_of_a_cell_is_kept(name, tmp_path: Path) -> None:
    """A result shows its cell without them; the text of the panel lies in the same file."""
    words, secret = SECRETS[name]
    told = panel_text(f"%%runway {words}", [], tmp_path)
    assert secret not in told["text/plain"] + told["text/html"]


def test_no_address_of_a_job_is_kept(tmp_path: Path) -> None:
    jobs = [
        a_job(task=Task(TASK_ID, SUCCEEDED), number=2),
        a_job(Phase.FAILED, error=errors.TaskFailed(f"{TASK_ID}, {TOKEN}, {EMAIL}"), number=3),
    ]
    told = panel_text(CELL, jobs, tmp_path)
    assert "@" not in told["text/plain"] + told["text/html"]
    assert "abcDEF123" not in told["text/plain"]


@pytest.mark.parametrize("key", ["token=SECRET", "X-Amz-Signature=SECRET&a=1", "sig=SECRET", "_jwt=SECRET"])
def test_the_key_of_a_link_that_was_typed_is_not_kept(tmp_path: Path, key) -> None:
    text = panel_text(f"%%runway --first 'https://cdn.test/a/lamp.png?{key}'\nA lamp. Really?", [], tmp_path)
    assert "SECRET" not in str(text)
    assert "https://cdn.test/a/lamp.png?***" in text["text/plain"]
    assert "A lamp. Really?" in text["text/plain"]
