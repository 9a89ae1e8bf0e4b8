"""Sizes and prices in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from runway_nb.camera import Camera
from runway_nb.notebook.rendering.facts import camera_words_text, cost, facts, frame_text, megabytes, take_facts
from runway_nb.notebook.rendering.result_html import bundle
from runway_nb.request import VideoRequest
from support.shown_jobs import a_job, a_result


@pytest.mark.parametrize(("size", "text"), [(None, "unknown size"), (50_000, "50 kB"), (2_841_733, "2.8 MB")])
def test_sizes(size: int | None, text: str) -> None:
    assert megabytes(size) == text


def test_prices() -> None:
    assert (cost(a_job()), cost(a_job(simulated=True))) == ("25 credits", "0 credits")


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (VideoRequest("x"), ["5 s"]),
        (VideoRequest("x", model="kling-3.0-pro"), ["5 s", "with sound"]),
        (VideoRequest("x", model="kling-3.0-pro", audio=True, seconds=15), ["15 s", "with sound"]),
        (VideoRequest("x", model="kling-3.0-pro", audio=False), ["5 s", "without sound"]),
        (VideoRequest("x", model="seedance-2"), ["5 s", "480p", "with sound"]),
        (VideoRequest("x", model="seedance-2", resolution="1080p", audio=False), ["5 s", "1080p", "without sound"]),
    ],
)
def test_a_take_says_its_resolution_and_whether_it_has_sound(request_: VideoRequest, expected: list[str]) -> None:
    assert take_facts(request_) == expected


def test_a_frame_whose_pixels_nobody_knows_is_its_format() -> None:
    frames = {name: frame_text(VideoRequest("x", model=name)) for name in ("gen3turbo", "gen4", "sora-2")}
    assert frames == {"gen3turbo": "1280 x 768", "gen4": "1280 x 720", "sora-2": "16:9"}


def test_facts_name_a_model_that_is_not_the_default() -> None:
    assert facts(a_job(request=VideoRequest("x", model="gen4_5", seed=7))) == [
        "no camera move", "Gen-4.5", "5 s", "seed 7", "about 60 credits"
    ]  # fmt: skip
    assert facts(a_job())[:2] == ["zoom +4 \N{MIDDLE DOT} pan \N{MINUS SIGN}2", "5 s"]


def test_the_camera_in_words_is_said_where_it_is_sent() -> None:
    moving = VideoRequest("x", camera=Camera(zoom=2, pan=-1), camera_words=True, model="gen4_5")
    assert camera_words_text(moving) == "Camera, in words: The camera pushes in slowly, turning slightly left."
    assert camera_words_text(VideoRequest("x", camera=Camera(zoom=2), camera_words=True)) == ""
    assert camera_words_text(VideoRequest("x", model="gen4_5", camera_words=True)) == ""


def test_a_task_that_no_row_knows_is_called_as_the_api_calls_it(tmp_path: Path) -> None:
    job = a_result(tmp_path)
    job.foreign_type = "act_two"
    assert facts(job)[1] == "act_two"
    shown = bundle(job)
    assert "act_two" in shown["text/html"]
    assert "Gen-3" not in shown["text/html"]
    assert "1280 x 768" not in shown["text/plain"], "nobody knows its frame"
