"""Where a panel is displayed, its results below it, and the text that stays of both."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
from IPython import get_ipython
from IPython.display import display, update_display

from ...jobs.job import Job
from ...sweeps.sweep import Sweep
from ...text.console import write_line
from ..cards.output_area import OutputArea
from ..cards.sweep_entry import add_sweep
from ..cards.text_keeper import kept_text
from ..cards.view import View, current_view, display_metadata, new_display_id
from .action_bar import cell_or_reason
from .bridge import Bridge
from .snapshot import HINT, LIVE_HINT, panel_text
from .store import PanelStore

if TYPE_CHECKING:
    from ...studio import Studio


class PanelOutput:
    """The panel's place in the notebook, and that of its jobs.

    Args:
        panel: The widget that is displayed.
        studio: Runs the jobs.
        store: Holds the request.
        bridge: Carries texts and results to the page.
        view: How results are shown.
        jobs: Gives the jobs that were made here.
    """

    def __init__(
        self, panel: ipywidgets.VBox, studio: Studio, store: PanelStore, bridge: Bridge, view: View,
        jobs: Callable[[], Iterable[Job]],
    ) -> None:  # fmt: skip
        self.bridge, self.view = bridge, view
        self._panel, self._studio, self._store, self._jobs = panel, studio, store, jobs
        self._display_id = ""
        self._is_embedded = False
        self._tell_holder: Callable[[], object] = lambda: None
        self._closed: asyncio.Event | None = None
        self.area = OutputArea(
            studio, view, newest_first=True, changed=self._put_results, text_changed=self.keep_text, stands_alone=False
        )
        """The cards and results below the panel."""

    def display(self) -> bool:
        """Display the panel, and below it the place of its jobs. Returns True when it lives for the first time.

        Where a page is brought up to date by its widgets alone, the jobs stand in the panel.
        """
        if self.view.mode == "terminal":
            write_line(self.text()["text/plain"])
            return False
        if self.view.mode == "batch" and not self.view.only_widgets:
            display(self.text(), raw=True)
            return False
        is_first = not self._display_id
        self._display_id = self._display_id or new_display_id()
        self.bridge.displayed()
        data = {**self._panel._repr_mimebundle_(), **self.text(LIVE_HINT)}
        display(data, raw=True, display_id=self._display_id, metadata=display_metadata(self._display_id))
        if self.view.only_widgets:
            self.embed()
        else:
            self.area.open()
        if is_first:
            self._studio.spawn(self.end_with_kernel())
        return is_first

    @property
    def is_displayed(self) -> bool:
        """Whether the panel stands in a page, by itself or in another widget."""
        return bool(self._display_id) or self._is_embedded

    def embed(self) -> None:
        """Put the results into the panel itself, which is to stand in another widget."""
        self._is_embedded = True
        self._hold_results()

    def kept_by(self, tell: Callable[[], object]) -> None:
        """Let the widget that holds the panel know, by `tell`, when there is another text to keep for it."""
        self._tell_holder = tell

    def _find_room(self) -> None:
        """Put the results into a panel that was never displayed by itself: a layout of the user's own holds it."""
        if not self.is_displayed:
            self.embed()

    def _hold_results(self) -> None:
        if self.area.root not in self._panel.children:
            self._panel.children = (*self._panel.children, self.area.root)

    def add(self, job: Job, *, is_new: bool) -> bool:
        """Show a job below the panel. Returns False when its result stands there already."""
        self._find_room()
        if not is_new and self.area.holds(job):
            return False
        self.area.add(job, reused=not is_new)
        return True

    def add_sweep(self, sweep: Sweep) -> None:
        """Show the table of a sweep below the panel."""
        self._find_room()
        add_sweep(self.area, sweep, self._studio, self.view)

    async def end_with_kernel(self) -> None:
        """Put the text in the panel's place when the kernel ends in order: a saved widget reopens as an error."""
        try:
            # kept, since a task that waits for what nobody else holds is collected
            self._closed = asyncio.Event()
            await self._closed.wait()
        finally:
            update_display(
                self.text(), raw=True, display_id=self._display_id, metadata=display_metadata(self._display_id)
            )

    def keep_text(self) -> None:
        """Give the page the texts, for a kernel that ends without a word, or a page that has lost the display ids."""
        if not self._display_id:
            self._tell_holder()
            return
        state = None
        while state is not self._store.state:  # another thread may have kept the text of an older one meanwhile
            state = self._store.state
            self._keep()

    def _keep(self) -> None:
        texts = kept_text(self._display_id, self._panel.model_id, self.text())
        if not self.area.is_durable:
            texts |= kept_text(self.area.display_id, self.area.root.model_id, self.area.durable_bundle())
        self.bridge.keep(texts)

    def keep_results(self) -> None:
        """Keep what stands below for a page that was loaded anew."""
        self.keep_text()
        self._put_results()

    def _put_results(self) -> None:
        """Show what stands below in a page that has lost its place."""
        if self._is_embedded or not self.bridge.has_lost_displays:
            return
        if self.bridge.reaches_notebook:
            self.bridge.put(self.area.display_id, self.area.bundle())
        else:
            self._hold_results()

    def durable_bundle(self) -> dict[str, str]:
        """Return the panel as text with its results, for the durable form of the widget that it stands in."""
        results = self.area.durable_bundle()
        return {kind: "\n".join(filter(None, (text, results[kind]))) for kind, text in self.text().items()}

    @property
    def reason(self) -> str:
        """Why there are no controls here, and what to do instead."""
        return self.view.panel or HINT

    @property
    def reason_html(self) -> str:
        """The reason as HTML."""
        return f"<div>{escape(self.reason)}</div>"

    def text(self, hint: str = HINT) -> dict[str, str]:
        """Return the request and its jobs as text, with the reason why it is text where the front end knows none."""
        return panel_text(cell_or_reason(*self._store.now), self._jobs(), self.view.folder, self.view.panel or hint)


def surroundings(folder: Path) -> tuple[View, Mapping[str, Any]]:
    """Return how results are shown, and the notebook's variables."""
    shell = get_ipython()
    return current_view(folder), shell.user_ns if shell is not None else {}
