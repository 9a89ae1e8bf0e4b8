"""A request: checks, the body of the create call, price and digest."""

from __future__ import annotations

import inspect
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given

import runway_nb
from runway_nb.camera import Camera
from runway_nb.errors import InvalidRequest
from runway_nb.keyframes import Keyframes
from runway_nb.references import asset_account
from runway_nb.request import FIELDS, OWN_FIELDS, VideoRequest
from runway_nb.spec import DEFAULT_MODEL, MODELS
from support.strategies import ASSET_ID, EMAIL, TASK_ID, requests

WIRE = Path(__file__).parent / "wire"
CREATE = json.loads((WIRE / "create.json").read_text())
KNOWN = json.loads((WIRE / "requests.json").read_text())
"""Requests as version 0.1.0 wrote them down: their fields, body, record and digest."""
OTHER = ASSET_ID.replace(EMAIL, "second@example.org")


def _problems(**fields):
    return VideoRequest(**{"prompt": "a lamp", **fields}).problems()


# --- to the wire ------------------------------------------------------------------------------------


def test_the_documented_example_is_written_as_documented() -> None:
    request = VideoRequest(
        prompt="The lighthouse lamp starts to turn as fog rolls in",
        keyframes=Keyframes(CREATE["firstImage_assetId"], None, CREATE["lastImage_assetId"]),
        camera=Camera(zoom=2.5),
        aspect="landscape",
        seconds=5,
        seed=3178220541,
        reply_ref="rnb-7f3e2c54b0d14c0f",
    )
    request.check()
    assert request.to_wire() == CREATE


def test_every_field_has_its_documented_name() -> None:
    request = VideoRequest(
        "p", Keyframes("a", "b", "c"), Camera(1, 2, 3, 4, 5, 6), "portrait", 10, 7, True, "https://h.example", "r", 3
    )
    assert request.to_wire() == {
        "firstImage_assetId": "a", "middleImage_assetId": "b", "lastImage_assetId": "c", "text_prompt": "p",
        "aspect_ratio": "portrait", "horizontal": 1, "vertical": 2, "zoom": 3, "pan": 4, "tilt": 5, "roll": 6,
        "seconds": 10, "seed": 7, "exploreMode": True, "replyUrl": "https://h.example", "replyRef": "r", "maxJobs": 3,
    }  # fmt: skip


def test_what_was_not_given_stays_out_of_the_body() -> None:
    assert VideoRequest("a lamp").to_wire() == {"text_prompt": "a lamp"}
    assert VideoRequest(keyframes=Keyframes(first=ASSET_ID)).to_wire() == {"firstImage_assetId": ASSET_ID}


@pytest.mark.parametrize(("field", "wire"), [("explore", "exploreMode")])
def test_an_explicit_no_is_sent(field, wire) -> None:
    fields: dict[str, Any] = {field: False}
    assert VideoRequest("a", **fields).to_wire()[wire] is False


def test_a_path_is_sent_as_text() -> None:
    assert VideoRequest("a", Keyframes(Path("a.png"))).to_wire()["firstImage_assetId"] == "a.png"


@given(requests)
def test_a_request_survives_the_way_to_the_wire_and_back(request) -> None:
    body = json.loads(json.dumps(request.to_wire()))
    assert VideoRequest.from_wire(body) == request
    assert None not in body.values()


@given(requests)
def test_drawn_requests_are_without_mistakes(request) -> None:
    assert request.problems() == ()


def _known(fields):
    parts = {"keyframes": Keyframes(**fields.get("keyframes", {})), "camera": Camera(**fields.get("camera", {}))}
    return VideoRequest(**{**fields, **parts})


@pytest.mark.parametrize("known", KNOWN, ids=lambda known: known["digest"][3:9])
def test_what_is_sent_kept_and_counted_stays_the_same_to_the_letter(known) -> None:
    """Another digest would let an unchanged cell be paid again; another order would show another dry run."""
    request = _known(known["fields"])
    assert json.dumps(request.to_wire()) == json.dumps(known["body"])
    assert json.dumps(request.to_record()) == json.dumps(known["record"])
    assert request.digest == known["digest"]
    assert VideoRequest.from_wire(known["record"]).digest == known["digest"]


