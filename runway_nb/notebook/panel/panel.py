"""The panel: choose pictures and camera, see the move before paying, generate, and get the cell for it."""

from __future__ import annotations

import asyncio
import threading
import weakref
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, suppress
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import ipywidgets
import traitlets
from IPython import get_ipython
from IPython.display import display, update_display

from ...errors import InvalidRequest, RunwayError
from ...jobs.environment import Environment
from ...jobs.job import Job
from ...jobs.policy import Limits
from ...ledger.phase import Phase
from ...loaded_settings import loaded_settings
from ...pictures.aspects import aspect_of
from ...redaction import short_id
from ...request import Keyframes, VideoRequest
from ...shortcuts import chosen_studio, default_studio, is_default
from ...text.console import write_line
from ..cards.card import Stage, marked, new_place, style_sheet
from ..cards.view import View
from ..language.cell_source import cell_text
from .account_bar import AccountLine
from .bridge import Page
from .camera_controls import CameraControls
from .keyframe_controls import KeyframeControls
from .open_field import ReopenField, readable_source
from .preview import make_preview
from .request_form import RequestControls
from .snapshot import panel_text
from .widgets import button, lean, line, problem, told

if TYPE_CHECKING:
    from ...studio import Studio

SAME = "Nothing was sent: this shot stands below already. Change something, or throw the dice for another take"

_newest: weakref.ref[Panel] | None = None


def newest_panel() -> Panel | None:
    """The panel that was made last, while it is there."""
    return _newest() if _newest is not None else None


