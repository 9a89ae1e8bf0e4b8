"""What distinguishes requests that are listed together."""

from __future__ import annotations

from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.rendering.differences import distinguishing, settings_of, settings_texts
from runway_nb.request import VideoRequest
from support.strategies import EMAIL

ASSET = f"user:4711-runwayml:{EMAIL}-asset:9c2a1f34-58c1-4f0b-b1f4-2e6f0a7d8c33"


def test_only_what_is_not_the_same_in_all_is_named() -> None:
    takes = [VideoRequest("x", camera=Camera(zoom=4), seed=seed) for seed in (1, 2)]
    assert distinguishing(takes) == ["seed 1", "seed 2"]
    assert distinguishing(takes[:1]) == [""]
    assert distinguishing([]) == []


def test_what_is_not_given_is_not_named() -> None:
    requests = [
        VideoRequest("x", seconds=10, audio=False),
        VideoRequest("x", aspect="portrait", audio=True),
        VideoRequest("x"),
    ]
    assert distinguishing(requests) == ["seconds 10, no audio", "aspect portrait, audio", ""]


def test_prompt_model_and_what_does_not_change_the_video_are_not_named() -> None:
    requests = [VideoRequest("x", reply_ref="a"), VideoRequest("y", model="gen4_5", max_jobs=3)]
    assert distinguishing(requests) == ["", ""]


def test_pictures_are_named_without_their_folder_or_account() -> None:
    requests = [VideoRequest("x", Keyframes(picture)) for picture in ("/home/ann/dusk.png", ASSET)]
    one, other = distinguishing(requests)
    assert one == "first dusk.png"
    assert EMAIL not in other
    assert other.startswith("first 9c2a1f34")


def test_a_drawn_seed_is_told_where_nothing_else_differs() -> None:
    asked = [VideoRequest("x"), VideoRequest("x"), VideoRequest("y"), VideoRequest("x", seconds=10)]
    assert settings_texts(asked, [11, 12, 13, 14]) == ["seed 11", "seed 12", "", "seconds 10"]
    assert settings_texts(asked[:2], [None, None]) == ["", ""]


def test_settings_of_compared_requests_are_shown_for_each_with_what_the_model_takes_for_one_not_given() -> None:
    requests = [
        VideoRequest("x", camera=Camera(zoom=-5), seed=1),
        VideoRequest("y", Keyframes("/home/ann/dusk.png"), Camera(zoom=5), seconds=10, seed=1),
    ]
    found = {each.name: each for each in settings_of(requests)}
    assert found["zoom"].text == "zoom \N{MINUS SIGN}5 against +5"
    assert found["seconds"].text == "seconds 5 against 10"
    assert found["first"].text == "first none against dusk.png"
    assert (found["seed"].text, found["seed"].differs) == ("seed 1", False)
    assert (found["aspect"].differs, {"pan", "static", "explore", "prompt", "model"} & {*found}) == (False, set())


def test_a_camera_that_holds_still_in_one_request_has_its_number() -> None:
    requests = [VideoRequest("x", camera=Camera(zoom=value)) for value in (-5, 0, 5)]
    assert [each.text for each in settings_of(requests) if each.differs] == ["zoom \N{MINUS SIGN}5, 0, +5"]


def test_switches_are_on_or_off() -> None:
    requests = [VideoRequest("x", model="veo-3.1", audio=audio) for audio in (True, False)]
    assert "audio on against off" in [each.text for each in settings_of(requests)]
    requests = [VideoRequest("x", explore=explore) for explore in (True, False)]
    assert "explore on against none" in [each.text for each in settings_of(requests)]
