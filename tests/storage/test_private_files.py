"""What is kept is its owner's alone: whatever the umask, and whatever stood there before."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from runway_nb import concat
from runway_nb.errors import SettingsError
from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.record import UnreadableRecord
from runway_nb.ledger.thumbnails import keep_thumbnail, kept_thumbnail
from runway_nb.request import VideoRequest
from runway_nb.settings import Secret, save_token, token_stores
from runway_nb.simulator.rendering.stub import CLIP
from runway_nb.storage import private_files
from runway_nb.storage.atomic_file import write_private
from runway_nb.storage.private_files import (
    close_to_others,
    copy_private,
    open_private,
    private_file,
    private_folder,
    read_private,
)
from support.fakes import FakeTime, Party

pytestmark = pytest.mark.skipif(os.name != "posix", reason="modes are those of POSIX")
TOKEN = "user:4711-abcDEF123"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def open_to_others(*roots: Path) -> dict[str, str]:
    """Every folder and file that somebody else could use, with its mode."""
    every = [path for root in roots for path in (root, *root.rglob("*"))]
    return {str(path): oct(mode(path)) for path in every if mode(path) & 0o077}


# --- a whole session, at the umask of a process of its own --------------------------------------------

SESSION = """
import contextlib, os, sys
from pathlib import Path
os.umask(int(sys.argv[1], 8))
root = Path(sys.argv[2])
sys.path.insert(0, sys.argv[3])
from PIL import Image
from support.fakes import FakeTime, Party
from runway_nb.pictures.thumbnails import Thumbnails
from runway_nb.keyframes import Keyframes
from runway_nb.settings import Secret, save_token
from runway_nb.errors import LedgerError
from runway_nb.simulator.rendering.renderer import Shot, render

time = FakeTime()
with Party(root, time) as party:
    studio, settings = party.studio, party.settings
    job = party.submit(keyframes=Keyframes(Image.new("RGB", (1280, 768), "teal")))
    party.ended(job)
    assert job.video, job.error
    assets = studio.account.assets()
    connection = studio.run(studio.account.backend.connected(), 30)
    shown = []
    thumbnails = Thumbnails(settings.thumbnails)
    studio.run(thumbnails.load(assets[:3], connection.media, lambda asset, still: shown.append(still)), 30)

    drafts = []
    def look(*_):
        drafts.extend(path.stat().st_mode for path in (root / "later").iterdir())
    task = studio.run(connection.client.task(job.task.id), 30)
    studio.run(connection.media.download(task.video.url, root / "later" / "clip.mp4", look), 30)
    assert drafts and not any(found & 0o077 for found in drafts), drafts

    save_token("user:4711-abcDEF123", settings.home)
    assert (settings.home / "ledger.sqlite3-wal").exists()
    open_now = [str(path) for place in (settings.home, root / "simulator") for path in place.rglob("*")
                if path.lstat().st_mode & 0o077]
    assert not open_now, open_now
# a clip as the simulator renders it in a process of its own
render(Shot("A lamp", 1, 1, 64, 48), root / "simulator" / "videos" / "real.mp4")
# a ledger that is damaged is copied aside
(settings.home / "ledger.sqlite3").write_bytes(b"no database" * 1000)
with Party(root, time) as party:
    with contextlib.suppress(LedgerError):
        party.submit()
    party.ended(party.submit())
