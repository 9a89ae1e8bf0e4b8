"""The sweep of the panel: its price while it is typed, the cell, and one sweep for each press."""

from __future__ import annotations

import html
import re
from dataclasses import replace

import ipywidgets
import pytest

from runway_nb.notebook.cards import sweep_entry
from runway_nb.notebook.panel import sweep_sender
from runway_nb.notebook.panel.sweep_sender import PRICE_CHANGED
from runway_nb.request import VideoRequest
from runway_nb.studio import Studio
from runway_nb.sweeps.sweep import Sweep
from support.panels import button, page_sends, parts, shown_text, wait_until

pytestmark = pytest.mark.usefixtures("small_frames")
STYLED = VideoRequest("A {{style}} lamp")


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    monkeypatch.setattr(sweep_sender, "QUIET_SECONDS", 0.0)
    monkeypatch.setattr(sweep_entry, "UPDATE_SECONDS", 0.01)


def choose(bench, panel, way, label, text):
    """Choose what to vary, and type its values."""
    panel.sweep_form.fields[f"sweep_{way}"].value = label
    panel.sweep_form.fields[f"sweep_{way}_values"].value = text
    return bench.settled(panel)


def zoomed(bench, text="-5, 0, 5", request=STYLED):
    label = "zoom" if request.row.camera else "zoom (in words)"
    return choose(bench, bench.panel(request), "across", label, text)


def words(panel):
    """Return the text of the sweep's part alone."""
    texts = [w.value for w in parts(panel.sweep_form.block) if isinstance(w, ipywidgets.HTML)]
    return html.unescape(re.sub("<[^>]+>", " ", " ".join(texts)))


def buttons(panel):
    found = [w for w in parts(panel.sweep_form.block) if isinstance(w, ipywidgets.Button)]
    return {w.description: w for w in found}


def press(bench, panel, label):
    """Press a button of the part, and wait for what it begins."""
    buttons(panel)[label].click()
    return bench.settled(panel)


def ended(bench, panel):
    assert isinstance(panel.sweep, Sweep)
    panel.sweep.wait(20)
    return bench.settled(panel)


# --- the price --------------------------------------------------------------------------------------


def test_nothing_is_asked_before_something_is_varied(bench) -> None:
    panel = bench.panel(STYLED)
    assert "Choose what to vary" in words(panel)
    assert all(one.disabled for label, one in buttons(panel).items())
    choose(bench, panel, "across", "zoom", "")
    assert buttons(panel)["Generate sweep"].disabled
    assert panel.sweep_form.fields["sweep_across_values"].placeholder == "-5, 0, 5"


def test_number_and_price_stand_there_and_nothing_is_sent(bench) -> None:
    panel = zoomed(bench)
    choose(bench, panel, "down", "{{style}} of the prompt", 'noir, "ink, wet", anime')
    assert "9 shots, 225 credits" in words(panel)
    assert not buttons(panel)["Generate 9 shots"].disabled
    assert panel.preview.priced_sweep == "9 shots, 225 credits"
    assert bench.posts == 0


def test_a_change_of_the_request_is_priced_anew(bench, monkeypatch) -> None:
    panel = zoomed(bench)
    monkeypatch.setattr(sweep_sender, "QUIET_SECONDS", 0.1)
    panel.form.fields["seconds"].value = "10 s"
    assert "Working out the price" in words(panel)
    assert panel.preview.priced_sweep == ""
    bench.settled(panel)
    assert "3 shots, 150 credits" in words(panel)


def test_mistakes_stand_below_the_values(bench) -> None:
    panel = zoomed(bench, "1, much")
    assert "zoom is 'much': give a number" in words(panel)
    assert buttons(panel)["Generate sweep"].disabled
    choose(bench, panel, "across", "zoom", "1, 2")
    assert "much" not in words(panel)
    assert "2 shots, 50 credits" in words(panel)


def test_what_the_model_has_no_more_stays_chosen_and_is_said(bench) -> None:
    panel = choose(bench, bench.panel(STYLED), "across", "seed", "1..3")
    panel.model.list.value = "veo-3.1"
    bench.settled(panel)
    assert panel.sweep_form.fields["sweep_across"].value == "seed (not with Veo 3.1)"
    assert "seed is given, and Veo 3.1 takes none" in words(panel)
    assert buttons(panel)["Generate sweep"].disabled
    panel.model.list.value = "gen3turbo"
    bench.settled(panel)
    assert "3 shots, 75 credits" in words(panel)


def test_a_model_without_camera_numbers_gets_the_moves_in_words(bench) -> None:
    panel = zoomed(bench, "-2, 2", VideoRequest("A lamp", model="veo-3.1"))
    assert panel.sweep_form.fields["sweep_across"].value == "zoom (in words)"
    assert "2 shots" in words(panel)
    assert "--camera-words" in panel.sweep_sender.cell
    panel.camera.fields["camera_words"].value = False
    bench.settled(panel)
    assert "takes no camera in numbers" in words(panel)


def test_a_name_of_the_prompt_is_offered_while_it_stands_there(bench) -> None:
    panel = bench.panel(VideoRequest("A lamp"))
    names = panel.sweep_form.fields["sweep_across"]
    assert "{{mood}} of the prompt" not in names.options
    panel.form.fields["prompt"].value = "A {{mood}} lamp"
    assert "{{mood}} of the prompt" in names.options
    bench.settled(panel)


