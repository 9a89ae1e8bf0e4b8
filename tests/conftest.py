"""Fixtures that many tests share."""

from __future__ import annotations

import gc
import importlib.util
import ipaddress
import itertools
import os
import shutil
import socket
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

# what is compiled once is kept, whatever the machine says: to rewrite every assertion anew takes longer than most files
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# jsonschema does without it; its grammars are built at its import, for seconds, and no notebook has such a format
sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]
# httpx looks for it at each request to an application, through all of sys.path
if importlib.util.find_spec("sniffio") is None:
    sys.modules["sniffio"] = None  # type: ignore[assignment]
# what tests write lies in memory where there is enough of it: a disk would be waited for at each commit of a ledger
MEMORY = Path("/dev/shm")
if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > 2**30:
    os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))

import hypothesis  # noqa: E402
import pytest  # noqa: E402

# what fails is looked at in `make test`, which makes it small
QUICK_PHASES = (hypothesis.Phase.explicit, hypothesis.Phase.generate)
# a machine that is busy with something else is no counterexample
hypothesis.settings.register_profile("any machine", deadline=None)
hypothesis.settings.register_profile("quick", deadline=None, max_examples=8, database=None, phases=QUICK_PHASES)
hypothesis.settings.load_profile("any machine")

from runway_nb.jobs.job import Job  # noqa: E402
from runway_nb.ledger import migrations  # noqa: E402
from runway_nb.request import VideoRequest  # noqa: E402
from runway_nb.spec import DEFAULT_MODEL  # noqa: E402
from support import failures, new_ledgers  # noqa: E402
from support.durations import function_of, known_durations  # noqa: E402
from support.fakes import FakeTime, Party  # noqa: E402
from support.leftovers import at_end, pytest_sessionfinish, pytest_terminal_summary, pytest_testnodedown  # noqa: E402, F401 - hooks
from support.parts import pytest_addoption, pytest_configure, pytest_ignore_collect  # noqa: E402, F401 - hooks
from support.simulator_kit import Api  # noqa: E402

OURS = ("USEAPI_", "RUNWAY_NB_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
SLOWEST = ("test_batch.py", "test_restarts.py", "test_kernel.py", "test_never_twice.py", "test_sweeps_never_twice.py")
"""Begun before all others, in this order."""
HOMES = pytest.StashKey[str]()
"""A folder for the homes of all tests; to make one for each would cost more than most tests."""
_numbers = itertools.count()
_connect = socket.socket.connect


def pytest_sessionstart(session: pytest.Session) -> None:
    """A connection beyond this machine fails the test; new ledgers are made in one go; what fails is told at once."""
    failures.pytest_sessionstart(session)
    session.stash[HOMES] = tempfile.mkdtemp(prefix="runway-nb-homes-", dir=os.environ.get("PYTEST_DEBUG_TEMPROOT"))
    at_end(lambda: shutil.rmtree(session.stash[HOMES], ignore_errors=True))
    migrations.migrate = new_ledgers.migrate
    socket.socket.connect = _connect_here  # type: ignore[method-assign, assignment]


def _connect_here(self: socket.socket, address: Any) -> None:
    if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        raise AssertionError(f"a test reached for {address[0]}")
    _connect(self, address)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def pytest_collection_finish() -> None:
    """Take all that is loaded by now out of the garbage collector's sight, and let it run seldom.

    Each of its runs would go through all of that, and most tests end before there is much to collect.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """No setting of the machine reaches a test, and no test reaches the user's files.

    A hook, since a fixture of each test costs more than most tests. A home is a path where nothing is yet.
    """
    for name in [name for name in os.environ if name.startswith(OURS) or name.lower() in PROXIES]:
        del os.environ[name]
    os.environ["RUNWAY_NB_HOME"] = f"{item.session.stash[HOMES]}/{next(_numbers)}"
    os.environ["PYTHON_KEYRING_BACKEND"] = "keyring.backends.null.Keyring"


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown() -> None:
    """Stop what a test has made."""
    Api.stop_all()


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
def elsewhere(party: Party, tmp_path: Path) -> Iterator[Callable[[VideoRequest], Job]]:
    """Submits a request from a machine with a ledger of its own, on the same account."""
    here = party.settings
    party.settings = replace(here, home=tmp_path / "elsewhere")
    studio = party.make_studio()
    party.settings = here
    yield lambda request: studio.submit(request, fresh=True)
    studio.close()


@pytest.fixture
def small_frames(monkeypatch: pytest.MonkeyPatch) -> None:
    """Small pictures are fitted and sent sooner; for tests that do not depend on their size."""
    from support.picture_files import SMALL_FRAME  # loads Pillow

    for aspect, size in (("landscape", SMALL_FRAME), ("portrait", SMALL_FRAME[::-1])):
        monkeypatch.setitem(DEFAULT_MODEL.aspects, aspect, size)


@pytest.fixture
def api(tmp_path: Path) -> Api:
    """A simulator without a port, and a caller with a good token."""
    return Api(tmp_path)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Without `--deep` no deep test, with `--quick` no long one; the slow files first: two workers end together."""
    left_out = {item for item in items if _is_left_out(item, config)}
    config.hook.pytest_deselected(items=[*left_out])
    items[:] = [item for item in items if item not in left_out]
    items.sort(key=_rank)


def _is_left_out(item: pytest.Item, config: pytest.Config) -> bool:
    is_long = config.getoption("--quick") and function_of(item.nodeid) in known_durations().long
    return bool(is_long or (item.get_closest_marker("deep") and not config.getoption("--deep")))


def _rank(item: pytest.Item) -> int:
    name = item.path.name
    if item.get_closest_marker("browser"):
        return -1
    return SLOWEST.index(name) if name in SLOWEST else len(SLOWEST)
