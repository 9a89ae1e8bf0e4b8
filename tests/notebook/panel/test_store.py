"""Events of a panel come from any thread, one after the other, and each is shown before the next."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import ipywidgets
import pytest

from runway_nb.errors import InvalidRequest
from runway_nb.notebook.panel import store as module
from runway_nb.notebook.panel.account_text import AccountState
from runway_nb.notebook.panel.state import PanelState, value_changed
from runway_nb.notebook.panel.store import PanelStore
from runway_nb.notebook.panel.widgets import LastShown


@pytest.fixture
def store():
    return PanelStore(PanelState(AccountState(simulated=True)))


def prompt(text):
    return lambda state: value_changed(state, "prompt", text)


def test_an_event_is_shown_with_what_follows_from_it_and_an_equal_one_is_not(store) -> None:
    shown, after = [], []
    store.shown_by(lambda state, summary: shown.append((state.values["prompt"], summary.request.prompt)))
    store.followed_by(lambda: after.append(store.summary.request.prompt))
    for text in ("a", "a", "b"):
        store.apply(prompt(text))
    assert shown == [("a", "a"), ("b", "b")]
    assert after == ["a", "b"]


def test_what_is_shown_is_no_event_of_the_user_and_a_change_by_the_user_is(store) -> None:
    control = ipywidgets.Text()
    heard: list[Any] = []
    store.shown_by(lambda state, _: setattr(control, "value", state.values["prompt"]))
    store.listen(control, heard.append)
    store.apply(prompt("of the program"))
    assert (control.value, heard) == ("of the program", [])
    control.value = "of the user"
    assert heard == ["of the user"]


def test_events_of_many_threads_lose_none(store) -> None:
    def work(name):
        for _ in range(200):
            store.apply(lambda state: replace(state, phases={**state.phases, name: len(state.phases)}))
            store.apply(lambda state: replace(state, tasks=(*state.tasks, name)))

    threads = [threading.Thread(target=work, args=(str(n),)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(store.state.tasks) == 800
    assert set(store.state.phases) == set("0123")


def test_an_answer_from_the_background_leaves_what_is_being_typed(store) -> None:
    """The user's change has not become an event yet when something else is shown."""
    control, shown = ipywidgets.Text(), LastShown()
    store.shown_by(lambda state, _: shown.show({"prompt": control}, state.values))
    store.apply(prompt("a lamp"))
    control.value = "a lamp tur"
    store.apply(lambda state: replace(state, tasks=()))
    assert control.value == "a lamp tur"
    store.apply(lambda state: value_changed(state, "prompt", shown.taken("prompt", control)))
    assert store.summary.request.prompt == "a lamp tur"
    store.apply(prompt("of the program"))
    assert control.value == "of the program"


def test_what_follows_may_cause_events_and_waits_for_no_lock(store) -> None:
    def follow():
        thread = threading.Thread(target=lambda: store.apply(prompt("from another thread")))
        if store.state.values["prompt"] == "begin":
            thread.start()
            thread.join(5)
            assert not thread.is_alive(), "an observer may wait for a job, whose moves are events"

    store.followed_by(follow)
    store.apply(prompt("begin"))
    assert store.state.values["prompt"] == "from another thread"


@pytest.mark.parametrize("error", [InvalidRequest(["zoom is odd"]), KeyError("zoom is odd")])
def test_controls_that_cannot_be_read_refuse_every_request_until_they_can(
    store, monkeypatch: pytest.MonkeyPatch, error
) -> None:
    def broken(state):
        raise error

    shown = []
    store.shown_by(lambda state, summary: shown.append((state.message.text, summary.refusal)))
    store.apply(prompt("a lamp"))
    with monkeypatch.context() as patch:
        patch.setattr(module, "summary_of", broken)
        store.apply(prompt("a lamp turns"))
        assert all("zoom is odd" in text for text in shown[-1])
        assert store.summary.refusal, "nothing may be sent"
    store.apply(prompt("a lamp stands"))
    assert shown[-1] == ("", "")


def test_an_error_of_a_callback_is_reported(store) -> None:
    def broken(_):
        raise OSError(28, "No space left on device")

    control = ipywidgets.Text()
    store.listen(control, broken)
    control.value = "x"
    assert "No space left on device" in store.state.message.text
    store.guarded(broken)("x")
    assert store.state.message.is_problem
