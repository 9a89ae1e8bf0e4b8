"""Where a session runs: by which signs each front end is told, and what follows from it."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.errors import SettingsError
from runway_nb.ledger.phase import Phase
from runway_nb.notebook import hosts
from runway_nb.notebook.cards.view import view_in
from runway_nb.notebook.extension import load
from runway_nb.notebook.hosts import HOSTS, Host, Signs, current_place, place_of
from runway_nb.notebook.panel.panel import Panel
from support.fakes import Party
from support.shown_jobs import a_job as shown_job

ZMQ = "ipykernel.zmqshell.ZMQInteractiveShell"
KERNEL = Signs(shell=ZMQ, has_kernel=True)


@pytest.mark.parametrize(
    ("name", "signs", "mode", "embeds"),
    [
        ("plain Python", Signs(), "terminal", False),
        ("IPython", Signs(shell="IPython.terminal.interactiveshell.TerminalInteractiveShell"), "terminal", False),
        ("JupyterLab or Notebook", KERNEL._replace(cell="2f1c"), "live", False),
        ("JupyterLab or Notebook", KERNEL, "live", False),
        ("JupyterLab behind a link", KERNEL._replace(is_beyond_root=True), "live", True),
        ("batch run", KERNEL._replace(is_watched=False), "batch", True),
        ("Voila", KERNEL._replace(is_watched=False, server="voila/0.5.13"), "batch", True),
        ("Colab", KERNEL._replace(shell="google.colab._shell.Shell"), "live", True),
        ("VS Code", KERNEL._replace(has_vscode_path=True), "live", True),
        ("VS Code", KERNEL._replace(cell="vscode-notebook-cell:/a.ipynb#W0"), "live", True),
        ("Jupyter console", KERNEL._replace(parent="python /usr/bin/jupyter-console"), "terminal", False),
        ("Jupyter console", KERNEL._replace(parent="jupyter console --kernel python3"), "terminal", False),
        ("Jupyter console", KERNEL._replace(parent="python -m qtconsole"), "terminal", False),
        ("marimo", Signs(in_marimo=True), "batch", True),
        ("JupyterLite", KERNEL._replace(platform="emscripten"), "batch", True),
    ],
)
def test_a_front_end_is_told_by_its_signs(name: str, signs: Signs, mode: str, embeds: bool) -> None:
    found, reason = place_of(signs)
    assert (found.name, found.mode, found.embeds) == (name, mode, embeds)
    assert reason


def test_every_row_is_reached_and_has_a_name_of_its_own() -> None:
    assert len({host.name for host in HOSTS}) == len(HOSTS)
    assert HOSTS[-1].sign(Signs())


@pytest.mark.parametrize("host", HOSTS, ids=lambda host: host.name)
def test_a_panel_lives_or_there_is_a_line_that_says_what_to_do(host: Host) -> None:
    if host.has_widgets:
        assert not host.panel
    else:
        assert host.panel or host.problem


def test_a_page_that_has_no_notebook_is_brought_up_to_date_by_its_widgets() -> None:
    assert [host.name for host in HOSTS if host.only_widgets] == ["Voila"]


@pytest.mark.parametrize(
    ("signs", "words"),
    [
        (Signs(shell="IPython.terminal"), "open a notebook in a browser"),
        (KERNEL._replace(parent="jupyter-console"), "open a notebook in a browser"),
        (KERNEL._replace(is_watched=False), "run as a whole"),
    ],
)
def test_the_text_of_a_panel_never_says_that_a_living_kernel_has_ended(signs: Signs, words: str) -> None:
    view = view_in(place_of(signs).host, "auto", Path())
    assert words in view.panel
    assert "ended" not in view.panel


@given(
    st.builds(
        Signs, shell=st.sampled_from(["", ZMQ]), has_kernel=st.booleans(), is_watched=st.booleans(), cell=st.text(),
        server=st.text(), parent=st.text(), has_vscode_path=st.booleans(), in_marimo=st.booleans(),
        platform=st.sampled_from(["linux", "darwin", "win32", "emscripten"]),
    )
)  # fmt: skip
def test_whatever_the_signs_a_cell_waits_where_nobody_is_asked(signs: Signs) -> None:
    host, reason = place_of(signs)
    assert reason
    assert host.mode == "batch" or signs.is_watched or not signs.has_kernel or not signs.shell


# --- the signs of a session -------------------------------------------------------------------------


class Kernel:
    """A shell whose running cell came with this request."""

    kernel = object()

    def __init__(self, *, cell: str = "", is_watched: bool = True, **variables: object) -> None:
        self.user_ns = variables
        self.request = {"content": {"allow_stdin": is_watched}, "metadata": {"cellId": cell} if cell else {}}

    def get_parent(self) -> dict[str, Any]:
        return self.request


def test_one_kernel_may_serve_several_front_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    shell = Kernel(cell="2f1c")
    assert current_place(shell).host.name == "JupyterLab or Notebook"
    shell.request = Kernel(is_watched=False).request
    assert current_place(shell).host.name == "batch run"
    shell.request = Kernel(cell="vscode-notebook-cell:/a.ipynb#W0").request
    assert current_place(shell).host.name == "VS Code"


def test_a_console_is_told_by_what_started_the_kernel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    monkeypatch.setattr(hosts, "starter", lambda: "python3 /usr/bin/jupyter-console")
    assert current_place(Kernel()).host.name == "Jupyter console"
    # a server has started this one, and the console was attached to it later
    monkeypatch.setenv("JPY_SESSION_NAME", "a.ipynb")
    assert current_place(Kernel()).host.name == "JupyterLab or Notebook"


def test_plain_python_has_no_shell() -> None:
    assert current_place(None).host.name == "plain Python"


@pytest.mark.parametrize(("runs", "name"), [(True, "marimo"), (False, "plain Python")])
def test_marimo_is_told_by_running_not_by_its_import(monkeypatch: pytest.MonkeyPatch, runs: bool, name: str) -> None:
    _with_marimo(monkeypatch, runs)
    assert current_place(None).host.name == name


def _with_marimo(monkeypatch: pytest.MonkeyPatch, runs: bool) -> None:
    marimo = types.ModuleType("marimo")
    marimo.running_in_notebook = lambda: runs  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "marimo", marimo)


# --- what follows from it ---------------------------------------------------------------------------


def test_where_no_path_leads_to_the_file_a_result_carries_its_video(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = party.ended(party.submit("A lamp turns"))
    assert 'src="data:video/mp4' not in job._repr_mimebundle_()["text/html"]
    _with_marimo(monkeypatch, runs=True)
    assert 'src="data:video/mp4' in job._repr_mimebundle_()["text/html"]


def test_in_marimo_a_job_that_goes_on_is_waited_for_by_a_call(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    job = party.submit("A lamp turns")
    _with_marimo(monkeypatch, runs=True)
    text = shown_job(Phase.FOLLOWING)._repr_mimebundle_()["text/html"]
    assert ".wait()" in text
    ended = party.ended(job)._repr_mimebundle_()["text/html"]
    assert 'src="data:video/mp4' in ended
    assert "%runway" not in text + ended


def test_in_marimo_a_panel_is_one_line_that_says_what_to_do(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    _with_marimo(monkeypatch, runs=True)
    kind, text = Panel(studio=party.studio)._mime_()
    assert kind == "text/html"
    assert "runway_nb.generate()" in text
    assert "ended" not in text


def test_in_a_browser_loading_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "platform", "emscripten")
    with pytest.raises(SettingsError, match=r"JupyterLite has neither threads nor sockets.*open the notebook with a"):
        load(Kernel())
