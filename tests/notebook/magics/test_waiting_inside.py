"""`--wait` inside of other magics, functions and notebooks, in a real kernel of today and of before subshells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from support.kernels import OLD_KERNEL, Kernel, left_out, shared_simulator

pytestmark = pytest.mark.kernel

LOOK = """
import threading, time, runway_nb
def look_often():
    while True:
        time.sleep(0.3)
        for job in list(runway_nb.default_studio().jobs.values()):
            job.refresh()
threading.Thread(target=look_often, daemon=True).start()
"""
"""Looks at a task as soon as it has ended; the simulator is quicker than the first look of a job."""
FUNCTION = "def f():\n    get_ipython().run_cell_magic('runway', 'NAME --wait', 'WORDS')\nf()"
CELLS = {
    "itself": "%%runway NAME --wait\nWORDS",
    "%%time": "%%time\n%%runway NAME --wait\nWORDS",
    "%%time, keep_loop": "%%time\n%%runway NAME --keep-loop\nWORDS",
    "%%capture": "%%capture out\n%%runway NAME --wait\nWORDS",
    "%%timeit": "%%timeit -n1 -r1\n%%runway NAME --wait\nWORDS",
    "%%prun": "%%prun -q\n%%runway NAME --wait\nWORDS",
    "two of them": "%%capture out\n%%time\n%%runway NAME --wait\nWORDS",
    "run_cell": "r = get_ipython().run_cell('%%runway NAME --wait\\nWORDS'); assert r.success, r.error_in_exec",
    "run_cell in an await": (
        "import asyncio\nawait asyncio.sleep(0)\n"
        "r = get_ipython().run_cell('%%runway NAME --wait\\nWORDS'); assert r.success, r.error_in_exec"
    ),
    "a function": FUNCTION,
    "if": "if True:\n    get_ipython().run_cell_magic('runway', 'NAME --wait', 'WORDS')",
    "exec": "exec(\"get_ipython().run_cell_magic('runway', 'NAME --wait', 'WORDS')\")",
    "%run": "%run NAME.ipynb",
    "a callback": (
        "import asyncio\nasyncio.get_event_loop().call_later("
        "0.1, get_ipython().run_cell, '%%runway NAME --wait\\nWORDS')\nawait asyncio.sleep(0.5)"
    ),
}


@pytest.fixture(scope="module", params=["current", "6.30.1"])
def kernel(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kernel]:
    env = shared_simulator().env
    if request.param != "current":
        if not OLD_KERNEL.is_dir():
            left_out(f"no ipykernel {request.param} in {OLD_KERNEL.parent}: make test brings it")
        env = env | {"PYTHONPATH": str(OLD_KERNEL)}
    home = tmp_path_factory.mktemp("inside")
    kernel = Kernel(home, home / "notebooks", **env)
    try:
        kernel.run(f"%load_ext runway_nb\n{LOOK}")
        kernel.watch_waits()
        yield kernel
    finally:
        kernel.shutdown()


def notebook(code: str) -> str:
    cell: dict[str, Any] = {
        "cell_type": "code",
        "id": "a",
        "source": code,
        "metadata": {},
        "outputs": [],
        "execution_count": None,
    }
    return json.dumps({"cells": [cell], "metadata": {}, "nbformat": 4, "nbformat_minor": 5})


@pytest.mark.parametrize("place", CELLS)
def test_a_cell_waits_wherever_it_is_run_from(kernel: Kernel, place) -> None:
    name = f"shot_{[*CELLS].index(place)}"
    words = f"A lamp in {place}"
    code = CELLS["itself"] if place == "%run" else CELLS[place]
    if place == "%run":
        filled = code.replace("NAME", name).replace("WORDS", words)
        (kernel.folder / f"{name}.ipynb").write_text(notebook(filled))
        code = CELLS["%run"]
    cell = kernel.run(code.replace("NAME", name).replace("WORDS", words))
    assert cell.error is None, cell.error
    assert kernel.value(f"[{name}.done, {name}.status, {name}.video.is_file()]") == [True, "SUCCEEDED", True]


def test_a_cell_that_is_run_again_by_a_macro_or_rerun_waits_and_pays_nothing(kernel: Kernel) -> None:
    cell = kernel.run("%%runway again --wait\nA lamp, twice")
    assert cell.error is None
    before = shared_simulator().counts()["creates_received"]
    number = kernel.value("get_ipython().execution_count") - 2
    for code in (f"%macro -q mine {number}\nmine", f"%rerun {number}"):
        assert kernel.run(code).error is None
    assert kernel.value("again.done") is True
    assert shared_simulator().counts()["creates_received"] == before


def test_a_wait_without_autoawait_blocks(kernel: Kernel) -> None:
    kernel.run("%autoawait off")
    try:
        cell = kernel.run("%%runway plain --wait\nA lamp without await")
    finally:
        kernel.run("%autoawait asyncio")
    assert cell.error is None
    assert kernel.value("plain.done") is True


def test_an_interrupt_of_a_wait_inside_a_magic_is_one_line_and_the_job_goes_on(kernel: Kernel, endless: str) -> None:
    cell = kernel.interrupted(f"%%time\n%%runway {endless} --wait\nAn endless lamp")
    assert cell.error is not None
    assert cell.error["ename"] == "WaitInterrupted"
    assert f"%runway wait {kernel.value('endless.id')} waits again" in cell.error["evalue"]
    assert kernel.value("endless.done") is False


def test_options_below_the_first_line_of_a_waiting_cell_are_refused_and_nothing_is_sent(kernel: Kernel) -> None:
    before = shared_simulator().counts()["creates_received"]
    for code in ("%%runway lost --wait\n--zoom 4\nA lamp", "%%runway lost --wait \\\n--zoom 4\nA lamp"):
        cell = kernel.run(code)
        assert cell.error is not None
        assert cell.error["ename"] == "InvalidRequest"
        assert "write %%runway lost --wait --zoom 4" in cell.error["evalue"]
    assert shared_simulator().counts()["creates_received"] == before


def test_a_console_that_asks_sends_nothing_before_the_prompt_is_typed(kernel: Kernel) -> None:
    def asked(code):
        message = kernel.client.is_complete(code)
        return kernel.reply_to(message)["status"]

    for typed in ("", "\n", "\nA lamp", "\nA lamp\n"):
        assert asked(f"%%runway asked --wait{typed}") == "incomplete"
    assert asked("%%runway asked --wait\nA lamp\n\n") == "complete"
