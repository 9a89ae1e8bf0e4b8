"""Where a panel is displayed: the texts that stay, and results after a page was loaded anew."""

from __future__ import annotations

import json
from dataclasses import replace

from runway_nb import errors
from runway_nb.api.models import Status, Task
from runway_nb.jobs.job import control_of
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.panel.panel import Panel
from runway_nb.request import Keyframes
from support.account_pictures import asked
from support.fakes import EMAIL, TOKEN
from support.panels import (
    OTHER,
    REQUEST,
    WIDGET,
    page_sends,
    places,
    wait_until,
)
from support.shells import own_shell
from support.strategies import ASSET_ID, TASK_ID

# --- texts that stay --------------------------------------------------------------------------------


def test_before_it_is_displayed_nothing_is_kept(bench, wire) -> None:
    panel = bench.panel(REQUEST, opened=False)
    panel.form.fields["prompt"].value = "Another lamp"
    panel.fill(OTHER)
    bench.settled(panel)
    assert panel.preview.texts == {}
    assert wire.of("texts") == []


def test_displayed_it_keeps_its_request_in_its_own_place_alone(bench) -> None:
    panel = bench.panel(REQUEST)
    here, _ = places(bench)
    assert [*panel.preview.texts] == [here]
    kept = panel.preview.texts[here]
    assert kept["model"] == panel.model_id
    assert set(kept["data"]) == {"text/html", "text/plain"}
    assert panel.cell in kept["data"]["text/plain"]
    assert "A lamp turns" in kept["data"]["text/html"]


def test_a_request_that_cannot_be_a_cell_keeps_the_reason(bench) -> None:
    panel = bench.panel(REQUEST)
    panel.form.fields["seed"].value = "many"
    (kept,) = panel.preview.texts.values()
    assert "seed is 'many'" in kept["data"]["text/plain"]


def test_a_change_of_the_request_is_kept_at_once_and_an_equal_one_sent_never(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    count = len(wire.of("texts"))
    assert count == 1
    panel.form.fields["prompt"].value = "Another lamp"
    assert len(wire.of("texts")) == 2
    assert "Another lamp" in json.dumps(wire.of("texts")[-1])
    panel.fill(panel.request)
    panel.look_again()
    panel.offer_again()
    panel._ipython_display_()
    page_sends(panel, "shown", notebook=True)
    bench.settled(panel)
    assert len(wire.of("texts")) == 2


def test_while_a_job_runs_both_places_have_a_text(bench, hands) -> None:
    panel = bench.panel(REQUEST)
    here, below = places(bench)
    job = hands.press(panel)
    # the thread that has taken the job on may still be about to keep its text
    wait_until(lambda: job.id in panel.preview.texts[here]["data"]["text/plain"])
    for phase, words in (
        (Phase.PREPARING, "Its pictures"),
        (Phase.WAITING, "It is waiting"),
        (Phase.FOLLOWING, "Runway is working"),
    ):
        control_of(job).change(phase=phase)
        texts = panel.preview.texts
        assert [*texts] == [here, below]
        assert texts[below]["model"] == panel.output.area.root.model_id
        assert f"%runway wait {job.id}" in texts[below]["data"]["text/plain"]
        assert f"{job.id}: {words}" in texts[here]["data"]["text/plain"]
        assert panel.cell in texts[here]["data"]["text/plain"]


def test_at_the_end_the_file_is_named_and_the_result_needs_no_text_any_more(bench, hands) -> None:
    panel = bench.panel(REQUEST)
    here, _ = places(bench)
    job = hands.press(panel)
    hands.finish(panel, job)
    assert [*panel.preview.texts] == [here]
    lines = panel.preview.texts[here]["data"]["text/plain"].splitlines()
    assert f"{job.id}: runway_outputs/lamp-{job.id}.mp4" in lines
    assert str(bench.party.folder) not in json.dumps(panel.preview.texts)


def test_while_another_job_runs_the_text_below_has_results_and_the_running_one(bench, hands) -> None:
    panel = bench.panel(REQUEST)
    here, below = places(bench)
    one = hands.press(panel)
    two = hands.press(panel)
    control_of(one).change(phase=Phase.FAILED, error=errors.TaskFailed("no power"))
    texts = panel.preview.texts
    assert [*texts] == [here, below]
    words = texts[below]["data"]["text/plain"]
    assert words.index(f"%runway wait {two.id}") < words.index("Not generated")
    lines = [line for line in texts[here]["data"]["text/plain"].splitlines() if line.startswith("0000")]
    assert [line[:8] for line in lines] == [two.id, one.id]


def test_progress_sends_no_texts_and_a_new_phase_one(bench, wire, hands) -> None:
    panel = bench.panel(REQUEST)
    job = hands.press(panel)
    control_of(job).change(phase=Phase.FOLLOWING, task=Task(TASK_ID, Status("RUNNING")))
    wait_until(lambda: "Runway is working on it." in str(wire.of("texts")[-1]))
    before = len(wire.of("texts"))
    for percent in range(200):
        control_of(job).change(progress=percent / 200, remaining=200.0 - percent, last_poll=float(percent))
    assert len(wire.of("texts")) == before
    control_of(job).change(phase=Phase.DOWNLOADING, received=0, total=1000)
    assert len(wire.of("texts")) == before + 1
    for received in range(100):
        control_of(job).change(received=10 * received)
    assert len(wire.of("texts")) == before + 1


def test_a_job_that_is_asked_for_again_is_listed_once(bench) -> None:
    panel = bench.press(bench.press(bench.panel(REQUEST)))
    assert bench.creates == 1
    assert [job.id for job in panel.jobs] == [panel.job.id]
    (kept,) = panel.preview.texts.values()
    assert kept["data"]["text/plain"].count(f"{panel.job.id}: ") == 1


def test_no_address_and_no_token_is_in_the_texts(bench, hands) -> None:
    asset = asked(bench.party, lambda client: client.assets(email=EMAIL))[0]
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes(ASSET_ID.replace("studio@example.org", EMAIL))))
    before = panel.preview.texts
    panel.fill(replace(REQUEST, keyframes=Keyframes(asset.id)))
    bench.settled(panel)
    told = [before, panel.preview.texts]
    panel.preview.observe(lambda change: told.append(change["new"]), "texts")
    job = hands.press(panel)
    control_of(job).change(phase=Phase.FOLLOWING, task=Task(TASK_ID, Status("RUNNING")))
    control_of(job).change(phase=Phase.FAILED, error=errors.TaskFailed(f"{TASK_ID} of {EMAIL}, {TOKEN}"))
    bench.settled(panel)
    assert len(told) > 3
    text = json.dumps(told)
    assert "@" not in text.replace("***@***", "")
    assert TOKEN not in text