assert list(settings.home.glob("ledger-damaged-*")), sorted(settings.home.iterdir())
"""
KINDS = ("ledger.sqlite3", "ledger-damaged-", "accounts/", "posters/", "pictures/", "thumbnails/", "token",
         "simulator.sqlite3", "videos/", "assets/", "previews/", "runway_outputs/", "later/")  # fmt: skip


@pytest.mark.slow("starts a process")
@pytest.mark.parametrize("umask", ["000", "022", "002"])
def test_a_session_leaves_nothing_to_others(tmp_path: Path, umask) -> None:
    root = tmp_path / "root"
    words = [sys.executable, "-c", SESSION, umask, str(root), str(Path(__file__).parents[1])]
    env = {name: value for name, value in os.environ.items() if not name.startswith("USEAPI_")}
    done = subprocess.run(words, capture_output=True, text=True, timeout=120, env=env)
    assert done.returncode == 0, done.stdout + done.stderr
    found = [path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file()]
    assert [kind for kind in KINDS if not any(kind in name for name in found)] == [], found
    assert open_to_others(root) == {}


# --- what stood there before --------------------------------------------------------------------------


def opened_up(*folders: Path) -> None:
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o777)


def test_a_home_that_was_open_to_others_is_closed(tmp_path: Path) -> None:
    home, state = tmp_path / "home", tmp_path / "simulator"
    names = ("accounts", "posters", "pictures", "thumbnails")
    opened_up(home, *(home / name for name in names))
    opened_up(state, *(state / name for name in ("videos", "assets", "previews")))
    with Party(tmp_path, FakeTime()) as party:  # SQLite files with all their sides, made by an older revision
        party.ended(party.submit())
        for path in (*home.glob("ledger*"), *state.glob("simulator.sqlite3*")):
            path.chmod(0o666)
        with Party(tmp_path, FakeTime()) as second:
            second.ended(second.submit())
            sides = [*home.glob("ledger.sqlite3*"), *state.glob("simulator.sqlite3*")]
            assert len(sides) == 6
            assert open_to_others(*sides) == {}
    assert {name: mode(home / name) for name in ("accounts", "posters")} == {"accounts": 0o700, "posters": 0o700}
    assert [mode(place) for place in (home, state, state / "videos")] == [0o700] * 3


def test_an_output_folder_of_the_users_own_stays_as_it_is_and_the_videos_in_it_are_private(tmp_path: Path) -> None:
    output = tmp_path / "runway_outputs"
    output.mkdir()
    output.chmod(0o775)
    with Party(tmp_path, FakeTime()) as party:
        video = party.ended(party.submit()).video
    assert mode(output) == 0o775
    assert video is not None
    assert video.parent == output
    assert mode(video) == 0o600


def test_a_film_that_was_asked_for_by_name_is_an_ordinary_file(tmp_path: Path) -> None:
    (tmp_path / "clip.mp4").write_bytes(CLIP)
    (tmp_path / "plain").touch()
    assert mode(concat([tmp_path / "clip.mp4"], tmp_path / "film.mp4")) == mode(tmp_path / "plain")


# --- the functions ------------------------------------------------------------------------------------


def test_a_folder_that_is_made_is_private_with_all_that_was_missing_above_it(tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    private_folder(tmp_path / "a" / "b" / "c")
    assert [mode(tmp_path / name) for name in ("a", "a/b", "a/b/c")] == [0o700] * 3
    assert mode(tmp_path) == 0o755


def test_a_folder_that_is_made_for_many_is_left_alone(tmp_path: Path) -> None:
    tmp_path.chmod(0o1777)
    private_folder(tmp_path)
    assert mode(tmp_path) == 0o1777


def test_a_folder_under_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OSError, match="Not a directory"):
        private_folder(tmp_path / "file" / "folder")
    with pytest.raises(OSError, match="File exists"):
        private_folder(tmp_path / "file")


def test_threads_that_make_the_same_folder_agree(tmp_path: Path) -> None:
    start, failed = threading.Barrier(8), []

    def make():
        start.wait()
        try:
            private_folder(tmp_path / "a" / "b")
        except OSError as error:
            failed.append(error)

    threads = [threading.Thread(target=make) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_file_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    path.write_bytes(b"old")
    path.chmod(0o666)
    write_private(path, b"new", durable=True)
    assert (path.read_bytes(), mode(path)) == (b"new", 0o600)

    def full(self, target):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(OSError, match="No space left"):
        write_private(path, b"newer")
    assert path.read_bytes() == b"new"
    assert list(tmp_path.iterdir()) == [path]


def test_a_link_in_the_place_of_a_file_is_replaced_and_what_it_leads_to_is_not_touched(tmp_path: Path) -> None:
    (tmp_path / "other").write_bytes(b"other")
    (tmp_path / "file").symlink_to(tmp_path / "other")
    write_private(tmp_path / "file", b"mine")
    assert (tmp_path / "other").read_bytes() == b"other"
    assert not (tmp_path / "file").is_symlink()


def test_a_file_is_not_opened_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "draft").symlink_to(tmp_path / "other")
    with pytest.raises(OSError, match="symbolic link"):
        open_private(tmp_path / "draft")
    assert not (tmp_path / "other").exists()


def test_a_mount_that_knows_no_fsync_keeps_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def unknown(_):
        raise OSError(22, "Invalid argument")

    monkeypatch.setattr(private_files.os, "fsync", unknown)
    write_private(tmp_path / "file", b"data", durable=True)
    assert (tmp_path / "file").read_bytes() == b"data"

    def broken(_):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(private_files.os, "fsync", broken)
    with pytest.raises(OSError, match="Input/output"):
        write_private(tmp_path / "file", b"more", durable=True)
    assert (tmp_path / "file").read_bytes() == b"data"


def test_a_copy_is_private_and_as_old_as_what_was_copied(tmp_path: Path) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(b"data")
    old.chmod(0o644)
    os.utime(old, (1_000_000, 1_000_000))
    copy_private(old, new)
    assert (new.read_bytes(), mode(new), new.stat().st_mtime) == (b"data", 0o600, 1_000_000)


def test_what_is_not_there_needs_no_closing(tmp_path: Path) -> None:
    close_to_others(tmp_path / "nothing")
    assert mode(private_file(tmp_path / "file")) == 0o600


# --- the private token --------------------------------------------------------------------------------


def test_a_token_file_is_private_and_takes_the_place_of_no_link(tmp_path: Path) -> None:
    opened_up(tmp_path)
    (tmp_path / "token").symlink_to(tmp_path / "shared")
    with pytest.raises(SettingsError, match="link"):
        save_token(TOKEN, tmp_path)
    assert not (tmp_path / "shared").exists()
    (tmp_path / "token").unlink()
    save_token(TOKEN, tmp_path)
    assert (mode(tmp_path), mode(tmp_path / "token")) == (0o700, 0o600)
    assert token_stores(tmp_path)[-1]() == Secret(TOKEN)


def test_a_token_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    private_file(tmp_path / "elsewhere").write_text(TOKEN)
    (tmp_path / "token").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SettingsError, match="token is a link: "):
        token_stores(tmp_path)[-1]()


def _link(path: Path, elsewhere: Path) -> None:
    path.symlink_to(elsewhere)


ODD_FILES = {
    "a link": _link,
    "a link to what has no end": lambda path, _: path.symlink_to("/dev/zero"),
    "a link to itself": lambda path, _: path.symlink_to(path),
    "a pipe": lambda path, _: os.mkfifo(path),
    "a folder": lambda path, _: path.mkdir(),
    "too much": lambda path, _: path.write_bytes(b"x" * 101),
}


@pytest.mark.parametrize("kind", ODD_FILES)
def test_what_is_no_small_file_of_ours_is_never_read(tmp_path: Path, kind) -> None:
    (tmp_path / "elsewhere").write_bytes(b"of others")
    ODD_FILES[kind](tmp_path / "odd", tmp_path / "elsewhere")
    with pytest.raises(OSError, match="Errno"):
        read_private(tmp_path / "odd", 100)


def test_a_small_file_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 100)
    assert read_private(tmp_path / "a", 100) == b"x" * 100


@pytest.mark.parametrize("kind", [kind for kind in ODD_FILES if kind != "too much"])
def test_an_odd_file_in_the_place_of_an_address_or_a_still_costs_one_row_and_no_picture(
    party: Party, kind, tmp_path: Path
) -> None:
    job = party.ended(party.submit())
    keep_thumbnail(party.settings.posters, job.id, b"still")
    assert kept_thumbnail(party.settings.posters, job.id) == b"still"
    party.studio.close()
    (tmp_path / "elsewhere").write_bytes(b"of others")
    folders = party.settings.home / "accounts", *party.settings.posters
    for path in [file for folder in folders for file in folder.iterdir()]:
        path.unlink()
        ODD_FILES[kind](path, tmp_path / "elsewhere")
    assert kept_thumbnail(party.settings.posters, job.id) is None
    ledger = Ledger(party.settings.home)
    (row,) = ledger.recent()
    assert isinstance(row, UnreadableRecord)
    assert "of others" not in "".join(ledger.tasks.ids().certain)
    assert [spent.jobs for spent in ledger.spending.by_day()] == [1]
    studio = party.make_studio()
    assert party.ended(studio.submit(VideoRequest("Another"))).video is not None
    studio.close()
