"""`%runway export` and `%runway import`: videos into a folder that can be handed on, and out of one."""

from __future__ import annotations

from ...errors import InvalidCommand
from ...redaction import redact
from ...text.console import write_line
from .command_line import Arguments
from .front_end import FrontEnd


def export_folder(front_end: FrontEnd, arguments: Arguments) -> None:
    """Write the videos that a filter lets through into a folder, with a gallery page."""
    from ...export_and_import import run_export  # loads the studio

    if not arguments.words:
        raise InvalidCommand("%runway export needs a folder: %runway export shots --stars")
    folder, *words = arguments.words
    studio = front_end.studio
    wanted = studio.ledger.history.wanted(" ".join(words), **arguments.values)
    made = run_export(studio, folder, wanted, rewrites=front_end.mode != "batch")
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
