"""Compared clips as one durable table: what differs first, prompts with marks, text that stays text."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from PIL import Image

from runway_nb.api.models import SUCCEEDED, Task
from runway_nb.camera import Camera
from runway_nb.comparison import LETTERS, Clip, Comparison
from runway_nb.jobs.job import Job
from runway_nb.jobs.state import State
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.rendering.comparison_table import DURABLE_CLASS, bundle, differences_lines, labels
from runway_nb.notebook.rendering.facts import DOT
from runway_nb.notebook.rendering.result_html import EMBED_CAP
from runway_nb.request import VideoRequest
from runway_nb.studio import Studio
from support.fakes import Party
from support.picture_files import encoded
from support.sanitizer import check_sanitized, tags
from support.shown_jobs import NOW, TASK_ID
from support.strategies import EMAIL

PICTURE = encoded(Image.new("RGB", (560, 336), "teal"), "JPEG")
MINUS = "\N{MINUS SIGN}"


def compared(folder: Path, *clips: VideoRequest | str, simulated: bool = False) -> Comparison:
    """A comparison of jobs with these requests, and of files with these names."""
    made = [
        _file(folder, letter, clip) if isinstance(clip, str) else _shot(folder, letter, clip, simulated)
        for letter, clip in zip(LETTERS, clips, strict=False)
    ]
    return Comparison(tuple(made), cast(Studio, SimpleNamespace(folder=folder)))


def _file(folder: Path, letter: str, name: str) -> Clip:
    (folder / name).write_bytes(b"\0" * 1000)
    return Clip(letter, folder / name)


def _shot(folder: Path, letter: str, request: VideoRequest, simulated: bool) -> Clip:
    video = folder / f"shot-{letter}.mp4"
    video.write_bytes(b"\0" * 2_800_000)
    state = State(Phase.DONE, task=Task(TASK_ID, SUCCEEDED), sent=NOW - 38, ended=NOW + 56, video=video, poster=PICTURE)
    name = f"7f3e2c5{letter.lower()}"
    return Clip(letter, video, Job(name, request, simulated=simulated, folder=folder, created=NOW - 38, state=state))


ONE = VideoRequest("A red lamp turns", camera=Camera(zoom=-5), seed=1)
TWO = VideoRequest("A blue lamp turns", camera=Camera(zoom=5), seed=2, seconds=10)


def videos(html: str) -> list[dict[str, Any]]:
    return [attributes for tag, attributes in tags(html) if tag == "video"]


def test_what_differs_is_said_in_words(tmp_path: Path) -> None:
    clips = compared(tmp_path, ONE, TWO).clips
    words = [f"zoom {MINUS}5 against +5", "seconds 5 against 10", "seed 1 against 2", "other words"]
    assert differences_lines(clips) == [DOT.join(words)]
    assert labels(clips)[1] == DOT.join(["7f3e2c5b", "zoom +5", "seconds 10", "seed 2"])
    assert differences_lines(compared(tmp_path, ONE, ONE).clips) == ["The same request: no setting differs"]
    other_model = VideoRequest("A red lamp turns", Keyframes("a.png"), model="gen4", seed=1)
    assert differences_lines(compared(tmp_path, ONE, other_model).clips)[0].startswith("model Gen-3")


def test_a_file_has_no_settings_and_that_is_said(tmp_path: Path) -> None:
    assert differences_lines(compared(tmp_path, ONE, "b.mp4", TWO).clips)[1] == (
        "B is known as a file only: no settings"
    )
    found = compared(tmp_path, "a.mp4", "b.mp4")
    assert differences_lines(found.clips) == ["A and B are known as files only: no settings"]
    assert labels(found.clips) == ["a.mp4", "b.mp4"]
    three = compared(tmp_path, "a.mp4", "b.mp4", "c.mp4").clips
    assert differences_lines(three) == ["A, B and C are known as files only: no settings"]
    html = bundle(found)["text/html"]
    assert [video["src"] for video in videos(html)] == ["a.mp4", "b.mp4"]
    assert "The same in all" not in html
    check_sanitized(html)


def test_each_clip_is_a_column_of_a_durable_table(tmp_path: Path) -> None:
    html = bundle(compared(tmp_path, ONE, TWO))["text/html"]
    check_sanitized(html)
    assert html.startswith(f'<div class="{DURABLE_CLASS}"')
    assert [attributes["scope"] for tag, attributes in tags(html) if tag == "th"] == ["col", "col"]
    assert [video["src"] for video in videos(html)] == ["shot-A.mp4", "shot-B.mp4"]
    for video in videos(html):
        assert {"controls", "muted", "poster", "width", "height"} <= set(video)
        assert (video["preload"], "autoplay" in video) == ("none", False)
    pictures = [attributes for tag, attributes in tags(html) if tag == "img"]
    assert [picture["alt"] for picture in pictures] == ["A A red lamp turns", "B A blue lamp turns"]
    assert html.count("<details ") == 2, "a player is folded: its controls would darken a small picture"
    assert html.index(f">{MINUS}5<") < html.index("<del ") < html.index("<ins ") < html.index("25 credits")
    assert ">red</del>" in html
    assert ">blue</ins>" in html
    assert "50 credits" in html
    assert html.count("made in 1:34") == html.count("2.8 MB") == 2
    assert "The same in all: model Gen-3 Alpha Turbo" in html
    assert 'title="runway_nb job 7f3e2c5a"' in html


def test_four_clips_are_four_columns(tmp_path: Path) -> None:
    requests = [VideoRequest("A lamp", seed=seed) for seed in (1, 2, 3, 4)]
    html = bundle(compared(tmp_path, *requests, simulated=True))["text/html"]
    assert len(videos(html)) == 4
    assert all(int(video["width"]) <= 208 for video in videos(html))
    assert "seed 1, 2, 3, 4" in html
    assert "no credits spent" in html


def test_a_video_can_be_put_into_the_notebook(tmp_path: Path) -> None:
    found = bundle(compared(tmp_path, ONE, "b.mp4"), "always")["text/html"]
    assert all(video["src"].startswith("data:video/mp4") for video in videos(found))
    elsewhere = bundle(compared(tmp_path, ONE, TWO), "never", tmp_path / "notebooks")["text/html"]
    assert [video["src"] for video in videos(elsewhere)] == ["../shot-A.mp4", "../shot-B.mp4"]


def test_the_twin_for_terminals_tells_the_same(tmp_path: Path) -> None:
    lines = bundle(compared(tmp_path, ONE, TWO))["text/plain"].splitlines()
    assert lines[0] == "Compared: A 7f3e2c5a against B 7f3e2c5b"
    assert lines[1] == "zoom -5 against +5, seconds 5 against 10, seed 1 against 2, other words"
    assert [line.split()[:2] for line in lines[3:5]] == [["A", "7f3e2c5a"], ["B", "7f3e2c5b"]]
    assert "50 credits, made in 1:34" in lines[4]
    assert lines[4].endswith("shot-B.mp4")
    assert lines[5] == "Prompt A to B: A [-red-] {+blue+} lamp turns"
    same = bundle(compared(tmp_path, ONE, ONE, "c.mp4"))["text/plain"].splitlines()
    assert same[-1] == "Prompt: A red lamp turns"


@pytest.mark.parametrize(
    "hostile",
    ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</table></div>", "'\"&<>", f"by {EMAIL}"],
)
def test_hostile_text_stays_text(tmp_path: Path, hostile: str) -> None:
    other = VideoRequest(hostile, Keyframes(hostile), seed=1)
    file = "c" if EMAIL in hostile else hostile.replace("/", "-")  # the source of a player is its file
    shown = bundle(compared(tmp_path, ONE, other, f"{file}.mp4"))
    check_sanitized(shown["text/html"])
    assert "script" not in {tag for tag, _ in tags(shown["text/html"])}
    pictures = [str(attributes["src"]) for tag, attributes in tags(shown["text/html"]) if tag == "img"]
    assert [src.partition(",")[0] for src in pictures] == ["data:image/jpeg;base64"] * 2
    assert shown["text/html"].count("</table>") == 1
    assert EMAIL not in "".join(shown.values())


def test_a_starred_job_is_marked_in_words(party: Party) -> None:
    one, two = (party.ended(party.submit(seed=seed)) for seed in (1, 2))
    two.star = True
    found = Comparison((Clip("A", Path(one.video or ""), one), Clip("B", Path(two.video or ""), two)), party.studio)
    assert bundle(found)["text/html"].count("starred") == 1


def test_clips_that_are_too_large_to_travel_are_named_with_what_takes_them_along(tmp_path: Path) -> None:
    made = compared(tmp_path, ONE, "one.mp4")
    with made.clips[0].video.open("wb") as file:
        file.truncate(EMBED_CAP + 1)
    html = bundle(made, "capped", note="Seen in step")["text/html"]
    check_sanitized(html)
    assert html.count("is too large to be in the notebook") == 1
    assert "shot-A.mp4 (8.0 MB) is too large to be in the notebook. It lies at shot-A.mp4. %runway export" in html
    assert [video["src"].startswith("data:") for video in videos(html)] == [False, True]
    assert "too large" not in bundle(made, "never")["text/html"]
