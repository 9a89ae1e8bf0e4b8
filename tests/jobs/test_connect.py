"""Clients for a backend: what is said where the simulator's extra is missing."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from runway_nb.errors import MissingExtra
from runway_nb.jobs.backend import connect
from runway_nb.settings import Settings


def test_a_missing_extra_names_the_module_and_both_ways_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "uvicorn", None)
    settings = Settings(None, "https://api.test", tmp_path / "home", tmp_path)
    with pytest.raises(MissingExtra) as caught:
        asyncio.run(connect(settings))
    assert caught.value.message == (
        "the simulator needs its extra, and uvicorn is not installed: "
        'pip install "runway_nb[simulator]"; or set a token: %runway login'
    )
