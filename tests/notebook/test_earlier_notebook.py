"""A notebook that the revision 2a3d6a0 ran: its results stand, are found again, and its cells pay nothing twice."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import nbformat
import pytest

from support.kernels import Kernel
from support.sanitizer import check_sanitized, tags

DATA = Path(__file__).parents[1] / "data" / "notebook"
ITS_FOLDER = "/tmp/notebooks"
"""Where it was run."""
DONE, FAILED, EMBEDDED = "094e0a0b", "f56824c4", "631c9fcf"
CELLS = [cell for cell in nbformat.read(DATA / "first.ipynb", 4).cells if cell.cell_type == "code"]


def shown_by(cell: Any) -> list[dict[str, str]]:
    """What a cell of the file displays."""
    return [output.data for output in cell.outputs if output.output_type == "display_data"]


def cell_of(line: str) -> Any:
    """The cell of the file that begins so."""
    (found,) = [cell for cell in CELLS if cell.source.startswith(line)]
    return found


def player(html: str) -> dict[str, str | None]:
    (found,) = [attributes for tag, attributes in tags(html) if tag == "video"]
    return found


def rows(folder: Path) -> list[tuple[Any, ...]]:
    """Which jobs the ledger holds, and where they stand."""
    connection = sqlite3.connect(folder / "home" / "ledger.sqlite3")
    try:
        return connection.execute("SELECT id, phase, task_id, credits FROM jobs ORDER BY created").fetchall()
    finally:
        connection.close()


@pytest.fixture(scope="module")
def again(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimpleNamespace]:
    """The notebook in another folder, and a kernel of today in which its cells were run from top to bottom."""
    folder = tmp_path_factory.mktemp("earlier") / "notebooks"
    shutil.copytree(DATA, folder)
    connection = sqlite3.connect(folder / "home" / "ledger.sqlite3")
    connection.execute("UPDATE jobs SET video = replace(video, ?, ?)", (ITS_FOLDER, str(folder)))
    connection.execute("UPDATE jobs SET folder = replace(folder, ?, ?)", (ITS_FOLDER, str(folder)))
    connection.commit()
    connection.close()
    env = {"RUNWAY_NB_HOME": str(folder / "home"), "RUNWAY_NB_OUTPUT": "clips"}
    before = rows(folder)
    kernel = Kernel(folder.parent / "kernel", folder, **env)
    try:
        ran = {cell.source: kernel.run(cell.source) for cell in CELLS}
        yield SimpleNamespace(folder=folder, kernel=kernel, ran=ran, before=before)
    finally:
        kernel.shutdown()


@pytest.mark.parametrize("number", [n for n, cell in enumerate(CELLS) if shown_by(cell)])
def test_what_stands_in_the_file_survives_an_untrusted_notebook(number: int) -> None:
    for data in shown_by(CELLS[number]):
        assert set(data) == {"text/html", "text/plain"}
        check_sanitized(data["text/html"])


def test_the_players_of_the_file_find_their_clip_or_carry_it() -> None:
    (data,) = shown_by(cell_of("%%runway shot "))
    assert (DATA / str(player(data["text/html"])["src"])).is_file()
    (data,) = shown_by(cell_of("%%runway inside"))
    assert str(player(data["text/html"])["src"]).startswith("data:video/mp4;base64,")


@pytest.mark.kernel
def test_run_again_from_top_to_bottom_it_sends_nothing(again: SimpleNamespace) -> None:
    errors = {source: cell.error["evalue"] for source, cell in again.ran.items() if cell.error}
    assert errors == {}
    assert rows(again.folder) == again.before
    names = "shot, refused, inside, shot_again"
    assert again.kernel.value(f"[job.id for job in ({names})]") == [DONE, FAILED, EMBEDDED, DONE]


@pytest.mark.kernel
@pytest.mark.parametrize("line", ["%%runway shot ", "%%runway inside", "%%runway shot_again"])
def test_a_cell_that_is_run_again_shows_the_same_player(again: SimpleNamespace, line: str) -> None:
    cell = cell_of(line)
    (shown,) = again.ran[cell.source].of_type("display_data")
    (stored,) = shown_by(cell)
    html = shown["content"]["data"]["text/html"]
    check_sanitized(html)
    assert player(html) == player(stored["text/html"])
    assert "Stored result of" in html


@pytest.mark.kernel
def test_a_cell_that_was_refused_says_so_again_and_how_to_ask_again(again: SimpleNamespace) -> None:
    (shown,) = again.ran[cell_of("%%runway refused").source].of_type("display_data")
    plain = shown["content"]["data"]["text/plain"]
    assert plain.startswith(f"Not generated: refused by moderation ({FAILED})")
    assert "nothing was sent now" in plain


@pytest.mark.kernel
@pytest.mark.parametrize("command", ["show", "attach"])
@pytest.mark.parametrize("job", [DONE, FAILED, EMBEDDED])
def test_a_stored_job_is_found_by_its_id(again: SimpleNamespace, command: str, job: str) -> None:
    cell = again.kernel.run(f"%runway {command} {job}")
    assert cell.error is None
    (shown,) = cell.of_type("display_data")
    data = shown["content"]["data"]
    check_sanitized(data["text/html"])
    assert job in data["text/plain"]
    assert rows(again.folder) == again.before


@pytest.mark.kernel
def test_its_panel_opens_again_with_the_settings_that_stand_in_the_file(again: SimpleNamespace) -> None:
    (stored,) = shown_by(cell_of("%runway panel"))
    shown = again.kernel.run(f"%runway panel {DONE}", watched=False).of_type("display_data")[-1]
    written = "%%runway --first harbour --seed 7 --zoom 4 --pan -2\nA lamp <turns> on a beach"
    assert written in stored["text/plain"]
    assert written in shown["content"]["data"]["text/plain"]


@pytest.mark.kernel
def test_its_jobs_are_listed(again: SimpleNamespace) -> None:
    text = again.ran["%runway list"].of_type("display_data")[0]["content"]["data"]["text/plain"]
    assert [line.split()[0] for line in text.splitlines()[1:]] == [EMBEDDED, FAILED, DONE]