def test_the_old_name_of_a_record_still_works() -> None:
    with pytest.warns(DeprecationWarning, match="to_record"):
        assert VideoRequest("a", fit="cover").to_wish() == {"text_prompt": "a", "fit": "cover"}


# --- the table of fields ----------------------------------------------------------------------------


def test_every_field_of_a_request_has_one_row() -> None:
    own = {field.name: field.default for field in fields(VideoRequest) if field.name not in ("keyframes", "camera")}
    assert {row.name: row.default for row in OWN_FIELDS} == {k: v or None for k, v in own.items() if k != "model"} | {
        "prompt": ""
    }
    for part in (Keyframes, Camera):
        rows = [row.name for row in FIELDS if row.part == part.__name__.lower()]
        assert sorted(rows) == sorted(field.name for field in fields(part))
    assert len(set(FIELDS)) == len({row.name for row in FIELDS})


class Asked(runway_nb.Studio):
    """A studio that only notes what it is asked for."""

    def __init__(self):
        self.requests = []

    def submit(self, request, **_):
        self.requests.append(request)


def test_generate_takes_every_field_of_a_request() -> None:
    parts = {"camera"} | {row.name for row in FIELDS if row.part == "keyframes"}
    assert parts | {row.name for row in OWN_FIELDS} <= set(inspect.signature(runway_nb.generate).parameters)


def test_each_field_of_a_request_reaches_it_from_generate() -> None:
    request = _known(KNOWN[-1]["fields"])
    own = {row.name: row.value_in(request) for row in OWN_FIELDS}
    parts = {**request.keyframes.given, "camera": request.camera}
    runway_nb.generate(**own, **parts, model=request.model, studio=(studio := Asked()))
    assert studio.requests == [request]


@given(requests)
def test_a_request_is_made_of_the_values_of_its_rows(request) -> None:
    assert VideoRequest.from_values({row.name: row.value_in(request) for row in FIELDS}) == request


def test_values_that_are_no_field_stay_out_of_a_request() -> None:
    values = {"wait": True, "zoom": 4, "first": "a.png", "seed": 7}
    assert VideoRequest.from_values(values) == VideoRequest(keyframes=Keyframes("a.png"), camera=Camera(zoom=4), seed=7)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch):
    """A model with other names in its body, that takes two pictures and no seed."""
    first, _, last = DEFAULT_MODEL.keyframes
    model = DEFAULT_MODEL._replace(
        name="short", title="Short", seconds=range(2, 11), keyframes=(first._replace(wire="imageAssetId1"), last),
        wire_names={"seconds": "duration"}, seed=False, camera=False,
    )  # fmt: skip
    monkeypatch.setitem(MODELS, "short", model)
    return model


def test_a_model_names_the_fields_of_its_body(short) -> None:
    request = VideoRequest("p", Keyframes("a", last="c"), seconds=8, model="short")
    body = {"imageAssetId1": "a", "lastImage_assetId": "c", "text_prompt": "p", "duration": 8}
    assert (request.problems(), request.to_wire()) == ((), body)
    assert VideoRequest.from_wire(body, "short") == request
    assert short.positions == ("first", "last")


def test_what_a_model_does_not_take_is_a_mistake_and_never_dropped(short) -> None:
    request = VideoRequest("p", Keyframes("a", "b"), Camera(zoom=0), seed=7, model="short")
    assert request.problems() == (
        "middle is given, and Short takes no middle keyframe: leave it out, or choose a model that does: gen3turbo",
        (
            "seed is given, and Short takes none: leave it out, or choose a model that does: "
            "gen3turbo, gen4turbo, gen4, gen4_5, videos-gen4.5"
        ),
        (
            "zoom: Short takes no camera in numbers; say the move in the prompt with camera_words, leave it out, "
            "or choose a model that takes it: gen3turbo"
        ),
    )


