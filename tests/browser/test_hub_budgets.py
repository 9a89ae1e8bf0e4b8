"""A class on a JupyterHub, as `docs/hub.md` sets it up: one database, one account, a budget for each and for all.

No page is looked at: the hub starts the servers, they start the kernels, and the cells run in those.
"""

from __future__ import annotations

import json
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hub import Hub, jupyter_hub
from jupyter_client.blocking.client import BlockingKernelClient

from runway_nb.ledger.ledger import Ledger
from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger.slots import Payer
from runway_nb.ledger_address import LedgerAddress
from runway_nb.settings import Secret, Settings
from support.class_roles import HUB_PAGE, PASSWORD, class_roles
from support.kernels import PATIENCE, TOKEN, Cell, Kernel, shared_simulator
from support.page_blocks import blocks_of
from support.records import a_record

pytestmark = pytest.mark.browser

LOAD = "%load_ext runway_nb"
SERVICE = "the-tests-own-key-0f3a"
SERVICES = f"""
c.JupyterHub.services = [{{"name": "tests", "api_token": {SERVICE!r}}}]
c.JupyterHub.load_roles = [
    {{"name": "tests", "services": ["tests"], "scopes": ["admin:servers", "access:servers", "list:users"]}}
]
"""
STUDENTS = ("ann", "bob")
HOLDER, ELSEWHERE = "000000aa", "elsewhere/1/x"
TABLE = "[[row['user'], int(row['videos']), int(row['credits'])] for row in runway_nb.spending().to_dict('records')]"
WAITS = """
import threading
import time
for _ in range(3000):
    if "slots busy" in shot.state.detail:
        break
    time.sleep(0.02)
print(shot.state.detail)
"""


class HubKernel(Kernel):
    """A kernel that a user's server has started."""

    def __init__(self, hub: Hub, user: str) -> None:
        self.heard, self.replies = [], {}
        started = ask(f"{hub.url}/user/{user}/api/kernels", "POST", {})
        file = hub.folder / user / "runtime" / f"kernel-{started['id']}.json"
        self.client: Any = BlockingKernelClient(connection_file=str(file))
        self.client.load_connection_file()
        self.client.start_channels()
        self._wait_until_it_answers()

    def _wait_until_it_answers(self) -> None:
        """Ask until an answer comes: whoever knows the kernel by its file alone misses what it says at first."""
        give_up = time.monotonic() + PATIENCE
        while True:
            cell = self.send("pass")
            try:
                self.until(partial(getattr, cell, "is_idle"), 2.0)
            except AssertionError:
                if time.monotonic() > give_up:
                    raise
            else:
                return

    def shutdown(self) -> None:
        self.client.stop_channels()


def ask(url: str, method: str = "GET", body: object = None) -> Any:
    """Ask the hub, or the server of a user, by the service's key."""
    data = None if body is None else json.dumps(body).encode()
    headers = {"Authorization": f"token {SERVICE}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(url, data, headers, method=method), timeout=60) as answer:
        return json.loads(answer.read() or b"null")


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    """A hub with the settings of the page, whose users' servers are up."""
    roles, simulator = class_roles(), shared_simulator("hub-budgets")
    (settings,) = (block.source for block in blocks_of(HUB_PAGE) if "get_config()" in block.source)
    of_all = {"USEAPI_BASE_URL": simulator.base_url, "RUNWAY_NB_SLOTS": "1"}
    users = dict.fromkeys(STUDENTS, of_all)
    given = {"USEAPI_TOKEN": TOKEN, "RUNWAY_NB_LEDGER": roles.students, "RUNWAY_NB_BUDGET": "user=50 course=500"}
    with jupyter_hub(tmp_path_factory.mktemp("hub"), users, more=settings + SERVICES, **given) as started:
        for user in STUDENTS:
            ask(f"{started.url}/hub/api/users/{user}/server", "POST", {})
        give_up = time.monotonic() + PATIENCE
        while not all(ask(f"{started.url}/hub/api/users/{user}")["servers"][""]["ready"] for user in STUDENTS):
            assert time.monotonic() < give_up, (started.folder / "hub.log").read_text()[-3000:]
            time.sleep(0.1)
        yield started


@pytest.fixture(scope="module")
def kernels(hub: Hub, tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Kernel]]:
    """A kernel of each student, and one of the teacher, who works elsewhere with the same account and ledger."""
    folder = tmp_path_factory.mktemp("teacher")
    env = {**shared_simulator("hub-budgets").env, "RUNWAY_NB_SLOTS": "1", "RUNWAY_NB_LEDGER": class_roles().teacher}
    made: dict[str, Kernel] = {user: HubKernel(hub, user) for user in STUDENTS}
    made["teacher"] = Kernel(folder / "home", folder / "work", **env)
    for kernel in made.values():
        kernel.run(f"{LOAD}\nimport runway_nb")
    yield made
    for kernel in made.values():
        kernel.shutdown()


