"""The HTML of a live card."""

from __future__ import annotations

import re

from runway_nb.camera import Camera
from runway_nb.jobs.job import control_of
from runway_nb.notebook.cards import card
from runway_nb.notebook.rendering.live_state import live_state
from runway_nb.request import VideoRequest
from support.shown_jobs import NOW, a_job


def test_the_progress_bar_is_one_for_screen_readers() -> None:
    html = card.body_html(a_job(progress=0.42), live_state(a_job(progress=0.42), NOW))
    assert 'role="progressbar" aria-label="Generating" aria-valuemin="0" aria-valuemax="100" aria-valuenow="42"' in html


def test_the_card_shows_facts_badge_price_and_id() -> None:
    job = a_job(simulated=True, progress=0.1)
    html = re.sub(r"<[^>]+>", "|", card.body_html(job, live_state(job, NOW)))
    for text in ("Simulator", "zoom +4 · pan −2", "5 s landscape", "seed 1842", "0 credits", "7f3e2c54"):
        assert text in html


def test_the_film_shows_the_keyframes_it_has() -> None:
    job = a_job()
    assert "<img" not in card.film_html(job)
    control_of(job).thumbnails = {"last": b"b", "first": b"a"}
    assert re.findall(r'alt="(\w+) keyframe"', card.film_html(job)) == ["first", "last"]


def test_the_style_sheet_animates_nothing_and_uses_the_theme() -> None:
    sheet = card.style_sheet()
    assert "@keyframes" not in sheet
    assert "--jp-layout-color1" in sheet
    assert "prefers-reduced-motion" in sheet


def test_the_card_shows_the_model_its_sound_and_what_is_said_of_the_camera() -> None:
    request = VideoRequest("x", camera=Camera(zoom=4), camera_words=True, model="veo-3.1", audio=False)
    job = a_job(request=request)
    html = re.sub(r"<[^>]+>", "|", card.body_html(job, live_state(job, NOW)))
    words = ("Camera, in words: The camera pushes in.", "Veo 3.1", "4 s 16:9", "720p", "without sound", "price unknown")
    assert [word for word in words if word not in html] == []
    assert "seed" not in html
    assert html.index("Veo 3.1") < html.index("Camera, in words"), "a sentence is cut first where there is no room"


def test_a_tall_frame_is_one_whatever_its_format_is_called() -> None:
    assert "is-portrait" in card.film_html(a_job(request=VideoRequest("x", model="gen4", aspect="3:4")))
    assert "is-portrait" not in card.film_html(a_job(request=VideoRequest("x", model="gen4", aspect="square")))
