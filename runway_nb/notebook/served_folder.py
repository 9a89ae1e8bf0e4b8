"""Whether the server that shows a notebook gives out what lies beside it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

RUNTIME_NAME = "JUPYTER_RUNTIME_DIR"


def is_beyond_root(environ: Mapping[str, str]) -> bool:
    """Return True where a notebook lies outside of the folder that its server gives files out of.

    That is so below a link that leads out of it: the notebook opens, and a file beside it is refused (Jupyter facts,
    section 3). False where no server, or none of this machine, has started the kernel.

    Args:
        environ: Of the kernel; the server names the notebook and its own process there.
    """
    name, server = environ.get("JPY_SESSION_NAME", ""), environ.get("JPY_PARENT_PID", "")
    return bool(name and server) and _is_beyond(name, server, environ.get(RUNTIME_NAME, ""))


@lru_cache(maxsize=8)
def _is_beyond(name: str, server: str, runtime: str) -> bool:
    root = _root(server, runtime)
    if root is None:
        return False
    # with documents shared by several the server puts the drive before the path
    notebook = root / name.removeprefix("RTC:")
    return not _real(notebook.parent).is_relative_to(_real(root))


def _real(folder: Path) -> Path:
    return Path(os.path.realpath(folder))


def _root(server: str, runtime: str) -> Path | None:
    """Return the folder that a server of this machine serves, as its note for other programs says."""
    try:
        from jupyter_core.paths import jupyter_runtime_dir  # comes with ipykernel

        note = Path(runtime or jupyter_runtime_dir()) / f"jpserver-{server}.json"
        return Path(json.loads(note.read_bytes())["root_dir"])
    except (ImportError, OSError, ValueError, KeyError, TypeError):
        return None
