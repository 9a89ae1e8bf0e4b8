"""Runs that nobody watches: each ends with the player in the file, or fails and says why."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

from runway_nb.pictures.video_frames import duration
from support.fakes import EMAIL
from support.kernels import QUICK, RESULT, ROOT, clean_env, lay_samples, shared_simulator
from support.leftovers import ended_with_parent
from support.notebooks import write_notebook

pytestmark = pytest.mark.kernel

LESSON = ROOT / "notebooks" / "01_first_video.ipynb"
SAFETY = ROOT / "notebooks" / "02_safe_by_default.ipynb"
FIGURE = ROOT / "notebooks" / "03_animate_a_figure.ipynb"
MOVES = ROOT / "notebooks" / "04_camera_panel.ipynb"
MODELS = ROOT / "notebooks" / "05_models.ipynb"
EXPLORING = ROOT / "notebooks" / "06_explore_prompts.ipynb"
CELLS = ("%load_ext runway_nb", "%%runway shot --first dunes-noon --seed 7\nWind <draws> lines", "print(shot.status)")
BY_CLIENT = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
try:
    NotebookClient(notebook, timeout=150, resources={"metadata": {"path": "."}}).execute()
finally:
    nbformat.write(notebook, sys.argv[2])
"""
COMMANDS: dict[str, tuple[list[str], str]] = {
    "nbclient": (["-c", BY_CLIENT, "small.ipynb", "out.ipynb"], "out.ipynb"),
    "papermill": (["-m", "papermill", "--no-progress-bar", "small.ipynb", "out.ipynb"], "out.ipynb"),
    "jupyter execute": (["-m", "jupyter", "execute", "--inplace", "small.ipynb"], "small.ipynb"),
    "nbconvert": (
        ["-m", "jupyter", "nbconvert", "--execute", "--to", "notebook", "--output", "out", "small.ipynb"], "out.ipynb",
    ),
}  # fmt: skip


STILLBORN = ("Kernel died before replying to kernel_info", "Address already in use")
"""Said when another process took a port of the kernel between its choice and its use: Jupyter's race, not ours. The run
ends by itself, or waits for a kernel that will never answer.
"""


class Run:
    """A command in a process and a folder of its own."""

    def __init__(self, folder: Path, arguments: list[str], **env: str) -> None:
        self.folder, self.arguments, self.env = folder, arguments, env
        self.said = ""
        self.process = self._begin()

    def _begin(self) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, *self.arguments],
            cwd=self.folder,
            env=clean_env(self.folder / "home", **QUICK, **self.env),
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            preexec_fn=ended_with_parent,
        )

    def ended(self, timeout: float = 150.0) -> str:
        """Everything that it printed; begun once more when its kernel never came to life."""
        for _ in range(2):
            if self.process.stdout and not self.process.stdout.closed:
                self.said = self._read(timeout)
            if self.process.returncode == 0 or not any(sign in self.said for sign in STILLBORN):
                break
            self.process = self._begin()
        return self.said

    def _read(self, timeout: float) -> str:
        try:
            return self.process.communicate(timeout=timeout)[0]
        except subprocess.TimeoutExpired as late:
            said = (late.output or b"").decode(errors="replace")
            if not any(sign in said for sign in STILLBORN):
                raise
            return said
        finally:
            self.process.kill()


Start = Callable[..., Run]


@pytest.fixture(scope="module")
def start(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Start]:
    """Starts a command beside a small notebook; everything ends with the module."""
    runs: list[Run] = []

    def begin(arguments: list[str], *, drawn: bool = False, **env: str) -> Run:
        folder = tmp_path_factory.mktemp("batch")
        (folder / "home").mkdir()
        if drawn:
            lay_samples(folder / "home")
        write_notebook(folder / "small.ipynb", CELLS)
        runs.append(Run(folder, arguments, **env))
        return runs[-1]

    yield begin
    for run in runs:
        run.process.kill()


@pytest.fixture(scope="module")
def lesson(start: Start) -> Run:
    """`make demo`, by the embedded simulator; it takes longest and so begins first."""
    return start([str(LESSON.with_name("run_demo.py")), "demo"])


@pytest.fixture(scope="module")
def later(start: Start) -> Callable[..., Run]:
    """Starts a lesson for somebody who has used the embedded simulator before."""

    def begin(path: Path, **env: str) -> Run:
        return start([*COMMANDS["nbclient"][0][:2], str(path), "out.ipynb"], drawn=True, **env)

    return begin


@pytest.fixture(scope="module")
def safety(later: Callable[..., Run]) -> Run:
    """The lesson about money, by the embedded simulator."""
    return later(SAFETY)


@pytest.fixture(scope="module")
def figure(later: Callable[..., Run]) -> Run:
    """The lesson about figures."""
    return later(FIGURE, **shared_simulator().env)


