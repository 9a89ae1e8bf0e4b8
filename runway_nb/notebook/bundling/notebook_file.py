"""Notebook files on disk: which one this session runs, and how one is read and written."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import InvalidRequest, RunwayError
from ...storage.atomic_file import replaced_file
from .saved_outputs import Notebook, is_notebook

SUFFIX = ".ipynb"
_UNKNOWN = (
    "which notebook this is cannot be told here: give its file, as in %runway export --notebook film.ipynb OUT or "
    'runway_nb.bundle("film.ipynb", "OUT")'
)


class SavedNotebook(NamedTuple):
    """A notebook as it was saved."""

    path: Path
    data: bytes
    """The whole file."""
    json: Notebook
    saved: float
    """Unix seconds of its last change."""


def current_notebook(environ: Mapping[str, str], variables: Mapping[str, Any], folder: Path) -> Path:
    """Return the file of the notebook that runs.

    Args:
        environ: Of the process; Jupyter's server names the notebook there.
        variables: Of the notebook; VS Code names it there.
        folder: Against which a relative path is resolved.

    Raises `InvalidRequest` where neither names a file that is there.
    """
    for name in (variables.get("__vsc_ipynb_file__"), environ.get("JPY_SESSION_NAME")):
        # with documents shared by several the server puts the drive before the path
        path = folder / str(name or "").removeprefix("RTC:")
        if path.suffix == SUFFIX and path.is_file():
            return path
    raise InvalidRequest([_UNKNOWN])


def read_notebook(path: Path) -> SavedNotebook:
    """Return a notebook as it was saved. Raise `RunwayError` for any other file."""
    try:
        data, saved = path.read_bytes(), path.stat().st_mtime
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise RunwayError(f"the notebook {path} cannot be read ({reason})") from None
    if not data.strip():
        raise RunwayError(f"the notebook {path.name} is empty: save it first, and run this again")
    try:
        found = json.loads(data.decode("utf-8-sig"))
    except (ValueError, RecursionError):
        found = None
    if not is_notebook(found):
        raise RunwayError(f"{path.name} is no notebook of nbformat 4: open it in JupyterLab and save it, then again")
    return SavedNotebook(path, data, found, saved)


def notebook_bytes(saved: SavedNotebook, changed: Notebook) -> bytes:
    """Return a changed notebook as the bytes of a file; one that has not changed as it was."""
    if changed == saved.json:
        return saved.data
    try:
        return f"{json.dumps(changed, ensure_ascii=False, indent=1)}\n".encode()
    except UnicodeEncodeError:  # half of a pair of surrogates
        return f"{json.dumps(changed, indent=1)}\n".encode()


def write_shared(path: Path, data: bytes) -> None:
    """Write a file that is handed on, whole, unless it is there already. Raises `OSError`."""
    if path.is_file() and not path.is_symlink() and path.read_bytes() == data:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with replaced_file(path) as part, part.open("xb") as file:
        file.write(data)


def is_same_file(one: Path, other: Path) -> bool:
    """Return True where two paths name one file."""
    try:
        return os.path.samefile(one, other)
    except OSError:
        return False
