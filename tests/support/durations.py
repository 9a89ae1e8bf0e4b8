"""How long the tests take, as `make durations` has measured: the longest are left out of `make quick`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

TABLE = Path(__file__).parents[1] / "durations.txt"
QUICK_SECONDS = 55.0
"""What the tests of `make quick` may take together, before they are dealt out to two processes."""
_HEAD = (
    "# Seconds of what make quick runs of each file, and of a case of each test that it leaves out: make durations\n"
)


class Durations(NamedTuple):
    """What is known of the tests, by their ids without the cases, such as `tests/test_camera.py::test_static`."""

    files: Mapping[str, float]
    """Seconds that `make quick` spends in each file."""
    long: frozenset[str]
    """What it leaves out."""


@cache
def known_durations() -> Durations:
    """Return what was measured last."""
    return read_durations(TABLE.read_text())


def read_durations(text: str) -> Durations:
    """Return what stands in the table."""
    rows = [line.split() for line in text.splitlines() if line and not line.startswith("#")]
    files = {name: float(seconds) for seconds, name in rows if "::" not in name}
    return Durations(files, frozenset(name for _, name in rows if "::" in name))


def written_durations(cases: Mapping[str, Sequence[float]], limit: float = QUICK_SECONDS) -> str:
    """Return the table for what the cases of each test took: `make quick` keeps the shortest, up to `limit` in all."""
    mean = {name: sum(took) / len(took) for name, took in cases.items()}
    files: dict[str, float] = defaultdict(float)
    long, kept = list[str](), 0.0
    for name in sorted(cases, key=lambda name: (mean[name], name)):
        kept += sum(cases[name])
        if kept <= limit:
            files[name.partition("::")[0]] += sum(cases[name])
        else:
            long.append(name)
    rows = [*files.items(), *((name, mean[name]) for name in long)]
    return _HEAD + "".join(f"{seconds:.2f} {name}\n" for name, seconds in sorted(rows))


def function_of(item_id: str) -> str:
    """Return the id of a test without its case."""
    return item_id.partition("[")[0]


class Stopwatch:
    """Writes the table at the end of a run."""

    def __init__(self) -> None:
        self._took: dict[str, float] = defaultdict(float)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what a test took, with what was made for it."""
        self._took[report.nodeid] += report.duration

    def pytest_sessionfinish(self) -> None:
        """Write it."""
        cases: dict[str, list[float]] = defaultdict(list)
        for item_id, seconds in self._took.items():
            cases[function_of(item_id)].append(seconds)
        TABLE.write_text(written_durations(cases))
