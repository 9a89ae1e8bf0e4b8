"""A sweep that costs much in a live notebook: its price and a button, which sends it once."""

from __future__ import annotations

import time as real_time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import ipywidgets
import numpy as np
import pytest

from runway_nb import errors
from runway_nb.notebook.cards import sweep_offer, sweep_view
from runway_nb.notebook.cards.sweep_offer import SweepOffer
from runway_nb.notebook.cards.view import display_metadata
from runway_nb.notebook.hosts import HOSTS
from runway_nb.notebook.magics.front_end import FrontEnd
from runway_nb.studio import Studio
from runway_nb.sweeps.sweep import Sweep
from support.panels import parts
from support.sessions import Session

pytestmark = pytest.mark.usefixtures("small_frames")
WIDGET = "application/vnd.jupyter.widget-view+json"


class Page:
    """What stands at each display id, and the buttons there."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.outputs: dict[str, Any] = {}
        self.displayed: list[str] = []
        self.offers: list[SweepOffer] = []
        self.has_lost_displays = False

    def display(self, data: Any, raw: bool, display_id: str, metadata: Any = None) -> None:
        assert raw
        assert metadata in (None, display_metadata(display_id))
        self.displayed.append(display_id)
        self.outputs[display_id] = data

    def update(self, data: Any, raw: bool, display_id: str, metadata: Any = None) -> None:
        assert display_id in self.displayed, "a callback can only bring up to date what the cell has displayed"
        if not self.has_lost_displays:
            self.outputs[display_id] = data

    def load_anew(self) -> None:
        """Lose the display ids; the widgets are there again."""
        self.has_lost_displays = True
        (keeper,) = self.keepers
        keeper.send = self._hear

    def _hear(self, message: Any) -> None:
        assert message["kind"] == "put"
        self.outputs[message["display_id"]] = message["data"]

    @property
    def keepers(self) -> list[Any]:
        """What keeps texts in the last cell."""
        return [widget for widget in parts(self.offers[-1].root) if hasattr(widget, "texts")]

    @property
    def saved_text(self) -> str:
        """What the notebook's file says: texts in the place of the widgets that the page shows."""
        kept = {text["model"]: text["data"] for keeper in self.keepers for text in keeper.texts.values()}
        saved = [kept.get(data[WIDGET]["model_id"], data) if WIDGET in data else data for data in self.outputs.values()]
        return "\n".join(str(data.get("text/plain", "")) for data in saved)

    @property
    def buttons(self) -> list[str]:
        """What stands on the buttons of the last cell, while its widget is on the page."""
        shown = {data[WIDGET]["model_id"] for data in self.outputs.values() if WIDGET in data}
        if not self.offers or self.offers[-1].root.model_id not in shown:
            return []
        return [widget.description for widget in self._buttons()]

    def _buttons(self) -> list[ipywidgets.Button]:
        return [widget for widget in parts(self.offers[-1].root) if isinstance(widget, ipywidgets.Button)]

    def press(self, words: str) -> Callable[[], None]:
        """Press a button, and return what presses it again."""
        button = next(button for button in self._buttons() if button.description.startswith(words))
        button.click()
        return lambda: button.click()

    @property
    def text(self) -> str:
        return "\n".join(str(data.get("text/plain", "")) for data in self.outputs.values())

    def until(self, holds: Callable[[], object]) -> None:
        end = real_time.monotonic() + 10
        while not holds():
            assert real_time.monotonic() < end, self.text
            real_time.sleep(0.005)


@pytest.fixture
def page(session: Session, monkeypatch: pytest.MonkeyPatch) -> Page:
    monkeypatch.setattr(FrontEnd, "host", HOSTS[-1])
    shown = Page(session)
    begin = SweepOffer.open

    def note(offer: SweepOffer) -> None:
        shown.offers.append(offer)
        begin(offer)

    monkeypatch.setattr(SweepOffer, "open", note)
    for module in (sweep_offer, sweep_view):
        monkeypatch.setattr(module, "display", shown.display)
        monkeypatch.setattr(module, "update_display", shown.update)
    return shown


def sweep_of(page: Page, name: str = "grid") -> Sweep:
    page.until(lambda: name in page.session.shell.user_ns)
    made = page.session.shell.user_ns[name]
    assert isinstance(made, Sweep)
    return made.wait(20)


def test_the_price_and_a_button_stand_there_and_nothing_is_sent(session: Session, page: Page) -> None:
    session.keep(grid="an old sweep")
    session.cell("grid --takes 5")
    assert session.creates == 0
    assert "grid" not in session.shell.user_ns
    assert page.buttons == ["Send 5 shots (125 credits)", "Not now"]
    assert page.text.splitlines()[:4] == [
        "Not sent yet: 5 shots, 125 credits",
        "More than the 100 credits that are spent without a word (confirm_credits).",
        "Nothing was sent: press Send below, or run the cell again with --yes.",
        "The variable grid has no value until it is sent.",
    ]


def test_a_press_sends_it_once_and_shows_it_in_its_place(session: Session, page: Page) -> None:
    session.cell("grid --takes 5")
    again = page.press("Send")
    again()
    made = sweep_of(page)
    assert len(made.jobs) == session.creates == 5
    assert made.cell.startswith("%%runway grid --takes 5\n")
    page.until(lambda: "5 of 5 done" in page.text)
    assert page.buttons == []
    again()
    assert session.creates == 5
    assert "Sent: 5 shots, 125 credits" in page.text


def test_a_page_that_was_loaded_anew_says_what_was_sent(session: Session, page: Page) -> None:
    session.cell("grid --takes 5")
    page.load_anew()
    page.press("Send")
    sweep_of(page)
    page.until(lambda: page.buttons == [])
    assert page.text.strip() == "Sent: 5 shots, 125 credits\n%runway show grid shows it."


