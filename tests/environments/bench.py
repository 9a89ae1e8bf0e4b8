"""What each environment is driven with: a folder, a simulator, a browser, and what is looked for."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import nbformat
from lab import LOAD, MILLISECONDS, played
from playwright.sync_api import Browser, Error, Locator

from environments.rooms import HERE, Room
from support.kernels import ROOT, SimulatorProcess, clean_env
from support.notebooks import write_notebook

WORDS = "The beam <sweeps> over the sea."
SHOT = f"%%runway shot --first lighthouse-dusk --zoom 4 --seed 7\n{WORDS}"
CELLS = (LOAD, SHOT, "%runway panel")
PATIENCE = 300
"""Seconds that a command may take."""
WIDTH, HEIGHT = 1000, 1200


class Failed(AssertionError):
    """Something is not as it should be in an environment."""


class Bench(NamedTuple):
    """What a driver is given."""

    root: Path
    """A temporary folder."""
    simulator: SimulatorProcess
    chromium: Browser
    pictures: Path
    """Where screenshots go."""

    def folder(self, name: str, cells: Sequence[str] = CELLS) -> Path:
        """Return a new folder with a notebook `film.ipynb` in it, and a home beside it."""
        made = self.root / name / "notebooks"
        made.mkdir(parents=True)
        (made.parent / "home").mkdir()
        write_notebook(made / "film.ipynb", cells)
        return made

    def env(self, folder: Path, python: str = sys.executable) -> dict[str, str]:
        """Return the variables of a command in a folder: the simulator is the API, the room's programs are found."""
        path = f"{Path(python).parent}:/usr/local/bin:/usr/bin:/bin"
        return clean_env(folder.parent / "home", PATH=path, QT_QPA_PLATFORM="offscreen", **self.simulator.env)

    def run(self, folder: Path, *arguments: str, python: str = sys.executable, typed: str = "") -> str:
        """Run an interpreter in a folder, and return what it printed. Raises `Failed`."""
        done = subprocess.run(
            [python, *arguments], cwd=folder, env=self.env(folder, python), input=typed, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True, timeout=PATIENCE,
        )  # fmt: skip
        if done.returncode:
            raise Failed(f"{' '.join(arguments)} ended with {done.returncode}: {done.stdout[-1500:]}")
        return done.stdout

    def page(self, file: Path, name: str, frame: str = "") -> str:
        """Return what the first video of a page, or of a frame in it, does that is opened from disk, without a network.

        Raises `Failed`.
        """
        context = self.chromium.new_context(viewport={"width": WIDTH, "height": HEIGHT}, offline=True)
        context.set_default_timeout(MILLISECONDS / 3)
        opened = context.new_page()
        try:
            opened.goto(file.as_uri())
            within = opened.frame_locator(frame) if frame else opened
            said = seen_to_play(within.locator("video").first)
        finally:
            opened.screenshot(path=self.pictures / f"{name}.png")
            context.close()
        return said


class Environment(NamedTuple):
    """A row of the table."""

    name: str
    started: str
    """How somebody starts it, in Markdown."""
    checked: str
    drive: Callable[[Bench], str]
    """Returns what was seen. Raises `Failed` where it is not as it should be."""
    packages: tuple[str, ...] = ()
    """Those whose versions are told."""
    room: Room = HERE
    browser: str = ""
    """The browser whose version is told, too: `chromium`, `firefox` or `webkit`."""


def seen_to_play(video: Locator) -> str:
    """Return how a video has come, once it has played. Raises `Failed`."""
    try:
        said = played(video)
    except Error as error:
        raise Failed(f"the video does not play: {error}") from None
    if said["currentTime"] < 0.2 or said["readyState"] < 2:
        raise Failed(f"the video does not play: {said}")
    return "the video plays, carried inside" if said["currentSrc"].startswith("data:") else "the video plays"


def says(text: str, words: str) -> None:
    """Raise `Failed` where some words are not in a text, however its lines are broken."""
    if words not in " ".join(text.replace("\\n", " ").split()):
        raise Failed(f"{words!r} is not in {text[-1500:]!r}")


def outputs_of(path: Path) -> str:
    """Return all that the cells of a notebook have shown, as text."""
    cells = nbformat.read(path, as_version=4).cells
    return "\n".join(str(output) for cell in cells if cell.cell_type == "code" for output in cell.outputs)


def by_tests(*files: str, only: str = "") -> Callable[[Bench], str]:
    """Return a driver that runs tests of this project which drive the environment as its users do."""

    def drive(bench: Bench) -> str:
        choice = ["-k", only] if only else []
        command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files, *choice]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=2 * PATIENCE)
        last = done.stdout.strip().rpartition("\n")[2]
        if done.returncode or "passed" not in last or "skipped" in last:
            raise Failed(f"{' '.join(files)}: {last}; {done.stdout[-1500:]}")
        count = last.split()[0]
        return f"works: {count} test{'' if count == '1' else 's'}"

    return drive
