"""A film of several videos as text/html and text/plain. Pure but for reading the finished file."""

from __future__ import annotations

import os
from html import escape

from ...storage.paths import working_folder
from ...sweeps.film import Film
from . import styles
from .facts import megabytes
from .plain_text import shown_path
from .result_html import beside_line, div, file_link, file_player, source

_SIZE = 880, 500
"""Pixels of the player at most; it takes the shape of the film."""


def bundle(film: Film, embed: str = "auto") -> dict[str, str]:
    """Return the player of a film and the path of its file, or one line where that is gone; `embed` as for a result."""
    folder = film.folder or working_folder()
    text = f"Film    {shown_path(film.path, folder)}"
    if not os.path.isfile(film.path):
        return {"text/plain": f"{text} (it is not there any more)"}
    src, size = source(film.path, folder, embed), megabytes(film.path.stat().st_size)
    player = file_player(src, film.title, _SIZE, None)
    link = div(styles.FILE_LINK, f'{file_link(src, film.path)} <span style="{styles.QUIET}">({size})</span>')
    beside = beside_line(film.path, folder, embed)
    line = div(styles.FACTS, escape(beside)) if beside else ""
    return {"text/html": div(styles.SWEEP, player + link + line), "text/plain": f"{text} ({size})"}
