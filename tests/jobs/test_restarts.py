"""Kernels that die: what was paid is found again and paid once, and the user is told what happened."""

from __future__ import annotations

import json
import re
import sqlite3
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runway_nb.api.media import check_mp4
from runway_nb.simulator.rendering.stub import CLIP
from soak import soak
from support.fakes import EMAIL
from support.kernels import PATIENCE, RESULT, TOKEN, Cell, Kernel, SimulatorProcess

pytestmark = pytest.mark.kernel

SPEED = 45
"""A task takes about 1 s, one of 10 seconds about 2: long enough to be caught in each state."""
HELPERS = """
import os, threading, time
from runway_nb.process_studio import close_studio
from runway_nb.shortcuts import default_studio
searching = False
def hurry():  # whoever presses "look now" all the time
    while True:
        time.sleep(0.04)
        studio = default_studio()
        for job in studio.jobs.values():
            if job.task is not None or searching:
                job.refresh()
def until(condition):
    give_up = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)
def all_done():
    until(lambda: all(job.done for job in default_studio().jobs.values()))
threading.Thread(target=hurry, daemon=True).start()
"""
ONE_LEFT = "runway_nb: 1 unfinished job; %runway resume picks it up, %runway list shows it.\n"
STORED = r"[Ss]tored result of \d+ \w+ \d{4}, 0 credits; --fresh for a new take"


class Notebook:
    """A kernel with a ledger for each test, and the simulator that it takes for the API."""

    def __init__(self, kernel: Kernel, simulator: SimulatorProcess) -> None:
        self.kernel, self.simulator = kernel, simulator

    def begin(self, home: Path) -> None:
        """Another ledger; the kernel stays the same."""
        self.kernel.env["RUNWAY_NB_HOME"] = str(home)
        self.run(f"os.environ['RUNWAY_NB_HOME'] = {str(home)!r}; searching = False; close_studio()")
        self.simulator.clear_faults()
        self.before = self.simulator.counts()

    def run(self, code: str, *, watched: bool = True) -> Cell:
        cell = self.kernel.run(code, watched=watched)
        assert cell.error is None, cell.error
        return cell

    def refused(self, code: str, *, watched: bool = True) -> str:
        """The one line of a cell that fails."""
        cell = self.kernel.run(code, watched=watched)
        assert cell.error is not None, "the cell did not fail"
        assert len(cell.error["traceback"]) == 1, cell.error["traceback"]
        return cell.error["traceback"][0]

    def until(self, condition: str) -> None:
        self.run(f"until(lambda: {condition})")

    def started(self) -> int:
        """Tasks that were started in this test."""
        return self.simulator.counts()["tasks_started"] - self.before["tasks_started"]

    def sent(self) -> int:
        """Create calls that were received in this test."""
        return self.simulator.counts()["creates_received"] - self.before["creates_received"]

    def restarted(self) -> str:
        """Kill the kernel; what loading the extension says in the next one."""
        self.kernel.restart()
        said = self.run("%load_ext runway_nb").text()
        self.run(HELPERS)
        return said

    def ending(self, cell: Cell) -> str:
        """The durable HTML of a cell once every job is over."""
        self.run("all_done()")
        return html(self.kernel.ending(cell)["content"]["data"])

    def records(self) -> list[dict[str, Any]]:
        """The ledger, newest first."""
        with closing(sqlite3.connect(Path(self.kernel.env["RUNWAY_NB_HOME"]) / "ledger.sqlite3")) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute("SELECT * FROM jobs ORDER BY created DESC, rowid DESC")]

    def check_videos(self, count: int) -> None:
        """So many jobs are done, each with its own task and its own whole file."""
        done = [record for record in self.records() if record["phase"] == "done"]
        assert len(done) == len({record["task_id"] for record in done}) == count
        for record in done:
            check_video(Path(record["video"]))


@pytest.fixture(scope="module")
def simulator(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatorProcess]:
    home = tmp_path_factory.mktemp("simulator")
    process = SimulatorProcess(home, "--speed", str(SPEED), "--instant", "--max-jobs", "10")
    yield process
    process.stop()


@pytest.fixture(scope="module")
def kernels(simulator: SimulatorProcess, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[[], Kernel]]:
    """Starts kernels in one folder."""
    home, made = tmp_path_factory.mktemp("kernels"), []

    def start() -> Kernel:
        made.append(Kernel(home, home / "notebooks", RUNWAY_NB_SLOTS="10", **simulator.env))
        made[-1].run("%load_ext runway_nb")
        made[-1].run(HELPERS)
        return made[-1]

    yield start
    for kernel in made:
        kernel.shutdown()


@pytest.fixture(scope="module")
def own_kernel(kernels: Callable[[], Kernel]) -> Kernel:
    return kernels()