# --- every field at, below and above its range ------------------------------------------------------


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seconds", 5), ("seconds", 10), ("seed", 1), ("seed", 4294967294), ("max_jobs", 1), ("max_jobs", 10),
        ("aspect", "landscape"), ("aspect", "portrait"), ("explore", True), ("explore", False),
        ("reply_ref", "x"), ("reply_ref", "x" * 1024), ("reply_url", "https://h.example/" + "x" * 1006),
        ("reply_url", "http://h.example"),
    ],
)  # fmt: skip
def test_a_value_at_the_edge_is_fine(field, value) -> None:
    assert _problems(**{field: value}) == ()


@pytest.mark.parametrize(
    ("field", "value", "line"),
    [
        (
            "seconds", 4,
            (
                "seconds is 4: give 5 or 10, or a model that has it: "
                "videos-gen4.5, veo-3.1, seedance-2, seedance-2-5, sora-2"
            ),
        ),
        (
            "seconds", 6,
            "seconds is 6: give 5 or 10, or a model that has it: videos-gen4.5, veo-3.1, seedance-2, seedance-2-5",
        ),
        ("seconds", 0, "seconds is 0: give 5 or 10"),
        ("seconds", "5", "seconds is '5': give 5 or 10"),
        ("seconds", True, "seconds is True: give 5 or 10"),
        ("seed", 0, "seed is 0: give a whole number from 1 to 4294967294"),
        ("seed", 4294967295, "seed is 4294967295: give a whole number from 1 to 4294967294"),
        ("seed", 1.5, "seed is 1.5: give a whole number from 1 to 4294967294"),
        ("seed", True, "seed is True: give a whole number from 1 to 4294967294"),
        ("max_jobs", 0, "max_jobs is 0: give a whole number from 1 to 10"),
        ("max_jobs", 11, "max_jobs is 11: give a whole number from 1 to 10"),
        (
            "aspect", "21:9",
            (
                "aspect is '21:9': give landscape or portrait, or a model that has it: "
                "gen4turbo, gen4, gen4_5, videos-gen4.5, seedance-2, seedance-2-5"
            ),
        ),
        ("aspect", "", "aspect is '': give landscape or portrait"),
        ("explore", 1, "explore is 1: give True or False"),
        ("reply_ref", "", "reply_ref is 0 characters long: give text of 1 to 1,024 characters"),
        ("reply_ref", "x" * 1025, "reply_ref is 1,025 characters long: give text of 1 to 1,024 characters"),
        ("reply_ref", 5, "reply_ref is 5: give text of 1 to 1,024 characters"),
        ("reply_url", "ftp://h.example", "reply_url is 'ftp://h.example': give an address that starts with https://"),
        ("reply_url", "https://", "reply_url is 'https://': give an address that starts with https://"),
        ("prompt", None, "prompt is None: give text"),
        ("prompt", "  \n", "there is nothing to generate from: write a prompt, or give a keyframe"),
        ("model", "gen9", f"model is 'gen9': known are {', '.join(MODELS)}"),
    ],
)  # fmt: skip
def test_a_value_past_the_edge_is_one_line_with_what_to_do(field, value, line) -> None:
    assert _problems(**{field: value}) == (line,)


def test_a_reply_url_that_is_too_long_is_refused() -> None:
    assert _problems(reply_url="https://h.example/" + "x" * 1007) == (
        "reply_url is 1,025 characters long: give text of 1 to 1,024 characters",
    )


def test_all_mistakes_are_reported_at_once() -> None:
    request = VideoRequest(
        camera=Camera(zoom=11, static=True),
        aspect="square",
        seconds=7,
        seed=0,
        max_jobs=99,
        reply_ref="",
        explore=cast(bool, "no"),
    )
    with pytest.raises(InvalidRequest) as caught:
        request.check()
    assert len(caught.value.problems) == 9
    names = ("nothing to generate", "zoom", "static", "aspect", "seconds", "seed", "max_jobs", "reply_ref", "explore")
    for name in names:
        assert name in caught.value.message


@pytest.mark.parametrize("picture", ["", "  ", 5])
def test_a_keyframe_that_names_nothing_is_a_mistake(picture) -> None:
    assert _problems(keyframes=Keyframes(middle=picture)) == (
        f"middle is {picture!r}: give a picture, a picture file, or an asset's name or id",
    )


