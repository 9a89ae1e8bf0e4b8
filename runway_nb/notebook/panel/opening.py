"""Opens a request or a job in the newest panel of the page; where no page shows one, in a new panel."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING

from IPython import get_ipython

from ...jobs.job import Job
from ...request import VideoRequest
from ..hosts import current_client
from .panel import Panel, newest_panel
from .widgets import reports_errors

if TYPE_CHECKING:
    from ...studio import Studio

REVEAL_SECONDS = 1.5
"""How long a page has to answer that it shows the panel."""
_one_at_a_time = threading.Lock()
"""Two presses in a row open one panel."""


def open_in_panel(
    source: VideoRequest | Job | str, studio: Studio, put: Callable[[Panel], None],
    failed: Callable[[str], None] = lambda _: None,
) -> None:  # fmt: skip
    """Set the newest panel as a request or a job has it, and bring it into view; nothing is sent.

    May be called on any thread, from a callback too: the work is done in the background, and `put` and `failed` are
    called there.

    Args:
        source: A request, a job, or the id of a job or task.
        studio: Whose panel it is.
        put: Gets a new panel where no page shows one. It may not be displayed there: put it among the children of a
            widget that is shown already. Its results stand in it; a durable form that takes the widget's place takes
            `panel.durable_bundle()` over.
        failed: Called with one line of text when it cannot be opened.
    """
    client = current_client(get_ipython())
    studio.spawn(asyncio.to_thread(_open, source, studio, put, failed, client))


def _open(
    source: VideoRequest | Job | str, studio: Studio, put: Callable[[Panel], None], failed: Callable[[str], None],
    client: str,
) -> None:  # fmt: skip
    with _one_at_a_time, reports_errors(failed):
        panel = newest_panel()
        is_theirs = panel is not None and panel.is_of(studio) and panel.bridge.is_for(client)
        if panel is not None and is_theirs and panel.reveal(REVEAL_SECONDS):
            panel.fill(source)
            panel.bridge.announce("The panel shows these settings.")
        else:
            new = Panel(source, studio=studio)
            new.embed()
            put(new)
