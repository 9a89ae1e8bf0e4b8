"""The doctor's report in a live notebook: at once with what is known, completed in its place, in the end a document.

The page's part needs widgets: a script that reports, and two clips as results show them. They go when it has
answered, and the report alone stays, since a saved widget reopens as an error.
"""

from __future__ import annotations

import base64
import contextvars
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import ipywidgets
from IPython.display import display, update_display

from ...doctor.doctor import Doctor
from ...doctor.examination import within
from ...doctor.finding import Finding
from ...errors import RunwayError
from ...text.import_problems import import_problem
from ..page_answer import CLIP_LINES, Carried, PageAnswer, page_findings, read_answer, silent_findings, waiting_findings
from ..rendering.doctor_table import clips_html, report_bundle
from .clip_file import ClipFile, clip_bytes
from .page_probe import make_probe
from .view import UPDATE_SECONDS, new_display_id

PAGE_SECONDS, PAGE_LEAST = 12.0, 3.0
"""How long the page's answer is waited for from the beginning on, and at least after all else is known."""
CLIP_SECONDS = 2.0
"""How long writing the clip may take: the folder may lie on a mount that hangs."""
QUESTION = "Which of these plays? The first is shown by its path, the second lies in the notebook."


class DoctorView:
    """The report under one display id.

    Args:
        doctor: Looks at everything but the page.
        clip: Gives the clip's file. May raise `SettingsError`.
        carried: How results get onto the page.
        as_data: Whether the report is shown as JSON.
        seconds: How long the page's answer is waited for, and at least after all else is known.
    """

    def __init__(
        self,
        doctor: Doctor,
        clip: Callable[[], ClipFile],
        carried: Carried,
        *,
        as_data: bool,
        seconds: tuple[float, float] = (PAGE_SECONDS, PAGE_LEAST),
    ) -> None:
        self._doctor, self._as_data, self._seconds = doctor, as_data, seconds
        self._display_id = new_display_id()
        self._began = time.monotonic()
        self._updated = 0.0
        self._answer: PageAnswer | None = None
        self._answered = threading.Event()
        self._clip, self._sources, self._carried = _laid(clip, carried)
        mark = secrets.token_hex(2)
        self._titles = {key: f"runway_nb doctor {mark}: {CLIP_LINES[key]}" for key in self._sources}
        self._report, self._clips = ipywidgets.Output(), ipywidgets.Output()
        self._probe, self._problem = _made_probe(self._titles)
        self._root = ipywidgets.VBox([self._report, self._clips, *([self._probe] if self._probe is not None else [])])

    def show(self) -> None:
        """Display the report, look at everything, and wait for the page in the background."""
        if self._probe is not None:
            self._probe.on_msg(self._hear)
        shown = {"text/html": clips_html(self._sources, self._titles), "text/plain": ""}
        self._clips.outputs = (_output(shown),)
        self._refresh(waiting_findings())
        view = {**self._root._repr_mimebundle_(), **self._bundle(waiting_findings())}
        display(view, raw=True, display_id=self._display_id)
        try:
            self._doctor.examine(self._changed)
            self._refresh(waiting_findings())
        except BaseException:
            self._finish()  # interrupted: no widget is left behind
            raise
        contextvars.Context().run(threading.Thread(target=self._await_page, daemon=True).start)

    def _changed(self) -> None:
        """Show what is known by now, unless that was done a moment ago."""
        if time.monotonic() - self._updated > UPDATE_SECONDS:
            self._refresh(waiting_findings())

    def _refresh(self, of_page: tuple[Finding, ...]) -> None:
        self._updated = time.monotonic()
        self._report.outputs = (_output(self._bundle(of_page)),)

    def _bundle(self, of_page: tuple[Finding, ...], clips: str = "") -> dict[str, str]:
        return report_bundle([*self._doctor.findings, *self._doctor.shown(of_page)], clips, as_data=self._as_data)

    def _hear(self, _: object, content: object, __: object) -> None:
        """Take the answer of the first page that gives one."""
        answer = read_answer(content)
        if answer is not None and self._answer is None:
            self._answer = answer
            self._answered.set()

    def _await_page(self) -> None:
        if self._problem == "":
            wanted, least = self._seconds
            self._answered.wait(max(least, self._began + wanted - time.monotonic()))
        self._finish()

    def _finish(self) -> None:
        """Put the report alone in the place of the widgets; without an answer the clips stay, for the user to see."""
        if self._answer is not None:
            if self._clip is not None:
                self._clip.remove()
            data = self._bundle(page_findings(self._answer, self._carried))
        else:
            clips = clips_html(self._sources, self._titles, QUESTION)
            data = self._bundle(silent_findings(time.monotonic() - self._began, self._problem), clips)
        update_display(data, raw=True, display_id=self._display_id)
        for widget in (self._root, self._report, self._clips, self._probe):
            if widget is not None:
                widget.close()


def _laid(clip: Callable[[], ClipFile], carried: Carried) -> tuple[ClipFile | None, dict[str, str], Carried]:
    """Return the clip's file, if there is one, the `src` of each clip, and how results get onto the page."""
    data = {"data": f"data:video/mp4;base64,{base64.b64encode(clip_bytes()).decode()}"}
    try:
        file, path = within(CLIP_SECONDS, lambda: _written(clip()))
    except (RunwayError, OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or type(error).__name__
        return None, data, carried._replace(problem=f"no clip could be written to the output folder ({reason})")
    # what lies outside of the notebook's folder is embedded, unless somebody has chosen
    return file, {"path": path, **data}, carried._replace(by_path=carried.by_path and file.is_inside)


def _written(file: ClipFile) -> tuple[ClipFile, str]:
    return file, file.write()


def _made_probe(titles: dict[str, str]) -> tuple[Any, str]:
    """Return the widget that asks the page, or None and why there is none."""
    try:
        return make_probe(titles), ""
    except Exception as error:  # noqa: BLE001 - a library that is broken may raise anything
        return None, import_problem("anywidget", error)


def _output(data: dict[str, str]) -> dict[str, Any]:
    return {"output_type": "display_data", "data": data, "metadata": {}}