def test_pictures_of_two_accounts_never_go_together() -> None:
    (line,) = _problems(keyframes=Keyframes(ASSET_ID, "lamp.png", OTHER))
    assert "two accounts" in line
    assert "@" not in line
    assert _problems(keyframes=Keyframes(ASSET_ID, "lamp.png", ASSET_ID)) == ()


@pytest.mark.parametrize(
    ("picture", "account"),
    [(ASSET_ID, EMAIL), (TASK_ID, None), ("lamp.png", None), (None, None), (Path("a.png"), None)],
)
def test_an_asset_id_names_its_account(picture, account) -> None:
    assert asset_account(picture) == account


# --- warnings, price, digest, repr ------------------------------------------------------------------


def test_what_may_be_refused_is_warned_of() -> None:
    assert VideoRequest("a").warnings() == ("no keyframe: Runway may refuse a request of words alone",)
    (line,) = VideoRequest("a", camera=Camera(zoom=1)).warnings()
    assert line.startswith("a camera move without a keyframe")
    assert VideoRequest("a", Keyframes(ASSET_ID), Camera(zoom=1)).warnings() == ()


@pytest.mark.parametrize(
    ("fields", "credits"),
    [({}, 25), ({"seconds": 5}, 25), ({"seconds": 10}, 50), ({"seconds": 10, "explore": True}, 0)],
)
def test_a_second_costs_five_credits(fields, credits) -> None:  # noqa: A002
    assert VideoRequest("a", **fields).credits == credits


def test_the_defaults_of_the_api_are_filled_in() -> None:
    assert (VideoRequest("a").length, VideoRequest("a").format) == (5, "landscape")


@given(requests)
def test_equal_bodies_have_equal_digests(request) -> None:
    assert VideoRequest.from_wire(request.to_wire()).digest == request.digest
    assert request.digest.startswith("v1:")


@given(requests)
def test_references_and_slots_do_not_change_the_digest(request) -> None:
    other = replace(request, reply_ref="other", reply_url="https://other.example", max_jobs=2)
    assert other.digest == request.digest


@pytest.mark.parametrize(
    "change",
    [
        {"prompt": "b"}, {"seconds": 10}, {"seed": 2}, {"aspect": "portrait"}, {"explore": True},
        {"camera": Camera(zoom=1)}, {"camera": Camera(static=True)}, {"keyframes": Keyframes(ASSET_ID)},
    ],
)  # fmt: skip
def test_what_decides_the_picture_changes_the_digest(change) -> None:
    request = VideoRequest("a", seed=1)
    assert replace(request, **change).digest != request.digest


def test_the_place_of_a_keyframe_counts() -> None:
    assert VideoRequest("a", Keyframes(first=ASSET_ID)).digest != VideoRequest("a", Keyframes(last=ASSET_ID)).digest


def test_the_digest_of_a_known_request_stays_the_same() -> None:
    """Stored results are found by it, so a change of the form is a new version."""
    again = VideoRequest.from_wire(dict(reversed(CREATE.items())))
    assert again.digest == VideoRequest.from_wire(CREATE).digest
    assert len(again.digest) == 3 + 64


def test_a_repr_holds_no_email() -> None:
    assert EMAIL not in repr(VideoRequest("a", Keyframes(ASSET_ID, TASK_ID)))


@pytest.mark.parametrize(
    "fields",
    [{"fit": "crop"}, {"focus": (2, 0)}, {"focus": (0.5,)}, {"focus": "0.5,0.5"}, {"focus": (True, 0)}],
    ids=str,
)
def test_a_fit_that_is_none_is_named(fields) -> None:
    (problem,) = VideoRequest("A lamp", **fields).problems()
    assert problem.startswith(f"{next(iter(fields))} is ")


def test_the_fit_is_kept_with_the_wish_and_never_sent() -> None:
    request = VideoRequest("A lamp", fit="contain", focus=(0.5, 0.25))
    assert VideoRequest.from_wire(request.to_record()) == request
    assert request.to_wire() == VideoRequest("A lamp").to_wire()
    assert request.digest != VideoRequest("A lamp").digest
