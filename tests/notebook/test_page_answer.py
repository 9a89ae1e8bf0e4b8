"""What a page's answer means: for each line one answer with which all is well, and one with which it is not."""

from __future__ import annotations

from typing import Any

import pytest

from runway_nb.doctor.finding import Finding
from runway_nb.notebook.hosts import Signs, place_of
from runway_nb.notebook.page_answer import (
    BROWSER,
    BY_PATH,
    EMBEDDED,
    SCRIPT,
    Carried,
    PageAnswer,
    carried_in,
    page_findings,
    read_answer,
    silent_findings,
    waiting_findings,
)
from support.fakes import EMAIL

ZMQ = "ipykernel.zmqshell.ZMQInteractiveShell"
LAB = place_of(Signs(shell=ZMQ, has_kernel=True))
VS_CODE = place_of(Signs(shell=ZMQ, has_kernel=True, has_vscode_path=True))
MESSAGE: dict[str, Any] = {"kind": "page", "agent": "Chrome/156", "plays": {"video": "probably", "sound": "maybe"},
                           "clips": {"path": "loaded", "data": "loaded"}}  # fmt: skip


BY_THEIR_PATH = Carried(by_path=True)


def found(carried: Carried = BY_THEIR_PATH, **changes: Any) -> dict[str, Finding]:
    answer = read_answer({**MESSAGE, **changes})
    assert answer is not None
    return {finding.name: finding for finding in page_findings(answer, carried)}


def test_a_page_on_which_all_is_well() -> None:
    lines = found()
    assert {line.state for line in lines.values()} == {"ok"}
    assert list(lines) == [SCRIPT, BROWSER, BY_PATH, EMBEDDED] == [line.name for line in waiting_findings()]
    assert lines[BROWSER].text == "H.264 in MP4: probably, with AAC sound: maybe (Chrome/156)"


@pytest.mark.parametrize(
    ("plays", "words"), [({"video": "", "sound": ""}, "no H.264"), ({"video": "maybe", "sound": ""}, "no AAC sound")]
)
def test_a_browser_that_plays_no_mp4_is_wrong(plays: dict[str, str], words: str) -> None:
    line = found(plays=plays)[BROWSER]
    assert line.state == "wrong"
    assert words in line.text
    assert line.advice


@pytest.mark.parametrize("state", ["error", "loading"])
def test_a_clip_that_does_not_load_by_its_path_is_wrong_where_results_are_shown_so(state: str) -> None:
    clips = {"path": state, "data": "loaded"}
    line = found(clips=clips)[BY_PATH]
    assert line.state == "wrong"
    assert "RunwayMagics.embed = 'always'" in line.advice
    assert found(Carried(by_path=False), clips=clips)[BY_PATH].state == "ok"


def test_an_embedded_clip_that_does_not_load_is_wrong() -> None:
    line = found(clips={"path": "loaded", "data": "error"})[EMBEDDED]
    assert (line.state, "'never'" in line.advice) == ("wrong", True)
    assert "browser" in found(clips={"path": "error", "data": "error"})[EMBEDDED].advice


def test_clips_that_the_script_does_not_see_are_unknown() -> None:
    for clips in ({}, {"path": "missing", "data": "missing"}, None, "rubbish", {"path": 7, "data": "odd"}):
        lines = found(clips=clips)
        assert lines[BY_PATH].state == lines[EMBEDDED].state == "unknown"


def test_a_clip_that_could_not_be_written_is_told_with_the_reason() -> None:
    line = found(Carried(by_path=True, problem="no room"), clips={"data": "loaded"})[BY_PATH]
    assert line == Finding(BY_PATH, "unknown", "not tried: no room")


def test_a_silent_page_is_wrong_and_its_user_may_look() -> None:
    script, *others = silent_findings(12.0)
    assert (script.state, script.text) == ("wrong", "no answer within 12 s")
    assert script.advice
    assert {line.state for line in others} == {"unknown"}
    assert all("plays" in line.text for line in others)


def test_without_anywidget_the_page_cannot_be_asked() -> None:
    script = silent_findings(12.0, "anywidget is not installed")[0]
    assert script == Finding(SCRIPT, "wrong", "not asked: anywidget is not installed", "pip install anywidget")


@pytest.mark.parametrize("content", [None, "page", {}, {"kind": "other"}, {"kind": ["page"]}, 7])
def test_other_messages_are_no_answer(content: object) -> None:
    assert read_answer(content) is None


def test_whatever_a_page_says_is_short_and_without_an_address() -> None:
    answer = read_answer({**MESSAGE, "agent": f"{EMAIL} " * 90, "plays": {"video": "x" * 900, "sound": None}})
    assert answer is not None
    assert EMAIL not in repr(answer)
    assert len(repr(answer)) < 400
    assert read_answer({"kind": "page"}) == PageAnswer("", "", "", {})


@pytest.mark.parametrize(
    ("place", "embed", "by_path"),
    [(LAB, "auto", True), (LAB, "always", False), (LAB, "never", True), (VS_CODE, "auto", False),
     (VS_CODE, "never", True)],
)  # fmt: skip
def test_results_come_by_their_path_as_front_end_and_setting_say(place, embed: str, by_path: bool) -> None:
    assert carried_in(place, embed) == Carried(by_path)
