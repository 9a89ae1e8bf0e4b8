"""Where files lie on machines that lack a home, a working directory, a folder for the package, or file handles."""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import subprocess
import sys
import tempfile
import threading
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

import runway_nb
from runway_nb import Keyframes, VideoRequest, errors
from runway_nb.jobs.loop import BackgroundLoop
from runway_nb.notebook.extension import report_unfinished
from runway_nb.settings import resolve
from runway_nb.storage.given_paths import read_path
from runway_nb.storage.home import default_home, spare_home
from runway_nb.storage.paths import expanded, home_folder, working_folder
from support.fakes import TOKEN, Party

ROOT = Path(__file__).parents[2]

_numbers = itertools.count()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A user without HOME and without an entry in the list of users; gives the folder of temporary files."""

    def unknown(number: int) -> Any:
        raise KeyError(number)

    monkeypatch.setattr(pwd, "getpwuid", unknown)
    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    # of a folder that has been reported nothing is said again, and pytest gives the same one to several tests
    folder = tmp_path / f"of test {next(_numbers)}"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.fixture
def adrift(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A working directory that was deleted."""
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    shutil.rmtree(gone)
    return gone


# --- no home ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("home", [None, "", "~", "somewhere/else"])
def test_without_a_home_there_is_a_private_folder_and_one_line_about_it(
    nobody: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, home: str | None
) -> None:
    if home is not None:
        monkeypatch.setenv("HOME", home)
    monkeypatch.chdir(nobody)
    found = default_home({})
    assert (found, found.stat().st_mode & 0o777) == (nobody / f"runway_nb-{os.getuid()}", 0o700)
    assert default_home({}) == found
    assert [record.getMessage().count(str(found)) for record in caplog.records] == [1]
    assert [path.name for path in nobody.iterdir()] == [found.name]


@pytest.mark.parametrize("kind", ["open", "link", "file"])
def test_a_folder_that_others_may_have_made_is_refused(nobody: Path, kind: str) -> None:
    place = nobody / f"runway_nb-{os.getuid()}"
    if kind == "open":
        place.mkdir(mode=0o755)
    elif kind == "link":
        (nobody / "target").mkdir(mode=0o700)
        place.symlink_to(nobody / "target")
    else:
        place.touch(mode=0o600)
    with pytest.raises(errors.SettingsError, match="RUNWAY_NB_HOME"):
        spare_home()


