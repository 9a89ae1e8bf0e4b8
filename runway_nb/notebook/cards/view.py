"""How results are shown in a session: live, in a batch run or in a terminal, and where a video is put."""

from __future__ import annotations

import secrets
import time
from pathlib import Path
from typing import Any, NamedTuple

from IPython import get_ipython
from IPython.display import display, update_display

from ...jobs.job import Job
from ...studio import Studio
from ...text.console import write_line
from ..hosts import Host, current_place
from ..loaded_settings import loaded_settings
from ..rendering.facts import reuse_text
from ..rendering.live_state import live_state
from ..rendering.plain_text import live_line
from ..rendering.result_html import bundle, placeholder

UPDATE_SECONDS = 0.5
"""At most one message of a card or table in this time; a time that a card shows counts on as often."""


class View(NamedTuple):
    """How results are shown in this session."""

    mode: str
    """live: a widget; batch: nobody watches; terminal: text only."""
    embed: str
    folder: Path
    """The notebook's folder."""
    places: tuple[str, str] | None = None
    """Display ids of two outputs that stand in the page already, the upper one for what lives: what is shown from a
    callback can only be put there. None for the running cell."""
    only_widgets: bool = False
    """See `hosts.Host.only_widgets`."""
    panel: str = ""
    """What is said in place of a panel's controls."""

    def bundle(self, job: Job, *, reused: bool = False) -> dict[str, str]:
        """Return the durable form of a job, with the reason why nothing was sent for it when it is `reused`."""
        return bundle(job, self.embed, self.folder, reuse_text(job) if reused else "")


def current_view(folder: Path) -> View:
    """Return how results are shown at this moment: as the loaded extension says, else as the front end asks for.

    Args:
        folder: The notebook's folder, where no extension is loaded.
    """
    loaded = loaded_settings()
    if loaded is not None:
        view: View = loaded.front_end.view()
        return view
    return view_in(current_place(get_ipython()).host, "auto", folder)


def view_in(host: Host, embed: str, folder: Path) -> View:
    """Return how results are shown in a front end, which says how a video is carried where `embed` is `auto`."""
    chosen = host.embed if embed == "auto" else embed
    return View(host.mode, chosen, folder, only_widgets=host.only_widgets, panel=host.panel)


def show(job: Job, studio: Studio, view: View, *, reused: bool = False) -> None:
    """Show a job where the cell's output stands, and keep it up to date until it ends."""
    if view.mode == "terminal":
        write_line(
            view.bundle(job, reused=reused)["text/plain"] if job.done else live_line(job, live_state(job, time.time()))
        )
    elif job.done:
        display(view.bundle(job, reused=reused), raw=True)
    elif view.mode == "batch":
        _show_placeholder(job, view, reused)
    else:
        from .output_area import OutputArea  # loads ipywidgets

        OutputArea(studio, view).show(job, reused=reused)


def _show_placeholder(job: Job, view: View, reused: bool) -> None:
    """Show a placeholder where nobody watches, and only the ending in its place."""
    display_id = new_display_id()
    display(placeholder(job), raw=True, display_id=display_id)
    job.on_end(lambda job: update_display(view.bundle(job, reused=reused), raw=True, display_id=display_id))


def new_display_id() -> str:
    """Return a display id that nothing else has."""
    return f"runway-{secrets.token_hex(8)}"


def display_metadata(display_id: str) -> dict[str, Any]:
    """Return metadata that name the display id of an output: a page that is loaded anew has lost it.

    Saved notebooks and the page's script know it by the word `place`; beside it a file has `widget`, the id of the one
    whose text it holds.
    """
    return {"runway_nb": {"place": display_id}}