class Panel(ipywidgets.VBox):
    """Controls for one request, the preview of its camera move, and the jobs made from it.

    Shown again in another cell it is the same panel. Results stay in the saved notebook; the panel itself ends as
    the text of its request when the kernel ends.

    Args:
        source: What it begins with: a request, a job, or the id of a job or task.
        studio: By default the one of this process.
    """

    children: Any
    request = traitlets.Any(VideoRequest(), help="What Generate would send, as it stands; checked only then.")
    job = traitlets.Any(None, allow_none=True, help="The newest job made here.")
    jobs = traitlets.Tuple(help="All jobs made here, the newest first.")

    def __init__(self, source: VideoRequest | Job | str | None = None, *, studio: Studio | None = None) -> None:
        source = readable_source(source)
        self._studio = chosen_studio(studio)
        self._view, self._variables = _surroundings(self._studio.folder)
        self._is_sending = self._is_broken = False
        self._changing = threading.RLock()
        self._place = ""
        self._phases: dict[str, Phase] = {}
        self._stage = Stage(self._studio, self._view, newest_first=True, changed=self._keep_results)
        self.preview = make_preview(_dom_classes=["rnb-left"])
        self.camera = CameraControls(self.preview, self._changed)
        self.keyframes = KeyframeControls(self._studio, lambda: self._variables, self._changed, self._guard)
        self.words = RequestControls(self._changed, Environment().draw)
        self.reopen = ReopenField(self._studio, self._open)
        self.account = AccountLine(self._studio, self._changed)
        self.keyframes.refresh.on_click(lambda _: self._studio.spawn(self._load()))
        self._said = lean(ipywidgets.HTML, classes="rnb-said")
        self._generate = button("Generate", self._click, "rnb-primary", disabled=True)
        self._text: ipywidgets.Textarea | None = None
        sheet = lean(ipywidgets.HTML, style_sheet("card.css", "panel.css"), classes="rnb-style")
        super().__init__([sheet, self._frame()], _dom_classes=["rnb-root", "rnb-panel"])
        self.preview.fields = {**self.camera.fields, **self.keyframes.fields, **self.words.fields}
        self._page = Page(self.preview, self.preview.fields, {
            "shown": lambda _: self._keep_results(),
            "press": lambda _: self._press(),
            "cell": self._give_cell,
            "open": lambda told: self._open(str(told.get("name", "")), lambda: self._page.answer(told)),
            "act": self._act,
            "piece": self._take_piece,
        })  # fmt: skip
        self.fill(source)
        global _newest
        _newest = weakref.ref(self)

    # --- what it holds --------------------------------------------------------------------------

    def fill(self, source: VideoRequest | Job | str | None) -> None:
        """Set every control from a request, a job, or the id of a job or a task of the account; nothing is sent.

        Raises `JobNotFound` for an unknown id, `InvalidRequest` for values that no control has.
        """
        source = readable_source(source)
        request = self._studio.request_of(source) if isinstance(source, str) else _request_of(source)
        # words and pictures may still be missing; a value that no control can show is a mistake at once
        replace(request, prompt=request.prompt or "-", keyframes=Keyframes()).check()
        with self._changing:
            self.camera.write(request.camera)
            self.words.write(request)
            self.keyframes.write(request.keyframes)
            self._changed()

    def _open(self, name: str, done: Callable[[], None] = lambda: None) -> None:
        """Fill it in the background, as the user asked in the page."""
        self._studio.spawn(asyncio.to_thread(self._fill_in_words, name, done))

    def _fill_in_words(self, name: str, done: Callable[[], None]) -> None:
        self.reopen.trouble.value = ""
        try:
            with self._told(lambda words: self.reopen.refuse(name, words)):
                self.fill(name)
                self._page.say(f"Settings of {short_id(name)}.")
        finally:
            done()

    def _told(self, say: Callable[[str], None] | None = None) -> AbstractContextManager[None]:
        """What goes wrong is said in the panel: nobody else would ever tell it."""
        return told(say or self._say)

    def _say(self, words: str) -> None:
        """A problem that belongs to no control, below all of them; nothing for no words."""
        self._said.value = problem(words)

    def _guard(self, act: Callable[..., None]) -> Callable[..., None]:
        """The same callback, with its errors told here."""

        def guarded(*arguments: Any) -> None:
            with self._told():
                act(*arguments)

        return guarded

    @property
    def cell(self) -> str:
        """The `%%runway` cell that makes the same request."""
        return cell_text(self.request, pictures=self.keyframes.words())

    # --- layout ---------------------------------------------------------------------------------

    def _frame(self) -> ipywidgets.VBox:
        account = self.account
        head = lean(ipywidgets.HBox, [account.words, self.reopen.field], classes="rnb-head")
        top = lean(ipywidgets.HBox, [self.preview, self.camera.column], classes="rnb-top")
        camera = lean(ipywidgets.VBox, [top, self.camera.presets], classes="rnb-cam")
        hint = "Everything back to the defaults"
        reset = button("Reset", self._guard(self._reset), "rnb-plain rnb-act-reset", hint=hint)
        copy = button("Copy as cell", self._offer_text, "rnb-copy", hint="Copy the equal %%runway cell")
        # its script does it, and shows it where it can
        insert = button("Insert below", lambda: None, "rnb-insert", hint="Put the equal %%runway cell below this one")
        actions = lean(ipywidgets.HBox, [account.price, reset, copy, insert, self._generate], classes="rnb-actions")
        parts = [
            head,
            self.reopen.trouble,
            account.trouble,
            camera,
            self.keyframes.block,
            self.words.block,
            actions,
            self._said,
        ]
        return lean(ipywidgets.VBox, parts, classes="rnb-frame")

    def _offer_text(self) -> None:
        """Where no script can reach the clipboard, the text itself."""
        if not self.preview.has_script and self._text is None:
            classes = "rnb-sr-label rnb-words"
            self._text = lean(ipywidgets.Textarea, description="Cell", disabled=True, rows=6, classes=classes)
            self._text.value = self._cell_or_reason()
            self.children = (*self.children, self._text)

    # --- after every change ---------------------------------------------------------------------

    def _changed(self) -> None:
        """Read all controls, and tell price, problems and preview. May be called from any thread."""
        with self._told(self._break), self._changing:
            self._follow_settings()
            if self._is_broken:
                self._is_broken = False
                self._say("")
            request = VideoRequest(keyframes=self.keyframes.read(), camera=self.camera.read(), **self.words.read())
            with self._told():
                self.request = request
            problems = [*request.problems(), *self.keyframes.trouble(request.aspect)]
            # what decides size and price is always one of a few values, whatever else is wrong
            sized = VideoRequest(
                aspect=self._aspect(request), seconds=request.seconds, explore=request.explore, fit=request.fit,
                focus=request.focus,
            )  # fmt: skip
            self._tell(sized, problems)
            self.preview.portrait, self.preview.seconds = sized.format == "portrait", sized.length
            self.keyframes.show(sized, self.preview)

    def _break(self, words: str) -> None:
        """What is shown cannot be read: nothing may be sent."""
        self._is_broken = self._generate.disabled = True
        self._say(words)

    def look_again(self) -> None:
        """Settings may have changed."""
        if self._follow_settings():
            self._changed()

    def _aspect(self, request: VideoRequest) -> str | None:
        """The format that the request will have: chosen, or that of its first keyframe."""
        size = self.keyframes.size_of_first()
        return request.aspect or (aspect_of(size, request.row.aspects) if size else None)

    def _follow_settings(self) -> bool:
        """True when another party would get the request than was told before."""
        has_changed = self.account.follow_settings()
        if has_changed:
            self.keyframes.reload()
            self._studio.spawn(self._load())
        return has_changed

    def _tell(self, priced: VideoRequest, problems: list[str]) -> None:
        self.words.show_problems(problems)
        self.account.tell_price(priced)
        why = self.account.refusal(priced, problems) or ("It is being sent." if self._is_sending else "")
        self._generate.disabled, self._generate.tooltip = bool(why), why or "Send this shot"
        if self._text is not None:
            self._text.value = self._cell_or_reason()
        self._keep_text()

    def _cell_or_reason(self) -> str:
        try:
            return self.cell
        except InvalidRequest as error:
            return f"# {'; '.join(error.problems)}"

    # --- in the background ----------------------------------------------------------------------

    async def _load_all(self) -> None:
        """What is chosen from comes first."""
        await self.keyframes.load_list()
        await self._load()

    async def _load(self) -> None:
        """Account, balance and tasks."""
        await self.account.load()
        with suppress(RunwayError):  # as is told beside the account
            await self.reopen.load((await self._studio.backend.connected()).client)

    def _follow(self, job: Job) -> None:
        """A job has moved; most moves change nothing here, and then nothing is sent."""
        self.account.follow_slots()
        if job.state.phase is not self._phases.get(job.id):
            self._phases[job.id] = job.state.phase
            self._keep_text()

    async def _after_job(self, job: Job) -> None:
        self._page.say(f"Job {job.id}: {job.error.message if job.error else 'the video is there'}.")
        self.offer_again()
        await self._load()

    # --- what the page asks for -----------------------------------------------------------------

    def _act(self, told: Mapping[str, Any]) -> None:
        """A button that changes controls; the page waits for the answer before it reads them."""
        acts: dict[str, Callable[[], None]] = {
            "preset": lambda: self.camera.apply(str(told.get("value"))),
            "swap": self.keyframes.swap,
            "dice": self.words.throw,
            "reset": self._reset,
            **{f"clear-{name}": slot.clear for name, slot in self.keyframes.slots.items()},
        }
        with self._told():
            acts.get(str(told.get("name")), lambda: None)()
        self._page.answer(told)

    def _reset(self) -> None:
        self.fill(VideoRequest())

    def _give_cell(self, told: Mapping[str, Any]) -> None:
        """The cell, or nothing and the reason in words."""
        text = ""
        with self._told():
            text = self.cell
        self._page.answer(told, text)

    def _take_piece(self, told: Mapping[str, Any]) -> None:
        """A part of a file that is too large for one message."""
        with self._told():
            slot, data = self.keyframes.slots.get(str(told.get("slot"))), self._page.whole_file(told)
            if slot is not None and data is not None:
                slot.take(str(told.get("name")), data)

    # --- generating -----------------------------------------------------------------------------

    def _click(self) -> None:
        """Where a page has the script, its own message follows, with the values that it shows."""
        if not self._page.has_script:
            self._press()

    def _press(self) -> None:
        """One click, one request; the button waits until its card stands."""
        if is_default(self._studio):
            default_studio()  # takes the settings of this moment
        with self._changing:
            if self._follow_settings():
                self._say("Token or address have changed: look at the account, then press again.")
                return self._changed()
            if self._is_sending or self._generate.disabled:
                return None
            self._is_sending = self._generate.disabled = True
            self._say("")
            return self._studio.spawn(asyncio.to_thread(self._submit, self.request, self._cell_or_reason()))

    def _submit(self, request: VideoRequest, cell: str) -> None:
        with self._told():
            try:
                asked = self._studio.ask(request, Limits(), cell=cell, folder=self._view.folder)
            finally:
                self._is_sending = False
            self._take_on(asked.job, is_new=asked.is_new)
        self.account.tell()
        self._changed()

    def _take_on(self, job: Job, *, is_new: bool) -> None:
        """Show a job that was asked for here."""
        self._phases[job.id] = job.state.phase
        if is_new or not self._stage.holds(job):
            self._stage.add(job, reused=not is_new)
        else:
            self._said.value = line(f"{SAME} (job {job.id}).")
        self.words.after_sending(job.seed)
        self._page.say(f"{'Sent' if is_new else 'Nothing was sent'}: job {job.id}.")
        self.offer_again()
        # an observer that fails hides no card
        for name, value in {"job": job, "jobs": (job, *(old for old in self.jobs if old.id != job.id))}.items():
            with self._told():
                setattr(self, name, value)
        job.observe(self._follow)
        job.on_end(lambda job: self._studio.spawn(self._after_job(job)))

    def offer_again(self) -> None:
        """Jobs, variables and pictures may have come or gone."""
        self.keyframes.offer_again()
        self.reopen.offer()
        for job in list(self._studio.jobs.values()):
            if job.id not in self._phases and not job.done:
                # of a cell: what it costs is known when it ends
                self._phases[job.id] = job.state.phase
                job.on_end(lambda _: self._studio.spawn(self.account.load()))

    # --- showing --------------------------------------------------------------------------------

    def _ipython_display_(self) -> None:
        """IPython's hook: the panel, and below it the place of its jobs."""
        if self._view.mode == "terminal":
            return write_line(self._durable()["text/plain"])
        if self._view.mode == "batch":
            return display(self._durable(), raw=True)
        first = not self._place
        self._place = self._place or new_place()
        self._page.displayed()
        data = {**self._repr_mimebundle_(), **self._durable()}
        display(data, raw=True, display_id=self._place, metadata=marked(self._place))
        self._stage.open()
        if first:
            self._begin()
        return self._keep_text()

    def _begin(self) -> None:
        self.account.tell()
        self.reopen.offer()
        self._studio.spawn(self._load_all())
        self._studio.spawn(self._end_with_kernel())
        if (shell := get_ipython()) is not None:
            panel = weakref.ref(self)
            # a panel that is gone is no reason to go on listening, and the event cannot be told by that
            shell.events.register("post_run_cell", lambda *_: _offer_again(panel()))

    # --- what stays -----------------------------------------------------------------------------

    async def _end_with_kernel(self) -> None:
        """A saved widget reopens as an error: its text takes its place when the kernel ends in order."""
        try:
            # kept, since a task that waits for what nobody else holds is collected
            self._closed = asyncio.Event()
            await self._closed.wait()
        finally:
            update_display(self._durable(), raw=True, display_id=self._place, metadata=marked(self._place))

    def _keep_text(self) -> None:
        """When the kernel ends without a word, or the page has lost the places, the page itself has the texts."""
        if not self._place:
            return
        texts = {self._place: {"model": self.model_id, "data": self._durable()}}
        if not self._stage.is_durable:
            texts[self._stage.place] = {"model": self._stage.root.model_id, "data": self._stage.text()}
        self._page.keep(texts)

    def _keep_results(self) -> None:
        """What stands below has changed, or a page was loaded anew."""
        self._keep_text()
        if not self._page.has_lost_places:
            return
        if self._page.reaches_notebook:
            self._page.put(self._stage.place, self._stage.shown())
        elif self._stage.root not in self.children:
            self.children = (*self.children, self._stage.root)

    def _durable(self) -> dict[str, str]:
        """The request and its jobs as text."""
        return panel_text(self._cell_or_reason(), self.jobs, self._view.folder)


def _surroundings(folder: Path) -> tuple[View, Mapping[str, Any]]:
    """How results are shown, and the notebook's variables: from the extension where it is loaded."""
    loaded = loaded_settings()
    shell = get_ipython()
    variables = shell.user_ns if shell is not None else {}
    if loaded is not None:
        return loaded.front_end.view(), variables
    return View("live" if hasattr(shell, "kernel") else "terminal", "auto", folder), variables


def _offer_again(panel: Panel | None) -> None:
    """A cell has run: its variables may be pictures."""
    if panel is not None:
        panel.offer_again()
        panel.look_again()


def _request_of(source: VideoRequest | Job | None) -> VideoRequest:
    return source.original_request if isinstance(source, Job) else source or VideoRequest()
