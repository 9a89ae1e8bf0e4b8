"""`%runway export` and `%runway import`: videos into a folder that can be handed on, and out of one."""

from __future__ import annotations

from pathlib import Path

from ...errors import InvalidCommand
from ...redaction import redact
from ...storage.given_paths import read_path
from ...text.console import write_line
from .command_line import Arguments
from .front_end import FrontEnd


def export_folder(front_end: FrontEnd, arguments: Arguments) -> None:
    """Write the videos that a filter lets through into a folder, with a gallery page; or a notebook with its videos."""
    if set(arguments.values) == {"notebook"} and _names_file(arguments.values["notebook"], arguments.words):
        _bundle(front_end, arguments)
        return
    from ...export_and_import import run_export  # loads the studio

    if not arguments.words:
        raise InvalidCommand("%runway export needs a folder: %runway export shots --stars")
    folder, *words = arguments.words
    studio = front_end.studio
    wanted = studio.ledger.history.wanted(" ".join(words), **arguments.values)
    made = run_export(studio, folder, wanted, rewrites=front_end.mode != "batch")
    write_line(redact(made.text))


def _names_file(notebook: str, words: list[str]) -> bool:
    """Return True where `--notebook` says which notebook goes along, and not of which notebook jobs are exported."""
    from ...jobs.export_folder import MANIFEST  # loads the jobs
    from ..bundling.notebook_bundle import PAGE_SUFFIXES  # loads the studio

    if not words:
        return True
    folder, path = Path(words[0]), read_path(notebook or ".", "notebook")
    is_file = path.suffix == ".ipynb" and path.is_file()
    is_export = (folder / MANIFEST).exists()
    return len(words) == 1 and (folder.suffix.lower() in PAGE_SUFFIXES or (is_file and not is_export))


def _bundle(front_end: FrontEnd, arguments: Arguments) -> None:
    """Copy a notebook with its videos. Without a second path the one is where the running notebook goes."""
    from ..bundling.notebook_bundle import run_bundle  # loads the studio

    given = arguments.values["notebook"]
    is_notebook = bool(arguments.words) or Path(given).suffix == ".ipynb"
    notebook, out = (given, arguments.name or None) if is_notebook else (None, given)
    rewrites = front_end.mode != "batch"
    made = run_bundle(front_end.studio, notebook, out, variables=front_end.variables, rewrites=rewrites)
    write_line(redact(made.text))


def import_folder(front_end: FrontEnd, arguments: Arguments) -> None:
    """Make the videos of an export stored results of this machine."""
    from ...export_and_import import run_import  # loads the studio

    if len(arguments.words) != 1:
        raise InvalidCommand("%runway import needs the folder of an export, and nothing else")
    studio = front_end.studio
    made = run_import(studio, arguments.name, rewrites=front_end.mode != "batch")
    write_line(redact(made.text))
    for backend in made.backends:
        if backend != studio.settings.backend:
            need = "no token is set" if backend == "simulator" else "its token is set"
            write_line(f"A cell finds those of {redact(backend)} while {need}.")
