"""A user who interrupts, or closes, while a request is being submitted: nobody pays twice, or waits for ever."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from itertools import count
from types import FrameType
from typing import Any

import pytest

from runway_nb import errors
from runway_nb.jobs.loop import BackgroundLoop
from runway_nb.jobs.runner import Runner
from runway_nb.ledger.phase import Phase
from runway_nb.studio import Studio
from support.fakes import Party

SEEN = {each.__code__ for each in (Studio.submit_checked, Runner.start, BackgroundLoop.submit)}


@contextlib.contextmanager
def interrupted(line: int) -> Iterator[None]:
    """Interrupt before one of the lines that are run of `SEEN`, counted from 0."""
    lines, before = count(), sys.gettrace()

    def trace(frame: FrameType, event: str, _: Any) -> Any:
        if frame.f_code not in SEEN:
            return None
        if event == "line" and next(lines) == line:
            raise KeyboardInterrupt
        return trace

    sys.settrace(trace)
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.mark.filterwarnings("ignore:coroutine .* was never awaited")
def test_a_submission_that_is_interrupted_anywhere_is_made_up_for_by_the_next_run(party: Party) -> None:
    for line in count():
        prompt = f"A lamp turns {line} times"
        try:
            with interrupted(line):
                party.submit(prompt, fresh=False)
            break
        except KeyboardInterrupt:
            job = party.ended(party.submit(prompt, fresh=False), 20)
        assert (job.state.phase, party.started) == (Phase.DONE, line + 1)
    assert line > 20, "every line was seen"


def test_a_job_of_a_studio_that_closes_as_it_is_started_ends(party: Party, monkeypatch: pytest.MonkeyPatch) -> None:
    start, submit, studio = Runner.start, BackgroundLoop.submit, party.studio

    def closed_meanwhile(_: BackgroundLoop, work: Coroutine[Any, Any, Any]) -> Future[Any]:
        """The loop takes the work, and ends before the first step of it."""
        work.close()
        monkeypatch.setattr(BackgroundLoop, "submit", submit)
        studio.close()
        return Future()

    def start_and_close(runner: Runner, *work: Any) -> None:
        monkeypatch.setattr(BackgroundLoop, "submit", closed_meanwhile)
        start(runner, *work)

    monkeypatch.setattr(Runner, "start", start_and_close)
    with pytest.raises(errors.Detached, match="before it was sent"):
        party.submit("A lamp turns").wait(10)
    monkeypatch.setattr(Runner, "start", start)
    party.restart()
    again = party.ended(party.submit("A lamp turns", fresh=False), 20)
    assert (again.state.phase, party.started) == (Phase.DONE, 1)
