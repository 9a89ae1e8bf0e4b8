"""Notebooks that become pages of a book: Sphinx with myst-nb, and Jupyter Book. The pages are moved away alone."""

from __future__ import annotations

import shutil
from pathlib import Path

import nbformat

from environments.batch_runs import BATCH
from environments.bench import Bench, Environment, says
from environments.rooms import Room

SPHINX = Room("sphinx", ("sphinx>=8", "myst-nb>=1.2"))
BOOK = Room("jupyter-book-1", ("jupyter-book<2",))
CONF = 'project = "film"\nextensions = ["myst_nb"]\nroot_doc = "film"\nnb_execution_timeout = 200\n'
OF_BOOK = "title: film\nexecute:\n  execute_notebooks: force\n  timeout: 200\n"
MOVED = "the built pages moved away: the video, and the line in the panel's place"


def sphinx(bench: Bench) -> str:
    """Build the pages of a notebook that Sphinx runs."""
    folder = bench.folder("sphinx")
    (folder / "conf.py").write_text(CONF)
    bench.run(folder, "-m", "sphinx", "-b", "html", ".", "build", python=SPHINX.python)
    return _looked_at(bench, folder, folder / "build", "film.html")


def book(bench: Bench) -> str:
    """Build a book of one notebook."""
    folder = bench.folder("book")
    with_title(folder / "film.ipynb")
    (folder / "_config.yml").write_text(OF_BOOK)
    (folder / "_toc.yml").write_text("format: jb-book\nroot: film\n")
    python = BOOK.python
    bench.run(folder, str(Path(python).with_name("jupyter-book")), "build", ".", python=python)
    return _looked_at(bench, folder, folder / "_build" / "html", "film.html")


def with_title(path: Path) -> None:
    """Begin a notebook with a heading, without which it is no page of a book."""
    notebook = nbformat.read(path, as_version=4)
    notebook.cells.insert(0, nbformat.v4.new_markdown_cell("# A film"))
    nbformat.write(notebook, path)


def _looked_at(bench: Bench, folder: Path, built: Path, page: str) -> str:
    moved = folder.parent / "moved"
    shutil.move(built, moved)
    shutil.rmtree(folder)
    says((moved / page).read_text(), BATCH.panel)
    return f"{bench.page(moved / page, folder.parent.name)}; the line is there"


ENVIRONMENTS = (
    Environment(
        "Sphinx with myst-nb", "`sphinx-build -b html . build`", MOVED, sphinx, ("Sphinx", "myst-nb"), SPHINX,
    ),
    Environment("Jupyter Book 1", "`jupyter-book build .`", MOVED, book, ("jupyter-book", "myst-nb"), BOOK),
)  # fmt: skip
"""Books."""
