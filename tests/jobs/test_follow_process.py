"""`python -m runway_nb follow` as a service runs it, beside kernels that are killed: real processes, one simulator."""

from __future__ import annotations

import json
import signal
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from runway_nb.api.media import check_mp4
from runway_nb.ledger.lease import LEASE_SECONDS
from runway_nb.ledger.opening import open_ledger
from runway_nb.ledger_address import LedgerAddress
from support.kernels import SimulatorProcess
from support.machines import Following, Machine, until
from support.postgres import PostgresServer

pytestmark = pytest.mark.slow("kills processes while their tasks run")

PATIENCE = 15.0
"""Seconds in which a process ends: a few, on a machine that others use as well."""
SPEED = 6
"""A task takes about 7 s."""


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    home = tmp_path_factory.mktemp("simulator")
    process = SimulatorProcess(home, "--speed", str(SPEED), "--instant", "--max-jobs", "10")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    made = PostgresServer()
    yield made
    made.remove()


def videos(home: Path) -> dict[str, str]:
    """The videos of a ledger in a file, by job."""
    with closing(sqlite3.connect(home / "runway" / "ledger.sqlite3")) as connection:
        return dict(connection.execute("SELECT id, video FROM jobs").fetchall())


def told(follows: list[Following], job_id: str) -> list[str]:
    return sorted(kind for one in follows for kind in one.kinds(job_id))


def test_a_kernel_is_killed_and_one_of_two_brings_what_it_has_paid(simulator: SimulatorProcess, tmp_path: Path) -> None:
    before = simulator.counts()["tasks_started"]
    machine = Machine(tmp_path, {"RUNWAY_NB_SLOTS": "10", **simulator.env})
    both = [machine.follows(), machine.follows()]
    living, dying = machine.asks("A lamp lives"), machine.asks("A lamp is lost", "Another one is lost")
    dying.kill()
    living.finish()
    until(lambda: all("done" in told(both, job_id) for job_id in dying.ids))
    for job_id in dying.ids:
        assert told(both, job_id) == ["done", "taken"], "each job by one of them"
        check_mp4(Path(videos(tmp_path)[job_id]))
        assert Path(videos(tmp_path)[job_id]).parent == machine.folder / "runway_outputs"
    assert told(both, living.ids[0]) == [], "a job that is alive is left alone"
    assert simulator.counts()["tasks_started"] - before == 3
    for follows in both:
        assert follows.end() < PATIENCE
        assert "lamp" not in json.dumps(follows.events)


def test_a_signal_gives_the_job_back_and_another_goes_on(simulator: SimulatorProcess, tmp_path: Path) -> None:
    before = simulator.counts()["tasks_started"]
    machine = Machine(tmp_path, simulator.env)
    both = [machine.follows(), machine.follows()]
    dying = machine.asks("A lamp is handed on")
    dying.kill()
    until(lambda: told(both, dying.ids[0]) == ["taken"])
    first, second = sorted(both, key=lambda follows: "taken" not in follows.kinds())
    assert first.end(signal.SIGTERM) < PATIENCE
    assert first.kinds(*dying.ids) == ["taken", "released"]
    assert second.wait_for("taken") < PATIENCE < LEASE_SECONDS, "nobody waits for the lease"
    second.wait_for("done")
    second.end(signal.SIGINT)
    check_mp4(Path(videos(tmp_path)[dying.ids[0]]))
    assert simulator.counts()["tasks_started"] - before == 1


def test_the_machine_of_a_kernel_is_gone_and_another_one_takes_over(
    simulator: SimulatorProcess, server: PostgresServer, tmp_path: Path
) -> None:
    """Their clocks differ by seven minutes, and the server goes away meanwhile."""
    before = simulator.counts()["tasks_started"]
    url = server.new_database("many_machines")
    shared = {"RUNWAY_NB_LEDGER": url, "RUNWAY_NB_OUTPUT": str(tmp_path / "shared"), **simulator.env}
    follows = Machine(tmp_path / "two", shared, "two", 180.0).follows()
    dying = Machine(tmp_path / "one", shared, "one", -240.0).asks("A lamp is on another machine")
    dying.kill()
    server.stop()
    follows.wait_for("ledger-away")
    server.start()
    follows.wait_for("ledger-back")
    assert follows.wait_for("taken") < LEASE_SECONDS + 5.0
    follows.wait_for("done")
    assert follows.kinds() == ["started", "ledger-away", "ledger-back", "taken", "done"]
    assert follows.end() < PATIENCE
    ledger = open_ledger(tmp_path, LedgerAddress(url), lambda: 0.0, lambda: 0.0)
    record = ledger.get(dying.ids[0])
    ledger.close()
    assert record.phase == "done"
    assert Path(record.video).parent == tmp_path / "shared"
    check_mp4(Path(record.video))
    assert simulator.counts()["tasks_started"] - before == 1


# --- a wrong configuration --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("env", "code", "said"),
    [
        ({"USEAPI_TOKEN": ""}, 2, "no token"),
        ({"USEAPI_TOKEN": "hunter2-never-shown"}, 2, "the token has"),
        ({"RUNWAY_NB_LEDGER": "mysql://ann:never-shown@host/x"}, 2, "no address of a PostgreSQL server"),
        ({"RUNWAY_NB_LEDGER": "postgresql://ann:never-shown@/x?host=/nowhere"}, 1, "cannot be reached"),
    ],
)
def test_a_wrong_configuration_is_one_line_and_an_exit_code(
    tmp_path: Path, env: dict[str, str], code: int, said: str
) -> None:
    usual = {"USEAPI_TOKEN": "user:4711-abc", "USEAPI_BASE_URL": "http://127.0.0.1:1/v1"}
    process = Machine(tmp_path, usual | env).started("-m", "runway_nb", "follow")
    out, problem = process.communicate(timeout=60)
    assert (process.returncode, out) == (code, "")
    assert problem.startswith("runway_nb follow: ")
    assert problem.count("\n") == 1
    assert said in problem
    assert "never-shown" not in problem


def test_the_command_as_it_is_typed(tmp_path: Path) -> None:
    env = {"USEAPI_TOKEN": "user:4711-abc", "USEAPI_BASE_URL": "http://127.0.0.1:1/v1"}
    process = Machine(tmp_path, env).started("-m", "runway_nb", "follow")
    assert process.stdout is not None
    assert "Z follows jobs at " in process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    out, problem = process.communicate(timeout=60)
    assert (process.returncode, problem) == (0, "")
    assert out.splitlines()[-1].endswith("Z ended")
