"""The panel with every model: what it offers, what it says, and that nothing typed is lost."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import ipywidgets
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runway_nb.camera import Camera
from runway_nb.jobs.job import Job
from runway_nb.keyframes import Keyframes
from runway_nb.notebook.panel.account_text import AccountState
from runway_nb.notebook.panel.camera_controls import camera_lines
from runway_nb.notebook.panel.form_rows import KEEP_SEED, form_contents, form_notes, rows_of
from runway_nb.notebook.panel.keyframe_choices import Choice
from runway_nb.notebook.panel.keyframe_loader import Loaded
from runway_nb.notebook.panel.keyframe_position import keyframe_lack
from runway_nb.notebook.panel.model_choice import model_note, model_options
from runway_nb.notebook.panel.state import (
    SAYS_CAMERA,
    Keyframe,
    Offer,
    PanelState,
    camera_set,
    control_values,
    missing_fits,
    model_chosen,
    picked,
    request_of,
    seed_set,
    sent,
    summary_of,
    value_changed,
)
from runway_nb.request import VideoRequest
from runway_nb.spec import MODELS, POSITIONS, SEED_RANGE
from support.account_pictures import png
from support.panels import REQUEST, button, page_sends, parts, shown_text, the, upload

names = st.sampled_from([*MODELS])
LAMP, SEA = Choice("lamp", "lamp", "lamp"), Choice("sea", "sea", "sea")
EMPTY = PanelState(AccountState(simulated=False))


@st.composite
def panels(draw: Any) -> PanelState:
    """A panel of some model in which something was typed and chosen, with other models in between."""
    state = EMPTY
    for _ in range(draw(st.integers(0, 8))):
        state = model_chosen(state, draw(names))
        state = draw(st.sampled_from([typed, moved, chosen]))(state, draw)
    return state


def typed(state: PanelState, draw: Any) -> PanelState:
    """Change a control of the form that the model has."""
    row = draw(st.sampled_from([row for row in rows_of(state.row) if row.is_taken and row.field.kind != "point"]))
    if row.is_choice:
        return value_changed(state, row.name, draw(st.sampled_from([*row.labels])))
    if row.field.kind == "switch":
        return value_changed(state, row.name, draw(st.booleans()))
    if row.name == "seed":
        return seed_set(state, draw(st.integers(*SEED_RANGE)))
    return value_changed(state, row.name, draw(st.sampled_from(["", "A lamp turns", "https://x.test/a"])))


def moved(state: PanelState, draw: Any) -> PanelState:
    if draw(st.booleans()):
        return value_changed(state, SAYS_CAMERA, draw(st.booleans()))
    camera = st.sampled_from([Camera(), Camera(static=True), Camera(zoom=4), Camera(pan=-2.5, roll=0.1)])
    return camera_set(state, draw(camera))


def chosen(state: PanelState, draw: Any) -> PanelState:
    position = draw(st.sampled_from(POSITIONS))
    return picked(state, position, Keyframe(draw(st.sampled_from([LAMP, SEA])), Loaded(b"x", size=(9, 16))), Offer())


# --- nothing is lost, and nothing is sent that a model does not take -----------------------------------


@given(panels(), st.lists(names))
def test_any_switches_of_model_keep_all_that_was_typed(state, others) -> None:
    there = state
    for name in others:
        there = model_chosen(there, name)
    assert (there.values, there.keyframes) == (state.values, state.keyframes)
    back = model_chosen(there, state.model)
    assert request_of(back) == request_of(state)
    assert form_contents(back.values, back.row) == form_contents(state.values, state.row)


@given(panels())
def test_what_is_sent_is_what_the_model_takes(state) -> None:
    problems = summary_of(state).problems
    assert not [line for line in problems if " is given, and " in line and " without first" not in line]
    request = request_of(state)
    assert {*request.keyframes.given} <= {*state.row.positions}
    assert state.row.camera or request.camera_sentence or request.camera == Camera()
    # every choice that is shown is the one that is sent
    contents = form_contents(state.values, state.row)
    for row in rows_of(state.row):
        if row.is_choice and row.is_taken:
            value = getattr(request, row.name)
            assert contents[row.name] in row.labels
            assert row.read((contents[row.name],)) in (value, row.usual, state.row.aspect_words.get(value, value))


@given(panels())
def test_what_is_kept_and_not_sent_is_said(state) -> None:
    told = " ".join(form_notes(state.values, state.row))
    if state.values["seed"] and not state.row.seed:
        assert f"seed {state.values['seed']}" in told
    if state.values["explore"] and not state.row.explore:
        assert "explore mode" in told.partition("Kept")[2]
    seconds = state.values["seconds"]
    assert ("length" in told) == (seconds is not None and seconds not in state.row.seconds)


def test_the_road_to_gen_4_and_back() -> None:
    state = replace(EMPTY, values=control_values(replace(REQUEST, seconds=10)))
    for position, choice in (("first", LAMP), ("middle", SEA), ("last", LAMP)):
        state = picked(state, position, Keyframe(choice), Offer())
    before = request_of(state)
    there = model_chosen(state, "gen4turbo")
    assert request_of(there) == replace(before, keyframes=Keyframes("lamp"), model="gen4turbo", camera_words=True)
    assert form_contents(there.values, there.row)["aspect"] == "9:16"
    assert request_of(model_chosen(there, "gen3turbo")) == before


@pytest.mark.parametrize(
    ("chosen", "model", "shown"),
    [
        ("portrait", "gen4", "9:16"), ("landscape", "sora-2", "16:9"), ("9:16", "gen3turbo", "portrait"),
        ("16:9", "gen3turbo", "landscape"), ("5:3", "gen4", "16:9"), ("21:9", "gen3turbo", "as first"),
        ("1:1", "veo-3.1", "as first"), ("1:1", "kling-3.0-pro", "1:1"), (None, "gen4", "as first"),
    ],
)  # fmt: skip
def test_a_format_goes_along_where_it_means_one_thing(chosen, model, shown) -> None:
    state = model_chosen(replace(EMPTY, values={**EMPTY.values, "aspect": chosen}), model)
    assert form_contents(state.values, state.row)["aspect"] == shown
    assert (request_of(state).aspect is None) == (shown == "as first")
    notes = " ".join(form_notes(state.values, state.row))
    assert (f"{chosen} is {shown} here" in notes.replace("Portrait", "portrait").replace("Landscape", "landscape")) == (
        shown not in (chosen, "as first")
    )
    assert (f"aspect {chosen}" in notes) == (shown == "as first" and chosen is not None)


def test_a_length_that_a_model_has_not_is_its_usual_one_and_comes_back() -> None:
    state = value_changed(model_chosen(EMPTY, "gen4_5"), "seconds", "8 s")
    there = model_chosen(state, "gen4turbo")
    assert (request_of(there).seconds, form_contents(there.values, there.row)["seconds"]) == (None, "5 s")
    assert "Kept and not sent: length 8 s." in form_notes(there.values, there.row)
    assert request_of(model_chosen(there, "gen4_5")).seconds == 8


def test_the_length_that_nobody_chose_is_that_of_each_model() -> None:
    lengths = {name: form_contents(EMPTY.values, model)["seconds"] for name, model in MODELS.items()}
    assert (lengths["gen3turbo"], lengths["veo-3.1"], lengths["seedance-2"]) == ("5 s", "4 s", "5 s")
    assert request_of(model_chosen(EMPTY, "seedance-2")).seconds is None


def test_a_seed_stays_while_a_model_without_one_sends() -> None:
    state = model_chosen(seed_set(EMPTY, 7), "veo-3.1")
    after = sent(state, Job("00000001", VideoRequest("x", model="veo-3.1")))
    assert (after.values["seed"], after.values[KEEP_SEED]) == ("7", True)
    assert request_of(after).seed is None


def test_pictures_that_are_not_sent_are_neither_fitted_nor_a_problem() -> None:
    state = picked(EMPTY, "last", Keyframe(LAMP, Loaded(problem="it is broken", is_fatal=True)), Offer())
    state = value_changed(state, "prompt", "A lamp turns")
    assert "it is broken" in summary_of(state).refusal
    there = model_chosen(state, "gen4_5")
    assert summary_of(there).refusal == ""
    wide = picked(there, "middle", Keyframe(SEA, Loaded(b"wide", size=(1280, 768))), Offer())
    assert missing_fits(wide, summary_of(wide).sized) == []


@pytest.mark.parametrize(
    ("model", "position", "reason"),
    [
        ("gen4turbo", "middle", "Gen-4 Turbo takes a first keyframe only"),
        ("gen4turbo", "last", "Gen-4 Turbo takes a first keyframe only"),
        ("kling-3.0-pro", "middle", "Kling 3.0 Pro takes a first and a last keyframe only"),
        ("gen4turbo", "first", ""), ("gen3turbo", "middle", ""),
    ],
)  # fmt: skip
def test_a_position_that_is_not_there_says_why(model, position, reason) -> None:
    assert keyframe_lack(MODELS[model], position) == reason


def test_a_model_that_takes_no_picture_says_so() -> None:
    assert keyframe_lack(MODELS["gen4"]._replace(keyframes=()), "first") == "Gen-4 takes no keyframes"


# --- the camera in words ------------------------------------------------------------------------------


def test_the_move_is_told_in_words_or_not_sent_as_the_switch_says() -> None:
    state = camera_set(model_chosen(EMPTY, "gen4turbo"), Camera(zoom=2))
    lack = "Gen-4 Turbo takes no camera numbers"
    assert camera_lines(state) == [f"{lack}: the move is added to the prompt: 'The camera pushes in slowly.'"]
    assert request_of(state).sent_prompt == "The camera pushes in slowly."
    off = value_changed(state, SAYS_CAMERA, False)
    assert camera_lines(off) == [f"{lack}: the move is not sent."]
    assert (request_of(off).camera, request_of(off).camera_words) == (Camera(), None)
    still = camera_set(state, Camera())
    assert camera_lines(still) == [f"{lack}: a move is added to the prompt in words."]
    assert request_of(still).camera_words is None
    back = model_chosen(off, "gen3turbo")
    assert camera_lines(back) == ["pushes slightly in"]
    assert request_of(back).camera == Camera(zoom=2)


def test_a_request_that_says_no_words_switches_them_off() -> None:
    assert control_values(VideoRequest(model="gen4"))[SAYS_CAMERA]
    assert not control_values(VideoRequest(model="gen4", camera_words=False))[SAYS_CAMERA]


# --- the list of models -------------------------------------------------------------------------------


def test_models_are_offered_by_title_and_a_retired_one_only_while_it_is_chosen(monkeypatch: pytest.MonkeyPatch) -> None:
    labels = {name: label for label, name in model_options("gen3turbo")}
    assert [*labels] == [*MODELS]
    assert (labels["gen3turbo"], labels["gen4"]) == ("Gen-3 Alpha Turbo (discouraged)", "Gen-4")
    monkeypatch.setitem(MODELS, "gen3turbo", MODELS["gen3turbo"]._replace(state="retired"))
    assert "gen3turbo" not in [name for _, name in model_options("gen4")]
    assert ("Gen-3 Alpha Turbo (retired)", "gen3turbo") in model_options("gen3turbo")


def test_models_of_one_title_are_told_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(MODELS, "mine", MODELS["gen4"]._replace(name="mine"))
    assert ("Gen-4 (2)", "mine") in model_options("gen4")


def test_a_discouraged_model_says_why_and_what_goes_on() -> None:
    note = model_note(MODELS["gen3turbo"])
    assert note.startswith("Gen-3 Alpha Turbo is discouraged: Runway's website no longer supports Gen-3")
    assert note.endswith("Its successor is Gen-4 Turbo.")
    assert model_note(MODELS["gen4"]) == ""


# --- the panel itself ---------------------------------------------------------------------------------


def choose(bench, panel, model):
    panel.model.list.value = model
    return bench.settled(panel)


def options(panel, name):
    return [*panel.form.fields[name].options]


def test_the_controls_follow_the_model_and_what_was_typed_comes_back(bench) -> None:
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("harbour", "harbour", "harbour")))
    before = panel.request
    slots = {name: the(panel, ipywidgets.Dropdown, name) for name in POSITIONS}
    choose(bench, panel, "gen4turbo")
    assert options(panel, "aspect") == ["as first", "16:9", "9:16", "1:1", "4:3", "3:4", "21:9"]
    assert panel.form.fields["aspect"].value == "9:16"
    assert [slots[name].disabled for name in POSITIONS] == [False, True, True]
    assert slots["last"].tooltip == "Gen-4 Turbo takes a first keyframe only"
    assert button(panel, "Swap first and last").disabled
    text = shown_text(panel)
    assert text.count("Gen-4 Turbo takes a first keyframe only.") == 2
    assert text.count("kept, not sent") == 2
    assert "takes no camera numbers: the move is added to the prompt: 'The camera" in text
    assert "Gen-4 Turbo has one resolution only and no sound." in text
    assert "Portrait is 9:16 here." in text
    assert panel.preview.frame == (720, 1280)
    assert (panel.preview.middle, panel.preview.last) == (b"", b"")
    assert panel.request.problems() == ()
    assert "50 credits" in text
    choose(bench, panel, "gen3turbo")
    assert panel.request == before
    assert options(panel, "aspect") == ["as first", "landscape", "portrait"]
    assert [slots[name].disabled for name in POSITIONS] == [False] * 3
    assert panel.preview.frame == (768, 1280)


def test_a_model_with_sound_and_resolutions_shows_both_and_one_without_a_seed_greys_it(bench) -> None:
    panel = choose(bench, bench.panel(REQUEST), "veo-3.1")
    assert options(panel, "seconds") == ["4 s", "6 s", "8 s"]
    assert options(panel, "resolution") == ["720p", "1080p"]
    assert options(panel, "audio") == ["on", "off"]
    assert panel.form.fields["seed"].disabled
    assert panel.form.fields["explore"].disabled
    assert panel.form.fields["seed"].value == "7"
    assert panel.form.fields["seed"].tooltip == "Veo 3.1 has no seed"
    text = shown_text(panel)
    assert "Veo 3.1 has no seed and no explore mode." in text
    assert "Kept and not sent: length 10 s, seed 7." in text
    assert "price unknown" in text
    panel.form.fields["audio"].value, panel.form.fields["resolution"].value = "off", "1080p"
    assert (panel.request.audio, panel.request.resolution) == (False, "1080p")
    choose(bench, panel, "gen4turbo")
    assert "audio" not in panel.form.fields
    assert "resolution 1080p, sound off" in shown_text(panel)
    assert (panel.request.audio, panel.request.resolution) == (None, None)
    choose(bench, panel, "veo-3.1")
    assert (panel.request.audio, panel.request.resolution) == (False, "1080p")


def test_an_unsure_price_says_so_and_a_limit_of_the_prompt_is_counted(bench) -> None:
    panel = choose(bench, bench.panel(REQUEST), "gen4_5")
    text = shown_text(panel)
    assert "about 120 credits" in text
    assert "12 of 5,000 characters, 3 words" in text


def test_an_unknown_price_is_not_sent_where_credits_are_limited(bench) -> None:
    panel = choose(bench, bench.panel(VideoRequest("A lamp turns")), "veo-3.1")
    bench.studio.account.backend.settings = replace(bench.studio.settings, max_credits=1000)
    bench.press(panel)
    assert bench.creates == 0
    assert "unknown_price" in shown_text(panel)


def test_a_picture_that_is_needed_is_asked_for_and_generate_waits(bench) -> None:
    panel = choose(bench, bench.panel(VideoRequest("A lamp turns")), "gen4turbo")
    assert button(panel, "Generate").disabled
    assert button(panel, "Generate").tooltip.startswith("Gen-4 Turbo needs a picture")
    assert "needed" in shown_text(panel)
    upload(bench, panel, png())
    assert not button(panel, "Generate").disabled


def test_a_file_for_a_position_that_is_not_there_is_refused_in_words(bench) -> None:
    panel = choose(bench, bench.panel(REQUEST), "gen4turbo")
    page_sends(panel, "piece", position="last", file="1", count=1, name="lamp.png")
    upload(bench, panel, png(), name="last")
    assert panel.request.keyframes == Keyframes()
    assert "lamp.png is not taken: Gen-4 Turbo takes a first keyframe only." in shown_text(panel)


def test_the_switch_for_words_is_there_only_where_a_model_takes_no_numbers(bench) -> None:
    panel = bench.panel(REQUEST)
    switch = panel.camera.fields[SAYS_CAMERA]
    assert switch not in [*parts(panel)]
    choose(bench, panel, "gen4turbo")
    assert switch in [*parts(panel)]
    assert (switch.value, switch.description) == (True, "Camera in words")
    switch.value = False
    assert "the move is not sent" in shown_text(panel)
    assert panel.request.camera == Camera()
    choose(bench, panel, "gen3turbo")
    assert switch not in [*parts(panel)]
    assert panel.request.camera == REQUEST.camera


@pytest.mark.parametrize("name", MODELS)
def test_a_request_of_any_model_comes_back_from_the_controls(bench, unseen, name) -> None:
    model = MODELS[name]
    request = VideoRequest(
        "A lamp turns",
        Keyframes(**dict.fromkeys(model.positions, "lamp.png")),
        Camera(2, 2, 2, 2, 2, 2),
        aspect=[*model.aspects][-1],
        seconds=model.usual_seconds,
        seed=7 if model.seed else None,
        explore=True if model.explore else None,
        resolution=next(iter(model.resolutions), None),
        audio=True if model.audio else None,
        camera_words=None if model.camera else True,
        model=name,
    )
    panel = bench.panel(request)
    assert request.problems() == ()
    assert panel.request == request


def test_a_job_of_another_model_opens_with_it(bench) -> None:
    job = bench.party.ended(bench.studio.submit(VideoRequest("x", Keyframes("harbour"), model="gen4turbo")))
    panel = bench.panel()
    panel.open_field.field.value = job.id
    bench.settled(panel)
    assert panel.model.list.value == "gen4turbo"
    assert panel.request == job.original_request


def test_the_model_of_the_settings_is_the_one_to_begin_with(bench) -> None:
    bench.studio.use(replace(bench.studio.settings, model="gen4"))
    panel = bench.panel()
    assert panel.request == VideoRequest(model="gen4")
    choose(bench, panel, "gen3turbo")
    panel.form.fields["prompt"].value = "A lamp turns"
    assert bench.press(panel, "Reset").request == VideoRequest(model="gen4")


def test_the_page_hears_of_controls_that_were_made_anew(bench, wire) -> None:
    panel = choose(bench, bench.panel(REQUEST), "seedance-2")
    assert isinstance(panel.form.fields["seconds"], ipywidgets.Dropdown)
    assert {**panel.preview.fields}["seconds"] is panel.form.fields["seconds"]
    page_sends(panel, "cell", values={"seconds": "12 s"})
    assert panel.request.seconds == 12
    assert next(iter(panel.preview.fields)) == "model", "choices follow the model, so it is taken first"


def test_a_release_of_a_slider_is_as_many_messages_with_any_model(bench, wire) -> None:
    counts = []
    for name in ("gen3turbo", "gen4turbo"):
        panel = bench.panel(replace(REQUEST, model=name, camera=Camera(), aspect=None))
        before = len(wire.sent)
        panel.camera.sliders["zoom"].set_state({"value": 4.0})
        counts.append(len(wire.sent) - before)
    assert max(counts) <= 4


def test_the_texts_of_the_user_are_no_html_in_the_notes(bench) -> None:
    panel = choose(bench, bench.panel(REQUEST), "gen3turbo")
    panel.form.fields["seed"].value = "<b>7</b>"
    choose(bench, panel, "veo-3.1")
    assert "seed <b>7</b>" in shown_text(panel), "as text"
