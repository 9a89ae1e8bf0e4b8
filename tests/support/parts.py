"""Test runs of a part of the files: `--part 1/2` and `--part 2/2` in two processes, each with half of the work.

Each process loads and collects its own files only, and tells its results to nobody; with thousands of short tests the
workers of a test run spend a fifth of their time on that. The hooks of pytest here are those of the whole run
(`conftest`).
"""

from __future__ import annotations

from pathlib import Path

import pytest

PART = pytest.StashKey[set[Path]]()
TESTS = Path(__file__).parent.parent
DEAR = {
    "test_doubt.py": 2.8,
    "test_foreign_tasks.py": 2.8,
    "test_http_client.py": 2.8,
    "test_keyframe_controls.py": 3.8,
    "test_magic.py": 2.0,
    "test_page_acts.py": 2.8,
    "test_panel.py": 2.0,
    "test_shots.py": 2.0,
    "test_simulator_formats.py": 7.0,
    "test_simulator_models.py": 3.2,
    "test_simulator_pace.py": 3.4,
    "test_workflow.py": 2.0,
}
"""How much more time than others of their size some files take, as measured; those that take twice as much and more."""


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the options of this project."""
    parser.addoption("--deep", action="store_true", help="run what is marked as deep, too: it takes minutes")
    parser.addoption("--part", metavar="N/M", help="run the Nth of M parts of the files that are not the browser's")


def pytest_configure(config: pytest.Config) -> None:
    """Refuse a part that there is not."""
    if part := config.getoption("--part"):
        number, _, count = part.partition("/")
        if not (number.isdigit() and count.isdigit() and 1 <= int(number) <= int(count)):
            raise pytest.UsageError(f"--part: {part} is not a part like 1/2")
        files = [path for path in TESTS.rglob("test_*.py") if path.parent.name != "browser"]
        config.stash[PART] = set(in_parts({path: weight(path) for path in files}, int(count))[int(number) - 1])


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files of other parts."""
    part = config.stash.get(PART, None)
    is_elsewhere = part is not None and collection_path.suffix == ".py" and collection_path not in part
    return True if is_elsewhere else None


def weight(path: Path) -> float:
    """Return what a file of tests costs, in bytes of a usual one."""
    return path.stat().st_size * DEAR.get(path.name, 1)


def in_parts(sizes: dict[Path, float], count: int) -> list[list[Path]]:
    """Deal files out, the largest first, each to the part that is the smallest so far."""
    parts: list[list[Path]] = [[] for _ in range(count)]
    for path in sorted(sizes, key=lambda path: (-sizes[path], path)):
        min(parts, key=lambda part: sum(map(sizes.__getitem__, part))).append(path)
    return parts
