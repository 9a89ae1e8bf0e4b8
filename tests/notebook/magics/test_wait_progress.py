"""What a wait shows that the user's own code began: a bar on one line, and nothing outside of IPython."""

from __future__ import annotations

import threading
from typing import Any

import pytest

import runway_nb
from runway_nb.jobs import shown_wait
from runway_nb.jobs.job import Job, control_of
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.magics.wait_progress import WaitLine, progress_of
from runway_nb.notebook.rendering.plain_text import sweep_line
from runway_nb.request import VideoRequest
from runway_nb.sweeps.plan import Axis, plan
from runway_nb.sweeps.sweep import Sweep
from support.fakes import FakeTime, Party
from support.shells import own_shell


def a_job(**state: Any) -> Job:
    return Job("7f3e2c54", VideoRequest("A lamp"), state=State(**state))


def test_a_line_is_brought_up_to_date_and_says_the_end(time: FakeTime) -> None:
    job, shown = a_job(), list[tuple[str, bool]]()
    line = WaitLine(job, lambda text, is_last: shown.append((text, is_last)), time)
    line.tick()
    control_of(job).change(phase=Phase.FOLLOWING, progress=0.5)
    line.tick()
    assert len(shown) == 1, "half a second has not passed"
    time.now += 1
    line.tick()
    line.tick()
    control_of(job).change(phase=Phase.FAILED, error=runway_nb.RunwayError("bad luck"))
    line.end()
    texts = [text for text, _ in shown]
    assert "[......" in texts[0]
    assert [is_last for _, is_last in shown] == [False, False, True]
    assert texts[-1] == "runway 7f3e2c54  no video: bad luck"


def test_a_wait_that_ends_first_leaves_where_it_stands(time: FakeTime) -> None:
    shown = list[str]()
    line = WaitLine(a_job(), lambda text, _: shown.append(text), time)
    line.end()
    assert shown == [], "nothing was shown yet"
    line.tick()
    line.end()
    assert len(shown) == 2


def test_a_sweep_is_one_bar() -> None:
    made = Sweep(plan("A lamp", {}, [Axis("seed", (1, 2))], model="gen3turbo"))
    states = State(Phase.FOLLOWING, progress=0.5), State(Phase.WAITING)
    for variant, state in zip(made.variants, states, strict=True):
        made.add(variant, Job(f"0000000{variant.request.seed}", variant.request, state=state))
    assert sweep_line(made) == "sweep  [####----------] 0 of 2 done, 2 running"


@pytest.mark.parametrize("moment", ["begin", "tick", "end"])
def test_an_interrupt_while_a_wait_is_shown_is_one_of_the_wait(moment: str, monkeypatch: pytest.MonkeyPatch) -> None:
    class Interrupted:
        def __init__(self, _: object) -> None:
            self.come("begin")

        def come(self, now: str) -> None:
            if now == moment:
                raise KeyboardInterrupt

        def tick(self) -> None:
            self.come("tick")
            if moment == "end":
                raise RuntimeError("the wait itself has ended")

        def end(self) -> None:
            self.come("end")

    monkeypatch.setattr(shown_wait, "provided", lambda _: Interrupted)
    job, swept = a_job(), Sweep(plan("A lamp", {}, [Axis("seed", (1, 2))], model="gen3turbo"))
    swept.add(swept.variants[0], a_job())
    for waiting in (job.wait, swept.wait):
        with pytest.raises(runway_nb.errors.WaitInterrupted):
            waiting()
    assert not job.done


def test_plain_python_shows_nothing(party: Party, capsys: pytest.CaptureFixture[str]) -> None:
    assert progress_of(a_job()) is None
    party.submit().wait(10)
    runway_nb.sweep("A lamp", seed=[1, 2], studio=party.studio, yes=True).wait(10)
    assert capsys.readouterr() == ("", "")


def test_a_shell_shows_a_line_for_each_change_where_nothing_can_be_rewritten(
    party: Party, capsys: pytest.CaptureFixture[str]
) -> None:
    with own_shell():
        jobs = [party.submit(), party.submit()]
        for job in jobs:
            job.wait(10)
        made = runway_nb.sweep("A lamp", seed=[1, 2], studio=party.studio, yes=True).wait(10)
    lines = capsys.readouterr().out.splitlines()
    assert all(line.startswith(("runway ", "seed ")) for line in lines), lines
    assert made.done


def test_what_is_over_and_what_another_thread_waits_for_shows_nothing() -> None:
    found: list[object] = []
    with own_shell():
        assert progress_of(a_job(phase=Phase.FAILED, error=runway_nb.RunwayError("no"))) is None
        assert progress_of(a_job()) is not None
        thread = threading.Thread(target=lambda: found.append(progress_of(a_job())))
        thread.start()
        thread.join()
    assert found == [None], "a thread never prints"