def test_a_page_that_was_loaded_anew_says_what_it_costs_by_now(session: Session, page: Page) -> None:
    session.cell("first --takes 2")
    sweep_of(page, "first")
    session.cell("grid --takes 7")
    page.load_anew()
    studio = session.party.studio
    Studio.use(studio, replace(studio.settings, reuse=False))
    page.press("Send")
    page.until(lambda: "Not sent yet: 7 shots, 175 credits" in page.text)
    assert page.buttons == ["Send 7 shots (175 credits)", "Not now"]


def test_the_file_says_what_was_sent_where_no_page_shows_it(session: Session, page: Page) -> None:
    session.cell("grid --takes 5")
    page.has_lost_displays = True
    assert "Sent:" not in page.saved_text
    page.press("Send")
    sweep_of(page)
    page.until(lambda: "Sent: 5 shots, 125 credits\n%runway show grid shows it." in page.saved_text)


def test_not_now_sends_nothing_and_says_how_to(session: Session, page: Page) -> None:
    session.cell("grid --takes 5")
    again = page.press("Not now")
    page.until(lambda: "Not sent: 5 shots" in page.text)
    again()
    assert page.buttons == []
    assert "Nothing was sent: run the cell again with --yes to send it." in page.text
    assert "The variable grid has no value." in page.text
    assert session.creates == 0


def test_after_a_while_the_buttons_are_withdrawn(
    session: Session, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:  # fmt: skip
    monkeypatch.setattr(sweep_offer, "OFFER_SECONDS", 0.01)
    session.cell("--takes 5")
    page.until(lambda: page.buttons == [])
    page.until(lambda: "Not sent: 5 shots" in page.text)
    assert "has no value" not in page.text
    assert session.creates == 0


def test_other_settings_at_the_press_send_nothing(session: Session, page: Page) -> None:
    session.cell("grid --takes 5")
    studio = session.party.studio
    Studio.use(studio, replace(studio.settings, base_url="https://elsewhere.test/v1"))
    page.press("Send")
    page.until(lambda: "have changed since: nothing was sent" in page.text)
    assert session.creates == 0
    assert "grid" not in session.shell.user_ns


def test_a_budget_that_no_longer_covers_it_is_said(session: Session, page: Page) -> None:
    session.cell("grid --takes 5 --max-credits 10")
    page.press("Send")
    page.until(lambda: "Not sent: 5 shots" in page.text)
    assert "more than the 10 that it may cost" in page.text
    assert session.creates == 0


def test_what_nobody_has_thought_of_is_said_and_some_may_be_sent(
    session: Session, page: Page, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.cell("grid --takes 5")

    def break_down(*_: object, **__: object) -> Sweep:
        raise ZeroDivisionError("odd")

    monkeypatch.setattr(sweep_offer, "submit_sweep", break_down)
    page.press("Send")
    page.until(lambda: "Stopped: 5 shots" in page.text)
    assert "ZeroDivisionError: odd" in page.text
    assert "%runway list shows what was sent" in page.text


def test_what_costs_more_by_now_is_asked_about_again(session: Session, page: Page) -> None:
    """What was there already is to be made anew: the price that was agreed to is not the price any more."""
    session.cell("first --takes 2")
    sweep_of(page, "first")
    session.cell("grid --takes 7")
    assert page.buttons == ["Send 5 shots (125 credits)", "Not now"]
    studio = session.party.studio
    Studio.use(studio, replace(studio.settings, reuse=False))
    page.press("Send")
    page.until(lambda: page.buttons == ["Send 7 shots (175 credits)", "Not now"])
    assert session.creates == 2
    page.press("Send")
    assert len(sweep_of(page).jobs) == 7
    assert session.creates == 9


def test_a_picture_is_sent_as_it_was_when_it_was_asked(session: Session, page: Page) -> None:
    picture = np.zeros((80, 140, 3), np.uint8)
    session.keep(dark=picture)
    session.cell("grid --first dark --takes 5")
    picture += 200
    page.press("Send")
    kept = {str(job.original_request.keyframes.first) for job in sweep_of(page).jobs}
    session.cell("bright --first dark --takes 5")
    page.press("Send")
    assert kept.isdisjoint(str(job.original_request.keyframes.first) for job in sweep_of(page, "bright").jobs)


def test_a_yes_and_what_costs_little_ask_nothing(session: Session, page: Page) -> None:
    session.cell("grid --takes 5 --yes")
    assert len(sweep_of(page).jobs) == 5
    session.cell("few --takes 4 --fresh")
    assert len(sweep_of(page, "few").jobs) == 4
    assert page.buttons == []


def test_with_wait_the_cell_asks_and_waits_for_nothing(session: Session, page: Page) -> None:
    session.cell("grid --takes 5 --wait")
    assert len(page.buttons) == 2


@pytest.mark.parametrize("host", [host for host in HOSTS if host.mode != "live" and host.name != "JupyterLite"])
def test_where_nobody_can_press_it_is_an_error(
    session: Session, page: Page, monkeypatch: pytest.MonkeyPatch, host: Any
) -> None:
    monkeypatch.setattr(FrontEnd, "host", host)
    with pytest.raises(errors.NeedsConfirmation):
        session.cell("grid --takes 5")
    assert session.creates == 0
    assert page.displayed == []


def test_a_kernel_that_ends_in_order_leaves_text_alone(session: Session, page: Page) -> None:
    session.cell("grid --takes 5")
    session.party.studio.close()
    assert page.buttons == []
    assert "Not sent: 5 shots" in page.text
    assert session.creates == 0
