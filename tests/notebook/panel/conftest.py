"""A bench for panels, and what watches over it."""

from __future__ import annotations

import pytest

from runway_nb.notebook.panel import panel as module
from runway_nb.notebook.panel.keyframe_loader import Loaded, Pictures
from runway_nb.notebook.panel.preview import make_preview
from support.panels import (
    Hands,
    Wire,
    a_bench,
)


@pytest.fixture
def bench(party, monkeypatch: pytest.MonkeyPatch):
    with a_bench(party, monkeypatch) as made:
        yield made


@pytest.fixture
def wire(monkeypatch: pytest.MonkeyPatch, bench):
    """Everything that panels send; their preview is the real one."""
    monkeypatch.setattr(module, "make_preview", make_preview)
    return Wire(monkeypatch)


@pytest.fixture
def hands(bench, monkeypatch: pytest.MonkeyPatch):
    made = Hands(bench, monkeypatch)
    monkeypatch.setattr(bench.party, "ended", lambda job, timeout=5: job)
    yield made
    made.end()
    for future in bench.background:
        future.exception(5)


@pytest.fixture
def unseen(monkeypatch: pytest.MonkeyPatch):
    """No picture is looked for."""

    async def nothing(self, choice):
        return Loaded(problem="not looked for")

    monkeypatch.setattr(Pictures, "load", nothing)