@pytest.fixture(scope="module")
def moves(later: Callable[..., Run]) -> Run:
    """The lesson about the camera."""
    return later(MOVES, **shared_simulator().env)


@pytest.fixture(scope="module", autouse=True)
def runs(lesson: Run, safety: Run, figure: Run, moves: Run, start: Start) -> dict[str, Run]:
    """All commands, at once."""
    simulator = shared_simulator()
    simulator.clear_faults()
    before = simulator.counts()["tasks_started"]
    simulator.fault("moderated")
    failing = start(COMMANDS["nbclient"][0], **simulator.env)
    while simulator.counts()["tasks_started"] == before and failing.process.poll() is None:
        time.sleep(0.1)  # the fault is for this one's task
    rest = {name: start(arguments, **simulator.env) for name, (arguments, _) in COMMANDS.items()}
    return rest | {"failing": failing}


@pytest.fixture(scope="module")
def exploring(later: Callable[..., Run], runs: dict[str, Run]) -> Run:
    """The lesson about sweeps, begun when the fault of another run has happened; its play money needs no yes."""
    return later(EXPLORING, RUNWAY_NB_CONFIRM_CREDITS="1000", **shared_simulator().env)


def read_code(path: Path) -> tuple[Any, list[Any]]:
    """A notebook and its code cells that papermill did not add."""
    notebook = nbformat.read(path, as_version=4)
    return notebook, [c for c in notebook.cells if c.cell_type == "code" and "injected" not in str(c.metadata)]


def shown(cell: Any) -> list[Any]:
    """What stands under a cell besides lines of text."""
    return [output for output in cell.outputs if output.output_type == "display_data"]


@pytest.mark.parametrize("name", [name for name in COMMANDS if "html" not in name])
def test_the_player_stands_in_the_file(name, runs: dict[str, Run]) -> None:
    run = runs[name]
    said = run.ended()
    assert run.process.returncode == 0, said
    notebook, cells = read_code(run.folder / COMMANDS[name][1])
    (output,) = shown(cells[1])
    assert set(output.data) == RESULT
    assert '<video src="data:video/mp4;base64,' in output.data["text/html"], "wherever the notebook goes"
    assert "widgets" not in notebook.metadata
    assert "SUCCEEDED" in cells[2].outputs[0].text
    assert len(list((run.folder / "runway_outputs").glob("*.mp4"))) == 1


@pytest.mark.parametrize("name", [name for name in COMMANDS if "html" not in name])
def test_a_run_leaves_a_short_log(name, runs: dict[str, Run]) -> None:
    runs[name].ended()
    _, cells = read_code(runs[name].folder / COMMANDS[name][1])
    logged = "".join(o.text for o in cells[1].outputs if o.output_type == "stream").splitlines()
    assert 1 <= len(logged) <= 8
    assert all(line.startswith("runway ") and len(line) <= 79 for line in logged)


def test_a_cell_that_fails_ends_the_run_and_keeps_its_notice(runs: dict[str, Run]) -> None:
    run = runs["failing"]
    said = run.ended()
    assert run.process.returncode != 0
    assert "TaskModerated" in said
    _, cells = read_code(run.folder / "out.ipynb")
    (output,) = shown(cells[1])
    assert set(output.data) == RESULT
    assert "Not generated: refused by moderation" in output.data["text/html"]
    assert [o.ename for o in cells[1].outputs if o.output_type == "error"] == ["TaskModerated"]
    assert cells[2].execution_count is None
    assert not list(run.folder.glob("runway_outputs/*.mp4"))


@pytest.mark.parametrize("path", [LESSON, SAFETY, FIGURE, MOVES, MODELS, EXPLORING], ids=lambda path: path.stem)
def test_the_committed_lesson_has_no_outputs(path) -> None:
    _, cells = read_code(path)
    assert cells
    assert all(cell.outputs == [] and cell.execution_count is None for cell in cells)


def test_the_demo_runs_the_lesson_and_says_where_its_results_are(lesson: Run) -> None:
    said = lesson.ended(120.0)
    assert lesson.process.returncode == 0, said
    demo = lesson.folder / "demo"
    notebook, cells = read_code(demo / LESSON.name)
    videos = list((demo / "runway_outputs").glob("*.mp4"))
    assert "generating: " in said
    assert all(str(path) in said for path in (demo / LESSON.name, demo / "01_first_video.html", *videos))
    page = (demo / "01_first_video.html").read_text()
    assert page.count('src="data:video/mp4;base64,') == len(videos)
    assert not re.findall(r'src="https?://', page), "the page asks for something from elsewhere"
    assert "application/vnd.jupyter.widget-view+json" not in page
    assert len(videos) == 3
    assert all(video.stat().st_size > 20_000 for video in videos)
    assert "widgets" not in notebook.metadata
    players = [o for cell in cells for o in cell.outputs if "<video" in str(o.get("data", {}).get("text/html"))]
    assert len(players) >= 3
    assert all("Simulator: no credits spent" in player.data["text/html"] for player in players)


