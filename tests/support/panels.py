"""Panels before a studio, with what they display and begin in the background; and ways to use their controls."""

from __future__ import annotations

import asyncio
import datetime
import html
import re
import time as real_time
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import comm
import httpx
import ipywidgets
import traitlets

from runway_nb import errors
from runway_nb.api.models import SUCCEEDED, Task
from runway_nb.camera import MOVES, Camera
from runway_nb.jobs.job import Job, Submission, control_of
from runway_nb.jobs.state import State
from runway_nb.ledger.phase import Phase
from runway_nb.notebook.cards import output_area
from runway_nb.notebook.cards.view import View, display_metadata
from runway_nb.notebook.panel import output
from runway_nb.notebook.panel import panel as module
from runway_nb.notebook.panel.panel import Panel
from runway_nb.request import VideoRequest
from support.fakes import Changed
from support.strategies import TASK_ID

ENDLESS = ("PanelOutput.end_with_kernel", "OutputArea._withdraw")


REQUEST = VideoRequest("A lamp turns", camera=Camera(zoom=4, pan=-2), aspect="portrait", seconds=10, seed=7)


class Preview(ipywidgets.HTML):
    """Stands in for the moving preview."""

    has_script = False
    horizontal, vertical, zoom, pan, tilt, roll = (traitlets.Float().tag(sync=True) for _ in MOVES)
    static = traitlets.Bool().tag(sync=True)
    frame, times = traitlets.Tuple((1280, 768)).tag(sync=True), traitlets.Dict().tag(sync=True)
    first, middle, last = (traitlets.Bytes().tag(sync=True) for _ in range(3))
    seconds, time = traitlets.Int(5).tag(sync=True), traitlets.Float().tag(sync=True)
    crop_note, say = (traitlets.Unicode().tag(sync=True) for _ in range(2))
    texts, fields, priced_model = traitlets.Dict(), traitlets.Dict(), traitlets.Unicode()

    def follow(self, controls):
        """Do nothing: this is the page's part."""


class Network(httpx.AsyncBaseTransport):
    """A connection that cannot be made, or that never answers."""

    def __init__(self, *, answers):
        self.answers = answers

    async def handle_async_request(self, request):
        if not self.answers:
            await asyncio.sleep(600)
        raise httpx.ConnectError("no route", request=request)


class Bench:
    """Panels before the studio of a party; what is displayed and what runs in the background is caught."""

    def __init__(self, party, monkeypatch, mode="live"):
        self.party, self.studio = party, party.studio
        self.variables: dict[str, Any] = {}
        self.shown: list[Any] = []
        self.updates: list[Any] = []
        self.background: list[Any] = []
        self.view = View(mode, "never", party.folder)
        if mode == "page":
            self.view = View("batch", "capped", party.folder, only_widgets=True)
        monkeypatch.setattr(module, "make_preview", Preview)
        monkeypatch.setattr(module, "surroundings", lambda folder: (self.view, self.variables))
        monkeypatch.setattr(output_area, "UPDATE_SECONDS", 0.01)
        for shows in (output, output_area):
            monkeypatch.setattr(shows, "display", self._displayed(self.shown))
            monkeypatch.setattr(shows, "update_display", self._displayed(self.updates))
        self._monkeypatch = monkeypatch
        self.watch(party.studio, party.loop)

    @staticmethod
    def _displayed(places):
        def display(data, raw, display_id="", metadata=None):
            assert metadata in (None, display_metadata(display_id))
            places.append((display_id, data))

        return display

    def watch(self, studio, loop):
        """Keep what this studio begins in the background."""

        def spawn(work):
            endless = work.__qualname__ in ENDLESS
            future = loop.submit(work)
            if not endless:
                self.background.append(future)

        self._monkeypatch.setattr(studio, "spawn", spawn)

    def panel(self, source=None, *, opened=True):
        panel = Panel(source, studio=self.studio)
        if opened:
            panel._ipython_display_()
        return self.settled(panel)

    def settled(self, panel):
        """After all that was begun in the background has ended, without an error that nobody sees."""
        while self.background:
            while self.background:
                self.background.pop(0).result(5)
            for job in panel.jobs:
                self.party.ended(job)
        return panel

    def press(self, panel, words="Generate"):
        button(panel, words).click()
        return self.settled(panel)

    @property
    def posts(self):
        return len(self.party.api.calls("POST"))

    @property
    def creates(self):
        return len(self.party.api.calls("POST", "/create"))

    def change(self, act):
        """Let the API answer otherwise: `act(request, response)`."""
        self.party.api.inner = Changed(self.party.api.inner, act)

    @contextmanager
    def network(self, *, answers=True):
        """Take the network down, or make it silent."""
        inner, self.party.api.inner = self.party.api.inner, Network(answers=answers)
        yield
        self.party.api.inner = inner


