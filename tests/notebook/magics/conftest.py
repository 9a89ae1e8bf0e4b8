"""What the tests in a real kernel share; each module has a `kernel` of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from support.kernels import Kernel, shared_simulator


@pytest.fixture
def endless(kernel: Kernel) -> Iterator[str]:
    """The next task does not end; the job is taken off again after the test."""
    shared_simulator().fault("throttled", forever=True)
    yield "endless"
    kernel.run("endless.stop()")
