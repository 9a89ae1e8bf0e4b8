"""Home and output folder: whether they can be written, and how much room there is."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import NoReturn

import pytest

from runway_nb.doctor.finding import Finding
from runway_nb.doctor.folders import found_home, look_at_home, look_at_output, write_probe
from runway_nb.errors import SettingsError
from runway_nb.storage.home import spare_home


def refuses(folder: Path) -> NoReturn:
    raise PermissionError(errno.EACCES, "Permission denied")


def no_room(folder: Path) -> int:
    return 1_000_000


def no_home() -> NoReturn:
    raise SettingsError("there is no home folder, and no temporary one")


def home(path: Path, **more: object) -> Finding:
    (finding,) = look_at_home(lambda: path, **more)  # type: ignore[arg-type]
    return finding


def output(path: Path, **more: object) -> Finding:
    (finding,) = look_at_output(path, **more)  # type: ignore[arg-type]
    return finding


@pytest.mark.parametrize("look", [home, output])
def test_a_folder_that_can_be_written_is_named_with_its_room(tmp_path: Path, look) -> None:
    finding = look(tmp_path, free=lambda _: 12_300_000_000)
    assert finding.state == "ok"
    assert finding.text == f"{tmp_path}, 12.3 GB free"
    assert list(tmp_path.iterdir()) == [], "nothing is left in it"


@pytest.mark.parametrize("look", [home, output])
def test_a_folder_that_is_not_there_yet_is_not_made_and_can_be(tmp_path: Path, look) -> None:
    finding = look(tmp_path / "a" / "b")
    assert finding.state == "ok"
    assert "is made at the first use" in finding.text
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("look", "setting"), [(home, "RUNWAY_NB_HOME"), (output, "RUNWAY_NB_OUTPUT")])
def test_a_folder_that_cannot_be_written_is_wrong_and_the_setting_is_named(tmp_path: Path, look, setting: str) -> None:
    for path in (tmp_path, tmp_path / "new"):
        finding = look(path, probe=refuses)
        assert finding.state == "wrong"
        assert "Permission denied" in finding.text
        assert setting in finding.advice


@pytest.mark.parametrize("look", [home, output])
def test_a_file_in_the_place_of_a_folder_is_wrong(tmp_path: Path, look) -> None:
    path = tmp_path / "taken"
    path.write_text("mine")
    for below in (path, path / "deeper"):
        assert look(below).state == "wrong"
    assert path.read_text() == "mine"


@pytest.mark.parametrize("look", [home, output])
def test_a_full_disk_is_wrong(tmp_path: Path, look) -> None:
    finding = look(tmp_path, free=no_room)
    assert finding.state == "wrong"
    assert "1 MB free, and 32 MB have to stay free" in finding.text
    assert finding.advice.startswith("make room")


def test_a_disk_that_does_not_tell_its_room_is_no_problem(tmp_path: Path) -> None:
    assert output(tmp_path, free=lambda _: None) == Finding("output folder", "ok", str(tmp_path))


def test_a_temporary_home_is_wrong(tmp_path: Path) -> None:
    finding = home(spare_home(str(tmp_path)))
    assert finding.state == "wrong"
    assert "may be emptied" in finding.text


def test_a_machine_without_a_home_is_told_what_to_set() -> None:
    (finding,) = look_at_home(no_home)
    assert (finding.state, finding.text) == ("wrong", "there is no home folder, and no temporary one")
    assert "RUNWAY_NB_HOME" in finding.advice


def test_the_home_is_that_of_the_environment(tmp_path: Path) -> None:
    assert found_home({"RUNWAY_NB_HOME": str(tmp_path)}.get) == tmp_path


def test_the_probe_leaves_what_is_there(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("mine")
    write_probe(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine"]
