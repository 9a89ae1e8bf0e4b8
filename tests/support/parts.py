"""Test runs of a part of the files: `--part 1/2` and `--part 2/2` in two processes, each with half of the work.

Each process loads and collects its own files only, and tells its results to nobody; with thousands of short tests the
workers of a test run spend a fifth of their time on that. The hooks of pytest here are those of the whole run
(`conftest`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest

from .durations import Stopwatch, known_durations

PART = pytest.StashKey[set[Path]]()
TESTS = Path(__file__).parent.parent
LOADING_SECONDS = 0.1
"""What a file takes before its first test."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the options of this project."""
    parser.addoption("--deep", action="store_true", help="run what is marked as deep, too: it takes minutes")
    parser.addoption("--quick", action="store_true", help="leave out the tests that tests/durations.txt names")
    parser.addoption("--measure", action="store_true", help="write tests/durations.txt anew")
    parser.addoption("--part", metavar="N/M", help="run the Nth of M parts of the files that are not the browser's")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a part that there is not, and measure where that is asked for."""
    if config.getoption("--measure"):
        config.pluginmanager.register(Stopwatch())
    if part := config.getoption("--part"):
        number, _, count = part.partition("/")
        if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
            raise pytest.UsageError(f"--part: {part} is not a part like 1/2")
        files = [path for path in TESTS.rglob("test_*.py") if path.parent.name != "browser"]
        config.stash[PART] = set(in_parts(weights(files), int(count))[int(number) - 1])


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files of other parts."""
    part = config.stash.get(PART, None)
    is_elsewhere = part is not None and collection_path.suffix == ".py" and collection_path not in part
    return True if is_elsewhere else None


def weights(files: Iterable[Path]) -> dict[Path, float]:
    """Return the seconds that each file takes in `make quick`; one that was never measured counts as none."""
    known = known_durations().files
    return {path: LOADING_SECONDS + known.get(f"tests/{path.relative_to(TESTS).as_posix()}", 0.0) for path in files}


def in_parts(sizes: dict[Path, float], count: int) -> list[list[Path]]:
    """Deal files out, the largest first, each to the part that is the smallest so far."""
    parts: list[list[Path]] = [[] for _ in range(count)]
    for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
        min(parts, key=lambda part: sum(map(sizes.__getitem__, part))).append(path)
    return parts
