"""The report in a live notebook: there at once, completed in its place, and at its end a document without a widget."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from runway_nb.doctor.finding import Finding, ok, unknown
from runway_nb.errors import SettingsError
from runway_nb.notebook.cards import doctor_view
from runway_nb.notebook.cards.clip_file import NAME, ClipFile, clip_bytes
from runway_nb.notebook.cards.doctor_view import QUESTION, DoctorView
from runway_nb.notebook.page_answer import WAITING, Carried
from support.panels import wait_until

VIEW = "application/vnd.jupyter.widget-view+json"
ANSWER = {"kind": "page", "agent": "Chrome", "plays": {"video": "probably", "sound": "probably"},
          "clips": {"path": "loaded", "data": "loaded"}}  # fmt: skip


class Doctor:
    """A doctor who looks at one thing."""

    def __init__(self, error: BaseException | None = None) -> None:
        self.findings: tuple[Finding, ...] = (unknown("Python", "not known yet"),)
        self.error = error

    def examine(self, changed: Callable[[], None]) -> None:
        changed()
        if self.error is not None:
            raise self.error
        self.findings = (ok("Python", "3.11"),)
        changed()

    def shown(self, findings: tuple[Finding, ...]) -> tuple[Finding, ...]:
        return findings


class Page:
    """A page: what was displayed on it and brought up to date, and the probe that asks it."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.displayed: list[SimpleNamespace] = []
        self.updates: list[SimpleNamespace] = []
        self.probe: Any = None
        make = doctor_view.make_probe

        def made(titles: dict[str, str]) -> Any:
            self.probe = make(titles)
            return self.probe

        def into(listed: list[SimpleNamespace]) -> Any:
            return lambda data, *, raw, display_id: listed.append(SimpleNamespace(data=data, display_id=display_id))

        monkeypatch.setattr(doctor_view, "make_probe", made)
        monkeypatch.setattr(doctor_view, "display", into(self.displayed))
        monkeypatch.setattr(doctor_view, "update_display", into(self.updates))

    def answers(self, content: dict[str, Any]) -> None:
        self.probe.comm.handle_msg({"content": {"data": {"method": "custom", "content": content}}, "buffers": []})

    @property
    def end(self) -> dict[str, str]:
        """What stands there in the end."""
        wait_until(lambda: self.updates)
        (update,) = self.updates
        assert update.display_id == self.displayed[0].display_id
        assert set(update.data) == {"text/html", "text/plain"}
        return update.data


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> Page:
    return Page(monkeypatch)


def view(
    folder: Path, doctor: Doctor | None = None, *, as_data: bool = False, seconds: float = 30.0, output: str = "out"
) -> DoctorView:
    clip = lambda: ClipFile(folder / output, folder)  # noqa: E731
    return DoctorView(doctor or Doctor(), clip, Carried(by_path=True), as_data=as_data, seconds=(seconds, 0.0))  # type: ignore[arg-type]


def test_the_report_stands_there_at_once_with_what_is_known(page: Page, tmp_path: Path) -> None:
    view(tmp_path).show()
    (shown,) = page.displayed
    assert set(shown.data) == {VIEW, "text/html", "text/plain"}
    assert "not known yet" in shown.data["text/plain"]
    assert WAITING in shown.data["text/plain"]
    page.answers(ANSWER)
    assert page.end


def test_the_answer_of_the_page_completes_it_and_nothing_of_the_clip_is_left(page: Page, tmp_path: Path) -> None:
    view(tmp_path).show()
    assert (tmp_path / "out" / NAME).read_bytes() == clip_bytes()
    page.answers({"kind": "other"})
    page.answers(ANSWER)
    page.answers({**ANSWER, "clips": {}})
    end = page.end
    assert "has answered" in end["text/plain"]
    assert end["text/plain"].count("  loads") == 2
    assert WAITING not in end["text/plain"]
    assert "<video" not in end["text/html"]
    wait_until(lambda: page.probe.comm is None)
    assert list(tmp_path.iterdir()) == []


