"""The durable result: a player that an untrusted notebook keeps, its source, and text that stays text."""

from __future__ import annotations

import errno
import re
from pathlib import Path

import pytest

from runway_nb.jobs.job import control_of
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.cards import card
from runway_nb.notebook.rendering.live_state import live_state
from runway_nb.notebook.rendering.notices import notice
from runway_nb.notebook.rendering.result_html import EMBED_CAP, bundle, notice_html, source
from runway_nb.request import VideoRequest
from support.sanitizer import check_sanitized, tags
from support.shown_jobs import NOW, a_job, a_result


def test_the_player_survives_an_untrusted_notebook(tmp_path: Path) -> None:
    html = bundle(a_result(tmp_path))["text/html"]
    check_sanitized(html)
    (video,) = [attributes for tag, attributes in tags(html) if tag == "video"]
    assert video["src"] == "runway_outputs/lighthouse-7f3e2c54.mp4"
    assert {"controls", "loop", "muted"} <= set(video)
    assert "autoplay" not in video
    assert (video["preload"], video["poster"]) == ("metadata", "data:image/jpeg;base64,/9hqcGVn")


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


def test_a_video_that_cannot_be_read_is_not_embedded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(_: Path) -> bytes:
        raise OSError(errno.EIO, "Input/output error")

    (tmp_path / "a.mp4").write_bytes(b"0")
    monkeypatch.setattr(Path, "read_bytes", fail)
    assert source(tmp_path / "a.mp4", tmp_path, "always") == "a.mp4"


def test_an_embedded_video_offers_no_dead_link(tmp_path: Path) -> None:
    html = bundle(a_result(tmp_path, 1000), "always")["text/html"]
    assert not [attributes for tag, attributes in tags(html) if tag == "a"]