def test_without_temporary_files_the_setting_is_named(nobody: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def none() -> str:
        raise FileNotFoundError(2, "no usable temporary directory")

    monkeypatch.setattr(tempfile, "gettempdir", none)
    with pytest.raises(errors.SettingsError, match="RUNWAY_NB_HOME"):
        default_home({})


def test_what_was_paid_is_not_kept_among_temporary_files(nobody: Path) -> None:
    assert resolve(environ={}, stores=()).simulated
    with pytest.raises(errors.SettingsError, match="RUNWAY_NB_HOME"):
        resolve({"token": TOKEN}, environ={}, stores=())
    assert resolve({"token": TOKEN, "home": nobody / "mine"}, environ={}, stores=()).home == nobody / "mine"


@pytest.mark.parametrize("home", ["", "relative"])
def test_an_unsound_home_gives_way_to_the_list_of_users(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, home: str
) -> None:
    monkeypatch.setenv("HOME", home)
    monkeypatch.delenv("XDG_DATA_HOME", raising=False)
    monkeypatch.setattr(pwd, "getpwuid", lambda _: type("Entry", (), {"pw_dir": str(tmp_path)}))
    assert home_folder() == tmp_path
    assert default_home({}) == tmp_path / ".local" / "share" / "runway_nb"
    assert expanded("~/x") == tmp_path / "x"


def test_a_home_that_is_there_is_never_passed_over(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    monkeypatch.setattr(os, "access", lambda *_: False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert default_home({}).name != "runway_nb"
    (tmp_path / "runway_nb").mkdir()
    assert default_home({}) == tmp_path / "runway_nb"


@pytest.mark.parametrize("value", ["~/x", "~nosuchuser", "~nosuchuser/x", "a\0b", "a\ud800", "x" * 5000])
@pytest.mark.parametrize("name", ["RUNWAY_NB_HOME", "RUNWAY_NB_OUTPUT"])
def test_a_setting_that_is_no_path_is_named(nobody: Path, name: str, value: str) -> None:
    with pytest.raises(errors.SettingsError, match=r"RUNWAY_NB_HOME is|output is") as caught:
        resolve(environ={"RUNWAY_NB_HOME": str(nobody), name: value}, stores=())
    assert len(caught.value.message) < 250


@pytest.mark.parametrize("value", ["", " ", None, 5, b"x", ["x"]])
def test_a_path_that_is_none_is_refused(value: object) -> None:
    with pytest.raises(errors.InvalidRequest, match="out is"):
        read_path(value, "out")


def test_a_name_of_any_bytes_is_a_path() -> None:
    assert os.fsencode(read_path("a\udcff", "out")) == b"a\xff"


def test_a_home_that_is_none_keeps_nobody_from_loading(
    nobody: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("RUNWAY_NB_HOME", "~/x")
    report_unfinished()
    assert capsys.readouterr().out == ""


# --- no working directory ---------------------------------------------------------------------------


def test_a_relative_output_has_no_place_without_a_working_directory(party: Party, adrift: Path) -> None:
    party.studio.folder = working_folder()
    with pytest.raises(errors.SettingsError, match="RUNWAY_NB_OUTPUT"):
        party.submit()
    with pytest.raises(errors.SettingsError, match="RUNWAY_NB_HOME"):
        resolve(environ={"RUNWAY_NB_HOME": "relative"}, stores=())
    assert party.started == 0
    assert not adrift.exists()


def test_a_whole_path_needs_no_working_directory(party: Party, adrift: Path, tmp_path: Path) -> None:
    party.settings = replace(party.settings, output=tmp_path / "videos")
    studio = party.make_studio()
    studio.folder = working_folder()
    job = party.ended(studio.submit(VideoRequest("A lamp")))
    assert job.video is not None
    assert job.video.parent == tmp_path / "videos"
    assert "video" in job._repr_mimebundle_()["text/html"]
    assert runway_nb.concat([job, job], tmp_path / "both.mp4").is_file()
    with pytest.raises(runway_nb.RunwayError):
        runway_nb.concat([job, job], "both.mp4")
    studio.close()


def test_another_working_directory_mends_it(party: Party, adrift: Path, tmp_path: Path) -> None:
    party.studio.folder = working_folder()
    os.chdir(tmp_path)
    assert party.ended(party.submit()).video is not None


# --- names of pictures ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("~nosuchuser/x.png", "no home folder ~nosuchuser"),
        ("a\0b.png", "NUL"),
        ("x" * 300 + ".png", "file name too long"),
        ("folder", "it is a folder"),
        ("loop.png", "too many levels of symbolic links"),
        ("pipe.png", "it is no file"),
    ],
)
def test_a_picture_that_is_no_file_is_told_with_the_other_mistakes(party: Party, name: str, reason: str) -> None:
    (party.folder / "folder").mkdir()
    (party.folder / "loop.png").symlink_to("loop.png")
    os.mkfifo(party.folder / "pipe.png")
    job = party.ended(party.submit(keyframes=Keyframes(name, None, "nothing-of-that-name")))
    assert isinstance(job.error, errors.InvalidRequest)
    first, last = job.error.problems
    assert first.startswith("first: ")
    assert reason in first
    assert last.startswith("last: ")
    assert party.started == 0


# --- the package ------------------------------------------------------------------------------------

IN_A_ZIP = """
import sys
sys.path.insert(0, sys.argv[1])
import runway_nb.simulator.service.timeline as life
life.EMBEDDED_SPEED = 1000.0
import runway_nb
job = runway_nb.generate("A lamp").wait(60)
assert runway_nb.__file__.startswith(sys.argv[1]) and job.frame(1).size == (1280, 768)
from IPython.core.interactiveshell import InteractiveShell
shell = InteractiveShell.instance()
shell.run_line_magic("load_ext", "runway_nb")
shell.run_line_magic("runway", "list")
from runway_nb.notebook.cards.card import Card
panel = runway_nb.Panel(job)
assert Card(job).root and panel.preview.has_script and "rnb-card" in str(panel.children[0].value)
"""


@pytest.mark.slow("starts a process")
def test_the_package_works_in_a_zip_file(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "package.zip", "w") as file:
        for path in sorted((ROOT / "runway_nb").rglob("*")):
            if path.is_file() and path.suffix != ".pyc":
                file.write(path, path.relative_to(ROOT))
    run = _child(tmp_path, IN_A_ZIP, str(tmp_path / "package.zip"))
    assert run.returncode == 0, run.stderr
    assert "A lamp" in run.stdout


# --- few handles ------------------------------------------------------------------------------------

FEW = """
import os, resource, sys
import runway_nb, runway_nb.studio, runway_nb.ledger.ledger, platformdirs
from runway_nb import default_studio
free = int(sys.argv[1])
resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) - 1 + free, 4096))
calls = [
    lambda: runway_nb.generate("A lamp").wait(60), lambda: default_studio().account.credits(20),
    lambda: default_studio().account.assets(timeout=20), lambda: default_studio().account.upload(b"x", timeout=20),
    lambda: default_studio().find(), lambda: default_studio().resume(), lambda: default_studio().ledger.recent(),
    lambda: runway_nb.concat(["a.mp4"], "b.mp4"), lambda: runway_nb.default_studio(fresh=True),
]
for call in calls:
    try:
        call()
    except runway_nb.RunwayError as error:
        print("ours", error)
    except BaseException as error:
        print("raw", type(error), error)
resource.setrlimit(resource.RLIMIT_NOFILE, (4096, 4096))
"""


@pytest.mark.slow("starts a process")
@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="counts file handles as Linux does")
@pytest.mark.parametrize("free", [0, 3, 5, 9])
def test_few_file_handles_end_in_a_line(tmp_path: Path, free: int) -> None:
    run = _child(tmp_path, FEW, str(free))
    assert run.returncode == 0, run.stderr
    assert "ours" in run.stdout
    assert "raw" not in run.stdout


def test_a_job_whose_thread_cannot_start_is_taken_up_by_the_next_call(
    party: Party, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(_: object) -> None:
        raise RuntimeError("can't start new thread")

    request = VideoRequest("A lamp")
    with monkeypatch.context() as patch:
        patch.setattr(threading.Thread, "start", none)
        with pytest.raises(runway_nb.RunwayError, match="can't start new thread"):
            party.studio.submit(request)
    job = party.ended(party.studio.submit(request))
    assert job.video is not None
    assert party.started == len(party.studio.ledger.recent()) == 1


def test_a_job_whose_work_cannot_begin_ends(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(24, "Too many open files")

    with monkeypatch.context() as patch:
        patch.setattr("runway_nb.jobs.context.JobContext.__init__", full)
        job = party.ended(party.submit("A lamp", fresh=False))
    assert "Too many open files" in str(job.error)
    assert party.ended(party.submit("A lamp", fresh=False)).video is not None
    assert party.started == 1


def test_a_foreign_error_of_the_loop_is_one_line() -> None:
    async def fail() -> None:
        raise PermissionError(13, "Permission denied", "/x")

    loop = BackgroundLoop()
    with pytest.raises(runway_nb.RunwayError, match="PermissionError: Permission denied") as caught:
        loop.run(fail(), 5)
    assert caught.value.__suppress_context__
    loop.stop()


def _child(folder: Path, code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    environ = {**os.environ, "RUNWAY_NB_HOME": str(folder / "home"), "IPYTHONDIR": str(folder / "ipython")}
    return subprocess.run(
        [sys.executable, "-c", code, *arguments], env=environ, cwd=folder, capture_output=True, text=True, timeout=120
    )


def test_a_home_that_cannot_be_used_shows_nothing_else_of_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RUNWAY_NB_HOME", "~nosuch/home")
    with pytest.raises(errors.SettingsError) as caught:
        default_home()
    at = caught.value.__traceback__
    while at is not None:
        assert not [name for name, value in at.tb_frame.f_locals.items() if value is os.environ]
        at = at.tb_next
