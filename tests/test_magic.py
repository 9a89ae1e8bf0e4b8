"""The magics in a real shell, without a kernel; the simulator stands behind them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from fakes import FakeTime, Party
from runway_nb import default as default_module
from runway_nb.errors import InvalidCommand, InvalidRequest, JobNotFound
from runway_nb.notebook import extension


class Session:
    """A shell with the extension loaded and a studio that talks to the simulator."""

    def __init__(self, shell: Any, party: Party) -> None:
        self.shell, self.party = shell, party

    def cell(self, line: str, body: str = "A lamp turns") -> str:
        with capture_output() as out:
            self.shell.run_cell_magic("runway", line, body)
        return str(out.stdout)

    def line(self, line: str) -> str:
        with capture_output() as out:
            self.shell.run_line_magic("runway", line)
        return str(out.stdout)


@pytest.fixture
def session(tmp_path: Path, time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Session]:
    InteractiveShell.clear_instance()
    shell = InteractiveShell.instance(user_ns={})
    monkeypatch.chdir(tmp_path)
    with Party(tmp_path, time) as party:
        monkeypatch.setattr(default_module, "_default", (party.studio, None))
        monkeypatch.setattr(party.studio, "use", lambda settings: None)
        shell.extension_manager.load_extension("runway_nb")
        yield Session(shell, party)
        if "runway" in shell.magics_manager.magics["cell"]:
            shell.extension_manager.unload_extension("runway_nb")
    InteractiveShell.clear_instance()


def test_a_cell_shows_its_line_at_once_and_keeps_the_job(session: Session) -> None:
    assert session.cell("shot --seed 7").startswith("runway ")
    job = session.shell.user_ns["shot"].wait(10)
    assert (job.seed, job.request.prompt) == (7, "A lamp turns")
    assert job.cell == "%%runway shot --seed 7\nA lamp turns"


def test_wait_prints_the_result(session: Session) -> None:
    shown = session.cell("--wait --zoom 4 --pan -2")
    assert "Video   runway_outputs/a-lamp-turns-" in shown
    assert "Shot    zoom +4, pan -2, 5 s, seed " in shown
    assert "Cell    %%runway --wait --zoom 4 --pan -2" in shown


def test_keep_loop_waits_as_well(session: Session) -> None:
    assert "Video   " in session.cell("--keep-loop")


def test_a_dry_run_sends_nothing_and_tells_the_price(session: Session) -> None:
    shown = session.cell("--dry-run --seconds 10 --zoom 3")
    assert "Price: 50 credits." in shown
    assert '"zoom": 3' in shown
    assert "a camera move without a keyframe" in shown
    assert not session.party.api.requests
    assert not session.party.studio.ledger.path.exists()


def test_variables_are_filled_into_the_prompt(session: Session) -> None:
    session.shell.user_ns |= {"what": "lamp", "n": 3}
    session.cell("shot", "{{n}} x {{what}}, {literally}")
    assert session.shell.user_ns["shot"].request.prompt == "3 x lamp, {literally}"


def test_all_mistakes_of_line_and_request_come_together(session: Session) -> None:
    with pytest.raises(InvalidRequest) as caught:
        session.cell("--zom 3 --tilt 11 --seconds 7 --embed maybe", "{{missing}}")
    assert len(caught.value.problems) == 5
    assert len(caught.value._render_traceback_()) == 6
    assert not session.party.api.requests


def test_a_variable_may_hold_the_name_of_a_picture(session: Session) -> None:
    session.shell.user_ns["still"] = "harbour"
    session.cell("shot --first still --wait")
    assert session.shell.user_ns["shot"].request.keyframes.first.endswith(session.party.studio.assets()[0].id[-36:])


def test_list_show_wait_and_credits(session: Session) -> None:
    assert session.line("list") == "No jobs yet.\n"
    session.cell("shot --wait")
    job = session.shell.user_ns["shot"]
    assert job.id in session.line("list")
    assert "SUCCEEDED" in session.line("list --account")
    for name in ("", job.id, job.id[:5]):
        assert "Video   " in session.line(f"show {name}")
    assert "Video   " in session.line(f"wait {job.id}")
    assert "25 of 2,250 credits used, 2,225 left" in session.line("credits")
    assert "runway_nb 0.1.0" in session.line("version")
    assert "A token is set" in session.line("simulator")


def test_help_shows_everything(session: Session) -> None:
    assert "--keep-loop" in session.line("help")
    assert "--keep-loop" in session.shell.magics_manager.magics["cell"]["runway"].getdoc()
    assert "attach" in session.shell.magics_manager.magics["line"]["runway"].getdoc()


@pytest.mark.parametrize(
    ("line", "kind"),
    [("show nothing", JobNotFound), ("stop", JobNotFound), ("attach", InvalidCommand), ("list --all", InvalidCommand)],
)
def test_commands_that_cannot_be_done_say_so(session: Session, line: str, kind: type[Exception]) -> None:
    with pytest.raises(kind):
        session.line(line)


def test_a_job_that_ended_cannot_be_stopped(session: Session) -> None:
    session.cell("--wait")
    with pytest.raises(InvalidCommand, match="has ended already: SUCCEEDED"):
        session.line("stop")


@pytest.mark.filterwarnings("ignore:.*pending deprecation:PendingDeprecationWarning")
def test_the_names_complete(session: Session) -> None:
    _, matches = session.shell.complete("--zo", "%%runway --zo", 13)
    assert "--zoom" in matches


def test_unload_takes_back_what_load_did(session: Session) -> None:
    shell = session.shell
    shell.extension_manager.unload_extension("runway_nb")
    assert "runway" not in shell.magics_manager.magics["cell"]
    assert "runway" not in shell.magics_manager.magics["line"]
    assert extension.await_cell not in shell.input_transformers_cleanup
    assert not [c for c in shell.configurables if type(c).__name__ == "RunwayMagics"]
    shell.extension_manager.load_extension("runway_nb")
    assert "runway" in shell.magics_manager.magics["cell"]


@pytest.mark.parametrize(
    ("lines", "awaits"),
    [
        (["%%runway x --wait\n", "a lamp\n"], True),
        (["%%runway x\n", "a lamp --wait\n"], False),
        (["%%runway x --wait --keep-loop\n", "a lamp\n"], False),
        (["%%time\n", "%%runway --wait\n"], False),
        ([], False),
    ],
)
def test_wait_becomes_an_await(lines: list[str], awaits: bool) -> None:
    out = extension.await_cell(lines)
    assert out[:1] != lines[:1] if awaits else out == lines
    if awaits:
        compile(out[0].removeprefix("await "), "cell", "eval")
        assert "'x --wait', 'a lamp\\n'" in out[0]