def test_variables_of_the_notebook_are_values_and_are_looked_at_again(bench) -> None:
    panel = choose(bench, bench.panel(STYLED), "across", "{{style}} of the prompt", "@styles")
    assert "@styles is no variable" in words(panel)
    bench.variables["styles"] = ["noir", "ink"]
    panel.offer_again()  # a cell has run
    bench.settled(panel)
    assert "2 shots, 50 credits" in words(panel)


# --- the cell ---------------------------------------------------------------------------------------


def test_the_page_gets_the_cell_of_what_it_shows(bench) -> None:
    panel = zoomed(bench)
    answers: list[object] = []
    panel.preview.send = answers.append
    values = {"sweep_across": "zoom", "sweep_across_values": "1..4"}
    page_sends(panel, "sweep-cell", number="1", values=values)
    assert answers == [{"kind": "answer", "number": "1", "text": "%%runway --sweep zoom=1..4\nA {{U+7B}}{style}} lamp"}]
    page_sends(panel, "sweep-cell", number="2", values={"sweep_across_values": "much"})
    assert answers[1:] == [{"kind": "answer", "number": "2", "text": ""}]
    assert "zoom is 'much'" in shown_text(panel)
    bench.settled(panel)


def test_without_a_script_the_text_of_the_cell_is_shown(bench) -> None:
    panel = press(bench, zoomed(bench), "Copy sweep as cell")
    (text,) = [w.value for w in parts(panel.sweep_form.block) if isinstance(w, ipywidgets.Textarea)]
    assert text == "%%runway --sweep zoom=-5,0,5\nA {{U+7B}}{style}} lamp"


# --- sent -------------------------------------------------------------------------------------------


def test_a_press_sends_the_sweep_and_shows_its_table_below(bench) -> None:
    panel = ended(bench, press(bench, zoomed(bench), "Generate 3 shots"))
    assert bench.creates == len(panel.jobs) == 3
    assert panel.sweep.cell == "%%runway --sweep zoom=-5,0,5\nA {{U+7B}}{style}} lamp"
    wait_until(lambda: panel.output.area.is_durable)
    assert panel.output.area.durable_bundle()["text/html"].count("<video") == 3
    assert "3 of them are there already for 0" in words(panel)
    assert "Show 3 shots" in buttons(panel)


def test_what_is_there_already_is_shown_and_not_paid_again(bench) -> None:
    panel = ended(bench, press(bench, zoomed(bench), "Generate 3 shots"))
    choose(bench, panel, "across", "zoom", "-5, 0, 5, 7")
    assert "4 shots, 25 credits" in words(panel)
    ended(bench, press(bench, panel, "Generate 4 shots"))
    assert bench.creates == 4


def test_above_the_limit_it_asks_once_more(bench) -> None:
    panel = press(bench, zoomed(bench, "1..5"), "Generate 5 shots")
    assert bench.creates == 0
    assert "More than the 100 credits" in words(panel)
    press(bench, panel, "Generate 5 shots")
    assert bench.creates == 0, "the same button pressed twice is no yes"
    press(bench, panel, "Not now")
    assert "Send 5 shots (125 credits)" not in buttons(panel)
    press(bench, panel, "Generate 5 shots")
    ended(bench, press(bench, panel, "Send 5 shots (125 credits)"))
    assert bench.creates == 5
    assert "Send 5 shots (125 credits)" not in buttons(panel)


def test_a_change_takes_the_question_back(bench) -> None:
    panel = press(bench, zoomed(bench, "1..5"), "Generate 5 shots")
    choose(bench, panel, "across", "zoom", "1..6")
    assert not [label for label in buttons(panel) if label.startswith("Send")]
    page_sends(panel, "sweep", seen="6 shots, 150 credits", agreed=True)
    bench.settled(panel)
    assert bench.creates == 0
    assert "Send 6 shots (150 credits)" in buttons(panel)


def test_the_page_brings_its_values_and_the_price_that_it_shows(bench) -> None:
    """A press may overtake what was typed on the way to a busy kernel: at another price nothing is sent."""
    panel = zoomed(bench)
    page_sends(panel, "sweep", seen="3 shots, 75 credits", values={"sweep_across_values": "1..4"})
    bench.settled(panel)
    assert bench.creates == 0
    assert PRICE_CHANGED in shown_text(panel)
    page_sends(panel, "sweep", seen="4 shots, 100 credits", values={"sweep_across_values": "1..4"})
    ended(bench, bench.settled(panel))
    assert bench.creates == 4
    assert PRICE_CHANGED not in shown_text(panel)


def test_two_presses_in_a_row_send_one_sweep(bench) -> None:
    panel = zoomed(bench)
    for _ in range(2):
        page_sends(panel, "sweep", seen="3 shots, 75 credits")
    ended(bench, bench.settled(panel))
    assert bench.creates == 3


def test_other_settings_send_nothing(bench) -> None:
    panel = zoomed(bench)
    Studio.use(bench.studio, replace(bench.studio.settings, base_url="https://elsewhere.test/v1"))
    with bench.network():
        press(bench, panel, "Generate 3 shots")
    assert bench.creates == 0
    assert panel.sweep is None
    assert "Token or address have changed" in shown_text(panel)


def test_a_press_without_axes_or_rubbish_does_nothing(bench) -> None:
    panel = bench.panel(STYLED)
    page_sends(panel, "sweep")
    page_sends(panel, "sweep", seen=3, agreed="yes", values={"sweep_across": "nonsense"})
    bench.settled(panel)
    assert bench.posts == 0
    assert not button(panel, "Generate").disabled
