"""The doctor's lines on the front end."""

from __future__ import annotations

from pathlib import Path

import pytest

from runway_nb import process_studio
from runway_nb.doctor.finding import Finding
from runway_nb.notebook.hosts import HOSTS, Place, Signs, place_of
from runway_nb.notebook.session_checks import (
    front_end_checks,
    look_at_embedding,
    look_at_front_end,
    session_of,
    without_page,
)
from support.fakes import TOKEN, Party

ZMQ = "ipykernel.zmqshell.ZMQInteractiveShell"
LAB = place_of(Signs(shell=ZMQ, has_kernel=True))
VS_CODE = place_of(Signs(shell=ZMQ, has_kernel=True, has_vscode_path=True))
LITE = place_of(Signs(platform="emscripten"))


def front_end(place: Place) -> Finding:
    (finding,) = look_at_front_end(place)
    return finding


def embedding(place: Place, embed: str) -> Finding:
    (finding,) = look_at_embedding(place, embed)
    return finding


@pytest.mark.parametrize("host", [host for host in HOSTS if not host.problem], ids=lambda host: host.name)
def test_a_front_end_is_named_with_its_mode_and_why_it_is_thought(host) -> None:
    assert front_end(Place(host, "its sign")) == Finding("front end", "ok", f"{host.name}, {host.mode}: its sign")


def test_a_front_end_from_which_nothing_can_be_sent_is_wrong() -> None:
    finding = front_end(LITE)
    assert finding.state == "wrong"
    assert finding.advice == "open the notebook with a kernel on a server"


@pytest.mark.parametrize(
    ("place", "embed", "state", "words"),
    [
        (LAB, "auto", "ok", "auto: by its path"),
        (VS_CODE, "auto", "ok", "auto: into the output, up to 8 MB, as VS Code needs it"),
        (LAB, "never", "ok", "never, as it is set"),
        (VS_CODE, "always", "ok", "always, as it is set"),
        (VS_CODE, "never", "wrong", "in VS Code no path leads to the file"),
    ],
)
def test_how_a_video_is_carried(place: Place, embed: str, state: str, words: str) -> None:
    finding = embedding(place, embed)
    assert finding.state == state
    assert words in finding.text
    assert bool(finding.advice) is (state == "wrong")


def test_a_session_without_a_page_has_one_line_for_it() -> None:
    assert list(without_page().look()) == [Finding("page", "unknown", "no page here")]
    assert [check.name for check in front_end_checks(LAB, "auto")] == ["front end", "embedding"]


def test_the_token_in_use_is_that_of_the_studio_of_this_process(party: Party, tmp_path: Path) -> None:
    assert session_of({}, tmp_path).token is None
    process_studio.keep_studio(party.studio, None)
    token = session_of({}, tmp_path).token
    process_studio.close_studio()
    assert token is not None
    assert token.reveal() == TOKEN
