"""Notebooks that run as a whole, each looked at in another place: alone in a folder, as a page, without a network."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

from environments.bench import Bench, Environment, Failed, outputs_of, says
from runway_nb.notebook.hosts import HOSTS

(BATCH,) = [host for host in HOSTS if host.name == "batch run"]
BY_CLIENT = """
import nbformat
from nbclient import NotebookClient
notebook = nbformat.read("film.ipynb", as_version=4)
NotebookClient(notebook, timeout=150, resources={"metadata": {"path": "."}}).execute()
nbformat.write(notebook, "out.ipynb")
"""
MOVED = "moved into an empty folder: the video, and the line in the panel's place"
CONVERT = ("-m", "jupyter", "nbconvert", "--execute", "--to")
FORMS = {"html": ".html", "slides": ".slides.html", "markdown": ".md", "latex": ".tex"}


def run_and_moved(name: str, result: str, *command: str) -> Callable[[Bench], str]:
    """Return a driver that runs a command, and looks at the notebook that it leaves, in another folder."""

    def drive(bench: Bench) -> str:
        folder = bench.folder(name)
        for beside in ("out", "work"):
            (folder.parent / beside).mkdir()
        bench.run(folder, *command)
        says(outputs_of(folder / result), BATCH.panel)
        alone = folder.parent / "alone"
        alone.mkdir()
        shutil.move(folder / result, alone / "film.ipynb")
        shutil.rmtree(folder)
        bench.run(alone, "-m", "jupyter", "nbconvert", "--to", "html", "film.ipynb")
        return f"{bench.page(alone / 'film.html', name)}; the line is there"

    return drive


def converted(bench: Bench) -> str:
    """Run a notebook with nbconvert into each form that opens elsewhere."""
    pages = {form: _converted(bench, form, suffix) for form, suffix in FORMS.items()}
    said = {form: bench.page(pages[form], f"nbconvert-{form}") for form in ("html", "slides")}
    says(pages["markdown"].read_text(), '<video src="data:video/mp4')
    says(pages["latex"].read_text(), ".mp4")
    for page in pages.values():
        says(page.read_text(), "This notebook was run as a whole")
    return "; ".join(f"{form}: {words}" for form, words in said.items()) + "; LaTeX: the name of the file"


def _converted(bench: Bench, form: str, suffix: str) -> Path:
    """Return the page, moved away from its notebook."""
    folder = bench.folder(f"nbconvert-{form}")
    bench.run(folder, *CONVERT, form, "film.ipynb")
    moved = folder.parent / f"film{suffix}"
    shutil.move(folder / moved.name, moved)
    shutil.rmtree(folder)
    return moved


def failed_run(bench: Bench) -> str:
    """Run a notebook whose request moderation refuses."""
    folder = bench.folder("refused")
    bench.simulator.fault("moderated")
    try:
        bench.run(folder, "-m", "jupyter", "execute", "--inplace", "film.ipynb")
    except Failed as error:
        says(str(error), "TaskModerated")
        return "the run ends with TaskModerated"
    finally:
        bench.simulator.clear_faults()
    raise Failed("the run went on")


ENVIRONMENTS = (
    Environment(
        "nbclient", "`NotebookClient(notebook).execute()`", MOVED,
        run_and_moved("nbclient", "out.ipynb", "-c", BY_CLIENT), ("nbclient",),
    ),
    Environment(
        "papermill into another folder, working in a third", "`papermill --cwd ../work film.ipynb ../out/out.ipynb`",
        MOVED,
        run_and_moved(
            "papermill", "../out/out.ipynb",
            "-m", "papermill", "--no-progress-bar", "--cwd", "../work", "film.ipynb", "../out/out.ipynb",
        ),
        ("papermill",),
    ),
    Environment(
        "jupyter execute", "`jupyter execute --inplace film.ipynb`", MOVED,
        run_and_moved("execute", "film.ipynb", "-m", "jupyter", "execute", "--inplace", "film.ipynb"), ("nbclient",),
    ),
    Environment(
        "jupyter execute, refused by moderation", "`jupyter execute --inplace film.ipynb`", "how the run ends",
        failed_run, ("nbclient",),
    ),
    Environment(
        "nbconvert into another folder", "`jupyter nbconvert --execute --to notebook --output-dir ../out film.ipynb`",
        MOVED,
        run_and_moved("nbconvert", "../out/film.ipynb", *CONVERT, "notebook", "--output-dir", "../out", "film.ipynb"),
        ("nbconvert",),
    ),
    Environment(
        "nbconvert to a page", "`jupyter nbconvert --execute --to html film.ipynb`; also slides, markdown, latex",
        "the file moved away from its notebook: the video, and the line in the panel's place", converted,
        ("nbconvert",),
    ),
)  # fmt: skip
"""Those that run as a whole."""
