"""Fixtures that many tests share."""

from __future__ import annotations

import ipaddress
import itertools
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fakes import FakeTime, Party
from test_simulator_kit import Api

OURS = ("USEAPI_", "RUNWAY_NB_")


@pytest.fixture(scope="session")
def homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Paths where nothing is yet; a folder made for each test would cost more than most tests."""
    root = tmp_path_factory.mktemp("homes")
    return (root / str(number) for number in itertools.count())


@pytest.fixture(autouse=True)
def clean_environ(monkeypatch: pytest.MonkeyPatch, homes: Iterator[Path]) -> None:
    """No setting of the machine reaches a test, and no test reaches the user's files."""
    for name in [name for name in os.environ if name.startswith(OURS)]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("RUNWAY_NB_HOME", str(next(homes)))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.null.Keyring")


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection beyond this machine fails the test."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> None:
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise AssertionError(f"a test reached for {address[0]}")
        connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture
def time() -> FakeTime:
    """Time that passes only while somebody sleeps."""
    return FakeTime()


@pytest.fixture
def party(tmp_path: Path, time: FakeTime) -> Iterator[Party]:
    """A studio and the simulator it talks to, without a port and without waiting."""
    with Party(tmp_path, time) as made:
        yield made


@pytest.fixture
def api(tmp_path: Path) -> Api:
    """A simulator without a port, and a caller with a good token."""
    return Api(tmp_path)


@pytest.fixture(autouse=True)
def _stop_simulators() -> Iterator[None]:
    yield
    Api.stop_all()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The slow files first, the longest before all, so that two workers end at about the same time."""
    items.sort(key=_rank)


def _rank(item: pytest.Item) -> int:
    marks = ("browser", "kernel")
    if item.path.name == "test_never_twice.py":
        return 0
    return next((rank for rank, mark in enumerate(marks, start=1) if item.get_closest_marker(mark)), 3)
