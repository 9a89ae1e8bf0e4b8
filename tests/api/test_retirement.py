"""Whether a refused create means that its model is gone."""

from __future__ import annotations

import pytest

from runway_nb.api.retirement import Retirement, as_retired, retirement
from runway_nb.camera import Camera
from runway_nb.errors import BadRequest, ModelRetired, NotFound, PromptRefused
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.spec import MODELS

NONE, LIKELY, SAID = Retirement.NONE, Retirement.LIKELY, Retirement.SAID


@pytest.mark.parametrize(
    ("status", "message", "means"),
    [
        # what the documents have today
        (400, "Supported values for seconds: 5, 10", NONE),
        (400, "Required param maxJobs is missing or empty", NONE),
        (400, "Parameter static has incorrect format", NONE),
        (404, "Unable to retrieve assetId 0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11 (Not found.)", NONE),
        (412, "You do not have enough credits to run this task.", NONE),
        (429, "This model is no longer supported", NONE),
        (500, "This model is no longer supported", NONE),
        # a parameter or something of the account that is gone
        (400, "Parameter static is no longer supported", NONE),
        (400, "aspect_ratio landscape is no longer supported, use 16:9", NONE),
        (400, "Supported values for model: gen4.5, veo-3.1", NONE),
        (400, "This asset is no longer available", NONE),
        (400, "exploreMode has been deprecated", NONE),
        (400, "seed is no longer supported by Seedance", NONE),
        (410, "The asset is no longer available", NONE),
        (404, "Account studio is not configured", NONE),
        (404, "Wrong token", NONE),
        (404, "***@*** is not configured", NONE),
        (404, "No such user", NONE),
        (400, "Value 480p of this model has been removed", NONE),
        (400, "This ratio is deprecated, use Gen-4", NONE),
        (400, "The model is no longer available in your region", NONE),
        # something is gone, and nobody says that it is the model
        (400, "Header X-Foo is deprecated", NONE),
        (400, "The length 10 is no longer supported", NONE),
        (400, "Content was removed", NONE),
        (400, "Your API version has been retired", NONE),
        (410, "Your video was removed", LIKELY),
        (404, "This page has been removed", LIKELY),
        # a model that is gone, in any words
        (400, "Gen-3 Alpha Turbo is no longer supported by Runway. Please use gen4turbo/create instead.", SAID),
        (400, "This endpoint has been deprecated", SAID),
        (400, "This model was discontinued on 30 Jul 2026", SAID),
        (400, "gen3turbo is not available any more", SAID),
        (400, "Gen-3 has been sunset", SAID),
        (404, "This endpoint has been removed", SAID),
        (400, "Kling 3.0 Pro was discontinued", SAID),
        (400, "Please use Gen-4 instead", SAID),
        (410, "The model gen3a_turbo is retired", SAID),
        # a status that says so, without words
        (404, "Not found.", LIKELY),
        (404, "Cannot POST /v1/runwayml/gen3turbo/create", LIKELY),
        (410, "Gone", LIKELY),
        (410, "the server answered without words", LIKELY),
        (400, "Bad Request", NONE),
    ],
)
def test_what_a_refusal_means_for_its_model(status: int, message: str, means: Retirement) -> None:
    assert retirement(status, message) is means


def test_the_error_names_the_model_to_go_on_with_and_its_price() -> None:
    request = VideoRequest("A lamp", Keyframes(first="lamp"), aspect="portrait")
    found = as_retired(NotFound("This endpoint has been removed (HTTP 410)", 410), request)
    assert isinstance(found, ModelRetired)
    assert (found.status, found.is_certain) == (410, True)
    assert found.message == (
        "Gen-3 Alpha Turbo has been retired (This endpoint has been removed (HTTP 410)): go on with --model gen4turbo "
        "(Gen-4 Turbo), at the same price; in 9:16, 720 x 1280"
    )


def test_what_the_next_model_lacks_is_said() -> None:
    request = VideoRequest("A lamp", Keyframes(middle="b", last="c"), Camera(zoom=4), aspect="5:3")
    found = as_retired(NotFound("Not found. (HTTP 404)", 404), request)
    assert isinstance(found, ModelRetired)
    assert not found.is_certain
    assert found.message == (
        "Gen-3 Alpha Turbo seems to have been retired (Not found. (HTTP 404)): go on with --model gen4turbo (Gen-4 "
        "Turbo), at the same price; without middle and last; the camera in words (--camera-words); in 16:9, "
        "1280 x 720; it needs a picture (--first)"
    )


def test_a_model_that_no_row_follows_is_named_alone() -> None:
    found = as_retired(NotFound("Gone (HTTP 410)", 410), VideoRequest("A lamp", model="sora-2"))
    assert found.message == "Sora 2 seems to have been retired (Gone (HTTP 410))"


def test_a_model_of_ones_own_is_known_by_its_title(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "wan-2.6", MODELS["sora-2"]._replace(name="wan-2.6", title="Wan 2.6"))
    found = as_retired(NotFound("Wan 2.6 has been removed (HTTP 410)", 410), VideoRequest("A lamp", model="wan-2.6"))
    assert isinstance(found, ModelRetired)
    assert found.is_certain


@pytest.mark.parametrize(
    "error",
    [BadRequest("Supported values for seconds: 5, 10 (HTTP 400)", 400), PromptRefused("no longer available", 422)],
)
def test_any_other_refusal_stays_what_it_is(error) -> None:
    assert as_retired(error, VideoRequest("A lamp")) is error
