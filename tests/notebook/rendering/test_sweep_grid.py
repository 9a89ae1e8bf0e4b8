"""The videos of a sweep as one table: in place, durable, light, and text that stays text."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb import errors
from runway_nb.api.models import Status, Task
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering import posters
from runway_nb.notebook.rendering.result_html import EMBED_CAP
from runway_nb.notebook.rendering.sweep_grid import AGAIN, DURABLE_CLASS, bundle
from runway_nb.pictures.thumbnails import light_jpeg
from runway_nb.sweeps.plan import Axis
from runway_nb.sweeps.price import SweepPrice
from support.sanitizer import check_sanitized, tags
from support.shown_jobs import NOW, TASK_ID
from support.shown_sweeps import a_sweep, done_job, finished, job_of, poster
from support.strategies import EMAIL


def shots(html: str) -> str:
    """The tables of videos, without what is folded below them."""
    return html.partition(">Settings")[0]


def titles(html: str, scope: str) -> list[str]:
    """The labels of one direction, in their order."""
    pieces = shots(html).split(f'<th scope="{scope}" style="')[1:]
    return [piece.partition(">")[2].partition("<")[0] for piece in pieces]


def found(html: str, tag: str) -> list[dict[str, str | None]]:
    return [attributes for name, attributes in tags(html) if name == tag]


def sources(html: str) -> list[str]:
    """The files of the players, in their order."""
    return [str(video["src"]) for video in found(html, "video")]


def rows(html: str) -> list[int]:
    """How many videos stand in each row."""
    return [row.count("<video") for row in shots(html).split("<tr ")[1:]]


# --- places -----------------------------------------------------------------------------------------


def test_the_first_axis_runs_across_and_the_second_down(tmp_path: Path) -> None:
    html = bundle(finished(a_sweep([Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2))]), tmp_path))["text/html"]
    assert titles(html, "col") == ["zoom \N{MINUS SIGN}5", "zoom 0", "zoom +5"]
    assert titles(html, "row") == ["seed 1", "seed 2"]
    assert sources(html) == [f"runway_outputs/shot-{column}{row}.mp4" for row in (0, 1) for column in (0, 1, 2)]


def test_further_axes_are_tables_with_a_heading(tmp_path: Path) -> None:
    axes = [Axis("zoom", (1, 2)), Axis("pan", (3, 4)), Axis("seconds", (5, 10)), Axis("seed", (7, 8))]
    html = bundle(finished(a_sweep(axes), tmp_path))["text/html"]
    assert shots(html).count("<table") == 4
    captions = [html.index(f">seconds {a}, seed {b}</caption>") for b in (7, 8) for a in (5, 10)]
    assert captions == sorted(captions)


@pytest.mark.parametrize(
    ("axes", "options", "expected"),
    [
        ([Axis("seed", (1, 2, 3, 4, 5, 6))], {}, [4, 2]),
        ([Axis("seed", (1, 2, 3, 4))], {}, [0, 4]),
        ([Axis("seed", (1, 2)), Axis("zoom", (3, 4))], {"zipped": True}, [2]),
        ([Axis("seed", (1, 2)), Axis("zoom", (3, 4))], {}, [0, 2, 2]),
    ],
)
def test_where_there_is_no_grid_they_stand_in_rows_of_four(
    tmp_path: Path, axes: list[Axis], options: dict[str, Any], expected: list[int]
) -> None:
    html = bundle(finished(a_sweep(axes, **options), tmp_path))["text/html"]
    assert rows(html) == expected
    assert (">seed 1, zoom +3<" in shots(html)) == ("zipped" in options)


def test_a_limit_leaves_gaps_and_no_row_of_them(tmp_path: Path) -> None:
    html = bundle(finished(a_sweep([Axis("zoom", (1, 2, 3)), Axis("seed", (1, 2, 3))], limit=3), tmp_path))["text/html"]
    assert (titles(html, "col"), titles(html, "row")) == (["zoom +1", "zoom +3"], ["seed 1", "seed 3"])
    assert rows(html) == [0, 2, 1]


# --- one video --------------------------------------------------------------------------------------


def test_each_video_is_a_picture_that_leads_to_the_file_and_a_folded_player(tmp_path: Path) -> None:
    html = bundle(finished(a_sweep([Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2, 3))]), tmp_path))["text/html"]
    check_sanitized(html)
    for video in found(html, "video"):
        assert {"controls", "muted", "width", "height"} <= set(video)
        assert (video["preload"], "autoplay" in video) == ("none", False)
    names = [f"zoom {zoom}, seed {seed}" for seed in (1, 2, 3) for zoom in ("\N{MINUS SIGN}5", "0", "+5")]
    assert [picture["alt"] for picture in found(html, "img")] == names
    assert [(link["title"], link["href"]) for link in found(html, "a") if link.get("title")] == [
        *zip(names, sources(html), strict=True)
    ]
    assert shots(html).count(">play</summary>") == 9
    assert 'title="runway_nb job 00000000"' in html
    assert html.startswith(f'<div class="{DURABLE_CLASS}"')
    assert AGAIN not in html


def test_a_table_of_nine_is_light(tmp_path: Path) -> None:
    """The clips have much in them: their posters alone weigh more than all of it."""
    sweep = finished(a_sweep([Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2, 3))], "A lamp turns " * 30), tmp_path)
    assert len(poster()) * 9 > 160_000
    assert len(bundle(sweep)["text/html"]) <= 160_000
    many = finished(a_sweep([Axis("zoom", tuple(range(8))), Axis("seed", tuple(range(1, 9)))]), tmp_path)
    assert len(bundle(many)["text/html"]) <= 64 * 8_000


def test_a_table_is_brought_up_to_date_without_making_its_pictures_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = finished(a_sweep([Axis("zoom", (-5, 0, 5)), Axis("seed", (1, 2, 3))]), tmp_path)
    made: list[bytes] = []

    def counted(picture: bytes, *how: int) -> bytes | None:
        made.append(picture)
        return light_jpeg(picture, *how)

    monkeypatch.setattr(posters, "light_jpeg", counted)
    first = bundle(sweep)
    assert len(made) >= 9
    before = len(made)
    assert bundle(sweep) == first
    assert len(made) == before


@pytest.mark.parametrize(("mark", "edge"), [("star", "2px solid #3d85c6"), ("rejected", "2px dashed")])
def test_a_mark_is_said_in_words_and_by_an_edge(tmp_path: Path, mark: str, edge: str) -> None:
    sweep = finished(a_sweep([Axis("seed", (1, 2))]), tmp_path)
    setattr(sweep.jobs[1], mark, True)
    shown = bundle(sweep)
    word = {"star": "starred"}.get(mark, mark)
    assert [picture["alt"] for picture in found(shown["text/html"], "img")] == ["seed 1", f"seed 2, {word}"]
    assert [edge in str(picture["style"]) for picture in found(shown["text/html"], "img")] == [False, True]
    assert f" {word} \N{MIDDLE DOT} play</summary>" in shown["text/html"]
    assert f"done, {word}" in shown["text/plain"]
    check_sanitized(shown["text/html"])


@pytest.mark.parametrize("picture", [b"", b"\xff\xd8no picture"])
def test_a_video_without_a_picture_is_still_there(tmp_path: Path, picture: bytes) -> None:
    sweep = a_sweep([Axis("seed", (1,))])
    sweep.add(sweep.variants[0], done_job(sweep.variants[0], tmp_path, picture))
    html = bundle(sweep)["text/html"]
    assert (found(html, "img"), ">No preview</div></a>" in html) == ([], True)
    assert sources(html) == ["runway_outputs/shot-0.mp4"]


def test_a_portrait_keeps_its_shape(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("aspect", ("landscape", "portrait"))]), tmp_path)
    sizes = [(picture["width"], picture["height"]) for picture in found(bundle(sweep)["text/html"], "img")]
    assert sizes == [("266", "160"), ("160", "266")]


def test_a_video_can_be_put_into_the_notebook(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1, 2))]), tmp_path)
    html = bundle(sweep, "always")["text/html"]
    for source in sources(html):
        assert base64.b64decode(source.removeprefix("data:video/mp4;base64,")) == b"\0" * 1000
    assert found(html, "a") == [], "a browser follows no data URI"
    elsewhere = bundle(sweep, "never", tmp_path / "notebooks")["text/html"]
    assert sources(elsewhere) == [f"../runway_outputs/shot-{n}.mp4" for n in (0, 1)]


def test_a_notebook_that_travels_carries_no_more_than_can_be_saved_often(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1, 2, 3, 4, 5))]), tmp_path)
    for job in sweep.jobs:
        assert job.video is not None
        with job.video.open("wb") as file:
            file.truncate(EMBED_CAP)
    html = bundle(sweep, "capped")["text/html"]
    assert [source.startswith("data:") for source in sources(html)] == [True] * 3 + [False] * 2
    assert ">2 videos lie beside the notebook and not in it: --embed always puts all of them there, and " in html
    assert "%runway export --notebook FILE.ipynb OUT takes them along.<" in html
    assert all(source.startswith("data:") for source in sources(bundle(sweep, "always")["text/html"]))


def test_one_that_is_too_large_by_itself_is_counted_and_takes_no_room(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1, 2, 3, 4))]), tmp_path)
    for job, size in zip(sweep.jobs, (EMBED_CAP + 1, *[EMBED_CAP] * 3), strict=True):
        assert job.video is not None
        with job.video.open("wb") as file:
            file.truncate(size)
    html = bundle(sweep, "capped")["text/html"]
    assert [source.startswith("data:") for source in sources(html)] == [False] + [True] * 3
    assert ">1 video lies beside the notebook and not in it: " in html
    assert "takes it along.<" in html


def test_what_runs_failed_or_was_not_sent_is_said_in_words(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("seed", (1, 2, 3, 4, 5))])
    one, two, three, four, five = sweep.variants
    sweep.add(one, done_job(one, tmp_path))
    sweep.add(two, job_of(two, tmp_path, task=Task(TASK_ID, Status("RUNNING")), progress=0.42))
    refused = errors.TaskModerated("refused by moderation: reason SAFETY.INPUT.TEXT")
    sweep.add(three, job_of(three, tmp_path, phase=Phase.FAILED, error=refused, ended=NOW))
    sweep.leave_out(four, errors.OverBudget("this shot costs 25 credits, 0 are left"))
    sweep.add(five, job_of(five, tmp_path, phase=Phase.FAILED, error=errors.TaskFailed("out of ink"), ended=NOW))
    shown = bundle(sweep)
    html = shown["text/html"]
    counted = ["1 of 5 done", "1 running", "1 refused", "1 not sent", "1 failed", "100 credits<"]
    for words in (
        " \N{MIDDLE DOT} ".join(counted),
        "\N{HORIZONTAL ELLIPSIS}</span> Generating 42 %", "\N{MULTIPLICATION X}</span> Refused", ">moderation<",
        "!</span> Not sent", "0 are left", "\N{MULTIPLICATION X}</span> Failed", "out of ink", AGAIN,
    ):  # fmt: skip
        assert words in html
    assert len(sources(html)) == 1
    check_sanitized(html)
    lines = shown["text/plain"].splitlines()
    assert lines[:2] == ["A lamp turns", "5 shots, 125 credits, 1 of 5 done, 1 running, 2 failed, 1 not sent"]
    assert [line.split("  ")[0] for line in lines[3:8]] == ["seed 1", "seed 2", "seed 3", "seed 4", "seed 5"]
    assert ["runway_outputs/shot-0.mp4" in lines[3], "42 %" in lines[4], "0 are left" in lines[6]] == [True] * 3
    assert lines[8] == "Settings  seed 1, 2, 3, 4, 5; model Gen-3 Alpha Turbo; aspect landscape; seconds 5"


def test_the_end_says_what_it_cost_and_how_long_it_took(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1, 2, 3))]), tmp_path)
    assert ">3 of 3 done \N{MIDDLE DOT} 75 credits \N{MIDDLE DOT} in 0:38<" in bundle(sweep)["text/html"]
    sweep.price = SweepPrice(3, 2, 25, 0)
    assert ">3 of 3 done \N{MIDDLE DOT} 25 credits \N{MIDDLE DOT} 2 there already for 0" in bundle(sweep)["text/html"]


def test_settings_videos_and_cell_are_folded_below(tmp_path: Path) -> None:
    sweep = finished(
        a_sweep([Axis("zoom", (-5, 5)), Axis("style", ("noir", "ink, wet"))], "A {{style}} lamp"), tmp_path
    )
    sweep.cell = '%%runway --sweep zoom=-5,5 --sweep style=noir,"ink, wet"\nA {{style}} lamp <b>'
    folded = bundle(sweep)["text/html"].partition(">Settings and cell</summary>")[2]
    for name, value in (("zoom", "\N{MINUS SIGN}5, +5"), ("style", "noir, ink, wet"), ("seconds", "5")):
        assert f">{name}</th>" in folded
        assert f">{value}</td>" in folded
    assert "A {{style}} lamp &lt;b&gt;</pre>" in folded
    for job in sweep.jobs:
        assert folded.count(f">{job.id}</span>") == 1
    assert folded.count("made in 0:38") == 4
    assert bundle(sweep)["text/plain"].splitlines()[-1].startswith("Cell      %%runway --sweep zoom=-5,5 ")


AXES = st.lists(st.integers(1, 4), min_size=1, max_size=4)


@given(sizes=AXES, limit=st.integers(1, 300), is_zipped=st.booleans(), data=st.data())
def test_every_variant_stands_there_once_with_its_label(
    sizes: list[int], limit: int, is_zipped: bool, data: st.DataObject
) -> None:  # fmt: skip
    names = ("zoom", "style", "seed", "mood")
    sizes = [sizes[0]] * len(sizes) if is_zipped else sizes
    axes = [Axis(name, tuple(range(1, size + 1))) for name, size in zip(names, sizes, strict=False)]
    sweep = a_sweep(axes, "{{style}} {{mood}}" if len(axes) > 3 else "{{style}}" if len(axes) > 1 else "A lamp",
                    limit=limit, zipped=is_zipped)  # fmt: skip
    reasons = {}
    for number, variant in enumerate(sweep.variants):
        reasons[variant.place] = f"reason {number} of it"
        sweep.leave_out(variant, errors.OverBudget(reasons[variant.place]))
    shown = bundle(sweep)
    html = shown["text/html"]
    for variant in sweep.variants:
        assert shots(html).count(f">{reasons[variant.place]}<") == 1
        assert shown["text/plain"].count(reasons[variant.place]) == 1
        row = next(row for row in shots(html).split("<tr ") if f">{reasons[variant.place]}<" in row)
        label = variant.label.replace("zoom ", "zoom +").split(", ")
        table = next(table for table in shots(html).split("<table ") if f">{reasons[variant.place]}<" in table)
        assert all(word in table for word in label)
        assert len(axes) < 2 or is_zipped or f">{label[1]}</th>" in row
    check_sanitized(html)


def test_a_state_shows_no_time_that_counts_on(tmp_path: Path) -> None:
    sweep = a_sweep([Axis("seed", (1,))])
    (one,) = sweep.variants
    sweep.add(one, job_of(one, tmp_path, task=Task(TASK_ID, Status("RUNNING")), progress=0.5, remaining=30.0))
    assert "elapsed" not in bundle(sweep)["text/html"]
    assert "about" not in bundle(sweep)["text/html"]


def test_a_file_that_is_gone_is_said(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1,))]), tmp_path)
    (tmp_path / "runway_outputs" / "shot-0.mp4").unlink()
    assert not sources(bundle(sweep)["text/html"])
    assert "!</span> No file" in bundle(sweep)["text/html"]
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
    pictures = [str(picture["src"]) for picture in found(shown["text/html"], "img")]
    assert all(source.startswith("data:image/jpeg") for source in pictures)
    assert found(shown["text/html"], "script") == []
    assert shots(shown["text/html"]).count("</table>") == 2
    assert EMAIL not in "".join(shown.values())


def test_a_sweep_shows_itself(tmp_path: Path) -> None:
    sweep = finished(a_sweep([Axis("seed", (1, 2))]), tmp_path)
    assert sweep._repr_mimebundle_() == bundle(sweep)
