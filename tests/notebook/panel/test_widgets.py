"""The small widgets of the panel send no more than they must."""

from __future__ import annotations

import threading
from collections import Counter

import ipywidgets
import pytest

from runway_nb.notebook.panel.panel import Panel
from runway_nb.notebook.panel.widgets import SuppressEvents, make_widget
from runway_nb.notebook.panel.widgets import button as make_button
from support.panels import (
    REQUEST,
    Wire,
    parts,
)


def test_a_small_widget_opens_with_its_classes_and_sends_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    make_widget(ipywidgets.HTML)  # what all share is there
    wire = Wire(monkeypatch)
    make_widget(ipywidgets.HTML, "x", classes="rnb-a rnb-b")
    make_widget(ipywidgets.HBox, [], classes="rnb-c")
    make_widget(ipywidgets.Text, description="Seed")
    make_button("Go", lambda: None, "rnb-primary rnb-go")
    opened = [tuple(state["_dom_classes"]) for state in wire.opened if "_dom_classes" in state]
    assert opened == [("rnb-a", "rnb-b"), ("rnb-c",), (), ("rnb-primary", "rnb-go")]
    assert wire.updates == []


@pytest.mark.parametrize(
    "kind", [ipywidgets.HTML, ipywidgets.HBox, ipywidgets.Button, ipywidgets.Dropdown, ipywidgets.Text]
)
def test_a_small_widget_shares_with_its_page_what_any_other_of_its_kind_does(kind) -> None:
    assert make_widget(kind).keys == kind().keys


def test_a_panel_is_made_with_few_messages_and_none_for_a_class(bench, wire) -> None:
    panel = Panel(REQUEST, studio=bench.studio)
    stage = {widget.model_id for widget in parts(panel.output.area.root)}
    assert len(wire.opened) > 50
    assert len(wire.updates) < 40
    assert not [state for model, state in wire.updates if "_dom_classes" in state and model not in stage]
    assert len(wire.of("texts")) == 0
    bench.settled(panel)


def test_a_panel_shares_its_looks(bench, wire) -> None:
    panel = bench.panel(REQUEST)
    kinds = Counter(state["_model_name"] for state in wire.opened)
    assert kinds["LayoutModel"] <= 6
    assert len({widget.layout.model_id for widget in parts(panel.children[1])}) <= 3


def test_events_that_one_thread_suppresses_are_those_of_another_still() -> None:
    suppressed, heard = SuppressEvents(), []
    with suppressed:
        thread = threading.Thread(target=lambda: heard.append(not suppressed))
        thread.start()
        thread.join()
        assert suppressed
    assert heard == [True]
