"""The durable result: a player that an untrusted notebook keeps, its source, and text that stays text."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from runway_nb import errors
from runway_nb.camera import Camera
from runway_nb.jobs.job import control_of
from runway_nb.keyframes import Keyframes
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.cards import card
from runway_nb.notebook.rendering.live_state import live_state
from runway_nb.notebook.rendering.notices import notice
from runway_nb.notebook.rendering.result_html import EMBED_CAP, bundle, notice_html, source
from runway_nb.request import VideoRequest
from support.sanitizer import check_sanitized, tags
from support.shown_jobs import NOW, UNREACHABLE, a_job, a_result


def test_the_player_survives_an_untrusted_notebook(tmp_path: Path) -> None:
    html = bundle(a_result(tmp_path))["text/html"]
    check_sanitized(html)
    (video,) = [attributes for tag, attributes in tags(html) if tag == "video"]
    assert video["src"] == "runway_outputs/lighthouse-7f3e2c54.mp4"
    assert {"controls", "loop", "muted"} <= set(video)
    assert "autoplay" not in video
    assert (video["preload"], video["poster"]) == ("metadata", "data:image/jpeg;base64,/9hqcGVn")


def test_a_file_whose_folder_cannot_be_looked_into_is_as_one_that_is_gone(tmp_path: Path) -> None:
    html = bundle(a_job(Phase.DONE, video=tmp_path / UNREACHABLE / "lamp.mp4"))["text/html"]
    assert "<video" not in html
    assert html == bundle(a_job(Phase.DONE, video=tmp_path / "gone" / "lamp.mp4"))["text/html"]


@pytest.mark.parametrize(
    "hostile", ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</video></div>", "'\"&<>"]
)
def test_hostile_text_stays_text(tmp_path: Path, hostile: str) -> None:
    job = a_result(tmp_path, cell=f"%%runway\n{hostile}")
    control_of(job).request = VideoRequest(hostile, Keyframes(hostile), seed=1)
    for html in (
        bundle(job)["text/html"],
        card.body_html(job, live_state(a_job(), NOW)),
        notice_html(job, notice(a_job())),
    ):
        check_sanitized(re.sub(r"<svg.*?</svg>", "", html).replace(' role="', ' x="').replace(" aria-", " x-"))
        assert not [tag for tag, _ in tags(html) if tag in ("script", "img")]


def test_a_path_with_spaces_and_signs_is_quoted(tmp_path: Path) -> None:
    video = tmp_path / "my clips" / "50% #1.mp4"
    video.parent.mkdir()
    video.write_bytes(b"x")
    assert source(video, tmp_path, "auto") == "my%20clips/50%25%20%231.mp4"


def test_embedding(tmp_path: Path) -> None:
    inside = a_result(tmp_path, 1000).video
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    assert inside is not None
    assert source(inside, tmp_path, "auto").startswith("runway_outputs/")
    assert source(inside, outside, "auto").startswith("data:video/mp4;base64,")
    assert source(inside, outside, "never") == "../runway_outputs/lighthouse-7f3e2c54.mp4"
    assert source(inside, tmp_path, "always").startswith("data:")
    assert source(inside, tmp_path, "capped").startswith("data:")
    inside.write_bytes(b"\0" * (EMBED_CAP + 1))
    assert not source(inside, outside, "auto").startswith("data:")
    assert not source(inside, tmp_path, "capped").startswith("data:")
    assert source(inside, tmp_path, "always").startswith("data:")


LARGE = "lighthouse-7f3e2c54.mp4 (8.0 MB) is too large to be in the notebook. It lies at "
ALONG = "%runway export --notebook FILE.ipynb OUT takes it along."


def test_one_that_is_too_large_to_travel_shows_its_poster_its_name_and_what_helps(tmp_path: Path) -> None:
    job = a_result(tmp_path, EMBED_CAP + 1)
    shown = bundle(job, "capped")
    check_sanitized(shown["text/html"])
    (video,) = [attributes for tag, attributes in tags(shown["text/html"]) if tag == "video"]
    assert (video["src"], video["poster"]) == (
        "runway_outputs/lighthouse-7f3e2c54.mp4",
        "data:image/jpeg;base64,/9hqcGVn",
    )
    line = f"{LARGE}runway_outputs/lighthouse-7f3e2c54.mp4. {ALONG}"
    assert f">{line}<" in shown["text/html"]
    assert f"Note    {line}" in shown["text/plain"]


@pytest.mark.parametrize(
    ("embed", "size", "inside", "is_said"),
    [
        ("capped", EMBED_CAP, True, False), ("auto", EMBED_CAP + 1, True, False), ("auto", EMBED_CAP + 1, False, True),
        ("auto", EMBED_CAP, False, False), ("always", EMBED_CAP + 1, False, False),
        ("never", EMBED_CAP + 1, False, False),
    ],
)  # fmt: skip
def test_it_is_said_of_those_only_that_would_have_to_travel(
    tmp_path: Path, embed: str, size: int, inside: bool, is_said: bool
) -> None:
    job = a_result(tmp_path, size)
    elsewhere = tmp_path / "elsewhere"
    html = bundle(job, embed, tmp_path if inside else elsewhere)["text/html"]
    assert (ALONG in html) is is_said


def test_a_video_that_cannot_be_read_is_not_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a.mp4").write_bytes(b"0")
    monkeypatch.setattr(Path, "read_bytes", fail)
    assert source(tmp_path / "a.mp4", tmp_path, "always") == "a.mp4"


def test_an_embedded_video_offers_no_dead_link(tmp_path: Path) -> None:
    html = bundle(a_result(tmp_path, 1000), "always")["text/html"]
    assert not [attributes for tag, attributes in tags(html) if tag == "a"]


# --- models -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("audio", "is_muted"), [(True, False), (False, True), (None, True)])
def test_who_asked_for_sound_hears_it_and_no_player_begins_by_itself(
    tmp_path: Path, audio: bool | None, is_muted: bool
) -> None:
    html = bundle(a_result(tmp_path, request=VideoRequest("x", model="veo-3.1", audio=audio)))["text/html"]
    check_sanitized(html)
    (video,) = [attributes for tag, attributes in tags(html) if tag == "video"]
    assert ("muted" in video, "autoplay" in video) == (is_muted, False)
    assert ("without sound" if audio is False else "with sound") in html


@pytest.mark.parametrize(
    ("model", "aspect", "size"),
    [
        ("gen3turbo", "landscape", ("560", "336")), ("gen3turbo", "portrait", ("240", "400")),
        ("gen4", "16:9", ("560", "315")), ("gen4", "9:16", ("225", "400")), ("gen4", "1:1", ("400", "400")),
        ("gen4", "21:9", ("560", "238")), ("gen4", "landscape", ("560", "315")),
    ],
)  # fmt: skip
def test_the_player_has_the_shape_of_the_frame(tmp_path: Path, model: str, aspect: str, size: tuple[str, str]) -> None:
    html = bundle(a_result(tmp_path, request=VideoRequest("x", model=model, aspect=aspect)))["text/html"]
    (video,) = [attributes for tag, attributes in tags(html) if tag == "video"]
    assert (video["width"], video["height"]) == size


def test_a_result_says_what_was_added_to_its_prompt(tmp_path: Path) -> None:
    request = VideoRequest("A lamp", camera=Camera(zoom=2, pan=-1), camera_words=True, model="sora-2")
    shown = bundle(a_result(tmp_path, request=request))
    sentence = "The camera pushes in slowly, turning slightly left."
    assert f">Camera, in words: {sentence}<" in shown["text/html"]
    assert f"zoom +2 \N{MIDDLE DOT} pan \N{MINUS SIGN}1, in words: {sentence}" in shown["text/html"]
    assert ">none<" in shown["text/html"], "a model that takes no seed shows none"
    assert shown["text/plain"].splitlines()[:3] == [
        "Video   runway_outputs/lighthouse-7f3e2c54.mp4  (16:9, 4 s, 2.8 MB)",
        "Prompt  A lamp",
        f"Camera  in words: {sentence}",
    ]


def test_a_notice_says_what_was_added_to_the_prompt() -> None:
    request = VideoRequest("A lamp", camera=Camera(static=True), camera_words=True, model="gen4_5")
    html = bundle(a_job(Phase.FAILED, error=errors.TaskFailed("x"), request=request))["text/html"]
    assert ">Camera, in words: The camera holds still.<" in html
