"""Videos of the ledger into a folder that can be handed on, and out of one into the ledger of another machine."""

from __future__ import annotations

import os
from pathlib import Path

from .extension_points import provided
from .jobs.copy_progress import ProgressLine
from .jobs.export_jobs import Export, export_jobs
from .jobs.import_jobs import Import, Shelf, import_jobs
from .ledger.history import HistoryFilter
from .shortcuts import chosen_studio
from .storage.given_paths import read_path
from .storage.paths import working_folder
from .studio import Studio
from .text.console import is_terminal


def export(
    folder: str | os.PathLike[str],
    words: str = "",
    *,
    model: str | None = None,
    since: object = None,
    stars: bool = False,
    notebook: str | None = None,
    failed: bool = False,
    studio: Studio | None = None,
) -> Export:
    """Write videos, posters, a manifest and a gallery page into a folder, and return what became of it.

    Run again, it goes on where it stopped and adds what is new. `import_results` reads it on another machine.

    Args:
        folder: A new or empty one, or an earlier export; a relative one lies in the working directory.
        words: Each stands in the prompt, the note or the id, at least as the beginning of a word.
        model: A name of `%runway models`.
        since: Such as `7d`, `24h`, `yesterday` or `2026-11-01`, or a date.
        stars: Those with a star only.
        notebook: The name of a notebook, or the end of its path.
        failed: Those that ended without a video only; the gallery says why.
        studio: By default the one of this process.

    Raises:
        InvalidRequest: with all mistakes.
        RunwayError: the folder holds other files, or cannot be written.
        CopyInterrupted: from the keyboard; what is in the folder is whole.
    """
    made_by = chosen_studio(studio)
    wanted = made_by.ledger.history.wanted(
        words, model=model, since=since, stars=stars, notebook=notebook, failed=failed
    )
    return run_export(made_by, folder, wanted, rewrites=is_terminal())


def import_results(folder: str | os.PathLike[str], *, studio: Studio | None = None) -> Import:
    """Make the videos of an export stored results here, and return what became of it.

    Nothing is sent and nothing is paid: an unchanged cell shows the imported video. What is here already is not
    imported again; a line of the manifest that cannot be taken is refused, and named.

    Args:
        folder: What `export` wrote; a relative one lies in the working directory.
        studio: By default the one of this process.

    Raises:
        InvalidRequest: it is no path.
        RunwayError: it is no export, or nothing can be written here.
        CopyInterrupted: from the keyboard; what was imported by then stays.
    """
    return run_import(chosen_studio(studio), folder, rewrites=is_terminal())


def run_export(studio: Studio, folder: object, wanted: HistoryFilter, *, rewrites: bool) -> Export:
    """Export as `export` does.

    Args:
        studio: Whose jobs.
        folder: As in `export`.
        wanted: Which of them.
        rewrites: Whether a line that shows how far it is can be written over.
    """
    path, entries = _whole(folder), studio.ledger.history.all(wanted)
    line = ProgressLine("Exporting", rewrites=rewrites)
    try:
        return export_jobs(
            entries, studio.settings.posters, path, provided("export.pages"), failed=wanted.failed, report=line
        )
    finally:
        line.end()


def run_import(studio: Studio, folder: object, *, rewrites: bool) -> Import:
    """Import as `import_results` does; `rewrites` as in `run_export`."""
    settings = studio.settings
    shelf = Shelf(studio.ledger, studio.folder / settings.output, studio.folder, settings.posters, settings.pictures)
    line = ProgressLine("Importing", rewrites=rewrites)
    try:
        return import_jobs(_whole(folder), shelf, line)
    finally:
        line.end()


def _whole(folder: object) -> Path:
    return working_folder() / read_path(folder, "folder")
