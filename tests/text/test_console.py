"""Text for terminals of few signs, and where there is no terminal."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.errors import InvalidRequest
from runway_nb.jobs.job import Job
from runway_nb.notebook.cards.view import View, show
from runway_nb.notebook.magics.wait import Reporter
from runway_nb.request import VideoRequest
from runway_nb.text import console
from support.fakes import FakeTime, Party

LAMP = "\u706f turns \U0001f30a na\u00efve"


def stream(encoding: str) -> io.TextIOWrapper:
    return io.TextIOWrapper(io.BytesIO(), encoding=encoding, newline="")


def written(out: io.TextIOWrapper) -> str:
    out.flush()
    return out.buffer.getvalue().decode(out.encoding)  # type: ignore[attr-defined]


class Liar(io.StringIO):
    """Says that it takes all, and takes ASCII."""

    encoding = "utf-8"

    def write(self, text: str) -> int:
        text.encode("ascii")
        return super().write(text)


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [
        ("utf-8", LAMP),
        ("utf-16", LAMP),
        ("cp1252", "\\u706f turns \\U0001f30a na\u00efve"),
        ("ascii", "\\u706f turns \\U0001f30a na\\xefve"),
    ],
)
def test_what_an_encoding_lacks_is_an_escape(encoding: str, shown: str) -> None:
    out = stream(encoding)
    console.write_line(LAMP, out)
    assert written(out) == f"{shown}\n"


@given(st.text(), st.sampled_from(["ascii", "cp1252", "cp437", "shift_jis", "utf-8", "latin-1", "utf-16"]))
def test_every_text_can_be_written_everywhere(text: str, encoding: str) -> None:
    out = stream(encoding)
    console.write(text, out)
    written(out)


def test_half_a_character_is_an_escape() -> None:
    out = stream("utf-8")
    console.write("a\ud800", out)
    assert written(out) == "a\\ud800"


def test_a_stream_in_memory_takes_the_text_as_it_is() -> None:
    out = io.StringIO()
    console.write(LAMP, out)
    assert out.getvalue() == LAMP


def test_an_encoding_that_nobody_knows_is_ascii() -> None:
    for encoding in ("klingon", "hex", 7):
        assert console.as_shown(LAMP, SimpleNamespace(encoding=encoding)).isascii()


def test_a_stream_that_takes_less_than_it_says_gets_ascii() -> None:
    out = Liar()
    console.write(LAMP, out)
    assert out.getvalue().startswith("\\u706f turns")


def test_no_stream_a_closed_one_and_a_broken_pipe_stop_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    class Broken(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError

    closed = io.StringIO()
    closed.close()
    for out in (None, closed, Broken()):
        monkeypatch.setattr(sys, "stdout", out)
        console.write_line("A lamp")
        assert console.is_terminal() is False


# --- what is shown --------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", ["ascii", "cp1252"])
def test_a_job_its_errors_and_its_wait_are_shown_on_any_terminal(
    tmp_path: Path, time: FakeTime, monkeypatch: pytest.MonkeyPatch, encoding: str
) -> None:
    with Party(tmp_path, time) as party:
        job = party.submit(LAMP)
        out = stream(encoding)
        monkeypatch.setattr(sys, "stdout", out)
        view = View("terminal", "auto", tmp_path)
        reporter = Reporter(job, "terminal")
        reporter.tick()
        party.ended(job)
        reporter.end()
        show(job, party.studio, view)
        print(job)
        print(*InvalidRequest([f"{LAMP} is no picture"])._render_traceback_())
    shown = written(out)
    assert shown.count("\\u706f turns") >= 4
    assert shown.count("Video   ") == 2


def test_a_job_is_shown_as_it_is_where_the_terminal_has_all_signs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", stream("utf-8"))
    assert LAMP in repr(Job("7f3e2c54", VideoRequest(LAMP)))
