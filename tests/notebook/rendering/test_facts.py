"""Sizes and prices in words."""

from __future__ import annotations

import pytest

from runway_nb.notebook.rendering.facts import cost, megabytes
from support.shown_jobs import a_job


@pytest.mark.parametrize(("size", "text"), [(None, "unknown size"), (50_000, "50 kB"), (2_841_733, "2.8 MB")])
def test_sizes(size: int | None, text: str) -> None:
    assert megabytes(size) == text


def test_prices() -> None:
    assert (cost(a_job()), cost(a_job(simulated=True))) == ("25 credits", "0 credits")
