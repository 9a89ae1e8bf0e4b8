"""Options of tasks in the three manners in which a service shows them (API facts 3.3, Model facts 7)."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given

from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.spec import MODELS
from runway_nb.task_options import aspect_in, keyframe_count, keyframe_links, prompt_in, seconds_in
from support.strategies import json_values

GEN3: dict[str, Any] = {
    "text_prompt": "A lamp", "seconds": 10, "flip": True, "seed": 7, "exploreMode": False, "init_image": "https://c.test/a",
    "keyframes": [
        {"image": "https://c.test/a", "timestamp": 0}, {"image": "https://c.test/c", "timestamp": 1},
    ],
    "camera": {"x": 0, "z": 4},
}  # fmt: skip
GEN4: dict[str, Any] = {
    "route": "i2v", "name": "Gen-4 Turbo 7", "text_prompt": "A lamp", "seconds": 10, "width": 832, "height": 1104,
    "init_image": "https://c.test/a", "imageAssetId": "0b6f0c1e", "exploreMode": True, "seed": 7, "watermark": False,
}  # fmt: skip
HOSTED: dict[str, Any] = {
    "textPrompt": "A lamp", "duration": 12, "aspectRatio": "9:16", "resolution": "720p", "generateAudio": False,
    "referenceImages": [
        {"assetId": "1", "url": "https://c.test/a", "type": "first_frame"},
        {"assetId": "2", "url": "https://c.test/c", "type": "last_frame"},
    ],
    "exploreMode": False,
}  # fmt: skip


@pytest.mark.parametrize(
    ("task_type", "options", "request_", "pictures"),
    [
        (
            "gen3a_turbo", GEN3, VideoRequest("A lamp", aspect="portrait", seconds=10, seed=7),
            Keyframes("https://c.test/a", last="https://c.test/c"),
        ),
        (
            "gen4_turbo", GEN4,
            VideoRequest("A lamp", model="gen4turbo", aspect="3:4", seconds=10, seed=7, explore=True),
            Keyframes("https://c.test/a"),
        ),
        (
            "seedance_2", HOSTED,
            VideoRequest("A lamp", model="seedance-2", aspect="9:16", seconds=12, resolution="720p", audio=False),
            Keyframes("https://c.test/a", last="https://c.test/c"),
        ),
    ],
    ids=["gen3", "gen4", "hosted"],
)  # fmt: skip
def test_a_task_made_elsewhere_gives_its_request_again(
    task_type: str, options: dict[str, Any], request_: VideoRequest, pictures: Keyframes
) -> None:
    found = VideoRequest.from_options(prompt_in(options), 7, options, task_type)
    moves = found.camera.moves
    assert VideoRequest(**{**vars(found), "camera": request_.camera}) == request_
    assert moves == ({"zoom": 4} if task_type == "gen3a_turbo" else {})
    assert Keyframes.from_options(options) == pictures
    assert keyframe_count(options) in (None, len(pictures.given))


def test_what_the_model_has_not_stays_out() -> None:
    """A task of a model shows what another model takes: it is no request that could be sent."""
    strange = {**HOSTED, "resolution": "4k", "duration": 99, "aspectRatio": "2:3"}
    assert VideoRequest.from_options("a", None, strange, "seedance_2") == VideoRequest(
        "a", model="seedance-2", audio=False
    )
    assert VideoRequest.from_options("a", 7, GEN3, "kling_3").seed is None


def test_a_frame_that_is_ours_says_nothing_of_a_format() -> None:
    """Only rows with documented pixels are told by them."""
    assert aspect_in({"width": 1280, "height": 720}, MODELS["gen4"]) == "16:9"
    assert aspect_in({"width": 1280, "height": 720}, MODELS["kling-3.0-pro"]) is None
    assert aspect_in({"aspectRatio": "1:1"}, MODELS["kling-3.0-pro"]) == "1:1"
    assert aspect_in({"flip": True}, MODELS["gen4"]) is None


@given(json_values, json_values)
def test_whatever_a_service_shows_is_read_or_left_out(one: Any, other: Any) -> None:
    options = {
        "seconds": one, "duration": other, "width": one, "height": other, "aspectRatio": one, "init_image": other,
        "keyframes": [one, {"timestamp": one, "image": other}], "referenceImages": [{"type": one, "url": other}],
        "textPrompt": one, "generateAudio": one, "resolution": other, "exploreMode": one,
    }  # fmt: skip
    assert isinstance(prompt_in(options), str)
    assert set(keyframe_links(options)) <= {"first", "middle", "last"}
    assert keyframe_count(options) == 2
    seconds_in(options)
    for name, model in MODELS.items():
        found = VideoRequest.from_options("a", None, options, next(iter(model.task_types), ""))
        assert not [line for line in found.problems() if "picture" not in line], name
