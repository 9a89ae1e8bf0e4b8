"""Every block of code in README and in docs/ runs: cells in a shell, lines of a shell by sight."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from traitlets.config import Config, PyFileConfigLoader

from runway_nb import process_studio
from runway_nb.jobs.job import Job
from runway_nb.spec import MODELS
from support.fakes import FakeTime, Party
from support.page_blocks import Block, blocks_of, run_cell, run_page
from support.page_tables import ROOT, pages
from support.shell_lines import problem_of
from support.shells import own_shell
from support.simulator_kit import Pictures

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *pages()]
WITH_CODE = [page for page in PAGES if blocks_of(page)]
SAMPLES = ("lighthouse-dusk", "sea-morning", "city-night", "portrait-forest", "dunes-noon", "aurora-lake")
MOST_NOT_RUN = 3


@pytest.fixture
def page_shell(tmp_path: Path, time: FakeTime, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A shell for one page, with the simulator and its usual pictures behind it; afterwards all is as before."""
    rows = dict(MODELS)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(Pictures, "NAMES", SAMPLES)
    with own_shell() as shell, Party(tmp_path, time) as party:
        process_studio.keep_studio(party.studio, None)
        monkeypatch.setattr(party.studio, "use", lambda settings: None)
        yield shell
        if "runway" in shell.magics_manager.magics["cell"]:
            shell.extension_manager.unload_extension("runway_nb")
    MODELS.clear()
    MODELS.update(rows)


@pytest.mark.parametrize("page", WITH_CODE, ids=lambda page: page.name)
def test_every_block_of_a_page_runs_and_every_job_brings_its_video(page: Path, page_shell: Any) -> None:
    run_page(page, lambda block: wrong_with(block, page_shell))
    jobs = [value for value in page_shell.user_ns.values() if isinstance(value, Job)]
    assert [job for job in jobs if job.wait(10).video is None] == []


def wrong_with(block: Block, shell: Any) -> str | None:
    """Run a block, and return what is wrong with it, if anything."""
    if block.reason or block.language == "text":
        return None
    if block.language == "sql":
        return None if is_run_by_a_server(block) else "no test runs it on a server"
    if block.language == "shell":
        return next(filter(None, map(problem_of, block.source.splitlines())), None)
    if block.language == "json":
        return None if json.loads(block.source) else "it holds nothing"
    if block.language not in ("python", "ipython"):
        return f"a block of {block.language or 'no language'} is not run: say ipython, python, shell, sql, json or text"
    if "get_config()" in block.source:
        return None if hub_settings(block.source) else "it sets nothing"
    return run_cell(shell, block.source)


def is_run_by_a_server(block: Block) -> bool:
    """Return whether `tests/ledger/test_roles.py` runs a block: it runs all of this page."""
    return block in blocks_of(ROOT / "docs" / "hub.md")


def hub_settings(source: str) -> Config:
    """Return what a file of settings holds, as a hub reads it."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "settings.py").write_text(source, encoding="utf-8")
        return PyFileConfigLoader("settings.py", folder).load_config()


def test_few_blocks_are_not_run_and_each_says_why() -> None:
    reasons = [block.reason for page in WITH_CODE for block in blocks_of(page) if block.reason]
    assert len(reasons) <= MOST_NOT_RUN, reasons


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("make docs", None),
        ("make nothing", "no target nothing"),
        ('pip install "runway_nb[simulator]"', None),
        ('pip install "runway_nb[colour]"', "no extra colour"),
        ("export RUNWAY_NB_HOME=/x", None),
        ("export RUNWAY_NB_NOTHING=1", "no setting reads RUNWAY_NB_NOTHING=1"),
        ("voila notebooks/07_dashboard.ipynb", None),
        ("voila notebooks/70_dashboard.ipynb", "there is no file notebooks/70_dashboard.ipynb"),
        ("fly away", "nobody knows how to look at 'fly away'"),
    ],
)
def test_a_line_of_a_shell_is_held_against_what_there_is(line: str, words: str | None) -> None:
    assert problem_of(line) == words


@pytest.mark.parametrize("cell", ["1 / 0", "%%runway --zoom 400\nA lamp turns", "this is no code"])
def test_a_block_that_fails_is_reported_with_its_place(cell: str, tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(f"# A page\n\n```ipython\n{cell}\n```\n", encoding="utf-8")
    with own_shell() as shell:
        shell.extension_manager.load_extension("runway_nb")
        with pytest.raises(AssertionError, match=r"page\.md, line 3"):
            run_page(page, lambda block: run_cell(shell, block.source))
        shell.extension_manager.unload_extension("runway_nb")
