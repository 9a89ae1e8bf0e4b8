"""`%runway compare` in a real shell, without a kernel."""

from __future__ import annotations

import pytest

from runway_nb import errors
from support.sessions import Session

pytestmark = pytest.mark.usefixtures("small_frames")


def test_jobs_are_compared_by_variable_id_or_file(session: Session) -> None:
    session.cell("one --zoom -5 --seed 1")
    session.cell("two --zoom 5 --seed 1")
    one, two = session.job("one"), session.job("two")
    assert one.video is not None
    shown = session.line(f"compare one {two.id} {one.video.relative_to(one.folder)}").splitlines()
    assert shown[0] == f"Compared: A {one.id}, B {two.id}, C {one.video.name}"
    assert shown[1] == "zoom -5 against +5"
    assert shown[2] == "C is known as a file only: no settings"


def test_a_sweep_is_compared_by_its_variable(session: Session) -> None:
    session.cell("grid --sweep seed=1..3")
    session.shell.user_ns["grid"].wait(20)
    assert "seed 1, 2, 3" in session.line("compare grid")
    session.cell("large --sweep seed=1..5")
    session.shell.user_ns["large"].wait(20)
    with pytest.raises(errors.InvalidRequest, match="compare has 5 clips: give 2 to 4"):
        session.line("compare large")


def test_what_is_missing_is_one_clear_line(session: Session) -> None:
    with pytest.raises(errors.InvalidRequest, match="compare has 0 clips"):
        session.line("compare")
    with pytest.raises(errors.JobNotFound):
        session.line("compare abc def")


def test_a_comparison_that_ends_a_cell_shows_its_text(session: Session, capsys: pytest.CaptureFixture[str]) -> None:
    session.cell("one --seed 1")
    name = session.job("one").id
    session.shell.run_cell("import runway_nb\nrunway_nb.compare(one, one)")
    assert f"Compared: A {name} against B {name}\nThe same request: no setting differs" in capsys.readouterr().out
