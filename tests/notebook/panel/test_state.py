"""What a panel knows after each event, and what follows from it: values, without a widget."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, replace

import pytest

from runway_nb.api.models import Account, Credits
from runway_nb.camera import Camera
from runway_nb.jobs.job import Job
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.panel.account_text import AccountState
from runway_nb.notebook.panel.form_rows import KEEP_SEED
from runway_nb.notebook.panel.keyframe_choices import NONE, Choice
from runway_nb.notebook.panel.keyframe_loader import Fitting, Loaded
from runway_nb.notebook.panel.state import (
    SENDING,
    Keyframe,
    Offer,
    PanelState,
    absent_pictures,
    account_learned,
    backend_changed,
    camera_set,
    fit_key,
    fit_of,
    fitted,
    job_moved,
    missing_fits,
    missing_pictures,
    offered,
    picked,
    picture_loaded,
    request_of,
    seed_set,
    sending,
    sent,
    summary_of,
    swapped,
    value_changed,
)
from runway_nb.request import VideoRequest

EMPTY = PanelState(AccountState(simulated=False))
LAMP, SEA = Choice("lamp", "lamp", "lamp"), Choice("sea", "sea", "sea")
OFFER = Offer((LAMP, SEA))
WIDE = Loaded(b"wide", size=(1280, 768))
TALL = Loaded(b"tall", size=(768, 1280))
BROKEN = Loaded(problem="it is broken", is_fatal=True)
ABSENT = Loaded(problem="no video yet")


def with_pictures(**keyframes):
    state = EMPTY
    for position, keyframe in keyframes.items():
        state = picked(state, position, keyframe, OFFER)
    return state


def test_the_state_is_frozen_and_an_event_leaves_the_one_before() -> None:
    with pytest.raises(FrozenInstanceError):
        EMPTY.is_sending = True  # type: ignore[misc]
    after = value_changed(EMPTY, "prompt", "A lamp turns")
    assert request_of(after) == VideoRequest("A lamp turns")
    assert request_of(EMPTY) == VideoRequest()


def test_a_value_that_is_there_already_is_no_change() -> None:
    after = value_changed(EMPTY, "zoom", 4.0)
    assert value_changed(after, "zoom", 4.0) is after


def test_a_static_camera_keeps_the_moves_for_later() -> None:
    moving = camera_set(EMPTY, Camera(zoom=4))
    still = value_changed(moving, "static", True)
    assert request_of(still).camera == Camera(static=True)
    assert request_of(value_changed(still, "static", False)).camera == Camera(zoom=4)


def test_a_seed_that_is_typed_or_drawn_is_kept_for_the_next_take_and_another_is_not() -> None:
    job = Job("00000001", VideoRequest("x", seed=7))
    for kept in (value_changed(EMPTY, "seed", "7"), seed_set(EMPTY, 7)):
        assert request_of(sent(kept, job)).seed == 7
    assert request_of(sent(EMPTY, job)).seed is None
    given_up = value_changed(seed_set(EMPTY, 7), KEEP_SEED, False)
    assert request_of(sent(given_up, job)).seed is None


def test_the_words_of_a_summary_are_those_of_its_state() -> None:
    assert "write a prompt" in summary_of(EMPTY).refusal
    ready = value_changed(EMPTY, "prompt", "A lamp turns")
    assert summary_of(ready).refusal == ""
    assert summary_of(sending(ready)).refusal == SENDING, "one press, one request"
    poor = account_learned(ready, None, accounts=(Account("a@b.test"),), credits=(Credits(2250, 2240),))
    assert "25 credits" in summary_of(poor).refusal
    assert summary_of(value_changed(poor, "explore", True)).refusal == ""


def test_what_another_backend_answers_late_is_not_of_this_one() -> None:
    here, there = object(), object()
    state = backend_changed(EMPTY, here, AccountState(simulated=True))
    assert account_learned(state, there, accounts=()) is state
    assert account_learned(state, here, accounts=()).account.accounts == ()


def test_a_move_of_a_job_that_changes_nothing_is_no_event() -> None:
    state = job_moved(EMPTY, "00000001", Phase.PREPARING, 1)
    assert job_moved(state, "00000001", Phase.PREPARING, 1) is state
    assert job_moved(state, "00000001", Phase.PREPARING, 0).account.busy == 0
    assert job_moved(state, "00000001", Phase.DONE, 1).phases == {"00000001": Phase.DONE}


def test_what_is_chosen_stays_in_its_list_whatever_is_offered() -> None:
    state = offered(with_pictures(first=Keyframe(LAMP)), Offer((SEA,)))
    assert state.lists["first"] == (NONE, LAMP, SEA)
    assert state.lists["last"] == (NONE, SEA)


def test_swapped_pictures_take_along_what_is_known_of_them() -> None:
    state = swapped(with_pictures(first=Keyframe(LAMP, WIDE), last=Keyframe(SEA)), OFFER)
    assert (state.keyframes["first"], state.keyframes["last"]) == (Keyframe(SEA), Keyframe(LAMP, WIDE))


def test_a_picture_arrives_wherever_its_very_choice_is() -> None:
    again = replace(LAMP)
    state = with_pictures(first=Keyframe(LAMP), middle=Keyframe(LAMP), last=Keyframe(again))
    assert missing_pictures(state) == [LAMP, LAMP, again]
    state = picture_loaded(state, LAMP, WIDE)
    assert [state.keyframes[name].loaded for name in ("first", "middle", "last")] == [WIDE, WIDE, None]


def test_only_what_was_not_there_is_looked_for_again() -> None:
    state = with_pictures(first=Keyframe(LAMP, ABSENT), middle=Keyframe(SEA, BROKEN), last=Keyframe(SEA, WIDE))
    assert absent_pictures(state) == [LAMP]
    assert missing_pictures(state) == []


def test_a_broken_picture_and_two_formats_refuse_a_request_and_an_absent_one_does_not() -> None:
    ready = value_changed(with_pictures(first=Keyframe(LAMP, ABSENT)), "prompt", "x")
    assert summary_of(ready).refusal == ""
    assert "it is broken" in summary_of(picture_loaded(ready, LAMP, BROKEN)).refusal
    mixed = with_pictures(first=Keyframe(LAMP, WIDE), last=Keyframe(SEA, TALL))
    assert "two formats" in summary_of(mixed).refusal
    assert summary_of(value_changed(mixed, "aspect", "portrait")).refusal == ""


def test_the_first_picture_decides_the_format_where_none_is_chosen() -> None:
    assert summary_of(with_pictures(last=Keyframe(SEA, TALL))).sized.format == "portrait"
    assert summary_of(with_pictures(first=Keyframe(LAMP, WIDE))).sized.format == "landscape"


def test_a_fit_is_computed_once_for_all_positions_and_forgotten_with_its_picture() -> None:
    state = with_pictures(first=Keyframe(LAMP, WIDE), last=Keyframe(LAMP, WIDE))
    sized = summary_of(state).sized
    (key,) = missing_fits(state, sized)
    state = fitted(state, key, Fitting("fits"), sized)
    assert missing_fits(state, sized) == []
    assert fit_of(state, state.keyframes["last"], sized) == Fitting("fits")
    other = picture_loaded(state, LAMP, TALL)
    (next_key,) = missing_fits(other, sized)
    other = fitted(other, next_key, Fitting("fits"), sized)
    assert [*other.fits] == [next_key]


def test_a_fit_that_comes_too_late_takes_no_other_away() -> None:
    state = with_pictures(first=Keyframe(LAMP, WIDE))
    sized = summary_of(state).sized
    now = fit_key(state.keyframes["first"], sized)
    assert now is not None
    state = fitted(state, now, Fitting("fits"), sized)
    late = fit_key(state.keyframes["first"], replace(sized, fit="contain"))
    assert late is not None
    assert fitted(state, late, Fitting("stretched"), sized).fits == {now: Fitting("fits")}
