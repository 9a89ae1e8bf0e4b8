"""The magics in a real kernel, of today and of the time before subshells, spoken to as a front end does."""

from __future__ import annotations

from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from support.kernels import OLD_KERNEL, RESULT, Cell, Kernel, left_out, shared_simulator

pytestmark = pytest.mark.kernel

HEAVY = {
    "httpx",
    "ipywidgets",
    "PIL",
    "av",
    "uvicorn",
    "starlette",
    "sqlite3",
    "keyring",
    "nest_asyncio2",
    "nest_asyncio",
}
PROBE = "import sys, time; before = set(sys.modules); began = time.perf_counter()"
HURRY = """
import threading, time
def hurry(name):
    def look_soon():
        while getattr(globals().get(name), "task", None) is None:
            time.sleep(0.02)
        time.sleep(0.4)  # by then the simulator has finished it
        globals()[name].refresh()
    threading.Thread(target=look_soon, daemon=True).start()
"""
TICKER = """
import asyncio
ticks = 0
async def tick():
    global ticks
    while True:
        ticks += "kept" in globals() and not kept.done  # only while the cell waits for it
        await asyncio.sleep(0.05)
ticking = asyncio.ensure_future(tick())
"""
PROBED = "[time.perf_counter() - began, sorted(name.partition('.')[0] for name in set(sys.modules) - before)]"


class LoadedKernel(Kernel):
    """A kernel with the extension."""

    is_old: bool
    loaded: Cell
    imported: Any


@pytest.fixture(scope="module", params=["current", "6.30.1"])
def kernel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadedKernel]:
    """A kernel whose API is a quick simulator. What loading did there is kept as `loaded` and `imported`."""
    env = shared_simulator().env | {"RUNWAY_NB_REUSE": "0"}  # each cell here is about something else than its words
    if request.param != "current":
        if not OLD_KERNEL.is_dir():
            left_out(f"no ipykernel {request.param} in {OLD_KERNEL.parent}: make test brings it")
        env = env | {"PYTHONPATH": str(OLD_KERNEL)}
    home = tmp_path_factory.mktemp("kernel")
    kernel = LoadedKernel(home, home / "notebooks", **env)
    try:
        if request.param != "current":
            assert kernel.value("__import__('ipykernel').__version__") == request.param
        kernel.is_old = request.param != "current"
        kernel.run(PROBE)
        kernel.loaded = kernel.run("%load_ext runway_nb")
        kernel.imported = kernel.value(PROBED)
        kernel.run(HURRY)
        kernel.watch_waits()
        yield kernel
    finally:
        kernel.shutdown()


@pytest.fixture(scope="module")
def shot(kernel: LoadedKernel) -> SimpleNamespace:
    """A job that ends while another cell computes: seen at its first look, in the old kernel at an early one."""
    if kernel.is_old:
        kernel.run("hurry('shot')")
    cell = kernel.run("%%runway shot --first lighthouse-dusk --seed 1842\nA <lamp> turns")
    there = kernel.value("shot.video is not None")
    busy = kernel.run("while not shot.done: time.sleep(0.05)\ntime.sleep(0.3)")
    return SimpleNamespace(cell=cell, there=there, busy=busy, update=kernel.ending(cell))


def one_line(cell: Cell) -> str:
    """The error of a cell that shows no traceback."""
    assert cell.reply["status"] == "error"
    assert cell.error is not None
    assert len(cell.error["traceback"]) == 1, cell.error["traceback"]
    assert "\n" not in cell.error["traceback"][0]
    return cell.error["traceback"][0]


def data(update: dict[str, Any]) -> dict[str, str]:
    return update["content"]["data"]


# --- loading ----------------------------------------------------------------------------------------


def test_loading_says_nothing_and_is_quick(kernel: LoadedKernel) -> None:
    assert kernel.loaded.reply["status"] == "ok"
    assert {m["msg_type"] for m in kernel.loaded.messages} == {"status", "execute_input"}
    assert kernel.imported[0] < 1.0


def test_loading_imports_nothing_heavy(kernel: LoadedKernel) -> None:
    assert not HEAVY & set(kernel.imported[1])
    assert "runway_nb" in kernel.imported[1]


