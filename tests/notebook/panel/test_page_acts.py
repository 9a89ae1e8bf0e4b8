"""What the page asks of a panel: press, cell, open, buttons, and files in pieces."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import ipywidgets
import pytest

from runway_nb import errors
from runway_nb.camera import Camera
from runway_nb.keyframes import Keyframes
from runway_nb.request import VideoRequest
from support.account_pictures import an_asset, png, shelve
from support.fakes import EMAIL
from support.panels import (
    OTHER,
    REQUEST,
    button,
    page_sends,
    places,
    shown_text,
    the,
    upload,
)

pytestmark = pytest.mark.usefixtures("small_frames")

SMALL = (320, 192)


# --- messages ---------------------------------------------------------------------------------------


def test_the_cell_that_is_asked_for_is_that_of_what_the_page_shows(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "cell", number="a.1", values={"prompt": "A lamp stands", "zoom": 2.0})
    (answer,) = wire.custom
    assert answer == {"kind": "answer", "number": "a.1", "text": panel.cell}
    assert "A lamp stands" in answer["text"]
    assert "--zoom 2" in answer["text"]
    assert bench.posts == 0


def test_a_request_that_cannot_be_a_cell_gives_none_and_the_reason_stands_in_the_panel(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "cell", number="a.2", values={"seed": "many"})
    assert wire.custom == [{"kind": "answer", "number": "a.2", "text": ""}]
    assert "seed is 'many'" in shown_text(panel)


@pytest.mark.parametrize(("language", "sign"), [("curl", "curl "), ("python", "import "), ("javascript", "await ")])
def test_the_code_that_is_asked_for_sends_what_the_page_shows(bench, wire, language, sign) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "code", number="a.1", language=language, values={"prompt": "A lamp stands", "zoom": 2.0})
    (answer,) = wire.custom
    assert answer == {"kind": "answer", "number": "a.1", "text": panel.code(language)}
    assert sign in answer["text"]
    assert "A lamp stands" in answer["text"]
    assert "USEAPI_TOKEN" in answer["text"]
    assert bench.posts == 0


@pytest.mark.parametrize(("message", "reason"), [
    ({"language": "curl", "values": {"seed": "many"}}, "seed is 'many'"),
    ({"language": "cobol"}, "language is 'cobol'"), ({}, "language is 'None'"),
])  # fmt: skip
def test_code_that_cannot_be_written_is_none_and_the_reason_stands_in_the_panel(bench, wire, message, reason) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "code", number="a.2", **message)
    assert wire.custom == [{"kind": "answer", "number": "a.2", "text": ""}]
    assert reason in shown_text(panel)


ACTS = {
    "preset": ({"value": "Push in"}, lambda p: p.request.camera == Camera(zoom=4)),
    "swap": ({}, lambda p: p.request.keyframes == Keyframes(last="harbour")),
    "dice": ({}, lambda p: p.request.seed not in (None, 7)),
    "reset": ({}, lambda p: p.request == VideoRequest()),
    "clear-first": ({}, lambda p: p.request.keyframes == Keyframes()),
}


@pytest.mark.parametrize("name", ACTS)
def test_what_only_the_kernel_can_do_is_done_before_it_is_answered(bench, wire, name) -> None:
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("harbour")))
    content, is_done = ACTS[name]
    seen = []
    panel.preview.send = lambda answer: seen.append((answer, is_done(panel)))
    page_sends(panel, "act", name=name, number="a.1", **content)
    assert seen == [({"kind": "answer", "number": "a.1", "text": ""}, True)]
    assert bench.creates == 0


DECIDED: dict[str, dict[str, Any]] = {
    "preset": {"tilt": 0.0},
    "swap": {"first": "none", "last": "harbour"},
    "dice": {"seed": ...},
    "reset": {"tilt": 0.0, "prompt": "", "seed": "", "first": "none", "last": "none"},
    "clear-first": {"first": "none"},
}


@pytest.mark.parametrize("name", ACTS)
def test_the_answer_to_an_act_has_what_became_of_what_it_sets(bench, wire, name) -> None:
    """The page shows other values for all of these: they were held back, and would come after the act."""
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("harbour")))
    shown = {"tilt": 4, "prompt": "A lam", "seed": "1", "first": "meadow", "last": "meadow", "sweep_across": "zoom"}
    page_sends(panel, "act", name=name, number="a.1", shown=shown, **ACTS[name][0])
    drawn = str(panel.request.seed)
    expected = {field: drawn if value is ... else value for field, value in DECIDED[name].items()}
    assert wire.custom[-1].get("late") == expected


@pytest.mark.parametrize("name", ["", "nothing", None, ["reset"]])
def test_an_act_that_nobody_knows_is_answered_and_changes_nothing(bench, wire, name) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "act", name=name, number="a.1")
    assert wire.custom[-1]["kind"] == "answer"
    assert panel.request == REQUEST


@pytest.mark.parametrize("late", [5, ["prompt"], {"prompt": "A lam"}])
def test_what_is_late_is_the_kernels_to_say(bench, wire, late) -> None:
    page_sends(bench.panel(REQUEST), "act", name="reset", number="a.1", late=late)
    assert wire.custom[-1] == {"kind": "answer", "number": "a.1", "text": ""}


def test_a_file_that_is_too_large_for_a_message_comes_in_pieces(bench) -> None:
    panel, data = bench.panel(REQUEST), png()
    half = len(data) // 2
    for piece in (data[:half], data[half:]):
        assert panel.request.keyframes == Keyframes()
        sent = {"position": "last", "file": "a.9", "count": 2, "name": "big.png"}
        page_sends(panel, "piece", memoryview(piece), **sent)
        page_sends(panel, "piece", memoryview(b"of another file"), **{**sent, "file": "b.1", "count": 3})
    bench.settled(panel)
    assert panel.store.state.keyframes["last"].choice.label == "big.png (file)"
    assert panel.store.state.keyframes["last"].loaded.problem == ""


def test_two_presses_send_once(bench, monkeypatch: pytest.MonkeyPatch) -> None:
    gate, real = threading.Event(), bench.studio.submit_checked
    monkeypatch.setattr(bench.studio, "submit_checked", lambda *a, **k: gate.wait(5) and real(*a, **k))
    panel = bench.panel(replace(REQUEST, seed=None))
    bench.studio.account.backend.settings = replace(bench.studio.settings, reuse=False)
    page_sends(panel, "shown")
    for _ in range(3):
        page_sends(panel, "press", values={"prompt": "A lamp stands"})
    assert button(panel, "Generate").disabled
    gate.set()
    bench.settled(panel)
    assert (bench.creates, len(panel.jobs)) == (1, 1)
    assert panel.job.original_request.prompt == "A lamp stands"
    assert not button(panel, "Generate").disabled


def test_a_press_before_the_price_of_the_model_was_seen_sends_nothing_and_the_next_one_does(bench) -> None:
    panel = bench.panel(replace(REQUEST, aspect=None))
    assert panel.preview.priced_model == "gen3turbo"
    page_sends(panel, "press", model="gen3turbo", values={"model": "Gen-4.5"})
    bench.settled(panel)
    assert bench.creates == 0
    assert "look at the price, then press again" in shown_text(panel)
    assert panel.preview.priced_model == panel.request.model == "gen4_5"
    page_sends(panel, "press", model="gen4_5")
    bench.settled(panel)
    assert bench.creates == 1


def test_a_press_with_values_that_may_not_be_sent_sends_nothing(bench) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "press", values={"seed": "many"})
    bench.settled(panel)
    assert bench.creates == 0
    assert "Seed is 'many'" in shown_text(panel)


@pytest.mark.parametrize("shown", [{"zoom": "many"}, {"nonsense": 1}, ["zoom"]], ids=["value", "field", "list"])
def test_a_press_that_cannot_be_read_sends_nothing_that_was_not_shown_and_is_reported(bench, shown) -> None:
    panel = bench.panel(REQUEST)
    before = shown_text(panel)
    page_sends(panel, "press", values=shown)
    bench.settled(panel)
    assert panel.request == REQUEST
    assert bench.creates == 0 or panel.job.original_request == REQUEST
    assert shown_text(panel) != before, "a click that does nothing says why"


def test_a_picture_that_is_called_like_another_stays_chosen(bench) -> None:
    panel = upload(bench, bench.panel(REQUEST), png("red", SMALL), "lamp.png")
    panel = upload(bench, panel, png("teal", SMALL), "lamp.png", "last")
    before = panel.request.keyframes
    assert before.first != before.last
    shown = {name: the(panel, ipywidgets.Dropdown, name).label for name in ("first", "middle", "last")}
    page_sends(panel, "press", values=shown)
    bench.settled(panel)
    assert panel.job.original_request.keyframes == before, "another picture than the one that is seen would be paid for"


def test_a_picture_that_is_called_none_stays_chosen(bench, unseen) -> None:
    shelve(bench.party, an_asset(1, "none.png"))
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("none")))
    assert the(panel, ipywidgets.Dropdown).label == "none (2)"
    page_sends(panel, "cell", values={"first": "none (2)"})
    bench.settled(panel)
    assert panel.request.keyframes == Keyframes("none")


def test_an_entry_that_the_page_shows_is_chosen_and_none_is_no_keyframe(bench) -> None:
    bench.variables["fig"] = png()
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes("harbour")))
    page_sends(panel, "cell", values={"first": "fig (bytes)", "last": "none"})
    bench.settled(panel)
    assert "fig" in panel.request.keyframes.first
    assert "--first fig" in panel.cell
    page_sends(panel, "cell", values={"first": "none"})
    assert panel.request.keyframes == Keyframes()


# --- open -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("form", ["id", "beginning", "task"])
def test_an_open_fills_the_panel_with_a_job_and_sends_nothing(bench, form) -> None:
    job = bench.party.ended(bench.studio.submit(REQUEST))
    panel = bench.panel(OTHER)
    page_sends(panel, "open", name={"id": job.id, "beginning": job.id[:6], "task": job.task.id}[form])
    bench.settled(panel)
    assert panel.request == REQUEST
    assert (
        panel.preview.announcement
        == f"Settings of {job.task.short_id if form == 'task' else job.id[: 8 if form == 'id' else 6]}."
    )
    assert bench.creates == 1
    assert panel.jobs == ()
    assert "A lamp turns" in json.dumps(panel.preview.texts)


def test_an_open_of_a_job_that_nobody_knows_is_reported_and_leaves_the_request(bench) -> None:
    panel = bench.panel(OTHER)
    page_sends(panel, "open", name="ffffffff")
    bench.settled(panel)
    assert panel.request == OTHER
    assert "neither the ledger nor the account has a job 'ffffffff'" in shown_text(panel)
    assert not button(panel, "Generate").disabled


@pytest.mark.parametrize("content", [{}, {"name": ""}, {"name": None}, {"name": ["a"]}])
def test_an_open_that_names_no_job_leaves_the_request(bench, content) -> None:
    bench.party.ended(bench.studio.submit(REQUEST))
    panel = bench.panel(OTHER)
    page_sends(panel, "open", **content)
    bench.settled(panel)
    assert panel.request == OTHER
    assert "job" in panel.open_field.problem.value


def test_while_a_job_runs_another_can_be_opened_and_the_texts_have_both(bench, hands) -> None:
    panel = bench.panel(REQUEST)
    running = hands.press(panel)
    panel.fill(OTHER)
    here, below = places(bench)
    assert "A harbour" in panel.preview.texts[here]["data"]["text/plain"]
    assert f"{running.id}: " in panel.preview.texts[here]["data"]["text/plain"]
    assert f"%runway wait {running.id}" in panel.preview.texts[below]["data"]["text/plain"]
    assert "A lamp turns" in panel.preview.texts[below]["data"]["text/html"]


@contextmanager
def an_error(bench, monkeypatch: pytest.MonkeyPatch, error):
    def broken(text):
        raise error

    with monkeypatch.context() as patch:
        patch.setattr(bench.studio, "request_of", broken)
        yield


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (errors.Unreachable("no connection"), "no connection"),
        (errors.LedgerError("the ledger cannot be read"), "the ledger cannot be read"),
        (RuntimeError(f"surprise of {EMAIL}"), "surprise"),
    ],
)
def test_what_goes_wrong_at_an_open_is_reported_and_goes_with_the_next(
    bench, monkeypatch: pytest.MonkeyPatch, error, words
) -> None:
    job = bench.party.ended(bench.studio.submit(REQUEST))
    panel = bench.panel(OTHER)
    with an_error(bench, monkeypatch, error):
        page_sends(panel, "open", name="7f3e2c54")
        bench.settled(panel)
    assert words in shown_text(panel)
    assert EMAIL not in shown_text(panel)
    assert panel.request == OTHER
    page_sends(panel, "open", name=job.id)
    bench.settled(panel)
    assert words not in shown_text(panel)
    assert panel.request == REQUEST
