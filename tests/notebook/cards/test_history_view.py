"""The history in a live notebook: a page that stays, and buttons that turn it."""

from __future__ import annotations

import time as real_time
from collections.abc import Callable
from typing import Any

import ipywidgets
import pytest

from runway_nb.errors import LedgerError
from runway_nb.ledger.history import HistoryPage
from runway_nb.notebook.cards import history_view
from runway_nb.notebook.cards.history_view import HistoryView
from runway_nb.notebook.cards.view import display_metadata
from support.fakes import Party
from support.panels import parts
from support.records import a_record

WIDGET = "application/vnd.jupyter.widget-view+json"


class Shown:
    """What stands at each display id."""

    def __init__(self) -> None:
        self.outputs: dict[str, dict[str, Any]] = {}

    def display(self, data: dict[str, Any], raw: bool, display_id: str, metadata: dict[str, Any]) -> None:
        assert raw
        assert metadata == display_metadata(display_id)
        assert display_id not in self.outputs
        self.outputs[display_id] = data

    def update(self, data: dict[str, Any], raw: bool, display_id: str, metadata: dict[str, Any]) -> None:
        assert raw
        assert metadata == display_metadata(display_id)
        assert display_id in self.outputs
        self.outputs[display_id] = data

    @property
    def page(self) -> str:
        return str(next(iter(self.outputs.values()))["text/plain"])

    @property
    def has_buttons(self) -> bool:
        return any(WIDGET in data for data in self.outputs.values())

    def until(self, holds: Callable[[], object]) -> None:
        end = real_time.monotonic() + 10
        while not holds():
            assert real_time.monotonic() < end, self.outputs
            real_time.sleep(0.002)


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Shown:
    seen = Shown()
    monkeypatch.setattr(history_view, "display", seen.display)
    monkeypatch.setattr(history_view, "update_display", seen.update)
    return seen


@pytest.fixture
def loaded() -> list[str]:
    """Before which job each page that was read begins."""
    return []


def made(party: Party, loaded: list[str], jobs: int, before: str = "") -> HistoryView:
    for number in range(1, jobs + 1):
        party.studio.ledger.add(a_record(f"{number:08x}"))

    def load(before: str) -> tuple[HistoryPage, dict[str, str]]:
        loaded.append(before)
        page = party.studio.ledger.history.page(limit=2, before=before)
        ids = " ".join(entry.record.id[-1] for entry in page.entries)
        return page, {"text/html": f"<p>{ids}</p>", "text/plain": ids}

    view = HistoryView(party.studio, load, before)
    view.open()
    return view


def states(view: HistoryView) -> tuple[bool, bool]:
    return not view.previous.disabled, not view.next.disabled


def kept_texts(root: ipywidgets.Widget) -> dict[str, Any]:
    """What the page writes into the notebook's file in the place of widgets."""
    return {place: text for part in parts(root) for place, text in getattr(part, "texts", {}).items()}


def press(view: HistoryView, button: Any, shown: Shown, page: str) -> None:
    button.click()
    shown.until(lambda: shown.page == page)
    # it counts again once the page stands there
    shown.until(lambda: view.is_waiting)


def test_a_page_without_others_has_no_buttons(party: Party, shown: Shown, loaded: list[str]) -> None:
    made(party, loaded, 2)
    assert (shown.page, shown.has_buttons, len(shown.outputs)) == ("2 1", False, 1)


def test_buttons_turn_the_pages_and_read_no_more_than_one(party: Party, shown: Shown, loaded: list[str]) -> None:
    view = made(party, loaded, 5)
    assert (shown.page, states(view), len(loaded)) == ("5 4", (False, True), 1)
    press(view, view.next, shown, "3 2")
    assert states(view) == (True, True)
    party.studio.ledger.add(a_record("000000ff"))
    press(view, view.next, shown, "1")
    assert states(view) == (True, False)
    press(view, view.previous, shown, "3 2")
    press(view, view.previous, shown, "f 5")
    assert states(view) == (False, True)
    assert len(loaded) == 5


def test_a_page_can_begin_behind_a_job(party: Party, shown: Shown, loaded: list[str]) -> None:
    view = made(party, loaded, 5, before="00000005")
    assert (shown.page, states(view)) == ("4 3", (False, True))


def test_after_a_while_the_page_stands_alone(
    party: Party, shown: Shown, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(history_view, "OFFER_SECONDS", 0.01)
    view = made(party, loaded, 3)
    shown.until(lambda: not shown.has_buttons)
    assert shown.page == "3 2"
    view.next.click()
    assert (shown.page, len(loaded)) == ("3 2", 1)
    assert view.next not in parts(view.root)


def test_a_notebook_that_is_saved_while_the_buttons_stand_there_holds_no_widget(
    party: Party, shown: Shown, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    view = made(party, loaded, 3)
    (place,) = (display_id for display_id, data in shown.outputs.items() if WIDGET in data)
    written = {place: {"model": view.root.model_id, "data": {"text/plain": ""}}}
    assert kept_texts(view.root) == written
    monkeypatch.setattr(history_view, "OFFER_SECONDS", 0.01)
    view.next.click()
    shown.until(lambda: not shown.has_buttons)
    # a page that was loaded anew has lost the display id, and the widget is there still
    assert kept_texts(view.root) == written


def test_the_end_of_the_kernel_takes_the_buttons_away(party: Party, shown: Shown, loaded: list[str]) -> None:
    made(party, loaded, 3)
    assert shown.has_buttons
    party.studio.close()
    shown.until(lambda: not shown.has_buttons)


def test_a_ledger_that_cannot_be_read_says_so_and_the_button_may_be_pressed_again(
    party: Party, shown: Shown, loaded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    view = made(party, loaded, 3)

    def gone(*_: object, **__: object) -> None:
        raise LedgerError("the disk is <gone>")

    with monkeypatch.context() as patch:
        patch.setattr(party.studio.ledger.history, "page", gone)
        press(view, view.next, shown, "The page cannot be turned: the disk is <gone>")
        assert "&lt;gone&gt;" in next(iter(shown.outputs.values()))["text/html"]
    press(view, view.next, shown, "1")