def test_unloading_takes_both_magics_back_and_loading_brings_them_again(kernel: Kernel) -> None:
    found = "[get_ipython().find_magic('runway', kind) is not None for kind in ('cell', 'line')]"
    assert kernel.value(found) == [True, True]
    assert kernel.run("%unload_ext runway_nb").reply["status"] == "ok"
    assert kernel.value(found) == [False, False]
    assert kernel.value("any('await_cell' in repr(t) for t in get_ipython().input_transformers_cleanup)") is False
    assert kernel.run("%load_ext runway_nb").reply["status"] == "ok"
    assert kernel.value(found) == [True, True]


# --- a job that ends beside other cells --------------------------------------------------------------


def test_the_cell_returns_before_the_video_is_there(kernel: Kernel, shot: SimpleNamespace) -> None:
    assert shot.cell.reply["status"] == "ok"
    assert shot.there is False
    assert shot.cell.text() == shot.cell.text("stderr") == ""


def test_a_card_is_shown_under_a_display_id_with_a_text_for_those_without_widgets(
    kernel: Kernel, shot: SimpleNamespace
) -> None:
    (shown,) = shot.cell.of_type("display_data")
    assert set(data(shown)) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert data(shown)["text/plain"].startswith("runway ")


def test_the_result_replaces_the_card_and_holds_no_widget(kernel: Kernel, shot: SimpleNamespace) -> None:
    assert len(kernel.updates(shot.cell.display_id)) == 1
    result = data(shot.update)
    assert set(result) == RESULT
    assert '<video src="runway_outputs/' in result["text/html"]
    assert "A &lt;lamp&gt; turns" in result["text/html"]
    assert "<lamp>" not in result["text/html"]


def test_the_result_arrives_while_another_cell_runs_and_belongs_to_it(kernel: Kernel, shot: SimpleNamespace) -> None:
    assert shot.update["parent_header"]["msg_id"] == shot.busy.msg_id
    kinds = [m["msg_type"] for m in shot.busy.messages]
    assert kinds.index("update_display_data") < len(kinds) - 1
    assert kinds[-1] == "status"


def test_following_moves_the_card_while_another_cell_runs(kernel: Kernel, shot: SimpleNamespace) -> None:
    assert [m for m in shot.busy.of_type("comm_msg") if "value" in m["content"]["data"].get("state", {})]


def test_the_name_receives_the_job(kernel: Kernel, shot: SimpleNamespace) -> None:
    assert kernel.value("[type(shot).__module__, shot.status, shot.seed, shot.done]") == [
        "runway_nb.jobs.job", "SUCCEEDED", 1842, True,
    ]  # fmt: skip
    assert (kernel.folder / kernel.value("str(shot.video.relative_to(shot.folder))")).is_file()


def test_the_result_arrives_after_the_kernel_went_idle(kernel: Kernel) -> None:
    cell = kernel.run("%%runway later\nA lamp turns")
    kernel.run("hurry('later')")
    heard = len(kernel.heard)
    assert "<video" in data(kernel.ending(cell))["text/html"]
    assert not [m for m in kernel.heard[heard:] if m["msg_type"] in ("execute_input", "status")]


def test_two_jobs_at_once_end_each_in_its_own_place(kernel: Kernel) -> None:
    kernel.run("hurry('one'); hurry('two')")
    first, second = kernel.run("%%runway one\nOne lamp"), kernel.run("%%runway two\nTwo lamps")
    waited = kernel.run("(await one).id, two.wait().id, await two is two")
    assert waited.error is None
    names = kernel.value("[one.id, two.id]")
    assert waited.result["text/plain"] == f"('{names[0]}', '{names[1]}', True)"
    assert "One lamp" in data(kernel.ending(first))["text/html"]
    assert "Two lamps" in data(kernel.ending(second))["text/html"]


def test_a_sweep_is_a_live_grid_and_a_table_that_ends_in_players(kernel: Kernel) -> None:
    cell = kernel.run("%%runway grid --takes 2\nA lamp turns twice")
    live, first = cell.of_type("display_data")
    assert set(data(live)) == {"text/plain", "application/vnd.jupyter.widget-view+json"}
    assert data(live)["text/plain"] == ""
    assert set(data(first)) == RESULT
    assert "0 of 2 done, 2 running" in data(first)["text/plain"]
    kernel.run("while not grid.done:\n    [job.refresh() for job in grid.jobs]; time.sleep(0.05)")
    table = first["content"]["transient"]["display_id"]
    kernel.until(lambda: any(data(update)["text/html"].count("<video") == 2 for update in kernel.updates(table)))
    _, again = kernel.run("grid").of_type("display_data")
    assert data(again)["text/html"] == data(kernel.updates(table)[-1])["text/html"]