def test_a_page_that_says_nothing_leaves_the_clips_for_its_user(page: Page, tmp_path: Path) -> None:
    view(tmp_path, seconds=0.05).show()
    end = page.end
    assert "no answer within 0 s" in end["text/plain"]
    assert end["text/html"].count("<video") == 2
    assert QUESTION in end["text/html"]
    assert f'src="out/{NAME}"' in end["text/html"]
    assert (tmp_path / "out" / NAME).is_file()


def test_without_anywidget_the_report_is_complete_without_waiting(
    page: Page, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def missing(_: object) -> None:
        raise ModuleNotFoundError(name="anywidget")

    monkeypatch.setattr(doctor_view, "make_probe", missing)
    view(tmp_path, seconds=600).show()
    assert "not asked: anywidget is not installed" in page.end["text/plain"]
    assert "anywidget" in sys.modules


@pytest.mark.parametrize("error", [SettingsError("output is 7: give a path"), PermissionError(13, "Permission denied")])
def test_a_folder_that_cannot_be_written_is_one_line(page: Page, error: Exception) -> None:
    def none() -> ClipFile:
        raise error

    DoctorView(Doctor(), none, Carried(by_path=True), as_data=False).show()  # type: ignore[arg-type]
    page.answers({**ANSWER, "clips": {"data": "loaded"}})
    assert "not tried: no clip could be written to the output folder" in " ".join(page.end["text/plain"].split())


def test_a_folder_that_hangs_is_one_line(page: Page, monkeypatch: pytest.MonkeyPatch) -> None:
    release = threading.Event()

    def hang() -> ClipFile:
        release.wait(60)
        raise AssertionError("nobody waits any more")

    monkeypatch.setattr(doctor_view, "CLIP_SECONDS", 0.05)
    DoctorView(Doctor(), hang, Carried(by_path=True), as_data=False).show()  # type: ignore[arg-type]
    page.answers({**ANSWER, "clips": {"data": "loaded"}})
    text = " ".join(page.end["text/plain"].split())
    release.set()
    assert "no clip could be written to the output folder (TimeoutError)" in text


def test_a_page_is_waited_for_after_a_long_examination_too(page: Page, tmp_path: Path) -> None:
    clip = lambda: ClipFile(tmp_path / "out", tmp_path)  # noqa: E731
    DoctorView(Doctor(), clip, Carried(by_path=True), as_data=False, seconds=(0.0, 30.0)).show()  # type: ignore[arg-type]
    page.answers(ANSWER)
    assert "has answered" in page.end["text/plain"]


def test_an_interrupt_leaves_no_widget(page: Page, tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt):
        view(tmp_path, Doctor(KeyboardInterrupt())).show()
    assert page.end
    assert page.probe.comm is None


def test_it_can_be_shown_as_json(page: Page, tmp_path: Path) -> None:
    view(tmp_path, as_data=True).show()
    page.answers(ANSWER)
    assert page.end["text/plain"].startswith('{\n  "ok": true')


def test_the_wait_holds_up_no_end_of_the_process(page: Page, tmp_path: Path) -> None:
    before = set(threading.enumerate())
    view(tmp_path).show()
    assert [thread for thread in set(threading.enumerate()) - before if not thread.daemon] == []
    page.answers(ANSWER)
    assert page.end


# --- the clip -------------------------------------------------------------------------------------


def test_the_clip_is_small_and_an_mp4_of_one_second(tmp_path: Path) -> None:
    from runway_nb.pictures.video_frames import duration

    path = tmp_path / "clip.mp4"
    path.write_bytes(clip_bytes())
    assert duration(path) == pytest.approx(1.0)
    assert len(clip_bytes()) < 5000


def test_what_lies_in_the_output_folder_stays(tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.mp4").write_bytes(b"mine")
    clip = ClipFile(out, tmp_path)
    assert clip.write() == f"out/{NAME}"
    assert clip.is_inside
    clip.remove()
    clip.remove()
    assert [path.name for path in out.iterdir()] == ["mine.mp4"]


def test_a_folder_outside_of_the_notebook_s_is_known_as_such(tmp_path: Path) -> None:
    clip = ClipFile(tmp_path / "out", tmp_path / "notebooks")
    assert not clip.is_inside
    assert clip.write() == f"../out/{NAME}"
    clip.remove()
    assert list(tmp_path.iterdir()) == []