def test_the_lesson_about_money_pays_once_for_each_wish(safety: Run) -> None:
    printed = safety.ended()
    assert safety.process.returncode == 0, printed
    _, cells = read_code(safety.folder / "out.ipynb")
    said = {cell.source: "".join(map(text_of, cell.outputs)) for cell in cells}
    lost, again = [cell for cell in cells if "The beam sweeps" in cell.source]
    assert "checking: no clear answer" in "".join(map(text_of, lost.outputs))
    assert "0 credits; --fresh for a new take" in "".join(map(text_of, again.outputs))
    assert len(said["%runway list --account"].splitlines()) == 2, "a head and one task"
    assert "1 unfinished job; %runway resume picks it up" in said["%reload_ext runway_nb"]
    assert "Video   runway_outputs/wind-draws" in said["%runway resume"]
    errors = [output.ename for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert errors == ["OverBudget", "OverBudget", "TaskModerated", "RefusedBefore"]
    assert "75 of 2,250 credits used" in said["%runway credits"], "three tasks were paid in all"
    assert len(list((safety.folder / "runway_outputs").glob("*.mp4"))) == 2


BOTH = pytest.mark.parametrize("rendered", [False, pytest.param(True, marks=pytest.mark.deep)])
"""With a simulator that renders nothing, since the first two lessons render; deep: as a user runs it."""


@BOTH
def test_the_lesson_about_figures_makes_one_film_of_two_shots(figure: Run, later: Callable[..., Run], rendered) -> None:
    figure = later(FIGURE) if rendered else figure
    printed = figure.ended()
    assert figure.process.returncode == 0, printed
    _, cells = read_code(figure.folder / "out.ipynb")
    said = {cell.source.splitlines()[0]: "".join(map(text_of, cell.outputs)) for cell in cells}
    assert "job-" in said["%runway assets --type image"], "the last frame of the first shot"
    assert "40 % cut away" in said[next(line for line in said if line.startswith("steep"))]
    shots = list((figure.folder / "runway_outputs").glob("*.mp4"))
    assert len(shots) == 2
    assert duration(figure.folder / "flight.mp4") == pytest.approx(sum(map(duration, shots)), abs=0.1)


@BOTH
def test_the_lesson_about_the_camera_shows_every_move_and_no_widget(
    moves: Run, later: Callable[..., Run], rendered
) -> None:
    moves = later(MOVES) if rendered else moves
    printed = moves.ended()
    assert moves.process.returncode == 0, printed
    _, cells = read_code(moves.folder / "out.ipynb")
    panel = next(cell for cell in cells if cell.source.startswith("panel = "))
    assert "%%runway --first lighthouse-dusk --zoom 4" in "".join(map(text_of, panel.outputs))
    pictures = [output for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 3
    shown = [kind for cell in cells for output in cell.outputs for kind in output.get("data", {})]
    assert "application/vnd.jupyter.widget-view+json" not in shown


@BOTH
def test_the_lesson_about_exploring_makes_a_prompt_better(exploring: Run, later: Callable[..., Run], rendered) -> None:
    exploring = later(EXPLORING) if rendered else exploring
    printed = exploring.ended()
    assert exploring.process.returncode == 0, printed
    _, cells = read_code(exploring.folder / "out.ipynb")
    said = {cell.source.splitlines()[0]: "".join(map(text_of, cell.outputs)) for cell in cells}
    assert not [output.evalue for cell in cells for output in cell.outputs if output.output_type == "error"]
    assert "zoom 0 against +6, pan -4 against +4" in said["%runway compare moves.jobs[0] moves.jobs[-1]"]
    assert "2 jobs with a star" in said["%runway history --stars"]
    assert "6 of them are there already for 0" in next(text for line, text in said.items() if "dawn" in line)
    pictures = [output for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 2, "the contact sheet and the chart"
    assert len(list((exploring.folder / "runway_outputs").glob("*.mp4"))) == 15
    assert (exploring.folder / "harbour" / "index.html").is_file()


def text_of(output: Any) -> str:
    """What an output says."""
    return output.get("text") or output.get("data", {}).get("text/plain", "")


def test_no_secret_stands_in_a_saved_file(runs: dict[str, Run], lesson: Run) -> None:
    simulator = shared_simulator()
    secrets = (simulator.env["USEAPI_TOKEN"], EMAIL, EMAIL.replace("@", "%40"))
    saved = []
    for run in (*runs.values(), lesson):
        run.ended()
        saved += [path for path in run.folder.rglob("*") if path.suffix in (".ipynb", ".html")]
    assert len(saved) > len(runs)
    for path in saved:
        assert not [secret for secret in secrets if secret in path.read_text()], path.name