PLOT = """
import matplotlib.pyplot as plt
fig, ax = plt.subplots(figsize=(5, 3))
ax.plot([1, 3, 2])
"""


def test_a_figure_becomes_a_shot_and_its_last_frame_the_next_one(kernel: Kernel) -> None:
    assert kernel.run(PLOT).error is None
    kernel.run("hurry('waves'); hurry('tides')")
    first = kernel.run("%%runway waves --first fig\nWaves rise")
    second = kernel.run("%%runway tides --first waves.last\nThe tide comes")
    assert kernel.value("tides.done") is False, "no cell has waited"
    assert first.error is second.error is None
    for cell, words in ((first, "Waves rise"), (second, "The tide comes")):
        result = data(kernel.ending(cell))
        assert "<video" in result["text/html"]
        assert words in result["text/html"]
    assert kernel.value("tides.original_request.keyframes.first == f'job:{waves.id}'") is True
    assert kernel.value("[waves.video.name, tides.video.name, waves.video.parent == tides.video.parent]")[2] is True
    listed = kernel.run("from runway_nb import default_studio\ndefault_studio().assets()").result
    assert "fig-" in listed["text/plain"]
    assert kernel.value("'job-' + waves.id") in listed["text/plain"]


def test_a_job_as_the_value_of_a_cell_shows_its_result(kernel: Kernel, shot: SimpleNamespace) -> None:
    cell = kernel.run("shot")
    shown = (cell.of_type("display_data") + cell.of_type("execute_result"))[0]
    assert "<video" in data(shown)["text/html"]


# --- waiting -----------------------------------------------------------------------------------------


def test_an_interrupt_ends_the_wait_with_one_line_and_the_job_goes_on(kernel: Kernel, endless: str) -> None:
    cell = kernel.interrupted(f"%%runway {endless} --wait\nA lamp turns")
    name = kernel.value("endless.id")
    assert one_line(cell) == (
        f"WaitInterrupted: stopped waiting; job {name} goes on and nothing is lost: "
        f"%runway wait {name} waits again, %runway stop {name} stops tracking"
    )
    for code in ("endless.wait()", f"%runway wait {name}"):
        assert one_line(kernel.interrupted(code)).startswith("WaitInterrupted: ")
    assert kernel.value("endless.done") is False
    assert not kernel.updates(cell.display_id)


def test_an_interrupt_ends_the_wait_for_a_sweep_and_its_jobs_go_on(kernel: Kernel, endless: str) -> None:
    cell = kernel.interrupted(f"%%runway {endless} --takes 1 --wait\nA lamp turns")
    for waiting in (cell, *map(kernel.interrupted, (f"{endless}.wait()", f"await {endless}"))):
        assert one_line(waiting).startswith("WaitInterrupted: stopped waiting (0 of 1 done, 1 running); the jobs go on")
    assert kernel.value("endless.done") is False


def test_a_cell_that_awaits_a_job_can_be_interrupted_and_the_job_goes_on(kernel: Kernel, endless: str) -> None:
    kernel.run(f"%%runway {endless}\nA lamp turns")
    cell = kernel.interrupted("await endless")
    assert one_line(cell).startswith("WaitInterrupted: stopped waiting; job ")
    assert kernel.value("endless.done") is False


def test_a_task_of_the_user_that_awaits_a_job_is_cancelled_as_any_other(kernel: Kernel, endless: str) -> None:
    kernel.run(f"%%runway {endless}\nA lamp turns")
    kernel.run("import asyncio\nasync def waits(): return await endless\nmine = asyncio.create_task(waits())")
    kernel.run("await asyncio.sleep(0.3); mine.cancel(); await asyncio.sleep(0.3)")
    assert kernel.value("[mine.cancelled(), endless.done]") == [True, False]


def test_the_button_ends_in_a_durable_notice(kernel: Kernel, endless: str) -> None:
    cell = kernel.run(f"%%runway {endless}\nA lamp turns")
    kernel.run("while endless.task is None: time.sleep(0.05)")
    kernel.click(cell)
    notice = data(kernel.ending(cell))
    assert set(notice) == RESULT
    name = kernel.value("endless.id")
    assert "Tracking stopped" in notice["text/html"]
    assert f"%runway attach {name}" in notice["text/html"]
    assert f"%runway attach {name}" in notice["text/plain"]
    assert kernel.value("[endless.status, endless.done]") == ["STOPPED", True]
    assert one_line(kernel.run("endless.wait()")).startswith("TrackingStopped: ")


