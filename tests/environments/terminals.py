"""Places without a page: a terminal, two consoles with a kernel, and plain Python. All of them show text."""

from __future__ import annotations

import time
from pathlib import Path

from environments.bench import PATIENCE, SHOT, WORDS, Bench, Environment, Failed, by_tests, says
from environments.rooms import Room
from runway_nb.notebook.hosts import HOSTS

CONSOLE = Room("console", ("jupyter-console>=6.6",))
QT_CONSOLE = Room("qtconsole", ("qtconsole>=5.6", "PySide6-Essentials>=6.7"))
TERMINAL = next(host for host in HOSTS if host.name == "Jupyter console").panel
PLAIN = next(host for host in HOSTS if host.name == "plain Python").panel
FIRST, WAITED = SHOT.partition("\n")[0], "the cell was sent once, after its last line; the result is text"
SCRIPT = f"""
import runway_nb
job = runway_nb.generate({WORDS!r}, first="lighthouse-dusk", seed=7)
print(job.wait())
print(job.video.is_file())
print(runway_nb.Panel())
"""
QT = Path(__file__).with_name("qt_console.py")


def plain_python(bench: Bench) -> str:
    """Run a script."""
    folder = bench.folder("plain")
    (folder / "film.py").write_text(SCRIPT)
    said = bench.run(folder, "film.py")
    says(said, "True")
    says(said, PLAIN)
    return "the script waits for its video; the line is there"


def jupyter_console(bench: Bench) -> str:
    """Type a cell that waits, line by line."""
    import pexpect  # comes with IPython

    folder, python = bench.folder("console"), CONSOLE.python
    env = bench.env(folder, python) | {"TERM": "xterm", "PROMPT_TOOLKIT_NO_CPR": "1"}
    console = pexpect.spawn(
        python, [str(Path(python).with_name("jupyter-console"))],
        cwd=str(folder), env=env, encoding="utf-8", timeout=PATIENCE / 3, dimensions=(60, 160),
    )  # fmt: skip
    try:
        console.expect(r"In \[")
        console.send("%load_ext runway_nb\r")
        console.expect("2.*]")
        before = tasks(bench)
        console.send(f"{FIRST} --wait\r")
        console.expect(r"\.\.\.: ")
        console.send(f"{WORDS}")
        unsent(bench, before)
        console.send("\r\r\r")  # IPython ends a cell magic at a blank line
        console.expect(r"Video +runway_outputs/")
        console.expect("3.*]")
        console.send("%runway panel\r")
        console.expect("A terminal cannot show its controls")
    finally:
        console.close(force=True)
    if tasks(bench) != before + 1:
        raise Failed(f"{tasks(bench) - before} tasks were started")
    return WAITED


def qt_console(bench: Bench) -> str:
    """Type a cell that waits, in a window that nobody sees."""
    folder, before = bench.folder("qt"), tasks(bench)
    program = folder / "jupyter-qtconsole"  # as the kernel knows what has started it
    program.write_text(QT.read_text())
    said = bench.run(folder, str(program), f"{FIRST} --wait", WORDS, python=QT_CONSOLE.python)
    says(said, "incomplete, then sent")
    says(said, "runway_outputs/")
    says(said, "A terminal cannot show its controls")
    if tasks(bench) != before + 1:
        raise Failed(f"{tasks(bench) - before} tasks were started")
    return WAITED


def tasks(bench: Bench) -> int:
    """Return how many tasks the simulator has started."""
    return bench.simulator.counts()["tasks_started"]


def unsent(bench: Bench, before: int, seconds: float = 2.0) -> None:
    """Raise `Failed` where a task is started within a while."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if tasks(bench) != before:
            raise Failed("the cell was sent before its last line was typed")
        time.sleep(0.1)


ENVIRONMENTS = (
    Environment(
        "IPython in a terminal, and as a script", "`ipython`; `ipython cells.ipy`",
        "one line that is rewritten, the result as text, mistakes, the panel's line",
        by_tests("tests/notebook/magics/test_terminal.py"), ("ipython",),
    ),
    Environment(
        "jupyter console", "`jupyter console`", "when a `--wait` cell is sent that is typed line by line; its result",
        jupyter_console, ("jupyter-console",), CONSOLE,
    ),
    Environment(
        "Qt console", "`jupyter qtconsole`", "when a `--wait` cell is sent that is typed line by line; its result",
        qt_console, ("qtconsole", "PySide6_Essentials"), QT_CONSOLE,
    ),
    Environment(
        "plain Python", "`python film.py`", "a script that waits for its job, and prints a panel", plain_python,
    ),
)  # fmt: skip
"""Terminals."""
