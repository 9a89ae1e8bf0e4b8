"""A user who interrupts while a request is being submitted: run again, the cell makes the video, and pays once."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from itertools import count
from types import FrameType
from typing import Any

import pytest

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
