"""The line that says how far an export is."""

from __future__ import annotations

import io

from runway_nb.jobs.copy_progress import OFTEN, SELDOM, SOON, Progress, ProgressLine


class Ticks:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def shown(*, rewrites: bool, seconds: float, count: int = 100) -> str:
    """What is written while `count` jobs take so many seconds each."""
    out, ticks = io.StringIO(), Ticks()
    line = ProgressLine("Exporting", rewrites=rewrites, out=out, clock=ticks)
    for number in range(count + 1):
        line(Progress(number, count))
        ticks.now += seconds
    line.end()
    return out.getvalue()


def test_what_is_done_at_once_needs_no_line() -> None:
    assert shown(rewrites=True, seconds=SOON / 200) == ""


def test_a_line_is_written_over_and_taken_away() -> None:
    text = shown(rewrites=True, seconds=0.125)
    *lines, last, end = text.split("\r")[1:]
    assert lines[0].rstrip() == "Exporting 9 of 100"
    assert len(lines) <= 100 * 0.125 / OFTEN
    assert "\n" not in text
    assert (last.strip(), end) == ("", "")


def test_a_log_gets_a_line_now_and_then() -> None:
    lines = shown(rewrites=False, seconds=0.5).splitlines()
    assert lines[0] == "Exporting 3 of 100"
    assert len(lines) <= 50 / SELDOM + 1
