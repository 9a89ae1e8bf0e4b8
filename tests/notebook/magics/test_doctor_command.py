"""`%runway doctor`: text where there is no page, and in a live notebook a report that the page completes."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from runway_nb.notebook.magics.commands import completions
from support.fakes import TOKEN
from support.kernels import RESULT, Cell, Kernel, shared_simulator
from support.sessions import Session

ANSWER = {"kind": "page", "agent": "Chrome/156", "plays": {"video": "probably", "sound": "probably"},
          "clips": {"path": "loaded", "data": "error"}}  # fmt: skip


def test_in_a_terminal_it_is_text_without_the_page(session: Session) -> None:
    text = session.line("doctor")
    lines = text.splitlines()
    assert lines[0].startswith("ok       Python")
    assert any(line.split()[:2] == ["unknown", "page"] and line.endswith("no page here") for line in lines)
    assert any(line.startswith("ok       front end") and "IPython, terminal" in line for line in lines)
    assert "thing" in lines[-1] or lines[-1] == "Nothing is wrong."
    assert TOKEN not in text


def test_in_a_terminal_it_can_be_json(session: Session) -> None:
    found = json.loads(session.line("doctor --json"))
    assert set(found) == {"ok", "findings"}
    assert {frozenset(line) for line in found["findings"]} == {frozenset(("name", "state", "text", "advice"))}


def test_settings_of_this_moment_are_looked_at(session: Session) -> None:
    session.shell.run_line_magic("config", "RunwayMagics.embed = 'never'")
    session.shell.run_line_magic("config", f"RunwayMagics.output = '{__file__}/deep'")
    text = session.line("doctor")
    assert "never, as it is set" in text
    (line,) = [line for line in text.splitlines() if " output folder " in line]
    assert line.startswith("wrong")


def test_a_setting_that_cannot_be_used_is_one_line(session: Session, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("USEAPI_BASE_URL", "http://example.org")
    monkeypatch.setenv("RUNWAY_NB_OUTPUT", "~nobody-of-that-name/videos")
    monkeypatch.setenv("RUNWAY_NB_SLOTS", "many")
    monkeypatch.setenv("USEAPI_TOKEN", TOKEN)
    found = {line["name"]: line for line in json.loads(session.line("doctor --json"))["findings"]}
    assert [found[name]["state"] for name in ("API", "output folder", "Python")] == ["wrong", "wrong", "ok"]
    assert found["API"]["advice"].startswith("give an https:// address")
    assert found["output folder"]["text"].startswith("output is ")


def test_its_option_completes() -> None:
    assert completions("%runway doctor --", "--") == ["--json"]


# --- in a kernel ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def kernel(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    place = tmp_path_factory.mktemp("doctor")
    kernel = Kernel(place / "home", place / "notebooks", **shared_simulator().env)
    assert kernel.run("%load_ext runway_nb").error is None
    yield kernel
    kernel.shutdown()


def answer(kernel: Kernel, cell: Cell, content: dict[str, Any]) -> None:
    """Say something as the page's script would."""
    opened = [message["content"] for message in cell.of_type("comm_open")]
    probe = next(each for each in opened if "titles" in each["data"].get("state", {}))
    data = {"method": "custom", "content": content}
    message = kernel.client.session.msg("comm_msg", {"comm_id": probe["comm_id"], "data": data})
    kernel.client.shell_channel.send(message)


@pytest.mark.kernel
def test_in_a_live_notebook_the_page_completes_it(kernel: Kernel) -> None:
    cell = kernel.run("%runway doctor")
    assert cell.error is None
    (shown,) = cell.of_type("display_data")
    assert set(shown["content"]["data"]) == {*RESULT, "application/vnd.jupyter.widget-view+json"}
    answer(kernel, cell, ANSWER)
    data = kernel.ending(cell)["content"]["data"]
    assert set(data) == RESULT
    text = data["text/plain"]
    for words in ("has answered", "answers and takes the token", "from the variable USEAPI_TOKEN", "Chrome/156"):
        assert words in text
    assert "wrong    video embedded" in text
    assert TOKEN not in json.dumps([message["content"] for message in cell.messages], default=str)
    assert not list(kernel.folder.rglob("*.mp4"))


@pytest.mark.kernel
def test_where_nobody_watches_it_is_text(kernel: Kernel) -> None:
    cell = kernel.run("%runway doctor", watched=False)
    assert cell.error is None
    assert cell.of_type("display_data") == []
    assert "no page here" in cell.text()
    assert "batch run, batch" in cell.text()