@pytest.fixture
def book(own_kernel: Kernel, simulator: SimulatorProcess, tmp_path: Path) -> Notebook:
    notebook = Notebook(own_kernel, simulator)
    notebook.begin(tmp_path / "ledger")
    return notebook


def html(data: dict[str, str]) -> str:
    assert set(data) == RESULT
    return data["text/html"]


def shown(cell: Cell) -> str:
    """The HTML of a cell that shows a result at once."""
    return html(cell.of_type("display_data")[0]["content"]["data"])


def check_video(path: Path) -> None:
    assert path.suffix == ".mp4"
    assert not path.name.startswith(".")
    check_mp4(path)
    assert path.read_bytes() == CLIP


def api(simulator: SimulatorProcess, path: str, body: Any = None) -> Any:
    """A call of the API from outside of any kernel."""
    headers = {"Authorization": f"Bearer {TOKEN}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    with urllib.request.urlopen(urllib.request.Request(simulator.base_url + path, data, headers), timeout=30) as answer:
        return json.load(answer)


def newest_status(simulator: SimulatorProcess) -> str:
    return api(simulator, "/tasks?offset=0&limit=1")[0]["status"]


def wait_for(condition: Callable[[], Any]) -> None:
    give_up = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < give_up
        time.sleep(0.01)


# --- a restart in each state --------------------------------------------------------------------------


def test_a_restart_while_the_task_is_queued(book: Notebook) -> None:
    cell = "%%runway shot\nA lamp waits for its turn"
    book.simulator.fault("throttled", seconds=30)
    book.run(cell)
    book.until("shot.task is not None")
    assert newest_status(book.simulator) in ("PENDING", "THROTTLED")
    assert book.restarted() == ONE_LEFT
    again = book.run(cell)
    assert re.search(STORED, book.ending(again))
    assert (book.started(), book.sent()) == (1, 1)
    book.check_videos(1)


def test_a_restart_while_the_task_runs(book: Notebook) -> None:
    book.run("%%runway shot --seconds 10\nA lamp runs")
    wait_for(lambda: book.started() and newest_status(book.simulator) == "RUNNING")
    book.until("shot.task is not None")
    assert book.restarted() == ONE_LEFT
    resumed = book.run("%runway resume")
    assert "<video" in book.ending(resumed)
    assert (book.started(), book.sent()) == (1, 1)
    book.check_videos(1)
    assert book.run("%runway resume").text() == "Nothing is unfinished.\n"


def test_a_kill_between_the_create_and_its_answer(book: Notebook) -> None:
    cell = "%%runway shot\nA lamp gets no answer"
    book.simulator.fault("slow-answer", seconds=60)
    book.run(cell)
    wait_for(book.started)
    assert book.kernel.value("shot.status") == "SENDING"
    assert book.restarted() == ONE_LEFT
    again = book.run(cell)
    assert re.search(STORED, book.ending(again))
    assert (book.started(), book.sent()) == (1, 1)
    book.check_videos(1)


def test_a_kill_before_the_create_left(book: Notebook) -> None:
    preparing, waiting = "%%runway shot --first dunes-noon\nA lamp is looked up", "%%runway shot\nA lamp stands in line"
    book.simulator.fault("slow-answer", seconds=60, on="assets")
    book.run("%config RunwayMagics.slots = 1")
    book.run("%%runway other --seconds 10\nA lamp is before all")
    book.until("other.task is not None")
    for code, status in ((preparing, "PREPARING"), (waiting, "WAITING")):
        book.run(code)
        book.until(f"shot.status == {status!r}")
    book.restarted()
    assert book.started() == 1
    book.simulator.clear_faults()  # nobody may have come to the slow answer yet
    book.run(preparing)
    book.run(waiting)
    book.run("%runway resume")
    book.run("all_done()")
    assert (book.started(), book.sent()) == (3, 3)
    book.check_videos(3)
    assert [record["credits"] for record in book.records() if record["phase"] == "removed"] == [0, 0]


def test_a_kill_in_the_middle_of_a_sweep(book: Notebook) -> None:
    """One is made, one has no answer, the others stand in line: the same cell again starts each exactly once."""
    cell = "%%runway grid --sweep seed=1..5 --yes\nA lamp is made five times"
    book.run("%config RunwayMagics.slots = 2")
    book.simulator.fault("slow-answer", seconds=60)
    book.run(cell)
    wait_for(lambda: book.started() >= 2)
    assert book.kernel.value("len([job for job in grid.jobs if job.status == 'WAITING'])") >= 1
    book.restarted()
    book.simulator.clear_faults()
    _, table = book.run(cell).of_type("display_data")  # below the live grid
    place = table["content"]["transient"]["display_id"]
    book.kernel.until(
        lambda: any(html(one["content"]["data"]).count("<video") == 5 for one in book.kernel.updates(place))
    )
    assert (book.started(), book.sent()) == (5, 5)
    book.check_videos(5)
    assert book.run(cell + " ").of_type("display_data")
    assert book.sent() == 5


def test_a_kill_during_the_download(book: Notebook) -> None:
    book.simulator.fault("slow-download", seconds=60)
    book.run("%%runway shot\nA lamp comes in pieces")
    folder = book.kernel.folder / "runway_outputs"
    wait_for(lambda: list(folder.glob(".a-lamp-comes-in-pieces-*")))
    assert book.restarted() == ONE_LEFT
    assert not list(folder.glob("a-lamp-comes-in-pieces-*"))
    resumed = book.run("%runway resume")
    assert "<video" in book.ending(resumed)
    assert (book.started(), book.sent()) == (1, 1)
    book.check_videos(1)
    assert len(list(folder.glob("a-lamp-comes-in-pieces-*"))) == 1


# --- lost answers -------------------------------------------------------------------------------------


def test_lost_answers_are_found_and_paid_once(book: Notebook) -> None:
    def has_started(count: int) -> bool:
        return book.started() == count

    cells = []
    for number, name in enumerate(("lost-answer", "522", "not-json", "no-task-id", "late-task"), 1):
        book.simulator.fault(name)
        cells.append(book.run(f"%%runway\nAn answer is lost: {name}"))
        wait_for(partial(has_started, number))
    for cell in cells:
        assert "<video" in book.ending(cell)
    assert (book.started(), book.sent()) == (5, 5)
    book.check_videos(5)


def test_a_create_that_never_arrived_is_sent_again_by_the_user_alone(book: Notebook) -> None:
    cell = "%%runway shot\nA lamp is lost on its way"
    book.simulator.fault("lost-before")
    book.run("searching = True")
    book.run(cell)
    book.run("all_done()")
    name = book.kernel.value("shot.id")
    for _ in range(2):
        ended = shown(book.run(f"%runway show {name}"))  # in the cell itself it stands beside buttons at first
        assert "Maybe sent: no clear answer" in ended
        assert f"%runway resend {name}" in ended
        book.run(cell)
        assert book.kernel.value("[shot.id, shot.status]") == [name, "CHECKING"], "it looks again"
        book.run("all_done()")
    assert (book.started(), book.sent()) == (0, 1)
    assert "<video" in book.ending(book.run(f"%runway resend {name}"))
    assert (book.started(), book.sent()) == (1, 2)
    assert re.search(STORED, shown(book.run(cell)))
    assert "<video" in shown(book.run(f"%runway resend {name}"))
    assert (book.started(), book.sent()) == (1, 2)
    book.check_videos(1)


# --- Run All ------------------------------------------------------------------------------------------


def test_run_all_three_times_pays_each_cell_once(book: Notebook) -> None:
    cells = ["%%runway\nThe first lamp", "%%runway --seed 7\nThe second lamp", "%%runway --zoom 2\nThe first lamp"]
    for _ in range(2):
        for cell in cells:
            book.run(cell)
    book.run("all_done()")
    assert book.started() == 3
    assert book.restarted() == ""
    for cell in cells:
        assert re.search(STORED, shown(book.run(cell)))
    assert book.started() == 3
    book.run(cells[0].replace("%%runway", "%%runway --fresh"))
    book.run("all_done()")
    assert book.started() == 4
    book.check_videos(4)


def test_what_moderation_refused_is_not_sent_again_by_itself(book: Notebook) -> None:
    cell = "%%runway\nA lamp of bad manners"
    for words in ("A lamp of bad manners", "A lamp of worse manners", "A lamp of no manners"):
        book.simulator.fault("moderated")
        assert "refused by moderation" in book.ending(book.run(f"%%runway\n{words}"))
    assert "nothing was sent now, --fresh sends it again for 25 credits" in (again := shown(book.run(cell))), again
    line = book.refused(cell.replace("%%runway", "%%runway --zoom 3"))
    assert line.startswith("RefusedBefore: moderation refused these words on ")
    assert "--fresh" in line
    line = book.refused("%%runway\nA lamp of fine manners")
    assert line.startswith("ModerationBrake: moderation refused 3 of your requests within a day")
    assert "--force" in line
    assert (book.started(), book.sent()) == (3, 3)
    assert "<video" in book.ending(book.run("%%runway --force\nA lamp of fine manners"))
    assert book.started() == 4


# --- two kernels --------------------------------------------------------------------------------------


@pytest.fixture
def second(book: Notebook, kernels: Callable[[], Kernel]) -> Notebook:
    """Another kernel on the same ledger."""
    notebook = Notebook(kernels(), book.simulator)
    notebook.begin(Path(book.kernel.env["RUNWAY_NB_HOME"]))
    return notebook


def test_two_kernels_share_a_task_and_one_takes_over_from_the_other(book: Notebook, second: Notebook) -> None:
    cell = "%%runway shot\nA lamp for two"
    sent = [notebook.kernel.send(cell) for notebook in (book, second)]
    for one in sent:
        assert one.finished().error is None
    for notebook in (book, second):
        notebook.run("all_done()")
    assert (book.started(), book.sent()) == (1, 1)
    videos = {notebook.kernel.value("str(shot.video)") for notebook in (book, second)}
    assert len(videos) == 1
    book.check_videos(1)

    book.simulator.fault("throttled", seconds=30)
    book.run("%%runway shot\nA lamp outlives its kernel")
    book.until("shot.task is not None")
    watching = second.run("%%runway shot\nA lamp outlives its kernel")
    second.until("shot.state.elsewhere")
    assert book.restarted() in ("", ONE_LEFT)  # for a second, until the other has taken over
    second.until("not shot.state.elsewhere")
    assert re.search(STORED, second.ending(watching))
    assert (book.started(), book.sent()) == (2, 2)
    book.check_videos(2)


# --- tasks made elsewhere -----------------------------------------------------------------------------


def whole_id(task: dict[str, Any]) -> str:
    return str(task["taskId"])


def beginning_of_id(task: dict[str, Any]) -> str:
    return whole_id(task).rpartition("task:")[2][:8]


def reply_ref(task: dict[str, Any]) -> str:
    return str(task["replyRef"])


def test_a_task_made_elsewhere_is_followed_by_any_of_its_names(book: Notebook) -> None:
    # a replyRef is known while its task runs: for 5 s here, even where the machine is busy
    book.simulator.fault("throttled", seconds=5 * SPEED)
    names, attached = [], []
    for n, name_of in enumerate((whole_id, beginning_of_id, reply_ref)):
        body = {"text_prompt": f"Elsewhere {n}", "replyRef": f"elsewhere-{n}"}
        names.append(name_of(api(book.simulator, "/gen3turbo/create", body)))
        attached.append(book.run(f"%runway attach {names[-1]}"))
    assert (book.started(), book.sent()) == (3, 3)
    for cell in attached:
        assert "<video" in book.ending(cell)
    for name in names:
        assert "<video" in shown(book.run(f"%runway attach {name}"))
    assert (book.started(), book.sent()) == (3, 3)
    book.check_videos(3)
    assert {record["credits"] for record in book.records()} == {0}


# --- budgets and batch --------------------------------------------------------------------------------


def test_what_is_over_a_limit_is_refused_before_it_is_sent(book: Notebook) -> None:
    line = book.refused("%%runway --max-credits 20\nA lamp of gold")
    assert line.startswith("OverBudget: this shot costs 25 credits, more than the 20 that it may cost")
    assert book.sent() == 0
    book.run("os.environ['RUNWAY_NB_MAX_CREDITS'] = '30'")
    try:
        book.run("%%runway\nA lamp of silver")
        assert book.refused("%%runway\nA lamp of bronze").startswith(
            "OverBudget: this shot costs 25 credits; 25 of the 30 that may be spent a day"
        )
        said = book.run("%runway credits")
        assert "All notebooks together: 25 credits today; 30 a day may be spent (max_credits)." in said.text()
        assert "notebooks" in str([m["content"]["data"]["text/plain"] for m in said.of_type("display_data")])
        book.run("all_done()")
    finally:
        book.run("del os.environ['RUNWAY_NB_MAX_CREDITS']")
    assert (book.started(), book.sent()) == (1, 1)


def test_a_batch_run_repeated_shows_the_stored_result_and_a_failure_raises(book: Notebook) -> None:
    book.run("%%runway\nA lamp nobody watches", watched=False)
    assert re.search(STORED, shown(book.run("%%runway\nA lamp nobody watches", watched=False)))
    book.simulator.fault("failed")
    for _ in range(2):
        assert book.refused("%%runway\nA lamp that fails", watched=False).startswith("TaskFailed: Generation failed")
    assert (book.started(), book.sent()) == (2, 2)
    book.check_videos(1)


def test_no_secret_stands_in_any_output(book: Notebook) -> None:
    said = [str(m["content"]) for m in book.kernel.heard if m["msg_type"] != "execute_input"]
    assert len(said) > 100
    assert not [text for text in said if TOKEN in text or EMAIL in text or EMAIL.replace("@", "%40") in text]


# --- at random moments --------------------------------------------------------------------------------


def test_processes_killed_at_random_moments_pay_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    seeds = [20, 47]  # a lost answer and a process that is frozen, two processes that are killed while they send
    sums = soak.run(seeds, len(seeds), tmp_path)
    assert (sums.schedules, sums.violated) == (len(seeds), 0), capsys.readouterr().out
    assert sums.kills
    assert sums.frozen
