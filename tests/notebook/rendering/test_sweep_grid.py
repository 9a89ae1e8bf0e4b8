"""The videos of a sweep as one table: in place, durable, and text that stays text."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from runway_nb import errors
from runway_nb.api.models import SUCCEEDED, Status, Task
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.sweep_grid import AGAIN, bundle
from runway_nb.sweep_jobs import Sweep, SweepPrice
from runway_nb.sweep_plan import Axis, Variant, plan
from support.sanitizer import check_sanitized, tags
from support.shown_jobs import NOW, TASK_ID
from support.strategies import EMAIL

POSTER = b"\xff\xd8" + b"\0" * 9_000
"""As large as one of a clip with much in it."""


def job_of(variant: Variant, folder: Path, **state: Any) -> Job:
    number = "".join(map(str, variant.place))
    moment = State(state.pop("phase", Phase.FOLLOWING), sent=NOW - 38, last_poll=NOW, **state)
    return Job(f"{number:0>8}", variant.request, folder=folder, created=NOW - 38, state=moment)


def done_job(variant: Variant, folder: Path, poster: bytes = POSTER) -> Job:
    video = folder / "runway_outputs" / f"shot-{''.join(map(str, variant.place))}.mp4"
    video.parent.mkdir(exist_ok=True)
    video.write_bytes(b"\0" * 1000)
    return job_of(
        variant, folder, phase=Phase.DONE, task=Task(TASK_ID, SUCCEEDED), video=video, poster=poster, ended=NOW
    )  # fmt: skip


def a_sweep(axes: Sequence[Axis], prompt: str = "A lamp turns", **options: Any) -> Sweep:
    many = plan(prompt, {}, axes, model="gen3turbo", **options)
    return Sweep(many, SweepPrice(len(many.variants), 0, 25 * len(many.variants), 0))


def finished(sweep: Sweep, folder: Path) -> Sweep:
    for variant in sweep.plan.variants:
        sweep.add(variant, done_job(variant, folder))
    return sweep


def titles(html: str, scope: str) -> list[str]:
    """The labels of one direction, in their order."""
    pieces = html.split(f'<th scope="{scope}" style="')[1:]
    return [piece.partition(">")[2].partition("<")[0] for piece in pieces]


def videos(html: str) -> list[dict[str, str | None]]:
    return [attributes for tag, attributes in tags(html) if tag == "video"]


def rows(html: str) -> list[int]:
    """How many videos stand in each row."""
    return [row.count("<video") for row in html.split("<tr ")[1:]]


# --- places -----------------------------------------------------------------------------------------


def test_the_first_axis_runs_across_and_the_second_down(tmp_path: Path) -> None:
    html = bundle(finished(a_sweep([Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2))]), tmp_path))["text/html"]
    assert titles(html, "col") == ["zoom -5", "zoom 0", "zoom 5"]
    assert titles(html, "row") == ["seed 1", "seed 2"]
    assert [video["src"] for video in videos(html)] == [
        f"runway_outputs/shot-{column}{row}.mp4" for row in (0, 1) for column in (0, 1, 2)
    ]


def test_further_axes_are_tables_with_a_heading(tmp_path: Path) -> None:
    axes = [Axis("zoom", (1, 2)), Axis("pan", (3, 4)), Axis("seconds", (5, 10)), Axis("seed", (7, 8))]
    html = bundle(finished(a_sweep(axes), tmp_path))["text/html"]
    assert html.count("<table") == 4
    found = [html.index(f">seconds {a}, seed {b}<") for b in (7, 8) for a in (5, 10)]
    assert found == sorted(found)


@pytest.mark.parametrize(
    ("axes", "options", "expected"),
    [
        ([Axis("seed", (1, 2, 3, 4, 5, 6))], {}, [4, 2]),
        ([Axis("seed", (1, 2)), Axis("zoom", (3, 4))], {"zipped": True}, [2]),
        ([Axis("seed", (1, 2)), Axis("zoom", (3, 4))], {}, [0, 2, 2]),
    ],
)
def test_where_there_is_no_grid_they_stand_in_rows_of_four(
    tmp_path: Path, axes: list[Axis], options: dict[str, Any], expected: list[int]
) -> None:
    html = bundle(finished(a_sweep(axes, **options), tmp_path))["text/html"]
    assert rows(html) == expected
    assert (">seed 1, zoom 3<" in html) == ("zipped" in options)


def test_a_limit_leaves_gaps_and_no_row_of_them(tmp_path: Path) -> None:
    html = bundle(finished(a_sweep([Axis("zoom", (1, 2, 3)), Axis("seed", (1, 2, 3))], limit=3), tmp_path))["text/html"]
    assert (titles(html, "col"), titles(html, "row")) == (["zoom 1", "zoom 3"], ["seed 1", "seed 3"])
    assert rows(html) == [0, 2, 1]


# --- one video --------------------------------------------------------------------------------------


def test_each_player_is_durable_and_small(tmp_path: Path) -> None:
    html = bundle(finished(a_sweep([Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2, 3))]), tmp_path))["text/html"]
    check_sanitized(html)
    assert len(html) <= 9 * 30_000
    for video in videos(html):
        assert {"controls", "muted", "poster", "width", "height"} <= set(video)
        assert (video["preload"], "autoplay" in video) == ("none", False)
    assert 'title="runway_nb job 00000000"' in html
    assert AGAIN not in html


def test_a_video_can_be_put_into_the_notebook(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1, 2))]), tmp_path)
    assert all(str(video["src"]).startswith("data:video/mp4") for video in videos(bundle(sweep, "always")["text/html"]))
    elsewhere = bundle(sweep, "never", tmp_path / "notebooks")["text/html"]
    assert [video["src"] for video in videos(elsewhere)] == [f"../runway_outputs/shot-{n}.mp4" for n in (0, 1)]


def test_what_runs_failed_or_was_not_sent_is_said_in_words(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("seed", (1, 2, 3, 4))])
    one, two, three, four = sweep.variants
    sweep.add(one, done_job(one, tmp_path))
    sweep.add(two, job_of(two, tmp_path, task=Task(TASK_ID, Status("RUNNING")), progress=0.42))
    refused = errors.TaskModerated("refused by moderation: reason SAFETY.INPUT.TEXT")
    sweep.add(three, job_of(three, tmp_path, phase=Phase.FAILED, error=refused, ended=NOW))
    sweep.leave_out(four, errors.OverBudget("this shot costs 25 credits, 0 are left"))
    shown = bundle(sweep)
    html = shown["text/html"]
    for words in (
        "4 shots, 100 credits \N{MIDDLE DOT} 1 of 4 done, 1 running, 1 failed, 1 not sent", "Generating 42 %",
        "Not generated: refused by moderation", "SAFETY.INPUT.TEXT", "Not sent", "0 are left", AGAIN,
    ):  # fmt: skip
        assert words in html
    assert len(videos(html)) == 1
    check_sanitized(html)
    lines = shown["text/plain"].splitlines()
    assert lines[:2] == ["A lamp turns", "4 shots, 100 credits, 1 of 4 done, 1 running, 1 failed, 1 not sent"]
    assert [line.split("  ")[0] for line in lines[3:]] == ["seed 1", "seed 2", "seed 3", "seed 4"]
    assert ["runway_outputs/shot-0.mp4" in lines[3], "42 %" in lines[4], "0 are left" in lines[6]] == [True] * 3


def test_a_state_shows_no_time_that_counts_on(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("seed", (1,))])
    (one,) = sweep.variants
    sweep.add(one, job_of(one, tmp_path, task=Task(TASK_ID, Status("RUNNING")), progress=0.5, remaining=30.0))
    assert "elapsed" not in bundle(sweep)["text/html"]
    assert "about" not in bundle(sweep)["text/html"]


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1,))]), tmp_path)
    (tmp_path / "runway_outputs" / "shot-0.mp4").unlink()
    assert not videos(bundle(sweep)["text/html"])
    assert "%runway attach" not in bundle(sweep)["text/plain"].splitlines()[0]


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</table></div>", "'\"&<>", f"by {EMAIL}"],
)
def test_hostile_text_stays_text(tmp_path: Path, hostile: str) -> None:
    axes = [Axis("style", (hostile, "x")), Axis("mood", (hostile, "y")), Axis("light", (hostile, "z"))]
    sweep = a_sweep(axes, hostile + " {{style}} {{mood}} {{light}}")
    first, *others = sweep.variants
    sweep.leave_out(first, errors.OverBudget(hostile))
    for variant in others[:3]:
        error = errors.TaskFailed(hostile)
        sweep.add(variant, job_of(variant, tmp_path, phase=Phase.FAILED, error=error, ended=NOW))
    for variant in others[3:]:
        sweep.add(variant, done_job(variant, tmp_path))
    shown = bundle(sweep)
    check_sanitized(shown["text/html"])
    assert not [tag for tag, _ in tags(shown["text/html"]) if tag in ("script", "img")]
    assert shown["text/html"].count("</table>") == 2
    assert EMAIL not in "".join(shown.values())


def test_a_sweep_shows_itself(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1, 2))]), tmp_path)
    assert sweep._repr_mimebundle_() == bundle(sweep)
