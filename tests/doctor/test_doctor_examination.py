"""Checks that fail or hang: each is one line, and the others stand."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest

from runway_nb.doctor.examination import PENDING, Examination, within
from runway_nb.doctor.finding import Check, Finding, Once, ok, wrong
from runway_nb.doctor.report import as_json, as_text, has_wrong, summary
from runway_nb.errors import SettingsError


@pytest.fixture
def release() -> Iterator[threading.Event]:
    """Lets checks go on that hang."""
    event = threading.Event()
    yield event
    event.set()


def fine(name: str) -> Check:
    return Check(name, lambda: [ok(name, "fine")])


def raising(error: BaseException) -> Callable[[], NoReturn]:
    def look() -> NoReturn:
        raise error

    return look


def test_findings_come_in_the_order_of_the_checks(release: threading.Event) -> None:
    def last() -> list[Finding]:
        release.set()
        return [ok("b", "1"), ok("c", "2")]

    def first() -> list[Finding]:
        release.wait(10)
        return [ok("a", "0")]

    found = Examination([Check("a", first), Check("b", last)]).run()
    assert [finding.name for finding in found] == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("error", "state", "words"),
    [
        (ValueError("odd\nvalue"), "unknown", "it could not be looked at (ValueError: odd value)"),
        (SystemExit(3), "unknown", "SystemExit"),
        (MemoryError(), "unknown", "it could not be looked at (MemoryError)"),
        (SettingsError("slots is 'many': give a whole number"), "wrong", "slots is 'many'"),
        (ModuleNotFoundError(name="httpx"), "wrong", "httpx is not installed"),
    ],
)
def test_a_check_that_raises_is_one_line(error: BaseException, state: str, words: str) -> None:
    found = Examination([fine("a"), Check("b", raising(error)), fine("c")]).run()
    assert [finding.state for finding in found] == ["ok", state, "ok"]
    assert words in found[1].text


def test_a_check_that_hangs_is_one_line_and_ends_the_wait(release: threading.Event) -> None:
    def hang() -> list[Finding]:
        release.wait(60)
        return []

    examination = Examination([fine("a"), Check("b", hang), fine("c")], seconds=0.3)
    found = examination.run()
    assert [finding.state for finding in found] == ["ok", "unknown", "ok"]
    assert found[1] == Finding("b", "unknown", "no answer within 0 s")
    assert examination.is_hanging


def test_what_hangs_is_given_up(release: threading.Event) -> None:
    with pytest.raises(TimeoutError, match="no answer within 0 s"):
        within(0.05, lambda: release.wait(60))
    with pytest.raises(ZeroDivisionError):
        within(10, lambda: 1 // 0)
    assert within(10, lambda: 7) == 7


def test_what_is_known_is_told_as_it_comes_in() -> None:
    seen: list[list[str]] = []
    examination = Examination([fine("a"), fine("b")])
    assert [finding.text for finding in examination.findings] == [PENDING] * 2
    examination.run(lambda: seen.append([finding.text for finding in examination.findings]))
    assert [texts.count(PENDING) for texts in seen] == [1, 0]
    assert not examination.is_hanging


def test_a_machine_without_threads_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda _: raising(RuntimeError("can't start new thread"))())
    (found,) = Examination([fine("a")]).run()
    assert found == Finding("a", "unknown", "no thread can be started (can't start new thread)")


def test_what_several_need_is_found_once_and_so_is_its_failure() -> None:
    calls: list[int] = []

    def find() -> Any:
        calls.append(1)
        raise ValueError("no")

    once = Once(find)
    for _ in range(2):
        with pytest.raises(ValueError, match="no"):
            once()
    assert calls == [1]


# --- the report -----------------------------------------------------------------------------------

FOUND = (
    ok("Python", "3.11"),
    wrong("token", "it has 3 characters " * 9, "copy it whole"),
    Finding("av", "unknown", ""),
)


def test_the_report_is_text_with_one_word_for_each_line_and_what_to_do() -> None:
    lines = as_text(FOUND).splitlines()
    assert lines[0] == "ok       Python  3.11"
    assert lines[1].startswith("wrong    token   it has 3 characters")
    assert any(line.strip() == "-> copy it whole" for line in lines)
    assert lines[-1] == "1 thing is wrong."
    assert max(map(len, lines)) <= 100


def test_the_report_as_json_says_whether_all_is_well() -> None:
    assert as_json(FOUND[:1]) == (
        '{\n  "ok": true,\n  "findings": [\n    {\n      "name": "Python",\n      "state": "ok",\n'
        '      "text": "3.11",\n      "advice": ""\n    }\n  ]\n}'
    )
    assert '"ok": false' in as_json(FOUND)


def test_unknown_is_not_wrong() -> None:
    assert not has_wrong(FOUND[2:])
    assert summary(FOUND[2:]) == "Nothing is wrong."
    assert summary([FOUND[1]] * 2) == "2 things are wrong."
