"""`%runway export` and `%runway import`."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from runway_nb import process_studio
from runway_nb.errors import InvalidCommand, InvalidRequest, RunwayError
from runway_nb.notebook.magics.commands import completions
from support.exports import lines
from support.fakes import FakeTime, Party
from support.sessions import Session

pytestmark = pytest.mark.usefixtures("small_frames")


def made(session: Session, name: str, prompt: str) -> str:
    session.cell(name, prompt)
    return session.job(name).id


def test_an_export_says_what_it_did_and_where(session: Session) -> None:
    one, two = made(session, "one", "A lamp"), made(session, "two", "A boat")
    said = session.line("export shots")
    assert said.startswith("Exported 2 jobs to ")
    assert said.endswith("/shots. Open index.html there in a browser.\n")
    assert {line["id"] for line in lines(Path("shots"))} == {one, two}
    assert ", 0 copied now" in session.line("export shots")


@pytest.mark.parametrize(
    "words",
    ["lamp", "--stars", "--model gen3turbo lamp", "--since 2023-01-01 --stars", "lamp --notebook nowhere.ipynb"],
)
def test_the_filter_is_that_of_the_history(session: Session, words: str) -> None:
    one, _ = made(session, "one", "A lamp"), made(session, "two", "A boat")
    session.line("star one")
    session.line(f"export 'my shots' {words}")
    assert [line["id"] for line in lines(Path("my shots"))] == ([] if "nowhere" in words else [one])


def test_words_are_looked_for_as_people_write_them(session: Session) -> None:
    one = made(session, "one", "It's a lamp")
    made(session, "two", "A boat")
    session.line("export shots it's")
    assert [line["id"] for line in lines(Path("shots"))] == [one]


def test_an_import_says_what_it_did(session: Session, tmp_path: Path) -> None:
    made(session, "one", "A lamp")
    session.line("export shots")
    (tmp_path / "there").mkdir()
    with Party(tmp_path / "there", FakeTime()) as there:
        here, _ = process_studio.made_studio()
        assert here is not None
        process_studio.keep_studio(there.studio, None)
        there.studio.use = lambda settings: None  # type: ignore[method-assign]
        folder = os.path.abspath("shots")
        said = session.line(f"import {folder}")
        assert said == "Imported 1 job; nothing was sent, and nothing is paid for an unchanged cell.\n"
        assert session.line(f"import {folder}") == "1 was here already.\n"
        assert "imported" in session.line("list")
        session.cell("one", "A lamp")
        assert session.job("one").imported
        assert there.api.calls("POST") == []
        process_studio.keep_studio(here, None)


def test_an_import_says_when_cells_find_what_another_has_made(session: Session) -> None:
    number = made(session, "one", "A lamp")
    ledger = session.party.studio.ledger
    ledger.update(number, simulated=True, backend="simulator")
    session.line("export shots")
    with ledger.table.database.transaction() as connection:
        connection.execute("DELETE FROM jobs")
    assert "A cell finds those of simulator while no token is set.\n" in session.line("import shots")


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ("export", "needs a folder"),
        ("import", "needs the folder of an export"),
        ("import a b", "needs the folder of an export"),
    ],
)
def test_a_folder_is_needed(session: Session, line: str, problem: str) -> None:
    with pytest.raises(InvalidCommand, match=problem):
        session.line(line)


def test_mistakes_are_reported_before_anything_is_written(session: Session) -> None:
    with pytest.raises(InvalidRequest):
        session.line("export shots --since yesteryear")
    with pytest.raises(InvalidRequest):
        session.line("export shots --model nobody")
    with pytest.raises(RunwayError, match="is no export"):
        session.line("import shots")
    assert not Path("shots").exists()


@pytest.fixture
def notebook(session: Session) -> Path:
    """The notebook of a session, saved with one result."""
    made(session, "one", "A lamp")
    html = session.job("one")._repr_mimebundle_()["text/html"]
    output = {"output_type": "display_data", "metadata": {}, "data": {"text/html": html}}
    cell = {"cell_type": "code", "metadata": {}, "source": "", "execution_count": 1, "outputs": [output]}
    Path("film.ipynb").write_text(json.dumps({"nbformat": 4, "nbformat_minor": 4, "metadata": {}, "cells": [cell]}))
    return Path("film.ipynb")


def test_a_notebook_goes_along_with_its_videos(session: Session, notebook: Path) -> None:
    said = session.line(f"export --notebook {notebook} out")
    assert said == f"Bundled 1 video with the notebook: {os.path.abspath('out/film.ipynb')}\n"
    assert len(list(Path("out/videos").iterdir())) == 1
    assert "film.html" in session.line(f"export --notebook {notebook} 'a page/film.html'")
    assert "film-bundle" in session.line(f"export --notebook {notebook}")


def test_the_running_notebook_goes_along(session: Session, notebook: Path) -> None:
    with pytest.raises(InvalidRequest, match="which notebook this is cannot be told"):
        session.line("export --notebook out")
    session.keep(__vsc_ipynb_file__=os.path.abspath(notebook))
    assert "Bundled 1 video with the notebook: " in session.line("export --notebook out")
    assert Path("out/film.ipynb").is_file()


@pytest.mark.parametrize("line", ["shots --notebook film.ipynb --stars", "shots lamp --notebook film", "shots"])
def test_a_filter_by_notebook_stays_one(session: Session, notebook: Path, line: str) -> None:
    assert notebook.exists()
    session.line(f"export {line}")
    assert Path("shots/index.html").is_file()
    session.line("export shots --notebook film.ipynb")
    assert not Path("shots/film.ipynb").exists()


def test_options_are_completed() -> None:
    assert "--stars" in completions("%runway export shots --s", "--s")
