"""Small pictures of jobs: of one machine beside its ledger, of several beside their videos."""

from __future__ import annotations

import os
import shutil
import stat
import time
from dataclasses import replace
from pathlib import Path

import pytest

from runway_nb.keyframes import Keyframes
from runway_nb.ledger.thumbnails import KEYFRAME, keep_keyframes, keep_thumbnail, kept_keyframes, kept_thumbnail
from runway_nb.ledger_address import LedgerAddress
from runway_nb.settings import Settings
from support.fakes import Party
from support.postgres import shared_server

JOB = "00000001"
SERVER = LedgerAddress("postgresql:///somewhere")


@pytest.fixture
def machines(tmp_path: Path) -> tuple[Settings, Settings]:
    """Those of two machines that share a ledger and the folder of the videos."""
    one, two = (
        Settings(None, "https://api.useapi.net/v1/runwayml", tmp_path / name, tmp_path / "films", ledger=SERVER)
        for name in ("one", "two")
    )
    return one, two


def test_what_one_machine_keeps_the_other_finds(machines: tuple[Settings, Settings], tmp_path: Path) -> None:
    one, two = machines
    keep_thumbnail(one.posters, JOB, b"poster")
    keep_keyframes(one.posters, JOB, KEYFRAME, {"first": b"first", "last": b"last"})
    assert kept_thumbnail(two.posters, JOB) == b"poster"
    assert kept_keyframes(two.posters, JOB, KEYFRAME) == {"first": b"first", "last": b"last"}
    assert not (tmp_path / "one").exists()
    assert {path.name[0] for path in (tmp_path / "films").iterdir()} == {"."}, "nothing to see among the videos"


@pytest.mark.skipif(os.name != "posix", reason="modes of files are those of POSIX")
def test_they_are_for_their_user_alone_and_each_user_has_a_folder(
    machines: tuple[Settings, Settings], monkeypatch: pytest.MonkeyPatch
) -> None:
    one, _ = machines
    keep_thumbnail(one.posters, JOB, b"poster")
    folder = one.posters[0]
    assert [stat.S_IMODE(path.stat().st_mode) for path in (folder, folder / f"{JOB}.jpg")] == [0o700, 0o600]
    monkeypatch.setattr(os, "getuid", lambda: 4711)
    assert one.posters[0] != folder


@pytest.mark.parametrize("block", [lambda path: path.write_bytes(b""), lambda path: path.symlink_to("/nowhere/at/all")])
def test_where_the_shared_folder_cannot_be_written_they_lie_in_the_home(
    machines: tuple[Settings, Settings], tmp_path: Path, block
) -> None:
    one, two = machines
    block(tmp_path / "films")
    keep_thumbnail(one.posters, JOB, b"poster")
    assert kept_thumbnail(one.posters, JOB) == b"poster"
    assert kept_thumbnail(two.posters, JOB) is None


def test_those_of_before_are_still_found(machines: tuple[Settings, Settings]) -> None:
    one, _ = machines
    keep_thumbnail(replace(one, ledger=None).posters, JOB, b"of before")
    assert kept_thumbnail(one.posters, JOB) == b"of before"


@pytest.mark.parametrize("changes", [{"ledger": None}, {"output": Path("runway_outputs")}], ids=["file", "beside"])
def test_a_machine_by_itself_keeps_them_in_its_home(machines: tuple[Settings, Settings], changes) -> None:
    alone = replace(machines[0], **changes)
    assert alone.posters == (alone.home / "posters",)


@pytest.mark.slow("a PostgreSQL server")
def test_the_history_of_another_machine_shows_the_poster_of_a_video_in_the_shared_folder(
    party: Party, tmp_path: Path
) -> None:
    address = LedgerAddress(shared_server().new_database(f"posters_{time.monotonic_ns()}"))
    party.settings = replace(party.settings, ledger=address, output=tmp_path / "films")
    party.restart()
    made = party.ended(party.submit("A lamp on one machine", keyframes=Keyframes(first="harbour")))
    assert made.state.poster
    shutil.rmtree(party.settings.home, ignore_errors=True)
    party.settings = replace(party.settings, home=tmp_path / "two")
    party.restart()
    found = party.studio.find(made.id)
    assert found.state.poster == made.state.poster
    assert found.video == made.video
    assert found.thumbnails.keys() == made.thumbnails.keys() == {"first"}