@pytest.fixture(scope="module")
def ledger(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ledger]:
    """The ledger of the class, as its teacher has it."""
    address = LedgerAddress(class_roles().teacher)
    opened = open_ledger(tmp_path_factory.mktemp("ledger"), address, time.time, time.monotonic)
    yield opened
    opened.close()


@contextmanager
def alive(ledger: Ledger) -> Iterator[None]:
    """The other machine lives: its leases are renewed, however long the kernels here take."""
    over = threading.Event()

    def renew() -> None:
        while not over.wait(2.0):
            ledger.leases.renew(ELSEWHERE)

    renewing = threading.Thread(target=renew)
    renewing.start()
    try:
        yield
    finally:
        over.set()
        renewing.join()


def shot(kernel: Kernel, prompt: str) -> Cell:
    return kernel.run(f"%%runway shot --wait\n{prompt}")


def test_each_spends_of_the_own_budget_and_the_teacher_sees_both(kernels: dict[str, Kernel]) -> None:
    ann, bob, teacher = (kernels[user] for user in (*STUDENTS, "teacher"))
    for prompt in ("A lamp turns", "A lamp falls"):
        assert shot(ann, prompt).error is None
    over = shot(ann, "A lamp burns").error
    assert over is not None
    line = " ".join(over["traceback"])
    assert over["ename"] == "OverBudget"
    assert "50 of the 50 credits that are your budget are spent at 127.0.0.1" in line
    assert "nothing was sent. Ask for less, or ask who set the budget" in line
    assert "ann" not in line.replace("any", "")
    assert shot(bob, "A lamp burns").error is None, "bob's budget is his own"
    assert bob.run("assert shot.video.exists()").error is None
    seen = teacher.run("%runway credits --all")
    html = str([message["content"]["data"] for message in seen.of_type("display_data")])
    rows = html[html.index("'text/plain'") :]
    assert [word in rows for word in ("ann", "bob", "50", "25", "75", "Budgets in the ledger")] == [True] * 6
    table = teacher.value(TABLE)
    assert table == [["ann", 2, 50], ["bob", 1, 25]]


def test_no_notebook_raises_its_budget_and_the_teacher_sets_one_for_all(kernels: dict[str, Kernel]) -> None:
    ann, bob, teacher = (kernels[user] for user in (*STUDENTS, "teacher"))
    ann.run("import os; os.environ.update(RUNWAY_NB_BUDGET='user=9999', RUNWAY_NB_USER='bob')")
    assert shot(ann, "A lamp grows").error is not None
    refused = ann.run("%runway budget user=9999").error
    assert refused is not None
    assert "permission denied for table budgets" in " ".join(refused["traceback"])
    assert PASSWORD not in " ".join(refused["traceback"])
    assert teacher.run("%runway budget user:bob=25").error is None
    over = shot(bob, "A lamp grows").error
    assert over is not None
    assert "25 of the 25 credits that are your budget" in " ".join(over["traceback"])
    assert teacher.run("%runway budget --off").error is None
    assert shot(bob, "A lamp grows").error is None


def test_the_slots_of_the_account_are_shared(kernels: dict[str, Kernel], ledger: Ledger, tmp_path: Path) -> None:
    """While another machine holds the only slot, the job of a student waits for it by name."""
    teacher, base_url = kernels["teacher"], shared_simulator("hub-budgets").base_url
    settings = Settings(Secret(TOKEN), base_url, tmp_path, tmp_path)
    with alive(ledger):
        ledger.add(a_record(HOLDER, owner=ELSEWHERE, backend=settings.backend, credits=0))
        ledger.slots.line_up(HOLDER, Payer(settings.backend, settings.payer), "")
        assert teacher.run("%%runway shot\nA lamp waits").error is None
        assert f"1 of 1 slots busy · first in line · with job {HOLDER}" in teacher.run(WAITS).text()
        ledger.update(HOLDER, phase="done")
    assert teacher.run("shot.wait(120); assert shot.video.exists()").error is None
