"""Results and progress as plain text: terminals and logs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from runway_nb.api.models import Status, Task
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering import plain_text
from runway_nb.notebook.rendering.facts import made
from runway_nb.notebook.rendering.live_state import live_state
from runway_nb.notebook.rendering.result_html import bundle
from support.shown_jobs import NOW, PROMPT, TASK_ID, a_job, a_result


def test_the_plain_text_of_a_result(tmp_path: Path) -> None:
    cell = "%%runway shot --first lighthouse-dusk.jpg --zoom 4 --pan -2 --seed 1842\n" + PROMPT
    assert bundle(a_result(tmp_path, cell=cell))["text/plain"].splitlines() == [
        "Video   runway_outputs/lighthouse-7f3e2c54.mp4  (1280 x 768, 5 s, 2.8 MB)",
        f"Prompt  {PROMPT}",
        f"Shot    zoom +4, pan -2, 5 s, seed 1842, 25 credits, {made(a_result(tmp_path))}, id 7f3e2c54",
        "Cell    %%runway shot --first lighthouse-dusk.jpg --zoom 4 --pan -2 --seed 1842",
    ]


def test_a_picture_that_stands_in_the_cell_as_text_is_cut_short(tmp_path: Path) -> None:
    cell = f"%%runway --first data:image/png;base64,iVBORw0KGgo{9000 * 'A'}= --zoom 4\n{PROMPT}"
    line = bundle(a_result(tmp_path, cell=cell))["text/plain"].splitlines()[-1]
    assert line == "Cell    %%runway --first data:image/png;base64,iVBORw0K\N{HORIZONTAL ELLIPSIS} --zoom 4"


def test_the_line_of_a_terminal_fits_and_is_ascii() -> None:
    line = plain_text.live_line(a_job(progress=0.42), live_state(a_job(progress=0.42, remaining=52.4), NOW))
    assert line == "runway 7f3e2c54  generating  [######--------] 42 %  0:38 elapsed, about 0:52 left"[:79]
    assert line.isascii()


def test_a_log_has_a_line_for_each_state_and_quarter() -> None:
    keys = {plain_text.log_key(live_state(a_job(progress=p / 100), NOW)) for p in range(101)}
    assert len(keys) == 5
    job = a_job(Phase.WAITING, detail="2 slots busy", next_poll=NOW + 5)
    line = "runway --------  waiting: next try in 0:05, 2 slots busy"
    assert plain_text.log_line(job, live_state(job, NOW)) == line


@pytest.mark.parametrize(
    ("state", "line"),
    [
        ({"progress": 0.25, "remaining": 52.4}, "generating: 25 % after 0:38"),
        ({"task": Task(TASK_ID, Status("PENDING"), starts_in=25.0)}, "queued at Runway: starts in about 0:25"),
        (
            {"offline": True, "progress": 0.42, "next_poll": NOW + 10},
            "no answer: 42 % trying again in 0:10, the task is safe",
        ),
        (
            {"phase": Phase.DOWNLOADING, "received": 1_200_000, "total": 2_800_000},
            "downloading: 43 % 1.2 of 2.8 MB",
        ),
    ],
)
def test_the_line_of_a_log_says(state: dict[str, Any], line: str) -> None:
    job = a_job(**state)
    assert plain_text.log_line(job, live_state(job, NOW)) == f"runway 7f3e2c54  {line}"


def test_a_log_tells_price_and_end(tmp_path: Path) -> None:
    job = a_result(tmp_path)
    assert plain_text.sent_line(job) == "runway 7f3e2c54  sent: 25 credits"
    task = Task(TASK_ID, Status("PENDING"), credits_used=1340, credits_permitted=2250)
    assert plain_text.sent_line(a_job(task=task)) == "runway 7f3e2c54  sent: 25 credits, 1,340 of 2,250 used"
    assert plain_text.done_line(job) == "runway 7f3e2c54  done in 1:34: runway_outputs/lighthouse-7f3e2c54.mp4"