def test_the_signature_of_a_link_is_in_no_text(bench, unseen) -> None:
    link = "https://cdn.test/artifacts/lamp.jpeg?_jwt=eyJhbGciOi.c2lnbmVk"
    panel = bench.panel(replace(REQUEST, keyframes=Keyframes(link)))
    assert "lamp.jpeg" in json.dumps(panel.preview.texts)
    assert "eyJhbGciOi" not in json.dumps(panel.preview.texts)
    assert "eyJhbGciOi" not in json.dumps([data for _, data in bench.shown])


# --- after a page was loaded anew -------------------------------------------------------------------


def puts(wire):
    return [content for content in wire.custom if content["kind"] == "put"]


def test_the_first_page_gets_results_as_ever(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "shown", notebook=True)
    page_sends(panel, "press")
    bench.settled(panel)
    assert puts(wire) == []
    assert panel.output.area.root not in panel.children
    assert "<video" in bench.updates[-1][1]["text/html"]


def test_a_page_that_can_reach_the_notebook_puts_results_in_their_place(bench, wire, hands) -> None:
    panel = bench.panel(REQUEST)
    _, below = places(bench)
    page_sends(panel, "shown", notebook=True)
    job = hands.press(panel)
    assert puts(wire) == []
    page_sends(panel, "shown", notebook=True)
    (put,) = puts(wire)
    assert put["display_id"] == below
    assert put["data"][WIDGET]["model_id"] == panel.output.area.root.model_id
    for percent in range(50):
        control_of(job).change(phase=Phase.FOLLOWING, progress=percent / 50)
    assert len(puts(wire)) == 1, "the card that stands there moves by itself"
    hands.finish(panel, job)
    last = puts(wire)[-1]
    assert last["display_id"] == below
    assert set(last["data"]) == {"text/html", "text/plain"}
    assert "<video" in last["data"]["text/html"]
    assert panel.output.area.root not in panel.children


def test_a_page_that_cannot_shows_results_in_the_panel(bench, wire, hands) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "shown", notebook=False)
    job = hands.press(panel)
    page_sends(panel, "shown")
    assert panel.children.count(panel.output.area.root) == 1
    page_sends(panel, "shown")
    hands.finish(panel, job)
    assert panel.children.count(panel.output.area.root) == 1
    assert puts(wire) == []


def test_a_panel_that_is_displayed_again_has_lost_nothing(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    page_sends(panel, "shown", notebook=True)
    panel._ipython_display_()
    page_sends(panel, "shown", notebook=True)
    assert puts(wire) == []


def test_the_panel_is_named_and_not_told_widget_by_widget(bench) -> None:
    panel = bench.panel(REQUEST)
    assert repr(panel).startswith("<Panel with 0 jobs>")
    bench.press(panel)
    assert repr(panel).startswith("<Panel with 1 jobs>")


def test_in_plain_python_the_name_of_a_panel_says_what_to_do(party) -> None:
    panel = Panel(studio=party.studio)
    assert repr(panel).endswith("ask with runway_nb.generate() here.")
    with own_shell():
        assert repr(panel) == "<Panel with 0 jobs>"