def test_keep_loop_lets_the_users_own_task_go_on(kernel: Kernel) -> None:
    kernel.run(TICKER)
    kernel.run("hurry('kept')")
    cell = kernel.run("%%runway kept --keep-loop\nA lamp turns")
    assert cell.error is None
    assert kernel.value("[kept.status, ticking.done(), ticking.cancel()]") == ["SUCCEEDED", False, True]
    assert kernel.value("ticks") > 3


# --- restart -----------------------------------------------------------------------------------------


def test_after_a_restart_stored_jobs_are_listed_shown_and_attached(kernel: Kernel, shot: SimpleNamespace) -> None:
    done = kernel.value("shot.id")
    kernel.run("%%runway lost\nA lamp in the wind")
    kernel.run("while lost.task is None: time.sleep(0.02)")
    left = kernel.value("lost.id")
    kernel.restart()
    kernel.run(f"%load_ext runway_nb\n{HURRY}")
    listed = data(kernel.run("%runway list").of_type("display_data")[0])
    assert set(listed) == RESULT
    assert done in listed["text/plain"]
    assert left in listed["text/plain"]
    shown = data(kernel.run(f"%runway show {done}").of_type("display_data")[0])
    assert '<video src="runway_outputs/' in shown["text/html"]
    resting = data(kernel.run(f"%runway show {left}").of_type("display_data")[0])
    assert f"%runway attach {left}" in resting["text/html"]
    attached = kernel.run(f"%runway attach {left}")  # looks at once
    assert "<video" in data(kernel.ending(attached))["text/html"]


# --- mistakes and failures ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("code", "line"),
    [
        ("%%runway --zom 4\nA lamp", "InvalidRequest: --zom is no option: do you mean --zoom? (nothing was sent)"),
        ("%runway lst", "InvalidCommand: %runway lst is no command: do you mean list?"),
        ("%%runway\nA {{thing}}", "InvalidRequest: {{thing}} is no variable: define thing first (nothing was sent)"),
        ("%runway show ffffffff", "JobNotFound: "),
        ("%runway attach", "InvalidCommand: %runway attach needs the id of a job"),
    ],
)
def test_a_mistake_costs_one_line(kernel: Kernel, code, line) -> None:
    before = shared_simulator().counts()["creates_received"]
    cell = kernel.run(code)
    assert one_line(cell).startswith(line)
    assert cell.error is not None
    assert cell.error["ename"] == line.partition(":")[0]
    assert cell.error["evalue"]
    assert cell.text() == cell.text("stderr") == ""
    assert shared_simulator().counts()["creates_received"] == before


def test_several_mistakes_are_told_at_once(kernel: Kernel) -> None:
    cell = kernel.run("%%runway --zoom 40 --seconds 7 --pan left\n{{nobody}}")
    assert cell.error is not None
    head, *lines = cell.error["traceback"][0].splitlines() if len(cell.error["traceback"]) == 1 else (
        cell.error["traceback"]
    )  # fmt: skip
    assert head == "InvalidRequest: 4 mistakes, nothing was sent"
    assert len(lines) == 4


def test_a_failure_is_a_notice_and_an_error_for_who_waits(kernel: Kernel) -> None:
    shared_simulator().fault("412")
    cell = kernel.run("%%runway poor\nA lamp turns")
    assert cell.reply["status"] == "ok"
    assert "Not sent: not enough credits" in data(kernel.ending(cell))["text/html"]
    assert one_line(kernel.run("poor.wait()")).startswith("NotEnoughCredits: ")


def test_a_waiting_cell_fails_with_its_job_and_keeps_the_notice(kernel: Kernel) -> None:
    shared_simulator().fault("moderated")
    kernel.run("hurry('refused')")
    cell = kernel.run("%%runway refused --wait\nA lamp turns")
    assert one_line(cell).startswith("TaskModerated: ")
    assert "Not generated: refused by moderation" in data(kernel.ending(cell))["text/html"]


def test_the_token_is_nowhere_in_what_the_kernel_said(kernel: Kernel) -> None:
    token = shared_simulator().env["USEAPI_TOKEN"]
    assert not [m for m in kernel.heard if token in str(m["content"])]
