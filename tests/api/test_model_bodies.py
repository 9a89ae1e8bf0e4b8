"""Every model with its options: what leaves, what it costs, what is refused, and what the simulator says to the same.

Bodies, prices and words are written from Model facts 2 to 6, not from the table of models; the simulator has a reading
of its own, so a name wrong on one side fails here.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from runway_nb.spec import MODELS, SEED_RANGE
from support.simulator_kit import Api

PICTURE = "user:4711-runwayml:simulator@runway-nb.invalid-asset:0b6f0c1e-6a55-4f0c-9a35-3f1f6e0d2a11"
"""Stands for an asset that there is."""
FIRST, BOTH = Keyframes(first=PICTURE), Keyframes(first=PICTURE, last=PICTURE)
P, T = "A lamp turns", {"text_prompt": "A lamp turns"}
VIDEOS = "/videos/create"


class Sent(NamedTuple):
    """A request that goes, its path and body, and its price."""

    model: str
    fields: dict[str, Any]
    path: str
    body: dict[str, Any]
    price: str


def _own(path: str, model: str, price: str, more: dict[str, Any], **fields: Any) -> Sent:
    return Sent(model, fields, f"/{path}/create", {**T, **more}, price)


def _hosted(name: str, model: str, price: str, more: dict[str, Any], **fields: Any) -> Sent:
    return Sent(model, fields, VIDEOS, {"model": name, **T, **more}, price)


I3, I4 = {"firstImage_assetId": PICTURE}, {"imageAssetId1": PICTURE}
UNKNOWN = "price unknown"
SENT = [
    # 3.1
    _own("gen3turbo", "gen3turbo", "25 credits", {}),
    _own("gen3turbo", "gen3turbo", "50 credits", {"seconds": 10, "aspect_ratio": "portrait", "seed": 7},
         seconds=10, aspect="3:5", seed=7),
    _own("gen3turbo", "gen3turbo", "25 credits", {**I3, "middleImage_assetId": PICTURE, "lastImage_assetId": PICTURE,
         "zoom": 4}, keyframes=Keyframes(PICTURE, PICTURE, PICTURE), camera=Camera(zoom=4)),
    _own("gen3turbo", "gen3turbo", "0 credits (explore mode)", {"exploreMode": True}, explore=True),
    # 3.3
    _own("gen4turbo", "gen4turbo", "25 credits", I3, keyframes=FIRST),
    _own("gen4turbo", "gen4turbo", "50 credits", {**I3, "seconds": 10, "aspect_ratio": "21:9", "seed": 7},
         keyframes=FIRST, seconds=10, aspect="21:9", seed=7),
    _own("gen4turbo", "gen4turbo", "25 credits", {**I3, "aspect_ratio": "9:16"}, keyframes=FIRST, aspect="portrait"),
    _own("gen4turbo", "gen4turbo", "25 credits", {**I3, "text_prompt": f"{P}. The camera pushes in."},
         keyframes=FIRST, camera=Camera(zoom=5), camera_words=True),
    _own("gen4", "gen4", "60 credits", I3, keyframes=FIRST),
    _own("gen4", "gen4", "120 credits", {**I3, "seconds": 10, "aspect_ratio": "4:3"},
         keyframes=FIRST, seconds=10, aspect="4:3"),
    _own("gen4", "gen4", "0 credits (explore mode)", {**I3, "exploreMode": True}, keyframes=FIRST, explore=True),
    # 3.4
    _own("gen4_5", "gen4_5", "about 60 credits", {}),
    _own("gen4_5", "gen4_5", "about 96 credits", {"seconds": 8, "aspect_ratio": "16:9"}, seconds=8, aspect="landscape"),
    _own("gen4_5", "gen4_5", "about 120 credits", {**I3, "seconds": 10, "aspect_ratio": "3:4", "seed": SEED_RANGE[1]},
         keyframes=FIRST, seconds=10, aspect="3:4", seed=SEED_RANGE[1]),
    # 5.1
    _hosted("gen4.5", "videos-gen4.5", "about 24 credits", {"duration": 2, "audio": False}, seconds=2, audio=False),
    _hosted("gen4.5", "videos-gen4.5", "about 60 credits", {"duration": 5, **I4, "aspect_ratio": "1:1", "seed": 9},
         keyframes=FIRST, aspect="square", seed=9),
    _hosted("kling-3.0-pro", "kling-3.0-pro", UNKNOWN, {"duration": 5}),
    _hosted("kling-3.0-pro", "kling-3.0-pro", UNKNOWN,
         {"duration": 15, **I4, "imageAssetId2": PICTURE, "aspect_ratio": "9:16", "audio": True},
         keyframes=BOTH, seconds=15, aspect="9:16", audio=True),
    _hosted("kling-3.0-pro", "kling-3.0-pro", "0 credits (explore mode)", {"duration": 5, "exploreMode": True},
         explore=True),
    _hosted("veo-3.1", "veo-3.1", UNKNOWN, {"duration": 4}),
    _hosted("veo-3.1", "veo-3.1", UNKNOWN,
         {"duration": 8, **I4, "imageAssetId2": PICTURE, "resolution": "1080p", "audio": False},
         keyframes=BOTH, seconds=8, resolution="1080p", audio=False),
    _hosted("sora-2", "sora-2", UNKNOWN, {"duration": 12, **I4, "aspect_ratio": "9:16"},
         keyframes=FIRST, seconds=12, aspect="9:16"),
    _hosted("seedance-2", "seedance-2", "180 credits", {"duration": 5}),
    _hosted("seedance-2", "seedance-2", "600 credits",
         {"duration": 15, "startFrameAssetId": PICTURE, "endFrameAssetId": PICTURE, "resolution": "1080p"},
         keyframes=BOTH, seconds=15, resolution="1080p"),
    _hosted("seedance-2", "seedance-2", "144 credits", {"duration": 4, "resolution": "720p", "aspect_ratio": "4:3"},
         seconds=4, resolution="720p", aspect="4:3"),
    _hosted("seedance-2-5", "seedance-2-5", "900 credits", {"duration": 30, "resolution": "720p"},
         seconds=30, resolution="720p"),
    _hosted("seedance-2-5", "seedance-2-5", "0 credits (explore mode)", {"duration": 15, "exploreMode": True},
         seconds=15, explore=True),
]  # fmt: skip


class Refused(NamedTuple):
    """A request that does not go, the words for it, and whether the simulator refuses its body, too."""

    model: str
    fields: dict[str, Any]
    words: str
    is_refused_there: bool = True


NOTHING_LEFT = False
"""What is wrong is not in the body: the model has no field for it, so it cannot be forced out."""
REFUSED = [
    Refused("gen3turbo", {"seconds": 8}, "seconds is 8: give 5 or 10, or a model that has it: "),
    Refused("gen3turbo", {"aspect": "16:9"}, "aspect is '16:9': give landscape or portrait"),
    Refused("gen3turbo", {"resolution": "720p"}, "resolution is given, and Gen-3 Alpha Turbo has one", NOTHING_LEFT),
    Refused("gen3turbo", {"audio": False}, "audio is given, and Gen-3 Alpha Turbo has no switch", NOTHING_LEFT),
    Refused("gen4turbo", {}, "Gen-4 Turbo needs a picture: give first"),
    Refused("gen4turbo", {"keyframes": BOTH}, "last is given, and Gen-4 Turbo takes no last keyframe", NOTHING_LEFT),
    Refused("gen4turbo", {"keyframes": FIRST, "camera": Camera(zoom=4)}, "zoom: Gen-4 Turbo takes no camera in "
            "numbers; say the move in the prompt with camera_words", NOTHING_LEFT),
    Refused("gen4turbo", {"keyframes": FIRST, "seconds": 8}, "seconds is 8: give 5 or 10"),
    Refused("gen4turbo", {"keyframes": FIRST, "prompt": "x" * 1001}, "prompt is 1,001 characters long"),
    Refused("gen4", {}, "Gen-4 needs a picture: give first"),
    Refused("gen4", {"keyframes": FIRST, "seed": 0}, "seed is 0: give a whole number from 1"),
    Refused("gen4", {"keyframes": FIRST, "aspect": "2:3"}, "aspect is '2:3': give 16:9"),
    Refused("gen4_5", {"aspect": "1:1"}, "aspect is 1:1: without a picture Gen-4.5 makes 16:9 only"),
    Refused("gen4_5", {"seconds": 7}, "seconds is 7: give 5, 8, 10"),
    Refused("gen4_5", {"prompt": "x" * 5001}, "prompt is 5,001 characters long: Gen-4.5 takes 5,000"),
    Refused("gen4_5", {"prompt": ""}, "there is nothing to generate from"),
    Refused("videos-gen4.5", {"seconds": 11}, "seconds is 11: give 2 to 10"),
    Refused("videos-gen4.5", {"aspect": "9:16"}, "without a picture Gen-4.5 with sound makes 16:9 only"),
    Refused("kling-3.0-pro", {"seconds": 4}, "seconds is 4: give 5, 10, 15"),
    Refused("kling-3.0-pro", {"aspect": "4:3"}, "aspect is '4:3': give 16:9, 9:16, 1:1"),
    Refused("kling-3.0-pro", {"seed": 7}, "seed is given, and Kling 3.0 Pro takes none: leave it out", NOTHING_LEFT),
    Refused("kling-3.0-pro", {"keyframes": Keyframes(last=PICTURE)}, "last is given without first"),
    Refused("kling-3.0-pro", {"prompt": "x" * 2501}, "prompt is 2,501 characters long: Kling 3.0 Pro takes 2,500"),
    Refused("kling-3.0-pro", {"resolution": "720p"}, "resolution is given, and Kling 3.0 Pro has one", NOTHING_LEFT),
    Refused("veo-3.1", {"explore": True}, "explore is given, and Veo 3.1 has no explore mode", NOTHING_LEFT),
    Refused("veo-3.1", {"resolution": "480p"}, "resolution is '480p': give 720p or 1080p"),
    Refused("veo-3.1", {"seconds": 5}, "seconds is 5: give 4, 6, 8"),
    Refused("sora-2", {"audio": False}, "audio is given, and Sora 2 has no switch for sound", NOTHING_LEFT),
    Refused("sora-2", {"keyframes": BOTH}, "last is given, and Sora 2 takes no last keyframe", NOTHING_LEFT),
    Refused("sora-2", {"seconds": 5}, "seconds is 5: give 4, 8, 12"),
    Refused("seedance-2", {"seconds": 3}, "seconds is 3: give 4 to 15"),
    Refused("seedance-2", {"prompt": "x" * 3501}, "prompt is 3,501 characters long: Seedance 2 takes 3,500"),
    Refused("seedance-2", {"resolution": "1080p", "explore": True}, "resolution is 1080p, which explore mode does not"),
    Refused("seedance-2-5", {"resolution": "1080p"}, "resolution is '1080p': give 480p or 720p"),
    Refused("seedance-2-5", {"seconds": 16, "explore": True}, "seconds is 16, and explore mode makes 15 at most"),
]  # fmt: skip


@pytest.fixture
def api(tmp_path: Path) -> Iterator[Api]:
    yield Api(tmp_path, credits=10**6, max_jobs=10)
    Api.stop_all()


def _request(model: str, fields: dict[str, Any]) -> VideoRequest:
    return VideoRequest(**{"prompt": P, "model": model, **fields})


def _posted(api: Api, path: str, body: dict[str, Any]) -> Any:
    """What the simulator says to a body with a picture that there is."""
    picture = str(api.upload("boat").json()["assetId"])
    return api.call("POST", path, json={name: picture if value == PICTURE else value for name, value in body.items()})


def _case(case: Sent | Refused) -> str:
    return f"{case.model}-{','.join(case.fields) or 'plain'}"


def test_every_model_is_here_both_ways() -> None:
    assert {case.model for case in SENT} == {case.model for case in REFUSED} == set(MODELS)


@pytest.mark.parametrize("case", SENT, ids=_case)
def test_what_leaves_is_documented_and_the_simulator_takes_it(api: Api, case: Sent) -> None:
    request = _request(case.model, case.fields)
    request.check()
    assert (request.row.path, request.to_wire(), request.price_text) == (case.path, case.body, case.price)
    answer = _posted(api, case.path, case.body)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize("case", REFUSED, ids=_case)
def test_what_a_model_has_not_is_refused_here_and_there(api: Api, case: Refused) -> None:
    request = _request(case.model, case.fields)
    assert any(case.words in line for line in request.problems()), request.problems()
    answer = _posted(api, request.row.path, request.to_wire())
    assert answer.status_code == (400 if case.is_refused_there else 200), answer.text


@pytest.mark.parametrize("case", [case for case in SENT if case.price.split()[0].isdigit()], ids=_case)
def test_a_documented_price_is_what_the_simulator_takes(api: Api, case: Sent) -> None:
    before = api.get("/features")["used"]["numPlanCredits"]
    assert _posted(api, case.path, case.body).status_code == 200
    spent = api.get("/features")["used"]["numPlanCredits"] - before
    assert spent == int(case.price.split()[0])


def test_where_the_two_readings_differ(api: Api) -> None:
    """Nobody documents the longest prompt of seedance-2-5: unknown here, and that of seedance-2 there."""
    request = _request("seedance-2-5", {"prompt": "x" * 3501})
    assert request.problems() == ()
    assert _posted(api, request.row.path, request.to_wire()).status_code == 400
