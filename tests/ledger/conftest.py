"""The promises of a ledger hold on both engines."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import ExitStack

import pytest

from support import ledgers

_BOTH = [ledgers.FILE, pytest.param(ledgers.SERVER, marks=pytest.mark.slow("a PostgreSQL server"))]


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Run what both engines promise on both, which is all that asks for an engine and is not about the file."""
    if "engine" in metafunc.fixturenames:
        is_of_file = any(metafunc.definition.iter_markers("of_file"))
        metafunc.parametrize("engine", [ledgers.FILE] if is_of_file else _BOTH, indirect=True, scope="module")


@pytest.fixture(scope="module")
def engine(request: pytest.FixtureRequest) -> str:
    """Which engine keeps the ledgers of `make_ledger`."""
    return str(request.param)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Choose the engine of a test, and close what it leaves open: a server takes a hundred connections and no more."""
    chosen = getattr(item, "callspec", None)
    with ExitStack() as stack:
        stack.callback(ledgers.close_all)
        stack.enter_context(
            ledgers.engine_chosen(chosen.params.get("engine", ledgers.FILE) if chosen else ledgers.FILE)
        )
        return (yield)
