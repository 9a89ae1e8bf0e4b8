"""`%runway cell ID` of a job that another kernel made: of a sweep, of another notebook, with pictures, failed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from runway_nb.errors import LedgerError
from runway_nb.jobs.job import Job
from support.sessions import Session

pytestmark = pytest.mark.usefixtures("small_frames")


def made(session: Session, line: str, body: str = "A lamp turns") -> Job:
    session.cell(f"shot {line}", body)
    return session.job()


def cell_of(session: Session, job: Job, *, elsewhere: Path | None = None) -> str:
    """The cell that a later kernel writes, of the same notebook or of one elsewhere."""
    written: list[str] = []
    session.shell.set_next_input = written.append
    session.party.studio.jobs.clear()
    session.keep(shot=None)
    if elsewhere is not None:
        with session.party.studio.ledger.table.database.transaction() as connection:
            connection.execute("UPDATE jobs SET folder = ? WHERE id = ?", (str(elsewhere), job.id))
    session.line(f"cell {job.id}")
    (cell,) = written
    return cell


def runs_again(session: Session, cell: str, job: Job) -> bool:
    """Whether the cell, run as it is, gives the stored result."""
    line, _, body = cell.partition("\n")
    creates = session.creates
    session.cell(f"again {line.removeprefix('%%runway').replace(' shot', '', 1)}", body)
    return session.job("again").id == job.id and session.creates == creates


def test_a_cell_that_still_asks_for_the_same_stays_as_it_was_typed(session: Session) -> None:
    job = made(session, "--zoom=3 --seconds 10 --seed 7 --first harbour --wait")
    cell = cell_of(session, job)
    assert cell == "%%runway shot --zoom=3 --seconds 10 --seed 7 --first harbour --wait\nA lamp turns"
    assert runs_again(session, cell, job)


def test_what_this_kernel_has_typed_keeps_its_variables(session: Session) -> None:
    session.keep(what="lamp")
    job = made(session, "--seed 7", "A {{what}} turns")
    written: list[str] = []
    session.shell.set_next_input = written.append
    session.line(f"cell {job.id}")
    assert written == ["%%runway shot --seed 7\nA {{what}} turns"]


def test_words_stand_in_the_place_of_a_variable_that_is_gone(session: Session) -> None:
    session.keep(what="lamp")
    job = made(session, "--seed 7", "A {{what}} turns")
    session.keep(what=None)
    cell = cell_of(session, job)
    assert cell == "%%runway --seed 7\nA lamp turns"
    assert runs_again(session, cell, job)


def test_a_kept_file_stands_in_the_place_of_a_picture_that_is_gone(session: Session) -> None:
    session.keep(pixels=np.zeros((96, 160, 3), np.uint8))
    job = made(session, "--seed 7 --first pixels")
    session.keep(pixels=None)
    cell = cell_of(session, job)
    assert "--first pixels\n" not in cell
    assert f"--first {job.original_request.keyframes.first}" in cell
    assert runs_again(session, cell, job)


def test_a_variant_of_a_sweep_has_a_cell_of_its_own(session: Session) -> None:
    session.cell("shots --sweep zoom=1,2 --sweep what=lamp,boat --seed 7 --yes", "A {{what}} turns")
    jobs = [session.party.ended(job) for job in session.shell.user_ns["shots"].jobs]
    cells = [cell_of(session, job) for job in jobs]
    assert sorted(cells) == sorted(
        f"%%runway --seed 7 --zoom {zoom}\nA {what} turns" for zoom in (1, 2) for what in ("lamp", "boat")
    )
    assert all(runs_again(session, cell, job) for cell, job in zip(cells, jobs, strict=True))


def test_a_picture_beside_another_notebook_is_named_by_its_path(
    session: Session, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    file = session.party.folder / "lamp.png"
    Image.new("RGB", (160, 96), "teal").save(file)
    job = made(session, "--seed 7 --first lamp.png")
    assert cell_of(session, job) == "%%runway shot --seed 7 --first lamp.png\nA lamp turns"
    other = tmp_path_factory.mktemp("another notebook")
    file.rename(other / "lamp.png")
    cell = cell_of(session, job, elsewhere=other)
    assert cell == f'%%runway --first "{other / "lamp.png"}" --seed 7\nA lamp turns'
    assert runs_again(session, cell, job)
    (tmp_path / "inside").mkdir()
    (other / "lamp.png").rename(tmp_path / "inside" / "lamp.png")
    cell = cell_of(session, job, elsewhere=tmp_path / "inside")
    assert cell == "%%runway --first inside/lamp.png --seed 7\nA lamp turns"


def test_an_asset_has_the_same_name_in_every_notebook(session: Session, tmp_path: Path) -> None:
    job = made(session, "--seed 7 --first harbour")
    cell = cell_of(session, job, elsewhere=tmp_path)
    assert cell == "%%runway shot --seed 7 --first harbour\nA lamp turns"


@pytest.mark.parametrize("fault", ["moderated", "failed"])
def test_a_job_without_a_video_has_a_cell(session: Session, fault: str) -> None:
    session.party.simulator.fault(fault)
    job = made(session, "--seed 7 --zoom 2")
    assert job.error is not None
    assert cell_of(session, job) == "%%runway shot --seed 7 --zoom 2\nA lamp turns"


def test_a_job_that_cannot_be_read_says_so(session: Session) -> None:
    job = made(session, "--seed 7")
    with session.party.studio.ledger.table.database.transaction() as connection:
        connection.execute("UPDATE jobs SET phase = 'archived'")
    with pytest.raises(LedgerError, match="cannot be read"):
        cell_of(session, job)
