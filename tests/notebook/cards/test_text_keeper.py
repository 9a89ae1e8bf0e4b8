"""What stands for a widget in a notebook whose kernel is gone."""

from __future__ import annotations

import importlib

import pytest

from runway_nb.notebook.cards.text_keeper import LONGEST_KEPT, kept_text, make_keepers


def test_the_page_gets_the_text_of_the_widget_beside_it() -> None:
    (keeper,) = make_keepers("runway-1", "abc", {"text/plain": "Nothing was sent"})
    assert keeper.get_state("texts") == {
        "texts": {"runway-1": {"model": "abc", "data": {"text/plain": "Nothing was sent"}}}
    }


def test_a_form_with_a_whole_video_in_it_is_not_sent_twice() -> None:
    data = {"text/html": "x" * (LONGEST_KEPT + 1), "text/plain": "done"}
    assert kept_text("runway-1", "abc", data)["runway-1"]["data"] == {"text/plain": "done"}


def test_without_anywidget_nobody_keeps_it(monkeypatch: pytest.MonkeyPatch) -> None:
    from runway_nb.notebook.cards import text_keeper

    def missing(name: str) -> None:
        raise ImportError(name)

    real = importlib.import_module
    monkeypatch.setattr(importlib, "import_module", lambda name: missing(name) if name == "anywidget" else real(name))
    monkeypatch.setattr(text_keeper, "keeper_class", text_keeper.keeper_class.__wrapped__)
    assert make_keepers("runway-1", "abc", {}) == []
