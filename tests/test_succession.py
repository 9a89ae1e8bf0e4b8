"""The request for the model that follows one that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings

from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.models import successor_of
from runway_nb.request import VideoRequest
from runway_nb.spec import MODELS
from runway_nb.succession import for_successor, go_on_with
from support.examples import examples
from support.strategies import requests

PICTURE = "needs a picture"


@pytest.fixture
def _own_models() -> Iterator[None]:
    before = dict(MODELS)
    yield
    MODELS.clear()
    MODELS.update(before)


@settings(max_examples=examples(200), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(requests)
def test_any_request_goes_on_or_lacks_a_picture(request_: VideoRequest) -> None:
    following = for_successor(request_)
    assert following is not None
    found = following.request
    assert (found.model, found.prompt, found.seed) == ("gen4turbo", request_.prompt, request_.seed)
    left = found.problems()
    assert all(PICTURE in line for line in left)
    assert bool(left) == ("it needs a picture (--first)" in following.changes)


def test_what_goes_with_it_stays_and_what_does_not_is_named() -> None:
    request = VideoRequest("A", Keyframes("a", "b", "c"), Camera(zoom=4), aspect="3:5", seconds=10, seed=7)
    following = for_successor(request)
    assert following is not None
    assert following.request == replace(
        request, model="gen4turbo", keyframes=Keyframes("a"), aspect="portrait", camera_words=True
    )
    assert following.changes == (
        "without middle and last", "the camera in words (--camera-words)", "in 9:16, 720 x 1280",
    )  # fmt: skip


@pytest.mark.usefixtures("_own_models")
def test_a_successor_that_is_gone_too_is_passed_over() -> None:
    gone: dict[str, Any] = {"state": "retired", "state_reason": "gone"}
    MODELS["gen4turbo"] = MODELS["gen4turbo"]._replace(**gone, successor="gen4")
    following = successor_of(MODELS["gen3turbo"])
    assert following is not None
    assert following.name == "gen4"
    assert "--model gen4 (Gen-4), for 60 credits" in go_on_with(VideoRequest("A", Keyframes("a")))
    MODELS["gen4"] = MODELS["gen4"]._replace(**gone, successor="gen3turbo")
    assert successor_of(MODELS["gen3turbo"]) is None
    assert go_on_with(VideoRequest("A")) == ""


@pytest.mark.usefixtures("_own_models")
def test_a_price_that_nobody_knows_is_said() -> None:
    MODELS["gen3turbo"] = MODELS["gen3turbo"]._replace(successor="kling-3.0-pro")
    assert go_on_with(VideoRequest("A")).startswith("go on with --model kling-3.0-pro (Kling 3.0 Pro), price unknown")