@contextmanager
def a_bench(party, monkeypatch, mode="live"):
    bench = Bench(party, monkeypatch, mode)
    yield bench
    left = [future.exception(0) for future in bench.background if future.done()]
    assert not [error for error in left if error], "an error in the background that nobody has seen"


def parts(widget):
    """Yield a widget and all that is in it."""
    yield widget
    for child in getattr(widget, "children", ()):
        yield from parts(child)


def button(panel, words):
    return next(w for w in parts(panel) if isinstance(w, ipywidgets.Button) and w.description == words)


def shown_text(panel):
    """Return all text on the panel that is no control."""
    texts = [w.value for w in parts(panel) if type(w) is ipywidgets.HTML and "<style" not in w.value]
    return html.unescape(re.sub("<[^>]+>", " ", " ".join(texts)))


def quickest(act, times=5):
    """Return the seconds that an act takes when nothing else does: others may use the machine meanwhile."""
    taken = []
    for _ in range(times):
        began = real_time.perf_counter()
        act()
        taken.append(real_time.perf_counter() - began)
    return min(taken)


def wait_until(holds, seconds=5) -> None:
    end = real_time.monotonic() + seconds
    while not holds():
        assert real_time.monotonic() < end
        real_time.sleep(0.005)


def page_sends(panel, kind, *buffers: memoryview, **content) -> None:
    """Send a message as the script in the page does."""
    data = {"method": "custom", "content": {"kind": kind, **content}}
    panel.preview.comm.handle_msg({"content": {"data": data}, "buffers": list(buffers)})


def position(panel, name="first"):
    return panel.keyframes.positions[name]


def the(panel, kind, name="first"):
    return next(widget for widget in parts(position(panel, name).box) if isinstance(widget, kind))


def upload(bench, panel, data, file="lamp.png", name="first"):
    give_file(panel, data, file, name)
    return bench.settled(panel)


def give_file(panel, data, file="lamp.png", name="first") -> None:
    """Return a file as the page gives it."""
    value = {
        "name": file, "type": "image/png", "size": len(data), "content": memoryview(data),
        "last_modified": datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc),
    }  # fmt: skip
    the(panel, ipywidgets.FileUpload, name).value = (value,)


WIDGET = "application/vnd.jupyter.widget-view+json"
OTHER = replace(REQUEST, prompt="A harbour", camera=Camera(roll=3), seconds=None, aspect=None, seed=None)


class Wire:
    """Every message from the widgets that are made, with what is in it."""

    def __init__(self, monkeypatch):
        self.sent: list[Any] = []
        wire = self

        class Comm(comm.DummyComm):
            def publish_msg(self, msg_type, data=None, metadata=None, buffers=None, **keys):
                wire.sent.append((msg_type, self.comm_id, data or {}))

        monkeypatch.setattr(comm, "create_comm", Comm)

    @property
    def opened(self):
        return [data["state"] for kind, _, data in self.sent if kind == "comm_open"]

    @property
    def updates(self):
        """The widget and the traits of each update."""
        return [(model, data["state"]) for _, model, data in self.sent if data.get("method") == "update"]

    @property
    def custom(self):
        return [data["content"] for _, _, data in self.sent if data.get("method") == "custom"]

    def of(self, trait):
        return [state[trait] for _, state in self.updates if trait in state]


class Hands:
    """A studio's jobs that go on when they are told to."""

    def __init__(self, bench, monkeypatch):
        self.bench, self.jobs, self.asked = bench, [], []
        monkeypatch.setattr(bench.studio, "submit_checked", self.submit_checked)

    def submit_checked(self, checked, *, cell, folder):
        self.asked.append(cell)
        request = checked.request
        sent = replace(request, seed=7)
        job = Job(f"{len(self.jobs) + 1:08x}", sent, original_request=request, cell=cell, folder=folder, state=State())
        self.jobs.append(job)
        return Submission(job, True)

    def press(self, panel):
        """Send a request, and give its job once the panel has taken it on."""
        count = len(self.jobs)
        page_sends(panel, "press")
        wait_until(lambda: len(panel.jobs) == count + 1 and not button(panel, "Generate").disabled)
        return panel.jobs[0]

    def finish(self, panel, job):
        video = self.bench.party.folder / "runway_outputs" / f"lamp-{job.id}.mp4"
        video.parent.mkdir(exist_ok=True)
        video.write_bytes(bytes(1000))
        control_of(job).change(
            phase=Phase.DONE, task=Task(TASK_ID, SUCCEEDED), video=video, poster=b"\xff\xd8", ended=1.0
        )
        return self.bench.settled(panel)

    def end(self):
        for job in self.jobs:
            if not job.done:
                control_of(job).change(phase=Phase.REMOVED, error=errors.Removed("taken back"))


def places(bench):
    """Return where the panel stands, and where its results."""
    return bench.shown[0][0], bench.shown[1][0]
